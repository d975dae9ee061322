// Reading cases, canonical values both ways, comparing.
#include "canonical.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/check.h"
#include "columnar/column.h"
#include "columnar/java_number.h"

namespace bywash::conformance {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;
using nlohmann::json;

namespace {

std::string read_gzip(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  CHECK(file.ok());
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
  CHECK(codec.ok());
  auto stream = arrow::io::CompressedInputStream::Make(codec->get(), *file);
  CHECK(stream.ok());
  std::string out;
  char buffer[1 << 16];
  while (true) {
    auto n = (*stream)->Read(sizeof buffer, buffer);
    CHECK(n.ok());
    if (*n == 0) return out;
    out.append(buffer, static_cast<size_t>(*n));
  }
}

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

std::string encode_base64(const std::string& bytes) {
  static const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t v = 0;
    for (size_t k = 0; k < 3; ++k) v = v << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (int k = 0; k < 4; ++k) out += i + static_cast<size_t>(k) > bytes.size() ? '=' : kAlphabet[v >> (18 - 6 * k) & 63];
  }
  return out;
}

constexpr Type kTypes[] = {Type::kInt8,    Type::kInt16,  Type::kInt32, Type::kInt64, Type::kFloat32, Type::kFloat64,
                           Type::kBoolean, Type::kString, Type::kBytes, Type::kArray, Type::kMap,     Type::kStruct};

SchemaPtr element_schema(const SchemaPtr& schema) { return schema && !schema->schemaless() ? schema->value_schema() : nullptr; }

Result<SchemaPtr> required(const json& j) {
  ASSIGN_OR_RETURN(SchemaPtr schema, schema_of(j));
  return schema ? schema : ConnectSchema::schemaless(Type::kVariant);
}

template <class T>
T floating(const json& v) {
  std::string text = v.is_string() ? v.get<std::string>() : v.dump();
  if (text == "Infinity") return std::numeric_limits<T>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<T>::infinity();
  if constexpr (sizeof(T) == 4) return std::strtof(text.c_str(), nullptr);
  else return std::strtod(text.c_str(), nullptr);
}

int64_t integer(const json& v) { return v.is_string() ? std::strtoll(v.get<std::string>().c_str(), nullptr, 10) : v.get<int64_t>(); }

Result<Value> list_of(const json& items, const SchemaPtr& schema) {
  Value::List out;
  for (const json& item : items) {
    ASSIGN_OR_RETURN(Value value, value_of(item, element_schema(schema)));
    out.push_back(std::move(value));
  }
  return Value::list(std::move(out));
}

Result<Value> map_of(const json& entries, const SchemaPtr& schema) {
  Value::Map out;
  for (const json& entry : entries) {
    ASSIGN_OR_RETURN(Value key, value_of(entry[0], schema && schema->type() == Type::kMap ? schema->key_schema() : nullptr));
    ASSIGN_OR_RETURN(Value value, value_of(entry[1], element_schema(schema)));
    out.emplace_back(std::move(key), std::move(value));
  }
  return Value::map(std::move(out));
}

Result<Value> struct_of(const json& fields, const SchemaPtr& schema) {
  if (!schema || schema->type() != Type::kStruct) return Status::invalid("a struct needs a struct schema");
  std::vector<Value> values;
  for (const columnar::Field& field : schema->fields()) {
    if (!fields.contains(field.name)) {
      values.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(Value value, value_of(fields[field.name], field.schema));
    values.push_back(std::move(value));
  }
  return Value::structure(schema, std::move(values));
}

}  // namespace

std::vector<Case> load_cases(const std::string& folder, const std::string& group) {
  std::istringstream cases(read_gzip(folder + "/cases.jsonl.gz")), answers(read_gzip(folder + "/answers.jsonl.gz"));
  std::vector<Case> out;
  for (std::string text, answer; std::getline(cases, text) && std::getline(answers, answer);) {
    json c = json::parse(text);
    if (c["group"] != group) continue;
    CHECK(json::parse(answer)["id"] == c["id"]);
    out.push_back({c["id"], c["group"], c.value("note", ""), text, answer});
  }
  CHECK(!out.empty());
  return out;
}

Result<SchemaPtr> schema_of(const json& j) {
  if (j.is_null()) return SchemaPtr();
  SchemaSpec spec;
  std::string type = j["type"];
  bool known = false;
  for (Type t : kTypes) {
    if (columnar::to_string(t) != type) continue;
    spec.type = t;
    known = true;
  }
  if (!known) return Status::invalid("unknown type " + type);
  spec.optional = j.value("optional", false);
  if (j.contains("name")) spec.name = j["name"].get<std::string>();
  if (j.contains("version")) spec.version = j["version"].get<int32_t>();
  if (j.contains("doc")) spec.doc = j["doc"].get<std::string>();
  if (j.contains("parameters")) spec.parameters = j["parameters"].get<std::map<std::string, std::string>>();
  if (spec.type == Type::kArray || spec.type == Type::kMap) {
    ASSIGN_OR_RETURN(spec.value_schema, required(j["values"]));
  }
  if (spec.type == Type::kMap) {
    ASSIGN_OR_RETURN(spec.key_schema, required(j["keys"]));
  }
  if (spec.type == Type::kStruct) {
    for (const json& f : j["fields"]) {
      ASSIGN_OR_RETURN(SchemaPtr field, schema_of(f["schema"]));
      spec.fields.push_back({f["name"], std::move(field)});
    }
  }
  if (j.contains("default") && !j["default"].is_null()) {
    ASSIGN_OR_RETURN(Value value, value_of(j["default"], ConnectSchema::make(spec)));
    spec.default_value = std::make_shared<const Value>(std::move(value));
  }
  return ConnectSchema::make(std::move(spec));
}

Result<Value> value_of(const json& j, const SchemaPtr& schema) {
  if (j.is_null()) return Value();
  if (j.is_boolean()) return Value(j.get<bool>());
  if (j.is_string()) return Value(j.get<std::string>());
  if (!j.is_object() || j.size() != 1) return Status::invalid("not a canonical value: " + j.dump());
  const std::string tag = j.begin().key();
  const json& v = j.begin().value();
  if (tag == "int8") return Value(static_cast<int8_t>(integer(v)));
  if (tag == "int16") return Value(static_cast<int16_t>(integer(v)));
  if (tag == "int32") return Value(static_cast<int32_t>(integer(v)));
  if (tag == "int64") return Value(integer(v));
  if (tag == "float32") return Value(floating<float>(v));
  if (tag == "float64") return Value(floating<double>(v));
  if (tag == "bytes" || tag == "bytebuffer") return Value(Value::Bytes{decode_base64(v)});
  if (tag == "millis") return Value(Value::Millis{integer(v)});
  if (tag == "decimal") {
    ASSIGN_OR_RETURN(std::string unscaled, columnar::integer_bytes(v["unscaled"].get<std::string>()));
    return Value(columnar::Decimal{std::move(unscaled), v["scale"].get<int32_t>()});
  }
  if (tag == "array") return list_of(v, schema);
  if (tag == "map") return map_of(v, schema);
  if (tag == "struct") return struct_of(v, schema);
  return Status::invalid("no counterpart of a value tagged " + tag);
}

std::optional<std::string> bytes_of(const json& j) {
  if (j.is_null()) return std::nullopt;
  if (j.contains("utf8")) return j["utf8"].get<std::string>();
  return decode_base64(j["base64"].get<std::string>());
}

Result<Record> record_of(const json& j) {
  Record r;
  r.topic = j["topic"];
  if (j.contains("partition") && !j["partition"].is_null()) r.partition = j["partition"].get<int32_t>();
  if (j.contains("timestamp") && !j["timestamp"].is_null()) r.timestamp = j["timestamp"].get<int64_t>();
  auto member = [&](const char* name) { return j.contains(name) ? j[name] : json(); };
  ASSIGN_OR_RETURN(r.key_schema, schema_of(member("key_schema")));
  ASSIGN_OR_RETURN(r.value_schema, schema_of(member("value_schema")));
  // A struct of another schema than its record's brings that schema along.
  ASSIGN_OR_RETURN(SchemaPtr key_own, schema_of(member("key_own_schema")));
  ASSIGN_OR_RETURN(SchemaPtr value_own, schema_of(member("value_own_schema")));
  ASSIGN_OR_RETURN(r.key, value_of(member("key"), key_own ? key_own : r.key_schema));
  ASSIGN_OR_RETURN(r.value, value_of(member("value"), value_own ? value_own : r.value_schema));
  for (const json& h : member("headers")) {
    columnar::Header header;
    header.key = h["key"];
    ASSIGN_OR_RETURN(header.schema, schema_of(h["schema"]));
    ASSIGN_OR_RETURN(header.value, value_of(h["value"], header.schema));
    r.headers.push_back(std::move(header));
  }
  return r;
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
  if (auto* s = value.get_if<std::string>()) return *s;
  if (auto* i8 = value.get_if<int8_t>()) return {{"int8", *i8}};
  if (auto* i16 = value.get_if<int16_t>()) return {{"int16", *i16}};
  if (auto* i32 = value.get_if<int32_t>()) return {{"int32", *i32}};
  if (auto* i64 = value.get_if<int64_t>()) return {{"int64", std::to_string(*i64)}};
  if (auto* f = value.get_if<float>()) return {{"float32", columnar::java_float(*f)}};
  if (auto* d = value.get_if<double>()) return {{"float64", columnar::java_double(*d)}};
  if (auto* b = value.get_if<Value::Bytes>()) return {{"bytes", encode_base64(b->data)}};
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
    for (const auto& [key, item] : *map) items.push_back(json::array({to_json(key), to_json(item)}));
    return {{"map", items}};
  }
  json fields = json::object();
  const Value::Struct* s = value.as_struct();
  for (size_t i = 0; i < s->values.size(); ++i) fields[s->schema->fields()[i].name] = to_json(s->values[i]);
  return {{"struct", fields}};
}

json to_json(const Record& r) {
  json out = {{"topic", r.topic},
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

bool same_schema(const SchemaPtr& a, const SchemaPtr& b) { return to_json(a) == to_json(b); }

std::string difference(const Record& expected, const Record& actual) {
  std::string out;
  auto compare = [&](const std::string& what, bool same) {
    if (!same) out += (out.empty() ? "" : ", ") + what;
  };
  compare("topic", expected.topic == actual.topic);
  compare("partition", expected.partition == actual.partition);
  compare("timestamp", expected.timestamp == actual.timestamp);
  compare("key schema", same_schema(expected.key_schema, actual.key_schema));
  compare("key", expected.key == actual.key);
  compare("value schema", same_schema(expected.value_schema, actual.value_schema));
  compare("value", expected.value == actual.value);
  compare("number of headers", expected.headers.size() == actual.headers.size());
  for (size_t i = 0; i < std::min(expected.headers.size(), actual.headers.size()); ++i) {
    const auto &e = expected.headers[i], &a = actual.headers[i];
    compare("header " + std::to_string(i), e.key == a.key && same_schema(e.schema, a.schema) && e.value == a.value);
  }
  return out.empty() ? out : "differ in " + out + ":\nexpected " + to_json(expected).dump() + "\nactual   " + to_json(actual).dump();
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
  batch.kafka_partition = record.partition.value_or(0);
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
  out.partition = batch.kafka_partition;
  int64_t timestamp = batch.timestamps_ms[static_cast<size_t>(row)];
  if (timestamp != -1) out.timestamp = timestamp;
  out.key_schema = schema_or_null(batch.key.schema);
  out.key = columnar::value_at(batch.key, row);
  out.value_schema = schema_or_null(batch.value.schema);
  out.value = columnar::value_at(batch.value, row);
  if (!batch.headers.empty()) out.headers = batch.headers[static_cast<size_t>(row)];
  return out;
}

}  // namespace bywash::conformance
