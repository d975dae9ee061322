#include "analytics/exec/evaluator.h"

#include <cstdlib>

namespace bywash::analytics {
namespace {

template <class To, class From>
void gather(const From* from, Selection selection, std::vector<To>& out, [[maybe_unused]] To base = 0) {
  auto number = [&](From value) {
    if constexpr (std::is_integral_v<To>) return base + static_cast<To>(value);
    else return static_cast<To>(value);
  };
  out.resize(selection.count);
  if (!selection.rows) {
    for (size_t i = 0; i < selection.count; ++i) out[i] = number(from[i]);
  } else {
    for (size_t i = 0; i < selection.count; ++i) out[i] = number(from[selection.rows[i]]);
  }
}

template <class To, class Look>
void look_up(const ColumnView& column, int64_t first_row, Selection selection, std::vector<To>& out, Look look) {
  out.resize(selection.count);
  auto fill = [&](const auto* ids) {
    for (size_t i = 0; i < selection.count; ++i) out[i] = look(ids[selection.rows ? selection.rows[i] : i]);
  };
  if (column.width == 1) fill(column.block<uint8_t>(first_row));
  else if (column.width == 2) fill(column.block<uint16_t>(first_row));
  else fill(column.block<uint32_t>(first_row));
}

// The partition in a low-level consumer's segment name, table__partition__sequence__time; -1: another name.
int64_t partition_of(const std::string& segment) {
  size_t at = segment.find("__");
  return at == std::string::npos ? -1 : std::atoi(segment.c_str() + at + 2);
}

}  // namespace

void Evaluator::set_block(const Segment* segment, int64_t first_row, Selection selection) {
  segment_ = segment;
  first_row_ = first_row;
  selection_ = selection;
  inputs_ = nullptr;
  ++epoch_;
}

void Evaluator::set_inputs(const std::vector<Vector>* inputs, size_t count) {
  inputs_ = inputs;
  selection_ = {nullptr, count};
  ++epoch_;
}

const ColumnView* Evaluator::dictionary_column(const Bound& expression) const {
  if (!segment() || expression.kind != BoundKind::kColumn || expression.multi) return nullptr;
  const ColumnView& column = segment_->column(expression.field);
  return column.encoding == Encoding::kDictionary && !(null_handling_ && column.null_chunks) ? &column : nullptr;
}

void Evaluator::load_ids(const ColumnView& column, std::vector<uint32_t>* out) const {
  look_up(column, first_row_, selection_, *out, [](uint32_t id) { return id; });
}

const Vector& Evaluator::evaluate(const Bound& expression) {
  if (expression.kind == BoundKind::kInput) return (*inputs_)[expression.field];
  Vector& out = values_[expression.slot];
  if (epochs_[expression.slot] == epoch_) return out;
  out.type = expression.type;
  out.multi = expression.multi;
  out.nulls.clear();
  switch (expression.kind) {
    case BoundKind::kColumn: load_column(expression, out); break;
    case BoundKind::kVirtual: load_virtual(expression, out); break;
    case BoundKind::kLiteral: load_literal(expression, out); break;
    case BoundKind::kCall: call(expression, out); break;
    case BoundKind::kInput: break;
  }
  epochs_[expression.slot] = epoch_;
  return out;
}

void Evaluator::call(const Bound& expression, Vector& out) {
  std::vector<const Vector*> args;
  args.reserve(expression.args.size());
  for (const BoundPtr& arg : expression.args) args.push_back(&evaluate(*arg));
  out.error.clear();
  expression.kernel(args, selection_.count, out);
  if (!out.error.empty() && error_.empty()) error_ = out.error;
  if (!null_handling_) return out.nulls.clear();
  if (!expression.strict) return;
  for (const Vector* arg : args) {
    if (arg->nulls.empty()) continue;
    out.nulls.resize(selection_.count);
    for (size_t i = 0; i < selection_.count; ++i) out.nulls[i] |= arg->nulls[i];
  }
}

void Evaluator::load_arrays(const ColumnView& column, Vector& out) const {
  out.offsets.assign(1, 0);
  out.integers.clear(), out.reals.clear(), out.texts.clear();
  const DictionaryView& values = column.dictionary;
  for (size_t i = 0; i < selection_.count; ++i) {
    MultiValue row = column.multi(first_row_ + static_cast<int64_t>(selection_.rows ? selection_.rows[i] : i));
    for (uint32_t at = 0; at < row.count; ++at) {
      switch (out.physical()) {
        case Physical::kInteger: out.integers.push_back(values.integer(row.ids[at])); break;
        case Physical::kReal: out.reals.push_back(values.real(row.ids[at])); break;
        case Physical::kText: out.texts.push_back(values.text(row.ids[at])); break;
      }
    }
    out.offsets.push_back(static_cast<uint32_t>(out.value_count()));
  }
}

void Evaluator::load_column(const Bound& expression, Vector& out) const {
  const ColumnView& column = segment_->column(expression.field);
  if (null_handling_ && column.null_chunks) {
    out.nulls.resize(selection_.count);
    for (size_t i = 0; i < selection_.count; ++i) out.nulls[i] = column.is_null(first_row_ + static_cast<int64_t>(selection_.rows ? selection_.rows[i] : i));
  }
  if (expression.multi) return load_arrays(column, out);
  if (selection_.count == 0) return out.resize(0);
  if (column.encoding == Encoding::kDictionary) {
    const DictionaryView& values = column.dictionary;
    switch (out.physical()) {
      case Physical::kInteger: return look_up(column, first_row_, selection_, out.integers, [&](uint32_t id) { return values.integer(id); });
      case Physical::kReal: return look_up(column, first_row_, selection_, out.reals, [&](uint32_t id) { return values.real(id); });
      case Physical::kText: return look_up(column, first_row_, selection_, out.texts, [&](uint32_t id) { return values.text(id); });
    }
  }
  switch (column.stored) {
    case Stored::kI32:
    case Stored::kI64: return column.with_integers(first_row_, [&](const auto* from, int64_t base) { gather(from, selection_, out.integers, base); });
    case Stored::kF32: return gather(column.block<float>(first_row_), selection_, out.reals);
    case Stored::kF64: return gather(column.block<double>(first_row_), selection_, out.reals);
    case Stored::kBytes:
      out.texts.resize(selection_.count);
      for (size_t i = 0; i < selection_.count; ++i) {
        out.texts[i] = column.raw_text(first_row_ + static_cast<int64_t>(selection_.rows ? selection_.rows[i] : i));
      }
  }
}

void Evaluator::load_virtual(const Bound& expression, Vector& out) {
  if (static_cast<VirtualColumn>(expression.field) == VirtualColumn::kPartitionId) {
    out.integers.assign(selection_.count, partition_of(segment_->name()));
  } else if (static_cast<VirtualColumn>(expression.field) == VirtualColumn::kDocId) {
    out.integers.resize(selection_.count);
    for (size_t i = 0; i < selection_.count; ++i) out.integers[i] = first_row_ + static_cast<int64_t>(selection_.rows ? selection_.rows[i] : i);
  } else {
    bool host = static_cast<VirtualColumn>(expression.field) == VirtualColumn::kHostName;
    out.texts.assign(selection_.count, host ? std::string_view(host_name_) : std::string_view(segment_->name()));
  }
}

void Evaluator::load_literal(const Bound& expression, Vector& out) const {
  if (expression.null) out.nulls.assign(selection_.count, 1);
  switch (out.physical()) {
    case Physical::kInteger: out.integers.assign(selection_.count, expression.literal.integer); break;
    case Physical::kReal: out.reals.assign(selection_.count, expression.literal.real); break;
    case Physical::kText: out.texts.assign(selection_.count, expression.literal.text); break;
  }
}

}  // namespace bywash::analytics
