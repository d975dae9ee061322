#include "analytics/exec/segment_filter.h"

#include "analytics/exec/dictionary_match.h"
#include "analytics/exec/kernels.h"
#include "analytics/exec/partition_pruning.h"
#include "analytics/index/postings.h"
#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace bywash::analytics {
namespace {
// Postings pay while they list at most this share of the segment's rows; past it a scan of ids is as quick.
constexpr double kPostingsShare = 0.1;

// The first row whose id is not below `id`, in a column whose rows are sorted.
int64_t first_row_of(const ColumnView& column, uint32_t id, int64_t rows) {
  int64_t low = 0, high = rows;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    column.dictionary_id(middle) < id ? low = middle + 1 : high = middle;
  }
  return low;
}

// Whether a bloom filter says that a raw column holds none of the values.
bool surely_none(const Predicate& predicate, const ColumnView& column) {
  if (!column.bloom) return false;
  auto none = [&](const auto& values) { return std::none_of(values.begin(), values.end(), [&](const auto& value) { return column.bloom.may_hold(bloom_hash(value)); }); };
  if (column.stored == Stored::kBytes) return none(predicate.texts);
  return is_integer(column.field->type) ? none(predicate.integers) : none(predicate.reals);
}

// The place in `by_value` of the first row for which `reached` answers true, which it then does for all that follow.
template <class T, class Reached>
uint32_t first_reaching(const ColumnView& column, const T* values, int64_t rows, Reached reached) {
  uint32_t low = 0, high = static_cast<uint32_t>(rows);
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    reached(values[column.by_value[middle]]) ? high = middle : low = middle + 1;
  }
  return low;
}

}  // namespace

int64_t values_to_test(const Filter& filter, const Segment& segment) {
  int64_t out = 0;
  for (const FilterPtr& child : filter.children) out += values_to_test(*child, segment);
  if (filter.kind != FilterKind::kPredicate) return out;
  const Predicate& predicate = filter.predicate;
  const ColumnView& column = segment.column(predicate.field);
  if (predicate.by_index && (column.json_index || column.text_index)) return out + static_cast<int64_t>(column.json_index.term_count() + column.text_index.term_count());
  if (column.encoding != Encoding::kDictionary || predicate.kind == PredicateKind::kNull) return out;
  const DictionaryView& values = column.dictionary;
  const bool found = values.sorted && (predicate.kind == PredicateKind::kSet || (predicate.kind == PredicateKind::kRange && values.kind == Stored::kI64));
  // Marking a byte for each value of a dictionary costs little beside a test of it.
  return out + (found ? values.cardinality / 64 : values.cardinality);
}

struct SegmentFilter::Node {
  enum class Kind { kNone, kAll, kAnd, kOr, kNot, kRowRange, kRows, kIdRange, kIdTable, kMultiIds, kRaw, kNulls, kExpression };
  Kind kind = Kind::kNone;
  std::vector<std::unique_ptr<Node>> children;
  const ColumnView* column = nullptr;
  const Predicate* predicate = nullptr;
  bool negated = false;
  int64_t first = 0, end = 0;          // kRowRange: rows; kIdRange: ids
  std::vector<uint32_t> rows;          // kRows, ascending
  std::string_view index = "inverted";  // kRows: where they are from
  std::vector<uint8_t> table;          // kIdTable, kMultiIds: 1 for ids that pass the bare test; while a node is built, empty: a run of ids
  double low = -INFINITY, high = INFINITY;  // kRaw over reals: closed ends
  const Bound* expression = nullptr;   // kExpression; `flipped`: rows pass where it is false
  bool flipped = false;

  Verdict verdict() const { return kind == Kind::kNone ? Verdict::kNone : kind == Kind::kAll ? Verdict::kAll : Verdict::kMixed; }
  void set(bool all) { kind = all ? Kind::kAll : Kind::kNone; }
};

SegmentFilter::SegmentFilter(const Filter& filter, const Segment& segment, Evaluator* evaluator, int64_t listed_max)
    : segment_(segment), evaluator_(evaluator), listed_max_(listed_max) {
  root_ = build(filter);
}
SegmentFilter::~SegmentFilter() = default;

Verdict SegmentFilter::verdict() const { return segment_.rows() == 0 ? Verdict::kNone : root_->verdict(); }
const std::vector<uint32_t>* SegmentFilter::listed_rows() const { return root_->kind == Node::Kind::kRows && !root_->negated ? &root_->rows : nullptr; }
Verdict SegmentFilter::test(int64_t first_row, size_t n, uint8_t* mask) { return run(*root_, first_row, n, mask); }

std::unique_ptr<SegmentFilter::Node> SegmentFilter::build(const Filter& filter) {
  auto node = std::make_unique<Node>();
  switch (filter.kind) {
    case FilterKind::kAll: node->set(true); return node;
    case FilterKind::kNone: node->set(false); return node;
    case FilterKind::kPredicate: return build_predicate(filter.predicate);
    case FilterKind::kExpression:
      node->kind = Node::Kind::kExpression;
      node->expression = filter.expression.get();
      node->flipped = filter.negated;
      return node;
    case FilterKind::kNot: {
      node->kind = Node::Kind::kNot;
      node->children.push_back(build(*filter.children[0]));
      if (Verdict inner = node->children[0]->verdict(); inner != Verdict::kMixed) node->set(inner == Verdict::kNone);
      return node;
    }
    case FilterKind::kAnd:
    case FilterKind::kOr: break;
  }
  bool all = filter.kind == FilterKind::kAnd;
  node->kind = all ? Node::Kind::kAnd : Node::Kind::kOr;
  for (const auto& child : filter.children) {
    auto built = build(*child);
    Verdict verdict = built->verdict();
    if (verdict == (all ? Verdict::kNone : Verdict::kAll)) return built;
    if (verdict == Verdict::kMixed) node->children.push_back(std::move(built));
  }
  if (node->children.empty()) node->set(all);
  if (node->children.size() == 1) return std::move(node->children[0]);
  // What needs no scan goes first: it decides whole blocks.
  std::stable_partition(node->children.begin(), node->children.end(),
                        [](const auto& child) { return child->kind == Node::Kind::kRowRange || child->kind == Node::Kind::kRows; });
  return node;
}

std::unique_ptr<SegmentFilter::Node> SegmentFilter::build_predicate(const Predicate& predicate) {
  auto node = std::make_unique<Node>();
  const ColumnView& column = segment_.column(predicate.field);
  node->column = &column;
  node->predicate = &predicate;
  node->negated = predicate.negated;
  if (predicate.kind == PredicateKind::kNull) {
    if (!column.null_chunks) node->set(predicate.negated);
    else node->kind = Node::Kind::kNulls;
  } else if (outside_partitions(predicate, column)) {
    node->set(false);
  } else if (use_document_index(predicate, column, node.get())) {
    return node;
  } else if (column.encoding == Encoding::kDictionary) {
    build_ids(predicate, column, node.get());
  } else {
    build_raw(predicate, column, node.get());
  }
  return node;
}

std::vector<std::pair<int, std::string>> SegmentFilter::explain() const {
  std::vector<std::pair<int, std::string>> out;
  explain(*root_, 0, &out);
  return out;
}

void SegmentFilter::explain(const Node& node, int depth, std::vector<std::pair<int, std::string>>* out) const {
  std::string what = node.predicate ? fmt::format("operator:{},predicate:{}", node.predicate->operation, node.predicate->text) : "";
  switch (node.kind) {
    case Node::Kind::kNone: return out->emplace_back(depth, "FILTER_EMPTY"), void();
    case Node::Kind::kAll: return out->emplace_back(depth, fmt::format("FILTER_MATCH_ENTIRE_SEGMENT(docs:{})", segment_.rows())), void();
    case Node::Kind::kAnd: out->emplace_back(depth, "FILTER_AND"); break;
    case Node::Kind::kOr: out->emplace_back(depth, "FILTER_OR"); break;
    case Node::Kind::kNot: out->emplace_back(depth, "FILTER_NOT"); break;
    case Node::Kind::kRowRange: out->emplace_back(depth, "FILTER_SORTED_INDEX(indexLookUp:sorted_index," + what + ")"); break;
    case Node::Kind::kRows: {
      out->emplace_back(depth, fmt::format("FILTER_{}_INDEX(indexLookUp:{}_index,{})", ascii_upper(node.index), node.index, what));
      break;
    }
    case Node::Kind::kNulls: out->emplace_back(depth, "FILTER_BITMAP(" + what + ")"); break;
    case Node::Kind::kExpression: out->emplace_back(depth, fmt::format("FILTER_EXPRESSION(predicate:{})", node.expression->text)); break;
    default: out->emplace_back(depth, "FILTER_FULL_SCAN(" + what + ")"); break;
  }
  for (const auto& child : node.children) explain(*child, depth + 1, out);
}

void SegmentFilter::build_ids(const Predicate& predicate, const ColumnView& column, Node* node) {
  const DictionaryView& values = column.dictionary;
  MatchingIds marked;
  const bool run = find_run(predicate, values, &marked);
  if (!run) {
    node->table.resize(values.cardinality);
    marked = mark_ids(predicate, values, node->table);
  }
  const auto [passing, first, last] = marked;
  if (passing == 0) return node->set(predicate.negated);
  if (passing == values.cardinality) return node->set(!predicate.negated);
  bool contiguous = passing == last - first + 1;
  if (column.field->single_value && column.sorted_rows && contiguous) {
    node->kind = Node::Kind::kRowRange;
    node->first = first_row_of(column, first, segment_.rows());
    node->end = first_row_of(column, last + 1, segment_.rows());
    return;
  }
  if (column.inverted && use_postings(column, first, last, node)) return;
  if (!column.field->single_value) {
    node->kind = Node::Kind::kMultiIds;
    node->table.resize(values.cardinality);
    if (run) std::fill_n(node->table.begin() + first, passing, uint8_t{1});
  } else if (contiguous) {
    node->kind = Node::Kind::kIdRange;
    node->first = first;
    node->end = last;
  } else {
    node->kind = Node::Kind::kIdTable;
  }
}

// Takes the rows from the inverted index when they are few. False: scan.
bool SegmentFilter::use_postings(const ColumnView& column, uint32_t first, uint32_t last, Node* node) {
  const InvertedView& index = column.inverted;
  uint64_t listed = 0;
  for (uint32_t id = first; id <= last; ++id) {
    if (node->table.empty() || node->table[id]) listed += count_postings(index.offsets, index.bytes, id);
  }
  if (static_cast<double>(listed) > kPostingsShare * static_cast<double>(segment_.rows())) return false;
  node->kind = Node::Kind::kRows;
  if (static_cast<int64_t>(listed) > listed_max_) {
    too_many_ = true;
    return true;
  }
  for (uint32_t id = first; id <= last; ++id) {
    if ((node->table.empty() || node->table[id]) && !read_postings(index.offsets, index.bytes, id, &node->rows)) return false;
  }
  if (first != last || !column.field->single_value) {  // one value's rows are in order
    std::sort(node->rows.begin(), node->rows.end());
    node->rows.erase(std::unique(node->rows.begin(), node->rows.end()), node->rows.end());
  }
  return true;
}

void SegmentFilter::build_raw(const Predicate& predicate, const ColumnView& column, Node* node) {
  node->kind = Node::Kind::kRaw;
  if (predicate.kind == PredicateKind::kSet) {
    bool empty = predicate.integers.empty() && predicate.reals.empty() && predicate.texts.empty();
    if (empty || surely_none(predicate, column)) return node->set(predicate.negated);
    if (!column.has_range) return;
    bool outside = is_integer(column.field->type)
                       ? predicate.integers.back() < column.min_integer || predicate.integers.front() > column.max_integer
                       : predicate.reals.back() < column.min_real || predicate.reals.front() > column.max_real;
    if (outside) node->set(predicate.negated);
    return;
  }
  if (predicate.kind != PredicateKind::kRange || column.stored == Stored::kBytes) return;
  if (is_integer(column.field->type)) {
    if (predicate.low_integer > predicate.high_integer) return node->set(predicate.negated);
    if (!column.has_range) return;
    if (predicate.low_integer > column.max_integer || predicate.high_integer < column.min_integer) return node->set(predicate.negated);
    if (predicate.low_integer <= column.min_integer && predicate.high_integer >= column.max_integer) return node->set(!predicate.negated);
    if (column.by_value) use_range_index(predicate, column, node);
    return;
  }
  // Open ends become the next double: kernels compare closed ranges.
  if (predicate.has_low) node->low = predicate.low_open ? std::nextafter(predicate.low_real, INFINITY) : predicate.low_real;
  if (predicate.has_high) node->high = predicate.high_open ? std::nextafter(predicate.high_real, -INFINITY) : predicate.high_real;
  bool impossible = std::isnan(node->low) || std::isnan(node->high) || node->low > node->high || (predicate.low_open && predicate.low_real == INFINITY) ||
                    (predicate.high_open && predicate.high_real == -INFINITY);
  if (impossible) return node->set(predicate.negated);
  if (!column.has_range) return;
  if (node->low > column.max_real || node->high < column.min_real) return node->set(predicate.negated);
  if (node->low <= column.min_real && node->high >= column.max_real) return node->set(!predicate.negated);
  if (column.by_value) use_range_index(predicate, column, node);
}

// Takes the rows from the index of what the texts hold. False: there is none, or it cannot tell.
bool SegmentFilter::use_document_index(const Predicate& predicate, const ColumnView& column, Node* node) {
  if (!predicate.by_index || (!column.json_index && !column.text_index)) return false;
  if (!predicate.by_index(column, segment_.rows(), &node->rows)) {
    node->rows.clear();
    return false;
  }
  node->index = predicate.operation == "TEXT_MATCH" ? "text" : "json";
  if (node->rows.empty() || static_cast<int64_t>(node->rows.size()) == segment_.rows()) {
    node->set(node->rows.empty() == predicate.negated);
    return true;
  }
  node->kind = Node::Kind::kRows;
  too_many_ = too_many_ || static_cast<int64_t>(node->rows.size()) > listed_max_;
  return true;
}

// Takes the rows from the range index when they are few. False: scan.
bool SegmentFilter::use_range_index(const Predicate& predicate, const ColumnView& column, Node* node) {
  const int64_t rows = segment_.rows();
  uint32_t first = 0, end = 0;
  auto find = [&]<class T>(const T* values, auto base, auto low, auto high) {
    auto number = [&](T value) { return base + static_cast<decltype(base)>(value); };
    first = first_reaching(column, values, rows, [&](T value) { return number(value) >= low || value != value; });
    end = first_reaching(column, values, rows, [&](T value) { return number(value) > high || value != value; });
  };
  switch (column.stored) {
    case Stored::kI32:
    case Stored::kI64:
      column.with_integers(0, [&](const auto* values, int64_t base) { find(values, base, predicate.low_integer, predicate.high_integer); });
      break;
    case Stored::kF32: find(column.block<float>(0), 0.0, node->low, node->high); break;
    case Stored::kF64: find(column.block<double>(0), 0.0, node->low, node->high); break;
    case Stored::kBytes: return false;
  }
  if (end < first || static_cast<double>(end - first) > kPostingsShare * static_cast<double>(rows)) return false;
  node->kind = Node::Kind::kRows;
  node->index = "range";
  if (int64_t{end} - first > listed_max_) {
    too_many_ = true;
    return true;
  }
  node->rows.assign(column.by_value + first, column.by_value + end);
  std::sort(node->rows.begin(), node->rows.end());
  return true;
}

Verdict SegmentFilter::run(Node& node, int64_t first_row, size_t n, uint8_t* mask) {
  auto end_row = first_row + static_cast<int64_t>(n);
  auto negate = [&](Verdict verdict) {
    if (!node.negated || verdict == Verdict::kMixed) return verdict;
    return verdict == Verdict::kAll ? Verdict::kNone : Verdict::kAll;
  };
  switch (node.kind) {
    case Node::Kind::kNone: return Verdict::kNone;
    case Node::Kind::kAll: return Verdict::kAll;
    case Node::Kind::kAnd:
    case Node::Kind::kOr: return run_junction(node, first_row, n, mask);
    case Node::Kind::kNot: {
      Verdict inner = run(*node.children[0], first_row, n, mask);
      if (inner == Verdict::kMixed) kernels::mask_not(mask, n);
      return inner == Verdict::kMixed ? inner : inner == Verdict::kAll ? Verdict::kNone : Verdict::kAll;
    }
    case Node::Kind::kRowRange: {
      if (node.end <= first_row || node.first >= end_row) return negate(Verdict::kNone);
      if (node.first <= first_row && node.end >= end_row) return negate(Verdict::kAll);
      for (size_t i = 0; i < n; ++i) {
        int64_t row = first_row + static_cast<int64_t>(i);
        mask[i] = row >= node.first && row < node.end;
      }
      break;
    }
    case Node::Kind::kRows: {
      auto low = std::lower_bound(node.rows.begin(), node.rows.end(), static_cast<uint32_t>(first_row));
      if (low == node.rows.end() || *low >= end_row) return negate(Verdict::kNone);
      std::memset(mask, 0, n);
      for (; low != node.rows.end() && *low < end_row; ++low) mask[*low - first_row] = 1;
      break;
    }
    case Node::Kind::kRaw: {
      if (Verdict verdict = zone_verdict(node, first_row); verdict != Verdict::kMixed) return verdict;
      run_scan(node, first_row, n, mask);
      break;
    }
    default: run_scan(node, first_row, n, mask); break;
  }
  if (node.negated) kernels::mask_not(mask, n);
  return Verdict::kMixed;
}

int64_t SegmentFilter::rows_to_test() const {
  if (const std::vector<uint32_t>* listed = listed_rows()) return static_cast<int64_t>(listed->size());
  const int64_t rows = segment_.rows();
  if (verdict() != Verdict::kMixed) return verdict() == Verdict::kNone ? 0 : rows;
  int64_t out = 0;
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    if (zone_verdict(row) != Verdict::kNone) out += std::min(kBlockRows, rows - row);
  }
  return out;
}

Verdict SegmentFilter::zone_verdict(int64_t first_row) const { return zone_verdict(*root_, first_row); }

Verdict SegmentFilter::zone_verdict(const Node& node, int64_t first_row) const {
  if (node.kind == Node::Kind::kAnd) {
    Verdict out = Verdict::kAll;
    for (const auto& child : node.children) {
      const Verdict verdict = zone_verdict(*child, first_row);
      if (verdict == Verdict::kNone) return verdict;
      if (verdict == Verdict::kMixed) out = verdict;
    }
    return out;
  }
  const int64_t end_row = std::min(first_row + kBlockRows, segment_.rows());
  if (node.kind == Node::Kind::kRows && !node.negated) {
    auto low = std::lower_bound(node.rows.begin(), node.rows.end(), static_cast<uint32_t>(first_row));
    return low == node.rows.end() || *low >= end_row ? Verdict::kNone : Verdict::kMixed;
  }
  if (node.kind == Node::Kind::kRowRange && !node.negated) {
    if (node.end <= first_row || node.first >= end_row) return Verdict::kNone;
    return node.first <= first_row && node.end >= end_row ? Verdict::kAll : Verdict::kMixed;
  }
  if (node.kind != Node::Kind::kRaw || node.predicate->kind != PredicateKind::kRange) return node.verdict();
  const ZoneView& zones = node.column->zones;
  auto zone = static_cast<size_t>(first_row / kBlockRows) * 2;
  const Predicate& range = *node.predicate;
  bool none = false, all = false;
  if (zone / 2 >= zones.count) return Verdict::kMixed;
  if (zones.integers) {
    none = zones.integers[zone] > range.high_integer || zones.integers[zone + 1] < range.low_integer;
    all = zones.integers[zone] >= range.low_integer && zones.integers[zone + 1] <= range.high_integer;
  } else if (zones.reals) {
    none = zones.reals[zone] > node.high || zones.reals[zone + 1] < node.low;
    all = zones.reals[zone] >= node.low && zones.reals[zone + 1] <= node.high;
  }
  if (none) return node.negated ? Verdict::kAll : Verdict::kNone;
  return !all ? Verdict::kMixed : node.negated ? Verdict::kNone : Verdict::kAll;
}

SegmentFilter::ZoneRuns SegmentFilter::zone_runs(const Node& node) const {
  ZoneRuns out;
  const int64_t blocks = (segment_.rows() + kBlockRows - 1) / kBlockRows;
  out.some_end = blocks;
  if (node.kind == Node::Kind::kAnd) {
    out.all_end = blocks;
    for (const auto& child : node.children) {
      const ZoneRuns runs = zone_runs(*child);
      out = {std::max(out.some_first, runs.some_first), std::min(out.some_end, runs.some_end), std::max(out.all_first, runs.all_first), std::min(out.all_end, runs.all_end)};
    }
    return out;
  }
  if (node.kind != Node::Kind::kRaw || node.negated || node.predicate->kind != PredicateKind::kRange || !node.column->zones.ascending) return out;
  // The first block whose smallest (0) or largest (1) value `reached`.
  auto first_where = [&](const auto* zones, size_t end, auto reached) {
    int64_t low = 0, high = blocks;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      reached(zones[static_cast<size_t>(middle) * 2 + end]) ? high = middle : low = middle + 1;
    }
    return low;
  };
  auto search = [&](const auto* zones, auto low, auto high) {
    out.some_first = first_where(zones, 1, [&](auto value) { return value >= low; });
    out.some_end = first_where(zones, 0, [&](auto value) { return value > high; });
    out.all_first = first_where(zones, 0, [&](auto value) { return value >= low; });
    out.all_end = first_where(zones, 1, [&](auto value) { return value > high; });
  };
  if (node.column->zones.integers) search(node.column->zones.integers, node.predicate->low_integer, node.predicate->high_integer);
  else search(node.column->zones.reals, node.low, node.high);
  return out;
}

Verdict SegmentFilter::run_junction(Node& node, int64_t first_row, size_t n, uint8_t* mask) {
  bool all = node.kind == Node::Kind::kAnd;
  Verdict decided = all ? Verdict::kNone : Verdict::kAll;
  bool started = false;
  if (scratch_.size() == depth_) scratch_.push_back(std::make_unique_for_overwrite<uint8_t[]>(kBlockRows));
  uint8_t* other = scratch_[depth_++].get();
  Verdict out = all ? Verdict::kAll : Verdict::kNone;
  for (auto& child : node.children) {
    uint8_t* target = started ? other : mask;
    Verdict verdict = run(*child, first_row, n, target);
    if (verdict == decided) {
      out = decided;
      break;
    }
    if (verdict != Verdict::kMixed) continue;
    if (started) all ? kernels::mask_and(mask, other, n) : kernels::mask_or(mask, other, n);
    started = true;
    out = Verdict::kMixed;
    size_t ones = kernels::count(mask, n);
    if (ones == (all ? 0 : n)) {
      out = decided;
      break;
    }
  }
  --depth_;
  return out;
}

void SegmentFilter::run_scan(Node& node, int64_t first_row, size_t n, uint8_t* mask) {
  const ColumnView* column = node.column;
  if (node.kind == Node::Kind::kExpression) {
    evaluator_->set_block(&segment_, first_row, {nullptr, n});
    const Vector& value = evaluator_->evaluate(*node.expression);
    for (size_t i = 0; i < n; ++i) mask[i] = !value.is_null(i) && (value.integers[i] != 0) != node.flipped;
    entries_scanned_ += static_cast<int64_t>(n);
    return;
  }
  if (node.kind == Node::Kind::kNulls) {
    for (size_t i = 0; i < n; ++i) mask[i] = column->is_null(first_row + static_cast<int64_t>(i));
    return;
  }
  entries_scanned_ += static_cast<int64_t>(n);
  if (node.kind == Node::Kind::kMultiIds) return run_multi(node, first_row, n, mask);
  if (node.kind == Node::Kind::kIdRange || node.kind == Node::Kind::kIdTable) {
    auto scan = [&]<class Id>(const Id* ids) {
      if (node.kind == Node::Kind::kIdRange) kernels::in_range(ids, n, static_cast<Id>(node.first), static_cast<Id>(node.end), mask);
      else kernels::look_up(ids, n, node.table.data(), mask);
    };
    if (column->width == 1) scan(column->block<uint8_t>(first_row));
    else if (column->width == 2) scan(column->block<uint16_t>(first_row));
    else scan(column->block<uint32_t>(first_row));
    return;
  }
  const Predicate& predicate = *node.predicate;
  bool range = predicate.kind == PredicateKind::kRange;
  auto each = [&](auto value_at) {
    for (size_t i = 0; i < n; ++i) mask[i] = predicate.test(value_at(i));
  };
  switch (column->stored) {
    case Stored::kI32:
    case Stored::kI64:
      return column->with_integers(first_row, [&]<class T>(const T* values, int64_t base) {
        if (!range) return each([&](size_t i) { return base + static_cast<int64_t>(values[i]); });
        const int64_t least = column->has_range ? column->min_integer : int64_t{std::numeric_limits<T>::min()};
        const int64_t most = column->has_range ? column->max_integer : int64_t{std::numeric_limits<T>::max()};
        const int64_t low = std::max(predicate.low_integer, least), high = std::min(predicate.high_integer, most);
        if (low > high) std::memset(mask, 0, n);
        else kernels::in_range(values, n, static_cast<T>(low - base), static_cast<T>(high - base), mask);
      });
    case Stored::kF32: {
      auto values = column->block<float>(first_row);
      range ? kernels::in_range(values, n, node.low, node.high, mask) : each([&](size_t i) { return double{values[i]}; });
      return;
    }
    case Stored::kF64: {
      auto values = column->block<double>(first_row);
      range ? kernels::in_range(values, n, node.low, node.high, mask) : each([&](size_t i) { return values[i]; });
      return;
    }
    case Stored::kBytes: return each([&](size_t i) { return column->raw_text(first_row + static_cast<int64_t>(i)); });
  }
}

// 1 where any of the row's values passes the bare test; run() turns exclusive predicates round.
void SegmentFilter::run_multi(Node& node, int64_t first_row, size_t n, uint8_t* mask) {
  for (size_t i = 0; i < n; ++i) {
    MultiValue value = node.column->multi(first_row + static_cast<int64_t>(i));
    uint8_t any = 0;
    for (uint32_t v = 0; v < value.count; ++v) any |= node.table[value.ids[v]];
    mask[i] = any;
  }
}

}  // namespace bywash::analytics
