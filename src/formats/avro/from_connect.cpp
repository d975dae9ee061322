// The mapping, type by type. Encode step, the task's thread. Level 4.
#include "formats/avro/from_connect.h"

#include <algorithm>
#include <charconv>

#include "columnar/java_number.h"
#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_writer.h"

namespace bywash::formats::avro {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;
using json::data_exception;

namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(text, &out, /*escape_supplementary=*/false);
  return out;
}

// Bytes as a string of the characters U+0000 to U+00FF.
std::string latin1_text(std::string_view bytes) {
  std::string utf8;
  for (char c : bytes) {
    auto b = static_cast<unsigned char>(c);
    if (b < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | (b >> 6));
      utf8 += static_cast<char>(0x80 | (b & 0x3F));
    }
  }
  return json_text(utf8);
}

const std::string* parameter_of(const ConnectSchema& schema, std::string_view key) {
  auto it = schema.parameters().find(std::string(key));
  return it == schema.parameters().end() ? nullptr : &it->second;
}

int32_t number_or(const std::string* text, int32_t other) {
  int32_t out = other;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

SchemaPtr non_optional(const SchemaPtr& schema) {
  if (!schema->optional()) return schema;
  SchemaSpec spec = schema->spec();
  spec.optional = false;
  return ConnectSchema::make(std::move(spec));
}

// A default as JSON text. The double form of a float is what a field's default has (Jackson's asDouble), its own form connect.default.
class DefaultText {
 public:
  DefaultText(const AvroOptions& options, bool floats_as_doubles) : options_(options), floats_as_doubles_(floats_as_doubles) {}

  std::string of(const ConnectSchema& schema, const Value& value) const {
    if (value.is_null()) return "null";
    std::string out;
    if (const auto* v = value.get_if<bool>()) return *v ? "true" : "false";
    if (const auto* v = value.get_if<int8_t>()) return std::to_string(*v);
    if (const auto* v = value.get_if<int16_t>()) return std::to_string(*v);
    if (const auto* v = value.get_if<int32_t>()) return std::to_string(*v);
    if (const auto* v = value.get_if<int64_t>()) return std::to_string(*v);
    if (const auto* v = value.get_if<double>()) return number(*v, [&] { columnar::append_java_double(*v, &out); return out; });
    if (const auto* v = value.get_if<float>()) {
      return number(*v, [&] {
        if (floats_as_doubles_) columnar::append_java_double(*v, &out);
        else columnar::append_java_float(*v, &out);
        return out;
      });
    }
    if (const auto* v = value.get_if<std::string>()) return json_text(*v);
    if (const auto* v = value.get_if<Value::Bytes>()) return latin1_text(v->data);
    if (const auto* v = value.get_if<columnar::Decimal>()) return latin1_text(v->unscaled);
    if (const auto* v = value.get_if<Value::Millis>()) return std::to_string(schema.logical() == Logical::kDate ? v->ms / 86'400'000 : v->ms);
    if (const auto* items = value.as_list()) return list(schema, *items);
    if (const auto* entries = value.as_map()) return map(schema, *entries);
    if (const auto* s = value.as_struct()) return structure(*s);
    return "null";
  }

 private:
  template <class F>
  static std::string number(double v, F&& text) {
    if (v != v) return "\"NaN\"";
    if (v - v != 0) return v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return text();
  }

  std::string list(const ConnectSchema& schema, const Value::List& items) const {
    std::string out = "[";
    for (size_t i = 0; i < items.size(); ++i) out += (i ? "," : "") + of(*schema.value_schema(), items[i]);
    return out + "]";
  }

  std::string map(const ConnectSchema& schema, const Value::Map& entries) const {
    bool object = is_string_map(schema, options_);
    std::string out = object ? "{" : "[";
    for (size_t i = 0; i < entries.size(); ++i) {
      std::string key = of(*schema.key_schema(), entries[i].first), item = of(*schema.value_schema(), entries[i].second);
      out += i ? "," : "";
      out += object ? key + ":" + item : "[" + key + "," + item + "]";
    }
    return out + (object ? "}" : "]");
  }

  std::string structure(const Value::Struct& value) const {
    std::string out = "{";
    for (size_t i = 0; i < value.values.size(); ++i) {
      const columnar::Field& field = value.schema->fields()[i];
      const Value& v = value.values[i].is_null() && field.schema->default_value() ? *field.schema->default_value() : value.values[i];
      std::string text = of(*field.schema, v);
      // The original takes the first member of a union, null or not.
      if (is_union_schema(*value.schema)) return text;
      out += (i ? "," : "") + json_text(scrubbed(field.name, options_)) + ":" + text;
    }
    return out + "}";
  }

  const AvroOptions& options_;
  bool floats_as_doubles_;
};

class AvroBuilder {
 public:
  AvroBuilder(AvroSchema* out, const AvroOptions& options) : out_(out), options_(options) {}

  Result<const AvroNode*> node_of(const SchemaPtr& schema, bool ignore_optional) {
    bool is_union = is_union_schema(*schema);
    bool remembers = !schema->optional() && !is_union && (schema->type() == Type::kStruct || schema->type() == Type::kString || schema->type() == Type::kBytes);
    if (remembers) {
      for (const auto& [known, node] : known_) {
        if (known == schema || known->equals(*schema)) return node;
      }
    }
    if (schema->type() == Type::kStruct && is_union) return union_of(*schema);
    if (schema->type() == Type::kStruct && schema->optional()) {
      ASSIGN_OR_RETURN(const AvroNode* record, node_of(non_optional(schema), false));
      // Null first, whatever the default: that default is then no valid one and left out, as in the original.
      return ignore_optional ? record : nullable(record, true);
    }
    ASSIGN_OR_RETURN(AvroNode * base, base_of(*schema));
    RETURN_IF_ERROR(add_properties(*schema, base));
    const AvroNode* node = base;
    if (!ignore_optional && schema->optional()) node = nullable(base, !schema->default_value());
    if (remembers) known_.emplace_back(schema, node);
    return node;
  }

 private:
  const AvroNode* nullable(const AvroNode* node, bool null_first) {
    AvroNode* out = out_->add(AvroKind::kUnion);
    const AvroNode* null = out_->add(AvroKind::kNull);
    out->branches = null_first ? std::vector<const AvroNode*>{null, node} : std::vector<const AvroNode*>{node, null};
    return out;
  }

  Result<AvroNode*> base_of(const ConnectSchema& schema) {
    switch (schema.type()) {
      case Type::kInt8:
      case Type::kInt16:
      case Type::kInt32: return out_->add(AvroKind::kInt);
      case Type::kInt64: return out_->add(AvroKind::kLong);
      case Type::kFloat32: return out_->add(AvroKind::kFloat);
      case Type::kFloat64: return out_->add(AvroKind::kDouble);
      case Type::kBoolean: return out_->add(AvroKind::kBoolean);
      case Type::kString: return string_of(schema);
      case Type::kBytes: return bytes_of(schema);
      case Type::kArray: {
        AvroNode* node = out_->add(AvroKind::kArray);
        ASSIGN_OR_RETURN(const AvroNode* items, node_of(schema.value_schema(), false));
        node->branches.push_back(items);
        return node;
      }
      case Type::kMap: return map_of(schema);
      case Type::kStruct: return record_of(schema);
      default: return data_exception("Schemaless data inside data with a schema cannot be written as Avro");
    }
  }

  // Namespace and name; unnamed ones are numbered.
  std::pair<std::string, std::string> name_of(const ConnectSchema& schema) {
    if (schema.name()) return split_name(*schema.name(), options_);
    int index = ++unnamed_;
    return {std::string(kNamespace), "ConnectDefault" + (index > 1 ? std::to_string(index) : "")};
  }

  Result<AvroNode*> named_node(AvroKind kind, std::pair<std::string, std::string> names) {
    RETURN_IF_ERROR(check_name(names.second));
    AvroNode* node = out_->add(kind);
    node->name_space = std::move(names.first);
    node->name = std::move(names.second);
    return node;
  }

  Result<AvroNode*> string_of(const ConnectSchema& schema) {
    bool as_enum = (options_.generalized_sum_types || options_.enhanced_schemas) && is_enum_schema(schema);
    if (!as_enum) return out_->add(AvroKind::kString);
    std::string parameter(options_.generalized_sum_types ? kGeneralizedEnum : kEnumParameter);
    std::string simple = name_of(schema).second;
    const std::string* full_name = parameter_of(schema, parameter);
    if (!full_name) return data_exception("Null name");
    size_t dot = full_name->rfind('.');
    std::pair<std::string, std::string> names{dot == std::string::npos ? "" : full_name->substr(0, dot), full_name->substr(dot == std::string::npos ? 0 : dot + 1)};
    ASSIGN_OR_RETURN(AvroNode * node, named_node(AvroKind::kEnum, std::move(names)));
    std::vector<std::pair<int32_t, std::string>> symbols;
    for (const auto& [key, value] : schema.parameters()) {
      if (!key.starts_with(parameter + ".")) continue;
      // Generalised enums say each symbol's place.
      int32_t place = options_.generalized_sum_types ? number_or(&value, 0) : static_cast<int32_t>(symbols.size());
      symbols.emplace_back(place, key.substr(parameter.size() + 1));
    }
    std::stable_sort(symbols.begin(), symbols.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& symbol : symbols) node->symbols.push_back(std::move(symbol.second));
    auto set = [&](const std::string& key, std::optional<std::string>* to) {
      if (const std::string* text = parameter_of(schema, key)) *to = *text;
    };
    set(options_.discard_type_doc_default ? "connect.enum.doc" : std::string(kEnumDoc) + simple, &node->doc);
    if (!options_.discard_type_doc_default) set(std::string(kEnumDefault) + simple, &node->enum_default);
    return node;
  }

  Result<AvroNode*> bytes_of(const ConnectSchema& schema) {
    AvroNode* node = nullptr;
    if (is_fixed_schema(schema)) {
      ASSIGN_OR_RETURN(node, named_node(AvroKind::kFixed, name_of(schema)));
      node->size = number_or(parameter_of(schema, kFixedSize), -1);
      if (node->size < 0) return data_exception("Invalid connect.fixed.size of schema '" + *schema.name() + "'");
    } else {
      node = out_->add(AvroKind::kBytes);
    }
    if (schema.name() == columnar::kDecimalName) {
      node->props.emplace_back("scale", std::to_string(schema.decimal_scale()));
      node->props.emplace_back("precision", std::to_string(number_or(parameter_of(schema, kDecimalPrecision), kDefaultPrecision)));
    }
    return node;
  }

  Result<AvroNode*> map_of(const ConnectSchema& schema) {
    if (is_string_map(schema, options_)) {
      AvroNode* node = out_->add(AvroKind::kMap);
      ASSIGN_OR_RETURN(const AvroNode* values, node_of(schema.value_schema(), false));
      node->branches.push_back(values);
      return node;
    }
    AvroNode* entry = nullptr;
    if (schema.name()) {
      ASSIGN_OR_RETURN(entry, named_node(AvroKind::kRecord, name_of(schema)));
      entry->props.emplace_back("connect.internal.type", "\"MapEntry\"");
    } else {
      ASSIGN_OR_RETURN(entry, named_node(AvroKind::kRecord, {std::string(kNamespace), "MapEntry"}));
    }
    RETURN_IF_ERROR(add_field("key", schema.key_schema(), nullptr, entry));
    RETURN_IF_ERROR(add_field("value", schema.value_schema(), nullptr, entry));
    AvroNode* node = out_->add(AvroKind::kArray);
    node->branches.push_back(entry);
    return node;
  }

  Result<AvroNode*> record_of(const ConnectSchema& schema) {
    ASSIGN_OR_RETURN(AvroNode * node, named_node(AvroKind::kRecord, name_of(schema)));
    if (const std::string* doc = parameter_of(schema, options_.discard_type_doc_default ? "connect.record.doc" : kRecordDoc)) node->doc = *doc;
    for (const columnar::Field& field : schema.fields()) {
      const std::string* doc = options_.discard_type_doc_default ? nullptr : parameter_of(schema, std::string(kFieldDoc) + field.name);
      RETURN_IF_ERROR(add_field(scrubbed(field.name, options_), field.schema, doc, node));
    }
    return node;
  }

  Status add_field(const std::string& name, const SchemaPtr& schema, const std::string* doc, AvroNode* record) {
    AvroField field;
    ASSIGN_OR_RETURN(field.type, node_of(schema, false));
    RETURN_IF_ERROR(check_name(name));
    for (const AvroField& other : record->fields) {
      if (other.name == name) {
        return Status::data(fmt::format("Duplicate field {} in record {}", name, record->full_name())).with_java_class("org.apache.avro.AvroRuntimeException");
      }
    }
    field.name = name;
    if (options_.discard_type_doc_default) field.doc = schema->doc();
    else if (doc) field.doc = *doc;
    if (schema->default_value()) field.default_json = DefaultText(options_, true).of(*schema, *schema->default_value());
    else if (schema->optional()) field.default_json = "null";
    if (field.default_json && !is_valid_default(*field.type, *field.default_json)) field.default_json.reset();
    record->fields.push_back(std::move(field));
    return {};
  }

  Result<const AvroNode*> union_of(const ConnectSchema& schema) {
    AvroNode* node = out_->add(AvroKind::kUnion);
    if (schema.optional()) node->branches.push_back(out_->add(AvroKind::kNull));
    for (const columnar::Field& field : schema.fields()) {
      ASSIGN_OR_RETURN(const AvroNode* branch, node_of(non_optional(field.schema), true));
      if (branch->kind == AvroKind::kUnion) return Status::data("Nested union: a union as a member of a union").with_java_class("org.apache.avro.AvroRuntimeException");
      for (const AvroNode* other : node->branches) {
        if (other->full_name() == branch->full_name()) {
          return Status::data("Duplicate in union:" + branch->full_name()).with_java_class("org.apache.avro.AvroRuntimeException");
        }
      }
      node->branches.push_back(branch);
    }
    return node;
  }

  Status add_properties(const ConnectSchema& schema, AvroNode* node) {
    if (options_.connect_metadata) add_metadata(schema, node);
    if (schema.name() == columnar::kDecimalName) node->props.emplace_back("logicalType", "\"decimal\"");
    if (schema.name() == columnar::kTimeName) node->props.emplace_back("logicalType", "\"time-millis\"");
    if (schema.name() == columnar::kTimestampName) node->props.emplace_back("logicalType", "\"timestamp-millis\"");
    if (schema.name() == columnar::kDateName) node->props.emplace_back("logicalType", "\"date\"");
    for (const auto& [key, value] : schema.parameters()) {
      if (key.starts_with("avro")) node->props.emplace_back(key, json_text(value));
    }
    return {};
  }

  void add_metadata(const ConnectSchema& schema, AvroNode* node) const {
    auto add = [&](const char* key, std::string value) { node->props.emplace_back(key, std::move(value)); };
    if (schema.doc()) add("connect.doc", json_text(*schema.doc()));
    if (schema.version()) add("connect.version", std::to_string(*schema.version()));
    std::string parameters;
    for (const auto& [key, value] : schema.parameters()) {
      if (!options_.discard_type_doc_default && key == kFieldDefault) continue;
      parameters += (parameters.empty() ? "" : ",") + json_text(key) + ":" + json_text(value);
    }
    if (!parameters.empty()) add("connect.parameters", "{" + parameters + "}");
    bool from_avro_field = !options_.discard_type_doc_default && parameter_of(schema, kFieldDefault);
    if (schema.default_value() && !from_avro_field) add("connect.default", DefaultText(options_, false).of(schema, *schema.default_value()));
    if (schema.name()) add("connect.name", json_text(*schema.name()));
    if (schema.type() == Type::kInt8) add("connect.type", "\"int8\"");
    if (schema.type() == Type::kInt16) add("connect.type", "\"int16\"");
  }

  AvroSchema* out_;
  const AvroOptions& options_;
  int unnamed_ = 0;
  std::vector<std::pair<SchemaPtr, const AvroNode*>> known_;
};

}  // namespace

const std::string& anything_text() {
  static const std::string kText = [] {
    std::string out = R"({"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[)";
    for (const char* type : {"boolean", "bytes", "double", "float", "int", "long", "string"}) {
      out += fmt::format(R"({{"name":"{}","type":["null","{}"],"default":null}},)", type, type);
    }
    out += R"({"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},)"
           R"({"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[)"
           R"({"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]})";
    return out;
  }();
  return kText;
}

bool is_union_schema(const ConnectSchema& schema) { return schema.name() == kUnionName || parameter_of(schema, kGeneralizedUnion); }

bool is_enum_schema(const ConnectSchema& schema) {
  return schema.type() == Type::kString && (parameter_of(schema, kGeneralizedEnum) || parameter_of(schema, kEnumParameter));
}

bool is_fixed_schema(const ConnectSchema& schema) { return schema.type() == Type::kBytes && schema.name() && parameter_of(schema, kFixedSize); }

bool is_string_map(const ConnectSchema& schema, const AvroOptions& options) {
  return schema.key_schema()->type() == Type::kString && (!schema.key_schema()->optional() || options.optional_map_keys);
}

std::string scrubbed(const std::string& name, const AvroOptions& options) {
  if (!options.scrub_invalid_names || name.empty()) return name;
  auto plain = [](unsigned char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  std::string out;
  // java.net.URLEncoder, then everything that is still not allowed becomes '_'.
  for (unsigned char c : name) {
    if (plain(c)) out += static_cast<char>(c);
    else if (c == '.' || c == '-' || c == '*' || c == ' ') out += '_';
    else out += fmt::format("_{:02X}", c);
  }
  if (out[0] >= '0' && out[0] <= '9') out.insert(0, "x");
  return out;
}

std::pair<std::string, std::string> split_name(const std::string& full_name, const AvroOptions& options) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= full_name.size();) {
    size_t dot = std::min(full_name.find('.', at), full_name.size());
    parts.push_back(scrubbed(full_name.substr(at, dot - at), options));
    at = dot + 1;
  }
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();  // String.split drops them
  std::string name_space;
  for (size_t i = 0; i + 1 < parts.size(); ++i) name_space += (i ? "." : "") + parts[i];
  return {name_space, parts.back()};
}

Result<std::shared_ptr<const AvroSchema>> from_connect_schema(const ConnectSchema& schema, const AvroOptions& options) {
  if (schema.schemaless()) return AvroSchema::parse(anything_text());
  auto out = std::make_shared<AvroSchema>();
  AvroBuilder builder(out.get(), options);
  ASSIGN_OR_RETURN(const AvroNode* root, builder.node_of(ConnectSchema::make(schema.spec()), false));
  out->set_root(root);
  return std::shared_ptr<const AvroSchema>(std::move(out));
}

}  // namespace bywash::formats::avro
