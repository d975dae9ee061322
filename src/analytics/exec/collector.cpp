#include "analytics/exec/collector.h"

#include "analytics/plan/sketches.h"
#include "analytics/plan/decimal_text.h"
#include "analytics/plan/functions.h"
#include "analytics/plan/row_aggregations.h"
#include "analytics/sql/java_text.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace bywash::analytics {
namespace {

// One `Group` per group; `Derived` says how a value is added and a result written.
template <class Derived, class Group>
class GroupCollector : public Collector {
 public:
  explicit GroupCollector(const Aggregation& aggregation) : aggregation_(aggregation) {}
  void resize(size_t count) override { groups_.resize(std::max(count, groups_.size())); }
  void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) override {
    const Vector* second = arguments.size() > 1 ? arguments[1] : nullptr;
    for (size_t i = 0; i < n; ++i) static_cast<Derived*>(this)->put(groups_[groups ? groups[i] : 0], *arguments[0], second, i);
  }
  int64_t memory_bytes() const override { return static_cast<int64_t>(groups_.capacity() * sizeof(Group)) + kept_bytes_; }

 protected:
  const Aggregation& aggregation_;
  std::vector<Group> groups_;
  int64_t kept_bytes_ = 0;
};

// Central moments to the fourth, updated value by value (Pébay 2008, as commons-math's FourthMoment).
struct Moments {
  int64_t n = 0;
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  void add(double x) {
    double n0 = static_cast<double>(n++), n1 = static_cast<double>(n), delta = x - mean, d = delta / n1, d2 = d * d, term = delta * d * n0;
    mean += d;
    m4 += term * d2 * (n1 * n1 - 3 * n1 + 3) + 6 * d2 * m2 - 4 * d * m3;
    m3 += term * d * (n1 - 2) - 3 * d * m2;
    m2 += term;
  }
};

class MomentCollector : public GroupCollector<MomentCollector, Moments> {
 public:
  using GroupCollector::GroupCollector;
  void put(Moments& to, const Vector& values, const Vector*, size_t i) { to.add(values.number(i)); }
  void finish(Vector* out) override {
    for (size_t g = 0; g < groups_.size(); ++g) out->reals[g] = result(groups_[g]);
  }

 private:
  // Of nothing: -Infinity for variances, NaN for the shape (VarianceAggregationFunction, FourthMomentAggregationFunction 1.5.1).
  double result(const Moments& m) const {
    auto n = static_cast<double>(m.n);
    switch (aggregation_.collected) {
      case Collected::kVarPop: return m.n == 0 ? -INFINITY : m.m2 / n;
      case Collected::kVarSamp: return m.n < 2 ? -INFINITY : m.m2 / (n - 1);
      case Collected::kStdDevPop: return m.n == 0 ? -INFINITY : std::sqrt(m.m2 / n);
      case Collected::kStdDevSamp: return m.n < 2 ? -INFINITY : std::sqrt(m.m2 / (n - 1));
      case Collected::kSkewness: {
        if (m.n < 3) return std::nan("");
        double variance = m.m2 / (n - 1);
        if (variance < 1e-19) return 0;
        return n * m.m3 / ((n - 1) * (n - 2) * std::sqrt(variance) * variance);
      }
      default: {
        if (m.n < 4) return std::nan("");
        double variance = m.m2 / (n - 1);
        if (variance < 1e-19) return 0;
        return (n * (n + 1) * m.m4 - 3 * m.m2 * m.m2 * (n - 1)) / ((n - 1) * (n - 2) * (n - 3) * variance * variance);
      }
    }
  }
};

struct Sums {
  int64_t n = 0;
  double x = 0, y = 0, xy = 0;
};
class CovarianceCollector : public GroupCollector<CovarianceCollector, Sums> {
 public:
  using GroupCollector::GroupCollector;
  void put(Sums& to, const Vector& values, const Vector* second, size_t i) {
    double x = values.number(i), y = second->number(i);
    ++to.n, to.x += x, to.y += y, to.xy += x * y;
  }
  void finish(Vector* out) override {
    bool sample = aggregation_.collected == Collected::kCovarSamp;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Sums& s = groups_[g];
      auto n = static_cast<double>(s.n);
      if (s.n == 0 || (sample && s.n == 1)) out->reals[g] = -INFINITY;
      else out->reals[g] = sample ? s.xy / (n - 1) - s.x * s.y / (n * (n - 1)) : s.xy / n - s.x * s.y / (n * n);
    }
  }
};

class DigestCollector : public GroupCollector<DigestCollector, TDigest> {
 public:
  using GroupCollector::GroupCollector;
  void put(TDigest& to, const Vector& values, const Vector*, size_t i) { kept_bytes_ += to.add(values.number(i), aggregation_.numbers[0]); }
  void finish(Vector* out) override {
    for (size_t g = 0; g < groups_.size(); ++g) {
      double value = groups_[g].quantile(aggregation_.percentile / 100, aggregation_.numbers[0]);
      if (out->physical() == Physical::kReal) out->reals[g] = value;
      else out->integers[g] = static_cast<int64_t>(value);
    }
  }
};

class HllCollector : public GroupCollector<HllCollector, HyperLogLog> {
 public:
  using GroupCollector::GroupCollector;
  void put(HyperLogLog& to, const Vector& values, const Vector*, size_t i) {
    auto log2m = static_cast<int>(aggregation_.numbers[0]);
    switch (values.physical()) {
      case Physical::kInteger: kept_bytes_ += to.add(hll_hash(values.integers[i]), log2m); break;
      case Physical::kReal: kept_bytes_ += to.add(values.type == DataType::kFloat ? hll_hash(static_cast<float>(values.reals[i])) : hll_hash(values.reals[i]), log2m); break;
      case Physical::kText: kept_bytes_ += to.add(hll_hash(values.texts[i]), log2m); break;
    }
  }
  void finish(Vector* out) override {
    const auto log2m = static_cast<int>(aggregation_.numbers[0]);
    if (aggregation_.collected == Collected::kHyperLogLog) {
      for (size_t g = 0; g < groups_.size(); ++g) out->integers[g] = groups_[g].estimate(log2m);
      return;
    }
    out->start_texts();
    for (const HyperLogLog& group : groups_) {
      for (unsigned char c : group.bytes(log2m)) out->bytes += "0123456789abcdef"[c >> 4], out->bytes += "0123456789abcdef"[c & 15];
      out->end_text();
    }
    out->finish_texts();
  }
};

// ID_SET: what IN_ID_SET reads, as Base64.
class IdSetCollector : public GroupCollector<IdSetCollector, std::unique_ptr<IdSet>> {
 public:
  using GroupCollector::GroupCollector;
  void put(std::unique_ptr<IdSet>& to, const Vector& values, const Vector*, size_t i) {
    if (!to) {
      to = std::make_unique<IdSet>(values.type, aggregation_.id_set);
      if (!is_integer(values.type)) kept_bytes_ += aggregation_.id_set.expected_insertions;  // a bloom filter of a byte for each
    }
    switch (values.physical()) {
      case Physical::kInteger: kept_bytes_ += to->add(values.integers[i]); break;
      case Physical::kReal: kept_bytes_ += to->add(values.reals[i]); break;
      case Physical::kText: kept_bytes_ += to->add(values.texts[i]); break;
    }
  }
  void finish(Vector* out) override {
    out->start_texts();
    for (std::unique_ptr<IdSet>& group : groups_) {
      out->bytes += group ? group->base64() : "AA==";  // EmptyIdSet
      out->end_text();
    }
    out->finish_texts();
  }
};

class HistogramCollector : public GroupCollector<HistogramCollector, std::vector<double>> {
 public:
  using GroupCollector::GroupCollector;
  void put(std::vector<double>& to, const Vector& values, const Vector*, size_t i) {
    const std::vector<double>& edges = aggregation_.numbers;
    size_t bins = edges.size() - 1;
    if (to.empty()) to.resize(bins), kept_bytes_ += static_cast<int64_t>(bins * sizeof(double));
    double value = values.number(i);
    if (!(value >= edges.front() && value <= edges.back())) return;
    size_t bin = bins - 1;
    if (value < edges.back() && aggregation_.distinct) bin = std::min(bins - 1, static_cast<size_t>((value - edges.front()) / ((edges.back() - edges.front()) / static_cast<double>(bins))));
    else if (value < edges.back()) bin = static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin()) - 1;
    ++to[bin];
  }
  void finish(Vector* out) override {
    out->reals.clear();
    out->offsets.assign(1, 0);
    for (auto& counts : groups_) {
      counts.resize(aggregation_.numbers.size() - 1);
      out->reals.insert(out->reals.end(), counts.begin(), counts.end());
      out->offsets.push_back(static_cast<uint32_t>(out->reals.size()));
    }
  }
};

// Values as texts or numbers, in order of arrival.
struct Listed {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  std::set<std::string> seen;  // with DISTINCT: the values' bytes
};
class ListCollector : public GroupCollector<ListCollector, Listed> {
 public:
  using GroupCollector::GroupCollector;
  void put(Listed& to, const Vector& values, const Vector*, size_t i) {
    if (aggregation_.distinct) {
      std::string key = values.physical() == Physical::kText ? std::string(values.texts[i])
                        : values.physical() == Physical::kReal ? fmt::format("{}", values.reals[i]) : std::to_string(values.integers[i]);
      kept_bytes_ += 64 + static_cast<int64_t>(key.size());
      if (!to.seen.insert(std::move(key)).second) return;
    }
    switch (values.physical()) {
      case Physical::kInteger: to.integers.push_back(values.integers[i]), kept_bytes_ += 8; break;
      case Physical::kReal: to.reals.push_back(values.reals[i]), kept_bytes_ += 8; break;
      case Physical::kText: to.texts.emplace_back(values.texts[i]), kept_bytes_ += 32 + static_cast<int64_t>(values.texts[i].size()); break;
    }
  }
  void finish(Vector* out) override { aggregation_.collected == Collected::kListAgg ? join(out) : list(out); }

 private:
  void list(Vector* out) {
    out->integers.clear(), out->reals.clear();
    out->start_texts();
    out->offsets.assign(1, 0);
    for (const Listed& group : groups_) {
      out->integers.insert(out->integers.end(), group.integers.begin(), group.integers.end());
      out->reals.insert(out->reals.end(), group.reals.begin(), group.reals.end());
      for (const std::string& text : group.texts) out->bytes += text, out->end_text();
      size_t count = out->physical() == Physical::kText ? out->ends.size() : out->value_count();
      out->offsets.push_back(static_cast<uint32_t>(count));
    }
    out->finish_texts();
  }
  void join(Vector* out) {
    out->start_texts();
    Kernel cast = cast_function(aggregation_.argument->type, DataType::kString).kernel;
    for (const Listed& group : groups_) {
      Vector own, texts;
      own.type = aggregation_.argument->type;
      own.integers = group.integers;
      own.reals = group.reals;
      own.texts.assign(group.texts.begin(), group.texts.end());
      texts.type = DataType::kString;
      cast({&own}, own.value_count(), texts);
      for (size_t i = 0; i < texts.texts.size(); ++i) {
        if (i > 0) out->bytes += aggregation_.separator;
        out->bytes += texts.texts[i];
      }
      out->end_text();
    }
    out->finish_texts();
  }
};

struct Best {
  bool any = false;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  __int128 sum = 0;
};

struct DecimalSum {
  __int128 whole = 0;
  DecimalNumber rest;  // of what is not whole
};
std::string decimal_text(__int128 value) {
  if (value == 0) return "0";
  std::string out;
  bool negative = value < 0;
  for (; value != 0; value /= 10) out += static_cast<char>('0' + std::abs(static_cast<int>(value % 10)));
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

// The smallest, largest, any value, and sums of whole numbers.
class ValueCollector : public GroupCollector<ValueCollector, Best> {
 public:
  using GroupCollector::GroupCollector;
  void put(Best& to, const Vector& values, const Vector*, size_t i) {
    bool first = !to.any;
    to.any = true;
    switch (aggregation_.collected) {
      case Collected::kMinText:
        if (first || values.texts[i] < to.text) to.text = values.texts[i];
        return;
      case Collected::kMaxText:
        if (first || values.texts[i] > to.text) to.text = values.texts[i];
        return;
      case Collected::kMinLong: to.integer = first ? whole(values, i) : std::min(to.integer, whole(values, i)); return;
      case Collected::kMaxLong: to.integer = first ? whole(values, i) : std::max(to.integer, whole(values, i)); return;
      case Collected::kSumLong: to.sum += whole(values, i); return;
      default:
        if (!first) return;
        if (values.physical() == Physical::kInteger) to.integer = values.integers[i];
        else if (values.physical() == Physical::kReal) to.real = values.reals[i];
        else to.text = values.texts[i];
    }
  }
  void finish(Vector* out) override {
    bool low = aggregation_.collected == Collected::kMinLong, high = aggregation_.collected == Collected::kMaxLong;
    out->start_texts();
    for (size_t g = 0; g < groups_.size(); ++g) {
      Best& best = groups_[g];
      if (!best.any && low) best.integer = INT64_MAX;
      if (!best.any && high) best.integer = INT64_MIN;
      if (!best.any && physical_of(out->type) == Physical::kText) best.text = "null";
      if (aggregation_.collected == Collected::kSumLong) best.integer = static_cast<int64_t>(best.sum);
      if (out->physical() == Physical::kInteger) out->integers[g] = best.integer;
      else if (out->physical() == Physical::kReal) out->reals[g] = best.real;
      else out->bytes += best.text, out->end_text();
    }
    if (out->physical() == Physical::kText) out->finish_texts();
  }

 private:
  static int64_t whole(const Vector& values, size_t i) { return values.physical() == Physical::kReal ? static_cast<int64_t>(values.reals[i]) : values.integers[i]; }
};

// SUMPRECISION: exact, then rounded to the precision and the scale that the query names.
class DecimalSums : public GroupCollector<DecimalSums, DecimalSum> {
 public:
  using GroupCollector::GroupCollector;
  void put(DecimalSum& to, const Vector& values, const Vector*, size_t i) {
    if (values.physical() == Physical::kInteger) {
      to.whole += values.integers[i];
      return;
    }
    DecimalNumber value;  // texts are BIG_DECIMAL by a cast, so that they are numbers
    const bool known = values.physical() == Physical::kReal ? parse_decimal_text(sql::java_double(values.reals[i]), &value) : parse_decimal_text(values.texts[i], &value);
    if (known) to.rest = sum_of(to.rest, value);
  }
  void finish(Vector* out) override {
    out->start_texts();
    for (const DecimalSum& group : groups_) {
      DecimalNumber sum;
      parse_decimal_text(decimal_text(group.whole), &sum);
      sum = sum_of(sum, group.rest);
      const std::vector<double>& asked = aggregation_.numbers;
      if (!asked.empty()) sum = with_precision(std::move(sum), static_cast<int64_t>(asked[0]));
      if (asked.size() > 1) sum = with_scale(std::move(sum), static_cast<int64_t>(asked[1]));
      out->bytes += java_text(sum);
      out->end_text();
    }
    out->finish_texts();
  }
};

}  // namespace

std::unique_ptr<Collector> make_collector(const Aggregation& aggregation) {
  if (aggregation.sketch) return make_sketch_collector(aggregation);
  if (takes_rows(aggregation.collected)) return make_row_collector(aggregation);
  switch (aggregation.collected) {
    case Collected::kVarPop:
    case Collected::kVarSamp:
    case Collected::kStdDevPop:
    case Collected::kStdDevSamp:
    case Collected::kSkewness:
    case Collected::kKurtosis: return std::make_unique<MomentCollector>(aggregation);
    case Collected::kCovarPop:
    case Collected::kCovarSamp: return std::make_unique<CovarianceCollector>(aggregation);
    case Collected::kTDigest: return std::make_unique<DigestCollector>(aggregation);
    case Collected::kSumPrecision: return std::make_unique<DecimalSums>(aggregation);
    case Collected::kIdSet: return std::make_unique<IdSetCollector>(aggregation);
    case Collected::kRawHyperLogLog:
    case Collected::kHyperLogLog: return std::make_unique<HllCollector>(aggregation);
    case Collected::kHistogram: return std::make_unique<HistogramCollector>(aggregation);
    case Collected::kArrayAgg:
    case Collected::kListAgg: return std::make_unique<ListCollector>(aggregation);
    default: return std::make_unique<ValueCollector>(aggregation);
  }
}

}  // namespace bywash::analytics
