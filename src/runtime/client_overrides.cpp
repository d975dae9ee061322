// See client_overrides.h. Level 7.
#include "runtime/client_overrides.h"

#include <algorithm>

#include "config/java_order.h"
#include "config/properties.h"
#include "kafka/client_key_types.h"

namespace bywash::runtime {
namespace {

using config::Properties;

// "Principal" of "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy".
std::string policy_name(std::string_view policy) {
  constexpr std::string_view kSuffix = "ConnectorClientConfigOverridePolicy";
  if (policy.ends_with(kSuffix)) policy.remove_suffix(kSuffix.size());
  return std::string(policy.substr(policy.rfind('.') == policy.npos ? 0 : policy.rfind('.') + 1));
}

Result<ReportedKey> override_key(const WorkerConfig& worker, kafka::ClientKind client, const std::string& prefix, const std::string& name, const std::string& given) {
  ReportedKey out;
  out.value.name = prefix + name;
  out.value.value = given;
  if (auto known = kafka::java_client_key(client, name)) {
    auto parsed = config::parse_value(known->type, given);
    if (!parsed.ok()) {
      return Status::fatal(fmt::format("Invalid value {} for configuration {}: {}", known->secret() ? std::string(config::kHidden) : given, name, parsed.status().message()))
          .with_java_class("org.apache.kafka.common.config.ConfigException");
    }
    out.value.value = known->secret() ? std::string(config::kHidden) : config::render(*parsed);
    known->name = prefix + name;
    out.definition = std::move(known);
  }
  if (Status allowed = check_override(worker, name); !allowed.ok()) out.value.errors.push_back(allowed.message());
  return out;
}

}  // namespace

Status check_override(const WorkerConfig& worker, std::string_view client_key) {
  const std::string policy = policy_name(worker.override_policy);
  static constexpr std::string_view kOfPrincipal[] = {"sasl.jaas.config", "sasl.mechanism", "security.protocol"};
  const bool allowed = policy == "All" ||
                       (policy == "Principal" && std::find(std::begin(kOfPrincipal), std::end(kOfPrincipal), client_key) != std::end(kOfPrincipal)) ||
                       (policy == "Allowlist" && std::find(worker.override_allowlist.begin(), worker.override_allowlist.end(), client_key) != worker.override_allowlist.end());
  if (allowed) return {};
  return Status::invalid(fmt::format("The '{}' policy does not allow '{}' to be overridden in the connector configuration.", policy, client_key));
}

Result<std::vector<ReportedKey>> client_override_keys(const WorkerConfig& worker, ConnectorKind kind, const Properties& connector) {
  const bool sink = kind == ConnectorKind::kSink;
  const bool has_dlq = sink && !config::trim(config::get_or(connector, "errors.deadletterqueue.topic.name", "")).empty();
  const bool makes_topics = !sink && worker.topic_creation_enable && connector.contains("topic.creation.default.replication.factor");
  // DistributedHerder.connectorUsesSeparateOffsetsTopicClients.
  const bool own_offsets = !sink && worker.all.contains("config.storage.topic") &&
                           (worker.exactly_once_sources || !config::trim(config::get_or(connector, "offsets.storage.topic", "")).empty());
  struct Client {
    const char* prefix;
    kafka::ClientKind kind;
    bool used;
  };
  // Checked in this order, shown with the consumer's before the admin client's.
  std::vector<ReportedKey> shown[3];
  const Client clients[] = {{"producer.override.", kafka::ClientKind::kProducer, !sink || has_dlq},
                            {"admin.override.", kafka::ClientKind::kAdmin, has_dlq || makes_topics || own_offsets},
                            {"consumer.override.", kafka::ClientKind::kConsumer, sink || own_offsets}};
  for (size_t i = 0; i < std::size(clients); ++i) {
    if (!clients[i].used) continue;
    const Properties given = config::with_prefix(connector, clients[i].prefix);
    std::vector<std::string> names;
    for (const auto& [name, value] : given) names.push_back(name);
    for (const std::string& name : config::java_hash_order(std::move(names))) {
      ASSIGN_OR_RETURN(ReportedKey key, override_key(worker, clients[i].kind, clients[i].prefix, name, given.at(name)));
      shown[i].push_back(std::move(key));
    }
  }
  std::vector<ReportedKey> out;
  for (size_t i : {0, 2, 1}) out.insert(out.end(), std::make_move_iterator(shown[i].begin()), std::make_move_iterator(shown[i].end()));
  return out;
}

}  // namespace bywash::runtime
