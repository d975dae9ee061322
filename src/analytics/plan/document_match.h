// JSON_MATCH and TEXT_MATCH: tests of one text, made from a query text of their own, and the same from an index. Query line, bind stage;
// immutable, shared.
#pragma once

#include "analytics/plan/predicate.h"
#include "analytics/segment/field_indexes.h"
#include "base/status.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace bywash::analytics {

using TextTest = std::function<bool(std::string_view)>;
struct DocumentQuery {
  TextTest test;
  DocumentLookup by_index;
};

// The filter of JSON_MATCH: comparisons of double-quoted JSON paths with literals, IN, LIKE-free REGEXP_LIKE, IS [NOT] NULL, AND, OR.
// Conditions joined by AND must hold for one and the same combination of array elements, as in Pinot's JSON index. `options` (nullptr:
// none) say what of a document is looked at.
Result<DocumentQuery> json_match(std::string_view filter, const std::shared_ptr<const JsonIndexOptions>& options);
// What an index by these options holds of a document.
// The options as one text.
std::string json_settings(const JsonIndexOptions& options);
DocumentTerms json_terms(std::shared_ptr<const JsonIndexOptions> options);

// The query of TEXT_MATCH in Lucene's classic syntax: terms (OR), AND, OR, NOT, + and -, "phrases", prefix* and wild?cards, /regular
// expressions/ over terms, parentheses. Terms as Lucene's StandardAnalyzer makes them: letters and digits in lower case, without
// stop words: `options`' or (nullptr) English ones.
Result<DocumentQuery> text_match(std::string_view query, const std::shared_ptr<const TextIndexOptions>& options);
std::string text_settings(const TextIndexOptions& options);
DocumentTerms text_terms(std::shared_ptr<const TextIndexOptions> options);
const std::set<std::string>& english_stop_words();

}  // namespace bywash::analytics
