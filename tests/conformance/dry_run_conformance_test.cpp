// Every recorded case (Kafka Connect 4.3.1, records/) through the dry run, which is made of the tasks' own parts: records exactly,
// errors by stage, component and Java class.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "canonical.h"
#include "formats/plugins.h"
#include "formats/schema_registry/mock_catalog.h"
#include "runtime/dry_run/sample_json.h"
#include "transforms/plugins.h"

namespace bywash::conformance {
namespace {

using Json = nlohmann::ordered_json;

const plugin::Registry& dry_run_registry() {
  static const plugin::Registry all = [] {
    plugin::Registry r;
    transforms::for_each_transform([&](plugin::TransformPlugin p) { r.add(std::move(p)); });
    transforms::for_each_predicate([&](plugin::PredicatePlugin p) { r.add(std::move(p)); });
    for (auto make : {formats::json_converter, formats::string_converter, formats::byte_array_converter}) r.add(make());
    for (auto& made : formats::number_converters()) r.add(std::move(made));
    for (auto& made : formats::number_header_converters()) r.add(std::move(made));
    r.add(formats::avro_converter());
    plugin::SchemaCatalog::set_process(formats::schema_registry::mock_catalog());
    for (auto make : {formats::simple_header_converter, formats::json_header_converter, formats::string_header_converter, formats::byte_array_header_converter}) {
      r.add(make());
    }
    return r;
  }();
  return all;
}

// Members of objects and entries of maps in one order.
nlohmann::json ordered(const Json& json) {
  if (json.is_array()) {
    nlohmann::json out = nlohmann::json::array();
    for (const auto& item : json) out.push_back(ordered(item));
    return out;
  }
  if (!json.is_object()) return nlohmann::json(json);
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [key, value] : json.items()) out[key] = ordered(value);
  if (out.size() == 1 && out.contains("map")) std::sort(out["map"].begin(), out["map"].end());
  return out;
}

Json unordered_parts(Json produced) {
  if (produced.is_null() || !produced.value("unordered", false)) return produced;
  for (const char* side : {"key", "value"}) {
    if (!produced[side].is_object() || !produced[side].contains("utf8")) continue;
    Json parsed = Json::parse(produced[side]["utf8"].get<std::string>(), nullptr, false);
    if (!parsed.is_discarded()) produced[side] = parsed;
  }
  return produced;
}

std::string difference_of(const Json& expected, const Json& actual) {
  auto part = [](const Json& j, const char* name) { return j.contains(name) ? j[name] : Json(); };
  bool same = expected["dropped"] == actual["dropped"] && expected.contains("error") == actual.contains("error");
  if (same && expected.contains("error")) {
    for (const char* name : {"stage", "component", "class"}) same = same && expected["error"][name] == actual["error"][name];
  } else if (same) {
    same = ordered(part(expected, "record")) == ordered(part(actual, "record")) &&
           ordered(unordered_parts(part(expected, "produced"))) == ordered(unordered_parts(part(actual, "produced")));
  }
  return same ? "" : "expected " + expected.dump() + "\n  actual   " + actual.dump();
}

// Plugins that other programs test: this one has Apache's.
bool is_ours(const Json& c) {
  auto known = [](const std::string& name) { return name.starts_with("org.apache.kafka.connect."); };
  for (const auto& step : c["chain"]) {
    if (!known(step["type"])) return false;
  }
  for (const char* key : {"key.converter", "value.converter", "header.converter"}) {
    if (c.contains(key) && !(dry_run_registry().converter(c[key]["class"].get<std::string>()) ||
                             dry_run_registry().header_converter(c[key]["class"].get<std::string>()))) {
      return false;
    }
  }
  return true;
}

TEST(DryRunOfRecordedCases, AgreesWithKafkaConnect) {
  const bool loud = std::getenv("BYWASH_CONFORMANCE_VERBOSE") != nullptr;
  size_t agreed = 0, total = 0;
  std::string shown;
  for (const Case& recorded : load_cases("tests/conformance/records", "")) {
    const Json json = Json::parse(recorded.text);
    if (!is_ours(json)) continue;
    ++total;
    auto c = runtime::case_of(json);
    Json actual = c.ok() ? Json() : Json{{"id", recorded.id}, {"dropped", false}, {"unreadable", c.status().message()}};
    if (c.ok()) {
      runtime::DryRun run = runtime::DryRun::make(std::move(c->spec), dry_run_registry());
      actual = runtime::to_json(c->id, run.run(c->sample));
    }
    const std::string why = difference_of(Json::parse(recorded.answer), actual);
    agreed += why.empty();
    if (!why.empty() && (loud || shown.size() < 20'000)) shown += recorded.id + " (" + recorded.note + ") " + json["chain"].dump() + "\n  " + why + "\n";
  }
  printf("%zu of %zu recorded cases agree\n", agreed, total);
  if (loud) printf("%s", shown.c_str());
  ASSERT_GT(total, 2000u);
  EXPECT_GE(agreed * 1000, total * 995) << shown;
}

}  // namespace
}  // namespace bywash::conformance
