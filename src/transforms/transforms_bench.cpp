// What each transform costs: CPU time in ns a record, in batches of 4096 rows of eight fields. Not a test: ninja bench_transforms, then run
// it on a quiet machine (--benchmark_filter=Cast). The counter ns/record is the figure; A/A pairs show the noise.
#include <benchmark/benchmark.h>

#include "transforms/plugins.h"
#include "transforms/record_side.h"
#include "transforms/transform_chain.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr int64_t kBatchRows = 4096;

SchemaPtr order_row_schema() {
  columnar::SchemaSpec spec;
  spec.name = "shop.Order";
  spec.fields = {{"id", ConnectSchema::of(Type::kInt64)},
                 {"customer", ConnectSchema::of(Type::kString)},
                 {"quantity", ConnectSchema::of(Type::kInt32, true)},
                 {"price", ConnectSchema::of(Type::kFloat64)},
                 {"code", ConnectSchema::of(Type::kString)},
                 {"created", ConnectSchema::of(Type::kString)},
                 {"updated", ConnectSchema::named(Type::kInt64, columnar::kTimestampName)},
                 {"open", ConnectSchema::of(Type::kBoolean)}};
  return ConnectSchema::make(std::move(spec));
}

Value order_row(const SchemaPtr& schema, int64_t i) {
  return Value::structure(schema, {Value(i), Value::string(fmt::format("customer-{}", i % 100)), i % 10 == 0 ? Value() : Value(static_cast<int32_t>(i % 7)),
                                   Value(static_cast<double>(i) * 1.25), Value::string(std::to_string(i * 17)),
                                   Value::string(fmt::format("2024-{:02}-{:02} {:02}:30:00", i % 12 + 1, i % 28 + 1, i % 24)),
                                   Value(Value::Millis{1'700'000'000'000 + i * 1000}), Value(i % 2 == 0)});
}

Column orders(bool with_schema) {
  const SchemaPtr schema = order_row_schema();
  if (with_schema) {
    columnar::ValueAppender appender(schema);
    for (int64_t i = 0; i < kBatchRows; ++i) (void)appender.append(order_row(schema, i));
    return *appender.finish();
  }
  std::vector<Value> values;
  for (int64_t i = 0; i < kBatchRows; ++i) {
    const Value record = order_row(schema, i);
    Value::Map map;
    for (size_t f = 0; f < schema->fields().size(); ++f) {
      if (schema->fields()[f].name != "updated") map.emplace_back(Value::string(schema->fields()[f].name), record.as_struct()->values[f]);
    }
    values.push_back(Value::map(std::move(map)));
  }
  return *columnar::infer_column(values);
}

// Debezium's events of the same rows, each an update.
Column events() {
  columnar::SchemaSpec row = order_row_schema()->spec();
  row.optional = true;
  const SchemaPtr state = ConnectSchema::make(row);
  columnar::SchemaSpec source;
  source.fields = {{"table", ConnectSchema::of(Type::kString)}, {"ts_ms", ConnectSchema::of(Type::kInt64)}};
  const SchemaPtr origin = ConnectSchema::make(source);
  columnar::SchemaSpec spec;
  spec.name = "shop.Envelope";
  spec.fields = {{"before", state}, {"after", state}, {"source", origin}, {"op", ConnectSchema::of(Type::kString)}};
  const SchemaPtr schema = ConnectSchema::make(std::move(spec));
  columnar::ValueAppender appender(schema);
  for (int64_t i = 0; i < kBatchRows; ++i) {
    (void)appender.append(Value::structure(schema, {order_row(state, i), order_row(state, i + 1), Value::structure(origin, {Value::string("orders"), Value(i)}), Value::string("u")}));
  }
  return *appender.finish();
}

Batch batch_with(const Column& value) {
  Batch batch;
  batch.topic = "shop.orders";
  batch.origin = {batch.topic, Partition(0)};
  batch.value = value;
  batch.key = *columnar::infer_column(std::vector<Value>(static_cast<size_t>(kBatchRows)));
  for (int64_t i = 0; i < kBatchRows; ++i) {
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(1'700'000'000'000 + i);
  }
  batch.selected = columnar::RowMask(kBatchRows);
  return batch;
}

const plugin::Registry& all_transforms() {
  static const plugin::Registry registry = [] {
    plugin::Registry r;
    for_each_transform([&](plugin::TransformPlugin p) { r.add(std::move(p)); });
    for_each_predicate([&](plugin::PredicatePlugin p) { r.add(std::move(p)); });
    return r;
  }();
  return registry;
}

struct Load {
  const char* name;
  const char* type;
  plugin::Properties config;
};

void run_load(benchmark::State& state, const Load& load, const Column& value) {
  plugin::Properties properties = {{"transforms", "t"}, {"transforms.t.type", load.type}};
  for (const auto& [key, text] : load.config) properties["transforms.t." + key] = text;
  auto chain = TransformChain::make(properties, all_transforms());
  if (!chain.ok()) {
    state.SkipWithError(chain.status().message().c_str());
    return;
  }
  const Batch batch = batch_with(value);
  std::vector<Batch> in(1);
  for (auto _ : state) {
    // The copy of the marks is not the transform's cost.
    state.PauseTiming();
    in.resize(1);
    in[0] = batch;
    state.ResumeTiming();
    in = chain->apply(std::move(in));
    benchmark::DoNotOptimize(in);
  }
  if (!in.empty() && !in[0].errors.empty()) state.SkipWithError(in[0].errors[0].status.message().c_str());
  state.counters["ns/record"] = benchmark::Counter(static_cast<double>(state.iterations() * kBatchRows) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

const Load kLoads[] = {
    {"InsertField/static", "InsertField$Value", {{"static.field", "s"}, {"static.value", "x"}}},
    {"InsertField/metadata", "InsertField$Value", {{"topic.field", "t"}, {"offset.field", "o"}, {"timestamp.field", "ts"}}},
    {"ReplaceField/exclude", "ReplaceField$Value", {{"exclude", "code"}}},
    {"ReplaceField/rename", "ReplaceField$Value", {{"renames", "id:order_id"}}},
    {"SetSchemaMetadata", "SetSchemaMetadata$Value", {{"schema.name", "a.B"}, {"schema.version", "2"}}},
    {"HoistField", "HoistField$Value", {{"field", "h"}}},
    {"ExtractField", "ExtractField$Value", {{"field", "customer"}}},
    {"ValueToKey", "ValueToKey", {{"fields", "id,customer"}}},
    {"Flatten", "Flatten$Value", {}},
    {"MaskField/empty", "MaskField$Value", {{"fields", "customer,quantity"}}},
    {"MaskField/text", "MaskField$Value", {{"fields", "customer"}, {"replacement", "***"}}},
    {"Cast/int32-to-int64", "Cast$Value", {{"spec", "quantity:int64"}}},
    {"Cast/float64-to-int32", "Cast$Value", {{"spec", "price:int32"}}},
    {"Cast/int64-to-string", "Cast$Value", {{"spec", "id:string"}}},
    {"Cast/float64-to-string", "Cast$Value", {{"spec", "price:string"}}},
    {"Cast/string-to-int64", "Cast$Value", {{"spec", "code:int64"}}},
    {"TimestampConverter/text-to-Timestamp", "TimestampConverter$Value", {{"field", "created"}, {"target.type", "Timestamp"}, {"format", "yyyy-MM-dd HH:mm:ss"}}},
    {"RegexRouter", "RegexRouter", {{"regex", "shop\\.(.*)"}, {"replacement", "$1"}}},
    {"TimestampRouter", "TimestampRouter", {}},
    {"HeaderFrom", "HeaderFrom$Value", {{"fields", "id"}, {"headers", "id"}, {"operation", "copy"}}},
    {"Drop", "io.confluent.connect.transforms.Drop$Key", {}},
    {"ExtractTopic", "io.confluent.connect.transforms.ExtractTopic$Value", {{"field", "customer"}}},
    {"FilterByPath", "io.confluent.connect.transforms.Filter$Value", {{"filter.condition", "$[?(@.customer == 'customer-7')]"}, {"filter.type", "include"}}},
    {"TombstoneHandler", "io.confluent.connect.transforms.TombstoneHandler", {}},
    {"TopicRegexRouter", "io.confluent.connect.cloud.transforms.TopicRegexRouter", {{"regex", "shop\\.(.*)"}, {"replacement", "$1"}}},
};
const Load kTypedLoads[] = {
    {"TimestampConverter/Timestamp-to-text", "TimestampConverter$Value", {{"field", "updated"}, {"target.type", "string"}, {"format", "yyyy-MM-dd HH:mm:ss"}}},
    {"TimestampConverter/Timestamp-to-unix", "TimestampConverter$Value", {{"field", "updated"}, {"target.type", "unix"}}},
};
const Load kEventLoads[] = {
    {"ExtractNewRecordState", "io.debezium.transforms.ExtractNewRecordState", {}},
    {"ExtractNewRecordState/rewrite", "io.debezium.transforms.ExtractNewRecordState", {{"delete.tombstone.handling.mode", "rewrite"}, {"add.fields", "op,source.ts_ms"}}},
    {"ByLogicalTableRouter", "io.debezium.transforms.ByLogicalTableRouter", {{"topic.regex", "shop\\.(.*)"}, {"topic.replacement", "all.$1"}}},
    {"ConditionFilter", "io.debezium.transforms.Filter", {{"language", "jsr223.groovy"}, {"condition", "value.op == 'u' && value.after.quantity > 3"}}},
    {"TimezoneConverter", "io.debezium.transforms.TimezoneConverter", {{"converted.timezone", "Europe/Berlin"}}},
};

template <size_t N>
void register_loads(const char* kind, const Load (&loads)[N], const Column& value) {
  for (const Load& load : loads) {
    benchmark::RegisterBenchmark(fmt::format("{}/{}", load.name, kind).c_str(), [&load, value](benchmark::State& state) { run_load(state, load, value); });
  }
}

}  // namespace
}  // namespace bywash::transforms

int main(int argc, char** argv) {
  using namespace bywash::transforms;
  const Column typed = orders(true), schemaless = orders(false), changes = events();
  register_loads("schema", kLoads, typed);
  register_loads("schema", kTypedLoads, typed);
  register_loads("schemaless", kLoads, schemaless);
  register_loads("events", kEventLoads, changes);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
