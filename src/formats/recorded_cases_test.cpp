// Every recorded case of a converter (Kafka Connect 4.3.1) through ours: the same record, the same bytes or the same failure.
#include <gtest/gtest.h>

#include <canonical.h>
#include <nlohmann/json.hpp>

#include "columnar/column.h"
#include "formats/plugins.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats {
namespace {

using conformance::Record;
using nlohmann::json;

const char* kFolder = "tests/conformance/records";

struct Failure {
  std::string stage;
  Status status;
};

plugin::Properties properties_of(const json& config) {
  plugin::Properties out;
  for (const auto& [key, value] : config.items()) out[key] = value.get<std::string>();
  return out;
}

// What the registry of an AvroConverter's case holds; each has one of its own.
plugin::Properties with_registry(const json& part, bool is_key) {
  std::string scope = is_key ? "case-key" : "case-value";
  schema_registry::MockRegistry::drop(scope);
  auto registry = schema_registry::MockRegistry::named(scope);
  if (part.contains("schemas")) {
    for (const json& s : part["schemas"]) registry->put({s["subject"], s["id"], s["version"], {schema_registry::SchemaKind::kAvro, s["schema"], {}}});
  }
  plugin::Properties out = properties_of(part["config"]);
  out["schema.registry.url"] = "mock://" + scope;
  return out;
}

Result<std::unique_ptr<plugin::Converter>> make_converter(const json& part, bool is_key) {
  std::string name = part["class"];
  std::vector<plugin::ConverterPlugin> known = number_converters();
  known.push_back(json_converter());
  known.push_back(string_converter());
  known.push_back(byte_array_converter());
  for (const auto& plugin : known) {
    if (plugin.info.class_names[0] == name) return plugin.make(properties_of(part["config"]), is_key);
  }
  if (name == avro_converter().info.class_names[0]) return avro_converter().make(with_registry(part, is_key), is_key);
  return Status::not_found("no converter " + name);
}

Result<std::unique_ptr<plugin::HeaderConverter>> make_header_converter(const json& part) {
  std::string name = part["class"];
  std::vector<plugin::HeaderConverterPlugin> known = number_header_converters();
  known.push_back(simple_header_converter());
  known.push_back(json_header_converter());
  known.push_back(string_header_converter());
  known.push_back(byte_array_header_converter());
  for (const auto& plugin : known) {
    if (plugin.info.class_names[0] == name) return plugin.make(properties_of(part["config"]));
  }
  return Status::not_found("no header converter " + name);
}

Result<columnar::Header> decode_side(plugin::Converter& converter, const json& bytes) {
  std::optional<std::string> text = conformance::bytes_of(bytes);
  std::vector<std::optional<std::string_view>> payloads(1);
  if (text) payloads[0] = *text;
  ASSIGN_OR_RETURN(auto decoded, converter.decode("orders", payloads));
  if (!decoded.errors.empty()) return decoded.errors[0].status;
  columnar::Header out;
  const auto& column = decoded.groups.at(0).column;
  if (!column.schema->schemaless()) out.schema = column.schema;
  out.value = columnar::value_at(column, 0);
  return out;
}

Result<Record> sink_record(const json& c, Failure* failure) {
  auto fail = [&](const char* stage, Status status) {
    *failure = {stage, status};
    return status;
  };
  auto key_converter = make_converter(c["key.converter"], true);
  if (!key_converter.ok()) return fail("CONFIGURE", key_converter.status());
  auto value_converter = make_converter(c["value.converter"], false);
  if (!value_converter.ok()) return fail("CONFIGURE", value_converter.status());
  auto header_converter = make_header_converter(c["header.converter"]);
  if (!header_converter.ok()) return fail("CONFIGURE", header_converter.status());
  Record r;
  r.topic = c["topic"];
  r.partition = c["partition"].get<int32_t>();
  if (!c["timestamp"].is_null() && c["timestamp"] != -1) r.timestamp = c["timestamp"].get<int64_t>();
  auto key = decode_side(**key_converter, c["key"]);
  if (!key.ok()) return fail("KEY_CONVERTER", key.status());
  auto value = decode_side(**value_converter, c["value"]);
  if (!value.ok()) return fail("VALUE_CONVERTER", value.status());
  r.key_schema = key->schema;
  r.key = key->value;
  r.value_schema = value->schema;
  r.value = value->value;
  for (const json& h : c["headers"]) {
    std::optional<std::string> bytes = conformance::bytes_of(h["value"]);
    auto header = (*header_converter)->decode(r.topic, h["key"], bytes);
    if (!header.ok()) return fail("HEADER_CONVERTER", header.status());
    r.headers.push_back(*std::move(header));
  }
  return r;
}

// Connect's own message must be the beginning of ours; ours may go on with the reason.
std::string check_failure(const json& expected, const Failure& actual) {
  std::string message = expected["message"].is_null() ? "" : expected["message"].get<std::string>();
  // A converter that returns null kills the original's task in the next step; here its record fails.
  if (expected["stage"] == "RECORD") return actual.status.java_class() == expected["class"] ? "" : "class " + actual.status.java_class();
  // An EOFException has no message of its own.
  if (message.ends_with(": null")) message.resize(message.size() - 4);
  if (actual.stage != expected["stage"]) return "stage " + actual.stage + ": " + actual.status.message();
  if (actual.status.message().find(message) == std::string::npos) return "message: " + actual.status.message();
  bool configure = actual.stage == "CONFIGURE";
  if (!configure && actual.status.java_class() != expected["class"]) return "class " + actual.status.java_class();
  return "";
}

std::string run_sink(const json& c, const json& answer) {
  Failure failure;
  auto record = sink_record(c, &failure);
  if (answer.contains("error")) return record.ok() ? "should fail: " + answer["error"].dump() + " but gave " + to_json(*record).dump() : check_failure(answer["error"], failure);
  if (!record.ok()) return failure.stage + " failed: " + failure.status.message();
  auto expected = conformance::record_of(answer["record"]);
  if (!expected.ok()) return "answer: " + expected.status().message();
  return conformance::difference(*expected, *record);
}

std::string compare_bytes(const char* what, const std::optional<std::string>& expected, const std::optional<std::string>& actual, bool unordered) {
  if (expected == actual) return "";
  if (unordered && expected && actual) {
    json a = json::parse(*expected, nullptr, false), b = json::parse(*actual, nullptr, false);
    if (!a.is_discarded() && a == b) return "";
  }
  return std::string(what) + ": expected " + expected.value_or("null") + " but got " + actual.value_or("null");
}

Result<std::optional<std::string>> encode_side(plugin::Converter& converter, const columnar::SchemaPtr& schema, const columnar::Value& value) {
  ASSIGN_OR_RETURN(columnar::Column column, conformance::column_of(schema, {value}));
  std::vector<std::optional<std::string>> out;
  std::vector<plugin::ConvertError> errors;
  RETURN_IF_ERROR(converter.encode("orders", column, &out, &errors));
  if (!errors.empty()) return errors[0].status;
  return out.at(0);
}

// The text that the registry got.
std::string compare_schema(const json& c, const json& produced, const std::string& side, const std::string& scope) {
  std::string name = side + "_avro_schema";
  if (!produced.contains(name) || produced[name].is_null() || !c[side + ".converter"]["class"].get<std::string>().ends_with(".AvroConverter")) return "";
  auto all = schema_registry::MockRegistry::named(scope)->all();
  std::string text = all.empty() ? "none" : all.back().schema.text;
  return text == produced[name].get<std::string>() ? "" : "schema: " + text;
}

std::string run_source(const json& c, const json& answer) {
  auto record = conformance::record_of(c["record"]);
  if (!record.ok()) return "unsupported: " + record.status().message();
  Failure failure;
  std::optional<std::string> key, value;
  std::vector<std::optional<std::string>> headers;
  auto run = [&]() -> Status {
    failure.stage = "CONFIGURE";
    ASSIGN_OR_RETURN(auto key_converter, make_converter(c["key.converter"], true));
    ASSIGN_OR_RETURN(auto value_converter, make_converter(c["value.converter"], false));
    ASSIGN_OR_RETURN(auto header_converter, make_header_converter(c["header.converter"]));
    failure.stage = "HEADER_CONVERTER";
    for (const auto& h : record->headers) {
      ASSIGN_OR_RETURN(auto bytes, header_converter->encode(record->topic, h));
      headers.push_back(std::move(bytes));
    }
    failure.stage = "KEY_CONVERTER";
    ASSIGN_OR_RETURN(key, encode_side(*key_converter, record->key_schema, record->key));
    failure.stage = "VALUE_CONVERTER";
    ASSIGN_OR_RETURN(value, encode_side(*value_converter, record->value_schema, record->value));
    return {};
  };
  failure.status = run();
  if (answer.contains("error")) {
    if (answer["error"]["stage"] == "TIMESTAMP") return failure.status.ok() ? "" : failure.status.message();  // the task's own check
    return failure.status.ok() ? "should fail: " + answer["error"].dump() : check_failure(answer["error"], failure);
  }
  if (!failure.status.ok()) return failure.stage + " failed: " + failure.status.message();
  const json& produced = answer["produced"];
  bool unordered = produced["unordered"];
  if (std::string wrong = compare_schema(c, produced, "key", "case-key") + compare_schema(c, produced, "value", "case-value"); !wrong.empty()) return wrong;
  std::string out = compare_bytes("key", conformance::bytes_of(produced["key"]), key, unordered);
  if (out.empty()) out = compare_bytes("value", conformance::bytes_of(produced["value"]), value, unordered);
  for (size_t i = 0; out.empty() && i < headers.size(); ++i) {
    out = compare_bytes("header", conformance::bytes_of(produced["headers"][i]["value"]), headers[i], unordered);
  }
  return out;
}

// Cases that differ on purpose, by what docs/compatibility/formats.md says.
bool differs_on_purpose(const std::string& id) {
  // A byte[] as text, which is an identity hash in Java; a BigInteger, which no converter makes.
  static const char* kIds[] = {"string-converter-0032", "json-from-connect-0281"};
  return std::any_of(std::begin(kIds), std::end(kIds), [&](const char* known) { return id == known; });
}

// Cases with a chain are the transforms' tests'.
bool uses_only_ours(const json& c) {
  if (c.contains("chain") && !c["chain"].empty()) return false;
  for (const char* part : {"key.converter", "value.converter", "header.converter"}) {
    if (!c.contains(part)) return false;
    std::string name = c[part]["class"];
    bool known = false;
    for (const char* end : {".JsonConverter", ".StringConverter", ".ByteArrayConverter", ".SimpleHeaderConverter", ".AvroConverter", ".BooleanConverter",
                            ".ShortConverter", ".IntegerConverter", ".LongConverter", ".FloatConverter", ".DoubleConverter"}) {
      known = known || name.ends_with(end);
    }
    if (!known) return false;
  }
  return true;
}

class RecordedCases : public testing::TestWithParam<const char*> {};

TEST_P(RecordedCases, AgreeWithKafkaConnect) {
  size_t run = 0, agreed = 0;
  for (const auto& recorded : conformance::load_cases(kFolder, GetParam())) {
    json c = json::parse(recorded.text), answer = json::parse(recorded.answer);
    if (!uses_only_ours(c)) continue;
    ++run;
    std::string wrong = c["direction"] == "sink" ? run_sink(c, answer) : run_source(c, answer);
    if (wrong.empty()) ++agreed;
    else if (!differs_on_purpose(recorded.id)) ADD_FAILURE() << recorded.id << " (" << recorded.note << "): " << wrong;
  }
  EXPECT_GT(run, 0u);
  RecordProperty("agreed", static_cast<int>(agreed));
  printf("%s: %zu of %zu agree\n", GetParam(), agreed, run);
}

INSTANTIATE_TEST_SUITE_P(Groups, RecordedCases,
                         testing::Values("json-to-connect", "json-from-connect", "string-converter", "bytearray-converter", "simple-header", "simple-header-from",
                                         "boolean-converter", "short-converter", "integer-converter", "long-converter", "float-converter", "double-converter",
                                         "avro-converter"),
                         [](const auto& group) {
                           std::string name = group.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace bywash::formats
