// Metrics: counters and gauges with labels, named after Kafka Connect's JMX names, rendered for Prometheus.
// A thin face on prometheus-cpp, so that no other folder includes it. Level 0; updating is lock-free, looking up is not:
// keep the pointer that counter()/gauge() gives.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual double value() const = 0;
};

// All metrics of the process. Pointers stay valid until remove() of exactly those labels, or for ever.
class Registry {
 public:
  static Registry& process();
  Registry();
  ~Registry();

  Counter* counter(const std::string& name, const std::string& doc, const Labels& labels);
  Gauge* gauge(const std::string& name, const std::string& doc, const Labels& labels);
  // Sets a gauge that may be removed at any time: no pointer is handed out.
  void set_gauge(const std::string& name, const std::string& doc, const Labels& labels, double value);
  // Forgets the gauge with exactly these labels.
  void remove_gauge(const std::string& name, const Labels& labels);
  // Forgets every series that has all of these labels (a deleted connector's). Pointers to them are dead afterwards.
  void remove(const Labels& labels);
  // `refresh` runs before each rendering, so that gauges which are read from elsewhere are current.
  void on_collect(std::string id, std::function<void()> refresh);
  void drop_collect(const std::string& id);
  // The Prometheus text format, version 0.0.4.
  std::string render();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bywash::metrics
