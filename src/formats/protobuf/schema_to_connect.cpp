// ProtobufData.toConnectSchema: a struct's oneofs first, then its other fields; each field with its tag as a parameter. Level 4.
#include "formats/protobuf/schema_to_connect.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "formats/json/connect_value.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;

namespace {

constexpr int kFieldsMax = 20'000;
constexpr size_t kDepthMax = 100;
constexpr std::string_view kEntrySuffix = "Entry";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// ProtobufSchema.toMapEntry: what the entry message of `map<..> name` is called there (not as protoc calls it).
std::string entry_name(const std::string& field) {
  if (field.find('_') == std::string::npos) return field + std::string(kEntrySuffix);
  std::string out;
  bool first = true;
  for (char c : field) {
    if (c == '_') {
      first = true;
      continue;
    }
    out += first ? to_upper(c) : to_lower(c);
    first = false;
  }
  return out + std::string(kEntrySuffix);
}

// ProtobufSchema.toMapField: "MyTagsEntry" is the map "my_tags".
std::string map_name(std::string entry) {
  if (entry.ends_with(kEntrySuffix)) entry.resize(entry.size() - kEntrySuffix.size());
  std::string out;
  for (size_t i = 0; i < entry.size(); ++i) {
    if (i > 0 && is_upper(entry[i])) out += '_';
    out += to_lower(entry[i]);
  }
  return out;
}

class SchemaMapper {
 public:
  SchemaMapper(const ProtoSchema& schema, const ProtoOptions& options) : schema_(schema), options_(options) {}

  Result<SchemaSpec> message(const pb::Descriptor& type) {
    for (const pb::Descriptor* outer : open_) {
      if (outer != &type) continue;
      return json::data_exception(fmt::format("Protobuf message '{}' contains itself: recursive schemas are not supported", type.full_name()));
    }
    if (open_.size() >= kDepthMax) return json::data_exception("Protobuf schema: messages are nested deeper than 100");
    open_.push_back(&type);
    SchemaSpec spec;
    spec.type = Type::kStruct;
    spec.name = options_.enhanced_names ? type.full_name() : type.name();
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) RETURN_IF_ERROR(oneof(*type.oneof_decl(i), &spec));
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->real_containing_oneof()) continue;
      RETURN_IF_ERROR(add(*type.field(i), false, &spec));
    }
    open_.pop_back();
    return spec;
  }

  static Type wrapped_type(const pb::Descriptor& wrapper) {
    switch (wrapper.field(0)->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_DOUBLE: return Type::kFloat64;
      case pb::FieldDescriptor::CPPTYPE_FLOAT: return Type::kFloat32;
      case pb::FieldDescriptor::CPPTYPE_INT32: return Type::kInt32;
      case pb::FieldDescriptor::CPPTYPE_BOOL: return Type::kBoolean;
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return wrapper.field(0)->type() == pb::FieldDescriptor::TYPE_BYTES ? Type::kBytes : Type::kString;
      default: return Type::kInt64;
    }
  }

 private:
  Status add(const pb::FieldDescriptor& field, bool in_oneof, SchemaSpec* out) {
    if (++field_count_ > kFieldsMax) return json::data_exception("Protobuf schema: more than 20,000 fields");
    ASSIGN_OR_RETURN(SchemaPtr schema, field_schema(field, in_oneof));
    bool taken = std::any_of(out->fields.begin(), out->fields.end(), [&](const columnar::Field& f) { return f.name == field.name(); });
    if (taken) return json::data_exception(fmt::format("Protobuf schema: two fields are called '{}'", field.name()));
    out->fields.push_back({field.name(), std::move(schema), false});
    return {};
  }

  Status oneof(const pb::OneofDescriptor& oneof, SchemaSpec* out) {
    if (options_.flatten_unions) {
      for (int i = 0; i < oneof.field_count(); ++i) RETURN_IF_ERROR(add(*oneof.field(i), true, out));
      return {};
    }
    SchemaSpec spec;
    spec.type = Type::kStruct;
    spec.optional = true;
    if (options_.generalized_sum_types) {
      spec.name = oneof.name();
      spec.parameters[kGeneralUnion] = oneof.name();
    } else {
      spec.name = std::string(kUnionPrefix) + "." + (options_.enhanced_names ? oneof.full_name() : oneof.name());
    }
    for (int i = 0; i < oneof.field_count(); ++i) RETURN_IF_ERROR(add(*oneof.field(i), true, &spec));
    out->fields.push_back({union_field_name(oneof, options_), ConnectSchema::make(std::move(spec)), false});
    return {};
  }

  void set_number_type(const pb::FieldDescriptor& field, Type type, pb::FieldDescriptor::Type plain, SchemaSpec* spec) {
    spec->type = type;
    if (field.type() != plain) spec->parameters[kTypeParameter] = field.type_name();
  }

  Status scalar(const pb::FieldDescriptor& field, SchemaSpec* spec) {
    using F = pb::FieldDescriptor;
    switch (field.type()) {
      case F::TYPE_INT32:
      case F::TYPE_SINT32:
      case F::TYPE_SFIXED32: {
        const auto& params = schema_.params(field);
        auto type = params.find("connect.type");
        if (type != params.end() && (type->second == "int8" || type->second == "int16")) {
          spec->type = type->second == "int8" ? Type::kInt8 : Type::kInt16;
        } else {
          set_number_type(field, Type::kInt32, F::TYPE_INT32, spec);
        }
        return {};
      }
      case F::TYPE_UINT32:
      case F::TYPE_FIXED32:
      case F::TYPE_INT64:
      case F::TYPE_UINT64:
      case F::TYPE_SINT64:
      case F::TYPE_FIXED64:
      case F::TYPE_SFIXED64: set_number_type(field, Type::kInt64, F::TYPE_INT64, spec); return {};
      case F::TYPE_FLOAT: spec->type = Type::kFloat32; return {};
      case F::TYPE_DOUBLE: spec->type = Type::kFloat64; return {};
      case F::TYPE_BOOL: spec->type = Type::kBoolean; return {};
      case F::TYPE_STRING: spec->type = Type::kString; return {};
      case F::TYPE_BYTES: spec->type = Type::kBytes; return {};
      case F::TYPE_ENUM: {
        const pb::EnumDescriptor& type = *field.enum_type();
        spec->type = options_.int_for_enums ? Type::kInt32 : Type::kString;
        spec->name = options_.enhanced_names ? type.full_name() : type.name();
        std::string parameter = options_.generalized_sum_types ? kGeneralEnum : kEnumParameter;
        spec->parameters[parameter] = type.name();
        for (int i = 0; i < type.value_count(); ++i) {
          spec->parameters[parameter + "." + type.value(i)->name()] = std::to_string(type.value(i)->number());
        }
        spec->optional = true;
        return {};
      }
      default: return json::data_exception("Unknown Connect schema type: GROUP");
    }
  }

  void decimal(const pb::FieldDescriptor& field, SchemaSpec* spec) {
    const auto& params = schema_.params(field);
    // Integer.parseInt, and as if it were not there when it is no number.
    auto number = [&](const char* key) -> std::optional<int32_t> {
      auto found = params.find(key);
      if (found == params.end()) return std::nullopt;
      const std::string& text = found->second;
      char* end = nullptr;
      errno = 0;
      long v = std::strtol(text.c_str(), &end, 10);
      bool digits = !text.empty() && !std::isspace(static_cast<unsigned char>(text[0])) && *end == 0 && errno == 0;
      if (!digits || v < INT32_MIN || v > INT32_MAX) return std::nullopt;
      return static_cast<int32_t>(v);
    };
    spec->type = Type::kBytes;
    spec->name = std::string(columnar::kDecimalName);
    spec->version = 1;
    spec->parameters["scale"] = std::to_string(number("scale").value_or(0));
    if (auto precision = number("precision")) spec->parameters["connect.decimal.precision"] = std::to_string(*precision);
  }

  Status embedded(const pb::FieldDescriptor& field, SchemaSpec* spec) {
    const pb::Descriptor& type = *field.message_type();
    auto logical = [&](Type base, std::string_view name) {
      spec->type = base;
      spec->name = std::string(name);
      spec->version = 1;
    };
    switch (known_message(type)) {
      case KnownMessage::kDecimal: decimal(field, spec); break;
      case KnownMessage::kDate: logical(Type::kInt32, columnar::kDateName); break;
      case KnownMessage::kTime: logical(Type::kInt32, columnar::kTimeName); break;
      case KnownMessage::kTimestamp: logical(Type::kInt64, columnar::kTimestampName); break;
      default:
        if (is_unwrapped(field, options_)) {
          spec->type = wrapped_type(type);
        } else if (is_map_field(field)) {
          RETURN_IF_ERROR(map(type, field, spec));
        } else {
          ASSIGN_OR_RETURN(*spec, message(type));
        }
    }
    spec->optional = true;
    return {};
  }

  Status map(const pb::Descriptor& entry, const pb::FieldDescriptor& field, SchemaSpec* spec) {
    spec->type = Type::kMap;
    ASSIGN_OR_RETURN(spec->key_schema, field_schema(*entry.field(0), false));
    ASSIGN_OR_RETURN(spec->value_schema, field_schema(*entry.field(1), false));
    std::string name = map_name(entry.options().map_entry() ? entry_name(field.name()) : entry.name());
    if (options_.enhanced_names && entry.containing_type()) name = entry.containing_type()->full_name() + "." + name;
    else if (options_.enhanced_names && !entry.file()->package().empty()) name = entry.file()->package() + "." + name;
    spec->name = std::move(name);
    return {};
  }

  Result<SchemaPtr> field_schema(const pb::FieldDescriptor& field, bool in_oneof) {
    SchemaSpec spec;
    if (field.type() == pb::FieldDescriptor::TYPE_MESSAGE) RETURN_IF_ERROR(embedded(field, &spec));
    else RETURN_IF_ERROR(scalar(field, &spec));
    if (field.is_repeated() && spec.type != Type::kMap) {
      spec.optional = true;
      SchemaSpec array;
      array.type = Type::kArray;
      array.optional = true;
      array.value_schema = ConnectSchema::make(std::move(spec));
      spec = std::move(array);
    }
    if (in_oneof) {
      spec.optional = true;
      if (is_unwrapped(field, options_)) spec.parameters[kWrapperParameter] = "true";
    } else if (options_.optional_for_nullables) {
      spec.optional = spec.optional || has_optional_keyword(field);
    } else if (!options_.wrapper_for_nullables) {
      spec.optional = true;
    }
    spec.parameters[kTagParameter] = std::to_string(field.number());
    return ConnectSchema::make(std::move(spec));
  }

  const ProtoSchema& schema_;
  const ProtoOptions& options_;
  std::vector<const pb::Descriptor*> open_;
  int field_count_ = 0;
};

}  // namespace

KnownMessage known_message(const pb::Descriptor& message) {
  const std::string& name = message.full_name();
  if (name == "confluent.type.Decimal") return KnownMessage::kDecimal;
  if (name == "google.type.Date") return KnownMessage::kDate;
  if (name == "google.type.TimeOfDay") return KnownMessage::kTime;
  if (name == "google.protobuf.Timestamp") return KnownMessage::kTimestamp;
  constexpr std::string_view kPackage = "google.protobuf.";
  if (!name.starts_with(kPackage) || message.field_count() != 1) return KnownMessage::kNone;
  for (std::string_view wrapper : {"DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value", "BoolValue", "StringValue",
                                   "BytesValue"}) {
    if (std::string_view(name).substr(kPackage.size()) == wrapper) return KnownMessage::kWrapper;
  }
  return KnownMessage::kNone;
}

bool is_map_field(const pb::FieldDescriptor& field) {
  if (!field.is_repeated() || !field.message_type()) return false;
  const pb::Descriptor& entry = *field.message_type();
  return entry.name().ends_with(kEntrySuffix) && entry.field_count() == 2 && entry.field(0)->name() == "key" && entry.field(1)->name() == "value" &&
         !entry.field(0)->is_repeated() && !entry.field(1)->is_repeated();
}

bool is_map_entry_like(const pb::Descriptor& message) {
  const pb::Descriptor* outer = message.containing_type();
  if (!outer || !message.name().ends_with("Entry")) return false;
  for (int i = 0; i < outer->field_count(); ++i) {
    if (outer->field(i)->message_type() == &message && is_map_field(*outer->field(i))) return true;
  }
  return false;
}

bool has_optional_keyword(const pb::FieldDescriptor& field) { return field.has_optional_keyword(); }

std::string union_field_name(const pb::OneofDescriptor& oneof, const ProtoOptions& options) {
  return options.generate_index_for_unions ? oneof.name() + "_" + std::to_string(oneof.index()) : oneof.name();
}

bool is_unwrapped(const pb::FieldDescriptor& field, const ProtoOptions& options) {
  return options.wrapper_for_nullables && field.message_type() && known_message(*field.message_type()) == KnownMessage::kWrapper;
}

Result<SchemaPtr> to_connect_schema(const ProtoSchema& schema, const pb::Descriptor& message, const ProtoOptions& options, std::optional<int32_t> version) {
  SchemaSpec spec;
  if (options.wrapper_for_raw_primitives && known_message(message) == KnownMessage::kWrapper) {
    spec.type = SchemaMapper::wrapped_type(message);
  } else {
    SchemaMapper mapper(schema, options);
    ASSIGN_OR_RETURN(spec, mapper.message(message));
  }
  if (version) spec.version = version;
  return ConnectSchema::make(std::move(spec));
}

}  // namespace bywash::formats::protobuf
