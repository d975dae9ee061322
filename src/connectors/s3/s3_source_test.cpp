// What the sink wrote comes back through the source; objects merged by compaction hold the same rows.
#include <arrow/array.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <set>

#include "columnar/value.h"
#include "connectors/s3/compaction.h"
#include "connectors/s3/compaction_record.h"
#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_task.h"
#include "connectors/s3/source_objects.h"
#include "connectors/s3/source_task.h"
#include "storage/local_store.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;

constexpr const char* kFormatPrefix = "io.confluent.connect.s3.format.";

class SinkSide : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition&, Generation, OffsetRange) override {}
  void ack(const columnar::Batch&, Generation) override {}
  Status errant(const columnar::Batch&, int64_t, const Status& error) override { return error; }
  bool tolerates_errors() const override { return false; }
  void seek(const TopicPartition&, Offset) override {}

 private:
  std::string name_ = "sink";
};

class SourceSide : public plugin::SourceContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  std::optional<std::string> stored_offset(const std::string& partition) override {
    auto at = stored.find(partition);
    return at == stored.end() ? std::nullopt : std::optional<std::string>(at->second);
  }
  std::map<std::string, std::string> stored;

 private:
  std::string name_ = "source";
};

SchemaPtr order_schema() {
  static const SchemaPtr schema = [] {
    columnar::SchemaSpec item;
    item.name = "item";
    item.fields = {{"sku", ConnectSchema::of(Type::kString), false}, {"count", ConnectSchema::of(Type::kInt16), false}};
    columnar::SchemaSpec items;
    items.type = Type::kArray;
    items.value_schema = ConnectSchema::make(std::move(item));
    columnar::SchemaSpec labels;
    labels.type = Type::kMap;
    labels.optional = true;
    labels.key_schema = ConnectSchema::of(Type::kString);
    labels.value_schema = ConnectSchema::of(Type::kInt64, true);
    columnar::SchemaSpec spec;
    spec.name = "order";
    spec.version = 3;
    spec.fields = {{"id", ConnectSchema::of(Type::kInt64), false},
                   {"small", ConnectSchema::of(Type::kInt8), false},
                   {"note", ConnectSchema::of(Type::kString, true), false},
                   {"price", ConnectSchema::decimal(2), false},
                   {"at", ConnectSchema::named(Type::kInt64, columnar::kTimestampName), false},
                   {"day", ConnectSchema::named(Type::kInt32, columnar::kDateName, true), false},
                   {"items", ConnectSchema::make(std::move(items)), false},
                   {"labels", ConnectSchema::make(std::move(labels)), false}};
    return ConnectSchema::make(std::move(spec));
  }();
  return schema;
}

Value order_row(int64_t i) {
  const SchemaPtr& schema = order_schema();
  const SchemaPtr& item = schema->fields()[6].schema->value_schema();
  Value::List items;
  for (int64_t k = 0; k < i % 3; ++k) items.push_back(Value::structure(item, {Value::string("sku" + std::to_string(k)), Value(static_cast<int16_t>(k))}));
  Value labels = i % 4 == 0 ? Value() : Value::map({{Value::string("a"), Value(i)}, {Value::string("b"), Value()}});
  return Value::structure(schema, {Value(i), Value(static_cast<int8_t>(i % 100)), i % 5 ? Value::string("note " + std::to_string(i)) : Value(),
                                   Value(*columnar::parse_decimal(std::to_string(i - 5) + ".25")), Value(Value::Millis{1718445600000 + i}),
                                   i % 2 ? Value(Value::Millis{i * 86'400'000}) : Value(), Value::list(std::move(items)), std::move(labels)});
}

class RoundTrip : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "bywash-s3source-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    store_ = std::make_shared<storage::LocalStore>(folder_);
    sink_ = {{"topics", "t"}, {"store.url", "file://" + folder_}, {"flush.size", "100"}};
    source_ = {{"store.url", "file://" + folder_}, {"s3.poll.interval.ms", "1"}};
    choose("avro.AvroFormat");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void choose(const std::string& format) { sink_["format.class"] = source_["format.class"] = kFormatPrefix + format; }

  columnar::Batch batch_of_orders(int64_t first, int64_t count, bool tombstones = false) {
    columnar::Batch batch;
    batch.origin = {"t", Partition(3)};
    batch.topic = "t";
    batch.kafka_partition = 3;
    columnar::ValueAppender rows(order_schema());
    columnar::ValueAppender keys(ConnectSchema::of(Type::kString));
    for (int64_t i = first; i < first + count; ++i) {
      EXPECT_TRUE(rows.append(order_row(i)).ok());
      EXPECT_TRUE(keys.append(Value::string("key" + std::to_string(i))).ok());
      batch.offsets.push_back(i);
      batch.timestamps_ms.push_back(1718445600000 + i);
      batch.headers.push_back({{"n", nullptr, Value(i)}, {"h", nullptr, Value::string("x")}});
    }
    batch.value = *rows.finish();
    if (tombstones) batch.value = {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(count)};
    batch.key = *keys.finish();
    batch.selected = columnar::RowMask(count);
    return batch;
  }

  void write(const std::vector<columnar::Batch>& batches) {
    auto config = s3_sink_config().parse(sink_);
    ASSERT_TRUE(config.ok()) << config.status().message();
    auto task = make_s3_sink_task(*config, store_);
    SinkSide context;
    ASSERT_TRUE(task->start(&context).ok());
    ASSERT_TRUE(task->open({batches[0].origin}, Generation(1)).ok());
    for (const auto& batch : batches) {
      Status put = task->put({batch});
      ASSERT_TRUE(put.ok()) << put.message();
    }
    ASSERT_TRUE(task->close({batches[0].origin}).ok());
    task->stop();
  }

  // Polls until nothing comes; offsets are kept as the runtime does.
  Status read(size_t batches_max = 1'000'000) {
    auto config = s3_source_config().parse(source_);
    if (!config.ok()) return config.status();
    auto task = make_s3_source_task(*config, store_);
    RETURN_IF_ERROR(task->start(&offsets_));
    for (size_t i = 0; i < batches_max; ++i) {
      ASSIGN_OR_RETURN(auto polled, task->poll());
      if (polled.empty()) break;
      for (auto& batch : polled) {
        batch.batch.check_invariants();
        EXPECT_EQ(batch.source_offsets.size(), batch.batch.offsets.size());
        offsets_.stored[batch.source_partition] = batch.source_offsets.back();
        got_.push_back(std::move(batch.batch));
      }
    }
    task->stop();
    return {};
  }

  std::vector<Value> values_got() const {
    std::vector<Value> out;
    for (const auto& batch : got_) {
      for (int64_t row = 0; row < batch.row_count(); ++row) out.push_back(columnar::value_at(batch.value, row));
    }
    return out;
  }
  std::vector<std::string> keys_in_store(const std::string& prefix = "") {
    std::vector<std::string> out;
    auto page = store_->list({prefix, "", "", 1000});
    for (const auto& o : page->objects) out.push_back(o.key);
    return out;
  }
  int64_t field_of_row(const Value& value, size_t field) const { return value.as_struct()->values[field].get<int64_t>(); }

  std::string folder_;
  std::shared_ptr<storage::LocalStore> store_;
  config::Properties sink_, source_;
  SourceSide offsets_;
  std::vector<columnar::Batch> got_;
};

TEST(ObjectNames, AreTakenApart) {
  auto name = parse_object_name("a+b+12+0000000300.keys.avro", "+");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->topic, "a+b");
  EXPECT_EQ(name->partition, 12);
  EXPECT_EQ(name->start_offset, 300);
  EXPECT_EQ(name->view, ".keys");
  EXPECT_EQ(name->extension, ".avro");
  auto merged = parse_object_name("t--0--0000000300-0000000900.snappy.parquet", "--");
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->offsets, "0000000300-0000000900");
  EXPECT_EQ(merged->extension, ".snappy.parquet");
  for (const char* other : {"", "t", "t+0", "+0+1.avro", "t+x+1.avro", "t+0+x.avro", "t+0+.avro", "part-00000-c000.snappy.parquet", "_SUCCESS"}) {
    EXPECT_FALSE(parse_object_name(other, "+")) << other;
  }
}

TEST_F(RoundTrip, ParquetAndAvroGiveBackEveryTypeKeyHeaderPartitionAndOrder) {
  for (const char* format : {"avro.AvroFormat", "parquet.ParquetFormat"}) {
    for (const char* beside : {"avro.AvroFormat", "parquet.ParquetFormat", "json.JsonFormat"}) {
      SetUp();
      got_.clear();
      offsets_.stored.clear();
      choose(format);
      for (const char* key : {"store.kafka.keys", "store.kafka.headers"}) sink_[key] = source_[key] = "true";
      for (const char* key : {"keys.format.class", "headers.format.class"}) sink_[key] = source_[key] = kFormatPrefix + std::string(beside);
      write({batch_of_orders(0, 130), batch_of_orders(130, 170)});
      Status status = read();
      ASSERT_TRUE(status.ok()) << status.message();
      std::vector<Value> values = values_got();
      ASSERT_EQ(values.size(), 300u) << format;
      int64_t next = 0;
      for (const auto& batch : got_) {
        EXPECT_EQ(batch.topic, "t");
        EXPECT_EQ(batch.kafka_partition, 3);
        ASSERT_TRUE(batch.value.schema->equals(*order_schema())) << format;
        for (int64_t row = 0; row < batch.row_count(); ++row, ++next) {
          ASSERT_EQ(values[static_cast<size_t>(next)], order_row(next)) << format << " " << next;
          EXPECT_EQ(columnar::value_at(batch.key, row), Value::string("key" + std::to_string(next))) << beside;
          ASSERT_EQ(batch.headers[static_cast<size_t>(row)].size(), 2u) << beside;
          EXPECT_EQ(batch.headers[static_cast<size_t>(row)][0].value, Value::string(std::to_string(next)));
          EXPECT_EQ(batch.headers[static_cast<size_t>(row)][1].key, "h");
        }
      }
    }
  }
}

TEST_F(RoundTrip, JsonAndBytesAlsoCompressed) {
  choose("json.JsonFormat");
  sink_["s3.compression.type"] = "gzip";
  write({batch_of_orders(0, 100)});
  ASSERT_TRUE(read().ok());
  auto values = values_got();
  ASSERT_EQ(values.size(), 100u);
  const auto* first = values[1].as_map();
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)[0], (std::pair(Value::string("id"), Value(int64_t{1}))));

  got_.clear();
  choose("bytearray.ByteArrayFormat");
  columnar::Batch batch = batch_of_orders(100, 100);
  columnar::ValueAppender rows(ConnectSchema::of(Type::kBytes));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(rows.append(Value(Value::Bytes{"row " + std::to_string(i)})).ok());
  batch.value = *rows.finish();
  write({batch});
  ASSERT_TRUE(read().ok());
  values = values_got();
  ASSERT_EQ(values.size(), 100u);
  EXPECT_EQ(values[99], Value(Value::Bytes{"row 99"}));
}

TEST_F(RoundTrip, ATombstoneComesBackWithItsKey) {
  sink_["behavior.on.null.values"] = "write";
  sink_["store.kafka.keys"] = source_["store.kafka.keys"] = "true";
  write({batch_of_orders(0, 100, true)});
  ASSERT_TRUE(read().ok());
  ASSERT_EQ(values_got().size(), 100u);
  EXPECT_TRUE(values_got()[7].is_null());
  EXPECT_EQ(columnar::value_at(got_[0].key, 7), Value::string("key7"));
}

TEST_F(RoundTrip, ARestartGoesOnWithinTheObjectAndDoneOnesStayDone) {
  source_["record.batch.max.size"] = "30";
  write({batch_of_orders(0, 200)});
  ASSERT_TRUE(read(2).ok());
  ASSERT_EQ(values_got().size(), 60u);
  ASSERT_TRUE(read().ok());
  auto values = values_got();
  ASSERT_EQ(values.size(), 200u);
  for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(field_of_row(values[static_cast<size_t>(i)], 0), i);
  got_.clear();
  write({batch_of_orders(200, 100)});
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(values_got().size(), 100u);
  EXPECT_EQ(offsets_.stored.size(), 3u);
}

TEST_F(RoundTrip, KeysThatAreNotThereYetAreWaitedFor) {
  source_["store.kafka.keys"] = "true";
  write({batch_of_orders(0, 100)});
  ASSERT_TRUE(read().ok());
  EXPECT_TRUE(got_.empty());
  source_.erase("store.kafka.keys");
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(values_got().size(), 100u);
}

TEST_F(RoundTrip, GenericReadsWhatMatchesIntoItsTopic) {
  choose("json.JsonFormat");
  source_["mode"] = "GENERIC";
  source_["topics.dir"] = "incoming";
  source_["topic.regex.list"] = R"(a:.*/a-\d+\.json,b:.*\.json)";
  ASSERT_TRUE(store_->put("incoming/x/a-1.json", "{\"n\":1}\n{\"n\":2}\n", {}).ok());
  ASSERT_TRUE(store_->put("incoming/other.json", "{\"n\":3}", {}).ok());
  ASSERT_TRUE(store_->put("incoming/readme.txt", "no JSON at all", {}).ok());
  ASSERT_TRUE(store_->put("elsewhere/a-1.json", "{\"n\":4}", {}).ok());
  ASSERT_TRUE(read().ok());
  std::multiset<std::string> topics;
  for (const auto& batch : got_) {
    for (int64_t row = 0; row < batch.row_count(); ++row) topics.insert(batch.topic);
    EXPECT_EQ(batch.kafka_partition, -1);
  }
  EXPECT_EQ(topics, (std::multiset<std::string>{"a", "a", "b"}));
}

TEST_F(RoundTrip, AnObjectThatCannotBeReadFailsTheTaskOrIsPassedOver) {
  write({batch_of_orders(0, 100)});
  ASSERT_TRUE(store_->put("topics/t/partition=3/t+3+0000000000.avro", "damaged", {}).ok());
  write({batch_of_orders(100, 100)});
  Status status = read();
  EXPECT_EQ(status.code(), Code::kFatal);
  EXPECT_NE(status.message().find("t+3+0000000000.avro"), std::string::npos) << status.message();
  source_["behavior.on.error"] = "ignore";
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(values_got().size(), 100u);
}

TEST_F(RoundTrip, TasksShareTheWorkOut) {
  for (int partition = 0; partition < 8; ++partition) {
    columnar::Batch batch = batch_of_orders(0, 100);
    batch.origin.partition = Partition(partition);
    batch.kafka_partition = partition;
    write({batch});
  }
  auto tasks = s3_source().task_configs(source_, 3);
  ASSERT_TRUE(tasks.ok());
  std::multiset<int> seen;
  for (const auto& task : *tasks) {
    got_.clear();
    source_ = task;
    ASSERT_TRUE(read().ok());
    for (const auto& batch : got_) seen.insert(batch.kafka_partition);
  }
  EXPECT_EQ(seen.size(), 8u);
  EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), 8u);
}

CompactionOptions eager() {
  CompactionOptions options;
  options.min_age = Millis(-1);
  return options;
}

TEST_F(RoundTrip, CompactionKeepsRowsOrderAndWhatLiesBesideThem) {
  for (const char* format : {"avro.AvroFormat", "parquet.ParquetFormat", "json.JsonFormat"}) {
    SetUp();
    got_.clear();
    offsets_.stored.clear();
    choose(format);
    for (const char* key : {"store.kafka.keys", "store.kafka.headers"}) sink_[key] = source_[key] = "true";
    sink_["flush.size"] = "10";
    write({batch_of_orders(0, 100)});
    ASSERT_EQ(keys_in_store().size(), 30u);
    auto counts = compact(*store_, eager());
    ASSERT_TRUE(counts.ok()) << counts.status().message();
    EXPECT_EQ(counts->merged, 3);
    EXPECT_EQ(counts->originals, 30);
    auto left = keys_in_store();
    ASSERT_EQ(left.size(), 3u) << format;
    EXPECT_TRUE(left[0].starts_with("topics/t/partition=3/t+3+0000000000-0000000090.")) << left[0];
    ASSERT_TRUE(read().ok());
    ASSERT_EQ(values_got().size(), 100u);
    int64_t next = 0;
    for (const auto& batch : got_) {
      for (int64_t row = 0; row < batch.row_count(); ++row, ++next) EXPECT_EQ(columnar::value_at(batch.key, row), Value::string("key" + std::to_string(next)));
    }
    // Once more: there is nothing to do.
    EXPECT_EQ(compact(*store_, eager())->merged, 0);
    // With more small ones it grows.
    write({batch_of_orders(100, 50)});
    EXPECT_EQ(compact(*store_, eager())->merged, 3);
    EXPECT_TRUE(keys_in_store()[0].starts_with("topics/t/partition=3/t+3+0000000000-0000000140.")) << keys_in_store()[0];
  }
}

TEST_F(RoundTrip, CompactionLeavesYoungPathsLargeObjectsAndOtherSchemasAlone) {
  sink_["flush.size"] = "10";
  write({batch_of_orders(0, 60)});
  CompactionOptions options;
  EXPECT_EQ(compact(*store_, options)->originals, 0) << "a young path";
  options = eager();
  options.dry_run = true;
  EXPECT_EQ(compact(*store_, options)->originals, 6);
  EXPECT_EQ(keys_in_store().size(), 6u);
  options = eager();
  options.target_bytes = store_->head(keys_in_store()[1])->size * 5 / 2;
  EXPECT_EQ(compact(*store_, options)->merged, 3) << "pairs";
  EXPECT_EQ(compact(*store_, options)->merged, 0);
  // An object of another schema between the others, and a damaged one.
  ASSERT_TRUE(store_->put("topics/t/partition=3/t+3+0000000015.json", "{}\n", {}).ok());
  EXPECT_EQ(compact(*store_, eager())->merged, 1);
  ASSERT_TRUE(store_->put("topics/t/partition=3/t+3+0000000100.avro", "damaged", {}).ok());
  ASSERT_TRUE(store_->put("topics/t/partition=3/t+3+0000000101.avro", "damaged", {}).ok());
  EXPECT_EQ(compact(*store_, eager())->merged, 0);
  EXPECT_TRUE(store_->head("topics/t/partition=3/t+3+0000000100.avro").ok());
}

// A crash before, between and behind the two steps that readers see.
TEST_F(RoundTrip, AnInterruptedCompactionIsFinished) {
  for (int step = 0; step < 4; ++step) {
    SetUp();
    sink_["flush.size"] = "10";
    write({batch_of_orders(0, 40)});
    auto originals = keys_in_store();
    // What a run would make of it.
    auto other = std::make_shared<storage::LocalStore>(folder_ + "-made");
    for (const auto& key : originals) ASSERT_TRUE(other->put(key, *store_->get(key), {}).ok());
    ASSERT_EQ(compact(*other, eager())->merged, 1);
    std::string merged_key = other->list({})->objects.at(0).key, bytes = *other->get(merged_key);
    std::filesystem::remove_all(folder_ + "-made");
    CompactionRecord record{"0123", {{"_bywash/compaction/0123-1-1.staged", merged_key, static_cast<int64_t>(bytes.size()), originals}}};
    ASSERT_TRUE(store_->put(record.objects[0].staged, bytes, {}).ok());
    if (step > 0) ASSERT_TRUE(write_record(*store_, record).ok());
    if (step > 1) ASSERT_TRUE(store_->put(merged_key, bytes, {}).ok());
    if (step > 2) ASSERT_TRUE(store_->remove_all({originals[0], originals[1]}).ok());
    auto counts = compact(*store_, eager());
    ASSERT_TRUE(counts.ok()) << counts.status().message();
    EXPECT_EQ(keys_in_store("topics/"), std::vector<std::string>{merged_key}) << step;
    EXPECT_TRUE(keys_in_store("_bywash/").empty()) << step;
    EXPECT_EQ(*store_->get(merged_key), bytes);
  }
}

TEST(CompactionRecords, AreReadBackAndDamageIsTold) {
  CompactionRecord record{"id", {{"_bywash/compaction/a b", "topics/t/ü=%/x", 12, {"k 1", "k2"}}, {"s", "k", 0, {"o"}}}};
  auto back = parse_record("id", print_record(record));
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->objects, record.objects);
  std::string text = print_record(record);
  EXPECT_FALSE(parse_record("id", text.substr(0, text.size() - 2)).ok());
  EXPECT_FALSE(parse_record("id", "").ok());
}

}  // namespace
}  // namespace bywash::connectors::s3
