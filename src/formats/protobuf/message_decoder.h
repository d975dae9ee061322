// MessageDecoder: messages of one type, from wire bytes straight into columns, with Java's rules: the last value of a field counts,
// embedded messages merge, unknown fields are skipped. Decode step, the task's thread. Level 4.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "columnar/column.h"
#include "formats/protobuf/decode_plan.h"
#include "formats/protobuf/proto_options.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

class MessageDecoder {
 public:
  // `version`: of the schema's subject; 0: none. Errors as to_connect_schema's.
  static Result<std::unique_ptr<MessageDecoder>> make(std::shared_ptr<const ProtoSchema> schema, const google::protobuf::Descriptor& message,
                                                      const ProtoOptions& options, int32_t version);
  ~MessageDecoder();

  void reserve(int64_t rows);
  // Adds a row. An error (kData with the field's path; java class DataException for bytes that are no such message) leaves the column as
  // it was.
  Status append(std::string_view message);
  int64_t row_count() const { return builder_->length(); }
  // The rows since the last call.
  Result<columnar::Column> finish();
  // Forgets the rows since the last finish().
  void clear();

 private:
  MessageDecoder() = default;
  bool fields(MessagePlan& plan, int64_t row, std::string_view message);
  bool field(MessagePlan& plan, FieldPlan& field, uint32_t tag, int64_t row, const char*& p, const char* end);
  const char* plain(const FieldPlan& field, const char* p, const char* end);
  void choose(MessagePlan& plan, const FieldPlan& chosen, int64_t row);
  bool scalar(const FieldPlan& field, json::ColumnBuilder& out, const char*& p, const char* end);
  bool number(const FieldPlan& field, json::ColumnBuilder& out, const char*& p, const char* end);
  bool enum_value(const FieldPlan& field, json::ColumnBuilder& out, int32_t number);
  bool packed(const FieldPlan& field, std::string_view values);
  bool embedded(FieldPlan& field, json::ColumnBuilder& out, std::string_view message);
  bool known(const FieldPlan& field, json::ColumnBuilder& out, std::string_view message);
  bool finish_row(MessagePlan& plan, int64_t row);
  bool finish_oneofs(MessagePlan& plan, int64_t row);
  bool finish_map(FieldPlan& field);
  bool fill(FieldPlan& field);
  bool fail(const char* problem);
  bool fail_in(const FieldPlan& field);

  std::shared_ptr<const ProtoSchema> schema_;
  columnar::SchemaPtr connect_schema_;
  std::unique_ptr<json::ColumnBuilder> builder_;
  std::unique_ptr<MessagePlan> plan_;
  bool unwrapped_ = false;
  const char* problem_ = nullptr;
  const char* java_class_ = nullptr;  // of the exception that the original throws for it
  std::string path_;
  std::string scratch_;
};

}  // namespace bywash::formats::protobuf
