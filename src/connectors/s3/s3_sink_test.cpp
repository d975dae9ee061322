// The task with a fake context: cuts, acks, outages, a store that fails for good, restarts.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "columnar/value.h"
#include "base/memory_budget.h"
#include "connectors/s3/delivery_log.h"
#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_fixture_test.h"
#include "storage/local_store.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Batch;
using columnar::Value;

TEST_F(S3SinkTest, CutsByCountWhateverTheBatches) {
  for (int64_t size : {1, 7, 25}) {
    SetUp();
    Context fresh;
    auto config = s3_sink_config().parse(properties_);
    auto task = make_s3_sink_task(*config, store_);
    ASSERT_TRUE(task->start(&fresh).ok());
    ASSERT_TRUE(task->open({{"t", Partition(0)}}, Generation(1)).ok());
    for (int64_t at = 0; at < 25; at += size) ASSERT_TRUE(task->put({numbered_rows(at, std::min<int64_t>(size, 25 - at))}).ok());
    ASSERT_TRUE(task->close({{"t", Partition(0)}}).ok());
    EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.json", "topics/t/partition=0/t+0+0000000010.json"})) << size;
    EXPECT_EQ(fresh.acked(), 20u);
    EXPECT_EQ(store_->get("topics/t/partition=0/t+0+0000000000.json").value_or("").substr(0, 21), "{\"id\":0,\"s\":\"even\"}\n{");
    task->stop();
  }
}

TEST_F(S3SinkTest, PartitionsOfOnePutKeepTheirOwnFilesAndOffsets) {
  ASSERT_TRUE(begin().ok());
  const TopicPartition first{"t", Partition(0)}, second{"t", Partition(1)}, other{"u", Partition(0)};
  Batch a = numbered_rows(0, 10), b = numbered_rows(40, 10), c = numbered_rows(5, 10, "u"), d = numbered_rows(10, 3);
  b.origin = second;
  b.kafka_partition = 1;
  ASSERT_TRUE(task_->open({second, other}, Generation(1)).ok());
  ASSERT_TRUE(task_->put({a, b, c, d}).ok());
  settle();
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.json", "topics/t/partition=1/t+1+0000000040.json",
                                              "topics/u/partition=0/u+0+0000000005.json"}));
  EXPECT_EQ(context_.acked(), 30u);
  EXPECT_TRUE(context_.acked(first, 9) && context_.acked(second, 40) && context_.acked(second, 49) && context_.acked(other, 14));
  EXPECT_FALSE(context_.acked(first, 10) || context_.acked(second, 0));
}

TEST_F(S3SinkTest, ANullThatFailsTheTaskKeepsEveryPartitionOfThePutUnwritten) {
  ASSERT_TRUE(begin().ok());
  Batch null = numbered_rows(0, 1);
  null.origin.partition = Partition(1);
  null.value = *columnar::infer_column({Value()});
  ASSERT_TRUE(task_->open({null.origin}, Generation(1)).ok());
  EXPECT_EQ(task_->put({numbered_rows(0, 10), null}).code(), Code::kFatal);
  settle();
  EXPECT_TRUE(keys().empty());
}

TEST_F(S3SinkTest, AnOutageLosesNothing) {
  store_->failures = 3;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 20)}).ok());
  settle();
  EXPECT_EQ(keys().size(), 2u);
  EXPECT_EQ(context_.acked(), 20u);
}

TEST_F(S3SinkTest, AFailureThatNoRetryMendsFailsTheTask) {
  store_->failures = 1;
  store_->broken_for_good = true;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 10)}).ok());
  settle();
  EXPECT_EQ(task_->tick().code(), Code::kUnauthorized);
  EXPECT_EQ(context_.acked(), 0u);
}

TEST_F(S3SinkTest, ARestartWritesTheSameObjects) {
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 17)}).ok());
  settle();
  auto first = keys();
  task_->stop();
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 5)}).ok());
  ASSERT_TRUE(task_->put({numbered_rows(5, 12)}).ok());
  settle();
  EXPECT_EQ(keys(), first);
}

TEST_F(S3SinkTest, WithoutTheTopicInThePathObjectsLieUnderThePartition) {
  properties_["path.include.topic"] = "false";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 10)}).ok());
  settle();
  EXPECT_EQ(keys(), std::vector<std::string>{"partition=0/t+0+0000000000.json"});
}

TEST_F(S3SinkTest, RoutedTopicsDoNotShareNames) {
  properties_["flush.size"] = "2";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->open({{"u", Partition(0)}}, Generation(1)).ok());
  Batch a = numbered_rows(0, 2, "t"), b = numbered_rows(0, 2, "u");
  a.topic = b.topic = "merged";
  ASSERT_TRUE(task_->put({a}).ok());
  ASSERT_TRUE(task_->put({b}).ok());
  settle();
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/merged/partition=0/t+0+0000000000.json", "topics/merged/partition=0/u+0+0000000000.json"}));
}

TEST_F(S3SinkTest, PlainJsonBecomesParquet) {
  properties_["format.class"] = "io.confluent.connect.s3.format.parquet.ParquetFormat";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 10)}).ok());
  settle();
  ASSERT_EQ(keys(), std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.snappy.parquet"});
  EXPECT_EQ(store_->get(keys()[0]).value_or("").substr(0, 4), "PAR1");
}

TEST_F(S3SinkTest, ANullValueFailsIsIgnoredOrGoesToTheDeadLetterQueue) {
  Batch batch = numbered_rows(0, 1);
  batch.value = *columnar::infer_column({Value()});
  ASSERT_TRUE(begin().ok());
  Status failed = task_->put({batch});
  EXPECT_EQ(failed.code(), Code::kFatal);
  EXPECT_NE(failed.message().find("behavior.on.null.values"), std::string::npos);
  properties_["behavior.on.null.values"] = "ignore";
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(task_->put({batch}).ok());
  EXPECT_EQ(context_.acked(), 1u);
  context_.tolerant = true;
  int before = context_.errants;
  EXPECT_TRUE(task_->put({batch}).ok());
  EXPECT_EQ(context_.errants, before + 1);
}

TEST_F(S3SinkTest, WallclockRotationWaitsForTheNextRecord) {
  properties_["partitioner.class"] = "io.confluent.connect.storage.partitioner.DailyPartitioner";
  properties_["locale"] = "en";
  properties_["timezone"] = "UTC";
  properties_["rotate.interval.ms"] = "20";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 3)}).ok());
  std::this_thread::sleep_for(Millis(30));
  ASSERT_TRUE(task_->tick().ok());
  EXPECT_TRUE(keys().empty());
  ASSERT_TRUE(task_->put({numbered_rows(3, 1)}).ok());
  settle();
  EXPECT_EQ(context_.acked(), 3u);
}

TEST_F(S3SinkTest, EachPartitionOfAPollHasItsOwnFiles) {
  properties_["flush.size"] = "2";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->open({{"t", Partition(1)}}, Generation(1)).ok());
  Batch other = numbered_rows(0, 2);
  other.origin.partition = Partition(1);
  other.kafka_partition = 1;
  ASSERT_TRUE(task_->put({numbered_rows(0, 2), other}).ok());
  settle();
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.json", "topics/t/partition=1/t+1+0000000000.json"}));
}

TEST_F(S3SinkTest, KeysAndHeadersLieBesideTheValues) {
  properties_["flush.size"] = "2";
  properties_["store.kafka.keys"] = properties_["store.kafka.headers"] = "true";
  properties_["keys.format.class"] = properties_["headers.format.class"] = "io.confluent.connect.s3.format.json.JsonFormat";
  ASSERT_TRUE(begin().ok());
  Batch batch = with_keys(numbered_rows(0, 2), {Value::string("a"), Value::string("b")});
  batch.headers = {{{"h", nullptr, Value(int64_t{1})}}, {{"h", nullptr, Value::string("x")}, {"g", nullptr, Value(true)}}};
  ASSERT_TRUE(task_->put({batch}).ok());
  settle();
  const std::string head = "topics/t/partition=0/t+0+0000000000";
  EXPECT_EQ(keys(), (std::vector<std::string>{head + ".headers.json", head + ".json", head + ".keys.json"}));
  EXPECT_EQ(store_->get(head + ".keys.json").value_or(""), "\"a\"\n\"b\"\n");
  EXPECT_EQ(store_->get(head + ".headers.json").value_or(""),
            "{\"headers\":[{\"key\":\"h\",\"value\":\"1\"}]}\n{\"headers\":[{\"key\":\"h\",\"value\":\"x\"},{\"key\":\"g\",\"value\":\"true\"}]}\n");
}

TEST_F(S3SinkTest, ARecordWithoutKeyIsBadDataWhereKeysAreStored) {
  properties_["flush.size"] = "2";
  properties_["store.kafka.keys"] = "true";
  properties_["keys.format.class"] = "io.confluent.connect.s3.format.parquet.ParquetFormat";
  context_.tolerant = true;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({with_keys(numbered_rows(0, 3), {Value::string("a"), Value(), Value::string("c")})}).ok());
  settle();
  EXPECT_EQ(context_.errants, 1);
  EXPECT_EQ(keys().size(), 2u);
  EXPECT_EQ(store_->get("topics/t/partition=0/t+0+0000000000.json").value_or("").find("\"id\":1"), std::string::npos);
}

TEST_F(S3SinkTest, TombstonesAreWrittenWithTheirKeysOnly) {
  properties_["behavior.on.null.values"] = "write";
  properties_["store.kafka.keys"] = "true";
  properties_["keys.format.class"] = "io.confluent.connect.s3.format.json.JsonFormat";
  properties_["flush.size"] = "2";
  ASSERT_TRUE(begin().ok());
  Batch tombstones = with_keys(numbered_rows(0, 2), {Value::string("a"), Value::string("b")});
  tombstones.value = *columnar::infer_column({Value(), Value()});
  ASSERT_TRUE(task_->put({tombstones}).ok());
  settle();
  EXPECT_EQ(keys(), std::vector<std::string>{"topics/t/tombstone/t+0+0000000000.keys.json"});
  EXPECT_EQ(context_.acked(), 2u);
}

columnar::SchemaPtr versioned(int version, bool with_b) {
  columnar::SchemaSpec spec;
  spec.name = "r";
  spec.version = version;
  spec.fields = {{"a", columnar::ConnectSchema::of(columnar::Type::kInt64), false}};
  if (with_b) spec.fields.push_back({"b", columnar::ConnectSchema::of(columnar::Type::kString, true), false});
  return columnar::ConnectSchema::make(std::move(spec));
}

Batch versioned_row(int64_t offset, bool with_b) {
  Batch batch = numbered_rows(offset, 1);
  static const columnar::SchemaPtr one = versioned(1, false), two = versioned(2, true);
  columnar::ValueAppender rows(with_b ? two : one);
  std::vector<Value> values = {Value(offset)};
  if (with_b) values.push_back(Value::string("b"));
  EXPECT_TRUE(rows.append(Value::structure(with_b ? two : one, std::move(values))).ok());
  batch.value = *rows.finish();
  return batch;
}

TEST_F(S3SinkTest, SchemasThatTakeTurnsShareTheirFilesWhenTheyDoNotEndThem) {
  properties_["flush.size"] = "6";
  properties_["rotate.file.on.schema.change"] = "false";
  ASSERT_TRUE(begin().ok());
  for (int64_t i = 0; i < 6; ++i) ASSERT_TRUE(task_->put({versioned_row(i, i % 2 == 1)}).ok());
  settle();
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.json", "topics/t/partition=0/t+0+0000000001.json"}));
  EXPECT_EQ(store_->get(keys()[1]).value_or("").substr(0, 14), "{\"a\":1,\"b\":\"b\"");
  EXPECT_EQ(context_.acked(), 6u);
}

TEST_F(S3SinkTest, AQuietTopicsTailIsDelivered) {
  for (const char* key : {"rotate.idle.ms", "rotate.age.ms"}) {
    properties_.erase("rotate.age.ms");
    properties_.erase("rotate.idle.ms");
    properties_[key] = "1";
    Context fresh;
    auto config = s3_sink_config().parse(properties_);
    auto task = make_s3_sink_task(*config, store_);
    ASSERT_TRUE(task->start(&fresh).ok());
    ASSERT_TRUE(task->open({{"t", Partition(0)}}, Generation(1)).ok());
    ASSERT_TRUE(task->put({numbered_rows(0, 3)}).ok());
    while (fresh.acked() < 3) {
      ASSERT_TRUE(task->tick().ok());
      std::this_thread::sleep_for(Millis(1));
    }
    ASSERT_TRUE(task->close({{"t", Partition(0)}}).ok());
    task->stop();
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(S3SinkTest, FilesEndBySize) {
  properties_["flush.size"] = "1000000";
  properties_["rotate.size.bytes"] = "2000";
  ASSERT_TRUE(begin().ok());
  for (int64_t at = 0; at < 300; at += 10) ASSERT_TRUE(task_->put({numbered_rows(at, 10)}).ok());
  settle();
  std::vector<std::string> data;
  for (const auto& key : keys()) {
    if (key.starts_with("topics/")) data.push_back(key);
  }
  EXPECT_GE(data.size(), 2u);
  EXPECT_GE(store_->head(data[0])->size, 2000);
  EXPECT_LE(store_->head(data[0])->size, 2400);
}

// A restart after any step: every row is in one object. `steps` puts are acked by the first task, then it is gone without a commit.
TEST_F(S3SinkTest, ARestartGoesOnAfterWhatIsWrittenDown) {
  properties_["rotate.size.bytes"] = "500";
  properties_["flush.size"] = "1000000";
  ASSERT_TRUE(begin().ok());
  for (int64_t at = 0; at < 60; at += 10) ASSERT_TRUE(task_->put({numbered_rows(at, 10)}).ok());
  settle();
  int64_t delivered = static_cast<int64_t>(context_.acked());
  ASSERT_GT(delivered, 0);
  task_->stop();
  // Nothing was committed, and the sizes of puts are others now.
  ASSERT_TRUE(begin().ok());
  EXPECT_EQ(context_.sought, delivered);
  for (int64_t at = delivered; at < 100; at += 7) ASSERT_TRUE(task_->put({numbered_rows(at, std::min<int64_t>(7, 100 - at))}).ok());
  settle();
  std::multiset<int64_t> ids;
  for (const auto& key : keys()) {
    if (!key.starts_with("topics/")) continue;
    std::string text = store_->get(key).value_or("");
    for (size_t at = text.find("\"id\":"); at != text.npos; at = text.find("\"id\":", at + 1)) ids.insert(std::stoll(text.substr(at + 5)));
  }
  EXPECT_EQ(ids.size(), context_.acked());
  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), ids.size());
  // When its offsets are committed, nothing is left of the log.
  task_->committed({{{"t", Partition(0)}, Offset(static_cast<int64_t>(ids.size()))}});
  auto entries = [&] {
    auto all = keys();
    return std::count_if(all.begin(), all.end(), [](const std::string& k) { return k.starts_with("_bywash/"); });
  };
  for (int i = 0; i < 2000 && entries() > 0; ++i) std::this_thread::sleep_for(Millis(5));
  EXPECT_EQ(entries(), 0);
}

TEST_F(S3SinkTest, ShortMemoryMovesOpenFilesToDiskAndChangesNothing) {
  for (const char* format : {"json.JsonFormat", "parquet.ParquetFormat"}) {
    std::string expected;
    for (bool is_short : {false, true}) {
      properties_["format.class"] = std::string("io.confluent.connect.s3.format.") + format;
      properties_["flush.size"] = "1000";
      if (is_short) MemoryBudget::process().set_limit(1);
      Context fresh;
      auto config = s3_sink_config().parse(properties_);
      auto task = make_s3_sink_task(*config, store_);
      ASSERT_TRUE(task->start(&fresh).ok());
      ASSERT_TRUE(task->open({{"t", Partition(0)}}, Generation(1)).ok());
      for (int64_t at = 0; at < 1000; at += 50) ASSERT_TRUE(task->put({numbered_rows(at, 50)}).ok());
      ASSERT_TRUE(task->close({{"t", Partition(0)}}).ok());
      task->stop();
      MemoryBudget::process().set_limit(int64_t{512} << 20);
      ASSERT_EQ(keys().size(), 1u);
      std::string bytes = store_->get(keys()[0]).value_or("");
      if (!is_short) expected = bytes;
      EXPECT_EQ(bytes, expected) << format;
      std::filesystem::remove_all(folder_);
    }
  }
}

TEST(DeliveryLog, EntriesReadBackWhatWasWritten) {
  LoggedCut cut{7, 19, {{"topics/t/a b=%/t+0+7.json", "id with blanks", 12, {"\"etag\"", "2"}}, {"k", "u", 0, {}}}};
  auto back = parse_cut(print_cut(cut));
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(*back, cut);
  EXPECT_FALSE(parse_cut("bywash-delivery 1\noffsets 1 2\n").ok());
  EXPECT_FALSE(parse_cut("").ok());
}

TEST_F(S3SinkTest, RecoveryFinishesDiscardsAndForgets) {
  auto upload = [&](const std::string& key, const std::string& bytes) {
    auto id = store_->create_upload(key, {});
    auto tag = store_->upload_part(key, *id, 1, bytes);
    return LoggedObject{key, *id, static_cast<int64_t>(bytes.size()), {*tag}};
  };
  TopicPartition tp{"t", Partition(0)};
  std::string prefix = log_prefix("c", tp);
  auto log = [&](const LoggedCut& cut) { ASSERT_TRUE(store_->put(log_key(prefix, cut.from), print_cut(cut), {}).ok()); };
  log({0, 5, {upload("a", "1")}});                      // committed long ago
  log({5, 9, {upload("b", "2"), upload("c", "3")}});     // to be finished
  ASSERT_TRUE(store_->put("d", "another task's", {}).ok());
  log({9, 12, {{"d", "no such upload", 3, {"1"}}}});     // gone
  log({12, 15, {upload("e", "5")}});                     // behind the gap
  auto recovered = recover(*store_, prefix, 5);
  ASSERT_TRUE(recovered.ok()) << recovered.status().message();
  EXPECT_EQ(recovered->position, std::optional<int64_t>(9));
  EXPECT_TRUE(store_->head("b").ok() && store_->head("c").ok());
  EXPECT_FALSE(store_->head("a").ok() || store_->head("e").ok());
  EXPECT_EQ(store_->get("d").value_or(""), "another task's");
  // Once more: the same answer.
  EXPECT_EQ(recover(*store_, prefix, 5)->position, std::optional<int64_t>(9));
  // Offsets set back by hand stay where they are.
  EXPECT_EQ(recover(*store_, prefix, 2)->position, std::nullopt);
  EXPECT_EQ(recover(*store_, prefix, 2)->position, std::nullopt);
}

TEST_F(S3SinkTest, ATaskWhoseRowsAnotherHasCommittedDeliversNothing) {
  properties_["rotate.size.bytes"] = "100";
  properties_["flush.size"] = "1000000";
  ASSERT_TRUE(begin().ok());
  // The group's offset as the next owner has left it; this task has not been told.
  context_.committed_offset = Offset(10);
  ASSERT_TRUE(task_->put({numbered_rows(0, 10)}).ok());
  settle();
  EXPECT_EQ(context_.acked(), 0u);
  for (int i = 0; i < 2000 && !keys().empty(); ++i) std::this_thread::sleep_for(Millis(5));
  EXPECT_TRUE(keys().empty());
}

TEST_F(S3SinkTest, OfTwoTasksThatCutFromOneOffsetOnOneAloneWritesItsEntry) {
  std::string prefix = log_prefix("c", {"t", Partition(0)});
  EXPECT_TRUE(write_cut(*store_, prefix, {0, 10, {}}).ok());
  EXPECT_TRUE(write_cut(*store_, prefix, {0, 10, {}}).ok()) << "the same request again, its answer was lost";
  EXPECT_EQ(write_cut(*store_, prefix, {0, 8, {}}).code(), Code::kConflict);
  EXPECT_TRUE(write_cut(*store_, prefix, {10, 20, {}}).ok());
  // Its entry is gone since it was committed: the later one says so.
  EXPECT_TRUE(store_->remove(log_key(prefix, 0)).ok());
  EXPECT_EQ(write_cut(*store_, prefix, {0, 8, {}}).code(), Code::kConflict);
  EXPECT_FALSE(store_->head(log_key(prefix, 0)).ok());
}

TEST_F(S3SinkTest, ADecimalOfTheWrongScaleIsBadDataAlone) {
  properties_["format.class"] = "io.confluent.connect.s3.format.parquet.ParquetFormat";
  properties_["flush.size"] = "2";
  context_.tolerant = true;
  ASSERT_TRUE(begin().ok());
  Batch batch = numbered_rows(0, 3);
  columnar::SchemaSpec spec;
  spec.fields = {{"amount", columnar::ConnectSchema::decimal(2), false}};
  columnar::SchemaPtr schema = columnar::ConnectSchema::make(std::move(spec));
  columnar::ValueAppender rows(schema);
  for (const char* text : {"1.25", "1.2", "-3.00"}) ASSERT_TRUE(rows.append(Value::structure(schema, {Value(*columnar::parse_decimal(text))})).ok());
  batch.value = *rows.finish();
  ASSERT_TRUE(task_->put({batch}).ok());
  settle();
  EXPECT_EQ(context_.errants, 1);
  EXPECT_EQ(keys(), std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.snappy.parquet"});
}

TEST_F(S3SinkTest, ADiscardedFileIsNotAcked) {
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({numbered_rows(0, 13)}).ok());
  settle();
  EXPECT_EQ(context_.acked(), 10u);
  EXPECT_EQ(keys().size(), 1u);
}

TEST(S3SinkPlugin, ItsExamplesAreValidAndBadOnesNameTheirKeys) {
  auto plugin = s3_sink();
  EXPECT_TRUE(plugin.def.find("path.include.topic"));
  auto values = plugin.def.validate({{"format.class", "no.such.Format"}, {"flush.size", "x"}});
  std::set<std::string> wrong;
  for (const auto& v : values) {
    if (!v.errors.empty()) wrong.insert(v.name);
  }
  EXPECT_TRUE(wrong.contains("format.class"));
  EXPECT_TRUE(wrong.contains("flush.size"));
}

}  // namespace
}  // namespace bywash::connectors::s3
