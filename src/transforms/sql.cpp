// Sql: the record becomes what a SELECT makes of it, all rows of a batch at once. Level 4, the transform step; the task's thread.
#include <arrow/array.h>

#include "expressions/evaluator.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct SqlConfig {
  std::string query;
};

class SelectRecords : public plugin::BoundTransform {
 public:
  SelectRecords(const expressions::Select& select, bool schemaless) : select_(select), schemaless_(schemaless) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(batch.value, rows); }
  Status apply(Batch& batch) override {
    if (select_.where) RETURN_IF_ERROR(filter(batch));
    if (batch.selected.count() == 0) return {};
    std::vector<Slot> slots;
    for (const expressions::SelectItem& item : select_.items) {
      if (!item.expression) {
        if (!batch.value.schema->has_fields()) return data_error(kDataException, fmt::format("* takes the fields of a struct or map, found {}", java_class_of(*batch.value.schema)));
        for (Slot& slot : slots_of(batch.value)) put(slots, std::move(slot));
        continue;
      }
      auto values = expressions::evaluate(*item.expression, batch);
      if (!values.ok()) return data_error(kDataException, values.status().message());
      fail_bad(batch, *values);
      ASSIGN_OR_RETURN(Column column, expressions::column_of(*values, schemaless_));
      put(slots, {item.name, std::move(column), nullptr});
    }
    if (schemaless_) {
      batch.value = assemble_map_(std::move(slots), batch.value);
      return {};
    }
    auto builder = StructSchemaBuilder::basics_of(*batch.value.schema);
    for (const Slot& slot : slots) RETURN_IF_ERROR(builder.add(slot.name, slot.column.schema));
    SchemaPtr schema = builder.build();
    if (last_ && last_->equals(*schema)) schema = last_;
    else last_ = schema;
    batch.value = assemble_struct(schema, std::move(slots), batch.value);
    return {};
  }

 private:
  static void put(std::vector<Slot>& slots, Slot slot) {
    const int at = find_slot(slots, slot.name);
    if (at < 0) slots.push_back(std::move(slot));
    else slots[static_cast<size_t>(at)] = std::move(slot);
  }
  static void fail_bad(Batch& batch, const expressions::Values& values) {
    if (values.bad.empty()) return;
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (values.is_bad(static_cast<size_t>(row))) fail_row(batch, row, data_error(kDataException, values.why));
    });
  }
  // Keeps the rows for which the condition is true: neither false nor null.
  Status filter(Batch& batch) {
    auto kept = expressions::evaluate(*select_.where, batch);
    if (!kept.ok()) return data_error(kDataException, kept.status().message());
    if (kept->kind != expressions::ValueKind::kBoolean && kept->kind != expressions::ValueKind::kNull) {
      return data_error(kDataException, fmt::format("WHERE takes a condition, this is {}{}", expressions::to_string(kept->kind), expressions::at_text(select_.where->at)));
    }
    fail_bad(batch, *kept);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      const auto i = static_cast<size_t>(row);
      if (kept->null(i) || kept->integer(i) == 0) batch.drop(row);
    });
    return {};
  }

  const expressions::Select& select_;
  const bool schemaless_;
  SchemaPtr last_;
  ObjectAssembler assemble_map_;
};

class SqlTransform : public plugin::Transform {
 public:
  explicit SqlTransform(expressions::Select select) : select_(std::move(select)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schemas.value;
    if (schema.type() == Type::kNull) return pass_through();
    if (schema.type() == Type::kVariant) return reject_not_map(Side::kValue, "SELECT");
    return make_bound<SelectRecords>(select_, schema.schemaless());
  }

 private:
  const expressions::Select select_;
};

}  // namespace

plugin::TransformPlugin sql() {
  using C = SqlConfig;
  config::TypedConfig<C> def;
  def.key("query", &C::query).required().high()
      .check([](const config::Parsed& value) -> std::optional<std::string> {
        auto* text = std::get_if<std::string>(&value);
        auto select = expressions::parse_select(text ? *text : "");
        return select.ok() ? std::nullopt : std::optional(select.status().message());
      }, "a SELECT over record")
      .doc("`SELECT expression AS name, ... FROM record WHERE condition`. `*` stands for all fields; an item after it replaces the field of its name.");
  plugin::PluginInfo info;
  info.name = "sql";
  info.class_names = {"bywash.transforms.Sql"};
  info.version = "1";
  info.summary = "Computes, filters and renames fields by a SELECT";
  info.description =
      "The value becomes a struct (without a schema: a map) of the selected expressions; records for which the condition is not true are dropped. Null values pass "
      "unchanged.\n\n"
      "Names are fields of the value, with dots into structs (`customer.city`) and quotes where needed (`\"Net Amount\"`). The record itself is `_key` (`_key.id`), "
      "`_value`, `_topic`, `_partition`, `_offset`, `_timestamp`, and `header('name')` as text. A field that a record without schema lacks is null; with a schema it "
      "is an error.\n\n"
      "A plain name keeps its field's schema. Computed fields are optional: BIGINT (int64), DOUBLE (float64), BOOLEAN, STRING or TIMESTAMP (Connect's Timestamp; "
      "without a schema milliseconds), or what a CAST asks for (TINYINT, SMALLINT, INT, FLOAT). Whole numbers stay whole but for `/`. What cannot be computed "
      "(a text that is no number, a division by zero, an overflow) fails that record, unless `TRY_CAST`, `CASE`, `COALESCE`, `AND` or `OR` make it needless.\n\n"
      "Operators: `+ - * / % ||`, `= <> < <= > >=`, `AND OR NOT`, `IS [NOT] NULL`, `[NOT] IN`, `[NOT] BETWEEN`, `[NOT] LIKE`, `CASE`. Functions: upper lower trim ltrim rtrim length "
      "substr concat replace starts_with ends_with contains strpos split_part regexp_like regexp_extract regexp_replace; abs ceil floor trunc round sqrt ln log10 exp power "
      "mod div least greatest; year month day hour minute second day_of_week date_trunc to_timestamp format_timestamp to_iso epoch_ms now; coalesce nullif if. "
      "Every other scalar function of queries over tables (Pinot's: `jsonExtractScalar`, `regexpReplace`, `toDateTime`, `dateTimeConvert`, `urlDomain`, ...) is there too, in any case "
      "and with or without underscores, but for those over arrays and bytes. (`split_part` counts from 1, Pinot's `splitPart` from 0.)";
  info.examples = {R"({"query": "SELECT *, upper(name) AS name, price * quantity AS total FROM record WHERE price > 10"})",
                   R"({"query": "SELECT id, date_trunc('day', _timestamp) AS day, header('tenant') AS tenant FROM record"})"};
  return declare(std::move(info), def, [](C c, Side) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(expressions::Select select, expressions::parse_select(c.query));
    return make_transform<SqlTransform>(std::move(select));
  });
}

}  // namespace bywash::transforms
