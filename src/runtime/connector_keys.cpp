// Declarations of the keys that every connector has. Level 7.
#include "runtime/connector_keys.h"

#include <algorithm>

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

// NonEmptyStringWithoutControlChars.
std::optional<std::string> valid_name(const Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  if (!text) return "String may not be null";
  if (config::trim(*text).empty()) return "String may not be empty";
  std::string found;
  for (unsigned char c : *text) {
    if (c < 0x20 || c == 0x7f) found += (found.empty() ? "" : ", ") + std::to_string(c);
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
  type.doc = role == "header" ? "Class that turns record headers into bytes in Kafka and back. Without it the worker's header converter is used."
                              : "Class that turns record " + role + "s into bytes in Kafka and back, which decides their format there. Without it the worker's " + role + " converter is used.";
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
  version.doc = "Version, or range of versions, that the " + role + " converter has to have.";
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
  timeout.doc = "How long, in milliseconds, a failed operation is tried again. 0: not at all; -1: without end.";
  auto& delay = add(def, "errors.retry.delay.max.ms", KeyType::kLong, Importance::kMedium, {kGroup, 2, Width::kMedium, "Maximum Delay Between Retries for Errors"});
  delay.default_text = "60000";
  delay.doc = "Longest pause, in milliseconds, between two attempts. Pauses grow up to it and are jittered.";
  auto& tolerance = add(def, "errors.tolerance", KeyType::kString, Importance::kMedium, {kGroup, 3, Width::kShort, "Error Tolerance"});
  tolerance.default_text = "none";
  tolerance.valid_values = "[none, all]";
  tolerance.validators.push_back(config::one_of({"none", "all"}));
  tolerance.doc = "What a record that cannot be processed does: 'none' fails the task, 'all' skips the record.";
  auto& log = add(def, "errors.log.enable", KeyType::kBoolean, Importance::kMedium, {kGroup, 4, Width::kShort, "Log Errors"});
  log.default_text = "false";
  log.doc = "Whether tolerated errors go to the log too. Others always do.";
  auto& messages = add(def, "errors.log.include.messages", KeyType::kBoolean, Importance::kMedium, {kGroup, 5, Width::kShort, "Log Error Details"});
  messages.default_text = "false";
  messages.doc = "Whether the log names the record that failed: its topic, partition, offset and timestamp.";
}

}  // namespace

std::string_view to_string(ConnectorKind kind) { return kind == ConnectorKind::kSink ? "sink" : "source"; }

const std::vector<std::string>& open_prefixes() {
  static const std::vector<std::string> kPrefixes = {"transforms.",        "predicates.",        "key.converter.",  "value.converter.", "header.converter.",
                                                     "producer.override.", "consumer.override.", "admin.override.", "topic.creation."};
  return kPrefixes;
}

void add_common_keys(ConfigDef* def, const ConnectorDefaults& defaults, const plugin::Registry& registry) {
  auto& name = add(def, "name", KeyType::kString, Importance::kHigh, {"Common", 1, Width::kMedium, "Connector name"});
  name.required = true;
  name.valid_values = "non-empty string without ISO control characters";
  name.validators.push_back(valid_name);
  name.doc = "Name of the connector, unique in the worker or cluster.";
  auto& type = add(def, "connector.class", KeyType::kString, Importance::kHigh, {"Common", 2, Width::kLong, "Connector class"});
  type.required = true;
  type.doc = "Java class name of the connector, whole or short: org.apache.kafka.connect.file.FileStreamSinkConnector, FileStreamSinkConnector or FileStreamSink.";
  auto& version = add(def, "connector.plugin.version", KeyType::kString, Importance::kMedium, {"Common", 3, Width::kMedium, "Connector version"});
  version.doc = "Version, or range of versions, that the connector has to have.";
  if (!defaults.connector_version.empty()) {
    version.default_text = defaults.connector_version;
    version.recommender = [v = defaults.connector_version](const Properties&) { return std::vector<std::string>{v}; };
  }
  auto& tasks = add(def, "tasks.max", KeyType::kInt, Importance::kHigh, {"Common", 4, Width::kShort, "Tasks max"});
  tasks.default_text = "1";
  tasks.valid_values = "[1,...]";
  tasks.validators.push_back(config::at_least(1));
  tasks.doc = "Most tasks that the connector's work is divided into.";
  auto& enforce = add(def, "tasks.max.enforce", KeyType::kBoolean, Importance::kLow, {"Common", 5, Width::kShort, "Enforce tasks max"});
  enforce.default_text = "true";
  enforce.doc = "(Deprecated) Whether a connector that asks for more than tasks.max tasks fails. With false it gets them.";
  add_converter(def, "key", 6, defaults.key, classes_of(registry.converters()));
  add_converter(def, "value", 8, defaults.value, classes_of(registry.converters()));
  add_converter(def, "header", 10, defaults.header, classes_of(registry.header_converters()));
  auto& transforms = add(def, "transforms", KeyType::kList, Importance::kLow, {"Transforms", 12, Width::kLong, "Transforms"});
  transforms.default_text = "";
  transforms.valid_values = "non-null string, unique transformation aliases";
  transforms.doc = "Aliases of the transforms that records go through, in their order; each has its own keys under transforms.<alias>.";
  auto& predicates = add(def, "predicates", KeyType::kList, Importance::kLow, {"Predicates", 13, Width::kLong, "Predicates"});
  predicates.default_text = "";
  predicates.valid_values = "non-null string, unique predicate aliases";
  predicates.doc = "Aliases of the predicates that transforms may name; each has its own keys under predicates.<alias>.";
  auto& reload = add(def, "config.action.reload", KeyType::kString, Importance::kLow, {"Common", 14, Width::kMedium, "Reload Action"});
  reload.default_text = "restart";
  reload.valid_values = "[none, restart]";
  reload.validators.push_back(config::one_of({"none", "restart"}));
  reload.doc = "What happens when a value that a config provider gave changes: 'restart' restarts the connector with the new value, 'none' nothing.";
  add_error_keys(def);
}

void add_sink_keys(ConfigDef* def) {
  constexpr const char* kErrors = "Error Handling";
  auto& topics = add(def, "topics", KeyType::kList, Importance::kHigh, {"Common", 4, Width::kLong, "Topics"});
  topics.default_text = "";
  topics.doc = "Topics to read, separated by commas. Either this or topics.regex.";
  auto& regex = add(def, "topics.regex", KeyType::kString, Importance::kHigh, {"Common", 4, Width::kLong, "Topics regex"});
  regex.default_text = "";
  regex.valid_values = "valid regex";
  regex.validators.push_back([](const Parsed& value) { return transforms::valid_regex(value); });
  regex.doc = "Regular expression (Java's syntax) that the whole name of a topic has to match to be read. Either this or topics.";
  auto& dlq = add(def, "errors.deadletterqueue.topic.name", KeyType::kString, Importance::kMedium, {kErrors, 6, Width::kMedium, "Dead Letter Queue Topic Name"});
  dlq.default_text = "";
  dlq.doc = "Topic that takes the records which the converters, the transforms or the sink itself refuse. Empty: none. Needs errors.tolerance=all.";
  auto& factor = add(def, "errors.deadletterqueue.topic.replication.factor", KeyType::kShort, Importance::kMedium,
                     {kErrors, 7, Width::kMedium, "Dead Letter Queue Topic Replication Factor"});
  factor.default_text = "3";
  factor.doc = "Replication factor that the dead letter queue's topic gets when it is missing and has to be created.";
  auto& headers = add(def, "errors.deadletterqueue.context.headers.enable", KeyType::kBoolean, Importance::kMedium,
                      {kErrors, 8, Width::kMedium, "Enable Error Context Headers"});
  headers.default_text = "false";
  headers.doc = "Whether records in the dead letter queue carry headers that say what failed and why; their names start with __connect.errors.";
}

void add_source_keys(ConfigDef* def) {
  constexpr const char* kExactly = "Exactly Once Support";
  auto& groups = add(def, "topic.creation.groups", KeyType::kList, Importance::kLow, {"Topic Creation", 1, Width::kLong, "Topic Creation Groups"});
  groups.default_text = "";
  groups.valid_values = "non-null string, unique topic creation groups";
  groups.doc = "Groups of rules for topics that have to be created; each has its own keys under topic.creation.<group>.";
  auto& support = add(def, "exactly.once.support", KeyType::kString, Importance::kMedium, {kExactly, 2, Width::kShort, "Exactly once support"});
  support.default_text = "requested";
  support.valid_values = "(case insensitive) [REQUIRED, REQUESTED]";
  support.validators.push_back(config::one_of({"REQUESTED", "REQUIRED"}, true));
  support.doc = "'required' refuses the configuration unless worker and connector can deliver each record exactly once; 'requested' does not ask.";
  auto& boundary = add(def, "transaction.boundary", KeyType::kString, Importance::kMedium, {kExactly, 3, Width::kShort, "Transaction Boundary"});
  boundary.default_text = "poll";
  boundary.valid_values = "(case insensitive) [INTERVAL, POLL, CONNECTOR]";
  boundary.validators.push_back(config::one_of({"POLL", "INTERVAL", "CONNECTOR"}, true));
  boundary.doc = "Where exactly-once delivery cuts its transactions: after each poll, after an interval, or where the connector says.";
  auto& interval = add(def, "transaction.boundary.interval.ms", KeyType::kLong, Importance::kLow, {kExactly, 4, Width::kShort, "Transaction boundary interval"});
  interval.valid_values = "[0,...]";
  interval.validators.push_back(config::at_least(0));
  interval.doc = "Milliseconds between two commits where transaction.boundary is 'interval'. Without it the worker's offset.flush.interval.ms.";
  auto& offsets = add(def, "offsets.storage.topic", KeyType::kString, Importance::kLow, {"offsets.topic", 1, Width::kLong, "Offsets topic"});
  offsets.valid_values = "non-empty string";
  offsets.validators.push_back(config::not_empty());
  offsets.doc = "Topic of its own for this connector's offsets, instead of the cluster's. Without effect in a standalone worker.";
}

}  // namespace bywash::runtime
