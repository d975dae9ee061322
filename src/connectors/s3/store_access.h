// The store that a configuration means: a folder, or a bucket with its credentials. Sink and source have the same keys for it. Level 6.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/config_def.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

struct StoreAccess {
  std::optional<std::string> store_url, bucket, proxy_user, acl_canned;
  std::string region, access_key_id, proxy_url, ssea_name, sse_kms_key_id;
  config::Secret secret_access_key, sse_customer_key, proxy_password;
  bool wan_mode = false, path_style_access = true, send_expect_continue = true, send_digest = false;
  int32_t part_retries = 3;
  int64_t s3_retry_backoff_ms = 200;
};

template <class Config>
StoreAccess access_of(const Config& c) {
  return {c.store_url, c.bucket,           c.proxy_user,       c.acl_canned,     c.region,   c.access_key_id,     c.proxy_url,            c.ssea_name,   c.sse_kms_key_id,
          c.secret_access_key, c.sse_customer_key, c.proxy_password, c.wan_mode, c.path_style_access, c.send_expect_continue, c.send_digest, c.part_retries, c.s3_retry_backoff_ms};
}

Result<std::shared_ptr<storage::ObjectStore>> open_store(const StoreAccess& access);

}  // namespace bywash::connectors::s3
