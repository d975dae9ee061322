// Text, equality, defaults and compatibility of Avro schemas (Avro for Java 1.11.5). Level 4, every thread.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "formats/avro/avro_schema.h"
#include "formats/json/json_writer.h"

namespace bywash::formats::avro {
namespace {

using RulesJson = nlohmann::ordered_json;
using NodePair = std::pair<const AvroNode*, const AvroNode*>;

std::string quoted_text(std::string_view text) {
  std::string out;
  append_json_string(text, &out, /*escape_supplementary=*/false);
  return out;
}

class SchemaTextWriter {
 public:
  Status write(const AvroNode& node, const std::string& enclosing, std::string* out) {
    if (node.named()) {
      auto [it, fresh] = names_.emplace(node.full_name(), &node);
      if (!fresh) {
        if (it->second != &node && !same_schema(*it->second, node)) {
          return Status::data("Can't redefine: " + node.full_name()).with_java_class("org.apache.avro.SchemaParseException");
        }
        *out += quoted_text(node.name_space == enclosing ? node.name : node.full_name());
        return {};
      }
    }
    switch (node.kind) {
      case AvroKind::kUnion: return write_list(node, enclosing, out);
      case AvroKind::kArray: return write_nested(node, "items", enclosing, out);
      case AvroKind::kMap: return write_nested(node, "values", enclosing, out);
      case AvroKind::kRecord: return write_record(node, enclosing, out);
      case AvroKind::kEnum: write_enum(node, enclosing, out); return {};
      case AvroKind::kFixed:
        write_head(node, enclosing, out);
        *out += fmt::format(",\"size\":{}", node.size);
        write_tail(node, out);
        return {};
      default:
        if (node.props.empty()) {
          *out += quoted_text(to_string(node.kind));
        } else {
          *out += "{\"type\":" + quoted_text(to_string(node.kind));
          write_tail(node, out);
        }
        return {};
    }
  }

 private:
  void write_head(const AvroNode& node, const std::string& enclosing, std::string* out) {
    *out += "{\"type\":" + quoted_text(to_string(node.kind)) + ",\"name\":" + quoted_text(node.name);
    if (node.name_space != enclosing) *out += ",\"namespace\":" + quoted_text(node.name_space);
    if (node.doc) *out += ",\"doc\":" + quoted_text(*node.doc);
  }

  static void write_strings(const char* key, const std::vector<std::string>& items, std::string* out) {
    *out += fmt::format(",\"{}\":[", key);
    for (size_t i = 0; i < items.size(); ++i) *out += (i ? "," : "") + quoted_text(items[i]);
    *out += "]";
  }

  void write_tail(const AvroNode& node, std::string* out) {
    for (const auto& [key, value] : node.props) *out += "," + quoted_text(key) + ":" + value;
    if (!node.aliases.empty()) write_strings("aliases", node.aliases, out);
    *out += "}";
  }

  Status write_list(const AvroNode& node, const std::string& enclosing, std::string* out) {
    *out += "[";
    for (size_t i = 0; i < node.branches.size(); ++i) {
      if (i) *out += ",";
      RETURN_IF_ERROR(write(*node.branches[i], enclosing, out));
    }
    *out += "]";
    return {};
  }

  Status write_nested(const AvroNode& node, const char* key, const std::string& enclosing, std::string* out) {
    *out += fmt::format("{{\"type\":\"{}\",\"{}\":", to_string(node.kind), key);
    RETURN_IF_ERROR(write(*node.branches[0], enclosing, out));
    write_tail(node, out);
    return {};
  }

  void write_enum(const AvroNode& node, const std::string& enclosing, std::string* out) {
    write_head(node, enclosing, out);
    write_strings("symbols", node.symbols, out);
    if (node.enum_default) *out += ",\"default\":" + quoted_text(*node.enum_default);
    write_tail(node, out);
  }

  Status write_record(const AvroNode& node, const std::string& enclosing, std::string* out) {
    write_head(node, enclosing, out);
    *out += ",\"fields\":[";
    for (size_t i = 0; i < node.fields.size(); ++i) {
      const AvroField& field = node.fields[i];
      *out += (i ? ",{\"name\":" : "{\"name\":") + quoted_text(field.name) + ",\"type\":";
      RETURN_IF_ERROR(write(*field.type, node.name_space, out));
      if (field.doc) *out += ",\"doc\":" + quoted_text(*field.doc);
      if (field.default_json) *out += ",\"default\":" + *field.default_json;
      if (!field.aliases.empty()) write_strings("aliases", field.aliases, out);
      *out += "}";
    }
    *out += "]";
    write_tail(node, out);
    return {};
  }

  std::map<std::string, const AvroNode*> names_;
};

bool same_nodes(const AvroNode& a, const AvroNode& b, std::set<NodePair>* assumed) {
  if (&a == &b || !assumed->insert({&a, &b}).second) return true;
  bool same = a.kind == b.kind && a.name == b.name && a.name_space == b.name_space && a.props == b.props && a.symbols == b.symbols &&
              a.size == b.size && a.fields.size() == b.fields.size() && a.branches.size() == b.branches.size();
  for (size_t i = 0; same && i < a.fields.size(); ++i) {
    same = a.fields[i].name == b.fields[i].name && a.fields[i].default_json == b.fields[i].default_json &&
           same_nodes(*a.fields[i].type, *b.fields[i].type, assumed);
  }
  for (size_t i = 0; same && i < a.branches.size(); ++i) same = same_nodes(*a.branches[i], *b.branches[i], assumed);
  return same;
}

// The reader's and the writer's schema, pair by pair; a pair on its way counts as fitting (recursive schemas).
class CompatibilityCheck {
 public:
  Status check(const AvroNode& reader, const AvroNode& writer, const std::string& path) {
    if (!assumed_.insert({&reader, &writer}).second) return {};
    if (writer.kind == AvroKind::kUnion) {
      for (const AvroNode* branch : writer.branches) RETURN_IF_ERROR(check(reader, *branch, path));
      return {};
    }
    if (reader.kind == AvroKind::kUnion) return check_reader_union(reader, writer, path);
    if (reader.kind != writer.kind) return promotes(reader.kind, writer.kind) ? Status() : misfit(reader, writer, path);
    switch (reader.kind) {
      case AvroKind::kArray:
      case AvroKind::kMap: return check(*reader.branches[0], *writer.branches[0], path + "[]");
      case AvroKind::kRecord: return check_records(reader, writer, path);
      case AvroKind::kEnum: return check_enums(reader, writer, path);
      case AvroKind::kFixed:
        if (!names_match(reader, writer) || reader.size != writer.size) return misfit(reader, writer, path);
        return {};
      default: return {};
    }
  }

 private:
  static bool promotes(AvroKind reader, AvroKind writer) {
    using K = AvroKind;
    switch (writer) {
      case K::kInt: return reader == K::kLong || reader == K::kFloat || reader == K::kDouble;
      case K::kLong: return reader == K::kFloat || reader == K::kDouble;
      case K::kFloat: return reader == K::kDouble;
      case K::kString: return reader == K::kBytes;
      case K::kBytes: return reader == K::kString;
      default: return false;
    }
  }

  static bool names_match(const AvroNode& reader, const AvroNode& writer) {
    return reader.name == writer.name || std::find(reader.aliases.begin(), reader.aliases.end(), writer.full_name()) != reader.aliases.end();
  }

  static Status misfit(const AvroNode& reader, const AvroNode& writer, const std::string& path) {
    return Status::data(fmt::format("{} cannot be read as {} (at '{}')", writer.full_name(), reader.full_name(), path.empty() ? "/" : path));
  }

  Status check_reader_union(const AvroNode& reader, const AvroNode& writer, const std::string& path) {
    for (const AvroNode* branch : reader.branches) {
      std::set<NodePair> before = assumed_;
      if (check(*branch, writer, path).ok()) return {};
      assumed_ = std::move(before);
    }
    return misfit(reader, writer, path);
  }

  Status check_records(const AvroNode& reader, const AvroNode& writer, const std::string& path) {
    if (!names_match(reader, writer)) return misfit(reader, writer, path);
    for (const AvroField& field : reader.fields) {
      auto it = std::find_if(writer.fields.begin(), writer.fields.end(), [&](const AvroField& w) {
        return w.name == field.name || std::find(field.aliases.begin(), field.aliases.end(), w.name) != field.aliases.end();
      });
      std::string at = path.empty() ? field.name : path + "." + field.name;
      if (it != writer.fields.end()) {
        RETURN_IF_ERROR(check(*field.type, *it->type, at));
      } else if (!field.default_json) {
        return Status::data(fmt::format("field '{}' is missing and has no default", at));
      }
    }
    return {};
  }

  static Status check_enums(const AvroNode& reader, const AvroNode& writer, const std::string& path) {
    if (!names_match(reader, writer)) return misfit(reader, writer, path);
    if (reader.enum_default) return {};
    for (const std::string& symbol : writer.symbols) {
      if (std::find(reader.symbols.begin(), reader.symbols.end(), symbol) == reader.symbols.end()) {
        return Status::data(fmt::format("enum '{}' has no symbol '{}' (at '{}')", reader.full_name(), symbol, path));
      }
    }
    return {};
  }

  std::set<NodePair> assumed_;
};

bool valid_default(const AvroNode& schema, const RulesJson& json, int depth) {
  if (depth > 100) return false;
  switch (schema.kind) {
    case AvroKind::kNull: return json.is_null();
    case AvroKind::kBoolean: return json.is_boolean();
    case AvroKind::kInt: return json.is_number_integer() && json.get<int64_t>() >= INT32_MIN && json.get<int64_t>() <= INT32_MAX;
    case AvroKind::kLong: return json.is_number_integer();
    case AvroKind::kFloat:
    case AvroKind::kDouble: return json.is_number();
    case AvroKind::kString:
    case AvroKind::kBytes:
    case AvroKind::kEnum:
    case AvroKind::kFixed: return json.is_string();
    case AvroKind::kArray:
      return json.is_array() && std::all_of(json.begin(), json.end(), [&](const auto& item) { return valid_default(*schema.branches[0], item, depth + 1); });
    case AvroKind::kMap:
      return json.is_object() && std::all_of(json.begin(), json.end(), [&](const auto& item) { return valid_default(*schema.branches[0], item, depth + 1); });
    case AvroKind::kUnion: return !schema.branches.empty() && valid_default(*schema.branches[0], json, depth + 1);
    case AvroKind::kRecord:
      return json.is_object() && std::all_of(schema.fields.begin(), schema.fields.end(), [&](const AvroField& field) {
        if (auto it = json.find(field.name); it != json.end()) return valid_default(*field.type, *it, depth + 1);
        return field.default_json && valid_default(*field.type, RulesJson::parse(*field.default_json, nullptr, false), depth + 1);
      });
  }
  return false;
}

}  // namespace

Result<std::string> schema_text(const AvroNode& schema) {
  std::string out;
  RETURN_IF_ERROR(SchemaTextWriter().write(schema, "", &out));
  return out;
}

bool same_schema(const AvroNode& a, const AvroNode& b) {
  std::set<NodePair> assumed;
  return same_nodes(a, b, &assumed);
}

Status can_read(const AvroNode& reader, const AvroNode& writer) { return CompatibilityCheck().check(reader, writer, ""); }

bool is_valid_default(const AvroNode& schema, std::string_view json_text) {
  RulesJson json = RulesJson::parse(json_text, nullptr, false);
  return !json.is_discarded() && valid_default(schema, json, 0);
}

}  // namespace bywash::formats::avro
