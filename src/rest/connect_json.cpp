// Rendering and reading of Connect's JSON (org.apache.kafka.connect.runtime.rest.entities, Kafka 4.3).
#include "rest/connect_json.h"

#include <cctype>

namespace bywash::rest {
namespace {

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

int http_status(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kUnauthorized: return 403;
    default: return 500;
  }
}

// Line and column (from 1) of a byte.
std::pair<size_t, size_t> position(const std::string& text, size_t byte) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') { ++line; column = 1; } else ++column;
  }
  return {line, column};
}

// As the original's StreamReadConstraints (Jackson 2); what handles a document here goes down it level by level too.
constexpr int kDepthMax = 1000;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\') ++at;
    else if (c == '"') in_string = !in_string;
    else if (in_string) continue;
    else if (c == '{' || c == '[') { if (++depth > kDepthMax) return true; }
    else if (c == '}' || c == ']') --depth;
  }
  return false;
}

// The length of the JSON number that the text begins with; 0: of none, or of one that something else follows at once.
size_t number_length(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
    return at - from;
  };
  const bool zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return 0;
  if (at < text.size() && text[at] == '.' && (++at, digits() == 0)) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return 0;
  }
  return at == text.size() || std::string_view(",]} \t\r\n").find(text[at]) != std::string_view::npos ? at : 0;
}

// The JSON text with its numbers in quotes.
std::string quoted_numbers(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    size_t length = 1;
    if (in_string) {
      if (c == '\\' && at + 1 < text.size()) length = 2;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '-' || std::isdigit(static_cast<unsigned char>(c))) {
      // One that is none stays, whole: a part of it would be one.
      length = number_length(text.substr(at));
      if (length == 0) return std::string(text);
      out += '"';
      out += text.substr(at, length);
      out += '"';
      at += length;
      continue;
    }
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

Json optional_text(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

}  // namespace

HttpResponse json_response(int status, const Json& body) {
  HttpResponse out;
  out.status = status;
  out.body = text_of(body);
  return out;
}

HttpResponse no_content(int status) {
  HttpResponse out;
  out.status = status;
  out.content_type.clear();
  return out;
}

HttpResponse error_response(int status, std::string_view message) {
  Json body;
  body["error_code"] = status;
  body["message"] = std::string(message);
  return json_response(status, body);
}

HttpResponse error_response(const Status& status) {
  if (status.java_class() == runtime::kElsewhere) {
    // Not an answer yet: the forwarder sends the request there (connect_forward.cpp).
    HttpResponse out;
    out.status = 0;
    out.body = status.message();
    return out;
  }
  return error_response(http_status(status.code()), status.message());
}

Result<Json> parse_body(const HttpRequest& request) {
  if (request.body.find_first_not_of(" \t\r\n") == request.body.npos) return Json(nullptr);
  if (too_deep(request.body)) {
    return Status::fatal(fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({}) in the request's JSON", kDepthMax + 1, kDepthMax));
  }
  try {
    return Json::parse(request.body);
  } catch (const Json::parse_error& e) {
    auto [line, column] = position(request.body, e.byte);
    bool short_of = e.byte > request.body.size();
    bool bytes = !is_utf8(request.body);
    return Status::fatal(fmt::format("{} in the request's JSON, at line {}, column {}",
                                     bytes ? "Invalid UTF-8" : short_of ? "Unexpected end-of-input" : "Unexpected character", line, column));
  } catch (const Json::exception& e) {
    return Status::fatal(fmt::format("Cannot deserialize value of the request's JSON: {}", e.what()));
  }
}

Result<Json> parse_texts(const HttpRequest& request) {
  HttpRequest quoted;
  quoted.body = quoted_numbers(request.body);
  if (auto parsed = parse_body(quoted); parsed.ok()) return parsed;
  return parse_body(request);
}

Status no_body(const HttpRequest& request) {
  return Status::fatal(fmt::format("Cannot invoke \"{} {}\" without a body: send a JSON object", request.method, request.path));
}

Status wrong_type(std::string_view wanted, const Json& json) {
  return Status::fatal(fmt::format("Cannot deserialize value of type {} from a JSON {}", wanted, json.type_name()));
}

Result<runtime::ConnectorProperties> string_map(const Json& json) {
  if (!json.is_object()) return wrong_type("object of strings", json);
  runtime::ConnectorProperties out;
  for (const auto& [key, value] : json.items()) {
    if (value.is_null()) out[key] = std::nullopt;
    else if (value.is_string()) out[key] = value.get<std::string>();
    else if (value.is_primitive()) out[key] = text_of(value);
    else return Status::fatal(fmt::format("Cannot deserialize value of type string from a JSON {} (key '{}')", value.type_name(), key));
  }
  return out;
}

Json to_json(const runtime::ConnectorProperties& properties) {
  Json out = Json::object();
  for (const auto& [key, value] : properties) out[key] = optional_text(value);
  return out;
}

Json to_json(const runtime::ConnectorSummary& connector) {
  Json out;
  out["name"] = connector.name;
  out["config"] = to_json(connector.config);
  out["tasks"] = Json::array();
  for (const auto& task : connector.tasks) out["tasks"].push_back({{"connector", task.connector}, {"task", task.task}});
  out["type"] = connector.type;
  return out;
}

Json to_json(const runtime::TaskStatus& status) {
  Json out;
  out["id"] = status.id;
  out["state"] = runtime::to_string(status.state);
  out["worker_id"] = status.worker_id;
  out["version"] = status.version;
  if (!status.trace.empty()) out["trace"] = status.trace;
  return out;
}

Json to_json(const runtime::ConnectorStatus& status) {
  Json connector;
  connector["state"] = runtime::to_string(status.state);
  connector["worker_id"] = status.worker_id;
  connector["version"] = status.version;
  if (!status.trace.empty()) connector["trace"] = status.trace;
  Json out;
  out["name"] = status.name;
  out["connector"] = std::move(connector);
  out["tasks"] = Json::array();
  for (const auto& task : status.tasks) out["tasks"].push_back(to_json(task));
  out["type"] = status.type;
  return out;
}

Json to_json(const config::KeySpec& key) {
  Json out;
  out["name"] = key.name;
  out["type"] = config::to_string(key.type);
  out["required"] = key.required;
  std::optional<std::string> shown = key.default_text;
  if (shown) {
    if (auto parsed = config::parse_value(key.type, *shown); parsed.ok()) shown = config::render(*parsed);
    if (key.secret() && shown && !shown->empty()) shown = std::string(config::kHidden);
  }
  out["default_value"] = optional_text(shown);
  out["importance"] = config::to_string(key.importance);
  out["documentation"] = key.doc;
  out["group"] = key.group.empty() ? Json(nullptr) : Json(key.group);
  out["order_in_group"] = key.order_in_group;
  out["width"] = config::to_string(key.width);
  out["display_name"] = key.display_name.empty() ? key.name : key.display_name;
  out["dependents"] = key.dependents;
  return out;
}

Json to_json(const runtime::ConfigReport& report) {
  Json out;
  out["name"] = report.name;
  out["error_count"] = report.error_count();
  out["groups"] = report.groups;
  out["configs"] = Json::array();
  for (const auto& key : report.keys) {
    Json value;
    value["name"] = key.value.name;
    value["value"] = optional_text(key.value.value);
    value["recommended_values"] = key.value.recommended_values;
    value["errors"] = key.value.errors;
    value["visible"] = key.value.visible;
    Json item;
    item["definition"] = key.definition ? to_json(*key.definition) : Json(nullptr);
    item["value"] = std::move(value);
    out["configs"].push_back(std::move(item));
  }
  return out;
}

}  // namespace bywash::rest
