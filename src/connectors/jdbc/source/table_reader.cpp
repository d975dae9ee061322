// Statements and offsets of the modes. Level 6, the task's thread.
#include "connectors/jdbc/source/table_reader.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace bywash::jdbc {
namespace {

using nlohmann::json;

constexpr size_t kManyRows = 256, kOffsetStep = 16;
constexpr int64_t kReserved = 10'000;

Status source_error(std::string message) {
  return Status(Code::kFatal, Blame::kUser, std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::string plain_name(const TableName& t) {
  return (t.catalog.empty() ? "" : t.catalog + ".") + (t.schema.empty() ? "" : t.schema + ".") + t.table;
}

bool same_time(const ReadPosition& a, const ReadPosition& b) { return a.timestamp_micros == b.timestamp_micros && a.nanos == b.nanos; }

// "10:00:00.1234567": the digits from the seventh on, as nanoseconds.
int32_t nanos_behind_micros(std::string_view text) {
  size_t at = text.find('.');
  int32_t nanos = 0;
  if (at == text.npos) return 0;
  for (size_t i = at + 1; i <= at + 9; ++i) {
    bool digit = i < text.size() && text[i] >= '0' && text[i] <= '9';
    if (!digit && i <= at + 6) return 0;
    if (i > at + 6) nanos = nanos * 10 + (digit ? text[i] - '0' : 0);
    if (!digit) text = text.substr(0, i);
  }
  return nanos;
}

int index_of(const std::vector<SourceColumn>& columns, const std::string& name) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  // As the original's second try: whatever the case.
  for (size_t i = 0; i < columns.size(); ++i) {
    bool same = std::equal(columns[i].name.begin(), columns[i].name.end(), name.begin(), name.end(),
                           [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (same) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

std::string offset_json(const ReadPosition& position) {
  // For many rows: a format takes three times as long.
  fmt::memory_buffer out;
  auto add = [&](std::string_view name, int64_t number) {
    fmt::format_int digits(number);
    out.push_back(out.size() == 0 ? '{' : ',');
    out.append(name);
    out.append(digits.data(), digits.data() + digits.size());
  };
  if (position.incrementing) add("\"incrementing\":", *position.incrementing);
  if (position.timestamp_micros) {
    int64_t micros = *position.timestamp_micros, second = floor_of(micros, 1'000'000);
    add("\"timestamp\":", floor_of(micros, 1000));
    add("\"timestamp_nanos\":", (micros - second * 1'000'000) * 1000 + position.nanos);
  }
  if (out.size() == 0) out.push_back('{');
  out.push_back('}');
  return std::string(out.data(), out.size());
}

Result<ReadPosition> position_of_json(const std::string& text) {
  json offset = json::parse(text, nullptr, false);
  ReadPosition out;
  if (offset.is_null()) return out;
  auto number = [&](const char* key) -> std::optional<int64_t> {
    auto it = offset.find(key);
    return it != offset.end() && it->is_number_integer() ? std::optional(it->get<int64_t>()) : std::nullopt;
  };
  if (!offset.is_object()) return source_error("A stored offset of the source is no JSON object: delete the connector's offsets to start over");
  out.incrementing = number("incrementing");
  if (auto ms = number("timestamp")) {
    int64_t nanos = number("timestamp_nanos").value_or((*ms - floor_of(*ms, 1000) * 1000) * 1'000'000);
    out.timestamp_micros = floor_of(*ms, 1000) * 1'000'000 + nanos / 1000;
    out.nanos = static_cast<int32_t>(nanos % 1000);
  }
  return out;
}

TableReader::TableReader(const SourceConfig& config, std::optional<TableName> table)
    : config_(config), table_(std::move(table)), clock_(config.db_timezone, config.date_calendar == "LEGACY") {
  topic_ = config_.topic_prefix + (table_ ? table_->table : "");
  std::string name = table_ ? plain_name(*table_) : "query";
  incrementing_name_ = config_.incrementing_column_of(name);
  timestamp_names_ = config_.timestamp_columns_of(name);
  partition_ = partition_candidates().front();
  if (config_.mode == SourceMode::kTimestamp || config_.mode == SourceMode::kTimestampIncrementing) {
    if (config_.timestamp_initial) position_.timestamp_micros = *config_.timestamp_initial < 0 ? wall_clock_ms() * 1000 : *config_.timestamp_initial * 1000;
  }
  committable_ = position_;
}

std::vector<std::string> TableReader::partition_candidates() const {
  if (!table_) return {R"({"query":"query"})"};
  json plain = {{"table", table_->table}};
  if (config_.mode == SourceMode::kBulk) return {plain.dump()};
  auto versioned = [](const std::string& name) { return json{{"protocol", "1"}, {"table", name}}.dump(); };
  std::vector<std::string> out = {versioned(plain_name(*table_))};
  // Drivers before pgjdbc 42.7.5 left the catalog out; connectors before 4.0 gave the table's bare name.
  if (!table_->catalog.empty() && !table_->schema.empty()) out.push_back(versioned(table_->schema + "." + table_->table));
  out.push_back(versioned(table_->table));
  out.push_back(plain.dump());
  return out;
}

Status TableReader::resume(std::string partition, const std::optional<std::string>& offset) {
  partition_ = std::move(partition);
  if (!offset) return {};
  ASSIGN_OR_RETURN(ReadPosition stored, position_of_json(*offset));
  if (stored.incrementing) position_.incrementing = stored.incrementing;
  if (stored.timestamp_micros) {
    position_.timestamp_micros = stored.timestamp_micros;
    position_.nanos = stored.nanos;
  }
  committable_ = position_;
  return {};
}

Status TableReader::choose_columns(SourceDatabase& database, const std::vector<SourceColumn>& columns) {
  timestamp_columns_.clear();
  for (const std::string& name : timestamp_names_) {
    int i = index_of(columns, name);
    if (i < 0) return source_error(fmt::format("Timestamp column '{}' is not in table '{}' (timestamp.column.name)", name, shown_name()));
    SourceColumn column = columns[static_cast<size_t>(i)];
    if (table_) RETURN_IF_ERROR(database.note_timestamp_column(*table_, &column));
    timestamp_columns_.push_back(std::move(column));
  }
  if (!incrementing_name_.empty() && index_of(columns, incrementing_name_) < 0) {
    return source_error(fmt::format("Incrementing column '{}' is not in table '{}' (incrementing.column.name)", incrementing_name_, shown_name()));
  }
  return {};
}

Status TableReader::check_columns(SourceDatabase& database) {
  if (config_.mode == SourceMode::kBulk) return {};
  std::string source = table_ ? database.identifiers().write(*table_) : "(" + config_.query + ") bywash_query";
  // A query with a LIMIT or its like in query.suffix may not stand in brackets; its columns are seen at the first row then.
  auto columns = database.start("SELECT * FROM " + source + " WHERE 1 = 0");
  database.finish();
  if (!columns.ok() && (columns.status().retriable() || table_)) return columns.status();
  if (!columns.ok()) return {};
  RETURN_IF_ERROR(choose_columns(database, *columns));
  if (!config_.validate_non_null || !table_) return {};
  bool all_null = !timestamp_columns_.empty();
  for (const SourceColumn& c : timestamp_columns_) all_null = all_null && c.nullable;
  auto refuse = [&](std::string_view kind, const std::string& column) {
    return source_error(fmt::format("Cannot make incremental queries using {} column {} on {} because this column is nullable: make it NOT NULL, or set "
                                    "validate.non.null=false", kind, column, database.identifiers().write(*table_)));
  };
  if (all_null) return refuse("timestamp", timestamp_names_.front());
  if (!incrementing_name_.empty() && (*columns)[static_cast<size_t>(index_of(*columns, incrementing_name_))].nullable) return refuse("incrementing", incrementing_name_);
  return {};
}

Result<std::string> TableReader::make_statement(SourceDatabase& database) {
  IdentifierRules rules = database.identifiers();
  std::string sql = table_ ? "SELECT * FROM " + rules.write(*table_) : config_.query;
  while (!table_ && !sql.empty() && (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back())))) sql.pop_back();
  std::string suffix = config_.query_suffix.empty() ? "" : " " + config_.query_suffix;
  if (config_.mode == SourceMode::kBulk) return sql + suffix;
  std::string number = rules.write(incrementing_name_), time;
  for (const std::string& name : timestamp_names_) time += (time.empty() ? "" : ",") + rules.write(name);
  if (timestamp_names_.size() > 1) time = "COALESCE(" + time + ")";
  int64_t last = position_.incrementing.value_or(-1);
  if (config_.mode == SourceMode::kIncrementing) return fmt::format("{} WHERE {} > {} ORDER BY {} ASC{}", sql, number, last, number, suffix);
  ASSIGN_OR_RETURN(int64_t now, database.now_micros());
  auto literal = [&](int64_t instant, int32_t nanos) {
    SourceColumn column = timestamp_columns_.empty() ? SourceColumn() : timestamp_columns_.front();
    return database.timestamp_literal(column, {instant, clock_.local_of_instant(instant), nanos});
  };
  std::string from = literal(position_.timestamp_micros.value_or(0), position_.nanos), to = literal(now - config_.timestamp_delay_ms * 1000, 0);
  if (config_.mode == SourceMode::kTimestamp) return fmt::format("{0} WHERE {1} > {2} AND {1} < {3} ORDER BY {1} ASC{4}", sql, time, from, to, suffix);
  return fmt::format("{0} WHERE {1} < {2} AND (({1} = {3} AND {4} > {5}) OR {1} > {3}) ORDER BY {1},{4} ASC{6}", sql, time, to, from, number, last, suffix);
}

Status TableReader::begin(SourceDatabase& database) {
  ASSIGN_OR_RETURN(sql_, make_statement(database));
  auto columns = database.start(sql_);
  if (!columns.ok()) return columns.status().with_context(fmt::format("Cannot read '{}'", shown_name()));
  ASSIGN_OR_RETURN(auto builder, RowBuilder::make(config_, table_ ? table_->table : "", *columns));
  // The same schema object as long as the table stays as it is: converters keep what they know by it.
  if (!builder_ || !builder_->schema()->equals(*builder->schema())) builder_ = std::move(builder);
  incrementing_at_ = incrementing_name_.empty() ? -1 : index_of(*columns, incrementing_name_);
  timestamps_at_.clear();
  timestamps_in_rows_.clear();
  for (const std::string& name : timestamp_names_) timestamps_at_.push_back(index_of(*columns, name));
  bool missing = !incrementing_name_.empty() && incrementing_at_ < 0;
  for (int at : timestamps_at_) missing = missing || at < 0;
  if (missing) {
    database.finish();
    return source_error(fmt::format("The rows of '{}' lack the columns of incrementing.column.name or timestamp.column.name", shown_name()));
  }
  if (incrementing_at_ >= 0) incrementing_in_rows_ = (*columns)[static_cast<size_t>(incrementing_at_)];
  for (int at : timestamps_at_) timestamps_in_rows_.push_back((*columns)[static_cast<size_t>(at)]);
  // The statement's own columns say which timestamps are instants; SQLite's values say it themselves.
  for (size_t i = 0; i < timestamps_at_.size() && i < timestamp_columns_.size(); ++i) {
    if (config_.url.kind != Database::kSqlite) timestamp_columns_[i].with_zone = (*columns)[static_cast<size_t>(timestamps_at_[i])].with_zone;
  }
  reading_ = true;
  peeked_ = false;
  return {};
}

// Moves `position`, which was the row's before it, to `row`.
Status TableReader::advance(const SourceRow& row, ReadPosition* position) const {
  ReadPosition& out = *position;
  if (incrementing_at_ >= 0) {
    const auto& value = row[static_cast<size_t>(incrementing_at_)];
    out.incrementing = value ? whole_number_of(incrementing_in_rows_, *value) : std::nullopt;
    if (!out.incrementing) return source_error(fmt::format("Incrementing column '{}' of '{}' holds a null or no whole number of 64 bits", incrementing_name_, shown_name()));
  }
  for (size_t i = 0; i < timestamps_at_.size(); ++i) {
    const auto& text = row[static_cast<size_t>(timestamps_at_[i])];
    if (!text) continue;
    bool instant = false;
    auto micros = timestamp_of(timestamps_in_rows_[i], *text, &instant);
    if (!micros) return source_error(fmt::format("Timestamp column '{}' of '{}' holds no timestamp", timestamp_names_[i], shown_name()));
    bool with_zone = instant || (i < timestamp_columns_.size() && timestamp_columns_[i].with_zone);
    out.timestamp_micros = with_zone ? *micros : clock_.instant_of_local(*micros);
    out.nanos = config_.url.kind == Database::kSqlserver ? nanos_behind_micros(*text) : 0;
    break;
  }
  return {};
}

// In timestamp mode a timestamp is done only once a later one, or the end, was seen: more rows may have the same. Of many rows each sixteenth
// and the last one have an offset: after a crash in the middle of them up to fifteen come again.
void TableReader::write_offsets(bool closed, const std::vector<ReadPosition>& positions, std::vector<std::string>* out) {
  bool waits = config_.mode == SourceMode::kTimestamp;
  const size_t step = positions.size() > kManyRows ? kOffsetStep : 1;
  out->resize(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) {
    bool last = i + 1 == positions.size();
    bool done = !waits || (last ? closed : !same_time(positions[i + 1], positions[i]));
    if (done) committable_ = positions[i];
    if (config_.mode != SourceMode::kBulk && (last || i % step == step - 1)) (*out)[i] = offset_json(committable_);
  }
}

Result<plugin::SourceBatch> TableReader::read(SourceDatabase& database) {
  std::vector<ReadPosition> positions;
  const int64_t limit = config_.batch_max_rows;
  positions.reserve(static_cast<size_t>(std::min<int64_t>(limit, kReserved)));
  bool more = true;
  while (builder_->row_count() < limit) {
    if (!peeked_) {
      ASSIGN_OR_RETURN(more, database.next(&row_));
      if (!more) break;
    }
    peeked_ = false;
    RETURN_IF_ERROR(advance(row_, &position_));
    positions.push_back(position_);
    RETURN_IF_ERROR(builder_->append(row_));
  }
  bool closed = true;  // nothing more has the last row's timestamp
  if (more) {
    ASSIGN_OR_RETURN(more, database.next(&row_));
    peeked_ = more;
    if (more) {
      ReadPosition next = position_;
      RETURN_IF_ERROR(advance(row_, &next));
      closed = !same_time(next, position_);
    }
  }
  if (!more) {
    database.finish();
    reading_ = false;
  }
  plugin::SourceBatch out;
  write_offsets(closed, positions, &out.source_offsets);
  return finish_batch(std::move(out));
}

Result<plugin::SourceBatch> TableReader::finish_batch(plugin::SourceBatch out) {
  out.source_partition = partition_;
  columnar::Batch& batch = out.batch;
  batch.topic = topic_;
  batch.from_source = true;
  batch.kafka_partition = -1;
  int64_t rows = builder_->row_count();
  ASSIGN_OR_RETURN(batch.value, builder_->finish());
  batch.key = {columnar::ConnectSchema::schemaless(columnar::Type::kNull), std::make_shared<arrow::NullArray>(rows)};
  batch.selected = columnar::RowMask(rows);
  batch.timestamps_ms.assign(static_cast<size_t>(rows), -1);  // the producer's clock, as for the original's records
  for (int64_t i = 0; i < rows; ++i) batch.offsets.push_back(next_number_++);
  return out;
}

void TableReader::abandon(SourceDatabase* database) {
  if (database) database->finish();
  if (builder_) (void)builder_->finish();
  reading_ = peeked_ = false;
  // Rows of the last timestamp may be missing: they come again, rather than never.
  if (config_.mode == SourceMode::kTimestamp) position_ = committable_;
}

}  // namespace bywash::jdbc
