#include "analytics/exec/cells.h"

#include "analytics/plan/decimal_text.h"

#include "analytics/sql/java_text.h"
#include "base/encoding.h"

#include <cmath>

namespace bywash::analytics {
namespace {

Cell integer_cell(DataType type, int64_t value) {
  if (type == DataType::kBoolean) return {value != 0};
  if (type == DataType::kTimestamp) return {sql::java_timestamp(value)};
  return {value};
}
Cell real_cell(DataType type, double value) { return type == DataType::kFloat ? Cell{static_cast<float>(value)} : Cell{value}; }
Cell text_cell(DataType type, std::string_view value) { return {type == DataType::kBytes ? hex(value) : std::string(value)}; }

}  // namespace

Cell cell_of(const Vector& values, size_t i) {
  if (values.is_null(i)) return {};
  if (values.multi) {
    CellArray out;
    for (uint32_t at = values.offsets[i]; at < values.offsets[i + 1]; ++at) out.push_back(element_of(values, at));
    return {std::move(out)};
  }
  return element_of(values, i);
}

Cell element_of(const Vector& values, size_t i) {
  switch (values.physical()) {
    case Physical::kInteger: return integer_cell(values.type, values.integers[i]);
    case Physical::kReal: return real_cell(values.type, values.reals[i]);
    case Physical::kText: return text_cell(values.type, values.texts[i]);
  }
  return {};
}

std::string type_name(const Bound& value) {
  if (value.from_cast) return "OBJECT";
  return std::string(to_string(value.type)) + (value.multi ? "_ARRAY" : "");
}

int compare_reals(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_at(const Vector& values, size_t a, size_t b) {
  if (values.is_null(a) || values.is_null(b)) return static_cast<int>(values.is_null(a)) - static_cast<int>(values.is_null(b));
  switch (values.physical()) {
    case Physical::kInteger: return values.integers[a] < values.integers[b] ? -1 : values.integers[a] > values.integers[b];
    case Physical::kReal: return compare_reals(values.reals[a], values.reals[b]);
    case Physical::kText: {
      if (values.type == DataType::kBigDecimal) return compare_decimal_texts(values.texts[a], values.texts[b]);
      int order = values.texts[a].compare(values.texts[b]);
      return order < 0 ? -1 : order > 0;
    }
  }
  return 0;
}

std::string too_large_result() { return fmt::format("QueryExecutionError: the result is larger than {} MiB; LIMIT it or select less", kResultBytesMax >> 20); }

int64_t bytes_of(const Cell& cell) {
  int64_t out = sizeof(Cell);
  if (const auto* text = std::get_if<std::string>(&cell.value)) out += static_cast<int64_t>(text->capacity());
  if (const auto* array = std::get_if<CellArray>(&cell.value)) {
    for (const Cell& element : *array) out += bytes_of(element);
  }
  return out;
}

}  // namespace bywash::analytics
