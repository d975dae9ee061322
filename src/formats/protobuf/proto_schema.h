// ProtoSchema: a .proto text and what it imports, as descriptors of libprotobuf. Options are not interpreted, but for the parameters of
// (confluent.field_meta): an option whose definition is missing refuses nothing, as in Confluent's serializers. Decode and encode steps,
// immutable. Level 4.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
class FieldDescriptor;
class OneofDescriptor;
class FileDescriptor;
class FileDescriptorProto;
}

namespace bywash::formats::protobuf {

// A .proto file by the path that others import it by.
struct ProtoText {
  std::string name;
  std::string text;
};

class ProtoSchema {
 public:
  using Params = std::map<std::string, std::string>;

  // `text` is a .proto file, or a FileDescriptorProto in base64. Google's well-known files and Confluent's two need not be among the
  // imports. Errors are kData: line and column of a syntax error, or the name that is not defined.
  static Result<std::shared_ptr<const ProtoSchema>> parse(std::string_view text, const std::vector<ProtoText>& imports);
  // From a file as the parser gives it (options uninterpreted).
  static Result<std::shared_ptr<const ProtoSchema>> build(const google::protobuf::FileDescriptorProto& file, const std::vector<ProtoText>& imports);
  ~ProtoSchema();

  // A message by its place: {1, 0} is the first message inside the second one. kData when there is none.
  Result<const google::protobuf::Descriptor*> message(const std::vector<int32_t>& indexes) const;
  // By full name; null when the file itself does not have it.
  const google::protobuf::Descriptor* find(const std::string& full_name) const;
  const google::protobuf::FileDescriptor& file() const { return *file_; }
  // The place of a message of this file.
  static std::vector<int32_t> indexes_of(const google::protobuf::Descriptor& message);
  // The parameters of the field's (confluent.field_meta) option.
  const Params& params(const google::protobuf::FieldDescriptor& field) const;

 private:
  struct Importer;
  ProtoSchema();

  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
  std::unordered_map<std::string, Params> params_;  // by the field's full name
};

// A file's text in the order and form that Confluent's ProtobufSchema 7.7 registers; options must be uninterpreted or plain.
std::string proto_text(const google::protobuf::FileDescriptorProto& file);

// The definition of a well-known file ("google/protobuf/timestamp.proto", "confluent/type/decimal.proto"); false for others.
bool well_known_file(const std::string& name, google::protobuf::FileDescriptorProto* out);
// Parses a .proto text; the error says line and column.
Status parse_proto_text(std::string_view text, google::protobuf::FileDescriptorProto* out);

}  // namespace bywash::formats::protobuf
