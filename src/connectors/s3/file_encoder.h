// File formats of the S3 sink: rows into the bytes of one object. Put step. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "columnar/column.h"
#include "connectors/s3/record_views.h"
#include "connectors/s3/s3_config.h"

namespace bywash::connectors::s3 {

class SpillFile;

// One object being written.
class FileEncoder {
 public:
  virtual ~FileEncoder() = default;
  // Adds one row of a column in the file's schema. kData: the row cannot be written and was not taken.
  virtual Status append(const columnar::Column& column, int64_t row) = 0;
  // The same for rows [row, row + count), until one fails; how many were taken. That one's error comes from append.
  virtual int64_t append_rows(const columnar::Column& column, int64_t row, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (!append(column, row + i).ok()) return i;
    }
    return count;
  }
  // Takes back the row of the last append; called before anything else is.
  virtual void take_back() = 0;
  // The rows of a put are all there: holds on to no more of their columns than it needs.
  virtual Status end_put() { return {}; }
  // No more rows. True: bytes that are ready may be taken, then it is called again for the rest.
  virtual Result<bool> finish() = 0;
  virtual std::string take_bytes() = 0;        // what is ready, in order
  virtual int64_t bytes_ready() const = 0;
  virtual int64_t bytes_held() const = 0;      // memory, about: rows not yet encoded and bytes not yet taken
  virtual int64_t file_bytes() const = 0;      // the object's size if it ended now, about
  // Memory is short: moves rows that are not yet encoded to a temporary file in `folder`. kRetriable: no room there; nothing is lost.
  virtual Status spill(const std::string& /*folder*/) { return {}; }
};

class FileFormat {
 public:
  virtual ~FileFormat() = default;
  virtual std::string extension() const = 0;  // ".snappy.parquet"
  // kData when records of this schema cannot be written at all.
  virtual Status accepts(const columnar::ConnectSchema& schema) const = 0;
  virtual Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr& schema) = 0;
  // True when a file's rows must all have the schema that it was opened with.
  virtual bool is_bound_to_schema() const { return false; }
  // True when keys or headers go into a struct of their own (RecordKey, RecordHeaders).
  virtual bool envelopes(View /*view*/) const { return false; }
};

// The format of a class name (format.class, keys.format.class, headers.format.class).
Result<std::unique_ptr<FileFormat>> make_format(const S3SinkConfig& config, const std::string& class_name);

Result<std::unique_ptr<FileFormat>> make_avro_format(const S3SinkConfig& config);  // kInvalid: avro.codec
std::unique_ptr<FileFormat> make_parquet_format(const S3SinkConfig& config);
std::unique_ptr<FileFormat> make_json_format(const S3SinkConfig& config);
std::unique_ptr<FileFormat> make_byte_array_format(const S3SinkConfig& config);

}  // namespace bywash::connectors::s3
