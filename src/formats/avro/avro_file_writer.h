// AvroFileWriter: columns of one schema as an Avro object container file (specification 1.11), block by block, for files in a bucket or
// on disk. Put step of the file sinks; one thread at a time. Level 4.
#pragma once

#include <memory>
#include <string>

#include "columnar/column.h"
#include "formats/avro/avro_options.h"

namespace bywash::formats::avro {

enum class AvroCodec : uint8_t { kNull, kDeflate, kSnappy, kZstandard, kBzip2 };

// "null", "deflate", "snappy", "zstandard" ("zstd" too), "bzip2", as avro.codec names them. Error: kInvalid with the names that are known.
Result<AvroCodec> parse_codec(std::string_view name);

struct AvroFileOptions {
  AvroOptions mapping;             // connect.meta.data, enhanced.avro.schema.support, ...
  AvroCodec codec = AvroCodec::kNull;
  int64_t block_bytes = 64'000;    // of records before compression; Avro for Java's default interval
  std::string sync_seed;           // the same seed gives the same file for the same rows; empty: random
};

class AvroFileWriter {
 public:
  // Schemaless data is written as io.confluent.connect.avro.Anything. Errors: kData (a name that Avro does not allow), kFatal.
  static Result<std::unique_ptr<AvroFileWriter>> make(const columnar::SchemaPtr& schema, AvroFileOptions options);
  ~AvroFileWriter();
  AvroFileWriter(const AvroFileWriter&) = delete;
  AvroFileWriter& operator=(const AvroFileWriter&) = delete;

  // The Avro schema's text.
  const std::string& schema_text() const;
  // Appends every row of a column whose schema equals the writer's. Error: kData of the first row that cannot be written, with its field;
  // the rows before it are in the file then, it and those after it are not. `rows_written`, where not null, counts them.
  Status write(const columnar::Column& column, int64_t* rows_written = nullptr);
  // Appends one row of such a column. Error: kData; the row is not in the file.
  Status append(const columnar::Column& column, int64_t row);
  // Takes back the row of the last append; called before anything else is.
  void take_back();
  // Ends the last block. A file without rows is a valid file.
  Status close();
  // Bytes of the file produced since the last call, the header first.
  std::string take_bytes();
  // Bytes that take_bytes() would give.
  int64_t bytes_ready() const;
  // Those, and the bytes of the open block before compression.
  int64_t byte_count() const;

 private:
  struct Impl;
  explicit AvroFileWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::formats::avro
