// MaskField: replaces fields by the empty value of their type or by a given text (org.apache.kafka.connect.transforms.MaskField,
// Kafka 4.3). Nulls stay null. Level 4, the task's thread.
#include <arrow/array.h>

#include <algorithm>
#include <map>

#include "config/java_validators.h"
#include "transforms/cast_kernels.h"
#include "transforms/column_map.h"
#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/java_numbers.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Decimal;
using columnar::Type;

constexpr std::string_view kMaskFieldPurpose = "mask fields";

struct MaskFieldConfig {
  config::List fields;
  std::optional<std::string> replacement;
  bool replace_null_with_default = true;
};

Result<Value> emptied(const Value& value) {
  return std::visit([&](const auto& v) -> Result<Value> {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_arithmetic_v<T>) return Value(T{});
    else if constexpr (std::is_same_v<T, std::string>) return Value::string("");
    else if constexpr (std::is_same_v<T, Decimal>) return Value(Decimal{std::string(1, '\0'), 0});
    else if constexpr (std::is_same_v<T, Value::Millis>) return Value(Value::Millis{0});
    else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::List>>) return Value::list({});
    else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::Map>>) return Value::map({});
    else return data_error(kDataException, "Cannot mask value of type: class " + java_class_of(value));
  }, value.storage());
}

// Numbers go through BigDecimal, as org.apache.kafka.connect.data.Values converts texts.
Result<Value> replaced(const Value& value, const std::string& replacement) {
  if (value.is<std::string>()) return Value::string(replacement);
  const bool numeric = value.storage().index() >= 2 && value.storage().index() <= 7;
  if (!numeric && !value.is<Decimal>()) {
    return data_error(kDataException, fmt::format("Cannot mask value of type class {} with custom replacement.", java_class_of(value)));
  }
  auto number = columnar::parse_decimal(replacement);
  if (!number.ok()) {
    return data_error(kDataException, fmt::format("Unable to convert {} (class java.lang.String) to {}number", replacement, numeric ? "a " : ""));
  }
  if (value.is<Decimal>()) return Value(*number);
  return number_as(Value(*number), value);
}

class MaskFields : public plugin::Transform {
 public:
  MaskFields(MaskFieldConfig config, Side side) : config_(std::move(config)), side_(side) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, side_);
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(side_, kMaskFieldPurpose, false);
    } else if (schema.type() != Type::kStruct) {
      return reject_not_struct(side_, kMaskFieldPurpose, false);
    }
    return make_bound<Bound>(*this);
  }

 private:
  Result<Value> masked(const Value& value) const {
    if (value.is_null()) return value;
    return config_.replacement ? replaced(value, *config_.replacement) : emptied(value);
  }

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const MaskFields& mask) : mask_(mask) {}
    Status apply(Batch& batch) override {
      Column& record = column_of(batch, mask_.side_);
      const bool schemaless = record.schema->schemaless();
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        if (record.is_null(row)) fail_row(batch, row, schemaless ? not_a_map(kMaskFieldPurpose, "null") : not_a_struct(kMaskFieldPurpose, "null"));
      });
      if (record.schema->type() == Type::kVariant) return apply_rows(batch);
      std::vector<Slot> slots = slots_of(record);
      if (!schemaless && mask_.config_.replace_null_with_default) {
        for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
      }
      for (const std::string& field : mask_.config_.fields) {
        int at = find_slot(slots, field);
        if (at < 0) {
          // A map gets the key, with null.
          if (schemaless) slots.push_back({field, {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())}, nullptr});
          continue;
        }
        Slot& slot = slots[static_cast<size_t>(at)];
        Column column = masked_by_parent(present_only(slot.column, slot.present), record);
        ASSIGN_OR_RETURN(slot.column, masked_column(batch, column, schemaless));
        slot.present = nullptr;
      }
      record = schemaless ? assemble_(std::move(slots), record) : assemble_struct(record.schema, std::move(slots), record);
      return {};
    }

   private:
    // All of a column's values become the same one, but nulls: one constant column with the old one's nulls.
    Result<Column> masked_column(Batch& batch, const Column& column, bool schemaless) {
      auto by_value = [&] { return map_column(batch, column, schemaless ? nullptr : column.schema, [&](const Value& v) { return mask_.masked(v); }); };
      const bool plain = column.schema->type() <= Type::kBytes && (!schemaless || column.schema->logical() == columnar::Logical::kNone);
      const int64_t rows = column.row_count();
      if (!plain || column.data->null_count() == rows) return by_value();
      int64_t row = 0;
      while (column.is_null(row)) ++row;
      auto masked = mask_.masked(value_at(column, row));
      if (!masked.ok()) return by_value();
      ASSIGN_OR_RETURN(Column constant, constants_[column.schema.get()].of(column.schema, *masked, rows));
      auto validity = validity_of(*column.data);
      if (!validity) return constant;
      auto data = constant.data->data()->Copy();
      data->buffers[0] = std::move(validity);
      data->null_count = column.data->null_count();
      return Column{column.schema, arrow::MakeArray(data)};
    }
    Status apply_rows(Batch& batch) {
      return map_schemaless_rows(batch, mask_.side_, [&](const Value& value, int64_t) -> Result<Value> {
        const Value::Map* old = value.as_map();
        if (!old) return not_a_map(kMaskFieldPurpose, java_class_of(value));
        Value::Map map = *old;
        for (const std::string& field : mask_.config_.fields) {
          const Value* found = map_get(map, field);
          ASSIGN_OR_RETURN(Value masked, mask_.masked(found ? *found : Value()));
          map_put(map, field, std::move(masked));
        }
        return Value::map(std::move(map));
      });
    }
    const MaskFields& mask_;
    ObjectAssembler assemble_;
    std::map<const ConnectSchema*, ConstantColumn> constants_;  // by the field's schema; few, as a bound transform has one record schema
  };

  const MaskFieldConfig config_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin mask_field() {
  using C = MaskFieldConfig;
  config::TypedConfig<C> def;
  def.key("fields", &C::fields).required().high().check(config::distinct_values("fields", false)).doc("Names of fields to mask.");
  def.key("replacement", &C::replacement).low().check(config::not_empty(), "non-empty string")
      .doc("Custom value replacement, that will be applied to all 'fields' values (numeric or non-empty string values only).");
  define_replace_null(def, &C::replace_null_with_default);
  return declare(transform_info("mask_field", "MaskField", Sided::kYes, "Hides the values of fields",
                                "Replaces fields by the empty value of their type (0, false, empty text, the epoch, an empty list or map), or numbers and texts by "
                                "`replacement`.",
                                {R"({"fields": "card_number,pin", "replacement": "0"})"}),
                 def, [](C c, Side side) { return make_transform<MaskFields>(std::move(c), side); });
}

}  // namespace bywash::transforms
