// Protobuf messages as Connect schemas: Confluent's ProtobufData.toConnectSchema 7.7. Decode step. Level 4.
#pragma once

#include <optional>

#include "columnar/connect_schema.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

inline constexpr char kEnumParameter[] = "io.confluent.connect.protobuf.Enum";
inline constexpr char kUnionPrefix[] = "io.confluent.connect.protobuf.Union";
inline constexpr char kTagParameter[] = "io.confluent.connect.protobuf.Tag";
inline constexpr char kTypeParameter[] = "io.confluent.connect.protobuf.Type";
inline constexpr char kWrapperParameter[] = "io.confluent.connect.protobuf.Wrapper";
inline constexpr char kGeneralEnum[] = "org.apache.kafka.connect.data.Enum";
inline constexpr char kGeneralUnion[] = "org.apache.kafka.connect.data.Union";

// The message types that stand for something else than a struct.
enum class KnownMessage : uint8_t { kNone, kDecimal, kDate, kTime, kTimestamp, kWrapper };
KnownMessage known_message(const google::protobuf::Descriptor& message);

// A repeated message that is a map: its name ends with "Entry" and it has the fields key and value.
bool is_map_field(const google::protobuf::FieldDescriptor& field);
// The entry message of some map of the message around it.
bool is_map_entry_like(const google::protobuf::Descriptor& message);
// The field carries the word `optional` (proto3) or is a proto2 field that may be absent.
bool has_optional_keyword(const google::protobuf::FieldDescriptor& field);
// Name of the struct field that a oneof becomes.
std::string union_field_name(const google::protobuf::OneofDescriptor& oneof, const ProtoOptions& options);
// Whether this field, of message type, becomes the value inside its wrapper.
bool is_unwrapped(const google::protobuf::FieldDescriptor& field, const ProtoOptions& options);

// The schema of a message; `version` is the version of its subject. Errors are kData: a message that contains itself, a group, more than
// 20,000 fields.
Result<columnar::SchemaPtr> to_connect_schema(const ProtoSchema& schema, const google::protobuf::Descriptor& message, const ProtoOptions& options,
                                              std::optional<int32_t> version);

}  // namespace bywash::formats::protobuf
