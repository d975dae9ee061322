// The worker's own configuration: the keys of a Kafka Connect standalone worker (WorkerConfig and StandaloneConfig, Kafka 4.3)
// and ours. Level 7.
#pragma once

#include <string>

#include "config/typed_config.h"

namespace bywash::runtime {

struct WorkerConfig {
  std::string bootstrap_servers;
  std::string key_converter;
  std::string value_converter;
  std::string header_converter;
  std::string offset_storage_file;   // offset.storage.file.filename; empty under `serve` with data.dir
  int64_t offset_flush_interval_ms = 60000;
  int64_t offset_flush_timeout_ms = 5000;
  int64_t task_shutdown_graceful_timeout_ms = 5000;
  config::List listeners;
  std::string override_policy;       // connector.client.config.override.policy: All, None, Principal, Allowlist
  config::List override_allowlist;   // client keys that Allowlist allows
  std::string plugin_path;
  bool topic_creation_enable = true;
  bool topic_tracking_enable = true;
  bool topic_tracking_allow_reset = true;
  std::string client_id;
  bool exactly_once_sources = false; // of a cluster with exactly.once.source.support=enabled; not a key of every worker
  // Ours.
  int64_t task_restart_max_attempts = 0, task_restart_backoff_ms = 1000, task_restart_backoff_max_ms = 60000, task_restart_reset_ms = 600000;
  int64_t task_call_timeout_ms = 0;  // 0: a task may stay in a call of its connector for ever
  int64_t memory_limit_bytes = 0;    // the process's budget for buffered records
  std::string data_dir;              // where `serve` keeps connectors, offsets and tables
  config::Properties all;            // as given: consumer.*, producer.*, admin.*, key.converter.* are read from here
};

// The declaration (docs and validation come from it).
const config::TypedConfig<WorkerConfig>& worker_config_def();
// Parses worker properties, with variables of its own config providers put in. Error: every problem at once, in Kafka's words.
Result<WorkerConfig> parse_worker_config(const config::Properties& properties);

}  // namespace bywash::runtime
