// See table.h.
#include "analytics/table/table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <thread>

#include "analytics/table/document_index_config.h"
#include "base/clock.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kTableLogger = "analytics.table";
constexpr int64_t kRetryMs = 500;             // until the topics are there
constexpr int64_t kNewPartitionsMs = 30'000;  // then
constexpr int64_t kRetentionMs = 10'000;
constexpr int64_t kRebuildMs = 30'000;        // after a segment could not be written anew

}  // namespace

Result<std::shared_ptr<Table>> Table::open(TableOptions options) {
  options.schema.schema = with_indexes(options.schema.schema, options.config.indexes.documents);
  std::shared_ptr<Table> out(new Table(std::move(options)));
  ASSIGN_OR_RETURN(out->segments_, SegmentSet::open(out->options_.folder, out->options_.schema, out->options_.config));
  out->paused_ = out->segments_->manifest().state().paused;
  return out;
}

Table::~Table() { stop(false); }

void Table::start() {
  coordinator_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "table");
    coordinate();
  });
}

void Table::interrupt() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
}

void Table::stop(bool seal) {
  interrupt();
  if (coordinator_.joinable()) coordinator_.join();
  // An ingestion sees that it is over at its next look; what it has committed then is in the folder.
  { std::lock_guard ingestion(ingest_mutex_); }
  std::map<int32_t, std::unique_ptr<PartitionConsumer>> partitions;
  {
    std::lock_guard lock(mutex_);
    partitions.swap(partitions_);
  }
  for (auto& [group, partition] : partitions) partition->stop(seal);
}

std::string Table::wait_begun(int64_t millis) const {
  if (options_.config.type != TableType::kRealtime) return {};
  const SteadyTime deadline = steady_now() + Millis(millis);
  while (true) {
    bool all = false;
    {
      std::lock_guard lock(mutex_);
      if (!stream_problems_.empty()) return stream_problems_.begin()->second;
      all = looked_;
      for (const auto& [group, partition] : partitions_) {
        const ConsumingStatus status = partition->status();
        if (!status.problem.empty()) return status.problem;
        all = all && !status.segment.empty();
      }
    }
    if (all) return {};
    if (steady_now() >= deadline) return fmt::format("the brokers have not answered in {} ms", millis);
    std::this_thread::sleep_for(Millis(2));
  }
}

bool Table::sleep(int64_t millis) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, Millis(millis), [this] { return stopping_.load(); });
  return !stopping_;
}

void Table::coordinate() {
  int64_t next_partitions = 0, next_retention = 0, next_rebuild = 0, given_back = 0;
  while (!stopping_) {
    const int64_t now = steady_now().time_since_epoch() / Millis(1);
    if (now >= next_retention) {
      drop_expired();
      next_retention = now + kRetentionMs;
    }
    if (options_.config.type == TableType::kRealtime && now >= next_partitions) {
      next_partitions = (find_partitions() ? kNewPartitionsMs : kRetryMs) + now;
      std::lock_guard lock(mutex_);
      looked_ = true;
    }
    count_segments();
    if (const int64_t changes = segments_->changes(); changes != given_back) {
      ::malloc_trim(0);  // rows that are in files now, and what their making took: the allocator would keep it
      given_back = changes;
    }
    bool rebuilt = false;
    if (now >= next_rebuild && !stopping_) {
      Result<std::string> segment = segments_->rebuild_one();
      rebuilt = segment.ok() && !segment->empty();
      if (rebuilt) {
        log::info(kTableLogger, "Table {}: segment {} has the indexes of the table's config now", options_.config.name_with_type, *segment);
      } else if (!segment.ok()) {
        log::warn(kTableLogger, "Table {}: a segment cannot be given the indexes of the table's config, trying again: {}", options_.config.name_with_type, segment.status().message());
        next_rebuild = now + kRebuildMs;
      }
    }
    if (!sleep(rebuilt ? 1 : kRetryMs)) break;
  }
  askers_.clear();
}

bool Table::find_partitions() {
  bool all = true;
  for (size_t i = 0; i < options_.config.streams.size() && !stopping_; ++i) all = find_partitions_of(static_cast<int32_t>(i)) && all;
  return all;
}

bool Table::find_partitions_of(int32_t stream) {
  const StreamConfig& config = options_.config.streams[static_cast<size_t>(stream)];
  auto complain = [&](const Status& status) {
    std::lock_guard lock(mutex_);
    std::string& known = stream_problems_[stream];
    if (known != status.message()) log::warn(kTableLogger, "Table {}: topic '{}' cannot be consumed yet, trying again: {}", options_.config.name_with_type, config.topic, status.message());
    known = status.message();
    return false;
  };
  if (!askers_.count(stream)) {
    kafka::ConsumerOptions consumer;
    for (const auto& [key, value] : config.kafka_properties) consumer.java[key] = value;
    consumer.java["bootstrap.servers"] = config.brokers;
    consumer.java["enable.auto.commit"] = "false";
    if (!consumer.java.count("group.id")) consumer.java["group.id"] = "bywash-table-" + options_.config.name_with_type;
    consumer.prefetch_bytes = 64 << 10;
    Result<std::unique_ptr<kafka::Consumer>> made = options_.consumers(std::move(consumer));
    if (!made) return complain(made.status());
    askers_[stream] = *std::move(made);
  }
  Result<int> count = askers_[stream]->partition_count(config.topic, 3000);
  ManifestState state = segments_->manifest().state();
  if (!state.first_seen.count(stream) && (count || count.status().code() == Code::kNotFound)) {
    // Partitions that the topic has now begin where the config says; those that come later begin at their start.
    if (Status status = segments_->manifest().topic_seen(stream, count ? *count : 0); !status.ok()) return complain(status);
    state = segments_->manifest().state();
  }
  if (!count) return complain(count.status());
  {
    std::lock_guard lock(mutex_);
    stream_problems_.erase(stream);
  }
  for (int32_t partition = 0; partition < *count; ++partition) {
    const auto& wanted = config.partition_ids;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), partition) == wanted.end()) continue;
    start_partition(stream, partition, wanted.empty() ? *count : static_cast<int32_t>(wanted.size()), state.first_seen[stream]);
  }
  return true;
}

void Table::start_partition(int32_t stream, int32_t partition, int32_t count, int32_t first_seen) {
  PartitionOptions options;
  options.schema = &options_.schema;
  options.config = &options_.config;
  options.segments = segments_.get();
  options.consumers = options_.consumers;
  options.now_ms = options_.now_ms;
  options.stream = stream;
  options.partition = partition;
  options.partition_count = count;
  options.from_start = partition >= first_seen;
  std::lock_guard lock(mutex_);
  const int32_t group = options.group();
  if (stopping_ || partitions_.count(group)) return;
  auto consumer = std::make_unique<PartitionConsumer>(std::move(options));
  consumer->set_paused(paused_);
  consumer->start();
  partitions_[group] = std::move(consumer);
}

void Table::drop_expired() {
  const std::vector<std::string> names = segments_->expired(options_.now_ms());
  if (names.empty()) return;
  Status status = segments_->drop(names);
  if (status.ok()) {
    log::info(kTableLogger, "Table {}: dropped {} segments past their retention", options_.config.name_with_type, names.size());
  } else {
    log::warn(kTableLogger, "Table {}: segments past their retention cannot be dropped, trying again: {}", options_.config.name_with_type, status.message());
  }
}

void Table::count_segments() {
  std::map<std::string, int64_t> counts = {{"committed", 0}, {"consuming", 0}, {"damaged", static_cast<int64_t>(segments_->damaged().size())}};
  for (const SegmentStatus& segment : segments_->list()) ++counts[segment.consuming ? "consuming" : "committed"];
  for (const auto& [state, count] : counts) {
    metrics::Registry::process().gauge("bywash_table_segments", "Segments of a table", {{"table", options_.config.name_with_type}, {"state", state}})
        ->set(static_cast<double>(count));
  }
}

std::shared_ptr<const TableSnapshot> Table::snapshot() const {
  auto out = std::make_shared<TableSnapshot>();
  out->name = options_.config.name;
  out->schema = options_.schema.schema;
  out->realtime = options_.config.type == TableType::kRealtime;
  out->dimension = dimension_;
  out->prune_by_partition = options_.config.prune_by_partition;
  if (out->realtime) {
    // Before the segments are listed: what they show is at least as fresh.
    int64_t fresh = INT64_MAX;
    for (const ConsumingStatus& status : consuming()) fresh = std::min(fresh, status.fresh_ms);
    out->min_consuming_freshness_ms = fresh == INT64_MAX ? 0 : fresh;
  }
  out->segments = segments_->snapshot(options_.now_ms(), &out->kept);
  out->missing = segments_->missing(options_.now_ms());
  return out;
}

std::vector<std::string> Table::force_commit() {
  std::vector<std::string> names;
  std::lock_guard lock(mutex_);
  for (auto& [group, partition] : partitions_) {
    names.push_back(partition->status().segment);
    partition->force_commit();
  }
  return names;
}

Status Table::set_paused(bool paused) {
  RETURN_IF_ERROR(segments_->manifest().set_paused(paused));
  std::lock_guard lock(mutex_);
  paused_ = paused;
  for (auto& [group, partition] : partitions_) partition->set_paused(paused);
  return {};
}

std::vector<ConsumingStatus> Table::consuming() const {
  std::vector<ConsumingStatus> out;
  std::lock_guard lock(mutex_);
  for (const auto& [group, partition] : partitions_) out.push_back(partition->status());
  return out;
}

Status Table::ingest(const std::vector<IngestFile>& files, IngestResult* result) {
  std::lock_guard lock(ingest_mutex_);
  FileIngestion ingestion({options_.schema, options_.config, *segments_, stopping_, options_.now_ms});
  return ingestion.run(files, result);
}

Result<std::string> Table::upload(const PinotSegment& segment, const UploadRule& rule) {
  std::lock_guard lock(ingest_mutex_);
  return upload_segment({options_.schema, options_.config, *segments_, stopping_, options_.now_ms()}, segment, rule);
}

int64_t Table::created_ms() const {
  struct statx status {};
  if (::statx(AT_FDCWD, options_.folder.c_str(), 0, STATX_BTIME | STATX_MTIME, &status) != 0) return 0;
  const struct statx_timestamp& at = status.stx_mask & STATX_BTIME ? status.stx_btime : status.stx_mtime;  // not every file system knows births
  return at.tv_sec * 1000 + at.tv_nsec / 1'000'000;
}

}  // namespace bywash::analytics
