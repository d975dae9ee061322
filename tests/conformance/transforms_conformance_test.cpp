// The recorded answers of Kafka Connect 4.3.1's transforms and predicates (records/), against the chain: converters first, then the
// chain, as a sink task does. Each record runs alone and as one of 7 and of 4096 equal records.
#include <arrow/array.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "canonical.h"
#include "formats/plugins.h"
#include "transforms/plugins.h"
#include "transforms/transform_chain.h"

namespace bywash::conformance {
namespace {

using columnar::Batch;
using columnar::Column;
using nlohmann::json;

const plugin::Registry& registry() {
  static const plugin::Registry all = [] {
    plugin::Registry r;
    transforms::for_each_transform([&](plugin::TransformPlugin p) { r.add(std::move(p)); });
    transforms::for_each_predicate([&](plugin::PredicatePlugin p) { r.add(std::move(p)); });
    r.add(formats::json_converter());
    r.add(formats::string_converter());
    r.add(formats::byte_array_converter());
    r.add(formats::simple_header_converter());
    return r;
  }();
  return all;
}

// What became of a record: where it failed (stage, component, Java class), or that it was dropped, or the record.
struct Outcome {
  std::string stage, component, java_class, message;
  bool dropped = false;
  std::optional<Record> record;
};

Outcome failed(std::string stage, std::string component, const Status& status) {
  return {std::move(stage), std::move(component), status.java_class(), status.message(), false, std::nullopt};
}

plugin::Properties properties_of(const json& config) {
  plugin::Properties out;
  for (const auto& [key, value] : config.items()) out[key] = value.get<std::string>();
  return out;
}

// One column of `count` equal payloads, or why they can't be converted.
Result<Column> decode(const json& converter, bool is_key, const std::string& topic, const json& payload, size_t count) {
  const plugin::ConverterPlugin* plugin = registry().converter(converter["class"].get<std::string>());
  if (!plugin) return Status::invalid("no converter " + converter["class"].get<std::string>());
  plugin::Properties properties = properties_of(converter["config"]);
  ASSIGN_OR_RETURN(auto made, plugin->make(properties, is_key));
  std::optional<std::string> bytes = bytes_of(payload);
  std::vector<std::optional<std::string_view>> payloads(count, bytes ? std::optional<std::string_view>(*bytes) : std::nullopt);
  ASSIGN_OR_RETURN(plugin::Decoded decoded, made->decode(topic, payloads));
  if (!decoded.errors.empty()) return decoded.errors[0].status;
  if (decoded.groups.size() != 1) return Status::fatal("equal payloads came back in several groups");
  return decoded.groups[0].column;
}

// The batch of a sink case, or the outcome when it doesn't get that far.
std::variant<Batch, Outcome> sink_batch(const json& c, size_t count) {
  if (c.contains("record")) {
    auto record = record_of(c["record"]);
    if (!record.ok()) return failed("SKIP", "", record.status());
    auto one = batch_of(*record, c.value("offset", int64_t{0}));
    if (!one.ok()) return failed("SKIP", "", one.status());
    Batch batch = columnar::take(*one, std::vector<uint32_t>(count, 0));
    for (size_t i = 0; i < count; ++i) batch.offsets[i] += static_cast<int64_t>(i);
    batch.raw_rows.clear();
    return batch;
  }
  Batch batch;
  const std::string topic = c["topic"];
  batch.origin = {topic, Partition(c["partition"].get<int32_t>())};
  batch.topic = topic;
  batch.kafka_partition = c["partition"];
  auto key = decode(c["key.converter"], true, topic, c["key"], count);
  if (!key.ok()) return failed("KEY_CONVERTER", "key.converter", key.status());
  auto value = decode(c["value.converter"], false, topic, c["value"], count);
  if (!value.ok()) return failed("VALUE_CONVERTER", "value.converter", value.status());
  batch.key = *key;
  batch.value = *value;
  std::vector<columnar::Header> headers;
  if (!c["headers"].empty()) {
    const plugin::HeaderConverterPlugin* plugin = registry().header_converter(c["header.converter"]["class"].get<std::string>());
    if (!plugin) return failed("SKIP", "", Status::invalid("no such header converter"));
    auto converter = plugin->make(properties_of(c["header.converter"]["config"]));
    if (!converter.ok()) return failed("CONFIGURE", "header.converter", converter.status());
    for (const json& h : c["headers"]) {
      auto bytes = bytes_of(h["value"]);
      auto header = (*converter)->decode(topic, h["key"].get<std::string>(), bytes ? std::optional<std::string_view>(*bytes) : std::nullopt);
      if (!header.ok()) return failed("HEADER_CONVERTER", "header.converter", header.status());
      headers.push_back(*header);
    }
    batch.headers.assign(count, headers);
  }
  for (size_t i = 0; i < count; ++i) batch.offsets.push_back(c["offset"].get<int64_t>() + static_cast<int64_t>(i));
  batch.timestamps_ms.assign(count, c["timestamp"].get<int64_t>());
  batch.selected = columnar::RowMask(static_cast<int64_t>(count));
  return batch;
}

// The chain of a case, or the outcome of configuring it.
std::variant<transforms::TransformChain, Outcome> chain_of(const json& c) {
  std::vector<transforms::ChainStep> steps;
  for (size_t i = 0; i < c["chain"].size(); ++i) {
    const json& step = c["chain"][i];
    const std::string type = step["type"];
    transforms::ChainStep made;
    made.class_name = type;
    if (step.contains("predicate")) {
      const plugin::PredicatePlugin* predicate = registry().predicate(step["predicate"]["type"].get<std::string>());
      if (!predicate) return failed("SKIP", "", Status::invalid("no such predicate"));
      auto p = predicate->make(properties_of(step["predicate"]["config"]));
      if (!p.ok()) return failed("CONFIGURE", "predicates[" + std::to_string(i) + "]", p.status());
      made.predicate = *std::move(p);
      made.negate = step["predicate"].value("negate", false);
    }
    const plugin::TransformPlugin* plugin = registry().transform(type);
    if (!plugin) return failed("SKIP", "", Status::invalid("no transform " + type));
    auto t = plugin->make(properties_of(step["config"]), type);
    if (!t.ok()) return failed("CONFIGURE", "transforms[" + std::to_string(i) + "]", t.status());
    made.transform = *std::move(t);
    steps.push_back(std::move(made));
  }
  return transforms::TransformChain(std::move(steps));
}

// Rows whose outcomes are looked at: copies of one record, so a few of a large batch say as much as all.
size_t stride_of(size_t count) { return std::max<size_t>(1, count / 8); }

// Outcomes of the rows that are looked at, by original order; the others' stay empty.
std::vector<Outcome> run(const json& c, size_t count) {
  auto chain = chain_of(c);
  if (auto* outcome = std::get_if<Outcome>(&chain)) return {*outcome};
  auto batch = sink_batch(c, count);
  if (auto* outcome = std::get_if<Outcome>(&batch)) return {*outcome};
  if (c.contains("timestamp") && c["timestamp"].get<int64_t>() < -1) {
    return {failed("TIMESTAMP", "record", Status::data("Invalid record timestamp").with_java_class("org.apache.kafka.common.InvalidRecordException"))};
  }
  const int64_t first = std::get<Batch>(batch).offsets[0];
  std::vector<Batch> in;
  in.push_back(std::move(std::get<Batch>(batch)));
  std::vector<Outcome> out(count);
  size_t seen = 0;
  for (const Batch& b : std::get<transforms::TransformChain>(chain).apply(std::move(in))) {
    b.check_invariants();
    std::map<int64_t, const columnar::RowError*> errors;
    for (const auto& e : b.errors) errors[e.row] = &e;
    for (int64_t row = 0; row < b.row_count(); ++row, ++seen) {
      const auto at = static_cast<size_t>(b.offsets[static_cast<size_t>(row)] - first);
      if (at % stride_of(count) != 0) continue;
      Outcome& o = out[at];
      if (auto e = errors.find(row); e != errors.end()) {
        // Named by class, as in the DLQ's headers; compare() looks the position up.
        o = failed(std::string(columnar::to_string(e->second->stage)), e->second->component, e->second->status);
      } else if (!b.selected.test(row)) {
        o.dropped = true;
      } else {
        o.record = record_at(b, row);
      }
    }
  }
  EXPECT_EQ(seen, count) << "rows lost or doubled";
  return out;
}

// A failed transform goes by its class, the answer by its position in the chain.
bool same_component(const json& c, const std::string& expected, const std::string& actual) {
  if (expected == actual) return true;
  if (!expected.starts_with("transforms[")) return false;
  return c["chain"][std::stoul(expected.substr(11))]["type"] == actual;
}

std::string compare(const json& c, const json& answer, const Outcome& actual) {
  if (answer.contains("error")) {
    const json& e = answer["error"];
    if (actual.stage == e["stage"] && same_component(c, e["component"], actual.component) && actual.java_class == e["class"]) return "";
    return fmt::format("expected error {}\n    actual {} {} {} {}{}", e.dump(), actual.stage, actual.component, actual.java_class, actual.message,
                       actual.record ? to_json(*actual.record).dump() : actual.dropped ? "dropped" : "");
  }
  if (!actual.stage.empty()) return fmt::format("unexpected error {} {} {} {}", actual.stage, actual.component, actual.java_class, actual.message);
  if (answer["dropped"].get<bool>() || actual.dropped) return answer["dropped"].get<bool>() == actual.dropped ? "" : "dropped, or not";
  auto expected = record_of(answer["record"]);
  if (!expected.ok()) return "";
  return difference(*expected, *actual.record);
}

// Offsets differ between copies of a record, so only the first is comparable where one is inserted.
bool copies_differ(const json& c) {
  for (const json& step : c["chain"]) {
    if (step["config"].contains("offset.field")) return true;
  }
  return false;
}

// Large batches take minutes under a sanitizer: there every tenth case runs at 7 and another tenth at 4096, elsewhere each does at both.
#ifdef __SANITIZE_ADDRESS__
constexpr int kLargeBatchEvery = 10;
#else
constexpr int kLargeBatchEvery = 1;
#endif

bool runs_at(size_t count, int nth) {
  if (count == 1) return true;
  return nth % kLargeBatchEvery == (count == 7 ? kLargeBatchEvery / 2 : 0);
}

class RecordedTransforms : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedTransforms, AgreeWithKafkaConnect) {
  const std::string group = GetParam();
  int agreed = 0, total = 0, skipped = 0;
  const bool loud = std::getenv("BYWASH_CONFORMANCE_VERBOSE") != nullptr;
  const bool debezium = group.starts_with("debezium");
  for (const Case& recorded : load_cases(debezium ? "tests/conformance/records/debezium" : "tests/conformance/records", group)) {
    json c = json::parse(recorded.text), answer = json::parse(recorded.answer);
    // Debezium's are transforms of sources above all: there the chain comes first.
    if ((c["direction"] != "sink" && !debezium) || (answer.contains("record") && !record_of(answer["record"]).ok())) {
      ++skipped;
      continue;
    }
    ++total;
    std::string why;
    for (size_t count : {1, 7, 4096}) {
      if (!runs_at(count, total - 1)) continue;
      std::vector<Outcome> rows = run(c, count);
      if (rows[0].stage == "SKIP") {
        why = "skipped: " + rows[0].message;
        break;
      }
      for (size_t i = 0; i < rows.size() && why.empty(); i += stride_of(rows.size())) {
        if (i > 0 && copies_differ(c)) break;
        why = compare(c, answer, rows[i]);
        if (!why.empty()) why = fmt::format("batch of {}, row {}: {}", count, i, why);
      }
      if (!why.empty()) break;
    }
    if (why.starts_with("skipped")) {
      --total;
      ++skipped;
      if (loud) printf("%s %s\n", recorded.id.c_str(), why.c_str());
      continue;
    }
    agreed += why.empty();
    if (!why.empty() && loud) printf("%s (%s) %s\n  %s\n", recorded.id.c_str(), recorded.note.c_str(), c["chain"].dump().c_str(), why.c_str());
  }
  printf("%s: %d of %d agree, %d not run\n", group.c_str(), agreed, total, skipped);
  ASSERT_GT(total, 0);
  EXPECT_GE(agreed, total * 99 / 100) << "set BYWASH_CONFORMANCE_VERBOSE=1 to see each";
}

INSTANTIATE_TEST_SUITE_P(Groups, RecordedTransforms,
                         ::testing::Values("insertfield", "replacefield", "regexrouter", "predicate", "extractfield", "hoistfield", "valuetokey",
                                           "headerfrom", "dropheaders", "cast", "flatten", "maskfield", "setschemametadata", "insertheader", "timestampconverter",
                                           "timestamprouter", "chain", "debezium-unwrap", "debezium-table-router", "debezium-timezone",
                                           "debezium-outbox", "debezium-header-to-value"),
                         [](const auto& group) {
                           std::string name = group.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace bywash::conformance
