// EncodePlan: how each field of a struct is written, in the order of the field numbers. Encode step, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "columnar/column.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

enum class WriteForm : uint8_t {
  kVarint, kUnsigned32, kZigzag32, kZigzag64, kFixed32, kFixed64, kBool, kFloat, kDouble, kEnum,
  kString, kBytes,
  kMessage, kWrapper, kDecimal, kDate, kTime, kTimestamp, kMap
};

struct EncodePlan;

struct EncodeField {
  std::string name;
  uint32_t number = 0;
  WriteForm form = WriteForm::kVarint;
  WriteForm wrapped = WriteForm::kVarint;  // what stands inside a wrapper
  bool has_presence = false;               // values equal to the default are written too
  bool repeated = false;
  bool packed = false;
  int child = 0;         // of the struct
  int union_member = -1;  // of the union that the child is
  columnar::SchemaPtr schema;        // of one element
  std::shared_ptr<columnar::Column> default_value;  // one row: what a null becomes; null: it is left out
  std::unordered_map<std::string, int32_t> symbols;  // kEnum of strings
  std::unique_ptr<EncodePlan> message;  // kMessage; kMap: the entry
};

struct EncodePlan {
  std::vector<EncodeField> fields;  // by number
};

// Errors are kData: a field that the message does not have, or has with another type (two structs of one name).
Result<std::unique_ptr<EncodePlan>> make_encode_plan(const columnar::ConnectSchema& schema, const google::protobuf::Descriptor& message,
                                                     const ProtoOptions& options);
// For a bare value at the root: the only field of its wrapper.
EncodeField make_root_value(const columnar::SchemaPtr& schema);

}  // namespace bywash::formats::protobuf
