// SchemaValidator: json.fail.invalid.schema, by Valijson. Decode and encode steps, the task's thread. Level 4.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/json_schema/json_schema.h"

namespace bywash::formats::json_schema {

class SchemaValidator {
 public:
  // Errors are kData: a schema that Valijson does not take.
  static Result<std::unique_ptr<SchemaValidator>> make(const std::string& text, const std::vector<NamedDocument>& references);
  ~SchemaValidator();
  // kData with the place in the document and the rule that it breaks; never its content.
  Status check(std::string_view document) const;

 private:
  struct Parts;
  SchemaValidator();
  std::unique_ptr<Parts> parts_;
};

}  // namespace bywash::formats::json_schema
