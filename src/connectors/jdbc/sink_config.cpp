// Keys, defaults, validators and their words of the JDBC sink. Level 6, every thread.
#include "connectors/jdbc/sink_config.h"

#include <algorithm>

#include "base/text.h"
#include "config/properties.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using config::Parsed;
using config::TypedConfig;

// An enumerator in all lower or all upper case, as the original's EnumValidator takes them.
config::Validator enumerator(std::vector<std::string> allowed) {
  return [allowed = std::move(allowed)](const Parsed& v) -> std::optional<std::string> {
    auto good = [&](const std::string& text) {
      return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& a) { return text == ascii_lower(a) || text == ascii_upper(a); });
    };
    std::string why = fmt::format("Invalid enumerator. It must be one of: {}", fmt::join(allowed, ", "));
    if (auto* s = std::get_if<std::string>(&v)) return good(*s) ? std::nullopt : std::optional(why);
    auto* given = std::get_if<config::List>(&v);
    if (given && given->empty()) return fmt::format("At least one value must be specified. Valid values are: [{}]", ascii_lower(fmt::format("{}", fmt::join(allowed, ", "))));
    if (auto* l = given) return std::all_of(l->begin(), l->end(), good) ? std::nullopt : std::optional(why);
    return std::nullopt;
  };
}

std::optional<std::string> check_zone(const Parsed& v) {
  auto* s = std::get_if<std::string>(&v);
  if (!s || TimeZone::exists(*s)) return std::nullopt;
  return "Invalid time zone. See the list of valid time zones at https://docs.oracle.com/javase/8/docs/api/java/time/ZoneId.html#shortIds";
}

std::optional<std::string> check_provider(const Parsed& v) {
  auto* s = std::get_if<std::string>(&v);
  if (!s || s->empty() || s->ends_with("DefaultJdbcCredentialsProvider")) return std::nullopt;
  return "Credentials providers are Java classes and cannot be loaded: set connection.user and connection.password";
}

void add_connection_keys(TypedConfig<SinkConfig>& d) {
  const std::string kGroup = "Connection";
  d.key("connection.url", &SinkConfig::connection_url).required().high().group(kGroup, 1).display("JDBC URL").width(config::Width::kLong)
      .doc("Where the tables are: `jdbc:postgresql://host:port/database?parameters`, `jdbc:mysql:` or `jdbc:mariadb://host:port/database`, "
           "`jdbc:sqlserver://host:port;databaseName=database`, `jdbc:sqlite:FILE`, and through an ODBC driver `jdbc:odbc:DSN` or "
           "`jdbc:odbc:Driver=NAME;Server=...;...`.");
  d.key("connection.user", &SinkConfig::user).high().group(kGroup, 2).display("JDBC User").doc("The database role to log in as.");
  d.key("connection.password", &SinkConfig::password).high().group(kGroup, 3).display("JDBC Password").doc("Its password.");
  d.key("jdbc.credentials.provider.class", &SinkConfig::credentials_provider).type(config::KeyType::kClass).low().group(kGroup, 4)
      .by_default("io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider").check(check_provider)
      .doc("Only the default provider, which reads connection.user and connection.password, is there.");
  d.key("dialect.name", &SinkConfig::dialect_name).by_default("").low().group(kGroup, 5).display("Database Dialect")
      .check(config::one_of({"", "Db2DatabaseDialect", "DerbyDatabaseDialect", "GenericDatabaseDialect", "MySqlDatabaseDialect",
                             "OracleDatabaseDialect", "PostgreSqlDatabaseDialect", "SapHanaDatabaseDialect", "SqliteDatabaseDialect",
                             "SqlServerDatabaseDialect", "SybaseDatabaseDialect", "VerticaDatabaseDialect"}))
      .doc("The dialect to use whatever connection.url says. Empty: by the URL.");
  d.key("connection.attempts", &SinkConfig::connection_attempts).by_default("3").low().group(kGroup, 6).at_least(1)
      .doc("How often to try to connect before it counts as one failed attempt of max.retries.");
  d.key("connection.backoff.ms", &SinkConfig::connection_backoff_ms).by_default("10000").low().group(kGroup, 7)
      .doc("Milliseconds between two attempts to connect.");
}

void add_write_keys(TypedConfig<SinkConfig>& d) {
  const std::string kGroup = "Writes";
  d.key("insert.mode", &SinkConfig::insert_mode_text).by_default("insert").high().group(kGroup, 1)
      .check(enumerator({"insert", "upsert", "update"}), "[insert, upsert, update]")
      .doc("`insert`; `upsert`: insert or update by primary key; `update`: rows that exist only.");
  d.key("batch.size", &SinkConfig::batch_size).by_default("3000").group(kGroup, 2).at_least(0)
      .doc("The least number of records that go to the database as one statement group where that many are at hand; more may.");
  d.key("delete.enabled", &SinkConfig::delete_enabled).by_default("false").group(kGroup, 3)
      .doc("A null value deletes the row of its key. Needs pk.mode=record_key.");
  d.key("table.types", &SinkConfig::table_types).by_default("TABLE").low().group(kGroup, 4)
      .check(enumerator({"TABLE", "PARTITIONED TABLE", "VIEW"}), "[table, partitioned table, view]")
      .doc("Which kinds of relations may be written to.");
  d.key("replace.null.with.default", &SinkConfig::replace_null_with_default).by_default("true").low().group(kGroup, 5)
      .doc("A null in a field that has a default is written as the default.");
}

void add_mapping_keys(TypedConfig<SinkConfig>& d) {
  const std::string kGroup = "Data Mapping";
  d.key("table.name.format", &SinkConfig::table_name_format).by_default("${topic}").group(kGroup, 1).check(config::not_empty(), "non-empty string")
      .doc("Name of the destination table, `schema.table` too; `${topic}` stands for the topic, `${field:NAME}` for a field of the value "
           "(or key), `${header:NAME}` for a header.");
  d.key("pk.mode", &SinkConfig::pk_mode_text).by_default("none").high().group(kGroup, 2)
      .check(enumerator({"none", "kafka", "record_key", "record_value"}), "[none, kafka, record_key, record_value]")
      .doc("Where the primary key comes from: nowhere, topic/partition/offset, the record's key, or fields of its value.");
  d.key("pk.fields", &SinkConfig::pk_fields).by_default("").group(kGroup, 3)
      .doc("The primary key's fields. Empty: all fields of the record's key or value; `__connect_topic`, `__connect_partition`, `__connect_offset`.");
  d.key("fields.whitelist", &SinkConfig::fields_whitelist).by_default("").group(kGroup, 4)
      .doc("The value's fields to write. Empty: all. Fields of the primary key are always written.");
  d.key("db.timezone", &SinkConfig::db_timezone).by_default("UTC").group(kGroup, 5).check(check_zone, "Any valid JDK time zone")
      .doc("Time zone in which times are written into columns without one.");
  d.key("date.timezone", &SinkConfig::date_timezone).by_default("DB_TIMEZONE").low().group(kGroup, 6)
      .check(enumerator({"db_timezone", "utc"}), "[db_timezone, utc]").doc("Whether Date values follow db.timezone or UTC.");
  d.key("timestamp.fields.list", &SinkConfig::timestamp_fields).by_default("").group(kGroup, 7)
      .doc("Fields of type int64 or string that hold timestamps.");
  d.key("timestamp.precision.mode", &SinkConfig::timestamp_precision).by_default("MICROSECONDS").low().group(kGroup, 8)
      .check(enumerator({"microseconds", "nanoseconds"}), "[microseconds, nanoseconds]").doc("The unit of timestamp.fields.list.");
  d.key("date.calendar.system", &SinkConfig::date_calendar).by_default("LEGACY").low().group(kGroup, 9)
      .check(config::one_of({"LEGACY", "PROLEPTIC_GREGORIAN"}), "[LEGACY, PROLEPTIC_GREGORIAN]")
      .doc("LEGACY: days before 1582-10-15 are written as Julian dates, as java.util.Date has them.");
  d.key("string.output.value.column.name", &SinkConfig::string_column).by_default("record_value").low().group(kGroup, 10)
      .check(config::not_empty(), "non-empty string").doc("Column for values that are plain strings.");
}

void add_table_keys(TypedConfig<SinkConfig>& d) {
  const std::string kGroup = "DDL Support";
  d.key("auto.create", &SinkConfig::auto_create).by_default("false").group(kGroup, 1).doc("Create tables that are missing.");
  d.key("auto.evolve", &SinkConfig::auto_evolve).by_default("false").group(kGroup, 2).doc("Add columns that are missing.");
  d.key("quote.sql.identifiers", &SinkConfig::quote_identifiers).by_default("ALWAYS").group(kGroup, 3)
      .doc("Whether names are quoted in SQL statements.");
  d.key("mssql.use.merge.holdlock", &SinkConfig::merge_holdlock).by_default("true").low().group(kGroup, 4)
      .doc("SQL Server: upserts lock the range of their keys (`MERGE ... WITH (HOLDLOCK)`), so that two tasks cannot insert the same row.");
  d.key("auto.evolve.widen", &SinkConfig::widen).by_default("false").low().group(kGroup, 5)
      .doc("Change the type of a column to a wider one where a record's type does not fit it: SMALLINT to INT to BIGINT to DECIMAL, "
           "numbers to DOUBLE. PostgreSQL, MySQL and SQL Server; never a key's column.");
  const std::string kRetries = "Retries";
  d.key("max.retries", &SinkConfig::max_retries).by_default("10").group(kRetries, 1).at_least(0)
      .doc("How often a transient fault is retried before the task fails.");
  d.key("retry.backoff.ms", &SinkConfig::retry_backoff_ms).by_default("3000").group(kRetries, 2).at_least(0)
      .doc("Milliseconds between two tries.");
  d.key("trim.sensitive.log", &SinkConfig::trim_sensitive_log).by_default("false").low().group(kRetries, 3)
      .doc("Messages and logs never hold values of records, whatever this says.");
}

void add_own_keys(TypedConfig<SinkConfig>& d) {
  const std::string kGroup = "Changes";
  d.key("change.events", &SinkConfig::change_events_text).by_default("auto").low().group(kGroup, 1).one_of({"auto", "none"})
      .doc("`auto`: Debezium's envelopes are understood: `after` is written for the operations c, r and u, d deletes the row of the record's key "
           "(`delete.enabled`). `none`: an envelope is a value like any other.");
  d.key("truncate.enabled", &SinkConfig::truncate_enabled).by_default("false").low().group(kGroup, 2)
      .doc("An envelope with the operation t empties the table.");
  d.key("flatten.structs", &SinkConfig::flatten_structs).by_default("false").low().group(kGroup, 3)
      .doc("Fields of nested structs become columns of their own, named after their path; otherwise a nested struct is refused.");
  d.key("flatten.delimiter", &SinkConfig::flatten_delimiter).by_default("_").low().group(kGroup, 4).doc("Joins the names of a path.");
  const std::string kOnce = "Exactly once";
  d.key("exactly.once", &SinkConfig::exactly_once).by_default("false").group(kOnce, 1)
      .doc("Keep the offsets of what was written in a table of the destination, in the same transaction as the rows, and go on there.");
  d.key("exactly.once.table", &SinkConfig::offsets_table).by_default("bywash_offsets").low().group(kOnce, 2).check(config::not_empty(), "non-empty string")
      .doc("That table; it is created when it is missing.");
}

void add_rules(TypedConfig<SinkConfig>& d) {
  d.def().add_rule([](const config::Properties& p, const auto& fail) {
    if (ascii_lower(config::trim(config::get_or(p, "delete.enabled", "false"))) != "true") return;
    // An unknown mode is told as such, and alone.
    std::string mode(config::trim(config::get_or(p, "pk.mode", "none")));
    static constexpr std::string_view kOthers[] = {"none", "NONE", "kafka", "KAFKA", "record_value", "RECORD_VALUE"};
    if (std::find(std::begin(kOthers), std::end(kOthers), mode) == std::end(kOthers)) return;
    fail("delete.enabled", "Deletes are only supported for pk.mode record_key");
    fail("pk.mode", "Deletes are only supported for pk.mode record_key");
  });
}

}  // namespace

bool SinkConfig::takes_table_type(std::string_view type) const {
  return std::any_of(table_types.begin(), table_types.end(), [&](const std::string& t) { return ascii_upper(t) == type; });
}

const TypedConfig<SinkConfig>& sink_config_def() {
  static const TypedConfig<SinkConfig>* def = [] {
    auto* d = new TypedConfig<SinkConfig>;
    add_connection_keys(*d);
    add_write_keys(*d);
    add_mapping_keys(*d);
    add_table_keys(*d);
    add_own_keys(*d);
    add_rules(*d);
    return d;
  }();
  return *def;
}

Result<SinkConfig> read_sink_config(const config::Properties& properties) {
  ASSIGN_OR_RETURN(SinkConfig c, sink_config_def().parse(properties));
  auto url = parse_connection_url(c.connection_url);
  if (!url.ok()) return Status::invalid("Could not connect to database. " + url.status().message());
  c.url = *std::move(url);
  add_driver_properties(properties, &c.url);
  c.connector_name = config::get_or(properties, "name", "");
  auto tasks = config::parse_value(config::KeyType::kInt, config::get_or(properties, "tasks.max", "1"));
  if (tasks.ok()) c.tasks_max = std::get<int64_t>(*tasks);
  std::string insert = ascii_lower(c.insert_mode_text), pk = ascii_lower(c.pk_mode_text);
  c.insert_mode = insert == "upsert" ? InsertMode::kUpsert : insert == "update" ? InsertMode::kUpdate : InsertMode::kInsert;
  c.pk_mode = pk == "kafka" ? PkMode::kKafka : pk == "record_key" ? PkMode::kRecordKey
            : pk == "record_value" ? PkMode::kRecordValue : PkMode::kNone;
  // Whatever the case, and told as the connection's fault (QuoteMethod.get).
  if (ascii_lower(c.quote_identifiers) != "always" && ascii_lower(c.quote_identifiers) != "never") {
    return Status::invalid(fmt::format("Could not connect to database. No matching QuoteMethod found for '{}': quote.sql.identifiers must be always or never",
                                       c.quote_identifiers));
  }
  c.quote = ascii_lower(c.quote_identifiers) != "never";
  c.change_events = c.change_events_text != "none";
  return c;
}

}  // namespace bywash::jdbc
