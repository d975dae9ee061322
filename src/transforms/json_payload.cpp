// Schemas by the first look at the JSON, values by a second one. Level 4.
#include "transforms/json_payload.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "transforms/field_slots.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;
using Json = nlohmann::ordered_json;

constexpr int kPayloadDepthMax = 500;
using Name = std::optional<std::string>;

// Deep nesting would end the stack in what walks the tree afterwards.
bool is_too_deep(std::string_view text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    else if (c == '"') quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[')) deepest = std::max(deepest, ++depth);
    else if (!quoted && (c == '}' || c == ']')) --depth;
  }
  return deepest > kPayloadDepthMax;
}

class PayloadSchemas {
 public:
  explicit PayloadSchemas(bool nulls_as_bytes) : nulls_as_bytes_(nulls_as_bytes) {}

  // A null schema: the value is left out. A bad status: no schema fits.
  Result<SchemaPtr> of(const Name& name, const Json& json) const {
    switch (json.type()) {
      case Json::value_t::string: return ConnectSchema::of(Type::kString, true);
      case Json::value_t::boolean: return ConnectSchema::of(Type::kBoolean, true);
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned: return of_integer(json);
      case Json::value_t::number_float: return ConnectSchema::of(Type::kFloat64, true);
      case Json::value_t::array: return of_array(name, json);
      case Json::value_t::object: return of_object(name, json);
      default: return nulls_as_bytes_ ? ConnectSchema::of(Type::kBytes, true) : SchemaPtr();
    }
  }

 private:
  static Result<SchemaPtr> of_integer(const Json& json) {
    if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) return Status::data("a whole number beyond 64 bits");
    const auto n = json.get<int64_t>();
    return ConnectSchema::of(n == static_cast<int32_t>(n) ? Type::kInt32 : Type::kInt64, true);
  }
  Result<SchemaPtr> of_object(const Name& name, const Json& json) const {
    columnar::SchemaSpec spec;
    spec.optional = true;
    spec.name = name;
    for (const auto& [key, inner] : json.items()) {
      const bool blank = !name || name->find_first_not_of(" \t\n\r") == std::string::npos;
      ASSIGN_OR_RETURN(SchemaPtr schema, of(blank ? key : *name + "." + key, inner));
      if (schema && key.empty()) return Status::data("a field without a name");
      if (schema) spec.fields.push_back({key, std::move(schema), false});
    }
    return ConnectSchema::make(std::move(spec));
  }
  Result<SchemaPtr> of_array(const Name& name, const Json& json) const {
    if (json.empty()) return SchemaPtr();
    ASSIGN_OR_RETURN(const Json* sample, sample_of(json));
    SchemaPtr element;
    if (sample && sample->is_object()) {
      std::vector<SchemaPtr> kinds;
      for (const Json& item : json) {
        if (!item.is_object()) continue;
        ASSIGN_OR_RETURN(SchemaPtr one, of_object(name, item));
        const bool seen = std::any_of(kinds.begin(), kinds.end(), [&](const SchemaPtr& kind) { return kind->equals(*one); });
        if (seen) continue;
        element = element ? merged(*element, *one) : one;
        kinds.push_back(std::move(one));
      }
    } else {
      ASSIGN_OR_RETURN(element, of(Name(), sample ? *sample : Json()));
    }
    if (!element) return Status::data("an array without a type");
    columnar::SchemaSpec spec;
    spec.type = Type::kArray;
    spec.optional = true;
    spec.value_schema = std::move(element);
    return ConnectSchema::make(std::move(spec));
  }
  // The first element that is not null; all others must be of its type.
  static Result<const Json*> sample_of(const Json& array) {
    const Json* sample = nullptr;
    for (const Json& item : array) {
      if (item.is_null()) continue;
      if (!sample) sample = &item;
      const bool alike = item.is_number() ? sample->is_number() : item.type() == sample->type();
      if (!alike) return Status::data("an array of different types");
      if (!item.is_number()) continue;
      ASSIGN_OR_RETURN(SchemaPtr a, number_type(*sample));
      ASSIGN_OR_RETURN(SchemaPtr b, number_type(item));
      if (a->type() != b->type()) return Status::data("an array of different types of numbers");
    }
    return sample;
  }
  static Result<SchemaPtr> number_type(const Json& json) { return json.is_number_float() ? ConnectSchema::of(Type::kFloat64, true) : of_integer(json); }
  // All fields of both, required like SchemaUtil.copySchemaBasics leaves it; a null's bytes give way to any other type.
  static SchemaPtr merged(const ConnectSchema& left, const ConnectSchema& right) {
    columnar::SchemaSpec spec = left.spec();
    spec.optional = false;
    for (const columnar::Field& field : right.fields()) {
      const int at = left.field_index(field.name);
      if (at < 0) spec.fields.push_back(field);
      else if (spec.fields[static_cast<size_t>(at)].schema->type() == Type::kBytes) spec.fields[static_cast<size_t>(at)].schema = field.schema;
    }
    return ConnectSchema::make(std::move(spec));
  }

  const bool nulls_as_bytes_;
};

Result<Value> payload_value(const Json& json, const ConnectSchema& schema) {
  auto expect = [&](Type type) { return schema.type() == type ? Status() : Status::data("a value of another type than its schema"); };
  switch (json.type()) {
    case Json::value_t::null: return Value();
    case Json::value_t::string: RETURN_IF_ERROR(expect(Type::kString)); return Value(json.get<std::string>());
    case Json::value_t::boolean: RETURN_IF_ERROR(expect(Type::kBoolean)); return Value(json.get<bool>());
    case Json::value_t::number_float: RETURN_IF_ERROR(expect(Type::kFloat64)); return Value(json.get<double>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      const auto n = json.get<int64_t>();
      const bool narrow = n == static_cast<int32_t>(n);
      RETURN_IF_ERROR(expect(narrow ? Type::kInt32 : Type::kInt64));
      return narrow ? Value(static_cast<int32_t>(n)) : Value(n);
    }
    case Json::value_t::array: {
      RETURN_IF_ERROR(expect(Type::kArray));
      Value::List items;
      for (const Json& item : json) {
        ASSIGN_OR_RETURN(Value one, payload_value(item, *schema.value_schema()));
        items.push_back(std::move(one));
      }
      return Value::list(std::move(items));
    }
    default: break;
  }
  RETURN_IF_ERROR(expect(Type::kStruct));
  std::vector<Value> values;
  for (const columnar::Field& field : schema.fields()) {
    auto found = json.find(field.name);
    if (found == json.end()) {
      values.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(Value one, payload_value(*found, *field.schema));
    values.push_back(std::move(one));
  }
  return Value::structure(nullptr, std::move(values));
}

// Structs know their schemas.
Value under_schema(const SchemaPtr& schema, const Value& value) {
  if (auto* structure = value.as_struct()) {
    std::vector<Value> values;
    for (size_t i = 0; i < structure->values.size(); ++i) values.push_back(under_schema(schema->fields()[i].schema, structure->values[i]));
    return Value::structure(schema, std::move(values));
  }
  if (auto* list = value.as_list()) {
    Value::List items;
    for (const Value& item : *list) items.push_back(under_schema(schema->value_schema(), item));
    return Value::list(std::move(items));
  }
  return value;
}

}  // namespace

std::optional<ExpandedJson> expand_json(std::string_view text, const std::optional<std::string>& name, bool nulls_as_bytes) {
  if (!text.starts_with('{') || is_too_deep(text)) return std::nullopt;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  auto schema = PayloadSchemas(nulls_as_bytes).of(name, json);
  if (!schema.ok() || !*schema) return std::nullopt;
  auto value = payload_value(json, **schema);
  if (!value.ok()) return std::nullopt;
  return ExpandedJson{*schema, under_schema(*schema, *value)};
}

}  // namespace bywash::transforms
