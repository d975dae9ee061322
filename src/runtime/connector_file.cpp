// Connector files of a standalone worker (org.apache.kafka.connect.cli.ConnectStandalone.parseConnectorConfigurationFile, Kafka 4.3).
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/properties.h"
#include "runtime/connector_config.h"

namespace bywash::runtime {
namespace {

using FileJson = nlohmann::json;

Result<ConnectorProperties> flat_object(const std::string& path, const FileJson& object) {
  ConnectorProperties out;
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) out[key] = std::nullopt;
    else if (value.is_string()) out[key] = value.get<std::string>();
    else if (value.is_primitive()) out[key] = value.dump();
    else return Status::invalid(fmt::format("Connector file '{}': the value of '{}' is not text, a number or a boolean", path, key));
  }
  return out;
}

Result<ConnectorRequest> from_json(const std::string& path, const FileJson& object) {
  ConnectorRequest out;
  if (object.contains("config") && object["config"].is_object()) {
    for (const auto& [key, value] : object.items()) {
      if (key != "name" && key != "config" && key != "initial_state") {
        return Status::invalid(fmt::format("Connector file '{}': unknown field '{}'; beside 'config' there may be 'name' and 'initial_state'", path, key));
      }
    }
    ASSIGN_OR_RETURN(out.properties, flat_object(path, object["config"]));
    if (object.contains("initial_state") && !object["initial_state"].is_null()) {
      TargetState state;
      if (!object["initial_state"].is_string() || !parse_target_state(object["initial_state"].get<std::string>(), &state)) {
        return Status::invalid(fmt::format("Connector file '{}': initial_state has to be RUNNING, PAUSED or STOPPED", path));
      }
      out.initial_state = state;
    }
    if (object.contains("name") && object["name"].is_string()) out.name = object["name"].get<std::string>();
  } else {
    ASSIGN_OR_RETURN(out.properties, flat_object(path, object));
  }
  return out;
}

}  // namespace

Result<ConnectorRequest> read_connector_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Status::not_found(fmt::format("Connector file '{}' cannot be opened. Check the path", path));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return Status::host(fmt::format("Connector file '{}' cannot be read", path));
  // The content decides, whatever the file is called.
  ConnectorRequest out;
  FileJson object = FileJson::parse(text.str(), nullptr, false);
  if (object.is_object()) {
    ASSIGN_OR_RETURN(out, from_json(path, object));
  } else if (path.ends_with(".json")) {
    return Status::invalid(fmt::format("Connector file '{}' is not a JSON object. Give {{\"name\": ..., \"config\": {{...}}}} or a flat object of keys", path));
  } else {
    auto properties = config::parse_properties(text.str());
    if (!properties.ok()) return properties.status().with_context(fmt::format("Connector file '{}'", path));
    for (auto& [key, value] : *properties) out.properties[key] = value;
  }
  auto name = out.properties.find("name");
  if (out.name.empty() && name != out.properties.end() && name->second) out.name = *name->second;
  if (!out.name.empty() && name == out.properties.end()) out.properties["name"] = out.name;
  return out;
}

}  // namespace bywash::runtime
