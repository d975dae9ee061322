// Debezium's change events: the envelope (before, after, source, op) and references to its fields, as Debezium 3.4's transforms read
// them. Level 4, the transform step; the task's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/declaration.h"

namespace bywash::transforms {

inline constexpr std::string_view kDebeziumVersion = "3.4.3.Final";
inline constexpr std::string_view kConnectExceptionClass = "org.apache.kafka.connect.errors.ConnectException";
inline constexpr std::string_view kDebeziumException = "io.debezium.DebeziumException";

// A schema whose name ends in ".Envelope" (SmtManager.isValidEnvelope).
bool is_envelope(const columnar::ConnectSchema& schema);

// One item of `add.fields` or `add.headers`: "op", "source.ts_ms", "lsn:position"
// (AbstractExtractNewRecordState.FieldReference).
struct EventField {
  std::string structure;  // the struct that has it; empty: the envelope itself
  std::string field;
  std::string output;  // the new field's or header's name
  // Error: the item cannot be read, with the original's Java class.
  static Result<EventField> parse(const std::string& prefix, const std::string& item);
};

// Where a reference leads in the events of one schema.
struct EventColumn {
  std::string output;
  bool is_operation = false;  // of `op`: tombstones get it as a header
  int structure = -1;         // position of the struct in the envelope; -1: none
  int field = -1;             // position in the struct, or in the envelope
  bool in_envelope = true;
  SchemaPtr schema;  // optional, without default; arrays and maps keep their elements, a struct loses its fields (SchemaUtil.copySchemaBasics)
  // The values, null where the struct is; under their schema in the event.
  Column values(const Column& events) const;
};
// The references that the schema has; those it lacks are left out. Error: a struct that is not there (NullPointerException) or no struct.
Result<std::vector<EventColumn>> resolve(const std::vector<EventField>& fields, const columnar::ConnectSchema& envelope);

// A declaration whose instances answer a bad configuration as Debezium's do: ConnectException "Unable to validate config.".
// Validation before that names each problem. `keys` is `def` without the rules that the original checks after its configuration's.
template <class Config, class Make>
plugin::TransformPlugin declare_debezium(plugin::PluginInfo info, const config::TypedConfig<Config>& def, const config::TypedConfig<Config>& keys, Make make) {
  info.version = std::string(kDebeziumVersion);
  plugin::TransformPlugin p;
  p.info = std::move(info);
  p.def = def.def();
  p.make = [keys, make](const plugin::Properties& properties, const std::string&) -> Result<std::unique_ptr<plugin::Transform>> {
    auto parsed = keys.parse(properties);
    if (!parsed.ok()) return Status::invalid("Unable to validate config.").with_java_class(std::string(kConnectExceptionClass));
    return make(*std::move(parsed));
  };
  return p;
}

}  // namespace bywash::transforms
