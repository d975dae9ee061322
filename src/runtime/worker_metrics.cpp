// See worker_metrics.h.
#include "runtime/worker_metrics.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bywash::runtime {
namespace {

constexpr const char* kWorkerPrefix = "kafka_connect_connect_worker_metrics_";
constexpr const char* kCollectorId = "connect-worker";

// As the original's JMX attribute has it: "running".
std::string lower_state(State state) {
  std::string out(to_string(state));
  out = ascii_lower(out);
  return out;
}

}  // namespace

WorkerMetrics::WorkerMetrics(std::function<std::vector<Watched>()> watched) : watched_(std::move(watched)) {
  metrics::Registry& registry = metrics::Registry::process();
  for (const char* what : {"connector", "task"}) {
    for (const char* outcome : {"attempts", "success", "failure"}) {
      registry.counter(fmt::format("{}{}_startup_{}_total", kWorkerPrefix, what, outcome), fmt::format("Starts of a {}: {}.", what, outcome), {});
    }
  }
  registry.on_collect(kCollectorId, [this] { refresh(); });
}

WorkerMetrics::~WorkerMetrics() {
  metrics::Registry::process().drop_collect(kCollectorId);
  for (const auto& [name, labels] : shown_) metrics::Registry::process().remove_gauge(name, labels);
}

void WorkerMetrics::count(const std::string& what, bool ok) {
  metrics::Registry& registry = metrics::Registry::process();
  auto add = [&](std::string_view outcome) { registry.counter(fmt::format("{}{}_startup_{}_total", kWorkerPrefix, what, outcome), "", {})->add(); };
  add("attempts");
  add(ok ? "success" : "failure");
}

void WorkerMetrics::show(const std::string& name, const std::string& doc, const metrics::Labels& labels, double value) {
  metrics::Registry::process().set_gauge(name, doc, labels, value);
  now_.insert({name, labels});
}

void WorkerMetrics::refresh() {
  std::lock_guard lock(mutex_);
  now_.clear();
  size_t task_count = 0;
  const std::vector<Watched> all = watched_();
  for (const Watched& watched : all) {
    const ConnectorStatus& connector = watched.status;
    const metrics::Labels named = {{"connector", connector.name}};
    metrics::Labels labels = named;
    labels.insert({{"connector_class", watched.class_name}, {"connector_type", connector.type}, {"connector_version", connector.version}});
    labels["status"] = lower_state(connector.state);
    show("kafka_connect_connector_metrics_status", "1 for the connector's status; its class, type and version are labels.", labels, 1);
    using S = State;
    for (auto [state, word] : std::array<std::pair<S, const char*>, 6>{{{S::kRunning, "running"}, {S::kPaused, "paused"}, {S::kFailed, "failed"},
                                                                       {S::kUnassigned, "unassigned"}, {S::kDestroyed, "destroyed"}, {S::kRestarting, "restarting"}}}) {
      auto n = std::count_if(connector.tasks.begin(), connector.tasks.end(), [&, s = state](const TaskStatus& task) { return task.state == s; });
      show(fmt::format("{}connector_{}_task_count", kWorkerPrefix, word), fmt::format("Tasks of the connector that are {}.", word), named, static_cast<double>(n));
    }
    show(fmt::format("{}connector_total_task_count", kWorkerPrefix), "Tasks of the connector.", named, static_cast<double>(connector.tasks.size()));
    for (const TaskStatus& task : connector.tasks) {
      ++task_count;
      labels["task"] = std::to_string(task.id);
      labels["status"] = lower_state(task.state);
      show("kafka_connect_connector_task_metrics_status", "1 for the task's status.", labels, 1);
    }
  }
  show(fmt::format("{}connector_count", kWorkerPrefix), "Connectors in this worker.", {}, static_cast<double>(all.size()));
  show(fmt::format("{}task_count", kWorkerPrefix), "Tasks in this worker.", {}, static_cast<double>(task_count));
  for (const auto& series : shown_) {
    if (!now_.contains(series)) metrics::Registry::process().remove_gauge(series.first, series.second);
  }
  shown_ = now_;
}

}  // namespace bywash::runtime
