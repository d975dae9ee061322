// Rows of an object that lies in the store, as columns: Parquet, Avro, JSON lines, bytes; plain, gzip or zstd by its name. Poll step of
// the S3 source, compaction. Level 6, one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "columnar/column.h"
#include "connectors/s3/s3_config.h"
#include "plugin/converter.h"

namespace bywash::connectors::s3 {

class RowSource {
 public:
  virtual ~RowSource() = default;
  // Some rows; nothing after the last one. Errors are kData: the object is damaged or not of its format.
  virtual Result<std::optional<columnar::Column>> next() = 0;
};

// Opens objects; keeps what JSON objects looked like from one to the next.
class RowSources {
 public:
  // `separator` ends a record of ByteArrayFormat; empty: the object is one record.
  explicit RowSources(std::string separator) : separator_(std::move(separator)) {}
  // `key` tells the compression (".gz", ".zst"). JSON objects of one `kind` look alike (values of a topic, say). Errors: kData.
  Result<std::unique_ptr<RowSource>> open(Format format, const std::string& key, std::string bytes, const std::string& kind = "");

 private:
  std::string separator_;
  std::unique_ptr<plugin::Converter> json_;
};

// The object's bytes without the compression that its name tells. Error: kData.
Result<std::string> unpacked(const std::string& key, std::string bytes);

// Rows in portions of any size.
class RowCursor {
 public:
  explicit RowCursor(std::unique_ptr<RowSource> rows) : rows_(std::move(rows)) {}
  // How many rows of one schema are at hand; 0: this is the end.
  Result<int64_t> available();
  // The next `count` rows; at most available().
  columnar::Column take(int64_t count);
  // Error: kData when the object has fewer rows.
  Status skip(int64_t count);

 private:
  std::unique_ptr<RowSource> rows_;
  columnar::Column at_hand_;
  int64_t next_ = 0;
  bool ended_ = false;
};

}  // namespace bywash::connectors::s3
