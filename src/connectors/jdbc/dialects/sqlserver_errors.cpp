// SQL Server's errors by number (sys.messages; what mssql-jdbc calls SQLSTATE is by ODBC's table here). Level 6, every thread.
#include <algorithm>
#include <string_view>

#include "connectors/jdbc/dialects/sqlserver_connection.h"

namespace bywash::jdbc::sqlserver {
namespace {

struct Known {
  int number;
  Code code;
  std::string_view state;
  std::string_view meaning;  // instead of the server's text where that holds values of rows
};

constexpr Known kKnownErrors[] = {
    // Faults that pass.
    {1205, Code::kRetriable, "40001", "deadlock victim"},
    {1222, Code::kRetriable, "HYT00", "lock request time out"},
    {1204, Code::kRetriable, "53200", ""}, {1211, Code::kRetriable, "40001", ""}, {701, Code::kRetriable, "53200", ""}, {802, Code::kRetriable, "53200", ""},
    {845, Code::kRetriable, "53000", ""}, {8645, Code::kRetriable, "53000", ""}, {8651, Code::kRetriable, "53000", ""}, {1101, Code::kRetriable, "53100", ""},
    {1105, Code::kRetriable, "53100", ""}, {9002, Code::kRetriable, "53100", ""}, {3960, Code::kRetriable, "40001", ""}, {3961, Code::kRetriable, "40001", ""},
    {596, Code::kRetriable, "08S01", ""}, {6005, Code::kRetriable, "08S01", ""}, {6001, Code::kRetriable, "08S01", ""}, {17142, Code::kRetriable, "08001", ""},
    {18401, Code::kRetriable, "08001", ""}, {18451, Code::kRetriable, "08001", ""}, {17809, Code::kRetriable, "08004", ""}, {922, Code::kRetriable, "08001", ""},
    {923, Code::kRetriable, "08001", ""}, {924, Code::kRetriable, "08001", ""}, {952, Code::kRetriable, "08001", ""}, {976, Code::kRetriable, "08001", ""},
    {983, Code::kRetriable, "08001", ""}, {3906, Code::kRetriable, "25006", ""}, {10928, Code::kRetriable, "53000", ""}, {10929, Code::kRetriable, "53000", ""},
    {10936, Code::kRetriable, "53000", ""}, {40197, Code::kRetriable, "08S01", ""}, {40501, Code::kRetriable, "53000", ""}, {40544, Code::kRetriable, "53100", ""},
    {40549, Code::kRetriable, "40000", ""}, {40550, Code::kRetriable, "40000", ""}, {40551, Code::kRetriable, "53000", ""}, {40552, Code::kRetriable, "53000", ""},
    {40553, Code::kRetriable, "53000", ""}, {40613, Code::kRetriable, "08001", ""}, {41301, Code::kRetriable, "40001", ""}, {41302, Code::kRetriable, "40001", ""},
    {41305, Code::kRetriable, "40001", ""}, {41325, Code::kRetriable, "40001", ""}, {41839, Code::kRetriable, "40001", ""}, {49918, Code::kRetriable, "53000", ""},
    {49919, Code::kRetriable, "53000", ""}, {49920, Code::kRetriable, "53000", ""},
    // A row's fault.
    {2627, Code::kData, "23000", "duplicate key"}, {2601, Code::kData, "23000", "duplicate key"},
    {515, Code::kData, "23000", "a value is needed"}, {547, Code::kData, "23000", "a FOREIGN KEY or CHECK constraint fails"},
    {8672, Code::kData, "21000", "two records of a put have the same key for the table's collation"},
    {8152, Code::kData, "22001", "value too long"}, {2628, Code::kData, "22001", "value too long"},
    {220, Code::kData, "22003", "value out of range"}, {232, Code::kData, "22003", "value out of range"}, {248, Code::kData, "22003", "value out of range"},
    {8115, Code::kData, "22003", "value out of range"}, {244, Code::kData, "22003", "value out of range"}, {1007, Code::kData, "22003", "value out of range"},
    {241, Code::kData, "22007", "invalid date or time"}, {242, Code::kData, "22007", "date or time out of range"}, {295, Code::kData, "22007", "invalid date or time"},
    {296, Code::kData, "22007", "date or time out of range"}, {298, Code::kData, "22007", "date or time out of range"}, {517, Code::kData, "22007", "date or time out of range"},
    {245, Code::kData, "22018", "invalid text representation for the column's type"}, {8114, Code::kData, "22018", "invalid text representation for the column's type"},
    {235, Code::kData, "22018", "invalid text representation for the column's type"}, {293, Code::kData, "22018", "invalid text representation for the column's type"},
    {8169, Code::kData, "22018", "invalid uniqueidentifier"}, {8170, Code::kData, "22001", "value too long"}, {529, Code::kData, "22018", "a type that cannot be converted to the column's"},
    {513, Code::kData, "23000", "a rule fails"}, {8134, Code::kData, "22012", "division by zero"}, {6522, Code::kData, "22000", "a function of the database fails"},
    {7139, Code::kData, "22001", "value too long"}, {9400, Code::kData, "2200M", "invalid XML"}, {9402, Code::kData, "2200M", "invalid XML"}, {9420, Code::kData, "2200M", "invalid XML"},
    {9436, Code::kData, "2200M", "invalid XML"}, {13609, Code::kData, "22032", "invalid JSON"}, {1946, Code::kData, "22001", "index key too long"}, {511, Code::kData, "22001", "row too long"},
    // Who may not.
    {18456, Code::kUnauthorized, "28000", ""}, {18452, Code::kUnauthorized, "28000", ""}, {18470, Code::kUnauthorized, "28000", ""}, {18486, Code::kUnauthorized, "28000", ""},
    {18487, Code::kUnauthorized, "28000", ""}, {18488, Code::kUnauthorized, "28000", ""}, {229, Code::kUnauthorized, "42000", ""}, {230, Code::kUnauthorized, "42000", ""},
    {262, Code::kUnauthorized, "42000", ""}, {916, Code::kUnauthorized, "42000", ""}, {1088, Code::kUnauthorized, "42000", ""}, {297, Code::kUnauthorized, "42000", ""},
    {300, Code::kUnauthorized, "42000", ""}, {4064, Code::kUnauthorized, "28000", ""},
    // Configuration.
    {208, Code::kFatal, "42S02", ""}, {4902, Code::kFatal, "42S02", ""}, {3701, Code::kFatal, "42S02", ""}, {207, Code::kFatal, "42S22", ""}, {2714, Code::kFatal, "42S01", ""},
    {2705, Code::kFatal, "42S21", ""}, {4060, Code::kFatal, "08004", ""}, {911, Code::kFatal, "08004", ""}, {102, Code::kFatal, "42000", ""}, {156, Code::kFatal, "42000", ""},
    {544, Code::kFatal, "23000", ""}, {8102, Code::kFatal, "42000", ""}, {271, Code::kFatal, "42000", ""}, {273, Code::kFatal, "42000", ""}, {206, Code::kFatal, "22018", ""},
    {257, Code::kFatal, "22018", ""}, {1919, Code::kFatal, "42000", ""}, {1934, Code::kFatal, "42000", ""}, {2717, Code::kFatal, "42000", ""}};

std::string_view sqlserver_advice(int number) {
  switch (number) {
    case 208: return ": OPENJSON, if it is that, needs SQL Server 2016 and a compatibility level of 130 at least";
    case 229: case 230: case 262: case 1088: return ": grant it to the login of connection.user (CREATE TABLE, ALTER, SELECT, INSERT, UPDATE, DELETE)";
    case 207: return ": rename the field (ReplaceField), or the column";
    case 4060: case 911: return ": create the database, or change databaseName in connection.url";
    case 544: case 8102: return ": the column numbers itself (IDENTITY): leave the field out (fields.whitelist), or make the column a plain one";
    case 271: return ": the column is computed: leave the field out (fields.whitelist)";
    case 102: case 156: return ": with quote.sql.identifiers=never, names must not be reserved words";
    case 206: case 257: return ": the record's type does not fit the column's: cast the field (Cast), or change the column";
    default: return "";
  }
}

// A name in quotes, 'dbo.orders' or "FK_1", behind `word`: tables, columns and constraints, which are no values.
std::string name_behind(std::string_view text, std::string_view word) {
  size_t at = text.find(word);
  if (at == text.npos || at + word.size() + 2 > text.size()) return "";
  char quote = text[at + word.size()];
  if (quote != '\'' && quote != '"') return "";
  std::string_view rest = text.substr(at + word.size() + 1);
  return std::string(rest.substr(0, rest.find(quote)));
}

std::string places(std::string_view text) {
  std::string out;
  std::string last;
  for (auto [word, shown] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"constraint ", "constraint"}, {"unique index ", "index"}, {"object ", "table"}, {"table ", "table"}, {"column ", "column"}}) {
    std::string name = name_behind(text, word);
    if (!name.empty() && name != last) out += fmt::format(", {} '{}'", shown, name);
    if (!name.empty()) last = name;
  }
  return out;
}

}  // namespace

Status status_of(const std::vector<ServerMessage>& messages, bool dead) {
  auto of_sql = [](Status s) { return std::move(s).with_java_class("com.microsoft.sqlserver.jdbc.SQLServerException"); };
  const ServerMessage* first = nullptr;
  for (const ServerMessage& m : messages) {
    if (!m.local && !first) first = &m;
  }
  if (!first) {
    std::string why = messages.empty() ? "no reason was given" : messages.front().text;
    // 20003: the time limit of socketTimeout; FreeTDS gives such a connection up.
    if (dead || (!messages.empty() && messages.front().number == 20003)) return Status::retriable(fmt::format("Connection to the database was lost: {}", why));
    return of_sql(Status::retriable(fmt::format("The database's client failed: {}", why)));
  }
  const Known* known = std::find_if(std::begin(kKnownErrors), std::end(kKnownErrors), [&](const Known& k) { return k.number == first->number; });
  if (known != std::end(kKnownErrors)) {
    std::string place = known->code == Code::kData ? places(first->text) : "";
    std::string text = fmt::format("SQLSTATE {}, error {}: {}{}{}", known->state, first->number, known->meaning.empty() ? std::string_view(first->text) : known->meaning,
                                   place, sqlserver_advice(first->number));
    switch (known->code) {
      case Code::kRetriable: return Status::retriable(text);
      case Code::kData: return of_sql(Status::data(text));
      case Code::kUnauthorized: return of_sql(Status::unauthorized(text));
      default: return of_sql(Status(Code::kFatal, Blame::kUser, text));
    }
  }
  // RAISERROR and THROW of triggers and procedures; their texts may quote the row.
  if (first->number >= 50'000) return of_sql(Status::data(fmt::format("SQLSTATE 42000, error {}: refused by a trigger or procedure", first->number)));
  // 17 and more: resources, the server itself; 20 and more end the connection.
  if (dead || first->severity >= 17) return Status::retriable(fmt::format("SQLSTATE HY000, error {}: {}", first->number, first->text));
  return of_sql(Status(Code::kFatal, Blame::kUser, fmt::format("SQLSTATE 42000, error {}: {}", first->number, first->text)));
}

}  // namespace bywash::jdbc::sqlserver
