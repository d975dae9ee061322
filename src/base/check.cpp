// CHECK's failure path. Level 0, every thread.
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace bywash {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed: %s (%s:%d). This is a bug in Bywash\n", condition, file, line);
  std::abort();
}
}  // namespace bywash
