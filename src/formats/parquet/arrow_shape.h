// From our columns' Arrow arrays to those that Arrow's Parquet writer wants: nullability by the schema, maps as maps, a decimal as its
// unscaled bytes, defaults in place of nulls. Columns that need nothing are passed on as they are. Level 4.
#pragma once

#include <memory>

#include "base/status.h"
#include "columnar/connect_schema.h"

namespace arrow {
class Array;
class DataType;
}

namespace bywash::formats {

// The Arrow type whose nesting and nullability match the Parquet schema of `schema`.
std::shared_ptr<arrow::DataType> parquet_arrow_type(const columnar::ConnectSchema& schema, bool optional_map_keys);

// True when `parquet_array` would change an array of this schema.
bool needs_shaping(const columnar::ConnectSchema& schema);

bool has_decimals(const columnar::ConnectSchema& schema);
// kData when a decimal in the row has another scale than its schema: Decimal.fromLogical refuses it.
Status check_decimal_scales(const columnar::ConnectSchema& schema, const arrow::Array& array, int64_t row);

// The array in its Parquet form. A null is written as the schema's default if there is one (Struct.get in Connect). Error: kData when
// a decimal's scale is not the schema's.
Result<std::shared_ptr<arrow::Array>> parquet_array(const columnar::ConnectSchema& schema, const std::shared_ptr<arrow::Array>& array,
                                                    bool optional_map_keys);

}  // namespace bywash::formats
