// What the put step costs: batches of stock_transactions (six columns) through the S3 sink into Parquet files in a local folder.
//   s3_sink_bench FOLDER [rows] [flush.size] [schemaless]   prints CPU per row of the whole process and the bytes written.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_task.h"
#include "columnar/value.h"

namespace bywash {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

double cpu_seconds() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

class Context : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition&, Generation, OffsetRange range) override { acked += range.end - range.first; }
  void ack(const columnar::Batch&, Generation) override {}
  Status errant(const columnar::Batch&, int64_t, const Status& e) override { return e; }
  bool tolerates_errors() const override { return false; }
  void seek(const TopicPartition&, Offset) override {}
  std::atomic<int64_t> acked{0};

 private:
  std::string name_ = "bench";
};

columnar::SchemaPtr schema_of(bool schemaless) {
  columnar::SchemaSpec spec;
  spec.type = schemaless ? Type::kObject : Type::kStruct;
  spec.schemaless = schemaless;
  auto add = [&](const char* name, Type type) { spec.fields.push_back({name, schemaless ? ConnectSchema::schemaless(type) : ConnectSchema::of(type)}); };
  add("id", Type::kInt64);
  add("user_id", Type::kInt64);
  add("symbol", Type::kString);
  add("shares", Type::kInt64);
  add("purchase", Type::kFloat64);
  if (schemaless) add("update_at", Type::kInt64);
  else spec.fields.push_back({"update_at", ConnectSchema::named(Type::kInt64, columnar::kTimestampName)});
  return ConnectSchema::make(std::move(spec));
}

columnar::Batch batch_of(const columnar::SchemaPtr& schema, int64_t first, int64_t count) {
  std::minstd_rand random(static_cast<uint32_t>(first + 1));
  arrow::Int64Builder id, user, shares, at;
  arrow::StringBuilder symbol;
  arrow::DoubleBuilder purchase;
  arrow::TimestampBuilder stamp(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), arrow::default_memory_pool());
  static const char* kSymbols[] = {"AAPL", "GOOG", "MSFT", "AMZN", "TSLA", "NVDA", "META", "NFLX"};
  columnar::Batch batch;
  for (int64_t i = first; i < first + count; ++i) {
    (void)id.Append(i);
    (void)user.Append(random() % 10000);
    (void)symbol.Append(kSymbols[random() % 8]);
    (void)shares.Append(random() % 1000);
    (void)purchase.Append(static_cast<double>(random() % 100000) / 100);
    (void)at.Append(1718445600000 + i);
    (void)stamp.Append(1718445600000 + i);
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(1718445600000 + i / 10);
  }
  arrow::ArrayVector children = {*id.Finish(), *user.Finish(), *symbol.Finish(), *shares.Finish(), *purchase.Finish()};
  children.push_back(schema->schemaless() ? *at.Finish() : *stamp.Finish());
  batch.value = {schema, std::make_shared<arrow::StructArray>(schema->arrow_type(), count, children)};
  batch.origin = {"t", Partition(0)};
  batch.topic = "t";
  batch.selected = columnar::RowMask(count);
  return batch;
}

int run(const char* folder, int64_t rows, const char* flush, bool schemaless) {
  config::Properties p = {{"store.url", std::string("file://") + folder}, {"flush.size", flush}, {"format.class", "ParquetFormat"},
                          {"storage.class", "S3Storage"}, {"partitioner.class", "HourlyPartitioner"}, {"locale", "en_US"}, {"timezone", "UTC"},
                          {"timestamp.extractor", "Record"}};
  auto config = connectors::s3::s3_sink_config().parse(p);
  if (!config.ok()) return std::fprintf(stderr, "%s\n", config.status().message().c_str()), 1;
  Context context;
  auto task = connectors::s3::make_s3_sink_task(*config, nullptr);
  if (Status s = task->start(&context); !s.ok()) return std::fprintf(stderr, "%s\n", s.message().c_str()), 1;
  (void)task->open({{"t", Partition(0)}}, Generation(1));
  auto schema = schema_of(schemaless);
  double put_cpu = 0;
  for (int64_t at = 0; at < rows; at += 4096) {
    auto batch = batch_of(schema, at, std::min<int64_t>(4096, rows - at));
    double before = cpu_seconds();
    if (Status s = task->put({batch}); !s.ok()) return std::fprintf(stderr, "%s\n", s.message().c_str()), 1;
    put_cpu += cpu_seconds() - before;
  }
  double before = cpu_seconds();
  (void)task->close({{"t", Partition(0)}});
  put_cpu += cpu_seconds() - before;
  task->stop();
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  std::printf("%lld rows, %lld acked, %.3f us CPU a row, rss %ld MB\n", static_cast<long long>(rows), static_cast<long long>(context.acked), put_cpu / static_cast<double>(rows) * 1e6, r.ru_maxrss / 1024);
  return 0;
}

}  // namespace
}  // namespace bywash

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: s3_sink_bench FOLDER [rows] [flush.size] [schemaless]\n"), 2;
  return bywash::run(argv[1], argc > 2 ? std::atoll(argv[2]) : 2'000'000, argc > 3 ? argv[3] : "10000", argc > 4);
}
