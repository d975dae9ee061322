#include "analytics/table/record_decoder.h"

#include <algorithm>
#include <set>

#include "analytics/table/column_text.h"
#include "analytics/table/csv_rows.h"
#include "base/text.h"
#include "plugin/registry.h"

namespace bywash::analytics {
namespace {

using Payloads = std::span<const std::optional<std::string_view>>;

constexpr std::string_view kDecoderKey = "stream.kafka.decoder.class.name";
constexpr std::string_view kDecoderProp = "stream.kafka.decoder.prop.";

std::string property(const DecoderConfig& config, const std::string& name, const std::string& otherwise = {}) {
  auto found = config.properties.find(name);
  return found == config.properties.end() ? otherwise : found->second;
}

// CSVMessageDecoder: one record a message, below a header of its own when the config has none.
class CsvDecoder final : public RecordDecoder {
 public:
  CsvDecoder(CsvOptions options, std::shared_ptr<const TableSchema> schema) : options_(std::move(options)), schema_(std::move(schema)) {}
  Status decode(const std::string&, Payloads payloads, std::vector<DecodedRecord>* out) override {
    for (const auto& payload : payloads) {
      DecodedRecord record;
      if (payload) {
        Result<std::string> rows = csv_to_json_rows(*payload, options_, *schema_);
        record.failed = !rows.ok() || rows->empty();
        if (!record.failed) record.json = rows->substr(0, rows->find('\n'));
      }
      out->push_back(std::move(record));
    }
    return {};
  }

 private:
  CsvOptions options_;
  std::shared_ptr<const TableSchema> schema_;
};

Result<std::unique_ptr<RecordDecoder>> make_csv_decoder(const DecoderConfig& config, std::shared_ptr<const TableSchema> schema) {
  CsvOptions options;
  const std::string format = ascii_upper(property(config, "fileFormat", "DEFAULT"));
  if (format != "DEFAULT" && format != "EXCEL" && format != "RFC4180" && format != "TDF") {
    return Status::invalid(fmt::format("{}fileFormat: '{}' is not supported; DEFAULT, EXCEL, RFC4180 and TDF are", kDecoderProp, format));
  }
  options.delimiter = property(config, "delimiter", format == "TDF" ? "\t" : ",");
  if (options.delimiter.size() != 1) return Status::invalid(fmt::format("{}delimiter must be one character", kDecoderProp));
  options.header = property(config, "header");
  options.multi_value_delimiter = property(config, "multiValueDelimiter", ";");
  for (const char* other : {"commentMarker", "escapeCharacter"}) {
    if (!property(config, other).empty()) return Status::invalid(fmt::format("{}{} is not supported yet", kDecoderProp, other));
  }
  return std::unique_ptr<RecordDecoder>(new CsvDecoder(std::move(options), std::move(schema)));
}

// What a Confluent serializer wrote as JSON: five bytes before the document.
class FramedJsonDecoder final : public RecordDecoder {
 public:
  Status decode(const std::string&, Payloads payloads, std::vector<DecodedRecord>* out) override {
    for (const auto& payload : payloads) {
      DecodedRecord record;
      if (payload) {
        record.failed = payload->size() < 5 || (*payload)[0] != '\0';
        if (!record.failed) record.json = std::string(payload->substr(5));
      }
      out->push_back(std::move(record));
    }
    return {};
  }
};

// A converter of Kafka Connect's kind, with a Schema Registry behind it.
class ConverterDecoder final : public RecordDecoder {
 public:
  explicit ConverterDecoder(std::unique_ptr<plugin::Converter> converter) : converter_(std::move(converter)) {}
  Status decode(const std::string& topic, Payloads payloads, std::vector<DecodedRecord>* out) override {
    ASSIGN_OR_RETURN(plugin::Decoded decoded, converter_->decode(topic, payloads));
    std::vector<DecodedRecord> records(payloads.size());
    for (const plugin::ConvertError& error : decoded.errors) records[error.row].failed = true;
    for (const plugin::DecodedGroup& group : decoded.groups) {
      Result<ColumnText> rows = ColumnText::make(group.column);
      if (!rows.ok()) return rows.status();
      for (int64_t i = 0; i < rows->row_count(); ++i) {
        const size_t at = group.rows.empty() ? static_cast<size_t>(i) : group.rows[static_cast<size_t>(i)];
        if (!payloads[at] || group.column.is_null(i)) continue;
        std::string json;
        records[at].failed = !rows->append(i, &json).ok();
        if (!records[at].failed) records[at].json = std::move(json);
      }
    }
    std::move(records.begin(), records.end(), std::back_inserter(*out));
    return {};
  }

 private:
  std::unique_ptr<plugin::Converter> converter_;
};

Result<std::unique_ptr<RecordDecoder>> make_converter_decoder(const DecoderConfig& config, const std::string& converter) {
  const plugin::ConverterPlugin* found = plugin::Registry::process().converter(converter);
  if (!found) return Status::invalid(fmt::format("{}: this program has no {}", kDecoderKey, converter));
  plugin::Properties properties;
  for (const auto& [key, value] : config.properties) properties[key] = value;
  const std::string url = property(config, "schema.registry.rest.url", property(config, "schema.registry.url"));
  if (url.empty()) return Status::invalid(fmt::format("Missing required property: {}schema.registry.rest.url", kDecoderProp));
  properties.erase("schema.registry.rest.url");
  properties["schema.registry.url"] = url;
  // Pinot hands these to the registry's client under both names.
  for (const char* name : {"basic.auth.credentials.source", "basic.auth.user.info"}) {
    if (std::string value = property(config, std::string("schema.registry.") + name); !value.empty()) properties[name] = value;
  }
  Result<std::unique_ptr<plugin::Converter>> made = found->make(properties, false);
  if (!made.ok()) return Status::invalid(fmt::format("{}: {}", kDecoderProp, made.status().message()));
  return std::unique_ptr<RecordDecoder>(new ConverterDecoder(*std::move(made)));
}

}  // namespace

Result<std::unique_ptr<RecordDecoder>> make_record_decoder(const DecoderConfig& config, std::shared_ptr<const TableSchema> schema) {
  const std::string& name = config.class_name;
  static const std::set<std::string_view> kJson = {
      "org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder", "org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder",
      "org.apache.pinot.core.realtime.stream.KafkaJSONMessageDecoder", "org.apache.pinot.core.realtime.impl.kafka.KafkaJSONMessageDecoder"};
  if (kJson.count(name)) return std::unique_ptr<RecordDecoder>();
  constexpr std::string_view kBase = "org.apache.pinot.plugin.inputformat.";
  if (name == std::string(kBase) + "csv.CSVMessageDecoder") return make_csv_decoder(config, std::move(schema));
  if (name == std::string(kBase) + "json.confluent.KafkaConfluentSchemaRegistryJsonMessageDecoder") return std::unique_ptr<RecordDecoder>(new FramedJsonDecoder());
  if (name == std::string(kBase) + "avro.confluent.KafkaConfluentSchemaRegistryAvroMessageDecoder") {
    return make_converter_decoder(config, "io.confluent.connect.avro.AvroConverter");
  }
  if (name == std::string(kBase) + "protobuf.KafkaConfluentSchemaRegistryProtoBufMessageDecoder") {
    return make_converter_decoder(config, "io.confluent.connect.protobuf.ProtobufConverter");
  }
  if (name == std::string(kBase) + "avro.SimpleAvroMessageDecoder") {
    const std::string text = property(config, "schema");
    if (text.empty()) return Status::invalid(fmt::format("Missing required property: {}schema", kDecoderProp));
    return make_avro_decoder(text);
  }
  if (name == std::string(kBase) + "protobuf.ProtoBufMessageDecoder") {
    const std::string file = property(config, "descriptorFile");
    if (file.empty()) return Status::invalid(fmt::format("Missing required property: {}descriptorFile", kDecoderProp));
    return make_protobuf_decoder(file, property(config, "protoClassName"));
  }
  return Status::invalid(fmt::format("{}: '{}' is not supported yet; there are decoders for JSON, CSV, Avro and Protobuf ({}json.JSONMessageDecoder, csv.CSVMessageDecoder, "
                                     "avro.SimpleAvroMessageDecoder, avro.confluent.KafkaConfluentSchemaRegistryAvroMessageDecoder, protobuf.ProtoBufMessageDecoder, ...)",
                                     kDecoderKey, name, kBase));
}

}  // namespace bywash::analytics
