// Damaged segments, gaps of a topic, damaged documents: found, made again or told. Unit tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "analytics/table/table_fixture_for_tests.h"

namespace bywash::analytics {
namespace {

struct RepairFixture : Fixture {
  Table& table() { return *instance->tables("s")[0]; }
  std::string name_of(size_t at) { return std::next(table().segments().manifest().state().segments.begin(), static_cast<ptrdiff_t>(at))->first; }
  std::string file_of(const std::string& name) const { return segments() + "/" + name + ".seg"; }
  // Stops, and cuts the file of a segment in two.
  void tear(const std::string& name) {
    instance.reset();
    std::filesystem::resize_file(file_of(name), std::filesystem::file_size(file_of(name)) / 2);
  }
  size_t sealed() { return table().segments().manifest().state().segments.size(); }
  QueryResponse ask(const std::string& sql) { return instance->query(sql, {}); }
  bool whole() { return table().segments().damaged().empty(); }
};

TEST(TableRepair, ADamagedSegmentIsConsumedAgain) {
  RepairFixture f;
  for (int i = 0; i < 25; ++i) f.topic->add(0, fmt::format(R"({{"id":{},"at":20000}})", i));
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.sealed() == 2; }));
  const std::string name = f.name_of(0);
  f.tear(name);
  f.topic->silent = true;
  f.start();
  // Until then answers say that they are not whole.
  QueryResponse answer = f.ask("SELECT COUNT(*) FROM s");
  ASSERT_EQ(answer.error_code(), 305);
  EXPECT_EQ(answer.exceptions[0].message, "1 segments unavailable: [" + name + "]");
  EXPECT_TRUE(answer.partial_result);
  EXPECT_TRUE(answer.has_table);
  f.topic->silent = false;
  ASSERT_TRUE(f.becomes([&] { return f.whole() && f.count() == 25; }));
  answer = f.ask("SELECT SUM(id), DISTINCTCOUNT(id) FROM s");
  EXPECT_EQ(answer.error_code(), -1);
  EXPECT_EQ(std::get<double>(answer.table.rows[0][0].value), 24 * 25 / 2);
  EXPECT_EQ(f.table().segments().manifest().state().positions.at(0).next_offset, 20);
  f.start();
  EXPECT_TRUE(f.whole());
  ASSERT_TRUE(f.becomes([&] { return f.count() == 25; }));
}

TEST(TableRepair, ASegmentWhoseFileIsGoneIsConsumedAgainWhileTheTableIsPaused) {
  RepairFixture f;
  for (int i = 0; i < 20; ++i) f.topic->add(0, fmt::format(R"({{"id":{},"at":20000}})", i));
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.sealed() == 2; }));
  ASSERT_TRUE(f.table().set_paused(true).ok());
  const std::string name = f.name_of(1);
  std::filesystem::remove(f.file_of(name));
  EXPECT_FALSE(f.table().segments().reload(name).ok());  // found while it runs
  ASSERT_TRUE(f.becomes([&] { return f.whole() && f.count() == 20; }));
  EXPECT_TRUE(std::filesystem::exists(f.file_of(name)));
}

TEST(TableRepair, WhatTheTopicNoLongerHasIsToldAndCanBeDeleted) {
  RepairFixture f;
  for (int i = 0; i < 20; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.sealed() == 2; }));
  const std::string name = f.name_of(0);
  f.tear(name);
  f.topic->first = 5;
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.table().segments().damage_of(name).find("the topic begins at 5") != std::string::npos; }));
  EXPECT_EQ(f.ask("SELECT COUNT(*) FROM s").error_code(), 305);
  EXPECT_EQ(f.count(), 10);
  ASSERT_TRUE(f.table().segments().drop({name}).ok());
  EXPECT_EQ(f.ask("SELECT COUNT(*) FROM s").error_code(), -1);
}

TEST(TableRepair, ACopyPutBackComesBackByReload) {
  RepairFixture f;
  for (int i = 0; i < 20; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.sealed() == 2; }));
  const std::string name = f.name_of(0), copy = f.folder.path() + "/copy";
  std::filesystem::copy_file(f.file_of(name), copy);
  f.tear(name);
  f.topic->first = 20;
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.table().segments().damage_of(name).find("cannot be made again") != std::string::npos; }));
  std::filesystem::copy_file(copy, f.file_of(name), std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(f.table().segments().reload(name).ok());
  EXPECT_EQ(f.count(), 20);
  EXPECT_TRUE(f.whole());
}

std::string keyed_table(const std::string& more) {
  std::string out = table_json(kSmallSegments);
  const std::string type = R"("tableType":"REALTIME",)";
  out.insert(out.find(type) + type.size(), R"("routing":{"instanceSelectorType":"strictReplicaGroup"},)" + more);
  return out;
}

// Of equal keys the segment in the middle has the newest row of some: what counts is as if nothing had been damaged.
TEST(TableRepair, KeysAreFoundAgainInTheOrderOfTheTopic) {
  for (const char* more : {R"("upsertConfig":{"mode":"FULL","comparisonColumns":["at"]},)", R"("dedupConfig":{"dedupEnabled":true},)",
                           R"("tableIndexConfig":{"nullHandlingEnabled":true},"upsertConfig":{"mode":"PARTIAL","partialUpsertStrategies":{"total":"INCREMENT"}},)"}) {
    RepairFixture f;
    f.start();
    ASSERT_TRUE(f.instance->put_schema(R"({"schemaName":"s","primaryKeyColumns":["id"],"dimensionFieldSpecs":[{"name":"id","dataType":"INT"}],
        "metricFieldSpecs":[{"name":"total","dataType":"LONG"}],
        "dateTimeFieldSpecs":[{"name":"at","dataType":"INT","format":"1:DAYS:EPOCH","granularity":"1:DAYS"}]})").ok());
    for (int i = 0; i < 45; ++i) f.topic->add(0, fmt::format(R"({{"id":{},"at":{},"total":{}}})", i * 7 % (i < 20 ? 25 : 12), 20000 + i % 3, i));
    auto added = f.instance->add_table(keyed_table(more));
    ASSERT_TRUE(added.ok()) << added.status().message();
    const auto rows = [&] { return f.ask("SELECT id, at, total FROM s ORDER BY id LIMIT 1000").table.rows; };
    const auto offset = [&] { return f.table().consuming().empty() ? 0 : f.table().consuming()[0].offset; };
    ASSERT_TRUE(f.becomes([&] { return offset() == 45; }));
    const auto before = rows();
    for (size_t at = 0; at < f.sealed(); ++at) {
      f.tear(f.name_of(at));
      f.start();
      ASSERT_TRUE(f.becomes([&] { return f.whole() && offset() == 45; })) << more << at;
      EXPECT_EQ(rows(), before) << more << at;
    }
    // Found while the table runs, with rows that are consuming.
    const std::string name = f.name_of(0);
    std::filesystem::resize_file(f.file_of(name), 100);
    EXPECT_FALSE(f.table().segments().reload(name).ok());
    ASSERT_TRUE(f.becomes([&] { return f.whole(); }));
    EXPECT_EQ(rows(), before) << more;
    f.topic->add(0, R"({"id":3,"at":20009,"total":1000})");
    ASSERT_TRUE(f.becomes([&] { return offset() == 46; }));
    const auto after = rows();
    f.start();
    ASSERT_TRUE(f.becomes([&] { return f.table().consuming().size() == 1 && offset() == 46; }));
    EXPECT_EQ(rows(), after) << more;
  }
}

TEST(TableGaps, RecordsThatWereDeletedBeforeTheyWereConsumedAreRemembered) {
  RepairFixture f;
  for (int i = 0; i < 20; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.sealed() == 2 && f.count() == 20; }));
  f.instance.reset();
  for (int i = 0; i < 20; ++i) f.topic->add(0, R"({"id":2,"at":20000})");
  f.topic->first = 33;
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.count() == 27; }));
  const auto check = [&](int64_t end) {
    const auto gaps = f.table().consuming()[0].gaps;
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps[0].offsets.first, 20);
    EXPECT_EQ(gaps[0].offsets.end, end);
    EXPECT_EQ(gaps[0].found_ms, kNow);
  };
  check(33);
  f.start();  // nothing was committed since: it is the same gap, and longer by now
  ASSERT_TRUE(f.becomes([&] { return f.count() == 27; }));
  check(33);
  f.instance.reset();
  f.topic->first = 36;
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.count() == 24; }));
  check(36);
}

TEST(TableGaps, AreFoundWhileTheTableRuns) {
  RepairFixture f;
  f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
  f.topic->silent = true;
  for (int i = 0; i < 10; ++i) f.topic->add(0, R"({"id":2,"at":20000})");
  f.topic->first = 8;
  f.topic->silent = false;
  ASSERT_TRUE(f.becomes([&] { return f.count() == 4; }));
  ASSERT_EQ(f.table().consuming()[0].gaps.size(), 1u);
  EXPECT_EQ(f.table().consuming()[0].gaps[0].offsets.end, 8);
}

TEST(TableGaps, ATopicThatIsAnotherOneIsToldAndNotConsumed) {
  RepairFixture f;
  for (int i = 0; i < 25; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 25; }));
  {
    std::lock_guard lock(f.topic->mutex);
    f.topic->partitions[0].assign(3, R"({"id":2,"at":20000})");
  }
  const auto problem = [&] { return f.table().consuming().empty() ? std::string() : f.table().consuming()[0].problem; };
  ASSERT_TRUE(f.becomes([&] { return problem().find("was it created anew?") != std::string::npos; })) << problem();
  f.start();
  ASSERT_TRUE(f.becomes([&] { return problem().find("was it created anew?") != std::string::npos; })) << problem();
  EXPECT_EQ(f.count(), 20);
}

TEST(InstanceRepair, ADamagedSchemaKeepsItsOwnTablesClosedOnly) {
  RepairFixture f;
  f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.instance->put_schema(R"({"schemaName":"other","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}]})").ok());
  f.instance.reset();
  const std::string path = f.folder.path() + "/data/schemas/s.json";
  std::string text;
  std::getline(std::ifstream(path), text, '\0');
  text[10] ^= 1, text[30] ^= 1;
  std::ofstream(path, std::ios::trunc) << text;
  f.start();
  EXPECT_EQ(f.instance->schema_names(), std::vector<std::string>{"other"});
  const Status again = f.instance->add_table(table_json(kSmallSegments)).status();
  EXPECT_FALSE(again.ok());
  ASSERT_TRUE(f.instance->put_schema(kSchema).ok());
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
}

}  // namespace
}  // namespace bywash::analytics
