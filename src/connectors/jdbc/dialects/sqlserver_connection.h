// A connection to SQL Server through FreeTDS's db-lib, whose header stays in sqlserver_connection.cpp: its macros and type names are everybody's.
// Level 6, the task's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "connectors/jdbc/connection_url.h"

namespace bywash::jdbc::sqlserver {

// A column of a result by what its values are.
enum class FieldKind : uint8_t { kBit, kTinyint, kSmallint, kInt, kBigint, kReal, kFloat, kDecimal, kText, kBytes, kDate, kTime, kDatetime, kDatetime2, kDatetimeoffset, kOther };

struct Field {
  std::string name;
  FieldKind kind = FieldKind::kOther;
  int type_number = 0;  // TDS's, for messages
  int32_t precision = 0, scale = 0;
  bool nullable = true;  // also where nobody knows
};

// What the server (or FreeTDS, with `number` from 20000 up and `local` set) said.
struct ServerMessage {
  int number = 0;
  int severity = 0;
  bool local = false;
  std::string text;
};

// What messages of a failed call mean. kRetriable (the connection is lost, a deadlock, no room), kData, kUnauthorized, kFatal; the message has
// SQLSTATE and the server's number, and never a value of a row.
Status status_of(const std::vector<ServerMessage>& messages, bool dead);

// A row's values as texts in ISO forms; bytes as they are. An instant (datetimeoffset) is in UTC with "+00" behind it.
using Values = std::vector<std::optional<std::string_view>>;

class Connection {
 public:
  // kRetriable: not reachable now; kUnauthorized, kFatal, kInvalid: refused, or a parameter that cannot be served.
  static Result<std::unique_ptr<Connection>> open(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // All statements of `sql`; their rows are dropped.
  Status run(const std::string& sql);
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql);

  // The rows of the first statement that has some, one by one; no other call until finish(). Empty: no statement has rows.
  Result<std::vector<Field>> start(const std::string& sql);
  // False after the last row. The values live until the next call.
  Result<bool> next(Values* row);
  void finish();

  bool alive() const;

 private:
  struct Handle;
  explicit Connection(std::unique_ptr<Handle> handle);
  Status send(const std::string& sql);
  Status failed();

  std::unique_ptr<Handle> handle_;
  std::vector<Field> fields_;
  std::vector<std::string> made_;
  bool reading_ = false;
};

}  // namespace bywash::jdbc::sqlserver
