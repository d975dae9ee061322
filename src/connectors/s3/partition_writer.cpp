// The cutting rules. Level 6, the task's thread.
#include "connectors/s3/partition_writer.h"

#include <arrow/array.h>

#include <algorithm>
#include <atomic>

namespace bywash::connectors::s3 {

using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;

struct PartitionWriter::OpenFile {
  FileId id;
  SchemaPtr schema;
  int64_t start_offset = 0, end_offset = 0, row_count = 0;
  std::unique_ptr<FileEncoder> encoder;
  std::shared_ptr<FileUpload> upload;  // once a part has gone out
};

// A batch with what its rows need.
struct PartitionWriter::BoundBatch {
  const Batch* batch = nullptr;
  BatchTimestamps timestamps;
  std::unique_ptr<BatchPaths> paths;
  Status refused;  // not ok: no row of this schema can be written
  bool has_nulls = false;
  int topic = 0;   // while constant
  int64_t next = 0;
  // The value column in other schemas, by file schema; and whether that schema ends those files.
  std::vector<std::pair<const ConnectSchema*, Column>> projected;
  std::vector<std::pair<const ConnectSchema*, bool>> ends;
};

PartitionWriter::PartitionWriter(const WriterParts& parts, TopicPartition origin, Generation generation, int64_t now_ms)
    : parts_(parts), origin_(std::move(origin)), generation_(generation), compatibility_(compatibility_of(parts.config->schema_compatibility)) {
  schedule_next(now_ms);
}

PartitionWriter::~PartitionWriter() {
  for (auto& [id, file] : files_) {
    if (file->upload) file->upload->cancel();
  }
}

void PartitionWriter::schedule_next(int64_t now_ms) {
  if (parts_.schedule_zone) next_scheduled_ms_ = next_scheduled_time(now_ms, parts_.config->rotate_schedule_interval_ms, *parts_.schedule_zone);
}

int64_t PartitionWriter::bytes_held() const {
  int64_t bytes = 0;
  for (const auto& [id, file] : files_) bytes += file->encoder->bytes_held();
  return bytes;
}

Status PartitionWriter::write(const std::vector<Batch>& batches, int64_t now_ms) {
  Status status = write_rows(batches, now_ms);
  if (status.code() != Code::kData && !status.retriable()) return status;
  return Status(Code::kFatal, status.blame(), status.message()).with_java_class(status.java_class());
}

Status PartitionWriter::write_rows(const std::vector<Batch>& batches, int64_t now_ms) {
  std::vector<BoundBatch> bound(batches.size());
  for (size_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    BoundBatch& b = bound[i];
    b.batch = &batch;
    b.has_nulls = batch.value.data->null_count() > 0;
    b.refused = parts_.format->accepts(*batch.value.schema);
    if (const auto* extractor = parts_.partitioner->extractor()) b.timestamps = extractor->bind(batch, now_ms);
    b.paths = parts_.partitioner->bind(batch, parts_.paths);
    auto known = std::find(topics_.begin(), topics_.end(), batch.topic);
    b.topic = static_cast<int>(known - topics_.begin());
    if (known == topics_.end()) topics_.push_back(batch.topic);
  }
  RETURN_IF_ERROR(refuse_nulls(bound));
  if (bound.size() == 1) {
    for (int64_t row = 0, n = bound[0].batch->row_count(); row < n; ++row) RETURN_IF_ERROR(write_row(bound[0], row, now_ms));
  } else {
    while (true) {
      BoundBatch* least = nullptr;
      for (BoundBatch& b : bound) {
        if (b.next >= b.batch->row_count()) continue;
        if (!least || b.batch->offsets[static_cast<size_t>(b.next)] < least->batch->offsets[static_cast<size_t>(least->next)]) least = &b;
      }
      if (!least) break;
      RETURN_IF_ERROR(write_row(*least, least->next++, now_ms));
    }
  }
  for (auto& [id, file] : files_) {
    RETURN_IF_ERROR(file->encoder->end_put());
    RETURN_IF_ERROR(send_ready_parts(*file));
  }
  return {};
}

// A null value that fails the task does so before any row of the poll is written, as in S3SinkTask.put.
Status PartitionWriter::refuse_nulls(const std::vector<BoundBatch>& bound) {
  if (parts_.config->behavior_on_null_values != "fail" || parts_.context->tolerates_errors()) return {};
  for (const BoundBatch& b : bound) {
    for (int64_t row = 0; b.has_nulls && row < b.batch->row_count(); ++row) {
      if (b.batch->value.data->IsNull(row)) return null_value(b, row);
    }
  }
  return {};
}

Status PartitionWriter::refuse(const BoundBatch& batch, int64_t row, const Status& error) {
  return parts_.context->errant(*batch.batch, row, error);
}

Status PartitionWriter::null_value(const BoundBatch& batch, int64_t row) {
  const S3SinkConfig& config = *parts_.config;
  int64_t offset = batch.batch->offsets[static_cast<size_t>(row)];
  Status error = Status::data(fmt::format("Null valued records are not writeable with current behavior.on.null.values 'settings. Set "
                                          "behavior.on.null.values=ignore to pass over them (topic '{}', partition {}, offset {})",
                                          origin_.topic, origin_.partition.value, offset))
                     .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  if (config.behavior_on_null_values == "fail") return refuse(batch, row, error);
  if (config.report_null_values_to_dlq && parts_.context->tolerates_errors()) return refuse(batch, row, error);
  parts_.context->ack(origin_, generation_, {offset, offset + 1});
  return {};
}

bool PartitionWriter::time_is_up(FileId id, int64_t timestamp, int64_t now_ms) const {
  if (record_count_ == 0) return false;
  const S3SinkConfig& config = *parts_.config;
  if (config.rotate_interval_ms > 0 && parts_.partitioner->extractor()) {
    if (base_timestamp_ && timestamp - *base_timestamp_ >= config.rotate_interval_ms) return true;
    if (config.rotate_file_on_partition_change && id != last_id_) return true;
  }
  return parts_.schedule_zone && now_ms >= next_scheduled_ms_;
}

Status PartitionWriter::write_row(BoundBatch& b, int64_t row, int64_t now_ms) {
  if (b.has_nulls && b.batch->value.data->IsNull(row)) return null_value(b, row);
  if (!b.refused.ok()) return refuse(b, row, b.refused);
  FileId id;
  int64_t timestamp = 0;
  Status error;
  if (parts_.partitioner->extractor()) {
    auto time = b.timestamps.at(row, &error);
    if (!time) return refuse(b, row, error);
    timestamp = *time;
  }
  id.path = b.paths->at(row, timestamp, &error);
  if (id.path < 0) return refuse(b, row, error);
  id.topic = b.topic;
  if (!b.batch->topics.empty()) {
    const std::string& topic = b.batch->topic_of(row);
    auto known = std::find(topics_.begin(), topics_.end(), topic);
    id.topic = static_cast<int>(known - topics_.begin());
    if (known == topics_.end()) topics_.push_back(topic);
  }
  if (time_is_up(id, timestamp, now_ms)) {
    RETURN_IF_ERROR(cut());
    schedule_next(now_ms);
  }
  RETURN_IF_ERROR(place(b, row, id, timestamp));
  if (record_count_ >= std::max<int64_t>(parts_.config->flush_size, 1)) return cut();
  return {};
}

Status PartitionWriter::place(BoundBatch& b, int64_t row, FileId id, int64_t timestamp) {
  auto at = files_.find(id);
  OpenFile* file = at == files_.end() ? nullptr : at->second.get();
  if (file && file->schema != b.batch->value.schema) {
    auto known = std::find_if(b.ends.begin(), b.ends.end(), [&](const auto& e) { return e.first == file->schema.get(); });
    bool ends = false;
    if (known != b.ends.end()) {
      ends = known->second;
    } else {
      auto answer = ends_file(compatibility_, *b.batch->value.schema, *file->schema);
      if (!answer.ok()) return refuse(b, row, answer.status());
      ends = *answer;
      b.ends.emplace_back(file->schema.get(), ends);
    }
    if (ends) {
      RETURN_IF_ERROR(cut());
      file = nullptr;
    }
  }
  if (!file && parts_.config->max_open_files > 0 && files_.size() >= static_cast<size_t>(parts_.config->max_open_files)) RETURN_IF_ERROR(cut());
  bool opened = !file;
  if (opened) {
    ASSIGN_OR_RETURN(file, open_file(b, row, id));
  }
  auto column = fitting_column(b, *file);
  Status taken = column.ok() ? file->encoder->append(**column, row) : column.status();
  if (!taken.ok()) {
    if (opened) files_.erase(id);
    return taken.code() == Code::kData ? refuse(b, row, taken) : taken;
  }
  int64_t offset = b.batch->offsets[static_cast<size_t>(row)];
  if (record_count_++ == 0) {
    first_offset_ = offset;
    base_timestamp_ = timestamp;
  }
  last_offset_ = file->end_offset = offset;
  ++file->row_count;
  last_id_ = id;
  return {};
}

Result<PartitionWriter::OpenFile*> PartitionWriter::open_file(BoundBatch& b, int64_t row, FileId id) {
  auto file = std::make_unique<OpenFile>();
  file->id = id;
  file->schema = b.batch->value.schema;
  file->start_offset = b.batch->offsets[static_cast<size_t>(row)];
  ASSIGN_OR_RETURN(file->encoder, parts_.format->open(file->schema));
  return (files_[id] = std::move(file)).get();
}

// The value column in the file's schema: the batch's own, or projected once per batch and file schema.
Result<const Column*> PartitionWriter::fitting_column(BoundBatch& b, const OpenFile& file) {
  const Column& value = b.batch->value;
  if (value.schema == file.schema || compatibility_ == Compatibility::kNone || value.schema->schemaless()) return &value;
  for (const auto& [schema, column] : b.projected) {
    if (schema == file.schema.get()) return &column;
  }
  ASSIGN_OR_RETURN(Column column, project(value, file.schema));
  b.projected.reserve(16);
  b.projected.emplace_back(file.schema.get(), std::move(column));
  return &b.projected.back().second;
}

Status PartitionWriter::send_ready_parts(OpenFile& file) {
  if (file.encoder->bytes_ready() < parts_.config->part_size) return {};
  if (!file.upload) file.upload = std::make_shared<FileUpload>(parts_.uploads, object_key(file));
  file.upload->add_part(file.encoder->take_bytes());
  return {};
}

std::string PartitionWriter::object_key(const OpenFile& file) const {
  const S3SinkConfig& c = *parts_.config;
  const std::string& topic = topics_[static_cast<size_t>(file.id.topic)];
  std::string key;
  if (c.path_include_topic) {
    if (!c.topics_dir.empty()) key += c.topics_dir + c.directory_delim;
    key += topic + c.directory_delim;
  }
  key += parts_.paths->path(file.id.path) + c.directory_delim;
  // The topic that the record came from: rows of two topics that a transform sends to one must not share a name.
  key += fmt::format("{}{}{}{}{:0{}}", origin_.topic, c.file_delim, origin_.partition.value, c.file_delim, file.start_offset,
                     c.filename_offset_zero_pad_width);
  return key + parts_.format->extension();
}

// Ends all open files. They go to the store in the background; the offsets are acked when the last of them is durable.
Status PartitionWriter::cut() {
  struct Cut {
    std::atomic<int> left;
    plugin::SinkContext* context;
    TopicPartition origin;
    Generation generation;
    OffsetRange range;
  };
  auto state = std::make_shared<Cut>();
  state->left = static_cast<int>(files_.size());
  state->context = parts_.context;
  state->origin = origin_;
  state->generation = generation_;
  state->range = {first_offset_, last_offset_ + 1};
  auto durable = [state] {
    if (state->left.fetch_sub(1) == 1) state->context->ack(state->origin, state->generation, state->range);
  };
  std::map<FileId, std::unique_ptr<OpenFile>> files;
  files.swap(files_);
  for (auto& [id, file] : files) {
    RETURN_IF_ERROR(file->encoder->finish());
    if (!file->upload) file->upload = std::make_shared<FileUpload>(parts_.uploads, object_key(*file));
    std::map<std::string, std::string> tags;
    if (parts_.config->object_tagging) {
      tags = {{"startOffset", std::to_string(file->start_offset)}, {"endOffset", std::to_string(file->end_offset)}, {"recordCount", std::to_string(file->row_count)}};
      for (const std::string& pair : parts_.config->object_tagging_pairs) {
        size_t colon = pair.find(':');
        if (colon != pair.npos) tags[pair.substr(0, colon)] = pair.substr(colon + 1);
      }
    }
    file->upload->finish(file->encoder->take_bytes(), std::move(tags), durable);
  }
  record_count_ = 0;
  base_timestamp_.reset();
  return {};
}

Status PartitionWriter::tick(int64_t now_ms) {
  const S3SinkConfig& config = *parts_.config;
  bool scheduled = parts_.schedule_zone && now_ms >= next_scheduled_ms_;
  const auto* extractor = parts_.partitioner->extractor();
  // By the wall clock a file's time passes without records too.
  bool idle = extractor && extractor->kind() == ExtractorKind::kWallclock && config.rotate_interval_ms > 0 && base_timestamp_ &&
              now_ms - *base_timestamp_ >= config.rotate_interval_ms;
  if (scheduled) schedule_next(now_ms);
  if (record_count_ > 0 && (scheduled || idle)) return cut();
  return {};
}

Status PartitionWriter::shed() {
  constexpr int64_t kSmallestPart = 5 << 20;
  for (auto& [id, file] : files_) {
    if (file->encoder->bytes_ready() < kSmallestPart) continue;
    if (!file->upload) file->upload = std::make_shared<FileUpload>(parts_.uploads, object_key(*file));
    file->upload->add_part(file->encoder->take_bytes());
  }
  return {};
}

}  // namespace bywash::connectors::s3
