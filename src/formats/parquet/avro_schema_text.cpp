// Avro schema text in AvroData's order of properties. Level 4, every thread.
#include "formats/parquet/avro_schema_text.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "columnar/value.h"
#include "formats/json/json_writer.h"
#include "formats/parquet/parquet_layout.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;
using columnar::Value;

constexpr std::string_view kNamespace = "io.confluent.connect.avro";

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(text, &out);
  return out;
}

bool valid_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

std::string_view primitive_name(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kInt16:
    case Type::kInt32: return "int";
    case Type::kInt64: return "long";
    case Type::kFloat32: return "float";
    case Type::kFloat64: return "double";
    case Type::kBoolean: return "boolean";
    case Type::kString: return "string";
    case Type::kBytes: return "bytes";
    default: return "null";
  }
}

class Writer {
 public:
  explicit Writer(const AvroSchemaOptions& options) : options_(options) {}

  std::string type(const ConnectSchema& schema, const std::string& enclosing) {
    std::string base = base_type(schema, enclosing);
    if (!schema.optional()) return base;
    return schema.default_value() ? "[" + base + ",\"null\"]" : "[\"null\"," + base + "]";
  }

  // The record without the union of an optional schema.
  std::string record(const ConnectSchema& schema, const std::string& enclosing, std::string* full_name) {
    std::string name_space, name;
    if (schema.name()) {
      size_t dot = schema.name()->rfind('.');
      name = dot == std::string::npos ? *schema.name() : schema.name()->substr(dot + 1);
      if (dot != std::string::npos) name_space = schema.name()->substr(0, dot);
    } else {
      name_space = kNamespace;
      name = "ConnectDefault" + (++unnamed_ > 1 ? std::to_string(unnamed_) : "");
    }
    std::string full = name_space.empty() ? name : name_space + "." + name;
    if (full_name) *full_name = full;
    check_name(name);
    if (defined_[full]++ > 0) return quoted(full);
    std::string out = "{\"type\":\"record\",\"name\":" + quoted(name);
    if (name_space != enclosing) out += ",\"namespace\":" + quoted(name_space);
    out += ",\"fields\":[";
    bool first = true;
    for (const auto& f : schema.fields()) {
      check_name(f.name);
      out += (first ? "" : ",") + std::string("{\"name\":") + quoted(f.name) + ",\"type\":" + type(*f.schema, name_space);
      if (f.schema->default_value()) out += ",\"default\":" + default_text(*f.schema);
      else if (f.schema->optional()) out += ",\"default\":null";
      out += "}";
      first = false;
    }
    return out + "]" + properties(schema) + "}";
  }

  bool names_are_valid() const { return valid_; }

 private:
  void check_name(std::string_view name) { valid_ = valid_ && valid_name(name); }

  std::string base_type(const ConnectSchema& schema, const std::string& enclosing) {
    if (schema.type() == Type::kStruct) return record(schema, enclosing, nullptr);
    std::string out, more;
    if (schema.type() == Type::kArray) {
      out = "{\"type\":\"array\",\"items\":" + type(*schema.value_schema(), enclosing);
    } else if (schema.type() == Type::kMap) {
      if (is_parquet_map(schema, options_.optional_map_keys)) {
        out = "{\"type\":\"map\",\"values\":" + type(*schema.value_schema(), enclosing);
      } else {
        out = "{\"type\":\"array\",\"items\":" + map_entry(schema, enclosing);
      }
    } else {
      out = "{\"type\":\"" + std::string(primitive_name(schema.type())) + "\"";
      more = special(schema);
      std::string logical = logical_type(schema), all = more + properties(schema) + logical;
      if (all.empty()) return "\"" + std::string(primitive_name(schema.type())) + "\"";
      return out + all + "}";
    }
    return out + properties(schema) + "}";
  }

  std::string map_entry(const ConnectSchema& schema, const std::string& enclosing) {
    std::string full = std::string(kNamespace) + ".MapEntry";
    // A second kind of entry cannot have the same name; AvroData fails there ("Can't redefine").
    int n = ++defined_[full];
    std::string name = n > 1 ? "MapEntry" + std::to_string(n) : "MapEntry";
    std::string out = "{\"type\":\"record\",\"name\":" + quoted(name);
    if (enclosing != kNamespace) out += ",\"namespace\":" + quoted(kNamespace);
    std::string inner(kNamespace);
    return out + ",\"fields\":[{\"name\":\"key\",\"type\":" + type(*schema.key_schema(), inner) + "},{\"name\":\"value\",\"type\":" +
           type(*schema.value_schema(), inner) + "}]}";
  }

  std::string special(const ConnectSchema& schema) const {
    std::string out;
    if (schema.logical() == Logical::kDecimal) {
      out += fmt::format(",\"scale\":{},\"precision\":{}", schema.decimal_scale(), decimal_precision(schema));
    }
    if (options_.connect_metadata && schema.type() == Type::kInt8) out += ",\"connect.type\":\"int8\"";
    if (options_.connect_metadata && schema.type() == Type::kInt16) out += ",\"connect.type\":\"int16\"";
    return out;
  }

  static std::string logical_type(const ConnectSchema& schema) {
    switch (schema.logical()) {
      case Logical::kDecimal: return ",\"logicalType\":\"decimal\"";
      case Logical::kDate: return ",\"logicalType\":\"date\"";
      case Logical::kTime: return ",\"logicalType\":\"time-millis\"";
      case Logical::kTimestamp: return ",\"logicalType\":\"timestamp-millis\"";
      case Logical::kNone: break;
    }
    return "";
  }

  std::string properties(const ConnectSchema& schema) const {
    if (!options_.connect_metadata) return "";
    std::string out;
    if (schema.doc()) out += ",\"connect.doc\":" + quoted(*schema.doc());
    if (schema.version()) out += fmt::format(",\"connect.version\":{}", *schema.version());
    if (!schema.parameters().empty()) {
      out += ",\"connect.parameters\":{";
      bool first = true;
      for (const auto& [key, value] : schema.parameters()) {
        out += (first ? "" : ",") + quoted(key) + ":" + quoted(value);
        first = false;
      }
      out += "}";
    }
    if (schema.default_value()) out += ",\"connect.default\":" + default_text(schema);
    if (schema.name()) out += ",\"connect.name\":" + quoted(*schema.name());
    return out;
  }

  std::string default_text(const ConnectSchema& schema) const {
    const Value& value = *schema.default_value();
    // Bytes as a string of the characters U+0000 to U+00FF, as Avro writes them; a decimal by its unscaled bytes.
    const std::string* bytes = value.is<Value::Bytes>() ? &value.get<Value::Bytes>().data : nullptr;
    if (value.is<columnar::Decimal>()) bytes = &value.get<columnar::Decimal>().unscaled;
    if (bytes) {
      std::string text;
      for (char c : *bytes) {
        auto b = static_cast<unsigned char>(c);
        if (b < 0x80) {
          text += c;
        } else {
          text += static_cast<char>(0xC0 | (b >> 6));
          text += static_cast<char>(0x80 | (b & 0x3F));
        }
      }
      return quoted(text);
    }
    std::string out;
    JsonWriteOptions options;
    options.strict = false;
    auto bare = ConnectSchema::make([&] {
      auto spec = schema.spec();
      spec.default_value = nullptr;
      return spec;
    }());
    if (!JsonWriter(options).write_value(bare.get(), value, &out).ok()) return "null";
    return out;
  }

  AvroSchemaOptions options_;
  std::map<std::string, int> defined_;
  int unnamed_ = 0;
  bool valid_ = true;
};

}  // namespace

AvroSchemaText avro_schema_text(const ConnectSchema& schema, const AvroSchemaOptions& options) {
  Writer writer(options);
  AvroSchemaText out;
  out.text = writer.record(schema, "", &out.full_name);
  out.names_are_valid = writer.names_are_valid();
  return out;
}

}  // namespace bywash::formats
