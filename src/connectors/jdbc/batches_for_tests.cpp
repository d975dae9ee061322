// Test batches. Not part of the program.
#include "connectors/jdbc/batches_for_tests.h"

#include <algorithm>

#include "base/check.h"
#include "formats/plugins.h"

namespace bywash::jdbc {
namespace {

std::vector<plugin::DecodedGroup> decode(const std::string& topic, const Texts& texts, bool schemas, bool is_key) {
  auto converter = formats::json_converter().make({{"schemas.enable", schemas ? "true" : "false"}}, is_key);
  CHECK(converter.ok());
  std::vector<std::optional<std::string_view>> payloads;
  for (const auto& t : texts) payloads.push_back(t ? std::optional<std::string_view>(*t) : std::nullopt);
  auto decoded = (*converter)->decode(topic, payloads);
  CHECK(decoded.ok() && decoded->errors.empty());
  for (auto& group : decoded->groups) {
    if (!group.rows.empty()) continue;
    for (uint32_t i = 0; i < texts.size(); ++i) group.rows.push_back(i);
  }
  return std::move(decoded->groups);
}

}  // namespace

std::vector<columnar::Batch> batches_of_json(const std::string& topic, int64_t first_offset, const Texts& values, const Texts& keys, bool schemas) {
  auto value_groups = decode(topic, values, schemas, false);
  auto key_groups = decode(topic, keys.empty() ? Texts(values.size()) : keys, schemas, true);
  std::vector<columnar::Batch> out;
  for (const auto& k : key_groups) {
    for (const auto& v : value_groups) {
      columnar::Batch batch;
      std::vector<uint32_t> of_key, of_value;
      for (uint32_t i = 0; i < k.rows.size(); ++i) {
        auto it = std::find(v.rows.begin(), v.rows.end(), k.rows[i]);
        if (it == v.rows.end()) continue;
        of_key.push_back(i);
        of_value.push_back(static_cast<uint32_t>(it - v.rows.begin()));
        batch.offsets.push_back(first_offset + k.rows[i]);
        batch.timestamps_ms.push_back(1718445600000 + k.rows[i]);
      }
      if (of_key.empty()) continue;
      batch.origin = {topic, Partition(0)};
      batch.topic = topic;
      batch.key = take(k.column, of_key);
      batch.value = take(v.column, of_value);
      batch.selected = columnar::RowMask(batch.row_count());
      batch.check_invariants();
      out.push_back(std::move(batch));
    }
  }
  return out;
}

std::string envelope(const std::string& fields, const std::string& payload) {
  return R"({"schema":{"type":"struct","optional":false,"fields":[)" + fields + R"(]},"payload":)" + payload + "}";
}

TaskForTests::TaskForTests(plugin::Properties properties) {
  properties.try_emplace("name", "jdbc-test");
  auto made = jdbc_sink().make(properties);
  if (!made.ok()) fmt::print(stderr, "{}\n", made.status().message());
  CHECK(made.ok());
  task = *std::move(made);
  CHECK(task->start(&context).ok());
  CHECK(task->open({{"t", Partition(0)}}, Generation(7)).ok());
}

TaskForTests::~TaskForTests() { task->stop(); }

}  // namespace bywash::jdbc
