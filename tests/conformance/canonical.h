// The recorded cases under records/ (Kafka Connect 4.3.1): loading them, and comparing records in canonical form
// (columnar/canonical). For conformance tests of converters and transforms.
#pragma once

#include <string>
#include <vector>

#include "columnar/canonical/canonical_json.h"

namespace bywash::conformance {

using canonical::batch_of;
using canonical::column_of;
using canonical::Record;
using canonical::record_at;
using canonical::record_of;
using canonical::schema_of;
using canonical::to_json;
using canonical::value_of;

struct Case {
  std::string id, group, note;
  std::string text;    // the case as JSON
  std::string answer;  // the answer as JSON
};
// Every case of a group (empty: of all), in order. `folder` is tests/conformance/records as the test sees it. Aborts when the files are not there.
std::vector<Case> load_cases(const std::string& folder, const std::string& group);

// nullopt for null, else the bytes of {"utf8"} or {"base64"}. Aborts on anything else.
std::optional<std::string> bytes_of(const nlohmann::ordered_json& json);

// What differs, empty when equal. Schemas and values are compared exactly (schemaless shapes all count as null).
std::string difference(const Record& expected, const Record& actual);
bool same_schema(const columnar::SchemaPtr& a, const columnar::SchemaPtr& b);

}  // namespace bywash::conformance
