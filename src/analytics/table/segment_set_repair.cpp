// How damaged segments of a set are made again: see segment_set.h. Table line, recovery.
#include <algorithm>
#include <filesystem>

#include "analytics/table/segment_set.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kRepairLogger = "analytics.table";

template <class Part>
void sort_by_sequence(std::vector<Part>& parts) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.record.sequence < b.record.sequence; });
}

}  // namespace

std::vector<DamagedSegment> SegmentSet::repairable(int32_t group) const {
  std::lock_guard lock(mutex_);
  std::vector<DamagedSegment> out;
  for (const auto& [name, damaged] : damaged_) {
    if (damaged.record.group == group && !damaged.lost) out.push_back(damaged);
  }
  sort_by_sequence(out);
  return out;
}

void SegmentSet::give_up(const std::string& name, const std::string& why) {
  std::lock_guard lock(mutex_);
  auto damaged = damaged_.find(name);
  if (damaged == damaged_.end()) return;
  damaged->second.lost = true;
  damaged->second.reason += "; it cannot be made again: " + why;
  log::error(kRepairLogger, "Table {}: segment {} with {} rows cannot be made again from the topic: {}. Put back a copy of its file and reload it, or delete the segment", log_name_, name,
             damaged->second.record.rows, why);
}

std::vector<CommittedSegment> SegmentSet::sealed_of(int32_t group) const {
  std::lock_guard lock(mutex_);
  std::vector<CommittedSegment> out;
  for (const auto& [name, committed] : committed_) {
    if (committed.record.group == group) out.push_back(committed);
  }
  sort_by_sequence(out);
  return out;
}

Result<CommittedSegment> SegmentSet::open_again(const SegmentRecord& record) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Segment> segment, open_segment(path_of(record.name), schema_));
  return CommittedSegment{record, std::move(segment)};
}

Result<CommittedSegment> SegmentSet::seal_again(const SegmentRecord& record, const MutableSegment& rows) {
  ASSIGN_OR_RETURN(CommittedSegment out, seal(*rows.snapshot()));
  out.record.group = record.group;
  out.record.sequence = record.sequence;
  out.record.offsets = record.offsets;
  return out;
}

Status SegmentSet::replace(int32_t group, const std::vector<CommittedSegment>& segments, std::unique_ptr<UpsertPartition> keys) {
  std::vector<SegmentRecord> records;
  for (const CommittedSegment& one : segments) records.push_back(one.record);
  RETURN_IF_ERROR(manifest_->replace_segments(records));
  ++changes_;
  std::lock_guard lock(mutex_);
  std::set<std::string> gone;
  for (const CommittedSegment& one : segments) {
    if (damaged_.erase(one.record.name) > 0) {
      committed_[one.record.name] = one;
      continue;
    }
    gone.insert(one.record.name);  // dropped meanwhile
    std::error_code ignored;
    std::filesystem::remove(path_of(one.record.name), ignored);
  }
  if (!keys) return {};
  // So are others that the new keys have been made of.
  for (const std::string& name : keys->segment_names()) {
    auto consuming = consuming_.find(group);
    if (!committed_.count(name) && (consuming == consuming_.end() || consuming->second->options().name != name)) keys->drop(name);
  }
  keys_[group] = std::move(keys);
  return {};
}

std::string SegmentSet::damage_of(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto damaged = damaged_.find(name);
  return damaged == damaged_.end() ? std::string() : damaged->second.reason;
}

}  // namespace bywash::analytics
