// The table from Java client keys (Kafka 4.3) to librdkafka's (2.12). Level 3.
#include "kafka/client_config.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>

#include "config/properties.h"
#include "net/java_key_store.h"
#include "net/tls_stores.h"

namespace bywash::kafka {
namespace {

enum class Action {
  kSame,     // the same key, the same meaning
  kRename,   // another name
  kSilent,   // changes nothing that can be seen from outside
  kWarn,     // has no counterpart; said in a warning
  kRefuse,   // its meaning would be lost: an error
  kSpecial,  // handled by name below
};

struct Rule {
  std::string_view java;
  Action action;
  std::string_view note;  // the new name, or the text of a warning or error
};

constexpr auto kRules = std::to_array<Rule>({
    {"bootstrap.servers", Action::kSpecial, ""},
    {"client.id", Action::kSame, ""},
    {"client.rack", Action::kSame, ""},
    {"client.dns.lookup", Action::kSame, ""},
    {"group.id", Action::kSame, ""},
    {"group.instance.id", Action::kSame, ""},
    {"session.timeout.ms", Action::kSame, ""},
    {"heartbeat.interval.ms", Action::kSame, ""},
    {"max.poll.interval.ms", Action::kSame, ""},
    {"max.poll.records", Action::kSilent, ""},
    {kFetchClient, Action::kSpecial, ""},
    {kProduceClient, Action::kSpecial, ""},
    {"auto.offset.reset", Action::kSpecial, ""},
    {"isolation.level", Action::kSame, ""},
    {"check.crcs", Action::kSame, ""},
    {"fetch.min.bytes", Action::kSame, ""},
    {"fetch.max.bytes", Action::kSame, ""},
    {"fetch.max.wait.ms", Action::kRename, "fetch.wait.max.ms"},
    {"max.partition.fetch.bytes", Action::kRename, "fetch.message.max.bytes"},
    {"allow.auto.create.topics", Action::kSame, ""},
    {"partition.assignment.strategy", Action::kSpecial, ""},
    {"enable.auto.commit", Action::kSilent, ""},
    {"auto.commit.interval.ms", Action::kSilent, ""},
    {"exclude.internal.topics", Action::kSilent, ""},
    {"default.api.timeout.ms", Action::kSilent, ""},
    {"group.protocol", Action::kSpecial, ""},
    {"group.remote.assignor", Action::kWarn, "only the classic group protocol is spoken"},
    {"metadata.max.age.ms", Action::kSame, ""},
    {"metadata.recovery.strategy", Action::kSame, ""},
    {"metadata.recovery.rebootstrap.trigger.ms", Action::kSame, ""},
    {"metadata.max.idle.ms", Action::kSilent, ""},
    {"connections.max.idle.ms", Action::kSame, ""},
    {"reconnect.backoff.ms", Action::kSame, ""},
    {"reconnect.backoff.max.ms", Action::kSame, ""},
    {"retry.backoff.ms", Action::kSame, ""},
    {"retry.backoff.max.ms", Action::kSame, ""},
    {"request.timeout.ms", Action::kSpecial, ""},
    {"socket.connection.setup.timeout.ms", Action::kSame, ""},
    {"socket.connection.setup.timeout.max.ms", Action::kSilent, ""},
    {"receive.buffer.bytes", Action::kSpecial, ""},
    {"send.buffer.bytes", Action::kSpecial, ""},
    {"enable.metrics.push", Action::kSame, ""},
    {"metrics.num.samples", Action::kSilent, ""},
    {"metrics.sample.window.ms", Action::kSilent, ""},
    {"metrics.recording.level", Action::kSilent, ""},
    {"metric.reporters", Action::kWarn, "Java metric reporters do not run here; see /metrics"},
    {"auto.include.jmx.reporter", Action::kSilent, ""},
    {"key.deserializer", Action::kSilent, ""},
    {"value.deserializer", Action::kSilent, ""},
    {"key.serializer", Action::kSilent, ""},
    {"value.serializer", Action::kSilent, ""},
    {"interceptor.classes", Action::kRefuse, "Java interceptors cannot run here. Remove the key, or use a transform"},
    // Producer.
    {"acks", Action::kSame, ""},
    {"batch.size", Action::kSame, ""},
    {"buffer.memory", Action::kSpecial, ""},
    {"compression.type", Action::kSame, ""},
    {"compression.gzip.level", Action::kRename, "compression.level"},
    {"compression.lz4.level", Action::kRename, "compression.level"},
    {"compression.zstd.level", Action::kRename, "compression.level"},
    {"delivery.timeout.ms", Action::kSame, ""},
    {"enable.idempotence", Action::kSame, ""},
    {"linger.ms", Action::kSame, ""},
    {"max.block.ms", Action::kSilent, ""},
    {"max.in.flight.requests.per.connection", Action::kSame, ""},
    {"max.request.size", Action::kRename, "message.max.bytes"},
    {"partitioner.class", Action::kSpecial, ""},
    {"partitioner.adaptive.partitioning.enable", Action::kSilent, ""},
    {"partitioner.availability.timeout.ms", Action::kSilent, ""},
    {"partitioner.ignore.keys", Action::kRefuse, "not supported: records with keys go by murmur2 of the key. Remove the key"},
    {"retries", Action::kSame, ""},
    {"transaction.timeout.ms", Action::kSame, ""},
    {"transactional.id", Action::kSame, ""},
    // Security.
    {"security.protocol", Action::kSame, ""},
    {"security.providers", Action::kWarn, "Java security providers do not run here"},
    {"sasl.mechanism", Action::kSame, ""},
    {"sasl.jaas.config", Action::kSpecial, ""},
    {"sasl.kerberos.service.name", Action::kSame, ""},
    {"sasl.client.callback.handler.class", Action::kRefuse, "Java callback handlers cannot run here. Use sasl.jaas.config with user name and password"},
    {"sasl.login.callback.handler.class", Action::kSpecial, ""},
    {"sasl.login.class", Action::kRefuse, "Java login classes cannot run here. Use sasl.jaas.config with user name and password"},
    {"sasl.oauthbearer.token.endpoint.url", Action::kSame, ""},
    {"sasl.oauthbearer.scope", Action::kSame, ""},
    {"sasl.oauthbearer.client.credentials.client.id", Action::kRename, "sasl.oauthbearer.client.id"},
    {"sasl.oauthbearer.client.credentials.client.secret", Action::kRename, "sasl.oauthbearer.client.secret"},
    {"ssl.truststore.location", Action::kSpecial, ""},
    {"ssl.truststore.type", Action::kSilent, ""},
    {"ssl.truststore.password", Action::kSilent, ""},
    {"ssl.truststore.certificates", Action::kRename, "ssl.ca.pem"},
    {"ssl.keystore.location", Action::kSpecial, ""},
    {"ssl.keystore.type", Action::kSilent, ""},
    {"ssl.keystore.password", Action::kSpecial, ""},
    {"ssl.keystore.key", Action::kRename, "ssl.key.pem"},
    {"ssl.keystore.certificate.chain", Action::kRename, "ssl.certificate.pem"},
    {"ssl.key.password", Action::kSame, ""},
    {"ssl.cipher.suites", Action::kSpecial, ""},
    {"ssl.enabled.protocols", Action::kSilent, ""},
    {"ssl.protocol", Action::kSilent, ""},
    {"ssl.provider", Action::kWarn, "TLS is OpenSSL's here"},
    {"ssl.engine.factory.class", Action::kRefuse, "Java TLS engines cannot run here. Remove the key"},
    {"ssl.keymanager.algorithm", Action::kSilent, ""},
    {"ssl.trustmanager.algorithm", Action::kSilent, ""},
    {"ssl.secure.random.implementation", Action::kSilent, ""},
    {"ssl.endpoint.identification.algorithm", Action::kSpecial, ""},
});

// "org.apache.kafka...ScramLoginModule required username="u" password="p";" → the value of `key`, quotes and escapes taken off.
std::optional<std::string> jaas_option(std::string_view jaas, std::string_view key) {
  size_t at = 0;
  while ((at = jaas.find(key, at)) != jaas.npos) {
    bool starts_word = at == 0 || jaas[at - 1] == ' ' || jaas[at - 1] == '\t' || jaas[at - 1] == '\n';
    size_t i = at + key.size();
    while (i < jaas.size() && jaas[i] == ' ') ++i;
    if (!starts_word || i >= jaas.size() || jaas[i] != '=') { ++at; continue; }
    ++i;
    while (i < jaas.size() && jaas[i] == ' ') ++i;
    if (i >= jaas.size()) return std::nullopt;
    std::string out;
    char quote = jaas[i] == '"' || jaas[i] == '\'' ? jaas[i++] : '\0';
    for (; i < jaas.size(); ++i) {
      if (quote ? jaas[i] == quote : (jaas[i] == ' ' || jaas[i] == ';')) break;
      if (jaas[i] == '\\' && i + 1 < jaas.size()) ++i;
      out += jaas[i];
    }
    return out;
  }
  return std::nullopt;
}

// Everything the special keys need: the whole input and where results go.
struct Translation {
  const Properties& java;
  Translated out;
  std::vector<std::string> problems;

  std::string value(std::string_view key) const { return config::get_or(java, key, ""); }
  void fail(std::string_view key, std::string_view why) { problems.push_back(fmt::format("Key '{}': {}", key, why)); }
};

void translate_assignors(Translation& t, const std::string& value) {
  std::string names;
  std::string_view rest = value;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view one = config::trim(rest.substr(0, comma));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    std::string_view name = one.ends_with("RoundRobinAssignor") ? "roundrobin" : one.ends_with("RangeAssignor") ? "range" : "";
    // Sticky assignors: the sink loop works with eager rebalances, where range assigns as well.
    if (one.ends_with("StickyAssignor")) { t.out.warnings.push_back(fmt::format("Key 'partition.assignment.strategy': {} is taken as range", one)); name = "range"; }
    if (name.empty()) { t.fail("partition.assignment.strategy", fmt::format("class '{}' is not known here. Use RangeAssignor or RoundRobinAssignor", one)); return; }
    if (names.find(name) == names.npos) names += (names.empty() ? "" : ",") + std::string(name);
  }
  if (!names.empty()) t.out.librdkafka["partition.assignment.strategy"] = names;
}

void translate_jaas(Translation& t, const std::string& jaas) {
  std::string mechanism = t.value("sasl.mechanism");
  if (jaas.find("PlainLoginModule") != jaas.npos || jaas.find("ScramLoginModule") != jaas.npos) {
    auto user = jaas_option(jaas, "username"), password = jaas_option(jaas, "password");
    if (!user || !password) return t.fail("sasl.jaas.config", "username or password is missing in the login module's options");
    t.out.librdkafka["sasl.username"] = *user;
    t.out.librdkafka["sasl.password"] = *password;
  } else if (jaas.find("OAuthBearerLoginModule") != jaas.npos) {
    t.out.librdkafka["sasl.oauthbearer.method"] = "oidc";
    if (auto id = jaas_option(jaas, "clientId")) t.out.librdkafka["sasl.oauthbearer.client.id"] = *id;
    if (auto secret = jaas_option(jaas, "clientSecret")) t.out.librdkafka["sasl.oauthbearer.client.secret"] = *secret;
    if (auto scope = jaas_option(jaas, "scope")) t.out.librdkafka["sasl.oauthbearer.scope"] = *scope;
  } else if (jaas.find("Krb5LoginModule") != jaas.npos) {
    if (auto principal = jaas_option(jaas, "principal")) t.out.librdkafka["sasl.kerberos.principal"] = *principal;
    if (auto keytab = jaas_option(jaas, "keyTab")) t.out.librdkafka["sasl.kerberos.keytab"] = *keytab;
  } else {
    t.fail("sasl.jaas.config", "the login module is not known here. Use PlainLoginModule, ScramLoginModule, OAuthBearerLoginModule or Krb5LoginModule");
  }
}

// What a file is by its first bytes, as Java finds it out for the type JKS; empty: it cannot be read.
std::string store_type_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head(4096, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  if (head.empty()) return "";
  if (net::is_java_key_store(head)) return "JKS";
  return head.find("-----BEGIN") != head.npos ? "PEM" : "PKCS12";
}

// PEM files and PKCS12 key stores are librdkafka's business; other stores are read here and handed over as text.
void translate_store(Translation& t, std::string_view which, const std::string& location) {
  const bool trust = which == "ssl.truststore.location";
  const std::string type = store_type_of(location);
  if (type.empty()) return t.fail(which, fmt::format("'{}' cannot be read. Check the path and its permissions", location));
  if (type == "PEM") {
    if (trust) t.out.librdkafka["ssl.ca.location"] = location;
    else { t.out.librdkafka["ssl.certificate.location"] = location; t.out.librdkafka["ssl.key.location"] = location; }
    return;
  }
  if (type == "PKCS12" && !trust) {
    t.out.librdkafka["ssl.keystore.location"] = location;
    return;
  }
  Properties own;
  for (const char* key : {"location", "password", "type"}) {
    const std::string name = fmt::format("ssl.{}store.{}", trust ? "trust" : "key", key);
    if (auto given = t.java.find(name); given != t.java.end()) own[name] = given->second;
  }
  if (!trust) own["ssl.key.password"] = t.value("ssl.key.password");
  auto stores = net::read_tls_stores(own, "");
  if (!stores.ok()) return t.fail(which, stores.status().message());
  if (trust) {
    t.out.librdkafka["ssl.ca.pem"] = stores->trusted;
    return;
  }
  // Its key is not encrypted any more.
  t.out.librdkafka["ssl.certificate.pem"] = stores->certificates;
  t.out.librdkafka["ssl.key.pem"] = stores->key.text();
  t.out.librdkafka.erase("ssl.key.password");
}

// ClientUtils.parseAndValidateAddresses (Kafka 4.3): host:port, maybe behind a protocol's name.
bool is_address(std::string_view text) {
  if (size_t scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size()) return false;
  auto digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  auto of_host = [](unsigned char c) { return std::isalnum(c) || std::string_view("-%._:[]").find(static_cast<char>(c)) != std::string_view::npos; };
  return std::all_of(text.begin() + static_cast<int64_t>(colon) + 1, text.end(), digit) && std::all_of(text.begin(), text.begin() + static_cast<int64_t>(colon), of_host);
}

void translate_bootstrap(Translation& t, const std::string& value) {
  std::string_view left = value;
  while (!left.empty()) {
    std::string_view entry = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), entry.size() + 1));
    while (!entry.empty() && std::isspace(static_cast<unsigned char>(entry.front()))) entry.remove_prefix(1);
    while (!entry.empty() && std::isspace(static_cast<unsigned char>(entry.back()))) entry.remove_suffix(1);
    if (!entry.empty() && !is_address(entry)) t.fail("bootstrap.servers", fmt::format("Invalid url in bootstrap.servers: {}. Each entry is host:port", entry));
  }
  t.out.librdkafka["bootstrap.servers"] = value;
}

void translate_special(Translation& t, std::string_view key, const std::string& value) {
  if (key == "bootstrap.servers") return translate_bootstrap(t, value);
  if (key == kFetchClient || key == kProduceClient) {
    if (value != "direct" && value != "librdkafka") t.fail(key, fmt::format("'{}' is not one of direct, librdkafka", value));
    return;
  }
  auto& out = t.out.librdkafka;
  if (key == "auto.offset.reset") {
    if (value == "none") out[std::string(key)] = "error";
    else if (value.starts_with("by_duration")) t.fail(key, "by_duration is not supported here. Use earliest, latest or none");
    else out[std::string(key)] = value;
  } else if (key == "partition.assignment.strategy") translate_assignors(t, value);
  else if (key == "group.protocol") {
    if (value != "classic") t.out.warnings.push_back("Key 'group.protocol': only the classic group protocol is spoken");
  } else if (key == "request.timeout.ms") {
    out["socket.timeout.ms"] = value;
  } else if (key == "receive.buffer.bytes" || key == "send.buffer.bytes") {
    if (value != "-1") out["socket." + std::string(key)] = value;
  } else if (key == "buffer.memory") {
    auto bytes = config::parse_value(config::KeyType::kLong, value);
    if (!bytes.ok()) return t.fail(key, bytes.status().message());
    out["queue.buffering.max.kbytes"] = std::to_string(std::clamp<int64_t>(std::get<int64_t>(*bytes) / 1024, 1, 2147483647));
  } else if (key == "partitioner.class") {
    if (value.ends_with("RoundRobinPartitioner")) out["partitioner"] = "random";
    else if (!value.empty() && !value.ends_with("DefaultPartitioner") && !value.ends_with("UniformStickyPartitioner"))
      t.fail(key, fmt::format("Java class '{}' cannot run here. Remove the key: records go by murmur2 of the key, as in Java", value));
  } else if (key == "sasl.jaas.config") translate_jaas(t, value);
  else if (key == "sasl.login.callback.handler.class") {
    if (value.find("OAuthBearerLoginCallbackHandler") == value.npos) t.fail(key, "Java callback handlers cannot run here");
  } else if (key == "ssl.truststore.location" || key == "ssl.keystore.location") translate_store(t, key, value);
  else if (key == "ssl.keystore.password") { if (out.count("ssl.keystore.location")) out["ssl.keystore.password"] = value; }
  else if (key == "ssl.cipher.suites") { if (!value.empty()) out["ssl.cipher.suites"] = value; }
  else if (key == "ssl.endpoint.identification.algorithm") out[std::string(key)] = value.empty() ? "none" : value;
}

// librdkafka's defaults that differ from the Java clients', set to Java's; then our own.
void set_defaults(ClientKind kind, Properties& out) {
  out["log_level"] = "4";
  out["ssl.endpoint.identification.algorithm"] = "https";
  out["metadata.max.age.ms"] = "300000";
  // A broker that its controller has put aside for a moment answers with no brokers at all: librdkafka then knows none, and would ask those
  // of bootstrap.servers again after five minutes.
  out["metadata.recovery.rebootstrap.trigger.ms"] = "10000";
  if (kind == ClientKind::kConsumer) {
    out["isolation.level"] = "read_uncommitted";
    out["auto.offset.reset"] = "latest";
    out["session.timeout.ms"] = "45000";
    out["partition.assignment.strategy"] = "range";
    out["check.crcs"] = "true";
    out["enable.auto.commit"] = "false";
    out["enable.auto.offset.store"] = "false";
    out["allow.auto.create.topics"] = "true";
  }
  if (kind == ClientKind::kProducer) {
    out["partitioner"] = "murmur2_random";
    out["enable.idempotence"] = "true";
    out["linger.ms"] = "5";
    out["queue.buffering.max.kbytes"] = "32768";
    out["acks"] = "all";
  }
}

}  // namespace

Result<Translated> translate_java_keys(ClientKind kind, const Properties& java) {
  Translation t{java, {}, {}};
  set_defaults(kind, t.out.librdkafka);
  for (const auto& [key, value] : java) {
    if (key.starts_with("librdkafka.")) { t.out.librdkafka[key.substr(11)] = value; continue; }
    auto rule = std::find_if(kRules.begin(), kRules.end(), [&name = key](const Rule& r) { return r.java == name; });
    if (rule == kRules.end()) { t.out.warnings.push_back(fmt::format("Key '{}' is not known to the Kafka client and has no effect", key)); continue; }
    switch (rule->action) {
      case Action::kSame: t.out.librdkafka[key] = value; break;
      case Action::kRename: t.out.librdkafka[std::string(rule->note)] = value; break;
      case Action::kSilent: break;
      case Action::kWarn: t.out.warnings.push_back(fmt::format("Key '{}' has no effect: {}", key, rule->note)); break;
      case Action::kRefuse: if (!value.empty()) t.fail(key, rule->note); break;
      case Action::kSpecial: translate_special(t, key, value); break;
    }
  }
  if (!t.problems.empty()) return Status::invalid(fmt::format("{}", fmt::join(t.problems, "\n")));
  // A record that may be as large as that has to fit into the buffer, too.
  auto largest = config::parse_value(config::KeyType::kLong, config::get_or(t.out.librdkafka, "message.max.bytes", "0"));
  if (kind == ClientKind::kProducer && !java.contains("buffer.memory") && largest.ok() && std::holds_alternative<int64_t>(*largest)) {
    std::string& buffer = t.out.librdkafka["queue.buffering.max.kbytes"];
    if (const int64_t least = std::get<int64_t>(*largest) / 512; buffer == "32768" && least > 32768) buffer = std::to_string(std::min<int64_t>(least, 2147483647));
  }
  return std::move(t.out);
}

Result<rd_kafka_conf_s*> make_conf(const Properties& librdkafka) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char reason[512];
  std::vector<std::string> problems;
  for (const auto& [key, value] : librdkafka) {
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK) continue;
    // librdkafka's reason holds the value: shown only where it cannot be a secret.
    bool secret = key.find("password") != key.npos || key.find("secret") != key.npos || key.find(".pem") != key.npos;
    problems.push_back(fmt::format("Kafka client key '{}': {}", key, secret ? "the value was refused" : reason));
  }
  if (problems.empty()) return conf;
  rd_kafka_conf_destroy(conf);
  return Status::invalid(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace bywash::kafka
