// From batches to TableWrites. A batch falls into pieces of one table and kind (rows to write, tombstones); pieces of a table are merged
// by offset into runs; runs of one plan become one TableWrite. Level 6, the task's thread.
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

struct TableWriter::Group {
  std::vector<Piece*> pieces;
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

bool same_columns(const TableWrite& write, const FieldPlan& plan) {
  if (write.columns.size() != plan.columns.size() || !same_keys(write, plan)) return false;
  for (size_t i = plan.key_count; i < plan.columns.size(); ++i) {
    if (write.columns[i].name != plan.columns[i].name || !write.columns[i].schema->equals(*plan.columns[i].schema)) return false;
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

Status TableWriter::append(const Piece& piece, size_t from, size_t to, std::vector<TableWrite>* writes) const {
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
    bool fits = same_columns(*write, plan) && write->null_columns == piece.null_columns;
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
  block.row_count = static_cast<int64_t>(to - from);
  auto start = static_cast<int64_t>(from);
  Column key = slice(piece.key, start, block.row_count), value;
  if (!piece.tombstones) value = slice(piece.value, start, block.row_count);
  size_t count = piece.tombstones ? plan.key_count : plan.columns.size();
  for (size_t i = 0; i < count; ++i) {
    Column column;
    switch (plan.sources[i]) {
      case Source::kTopic: { ASSIGN_OR_RETURN(column, topics_column(*piece.batch, piece.rows, start, block.row_count)); break; }
      case Source::kPartition: {
        ASSIGN_OR_RETURN(column, columnar::constant_column(ConnectSchema::of(Type::kInt32), columnar::Value(piece.batch->kafka_partition),
                                                           block.row_count));
        break;
      }
      case Source::kOffset: { ASSIGN_OR_RETURN(column, offsets_column(piece.offsets, start, block.row_count)); break; }
      case Source::kKey: column = key; break;
      case Source::kKeyField: column = key.child(plan.fields[i]); break;
      case Source::kValue: column = value; break;
      case Source::kValueField: column = value.child(plan.fields[i]); break;
    }
    block.columns.push_back(std::move(column));
  }
  write->blocks.push_back(std::move(block));
  return {};
}

Status TableWriter::plan_group(Session& session, Group& group, std::vector<TableWrite>* out) {
  std::vector<size_t> next(group.pieces.size());
  std::vector<bool> planned(group.pieces.size());
  std::vector<TableWrite> writes;
  while (true) {
    size_t first = group.pieces.size(), second = first;  // the pieces with the least offsets
    auto head = [&](size_t i) { return group.pieces[i]->offsets[next[i]]; };
    for (size_t i = 0; i < group.pieces.size(); ++i) {
      if (next[i] >= group.pieces[i]->offsets.size()) continue;
      if (first == group.pieces.size() || head(i) < head(first)) { second = first; first = i; }
      else if (second == group.pieces.size() || head(i) < head(second)) second = i;
    }
    if (first == group.pieces.size()) break;
    Piece& piece = *group.pieces[first];
    size_t from = next[first], to = piece.offsets.size();
    if (second < group.pieces.size()) {
      to = static_cast<size_t>(std::lower_bound(piece.offsets.begin() + static_cast<int64_t>(from), piece.offsets.end(), head(second)) -
                               piece.offsets.begin());
    }
    if (!planned[first] && piece.truncates) {
      ASSIGN_OR_RETURN(piece.table, structure_.find(session, piece.table_name));
    } else if (!planned[first]) {
      RETURN_IF_ERROR(validate(piece));
      ASSIGN_OR_RETURN(bool nothing, deletes_nothing(session, piece));
      next[first] = to;
      if (nothing) continue;
      RETURN_IF_ERROR(plan_piece(session, piece));
    }
    planned[first] = true;
    if (!piece.truncates || piece.table) RETURN_IF_ERROR(append(piece, from, to, &writes));
    next[first] = to;
  }
  for (TableWrite& write : writes) out->push_back(std::move(write));
  return {};
}

Status TableWriter::run_transaction(Session& session, const std::vector<TableWrite>& writes, const std::vector<Batch>& batches,
                                    DeliveredOffsets* once) {
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

Status TableWriter::write(Session& session, const std::vector<Batch>& batches, DeliveredOffsets* once) {
  moved_ = false;
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
  // Tables in the order of their first record; batches of several partitions do not mix their offsets.
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.offsets.front() < b.offsets.front(); });
  std::vector<std::pair<std::pair<TableName, TopicPartition>, Group>> groups;
  for (Piece& piece : pieces) {
    auto id = std::pair(piece.table_name, piece.batch->origin);
    auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == id; });
    if (it == groups.end()) it = groups.insert(groups.end(), {id, Group{}});
    it->second.pieces.push_back(&piece);
  }
  std::vector<TableWrite> writes;
  for (auto& [id, group] : groups) RETURN_IF_ERROR(plan_group(session, group, &writes));
  return run_transaction(session, writes, batches, once);
}

}  // namespace bywash::jdbc
