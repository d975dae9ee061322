// Parsing of Avro schema text. Level 4, every thread.
#include "formats/avro/avro_schema.h"

#include <nlohmann/json.hpp>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <map>

namespace bywash::formats::avro {
namespace {

// Keeps the order of attributes.
using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 14> kKindNames = {"null",   "boolean", "int",   "long", "float", "double", "bytes",
                                                         "string", "record",  "enum",  "array", "map",  "union",  "fixed"};
constexpr size_t kPrimitiveKinds = 8;
// Deeper nesting is an attack: Avro for Java overflows its stack not far from here.
constexpr int kSchemaDepthMax = 300;
constexpr int64_t kFixedSizeMax = INT32_MAX;

Status schema_error(std::string message) {
  return Status::data(std::move(message)).with_java_class("org.apache.avro.SchemaParseException");
}

std::string full(std::string_view name_space, std::string_view name) {
  return name_space.empty() ? std::string(name) : std::string(name_space) + "." + std::string(name);
}

std::optional<std::string> text_of(const Json& object, const char* key) {
  auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

class SchemaParser {
 public:
  explicit SchemaParser(AvroSchema* out) : out_(out) {}

  Result<const AvroNode*> parse_text(std::string_view text) {
    // Texts nested deeper than the limit are refused before anything walks them.
    int depth = 0;
    Json::parser_callback_t watch = [&](int level, Json::parse_event_t, Json&) {
      depth = std::max(depth, level);
      return true;
    };
    Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
      // A bare name is a schema too ("int" without quotes), as registries store it.
      if (const AvroNode* node = primitive(text)) return node;
      return schema_error("The schema is not JSON");
    }
    if (depth > 4 * kSchemaDepthMax) return schema_error("The schema is nested too deeply");
    return node_of(json, "", 0);
  }

 private:
  const AvroNode* primitive(std::string_view name) {
    for (size_t i = 0; i < kPrimitiveKinds; ++i) {
      if (kKindNames[i] == name) return out_->add(static_cast<AvroKind>(i));
    }
    return nullptr;
  }

  Result<const AvroNode*> by_name(const std::string& name, const std::string& name_space) {
    if (const AvroNode* node = primitive(name)) return node;
    std::string full_name = name.find('.') == std::string::npos ? full(name_space, name) : name;
    auto it = names_.find(full_name);
    if (it == names_.end()) it = names_.find(name);
    if (it == names_.end()) return schema_error("Undefined name: \"" + name + "\"");
    return it->second;
  }

  Result<const AvroNode*> node_of(const Json& json, const std::string& name_space, int depth) {
    if (depth > kSchemaDepthMax) return schema_error("The schema is nested too deeply");
    if (json.is_string()) return by_name(json.get<std::string>(), name_space);
    if (json.is_array()) return union_of(json, name_space, depth);
    if (!json.is_object()) return schema_error("A schema must be a name, an object or an array");
    auto type = json.find("type");
    if (type == json.end()) return schema_error("No type: a schema object without \"type\"");
    if (!type->is_string()) return node_of(*type, name_space, depth + 1);
    std::string kind = type->get<std::string>();
    if (const AvroNode* node = primitive(kind)) {
      add_props(json, const_cast<AvroNode*>(node));
      return node;
    }
    if (kind == "record" || kind == "error") return record_of(json, name_space, depth);
    if (kind == "enum") return enum_of(json, name_space);
    if (kind == "fixed") return fixed_of(json, name_space);
    if (kind == "array") return nested_of(json, AvroKind::kArray, "items", name_space, depth);
    if (kind == "map") return nested_of(json, AvroKind::kMap, "values", name_space, depth);
    return by_name(kind, name_space);
  }

  void add_props(const Json& json, AvroNode* node) {
    static constexpr std::string_view kReserved[] = {"doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"};
    for (const auto& [key, value] : json.items()) {
      bool reserved = std::find(std::begin(kReserved), std::end(kReserved), key) != std::end(kReserved);
      if (reserved || (node->kind == AvroKind::kEnum && key == "default")) continue;
      node->props.emplace_back(key, value.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }

  // Name, namespace, doc, aliases; the node is known by its name from here on.
  Status add_name(const Json& json, const std::string& enclosing, AvroNode* node) {
    std::optional<std::string> name = text_of(json, "name");
    if (!name || name->empty()) return schema_error(fmt::format("No name in schema: a {} without \"name\"", to_string(node->kind)));
    size_t dot = name->rfind('.');
    if (dot == std::string::npos) {
      node->name = *name;
      node->name_space = text_of(json, "namespace").value_or(enclosing);
    } else {
      node->name = name->substr(dot + 1);
      node->name_space = name->substr(0, dot);
    }
    node->doc = text_of(json, "doc");
    node->aliases = aliases_of(json, node->name_space);
    if (!names_.emplace(node->full_name(), node).second) return schema_error("Can't redefine: " + node->full_name());
    return {};
  }

  static std::vector<std::string> aliases_of(const Json& json, const std::string& name_space) {
    std::vector<std::string> out;
    auto it = json.find("aliases");
    if (it == json.end() || !it->is_array()) return out;
    for (const Json& alias : *it) {
      if (!alias.is_string()) continue;
      std::string text = alias.get<std::string>();
      out.push_back(text.find('.') == std::string::npos ? full(name_space, text) : text);
    }
    return out;
  }

  Result<const AvroNode*> union_of(const Json& json, const std::string& name_space, int depth) {
    AvroNode* node = out_->add(AvroKind::kUnion);
    for (const Json& item : json) {
      ASSIGN_OR_RETURN(const AvroNode* branch, node_of(item, name_space, depth + 1));
      if (branch->kind == AvroKind::kUnion) return schema_error("Nested union");
      for (const AvroNode* other : node->branches) {
        if (other->full_name() == branch->full_name()) return schema_error("Duplicate in union:" + branch->full_name());
      }
      node->branches.push_back(branch);
    }
    return node;
  }

  Result<const AvroNode*> nested_of(const Json& json, AvroKind kind, const char* key, const std::string& name_space, int depth) {
    auto it = json.find(key);
    if (it == json.end()) return schema_error(fmt::format("{} has no {} type", to_string(kind), key));
    AvroNode* node = out_->add(kind);
    ASSIGN_OR_RETURN(const AvroNode* nested, node_of(*it, name_space, depth + 1));
    node->branches.push_back(nested);
    add_props(json, node);
    return node;
  }

  Result<const AvroNode*> record_of(const Json& json, const std::string& enclosing, int depth) {
    AvroNode* node = out_->add(AvroKind::kRecord);
    RETURN_IF_ERROR(add_name(json, enclosing, node));
    auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) return schema_error("Record has no fields: '" + node->full_name() + "'");
    for (const Json& item : *fields) {
      std::optional<std::string> name = item.is_object() ? text_of(item, "name") : std::nullopt;
      if (!name) return schema_error("No field name in record '" + node->full_name() + "'");
      auto type = item.find("type");
      if (type == item.end()) return schema_error(fmt::format("No field type: field '{}' of record '{}'", *name, node->full_name()));
      for (const AvroField& other : node->fields) {
        if (other.name == *name) return schema_error(fmt::format("Duplicate field {} in record '{}'", *name, node->full_name()));
      }
      AvroField field;
      field.name = *name;
      ASSIGN_OR_RETURN(field.type, node_of(*type, node->name_space, depth + 1));
      field.doc = text_of(item, "doc");
      field.aliases = aliases_of(item, "");
      if (auto it = item.find("default"); it != item.end()) field.default_json = it->dump(-1, ' ', false, Json::error_handler_t::replace);
      node->fields.push_back(std::move(field));
    }
    add_props(json, node);
    return node;
  }

  Result<const AvroNode*> enum_of(const Json& json, const std::string& enclosing) {
    AvroNode* node = out_->add(AvroKind::kEnum);
    RETURN_IF_ERROR(add_name(json, enclosing, node));
    auto symbols = json.find("symbols");
    if (symbols == json.end() || !symbols->is_array()) return schema_error("Enum has no symbols: '" + node->full_name() + "'");
    for (const Json& symbol : *symbols) {
      if (!symbol.is_string()) return schema_error("A symbol of enum '" + node->full_name() + "' is not a string");
      node->symbols.push_back(symbol.get<std::string>());
    }
    node->enum_default = text_of(json, "default");
    add_props(json, node);
    return node;
  }

  Result<const AvroNode*> fixed_of(const Json& json, const std::string& enclosing) {
    AvroNode* node = out_->add(AvroKind::kFixed);
    RETURN_IF_ERROR(add_name(json, enclosing, node));
    auto size = json.find("size");
    if (size == json.end() || !size->is_number_integer()) return schema_error("Invalid or no size: fixed '" + node->full_name() + "'");
    node->size = size->get<int64_t>();
    if (node->size < 0 || node->size > kFixedSizeMax) return schema_error("Invalid size: fixed '" + node->full_name() + "'");
    add_props(json, node);
    return node;
  }

  AvroSchema* out_;
  std::map<std::string, const AvroNode*> names_;
};

}  // namespace

std::string_view to_string(AvroKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::string AvroNode::full_name() const { return named() ? full(name_space, name) : std::string(to_string(kind)); }

const std::string* AvroNode::prop(std::string_view key) const {
  for (const auto& [known, value] : props) {
    if (known == key) return &value;
  }
  return nullptr;
}

std::optional<std::string> AvroNode::string_prop(std::string_view key) const {
  const std::string* text = prop(key);
  if (!text || text->empty() || text->front() != '"') return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

std::optional<int64_t> AvroNode::integer_prop(std::string_view key) const {
  const std::string* text = prop(key);
  if (!text) return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_number()) return std::nullopt;
  return json.get<int64_t>();
}

AvroNode* AvroSchema::add(AvroKind kind) {
  nodes_.emplace_back().kind = kind;
  return &nodes_.back();
}

Result<std::shared_ptr<const AvroSchema>> AvroSchema::parse(std::string_view text, const std::vector<std::string_view>& references) {
  auto out = std::make_shared<AvroSchema>();
  SchemaParser parser(out.get());
  for (std::string_view reference : references) RETURN_IF_ERROR(parser.parse_text(reference).status());
  ASSIGN_OR_RETURN(const AvroNode* root, parser.parse_text(text));
  out->set_root(root);
  return std::shared_ptr<const AvroSchema>(std::move(out));
}

Status check_name(std::string_view name) {
  if (name.empty()) return schema_error("Empty name");
  const char* bytes = name.data();
  auto length = static_cast<int32_t>(name.size());
  bool first = true;
  for (int32_t i = 0; i < length;) {
    UChar32 c = 0;
    U8_NEXT(bytes, i, length, c);
    // Java looks at UTF-16 units: a character beyond the first plane is no letter.
    bool letter = c == '_' || (c > 0 && c < 0x10000 && (u_isalpha(c) || (!first && u_isdigit(c))));
    if (!letter) return schema_error((first ? "Illegal initial character: " : "Illegal character in: ") + std::string(name));
    first = false;
  }
  return {};
}

}  // namespace bywash::formats::avro
