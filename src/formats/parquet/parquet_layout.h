// ParquetLayout: how records of one ConnectSchema lie in a Parquet file: Parquet's schema tree, the Arrow schema that the writer is
// fed, and the file's metadata, as parquet-avro 1.13.1 under Confluent's S3 sink 12.1.9 lays them out. Put step. Level 4, immutable.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/connect_schema.h"

namespace arrow {
class Field;
class Schema;
}
namespace parquet::schema {
class Node;
}

namespace bywash::formats {

struct ParquetOptions {
  std::string codec = "snappy";  // parquet.codec: none, snappy, gzip, zstd, lz4 (Hadoop's framing), lz4_raw, brotli
  bool connect_metadata = true;  // connect.meta.data: connect.* properties in the stored Avro schema
  int64_t row_group_bytes = int64_t{32} << 20;  // of columns in memory at which a row group ends
  int64_t page_bytes = int64_t{1} << 20;        // of a data page before compression, about
  bool optional_map_keys = false;  // allow.optional.map.keys: a map with optional string keys is a Parquet map, not a list of entries
};

class ParquetLayout {
 public:
  // `schema` is a struct with at least one field. Error: kData naming what a Parquet file cannot hold.
  static Result<std::shared_ptr<const ParquetLayout>> make(columnar::SchemaPtr schema, const ParquetOptions& options);

  const columnar::SchemaPtr& schema() const { return schema_; }
  const ParquetOptions& options() const { return options_; }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const { return arrow_schema_; }
  const std::shared_ptr<parquet::schema::Node>& root() const { return root_; }
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return metadata_; }

 private:
  ParquetLayout() = default;
  columnar::SchemaPtr schema_;
  ParquetOptions options_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<parquet::schema::Node> root_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

// A map that is written as Parquet's map: string keys, required unless `optional_keys`; any other is a list of (key, value) entries
// (io.confluent.connect.avro.AvroData).
bool is_parquet_map(const columnar::ConnectSchema& schema, bool optional_keys);
// precision of a Decimal: connect.decimal.precision, else 64 (AvroData).
int decimal_precision(const columnar::ConnectSchema& schema);
// "codec" -> what stands before ".parquet" in object names: ".snappy", ".gz", ...; empty for none.
std::string parquet_codec_extension(const std::string& codec);

}  // namespace bywash::formats
