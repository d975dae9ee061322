// Whole files into segments of an OFFLINE table: read → coerce → append → seal → commit. Files share segments until one is large enough,
// and become visible together with all their rows, or not at all. The thread that asks for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analytics/table/file_rows.h"
#include "analytics/table/segment_set.h"

namespace bywash::analytics {

class JsonRows;

struct IngestFile {
  // What the table remembers the file by: one that it has is skipped, one that has changed since is refused. Empty: never remembered.
  SourceFile source;
  FileOptions options;
  std::function<Result<std::string>()> read;  // its bytes
  // Instead of `read` where it is large: its next rows, as a file that is read by the options it answers; '' behind the last.
  std::function<Result<std::string>(FileOptions*)> next;
};

struct IngestResult {
  std::vector<std::string> segments;
  size_t files = 0, skipped = 0;
  int64_t rows = 0;
};

struct IngestLimits {
  int64_t rows = 5'000'000;                // of a segment
  int64_t bytes = int64_t{128} << 20;      // of a segment in memory at which the next file begins another
};

struct IngestTarget {
  const SchemaConfig& schema;
  const TableConfig& config;
  SegmentSet& segments;
  const std::atomic<bool>& stopping;  // the table is being closed: nothing more is committed
  std::function<int64_t()> now_ms;
};

class FileIngestion {
 public:
  explicit FileIngestion(IngestTarget target, IngestLimits limits = {});
  ~FileIngestion();

  // Errors name the file and what to do: kInvalid (not of its format, a row that is no object), kConflict (changed since it was ingested),
  // kRetriable (the table is being closed), those of reading it. Files before the failing one may be in the table already; `result` says
  // how many, and an ingestion that is begun again goes on behind them when they have names.
  Status run(const std::vector<IngestFile>& files, IngestResult* result);

 private:
  Status take(const IngestFile& file);
  Status append(std::string_view json);
  Status begin_segment();
  Status end_segment();
  Status commit(IngestResult* result);
  void drop_pending();
  void report() const;

  const IngestTarget target_;
  const IngestLimits limits_;
  std::unique_ptr<JsonRows> reader_;
  std::shared_ptr<MutableSegment> segment_;   // being filled; nullptr: none
  std::vector<CommittedSegment> staged_;      // full ones of the files below
  std::vector<SourceFile> sources_;
  size_t files_ = 0;                          // that are whole in staged_ and segment_
  int64_t rows_ = 0, row_of_file_ = 0;
};

}  // namespace bywash::analytics
