// Pinot's queries: POST and GET /query/sql of the broker, /sql of the controller (PinotClientRequest, PinotQueryResource 1.5.1).
// See pinot_api.h.
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analytics/sql/parser.h"
#include "analytics/sql/statement.h"
#include "analytics/table/json_document.h"
#include "base/clock.h"
#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

using Json = analytics::Json;

// The HTTP code of a failed query when the client asks for one (QueryErrorCode.getHttpResponseStatus 1.5.1).
int http_status_of(int error_code) {
  switch (error_code) {
    case 150: case 700: case 710: case 720: return 400;
    case 180: return 403;
    case 190: case 191: return 404;
    case 250: case 400: return 408;
    case 427: case 503: return 503;
    default: return error_code < 0 ? 200 : 500;
  }
}

bool calls_groovy(const analytics::sql::Expression& e) {
  if (e.kind == analytics::sql::ExpressionKind::kFunction && e.name == "groovy") return true;
  for (const auto& arg : e.args) {
    if (calls_groovy(*arg)) return true;
  }
  return false;
}

using QueryOptions = std::map<std::string, std::string>;

constexpr auto kLarge = Millis(200);       // a query of so long may have taken much memory
constexpr int64_t kHeapMax = 640LL << 20;  // past it what queries have taken is given back, which can take a second
constexpr auto kGiveBackAgain = Millis(2000);
constexpr size_t kShortBytes = 8192;  // of a request that may be answered at once

// Each handler's part of the heap keeps what its largest query took.
void give_back_memory() {
  static std::atomic<SteadyTime> next = SteadyTime{};
  const SteadyTime now = steady_now();
  SteadyTime due = next;
  if (now < due || !next.compare_exchange_strong(due, now + kGiveBackAgain)) return;
  std::ifstream file("/proc/self/statm");
  int64_t size = 0, resident = 0, shared = 0;  // in pages
  file >> size >> resident >> shared;
  if (file && (resident - shared) * ::sysconf(_SC_PAGESIZE) > kHeapMax) ::malloc_trim(0);
}

// Options that stand in the query (SET, OPTION) and in the request; a malformed one is an HTTP error, as in Pinot.
Status check_options(const std::string& sql, const Result<analytics::sql::Query>& parsed, const QueryOptions& request_options) {
  QueryOptions options = request_options;
  if (parsed.ok()) {
    for (const auto& [key, value] : parsed->options) options[key] = value;
    for (const analytics::sql::SelectItem& item : parsed->select) {
      if (calls_groovy(*item.expression)) return Status::invalid("Groovy transform functions are disabled for queries");
    }
    if (parsed->where && calls_groovy(*parsed->where)) return Status::invalid("Groovy transform functions are disabled for queries");
  } else if (Result<analytics::sql::MultiStageQuery> several = analytics::sql::parse_multi_stage(sql)) {
    for (const auto& [key, value] : several->options) options[key] = value;
  }
  return options.empty() ? Status() : analytics::check_query_options(options);
}

}  // namespace

HttpResponse PinotApi::query(const HttpRequest& request) {
  std::string sql;
  QueryOptions options;
  if (std::optional<HttpResponse> refusal = read_query(request, &sql, &options)) return *std::move(refusal);
  if (request.path == "/query") options.emplace("useMultistageEngine", "true");  // the endpoint of that engine
  Result<analytics::sql::Query> parsed = analytics::sql::parse(sql);
  if (Status status = check_options(sql, parsed, options); !status.ok()) return pinot::text(500, status.message());
  const SteadyTime started = steady_now();
  analytics::QueryResponse answer = instance_.query(sql, std::move(parsed), options);
  if (request.method == "POST" && pinot::query_value(request, "getCursor") == "true") return first_page(request, std::move(answer));
  HttpResponse response = respond(request, answer);
  if (steady_now() - started >= kLarge) {
    answer = {};
    give_back_memory();
  }
  return response;
}

std::optional<HttpResponse> PinotApi::short_query(const HttpRequest& request) {
  if (request.path != "/query/sql" || request.query.count("getCursor") || request.body.size() > kShortBytes || request.target.size() > kShortBytes) return std::nullopt;
  std::string sql;
  QueryOptions options;
  if (read_query(request, &sql, &options)) return std::nullopt;
  Result<analytics::sql::Query> parsed = analytics::sql::parse(sql);
  if (!parsed.ok() || !check_options(sql, parsed, options).ok()) return std::nullopt;
  if (analytics::query_flag(options, "useMultistageEngine") || analytics::query_flag(parsed->options, "useMultistageEngine")) return std::nullopt;
  const std::optional<analytics::QueryResponse> answer = instance_.query_if_short(sql, *parsed, options);
  if (!answer) return std::nullopt;
  return respond(request, *answer);
}

std::optional<HttpResponse> PinotApi::read_query(const HttpRequest& request, std::string* sql, QueryOptions* options) {
  if (request.method == "GET") {
    if (!request.query.count("sql")) return pinot::error(400, "Query parameter 'sql' is missing");
    *sql = pinot::query_value(request, "sql");
    *options = analytics::parse_query_options(pinot::query_value(request, "queryOptions"));
  } else if (request.method == "POST") {
    Result<Json> parsed = analytics::parse_json(request.body);
    if (!parsed) return pinot::text(500, parsed.status().message());
    if (!parsed->is_object() || !parsed->contains("sql")) return pinot::text(500, "Payload is missing the query string field 'sql'");
    *sql = analytics::text_at(*parsed, "sql");
    *options = analytics::parse_query_options(analytics::text_at(*parsed, "queryOptions"));
  } else {
    return pinot::method_not_allowed();
  }
  return std::nullopt;
}

HttpResponse PinotApi::respond(const HttpRequest& request, const analytics::QueryResponse& answer) {
  HttpResponse response = pinot::json(analytics::to_json(answer));
  response.headers.emplace_back("X-Pinot-Error-Code", std::to_string(answer.error_code()));
  if (auto wanted = request.headers.find("pinot-use-http-status-for-errors"); wanted != request.headers.end() && wanted->second == "true") {
    response.status = http_status_of(answer.error_code());
  }
  return response;
}

}  // namespace bywash::rest
