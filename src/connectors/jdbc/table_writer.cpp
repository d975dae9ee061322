// From batches to TableWrites. A batch falls into pieces of one table and kind (rows to write, tombstones); pieces of a partition are merged
// by offset into slices, which wait in their table's buffer as the original's records do; slices of one plan become one TableWrite.
// Level 6, the task's thread.
#include "connectors/jdbc/table_writer.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "connectors/jdbc/schemaless.h"

namespace bywash::jdbc {

using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;

struct TableWriter::CachedPlan {
  columnar::SchemaPtr key_schema, value_schema;  // held, so that their addresses stay theirs
  bool tombstones = false;
  TableName table_name;
  FieldPlan plan;
  std::shared_ptr<const TableDefinition> table;
};

struct TableWriter::Piece {
  const Batch* batch = nullptr;
  TableName table_name;
  std::string table_text;
  bool tombstones = false;
  bool truncates = false;
  bool schemaless = false;
  std::vector<uint32_t> rows;  // of the batch, ascending; empty: all
  std::vector<int64_t> offsets;
  Column key, value;  // only these rows, with schema
  std::shared_ptr<CachedPlan> plan;
  std::shared_ptr<const TableDefinition> table;  // of truncations
  std::vector<std::string> null_columns;
  int64_t row_count() const { return static_cast<int64_t>(offsets.size()); }
};

// Neighbouring rows of a piece.
struct TableWriter::Slice {
  Piece* piece = nullptr;
  size_t from = 0, to = 0;
};

// What waits for a table, as BufferedRecords of kafka-connect-jdbc 10.9 has it. When rows are sent only matters where a table is changed later.
struct TableWriter::Buffer {
  columnar::SchemaPtr key_schema, value_schema;  // of the last record; of a tombstone the key's alone
  std::vector<Slice> slices;
  size_t count = 0;
  bool deletes = false;
};

struct TableWriter::Put {
  const std::vector<Batch>* batches = nullptr;
  DeliveredOffsets* once = nullptr;
  std::map<TableName, Buffer> buffers;
  std::vector<TableName> tables;  // in the order of their first records
  std::vector<Slice> sent;        // what the original has sent by now, and not committed
  void send(Buffer* buffer) {
    sent.insert(sent.end(), buffer->slices.begin(), buffer->slices.end());
    buffer->slices.clear();
    buffer->count = 0;
    buffer->deletes = false;
  }
};

namespace {

Status record_error(std::string message) {
  return Status::data(std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

// Java's simple class name of a value of this schema.
std::string_view java_type(const ConnectSchema& s) {
  switch (s.type()) {
    case Type::kInt8: return "Byte";
    case Type::kInt16: return "Short";
    case Type::kInt32: return "Integer";
    case Type::kInt64: return "Long";
    case Type::kFloat32: return "Float";
    case Type::kFloat64: return "Double";
    case Type::kBoolean: return "Boolean";
    case Type::kString: return "String";
    case Type::kBytes: return "byte[]";
    case Type::kArray: return "ArrayList";
    case Type::kStruct: return "Struct";
    case Type::kNull: return "null";
    default: return "HashMap";
  }
}

std::string_view pk_mode_text(PkMode mode) {
  static constexpr std::string_view kNames[] = {"none", "kafka", "record_key", "record_value"};
  return kNames[static_cast<int>(mode)];
}

std::string where(const Batch& batch, uint32_t row) {
  return fmt::format("(topic='{}',partition={},offset={},timestamp={})", batch.topic_of(row), batch.kafka_partition, batch.offsets[row],
                     batch.timestamps_ms.empty() ? -1 : batch.timestamps_ms[row]);
}

Column slice(const Column& column, int64_t from, int64_t count) {
  if (from == 0 && count == column.row_count()) return column;
  return {column.schema, column.data->Slice(from, count)};
}

Result<Column> topics_column(const Batch& batch, const std::vector<uint32_t>& rows, int64_t from, int64_t count) {
  arrow::StringBuilder builder;
  for (int64_t i = from; i < from + count; ++i) {
    if (auto s = builder.Append(batch.topic_of(rows.empty() ? i : rows[static_cast<size_t>(i)])); !s.ok()) return Status::host(s.message());
  }
  auto done = builder.Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return Column{ConnectSchema::of(Type::kString), done.MoveValueUnsafe()};
}

Result<Column> offsets_column(const std::vector<int64_t>& offsets, int64_t from, int64_t count) {
  arrow::Int64Builder builder;
  if (auto s = builder.AppendValues(offsets.data() + from, count); !s.ok()) return Status::host(s.message());
  auto done = builder.Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return Column{ConnectSchema::of(Type::kInt64), done.MoveValueUnsafe()};
}

bool has_fractions(const Column& column) {
  const auto& data = static_cast<const arrow::DoubleArray&>(*column.data);
  for (int64_t i = 0; i < data.length(); ++i) {
    double v = data.IsNull(i) ? 0 : data.Value(i);
    if (v != std::trunc(v) || std::abs(v) >= 9.2e18) return true;
  }
  return false;
}

bool same_keys(const TableWrite& write, const FieldPlan& plan) {
  if (write.key_count != plan.key_count) return false;
  for (size_t i = 0; i < plan.key_count; ++i) {
    if (write.columns[i].name != plan.columns[i].name || !write.columns[i].schema->equals(*plan.columns[i].schema)) return false;
  }
  return true;
}

bool same_columns(const TableWrite& write, const FieldPlan& plan, const Dialect& dialect) {
  if (write.columns.size() != plan.columns.size() || !same_keys(write, plan)) return false;
  for (size_t i = plan.key_count; i < plan.columns.size(); ++i) {
    const WriteColumn& column = write.columns[i];
    bool same = column.only_nulls ? !dialect.writes(*plan.columns[i].schema) : column.schema->equals(*plan.columns[i].schema);
    if (column.name != plan.columns[i].name || !same) return false;
  }
  return true;
}

}  // namespace

TableWriter::TableWriter(const SinkConfig* config, const Dialect* dialect, TableNaming naming)
    : config_(config), dialect_(dialect), rules_(dialect->identifiers(config->quote)), naming_(std::move(naming)),
      structure_(config, dialect, rules_) {}

void TableWriter::forget() {
  structure_.forget();
  plans_.clear();
}

Status TableWriter::split(const ShapedBatch& shaped, std::vector<Piece>* out) {
  const Batch& batch = *shaped.batch;
  int64_t n = batch.row_count();
  bool no_values = batch.value.schema->type() == Type::kNull;
  bool mixed = !no_values && batch.value.data->null_count() > 0;
  // The common case, one table and no tombstones, costs no copy.
  std::map<std::pair<std::string, bool>, std::vector<uint32_t>> parts;
  if (batch.topics.empty() && !mixed && !naming_.per_record()) {
    ASSIGN_OR_RETURN(std::string table, naming_.name_for(batch, 0));
    parts[{table, no_values}] = {};
  } else {
    for (int64_t row = 0; row < n; ++row) {
      ASSIGN_OR_RETURN(std::string table, naming_.name_for(batch, row));
      parts[{table, no_values || batch.value.is_null(row)}].push_back(static_cast<uint32_t>(row));
    }
  }
  for (auto& [kind, rows] : parts) {
    Piece piece;
    piece.batch = &batch;
    piece.table_text = kind.first;
    piece.truncates = shaped.truncates;
    ASSIGN_OR_RETURN(piece.table_name, rules_.parse(piece.table_text));
    piece.table_name.table = dialect_->table_name(std::move(piece.table_name.table));
    if (shaped.of_change_events) change_tables_.insert(piece.table_name);
    piece.tombstones = kind.second;
    bool all = rows.empty() || static_cast<int64_t>(rows.size()) == n;
    if (all) {
      piece.offsets = batch.offsets;
      piece.key = batch.key;
      piece.value = batch.value;
    } else {
      for (uint32_t row : rows) piece.offsets.push_back(batch.offsets[row]);
      piece.key = take(batch.key, rows);
      piece.value = take(batch.value, rows);
      piece.rows = std::move(rows);
    }
    out->push_back(std::move(piece));
  }
  return {};
}

Status TableWriter::validate(Piece& piece) const {
  const Batch& batch = *piece.batch;
  auto batch_row = [&](int64_t i) { return piece.rows.empty() ? static_cast<uint32_t>(i) : piece.rows[static_cast<size_t>(i)]; };
  auto refuse = [&](int64_t i, std::string_view needs, std::string_view part, const ConnectSchema& schema, bool null) {
    std::string text = fmt::format(
        "Sink connector '{}' is configured with 'delete.enabled={}' and 'pk.mode={}' and therefore requires records with {}, but found "
        "record at {} with a {} {} and {} {} schema.",
        config_->connector_name, config_->delete_enabled, pk_mode_text(config_->pk_mode), needs, where(batch, batch_row(i)),
        null ? "null" : java_type(schema), part, schema.schemaless() ? "null" : to_string(schema.type()), part);
    return record_error(std::move(text));
  };
  const ConnectSchema& value = *piece.value.schema;
  if (piece.tombstones && !config_->delete_enabled) {
    return refuse(0, "a non-null Struct or String value and non-null Struct or String schema", "value", value, true);
  }
  if (!piece.tombstones && value.type() != Type::kStruct && value.type() != Type::kString && value.type() != Type::kObject) {
    return refuse(0, "a non-null Struct or String value and non-null Struct or String schema", "value", value, false);
  }
  if (config_->pk_mode == PkMode::kRecordKey) {
    const ConnectSchema& key = *piece.key.schema;
    constexpr std::string_view kNeeds = "a non-null key and non-null Struct or primitive key schema";
    if (key.type() == Type::kNull) return refuse(0, kNeeds, "key", key, true);
    if (key.type() == Type::kArray || key.type() == Type::kMap || key.type() == Type::kVariant) return refuse(0, kNeeds, "key", key, false);
    for (int64_t i = 0; piece.key.data->null_count() > 0 && i < piece.row_count(); ++i) {
      if (piece.key.is_null(i)) return refuse(i, kNeeds, "key", key, true);
    }
    if (key.schemaless()) { ASSIGN_OR_RETURN(piece.key, with_schema(piece.key)); }
  }
  piece.schemaless = !piece.tombstones && value.schemaless();
  if (piece.schemaless) { ASSIGN_OR_RETURN(piece.value, with_schema(piece.value)); }
  return {};
}

// Deletes of change events from a table that is yet to be made: their fields are the key alone, and a table made of them would lack all others.
Result<bool> TableWriter::deletes_nothing(Session& session, const Piece& piece) {
  if (!piece.tombstones || !config_->auto_create || config_->pk_mode != PkMode::kRecordKey || !change_tables_.count(piece.table_name)) return false;
  ASSIGN_OR_RETURN(auto table, structure_.find(session, piece.table_name));
  return table == nullptr;
}

Status TableWriter::plan_piece(Session& session, Piece& piece) {
  bool with_key = config_->pk_mode == PkMode::kRecordKey;
  const ConnectSchema* key = with_key ? piece.key.schema.get() : nullptr;
  const ConnectSchema* value = piece.tombstones ? nullptr : piece.value.schema.get();
  for (const auto& known : plans_) {
    auto same = [](const ConnectSchema* a, const ConnectSchema* b) { return a == b || a->equals(*b); };
    if (known->tombstones == piece.tombstones && known->table_name == piece.table_name && (!with_key || same(known->key_schema.get(), key)) &&
        (piece.tombstones || same(known->value_schema.get(), value))) {
      piece.plan = known;
    }
  }
  if (!piece.plan) {
    std::vector<std::string> table_keys;
    if (piece.schemaless && config_->pk_mode == PkMode::kRecordValue && config_->pk_fields.empty()) {
      ASSIGN_OR_RETURN(auto table, structure_.find(session, piece.table_name));
      for (const TableColumn& c : table ? table->columns : std::vector<TableColumn>()) {
        if (c.in_primary_key) table_keys.push_back(c.name);
      }
    }
    auto made = std::make_shared<CachedPlan>();
    ASSIGN_OR_RETURN(made->plan, make_field_plan(*config_, piece.table_text, key, value, table_keys));
    made->key_schema = piece.key.schema;
    made->value_schema = piece.value.schema;
    made->tombstones = piece.tombstones;
    made->table_name = piece.table_name;
    if (!piece.schemaless) {
      if (plans_.size() >= 64) plans_.erase(plans_.begin());
      plans_.push_back(made);
    }
    piece.plan = std::move(made);
  }
  ASSIGN_OR_RETURN(piece.plan->table, structure_.ensure(session, piece.table_name, piece.plan->plan));
  if (config_->insert_mode == InsertMode::kUpsert && piece.plan->plan.key_count == 0) {
    return Status::fatal(fmt::format("Write to table '{}' in UPSERT mode requires key field names to be known, check the primary key "
                                     "configuration (pk.mode and pk.fields)", rules_.write(piece.plan->table->name)))
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  if (config_->insert_mode == InsertMode::kUpsert && !dialect_->upserts()) {
    return Status::fatal(fmt::format("Write to table '{}' in UPSERT mode is not supported with the {} dialect: leave out dialect.name",
                                     rules_.write(piece.plan->table->name), dialect_->name()))
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  if (piece.schemaless) return adapt_schemaless(session, piece);
  return {};
}

Status TableWriter::adapt_schemaless(Session& session, Piece& piece) {
  const FieldPlan& plan = piece.plan->plan;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const TableColumn* column = piece.plan->table->find(plan.columns[i].name);
    if (!column || plan.columns[i].schema->type() != Type::kFloat64 || plan.sources[i] != Source::kValueField) continue;
    static constexpr std::string_view kIntegers[] = {"bigint", "integer", "smallint", "int", "mediumint", "tinyint"};
    if (std::find(std::begin(kIntegers), std::end(kIntegers), column->type) == std::end(kIntegers)) continue;
    if (!has_fractions(piece.value.child(plan.fields[i]))) continue;
    if (!config_->auto_evolve || plan.columns[i].is_key) {
      return record_error(fmt::format("Field '{}' holds fractions, but column '{}' of table {} is {}: set auto.evolve=true, or change the column",
                                      plan.columns[i].name, column->name, rules_.write(piece.plan->table->name), column->type));
    }
    ASSIGN_OR_RETURN(piece.plan->table, structure_.widen(session, piece.table_name, TableColumn(*column), dialect_->double_type()));
  }
  if (config_->insert_mode == InsertMode::kInsert) return {};
  for (const TableColumn& column : piece.plan->table->columns) {
    bool written = std::any_of(plan.columns.begin(), plan.columns.end(), [&](const WriteColumn& c) { return c.name == column.name; });
    bool seen = piece.batch->value.schema->field_index(column.name) >= 0;  // with nothing but nulls
    if (!written && column.nullable && !column.in_primary_key && (seen || (config_->auto_create && !column.has_default))) {
      piece.null_columns.push_back(column.name);
    }
  }
  return {};
}

Status TableWriter::append(const Slice& slice, std::vector<TableWrite>* writes) const {
  const Piece& piece = *slice.piece;
  if (piece.truncates) {
    TableWrite& all = writes->emplace_back();
    all.truncates = true;
    all.table = piece.table;
    return {};
  }
  const FieldPlan& plan = piece.plan->plan;
  TableWrite* write = writes->empty() || writes->back().truncates ? nullptr : &writes->back();
  if (write && write->table->name != piece.plan->table->name) write = nullptr;
  if (write && piece.tombstones) {
    if (!same_keys(*write, plan)) write = nullptr;
  } else if (write) {
    bool only_deletes = write->columns.size() == write->key_count && write->blocks.front().deletes && write->blocks.back().deletes;
    bool fits = same_columns(*write, plan, *dialect_) && write->null_columns == piece.null_columns;
    if (!fits && !(only_deletes && same_keys(*write, plan))) write = nullptr;
  }
  if (!write) {
    write = &writes->emplace_back();
    write->mode = config_->insert_mode;
    write->key_count = plan.key_count;
  }
  write->table = piece.plan->table;
  if (!piece.tombstones || write->columns.empty()) {
    write->columns = plan.columns;
    write->null_columns = piece.null_columns;
    write->schemaless = piece.schemaless;
  }
  RowBlock block;
  block.deletes = piece.tombstones;
  block.row_count = static_cast<int64_t>(slice.to - slice.from);
  size_t count = piece.tombstones ? plan.key_count : plan.columns.size();
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(Column column, column_of(slice, i, write));
    block.columns.push_back(std::move(column));
  }
  write->blocks.push_back(std::move(block));
  return {};
}

Result<Column> TableWriter::column_of(const Slice& s, size_t i, TableWrite* write) const {
  const Piece& piece = *s.piece;
  const FieldPlan& plan = piece.plan->plan;
  auto start = static_cast<int64_t>(s.from), count = static_cast<int64_t>(s.to - s.from);
  switch (plan.sources[i]) {
    case Source::kTopic: return topics_column(*piece.batch, piece.rows, start, count);
    case Source::kPartition: return columnar::constant_column(ConnectSchema::of(Type::kInt32), columnar::Value(piece.batch->kafka_partition), count);
    case Source::kOffset: return offsets_column(piece.offsets, start, count);
    case Source::kKey: return slice(piece.key, start, count);
    case Source::kKeyField: return slice(piece.key, start, count).child(plan.fields[i]);
    case Source::kValue: return slice(piece.value, start, count);
    case Source::kValueField: break;
  }
  Column column = slice(piece.value, start, count).child(plan.fields[i]);
  const ConnectSchema& schema = *plan.columns[i].schema;
  bool has_default = schema.default_value() && !schema.default_value()->is_null() && config_->replace_null_with_default;
  if (dialect_->writes(schema) || has_default || column.data->null_count() < column.data->length()) return column;
  // PreparedStatementBinder: a null is bound whatever the type.
  write->columns[i].only_nulls = true;
  write->columns[i].schema = ConnectSchema::of(Type::kString, true);
  return columnar::constant_column(write->columns[i].schema, columnar::Value(), count);
}

// Slices by table, those of a table in their order; neighbours become one.
Result<std::vector<TableWrite>> TableWriter::writes_of(const std::vector<Slice>& slices) const {
  std::vector<std::pair<TableName, std::vector<Slice>>> tables;
  for (const Slice& next : slices) {
    auto it = std::find_if(tables.begin(), tables.end(), [&](const auto& t) { return t.first == next.piece->table_name; });
    if (it == tables.end()) it = tables.insert(tables.end(), {next.piece->table_name, {}});
    std::vector<Slice>& of_table = it->second;
    bool neighbour = !of_table.empty() && of_table.back().piece == next.piece && of_table.back().to == next.from;
    if (neighbour) of_table.back().to = next.to;
    else of_table.push_back(next);
  }
  std::vector<TableWrite> out;
  for (const auto& [name, of_table] : tables) {
    std::vector<TableWrite> writes;
    for (const Slice& one : of_table) RETURN_IF_ERROR(append(one, &writes));
    for (TableWrite& write : writes) out.push_back(std::move(write));
  }
  return out;
}

// BufferedRecords.add: what makes a buffer go to the database, before and behind the rows of `slice`.
Status TableWriter::buffer_slice(Session& session, const Slice& s, Put* put) {
  Piece& piece = *s.piece;
  auto [it, fresh] = put->buffers.try_emplace(piece.table_name);
  if (fresh) put->tables.push_back(piece.table_name);
  Buffer& buffer = it->second;
  auto same = [](const columnar::SchemaPtr& a, const columnar::SchemaPtr& b) { return a && (a == b || a->equals(*b)); };
  bool changed = !piece.truncates && (!same(buffer.key_schema, piece.key.schema) || (!piece.tombstones && !same(buffer.value_schema, piece.value.schema)));
  if (changed || (config_->delete_enabled && buffer.deletes && !piece.tombstones)) put->send(&buffer);
  if (changed) buffer.key_schema = piece.key.schema;
  if (changed && !piece.tombstones) buffer.value_schema = piece.value.schema;
  if (!piece.truncates && !piece.plan) RETURN_IF_ERROR(plan_piece(session, piece));
  const size_t most = std::max<size_t>(static_cast<size_t>(config_->batch_size), 1);
  size_t full = (buffer.count + s.to - s.from) / most * most, split = full > buffer.count ? s.from + full - buffer.count : s.from;
  if (split > s.from) {
    buffer.slices.push_back({&piece, s.from, split});
    put->send(&buffer);
  }
  if (split < s.to) {
    buffer.slices.push_back({&piece, split, s.to});
    buffer.count += s.to - split;
    buffer.deletes = buffer.deletes || piece.tombstones;
  }
  return {};
}

// The records of a partition in their order, whatever table they go to.
Status TableWriter::buffer_origin(Session& session, std::vector<Piece*> pieces, Put* put) {
  std::vector<size_t> next(pieces.size());
  std::vector<bool> known(pieces.size()), passed_over(pieces.size());
  while (true) {
    size_t first = pieces.size(), second = first;  // the pieces with the least offsets
    auto head = [&](size_t i) { return pieces[i]->offsets[next[i]]; };
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (next[i] >= pieces[i]->offsets.size()) continue;
      if (first == pieces.size() || head(i) < head(first)) { second = first; first = i; }
      else if (second == pieces.size() || head(i) < head(second)) second = i;
    }
    if (first == pieces.size()) return {};
    Piece& piece = *pieces[first];
    size_t from = next[first], to = piece.offsets.size();
    if (second < pieces.size()) {
      to = static_cast<size_t>(std::lower_bound(piece.offsets.begin() + static_cast<int64_t>(from), piece.offsets.end(), head(second)) - piece.offsets.begin());
    }
    next[first] = to;
    if (!known[first] && piece.truncates) {
      ASSIGN_OR_RETURN(piece.table, structure_.find(session, piece.table_name));
      passed_over[first] = piece.table == nullptr;
    } else if (!known[first]) {
      RETURN_IF_ERROR(validate(piece));
    }
    known[first] = true;
    if (!piece.truncates && !piece.plan) {
      // Asked anew: rows that make the table may have come in between.
      ASSIGN_OR_RETURN(bool nothing, deletes_nothing(session, piece));
      if (nothing) continue;
    }
    if (!passed_over[first]) RETURN_IF_ERROR(buffer_slice(session, {&piece, from, to}, put));
  }
}

Status TableWriter::change_structure(Session& session, const std::vector<std::string>& statements, Put* put) {
  if (put->once || put->sent.empty()) return session.execute(statements);
  ASSIGN_OR_RETURN(std::vector<TableWrite> writes, writes_of(put->sent));
  RETURN_IF_ERROR(run_transaction(session, writes, *put->batches, nullptr, statements));
  for (const Slice& s : put->sent) {
    const std::vector<int64_t>& offsets = s.piece->offsets;
    committed_[s.piece->batch->origin].insert(offsets.begin() + static_cast<int64_t>(s.from), offsets.begin() + static_cast<int64_t>(s.to));
  }
  put->sent.clear();
  return {};
}

Status TableWriter::run_transaction(Session& session, const std::vector<TableWrite>& writes, const std::vector<Batch>& batches,
                                    DeliveredOffsets* once, const std::vector<std::string>& changes) {
  Status status;
  for (int attempt = 0; attempt < 2; ++attempt) {
    status = session.begin();
    if (once && status.ok()) {
      auto moved = once->lock(session, batches);
      status = moved.status();
      if (moved.ok() && *moved) {
        session.rollback();
        moved_ = true;
        return {};
      }
    }
    for (const TableWrite& write : writes) {
      if (status.ok()) status = session.write(write);
    }
    if (status.ok() && !changes.empty()) status = session.execute(changes);
    if (once && status.ok()) status = once->store(session, batches);
    if (status.ok()) status = session.commit();
    if (status.ok()) {
      if (once) once->committed(batches);
      return status;
    }
    session.rollback();
    if (!session.wants_rerun()) break;
  }
  return status;
}

std::vector<Batch> TableWriter::without_committed(const std::vector<Batch>& batches) const {
  std::vector<Batch> out;
  for (const Batch& batch : batches) {
    auto of_origin = committed_.find(batch.origin);
    std::vector<uint32_t> rows;
    for (size_t i = 0; i < batch.offsets.size(); ++i) {
      if (of_origin == committed_.end() || of_origin->second.count(batch.offsets[i]) == 0) rows.push_back(static_cast<uint32_t>(i));
    }
    if (rows.size() == batch.offsets.size()) out.push_back(batch);
    else if (!rows.empty()) out.push_back(columnar::take(batch, rows));
  }
  return out;
}

Status TableWriter::write(Session& session, const std::vector<Batch>& batches, DeliveredOffsets* once) {
  moved_ = false;
  if (!committed_.empty()) return write_shaped(session, without_committed(batches), once);
  RETURN_IF_ERROR(write_shaped(session, batches, once));
  for (int again = 0; moved_ && again < 3; ++again) {
    moved_ = false;
    std::vector<Batch> rest = once->undelivered(batches);
    if (!rest.empty()) RETURN_IF_ERROR(write_shaped(session, rest, once));
  }
  return moved_ ? Status::retriable(fmt::format("Another task writes the same partitions ({})", config_->offsets_table)) : Status();
}

Status TableWriter::write_shaped(Session& session, const std::vector<Batch>& batches, DeliveredOffsets* once) {
  ASSIGN_OR_RETURN(std::vector<ShapedBatch> shaped, shape_records(*config_, batches));
  std::vector<Piece> pieces;
  for (const ShapedBatch& batch : shaped) RETURN_IF_ERROR(split(batch, &pieces));
  // Partitions in the order in which they were handed over.
  std::vector<std::pair<TopicPartition, std::vector<Piece*>>> origins;
  for (Piece& piece : pieces) {
    auto it = std::find_if(origins.begin(), origins.end(), [&](const auto& o) { return o.first == piece.batch->origin; });
    if (it == origins.end()) it = origins.insert(origins.end(), {piece.batch->origin, {}});
    it->second.push_back(&piece);
  }
  Put put;
  put.batches = &batches;
  put.once = once;
  structure_.apply_by([&](Session& s, const std::vector<std::string>& statements) { return change_structure(s, statements, &put); });
  Status buffered;
  for (auto& [origin, of_origin] : origins) {
    if (buffered.ok()) buffered = buffer_origin(session, std::move(of_origin), &put);
  }
  structure_.apply_by(nullptr);
  RETURN_IF_ERROR(buffered);
  for (const TableName& table : put.tables) put.send(&put.buffers[table]);
  ASSIGN_OR_RETURN(std::vector<TableWrite> writes, writes_of(put.sent));
  return run_transaction(session, writes, batches, once);
}

}  // namespace bywash::jdbc
