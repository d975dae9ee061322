// Valijson over nlohmann's documents. Decode and encode steps, the task's thread. Level 4.
#include "formats/json_schema/schema_validator.h"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "formats/json/connect_value.h"

namespace bywash::formats::json_schema {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

struct SchemaValidator::Parts {
  valijson::Schema schema;
};

SchemaValidator::SchemaValidator() : parts_(std::make_unique<Parts>()) {}
SchemaValidator::~SchemaValidator() = default;

Result<std::unique_ptr<SchemaValidator>> SchemaValidator::make(const std::string& text, const std::vector<NamedDocument>& references) {
  std::unique_ptr<SchemaValidator> out(new SchemaValidator());
  auto fetch = [&](const std::string& uri) -> const nlohmann::json* {
    for (const NamedDocument& r : references) {
      if (r.name != uri && !uri.ends_with("/" + r.name)) continue;
      auto parsed = std::make_unique<nlohmann::json>(nlohmann::json::parse(r.text, nullptr, false));
      return parsed->is_discarded() ? nullptr : parsed.release();
    }
    return nullptr;
  };
  try {
    nlohmann::json document = nlohmann::json::parse(text);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(document), out->parts_->schema, fetch, [](const nlohmann::json* fetched) { delete fetched; });
  } catch (const std::exception& e) {
    return json::data_exception(std::string("The JSON schema cannot be used for json.fail.invalid.schema: ") + e.what());
  }
  return out;
}

Status SchemaValidator::check(std::string_view document) const {
  nlohmann::json parsed = nlohmann::json::parse(document, nullptr, false);
  if (parsed.is_discarded()) return json::data_exception("The message is no JSON document");
  try {
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(parts_->schema, Adapter(parsed), &results)) return {};
    // The innermost reason comes first. Its description names rules and keys; values are left out of it by Valijson.
    valijson::ValidationResults::Error error;
    std::string where;
    if (results.popError(error)) {
      for (const std::string& step : error.context) where += step;
    }
    return json::data_exception(fmt::format("JSON does not match schema, at '{}' (json.fail.invalid.schema)", where));
  } catch (const std::exception&) {
    return json::data_exception("JSON cannot be compared with its schema (json.fail.invalid.schema)");
  }
}

}  // namespace bywash::formats::json_schema
