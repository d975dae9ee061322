// What the rules of kafka-connect-jdbc 10.9.7 and of its drivers demand where no outcome was recorded (tests/conformance/jdbc_rules/, README.md
// there): the same records and configuration on each database, and the tables and messages that must come of them.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/mariadb_server_for_tests.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"

namespace bywash::jdbc {
namespace {

using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

constexpr const char* kRules = "tests/conformance/jdbc_rules";

// Splits at `separator` outside of brackets and quotes.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (char c : text) {
    quoted ^= c == '"';
    if (!quoted) depth += (c == '(' || c == '[') - (c == ')' || c == ']');
    if (c == separator && depth == 0 && !quoted) out.emplace_back();
    else if (!(c == ' ' && out.back().empty())) out.back() += c;
  }
  return out;
}

// "int32", "string?", "int32=7", "decimal(2)", "date", "[string]", "(a int32, b string)", "int64@io.debezium.time.Timestamp": JsonConverter's schema.
Json schema_of(std::string text) {
  Json out;
  if (size_t at = text.find('='); at != text.npos && text[0] != '(') {
    out["default"] = Json::parse(text.substr(at + 1));
    text.resize(at);
  }
  if (size_t at = text.find('@'); at != text.npos && text[0] != '(') {
    out["name"] = text.substr(at + 1);
    text.resize(at);
  }
  out["optional"] = text.ends_with('?');
  if (text.ends_with('?')) text.pop_back();
  static const std::map<std::string, std::pair<const char*, const char*>> kLogical = {
      {"date", {"int32", "Date"}}, {"time", {"int32", "Time"}}, {"timestamp", {"int64", "Timestamp"}}};
  if (auto it = kLogical.find(text); it != kLogical.end()) {
    out["type"] = it->second.first;
    out["name"] = std::string("org.apache.kafka.connect.data.") + it->second.second;
    out["version"] = 1;
  } else if (text.starts_with("decimal(")) {
    out["type"] = "bytes";
    out["name"] = "org.apache.kafka.connect.data.Decimal";
    out["version"] = 1;
    out["parameters"] = {{"scale", text.substr(8, text.size() - 9)}};
  } else if (text.starts_with('[')) {
    out["type"] = "array";
    out["items"] = schema_of(text.substr(1, text.size() - 2));
  } else if (text.starts_with('(')) {
    out["type"] = "struct";
    out["fields"] = Json::array();
    for (const std::string& field : split(text.substr(1, text.size() - 2), ',')) {
      size_t space = field.rfind(' ', field.find_first_of("[(=") == field.npos ? field.npos : field.find_first_of("[(="));
      Json one = schema_of(field.substr(space + 1));
      one["field"] = field.substr(0, space);
      out["fields"].push_back(one);
    }
  } else {
    out["type"] = text;
  }
  return out;
}

std::optional<std::string> text_of(const Json& record, const char* part) {
  if (!record.contains(part) || record[part].is_null()) return std::nullopt;
  return Json{{"schema", schema_of(record[part][0].get<std::string>())}, {"payload", record[part][1]}}.dump();
}

class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  virtual plugin::Properties connection() const = 0;
  virtual Rows query(const std::string& sql) = 0;
  virtual std::string tables_sql() const = 0;
  virtual std::string columns_sql(const std::string& table) const = 0;
  virtual std::string quoted(const std::string& name) const = 0;

  // "id integer not null, name text default 'x' | key id | 1 a; 2 NULL", rows in the order of their texts.
  std::string shown(const std::string& table) {
    std::string out, keys, names;
    for (const auto& c : query(columns_sql(table))) {
      out += (out.empty() ? "" : ", ") + c[0] + " " + c[1] + (c[2] == "1" ? " not null" : "") + (c[3] == "NULL" ? "" : " default " + c[3]);
      if (c[4] != "0") keys += " " + c[0];
      names += (names.empty() ? "" : ", ") + quoted(c[0]);
    }
    std::vector<std::string> rows;
    for (const auto& row : query("SELECT " + names + " FROM " + quoted(table))) {
      std::string text;
      for (const std::string& v : row) text += (text.empty() ? "" : " ") + v;
      rows.push_back(text);
    }
    std::sort(rows.begin(), rows.end());
    return out + (keys.empty() ? "" : " | key" + keys) + " | " + fmt::format("{}", fmt::join(rows, "; "));
  }
};

class OnPostgresql final : public TestDatabase {
 public:
  explicit OnPostgresql(const std::string& name) : name_(name) {
    if (shared_postgresql().started()) shared_postgresql().create_database(name_);
  }
  plugin::Properties connection() const override { return {{"connection.url", shared_postgresql().jdbc_url(name_)}, {"connection.user", "postgres"}}; }
  Rows query(const std::string& sql) override { return shared_postgresql().query(name_, sql); }
  std::string tables_sql() const override { return "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"; }
  std::string columns_sql(const std::string& table) const override {
    return "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::int, pg_get_expr(d.adbin, d.adrelid), "
           "COALESCE((SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)), 0) FROM pg_attribute a "
           "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = '" + quoted(table) +
           "'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
  }
  std::string quoted(const std::string& name) const override { return "\"" + name + "\""; }

 private:
  std::string name_;
};

class OnMariadb final : public TestDatabase {
 public:
  explicit OnMariadb(const std::string& name) : name_(name) { shared_mariadb().create_database(name_); }
  plugin::Properties connection() const override {
    return {{"connection.url", shared_mariadb().jdbc_url(name_)}, {"connection.user", "bywash"}, {"connection.password", MariadbServerForTests::kPassword}};
  }
  Rows query(const std::string& sql) override { return shared_mariadb().query(name_, sql); }
  std::string tables_sql() const override { return "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"; }
  std::string columns_sql(const std::string& table) const override {
    return "SELECT column_name, column_type, is_nullable = 'NO', CASE WHEN column_default = 'NULL' THEN NULL ELSE column_default END, column_key = 'PRI' "
           "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '" + table + "' ORDER BY ordinal_position";
  }
  std::string quoted(const std::string& name) const override { return "`" + name + "`"; }

 private:
  std::string name_;
};

class OnSqlite final : public TestDatabase {
 public:
  explicit OnSqlite(const std::string& name) : file_(testing::TempDir() + name + ".db") {
    std::filesystem::remove(file_);
    EXPECT_EQ(sqlite3_open(file_.c_str(), &database_), SQLITE_OK);
  }
  ~OnSqlite() override {
    sqlite3_close(database_);
    std::filesystem::remove(file_);
  }
  plugin::Properties connection() const override { return {{"connection.url", "jdbc:sqlite:" + file_}}; }
  Rows query(const std::string& sql) override {
    sqlite3_stmt* s = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &s, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
    Rows rows;
    while (sqlite3_step(s) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(s); ++i) {
        auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
        row.emplace_back(text ? text : "NULL");
      }
    }
    sqlite3_finalize(s);
    return rows;
  }
  std::string tables_sql() const override { return "SELECT name FROM sqlite_master WHERE type = 'table'"; }
  std::string columns_sql(const std::string& table) const override {
    return "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('" + table + "')";
  }
  std::string quoted(const std::string& name) const override { return "`" + name + "`"; }

 private:
  std::string file_;
  sqlite3* database_ = nullptr;
};

// Puts as the runtime does: together, and where the data is at fault and tolerated, record by record.
Status deliver(plugin::SinkTask& task, const std::vector<columnar::Batch>& batches, bool tolerant, int64_t* refused) {
  Status status = task.put(batches);
  if (status.code() != Code::kData || !tolerant) return status;
  std::vector<columnar::Batch> single;
  for (const columnar::Batch& b : batches) {
    for (uint32_t i = 0; i < static_cast<uint32_t>(b.row_count()); ++i) single.push_back(columnar::take(b, {i}));
  }
  std::stable_sort(single.begin(), single.end(), [](const auto& a, const auto& b) { return a.offsets[0] < b.offsets[0]; });
  for (const columnar::Batch& one : single) {
    Status s = task.put({one});
    if (s.code() == Code::kData) ++*refused;
    else if (!s.ok()) return s;
  }
  return {};
}

std::vector<columnar::Batch> batches_of(const Json& put, int64_t* offset) {
  std::vector<columnar::Batch> out;
  // By topic, each with offsets of its own that go on over the puts.
  std::map<std::string, std::pair<Texts, Texts>> topics;
  for (const Json& record : put) {
    auto& [values, keys] = topics[record.value("topic", "t")];
    values.push_back(text_of(record, "v"));
    keys.push_back(text_of(record, "k"));
  }
  for (const auto& [topic, texts] : topics) {
    for (columnar::Batch& b : batches_of_json(topic, *offset, texts.first, texts.second, true)) out.push_back(std::move(b));
  }
  *offset += static_cast<int64_t>(put.size());
  return out;
}

struct Rule {
  std::string database;
  Json one;
  bool odbc = false;
};

// Through the database's ODBC driver, whose dialect has the same types and the same rules.
void connect_by_odbc(plugin::Properties* properties) {
  std::string& url = (*properties)["connection.url"];
  bool postgresql = url.starts_with("jdbc:postgresql:");
  size_t host = url.find("//") + 2, colon = url.find(':', host), slash = url.find('/', colon);
  url = fmt::format("jdbc:odbc:Driver={};Server={};Port={};Database={}", postgresql ? "PostgreSQL Unicode" : "MariaDB Unicode", url.substr(host, colon - host),
                    url.substr(colon + 1, slash - colon - 1), url.substr(slash + 1));
}

std::vector<Rule> rules() {
  std::vector<Rule> out;
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::directory_iterator(kRules)) {
    if (f.path().extension() == ".json") files.push_back(f.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    for (const Json& one : Json::parse(std::ifstream(file))) {
      for (const auto& [database, expected] : one["tables"].items()) {
        out.push_back({database, one});
        bool by_odbc = (database == "postgresql" || database == "mariadb") && !one.contains("not_odbc") && !one["config"].contains("connection.stringtype");
        if (by_odbc) out.push_back({database, one, true});
      }
    }
  }
  return out;
}

std::string name_of(const Rule& rule) {
  std::string name = rule.one["id"].get<std::string>() + "_" + rule.database + (rule.odbc ? "_odbc" : "");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class JdbcRules : public testing::TestWithParam<Rule> {};

TEST_P(JdbcRules, LeaveTheTablesThatTheyDemand) {
  const Json& rule = GetParam().one;
  std::unique_ptr<TestDatabase> database;
  if (GetParam().database == "postgresql") database = std::make_unique<OnPostgresql>(name_of(GetParam()));
  else if (GetParam().database == "mariadb") database = std::make_unique<OnMariadb>(name_of(GetParam()));
  else database = std::make_unique<OnSqlite>(name_of(GetParam()));
  for (const Json& sql : rule.value("setup", Json::array())) database->query(sql.get<std::string>());
  plugin::Properties properties = database->connection();
  if (GetParam().odbc) connect_by_odbc(&properties);
  properties["name"] = "rules";
  properties["max.retries"] = "0";
  properties["auto.create"] = "true";
  for (const auto& [key, value] : rule["config"].items()) properties[key] = value.get<std::string>();
  auto made = jdbc_sink().make(properties);
  Status status = made.status();
  int64_t refused = 0, offset = 0;
  if (made.ok()) {
    SinkContextForTests context;
    status = (*made)->start(&context);
    bool tolerant = properties["errors.tolerance"] == "all";
    for (const Json& put : rule["puts"]) {
      if (!status.ok()) break;
      status = deliver(**made, batches_of(put, &offset), tolerant, &refused);
    }
    (*made)->stop();
  }
  if (rule.contains("fails")) {
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(rule["fails"].get<std::string>()), std::string::npos) << status.message();
  } else {
    EXPECT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(refused, rule.value("refused", 0));
  std::map<std::string, std::string> got;
  for (const auto& row : database->query(database->tables_sql())) got[row[0]] = database->shown(row[0]);
  EXPECT_EQ(got, (rule["tables"][GetParam().database].get<std::map<std::string, std::string>>())) << status.message();
}

INSTANTIATE_TEST_SUITE_P(Rules, JdbcRules, testing::ValuesIn(rules()), [](const auto& p) { return name_of(p.param); });

}  // namespace
}  // namespace bywash::jdbc
