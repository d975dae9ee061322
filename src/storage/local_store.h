// LocalStore: a folder as an object store, the embedded default. Keys are paths below it. Level 3, every thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "storage/object_store.h"

namespace bywash::storage {

// Objects are written under a temporary name (starting with "." so that listings and Spark's globs pass over it), flushed to the
// disk, renamed, and the folder is flushed: after a crash an object is there whole or not at all.
class LocalStore : public ObjectStore {
 public:
  // Creates the folder where it is missing (check() says whether that worked).
  explicit LocalStore(std::string folder);
  const std::string& name() const override { return name_; }
  Status check() override;
  Status put(const std::string& key, std::string_view bytes, const ObjectAttributes& attributes) override;
  Result<std::string> create_upload(const std::string& key, const ObjectAttributes& attributes) override;
  Result<std::string> upload_part(const std::string& key, const std::string& upload, int number, std::string_view bytes) override;
  Status complete_upload(const std::string& key, const std::string& upload, const std::vector<std::string>& part_tags,
                         bool only_if_absent = false) override;
  Status abort_upload(const std::string& key, const std::string& upload) override;
  Result<std::vector<PendingUpload>> pending_uploads(const std::string& prefix) override;
  Status set_tags(const std::string& key, const std::map<std::string, std::string>& tags) override;
  Result<std::string> get(const std::string& key) override;
  Result<ObjectEntry> head(const std::string& key) override;
  Result<ListPage> list(const ListRequest& request) override;
  Status remove(const std::string& key) override;
  Status copy(const std::string& from, const std::string& to) override;

 private:
  Result<std::string> path_of(const std::string& key) const;
  Result<std::string> temporary_beside(const std::string& path);
  Status finish(const std::string& temporary, const std::string& path, bool only_if_absent);

  std::string folder_;
  std::string name_;
  std::atomic<uint64_t> next_temporary_{0};
};

}  // namespace bywash::storage
