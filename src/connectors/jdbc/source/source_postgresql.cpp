// Reading from PostgreSQL: COPY in the binary form, or where that cannot be, a cursor in a transaction, fetched in portions. Either way a
// table of any size takes the memory of a few rows. Level 6, the task's thread.
#include <algorithm>
#include <deque>
#include <map>

#include "connectors/jdbc/dialects/postgresql_connect.h"
#include "connectors/jdbc/dialects/postgresql_session.h"
#include "connectors/jdbc/source/postgresql_binary.h"
#include "connectors/jdbc/source/postgresql_copy_rows.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using postgresql::PgResult;
using postgresql::status_of;

struct PgTypeRow {
  std::string name;
  char kind = 'b';    // typtype
  uint32_t base = 0;  // of a domain
  int32_t modifier = -1;
};

constexpr uint32_t kTextType = 25, kMoneyOfPg = 790, kBitOfPg = 1560;

// Bits as PostgreSqlDatabaseDialect.addFieldToSchema has them: one is a boolean, up to eight are the number that their digits read as in
// pgjdbc, more are those digits as bytes.
JdbcType type_of_bits(int32_t count) { return count == 1 ? JdbcType::kBoolean : count > 1 && count <= 8 ? JdbcType::kTinyint : JdbcType::kBytes; }

// pgjdbc's getFixedString: "-$1,234.50" and "($1,234.50)" are -1234.50.
std::string number_of_money(std::string_view text) {
  std::string out;
  bool negative = text.find_first_of("-(") != text.npos;
  for (char c : text) {
    if ((c >= '0' && c <= '9') || c == '.') out += c;
  }
  return negative ? "-" + out : out;
}

JdbcType type_of_oid(uint32_t oid) {
  switch (oid) {
    case 16: return JdbcType::kBoolean;
    case 21: return JdbcType::kSmallint;
    case 23: return JdbcType::kInteger;
    case 20: case 26: return JdbcType::kBigint;
    case 700: return JdbcType::kReal;
    case 701: case kMoneyOfPg: return JdbcType::kDouble;
    case 1700: return JdbcType::kNumeric;
    case 18: case 19: case 25: case 114: case 142: case 1042: case 1043: case 2950: case 3802: return JdbcType::kText;
    case 17: return JdbcType::kBytes;
    case 1082: return JdbcType::kDate;
    case 1083: case 1266: return JdbcType::kTime;
    case 1114: case 1184: return JdbcType::kTimestamp;
    default: return JdbcType::kOther;
  }
}

std::string isolation_clause(const std::string& mode) {
  std::string words;
  for (char c : mode) words += c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return words.empty() || words == "DEFAULT" ? "" : " ISOLATION LEVEL " + words;
}

class PostgresqlSource final : public SourceDatabase {
 public:
  // `copies`: COPY may be used.
  PostgresqlSource(const SourceConfig& config, PGconn* connection, bool copies)
      : config_(config), connection_(connection), copies_(copies), portion_(std::clamp(config.batch_max_rows, 100, 5000)), copy_(connection) {}
  ~PostgresqlSource() override { PQfinish(connection_); }

  IdentifierRules identifiers() const override { return {'"', config_.quote}; }
  bool alive() const override { return PQstatus(connection_) == CONNECTION_OK; }

  Result<std::vector<TableName>> tables() override {
    std::string kinds;
    for (const std::string& type : config_.table_types) {
      static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
          {"TABLE", "r"}, {"PARTITIONED TABLE", "p"}, {"VIEW", "v"}, {"MATERIALIZED VIEW", "m"}, {"FOREIGN TABLE", "f"}};
      std::string upper = type;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      for (auto [name, kind] : kKinds) {
        if (upper == name) kinds += (kinds.empty() ? "'" : ",'") + std::string(kind) + "'";
      }
    }
    if (kinds.empty()) return std::vector<TableName>();
    std::string sql = "SELECT current_database(), n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (" +
                      kinds + ") AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'";
    if (config_.schema_pattern && !config_.schema_pattern->empty()) sql += " AND n.nspname LIKE " + literal(*config_.schema_pattern);
    if (config_.catalog_pattern && !config_.catalog_pattern->empty()) sql += " AND current_database() LIKE " + literal(*config_.catalog_pattern);
    PgResult result(PQexec(connection_, (sql + " ORDER BY 2, 3").c_str()));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return status_of(result.get(), connection_);
    std::vector<TableName> out;
    for (int i = 0; i < PQntuples(result.get()); ++i) out.push_back({text(result, i, 0), text(result, i, 1), text(result, i, 2)});
    return out;
  }

  Result<std::vector<SourceColumn>> start(const std::string& sql) override {
    finish();
    if (copies_) {
      auto copied = start_copy(sql);
      if (copied.ok() && *copied) return **std::move(copied);
      finish();
      if (!alive()) return copied.ok() ? Status::retriable("Connection to PostgreSQL was lost") : copied.status();
    }
    auto opened = start_cursor(sql, " READ ONLY");
    // Locking clauses and functions that write need a transaction that may.
    if (!opened.ok() && opened.status().message().find("SQLSTATE 25006") != std::string::npos) {
      finish();
      opened = start_cursor(sql, "");
    }
    if (!opened.ok()) finish();
    return opened;
  }

  Result<bool> next(SourceRow* row) override {
    if (copying_) return copy_.next(row);
    if (at_ == PQntuples(rows_.get())) {
      if (at_ < portion_) return false;
      rows_.reset(PQexec(connection_, fmt::format("FETCH FORWARD {} FROM bywash_rows", portion_).c_str()));
      at_ = 0;
      if (PQresultStatus(rows_.get()) != PGRES_TUPLES_OK) return status_of(rows_.get(), connection_);
      if (PQntuples(rows_.get()) == 0) return false;
    }
    int columns = PQnfields(rows_.get());
    row->resize(static_cast<size_t>(columns));
    bytes_.clear();
    for (int i = 0; i < columns; ++i) {
      auto& value = (*row)[static_cast<size_t>(i)];
      if (PQgetisnull(rows_.get(), at_, i)) { value.reset(); continue; }
      value = std::string_view(PQgetvalue(rows_.get(), at_, i), static_cast<size_t>(PQgetlength(rows_.get(), at_, i)));
      if (is_bytes_[static_cast<size_t>(i)]) value = unhexed(*value);
      else if (root_types_[static_cast<size_t>(i)] == kMoneyOfPg) value = bytes_.emplace_back(number_of_money(*value));
    }
    ++at_;
    return true;
  }

  void finish() override {
    rows_.reset();
    if (copying_) copy_.finish();
    copying_ = false;
    if (open_ && alive()) (void)run("ROLLBACK");
    open_ = false;
  }

  Result<int64_t> now_micros() override {
    PgResult result(PQexec(connection_, "SELECT (extract(epoch FROM CURRENT_TIMESTAMP) * 1000000)::bigint"));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return status_of(result.get(), connection_);
    return static_cast<int64_t>(std::stoll(text(result, 0, 0)));
  }

  std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const override {
    return column.with_zone ? "'" + timestamp_text(time.instant) + "+00'::timestamptz" : "'" + timestamp_text(time.local) + "'::timestamp";
  }

 private:
  static std::string text(const PgResult& r, int row, int column) { return PQgetvalue(r.get(), row, column); }

  std::string literal(const std::string& value) const {
    char* escaped = PQescapeLiteral(connection_, value.data(), value.size());
    std::string out = escaped ? escaped : "''";
    PQfreemem(escaped);
    return out;
  }

  Status run(const std::string& sql) {
    PgResult result(PQexec(connection_, sql.c_str()));
    ExecStatusType status = PQresultStatus(result.get());
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? Status() : status_of(result.get(), connection_);
  }

  Status begin(const std::string& kind) {
    RETURN_IF_ERROR(run("BEGIN" + kind + isolation_clause(config_.isolation)));
    open_ = true;
    return {};
  }

  // Nothing: the statement or a type of its columns cannot be in a binary COPY.
  Result<std::optional<std::vector<SourceColumn>>> start_copy(const std::string& sql) {
    std::optional<std::vector<SourceColumn>> none;
    RETURN_IF_ERROR(begin(" READ ONLY"));
    // COPY does not tell its columns: the statement alone does. Its tables stay locked against changes of their columns from here on.
    PgResult prepared(PQprepare(connection_, "", sql.c_str(), 0, nullptr));
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) return none;
    PgResult shape(PQdescribePrepared(connection_, ""));
    if (PQresultStatus(shape.get()) != PGRES_COMMAND_OK || PQnfields(shape.get()) == 0) return none;
    ASSIGN_OR_RETURN(auto columns, describe(shape.get()));
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].type == JdbcType::kOther) continue;
      columns[i].binary_type = root_types_[i];
      if (!has_binary_form(root_types_[i]) || (root_types_[i] == kBitOfPg && columns[i].type != JdbcType::kBoolean)) return none;
    }
    copying_ = true;
    RETURN_IF_ERROR(copy_.start(sql, columns.size()));
    return std::optional(std::move(columns));
  }

  Result<std::vector<SourceColumn>> start_cursor(const std::string& sql, const std::string& kind) {
    RETURN_IF_ERROR(begin(kind));
    RETURN_IF_ERROR(run("DECLARE bywash_rows NO SCROLL CURSOR FOR " + sql));
    rows_.reset(PQexec(connection_, fmt::format("FETCH FORWARD {} FROM bywash_rows", portion_).c_str()));
    at_ = 0;
    if (PQresultStatus(rows_.get()) != PGRES_TUPLES_OK) return status_of(rows_.get(), connection_);
    return describe(rows_.get());
  }

  // "\x0a0b" to its bytes.
  std::string_view unhexed(std::string_view hex) {
    auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    std::string& out = bytes_.emplace_back();
    for (size_t i = 2; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return out;
  }

  // The columns of a result or of a prepared statement.
  Result<std::vector<SourceColumn>> describe(const PGresult* shape) {
    std::string oids, places;
    for (int i = 0; i < PQnfields(shape); ++i) {
      oids += (i ? "," : "") + std::to_string(PQftype(shape, i));
      places += fmt::format("{}({},{})", i ? "," : "", PQftable(shape, i), PQftablecol(shape, i));
    }
    std::vector<SourceColumn> out;
    if (oids.empty()) return out;
    PgResult types(PQexec(connection_, ("SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typtypmod FROM pg_type t WHERE oid IN (" + oids + ")").c_str()));
    PgResult required(PQexec(connection_, ("SELECT attrelid, attnum FROM pg_attribute WHERE attnotnull AND (attrelid, attnum) IN (" + places + ")").c_str()));
    for (const PgResult* r : {&types, &required}) {
      if (PQresultStatus(r->get()) != PGRES_TUPLES_OK) return status_of(r->get(), connection_);
    }
    std::map<uint32_t, PgTypeRow> by_oid;
    for (int i = 0; i < PQntuples(types.get()); ++i) {
      by_oid[static_cast<uint32_t>(std::stoul(text(types, i, 0)))] = {text(types, i, 1), text(types, i, 2)[0],
                                                                      static_cast<uint32_t>(std::stoul(text(types, i, 3))), std::stoi(text(types, i, 4))};
    }
    is_bytes_.clear();
    root_types_.clear();
    for (int i = 0; i < PQnfields(shape); ++i) {
      uint32_t oid = PQftype(shape, i);
      int32_t modifier = PQfmod(shape, i);
      const PgTypeRow& type = by_oid[oid];
      if (type.kind == 'd') { oid = type.base; modifier = type.modifier; }
      SourceColumn c;
      c.name = PQfname(shape, i);
      c.type_name = type.name;
      c.type = type.kind == 'e' ? JdbcType::kText : type_of_oid(oid);
      if (oid == kBitOfPg) c.type = type_of_bits(modifier);
      c.with_zone = oid == 1184;
      if (oid == 1700) {
        c.any_scale = modifier < 4;
        c.precision = c.any_scale ? 0 : ((modifier - 4) >> 16) & 0xffff;
        c.scale = c.any_scale ? 0 : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
      }
      for (int r = 0; r < PQntuples(required.get()); ++r) {
        if (text(required, r, 0) == std::to_string(PQftable(shape, i)) && text(required, r, 1) == std::to_string(PQftablecol(shape, i))) {
          c.nullable = false;
        }
      }
      is_bytes_.push_back(c.type == JdbcType::kBytes && oid != kBitOfPg);
      root_types_.push_back(type.kind == 'e' ? kTextType : oid);  // a label is sent as a text is
      out.push_back(std::move(c));
    }
    return out;
  }

  const SourceConfig& config_;
  PGconn* connection_;
  const bool copies_;
  int portion_;
  PostgresqlCopyRows copy_;
  bool copying_ = false;
  PgResult rows_;
  int at_ = 0;
  bool open_ = false;
  std::vector<bool> is_bytes_;
  std::vector<uint32_t> root_types_;  // per column: its type, of a domain its base's
  std::deque<std::string> bytes_;  // of the current row
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_postgresql(const SourceConfig& config) {
  ASSIGN_OR_RETURN(PGconn * connection, postgresql::connect(config.url, config.user, config.password));
  // A parallel plan gives rows in no order that a cursor would give. A limit on the time of statements is meant for what lasts as long as
  // one portion, not for a whole table.
  PgResult set(PQexec(connection, "SET cursor_tuple_fraction = 1; SET DateStyle = ISO; SET bytea_output = hex; SET extra_float_digits = 1; "
                                  "SET max_parallel_workers_per_gather = 0; SELECT current_setting('statement_timeout')"));
  bool done = PQresultStatus(set.get()) == PGRES_TUPLES_OK && PQntuples(set.get()) == 1;
  auto out = std::make_unique<PostgresqlSource>(config, connection, done && std::string_view(PQgetvalue(set.get(), 0, 0)) == "0");
  if (!done) return status_of(set.get(), connection);
  return std::unique_ptr<SourceDatabase>(std::move(out));
}

}  // namespace bywash::jdbc
