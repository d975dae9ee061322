// JsonConverter: the declaration, and both directions over one topic's decoder and one writer. Decode step of the sink line, encode
// step of the source line, the task's thread. Level 4.
#include <map>
#include <unordered_map>

#include "config/typed_config.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_decoder.h"
#include "formats/json/json_writer.h"
#include "formats/plugins.h"

namespace bywash::formats {
namespace {

struct JsonConfig {
  std::string converter_type;
  bool schemas_enable = true;
  int32_t schemas_cache_size = 1000;
  std::optional<std::string> schema_content;
  std::string decimal_format;
  bool replace_null_with_default = true;
};

config::TypedConfig<JsonConfig> definition() {
  config::TypedConfig<JsonConfig> def;
  def.key("converter.type", &JsonConfig::converter_type)
      .required().low().one_of({"key", "value", "header"}).doc("How this converter will be used.");
  def.key("schemas.enable", &JsonConfig::schemas_enable)
      .by_default("true").high().group("Schemas", 0).width(config::Width::kMedium).display("Enable Schemas")
      .doc("Include schemas within each of the serialized values and keys.");
  def.key("schemas.cache.size", &JsonConfig::schemas_cache_size)
      .by_default("1000").high().group("Schemas", 1).width(config::Width::kMedium).display("Schema Cache Size")
      .doc("The maximum number of schemas that can be cached in this converter instance.");
  def.key("schema.content", &JsonConfig::schema_content)
      .high().group("Schemas", 2).width(config::Width::kMedium).display("Schema Content")
      .doc("When set, this is used as the schema for all messages, and the schemas within each of the message will be ignored.Otherwise, the schema will be included in the "
           "content of each message. This configuration applies only 'schemas.enable' is true, and it exclusively affects the sink connector.");
  def.key("decimal.format", &JsonConfig::decimal_format)
      .by_default("BASE64").low().group("Serialization", 0).width(config::Width::kMedium).display("Decimal Format")
      .one_of({"BASE64", "NUMERIC"}, true)
      .doc("Controls which format this converter will serialize decimals in. This value is case insensitive and can be either 'BASE64' (default) or 'NUMERIC'");
  def.key("replace.null.with.default", &JsonConfig::replace_null_with_default)
      .by_default("true").low().group("Serialization", 1).width(config::Width::kMedium).display("Replace null with default")
      .doc("Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.");
  return def;
}

class JsonConverter final : public plugin::Converter {
 public:
  JsonConverter(JsonConfig config, columnar::SchemaPtr fixed_schema) : config_(std::move(config)), fixed_schema_(std::move(fixed_schema)) {
    JsonWriteOptions options;
    bool numeric = config_.decimal_format.size() == 7;  // "NUMERIC" in any case; the validator lets only two words through
    options.decimals = numeric ? JsonWriteOptions::Decimals::kNumeric : JsonWriteOptions::Decimals::kBase64;
    options.replace_null_with_default = config_.replace_null_with_default;
    options_ = options;
    writer_ = JsonWriter(options);
  }

  Result<plugin::Decoded> decode(const std::string& topic, json::Payloads payloads) override {
    if (config_.schemas_enable) {
      auto it = envelopes_.find(topic);
      if (it == envelopes_.end()) {
        json::EnvelopeOptions options;
        options.replace_null_with_default = config_.replace_null_with_default;
        options.schemas_max = static_cast<size_t>(std::max(0, config_.schemas_cache_size));
        options.fixed_schema = fixed_schema_;
        it = envelopes_.try_emplace(topic, std::move(options)).first;
      }
      return it->second.decode(payloads);
    }
    plugin::Decoded out;
    RETURN_IF_ERROR(shapes_[topic].decode(payloads, {}, &out));
    std::sort(out.errors.begin(), out.errors.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
    return out;
  }

  Status encode(const std::string&, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>* errors) override {
    int64_t rows = column.row_count();
    out->resize(static_cast<size_t>(rows));
    std::string prefix;
    Status envelope = config_.schemas_enable ? prefix_of(column.schema, &prefix) : Status();
    for (int64_t row = 0; row < rows; ++row) {
      std::optional<std::string>& text = (*out)[static_cast<size_t>(row)];
      // Neither schema nor value: nothing at all, a tombstone.
      if (column.schema->schemaless() && column.is_null(row)) {
        text.reset();
        continue;
      }
      // A text that is there already lends its memory.
      if (!text) text.emplace();
      text->reserve(prefix.size() + payload_bytes_);
      text->assign(prefix);
      Status written = envelope.ok() ? writer_.write(column, row, &*text) : envelope;
      if (!written.ok()) {
        errors->push_back({static_cast<uint32_t>(row), std::move(written)});
        text.reset();
        continue;
      }
      if (config_.schemas_enable) *text += '}';
      payload_bytes_ = std::max(payload_bytes_, std::min(text->size() - prefix.size(), kPayloadBytesMax));
    }
    return {};
  }

 private:
  // {"schema":...,"payload": rendered once per schema.
  Status prefix_of(const columnar::SchemaPtr& schema, std::string* out) {
    if (auto it = prefixes_.find(schema); it != prefixes_.end()) {
      *out = it->second;
      return {};
    }
    std::string text = "{\"schema\":";
    RETURN_IF_ERROR(append_json_schema(*schema, options_, &text));
    text += ",\"payload\":";
    if (prefixes_.size() > static_cast<size_t>(std::max(1, config_.schemas_cache_size))) prefixes_.clear();
    prefixes_[schema] = text;
    *out = std::move(text);
    return {};
  }

  JsonConfig config_;
  columnar::SchemaPtr fixed_schema_;
  JsonWriteOptions options_;
  JsonWriter writer_;
  // The longest payload so far, within reason: room for it is made at once.
  static constexpr size_t kPayloadBytesMax = 1024;
  size_t payload_bytes_ = 0;
  std::unordered_map<std::string, json::EnvelopeDecoder> envelopes_;  // by topic
  std::unordered_map<std::string, json::ShapeDecoder> shapes_;
  std::map<columnar::SchemaPtr, std::string> prefixes_;
};

Result<columnar::SchemaPtr> parse_schema_content(const JsonConfig& config) {
  if (!config.schema_content || config.schema_content->empty()) return columnar::SchemaPtr();
  auto node = json::parse_document(*config.schema_content);
  if (!node.ok()) {
    return json::data_exception("Failed to parse schema in converter config due to serialization error: " + node.status().message());
  }
  return json::schema_from_json(*node, config.replace_null_with_default);
}

Result<std::unique_ptr<plugin::Converter>> make(const plugin::Properties& properties, bool is_key) {
  plugin::Properties all = properties;
  all.try_emplace("converter.type", is_key ? "key" : "value");
  ASSIGN_OR_RETURN(JsonConfig config, definition().parse(all));
  ASSIGN_OR_RETURN(columnar::SchemaPtr fixed, parse_schema_content(config));
  return std::unique_ptr<plugin::Converter>(std::make_unique<JsonConverter>(std::move(config), std::move(fixed)));
}

}  // namespace

plugin::ConverterPlugin json_converter() {
  plugin::ConverterPlugin out;
  out.info.name = "json";
  out.info.class_names = {"org.apache.kafka.connect.json.JsonConverter"};
  out.info.version = "4.3.1";
  out.info.summary = "JSON messages, with or without Connect's schema envelope.";
  out.info.description =
      "With `schemas.enable=true` (the default) every message is `{\"schema\": ..., \"payload\": ...}`. With `schemas.enable=false` messages are\n"
      "plain JSON: integers are 64 bits, other numbers doubles, objects maps. Values are coerced to the schema's types, not checked, exactly as\n"
      "Kafka Connect does it: a string where the schema says `int32` is 0, 300 as `int8` is 44.";
  out.info.examples = {
      R"({"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false"})"};
  out.def = definition().def();
  out.make = make;
  return out;
}

}  // namespace bywash::formats
