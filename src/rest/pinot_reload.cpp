// Pinot's reload of segments: files are looked at again, and those whose indexes differ from the table's config are written anew in the
// background (PinotTableReloadResource 1.5.1). See pinot_api.h.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

#include "base/clock.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kReloadJobsKept = 1000;

std::string new_job_id() {
  static std::mutex mutex;
  static std::mt19937_64 random(std::random_device{}());
  std::lock_guard lock(mutex);
  const uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

std::vector<std::string> sealed_names(analytics::Table& table, const std::string& only) {
  std::vector<std::string> out;
  for (const auto& segment : table.segments().list()) {
    if (!segment.consuming && (only.empty() || segment.name == only)) out.push_back(segment.name);
  }
  for (const std::string& damaged : table.segments().damaged()) {
    if (only.empty() || damaged == only) out.push_back(damaged);
  }
  return out;
}

}  // namespace

HttpResponse PinotApi::reload(const HttpRequest& request, const std::string& name, const std::string& segment) {
  if (request.method != "POST") return pinot::method_not_allowed();
  const auto found = instance_.tables(name, pinot::query_value(request, "type"));
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  Json answer = Json::object();
  std::string last;
  for (const auto& table : found) {
    ReloadJob job{table->config().name_with_type, sealed_names(*table, segment), wall_clock_ms()};
    if (job.segments.empty()) continue;
    Status failed;
    for (const std::string& each : job.segments) {
      Status status = table->segments().reload(each);
      const bool gone = status.code() == Code::kNotFound && segment.empty();  // dropped meanwhile
      if (!status.ok() && !gone && failed.ok()) failed = status;
    }
    if (!failed.ok()) return pinot::error(failed);
    last = new_job_id();
    answer[job.table] = {{"reloadJobId", last}, {"reloadJobMetaZKStorageStatus", "SUCCESS"}, {"numMessagesSent", "1"}};
    std::lock_guard lock(jobs_mutex_);
    if (jobs_.size() >= kReloadJobsKept) {
      jobs_.erase(std::min_element(jobs_.begin(), jobs_.end(), [](const auto& a, const auto& b) { return a.second.started_ms < b.second.started_ms; }));
    }
    jobs_[last] = std::move(job);
  }
  if (answer.empty() && !segment.empty()) return pinot::error(404, fmt::format("Failed to find segment: {} in table: {} on every instance", segment, name));
  if (answer.empty()) return pinot::error(404, fmt::format("Failed to find any segments in table: {}", name));
  if (!segment.empty()) return pinot::done(fmt::format("Submitted reload job id: {}, sent 1 reload messages. Job meta ZK storage status: SUCCESS", last));
  return pinot::done(answer.dump());
}

HttpResponse PinotApi::reload_status(const std::string& id) {
  ReloadJob job;
  {
    std::lock_guard lock(jobs_mutex_);
    auto known = jobs_.find(id);
    if (known == jobs_.end()) return pinot::error(404, fmt::format("Failed to find controller job id: {}", id));
    job = known->second;
  }
  size_t left = 0;
  for (const auto& table : instance_.tables(job.table)) {
    const std::vector<std::string> outdated = table->segments().outdated();
    for (const std::string& segment : job.segments) left += static_cast<size_t>(std::count(outdated.begin(), outdated.end(), segment));
  }
  const double minutes = static_cast<double>(wall_clock_ms() - job.started_ms) / 60'000;
  const auto done = static_cast<double>(job.segments.size() - left);
  const double remaining = left == 0 ? 0 : done == 0 ? -1 : minutes / done * static_cast<double>(left);
  return pinot::json(Json{{"status", left == 0 ? "COMPLETED" : "IN_PROGRESS"}, {"timeElapsedInMinutes", minutes}, {"estimatedTimeRemainingInMinutes", remaining},
                          {"totalSegmentCount", job.segments.size()}, {"successCount", job.segments.size() - left}, {"totalServersQueried", 1},
                          {"totalServerCallsFailed", 0}, {"failureCount", 0},
                          {"metadata", {{"jobId", id}, {"jobType", "RELOAD_SEGMENT"}, {"tableName", job.table}, {"submissionTimeMs", job.started_ms}}},
                          {"segmentReloadFailures", Json::array()}}.dump());
}

HttpResponse PinotApi::need_reload(const std::string& name) {
  const auto found = instance_.tables(name);
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  const bool any = std::any_of(found.begin(), found.end(), [](const auto& table) { return !table->segments().outdated().empty(); });
  return pinot::json(Json{{"needReload", any}, {"serverToSegmentsCheckReloadList", Json::object()}}.dump());
}

}  // namespace bywash::rest
