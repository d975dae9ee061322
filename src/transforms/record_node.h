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

// A column of records as nodes walk it: what each node needs of a column is looked up once a batch, not once a row. Columns of fields
// and elements are made when they are first asked for.
class RecordColumn {
 public:
  explicit RecordColumn(Column column, std::shared_ptr<arrow::BooleanArray> present = nullptr);
  ~RecordColumn();
  RecordColumn(const RecordColumn&) = delete;
  RecordColumn& operator=(const RecordColumn&) = delete;

  bool is_null(int64_t row) const { return all_null_ || (validity_ && !(validity_[(row + offset_) >> 3] >> ((row + offset_) & 7) & 1)); }
  // May a row be null or absent?
  bool may_lack_rows() const { return all_null_ || validity_ || present_; }
  // Are its values structs or maps?
  bool has_members() const { return has_members_; }
  const columnar::ConnectSchema& schema() const { return *column_.schema; }
  const arrow::Array& array() const { return *column_.data; }
  // Structs: the field's column; null: there is no such field.
  const RecordColumn* field(std::string_view name) const;
  // In a map without schema the key may be absent although its column is there.
  bool is_absent(int64_t row) const;
  // Lists and maps: the column of their elements or values.
  const RecordColumn& elements() const;

 private:
  struct Field {
    std::string_view name;  // the schema's
    std::unique_ptr<const RecordColumn> column;
  };
  const Column column_;
  const std::shared_ptr<arrow::BooleanArray> present_;  // of a field that may be absent
  const uint8_t* const validity_;                       // null: no row is null, unless all are
  const int64_t offset_;
  const bool all_null_, has_members_;
  mutable std::vector<Field> fields_;  // those asked for so far
  mutable std::unique_ptr<const RecordColumn> elements_;
};

class RecordNode {
 public:
  // Nothing: a key that a map lacks, or a field that a struct does not have.
  RecordNode() = default;
  // The column, or the value behind the pointer, must outlive the node and what is reached from it.
  RecordNode(const RecordColumn& column, int64_t row) : column_(&column), row_(row) { settle(); }
  explicit RecordNode(const Value* value) : value_(value) {}
  explicit RecordNode(Value value) : owned_(std::make_shared<const Value>(std::move(value))), value_(owned_.get()) {}

  bool is_absent() const { return !column_ && !value_; }
  bool is_null() const { return column_ ? column_->is_null(row_) : value_ && value_->is_null(); }
  bool is_missing() const { return is_absent() || is_null(); }
  bool is_list() const;
  // A struct or map.
  bool has_members() const { return column_ ? column_->has_members() && !column_->is_null(row_) : value_ && (value_->as_map() || value_->as_struct()); }
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
  const columnar::ConnectSchema* schema() const { return column_ && !column_->schema().schemaless() ? &column_->schema() : nullptr; }

 private:
  // One that lies in `value`, which this node may own.
  RecordNode inside(const Value& value) const;
  // A value of mixed type is decoded at once.
  void settle() {
    if (column_->schema().type() == columnar::Type::kVariant) decode();
  }
  void decode();

  const RecordColumn* column_ = nullptr;
  int64_t row_ = 0;
  std::shared_ptr<const Value> owned_;
  const Value* value_ = nullptr;
};

// Does a comparison hold of an order (below, at or above 0)? `Op` is an enum with these six names.
template <class Op>
bool holds_of_order(Op op, int order) {
  switch (op) {
    case Op::kEq: return order == 0;
    case Op::kNe: return order != 0;
    case Op::kLt: return order < 0;
    case Op::kLe: return order <= 0;
    case Op::kGt: return order > 0;
    default: return order >= 0;
  }
}

}  // namespace bywash::transforms
