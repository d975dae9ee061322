// A Connect schema and the message made of it, walked together. Encode step, once per schema. Level 4.
#include "formats/protobuf/encode_plan.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdlib>

#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/protobuf/schema_from_connect.h"
#include "formats/protobuf/schema_to_connect.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;
using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::Type;

namespace {

// What the value is by its Connect type, which decides for wrappers and is checked against the descriptor for others.
WriteForm plain_form(const ConnectSchema& schema) {
  switch (schema.type()) {
    case Type::kBoolean: return WriteForm::kBool;
    case Type::kFloat32: return WriteForm::kFloat;
    case Type::kFloat64: return WriteForm::kDouble;
    case Type::kString: return WriteForm::kString;
    case Type::kBytes: return WriteForm::kBytes;
    default: return WriteForm::kVarint;
  }
}

bool is_integer(const ConnectSchema& schema) {
  return schema.type() == Type::kInt8 || schema.type() == Type::kInt16 || schema.type() == Type::kInt32 || schema.type() == Type::kInt64;
}

// The values of an enum's parameters; whichever of the two ways the schema names them.
std::unordered_map<std::string, int32_t> enum_symbols(const ConnectSchema& schema, const ProtoOptions& options) {
  std::unordered_map<std::string, int32_t> out;
  std::string prefix = std::string(options.generalized_sum_types ? kGeneralEnum : kEnumParameter) + ".";
  for (const auto& [key, value] : schema.parameters()) {
    if (key.starts_with(prefix)) out[key.substr(prefix.size())] = static_cast<int32_t>(std::strtol(value.c_str(), nullptr, 10));
  }
  return out;
}

bool scalar_write_form(const pb::FieldDescriptor& field, const ConnectSchema& schema, WriteForm* out) {
  using F = pb::FieldDescriptor;
  bool integer = is_integer(schema);
  // A long becomes 32 bits only where its schema says so.
  auto type = schema.parameters().find(kTypeParameter);
  bool narrow = schema.type() != Type::kInt64 || (type != schema.parameters().end() && (type->second == "uint32" || type->second == "fixed32"));
  switch (field.type()) {
    case F::TYPE_INT32: *out = WriteForm::kVarint; return integer && narrow;
    case F::TYPE_UINT32: *out = WriteForm::kUnsigned32; return integer && narrow;
    case F::TYPE_SINT32: *out = WriteForm::kZigzag32; return integer && narrow;
    case F::TYPE_FIXED32:
    case F::TYPE_SFIXED32: *out = WriteForm::kFixed32; return integer && narrow;
    case F::TYPE_INT64:
    case F::TYPE_UINT64: *out = WriteForm::kVarint; return integer && !narrow;
    case F::TYPE_SINT64: *out = WriteForm::kZigzag64; return integer && !narrow;
    case F::TYPE_FIXED64:
    case F::TYPE_SFIXED64: *out = WriteForm::kFixed64; return integer && !narrow;
    case F::TYPE_ENUM: *out = WriteForm::kEnum; return schema.type() == Type::kString || schema.type() == Type::kInt32;
    default: *out = plain_form(schema); break;
  }
  switch (field.type()) {
    case F::TYPE_BOOL: return *out == WriteForm::kBool;
    case F::TYPE_FLOAT: return *out == WriteForm::kFloat;
    case F::TYPE_DOUBLE: return *out == WriteForm::kDouble;
    case F::TYPE_STRING: return *out == WriteForm::kString;
    case F::TYPE_BYTES: return *out == WriteForm::kBytes;
    default: return false;
  }
}

Status no_match(const std::string& name) {
  return json::data_exception(fmt::format(
      "Field '{}' does not match the message that its schema's name stands for: two structs with the same name must have the same fields", name));
}

Status set_form(const pb::FieldDescriptor& field, const ProtoOptions& options, bool in_oneof, EncodeField* out) {
  const ConnectSchema& schema = *out->schema;
  const pb::Descriptor* type = field.message_type();
  KnownMessage known = type ? known_message(*type) : KnownMessage::kNone;
  bool matches = true;
  switch (schema.logical()) {
    case Logical::kDecimal: out->form = WriteForm::kDecimal; matches = known == KnownMessage::kDecimal; break;
    case Logical::kDate: out->form = WriteForm::kDate; matches = known == KnownMessage::kDate; break;
    case Logical::kTime: out->form = WriteForm::kTime; matches = known == KnownMessage::kTime; break;
    case Logical::kTimestamp: out->form = WriteForm::kTimestamp; matches = known == KnownMessage::kTimestamp; break;
    case Logical::kNone:
      if (schema.type() == Type::kMap) {
        out->form = WriteForm::kMap;
        matches = type && type->FindFieldByName("key") && type->FindFieldByName("value");
      } else if (schema.type() == Type::kStruct) {
        out->form = WriteForm::kMessage;
        matches = type != nullptr;
      } else if (known == KnownMessage::kWrapper) {
        out->form = WriteForm::kWrapper;
        out->wrapped = plain_form(schema);
        matches = wants_wrapper(schema, in_oneof, options);
      } else {
        matches = scalar_write_form(field, schema, &out->form);
      }
  }
  if (!matches) return no_match(field.name());
  if (out->form == WriteForm::kEnum && schema.type() == Type::kString) out->symbols = enum_symbols(schema, options);
  return {};
}

Result<EncodeField> make_encode_field(const SchemaPtr& schema, const pb::FieldDescriptor& field, const ProtoOptions& options, bool in_oneof) {
  EncodeField out;
  out.name = field.name();
  out.number = static_cast<uint32_t>(field.number());
  out.repeated = schema->type() == Type::kArray;
  out.packed = out.repeated && field.is_packed();
  out.has_presence = field.has_presence();
  out.schema = out.repeated ? schema->value_schema() : schema;
  if (field.is_repeated() != (out.repeated || schema->type() == Type::kMap)) return no_match(field.name());
  RETURN_IF_ERROR(set_form(field, options, in_oneof, &out));
  if (schema->default_value() && !options.ignore_default_for_nullables) {
    ASSIGN_OR_RETURN(auto column, columnar::constant_column(schema, *schema->default_value(), 1));
    out.default_value = std::make_shared<columnar::Column>(std::move(column));
  }
  if (out.form == WriteForm::kMessage) {
    ASSIGN_OR_RETURN(out.message, make_encode_plan(*out.schema, *field.message_type(), options));
  } else if (out.form == WriteForm::kMap) {
    out.message = std::make_unique<EncodePlan>();
    for (const auto& [name, part] : {std::pair("key", schema->key_schema()), std::pair("value", schema->value_schema())}) {
      ASSIGN_OR_RETURN(auto made, make_encode_field(part, *field.message_type()->FindFieldByName(name), options, false));
      made.default_value = nullptr;
      out.message->fields.push_back(std::move(made));
    }
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<EncodePlan>> make_encode_plan(const ConnectSchema& schema, const pb::Descriptor& message, const ProtoOptions& options) {
  auto plan = std::make_unique<EncodePlan>();
  auto add = [&](const columnar::Field& field, int child, int member) -> Status {
    std::string name = proto_name(field.name, options);
    const pb::FieldDescriptor* found = message.FindFieldByName(name);
    if (!found) return json::data_exception("Cannot find field with name " + name);
    ASSIGN_OR_RETURN(EncodeField made, make_encode_field(field.schema, *found, options, member >= 0));
    made.child = child;
    made.union_member = member;
    plan->fields.push_back(std::move(made));
    return {};
  };
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const columnar::Field& field = schema.fields()[i];
    if (!is_union_schema(*field.schema)) {
      RETURN_IF_ERROR(add(field, static_cast<int>(i), -1));
      continue;
    }
    for (size_t k = 0; k < field.schema->fields().size(); ++k) {
      RETURN_IF_ERROR(add(field.schema->fields()[k], static_cast<int>(i), static_cast<int>(k)));
    }
  }
  std::sort(plan->fields.begin(), plan->fields.end(), [](const EncodeField& a, const EncodeField& b) { return a.number < b.number; });
  return plan;
}

EncodeField make_root_value(const SchemaPtr& schema) {
  EncodeField out;
  out.name = "value";
  out.number = 1;
  out.form = plain_form(*schema);
  out.schema = schema;
  return out;
}

}  // namespace bywash::formats::protobuf
