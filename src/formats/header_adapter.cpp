// One header through a converter of messages. Decode and encode steps, the task's thread. Level 4.
#include "formats/header_adapter.h"

#include "formats/plugins.h"

namespace bywash::formats {
namespace {

class HeaderAdapter final : public plugin::HeaderConverter {
 public:
  explicit HeaderAdapter(std::unique_ptr<plugin::Converter> converter) : converter_(std::move(converter)) {}

  Result<columnar::Header> decode(const std::string& topic, const std::string& key, std::optional<std::string_view> bytes) override {
    std::optional<std::string_view> payloads[] = {bytes};
    ASSIGN_OR_RETURN(plugin::Decoded decoded, converter_->decode(topic, payloads));
    if (!decoded.errors.empty()) return decoded.errors[0].status;
    columnar::Header header;
    header.key = key;
    if (decoded.groups.empty()) return header;
    const columnar::Column& column = decoded.groups[0].column;
    if (!column.schema->schemaless()) header.schema = column.schema;
    header.value = columnar::value_at(column, 0);
    return header;
  }

  Result<std::optional<std::string>> encode(const std::string& topic, const columnar::Header& header) override {
    columnar::Column column;
    if (header.schema) {
      columnar::ValueAppender appender(header.schema);
      RETURN_IF_ERROR(appender.append(header.value));
      ASSIGN_OR_RETURN(column, appender.finish());
    } else {
      ASSIGN_OR_RETURN(column, columnar::infer_column({header.value}));
    }
    std::vector<std::optional<std::string>> out;
    std::vector<plugin::ConvertError> errors;
    RETURN_IF_ERROR(converter_->encode(topic, column, &out, &errors));
    if (!errors.empty()) return errors[0].status;
    return std::move(out.at(0));
  }

 private:
  std::unique_ptr<plugin::Converter> converter_;
};

}  // namespace

plugin::HeaderConverterPlugin as_header_converter(plugin::ConverterPlugin converter) {
  plugin::HeaderConverterPlugin out;
  out.info = std::move(converter.info);
  out.info.examples = {fmt::format(R"({{"header.converter": "{}"}})", out.info.class_names.front())};
  out.def = std::move(converter.def);
  out.make = [make = std::move(converter.make)](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::HeaderConverter>> {
    plugin::Properties all = properties;
    all["converter.type"] = "header";
    ASSIGN_OR_RETURN(auto made, make(all, false));
    return std::unique_ptr<plugin::HeaderConverter>(std::make_unique<HeaderAdapter>(std::move(made)));
  };
  return out;
}

plugin::HeaderConverterPlugin json_header_converter() { return as_header_converter(json_converter()); }
plugin::HeaderConverterPlugin string_header_converter() { return as_header_converter(string_converter()); }
plugin::HeaderConverterPlugin byte_array_header_converter() { return as_header_converter(byte_array_converter()); }

}  // namespace bywash::formats
