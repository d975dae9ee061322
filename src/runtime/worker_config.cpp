// Declaration of the worker's keys. Level 7.
#include "runtime/worker_config.h"

#include "config/variables.h"

namespace bywash::runtime {
namespace {

config::TypedConfig<WorkerConfig> declare() {
  using C = WorkerConfig;
  config::TypedConfig<C> def;
  def.key("bootstrap.servers", &C::bootstrap_servers).by_default("localhost:9092").high().doc("Kafka brokers to start from: host:port, separated by commas.");
  def.key("key.converter", &C::key_converter).required().type(config::KeyType::kClass).high()
      .doc("Converter of record keys, for connectors that name none of their own.");
  def.key("value.converter", &C::value_converter).required().type(config::KeyType::kClass).high()
      .doc("Converter of record values, for connectors that name none of their own.");
  def.key("header.converter", &C::header_converter).by_default("org.apache.kafka.connect.storage.SimpleHeaderConverter").type(config::KeyType::kClass).low()
      .doc("Converter of record headers.");
  def.key("offset.storage.file.filename", &C::offset_storage_file).by_default("").high()
      .doc("File in which a standalone worker keeps the offsets of source connectors, in Kafka Connect's own format.");
  def.key("offset.flush.interval.ms", &C::offset_flush_interval_ms).by_default("60000").at_least(1).low().doc("Time between two commits of offsets.");
  def.key("offset.flush.timeout.ms", &C::offset_flush_timeout_ms).by_default("5000").at_least(1).low().doc("Longest time for records to be acknowledged before offsets of a source are committed.");
  def.key("task.shutdown.graceful.timeout.ms", &C::task_shutdown_graceful_timeout_ms).by_default("5000").low()
      .doc("Time that tasks get to end by themselves when they are stopped.");
  def.key("listeners", &C::listeners).by_default("http://127.0.0.1:8083").low()
      .doc("Where the REST API listens. Default: loopback only, which is safer than Kafka Connect's all interfaces.");
  def.key("connector.client.config.override.policy", &C::override_policy).by_default("All").doc("Which producer.override., consumer.override. and admin.override. keys a connector may set.")
      .one_of({"All", "None", "Principal", "Allowlist", "org.apache.kafka.connect.connector.policy.AllowlistConnectorClientConfigOverridePolicy", "org.apache.kafka.connect.connector.policy.AllConnectorClientConfigOverridePolicy",
               "org.apache.kafka.connect.connector.policy.NoneConnectorClientConfigOverridePolicy",
               "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy"});
  def.key("connector.client.config.override.allowlist", &C::override_allowlist).by_default("").doc("Client keys that connectors may set under the policy Allowlist.");
  def.key("plugin.path", &C::plugin_path).by_default("").low().doc("Where Java plugins would be. Taken, and said in one line of the log: plugins are built in here.");
  def.key("topic.creation.enable", &C::topic_creation_enable).by_default("true").low().doc("Whether topics that source connectors write to are created when missing.");
  def.key("topic.tracking.enable", &C::topic_tracking_enable).by_default("true").low().doc("Whether the topics a connector uses are kept for GET /connectors/{name}/topics.");
  def.key("topic.tracking.allow.reset", &C::topic_tracking_allow_reset).by_default("true").low().doc("Whether PUT /connectors/{name}/topics/reset is allowed.");
  def.key("client.id", &C::client_id).by_default("").low().doc("Client id that the worker's Kafka clients start theirs with.");
  def.key("memory.limit.bytes", &C::memory_limit_bytes).by_default("536870912").at_least(67108864)
      .doc("Bytes of records that the process may buffer, in fetch queues, open files and consuming segments together. Past it partitions are paused.");
  def.key("task.restart.max.attempts", &C::task_restart_max_attempts).by_default("0").at_least(0)
      .doc("How often a task that failed from what passes by itself (a server that was away, not a configuration or a record) is restarted. 0: by hand only, as in Kafka Connect.");
  def.key("task.restart.backoff.ms", &C::task_restart_backoff_ms).by_default("1000").at_least(1).low().doc("Pause before the first restart of a failed task; twice as long before each further one.");
  def.key("task.restart.backoff.max.ms", &C::task_restart_backoff_max_ms).by_default("60000").at_least(1).low().doc("Longest pause before a restart.");
  def.key("task.restart.reset.ms", &C::task_restart_reset_ms).by_default("600000").at_least(1).low().doc("A task that ran for so long has all its restarts again.");
  def.key("task.call.timeout.ms", &C::task_call_timeout_ms).by_default("0").at_least(0)
      .doc("Longest time of one call of a connector (start, poll, put, flush, ...). A task that does not come back from one is given up: it is FAILED, and is restarted where task.restart.max.attempts allows; a connector that does not (start, taskConfigs) is FAILED. 0: it is told only, as nobody knows how long a call may take.");
  def.key("data.dir", &C::data_dir).by_default("").doc("Folder in which `bywash serve` keeps connectors, offsets and tables.");
  return def;
}

}  // namespace

const config::TypedConfig<WorkerConfig>& worker_config_def() {
  static const auto def = declare();
  return def;
}

Result<WorkerConfig> parse_worker_config(const config::Properties& properties) {
  ASSIGN_OR_RETURN(config::Properties resolved, config::resolve_variables(properties, properties));
  ASSIGN_OR_RETURN(WorkerConfig config, worker_config_def().parse(resolved));
  config.all = std::move(resolved);
  return config;
}

}  // namespace bywash::runtime
