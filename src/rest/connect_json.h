// JSON of Connect's REST API: error bodies, connector infos and statuses, validation reports, and request bodies with the refusals of
// the original's JSON reader (status 500, as there). Level 8, handler threads.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/status.h"
#include "rest/http_message.h"
#include "runtime/connector_config.h"
#include "runtime/herder.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;

HttpResponse json_response(int status, const Json& body);
HttpResponse no_content(int status);  // 202 or 204
// {"error_code", "message"} with the HTTP status of the code: kInvalid 400, kNotFound 404, kConflict 409, kUnauthorized 403, else 500.
// A status of runtime::kElsewhere becomes a response with status 0, which RequestForwarder resolves.
HttpResponse error_response(const Status& status);
HttpResponse error_response(int status, std::string_view message);

// The body as JSON; null when there is none. Error (500): it is not JSON, with line and column.
Result<Json> parse_body(const HttpRequest& request);
// The same with every number as the text it was sent as: configurations are texts, and "1.50" stays what it is.
Result<Json> parse_texts(const HttpRequest& request);
// A flat object of texts; numbers and booleans become text. Error (500): it is none.
Result<runtime::ConnectorProperties> string_map(const Json& json);
// "Cannot invoke ...": a body is needed and there is none.
Status no_body(const HttpRequest& request);
Status wrong_type(std::string_view wanted, const Json& json);

Json to_json(const runtime::ConnectorProperties& properties);
Json to_json(const runtime::ConnectorSummary& connector);
Json to_json(const runtime::ConnectorStatus& status);
Json to_json(const runtime::TaskStatus& status);
Json to_json(const runtime::ConfigReport& report);
Json to_json(const config::KeySpec& key);

}  // namespace bywash::rest
