// The process-wide budget. Level 0, every thread.
#include "base/memory_budget.h"

namespace bywash {
MemoryBudget& MemoryBudget::process() {
  static MemoryBudget budget(int64_t{512} << 20);
  return budget;
}
}  // namespace bywash
