// CPU per record of decoding and encoding the stock_transactions message, beside libprotobuf's DynamicMessage.
#include <benchmark/benchmark.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>

#include "formats/protobuf/proto_schema.h"
#include "formats/protobuf/protobuf_converter.h"
#include "formats/schema_registry/mock_registry.h"

namespace {

using namespace bywash;

constexpr int kRows = 4096;
const char kStock[] =
    "syntax = \"proto3\"; message StockTransaction { int32 transaction_id = 1; string symbol = 2; string side = 3; int32 quantity = 4; "
    "double price = 5; string account = 6; string userid = 7; int64 transaction_time = 8; }";

struct Stock {
  std::shared_ptr<const formats::protobuf::ProtoSchema> schema = *formats::protobuf::ProtoSchema::parse(kStock, {});
  google::protobuf::DynamicMessageFactory factory;
  std::vector<std::string> messages;
  std::vector<std::optional<std::string_view>> views;
  std::unique_ptr<plugin::Converter> converter;

  Stock() {
    formats::schema_registry::MockRegistry::named("bench")->put({"t-value", 1, 1, {formats::schema_registry::SchemaKind::kProtobuf, kStock, {}}});
    converter = *formats::protobuf_converter().make({{"schema.registry.url", "mock://bench"}}, false);
    std::unique_ptr<google::protobuf::Message> m(factory.GetPrototype(schema->find("StockTransaction"))->New());
    for (int i = 0; i < kRows; ++i) {
      google::protobuf::TextFormat::ParseFromString(
          fmt::format("transaction_id: {} symbol: 'ZVZZT' side: 'BUY' quantity: {} price: {}.25 account: 'ABC123' userid: 'User_{}' transaction_time: {}", i, i % 5000,
                      i % 900, i % 9, 1'700'000'000'000 + i),
          m.get());
      std::string bytes;
      m->SerializeToString(&bytes);
      messages.push_back(std::string("\0\0\0\0\1\0", 6) + bytes);
    }
    for (const auto& message : messages) views.emplace_back(message);
  }
};

Stock& stock() {
  static Stock stock;
  return stock;
}

void decode_columns(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stock().converter->decode("t", stock().views));
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(decode_columns);

void encode_columns(benchmark::State& state) {
  auto decoded = stock().converter->decode("t", stock().views);
  std::vector<std::optional<std::string>> out;
  std::vector<plugin::ConvertError> errors;
  for (auto _ : state) benchmark::DoNotOptimize(stock().converter->encode("out", decoded->groups[0].column, &out, &errors));
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(encode_columns);

void parse_dynamic_messages(benchmark::State& state) {
  std::unique_ptr<google::protobuf::Message> m(stock().factory.GetPrototype(stock().schema->find("StockTransaction"))->New());
  for (auto _ : state) {
    for (const auto& message : stock().messages) benchmark::DoNotOptimize(m->ParseFromArray(message.data() + 6, static_cast<int>(message.size() - 6)));
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(parse_dynamic_messages);

}  // namespace

BENCHMARK_MAIN();
