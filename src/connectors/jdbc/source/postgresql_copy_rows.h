// Rows of COPY (...) TO STDOUT (FORMAT binary), taken while the server goes on making them: no round trip, and no text, per row. Level 6,
// one per connection, the task's thread.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "connectors/jdbc/source/source_database.h"

namespace bywash::jdbc {

class PostgresqlCopyRows {
 public:
  explicit PostgresqlCopyRows(PGconn* connection) : connection_(connection) {}
  PostgresqlCopyRows(const PostgresqlCopyRows&) = delete;
  ~PostgresqlCopyRows() { PQfreemem(buffer_); }

  // Begins, and waits for the first row: what a statement may not do shows by then.
  Status start(const std::string& sql, size_t columns);
  bool active() const { return active_; }
  // The next row; false after the last. Views until the next call.
  Result<bool> next(SourceRow* row);
  // Ends it, also in the middle. Other statements may follow.
  void finish();

 private:
  Status fetch();
  Status take_header();
  bool take(size_t count, std::string_view* out);

  PGconn* const connection_;
  char* buffer_ = nullptr;
  std::string_view rest_;  // of buffer_
  size_t columns_ = 0;
  bool active_ = false;    // the server is in COPY
  bool ended_ = false;     // no more rows
};

}  // namespace bywash::jdbc
