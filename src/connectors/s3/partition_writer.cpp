// From rows to the file they go into: time, path, schema, and what ends the open files. Level 6, the task's thread.
#include "connectors/s3/partition_writer.h"

#include <arrow/array.h>

#include <algorithm>

#include "connectors/s3/bound_batch.h"

namespace bywash::connectors::s3 {

using columnar::Batch;
using columnar::Column;

namespace {

constexpr const char* kDataException = "org.apache.kafka.connect.errors.DataException";

}  // namespace

PartitionWriter::PartitionWriter(const WriterParts& parts, std::shared_ptr<Delivery> delivery, TopicPartition origin, Generation generation, Now now)
    : parts_(parts), delivery_(std::move(delivery)), origin_(std::move(origin)), generation_(generation),
      compatibility_(compatibility_of(parts.config->schema_compatibility)) {
  schedule_next(now.wall_ms);
}

PartitionWriter::~PartitionWriter() {
  auto let_go = [](OpenFile& file) {
    for (FileStream& stream : file.streams) {
      if (stream.upload) stream.upload->cancel();
    }
  };
  for (auto& [id, file] : files_) let_go(*file);
  for (Leaving& leaving : leaving_) let_go(*leaving.file);
  if (!leaving_.empty()) delivery_->give_up_from(*leaving_.front().cut);
}

Status PartitionWriter::write(OwnBatches batches, Now now) {
  Status status = write_rows(batches, now);
  if (status.code() != Code::kData && !status.retriable()) return status;
  return Status(Code::kFatal, status.blame(), status.message()).with_java_class(status.java_class());
}

int PartitionWriter::topic_number(const std::string& topic) {
  auto known = std::find(topics_.begin(), topics_.end(), topic);
  if (known == topics_.end()) known = topics_.insert(known, topic);
  return static_cast<int>(known - topics_.begin());
}

Status PartitionWriter::bind(const Batch& batch, Now now, BoundBatch* b) {
  b->batch = &batch;
  b->views[0] = batch.value;
  b->has_nulls = batch.value.data->null_count() > 0;
  b->refused = parts_.format(View::kValues)->accepts(*batch.value.schema);
  if (FileFormat* keys = parts_.format(View::kKeys)) {
    b->view(View::kKeys) = keys_of(batch, keys->envelopes(View::kKeys));
    b->refused_key = keys->accepts(*b->view(View::kKeys).schema);
  }
  if (FileFormat* headers = parts_.format(View::kHeaders)) {
    ASSIGN_OR_RETURN(HeaderColumn column, headers_of(batch, headers->envelopes(View::kHeaders)));
    b->view(View::kHeaders) = std::move(column.column);
    b->null_headers = std::move(column.has_null);
    b->refused_headers = headers->accepts(*b->view(View::kHeaders).schema);
  }
  if (const auto* extractor = parts_.partitioner->extractor()) b->timestamps = extractor->bind(batch, now.wall_ms);
  b->paths = parts_.partitioner->bind(batch, parts_.paths);
  b->topic = topic_number(batch.topic);
  return {};
}

Status PartitionWriter::write_rows(OwnBatches batches, Now now) {
  std::vector<BoundBatch> bound(batches.size());
  newest_ = now.steady;
  for (size_t i = 0; i < batches.size(); ++i) RETURN_IF_ERROR(bind(*batches[i], now, &bound[i]));
  if (bound.size() == 1) {
    for (int64_t row = 0, n = bound[0].batch->row_count(); row < n;) {
      const FileId before = last_id_;
      RETURN_IF_ERROR(write_row(bound[0], row++, now));
      // Two of a place in a row: perhaps more. Where paths take turns, looking ahead would find every path twice.
      if (last_id_.same_place(before)) row += write_run(bound[0], row, now);
    }
    return end_put();
  }
  while (true) {
    BoundBatch* least = nullptr;
    for (BoundBatch& b : bound) {
      if (b.next >= b.batch->row_count()) continue;
      if (!least || b.batch->offsets[static_cast<size_t>(b.next)] < least->batch->offsets[static_cast<size_t>(least->next)]) least = &b;
    }
    if (!least) return end_put();
    RETURN_IF_ERROR(write_row(*least, least->next++, now));
  }
}

Status PartitionWriter::refuse_nulls(OwnBatches batches) {
  if (parts_.config->behavior_on_null_values != "fail" || parts_.context->tolerates_errors()) return {};
  for (const Batch* batch : batches) {
    for (int64_t row = 0; batch->value.data->null_count() > 0 && row < batch->row_count(); ++row) {
      if (!batch->value.data->IsNull(row)) continue;
      Status status = null_value(*batch, row);
      return Status(Code::kFatal, status.blame(), status.message()).with_java_class(status.java_class());
    }
  }
  return {};
}

Status PartitionWriter::refuse(const BoundBatch& batch, int64_t row, const Status& error) {
  return parts_.context->errant(*batch.batch, row, error);
}

Status PartitionWriter::null_value(const Batch& batch, int64_t row) {
  const S3SinkConfig& config = *parts_.config;
  int64_t offset = batch.offsets[static_cast<size_t>(row)];
  Status error = Status::data(fmt::format("Null valued records are not writeable with current behavior.on.null.values 'settings. Set "
                                          "behavior.on.null.values=ignore to pass over them (topic '{}', partition {}, offset {})",
                                          origin_.topic, origin_.partition.value, offset))
                     .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  if (config.behavior_on_null_values == "fail") return parts_.context->errant(batch, row, error);
  if (config.report_null_values_to_dlq && parts_.context->tolerates_errors()) {
    return parts_.context->errant(batch, row, Status::data("Skipping null value record.").with_java_class(kDataException));
  }
  parts_.context->ack(origin_, generation_, {offset, offset + 1});
  return {};
}

// KeyValueHeaderRecordWriterProvider: checked before any of the record's objects is written, so that they stay in step.
Status PartitionWriter::check_key_and_headers(const BoundBatch& b, int64_t row) const {
  const Batch& batch = *b.batch;
  auto error = [&](const char* what, const char* advice) {
    return Status::data(fmt::format("{} cannot be null for SinkRecord: SinkRecord{{kafkaOffset={}, topic='{}', kafkaPartition={}}}. {}", what,
                                    batch.offsets[static_cast<size_t>(row)], batch.topic_of(row), batch.kafka_partition, advice))
        .with_java_class(kDataException);
  };
  if (parts_.format(View::kKeys)) {
    if (batch.key.is_null(row)) return error("Key", "store.kafka.keys=true needs a key in every record");
    if (!b.refused_key.ok()) return b.refused_key;
  }
  if (parts_.format(View::kHeaders)) {
    if (batch.headers.empty() || batch.headers[static_cast<size_t>(row)].empty()) return error("Headers", "store.kafka.headers=true needs headers on every record");
    if (!b.null_headers.empty() && b.null_headers[static_cast<size_t>(row)]) {
      return error("A header's value", "store.kafka.headers=true needs headers with values");
    }
    if (!b.refused_headers.ok()) return b.refused_headers;
  }
  return {};
}

bool PartitionWriter::time_is_up(FileId id, std::optional<int64_t> timestamp, int64_t wall_ms) const {
  if (record_count_ == 0) return false;
  const S3SinkConfig& config = *parts_.config;
  if (config.rotate_interval_ms > 0 && parts_.partitioner->extractor()) {
    if (base_timestamp_ && timestamp && *timestamp - *base_timestamp_ >= config.rotate_interval_ms) return true;
    bool tombstones = parts_.tombstone_path >= 0 && (id.path == parts_.tombstone_path || last_id_.path == parts_.tombstone_path);
    if (config.rotate_file_on_partition_change && !tombstones && !id.same_place(last_id_)) return true;
  }
  return parts_.schedule_zone && wall_ms >= next_scheduled_ms_;
}

// The time that names the row's path and moves its partition's clock. A record without value has no field: its own time counts.
std::optional<int64_t> PartitionWriter::time_of(const BoundBatch& b, int64_t row, bool tombstone, Status* error) const {
  if (!tombstone || parts_.partitioner->extractor()->kind() != ExtractorKind::kRecordField) return b.timestamps.at(row, error);
  const int64_t time = b.batch->timestamps_ms[static_cast<size_t>(row)];
  return time >= 0 ? std::optional<int64_t>(time) : std::nullopt;
}

Status PartitionWriter::write_row(BoundBatch& b, int64_t row, Now now) {
  bool tombstone = b.has_nulls && b.batch->value.data->IsNull(row);
  if (tombstone && parts_.tombstone_path < 0) return null_value(*b.batch, row);
  FileId id;
  std::optional<int64_t> timestamp;
  Status error;
  // As in the original, a record that is refused later on has moved the clock, and may have ended files by it.
  if (parts_.partitioner->extractor()) {
    timestamp = time_of(b, row, tombstone, &error);
    if (!timestamp && !tombstone) return refuse(b, row, error);
    if (!base_timestamp_) base_timestamp_ = timestamp;
  }
  id.path = tombstone ? parts_.tombstone_path : b.paths->at(row, timestamp.value_or(0), &error);
  if (id.path < 0) return refuse(b, row, error);
  id.topic = b.batch->topics.empty() ? b.topic : topic_number(b.batch->topic_of(row));
  if (time_is_up(id, timestamp, now.wall_ms)) {
    RETURN_IF_ERROR(cut());
    base_timestamp_ = timestamp;
    schedule_next(now.wall_ms);
  }
  if (!tombstone && !b.refused.ok()) return refuse(b, row, b.refused);
  RETURN_IF_ERROR(place(b, row, id, timestamp));
  if (record_count_ >= std::max<int64_t>(parts_.config->flush_size, 1)) return cut();
  return {};
}

// How many rows from `row` on certainly go where the row before went, without ending its file.
int64_t PartitionWriter::run_length(BoundBatch& b, int64_t row, Now now) const {
  const OpenFile* file = last_file_;
  if (!file || file->streams.size() != 1 || b.has_nulls || b.needs_checks() || !b.refused.ok() || !b.batch->topics.empty()) return 0;
  if (file->schema != b.batch->value.schema || file->id.topic != b.topic || file->id.path != last_id_.path) return 0;
  if (parts_.schedule_zone && now.wall_ms >= next_scheduled_ms_) return 0;
  // The row that reaches flush.size ends the file: it goes the long way.
  const int64_t end = row + std::min(b.batch->row_count() - row, parts_.config->flush_size - record_count_ - 1);
  if (b.paths->is_constant() && !parts_.partitioner->extractor()) return std::max<int64_t>(end - row, 0);
  const int64_t interval = parts_.config->rotate_interval_ms;
  Status error;
  int64_t at = row;
  for (; at < end; ++at) {
    int64_t time = 0;
    if (parts_.partitioner->extractor()) {
      auto known = b.timestamps.at(at, &error);
      if (!known || (interval > 0 && (!base_timestamp_ || *known - *base_timestamp_ >= interval))) break;
      time = *known;
    }
    if (b.paths->at(at, time, &error) != last_id_.path) break;
  }
  return at - row;
}

// Takes such rows; how many.
int64_t PartitionWriter::write_run(BoundBatch& b, int64_t row, Now now) {
  const int64_t wanted = run_length(b, row, now);
  if (wanted <= 0) return 0;
  const int64_t taken = last_file_->streams[0].encoder->append_rows(b.batch->value, row, wanted);
  if (taken == 0) return 0;
  last_offset_ = last_file_->end_offset = b.batch->offsets[static_cast<size_t>(row + taken - 1)];
  last_file_->row_count += taken;
  record_count_ += taken;
  return taken;
}

// Whether a row of the batch can go into the file: schema.compatibility for the values, one schema per file for keys.
Result<bool> PartitionWriter::fits(BoundBatch& b, const OpenFile& file) {
  const auto* key_schema = b.views[1].schema.get();
  const auto* file_key_schema = key_schema && parts_.format(View::kKeys)->is_bound_to_schema() ? file.stream_schema(View::kKeys) : nullptr;
  for (const auto& known : b.fits) {
    if (known.value == file.schema.get() && known.key == file_key_schema) return known.answer;
  }
  bool ends = false;
  if (file.schema != b.batch->value.schema) {
    ASSIGN_OR_RETURN(ends, ends_file(compatibility_, *b.batch->value.schema, *file.schema));
  }
  bool answer = !ends && (!file_key_schema || key_schema->equals(*file_key_schema));
  b.fits.push_back({file.schema.get(), file_key_schema, answer});
  return answer;
}

// The open file for a row, or a new one. Where schemas have files of their own, the first one that the row fits into.
Result<OpenFile*> PartitionWriter::file_for(BoundBatch& b, int64_t row, FileId id) {
  for (;; ++id.schema) {
    auto at = files_.find(id);
    if (at == files_.end()) break;
    ASSIGN_OR_RETURN(bool fit, fits(b, *at->second));
    if (fit) return at->second.get();
    if (!parts_.config->rotate_file_on_schema_change) continue;
    RETURN_IF_ERROR(cut());
    break;
  }
  if (parts_.config->max_open_files > 0 && files_.size() >= static_cast<size_t>(parts_.config->max_open_files)) {
    RETURN_IF_ERROR(cut());
    id.schema = 0;
  }
  return open_file(b, row, id);
}

Status PartitionWriter::place(BoundBatch& b, int64_t row, FileId id, std::optional<int64_t> timestamp) {
  if (b.needs_checks()) {
    Status checked = check_key_and_headers(b, row);
    if (!checked.ok()) return refuse(b, row, checked);
  }
  OpenFile* file = last_file_;
  bool same = file && file->schema == b.batch->value.schema && id.same_place(file->id) && !b.views[1].schema;
  if (!same) {
    auto found = file_for(b, row, id);
    if (!found.ok()) return found.status().code() == Code::kData ? refuse(b, row, found.status()) : found.status();
    file = *found;
  }
  if (!base_timestamp_) base_timestamp_ = timestamp;
  Status taken = append(b, row, *file);
  if (!taken.ok()) {
    if (file->row_count == 0) close_file(file->id);
    return taken.code() == Code::kData ? refuse(b, row, taken) : taken;
  }
  last_file_ = file;
  int64_t offset = b.batch->offsets[static_cast<size_t>(row)];
  if (record_count_++ == 0) {
    first_offset_ = offset;
    oldest_ = newest_;
  }
  last_offset_ = file->end_offset = offset;
  ++file->row_count;
  last_id_ = id;
  return {};
}

// One row into each of the file's objects, or into none.
Status PartitionWriter::append(BoundBatch& b, int64_t row, OpenFile& file) {
  Status failed;
  size_t done = 0;
  for (; done < file.streams.size(); ++done) {
    FileStream& stream = file.streams[done];
    if (stream.view != View::kValues) {
      failed = stream.encoder->append(b.view(stream.view), row);
    } else {
      auto column = fitting_column(b, file);
      failed = column.ok() ? stream.encoder->append(**column, row) : column.status();
    }
    if (!failed.ok()) break;
  }
  if (failed.ok()) return {};
  while (done > 0) file.streams[--done].encoder->take_back();
  return failed;
}

// The value column in the file's schema: the batch's own, or projected once per batch and file schema.
Result<const Column*> PartitionWriter::fitting_column(BoundBatch& b, const OpenFile& file) {
  const Column& value = b.batch->value;
  if (value.schema == file.schema || compatibility_ == Compatibility::kNone || value.schema->schemaless()) return &value;
  for (const auto& [schema, column] : b.projected) {
    if (schema == file.schema.get()) return &column;
  }
  ASSIGN_OR_RETURN(Column column, project(value, file.schema));
  b.projected.emplace_back(file.schema.get(), std::move(column));
  return &b.projected.back().second;
}

}  // namespace bywash::connectors::s3
