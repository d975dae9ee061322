#include "analytics/exec/broker_response.h"

#include "analytics/sql/java_text.h"

#include <fmt/format.h>

#include <cmath>

namespace bywash::analytics {
namespace {

// Length of the well-formed UTF-8 sequence at the front, or 0.
size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) >= 0xa0) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

void append_cell(const Cell& cell, std::string& out);

struct CellWriter {
  std::string& out;
  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(int64_t value) const {
    const fmt::format_int digits(value);
    out.append(digits.data(), digits.size());
  }
  void operator()(double value) const { append_java_double(value, out); }
  void operator()(float value) const { append_java_float(value, out); }
  void operator()(const std::string& value) const { append_json_string(value, out); }
  void operator()(const CellArray& value) const {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_cell(value[i], out);
    }
    out += ']';
  }
};

void append_cell(const Cell& cell, std::string& out) { std::visit(CellWriter{out}, cell.value); }

void append_strings(const std::vector<std::string>& values, std::string& out) {
  out += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(values[i], out);
  }
  out += ']';
}

void append_table(const ResultTable& table, std::string& out) {
  out += "\"resultTable\":{\"dataSchema\":{\"columnNames\":";
  append_strings(table.column_names, out);
  out += ",\"columnDataTypes\":";
  append_strings(table.column_types, out);
  out += "},\"rows\":[";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    out += i > 0 ? ",[" : "[";
    for (size_t c = 0; c < table.rows[i].size(); ++c) {
      if (c > 0) out += ',';
      append_cell(table.rows[i][c], out);
    }
    out += ']';
  }
  out += "]},";
}

// The fields after the table, in Pinot's order.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}
  void number(std::string_view name, int64_t value) { number({}, name, value); }
  // The name in two parts.
  void number(std::string_view prefix, std::string_view name, int64_t value) {
    start(prefix, name);
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
    out_ += ',';
  }
  void boolean(std::string_view name, bool value) {
    start({}, name);
    out_ += value ? "true," : "false,";
  }
  void text(std::string_view name, const std::string& value, bool null_when_empty) {
    start({}, name);
    if (value.empty() && null_when_empty) out_ += "null";
    else append_json_string(value, out_);
    out_ += ',';
  }

 private:
  void start(std::string_view prefix, std::string_view name) {
    out_ += '"';
    out_.append(prefix).append(name);
    out_ += "\":";
  }
  std::string& out_;
};

}  // namespace

void append_java_double(double value, std::string& out) {
  bool quoted = !std::isfinite(value);
  if (quoted) out += '"';
  out += sql::java_double(value);
  if (quoted) out += '"';
}

void append_java_float(float value, std::string& out) {
  bool quoted = !std::isfinite(value);
  if (quoted) out += '"';
  out += sql::java_float(value);
  if (quoted) out += '"';
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    char c = text[0];
    size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<int>(c));
        else out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

QueryResponse QueryResponse::failure(int code, std::string message) {
  QueryResponse out;
  out.exceptions.push_back({code, std::move(message)});
  out.partial_result = true;
  return out;
}

std::string to_json(const QueryResponse& r) {
  std::string out = "{";
  out.reserve(2048);
  if (r.has_table) append_table(r.table, out);
  FieldWriter field(out);
  field.number("numRowsResultSet", r.rows_in_all >= 0 ? r.rows_in_all : static_cast<int64_t>(r.table.rows.size()));
  field.boolean("partialResult", r.partial_result);
  out += "\"exceptions\":[";
  for (size_t i = 0; i < r.exceptions.size(); ++i) {
    out += i > 0 ? ",{\"message\":" : "{\"message\":";
    append_json_string(r.exceptions[i].message, out);
    fmt::format_to(std::back_inserter(out), ",\"errorCode\":{}}}", r.exceptions[i].code);
  }
  out += "],";
  field.boolean("numGroupsLimitReached", r.groups_limit_reached);
  field.boolean("numGroupsWarningLimitReached", false);
  if (r.multi_stage) field.boolean("maxRowsInJoinReached", false), field.boolean("maxRowsInWindowReached", false);
  field.number("timeUsedMs", r.time_used_ms);
  if (r.multi_stage && !r.stage_stats.empty()) {
    out += "\"stageStats\":" + r.stage_stats + ",";
    field.number("maxRowsInOperator", r.max_rows_in_operator);
  }
  field.text("requestId", r.request_id, true);
  field.text("clientRequestId", r.client_request_id, true);
  field.text("brokerId", r.broker_id, true);
  field.number("numDocsScanned", r.docs_scanned);
  field.number("totalDocs", r.total_docs);
  field.number("numEntriesScannedInFilter", r.entries_scanned_in_filter);
  field.number("numEntriesScannedPostFilter", r.entries_scanned_post_filter);
  field.number("numServersQueried", r.servers_queried);
  field.number("numServersResponded", r.servers_responded);
  field.number("numSegmentsQueried", r.segments_queried);
  field.number("numSegmentsProcessed", r.segments_processed);
  field.number("numSegmentsMatched", r.segments_matched);
  field.number("numConsumingSegmentsQueried", r.consuming_queried);
  field.number("numConsumingSegmentsProcessed", r.consuming_processed);
  field.number("numConsumingSegmentsMatched", r.consuming_matched);
  field.number("minConsumingFreshnessTimeMs", r.min_consuming_freshness_ms);
  field.number("numSegmentsPrunedByBroker", r.pruned_by_broker);
  field.number("numSegmentsPrunedByServer", r.pruned_by_server);
  field.number("numSegmentsPrunedInvalid", 0);
  field.number("numSegmentsPrunedByLimit", r.pruned_by_limit);
  field.number("numSegmentsPrunedByValue", r.pruned_by_value);
  field.number("brokerReduceTimeMs", 0);
  for (std::string_view kind : {"ThreadCpuTimeNs", "SystemActivitiesCpuTimeNs", "ResponseSerializationCpuTimeNs", "TotalCpuTimeNs"}) {
    bool measured = kind == "ThreadCpuTimeNs" || kind == "TotalCpuTimeNs";
    field.number("offline", kind, measured && !r.realtime ? r.thread_cpu_ns : 0);
    field.number("realtime", kind, measured && r.realtime ? r.thread_cpu_ns : 0);
  }
  field.number("explainPlanNumEmptyFilterSegments", 0);
  field.number("explainPlanNumMatchAllFilterSegments", 0);
  out += "\"traceInfo\":{},\"tablesQueried\":";
  append_strings(r.tables_queried, out);
  out += ',';
  for (std::string_view kind : {"ThreadMemAllocatedBytes", "ResponseSerMemAllocatedBytes", "TotalMemAllocatedBytes"}) {
    field.number("offline", kind, 0);
    field.number("realtime", kind, 0);
  }
  out += r.tables_queried.empty() || r.multi_stage ? "\"pools\":[]," : "\"pools\":[-1],";
  out += "\"rlsFiltersApplied\":false,\"groupsTrimmed\":false}";
  return out;
}

}  // namespace bywash::analytics
