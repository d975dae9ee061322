// Sample records and cases in JSON, outcomes out of it: what `bywash try` and POST /try read and write (docs/try.md). Level 7.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "runtime/dry_run/dry_run.h"

namespace bywash::runtime {

// A whole case: plugins by class with bare keys, and one record.
struct DryRunCase {
  std::string id;
  DryRunSpec spec;
  SampleRecord sample;
};
// Error (kInvalid): what is wrong with the case.
Result<DryRunCase> case_of(const nlohmann::ordered_json& json);

// What a sample that doesn't say gets.
struct SampleDefaults {
  std::string topic = "records";
  bool is_source = false;
  int64_t offset = 0;
};
struct NamedSample {
  std::string id;  // empty: the sample has none
  SampleRecord record;
};
// One line of a records file:
//   {"topic", "partition", "offset", "timestamp", "timestamp_type", "key", "value", "headers"}  a message, told by its key, its topic or
//       a tagged value; key and value as {"utf8"}, {"base64"}, null, a text, or any other JSON, which stands for its own text
//   {"topic", "key", "payload", ...}  as kcat -J prints it
//   {"record": {...}} or a record in canonical form (with key_schema or value_schema)
//   anything else, JSON or not: the value of a message
Result<NamedSample> sample_of(std::string_view line, const SampleDefaults& defaults);

// {"id", "dropped", "record" | "produced" | "error"}.
nlohmann::ordered_json to_json(const std::string& id, const DryRunOutcome& outcome);

}  // namespace bywash::runtime
