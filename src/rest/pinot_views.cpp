// How a table's segments look to whoever watches a cluster: metadata, ideal and external state, where they are served (PinotSegmentRestletResource,
// PinotTableRestletResource, TableViews, PinotTableInstances 1.5.1). Of one server, on which every segment is. See pinot_api.h.
#include <nlohmann/json.hpp>

#include "analytics/table/time_format.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;
using analytics::Segment;
using analytics::Table;

namespace {

using TablePtr = std::shared_ptr<Table>;

// A segment's first and last time in milliseconds; nothing when it has none, or the column's values are no whole numbers.
struct SegmentTimes {
  std::optional<int64_t> first, last;
};
SegmentTimes times_of(const Table& table, const Segment& segment) {
  const analytics::TableSchema& schema = *segment.schema();
  const int at = schema.find(table.config().time_column);
  if (at < 0 || segment.meta().end_time < segment.meta().start_time) return {};
  auto format = analytics::TimeFormat::parse(schema.fields[static_cast<size_t>(at)].format);
  if (!format.ok()) return {};
  return {format->to_millis(segment.meta().start_time), format->to_millis(segment.meta().end_time)};
}

Json column_json(const Segment& segment, size_t at) {
  const analytics::ColumnView& column = segment.column(at);
  const bool dictionary = column.encoding == analytics::Encoding::kDictionary;
  Json out = {{"columnName", column.field->name}, {"dataType", std::string(analytics::to_string(column.field->type))}, {"singleValue", column.field->single_value},
              {"totalDocs", segment.rows()}, {"sorted", column.sorted_rows}, {"hasDictionary", dictionary}};
  if (dictionary) out["cardinality"] = column.dictionary.cardinality;
  return out;
}

// What a server says of a segment. `columns`: their names, or "*".
Json server_metadata(const Table& table, const Segment& segment, const std::vector<std::string>& columns) {
  const auto& meta = segment.meta();
  const SegmentTimes times = times_of(table, segment);
  Json out = {{"segmentName", segment.name()}, {"schemaName", table.config().name}, {"creationTimeMillis", meta.creation_ms}};
  if (!table.config().time_column.empty()) out["timeColumn"] = table.config().time_column;
  if (times.first && times.last) {
    out["timeUnit"] = "MILLISECONDS";
    out["startTimeMillis"] = *times.first;
    out["endTimeMillis"] = *times.last;
  }
  out["totalDocs"] = segment.rows();
  out["custom"] = Json::object();
  if (table.config().type == analytics::TableType::kRealtime) {
    out["startOffset"] = std::to_string(meta.offsets.first);
    out["endOffset"] = std::to_string(meta.offsets.end);
  }
  out["columns"] = Json::array();
  for (size_t i = 0; i < segment.column_count(); ++i) {
    const std::string& name = segment.column(i).field->name;
    bool wanted = false;
    for (const std::string& one : columns) wanted = wanted || one == "*" || one == name;
    if (wanted) out["columns"].push_back(column_json(segment, i));
  }
  return out;
}

// What Pinot keeps of a segment in its ZooKeeper: texts by dotted names.
Json stored_metadata(const Table& table, const Segment& segment) {
  const auto& meta = segment.meta();
  const bool realtime = table.config().type == analytics::TableType::kRealtime;
  Json out = {{"segment.creation.time", std::to_string(meta.creation_ms)}, {"segment.total.docs", std::to_string(segment.rows())}, {"segment.index.version", "v3"},
              {"segment.size.in.bytes", std::to_string(meta.bytes)}};
  if (SegmentTimes times = times_of(table, segment); times.first && times.last) {
    out["segment.time.unit"] = "MILLISECONDS";
    out["segment.start.time"] = std::to_string(*times.first);
    out["segment.end.time"] = std::to_string(*times.last);
  }
  if (realtime) {
    out["segment.realtime.status"] = meta.consuming ? "IN_PROGRESS" : "DONE";
    out["segment.realtime.startOffset"] = std::to_string(meta.offsets.first);
    out["segment.realtime.endOffset"] = meta.consuming ? "null" : std::to_string(meta.offsets.end);
  }
  return out;
}

std::vector<std::string> columns_of(const HttpRequest& request) {
  std::vector<std::string> out;
  const auto [first, last] = request.query.equal_range("columns");
  for (auto it = first; it != last; ++it) out.push_back(it->second);
  return out;
}

const char* key_of(const Table& table) { return table.config().type == analytics::TableType::kOffline ? "OFFLINE" : "REALTIME"; }

}  // namespace

// GET /segments/{table}/select: segments with rows from startTimestamp on and before endTimestamp; with excludeOverlapping only those that
// lie within. Segments without times are not among them.
HttpResponse PinotApi::select_segments(const HttpRequest& request, const std::string& name) {
  const std::vector<TablePtr> found = instance_.tables(name, pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  auto time = [&](const char* key, int64_t otherwise) -> std::optional<int64_t> {
    const std::string text = pinot::query_value(request, key);
    if (text.empty()) return otherwise;
    auto value = analytics::parse_scalar(analytics::DataType::kLong, text);
    return value.ok() ? std::optional<int64_t>(value->integer) : std::nullopt;
  };
  const std::optional<int64_t> start = time("startTimestamp", INT64_MIN), end = time("endTimestamp", INT64_MAX);
  if (!start || !end || *start >= *end) return pinot::error(400, "startTimestamp must be lesser than endTimestamp, both in milliseconds");
  const bool within = pinot::query_value(request, "excludeOverlapping") == "true", all = *start == INT64_MIN && *end == INT64_MAX;
  Json body = Json::array();
  for (const TablePtr& table : found) {
    Json names = Json::array();
    const auto snapshot = table->snapshot();
    for (const auto& segment : snapshot->segments) {
      const SegmentTimes times = times_of(*table, *segment);
      bool wanted = all;
      if (!all && times.first && times.last) wanted = within ? *times.first >= *start && *times.last < *end : *times.last >= *start && *times.first < *end;
      if (wanted) names.push_back(segment->name());
    }
    body.push_back({{key_of(*table), names}});
  }
  return pinot::json(body.dump());
}

// GET /segments/{table}/metadata, /zkmetadata, /servers and /segments/{table}/{segment}/metadata. Nothing: it is none of these.
std::optional<HttpResponse> PinotApi::segment_view(const HttpRequest& request, const Path& path) {
  const std::string& what = path.back();
  const bool one = path.size() == 4;
  if (request.method != "GET" || path.size() < 3 || path.size() > 4 || (what != "metadata" && (one || (what != "zkmetadata" && what != "servers")))) return std::nullopt;
  const std::vector<TablePtr> found = instance_.tables(path[1], pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", path[1]));
  const std::string server = fmt::format("Server_{}_8098", options_.host);
  Json body = what == "servers" ? Json::array() : Json::object();
  for (const TablePtr& table : found) {
    Json names = Json::array();
    const auto snapshot = table->snapshot();
    for (const auto& segment : snapshot->segments) {
      names.push_back(segment->name());
      if (one && segment->name() != path[2]) continue;
      if (one) return pinot::json(stored_metadata(*table, *segment).dump());
      if (what == "metadata") body[segment->name()] = server_metadata(*table, *segment, columns_of(request));
      if (what == "zkmetadata") body[segment->name()] = stored_metadata(*table, *segment);
    }
    if (what == "servers") body.push_back({{"tableName", table->config().name_with_type}, {"serverToSegmentsMap", {{server, names}}}});
  }
  if (one) return pinot::error(404, fmt::format("Failed to find segment: {} in table: {}", path[2], path[1]));
  return pinot::json(body.dump());
}

// GET /tables/{table}/idealstate, externalview, segmentsStatus, instances, status. Nothing: it is none of these.
std::optional<HttpResponse> PinotApi::table_view(const HttpRequest& request, const std::string& name, const std::string& part) {
  const bool states = part == "idealstate" || part == "externalview";
  if (!states && part != "segmentsStatus" && part != "instances" && part != "status") return std::nullopt;
  const std::vector<TablePtr> found = instance_.tables(name, pinot::query_value(request, part == "status" ? "type" : "tableType"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  const std::string server = fmt::format("Server_{}_8098", options_.host), broker = fmt::format("Broker_{}_{}", options_.host, options_.broker_port);
  Json body = part == "segmentsStatus" ? Json::array() : Json::object();
  if (states) body = {{"OFFLINE", nullptr}, {"REALTIME", nullptr}};
  if (part == "instances") body = {{"tableName", name}, {"brokers", Json::array()}, {"server", Json::array()}};
  for (const TablePtr& table : found) {
    Json of_table = Json::object();
    for (const auto& segment : table->segments().list()) {
      of_table[segment.name] = {{server, segment.consuming ? "CONSUMING" : "ONLINE"}};
      if (part == "segmentsStatus") body.push_back({{"segmentName", segment.name}, {"segmentStatus", "GOOD"}});
    }
    for (const std::string& damaged : table->segments().damaged()) {
      of_table[damaged] = {{server, part == "externalview" ? "ERROR" : "ONLINE"}};
      if (part == "segmentsStatus") body.push_back({{"segmentName", damaged}, {"segmentStatus", "BAD"}});
    }
    if (states) body[key_of(*table)] = of_table;
    if (part == "status") {
      std::string problem;
      for (const auto& status : table->consuming()) problem = status.problem.empty() ? problem : status.problem;
      body["ingestionStatus"] = {{"ingestionState", problem.empty() ? "HEALTHY" : "UNHEALTHY"}, {"errorMessage", problem}};
    }
    if (part == "instances") {
      const char* type = table->config().type == analytics::TableType::kOffline ? "offline" : "realtime";
      body["brokers"].push_back({{"tableType", type}, {"instances", {broker}}});
      body["server"].push_back({{"tableType", type}, {"instances", {server}}});
    }
  }
  return pinot::json(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace bywash::rest
