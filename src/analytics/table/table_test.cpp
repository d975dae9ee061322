// A table from consumption to recovery, on a consumer and a clock of the test's own. Unit tests.
#include "analytics/table/table.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "analytics/table/table_fixture_for_tests.h"

namespace bywash::analytics {
namespace {

TEST(Table, RowsAndOffsetsCommitTogetherAndComeBackOnce) {
  Fixture f;
  for (int i = 0; i < 45; ++i) f.topic->add(static_cast<size_t>(i % 2), fmt::format(R"({{"id":{},"at":20000}})", i));
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45; }));
  ASSERT_TRUE(f.becomes([&] { return f.instance->tables("s")[0]->segments().list().size() == 6; }));
  // What a crash between file and manifest leaves behind is removed.
  std::ofstream(f.segments() + "/s__0__9__x.seg") << "never committed";
  f.start();
  EXPECT_FALSE(std::filesystem::exists(f.segments() + "/s__0__9__x.seg"));
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45; }));
  f.topic->add(0, R"({"id":99,"at":20000})");
  ASSERT_TRUE(f.becomes([&] { return f.count() == 46; }));
  const QueryResponse sum = f.instance->query("SELECT SUM(id), DISTINCTCOUNT(id) FROM s", {});
  EXPECT_EQ(std::get<double>(sum.table.rows[0][0].value), 44 * 45 / 2 + 99);
}

TEST(Table, WhatIsWrittenAfterTheAnswerIsConsumedAlthoughTheTableBeginsAtTheEnd) {
  Fixture f;
  for (size_t partition : {0, 1}) f.topic->add(partition, R"({"id":1,"at":20000})");
  f.start();
  f.topic->slow_ms = 100;
  f.create("");
  f.topic->slow_ms = 0;
  for (size_t partition : {0, 1}) f.topic->add(partition, R"({"id":2,"at":20000})");
  ASSERT_TRUE(f.becomes([&] { return f.count() == 2; }));
  EXPECT_EQ(std::get<double>(f.instance->query("SELECT MIN(id) FROM s", {}).table.rows[0][0].value), 2);
}

TEST(Table, ATopicThatIsNotThereYetIsAWarning) {
  Fixture f;
  f.start();
  ASSERT_TRUE(f.instance->put_schema(kSchema).ok());
  auto added = f.instance->add_table(table_json(""));
  ASSERT_TRUE(added.ok()) << added.status().message();
  EXPECT_TRUE(std::any_of(added->warnings.begin(), added->warnings.end(), [](const std::string& w) { return w.find("does not exist") != w.npos; }));
}

// With a star-tree over `id`, and without.
std::string indexed_table_json(bool tree) {
  std::string out = table_json(kSmallSegments);
  const std::string type = R"("tableType":"REALTIME",)";
  const std::string trees = R"("tableIndexConfig":{"starTreeIndexConfigs":[{"dimensionsSplitOrder":["id"],"functionColumnPairs":["COUNT__*","SUM__at"]}]},)";
  if (tree) out.insert(out.find(type) + type.size(), trees);
  return out;
}

TEST(Table, IndexesComeAndGoOnALiveTableAndDamagedOnesAreMadeAgain) {
  Fixture f;
  for (int i = 0; i < 45; ++i) f.topic->add(0, fmt::format(R"({{"id":{},"at":20000}})", i % 3));
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45; }));
  auto trees = [&] {
    size_t out = 0;
    const auto snapshot = f.instance->tables("s")[0]->snapshot();
    for (const auto& segment : snapshot->segments) out += segment->star_trees().size();
    return out;
  };
  auto sums = [&] { return to_json(f.instance->query("SELECT id, COUNT(*), SUM(at) FROM s GROUP BY id ORDER BY id", {})).substr(0, 250); };
  const std::string before = sums();
  ASSERT_TRUE(f.instance->update_table("s", indexed_table_json(true)).ok());
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45 && trees() == 5; }));
  ASSERT_TRUE(f.becomes([&] { return sums() == before; })) << sums() << before;

  f.start();  // the files have it
  EXPECT_EQ(f.instance->tables("s")[0]->segments().outdated().size(), 0u);
  EXPECT_EQ(trees(), 5u);
  f.instance.reset();
  const std::string path = std::filesystem::directory_iterator(f.segments())->path().string();
  std::ifstream in(path, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  auto schema = parse_schema_config(kSchema)->schema;
  std::string damaged;
  for (size_t at = good.size(); at-- > 0 && damaged.empty();) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    auto opened = open_segment(path, schema);
    if (opened.ok() && !(*opened)->meta().damaged.empty()) damaged = (*opened)->meta().damaged[0];
  }
  EXPECT_NE(damaged.find("star-tree"), std::string::npos) << damaged;
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45 && trees() == 5; }));
  EXPECT_TRUE(f.instance->tables("s")[0]->segments().damaged().empty());
  EXPECT_EQ(sums(), before);

  ASSERT_TRUE(f.instance->update_table("s", indexed_table_json(false)).ok());
  ASSERT_TRUE(f.becomes([&] { return f.count() == 45 && trees() == 0 && f.instance->tables("s")[0]->segments().outdated().empty(); }));
  EXPECT_EQ(sums(), before);
}

TEST(Table, SegmentsPastTheirRetentionLeaveAnswersAtOnceAndTheDiskSoon) {
  Fixture f;
  for (int i = 0; i < 10; ++i) f.topic->add(0, R"({"id":1,"at":19995})");
  for (int i = 0; i < 13; ++i) f.topic->add(0, R"({"id":2,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 23; }));
  f.now = kNow + 6 * kDay;  // the first ten are 11 days old
  EXPECT_EQ(f.count(), 13);
  f.start();
  // The jump of the clock also seals what was consuming, so only the oldest segment is looked for.
  ASSERT_TRUE(f.becomes([&] {
    const ManifestState state = f.instance->tables("s")[0]->segments().manifest().state();
    return std::none_of(state.segments.begin(), state.segments.end(), [](const auto& entry) { return entry.second.sequence == 0; });
  }));
  ASSERT_TRUE(f.becomes([&] { return f.count() == 13; }));
  // The offsets of what was dropped stay: nothing is consumed again.
  EXPECT_GE(f.instance->tables("s")[0]->segments().manifest().state().positions.at(0).next_offset, 20);
}

TEST(Table, TheEndOfTheTopicIsRememberedBeforeTheFirstRecord) {
  Fixture f;
  f.topic->add(0, R"({"id":1})");
  f.start();
  f.create("");
  ASSERT_TRUE(f.becomes([&] { return f.instance->tables("s")[0]->segments().manifest().state().positions.count(0) == 1; }));
  f.instance.reset();
  f.topic->add(0, R"({"id":2})");
  f.topic->add(1, R"({"id":3})");  // a partition that came later is read from its start
  f.start();
  ASSERT_TRUE(f.becomes([&] { return f.count() == 2; }));
}

TEST(Table, ATopicThatComesLaterIsReadFromItsStart) {
  Fixture f;
  f.start();
  f.create("");
  ASSERT_TRUE(f.becomes([&] { return f.instance->tables("s")[0]->segments().manifest().state().first_seen.count(0) == 1; }));
  f.topic->add(0, R"({"id":2})");
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
}

TEST(Table, WhenNothingCanBeWrittenConsumptionWaitsAndGoesOnAfterwards) {
  Fixture f;
  f.start();
  f.create(kSmallSegments);
  // A file where the folder should be: no segment can be written, whoever runs the test.
  std::filesystem::remove_all(f.segments());
  std::ofstream(f.segments()) << "in the way";
  for (int i = 0; i < 25; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  ASSERT_TRUE(f.becomes([&] {
    const auto consuming = f.instance->tables("s")[0]->consuming();
    return consuming.size() == 1 && !consuming[0].problem.empty() && consuming[0].state == "NOT_CONSUMING";
  }));
  EXPECT_EQ(f.count(), 10);
  std::filesystem::remove(f.segments());
  std::filesystem::create_directory(f.segments());
  ASSERT_TRUE(f.becomes([&] { return f.count() == 25; }));
}

TEST(Instance, ASecondOneOnTheSameFolderIsRefused) {
  Fixture f;
  f.start();
  InstanceOptions options;
  options.data_dir = f.folder.path() + "/data";
  auto second = Instance::start(std::move(options));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kConflict);
}

TEST(Instance, DeletedTablesAndSchemasStayDeleted) {
  Fixture f;
  f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  EXPECT_EQ(f.instance->delete_schema("s").code(), Code::kConflict);
  ASSERT_TRUE(f.instance->delete_table("s", "").ok());
  ASSERT_TRUE(f.instance->delete_schema("s").ok());
  f.start();
  EXPECT_TRUE(f.instance->table_names().empty());
  EXPECT_TRUE(f.instance->schema_names().empty());
  EXPECT_EQ(f.count(), -1);
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
}

TEST(Instance, ATableThatCannotBeOpenedIsNamedAndCanBeDeleted) {
  Fixture f;
  f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  f.instance.reset();
  const std::string manifest = f.folder.path() + "/data/tables/s_REALTIME/manifest";
  std::ofstream(manifest, std::ios::binary | std::ios::trunc) << "damaged\nbefore the tail\n";
  f.start();
  EXPECT_TRUE(f.instance->table_names().empty());
  const Status again = f.instance->add_table(table_json(kSmallSegments)).status();
  EXPECT_EQ(again.code(), Code::kConflict);
  EXPECT_NE(again.message().find("line 1"), std::string::npos) << again.message();
  ASSERT_TRUE(f.instance->delete_table("s", "REALTIME").ok());
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
}

TEST(Instance, AWiderSchemaIsTakenAndANarrowerOneRefused) {
  Fixture f;
  f.topic->add(0, R"({"id":1,"at":20000,"extra":"x"})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.count() == 1; }));
  std::string wider = kSchema;
  wider.replace(wider.find(R"({"name":"id")"), 1, R"({"name":"extra","dataType":"STRING"},{)");
  auto changed = f.instance->put_schema(wider);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  f.topic->add(0, R"({"id":2,"at":20000,"extra":"y"})");
  ASSERT_TRUE(f.becomes([&] { return f.count() == 2; }));
  const QueryResponse answer = f.instance->query("SELECT extra FROM s ORDER BY id", {});
  ASSERT_EQ(answer.table.rows.size(), 2u);
  EXPECT_EQ(std::get<std::string>(answer.table.rows[0][0].value), "null");
  EXPECT_EQ(std::get<std::string>(answer.table.rows[1][0].value), "y");
  EXPECT_EQ(f.instance->put_schema(kSchema).status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace bywash::analytics
