// ParquetFileWriter: columns of one schema into the bytes of one Parquet file, row group by row group. Put step of the sinks.
// Level 4, one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "formats/parquet/parquet_layout.h"

namespace bywash::formats {

// What a task learns from one file of a schema for the next: the columns with a dictionary.
struct DictionaryMemory {
  std::vector<bool> wanted;  // per top-level field; empty: not decided yet
  int files_until_resample = 0;
};

class ParquetFileWriter {
 public:
  // `memory` may be null (every file decides for itself) and must outlive the writer.
  ParquetFileWriter(std::shared_ptr<const ParquetLayout> layout, DictionaryMemory* memory);
  ~ParquetFileWriter();
  ParquetFileWriter(const ParquetFileWriter&) = delete;
  ParquetFileWriter& operator=(const ParquetFileWriter&) = delete;

  // Writes the chunks, in order, as one row group: columns of layout->schema()'s Arrow type, no null rows.
  // Errors: kData (a value that does not fit), kFatal.
  Status write_row_group(const std::vector<columnar::Column>& chunks);
  // Writes the footer; a file without row groups is a valid file without rows.
  Status close();
  // Bytes produced since the last call.
  std::string take_bytes();
  int64_t byte_count() const;  // waiting to be taken

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::formats
