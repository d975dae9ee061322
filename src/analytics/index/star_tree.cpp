// See star_tree.h.
#include "analytics/index/star_tree.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bywash::analytics {
namespace {

// Longer runs are sorted column by column, by counting.
constexpr size_t kCountingSortFrom = 4096;
// Running sums take at most so many bytes for each row, and are for trees of few records.
constexpr uint64_t kRunningBytesPerRow = 2, kRunningBytesMin = 256 << 10;
constexpr uint32_t kRunningRecordsMax = 1 << 16;

class StarTreeBuilder {
 public:
  explicit StarTreeBuilder(const StarTreeInput& input) : input_(input), depth_(input.dimensions.size()) {
    out_.dimensions.resize(depth_);
    for (const std::vector<uint32_t>& ids : input.dimensions) cardinalities_.push_back(ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end()) + 1);
    for (const StarValues& values : input.values) out_.values.push_back({values.kind, {}, {}});
  }

  Result<BuiltStarTree> run() {
    if (input_.rows == 0) return std::move(out_);
    add_rows();
    out_.nodes.emplace_back();
    out_.nodes[0].end_record = out_.records();
    if (input_.block_rows > 0 && !too_large_) add_running_sums();
    split(0, 0);
    if (too_large_) {
      return Status::invalid(fmt::format("it would take more than {} MiB for {} rows; leave out dimensions of many values, or name them in "
                                         "skipStarNodeCreationForDimensions", input_.max_bytes >> 20, input_.rows));
    }
    aggregate(0, 0);
    lay_out();
    return std::move(out_);
  }

 private:
  // ---- values

  void start(size_t value, int64_t whole, double real) {
    StarValues& to = out_.values[value];
    if (to.kind == StarValue::kCount || to.kind == StarValue::kSumWhole) to.whole.push_back(whole);
    else to.real.push_back(real);
  }
  static void merge(StarValues& to, uint32_t record, int64_t whole, double real) {
    switch (to.kind) {
      case StarValue::kCount:
      case StarValue::kSumWhole: to.whole[record] += whole; return;
      case StarValue::kSumReal: to.real[record] += real; return;
      case StarValue::kMin: to.real[record] = real < to.real[record] ? real : to.real[record]; return;
      case StarValue::kMax: to.real[record] = real > to.real[record] ? real : to.real[record]; return;
    }
  }
  void start_empty() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (size_t value = 0; value < out_.values.size(); ++value) {
      const StarValue kind = out_.values[value].kind;
      start(value, 0, kind == StarValue::kMin ? kInfinity : kind == StarValue::kMax ? -kInfinity : 0);
    }
  }
  void merge_row(uint32_t record, uint32_t row) {
    for (size_t value = 0; value < out_.values.size(); ++value) {
      const StarValues& from = input_.values[value];
      const bool counts = from.kind == StarValue::kCount;
      merge(out_.values[value], record, counts ? 1 : from.whole.empty() ? 0 : from.whole[row], from.real.empty() ? 0 : from.real[row]);
    }
  }
  void merge_record(uint32_t record, uint32_t other) {
    for (StarValues& values : out_.values) {
      merge(values, record, values.whole.empty() ? 0 : values.whole[other], values.real.empty() ? 0 : values.real[other]);
    }
  }

  // ---- records

  // Sorts `order` by the columns from `first` on.
  void sort_by(const std::vector<std::vector<uint32_t>>& columns, size_t first, std::vector<uint32_t>& order) {
    if (order.size() < kCountingSortFrom) {
      std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        for (size_t d = first; d < depth_; ++d) {
          if (columns[d][a] != columns[d][b]) return columns[d][a] < columns[d][b];
        }
        return a < b;
      });
      return;
    }
    std::vector<uint32_t> sorted(order.size()), starts;
    for (size_t d = depth_; d-- > first;) {
      starts.assign(size_t{cardinalities_[d]} + 1, 0);
      for (uint32_t at : order) ++starts[columns[d][at] + 1];
      std::partial_sum(starts.begin(), starts.end(), starts.begin());
      for (uint32_t at : order) sorted[starts[columns[d][at]]++] = at;
      order.swap(sorted);
    }
  }
  bool same(const std::vector<std::vector<uint32_t>>& columns, size_t first, uint32_t a, uint32_t b) const {
    for (size_t d = first; d < depth_; ++d) {
      if (columns[d][a] != columns[d][b]) return false;
    }
    return true;
  }
  bool over_limit() {
    too_large_ = too_large_ || uint64_t{out_.records()} * (4 * depth_ + 8 * out_.values.size()) > input_.max_bytes;
    return too_large_;
  }

  void add_rows() {
    std::vector<uint32_t> order(input_.rows);
    std::iota(order.begin(), order.end(), 0);
    sort_by(input_.dimensions, 0, order);
    record_of_row_.resize(input_.rows);
    for (size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || !same(input_.dimensions, 0, order[i - 1], order[i])) {
        if ((out_.records() & 0xffff) == 0 && over_limit()) return;
        for (size_t d = 0; d < depth_; ++d) out_.dimensions[d].push_back(input_.dimensions[d][order[i]]);
        start_empty();
      }
      merge_row(out_.records() - 1, order[i]);
      record_of_row_[order[i]] = out_.records() - 1;
    }
  }

  void add_running_sums() {
    const uint32_t records = out_.records();
    uint64_t columns = 0;
    for (const StarValues& values : out_.values) columns += !values.whole.empty();
    if (records > kRunningRecordsMax) return;
    const uint64_t most = std::max(kRunningBytesMin, input_.rows * kRunningBytesPerRow) / (columns * records * sizeof(int64_t));
    uint64_t rows = input_.block_rows;
    while ((input_.rows + rows - 1) / rows > most && rows < input_.rows) rows *= 2;
    if (rows >= input_.rows) return;
    StarRunningSums& running = out_.running;
    running.rows = static_cast<uint32_t>(rows);
    running.records = records;
    running.sums.resize(out_.values.size());
    for (size_t value = 0; value < out_.values.size(); ++value) {
      if (out_.values[value].whole.empty()) continue;
      const std::vector<int64_t>& from = input_.values[value].whole;
      std::vector<int64_t> now(records);
      for (uint32_t row = 0; row < input_.rows; ++row) {
        now[record_of_row_[row]] += from.empty() ? 1 : from[row];
        if ((row + 1) % rows == 0 || row + 1 == input_.rows) running.sums[value].insert(running.sums[value].end(), now.begin(), now.end());
      }
    }
  }

  // The records [first, end) without the column `dimension`.
  void add_star_records(uint32_t first, uint32_t end, size_t dimension) {
    std::vector<uint32_t> order(end - first);
    std::iota(order.begin(), order.end(), first);
    sort_by(out_.dimensions, dimension + 1, order);
    uint32_t last = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || !same(out_.dimensions, dimension + 1, last, order[i])) {
        if ((out_.records() & 0xffff) == 0 && over_limit()) return;
        for (size_t d = 0; d < depth_; ++d) out_.dimensions[d].push_back(d == dimension ? 0 : out_.dimensions[d][order[i]]);
        start_empty();
      }
      last = order[i];
      merge_record(out_.records() - 1, order[i]);
    }
  }

  // ---- nodes: children of a node are added together, so they stand in one run.

  void split(uint32_t node, size_t dimension) {
    if (dimension == depth_ || too_large_) return;
    const uint32_t first = out_.nodes[node].first_record, end = out_.nodes[node].end_record;
    const auto first_child = static_cast<uint32_t>(out_.nodes.size());
    for (uint32_t record = first; record < end;) {
      StarNode child;
      child.id = out_.dimensions[dimension][record];
      child.first_record = record;
      while (record < end && out_.dimensions[dimension][record] == child.id) ++record;
      child.end_record = record;
      out_.nodes.push_back(child);
    }
    if (!input_.without_star[dimension] && out_.nodes.size() - first_child > 1) {
      StarNode star;
      star.first_record = out_.records();
      add_star_records(first, end, dimension);
      star.end_record = out_.records();
      out_.nodes.push_back(star);
    }
    const auto end_child = static_cast<uint32_t>(out_.nodes.size());
    out_.nodes[node].first_child = first_child;
    out_.nodes[node].end_child = end_child;
    if (over_limit()) return;
    for (uint32_t child = first_child; child < end_child; ++child) {
      if (out_.nodes[child].end_record - out_.nodes[child].first_record > input_.max_leaf_records) split(child, dimension + 1);
    }
  }

  // Adds the record of all of a node's records, unless there is one already. `fixed`: how many columns the node's place decides.
  void aggregate(uint32_t node, size_t fixed) {
    const StarNode at = out_.nodes[node];
    for (uint32_t child = at.first_child; child < at.end_child; ++child) aggregate(child, fixed + 1);
    if (at.has_star(out_.nodes.data())) {
      out_.nodes[node].aggregated = out_.nodes[at.end_child - 1].aggregated;
      return;
    }
    if (at.leaf() && at.end_record - at.first_record == 1) {
      out_.nodes[node].aggregated = at.first_record;
      return;
    }
    const uint32_t record = out_.records();
    for (size_t d = 0; d < depth_; ++d) out_.dimensions[d].push_back(d < fixed ? out_.dimensions[d][at.first_record] : 0);
    start_empty();
    if (at.leaf()) {
      for (uint32_t i = at.first_record; i < at.end_record; ++i) merge_record(record, i);
    } else {
      for (uint32_t child = at.first_child; child < at.end_child; ++child) merge_record(record, out_.nodes[child].aggregated);
    }
    out_.nodes[node].aggregated = record;
  }

  // Level by level, so that a level is read in order.
  void lay_out() {
    std::vector<StarNode> nodes{out_.nodes[0]};
    for (size_t at = 0; at < nodes.size(); ++at) {
      const uint32_t first = nodes[at].first_child, end = nodes[at].end_child;
      nodes[at].first_child = static_cast<uint32_t>(nodes.size());
      nodes.insert(nodes.end(), out_.nodes.begin() + first, out_.nodes.begin() + end);
      nodes[at].end_child = static_cast<uint32_t>(nodes.size());
    }
    out_.nodes = std::move(nodes);
  }

  const StarTreeInput& input_;
  const size_t depth_;
  std::vector<uint32_t> cardinalities_, record_of_row_;
  BuiltStarTree out_;
  bool too_large_ = false;
};

}  // namespace

Result<BuiltStarTree> build_star_tree(const StarTreeInput& input) { return StarTreeBuilder(input).run(); }

}  // namespace bywash::analytics
