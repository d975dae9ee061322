#include "analytics/exec/group_scan.h"

#include "analytics/exec/kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace bywash::analytics {
namespace {

// Dense arrays stay in cache; past this many groups, or twice the segment's rows, hashing costs less.
constexpr size_t kDenseMax = 1 << 20;
// A star-tree's record is nearly a group: with many more groups than records, dense arrays would cost more than they save.
constexpr size_t kSparseRecords = 1024;
constexpr uint32_t kUnknown = UINT32_MAX;
// Dictionary of seen marks small enough to look through after each block.
constexpr size_t kSeenCheckMax = 16384;

// Calls `f` with the column's dictionary ids from `row` on, typed by width.
template <class F>
void with_ids(const ColumnView& column, int64_t row, F f) {
  if (column.width == 1) f(column.block<uint8_t>(row));
  else if (column.width == 2) f(column.block<uint16_t>(row));
  else f(column.block<uint32_t>(row));
}

kernels::Ids ids_of(const ColumnView& column, int64_t row) {
  kernels::Ids out;
  with_ids(column, row, [&](const auto* ids) { out = {ids, column.width, true}; });
  return out;
}

// Whole numbers of a range that small are their own ids.
constexpr double kCodedRangeMax = 65536;
bool is_coded(const ColumnView& column) {
  return column.encoding == Encoding::kRaw && is_integer(column.field->type) && column.has_range &&
         static_cast<double>(column.max_integer) - static_cast<double>(column.min_integer) < kCodedRangeMax;
}

size_t code_count(const ColumnView& column) {
  return column.encoding == Encoding::kDictionary ? column.dictionary.cardinality : static_cast<size_t>(column.max_integer - column.min_integer) + 1;
}

// Calls `f` with what gives the code of the row that is so many behind `row`: the dictionary id, or the number's place in its column's range.
template <class F>
void with_codes(const ColumnView& column, int64_t row, F f) {
  if (column.encoding == Encoding::kDictionary) {
    return with_ids(column, row, [&](const auto* ids) { f([ids](size_t at) { return static_cast<uint32_t>(ids[at]); }); });
  }
  column.with_integers(row, [&](const auto* values, int64_t base) {
    const int64_t above = base - column.min_integer;
    f([values, above](size_t at) { return static_cast<uint32_t>(static_cast<int64_t>(values[at]) + above); });
  });
}

bool dictionary_column(const Bound& key, const Segment& segment) {
  return key.kind == BoundKind::kColumn && !key.multi && segment.column(key.field).encoding == Encoding::kDictionary;
}

// The one column that a call reads; false: it reads others too, arrays, or what is no column.
bool reads_one_column(const Bound& expression, std::optional<size_t>* field) {
  if (expression.multi || expression.kind == BoundKind::kVirtual || expression.kind == BoundKind::kInput) return false;
  if (expression.kind == BoundKind::kColumn) {
    if (*field && **field != expression.field) return false;
    *field = expression.field;
  }
  return std::all_of(expression.args.begin(), expression.args.end(), [&](const BoundPtr& arg) { return reads_one_column(*arg, field); });
}

}  // namespace

GroupScan::GroupScan(const BoundQuery& query, Evaluator* evaluator)
    : query_(query), evaluator_(evaluator), groups_(query.keys, query.null_handling), ids_(query.keys.size() + 1) {
  for (const Aggregation& aggregation : query.aggregations) {
    states_.emplace_back(aggregation);
    any_values_ |= states_.back().needs_values();
    const bool sums = aggregation.kind == AggregationKind::kSum || aggregation.kind == AggregationKind::kAvg;
    real_sums_ |= sums && stored_as(aggregation.argument->type) != Stored::kI32;
  }
  share_counts();
  for (const BoundPtr& key : query.keys) multi_keys_ |= key->multi;
  if (query.keys.empty()) {
    for (AggregationState& state : states_) state.resize(1);
  }
}

// COUNT(*) and averages count the same rows: the first of them does it for all.
void GroupScan::share_counts() {
  counted_by_.resize(states_.size());
  std::optional<size_t> first;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Aggregation& aggregation = query_.aggregations[i];
    const bool average = aggregation.kind == AggregationKind::kAvg && !query_.null_handling && !aggregation.argument->multi && !aggregation.second;
    const bool counts_rows = aggregation.kind == AggregationKind::kCount && !aggregation.argument;
    if (aggregation.filter || (!average && !counts_rows)) continue;
    counted_by_[i] = first;
    if (!first) first = i;
  }
}

int64_t GroupScan::memory_bytes() const {
  int64_t bytes = groups_.memory_bytes();
  for (const AggregationState& state : states_) bytes += state.memory_bytes();
  return bytes;
}

bool GroupScan::nullable_key(const Segment& segment) const {
  for (const BoundPtr& key : query_.keys) {
    if (query_.null_handling && key->kind == BoundKind::kColumn && segment.column(key->field).null_chunks) return true;
  }
  return false;
}

bool GroupScan::has_dense_dictionaries(const Segment& segment) const {
  for (size_t key = 0; key < query_.keys.size(); ++key) {
    if (!dictionary_column(*query_.keys[key], segment) || !same_values(segment.column(query_.keys[key]->field).dictionary, dense_of_[key])) return false;
  }
  return true;
}

// `known`: local_ has the segment's groups already.
bool GroupScan::plan_dense(const Segment& segment, bool known) {
  if (query_.keys.empty() || any_values_ || nullable_key(segment)) return false;
  const size_t most = star_tree_ ? static_cast<size_t>(segment.rows()) + kSparseRecords : static_cast<size_t>(segment.rows()) * 2 + kBlockRows;
  size_t product = 1;
  strides_.clear();
  for (const BoundPtr& key : query_.keys) {
    if (!dictionary_column(*key, segment)) return false;
    strides_.push_back(product);
    product *= std::max<size_t>(1, segment.column(key->field).dictionary.cardinality);
    if (!known && (product > kDenseMax || product > most)) return false;
  }
  dense_size_ = product;
  return true;
}

void GroupScan::begin(const StarTreePlan& plan) {
  star_tree_ = &plan;
  start(plan.records(), false);
}

void GroupScan::begin(const Segment& segment, bool whole) {
  star_tree_ = nullptr;
  start(segment, whole);
}

void GroupScan::start(const Segment& segment, bool whole) {
  segment_ = &segment;
  const bool known = open_ && has_dense_dictionaries(segment);
  if (open_ && !known) merge_dense();
  filters_.clear();
  for (const Aggregation& aggregation : query_.aggregations) {
    filters_.push_back(aggregation.filter ? std::make_unique<SegmentFilter>(*aggregation.filter, segment, evaluator_) : nullptr);
  }
  translations_.resize(query_.keys.size());
  translated_.resize(query_.keys.size());
  key_columns_.resize(query_.keys.size());
  for (size_t key = 0; key < query_.keys.size(); ++key) {
    key_columns_[key] = column_of_key(*query_.keys[key], segment);
    if (!key_columns_[key]) continue;
    const ColumnView& column = segment.column(*key_columns_[key]);
    if (column.encoding == Encoding::kDictionary && same_values(column.dictionary, translated_[key])) continue;
    translations_[key].assign(code_count(column), kUnknown);
    translated_[key] = column.dictionary;
  }
  dense_ = plan_dense(segment, known);
  if (dense_ && !known) start_dense(segment);
  if (dense_) plan_folds(local_);
  // Every value of a sealed dictionary occurs, so a whole scan by one key sees every group.
  if (!dense_ || all_seen_ || !whole || segment.meta().consuming || query_.keys.size() != 1) return;
  all_seen_ = true;
  std::fill(seen_.begin(), seen_.end(), uint8_t{1});
}

void GroupScan::start_dense(const Segment& segment) {
  open_ = true;
  all_seen_ = false;
  seen_.assign(dense_size_ + kernels::kSpareIds, 0);
  block_groups_.resize(kBlockRows);
  dense_of_.clear();
  for (const BoundPtr& key : query_.keys) dense_of_.push_back(segment.column(key->field).dictionary);
  local_.clear();
  for (const Aggregation& aggregation : query_.aggregations) {
    local_.emplace_back(aggregation);
    local_.back().resize(dense_size_, kernels::kSpareIds);
  }
}

size_t GroupScan::consume(int64_t first_row, Selection selection) {
  if (selection.count == 0) return 0;
  if (dense_) consume_dense(first_row, selection, dense_ids(first_row, selection), selection);
  else if (multi_keys_) expand(first_row, selection);
  else consume_hashed(first_row, selection);
  return selection.count;
}

size_t GroupScan::consume(int64_t first_row, TestedRows rows) {
  if (!rows.mask) return consume(first_row, Selection{nullptr, rows.count});
  if (!dense_ || query_.keys.size() != 1) return consume(first_row, listed(rows));
  const size_t passed = kernels::count(rows.mask, rows.count);
  if (passed < rows.count / 2) return consume(first_row, listed(rows));
  // Most rows pass: all are taken, the others into groups behind the last. That costs less than a list.
  masked_groups_.resize(kBlockRows * sizeof(uint32_t));
  const kernels::Ids column_ids = ids_of(segment_->column(query_.keys[0]->field), first_row);
  const kernels::Ids ids = kernels::masked_ids(column_ids, rows.mask, rows.count, static_cast<uint32_t>(dense_size_), masked_groups_.data());
  consume_dense(first_row, Selection{nullptr, rows.count}, ids, rows);
  return passed;
}

Selection GroupScan::listed(TestedRows rows) {
  listed_rows_.resize(kBlockRows);
  return {listed_rows_.data(), kernels::select(rows.mask, rows.count, listed_rows_.data())};
}

// ---- dense

// `rows` with their group numbers for what can be read straight from columns; `selected`, a Selection or TestedRows, for the rest.
template <class Selected>
void GroupScan::consume_dense(int64_t first_row, Selection rows, kernels::Ids ids, Selected selected) {
  if (!all_seen_) {
    kernels::mark_seen(ids, rows.rows, rows.count, seen_.data());
    all_seen_ = dense_size_ <= kSeenCheckMax && std::memchr(seen_.data(), 0, dense_size_) == nullptr;
  }
  folds_.run(first_row, rows, ids);
  if (not_raw_.empty()) return;
  const Selection selection = listed(selected);
  const uint32_t* groups = dense_groups(first_row, selection);
  evaluator_->set_block(segment_, first_row, selection);
  for (size_t i : not_raw_) update(local_[i], i, first_row, selection, groups);
}

// Which states can have their rows straight from the segment's columns; the numbers of the others are in not_raw_ then.
void GroupScan::plan_folds(std::vector<AggregationState>& states) {
  not_raw_.clear();
  folds_.clear();
  for (size_t i = 0; i < states.size(); ++i) {
    std::optional<RawSlots> own;
    if (!star_tree_ && !filters_[i]) own = states[i].raw_slots(*segment_, counted_by_[i].has_value());
    own ? folds_.add(*own) : not_raw_.push_back(i);
  }
}

// The rows' groups; of one key as they lie in its column.
kernels::Ids GroupScan::dense_ids(int64_t first_row, Selection rows) {
  if (query_.keys.size() == 1) return ids_of(segment_->column(query_.keys[0]->field), first_row);
  return {dense_groups(first_row, rows), sizeof(uint32_t)};
}

const uint32_t* GroupScan::dense_groups(int64_t first_row, Selection selection) {
  for (size_t key = 0; key < query_.keys.size(); ++key) {
    const ColumnView& column = segment_->column(query_.keys[key]->field);
    kernels::combine_ids(ids_of(column, first_row), selection.rows, selection.count, key == 0 ? 0 : static_cast<uint32_t>(strides_[key]), block_groups_.data());
  }
  return block_groups_.data();
}

void GroupScan::end() {
  for (const auto& filter : filters_) {
    if (filter) entries_scanned_ += filter->entries_scanned();
  }
  // DISTINCT may be over when it has enough groups, so they are counted now. Reals are summed up by segment and then over segments, as in
  // Pinot: another order has other last digits.
  if (open_ && (real_sums_ || query_.shape == QueryShape::kDistinct)) merge_dense();
}

void GroupScan::merge_dense() {
  open_ = false;
  std::vector<uint32_t> ids(query_.keys.size() + 1);
  if (groups_.null_mask()) ids.back() = groups_.dictionary(query_.keys.size()).id_of(int64_t{0});
  std::vector<uint32_t> from, to;
  std::vector<uint32_t> at(query_.keys.size());  // the group's id of each key: counts up with the group
  for (size_t group = 0; group < dense_size_; ++group) {
    if (seen_[group]) {
      for (size_t key = 0; key < at.size(); ++key) {
        uint32_t& known = translations_[key][at[key]];
        if (known == kUnknown) known = translate(dense_of_[key], at[key], groups_.dictionary(key));
        ids[key] = known;
      }
      from.push_back(static_cast<uint32_t>(group));
      to.push_back(groups_.group_of(ids.data()));
    }
    for (size_t key = 0; key < at.size() && ++at[key] == translations_[key].size(); ++key) at[key] = 0;
  }
  for (size_t i = 0; i < states_.size(); ++i) {
    states_[i].resize(groups_.size());
    states_[i].merge(local_[i], from, to);
  }
}

// Where every group is dense, their values come from the dictionaries without a table of groups.
void GroupScan::finish_dense(std::vector<Vector>* inputs) {
  std::vector<uint32_t> from, to;
  for (size_t group = 0; group < dense_size_; ++group) {
    if (seen_[group]) from.push_back(static_cast<uint32_t>(group));
  }
  const size_t n = from.size();
  size_t stride = 1;
  for (size_t key = 0; key < query_.keys.size(); ++key) {
    const DictionaryView& values = dense_of_[key];
    Vector& out = inputs->emplace_back();
    out.type = query_.keys[key]->type;
    out.resize(n);
    const bool alone = query_.keys.size() == 1;
    for (size_t i = 0; i < n; ++i) {
      const auto id = alone ? from[i] : static_cast<uint32_t>(from[i] / stride % values.cardinality);
      switch (out.physical()) {
        case Physical::kInteger: out.integers[i] = values.integer(id); break;
        case Physical::kReal: out.reals[i] = values.real(id); break;
        case Physical::kText: out.texts[i] = values.text(id); break;
      }
    }
    stride *= values.cardinality;
  }
  to.resize(n);
  std::iota(to.begin(), to.end(), 0);
  for (size_t i = 0; i < states_.size(); ++i) {
    if (n == dense_size_) {
      states_[i] = std::move(local_[i]);
      continue;
    }
    states_[i].resize(n);
    states_[i].merge(local_[i], from, to);
  }
  dense_count_ = n;
  finished_dense_ = true;
}

// ---- hashed

void GroupScan::reserve_ids() {
  if (!block_groups_.empty() && ids_[0].size() == kBlockRows) return;
  block_groups_.resize(kBlockRows);
  for (auto& ids : ids_) ids.resize(kBlockRows);
}

std::optional<size_t> GroupScan::column_of_key(const Bound& key, const Segment& segment) const {
  std::optional<size_t> field;
  if (key.kind == BoundKind::kColumn) field = key.field;
  else if (query_.null_handling || !reads_one_column(key, &field)) return std::nullopt;
  if (!field) return std::nullopt;
  const ColumnView& column = segment.column(*field);
  const bool coded = !key.multi && !query_.null_handling && !segment.meta().consuming && is_coded(column);
  return coded || column.encoding == Encoding::kDictionary ? field : std::nullopt;
}

void GroupScan::key_ids(size_t key, int64_t first_row, Selection selection, uint32_t* out) {
  const Bound& bound = *query_.keys[key];
  if (key_columns_[key]) {
    const ColumnView& column = segment_->column(*key_columns_[key]);
    std::vector<uint32_t>& known = translations_[key];
    if (bound.kind != BoundKind::kColumn) number_keys(key, column, first_row, selection);
    GrowingDictionary& numbers = groups_.dictionary(key);
    const bool by_dictionary = column.encoding == Encoding::kDictionary;
    return with_codes(column, first_row, [&](auto code_of) {
      for (size_t i = 0; i < selection.count; ++i) {
        const uint32_t code = code_of(selection.rows ? selection.rows[i] : i);
        uint32_t& number = known[code];
        if (number == kUnknown) number = by_dictionary ? translate(column.dictionary, code, numbers) : numbers.id_of(column.min_integer + code);
        out[i] = number;
      }
    });
  }
  const Vector& given = evaluator_->evaluate(bound);
  Vector with_placeholders;
  if (!given.nulls.empty()) with_placeholders = given;
  const Vector& values = given.nulls.empty() ? given : with_placeholders;
  for (size_t i = 0; i < values.nulls.size(); ++i) {  // one placeholder for all nulls
    if (!values.nulls[i]) continue;
    if (values.physical() == Physical::kInteger) with_placeholders.integers[i] = 0;
    else if (values.physical() == Physical::kReal) with_placeholders.reals[i] = 0;
    else with_placeholders.texts[i] = {};
  }
  number_values(values, key, selection.count, out);
}

// The numbers of a key that is an expression over a column that has codes, for codes that were not met before: it is computed once for
// each value of the column, not for each row.
void GroupScan::number_keys(size_t key, const ColumnView& column, int64_t first_row, Selection selection) {
  std::vector<uint32_t>& known = translations_[key];
  new_rows_.clear();
  with_codes(column, first_row, [&](auto code_of) {
    for (size_t i = 0; i < selection.count; ++i) {
      const size_t row = selection.rows ? selection.rows[i] : i;
      if (known[code_of(row)] == kUnknown) new_rows_.push_back(static_cast<uint16_t>(row));
    }
  });
  if (new_rows_.empty()) return;
  evaluator_->set_block(segment_, first_row, {new_rows_.data(), new_rows_.size()});
  new_numbers_.resize(new_rows_.size());
  number_values(evaluator_->evaluate(*query_.keys[key]), key, new_rows_.size(), new_numbers_.data());
  with_codes(column, first_row, [&](auto code_of) {
    for (size_t i = 0; i < new_rows_.size(); ++i) known[code_of(new_rows_[i])] = new_numbers_[i];
  });
  evaluator_->set_block(segment_, first_row, selection);
}

void GroupScan::number_values(const Vector& values, size_t key, size_t count, uint32_t* out) {
  GrowingDictionary& numbers = groups_.dictionary(key);
  switch (values.physical()) {
    case Physical::kInteger:
      for (size_t i = 0; i < count; ++i) out[i] = numbers.id_of(values.integers[i]);
      return;
    case Physical::kReal:
      for (size_t i = 0; i < count; ++i) out[i] = numbers.id_of(values.reals[i]);
      return;
    case Physical::kText:
      for (size_t i = 0; i < count; ++i) out[i] = numbers.id_of(values.texts[i]);
  }
}

// The number of each row's mask of null keys, behind those of the keys.
void GroupScan::null_masks(int64_t first_row, Selection selection) {
  size_t keys = query_.keys.size();
  std::vector<int64_t> masks(selection.count);
  for (size_t key = 0; key < keys; ++key) {
    const Bound& bound = *query_.keys[key];
    if (bound.multi) continue;
    if (bound.kind == BoundKind::kColumn) {
      const ColumnView& column = segment_->column(bound.field);
      for (size_t i = 0; column.null_chunks && i < selection.count; ++i) {
        masks[i] |= int64_t{column.is_null(first_row + static_cast<int64_t>(selection.rows ? selection.rows[i] : i))} << key;
      }
      continue;
    }
    const Vector& values = evaluator_->evaluate(bound);
    for (size_t i = 0; i < values.nulls.size(); ++i) masks[i] |= int64_t{values.nulls[i]} << key;
  }
  GrowingDictionary& numbers = groups_.dictionary(keys);
  for (size_t i = 0; i < selection.count; ++i) ids_[keys][i] = numbers.id_of(masks[i]);
}

// Groups of the selected rows; ids_ of multi-value keys are set already.
const uint32_t* GroupScan::hashed_groups(int64_t first_row, Selection selection) {
  size_t keys = query_.keys.size();
  if (keys == 0) return nullptr;
  for (size_t key = 0; key < keys; ++key) {
    if (!query_.keys[key]->multi) key_ids(key, first_row, selection, ids_[key].data());
  }
  if (groups_.null_mask()) null_masks(first_row, selection), ++keys;
  if (keys == 1) return ids_[0].data();
  std::vector<uint32_t> tuple(keys);
  for (size_t i = 0; i < selection.count; ++i) {
    for (size_t key = 0; key < keys; ++key) tuple[key] = ids_[key][i];
    block_groups_[i] = groups_.group_of(tuple.data());
  }
  return block_groups_.data();
}

void GroupScan::consume_hashed(int64_t first_row, Selection selection) {
  reserve_ids();
  evaluator_->set_block(segment_, first_row, selection);
  const uint32_t* groups = hashed_groups(first_row, selection);
  for (size_t i = 0; i < states_.size(); ++i) {
    states_[i].resize(groups_.size());
  }
  plan_folds(states_);  // their slots move as groups come
  folds_.run(first_row, selection, {groups, sizeof(uint32_t)});
  for (size_t i : not_raw_) update(states_[i], i, first_row, selection, groups);
}

// A row with array keys belongs to the group of every combination of their values, once per occurrence (as in Pinot).
void GroupScan::expand(int64_t first_row, Selection selection) {
  expanded_rows_.clear();
  reserve_ids();
  list_elements(first_row, selection);
  std::vector<MultiValue> values(query_.keys.size());
  std::vector<uint32_t> at(query_.keys.size());
  for (size_t i = 0; i < selection.count; ++i) {
    uint16_t row = selection.rows ? selection.rows[i] : static_cast<uint16_t>(i);
    bool empty = false;
    for (size_t key = 0; key < values.size(); ++key) {
      const Bound& bound = *query_.keys[key];
      if (!bound.multi) values[key] = MultiValue{nullptr, 1};
      else if (bound.kind == BoundKind::kColumn) values[key] = segment_->column(bound.field).multi(first_row + row);
      else values[key] = MultiValue{element_numbers_[key].data() + element_offsets_[key][i], element_offsets_[key][i + 1] - element_offsets_[key][i]};
      at[key] = 0;
      empty |= values[key].count == 0;
    }
    for (size_t key = 0; !empty;) {
      for (size_t k = 0; k < values.size(); ++k) {
        if (!query_.keys[k]->multi) continue;
        uint32_t id = values[k].ids[at[k]];
        if (query_.keys[k]->kind != BoundKind::kColumn) {
          ids_[k][expanded_rows_.size()] = id;
          continue;
        }
        uint32_t& known = translations_[k][id];
        if (known == kUnknown) known = translate(segment_->column(query_.keys[k]->field).dictionary, id, groups_.dictionary(k));
        ids_[k][expanded_rows_.size()] = known;
      }
      expanded_rows_.push_back(row);
      if (expanded_rows_.size() == kBlockRows) flush_expanded(first_row);
      for (key = 0; key < values.size() && ++at[key] == values[key].count; ++key) at[key] = 0;
      if (key == values.size()) break;
    }
  }
  flush_expanded(first_row);
}

void GroupScan::list_elements(int64_t first_row, Selection selection) {
  element_numbers_.resize(query_.keys.size());
  element_offsets_.resize(query_.keys.size());
  evaluator_->set_block(segment_, first_row, selection);
  for (size_t key = 0; key < query_.keys.size(); ++key) {
    const Bound& bound = *query_.keys[key];
    if (!bound.multi || bound.kind == BoundKind::kColumn) continue;
    const Vector& values = evaluator_->evaluate(bound);
    GrowingDictionary& numbers = groups_.dictionary(key);
    element_offsets_[key] = values.offsets;
    element_numbers_[key].resize(values.value_count());
    for (size_t i = 0; i < values.value_count(); ++i) {
      element_numbers_[key][i] = values.physical() == Physical::kInteger ? numbers.id_of(values.integers[i])
                                 : values.physical() == Physical::kReal  ? numbers.id_of(values.reals[i])
                                                                         : numbers.id_of(values.texts[i]);
    }
  }
}

void GroupScan::flush_expanded(int64_t first_row) {
  if (!expanded_rows_.empty()) consume_hashed(first_row, {expanded_rows_.data(), expanded_rows_.size()});
  expanded_rows_.clear();
}

// ---- both

void GroupScan::update(AggregationState& state, size_t index, int64_t first_row, Selection selection, const uint32_t* groups) {
  if (filters_[index]) return update_filtered(state, index, first_row, selection, groups);
  if (star_tree_) return state.add_records(star_tree_->aggregates()[index], first_row, selection, groups);
  state.update(*evaluator_, selection.count, groups);
}

void GroupScan::update_filtered(AggregationState& state, size_t index, int64_t first_row, Selection selection, const uint32_t* groups) {
  some_rows_.resize(kBlockRows), some_groups_.resize(kBlockRows), mask_.resize(kBlockRows);
  auto n = static_cast<size_t>(std::min<int64_t>(kBlockRows, segment_->rows() - first_row));
  Verdict verdict = filters_[index]->verdict();
  if (verdict == Verdict::kMixed) verdict = filters_[index]->test(first_row, n, mask_.data());
  size_t k = 0;
  for (size_t i = 0; i < selection.count && verdict != Verdict::kNone; ++i) {
    uint16_t row = selection.rows ? selection.rows[i] : static_cast<uint16_t>(i);
    if (verdict == Verdict::kMixed && !mask_[row]) continue;
    some_rows_[k] = row;
    if (groups) some_groups_[k] = groups[i];
    ++k;
  }
  if (k > 0) {
    Selection some{some_rows_.data(), k};
    evaluator_->set_block(segment_, first_row, some);
    state.update(*evaluator_, k, groups ? some_groups_.data() : nullptr);
  }
  evaluator_->set_block(segment_, first_row, selection);
}

void GroupScan::finish(std::vector<Vector>* inputs) {
  // Vectors must not move: views of short texts would dangle.
  inputs->reserve(query_.keys.size() + 1 + states_.size());
  if (open_ && groups_.size() == 0 && !groups_.null_mask()) {
    finish_dense(inputs);
  } else {
    if (open_) merge_dense();
    groups_.finish(inputs);
  }
  for (size_t i = 0; i < states_.size(); ++i) {
    states_[i].resize(group_count());
    if (counted_by_[i]) states_[i].take_counts(states_[*counted_by_[i]]);
    inputs->emplace_back();
    states_[i].finish(&inputs->back());
  }
}

}  // namespace bywash::analytics
