#include "analytics/exec/row_scan.h"

#include "analytics/exec/cells.h"
#include "analytics/plan/decimal_text.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

int compare_scalars(const Scalar& a, const Scalar& b, DataType type) {
  if (type == DataType::kBigDecimal) return compare_decimal_texts(a.text, b.text);
  switch (physical_of(type)) {
    case Physical::kInteger: return a.integer < b.integer ? -1 : a.integer > b.integer;
    case Physical::kReal: return compare_reals(a.real, b.real);
    case Physical::kText: {
      int order = a.text.compare(b.text);
      return order < 0 ? -1 : order > 0;
    }
  }
  return 0;
}

}  // namespace

// The first row from `i` on that may come before `last`, as far as numbers as first key tell; what is equal, not a number or null is left
// to compare().
size_t RowScan::next_candidate(const Vector& key, size_t i, size_t n, const Picked& last) const {
  if (!key.nulls.empty() || (last.nulls & 1)) return i;
  auto pass_over = [&](const auto* values, auto limit) {
    if (query_.order[0].descending) while (i < n && values[i] < limit) ++i;
    else while (i < n && values[i] > limit) ++i;
    return i;
  };
  if (key.physical() == Physical::kReal) return pass_over(key.reals.data(), last.keys[0].real);
  return key.physical() == Physical::kInteger ? pass_over(key.integers.data(), last.keys[0].integer) : i;
}

int RowScan::compare(const std::vector<const Vector*>& keys, size_t i, const Picked& other) const {
  for (size_t k = 0; k < keys.size(); ++k) {
    int order = 0;
    bool null = keys[k]->is_null(i), other_null = (other.nulls >> k) & 1;
    if (null || other_null) {
      if (null == other_null) continue;
      return null == query_.order[k].nulls_first ? -1 : 1;
    }
    const Scalar& value = other.keys[k];
    switch (keys[k]->physical()) {
      case Physical::kInteger: order = keys[k]->integers[i] < value.integer ? -1 : keys[k]->integers[i] > value.integer; break;
      case Physical::kReal: order = compare_reals(keys[k]->reals[i], value.real); break;
      case Physical::kText:
        order = keys[k]->type == DataType::kBigDecimal ? compare_decimal_texts(keys[k]->texts[i], value.text) : keys[k]->texts[i].compare(value.text);
        break;
    }
    if (order != 0) return query_.order[k].descending ? -order : order;
  }
  return 0;
}

bool RowScan::before(const Picked& a, const Picked& b) const {
  for (size_t k = 0; k < query_.order.size(); ++k) {
    bool null = (a.nulls >> k) & 1, other_null = (b.nulls >> k) & 1;
    if (null != other_null) return null == query_.order[k].nulls_first;
    if (null) continue;
    int order = compare_scalars(a.keys[k], b.keys[k], query_.order[k].value->type);
    if (order != 0) return query_.order[k].descending ? order > 0 : order < 0;
  }
  return a.segment != b.segment ? a.segment < b.segment : a.row < b.row;
}

void RowScan::consume(int64_t first_row, Selection selection) {
  auto segment = static_cast<uint32_t>(segments_.size() - 1);
  auto row_of = [&](size_t i) { return static_cast<uint32_t>(first_row) + (selection.rows ? selection.rows[i] : static_cast<uint32_t>(i)); };
  if (query_.order.empty()) {
    for (size_t i = 0; i < selection.count && !full(); ++i) picked_.push_back({segment, row_of(i), {}, 0});
    return;
  }
  if (wanted() == 0) return;
  evaluator_->set_block(segments_.back(), first_row, selection);
  std::vector<const Vector*> keys;
  for (const OrderKey& key : query_.order) keys.push_back(&evaluator_->evaluate(*key.value));
  auto last_on_top = [this](const Picked& a, const Picked& b) { return before(a, b); };
  for (size_t i = 0; i < selection.count; ++i) {
    bool room = picked_.size() < wanted();
    if (!room) {
      i = next_candidate(*keys[0], i, selection.count, picked_.front());
      if (i == selection.count) break;
      if (compare(keys, i, picked_.front()) >= 0) continue;  // of equals the earlier row stays
    }
    Picked next{segment, row_of(i), std::vector<Scalar>(keys.size()), 0};
    for (size_t k = 0; k < keys.size(); ++k) {
      next.nulls |= static_cast<uint64_t>(keys[k]->is_null(i)) << k;
      switch (keys[k]->physical()) {
        case Physical::kInteger: next.keys[k].integer = keys[k]->integers[i]; break;
        case Physical::kReal: next.keys[k].real = keys[k]->reals[i]; break;
        case Physical::kText: next.keys[k].text = std::string(keys[k]->texts[i]); break;
      }
      text_bytes_ += static_cast<int64_t>(next.keys[k].text.size());
    }
    if (!room) {
      std::pop_heap(picked_.begin(), picked_.end(), last_on_top);
      for (const Scalar& key : picked_.back().keys) text_bytes_ -= static_cast<int64_t>(key.text.size());
      picked_.back() = std::move(next);
    } else {
      picked_.push_back(std::move(next));
    }
    std::push_heap(picked_.begin(), picked_.end(), last_on_top);
  }
}

bool RowScan::finish(std::vector<std::vector<Cell>>* rows, int64_t bytes_max) {
  int64_t bytes = 0;
  if (!query_.order.empty()) std::sort(picked_.begin(), picked_.end(), [this](const Picked& a, const Picked& b) { return before(a, b); });
  std::vector<uint16_t> block_rows;
  for (auto at = static_cast<size_t>(query_.offset); at < picked_.size();) {
    const Picked& first = picked_[at];
    uint32_t block = first.row / kBlockRows;
    block_rows.clear();
    while (at < picked_.size() && picked_[at].segment == first.segment && picked_[at].row / kBlockRows == block && block_rows.size() < kBlockRows) {
      block_rows.push_back(static_cast<uint16_t>(picked_[at++].row % kBlockRows));
    }
    const Segment& segment = *segments_[first.segment];
    int64_t first_row = int64_t{block} * kBlockRows;
    evaluator_->set_block(&segment, first_row, {block_rows.data(), block_rows.size()});
    size_t base = rows->size();
    rows->resize(base + block_rows.size());
    for (const OutputColumn& output : query_.output) {
      const Vector& values = evaluator_->evaluate(*output.value);
      for (size_t i = 0; i < block_rows.size(); ++i) {
        (*rows)[base + i].push_back(cell_of(values, i));
        bytes += bytes_of((*rows)[base + i].back());
      }
    }
    if (bytes > bytes_max) return false;
  }
  return true;
}

}  // namespace bywash::analytics
