// Change events after Debezium 3's envelope (io.debezium.data.Envelope), flattening of structs. Level 6, the task's thread.
#include "connectors/jdbc/record_shape.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>

#include "base/log.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;

Status shape_error(std::string message) {
  return Status::data(std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

bool has_type(const ConnectSchema& schema, std::string_view field, std::initializer_list<Type> types) {
  int i = schema.field_index(field);
  return i >= 0 && std::find(types.begin(), types.end(), schema.fields()[static_cast<size_t>(i)].schema->type()) != types.end();
}

bool is_envelope(const SinkConfig& config, const ConnectSchema& value) {
  if (!config.change_events || !value.has_fields()) return false;
  const std::initializer_list<Type> kRows = {Type::kStruct, Type::kObject, Type::kNull};
  bool looks = has_type(value, "op", {Type::kString}) && has_type(value, "source", {Type::kStruct, Type::kObject}) &&
               (has_type(value, "after", kRows) || has_type(value, "before", kRows));
  if (!looks) return false;
  // Whoever asks for the envelope's own fields gets them.
  return std::none_of(config.fields_whitelist.begin(), config.fields_whitelist.end(), [](const std::string& f) {
    return f == "op" || f == "before" || f == "after" || f == "source" || f == "ts_ms";
  });
}

Column with_name(const Column& column, std::string_view name) {
  auto schema = ConnectSchema::named(column.schema->type(), name, column.schema->optional());
  auto data = column.data->data()->Copy();
  data->type = schema->arrow_type();
  return {schema, arrow::MakeArray(data)};
}

// Numbers of the unit that timestamp.precision.mode says.
Result<Column> scaled(const Column& column, bool from_nanos, bool to_nanos) {
  columnar::SchemaSpec spec = column.schema->spec();
  spec.name = std::string(kTimestampMark);
  auto schema = ConnectSchema::make(std::move(spec));
  if (from_nanos == to_nanos) return Column{schema, column.data};
  const auto& data = static_cast<const arrow::Int64Array&>(*column.data);
  arrow::Int64Builder builder;
  for (int64_t row = 0; row < data.length(); ++row) {
    int64_t v = data.IsNull(row) ? 0 : data.Value(row);
    if (from_nanos) v = micros_of_nanos(v);
    else if (__builtin_mul_overflow(v, int64_t{1000}, &v)) v = v > 0 ? INT64_MAX : INT64_MIN;
    auto s = data.IsNull(row) ? builder.AppendNull() : builder.Append(v);
    if (!s.ok()) return Status::host(s.message());
  }
  auto done = builder.Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return Column{schema, done.MoveValueUnsafe()};
}

// Debezium's own types as Connect's.
Result<Column> with_connect_type(const Column& column, bool nanos) {
  const auto& name = column.schema->name();
  if (!name || !name->starts_with("io.debezium.")) return column;
  Type type = column.schema->type();
  if (*name == "io.debezium.time.Date" && type == Type::kInt32) return with_name(column, columnar::kDateName);
  if (*name == "io.debezium.time.Time" && type == Type::kInt32) return with_name(column, columnar::kTimeName);
  if (*name == "io.debezium.time.Timestamp" && type == Type::kInt64) return with_name(column, columnar::kTimestampName);
  if (*name == "io.debezium.time.MicroTimestamp" && type == Type::kInt64) return scaled(column, false, nanos);
  if (*name == "io.debezium.time.NanoTimestamp" && type == Type::kInt64) return scaled(column, true, nanos);
  if (*name == "io.debezium.time.ZonedTimestamp" && type == Type::kString) return scaled(column, nanos, nanos);
  if (*name != "io.debezium.data.VariableScaleDecimal" || type != Type::kStruct) return column;
  int scale = column.schema->field_index("scale"), value = column.schema->field_index("value");
  if (scale < 0 || value < 0) return column;
  Column scales = column.child(scale), values = column.child(value);
  arrow::BinaryBuilder builder;
  for (int64_t row = 0; row < column.row_count(); ++row) {
    arrow::Status appended;
    if (column.is_null(row) || values.is_null(row)) {
      appended = builder.AppendNull();
    } else {
      std::string unscaled(static_cast<const arrow::BinaryArray&>(*values.data).GetView(row));
      appended = builder.Append(columnar::encode_decimal({unscaled, static_cast<const arrow::Int32Array&>(*scales.data).Value(row)}));
    }
    if (!appended.ok()) return Status::host(appended.message());
  }
  auto done = builder.Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return Column{ConnectSchema::decimal(0, true), done.MoveValueUnsafe()};
}

Result<Column> with_connect_types(const Column& row, bool nanos) {
  if (row.schema->type() != Type::kStruct) return row;
  const auto& fields = row.schema->fields();
  bool any = std::any_of(fields.begin(), fields.end(), [](const columnar::Field& f) { return f.schema->name() && f.schema->name()->starts_with("io.debezium."); });
  if (!any) return row;
  columnar::SchemaSpec spec = row.schema->spec();
  std::vector<Column> children;
  for (size_t i = 0; i < fields.size(); ++i) {
    ASSIGN_OR_RETURN(Column child, with_connect_type(row.child(static_cast<int>(i)), nanos));
    spec.fields[i].schema = child.schema;
    children.push_back(std::move(child));
  }
  return make_struct_column(ConnectSchema::make(std::move(spec)), std::move(children), {}, row.data.get(), row.row_count());
}

Column no_values(int64_t rows) { return {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(rows)}; }

class Unwrapper {
 public:
  Unwrapper(const SinkConfig& config, std::vector<ShapedBatch>* out) : config_(config), out_(out) {}

  Status unwrap(const Batch& batch) {
    const Column& value = batch.value;
    int op_field = value.schema->field_index("op"), after_field = value.schema->field_index("after");
    Column op = value.child(op_field);
    Column after = after_field >= 0 ? value.child(after_field) : no_values(batch.row_count());
    std::vector<uint32_t> written, removed, truncated;
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      auto r = static_cast<uint32_t>(row);
      if (value.is_null(row)) { removed.push_back(r); continue; }
      std::string_view code = op.is_null(row) ? std::string_view() : static_cast<const arrow::StringArray&>(*op.data).GetView(row);
      bool has_row = !after.is_null(row) && value.schema->type() != Type::kNull;
      if ((code == "c" || code == "r" || code == "u") && has_row) written.push_back(r);
      else if (code == "d") removed.push_back(r);
      else if (code == "t") truncated.push_back(r);
      else if (code != "m") return shape_error(fmt::format("Change event of topic '{}', partition {}, offset {}: operation and row are none of "
                                                           "Debezium's (op c, r or u with after, d, t, m); set change.events=none to write it as it is",
                                                           batch.topic_of(row), batch.kafka_partition, batch.offsets[r]));
    }
    if (!written.empty()) {
      Batch rows = columnar::take(batch, written);
      rows.value = columnar::take(after, written);
      ASSIGN_OR_RETURN(rows.value, with_connect_types(rows.value, config_.timestamp_nanos()));
      out_->push_back({std::make_shared<const Batch>(std::move(rows)), false, true});
    }
    if (!removed.empty()) {
      Batch rows = columnar::take(batch, removed);
      rows.value = no_values(rows.row_count());
      out_->push_back({std::make_shared<const Batch>(std::move(rows)), false, true});
    }
    if (truncated.empty()) return {};
    if (!config_.truncate_enabled) {
      log::warn("jdbc", "{} truncations of topic '{}' are ignored: set truncate.enabled=true to empty its table", truncated.size(), batch.topic);
      return {};
    }
    Batch rows = columnar::take(batch, truncated);
    rows.value = no_values(rows.row_count());
    out_->push_back({std::make_shared<const Batch>(std::move(rows)), true, true});
    return {};
  }

 private:
  const SinkConfig& config_;
  std::vector<ShapedBatch>* out_;
};

struct FlatFields {
  columnar::SchemaSpec spec;
  std::vector<Column> children;
};

Status add_flat(const Column& column, const std::string& prefix, const std::string& delimiter, bool parent_optional, FlatFields* out) {
  const auto& array = static_cast<const arrow::StructArray&>(*column.data);
  for (size_t i = 0; i < column.schema->fields().size(); ++i) {
    const columnar::Field& field = column.schema->fields()[i];
    std::string name = prefix + field.name;
    auto data = array.GetFlattenedField(static_cast<int>(i));
    if (!data.ok()) return Status::host(data.status().message());
    Column child{field.schema, data.MoveValueUnsafe()};
    if (field.schema->type() == Type::kStruct) {
      RETURN_IF_ERROR(add_flat(child, name + delimiter, delimiter, parent_optional || field.schema->optional(), out));
      continue;
    }
    if (parent_optional && !field.schema->optional()) {
      columnar::SchemaSpec spec = field.schema->spec();
      spec.optional = true;
      child.schema = ConnectSchema::make(std::move(spec));
    }
    for (const columnar::Field& known : out->spec.fields) {
      if (known.name == name) return shape_error(fmt::format("Two fields are named '{}' after flattening: choose another flatten.delimiter", name));
    }
    out->spec.fields.push_back({name, child.schema, false});
    out->children.push_back(std::move(child));
  }
  return {};
}

}  // namespace

Result<Column> flattened(const Column& column, const std::string& delimiter) {
  const auto& fields = column.schema->fields();
  bool nested = column.schema->type() == Type::kStruct &&
                std::any_of(fields.begin(), fields.end(), [](const columnar::Field& f) { return f.schema->type() == Type::kStruct; });
  if (!nested) return column;
  FlatFields flat;
  flat.spec = column.schema->spec();
  flat.spec.fields.clear();
  RETURN_IF_ERROR(add_flat(column, "", delimiter, false, &flat));
  return make_struct_column(ConnectSchema::make(std::move(flat.spec)), std::move(flat.children), {}, column.data.get(), column.row_count());
}

Result<std::vector<ShapedBatch>> shape_records(const SinkConfig& config, const std::vector<Batch>& batches) {
  std::vector<ShapedBatch> out;
  for (const Batch& batch : batches) {
    if (batch.row_count() == 0) continue;
    if (is_envelope(config, *batch.value.schema)) RETURN_IF_ERROR(Unwrapper(config, &out).unwrap(batch));
    else out.push_back({std::shared_ptr<const Batch>(std::shared_ptr<void>(), &batch)});
  }
  if (!config.flatten_structs) return out;
  for (ShapedBatch& shaped : out) {
    Batch flat = *shaped.batch;
    ASSIGN_OR_RETURN(flat.value, flattened(flat.value, config.flatten_delimiter));
    ASSIGN_OR_RETURN(flat.key, flattened(flat.key, config.flatten_delimiter));
    shaped.batch = std::make_shared<const Batch>(std::move(flat));
  }
  return out;
}

}  // namespace bywash::jdbc
