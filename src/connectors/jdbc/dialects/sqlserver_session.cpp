// Connecting, looking up tables, and rows: many rows go as one JSON text, which the server takes apart by OPENJSON into typed columns. So a
// statement has no limit of rows or parameters, nothing is prepared, triggers and constraints work as ever, and no temporary table is needed.
// Level 6, the task's thread.
#include "connectors/jdbc/dialects/sqlserver_session.h"

#include <algorithm>

#include "base/log.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc::sqlserver {
namespace {

constexpr std::string_view kSqlserverSessionLogger = "jdbc.sqlserver";
// Of JSON text in a statement. The server parses a statement as a whole and keeps it in memory meanwhile.
constexpr size_t kJsonBytesMax = 4 << 20;

// What ODBC and JDBC clients ask for, and db-lib does not: without it texts that are too long are cut in silence, and indexes of computed columns
// refuse writes. XACT_ABORT: whatever fails ends the transaction. English, so that names can be found in messages.
constexpr const char* kSessionSettings =
    "SET ANSI_NULLS, ANSI_NULL_DFLT_ON, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT, XACT_ABORT ON; "
    "SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS OFF; SET LANGUAGE us_english; SET DATEFORMAT ymd";

std::string printed_type(const std::string& type, int bytes, const std::string& precision, const std::string& scale) {
  auto size = [&](int count) { return bytes < 0 ? type + "(max)" : fmt::format("{}({})", type, count); };
  if (type == "nvarchar" || type == "nchar") return size(bytes / 2);
  if (type == "varchar" || type == "char" || type == "varbinary" || type == "binary") return size(bytes);
  if (type == "decimal" || type == "numeric") return fmt::format("{}({},{})", type, precision, scale);
  if (type == "datetime2" || type == "time" || type == "datetimeoffset") return fmt::format("{}({})", type, scale);
  return type;
}

// Puts statements about @rows together.
class StatementWriter {
 public:
  StatementWriter(const TableWrite& write, const IdentifierRules& rules) : write_(write), rules_(rules), target_(rules.write(write.table->name)) {}

  Status prepare(bool by_key) {
    size_t at = 0;
    if (by_key) {
      with_ = "r int '$[0]', d bit '$[1]'";
      at = 2;
    }
    for (size_t i = 0; i < write_.columns.size(); ++i, ++at) {
      const WriteColumn& column = write_.columns[i];
      auto type = json_type(column);
      if (!type.ok()) return type.status().with_context(fmt::format("Field '{}'", column.name));
      std::string name = fmt::format("c{}", i);
      with_ += fmt::format("{}{} {} '$[{}]'", with_.empty() ? "" : ", ", name, *type, at);
      bool key = i < write_.key_count;
      values_.push_back(value_of_json(name, column, key ? write_.table->find(column.name) : nullptr));
      names_.push_back(rules_.write(column.name));
    }
    return {};
  }

  std::string insert() const {
    std::string values;
    for (const std::string& value : values_) values += (values.empty() ? "" : ",") + value;
    return "INSERT INTO " + target_ + "(" + fmt::format("{}", fmt::join(names_, ",")) + ") SELECT " + values + " FROM " + json();
  }

  std::string removes(bool by_key) const {
    std::string keys = by_key ? chosen("removed = 1 AND n = 1", write_.key_count) : "SELECT " + aliased(write_.key_count) + " FROM " + json();
    return "DELETE target FROM " + target_ + " AS target INNER JOIN (" + keys + ") AS incoming ON (" + match() + ")";
  }

  std::string update() const {
    std::string sets = assignments();
    if (sets.empty()) return "";
    return "UPDATE target SET " + sets + " FROM " + target_ + " AS target INNER JOIN (" + chosen("removed = 0 AND n = 1", write_.columns.size()) +
           ") AS incoming ON (" + match() + ")";
  }

  // The original's form, over many rows.
  std::string merge(bool holdlock) const {
    std::string sets = assignments(), names, values;
    auto add = [&](const std::string& name, const std::string& value) {
      names += (names.empty() ? "" : ", ") + name;
      values += (values.empty() ? "" : ",") + value;
    };
    for (size_t i = write_.key_count; i < names_.size(); ++i) add(names_[i], "incoming." + names_[i]);
    for (const std::string& null : write_.null_columns) add(rules_.write(null), "NULL");
    for (size_t i = 0; i < write_.key_count; ++i) add(names_[i], "incoming." + names_[i]);
    return "merge into " + target_ + (holdlock ? " with (HOLDLOCK)" : "") + " AS target using (" + chosen("d = 0 AND n = 1", write_.columns.size()) +
           ") AS incoming on (" + match() + ")" + (sets.empty() ? "" : " when matched then update set " + sets) + " when not matched then insert (" +
           names + ") values (" + values + ")";
  }

 private:
  std::string json() const { return "OPENJSON(@rows) WITH (" + with_ + ")"; }
  std::string aliased(size_t count) const {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += fmt::format("{}{} AS {}", i ? "," : "", values_[i], names_[i]);
    return out;
  }
  // Rows numbered per key from the last one on, and whether their key is removed anywhere.
  std::string chosen(std::string_view condition, size_t count) const {
    std::string keys, inner, outer;
    for (size_t i = 0; i < write_.key_count; ++i) keys += fmt::format("{}k{}", i ? "," : "", i);
    if (keys.empty()) keys = "(SELECT NULL)";  // update without a key: the last row is for all
    for (size_t i = 0; i < count; ++i) {
      bool key = i < write_.key_count;
      inner += key ? fmt::format(",{} AS k{}", values_[i], i) : fmt::format(",{} AS c{}", values_[i], i);
      outer += fmt::format("{}{}{} AS {}", i ? "," : "", key ? "k" : "c", i, names_[i]);
    }
    return fmt::format("SELECT {0} FROM (SELECT *,ROW_NUMBER() OVER (PARTITION BY {1} ORDER BY r DESC) AS n,MAX(CAST(d AS int)) OVER (PARTITION BY {1}) AS removed "
                       "FROM (SELECT r,d{2} FROM {3}) AS sent) AS numbered WHERE {4}", outer, keys, inner, json(), condition);
  }
  std::string match() const {
    std::string out;
    for (size_t i = 0; i < write_.key_count; ++i) out += fmt::format("{}target.{}=incoming.{}", i ? " and " : "", names_[i], names_[i]);
    return out.empty() ? "1=1" : out;
  }
  std::string assignments() const {
    std::string out;
    for (size_t i = write_.key_count; i < names_.size(); ++i) out += fmt::format("{}{}=incoming.{}", out.empty() ? "" : ",", names_[i], names_[i]);
    for (const std::string& null : write_.null_columns) out += (out.empty() ? "" : ",") + rules_.write(null) + "=NULL";
    return out;
  }

  const TableWrite& write_;
  const IdentifierRules& rules_;
  std::string target_, with_;
  std::vector<std::string> values_, names_;
};

}  // namespace

Result<WriteStatements> statements_of(const TableWrite& write, const IdentifierRules& rules, bool holdlock) {
  WriteStatements out;
  out.by_key = write.mode != InsertMode::kInsert;
  StatementWriter writer(write, rules);
  RETURN_IF_ERROR(writer.prepare(out.by_key));
  if (write.mode == InsertMode::kInsert) out.rows = writer.insert();
  else if (write.mode == InsertMode::kUpdate) out.rows = writer.update();
  else out.rows = writer.merge(holdlock);
  if (write.key_count > 0) out.removes = writer.removes(out.by_key);
  return out;
}

Result<std::unique_ptr<Session>> SqlserverSession::open(const SessionOptions& options) {
  ASSIGN_OR_RETURN(auto connection, Connection::open(options.url, options.user, options.password));
  RETURN_IF_ERROR(connection->run(kSessionSettings));
  if (auto* wait = options.url.parameter("locktimeout")) {
    RETURN_IF_ERROR(connection->run(fmt::format("SET LOCK_TIMEOUT {}", std::strtol(wait->c_str(), nullptr, 10))));
  }
  return std::unique_ptr<Session>(new SqlserverSession(options, std::move(connection)));
}

Status SqlserverSession::execute(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) RETURN_IF_ERROR(connection_->run(sql));
  return {};
}

void SqlserverSession::rollback() {
  if (!alive()) return;
  Status s = connection_->run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION");
  if (!s.ok()) log::warn(kSqlserverSessionLogger, "Could not roll back: {}", s.message());
}

Result<std::optional<TableDefinition>> SqlserverSession::describe(const TableName& name) {
  IdentifierRules quoting{'[', true, ']'};
  std::string of = name.catalog.empty() ? "sys." : quoting.write(name.catalog) + ".sys.";
  auto rows = connection_->query(fmt::format(
      "SELECT SCHEMA_NAME(o.schema_id), o.name, o.type, c.name, t.name, c.max_length, c.precision, c.scale, c.is_nullable, "
      "CASE WHEN c.default_object_id <> 0 OR c.is_identity = 1 OR c.is_computed = 1 THEN 1 ELSE 0 END, "
      "CASE WHEN EXISTS (SELECT * FROM {0}indexes i JOIN {0}index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id "
      "WHERE i.object_id = o.object_id AND i.is_primary_key = 1 AND k.column_id = c.column_id) THEN 1 ELSE 0 END, c.collation_name "
      "FROM {0}objects o JOIN {0}columns c ON c.object_id = o.object_id LEFT JOIN {0}types t ON t.user_type_id = c.system_type_id "
      "WHERE o.object_id = OBJECT_ID(N{1}) AND o.type IN ('U', 'V') ORDER BY c.column_id", of, quoted_text(quoting.write(name))));
  // A database that is not there, or not to be seen, has no table.
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<TableDefinition>();
  TableDefinition found;
  for (const auto& row : *rows) {
    auto text = [&](size_t i) { return i < row.size() && row[i] ? *row[i] : std::string(); };
    found.name = {name.catalog, name.schema.empty() && !name.catalog.empty() ? text(0) : name.schema, text(1)};
    found.kind = text(2).starts_with("V") ? "VIEW" : "TABLE";
    TableColumn column;
    column.name = text(3);
    column.type = printed_type(text(4), std::atoi(text(5).c_str()), text(6), text(7));
    column.nullable = text(8) == "1";
    column.has_default = text(9) == "1";
    column.in_primary_key = text(10) == "1";
    column.collation = text(11);
    found.columns.push_back(std::move(column));
  }
  return std::optional(std::move(found));
}

Status SqlserverSession::write(const TableWrite& write) {
  std::string target = options_.identifiers.write(write.table->name);
  if (write.truncates) return connection_->run("DELETE FROM " + target);
  ASSIGN_OR_RETURN(WriteStatements statements, statements_of(write, options_.identifiers, options_.merge_holdlock));
  Status status = write_blocks(write, statements);
  return status.ok() ? status : status.with_context("Write to table " + target);
}

Status SqlserverSession::write_blocks(const TableWrite& write, const WriteStatements& statements) {
  RowOptions options{options_.times.get(), options_.replace_null_with_default, options_.timestamp_nanos};
  std::string rows;
  int64_t count = 0;
  bool removes = false, writes = false;
  auto send = [&]() -> Status {
    if (count == 0) return {};
    std::string sql = "DECLARE @rows nvarchar(max) = N'" + rows + "]';\n";
    if (removes) sql += statements.removes + ";\n";
    if (writes && !statements.rows.empty()) sql += statements.rows + ";\n";
    bool needed = removes || !statements.rows.empty();
    rows.clear();
    count = 0;
    removes = writes = false;
    return needed ? connection_->run(sql) : Status();
  };
  for (const RowBlock& block : write.blocks) {
    // Inserts and deletes take effect one after the other.
    if (!statements.by_key && (block.deletes ? writes : removes)) RETURN_IF_ERROR(send());
    std::vector<JsonValues> columns;
    for (size_t i = 0; i < block.columns.size(); ++i) {
      ASSIGN_OR_RETURN(JsonValues values, JsonValues::make(block.columns[i], write.columns[i], options));
      columns.push_back(std::move(values));
    }
    for (int64_t row = 0; row < block.row_count; ++row) {
      (block.deletes ? removes : writes) = true;
      rows += count == 0 ? "[[" : ",[";
      if (statements.by_key) rows += fmt::format("{},{}", count, block.deletes ? 1 : 0);
      for (size_t i = 0; i < columns.size(); ++i) {
        if (i > 0 || statements.by_key) rows += ',';
        RETURN_IF_ERROR(columns[i].append(row, &rows));
      }
      rows += ']';
      if (++count >= options_.rows_per_statement || rows.size() >= kJsonBytesMax) RETURN_IF_ERROR(send());
    }
  }
  return send();
}

}  // namespace bywash::jdbc::sqlserver
