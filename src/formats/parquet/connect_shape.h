// From arrays as Arrow's Parquet reader gives them to those of a ConnectSchema: the way back from arrow_shape.h, and for files of any
// other writer. Poll step of the S3 source, compaction. Level 4, any thread.
#pragma once

#include <memory>

#include "base/status.h"
#include "columnar/connect_schema.h"

namespace arrow {
class Array;
class DataType;
}

namespace bywash::formats {

// The schema that values of an Arrow type have in Connect, where no other is known: unsigned integers as the next wider signed ones,
// fixed-size bytes as bytes. Error: kData naming a type that Connect has none for.
Result<columnar::SchemaPtr> connect_schema_of(const arrow::DataType& type, bool optional);

// The array as schema.arrow_type(). Struct fields go by name; one that the array lacks is null. Error: kData naming the field whose
// type does not fit.
Result<std::shared_ptr<arrow::Array>> connect_array(const columnar::ConnectSchema& schema, const std::shared_ptr<arrow::Array>& array);

}  // namespace bywash::formats
