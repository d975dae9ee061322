// What ingestionConfig does to a record before it meets the columns: complex types flattened and unnested, transforms, the filter.
// Decode step of the table line, partition's thread. Semantics: ComplexTypeTransformer, ExpressionTransformer, FilterTransformer of
// Apache Pinot 1.5.1, in that order.
#pragma once

#include "analytics/segment/table_schema.h"
#include "base/status.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bywash::analytics {

// ingestionConfig, as far as it shapes records.
struct IngestionRules {
  std::vector<std::pair<std::string, std::string>> transforms;  // column, function
  std::string filter;                                           // records for which it is true are left out
  bool complex_types = false;
  std::vector<std::string> fields_to_unnest;
  std::string delimiter = ".";
  std::string collections_to_json = "NON_PRIMITIVE";            // or ALL, NONE
  std::map<std::string, std::string> prefixes_to_rename;

  bool empty() const { return transforms.empty() && filter.empty() && !complex_types; }
};

// Rows that one record may become; a record with more is dropped.
constexpr size_t kUnnestedRowsMax = 1000;

class RecordShaper {
 public:
  // kInvalid names every transform and filter that is no function known here, one a line.
  static Result<std::unique_ptr<RecordShaper>> create(const IngestionRules& rules, const TableSchema& schema);
  ~RecordShaper();

  enum class Outcome { kRows, kFiltered, kNotJson, kNotAnObject, kTooManyRows };
  // The record's rows as JSON texts. `failed` counts transforms that could not be computed: their columns stay null.
  Outcome shape(std::string_view record, std::vector<std::string>* rows, int64_t* failed);

 private:
  struct Impl;
  explicit RecordShaper(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::analytics
