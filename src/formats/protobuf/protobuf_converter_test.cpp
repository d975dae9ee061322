// ProtobufConverter against libprotobuf: messages that it writes from text, and messages of ours that it reads back.
#include <arrow/array.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <random>

#include "columnar/java_number.h"
#include "columnar/java_text.h"
#include "formats/protobuf/proto_schema.h"
#include "formats/protobuf/protobuf_converter.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats {
namespace {

namespace pb = google::protobuf;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;
using columnar::Value;
using schema_registry::MockRegistry;

const char kOrder[] = R"(
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "confluent/type/decimal.proto";
import "confluent/meta.proto";
message Outer { message Inner { int32 n = 1; } Inner inner = 1; }
enum Side { UNKNOWN = 0; BUY = 1; SELL = 2; }
message Order {
  int32 id = 1;
  sint32 zz = 2;
  uint32 u = 3;
  fixed64 f64 = 4;
  double price = 5;
  float ratio = 6;
  bool open = 7;
  string name = 8;
  bytes raw = 9;
  Side side = 10;
  optional int64 maybe = 11;
  repeated int32 packed = 12;
  repeated string words = 13;
  map<string, int32> my_counts = 14;
  Outer outer = 15;
  oneof choice { string text = 16; Outer.Inner inner = 17; int32 number = 18; }
  google.protobuf.Timestamp at = 19;
  google.type.Date day = 20;
  google.type.TimeOfDay tod = 21;
  confluent.type.Decimal amount = 22 [(confluent.field_meta) = { params: [{ key: "scale", value: "2" }, { key: "precision", value: "10" }] }];
  google.protobuf.StringValue note = 23;
  int32 tiny = 24 [(confluent.field_meta).params = { key: "connect.type", value: "int8" }];
  repeated Outer many = 300;
}
)";

std::string framed(int32_t id, const std::string& indexes, const std::string& message) {
  return std::string("\0\0\0\0", 4) + static_cast<char>(id) + indexes + message;
}

class ProtobufCase : public testing::Test {
 protected:
  void SetUp() override { MockRegistry::drop("proto-test"); }

  void make(plugin::Properties properties = {}) {
    properties.try_emplace("schema.registry.url", "mock://proto-test");
    auto made = protobuf_converter().make(properties, false);
    ASSERT_TRUE(made.ok()) << made.status().message();
    converter_ = *std::move(made);
  }
  void put(const std::string& text, int32_t id = 1, std::vector<schema_registry::Reference> references = {}, const std::string& subject = "t-value") {
    MockRegistry::named("proto-test")->put({subject, id, 7, {schema_registry::SchemaKind::kProtobuf, text, std::move(references)}});
    auto parsed = protobuf::ProtoSchema::parse(text, {});
    if (!parsed.ok()) return;
    schema_ = *parsed;
    kept_.push_back(schema_);
  }
  // The bytes that libprotobuf writes for a message given as text.
  std::string bytes(const std::string& type, const std::string& text) {
    std::unique_ptr<pb::Message> message(factory_.GetPrototype(schema_->find(type))->New());
    EXPECT_TRUE(pb::TextFormat::ParseFromString(text, message.get())) << text;
    std::string out;
    EXPECT_TRUE(message->SerializePartialToString(&out));
    return out;
  }
  plugin::Decoded decode(const std::vector<std::optional<std::string>>& payloads) {
    std::vector<std::optional<std::string_view>> views(payloads.begin(), payloads.end());
    auto out = converter_->decode("t", views);
    EXPECT_TRUE(out.ok()) << out.status().message();
    return out.ok() ? *std::move(out) : plugin::Decoded{};
  }
  // The only record, as Java's Struct.toString has it; "!" and the reason when it failed.
  std::string one(const std::string& payload) {
    auto out = decode({payload});
    if (!out.errors.empty()) return "!" + out.errors[0].status.java_class() + " " + out.errors[0].status.message();
    if (out.groups.size() != 1) return "?";
    last_ = out.groups[0].column;
    EXPECT_TRUE(last_.data->ValidateFull().ok());
    return columnar::java_text(columnar::value_at(last_, 0));
  }
  std::string order(const std::string& text) { return one(framed(1, "\x02\x02", bytes("shop.Order", text))); }
  const ConnectSchema& field(const std::string& name) { return *last_.schema->fields()[static_cast<size_t>(last_.schema->field_index(name))].schema; }

  std::vector<std::optional<std::string>> encode(const Column& column, std::vector<plugin::ConvertError>* errors = nullptr) {
    std::vector<std::optional<std::string>> out;
    std::vector<plugin::ConvertError> failed;
    Status written = converter_->encode("t", column, &out, &failed);
    EXPECT_TRUE(written.ok()) << written.message();
    if (errors) *errors = failed;
    else EXPECT_TRUE(failed.empty()) << failed[0].status.message();
    return out;
  }

  std::unique_ptr<plugin::Converter> converter_;
  std::shared_ptr<const protobuf::ProtoSchema> schema_;
  // The factory's messages refer to their schemas until it goes.
  std::vector<std::shared_ptr<const protobuf::ProtoSchema>> kept_;
  pb::DynamicMessageFactory factory_;
  Column last_;
};

const char kFull[] = R"(id: -5 zz: -7 u: 4000000000 f64: 18446744073709551615 price: 1.5 ratio: -0.25 open: true name: "grün" raw: "\001\377" side: SELL
  maybe: 0 packed: [1, -2, 300] words: ["a", ""] my_counts { key: "x" value: 1 } outer { inner { n: 3 } } inner { n: 9 }
  at { seconds: -1 nanos: 500000000 } day { year: 2024 month: 2 day: 29 } tod { hours: 23 minutes: 59 seconds: 59 nanos: 999000000 }
  amount { value: "\205" precision: 3 scale: 2 } note { value: "n" } tiny: 300 many { } many { inner { n: 1 } })";

TEST_F(ProtobufCase, ReadsEveryKindOfField) {
  make();
  put(kOrder);
  EXPECT_EQ(order(kFull),
            "Struct{choice_0=Struct{inner=Struct{n=9}},id=-5,zz=-7,u=4000000000,f64=-1,price=1.5,ratio=-0.25,open=true,name=grün,raw=\x01\xff,side=SELL,"
            "maybe=0,packed=[1, -2, 300],words=[a, ],my_counts={x=1},outer=Struct{inner=Struct{n=3}},at=Wed Dec 31 23:59:59 UTC 1969,"
            "day=Thu Feb 29 00:00:00 UTC 2024,tod=Thu Jan 01 23:59:59 UTC 1970,amount=-1.23,note=Struct{value=n},tiny=44,"
            "many=[Struct{}, Struct{inner=Struct{n=1}}]}");
  EXPECT_EQ(last_.schema->name(), "Order");
  EXPECT_EQ(last_.schema->version(), 7);
  EXPECT_FALSE(last_.schema->optional());
  EXPECT_EQ(field("choice_0").name(), "io.confluent.connect.protobuf.Union.choice");
  EXPECT_EQ(field("zz").parameters(), (std::map<std::string, std::string>{{"io.confluent.connect.protobuf.Tag", "2"}, {"io.confluent.connect.protobuf.Type", "sint32"}}));
  EXPECT_EQ(field("side").parameters().at("io.confluent.connect.protobuf.Enum"), "Side");
  EXPECT_EQ(field("side").parameters().at("io.confluent.connect.protobuf.Enum.SELL"), "2");
  EXPECT_EQ(field("amount").parameters(),
            (std::map<std::string, std::string>{{"io.confluent.connect.protobuf.Tag", "22"}, {"scale", "2"}, {"connect.decimal.precision", "10"}}));
  EXPECT_EQ(field("my_counts").name(), "my_counts");
  EXPECT_EQ(field("tiny").type(), Type::kInt8);
  EXPECT_EQ(field("packed").value_schema()->parameters().size(), 0u);
  EXPECT_TRUE(field("id").optional());
}

TEST_F(ProtobufCase, GivesAbsentFieldsTheirDefaultsOrNull) {
  make();
  put(kOrder);
  EXPECT_EQ(order(""), "Struct{id=0,zz=0,u=0,f64=0,price=0.0,ratio=0.0,open=false,name=,raw=,side=UNKNOWN,packed=[],words=[],my_counts={},tiny=0,many=[]}");
  make({{"generate.struct.for.nulls", "true"}, {"generate.index.for.unions", "false"}, {"enhanced.protobuf.schema.support", "true"}, {"int.for.enums", "true"}});
  EXPECT_EQ(order("day { year: 1 month: 1 day: 1 } amount { value: '1' } side: SELL text: 't'").substr(0, 36), "Struct{choice=Struct{text=t},id=0,zz");
  EXPECT_EQ(last_.schema->name(), "shop.Order");
  EXPECT_EQ(field("choice").name(), "io.confluent.connect.protobuf.Union.shop.Order.choice");
  EXPECT_EQ(field("my_counts").name(), "shop.Order.my_counts");
  EXPECT_EQ(field("side").type(), Type::kInt32);
  EXPECT_EQ(field("maybe").optional(), true);
  EXPECT_TRUE(order("").starts_with("!java.lang.IllegalArgumentException not a date"));
}

TEST_F(ProtobufCase, MergesAndOverwritesAsParsersDo) {
  make();
  put(kOrder);
  auto parts = [&](const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& t : texts) all += bytes("shop.Order", t);
    return one(framed(1, "\x02\x02", all));
  };
  EXPECT_NE(parts({"id: 1 name: 'a'", "id: 2", "name: 'b'"}).find("id=2,zz=0"), std::string::npos);
  EXPECT_NE(parts({"at { seconds: 5 }", "id: 3", "at { nanos: 7000000 }", "at { seconds: 6 }"}).find("at=Thu Jan 01 00:00:06 UTC 1970"), std::string::npos);
  EXPECT_TRUE(parts({"text: 'a'", "number: 4"}).starts_with("Struct{choice_0=Struct{number=4},"));
  EXPECT_TRUE(parts({"inner { n: 1 }", "text: 'x'", "inner { }"}).starts_with("Struct{choice_0=Struct{inner=Struct{n=0}},"));
  EXPECT_NE(parts({"my_counts { key: 'x' value: 1 }", "my_counts { key: 'y' value: 2 } my_counts { key: 'x' value: 3 }", "my_counts { }"}).find("my_counts={=0, x=3, y=2}"),
            std::string::npos);
  EXPECT_NE(parts({"packed: 1", "words: 'a'", "packed: [2, 3]", "words: 'b'"}).find("packed=[1, 2, 3],words=[a, b]"), std::string::npos);
}

TEST_F(ProtobufCase, ReadsPlainFieldsInAnyOrderAnyNumberOfTimes) {
  make();
  put("syntax = \"proto3\"; message Plain { int64 a = 1; string b = 2; double c = 3; int32 d = 4; }");
  std::mt19937_64 random(1);
  for (int run = 0; run < 2000; ++run) {
    std::string wire;
    for (uint64_t parts = random() % 9; parts > 0; --parts) {
      const int64_t n = static_cast<int64_t>(random() >> (random() % 64));
      static constexpr const char* kForms[] = {"a: {}", "b: '{}'", "c: {}", "d: {}"};
      const size_t field = random() % 4;
      wire += bytes("Plain", fmt::format(fmt::runtime(kForms[field]), field == 3 ? int64_t{static_cast<int32_t>(n)} : n));
    }
    std::unique_ptr<pb::Message> expected(factory_.GetPrototype(schema_->find("Plain"))->New());
    ASSERT_TRUE(expected->ParseFromString(wire));
    const auto& get = *expected->GetReflection();
    const auto& type = *expected->GetDescriptor();
    ASSERT_EQ(one(framed(1, std::string(1, '\0'), wire)),
              fmt::format("Struct{{a={},b={},c={},d={}}}", get.GetInt64(*expected, type.field(0)), get.GetString(*expected, type.field(1)),
                          columnar::java_double(get.GetDouble(*expected, type.field(2))), get.GetInt32(*expected, type.field(3))))
        << "run " << run;
  }
}

TEST_F(ProtobufCase, FailsRowsThatAreCorruptAtEveryByteAndKeepsTheOthers) {
  make();
  put(kOrder);
  std::string whole = bytes("shop.Order", kFull);
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    std::vector<std::optional<std::string>> in = {framed(1, "\x02\x02", whole), framed(1, "\x02\x02", whole.substr(0, cut)), std::nullopt, framed(1, "\x02\x02", whole)};
    auto out = decode(in);
    size_t rows = out.errors.size();
    for (const auto& group : out.groups) {
      rows += static_cast<size_t>(group.column.row_count());
      ASSERT_TRUE(group.column.data->ValidateFull().ok()) << cut;
    }
    ASSERT_EQ(rows, 4u) << cut;
  }
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = whole;
    for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
    auto out = decode({framed(1, "\x02\x02", bad), framed(1, "\x02\x02", whole)});
    for (const auto& group : out.groups) ASSERT_TRUE(group.column.data->ValidateFull().ok());
  }
  EXPECT_EQ(one(framed(1, "\x02\x02", "\x42\x02\xc3\x28")),
            "!org.apache.kafka.connect.errors.DataException Failed to deserialize data for topic t to Protobuf: a string is not valid UTF-8 (field 'name')");
  EXPECT_TRUE(one(std::string("\x01\0\0\0\1", 5)).find("Unknown magic byte!") != std::string::npos);
  EXPECT_TRUE(one(framed(1, "\x02\x10", "")).find("Invalid message indexes") != std::string::npos);
  EXPECT_TRUE(one(framed(9, std::string(1, 0), "")).starts_with("!org.apache.kafka.connect.errors.DataException"));
  EXPECT_TRUE(one(framed(1, "\x02\x02", "\xa2\x01\x02\x08\x05")).starts_with("!java.lang.IllegalArgumentException not a date"));
}

TEST_F(ProtobufCase, FindsTheMessageByItsPlace) {
  make();
  put(kOrder);
  EXPECT_EQ(one(framed(1, std::string(1, 0), bytes("shop.Outer", "inner { n: 4 }"))), "Struct{inner=Struct{n=4}}");
  EXPECT_EQ(one(framed(1, std::string("\x04\x00\x00", 3), bytes("shop.Outer.Inner", "n: 4"))), "Struct{n=4}");
}

TEST_F(ProtobufCase, ResolvesReferencesAndRefusesRecursion) {
  make();
  MockRegistry::named("proto-test")->put({"other", 5, 1, {schema_registry::SchemaKind::kProtobuf, "syntax = \"proto3\"; package o; message X { int32 a = 1; }", {}}});
  put("syntax = \"proto3\"; import \"other.proto\"; import \"buf/validate.proto\"; message R { o.X x = 1 [(buf.validate.field).required = true]; }", 6,
      {{"other.proto", "other", 1}});
  EXPECT_EQ(one(framed(6, std::string(1, 0), "\x0a\x02\x08\x03")), "Struct{x=Struct{a=3}}");
  put("syntax = \"proto3\"; message Node { Node next = 1; }", 8);
  EXPECT_TRUE(one(framed(8, std::string(1, 0), "")).find("'Node' contains itself") != std::string::npos);
}

TEST_F(ProtobufCase, FollowsProto2) {
  const char kText[] =
      "syntax = \"proto2\"; enum E { A = 1; B = 2; } message M { optional int32 a = 1 [default = 5]; required string b = 2; optional E e = 3; repeated E es = 4; "
      "repeated int32 p = 5 [packed = true]; }";
  put(kText);
  make();
  EXPECT_EQ(one(framed(1, std::string(1, 0), "\x12\x01x\x18\x09\x20\x09\x20\x02\x2a\x02\x01\x02\x28\x03")), "Struct{b=x,es=[B],p=[1, 2, 3]}");
  EXPECT_NE(one(framed(1, std::string(1, 0), "\x08\x01")).find("a required field is missing (field 'b')"), std::string::npos);
  make({{"optional.for.proto2", "false"}});
  EXPECT_EQ(one(framed(1, std::string(1, 0), "\x12\x01\xff")), "Struct{a=5,b=\xef\xbf\xbd,e=A,es=[],p=[]}");
}

TEST_F(ProtobufCase, WritesWhatItReadByteForByte) {
  put(kOrder);
  for (const plugin::Properties& options : std::vector<plugin::Properties>{
           {}, {{"optional.for.nullables", "true"}}, {{"wrapper.for.nullables", "true"}}, {{"generalized.sum.type.support", "true"}},
           {{"enhanced.protobuf.schema.support", "true"}, {"int.for.enums", "true"}}}) {
    make(options);
    // Cut off once, so that it comes back as it was.
    std::string text = kFull;
    text.replace(text.find("tiny: 300"), 9, "tiny: -44");
    std::string read = order(text);
    auto written = encode(last_);
    ASSERT_TRUE(written[0]);
    EXPECT_EQ(one(*written[0]), read);
    if (!options.empty() && !options.count("optional.for.nullables")) continue;
    // Without the word `optional` a zero that was there is left out.
    if (options.empty()) text.erase(text.find("maybe: 0"), 8);
    EXPECT_EQ(testing::PrintToString(written[0]->substr(6)), testing::PrintToString(bytes("shop.Order", text)));
  }
  make();
  for (const char* text : {"text: ''", "number: 0 maybe: -1", "inner { }"}) {
    order(text);
    auto written = encode(last_);
    EXPECT_EQ(testing::PrintToString(written[0]->substr(6)), testing::PrintToString(bytes("shop.Order", text)));
  }
}

TEST_F(ProtobufCase, RegistersTheFileThatConfluentRegisters) {
  make();
  columnar::SchemaSpec inner;
  inner.name = "com.x.Inner";
  inner.optional = true;
  inner.fields = {{"v", ConnectSchema::of(Type::kFloat64), false}};
  columnar::SchemaSpec map;
  map.type = Type::kMap;
  map.name = "my_tags";
  map.key_schema = ConnectSchema::of(Type::kString);
  map.value_schema = ConnectSchema::of(Type::kInt64, true);
  columnar::SchemaSpec list;
  list.type = Type::kArray;
  list.value_schema = ConnectSchema::of(Type::kString);
  columnar::SchemaSpec spec;
  spec.name = "com.x.Rec";
  spec.fields = {{"id", ConnectSchema::of(Type::kInt32), false},
                 {"small", ConnectSchema::of(Type::kInt8), false},
                 {"inner", ConnectSchema::make(inner), false},
                 {"tags", ConnectSchema::make(map), false},
                 {"words", ConnectSchema::make(list), false},
                 {"ts", ConnectSchema::named(Type::kInt64, columnar::kTimestampName, true), false},
                 {"amount", ConnectSchema::decimal(2), false}};
  auto schema = ConnectSchema::make(spec);
  columnar::ValueAppender rows(schema);
  Value in = Value::structure(schema->fields()[2].schema, {Value(2.5)});
  Value tags = Value::map({{Value::string("a"), Value(int64_t{1})}, {Value::string("b"), Value()}});
  ASSERT_TRUE(rows.append(Value::structure(schema, {Value(int32_t{1}), Value(int8_t{-1}), in, tags, Value::list({Value::string("w")}), Value(Value::Millis{1500}),
                                                     Value(columnar::Decimal{std::string("\x01\x00", 2), 2})}))
                  .ok());
  ASSERT_TRUE(rows.append_null().ok());
  auto column = rows.finish();
  ASSERT_TRUE(column.ok());
  auto written = encode(*column);
  ASSERT_TRUE(written[0]);
  EXPECT_FALSE(written[1]);
  auto all = MockRegistry::named("proto-test")->all();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].subject, "t-value");
  EXPECT_EQ(all[0].schema.text, R"(syntax = "proto3";
package com.x;

import "google/protobuf/timestamp.proto";
import "confluent/type/decimal.proto";

message Rec {
  int32 id = 1;
  int32 small = 2 [(confluent.field_meta) = { params: [{ key: "connect.type", value: "int8" }] }];
  Inner inner = 3;
  repeated MyTagsEntry tags = 4;
  repeated string words = 5;
  google.protobuf.Timestamp ts = 6;
  confluent.type.Decimal amount = 7 [(confluent.field_meta) = { params: [{ value: "2", key: "scale" }] }];

  message Inner {
    double v = 1;
  }
  message MyTagsEntry {
    string key = 1;
    int64 value = 2;
  }
}
)");
  auto parsed = protobuf::ProtoSchema::parse(all[0].schema.text, {});
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  kept_.push_back(*parsed);
  std::unique_ptr<pb::Message> message(factory_.GetPrototype((*parsed)->find("com.x.Rec"))->New());
  ASSERT_TRUE(message->ParseFromString(written[0]->substr(6)));
  std::string text;
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintToString(*message, &text);
  EXPECT_EQ(text, "id: 1 small: -1 inner { v: 2.5 } tags { key: \"a\" value: 1 } tags { key: \"b\" } words: \"w\" ts { seconds: 1 nanos: 500000000 } "
                  "amount { value: \"\\001\\000\" precision: 3 scale: 2 } ");
  EXPECT_TRUE(one(*written[0]).find("small=-1,inner=Struct{v=2.5},tags={a=1, b=0}") != std::string::npos);
}

TEST_F(ProtobufCase, WritesBareValuesAsWrappers) {
  make();
  auto column = columnar::constant_column(ConnectSchema::of(Type::kString), Value::string("hé"), 1);
  auto written = encode(*column);
  ASSERT_TRUE(written[0]);
  EXPECT_EQ(written[0]->substr(5), std::string("\x02\x0e\x0a\x03h\xc3\xa9"));
  EXPECT_EQ(one(*written[0]), "hé");
  EXPECT_EQ(last_.schema->type(), Type::kString);
  auto zero = columnar::constant_column(ConnectSchema::of(Type::kInt64), Value(int64_t{0}), 1);
  written = encode(*zero);
  EXPECT_EQ(one(*written[0]), "0");
}

TEST_F(ProtobufCase, RefusesWhatProtobufCannotHold) {
  make();
  std::vector<plugin::ConvertError> errors;
  columnar::SchemaSpec list;
  list.type = Type::kArray;
  list.value_schema = ConnectSchema::of(Type::kString);
  auto column = columnar::constant_column(ConnectSchema::make(list), Value::list({}), 1);
  encode(*column, &errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].status.java_class(), "java.lang.IllegalArgumentException");
  columnar::SchemaSpec spec;
  spec.name = "R";
  spec.fields = {{"a-b", ConnectSchema::of(Type::kInt32), false}};
  auto schema = ConnectSchema::make(spec);
  auto row = columnar::constant_column(schema, Value::structure(schema, {Value(int32_t{1})}), 1);
  encode(*row, &errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].status.code(), Code::kData);
  make({{"scrub.invalid.names", "true"}});
  EXPECT_TRUE(encode(*row)[0]);
  EXPECT_NE(MockRegistry::named("proto-test")->all().back().schema.text.find("int32 a_b = 1;"), std::string::npos);
}

}  // namespace
}  // namespace bywash::formats
