// One JSON value into a column's type: Pinot's coercions, without its silent losses. Decode step of the table line, slow path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/segment/table_schema.h"
#include "analytics/table/json_rows.h"

namespace bywash::analytics {

struct CoercedValue {
  bool null = true;
  std::optional<ReplaceReason> problem;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<CoercedValue> elements;  // of a multi-value column

  void reset() {
    null = true;
    problem.reset();
    text.clear();
    elements.clear();
  }
  void fail(ReplaceReason reason) {
    reset();
    problem = reason;
  }
};

// Whether an instant lies in 1971..2071, the range in which Pinot takes times seriously (TimeUtils.timeValueInValidRange).
constexpr bool is_plausible_time(int64_t epoch_ms) { return epoch_ms >= 31'536'000'000 && epoch_ms < 3'187'296'000'000; }

// Whether the text is a number by JSON's grammar.
bool is_json_number(std::string_view token);
// A text (the value of a JSON string) or a JSON scalar's own text as a value of the field's type.
void coerce_text(std::string_view text, const FieldSpec& field, LongText long_text, CoercedValue& out);
void coerce_number(std::string_view token, const FieldSpec& field, LongText long_text, CoercedValue& out);
void coerce_bool(bool flag, const FieldSpec& field, CoercedValue& out);
// A text for a STRING, JSON or BYTES column against the field's maxLength.
void put_text(std::string text, const FieldSpec& field, LongText long_text, CoercedValue& out);

}  // namespace bywash::analytics
