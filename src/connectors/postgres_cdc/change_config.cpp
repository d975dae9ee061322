#include "connectors/postgres_cdc/change_config.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "config/properties.h"
#include "connectors/postgres_cdc/selection.h"

namespace bywash::postgres_cdc {
namespace {

using config::Parsed;
using config::TypedConfig;

config::Validator word_of(std::vector<std::string> allowed, std::string hint = "") {
  return [allowed = std::move(allowed), hint = std::move(hint)](const Parsed& value) -> std::optional<std::string> {
    auto* text = std::get_if<std::string>(&value);
    if (!text || std::find(allowed.begin(), allowed.end(), ascii_lower(config::trim(*text))) != allowed.end()) return std::nullopt;
    std::string list;
    for (const std::string& word : allowed) list += (list.empty() ? "" : ", ") + word;
    return "Value must be one of " + list + hint;
  };
}

std::optional<std::string> check_patterns(const Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  if (!text) return std::nullopt;
  auto made = NamePatterns::make(*text);
  return made.ok() ? std::nullopt : std::optional(made.status().message());
}

std::optional<std::string> check_slot(const Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  bool good = text && !text->empty() && text->size() <= 63 &&
              std::all_of(text->begin(), text->end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return good ? std::nullopt : std::optional<std::string>("Valid replication slot name must contain only digits, lowercase characters and underscores with length <= 63");
}

std::optional<std::string> check_topic_part(const Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  bool good = !text || std::all_of(text->begin(), text->end(), [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; });
  return good ? std::nullopt : std::optional<std::string>("Only letters, digits, underscore, minus and dot can stand in a topic's name");
}

std::optional<std::string> check_operations(const Parsed& value) {
  auto* list = std::get_if<config::List>(&value);
  for (const std::string& one : list ? *list : config::List()) {
    if (one != "c" && one != "u" && one != "d" && one != "t" && one != "none") return "Value must be a list of c, u, d, t, or none";
    if (one == "none" && list->size() > 1) return "'none' cannot stand beside operations";
  }
  return std::nullopt;
}

void add_database(TypedConfig<ChangeConfig>& d) {
  using C = ChangeConfig;
  const std::string kGroup = "Connection";
  d.key("topic.prefix", &C::topic_prefix).required().high().group("Connector", 1).check(config::not_empty()).check(check_topic_part)
      .doc("Put before schema and table to make a topic's name, and the name under which offsets are kept. Never change it.");
  d.key("database.hostname", &C::hostname).by_default("localhost").high().group(kGroup, 1).doc("The server's host.");
  d.key("database.port", &C::port).by_default("5432").high().group(kGroup, 2).check(config::between(1, 65535)).doc("Its port.");
  d.key("database.user", &C::user).required().high().group(kGroup, 3).doc("A role with REPLICATION and SELECT on the tables.");
  d.key("database.password", &C::password).high().group(kGroup, 4).doc("Its password.");
  d.key("database.dbname", &C::database).required().high().group(kGroup, 5).doc("The database whose changes are read.");
  d.key("database.sslmode", &C::ssl_mode).by_default("prefer").group(kGroup, 6)
      .check(word_of({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})).doc("Encryption of the connection, as libpq's sslmode.");
  d.key("database.sslcert", &C::ssl_cert).by_default("").group(kGroup, 7).doc("File of the client's certificate.");
  d.key("database.sslkey", &C::ssl_key).by_default("").group(kGroup, 8).doc("File of its private key.");
  d.key("database.sslpassword", &C::ssl_password).group(kGroup, 9).doc("Password of the private key.");
  d.key("database.sslrootcert", &C::ssl_root_cert).by_default("").group(kGroup, 10).doc("File of the certificates that the server's is checked against.");
  d.key("database.initial.statements", &C::initial_statements).by_default("").low().group(kGroup, 11)
      .doc("SQL run on each new connection that is not the replication's; statements end with a semicolon.");
  d.key("database.tcpKeepAlive", &C::tcp_keepalive).by_default("true").group(kGroup, 12).doc("Whether idle connections are probed.");
  d.key("plugin.name", &C::plugin_name).by_default("pgoutput").group("Replication", 1).check(word_of({"pgoutput", "decoderbufs"}))
      .doc("pgoutput, which PostgreSQL has built in, is always used; decoderbufs is taken for it.");
  d.key("slot.name", &C::slot_name).by_default("debezium").group("Replication", 2).check(check_slot).doc("The replication slot; made when it is not there.");
  d.key("slot.drop.on.stop", &C::drop_slot).by_default("false").group("Replication", 3)
      .doc("Drop the slot whenever the task stops. Changes made meanwhile are lost then: for tests only.");
  d.key("slot.failover", &C::failover_slot).by_default("false").group("Replication", 4).doc("Make the slot a failover slot (PostgreSQL 17).");
  d.key("slot.stream.params", &C::slot_parameters).by_default("").low().group("Replication", 5).doc("More parameters for the plugin: `name=value;name=value`.");
  d.key("slot.max.retries", &C::slot_max_retries).by_default("6").low().group("Replication", 6).at_least(0).doc("How often to try again while the slot is in use.");
  d.key("slot.retry.delay.ms", &C::slot_retry_delay_ms).by_default("10000").low().group("Replication", 7).at_least(0)
      .doc("With slot.max.retries the time for which a slot that is in use is waited for.");
  d.key("publication.name", &C::publication_name).by_default("dbz_publication").group("Replication", 8).check(config::not_empty()).doc("The publication that is read.");
  d.key("publication.autocreate.mode", &C::publication_mode_text).by_default("all_tables").group("Replication", 9)
      .check(word_of({"all_tables", "disabled", "filtered", "no_tables"}))
      .doc("When the publication is not there: make it for all tables (needs a superuser), for the tables of the lists (`filtered`; kept in step "
           "with them at each start), for none, or fail (`disabled`).");
  d.key("publish.via.partition.root", &C::publish_via_root).by_default("false").low().group("Replication", 10)
      .doc("A new publication gives changes of partitions under their parent's name.");
  d.key("replica.identity.autoset.values", &C::replica_identities).by_default("").group("Replication", 11)
      .doc("`expression:FULL`, `:DEFAULT`, `:NOTHING` or `:INDEX name`, comma-separated: the replica identity that tables get at the start.");
  d.key("status.update.interval.ms", &C::status_interval_ms).by_default("10000").group("Replication", 12).at_least(100).doc("How often the server is told where reading stands.");
  d.key("lsn.flush.mode", &C::flush_mode).by_default("connector").low().group("Replication", 13).check(word_of({"manual", "connector", "connector_and_driver"}))
      .doc("When the server may forget: after offsets are stored (`connector`); then and while nothing happens in the tables (`connector_and_driver`); never (`manual`).");
}

void add_selection(TypedConfig<ChangeConfig>& d) {
  using C = ChangeConfig;
  const std::string kGroup = "Filters";
  auto patterns = [&](const char* key, std::string C::*member, int order, const char* doc) {
    d.key(key, member).by_default("").high().group(kGroup, order).check(check_patterns).doc(doc);
  };
  patterns("table.include.list", &C::table_include, 1, "Comma-separated regular expressions of the tables (`schema.table`) to read.");
  patterns("table.exclude.list", &C::table_exclude, 2, "Regular expressions of the tables not to read.");
  patterns("schema.include.list", &C::schema_include, 3, "Regular expressions of the schemas to read.");
  patterns("schema.exclude.list", &C::schema_exclude, 4, "Regular expressions of the schemas not to read.");
  patterns("column.include.list", &C::column_include, 5, "Regular expressions of the columns (`schema.table.column`) that events have; keys stay whole.");
  patterns("column.exclude.list", &C::column_exclude, 6, "Regular expressions of the columns that events do not have; keys stay whole.");
  patterns("message.prefix.include.list", &C::message_prefix_include, 7, "Regular expressions of the prefixes of pg_logical_emit_message to pass on.");
  patterns("message.prefix.exclude.list", &C::message_prefix_exclude, 8, "Regular expressions of the prefixes not to pass on.");
  d.key("message.key.columns", &C::message_key_columns).by_default("").group(kGroup, 9)
      .doc("`expression:column,column;...`: the columns of the key, for the tables (`schema.table`) that the expression means.");
  d.key("skipped.operations", &C::skipped_operations).by_default("t").group(kGroup, 10).check(check_operations, "[c, u, d, t, none]")
      .doc("Operations that are left out.");
  d.key("skip.messages.without.change", &C::skip_unchanged).by_default("false").group(kGroup, 11)
      .doc("Leave out updates that change none of the columns that are read (only seen with REPLICA IDENTITY FULL).");
  d.key("snapshot.mode", &C::snapshot_mode_text).by_default("initial").group("Snapshot", 1)
      .check(word_of({"always", "initial", "initial_only", "no_data", "never", "when_needed"}, ": custom and configuration_based snapshots are not supported"))
      .doc("`initial`: read all rows when no offset is stored, then the changes; `always`: at each start; `initial_only`: rows, no changes; "
           "`no_data` (or `never`): changes only; `when_needed`: rows when there is no offset, or the server has no more of what comes after it.");
  d.key("snapshot.include.collection.list", &C::snapshot_tables).by_default("").group("Snapshot", 2).check(check_patterns)
      .doc("Regular expressions of the tables whose rows are read in a snapshot; all that are captured when empty.");
  d.key("snapshot.select.statement.overrides", &C::snapshot_overrides).by_default("").group("Snapshot", 3)
      .doc("Tables (`schema.table`) whose rows come from `snapshot.select.statement.overrides.<schema>.<table>`.");
  d.key("snapshot.delay.ms", &C::snapshot_delay_ms).by_default("0").low().group("Snapshot", 4).at_least(0).doc("How long to wait before a snapshot.");
  d.key("signal.data.collection", &C::signal_table).by_default("").group("Snapshot", 6)
      .doc("A table (`schema.table`; columns id, type and data) whose new rows ask for something: `execute-snapshot` reads the tables of its data anew, "
           "`log` writes to the log.");
  d.key("signal.enabled.channels", &C::signal_channels).by_default("source").group("Snapshot", 7)
      .doc("Only `source`, the table, is there; without it signals are not looked for.");
  d.key("streaming.delay.ms", &C::streaming_delay_ms).by_default("0").low().group("Snapshot", 5).at_least(0).doc("How long to wait after a snapshot.");
}

void add_events(TypedConfig<ChangeConfig>& d) {
  using C = ChangeConfig;
  const std::string kGroup = "Events";
  d.key("decimal.handling.mode", &C::decimal_text).by_default("precise").group(kGroup, 1).check(word_of({"precise", "double", "string"}))
      .doc("What NUMERIC and MONEY become: Connect's Decimal, a double, or text.");
  d.key("time.precision.mode", &C::time_text).by_default("adaptive").group(kGroup, 2)
      .check(word_of({"adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"}, ": structured is not supported"))
      .doc("What dates and times become: numbers of the column's precision, Connect's types in milliseconds, ISO text, or numbers of one unit.");
  d.key("binary.handling.mode", &C::binary_text).by_default("bytes").group(kGroup, 3).check(word_of({"bytes", "base64", "base64-url-safe", "hex"})).doc("What BYTEA becomes.");
  d.key("hstore.handling.mode", &C::hstore_text).by_default("json").group(kGroup, 4).check(word_of({"json", "map"})).doc("What HSTORE becomes.");
  d.key("interval.handling.mode", &C::interval_text).by_default("numeric").group(kGroup, 5).check(word_of({"numeric", "string"}))
      .doc("What INTERVAL becomes: microseconds, a month taken for 30.4375 days, or ISO text.");
  d.key("money.fraction.digits", &C::money_digits).by_default("2").group(kGroup, 6).check(config::between(0, 10)).doc("Digits behind the point of MONEY as a Decimal.");
  d.key("include.unknown.datatypes", &C::unknown_types).by_default("false").group(kGroup, 7)
      .doc("Give columns of types without a mapping as bytes of their text; else they are left out.");
  d.key("unavailable.value.placeholder", &C::unavailable).by_default("__debezium_unavailable_value").group(kGroup, 8)
      .doc("Stands for a large value that an update did not change, which the server does not send; `hex:` before hexadecimal bytes.");
  d.key("tombstones.on.delete", &C::tombstones).by_default("true").group(kGroup, 9).doc("A record with a null value after each delete.");
  d.key("provide.transaction.metadata", &C::transaction_metadata).by_default("false").low().group(kGroup, 10)
      .doc("Records of begin and end of transactions in `<topic.prefix>.transaction`, and each change's place in its transaction.");
  d.key("extended.headers.enabled", &C::extended_headers).by_default("true").low().group(kGroup, 11).doc("Headers `__debezium.context.*` on each record.");
  d.key("schema.name.adjustment.mode", &C::schema_adjustment_text).by_default("none").group(kGroup, 12).check(word_of({"none", "avro", "avro_unicode"}))
      .doc("Whether what Avro does not allow in a schema's name becomes `_`, or `_uXXXX`.");
  d.key("field.name.adjustment.mode", &C::field_adjustment_text).by_default("none").group(kGroup, 13).check(word_of({"none", "avro", "avro_unicode"}))
      .doc("Likewise for field names.");
  d.key("heartbeat.interval.ms", &C::heartbeat_ms).by_default("0").group(kGroup, 14).at_least(0)
      .doc("How often a record goes to the heartbeat topic, so that offsets move on while the tables rest; 0: never.");
  d.key("heartbeat.action.query", &C::heartbeat_query).by_default("").group(kGroup, 15).doc("SQL that is run with each heartbeat.");
  d.key("topic.delimiter", &C::topic_delimiter).by_default(".").group(kGroup, 16).check(check_topic_part).doc("Between the parts of a topic's name.");
  d.key("topic.transaction", &C::topic_transaction).by_default("transaction").low().group(kGroup, 17).check(check_topic_part).doc("Last part of the transactions' topic.");
  d.key("topic.heartbeat.prefix", &C::topic_heartbeat_prefix).by_default("__debezium-heartbeat").low().group(kGroup, 18).check(check_topic_part)
      .doc("First part of the heartbeat topic, before topic.prefix.");
  d.key("topic.heartbeat.name", &C::topic_heartbeat_name).by_default("").low().group(kGroup, 19).check(check_topic_part).doc("The heartbeat topic's whole name.");
  d.key("max.batch.size", &C::batch_max).by_default("2048").group(kGroup, 20).at_least(1).doc("The most changes of one batch.");
  d.key("errors.max.retries", &C::retries_max).by_default("-1").low().group(kGroup, 21).doc("How often in a row to connect again before the task fails; -1: for ever.");
  d.key("event.processing.failure.handling.mode", &C::failure_mode).by_default("fail").group(kGroup, 22).check(word_of({"fail", "warn", "skip", "ignore"}))
      .doc("What happens with a change that cannot be converted: the task fails, or the change is left out, with a warning or without.");
}

// Keys that would change the records if they were supported: refused rather than ignored.
void add_refusals(TypedConfig<ChangeConfig>& d) {
  d.def().add_rule([](const config::Properties& p, const auto& fail) {
    for (const char* key : {"converters", "post.processors", "topic.naming.strategy", "sourceinfo.struct.maker", "column.propagate.source.type", "datatype.propagate.source.type",
                            "transaction.metadata.factory"}) {
      if (!config::trim(config::get_or(p, key, "")).empty()) fail("topic.prefix", std::string("The key '") + key + "' is not supported: remove it, or use a transform instead");
    }
    for (const auto& [key, value] : p) {
      if (key.starts_with("column.mask.hash.")) fail("topic.prefix", "The key '" + key + "' is not supported: use column.mask.with.N.chars, or the MaskField transform");
    }
    auto both = [&](const char* one, const char* other) {
      if (!config::get_or(p, one, "").empty() && !config::get_or(p, other, "").empty()) fail(other, std::string("\"") + one + "\" is already specified");
    };
    both("table.include.list", "table.exclude.list");
    both("schema.include.list", "schema.exclude.list");
    both("column.include.list", "column.exclude.list");
    both("message.prefix.include.list", "message.prefix.exclude.list");
    if (auto keys = KeyColumns::make(config::get_or(p, "message.key.columns", "")); !keys.ok()) fail("message.key.columns", keys.status().message());
  });
}

template <class E>
E mode_of(const std::string& text, std::initializer_list<std::pair<std::string_view, E>> words) {
  std::string word = ascii_lower(config::trim(text));
  for (auto [name, mode] : words) {
    if (name == word) return mode;
  }
  return words.begin()->second;
}

// "column.mask.with.5.chars": 5.
std::optional<int64_t> number_between(std::string_view key, std::string_view before, std::string_view after) {
  if (!key.starts_with(before) || !key.ends_with(after) || key.size() <= before.size() + after.size()) return std::nullopt;
  std::string_view digits = key.substr(before.size(), key.size() - before.size() - after.size());
  int64_t out = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc() && end == digits.data() + digits.size() && out >= 0 ? std::optional(out) : std::nullopt;
}

void derive(const config::Properties& properties, ChangeConfig* c) {
  c->decimals = mode_of<DecimalMode>(c->decimal_text, {{"precise", DecimalMode::kPrecise}, {"double", DecimalMode::kDouble}, {"string", DecimalMode::kString}});
  c->times = mode_of<TimeMode>(c->time_text, {{"adaptive", TimeMode::kAdaptive}, {"adaptive_time_microseconds", TimeMode::kAdaptiveTimeMicros},
                                             {"connect", TimeMode::kConnect}, {"isostring", TimeMode::kIso}, {"microseconds", TimeMode::kMicros}, {"nanoseconds", TimeMode::kNanos}});
  c->binaries = mode_of<BinaryMode>(c->binary_text, {{"bytes", BinaryMode::kBytes}, {"base64", BinaryMode::kBase64}, {"base64-url-safe", BinaryMode::kBase64Url}, {"hex", BinaryMode::kHex}});
  c->hstore_as_map = ascii_lower(c->hstore_text) == "map";
  c->interval_as_text = ascii_lower(c->interval_text) == "string";
  c->snapshot = mode_of<SnapshotMode>(c->snapshot_mode_text, {{"initial", SnapshotMode::kInitial}, {"always", SnapshotMode::kAlways}, {"initial_only", SnapshotMode::kInitialOnly},
                                                             {"no_data", SnapshotMode::kNoData}, {"never", SnapshotMode::kNoData}, {"when_needed", SnapshotMode::kWhenNeeded}});
  c->publication = mode_of<PublicationMode>(c->publication_mode_text, {{"all_tables", PublicationMode::kAllTables}, {"filtered", PublicationMode::kFiltered},
                                                                      {"disabled", PublicationMode::kDisabled}, {"no_tables", PublicationMode::kNoTables}});
  auto adjustment = [](const std::string& text) {
    return mode_of<NameAdjustment>(text, {{"none", NameAdjustment::kNone}, {"avro", NameAdjustment::kAvro}, {"avro_unicode", NameAdjustment::kAvroUnicode}});
  };
  c->schema_names = adjustment(c->schema_adjustment_text);
  c->field_names = adjustment(c->field_adjustment_text);
  auto skips = [&](const char* op) { return std::find(c->skipped_operations.begin(), c->skipped_operations.end(), op) != c->skipped_operations.end(); };
  c->skips_create = skips("c");
  c->skips_update = skips("u");
  c->skips_delete = skips("d");
  c->skips_truncate = skips("t");
  c->select_statements = config::with_prefix(properties, "snapshot.select.statement.overrides.");
  for (const auto& [key, value] : properties) {
    if (auto n = number_between(key, "column.mask.with.", ".chars")) c->column_rules.push_back({true, *n, value});
    if (auto n = number_between(key, "column.truncate.to.", ".chars")) c->column_rules.push_back({false, *n, value});
  }
}

}  // namespace

const TypedConfig<ChangeConfig>& change_config_def() {
  static const TypedConfig<ChangeConfig>* def = [] {
    auto* d = new TypedConfig<ChangeConfig>;
    add_database(*d);
    add_selection(*d);
    add_events(*d);
    add_refusals(*d);
    return d;
  }();
  return *def;
}

Result<ChangeConfig> read_change_config(const config::Properties& properties) {
  ASSIGN_OR_RETURN(ChangeConfig c, change_config_def().parse(properties));
  // The older spelling of lsn.flush.mode=manual.
  if (ascii_lower(config::get_or(properties, "flush.lsn.source", "true")) == "false") c.flush_mode = "manual";
  c.flush_mode = ascii_lower(c.flush_mode);
  c.failure_mode = ascii_lower(c.failure_mode);
  derive(properties, &c);
  return c;
}

}  // namespace bywash::postgres_cdc
