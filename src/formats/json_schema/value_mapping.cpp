// Coercions, alternatives and maps. Decode step, the task's thread. Level 4.
#include "formats/json_schema/value_mapping.h"

#include "formats/json/connect_value.h"
#include "formats/json/number.h"
#include "formats/json_schema/schema_mapping.h"

namespace bywash::formats::json_schema {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;
using json::Node;

namespace {

// A value of another JSON type that an alternative of that Connect type takes.
bool is_instance(const ConnectSchema& schema, const Node& node) {
  switch (schema.type()) {
    case Type::kInt8:
    case Type::kInt16:
    case Type::kInt32:
    case Type::kInt64: return node.is(Node::Kind::kNumber) && node.number.integral;
    case Type::kFloat32:
    case Type::kFloat64: return node.is(Node::Kind::kNumber);
    case Type::kBoolean: return node.is(Node::Kind::kBoolean);
    case Type::kString: return node.is(Node::Kind::kString);
    case Type::kBytes: return node.is(Node::Kind::kNumber) && !node.number.integral;
    case Type::kArray: return node.is(Node::Kind::kArray);
    case Type::kMap: return node.is(Node::Kind::kObject) || node.is(Node::Kind::kArray);
    default: return false;
  }
}

// How many of the struct's fields the object has, nested ones counted.
int matching_fields(const ConnectSchema& schema, const Node& node) {
  if (schema.type() != Type::kStruct || !node.is(Node::Kind::kObject)) return 0;
  int count = 0;
  for (const columnar::Field& field : schema.fields()) {
    const Node* member = node.find(field.name);
    if (member) count += 1 + matching_fields(*field.schema, *member);
  }
  return count;
}

Result<Value> alternative(const SchemaPtr& schema, const Node& node) {
  std::vector<Value> values(schema->fields().size());
  int best = 0;
  size_t chosen = values.size();
  for (size_t i = 0; i < values.size(); ++i) {
    const ConnectSchema& candidate = *schema->fields()[i].schema;
    if (is_instance(candidate, node)) {
      chosen = i;
      break;
    }
    if (int matching = matching_fields(candidate, node); matching > best) {
      best = matching;
      chosen = i;
    }
  }
  if (chosen == values.size()) return json::data_exception("Did not find matching oneof field for data");
  ASSIGN_OR_RETURN(values[chosen], to_connect_value(schema->fields()[chosen].schema, &node));
  return Value::structure(schema, std::move(values));
}

void put_entry(Value::Map* entries, Value key, Value value) {
  for (auto& [k, v] : *entries) {
    if (!(k == key)) continue;
    v = std::move(value);
    return;
  }
  entries->emplace_back(std::move(key), std::move(value));
}

Result<Value> map_value(const ConnectSchema& schema, const Node& node) {
  Value::Map entries;
  if (is_object_map(schema)) {
    if (!node.is(Node::Kind::kObject)) {
      return json::data_exception(fmt::format("Maps with string fields should be encoded as JSON objects, but found {}", node_type(node)));
    }
    for (const auto& [name, member] : node.members) {
      ASSIGN_OR_RETURN(Value value, to_connect_value(schema.value_schema(), &member));
      entries.emplace_back(Value::string(name), std::move(value));
    }
    return Value::map(std::move(entries));
  }
  if (!node.is(Node::Kind::kArray)) {
    return json::data_exception(fmt::format("Maps with non-string fields should be encoded as JSON array of objects, but found {}", node_type(node)));
  }
  for (const Node& entry : node.items) {
    if (!entry.is(Node::Kind::kObject)) return json::data_exception(fmt::format("Found invalid map entry instead of object: {}", node_type(entry)));
    if (entry.members.size() != 2) return json::data_exception(fmt::format("Found invalid map entry, expected length 2 but found :{}", entry.members.size()));
    ASSIGN_OR_RETURN(Value key, to_connect_value(schema.key_schema(), entry.find("key")));
    ASSIGN_OR_RETURN(Value value, to_connect_value(schema.value_schema(), entry.find("value")));
    put_entry(&entries, std::move(key), std::move(value));
  }
  return Value::map(std::move(entries));
}

Result<Value> list_value(const SchemaPtr& element, const Node& node) {
  Value::List items;
  for (const Node& item : node.items) {
    ASSIGN_OR_RETURN(Value value, to_connect_value(element, &item));
    items.push_back(std::move(value));
  }
  for (const auto& [name, member] : node.members) {
    ASSIGN_OR_RETURN(Value value, to_connect_value(element, &member));
    items.push_back(std::move(value));
  }
  return Value::list(std::move(items));
}

Result<Value> struct_value(const SchemaPtr& schema, const Node& node) {
  if (is_alternatives(*schema)) return alternative(schema, node);
  if (!node.is(Node::Kind::kObject)) {
    return json::data_exception(fmt::format("Structs should be encoded as JSON objects, but found {}", node_type(node)));
  }
  std::vector<Value> values;
  for (const columnar::Field& field : schema->fields()) {
    auto value = to_connect_value(field.schema, node.find(field.name));
    if (!value.ok()) return json::in_field(value.status(), field.name);
    values.push_back(*std::move(value));
  }
  return Value::structure(schema, std::move(values));
}

}  // namespace

Result<Value> to_connect_value(const SchemaPtr& schema, const Node* node) {
  if (!node || node->is(Node::Kind::kNull)) {
    if (schema->default_value()) return *schema->default_value();
    if (!node || schema->optional()) return Value();
    std::string type(to_string(schema->type()));
    for (char& c : type) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return json::data_exception(fmt::format("Invalid null value for required {} field", type));
  }
  // What both converters coerce alike.
  if (schema->logical() != columnar::Logical::kNone) return json::to_connect(schema, node, true);
  switch (schema->type()) {
    case Type::kArray: return list_value(schema->value_schema(), *node);
    case Type::kMap: return map_value(*schema, *node);
    case Type::kStruct: return struct_value(schema, *node);
    case Type::kBytes:
      if (!node->is(Node::Kind::kString)) return json::data_exception(fmt::format("Invalid bytes field: expected base64 text but found {}", node_type(*node)));
      return json::to_connect(schema, node, true);
    default: return json::to_connect(schema, node, true);
  }
}

}  // namespace bywash::formats::json_schema
