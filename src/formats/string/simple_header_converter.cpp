// SimpleHeaderConverter: headers as text whose type is guessed (org.apache.kafka.connect.storage.SimpleHeaderConverter 4.3.1).
// Decode step of the sink line, encode step of the source line, the task's thread. Level 4.
#include "columnar/values_parser.h"
#include "formats/plugins.h"
#include "formats/string/charset.h"
#include "formats/string/values_text.h"

namespace bywash::formats {
namespace {

class SimpleHeaderConverter final : public plugin::HeaderConverter {
 public:
  Result<columnar::Header> decode(const std::string&, const std::string& key, std::optional<std::string_view> bytes) override {
    columnar::Header header;
    header.key = key;
    if (!bytes) return header;
    std::string scratch;
    auto parsed = columnar::parse_value_text(repair_utf8(*bytes, &scratch));
    if (!parsed.ok()) {
      // As the original: what cannot be parsed stays bytes.
      header.schema = columnar::ConnectSchema::of(columnar::Type::kBytes);
      header.value = columnar::Value(columnar::Value::Bytes{std::string(*bytes)});
      return header;
    }
    header.schema = std::move(parsed->schema);
    header.value = std::move(parsed->value);
    return header;
  }

  Result<std::optional<std::string>> encode(const std::string&, const columnar::Header& header) override {
    if (header.value.is_null()) return std::optional<std::string>();
    return std::optional<std::string>(value_text(header.value));
  }
};

}  // namespace

plugin::HeaderConverterPlugin simple_header_converter() {
  plugin::HeaderConverterPlugin out;
  out.info.name = "simple_header";
  out.info.class_names = {"org.apache.kafka.connect.storage.SimpleHeaderConverter"};
  out.info.version = "4.3.1";
  out.info.summary = "Headers as text; numbers, dates, lists and maps are recognised.";
  out.info.description =
      "Reads the text of a header as the smallest type that holds it: `127` is an int8, `1.5` a float32, `2024-01-01` a date, `[1,2]` an array,\n"
      "`{\"a\":1}` a map; anything else is a string. Writes values the same way.";
  out.info.examples = {R"({"header.converter": "org.apache.kafka.connect.storage.SimpleHeaderConverter"})"};
  out.make = [](const plugin::Properties&) -> Result<std::unique_ptr<plugin::HeaderConverter>> {
    return std::unique_ptr<plugin::HeaderConverter>(std::make_unique<SimpleHeaderConverter>());
  };
  return out;
}

}  // namespace bywash::formats
