// Decoding and encoding of the stock_transactions schema, straight from memory: CPU per record.
#include <benchmark/benchmark.h>

#include <arrow/array.h>

#include "formats/avro/decoder.h"
#include "formats/avro/encoder.h"
#include "formats/avro/to_connect.h"

namespace {

using namespace bywash::formats::avro;

const char* kStockTransactions = R"({"type":"record","name":"StockTransaction","fields":[{"name":"transaction_id","type":"string"},
  {"name":"symbol","type":"string"},{"name":"quantity","type":"int"},{"name":"price","type":"double"},{"name":"side","type":"string"},
  {"name":"transaction_time","type":{"type":"long","logicalType":"timestamp-millis"}}]})";

std::string record(int i) {
  std::string out;
  auto text = [&](const std::string& s) {
    append_varint(static_cast<int64_t>(s.size()), &out);
    out += s;
  };
  text("3c0e3f0a-8a36-4f1b-a5b3-" + std::to_string(100000000000 + i));
  text(i % 2 ? "AAPL" : "GOOGL");
  append_varint(i % 1000, &out);
  double price = 100.5 + i;
  out.append(reinterpret_cast<const char*>(&price), sizeof price);
  text(i % 3 ? "BUY" : "SELL");
  append_varint(1'700'000'000'000 + i, &out);
  return out;
}

void decode(benchmark::State& state) {
  auto avro = *AvroSchema::parse(kStockTransactions);
  int unions = 0;
  auto decoder = *AvroDecoder::make(avro, avro->root(), *to_connect_schema(avro->root(), std::nullopt, {}, &unions));
  std::vector<std::string> records;
  for (int i = 0; i < 4096; ++i) records.push_back(record(i));
  for (auto _ : state) {
    decoder->reserve(4096);
    for (const std::string& r : records) {
      std::string_view bytes = r;
      if (!decoder->read(&bytes).ok()) std::abort();
    }
    benchmark::DoNotOptimize(decoder->finish());
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}
BENCHMARK(decode);

void encode(benchmark::State& state) {
  auto avro = *AvroSchema::parse(kStockTransactions);
  int unions = 0;
  auto schema = *to_connect_schema(avro->root(), std::nullopt, {}, &unions);
  auto decoder = *AvroDecoder::make(avro, avro->root(), schema);
  for (int i = 0; i < 4096; ++i) {
    std::string text = record(i);
    std::string_view bytes = text;
    if (!decoder->read(&bytes).ok()) std::abort();
  }
  auto column = *decoder->finish();
  auto encoder = *AvroEncoder::make(avro, schema, {});
  for (auto _ : state) {
    encoder->bind(column);
    for (int64_t i = 0; i < 4096; ++i) {
      std::string out;
      if (!encoder->write(i, &out).ok()) std::abort();
      benchmark::DoNotOptimize(out);
    }
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}
BENCHMARK(encode);

}  // namespace

BENCHMARK_MAIN();
