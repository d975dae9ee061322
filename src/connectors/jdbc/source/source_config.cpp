// Keys, defaults, validators and rules of the JDBC source. Level 6, every thread.
#include "connectors/jdbc/source/source_config.h"

#include <unicode/regex.h>

#include <algorithm>

#include "config/properties.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using config::Parsed;
using config::TypedConfig;

std::string in_lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

config::Validator any_case(std::vector<std::string> allowed) { return config::one_of(std::move(allowed), true); }

std::optional<std::string> check_source_zone(const Parsed& v) {
  auto* s = std::get_if<std::string>(&v);
  return !s || TimeZone::exists(*s) ? std::nullopt : std::optional<std::string>("Invalid time zone");
}

std::optional<std::string> check_source_provider(const Parsed& v) {
  auto* s = std::get_if<std::string>(&v);
  if (!s || s->empty() || s->ends_with("DefaultJdbcCredentialsProvider")) return std::nullopt;
  return "Credentials providers are Java classes and cannot be loaded: set connection.user and connection.password";
}

std::optional<std::string> check_expressions(const Parsed& v) {
  auto* list = std::get_if<config::List>(&v);
  for (const std::string& one : list ? *list : config::List()) {
    if (auto ok = matches_whole(one, ""); !ok.ok()) return ok.status().message();
  }
  return std::nullopt;
}

// "regex:column" or "regex:[a|b]": where the columns begin; npos when it is neither.
size_t mapping_colon(const std::string& mapping) {
  size_t at = mapping.ends_with(']') ? mapping.rfind(":[") : mapping.rfind(':');
  return at == 0 || at == mapping.npos || at + 1 == mapping.size() ? mapping.npos : at;
}

std::optional<std::string> check_mappings(const Parsed& v) {
  auto* list = std::get_if<config::List>(&v);
  for (const std::string& one : list ? *list : config::List()) {
    size_t colon = mapping_colon(one);
    if (colon == one.npos) return "Each mapping must be regex:column or regex:[column|column]";
    if (auto ok = matches_whole(one.substr(0, colon), ""); !ok.ok()) return ok.status().message();
  }
  return std::nullopt;
}

void add_source_connection(TypedConfig<SourceConfig>& d) {
  const std::string kGroup = "Database";
  d.key("connection.url", &SourceConfig::connection_url).by_default("").high().group(kGroup, 1).width(config::Width::kLong)
      .doc("Where the tables are: `jdbc:postgresql://host:port/database?parameters`, `jdbc:mysql:` or `jdbc:mariadb://host:port/database`, "
           "`jdbc:sqlserver://host:port;databaseName=database`, `jdbc:sqlite:FILE`, and through an ODBC driver `jdbc:odbc:DSN` or "
           "`jdbc:odbc:Driver=NAME;Server=...;...`.");
  d.key("connection.user", &SourceConfig::user).high().group(kGroup, 2).doc("The database role to log in as.");
  d.key("connection.password", &SourceConfig::password).high().group(kGroup, 3).doc("Its password.");
  d.key("jdbc.credentials.provider.class", &SourceConfig::credentials_provider).type(config::KeyType::kClass).low().group(kGroup, 4)
      .by_default("io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider").check(check_source_provider)
      .doc("Only the default provider, which reads connection.user and connection.password, is there.");
  d.key("connection.attempts", &SourceConfig::connection_attempts).by_default("3").low().group(kGroup, 5).at_least(1)
      .doc("How often to try to connect before the task fails.");
  d.key("connection.backoff.ms", &SourceConfig::connection_backoff_ms).by_default("10000").low().group(kGroup, 6)
      .doc("Milliseconds between two attempts to connect.");
  d.key("table.whitelist", &SourceConfig::table_whitelist).by_default("").group(kGroup, 7)
      .doc("The tables to read: names, with or without schema and catalog.");
  d.key("table.blacklist", &SourceConfig::table_blacklist).by_default("").group(kGroup, 8).doc("The tables not to read.");
  d.key("table.include.list", &SourceConfig::table_include).by_default("").group(kGroup, 9).check(check_expressions)
      .doc("Regular expressions of the tables to read; they match a whole name, with or without schema and catalog.");
  d.key("table.exclude.list", &SourceConfig::table_exclude).by_default("").group(kGroup, 10).check(check_expressions)
      .doc("Regular expressions of the tables not to read.");
  d.key("catalog.pattern", &SourceConfig::catalog_pattern).group(kGroup, 11).doc("Only tables of this catalog; with `%` and `_` as in LIKE. MySQL: the database.");
  d.key("schema.pattern", &SourceConfig::schema_pattern).high().group(kGroup, 12).doc("Only tables of this schema; with `%` and `_` as in LIKE.");
  d.key("numeric.precision.mapping", &SourceConfig::numeric_precision_mapping).by_default("false").low().group(kGroup, 13)
      .doc("`true` is `numeric.mapping=precision_only`, where that key is not given.");
  d.key("numeric.mapping", &SourceConfig::numeric_mapping_text).low().group(kGroup, 14)
      .check(any_case({"none", "precision_only", "best_fit", "best_fit_eager_double"}), "[none, precision_only, best_fit, best_fit_eager_double]")
      .doc("What NUMERIC columns become: Decimal (`none`), integers where there is no scale (`precision_only`), numbers where they fit.");
  d.key("dialect.name", &SourceConfig::dialect_name).by_default("").low().group(kGroup, 15)
      .check(config::one_of({"", "Db2DatabaseDialect", "DerbyDatabaseDialect", "GenericDatabaseDialect", "MySqlDatabaseDialect",
                             "OracleDatabaseDialect", "PostgreSqlDatabaseDialect", "SapHanaDatabaseDialect", "SqliteDatabaseDialect",
                             "SqlServerDatabaseDialect", "SybaseDatabaseDialect", "VerticaDatabaseDialect"}))
      .doc("Must fit connection.url; best left out.");
  d.key("date.calendar.system", &SourceConfig::date_calendar).by_default("LEGACY").low().group(kGroup, 16)
      .check(config::one_of({"LEGACY", "PROLEPTIC_GREGORIAN"}), "[LEGACY, PROLEPTIC_GREGORIAN]")
      .doc("LEGACY: days before 1582-10-15 are read as Julian dates, as java.util.Date has them.");
}

void add_source_mode(TypedConfig<SourceConfig>& d) {
  const std::string kGroup = "Mode";
  d.key("mode", &SourceConfig::mode_text).by_default("").high().group(kGroup, 1)
      .check(config::one_of({"", "bulk", "timestamp", "incrementing", "timestamp+incrementing"}), "[, bulk, timestamp, incrementing, timestamp+incrementing]")
      .doc("`bulk`: all rows at each poll; `incrementing`: rows with a greater number than before; `timestamp`: rows changed since; "
           "`timestamp+incrementing`: rows changed since, equal times told apart by the number.");
  d.key("incrementing.column.name", &SourceConfig::incrementing_column).by_default("").group(kGroup, 2).doc("The column that grows with each row.");
  d.key("timestamp.column.name", &SourceConfig::timestamp_columns).by_default("").group(kGroup, 3)
      .doc("The column with the time of a row's last change; of several the first that is not null counts.");
  d.key("timestamp.columns.mapping", &SourceConfig::timestamp_mapping).by_default("").group(kGroup, 4).check(check_mappings)
      .doc("`regex:[column|column]`, ...: the timestamp columns of the tables that a regular expression means.");
  d.key("incrementing.column.mapping", &SourceConfig::incrementing_mapping).by_default("").group(kGroup, 5).check(check_mappings)
      .doc("`regex:column`, ...: the incrementing column of the tables that a regular expression means.");
  d.key("timestamp.initial", &SourceConfig::timestamp_initial).low().group(kGroup, 6)
      .doc("Where timestamps begin without a stored offset, in milliseconds since 1970; -1: now. Not given: at the first row.");
  d.key("validate.non.null", &SourceConfig::validate_non_null).by_default("true").low().group(kGroup, 7)
      .doc("Refuse tables whose incrementing or timestamp columns may be null.");
  d.key("query", &SourceConfig::query).by_default("").group(kGroup, 8).doc("Read this query instead of tables; the condition of the mode is put behind it.");
  d.key("query.masked", &SourceConfig::query_masked).by_default("").group(kGroup, 9).doc("Likewise, for a query that must not be shown.");
  d.key("quote.sql.identifiers", &SourceConfig::quote_identifiers).by_default("ALWAYS").group(kGroup, 10).check(any_case({"always", "never"}), "[always, never]")
      .doc("Whether names are quoted in SQL statements.");
  d.key("query.suffix", &SourceConfig::query_suffix).by_default("").low().group(kGroup, 11).doc("Text put behind each statement (a LIMIT, a locking clause).");
  d.key("transaction.isolation.mode", &SourceConfig::isolation).by_default("DEFAULT").low().group(kGroup, 12)
      .check(any_case({"DEFAULT", "READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE", "SQL_SERVER_SNAPSHOT"}),
             "[DEFAULT, READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE, SQL_SERVER_SNAPSHOT]")
      .doc("Isolation of the reading transactions.");
  d.key("query.retry.attempts", &SourceConfig::query_retries).by_default("-1").low().group(kGroup, 13)
      .doc("How often a failing statement is tried again before the task fails; -1: for ever where the fault may pass.");
  d.key("table.types", &SourceConfig::table_types).by_default("TABLE").low().group(kGroup, 14).doc("Which kinds of relations are read: TABLE, VIEW, ...");
}

void add_source_polling(TypedConfig<SourceConfig>& d) {
  const std::string kGroup = "Connector";
  d.key("poll.interval.ms", &SourceConfig::poll_interval_ms).by_default("5000").high().group(kGroup, 1).doc("Milliseconds between two looks at a table.");
  d.key("batch.max.rows", &SourceConfig::batch_max_rows).by_default("1000").low().group(kGroup, 2).at_least(1).doc("The most rows of one batch.");
  d.key("max.buffer.size", &SourceConfig::max_buffer_size).by_default("0").low().group(kGroup, 3)
      .doc("Rows are read as a stream; nothing beyond a batch is held, whatever this says.");
  d.key("poll.linger.ms", &SourceConfig::poll_linger_ms).by_default("5000").low().group(kGroup, 4)
      .doc("The longest wait for a row before the task looks up from its tables; a batch is handed on as soon as there is one.");
  d.key("table.monitoring.startup.polling.limit.ms", &SourceConfig::startup_limit_ms).by_default("10000").low().group(kGroup, 5)
      .doc("How long to wait for the list of tables when the connector starts. After that one task starts without it, and takes the tables up itself.");
  d.key("table.poll.interval.ms", &SourceConfig::table_poll_interval_ms).by_default("60000").low().group(kGroup, 6)
      .doc("How often to look for new tables, which the first task takes up until the connector restarts, and for tables that are gone.");
  d.key("topic.prefix", &SourceConfig::topic_prefix).by_default("").high().group(kGroup, 7)
      .doc("Put before a table's name to make the topic; with a query, the topic itself.");
  d.key("timestamp.delay.interval.ms", &SourceConfig::timestamp_delay_ms).by_default("0").high().group(kGroup, 8)
      .doc("Rows younger than this wait, so that transactions that began earlier can end.");
  d.key("db.timezone", &SourceConfig::db_timezone).by_default("UTC").group(kGroup, 9).check(check_source_zone, "Any valid JDK time zone")
      .doc("Time zone of columns without one.");
  d.key("timestamp.granularity", &SourceConfig::granularity_text).by_default("connect_logical").low().group(kGroup, 10)
      .check(any_case({"connect_logical", "micros_long", "micros_string", "micros_iso_datetime_string", "nanos_long", "nanos_string", "nanos_iso_datetime_string"}),
             "[connect_logical, micros_long, micros_string, micros_iso_datetime_string, nanos_long, nanos_string, nanos_iso_datetime_string]")
      .doc("What TIMESTAMP columns become: Connect's Timestamp (milliseconds), or micro- or nanoseconds as number, text or ISO date and time.");
}

void add_source_rules(TypedConfig<SourceConfig>& d) {
  d.def().add_rule([](const config::Properties& p, const auto& fail) {
    auto given = [&](const char* key) { return !config::trim(config::get_or(p, key, "")).empty(); };
    std::string mode(config::trim(config::get_or(p, "mode", "")));
    if (!given("connection.url")) fail("connection.url", "Missing required configuration \"connection.url\" which has no default value.");
    if (mode.empty()) fail("mode", "Missing required configuration \"mode\" which has no default value: it must be bulk, timestamp, incrementing or timestamp+incrementing");
    if (mode.find("incrementing") != mode.npos && !given("incrementing.column.name") && !given("incrementing.column.mapping")) {
      fail("incrementing.column.name", "Must be set with mode " + mode + ", or incrementing.column.mapping");
    }
    if (mode.starts_with("timestamp") && !given("timestamp.column.name") && !given("timestamp.columns.mapping")) {
      fail("timestamp.column.name", "Must be set with mode " + mode + ", or timestamp.columns.mapping");
    }
    bool query = given("query") || given("query.masked");
    int lists = 0;
    for (const char* key : {"table.whitelist", "table.blacklist"}) lists += given(key);
    bool expressions = given("table.include.list") || given("table.exclude.list");
    if (query && (lists > 0 || expressions)) fail("query", "Cannot be set together with a list of tables");
    if (given("query") && given("query.masked")) fail("query", "Cannot be set together with query.masked");
    if (lists == 2) fail("table.blacklist", "Cannot be set together with table.whitelist");
    if (lists > 0 && expressions) fail("table.include.list", "Cannot be set together with table.whitelist or table.blacklist");
  });
}

std::string mapped_to(const config::List& mappings, const std::string& table, const std::string& otherwise) {
  for (const std::string& one : mappings) {
    size_t colon = mapping_colon(one);
    if (colon == one.npos) continue;
    auto match = matches_whole(one.substr(0, colon), table);
    if (match.ok() && *match) return one.substr(colon + 1);
  }
  return otherwise;
}

}  // namespace

Result<bool> matches_whole(const std::string& expression, const std::string& name) {
  UErrorCode error = U_ZERO_ERROR;
  icu::RegexMatcher matcher(icu::UnicodeString::fromUTF8(expression), 0, error);
  if (U_FAILURE(error)) return Status::invalid(fmt::format("Not a regular expression: '{}'", expression));
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(name);
  matcher.reset(text);
  matcher.setTimeLimit(1000, error);
  return static_cast<bool>(matcher.matches(error)) && U_SUCCESS(error);
}

std::string SourceConfig::incrementing_column_of(const std::string& table) const {
  if (mode != SourceMode::kIncrementing && mode != SourceMode::kTimestampIncrementing) return "";
  return mapped_to(incrementing_mapping, table, incrementing_column);
}

std::vector<std::string> SourceConfig::timestamp_columns_of(const std::string& table) const {
  if (mode != SourceMode::kTimestamp && mode != SourceMode::kTimestampIncrementing) return {};
  std::string mapped = mapped_to(timestamp_mapping, table, "");
  if (mapped.size() < 2 || mapped.front() != '[') return mapped.empty() ? timestamp_columns : std::vector<std::string>{mapped};
  std::vector<std::string> columns;
  std::string_view rest = std::string_view(mapped).substr(1, mapped.size() - 2);
  while (!rest.empty()) {
    size_t bar = std::min(rest.find('|'), rest.size());
    columns.emplace_back(config::trim(rest.substr(0, bar)));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return columns;
}

const TypedConfig<SourceConfig>& source_config_def() {
  static const TypedConfig<SourceConfig>* def = [] {
    auto* d = new TypedConfig<SourceConfig>;
    add_source_connection(*d);
    add_source_mode(*d);
    add_source_polling(*d);
    add_source_rules(*d);
    return d;
  }();
  return *def;
}

Result<SourceConfig> read_source_config(const config::Properties& properties) {
  ASSIGN_OR_RETURN(SourceConfig c, source_config_def().parse(properties));
  auto url = parse_connection_url(c.connection_url);
  if (!url.ok()) return Status::invalid("Could not connect to database. " + url.status().message());
  c.url = *std::move(url);
  add_driver_properties(properties, &c.url);
  if (c.query.empty()) c.query = c.query_masked.text();
  static constexpr std::string_view kModes[] = {"bulk", "incrementing", "timestamp", "timestamp+incrementing"};
  for (size_t i = 0; i < std::size(kModes); ++i) {
    if (c.mode_text == kModes[i]) c.mode = static_cast<SourceMode>(i);
  }
  std::string numerics = in_lower_case(c.numeric_mapping_text.value_or(c.numeric_precision_mapping ? "precision_only" : "none"));
  static constexpr std::string_view kNumerics[] = {"none", "precision_only", "best_fit", "best_fit_eager_double"};
  for (size_t i = 0; i < std::size(kNumerics); ++i) {
    if (numerics == kNumerics[i]) c.numerics = static_cast<NumericMapping>(i);
  }
  static constexpr std::string_view kGranularities[] = {"connect_logical", "micros_long", "micros_string", "micros_iso_datetime_string",
                                                        "nanos_long", "nanos_string", "nanos_iso_datetime_string"};
  for (size_t i = 0; i < std::size(kGranularities); ++i) {
    if (in_lower_case(c.granularity_text) == kGranularities[i]) c.granularity = static_cast<Granularity>(i);
  }
  c.quote = in_lower_case(c.quote_identifiers) != "never";
  auto list_of = [&](const char* key) {
    auto parsed = config::parse_value(config::KeyType::kList, config::get_or(properties, key, ""));
    return parsed.ok() && std::holds_alternative<config::List>(*parsed) ? std::get<config::List>(*parsed) : config::List();
  };
  c.tables = list_of("tables");
  c.tables_of_others = list_of("tables.of.others");
  return c;
}

}  // namespace bywash::jdbc
