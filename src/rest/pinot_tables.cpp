// Pinot's /tables (PinotTableRestletResource, PinotRealtimeTableResource, TableSize 1.5.1). See pinot_api.h.
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "base/clock.h"
#include "base/text.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using analytics::ChangeAnswer;
using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kCommitsKept = 1000;

std::string random_id() {
  static thread_local std::mt19937_64 random(std::random_device{}());
  const uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, 0x8000 | ((b >> 48) & 0x3fff), b & 0xffffffffffff);
}

std::string local_time(int64_t epoch_ms) {
  const std::time_t seconds = epoch_ms / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return fmt::format("{}.{:03}", text, epoch_ms % 1000);
}

std::shared_ptr<analytics::Table> realtime_table(analytics::Instance& instance, const std::string& name) {
  auto found = instance.tables(name, "REALTIME");
  return found.empty() ? nullptr : found[0];
}

HttpResponse no_table(const std::string& name) { return pinot::error(404, fmt::format("Table {} does not exist", name)); }

std::vector<std::string> consuming_names(const analytics::Table& table) {
  std::vector<std::string> names;
  for (const auto& status : table.consuming()) names.push_back(status.segment);
  return names;
}

}  // namespace

HttpResponse PinotApi::tables(const HttpRequest& request, const Path& path) {
  if (path.size() == 1) {
    if (request.method == "POST") {
      Result<ChangeAnswer> answer = instance_.add_table(request.body);
      return answer ? pinot::changed(*answer) : pinot::error(answer.status());
    }
    if (request.method != "GET") return pinot::method_not_allowed();
    const std::string type = pinot::query_value(request, "type");
    Json names = Json::array();
    for (const std::string& name : instance_.table_names()) {
      if (type.empty()) names.push_back(name);
      for (const auto& table : type.empty() ? std::vector<std::shared_ptr<analytics::Table>>() : instance_.tables(name, type)) {
        names.push_back(table->config().name_with_type);
      }
    }
    return pinot::json(Json{{"tables", names}}.dump());
  }
  if (path.size() == 2 && path[1] == "validate" && request.method == "POST") {
    Result<analytics::TableConfig> config = instance_.check_table(request.body);
    if (!config) return pinot::error(config.status());
    return pinot::json(Json{{std::string(analytics::to_string(config->type)), Json::parse(config->stored)},
                            {"unrecognizedProperties", Json::parse(config->unrecognized)}}.dump());
  }
  if (path.size() == 2) return table(request, path[1]);
  if (path.size() == 3) return table_part(request, path[1], path[2]);
  return pinot::not_found();
}

HttpResponse PinotApi::table(const HttpRequest& request, const std::string& name) {
  const std::string type = pinot::query_value(request, "type");
  if (request.method == "GET") {
    const auto found = instance_.tables(name, type);
    if (found.empty()) return no_table(name);
    Json body = Json::object();
    for (const auto& table : found) body[std::string(analytics::to_string(table->config().type))] = Json::parse(table->config().stored);
    return pinot::json(body.dump());
  }
  if (request.method == "PUT") {
    Result<ChangeAnswer> answer = instance_.update_table(name, request.body);
    return answer ? pinot::changed(*answer) : pinot::error(answer.status());
  }
  if (request.method != "DELETE") return pinot::method_not_allowed();
  Result<std::vector<std::string>> deleted = instance_.delete_table(name, type);
  return deleted ? pinot::done(fmt::format("Tables: [{}] deleted", fmt::join(*deleted, ", "))) : pinot::error(deleted.status());
}

HttpResponse PinotApi::table_part(const HttpRequest& request, const std::string& name, const std::string& part) {
  const bool get = request.method == "GET", post = request.method == "POST";
  if (get && part == "schema") return schema(request, name.ends_with("_REALTIME") ? name.substr(0, name.size() - 9) : name.ends_with("_OFFLINE") ? name.substr(0, name.size() - 8) : name);
  if (get && name == "forceCommitStatus") return force_commit_status(part);
  if (get && part == "size") return size(request, name);
  if (get && part == "stats") return table_stats(request, name);
  if (get && part == "indexes") return indexes(request, name);
  if (get && (part == "metadata" || part == "aggregateMetadata")) return metadata(request, name);
  if (std::optional<HttpResponse> view = get ? table_view(request, name, part) : std::nullopt) return *std::move(view);
  if (get && part == "consumingSegmentsInfo") return consuming_info(name);
  if (post && part == "pauseConsumption") return pause(request, name, true);
  if (post && part == "resumeConsumption") return pause(request, name, false);
  if (get && part == "pauseStatus") return pause_status(name);
  if (post && part == "forceCommit") return force_commit(name);
  if (part == "state" && (get || request.method == "PUT")) return table_state(request, name);
  return pinot::not_found();
}

HttpResponse PinotApi::table_state(const HttpRequest& request, const std::string& name) {
  const std::string type = pinot::query_value(request, "type"), state = pinot::query_value(request, "state");
  if (type.empty()) return pinot::error(400, "Illegal table type: null");
  const auto found = instance_.tables(name, type);
  if (found.empty()) return no_table(name);
  const std::string full = found[0]->config().name_with_type;
  if (request.method == "GET") return pinot::json(Json{{"state", instance_.is_enabled(full) ? "enabled" : "disabled"}}.dump());
  const std::string wanted = ascii_lower(state);
  if (wanted != "enable" && wanted != "disable") return pinot::error(400, fmt::format("Unknown state '{}'", state));
  Status status = instance_.enable_table(full, wanted == "enable");
  return status.ok() ? pinot::done(fmt::format("Request to {} table '{}' is successful", state, full)) : pinot::error(status);
}

HttpResponse PinotApi::size(const HttpRequest& request, const std::string& name) {
  const auto found = instance_.tables(name, pinot::query_value(request, "type"));
  if (found.empty()) return no_table(name);
  Json body = {{"tableName", found[0]->config().name}, {"reportedSizeInBytes", 0}, {"estimatedSizeInBytes", 0}, {"reportedSizePerReplicaInBytes", 0},
               {"offlineSegments", nullptr}, {"realtimeSegments", nullptr}};
  int64_t total = 0;
  const std::string server = fmt::format("Server_{}_8098", options_.host);
  for (const auto& table : found) {
    int64_t bytes = 0;
    Json segments = Json::object();
    for (const auto& segment : table->segments().list()) {
      bytes += segment.bytes;
      segments[segment.name] = {{"reportedSizeInBytes", segment.bytes}, {"estimatedSizeInBytes", segment.bytes},
                                {"maxReportedSizePerReplicaInBytes", segment.bytes},
                                {"serverInfo", {{server, {{"segmentName", segment.name}, {"diskSizeInBytes", segment.bytes}}}}}};
    }
    total += bytes;
    body[table->config().type == analytics::TableType::kOffline ? "offlineSegments" : "realtimeSegments"] = {
        {"reportedSizeInBytes", bytes}, {"estimatedSizeInBytes", bytes}, {"missingSegments", 0}, {"reportedSizePerReplicaInBytes", bytes}, {"segments", segments}};
  }
  for (const char* key : {"reportedSizeInBytes", "estimatedSizeInBytes", "reportedSizePerReplicaInBytes"}) body[key] = total;
  return pinot::json(body.dump());
}

HttpResponse PinotApi::consuming_info(const std::string& name) {
  const auto table = realtime_table(instance_, name);
  if (!table) return no_table(name);
  Json segments = Json::object();
  for (const auto& status : table->consuming()) {
    const std::string group = std::to_string(status.group), offset = std::to_string(status.offset);
    const int64_t lag = status.latest_offset < 0 ? -1 : std::max<int64_t>(0, status.latest_offset - status.offset);
    const int64_t behind_ms = std::max<int64_t>(0, wall_clock_ms() - status.fresh_ms);
    Json one = {{"serverName", fmt::format("Server_{}_8098", options_.host)}, {"consumerState", status.state},
                {"lastConsumedTimestamp", status.last_consumed_ms}, {"partitionToOffsetMap", {{group, offset}}},
                {"partitionOffsetInfo", {{"currentOffsetsMap", {{group, offset}}}, {"latestUpstreamOffsetMap", {{group, std::to_string(status.latest_offset)}}},
                                         {"recordsLagMap", {{group, lag < 0 ? "UNKNOWN" : std::to_string(lag)}}},
                                         {"availabilityLagMsMap", {{group, std::to_string(behind_ms)}}}}}};
    if (!status.problem.empty()) one["problem"] = status.problem;
    for (const auto& gap : status.gaps) {
      one["gaps"].push_back({{"startOffset", std::to_string(gap.offsets.first)}, {"endOffset", std::to_string(gap.offsets.end)}, {"recordsMissed", gap.offsets.end - gap.offsets.first},
                             {"foundAtMs", gap.found_ms}});
    }
    segments[status.segment] = Json::array({one});
  }
  return pinot::json(Json{{"serversFailingToRespond", 0}, {"serversUnparsableRespond", 0}, {"_segmentToConsumingInfoMap", segments}}
                         .dump(-1, ' ', false, Json::error_handler_t::replace));
}

HttpResponse PinotApi::pause(const HttpRequest& request, const std::string& name, bool paused) {
  const auto table = realtime_table(instance_, name);
  if (!table) return no_table(name);
  const std::string from = pinot::query_value(request, "consumeFrom");
  if (!from.empty() && from != "lastConsumed") {
    return pinot::error(400, fmt::format("consumeFrom={} is not supported yet; consumption goes on from the last committed offset (lastConsumed)", from));
  }
  if (Status status = table->set_paused(paused); !status.ok()) return pinot::error(status);
  return pinot::json(Json{{"pauseFlag", paused}, {"consumingSegments", consuming_names(*table)}, {"reasonCode", "ADMINISTRATIVE"},
                          {"comment", paused ? "Pause flag is set. Consuming segments are being committed. Use /pauseStatus endpoint in a few moments to "
                                               "check if all consuming segments have been committed."
                                             : "Pause flag is cleared. Consuming segments are being created. Use /pauseStatus endpoint in a few moments to "
                                               "double check."},
                          {"timestamp", local_time(wall_clock_ms())}}.dump());
}

HttpResponse PinotApi::pause_status(const std::string& name) {
  const auto table = realtime_table(instance_, name);
  if (!table) return no_table(name);
  Json consuming = Json::array();
  if (!table->paused()) consuming = consuming_names(*table);
  return pinot::json(Json{{"pauseFlag", table->paused()}, {"consumingSegments", consuming}}.dump());
}

HttpResponse PinotApi::force_commit(const std::string& name) {
  const auto table = realtime_table(instance_, name);
  if (!table) return no_table(name);
  const std::string id = random_id();
  {
    std::lock_guard lock(jobs_mutex_);
    if (commits_.size() >= kCommitsKept) {
      commits_.erase(std::min_element(commits_.begin(), commits_.end(), [](const auto& a, const auto& b) { return a.second.started_ms < b.second.started_ms; }));
    }
    commits_[id] = {table->config().name_with_type, consuming_names(*table), wall_clock_ms()};
  }
  table->force_commit();
  return pinot::json(Json{{"forceCommitJobId", id}, {"forceCommitStatus", "SUCCESS"}, {"jobMetaZKWriteStatus", "SUCCESS"}}.dump());
}

HttpResponse PinotApi::force_commit_status(const std::string& id) {
  ReloadJob job;
  {
    std::lock_guard lock(jobs_mutex_);
    auto known = commits_.find(id);
    if (known == commits_.end()) return pinot::error(404, "Failed to find controller job id: " + id);
    job = known->second;
  }
  Json left = Json::array();
  for (const auto& table : instance_.tables(job.table)) {
    const std::vector<std::string> consuming = consuming_names(*table);
    for (const std::string& segment : job.segments) {
      if (std::find(consuming.begin(), consuming.end(), segment) != consuming.end()) left.push_back(segment);
    }
  }
  return pinot::json(Json{{"jobId", id}, {"jobType", "FORCE_COMMIT"}, {"tableName", job.table}, {"submissionTimeMs", std::to_string(job.started_ms)},
                          {"segmentsForceCommitted", Json(job.segments).dump()}, {"segmentsYetToBeCommitted", left}, {"numberOfSegmentsYetToBeCommitted", left.size()}}.dump());
}

// In how many of the sealed segments each column has each index (TableIndexMetadataResponse 1.5.1).
HttpResponse PinotApi::indexes(const HttpRequest& request, const std::string& name) {
  const auto found = instance_.tables(name, pinot::query_value(request, "type"));
  if (found.empty()) return no_table(name);
  const auto snapshot = found[0]->snapshot();
  Json columns = Json::object();
  int64_t online = 0;
  for (const auto& segment : snapshot->segments) {
    if (segment->meta().consuming) continue;
    ++online;
    for (size_t i = 0; i < segment->column_count(); ++i) {
      const analytics::ColumnView& column = segment->column(i);
      const std::pair<const char*, bool> has[] = {{"dictionary", column.encoding == analytics::Encoding::kDictionary}, {"forward_index", true},
          {"inverted_index", static_cast<bool>(column.inverted) || column.sorted_rows}, {"range_index", column.by_value != nullptr}, {"bloom_filter", static_cast<bool>(column.bloom)},
          {"json_index", static_cast<bool>(column.json_index)}, {"text_index", static_cast<bool>(column.text_index)}, {"nullvalue_vector", column.null_chunks != nullptr}};
      for (const auto& [index, there] : has) {
        Json& count = columns[column.field->name][index];
        count = count.is_null() ? static_cast<int>(there) : count.get<int>() + there;
      }
    }
  }
  return pinot::json(analytics::pretty_json(Json{{"totalOnlineSegments", online}, {"columnToIndexesCount", columns}}.dump()));
}

}  // namespace bywash::rest
