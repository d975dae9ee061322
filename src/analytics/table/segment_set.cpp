// See segment_set.h.
#include "analytics/table/segment_set.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "analytics/table/durable_file.h"
#include "analytics/table/segment_name.h"
#include "analytics/table/value_coercion.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kSegmentLogger = "analytics.table";

// Segments without a list would be taken for ones that were never committed.
Status check_listed(const std::string& folder) {
  const std::string manifest = folder + "/manifest";
  std::error_code error;
  if (std::filesystem::file_size(manifest, error) > 0 && !error) return {};
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/segments", error)) {
    if (entry.path().extension() != ".seg") continue;
    return Status::host(fmt::format("The manifest '{}' is missing or empty, and there are segments. Restore it from a copy, or remove the table's folder to consume anew", manifest));
  }
  return {};
}

}  // namespace

SegmentSet::SegmentSet(std::string folder, const SchemaConfig& schema, const TableConfig& config)
    : folder_(std::move(folder)), schema_(schema.schema), log_name_(config.name_with_type), table_name_(config.name),
      seal_options_(config.indexes), index_settings_(index_settings(config.indexes)), retention_ms_(config.retention_ms), rules_(UpsertRules::of(config.upsert, *schema.schema, config.time_column)) {
  time_field_ = schema_->find(config.time_column);
  if (time_field_ >= 0) {
    if (Result<TimeFormat> format = TimeFormat::parse(schema_->fields[static_cast<size_t>(time_field_)].format)) time_format_ = *format;
  }
}

Result<std::unique_ptr<SegmentSet>> SegmentSet::open(const std::string& folder, const SchemaConfig& schema, const TableConfig& config) {
  std::unique_ptr<SegmentSet> out(new SegmentSet(folder, schema, config));
  RETURN_IF_ERROR(make_folder(folder + "/segments"));
  RETURN_IF_ERROR(check_listed(folder));
  ASSIGN_OR_RETURN(out->manifest_, Manifest::open(folder + "/manifest"));
  RETURN_IF_ERROR(out->recover());
  return out;
}

Status SegmentSet::recover() {
  const ManifestState state = manifest_->state();
  std::set<std::string> listed;
  for (const auto& [name, record] : state.segments) listed.insert(name + ".seg");
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/segments", error)) {
    const std::string file = entry.path().filename().string();
    if (listed.count(file)) continue;
    std::error_code ignored;
    std::filesystem::remove(entry.path(), ignored);
    log::info(kSegmentLogger, "Table {}: removed {}, which was never committed", log_name_, file);
  }
  if (error) return host_error("list the folder", folder_ + "/segments", error.value());
  for (const auto& [name, record] : state.segments) {
    Result<std::shared_ptr<const Segment>> segment = open_segment(path_of(name), schema_);
    if (segment) {
      for (const std::string& index : (*segment)->meta().damaged) {
        log::warn(kSegmentLogger, "Table {}: segment {} is served without a damaged index, which is made again ({})", log_name_, name, index);
      }
      CommittedSegment& found = committed_[name] = {record, *std::move(segment)};
      // A file that took the place of another just before the end, without its record.
      if (record.rows != found.segment->rows()) {
        found.record.rows = found.segment->rows();
        found.record.bytes = found.segment->meta().bytes;
        find_times(*found.segment, found.record);
      }
    } else {
      damaged_[name] = {record, segment.status().message()};
      ++damages_;
      log::error(kSegmentLogger, "Table {}: segment {} with {} rows cannot be opened and is left out of answers: {}", log_name_, name, record.rows,
                 segment.status().message());
    }
  }
  recover_keys();
  return {};
}

// The same rows in the same order as when they were consumed, so that the same ones count.
void SegmentSet::recover_keys() {
  if (!rules_.config.on()) return;
  std::map<std::pair<int32_t, int64_t>, std::shared_ptr<const Segment>> in_order;
  for (const auto& [name, committed] : committed_) {
    if (committed.record.group >= 0) in_order[{committed.record.group, committed.record.sequence}] = committed.segment;
  }
  for (const auto& [place, segment] : in_order) {
    UpsertPartition& keys = *keys_of(place.first);
    keys.begin(segment);
    for (int64_t row = 0; row < segment->rows(); ++row) (void)keys.add(static_cast<uint32_t>(row));
    keys.publish();
    keys.forget_old();
  }
}

UpsertPartition* SegmentSet::keys_of(int32_t group) {
  if (!rules_.config.on()) return nullptr;
  std::lock_guard lock(mutex_);
  std::unique_ptr<UpsertPartition>& keys = keys_[group];
  if (!keys) keys = std::make_unique<UpsertPartition>(rules_);
  return keys.get();
}

void SegmentSet::publish(int32_t group, MutableSegment& segment, int64_t next_offset) {
  UpsertPartition* keys = keys_of(group);
  if (!keys) return segment.publish(next_offset);
  std::lock_guard lock(mutex_);
  segment.publish(next_offset);
  keys->publish();
}

void SegmentSet::set_consuming(int32_t group, std::shared_ptr<MutableSegment> segment) {
  UpsertPartition* keys = keys_of(group);
  std::lock_guard lock(mutex_);
  if (keys) keys->begin(segment->snapshot());
  consuming_[group] = std::move(segment);
}

void SegmentSet::find_times(const Segment& segment, SegmentRecord& record) const {
  if (time_field_ < 0 || !time_format_ || segment.rows() == 0) return;
  const ColumnView& column = segment.column(static_cast<size_t>(time_field_));
  std::optional<int64_t> first, last;
  if (is_integer(column.field->type)) {
    first = time_format_->to_millis(segment.meta().start_time);
    last = time_format_->to_millis(segment.meta().end_time);
  } else if (is_text(column.field->type) && column.encoding == Encoding::kDictionary) {
    for (uint32_t id = 0; id < column.dictionary.cardinality; ++id) {
      const std::optional<int64_t> at = time_format_->to_millis(column.dictionary.text(id));
      if (!at) continue;
      first = first ? std::min(*first, *at) : *at;
      last = last ? std::max(*last, *at) : *at;
    }
  }
  if (!first || !last) return;
  record.start_ms = *first;
  record.end_ms = *last;
}

Result<CommittedSegment> SegmentSet::seal(const Segment& rows) {
  const std::string path = path_of(rows.name());
  RETURN_IF_ERROR(seal_segment(rows, seal_options_, path));
  ASSIGN_OR_RETURN(std::shared_ptr<const Segment> sealed, open_segment(path, schema_));
  SegmentRecord record;
  record.name = rows.name();
  record.offsets = rows.meta().offsets;
  record.rows = rows.rows();
  record.bytes = sealed->meta().bytes;
  record.creation_ms = rows.meta().creation_ms;
  find_times(*sealed, record);
  return CommittedSegment{std::move(record), std::move(sealed)};
}

Status SegmentSet::commit(int32_t group, int64_t sequence, const MutableSegment& segment, std::shared_ptr<MutableSegment> next) {
  ASSIGN_OR_RETURN(CommittedSegment sealed, seal(*segment.snapshot()));
  SegmentRecord& record = sealed.record;
  record.group = group;
  record.sequence = sequence;
  RETURN_IF_ERROR(manifest_->add_segment(record));
  UpsertPartition* keys = keys_of(group);
  {
    std::lock_guard lock(mutex_);
    if (keys) keys->sealed(sealed.segment);
    if (keys && next) keys->begin(next->snapshot());
    const std::string name = record.name;
    committed_[name] = std::move(sealed);
    if (next) consuming_[group] = std::move(next);
    else consuming_.erase(group);
  }
  if (keys) keys->forget_old();
  ++changes_;
  return {};
}

Result<CommittedSegment> SegmentSet::stage(const MutableSegment& segment) {
  const std::shared_ptr<const Segment> rows = segment.snapshot();
  SegmentMeta meta = rows->meta();
  // Several of one millisecond and one range of time have names of their own too.
  do {
    meta.name = ingested_segment_name(table_name_, meta.start_time, meta.end_time, meta.creation_ms);
  } while (std::filesystem::exists(path_of(meta.name)) && ++meta.creation_ms);
  std::vector<ColumnView> columns;
  for (size_t i = 0; i < rows->column_count(); ++i) columns.push_back(rows->column(i));
  return seal(Segment(std::move(meta), rows->schema(), std::move(columns), rows));
}

Status SegmentSet::commit_staged(const std::vector<CommittedSegment>& staged) {
  if (staged.empty()) return {};
  std::vector<SegmentRecord> records;
  for (const CommittedSegment& one : staged) records.push_back(one.record);
  RETURN_IF_ERROR(manifest_->add_segments(records));
  ++changes_;
  std::lock_guard lock(mutex_);
  for (const CommittedSegment& one : staged) committed_[one.record.name] = one;
  return {};
}

void SegmentSet::discard_staged(const std::vector<CommittedSegment>& staged) {
  for (const CommittedSegment& one : staged) {
    std::error_code ignored;  // a file that stays is removed at the next start
    std::filesystem::remove(path_of(one.record.name), ignored);
  }
}

Status SegmentSet::put(const MutableSegment& segment) {
  ASSIGN_OR_RETURN(CommittedSegment sealed, seal(*segment.snapshot()));
  if (Status written = manifest_->add_segment(sealed.record); !written.ok()) {
    if (!has(sealed.record.name)) discard_staged({sealed});
    return written;
  }
  ++changes_;
  std::lock_guard lock(mutex_);
  damaged_.erase(sealed.record.name);
  committed_[sealed.record.name] = std::move(sealed);
  return {};
}

bool SegmentSet::has(const std::string& name) const {
  std::lock_guard lock(mutex_);
  return committed_.count(name) > 0 || damaged_.count(name) > 0;
}

std::map<std::string, SourceFile> SegmentSet::sources() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, SourceFile> out;
  for (const auto& [name, committed] : committed_) {
    for (const SourceFile& source : committed.record.sources) out.emplace(source.uri, source);
  }
  return out;
}

bool SegmentSet::is_outdated(const Segment& segment) const { return segment.meta().built_with != index_settings_ || !segment.meta().damaged.empty(); }

std::vector<std::string> SegmentSet::outdated() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, committed] : committed_) {
    if (is_outdated(*committed.segment)) out.push_back(name);
  }
  return out;
}

Result<std::string> SegmentSet::rebuild_one() {
  std::shared_ptr<const Segment> old;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, committed] : committed_) {
      if (!is_outdated(*committed.segment) || not_rebuilt_.count(name)) continue;
      old = committed.segment;
      break;
    }
    if (!old && !not_rebuilt_.empty()) {
      old = committed_.count(*not_rebuilt_.begin()) ? committed_[*not_rebuilt_.begin()].segment : nullptr;
      not_rebuilt_.clear();
    }
    if (!old) return std::string();
  }
  const std::string name = old->name(), path = path_of(name);
  // What has become of the file since it was opened must not get a new checksum.
  RETURN_IF_ERROR(reload(name));
  {
    std::lock_guard lock(mutex_);
    not_rebuilt_.insert(name);
    auto committed = committed_.find(name);
    if (committed == committed_.end()) return name;
    old = committed->second.segment;
    if (!is_outdated(*old)) {
      not_rebuilt_.erase(name);
      return name;
    }
  }
  RETURN_IF_ERROR(seal_segment(*old, seal_options_, path));
  ASSIGN_OR_RETURN(std::shared_ptr<const Segment> made, open_segment(path, schema_));
  ++changes_;
  std::lock_guard lock(mutex_);
  not_rebuilt_.erase(name);
  auto committed = committed_.find(name);
  if (committed != committed_.end()) {
    committed->second.segment = std::move(made);
  } else {
    std::error_code ignored;  // dropped meanwhile
    std::filesystem::remove(path, ignored);
  }
  return name;
}

Status SegmentSet::reload(const std::string& name) {
  std::shared_ptr<const Segment> known;
  {
    std::lock_guard lock(mutex_);
    auto committed = committed_.find(name);
    if (committed != committed_.end()) known = committed->second.segment;
    else if (!damaged_.count(name)) return Status::not_found(fmt::format("Segment {} does not exist", name));
  }
  Result<std::shared_ptr<const Segment>> again = open_segment(path_of(name), schema_);
  std::lock_guard lock(mutex_);
  not_rebuilt_.erase(name);
  auto committed = committed_.find(name);
  if (committed == committed_.end()) {
    auto damaged = damaged_.find(name);
    // A table with keys counts its rows by what it has replayed: there only its partition brings it back.
    if (damaged == damaged_.end()) return {};
    if (!again.ok()) return again.status();
    if (rules_.config.on()) {
      damaged->second.lost = false;
      ++damages_;
      return {};
    }
    committed_[name] = {damaged->second.record, *std::move(again)};
    damaged_.erase(damaged);
    return {};
  }
  // One that was written anew meanwhile is newer than what was opened here.
  if (committed->second.segment != known) return {};
  if (again.ok()) {
    committed->second.segment = *std::move(again);
    return {};
  }
  log::error(kSegmentLogger, "Table {}: segment {} with {} rows is damaged and is left out of answers: {}", log_name_, name, committed->second.record.rows,
             again.status().message());
  damaged_[name] = {committed->second.record, again.status().message()};
  committed_.erase(committed);
  ++damages_;
  return again.status();
}

Status SegmentSet::drop(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  RETURN_IF_ERROR(manifest_->drop_segments(names));
  ++changes_;
  std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    for (auto& [group, keys] : keys_) keys->drop(name);
    committed_.erase(name);
    damaged_.erase(name);
    std::error_code ignored;  // a file that stays is removed at the next start
    std::filesystem::remove(path_of(name), ignored);
  }
  return {};
}

bool SegmentSet::is_expired(const SegmentRecord& record, int64_t now_ms) const {
  return retention_ms_ && record.end_ms >= record.start_ms && is_plausible_time(record.end_ms) && record.end_ms < now_ms - *retention_ms_;
}

std::vector<std::string> SegmentSet::expired(int64_t now_ms) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, committed] : committed_) {
    if (is_expired(committed.record, now_ms)) out.push_back(name);
  }
  for (const auto& [name, damaged] : damaged_) {
    if (is_expired(damaged.record, now_ms)) out.push_back(name);
  }
  return out;
}

std::vector<std::shared_ptr<const Segment>> SegmentSet::snapshot(int64_t now_ms, std::vector<std::shared_ptr<const ValidRows>>* kept) const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Segment>> out;
  out.reserve(committed_.size() + consuming_.size());
  auto add = [&](int32_t group, std::shared_ptr<const Segment> segment) {
    if (kept && rules_.config.mode == KeyMode::kUpsert) {
      auto keys = keys_.find(group);
      kept->push_back(keys == keys_.end() ? nullptr : keys->second->rows_of(segment->name()));
    }
    out.push_back(std::move(segment));
  };
  for (const auto& [name, committed] : committed_) {
    if (!is_expired(committed.record, now_ms)) add(committed.record.group, committed.segment);
  }
  for (const auto& [group, segment] : consuming_) add(group, segment->snapshot());
  return out;
}

std::vector<SegmentStatus> SegmentSet::list() const {
  std::lock_guard lock(mutex_);
  std::vector<SegmentStatus> out;
  for (const auto& [name, committed] : committed_) out.push_back({name, false, committed.record.rows, committed.segment->meta().bytes});
  for (const auto& [group, segment] : consuming_) out.push_back({segment->options().name, true, segment->published_rows(), segment->memory_bytes()});
  std::sort(out.begin(), out.end(), [](const SegmentStatus& a, const SegmentStatus& b) { return a.name < b.name; });
  return out;
}

std::vector<std::string> SegmentSet::damaged() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, damaged] : damaged_) out.push_back(name);
  return out;
}

std::vector<std::string> SegmentSet::missing(int64_t now_ms) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, damaged] : damaged_) {
    if (!is_expired(damaged.record, now_ms)) out.push_back(name);
  }
  return out;
}

std::optional<int64_t> SegmentSet::max_end_ms() const {
  std::lock_guard lock(mutex_);
  std::optional<int64_t> out;
  for (const auto& [name, committed] : committed_) {
    if (committed.record.end_ms >= committed.record.start_ms) out = std::max(out.value_or(INT64_MIN), committed.record.end_ms);
  }
  return out;
}

}  // namespace bywash::analytics
