// ByteArrayConverter: bytes in, bytes out (org.apache.kafka.connect.converters.ByteArrayConverter 4.3.1). Decode step of the sink
// line, encode step of the source line, the task's thread. Level 4.
#include <arrow/array.h>

#include "config/typed_config.h"
#include "formats/bytes/java_class.h"
#include "formats/json/column_builder.h"
#include "formats/json/connect_value.h"
#include "formats/plugins.h"

namespace bywash::formats {

using columnar::Type;
using columnar::Value;

namespace {

struct BytesConfig {
  std::string converter_type;
};

config::TypedConfig<BytesConfig> definition() {
  config::TypedConfig<BytesConfig> def;
  def.key("converter.type", &BytesConfig::converter_type)
      .required().low().one_of({"key", "value", "header"}).doc("How this converter will be used.");
  return def;
}

class ByteArrayConverter final : public plugin::Converter {
 public:
  ByteArrayConverter() : builder_(columnar::ConnectSchema::of(Type::kBytes, true)) {}

  Result<plugin::Decoded> decode(const std::string&, std::span<const std::optional<std::string_view>> payloads) override {
    builder_.truncate(0);
    builder_.reserve(static_cast<int64_t>(payloads.size()));
    for (const auto& payload : payloads) {
      if (payload) builder_.push_bytes(*payload);
      else builder_.append_null();
    }
    plugin::Decoded out;
    ASSIGN_OR_RETURN(auto data, builder_.finish());
    out.groups.push_back({{builder_.schema(), std::move(data)}, {}});
    return out;
  }

  Status encode(const std::string&, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>* errors) override {
    int64_t rows = column.row_count();
    out->assign(static_cast<size_t>(rows), std::nullopt);
    const columnar::ConnectSchema& schema = *column.schema;
    bool refused = !schema.schemaless() && schema.type() != Type::kBytes;
    for (int64_t row = 0; row < rows; ++row) {
      if (refused) {
        std::string name(to_string(schema.type()));
        for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        errors->push_back({static_cast<uint32_t>(row), json::data_exception("Invalid schema type for ByteArrayConverter: " + name)});
        continue;
      }
      if (column.is_null(row)) continue;
      Value value = columnar::value_at(column, row);
      if (const auto* bytes = value.get_if<Value::Bytes>()) {
        (*out)[static_cast<size_t>(row)] = bytes->data;
      } else if (!value.is_null()) {
        errors->push_back({static_cast<uint32_t>(row),
                           json::data_exception(fmt::format("ByteArrayConverter is not compatible with objects of type class {}", java_class_of(value)))});
      }
    }
    return {};
  }

 private:
  json::ColumnBuilder builder_;
};

Result<std::unique_ptr<plugin::Converter>> make(const plugin::Properties& properties, bool is_key) {
  plugin::Properties all = properties;
  all.try_emplace("converter.type", is_key ? "key" : "value");
  RETURN_IF_ERROR(definition().parse(all).status());
  return std::unique_ptr<plugin::Converter>(std::make_unique<ByteArrayConverter>());
}

}  // namespace

plugin::ConverterPlugin byte_array_converter() {
  plugin::ConverterPlugin out;
  out.info.name = "byte_array";
  out.info.class_names = {"org.apache.kafka.connect.converters.ByteArrayConverter"};
  out.info.version = "4.3.1";
  out.info.summary = "Messages that are taken as they are.";
  out.info.description = "Reads every message as optional bytes and writes bytes only: any other value is an error of its record.";
  out.info.examples = {R"({"value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter"})"};
  out.def = definition().def();
  out.make = make;
  return out;
}

}  // namespace bywash::formats
