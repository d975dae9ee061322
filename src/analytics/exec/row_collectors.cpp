// Aggregations that look at whole rows. Semantics: the funnel functions, ExprMinMaxObject and SumArrayLongAggregationFunction of Apache
// Pinot 1.5.1. Scan stage; one query's thread. See collector.h.
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "analytics/exec/cells.h"
#include "analytics/exec/collector.h"
#include "analytics/plan/row_aggregations.h"
#include "analytics/segment/growing_dictionary.h"
#include "analytics/sql/java_text.h"

namespace bywash::analytics {
namespace {

template <class Group>
class RowCollector : public Collector {
 public:
  explicit RowCollector(const Aggregation& aggregation) : aggregation_(aggregation) {}
  void resize(size_t count) override { groups_.resize(std::max(count, groups_.size())); }
  int64_t memory_bytes() const override { return static_cast<int64_t>(groups_.capacity() * sizeof(Group)) + kept_bytes_; }

 protected:
  Group& group_of(const uint32_t* groups, size_t i) { return groups_[groups ? groups[i] : 0]; }
  const Aggregation& aggregation_;
  std::vector<Group> groups_;
  int64_t kept_bytes_ = 0;
};

// ---- SUMARRAYLONG, SUMARRAYDOUBLE: element by element

struct ElementSums {
  std::vector<int64_t> whole;
  std::vector<double> real;
};

class ArraySums : public RowCollector<ElementSums> {
 public:
  using RowCollector::RowCollector;
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector& arrays = *arguments[0];
    const bool whole = aggregation_.result == DataType::kLong;
    for (size_t i = 0; i < n; ++i) {
      ElementSums& sums = group_of(groups, i);
      const size_t begin = arrays.offsets[i], count = arrays.offsets[i + 1] - begin, known = std::max(sums.whole.size(), sums.real.size());
      if (count > known) {
        kept_bytes_ += static_cast<int64_t>((count - known) * sizeof(double));
        whole ? sums.whole.resize(count) : sums.real.resize(count);
      }
      for (size_t k = 0; k < count; ++k) {
        if (!whole) sums.real[k] += arrays.number(begin + k);
        else sums.whole[k] += arrays.physical() == Physical::kReal ? static_cast<int64_t>(arrays.reals[begin + k]) : arrays.integers[begin + k];
      }
    }
  }
  void finish(Vector* out) override {
    out->integers.clear(), out->reals.clear();
    out->offsets.assign(1, 0);
    for (const ElementSums& sums : groups_) {
      out->integers.insert(out->integers.end(), sums.whole.begin(), sums.whole.end());
      out->reals.insert(out->reals.end(), sums.real.begin(), sums.real.end());
      out->offsets.push_back(static_cast<uint32_t>(out->value_count()));
    }
  }
};

// ---- EXPRMIN, EXPRMAX: the values of all rows that hold the smallest or largest measures

struct Extreme {
  bool any = false;
  std::vector<Scalar> measures;
  std::vector<Cell> values;
};

class ExtremeRows : public RowCollector<Extreme> {
 public:
  using RowCollector::RowCollector;
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    for (size_t i = 0; i < n; ++i) {
      Extreme& group = group_of(groups, i);
      const int order = group.any ? compare(arguments, i, group) : 1;
      if (order < 0) continue;
      if (order > 0) take(arguments, i, &group);
      group.values.push_back(value_of(*arguments[0], i));
      kept_bytes_ += static_cast<int64_t>(sizeof(Cell));
      if (const auto* text = std::get_if<std::string>(&group.values.back().value)) kept_bytes_ += static_cast<int64_t>(text->size());
    }
  }
  // Its values are rows of the answer: see values().
  void finish(Vector* out) override {
    out->nulls.assign(groups_.size(), 1);
    if (out->multi) out->offsets.assign(groups_.size() + 1, 0), out->integers.clear(), out->reals.clear(), out->texts.clear();
  }
  const std::vector<Cell>* values(size_t group) const override { return &groups_[group].values; }

 private:
  // Above 0: the row's measures are further out than the group's.
  int compare(std::span<const Vector* const> arguments, size_t i, const Extreme& group) const {
    for (size_t k = 1; k < arguments.size(); ++k) {
      const Vector& measure = *arguments[k];
      const Scalar& own = group.measures[k - 1];
      int order = 0;
      switch (measure.physical()) {
        case Physical::kInteger: order = measure.integers[i] < own.integer ? -1 : measure.integers[i] > own.integer; break;
        case Physical::kReal: order = compare_reals(measure.reals[i], own.real); break;
        case Physical::kText: order = measure.texts[i].compare(own.text); break;
      }
      if (order != 0) return (order > 0) == (aggregation_.collected == Collected::kExprMax) ? 1 : -1;
    }
    return 0;
  }
  static void take(std::span<const Vector* const> arguments, size_t i, Extreme* group) {
    group->any = true;
    group->values.clear();
    group->measures.resize(arguments.size() - 1);
    for (size_t k = 1; k < arguments.size(); ++k) {
      const Vector& measure = *arguments[k];
      Scalar& to = group->measures[k - 1];
      switch (measure.physical()) {
        case Physical::kInteger: to.integer = measure.integers[i]; break;
        case Physical::kReal: to.real = measure.reals[i]; break;
        case Physical::kText: to.text = std::string(measure.texts[i]); break;
      }
    }
  }
  // BOOLEAN and TIMESTAMP as the numbers that they are stored as.
  static Cell value_of(const Vector& values, size_t i) {
    const bool number = values.type == DataType::kBoolean || values.type == DataType::kTimestamp;
    if (!number || values.is_null(i)) return cell_of(values, i);
    if (!values.multi) return {values.integers[i]};
    CellArray out;
    for (uint32_t at = values.offsets[i]; at < values.offsets[i + 1]; ++at) out.push_back({values.integers[at]});
    return {std::move(out)};
  }
};

// ---- FUNNELCOUNT: how many ids have taken all steps up to each

struct SeenSteps {
  bool any = false;
  std::unordered_map<uint32_t, uint64_t> steps;  // by the id's number
};

class FunnelCounts : public RowCollector<SeenSteps> {
 public:
  explicit FunnelCounts(const Aggregation& aggregation) : RowCollector(aggregation), ids_(stored_of(aggregation.arguments[0]->type)) {}
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector& ids = *arguments[0];
    for (size_t i = 0; i < n; ++i) {
      SeenSteps& group = group_of(groups, i);
      group.any = true;
      uint64_t taken = 0;
      for (size_t step = 1; step < arguments.size(); ++step) taken |= uint64_t{arguments[step]->integers[i] > 0} << (step - 1);
      if (taken == 0) continue;
      const uint32_t id = ids.physical() == Physical::kInteger ? ids_.id_of(ids.integers[i]) : ids.physical() == Physical::kReal ? ids_.id_of(ids.reals[i]) : ids_.id_of(ids.texts[i]);
      uint64_t& seen = group.steps[id];
      if (seen == 0) kept_bytes_ += 40;
      seen |= taken;
    }
  }
  int64_t memory_bytes() const override { return RowCollector::memory_bytes() + ids_.memory_bytes(); }
  void finish(Vector* out) override {
    out->integers.clear();
    out->offsets.assign(1, 0);
    for (const SeenSteps& group : groups_) {
      const size_t begin = out->integers.size(), steps = aggregation_.arguments.size() - 1;
      if (group.any) out->integers.resize(begin + steps);
      for (const auto& [id, seen] : group.steps) {
        for (size_t step = 0; step < steps && (seen >> step & 1); ++step) ++out->integers[begin + step];
      }
      out->offsets.push_back(static_cast<uint32_t>(out->integers.size()));
    }
  }

 private:
  static Stored stored_of(DataType type) {
    return physical_of(type) == Physical::kText ? Stored::kBytes : physical_of(type) == Physical::kInteger ? Stored::kI64 : Stored::kF64;
  }
  GrowingDictionary ids_;
};

// ---- The functions over steps in a window of time

struct FunnelEvent {
  int64_t time = 0;
  int step = 0;                     // -1: none, with KEEP_ALL
  std::vector<std::string> columns; // FUNNELEVENTSFUNCTIONEVAL
};

// Windows over a group's events in order: each begins with a first step, holds what follows within its length, then gives up its front.
class FunnelWindows {
 public:
  FunnelWindows(const Funnel& funnel, std::vector<FunnelEvent>& events) : funnel_(funnel), events_(events) {
    std::stable_sort(events.begin(), events.end(), [](const FunnelEvent& a, const FunnelEvent& b) { return a.time != b.time ? a.time < b.time : a.step < b.step; });
  }
  // Moves to the next window; false: there is none.
  bool next() {
    if (end_ >= events_.size()) return false;
    while (begin_ < end_ && events_[begin_].step != 0) ++begin_;
    if (begin_ == end_) {
      while (end_ < events_.size() && events_[end_].step != 0) ++end_;
      begin_ = end_;
      if (end_ == events_.size()) return false;
      ++end_;
    }
    const int64_t limit = events_[begin_].time + funnel_.window;
    while (end_ < events_.size() && events_[end_].time < limit) {
      if (funnel_.step_duration_max > 0 && events_[end_].time - events_[end_ - 1].time > funnel_.step_duration_max) break;
      ++end_;
    }
    return true;
  }
  std::span<const FunnelEvent> events() const { return std::span(events_).subspan(begin_, end_ - begin_); }
  void pop() { begin_ += begin_ < end_; }
  void pop_before(int64_t time) {
    while (begin_ < end_ && events_[begin_].time < time) ++begin_;
  }

  // How many steps in a row the window holds.
  int steps_in_row() const {
    int reached = 0;
    int64_t before = -1;
    for (const FunnelEvent& event : events()) {
      if (funnel_.strict_deduplication && event.step == reached - 1) return reached;
      if (funnel_.strict_order && event.step != reached) return reached;
      if (funnel_.strict_increase && before == event.time) continue;
      if (event.step == reached) ++reached, before = event.time;
      if (reached == static_cast<int>(funnel_.steps)) break;
    }
    return reached;
  }
  // Calls `round` for every time that all steps were taken in the window; answers when the last of these ended, else when the window began.
  template <class Round>
  int64_t rounds(Round round) const {
    int64_t out = events().front().time, before = -1;
    int reached = 0;
    for (const FunnelEvent& event : events()) {
      if (funnel_.strict_deduplication && event.step == reached - 1) reached = 0;
      if (funnel_.strict_order && event.step != reached) reached = 0;
      if (funnel_.strict_increase && before == event.time) continue;
      before = event.time;
      if (event.step == reached) ++reached;
      if (reached < static_cast<int>(funnel_.steps)) continue;
      round();
      reached = 0;
      out = event.time;
    }
    return out;
  }

 private:
  const Funnel& funnel_;
  const std::vector<FunnelEvent>& events_;
  size_t begin_ = 0, end_ = 0;  // the window; what stands behind it is still to come
};

class FunnelCollector : public RowCollector<std::vector<FunnelEvent>> {
 public:
  explicit FunnelCollector(const Aggregation& aggregation) : RowCollector(aggregation), funnel_(*aggregation.funnel) {}
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector& times = *arguments[0];
    for (size_t i = 0; i < n; ++i) {
      int taken = -1;
      for (size_t step = 0; step < funnel_.steps && taken < 0; ++step) {
        if (arguments[1 + step]->integers[i] == 1) taken = static_cast<int>(step);
      }
      if (taken < 0 && !funnel_.keep_all) continue;
      FunnelEvent event{times.physical() == Physical::kReal ? static_cast<int64_t>(times.reals[i]) : times.integers[i], taken, {}};
      for (size_t column = 1 + funnel_.steps; column < arguments.size(); ++column) event.columns.push_back(text_of(*arguments[column], i));
      kept_bytes_ += static_cast<int64_t>(sizeof(FunnelEvent) + event.columns.size() * 48);
      group_of(groups, i).push_back(std::move(event));
    }
  }
  void finish(Vector* out) override {
    out->start_texts();
    if (out->multi) out->integers.clear(), out->reals.clear(), out->offsets.assign(1, 0);
    for (size_t g = 0; g < groups_.size(); ++g) {
      switch (aggregation_.collected) {
        case Collected::kFunnelMaxStep: out->integers[g] = steps_reached(groups_[g]); break;
        case Collected::kFunnelCompleteCount: out->integers[g] = static_cast<int64_t>(complete(groups_[g]).size()); break;
        case Collected::kFunnelMatchStep: {
          const int reached = steps_reached(groups_[g]);
          for (int step = 0; step < static_cast<int>(funnel_.steps); ++step) out->integers.push_back(step < reached);
          break;
        }
        case Collected::kFunnelDurations: append_durations(groups_[g], out); break;
        default: append_events(groups_[g], out);
      }
      if (out->multi) out->offsets.push_back(static_cast<uint32_t>(out->physical() == Physical::kText ? out->ends.size() : out->value_count()));
    }
    if (out->physical() == Physical::kText) out->finish_texts();
  }

 private:
  static std::string text_of(const Vector& values, size_t i) {
    switch (values.physical()) {
      case Physical::kInteger: return std::to_string(values.integers[i]);
      case Physical::kReal: return sql::java_double(values.reals[i]);
      case Physical::kText: return std::string(values.texts[i]);
    }
    return {};
  }

  int steps_reached(std::vector<FunnelEvent>& events) const {
    int out = 0;
    for (FunnelWindows windows(funnel_, events); out < static_cast<int>(funnel_.steps) && windows.next(); windows.pop()) out = std::max(out, windows.steps_in_row());
    return out;
  }

  // The columns of the first event of each step, of every completed round.
  std::vector<std::vector<const FunnelEvent*>> complete(std::vector<FunnelEvent>& events) const {
    std::vector<std::vector<const FunnelEvent*>> out;
    FunnelWindows windows(funnel_, events);
    while (windows.next()) {
      const int64_t end = windows.rounds([&] {
        std::vector<const FunnelEvent*>& round = out.emplace_back();
        for (const FunnelEvent& event : windows.events()) {
          if (event.step == static_cast<int>(round.size())) round.push_back(&event);
        }
      });
      windows.pop();
      windows.pop_before(end);
    }
    return out;
  }

  // "rounds, values of the first, ..." and the values.
  void append_events(std::vector<FunnelEvent>& events, Vector* out) const {
    if (events.empty()) return;
    const auto rounds = complete(events);
    const size_t columns = aggregation_.arguments.size() - 1 - funnel_.steps;
    out->bytes += std::to_string(rounds.size());
    for (const auto& round : rounds) out->bytes += ", " + std::to_string(round.size() * columns);
    out->end_text();
    for (const auto& round : rounds) {
      for (const FunnelEvent* event : round) {
        for (const std::string& column : event->columns) out->bytes += column, out->end_text();
      }
    }
  }

  // For each step how long it took to the next, of the funnels that were gone through.
  void append_durations(std::vector<FunnelEvent>& events, Vector* out) const {
    if (events.empty()) return;
    const auto steps = static_cast<int>(funnel_.steps);
    std::vector<std::vector<double>> durations(funnel_.steps);
    std::vector<uint8_t> counted(funnel_.steps);
    bool matched = false;
    for (FunnelWindows windows(funnel_, events); windows.next(); windows.pop()) {
      const int reached = windows.steps_in_row();
      if (reached < steps) {
        std::fill(counted.begin(), counted.begin() + reached, uint8_t{1});
        continue;
      }
      matched = true;
      std::vector<int64_t> times;
      for (const FunnelEvent& event : windows.events()) {
        if (static_cast<int>(times.size()) <= event.step) times.push_back(event.time);
      }
      for (size_t i = 0; i + 1 < times.size(); ++i) counted[i] = 1, durations[i].push_back(static_cast<double>(times[i + 1] - times[i]));
      counted.back() = 1;
    }
    const bool counts = std::find(funnel_.durations.begin(), funnel_.durations.end(), "COUNT") != funnel_.durations.end();
    if (!matched && !counts) return;
    for (size_t step = 0; step < funnel_.steps; ++step) {
      std::sort(durations[step].begin(), durations[step].end());
      for (const std::string& function : funnel_.durations) {
        const bool none = !matched || step + 1 == funnel_.steps || durations[step].empty();
        out->reals.push_back(function == "COUNT" ? counted[step] : none ? 0 : duration(function, durations[step]));
      }
    }
  }

  static double duration(const std::string& function, const std::vector<double>& sorted) {
    if (function == "AVG") {
      double sum = 0;
      for (double one : sorted) sum += one;
      return sum / static_cast<double>(sorted.size());
    }
    const double share = function == "MIN" ? 0 : function == "MAX" ? 1 : function == "MEDIAN" ? 0.5 : std::stod(function.substr(10)) / 100;
    return sorted[std::min(static_cast<size_t>(share * static_cast<double>(sorted.size())), sorted.size() - 1)];
  }

  const Funnel& funnel_;
};

}  // namespace

std::unique_ptr<Collector> make_row_collector(const Aggregation& aggregation) {
  switch (aggregation.collected) {
    case Collected::kSumArray: return std::make_unique<ArraySums>(aggregation);
    case Collected::kExprMin:
    case Collected::kExprMax: return std::make_unique<ExtremeRows>(aggregation);
    case Collected::kFunnelCount: return std::make_unique<FunnelCounts>(aggregation);
    default: return std::make_unique<FunnelCollector>(aggregation);
  }
}

}  // namespace bywash::analytics
