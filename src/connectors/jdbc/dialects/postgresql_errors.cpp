// SQLSTATE to what may be done, and messages that hold no record's content. Level 6.
#include <algorithm>
#include <string>
#include <utility>

#include "connectors/jdbc/dialects/postgresql_session.h"

namespace bywash::jdbc::postgresql {
namespace {

std::string field(const PGresult* r, int code) {
  const char* text = PQresultErrorField(r, code);
  return text ? text : "";
}

// Class 22's messages quote the value; its condition's name says the same without it (PostgreSQL 15, appendix A).
std::string data_condition(std::string_view state) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"22001", "value too long for the column's type"},
      {"22003", "numeric value out of range"},
      {"22007", "invalid date or time format"},
      {"22008", "date or time value out of range"},
      {"22021", "character not in the database's repertoire (U+0000, or invalid UTF-8)"},
      {"22023", "invalid parameter value"},
      {"22P02", "invalid text representation for the column's type"},
      {"22P03", "invalid binary representation"},
      {"22P05", "untranslatable character"},
      {"22032", "invalid JSON text"},
  };
  for (auto [known, name] : kNames) {
    if (known == state) return std::string(name);
  }
  return "data exception";
}

// "COPY t, line 2, column qty" names the column; what may follow it is the value.
std::string column_of(const PGresult* r) {
  std::string name = field(r, PG_DIAG_COLUMN_NAME);
  if (!name.empty()) return name;
  std::string context = field(r, PG_DIAG_CONTEXT);
  size_t at = context.find(", column ");
  if (!context.starts_with("COPY ") || at == context.npos) return "";
  std::string rest = context.substr(at + 9);
  return rest.substr(0, rest.find_first_of(":\n"));
}

bool transient(std::string_view state) {
  static constexpr std::string_view kPrefixes[] = {"08", "40", "53", "57", "58", "55P03", "55006", "25P03", "XX"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view p) { return state.starts_with(p); });
}

std::string_view advice(std::string_view state, std::string_view primary) {
  if (state == "42501") return ": grant it to the role of connection.user (CREATE on the schema, TEMPORARY on the database, INSERT, UPDATE, DELETE and SELECT on the table)";
  // COPY says the first, INSERT the second.
  bool generated = (state == "42P10" && primary.find("is a generated column") != primary.npos) || state == "428C9";
  if (generated) return ": the database alone gives this column its values; leave the field out (fields.whitelist, ReplaceField)";
  if (state == "42P10") return ": add a primary key or unique constraint on the fields of pk.fields, or change pk.mode and pk.fields";
  if (state == "42703") return ": column names are compared exactly; rename the field (ReplaceField), or the column";
  if (state == "42804") return ": change the column's type, or cast the field (Cast)";
  if (state == "42P07") return ": a relation of this name is there already, of a kind that table.types does not have";
  if (state == "3F000") return ": create the schema, or change table.name.format";
  if (state == "42601") return ": with quote.sql.identifiers=never, names must not be reserved words";
  return "";
}

}  // namespace

Status status_of(const PGresult* result, PGconn* connection) {
  std::string state = result ? field(result, PG_DIAG_SQLSTATE) : "";
  if (state.empty()) {
    std::string text = PQerrorMessage(connection);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::erase(text, '\t');
    std::replace(text.begin(), text.end(), '\n', ' ');
    return Status::retriable("Connection to PostgreSQL was lost: " + text);
  }
  std::string table = field(result, PG_DIAG_TABLE_NAME), column = column_of(result);
  std::string place;
  if (!table.empty()) place += fmt::format(", table '{}'", table);
  if (!column.empty()) place += fmt::format(", column '{}'", column);
  auto of_sql = [](Status s) { return std::move(s).with_java_class("java.sql.SQLException"); };
  if (state.starts_with("22")) return of_sql(Status::data(fmt::format("SQLSTATE {}: {}{}", state, data_condition(state), place)));
  std::string primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (transient(state)) return Status::retriable(fmt::format("SQLSTATE {}: {}", state, primary)).with_context("PostgreSQL");
  if (state.starts_with("23") || state == "44000") return of_sql(Status::data(fmt::format("SQLSTATE {}: {}{}", state, primary, place)));
  // A trigger's own RAISE may quote the row.
  if (state.starts_with("P0")) return of_sql(Status::data(fmt::format("SQLSTATE {}: refused by a trigger or function{}", state, place)));
  std::string message = fmt::format("SQLSTATE {}: {}{}", state, primary, advice(state, primary));
  if (state == "42804" || state == "42846" || state == "42883") return of_sql(Status::data(message));  // this record's type
  if (state == "42501" || state.starts_with("28")) return of_sql(Status::unauthorized(message));
  return of_sql(Status(Code::kFatal, Blame::kUser, message));
}

}  // namespace bywash::jdbc::postgresql
