// Pinot's /segments and a table's aggregated metadata (PinotSegmentRestletResource 1.5.1). See pinot_api.h.
#include <nlohmann/json.hpp>

#include "rest/pinot_api.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;

HttpResponse PinotApi::segments(const HttpRequest& request, const Path& path) {
  if (path.size() == 3 && path[1] == "segmentReloadStatus" && request.method == "GET") return reload_status(path[2]);
  if (path.size() == 3 && path[2] == "needReload" && request.method == "GET") return need_reload(path[1]);
  if (path.size() == 3 && path[2] == "reload") return reload(request, path[1], "");
  if (path.size() == 4 && path[3] == "reload") return reload(request, path[1], path[2]);
  if (path.size() == 3 && path[2] == "select" && request.method == "GET") return select_segments(request, path[1]);
  if (std::optional<HttpResponse> facts = segment_facts(request, path)) return *std::move(facts);
  if (std::optional<HttpResponse> view = segment_view(request, path)) return *std::move(view);
  if (path.size() == 1 && request.method == "POST") return upload_segment(request);
  if (path.size() < 2 || path.size() > 3) return pinot::not_found();
  const auto found = instance_.tables(path[1], pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", path[1]));
  if (path.size() == 2 && request.method == "GET") {
    Json body = Json::array();
    for (const auto& table : found) {
      Json names = Json::array();
      for (const auto& segment : table->segments().list()) names.push_back(segment.name);
      body.push_back({{std::string(analytics::to_string(table->config().type)), names}});
    }
    return pinot::json(body.dump());
  }
  if (request.method != "DELETE") return pinot::method_not_allowed();
  std::vector<std::string> dropped;
  for (const auto& table : found) {
    std::vector<std::string> names;
    for (const auto& segment : table->segments().list()) {
      if (!segment.consuming && (path.size() == 2 || segment.name == path[2])) names.push_back(segment.name);
    }
    for (const std::string& damaged : table->segments().damaged()) {
      if (path.size() == 2 || damaged == path[2]) names.push_back(damaged);
    }
    if (Status status = table->segments().drop(names); !status.ok()) return pinot::error(status);
    dropped.insert(dropped.end(), names.begin(), names.end());
  }
  if (path.size() == 3 && dropped.empty()) return pinot::error(404, fmt::format("Segment {} does not exist", path[2]));
  return pinot::done(path.size() == 3 ? "Segment deleted" : fmt::format("All segments of table {} deleted", path[1]));
}

// Sizes and cardinalities are averages over the segments, as Pinot gives them; columns only when asked for (columns=*, or names).
HttpResponse PinotApi::metadata(const HttpRequest& request, const std::string& name) {
  const auto found = instance_.tables(name, pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  const auto& table = found[0];
  const auto snapshot = table->snapshot();
  int64_t bytes = 0, rows = 0;
  for (const auto& segment : snapshot->segments) {
    bytes += segment->meta().bytes;
    rows += segment->rows();
  }
  Json cardinality = Json::object();
  const auto [first, last] = request.query.equal_range("columns");
  for (size_t i = 0; i < snapshot->schema->fields.size() && !snapshot->segments.empty(); ++i) {
    const std::string& column = snapshot->schema->fields[i].name;
    bool wanted = false;
    for (auto it = first; it != last; ++it) wanted |= it->second == "*" || it->second == column;
    if (!wanted) continue;
    double sum = 0;
    for (const auto& segment : snapshot->segments) {
      if (segment->column(i).encoding == analytics::Encoding::kDictionary) sum += segment->column(i).dictionary.cardinality;
    }
    cardinality[column] = sum / static_cast<double>(snapshot->segments.size());
  }
  return pinot::json(analytics::pretty_json(Json{{"tableName", table->config().name_with_type}, {"diskSizeInBytes", bytes},
                                                 {"numSegments", snapshot->segments.size()}, {"numRows", rows}, {"columnLengthMap", Json::object()},
                                                 {"columnCardinalityMap", cardinality}, {"maxNumMultiValuesMap", Json::object()},
                                                 {"columnIndexSizeMap", Json::object()}, {"upsertPartitionToServerPrimaryKeyCountMap", Json::object()}}.dump()));
}

}  // namespace bywash::rest
