// S3SinkTask. Level 6, the task's thread.
#include "connectors/s3/s3_sink_task.h"

#include <map>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "connectors/s3/partition_writer.h"
#include "storage/local_store.h"
#include "storage/object_key.h"
#include "storage/s3_store.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kSinkLogger = "s3.sink";
// Encoded bytes on their way to the store at which the task takes no more rows.
constexpr int64_t kInFlightLimit = int64_t{64} << 20;
// How long a close waits for objects that are complete but not yet durable; what is not done by then is read again.
constexpr Millis kCloseWait{30'000};

class S3SinkTask : public plugin::SinkTask {
 public:
  S3SinkTask(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store) : config_(std::move(config)), store_(std::move(store)) {}
  ~S3SinkTask() override { let_go(); }

  Status start(plugin::SinkContext* context) override {
    std::vector<std::string> warnings;
    if (!config_.storage_class) warnings.push_back("storage.class is not set: io.confluent.connect.s3.storage.S3Storage is taken");
    if (config_.schema_compatibility != "NONE" && compatibility_of(config_.schema_compatibility) == Compatibility::kNone) {
      warnings.push_back("schema.compatibility is none of NONE, BACKWARD, FORWARD, FULL: NONE is taken");
    }
    ASSIGN_OR_RETURN(partitioner_, make_partitioner(config_, &warnings));
    ASSIGN_OR_RETURN(format_, make_format(config_));
    if (config_.store_kafka_keys || config_.store_kafka_headers) {
      return Status::invalid(fmt::format("{}=true is not available in this version of Bywash: keys and headers are not stored yet",
                                         config_.store_kafka_keys ? "store.kafka.keys" : "store.kafka.headers"));
    }
    if (config_.rotate_schedule_interval_ms > 0) {
      if (config_.timezone.empty()) {
        return Status::invalid("timezone configuration must be set when using rotate.schedule.interval.ms")
            .with_java_class("org.apache.kafka.common.config.ConfigException");
      }
      ASSIGN_OR_RETURN(schedule_zone_, Zone::of(config_.timezone));
    }
    if (!store_) {
      ASSIGN_OR_RETURN(store_, make_store(config_));
    }
    Status reachable = store_->check();
    if (reachable.code() == Code::kNotFound && !config_.is_local()) {
      return Status::not_found(fmt::format("Non-existent S3 bucket: {} ({})", config_.bucket.value_or(""), reachable.message()))
          .with_java_class("org.apache.kafka.connect.errors.ConnectException");
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
    parts_ = {&config_, format_.get(), partitioner_.get(), &paths_, schedule_zone_ ? &*schedule_zone_ : nullptr, uploads_, context};
    return {};
  }

  Status open(const std::vector<TopicPartition>& partitions, Generation generation) override {
    generation_ = generation;
    for (const TopicPartition& tp : partitions) writers_.insert_or_assign(tp, std::make_unique<PartitionWriter>(parts_, tp, generation, wall_clock_ms()));
    return {};
  }

  Status put(const std::vector<columnar::Batch>& batches) override {
    if (batches.empty()) return {};
    RETURN_IF_ERROR(uploads_->first_failure());
    const TopicPartition& origin = batches.front().origin;
    auto at = writers_.find(origin);
    if (at == writers_.end()) {
      at = writers_.emplace(origin, std::make_unique<PartitionWriter>(parts_, origin, generation_, wall_clock_ms())).first;
    }
    RETURN_IF_ERROR(at->second->write(batches, wall_clock_ms()));
    account();
    return {};
  }

  Status tick() override {
    RETURN_IF_ERROR(uploads_->first_failure());
    for (auto& [tp, writer] : writers_) RETURN_IF_ERROR(writer->tick(wall_clock_ms()));
    if (MemoryBudget::process().exceeded()) {
      for (auto& [tp, writer] : writers_) RETURN_IF_ERROR(writer->shed());
    }
    account();
    return {};
  }

  bool wants_more() const override { return !uploads_ || uploads_->bytes_in_flight.load(std::memory_order_relaxed) < kInFlightLimit; }

  Status close(const std::vector<TopicPartition>& partitions) override {
    for (const TopicPartition& tp : partitions) writers_.erase(tp);
    account();
    if (uploads_ && !uploads_->wait_idle(kCloseWait)) {
      Status failure = uploads_->first_failure();
      log::warn(kSinkLogger, "Some objects are not at '{}' yet{}: their records will be read again", store_->name(),
                failure.ok() ? "" : " (" + failure.message() + ")");
    }
    return {};
  }

  void stop() override { let_go(); }

 private:
  void let_go() {
    writers_.clear();
    if (uploads_) uploads_->stop();
    account();
  }

  // Rows in open files, in the process's memory budget (what is in flight counts for itself).
  void account() {
    int64_t bytes = 0;
    for (const auto& [tp, writer] : writers_) bytes += writer->bytes_held();
    held_.resize(bytes);
  }

  S3SinkConfig config_;
  std::shared_ptr<storage::ObjectStore> store_;
  std::unique_ptr<Partitioner> partitioner_;
  std::unique_ptr<FileFormat> format_;
  std::optional<Zone> schedule_zone_;
  PathTable paths_;
  std::shared_ptr<UploadGroup> uploads_;
  WriterParts parts_;
  Generation generation_;
  std::map<TopicPartition, std::unique_ptr<PartitionWriter>> writers_;
  Reservation held_;
};

}  // namespace

Result<std::shared_ptr<storage::ObjectStore>> make_store(const S3SinkConfig& config) {
  if (config.is_local()) {
    ASSIGN_OR_RETURN(std::string folder, storage::folder_of_file_url(*config.store_url));
    return std::shared_ptr<storage::ObjectStore>(std::make_shared<storage::LocalStore>(std::move(folder)));
  }
  storage::S3Options options;
  options.endpoint = config.store_url.value_or("");
  if (options.endpoint.empty()) options.endpoint = storage::endpoint_from_environment();
  options.path_style = config.path_style_access;
  if (config.wan_mode && options.endpoint.empty()) {
    options.endpoint = "https://s3-accelerate.amazonaws.com";
    options.path_style = false;
  }
  options.region = config.region;
  options.bucket = config.bucket.value_or("");
  ASSIGN_OR_RETURN(options.credentials, net::find_aws_credentials({config.access_key_id, config.secret_access_key, nullptr}));
  options.retries = config.part_retries;
  options.retry_backoff = Millis(config.s3_retry_backoff_ms);
  options.http.proxy_url = config.proxy_url;
  options.http.proxy_user = config.proxy_user.value_or("");
  options.http.proxy_password = config.proxy_password;
  options.http.expect_continue = config.send_expect_continue;
  options.canned_acl = config.acl_canned.value_or("");
  options.sse_algorithm = config.ssea_name;
  options.sse_kms_key_id = config.sse_kms_key_id;
  options.sse_customer_key = config.sse_customer_key;
  options.send_digest = config.send_digest;
  return std::shared_ptr<storage::ObjectStore>(std::make_shared<storage::S3Store>(std::move(options)));
}

std::unique_ptr<plugin::SinkTask> make_s3_sink_task(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store) {
  return std::make_unique<S3SinkTask>(std::move(config), std::move(store));
}

}  // namespace bywash::connectors::s3
