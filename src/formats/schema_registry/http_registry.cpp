// Requests, failover, retries, error codes. Level 4, the task's thread.
#include "formats/schema_registry/http_registry.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "formats/schema_registry/registry_credentials.h"
#include "net/http_client.h"

namespace bywash::formats::schema_registry {
namespace {

using nlohmann::json;

constexpr const char* kErrors = "org.apache.kafka.common.errors.";
// A task has to poll within max.poll.interval.ms (300 s) or it loses its partitions. One request may take 120 s, to connect and to read; behind
// this time no further one begins, and the task asks again after it has polled.
constexpr std::chrono::seconds kCallMax(60);

std::string url_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

std::string url_decode(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// One instance of the registry: its URL without user and password, and these.
struct Instance {
  std::string url;
  std::string user_info;
};

Instance instance_of(std::string_view url) {
  Instance out;
  size_t start = url.find("://") + 3;
  size_t end = std::min(url.find('/', start), url.size());
  size_t at = url.rfind('@', end);
  if (at != url.npos && at >= start) {
    out.user_info = url_decode(url.substr(start, at - start));
    out.url = std::string(url.substr(0, start)) + std::string(url.substr(at + 1));
  } else {
    out.url = url;
  }
  while (out.url.ends_with('/')) out.url.pop_back();
  return out;
}

json request_body(const SchemaText& schema) {
  json body = {{"schema", schema.text}};
  // Left out for Avro, as Confluent's client does: registries before 5.5 do not know the key.
  if (schema.kind != SchemaKind::kAvro) body["schemaType"] = std::string(to_string(schema.kind));
  if (!schema.references.empty()) {
    body["references"] = json::array();
    for (const Reference& r : schema.references) body["references"].push_back({{"name", r.name}, {"subject", r.subject}, {"version", r.version}});
  }
  return body;
}

// The schema out of an answer; an answer without its parts gives an empty text.
SchemaText schema_of(const json& body) {
  SchemaText out;
  out.text = body.value("schema", "");
  std::string kind = body.contains("schemaType") && body["schemaType"].is_string() ? body["schemaType"].get<std::string>() : "AVRO";
  out.kind = kind == "JSON" ? SchemaKind::kJson : kind == "PROTOBUF" ? SchemaKind::kProtobuf : SchemaKind::kAvro;
  if (auto it = body.find("references"); it != body.end() && it->is_array()) {
    for (const json& r : *it) out.references.push_back({r.value("name", ""), r.value("subject", ""), r.value("version", 0)});
  }
  return out;
}

class HttpRegistry final : public Registry {
 public:
  HttpRegistry(const RegistryConfig& config, net::HttpClientOptions http, std::unique_ptr<RequestCredentials> credentials)
      : config_(config), client_(std::move(http)), credentials_(std::move(credentials)) {
    for (const std::string& url : config.urls) instances_.push_back(instance_of(url));
    if (config.url_randomize) current_ = std::random_device()() % instances_.size();
  }

  Result<SchemaText> schema_by_id(int32_t id, const std::string& subject) override {
    std::string path = fmt::format("/schemas/ids/{}?fetchMaxId=false", id);
    if (!subject.empty()) path += "&subject=" + url_encode(subject);
    ASSIGN_OR_RETURN(json body, call("GET", path, nullptr));
    SchemaText out = schema_of(body);
    if (out.text.empty()) return unusable();
    return out;
  }

  Result<Registered> register_schema(const std::string& subject, const SchemaText& schema, bool normalize) override {
    json body = request_body(schema);
    ASSIGN_OR_RETURN(json answer, call("POST", fmt::format("/subjects/{}/versions?normalize={}", url_encode(subject), normalize), &body));
    return registered(subject, answer, &schema);
  }

  Result<Registered> lookup(const std::string& subject, const SchemaText& schema, bool normalize) override {
    json body = request_body(schema);
    ASSIGN_OR_RETURN(json answer, call("POST", fmt::format("/subjects/{}?normalize={}&deleted=false", url_encode(subject), normalize), &body));
    return registered(subject, answer, &schema);
  }

  Result<Registered> version(const std::string& subject, int32_t version) override {
    std::string which = version > 0 ? fmt::format("{}?deleted=true", version) : "latest";
    ASSIGN_OR_RETURN(json answer, call("GET", "/subjects/" + url_encode(subject) + "/versions/" + which, nullptr));
    return registered(subject, answer, nullptr);
  }

  Result<Registered> latest_with(const std::string& subject, const std::vector<std::pair<std::string, std::string>>& metadata) override {
    std::string path = "/subjects/" + url_encode(subject) + "/metadata?deleted=false";
    for (const auto& [key, value] : metadata) path += "&key=" + url_encode(key) + "&value=" + url_encode(value);
    ASSIGN_OR_RETURN(json answer, call("GET", path, nullptr));
    return registered(subject, answer, nullptr);
  }

 private:
  static Status unusable() {
    return Status::retriable("The Schema Registry's answer is not one of a Schema Registry. Check schema.registry.url");
  }

  static Result<Registered> registered(const std::string& subject, const json& answer, const SchemaText* given) {
    if (!answer.is_object() || !answer.contains("id") || !answer["id"].is_number_integer()) return unusable();
    Registered out{subject, answer["id"].get<int32_t>(), 0, given ? *given : schema_of(answer)};
    if (answer.contains("version") && answer["version"].is_number_integer()) out.version = answer["version"].get<int32_t>();
    if (out.schema.text.empty()) return unusable();
    return out;
  }

  Result<json> call(const char* method, const std::string& path, const json* body) {
    std::string text = body ? body->dump() : "";
    Status failed;
    int64_t wait_ms = config_.retries_wait_ms;
    const SteadyTime start = steady_now();
    auto takes_too_long = [start] { return steady_now() - start > kCallMax; };
    for (int round = 0; round <= config_.retries_max && !takes_too_long(); ++round) {
      if (round > 0) {
        // Full jitter, as Confluent's RetryExecutor.
        std::this_thread::sleep_for(Millis(std::uniform_int_distribution<int64_t>(0, std::max<int64_t>(0, wait_ms))(random_)));
        wait_ms = std::min<int64_t>(wait_ms * 2, config_.retries_wait_ms_max);
      }
      for (size_t i = 0; i < instances_.size(); ++i) {
        auto answer = ask(instances_[current_], method, path, text);
        if (answer.ok() || !answer.status().retriable()) return answer;
        failed = answer.status();
        log::debug("schema_registry", "{}", failed.message());
        current_ = (current_ + 1) % instances_.size();
        if (takes_too_long()) break;
      }
    }
    return Status::retriable("Schema Registry does not answer: " + failed.message()).with_java_class("org.apache.kafka.connect.errors.RetriableException");
  }

  Result<json> ask(const Instance& instance, const char* method, const std::string& path, const std::string& text) {
    net::HttpRequest request;
    request.method = method;
    request.url = instance.url + path;
    request.headers = {{"Content-Type", "application/vnd.schemaregistry.v1+json"},
                       {"Accept", "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json"}};
    for (const auto& header : config_.request_headers) request.headers.push_back(header);
    ASSIGN_OR_RETURN(auto credentials, credentials_->headers(instance.user_info));
    for (auto& header : credentials) request.headers.push_back(std::move(header));
    request.body = text;
    ASSIGN_OR_RETURN(net::HttpResponse response, client_.send(request));
    json body = json::parse(response.body, nullptr, false);
    if (response.status >= 200 && response.status < 300) {
      if (body.is_discarded()) return unusable();
      return body;
    }
    return refusal(instance, response.status, body);
  }

  // Status and class by AbstractKafkaSchemaSerDe.toKafkaException. The registry's own words may quote a schema, which is no secret and
  // no record's content; they are cut short.
  static Status refusal(const Instance& instance, int status, const json& body) {
    int code = body.is_object() && body.contains("error_code") && body["error_code"].is_number_integer() ? body["error_code"].get<int>() : status;
    std::string words = body.is_object() && body.contains("message") && body["message"].is_string() ? body["message"].get<std::string>() : "";
    if (words.size() > 500) words = words.substr(0, 500) + "...";
    std::string message = fmt::format("{}{}error code: {} ({})", words, words.empty() ? "" : "; ", code, instance.url);
    auto with = [&](Status s, const char* java) { return std::move(s).with_java_class(std::string(kErrors) + java); };
    if (status == 401) return with(Status::unauthorized(message + ". Check basic.auth.user.info or the bearer token"), "AuthenticationException");
    if (status == 403) return with(Status::unauthorized(message + ". The user may not do this"), "AuthorizationException");
    if (status == 408 || status == 429 || status >= 500) return with(Status::retriable(message), "TimeoutException");
    if (status == 404) return with(Status::not_found(message), "SerializationException");
    if (status == 409) return with(Status::conflict(message), "SerializationException");
    return with(Status::invalid(message), "SerializationException");
  }

  RegistryConfig config_;
  net::HttpClient client_;
  std::unique_ptr<RequestCredentials> credentials_;
  std::vector<Instance> instances_;
  size_t current_ = 0;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace

Result<std::unique_ptr<Registry>> make_http_registry(const RegistryConfig& config) {
  ASSIGN_OR_RETURN(net::HttpClientOptions http, http_options(config));
  ASSIGN_OR_RETURN(auto credentials, make_credentials(config, http));
  return std::unique_ptr<Registry>(std::make_unique<HttpRegistry>(config, std::move(http), std::move(credentials)));
}

}  // namespace bywash::formats::schema_registry
