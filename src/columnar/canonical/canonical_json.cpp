// The canonical form both ways. Level 1.
#include "columnar/canonical/canonical_json.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "columnar/column.h"
#include "columnar/java_number.h"

namespace bywash::canonical {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;
using json = nlohmann::ordered_json;

namespace {

constexpr int kDepthMax = 1000;

std::string decode_base64(const std::string& text) {
  static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    size_t at = kAlphabet.find(c);
    if (at == std::string::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(at);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8));
  }
  return out;
}

constexpr Type kTypes[] = {Type::kInt8,    Type::kInt16,  Type::kInt32, Type::kInt64, Type::kFloat32, Type::kFloat64,
                           Type::kBoolean, Type::kString, Type::kBytes, Type::kArray, Type::kMap,     Type::kStruct};

// What is not in the form makes nlohmann's accessors throw; the public functions turn that into a status.
template <class T, class Read>
Result<T> guarded(Read&& read) {
  try {
    return read();
  } catch (const json::exception& error) {
    return Status::invalid(fmt::format("Not in canonical form: {}", error.what()));
  }
}

bool has(const json& j, const char* name) { return j.contains(name) && !j.at(name).is_null(); }

SchemaPtr element_schema(const SchemaPtr& schema) { return schema && !schema->schemaless() ? schema->value_schema() : nullptr; }

template <class T>
T floating(const json& v) {
  std::string text = v.is_string() ? v.get<std::string>() : v.dump();
  if (text == "Infinity") return std::numeric_limits<T>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<T>::infinity();
  if constexpr (sizeof(T) == 4) return std::strtof(text.c_str(), nullptr);
  else return std::strtod(text.c_str(), nullptr);
}

int64_t integer(const json& v) { return v.is_string() ? std::strtoll(v.get<std::string>().c_str(), nullptr, 10) : v.get<int64_t>(); }

// UTF-16BE with lone surrogates as the program keeps it: UTF-8 with three bytes for each of them.
std::string from_utf16(const std::string& bytes) {
  std::string out;
  auto unit = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]) << 8 | static_cast<unsigned char>(bytes[i + 1])); };
  auto put = [&](uint32_t c) {
    if (c < 0x80) out += static_cast<char>(c);
    else if (c < 0x800) (out += static_cast<char>(0xc0 | c >> 6)) += static_cast<char>(0x80 | (c & 0x3f));
    else if (c < 0x10000) ((out += static_cast<char>(0xe0 | c >> 12)) += static_cast<char>(0x80 | (c >> 6 & 0x3f))) += static_cast<char>(0x80 | (c & 0x3f));
    else {
      out += static_cast<char>(0xf0 | c >> 18);
      for (int shift : {12, 6, 0}) out += static_cast<char>(0x80 | (c >> shift & 0x3f));
    }
  };
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    uint32_t c = unit(i);
    if (c >= 0xd800 && c < 0xdc00 && i + 3 < bytes.size() && unit(i + 2) >= 0xdc00 && unit(i + 2) < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (unit(i + 2) - 0xdc00);
      i += 2;
    }
    put(c);
  }
  return out;
}

bool has_lone_surrogate(std::string_view text) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0) return true;
  }
  return false;
}

std::string to_utf16(std::string_view text) {
  std::string out;
  auto put = [&](uint32_t unit) { (out += static_cast<char>(unit >> 8)) += static_cast<char>(unit & 0xff); };
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t k) { return i + k < text.size() ? static_cast<uint32_t>(static_cast<unsigned char>(text[i + k])) & 0x3f : 0u; };
    const auto first = static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
    uint32_t c = first;
    size_t length = 1;
    if (first >= 0xf0) c = (first & 7) << 18 | byte(1) << 12 | byte(2) << 6 | byte(3), length = 4;
    else if (first >= 0xe0) c = (first & 15) << 12 | byte(1) << 6 | byte(2), length = 3;
    else if (first >= 0xc0) c = (first & 31) << 6 | byte(1), length = 2;
    if (c >= 0x10000) {
      put(0xd800 + ((c - 0x10000) >> 10));
      put(0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
      put(c);
    }
    i += length;
  }
  return out;
}

Result<SchemaPtr> read_schema(const json& j);
Result<Value> read_value(const json& j, const SchemaPtr& schema);

Result<SchemaPtr> read_element_schema(const json& j) {
  ASSIGN_OR_RETURN(SchemaPtr schema, read_schema(j));
  return schema ? schema : ConnectSchema::schemaless(Type::kVariant);
}

Result<SchemaPtr> read_schema(const json& j) {
  if (j.is_null()) return SchemaPtr();
  SchemaSpec spec;
  const std::string type = j.at("type");
  const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](Type t) { return columnar::to_string(t) == type; });
  if (known == std::end(kTypes)) return Status::invalid(fmt::format("Unknown schema type '{}'", type));
  spec.type = *known;
  spec.optional = j.value("optional", false);
  if (has(j, "name")) spec.name = j.at("name").get<std::string>();
  if (has(j, "version")) spec.version = j.at("version").get<int32_t>();
  if (has(j, "doc")) spec.doc = j.at("doc").get<std::string>();
  if (has(j, "parameters")) spec.parameters = j.at("parameters").get<std::map<std::string, std::string>>();
  if (spec.type == Type::kArray || spec.type == Type::kMap) {
    ASSIGN_OR_RETURN(spec.value_schema, read_element_schema(j.at("values")));
  }
  if (spec.type == Type::kMap) {
    ASSIGN_OR_RETURN(spec.key_schema, read_element_schema(j.at("keys")));
  }
  if (spec.type == Type::kStruct) {
    for (const json& f : j.at("fields")) {
      ASSIGN_OR_RETURN(SchemaPtr field, read_schema(f.at("schema")));
      if (!field) return Status::invalid(fmt::format("Field '{}' has no schema", f.at("name").get<std::string>()));
      spec.fields.push_back({f.at("name"), std::move(field)});
    }
  }
  if (has(j, "default")) {
    ASSIGN_OR_RETURN(Value value, read_value(j.at("default"), ConnectSchema::make(spec)));
    spec.default_value = std::make_shared<const Value>(std::move(value));
  }
  return ConnectSchema::make(std::move(spec));
}

Result<Value> read_list(const json& items, const SchemaPtr& schema) {
  Value::List out;
  for (const json& item : items) {
    ASSIGN_OR_RETURN(Value value, read_value(item, element_schema(schema)));
    out.push_back(std::move(value));
  }
  return Value::list(std::move(out));
}

Result<Value> read_map(const json& entries, const SchemaPtr& schema) {
  Value::Map out;
  for (const json& entry : entries) {
    ASSIGN_OR_RETURN(Value key, read_value(entry.at(0), schema && schema->type() == Type::kMap ? schema->key_schema() : nullptr));
    ASSIGN_OR_RETURN(Value value, read_value(entry.at(1), element_schema(schema)));
    out.emplace_back(std::move(key), std::move(value));
  }
  return Value::map(std::move(out));
}

Result<Value> read_struct(const json& fields, const SchemaPtr& schema) {
  if (!schema || schema->type() != Type::kStruct) return Status::invalid("A struct needs a struct schema");
  std::vector<Value> values;
  for (const columnar::Field& field : schema->fields()) {
    if (!fields.contains(field.name)) {
      values.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(Value value, read_value(fields.at(field.name), field.schema));
    values.push_back(std::move(value));
  }
  for (const auto& [name, value] : fields.items()) {
    if (schema->field_index(name) < 0) return Status::invalid(fmt::format("'{}' is no field of its struct's schema", name));
  }
  return Value::structure(schema, std::move(values));
}

Result<Value> read_value(const json& j, const SchemaPtr& schema) {
  if (j.is_null()) return Value();
  if (j.is_boolean()) return Value(j.get<bool>());
  if (j.is_string()) return Value(j.get<std::string>());
  if (!j.is_object() || j.size() != 1) return Status::invalid(R"(Not a canonical value: expected null, true, false, a text or one tagged member like {"int32": 1})");
  const std::string tag = j.begin().key();
  const json& v = j.begin().value();
  if (tag == "int8") return Value(static_cast<int8_t>(integer(v)));
  if (tag == "int16") return Value(static_cast<int16_t>(integer(v)));
  if (tag == "int32") return Value(static_cast<int32_t>(integer(v)));
  if (tag == "int64") return Value(integer(v));
  if (tag == "float32") return Value(floating<float>(v));
  if (tag == "float64") return Value(floating<double>(v));
  if (tag == "bytes" || tag == "bytebuffer") return Value(Value::Bytes{decode_base64(v)});
  if (tag == "utf16") return Value(from_utf16(decode_base64(v)));
  if (tag == "millis") return Value(Value::Millis{integer(v)});
  if (tag == "decimal") {
    ASSIGN_OR_RETURN(std::string unscaled, columnar::integer_bytes(v.at("unscaled").get<std::string>()));
    return Value(columnar::Decimal{std::move(unscaled), v.at("scale").get<int32_t>()});
  }
  if (tag == "biginteger") {
    // Connect's data model has no such type either: like a schemaless decimal it is refused where a value's class counts.
    ASSIGN_OR_RETURN(std::string unscaled, columnar::integer_bytes(v.get<std::string>()));
    return Value(columnar::Decimal{std::move(unscaled), 0});
  }
  if (tag == "array") return read_list(v, schema);
  if (tag == "map") return read_map(v, schema);
  if (tag == "struct") return read_struct(v, schema);
  return Status::invalid(fmt::format("There is no counterpart of a value tagged '{}'", tag));
}

Result<Record> read_record(const json& j) {
  static const json kNull;
  auto member = [&](const char* name) -> const json& { return j.contains(name) ? j.at(name) : kNull; };
  Record r;
  r.topic = j.at("topic");
  if (!member("partition").is_null()) r.partition = member("partition").get<int32_t>();
  if (!member("timestamp").is_null()) r.timestamp = member("timestamp").get<int64_t>();
  ASSIGN_OR_RETURN(r.key_schema, read_schema(member("key_schema")));
  ASSIGN_OR_RETURN(r.value_schema, read_schema(member("value_schema")));
  // A struct of another schema than its record's brings that schema along.
  ASSIGN_OR_RETURN(SchemaPtr key_own, read_schema(member("key_own_schema")));
  ASSIGN_OR_RETURN(SchemaPtr value_own, read_schema(member("value_own_schema")));
  ASSIGN_OR_RETURN(r.key, read_value(member("key"), key_own ? key_own : r.key_schema));
  ASSIGN_OR_RETURN(r.value, read_value(member("value"), value_own ? value_own : r.value_schema));
  for (const json& h : member("headers")) {
    columnar::Header header;
    header.key = h.at("key");
    ASSIGN_OR_RETURN(header.schema, read_schema(h.contains("schema") ? h.at("schema") : kNull));
    ASSIGN_OR_RETURN(header.value, read_value(h.at("value"), header.schema));
    r.headers.push_back(std::move(header));
  }
  return r;
}

// Text of a String; one with a lone surrogate is no text in UTF-8.
json text_to_json(const std::string& text) {
  if (!has_lone_surrogate(text)) return text;
  return {{"utf16", base64(to_utf16(text))}};
}

bool is_utf8(std::string_view text) {
  // The JSON library's own decoder is the judge.
  try {
    (void)json(std::string(text)).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace

Result<json> parse_text(std::string_view text) {
  bool deep = false;
  auto watch = [&](int depth, json::parse_event_t, json&) {
    deep = deep || depth > kDepthMax;
    return !deep;
  };
  try {
    json out = json::parse(text, watch);
    if (deep) return Status::invalid(fmt::format("JSON is nested deeper than {} levels", kDepthMax));
    return out;
  } catch (const json::parse_error& error) {
    return Status::invalid(fmt::format("Not JSON: syntax error at byte {}", error.byte));
  } catch (const json::exception&) {
    return Status::invalid("JSON with a number that is out of range");
  }
}

std::string to_text(const json& j) { return j.dump(-1, ' ', true, json::error_handler_t::replace); }

Result<SchemaPtr> schema_of(const json& j) {
  return guarded<SchemaPtr>([&] { return read_schema(j); });
}
Result<Value> value_of(const json& j, const SchemaPtr& schema) {
  return guarded<Value>([&] { return read_value(j, schema); });
}
Result<Record> record_of(const json& j) {
  return guarded<Record>([&] { return read_record(j); });
}
Result<std::optional<std::string>> bytes_of(const json& j) {
  return guarded<std::optional<std::string>>([&]() -> Result<std::optional<std::string>> {
    if (j.is_null()) return std::optional<std::string>();
    if (j.contains("utf8")) return std::optional(j.at("utf8").get<std::string>());
    return std::optional(decode_base64(j.at("base64").get<std::string>()));
  });
}

json to_json(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  if (is_utf8(*bytes)) return {{"utf8", *bytes}};
  return {{"base64", base64(*bytes)}};
}

json to_json(const SchemaPtr& schema) {
  if (!schema || schema->schemaless()) return nullptr;
  json out = {{"type", columnar::to_string(schema->type())}, {"optional", schema->optional()}};
  if (schema->name()) out["name"] = *schema->name();
  if (schema->version()) out["version"] = *schema->version();
  if (schema->doc()) out["doc"] = *schema->doc();
  if (!schema->parameters().empty()) out["parameters"] = schema->parameters();
  if (schema->default_value()) out["default"] = to_json(*schema->default_value());
  if (schema->type() == Type::kMap) out["keys"] = to_json(schema->key_schema());
  if (schema->value_schema()) out["values"] = to_json(schema->value_schema());
  if (schema->type() != Type::kStruct) return out;
  out["fields"] = json::array();
  for (const auto& f : schema->fields()) out["fields"].push_back({{"name", f.name}, {"schema", to_json(f.schema)}});
  return out;
}

json to_json(const Value& value) {
  if (value.is_null()) return nullptr;
  if (auto* b = value.get_if<bool>()) return *b;
  if (auto* s = value.get_if<std::string>()) return text_to_json(*s);
  if (auto* i8 = value.get_if<int8_t>()) return {{"int8", *i8}};
  if (auto* i16 = value.get_if<int16_t>()) return {{"int16", *i16}};
  if (auto* i32 = value.get_if<int32_t>()) return {{"int32", *i32}};
  if (auto* i64 = value.get_if<int64_t>()) return {{"int64", std::to_string(*i64)}};
  if (auto* f = value.get_if<float>()) return {{"float32", columnar::java_float(*f)}};
  if (auto* d = value.get_if<double>()) return {{"float64", columnar::java_double(*d)}};
  if (auto* b = value.get_if<Value::Bytes>()) return {{"bytes", base64(b->data)}};
  if (auto* m = value.get_if<Value::Millis>()) return {{"millis", std::to_string(m->ms)}};
  if (auto* n = value.get_if<columnar::Decimal>()) {
    return {{"decimal", {{"unscaled", columnar::integer_digits(n->unscaled)}, {"scale", n->scale}}}};
  }
  json items = json::array();
  if (auto* list = value.as_list()) {
    for (const Value& item : *list) items.push_back(to_json(item));
    return {{"array", items}};
  }
  if (auto* map = value.as_map()) {
    // Order means nothing in a map: by the text of the key.
    std::vector<std::pair<std::string, json>> sorted;
    for (const auto& [key, item] : *map) sorted.emplace_back(to_text(to_json(key)), json::array({to_json(key), to_json(item)}));
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [text, entry] : sorted) items.push_back(std::move(entry));
    return {{"map", items}};
  }
  json fields = json::object();
  const Value::Struct* s = value.as_struct();
  for (size_t i = 0; i < s->values.size(); ++i) fields[s->schema->fields()[i].name] = to_json(s->values[i]);
  return {{"struct", fields}};
}

json to_json(const Record& r) {
  json out = {{"topic", text_to_json(r.topic)},
              {"partition", r.partition ? json(*r.partition) : json()},
              {"timestamp", r.timestamp ? json(*r.timestamp) : json()},
              {"key_schema", to_json(r.key_schema)},
              {"key", to_json(r.key)},
              {"value_schema", to_json(r.value_schema)},
              {"value", to_json(r.value)},
              {"headers", json::array()}};
  for (const auto& h : r.headers) out["headers"].push_back({{"key", h.key}, {"schema", to_json(h.schema)}, {"value", to_json(h.value)}});
  return out;
}

Result<columnar::Column> column_of(const SchemaPtr& schema, const std::vector<Value>& values) {
  if (!schema) return columnar::infer_column(values);
  columnar::ValueAppender appender(schema);
  for (const Value& value : values) RETURN_IF_ERROR(appender.append(value));
  return appender.finish();
}

Result<columnar::Batch> batch_of(const Record& record, int64_t offset) {
  columnar::Batch batch;
  batch.origin = {record.topic, Partition(record.partition.value_or(0))};
  batch.topic = record.topic;
  batch.kafka_partition = record.partition.value_or(-1);
  ASSIGN_OR_RETURN(batch.key, column_of(record.key_schema, {record.key}));
  ASSIGN_OR_RETURN(batch.value, column_of(record.value_schema, {record.value}));
  batch.offsets = {offset};
  batch.timestamps_ms = {record.timestamp.value_or(-1)};
  if (!record.headers.empty()) batch.headers = {record.headers};
  batch.selected = columnar::RowMask(1);
  return batch;
}

Record record_at(const columnar::Batch& batch, int64_t row) {
  Record out;
  auto schema_or_null = [](const SchemaPtr& schema) { return schema->schemaless() ? nullptr : schema; };
  out.topic = batch.topic_of(row);
  if (batch.kafka_partition >= 0) out.partition = batch.kafka_partition;
  int64_t timestamp = batch.timestamps_ms[static_cast<size_t>(row)];
  if (timestamp != -1) out.timestamp = timestamp;
  out.key_schema = schema_or_null(batch.key.schema);
  out.key = columnar::value_at(batch.key, row);
  out.value_schema = schema_or_null(batch.value.schema);
  out.value = columnar::value_at(batch.value, row);
  if (!batch.headers.empty()) out.headers = batch.headers[static_cast<size_t>(row)];
  return out;
}

}  // namespace bywash::canonical
