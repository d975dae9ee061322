// Pinot's cursors: POST /query/sql?getCursor=true&numRows=n keeps the answer and gives its first page, /responseStore the others
// (ResponseStoreResource, AbstractResponseStore, CursorResponseNative 1.5.1). See pinot_api.h.
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;

namespace {

constexpr int64_t kFetchRows = 10'000;  // CommonConstants.CursorConfigs.DEFAULT_CURSOR_FETCH_ROWS

// False: the parameter is no whole number from 0 on.
bool read_count(const HttpRequest& request, const char* name, int64_t* out) {
  const std::string text = pinot::query_value(request, name);
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && *out >= 0;
}

HttpResponse said(int status, std::string text) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(text);
  return out;
}
HttpResponse not_there(const std::string& id) { return said(404, fmt::format("Query results for {} not found.", id)); }

}  // namespace

// The stored answer with the rows from `offset` on; without its table when `rows` is negative.
std::string PinotApi::cursor_json(const StoredResponse& stored, int64_t offset, int64_t rows) const {
  analytics::QueryResponse page = stored.answer;
  const auto all = static_cast<int64_t>(stored.answer.table.rows.size());
  page.rows_in_all = all;
  const int64_t end = rows < 0 ? offset : std::min(all, offset + std::min(rows, all));
  page.has_table = rows >= 0 && all > 0;
  page.table.rows.assign(stored.answer.table.rows.begin() + offset, stored.answer.table.rows.begin() + end);
  std::string out = analytics::to_json(page);
  out.pop_back();
  fmt::format_to(std::back_inserter(out), ",\"offset\":{},\"numRows\":{},\"cursorResultWriteTimeMs\":0,\"cursorFetchTimeMs\":0,\"submissionTimeMs\":{},\"expirationTimeMs\":{},", offset,
                 end - offset, stored.submitted_ms, stored.expires_ms);
  fmt::format_to(std::back_inserter(out), "\"brokerHost\":\"{}\",\"brokerPort\":{},\"bytesWritten\":{}}}", options_.host, options_.broker_port, stored.bytes);
  return out;
}

HttpResponse PinotApi::first_page(const HttpRequest& request, analytics::QueryResponse answer) {
  int64_t rows = kFetchRows;
  if (!read_count(request, "numRows", &rows)) return pinot::error(400, "numRows must be a whole number");
  if (rows == 0) rows = kFetchRows;
  if (!answer.exceptions.empty()) return respond(request, answer);
  const std::shared_ptr<const StoredResponse> stored = responses_.put(std::move(answer), wall_clock_ms());
  if (!stored) {
    return respond(request, analytics::QueryResponse::failure(analytics::error_code::kQueryExecution, fmt::format("QueryExecutionError: the result is larger than the {} MiB that are kept for cursors; "
                                                                                                                  "LIMIT it or select less", ResponseStore::kBytesMax >> 20)));
  }
  HttpResponse out = pinot::json(cursor_json(*stored, 0, rows));
  out.headers.emplace_back("X-Pinot-Error-Code", "-1");
  return out;
}

HttpResponse PinotApi::response_store(const HttpRequest& request, const Path& path) {
  const int64_t now = wall_clock_ms();
  if (path.size() == 1 && request.method == "GET") {
    std::string out = "[";
    for (const auto& stored : responses_.list(now)) out += (out.size() > 1 ? "," : "") + cursor_json(*stored, 0, -1);
    return pinot::json(out + "]");
  }
  if (path.size() == 1 && request.method == "DELETE") {
    int64_t before = now;
    if (!read_count(request, "expiredBefore", &before)) return pinot::error(400, "expiredBefore must be a time in milliseconds");
    return pinot::json(Json(responses_.expire(before)).dump());
  }
  if (path.size() == 2 && request.method == "DELETE") return responses_.erase(path[1]) ? said(200, fmt::format("Query Results for {} deleted.", path[1])) : not_there(path[1]);
  const bool results = path.size() == 3 && path[2] == "results";
  if (request.method != "GET" || path.size() < 2 || (path.size() == 3 && !results) || path.size() > 3) return pinot::not_found();
  const std::shared_ptr<const StoredResponse> stored = responses_.find(path[1], now);
  if (!stored) return not_there(path[1]);
  if (!results) return pinot::json(cursor_json(*stored, 0, -1));
  int64_t offset = 0, rows = kFetchRows;
  if (!read_count(request, "offset", &offset) || !read_count(request, "numRows", &rows)) return pinot::error(400, "offset and numRows must be whole numbers");
  const auto all = static_cast<int64_t>(stored->answer.table.rows.size());
  if (offset >= all && !(all == 0 && offset == 0)) return said(500, fmt::format("Offset {} should be lesser than totalRecords {}", offset, all));
  HttpResponse out = pinot::json(cursor_json(*stored, offset, rows));
  out.headers.emplace_back("X-Pinot-Error-Code", "-1");
  return out;
}

}  // namespace bywash::rest
