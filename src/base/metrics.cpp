// The metrics registry over prometheus-cpp. Level 0, every thread.
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>

namespace bywash::metrics {
namespace {

class CounterOf final : public Counter {
 public:
  explicit CounterOf(prometheus::Counter& c) : c_(c) {}
  void add(double amount) override { c_.Increment(amount); }
  double value() const override { return c_.Value(); }
  prometheus::Counter& c_;
};

class GaugeOf final : public Gauge {
 public:
  explicit GaugeOf(prometheus::Gauge& g) : g_(g) {}
  void set(double value) override { g_.Set(value); }
  double value() const override { return g_.Value(); }
  prometheus::Gauge& g_;
};

// One series: which family it belongs to, its labels and the face handed out.
template <class Family, class Face>
struct Series {
  Family* family;
  Labels labels;
  std::unique_ptr<Face> face;
};

}  // namespace

struct Registry::Impl {
  std::mutex mutex;
  prometheus::Registry registry;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counter_families;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauge_families;
  std::map<std::pair<std::string, Labels>, Series<prometheus::Family<prometheus::Counter>, CounterOf>> counters;
  std::map<std::pair<std::string, Labels>, Series<prometheus::Family<prometheus::Gauge>, GaugeOf>> gauges;
  std::map<std::string, std::function<void()>> refreshers;

  GaugeOf& gauge(const std::string& name, const std::string& doc, const Labels& labels) {
    auto& series = gauges[{name, labels}];
    if (!series.face) {
      auto*& family = gauge_families[name];
      if (!family) family = &prometheus::BuildGauge().Name(name).Help(doc).Register(registry);
      series = {family, labels, std::make_unique<GaugeOf>(family->Add(labels))};
    }
    return *series.face;
  }
};

Registry& Registry::process() {
  static Registry registry;
  return registry;
}
Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter* Registry::counter(const std::string& name, const std::string& doc, const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  auto& series = impl_->counters[{name, labels}];
  if (!series.face) {
    auto*& family = impl_->counter_families[name];
    if (!family) family = &prometheus::BuildCounter().Name(name).Help(doc).Register(impl_->registry);
    series = {family, labels, std::make_unique<CounterOf>(family->Add(labels))};
  }
  return series.face.get();
}

Gauge* Registry::gauge(const std::string& name, const std::string& doc, const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  return &impl_->gauge(name, doc, labels);
}

void Registry::set_gauge(const std::string& name, const std::string& doc, const Labels& labels, double value) {
  std::lock_guard lock(impl_->mutex);
  impl_->gauge(name, doc, labels).set(value);
}

void Registry::remove_gauge(const std::string& name, const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  auto it = impl_->gauges.find({name, labels});
  if (it == impl_->gauges.end()) return;
  it->second.family->Remove(&it->second.face->g_);
  impl_->gauges.erase(it);
}

void Registry::remove(const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  auto matches = [&](const Labels& have) {
    return std::all_of(labels.begin(), labels.end(), [&](const auto& l) {
      auto it = have.find(l.first);
      return it != have.end() && it->second == l.second;
    });
  };
  std::erase_if(impl_->counters, [&](auto& entry) {
    if (!matches(entry.first.second)) return false;
    entry.second.family->Remove(&entry.second.face->c_);
    return true;
  });
  std::erase_if(impl_->gauges, [&](auto& entry) {
    if (!matches(entry.first.second)) return false;
    entry.second.family->Remove(&entry.second.face->g_);
    return true;
  });
}

void Registry::on_collect(std::string id, std::function<void()> refresh) {
  std::lock_guard lock(impl_->mutex);
  impl_->refreshers[std::move(id)] = std::move(refresh);
}
void Registry::drop_collect(const std::string& id) {
  std::lock_guard lock(impl_->mutex);
  impl_->refreshers.erase(id);
}

std::string Registry::render() {
  std::vector<std::function<void()>> refreshers;
  {
    std::lock_guard lock(impl_->mutex);
    for (auto& [id, refresh] : impl_->refreshers) refreshers.push_back(refresh);
  }
  for (auto& refresh : refreshers) refresh();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace bywash::metrics
