// The cases of tests/transforms/*.json: a connector's transforms, records in, and per record what comes out: a record, "dropped" or an
// error (Java class and message). Records are in the canonical form of records/README.md, all of one schema. Each case runs in batches
// of 1, 7 and 4096 rows, the records repeated in turn.
#include <arrow/array.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "canonical.h"
#include "transforms/plugins.h"
#include "transforms/transform_chain.h"

namespace bywash::conformance {
namespace {

using columnar::Batch;
using nlohmann::json;

const plugin::Registry& case_registry() {
  static const plugin::Registry all = [] {
    plugin::Registry r;
    transforms::for_each_transform([&](plugin::TransformPlugin p) { r.add(std::move(p)); });
    transforms::for_each_predicate([&](plugin::PredicatePlugin p) { r.add(std::move(p)); });
    return r;
  }();
  return all;
}

// `count` rows, the records in turn; offsets from 100.
Batch batch_of(const std::vector<Record>& records, size_t first, size_t count) {
  Batch batch;
  batch.topic = records[0].topic;
  batch.origin = {batch.topic, Partition(0)};
  batch.kafka_partition = records[0].partition.value_or(0);
  std::vector<columnar::Value> keys, values;
  bool headers = false;
  for (size_t i = 0; i < count; ++i) {
    const Record& r = records[(first + i) % records.size()];
    keys.push_back(r.key);
    values.push_back(r.value);
    batch.offsets.push_back(100 + static_cast<int64_t>(first + i));
    batch.timestamps_ms.push_back(r.timestamp.value_or(-1));
    batch.headers.push_back(r.headers);
    headers = headers || !r.headers.empty();
  }
  if (!headers) batch.headers.clear();
  auto key = column_of(records[0].key_schema, keys), value = column_of(records[0].value_schema, values);
  EXPECT_TRUE(key.ok() && value.ok()) << key.status().message() << value.status().message();
  batch.key = *key;
  batch.value = *value;
  batch.selected = columnar::RowMask(static_cast<int64_t>(count));
  return batch;
}

// What is wrong with one row's outcome; empty when nothing is.
std::string check(const json& expected, const Batch& batch, int64_t row) {
  for (const auto& e : batch.errors) {
    if (e.row != row) continue;
    if (!expected.contains("error")) return "unexpected error: " + e.status.message();
    if (e.status.java_class() == expected["error"]["class"] && e.status.message() == expected["error"]["message"]) return "";
    return fmt::format("another error: {}: {}", e.status.java_class(), e.status.message());
  }
  if (expected.contains("error")) return "no error";
  const bool dropped = expected.contains("dropped");
  if (!batch.selected.test(row)) return dropped ? "" : "dropped";
  if (dropped) return "not dropped";
  auto wanted = record_of(expected);
  if (!wanted.ok()) return wanted.status().message();
  return difference(*wanted, record_at(batch, row));
}

constexpr size_t kRowsLookedAt = 32;
constexpr size_t kEveryRow = 97;

class TransformCases : public ::testing::TestWithParam<std::string> {};

TEST_P(TransformCases, GiveTheSameAtEveryBatchSize) {
  std::ifstream file(GetParam());
  const json all = json::parse(file);
  ASSERT_FALSE(all.empty());
  for (const json& c : all) {
    SCOPED_TRACE(c["name"].get<std::string>());
    plugin::Properties properties;
    for (const auto& [key, value] : c["config"].items()) properties[key] = value.get<std::string>();
    auto chain = transforms::TransformChain::make(properties, case_registry());
    if (c.contains("refused")) {
      ASSERT_FALSE(chain.ok());
      EXPECT_EQ(chain.status().message(), c["refused"].get<std::string>());
      continue;
    }
    ASSERT_TRUE(chain.ok()) << chain.status().message();
    std::vector<Record> records;
    for (const json& r : c["in"]) {
      auto record = record_of(r);
      ASSERT_TRUE(record.ok()) << record.status().message();
      records.push_back(*record);
    }
    ASSERT_EQ(c["out"].size(), records.size());
    for (size_t size : {1, 7, 4096}) {
      const size_t total = std::max(size, records.size() * 2);
      size_t seen = 0;
      for (size_t first = 0; first < total; first += size) {
        std::vector<Batch> in;
        in.push_back(batch_of(records, first, std::min(size, total - first)));
        for (const Batch& out : chain->apply(std::move(in))) {
          out.check_invariants();
          for (int64_t row = 0; row < out.row_count(); ++row, ++seen) {
            const size_t nth = static_cast<size_t>(out.offsets[static_cast<size_t>(row)] - 100), at = nth % records.size();
            // The records come in turn: of many rounds the first, the last and some between are looked at.
            if (nth >= kRowsLookedAt && nth + kRowsLookedAt < total && nth % kEveryRow != 0) continue;
            std::string wrong = check(c["out"][at], out, row);
            ASSERT_EQ(wrong, "") << "batches of " << size << ", record " << at;
          }
        }
      }
      EXPECT_EQ(seen, total) << "rows lost or doubled in batches of " << size;
    }
  }
}

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("tests/transforms", error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, TransformCases, ::testing::ValuesIn(case_files()),
                         [](const auto& file) { return std::filesystem::path(file.param).stem().string(); });

}  // namespace
}  // namespace bywash::conformance
