// Any bytes as a message of a schema with every kind of type, and as a schema.
#include <cstdint>

#include "formats/converter_fuzz.h"
#include "formats/json_schema/json_schema_converter.h"
#include "formats/json_schema/schema_mapping.h"
#include "formats/schema_registry/mock_registry.h"

namespace {

using namespace bywash;

const char kSchema[] =
    R"({"type":"object","properties":{"a":{"type":"integer","connect.type":"int32"},"b":{"oneOf":[{"type":"null"},{"type":"string"}]},)"
    R"("c":{"type":"array","items":{"type":"number"}},"d":{"type":"object","connect.type":"map","additionalProperties":{"type":"boolean"}},)"
    R"("e":{"oneOf":[{"type":"integer"},{"type":"object","properties":{"x":{"type":"string","connect.type":"bytes"}}},{"type":"null"}]},)"
    R"("f":{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"type":"string"}}}},)"
    R"("g":{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.parameters":{"scale":"2"}}}})";

std::unique_ptr<plugin::Converter> converter(const plugin::Properties& more) {
  formats::schema_registry::MockRegistry::named("fuzz")->put({"t-value", 1, 1, {formats::schema_registry::SchemaKind::kJson, kSchema, {}}});
  plugin::Properties all = more;
  all["schema.registry.url"] = "mock://fuzz";
  return *formats::json_schema_converter().make(all, false);
}

void check(plugin::Converter& converter, std::string_view bytes) {
  const std::string framed = std::string("\0\0\0\0\1", 5) + std::string(bytes);
  const std::string good = std::string("\0\0\0\0\1", 5) + R"({"a":1,"e":{"x":"AA=="}})";
  formats::check_any_messages(converter, {framed, good, std::nullopt, framed, bytes}, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto plain = converter({});
  static auto strict = converter({{"json.fail.invalid.schema", "true"}, {"json.indent.output", "true"}, {"use.optional.for.nonrequired", "true"}});
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(*plain, bytes);
  check(*strict, bytes);
  if (size < 2000) {
    auto schema = formats::json_schema::JsonSchema::parse(std::string(bytes), {});
    if (schema.ok()) (void)formats::json_schema::to_connect_schema(**schema, {}, 1).ok();
  }
  return 0;
}
