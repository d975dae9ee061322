#include "analytics/plan/functions.h"

namespace bywash::analytics {

const std::vector<FunctionEntry>& time_functions() {
  static const std::vector<FunctionEntry> entries;
  return entries;
}

}  // namespace bywash::analytics
