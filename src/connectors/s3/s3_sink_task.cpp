// S3SinkTask. Level 6, the task's thread.
#include "connectors/s3/s3_sink_task.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "connectors/s3/compaction.h"
#include "connectors/s3/partition_writer.h"
#include "connectors/s3/store_access.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kSinkLogger = "s3.sink";
// Encoded bytes on their way to the store at which the task takes no more rows.
constexpr int64_t kInFlightLimit = int64_t{32} << 20;
// How long a close waits for objects that are complete but not yet durable; what is not done by then is read again.
constexpr Millis kCloseWait{30'000};
// How long a task that has been overtaken waits for its group to say so.
constexpr Millis kOvertakenWait{30'000};
// Times that a store which is down is asked again, retry.backoff.ms apart, before a partition is consumed.
constexpr int kRecoveryRetries = 10;

class S3SinkTask : public plugin::SinkTask {
 public:
  S3SinkTask(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store, std::function<Now()> clock)
      : config_(std::move(config)), store_(std::move(store)), clock_(std::move(clock)) {}
  ~S3SinkTask() override { let_go(); }

  Status start(plugin::SinkContext* context) override {
    std::vector<std::string> warnings;
    if (!config_.storage_class) warnings.push_back("storage.class is not set: io.confluent.connect.s3.storage.S3Storage is taken");
    if (config_.schema_compatibility != "NONE" && compatibility_of(config_.schema_compatibility) == Compatibility::kNone) {
      warnings.push_back("schema.compatibility is none of NONE, BACKWARD, FORWARD, FULL: NONE is taken");
    }
    ASSIGN_OR_RETURN(partitioner_, make_partitioner(config_, &warnings));
    RETURN_IF_ERROR(make_formats());
    for (const std::string& pair : config_.object_tagging_pairs) {
      if (!config_.object_tagging || pair.find(':') != pair.npos) continue;
      return Status::invalid(fmt::format("Invalid value {} for configuration s3.object.tagging.key.value.pairs: a tag is key:value", pair))
          .with_java_class("org.apache.kafka.common.config.ConfigException");
    }
    if (config_.rotate_schedule_interval_ms > 0) {
      RETURN_IF_ERROR(check_schedule(config_));
      ASSIGN_OR_RETURN(schedule_zone_, Zone::of(config_.timezone));
    }
    if (!store_) {
      ASSIGN_OR_RETURN(store_, open_store(access_of(config_)));
    }
    Status reachable = store_->check();
    if (reachable.code() == Code::kNotFound && !config_.is_local()) {
      return Status::not_found(fmt::format("Non-existent S3 bucket: {} ({})", config_.bucket.value_or(""), reachable.message()))
          .with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
    if (reachable.code() == Code::kUnauthorized && reachable.message().find("AccessDenied") != std::string::npos) {
      // Policies that let objects be written need not let the bucket be listed; the original goes on here, too.
      log::warn(kSinkLogger, "{}. Writing goes on without that", reachable.message());
      reachable = {};
    }
    if (!reachable.ok() && !config_.is_local()) {
      return Status(reachable.retriable() ? Code::kFatal : reachable.code(), reachable.blame(),
                    fmt::format("{}. Check store.url ({}), s3.bucket.name and s3.region", reachable.message(), config_.store_url.value_or("not set")));
    }
    RETURN_IF_ERROR(reachable);
    for (const std::string& warning : warnings) log::warn(kSinkLogger, "{}", warning);

    uploads_ = std::make_shared<UploadGroup>();
    uploads_->store = store_;
    uploads_->attributes.content_type = "binary/octet-stream";
    uploads_->retry_backoff = Millis(config_.retry_backoff_ms);
    uploads_->tagging = config_.object_tagging;
    uploads_->fail_on_tagging_error = config_.behavior_on_tagging_error == "fail";
    uploads_->only_if_absent = config_.enable_conditional_writes && config_.cuts_by_clock_or_size();
    parts_.config = &config_;
    for (View view : kViews) parts_.formats[static_cast<size_t>(view)] = formats_[static_cast<size_t>(view)].get();
    parts_.partitioner = partitioner_.get();
    parts_.paths = &paths_;
    if (config_.behavior_on_null_values == "write") parts_.tombstone_path = paths_.id_of(config_.tombstone_encoded_partition);
    parts_.schedule_zone = schedule_zone_ ? &*schedule_zone_ : nullptr;
    parts_.uploads = uploads_;
    parts_.context = context;
    return {};
  }

  Status open(const std::vector<TopicPartition>& partitions, Generation generation) override {
    generation_ = generation;
    std::vector<TopicPartition> new_ones;
    for (const TopicPartition& tp : partitions) {
      if (!deliveries_.contains(tp)) new_ones.push_back(tp);
      ASSIGN_OR_RETURN(std::shared_ptr<Delivery> delivery, begin_delivery(tp));
      writers_.insert_or_assign(tp, std::make_unique<PartitionWriter>(parts_, std::move(delivery), tp, generation, now()));
    }
    abort_left_uploads(new_ones);
    return {};
  }

  Status put(const std::vector<columnar::Batch>& batches) override {
    if (batches.empty()) return {};
    RETURN_IF_ERROR(uploads_->first_failure());
    std::map<TopicPartition, std::vector<const columnar::Batch*>> partitions;
    for (const columnar::Batch& batch : batches) partitions[batch.origin].push_back(&batch);
    for (const auto& [origin, own] : partitions) {
      auto at = writers_.find(origin);
      if (at == writers_.end()) return Status::fatal(fmt::format("Records of {} came although it is not assigned", to_string(origin)));
      RETURN_IF_ERROR(at->second->refuse_nulls(own));
    }
    for (const auto& [origin, own] : partitions) RETURN_IF_ERROR(writers_.at(origin)->write(own, now()));
    account();
    return make_room();
  }

  Status tick() override {
    RETURN_IF_ERROR(uploads_->first_failure());
    for (const auto& [tp, writer] : writers_) RETURN_IF_ERROR(deliveries_.at(tp)->overtaken(steady_now(), kOvertakenWait));
    for (auto& [tp, writer] : writers_) RETURN_IF_ERROR(writer->tick(now()));
    account();
    confirm_cuts();
    compact_now_and_then();
    return make_room();
  }

  void committed(const std::vector<std::pair<TopicPartition, Offset>>& offsets) override {
    for (const auto& [tp, offset] : offsets) {
      auto at = deliveries_.find(tp);
      if (at != deliveries_.end()) at->second->committed(offset);
    }
  }

  bool wants_more() const override { return !uploads_ || uploads_->bytes_in_flight.load(std::memory_order_relaxed) < kInFlightLimit; }

  Status close(const std::vector<TopicPartition>& partitions) override {
    if (compaction_) compaction_->stopped = true;
    for (const TopicPartition& tp : partitions) writers_.erase(tp);
    account();
    for (const TopicPartition& tp : partitions) {
      auto at = deliveries_.find(tp);
      if (at != deliveries_.end() && !at->second->overtaken(steady_now(), Millis(0)).ok()) at->second->stop();
    }
    // Deliveries stay for the commit that follows.
    if (uploads_ && !uploads_->wait_idle(kCloseWait, [this] { confirm_cuts(); })) {
      Status failure = uploads_->first_failure();
      log::warn(kSinkLogger, "Some objects are not at '{}' yet{}: their records will be read again", store_->name(),
                failure.ok() ? "" : " (" + failure.message() + ")");
    }
    for (const TopicPartition& tp : partitions) {
      auto at = deliveries_.find(tp);
      if (at != deliveries_.end()) at->second->stop();
    }
    return {};
  }

  void stop() override { let_go(); }

 private:
  Now now() const { return clock_ ? clock_() : Now{wall_clock_ms(), steady_now()}; }

  Status make_formats() {
    const std::pair<bool, const std::string*> wanted[] = {
        {true, &config_.format_class}, {config_.store_kafka_keys, &config_.keys_format_class}, {config_.store_kafka_headers, &config_.headers_format_class}};
    for (size_t i = 0; i < formats_.size(); ++i) {
      if (!wanted[i].first) continue;
      ASSIGN_OR_RETURN(formats_[i], make_format(config_, *wanted[i].second));
    }
    return {};
  }

  // What an earlier task of this partition left is settled before the partition is consumed.
  Result<std::shared_ptr<Delivery>> begin_delivery(const TopicPartition& tp) {
    DeliveryParts parts{uploads_, parts_.context, tp, generation_, ""};
    const auto* extractor = partitioner_->extractor();
    bool repeatable = !config_.cuts_by_clock_or_size() && !(extractor && extractor->kind() == ExtractorKind::kWallclock);
    if (!repeatable) parts.log_prefix = log_prefix(parts_.context->connector_name(), tp);
    auto delivery = std::make_shared<Delivery>(parts);
    deliveries_[tp] = delivery;
    if (repeatable) return delivery;
    ASSIGN_OR_RETURN(std::optional<Offset> committed, parts_.context->committed(tp));
    std::optional<int64_t> offset = committed ? std::optional<int64_t>(committed->value) : std::nullopt;
    auto recovered = recover(*store_, parts.log_prefix, offset);
    for (int attempt = 0; !recovered.ok() && recovered.status().retriable() && attempt < kRecoveryRetries; ++attempt) {
      log::warn(kSinkLogger, "{}. Trying again before {} is consumed", recovered.status().message(), to_string(tp));
      std::this_thread::sleep_for(Millis(config_.retry_backoff_ms));
      recovered = recover(*store_, parts.log_prefix, offset);
    }
    if (!recovered.ok()) return recovered.status();
    if (recovered->position) {
      log::info(kSinkLogger, "{} goes on at offset {}: what an earlier task had written down up to there is delivered", to_string(tp), *recovered->position);
      parts_.context->seek(tp, Offset(*recovered->position));
    }
    delivery->starts_at(offset, *recovered);
    return delivery;
  }

  // Uploads of these partitions that a task did not live to complete: their records are read again, their parts only cost money.
  void abort_left_uploads(const std::vector<TopicPartition>& partitions) {
    std::set<std::string> topics;
    for (const TopicPartition& tp : partitions) topics.insert(tp.topic);
    for (const std::string& topic : topics) {
      std::string prefix;
      if (config_.path_include_topic) prefix = (config_.topics_dir.empty() ? "" : config_.topics_dir + config_.directory_delim) + topic + config_.directory_delim;
      auto pending = store_->pending_uploads(prefix);
      if (!pending.ok()) {
        log::warn(kSinkLogger, "{}. Uploads that an earlier task left stay there until the bucket's lifecycle rules remove them", pending.status().message());
        continue;
      }
      for (const storage::PendingUpload& upload : *pending) {
        if (!is_of(partitions, upload.key)) continue;
        Status aborted = store_->abort_upload(upload.key, upload.upload);
        if (!aborted.ok()) log::warn(kSinkLogger, "{}", aborted.message());
      }
    }
  }

  // Whether an object's name begins as those of these partitions do; a folder's temporary files have none.
  bool is_of(const std::vector<TopicPartition>& partitions, const std::string& key) const {
    if (key.ends_with("/")) return true;
    size_t slash = key.rfind(config_.directory_delim);
    std::string_view name = std::string_view(key).substr(slash == key.npos ? 0 : slash + config_.directory_delim.size());
    return std::any_of(partitions.begin(), partitions.end(), [&](const TopicPartition& tp) {
      return name.starts_with(fmt::format("{}{}{}{}", tp.topic, config_.file_delim, tp.partition.value, config_.file_delim));
    });
  }

  // Cuts that are written down become visible unless another task has committed their rows.
  void confirm_cuts() {
    for (const auto& [tp, delivery] : deliveries_) {
      auto cuts = delivery->take_unconfirmed();
      if (!cuts.empty()) delivery->confirm(std::move(cuts), parts_.context->committed(tp));
    }
  }

  // In the background, for the partitions that this task has; one at a time.
  void compact_now_and_then() {
    if (config_.compact_interval_ms <= 0 || steady_now() < next_compaction_ || (compaction_ && !compaction_->ended)) return;
    next_compaction_ = steady_now() + Millis(config_.compact_interval_ms);
    std::set<TopicPartition> own;
    for (const auto& [tp, writer] : writers_) own.insert(tp);
    CompactionOptions options;
    if (!config_.topics_dir.empty() && config_.path_include_topic) options.prefix = config_.topics_dir + config_.directory_delim;
    options.directory_delim = config_.directory_delim;
    options.file_delim = config_.file_delim;
    options.target_bytes = std::min(config_.compact_target_bytes, MemoryBudget::process().limit() / kMergeCopies);
    options.yields = true;
    options.min_age = Millis(config_.compact_min_age_ms);
    options.wanted = [own = std::move(own)](const TopicPartition& tp) { return own.contains(tp); };
    compaction_ = std::make_shared<RunningCompaction>();
    options.stopped = [running = compaction_] { return running->stopped.load(); };
    UploadPool::process().post([running = compaction_, options = std::move(options), store = store_, owner = log::current_owner()] {
      log::OwnerScope scope(owner);
      auto counts = compact(*store, options);
      if (!counts.ok()) log::warn(kSinkLogger, "{}. What was begun is finished by the next compaction", counts.status().message());
      else if (counts->merged > 0) log::info(kSinkLogger, "{} small objects became {}", counts->originals, counts->merged);
      running->ended = true;
    });
  }

  void let_go() {
    if (compaction_) compaction_->stopped = true;
    writers_.clear();
    deliveries_.clear();
    if (uploads_) uploads_->stop();
    account();
  }

  // Rows in open files, in the process's memory budget (what is in flight counts for itself).
  void account() {
    int64_t bytes = 0;
    for (const auto& [tp, writer] : writers_) bytes += writer->bytes_held();
    held_.resize(bytes);
  }

  // Moves open files out of memory, the largest holders first, before the budget is used up: past it no record would come that ends
  // a file, and nothing would become free.
  Status make_room() {
    MemoryBudget& budget = MemoryBudget::process();
    // A quarter of the budget for the open files of a task: what is counted takes nearly twice as much where many buffers grow side by
    // side (measured with 1,000 open paths), and the client's queue comes on top.
    const int64_t share = budget.limit() / 4;
    auto is_short = [&](int64_t own) { return held_.bytes() > own || budget.used() >= budget.limit() / 4 * 3; };
    if (held_.bytes() == 0 || !is_short(share)) return {};
    std::vector<std::pair<int64_t, PartitionWriter*>> holders;
    for (const auto& [tp, writer] : writers_) holders.emplace_back(writer->bytes_held(), writer.get());
    std::sort(holders.rbegin(), holders.rend());
    for (const auto& [bytes, writer] : holders) {
      if (bytes == 0 || !is_short(share / 2)) break;
      Status moved = writer->spill();
      account();
      if (moved.retriable()) {
        if (!disk_is_full_) log::warn(kSinkLogger, "{}. Partitions pause until there is room", moved.message());
        disk_is_full_ = true;
        return {};
      }
      RETURN_IF_ERROR(moved);
    }
    disk_is_full_ = false;
    return {};
  }

  S3SinkConfig config_;
  std::shared_ptr<storage::ObjectStore> store_;
  std::function<Now()> clock_;
  std::unique_ptr<Partitioner> partitioner_;
  std::array<std::unique_ptr<FileFormat>, 3> formats_;  // by View; null: not stored
  std::optional<Zone> schedule_zone_;
  PathTable paths_;
  std::shared_ptr<UploadGroup> uploads_;
  WriterParts parts_;
  Generation generation_;
  std::map<TopicPartition, std::unique_ptr<PartitionWriter>> writers_;
  std::map<TopicPartition, std::shared_ptr<Delivery>> deliveries_;
  struct RunningCompaction {
    std::atomic<bool> stopped{false}, ended{false};
  };
  std::shared_ptr<RunningCompaction> compaction_;
  SteadyTime next_compaction_{};
  Reservation held_;
  bool disk_is_full_ = false;
};

}  // namespace

std::unique_ptr<plugin::SinkTask> make_s3_sink_task(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store, std::function<Now()> clock) {
  return std::make_unique<S3SinkTask>(std::move(config), std::move(store), std::move(clock));
}

}  // namespace bywash::connectors::s3
