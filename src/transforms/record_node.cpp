// Walking records in columns. Level 4, the task's thread.
#include "transforms/record_node.h"

#include <arrow/array.h>

namespace bywash::transforms {

using columnar::Type;

RecordColumn::RecordColumn(Column column, std::shared_ptr<arrow::BooleanArray> present)
    : column_(std::move(column)),
      present_(std::move(present)),
      validity_(column_.data->null_bitmap_data()),
      offset_(column_.data->offset()),
      all_null_(column_.data->type_id() == arrow::Type::NA),
      has_members_(column_.schema->has_fields() || column_.schema->type() == Type::kMap) {}
RecordColumn::~RecordColumn() = default;

const RecordColumn* RecordColumn::field(std::string_view name) const {
  for (const Field& known : fields_) {
    if (known.name == name) return known.column.get();
  }
  const int i = column_.schema->field_index(name);
  if (i < 0) return nullptr;
  return fields_.emplace_back(Field{column_.schema->fields()[static_cast<size_t>(i)].name, std::make_unique<RecordColumn>(column_.child(i), column_.present(i))}).column.get();
}

bool RecordColumn::is_absent(int64_t row) const { return present_ && !present_->Value(row); }

const RecordColumn& RecordColumn::elements() const {
  if (!elements_) {
    const auto& list = static_cast<const arrow::ListArray&>(*column_.data);
    auto values = column_.schema->type() == Type::kArray ? list.values() : static_cast<const arrow::StructArray&>(*list.values()).field(1);
    elements_ = std::make_unique<RecordColumn>(Column{column_.schema->value_schema(), std::move(values)});
  }
  return *elements_;
}

void RecordNode::decode() {
  if (column_->is_null(row_)) return;
  owned_ = std::make_shared<const Value>(columnar::value_at(column_->schema(), column_->array(), row_));
  value_ = owned_.get();
  column_ = nullptr;
}

RecordNode RecordNode::inside(const Value& value) const {
  RecordNode out(&value);
  out.owned_ = owned_;
  return out;
}

bool RecordNode::is_list() const {
  if (column_) return column_->schema().type() == Type::kArray && !column_->is_null(row_);
  return value_ && value_->as_list();
}

bool RecordNode::is_struct() const {
  if (column_) return column_->schema().type() == Type::kStruct && !column_->is_null(row_);
  return value_ && value_->as_struct();
}

RecordNode RecordNode::member(std::string_view name, bool defaults) const {
  if (!has_members()) return {};
  if (column_ && column_->schema().has_fields()) {
    const RecordColumn* field = column_->field(name);
    if (!field || field->is_absent(row_)) return {};
    if (defaults && column_->schema().type() == Type::kStruct && field->schema().default_value() && field->is_null(row_)) return RecordNode(&*field->schema().default_value());
    return {*field, row_};
  }
  if (column_) {
    const auto& map = static_cast<const arrow::ListArray&>(column_->array());
    if (column_->schema().key_schema()->type() != Type::kString) return {};
    const auto keys = std::static_pointer_cast<arrow::StringArray>(static_cast<const arrow::StructArray&>(*map.values()).field(0));
    for (int64_t i = map.value_offset(row_); i < map.value_offset(row_ + 1); ++i) {
      if (!keys->IsNull(i) && keys->GetView(i) == name) return {column_->elements(), i};
    }
    return {};
  }
  if (const Value::Struct* record = value_->as_struct()) {
    const int i = record->schema->field_index(name);
    if (i < 0) return {};
    const Value& found = record->values[static_cast<size_t>(i)];
    const auto& fallback = record->schema->fields()[static_cast<size_t>(i)].schema->default_value();
    return inside(defaults && found.is_null() && fallback ? *fallback : found);
  }
  for (const auto& [key, item] : *value_->as_map()) {
    if (auto* text = key.get_if<std::string>(); text && *text == name) return inside(item);
  }
  return {};
}

std::vector<RecordNode> RecordNode::items() const {
  std::vector<RecordNode> out;
  if (is_missing()) return out;
  if (column_ && column_->schema().has_fields()) {
    for (const auto& field : column_->schema().fields()) {
      RecordNode item = member(field.name);
      if (!item.is_absent()) out.push_back(std::move(item));
    }
  } else if (column_ && (column_->schema().type() == Type::kArray || column_->schema().type() == Type::kMap)) {
    const auto& list = static_cast<const arrow::ListArray&>(column_->array());
    for (int64_t i = list.value_offset(row_); i < list.value_offset(row_ + 1); ++i) out.push_back({column_->elements(), i});
  } else if (value_) {
    if (auto* list = value_->as_list()) {
      for (const Value& item : *list) out.push_back(inside(item));
    } else if (auto* map = value_->as_map()) {
      for (const auto& entry : *map) out.push_back(inside(entry.second));
    } else if (auto* record = value_->as_struct()) {
      for (const Value& item : record->values) out.push_back(inside(item));
    }
  }
  return out;
}

Value RecordNode::value() const {
  if (column_) return columnar::value_at(column_->schema(), column_->array(), row_);
  return value_ ? *value_ : Value();
}

std::optional<std::string_view> RecordNode::text() const {
  if (column_) {
    if (column_->schema().type() != Type::kString || column_->is_null(row_)) return std::nullopt;
    return static_cast<const arrow::StringArray&>(column_->array()).GetView(row_);
  }
  auto* text = value_ ? value_->get_if<std::string>() : nullptr;
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

std::optional<int64_t> RecordNode::whole_number() const {
  if (column_) {
    if (column_->schema().logical() != columnar::Logical::kNone || column_->is_null(row_)) return std::nullopt;
    const arrow::Array& array = column_->array();
    switch (column_->schema().type()) {
      case Type::kInt8: return static_cast<const arrow::Int8Array&>(array).Value(row_);
      case Type::kInt16: return static_cast<const arrow::Int16Array&>(array).Value(row_);
      case Type::kInt32: return static_cast<const arrow::Int32Array&>(array).Value(row_);
      case Type::kInt64: return static_cast<const arrow::Int64Array&>(array).Value(row_);
      default: return std::nullopt;
    }
  }
  if (!value_) return std::nullopt;
  if (auto* n = value_->get_if<int32_t>()) return *n;
  if (auto* n = value_->get_if<int64_t>()) return *n;
  return std::nullopt;
}

}  // namespace bywash::transforms
