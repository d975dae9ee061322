// ObjectStore: objects under string keys in one bucket or folder. A reader never sees half an object: it appears whole, or not at
// all. Level 3; implementations are safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bywash::storage {

// What an object is written with, beside its bytes.
struct ObjectAttributes {
  std::string content_type = "application/octet-stream";
  std::string content_encoding;  // empty: none
  bool only_if_absent = false;   // an object that is there already is not replaced: kConflict (where the store knows If-None-Match)
};

struct ObjectEntry {
  std::string key;
  int64_t size = 0;
  std::string etag;              // without quotes; empty where the store has none
  int64_t last_modified_ms = 0;  // since the epoch
};

// An upload that was started and neither completed nor aborted.
struct PendingUpload {
  std::string key;
  std::string upload;
};

struct ListRequest {
  std::string prefix;
  std::string delimiter;     // "/": keys with one behind the prefix are folded into `prefixes`; empty: none
  std::string continuation;  // ListPage::next of the page before; empty: the first page
  int page_size = 1000;
};

struct ListPage {
  std::vector<ObjectEntry> objects;   // by key, ascending
  std::vector<std::string> prefixes;
  std::string next;  // empty: this was the last page
};

// Errors of every call: kRetriable and kTimedOut (after the store's own retries) for what may pass, kUnauthorized, kNotFound,
// kConflict, else kFatal. Messages name the store and the key.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // "s3://bucket" or "file:///folder", for messages.
  virtual const std::string& name() const = 0;
  // Can this store be used at all: does the bucket exist, are the credentials good, can the folder be written?
  virtual Status check() = 0;

  // Writes an object whole; replaces one that is there.
  virtual Status put(const std::string& key, std::string_view bytes, const ObjectAttributes& attributes) = 0;

  // An object in parts: part numbers count from 1, in order; each but the last at least 5 MiB. Nothing is visible until complete.
  virtual Result<std::string> create_upload(const std::string& key, const ObjectAttributes& attributes) = 0;
  // The part's tag, to be given to complete_upload in part order.
  virtual Result<std::string> upload_part(const std::string& key, const std::string& upload, int number, std::string_view bytes) = 0;
  // kNotFound: there is no such upload (any more). `only_if_absent` as in ObjectAttributes.
  virtual Status complete_upload(const std::string& key, const std::string& upload, const std::vector<std::string>& part_tags,
                                 bool only_if_absent = false) = 0;
  // Ok also when there was no such upload.
  virtual Status abort_upload(const std::string& key, const std::string& upload) = 0;
  // Pending uploads of keys with this prefix. A folder knows those of processes of this machine that have ended.
  virtual Result<std::vector<PendingUpload>> pending_uploads(const std::string& prefix) = 0;

  // Replaces an object's tags. Error: kInvalid where the store has none.
  virtual Status set_tags(const std::string& key, const std::map<std::string, std::string>& tags) = 0;

  virtual Result<std::string> get(const std::string& key) = 0;
  virtual Result<ObjectEntry> head(const std::string& key) = 0;
  virtual Result<ListPage> list(const ListRequest& request) = 0;
  // Ok also when there was no such object.
  virtual Status remove(const std::string& key) = 0;
  // The same for many, in as few requests as the store allows.
  virtual Status remove_all(const std::vector<std::string>& keys);
  // An object under another name too, at the store; replaces one that is there. kNotFound: there is no `from`.
  virtual Status copy(const std::string& from, const std::string& to) = 0;
};

}  // namespace bywash::storage
