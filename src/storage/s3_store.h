// S3Store: a bucket of Amazon S3 or of a store that speaks its protocol. Level 3, every thread.
#pragma once

#include <memory>
#include <string>

#include "storage/object_store.h"
#include "storage/s3_request.h"

namespace bywash::storage {

class S3Store : public ObjectStore {
 public:
  explicit S3Store(S3Options options);
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
  Status remove_all(const std::vector<std::string>& keys) override;
  Status copy(const std::string& from, const std::string& to) override;
  // Makes the bucket; ok when it is there already and ours.
  Status create_bucket();

 private:
  std::map<std::string, std::string> object_headers(const ObjectAttributes& attributes) const;
  std::string what(std::string_view verb, const std::string& key) const;

  S3Requester requester_;
  std::string name_;
};

// The endpoint for requests to S3 when store.url is not set: AWS_ENDPOINT_URL_S3, then AWS_ENDPOINT_URL, else empty.
std::string endpoint_from_environment();

}  // namespace bywash::storage
