// Declarations of the keys that every connector has. Level 7.
#include "runtime/connector_keys.h"

#include <algorithm>

#include "config/java_validators.h"
#include "config/properties.h"
#include "transforms/java_regex.h"

namespace bywash::runtime {
namespace {

using config::ConfigDef;
using config::Importance;
using config::KeySpec;
using config::KeyType;
using config::Parsed;
using config::Properties;
using config::Width;

struct Place {
  const char* group;
  int order;
  Width width;
  const char* display_name;
};

KeySpec& add(ConfigDef* def, const char* name, KeyType type, Importance importance, Place place) {
  KeySpec spec;
  spec.name = name;
  spec.type = type;
  spec.importance = importance;
  spec.group = place.group;
  spec.order_in_group = place.order;
  spec.width = place.width;
  spec.display_name = place.display_name;
  return def->add(std::move(spec));
}

// NonEmptyStringWithoutControlChars, which leaves a missing name to the check for required keys.
std::optional<std::string> valid_name(const Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  if (!text) return std::nullopt;
  if (config::trim(*text).empty()) return "String may not be empty";
  std::string found;
  unsigned char before = 0;
  for (unsigned char c : *text) {
    // U+0080 to U+009F are two bytes.
    if (c < 0x20 || c == 0x7f || (before == 0xc2 && c < 0xa0)) found += (found.empty() ? "" : ", ") + std::to_string(c);
    before = c;
  }
  if (found.empty()) return std::nullopt;
  return "String may not contain control sequences but had the following ASCII chars: " + found;
}

template <class Plugins>
std::vector<std::string> classes_of(const Plugins& plugins) {
  std::vector<std::string> out;
  for (const auto& plugin : plugins) out.push_back(plugin::canonical_class(plugin.info, ""));
  std::sort(out.begin(), out.end());
  return out;
}

void add_converter(ConfigDef* def, const std::string& role, int order, const ConnectorDefaults::Converter& converter, std::vector<std::string> classes) {
  std::string title = role;
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  KeySpec type;
  type.name = role + ".converter";
  type.type = KeyType::kClass;
  type.importance = Importance::kLow;
  type.group = "Common";
  type.order_in_group = order;
  type.width = Width::kShort;
  type.display_name = title + " converter class";
  type.doc = fmt::format("{} class used to convert between Kafka Connect format and the serialized form that is written to Kafka. This controls the format of the {} in "
                         "messages written to or read from Kafka, and since this is independent of connectors it allows any connector to work with any serialization format. "
                         "Examples of common formats include JSON and Avro.",
                         role == "header" ? "HeaderConverter" : "Converter", role == "header" ? "header values" : role + "s");
  if (role == "header") {
    type.doc += " By default, the SimpleHeaderConverter is used to serialize header values to strings and deserialize them by inferring the schemas.";
  }
  if (!converter.class_name.empty()) type.default_text = converter.class_name;
  type.recommender = [classes = std::move(classes)](const Properties&) { return classes; };
  def->add(std::move(type));
  KeySpec version;
  version.name = role + ".converter.plugin.version";
  version.importance = Importance::kLow;
  version.group = "Common";
  version.order_in_group = order + 1;
  version.width = Width::kShort;
  version.display_name = title + " converter version";
  version.doc = fmt::format("Version of the {} converter.", role);
  if (!converter.version.empty()) {
    version.default_text = converter.version;
    version.recommender = [v = converter.version](const Properties&) { return std::vector<std::string>{v}; };
  }
  bool visible = converter.known && !(converter.class_name.empty() && converter.version.empty());
  version.visible = [visible](const Properties&) { return visible; };
  def->add(std::move(version));
}

void add_error_keys(ConfigDef* def) {
  constexpr const char* kGroup = "Error Handling";
  auto& timeout = add(def, "errors.retry.timeout", KeyType::kLong, Importance::kMedium, {kGroup, 1, Width::kMedium, "Retry Timeout for Errors"});
  timeout.default_text = "0";
  timeout.doc = "The maximum duration in milliseconds that a failed operation will be reattempted. The default is 0, which means no retries will "
                "be attempted. Use -1 for infinite retries.";
  auto& delay = add(def, "errors.retry.delay.max.ms", KeyType::kLong, Importance::kMedium, {kGroup, 2, Width::kMedium, "Maximum Delay Between Retries for Errors"});
  delay.default_text = "60000";
  delay.doc = "The maximum duration in milliseconds between consecutive retry attempts. Jitter will be added to the delay once this limit is "
              "reached to prevent thundering herd issues.";
  auto& tolerance = add(def, "errors.tolerance", KeyType::kString, Importance::kMedium, {kGroup, 3, Width::kShort, "Error Tolerance"});
  tolerance.default_text = "none";
  tolerance.valid_values = "[none, all]";
  tolerance.validators.push_back(config::one_of({"none", "all"}));
  tolerance.doc = "Behavior for tolerating errors during connector operation. 'none' is the default value and signals that any error will result in "
                  "an immediate connector task failure; 'all' changes the behavior to skip over problematic records.";
  auto& log = add(def, "errors.log.enable", KeyType::kBoolean, Importance::kMedium, {kGroup, 4, Width::kShort, "Log Errors"});
  log.default_text = "false";
  log.doc = "If true, write each error and the details of the failed operation and problematic record to the Connect application log. This is "
            "'false' by default, so that only errors that are not tolerated are reported.";
  auto& messages = add(def, "errors.log.include.messages", KeyType::kBoolean, Importance::kMedium, {kGroup, 5, Width::kShort, "Log Error Details"});
  messages.default_text = "false";
  messages.doc = "Whether to include in the log the Connect record that resulted in a failure. For sink records, the topic, partition, offset, and "
                 "timestamp will be logged. For source records, the key and value (and their schemas), all headers, and the timestamp, Kafka topic, "
                 "Kafka partition, source partition, and source offset will be logged. This is 'false' by default, which will prevent record keys, "
                 "values, and headers from being written to log files.";
}

}  // namespace

std::string_view to_string(ConnectorKind kind) { return kind == ConnectorKind::kSink ? "sink" : "source"; }

const std::vector<std::string>& open_prefixes() {
  static const std::vector<std::string> kPrefixes = {"transforms.",        "predicates.",        "key.converter.",  "value.converter.", "header.converter.",
                                                     "producer.override.", "consumer.override.", "admin.override.", "topic.creation.",
                                                     // Keys of which a name or a number is a part (src/connectors/postgres_cdc).
                                                     "column.mask.with.", "column.truncate.to.", "snapshot.select.statement.overrides."};
  return kPrefixes;
}

void add_common_keys(ConfigDef* def, const ConnectorDefaults& defaults, const plugin::Registry& registry) {
  auto& name = add(def, "name", KeyType::kString, Importance::kHigh, {"Common", 1, Width::kMedium, "Connector name"});
  name.required = true;
  name.valid_values = "non-empty string without ISO control characters";
  name.validators.push_back(valid_name);
  name.doc = "Globally unique name to use for this connector.";
  auto& type = add(def, "connector.class", KeyType::kString, Importance::kHigh, {"Common", 2, Width::kLong, "Connector class"});
  type.required = true;
  type.doc = "Name or alias of the class for this connector. Must be a subclass of org.apache.kafka.connect.connector.Connector. If the "
             "connector is org.apache.kafka.connect.file.FileStreamSinkConnector, you can either specify this full name,  or use "
             "\"FileStreamSink\" or \"FileStreamSinkConnector\" to make the configuration a bit shorter";
  auto& version = add(def, "connector.plugin.version", KeyType::kString, Importance::kMedium, {"Common", 3, Width::kMedium, "Connector version"});
  version.doc = "Version of the connector.";
  if (!defaults.connector_version.empty()) {
    version.default_text = defaults.connector_version;
    version.recommender = [v = defaults.connector_version](const Properties&) { return std::vector<std::string>{v}; };
  }
  auto& tasks = add(def, "tasks.max", KeyType::kInt, Importance::kHigh, {"Common", 4, Width::kShort, "Tasks max"});
  tasks.default_text = "1";
  tasks.valid_values = "[1,...]";
  tasks.validators.push_back(config::at_least(1));
  tasks.doc = "Maximum number of tasks to use for this connector.";
  auto& enforce = add(def, "tasks.max.enforce", KeyType::kBoolean, Importance::kLow, {"Common", 5, Width::kShort, "Enforce tasks max"});
  enforce.default_text = "true";
  enforce.doc = "(Deprecated) Whether to enforce that the tasks.max property is respected by the connector. By default, connectors that generate "
                "too many tasks will fail, and existing sets of tasks that exceed the tasks.max property will also be failed. If this property is "
                "set to false, then connectors will be allowed to generate more than the maximum number of tasks, and existing sets of tasks that "
                "exceed the tasks.max property will be allowed to run. This property is deprecated and will be removed in an upcoming major "
                "release.";
  add_converter(def, "key", 6, defaults.key, classes_of(registry.converters()));
  add_converter(def, "value", 8, defaults.value, classes_of(registry.converters()));
  add_converter(def, "header", 10, defaults.header, classes_of(registry.header_converters()));
  auto& transforms = add(def, "transforms", KeyType::kList, Importance::kLow, {"Transforms", 12, Width::kLong, "Transforms"});
  transforms.default_text = "";
  transforms.valid_values = "non-null string, unique transformation aliases";
  transforms.doc = "Aliases for the transformations to be applied to records.";
  auto& predicates = add(def, "predicates", KeyType::kList, Importance::kLow, {"Predicates", 13, Width::kLong, "Predicates"});
  predicates.default_text = "";
  predicates.valid_values = "non-null string, unique predicate aliases";
  predicates.doc = "Aliases for the predicates used by transformations.";
  auto& reload = add(def, "config.action.reload", KeyType::kString, Importance::kLow, {"Common", 14, Width::kMedium, "Reload Action"});
  reload.default_text = "restart";
  reload.valid_values = "[none, restart]";
  reload.validators.push_back(config::one_of({"none", "restart"}));
  reload.doc = "The action that Connect should take on the connector when changes in external configuration providers result in a change in the "
               "connector's configuration properties. A value of 'none' indicates that Connect will do nothing. A value of 'restart' indicates "
               "that Connect should restart/reload the connector with the updated configuration properties.The restart may actually be scheduled "
               "in the future if the external configuration provider indicates that a configuration value will expire in the future.";
  add_error_keys(def);
}

void add_sink_keys(ConfigDef* def) {
  constexpr const char* kErrors = "Error Handling";
  auto& topics = add(def, "topics", KeyType::kList, Importance::kHigh, {"Common", 4, Width::kLong, "Topics"});
  topics.default_text = "";
  topics.doc = "List of topics to consume, separated by commas";
  topics.validators.push_back(config::distinct_values("topics", true));
  auto& regex = add(def, "topics.regex", KeyType::kString, Importance::kHigh, {"Common", 4, Width::kLong, "Topics regex"});
  regex.default_text = "";
  regex.valid_values = "valid regex";
  regex.validators.push_back([](const Parsed& value) { return transforms::valid_regex(value); });
  regex.doc = "Regular expression giving topics to consume. Under the hood, the regex is compiled to a <code>java.util.regex.Pattern</code>. "
              "Only one of topics or topics.regex should be specified.";
  auto& dlq = add(def, "errors.deadletterqueue.topic.name", KeyType::kString, Importance::kMedium, {kErrors, 6, Width::kMedium, "Dead Letter Queue Topic Name"});
  dlq.default_text = "";
  dlq.doc = "The name of the topic to be used as the dead letter queue (DLQ) for messages that result in an error when processed by this sink "
            "connector, or its transformations or converters. The topic name is blank by default, which means that no messages are to be "
            "recorded in the DLQ.";
  auto& factor = add(def, "errors.deadletterqueue.topic.replication.factor", KeyType::kShort, Importance::kMedium,
                     {kErrors, 7, Width::kMedium, "Dead Letter Queue Topic Replication Factor"});
  factor.default_text = "3";
  factor.doc = "Replication factor used to create the dead letter queue topic when it doesn't already exist.";
  auto& headers = add(def, "errors.deadletterqueue.context.headers.enable", KeyType::kBoolean, Importance::kMedium,
                      {kErrors, 8, Width::kMedium, "Enable Error Context Headers"});
  headers.default_text = "false";
  headers.doc = "If true, add headers containing error context to the messages written to the dead letter queue. To avoid clashing with headers "
                "from the original record, all error context header keys, all error context header keys will start with "
                "<code>__connect.errors.</code>";
}

void add_source_keys(ConfigDef* def) {
  constexpr const char* kExactly = "Exactly Once Support";
  auto& groups = add(def, "topic.creation.groups", KeyType::kList, Importance::kLow, {"Topic Creation", 1, Width::kLong, "Topic Creation Groups"});
  groups.default_text = "";
  groups.valid_values = "non-null string, unique topic creation groups";
  groups.doc = "Groups of configurations for topics created by source connectors";
  auto& support = add(def, "exactly.once.support", KeyType::kString, Importance::kMedium, {kExactly, 2, Width::kShort, "Exactly once support"});
  support.default_text = "requested";
  support.valid_values = "(case insensitive) [REQUIRED, REQUESTED]";
  support.validators.push_back(config::one_of({"REQUESTED", "REQUIRED"}, true));
  support.doc = "Permitted values are requested, required. If set to \"required\", forces a preflight check for the connector to ensure that it "
                "can provide exactly-once semantics with the given configuration. Some connectors may be capable of providing exactly-once "
                "semantics but not signal to Connect that they support this; in that case, documentation for the connector should be consulted "
                "carefully before creating it, and the value for this property should be set to \"requested\". Additionally, if the value is set "
                "to \"required\" but the worker that performs preflight validation does not have exactly-once support enabled for source "
                "connectors, requests to create or validate the connector will fail.";
  auto& boundary = add(def, "transaction.boundary", KeyType::kString, Importance::kMedium, {kExactly, 3, Width::kShort, "Transaction Boundary"});
  boundary.default_text = "poll";
  boundary.valid_values = "(case insensitive) [INTERVAL, POLL, CONNECTOR]";
  boundary.validators.push_back(config::one_of({"POLL", "INTERVAL", "CONNECTOR"}, true));
  boundary.doc = "Permitted values are: poll, interval, connector. If set to 'poll', a new producer transaction will be started and committed for "
                 "every batch of records that each task from this connector provides to Connect. If set to 'connector', relies on connector-defined "
                 "transaction boundaries; note that not all connectors are capable of defining their own transaction boundaries, and in that case, "
                 "attempts to instantiate a connector with this value will fail. Finally, if set to 'interval', commits transactions only after a "
                 "user-defined time interval has passed.";
  auto& interval = add(def, "transaction.boundary.interval.ms", KeyType::kLong, Importance::kLow, {kExactly, 4, Width::kShort, "Transaction boundary interval"});
  interval.valid_values = "[0,...]";
  interval.validators.emplace_back([](const Parsed& value) { return config::at_least(0)(value); });  // which lets null pass
  interval.doc = "If 'transaction.boundary' is set to 'interval', determines the interval for producer transaction commits by connector tasks. If "
                 "unset, defaults to the value of the worker-level 'offset.flush.interval.ms' property. It has no effect if a different "
                 "transaction.boundary is specified.";
  auto& offsets = add(def, "offsets.storage.topic", KeyType::kString, Importance::kLow, {"offsets.topic", 1, Width::kLong, "Offsets topic"});
  offsets.valid_values = "non-empty string";
  offsets.validators.push_back(config::not_empty());
  offsets.doc = "The name of a separate offsets topic to use for this connector. If empty or not specified, the worker’s global offsets topic name "
                "will be used. If specified, the offsets topic will be created if it does not already exist on the Kafka cluster targeted by this "
                "connector (which may be different from the one used for the worker's global offsets topic if the bootstrap.servers property of "
                "the connector's producer has been overridden from the worker's). Only applicable in distributed mode; in standalone mode, setting "
                "this property will have no effect.";
}

}  // namespace bywash::runtime
