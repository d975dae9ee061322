// DuckDB behind a small face: SQL in, Arrow record batches out. The library (70 MB) is loaded at the first use, from beside the program,
// so that a worker that runs no SQL never pays for it. Level 3; one thread per connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace arrow {
class RecordBatch;
}

namespace bywash::duckdb {

class DuckDb {
 public:
  // An in-memory database; larger-than-memory intermediate results spill to `spill_folder`. Error: the library cannot be loaded.
  static Result<std::unique_ptr<DuckDb>> open(const std::string& spill_folder, int64_t memory_limit_bytes);
  virtual ~DuckDb() = default;
  // Runs statements for their effect.
  virtual Status execute(const std::string& sql) = 0;
  // Streams a query's result. kInvalid with DuckDB's message (position and reason) when the SQL is wrong.
  virtual Status query(const std::string& sql, const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& on_batch) = 0;
};

// 'text' as an SQL string literal.
std::string sql_literal(const std::string& text);

}  // namespace bywash::duckdb
