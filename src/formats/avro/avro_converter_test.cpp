// Whole batches through AvroConverter: several schemas, bad rows, tombstones, schemaless data, a registry that is down.
#include <gtest/gtest.h>

#include <arrow/array.h>

#include "formats/plugins.h"
#include "formats/schema_registry/converter_schemas.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Type;
using columnar::Value;
using schema_registry::MockRegistry;
using schema_registry::SchemaKind;

std::unique_ptr<plugin::Converter> converter_over(const std::string& scope, plugin::Properties more = {}) {
  MockRegistry::drop(scope);
  more["schema.registry.url"] = "mock://" + scope;
  auto made = avro_converter().make(more, false);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

std::string message(int32_t id, std::string_view data) {
  std::string out;
  schema_registry::append_frame(id, &out);
  return out.append(data);
}

TEST(AvroConverter, KeepsTheRowsOfEachSchemaTogether) {
  auto converter = converter_over("rows");
  auto registry = MockRegistry::named("rows");
  registry->put({"t-value", 1, 1, {SchemaKind::kAvro, R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"}]})", {}}});
  registry->put({"t-value", 2, 2, {SchemaKind::kAvro, R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"}]})", {}}});
  std::vector<std::string> texts;
  for (int i = 0; i < 9; ++i) texts.push_back(i % 2 ? message(2, std::string("\2\2x", 3)) : message(1, std::string(1, static_cast<char>(2 * i))));
  texts[3] = message(99, "\2");  // no such schema
  texts[5] = message(2, "\2");   // cut off
  std::vector<std::optional<std::string_view>> payloads(texts.begin(), texts.end());
  payloads[7] = std::nullopt;
  for (int again = 0; again < 2; ++again) {
    auto decoded = converter->decode("t", payloads);
    ASSERT_TRUE(decoded.ok()) << decoded.status().message();
    ASSERT_EQ(decoded->groups.size(), 3u);
    EXPECT_EQ(decoded->groups[0].rows, (std::vector<uint32_t>{0, 2, 4, 6, 8}));
    EXPECT_EQ(columnar::value_at(decoded->groups[0].column, 3).as_struct()->values[0], Value(int32_t{6}));
    EXPECT_EQ(decoded->groups[1].rows, std::vector<uint32_t>{1});
    EXPECT_EQ(decoded->groups[1].column.schema->version(), 2);
    EXPECT_EQ(decoded->groups[2].rows, std::vector<uint32_t>{7});
    ASSERT_EQ(decoded->errors.size(), 2u);
    EXPECT_EQ(decoded->errors[0].row, 3u);
    EXPECT_NE(decoded->errors[0].status.message().find("40403"), std::string::npos) << decoded->errors[0].status.message();
    EXPECT_EQ(decoded->errors[1].status.java_class(), "org.apache.kafka.common.errors.NetworkException");
    EXPECT_NE(decoded->errors[1].status.message().find("'b'"), std::string::npos);
  }
  // What was missing may be there at the next call.
  registry->put({"t-value", 99, 3, {SchemaKind::kAvro, "\"int\"", {}}});
  auto decoded = converter->decode("t", std::span(payloads).subspan(3, 1));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->errors.empty());
}

TEST(AvroConverter, BringsSchemalessDataBack) {
  auto converter = converter_over("anything");
  auto column = columnar::infer_column({Value::map({{Value::string("k"), Value(int64_t{5})}}), Value(), Value::map({{Value::string("k"), Value::string("x")}})});
  ASSERT_TRUE(column.ok());
  std::vector<std::optional<std::string>> bytes;
  std::vector<plugin::ConvertError> errors;
  ASSERT_TRUE(converter->encode("t", *column, &bytes, &errors).ok());
  ASSERT_TRUE(errors.empty());
  EXPECT_FALSE(bytes[1]);
  std::vector<std::optional<std::string_view>> payloads = {*bytes[0], *bytes[2]};
  auto decoded = converter->decode("t", payloads);
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->groups.size(), 1u);
  EXPECT_TRUE(decoded->groups[0].column.schema->schemaless());
  EXPECT_EQ(columnar::value_at(decoded->groups[0].column, 1), Value::map({{Value::string("k"), Value::string("x")}}));
}

TEST(AvroConverter, NamesTheFieldThatCannotBeWritten) {
  auto converter = converter_over("nulls");
  columnar::SchemaSpec spec;
  spec.fields = {{"price", ConnectSchema::decimal(2)}};
  auto schema = ConnectSchema::make(spec);
  columnar::ValueAppender appender(schema);
  ASSERT_TRUE(appender.append(Value::structure(schema, {Value(columnar::Decimal{"\x01", 2})})).ok());
  ASSERT_TRUE(appender.append(Value::structure(schema, {Value(columnar::Decimal{"\x01", 3})})).ok());
  auto column = appender.finish();
  std::vector<std::optional<std::string>> bytes;
  std::vector<plugin::ConvertError> errors;
  ASSERT_TRUE(converter->encode("t", *column, &bytes, &errors).ok());
  EXPECT_EQ(bytes[0], message(1, std::string("\2\1", 2)));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].row, 1u);
  EXPECT_NE(errors[0].status.message().find("'price'"), std::string::npos) << errors[0].status.message();
}

TEST(AvroConverter, AsksAgainWhenTheRegistryIsDown) {
  auto made = avro_converter().make({{"schema.registry.url", "http://127.0.0.1:1"}, {"max.retries", "0"}}, false);
  ASSERT_TRUE(made.ok());
  std::string text = message(1, "\2");
  std::vector<std::optional<std::string_view>> payloads = {text};
  EXPECT_TRUE((*made)->decode("t", payloads).status().retriable());
  std::vector<std::optional<std::string>> bytes;
  std::vector<plugin::ConvertError> errors;
  auto column = columnar::constant_column(ConnectSchema::of(Type::kInt32), Value(int32_t{1}), 3);
  EXPECT_TRUE((*made)->encode("t", *column, &bytes, &errors).retriable());
  EXPECT_TRUE(errors.empty()) << "no record is to blame";
}

}  // namespace
}  // namespace bywash::formats
