// JsonSchemaData.fromConnectSchema, its keywords in the order in which everit-org's printer puts them, so that the registry gives the
// same id. Encode step. Level 4, once per schema.
#include <set>
#include <utility>
#include <vector>

#include "columnar/column.h"
#include "columnar/java_text.h"
#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_writer.h"
#include "formats/json_schema/row_writer.h"
#include "formats/json_schema/schema_mapping.h"

namespace bywash::formats::json_schema {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;

namespace {

constexpr char kIdKey[] = "io.confluent.connect.json.Id";
constexpr std::string_view kOwnNamespace = "io.confluent.connect.json";
constexpr int kStructDepthMax = 200;

using Members = std::vector<std::pair<std::string, std::string>>;  // key, JSON text

std::string json_text(std::string_view value) {
  std::string out;
  append_json_string(value, &out);
  return out;
}

std::string object_text(const Members& members) {
  std::string out = "{";
  for (const auto& [key, value] : members) {
    if (out.size() > 1) out += ',';
    out += json_text(key) + ":" + value;
  }
  return out + "}";
}

// In the order in which a HashMap with these keys is walked.
Members hash_ordered(const Members& members) {
  std::vector<Value> keys;
  for (const auto& [key, value] : members) keys.push_back(Value::string(key));
  Members out;
  for (size_t i : columnar::java_hash_order(keys)) out.push_back(members[i]);
  return out;
}

class JsonSchemaText {
 public:
  explicit JsonSchemaText(const JsonSchemaOptions& options) : options_(options) {}

  // `ignore_optional`: null is among the alternatives around it.
  Result<std::string> of(const SchemaPtr& schema, std::optional<size_t> index, bool ignore_optional, int depth) {
    if (depth > kStructDepthMax) return json::data_exception("Structs are nested deeper than 200");
    const std::string* id = parameter(*schema, kIdKey);
    if (id) seen_.insert(*id);
    if (is_alternatives(*schema)) return alternatives(*schema, id, index, depth);
    if (schema->type() == Type::kStruct && schema->optional()) {
      ASSIGN_OR_RETURN(std::string inner, of(required(schema), std::nullopt, false, depth + 1));
      return one_of(id, index, {R"({"type":"null"})", inner});
    }
    Members head, unprocessed, tail;
    bool type_last = schema->type() == Type::kBoolean;
    RETURN_IF_ERROR(type_members(*schema, depth, &head, &unprocessed, &tail));
    Members common;
    if (schema->name()) common.emplace_back("title", json_text(*schema->name()));
    if (schema->doc()) common.emplace_back("description", json_text(*schema->doc()));
    if (schema->default_value()) {
      ASSIGN_OR_RETURN(std::string text, default_text(schema));
      common.emplace_back("default", std::move(text));
    }
    bool wrapped = schema->optional() && !ignore_optional;
    if (id && !wrapped) common.emplace_back("id", json_text(*id));
    if (schema->version()) unprocessed.emplace_back("connect.version", std::to_string(*schema->version()));
    Members parameters;
    for (const auto& [key, value] : schema->parameters()) {
      if (!key.starts_with(kOwnNamespace)) parameters.emplace_back(key, json_text(value));
    }
    if (!parameters.empty()) unprocessed.emplace_back("connect.parameters", object_text(hash_ordered(parameters)));
    if (index && !wrapped) unprocessed.emplace_back("connect.index", std::to_string(*index));
    Members all;
    auto add = [&](const Members& more) { all.insert(all.end(), more.begin(), more.end()); };
    if (!type_last) add(head);
    add(common);
    add(hash_ordered(unprocessed));
    if (type_last) add(head);
    add(tail);
    if (!wrapped) return object_text(all);
    return one_of(id, index, {R"({"type":"null"})", object_text(all)});
  }

 private:
  static const std::string* parameter(const ConnectSchema& schema, const std::string& key) {
    auto found = schema.parameters().find(key);
    return found == schema.parameters().end() ? nullptr : &found->second;
  }

  static SchemaPtr required(const SchemaPtr& schema) {
    columnar::SchemaSpec spec = schema->spec();
    spec.optional = false;
    return ConnectSchema::make(std::move(spec));
  }

  static std::string one_of(const std::string* id, std::optional<size_t> index, const std::vector<std::string>& schemas) {
    Members members;
    if (id) members.emplace_back("id", json_text(*id));
    if (index) members.emplace_back("connect.index", std::to_string(*index));
    std::string list = "[";
    for (const std::string& schema : schemas) list += (list.size() > 1 ? "," : "") + schema;
    members.emplace_back("oneOf", list + "]");
    return object_text(members);
  }

  Result<std::string> alternatives(const ConnectSchema& schema, const std::string* id, std::optional<size_t> index, int depth) {
    std::vector<std::string> list;
    if (schema.optional()) list.push_back(R"({"type":"null"})");
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      ASSIGN_OR_RETURN(std::string text, of(required(schema.fields()[i].schema), i, true, depth + 1));
      list.push_back(std::move(text));
    }
    return one_of(id, index, list);
  }

  // A schema that was written before, and has an id, is a reference.
  Result<std::string> part(const SchemaPtr& schema, std::optional<size_t> index, int depth) {
    const std::string* id = parameter(*schema, kIdKey);
    if (id && seen_.count(*id)) return object_text({{"$ref", json_text(*id)}});
    return of(schema, index, false, depth + 1);
  }

  Status type_members(const ConnectSchema& schema, int depth, Members* head, Members* unprocessed, Members* tail) {
    auto number = [&](const char* json_type, const char* connect_type) {
      head->emplace_back("type", json_text(json_type));
      unprocessed->emplace_back("connect.type", json_text(connect_type));
      return Status();
    };
    switch (schema.type()) {
      case Type::kInt8: return number("integer", "int8");
      case Type::kInt16: return number("integer", "int16");
      case Type::kInt32: return number("integer", "int32");
      case Type::kInt64: return number("integer", "int64");
      case Type::kFloat32: return number("number", "float32");
      case Type::kFloat64: return number("number", "float64");
      case Type::kBoolean: head->emplace_back("type", "\"boolean\""); return {};
      case Type::kBytes: return number(schema.logical() == columnar::Logical::kDecimal && options_.numeric_decimals ? "number" : "string", "bytes");
      case Type::kString: string_members(schema, head); return {};
      case Type::kArray: {
        head->emplace_back("type", "\"array\"");
        ASSIGN_OR_RETURN(std::string items, part(schema.value_schema(), std::nullopt, depth));
        tail->emplace_back("items", std::move(items));
        return {};
      }
      case Type::kMap: return map_members(schema, depth, head, unprocessed, tail);
      case Type::kStruct: return struct_members(schema, depth, head, tail);
      default:
        return Status::data(fmt::format("Unsupported type {}", to_string(schema.type()))).with_java_class("java.lang.IllegalArgumentException");
    }
  }

  void string_members(const ConnectSchema& schema, Members* head) const {
    bool general = parameter(schema, "org.apache.kafka.connect.data.Enum") != nullptr;
    if (!general && !parameter(schema, "io.confluent.connect.json.Enum")) {
      head->emplace_back("type", "\"string\"");
      return;
    }
    std::string prefix = std::string(options_.generalized_sum_types ? "org.apache.kafka.connect.data.Enum" : "io.confluent.connect.json.Enum") + ".";
    std::string values = "[";
    for (const auto& [key, value] : schema.parameters()) {
      if (!key.starts_with(prefix)) continue;
      std::string symbol = key.substr(prefix.size());
      values += (values.size() > 1 ? "," : "") + (symbol == "<NULL>" ? std::string("null") : json_text(symbol));
    }
    head->emplace_back("enum", values + "]");
  }

  Status map_members(const ConnectSchema& schema, int depth, Members* head, Members* unprocessed, Members* tail) {
    unprocessed->emplace_back("connect.type", "\"map\"");
    if (is_object_map(schema)) {
      head->emplace_back("type", "\"object\"");
      ASSIGN_OR_RETURN(std::string values, of(schema.value_schema(), std::nullopt, false, depth + 1));
      tail->emplace_back("additionalProperties", std::move(values));
      return {};
    }
    head->emplace_back("type", "\"array\"");
    ASSIGN_OR_RETURN(std::string keys, of(schema.key_schema(), 0, false, depth + 1));
    ASSIGN_OR_RETURN(std::string values, of(schema.value_schema(), 1, false, depth + 1));
    tail->emplace_back("items", object_text({{"type", "\"object\""}, {"properties", object_text(hash_ordered({{"key", keys}, {"value", values}}))}}));
    return {};
  }

  Status struct_members(const ConnectSchema& schema, int depth, Members* head, Members* tail) {
    head->emplace_back("type", "\"object\"");
    if (!options_.additional_properties) head->emplace_back("additionalProperties", "false");
    Members properties;
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      ASSIGN_OR_RETURN(std::string text, part(schema.fields()[i].schema, i, depth));
      properties.emplace_back(schema.fields()[i].name, std::move(text));
    }
    if (!properties.empty()) tail->emplace_back("properties", object_text(hash_ordered(properties)));
    return {};
  }

  // org.json prints 1.0 as 1.
  Result<std::string> default_text(const SchemaPtr& schema) const {
    ASSIGN_OR_RETURN(auto column, columnar::constant_column(schema, *schema->default_value(), 1));
    std::string text;
    bool written = false;
    RETURN_IF_ERROR(RowWriter(options_).write(column, 0, &text, &written));
    bool plain = text.find_first_of("\"[{eE") == std::string::npos && text.find('.') != std::string::npos;
    while (plain && text.back() == '0') text.pop_back();
    if (plain && text.back() == '.') text.pop_back();
    return text;
  }

  const JsonSchemaOptions& options_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::string> from_connect_schema(const ConnectSchema& schema, const JsonSchemaOptions& options) {
  return JsonSchemaText(options).of(ConnectSchema::make(schema.spec()), std::nullopt, false, 0);
}

}  // namespace bywash::formats::json_schema
