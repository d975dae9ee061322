// What decoding costs: the stock transaction of 493 bytes with its envelope, and the plain object of about 150 bytes.
// Built on request only: ninja json_converter_bench.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "formats/plugins.h"

namespace {

using namespace bywash;

constexpr const char* kSchema =
    R"({"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"int32","optional":false,"field":"user_id"},)"
    R"({"type":"string","optional":false,"field":"symbol"},{"type":"int32","optional":false,"field":"shares"},)"
    R"({"type":"double","optional":false,"field":"purchase"},{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"update_at"}],"optional":false,"name":"stock"})";

std::vector<std::string> messages(bool envelope) {
  std::vector<std::string> out;
  for (int i = 0; i < 4096; ++i) {
    std::string payload = fmt::format(R"({{"id":{},"user_id":{},"symbol":"SYM{}","shares":{},"purchase":{}.{:02},"update_at":{}}})", 1000000 + i, i * 7919 % 100000,
                                      i % 500, i % 1000, i * 31 % 900 + 10, i % 100, 1700000000000 + i * 37);
    if (!envelope) {
      payload.insert(payload.size() - 1, fmt::format(R"(,"note":"order {} of the day","active":true,"rate":0.{:04})", i, i));
    }
    out.push_back(envelope ? fmt::format(R"({{"schema":{},"payload":{}}})", kSchema, payload) : payload);
  }
  return out;
}

void decode(benchmark::State& state, bool envelope) {
  std::vector<std::string> texts = messages(envelope);
  std::vector<std::optional<std::string_view>> payloads(texts.begin(), texts.end());
  auto converter = formats::json_converter().make({{"schemas.enable", envelope ? "true" : "false"}}, false);
  for (auto _ : state) {
    auto out = (*converter)->decode("t", payloads);
    if (!out.ok() || !out->errors.empty() || out->groups.size() != 1) state.SkipWithError("decode failed");
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * payloads.size()));
  state.counters["bytes"] = static_cast<double>(texts[0].size());
}

void encode(benchmark::State& state, bool envelope) {
  std::vector<std::string> texts = messages(true);
  std::vector<std::optional<std::string_view>> payloads(texts.begin(), texts.end());
  auto reader = formats::json_converter().make({}, false);
  auto decoded = (*reader)->decode("t", payloads);
  auto writer = formats::json_converter().make({{"schemas.enable", envelope ? "true" : "false"}}, false);
  std::vector<std::optional<std::string>> out;
  std::vector<plugin::ConvertError> errors;
  for (auto _ : state) {
    if (!(*writer)->encode("t", decoded->groups[0].column, &out, &errors).ok()) state.SkipWithError("encode failed");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * payloads.size()));
}

BENCHMARK_CAPTURE(decode, envelope, true);
BENCHMARK_CAPTURE(decode, plain, false);
BENCHMARK_CAPTURE(encode, envelope, true);
BENCHMARK_CAPTURE(encode, plain, false);

}  // namespace

BENCHMARK_MAIN();
