// One S3 request: address, signature, retries with jittered exponential backoff. Level 3, every thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"

namespace bywash::storage {

struct S3Options {
  std::string endpoint;  // "http://127.0.0.1:9000"; empty: Amazon's of the region
  std::string region = "us-east-1";
  std::string bucket;
  bool path_style = true;
  net::AwsCredentials credentials;
  // New ones, asked for five minutes before `credentials` expire and when the store says that they have; may be empty.
  std::function<Result<net::AwsCredentials>()> refresh;
  int retries = 3;                // after the first attempt
  Millis retry_backoff{200};      // before the first retry; doubles, with jitter
  Millis retry_backoff_max{60'000};
  net::HttpClientOptions http;
  std::string canned_acl;         // x-amz-acl; empty: none
  std::string sse_algorithm;      // x-amz-server-side-encryption; empty: none
  std::string sse_kms_key_id;
  config::Secret sse_customer_key;  // base64 of 32 bytes: SSE-C
  bool send_digest = false;       // Content-MD5 with every body
};

// The parts of a request that differ from call to call.
struct S3Call {
  std::string method;
  std::string key;  // empty: the bucket itself
  std::vector<std::pair<std::string, std::string>> query;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string_view body;
  std::string what;  // in words, for errors: "Cannot write 's3://bucket/key'"
};

class S3Requester {
 public:
  explicit S3Requester(S3Options options);
  // A 2xx answer, or the error after all retries. Retries transport errors and kRetriable answers.
  Result<net::HttpResponse> send(const S3Call& call);
  const S3Options& options() const { return options_; }
  // Headers that turn on the configured encryption (`with_key`: SSE-C's key, wanted for parts and reads too).
  void add_encryption(std::map<std::string, std::string>* headers, bool customer_key_only) const;

 private:
  Result<net::HttpResponse> send_once(const S3Call& call);
  Result<net::AwsCredentials> credentials();
  bool is_expired(const S3Call& call, const net::HttpResponse& answer);
  S3Options options_;
  std::mutex mutex_;
  net::AwsCredentials credentials_;  // under mutex_
  SteadyTime next_guess_{};          // under mutex_
  net::HttpClient http_;
  std::string base_url_;   // scheme and host
  std::string host_;
  std::string path_head_;  // "/bucket" in path style, else ""
  bool tls_ = false;
};

// Content-MD5 of a body.
std::string content_md5(std::string_view bytes);

// How long to wait before retry `attempt` (0: the first): backoff * 2^attempt, of which a random part of up to a half is taken off.
Millis backoff_with_jitter(Millis backoff, Millis backoff_max, int attempt);

}  // namespace bywash::storage
