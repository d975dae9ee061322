// JsonPath: paths into records in the syntax of com.jayway.jsonpath, for Confluent's Filter and ExtractTopic. Level 4.
//
//   $.a.b   $['a']["b"]   $.list[0]   $.list[-1]   $.list[*]   $.*   $..a
//   [?(@.a == 'x' && (@.b > 3 || !@.c))]   operators == != < <= > >= =~ in nin contains; a path alone: it is there
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/record_node.h"
#include "transforms/row_verdicts.h"

namespace bywash::transforms {

class JsonPath {
 public:
  // Error: what cannot be read and where ("... at position 12").
  static Result<JsonPath> compile(std::string_view text);
  ~JsonPath();
  JsonPath(JsonPath&&) noexcept;
  JsonPath& operator=(JsonPath&&) noexcept;

  // The places that the path leads to. A filter on a struct or map keeps it or not; on a list it keeps elements.
  std::vector<RecordNode> find(const RecordNode& root) const;
  // As a condition: does it lead to something? A definite path to more than null, too.
  bool is_met(const RecordNode& root) const;
  // The same for all records at once, as far as columns tell it: a record with a verdict lacks no field that the path names.
  std::optional<RowVerdicts> is_met(const RecordColumn& records) const;
  // Leads to one place at most.
  bool definite() const;
  // Is a field that the path or its conditions name absent or null in the record?
  bool names_missing(const RecordNode& root) const;

  struct Step;

 private:
  explicit JsonPath(std::unique_ptr<std::vector<Step>> steps);
  std::unique_ptr<std::vector<Step>> steps_;
};

}  // namespace bywash::transforms
