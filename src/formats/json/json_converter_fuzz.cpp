// Any bytes through both decoders, cold and warm, beside good messages.
#include <cstdint>

#include "formats/converter_fuzz.h"
#include "formats/plugins.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bywash::formats;
  static auto envelopes = *json_converter().make({}, false);
  static auto plain = *json_converter().make({{"schemas.enable", "false"}}, false);
  static const std::string kKnown =
      R"({"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"string","optional":true,"field":"b"}]},"payload":{"a":1}})";
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_any_messages(*envelopes, {bytes, kKnown, std::nullopt, bytes}, true);
  check_any_messages(*plain, {bytes, kKnown, std::nullopt, bytes}, true);
  return 0;
}
