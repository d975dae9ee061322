// A connector's configuration: validation of everything in it (its plugin's keys, those every connector has, transforms, predicates
// and converters spliced in), which of its values are secret, and connector files. Level 7, any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config_def.h"
#include "plugin/registry.h"
#include "runtime/plugin_listing.h"
#include "runtime/worker_config.h"

namespace bywash::runtime {

// A configuration as REST clients give it: nullopt is a JSON null, which counts as absent but is kept and shown.
using ConnectorProperties = std::map<std::string, std::optional<std::string>, std::less<>>;
config::Properties without_nulls(const ConnectorProperties& properties);

// One key in the answer of a validation. No definition: a key that has only an error.
struct ReportedKey {
  std::optional<config::KeySpec> definition;
  config::ConfigValue value;
};

struct ConfigReport {
  std::string name;  // the connector.class as given
  std::vector<std::string> groups;
  std::vector<ReportedKey> keys;

  int error_count() const;
  // Ok, or kInvalid with every problem in the words of POST /connectors.
  Status problems() const;
  // Names of the keys that hold secrets, those of client overrides included.
  std::set<std::string> secret_keys(const config::Properties& properties) const;
  // One line for each given key that nobody declares.
  std::vector<std::string> unknown_key_warnings(const config::Properties& properties) const;
};

// kInvalid, in the original's words, when the configuration has no connector.class or null for it.
Status check_names_class(const ConnectorProperties& properties);

// Whether a validation may connect to the system that the connector is for.
enum class Reach { kLocal, kRemote };
// Validates a whole connector configuration. Error (kInvalid): there is no connector.class, or no plugin of that name.
Result<ConfigReport> validate_connector(const config::Properties& properties, const WorkerConfig& worker, const plugin::Registry& registry,
                                        Reach reach = Reach::kRemote);

// What a JSON null for a key means to a validation without it (AbstractHerder.addNullValuedErrors): an error, unless only the connector
// itself knows the key, which then has no value.
void report_nulls(const ConnectorProperties& given, const plugin::Registry& registry, ConfigReport* report);

// What a connector file or POST /connectors asks for.
enum class TargetState { kStarted, kPaused, kStopped };
std::string_view to_string(TargetState state);  // "RUNNING", "PAUSED", "STOPPED": as initial_state spells them
bool parse_target_state(std::string_view text, TargetState* out);  // any case

struct ConnectorRequest {
  std::string name;
  ConnectorProperties properties;  // with `name` in it
  std::optional<TargetState> initial_state;
};

// Reads a connector file as a standalone worker takes them: .properties, JSON {"name", "config"[, "initial_state"]}, or a flat JSON
// object. Error names the file and what is wrong.
Result<ConnectorRequest> read_connector_file(const std::string& path);

// Values of secret keys replaced by [hidden].
ConnectorProperties masked(const ConnectorProperties& properties, const std::set<std::string>& secret_keys);
// The other way: where `incoming` has the mask for a secret key, `stored`'s value is put in.
void unmask(ConnectorProperties* incoming, const ConnectorProperties& stored, const std::set<std::string>& secret_keys);

}  // namespace bywash::runtime
