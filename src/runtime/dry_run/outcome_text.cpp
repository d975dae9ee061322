// Records as an indented list of name, type and value. Level 7.
#include "runtime/dry_run/outcome_text.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "columnar/java_number.h"

namespace bywash::runtime {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;

constexpr size_t kNameWidth = 20;
constexpr size_t kTypeWidth = 16;
constexpr size_t kTextMax = 200;

std::string quoted(const std::string& text) {
  std::string shown = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return shown.size() > kTextMax ? fmt::format("{}... ({} bytes)", shown.substr(0, kTextMax), text.size()) : shown;
}

std::string shown_bytes(std::string_view bytes) {
  const std::string out = "0x" + hex(bytes.substr(0, kTextMax / 2));
  return bytes.size() > kTextMax / 2 ? fmt::format("{}... ({} bytes)", out, bytes.size()) : out;
}

std::string payload_text(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  nlohmann::ordered_json json = canonical::to_json(bytes);
  return json.contains("utf8") ? quoted(*bytes) : shown_bytes(*bytes);
}

// "int32", "string?", "Decimal(2)", "struct com.acme.Order v2": the type as short as it can be told.
std::string type_text(const SchemaPtr& schema) {
  if (!schema || schema->schemaless()) return "-";
  std::string out(columnar::to_string(schema->type()));
  switch (schema->logical()) {
    case Logical::kDecimal: out = fmt::format("Decimal({})", schema->decimal_scale()); break;
    case Logical::kDate: out = "Date"; break;
    case Logical::kTime: out = "Time"; break;
    case Logical::kTimestamp: out = "Timestamp"; break;
    case Logical::kNone:
      if (schema->type() == Type::kArray) out = fmt::format("array<{}>", type_text(schema->value_schema()));
      if (schema->type() == Type::kMap) out = fmt::format("map<{}, {}>", type_text(schema->key_schema()), type_text(schema->value_schema()));
      if (schema->name()) out += " " + *schema->name();
  }
  if (schema->version() && schema->logical() == Logical::kNone) out += fmt::format(" v{}", *schema->version());
  return schema->optional() ? out + "?" : out;
}

std::string_view class_text(const Value& value) {
  static constexpr std::string_view kNames[] = {"null", "Boolean", "Byte", "Short", "Integer", "Long", "Float", "Double", "String", "byte[]", "BigDecimal", "Date", "List", "Map", "Struct"};
  return kNames[value.storage().index()];
}

std::string value_text(const Value& value, const SchemaPtr& schema) {
  if (value.is_null()) return "null";
  if (const auto* text = value.get_if<std::string>()) return quoted(*text);
  if (const auto* bytes = value.get_if<Value::Bytes>()) return shown_bytes(bytes->data);
  if (const auto* decimal = value.get_if<columnar::Decimal>()) return columnar::to_plain_string(*decimal);
  if (const auto* millis = value.get_if<Value::Millis>()) return fmt::format("{} ms", millis->ms);
  if (const auto* b = value.get_if<bool>()) return *b ? "true" : "false";
  if (const auto* f = value.get_if<float>()) return columnar::java_float(*f);
  if (const auto* d = value.get_if<double>()) return columnar::java_double(*d);
  if (const auto* n = value.get_if<int8_t>()) return std::to_string(*n);
  if (const auto* n = value.get_if<int16_t>()) return std::to_string(*n);
  if (const auto* n = value.get_if<int32_t>()) return std::to_string(*n);
  if (const auto* n = value.get_if<int64_t>()) return std::to_string(*n);
  std::string out;
  auto add = [&](const std::string& item) { out += (out.empty() ? "" : ", ") + item; };
  const SchemaPtr element = schema && !schema->schemaless() ? schema->value_schema() : nullptr;
  if (const auto* list = value.as_list()) {
    for (const Value& item : *list) add(value_text(item, element));
    return "[" + out + "]";
  }
  if (const auto* map = value.as_map()) {
    for (const auto& [key, item] : *map) add(value_text(key, nullptr) + ": " + value_text(item, element));
    return "{" + out + "}";
  }
  const Value::Struct* s = value.as_struct();
  for (size_t i = 0; i < s->values.size(); ++i) add(s->schema->fields()[i].name + ": " + value_text(s->values[i], s->schema->fields()[i].schema));
  return "{" + out + "}";
}

void append_part(const std::string& name, const SchemaPtr& schema, const Value& value, size_t indent, std::string* out) {
  const std::string label = std::string(indent, ' ') + name;
  const bool no_schema = !schema || schema->schemaless();
  std::string type = no_schema ? value.is_null() ? "-" : std::string(class_text(value)) : type_text(schema);
  const Value::Struct* fields = value.as_struct();
  const Value::Map* entries = no_schema ? value.as_map() : nullptr;
  const bool nested = fields || (entries && !entries->empty());
  if (nested) {
    *out += fmt::format("{:<{}} {}\n", label, kNameWidth, type);
  } else {
    std::string shown = value_text(value, schema);
    if (!no_schema && schema->default_value()) shown += fmt::format("   (default {})", value_text(*schema->default_value(), schema));
    *out += fmt::format("{:<{}} {:<{}} {}\n", label, kNameWidth, type, kTypeWidth, shown);
  }
  if (fields) {
    for (size_t i = 0; i < fields->values.size(); ++i) append_part(fields->schema->fields()[i].name, fields->schema->fields()[i].schema, fields->values[i], indent + 2, out);
  } else if (nested) {
    for (const auto& [key, item] : *entries) {
      const auto* text = key.get_if<std::string>();
      append_part(text ? *text : value_text(key, nullptr), nullptr, item, indent + 2, out);
    }
  }
}

std::string place_text(const std::string& topic, const std::optional<int32_t>& partition, const std::optional<int64_t>& timestamp) {
  std::string out = fmt::format("topic {}", topic);
  if (partition) out += fmt::format(", partition {}", *partition);
  if (timestamp) out += fmt::format(", timestamp {}", *timestamp);
  return out;
}

}  // namespace

std::string to_text(const std::string& id, const DryRunOutcome& outcome) {
  if (const auto& error = outcome.error) {
    const std::string& java_class = error->status.java_class();
    return fmt::format("{}: FAILED at {} in {}\n  {}: {}\n", id, error->stage, error->component,
                       java_class.empty() ? "org.apache.kafka.connect.errors.ConnectException" : java_class, error->status.message());
  }
  if (!outcome.record && !outcome.produced) return fmt::format("{}: dropped by the transforms\n", id);
  std::string out;
  if (const auto& record = outcome.record) {
    out += fmt::format("{}: {}\n", id, place_text(record->topic, record->partition, record->timestamp));
    append_part("key", record->key_schema, record->key, 2, &out);
    append_part("value", record->value_schema, record->value, 2, &out);
    if (!record->headers.empty()) out += "  headers\n";
    for (const auto& header : record->headers) append_part(header.key, header.schema, header.value, 4, &out);
  }
  if (const auto& produced = outcome.produced) {
    if (outcome.record) out += "  as a message\n";
    else out += fmt::format("{}: {}\n", id, place_text(produced->topic, produced->partition, produced->timestamp));
    out += fmt::format("    key    {}\n    value  {}\n", payload_text(produced->bytes.key), payload_text(produced->bytes.value));
    for (const auto& [name, bytes] : produced->bytes.headers) out += fmt::format("    header {} = {}\n", name, payload_text(bytes));
  }
  return out;
}

}  // namespace bywash::runtime
