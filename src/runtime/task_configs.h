// The configurations of a connector's tasks (org.apache.kafka.connect.connector.Connector.taskConfigs, Kafka 4.3). Level 7, a thread of the
// connector's own (ConnectorCalls): a source may ask its database.
#pragma once

#include <functional>
#include <vector>

#include "config/config_def.h"
#include "runtime/plugin_listing.h"

namespace bywash::runtime {

// One for each task, at most tasks.max. Error: what the plugin says, or that it wants more tasks than that and tasks.max.enforce is on.
// Variables of config providers (`worker` says which there are) are put in for the plugin and stand in the answer again. `enter` hears
// which call comes next.
Result<std::vector<config::Properties>> make_task_configs(const plugin::Registry& registry, const config::Properties& worker, const ConnectorPlugin& plugin,
                                                          const config::Properties& properties, const std::function<void(const char*)>& enter);

}  // namespace bywash::runtime
