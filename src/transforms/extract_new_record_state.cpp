// ExtractNewRecordState: a change event becomes the row's new state (io.debezium.transforms.ExtractNewRecordState, Debezium 3.4).
// Level 4, the task's thread.
#include <arrow/array.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "config/properties.h"
#include "transforms/change_event.h"
#include "transforms/config_checks.h"
#include "transforms/divided_transform.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kUnwrapPurpose = "source field insertion";
constexpr const char* kDeletedField = "__deleted";

struct UnwrapConfig {
  std::string mode, route_by_field, fields_prefix, headers_prefix, drop_header;
  config::List add_fields, add_headers;
  bool replace_null_with_default = true, drop_from_key = false, keep_compatible = true;
};

enum class DeleteMode : uint8_t { kDrop, kTombstone, kRewrite, kRewriteWithTombstone, kDeleteToTombstone };

struct UnwrapPlan {
  DeleteMode mode = DeleteMode::kTombstone;
  std::string route_by_field, drop_header;
  std::vector<EventField> add_fields, add_headers;
  bool defaults = true, drop_from_key = false, keep_compatible = true;
  bool rewrites() const { return mode == DeleteMode::kRewrite || mode == DeleteMode::kRewriteWithTombstone; }
};

// The fields that a record's header says to drop.
struct DropList {
  std::vector<std::string> names;
  bool listed = false;      // the list has items, be they texts or not
  bool unreadable = false;  // the header's value is no list
  bool has(const std::string& name) const { return std::find(names.begin(), names.end(), name) != names.end(); }
  friend bool operator==(const DropList&, const DropList&) = default;
};

DropList drop_list_of(const std::vector<columnar::Header>& headers, const std::string& name) {
  for (const columnar::Header& header : headers) {
    if (header.key != name) continue;
    DropList out;
    if (header.value.is_null()) return out;
    const Value::List* list = header.value.as_list();
    if (!list) return {{}, false, true};
    out.listed = !list->empty();
    for (const Value& item : *list) {
      if (auto* text = item.get_if<std::string>()) out.names.push_back(*text);
    }
    return out;
  }
  return {};
}

void add_header(Batch& batch, int64_t row, columnar::Header header) {
  if (batch.headers.empty()) batch.headers.resize(static_cast<size_t>(batch.row_count()));
  batch.headers[static_cast<size_t>(row)].push_back(std::move(header));
}

// Struct schemas that come out again and again keep one pointer, so that what follows in the chain stays bound.
class StructAssembler {
 public:
  Result<Column> operator()(std::vector<Slot> slots, const Column& record) {
    auto builder = StructSchemaBuilder::basics_of(*record.schema);
    for (const Slot& slot : slots) RETURN_IF_ERROR(builder.add(slot.name, slot.column.schema));
    SchemaPtr schema = builder.build();
    for (const SchemaPtr& known : known_) {
      if (known->equals(*schema)) return assemble_struct(known, std::move(slots), record);
    }
    if (known_.size() >= kKnownMax) known_.clear();
    known_.push_back(schema);
    return assemble_struct(schema, std::move(slots), record);
  }

 private:
  static constexpr size_t kKnownMax = 16;
  std::vector<SchemaPtr> known_;
};

// What is no event: only tombstones are looked at.
class TombstonesOnly : public plugin::BoundTransform {
 public:
  explicit TombstonesOnly(const UnwrapPlan& plan) : plan_(plan) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override {
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      if (!batch.value.is_null(row)) rows->clear(row);
    }
  }
  bool edits_selected_only() const override { return true; }
  Status apply(Batch& batch) override {
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) { tombstone(batch, row, plan_); });
    return {};
  }
  static void tombstone(Batch& batch, int64_t row, const UnwrapPlan& plan) {
    if (plan.mode != DeleteMode::kRewriteWithTombstone) {
      batch.drop(row);
      return;
    }
    for (const EventField& field : plan.add_headers) {
      if (field.field == "op") add_header(batch, row, {field.output, ConnectSchema::of(Type::kString), Value::string("d")});
    }
  }

 private:
  const UnwrapPlan& plan_;
};

class Unwrap : public DividedTransform {
 public:
  static Result<std::unique_ptr<BoundTransform>> bind(const UnwrapPlan& plan, const ConnectSchema& schema) {
    if (!is_envelope(schema)) return make_bound<TombstonesOnly>(plan);
    auto bound = std::make_unique<Unwrap>(plan);
    bound->refusal_ = bound->look_up(schema);
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  explicit Unwrap(const UnwrapPlan& plan) : plan_(plan) {}

  std::vector<uint32_t> parts(const Batch& batch, const columnar::RowMask& rows) const override {
    if (!refusal_.ok()) return {};
    std::vector<uint32_t> part(static_cast<size_t>(batch.row_count()));
    std::vector<DropList> lists;
    uint32_t all = 0;
    const States states(*this, batch);
    rows.for_each([&](int64_t row) {
      uint32_t id = static_cast<uint32_t>(states.kind_of(row));
      if (!plan_.drop_header.empty() && !batch.headers.empty()) {
        DropList list = drop_list_of(batch.headers[static_cast<size_t>(row)], plan_.drop_header);
        auto found = std::find(lists.begin(), lists.end(), list);
        const auto at = static_cast<uint32_t>(found - lists.begin());
        if (found == lists.end()) lists.push_back(std::move(list));
        id |= at << 3;
        if (plan_.drop_from_key && batch.key.is_null(row)) id |= kNullKey;
      }
      part[static_cast<size_t>(row)] = id;
      all |= id;
    });
    if (all == 0) part.clear();
    return part;
  }

  Status apply(Batch& batch) override {
    columnar::RowMask rows = batch.selected;
    Kind kind = kUpsert;
    int64_t first = -1;
    const States states(*this, batch);
    rows.for_each([&](int64_t row) {
      if (states.is_tombstone(row)) {
        TombstonesOnly::tombstone(batch, row, plan_);
        return;
      }
      if (!refusal_.ok()) {
        fail_row(batch, row, refusal_);
        return;
      }
      const Kind its = states.kind_of(row);
      if (its == kNothing || (its == kDelete && plan_.mode == DeleteMode::kDrop)) {
        batch.drop(row);
        return;
      }
      if (first < 0) first = row;
      kind = its;
    });
    if (first < 0) return {};
    RETURN_IF_ERROR(before_refusal_for(kind));
    const DropList drop = plan_.drop_header.empty() || batch.headers.empty()
                              ? DropList{} : drop_list_of(batch.headers[static_cast<size_t>(first)], plan_.drop_header);
    add_headers(batch);
    const bool deleted = kind == kDelete;
    if (!deleted || plan_.rewrites()) return unwrap(batch, deleted, drop);
    RETURN_IF_ERROR(route(batch, batch.value.child(before_)));
    const SchemaPtr& after = batch.value.schema->fields()[static_cast<size_t>(after_)].schema;
    if (plan_.mode == DeleteMode::kTombstone) batch.value = batch.value.child(after_);
    else batch.value = {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())};
    if (!drop.listed && !drop.unreadable) return {};
    RETURN_IF_ERROR(drop_from_key(batch, drop));
    // The original lists the fields of the tombstone's schema.
    if (!plan_.keep_compatible) return {};
    if (plan_.mode == DeleteMode::kDeleteToTombstone) return data_error(kNullPointer, "The tombstone has no schema to find droppable fields in");
    return after->type() == Type::kStruct ? Status() : data_error(kDataException, "Cannot list fields on non-struct type");
  }

 private:
  enum Kind : uint32_t { kUpsert, kDelete, kTombstone, kNothing };
  static constexpr uint32_t kNullKey = 4;

  Status look_up(const ConnectSchema& schema) {
    ASSIGN_OR_RETURN(headers_, resolve(plan_.add_headers, schema));
    after_ = schema.field_index("after");
    before_ = schema.field_index("before");
    if (schema.type() != Type::kStruct) return not_a_struct("field extraction", java_class_of(schema));
    if (after_ < 0) return data_error(kIllegalArgument, "Unknown field: after");
    auto fields = resolve(plan_.add_fields, schema);
    if (fields.ok()) fields_ = *std::move(fields);
    else fields_refusal_ = fields.status();
    return {};
  }
  Status before_refusal_for(Kind kind) const {
    return kind == kDelete && before_ < 0 ? data_error(kIllegalArgument, "Unknown field: before") : Status();
  }
  // What the events of a batch are.
  class States {
   public:
    States(const Unwrap& unwrap, const Batch& batch) : events_(batch.value.data) {
      if (unwrap.refusal_.ok()) after_ = batch.value.child(unwrap.after_).data;
      if (unwrap.before_ >= 0) before_ = batch.value.child(unwrap.before_).data;
    }
    bool is_tombstone(int64_t row) const { return events_->IsNull(row); }
    Kind kind_of(int64_t row) const {
      if (is_tombstone(row)) return kTombstone;
      if (!after_ || after_->IsValid(row)) return kUpsert;
      // Without `before` the record fails as a delete.
      return !before_ || before_->IsValid(row) ? kDelete : kNothing;
    }

   private:
    std::shared_ptr<arrow::Array> events_, after_, before_;
  };

  void add_headers(Batch& batch) {
    for (const EventColumn& field : headers_) {
      const Column values = field.values(batch.value);
      batch.selected.for_each([&](int64_t row) {
        if (batch.value.is_null(row)) return;
        // As in the original, a struct keeps its own schema under the header's, which has lost its fields.
        add_header(batch, row, {field.output, field.schema, value_at(values, row)});
      });
    }
  }

  // before or after, with what is added and without what is dropped.
  Status unwrap(Batch& batch, bool deleted, const DropList& drop) {
    const Column events = batch.value;
    const Column record = events.child(deleted ? before_ : after_);
    std::vector<Slot> slots;
    const bool has_fields = record.schema->type() == Type::kStruct;
    if (has_fields) slots = slots_of(record);
    if (has_fields && plan_.rewrites()) RETURN_IF_ERROR(rewrite(slots, deleted, batch.row_count()));
    if (!plan_.route_by_field.empty() && !has_fields) {
      return not_a_struct(deleted ? "Read record to set topic routing for DELETE" : "Read record to set topic routing for CREATE / UPDATE",
                          java_class_of(*record.schema));
    }
    RETURN_IF_ERROR(route(batch, record, !deleted && plan_.rewrites() && plan_.defaults));
    if (deleted) RETURN_IF_ERROR(drop_fields(batch, slots, drop));
    if (!has_fields) return not_a_struct(kUnwrapPurpose, java_class_of(*record.schema));
    RETURN_IF_ERROR(fields_refusal_);
    for (const EventColumn& field : fields_) {
      Column values = field.values(events);
      ASSIGN_OR_RETURN(values, with_schema(batch, field, std::move(values)));
      slots.push_back({field.output, std::move(values), nullptr});
    }
    if (!deleted) RETURN_IF_ERROR(drop_fields(batch, slots, drop));
    ASSIGN_OR_RETURN(batch.value, assemble_value_(std::move(slots), record));
    return {};
  }

  // InsertField with a static value.
  Status rewrite(std::vector<Slot>& slots, bool deleted, int64_t rows) {
    if (plan_.defaults) {
      for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
    }
    ConstantColumn& flag = deleted ? true_ : false_;
    ASSIGN_OR_RETURN(Column column, flag.of(flag_schema_, Value::string(deleted ? "true" : "false"), rows));
    slots.push_back({kDeletedField, std::move(column), nullptr});
    return {};
  }

  // A struct cannot be put under a schema that has lost its fields: such records fail, as in the original.
  Result<Column> with_schema(Batch& batch, const EventColumn& field, Column values) {
    if (field.schema->type() != Type::kStruct) return Column{field.schema, std::move(values.data)};
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (!values.is_null(row)) fail_row(batch, row, data_error(kDataException, "Struct schemas do not match."));
    });
    return columnar::constant_column(field.schema, Value(), batch.row_count());
  }

  // Topics named by a field of the row.
  Status route(Batch& batch, const Column& record, bool defaults = false) {
    if (plan_.route_by_field.empty()) return {};
    if (record.schema->type() != Type::kStruct) return data_error(kDataException, "Field 'before' is not of type STRUCT");
    const int at = record.schema->field_index(plan_.route_by_field);
    if (at < 0) return data_error(kDataException, plan_.route_by_field + " is not a valid field name");
    if (record.schema->fields()[static_cast<size_t>(at)].schema->type() != Type::kString) {
      return data_error(kDataException, fmt::format("Field '{}' is not of type STRING", plan_.route_by_field));
    }
    Column names = record.child(at);
    if (defaults) { ASSIGN_OR_RETURN(names, with_default(names)); }
    if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
    const auto& texts = static_cast<const arrow::StringArray&>(*names.data);
    batch.selected.for_each([&](int64_t row) {
      if (record.is_null(row) || texts.IsNull(row)) return;
      const std::string_view name = texts.GetView(row);
      if (!config::trim(name).empty()) batch.topics[static_cast<size_t>(row)] = std::string(name);
    });
    return {};
  }

  bool drops(const DropList& list, const Slot& slot) const {
    return list.has(slot.name) && (!plan_.keep_compatible || slot.column.schema->optional());
  }
  // ReplaceField over the fields left: a record that loses a field gets its defaults.
  Status remove(std::vector<Slot>& slots, const DropList& list) const {
    const bool any = std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) { return drops(list, slot); });
    if (!any && plan_.keep_compatible) return {};
    std::erase_if(slots, [&](const Slot& slot) { return drops(list, slot); });
    for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
    return {};
  }
  Status drop_fields(Batch& batch, std::vector<Slot>& slots, const DropList& list) {
    if (!list.listed && !list.unreadable) return {};
    RETURN_IF_ERROR(drop_from_key(batch, list));
    return remove(slots, list);
  }
  Status drop_from_key(Batch& batch, const DropList& list) {
    if (list.unreadable) {
      return data_error(kClassCast, fmt::format("The header '{}' is no list of field names", plan_.drop_header));
    }
    if (!plan_.drop_from_key || list.names.empty() || batch.key.is_null(batch.selected.count() ? first_selected(batch) : 0)) return {};
    const ConnectSchema& schema = *batch.key.schema;
    if (schema.type() == Type::kStruct) {
      std::vector<Slot> slots = slots_of(batch.key);
      const size_t before = slots.size();
      RETURN_IF_ERROR(remove(slots, list));
      if (slots.size() == before && plan_.keep_compatible) return {};
      ASSIGN_OR_RETURN(batch.key, assemble_key_(std::move(slots), batch.key));
      return {};
    }
    if (!schema.schemaless()) {
      return plan_.keep_compatible ? data_error(kDataException, "Cannot list fields on non-struct type")
                                   : not_a_struct("field replacement", java_class_of(schema));
    }
    if (plan_.keep_compatible) return data_error(kNullPointer, "The key has no schema to find droppable fields in");
    if (schema.type() != Type::kObject) return not_a_map("field replacement", java_class_of(schema));
    std::vector<Slot> slots = slots_of(batch.key);
    std::erase_if(slots, [&](const Slot& slot) { return list.has(slot.name); });
    batch.key = assemble_map_key_(std::move(slots), batch.key);
    return {};
  }
  static int64_t first_selected(const Batch& batch) {
    int64_t first = 0;
    while (!batch.selected.test(first)) ++first;
    return first;
  }

  const UnwrapPlan& plan_;
  Status refusal_, fields_refusal_;
  int after_ = -1, before_ = -1;
  std::vector<EventColumn> headers_, fields_;
  const SchemaPtr flag_schema_ = ConnectSchema::of(Type::kString, true);
  ConstantColumn true_, false_;
  StructAssembler assemble_value_, assemble_key_;
  ObjectAssembler assemble_map_key_;
};

class ExtractNewRecordState : public plugin::Transform {
 public:
  explicit ExtractNewRecordState(UnwrapPlan plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    return Unwrap::bind(plan_, *schemas.value);
  }

 private:
  const UnwrapPlan plan_;
};

DeleteMode delete_mode_named(std::string_view text) {
  const std::string name = ascii_lower(config::trim(text));
  if (name == "drop") return DeleteMode::kDrop;
  if (name == "rewrite") return DeleteMode::kRewrite;
  if (name == "rewrite-with-tombstone") return DeleteMode::kRewriteWithTombstone;
  return name == "delete-to-tombstone" ? DeleteMode::kDeleteToTombstone : DeleteMode::kTombstone;
}

Result<UnwrapPlan> unwrap_plan_of(const UnwrapConfig& c) {
  UnwrapPlan plan;
  plan.mode = delete_mode_named(c.mode);
  plan.route_by_field = c.route_by_field;
  plan.drop_header = config::trim(c.drop_header).empty() ? "" : c.drop_header;
  plan.defaults = c.replace_null_with_default;
  plan.drop_from_key = c.drop_from_key;
  plan.keep_compatible = c.keep_compatible;
  for (const std::string& item : c.add_fields) {
    ASSIGN_OR_RETURN(EventField field, EventField::parse(c.fields_prefix, item));
    plan.add_fields.push_back(std::move(field));
  }
  for (const std::string& item : c.add_headers) {
    ASSIGN_OR_RETURN(EventField field, EventField::parse(c.headers_prefix, item));
    plan.add_headers.push_back(std::move(field));
  }
  return plan;
}

config::TypedConfig<UnwrapConfig> unwrap_keys() {
  using C = UnwrapConfig;
  config::TypedConfig<C> def;
  def.key("delete.tombstone.handling.mode", &C::mode).by_default("tombstone")
      .one_of({"drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"}, true)
      .doc("What becomes of deletes and tombstones: `drop` removes both; `tombstone` leaves one tombstone for each delete; `rewrite` removes tombstones and "
           "adds a field `__deleted` (`true` or `false`) to every record; `rewrite-with-tombstone` does so and keeps the tombstones; "
           "`delete-to-tombstone` turns deletes into tombstones without schema and removes tombstones.");
  def.key("route.by.field", &C::route_by_field).by_default("").low()
      .doc("The field of the row whose text becomes the topic. An empty text leaves the topic.");
  def.key("add.fields.prefix", &C::fields_prefix).by_default("__").low().doc("Put before the name of each added field.");
  def.key("add.fields", &C::add_fields).by_default("").low()
      .doc("Fields of the event to add to the record, as `op`, `source.ts_ms` or `lsn:position` (a new name). Plain names other than `op` and `ts_*` "
           "are looked for in `source`. Those that the event lacks are left out.");
  def.key("add.headers.prefix", &C::headers_prefix).by_default("__").low().doc("Put before the name of each added header.");
  def.key("add.headers", &C::add_headers).by_default("").low().doc("Fields of the event to add as headers, written as in `add.fields`.");
  def.key("replace.null.with.default", &C::replace_null_with_default).by_default("true").low()
      .doc("Whether fields that have a default value and are null get that default when the record is rewritten. When false, null is kept.");
  def.key("drop.fields.header.name", &C::drop_header).by_default("").low().doc("Name of a header with a list of fields to remove from the value.");
  def.key("drop.fields.from.key", &C::drop_from_key).by_default("false").low().doc("Whether the listed fields are removed from the key too.");
  def.key("drop.fields.keep.schema.compatible", &C::keep_compatible).by_default("true").low()
      .doc("When true, only optional fields are removed; when false, all listed ones.");
  return def;
}

config::TypedConfig<UnwrapConfig> unwrap_definition() {
  using C = UnwrapConfig;
  config::TypedConfig<C> def = unwrap_keys();
  auto readable = [](const config::List& items) -> std::optional<std::string> {
    for (const std::string& item : items) {
      auto field = EventField::parse("", item);
      if (!field.ok()) return field.status().message();
    }
    return std::nullopt;
  };
  def.check("add.fields", [readable](const C& c) { return readable(c.add_fields); });
  def.check("add.headers", [readable](const C& c) { return readable(c.add_headers); });
  return def;
}

}  // namespace

plugin::TransformPlugin extract_new_record_state() {
  plugin::PluginInfo info;
  info.name = "extract_new_record_state";
  info.class_names = {"io.debezium.transforms.ExtractNewRecordState"};
  info.summary = "Unwraps Debezium's change events";
  info.description = "A change event (a value whose schema's name ends in `.Envelope`) is replaced by the row's state after the change, a delete as "
                     "`delete.tombstone.handling.mode` says. Truncates and messages are dropped. Other records pass unchanged, other tombstones as the mode says.";
  info.examples = {R"({"delete.tombstone.handling.mode": "rewrite", "add.fields": "op,source.ts_ms"})", "{}"};
  return declare_debezium(std::move(info), unwrap_definition(), unwrap_keys(), [](UnwrapConfig c) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(UnwrapPlan plan, unwrap_plan_of(c));
    return make_transform<ExtractNewRecordState>(std::move(plan));
  });
}

}  // namespace bywash::transforms
