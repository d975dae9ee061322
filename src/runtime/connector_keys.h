// The keys that every connector has, whatever its plugin (ConnectorConfig, SinkConnectorConfig, SourceConnectorConfig, Kafka 4.3),
// in the original's order, groups, widths and display names. Level 7.
#pragma once

#include <string>
#include <vector>

#include "config/config_def.h"
#include "plugin/registry.h"
#include "runtime/worker_config.h"

namespace bywash::runtime {

enum class ConnectorKind { kSink, kSource };
std::string_view to_string(ConnectorKind kind);  // "sink", "source"

// What the plugin.version keys of a configuration default to, and which converters a connector has without keys of its own.
// Empty strings: unknown, the key's default is null.
struct ConnectorDefaults {
  std::string connector_version;
  struct Converter {
    std::string class_name;  // of the worker
    std::string version;     // of the converter in force
    bool known = true;       // false: the class that the connector names does not exist here
  };
  Converter key, value, header;
};

// The first part: keys that sinks and sources share.
void add_common_keys(config::ConfigDef* def, const ConnectorDefaults& defaults, const plugin::Registry& registry);
void add_sink_keys(config::ConfigDef* def);
void add_source_keys(config::ConfigDef* def);

// Key prefixes that belong to a connector without being declared one by one.
const std::vector<std::string>& open_prefixes();

}  // namespace bywash::runtime
