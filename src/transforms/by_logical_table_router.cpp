// ByLogicalTableRouter: events of several physical tables into one topic, with the table in the key
// (io.debezium.transforms.ByLogicalTableRouter, Debezium 3.4). Level 4, the task's thread.
#include <arrow/array.h>

#include <map>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "transforms/change_event.h"
#include "transforms/divided_transform.h"
#include "transforms/field_slots.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::SchemaSpec;
using columnar::Type;

constexpr std::string_view kRoutePurpose = "Updating schema";

struct TableRouterConfig {
  std::string topic_regex, topic_replacement, key_name, adjustment;
  std::optional<std::string> key_regex, key_replacement;
  bool unique_keys = true;
  int32_t cache_size = 16;
};

enum class NameAdjustment : uint8_t { kNone, kAvro, kAvroUnicode };

// io.debezium.schema.SchemaNameAdjuster: what Avro allows in a name; the rest becomes "_" or "_uXXXX".
std::string adjusted(const std::string& name, NameAdjustment how) {
  if (how == NameAdjustment::kNone || name.empty()) return name;
  const bool unicode = how == NameAdjustment::kAvroUnicode;
  std::string out;
  for (size_t i = 0; i < name.size();) {
    const auto c = static_cast<unsigned char>(name[i]);
    const size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c == '_' && !unicode);
    const bool digit = c >= '0' && c <= '9';
    if (letter || (i > 0 && (digit || c == '.'))) {
      out += static_cast<char>(c);
    } else {
      uint32_t code = length == 1 ? c : length == 2 ? c & 0x1F : length == 3 ? c & 0x0F : c & 0x07;
      for (size_t k = 1; k < length && i + k < name.size(); ++k) code = code << 6 | (static_cast<unsigned char>(name[i + k]) & 0x3F);
      // Java walks UTF-16: what lies beyond the first plane is two characters.
      auto replace = [&](uint32_t unit) { out += unicode ? (unit <= 0xFF ? fmt::format("_u00{:x}", unit) : fmt::format("_u{:x}", unit)) : "_"; };
      if (code >= 0x10000) {
        replace(0xD800 + ((code - 0x10000) >> 10));
        replace(0xDC00 + ((code - 0x10000) & 0x3FF));
      } else {
        replace(code);
      }
      if (i == 0 && digit && !unicode) out += static_cast<char>(c);
    }
    i += length;
  }
  return out;
}

// A struct schema's fields and all that describes it, under another name.
SchemaSpec renamed(const ConnectSchema& source, std::string name) {
  SchemaSpec spec;
  spec.name = std::move(name);
  spec.version = source.version();
  spec.doc = source.doc();
  spec.parameters = source.parameters();
  spec.optional = source.optional();
  spec.fields = source.fields();
  return spec;
}

struct TableRoute {
  SchemaPtr key, row, event;  // schemas under the new topic's names; null where there is none
};

class TableRouter : public plugin::Transform {
 public:
  struct Rules {
    std::unique_ptr<JavaRegex> topic, key;
    std::string topic_replacement, key_replacement, key_name;
    bool unique_keys = true;
    NameAdjustment adjustment = NameAdjustment::kNone;
    size_t cache_size = 16;
  };
  explicit TableRouter(Rules rules) : rules_(std::move(rules)) {}

  class Bound : public DividedTransform {
   public:
    Bound(TableRouter& router, const plugin::BatchSchemas& schemas) : router_(router), schemas_(schemas), event_(is_envelope(*schemas.value)) {}
    void leave_out(const Batch& batch, columnar::RowMask* rows) const override {
      if (batch.topics.empty()) {
        if (!stays(batch.topic)) return;
        for (int64_t row = 0; row < batch.row_count(); ++row) rows->clear(row);
        return;
      }
      for (int64_t row = 0; row < batch.row_count(); ++row) {
        if (rows->test(row) && stays(batch.topic_of(row))) rows->clear(row);
      }
    }
    // One part for each topic, keyless or not, tombstone or not.
    std::vector<uint32_t> parts(const Batch& batch, const columnar::RowMask& rows) const override {
      std::vector<uint32_t> part(static_cast<size_t>(batch.row_count()));
      std::map<std::string, uint32_t> topics;
      uint32_t all = 0;
      rows.for_each([&](int64_t row) {
        uint32_t id = 0;
        if (!batch.topics.empty()) id = topics.emplace(batch.topic_of(row), static_cast<uint32_t>(topics.size())).first->second << 2;
        if (batch.key.is_null(row)) id |= 1;
        if (event_ && batch.value.is_null(row)) id |= 2;
        part[static_cast<size_t>(row)] = id;
        all |= id;
      });
      if (all == 0) part.clear();
      return part;
    }
    Status apply(Batch& batch) override {
      int64_t first = 0;
      while (!batch.selected.test(first)) ++first;
      const std::string old_topic = batch.topic_of(first);
      ASSIGN_OR_RETURN(std::string topic, router_.routed(old_topic));
      if (routes_.size() >= router_.rules_.cache_size && !routes_.contains(topic)) routes_.clear();
      RETURN_IF_ERROR(route_key(batch, first, old_topic, topic));
      if (event_ && !batch.value.is_null(first)) RETURN_IF_ERROR(route_event(batch, topic));
      if (batch.topics.empty()) batch.topic = std::move(topic);
      else batch.selected.for_each([&](int64_t row) { batch.topics[static_cast<size_t>(row)] = topic; });
      return {};
    }

   private:
    // Does the topic keep its name? (A replacement that cannot be made fails its records.)
    bool stays(const std::string& topic) const {
      auto routed = router_.routed(topic);
      return routed.ok() && routed->empty();
    }
    Status route_key(Batch& batch, int64_t first, const std::string& old_topic, const std::string& topic) {
      if (batch.key.is_null(first)) {
        batch.key = {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())};
        return {};
      }
      const ConnectSchema& schema = *batch.key.schema;
      if (schema.type() != Type::kStruct) {
        return not_a_struct(kRoutePurpose, schema.type() == Type::kVariant ? java_class_of(value_at(batch.key, first)) : java_class_of(schema));
      }
      std::vector<Slot> slots = slots_of(batch.key);
      for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
      SchemaPtr& known = routes_[topic].key;
      if (!known) {
        SchemaSpec spec = renamed(schema, adjusted(topic + ".Key", router_.rules_.adjustment));
        if (router_.rules_.unique_keys) {
          if (schema.field_index(router_.rules_.key_name) >= 0) {
            return data_error(kSchemaBuilderException, "Cannot create field because of field name duplication " + router_.rules_.key_name);
          }
          spec.fields.push_back({router_.rules_.key_name, ConnectSchema::of(Type::kString), false});
        }
        known = ConnectSchema::make(std::move(spec));
      }
      if (router_.rules_.unique_keys) {
        ASSIGN_OR_RETURN(std::string table, router_.table_of(old_topic));
        ASSIGN_OR_RETURN(Column column, columnar::constant_column(known->fields().back().schema, Value::string(table), batch.row_count()));
        slots.push_back({"", std::move(column), nullptr});
      }
      batch.key = assemble_struct(known, std::move(slots), batch.key);
      return {};
    }
    Status route_event(Batch& batch, const std::string& topic) {
      const ConnectSchema& schema = *batch.value.schema;
      const int before = schema.field_index("before"), after = schema.field_index("after");
      if (before < 0) return data_error(kNullPointer, "The event has no field 'before' to take the row's schema from");
      TableRoute& known = routes_[topic];
      if (!known.event) RETURN_IF_ERROR(name_event(schema, before, topic, known));
      std::vector<Slot> slots = slots_of(batch.value);
      for (size_t i = 0; i < slots.size(); ++i) {
        Column& column = slots[i].column;
        ASSIGN_OR_RETURN(column, with_default(column));
        if (static_cast<int>(i) == before || static_cast<int>(i) == after) { ASSIGN_OR_RETURN(column, row_under(known.row, column)); }
      }
      batch.value = assemble_struct(known.event, std::move(slots), batch.value);
      return {};
    }
    Status name_event(const ConnectSchema& schema, int before, const std::string& topic, TableRoute& route) const {
      const SchemaPtr& row = schema.fields()[static_cast<size_t>(before)].schema;
      if (row->type() != Type::kStruct) return data_error(kDataException, "Cannot list fields on non-struct type");
      const NameAdjustment how = router_.rules_.adjustment;
      route.row = ConnectSchema::make(renamed(*row, adjusted(topic + ".Value", how)));
      SchemaSpec spec = renamed(schema, adjusted(topic + ".Envelope", how));
      for (columnar::Field& field : spec.fields) {
        if (field.name == "before" || field.name == "after") field.schema = route.row;
      }
      route.event = ConnectSchema::make(std::move(spec));
      return {};
    }
    // The fields of `row`, by name, as a struct of `schema`.
    static Result<Column> row_under(const SchemaPtr& schema, const Column& row) {
      if (row.schema->type() != Type::kStruct) return not_a_struct(kRoutePurpose, java_class_of(*row.schema));
      for (const auto& field : row.schema->fields()) {
        if (schema->field_index(field.name) < 0) return data_error(kDataException, field.name + " is not a valid field name");
      }
      std::vector<Slot> slots;
      for (const auto& field : schema->fields()) {
        const int at = row.schema->field_index(field.name);
        Column column;
        if (at < 0) {
          ASSIGN_OR_RETURN(column, columnar::constant_column(field.schema, Value(), row.row_count()));
        } else {
          ASSIGN_OR_RETURN(column, with_default(row.child(at)));
          if (!column.schema->arrow_type()->Equals(field.schema->arrow_type())) {
            return data_error(kDataException, fmt::format("Invalid Java object for schema with type {} for field: \"{}\"",
                                                          columnar::to_string(field.schema->type()), field.name));
          }
        }
        slots.push_back({"", std::move(column), nullptr});
      }
      return assemble_struct(schema, std::move(slots), row);
    }

    TableRouter& router_;
    const plugin::BatchSchemas schemas_;
    const bool event_;
    std::map<std::string, TableRoute> routes_;  // by new topic
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override { return make_bound<Bound>(*this, schemas); }

 private:
  // The topic's new name; empty: it stays.
  Result<std::string> routed(const std::string& topic) {
    if (auto it = topics_.find(topic); it != topics_.end()) return it->second;
    ASSIGN_OR_RETURN(bool matches, rules_.topic->matches(topic));
    std::string name;
    if (matches) {
      ASSIGN_OR_RETURN(name, rules_.topic->replace_first(topic, rules_.topic_replacement));
      if (name.empty()) log::warn("transforms", "topic.regex makes an empty name of topic '{}': its records stay there", topic);
    }
    return remember(topics_, topic, std::move(name));
  }
  Result<std::string> table_of(const std::string& topic) {
    if (!rules_.key) return topic;
    if (auto it = tables_.find(topic); it != tables_.end()) return it->second;
    ASSIGN_OR_RETURN(bool matches, rules_.key->matches(topic));
    std::string table = topic;
    if (matches) { ASSIGN_OR_RETURN(table, rules_.key->replace_first(topic, rules_.key_replacement)); }
    return remember(tables_, topic, std::move(table));
  }
  const std::string& remember(std::map<std::string, std::string>& names, const std::string& topic, std::string name) const {
    if (names.size() >= rules_.cache_size) names.clear();
    return names[topic] = std::move(name);
  }
  const Rules rules_;
  std::map<std::string, std::string> topics_, tables_;
};

NameAdjustment adjustment_named(std::string_view text) {
  if (text == "avro") return NameAdjustment::kAvro;
  return text == "avro_unicode" ? NameAdjustment::kAvroUnicode : NameAdjustment::kNone;
}

bool blank(const std::optional<std::string>& text) { return !text || config::trim(*text).empty(); }

config::TypedConfig<TableRouterConfig> table_router_definition() {
  using C = TableRouterConfig;
  config::TypedConfig<C> def;
  auto regex_or_empty = [](const config::Parsed& value) -> std::optional<std::string> {
    auto* text = std::get_if<std::string>(&value);
    return text && !text->empty() ? valid_regex(value) : std::nullopt;
  };
  def.key("topic.regex", &C::topic_regex).required().low().check(valid_regex, "valid regex")
      .doc("A Java regular expression; topics that match it as a whole are routed.");
  def.key("topic.replacement", &C::topic_replacement).required().low().check(config::not_empty(), "non-empty string").doc("The new topic, with `$1` or `${name}` for groups of `topic.regex`.");
  def.key("key.enforce.uniqueness", &C::unique_keys).by_default("true").low()
      .doc("Whether a field with the physical table is added to the key. Set to false when keys are unique over all the tables.");
  def.key("key.field.regex", &C::key_regex).low().check(regex_or_empty, "valid regex")
      .doc("A regular expression over the old topic that finds the table for the key; without it the old topic is put in.");
  def.key("key.field.replacement", &C::key_replacement).low().doc("What becomes of the match of `key.field.regex`.");
  def.key("key.field.name", &C::key_name).by_default("__dbz__physicalTableIdentifier").low().doc("Name of the field that is added to the key.");
  def.key("schema.name.adjustment.mode", &C::adjustment).by_default("none").low().one_of({"none", "avro", "avro_unicode"}, true)
      .doc("How names of schemas are made fit for the converter: `none`; `avro` puts `_` for what Avro does not allow; `avro_unicode` puts `_uXXXX`.");
  def.key("logical.table.cache.size", &C::cache_size).by_default("16").low()
      .at_least(1).doc("For how many topics the new names and schemas are remembered; beyond that they are made again.");
  def.check("key.field.replacement", [](const C& c) -> std::optional<std::string> {
    if (blank(c.key_regex) || !blank(c.key_replacement)) return std::nullopt;
    return "key.field.replacement must be non-empty if key.field.regex is set.";
  });
  return def;
}

}  // namespace

plugin::TransformPlugin by_logical_table_router() {
  plugin::PluginInfo info;
  info.name = "by_logical_table_router";
  info.class_names = {"io.debezium.transforms.ByLogicalTableRouter"};
  info.summary = "Brings the events of several tables into one topic";
  info.description = "Topics that match `topic.regex` get the name that `topic.replacement` makes. The schemas of key and event are renamed after the new topic, "
                     "and the key gets a field with the physical table, so that keys of different tables stay apart.";
  info.examples = {R"x({"topic.regex": "(.*)customers_shard(.*)", "topic.replacement": "$1customers_all_shards"})x"};
  const auto def = table_router_definition();
  return declare_debezium(std::move(info), def, def, [](TableRouterConfig c) -> Result<std::unique_ptr<plugin::Transform>> {
    TableRouter::Rules rules;
    ASSIGN_OR_RETURN(JavaRegex topic, JavaRegex::compile(c.topic_regex));
    rules.topic = std::make_unique<JavaRegex>(std::move(topic));
    if (!blank(c.key_regex)) {
      ASSIGN_OR_RETURN(JavaRegex key, JavaRegex::compile(*c.key_regex));
      rules.key = std::make_unique<JavaRegex>(std::move(key));
    }
    rules.topic_replacement = c.topic_replacement;
    rules.key_replacement = c.key_replacement.value_or("");
    rules.key_name = c.key_name;
    rules.unique_keys = c.unique_keys;
    rules.cache_size = static_cast<size_t>(c.cache_size);
    rules.adjustment = adjustment_named(ascii_lower(config::trim(c.adjustment)));
    return make_transform<TableRouter>(std::move(rules));
  });
}

}  // namespace bywash::transforms
