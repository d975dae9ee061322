// Column: values of one schema in Arrow arrays, and the slow, general way in and out of it by Value. Level 1.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "columnar/connect_schema.h"
#include "columnar/value.h"

namespace arrow {
class Array;
class ArrayBuilder;
class BooleanArray;
}

namespace bywash::columnar {

// A schema and an array of schema->arrow_type(). Immutable; copies share the data.
struct Column {
  SchemaPtr schema;
  std::shared_ptr<arrow::Array> data;

  int64_t row_count() const;
  bool is_null(int64_t row) const;
  // For has_fields(): child i as a column of its own. The parent's null bitmap is not merged in: a row whose parent is null
  // has an unspecified child value.
  Column child(int i) const;
  // kObject: the rows that have key i at all; null when every row has it.
  std::shared_ptr<arrow::BooleanArray> present(int i) const;
  bool is_present(int i, int64_t row) const;
};

// Row `row` as a Value. A kObject gives a map without its absent keys; a struct's nulls stay null (no defaults put in).
Value value_at(const Column& column, int64_t row);
Value value_at(const ConnectSchema& schema, const arrow::Array& data, int64_t row);

// The same column with only `rows`, in that order.
Column take(const Column& column, const std::vector<uint32_t>& rows);

// A column from parts: children in field order, `present` for the fields with may_be_absent in field order, and the parent's
// nulls (null bitmap source: may be null for none). All of equal length `row_count`.
Column make_struct_column(SchemaPtr schema, std::vector<Column> children, std::vector<std::shared_ptr<arrow::BooleanArray>> present,
                          const arrow::Array* nulls_of, int64_t row_count);

// The same value in every row.
Result<Column> constant_column(const SchemaPtr& schema, const Value& value, int64_t row_count);

// Builds a column row by row from Values that fit the schema (a Value of another type is an error that names both).
class ValueAppender {
 public:
  explicit ValueAppender(SchemaPtr schema);
  ~ValueAppender();
  Status append(const Value& value);
  Status append_null();
  int64_t row_count() const;
  Result<Column> finish();

 private:
  SchemaPtr schema_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

// Schemaless values, one per row, as one column: the typed shape that holds all of them (keys that some rows lack marked
// may_be_absent; a position that mixes types becomes kVariant).
Result<Column> infer_column(const std::vector<Value>& values);
// The least shape that holds both.
SchemaPtr merge_shapes(const SchemaPtr& a, const SchemaPtr& b);

}  // namespace bywash::columnar
