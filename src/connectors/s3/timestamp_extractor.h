// The three timestamp extractors of the time-based partitioners (io.confluent.connect.storage.partitioner.TimeBasedPartitioner 12.0.12):
// Wallclock, Record, RecordField. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "connectors/s3/s3_config.h"

namespace arrow {
class Array;
}

namespace bywash::connectors::s3 {

// The timestamps of one batch's rows.
class BatchTimestamps {
 public:
  // Milliseconds since the epoch, or nothing with *error set (kData) when the row has no time.
  std::optional<int64_t> at(int64_t row, Status* error) const;

 private:
  friend class TimestampExtractor;
  enum class Source { kConstant, kRecord, kInt64, kInt32, kDate32, kValues, kMissing } source_ = Source::kConstant;
  int64_t now_ms_ = 0;
  const int64_t* longs_ = nullptr;
  const int32_t* ints_ = nullptr;
  columnar::Column column_;
  std::string field_;
};

class TimestampExtractor {
 public:
  TimestampExtractor(ExtractorKind kind, std::string field) : kind_(kind), field_(std::move(field)) {}
  ExtractorKind kind() const { return kind_; }
  // The batch must outlive the result. `now_ms` is what Wallclock answers.
  BatchTimestamps bind(const columnar::Batch& batch, int64_t now_ms) const;

 private:
  ExtractorKind kind_;
  std::string field_;
};

// ISO-8601 as org.joda.time.format.ISODateTimeFormat.dateTimeParser() takes it (also a blank in place of the T), without zone UTC;
// or all digits: milliseconds. Nothing when it is neither.
std::optional<int64_t> parse_time_text(std::string_view text);

// The column that a dotted path leads to; nothing when it is not there. Rows whose parent is null have null there.
std::optional<columnar::Column> column_at_path(const columnar::Column& root, std::string_view path);

}  // namespace bywash::connectors::s3
