// ParquetFileReader: a Parquet file's rows as columns, in Connect's schema. Poll step of the S3 source, compaction. Level 4, one thread
// at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "columnar/column.h"

namespace bywash::formats {

class ParquetFileReader {
 public:
  // Takes the whole file. Errors are kData: not such a file, a codec or a type that is not supported.
  static Result<std::unique_ptr<ParquetFileReader>> open(std::string file);
  ~ParquetFileReader();
  ParquetFileReader(const ParquetFileReader&) = delete;
  ParquetFileReader& operator=(const ParquetFileReader&) = delete;

  // "parquet.avro.schema" of the file's metadata: the Avro schema that its writer had; empty: none.
  const std::string& avro_schema() const;
  // As parquet.codec names it; of the first column.
  const std::string& codec() const;
  int64_t row_count() const;
  // The rows' schema: one that the column types tell, until another is chosen.
  const columnar::SchemaPtr& schema() const;
  void choose_schema(columnar::SchemaPtr schema);
  // Some thousand rows; nothing after the last one. Errors are kData: damaged, or the chosen schema does not fit.
  Result<std::optional<columnar::Column>> next();

 private:
  struct Impl;
  explicit ParquetFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::formats
