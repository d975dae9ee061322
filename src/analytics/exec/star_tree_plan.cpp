// See star_tree_plan.h.
#include "analytics/exec/star_tree_plan.h"

#include "analytics/exec/dictionary_match.h"
#include "analytics/exec/kernels.h"
#include "analytics/exec/segment_filter.h"

#include <algorithm>
#include <numeric>

namespace bywash::analytics {
namespace {

// A filter as a conjunction of tests of single columns by dictionary id.
class IdTests {
 public:
  IdTests(const Segment& segment, Evaluator* evaluator) : segment_(segment), evaluator_(evaluator) {}

  // False: the filter is not of that form.
  bool add(const Filter& filter) {
    if (filter.kind == FilterKind::kAnd) return std::all_of(filter.children.begin(), filter.children.end(), [&](const FilterPtr& child) { return add(*child); });
    Test test;
    if (!read(filter, &test)) {
      if (!is_zoned_range(filter)) return false;
      rest_.push_back(std::make_shared<Filter>(filter));
      return true;
    }
    if (test.all == Verdict::kNone) return false;
    if (test.all == Verdict::kAll) return true;
    for (Test& known : tests_) {
      if (known.field != test.field) continue;
      for (size_t id = 0; id < test.ids.size(); ++id) known.ids[id] &= test.ids[id];
      return true;
    }
    tests_.push_back(std::move(test));
    return true;
  }

  struct Test {
    Verdict all = Verdict::kMixed;  // kMixed: `ids` decides
    size_t field = 0;
    std::vector<uint8_t> ids;
  };
  std::vector<Test>& tests() { return tests_; }
  // What is no test by id but can be decided for whole blocks of rows; nullptr: nothing.
  FilterPtr rest() const {
    if (rest_.empty()) return nullptr;
    auto out = std::make_shared<Filter>();
    out->kind = FilterKind::kAnd;
    out->children = rest_;
    return out;
  }

 private:
  // A predicate, its negation, or an OR of such on one column.
  bool read(const Filter& filter, Test* out) const {
    switch (filter.kind) {
      case FilterKind::kAll: out->all = Verdict::kAll; return true;
      case FilterKind::kNone: out->all = Verdict::kNone; return true;
      case FilterKind::kPredicate: return read_predicate(filter, out);
      case FilterKind::kNot: {
        if (!read(*filter.children[0], out)) return false;
        if (out->all == Verdict::kMixed) for (uint8_t& id : out->ids) id ^= 1;
        else out->all = out->all == Verdict::kAll ? Verdict::kNone : Verdict::kAll;
        return true;
      }
      case FilterKind::kOr: return read_or(filter, out);
      case FilterKind::kAnd:
      case FilterKind::kExpression: return false;
    }
    return false;
  }

  bool read_or(const Filter& filter, Test* out) const {
    out->all = Verdict::kNone;
    for (const FilterPtr& child : filter.children) {
      Test test;
      if (!read(*child, &test)) return false;
      if (test.all == Verdict::kAll) {
        *out = std::move(test);
        return true;
      }
      if (test.all == Verdict::kNone) continue;
      if (out->all == Verdict::kNone) {
        *out = std::move(test);
        continue;
      }
      if (test.field != out->field) return false;
      for (size_t id = 0; id < test.ids.size(); ++id) out->ids[id] |= test.ids[id];
    }
    return true;
  }

  // Regular expressions and tests of nulls are left to the scan, as in Pinot.
  bool read_predicate(const Filter& filter, Test* out) const {
    const Predicate& predicate = filter.predicate;
    const ColumnView& column = segment_.column(predicate.field);
    out->all = SegmentFilter(filter, segment_, evaluator_, 0).verdict();  // no row is wanted from an index
    if (out->all != Verdict::kMixed) return true;
    const bool by_value = predicate.kind == PredicateKind::kRange || predicate.kind == PredicateKind::kSet;
    if (!by_value || column.encoding != Encoding::kDictionary || !column.field->single_value) return false;
    out->field = predicate.field;
    out->ids = passing_ids(predicate, column.dictionary);
    return true;
  }

  bool is_zoned_range(const Filter& filter) const {
    if (filter.kind != FilterKind::kPredicate || filter.predicate.kind != PredicateKind::kRange) return false;
    const ZoneView& zones = segment_.column(filter.predicate.field).zones;
    return zones.integers != nullptr || zones.reals != nullptr;
  }

  const Segment& segment_;
  Evaluator* evaluator_;
  std::vector<Test> tests_;
  std::vector<FilterPtr> rest_;
};

// The columns of an expression; false: it reads something else too.
bool columns_read(const Bound& expression, std::vector<size_t>* fields) {
  if (expression.kind == BoundKind::kColumn) {
    if (expression.multi) return false;
    if (std::find(fields->begin(), fields->end(), expression.field) == fields->end()) fields->push_back(expression.field);
    return true;
  }
  if (expression.kind == BoundKind::kVirtual || expression.kind == BoundKind::kInput) return false;
  return std::all_of(expression.args.begin(), expression.args.end(), [&](const BoundPtr& arg) { return columns_read(*arg, fields); });
}

std::optional<StarPair> pair_of(const Aggregation& aggregation, const TableSchema& schema) {
  if (aggregation.filter) return std::nullopt;
  StarPair out;
  switch (aggregation.kind) {
    case AggregationKind::kCount: break;
    case AggregationKind::kSum: out.function = StarFunction::kSum; break;
    case AggregationKind::kMin: out.function = StarFunction::kMin; break;
    case AggregationKind::kMax: out.function = StarFunction::kMax; break;
    case AggregationKind::kAvg: out.function = StarFunction::kAvg; break;
    case AggregationKind::kMinMaxRange: out.function = StarFunction::kMinMaxRange; break;
    default: return std::nullopt;
  }
  out.column = "*";
  if (!aggregation.argument) return out;
  const Bound& argument = *aggregation.argument;
  if (argument.kind != BoundKind::kColumn || argument.multi) return std::nullopt;
  if (out.function != StarFunction::kCount) out.column = schema.fields[argument.field].name;
  return out;
}

StarAggregate star_columns_of(const StarTree& tree, const StarPair& pair) {
  StarAggregate out;
  auto whole = [&](StarValue kind) { const StarTree::Column* column = tree.find(kind, pair.column); return column ? column->whole : nullptr; };
  auto real = [&](StarValue kind) { const StarTree::Column* column = tree.find(kind, pair.column); return column ? column->real : nullptr; };
  const StarFunction function = pair.function;
  if (function == StarFunction::kCount || function == StarFunction::kAvg) out.counts = tree.find(StarValue::kCount, "*")->whole;
  if (function == StarFunction::kSum || function == StarFunction::kAvg) {
    out.whole_sums = whole(StarValue::kSumWhole);
    if (!out.whole_sums) out.real_sums = real(StarValue::kSumReal);
  }
  if (function == StarFunction::kMin || function == StarFunction::kMinMaxRange) out.mins = real(StarValue::kMin);
  if (function == StarFunction::kMax || function == StarFunction::kMinMaxRange) out.maxs = real(StarValue::kMax);
  return out;
}

// Whether running sums have what `pair` needs; adds them to `columns`.
bool running_columns(const StarTree& tree, const StarPair& pair, std::vector<const int64_t*>* columns) {
  if (pair.function != StarFunction::kCount && pair.function != StarFunction::kSum && pair.function != StarFunction::kAvg) return false;
  columns->push_back(nullptr);
  if (pair.function == StarFunction::kCount) return true;
  const StarTree::Column* sum = tree.find(StarValue::kSumWhole, pair.column);
  columns->back() = sum ? sum->running : nullptr;
  return columns->back() != nullptr;
}

}  // namespace

std::optional<StarTreePlan> StarTreePlan::make(const BoundQuery& query, const Filter& filter, const Segment& segment, Evaluator* evaluator) {
  if (segment.star_trees().empty() || query.aggregations.empty()) return std::nullopt;
  std::vector<size_t> read;  // for null handling: all columns that the query reads
  std::vector<StarPair> pairs;
  for (const Aggregation& aggregation : query.aggregations) {
    std::optional<StarPair> pair = pair_of(aggregation, *segment.schema());
    if (!pair) return std::nullopt;
    if (aggregation.argument) read.push_back(aggregation.argument->field);
    pairs.push_back(std::move(*pair));
  }
  std::vector<size_t> keys;
  for (const BoundPtr& key : query.keys) {
    if (!columns_read(*key, &keys)) return std::nullopt;
  }
  IdTests tests(segment, evaluator);
  if (!tests.add(filter)) return std::nullopt;
  read.insert(read.end(), keys.begin(), keys.end());
  for (const auto& test : tests.tests()) read.push_back(test.field);
  const bool nulls = query.null_handling && std::any_of(read.begin(), read.end(), [&](size_t field) { return segment.column(field).null_chunks != nullptr; });
  if (nulls) return std::nullopt;

  for (const auto& tree : segment.star_trees()) {
    auto place_of = [&](size_t field) {
      return static_cast<size_t>(std::find(tree->dimension_fields.begin(), tree->dimension_fields.end(), field) - tree->dimension_fields.begin());
    };
    const size_t depth = tree->dimension_fields.size();
    const auto& kept = tree->spec.pairs;
    const bool fits = std::all_of(pairs.begin(), pairs.end(), [&](const StarPair& pair) { return std::find(kept.begin(), kept.end(), pair) != kept.end(); }) &&
                      std::all_of(keys.begin(), keys.end(), [&](size_t key) { return place_of(key) < depth; }) &&
                      std::all_of(tests.tests().begin(), tests.tests().end(), [&](const auto& test) { return place_of(test.field) < depth; });
    if (!fits) continue;
    StarTreePlan out(*tree);
    out.rest_ = tests.rest();
    if (out.rest_ && tree->running_rows == 0) continue;
    out.passing_.resize(depth);
    out.passing_count_.resize(depth);
    out.grouped_.resize(depth);
    for (auto& test : tests.tests()) {
      const size_t place = place_of(test.field);
      out.passing_[place] = std::move(test.ids);
      out.passing_count_[place] = std::accumulate(out.passing_[place].begin(), out.passing_[place].end(), size_t{0});
    }
    for (size_t key : keys) out.grouped_[place_of(key)] = true, out.projected_.push_back(segment.schema()->fields[key].name);
    for (const StarPair& pair : pairs) {
      out.aggregates_.push_back(star_columns_of(*tree, pair));
      if (std::find(out.projected_.begin(), out.projected_.end(), pair.name()) == out.projected_.end()) out.projected_.push_back(pair.name());
    }
    if (out.rest_) {
      std::vector<const int64_t*> columns;
      if (!std::all_of(pairs.begin(), pairs.end(), [&](const StarPair& pair) { return running_columns(*tree, pair, &columns); })) continue;
      out.sums_.push_back({tree->find(StarValue::kCount, "*")->running, {}});
      for (const int64_t* column : columns) out.sums_.push_back({column, {}});
    }
    return out;
  }
  return std::nullopt;
}

std::vector<uint32_t> StarTreePlan::add_up(const std::vector<std::pair<uint32_t, uint32_t>>& runs) {
  const size_t records = tree_->running_records;
  for (Sums& sums : sums_) {
    if (!sums.running) continue;
    sums.values.assign(records, 0);
    for (const auto& [first, end] : runs) {
      const int64_t* before = first == 0 ? nullptr : sums.running + (size_t{first} - 1) * records;
      kernels::add_differences(sums.running + (size_t{end} - 1) * records, before, records, sums.values.data());
    }
  }
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    const bool counts = aggregates_[i].counts != nullptr;
    aggregates_[i] = {};
    if (counts) aggregates_[i].counts = sums_[0].values.data();
    if (sums_[i + 1].running) aggregates_[i].whole_sums = sums_[i + 1].values.data();
  }
  std::vector<uint32_t> out;
  for (uint32_t record = 0; record < records; ++record) {
    if (sums_[0].values[record] > 0) out.push_back(record);
  }
  for (size_t d = 0; d < passing_.size(); ++d) {
    if (passing_[d].empty()) continue;
    const auto* ids = this->records().column(tree_->dimension_fields[d]).block<uint32_t>(0);
    std::erase_if(out, [&](uint32_t record) { return !passing_[d][ids[record]]; });
  }
  return out;
}

void StarTreePlan::descend(const StarNode& node, size_t dimension, bool may_use_star, std::vector<uint32_t>* next) const {
  const bool has_star = node.has_star(tree_->nodes);
  const uint32_t star = node.end_child - 1, end = has_star ? star : node.end_child;
  const PassingIds& passing = passing_[dimension];
  if (passing.empty()) {
    if (has_star && may_use_star) return next->push_back(star);
    for (uint32_t child = node.first_child; child < end; ++child) next->push_back(child);
    return;
  }
  const size_t before = next->size();
  for (uint32_t child = node.first_child; child < end; ++child) {
    if (passing[tree_->nodes[child].id]) next->push_back(child);
  }
  if (!has_star || !may_use_star || next->size() - before != end - node.first_child) return;
  next->resize(before);  // every child passes: the star node is all of them
  next->push_back(star);
}

std::optional<std::vector<uint32_t>> StarTreePlan::matching(int64_t* entries_scanned, int64_t effort_max) const {
  const size_t depth = passing_.size();
  std::vector<uint32_t> level{0}, next, out;
  // Dimensions whose predicates no node decides any more because a leaf was met above them: they are tested record by record.
  std::vector<bool> left_over(depth);
  bool leaf_found = false;
  for (size_t dimension = 0; !level.empty(); ++dimension) {
    bool left = false;  // predicates or keys on this dimension or below
    for (size_t d = dimension; d < depth; ++d) left |= !passing_[d].empty() || grouped_[d];
    if (!leaf_found && std::any_of(level.begin(), level.end(), [&](uint32_t at) { return tree_->nodes[at].leaf(); })) {
      leaf_found = true;
      for (size_t d = dimension; d < depth; ++d) left_over[d] = !passing_[d].empty();
    }
    next.clear();
    for (uint32_t at : level) {
      const StarNode& node = tree_->nodes[at];
      effort_max -= 1 + (left && node.leaf() ? node.end_record - node.first_record : 0);
      if (effort_max < 0) return std::nullopt;
      if (!left) {
        out.push_back(node.aggregated);
      } else if (node.leaf()) {
        for (uint32_t record = node.first_record; record < node.end_record; ++record) out.push_back(record);
      } else {
        descend(node, dimension, !left_over[dimension] && !grouped_[dimension], &next);
      }
    }
    level.swap(next);
  }
  for (size_t d = 0; d < depth; ++d) {
    if (!left_over[d]) continue;
    const auto* ids = records().column(tree_->dimension_fields[d]).block<uint32_t>(0);
    *entries_scanned += static_cast<int64_t>(out.size());
    std::erase_if(out, [&](uint32_t record) { return !passing_[d][ids[record]]; });
  }
  if (!std::is_sorted(out.begin(), out.end())) std::sort(out.begin(), out.end());
  return out;
}

}  // namespace bywash::analytics
