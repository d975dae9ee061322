// HTTP and HTTPS requests over libcurl with connections that are kept and reused. One request, one answer; whether to try again is
// the caller's business. Level 2; every thread (each call borrows one of the client's handles).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "config/config_def.h"

namespace bywash::net {

struct HttpClientOptions {
  Millis connect_timeout{10'000};
  Millis timeout{60'000};         // for one whole request with its answer
  std::string proxy_url;          // empty: none (the environment's proxies are not used)
  std::string proxy_user;
  config::Secret proxy_password;
  std::string ca_file;            // empty: the system's certificates
  std::string ca_pem;             // trusted certificates as PEM text, instead of ca_file and the system's
  std::string client_certificate; // what the client shows: PEM text or a PKCS12 store's bytes; empty: none
  bool client_certificate_is_pkcs12 = false;
  config::Secret client_key;      // PEM text, where client_certificate is PEM without its key
  config::Secret client_key_password;
  bool verify_host_name = true;
  bool expect_continue = false;   // send "Expect: 100-continue" with large bodies
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // already percent-encoded; sent as it is
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  // must outlive the call
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any HTTP status is an answer. Errors: kRetriable (no connection, connection lost), kTimedOut, kInvalid (the URL),
  // kFatal (TLS: the certificate is not trusted). Messages name the host, never headers or the query.
  Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::net
