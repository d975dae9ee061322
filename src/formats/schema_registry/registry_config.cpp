// Declarations and cross checks of the registry's keys. Level 4, every thread.
#include "formats/schema_registry/registry_config.h"

#include <array>

#include "config/properties.h"
#include "config/typed_config.h"

namespace bywash::formats::schema_registry {
namespace {

using config::TypedConfig;
using C = RegistryConfig;

constexpr std::string_view kStrategies = "io.confluent.kafka.serializers.subject.";
constexpr std::string_view kHeaderPrefix = "request.header.";

bool is_strategy(std::string_view name, std::string_view simple) { return name == simple || (name.starts_with(kStrategies) && name.substr(kStrategies.size()) == simple); }

std::optional<std::string> known_strategy(const config::Parsed& value) {
  const auto* name = std::get_if<std::string>(&value);
  for (std::string_view simple : {"TopicNameStrategy", "RecordNameStrategy", "TopicRecordNameStrategy"}) {
    if (name && is_strategy(*name, simple)) return std::nullopt;
  }
  return "Strategies of your own cannot run here. Use TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy";
}

std::optional<std::string> known_url(const config::Parsed& value) {
  const auto* urls = std::get_if<config::List>(&value);
  if (!urls || urls->empty()) return "No URL is given";
  bool mock = false;
  for (const std::string& url : *urls) {
    mock = mock || url.starts_with("mock://");
    if (!url.starts_with("http://") && !url.starts_with("https://") && !url.starts_with("mock://")) return "A URL must start with http://, https:// or mock://";
  }
  if (mock && urls->size() > 1) return "Only one mock scope is permitted, and it cannot be mixed with other URLs";
  return std::nullopt;
}

void add_schema_choice(TypedConfig<C>& def) {
  def.key("schema.registry.url", &C::urls).required().high().check(known_url)
      .doc("Comma-separated URLs of Schema Registry instances; the next one is asked when one fails. mock://name is a registry inside this process.");
  def.key("schema.registry.url.randomize", &C::url_randomize).by_default("false").low().doc("Start at a random one of the URLs.");
  def.key("max.schemas.per.subject", &C::schemas_max).by_default("1000").low().at_least(1).doc("How many schemas are kept in memory.");
  def.key("auto.register.schemas", &C::auto_register_schemas).by_default("true").doc("Whether a schema to write with is registered when the subject does not have it.");
  def.key("normalize.schemas", &C::normalize_schemas).by_default("false").doc("Ask the registry to compare schemas without regard to order where that is not significant.");
  def.key("use.latest.version", &C::use_latest_version).by_default("false").low().doc("Write with the subject's latest schema instead of the record's own. Needs auto.register.schemas=false.");
  def.key("latest.compatibility.strict", &C::latest_compatibility_strict).by_default("true").low()
      .doc("With use.latest.version: refuse records whose own schema the latest one cannot read.");
  def.key("use.latest.with.metadata", &C::use_latest_with_metadata).by_default("").low()
      .doc("Write with the subject's latest schema that has these metadata properties, as name=value.");
  def.key("use.schema.id", &C::use_schema_id).by_default("-1").low().doc("Write with the schema of this id. Needs auto.register.schemas=false.");
  def.key("id.compatibility.strict", &C::id_compatibility_strict).by_default("true").low()
      .doc("With use.schema.id: refuse records whose own schema that one cannot read.");
  def.key("latest.cache.size", &C::latest_cache_size).by_default("1000").low().at_least(0).doc("How many latest schemas are kept.");
  def.key("latest.cache.ttl.sec", &C::latest_cache_ttl_seconds).by_default("-1").low().at_least(-1).doc("Seconds after which a latest schema is asked for again; -1: never.");
  def.key("key.subject.name.strategy", &C::key_strategy).by_default(std::string(kStrategies) + "TopicNameStrategy").check(known_strategy)
      .doc("How the subject of a key's schema is named: TopicNameStrategy (topic-key), RecordNameStrategy (the record's full name), TopicRecordNameStrategy (both).");
  def.key("value.subject.name.strategy", &C::value_strategy).by_default(std::string(kStrategies) + "TopicNameStrategy").check(known_strategy)
      .doc("The same for values (topic-value).");
  def.key("context.name.strategy", &C::context_strategy).by_default("io.confluent.kafka.serializers.context.NullContextNameStrategy").low()
      .one_of({"io.confluent.kafka.serializers.context.NullContextNameStrategy"}).doc("Only the default context is supported.");
}

void add_connection(TypedConfig<C>& def) {
  def.key("http.connect.timeout.ms", &C::connect_timeout_ms).by_default("60000").low().at_least(1).doc("How long a connection may take.");
  def.key("http.read.timeout.ms", &C::read_timeout_ms).by_default("60000").low().at_least(1).doc("How long one request with its answer may take.");
  def.key("max.retries", &C::retries_max).by_default("3").low().at_least(0)
      .doc("How often all URLs are tried again before the task pauses its partitions. The task itself tries for ever.");
  def.key("retries.wait.ms", &C::retries_wait_ms).by_default("1000").low().at_least(0).doc("The wait before the first retry; it doubles, and a random part of it is left out.");
  def.key("retries.max.wait.ms", &C::retries_wait_ms_max).by_default("20000").low().at_least(0).doc("The longest such wait.");
  def.key("proxy.host", &C::proxy_host).by_default("").low().doc("An HTTP proxy in front of the registry.");
  def.key("proxy.port", &C::proxy_port).by_default("-1").low().doc("Its port.");
}

void add_credentials(TypedConfig<C>& def) {
  def.key("basic.auth.credentials.source", &C::basic_auth_source)
      .check([](const config::Parsed& v) { return config::one_of({"URL", "USER_INFO", "SASL_INHERIT"})(v); }, "[URL, USER_INFO, SASL_INHERIT]")
      .doc("Where the user name and password come from: URL (in schema.registry.url; the default), USER_INFO (basic.auth.user.info), SASL_INHERIT (sasl.jaas.config).");
  def.key("basic.auth.user.info", &C::user_info).by_default("").doc("name:password.");
  def.key("schema.registry.basic.auth.user.info", &C::old_user_info).by_default("").low().doc("The old name of basic.auth.user.info.");
  def.key("sasl.jaas.config", &C::sasl_jaas_config).by_default("").low().doc("For SASL_INHERIT: a login module with username and password.");
  def.key("bearer.auth.credentials.source", &C::bearer_auth_source)
      .check([](const config::Parsed& v) -> std::optional<std::string> {
        const auto* s = std::get_if<std::string>(&v);
        if (s && (*s == "SASL_OAUTHBEARER_INHERIT" || *s == "CUSTOM")) return "Needs Java classes, which cannot run here. Use OAUTHBEARER or STATIC_TOKEN";
        return config::one_of({"STATIC_TOKEN", "OAUTHBEARER"})(v);
      }, "[STATIC_TOKEN, OAUTHBEARER]")
      .doc("Sends a bearer token: STATIC_TOKEN (bearer.auth.token) or OAUTHBEARER (fetched with bearer.auth.client.id and .secret).");
  def.key("bearer.auth.token", &C::bearer_token).by_default("").doc("The token of STATIC_TOKEN.");
  def.key("bearer.auth.issuer.endpoint.url", &C::bearer_issuer_url).by_default("").doc("OAUTHBEARER: the token endpoint of the identity provider.");
  def.key("bearer.auth.client.id", &C::bearer_client_id).by_default("").doc("OAUTHBEARER: the client's id.");
  def.key("bearer.auth.client.secret", &C::bearer_client_secret).by_default("").doc("OAUTHBEARER: the client's secret.");
  def.key("bearer.auth.scope", &C::bearer_scope).by_default("").doc("OAUTHBEARER: the scope to ask for.");
  def.key("bearer.auth.logical.cluster", &C::bearer_logical_cluster).by_default("").doc("Sent as the header target-sr-cluster.");
  def.key("bearer.auth.identity.pool.id", &C::bearer_identity_pool).by_default("").doc("Sent as the header Confluent-Identity-Pool-Id.");
  def.key("bearer.auth.cache.expiry.buffer.seconds", &C::bearer_expiry_buffer_seconds).by_default("300").low().at_least(0)
      .doc("OAUTHBEARER: a token is fetched anew so long before it expires.");
}

void add_tls(TypedConfig<C>& def) {
  def.key("schema.registry.ssl.truststore.location", &C::ssl_truststore_location).by_default("").doc("File with the certificates to trust: PEM, PKCS12 or JKS.");
  def.key("schema.registry.ssl.truststore.type", &C::ssl_truststore_type).by_default("").doc("PEM, PKCS12 or JKS; found out from the file when empty.");
  def.key("schema.registry.ssl.truststore.password", &C::ssl_truststore_password).by_default("").doc("Its password.");
  def.key("schema.registry.ssl.truststore.certificates", &C::ssl_truststore_certificates).by_default("").doc("The certificates to trust, as PEM text.");
  def.key("schema.registry.ssl.keystore.location", &C::ssl_keystore_location).by_default("").doc("File with the client's certificate and key: PEM, PKCS12 or JKS.");
  def.key("schema.registry.ssl.keystore.type", &C::ssl_keystore_type).by_default("").doc("PEM, PKCS12 or JKS; found out from the file when empty.");
  def.key("schema.registry.ssl.keystore.password", &C::ssl_keystore_password).by_default("").doc("Its password.");
  def.key("schema.registry.ssl.keystore.certificate.chain", &C::ssl_keystore_chain).by_default("").doc("The client's certificates, as PEM text.");
  def.key("schema.registry.ssl.keystore.key", &C::ssl_keystore_key).by_default("").doc("The client's private key, as PEM text.");
  def.key("schema.registry.ssl.key.password", &C::ssl_key_password).by_default("").doc("The private key's password.");
  def.key("schema.registry.ssl.endpoint.identification.algorithm", &C::ssl_endpoint_identification).by_default("https").low()
      .doc("https: the certificate must be the host's. Empty: any host.");
}

std::optional<std::string> check_auth(const C& c) {
  if (c.basic_auth_source && c.bearer_auth_source) return "Only one of basic.auth.credentials.source and bearer.auth.credentials.source may be set";
  if (c.basic_auth_source == "USER_INFO" && c.user_info.empty() && c.old_user_info.empty()) return "USER_INFO needs basic.auth.user.info=name:password";
  if (c.basic_auth_source == "SASL_INHERIT" && c.sasl_jaas_config.empty()) return "SASL_INHERIT needs sasl.jaas.config here: converters do not see the worker's";
  return std::nullopt;
}

std::optional<std::string> check_bearer(const C& c) {
  if (c.bearer_auth_source == "STATIC_TOKEN" && c.bearer_token.empty()) return "STATIC_TOKEN needs bearer.auth.token";
  bool whole = !c.bearer_issuer_url.empty() && !c.bearer_client_id.empty() && !c.bearer_client_secret.empty();
  if (c.bearer_auth_source == "OAUTHBEARER" && !whole) return "OAUTHBEARER needs bearer.auth.issuer.endpoint.url, bearer.auth.client.id and bearer.auth.client.secret";
  return std::nullopt;
}

TypedConfig<C> make_definition() {
  TypedConfig<C> def;
  add_schema_choice(def);
  add_connection(def);
  add_credentials(def);
  add_tls(def);
  def.check("basic.auth.credentials.source", check_auth);
  def.check("bearer.auth.credentials.source", check_bearer);
  // What would change the bytes and is not here must not be taken silently.
  def.def().add_rule([](const config::Properties& p, const auto& fail) {
    for (const char* key : {"rule.executors", "rule.actions", "schema.format", "propagate.schema.tags", "schema.reflection"}) {
      std::string value = config::get_or(p, key, "");
      if (!value.empty() && value != "false") fail("schema.registry.url", std::string(key) + " is not supported here. Remove it");
    }
  });
  return def;
}

const TypedConfig<C>& definition() {
  static const TypedConfig<C> kDefinition = make_definition();
  return kDefinition;
}

}  // namespace

SubjectStrategy RegistryConfig::strategy(bool is_key) const {
  const std::string& name = is_key ? key_strategy : value_strategy;
  if (is_strategy(name, "RecordNameStrategy")) return SubjectStrategy::kRecord;
  if (is_strategy(name, "TopicRecordNameStrategy")) return SubjectStrategy::kTopicRecord;
  return SubjectStrategy::kTopic;
}

const config::ConfigDef& registry_keys() { return definition().def(); }

Result<RegistryConfig> parse_registry_config(const config::Properties& properties) {
  ASSIGN_OR_RETURN(RegistryConfig out, definition().parse(properties));
  for (const auto& [name, value] : config::with_prefix(properties, kHeaderPrefix)) {
    if (value.find_first_of("\r\n") != std::string::npos) return Status::invalid("A request header has a line break (key 'request.header." + name + "')");
    out.request_headers.emplace_back(name, value);
  }
  return out;
}

}  // namespace bywash::formats::schema_registry
