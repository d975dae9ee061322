// HeaderToValue: headers become fields of the value (io.debezium.transforms.HeaderToValue, Debezium 3.4). Level 4, the task's thread.
#include <algorithm>

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

constexpr std::string_view kRootName = "payload";
constexpr std::string_view kInsertionPurpose = "Header field insertion";

struct HeaderToValueConfig {
  config::List headers, fields;
  std::string operation;
};

struct HeaderToValuePlan {
  config::List headers;
  std::vector<config::List> fields;  // each split at its dots
  bool moves = false;
};

// A header that is to be put in, and the path of its field.
struct Entry {
  const columnar::Header* header = nullptr;
  const config::List* path = nullptr;
  std::string whole;  // the path as it is written
};
// Those of one record, in the record's order.
using Entries = std::vector<Entry>;

class HeadersIntoStruct : public DividedTransform {
 public:
  explicit HeadersIntoStruct(const HeaderToValuePlan& plan) : plan_(plan) {}

  void leave_out(const Batch& batch, columnar::RowMask* rows) const override {
    leave_out_nulls(batch.value, rows);
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      if (rows->test(row) && !has_any(batch, row)) rows->clear(row);
    }
  }
  std::vector<uint32_t> parts(const Batch& batch, const columnar::RowMask& rows) const override {
    std::vector<uint32_t> part(static_cast<size_t>(batch.row_count()));
    std::vector<Entries> kinds;
    rows.for_each([&](int64_t row) {
      Entries entries = entries_of(batch, row);
      size_t at = 0;
      while (at < kinds.size() && !alike(kinds[at], entries)) ++at;
      if (at == kinds.size()) kinds.push_back(std::move(entries));
      part[static_cast<size_t>(row)] = static_cast<uint32_t>(at);
    });
    if (kinds.size() < 2) part.clear();
    return part;
  }
  Status apply(Batch& batch) override {
    SchemaPtr schema;
    std::vector<Value> values(static_cast<size_t>(batch.row_count()));
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      auto value = value_of(batch, row, &schema);
      if (value.ok()) values[static_cast<size_t>(row)] = *std::move(value);
      else fail_row(batch, row, value.status());
    });
    if (!schema || batch.selected.count() == 0) return {};
    columnar::ValueAppender appender(schema);
    for (const Value& value : values) RETURN_IF_ERROR(value.is_null() ? appender.append_null() : appender.append(value));
    ASSIGN_OR_RETURN(batch.value, appender.finish());
    if (!plan_.moves) return {};
    for (auto& headers : batch.headers) {
      std::erase_if(headers, [&](const columnar::Header& h) { return std::find(plan_.headers.begin(), plan_.headers.end(), h.key) != plan_.headers.end(); });
    }
    return {};
  }

 private:
  bool has_any(const Batch& batch, int64_t row) const {
    if (batch.headers.empty()) return false;
    const auto& headers = batch.headers[static_cast<size_t>(row)];
    return std::any_of(headers.begin(), headers.end(),
                       [&](const columnar::Header& h) { return std::find(plan_.headers.begin(), plan_.headers.end(), h.key) != plan_.headers.end(); });
  }
  Entries entries_of(const Batch& batch, int64_t row) const {
    Entries out;
    for (const columnar::Header& header : batch.headers[static_cast<size_t>(row)]) {
      auto found = std::find(plan_.headers.begin(), plan_.headers.end(), header.key);
      if (found == plan_.headers.end()) continue;
      const config::List& path = plan_.fields[static_cast<size_t>(found - plan_.headers.begin())];
      out.push_back({&header, &path, fmt::format("{}", fmt::join(path, "."))});
    }
    return out;
  }
  static bool alike(const Entries& a, const Entries& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Entry& x, const Entry& y) {
      const SchemaPtr &s = x.header->schema, &r = y.header->schema;
      return x.path == y.path && (s == r || (s && r && s->equals(*r)));
    });
  }

  Result<Value> value_of(const Batch& batch, int64_t row, SchemaPtr* schema) const {
    const Entries entries = entries_of(batch, row);
    if (!*schema) { ASSIGN_OR_RETURN(*schema, new_schema(kRootName, batch.value.schema, entries, 0)); }
    const Value old = value_at(batch.value, row);
    return new_value(kRootName, *old.as_struct(), entries, *schema, 0);
  }
  // As in the original, a name leads on when it stands anywhere in a path; one that starts at the root by name leads nowhere.
  static bool leads_into(const std::string& name, const Entries& entries) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& e) { return e.path->size() > 1 && e.path->front() != kRootName && e.whole.find(name) != std::string::npos; });
  }
  // The name of the field inside the struct `parent`, which is `level` steps deep; null: it belongs elsewhere.
  static const std::string* name_in(const config::List& path, std::string_view parent, size_t level) {
    if (path.size() != level + 1) return nullptr;
    return (level == 0 ? parent == kRootName : path[level - 1] == parent) ? &path[level] : nullptr;
  }
  static Result<SchemaPtr> new_schema(std::string_view name, const SchemaPtr& old, const Entries& entries, size_t level) {
    if (old->type() != Type::kStruct) {
      if (old->type() == Type::kArray || old->type() == Type::kMap) return data_error(kDataException, "Cannot list fields on non-struct type");
      return old;
    }
    auto builder = StructSchemaBuilder::basics_of(*old);
    for (const columnar::Field& field : old->fields()) {
      SchemaPtr inner = field.schema;
      if (leads_into(field.name, entries)) { ASSIGN_OR_RETURN(inner, new_schema(field.name, field.schema, entries, level + 1)); }
      RETURN_IF_ERROR(builder.add(field.name, std::move(inner)));
    }
    for (const Entry& entry : entries) {
      const std::string* own = name_in(*entry.path, name, level);
      if (!own) continue;
      const SchemaPtr& schema = entry.header->schema;
      if (!schema || schema->schemaless()) return data_error(kSchemaBuilderException, fmt::format("fieldSchema for field {} cannot be null.", *own));
      RETURN_IF_ERROR(builder.add(*own, schema));
    }
    return builder.build();
  }
  static Result<Value> new_value(std::string_view name, const Value::Struct& old, const Entries& entries, const SchemaPtr& schema, size_t level) {
    std::vector<Value> values(schema->fields().size());
    for (size_t i = 0; i < old.values.size(); ++i) {
      const columnar::Field& field = old.schema->fields()[i];
      Value value = old.values[i];
      if (value.is_null() && field.schema->default_value()) value = *field.schema->default_value();
      if (!value.is_null() && leads_into(field.name, entries)) {
        auto* inner = value.as_struct();
        if (!inner) return not_a_struct("Nested field", java_class_of(value));
        ASSIGN_OR_RETURN(value, new_value(field.name, *inner, entries, schema->fields()[i].schema, level + 1));
      }
      values[i] = std::move(value);
    }
    for (const Entry& entry : entries) {
      const std::string* own = name_in(*entry.path, name, level);
      if (own) values[static_cast<size_t>(schema->field_index(*own))] = entry.header->value;
    }
    return Value::structure(schema, std::move(values));
  }

  const HeaderToValuePlan& plan_;
};

class HeaderToValue : public plugin::Transform {
 public:
  explicit HeaderToValue(HeaderToValuePlan plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    if (schemas.value->schemaless() || schemas.value->type() != Type::kStruct) return reject_not_struct(Side::kValue, kInsertionPurpose);
    return make_bound<HeadersIntoStruct>(plan_);
  }

 private:
  const HeaderToValuePlan plan_;
};

std::optional<std::string> plain_items(const config::Parsed& value) {
  auto* items = std::get_if<config::List>(&value);
  if (!items) return std::nullopt;
  if (items->empty()) return "A value is required";
  for (const std::string& item : *items) {
    if (item.empty()) return "Empty string element(s) not allowed";
    if (item.find(' ') != std::string::npos) return "Space character(s) not allowed in elements";
  }
  return std::nullopt;
}

}  // namespace

plugin::TransformPlugin header_to_value() {
  using C = HeaderToValueConfig;
  config::TypedConfig<C> def;
  def.key("headers", &C::headers).required().high().check(plain_items, "names without spaces").doc("The headers whose values go into the record's value.");
  def.key("fields", &C::fields).required().high().check(plain_items, "names without spaces")
      .doc("The fields they become, in the same order; `after.name` is a field of the struct `after`.");
  def.key("operation", &C::operation).required().high().one_of({"move", "copy"}, true).doc("`move`: the headers are removed; `copy`: they stay.");
  plugin::PluginInfo info;
  info.name = "header_to_value";
  info.class_names = {"io.debezium.transforms.HeaderToValue"};
  info.summary = "Puts headers into the value";
  info.description = "Headers become fields at the end of the value's struct, or of a struct in it. Records without those headers, and tombstones, pass unchanged.";
  info.examples = {R"({"headers": "tenant,trace", "fields": "tenant,after.trace", "operation": "move"})"};
  info.version = std::string(kDebeziumVersion);
  return declare(std::move(info), def, [](C c, Side) -> Result<std::unique_ptr<plugin::Transform>> {
    if (c.headers.size() != c.fields.size()) return config_error("'fields' config must have the same number of elements as 'headers' config.");
    HeaderToValuePlan plan;
    plan.headers = std::move(c.headers);
    plan.moves = ascii_lower(config::trim(c.operation)) == "move";
    for (const std::string& field : c.fields) plan.fields.push_back(java_split(field, '.'));
    return make_transform<HeaderToValue>(std::move(plan));
  });
}

}  // namespace bywash::transforms
