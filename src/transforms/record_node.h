// RecordNode: one place inside one record (a field of a struct, an entry of a map, an element of an array), reached without making a
// Value of the record. For transforms that look at few fields of each row: paths and conditions. Level 4, the task's thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "transforms/record_side.h"

namespace bywash::transforms {

class RecordNode {
 public:
  // Nothing: a key that a map lacks, or a field that a struct does not have.
  RecordNode() = default;
  // The column, or the value behind the pointer, must outlive the node and what is reached from it.
  RecordNode(const Column& column, int64_t row) : RecordNode(column.schema.get(), column.data.get(), row) {}
  explicit RecordNode(const Value* value) : value_(value) {}
  explicit RecordNode(Value value) : owned_(std::make_shared<const Value>(std::move(value))), value_(owned_.get()) {}

  bool is_absent() const { return !array_ && !value_; }
  bool is_null() const;
  bool is_missing() const { return is_absent() || is_null(); }
  bool is_list() const;
  // A struct or map.
  bool has_members() const;
  bool is_struct() const;

  // A field or entry by name; absent when there is none. `defaults`: a struct's null field gives its schema's default (Struct.get).
  RecordNode member(std::string_view name, bool defaults = false) const;
  // Values of all fields or entries, or elements of a list; in order.
  std::vector<RecordNode> items() const;
  size_t size() const { return items().size(); }
  // Null for what is absent.
  Value value() const;
  // A text, or a whole number that is no date or time, without making a Value; nullopt: it is something else.
  std::optional<std::string_view> text() const;
  std::optional<int64_t> whole_number() const;
  // The schema of a value under a schema; null for schemaless data.
  const columnar::ConnectSchema* schema() const { return schema_ && !schema_->schemaless() ? schema_ : nullptr; }

 private:
  RecordNode(const columnar::ConnectSchema* schema, const arrow::Array* array, int64_t row) : schema_(schema), array_(array), row_(row) { settle(); }
  // One that lies in `value`, which this node may own.
  RecordNode inside(const Value& value) const;
  // A value of mixed type is decoded at once.
  void settle();

  const columnar::ConnectSchema* schema_ = nullptr;
  const arrow::Array* array_ = nullptr;
  int64_t row_ = 0;
  std::shared_ptr<const Value> owned_;
  const Value* value_ = nullptr;
};

}  // namespace bywash::transforms
