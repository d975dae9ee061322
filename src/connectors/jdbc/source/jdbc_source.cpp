// The JDBC source's task and declaration: tables over tasks, one statement at a time, polled in turn. Level 6, the task's thread.
#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "base/log.h"
#include "config/properties.h"
#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/jdbc/source/table_reader.h"

namespace bywash::jdbc {
namespace {

constexpr std::string_view kSourceLogger = "jdbc.source";
// With poll.linger.ms=0 a task that has nothing to read would keep a core busy; a poll that lasts longer looks like one that hangs.
constexpr int64_t kLingerMsMin = 10, kLingerMsMax = 10'000;

std::string bare_name(const TableName& t) {
  return (t.catalog.empty() ? "" : t.catalog + ".") + (t.schema.empty() ? "" : t.schema + ".") + t.table;
}

// Under what a table may be named in a list: bare or quoted, with or without schema and catalog.
std::vector<std::string> names_of(const TableName& t, const IdentifierRules& rules) {
  std::vector<std::string> out = {t.table, bare_name(t), rules.write(t)};
  if (!t.catalog.empty() && !t.schema.empty()) {
    TableName short_name{"", t.schema, t.table};
    out.push_back(bare_name(short_name));
    out.push_back(rules.write(short_name));
  }
  return out;
}

Result<bool> listed(const config::List& list, bool expressions, const std::vector<std::string>& names) {
  for (const std::string& entry : list) {
    for (const std::string& name : names) {
      if (!expressions && entry == name) return true;
      if (!expressions) continue;
      ASSIGN_OR_RETURN(bool match, matches_whole(entry, name));
      if (match) return true;
    }
  }
  return false;
}

// The tables that the lists choose. kInvalid: two of the same name, whose topics would be one.
Result<std::vector<TableName>> chosen_tables(const SourceConfig& config, SourceDatabase& database) {
  ASSIGN_OR_RETURN(auto all, database.tables());
  IdentifierRules rules = database.identifiers();
  rules.quoted = true;
  std::vector<TableName> out;
  for (TableName& table : all) {
    auto names = names_of(table, rules);
    bool wanted = config.table_whitelist.empty() && config.table_include.empty();
    if (!config.table_whitelist.empty()) { ASSIGN_OR_RETURN(wanted, listed(config.table_whitelist, false, names)); }
    if (!config.table_include.empty()) { ASSIGN_OR_RETURN(wanted, listed(config.table_include, true, names)); }
    ASSIGN_OR_RETURN(bool black, listed(config.table_blacklist, false, names));
    ASSIGN_OR_RETURN(bool excluded, listed(config.table_exclude, true, names));
    if (!wanted || black || excluded) continue;
    for (const TableName& other : out) {
      if (other.table != table.table) continue;
      return Status::invalid(fmt::format("The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table "
                                         "names: {} and {}. Choose one with table.whitelist, schema.pattern or catalog.pattern, or use two connectors",
                                         bare_name(other), bare_name(table)));
    }
    out.push_back(std::move(table));
  }
  return out;
}

Result<std::unique_ptr<SourceDatabase>> connected(const SourceConfig& config) {
  auto opened = open_source_database(config);
  if (!opened.ok()) return opened.status().with_context("Could not connect to database");
  return opened;
}

class JdbcSourceTask final : public plugin::SourceTask {
 public:
  explicit JdbcSourceTask(SourceConfig config) : config_(std::move(config)) {}

  Status start(plugin::SourceContext* context) override {
    context_ = context;
    std::string_view dialect = dialect_of(config_.url.kind).name();
    if (!config_.dialect_name.empty() && config_.dialect_name != dialect) {
      return Status::invalid(fmt::format("dialect.name {} does not fit the database of connection.url: leave it out, or set {}", config_.dialect_name, dialect));
    }
    if (!config_.query.empty()) return add_reader(std::nullopt);
    ASSIGN_OR_RETURN(own_, parsed_names(config_.tables));
    ASSIGN_OR_RETURN(others_, parsed_names(config_.tables_of_others));
    for (const TableName& name : own_) RETURN_IF_ERROR(add_reader(name));
    return {};
  }

  // Waits up to poll.linger.ms for a record.
  Result<std::vector<plugin::SourceBatch>> poll() override {
    linger_until_ = steady_now() + Millis(std::clamp(config_.poll_linger_ms, kLingerMsMin, kLingerMsMax));
    std::vector<plugin::SourceBatch> out;
    Status status;
    do {
      status = poll_some(&out);
    } while (status.ok() && out.empty() && steady_now() < linger_until_ && context_->may_wait() && !stopped_);
    if (status.ok()) {
      failures_ = 0;
      return out;
    }
    bool lost = !database_ || !database_->alive();
    for (auto& reader : readers_) {
      if (reader->reading()) reader->abandon(lost ? nullptr : database_.get());
    }
    if (lost) database_.reset();
    if (!status.retriable()) return status;
    ++failures_;
    bool connecting = !database_;
    if (connecting && ++connect_failures_ >= config_.connection_attempts) {
      return Status(Code::kFatal, Blame::kRemote, fmt::format("Could not connect to database: {} (connection.attempts)", status.message()))
          .with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
    if (!connecting && config_.query_retries >= 0 && failures_ > config_.query_retries) {
      return Status(Code::kFatal, Blame::kRemote, fmt::format("{} (gave up after {} retries: query.retry.attempts)", status.message(), config_.query_retries))
          .with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
    log::warn(kSourceLogger, "Reading failed, trying again: {}", status.message());
    retry_at_ = steady_now() + Millis(connecting ? config_.connection_backoff_ms : std::min<int64_t>(250 << std::min<int64_t>(failures_, 6), 10'000));
    return out;
  }

  void stop() override {
    stopped_ = true;
    readers_.clear();
    database_.reset();
  }

 private:
  Result<std::set<TableName>> parsed_names(const config::List& texts) const {
    IdentifierRules rules = dialect_of(config_.url.kind).identifiers(true);
    std::set<TableName> out;
    for (const std::string& text : texts) {
      ASSIGN_OR_RETURN(TableName name, rules.parse(text));
      // MySQL's two parts are catalog and table.
      if (config_.url.kind == Database::kMysql && name.catalog.empty()) std::swap(name.catalog, name.schema);
      out.insert(std::move(name));
    }
    return out;
  }

  Status add_reader(std::optional<TableName> table) {
    auto reader = std::make_unique<TableReader>(config_, std::move(table));
    auto candidates = reader->partition_candidates();
    std::optional<std::string> offset;
    for (const std::string& partition : candidates) {
      if (!(offset = context_->stored_offset(partition))) continue;
      RETURN_IF_ERROR(reader->resume(partition, offset));
      break;
    }
    readers_.push_back(std::move(reader));
    return {};
  }

  Status poll_some(std::vector<plugin::SourceBatch>* out) {
    SteadyTime now = steady_now();
    if (now < retry_at_) {
      wait_until(retry_at_);
      return {};
    }
    if (!database_) {
      ASSIGN_OR_RETURN(database_, connected(config_));
      connect_failures_ = 0;
      if (!checked_) {
        if (config_.query.empty()) RETURN_IF_ERROR(look_for_tables());
        for (auto& reader : readers_) RETURN_IF_ERROR(reader->check_columns(*database_));
        checked_ = true;
      }
    }
    bool reading = std::any_of(readers_.begin(), readers_.end(), [](const auto& r) { return r->reading(); });
    if (!reading && config_.query.empty() && now >= look_at_) RETURN_IF_ERROR(look_for_tables());
    if (readers_.empty()) {
      wait_until(look_at_);
      return {};
    }
    return read_some(out);
  }

  // The statement that is under way, else the one that is due first.
  Status read_some(std::vector<plugin::SourceBatch>* out) {
    TableReader* reader = nullptr;
    for (auto& r : readers_) {
      if (r->reading()) { reader = r.get(); break; }
      if (!reader || r->due < reader->due) reader = r.get();
    }
    if (!reader->reading()) {
      if (reader->due > steady_now()) {
        wait_until(config_.query.empty() ? std::min(reader->due, look_at_) : reader->due);
        return {};
      }
      Status begun = reader->begin(*database_);
      if (!begun.ok() && !begun.retriable() && reader->table() && database_->alive()) {
        // Was it dropped? Then it is no fault.
        const TableName table = *reader->table();
        if (look_for_tables().ok() && !reads(table)) return {};
      }
      RETURN_IF_ERROR(begun);
      reader->due = steady_now() + Millis(config_.poll_interval_ms);
    }
    ASSIGN_OR_RETURN(plugin::SourceBatch batch, reader->read(*database_));
    if (batch.batch.row_count() > 0) out->push_back(std::move(batch));
    return {};
  }

  bool reads(const TableName& table) const {
    return std::any_of(readers_.begin(), readers_.end(), [&](const auto& r) { return r->table() == table; });
  }

  // Leaves the tables that are gone, and takes up those that came: this task's own ones again, and, the first task, those of no task.
  Status look_for_tables() {
    look_at_ = steady_now() + Millis(std::max<int64_t>(config_.table_poll_interval_ms, 100));
    auto tables = chosen_tables(config_, *database_);
    if (!tables.ok() && tables.status().code() == Code::kInvalid && checked_) {
      log::error(kSourceLogger, "New tables are not taken up: {}", tables.status().message());
      return {};
    }
    RETURN_IF_ERROR(tables.status());
    std::erase_if(readers_, [&](const auto& reader) {
      bool gone = std::find(tables->begin(), tables->end(), *reader->table()) == tables->end();
      if (gone) log::warn(kSourceLogger, "Table '{}' is gone, and is no longer read", bare_name(*reader->table()));
      return gone;
    });
    for (const TableName& table : *tables) {
      bool mine = own_.count(table) > 0 || (context_->task_id() == 0 && others_.count(table) == 0);
      if (!mine || reads(table)) continue;
      RETURN_IF_ERROR(add_reader(table));
      if (checked_) RETURN_IF_ERROR(readers_.back()->check_columns(*database_));
      log::info(kSourceLogger, "Table '{}' was found, and is read from now on", bare_name(table));
    }
    return {};
  }

  // Within poll.linger.ms, and as long as the runtime has nothing else to do.
  void wait_until(SteadyTime when) {
    SteadyTime end = std::min(when, linger_until_);
    while (!stopped_ && context_->may_wait() && steady_now() < end) {
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(end - steady_now(), Millis(20)));
    }
  }

  const SourceConfig config_;
  plugin::SourceContext* context_ = nullptr;
  std::set<TableName> own_, others_;
  std::vector<std::unique_ptr<TableReader>> readers_;
  std::unique_ptr<SourceDatabase> database_;
  int64_t failures_ = 0, connect_failures_ = 0;
  SteadyTime retry_at_{}, look_at_{}, linger_until_{};
  bool checked_ = false;
  std::atomic<bool> stopped_{false};
};

// The tables, or nothing when they are not there after table.monitoring.startup.polling.limit.ms (TableMonitorThread.tables()): a thread of
// its own goes on waiting for the database then, and ends with its answer.
Result<std::optional<std::vector<TableName>>> tables_in_time(const SourceConfig& config) {
  std::promise<Result<std::vector<TableName>>> answer;
  auto tables = answer.get_future();
  std::thread([config, answer = std::move(answer)]() mutable {
    auto database = connected(config);
    answer.set_value(database.ok() ? chosen_tables(config, **database) : database.status());
  }).detach();
  if (tables.wait_for(Millis(std::max<int64_t>(config.startup_limit_ms, 0))) == std::future_status::timeout) return std::optional<std::vector<TableName>>();
  ASSIGN_OR_RETURN(auto found, tables.get());
  return std::optional(std::move(found));
}

// One configuration per task, tables in groups of neighbours as org.apache.kafka.connect.util.ConnectorUtils has them.
Result<std::vector<plugin::Properties>> source_task_configs(const plugin::Properties& properties, int max_tasks) {
  ASSIGN_OR_RETURN(SourceConfig config, read_source_config(properties));
  if (!config.query.empty()) return std::vector<plugin::Properties>{properties};
  const IdentifierRules rules = dialect_of(config.url.kind).identifiers(true);
  ASSIGN_OR_RETURN(auto listed_in_time, tables_in_time(config));
  if (!listed_in_time) {
    log::warn(kSourceLogger, "The list of tables is not there after {} ms (table.monitoring.startup.polling.limit.ms): one task starts, and takes the tables up "
                             "when it has them", config.startup_limit_ms);
    std::vector<plugin::Properties> one = {properties};
    one[0]["tables"] = "";
    return one;
  }
  const std::vector<TableName>& tables = *listed_in_time;
  if (tables.empty()) log::warn(kSourceLogger, "No tables were found by the given lists and patterns; looking again every {} ms", config.table_poll_interval_ms);
  size_t groups = std::clamp<size_t>(tables.size(), 1, static_cast<size_t>(std::max(1, max_tasks)));
  std::vector<plugin::Properties> out(groups, properties);
  size_t at = 0;
  for (size_t g = 0; g < groups; ++g) {
    size_t count = tables.size() / groups + (g < tables.size() % groups);
    std::string list;
    std::string* others = &out[0]["tables.of.others"];
    for (size_t i = 0; i < count; ++i) {
      std::string name = rules.write(tables[at++]);
      if (g > 0) *others += (others->empty() ? "" : ",") + name;
      list += (i ? "," : "") + name;
    }
    out[g]["tables"] = list;
  }
  return out;
}

void check_source_connection(const plugin::Properties& properties, std::vector<config::ConfigValue>* values) {
  auto url = std::find_if(values->begin(), values->end(), [](const config::ConfigValue& v) { return v.name == "connection.url"; });
  if (url == values->end() || !url->errors.empty()) return;
  auto parsed = parse_connection_url(config::get_or(properties, "connection.url", ""));
  Status status = parsed.status();
  if (parsed.ok()) {
    SourceConfig config;
    config.url = *std::move(parsed);
    add_driver_properties(properties, &config.url);
    if (auto user = properties.find("connection.user"); user != properties.end()) config.user = user->second;
    if (auto password = properties.find("connection.password"); password != properties.end()) config.password = config::Secret(password->second);
    status = open_source_database(config).status();
  }
  if (!status.ok()) url->errors.push_back("Could not connect to database. " + status.message());
}

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_database(const SourceConfig& config) {
  switch (config.url.kind) {
    case Database::kPostgresql: return open_source_postgresql(config);
    case Database::kMysql: return open_source_mysql(config);
    case Database::kSqlserver: return open_source_sqlserver(config);
    case Database::kOdbc: return open_source_odbc(config);
    case Database::kSqlite: break;
  }
  return open_source_sqlite(config);
}

plugin::SourcePlugin jdbc_source() {
  plugin::SourcePlugin p;
  p.info.name = "jdbc_source";
  p.info.class_names = {"io.confluent.connect.jdbc.JdbcSourceConnector"};
  p.info.version = "10.9.7";
  p.info.summary = "Tables of PostgreSQL, MySQL, MariaDB, SQL Server, SQLite, or of any database with an ODBC driver, into topics";
  p.info.description =
      "Reads tables, or a query, again and again: all rows (`bulk`), rows with a greater number than before (`incrementing`), rows changed since "
      "(`timestamp`), or both. Each table has a topic, `topic.prefix` and its name; several tables are spread over `tasks.max` tasks. Goes on where it, "
      "or the original, stopped. Rows are read as a stream: a table of any size takes the memory of a batch.";
  p.info.examples = {
      R"({"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "connection.url": "jdbc:sqlite::memory:", "mode": "incrementing",
 "incrementing.column.name": "id", "topic.prefix": "shop-", "table.whitelist": "orders"})"};
  p.def = source_config_def().def();
  p.validate = check_source_connection;
  p.task_configs = source_task_configs;
  p.make = [](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SourceTask>> {
    ASSIGN_OR_RETURN(SourceConfig config, read_source_config(properties));
    return std::unique_ptr<plugin::SourceTask>(new JdbcSourceTask(std::move(config)));
  };
  return p;
}

}  // namespace bywash::jdbc
