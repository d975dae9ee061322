// ProtobufData.fromConnectSchema: nested messages stand inside the message whose field needs them first, tags come from the parameter that
// the other direction left, or count from 1. Encode step. Level 4.
#include "formats/protobuf/schema_from_connect.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <map>
#include <set>

#include "columnar/java_text.h"
#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/protobuf/field_meta.h"
#include "formats/protobuf/schema_to_connect.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;
using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

namespace {

constexpr int kNestingMax = 100;
constexpr char kWrappers[] = "google/protobuf/wrappers.proto";

Status illegal_argument(std::string message) { return Status::data(std::move(message)).with_java_class("java.lang.IllegalArgumentException"); }

const std::string* parameter_of(const ConnectSchema& schema, const std::string& key) {
  auto found = schema.parameters().find(key);
  return found == schema.parameters().end() ? nullptr : &found->second;
}

bool is_enum(const ConnectSchema& schema) { return parameter_of(schema, kGeneralEnum) || parameter_of(schema, kEnumParameter); }

std::optional<int32_t> parsed_tag(const std::string& text) {
  if (text.empty() || text.size() > 10) return std::nullopt;
  int64_t v = 0;
  for (size_t i = text[0] == '-'; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    v = v * 10 + (text[i] - '0');
  }
  if (text[0] == '-') v = -v;
  if (v < INT32_MIN || v > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(v);
}

class FileMaker {
 public:
  FileMaker(const ProtoOptions& options, pb::FileDescriptorProto* file) : options_(options), file_(file) {}

  std::string name_or_default(const std::optional<std::string>& name) {
    return name && !name->empty() ? *name : "ConnectDefault" + std::to_string(++default_names_);
  }

  Status message(const ConnectSchema& schema, int depth, pb::DescriptorProto* out) {
    if (depth > kNestingMax) return json::data_exception("Structs are nested deeper than 100: Protobuf cannot hold them");
    int32_t next_tag = 1;
    std::vector<std::string> optional_fields;
    for (const columnar::Field& field : schema.fields()) {
      ASSIGN_OR_RETURN(int32_t tag, tag_of(*field.schema, &next_tag, true));
      std::string name = proto_name(field.name, options_);
      bool added = false;
      RETURN_IF_ERROR(this->field({*field.schema, name, tag, false, depth}, out, &added));
      auto* made = added ? out->mutable_field(out->field_size() - 1) : nullptr;
      if (!made || made->label() != pb::FieldDescriptorProto::LABEL_OPTIONAL || !is_labelled_optional(*field.schema)) continue;
      made->set_proto3_optional(true);
      optional_fields.push_back(name);
    }
    // Descriptors want the oneofs that stand for the word `optional` after all others.
    for (const std::string& name : optional_fields) {
      for (auto& field : *out->mutable_field()) {
        if (field.name() == name && field.proto3_optional()) field.set_oneof_index(out->oneof_decl_size());
      }
      out->add_oneof_decl()->set_name("_" + name);
    }
    return {};
  }

 private:
  struct FieldRequest {
    const ConnectSchema& schema;
    std::string name;
    int32_t tag;
    bool in_oneof;
    int depth;
  };

  bool is_labelled_optional(const ConnectSchema& schema) const {
    return options_.optional_for_nullables && schema.optional() && schema.type() != Type::kArray && schema.type() != Type::kMap;
  }

  Result<int32_t> tag_of(const ConnectSchema& schema, int32_t* next, bool counts) {
    const std::string* text = parameter_of(schema, kTagParameter);
    if (!text) return counts ? (*next)++ : 0;
    auto tag = parsed_tag(*text);
    if (!tag) return json::data_exception(fmt::format("The schema parameter {} must be a number", kTagParameter));
    return *tag;
  }

  Status oneof(const ConnectSchema& schema, int depth, pb::DescriptorProto* out) {
    std::string name;
    if (options_.generalized_sum_types) {
      const std::string* given = parameter_of(schema, kGeneralUnion);
      name = given ? *given : "";
    } else {
      constexpr size_t kPrefix = sizeof(kUnionPrefix);  // with its dot
      const std::string& full = schema.name() ? *schema.name() : std::string();
      name = unqualified(full.size() > kPrefix ? std::optional<std::string>(full.substr(kPrefix)) : std::nullopt);
    }
    int32_t index = out->oneof_decl_size();
    out->add_oneof_decl()->set_name(name);
    for (const columnar::Field& member : schema.fields()) {
      int32_t none = 0;
      ASSIGN_OR_RETURN(int32_t tag, tag_of(*member.schema, &none, false));
      bool added = false;
      RETURN_IF_ERROR(field({*member.schema, proto_name(member.name, options_), tag, true, depth}, out, &added));
      if (added) out->mutable_field(out->field_size() - 1)->set_oneof_index(index);
    }
    return {};
  }

  // `*added` false: the field was a union, which became a oneof.
  Status field(FieldRequest request, pb::DescriptorProto* out, bool* added) {
    const ConnectSchema* schema = &request.schema;
    auto label = schema->type() == Type::kArray || schema->type() == Type::kMap ? pb::FieldDescriptorProto::LABEL_REPEATED
                                                                                 : pb::FieldDescriptorProto::LABEL_OPTIONAL;
    if (schema->type() == Type::kArray) schema = schema->value_schema().get();
    std::vector<std::pair<std::string, std::string>> params;
    ASSIGN_OR_RETURN(std::string type, type_name(*schema, request, &params));
    if (schema->type() == Type::kStruct && is_union_schema(*schema)) return oneof(*schema, request.depth, out);
    RETURN_IF_ERROR(define(*schema, type, request.depth, out));
    auto* made = out->add_field();
    made->set_name(request.name);
    made->set_number(request.tag);
    made->set_label(label);
    pb::FieldDescriptorProto::Type primitive;
    if (pb::FieldDescriptorProto::Type_Parse("TYPE_" + upper(type), &primitive)) made->set_type(primitive);
    else made->set_type_name(type);
    if (!params.empty()) add_field_meta(params, made->mutable_options());
    *added = true;
    return {};
  }

  static std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
  }

  // The message or enum that a field's type names, unless it is there.
  Status define(const ConnectSchema& schema, const std::string& type, int depth, pb::DescriptorProto* out) {
    if (schema.type() == Type::kStruct) {
      // A type called as the message around it is that message, to the original.
      if (out->name() == type || !nested_[out->name() + "/" + std::to_string(depth)].insert(type).second) return {};
      pb::DescriptorProto nested;
      nested.set_name(type);
      nested_.erase(type + "/" + std::to_string(depth + 1));
      RETURN_IF_ERROR(message(schema, depth + 1, &nested));
      *out->add_nested_type() = std::move(nested);
    } else if (schema.type() == Type::kMap) {
      if (depth >= kNestingMax) return json::data_exception("Maps are nested deeper than 100: Protobuf cannot hold them");
      pb::DescriptorProto entry;
      entry.set_name(type);
      nested_.erase(type + "/" + std::to_string(depth + 1));
      bool added = false;
      RETURN_IF_ERROR(field({*schema.key_schema(), "key", 1, false, depth + 1}, &entry, &added));
      RETURN_IF_ERROR(field({*schema.value_schema(), "value", 2, false, depth + 1}, &entry, &added));
      // Its parameters get lost in the original.
      for (auto& f : *entry.mutable_field()) f.clear_options();
      *out->add_nested_type() = std::move(entry);
    } else if (is_enum(schema)) {
      std::string name = unqualified(schema.name());
      for (const auto& known : out->enum_type()) {
        if (known.name() == name) return {};
      }
      return enum_type(schema, out->add_enum_type());
    } else {
      import_for(type);
    }
    return {};
  }

  Status enum_type(const ConnectSchema& schema, pb::EnumDescriptorProto* out) {
    out->set_name(unqualified(schema.name()));
    std::string prefix = std::string(options_.generalized_sum_types ? kGeneralEnum : kEnumParameter) + ".";
    std::vector<std::pair<int32_t, std::string>> values;
    for (const auto& [key, value] : schema.parameters()) {
      if (!key.starts_with(prefix)) continue;
      auto number = parsed_tag(value);
      if (!number) return json::data_exception(fmt::format("The schema parameter '{}' must be a number", key));
      values.emplace_back(*number, key.substr(prefix.size()));
    }
    // proto3 wants 0 first.
    std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first != 0, a.first) < std::pair(b.first != 0, b.first);
    });
    for (const auto& [number, name] : values) {
      auto* value = out->add_value();
      value->set_name(name);
      value->set_number(number);
    }
    return {};
  }

  void import_for(const std::string& type) {
    std::string file;
    if (type == "confluent.type.Decimal") file = "confluent/type/decimal.proto";
    else if (type == "google.type.Date") file = "google/type/date.proto";
    else if (type == "google.type.TimeOfDay") file = "google/type/timeofday.proto";
    else if (type == "google.protobuf.Timestamp") file = "google/protobuf/timestamp.proto";
    else if (type.starts_with("google.protobuf.") && type.ends_with("Value")) file = kWrappers;
    if (file.empty()) return;
    const auto& known = file_->dependency();
    if (std::find(known.begin(), known.end(), file) == known.end()) file_->add_dependency(file);
  }

  std::string unqualified(const std::optional<std::string>& name) {
    std::string full = name_or_default(name);
    size_t dot = full.rfind('.');
    return proto_name(dot == std::string::npos ? full : full.substr(dot + 1), options_);
  }

  static std::vector<std::pair<std::string, std::string>> decimal_params(const ConnectSchema& schema) {
    std::vector<std::pair<std::string, std::string>> out;
    std::vector<columnar::Value> keys;
    for (const auto& [from, to] : {std::pair("connect.decimal.precision", "precision"), std::pair("scale", "scale")}) {
      if (const std::string* value = parameter_of(schema, from)) {
        out.emplace_back(to, *value);
        keys.push_back(columnar::Value::string(to));
      }
    }
    std::vector<std::pair<std::string, std::string>> ordered;
    for (size_t i : columnar::java_hash_order(keys)) ordered.push_back(out[i]);
    return ordered;
  }

  Result<std::string> type_name(const ConnectSchema& schema, const FieldRequest& request, std::vector<std::pair<std::string, std::string>>* params) {
    if (schema.logical() == Logical::kDecimal) {
      *params = decimal_params(schema);
      return std::string("confluent.type.Decimal");
    }
    if (schema.logical() == Logical::kDate) return std::string("google.type.Date");
    if (schema.logical() == Logical::kTime) return std::string("google.type.TimeOfDay");
    if (schema.logical() == Logical::kTimestamp) return std::string("google.protobuf.Timestamp");
    switch (schema.type()) {
      case Type::kArray: return illegal_argument("Array cannot be nested: Protobuf has no array of arrays");
      case Type::kMap: return map_entry_name(unqualified(schema.name()));
      case Type::kStruct: {
        if (is_union_schema(schema)) return std::string();
        std::string name = unqualified(schema.name());
        return name == request.name ? name + "Message" : name;
      }
      case Type::kInt8: params->emplace_back("connect.type", "int8"); break;
      case Type::kInt16: params->emplace_back("connect.type", "int16"); break;
      default: break;
    }
    return scalar_name(schema, request.in_oneof);
  }

  Result<std::string> scalar_name(const ConnectSchema& schema, bool in_oneof) {
    bool wrapped = wants_wrapper(schema, in_oneof, options_);
    auto pick = [&](const char* wrapper, std::string plain) { return wrapped ? std::string("google.protobuf.") + wrapper : plain; };
    const std::string* given = parameter_of(schema, kTypeParameter);
    switch (schema.type()) {
      case Type::kInt8:
      case Type::kInt16: return pick("Int32Value", "int32");
      case Type::kInt32:
        if (const std::string* name = parameter_of(schema, kEnumParameter)) return *name;
        return pick("Int32Value", given ? *given : "int32");
      case Type::kInt64: {
        std::string plain = given ? *given : "int64";
        if (plain == "uint32" || plain == "fixed32") return pick("UInt32Value", plain);
        return pick(plain == "uint64" || plain == "fixed64" ? "UInt64Value" : "Int64Value", plain);
      }
      case Type::kFloat32: return pick("FloatValue", "float");
      case Type::kFloat64: return pick("DoubleValue", "double");
      case Type::kBoolean: return pick("BoolValue", "bool");
      case Type::kString:
        if (const std::string* name = parameter_of(schema, kGeneralEnum)) return *name;
        if (const std::string* name = parameter_of(schema, kEnumParameter)) return *name;
        return pick("StringValue", "string");
      case Type::kBytes: return pick("BytesValue", "bytes");
      default: return json::data_exception(fmt::format("Unknown schema type: {}", to_string(schema.type())));
    }
  }

  static std::string map_entry_name(const std::string& name) {
    if (name.find('_') == std::string::npos) return name + "Entry";
    std::string out;
    bool first = true;
    for (char c : name) {
      if (c == '_') {
        first = true;
        continue;
      }
      bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      out += letter ? static_cast<char>(first ? c & ~0x20 : c | 0x20) : c;
      first = false;
    }
    return out + "Entry";
  }

  const ProtoOptions& options_;
  pb::FileDescriptorProto* file_;
  std::map<std::string, std::set<std::string>> nested_;  // by message and depth: the types inside it
  int default_names_ = 0;
};

const char* root_wrapper(const ConnectSchema& schema) {
  switch (schema.type()) {
    case Type::kInt8:
    case Type::kInt16:
    case Type::kInt32: return "Int32Value";
    case Type::kInt64: return "Int64Value";
    case Type::kFloat32: return "FloatValue";
    case Type::kFloat64: return "DoubleValue";
    case Type::kBoolean: return "BoolValue";
    case Type::kString: return "StringValue";
    case Type::kBytes: return "BytesValue";
    default: return nullptr;
  }
}

}  // namespace

bool is_union_schema(const ConnectSchema& schema) {
  return schema.type() == Type::kStruct && ((schema.name() && schema.name()->starts_with(kUnionPrefix)) || parameter_of(schema, kGeneralUnion));
}

bool wants_wrapper(const ConnectSchema& schema, bool in_oneof, const ProtoOptions& options) {
  if (!options.wrapper_for_nullables || !schema.optional()) return false;
  const std::string* marker = in_oneof ? parameter_of(schema, kWrapperParameter) : nullptr;
  return !in_oneof || (marker && (*marker == "true" || *marker == "TRUE" || *marker == "True"));
}

std::string proto_name(const std::string& name, const ProtoOptions& options) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!options.scrub_invalid_names || name.empty()) return name;
  bool fine = std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c) || c == '_'; });
  if (fine && !digit(name[0]) && name[0] != '_') return name;
  // URLEncoder.encode, then every other character an underscore.
  std::string out;
  for (char c : name) {
    if (letter(c) || digit(c) || c == '_') out += c;
    else if (c == '.' || c == '-' || c == '*' || c == ' ') out += '_';
    else out += fmt::format("_{:02X}", static_cast<unsigned char>(c));
  }
  // Only what begins with a digit or an underscore before that last step gets the prefix.
  return digit(name[0]) || name[0] == '_' ? "x" + out : out;
}

Result<ProtoDefinition> from_connect_schema(const ConnectSchema& schema, const ProtoOptions& options) {
  auto file = std::make_shared<pb::FileDescriptorProto>();
  ProtoDefinition out;
  if (const char* wrapper = root_wrapper(schema)) {
    if (!well_known_file(kWrappers, file.get())) return Status::fatal("google/protobuf/wrappers.proto is missing");
    if (schema.logical() != Logical::kNone) {
      return json::data_exception(fmt::format("A bare {} cannot be written as a Protobuf message: put it into a struct (HoistField)", *schema.name()));
    }
    out.message = std::string("google.protobuf.") + wrapper;
    out.file = std::move(file);
    return out;
  }
  if (schema.type() != Type::kStruct || schema.schemaless()) {
    return illegal_argument(fmt::format("Unsupported root schema of type {}: a Protobuf message needs a struct with a schema", to_string(schema.type())));
  }
  if (is_union_schema(schema)) return json::data_exception("Unsupported root schema: a union stands for a oneof, which is no message of its own");
  file->set_syntax("proto3");
  FileMaker maker(options, file.get());
  std::string full = maker.name_or_default(schema.name());
  std::string scrubbed;
  for (size_t at = 0; at <= full.size();) {
    size_t dot = std::min(full.find('.', at), full.size());
    scrubbed += (at ? "." : "") + proto_name(full.substr(at, dot - at), options);
    at = dot + 1;
  }
  size_t dot = scrubbed.rfind('.');
  if (dot != std::string::npos) file->set_package(scrubbed.substr(0, dot));
  auto* root = file->add_message_type();
  root->set_name(dot == std::string::npos ? scrubbed : scrubbed.substr(dot + 1));
  RETURN_IF_ERROR(maker.message(schema, 1, root));
  out.message = scrubbed;
  out.file = std::move(file);
  return out;
}

}  // namespace bywash::formats::protobuf
