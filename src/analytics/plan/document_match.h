// JSON_MATCH and TEXT_MATCH: tests of one text, made from a query text of their own. Query line, bind stage; immutable, shared.
#pragma once

#include "base/status.h"

#include <functional>
#include <string_view>

namespace bywash::analytics {

using TextTest = std::function<bool(std::string_view)>;

// The filter of JSON_MATCH: comparisons of double-quoted JSON paths with literals, IN, LIKE-free REGEXP_LIKE, IS [NOT] NULL, AND, OR.
// Conditions joined by AND must hold for one and the same combination of array elements, as in Pinot's JSON index.
Result<TextTest> json_match(std::string_view filter);

// The query of TEXT_MATCH in Lucene's classic syntax: terms (OR), AND, OR, NOT, + and -, "phrases", prefix* and wild?cards, /regular
// expressions/ over terms, parentheses. Terms as Lucene's StandardAnalyzer makes them: letters and digits in lower case, without
// English stop words.
Result<TextTest> text_match(std::string_view query);

}  // namespace bywash::analytics
