// MessageEncoder: columns of one Connect schema as messages, byte for byte as Confluent's converter and protobuf-java write them: fields by
// number, values that equal their default left out where the field has no presence. Encode step, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/schema_from_connect.h"

namespace bywash::formats::protobuf {

struct EncodePlan;

class MessageEncoder {
 public:
  // Errors are kData: a schema that Protobuf cannot hold.
  static Result<std::unique_ptr<MessageEncoder>> make(const columnar::SchemaPtr& schema, const ProtoOptions& options);
  ~MessageEncoder();

  // The file to register, and the name of the message in it.
  const ProtoDefinition& definition() const { return definition_; }
  const std::string& text() const { return text_; }
  // Its place among the file's messages.
  const std::vector<int32_t>& indexes() const { return indexes_; }
  // Appends the message of row `row`, which is not null. On an error (kData with the field's path) `out` is as it was.
  Status encode(const columnar::Column& column, int64_t row, std::string* out);

 private:
  MessageEncoder();
  columnar::SchemaPtr schema_;
  ProtoDefinition definition_;
  std::string text_;
  std::vector<int32_t> indexes_;
  std::shared_ptr<const ProtoSchema> proto_;
  std::unique_ptr<EncodePlan> plan_;
};

}  // namespace bywash::formats::protobuf
