// One table, OFFLINE or REALTIME, with its folder, segments and consuming partitions. Its coordinator thread finds the topic's
// partitions, starts a consumer thread for each, and drops segments past their retention.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "analytics/exec/query_engine.h"
#include "analytics/table/file_ingestion.h"
#include "analytics/table/segment_upload.h"
#include "analytics/table/partition_consumer.h"
#include "analytics/table/schema_config.h"
#include "analytics/table/segment_set.h"
#include "analytics/table/table_config.h"

namespace bywash::analytics {

struct TableOptions {
  std::string folder;
  TableConfig config;
  SchemaConfig schema;
  ConsumerFactory consumers;
  std::function<int64_t()> now_ms;
};

class Table {
 public:
  // Recovers the folder's segments; nothing runs yet.
  static Result<std::shared_ptr<Table>> open(TableOptions options);
  ~Table();

  // Begins to consume (REALTIME) and to enforce retention.
  void start();
  // Waits until it is known and durable where each partition of the topics begins, or until a topic cannot be consumed yet, at most so
  // long; what is written to the topic afterwards is consumed. Answers why a beginning is not known yet, '' when all are.
  std::string wait_begun(int64_t millis) const;
  // An ingestion of files that runs ends soon, without what it has not committed; for the table's end.
  void interrupt();
  // Ends the threads. `seal`: consumed rows are committed first, else they are consumed again at the next start.
  void stop(bool seal);

  const TableConfig& config() const { return options_.config; }
  const SchemaConfig& schema() const { return options_.schema; }
  SegmentSet& segments() { return *segments_; }
  std::shared_ptr<const TableSnapshot> snapshot() const;
  // When its folder was made, in epoch milliseconds.
  int64_t created_ms() const;

  // Commits what the partitions have consumed; they go on consuming. Answers the names of the segments that will be committed.
  std::vector<std::string> force_commit();
  // Durable: a paused table stays paused over a restart.
  Status set_paused(bool paused);
  bool paused() const { return paused_; }
  std::vector<ConsumingStatus> consuming() const;

  // Files into segments of an OFFLINE table, one ingestion after the other. See FileIngestion::run for errors and what `result` is after them.
  Status ingest(const std::vector<IngestFile>& files, IngestResult* result);
  // A segment of Pinot's own format into an OFFLINE table, as a segment of ours under its name. Answers that name. kInvalid: the table is
  // REALTIME, the segment does not fit the schema, or is damaged; kConflict: the rule does not allow it.
  Result<std::string> upload(const PinotSegment& segment, const UploadRule& rule);

 private:
  explicit Table(TableOptions options) : options_(std::move(options)), dimension_(options_.config.dimension ? std::make_shared<DimensionRows>(options_.config.unique_keys) : nullptr) {}
  void coordinate();
  // Looks which partitions the topics have and starts consumers for new ones. False: a topic is not there yet.
  bool find_partitions();
  bool find_partitions_of(int32_t stream);
  void start_partition(int32_t stream, int32_t partition, int32_t count, int32_t first_seen);
  void drop_expired();
  void count_segments();
  bool sleep(int64_t millis);

  TableOptions options_;
  const std::shared_ptr<DimensionRows> dimension_;  // nullptr: it is no dimension table
  std::unique_ptr<SegmentSet> segments_;
  std::mutex ingest_mutex_;  // held over a whole ingestion
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::atomic<bool> stopping_{false}, paused_{false};
  std::map<int32_t, std::unique_ptr<PartitionConsumer>> partitions_;
  std::map<int32_t, std::unique_ptr<kafka::Consumer>> askers_;  // per stream, of the coordinator alone
  std::map<int32_t, std::string> stream_problems_;
  bool looked_ = false;  // for the partitions of every topic, once
  std::thread coordinator_;
};

}  // namespace bywash::analytics
