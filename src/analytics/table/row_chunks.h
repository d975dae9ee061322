// A large file of rows in pieces of whole rows, so that it is never in memory as a whole. Offline line, decode stage; the thread that ingests.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "analytics/table/file_rows.h"

namespace bywash::analytics {

class RowChunks {
 public:
  // `file` outlives it. `passed` is told the place up to which the file has been read for the last time.
  RowChunks(std::string_view file, const FileOptions& options, std::function<void(const char*)> passed, size_t chunk_bytes = size_t{8} << 20);

  // The next rows as a file of their own; `options` becomes how it is to be read. Empty: there are no more. JSON lines and CSV are cut; what
  // has to be read whole (an array, Parquet, Avro, gzip) is one piece, kInvalid where it is too large for that.
  Result<std::string> next(FileOptions* options);

 private:
  bool is_whole() const;
  size_t json_end() const;
  size_t csv_end();

  const std::string_view file_;
  const FileOptions options_;
  const std::function<void(const char*)> passed_;
  const size_t chunk_bytes_;
  size_t at_ = 0;
  std::string header_;  // of a CSV file, once its first line is read
  bool begun_ = false;
};

}  // namespace bywash::analytics
