// Pinot's stream configs of a REALTIME table: the topic, where consumption begins, when a segment is sealed, what goes to the Kafka
// client. Source: org.apache.pinot.spi.stream.StreamConfig, KafkaPartitionLevelStreamConfig 1.5.1. Level 5, REST threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analytics/table/record_decoder.h"
#include "base/status.h"

namespace bywash::analytics {

// Where a partition that exists when the table is created is read from; partitions that appear later are read from their start.
struct OffsetCriteria {
  enum class Kind { kSmallest, kLargest, kTimestamp } kind = Kind::kLargest;
  int64_t at_ms = 0;  // kTimestamp: records from this time on
};

struct StreamConfig {
  std::string topic;
  std::string brokers;
  OffsetCriteria criteria;
  std::vector<int32_t> partition_ids;              // empty: all
  int64_t flush_rows = 5'000'000;                  // of the table; each partition seals at its share
  int64_t flush_segment_rows = 0;                  // of one segment; 0: by flush_rows
  int64_t flush_time_ms = 6LL * 3600 * 1000;
  int64_t flush_bytes = 0;                         // of one segment in memory; 0: by kDefaultTableBytes over the partitions
  int64_t fetch_timeout_ms = 5000;
  bool stop_on_decode_error = false;
  bool populate_metadata = false;                  // records' headers and places are members of them: see RecordMetadata
  DecoderConfig decoder;
  std::map<std::string, std::string> kafka_properties;  // Java client names, unprefixed
  std::vector<std::string> warnings;

  // What the consuming segments of a table hold at most when its config names no size.
  static constexpr int64_t kDefaultTableBytes = 64LL << 20;
  // When one of `partitions` segments is full.
  int64_t rows_per_segment(int32_t partitions) const;
  int64_t bytes_per_segment(int32_t partitions) const;
};

// Reads one map of streamConfigMaps (or tableIndexConfig.streamConfigs). Problems are appended to `problems`, in Pinot's words where
// it has some; `now_ms` is what a period like "2d" counts back from.
StreamConfig read_stream_config(const std::map<std::string, std::string>& entries, int64_t now_ms, std::vector<std::string>& problems);

}  // namespace bywash::analytics
