// JsonSchemaData.toConnectSchema. Decode step. Level 4, once per schema.
#include <algorithm>
#include <charconv>
#include <map>

#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/json/number.h"
#include "formats/json_schema/schema_mapping.h"
#include "formats/json_schema/value_mapping.h"

namespace bywash::formats::json_schema {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using json::Node;
using Kind = SchemaNode::Kind;

namespace {

constexpr char kIdParameter[] = "io.confluent.connect.json.Id";
constexpr char kJsonEnum[] = "io.confluent.connect.json.Enum";
constexpr char kGeneralEnumParameter[] = "org.apache.kafka.connect.data.Enum";

Status illegal_schema(std::string message) { return Status::data(std::move(message)).with_java_class("java.lang.IllegalArgumentException"); }

class JsonSchemaMapper {
 public:
  JsonSchemaMapper(const JsonSchemaOptions& options, std::map<const SchemaNode*, int> last_ids) : options_(options), last_ids_(std::move(last_ids)) {}

  // Ids count over the document, and every use of a schema but the first carries the last one that it was given: known after a first pass.
  const std::map<const SchemaNode*, int>& ids() const { return ids_; }

  Result<SchemaPtr> map(const SchemaNode& node, std::optional<int32_t> version, bool force_optional) {
    if (++count_ > 100'000) return json::data_exception("Invalid JSON schema: it unfolds into more than 100,000 schemas");
    SchemaSpec spec;
    switch (node.kind) {
      case Kind::kBoolean: spec.type = Type::kBoolean; break;
      case Kind::kNumber: RETURN_IF_ERROR(number(node, &spec)); break;
      case Kind::kString: spec.type = connect_type(node) == "bytes" ? Type::kBytes : Type::kString; break;
      case Kind::kConst:
      case Kind::kEnum: enumeration(node, &spec); break;
      case Kind::kArray: RETURN_IF_ERROR(array(node, &spec)); break;
      case Kind::kObject: RETURN_IF_ERROR(object(node, &spec)); break;
      case Kind::kReference: return reference(node, version, force_optional);
      case Kind::kCombined: {
        if (node.subschemas.size() == 1 && options_.flatten_singleton_unions) return map(*node.subschemas[0], std::nullopt, false);
        if (node.criterion == SchemaNode::Criterion::kAllOf) return all_of(node, version, force_optional);
        const SchemaNode* only = beside_null(node);
        if (only) return map(*only, version, true);
        RETURN_IF_ERROR(alternatives(node, &spec));
        break;
      }
      default: return json::data_exception("Unsupported schema type: a JSON schema without type, or with 'not' alone");
    }
    return finish(node, version, force_optional, std::move(spec));
  }

 private:
  static std::string connect_type(const SchemaNode& node) {
    const Node* type = node.keyword("connect.type");
    return type && type->is(Node::Kind::kString) ? type->text : std::string();
  }

  static Status number(const SchemaNode& node, SchemaSpec* spec) {
    static const std::map<std::string, Type> kTypes = {{"int8", Type::kInt8},       {"int16", Type::kInt16},     {"int32", Type::kInt32}, {"int64", Type::kInt64},
                                                       {"float32", Type::kFloat32}, {"float64", Type::kFloat64}, {"bytes", Type::kBytes}};
    std::string type = connect_type(node);
    if (type.empty()) {
      spec->type = node.requires_integer ? Type::kInt64 : Type::kFloat64;
      return {};
    }
    auto known = kTypes.find(type);
    if (known == kTypes.end()) return illegal_schema("Unsupported type " + type);
    spec->type = known->second;
    return {};
  }

  void enumeration(const SchemaNode& node, SchemaSpec* spec) const {
    spec->type = Type::kString;
    std::string parameter = options_.generalized_sum_types ? kGeneralEnumParameter : kJsonEnum;
    spec->parameters[parameter] = "";
    for (size_t i = 0; i < node.values.size(); ++i) {
      const Node& value = *node.values[i];
      std::string symbol = value.is(Node::Kind::kString) ? value.text : value.is(Node::Kind::kNull) ? "<NULL>" : std::string(value.begin, value.end);
      spec->parameters[parameter + "." + symbol] = options_.generalized_sum_types ? std::to_string(i) : symbol;
    }
  }

  static const SchemaNode* beside_null(const SchemaNode& node) {
    if (node.subschemas.size() != 2) return nullptr;
    for (size_t i = 0; i < 2; ++i) {
      if (node.subschemas[i]->kind == Kind::kNull && node.subschemas[1 - i]->kind != Kind::kNull) return node.subschemas[1 - i];
    }
    return nullptr;
  }

  Status alternatives(const SchemaNode& node, SchemaSpec* spec) {
    spec->type = Type::kStruct;
    std::string name = options_.generalized_sum_types ? "connect_union_" + std::to_string(unions_++) : kOneOfName;
    spec->name = name;
    if (options_.generalized_sum_types) spec->parameters[kGeneralUnionParameter] = name;
    int index = 0;
    for (const SchemaNode* sub : node.subschemas) {
      if (sub->kind == Kind::kNull) {
        spec->optional = true;
        continue;
      }
      std::string field = options_.generalized_sum_types ? "connect_union_field_" : name + ".field.";
      ASSIGN_OR_RETURN(SchemaPtr schema, map(*sub, std::nullopt, true));
      spec->fields.push_back({field + std::to_string(index++), std::move(schema), false});
    }
    return {};
  }

  Status array(const SchemaNode& node, SchemaSpec* spec) {
    if (!node.items) return json::data_exception("Array schema did not specify the items type");
    if (connect_type(node) != "map" || node.items->kind != Kind::kObject) {
      spec->type = Type::kArray;
      ASSIGN_OR_RETURN(spec->value_schema, map(*node.items, std::nullopt, false));
      return {};
    }
    spec->type = Type::kMap;
    for (const auto& [name, property] : node.items->properties) {
      if (name == "key") {
        ASSIGN_OR_RETURN(spec->key_schema, map(*property, std::nullopt, false));
      } else if (name == "value") {
        ASSIGN_OR_RETURN(spec->value_schema, map(*property, std::nullopt, false));
      }
    }
    if (!spec->key_schema || !spec->value_schema) return json::data_exception("A map's items must have the properties key and value");
    return {};
  }

  static std::optional<int32_t> integer(const Node* node) {
    if (!node || !node->is(Node::Kind::kNumber) || !json::is_int32(node->number)) return std::nullopt;
    return json::to_int(node->number);
  }

  Status object(const SchemaNode& node, SchemaSpec* spec) {
    if (connect_type(node) == "map") {
      spec->type = Type::kMap;
      spec->key_schema = ConnectSchema::of(Type::kString);
      if (!node.additional) return json::data_exception("A map must say the schema of its values in additionalProperties");
      ASSIGN_OR_RETURN(spec->value_schema, map(*node.additional, std::nullopt, false));
      return {};
    }
    RETURN_IF_ERROR(enter(node));
    spec->type = Type::kStruct;
    // By connect.index; a property without one gets the number of those before it, and an index that comes again replaces the property.
    std::map<int32_t, const std::pair<std::string, const SchemaNode*>*> sorted;
    for (const auto& property : node.properties) {
      auto index = integer(property.second->keyword("connect.index"));
      sorted[index ? *index : static_cast<int32_t>(sorted.size())] = &property;
    }
    for (const auto& [index, property] : sorted) {
      bool is_optional = options_.optional_for_nonrequired && !node.requires_property(property->first);
      ASSIGN_OR_RETURN(SchemaPtr schema, map(*property->second, std::nullopt, is_optional));
      spec->fields.push_back({property->first, std::move(schema), false});
    }
    leave(node);
    return {};
  }

  Status enter(const SchemaNode& node) {
    if (std::find(open_.begin(), open_.end(), &node) != open_.end()) {
      return json::data_exception("Invalid JSON schema: a schema contains itself: recursive schemas are not supported");
    }
    open_.push_back(&node);
    return {};
  }
  void leave(const SchemaNode& node) {
    open_.pop_back();
    converted_[&node] = true;
  }

  Result<SchemaPtr> reference(const SchemaNode& node, std::optional<int32_t> version, bool force_optional) {
    if (!node.referred) return json::data_exception("Invalid JSON schema: a reference refers to itself");
    const SchemaNode& target = *node.referred;
    if (++depth_ > 100) return json::data_exception("Invalid JSON schema: recursive schemas are not supported");
    bool again = converted_.count(&target) > 0;
    if (again) ids_[&target] = ++next_id_;
    auto made = map(target, version, force_optional);
    --depth_;
    if (!made.ok() || !again) return made;
    SchemaSpec spec = (*made)->spec();
    spec.optional = force_optional;
    auto id = last_ids_.find(&target);
    spec.parameters[kIdParameter] = "#id" + std::to_string(id == last_ids_.end() ? 0 : id->second);
    return ConnectSchema::make(std::move(spec));
  }

  static void collect_properties(const SchemaNode& node, std::vector<std::pair<std::string, const SchemaNode*>>* out, std::map<std::string, bool>* required, int depth) {
    if (depth > 100) return;
    if (node.kind == Kind::kCombined && node.criterion == SchemaNode::Criterion::kAllOf) {
      for (const SchemaNode* sub : node.subschemas) collect_properties(*sub, out, required, depth + 1);
    } else if (node.kind == Kind::kReference && node.referred) {
      collect_properties(*node.referred, out, required, depth + 1);
    } else if (node.kind == Kind::kObject) {
      for (const auto& property : node.properties) {
        auto known = std::find_if(out->begin(), out->end(), [&](const auto& p) { return p.first == property.first; });
        if (known == out->end()) out->push_back(property);
        else known->second = property.second;
        (*required)[property.first] = node.requires_property(property.first);
      }
    }
  }

  Result<SchemaPtr> all_of(const SchemaNode& node, std::optional<int32_t> version, bool force_optional) {
    std::map<Kind, const SchemaNode*> by_kind;
    std::vector<std::pair<std::string, const SchemaNode*>> properties;
    std::map<std::string, bool> required;
    for (const SchemaNode* sub : node.subschemas) {
      by_kind[sub->kind] = sub;
      collect_properties(*sub, &properties, &required, 0);
    }
    auto of = [&](Kind kind) { return by_kind.count(kind) ? by_kind[kind] : nullptr; };
    if (!properties.empty()) {
      RETURN_IF_ERROR(enter(node));
      SchemaSpec spec;
      spec.type = Type::kStruct;
      spec.optional = force_optional;
      for (const auto& [name, property] : properties) {
        ASSIGN_OR_RETURN(SchemaPtr schema, map(*property, std::nullopt, options_.optional_for_nonrequired && !required[name]));
        spec.fields.push_back({name, std::move(schema), false});
      }
      leave(node);
      return ConnectSchema::make(std::move(spec));
    }
    const SchemaNode *text = of(Kind::kString), *number = of(Kind::kNumber);
    const SchemaNode* chosen = nullptr;
    if (of(Kind::kCombined)) chosen = of(Kind::kCombined);
    else if (of(Kind::kConst)) chosen = text ? text : number;
    else if (of(Kind::kEnum)) chosen = text ? of(Kind::kEnum) : number;
    else if (text && text->has_format) chosen = number ? number : text;
    else if (of(Kind::kReference)) chosen = of(Kind::kReference);
    if (!chosen) return illegal_schema("Unsupported criterion allOf: its schemas do not add up to one type");
    return map(*chosen, version, force_optional);
  }

  Result<SchemaPtr> finish(const SchemaNode& node, std::optional<int32_t> version, bool force_optional, SchemaSpec spec) {
    auto text = [&](std::string_view key) -> std::optional<std::string> {
      const Node* found = node.keyword(key);
      return found && found->is(Node::Kind::kString) ? std::optional<std::string>(found->text) : std::nullopt;
    };
    if (!spec.name) spec.name = text("title");
    auto own_version = integer(node.keyword("connect.version"));
    if (own_version || version) spec.version = own_version ? own_version : version;
    spec.doc = text("description");
    if (const Node* parameters = node.keyword("connect.parameters"); parameters && parameters->is(Node::Kind::kObject)) {
      for (const auto& [key, value] : parameters->members) spec.parameters[key] = value.is(Node::Kind::kString) ? value.text : std::string(value.begin, value.end);
    }
    if (const Node* given = node.keyword("default")) {
      // The schema is not optional yet when its default is read.
      ASSIGN_OR_RETURN(columnar::Value value, to_connect_value(ConnectSchema::make(spec), given));
      if (!value.is_null()) spec.default_value = std::make_shared<const columnar::Value>(std::move(value));
    }
    spec.optional = spec.optional || force_optional;
    return ConnectSchema::make(std::move(spec));
  }

  const JsonSchemaOptions& options_;
  std::map<const SchemaNode*, int> last_ids_, ids_;
  std::map<const SchemaNode*, bool> converted_;
  std::vector<const SchemaNode*> open_;
  int next_id_ = 0, unions_ = 0, depth_ = 0, count_ = 0;
};

}  // namespace

bool is_alternatives(const ConnectSchema& schema) {
  return schema.type() == Type::kStruct && ((schema.name() && *schema.name() == kOneOfName) || schema.parameters().count(kGeneralUnionParameter));
}

bool is_object_map(const ConnectSchema& schema) {
  return schema.type() == Type::kMap && schema.key_schema()->type() == Type::kString && !schema.key_schema()->optional();
}

Result<SchemaPtr> to_connect_schema(const JsonSchema& schema, const JsonSchemaOptions& options, std::optional<int32_t> version) {
  JsonSchemaMapper first(options, {});
  ASSIGN_OR_RETURN(SchemaPtr made, first.map(schema.root(), version, false));
  if (first.ids().empty()) return made;
  JsonSchemaMapper second(options, first.ids());
  return second.map(schema.root(), version, false);
}

}  // namespace bywash::formats::json_schema
