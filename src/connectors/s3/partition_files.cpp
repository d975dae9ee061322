// Opening files, ending them, handing their bytes over. Level 6, the task's thread.
#include <algorithm>

#include "connectors/s3/bound_batch.h"
#include "connectors/s3/partition_writer.h"

namespace bywash::connectors::s3 {
namespace {

// Encoded bytes on their way to the store at which files of a cut wait for their turn.
constexpr int64_t kHandOverLimit = int64_t{32} << 20;

}  // namespace

void PartitionWriter::schedule_next(int64_t wall_ms) {
  if (parts_.schedule_zone) next_scheduled_ms_ = next_scheduled_time(wall_ms, parts_.config->rotate_schedule_interval_ms, *parts_.schedule_zone);
}

int64_t PartitionWriter::bytes_held() const {
  int64_t bytes = 0;
  for (const auto& [id, file] : files_) bytes += file->bytes_held();
  for (const Leaving& leaving : leaving_) bytes += leaving.file->bytes_held();
  return bytes;
}

Result<OpenFile*> PartitionWriter::open_file(BoundBatch& b, int64_t row, FileId id) {
  auto file = std::make_unique<OpenFile>();
  file->id = id;
  file->schema = b.batch->value.schema;
  file->start_offset = b.batch->offsets[static_cast<size_t>(row)];
  for (View view : kViews) {
    FileFormat* format = parts_.format(view);
    if (!format || (view == View::kValues && id.path == parts_.tombstone_path)) continue;
    FileStream stream;
    stream.view = view;
    stream.schema = b.view(view).schema;
    stream.key = object_key(*file, view);
    ASSIGN_OR_RETURN(stream.encoder, format->open(stream.schema));
    file->streams.push_back(std::move(stream));
  }
  return (files_[id] = std::move(file)).get();
}

void PartitionWriter::close_file(FileId id) {
  files_.erase(id);
  last_file_ = nullptr;
}

std::string PartitionWriter::object_key(const OpenFile& file, View view) const {
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
  return fmt::format("{}{}{}", key, view_extension(view), parts_.format(view)->extension());
}

std::map<std::string, std::string> PartitionWriter::tags_of(const OpenFile& file) const {
  std::map<std::string, std::string> tags;
  if (!parts_.config->object_tagging) return tags;
  tags = {{"startOffset", std::to_string(file.start_offset)}, {"endOffset", std::to_string(file.end_offset)}, {"recordCount", std::to_string(file.row_count)}};
  for (const std::string& pair : parts_.config->object_tagging_pairs) {
    size_t colon = pair.find(':');
    if (colon != pair.npos) tags[pair.substr(0, colon)] = pair.substr(colon + 1);
  }
  return tags;
}

Status PartitionWriter::end_put() {
  for (auto& [id, file] : files_) {
    for (FileStream& stream : file->streams) {
      RETURN_IF_ERROR(stream.encoder->end_put());
      RETURN_IF_ERROR(stream.send(*delivery_, parts_.config->part_size));
    }
  }
  if (is_large_enough()) RETURN_IF_ERROR(cut());
  return hand_over();
}

bool PartitionWriter::is_large_enough() const {
  int64_t limit = parts_.config->rotate_size_bytes;
  if (limit <= 0) return false;
  return std::any_of(files_.begin(), files_.end(), [limit](const auto& f) { return f.second->file_bytes() >= limit; });
}

// Ends all open files. They go to the store in the background; the offsets are acked when the last of them is durable.
Status PartitionWriter::cut() {
  if (files_.empty()) return {};
  size_t objects = 0;
  for (const auto& [id, file] : files_) objects += file->streams.size();
  auto cut = delivery_->begin({first_offset_, last_offset_ + 1}, objects);
  for (auto& [id, file] : files_) leaving_.push_back({cut, std::move(file), 0});
  files_.clear();
  last_file_ = nullptr;
  record_count_ = 0;
  base_timestamp_.reset();
  return hand_over();
}

// Encodes the rest of files that have ended and gives it to their uploads, as far as what is on its way leaves room: a cut of many
// files must not have all of them in memory at once.
Status PartitionWriter::hand_over() {
  while (!leaving_.empty() && parts_.uploads->bytes_in_flight.load(std::memory_order_relaxed) < kHandOverLimit) {
    Leaving& leaving = leaving_.front();
    FileStream& stream = leaving.file->streams[leaving.next];
    ASSIGN_OR_RETURN(bool more, stream.encoder->finish());
    if (more) {
      RETURN_IF_ERROR(stream.send(*delivery_, parts_.config->part_size));
      continue;
    }
    if (!stream.upload) stream.upload = delivery_->make_upload(stream.key);
    ASSIGN_OR_RETURN(std::string rest, stream.take());
    // As in the original, the object with the values has the tags.
    auto tags = stream.view == View::kValues ? tags_of(*leaving.file) : std::map<std::string, std::string>();
    delivery_->finish(leaving.cut, stream.upload, std::move(rest), std::move(tags));
    stream.upload = nullptr;
    if (++leaving.next == leaving.file->streams.size()) leaving_.pop_front();
  }
  return {};
}

Status PartitionWriter::tick(Now now) {
  const S3SinkConfig& config = *parts_.config;
  // After a jump of the clock to an earlier time the schedule of before would be far away.
  if (parts_.schedule_zone) {
    next_scheduled_ms_ = std::min(next_scheduled_ms_, next_scheduled_time(now.wall_ms, config.rotate_schedule_interval_ms, *parts_.schedule_zone));
  }
  bool ends = parts_.schedule_zone && now.wall_ms >= next_scheduled_ms_;
  if (ends) schedule_next(now.wall_ms);
  auto passed = [&](SteadyTime since, int64_t limit_ms) { return limit_ms > 0 && now.steady - since >= Millis(limit_ms); };
  if (record_count_ > 0) {
    ends = ends || passed(oldest_, config.rotate_age_ms) || passed(newest_, config.rotate_idle_ms);
    if (ends) RETURN_IF_ERROR(cut());
  }
  return hand_over();
}

Status PartitionWriter::spill() {
  for (auto& [id, file] : files_) {
    for (FileStream& stream : file->streams) RETURN_IF_ERROR(stream.spill(*delivery_, parts_.config->spill_folder));
  }
  for (Leaving& leaving : leaving_) {
    for (size_t i = leaving.next; i < leaving.file->streams.size(); ++i) {
      RETURN_IF_ERROR(leaving.file->streams[i].spill(*delivery_, parts_.config->spill_folder));
    }
  }
  return {};
}

}  // namespace bywash::connectors::s3
