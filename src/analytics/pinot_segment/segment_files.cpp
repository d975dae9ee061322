// See segment_files.h.
#include "analytics/pinot_segment/segment_files.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "analytics/pinot_segment/big_endian.h"

namespace bywash::analytics {
namespace {

using Files = std::map<std::string, std::string_view>;

constexpr int64_t kRowsMax = 100'000'000;
constexpr int64_t kRowsPerByte = 1024;  // of all files: a column of one value takes no bytes a row, but a few bytes are no table
constexpr uint64_t kMarker = 0xdeadbeefdeafbead;  // before each index of columns.psf

std::string_view stripped(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view file_at(const Files& files, const std::string& path) {
  auto found = files.find(path);
  return found == files.end() ? std::string_view() : found->second;
}

// The folder of metadata.properties, with '/' at its end; that of version 3 wins.
Result<std::string> folder_of(const Files& files) {
  constexpr std::string_view kName = "metadata.properties";
  const std::string* best = nullptr;
  for (const auto& [path, content] : files) {
    if (!path.ends_with(kName) || (path.size() > kName.size() && path[path.size() - kName.size() - 1] != '/')) continue;
    if (!best || path.ends_with("v3/metadata.properties")) best = &path;
  }
  if (!best) return Status::invalid("The archive holds no segment: metadata.properties is missing");
  return best->substr(0, best->size() - kName.size());
}

bool read_whole(std::string_view text, int64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

// key = value, one a line; a backslash before a comma goes.
SegmentFiles::Properties SegmentFiles::properties_of(std::string_view text) {
  Properties out;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = stripped(line);
    const size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || line[0] == '!' || equals == std::string_view::npos) continue;
    std::string value;
    const std::string_view written = stripped(line.substr(equals + 1));
    for (size_t i = 0; i < written.size(); ++i) {
      if (written[i] == '\\' && i + 1 < written.size()) ++i;
      value += written[i];
    }
    out[std::string(stripped(line.substr(0, equals)))] = std::move(value);
  }
  return out;
}

std::string_view SegmentFiles::property(std::string_view key) const {
  auto found = properties_.find(key);
  return found == properties_.end() ? std::string_view() : found->second;
}

Result<int64_t> SegmentFiles::number(const std::string& key, int64_t otherwise) const {
  const std::string_view text = property(key);
  int64_t out = otherwise;
  if (!text.empty() && !read_whole(text, &out)) return Status::invalid(fmt::format("metadata.properties: {} is no whole number: '{}'", key, text));
  return out;
}

Result<SegmentFiles> SegmentFiles::read(const Files& files) {
  ASSIGN_OR_RETURN(const std::string folder, folder_of(files));
  SegmentFiles out;
  out.properties_ = properties_of(file_at(files, folder + "metadata.properties"));
  out.name_ = out.property("segment.name");
  out.table_ = out.property("segment.table.name");
  if (out.name_.empty()) return Status::invalid("metadata.properties: segment.name is missing");
  ASSIGN_OR_RETURN(out.rows_, out.number("segment.total.docs", -1));
  if (out.rows_ < 0 || out.rows_ > kRowsMax) return Status::invalid(fmt::format("metadata.properties: segment.total.docs must be from 0 to {}", kRowsMax));
  int64_t bytes = 0;
  for (const auto& [path, content] : files) bytes += static_cast<int64_t>(content.size());
  if (out.rows_ / kRowsPerByte > bytes) return Status::invalid(fmt::format("metadata.properties: segment.total.docs says {}, which {} bytes cannot hold", out.rows_, bytes));
  BigEndian creation(file_at(files, folder + "creation.meta"));  // a checksum of the files as they were made, then the time
  if (creation.size() >= 16) out.creation_ms_ = creation.i64(8);
  const std::string_view index_map = file_at(files, folder + "index_map");
  if (!index_map.empty()) RETURN_IF_ERROR(out.locate_in_one_file(files, folder, index_map));
  else out.locate_in_many(files, folder);
  return out;
}

// Version 3: all indexes in columns.psf, their places in index_map: <column>.<index>.startOffset and .size.
Status SegmentFiles::locate_in_one_file(const Files& files, const std::string& folder, std::string_view index_map) {
  BigEndian all(file_at(files, folder + "columns.psf"));
  const Properties places = properties_of(index_map);
  for (const auto& [key, value] : places) {
    if (!key.ends_with(".startOffset")) continue;
    const std::string place = key.substr(0, key.size() - std::string_view(".startOffset").size());
    const size_t dot = place.rfind('.');
    if (dot == std::string::npos) continue;
    const std::string index = place.substr(dot + 1), column = place.substr(0, dot);
    auto& to = index == "dictionary" ? dictionaries_ : index == "nullvalue_vector" ? nulls_ : values_;
    if (index != "dictionary" && index != "nullvalue_vector" && index != "forward_index") continue;
    int64_t start = -1, size = -1;
    auto size_text = places.find(place + ".size");
    if (!read_whole(value, &start) || size_text == places.end() || !read_whole(size_text->second, &size) || start < 0 || size < 8) {
      return Status::invalid(fmt::format("index_map: the place of {} is missing or wrong", place));
    }
    if (all.u64(static_cast<uint64_t>(start)) != kMarker) return Status::invalid(fmt::format("columns.psf: {} does not begin at {}", place, start));
    to[column] = all.part(static_cast<uint64_t>(start) + 8, static_cast<uint64_t>(size) - 8);
    if (!all.ok()) return Status::invalid(fmt::format("columns.psf is cut off: {} ends behind it", place));
  }
  return {};
}

// Version 1: a file for each index.
void SegmentFiles::locate_in_many(const Files& files, const std::string& folder) {
  constexpr std::string_view kValues[] = {".sv.unsorted.fwd", ".sv.sorted.fwd", ".sv.raw.fwd", ".mv.raw.fwd", ".mv.fwd"};
  for (const auto& [path, content] : files) {
    if (!path.starts_with(folder)) continue;
    const std::string_view file = std::string_view(path).substr(folder.size());
    auto take = [&file, bytes = content](std::string_view ending, std::map<std::string, std::string_view>& to) {
      const bool fits = file.ends_with(ending);
      if (fits) to[std::string(file.substr(0, file.size() - ending.size()))] = bytes;
      return fits;
    };
    if (take(".dict", dictionaries_) || take(".bitmap.nullvalue", nulls_)) continue;
    for (std::string_view ending : kValues) {
      if (take(ending, values_)) break;
    }
  }
}

bool SegmentFiles::has(const std::string& column) const { return !property(fmt::format("column.{}.dataType", column)).empty(); }

Result<PinotColumn> SegmentFiles::column(const std::string& name) const {
  auto key = [&](std::string_view what) { return fmt::format("column.{}.{}", name, what); };
  auto flag = [&](std::string_view what, bool otherwise) {
    const std::string_view text = property(key(what));
    return text.empty() ? otherwise : text == "true";
  };
  PinotColumn out;
  out.name = name;
  const std::string_view type = property(key("dataType"));
  Result<DataType> known = data_type_from(type);
  if (!known.ok()) return Status::invalid(fmt::format("column {} has the type {}, which is not supported", name, type));
  out.type = *known;
  out.single_value = flag("isSingleValues", true);
  out.dictionary = flag("hasDictionary", true);
  if (const std::string_view encoding = property(key("forwardIndexEncoding")); !encoding.empty()) out.dictionary = encoding == "DICTIONARY";
  out.sorted = flag("isSorted", false);
  ASSIGN_OR_RETURN(out.cardinality, number(key("cardinality"), 0));
  ASSIGN_OR_RETURN(const int64_t bits, number(key("bitsPerElement"), 0));
  ASSIGN_OR_RETURN(const int64_t width, number(key("lengthOfEachEntry"), 0));
  ASSIGN_OR_RETURN(out.value_count, number(key("totalNumberOfEntries"), 0));
  if (out.cardinality < 0 || out.cardinality > INT32_MAX || bits < 0 || bits > 32 || width < 0 || width > INT32_MAX || out.value_count < 0 || out.value_count > INT32_MAX) {
    return Status::invalid(fmt::format("metadata.properties: a number of column {} is out of range", name));
  }
  out.bits_per_value = static_cast<int32_t>(bits);
  out.bytes_per_value = static_cast<int32_t>(width);
  auto bytes = [&](const std::map<std::string, std::string_view>& from) {
    auto found = from.find(name);
    return found == from.end() ? std::string_view() : found->second;
  };
  out.dictionary_bytes = bytes(dictionaries_);
  out.forward_bytes = bytes(values_);
  out.null_bytes = bytes(nulls_);
  if (out.forward_bytes.empty() && rows_ > 0) {
    return Status::invalid(fmt::format("column {} has no forward index (it is missing, or switched off by forwardIndexDisabled): its values cannot be read", name));
  }
  return out;
}

}  // namespace bywash::analytics
