// Values as the cells of an answer. Render stage.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/plan/expression.h"
#include "analytics/segment/segment.h"

namespace bywash::analytics {

// The i-th value: BOOLEAN as bool, TIMESTAMP as 'yyyy-MM-dd HH:mm:ss.S' (UTC), BYTES as hex, the rest as they are.
Cell cell_of(const Vector& values, size_t i);
// An array of a multi-value column.
Cell cell_of(const ColumnView& column, int64_t row);
// "INT", "STRING_ARRAY", ...; OBJECT for casts of aggregations (Pinot 1.5.1).
std::string type_name(const Bound& value);
// Order of two values: -1, 0, 1. NaN after all numbers.
int compare_reals(double a, double b);
int compare_at(const Vector& values, size_t a, size_t b);

}  // namespace bywash::analytics
