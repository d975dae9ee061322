// Paths into JSON documents ($.a.b[0], $['key'], $.list[*].x) and how found values read as text. Query line, bind and scan stages.
#pragma once

#include "base/status.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

class JsonPath {
 public:
  // kInvalid for what is no such path: filters, slices and functions of Jayway's JsonPath are refused by name.
  static Result<JsonPath> compile(std::string_view text);

  enum class StepKind : uint8_t { kKey, kIndex, kAll, kDeep };  // kDeep: `..key`, at any depth
  struct Step {
    StepKind kind = StepKind::kKey;
    std::string key;
    int64_t index = 0;  // negative: from the end
  };
  const std::vector<Step>& steps() const { return steps_; }
  // At most one value can be found.
  bool definite() const;
  // The values at the path, in the document's order.
  std::vector<const nlohmann::ordered_json*> find(const nlohmann::ordered_json& document) const;

 private:
  std::vector<Step> steps_;
};

// A text as it is, anything else as compact JSON with numbers as Java writes them.
std::string json_text(const nlohmann::ordered_json& value);
// The document, or a discarded value when the text is no JSON.
nlohmann::ordered_json parse_document(std::string_view text);

}  // namespace bywash::analytics
