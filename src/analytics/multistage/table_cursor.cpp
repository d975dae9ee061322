#include "analytics/multistage/table_cursor.h"

#include "analytics/exec/kernels.h"
#include "analytics/exec/visible_rows.h"

#include <algorithm>

namespace bywash::analytics::multistage {
namespace {

BoundPtr column_of(const TableSchema& schema, size_t field, size_t slot) {
  auto out = std::make_shared<Bound>();
  out->slot = slot;
  if (field < schema.fields.size()) {
    out->kind = BoundKind::kColumn;
    out->type = schema.fields[field].type;
    out->multi = !schema.fields[field].single_value;
    out->field = field;
    return out;
  }
  out->kind = BoundKind::kVirtual;
  out->field = field - schema.fields.size();
  const auto which = static_cast<VirtualColumn>(out->field);
  out->type = which == VirtualColumn::kDocId || which == VirtualColumn::kPartitionId ? DataType::kInt : DataType::kString;
  return out;
}

}  // namespace

Result<std::unique_ptr<TableCursor>> TableCursor::make(const ScanPlan& plan, const TranslateOptions& options, bool every_row) {
  std::unique_ptr<TableCursor> out(new TableCursor());
  sql::Query query;
  query.select.push_back({sql::make_integer(1), {}});
  if (plan.conjuncts.size() == 1) query.where = plan.conjuncts[0];
  else if (!plan.conjuncts.empty()) query.where = sql::make_function("and", plan.conjuncts);
  BindError error;
  if (!bind(query, *plan.table->schema, {options.now_ms, options.null_handling}, &out->bound_, &error)) return Status::invalid(error.message);
  out->table_ = plan.table;
  out->every_row_ = every_row;
  size_t slots = out->bound_.slots;
  for (size_t field : plan.columns) out->columns_.push_back(column_of(*plan.table->schema, field, slots++));
  out->evaluator_ = std::make_unique<Evaluator>(slots, plan.table->host_name, options.null_handling);
  if (plan.table->boundary) {
    out->before_ = within_boundary(*plan.table, out->bound_.filter, true);
    out->after_ = within_boundary(*plan.table, out->bound_.filter, false);
  }
  for (const auto& segment : plan.table->segments) {
    out->counts_.total_docs += segment->rows();
    ++out->counts_.segments;
    out->counts_.consuming += segment->meta().consuming;
  }
  out->mask_.resize(kBlockRows);
  out->rows_.resize(kBlockRows);
  return out;
}

bool TableCursor::next_segment() {
  if (filter_) {
    counts_.in_filter += filter_->entries_scanned();
    counts_.matched += matched_;
    counts_.consuming_matched += matched_ && current_->meta().consuming;
    filter_.reset();
  }
  while (segment_ < table_->segments.size()) {
    const size_t at = segment_++;
    current_ = table_->segments[at].get();
    kept_ = every_row_ || table_->kept.empty() ? nullptr : table_->kept[at].get();
    const Filter& wanted = !table_->boundary ? *bound_.filter : at < table_->boundary->offline_segments ? *before_ : *after_;
    auto filter = std::make_unique<SegmentFilter>(wanted, *current_, evaluator_.get());
    if (filter->verdict() == Verdict::kNone) {
      ++counts_.pruned;
      counts_.pruned_by_value += current_->rows() > 0;
      continue;
    }
    filter_ = std::move(filter);
    whole_ = filter_->verdict() == Verdict::kAll;
    matched_ = false;
    row_ = 0;
    ++counts_.processed;
    counts_.consuming_processed += current_->meta().consuming;
    return true;
  }
  return false;
}

bool TableCursor::next_block() {
  while (true) {
    if (!filter_ || row_ >= current_->rows()) {
      if (!next_segment()) return false;
      continue;
    }
    block_row_ = row_;
    const auto n = static_cast<size_t>(std::min(kBlockRows, current_->rows() - row_));
    row_ += kBlockRows;
    Verdict verdict = whole_ ? Verdict::kAll : filter_->test(block_row_, n, mask_.data());
    if (kept_ && verdict != Verdict::kNone) verdict = keep_valid(kept_->words(block_row_), n, verdict, mask_.data());
    if (verdict == Verdict::kNone) continue;
    selection_ = {nullptr, n};
    if (verdict == Verdict::kMixed) selection_ = {rows_.data(), kernels::select(mask_.data(), n, rows_.data())};
    if (selection_.count == 0) continue;
    taken_ = 0;
    matched_ = true;
    counts_.docs += static_cast<int64_t>(selection_.count);
    return true;
  }
}

size_t TableCursor::next(size_t most) {
  if (taken_ >= selection_.count && !next_block()) return 0;
  const size_t count = std::min(most, selection_.count - taken_);
  if (selection_.rows) evaluator_->set_block(current_, block_row_, {selection_.rows + taken_, count});
  else evaluator_->set_block(current_, block_row_ + static_cast<int64_t>(taken_), {nullptr, count});
  taken_ += count;
  return count;
}

}  // namespace bywash::analytics::multistage
