// The mapping, type by type, with defaults. Decode step of the sink line, the task's thread. Level 4.
#include "formats/avro/to_connect.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "formats/json/connect_value.h"

namespace bywash::formats::avro {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;
using json::data_exception;

namespace {

using TreeJson = nlohmann::ordered_json;

// A record used n times has n places in the tree: shared types inside shared types would double at each level without end.
constexpr int kSchemaNodesMax = 200'000;

std::optional<std::string> logical_type(const AvroNode& schema) {
  auto text = schema.string_prop("logicalType");
  if (text) std::transform(text->begin(), text->end(), text->begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string latin1_bytes(const std::string& utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    auto b = static_cast<unsigned char>(utf8[i]);
    if (b < 0x80) {
      out += utf8[i];
    } else if (b < 0xC4 && i + 1 < utf8.size()) {
      out += static_cast<char>((b & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
    } else {
      out += '?';
      while (i + 1 < utf8.size() && (static_cast<unsigned char>(utf8[i + 1]) & 0xC0) == 0x80) ++i;
    }
  }
  return out;
}

// Where a default stands: from an Avro field it must have the schema's JSON type, from connect.default it is coerced.
class DefaultReader {
 public:
  // nullopt: not a default for this schema, which is then ignored as the original does.
  std::optional<Value> read(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    std::optional<Value> plain = read_plain(avro, schema, json);
    if (!plain || plain->is_null()) return plain;
    switch (schema.logical()) {
      case columnar::Logical::kDecimal:
        return Value(columnar::Decimal{plain->get<Value::Bytes>().data.empty() ? std::string(1, '\0') : plain->get<Value::Bytes>().data, schema.decimal_scale()});
      case columnar::Logical::kDate: return Value(Value::Millis{int64_t{plain->get<int32_t>()} * 86'400'000});
      case columnar::Logical::kTime: return Value(Value::Millis{plain->get<int32_t>()});
      case columnar::Logical::kTimestamp: return Value(Value::Millis{plain->get<int64_t>()});
      case columnar::Logical::kNone: return plain;
    }
    return plain;
  }

 private:
  std::optional<Value> read_plain(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (json.is_null()) return Value();
    switch (avro.kind) {
      case AvroKind::kBoolean: return json.is_boolean() ? std::optional(Value(json.get<bool>())) : std::nullopt;
      case AvroKind::kInt: {
        if (!json.is_number()) return std::nullopt;
        auto n = static_cast<int32_t>(json.get<int64_t>());
        if (schema.type() == Type::kInt8) return Value(static_cast<int8_t>(n));
        if (schema.type() == Type::kInt16) return Value(static_cast<int16_t>(n));
        return Value(n);
      }
      case AvroKind::kLong: return json.is_number() ? std::optional(Value(json.get<int64_t>())) : std::nullopt;
      case AvroKind::kFloat: return json.is_number() ? std::optional(Value(static_cast<float>(json.get<double>()))) : std::nullopt;
      case AvroKind::kDouble: return json.is_number() ? std::optional(Value(json.get<double>())) : std::nullopt;
      case AvroKind::kString:
      case AvroKind::kEnum: return json.is_string() ? std::optional(Value(json.get<std::string>())) : std::nullopt;
      case AvroKind::kBytes:
      case AvroKind::kFixed:
        return json.is_string() ? std::optional(Value(Value::Bytes{latin1_bytes(json.get<std::string>())})) : std::nullopt;
      case AvroKind::kArray: return read_array(avro, schema, json);
      case AvroKind::kMap: return read_map(avro, schema, json);
      case AvroKind::kRecord: return read_record(avro, schema, json);
      case AvroKind::kUnion: return read_union(avro, schema, json);
      default: return Value();
    }
  }

  std::optional<Value> read_array(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (!json.is_array() || schema.type() != Type::kArray) return std::nullopt;
    Value::List items;
    for (const TreeJson& item : json) {
      auto value = read_item(*avro.branches[0], *schema.value_schema(), item);
      if (!value) return std::nullopt;
      items.push_back(*std::move(value));
    }
    return Value::list(std::move(items));
  }

  std::optional<Value> read_map(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (!json.is_object()) return std::nullopt;
    Value::Map entries;
    for (const auto& [key, item] : json.items()) {
      auto value = read_item(*avro.branches[0], *schema.value_schema(), item);
      if (!value) return std::nullopt;
      entries.emplace_back(Value::string(key), *std::move(value));
    }
    return Value::map(std::move(entries));
  }

  std::optional<Value> read_record(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (!json.is_object()) return std::nullopt;
    std::vector<Value> values;
    for (size_t i = 0; i < avro.fields.size(); ++i) {
      const ConnectSchema& field = *schema.fields()[i].schema;
      auto it = json.find(avro.fields[i].name);
      if (it == json.end()) {
        values.push_back(field.default_value() ? *field.default_value() : Value());
      } else {
        auto value = read_item(*avro.fields[i].type, field, *it);
        if (!value) return std::nullopt;
        values.push_back(*std::move(value));
      }
      if (values.back().is_null() && !field.optional()) return std::nullopt;
    }
    return Value::structure(ConnectSchema::make(schema.spec()), std::move(values));
  }

  // A member whose optional schema is the union's own, without the union's struct around it.
  std::optional<Value> read_item(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (avro.kind == AvroKind::kUnion && schema.name() != kUnionName && !schema.parameters().contains(std::string(kGeneralizedUnion))) {
      for (const AvroNode* branch : avro.branches) {
        if (branch->kind != AvroKind::kNull) return read(*branch, schema, json);
      }
    }
    return read(avro, schema, json);
  }

  std::optional<Value> read_union(const AvroNode& avro, const ConnectSchema& schema, const TreeJson& json) {
    if (avro.branches.empty() || avro.branches[0]->kind == AvroKind::kNull) return Value();
    std::vector<Value> values(schema.fields().size());
    if (values.empty()) return std::nullopt;
    auto value = read(*avro.branches[0], *schema.fields()[0].schema, json);
    if (!value) return std::nullopt;
    values[0] = *std::move(value);
    return Value::structure(ConnectSchema::make(schema.spec()), std::move(values));
  }
};

class Mapper {
 public:
  Mapper(const AvroOptions& options, int* union_count) : options_(options), union_count_(union_count) {}

  struct Context {
    bool force_optional = false;
    const std::string* default_json = nullptr;  // the record field's
    const std::string* doc = nullptr;           // likewise
    std::optional<int32_t> version;
  };

  Result<SchemaPtr> map(const AvroNode& avro, const Context& context) {
    if (++nodes_ > kSchemaNodesMax) return data_exception("The Avro schema is too large: more than 200000 types when written out");
    if (std::find(open_.begin(), open_.end(), &avro) != open_.end()) {
      return data_exception(fmt::format("The Avro record '{}' contains itself: recursive schemas are not supported. Use a schema without the recursion", avro.full_name()));
    }
    if (avro.kind == AvroKind::kUnion) {
      if (const AvroNode* member = plain_member(avro)) {
        return map(*member, {avro.branches.size() > 1 || context.force_optional, nullptr, context.doc, std::nullopt});
      }
    }
    open_.push_back(&avro);
    auto out = build(avro, context);
    open_.pop_back();
    return out;
  }

 private:
  // The one member that stands for the union: [null, x], or [x] when singletons are flattened.
  const AvroNode* plain_member(const AvroNode& avro) const {
    if (avro.branches.size() == 1 && options_.flatten_singleton_unions) return avro.branches[0];
    if (avro.branches.size() != 2) return nullptr;
    if (avro.branches[0]->kind == AvroKind::kNull) return avro.branches[1];
    return avro.branches[1]->kind == AvroKind::kNull ? avro.branches[0] : nullptr;
  }

  Result<SchemaPtr> build(const AvroNode& avro, const Context& context) {
    SchemaSpec spec;
    RETURN_IF_ERROR(set_type(avro, &spec));
    set_doc(avro, context, &spec);
    RETURN_IF_ERROR(set_version(avro, context, &spec));
    RETURN_IF_ERROR(set_parameters(avro, &spec));
    RETURN_IF_ERROR(set_name(avro, &spec));
    RETURN_IF_ERROR(set_default(avro, context, &spec));
    if (context.force_optional) spec.optional = true;
    return ConnectSchema::make(std::move(spec));
  }

  Status set_type(const AvroNode& avro, SchemaSpec* spec) {
    switch (avro.kind) {
      case AvroKind::kNull: return data_exception("Standalone null schemas are not supported by this converter");
      case AvroKind::kBoolean: spec->type = Type::kBoolean; return {};
      case AvroKind::kFloat: spec->type = Type::kFloat32; return {};
      case AvroKind::kDouble: spec->type = Type::kFloat64; return {};
      case AvroKind::kString: spec->type = Type::kString; return {};
      case AvroKind::kInt: return set_int(avro, spec);
      case AvroKind::kLong:
        spec->type = Type::kInt64;
        if (logical_type(avro) == "timestamp-millis") set_logical(columnar::kTimestampName, spec);
        return {};
      case AvroKind::kBytes:
      case AvroKind::kFixed: return set_bytes(avro, spec);
      case AvroKind::kArray: return set_array(avro, spec);
      case AvroKind::kMap: {
        spec->type = Type::kMap;
        spec->key_schema = ConnectSchema::of(Type::kString);
        ASSIGN_OR_RETURN(spec->value_schema, map(*avro.branches[0], {}));
        return {};
      }
      case AvroKind::kRecord: return set_record(avro, spec);
      case AvroKind::kEnum: set_enum(avro, spec); return {};
      case AvroKind::kUnion: return set_union(avro, spec);
    }
    return {};
  }

  static void set_logical(std::string_view name, SchemaSpec* spec) {
    spec->name = std::string(name);
    spec->version = 1;
  }

  static Status set_int(const AvroNode& avro, SchemaSpec* spec) {
    spec->type = Type::kInt32;
    if (auto logical = logical_type(avro)) {
      if (logical == "date") set_logical(columnar::kDateName, spec);
      if (logical == "time-millis") set_logical(columnar::kTimeName, spec);
      return {};
    }
    auto type = avro.string_prop("connect.type");
    if (!type) return {};
    if (type == "int8") spec->type = Type::kInt8;
    else if (type == "int16") spec->type = Type::kInt16;
    else return data_exception("Connect type annotation for Avro int field is null");
    return {};
  }

  static Status set_bytes(const AvroNode& avro, SchemaSpec* spec) {
    spec->type = Type::kBytes;
    if (logical_type(avro) == "decimal") {
      set_logical(columnar::kDecimalName, spec);
      spec->parameters["scale"] = std::to_string(static_cast<int32_t>(avro.integer_prop("scale").value_or(0)));
      if (avro.prop("precision")) {
        auto precision = avro.integer_prop("precision");
        if (!precision) return data_exception("precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal");
        if (*precision != kDefaultPrecision) spec->parameters[std::string(kDecimalPrecision)] = std::to_string(static_cast<int32_t>(*precision));
      }
    }
    if (avro.kind == AvroKind::kFixed) spec->parameters[std::string(kFixedSize)] = std::to_string(avro.size);
    return {};
  }

  Status set_array(const AvroNode& avro, SchemaSpec* spec) {
    const AvroNode& items = *avro.branches[0];
    if (!is_map_entry(items)) {
      spec->type = Type::kArray;
      ASSIGN_OR_RETURN(spec->value_schema, map(items, {}));
      return {};
    }
    auto field = [&](std::string_view name) {
      return std::find_if(items.fields.begin(), items.fields.end(), [&](const AvroField& f) { return f.name == name; });
    };
    auto key = field("key"), value = field("value");
    if (items.fields.size() != 2 || key == items.fields.end() || value == items.fields.end()) {
      return data_exception("Found map encoded as array of key-value pairs, but array elements do not match the expected format.");
    }
    spec->type = Type::kMap;
    ASSIGN_OR_RETURN(spec->key_schema, map(*key->type, {}));
    ASSIGN_OR_RETURN(spec->value_schema, map(*value->type, {}));
    return {};
  }

  Status set_record(const AvroNode& avro, SchemaSpec* spec) {
    spec->type = Type::kStruct;
    bool docs = !options_.discard_type_doc_default && options_.connect_metadata;
    if (docs && avro.doc) spec->parameters[std::string(kRecordDoc)] = *avro.doc;
    for (const AvroField& field : avro.fields) {
      if (docs && field.doc) spec->parameters[std::string(kFieldDoc) + field.name] = *field.doc;
      Context context;
      context.default_json = field.default_json ? &*field.default_json : nullptr;
      context.doc = field.doc ? &*field.doc : nullptr;
      auto schema = map(*field.type, context);
      if (!schema.ok()) return schema.status();
      if (field.name.empty()) return data_exception("fieldName cannot be null or empty.");
      spec->fields.push_back({field.name, *std::move(schema)});
    }
    return {};
  }

  void set_enum(const AvroNode& avro, SchemaSpec* spec) {
    spec->type = Type::kString;
    if (options_.connect_metadata && avro.doc) {
      spec->parameters[options_.discard_type_doc_default ? "connect.enum.doc" : std::string(kEnumDoc) + avro.name] = *avro.doc;
    }
    if (options_.connect_metadata && !options_.discard_type_doc_default && avro.enum_default) {
      spec->parameters[std::string(kEnumDefault) + avro.name] = *avro.enum_default;
    }
    std::string parameter(options_.generalized_sum_types ? kGeneralizedEnum : kEnumParameter);
    spec->parameters[parameter] = avro.full_name();
    for (size_t i = 0; i < avro.symbols.size(); ++i) {
      spec->parameters[parameter + "." + avro.symbols[i]] = options_.generalized_sum_types ? std::to_string(i) : avro.symbols[i];
    }
  }

  Status set_union(const AvroNode& avro, SchemaSpec* spec) {
    spec->type = Type::kStruct;
    spec->name = std::string(kUnionName);
    if (options_.generalized_sum_types) {
      spec->name = "connect_union_" + std::to_string((*union_count_)++);
      spec->parameters[std::string(kGeneralizedUnion)] = *spec->name;
    }
    for (size_t i = 0; i < avro.branches.size(); ++i) {
      const AvroNode& member = *avro.branches[i];
      if (member.kind == AvroKind::kNull) {
        spec->optional = true;
        continue;
      }
      std::string name = union_field_name(member, i, options_);
      for (const columnar::Field& other : spec->fields) {
        if (other.name == name) return data_exception("Multiple union schemas map to the Connect union field name");
      }
      Context context;
      context.force_optional = true;
      ASSIGN_OR_RETURN(SchemaPtr schema, map(member, context));
      spec->fields.push_back({std::move(name), std::move(schema)});
    }
    return {};
  }

  void set_doc(const AvroNode& avro, const Context& context, SchemaSpec* spec) const {
    auto connect_doc = avro.string_prop("connect.doc");
    if (!options_.discard_type_doc_default) {
      if (options_.connect_metadata && connect_doc) spec->doc = connect_doc;
      return;
    }
    if (context.doc) spec->doc = *context.doc;
    else if (avro.doc) spec->doc = avro.doc;
    else spec->doc = connect_doc;
    if (options_.connect_metadata && avro.doc) spec->parameters["connect.record.doc"] = *avro.doc;
  }

  static Status set_version(const AvroNode& avro, const Context& context, SchemaSpec* spec) {
    int32_t version = context.version.value_or(-1);
    if (const std::string* text = avro.prop("connect.version")) {
      auto own = avro.integer_prop("connect.version");
      if (!own) return data_exception("Invalid Connect version found: " + *text);
      version = static_cast<int32_t>(*own);
    }
    if (version < 0) return {};
    if (spec->version && *spec->version != version) {
      return data_exception(fmt::format("Mismatched versions: version already added to SchemaBuilder ({}) differs from version in source schema ({})", *spec->version, version));
    }
    spec->version = version;
    return {};
  }

  Status set_parameters(const AvroNode& avro, SchemaSpec* spec) const {
    const std::string* text = avro.prop("connect.parameters");
    if (text && options_.connect_metadata) {
      TreeJson parameters = TreeJson::parse(*text, nullptr, false);
      if (!parameters.is_object()) return data_exception("Expected JSON object for schema parameters but found: " + *text);
      for (const auto& [key, value] : parameters.items()) {
        if (!value.is_string()) return data_exception("Expected schema parameter values to be strings but found: " + value.dump());
        spec->parameters[key] = value.get<std::string>();
      }
    }
    for (const auto& [key, value] : avro.props) {
      if (!key.starts_with("avro")) continue;
      TreeJson json = TreeJson::parse(value, nullptr, false);
      spec->parameters[key] = json.is_string() ? json.get<std::string>() : value;
    }
    return {};
  }

  Status set_default(const AvroNode& avro, const Context& context, SchemaSpec* spec) const {
    const std::string* text = avro.prop("connect.default");
    if (context.default_json) {
      // A field default of another JSON type than the schema's is no default.
      if (!text && !options_.discard_type_doc_default && options_.connect_metadata) spec->parameters[std::string(kFieldDefault)] = "true";
      text = context.default_json;
    }
    if (!text) return {};
    TreeJson json = TreeJson::parse(*text, nullptr, false);
    if (json.is_discarded()) return {};
    auto value = DefaultReader().read(avro, *ConnectSchema::make(*spec), json);
    if (!value) {
      if (context.default_json) spec->parameters.erase(std::string(kFieldDefault));
      return {};
    }
    if (value->is_null()) {
      if (spec->optional) return {};
      return Status::data("Invalid default value: a null for a schema that is not optional").with_java_class("org.apache.kafka.connect.errors.SchemaBuilderException");
    }
    spec->default_value = std::make_shared<const Value>(*std::move(value));
    return {};
  }

  static Status set_name(const AvroNode& avro, SchemaSpec* spec) {
    std::optional<std::string> name;
    if (const std::string* text = avro.prop("connect.name")) {
      name = avro.string_prop("connect.name");
      if (!name) return data_exception("Invalid schema name: " + *text);
    } else if (avro.kind == AvroKind::kRecord || avro.kind == AvroKind::kEnum || (avro.kind == AvroKind::kFixed && spec->name != columnar::kDecimalName)) {
      name = avro.full_name();
    }
    if (!name || name->starts_with(kDefaultName)) return {};
    if (spec->name && *spec->name != *name) {
      return data_exception(fmt::format("Mismatched names: name already added to SchemaBuilder ({}) differs from name in source schema ({})", *spec->name, *name));
    }
    spec->name = std::move(name);
    return {};
  }

  const AvroOptions& options_;
  int* union_count_;
  int nodes_ = 0;
  std::vector<const AvroNode*> open_;
};

}  // namespace

bool is_anything(const AvroNode& schema) {
  return schema.kind == AvroKind::kRecord && schema.full_name() == kAnythingName && schema.fields.size() == 9;
}

bool is_map_entry(const AvroNode& items) {
  if (items.kind != AvroKind::kRecord) return false;
  return (items.name_space == kNamespace && items.name == "MapEntry") || items.string_prop("connect.internal.type") == "MapEntry";
}

std::string union_field_name(const AvroNode& member, size_t index, const AvroOptions& options) {
  if (options.generalized_sum_types) return "connect_union_field_" + std::to_string(index);
  if (!member.named()) return std::string(to_string(member.kind));
  return options.enhanced_schemas ? member.full_name() : member.name;
}

Result<SchemaPtr> to_connect_schema(const AvroNode& schema, std::optional<int32_t> version, const AvroOptions& options, int* union_count) {
  Mapper::Context context;
  context.version = version;
  return Mapper(options, union_count).map(schema, context);
}

}  // namespace bywash::formats::avro
