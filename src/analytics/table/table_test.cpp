// A table from consumption to recovery, on a consumer and a clock of the test's own. Unit tests.
#include "analytics/table/table.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "analytics/table/instance.h"
#include "analytics/table/test_folder.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kDay = 86'400'000;
constexpr int64_t kNow = 20'000 * kDay;

// A topic in memory: partitions of texts. Grows under its lock while consumers read.
struct FakeTopic {
  std::mutex mutex;
  std::atomic<int64_t> slow_ms{0};  // until its end is known
  std::vector<std::vector<std::string>> partitions;
  void add(size_t partition, const std::string& value) {
    std::lock_guard lock(mutex);
    if (partitions.size() <= partition) partitions.resize(partition + 1);
    partitions[partition].push_back(value);
  }
};

class FakeBatch : public columnar::RawBatch {
 public:
  FakeBatch(TopicPartition origin, int64_t first, std::vector<std::string> values) : values_(std::move(values)) {
    origin_ = std::move(origin);
    for (const std::string& value : values_) {
      columnar::RawRecord record;
      record.offset = first++;
      record.timestamp_ms = kNow;
      record.value = value;
      records_.push_back(record);
    }
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return {}; }
  bool has_headers(size_t) const override { return false; }

 private:
  std::vector<std::string> values_;
};

class FakeConsumer : public kafka::Consumer {
 public:
  explicit FakeConsumer(std::shared_ptr<FakeTopic> topic) : topic_(std::move(topic)) {}
  Status subscribe(const std::vector<std::string>&) override { return {}; }
  Status assign(const std::vector<std::pair<TopicPartition, Offset>>& partitions) override {
    origin_ = partitions[0].first;
    next_ = partitions[0].second.value;
    return {};
  }
  Result<std::vector<std::shared_ptr<const columnar::RawBatch>>> poll(int max_records, int) override {
    std::vector<std::shared_ptr<const columnar::RawBatch>> out;
    {
      std::lock_guard lock(topic_->mutex);
      const auto& all = topic_->partitions[static_cast<size_t>(origin_.partition.value)];
      const auto end = std::min<int64_t>(static_cast<int64_t>(all.size()), next_ + max_records);
      if (next_ < end) {
        out.push_back(std::make_shared<FakeBatch>(origin_, next_, std::vector<std::string>(all.begin() + next_, all.begin() + end)));
        next_ = end;
      }
    }
    if (out.empty()) std::this_thread::sleep_for(Millis(2));
    return out;
  }
  Status commit(const std::vector<std::pair<TopicPartition, Offset>>&) override { return {}; }
  Result<std::vector<std::pair<TopicPartition, Offset>>> committed(const std::vector<TopicPartition>&) override {
    return std::vector<std::pair<TopicPartition, Offset>>();
  }
  Status seek(const TopicPartition&, Offset offset) override {
    next_ = offset.value;
    return {};
  }
  Status pause(const std::vector<TopicPartition>&) override { return {}; }
  Status resume(const std::vector<TopicPartition>&) override { return {}; }
  std::vector<TopicPartition> assignment() const override { return {origin_}; }
  kafka::Watermarks watermarks(const TopicPartition& partition) override { return *query_watermarks(partition, 0); }
  Result<kafka::Watermarks> query_watermarks(const TopicPartition& partition, int) override {
    std::this_thread::sleep_for(Millis(topic_->slow_ms.load()));
    std::lock_guard lock(topic_->mutex);
    return kafka::Watermarks{0, static_cast<int64_t>(topic_->partitions[static_cast<size_t>(partition.partition.value)].size())};
  }
  Result<Offset> offset_for_time(const TopicPartition&, int64_t, int) override { return Offset(0); }
  Result<int> partition_count(const std::string&, int) override {
    std::lock_guard lock(topic_->mutex);
    if (topic_->partitions.empty()) return Status::not_found("Topic 't' does not exist");
    return static_cast<int>(topic_->partitions.size());
  }
  std::string last_error() const override { return {}; }
  Status close() override { return {}; }
  void give_up() override {}

 private:
  std::shared_ptr<FakeTopic> topic_;
  TopicPartition origin_{"t", Partition(0)};
  int64_t next_ = 0;
};

const char* const kSchema = R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}],
    "dateTimeFieldSpecs":[{"name":"at","dataType":"INT","format":"1:DAYS:EPOCH","granularity":"1:DAYS"}]})";

std::string table_json(const std::string& more) {
  return R"({"tableName":"s","tableType":"REALTIME","segmentsConfig":{"timeColumnName":"at","retentionTimeUnit":"DAYS","retentionTimeValue":"10"},
    "ingestionConfig":{"streamIngestionConfig":{"streamConfigMaps":[{"streamType":"kafka","stream.kafka.topic.name":"t","stream.kafka.broker.list":"b:1",
    "stream.kafka.decoder.class.name":"org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder")" + more + "}]}}}";
}

const std::string kSmallSegments = R"(,"stream.kafka.consumer.prop.auto.offset.reset":"smallest","realtime.segment.flush.threshold.segment.rows":"10")";

struct Fixture {
  TestFolder folder;
  std::shared_ptr<FakeTopic> topic = std::make_shared<FakeTopic>();
  std::atomic<int64_t> now{kNow};
  std::unique_ptr<Instance> instance;

  void start() {
    instance.reset();
    InstanceOptions options;
    options.data_dir = folder.path() + "/data";
    options.now_ms = [this] { return now.load(); };
    options.consumers = [this](kafka::ConsumerOptions) -> Result<std::unique_ptr<kafka::Consumer>> {
      return std::unique_ptr<kafka::Consumer>(std::make_unique<FakeConsumer>(topic));
    };
    auto started = Instance::start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.status().message();
    instance = *std::move(started);
  }
  void create(const std::string& more) {
    ASSERT_TRUE(instance->put_schema(kSchema).ok());
    auto added = instance->add_table(table_json(more));
    ASSERT_TRUE(added.ok()) << added.status().message();
  }
  int64_t count() {
    const QueryResponse answer = instance->query("SELECT COUNT(*) FROM s", {});
    return answer.has_table ? std::get<int64_t>(answer.table.rows[0][0].value) : -1;
  }
  // Waits until the condition holds; a test that can't go on says so after 20 s.
  template <class Condition>
  bool becomes(Condition condition) {
    for (int i = 0; i < 10'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Millis(2));
    }
    return false;
  }
  std::string segments() const { return folder.path() + "/data/tables/s_REALTIME/segments"; }
};

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

TEST(Table, ADamagedSegmentIsLeftOutAndNamed) {
  Fixture f;
  for (int i = 0; i < 20; ++i) f.topic->add(0, R"({"id":1,"at":20000})");
  f.start();
  f.create(kSmallSegments);
  ASSERT_TRUE(f.becomes([&] { return f.instance->tables("s")[0]->segments().manifest().state().segments.size() == 2; }));
  const std::string name = f.instance->tables("s")[0]->segments().manifest().state().segments.begin()->first;
  f.instance.reset();
  const std::string path = f.segments() + "/" + name + ".seg";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  f.start();
  EXPECT_EQ(f.instance->tables("s")[0]->segments().damaged(), std::vector<std::string>{name});
  EXPECT_EQ(f.count(), 10);
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
