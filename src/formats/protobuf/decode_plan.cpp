// From descriptors and builders to a plan. Decode step, once per schema. Level 4.
#include "formats/protobuf/decode_plan.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "formats/protobuf/schema_to_connect.h"
#include "formats/protobuf/wire.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;
using json::ColumnBuilder;

namespace {

constexpr uint32_t kDenseNumbers = 256;

uint32_t wire_type_of(WireForm form) {
  switch (form) {
    case WireForm::kFixed64:
    case WireForm::kDouble: return kWireFixed64;
    case WireForm::kFixed32:
    case WireForm::kUnsignedFixed32:
    case WireForm::kFloat: return kWireFixed32;
    default: return form >= WireForm::kString ? kWireLength : kWireVarint;
  }
}

WireForm scalar_form(const pb::FieldDescriptor& field, const ProtoOptions& options) {
  using F = pb::FieldDescriptor;
  switch (field.type()) {
    case F::TYPE_INT32: return WireForm::kVarint32;
    case F::TYPE_UINT32: return WireForm::kUnsigned32;
    case F::TYPE_SINT32: return WireForm::kZigzag32;
    case F::TYPE_SINT64: return WireForm::kZigzag64;
    case F::TYPE_SFIXED32: return WireForm::kFixed32;
    case F::TYPE_FIXED32: return WireForm::kUnsignedFixed32;
    case F::TYPE_SFIXED64:
    case F::TYPE_FIXED64: return WireForm::kFixed64;
    case F::TYPE_BOOL: return WireForm::kBool;
    case F::TYPE_FLOAT: return WireForm::kFloat;
    case F::TYPE_DOUBLE: return WireForm::kDouble;
    case F::TYPE_ENUM: return options.int_for_enums ? WireForm::kEnumNumber : WireForm::kEnumName;
    case F::TYPE_STRING: return WireForm::kString;
    case F::TYPE_BYTES: return WireForm::kBytes;
    default: return WireForm::kVarint64;
  }
}

WireForm embedded_form(const pb::FieldDescriptor& field, const ProtoOptions& options) {
  switch (known_message(*field.message_type())) {
    case KnownMessage::kDecimal: return WireForm::kDecimal;
    case KnownMessage::kDate: return WireForm::kDate;
    case KnownMessage::kTime: return WireForm::kTime;
    case KnownMessage::kTimestamp: return WireForm::kTimestamp;
    default: return is_unwrapped(field, options) ? WireForm::kWrapped : WireForm::kMessage;
  }
}

void set_default(const pb::FieldDescriptor& field, FieldPlan* plan) {
  using F = pb::FieldDescriptor;
  switch (field.cpp_type()) {
    case F::CPPTYPE_INT32: plan->default_bits = static_cast<uint64_t>(static_cast<int64_t>(field.default_value_int32())); break;
    case F::CPPTYPE_INT64: plan->default_bits = static_cast<uint64_t>(field.default_value_int64()); break;
    case F::CPPTYPE_UINT32: plan->default_bits = field.default_value_uint32(); break;
    case F::CPPTYPE_UINT64: plan->default_bits = field.default_value_uint64(); break;
    case F::CPPTYPE_DOUBLE: plan->default_bits = std::bit_cast<uint64_t>(field.default_value_double()); break;
    case F::CPPTYPE_FLOAT: plan->default_bits = std::bit_cast<uint32_t>(field.default_value_float()); break;
    case F::CPPTYPE_BOOL: plan->default_bits = field.default_value_bool(); break;
    case F::CPPTYPE_ENUM: plan->default_bits = static_cast<uint64_t>(static_cast<int64_t>(field.default_value_enum()->number())); break;
    case F::CPPTYPE_STRING: plan->default_text = field.default_value_string(); break;
    case F::CPPTYPE_MESSAGE: break;
  }
}

EnumNames names_of(const pb::FieldDescriptor& field) {
  EnumNames names;
  names.type_name = field.enum_type()->name();
  names.closed = field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO2;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    const auto& value = *field.enum_type()->value(i);
    names.by_number.emplace_back(value.number(), value.name());
  }
  auto by_number = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(names.by_number.begin(), names.by_number.end(), by_number);
  auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  names.by_number.erase(std::unique(names.by_number.begin(), names.by_number.end(), same), names.by_number.end());
  return names;
}

Absent absent_rule(const pb::FieldDescriptor& field, const ProtoOptions& options) {
  if (field.is_required()) return Absent::kRefused;
  if (is_map_entry_like(*field.containing_type())) {
    return field.message_type() ? Absent::kEmptyMessage : Absent::kDefault;
  }
  if (field.real_containing_oneof()) return Absent::kNull;
  if (field.message_type()) return options.generate_struct_for_nulls ? Absent::kEmptyMessage : Absent::kNull;
  bool proto3_optional = field.has_optional_keyword() && field.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO2;
  bool is_optional = proto3_optional || (options.optional_for_proto2 && field.has_optional_keyword());
  return is_optional && !options.generate_struct_for_nulls ? Absent::kNull : Absent::kDefault;
}

void index_fields(MessagePlan* plan) {
  for (size_t i = 0; i < plan->fields.size(); ++i) {
    uint32_t number = plan->fields[i].number;
    if (number >= kDenseNumbers) {
      plan->sparse.emplace_back(number, static_cast<int32_t>(i));
      continue;
    }
    if (plan->dense.size() <= number) plan->dense.resize(number + 1, -1);
    plan->dense[number] = static_cast<int32_t>(i);
  }
  std::sort(plan->sparse.begin(), plan->sparse.end());
}

FieldPlan make_field(const pb::FieldDescriptor& field, const ProtoOptions& options, ColumnBuilder& target) {
  FieldPlan plan;
  plan.name = field.name();
  plan.number = static_cast<uint32_t>(field.number());
  plan.repeated = field.is_repeated();
  plan.is_map = is_map_field(field);
  plan.absent = absent_rule(field, options);
  plan.strict_utf8 = field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
  plan.target = &target;
  plan.items = plan.repeated && !plan.is_map ? target.children()[0].builder.get() : &target;
  plan.form = field.message_type() ? embedded_form(field, options) : scalar_form(field, options);
  if (!field.is_repeated()) set_default(field, &plan);
  if (field.enum_type()) plan.names = names_of(field);
  plan.element_tag = plan.number << 3 | wire_type_of(plan.form);
  if (plan.repeated && plan.form < WireForm::kString) plan.packed_tag = plan.number << 3 | kWireLength;
  plan.tag = plan.packed_tag && field.is_packed() ? plan.packed_tag : plan.element_tag;
  if (plan.is_map) {
    plan.message = std::make_unique<MessagePlan>();
    const pb::Descriptor& entry = *field.message_type();
    for (int i = 0; i < 2; ++i) {
      plan.message->fields.push_back(make_field(*entry.field(i), options, *target.children()[static_cast<size_t>(i)].builder));
    }
    index_fields(plan.message.get());
  } else if (plan.form == WireForm::kMessage) {
    plan.message = make_decode_plan(*field.message_type(), options, *plan.items);
  } else if (plan.form == WireForm::kWrapped) {
    plan.message = make_wrapper_plan(*field.message_type(), *plan.items);
  }
  return plan;
}

}  // namespace

const std::string* EnumNames::find(int32_t number) const {
  // Numbers mostly count from 0.
  auto at = static_cast<size_t>(static_cast<uint32_t>(number));
  if (at < by_number.size() && by_number[at].first == number) return &by_number[at].second;
  auto found = std::lower_bound(by_number.begin(), by_number.end(), number, [](const auto& e, int32_t n) { return e.first < n; });
  return found != by_number.end() && found->first == number ? &found->second : nullptr;
}

FieldPlan* MessagePlan::find_sparse(uint32_t number) {
  auto found = std::lower_bound(sparse.begin(), sparse.end(), number, [](const auto& e, uint32_t n) { return e.first < n; });
  return found != sparse.end() && found->first == number ? &fields[static_cast<size_t>(found->second)] : nullptr;
}

std::unique_ptr<MessagePlan> make_decode_plan(const pb::Descriptor& message, const ProtoOptions& options, ColumnBuilder& builder) {
  auto plan = std::make_unique<MessagePlan>();
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    OneofPlan oneof;
    if (!options.flatten_unions) {
      int at = builder.find(union_field_name(*message.oneof_decl(i), options));
      CHECK(at >= 0);
      oneof.target = builder.children()[static_cast<size_t>(at)].builder.get();
    }
    plan->oneofs.push_back(std::move(oneof));
  }
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const pb::OneofDescriptor* oneof = field.real_containing_oneof();
    ColumnBuilder* home = &builder;
    if (oneof && !options.flatten_unions) home = plan->oneofs[static_cast<size_t>(oneof->index())].target;
    int at = home->find(field.name());
    CHECK(at >= 0);
    FieldPlan made = make_field(field, options, *home->children()[static_cast<size_t>(at)].builder);
    if (oneof) {
      made.oneof = oneof->index();
      plan->oneofs[static_cast<size_t>(oneof->index())].members.push_back(plan->fields.size());
    }
    plan->fields.push_back(std::move(made));
  }
  for (FieldPlan& field : plan->fields) field.is_plain = !field.repeated && field.oneof < 0 && field.form < WireForm::kMessage && !field.names.closed;
  plan->is_plain = std::all_of(plan->fields.begin(), plan->fields.end(), [](const FieldPlan& field) { return field.is_plain; });
  index_fields(plan.get());
  return plan;
}

std::unique_ptr<MessagePlan> make_wrapper_plan(const pb::Descriptor& wrapper, ColumnBuilder& builder) {
  auto plan = std::make_unique<MessagePlan>();
  plan->fields.push_back(make_field(*wrapper.field(0), ProtoOptions{}, builder));
  plan->fields[0].absent = Absent::kDefault;
  index_fields(plan.get());
  return plan;
}

}  // namespace bywash::formats::protobuf
