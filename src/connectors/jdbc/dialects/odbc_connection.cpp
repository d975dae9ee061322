// ODBC 3 calls behind Connection, the W forms throughout: what bytes mean without them is each driver's own idea. Level 6, the task's thread.
#include "connectors/jdbc/dialects/odbc_connection.h"

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <unicode/ustring.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace bywash::jdbc::odbc {
namespace {

constexpr std::string_view kOdbcLogger = "jdbc.odbc";

bool good(int code) { return code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO; }

SQLWCHAR* wide(const std::u16string& text) { return reinterpret_cast<SQLWCHAR*>(const_cast<char16_t*>(text.data())); }

std::u16string wide_name(const std::string& text) { return utf16_of(text).value_or(std::u16string()); }

// A value of a connection string, in braces where it could end it.
std::string attribute_value(const std::string& value) {
  bool plain = value.find_first_of(";{}") == value.npos && !value.starts_with(' ') && !value.ends_with(' ');
  if (plain) return value;
  std::string out = "{";
  for (char c : value) out += c == '}' ? "}}" : std::string(1, c);
  return out + "}";
}

// "[unixODBC][Driver] text" without the brackets and line ends.
std::string bare_text(std::string text) {
  while (text.starts_with('[') && text.find(']') != text.npos) text.erase(0, text.find(']') + 1);
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with(' ') || text.ends_with(';')) text.pop_back();
  return text;
}

std::vector<Diagnosis> diagnoses_of(int handle_type, void* handle) {
  std::vector<Diagnosis> out;
  for (SQLSMALLINT i = 1; i <= 8; ++i) {
    SQLWCHAR state[6] = {}, text[1024] = {};
    SQLINTEGER number = 0;
    SQLSMALLINT length = 0;
    if (!good(SQLGetDiagRecW(static_cast<SQLSMALLINT>(handle_type), handle, i, state, &number, text, 1023, &length))) break;
    auto of = [](const SQLWCHAR* units, size_t count) { return utf8_of({reinterpret_cast<const char16_t*>(units), count}); };
    out.push_back({of(state, 5), number, bare_text(of(text, static_cast<size_t>(std::min<SQLSMALLINT>(length, 1023))))});
  }
  return out;
}

}  // namespace

std::optional<std::u16string> utf16_of(std::string_view text) {
  std::u16string out(text.size() + 1, u'\0');
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8(out.data(), static_cast<int32_t>(out.size()), &length, text.data(), static_cast<int32_t>(text.size()), &error);
  if (U_FAILURE(error)) return std::nullopt;
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string utf8_of(std::u16string_view text) {
  std::string out(text.size() * 3 + 1, '\0');
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<int32_t>(out.size()), &length, text.data(), static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &error);
  out.resize(U_FAILURE(error) ? 0 : static_cast<size_t>(length));
  return out;
}

std::string connection_string(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password) {
  std::string out;
  auto add = [&](const std::string& name, const std::string& value) { out += name + "=" + attribute_value(value) + ";"; };
  auto given = [&](const char* name) {
    return std::any_of(url.parameters.begin(), url.parameters.end(), [&](const auto& p) { return ascii_upper(p.first) == name; });
  };
  for (const auto& [name, value] : url.parameters) add(name, value);
  if (user && !given("UID")) add("UID", *user);
  if (!password.empty() && !given("PWD")) add("PWD", password.text());
  return out;
}

struct Connection::Handles {
  SQLHENV environment = SQL_NULL_HENV;
  SQLHDBC connection = SQL_NULL_HDBC;
  bool connected = false;
  ~Handles() {
    if (connected) SQLDisconnect(connection);
    if (connection != SQL_NULL_HDBC) SQLFreeHandle(SQL_HANDLE_DBC, connection);
    if (environment != SQL_NULL_HENV) SQLFreeHandle(SQL_HANDLE_ENV, environment);
  }
};

Connection::Connection(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

Connection::~Connection() {
  finish();
  for (auto& [sql, statement] : prepared_) SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

Status Connection::failed(int handle_type, void* handle) {
  auto records = diagnoses_of(handle_type, handle);
  SQLUINTEGER dead = SQL_CD_FALSE;
  bool told = handles_->connected && good(SQLGetConnectAttrW(handles_->connection, SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr)) && dead == SQL_CD_TRUE;
  if (told || tells_of_loss(facts_.dbms, records)) alive_ = false;
  return status_of(facts_.dbms, records, !alive_);
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password) {
  std::unique_ptr<Connection> out(new Connection(std::make_unique<Handles>()));
  Handles& h = *out->handles_;
  if (!good(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &h.environment))) return Status::host("The ODBC driver manager does not start");
  SQLSetEnvAttr(h.environment, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(static_cast<uintptr_t>(SQL_OV_ODBC3)), 0);
  if (!good(SQLAllocHandle(SQL_HANDLE_DBC, h.environment, &h.connection))) return out->failed(SQL_HANDLE_ENV, h.environment);
  SQLSetConnectAttrW(h.connection, SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(uintptr_t{10}), 0);
  RETURN_IF_ERROR(out->connect(connection_string(url, user, password)));
  out->ask_for_facts();
  // Does the driver take arrays of parameters? Some say yes, and leave it at one row.
  ASSIGN_OR_RETURN(void* s, out->statement());
  SQLULEN rows = 0;
  bool arrays = SQLSetStmtAttrW(s, SQL_ATTR_PARAMSET_SIZE, reinterpret_cast<SQLPOINTER>(uintptr_t{2}), 0) == SQL_SUCCESS &&
                good(SQLGetStmtAttrW(s, SQL_ATTR_PARAMSET_SIZE, &rows, 0, nullptr)) && rows == 2;
  SQLFreeHandle(SQL_HANDLE_STMT, s);
  if (!arrays) out->rows_per_call_ = 1;
  return out;
}

Status Connection::connect(const std::string& text) {
  auto units = utf16_of(text);
  if (!units) return Status::invalid("connection.url, connection.user or connection.password is no UTF-8");
  SQLSMALLINT length = 0;
  int code = SQLDriverConnectW(handles_->connection, nullptr, wide(*units), static_cast<SQLSMALLINT>(units->size()), nullptr, 0, &length, SQL_DRIVER_NOPROMPT);
  if (good(code)) {
    handles_->connected = true;
    return {};
  }
  auto records = diagnoses_of(SQL_HANDLE_DBC, handles_->connection);
  std::string first = records.empty() ? "" : records.front().state, why = records.empty() ? "no reason was given" : records.front().text;
  // IM: the driver manager's own; 01000 is what it says of a driver's file that cannot be loaded.
  if (first.starts_with("IM") || first == "01000") {
    return Status::invalid(fmt::format("{} ({}): name a data source of odbc.ini (jdbc:odbc:NAME), or a driver of odbcinst.ini (jdbc:odbc:Driver=NAME;...)", why, first));
  }
  Status status = status_of("", records, false);
  bool refused = status.code() == Code::kUnauthorized || first == "08004";
  if (refused) return Status::unauthorized(fmt::format("{} ({})", why, first));
  bool remote = first.starts_with("08") || first.starts_with("HY") || status.retriable();
  return remote ? Status::retriable(fmt::format("{} ({})", why, first)) : Status(Code::kFatal, Blame::kUser, fmt::format("{} ({})", why, first));
}

void Connection::ask_for_facts() {
  auto text = [&](SQLUSMALLINT what) {
    char16_t units[256] = {};
    SQLSMALLINT length = 0;
    int code = SQLGetInfoW(handles_->connection, what, units, sizeof units - 2, &length);
    return good(code) ? utf8_of({units, std::char_traits<char16_t>::length(units)}) : std::string();
  };
  auto number = [&](SQLUSMALLINT what) {
    SQLUSMALLINT value = 0;
    return good(SQLGetInfoW(handles_->connection, what, &value, sizeof value, nullptr)) ? value : SQLUSMALLINT{0};
  };
  facts_.dbms = text(SQL_DBMS_NAME);
  facts_.driver = text(SQL_DRIVER_NAME);
  facts_.quote = text(SQL_IDENTIFIER_QUOTE_CHAR);
  if (facts_.quote == " ") facts_.quote.clear();
  facts_.pattern_escape = text(SQL_SEARCH_PATTERN_ESCAPE);
  facts_.any_case = number(SQL_QUOTED_IDENTIFIER_CASE) == SQL_IC_MIXED;
  auto unquoted = number(SQL_IDENTIFIER_CASE);
  facts_.folds = unquoted == SQL_IC_LOWER ? 'l' : unquoted == SQL_IC_UPPER ? 'u' : ' ';
  facts_.table_name_max = number(SQL_MAX_TABLE_NAME_LEN);
  facts_.column_name_max = number(SQL_MAX_COLUMN_NAME_LEN);
}

std::string Connection::current_catalog() const {
  char16_t units[256] = {};
  SQLINTEGER length = 0;
  int code = SQLGetConnectAttrW(handles_->connection, SQL_ATTR_CURRENT_CATALOG, units, sizeof units - 2, &length);
  return good(code) ? utf8_of({units, std::char_traits<char16_t>::length(units)}) : std::string();
}

Result<void*> Connection::statement() {
  SQLHSTMT out = SQL_NULL_HSTMT;
  if (!good(SQLAllocHandle(SQL_HANDLE_STMT, handles_->connection, &out))) return failed(SQL_HANDLE_DBC, handles_->connection);
  return static_cast<void*>(out);
}

Status Connection::run(const std::string& sql) { return query(sql).status(); }

Result<std::vector<Row>> Connection::query(const std::string& sql) {
  finish();
  auto units = utf16_of(sql);
  if (!units) return Status::data("An SQL statement is no UTF-8: a name or a default of the record's schema is none");
  ASSIGN_OR_RETURN(void* s, statement());
  return all_rows(s, SQLExecDirectW(s, wide(*units), static_cast<SQLINTEGER>(units->size())));
}

// All rows of what `code` says was executed; frees the statement.
Result<std::vector<Row>> Connection::all_rows(void* s, int code) {
  std::vector<Row> rows;
  Status status;
  if (!good(code) && code != SQL_NO_DATA) {
    status = failed(SQL_HANDLE_STMT, s);
  } else if (auto columns = describe(s); !columns.empty()) {
    while (status.ok() && good(code = SQLFetch(s))) {
      auto row = read_row(s, columns);
      if (row.ok()) rows.push_back(*std::move(row));
      else status = row.status();
    }
    if (status.ok() && code != SQL_NO_DATA) status = failed(SQL_HANDLE_STMT, s);
  }
  SQLFreeHandle(SQL_HANDLE_STMT, s);
  if (!status.ok()) return status;
  return rows;
}

std::vector<ResultColumn> Connection::describe(void* s) {
  SQLSMALLINT count = 0;
  SQLNumResultCols(s, &count);
  std::vector<ResultColumn> out;
  for (SQLSMALLINT i = 1; i <= count; ++i) {
    auto column = static_cast<SQLUSMALLINT>(i);
    char16_t name[256] = {}, type_name[256] = {};
    SQLSMALLINT length = 0, type = 0, digits = 0, nullable = SQL_NULLABLE_UNKNOWN;
    SQLULEN size = 0;
    SQLDescribeColW(s, column, reinterpret_cast<SQLWCHAR*>(name), 255, &length, &type, &size, &digits, &nullable);
    SQLColAttributeW(s, column, SQL_DESC_TYPE_NAME, type_name, sizeof type_name - 2, &length, nullptr);
    SQLLEN is_unsigned = SQL_FALSE;
    SQLColAttributeW(s, column, SQL_DESC_UNSIGNED, nullptr, 0, nullptr, &is_unsigned);
    auto of = [](const char16_t* units) { return utf8_of({units, std::char_traits<char16_t>::length(units)}); };
    bool number = type == SQL_TINYINT || type == SQL_SMALLINT || type == SQL_INTEGER || type == SQL_BIGINT;
    out.push_back({of(name), of(type_name), type, static_cast<int64_t>(size), digits, nullable != SQL_NO_NULLS, number && is_unsigned == SQL_TRUE});
  }
  return out;
}

namespace {

// A value of any length, piece by piece. SQL_NO_DATA ends it, and drivers that give all at once say so by the length.
Result<std::optional<std::string>> read_pieces(void* s, SQLUSMALLINT column, SQLSMALLINT type, int* code) {
  std::string out;
  alignas(8) char piece[16 << 10];
  const size_t end = type == SQL_C_BINARY ? 0 : type == SQL_C_WCHAR ? 2 : 1;  // of the closing zero
  while (true) {
    SQLLEN length = 0;
    *code = SQLGetData(s, column, type, piece, sizeof piece, &length);
    if (*code == SQL_NO_DATA) break;
    if (!good(*code)) return std::optional<std::string>();
    if (length == SQL_NULL_DATA) return std::optional<std::string>();
    bool more = length == SQL_NO_TOTAL || static_cast<size_t>(length) > sizeof piece - end;
    out.append(piece, more ? sizeof piece - end : static_cast<size_t>(length));
    if (!more) break;
  }
  *code = SQL_SUCCESS;
  if (type != SQL_C_WCHAR) return std::optional(std::move(out));
  return std::optional(utf8_of({reinterpret_cast<const char16_t*>(out.data()), out.size() / 2}));
}

std::string timestamp_of(const SQL_TIMESTAMP_STRUCT& t) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09}", t.year, t.month, t.day, t.hour, t.minute, t.second, t.fraction);
}

}  // namespace

Result<Row> Connection::read_row(void* s, const std::vector<ResultColumn>& columns) {
  Row row;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto column = static_cast<SQLUSMALLINT>(i + 1);
    SQLLEN length = 0;
    int code = SQL_SUCCESS;
    std::optional<std::string> value;
    switch (columns[i].type) {
      case SQL_BINARY: case SQL_VARBINARY: case SQL_LONGVARBINARY: {
        ASSIGN_OR_RETURN(value, read_pieces(s, column, SQL_C_BINARY, &code));
        break;
      }
      case SQL_REAL: {
        float number = 0;
        if (good(code = SQLGetData(s, column, SQL_C_FLOAT, &number, sizeof number, &length)) && length != SQL_NULL_DATA) value = fmt::format("{}", number);
        break;
      }
      case SQL_FLOAT: case SQL_DOUBLE: {
        double number = 0;
        if (good(code = SQLGetData(s, column, SQL_C_DOUBLE, &number, sizeof number, &length)) && length != SQL_NULL_DATA) value = fmt::format("{}", number);
        break;
      }
      case SQL_TYPE_TIMESTAMP: {
        SQL_TIMESTAMP_STRUCT time{};
        if (good(code = SQLGetData(s, column, SQL_C_TYPE_TIMESTAMP, &time, sizeof time, &length)) && length != SQL_NULL_DATA) value = timestamp_of(time);
        break;
      }
      default: { ASSIGN_OR_RETURN(value, read_pieces(s, column, SQL_C_WCHAR, &code)); }
    }
    if (!good(code)) return failed(SQL_HANDLE_STMT, s);
    row.push_back(std::move(value));
  }
  return row;
}

Result<std::vector<Row>> Connection::tables(const std::string& catalog, const std::string& schema, const std::string& table, const std::string& types) {
  finish();
  // The name is a pattern to the driver.
  std::string pattern;
  for (char c : table) pattern += (c == '_' || c == '%' ? facts_.pattern_escape : "") + c;
  std::u16string c = wide_name(catalog), n = wide_name(schema), t = wide_name(pattern), kinds = wide_name(types);
  auto given = [](const std::u16string& text) { return text.empty() ? nullptr : wide(text); };
  auto size = [](const std::u16string& text) { return static_cast<SQLSMALLINT>(text.size()); };
  ASSIGN_OR_RETURN(void* s, statement());
  return all_rows(s, SQLTablesW(s, given(c), size(c), given(n), size(n), given(t), size(t), given(kinds), size(kinds)));
}

Result<std::vector<Row>> Connection::columns(const std::string& catalog, const std::string& schema, const std::string& table) {
  finish();
  std::string pattern;
  for (char c : table) pattern += (c == '_' || c == '%' ? facts_.pattern_escape : "") + c;
  std::u16string c = wide_name(catalog), n = wide_name(schema), t = wide_name(pattern);
  auto given = [](const std::u16string& text) { return text.empty() ? nullptr : wide(text); };
  auto size = [](const std::u16string& text) { return static_cast<SQLSMALLINT>(text.size()); };
  ASSIGN_OR_RETURN(void* s, statement());
  return all_rows(s, SQLColumnsW(s, given(c), size(c), given(n), size(n), given(t), size(t), nullptr, 0));
}

Result<std::vector<Row>> Connection::primary_keys(const std::string& catalog, const std::string& schema, const std::string& table) {
  finish();
  std::u16string c = wide_name(catalog), n = wide_name(schema), t = wide_name(table);
  auto given = [](const std::u16string& text) { return text.empty() ? nullptr : wide(text); };
  auto size = [](const std::u16string& text) { return static_cast<SQLSMALLINT>(text.size()); };
  ASSIGN_OR_RETURN(void* s, statement());
  return all_rows(s, SQLPrimaryKeysW(s, given(c), size(c), given(n), size(n), given(t), size(t)));
}

Result<std::vector<TypeRow>> Connection::type_info() {
  finish();
  ASSIGN_OR_RETURN(void* s, statement());
  ASSIGN_OR_RETURN(auto rows, all_rows(s, SQLGetTypeInfoW(s, SQL_ALL_TYPES)));
  std::vector<TypeRow> out;
  for (const Row& row : rows) {
    auto text = [&](size_t i) { return i < row.size() && row[i] ? *row[i] : std::string(); };
    auto number = [&](size_t i) { return std::atoi(text(i).c_str()); };
    out.push_back({text(0), number(1), std::atoll(text(2).c_str()), text(3), text(4), text(5), number(11) == 1, number(9) == 1});
  }
  return out;
}

Status Connection::begin() {
  finish();
  int code = SQLSetConnectAttrW(handles_->connection, SQL_ATTR_AUTOCOMMIT, reinterpret_cast<SQLPOINTER>(uintptr_t{SQL_AUTOCOMMIT_OFF}), 0);
  return good(code) ? Status() : failed(SQL_HANDLE_DBC, handles_->connection);
}

Status Connection::commit() {
  int code = SQLEndTran(SQL_HANDLE_DBC, handles_->connection, SQL_COMMIT);
  if (!good(code)) return failed(SQL_HANDLE_DBC, handles_->connection);
  SQLSetConnectAttrW(handles_->connection, SQL_ATTR_AUTOCOMMIT, reinterpret_cast<SQLPOINTER>(uintptr_t{SQL_AUTOCOMMIT_ON}), 0);
  return {};
}

void Connection::rollback() {
  if (!alive_) return;
  if (!good(SQLEndTran(SQL_HANDLE_DBC, handles_->connection, SQL_ROLLBACK))) {
    log::warn(kOdbcLogger, "Could not roll back: {}", failed(SQL_HANDLE_DBC, handles_->connection).message());
  }
  SQLSetConnectAttrW(handles_->connection, SQL_ATTR_AUTOCOMMIT, reinterpret_cast<SQLPOINTER>(uintptr_t{SQL_AUTOCOMMIT_ON}), 0);
}

Status Connection::set_isolation(const std::string& level) {
  std::string name = ascii_upper(level);
  uintptr_t value = name == "READ_UNCOMMITTED" ? SQL_TXN_READ_UNCOMMITTED : name == "READ_COMMITTED" ? SQL_TXN_READ_COMMITTED
                    : name == "REPEATABLE_READ" ? SQL_TXN_REPEATABLE_READ : name == "SERIALIZABLE" ? SQL_TXN_SERIALIZABLE : 0;
  if (value == 0) return Status::invalid(fmt::format("transaction.isolation.mode={} is nothing that ODBC knows", level));
  int code = SQLSetConnectAttrW(handles_->connection, SQL_ATTR_TXN_ISOLATION, reinterpret_cast<SQLPOINTER>(value), 0);
  return good(code) ? Status() : failed(SQL_HANDLE_DBC, handles_->connection);
}

Result<void*> Connection::prepared(const std::string& sql) {
  finish();
  if (auto it = prepared_.find(sql); it != prepared_.end()) return it->second;
  if (prepared_.size() >= 128) {
    for (auto& [text, old] : prepared_) SQLFreeHandle(SQL_HANDLE_STMT, old);
    prepared_.clear();
  }
  auto units = utf16_of(sql);
  if (!units) return Status::data("An SQL statement is no UTF-8: a name of the record's schema is none");
  ASSIGN_OR_RETURN(void* s, statement());
  if (!good(SQLPrepareW(s, wide(*units), static_cast<SQLINTEGER>(units->size())))) {
    Status status = failed(SQL_HANDLE_STMT, s);
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    return status;
  }
  prepared_[sql] = s;
  return s;
}

Status Connection::bind(void* s, std::vector<Parameter>& parameters) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    Parameter& p = parameters[i];
    int code = SQLBindParameter(s, static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT, static_cast<SQLSMALLINT>(p.c_type), static_cast<SQLSMALLINT>(p.sql_type),
                                p.size, static_cast<SQLSMALLINT>(p.digits), p.values.data(), static_cast<SQLLEN>(p.width), p.lengths.data());
    if (!good(code)) return failed(SQL_HANDLE_STMT, s);
  }
  return {};
}

Result<int64_t> Connection::apply(const std::string& sql, std::vector<Parameter>& parameters, size_t count) {
  ASSIGN_OR_RETURN(void* s, prepared(sql));
  std::vector<SQLUSMALLINT> states(count, SQL_PARAM_UNUSED);
  SQLULEN processed = 0;
  if (rows_per_call_ > 1) {
    SQLSetStmtAttrW(s, SQL_ATTR_PARAM_BIND_TYPE, reinterpret_cast<SQLPOINTER>(uintptr_t{SQL_PARAM_BIND_BY_COLUMN}), 0);
    SQLSetStmtAttrW(s, SQL_ATTR_PARAMSET_SIZE, reinterpret_cast<SQLPOINTER>(count), 0);
    SQLSetStmtAttrW(s, SQL_ATTR_PARAM_STATUS_PTR, states.data(), 0);
    SQLSetStmtAttrW(s, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed, 0);
  }
  RETURN_IF_ERROR(bind(s, parameters));
  int code = SQLExecute(s);
  bool bad_row = count > 1 && std::find(states.begin(), states.end(), SQL_PARAM_ERROR) != states.end();
  Status status = (!good(code) && code != SQL_NO_DATA) || bad_row ? failed(SQL_HANDLE_STMT, s) : Status();
  SQLLEN affected = -1;
  if (status.ok() && count == 1 && !good(SQLRowCount(s, &affected))) affected = -1;
  if (status.ok() && code == SQL_NO_DATA) affected = 0;
  // Results of triggers and further row counts end with the statement's cursor.
  SQLFreeStmt(s, SQL_CLOSE);
  if (rows_per_call_ > 1) {
    SQLSetStmtAttrW(s, SQL_ATTR_PARAM_STATUS_PTR, nullptr, 0);
    SQLSetStmtAttrW(s, SQL_ATTR_PARAMS_PROCESSED_PTR, nullptr, 0);
  }
  SQLFreeStmt(s, SQL_RESET_PARAMS);
  RETURN_IF_ERROR(status);
  return static_cast<int64_t>(affected);
}

Result<std::optional<std::string>> Connection::ask(const std::string& sql, std::vector<Parameter>& parameters) {
  ASSIGN_OR_RETURN(void* s, prepared(sql));
  if (rows_per_call_ > 1) SQLSetStmtAttrW(s, SQL_ATTR_PARAMSET_SIZE, reinterpret_cast<SQLPOINTER>(uintptr_t{1}), 0);
  RETURN_IF_ERROR(bind(s, parameters));
  std::optional<std::string> out;
  Status status;
  int code = SQLExecute(s);
  if (good(code)) code = SQLFetch(s);
  if (good(code)) {
    auto value = read_pieces(s, 1, SQL_C_WCHAR, &code);
    if (value.ok()) out = *std::move(value);
  }
  if (!good(code) && code != SQL_NO_DATA) status = failed(SQL_HANDLE_STMT, s);
  SQLFreeStmt(s, SQL_CLOSE);
  SQLFreeStmt(s, SQL_RESET_PARAMS);
  RETURN_IF_ERROR(status);
  return out;
}

Result<std::vector<ResultColumn>> Connection::start(const std::string& sql) {
  finish();
  auto units = utf16_of(sql);
  if (!units) return Status::invalid("The statement is no UTF-8");
  ASSIGN_OR_RETURN(reading_, statement());
  int code = SQLExecDirectW(reading_, wide(*units), static_cast<SQLINTEGER>(units->size()));
  if (!good(code) && code != SQL_NO_DATA) {
    Status status = failed(SQL_HANDLE_STMT, reading_);
    finish();
    return status;
  }
  columns_ = describe(reading_);
  return columns_;
}

Result<bool> Connection::next(Row* row) {
  int code = SQLFetch(reading_);
  if (code == SQL_NO_DATA) return false;
  if (!good(code)) return failed(SQL_HANDLE_STMT, reading_);
  ASSIGN_OR_RETURN(*row, read_row(reading_, columns_));
  return true;
}

void Connection::finish() {
  if (reading_) SQLFreeHandle(SQL_HANDLE_STMT, reading_);
  reading_ = nullptr;
}

}  // namespace bywash::jdbc::odbc
