// DecodePlan: what to do with each field of a message, worked out once per schema, bound to the builders that its values go into.
// Decode step, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/json/column_builder.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

// How a value stands on the wire and what it becomes.
enum class WireForm : uint8_t {
  kVarint32, kUnsigned32, kVarint64, kZigzag32, kZigzag64, kFixed32, kUnsignedFixed32, kFixed64, kBool, kFloat, kDouble, kEnumName, kEnumNumber,
  kString, kBytes,
  kMessage, kWrapped, kDecimal, kDate, kTime, kTimestamp  // embedded messages
};

// What a row gets whose message does not have the field.
enum class Absent : uint8_t { kNull, kDefault, kEmptyMessage, kRefused };

struct MessagePlan;

struct EnumNames {
  std::string type_name;
  bool closed = false;  // proto2: a number without name counts as an unknown field
  std::vector<std::pair<int32_t, std::string>> by_number;  // ascending, each number once
  const std::string* find(int32_t number) const;
};

struct FieldPlan {
  std::string name;
  uint32_t number = 0;
  uint32_t tag = 0;         // as writers put it: packed where that is the default
  uint32_t element_tag = 0;  // one value a tag
  uint32_t packed_tag = 0;   // 0: not packable
  WireForm form = WireForm::kVarint32;
  Absent absent = Absent::kNull;
  bool repeated = false;
  bool is_map = false;
  bool strict_utf8 = true;
  bool is_plain = false;  // a number or text of its own, in no oneof
  int oneof = -1;  // index into MessagePlan::oneofs
  uint64_t default_bits = 0;
  std::string default_text;
  EnumNames names;
  std::unique_ptr<MessagePlan> message;  // kMessage, kWrapped; the entry of a map
  json::ColumnBuilder* target = nullptr;  // the field's own builder
  json::ColumnBuilder* items = nullptr;   // its elements' builder, when it is an array; else the target

  // Of the row that is being read.
  std::string_view last;                 // the bytes of an embedded message, should a second one come
  std::vector<std::string_view> pieces;  // embedded messages to merge, or entries of a map
};

struct OneofPlan {
  json::ColumnBuilder* target = nullptr;  // the union's builder; null when unions are flattened
  std::vector<size_t> members;            // indices into MessagePlan::fields
};

struct MessagePlan {
  std::vector<FieldPlan> fields;
  std::vector<OneofPlan> oneofs;
  std::vector<int32_t> dense;                         // by number, -1: none; for numbers up to 255
  std::vector<std::pair<uint32_t, int32_t>> sparse;   // the others, ascending
  bool has_pieces = false;
  bool is_plain = false;  // none of the fields is repeated or in a oneof, or may leave its column without a value

  FieldPlan* find(uint32_t number) {
    if (number < dense.size()) return dense[number] < 0 ? nullptr : &fields[static_cast<size_t>(dense[number])];
    return find_sparse(number);
  }
  FieldPlan* find_sparse(uint32_t number);
};

// The plan of `message`, whose rows go into `builder` (made of to_connect_schema's schema for the same options).
std::unique_ptr<MessagePlan> make_decode_plan(const google::protobuf::Descriptor& message, const ProtoOptions& options, json::ColumnBuilder& builder);
// For a wrapper at the root that becomes its bare value.
std::unique_ptr<MessagePlan> make_wrapper_plan(const google::protobuf::Descriptor& wrapper, json::ColumnBuilder& builder);

}  // namespace bywash::formats::protobuf
