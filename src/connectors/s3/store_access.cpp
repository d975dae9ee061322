// Level 6, the task's thread.
#include "connectors/s3/store_access.h"

#include <cstdlib>

#include "storage/local_store.h"
#include "storage/object_key.h"
#include "storage/s3_store.h"

namespace bywash::connectors::s3 {

Result<std::shared_ptr<storage::ObjectStore>> open_store(const StoreAccess& access) {
  if (access.store_url && access.store_url->starts_with("file:")) {
    ASSIGN_OR_RETURN(std::string folder, storage::folder_of_file_url(*access.store_url));
    return std::shared_ptr<storage::ObjectStore>(std::make_shared<storage::LocalStore>(std::move(folder)));
  }
  storage::S3Options options;
  options.endpoint = access.store_url.value_or("");
  if (options.endpoint.empty()) options.endpoint = storage::endpoint_from_environment();
  options.path_style = access.path_style_access;
  if (access.wan_mode && options.endpoint.empty()) {
    options.endpoint = "https://s3-accelerate.amazonaws.com";
    options.path_style = false;
  }
  options.region = access.region;
  options.bucket = access.bucket.value_or("");
  net::CredentialSources sources{access.access_key_id, access.secret_access_key, nullptr};
  ASSIGN_OR_RETURN(options.credentials, net::find_aws_credentials(sources));
  options.refresh = [sources] { return net::find_aws_credentials(sources); };
  // As Amazon's command line and SDK for Python have it: certificates of a private authority.
  if (const char* authorities = std::getenv("AWS_CA_BUNDLE")) options.http.ca_file = authorities;
  options.retries = access.part_retries;
  options.retry_backoff = Millis(access.s3_retry_backoff_ms);
  options.http.proxy_url = access.proxy_url;
  options.http.proxy_user = access.proxy_user.value_or("");
  options.http.proxy_password = access.proxy_password;
  options.http.expect_continue = access.send_expect_continue;
  options.canned_acl = access.acl_canned.value_or("");
  options.sse_algorithm = access.ssea_name;
  options.sse_kms_key_id = access.sse_kms_key_id;
  options.sse_customer_key = access.sse_customer_key;
  options.send_digest = access.send_digest;
  return std::shared_ptr<storage::ObjectStore>(std::make_shared<storage::S3Store>(std::move(options)));
}

}  // namespace bywash::connectors::s3
