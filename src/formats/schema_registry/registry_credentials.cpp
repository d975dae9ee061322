// Authorization headers and key stores. Level 4, the task's thread.
#include "formats/schema_registry/registry_credentials.h"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <fstream>
#include <sstream>

#include "base/clock.h"
#include "base/encoding.h"
#include "net/java_key_store.h"

namespace bywash::formats::schema_registry {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers basic(const std::string& user_info) {
  if (user_info.empty()) return {};
  return {{"Authorization", "Basic " + base64(user_info)}};
}

class BasicCredentials final : public RequestCredentials {
 public:
  explicit BasicCredentials(std::optional<config::Secret> fixed) : fixed_(std::move(fixed)) {}
  Result<Headers> headers(const std::string& url_user_info) override { return basic(fixed_ ? fixed_->text() : url_user_info); }

 private:
  std::optional<config::Secret> fixed_;  // nothing: the URL's
};

// A token that is given, or one that an identity provider gives for a client's id and secret (RFC 6749, 4.4).
class BearerCredentials final : public RequestCredentials {
 public:
  BearerCredentials(const RegistryConfig& config, const net::HttpClientOptions& http)
      : config_(config), fetched_(config.bearer_auth_source == "OAUTHBEARER"), client_(http), token_(config.bearer_token) {}

  Result<Headers> headers(const std::string&) override {
    if (fetched_ && (token_.empty() || steady_now() >= expires_)) RETURN_IF_ERROR(fetch());
    Headers out = {{"Authorization", "Bearer " + token_.text()}};
    if (!config_.bearer_logical_cluster.empty()) out.emplace_back("target-sr-cluster", config_.bearer_logical_cluster);
    if (!config_.bearer_identity_pool.empty()) out.emplace_back("Confluent-Identity-Pool-Id", config_.bearer_identity_pool);
    return out;
  }

 private:
  Status fetch() {
    net::HttpRequest request;
    request.method = "POST";
    request.url = config_.bearer_issuer_url;
    request.headers = basic(config_.bearer_client_id + ":" + config_.bearer_client_secret.text());
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.headers.emplace_back("Accept", "application/json");
    std::string body = "grant_type=client_credentials";
    if (!config_.bearer_scope.empty()) body += "&scope=" + form_encoded(config_.bearer_scope, "-_.");
    request.body = body;
    ASSIGN_OR_RETURN(net::HttpResponse response, client_.send(request));
    if (response.status >= 500 || response.status == 429) return Status::retriable(fmt::format("The token endpoint of bearer.auth.issuer.endpoint.url answered {}", response.status));
    auto answer = nlohmann::json::parse(response.body, nullptr, false);
    bool has_token = answer.is_object() && answer.contains("access_token") && answer["access_token"].is_string();
    if (response.status != 200 || !has_token) {
      return Status::unauthorized(fmt::format("The token endpoint of bearer.auth.issuer.endpoint.url gave no token ({}). Check bearer.auth.client.id, .secret and .scope", response.status));
    }
    token_ = config::Secret(answer["access_token"].get<std::string>());
    int64_t seconds = answer.contains("expires_in") && answer["expires_in"].is_number() ? answer["expires_in"].get<int64_t>() : 3600;
    // A buffer longer than the token lives would fetch one for every request.
    int64_t buffer = std::min<int64_t>(config_.bearer_expiry_buffer_seconds, seconds / 2);
    expires_ = steady_now() + std::chrono::seconds(seconds - buffer);
    return {};
  }

  RegistryConfig config_;
  bool fetched_;
  net::HttpClient client_;
  config::Secret token_;
  SteadyTime expires_;
};

// username="a" password="b" of a JAAS entry; quotes may be missing.
Result<config::Secret> user_of_jaas(const std::string& jaas) {
  auto option = [&](const std::string& name) -> std::string {
    size_t at = jaas.find(name + "=");
    if (at == std::string::npos) return "";
    at += name.size() + 1;
    if (at < jaas.size() && jaas[at] == '"') {
      std::string out;
      for (size_t i = at + 1; i < jaas.size() && jaas[i] != '"'; ++i) out += jaas[i] == '\\' && i + 1 < jaas.size() ? jaas[++i] : jaas[i];
      return out;
    }
    return jaas.substr(at, jaas.find_first_of(" ;\t\n", at) - at);
  };
  std::string user = option("username");
  if (user.empty()) return Status::invalid("Provided SASL Login module doesn't provide username and password options and can't be inherited (key 'sasl.jaas.config')");
  return config::Secret(user + ":" + option("password"));
}

Result<std::string> file_text(const std::string& path, const char* key) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Status::invalid(fmt::format("Cannot read '{}' (key '{}'). Check the path and its permissions", path, key));
  return std::move(text).str();
}

enum class StoreForm { kPem, kPkcs12, kJks };

struct Store {
  std::string bytes;
  StoreForm form = StoreForm::kPem;
};

Result<Store> open_store(const std::string& path, const std::string& type, const char* key) {
  Store out;
  ASSIGN_OR_RETURN(out.bytes, file_text(path, key));
  const bool pem = out.bytes.find("-----BEGIN") != std::string::npos;
  if (type == "JKS" && pem) return Status::invalid(fmt::format("'{}' is no key store but PEM text (key '{}'). Set its type to PEM", path, key));
  // Java's default type JKS reads PKCS12 too.
  out.form = net::is_java_key_store(out.bytes) ? StoreForm::kJks : pem ? StoreForm::kPem : StoreForm::kPkcs12;
  return out;
}

Result<net::JavaKeyStore> java_store(const Store& store, const std::string& path, const config::Secret& password, const config::Secret& key_password, const char* key) {
  auto read = net::read_java_key_store(store.bytes, password.text(), key_password.text(), std::string_view(key).find("keystore") != std::string_view::npos);
  if (!read.ok()) return read.status().with_context(fmt::format("Key store '{}' (key '{}')", path, key));
  return read;
}

// The certificates in a PKCS12 store, as PEM text.
Result<std::string> certificates_of(const std::string& bytes, const config::Secret& password, const char* key) {
  BIO* in = BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
  PKCS12* store = d2i_PKCS12_bio(in, nullptr);
  BIO_free(in);
  EVP_PKEY* private_key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  bool opened = store && PKCS12_parse(store, password.text().c_str(), &private_key, &certificate, &others) == 1;
  PKCS12_free(store);
  std::string out;
  if (opened) {
    BIO* pem = BIO_new(BIO_s_mem());
    if (certificate) PEM_write_bio_X509(pem, certificate);
    for (int i = 0; i < sk_X509_num(others); ++i) PEM_write_bio_X509(pem, sk_X509_value(others, i));
    char* text = nullptr;
    long size = BIO_get_mem_data(pem, &text);
    out.assign(text, static_cast<size_t>(size));
    BIO_free(pem);
  }
  EVP_PKEY_free(private_key);
  X509_free(certificate);
  sk_X509_pop_free(others, X509_free);
  ERR_clear_error();
  if (out.empty()) return Status::invalid(fmt::format("The key store of '{}' cannot be opened as PKCS12. Check the file and its password", key));
  return out;
}

Status add_trust(const RegistryConfig& c, net::HttpClientOptions* out) {
  if (!c.ssl_truststore_certificates.empty()) {
    out->ca_pem = c.ssl_truststore_certificates.text();
    return {};
  }
  if (c.ssl_truststore_location.empty()) return {};
  const char* key = "schema.registry.ssl.truststore.location";
  ASSIGN_OR_RETURN(Store store, open_store(c.ssl_truststore_location, c.ssl_truststore_type, key));
  if (store.form == StoreForm::kPkcs12) {
    ASSIGN_OR_RETURN(out->ca_pem, certificates_of(store.bytes, c.ssl_truststore_password, key));
  } else if (store.form == StoreForm::kJks) {
    ASSIGN_OR_RETURN(net::JavaKeyStore java, java_store(store, c.ssl_truststore_location, c.ssl_truststore_password, {}, key));
    // Without one the client would trust whatever the system does.
    if (java.trusted.empty()) return Status::invalid(fmt::format("Key store '{}' (key '{}') has no trusted certificate. Import one: keytool -importcert", c.ssl_truststore_location, key));
    out->ca_pem = std::move(java.trusted);
  } else {
    out->ca_pem = std::move(store.bytes);
  }
  return {};
}

Status add_client_certificate(const RegistryConfig& c, net::HttpClientOptions* out) {
  out->client_key_password = c.ssl_key_password;
  if (!c.ssl_keystore_chain.empty()) {
    out->client_certificate = c.ssl_keystore_chain.text();
    out->client_key = c.ssl_keystore_key;
    return {};
  }
  if (c.ssl_keystore_location.empty()) return {};
  const char* key = "schema.registry.ssl.keystore.location";
  ASSIGN_OR_RETURN(Store store, open_store(c.ssl_keystore_location, c.ssl_keystore_type, key));
  if (store.form == StoreForm::kJks) {
    ASSIGN_OR_RETURN(net::JavaKeyStore java, java_store(store, c.ssl_keystore_location, c.ssl_keystore_password, c.ssl_key_password, key));
    if (java.chain.empty()) return Status::invalid(fmt::format("Key store '{}' (key '{}') has no private key with its certificate", c.ssl_keystore_location, key));
    out->client_certificate = std::move(java.chain);
    out->client_key = std::move(java.key);
    out->client_key_password = {};
    return {};
  }
  out->client_certificate = std::move(store.bytes);
  out->client_certificate_is_pkcs12 = store.form == StoreForm::kPkcs12;
  if (store.form == StoreForm::kPkcs12) out->client_key_password = c.ssl_keystore_password;
  return {};
}

}  // namespace

Result<std::unique_ptr<RequestCredentials>> make_credentials(const RegistryConfig& config, const net::HttpClientOptions& http) {
  if (config.bearer_auth_source) return std::unique_ptr<RequestCredentials>(std::make_unique<BearerCredentials>(config, http));
  std::optional<config::Secret> fixed;
  if (config.basic_auth_source == "USER_INFO") fixed = config.user_info.empty() ? config.old_user_info : config.user_info;
  if (config.basic_auth_source == "SASL_INHERIT") {
    ASSIGN_OR_RETURN(config::Secret user, user_of_jaas(config.sasl_jaas_config.text()));
    fixed = std::move(user);
  }
  return std::unique_ptr<RequestCredentials>(std::make_unique<BasicCredentials>(std::move(fixed)));
}

Result<net::HttpClientOptions> http_options(const RegistryConfig& config) {
  net::HttpClientOptions out;
  out.connect_timeout = Millis(config.connect_timeout_ms);
  out.timeout = Millis(config.read_timeout_ms);
  if (!config.proxy_host.empty()) out.proxy_url = fmt::format("http://{}:{}", config.proxy_host, config.proxy_port > 0 ? config.proxy_port : 80);
  out.verify_host_name = !config.ssl_endpoint_identification.empty();
  RETURN_IF_ERROR(add_trust(config, &out));
  RETURN_IF_ERROR(add_client_certificate(config, &out));
  return out;
}

}  // namespace bywash::formats::schema_registry
