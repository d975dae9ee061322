// Aggregations whose groups are sketches of plan/data_sketches.h. Scan stage; one query's thread. See collector.h.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "analytics/exec/collector.h"
#include "analytics/plan/data_sketches.h"
#include "analytics/plan/sketch_aggregations.h"
#include "base/encoding.h"

namespace bywash::analytics {
namespace {

// The i-th value as Java's update() of the column's type takes it.
SketchItem item_of(const Vector& values, size_t i) {
  switch (values.physical()) {
    case Physical::kInteger: return values.type == DataType::kInt || values.type == DataType::kBoolean ? SketchItem(static_cast<int32_t>(values.integers[i])) : SketchItem(values.integers[i]);
    case Physical::kReal: return values.type == DataType::kFloat ? SketchItem(static_cast<float>(values.reals[i])) : SketchItem(values.reals[i]);
    case Physical::kText: break;
  }
  return values.texts[i];
}

std::string shown_bytes(std::string_view bytes, SketchResult as) {
  std::string out;
  if (as == SketchResult::kBase64) append_base64(bytes, &out);
  else for (unsigned char c : bytes) out += "0123456789abcdef"[c >> 4], out += "0123456789abcdef"[c & 15];
  return out;
}

// What `plan` asks of each group's sketch.
void write_results(const SketchPlan& plan, std::vector<std::unique_ptr<DataSketch>>& sketches, Vector* out) {
  if (out->physical() == Physical::kText) out->start_texts();
  for (size_t g = 0; g < sketches.size(); ++g) {
    DataSketch& sketch = *sketches[g];
    switch (plan.result) {
      case SketchResult::kCount: out->integers[g] = std::llround(sketch.estimate()); break;
      case SketchResult::kRoundedDownCount: out->integers[g] = static_cast<int64_t>(sketch.estimate()); break;
      case SketchResult::kQuantile: out->reals[g] = sketch.quantile(plan.rank); break;
      case SketchResult::kTupleSum: out->integers[g] = std::llround(sketch.tuple_sum().estimated); break;
      case SketchResult::kTupleAverage: {
        const DataSketch::TupleSum sum = sketch.tuple_sum();
        out->integers[g] = sum.retained_keys == 0 ? 0 : std::llround(sum.retained / static_cast<double>(sum.retained_keys));
        break;
      }
      case SketchResult::kBase64:
      case SketchResult::kHex:
        out->bytes += shown_bytes(std::string_view(sketch.bytes()).substr(plan.kind == SketchKind::kUltraLogLog), plan.result);  // its state alone
        out->end_text();
        break;
    }
  }
  if (out->physical() == Physical::kText) out->finish_texts();
}

class SketchCollector : public Collector {
 public:
  explicit SketchCollector(const Aggregation& aggregation) : plan_(*aggregation.sketch) {}
  void resize(size_t count) override {
    while (groups_.size() < count) groups_.push_back(*make_sketch(plan_.kind, plan_.size, plan_.share));  // the plan's size was checked
  }
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector& values = *arguments[0];
    for (size_t i = 0; i < n; ++i) {
      DataSketch& sketch = *groups_[groups ? groups[i] : 0];
      if (values.type != DataType::kBytes) kept_bytes_ += sketch.add(item_of(values, i));
      else if (Status merged = sketch.merge(values.texts[i]); !merged.ok() && error_.empty()) error_ = merged.message();
    }
  }
  void finish(Vector* out) override {
    write_results(plan_, groups_, out);
    if (!error_.empty()) out->fail(error_);
  }
  // An UltraLogLog and a HyperLogLog have all their registers from the start.
  int64_t memory_bytes() const override { return static_cast<int64_t>(groups_.size()) * (plan_.kind == SketchKind::kUltraLogLog ? int64_t{1} << static_cast<int>(plan_.size) : 256) + kept_bytes_; }

 private:
  const SketchPlan& plan_;
  std::vector<std::unique_ptr<DataSketch>> groups_;
  int64_t kept_bytes_ = 0;
  std::string error_;
};

// Theta sketches of the values that pass filters, and what an expression makes of them. Arguments: the value, then the conditions.
class ThetaSets : public Collector {
 public:
  explicit ThetaSets(const Aggregation& aggregation) : plan_(*aggregation.sketch), sets_(aggregation.arguments.size()) {}
  void resize(size_t count) override {
    count_ = std::max(count_, count);
    while (sketches_.size() < count_ * sets_) sketches_.push_back(*make_sketch(plan_.kind, plan_.size, plan_.share));
  }
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector& values = *arguments[0];
    for (size_t i = 0; i < n; ++i) {
      const size_t first = (groups ? groups[i] : 0) * sets_;
      for (size_t set = 0; set < sets_; ++set) {
        if (set > 0 && (arguments[set]->is_null(i) || arguments[set]->integers[i] == 0)) continue;
        if (values.multi) {
          for (uint32_t at = values.offsets[i]; at < values.offsets[i + 1]; ++at) put(*sketches_[first + set], values, at);
        } else {
          put(*sketches_[first + set], values, i);
        }
      }
    }
  }
  void finish(Vector* out) override {
    std::vector<std::unique_ptr<DataSketch>> results;
    for (size_t group = 0; group < count_; ++group) {
      results.push_back(*make_sketch(plan_.kind, plan_.size, 1));
      Result<std::string> bytes = evaluate(plan_.sets, group);
      const Status merged = bytes.ok() ? results.back()->merge(*bytes) : bytes.status();
      if (!merged.ok()) out->fail(merged.message());
    }
    write_results(plan_, results, out);
    if (!error_.empty()) out->fail(error_);
  }
  int64_t memory_bytes() const override { return static_cast<int64_t>(sketches_.size()) * 256 + kept_bytes_; }

 private:
  void put(DataSketch& sketch, const Vector& values, size_t at) {
    if (values.type != DataType::kBytes) kept_bytes_ += sketch.add(item_of(values, at));
    else if (Status merged = sketch.merge(values.texts[at]); !merged.ok() && error_.empty()) error_ = merged.message();
  }
  Result<std::string> evaluate(const SketchSets& sets, size_t group) {
    if (sets.parts.empty()) return sketches_[group * sets_ + sets.set]->bytes();
    std::vector<std::string> parts;
    for (const SketchSets& part : sets.parts) {
      ASSIGN_OR_RETURN(std::string bytes, evaluate(part, group));
      parts.push_back(std::move(bytes));
    }
    return combine_sketches(SketchKind::kTheta, sets.operation, parts, static_cast<int>(plan_.size));
  }

  const SketchPlan& plan_;
  const size_t sets_;  // of a group: all values, then one for each filter
  size_t count_ = 0;
  std::vector<std::unique_ptr<DataSketch>> sketches_;
  int64_t kept_bytes_ = 0;
  std::string error_;
};

}  // namespace

std::unique_ptr<Collector> make_sketch_collector(const Aggregation& aggregation) {
  if (aggregation.collected == Collected::kThetaSets) return std::make_unique<ThetaSets>(aggregation);
  return std::make_unique<SketchCollector>(aggregation);
}

}  // namespace bywash::analytics
