// Values as the cells of an answer. Render stage.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/plan/expression.h"

namespace bywash::analytics {

// The i-th value: BOOLEAN as bool, TIMESTAMP as 'yyyy-MM-dd HH:mm:ss.S' (UTC), BYTES as hex, the rest as they are; an array of
// these, or null.
Cell cell_of(const Vector& values, size_t i);
// The i-th of the values themselves: of arrays, an element.
Cell element_of(const Vector& values, size_t i);
// "INT", "STRING_ARRAY", ...; OBJECT for casts of aggregations (Pinot 1.5.1).
std::string type_name(const Bound& value);
// Order of two values: -1, 0, 1. NaN after all numbers.
int compare_reals(double a, double b);
int compare_at(const Vector& values, size_t a, size_t b);

// What an answer's rows may take in memory; past it a query fails.
constexpr int64_t kResultBytesMax = int64_t{256} << 20;
std::string too_large_result();  // the exception's message
int64_t bytes_of(const Cell& cell);

}  // namespace bywash::analytics
