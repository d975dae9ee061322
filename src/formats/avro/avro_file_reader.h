// AvroFileReader: an Avro object container file's rows as columns. Level 4, one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/column.h"
#include "formats/avro/avro_options.h"

namespace bywash::formats::avro {

class AvroFileReader {
 public:
  // `file` is the whole file and must outlive the reader. Errors are kData: not such a file, a codec or a schema that is not supported.
  static Result<std::unique_ptr<AvroFileReader>> open(std::string_view file, const AvroOptions& options);
  ~AvroFileReader();
  AvroFileReader(const AvroFileReader&) = delete;
  AvroFileReader& operator=(const AvroFileReader&) = delete;

  const std::string& schema_text() const;
  // The rows of the next block; nothing after the last one. Errors are kData: a truncated block, a wrong sync marker, a bad record.
  Result<std::optional<columnar::Column>> next();

 private:
  struct Impl;
  explicit AvroFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::formats::avro
