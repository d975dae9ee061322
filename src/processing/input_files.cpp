// Finding and fetching a job's input. Level 6, the job's thread; downloads on a few threads.
#include "processing/input_files.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <regex>
#include <thread>

#include "net/aws_credentials.h"
#include "storage/local_store.h"
#include "storage/object_key.h"
#include "storage/s3_store.h"

namespace bywash::processing {
namespace {

namespace fs = std::filesystem;
constexpr int kDownloads = 4;

bool has_wildcard(std::string_view text) { return text.find_first_of("*?[{") != text.npos; }

std::string regex_of(const std::string& pattern) {
  std::string out;
  int braces = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '*' && i + 1 < pattern.size() && pattern[i + 1] == '*') { out += ".*"; ++i; }
    else if (c == '*') out += "[^/]*";
    else if (c == '?') out += "[^/]";
    else if (c == '[' && pattern.find(']', i) != pattern.npos) {
      size_t end = pattern.find(']', i);
      std::string set = pattern.substr(i + 1, end - i - 1);
      if (!set.empty() && set[0] == '!') set[0] = '^';
      out += "[" + set + "]";
      i = end;
    } else if (c == '{') { out += "(?:"; ++braces; }
    else if (c == '}' && braces > 0) { out += ")"; --braces; }
    else if (c == ',' && braces > 0) out += "|";
    else if (std::string_view("\\^$.|+()[]{}").find(c) != std::string_view::npos) { out += '\\'; out += c; }
    else out += c;
  }
  return out;
}

// The longest head of a pattern that ends in "/" and has no wildcard.
std::string fixed_head(const std::string& pattern) {
  size_t wild = pattern.find_first_of("*?[{");
  if (wild == pattern.npos) return pattern;
  size_t slash = pattern.rfind('/', wild);
  return slash == pattern.npos ? "" : pattern.substr(0, slash + 1);
}

bool hidden(std::string_view key) {
  for (size_t at = 0; at < key.size();) {
    size_t slash = std::min(key.find('/', at), key.size());
    if (slash > at && (key[at] == '.' || (key[at] == '_' && key.substr(at, slash - at).find('=') == key.npos))) return true;
    at = slash + 1;
  }
  return false;
}

Result<InputFormat> format_of(const std::vector<std::string>& paths) {
  auto one = [](const std::string& p) {
    if (p.ends_with(".parquet")) return std::optional(InputFormat::kParquet);
    for (const char* end : {".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz"}) if (p.ends_with(end)) return std::optional(InputFormat::kJson);
    for (const char* end : {".csv", ".csv.gz", ".tsv"}) if (p.ends_with(end)) return std::optional(InputFormat::kCsv);
    return std::optional<InputFormat>();
  };
  auto first = one(paths.front());
  if (!first) return Status::invalid(fmt::format("Input file '{}' is of no known format. Known are .parquet, .json, .jsonl and .csv", paths.front()));
  for (const auto& p : paths) {
    if (one(p) != first) return Status::invalid(fmt::format("Input files of several formats: '{}' and '{}'. Narrow --from to one", paths.front(), p));
  }
  return *first;
}

Status download(storage::ObjectStore& store, const std::vector<std::string>& keys, const std::string& folder, const std::function<void(size_t, size_t)>& progress,
                std::vector<std::string>* paths) {
  paths->resize(keys.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status failure;
  size_t done = 0;
  auto work = [&] {
    for (size_t i = next++; i < keys.size(); i = next++) {
      Status status;
      fs::path path = fs::path(folder) / keys[i];
      auto bytes = store.get(keys[i]);
      if (bytes.ok()) {
        std::error_code error;
        fs::create_directories(path.parent_path(), error);
        std::ofstream out(path, std::ios::binary);
        out << *bytes;
        out.close();
        if (!out) status = Status::host(fmt::format("Cannot write '{}': is the disk full? --spool-dir names another folder", path.string()));
      } else {
        status = bytes.status();
      }
      std::lock_guard lock(mutex);
      (*paths)[i] = path.string();
      if (!status.ok()) {
        if (failure.ok()) failure = status;
        next = keys.size();
        return;
      }
      progress(++done, keys.size());
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kDownloads; ++i) threads.emplace_back(work);
  for (auto& t : threads) t.join();
  return failure;
}

}  // namespace

Result<InputUrl> parse_input_url(const std::string& url) {
  for (const char* scheme : {"s3://", "s3a://", "s3n://"}) {
    if (!url.starts_with(scheme)) continue;
    std::string rest = url.substr(std::string_view(scheme).size());
    size_t slash = rest.find('/');
    InputUrl out{"s3", rest.substr(0, slash), slash == rest.npos ? "" : rest.substr(slash + 1)};
    if (out.bucket.empty() || has_wildcard(out.bucket)) return Status::invalid(fmt::format("--from names no bucket: '{}'. Write s3://bucket/path", url));
    return out;
  }
  if (url.starts_with("file:")) {
    ASSIGN_OR_RETURN(std::string path, storage::folder_of_file_url(url));
    return InputUrl{"file", "", path};
  }
  if (url.find("://") != url.npos) return Status::invalid(fmt::format("--from has a scheme that is not known: '{}'. Known are s3:// and file://", url));
  return InputUrl{"file", "", fs::absolute(url).string()};
}

bool matches_input(const std::string& pattern, const std::string& key) {
  std::string head = fixed_head(pattern);
  if (!key.starts_with(head)) return false;
  if (hidden(std::string_view(key).substr(head.size()))) return false;
  std::string trimmed = pattern;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  if (trimmed.empty()) return true;
  return std::regex_match(key, std::regex(regex_of(trimmed) + "(/.*)?"));
}

Result<std::vector<storage::ObjectEntry>> matching_objects(storage::ObjectStore& store, const std::string& pattern) {
  std::vector<storage::ObjectEntry> out;
  storage::ListRequest request;
  request.prefix = fixed_head(pattern);
  do {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    for (auto& object : page.objects) {
      if (object.size > 0 && matches_input(pattern, object.key)) out.push_back(std::move(object));
    }
    request.continuation = page.next;
  } while (!request.continuation.empty());
  return out;
}

std::vector<std::string> matching_files(const std::string& pattern) {
  std::vector<std::string> out;
  std::string head = fixed_head(pattern);
  std::error_code error;
  if (fs::is_regular_file(head, error)) return {head};
  for (auto it = fs::recursive_directory_iterator(head, fs::directory_options::skip_permission_denied, error); it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (error) break;
    if (it->is_regular_file(error) && it->file_size(error) > 0 && matches_input(pattern, it->path().string())) out.push_back(it->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::unique_ptr<storage::ObjectStore>> open_bucket(const std::string& bucket, const BucketAccess& access) {
  storage::S3Options options;
  options.bucket = bucket;
  options.endpoint = access.endpoint.empty() ? storage::endpoint_from_environment() : access.endpoint;
  options.path_style = !options.endpoint.empty();
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const char* region = std::getenv(name); region && *region) {
      options.region = region;
      break;
    }
  }
  if (!access.region.empty()) options.region = access.region;
  net::CredentialSources sources;
  sources.access_key_id = access.access_key_id;
  sources.secret_access_key = access.secret_access_key;
  ASSIGN_OR_RETURN(options.credentials, net::find_aws_credentials(sources));
  return std::unique_ptr<storage::ObjectStore>(std::make_unique<storage::S3Store>(std::move(options)));
}

Result<InputFiles> collect_input(const InputUrl& url, const std::string& spool_folder, const std::function<void(size_t, size_t)>& progress) {
  InputFiles out;
  if (url.scheme == "s3") {
    ASSIGN_OR_RETURN(auto store, open_bucket(url.bucket));
    ASSIGN_OR_RETURN(std::vector<storage::ObjectEntry> objects, matching_objects(*store, url.pattern));
    std::vector<std::string> keys;
    for (const storage::ObjectEntry& object : objects) keys.push_back(object.key);
    if (keys.empty()) return Status::not_found(fmt::format("No objects match 's3://{}/{}'. Check the pattern: it is matched from the bucket's root", url.bucket, url.pattern));
    RETURN_IF_ERROR(download(*store, keys, spool_folder, progress, &out.paths));
  } else {
    out.paths = matching_files(url.pattern);
    if (out.paths.empty()) return Status::not_found(fmt::format("No files match '{}'", url.pattern));
    progress(out.paths.size(), out.paths.size());
  }
  ASSIGN_OR_RETURN(out.format, format_of(out.paths));
  return out;
}

}  // namespace bywash::processing
