// Metrics of the worker and of the states of its connectors and tasks, under Kafka Connect's names (connect-worker-metrics,
// connector-metrics, connector-task-metrics; Kafka 4.3). Read from the herder whenever metrics are rendered. Level 7, any thread.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "runtime/herder.h"

namespace bywash::runtime {

class WorkerMetrics {
 public:
  struct Watched {
    ConnectorStatus status;
    std::string class_name;
  };
  // `watched` is asked at each rendering, until the destructor has returned.
  explicit WorkerMetrics(std::function<std::vector<Watched>()> watched);
  ~WorkerMetrics();

  void connector_startup(bool ok) { count("connector", ok); }
  void task_startup(bool ok) { count("task", ok); }

 private:
  void count(const std::string& what, bool ok);
  void refresh();
  // A series with the value 1 or a number; those that the last rendering had and this one has not are forgotten.
  void show(const std::string& name, const std::string& doc, const metrics::Labels& labels, double value);

  std::function<std::vector<Watched>()> watched_;
  std::mutex mutex_;
  std::set<std::pair<std::string, metrics::Labels>> shown_, now_;
};

}  // namespace bywash::runtime
