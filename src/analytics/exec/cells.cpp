#include "analytics/exec/cells.h"

#include <chrono>
#include <cmath>

namespace bywash::analytics {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

// java.sql.Timestamp.toString.
std::string timestamp(int64_t millis) {
  using namespace std::chrono;
  sys_time<milliseconds> at{milliseconds(millis)};
  auto day = floor<days>(at);
  year_month_day date(day);
  hh_mm_ss time(at - day);
  std::string fraction = fmt::format("{:03}", time.subseconds().count());
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(), fraction);
}

Cell integer_cell(DataType type, int64_t value) {
  if (type == DataType::kBoolean) return {value != 0};
  if (type == DataType::kTimestamp) return {timestamp(value)};
  return {value};
}
Cell real_cell(DataType type, double value) { return type == DataType::kFloat ? Cell{static_cast<float>(value)} : Cell{value}; }
Cell text_cell(DataType type, std::string_view value) { return {type == DataType::kBytes ? hex(value) : std::string(value)}; }

}  // namespace

Cell cell_of(const Vector& values, size_t i) {
  switch (values.physical()) {
    case Physical::kInteger: return integer_cell(values.type, values.integers[i]);
    case Physical::kReal: return real_cell(values.type, values.reals[i]);
    case Physical::kText: return text_cell(values.type, values.texts[i]);
  }
  return {};
}

Cell cell_of(const ColumnView& column, int64_t row) {
  CellArray out;
  MultiValue value = column.multi(row);
  DataType type = column.field->type;
  for (uint32_t i = 0; i < value.count; ++i) {
    uint32_t id = value.ids[i];
    switch (physical_of(type)) {
      case Physical::kInteger: out.push_back(integer_cell(type, column.dictionary.integer(id))); break;
      case Physical::kReal: out.push_back(real_cell(type, column.dictionary.real(id))); break;
      case Physical::kText: out.push_back(text_cell(type, column.dictionary.text(id))); break;
    }
  }
  return {std::move(out)};
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
  switch (values.physical()) {
    case Physical::kInteger: return values.integers[a] < values.integers[b] ? -1 : values.integers[a] > values.integers[b];
    case Physical::kReal: return compare_reals(values.reals[a], values.reals[b]);
    case Physical::kText: {
      int order = values.texts[a].compare(values.texts[b]);
      return order < 0 ? -1 : order > 0;
    }
  }
  return 0;
}

}  // namespace bywash::analytics
