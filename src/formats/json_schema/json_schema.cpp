// From a JSON document to schema nodes. Level 4, once per schema.
#include "formats/json_schema/json_schema.h"

#include <algorithm>
#include <array>

#include "columnar/java_text.h"
#include "columnar/value.h"
#include "formats/json/connect_value.h"

namespace bywash::formats::json_schema {

using json::Node;
using Kind = SchemaNode::Kind;

namespace {

constexpr size_t kNodesMax = 20'000;
constexpr int kSchemaDepthMax = 200;

bool has_any(const Node& node, std::initializer_list<std::string_view> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return node.find(key) != nullptr; });
}

std::string text_member(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found && found->is(Node::Kind::kString) ? found->text : std::string();
}

// %41 and the escapes of JSON pointers.
std::string pointer_token(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    auto hex = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1; };
    if (token[i] == '%' && i + 2 < token.size() && hex(token[i + 1]) >= 0 && hex(token[i + 2]) >= 0) {
      out += static_cast<char>(hex(token[i + 1]) * 16 + hex(token[i + 2]));
      i += 2;
    } else if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      out += token[i];
    }
  }
  return out;
}

const Node* follow_pointer(const Node& root, std::string_view pointer) {
  const Node* at = &root;
  while (!pointer.empty() && at) {
    if (pointer[0] != '/') return nullptr;
    size_t end = std::min(pointer.find('/', 1), pointer.size());
    std::string token = pointer_token(pointer.substr(1, end - 1));
    pointer.remove_prefix(end);
    if (at->is(Node::Kind::kArray)) {
      bool digits = !token.empty() && token.size() < 9 && std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
      size_t index = digits ? static_cast<size_t>(std::stoul(token)) : at->items.size();
      at = index < at->items.size() ? &at->items[index] : nullptr;
    } else {
      at = at->find(token);
    }
  }
  return at;
}

const Node* find_by_id(const Node& node, const std::string& id, int depth) {
  if (depth > kSchemaDepthMax) return nullptr;
  if (node.is(Node::Kind::kObject)) {
    for (std::string_view key : {"$id", "id", "$anchor"}) {
      const Node* own = node.find(key);
      if (own && own->is(Node::Kind::kString) && (own->text == id || (key == "$anchor" && "#" + own->text == id))) return &node;
    }
    for (const auto& [name, member] : node.members) {
      if (const Node* found = find_by_id(member, id, depth + 1)) return found;
    }
  }
  for (const Node& item : node.items) {
    if (const Node* found = find_by_id(item, id, depth + 1)) return found;
  }
  return nullptr;
}

std::string base_of(const std::string& uri) {
  size_t slash = uri.rfind('/');
  return slash == std::string::npos ? std::string() : uri.substr(0, slash + 1);
}

}  // namespace

bool SchemaNode::requires_property(const std::string& name) const { return std::find(required.begin(), required.end(), name) != required.end(); }

class JsonSchema::Loader {
 public:
  explicit Loader(JsonSchema& schema) : schema_(schema) {}

  Result<const SchemaNode*> load(const Node& json, const Document& document, int depth) {
    if (depth > kSchemaDepthMax) return json::data_exception("Invalid JSON schema: nested deeper than 200");
    if (json.is(Node::Kind::kBoolean)) return node(json.boolean ? Kind::kEmpty : Kind::kOther, nullptr);
    if (!json.is(Node::Kind::kObject)) return json::data_exception("Invalid JSON schema: a schema must be an object or a boolean");
    if (schema_.nodes_.size() > kNodesMax) return json::data_exception("Invalid JSON schema: more than 20,000 schemas");
    if (const Node* ref = json.find("$ref"); ref && ref->is(Node::Kind::kString)) return reference(json, ref->text, document, depth);
    std::vector<SchemaNode*> parts;
    RETURN_IF_ERROR(enums_and_combinations(json, document, depth, &parts));
    RETURN_IF_ERROR(types(json, document, depth, &parts));
    if (parts.empty()) return node(Kind::kEmpty, &json);
    if (parts.size() == 1) {
      parts[0]->source = &json;
      return static_cast<const SchemaNode*>(parts[0]);
    }
    SchemaNode* all = node(Kind::kCombined, &json);
    all->subschemas.assign(parts.begin(), parts.end());
    return static_cast<const SchemaNode*>(all);
  }

 private:
  SchemaNode* node(Kind kind, const Node* source) {
    SchemaNode& made = schema_.nodes_.emplace_back();
    made.kind = kind;
    made.source = source;
    return &made;
  }

  Status enums_and_combinations(const Node& json, const Document& document, int depth, std::vector<SchemaNode*>* parts) {
    if (const Node* values = json.find("enum"); values && values->is(Node::Kind::kArray)) {
      SchemaNode* made = node(Kind::kEnum, nullptr);
      for (const Node& value : values->items) made->values.push_back(&value);
      parts->push_back(made);
    }
    static constexpr std::array<std::pair<std::string_view, SchemaNode::Criterion>, 3> kCriteria = {
        {{"oneOf", SchemaNode::Criterion::kOneOf}, {"anyOf", SchemaNode::Criterion::kAnyOf}, {"allOf", SchemaNode::Criterion::kAllOf}}};
    for (const auto& [key, criterion] : kCriteria) {
      const Node* list = json.find(key);
      if (!list || !list->is(Node::Kind::kArray)) continue;
      SchemaNode* made = node(Kind::kCombined, nullptr);
      made->criterion = criterion;
      for (const Node& item : list->items) {
        ASSIGN_OR_RETURN(const SchemaNode* sub, load(item, document, depth + 1));
        made->subschemas.push_back(sub);
      }
      parts->push_back(made);
    }
    if (json.find("not")) parts->push_back(node(Kind::kOther, nullptr));
    if (const Node* value = json.find("const")) {
      parts->push_back(node(Kind::kConst, nullptr));
      parts->back()->values.push_back(value);
    }
    return {};
  }

  // By `type`; without one by the keywords that only one type has.
  Status types(const Node& json, const Document& document, int depth, std::vector<SchemaNode*>* parts) {
    const Node* type = json.find("type");
    if (type && type->is(Node::Kind::kString)) {
      ASSIGN_OR_RETURN(SchemaNode * made, of_type(type->text, json, document, depth));
      parts->push_back(made);
      return {};
    }
    if (type && type->is(Node::Kind::kArray)) {
      SchemaNode* any = node(Kind::kCombined, nullptr);
      any->criterion = SchemaNode::Criterion::kAnyOf;
      for (const Node& item : type->items) {
        ASSIGN_OR_RETURN(SchemaNode * made, of_type(item.text, json, document, depth));
        any->subschemas.push_back(made);
      }
      parts->push_back(any);
      return {};
    }
    auto sniff = [&](std::string_view name) -> Status {
      ASSIGN_OR_RETURN(SchemaNode * made, of_type(name, json, document, depth));
      parts->push_back(made);
      return {};
    };
    if (has_any(json, {"items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"})) RETURN_IF_ERROR(sniff("array"));
    if (has_any(json, {"properties", "required", "minProperties", "maxProperties", "dependencies", "patternProperties", "additionalProperties", "propertyNames"})) {
      RETURN_IF_ERROR(sniff("object"));
    }
    if (has_any(json, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) RETURN_IF_ERROR(sniff("number"));
    if (has_any(json, {"minLength", "maxLength", "pattern", "format"})) RETURN_IF_ERROR(sniff("string"));
    return {};
  }

  Result<SchemaNode*> of_type(std::string_view type, const Node& json, const Document& document, int depth) {
    if (type == "string") {
      SchemaNode* made = node(Kind::kString, nullptr);
      made->has_format = json.find("format") != nullptr;
      return made;
    }
    if (type == "integer" || type == "number") {
      SchemaNode* made = node(Kind::kNumber, nullptr);
      made->requires_integer = type == "integer";
      return made;
    }
    if (type == "boolean") return node(Kind::kBoolean, nullptr);
    if (type == "null") return node(Kind::kNull, nullptr);
    if (type == "array") {
      SchemaNode* made = node(Kind::kArray, nullptr);
      if (const Node* items = json.find("items"); items && !items->is(Node::Kind::kArray)) {
        ASSIGN_OR_RETURN(made->items, load(*items, document, depth + 1));
      }
      return made;
    }
    if (type == "object") return object(json, document, depth);
    return json::data_exception("Invalid JSON schema: unknown type '" + std::string(type) + "'");
  }

  Result<SchemaNode*> object(const Node& json, const Document& document, int depth) {
    SchemaNode* made = node(Kind::kObject, nullptr);
    if (const Node* properties = json.find("properties"); properties && properties->is(Node::Kind::kObject)) {
      std::vector<columnar::Value> names;
      for (const auto& [name, property] : properties->members) names.push_back(columnar::Value::string(name));
      for (size_t i : columnar::java_hash_order(names)) {
        const auto& [name, property] = properties->members[i];
        ASSIGN_OR_RETURN(const SchemaNode* loaded, load(property, document, depth + 1));
        made->properties.emplace_back(name, loaded);
      }
    }
    if (const Node* required = json.find("required"); required && required->is(Node::Kind::kArray)) {
      for (const Node& name : required->items) made->required.push_back(name.text);
    }
    if (const Node* more = json.find("additionalProperties")) {
      if (more->is(Node::Kind::kBoolean)) made->permits_additional = more->boolean;
      else {
        ASSIGN_OR_RETURN(made->additional, load(*more, document, depth + 1));
      }
    }
    return made;
  }

  Result<const SchemaNode*> reference(const Node& json, const std::string& ref, const Document& document, int depth) {
    SchemaNode* made = node(Kind::kReference, &json);
    const Document* target_document = &document;
    const Node* target = nullptr;
    if (ref[0] != '#') target = find_by_id(document.root, ref, 0);
    if (!target && !ref.empty() && ref[0] != '#') {
      std::string file = ref.substr(0, ref.find('#'));
      target_document = find_document(file, document);
      if (!target_document) return json::data_exception("Invalid JSON schema: no schema is registered for the reference '" + ref + "'");
    }
    size_t hash = ref.find('#');
    std::string fragment = hash == std::string::npos ? "" : ref.substr(hash + 1);
    if (!target && !fragment.empty() && fragment[0] != '/') target = find_by_id(target_document->root, "#" + fragment, 0);
    if (!target) target = follow_pointer(target_document->root, fragment);
    if (!target) return json::data_exception("Invalid JSON schema: nothing is at '" + ref + "'");
    auto known = referred_.find(target);
    if (known == referred_.end()) {
      // Set before it is complete: a schema may refer to itself.
      referred_[target] = nullptr;
      ASSIGN_OR_RETURN(referred_[target], load(*target, *target_document, depth + 1));
      for (auto& [waiting, at] : waiting_) {
        if (at == target) waiting->referred = referred_[target];
      }
      known = referred_.find(target);
    }
    if (!known->second) waiting_.emplace_back(made, target);
    made->referred = known->second;
    return static_cast<const SchemaNode*>(made);
  }

  const Document* find_document(const std::string& file, const Document& from) const {
    std::string base = base_of(text_member(from.root, "$id"));
    for (const Document& candidate : schema_.documents_) {
      const std::string& name = candidate.name;
      bool same = name == file || "./" + name == file || (!base.empty() && (base + name == file || base + file == name));
      if (same && &candidate != &schema_.documents_[0]) return &candidate;
      std::string own = text_member(candidate.root, "$id");
      if (!own.empty() && (own == file || own == base + file)) return &candidate;
    }
    return nullptr;
  }

  JsonSchema& schema_;
  std::map<const Node*, const SchemaNode*> referred_;
  std::vector<std::pair<SchemaNode*, const Node*>> waiting_;
};

Result<std::shared_ptr<const JsonSchema>> JsonSchema::parse(const std::string& text, const std::vector<NamedDocument>& references) {
  std::shared_ptr<JsonSchema> schema(new JsonSchema());
  auto add = [&](const std::string& name, const std::string& document) -> Status {
    Document& added = schema->documents_.emplace_back();
    added.name = name;
    added.text = document;
    auto parsed = json::parse_document(added.text);
    if (!parsed.ok()) return json::data_exception("Invalid JSON schema: " + parsed.status().message());
    added.root = *std::move(parsed);
    return {};
  };
  RETURN_IF_ERROR(add("", text));
  for (const NamedDocument& r : references) RETURN_IF_ERROR(add(r.name, r.text));
  Loader loader(*schema);
  ASSIGN_OR_RETURN(schema->root_, loader.load(schema->documents_[0].root, schema->documents_[0], 0));
  return std::shared_ptr<const JsonSchema>(std::move(schema));
}

namespace {

const SchemaNode& resolved(const SchemaNode& node) {
  const SchemaNode* at = &node;
  for (int i = 0; i < 100 && at->kind == Kind::kReference && at->referred; ++i) at = at->referred;
  return *at;
}

// The only schema beside null in a oneOf or anyOf; else the node itself. `*nullable` becomes true where null is allowed.
const SchemaNode& without_null(const SchemaNode& given, bool* nullable) {
  const SchemaNode& node = resolved(given);
  if (node.kind == Kind::kNull) *nullable = true;
  if (node.kind != Kind::kCombined || node.criterion == SchemaNode::Criterion::kAllOf) return node;
  const SchemaNode* rest = nullptr;
  for (const SchemaNode* sub : node.subschemas) {
    if (resolved(*sub).kind == Kind::kNull) *nullable = true;
    else if (!rest) rest = sub;
    else return node;
  }
  return rest ? resolved(*rest) : node;
}

Status differs(const std::string& path, const char* what) { return Status::data(fmt::format("{} at '#{}'", what, path)); }

Status readable_at(const SchemaNode& reader_given, const SchemaNode& writer_given, const std::string& path, int depth) {
  if (depth > 100) return {};
  bool reads_null = false, writes_null = false;
  const SchemaNode& reader = without_null(reader_given, &reads_null);
  const SchemaNode& writer = without_null(writer_given, &writes_null);
  if (&reader == &writer || reader.kind == Kind::kEmpty) return {};
  if (writes_null && !reads_null) return differs(path, "null is no longer allowed");
  if (reader.kind == Kind::kCombined) {
    for (const SchemaNode* sub : reader.subschemas) {
      Status fits = readable_at(*sub, writer, path, depth + 1);
      if (fits.ok() != (reader.criterion == SchemaNode::Criterion::kAllOf)) return fits;
    }
    return reader.criterion == SchemaNode::Criterion::kAllOf ? Status() : differs(path, "no alternative takes what was written");
  }
  if (writer.kind == Kind::kCombined && writer.criterion != SchemaNode::Criterion::kAllOf) {
    for (const SchemaNode* sub : writer.subschemas) RETURN_IF_ERROR(readable_at(reader, *sub, path, depth + 1));
    return {};
  }
  if (reader.kind != writer.kind) return differs(path, "the type changed");
  if (reader.kind == Kind::kNumber && reader.requires_integer && !writer.requires_integer) return differs(path, "the type was narrowed");
  if (reader.kind == Kind::kEnum) {
    for (const Node* value : writer.values) {
      bool known = std::any_of(reader.values.begin(), reader.values.end(), [&](const Node* v) { return v->kind == value->kind && v->text == value->text; });
      if (!known) return differs(path, "the enum was narrowed");
    }
  }
  if (reader.kind == Kind::kArray && reader.items && writer.items) return readable_at(*reader.items, *writer.items, path + "/items", depth + 1);
  if (reader.kind != Kind::kObject) return {};
  if (!reader.permits_additional && writer.permits_additional) return differs(path, "additional properties are no longer allowed");
  for (const std::string& name : reader.required) {
    if (!writer.requires_property(name)) return differs(path + "/properties/" + name, "a property became required");
  }
  for (const auto& [name, property] : writer.properties) {
    auto same = std::find_if(reader.properties.begin(), reader.properties.end(), [&wanted = name](const auto& p) { return p.first == wanted; });
    if (same != reader.properties.end()) RETURN_IF_ERROR(readable_at(*same->second, *property, path + "/properties/" + name, depth + 1));
    else if (!reader.permits_additional) return differs(path + "/properties/" + name, "a property was removed");
  }
  return {};
}

}  // namespace

Status check_readable(const SchemaNode& reader, const SchemaNode& writer) { return readable_at(reader, writer, "", 0); }

}  // namespace bywash::formats::json_schema
