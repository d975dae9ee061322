// Taking records apart into fields and putting them together again. Level 4, the task's thread.
#include "transforms/field_slots.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>

namespace bywash::transforms {

using columnar::ConnectSchema;
using columnar::SchemaSpec;
using columnar::Type;

StructSchemaBuilder::StructSchemaBuilder() { spec_.type = Type::kStruct; }

StructSchemaBuilder StructSchemaBuilder::basics_of(const ConnectSchema& source) {
  StructSchemaBuilder builder;
  builder.spec_.name = source.name();
  builder.spec_.version = source.version();
  builder.spec_.doc = source.doc();
  builder.spec_.parameters = source.parameters();
  return builder;
}

Status StructSchemaBuilder::add(const std::string& name, SchemaPtr schema) {
  if (name.empty()) return data_error(kSchemaBuilderException, "fieldName cannot be null.");
  for (const auto& field : spec_.fields) {
    if (field.name == name) {
      return data_error(kSchemaBuilderException, "Cannot create field because of field name duplication " + name);
    }
  }
  spec_.fields.push_back({name, std::move(schema), false});
  return {};
}

std::vector<Slot> slots_of(const Column& record) {
  std::vector<Slot> slots;
  const auto& fields = record.schema->fields();
  slots.reserve(fields.size() + 4);
  for (size_t i = 0; i < fields.size(); ++i) {
    slots.push_back({fields[i].name, record.child(static_cast<int>(i)), record.present(static_cast<int>(i))});
  }
  return slots;
}

int find_slot(const std::vector<Slot>& slots, std::string_view name) {
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

void put_slot(std::vector<Slot>& slots, Slot slot) {
  int at = find_slot(slots, slot.name);
  if (at < 0) {
    slots.push_back(std::move(slot));
    return;
  }
  Slot& old = slots[static_cast<size_t>(at)];
  if (!slot.present) {
    old = std::move(slot);
    return;
  }
  // Rows that don't put the key keep what they had: merge row by row, which only a timestamp that some records lack ever needs.
  std::vector<Value> merged;
  arrow::BooleanBuilder present;
  for (int64_t row = 0; row < slot.column.row_count(); ++row) {
    bool fresh = slot.present->Value(row);
    merged.push_back(value_at(fresh ? slot.column : old.column, row));
    (void)present.Append(fresh || !old.present || old.present->Value(row));
  }
  auto column = columnar::infer_column(merged);
  std::shared_ptr<arrow::BooleanArray> bits;
  if (column.ok() && present.Finish(&bits).ok()) old = {std::move(slot.name), *std::move(column), std::move(bits)};
}

Column assemble_struct(const SchemaPtr& schema, std::vector<Slot> slots, const Column& record) {
  std::vector<Column> children;
  children.reserve(slots.size());
  for (Slot& slot : slots) children.push_back(std::move(slot.column));
  return make_struct_column(schema, std::move(children), {}, record.data.get(), record.row_count());
}

Column ObjectAssembler::operator()(std::vector<Slot> slots, const Column& record) {
  SchemaSpec spec;
  spec.type = Type::kObject;
  spec.optional = spec.schemaless = true;
  std::vector<Column> children;
  std::vector<std::shared_ptr<arrow::BooleanArray>> present;
  for (Slot& slot : slots) {
    spec.fields.push_back({std::move(slot.name), slot.column.schema, slot.present != nullptr});
    if (slot.present) present.push_back(std::move(slot.present));
    children.push_back(std::move(slot.column));
  }
  SchemaPtr schema = ConnectSchema::make(std::move(spec));
  if (last_ && last_->equals(*schema)) schema = last_;
  else last_ = schema;
  return make_struct_column(std::move(schema), std::move(children), std::move(present), record.data.get(), record.row_count());
}

Result<Column> with_default(const Column& column) {
  if (!column.schema->default_value() || column.data->null_count() == 0) return column;
  ASSIGN_OR_RETURN(Column one, columnar::constant_column(column.schema, *column.schema->default_value(), 1));
  const int64_t rows = column.row_count();
  auto both = arrow::Concatenate({column.data, one.data});
  if (!both.ok()) return Status::fatal(both.status().message());
  std::vector<uint32_t> picks(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) picks[static_cast<size_t>(row)] = static_cast<uint32_t>(column.data->IsNull(row) ? rows : row);
  return columnar::take({column.schema, both.MoveValueUnsafe()}, picks);
}

namespace {
template <class Keep>
Column null_unless(const Column& child, Keep keep) {
  const int64_t rows = child.row_count();
  arrow::UInt32Builder picks;
  if (!picks.Reserve(rows).ok()) return child;
  for (int64_t row = 0; row < rows; ++row) {
    if (keep(row)) picks.UnsafeAppend(static_cast<uint32_t>(row));
    else picks.UnsafeAppendNull();
  }
  std::shared_ptr<arrow::Array> indices;
  if (!picks.Finish(&indices).ok()) return child;
  auto taken = arrow::compute::Take(*child.data, *indices, arrow::compute::TakeOptions::NoBoundsCheck());
  return {child.schema, taken.ok() ? taken.MoveValueUnsafe() : child.data};
}
}  // namespace

Column masked_by_parent(const Column& child, const Column& parent) {
  if (parent.data->null_count() == 0 || child.data->type_id() == arrow::Type::NA) return child;
  return null_unless(child, [&](int64_t row) { return !parent.data->IsNull(row); });
}

Column present_only(const Column& child, const std::shared_ptr<arrow::BooleanArray>& present) {
  if (!present || present->true_count() == present->length() || child.data->type_id() == arrow::Type::NA) return child;
  return null_unless(child, [&](int64_t row) { return present->Value(row); });
}

Result<Column> ConstantColumn::of(const SchemaPtr& schema, const Value& value, int64_t row_count) {
  if (!column_.data || column_.row_count() < row_count || schema_ != schema || !(value_ == value)) {
    ASSIGN_OR_RETURN(column_, columnar::constant_column(schema, value, row_count));
    schema_ = schema;
    value_ = value;
  }
  if (column_.row_count() == row_count) return column_;
  return Column{schema_, column_.data->Slice(0, row_count)};
}

Status map_schemaless_rows(Batch& batch, Side side, const std::function<Result<Value>(const Value&, int64_t row)>& f) {
  Column& column = column_of(batch, side);
  std::vector<Value> values(static_cast<size_t>(batch.row_count()));
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    if (!batch.selected.test(row) || column.is_null(row)) continue;
    auto changed = f(value_at(column, row), row);
    if (changed.ok()) values[static_cast<size_t>(row)] = *std::move(changed);
    else fail_row(batch, row, changed.status());
  }
  ASSIGN_OR_RETURN(column, columnar::infer_column(values));
  return {};
}

const Value* map_get(const Value::Map& map, std::string_view key) {
  for (const auto& [name, value] : map) {
    if (auto* text = name.get_if<std::string>(); text && *text == key) return &value;
  }
  return nullptr;
}

void map_put(Value::Map& map, std::string_view key, Value value) {
  for (auto& [name, old] : map) {
    if (auto* text = name.get_if<std::string>(); text && *text == key) {
      old = std::move(value);
      return;
    }
  }
  map.emplace_back(Value::string(key), std::move(value));
}

}  // namespace bywash::transforms
