#include "analytics/exec/aggregation_state.h"

#include <algorithm>
#include <cmath>

namespace bywash::analytics {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Kind = AggregationKind;
}  // namespace

AggregationState::AggregationState(const Aggregation& aggregation) : aggregation_(&aggregation) {
  const BoundPtr& argument = aggregation.argument;
  integer_argument_ = argument && stored_as(argument->type) == Stored::kI32;
  if (!needs_values()) return;
  if (aggregation.kind == Kind::kDistinctCount || aggregation.kind == Kind::kDistinctSum || aggregation.kind == Kind::kDistinctAvg || aggregation.kind == Kind::kMode) {
    Physical physical = physical_of(argument->type);
    values_ = std::make_unique<GrowingDictionary>(physical == Physical::kText ? Stored::kBytes : physical == Physical::kInteger ? Stored::kI64 : Stored::kF64);
    pairs_ = std::make_unique<PairTable>();
  }
}

bool AggregationState::needs_values() const {
  switch (aggregation_->kind) {
    case Kind::kDistinctCount:
    case Kind::kDistinctSum:
    case Kind::kDistinctAvg:
    case Kind::kPercentile:
    case Kind::kMode:
    case Kind::kFirstWithTime:
    case Kind::kLastWithTime: return true;
    default: return false;
  }
}

void AggregationState::resize(size_t count) {
  if (count <= size_) return;
  size_ = count;
  switch (aggregation_->kind) {
    case Kind::kCount: counts_.resize(count); break;
    case Kind::kAvg:
      counts_.resize(count);
      [[fallthrough]];
    case Kind::kSum:
      integers_.resize(count);
      reals_.resize(count);
      break;
    case Kind::kMin:
    case Kind::kBoolAnd: mins_.resize(count, kInfinity); break;
    case Kind::kMax:
    case Kind::kBoolOr: maxs_.resize(count, -kInfinity); break;
    case Kind::kMinMaxRange:
      mins_.resize(count, kInfinity);
      maxs_.resize(count, -kInfinity);
      break;
    case Kind::kFirstWithTime: times_.resize(count, INT64_MAX), picked_.resize(count); break;
    case Kind::kLastWithTime: times_.resize(count, INT64_MIN), picked_.resize(count); break;
    default: break;
  }
}

int64_t AggregationState::memory_bytes() const {
  size_t words = counts_.capacity() + integers_.capacity() + reals_.capacity() + mins_.capacity() + maxs_.capacity() + pair_counts_.capacity() + times_.capacity();
  auto bytes = static_cast<int64_t>(words * 8 + ranked_.capacity() * 16 + picked_.capacity() * sizeof(Scalar));
  if (pairs_) bytes += pairs_->memory_bytes() + values_->memory_bytes();
  return bytes;
}

void AggregationState::update(Evaluator& evaluator, const Segment& segment, int64_t first_row, Selection selection, const uint32_t* groups) {
  size_t n = selection.count;
  const BoundPtr& argument = aggregation_->argument;
  if (!argument) {
    if (!groups) counts_[0] += static_cast<int64_t>(n);
    else for (size_t i = 0; i < n; ++i) ++counts_[groups[i]];
    return;
  }
  if (argument->multi) return update_multi(segment.column(argument->field), first_row, selection, groups);
  if (aggregation_->time) return update_by_time(evaluator, n, groups);
  if (needs_values()) return update_values(evaluator, n, groups);
  update_numbers(evaluator.evaluate(*argument), n, groups);
}

void AggregationState::update_numbers(const Vector& values, size_t n, const uint32_t* groups) {
  auto group_of = [groups](size_t i) { return groups ? groups[i] : 0; };
  bool real = values.physical() == Physical::kReal;
  switch (aggregation_->kind) {
    case Kind::kAvg:
      for (size_t i = 0; i < n; ++i) ++counts_[group_of(i)];
      [[fallthrough]];
    case Kind::kSum:
      if (integer_argument_) for (size_t i = 0; i < n; ++i) integers_[group_of(i)] += values.integers[i];
      else if (real) for (size_t i = 0; i < n; ++i) reals_[group_of(i)] += values.reals[i];
      else for (size_t i = 0; i < n; ++i) reals_[group_of(i)] += static_cast<double>(values.integers[i]);
      return;
    default:
      for (size_t i = 0; i < n; ++i) add_number(group_of(i), real ? values.reals[i] : static_cast<double>(values.integers[i]));
  }
}

void AggregationState::add_number(size_t group, double value) {
  switch (aggregation_->kind) {
    case Kind::kCount: ++counts_[group]; return;
    case Kind::kAvg: ++counts_[group]; [[fallthrough]];
    case Kind::kSum: reals_[group] += value; return;
    case Kind::kMin:
    case Kind::kBoolAnd: mins_[group] = value < mins_[group] ? value : mins_[group]; return;
    case Kind::kMax:
    case Kind::kBoolOr: maxs_[group] = value > maxs_[group] ? value : maxs_[group]; return;
    case Kind::kMinMaxRange:
      mins_[group] = value < mins_[group] ? value : mins_[group];
      maxs_[group] = value > maxs_[group] ? value : maxs_[group];
      return;
    case Kind::kPercentile: ranked_.emplace_back(static_cast<uint32_t>(group), value); return;
    default: return;
  }
}

void AggregationState::update_multi(const ColumnView& column, int64_t first_row, Selection selection, const uint32_t* groups) {
  const DictionaryView& values = column.dictionary;
  for (size_t i = 0; i < selection.count; ++i) {
    size_t group = groups ? groups[i] : 0;
    MultiValue value = column.multi(first_row + static_cast<int64_t>(selection.rows ? selection.rows[i] : i));
    for (uint32_t v = 0; v < value.count; ++v) {
      uint32_t id = value.ids[v];
      if (!pairs_) {
        bool number = values.kind != Stored::kBytes;
        add_number(group, !number ? 0 : values.kind == Stored::kI64 ? static_cast<double>(values.integer(id)) : values.real(id));
        continue;
      }
      uint32_t known = values.kind == Stored::kI64 ? values_->id_of(values.integer(id)) : values.kind == Stored::kF64 ? values_->id_of(values.real(id)) : values_->id_of(values.text(id));
      uint32_t pair = pairs_->index_of(static_cast<uint32_t>(group), known);
      if (aggregation_->kind != Kind::kMode) continue;
      pair_counts_.resize(pairs_->size());
      ++pair_counts_[pair];
    }
  }
}

void AggregationState::update_values(Evaluator& evaluator, size_t n, const uint32_t* groups) {
  const Vector& values = evaluator.evaluate(*aggregation_->argument);
  for (size_t i = 0; i < n; ++i) {
    uint32_t group = groups ? groups[i] : 0;
    if (!pairs_) {
      add_number(group, values.number(i));
      continue;
    }
    Physical physical = values.physical();
    uint32_t id = physical == Physical::kInteger ? values_->id_of(values.integers[i]) : physical == Physical::kReal ? values_->id_of(values.reals[i]) : values_->id_of(values.texts[i]);
    uint32_t pair = pairs_->index_of(group, id);
    if (aggregation_->kind != Kind::kMode) continue;
    pair_counts_.resize(pairs_->size());
    ++pair_counts_[pair];
  }
}

void AggregationState::update_by_time(Evaluator& evaluator, size_t n, const uint32_t* groups) {
  const Vector& values = evaluator.evaluate(*aggregation_->argument);
  const Vector& times = evaluator.evaluate(*aggregation_->time);
  bool first = aggregation_->kind == Kind::kFirstWithTime;
  for (size_t i = 0; i < n; ++i) {
    size_t group = groups ? groups[i] : 0;
    int64_t time = times.physical() == Physical::kInteger ? times.integers[i] : static_cast<int64_t>(times.reals[i]);
    if (first ? time > times_[group] : time < times_[group]) continue;
    if (first && time == times_[group] && time != INT64_MAX) continue;
    times_[group] = time;
    Scalar& to = picked_[group];
    switch (values.physical()) {
      case Physical::kInteger: to.integer = values.integers[i]; break;
      case Physical::kReal: to.real = values.reals[i]; break;
      case Physical::kText: to.text = std::string(values.texts[i]); break;
    }
  }
}

void AggregationState::merge(const AggregationState& other, size_t from, size_t to) {
  if (!counts_.empty()) counts_[to] += other.counts_[from];
  if (!integers_.empty()) {
    integers_[to] += other.integers_[from];
    reals_[to] += other.reals_[from];
  }
  if (!mins_.empty()) mins_[to] = std::min(mins_[to], other.mins_[from]);
  if (!maxs_.empty()) maxs_[to] = std::max(maxs_[to], other.maxs_[from]);
}

void AggregationState::finish(Vector* out) {
  out->type = aggregation_->result;
  out->resize(size_);
  switch (aggregation_->kind) {
    case Kind::kCount: out->integers = counts_; return;
    case Kind::kSum:
      for (size_t i = 0; i < size_; ++i) out->reals[i] = static_cast<double>(integers_[i]) + reals_[i];
      return;
    case Kind::kAvg:  // of nothing: -Infinity (AvgAggregationFunction, 1.5.1)
      for (size_t i = 0; i < size_; ++i) {
        out->reals[i] = counts_[i] == 0 ? -kInfinity : (static_cast<double>(integers_[i]) + reals_[i]) / static_cast<double>(counts_[i]);
      }
      return;
    case Kind::kMin: out->reals = mins_; return;
    case Kind::kMax: out->reals = maxs_; return;
    case Kind::kMinMaxRange:
      for (size_t i = 0; i < size_; ++i) out->reals[i] = maxs_[i] - mins_[i];
      return;
    case Kind::kBoolAnd:
      for (size_t i = 0; i < size_; ++i) out->integers[i] = mins_[i] != 0;
      return;
    case Kind::kBoolOr:
      for (size_t i = 0; i < size_; ++i) out->integers[i] = maxs_[i] > 0;
      return;
    case Kind::kDistinctCount:
    case Kind::kDistinctSum:
    case Kind::kDistinctAvg: return finish_distinct(out);
    case Kind::kPercentile: return finish_percentile(out);
    case Kind::kMode: return finish_mode(out);
    case Kind::kFirstWithTime:
    case Kind::kLastWithTime:
      for (size_t i = 0; i < size_; ++i) {
        if (out->physical() == Physical::kInteger) out->integers[i] = picked_[i].integer;
        else if (out->physical() == Physical::kReal) out->reals[i] = picked_[i].real;
        else out->texts[i] = picked_[i].text;
      }
  }
}

void AggregationState::finish_distinct(Vector* out) {
  values_->publish();
  DictionaryView values = values_->view();
  std::vector<int64_t> counts(size_);
  std::vector<double> sums(size_);
  for (uint32_t i = 0; i < pairs_->size(); ++i) {
    uint32_t group = pairs_->first(i), id = pairs_->second(i);
    ++counts[group];
    if (values.kind != Stored::kBytes) sums[group] += values.kind == Stored::kI64 ? static_cast<double>(values.integer(id)) : values.real(id);
  }
  for (size_t i = 0; i < size_; ++i) {
    if (aggregation_->kind == Kind::kDistinctCount) out->integers[i] = counts[i];
    else if (aggregation_->kind == Kind::kDistinctSum) out->reals[i] = sums[i];
    else out->reals[i] = counts[i] == 0 ? -kInfinity : sums[i] / static_cast<double>(counts[i]);
  }
}

// The value at index n * percentile / 100 of the sorted n, the last for 100 (PercentileAggregationFunction, 1.5.1).
void AggregationState::finish_percentile(Vector* out) {
  std::sort(ranked_.begin(), ranked_.end());
  out->reals.assign(size_, -kInfinity);
  for (size_t at = 0; at < ranked_.size();) {
    size_t end = at;
    while (end < ranked_.size() && ranked_[end].first == ranked_[at].first) ++end;
    auto n = static_cast<double>(end - at);
    auto index = static_cast<size_t>(n * aggregation_->percentile / 100);
    out->reals[ranked_[at].first] = ranked_[at + std::min(index, end - at - 1)].second;
    at = end;
  }
}

// The most frequent value, the smallest of several.
void AggregationState::finish_mode(Vector* out) {
  values_->publish();
  DictionaryView values = values_->view();
  out->reals.assign(size_, -kInfinity);
  std::vector<int64_t> best(size_);
  for (uint32_t i = 0; i < pairs_->size(); ++i) {
    uint32_t group = pairs_->first(i), id = pairs_->second(i);
    double value = values.kind == Stored::kI64 ? static_cast<double>(values.integer(id)) : values.real(id);
    if (pair_counts_[i] < best[group] || (pair_counts_[i] == best[group] && value >= out->reals[group])) continue;
    best[group] = pair_counts_[i];
    out->reals[group] = value;
  }
}

}  // namespace bywash::analytics
