// LIKE and REGEXP_LIKE patterns as predicates over texts. Query line, bind stage.
#pragma once

#include "analytics/plan/predicate.h"
#include "base/status.h"

#include <string_view>

namespace bywash::analytics {

// LIKE: % any characters, _ one, \ escapes; the whole text must match, case of ASCII letters apart (RequestContextUtils 1.5.1).
Result<Predicate> like_predicate(std::string_view pattern);
// REGEXP_LIKE: finds the pattern anywhere. Flags: "c" (default) or "i" for ignoring case. RE2's syntax: Java's look-arounds and
// back-references are refused.
Result<Predicate> regexp_predicate(std::string_view pattern, std::string_view flags);

}  // namespace bywash::analytics
