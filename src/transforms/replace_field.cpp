// ReplaceField: keeps, drops and renames top-level fields (org.apache.kafka.connect.transforms.ReplaceField, Kafka 4.3). The columns
// themselves are shared. Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>

#include "columnar/java_text.h"
#include "config/java_validators.h"
#include "config/typed_config.h"
#include "transforms/config_checks.h"
#include "transforms/field_slots.h"
#include "transforms/plugins.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kReplaceFieldPurpose = "field replacement";

struct ReplaceFieldConfig {
  config::List exclude, include, renames;
  bool replace_null_with_default = true;
};

struct Replacements {
  config::List exclude, include;
  std::map<std::string, std::string, std::less<>> renames, reverse;
  bool defaults = true;
  Side side = Side::kValue;

  bool keeps(const std::string& name) const {
    auto has = [&](const config::List& list) { return std::find(list.begin(), list.end(), name) != list.end(); };
    return !has(exclude) && (include.empty() || has(include));
  }
  const std::string& renamed(const std::string& name) const {
    auto it = renames.find(name);
    return it == renames.end() ? name : it->second;
  }
  const std::string& original(const std::string& name) const {
    auto it = reverse.find(name);
    return it == reverse.end() ? name : it->second;
  }
};

class ReplaceInStruct : public plugin::BoundTransform {
 public:
  static Result<std::unique_ptr<BoundTransform>> bind(const Replacements& what, const ConnectSchema& schema) {
    auto bound = std::make_unique<ReplaceInStruct>(what);
    auto builder = StructSchemaBuilder::basics_of(schema);
    for (const auto& field : schema.fields()) {
      if (!what.keeps(field.name)) continue;
      const std::string& name = what.renamed(field.name);
      RETURN_IF_ERROR(builder.add(name, field.schema));
      bound->outputs_.push_back(name);
    }
    for (size_t i = 0; i < bound->outputs_.size(); ++i) {
      const std::string& name = bound->outputs_[i];
      const SchemaPtr& wanted = builder.spec().fields[i].schema;
      // As in the original the value is looked up by the reverse mapping, which differs when one field has two new names.
      int source = schema.field_index(what.original(name));
      if (source < 0) return data_error(kDataException, fmt::format("{} is not a valid field name", what.original(name)));
      if (!schema.fields()[static_cast<size_t>(source)].schema->arrow_type()->Equals(wanted->arrow_type())) {
        return data_error(kDataException, fmt::format("Invalid Java object for schema with type {} for field: \"{}\"", columnar::to_string(wanted->type()), name));
      }
      bound->sources_.push_back(source);
    }
    bound->schema_ = builder.build();
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  explicit ReplaceInStruct(const Replacements& what) : defaults_(what.defaults), side_(what.side) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, side_), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, side_);
    std::vector<Slot> slots;
    for (int source : sources_) {
      Column column = record.child(source);
      if (defaults_) { ASSIGN_OR_RETURN(column, with_default(column)); }
      slots.push_back({"", std::move(column), nullptr});
    }
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  const bool defaults_;
  const Side side_;
  std::vector<int> sources_;
  std::vector<std::string> outputs_;
  SchemaPtr schema_;
};

class ReplaceInMap : public plugin::BoundTransform {
 public:
  explicit ReplaceInMap(const Replacements& what) : what_(what) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, what_.side), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, what_.side);
    if (record.schema->type() == Type::kVariant) return apply_rows(batch);
    std::vector<Slot> slots;
    std::vector<Slot> all = slots_of(record);
    for (size_t i : walk_order(all)) {
      Slot& slot = all[i];
      if (!what_.keeps(slot.name)) continue;
      slot.name = what_.renamed(slot.name);
      put_slot(slots, std::move(slot));
    }
    record = assemble_(std::move(slots), record);
    return {};
  }

 private:
  // When two fields end up under one name, the one that a HashMap walks later stays.
  std::vector<size_t> walk_order(const std::vector<Slot>& slots) const {
    std::vector<Value> names;
    std::set<std::string> outputs;
    for (const Slot& slot : slots) {
      names.push_back(Value::string(slot.name));
      outputs.insert(what_.renamed(slot.name));
    }
    if (outputs.size() < names.size()) return columnar::java_hash_order(names);
    std::vector<size_t> order(slots.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    return order;
  }
  Status apply_rows(Batch& batch) {
    return map_schemaless_rows(batch, what_.side, [&](const Value& value, int64_t) -> Result<Value> {
      const Value::Map* old = value.as_map();
      if (!old) return not_a_map(kReplaceFieldPurpose, java_class_of(value));
      Value::Map map;
      for (const auto& [key, item] : *old) {
        const std::string* name = key.get_if<std::string>();
        if (!name) return data_error(kClassCast, fmt::format("class {} cannot be cast to class java.lang.String", java_class_of(key)));
        if (what_.keeps(*name)) map_put(map, what_.renamed(*name), item);
      }
      return Value::map(std::move(map));
    });
  }
  const Replacements what_;
  ObjectAssembler assemble_;
};

class ReplaceField : public plugin::Transform {
 public:
  explicit ReplaceField(Replacements what) : what_(std::move(what)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, what_.side);
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(what_.side, kReplaceFieldPurpose);
      return std::unique_ptr<plugin::BoundTransform>(std::make_unique<ReplaceInMap>(what_));
    }
    if (schema.type() != Type::kStruct) return reject_not_struct(what_.side, kReplaceFieldPurpose);
    auto bound = ReplaceInStruct::bind(what_, schema);
    if (!bound.ok()) return reject_with(what_.side, bound.status());
    return bound;
  }

 private:
  const Replacements what_;
};

config::TypedConfig<ReplaceFieldConfig> replace_field_keys() {
  using C = ReplaceFieldConfig;
  config::TypedConfig<C> def;
  def.key("exclude", &C::exclude).by_default("").check(config::distinct_values("exclude", true)).doc("Fields to exclude. This takes precedence over the fields to include.");
  def.key("include", &C::include).by_default("").check(config::distinct_values("include", true)).doc("Fields to include. If specified, only these fields will be used.");
  def.key("renames", &C::renames).by_default("").doc("Field rename mappings.")
      .check([](const config::Parsed&) { return std::nullopt; }, "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>");
  def.key("replace.null.with.default", &C::replace_null_with_default).by_default("true")
      .doc("Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.");
  def.check("renames", [](const C& c) -> std::optional<std::string> {
    for (const std::string& mapping : c.renames) {
      if (java_split(mapping, ':').size() != 2) return invalid_mapping(c.renames, mapping);
    }
    return std::nullopt;
  });
  return def;
}

}  // namespace

plugin::TransformPlugin replace_field() {
  plugin::TransformPlugin p;
  p.info = {.name = "replace_field",
            .class_names = {"org.apache.kafka.connect.transforms.ReplaceField$Value", "org.apache.kafka.connect.transforms.ReplaceField$Key"},
            .version = std::string(kVersion),
            .summary = "Keeps, drops and renames fields",
            .description = "Filters the top-level fields of a struct or schemaless map by `include` and `exclude` and renames them by `renames`. "
                           "`$Key` works on the key, `$Value` on the value. Null keys and values pass unchanged.",
            .examples = {R"({"exclude": "secret,internal"})", R"({"include": "id,name", "renames": "id:order_id"})"}};
  auto def = replace_field_keys();
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties, const std::string& class_name) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(ReplaceFieldConfig c, def.parse(config::without_duplicates(def.def(), properties)));
    Replacements what{c.exclude, c.include, {}, {}, c.replace_null_with_default, side_of(class_name)};
    for (const std::string& mapping : c.renames) {
      config::List pair = java_split(mapping, ':');
      what.renames[pair[0]] = pair[1];
      what.reverse[pair[1]] = pair[0];
    }
    return std::unique_ptr<plugin::Transform>(std::make_unique<ReplaceField>(std::move(what)));
  };
  return p;
}

}  // namespace bywash::transforms
