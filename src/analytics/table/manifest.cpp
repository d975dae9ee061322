// See manifest.h.
#include "analytics/table/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analytics/table/durable_file.h"
#include "base/crc32c.h"

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

// Applies the records of a manifest's content; answers how long its whole records are together.
Result<int64_t> read_records(const std::string& path, std::string_view content, ManifestState& state, int64_t* dropped) {
  std::string_view rest = content;
  int64_t length = 0;
  for (int64_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
    std::string_view record;
    bool good = read_manifest_line(line, &record);
    if (good) {
      try {
        const ManifestJson parsed = ManifestJson::parse(record);
        if (parsed.at("op") == "drop") *dropped += static_cast<int64_t>(parsed.at("names").size());
        apply_record(parsed, state);
      } catch (const ManifestJson::exception&) {
        good = false;
      }
    }
    if (!good) {
      // Only the last write can be torn: anything after a damaged line means damage of another kind.
      if (line.size() != rest.size()) {
        return Status::host(fmt::format("The manifest '{}' is damaged at line {}. Restore it from a copy, or remove the table's folder to consume anew", path, line_number));
      }
      break;
    }
    length += static_cast<int64_t>(line.size());
    rest.remove_prefix(line.size());
  }
  return length;
}

}  // namespace

Result<ManifestState> read_manifest(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, read_file(path));
  ManifestState out;
  int64_t dropped = 0;
  RETURN_IF_ERROR(read_records(path, content, out, &dropped).status());
  return out;
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
  int64_t dropped = 0;
  ASSIGN_OR_RETURN(length_, read_records(path_, content, state_, &dropped));
  if (length_ != static_cast<int64_t>(content.size()) && ::ftruncate(descriptor_, length_) != 0) return host_error("truncate", path_, errno);
  if (dropped > 100 && dropped > static_cast<int64_t>(state_.segments.size())) return compact();
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
