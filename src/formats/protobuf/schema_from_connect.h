// Connect schemas as Protobuf files: Confluent's ProtobufData.fromConnectSchema 7.7. Encode step. Level 4.
#pragma once

#include <string>

#include "columnar/connect_schema.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

// A file and the full name of the message in it that a record becomes.
struct ProtoDefinition {
  std::shared_ptr<const google::protobuf::FileDescriptorProto> file;
  std::string message;
};

// Errors are kData: an array or map at the root, an array in an array, names that are no identifiers (scrub.invalid.names=true mends them).
Result<ProtoDefinition> from_connect_schema(const columnar::ConnectSchema& schema, const ProtoOptions& options);

// A field's name as it is written: itself, or with scrub.invalid.names made an identifier as ProtobufData.doScrubName does.
std::string proto_name(const std::string& name, const ProtoOptions& options);
// A struct that stands for a oneof.
bool is_union_schema(const columnar::ConnectSchema& schema);
// Such a value is written as google.protobuf.*Value.
bool wants_wrapper(const columnar::ConnectSchema& schema, bool in_oneof, const ProtoOptions& options);

}  // namespace bywash::formats::protobuf
