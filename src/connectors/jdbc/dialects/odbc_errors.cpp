// SQLSTATE and the database's own numbers to what may be done. Level 6, every thread.
#include <algorithm>
#include <string_view>

#include "connectors/jdbc/dialects/mysql_session.h"
#include "connectors/jdbc/dialects/odbc_connection.h"
#include "connectors/jdbc/dialects/odbc_product.h"
#include "connectors/jdbc/dialects/sqlserver_connection.h"

namespace bywash::jdbc::odbc {
namespace {

bool one_of_numbers(int number, std::initializer_list<int> list) { return std::find(list.begin(), list.end(), number) != list.end(); }

bool starts_with_any(std::string_view state, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return state.starts_with(p); });
}

// What classes 22 and 23 mean; the drivers' own texts may quote the value.
std::string_view condition(std::string_view state) {
  if (state == "22001") return "value too long for the column's type";
  if (state == "22003") return "numeric value out of range";
  if (state == "22007" || state == "22008") return "invalid date or time for the column's type";
  if (state == "22018" || state == "22P02") return "invalid text representation for the column's type";
  if (state == "22021" || state == "22P05") return "characters that the database does not hold";
  if (state == "23502") return "a value is needed";
  if (state == "23505") return "duplicate key";
  if (state == "23503") return "a foreign key constraint fails";
  if (state == "23514") return "a CHECK constraint fails";
  return state.starts_with("23") ? "a constraint fails" : "data exception";
}

// Names in quotes behind a word are no values: constraint "t_pkey", column "a".
std::string names_in(std::string_view text) {
  std::string out;
  for (std::string_view word : {"constraint", "column"}) {
    size_t at = text.find(std::string(word) + " \"");
    if (at == text.npos) continue;
    std::string_view rest = text.substr(at + word.size() + 2);
    out += fmt::format(", {} '{}'", word, rest.substr(0, rest.find('"')));
  }
  return out;
}

// SQLite's result codes (sqlite3.h), which its driver gives as the native number beside HY000.
Code code_of_sqlite(int number) {
  switch (number & 0xff) {
    case 5: case 6: case 7: case 9: case 10: case 13: case 15: return Code::kRetriable;  // busy, locked, memory, interrupt, I/O, full, protocol
    case 18: case 19: case 20: case 25: return Code::kData;                               // too big, constraint, mismatch, range
    case 3: case 8: case 14: case 23: return Code::kUnauthorized;                         // permission, read-only, cannot open, authorisation
    default: return Code::kFatal;
  }
}

// Oracle's (ORA-nnnnn), where the driver says HY000.
Code code_of_oracle(int number) {
  if (one_of_numbers(number, {54, 60, 1013, 1033, 1034, 1089, 1090, 1555, 1652, 1653, 1654, 1655, 3113, 3114, 3135, 8177, 12170, 12514, 12537, 12541, 12571, 30036})) return Code::kRetriable;
  if (one_of_numbers(number, {1, 1400, 1407, 1438, 1722, 1830, 1840, 1843, 1861, 2290, 2291, 2292, 12899})) return Code::kData;
  if (one_of_numbers(number, {1017, 1031, 1045, 28000, 28001})) return Code::kUnauthorized;
  return Code::kFatal;
}

Status made(Code code, const std::string& text) {
  auto of_sql = [](Status s) { return std::move(s).with_java_class("java.sql.SQLException"); };
  switch (code) {
    case Code::kRetriable: return Status::retriable(text);
    case Code::kData: return of_sql(Status::data(text));
    case Code::kUnauthorized: return of_sql(Status::unauthorized(text));
    default: return of_sql(Status(Code::kFatal, Blame::kUser, text));
  }
}

std::string_view advice_for(std::string_view state) {
  if (state == "42501") return ": grant it to the user of connection.user (CREATE, ALTER, SELECT, INSERT, UPDATE, DELETE)";
  if (state == "42S22" || state == "42703") return ": rename the field (ReplaceField), or the column";
  if (state == "42000" || state == "42601") return ": with quote.sql.identifiers=never, names must not be reserved words";
  return "";
}

}  // namespace

bool tells_of_loss(const std::string& dbms, const std::vector<Diagnosis>& records) {
  const bool mysql = product_of(dbms).kind == ProductKind::kMysql;
  return std::any_of(records.begin(), records.end(), [&](const Diagnosis& d) {
    if (mysql && d.number > 0 && mysql::connection_lost(static_cast<unsigned>(d.number))) return true;
    return starts_with_any(d.state, {"08", "57P0"}) && d.state != "08004";
  });
}

Status status_of(const std::string& dbms, const std::vector<Diagnosis>& records, bool dead) {
  if (records.empty()) return Status::retriable("The ODBC driver failed without a reason");
  // Warnings may stand before what matters.
  auto first = std::find_if(records.begin(), records.end(), [](const Diagnosis& d) { return !d.state.starts_with("01"); });
  const Diagnosis& d = first == records.end() ? records.front() : *first;
  if (dead) return Status::retriable(fmt::format("Connection to the database was lost: {} (SQLSTATE {})", d.text, d.state));
  ProductKind kind = product_of(dbms).kind;
  if (kind == ProductKind::kMysql && d.number >= 1000) return mysql::status_of(static_cast<unsigned>(d.number), d.state, d.text);
  if (kind == ProductKind::kSqlserver && d.number > 0) return sqlserver::status_of({{d.number, 16, false, d.text}}, false);
  std::string number = d.number && kind != ProductKind::kPostgresql ? fmt::format(", error {}", d.number) : "";
  if (kind == ProductKind::kSqlite && d.number > 0) {
    Code code = code_of_sqlite(d.number);
    return made(code, fmt::format("SQLSTATE {}{}: {}", code == Code::kData ? "23000" : d.state, number, d.text));
  }
  if (starts_with_any(d.state, {"22", "23", "44", "21000"})) return made(Code::kData, fmt::format("SQLSTATE {}{}: {}{}", d.state, number, condition(d.state), names_in(d.text)));
  // A trigger's own words may quote the row.
  if (d.state.starts_with("P0")) return made(Code::kData, fmt::format("SQLSTATE {}: refused by a trigger or function", d.state));
  std::string text = fmt::format("SQLSTATE {}{}: {}{}", d.state, number, d.text, advice_for(d.state));
  if (starts_with_any(d.state, {"08", "40", "53", "57", "58", "55P03", "55006", "25P03", "HYT0", "HY008", "XX"})) return made(Code::kRetriable, text);
  if (starts_with_any(d.state, {"28", "42501"})) return made(Code::kUnauthorized, text);
  if (d.state == "42804" || d.state == "42846" || d.state == "42883" || d.state == "07006") return made(Code::kData, text);  // this record's type
  if (kind == ProductKind::kOracle && d.number > 0) {
    Code code = code_of_oracle(d.number);
    return made(code, code == Code::kData ? fmt::format("SQLSTATE {}{}: the database refuses the row", d.state, number) : text);
  }
  // A database that is not known here, and a driver that says no more than "general error": it may pass, as the original takes every error.
  if (kind == ProductKind::kOther && d.state == "HY000") return made(Code::kRetriable, text);
  return made(Code::kFatal, text);
}

}  // namespace bywash::jdbc::odbc
