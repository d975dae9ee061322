#include "analytics/table/record_decoder.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analytics/table/test_folder.h"

namespace bywash::analytics {
namespace {

constexpr const char* kBase = "org.apache.pinot.plugin.inputformat.";

std::shared_ptr<const TableSchema> schema_of_tags() {
  auto out = std::make_shared<TableSchema>();
  FieldSpec tags;
  tags.name = "tags";
  tags.type = DataType::kInt;
  tags.single_value = false;
  out->fields = {tags};
  return out;
}

// The records' JSON; "null" for nulls, "failed" for what is wrong; or the error.
std::vector<std::string> decoded(const DecoderConfig& config, const std::vector<std::optional<std::string_view>>& payloads) {
  Result<std::unique_ptr<RecordDecoder>> decoder = make_record_decoder(config, schema_of_tags());
  if (!decoder.ok()) return {decoder.status().message()};
  std::vector<DecodedRecord> records;
  const Status status = (*decoder)->decode("topic", payloads, &records);
  if (!status.ok()) return {status.message()};
  std::vector<std::string> out;
  for (const DecodedRecord& record : records) out.push_back(record.failed ? "failed" : record.json.value_or("null"));
  return out;
}

using Texts = std::vector<std::string>;

TEST(RecordDecoder, CsvIsOneRecordAMessage) {
  DecoderConfig config{std::string(kBase) + "csv.CSVMessageDecoder", {{"header", "id,name,tags"}}};
  EXPECT_EQ(decoded(config, {"1,Ann,4;5", std::nullopt, "2,\"x, y\"", "3,\"open", "1,2,3,4", "7,,"}),
            (Texts{R"({"id":"1","name":"Ann","tags":["4","5"]})", "null", R"({"id":"2","name":"x, y"})", "failed", "failed", R"({"id":"7"})"}));
  config.properties = {{"delimiter", "|"}};  // a header in each message
  EXPECT_EQ(decoded(config, {"id|name\n5|Bob", "id|name"}), (Texts{R"({"id":"5","name":"Bob"})", "failed"}));
  config.properties = {{"delimiter", "::"}};
  EXPECT_EQ(decoded(config, {}), (Texts{"stream.kafka.decoder.prop.delimiter must be one character"}));
}

TEST(RecordDecoder, AvroBySchemaOfTheConfig) {
  DecoderConfig config{std::string(kBase) + "avro.SimpleAvroMessageDecoder",
                       {{"schema", R"({"type":"record","name":"R","fields":[{"name":"id","type":"int"},{"name":"s","type":["null","string"]},{"name":"b","type":"bytes"}]})"}}};
  const std::string good("\x06\x02\x04hi\x04\x01\xff", 8);
  EXPECT_EQ(decoded(config, {good, good.substr(0, 4), std::nullopt, std::string_view("\x02\x00\x00", 3)}),
            (Texts{R"({"id":3,"s":"hi","b":"01ff"})", "failed", "null", R"({"id":1,"s":null,"b":""})"}));
  config.properties["schema"] = "\"int\"";
  EXPECT_EQ(decoded(config, {}), (Texts{"stream.kafka.decoder.prop.schema: the schema must be a record"}));
  config.properties.clear();
  EXPECT_EQ(decoded(config, {}), (Texts{"Missing required property: stream.kafka.decoder.prop.schema"}));
}

TEST(RecordDecoder, ProtobufByDescriptorFile) {
  google::protobuf::FileDescriptorSet files;
  auto* inner = files.add_file();
  inner->set_name("inner.proto");
  inner->set_package("acme");
  inner->set_syntax("proto3");
  inner->add_message_type()->set_name("Empty");
  auto* file = files.add_file();
  file->set_name("trade.proto");
  file->set_package("acme");
  file->set_syntax("proto3");
  file->add_dependency("inner.proto");
  auto* message = file->add_message_type();
  message->set_name("Trade");
  auto add = [&](const char* name, int number, google::protobuf::FieldDescriptorProto::Type type, bool repeated) {
    auto* field = message->add_field();
    field->set_name(name);
    field->set_number(number);
    field->set_type(type);
    field->set_label(repeated ? google::protobuf::FieldDescriptorProto::LABEL_REPEATED : google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  };
  add("id", 1, google::protobuf::FieldDescriptorProto::TYPE_INT32, false);
  add("symbol", 2, google::protobuf::FieldDescriptorProto::TYPE_STRING, false);
  add("tags", 3, google::protobuf::FieldDescriptorProto::TYPE_INT32, true);
  TestFolder folder;
  const std::string path = folder.path() + "/trade.desc";
  std::ofstream(path, std::ios::binary) << files.SerializeAsString();
  const std::string good("\x08\x07\x12\x02" "AB" "\x1a\x02\x01\x02", 10);
  for (const char* name : {"acme.Trade", "Trade", ""}) {
    DecoderConfig config{std::string(kBase) + "protobuf.ProtoBufMessageDecoder", {{"descriptorFile", "file://" + path}, {"protoClassName", name}}};
    EXPECT_EQ(decoded(config, {good, std::string_view("\x08", 1), std::nullopt}), (Texts{R"({"id":7,"symbol":"AB","tags":[1,2]})", "failed", "null"})) << name;
  }
  EXPECT_EQ(decoded({std::string(kBase) + "protobuf.ProtoBufMessageDecoder", {{"descriptorFile", path}, {"protoClassName", "acme.Nope"}}}, {}),
            (Texts{"stream.kafka.decoder.prop.protoClassName: 'acme.Nope' is not in " + path}));
}

TEST(RecordDecoder, JsonOfAConfluentSerializerLosesItsFrame) {
  DecoderConfig config{std::string(kBase) + "json.confluent.KafkaConfluentSchemaRegistryJsonMessageDecoder", {}};
  EXPECT_EQ(decoded(config, {std::string_view("\0\0\0\0\1{\"a\":1}", 12), "{\"a\":1}"}), (Texts{"{\"a\":1}", "failed"}));
}

TEST(RecordDecoder, OthersAreRefusedByName) {
  EXPECT_TRUE(decoded({"org.example.Decoder", {}}, {})[0].starts_with("stream.kafka.decoder.class.name: 'org.example.Decoder' is not supported yet"));
  EXPECT_EQ(*make_record_decoder({std::string(kBase) + "json.JSONMessageDecoder", {}}, schema_of_tags()), nullptr);
}

}  // namespace
}  // namespace bywash::analytics
