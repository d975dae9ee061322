// Frames, subjects, choice of schemas and configuration, over the registry of this process.
#include <gtest/gtest.h>

#include "formats/schema_registry/converter_schemas.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats::schema_registry {
namespace {

SchemaLanguage language() {
  SchemaLanguage out;
  out.record_name = [](const SchemaText& s, const auto&) -> Result<std::optional<std::string>> {
    if (s.text == "\"int\"") return std::optional<std::string>();
    return std::optional<std::string>("com.acme." + s.text);
  };
  out.can_read = [](const SchemaText& reader, const auto&, const SchemaText& writer) -> Status {
    return reader.text.size() >= writer.text.size() ? Status() : Status::data("a field is missing");
  };
  return out;
}

Result<std::unique_ptr<ConverterSchemas>> open(config::Properties properties, const std::string& scope) {
  MockRegistry::drop(scope);
  properties["schema.registry.url"] = "mock://" + scope;
  ASSIGN_OR_RETURN(RegistryConfig config, parse_registry_config(properties));
  return ConverterSchemas::make(std::move(config), language(), false);
}

SchemaText text(std::string s) { return {SchemaKind::kAvro, std::move(s), {}}; }

TEST(Frame, IsAZeroByteAndTheId) {
  std::string bytes;
  append_frame(0x01020304, &bytes);
  bytes += "rest";
  EXPECT_EQ(bytes, std::string("\0\1\2\3\4rest", 9));
  std::string_view view = bytes;
  EXPECT_EQ(*take_frame(&view), 0x01020304);
  EXPECT_EQ(view, "rest");
}

TEST(Frame, NamesWhatIsWrong) {
  std::string_view magic = "\1abcd", empty = "", cut("\0\0\0", 3);
  EXPECT_EQ(take_frame(&magic).status().message(), "Unknown magic byte!");
  EXPECT_EQ(take_frame(&empty).status().java_class(), "java.nio.BufferUnderflowException");
  EXPECT_EQ(take_frame(&cut).status().java_class(), "java.nio.BufferUnderflowException");
}

TEST(ToWrite, RegistersOnceUnderTheTopicsSubject) {
  auto schemas = open({}, "a");
  ASSERT_TRUE(schemas.ok()) << schemas.status().message();
  auto first = (*schemas)->to_write("orders", text("R"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->registered.id, 1);
  EXPECT_EQ((*first)->registered.subject, "orders-value");
  EXPECT_EQ(*(*schemas)->to_write("orders", text("R")), *first);
  EXPECT_EQ((*(*schemas)->to_write("orders", text("S")))->registered.id, 2);
  EXPECT_EQ((*(*schemas)->to_write("other", text("R")))->registered.id, 1) << "the same schema has the same id everywhere";
  EXPECT_EQ(MockRegistry::named("a")->all().size(), 3u);
}

TEST(ToWrite, FollowsTheRecordNameStrategies) {
  auto record = open({{"value.subject.name.strategy", "io.confluent.kafka.serializers.subject.RecordNameStrategy"}}, "b");
  EXPECT_EQ((*(*record)->to_write("t", text("R")))->registered.subject, "com.acme.R");
  auto both = open({{"value.subject.name.strategy", "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy"}}, "b");
  EXPECT_EQ((*(*both)->to_write("t", text("R")))->registered.subject, "t-com.acme.R");
  Status nameless = (*both)->to_write("t", text("\"int\"")).status();
  EXPECT_NE(nameless.message().find("must only be a record schema"), std::string::npos) << nameless.message();
}

TEST(ToWrite, UsesTheLatestVersionAndChecksIt) {
  config::Properties p = {{"auto.register.schemas", "false"}, {"use.latest.version", "true"}};
  auto schemas = open(p, "c");
  MockRegistry::named("c")->put({"orders-value", 7, 1, text("long schema")});
  MockRegistry::named("c")->put({"orders-value", 9, 2, text("tiny")});
  Status refused = (*schemas)->to_write("orders", text("longer than that")).status();
  EXPECT_NE(refused.message().find("latest.compatibility.strict=false"), std::string::npos) << refused.message();
  EXPECT_EQ((*(*schemas)->to_write("orders", text("tin")))->registered.id, 9);
  p["latest.compatibility.strict"] = "false";
  auto lax = open(p, "c");
  MockRegistry::named("c")->put({"orders-value", 9, 2, text("tiny")});
  EXPECT_EQ((*(*lax)->to_write("orders", text("longer than that")))->registered.schema.text, "tiny");
}

TEST(ToWrite, LooksUpWhenItMayNotRegister) {
  auto schemas = open({{"auto.register.schemas", "false"}}, "d");
  Status missing = (*schemas)->to_write("orders", text("R")).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  Status reported = ConverterSchemas::writing_error(missing, "orders", "Avro");
  EXPECT_EQ(reported.code(), Code::kData);
  EXPECT_EQ(reported.java_class(), "org.apache.kafka.connect.errors.DataException");
  EXPECT_NE(reported.message().find("40401"), std::string::npos) << reported.message();
}

TEST(ToRead, GivesVersionAndReferences) {
  auto schemas = open({}, "e");
  auto registry = MockRegistry::named("e");
  registry->put({"base", 1, 3, text("B")});
  SchemaText with_reference = text("R");
  with_reference.references = {{"com.acme.B", "base", 3}};
  registry->put({"orders-value", 2, 5, with_reference});
  auto found = (*schemas)->to_read("orders", 2);
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ((*found)->registered.version, 5);
  ASSERT_EQ((*found)->references.size(), 1u);
  EXPECT_EQ((*found)->references[0].name, "com.acme.B");
  EXPECT_EQ((*schemas)->to_read("orders", 99).status().code(), Code::kNotFound);
}

TEST(Config, ReportsEveryProblem) {
  auto config = parse_registry_config({{"schema.registry.url", "ftp://x"}, {"value.subject.name.strategy", "com.acme.Mine"}});
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.status().message().find("http://"), std::string::npos);
  EXPECT_NE(config.status().message().find("TopicRecordNameStrategy"), std::string::npos);
  EXPECT_FALSE(parse_registry_config({}).ok());
  EXPECT_FALSE(parse_registry_config({{"schema.registry.url", "http://x"}, {"basic.auth.credentials.source", "USER_INFO"}}).ok());
  EXPECT_FALSE(parse_registry_config({{"schema.registry.url", "http://x"}, {"bearer.auth.credentials.source", "CUSTOM"}}).ok());
  EXPECT_TRUE(parse_registry_config({{"schema.registry.url", "http://x, http://y"}}).ok());
}

}  // namespace
}  // namespace bywash::formats::schema_registry
