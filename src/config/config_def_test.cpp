#include <gtest/gtest.h>

#include "config/properties.h"
#include "config/typed_config.h"

namespace bywash::config {
namespace {

struct Sample {
  std::string topic;
  int32_t flush_size = 0;
  bool on = false;
  List fields;
  std::optional<std::string> zone;
  Secret password;
};

TypedConfig<Sample> sample_def() {
  TypedConfig<Sample> def;
  def.key("topic", &Sample::topic).required().high().doc("Topic.");
  def.key("flush.size", &Sample::flush_size).by_default("3").at_least(1);
  def.key("on", &Sample::on).by_default("false");
  def.key("fields", &Sample::fields).by_default("");
  def.key("zone", &Sample::zone);
  def.key("password", &Sample::password);
  def.check("zone", [](const Sample& s) -> std::optional<std::string> {
    if (s.on && !s.zone) return "zone is needed when on";
    return std::nullopt;
  });
  return def;
}

TEST(TypedConfig, ReportsEveryProblemAtOnceInKafkasWords) {
  auto r = sample_def().parse({{"flush.size", "0"}, {"on", "maybe"}});
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.status().message(),
            "Missing required configuration \"topic\" which has no default value.\n"
            "Invalid value 0 for configuration flush.size: Value must be at least 1\n"
            "Invalid value maybe for configuration on: Expected value to be either true or false");
}
TEST(TypedConfig, BindsMembersAndDefaults) {
  auto r = sample_def().parse({{"topic", " t "}, {"fields", "a, b"}, {"password", "p"}});
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->topic, "t");
  EXPECT_EQ(r->flush_size, 3);
  EXPECT_EQ(r->fields, (List{"a", "b"}));
  EXPECT_FALSE(r->zone.has_value());
  EXPECT_EQ(r->password.text(), "p");
}
TEST(TypedConfig, ChecksRulesOverSeveralKeys) {
  auto r = sample_def().parse({{"topic", "t"}, {"on", "TRUE"}});
  EXPECT_EQ(r.status().message(), "zone is needed when on");
}
TEST(ConfigDef, HidesSecretsAndNamesTheNearestKey) {
  auto def = sample_def();
  Properties p{{"topic", "t"}, {"password", "s3cret"}, {"flush.sise", "1"}};
  for (const auto& v : def.def().validate(p)) {
    if (v.name == "password") {
      EXPECT_EQ(v.value, "[hidden]");
    }
  }
  auto warnings = def.def().unknown_key_warnings(p, {});
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], "Unknown key 'flush.sise' has no effect: did you mean 'flush.size'?");
}
TEST(Properties, ParsesJavasFormat) {
  auto p = parse_properties("# c\n! c\na=1\nb : two words\nc\\ d e\\\n  f\nempty=\nu=\\u00e9\\ud83d\\ude00\na=2\r\nq=a\\tb");
  ASSERT_TRUE(p.ok());
  EXPECT_EQ((*p)["a"], "2");
  EXPECT_EQ((*p)["b"], "two words");
  EXPECT_EQ((*p)["c d"], "ef");
  EXPECT_EQ((*p)["empty"], "");
  EXPECT_EQ((*p)["u"], "é😀");
  EXPECT_EQ((*p)["q"], "a\tb");
  EXPECT_FALSE(parse_properties("x=\\u12").ok());
}
}  // namespace
}  // namespace bywash::config
