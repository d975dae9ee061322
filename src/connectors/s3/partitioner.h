// Partitioners: the encoded path of each record (io.confluent.connect.storage.partitioner, storage-common 12.0.12). Level 6, the task's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "columnar/batch.h"
#include "connectors/s3/joda_pattern.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/timestamp_extractor.h"
#include "connectors/s3/zone.h"

namespace bywash::connectors::s3 {

// Encoded paths as small numbers, so that rows compare numbers.
class PathTable {
 public:
  int id_of(const std::string& path);
  const std::string& path(int id) const { return paths_[static_cast<size_t>(id)]; }

 private:
  std::unordered_map<std::string, int> ids_;
  std::vector<std::string> paths_;
};

// A partitioner bound to one batch.
class BatchPaths {
 public:
  virtual ~BatchPaths() = default;
  // The row's path; -1 with *error set (kData) when it has none. `timestamp` is the extractor's, 0 where there is none.
  virtual int at(int64_t row, int64_t timestamp, Status* error) = 0;
  // Every row has the same path, whatever its time.
  virtual bool is_constant() const { return false; }
};

class Partitioner {
 public:
  virtual ~Partitioner() = default;
  // Null when this partitioner knows no time; then rotate.interval.ms has no effect.
  const TimestampExtractor* extractor() const { return extractor_ ? &*extractor_ : nullptr; }
  // The batch must outlive the result; one result at a time.
  virtual std::unique_ptr<BatchPaths> bind(const columnar::Batch& batch, PathTable* paths) = 0;

 protected:
  std::optional<TimestampExtractor> extractor_;
};

// The configured one. Errors as the original has them ("Invalid value YYYY/bb for configuration path.format: Illegal pattern
// component: bb"). Adds what the operator should know to `warnings`.
Result<std::unique_ptr<Partitioner>> make_partitioner(const S3SinkConfig& config, std::vector<std::string>* warnings);

// The start of the partition of `duration_ms` that holds an instant (TimeBasedPartitioner.getPartition).
int64_t partition_start(int64_t utc_ms, int64_t duration_ms, const Zone& zone);

}  // namespace bywash::connectors::s3
