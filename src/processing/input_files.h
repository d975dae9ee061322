// Input of a processing job: the files behind a URL with wildcards. Level 6.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "storage/object_store.h"

namespace bywash::processing {

// Parts of "s3://bucket/year=*/month=*" or "file:///folder/year=*".
struct InputUrl {
  std::string scheme;   // "s3", "file"
  std::string bucket;   // s3 only
  std::string pattern;  // key pattern, or an absolute path pattern for files
};
// Also takes s3a:// and a plain path. Error: another scheme, or no bucket.
Result<InputUrl> parse_input_url(const std::string& url);

// Does `key` match `pattern` as Hadoop's globs do: * ? [abc] {a,b} inside one path segment; ** over several. A pattern that names a
// folder matches every data file below it; names that start with "." or "_" are hidden.
bool matches_input(const std::string& pattern, const std::string& key);

enum class InputFormat { kParquet, kJson, kCsv };

struct InputFiles {
  InputFormat format = InputFormat::kParquet;
  std::vector<std::string> paths;  // local files, sorted
};

// Finds the files; objects of an S3 bucket are brought to `spool_folder` first (`progress(done, total)` after each).
// kNotFound when nothing matches; kInvalid when formats are mixed.
Result<InputFiles> collect_input(const InputUrl& url, const std::string& spool_folder, const std::function<void(size_t, size_t)>& progress);

// What a caller says of a bucket instead of the environment; empty: as the environment says.
struct BucketAccess {
  std::string region, endpoint;
  std::string access_key_id;
  config::Secret secret_access_key;
};

// The store of an s3 URL: region from AWS_REGION, endpoint from AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, credentials as the AWS clients
// find them; path style when there is an endpoint.
Result<std::unique_ptr<storage::ObjectStore>> open_bucket(const std::string& bucket, const BucketAccess& access = {});

// What matches_input() lets through, without empty ones, by name.
Result<std::vector<storage::ObjectEntry>> matching_objects(storage::ObjectStore& store, const std::string& pattern);
std::vector<std::string> matching_files(const std::string& pattern);

}  // namespace bywash::processing
