// RecordNode: one place inside one record (a field of a struct, an entry of a map, an element of an array), reached without making a
// Value of the record. For transforms that look at few fields of each row: paths and conditions. Level 4, the task's thread.
#pragma once

#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "transforms/record_side.h"

namespace bywash::transforms {

class RecordNode {
 public:
  // Nothing: a key that a map lacks, or a field that a struct does not have.
  RecordNode() = default;
  RecordNode(const Column& column, int64_t row) : schema_(column.schema.get()), array_(column.data), row_(row) { settle(); }
  explicit RecordNode(Value value) : value_(std::make_shared<const Value>(std::move(value))) {}

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
  // The schema of a value under a schema; null for schemaless data.
  const columnar::ConnectSchema* schema() const { return schema_ && !schema_->schemaless() ? schema_ : nullptr; }

 private:
  RecordNode(const columnar::ConnectSchema* schema, std::shared_ptr<arrow::Array> array, int64_t row)
      : schema_(schema), array_(std::move(array)), row_(row) { settle(); }
  // A value of mixed type is decoded at once.
  void settle();

  const columnar::ConnectSchema* schema_ = nullptr;
  std::shared_ptr<arrow::Array> array_;
  int64_t row_ = 0;
  std::shared_ptr<const Value> value_;
};

}  // namespace bywash::transforms
