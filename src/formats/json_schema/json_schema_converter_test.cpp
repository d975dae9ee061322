// JsonSchemaConverter: schemas both ways, coercions, alternatives, maps, nulls, references, validation.
#include <arrow/array.h>
#include <gtest/gtest.h>

#include "columnar/java_text.h"
#include "formats/json_schema/indented_text.h"
#include "formats/json_schema/json_schema_converter.h"
#include "formats/json_schema/schema_mapping.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;
using schema_registry::MockRegistry;

std::string framed(const std::string& json, int32_t id = 1) { return std::string("\0\0\0\0", 4) + static_cast<char>(id) + json; }

class JsonSchemaCase : public testing::Test {
 protected:
  void SetUp() override { MockRegistry::drop("json-test"); }
  void make(plugin::Properties properties = {}) {
    properties["schema.registry.url"] = "mock://json-test";
    auto made = json_schema_converter().make(properties, false);
    ASSERT_TRUE(made.ok()) << made.status().message();
    converter_ = *std::move(made);
  }
  void put(const std::string& text, int32_t id = 1, std::vector<schema_registry::Reference> references = {}, const std::string& subject = "t-value") {
    MockRegistry::named("json-test")->put({subject, id, 3, {schema_registry::SchemaKind::kJson, text, std::move(references)}});
  }
  std::string one(const std::string& payload) {
    std::optional<std::string_view> view = payload;
    auto out = converter_->decode("t", {&view, 1});
    EXPECT_TRUE(out.ok());
    if (!out->errors.empty()) return "!" + out->errors[0].status.message();
    last_ = out->groups[0].column;
    EXPECT_TRUE(last_.data->ValidateFull().ok());
    return columnar::java_text(columnar::value_at(last_, 0));
  }
  std::string with(const std::string& schema, const std::string& json) {
    MockRegistry::drop("json-test");
    make(properties_);
    put(schema);
    return one(framed(json));
  }
  std::vector<std::optional<std::string>> encode(const Column& column, std::vector<plugin::ConvertError>* errors = nullptr) {
    std::vector<std::optional<std::string>> out;
    std::vector<plugin::ConvertError> failed;
    EXPECT_TRUE(converter_->encode("t", column, &out, &failed).ok());
    if (errors) *errors = failed;
    else EXPECT_TRUE(failed.empty()) << failed[0].status.message();
    return out;
  }
  std::string registered() { return MockRegistry::named("json-test")->all().back().schema.text; }
  Column rows(const SchemaPtr& schema, const std::vector<Value>& values) {
    columnar::ValueAppender appender(schema);
    for (const Value& v : values) EXPECT_TRUE(appender.append(v).ok());
    return *appender.finish();
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& field : last_.schema->fields()) out.push_back(field.name);
    return out;
  }

  plugin::Properties properties_;
  std::unique_ptr<plugin::Converter> converter_;
  Column last_;
};

TEST_F(JsonSchemaCase, ReadsTypesAndOrdersFieldsByIndex) {
  const char kText[] = R"({"type":"object","title":"com.x.Rec","description":"a record","properties":{
    "id":{"type":"integer","connect.type":"int32","connect.index":0},
    "name":{"oneOf":[{"type":"null"},{"type":"string"}],"connect.index":1},
    "at":{"type":"integer","title":"org.apache.kafka.connect.data.Timestamp","connect.type":"int64","connect.version":1,"connect.index":2},
    "amount":{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.parameters":{"scale":"2"},"connect.index":3},
    "tags":{"type":"object","connect.type":"map","additionalProperties":{"type":"integer"},"connect.index":4},
    "by_id":{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"type":"string"}}},"connect.index":5},
    "list":{"type":"array","items":{"type":"number"},"connect.index":6},
    "color":{"type":"string","enum":["red","green"],"connect.index":7}}})";
  EXPECT_EQ(with(kText, R"({"id":4294967297,"name":null,"at":1500,"amount":"AQA=","tags":{"a":1},"by_id":[{"key":7,"value":"x"},{"key":7,"value":"y"}],"list":[1,2.5],"color":"red","more":[]})"),
            "Struct{id=1,at=Thu Jan 01 00:00:01 UTC 1970,amount=2.56,tags={a=1},by_id={7=y},list=[1.0, 2.5],color=red}");
  EXPECT_EQ(last_.schema->name(), "com.x.Rec");
  EXPECT_EQ(last_.schema->doc(), "a record");
  EXPECT_EQ(last_.schema->version(), 3);
  EXPECT_EQ(names(), (std::vector<std::string>{"id", "name", "at", "amount", "tags", "by_id", "list", "color"}));
  EXPECT_EQ(last_.schema->fields()[0].schema->type(), Type::kInt32);
  EXPECT_FALSE(last_.schema->fields()[0].schema->optional());
  EXPECT_TRUE(last_.schema->fields()[1].schema->optional());
  EXPECT_EQ(last_.schema->fields()[7].schema->parameters(),
            (std::map<std::string, std::string>{{"io.confluent.connect.json.Enum", ""}, {"io.confluent.connect.json.Enum.red", "red"}, {"io.confluent.connect.json.Enum.green", "green"}}));
}

TEST_F(JsonSchemaCase, KeepsAbsentPropertiesNullAndRefusesNullInRequiredOnes) {
  const char kText[] = R"({"type":"object","properties":{"a":{"type":"integer","connect.index":0},"b":{"type":"string","default":"d","connect.index":1}},"required":["a"]})";
  EXPECT_EQ(with(kText, "{}"), "Struct{b=d}");
  EXPECT_EQ(with(kText, R"({"a":1,"b":null})"), "Struct{a=1,b=d}");
  EXPECT_EQ(with(kText, R"({"a":null})"), "!Invalid null value for required INT64 field (field 'a')");
  properties_ = {{"use.optional.for.nonrequired", "true"}};
  EXPECT_EQ(with(kText, R"({"a":2})"), "Struct{a=2,b=d}");
  EXPECT_TRUE(last_.schema->fields()[1].schema->optional());
  EXPECT_FALSE(last_.schema->fields()[0].schema->optional());
}

TEST_F(JsonSchemaCase, ChoosesAmongAlternatives) {
  const char kText[] = R"({"oneOf":[{"type":"integer"},{"type":"object","properties":{"a":{"type":"string"}}},{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
    {"type":"array","items":{"type":"string"}},{"type":"null"}]})";
  EXPECT_EQ(with(kText, "5"), "Struct{io.confluent.connect.json.OneOf.field.0=5}");
  EXPECT_TRUE(last_.schema->optional());
  EXPECT_EQ(last_.schema->name(), "io.confluent.connect.json.OneOf");
  EXPECT_EQ(with(kText, R"({"a":"x"})"), "Struct{io.confluent.connect.json.OneOf.field.1=Struct{a=x}}");
  EXPECT_EQ(with(kText, R"({"b":"x","a":"y"})"), "Struct{io.confluent.connect.json.OneOf.field.2=Struct{a=y,b=x}}");
  EXPECT_EQ(with(kText, R"(["q"])"), "Struct{io.confluent.connect.json.OneOf.field.3=[q]}");
  EXPECT_EQ(with(kText, "true"), "!Did not find matching oneof field for data");
  properties_ = {{"generalized.sum.type.support", "true"}};
  EXPECT_EQ(with(kText, "5"), "Struct{connect_union_field_0=5}");
  EXPECT_EQ(last_.schema->name(), "connect_union_0");
  auto written = encode(last_);
  EXPECT_EQ(written[0]->substr(5), "5");
  EXPECT_EQ(with(R"({"type":["null","string"]})", R"("x")"), "x");
  EXPECT_TRUE(last_.schema->optional());
}

TEST_F(JsonSchemaCase, FollowsReferences) {
  const char kText[] = R"({"type":"object","properties":{"a":{"$ref":"#/definitions/P","connect.index":0},"b":{"$ref":"#/definitions/P","connect.index":1},
    "c":{"$ref":"other.json","connect.index":2},"d":{"$ref":"other.json#/$defs/E","connect.index":3}},"definitions":{"P":{"type":"object","properties":{"n":{"type":"integer"}}}}})";
  make();
  put(R"({"$id":"other.json","type":"string","$defs":{"E":{"type":"boolean"}}})", 9, {}, "other");
  put(kText, 1, {{"other.json", "other", 3}});
  EXPECT_EQ(one(framed(R"({"a":{"n":1},"b":{"n":2},"c":"x","d":true})")), "Struct{a=Struct{n=1},b=Struct{n=2},c=x,d=true}");
  EXPECT_EQ(last_.schema->fields()[0].schema->parameters().size(), 0u);
  EXPECT_EQ(last_.schema->fields()[1].schema->parameters().at("io.confluent.connect.json.Id"), "#id1");
  EXPECT_NE(with(R"({"type":"object","properties":{"me":{"$ref":"#"}}})", "{}").find("recursive schemas are not supported"), std::string::npos);
  EXPECT_NE(with(R"({"$ref":"#/nowhere"})", "{}").find("nothing is at '#/nowhere'"), std::string::npos);
  EXPECT_NE(with(R"({"type":"array"})", "[]").find("Array schema did not specify the items type"), std::string::npos);
  EXPECT_EQ(with(R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"$ref":"#/d"}],"d":{"type":"object","properties":{"b":{"type":"integer"}}}})", R"({"a":1,"b":2})"),
            "Struct{a=1,b=2}");
}

TEST_F(JsonSchemaCase, FailsCorruptTextAtEveryByte) {
  make();
  put(R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"type":"integer"}}}})");
  std::string whole = R"({"a":"xé","b":[1,2],"c":{"d":null}})";
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    std::string bad = framed(whole.substr(0, cut)), good = framed(whole);
    std::vector<std::optional<std::string_view>> in = {good, bad, std::nullopt, good};
    auto out = converter_->decode("t", in);
    ASSERT_TRUE(out.ok());
    ASSERT_EQ(out->errors.size(), 1u) << cut;
    EXPECT_EQ(out->errors[0].row, 1u);
    ASSERT_EQ(out->groups.size(), 2u);
    EXPECT_EQ(out->groups[0].rows, (std::vector<uint32_t>{0, 3}));
  }
  EXPECT_TRUE(one("{}").find("Unknown magic byte!") != std::string::npos);
  EXPECT_TRUE(one(framed("{", 1)).starts_with("!Converting byte[] to Kafka Connect data failed due to serialization error of topic t: "));
}

TEST_F(JsonSchemaCase, WritesSchemasAsConfluentDoes) {
  make();
  columnar::SchemaSpec map;
  map.type = Type::kMap;
  map.key_schema = ConnectSchema::of(Type::kInt32);
  map.value_schema = ConnectSchema::of(Type::kString, true);
  columnar::SchemaSpec spec;
  spec.name = "Rec";
  spec.doc = "about";
  spec.fields = {{"id", ConnectSchema::of(Type::kInt32), false},
                 {"name", ConnectSchema::of(Type::kString, true), false},
                 {"ts", ConnectSchema::named(Type::kInt64, columnar::kTimestampName), false},
                 {"m", ConnectSchema::make(map), false}};
  auto schema = ConnectSchema::make(spec);
  auto column = rows(schema, {Value::structure(schema, {Value(int32_t{7}), Value(), Value(Value::Millis{5}), Value::map({{Value(int32_t{1}), Value::string("a")}})}), Value()});
  auto written = encode(column);
  EXPECT_EQ(written[0]->substr(5), R"({"id":7,"name":null,"ts":5,"m":[{"key":1,"value":"a"}]})");
  EXPECT_FALSE(written[1]);
  EXPECT_EQ(registered(),
            R"({"type":"object","title":"Rec","description":"about","properties":{)"
            R"("name":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]},"id":{"type":"integer","connect.index":0,"connect.type":"int32"},)"
            R"("m":{"type":"array","connect.index":3,"connect.type":"map","items":{"type":"object","properties":{"value":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]},"key":{"type":"integer","connect.index":0,"connect.type":"int32"}}}},)"
            R"("ts":{"type":"integer","title":"org.apache.kafka.connect.data.Timestamp","connect.version":1,"connect.index":2,"connect.type":"int64"}}})");
  EXPECT_EQ(one(*written[0]), "Struct{id=7,ts=Thu Jan 01 00:00:00 UTC 1970,m={1=a}}");
  EXPECT_EQ(names(), (std::vector<std::string>{"id", "name", "ts", "m"}));
}

TEST_F(JsonSchemaCase, WritesNullsDefaultsAndDecimals) {
  make();
  auto optional = rows(ConnectSchema::of(Type::kInt64, true), {Value(), Value(int64_t{3})});
  auto written = encode(optional);
  EXPECT_EQ(written[0]->substr(5), "null");
  EXPECT_EQ(written[1]->substr(5), "3");
  columnar::SchemaSpec spec = ConnectSchema::of(Type::kFloat64)->spec();
  spec.default_value = std::make_shared<const Value>(1.0);
  EXPECT_EQ(encode(rows(ConnectSchema::make(spec), {Value()}))[0]->substr(5), "1.0");
  EXPECT_EQ(registered(), R"({"type":"number","default":1,"connect.type":"float64"})");
  auto decimals = rows(ConnectSchema::decimal(2), {Value(columnar::Decimal{std::string("\x01\x00", 2), 2})});
  EXPECT_EQ(encode(decimals)[0]->substr(5), "\"AQA=\"");
  make({{"decimal.format", "numeric"}, {"json.indent.output", "true"}});
  EXPECT_EQ(encode(decimals)[0]->substr(5), "2.56");
  EXPECT_NE(registered().find(R"("type":"number")"), std::string::npos);
  EXPECT_EQ(json_schema::indented(R"({"a":[1,{"b":"x:,"}],"c":{},"d":[]})"), "{\n  \"a\" : [ 1, {\n    \"b\" : \"x:,\"\n  } ],\n  \"c\" : { },\n  \"d\" : [ ]\n}");
  std::vector<plugin::ConvertError> errors;
  encode(rows(ConnectSchema::schemaless(Type::kString), {Value::string("x")}), &errors);
  EXPECT_EQ(errors.size(), 1u);
}

TEST_F(JsonSchemaCase, ValidatesWhenAsked) {
  const char kText[] = R"({"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"],"additionalProperties":false})";
  EXPECT_EQ(with(kText, R"({"b":1})"), "Struct{}");
  properties_ = {{"json.fail.invalid.schema", "true"}};
  EXPECT_EQ(with(kText, R"({"a":3})"), "Struct{a=3}");
  for (const char* bad : {R"({"a":2})", R"({})", R"({"a":3,"b":1})", R"({"a":"SECRET"})"}) {
    std::string error = with(kText, bad);
    EXPECT_NE(error.find("does not match schema"), std::string::npos) << error;
    EXPECT_EQ(error.find("SECRET"), std::string::npos);
  }
}

TEST_F(JsonSchemaCase, ChecksTheLatestVersionBeforeItWritesWithIt) {
  make({{"auto.register.schemas", "false"}, {"use.latest.version", "true"}});
  columnar::SchemaSpec spec;
  spec.name = "R";
  spec.fields = {{"a", ConnectSchema::of(Type::kInt32), false}};
  auto schema = ConnectSchema::make(spec);
  auto column = rows(schema, {Value::structure(schema, {Value(int32_t{1})})});
  put(R"({"type":"object","title":"R","properties":{"a":{"type":"string"}}})", 5);
  std::vector<plugin::ConvertError> errors;
  encode(column, &errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].status.message().find("the type changed at '#/properties/a'"), std::string::npos) << errors[0].status.message();
  MockRegistry::drop("json-test");
  make({{"auto.register.schemas", "false"}, {"use.latest.version", "true"}});
  put(R"({"type":"object","title":"R","properties":{"a":{"type":"number"}}})", 6);
  auto written = encode(column);
  EXPECT_EQ(written[0], framed(R"({"a":1})", 6));
}

}  // namespace
}  // namespace bywash::formats
