// libFuzzer: any bytes either parse or give an error with a position; what parses can be written and compared.
#include "analytics/sql/parser.h"
#include "base/check.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  auto query = bywash::analytics::sql::parse({reinterpret_cast<const char*>(bytes), size});
  if (!query.ok()) {
    CHECK(!query.status().message().empty());
    return 0;
  }
  for (const auto& item : query->select) {
    CHECK(bywash::analytics::sql::same(*item.expression, *item.expression));
    CHECK(!bywash::analytics::sql::to_string(*item.expression).empty());
  }
  return 0;
}
