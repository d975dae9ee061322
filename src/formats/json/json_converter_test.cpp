// JsonConverter: groups, rollback, pointers that stay, malformed input at every cut.
#include <gtest/gtest.h>

#include "columnar/column.h"
#include "formats/json/json_writer.h"
#include "formats/plugins.h"

namespace bywash::formats {
namespace {

using columnar::Type;
using columnar::Value;
using Texts = std::vector<std::optional<std::string>>;

const std::string kSchema =
    R"({"type":"struct","optional":false,"fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":true,"field":"name"},)"
    R"({"type":"double","optional":true,"field":"price"}]})";

std::string envelope(const std::string& payload) { return R"({"schema":)" + kSchema + R"(,"payload":)" + payload + "}"; }

class JsonDecode : public testing::Test {
 protected:
  void make(plugin::Properties properties) {
    auto made = json_converter().make(properties, false);
    ASSERT_TRUE(made.ok()) << made.status().message();
    converter_ = *std::move(made);
  }
  void plain() { make({{"schemas.enable", "false"}}); }
  plugin::Decoded decode(const Texts& texts) {
    std::vector<std::optional<std::string_view>> views(texts.begin(), texts.end());
    auto out = converter_->decode("t", views);
    EXPECT_TRUE(out.ok());
    return *std::move(out);
  }
  // Each row back as JSON text; "!" for an error.
  std::vector<std::string> texts(const plugin::Decoded& decoded, size_t rows) {
    std::vector<std::string> out(rows, "?");
    for (const auto& error : decoded.errors) out[error.row] = "!";
    for (const auto& group : decoded.groups) {
      for (int64_t i = 0; i < group.column.row_count(); ++i) {
        std::string text;
        EXPECT_TRUE(JsonWriter().write(group.column, i, &text).ok());
        size_t row = group.rows.empty() ? static_cast<size_t>(i) : group.rows[static_cast<size_t>(i)];
        EXPECT_EQ(out[row], "?");
        out[row] = text;
      }
    }
    return out;
  }
  std::unique_ptr<plugin::Converter> converter_;
};

TEST_F(JsonDecode, TakesRowsThatFailBackAndKeepsTheOthers) {
  make({});
  Texts in = {envelope(R"({"id":1,"name":"a","price":1.5})"), envelope(R"({"id":2,"name":"b","price":)"), envelope(R"({"id":3,"name":null,"price":2})"),
              envelope(R"({"name":"x"})"), envelope(R"({"price":4.25,"id":5})")};
  auto out = decode(in);
  EXPECT_EQ(texts(out, in.size()), (std::vector<std::string>{R"({"id":1,"name":"a","price":1.5})", "!", R"({"id":3,"name":null,"price":2.0})", "!",
                                                            R"({"id":5,"name":null,"price":4.25})"}));
  ASSERT_EQ(out.errors.size(), 2u);
  EXPECT_EQ(out.errors[1].status.message(), "Invalid null value for required INT32 field (field 'id')");
  EXPECT_EQ(out.errors[1].status.java_class(), "org.apache.kafka.connect.errors.DataException");
}

TEST_F(JsonDecode, GivesTheSameSchemaPointerForTheSameEnvelope) {
  make({});
  auto first = decode({envelope(R"({"id":1})")});
  auto second = decode({" " + envelope(R"({"id":2})"), R"({"payload":{"id":3},"schema":)" + kSchema + "}"});
  ASSERT_EQ(second.groups.size(), 1u);
  EXPECT_EQ(first.groups[0].column.schema, second.groups[0].column.schema);
}

TEST_F(JsonDecode, ReadsThePayloadBeforeTheSchema) {
  make({});
  auto turned = [](const std::string& payload) { return R"({"payload":)" + payload + R"(, "schema":)" + kSchema + "}"; };
  Texts in = {turned(R"({"id":1})"), turned(R"({"id":2})"), R"({"payload":"x","schema":{"type":"string"}})", turned(R"({"id":3})")};
  auto out = decode(in);
  EXPECT_EQ(out.groups.size(), 2u);
  EXPECT_EQ(texts(out, 4), (std::vector<std::string>{R"({"id":1,"name":null,"price":null})", R"({"id":2,"name":null,"price":null})", "\"x\"",
                                                     R"({"id":3,"name":null,"price":null})"}));
}

TEST_F(JsonDecode, SplitsSchemasIntoGroupsAndKeepsTombstonesApart) {
  make({});
  Texts in = {envelope(R"({"id":1})"), std::nullopt, R"({"schema":{"type":"int64"},"payload":7})", R"({"schema":null,"payload":{"a":[1,"x"]}})",
              envelope(R"({"id":2})")};
  auto out = decode(in);
  EXPECT_EQ(out.groups.size(), 4u);
  EXPECT_EQ(texts(out, 5), (std::vector<std::string>{R"({"id":1,"name":null,"price":null})", "null", "7", R"({"a":[1,"x"]})", R"({"id":2,"name":null,"price":null})"}));
}

TEST_F(JsonDecode, TakesTheLastOfRepeatedKeys) {
  make({});
  EXPECT_EQ(texts(decode({envelope(R"({"id":1,"id":2})")}), 1)[0], R"({"id":2,"name":null,"price":null})");
  EXPECT_EQ(texts(decode({R"({"schema":{"type":"int8"},"payload":1,"payload":2})"}), 1)[0], "2");
  plain();
  EXPECT_EQ(texts(decode({R"({"a":1,"b":2,"a":3})"}), 1)[0], R"({"a":3,"b":2})");
}

TEST_F(JsonDecode, RefusesAThirdMemberBehindAKnownEnvelope) {
  make({});
  Texts in = {R"({"schema":{"type":"int8"},"payload":1})", R"({"schema":{"type":"int8"},"payload":1,"x":2})", R"({"schema":{"type":"int8"},"payload":1 } trailing)"};
  EXPECT_EQ(texts(decode(in), 3), (std::vector<std::string>{"1", "!", "1"}));
}

TEST_F(JsonDecode, PutsPlainJsonOfChangingShapeIntoOneGroup) {
  plain();
  Texts in = {R"({"a":1,"b":"x"})", std::nullopt, R"({"b":null,"c":true})", R"({"a":1.5,"d":{"e":[{"f":1},{"g":null}]}})", "{", R"({"a":"s"})"};
  auto out = decode(in);
  ASSERT_EQ(out.groups.size(), 1u);
  EXPECT_EQ(texts(out, 6), (std::vector<std::string>{R"({"a":1,"b":"x"})", "null", R"({"b":null,"c":true})", R"({"a":1.5,"d":{"e":[{"f":1},{"g":null}]}})", "!",
                                                     R"({"a":"s"})"}));
  auto again = decode({R"({"b":"y"})"});
  EXPECT_EQ(again.groups[0].column.schema, out.groups[0].column.schema);
  EXPECT_EQ(texts(again, 1)[0], R"({"b":"y"})");
}

TEST_F(JsonDecode, TypesPlainColumnsByWhatTheyHold) {
  plain();
  auto out = decode({R"({"i":1,"f":1.5,"s":"x","b":true,"n":null,"o":{"k":1},"l":[1,2]})"});
  const auto& fields = out.groups[0].column.schema->fields();
  std::vector<Type> types;
  for (const auto& f : fields) types.push_back(f.schema->type());
  EXPECT_EQ(types, (std::vector<Type>{Type::kInt64, Type::kFloat64, Type::kString, Type::kBoolean, Type::kNull, Type::kObject, Type::kArray}));
  EXPECT_TRUE(out.groups[0].column.schema->schemaless());
}

TEST_F(JsonDecode, DoesNotMakeAColumnOfEveryKeyThereCouldBe) {
  plain();
  Texts in;
  for (int i = 0; i < 3000; ++i) in.push_back(R"({"m":{"key)" + std::to_string(i) + R"(":1}})");
  auto out = decode(in);
  ASSERT_EQ(out.groups.size(), 1u);
  EXPECT_EQ(out.groups[0].column.schema->fields()[0].schema->type(), Type::kVariant);
  EXPECT_EQ(texts(out, in.size())[2999], R"({"m":{"key2999":1}})");
}

TEST_F(JsonDecode, SurvivesTruncationAtEveryByte) {
  std::string whole = envelope(R"({"id":12,"name":"a\u00e9\ud83d\ude00 \"q\" é","price":-1.25e3})");
  for (bool schemas : {true, false}) {
    make({{"schemas.enable", schemas ? "true" : "false"}});
    for (bool warm : {false, true}) {
      if (warm) decode({whole});
      for (size_t n = 0; n < whole.size(); ++n) {
        auto out = decode({whole.substr(0, n)});
        EXPECT_EQ(out.errors.size(), n == 0 && !schemas ? 0u : 1u) << n;
      }
      EXPECT_TRUE(decode({whole}).errors.empty());
    }
  }
}

TEST_F(JsonDecode, NeverQuotesTheRecordInAnError) {
  plain();
  auto out = decode({R"({"password": hunter2})"});
  ASSERT_EQ(out.errors.size(), 1u);
  EXPECT_EQ(out.errors[0].status.message().find("hunter2"), std::string::npos);
}

TEST_F(JsonDecode, ReadsUtf16AndUtf32AsJacksonDoes) {
  plain();
  std::string utf16("\xFE\xFF\0{\0\"\0a\0\"\0:\0" "1\0}", 16);
  EXPECT_EQ(texts(decode({utf16}), 1)[0], R"({"a":1})");
  std::string little("5\0\0\0", 4);
  EXPECT_EQ(texts(decode({little}), 1)[0], "5");
}

}  // namespace
}  // namespace bywash::formats
