// See input_objects.h.
#include "processing/input_objects.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <system_error>

namespace bywash::processing {
namespace {

namespace fs = std::filesystem;
constexpr size_t kObjectsAhead = 3;
constexpr int64_t kAheadBytes = 16 << 20;  // of an object that is read ahead
constexpr std::string_view kHiveNull = "__HIVE_DEFAULT_PARTITION__";

// "orders+3+0000000120.keys.avro" holds the keys of records whose values stand in "orders+3+0000000120.parquet".
bool is_beside_values(const std::string& key) {
  static const std::regex kBeside(R"(.*\d\.(keys|headers)(\.[A-Za-z0-9_.]+)?)");
  return std::regex_match(key.begin() + static_cast<std::ptrdiff_t>(key.rfind('/') + 1), key.end(), kBeside);
}

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() && text[i] == '%' ? hex_digit(text[i + 1]) : -1, low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

InputObject local_object(const std::string& path) {
  std::error_code error;
  const auto changed = fs::last_write_time(path, error).time_since_epoch().count();
  const auto size = static_cast<int64_t>(fs::file_size(path, error));
  return {"file://" + path, path, size, fmt::format("{}-{}", size, changed)};
}

}  // namespace

Result<std::unique_ptr<InputObjects>> InputObjects::open(const std::string& url, const BucketAccess& access) {
  ASSIGN_OR_RETURN(InputUrl parsed, parse_input_url(url));
  std::unique_ptr<storage::ObjectStore> store;
  if (parsed.scheme == "s3") {
    ASSIGN_OR_RETURN(store, open_bucket(parsed.bucket, access));
  }
  return std::unique_ptr<InputObjects>(new InputObjects(std::move(parsed), std::move(store)));
}

Result<std::vector<InputObject>> InputObjects::list() {
  std::vector<InputObject> out;
  if (store_) {
    ASSIGN_OR_RETURN(std::vector<storage::ObjectEntry> entries, matching_objects(*store_, url_.pattern));
    for (const storage::ObjectEntry& entry : entries) {
      if (is_beside_values(entry.key)) continue;
      std::string version = entry.etag.empty() ? fmt::format("{}-{}", entry.size, entry.last_modified_ms) : entry.etag;
      out.push_back({fmt::format("s3://{}/{}", url_.bucket, entry.key), entry.key, entry.size, std::move(version)});
    }
  } else {
    for (const std::string& path : matching_files(url_.pattern)) {
      if (!is_beside_values(path)) out.push_back(local_object(path));
    }
  }
  if (out.empty()) {
    return store_ ? Status::not_found(fmt::format("No objects match 's3://{}/{}'. Check the pattern: it is matched from the bucket's root", url_.bucket, url_.pattern))
                  : Status::not_found(fmt::format("No files match '{}'", url_.pattern));
  }
  return out;
}

Result<std::string> InputObjects::read(const InputObject& object) {
  if (store_) return store_->get(object.key);
  std::ifstream in(object.key, std::ios::binary);
  std::string out(static_cast<size_t>(std::max<int64_t>(object.size, 0)), '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (!in || in.gcount() != static_cast<std::streamsize>(out.size())) return Status::host(fmt::format("Cannot read '{}': {}", object.key, std::strerror(errno)));
  return out;
}

Result<std::string> ReadAhead::read(size_t at) {
  for (size_t next = at; objects_.in_bucket() && next < std::min(list_.size(), at + 1 + kObjectsAhead); ++next) {
    if (under_way_.count(next) || (next > at && list_[next].size > kAheadBytes)) continue;
    try {
      under_way_[next] = std::async(std::launch::async, [this, next] { return objects_.read(list_[next]); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had: one after the other then
    }
  }
  auto found = under_way_.find(at);
  if (found == under_way_.end()) return objects_.read(list_[at]);
  Result<std::string> out = found->second.get();
  under_way_.erase(found);
  return out;
}

std::map<std::string, std::string> path_columns(const std::string& path) {
  std::map<std::string, std::string> out;
  size_t at = 0;
  for (size_t slash; (slash = path.find('/', at)) != std::string::npos; at = slash + 1) {
    const std::string_view part = std::string_view(path).substr(at, slash - at);
    const size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos || part.substr(equals + 1) == kHiveNull) continue;
    out[percent_decoded(part.substr(0, equals))] = percent_decoded(part.substr(equals + 1));
  }
  return out;
}

}  // namespace bywash::processing
