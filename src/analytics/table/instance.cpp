// See instance.h.
#include "analytics/table/instance.h"

#include <fmt/ranges.h>
#include <strings.h>

#include <algorithm>
#include <filesystem>

#include "analytics/multistage/engine.h"
#include "analytics/sql/parser.h"
#include "analytics/sql/statement.h"
#include "analytics/table/checked_bytes.h"
#include "analytics/table/gapfill.h"
#include "base/log.h"
#include "base/metrics.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kInstanceLogger = "analytics";
constexpr int64_t kBeginMs = 10'000;  // for a new table's topics
const std::string kNoTable = "none";  // of queries without one, in metrics

bool same_name(std::string_view a, std::string_view b) { return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0; }

// Both halves of a hybrid table as one. The boundary is the OFFLINE half's newest time less one push (a day or an hour), for its last
// push may be incomplete (TimeBoundaryManager 1.5.1). Without one, the REALTIME half answers alone, as in Pinot.
std::shared_ptr<const TableSnapshot> hybrid_snapshot(Table& offline, Table& realtime) {
  const std::shared_ptr<const TableSnapshot> live = realtime.snapshot();
  const TableSchema& schema = *realtime.schema().schema;
  const int field = schema.find(realtime.config().time_column);
  const std::optional<int64_t> newest = offline.segments().max_end_ms();
  if (field < 0 || !newest) return live;
  Result<TimeFormat> format = TimeFormat::parse(schema.fields[static_cast<size_t>(field)].format);
  if (!format.ok()) return live;
  const DataType type = schema.fields[static_cast<size_t>(field)].type;
  const std::string text = format->from_millis(*newest - (offline.config().hourly_push ? 3'600'000 : 86'400'000));
  Result<Scalar> value = parse_scalar(type == DataType::kTimestamp ? DataType::kLong : type, text);
  if (!value.ok() || is_real(type)) return live;
  auto out = std::make_shared<TableSnapshot>(*live);
  const std::shared_ptr<const TableSnapshot> history = offline.snapshot();
  out->segments = history->segments;
  out->segments.insert(out->segments.end(), live->segments.begin(), live->segments.end());
  out->missing.insert(out->missing.end(), history->missing.begin(), history->missing.end());
  if (!live->kept.empty()) {
    out->kept.assign(history->segments.size(), nullptr);
    out->kept.insert(out->kept.end(), live->kept.begin(), live->kept.end());
  }
  out->boundary = TimeBoundary{static_cast<size_t>(field), *value, history->segments.size()};
  return out;
}

// The option clientQueryId of the request or of the query's own text.
// `parsed`: nullptr where the text is for the multi-stage engine.
std::string client_query_id(std::string_view sql, const sql::Query* parsed, const std::map<std::string, std::string>& options) {
  constexpr std::string_view kOption = "clientQueryId";
  std::map<std::string, std::string> own;
  const bool named = std::search(sql.begin(), sql.end(), kOption.begin(), kOption.end(), [](char a, char b) { return (a | 32) == (b | 32); }) != sql.end();
  if (named && parsed) own = parsed->options;
  if (named && !parsed) {
    if (Result<sql::MultiStageQuery> several = sql::parse_multi_stage(sql)) own = several->options;
  }
  const std::string_view out = query_option(own, kOption);
  return std::string(out.empty() ? query_option(options, kOption) : out);
}

// As BaseSingleStageBrokerRequestHandler 1.5.1 puts it: an answer without some segments says so.
void say_missing(const std::vector<std::string>& missing, QueryResponse* response) {
  constexpr size_t kNamed = 10;
  if (missing.empty() || !response->exceptions.empty()) return;
  const std::vector<std::string> named(missing.begin(), missing.begin() + static_cast<ptrdiff_t>(std::min(missing.size(), kNamed)));
  const std::string sampling = missing.size() > kNamed ? fmt::format(", sampling {}", kNamed) : std::string();
  response->exceptions.push_back({error_code::kSegmentsUnavailable, fmt::format("{} segments unavailable{}: [{}]", missing.size(), sampling, fmt::join(named, ", "))});
  response->partial_result = true;
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::start(InstanceOptions options) {
  std::unique_ptr<Instance> out(new Instance(std::move(options)));
  if (!out->options_.consumers) out->options_.consumers = [](kafka::ConsumerOptions consumer) { return kafka::Consumer::make(std::move(consumer)); };
  if (!out->options_.now_ms) out->options_.now_ms = wall_clock_ms;
  ASSIGN_OR_RETURN(out->lock_, FolderLock::take(out->options_.data_dir));
  RETURN_IF_ERROR(check_writable(out->options_.data_dir));
  RETURN_IF_ERROR(out->load());
  return out;
}

Instance::~Instance() { stop(); }

void Instance::interrupt() {
  std::shared_lock lock(mutex_);
  for (const auto& [name, table] : tables_) table->interrupt();
}

void Instance::stop() {
  std::map<std::string, std::shared_ptr<Table>> tables;
  {
    std::unique_lock lock(mutex_);
    tables.swap(tables_);
  }
  for (auto& [name, table] : tables) table->stop(false);
}

Status Instance::load() {
  RETURN_IF_ERROR(make_folder(options_.data_dir + "/schemas"));
  RETURN_IF_ERROR(make_folder(options_.data_dir + "/tables"));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options_.data_dir + "/schemas", error)) {
    if (entry.path().extension() != ".json") continue;
    Result<std::string> text = read_document(entry.path().string());
    Result<SchemaConfig> schema = text.ok() ? parse_schema_config(*text) : Result<SchemaConfig>(text.status());
    if (schema.ok()) {
      schemas_[schema->schema->name] = *std::move(schema);
      continue;
    }
    const std::string why = fmt::format("The stored schema '{}' cannot be read: {}", entry.path().string(), schema.status().message());
    log::error(kInstanceLogger, "{}. Post it again; its tables open at the next start", why);
    broken_schemas_[entry.path().stem().string()] = why;
  }
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(options_.data_dir + "/tables", error)) folders.push_back(entry.path().string());
  if (error) return host_error("list the folder", options_.data_dir + "/tables", error.value());
  std::sort(folders.begin(), folders.end());
  for (const std::string& folder : folders) {
    const std::string name = std::filesystem::path(folder).filename().string();
    if (name.starts_with(".") || !std::filesystem::exists(folder + "/config.json")) {
      std::error_code ignored;  // a deletion or creation that a crash cut short
      std::filesystem::remove_all(folder, ignored);
      continue;
    }
    if (Status status = load_table(folder); !status.ok()) {
      log::error(kInstanceLogger, "Table {} cannot be opened: {}", name, status.message());
      broken_[name] = status.message();
    }
  }
  return {};
}

Status Instance::load_table(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string text, read_document(folder + "/config.json"));
  ASSIGN_OR_RETURN(TableConfig config, parse_table_config(text, options_.now_ms()));
  if (folder != table_folder(config.name_with_type)) {
    return Status::host(fmt::format("The config in '{}' is that of {}. Restore it from a copy, or delete the table", folder, config.name_with_type));
  }
  if (std::filesystem::exists(disabled_path(config.name_with_type))) disabled_.insert(config.name_with_type);
  auto schema = schemas_.find(config.name);
  if (auto broken = broken_schemas_.find(config.name); broken != broken_schemas_.end()) return Status::host(broken->second);
  if (schema == schemas_.end()) return Status::not_found("Failed to find schema for table: " + config.name_with_type);
  return open_table(std::move(config), schema->second);
}

Status Instance::open_table(TableConfig config, SchemaConfig schema) {
  TableOptions table;
  table.folder = table_folder(config.name_with_type);
  table.consumers = options_.consumers;
  table.now_ms = options_.now_ms;
  const std::string name = config.name_with_type;
  table.config = std::move(config);
  table.schema = std::move(schema);
  ASSIGN_OR_RETURN(std::shared_ptr<Table> opened, Table::open(std::move(table)));
  opened->start();
  std::unique_lock lock(mutex_);
  tables_[name] = std::move(opened);
  return {};
}

Status Instance::enable_table(const std::string& name_with_type, bool enabled) {
  std::lock_guard change(change_mutex_);
  const auto found = tables(name_with_type);
  if (found.size() != 1 || found[0]->config().name_with_type != name_with_type) return Status::not_found(fmt::format("Table '{}' does not exist", name_with_type));
  if (is_enabled(name_with_type) == enabled) return {};
  const std::string path = disabled_path(name_with_type), paused = "paused";
  Table& table = *found[0];
  if (!enabled) RETURN_IF_ERROR(write_file(path, table.paused() ? paused : std::string("consuming")));
  bool resume = true;
  if (enabled) {
    ASSIGN_OR_RETURN(const std::string before, read_file(path));
    resume = before != paused;  // one that was paused by itself stays so
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return host_error("remove", path, error.value());
    RETURN_IF_ERROR(sync_folder(table_folder(name_with_type)));
  }
  {
    std::unique_lock lock(mutex_);
    if (enabled) disabled_.erase(name_with_type);
    else disabled_.insert(name_with_type);
  }
  const bool consumes = table.config().type == TableType::kRealtime;
  return consumes && (!enabled || resume) ? table.set_paused(!enabled) : Status();
}

bool Instance::is_enabled(const std::string& name_with_type) const {
  std::shared_lock lock(mutex_);
  return disabled_.count(name_with_type) == 0;
}

Result<ChangeAnswer> Instance::put_schema(std::string_view document, const std::string& expected_name) {
  std::lock_guard change(change_mutex_);
  ASSIGN_OR_RETURN(SchemaConfig schema, parse_schema_config(document));
  const std::string name = schema.schema->name;
  if (!expected_name.empty() && name != expected_name) {
    return Status::invalid(fmt::format("Schema name mismatch for uploaded schema, tried to add schema with name {} as {}", name, expected_name));
  }
  std::vector<std::shared_ptr<Table>> users;
  if (Result<SchemaConfig> known = this->schema(name)) {
    RETURN_IF_ERROR(check_schema_evolution(*known->schema, *schema.schema));
    if (known->stored != schema.stored) users = tables(name);
  } else if (!expected_name.empty()) {
    return Status::not_found(fmt::format("Schema: {} not found", name));
  }
  ChangeAnswer answer{name + " successfully added", schema.unrecognized, {}};
  RETURN_IF_ERROR(write_document(schema_path(name), schema.stored));
  {
    std::unique_lock lock(mutex_);
    schemas_[name] = schema;
  }
  // Tables of this schema go on with the new columns: what they have consumed is committed under the old ones.
  for (const std::shared_ptr<Table>& table : users) {
    table->stop(true);
    RETURN_IF_ERROR(open_table(table->config(), schema));
  }
  return answer;
}

Status Instance::delete_schema(const std::string& name) {
  std::lock_guard change(change_mutex_);
  if (!schema(name)) return Status::not_found(fmt::format("Schema {} not found", name));
  if (auto users = tables(name); !users.empty()) {
    return Status::conflict(fmt::format("Cannot delete schema {}, as it is associated with table {}", name, users[0]->config().name_with_type));
  }
  std::error_code error;
  std::filesystem::remove(schema_path(name), error);
  if (error) return host_error("remove", schema_path(name), error.value());
  RETURN_IF_ERROR(sync_folder(options_.data_dir + "/schemas"));
  std::unique_lock lock(mutex_);
  schemas_.erase(name);
  return {};
}

Result<SchemaConfig> Instance::schema(const std::string& name) const {
  std::shared_lock lock(mutex_);
  auto found = schemas_.find(name);
  if (found == schemas_.end()) return Status::not_found("Schema not found");
  return found->second;
}

std::vector<std::string> Instance::schema_names() const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, schema] : schemas_) out.push_back(name);
  return out;
}

Result<TableConfig> Instance::check_table(std::string_view document) const {
  ASSIGN_OR_RETURN(TableConfig config, parse_table_config(document, options_.now_ms()));
  Result<SchemaConfig> schema = this->schema(config.name);
  if (!schema) return Status::invalid("Failed to find schema for table: " + config.name_with_type);
  RETURN_IF_ERROR(check_table_config(config, *schema->schema));
  return config;
}

Result<ChangeAnswer> Instance::add_table(std::string_view document) {
  std::lock_guard change(change_mutex_);
  ASSIGN_OR_RETURN(TableConfig config, check_table(document));
  const std::string name = config.name_with_type;
  const std::string folder = table_folder(name);
  if (auto broken = broken_.find(name); broken != broken_.end()) {
    return Status::conflict(fmt::format("Table {} exists but cannot be opened: {}. Repair its folder, or delete the table", name, broken->second));
  }
  if (!tables(name).empty() || std::filesystem::exists(folder + "/config.json")) {
    return Status::conflict(fmt::format("Table config for {} already exists. If this is unexpected, try deleting the table to remove all metadata "
                                        "associated with it before attempting to recreate.", name));
  }
  ChangeAnswer answer{fmt::format("Table {} successfully added", name), config.unrecognized, config.warnings};
  for (const std::string& warning : config.warnings) log::warn(kInstanceLogger, "Table {}: {}", name, warning);
  RETURN_IF_ERROR(make_folder(folder));
  RETURN_IF_ERROR(write_document(folder + "/config.json", config.stored));
  RETURN_IF_ERROR(sync_folder(options_.data_dir + "/tables"));
  ASSIGN_OR_RETURN(SchemaConfig schema, this->schema(config.name));
  RETURN_IF_ERROR(open_table(std::move(config), std::move(schema)));
  // As Pinot's controller: who writes to the topic after the answer finds the records in the table.
  if (std::string why = tables(name).front()->wait_begun(kBeginMs); !why.empty()) {
    answer.warnings.push_back(fmt::format("where consumption begins is decided later: {}", why));
  }
  return answer;
}

Result<ChangeAnswer> Instance::update_table(const std::string& name, std::string_view document) {
  std::lock_guard change(change_mutex_);
  ASSIGN_OR_RETURN(TableConfig config, check_table(document));
  if (name != config.name && name != config.name_with_type) {
    return Status::invalid(fmt::format("Request table {} does not match table name in the body {}", name, config.name_with_type));
  }
  auto known = tables(config.name_with_type);
  if (known.empty()) return Status::not_found(fmt::format("Table {} does not exist", config.name_with_type));
  ChangeAnswer answer{fmt::format("Table config updated for {}", config.name), config.unrecognized, config.warnings};
  RETURN_IF_ERROR(write_document(table_folder(config.name_with_type) + "/config.json", config.stored));
  ASSIGN_OR_RETURN(SchemaConfig schema, this->schema(config.name));
  known[0]->stop(true);
  RETURN_IF_ERROR(open_table(std::move(config), std::move(schema)));
  return answer;
}

Result<std::vector<std::string>> Instance::delete_table(const std::string& name, const std::string& type) {
  std::lock_guard change(change_mutex_);
  std::vector<std::string> deleted;
  for (const std::shared_ptr<Table>& table : tables(name, type)) {
    const std::string full = table->config().name_with_type;
    const std::string gone = options_.data_dir + "/tables/.deleted-" + full;
    std::error_code error;
    std::filesystem::remove_all(gone, error);
    {
      std::unique_lock lock(mutex_);
      tables_.erase(full);
      disabled_.erase(full);
    }
    table->stop(false);
    std::filesystem::rename(table_folder(full), gone, error);
    if (error) return host_error("remove the folder", table_folder(full), error.value());
    RETURN_IF_ERROR(sync_folder(options_.data_dir + "/tables"));
    std::filesystem::remove_all(gone, error);
    deleted.push_back(full);
  }
  for (auto broken = broken_.begin(); broken != broken_.end();) {
    const std::string& full = broken->first;
    const size_t suffix = full.rfind('_');
    if ((full != name && full.substr(0, suffix) != name) || (!type.empty() && !same_name(full.substr(suffix + 1), type))) {
      ++broken;
      continue;
    }
    std::error_code error;
    std::filesystem::remove_all(table_folder(full), error);
    if (error) return host_error("remove the folder", table_folder(full), error.value());
    deleted.push_back(full);
    broken = broken_.erase(broken);
  }
  if (deleted.empty()) return Status::not_found(fmt::format("Table '{}' with type {} does not exist", name, type.empty() ? "null" : type));
  return deleted;
}

std::vector<std::string> Instance::table_names() const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, table] : tables_) out.push_back(table->config().name);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::shared_ptr<Table>> Instance::tables(const std::string& name, const std::string& type) const {
  std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<Table>> out;
  for (const auto& [full, table] : tables_) {
    const TableConfig& config = table->config();
    if ((config.name == name || full == name) && (type.empty() || same_name(to_string(config.type), type))) out.push_back(table);
  }
  return out;
}

std::shared_ptr<const TableSnapshot> Instance::resolve(std::string_view name, bool with_keys, std::string* table, bool* disabled) const {
  std::shared_ptr<Table> offline, realtime;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [full, candidate] : tables_) {
      if (!same_name(full, name) && !same_name(candidate->config().name, name)) continue;
      if (disabled_.count(full)) {
        if (disabled) *disabled = true;
        continue;
      }
      (candidate->config().type == TableType::kOffline ? offline : realtime) = candidate;
    }
  }
  if (!offline && !realtime) return nullptr;
  if (!with_keys && realtime && realtime->config().upsert.on()) return nullptr;
  const std::shared_ptr<Table>& found = offline ? offline : realtime;
  const bool hybrid = offline && realtime;
  *table = hybrid ? found->config().name : found->config().name_with_type;
  std::shared_ptr<const TableSnapshot> out = hybrid ? hybrid_snapshot(*offline, *realtime) : found->snapshot();
  return with_keys || out->missing.empty() ? out : nullptr;
}

std::optional<std::pair<std::string, std::string>> Instance::time_boundary(const std::string& name) const {
  std::string table;
  const std::shared_ptr<const TableSnapshot> snapshot = resolve(name, true, &table);
  if (!snapshot || !snapshot->boundary) return std::nullopt;
  const FieldSpec& field = snapshot->schema->fields[snapshot->boundary->field];
  return std::pair(field.name, is_integer(field.type) ? std::to_string(snapshot->boundary->value.integer) : snapshot->boundary->value.text);
}

QueryResponse Instance::query(std::string_view sql, const std::map<std::string, std::string>& options) { return query(sql, sql::parse(sql), options); }

QueryResponse Instance::query(std::string_view sql, Result<sql::Query> parsed, const std::map<std::string, std::string>& options) {
  const SteadyTime started = steady_now();
  std::string table;
  const std::string client = client_query_id(sql, parsed.ok() ? &*parsed : nullptr, options);
  const RunningQueries::Entry entry(running_, sql, client);
  bool disabled = false;
  std::vector<std::string> missing;
  const TableResolver resolver = [&](std::string_view name) {
    std::string found;
    auto snapshot = resolve(name, true, &found, &disabled);
    if (table.empty()) table = std::move(found);  // the query's own comes first, those of LOOKUP after it
    if (snapshot) missing.insert(missing.end(), snapshot->missing.begin(), snapshot->missing.end());
    return snapshot;
  };
  QueryResponse response =
      may_gapfill(sql) ? answer_gapfill(sql, options, resolver, entry.cancelled()) : answer_any(sql, std::move(parsed), options, resolver, entry.cancelled());
  if (disabled && response.error_code() == error_code::kTableDoesNotExist) response.exceptions[0] = {error_code::kTableIsDisabled, "TableIsDisabledError"};
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  say_missing(missing, &response);
  response.client_request_id = client;
  count(table, started, entry.id(), &response);
  return response;
}

std::optional<QueryResponse> Instance::query_if_short(std::string_view sql, const sql::Query& parsed, const std::map<std::string, std::string>& options) {
  if (may_gapfill(sql)) return std::nullopt;
  const SteadyTime started = steady_now();
  std::string table;
  std::optional<QueryResponse> response = answer_if_short(parsed, options, [&](std::string_view name) { return resolve(name, false, &table); });
  if (!response) return response;
  response->client_request_id = client_query_id(sql, &parsed, options);
  count(table, started, running_.next_id(), &*response);
  return response;
}

void Instance::count(const std::string& table, SteadyTime started, int64_t id, QueryResponse* response) {
  // A text that is no query never becomes a request: both are null, as in Pinot.
  const bool unparsed = !response->exceptions.empty() && response->exceptions[0].message.starts_with("SQLParsingError: Caught exception while parsing query");
  if (!unparsed) {
    response->request_id = std::to_string(id);
    response->broker_id = options_.broker_id;
  }
  const double millis = std::chrono::duration<double, std::milli>(steady_now() - started).count();
  const std::string& title = table.empty() ? kNoTable : table;
  Counters counters;
  {
    std::lock_guard lock(counters_mutex_);
    Counters& known = counters_[title];
    if (!known.queries) {
      metrics::Registry& registry = metrics::Registry::process();
      known = {registry.counter("bywash_queries_total", "Queries answered", {{"table", title}}),
               registry.counter("bywash_query_time_ms_total", "Milliseconds spent on queries", {{"table", title}})};
    }
    counters = known;
  }
  counters.queries->add();
  counters.millis->add(millis);
  if (!response->exceptions.empty()) metrics::Registry::process().counter("bywash_query_errors_total", "Queries answered with an exception", {{"table", title}})->add();
}

}  // namespace bywash::analytics
