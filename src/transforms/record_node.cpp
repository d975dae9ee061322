// Walking records in columns. Level 4, the task's thread.
#include "transforms/record_node.h"

#include <arrow/array.h>

namespace bywash::transforms {

using columnar::Type;

void RecordNode::settle() {
  if (!array_ || schema_->type() != Type::kVariant || array_->IsNull(row_)) return;
  owned_ = std::make_shared<const Value>(columnar::value_at(*schema_, *array_, row_));
  value_ = owned_.get();
  array_ = nullptr;
  schema_ = nullptr;
}

RecordNode RecordNode::inside(const Value& value) const {
  RecordNode out(&value);
  out.owned_ = owned_;
  return out;
}

bool RecordNode::is_null() const {
  if (array_) return array_->IsNull(row_);
  return value_ && value_->is_null();
}

bool RecordNode::is_list() const {
  if (array_) return schema_->type() == Type::kArray && !array_->IsNull(row_);
  return value_ && value_->as_list();
}

bool RecordNode::is_struct() const {
  if (array_) return schema_->type() == Type::kStruct && !array_->IsNull(row_);
  return value_ && value_->as_struct();
}

bool RecordNode::has_members() const {
  if (array_) return (schema_->has_fields() || schema_->type() == Type::kMap) && !array_->IsNull(row_);
  return value_ && (value_->as_map() || value_->as_struct());
}

RecordNode RecordNode::member(std::string_view name, bool defaults) const {
  if (!has_members()) return {};
  if (array_ && schema_->has_fields()) {
    const int i = schema_->field_index(name);
    if (i < 0) return {};
    const auto& field = schema_->fields()[static_cast<size_t>(i)];
    const auto& parent = static_cast<const arrow::StructArray&>(*array_);
    if (field.may_be_absent) {
      int at = static_cast<int>(schema_->fields().size());
      for (int k = 0; k < i; ++k) at += schema_->fields()[static_cast<size_t>(k)].may_be_absent;
      if (!static_cast<const arrow::BooleanArray&>(*parent.field(at)).Value(row_)) return {};
    }
    RecordNode out(field.schema.get(), parent.field(i).get(), row_);
    if (defaults && schema_->type() == Type::kStruct && out.is_null() && field.schema->default_value()) return RecordNode(&*field.schema->default_value());
    return out;
  }
  if (array_) {
    const auto& map = static_cast<const arrow::ListArray&>(*array_);
    const auto& entries = static_cast<const arrow::StructArray&>(*map.values());
    if (schema_->key_schema()->type() != Type::kString) return {};
    const auto keys = std::static_pointer_cast<arrow::StringArray>(entries.field(0));
    for (int64_t i = map.value_offset(row_); i < map.value_offset(row_ + 1); ++i) {
      if (!keys->IsNull(i) && keys->GetView(i) == name) return {schema_->value_schema().get(), entries.field(1).get(), i};
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
  if (array_ && schema_->has_fields()) {
    for (const auto& field : schema_->fields()) {
      RecordNode item = member(field.name);
      if (!item.is_absent()) out.push_back(std::move(item));
    }
  } else if (array_ && (schema_->type() == Type::kArray || schema_->type() == Type::kMap)) {
    const auto& list = static_cast<const arrow::ListArray&>(*array_);
    const auto values = schema_->type() == Type::kArray ? list.values() : static_cast<const arrow::StructArray&>(*list.values()).field(1);
    for (int64_t i = list.value_offset(row_); i < list.value_offset(row_ + 1); ++i) out.push_back({schema_->value_schema().get(), values.get(), i});
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
  if (array_) return columnar::value_at(*schema_, *array_, row_);
  return value_ ? *value_ : Value();
}

std::optional<std::string_view> RecordNode::text() const {
  if (array_) {
    if (schema_->type() != Type::kString || array_->IsNull(row_)) return std::nullopt;
    return static_cast<const arrow::StringArray&>(*array_).GetView(row_);
  }
  auto* text = value_ ? value_->get_if<std::string>() : nullptr;
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

std::optional<int64_t> RecordNode::whole_number() const {
  if (array_) {
    if (schema_->logical() != columnar::Logical::kNone || array_->IsNull(row_)) return std::nullopt;
    switch (schema_->type()) {
      case Type::kInt8: return static_cast<const arrow::Int8Array&>(*array_).Value(row_);
      case Type::kInt16: return static_cast<const arrow::Int16Array&>(*array_).Value(row_);
      case Type::kInt32: return static_cast<const arrow::Int32Array&>(*array_).Value(row_);
      case Type::kInt64: return static_cast<const arrow::Int64Array&>(*array_).Value(row_);
      default: return std::nullopt;
    }
  }
  if (!value_) return std::nullopt;
  if (auto* n = value_->get_if<int32_t>()) return *n;
  if (auto* n = value_->get_if<int64_t>()) return *n;
  return std::nullopt;
}

}  // namespace bywash::transforms
