// The objects behind a URL with wildcards, one by one: listed first, read when they are wanted. For tables that ingest files. Level 6.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "processing/input_files.h"

namespace bywash::processing {

struct InputObject {
  std::string uri;      // s3://bucket/key, file:///path
  std::string key;      // or path
  int64_t size = 0;
  std::string version;  // changes when the content does: the store's tag, or size and time
};

class InputObjects {
 public:
  // A URL as `bywash process --from` takes it; the bucket is opened as `access` and the environment say.
  static Result<std::unique_ptr<InputObjects>> open(const std::string& url, const BucketAccess& access);
  // Those that match, by name, without empty ones, hidden ones, and the keys and headers that the S3 sink stores beside values.
  // kNotFound when there are none.
  Result<std::vector<InputObject>> list();
  Result<std::string> read(const InputObject& object);

 private:
  InputObjects(InputUrl url, std::unique_ptr<storage::ObjectStore> store) : url_(std::move(url)), store_(std::move(store)) {}
  InputUrl url_;
  std::unique_ptr<storage::ObjectStore> store_;  // nullptr: local files
};

// The columns that a path names: "a/year=2026/month=11/x.json" has year and month; %XX is decoded, Hive's name for null is left out.
std::map<std::string, std::string> path_columns(const std::string& path);

}  // namespace bywash::processing
