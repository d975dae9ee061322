// Parameters of Vault providers, and the requests that log in. Level 2, every thread.
#include "net/vault_settings.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/encoding.h"
#include "base/text.h"
#include "config/properties.h"
#include "config/typed_config.h"
#include "net/tls_stores.h"

namespace bywash::net {
namespace {

// As given, before what is missing is filled up.
struct VaultParameters {
  std::string address, addr, name_space, prefix, login_by, auth_method;
  config::Secret token;
  std::string role_id, app_role_id, app_role_path;
  config::Secret secret_id, app_role_secret_id;
  std::string username, mount, ldap_username, ldap_mount;
  config::Secret password, ldap_password;
  std::string kubernetes_role, kubernetes_token_path, jwt_role, jwt_provider, cert_mount, github_mount;
  config::Secret jwt, github_token;
  std::optional<int64_t> engine_version, minimum_ttl_ms, default_ttl_ms;
  int64_t max_retries = 0, retry_interval_ms = 0, token_renewal_ms = 0;
  bool ssl_verify = true, file_write = false;
  std::string pem, client_pem;
};

config::TypedConfig<VaultParameters> declare_vault() {
  using P = VaultParameters;
  config::TypedConfig<P> def;
  for (auto [name, member] : {std::pair{"vault.address", &P::address}, {"vault.addr", &P::addr}, {"vault.namespace", &P::name_space}, {"vault.prefix", &P::prefix},
                              {"vault.login.by", &P::login_by}, {"vault.auth.method", &P::auth_method}, {"vault.role.id", &P::role_id}, {"app.role.id", &P::app_role_id},
                              {"username", &P::username}, {"ldap.username", &P::ldap_username}, {"kubernetes.role", &P::kubernetes_role}, {"jwt.role", &P::jwt_role},
                              {"vault.pem", &P::pem}, {"vault.client.pem", &P::client_pem}}) {
    def.key(name, member).by_default("");
  }
  for (auto [name, member] : {std::pair{"vault.token", &P::token}, {"vault.secret.id", &P::secret_id}, {"app.role.secret.id", &P::app_role_secret_id}, {"password", &P::password},
                              {"ldap.password", &P::ldap_password}, {"jwt", &P::jwt}, {"github.token", &P::github_token}}) {
    def.key(name, member).by_default("");
  }
  def.key("app.role.path", &P::app_role_path).by_default("approle");
  def.key("mount", &P::mount).by_default("userpass");
  def.key("ldap.mount", &P::ldap_mount).by_default("ldap");
  def.key("kubernetes.token.path", &P::kubernetes_token_path).by_default("/var/run/secrets/kubernetes.io/serviceaccount/token");
  def.key("jwt.provider", &P::jwt_provider).by_default("jwt");
  def.key("cert.mount", &P::cert_mount).by_default("cert");
  def.key("github.mount", &P::github_mount).by_default("github");
  def.key("vault.engine.version", &P::engine_version).check(config::between(1, 2), "[1,...,2]");
  def.key("vault.max.retries", &P::max_retries).by_default("5").at_least(0);
  def.key("vault.retry.interval.ms", &P::retry_interval_ms).by_default("2000").at_least(0);
  def.key("vault.secret.minimum.ttl.ms", &P::minimum_ttl_ms).at_least(1000);
  def.key("secret.default.ttl", &P::default_ttl_ms).at_least(0);
  def.key("token.renewal.ms", &P::token_renewal_ms).by_default("600000").at_least(1000);
  def.key("vault.ssl.verify.enabled", &P::ssl_verify).by_default("true");
  def.key("file.write", &P::file_write).by_default("false");
  return def;
}

constexpr int64_t kLookAgainMs = 60'000;
constexpr Millis kVaultConnectTimeout{5000};
constexpr Millis kVaultTimeout{15'000};

template <class T>
const T& first_of(const T& one, const T& other) {
  return one.empty() ? other : one;
}

std::string of_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// As Vault's own command line keeps it.
std::string token_of_home() {
  std::ifstream in(of_environment("HOME") + "/.vault-token");
  std::stringstream text;
  text << in.rdbuf();
  return in ? std::string(config::trim(text.str())) : "";
}

Status absent(std::string_view key, std::string_view method) { return Status::invalid(fmt::format("{} is missing, which logging in by {} needs", key, method)); }

using VaultJson = nlohmann::json;

// The login of every method but the token's: where to, and with what.
Status set_login(const VaultParameters& given, const std::string& method, VaultSettings* out) {
  auto login = [&](const std::string& path, const VaultJson& body) {
    out->login_path = path;
    out->login_body = config::Secret(body.dump(-1, ' ', false, VaultJson::error_handler_t::replace));
    return Status();
  };
  auto of_user = [&](const std::string& mount, const std::string& user, const config::Secret& password, std::string_view keys) -> Status {
    if (user.empty() || password.empty()) return absent(keys, method);
    return login(fmt::format("{}/login/{}", mount, percent_encoded(user, kUnreserved)), {{"password", password.text()}});
  };
  if (method == "approle") {
    const std::string& role = first_of(given.role_id, given.app_role_id);
    const config::Secret& secret = first_of(given.secret_id, given.app_role_secret_id);
    if (role.empty()) return absent("vault.role.id (or app.role.id)", method);
    VaultJson body = {{"role_id", role}};
    if (!secret.empty()) body["secret_id"] = secret.text();
    return login(given.app_role_path + "/login", body);
  }
  if (method == "userpass") return of_user(given.mount, given.username, given.password, "username or password");
  if (method == "ldap") return of_user(given.ldap_mount, given.ldap_username, given.ldap_password, "ldap.username or ldap.password");
  if (method == "cert") return login(given.cert_mount + "/login", VaultJson::object());
  if (method == "github") {
    if (given.github_token.empty()) return absent("github.token", method);
    return login(given.github_mount + "/login", {{"token", given.github_token.text()}});
  }
  if (method == "jwt") {
    if (given.jwt.empty()) return absent("jwt", method);
    VaultJson body = {{"jwt", given.jwt.text()}};
    if (!given.jwt_role.empty()) body["role"] = given.jwt_role;
    return login(given.jwt_provider + "/login", body);
  }
  if (method == "kubernetes") {
    if (given.kubernetes_role.empty()) return absent("kubernetes.role", method);
    out->login_token_file = given.kubernetes_token_path;
    return login("kubernetes/login", {{"role", given.kubernetes_role}});
  }
  return Status::invalid(fmt::format("Invalid value {} for vault.login.by (or vault.auth.method): there are token, approle, userpass, ldap, kubernetes, jwt, cert and github", method));
}

Status set_tls(const VaultParameters& given, const config::Properties& parameters, HttpClientOptions* http) {
  config::Properties keys = config::with_prefix(parameters, "vault.");
  if (!given.pem.empty()) keys["ssl.truststore.location"] = given.pem;
  if (!given.client_pem.empty()) keys["ssl.keystore.location"] = given.client_pem;
  ASSIGN_OR_RETURN(TlsStores stores, read_tls_stores(keys, "vault."));
  http->ca_pem = stores.trusted;
  http->client_certificate = stores.certificates;
  http->client_key = stores.key;
  http->connect_timeout = kVaultConnectTimeout;
  http->timeout = kVaultTimeout;
  return {};
}

}  // namespace

Result<VaultSettings> parse_vault_settings(const config::Properties& parameters) {
  static const auto def = declare_vault();
  ASSIGN_OR_RETURN(VaultParameters given, def.parse(parameters));
  if (!given.ssl_verify) {
    return Status::invalid("vault.ssl.verify.enabled=false is not there: a token would go to whoever answers. Name the authority's certificates in vault.ssl.truststore.location or vault.pem");
  }
  if (given.file_write) return Status::invalid("file.write=true is not there: values are put into configurations, never into files. Leave it out");
  VaultSettings out;
  out.address = first_of(given.address, given.addr);
  if (out.address.empty()) out.address = of_environment("VAULT_ADDR");
  while (out.address.ends_with("/")) out.address.pop_back();
  if (!out.address.starts_with("http://") && !out.address.starts_with("https://")) {
    return Status::invalid(fmt::format("vault.address (or vault.addr, or VAULT_ADDR in the environment) has to be a URL as https://vault.example.com:8200, not '{}'", out.address));
  }
  out.namespace_name = given.name_space;
  if (given.engine_version) out.engine = static_cast<int>(*given.engine_version);
  // It says nothing but how many parts of a path are the engine's: so it works in the driver of jcustenborder's provider.
  std::string_view prefix = given.prefix;
  while (prefix.ends_with("/")) prefix.remove_suffix(1);
  if (!prefix.empty()) out.mount_segments = 1 + static_cast<int>(std::count(prefix.begin(), prefix.end(), '/'));

  std::string method = ascii_lower(first_of(given.login_by, given.auth_method));
  if (method.empty() || method == "token") {
    out.token = given.token;
    if (out.token.empty()) out.token = config::Secret(of_environment("VAULT_TOKEN"));
    if (out.token.empty()) out.token = config::Secret(token_of_home());
    if (out.token.empty()) return Status::invalid("vault.token is missing (or VAULT_TOKEN in the environment)");
  } else {
    RETURN_IF_ERROR(set_login(given, method, &out));
  }
  out.retry_count = given.max_retries;
  out.retry_interval_ms = given.retry_interval_ms;
  out.token_renewal_ms = given.token_renewal_ms;
  out.look_again_ms = given.minimum_ttl_ms.value_or(given.default_ttl_ms.value_or(kLookAgainMs));
  RETURN_IF_ERROR(set_tls(given, parameters, &out.http));
  return out;
}

}  // namespace bywash::net
