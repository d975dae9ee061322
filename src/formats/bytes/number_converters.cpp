// BooleanConverter, ShortConverter, IntegerConverter, LongConverter, FloatConverter, DoubleConverter: one value a message, big-endian
// (org.apache.kafka.connect.converters 4.3.1). Decode step of the sink line, encode step of the source line, the task's thread. Level 4.
#include <arrow/array.h>

#include <bit>
#include <cctype>

#include "config/typed_config.h"
#include "formats/bytes/java_class.h"
#include "formats/header_adapter.h"
#include "formats/json/column_builder.h"
#include "formats/json/connect_value.h"
#include "formats/plugins.h"

namespace bywash::formats {

using columnar::Type;
using columnar::Value;

namespace {

struct NumberConfig {
  std::string converter_type;
};

config::TypedConfig<NumberConfig> number_definition() {
  config::TypedConfig<NumberConfig> def;
  def.key("converter.type", &NumberConfig::converter_type)
      .required().low().one_of({"key", "value", "header"}).doc("How this converter will be used.");
  return def;
}

// One of the six.
struct NumberKind {
  const char* simple;      // "Short": of ShortConverter
  const char* type_name;   // in messages
  const char* reader;      // the deserializer as its messages name it
  Type type;
};

template <class T>
T big_endian(const char* bytes) {
  uint64_t n = 0;
  for (size_t i = 0; i < sizeof(T); ++i) n = n << 8 | static_cast<unsigned char>(bytes[i]);
  if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(static_cast<uint32_t>(n));
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<double>(n);
  else return static_cast<T>(n);
}

template <class T>
std::string to_big_endian(T value) {
  uint64_t n = 0;
  if constexpr (std::is_same_v<T, float>) n = std::bit_cast<uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>) n = std::bit_cast<uint64_t>(value);
  else n = static_cast<uint64_t>(value);
  std::string out(sizeof(T), '\0');
  for (size_t i = sizeof(T); i-- > 0; n >>= 8) out[i] = static_cast<char>(n);
  return out;
}

template <class T>
class NumberConverter final : public plugin::Converter {
 public:
  explicit NumberConverter(NumberKind kind) : kind_(kind), builder_(columnar::ConnectSchema::of(kind.type, true)) {}

  Result<plugin::Decoded> decode(const std::string&, std::span<const std::optional<std::string_view>> payloads) override {
    builder_.truncate(0);
    builder_.reserve(static_cast<int64_t>(payloads.size()));
    plugin::Decoded out;
    std::vector<uint32_t> good;
    for (size_t i = 0; i < payloads.size(); ++i) {
      auto row = static_cast<uint32_t>(i);
      if (payloads[i]) {
        if (Status wrong = check(*payloads[i]); !wrong.ok()) {
          out.errors.push_back({row, std::move(wrong)});
          continue;
        }
        builder_.push_fixed(big_endian<T>(payloads[i]->data()));
      } else {
        builder_.append_null();
      }
      good.push_back(row);
    }
    if (good.empty() && !payloads.empty()) return out;
    ASSIGN_OR_RETURN(auto data, builder_.finish());
    if (good.size() == payloads.size()) good.clear();
    out.groups.push_back({{builder_.schema(), std::move(data)}, std::move(good)});
    return out;
  }

  Status encode(const std::string&, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>* errors) override {
    int64_t rows = column.row_count();
    out->assign(static_cast<size_t>(rows), std::nullopt);
    // Only BooleanConverter looks at the schema; the others at each value's class.
    bool refused = kind_.type == Type::kBoolean && !column.schema->schemaless() && column.schema->type() != Type::kBoolean;
    for (int64_t row = 0; row < rows; ++row) {
      auto fail = [&](std::string message) { errors->push_back({static_cast<uint32_t>(row), json::data_exception(std::move(message))}); };
      if (refused) {
        std::string name(to_string(column.schema->type()));
        for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        fail("Invalid schema type for BooleanConverter: " + name);
        continue;
      }
      if (column.is_null(row)) continue;
      Value value = columnar::value_at(column, row);
      if (const T* number = value.get_if<T>()) (*out)[static_cast<size_t>(row)] = to_big_endian(*number);
      else if (value.is_null()) continue;
      else if (kind_.type == Type::kBoolean) fail(fmt::format("BooleanConverter is not compatible with objects of type class {}", java_class_of(value)));
      else fail(fmt::format("Failed to serialize to {} (was class {}): ", kind_.type_name, java_class_of(value)));
    }
    return {};
  }

 private:
  Status check(std::string_view payload) const {
    if (payload.size() != sizeof(T)) {
      return json::data_exception(fmt::format("Failed to deserialize {}: Size of data received by {} is not {}", kind_.type_name, kind_.reader, sizeof(T)));
    }
    if constexpr (std::is_same_v<T, bool>) {
      if (payload[0] != 0 && payload[0] != 1) return json::data_exception("Failed to deserialize boolean: Unexpected byte received by BooleanDeserializer");
    }
    return {};
  }

  NumberKind kind_;
  json::ColumnBuilder builder_;
};

template <class T>
plugin::ConverterPlugin declare_number(NumberKind kind) {
  plugin::ConverterPlugin out;
  std::string class_name = fmt::format("org.apache.kafka.connect.converters.{}Converter", kind.simple);
  out.info.name = kind.type_name;
  out.info.class_names = {class_name};
  out.info.version = "4.3.1";
  out.info.summary = fmt::format("Messages that are one {}, in {} byte{}.", kind.type_name, sizeof(T), sizeof(T) > 1 ? "s, big-endian" : "");
  out.info.description = fmt::format("Reads every message as an optional {} and writes values of that type only: any other value is an error of its record.",
                                     to_string(kind.type));
  out.info.examples = {fmt::format(R"({{"key.converter": "{}"}})", class_name)};
  out.def = number_definition().def();
  out.make = [kind](const plugin::Properties& properties, bool is_key) -> Result<std::unique_ptr<plugin::Converter>> {
    plugin::Properties all = properties;
    all.try_emplace("converter.type", is_key ? "key" : "value");
    RETURN_IF_ERROR(number_definition().parse(all).status());
    return std::unique_ptr<plugin::Converter>(std::make_unique<NumberConverter<T>>(kind));
  };
  return out;
}

}  // namespace

std::vector<plugin::ConverterPlugin> number_converters() {
  std::vector<plugin::ConverterPlugin> out;
  out.push_back(declare_number<bool>({"Boolean", "boolean", "BooleanDeserializer", Type::kBoolean}));
  out.push_back(declare_number<int16_t>({"Short", "short", "ShortDeserializer", Type::kInt16}));
  out.push_back(declare_number<int32_t>({"Integer", "integer", "IntegerDeserializer", Type::kInt32}));
  out.push_back(declare_number<int64_t>({"Long", "long", "LongDeserializer", Type::kInt64}));
  out.push_back(declare_number<float>({"Float", "float", "Deserializer", Type::kFloat32}));
  out.push_back(declare_number<double>({"Double", "double", "Deserializer", Type::kFloat64}));
  return out;
}

std::vector<plugin::HeaderConverterPlugin> number_header_converters() {
  std::vector<plugin::HeaderConverterPlugin> out;
  for (plugin::ConverterPlugin& converter : number_converters()) out.push_back(as_header_converter(std::move(converter)));
  return out;
}

}  // namespace bywash::formats
