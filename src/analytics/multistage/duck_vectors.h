// Values between DuckDB's vectors and the engine's. Query line, scan and render stages; the query's thread.
#pragma once

#include "analytics/multistage/translation.h"
#include "analytics/plan/vector.h"
#include "duckdb/library.h"

namespace bywash::analytics::multistage {

// DuckDB's logical type of a value; the caller destroys it.
duckdb::Handle logical_type(const duckdb::Api& api, ValueType type);

// The first n values of a flat vector. Texts point into it. Elements of arrays that are null read as zero or empty.
void read_vector(const duckdb::Api& api, duckdb::Handle vector, size_t n, ValueType type, Vector* out);

// The first n values of `values` into `vector`.
void write_vector(const duckdb::Api& api, duckdb::Handle vector, size_t n, const Vector& values);

}  // namespace bywash::analytics::multistage
