// HttpClient: a stack of idle libcurl handles, each with its own kept connections. Level 2, every thread.
#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <mutex>

#include "base/check.h"
#include "base/text.h"

namespace bywash::net {
namespace {

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(started == CURLE_OK);
}

size_t take_body(char* data, size_t size, size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

size_t take_header(char* data, size_t size, size_t count, void* to) {
  std::string_view line(data, size * count);
  auto& response = *static_cast<HttpResponse*>(to);
  if (line.starts_with("HTTP/")) {
    response.headers.clear();  // the final answer's headers only (after 100 Continue or a proxy's)
    return line.size();
  }
  size_t colon = line.find(':');
  if (colon != line.npos) {
    std::string name(line.substr(0, colon));
    name = ascii_lower(name);
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' ')) value.remove_suffix(1);
    response.headers[name] = std::string(value);
  }
  return size * count;
}

// "https://host:port" of a URL, for messages.
std::string_view origin_of(std::string_view url) {
  size_t start = url.find("://");
  if (start == url.npos) return url.substr(0, 60);
  size_t end = url.find_first_of("/?", start + 3);
  return url.substr(0, end);
}

Status failure(CURLcode code, const char* detail, const HttpRequest& request) {
  std::string why = detail && *detail ? detail : curl_easy_strerror(code);
  std::string message = fmt::format("{} {} failed: {}", request.method, origin_of(request.url), why);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Status::timed_out(message);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Status::invalid(message + ". Check the URL");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM: return Status::fatal(message + ". Check the server's certificate and the CA certificates of this machine");
    default: return Status::retriable(message);
  }
}

curl_blob blob_of(const std::string& text) { return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY}; }

// The options outlive every handle's use of them.
void set_tls(CURL* curl, const HttpClientOptions& o) {
  if (!o.ca_pem.empty()) {
    curl_blob ca = blob_of(o.ca_pem);
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
  } else if (!o.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, o.ca_file.c_str());
  }
  if (!o.verify_host_name) curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  if (o.client_certificate.empty()) return;
  curl_blob certificate = blob_of(o.client_certificate);
  curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, o.client_certificate_is_pkcs12 ? "P12" : "PEM");
  if (!o.client_certificate_is_pkcs12) {
    curl_blob key = blob_of(o.client_key.empty() ? o.client_certificate : o.client_key.text());
    curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
    curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
  }
  if (!o.client_key_password.empty()) curl_easy_setopt(curl, CURLOPT_KEYPASSWD, o.client_key_password.text().c_str());
}

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

}  // namespace

struct HttpClient::Impl {
  HttpClientOptions options;
  std::mutex mutex;
  std::vector<CURL*> idle;

  CURL* borrow() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return curl_easy_init();
    CURL* handle = idle.back();
    idle.pop_back();
    return handle;
  }
  void give_back(CURL* handle) {
    curl_easy_reset(handle);  // keeps the connections
    std::lock_guard lock(mutex);
    idle.push_back(handle);
  }
};

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>()) {
  start_curl_once();
  impl_->options = std::move(options);
}

HttpClient::~HttpClient() {
  for (CURL* handle : impl_->idle) curl_easy_cleanup(handle);
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  const HttpClientOptions& o = impl_->options;
  CURL* curl = impl_->borrow();
  if (!curl) return Status::host("Cannot start an HTTP request: libcurl has no memory");
  HttpResponse response;
  HeaderList headers;
  char detail[CURL_ERROR_SIZE] = "";
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    headers.add(value.empty() ? name + ";" : name + ": " + value);
    has_type |= name == "content-type" || name == "Content-Type";
  }
  if (!has_type) headers.add("Content-Type:");
  if (!o.expect_continue) headers.add("Expect:");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(o.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_PROXY, o.proxy_url.c_str());
  if (!o.proxy_user.empty()) {
    curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, o.proxy_user.c_str());
    curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, o.proxy_password.text().c_str());
  }
  set_tls(curl, o);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method != "DELETE" || !request.body.empty()) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
  CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  impl_->give_back(curl);
  if (code != CURLE_OK) return failure(code, detail, request);
  response.status = static_cast<int>(status);
  return response;
}

}  // namespace bywash::net
