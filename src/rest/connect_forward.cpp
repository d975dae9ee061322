// Forwarding between the workers of a cluster.
#include "rest/connect_forward.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "rest/connect_json.h"
#include "rest/tls_contexts.h"

namespace bywash::rest {
namespace {

net::HttpClientOptions forward_options() {
  net::HttpClientOptions out;
  out.connect_timeout = Millis(5000);
  out.timeout = Millis(95000);  // the other worker answers within 90 s
  return out;
}

// The request's target without its parameter `forward`, and with the one to send.
std::string forwarded_target(const std::string& target, bool may_forward_again) {
  size_t question = target.find('?');
  std::string out = target.substr(0, question);
  std::string rest = question == target.npos ? "" : target.substr(question + 1);
  out += fmt::format("?forward={}", may_forward_again);
  while (!rest.empty()) {
    size_t end = rest.find('&');
    std::string pair = rest.substr(0, end);
    rest.erase(0, end == rest.npos ? rest.size() : end + 1);
    if (!pair.empty() && pair != "forward" && !pair.starts_with("forward=")) out += "&" + pair;
  }
  return out;
}

}  // namespace

RequestForwarder::RequestForwarder(const config::Properties& worker)
    : plain_(std::make_shared<net::HttpClient>(forward_options())),
      stores_(listener_tls_prefix(worker).empty() ? worker : config::with_prefix(worker, listener_tls_prefix(worker)), listener_tls_prefix(worker)) {}

Result<std::shared_ptr<net::HttpClient>> RequestForwarder::client_for(const std::string& url) {
  if (!url.starts_with("https:")) return plain_;
  ASSIGN_OR_RETURN(auto stores, stores_.current());
  std::lock_guard lock(mutex_);
  if (tls_ && tls_of_ == stores) return tls_;
  net::HttpClientOptions options = forward_options();
  options.ca_pem = stores->trusted.empty() ? stores->certificates : stores->trusted;
  options.client_certificate = stores->certificates;
  options.client_key = stores->key;
  auto identification = stores_.keys().find("ssl.endpoint.identification.algorithm");
  options.verify_host_name = identification == stores_.keys().end() || ascii_lower(identification->second) == "https";
  tls_ = std::make_shared<net::HttpClient>(std::move(options));
  tls_of_ = stores;
  return tls_;
}

HttpResponse RequestForwarder::resolve(const HttpRequest& request, HttpResponse answer) {
  if (answer.status != 0) return answer;
  auto flag = request.query.find("forward");
  const bool first = flag == request.query.end();
  if (!first && ascii_lower(flag->second) != "true") {
    return error_response(409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)");
  }
  const std::string& url = answer.body;
  if (url.empty()) return error_response(409, "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.");
  net::HttpRequest out;
  out.method = request.method;
  out.url = url + forwarded_target(request.target, first);
  out.body = request.body;
  for (const char* name : {"authorization", "content-type", "accept"}) {
    if (auto it = request.headers.find(name); it != request.headers.end()) out.headers.emplace_back(name, it->second);
  }
  auto client = client_for(url);
  auto got = client.ok() ? (*client)->send(out) : Result<net::HttpResponse>(client.status());
  if (!got.ok()) {
    log::warn("rest", "{} {} could not be forwarded to {}: {}", request.method, request.path, url, got.status().message());
    return error_response(500, fmt::format("IO Error trying to forward REST request: {}", got.status().message()));
  }
  HttpResponse response;
  response.status = got->status;
  response.body = std::move(got->body);
  auto header = [&](const char* name) { auto it = got->headers.find(name); return it == got->headers.end() ? std::string() : it->second; };
  response.content_type = header("content-type");
  if (std::string location = header("location"); !location.empty()) response.headers.emplace_back("Location", location);
  return response;
}

}  // namespace bywash::rest
