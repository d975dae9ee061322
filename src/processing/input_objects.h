// The objects behind a URL with wildcards, one by one: listed first, read when they are wanted. For tables that ingest files. Level 6.
#pragma once

#include <cstdint>
#include <future>
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
  bool in_bucket() const { return store_ != nullptr; }

 private:
  InputObjects(InputUrl url, std::unique_ptr<storage::ObjectStore> store) : url_(std::move(url)), store_(std::move(store)) {}
  InputUrl url_;
  std::unique_ptr<storage::ObjectStore> store_;  // nullptr: local files
};

// Reads objects in their order, while the next few small ones of a bucket are read on other threads. One caller at a time.
class ReadAhead {
 public:
  // Both outlive the object.
  ReadAhead(InputObjects& objects, const std::vector<InputObject>& list) : objects_(objects), list_(list) {}
  // The bytes of list[at]; `at` only grows from call to call.
  Result<std::string> read(size_t at);

 private:
  InputObjects& objects_;
  const std::vector<InputObject>& list_;
  std::map<size_t, std::future<Result<std::string>>> under_way_;  // each waits for its thread when it goes
};

// The columns that a path names: "a/year=2026/month=11/x.json" has year and month; %XX is decoded, Hive's name for null is left out.
std::map<std::string, std::string> path_columns(const std::string& path);

}  // namespace bywash::processing
