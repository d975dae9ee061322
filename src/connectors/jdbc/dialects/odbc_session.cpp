// Looking up tables and writing rows through ODBC. Rows take effect one after the other, as the driver takes arrays of parameters, so that keys
// that the database takes for equal need not be known here. Level 6, the task's thread.
#include "connectors/jdbc/dialects/odbc_session.h"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace bywash::jdbc::odbc {
namespace {

constexpr std::string_view kOdbcSessionLogger = "jdbc.odbc";
// Of the parameters of one call.
constexpr size_t kCallBytesMax = 4 << 20;

// The names that widening and the check for fractions know (wider_type); other types by the database's name.
std::string plain_type_name(int type, const std::string& otherwise) {
  switch (type) {
    case SQL_TINYINT: return "tinyint";
    case SQL_SMALLINT: return "smallint";
    case SQL_INTEGER: return "integer";
    case SQL_BIGINT: return "bigint";
    case SQL_REAL: return "real";
    default: return otherwise;
  }
}

std::string text_at(const Row& row, size_t i) { return i < row.size() && row[i] ? *row[i] : std::string(); }

std::vector<Parameter> arrays_of(const std::vector<Cells>& cells, const std::vector<size_t>& order, size_t from, size_t to) {
  std::vector<Parameter> out;
  for (size_t i : order) out.push_back(cells[i].array(from, to));
  return out;
}

// Columns `from` to `to`, then those before `from` where they are asked for.
std::vector<size_t> numbers(size_t from, size_t to, bool then_the_first = false) {
  std::vector<size_t> out;
  for (size_t i = from; i < to; ++i) out.push_back(i);
  for (size_t i = 0; then_the_first && i < from; ++i) out.push_back(i);
  return out;
}

}  // namespace

IdentifierRules identifiers_of(const Facts& facts, bool quoted) {
  IdentifierRules rules{'"', quoted && !facts.quote.empty()};
  if (!facts.quote.empty()) rules.quote = facts.quote[0];
  if (rules.quote == '[') rules.closing = ']';
  return rules;
}

Result<std::unique_ptr<Connection>> open_connection(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password) {
  ASSIGN_OR_RETURN(auto connection, Connection::open(url, user, password));
  for (const std::string& sql : product_of(connection->facts().dbms).setup) RETURN_IF_ERROR(connection->run(sql));
  return connection;
}

OdbcSession::OdbcSession(SessionOptions options, std::unique_ptr<Connection> connection)
    : options_(std::move(options)), connection_(std::move(connection)), product_(product_of(connection_->facts().dbms)) {}

Result<std::unique_ptr<Session>> OdbcSession::open(const SessionOptions& options) {
  ASSIGN_OR_RETURN(auto connection, open_connection(options.url, options.user, options.password));
  std::unique_ptr<OdbcSession> session(new OdbcSession(options, std::move(connection)));
  if (!session->product_.current_schema.empty()) {
    ASSIGN_OR_RETURN(auto rows, session->connection_->query(session->product_.current_schema));
    if (!rows.empty()) session->schema_ = text_at(rows[0], 0);
  }
  ASSIGN_OR_RETURN(auto types, session->connection_->type_info());
  session->has_bigint_ = std::any_of(types.begin(), types.end(), [](const TypeRow& t) { return t.type == SQL_BIGINT; });
  return std::unique_ptr<Session>(std::move(session));
}

Status OdbcSession::execute(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) RETURN_IF_ERROR(connection_->run(sql));
  return {};
}

bool OdbcSession::wants_rerun() {
  if (!std::exchange(collided_, false)) return false;
  return reran_ = !reran_;
}

Status OdbcSession::commit() {
  reran_ = false;
  return connection_->commit();
}

Result<std::optional<TableDefinition>> OdbcSession::describe(const TableName& name) {
  // Where there are catalogs and no schemas (MySQL), the first of two parts is the catalog.
  const bool catalogs = product_.kind == ProductKind::kMysql;
  std::string catalog = catalogs && name.catalog.empty() ? name.schema : name.catalog, schema = catalogs ? "" : name.schema;
  if (catalogs && catalog.empty()) catalog = connection_->current_catalog();
  const char folds = options_.identifiers.quoted ? ' ' : connection_->facts().folds;
  auto folded = [&](const std::string& text) { return folds == 'l' ? ascii_lower(text) : folds == 'u' ? ascii_upper(text) : text; };
  catalog = folded(catalog);
  schema = schema.empty() && name.catalog.empty() ? schema_ : folded(schema);
  const std::string wanted = folded(name.table);
  ASSIGN_OR_RETURN(auto found, connection_->tables(catalog, schema, wanted, ""));
  const bool any_case = connection_->facts().any_case || !options_.identifiers.quoted;
  auto is_named = [&](const Row& row, bool exact) {
    std::string table = text_at(row, 2);
    return table == wanted || (!exact && ascii_lower(table) == ascii_lower(wanted));
  };
  auto at = std::find_if(found.begin(), found.end(), [&](const Row& row) { return is_named(row, true); });
  if (at == found.end() && any_case) at = std::find_if(found.begin(), found.end(), [&](const Row& row) { return is_named(row, false); });
  if (at == found.end()) return std::optional<TableDefinition>();
  TableDefinition out;
  out.name = {name.catalog, name.schema, options_.identifiers.quoted ? text_at(*at, 2) : name.table};
  const std::string stored = text_at(*at, 2);
  out.kind = text_at(*at, 3);
  if (out.kind == "BASE TABLE") out.kind = "TABLE";
  ASSIGN_OR_RETURN(auto columns, connection_->columns(text_at(*at, 0), text_at(*at, 1), stored));
  ASSIGN_OR_RETURN(auto keys, connection_->primary_keys(text_at(*at, 0), text_at(*at, 1), stored));
  for (const Row& row : columns) {
    if (text_at(row, 2) != stored) continue;
    TableColumn column;
    column.name = text_at(row, 3);
    column.type = plain_type_name(std::atoi(text_at(row, 4).c_str()), text_at(row, 5));
    column.holds_instants = is_instant(product_.kind, text_at(row, 5));
    column.nullable = text_at(row, 10) != "0";
    column.has_default = row.size() > 12 && row[12] && *row[12] != "NULL";
    column.in_primary_key = std::any_of(keys.begin(), keys.end(), [&](const Row& key) { return text_at(key, 3) == column.name; });
    out.columns.push_back(std::move(column));
  }
  return std::optional(std::move(out));
}

Status OdbcSession::write_rows(const std::string& sql, const std::vector<size_t>& order, const Block& cells, size_t row_count) {
  for (size_t from = 0; from < row_count;) {
    std::vector<size_t> widths(order.size(), 1);
    size_t to = from;
    while (to < row_count && to - from < connection_->rows_per_call()) {
      size_t of_row = 0;
      for (size_t i = 0; i < order.size(); ++i) {
        widths[i] = std::max(widths[i], cells[order[i]].width(to));
        of_row += widths[i];
      }
      if (to > from && of_row * (to - from + 1) > kCallBytesMax) break;
      ++to;
    }
    std::vector<Parameter> parameters = arrays_of(cells, order, from, to);
    RETURN_IF_ERROR(connection_->apply(sql, parameters, to - from).status());
    from = to;
  }
  return {};
}

// Whether the row is there, and then has the values.
Result<bool> OdbcSession::update_row(const std::string& update, const std::string& count, const TableWrite& write, const Block& cells, size_t row) {
  int64_t affected = -1;
  if (!update.empty()) {
    std::vector<Parameter> parameters = arrays_of(cells, numbers(write.key_count, write.columns.size(), true), row, row + 1);
    ASSIGN_OR_RETURN(affected, connection_->apply(update, parameters, 1));
  }
  if (affected > 0) return true;
  // MySQL counts rows that were changed, and an unknown database may: a row that is as it should be is there nevertheless.
  bool certain = affected == 0 && product_.kind != ProductKind::kMysql && product_.kind != ProductKind::kOther;
  if (certain) return false;
  std::vector<Parameter> keys = arrays_of(cells, numbers(0, write.key_count), row, row + 1);
  ASSIGN_OR_RETURN(auto found, connection_->ask(count, keys));
  return found && *found != "0";
}

Status OdbcSession::upsert_rows(const TableWrite& write, const Block& cells, size_t row_count) {
  const IdentifierRules& rules = options_.identifiers;
  std::string merge = merge_sql(product_.kind, write, rules, options_.merge_holdlock);
  if (!merge.empty()) return write_rows(merge, numbers(0, write.columns.size()), cells, row_count);
  std::string update = update_sql(write, rules), count = count_sql(write, rules), insert = insert_sql(write, rules);
  for (size_t row = 0; row < row_count; ++row) {
    ASSIGN_OR_RETURN(bool there, update_row(update, count, write, cells, row));
    if (there) continue;
    std::vector<Parameter> parameters = arrays_of(cells, numbers(0, write.columns.size()), row, row + 1);
    Status inserted = connection_->apply(insert, parameters, 1).status();
    collided_ = inserted.code() == Code::kData && inserted.message().find("SQLSTATE 23") != std::string::npos;
    RETURN_IF_ERROR(inserted);
  }
  return {};
}

Status OdbcSession::write(const TableWrite& write) {
  const IdentifierRules& rules = options_.identifiers;
  std::string target = rules.write(write.table->name);
  if (write.truncates) return connection_->run("DELETE FROM " + target);
  CellOptions options{options_.times.get(), options_.replace_null_with_default, options_.timestamp_nanos, product_.kind, has_bigint_};
  for (const RowBlock& block : write.blocks) {
    Block cells;
    for (size_t i = 0; i < block.columns.size(); ++i) {
      ASSIGN_OR_RETURN(Cells values, Cells::make(block.columns[i], write.columns[i], write.table->find(write.columns[i].name), options));
      cells.push_back(std::move(values));
    }
    auto rows = static_cast<size_t>(block.row_count);
    Status status;
    if (block.deletes) status = write_rows(delete_sql(write, rules), numbers(0, write.key_count), cells, rows);
    else if (write.mode == InsertMode::kUpsert) status = upsert_rows(write, cells, rows);
    else if (write.mode == InsertMode::kInsert) status = write_rows(insert_sql(write, rules), numbers(0, write.columns.size()), cells, rows);
    else if (std::string update = update_sql(write, rules); !update.empty()) status = write_rows(update, numbers(write.key_count, write.columns.size(), true), cells, rows);
    if (!status.ok()) return status.with_context("Write to table " + target);
  }
  return {};
}

}  // namespace bywash::jdbc::odbc
