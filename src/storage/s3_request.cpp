// S3Requester. Level 3, every thread.
#include "storage/s3_request.h"

#include <openssl/evp.h>

#include <algorithm>
#include <random>
#include <thread>

#include "base/encoding.h"
#include "storage/object_key.h"
#include "storage/s3_errors.h"
#include "storage/s3_signer.h"

namespace bywash::storage {
namespace {

std::string from_base64(const std::string& text) {
  std::string out(text.size(), '\0');
  int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (n < 0) return {};
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --n;
  out.resize(static_cast<size_t>(std::max(n, 0)));
  return out;
}

std::string md5_base64(std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_md5(), nullptr);
  return base64({reinterpret_cast<char*>(out), size});
}

}  // namespace

std::string content_md5(std::string_view bytes) { return md5_base64(bytes); }

Millis backoff_with_jitter(Millis backoff, Millis backoff_max, int attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  int64_t full = backoff.count() << std::min(attempt, 20);
  full = std::min(full, backoff_max.count());
  if (full <= 1) return Millis(full);
  return Millis(full - std::uniform_int_distribution<int64_t>(0, full / 2)(random));
}

S3Requester::S3Requester(S3Options options) : options_(std::move(options)), credentials_(options_.credentials), http_(options_.http) {
  std::string endpoint = options_.endpoint;
  if (endpoint.empty()) endpoint = fmt::format("https://s3.{}.amazonaws.com", options_.region);
  if (endpoint.find("://") == endpoint.npos) endpoint = "https://" + endpoint;
  while (endpoint.ends_with("/")) endpoint.pop_back();
  size_t at = endpoint.find("://") + 3;
  tls_ = endpoint.starts_with("https:");
  std::string scheme = endpoint.substr(0, at), host = endpoint.substr(at);
  // A path inside the endpoint (a gateway) stays in front.
  size_t slash = host.find('/');
  if (slash != host.npos) {
    path_head_ = host.substr(slash);
    host.resize(slash);
  }
  // Dots in a bucket name break the certificate of the virtual host.
  bool virtual_host = !options_.path_style && !(tls_ && options_.bucket.find('.') != std::string::npos);
  if (virtual_host) host = options_.bucket + "." + host;
  else path_head_ += "/" + percent_encode(options_.bucket, false);
  base_url_ = scheme + host;
  host_ = host;
  // The Host header has no default port.
  if (tls_ && host_.ends_with(":443")) host_.resize(host_.size() - 4);
  if (!tls_ && host_.ends_with(":80")) host_.resize(host_.size() - 3);
}

void S3Requester::add_encryption(std::map<std::string, std::string>* headers, bool customer_key_only) const {
  if (!options_.sse_customer_key.empty()) {
    (*headers)["x-amz-server-side-encryption-customer-algorithm"] = "AES256";
    (*headers)["x-amz-server-side-encryption-customer-key"] = options_.sse_customer_key.text();
    (*headers)["x-amz-server-side-encryption-customer-key-md5"] = md5_base64(from_base64(options_.sse_customer_key.text()));
  } else if (!customer_key_only && !options_.sse_algorithm.empty()) {
    (*headers)["x-amz-server-side-encryption"] = options_.sse_algorithm;
    if (!options_.sse_kms_key_id.empty()) (*headers)["x-amz-server-side-encryption-aws-kms-key-id"] = options_.sse_kms_key_id;
  }
}

Result<net::HttpResponse> S3Requester::send(const S3Call& call) {
  for (int attempt = 0;; ++attempt) {
    auto answer = send_once(call);
    if (answer.ok() || !answer.status().retriable() || attempt >= options_.retries) return answer;
    std::this_thread::sleep_for(backoff_with_jitter(options_.retry_backoff, options_.retry_backoff_max, attempt));
  }
}

// Those of now. While new ones cannot be had the old ones serve until the store refuses them.
Result<net::AwsCredentials> S3Requester::credentials() {
  constexpr int64_t kBeforeExpiryMs = 5 * 60 * 1000;
  std::lock_guard lock(mutex_);
  if (!options_.refresh || credentials_.expires_ms == 0 || wall_clock_ms() < credentials_.expires_ms - kBeforeExpiryMs) return credentials_;
  auto fresh = options_.refresh();
  if (fresh.ok()) credentials_ = *std::move(fresh);
  else if (wall_clock_ms() >= credentials_.expires_ms) return fresh.status();
  return credentials_;
}

// Whether new credentials may help; the next request has them. An answer to HEAD has no body that says so: then once a minute.
bool S3Requester::is_expired(const S3Call& call, const net::HttpResponse& answer) {
  if (!options_.refresh) return false;
  const bool told = answer.body.find("<Code>ExpiredToken</Code>") != std::string::npos;
  std::lock_guard lock(mutex_);
  if (!told) {
    const bool silent = call.method == "HEAD" && (answer.status == 400 || answer.status == 403);
    if (!silent || credentials_.expires_ms == 0 || steady_now() < next_guess_) return false;
    next_guess_ = steady_now() + std::chrono::minutes(1);
  }
  credentials_.expires_ms = 1;
  return true;
}

Result<net::HttpResponse> S3Requester::send_once(const S3Call& call) {
  SignedRequest request;
  request.method = call.method;
  request.path = path_head_ + (call.key.empty() ? (path_head_.empty() ? "/" : "") : "/" + percent_encode(call.key, true));
  request.query = call.query;
  request.headers = call.headers;
  request.headers["host"] = host_;
  if (options_.send_digest && !call.body.empty()) request.headers["content-md5"] = md5_base64(call.body);
  // Over TLS the bytes are protected already, as Amazon's SDKs have it.
  request.payload_hash = tls_ && !call.body.empty() ? std::string(kUnsignedPayload) : sha256_hex(call.body);
  ASSIGN_OR_RETURN(net::AwsCredentials own, credentials());
  sign(request, own, options_.region, wall_clock_ms());

  net::HttpRequest http;
  http.method = call.method;
  http.url = base_url_ + request.path;
  if (!call.query.empty()) http.url += "?" + canonical_query(call.query);
  for (const auto& [name, value] : request.headers) http.headers.emplace_back(name, value);
  http.body = call.body;
  auto answer = http_.send(http);
  if (!answer.ok()) return answer.status().with_context(call.what);
  if (answer->status == 501 && call.headers.contains("if-none-match")) {
    // A store without conditional writes.
    S3Call plain = call;
    plain.headers.erase("if-none-match");
    return send_once(plain);
  }
  if (answer->status < 200 || answer->status > 299) {
    Status refused = status_of(*answer, call.what);
    if (is_expired(call, *answer)) return Status::retriable(refused.message());
    return refused;
  }
  return answer;
}

}  // namespace bywash::storage
