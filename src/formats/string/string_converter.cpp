// StringConverter: any bytes are text, any value is written as Java prints it (org.apache.kafka.connect.storage.StringConverter 4.3.1).
// Decode step of the sink line, encode step of the source line, the task's thread. Level 4.
#include <arrow/array.h>

#include "columnar/java_text.h"
#include "config/typed_config.h"
#include "formats/json/column_builder.h"
#include "formats/plugins.h"
#include "formats/string/charset.h"

namespace bywash::formats {
namespace {

struct StringConfig {
  std::string converter_type;
  std::string encoding;
};

config::TypedConfig<StringConfig> definition() {
  config::TypedConfig<StringConfig> def;
  def.key("converter.type", &StringConfig::converter_type)
      .required().low().one_of({"key", "value", "header"}).doc("How this converter will be used.");
  def.key("converter.encoding", &StringConfig::encoding)
      .by_default("UTF-8").high().width(config::Width::kMedium).display("Encoding").doc("The name of the Java character set to use for encoding strings as byte arrays.");
  return def;
}

class StringConverter final : public plugin::Converter {
 public:
  explicit StringConverter(Charset charset)
      : charset_(std::move(charset)), builder_(columnar::ConnectSchema::of(columnar::Type::kString, true)) {}

  Result<plugin::Decoded> decode(const std::string&, std::span<const std::optional<std::string_view>> payloads) override {
    builder_.truncate(0);
    builder_.reserve(static_cast<int64_t>(payloads.size()));
    for (const auto& payload : payloads) {
      if (payload) builder_.push_bytes(charset_.decode(*payload, &scratch_));
      else builder_.append_null();
    }
    plugin::Decoded out;
    ASSIGN_OR_RETURN(auto data, builder_.finish());
    out.groups.push_back({{builder_.schema(), std::move(data)}, {}});
    return out;
  }

  Status encode(const std::string&, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>*) override {
    int64_t rows = column.row_count();
    out->assign(static_cast<size_t>(rows), std::nullopt);
    bool plain = column.schema->type() == columnar::Type::kString;
    for (int64_t row = 0; row < rows; ++row) {
      if (column.is_null(row)) continue;
      std::string text = plain ? static_cast<const arrow::StringArray&>(*column.data).GetString(row) : columnar::java_text(columnar::value_at(column, row));
      (*out)[static_cast<size_t>(row)] = charset_.is_utf8() ? std::move(text) : charset_.encode(text);
    }
    return {};
  }

 private:
  Charset charset_;
  json::ColumnBuilder builder_;
  std::string scratch_;
};

Result<std::unique_ptr<plugin::Converter>> make(const plugin::Properties& properties, bool is_key) {
  plugin::Properties all = properties;
  all.try_emplace("converter.type", is_key ? "key" : "value");
  ASSIGN_OR_RETURN(StringConfig config, definition().parse(all));
  ASSIGN_OR_RETURN(Charset charset, Charset::named(config.encoding));
  return std::unique_ptr<plugin::Converter>(std::make_unique<StringConverter>(std::move(charset)));
}

}  // namespace

plugin::ConverterPlugin string_converter() {
  plugin::ConverterPlugin out;
  out.info.name = "string";
  out.info.class_names = {"org.apache.kafka.connect.storage.StringConverter"};
  out.info.version = "4.3.1";
  out.info.summary = "Messages that are text.";
  out.info.description =
      "Reads every message as an optional string. Writes every value as Java prints it: `5`, `true`, `Struct{id=1,name=x}`, `[1, 2]`; bytes are\n"
      "written as they are.";
  out.info.examples = {R"({"key.converter": "org.apache.kafka.connect.storage.StringConverter"})"};
  out.def = definition().def();
  out.make = make;
  return out;
}

}  // namespace bywash::formats
