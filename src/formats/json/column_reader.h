// Reads JSON text straight into column builders: the hot path of decoding. It takes what producers normally write; whatever is
// unusual (a coercion, a shape not seen before, an error) it refuses, and the exact way of connect_value.h decides. Decode step of
// the sink line, the task's thread. Level 4.
#pragma once

#include <string>

#include "formats/json/column_builder.h"
#include "formats/json/tokens.h"

namespace bywash::formats::json {

class ColumnReader {
 public:
  // `missing_is_null`: a field that is not there is null (or its default) even where its schema is required, as JsonSchemaConverter has it.
  explicit ColumnReader(bool replace_null_with_default, bool missing_is_null = false)
      : replace_null_with_default_(replace_null_with_default), missing_is_null_(missing_is_null) {}

  // Reads the value at `*p` (white space allowed before it) as one row of `builder`. False: refused; the builder may hold a part of
  // the row, which the caller takes back with truncate(). `depth` is the nesting of the value's parent.
  bool read(ColumnBuilder& builder, const char*& p, const char* end, int depth);

 private:
  bool read_null(ColumnBuilder& builder);
  bool read_number(ColumnBuilder& builder, const char*& p, const char* end);
  bool read_string(ColumnBuilder& builder, const char*& p, const char* end);
  bool read_decimal(ColumnBuilder& builder, const Number& n);
  bool read_fields(ColumnBuilder& builder, const char*& p, const char* end, int depth);
  bool read_field(ColumnBuilder& builder, const char*& p, const char* end, size_t* next, int depth);
  bool fill_missing(ColumnBuilder& builder, int64_t row);
  bool read_list(ColumnBuilder& builder, const char*& p, const char* end, int depth);
  bool read_map(ColumnBuilder& builder, const char*& p, const char* end, int depth);
  bool read_variant(ColumnBuilder& builder, const char*& p, const char* end, int depth);
  bool string_at(const char*& p, const char* end, std::string_view* out);

  bool replace_null_with_default_;
  bool missing_is_null_;
  std::string scratch_;
  std::string bytes_;
};

}  // namespace bywash::formats::json
