// What Pinot's controller shows for finding faults, and what stands beside it: checksums, tiers and lineage of segments, a table's age, debug
// information, types of fields (DebugResource, PinotSegmentRestletResource, TableTierReader, FieldSpec 1.5.1). Of one server. See pinot_api.h.
#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "analytics/segment/segment_file.h"
#include "base/text.h"
#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

using Json = nlohmann::ordered_json;
using TablePtr = std::shared_ptr<analytics::Table>;

const char* type_of(const analytics::Table& table) { return table.config().type == analytics::TableType::kOffline ? "OFFLINE" : "REALTIME"; }

// As commons-io's byteCountToDisplaySize: "7 KB", cut off.
std::string display_size(int64_t bytes) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {{int64_t{1} << 40, "TB"}, {1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "KB"}};
  for (auto [unit, name] : kUnits) {
    if (bytes >= unit) return fmt::format("{} {}", bytes / unit, name);
  }
  return fmt::format("{} bytes", bytes);
}

// 20261127T165500Z.
std::string compact_time(int64_t millis) {
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[32];
  std::strftime(out, sizeof(out), "%Y%m%dT%H%M%SZ", &parts);
  return out;
}

Json consumer_json(const analytics::Table& table, const std::string& segment) {
  for (const auto& status : table.consuming()) {
    if (status.segment != segment) continue;
    const std::string group = std::to_string(status.group);
    const int64_t lag = status.latest_offset < 0 ? -1 : std::max<int64_t>(0, status.latest_offset - status.offset);
    return {{"segmentName", segment}, {"consumerState", status.state}, {"lastConsumedTimestamp", status.last_consumed_ms}, {"partitionToOffsetMap", {{group, std::to_string(status.offset)}}},
            {"partitionOffsetInfo", {{"currentOffsets", {{group, std::to_string(status.offset)}}}, {"latestUpstreamOffsets", {{group, std::to_string(status.latest_offset)}}},
                                     {"recordsLag", {{group, lag < 0 ? "UNKNOWN" : std::to_string(lag)}}},
                                     {"availabilityLagMs", {{group, std::to_string(std::max<int64_t>(0, wall_clock_ms() - status.fresh_ms))}}}}}};
  }
  return nullptr;
}

// What is known of one segment; null: the table has none of that name.
Json segment_debug(const analytics::Table& table, analytics::SegmentSet& segments, const std::string& name, const std::string& server) {
  for (const auto& segment : segments.list()) {
    if (segment.name != name) continue;
    const char* state = segment.consuming ? "CONSUMING" : "ONLINE";
    return {{"segmentName", name},
            {"serverState", {{server, {{"idealState", state}, {"externalView", state}, {"segmentSize", display_size(segment.bytes)}, {"consumerInfo", consumer_json(table, name)}, {"errorInfo", nullptr}}}}}};
  }
  const std::vector<std::string> damaged = segments.damaged();
  if (std::find(damaged.begin(), damaged.end(), name) == damaged.end()) return nullptr;
  return {{"segmentName", name},
          {"serverState", {{server, {{"idealState", "ONLINE"}, {"externalView", "ERROR"}, {"segmentSize", nullptr}, {"consumerInfo", nullptr},
                                     {"errorInfo", {{"errorMessage", segments.damage_of(name)}}}}}}}};
}

// GET /schemas/fieldSpec, as Pinot 1.5.1 answers it, in order of its names.
constexpr std::string_view kFieldSpec =
    R"({"fieldTypes":{"COMPLEX":{"allowedDataTypes":{"LIST":{"nullDefault":[]},"STRUCT":{"nullDefault":null},"MAP":{"nullDefault":{}}}},)"
    R"("METRIC":{"allowedDataTypes":{"DOUBLE":{"nullDefault":0.0},"INT":{"nullDefault":0},"FLOAT":{"nullDefault":0.0},"BIG_DECIMAL":{"nullDefault":0},"LONG":{"nullDefault":0},"BYTES":{"nullDefault":""}}},)"
    R"("TIME":{"allowedDataTypes":@},"DIMENSION":{"allowedDataTypes":@},"DATE_TIME":{"allowedDataTypes":@}},)"
    R"("dataTypes":{"INT":{"storedType":"INT","size":4,"sortable":true,"numeric":true},"BIG_DECIMAL":{"storedType":"BIG_DECIMAL","size":-1,"sortable":true,"numeric":true},)"
    R"("BOOLEAN":{"storedType":"INT","size":4,"sortable":true,"numeric":false},"LONG":{"storedType":"LONG","size":8,"sortable":true,"numeric":true},)"
    R"("UNKNOWN":{"storedType":"UNKNOWN","size":-1,"sortable":true,"numeric":false},"BYTES":{"storedType":"BYTES","size":-1,"sortable":false,"numeric":false},)"
    R"("LIST":{"storedType":"LIST","size":-1,"sortable":false,"numeric":false},"STRUCT":{"storedType":"STRUCT","size":-1,"sortable":false,"numeric":false},)"
    R"("MAP":{"storedType":"MAP","size":-1,"sortable":false,"numeric":false},"STRING":{"storedType":"STRING","size":-1,"sortable":true,"numeric":false},)"
    R"("JSON":{"storedType":"STRING","size":-1,"sortable":false,"numeric":false},"DOUBLE":{"storedType":"DOUBLE","size":8,"sortable":true,"numeric":true},)"
    R"("FLOAT":{"storedType":"FLOAT","size":4,"sortable":true,"numeric":true},"TIMESTAMP":{"storedType":"LONG","size":8,"sortable":true,"numeric":false}}})";
constexpr std::string_view kDimensionTypes =
    R"({"JSON":{"nullDefault":"null"},"DOUBLE":{"nullDefault":"-Infinity"},"INT":{"nullDefault":-2147483648},"FLOAT":{"nullDefault":"-Infinity"},"BIG_DECIMAL":{"nullDefault":0},)"
    R"("BOOLEAN":{"nullDefault":0},"LONG":{"nullDefault":-9223372036854775808},"TIMESTAMP":{"nullDefault":0},"BYTES":{"nullDefault":""},"STRING":{"nullDefault":"null"}})";

}  // namespace

HttpResponse PinotApi::field_types() const {
  std::string body;
  for (char c : kFieldSpec) c == '@' ? void(body += kDimensionTypes) : void(body += c);
  return pinot::json(std::move(body));
}

// GET /tables/{table}/stats.
HttpResponse PinotApi::table_stats(const HttpRequest& request, const std::string& name) {
  Json body = Json::object();
  for (const TablePtr& table : instance_.tables(name, pinot::query_value(request, "type"))) body[type_of(*table)] = {{"creationTime", compact_time(table->created_ms())}};
  return pinot::json(body.dump());
}

// GET /segments/{table}/crc, /lineage, /tiers and /segments/{table}/{segment}/tiers. Nothing: it is none of these.
std::optional<HttpResponse> PinotApi::segment_facts(const HttpRequest& request, const Path& path) {
  const std::string& what = path.back();
  const bool one = path.size() == 4 && what == "tiers";
  if (request.method != "GET" || (!one && (path.size() != 3 || (what != "crc" && what != "lineage" && what != "tiers")))) return std::nullopt;
  const std::string type = what == "crc" ? "OFFLINE" : ascii_upper(pinot::query_value(request, "type"));
  if (type != "OFFLINE" && type != "REALTIME") return pinot::error(400, "Table type should either be offline or realtime");
  const std::vector<TablePtr> found = instance_.tables(path[1], type);
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", path[1]));
  if (what == "lineage") return pinot::json("");  // nothing was replaced in steps
  const auto snapshot = found[0]->snapshot();
  Json segments = Json::object();
  for (const auto& segment : snapshot->segments) {
    if (one && segment->name() != path[2]) continue;
    if (what == "tiers") {
      segments[segment->name()] = {{fmt::format("Server_{}_8098", options_.host), nullptr}};
      continue;
    }
    if (Result<uint32_t> sum = analytics::segment_checksum(segment->meta().path)) segments[segment->name()] = std::to_string(*sum);
  }
  if (what == "crc") return pinot::json(segments.dump());
  if (one && segments.empty()) return pinot::error(404, fmt::format("Segment: {} is not found in table: {} of type: {}", path[2], path[1], type));
  return pinot::json(Json{{"tableName", found[0]->config().name_with_type}, {"segmentTiers", segments}}.dump());
}

// GET /debug/tables/{table} and /debug/segments/{table}/{segment}. With verbosity all segments, else those that have errors.
HttpResponse PinotApi::debug(const HttpRequest& request, const Path& path) {
  const bool segment = path.size() == 4 && path[1] == "segments";
  if (!segment && (path.size() != 3 || path[1] != "tables")) return pinot::not_found();
  if (request.method != "GET") return pinot::method_not_allowed();
  const std::vector<TablePtr> found = instance_.tables(path[2], pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table '{}' not found", path[2]));
  const std::string server = fmt::format("Server_{}_8098", options_.host), broker = fmt::format("Broker_{}_{}", options_.host, options_.broker_port);
  if (segment) {
    for (const TablePtr& table : found) {
      if (const Json body = segment_debug(*table, table->segments(), path[3], server); !body.is_null()) return pinot::json(body.dump());
    }
    return pinot::error(404, fmt::format("Segment {} does not exist", path[3]));
  }
  const std::string verbosity = pinot::query_value(request, "verbosity");
  const bool all = !verbosity.empty() && verbosity != "0";
  Json body = Json::array();
  for (const TablePtr& table : found) {
    const std::vector<std::string> damaged = table->segments().damaged();
    int64_t bytes = 0, count = static_cast<int64_t>(damaged.size());
    Json segments = Json::array();
    for (const auto& one : table->segments().list()) {
      bytes += one.bytes, ++count;
      if (all) segments.push_back(segment_debug(*table, table->segments(), one.name, server));
    }
    for (const std::string& name : damaged) segments.push_back(segment_debug(*table, table->segments(), name, server));
    std::string problem;
    for (const auto& status : table->consuming()) problem = problem.empty() ? status.problem : problem;
    body.push_back({{"tableName", table->config().name_with_type}, {"numSegments", count}, {"numServers", 1}, {"numBrokers", 1}, {"segmentDebugInfos", segments},
                    {"serverDebugInfos", {{{"serverName", server}, {"numErrors", damaged.size()}, {"numMessages", 0}}}},
                    {"brokerDebugInfos", all ? Json::array({{{"brokerName", broker}, {"idealState", "ONLINE"}, {"externalView", "ONLINE"}}}) : Json::array()},
                    {"tableSize", {{"reportedSize", display_size(bytes)}, {"estimatedSize", display_size(bytes)}}},
                    {"ingestionStatus", {{"ingestionState", problem.empty() ? "HEALTHY" : "UNHEALTHY"}, {"errorMessage", problem}}}});
  }
  return pinot::json(body.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace bywash::rest
