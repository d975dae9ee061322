// Precedence of Kafka client properties (org.apache.kafka.connect.runtime.Worker, Kafka 4.3). Level 7.
#include "runtime/client_properties.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "kafka/client_config.h"
#include "runtime/client_overrides.h"

namespace bywash::runtime {
namespace {

using config::Properties;

// Worker keys that all of its clients take as they stand: everything a client could know that is not the worker's own.
void add_worker_keys(const WorkerConfig& worker, Properties& out) {
  out["bootstrap.servers"] = worker.bootstrap_servers;
  for (const auto& [key, value] : worker.all) {
    if (key.starts_with("security.") || key.starts_with("sasl.") || key.starts_with("ssl.") || key == "client.dns.lookup") out[key] = value;
  }
}

Status add_overrides(const WorkerConfig& worker, const Properties& connector, std::string_view prefix, Properties& out) {
  for (const auto& [key, value] : config::with_prefix(connector, prefix)) {
    RETURN_IF_ERROR(check_override(worker, key));
    out[key] = value;
  }
  return {};
}

Result<Properties> properties_of(const WorkerConfig& worker, const Properties& connector, std::string_view kind, Properties defaults) {
  add_worker_keys(worker, defaults);
  for (auto& [key, value] : config::with_prefix(worker.all, fmt::format("{}.", kind))) defaults[key] = value;
  RETURN_IF_ERROR(add_overrides(worker, connector, fmt::format("{}.override.", kind), defaults));
  return defaults;
}

// Worker.baseProducerConfigs (Kafka 4.3): retries for ever, and with one request at a time in the records' order. Not idempotent unless
// asked for.
Properties producer_defaults(std::string client_id) {
  Properties out;
  out["client.id"] = std::move(client_id);
  out["acks"] = "all";
  out["delivery.timeout.ms"] = "2147483647";
  out["enable.idempotence"] = "false";
  out["max.in.flight.requests.per.connection"] = "1";
  return out;
}

}  // namespace

std::string sink_group(const std::string& connector_name, const Properties& connector) {
  return config::get_or(connector, "consumer.override.group.id", "connect-" + connector_name);
}

Result<Properties> consumer_properties(const WorkerConfig& worker, const TaskId& id, const Properties& connector) {
  Properties defaults;
  defaults["group.id"] = "connect-" + id.connector;
  defaults["client.id"] = fmt::format("connector-consumer-{}-{}", id.connector, id.task);
  defaults["auto.offset.reset"] = "earliest";
  return properties_of(worker, connector, "consumer", std::move(defaults));
}

Result<Properties> producer_properties(const WorkerConfig& worker, const TaskId& id, const Properties& connector) {
  return properties_of(worker, connector, "producer", producer_defaults(fmt::format("connector-producer-{}-{}", id.connector, id.task)));
}

Result<Properties> transactional_producer_properties(const WorkerConfig& worker, const TaskId& id, const Properties& connector,
                                                     const std::string& transactional_id) {
  Properties defaults = producer_defaults(fmt::format("connector-producer-{}-{}", id.connector, id.task));
  defaults.erase("enable.idempotence");
  ASSIGN_OR_RETURN(Properties out, properties_of(worker, connector, "producer", std::move(defaults)));
  if (config::trim(out["bootstrap.servers"]) != config::trim(worker.bootstrap_servers)) {
    return Status::invalid("With exactly.once.source.support=enabled a source writes to the Kafka cluster of the worker's offsets: a transaction cannot span two. "
                           "Remove bootstrap.servers from the producer.override. keys (or producer. keys of the worker)");
  }
  // ConnectUtils.ensureProperty (Kafka 4.3).
  for (const auto& [key, value] : Properties{{"enable.idempotence", "true"}, {"transactional.id", transactional_id}}) {
    if (auto given = out.find(key); given != out.end() && ascii_lower(given->second) != value) {
      log::warn("runtime", "The value '{}' for the '{}' property will be ignored as it cannot be overridden for connectors when exactly-once source support is enabled; "
                "the value '{}' will be used instead", given->second, key, value);
    }
    out[key] = value;
  }
  // The client wants it within the transaction's; there a longer one has no effect, as the transaction is lost by then.
  auto longest = out.find("transaction.timeout.ms");
  auto transaction_ms = config::parse_value(config::KeyType::kLong, longest == out.end() ? "60000" : longest->second);
  auto delivery_ms = config::parse_value(config::KeyType::kLong, out["delivery.timeout.ms"]);
  if (transaction_ms.ok() && delivery_ms.ok() && std::get<int64_t>(*delivery_ms) > std::get<int64_t>(*transaction_ms)) out.erase("delivery.timeout.ms");
  return out;
}

Result<Properties> dlq_producer_properties(const WorkerConfig& worker, const TaskId& id, const Properties& connector) {
  return properties_of(worker, connector, "producer", producer_defaults(fmt::format("connector-dlq-producer-{}-{}", id.connector, id.task)));
}

Result<Properties> admin_properties(const WorkerConfig& worker, const std::string& connector_name, const Properties& connector) {
  Properties defaults;
  defaults["client.id"] = connector_name.empty() ? "bywash-admin" : fmt::format("connector-adminclient-{}", connector_name);
  return properties_of(worker, connector, "admin", std::move(defaults));
}

Status check_worker_clients(const WorkerConfig& worker) {
  ASSIGN_OR_RETURN(Properties properties, admin_properties(worker, "", {}));
  return kafka::translate_java_keys(kafka::ClientKind::kAdmin, properties).status();
}

}  // namespace bywash::runtime
