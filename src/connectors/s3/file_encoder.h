// File formats of the S3 sink: rows into the bytes of one object. Put step. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "columnar/column.h"
#include "connectors/s3/s3_config.h"

namespace bywash::connectors::s3 {

// One object being written.
class FileEncoder {
 public:
  virtual ~FileEncoder() = default;
  // Adds one row of a column in the file's schema. kData: the row cannot be written and was not taken.
  virtual Status append(const columnar::Column& column, int64_t row) = 0;
  // The rows of a put are all there: holds on to no more of their columns than it needs.
  virtual Status end_put() { return {}; }
  // No more rows: makes the rest of the bytes.
  virtual Status finish() = 0;
  virtual std::string take_bytes() = 0;        // what is ready, in order
  virtual int64_t bytes_ready() const = 0;
  virtual int64_t bytes_held() const = 0;      // memory, about: rows not yet encoded and bytes not yet taken
};

class FileFormat {
 public:
  virtual ~FileFormat() = default;
  virtual std::string extension() const = 0;  // ".snappy.parquet"
  // kData when records of this schema cannot be written at all.
  virtual Status accepts(const columnar::ConnectSchema& schema) const = 0;
  virtual Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr& schema) = 0;
};

// The format of format.class.
Result<std::unique_ptr<FileFormat>> make_format(const S3SinkConfig& config);

std::unique_ptr<FileFormat> make_parquet_format(const S3SinkConfig& config);
std::unique_ptr<FileFormat> make_json_format(const S3SinkConfig& config);
std::unique_ptr<FileFormat> make_byte_array_format(const S3SinkConfig& config);

}  // namespace bywash::connectors::s3
