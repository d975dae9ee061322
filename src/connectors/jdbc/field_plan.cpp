// FieldsMetadata.extract (kafka-connect-jdbc 10.9): keys by pk.mode, then the whitelisted fields of the value. Level 6.
#include "connectors/jdbc/field_plan.h"

#include <algorithm>

#include "connectors/jdbc/record_shape.h"

namespace bywash::jdbc {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr const char* kKafkaFields[] = {"__connect_topic", "__connect_partition", "__connect_offset"};

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string shown(const std::vector<std::string>& names) { return fmt::format("[{}]", fmt::join(names, ", ")); }

Status connect_error(Code code, std::string message) {
  return Status(code, Blame::kUser, std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

bool is_primitive(const ConnectSchema& s) { return s.type() < Type::kArray; }

class Planner {
 public:
  Planner(const SinkConfig& config, const std::string& table) : config_(config), table_(table) {}

  void add(std::string name, columnar::SchemaPtr schema, Source source, int field, bool is_key) {
    bool ts = contains(config_.timestamp_fields, name) || (!is_key && schema->name() == kTimestampMark);
    plan.columns.push_back({std::move(name), std::move(schema), is_key, ts});
    plan.sources.push_back(source);
    plan.fields.push_back(field);
    plan.key_count += is_key;
  }

  Status kafka_key() {
    std::vector<std::string> names = config_.pk_fields;
    if (names.empty()) names.assign(std::begin(kKafkaFields), std::end(kKafkaFields));
    if (names.size() != 3) {
      return connect_error(Code::kFatal, fmt::format(
          "PK mode for table '{}' is KAFKA so there should either be no field names defined for defaults {} to be applicable, or "
          "exactly 3, defined fields are: {} (pk.fields)", table_,
          shown({std::begin(kKafkaFields), std::end(kKafkaFields)}), shown(names)));
    }
    add(names[0], ConnectSchema::of(Type::kString), Source::kTopic, -1, true);
    add(names[1], ConnectSchema::of(Type::kInt32), Source::kPartition, -1, true);
    add(names[2], ConnectSchema::of(Type::kInt64), Source::kOffset, -1, true);
    return {};
  }

  Status fields_key(const ConnectSchema& schema, const std::vector<std::string>& names, bool from_key) {
    Source source = from_key ? Source::kKeyField : Source::kValueField;
    if (names.empty()) {
      for (size_t i = 0; i < schema.fields().size(); ++i) {
        add(schema.fields()[i].name, schema.fields()[i].schema, source, static_cast<int>(i), true);
      }
      return {};
    }
    for (auto it = names.begin(); it != names.end(); ++it) {
      const std::string& name = *it;
      if (std::find(names.begin(), it, name) != it) continue;  // a name twice is one column (LinkedHashSet)
      int i = schema.field_index(name);
      if (i < 0) {
        return connect_error(Code::kData, fmt::format(
            "PK mode for table '{}' is {} with configured PK fields {}, but record {} schema does not contain field: {}", table_,
            from_key ? "RECORD_KEY" : "RECORD_VALUE", shown(names), from_key ? "key" : "value", name));
      }
      add(name, schema.fields()[static_cast<size_t>(i)].schema, source, i, true);
    }
    return {};
  }

  Status record_key(const ConnectSchema* key, const columnar::SchemaPtr& shared) {
    if (!key) return connect_error(Code::kData, fmt::format("PK mode for table '{}' is RECORD_KEY, but record key schema is missing", table_));
    if (key->type() == Type::kStruct) return fields_key(*key, config_.pk_fields, true);
    if (!is_primitive(*key)) {
      return connect_error(Code::kData, fmt::format("Key schema must be primitive type or Struct, but is of type: {}", to_string(key->type())));
    }
    if (config_.pk_fields.size() != 1) {
      return connect_error(Code::kFatal, fmt::format(
          "Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: {} (pk.fields)",
          shown(config_.pk_fields)));
    }
    add(config_.pk_fields[0], shared, Source::kKey, -1, true);
    return {};
  }

  // A plain string has one column, which is optional whatever the record's schema says.
  Status string_value(const std::vector<std::string>& keys) {
    // RecordValidator.requiresValue, which deletes leave out.
    if (!config_.delete_enabled && (!config_.fields_whitelist.empty() || !config_.timestamp_fields.empty())) {
      std::vector<std::string_view> keys_given;
      if (!config_.fields_whitelist.empty()) keys_given.push_back("fields.whitelist");
      if (!config_.timestamp_fields.empty()) keys_given.push_back("timestamp.fields.list");
      return connect_error(Code::kFatal, fmt::format(
          "Sink connector '{}' is configured with field-level options that are not applicable to String values: {}. Remove them, or send structs",
          config_.connector_name, fmt::join(keys_given, ", ")));
    }
    if (contains(keys, config_.string_column)) {
      return connect_error(Code::kFatal, fmt::format("Configured string.output.value.column.name '{}' conflicts with a primary key column for table '{}'",
                                                     config_.string_column, table_));
    }
    add(config_.string_column, ConnectSchema::of(Type::kString, true), Source::kValue, -1, false);
    return {};
  }

  Status value_fields(const ConnectSchema* value) {
    if (!value) return {};
    std::vector<std::string> keys = plan.key_names();
    auto wanted = [&](const std::string& name) {
      return !contains(keys, name) && (config_.fields_whitelist.empty() || contains(config_.fields_whitelist, name));
    };
    if (value->type() != Type::kStruct) return string_value(keys);
    for (size_t i = 0; i < value->fields().size(); ++i) {
      const columnar::Field& field = value->fields()[i];
      if (wanted(field.name)) add(field.name, field.schema, Source::kValueField, static_cast<int>(i), false);
    }
    return {};
  }

  // Kafka's coordinates, the value's fields in their order, then what is left by name.
  void order(const ConnectSchema* value) {
    std::vector<size_t>& out = plan.table_order;
    std::vector<bool> placed(plan.columns.size());
    auto place = [&](std::string_view name) {
      for (size_t i = 0; i < plan.columns.size(); ++i) {
        if (plan.columns[i].name == name && !placed[i]) { placed[i] = true; out.push_back(i); }
      }
    };
    for (const char* name : kKafkaFields) place(name);
    if (value && value->type() == Type::kStruct) {
      for (const columnar::Field& field : value->fields()) place(field.name);
    } else if (value) {
      place(config_.string_column);
    }
    std::vector<std::string> rest;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (!placed[i]) rest.push_back(plan.columns[i].name);
    }
    std::sort(rest.begin(), rest.end());
    for (const std::string& name : rest) place(name);
  }

  FieldPlan plan;

 private:
  const SinkConfig& config_;
  const std::string& table_;
};

}  // namespace

std::vector<std::string> FieldPlan::key_names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < key_count; ++i) names.push_back(columns[i].name);
  return names;
}

Result<FieldPlan> make_field_plan(const SinkConfig& config, const std::string& table, const ConnectSchema* key,
                                  const ConnectSchema* value, const std::vector<std::string>& key_override) {
  Planner p(config, table);
  columnar::SchemaPtr key_schema;
  if (key) key_schema = ConnectSchema::make(key->spec());
  switch (config.pk_mode) {
    case PkMode::kNone: break;
    case PkMode::kKafka: RETURN_IF_ERROR(p.kafka_key()); break;
    case PkMode::kRecordKey: RETURN_IF_ERROR(p.record_key(key, key_schema)); break;
    case PkMode::kRecordValue:
      if (!value || value->type() != Type::kStruct) {
        return connect_error(Code::kData, fmt::format("PK mode for table '{}' is RECORD_VALUE, but record value schema is {}", table,
                                                      value ? "not a struct" : "missing"));
      }
      RETURN_IF_ERROR(p.fields_key(*value, config.pk_fields.empty() ? key_override : config.pk_fields, false));
      break;
  }
  RETURN_IF_ERROR(p.value_fields(value));
  if (p.plan.columns.empty()) {
    return connect_error(Code::kFatal, fmt::format("No fields found using key and value schemas for table: {} (fields.whitelist)", table));
  }
  p.order(value);
  return std::move(p.plan);
}

}  // namespace bywash::jdbc
