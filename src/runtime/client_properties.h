// The Kafka client properties of a task, in Connect's precedence: Connect's defaults, then the worker's consumer./producer./admin.
// keys, then the connector's *.override. keys as the override policy allows. Level 7.
#pragma once

#include <string>

#include "runtime/worker.h"

namespace bywash::runtime {

Result<config::Properties> consumer_properties(const WorkerConfig& worker, const TaskId& id, const config::Properties& connector);
Result<config::Properties> producer_properties(const WorkerConfig& worker, const TaskId& id, const config::Properties& connector);
Result<config::Properties> admin_properties(const WorkerConfig& worker, const std::string& connector_name, const config::Properties& connector);
// The producer of a dead letter queue: as producer_properties, with what Connect sets for it.
Result<config::Properties> dlq_producer_properties(const WorkerConfig& worker, const TaskId& id, const config::Properties& connector);
// The producer of a source task that delivers exactly once: as producer_properties, in transactions of `transactional_id`. Error: the
// connector's records go to another Kafka cluster than the offsets.
Result<config::Properties> transactional_producer_properties(const WorkerConfig& worker, const TaskId& id, const config::Properties& connector,
                                                             const std::string& transactional_id);
// Whether the worker's own client can be made of its keys: a JKS store is told at start, with how to convert it.
Status check_worker_clients(const WorkerConfig& worker);
// The consumer group of a sink connector: connect-<name>, or consumer.override.group.id.
std::string sink_group(const std::string& connector_name, const config::Properties& connector);

}  // namespace bywash::runtime
