// The task's rules: what moves clocks and ends files, clocks that jump, rows of many files, keys that are checked against each other.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "base/clock.h"
#include "connectors/s3/partition_writer.h"
#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_sink_fixture_test.h"
#include "formats/parquet/parquet_file_reader.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Batch;
using columnar::Value;

// Records' times are a second apart: with rotate.interval.ms, what moves the clock decides where files end.
TEST_F(S3SinkTest, ATombstoneMovesTheClockByItsOwnTime) {
  for (const auto& [key, value] : config::Properties{{"behavior.on.null.values", "write"}, {"store.kafka.keys", "true"}, {"keys.format.class", "JsonFormat"},
                                                     {"partitioner.class", "DailyPartitioner"}, {"locale", "en"}, {"timezone", "UTC"}, {"flush.size", "100"},
                                                     {"timestamp.extractor", "RecordField"}, {"timestamp.field", "id"}, {"rotate.interval.ms", "1000"}}) {
    properties_[key] = value;
  }
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({with_keys(numbered_rows(0, 1), {Value::string("a")})}).ok());  // at 0 ms, by its field
  Batch tombstone = with_keys(numbered_rows(1, 1), {Value::string("b")});
  tombstone.value = *columnar::infer_column({Value()});
  ASSERT_TRUE(task_->put({tombstone}).ok());  // in 2024
  settle();
  EXPECT_EQ(context_.acked(), 1u);
}

TEST_F(S3SinkTest, ARefusedRecordHasMovedTheClock) {
  for (const auto& [key, value] : config::Properties{{"partitioner.class", "DailyPartitioner"}, {"locale", "en"}, {"timezone", "UTC"}, {"flush.size", "100"},
                                                     {"timestamp.extractor", "Record"}, {"rotate.interval.ms", "2000"}, {"store.kafka.keys", "true"},
                                                     {"keys.format.class", "JsonFormat"}}) {
    properties_[key] = value;
  }
  context_.tolerant = true;
  ASSERT_TRUE(begin().ok());
  // The first has no key: it is refused, and the interval counts from it.
  ASSERT_TRUE(task_->put({with_keys(numbered_rows(0, 4), {Value(), Value::string("b"), Value::string("c"), Value::string("d")})}).ok());
  settle();
  EXPECT_EQ(context_.errants, 1);
  EXPECT_EQ(context_.acked(), 1u);
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/year=2024/month=06/day=15/t+0+0000000001.json", "topics/t/year=2024/month=06/day=15/t+0+0000000001.keys.json"}));
}

// Minutes since 10:00 of a day by a clock that jumps; steady time goes on.
TEST_F(S3SinkTest, AClockThatJumpsLosesAndDoublesNothing) {
  constexpr int64_t kTen = 1718445600000, kMinute = 60'000;
  int64_t minutes = 10;
  properties_["rotate.schedule.interval.ms"] = "3600000";
  properties_["timezone"] = "UTC";
  properties_["flush.size"] = "1000";
  auto config = s3_sink_config().parse(properties_);
  task_ = make_s3_sink_task(*config, store_, [&minutes] { return Now{kTen + minutes * kMinute, steady_now()}; });
  ASSERT_TRUE(task_->start(&context_).ok());
  ASSERT_TRUE(task_->open({{"t", Partition(0)}}, Generation(1)).ok());
  int64_t next = 0;
  auto step = [&](int64_t at_minute) {
    minutes = at_minute;
    ASSERT_TRUE(task_->put({numbered_rows(next, 5)}).ok());
    next += 5;
    ASSERT_TRUE(task_->tick().ok());
  };
  auto delivered = [&] {
    for (int i = 0; i < 500 && store_->list({})->objects.size() > 0 && context_.acked() == 0; ++i) std::this_thread::sleep_for(Millis(1));
    size_t files = 0;
    for (const std::string& key : keys()) files += key.starts_with("topics/");
    return files;
  };
  step(10);
  step(-90);  // 08:30: the next hour is 09:00, not 11:00
  minutes = -61;
  ASSERT_TRUE(task_->tick().ok());
  EXPECT_EQ(delivered(), 0u);
  step(-60);
  step(6 * 24 * 60);  // days later: once
  step(6 * 24 * 60 + 1);
  step(5);  // back again
  minutes = 60;
  ASSERT_TRUE(task_->tick().ok());
  settle();
  EXPECT_EQ(context_.acked(), static_cast<size_t>(next));
  std::map<int64_t, int> seen;
  for (const std::string& key : keys()) {
    if (!key.starts_with("topics/")) continue;
    const std::string text = store_->get(key).value_or("");
    for (size_t at = text.find("\"id\":"); at != text.npos; at = text.find("\"id\":", at + 1)) ++seen[std::atoll(text.c_str() + at + 5)];
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(next));
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
}

// Rows of a fetch that go to many files are copied, a few at a time, in their order.
TEST_F(S3SinkTest, RowsSpreadOverManyFilesKeepTheirOrder) {
  properties_["format.class"] = "io.confluent.connect.s3.format.parquet.ParquetFormat";
  properties_["partitioner.class"] = "FieldPartitioner";
  properties_["partition.field.name"] = "s";
  properties_["flush.size"] = "400";
  ASSERT_TRUE(begin().ok());
  for (int64_t at = 0; at < 400; at += 40) ASSERT_TRUE(task_->put({numbered_rows(at, 40)}).ok());
  settle();
  ASSERT_EQ(keys(), (std::vector<std::string>{"topics/t/s=even/t+0+0000000000.snappy.parquet", "topics/t/s=odd/t+0+0000000001.snappy.parquet"}));
  for (int odd : {0, 1}) {
    auto reader = formats::ParquetFileReader::open(*store_->get(keys()[static_cast<size_t>(odd)]));
    ASSERT_TRUE(reader.ok());
    int64_t expected = odd;
    for (auto rows = (*reader)->next(); rows.ok() && *rows; rows = (*reader)->next()) {
      for (int64_t row = 0; row < (*rows)->row_count(); ++row, expected += 2) {
        EXPECT_EQ(columnar::value_at((*rows)->child((*rows)->schema->field_index("id")), row), Value(expected));
      }
    }
    EXPECT_EQ(expected, 400 + odd);
  }
}

std::map<std::string, std::vector<std::string>> errors_of(const config::Properties& properties) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& v : s3_sink().def.validate(properties)) {
    if (!v.errors.empty()) out[v.name] = v.errors;
  }
  return out;
}

TEST(S3SinkPlugin, KeysAreCheckedAgainstEachOther) {
  const config::Properties good = {{"format.class", "JsonFormat"}, {"flush.size", "1"}, {"s3.bucket.name", "b"}, {"storage.class", "S3Storage"},
                                   {"behavior.on.null.values", "IGNORE"}, {"s3.object.behavior.on.tagging.error", "Fail"}};
  EXPECT_TRUE(errors_of(good).empty());
  auto with = [&](config::Properties more) {
    more.insert(good.begin(), good.end());
    return errors_of(more);
  };
  auto keys = with({{"s3.compression.type", "gzip"}, {"store.kafka.keys", "true"}, {"keys.format.class", "AvroFormat"}});
  EXPECT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys["keys.format.class"][0], "Compression Type gzip not valid for keys format class: ( AvroFormat ).");
  EXPECT_EQ(with({{"s3.compression.type", "gzip"}, {"store.kafka.headers", "true"}}).size(), 3u);
  EXPECT_EQ(with({{"s3.wan.mode", "true"}}).size(), 2u);
  EXPECT_TRUE(with({{"s3.wan.mode", "true"}, {"s3.path.style.access.enabled", "false"}}).empty());
  EXPECT_EQ(with({{"timezone", "Mars/Base"}})["timezone"][0],
            "Invalid value Mars/Base for configuration timezone: The datetime zone id 'Mars/Base' is not recognised");
  EXPECT_EQ(with({{"partition.field.name", "a,,b"}}).size(), 1u);
  EXPECT_EQ(with({{"partition.field.name", "a..b"}}).size(), 1u);
  // What the original's connector finds when it starts, not when it is validated.
  config::Properties unzoned = good;
  unzoned["rotate.schedule.interval.ms"] = "1000";
  EXPECT_TRUE(errors_of(unzoned).empty());
  EXPECT_EQ(s3_sink().check_start(unzoned).message(), "timezone configuration must be set when using rotate.schedule.interval.ms");
}

TEST(S3SinkPlugin, WhiteSpaceInTheSeparatorCounts) {
  auto config = read_s3_sink({{"format.class", "ByteArrayFormat"}, {"flush.size", "1"}, {"s3.bucket.name", "b"}, {"format.bytearray.separator", " \t\n"},
                              {"behavior.on.null.values", "WRITE"}, {"store.kafka.keys", "true"}});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->bytearray_separator, " \t\n");
  EXPECT_EQ(config->behavior_on_null_values, "write");
}

}  // namespace
}  // namespace bywash::connectors::s3
