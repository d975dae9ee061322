// What a table's config says of one column's documents and partitions: read by the seal stage, which builds from it, and by queries, which
// answer alike with and without the index. Plain data; immutable, shared.
#pragma once

#include "analytics/index/document_index.h"
#include "analytics/index/partition.h"

#include <memory>
#include <set>
#include <string>

namespace bywash::analytics {

// jsonIndexConfigs (JsonIndexConfig 1.5.1): what of a document JSON_MATCH looks at.
struct JsonIndexOptions {
  int max_levels = 0;  // of arrays and objects; 0: all
  bool exclude_array = false, disable_cross_array_unnest = false, skip_invalid_json = false;
  std::set<std::string> include_paths, exclude_paths, exclude_fields, index_paths;  // empty: not set
  int max_value_length = 0;  // longer values are $SKIPPED$; 0: no limit
};

struct TextIndexOptions {
  std::set<std::string> stop_words;
};

struct FieldIndexes {
  std::shared_ptr<const JsonIndexOptions> json;  // nullptr: no index
  DocumentTerms json_terms;
  std::string json_settings;
  std::shared_ptr<const TextIndexOptions> text;
  DocumentTerms text_terms;
  std::string text_settings;
  std::shared_ptr<const PartitionFunction> partition;
};

}  // namespace bywash::analytics
