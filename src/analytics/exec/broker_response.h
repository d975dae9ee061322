// What a query answers, and its rendering as Pinot's broker response (Apache Pinot 1.5.1, BrokerResponseNative): same fields, same
// order. Query line, render stage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bywash::analytics {

// One value of a result: null, BOOLEAN, INT/LONG, DOUBLE, FLOAT, text, or an array of these.
struct Cell;
using CellArray = std::vector<Cell>;
struct Cell {
  std::variant<std::monostate, bool, int64_t, double, float, std::string, CellArray> value;
  friend bool operator==(const Cell&, const Cell&) = default;
};

struct ResultTable {
  std::vector<std::string> column_names;
  std::vector<std::string> column_types;  // Pinot's: "INT", "DOUBLE", "STRING_ARRAY", ...
  std::vector<std::vector<Cell>> rows;
};

// Pinot's QueryErrorCode.
namespace error_code {
constexpr int kSqlParsing = 150, kAccessDenied = 180, kTableDoesNotExist = 190, kTableIsDisabled = 191, kQueryExecution = 200, kSegmentsUnavailable = 305,
              kQueryCancellation = 503, kExecutionTimeout = 250, kBrokerTimeout = 400, kServerNotResponding = 427, kQueryValidation = 700,
              kUnknownColumn = 710, kInternal = 450;
}

constexpr std::string_view kCancelledMessage = "QueryCancellationError: the query was cancelled";

struct QueryException {
  int code = 0;
  std::string message;
};

struct QueryResponse {
  bool has_table = false;  // false when the query failed
  ResultTable table;
  int64_t rows_in_all = -1;  // where the table is a part of the result; -1: all of it
  std::vector<QueryException> exceptions;
  bool partial_result = false;
  bool groups_limit_reached = false;
  int64_t time_used_ms = 0;
  std::string request_id;  // set by the caller; rendered as a string
  std::string client_request_id;
  std::string broker_id;
  int64_t docs_scanned = 0, total_docs = 0, entries_scanned_in_filter = 0, entries_scanned_post_filter = 0;
  int32_t servers_queried = 0, servers_responded = 0;
  int32_t segments_queried = 0, segments_processed = 0, segments_matched = 0;
  int32_t consuming_queried = 0, consuming_processed = 0, consuming_matched = 0;
  int64_t min_consuming_freshness_ms = 0;
  int32_t pruned_by_broker = 0, pruned_by_server = 0, pruned_by_limit = 0, pruned_by_value = 0;
  int64_t thread_cpu_ns = 0;
  bool realtime = true;  // which of offline*/realtime* figures thread_cpu_ns goes to
  std::vector<std::string> tables_queried;
  bool multi_stage = false;            // adds the fields that only the multi-stage engine's answers have
  std::string stage_stats;             // of it: a JSON object
  int64_t max_rows_in_operator = 0;    // likewise

  // Pinot's X-Pinot-Error-Code header: the first exception's code, or -1.
  int error_code() const { return exceptions.empty() ? -1 : exceptions[0].code; }
  static QueryResponse failure(int code, std::string message);
};

// The broker's JSON body, compact, fields in Pinot's order.
std::string to_json(const QueryResponse& response);

// Numbers as Java's Double.toString and Float.toString write them, shortest digits that round-trip ("1.0E10", "0.001"); NaN and
// infinities as quoted strings, as Jackson does. Appends to `out`.
void append_java_double(double value, std::string& out);
void append_java_float(float value, std::string& out);
// A JSON string with quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace bywash::analytics
