// See manifest.h.
#include "analytics/table/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analytics/table/checked_bytes.h"
#include "analytics/table/durable_file.h"
#include "base/crc32c.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

using ManifestJson = nlohmann::json;

ManifestJson to_json(const SegmentRecord& segment) {
  ManifestJson out = {{"op", "add"}, {"name", segment.name}, {"group", segment.group}, {"sequence", segment.sequence},
                      {"start", segment.offsets.first}, {"end", segment.offsets.end}, {"rows", segment.rows}, {"bytes", segment.bytes},
                      {"startMs", segment.start_ms}, {"endMs", segment.end_ms}, {"created", segment.creation_ms}};
  for (const SourceFile& source : segment.sources) out["sources"].push_back({source.uri, source.version});
  return out;
}

SegmentRecord segment_from(const ManifestJson& record) {
  SegmentRecord out;
  out.name = record.at("name").get<std::string>();
  out.group = record.at("group").get<int32_t>();
  out.sequence = record.at("sequence").get<int64_t>();
  out.offsets = {record.at("start").get<int64_t>(), record.at("end").get<int64_t>()};
  out.rows = record.at("rows").get<int64_t>();
  out.bytes = record.at("bytes").get<int64_t>();
  out.start_ms = record.at("startMs").get<int64_t>();
  out.end_ms = record.at("endMs").get<int64_t>();
  out.creation_ms = record.at("created").get<int64_t>();
  if (record.contains("sources")) {
    for (const ManifestJson& source : record["sources"]) out.sources.push_back({source.at(0).get<std::string>(), source.at(1).get<std::string>()});
  }
  return out;
}

// One that overlaps others becomes one with them.
void add_gap_to(std::vector<OffsetGap>& gaps, OffsetGap gap) {
  std::erase_if(gaps, [&](const OffsetGap& known) {
    if (known.offsets.end < gap.offsets.first || gap.offsets.end < known.offsets.first) return false;
    gap.offsets.first = std::min(gap.offsets.first, known.offsets.first);
    gap.offsets.end = std::max(gap.offsets.end, known.offsets.end);
    gap.found_ms = std::min(gap.found_ms, known.found_ms);
    return true;
  });
  gaps.insert(std::find_if(gaps.begin(), gaps.end(), [&](const OffsetGap& known) { return gap.offsets.first < known.offsets.first; }), gap);
}

ManifestJson gap_record(int32_t group, const OffsetGap& gap) {
  return {{"op", "gap"}, {"group", group}, {"start", gap.offsets.first}, {"end", gap.offsets.end}, {"found", gap.found_ms}};
}

// Applies one record; throws nlohmann's exception when a member is missing.
void apply_record(const ManifestJson& record, ManifestState& state) {
  const std::string op = record.at("op").get<std::string>();
  if (op == "add") {
    SegmentRecord segment = segment_from(record);
    if (segment.group >= 0) state.positions[segment.group] = {segment.offsets.end, segment.sequence + 1};
    state.segments[segment.name] = std::move(segment);
  } else if (op == "add-all") {
    for (const ManifestJson& segment : record.at("segments")) apply_record(segment, state);
  } else if (op == "drop") {
    for (const ManifestJson& name : record.at("names")) state.segments.erase(name.get<std::string>());
  } else if (op == "replace") {
    for (const ManifestJson& one : record.at("segments")) {
      SegmentRecord segment = segment_from(one);
      auto known = state.segments.find(segment.name);
      if (known != state.segments.end()) known->second = std::move(segment);
    }
  } else if (op == "gap") {
    add_gap_to(state.gaps[record.at("group").get<int32_t>()],
               {{record.at("start").get<int64_t>(), record.at("end").get<int64_t>()}, record.at("found").get<int64_t>()});
  } else if (op == "begin") {
    state.positions[record.at("group").get<int32_t>()] = {record.at("offset").get<int64_t>(), record.at("sequence").get<int64_t>()};
  } else if (op == "topic") {
    state.first_seen[record.at("stream").get<int32_t>()] = record.at("partitions").get<int32_t>();
  } else if (op == "pause") {
    state.paused = record.at("on").get<bool>();
  }
}

ManifestJson begin_record(int32_t group, const PartitionPosition& position) {
  return {{"op", "begin"}, {"group", group}, {"offset", position.next_offset}, {"sequence", position.next_sequence}};
}

}  // namespace

std::string manifest_line(std::string_view record) {
  return fmt::format("{:08x} {}\n", crc32c(0, record.data(), record.size()), record);
}

bool read_manifest_line(std::string_view line, std::string_view* record) {
  if (line.size() < 10 || line.back() != '\n' || line[8] != ' ') return false;
  uint32_t crc = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + 8, crc, 16);
  *record = line.substr(9, line.size() - 10);
  return error == std::errc() && end == line.data() + 8 && crc == crc32c(0, record->data(), record->size());
}

namespace {

constexpr size_t kHeadBytes = 9;  // checksum and blank

// The line as it was before one of its bits was flipped; empty: that is not what is wrong with it.
std::string mended(std::string_view line) {
  std::string out(line), head;
  std::string_view record;
  if (line.size() <= kHeadBytes + 1) return {};
  if (line.back() != '\n') {  // the last one's end
    out.back() = '\n';
    return std::has_single_bit(static_cast<uint8_t>(line.back() ^ '\n')) && read_manifest_line(out, &record) ? out : std::string();
  }
  std::string body(line.substr(kHeadBytes, line.size() - kHeadBytes - 1));
  uint32_t crc = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + kHeadBytes - 1, crc, 16);
  if (error == std::errc() && end == line.data() + kHeadBytes - 1 && line[kHeadBytes - 1] == ' ' && mend_bit(&body, crc)) return manifest_line(body);
  // In the checksum, or a line's end within: the rest of it comes with the next look.
  for (size_t at = kHeadBytes; at < line.size(); ++at) {
    if (line[at] != '\n' && !std::has_single_bit(static_cast<uint8_t>(line[at] ^ '\n'))) continue;
    const std::string expected = manifest_line(line.substr(kHeadBytes, at - kHeadBytes));
    int bits = 0;
    for (size_t i = 0; i <= at; ++i) bits += std::popcount(static_cast<uint8_t>(line[i] ^ expected[i]));
    if (bits == 1) return expected;
  }
  return {};
}

struct ReadManifest {
  ManifestState state;
  int64_t length = 0;   // of its whole records
  int64_t dropped = 0;  // segments
  int64_t mended = 0;   // records with a bit that was flipped
};

bool apply_line(std::string_view line, ReadManifest* out) {
  std::string_view record;
  if (!read_manifest_line(line, &record)) return false;
  try {
    const ManifestJson parsed = ManifestJson::parse(record);
    if (parsed.at("op") == "drop") out->dropped += static_cast<int64_t>(parsed.at("names").size());
    apply_record(parsed, out->state);
  } catch (const ManifestJson::exception&) {
    return false;
  }
  return true;
}

Result<ReadManifest> read_records(const std::string& path, std::string_view content) {
  ReadManifest out;
  std::string_view rest = content;
  for (int64_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
    if (!apply_line(line, &out)) {
      const std::string before = mended(line);
      if (before.empty() || !apply_line(before, &out)) {
        // What a crash leaves of the last write has no end; anything else is damage.
        if (end == std::string_view::npos) break;
        return Status::host(fmt::format("The manifest '{}' is damaged at line {}. Restore it from a copy, or remove the table's folder to consume anew", path, line_number));
      }
      ++out.mended;
      line = line.substr(0, before.size());
    }
    out.length += static_cast<int64_t>(line.size());
    rest.remove_prefix(line.size());
  }
  return out;
}

}  // namespace

Result<ManifestState> read_manifest(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, read_file(path));
  ASSIGN_OR_RETURN(ReadManifest out, read_records(path, content));
  return std::move(out.state);
}

Result<std::unique_ptr<Manifest>> Manifest::open(const std::string& path) {
  const bool fresh = !std::filesystem::exists(path);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return host_error("write", path, errno);
  std::unique_ptr<Manifest> out(new Manifest(path, descriptor));
  if (fresh) RETURN_IF_ERROR(sync_folder(std::filesystem::path(path).parent_path().string()));
  RETURN_IF_ERROR(out->load());
  return out;
}

Manifest::~Manifest() { ::close(descriptor_); }

Status Manifest::load() {
  ASSIGN_OR_RETURN(const std::string content, read_file(path_));
  ASSIGN_OR_RETURN(ReadManifest found, read_records(path_, content));
  state_ = std::move(found.state);
  length_ = found.length;
  if (found.mended > 0) {
    log::warn("analytics.table", "The manifest '{}' had {} records with a flipped bit, which their checksums have put right. Look at the disk and the memory of this machine", path_,
              found.mended);
    return compact();
  }
  if (length_ != static_cast<int64_t>(content.size()) && ::ftruncate(descriptor_, length_) != 0) return host_error("truncate", path_, errno);
  if (found.dropped > 100 && found.dropped > static_cast<int64_t>(state_.segments.size())) return compact();
  return {};
}

// Writes the state anew, without what was dropped since.
Status Manifest::compact() {
  std::string content;
  for (const auto& [stream, partitions] : state_.first_seen) {
    content += manifest_line(ManifestJson{{"op", "topic"}, {"stream", stream}, {"partitions", partitions}}.dump());
  }
  for (const auto& [name, segment] : state_.segments) content += manifest_line(to_json(segment).dump());
  for (const auto& [group, position] : state_.positions) content += manifest_line(begin_record(group, position).dump());
  for (const auto& [group, gaps] : state_.gaps) {
    for (const OffsetGap& gap : gaps) content += manifest_line(gap_record(group, gap).dump());
  }
  content += manifest_line(ManifestJson{{"op", "pause"}, {"on", state_.paused}}.dump());
  RETURN_IF_ERROR(write_file(path_, content));
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (descriptor < 0) return host_error("write", path_, errno);
  ::close(descriptor_);
  descriptor_ = descriptor;
  length_ = static_cast<int64_t>(content.size());
  return {};
}

Status Manifest::append(const std::string& record) {
  const std::string line = manifest_line(record);
  // What an earlier failure may have left behind goes first.
  if (::ftruncate(descriptor_, length_) != 0) return host_error("truncate", path_, errno);
  std::string_view rest = line;
  int failed = 0;
  while (!rest.empty() && failed == 0) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0) rest.remove_prefix(static_cast<size_t>(written));
    else if (errno != EINTR) failed = errno;
  }
  if (failed == 0 && ::fsync(descriptor_) != 0) failed = errno;
  if (failed != 0) {
    if (::ftruncate(descriptor_, length_) != 0) failed = errno;
    return host_error("append to", path_, failed);
  }
  length_ += static_cast<int64_t>(line.size());
  return {};
}

Status Manifest::add_segment(const SegmentRecord& segment) {
  std::lock_guard lock(mutex_);
  const ManifestJson record = to_json(segment);
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::add_segments(const std::vector<SegmentRecord>& segments) {
  std::lock_guard lock(mutex_);
  ManifestJson record = {{"op", "add-all"}, {"segments", ManifestJson::array()}};
  for (const SegmentRecord& segment : segments) record["segments"].push_back(to_json(segment));
  RETURN_IF_ERROR(append(record.dump(-1, ' ', false, ManifestJson::error_handler_t::replace)));
  apply_record(record, state_);
  return {};
}

Status Manifest::drop_segments(const std::vector<std::string>& names) {
  std::lock_guard lock(mutex_);
  const ManifestJson record = {{"op", "drop"}, {"names", names}};
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::replace_segments(const std::vector<SegmentRecord>& segments) {
  std::lock_guard lock(mutex_);
  ManifestJson record = {{"op", "replace"}, {"segments", ManifestJson::array()}};
  for (const SegmentRecord& segment : segments) record["segments"].push_back(to_json(segment));
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::add_gap(int32_t group, const OffsetGap& gap) {
  std::lock_guard lock(mutex_);
  for (const OffsetGap& known : state_.gaps[group]) {
    if (known.offsets.first <= gap.offsets.first && gap.offsets.end <= known.offsets.end) return {};
  }
  const ManifestJson record = gap_record(group, gap);
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::begin_partition(int32_t group, int64_t offset) {
  std::lock_guard lock(mutex_);
  const ManifestJson record = begin_record(group, {offset, 0});
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::topic_seen(int32_t stream, int32_t partitions) {
  std::lock_guard lock(mutex_);
  const ManifestJson record = {{"op", "topic"}, {"stream", stream}, {"partitions", partitions}};
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

Status Manifest::set_paused(bool paused) {
  std::lock_guard lock(mutex_);
  const ManifestJson record = {{"op", "pause"}, {"on", paused}};
  RETURN_IF_ERROR(append(record.dump()));
  apply_record(record, state_);
  return {};
}

ManifestState Manifest::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace bywash::analytics
