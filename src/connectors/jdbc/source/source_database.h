// A database that is read from: its tables, and the rows of a statement as a stream. One implementation per database. Level 6,
// one per task thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/jdbc/source/source_config.h"
#include "connectors/jdbc/table_name.h"

namespace bywash::jdbc {

// java.sql.Types, as far as rows are made of them.
enum class JdbcType : uint8_t { kBoolean, kTinyint, kSmallint, kInteger, kBigint, kReal, kDouble, kNumeric, kText, kBytes, kDate, kTime, kTimestamp, kOther };

struct SourceColumn {
  std::string name;
  JdbcType type = JdbcType::kOther;
  std::string type_name;     // as the database has it, for messages
  bool is_unsigned = false;
  bool nullable = true;      // also where nobody knows
  bool with_zone = false;    // its texts are instants in UTC
  int32_t precision = 0, scale = 0;
  bool any_scale = false;    // a NUMERIC without precision: each value has its own scale
  uint32_t binary_type = 0;  // its values come in PostgreSQL's binary form of this type (postgresql_binary.h); 0: as texts
};

// A point in time: microseconds since 1970 in UTC and on the clock of db.timezone, and nanoseconds (0..999) beyond them.
struct ReadTime {
  int64_t instant = 0, local = 0;
  int32_t nanos = 0;
};

// Values of a row in the database's text form, or in the binary one where the column says so; bytes as bytes. Valid until the next call.
using SourceRow = std::vector<std::optional<std::string_view>>;

class SourceDatabase {
 public:
  virtual ~SourceDatabase() = default;
  virtual IdentifierRules identifiers() const = 0;
  // All tables of table.types that catalog.pattern and schema.pattern allow, complete names, in order.
  virtual Result<std::vector<TableName>> tables() = 0;
  // Begins a statement; the columns of its rows. No other call until finish(), which may come early.
  virtual Result<std::vector<SourceColumn>> start(const std::string& sql) = 0;
  // The next row into *row; false after the last.
  virtual Result<bool> next(SourceRow* row) = 0;
  virtual void finish() = 0;
  // The database's clock, microseconds since 1970 UTC.
  virtual Result<int64_t> now_micros() = 0;
  // A timestamp for a condition on `column`: `local` where the column has no zone, else `instant`.
  virtual std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const = 0;
  // Looks once into a table that conditions on timestamps are made for (SQLite: which form its timestamps have).
  virtual Status note_timestamp_column(const TableName&, SourceColumn*) { return {}; }
  virtual bool alive() const = 0;
};

// Connects. kRetriable: not reachable now; kUnauthorized, kFatal, kInvalid: refused.
Result<std::unique_ptr<SourceDatabase>> open_source_database(const SourceConfig& config);
Result<std::unique_ptr<SourceDatabase>> open_source_postgresql(const SourceConfig& config);
Result<std::unique_ptr<SourceDatabase>> open_source_mysql(const SourceConfig& config);
Result<std::unique_ptr<SourceDatabase>> open_source_sqlserver(const SourceConfig& config);
Result<std::unique_ptr<SourceDatabase>> open_source_odbc(const SourceConfig& config);
Result<std::unique_ptr<SourceDatabase>> open_source_sqlite(const SourceConfig& config);

}  // namespace bywash::jdbc
