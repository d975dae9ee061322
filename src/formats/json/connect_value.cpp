// Coercions and checks of JsonConverter 4.3.1. Decode step of the sink line, the task's thread. Level 4.
#include "formats/json/connect_value.h"

#include <charconv>
#include <algorithm>
#include <array>
#include <set>

#include "base/time_arithmetic.h"

namespace bywash::formats::json {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

namespace {

constexpr std::string_view kDataException = "org.apache.kafka.connect.errors.DataException";
constexpr std::string_view kSchemaBuilderException = "org.apache.kafka.connect.errors.SchemaBuilderException";

Status schema_builder_exception(std::string message) {
  return Status::data(std::move(message)).with_java_class(std::string(kSchemaBuilderException));
}

// Schema.Type's name.
std::string upper(Type type) {
  std::string out(to_string(type));
  for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

// What ConnectSchema.validateValue refuses among values made here: nulls in required places.
Status validate(const ConnectSchema& schema, const Value& value, const std::string& location) {
  if (value.is_null()) {
    if (schema.optional()) return {};
    return data_exception(fmt::format("Invalid value: null used for required {}, schema type: {}", location, upper(schema.type())));
  }
  if (const Value::List* items = value.as_list()) {
    for (const Value& item : *items) RETURN_IF_ERROR(validate(*schema.value_schema(), item, "element of array " + location));
  } else if (const Value::Map* entries = value.as_map()) {
    for (const auto& [key, item] : *entries) {
      RETURN_IF_ERROR(validate(*schema.key_schema(), key, "key of map " + location));
      RETURN_IF_ERROR(validate(*schema.value_schema(), item, "value of map " + location));
    }
  }
  return {};
}

// java.util.Date and numbers alike: a logical name on a type that Connect's own classes never give it keeps the plain number.
Value time_value(const ConnectSchema& schema, int64_t number, int64_t ms) {
  if (schema.logical() != Logical::kNone) return Value(Value::Millis{ms});
  switch (schema.type()) {
    case Type::kInt8: return Value(static_cast<int8_t>(number));
    case Type::kInt16: return Value(static_cast<int16_t>(number));
    case Type::kInt32: return Value(static_cast<int32_t>(number));
    case Type::kInt64: return Value(number);
    default: return {};
  }
}

Result<Value> to_decimal(const ConnectSchema& schema, const Node& node) {
  if (node.is(Node::Kind::kNumber)) {
    ASSIGN_OR_RETURN(columnar::Decimal decimal, columnar::parse_decimal(node.number.text()));
    return Value(std::move(decimal));
  }
  if (!node.is(Node::Kind::kString)) {
    return data_exception(fmt::format("Invalid type for Decimal, underlying representation should be numeric or bytes but was {}", node_type(node)));
  }
  columnar::Decimal decimal;
  if (!decode_base64(node.text, &decimal.unscaled) || decimal.unscaled.empty() || !decimal_scale(schema, &decimal.scale)) {
    return data_exception("Invalid bytes for Decimal field");
  }
  // BigInteger keeps no superfluous sign bytes.
  std::string& bytes = decimal.unscaled;
  size_t extra = 0;
  while (extra + 1 < bytes.size() && ((bytes[extra] == 0 && !(bytes[extra + 1] & 0x80)) || (bytes[extra] == '\xff' && (bytes[extra + 1] & 0x80)))) ++extra;
  bytes.erase(0, extra);
  return Value(std::move(decimal));
}

Result<Value> to_logical(const ConnectSchema& schema, const Node& node) {
  const std::string& name = *schema.name();
  if (name == columnar::kDecimalName) {
    ASSIGN_OR_RETURN(Value value, to_decimal(schema, node));
    if (schema.logical() != Logical::kDecimal) {
      return data_exception(fmt::format("Cannot hold a Decimal in a schema of type {}: use type bytes", upper(schema.type())));
    }
    return value;
  }
  bool number = node.is(Node::Kind::kNumber);
  if (name == columnar::kTimestampName) {
    if (!number || !node.number.integral) {
      return data_exception(fmt::format("Invalid type for Timestamp, underlying representation should be integral but was {}", node_type(node)));
    }
    return time_value(schema, to_long(node.number), to_long(node.number));
  }
  bool date = name == columnar::kDateName;
  if (!number || !is_int32(node.number)) {
    return data_exception(fmt::format("Invalid type for {}, underlying representation should be integer but was {}", date ? "Date" : "Time", node_type(node)));
  }
  int64_t v = to_int(node.number);
  if (date) return time_value(schema, v, v * kMsPerDay);
  if (v < 0 || v > kMsPerDay) return data_exception("Time values must use number of milliseconds greater than 0 and less than 86400000");
  return time_value(schema, v, v);
}

Result<Value> to_list(const SchemaPtr& element, const Node& node, bool replace) {
  Value::List items;
  for (const Node& item : node.items) {
    ASSIGN_OR_RETURN(Value value, to_connect(element, &item, replace));
    items.push_back(std::move(value));
  }
  // Jackson iterates over an object's values just as well.
  for (const auto& [name, member] : node.members) {
    ASSIGN_OR_RETURN(Value value, to_connect(element, &member, replace));
    items.push_back(std::move(value));
  }
  return Value::list(std::move(items));
}

void put(Value::Map* entries, Value key, Value value) {
  for (auto& [k, v] : *entries) {
    if (k == key) {
      v = std::move(value);
      return;
    }
  }
  entries->emplace_back(std::move(key), std::move(value));
}

Result<Value> to_map(const ConnectSchema* schema, const Node& node, bool replace) {
  Value::Map entries;
  SchemaPtr value_schema = schema ? schema->value_schema() : nullptr;
  if (!schema || schema->key_schema()->type() == Type::kString) {
    if (!node.is(Node::Kind::kObject)) {
      return data_exception(fmt::format("Maps with string fields should be encoded as JSON objects, but found {}", node_type(node)));
    }
    for (const auto& [name, member] : node.members) {
      ASSIGN_OR_RETURN(Value value, to_connect(value_schema, &member, replace));
      entries.emplace_back(Value::string(name), std::move(value));
    }
    return Value::map(std::move(entries));
  }
  if (!node.is(Node::Kind::kArray)) {
    return data_exception(fmt::format("Maps with non-string fields should be encoded as JSON array of tuples, but found {}", node_type(node)));
  }
  for (const Node& entry : node.items) {
    if (!entry.is(Node::Kind::kArray)) return data_exception(fmt::format("Found invalid map entry instead of array tuple: {}", node_type(entry)));
    if (entry.items.size() != 2) return data_exception(fmt::format("Found invalid map entry, expected length 2 but found :{}", entry.items.size()));
    ASSIGN_OR_RETURN(Value key, to_connect(schema->key_schema(), &entry.items[0], replace));
    ASSIGN_OR_RETURN(Value value, to_connect(value_schema, &entry.items[1], replace));
    put(&entries, std::move(key), std::move(value));
  }
  return Value::map(std::move(entries));
}

Result<Value> to_struct(const SchemaPtr& schema, const Node& node, bool replace) {
  if (!node.is(Node::Kind::kObject)) {
    return data_exception(fmt::format("Structs should be encoded as JSON objects, but found {}", node_type(node)));
  }
  std::vector<Value> values;
  for (const columnar::Field& field : schema->fields()) {
    auto value = to_connect(field.schema, node.find(field.name), replace);
    if (!value.ok()) return in_field(value.status(), field.name);
    Status fits = validate(*field.schema, *value, fmt::format("field: \"{}\"", field.name));
    if (!fits.ok()) return in_field(fits, field.name);
    values.push_back(*std::move(value));
  }
  return Value::structure(schema, std::move(values));
}

Result<Value> schemaless_value(const Node& node, bool replace) {
  switch (node.kind) {
    case Node::Kind::kMissing:
    case Node::Kind::kNull: return Value();
    case Node::Kind::kBoolean: return Value(node.boolean);
    case Node::Kind::kNumber: return node.number.integral ? Value(to_long(node.number)) : Value(to_double(node.number));
    case Node::Kind::kString: return Value(node.text);
    case Node::Kind::kArray: return to_list(nullptr, node, replace);
    case Node::Kind::kObject: return to_map(nullptr, node, replace);
  }
  return Value();
}

// Members of the schema object that are plain attributes.
Status read_attributes(const Node& node, SchemaSpec* spec) {
  if (const Node* n = node.find("optional")) spec->optional = n->is(Node::Kind::kBoolean) && n->boolean;
  if (const Node* n = node.find("name"); n && n->is(Node::Kind::kString)) spec->name = n->text;
  if (const Node* n = node.find("version"); n && n->is(Node::Kind::kNumber) && n->number.integral) spec->version = to_int(n->number);
  if (const Node* n = node.find("doc"); n && n->is(Node::Kind::kString)) spec->doc = n->text;
  if (const Node* n = node.find("parameters"); n && n->is(Node::Kind::kObject)) {
    for (const auto& [key, value] : n->members) {
      if (!value.is(Node::Kind::kString)) return data_exception("Schema parameters must have string values.");
      spec->parameters[key] = value.text;
    }
  }
  return {};
}

Status read_fields(const Node& node, bool replace, SchemaSpec* spec) {
  const Node* fields = node.find("fields");
  if (!fields || !fields->is(Node::Kind::kArray)) return data_exception("Struct schema's \"fields\" argument is not an array.");
  std::set<std::string_view> seen;
  for (const Node& field : fields->items) {
    const Node* name = field.find("field");
    if (!name || !name->is(Node::Kind::kString)) return data_exception("Struct schema's field name not specified properly");
    ASSIGN_OR_RETURN(SchemaPtr schema, schema_from_json(field, replace));
    if (name->text.empty()) return schema_builder_exception("fieldName cannot be null.");
    if (!seen.insert(name->text).second) {
      return schema_builder_exception("Cannot create field because of field name duplication " + name->text);
    }
    spec->fields.push_back({name->text, std::move(schema)});
  }
  return {};
}

Status read_type(const Node& node, bool replace, SchemaSpec* spec) {
  static constexpr std::pair<std::string_view, Type> kTypes[] = {
      {"boolean", Type::kBoolean}, {"int8", Type::kInt8},     {"int16", Type::kInt16},   {"int32", Type::kInt32}, {"int64", Type::kInt64},
      {"float", Type::kFloat32},   {"double", Type::kFloat64}, {"bytes", Type::kBytes},   {"string", Type::kString}, {"array", Type::kArray},
      {"map", Type::kMap},         {"struct", Type::kStruct}};
  const Node* type = node.find("type");
  if (!type || !type->is(Node::Kind::kString)) return data_exception("Schema must contain 'type' field");
  const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& t) { return t.first == type->text; });
  if (known == std::end(kTypes)) return data_exception("Unknown schema type: " + type->text);
  spec->type = known->second;
  if (spec->type == Type::kStruct) return read_fields(node, replace, spec);
  if (spec->type == Type::kArray) {
    const Node* items = node.find("items");
    if (!items || items->is(Node::Kind::kNull)) return data_exception("Array schema did not specify the element type");
    ASSIGN_OR_RETURN(spec->value_schema, schema_from_json(*items, replace));
  } else if (spec->type == Type::kMap) {
    const Node* keys = node.find("keys");
    if (!keys) return data_exception("Map schema did not specify the key type");
    const Node* values = node.find("values");
    if (!values) return data_exception("Map schema did not specify the value type");
    ASSIGN_OR_RETURN(spec->key_schema, schema_from_json(*keys, replace));
    ASSIGN_OR_RETURN(spec->value_schema, schema_from_json(*values, replace));
    if (!spec->key_schema) return schema_builder_exception("keySchema cannot be null.");
    if (!spec->value_schema) return schema_builder_exception("valueSchema cannot be null.");
  }
  return {};
}

}  // namespace

Status data_exception(std::string message) { return Status::data(std::move(message)).with_java_class(std::string(kDataException)); }

Status in_field(const Status& status, std::string_view name) {
  constexpr std::string_view kField = " (field '";
  std::string message = status.message();
  const size_t at = message.rfind(kField);
  if (at != message.npos && message.ends_with("')")) message.insert(at + kField.size(), fmt::format("{}.", name));
  else message += fmt::format("{}{}')", kField, name);
  return Status(status.code(), status.blame(), std::move(message)).with_java_class(status.java_class());
}

Status serialization_error(const Status& reason) {
  return data_exception("Converting byte[] to Kafka Connect data failed due to serialization error: " + reason.message());
}

Result<SchemaPtr> schema_from_json(const Node& node, bool replace_null_with_default) {
  if (node.is(Node::Kind::kNull)) return SchemaPtr();
  SchemaSpec spec;
  RETURN_IF_ERROR(read_type(node, replace_null_with_default, &spec));
  RETURN_IF_ERROR(read_attributes(node, &spec));
  const Node* given = node.find("default");
  if (!given) return ConnectSchema::make(std::move(spec));
  ASSIGN_OR_RETURN(Value value, to_connect(ConnectSchema::make(spec), given, replace_null_with_default));
  // The struct of the default has the schema under construction, which is never equal to the schema (ConnectSchema.validateValue).
  if (value.as_struct()) return schema_builder_exception("Invalid default value");
  if (!validate(*ConnectSchema::make(spec), value, "value").ok()) return schema_builder_exception("Invalid default value");
  if (!value.is_null()) spec.default_value = std::make_shared<const Value>(std::move(value));
  return ConnectSchema::make(std::move(spec));
}

Result<Value> to_connect(const SchemaPtr& schema, const Node* node, bool replace) {
  if (!schema) return node ? schemaless_value(*node, replace) : Result<Value>(Value());
  if (!node || node->is(Node::Kind::kNull) || node->is(Node::Kind::kMissing)) {
    if (schema->default_value() && replace) return *schema->default_value();
    if (schema->optional()) return Value();
    return data_exception(fmt::format("Invalid null value for required {} field", upper(schema->type())));
  }
  if (const auto& name = schema->name();
      name && (*name == columnar::kDecimalName || *name == columnar::kDateName || *name == columnar::kTimeName || *name == columnar::kTimestampName)) {
    return to_logical(*schema, *node);
  }
  bool number = node->is(Node::Kind::kNumber);
  switch (schema->type()) {
    case Type::kBoolean: return Value(node->is(Node::Kind::kBoolean) && node->boolean);
    case Type::kInt8: return Value(static_cast<int8_t>(number ? to_int(node->number) : 0));
    case Type::kInt16: return Value(static_cast<int16_t>(number ? to_int(node->number) : 0));
    case Type::kInt32: return Value(number ? to_int(node->number) : 0);
    case Type::kInt64: return Value(number ? to_long(node->number) : int64_t{0});
    case Type::kFloat32: return Value(number ? to_float(node->number) : 0.0f);
    case Type::kFloat64: return Value(number ? to_double(node->number) : 0.0);
    case Type::kString: return node->is(Node::Kind::kString) ? Value(node->text) : Value();
    case Type::kBytes: {
      if (!node->is(Node::Kind::kString)) return Value();
      Value::Bytes bytes;
      if (!decode_base64(node->text, &bytes.data)) return data_exception("Invalid bytes field");
      return Value(std::move(bytes));
    }
    case Type::kArray: return to_list(schema->value_schema(), *node, replace);
    case Type::kMap: return to_map(schema.get(), *node, replace);
    case Type::kStruct: return to_struct(schema, *node, replace);
    case Type::kNull:
    case Type::kObject:
    case Type::kVariant: break;
  }
  return data_exception("Unknown schema type: " + std::string(to_string(schema->type())));
}

bool decode_base64(std::string_view text, std::string* out) {
  static constexpr auto kTable = [] {
    std::array<int8_t, 256> t{};
    t.fill(-1);
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < kAlphabet.size(); ++i) t[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
    return t;
  }();
  out->clear();
  uint32_t bits = 0;
  int count = 0, padding = 0;
  for (char ch : text) {
    auto c = static_cast<unsigned char>(ch);
    // White space is skipped between groups of four only.
    if (c <= ' ' && count == 0) continue;
    if (c == '=' && count >= 2) {
      ++padding;
      bits <<= 6;
    } else if (kTable[c] >= 0 && padding == 0) {
      bits = bits << 6 | static_cast<uint32_t>(kTable[c]);
    } else {
      return false;
    }
    if (++count < 4) continue;
    *out += static_cast<char>(bits >> 16);
    if (padding < 2) *out += static_cast<char>(bits >> 8);
    if (padding < 1) *out += static_cast<char>(bits);
    bits = 0;
    count = padding = 0;
  }
  return count == 0;
}

bool decimal_scale(const ConnectSchema& schema, int32_t* scale) {
  auto it = schema.parameters().find("scale");
  if (it == schema.parameters().end()) return false;
  std::string_view text = it->second;
  if (text.size() > 1 && text[0] == '+' && is_digit(text[1])) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *scale);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace bywash::formats::json
