#include "connectors/postgres_cdc/table_events.h"

#include <algorithm>
#include <chrono>

#include "columnar/column.h"

namespace bywash::postgres_cdc {

using columnar::ConnectSchema;
using columnar::SchemaSpec;
using columnar::Type;
using formats::json::ColumnBuilder;

namespace {

// Places of the envelope's fields.
enum : size_t { kBefore, kAfter, kSource, kTransaction, kOperation, kMillis, kMicros, kNanos };

constexpr int kTombstoneBatchesMax = 16;

bool same_value(const TupleValue& a, const TupleValue& b) { return a.kind == b.kind && a.text == b.text; }

}  // namespace

Result<std::unique_ptr<TableEvents>> TableEvents::make(const EventSettings& settings, Catalog& catalog, TableStructure structure) {
  std::unique_ptr<TableEvents> out(new TableEvents(settings, std::move(structure)));
  RETURN_IF_ERROR(out->plan(catalog));
  return out;
}

Status TableEvents::plan(Catalog& catalog) {
  const ChangeConfig& config = *settings_.config;
  const Selection& selection = *settings_.selection;
  const std::string &schema = structure_.schema, &table = structure_.table;
  topic_ = topic_of_table(config, schema, table);
  std::string base = adjusted_schema_name(config.schema_names, topic_);

  SchemaSpec row;
  row.name = base + ".Value";
  row.optional = true;
  for (size_t i = 0; i < structure_.columns.size(); ++i) {
    const TableColumn& column = structure_.columns[i];
    if (!selection.has_column(schema, table, column.name)) continue;
    ASSIGN_OR_RETURN(auto type, FieldType::make(config, catalog, column));
    if (!type) continue;
    if (const auto* rule = selection.rule_of(schema, table, column.name)) type->apply(*rule);
    row.fields.push_back({adjusted_field_name(config.field_names, column.name), type->schema()});
    fields_.push_back({i, std::move(type)});
  }
  auto row_schema = ConnectSchema::make(std::move(row));

  const auto* chosen = selection.key_columns(schema, table);
  SchemaSpec key;
  key.name = base + ".Key";
  for (const std::string& name : chosen ? *chosen : structure_.key) {
    int i = structure_.column_index(name);
    if (i < 0) return Status::invalid(fmt::format("message.key.columns names column '{}', which table '{}' does not have", name, structure_.name()));
    ASSIGN_OR_RETURN(auto type, FieldType::make(config, catalog, structure_.columns[static_cast<size_t>(i)]));
    if (!type) continue;
    key.fields.push_back({adjusted_field_name(config.field_names, name), type->schema()});
    key_fields_.push_back({static_cast<size_t>(i), std::move(type)});
  }
  if (!key.fields.empty()) key_schema_ = ConnectSchema::make(std::move(key));

  auto number = ConnectSchema::of(Type::kInt64, true);
  SchemaSpec envelope;
  envelope.name = base + ".Envelope";
  envelope.version = 2;
  envelope.fields = {{"before", row_schema}, {"after", row_schema}, {"source", source_schema(config)}, {"transaction", transaction_block_schema(config)},
                     {"op", ConnectSchema::of(Type::kString)}, {"ts_ms", number}, {"ts_us", number}, {"ts_ns", number}};
  envelope_schema_ = ConnectSchema::make(std::move(envelope));
  discard();
  return {};
}

bool TableEvents::fits(const TableStructure& other) const {
  auto same = [](const TableColumn& a, const TableColumn& b) {
    return a.name == b.name && a.type == b.type && a.modifier == b.modifier && a.optional == b.optional && a.default_expression == b.default_expression;
  };
  return other.key == structure_.key && std::equal(other.columns.begin(), other.columns.end(), structure_.columns.begin(), structure_.columns.end(), same);
}

void TableEvents::accept_any_label() {
  for (auto* fields : {&fields_, &key_fields_}) {
    for (ValueField& field : *fields) field.type->accept_any_label();
  }
}

void TableEvents::discard() {
  for (Pending* pending : {&changes_, &tombstones_}) {
    *pending = Pending();
    if (key_schema_) pending->keys = std::make_unique<ColumnBuilder>(key_schema_);
  }
  changes_.values = std::make_unique<ColumnBuilder>(envelope_schema_);
}

Status TableEvents::append_row(const Tuple& row, const Tuple* old_row, ColumnBuilder* out) {
  for (size_t f = 0; f < fields_.size(); ++f) {
    const ValueField& field = fields_[f];
    ColumnBuilder* child = out->children()[f].builder.get();
    const TupleValue* value = &row[field.column];
    // The old row, where there is a whole one, has what the new one only points to.
    if (value->kind == TupleValue::Kind::kUnchanged && old_row && (*old_row)[field.column].kind == TupleValue::Kind::kText) value = &(*old_row)[field.column];
    Status status;
    switch (value->kind) {
      case TupleValue::Kind::kText: status = field.type->append(value->text, child); break;
      case TupleValue::Kind::kNull: status = field.type->append_null(child); break;
      case TupleValue::Kind::kUnchanged: status = field.type->append_unavailable(child); break;
    }
    if (!status.ok()) return status.with_context(fmt::format("Cannot convert column '{}' of table '{}'", structure_.columns[field.column].name, structure_.name()));
  }
  out->end_fields();
  return {};
}

Status TableEvents::append_key(const Tuple& row, ColumnBuilder* out) {
  for (size_t f = 0; f < key_fields_.size(); ++f) {
    const ValueField& field = key_fields_[f];
    ColumnBuilder* child = out->children()[f].builder.get();
    const TupleValue& value = row[field.column];
    Status status = value.kind == TupleValue::Kind::kText   ? field.type->append(value.text, child)
                    : value.kind == TupleValue::Kind::kNull ? field.type->append_null(child)
                                                            : field.type->append_unavailable(child);
    if (!status.ok()) return status.with_context(fmt::format("Cannot convert key column '{}' of table '{}'", structure_.columns[field.column].name, structure_.name()));
  }
  out->end_fields();
  return {};
}

void TableEvents::push_header(const columnar::Header* own, Pending* to) {
  if (!own && to->headers.empty()) return;
  to->headers.resize(static_cast<size_t>(to->rows) + 1);
  if (own) to->headers.back().push_back(*own);
}

Status TableEvents::append(const Event& event, const EventMark& mark) {
  auto& c = changes_.values->children();
  ColumnBuilder *before = c[kBefore].builder.get(), *after = c[kAfter].builder.get();
  if (event.before) RETURN_IF_ERROR(append_row(*event.before, nullptr, before));
  else before->append_null();
  if (event.after) RETURN_IF_ERROR(append_row(*event.after, event.before, after));
  else after->append_null();
  append_source(*settings_.config, mark, structure_.schema, structure_.table, c[kSource].builder.get());
  append_transaction(mark, c[kTransaction].builder.get());
  c[kOperation].builder->push_bytes(event.operation);
  auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  c[kMillis].builder->push_fixed<int64_t>(now / 1'000'000);
  c[kMicros].builder->push_fixed<int64_t>(now / 1000);
  c[kNanos].builder->push_fixed<int64_t>(now);
  changes_.values->end_fields();
  return changes_.keys ? append_key(*event.key_of, changes_.keys.get()) : Status();
}

Status TableEvents::add(const Event& event, const EventMark& mark) {
  size_t columns = structure_.columns.size();
  if ((event.before && event.before->size() != columns) || (event.after && event.after->size() != columns)) {
    return Status::fatal(fmt::format("A row of table '{}' has not as many values as the server said that the table has columns", structure_.name()));
  }
  // Tombstones have no schema and so a batch of their own. The first ones of a poll follow their delete at once, as in Debezium. A batch
  // costs as much as some fifty rows: of more deletes they wait, at most until the next event of their key.
  if (tombstones_.rows > 0) {
    bool at_once = tombstone_batches_ < kTombstoneBatchesMax;
    if (at_once) ++tombstone_batches_;
    if (at_once || (event.key_of && waiting_keys_.count(key_text(*event.key_of)))) RETURN_IF_ERROR(flush_both());
  }
  Status status = append(event, mark);
  if (!status.ok()) {
    changes_.values->truncate(changes_.rows);
    if (changes_.keys) changes_.keys->truncate(changes_.rows);
    return status;
  }
  push_header(event.more, &changes_);
  ++changes_.rows;
  return {};
}

Status TableEvents::add_tombstone(const Tuple& key_of, const columnar::Header* more) {
  if (!settings_.config->tombstones) return {};
  if (tombstones_.keys) RETURN_IF_ERROR(append_key(key_of, tombstones_.keys.get()));
  push_header(more, &tombstones_);
  ++tombstones_.rows;
  if (tombstone_batches_ >= kTombstoneBatchesMax) waiting_keys_.insert(key_text(key_of));
  return {};
}

std::string TableEvents::key_text(const Tuple& row) const {
  std::string out;
  for (const ValueField& field : key_fields_) (out += row[field.column].text) += '\0';
  return out;
}

Status TableEvents::add_read(const Tuple& row, const EventMark& mark) { return add({"r", nullptr, &row, &row}, mark); }
Status TableEvents::add_insert(const Tuple& row, const EventMark& mark) { return add({"c", nullptr, &row, &row}, mark); }

bool TableEvents::same_key(const Tuple& one, const Tuple& other) const {
  return std::all_of(key_fields_.begin(), key_fields_.end(), [&](const ValueField& field) {
    // An unchanged value of the new row is the old one's.
    return other[field.column].kind == TupleValue::Kind::kUnchanged || same_value(one[field.column], other[field.column]);
  });
}

bool TableEvents::same_row(const Tuple& one, const Tuple& other) const {
  return std::all_of(fields_.begin(), fields_.end(), [&](const ValueField& field) {
    return other[field.column].kind == TupleValue::Kind::kUnchanged || same_value(one[field.column], other[field.column]);
  });
}

Result<columnar::Header> TableEvents::key_header(const char* name, const Tuple& row) {
  ColumnBuilder builder(key_schema_);
  RETURN_IF_ERROR(append_key(row, &builder));
  ASSIGN_OR_RETURN(auto array, builder.finish());
  return columnar::Header{name, key_schema_, columnar::value_at(*key_schema_, *array, 0)};
}

// A changed key is a delete of the old and a create of the new one, each with the other's key in a header.
Status TableEvents::add_update(const Tuple* old_row, bool old_is_whole, const Tuple& row, const EventMark& mark) {
  size_t columns = structure_.columns.size();
  bool whole = (!old_row || old_row->size() == columns) && row.size() == columns;
  if (old_row && whole && key_schema_ && !same_key(*old_row, row)) {
    ASSIGN_OR_RETURN(columnar::Header new_key, key_header("__debezium.newkey", row));
    ASSIGN_OR_RETURN(columnar::Header old_key, key_header("__debezium.oldkey", *old_row));
    RETURN_IF_ERROR(add({"d", old_row, nullptr, old_row, &new_key}, mark));
    RETURN_IF_ERROR(add_tombstone(*old_row, &new_key));
    Tuple filled = row;
    for (size_t i = 0; i < columns && old_is_whole; ++i) {
      if (filled[i].kind == TupleValue::Kind::kUnchanged) filled[i] = (*old_row)[i];
    }
    return add({"c", nullptr, &filled, &filled, &old_key}, mark);
  }
  if (old_row && old_is_whole && whole && settings_.config->skip_unchanged && same_row(*old_row, row)) return {};
  return add({"u", old_row, &row, &row}, mark);
}

Status TableEvents::add_delete(const Tuple& old_row, const EventMark& mark) {
  RETURN_IF_ERROR(add({"d", &old_row, nullptr, &old_row}, mark));
  return add_tombstone(old_row, nullptr);
}

Status TableEvents::add_truncate(const EventMark& mark) {
  RETURN_IF_ERROR(flush());
  auto keys = std::move(changes_.keys);
  Status status = add({"t"}, mark);
  if (status.ok()) status = flush(&changes_, true);
  changes_.keys = std::move(keys);
  return status;
}

Status TableEvents::flush(Pending* pending, bool with_values) {
  if (pending->rows == 0) return {};
  BatchParts parts;
  parts.topic = topic_;
  parts.rows = pending->rows;
  if (pending->keys) {
    ASSIGN_OR_RETURN(auto keys, pending->keys->finish());
    parts.key = columnar::Column{key_schema_, std::move(keys)};
  }
  if (with_values) {
    ASSIGN_OR_RETURN(auto values, pending->values->finish());
    parts.value = columnar::Column{envelope_schema_, std::move(values)};
  }
  if (!pending->headers.empty()) pending->headers.resize(static_cast<size_t>(pending->rows));
  parts.headers = std::exchange(pending->headers, {});
  parts.shared_headers = settings_.headers;
  pending->rows = 0;
  settings_.out->push_back(make_batch(*settings_.config, std::move(parts)));
  return {};
}

Status TableEvents::flush() {
  tombstone_batches_ = 0;
  return flush_both();
}

Status TableEvents::flush_both() {
  waiting_keys_.clear();
  RETURN_IF_ERROR(flush(&changes_, true));
  return flush(&tombstones_, false);
}

}  // namespace bywash::postgres_cdc
