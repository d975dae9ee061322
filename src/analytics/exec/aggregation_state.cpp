#include "analytics/exec/aggregation_state.h"

#include "analytics/exec/groups.h"

#include <algorithm>
#include <cmath>

namespace bywash::analytics {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint32_t kUnknown = UINT32_MAX;
using Kind = AggregationKind;
// Groups whose sums stay in the first cache when they are kept in two halves.
constexpr size_t kHalvedSumsMax = 1024;

// Whether `rows` values of the column cannot overflow a sum in 64 bits.
bool sums_fit(const ColumnView& column, int64_t rows) {
  if (column.stored == Stored::kI32) return true;
  if (!column.has_range) return false;
  double magnitude = std::max(std::abs(static_cast<double>(column.min_integer)), std::abs(static_cast<double>(column.max_integer)));
  return magnitude * static_cast<double>(rows) < 9.0e18;
}

// Folds the i-th value into the slot of groups[i], or all into the first one, in order.
template <class Slot, class Value, class Fold>
void fold_into(Slot* slots, const Value* values, size_t n, const uint32_t* groups, Fold fold) {
  if (groups) {
    for (size_t i = 0; i < n; ++i) slots[groups[i]] = fold(slots[groups[i]], values[i]);
    return;
  }
  Slot kept = slots[0];
  for (size_t i = 0; i < n; ++i) kept = fold(kept, values[i]);
  slots[0] = kept;
}

}  // namespace

AggregationState::AggregationState(const Aggregation& aggregation) : aggregation_(&aggregation) {
  const BoundPtr& argument = aggregation.argument;
  integer_argument_ = argument && stored_as(argument->type) == Stored::kI32;
  if (aggregation.kind == Kind::kCollected) collector_ = make_collector(aggregation);
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
    case Kind::kLastWithTime:
    case Kind::kCollected: return true;
    default: return false;
  }
}

void AggregationState::resize(size_t count, size_t spare) {
  if (count <= size_) return;
  size_ = count, spare_ = spare;
  count += spare;
  if (collector_) collector_->resize(count);
  if (aggregation_->nullable) seen_.resize(count);
  if (!odd_.empty()) odd_.resize(count);
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
  size_t words = counts_.capacity() + integers_.capacity() + odd_.capacity() + reals_.capacity() + mins_.capacity() + maxs_.capacity() + pair_counts_.capacity() + times_.capacity();
  auto bytes = static_cast<int64_t>(words * 8 + ranked_.capacity() * 16 + picked_.capacity() * sizeof(Scalar));
  if (collector_) bytes += collector_->memory_bytes();
  if (pairs_) bytes += pairs_->memory_bytes() + values_->memory_bytes();
  return bytes;
}

void AggregationState::update(Evaluator& evaluator, size_t n, const uint32_t* groups) {
  if (!aggregation_->arguments.empty()) return update_rows(evaluator, n, groups);
  const BoundPtr& argument = aggregation_->argument;
  if (!argument) {
    if (!groups) counts_[0] += static_cast<int64_t>(n);
    else for (size_t i = 0; i < n; ++i) ++counts_[groups[i]];
    return;
  }
  if (aggregation_->time) return update_by_time(evaluator, n, groups);
  if (is_set_of_values()) {
    if (const ColumnView* column = evaluator.dictionary_column(*argument)) return update_ids(evaluator, *column, n, groups);
  }
  const Vector& values = evaluator.evaluate(*argument);
  if (aggregation_->second) return add_values(values, &evaluator.evaluate(*aggregation_->second), n, groups);
  if (!values.multi) return add_values(values, nullptr, n, groups);
  // Arrays: every element counts for its row's group.
  spread_groups_.clear();
  for (size_t i = 0; i < n; ++i) spread_groups_.insert(spread_groups_.end(), values.offsets[i + 1] - values.offsets[i], groups ? groups[i] : 0);
  spread_ = values;
  spread_.multi = false;
  spread_.nulls.clear();
  if (!values.nulls.empty() && !aggregation_->sees_defaults) {
    spread_.nulls.resize(spread_groups_.size());
    for (size_t i = 0; i < n; ++i) std::fill(spread_.nulls.begin() + values.offsets[i], spread_.nulls.begin() + values.offsets[i + 1], values.nulls[i]);
  }
  add_values(spread_, nullptr, spread_groups_.size(), spread_groups_.data());
}

std::optional<RawSlots> AggregationState::raw_slots(const Segment& segment, bool counted) {
  const BoundPtr& argument = aggregation_->argument;
  RawSlots out;
  out.slots.counts = counted || counts_.empty() ? nullptr : counts_.data();
  if (aggregation_->kind == Kind::kCount && !argument) return out;
  if (!argument || aggregation_->nullable || argument->kind != BoundKind::kColumn || argument->multi || needs_values()) return std::nullopt;
  out.column = &segment.column(argument->field);
  if (out.column->encoding != Encoding::kRaw || out.column->stored == Stored::kBytes) return std::nullopt;
  switch (aggregation_->kind) {
    case Kind::kSum:
    case Kind::kAvg:
      if (!is_integer(argument->type)) {
        out.slots.real_sums = reals_.data();
        return out;
      }
      if (!sums_fit(*out.column, segment.rows())) return std::nullopt;
      if (size_ <= kHalvedSumsMax) odd_.resize(size_ + spare_);
      out.slots.whole_sums = {integers_.data(), odd_.empty() ? integers_.data() : odd_.data()};
      return out;
    case Kind::kMin:
    case Kind::kMax:
    case Kind::kMinMaxRange:
      out.slots.least = mins_.empty() ? nullptr : mins_.data();
      out.slots.greatest = maxs_.empty() ? nullptr : maxs_.data();
      return out;
    default: return std::nullopt;
  }
}

void AggregationState::collect(const Vector& values, const Vector* second, size_t n, const uint32_t* groups) {
  const Vector* const arguments[] = {&values, second};
  collector_->add(std::span(arguments, second ? 2 : 1), n, groups);
}

void AggregationState::update_rows(Evaluator& evaluator, size_t n, const uint32_t* groups) {
  std::vector<const Vector*> arguments;
  for (const BoundPtr& argument : aggregation_->arguments) arguments.push_back(&evaluator.evaluate(*argument));
  collector_->add(arguments, n, groups);
}

// Leaves nulls out.
void AggregationState::add_values(const Vector& values, const Vector* second, size_t n, const uint32_t* groups) {
  bool nulls = !aggregation_->sees_defaults && (!values.nulls.empty() || (second && !second->nulls.empty()));
  if (!nulls) {
    if (aggregation_->nullable) mark_seen(n, groups);
    if (collector_) return collect(values, second, n, groups);
    return update_column(values, n, groups);
  }
  auto keep = [&](const Vector& from, Vector& to, size_t i) {
    switch (from.physical()) {
      case Physical::kInteger: to.integers.push_back(from.integers[i]); break;
      case Physical::kReal: to.reals.push_back(from.reals[i]); break;
      case Physical::kText: to.texts.push_back(from.texts[i]); break;
    }
  };
  for (Vector* to : {&known_, &known_second_}) to->integers.clear(), to->reals.clear(), to->texts.clear();
  known_.type = values.type;
  if (second) known_second_.type = second->type;
  known_groups_.clear();
  for (size_t i = 0; i < n; ++i) {
    if (values.is_null(i) || (second && second->is_null(i))) continue;
    keep(values, known_, i);
    if (second) keep(*second, known_second_, i);
    known_groups_.push_back(groups ? groups[i] : 0);
  }
  size_t left = known_groups_.size();
  if (aggregation_->nullable) mark_seen(left, known_groups_.data());
  if (collector_) return collect(known_, second ? &known_second_ : nullptr, left, known_groups_.data());
  update_column(known_, left, known_groups_.data());
}

void AggregationState::mark_seen(size_t n, const uint32_t* groups) {
  if (!groups && n > 0) seen_[0] = 1;
  if (groups) for (size_t i = 0; i < n; ++i) seen_[groups[i]] = 1;
}

void AggregationState::update_column(const Vector& values, size_t n, const uint32_t* groups) {
  if (needs_values()) return update_values(values, n, groups);
  update_numbers(values, n, groups);
}

void AggregationState::update_numbers(const Vector& values, size_t n, const uint32_t* groups) {
  const bool real = values.physical() == Physical::kReal;
  auto each = [&](auto& slots, auto fold) {
    if (real) fold_into(slots.data(), values.reals.data(), n, groups, fold);
    else fold_into(slots.data(), values.integers.data(), n, groups, fold);
  };
  auto lesser = [](double kept, auto value) { return static_cast<double>(value) < kept ? static_cast<double>(value) : kept; };
  auto greater = [](double kept, auto value) { return static_cast<double>(value) > kept ? static_cast<double>(value) : kept; };
  switch (aggregation_->kind) {
    case Kind::kCount:
    case Kind::kAvg:
      if (!groups) counts_[0] += static_cast<int64_t>(n);
      else for (size_t i = 0; i < n; ++i) ++counts_[groups[i]];
      if (aggregation_->kind == Kind::kCount) return;
      [[fallthrough]];
    case Kind::kSum:
      if (integer_argument_) fold_into(integers_.data(), values.integers.data(), n, groups, [](int64_t kept, int64_t value) { return kept + value; });
      else each(reals_, [](double kept, auto value) { return kept + static_cast<double>(value); });
      return;
    case Kind::kMin:
    case Kind::kBoolAnd: return each(mins_, lesser);
    case Kind::kMax:
    case Kind::kBoolOr: return each(maxs_, greater);
    case Kind::kMinMaxRange:
      each(mins_, lesser);
      return each(maxs_, greater);
    case Kind::kPercentile:
      for (size_t i = 0; i < n; ++i) ranked_.emplace_back(groups ? groups[i] : 0, values.number(i));
      return;
    default: return;
  }
}

// Kinds that ask which values there are, not how often.
bool AggregationState::is_set_of_values() const { return pairs_ && aggregation_->kind != Kind::kMode && !aggregation_->nullable && !aggregation_->second; }

// By dictionary id: each value is looked up once for a segment.
void AggregationState::update_ids(Evaluator& evaluator, const ColumnView& column, size_t n, const uint32_t* groups) {
  if (numbered_ != evaluator.segment()) {
    numbered_ = evaluator.segment();
    if (!same_values(column.dictionary, numbered_values_)) numbers_.assign(column.dictionary.cardinality, kUnknown);
    numbered_values_ = column.dictionary;
  }
  evaluator.load_ids(column, &ids_);
  for (size_t i = 0; i < n; ++i) {
    uint32_t& number = numbers_[ids_[i]];
    if (number != kUnknown && !groups) continue;  // the one group has it
    if (number == kUnknown) number = translate(column.dictionary, ids_[i], *values_);
    pairs_->index_of(groups ? groups[i] : 0, number);
  }
}

void AggregationState::update_values(const Vector& values, size_t n, const uint32_t* groups) {
  if (!pairs_) return update_numbers(values, n, groups);
  for (size_t i = 0; i < n; ++i) {
    uint32_t group = groups ? groups[i] : 0;
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
    if (values.is_null(i) || times.is_null(i)) continue;
    if (aggregation_->nullable) seen_[group] = 1;
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

void AggregationState::add_records(const StarAggregate& records, int64_t first, Selection selection, const uint32_t* groups) {
  auto each = [&](auto add) {
    for (size_t i = 0; i < selection.count; ++i) add(groups ? groups[i] : 0, static_cast<size_t>(first) + (selection.rows ? selection.rows[i] : i));
  };
  if (records.counts) each([&](uint32_t group, size_t record) { counts_[group] += records.counts[record]; });
  if (records.whole_sums) each([&](uint32_t group, size_t record) { integers_[group] += records.whole_sums[record]; });
  if (records.real_sums) each([&](uint32_t group, size_t record) { reals_[group] += records.real_sums[record]; });
  if (records.mins) each([&](uint32_t group, size_t record) { mins_[group] = std::min(mins_[group], records.mins[record]); });
  if (records.maxs) each([&](uint32_t group, size_t record) { maxs_[group] = std::max(maxs_[group], records.maxs[record]); });
  if (aggregation_->nullable) mark_seen(selection.count, groups);
}

void AggregationState::merge(const AggregationState& other, const std::vector<uint32_t>& from, const std::vector<uint32_t>& to) {
  auto each = [&](auto add) {
    for (size_t i = 0; i < from.size(); ++i) add(from[i], to[i]);
  };
  if (!counts_.empty()) each([&](uint32_t a, uint32_t b) { counts_[b] += other.counts_[a]; });
  if (!integers_.empty()) each([&](uint32_t a, uint32_t b) { integers_[b] += other.whole_sum(a); });
  if (!reals_.empty()) each([&](uint32_t a, uint32_t b) { reals_[b] += other.reals_[a]; });
  if (!mins_.empty()) each([&](uint32_t a, uint32_t b) { mins_[b] = std::min(mins_[b], other.mins_[a]); });
  if (!maxs_.empty()) each([&](uint32_t a, uint32_t b) { maxs_[b] = std::max(maxs_[b], other.maxs_[a]); });
  if (!seen_.empty()) each([&](uint32_t a, uint32_t b) { seen_[b] |= other.seen_[a]; });
}

void AggregationState::finish(Vector* out) {
  out->type = aggregation_->result;
  out->multi = aggregation_->result_multi;
  out->resize(size_);
  if (aggregation_->nullable) {
    out->nulls.resize(size_);
    for (size_t i = 0; i < size_; ++i) out->nulls[i] = !seen_[i];
  }
  switch (aggregation_->kind) {
    case Kind::kCount: out->integers.assign(counts_.begin(), counts_.begin() + static_cast<ptrdiff_t>(size_)); return;
    case Kind::kSum:
      for (size_t i = 0; i < size_; ++i) out->reals[i] = static_cast<double>(whole_sum(i)) + reals_[i];
      return;
    case Kind::kAvg:  // of nothing: -Infinity (AvgAggregationFunction, 1.5.1)
      for (size_t i = 0; i < size_; ++i) {
        out->reals[i] = counts_[i] == 0 ? -kInfinity : (static_cast<double>(whole_sum(i)) + reals_[i]) / static_cast<double>(counts_[i]);
      }
      return;
    case Kind::kMin: out->reals.assign(mins_.begin(), mins_.begin() + static_cast<ptrdiff_t>(size_)); return;
    case Kind::kMax: out->reals.assign(maxs_.begin(), maxs_.begin() + static_cast<ptrdiff_t>(size_)); return;
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
      return;
    case Kind::kCollected: return collector_->finish(out);
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
    else out->reals[i] = counts[i] == 0 ? std::nan("") : sums[i] / static_cast<double>(counts[i]);
  }
}

// The value at index n * percentile / 100 of the sorted n, the last for 100 (PercentileAggregationFunction, 1.5.1).
void AggregationState::finish_percentile(Vector* out) {
  std::sort(ranked_.begin(), ranked_.end());
  bool whole = out->physical() == Physical::kInteger;
  whole ? out->integers.assign(size_, INT64_MIN) : out->reals.assign(size_, -kInfinity);
  for (size_t at = 0; at < ranked_.size();) {
    size_t end = at;
    while (end < ranked_.size() && ranked_[end].first == ranked_[at].first) ++end;
    auto n = static_cast<double>(end - at);
    auto index = static_cast<size_t>(n * aggregation_->percentile / 100);
    double value = ranked_[at + std::min(index, end - at - 1)].second;
    if (whole) out->integers[ranked_[at].first] = static_cast<int64_t>(value);
    else out->reals[ranked_[at].first] = value;
    at = end;
  }
}

// The most frequent value; of several the smallest, the largest or the average.
void AggregationState::finish_mode(Vector* out) {
  values_->publish();
  DictionaryView values = values_->view();
  out->reals.assign(size_, -kInfinity);
  std::vector<int64_t> best(size_), ties(size_);
  double reducer = aggregation_->numbers.empty() ? 0 : aggregation_->numbers[0];
  for (uint32_t i = 0; i < pairs_->size(); ++i) {
    uint32_t group = pairs_->first(i), id = pairs_->second(i);
    double value = values.kind == Stored::kI64 ? static_cast<double>(values.integer(id)) : values.real(id);
    if (pair_counts_[i] < best[group]) continue;
    bool tie = pair_counts_[i] == best[group];
    ties[group] = tie ? ties[group] + 1 : 1;
    best[group] = pair_counts_[i];
    double& own = out->reals[group];
    if (!tie) own = value;
    else own = reducer == 0 ? std::min(own, value) : reducer == 1 ? std::max(own, value) : own + (value - own) / static_cast<double>(ties[group]);
  }
}

}  // namespace bywash::analytics
