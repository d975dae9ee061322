// Comparing columns with literals. Level 4, the task's thread.
#include "transforms/row_verdicts.h"

#include <arrow/array.h>

namespace bywash::transforms {

using columnar::Type;

namespace {

template <class Array>
void compare_numbers_of(const arrow::Array& column, int64_t literal, const OrderVerdicts& say, Verdict* out) {
  const auto* values = static_cast<const Array&>(column).raw_values();
  for (int64_t i = 0, n = column.length(); i < n; ++i) {
    const auto v = static_cast<int64_t>(values[i]);
    out[i] = v < literal ? say.below : v > literal ? say.above : say.equal;
  }
}

void compare_texts(const arrow::StringArray& column, std::string_view literal, const OrderVerdicts& say, Verdict* out) {
  const int32_t* ends = column.raw_value_offsets();
  const auto* bytes = reinterpret_cast<const char*>(column.raw_data());
  const bool order_counts = say.below != say.above;
  for (int64_t i = 0, n = column.length(); i < n; ++i) {
    const std::string_view text(bytes + ends[i], static_cast<size_t>(ends[i + 1] - ends[i]));
    if (!order_counts) {
      out[i] = text == literal ? say.equal : say.below;
      continue;
    }
    const int order = text.compare(literal);
    out[i] = order < 0 ? say.below : order > 0 ? say.above : say.equal;
  }
}

bool compare_column(const RecordColumn& column, const Value& literal, const OrderVerdicts& say, Verdict* out) {
  if (column.array().length() == 0) return true;
  if (column.schema().type() == Type::kString) {
    auto text = RecordNode(&literal).text();
    if (text) compare_texts(static_cast<const arrow::StringArray&>(column.array()), *text, say, out);
    return text.has_value();
  }
  auto whole = RecordNode(&literal).whole_number();
  if (!whole || column.schema().logical() != columnar::Logical::kNone) return false;
  switch (column.schema().type()) {
    case Type::kInt8: compare_numbers_of<arrow::Int8Array>(column.array(), *whole, say, out); return true;
    case Type::kInt16: compare_numbers_of<arrow::Int16Array>(column.array(), *whole, say, out); return true;
    case Type::kInt32: compare_numbers_of<arrow::Int32Array>(column.array(), *whole, say, out); return true;
    case Type::kInt64: compare_numbers_of<arrow::Int64Array>(column.array(), *whole, say, out); return true;
    default: return false;
  }
}

}  // namespace

std::optional<RowVerdicts> RowVerdicts::compared(const RecordColumn& records, std::span<const std::string_view> path, const Value& literal, OrderVerdicts verdicts) {
  std::vector<const RecordColumn*> way = {&records};
  for (std::string_view name : path) {
    const RecordColumn* next = way.back()->schema().has_fields() ? way.back()->field(name) : nullptr;
    if (!next) return std::nullopt;
    way.push_back(next);
  }
  const int64_t rows = records.array().length();
  RowVerdicts out(rows);
  if (path.empty() || !compare_column(*way.back(), literal, verdicts, out.rows_.data())) return std::nullopt;
  for (const RecordColumn* column : way) {
    if (!column->may_lack_rows()) continue;
    for (int64_t row = 0; row < rows; ++row) {
      if (column->is_null(row) || column->is_absent(row)) out.rows_[static_cast<size_t>(row)] = Verdict::kAsk;
    }
  }
  return out;
}

void RowVerdicts::and_then(const RowVerdicts& other) {
  for (size_t i = 0; i < rows_.size(); ++i) rows_[i] = rows_[i] == Verdict::kYes ? other.rows_[i] : rows_[i];
}

void RowVerdicts::or_else(const RowVerdicts& other) {
  for (size_t i = 0; i < rows_.size(); ++i) rows_[i] = rows_[i] == Verdict::kNo ? other.rows_[i] : rows_[i];
}

void RowVerdicts::and_both(const RowVerdicts& other) {
  for (size_t i = 0; i < rows_.size(); ++i) rows_[i] = other.rows_[i] == Verdict::kAsk || rows_[i] == Verdict::kYes ? other.rows_[i] : rows_[i];
}

void RowVerdicts::or_both(const RowVerdicts& other) {
  for (size_t i = 0; i < rows_.size(); ++i) rows_[i] = other.rows_[i] == Verdict::kAsk || rows_[i] == Verdict::kNo ? other.rows_[i] : rows_[i];
}

void RowVerdicts::negate() {
  for (Verdict& row : rows_) row = row == Verdict::kAsk ? row : row == Verdict::kNo ? Verdict::kYes : Verdict::kNo;
}

}  // namespace bywash::transforms
