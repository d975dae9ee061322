// See row_merge.h.
#include "analytics/table/row_merge.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

struct MergeCell {
  bool null = false;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;  // of the segment's memory, which outlives the row
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string_view> texts;
};

void read_elements(const ColumnView& column, int64_t row, MergeCell& out) {
  const MultiValue values = column.multi(row);
  for (uint32_t i = 0; i < values.count; ++i) {
    const uint32_t id = values.ids[i];
    if (column.dictionary.kind == Stored::kI64) out.integers.push_back(column.dictionary.integer(id));
    else if (column.dictionary.kind == Stored::kF64) out.reals.push_back(column.dictionary.real(id));
    else out.texts.push_back(column.dictionary.text(id));
  }
}

MergeCell read_cell(RowInSegment place, size_t field) {
  const ColumnView& column = place.segment.column(field);
  MergeCell out;
  out.null = column.is_null(place.row);
  if (!column.field->single_value) {
    read_elements(column, place.row, out);
  } else if (column.encoding == Encoding::kDictionary) {
    const uint32_t id = column.dictionary_id(place.row);
    if (column.dictionary.kind == Stored::kI64) out.integer = column.dictionary.integer(id);
    else if (column.dictionary.kind == Stored::kF64) out.real = column.dictionary.real(id);
    else out.text = column.dictionary.text(id);
  } else {
    switch (column.stored) {
      case Stored::kI32:
      case Stored::kI64: out.integer = column.integer(place.row); break;
      case Stored::kF32: out.real = *column.block<float>(place.row); break;
      case Stored::kF64: out.real = *column.block<double>(place.row); break;
      case Stored::kBytes: out.text = column.raw_text(place.row); break;
    }
  }
  return out;
}

void append_merged(const MergeCell& cell, const FieldSpec& field, size_t column, MutableSegment& target) {
  if (cell.null) return target.append_null(column);
  if (!field.single_value) {
    if (is_integer(field.type)) return target.append_integers(column, cell.integers);
    return is_real(field.type) ? target.append_reals(column, cell.reals) : target.append_texts(column, cell.texts);
  }
  switch (stored_as(field.type)) {
    case Stored::kI32: return target.append_int(column, static_cast<int32_t>(cell.integer));  // sums wrap, as in Java
    case Stored::kI64: return target.append_long(column, cell.integer);
    case Stored::kF32: return target.append_float(column, static_cast<float>(cell.real));
    case Stored::kF64: return target.append_double(column, cell.real);
    case Stored::kBytes: return target.append_text(column, cell.text);
  }
}

template <class T>
void unite(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

bool cell_less(const MergeCell& a, const MergeCell& b, DataType type) {
  return is_integer(type) ? a.integer < b.integer : is_real(type) ? a.real < b.real : a.text < b.text;
}

MergeCell merge_cells(MergeStrategy strategy, DataType type, MergeCell before, MergeCell now) {
  if (before.null || strategy == MergeStrategy::kForceOverwrite) return now;
  if (now.null) return before;
  switch (strategy) {
    case MergeStrategy::kIgnore: return before;
    case MergeStrategy::kIncrement:
      now.integer = static_cast<int64_t>(static_cast<uint64_t>(now.integer) + static_cast<uint64_t>(before.integer));
      now.real += before.real;
      return now;
    case MergeStrategy::kMax: return cell_less(now, before, type) ? before : now;
    case MergeStrategy::kMin: return cell_less(before, now, type) ? before : now;
    case MergeStrategy::kAppend:
    case MergeStrategy::kUnion:
      before.integers.insert(before.integers.end(), now.integers.begin(), now.integers.end());
      before.reals.insert(before.reals.end(), now.reals.begin(), now.reals.end());
      before.texts.insert(before.texts.end(), now.texts.begin(), now.texts.end());
      if (strategy == MergeStrategy::kAppend) return before;
      unite(before.integers);
      unite(before.reals);
      unite(before.texts);
      return before;
    default: return now;
  }
}

void replace_row(const std::vector<MergeCell>& cells, int64_t row, const std::vector<FieldSpec>& fields, MutableSegment& target) {
  target.rollback(row);
  for (size_t i = 0; i < fields.size(); ++i) append_merged(cells[i], fields[i], i, target);
}

}  // namespace

std::optional<MergeStrategy> merge_strategy_from(std::string_view name) {
  constexpr std::string_view kNames[] = {"OVERWRITE", "FORCE_OVERWRITE", "IGNORE", "INCREMENT", "APPEND", "UNION", "MAX", "MIN"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<MergeStrategy>(i);
  }
  return std::nullopt;
}

void merge_rows(const std::vector<MergeStrategy>& strategies, RowInSegment before, RowInSegment now, MutableSegment& target) {
  const std::vector<FieldSpec>& fields = now.segment.schema()->fields;
  std::vector<MergeCell> merged;
  merged.reserve(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) merged.push_back(merge_cells(strategies[i], fields[i].type, read_cell(before, i), read_cell(now, i)));
  replace_row(merged, now.row, fields, target);
}

void set_integer(RowInSegment now, size_t field, int64_t value, MutableSegment& target) {
  const std::vector<FieldSpec>& fields = now.segment.schema()->fields;
  std::vector<MergeCell> cells;
  cells.reserve(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) cells.push_back(read_cell(now, i));
  cells[field].null = false;
  cells[field].integer = value;
  replace_row(cells, now.row, fields, target);
}

}  // namespace bywash::analytics
