// S3SourceTask: looks what objects there are, reads one after the other, gives out their rows with an offset each. Source partition:
// the object; source offset: how many of its records are out, and whether that is all. Level 6, the task's thread.
#include "connectors/s3/source_task.h"

#include <arrow/array.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_set>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "connectors/s3/row_source.h"
#include "connectors/s3/source_objects.h"
#include "connectors/s3/store_access.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;
using nlohmann::json;

constexpr std::string_view kSourceLogger = "s3.source";
constexpr const char* kConnectException = "org.apache.kafka.connect.errors.ConnectException";

// The object that is being read.
struct OpenObject {
  SourceObject object;
  std::string partition;  // source partition
  int64_t next = 0;       // row
  std::optional<RowCursor> values, keys, headers;
  Reservation bytes;
};

const columnar::SchemaPtr& no_schema() {
  static const columnar::SchemaPtr schema = ConnectSchema::schemaless(Type::kNull);
  return schema;
}
Column nulls(int64_t rows) { return {no_schema(), std::make_shared<arrow::NullArray>(rows)}; }

// The column inside the struct of one field that ParquetFormat and JsonFormat put around keys and headers.
Column without_envelope(const Column& column, std::string_view name) {
  if (!column.schema->has_fields() || column.schema->fields().size() != 1 || column.schema->fields()[0].name != name) return column;
  return column.child(0);
}

// One row's list of (key, value) as headers; values are text, as the sink stored them.
std::vector<columnar::Header> headers_of_row(const Column& column, int64_t row) {
  static const columnar::SchemaPtr text = ConnectSchema::of(Type::kString);
  std::vector<columnar::Header> out;
  columnar::Value value = columnar::value_at(column, row);
  if (const auto* envelope = value.as_map(); envelope && envelope->size() == 1) value = columnar::Value((*envelope)[0].second);
  const auto* items = value.as_list();
  if (!items) return out;
  for (const columnar::Value& item : *items) {
    std::string name;
    columnar::Value content;
    if (const auto* fields = item.as_struct(); fields && fields->values.size() == 2) {
      if (const auto* key = fields->values[0].get_if<std::string>()) name = *key;
      content = fields->values[1];
    } else if (const auto* entries = item.as_map()) {
      for (const auto& [key, of_key] : *entries) {
        if (key == columnar::Value::string("key") && of_key.is<std::string>()) name = of_key.get<std::string>();
        if (key == columnar::Value::string("value")) content = of_key;
      }
    }
    out.push_back({std::move(name), text, std::move(content)});
  }
  return out;
}

class S3SourceTask : public plugin::SourceTask {
 public:
  S3SourceTask(S3SourceConfig config, std::shared_ptr<storage::ObjectStore> store)
      : config_(std::move(config)), store_(std::move(store)), formats_(config_.bytearray_separator.value_or("\n")) {}

  Status start(plugin::SourceContext* context) override {
    context_ = context;
    ASSIGN_OR_RETURN(finder_, ObjectFinder::make(config_));
    if (!store_) {
      ASSIGN_OR_RETURN(store_, open_store(access_of(config_)));
    }
    Status reachable = store_->check();
    if (reachable.ok()) return {};
    return Status(reachable.retriable() ? Code::kFatal : reachable.code(), reachable.blame(),
                  fmt::format("{}. Check store.url ({}), s3.bucket.name and s3.region", reachable.message(), config_.store_url.value_or("not set")))
        .with_java_class(kConnectException);
  }

  Result<std::vector<plugin::SourceBatch>> poll() override {
    std::vector<plugin::SourceBatch> out;
    if (!open_ && waiting_.empty()) {
      RETURN_IF_ERROR(look());
      if (waiting_.empty()) {
        wait();
        return out;
      }
    }
    while (!stopped_ && out.empty() && (open_ || !waiting_.empty())) {
      Status read = open_ ? Status() : open_next();
      if (read.ok() && open_) read = read_rows(&out);
      if (read.code() == Code::kData) read = cannot_read(read);
      if (read.retriable()) warn_of(read);
      RETURN_IF_ERROR(read);
    }
    return out;
  }

  void stop() override { stopped_ = true; }

 private:
  // New objects, when it is time to look.
  Status look() {
    if (steady_now() < next_look_) return {};
    auto found = finder_->find(*store_);
    if (!found.ok()) {
      if (found.status().retriable()) warn_of(found.status());
      return found.status();
    }
    next_look_ = steady_now() + Millis(config_.poll_interval_ms);
    std::unordered_set<std::string> done;
    for (SourceObject& object : *found) {
      if (is_done(object.key)) done.insert(object.key);
      else waiting_.push_back(std::move(object));
    }
    // Objects that are gone are forgotten.
    done_ = std::move(done);
    if (!waiting_.empty()) log::info(kSourceLogger, "{} objects to read in '{}'", waiting_.size(), store_->name());
    return {};
  }

  bool is_done(const std::string& key) {
    if (done_.contains(key)) return true;
    json offset = stored_offset(key);
    return offset.is_object() && offset.value("done", json(false)) == json(true);
  }

  std::string partition_of(const std::string& key) const { return json{{"store", store_->name()}, {"object", key}}.dump(); }
  json stored_offset(const std::string& key) const {
    auto stored = context_->stored_offset(partition_of(key));
    return stored ? json::parse(*stored, nullptr, false) : json();
  }

  Result<RowCursor> open_rows(Format format, const std::string& key, const char* view, OpenObject* open) {
    ASSIGN_OR_RETURN(std::string bytes, store_->get(key));
    open->bytes.resize(open->bytes.bytes() + static_cast<int64_t>(bytes.size()));
    auto rows = formats_.open(format, key, std::move(bytes), open->object.topic + view);
    if (!rows.ok()) return rows.status();
    return RowCursor(*std::move(rows));
  }

  Status open_next() {
    auto open = std::make_unique<OpenObject>();
    open->object = waiting_.front();
    const SourceObject& object = open->object;
    open->partition = partition_of(object.key);
    json offset = stored_offset(object.key);
    if (offset.is_object() && offset.contains("records") && offset["records"].is_number_integer()) open->next = offset["records"].get<int64_t>();
    Status opened = open_parts(open.get());
    if (opened.code() == Code::kNotFound) {
      // Gone since it was listed: what took its place is found at the next look.
      waiting_.pop_front();
      return {};
    }
    if (!opened.retriable()) waiting_.pop_front();
    if (opened.code() == Code::kData) failed_ = object.key;
    RETURN_IF_ERROR(opened);
    open_ = std::move(open);
    return {};
  }

  Status open_parts(OpenObject* open) {
    const SourceObject& object = open->object;
    auto part = [&](const std::string& key, Format format, const char* view, std::optional<RowCursor>* to) -> Status {
      if (key.empty()) return {};
      ASSIGN_OR_RETURN(RowCursor rows, open_rows(format, key, view, open));
      RETURN_IF_ERROR(rows.skip(open->next));
      to->emplace(std::move(rows));
      return {};
    };
    RETURN_IF_ERROR(part(object.values, *format_of(config_.format_class), "", &open->values));
    RETURN_IF_ERROR(part(object.keys, *format_of(config_.keys_format_class), ".keys", &open->keys));
    return part(object.headers, *format_of(config_.headers_format_class), ".headers", &open->headers);
  }

  // The next rows of the open object.
  Status read_rows(std::vector<plugin::SourceBatch>* out) {
    OpenObject& open = *open_;
    failed_ = open.object.key;
    RowCursor& first = open.values ? *open.values : *open.keys;
    ASSIGN_OR_RETURN(int64_t rows, first.available());
    if (rows == 0) {
      finish_object();
      return {};
    }
    rows = std::min<int64_t>(rows, config_.record_batch_max_size);
    for (auto* beside : {&open.keys, &open.headers}) {
      if (!*beside || &**beside == &first) continue;
      ASSIGN_OR_RETURN(int64_t there, (*beside)->available());
      if (there == 0) return Status::data(fmt::format("'{}' has fewer rows than '{}'", beside == &open.keys ? open.object.keys : open.object.headers, open.object.key));
      rows = std::min(rows, there);
    }
    plugin::SourceBatch batch;
    batch.source_partition = open.partition;
    fill(open, rows, &batch.batch);
    ASSIGN_OR_RETURN(int64_t left, first.available());
    for (int64_t row = 0; row < rows; ++row) {
      bool last = left == 0 && row + 1 == rows;
      batch.source_offsets.push_back(fmt::format(R"({{"records":{},"done":{}}})", ++open.next, last));
    }
    out->push_back(std::move(batch));
    if (left == 0) finish_object();
    return {};
  }

  void fill(OpenObject& open, int64_t rows, columnar::Batch* batch) {
    batch->topic = open.object.topic;
    batch->from_source = true;
    batch->kafka_partition = open.object.partition;
    batch->selected = columnar::RowMask(rows);
    batch->value = open.values ? open.values->take(rows) : nulls(rows);
    batch->key = open.keys ? without_envelope(open.keys->take(rows), "key") : nulls(rows);
    if (open.headers) {
      Column headers = without_envelope(open.headers->take(rows), "headers");
      for (int64_t row = 0; row < rows; ++row) batch->headers.push_back(headers_of_row(headers, row));
    }
    // Times are not among what the sink stores.
    batch->timestamps_ms.assign(static_cast<size_t>(rows), wall_clock_ms());
    for (int64_t row = 0; row < rows; ++row) batch->offsets.push_back(next_number_++);
  }

  void finish_object() {
    done_.insert(open_->object.key);
    open_.reset();
  }

  // behavior.on.error.
  Status cannot_read(const Status& why) {
    std::string message = fmt::format("Object '{}/{}' cannot be read: {}", store_->name(), failed_, why.message());
    open_.reset();
    if (config_.behavior_on_error == "fail" || config_.behavior_on_error == "FAIL") {
      return Status(Code::kFatal, Blame::kUser, message + ". Check format.class, or pass over such objects with behavior.on.error=ignore").with_java_class(kConnectException);
    }
    log::warn(kSourceLogger, "{}. The rest of it is passed over (behavior.on.error={})", message, config_.behavior_on_error);
    done_.insert(failed_);
    return {};
  }

  void warn_of(const Status& trouble) {
    if (steady_now() < next_warning_) return;
    next_warning_ = steady_now() + std::chrono::seconds(30);
    log::warn(kSourceLogger, "{}. Trying again", trouble.message());
  }

  void wait() {
    const SteadyTime until = std::min(steady_now() + std::chrono::seconds(1), next_look_);
    while (!stopped_ && steady_now() < until) std::this_thread::sleep_for(Millis(20));
  }

  S3SourceConfig config_;
  std::shared_ptr<storage::ObjectStore> store_;
  RowSources formats_;
  plugin::SourceContext* context_ = nullptr;
  std::unique_ptr<ObjectFinder> finder_;
  std::deque<SourceObject> waiting_;
  std::unordered_set<std::string> done_;  // of the objects that were there at the last look
  std::unique_ptr<OpenObject> open_;
  std::string failed_;  // the object that an error is about
  SteadyTime next_look_{}, next_warning_{};
  int64_t next_number_ = 0;
  std::atomic<bool> stopped_{false};
};

}  // namespace

std::unique_ptr<plugin::SourceTask> make_s3_source_task(S3SourceConfig config, std::shared_ptr<storage::ObjectStore> store) {
  return std::make_unique<S3SourceTask>(std::move(config), std::move(store));
}

}  // namespace bywash::connectors::s3
