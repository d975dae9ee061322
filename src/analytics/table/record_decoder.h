// Decoders of a REALTIME table's records other than JSON: each payload becomes the JSON text that JsonRows takes, so that every format is
// coerced, shaped and counted alike. Decode step of the table line, the partition's thread.
// Source: org.apache.pinot.plugin.inputformat.*MessageDecoder 1.5.1.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/segment/table_schema.h"
#include "base/status.h"

namespace bywash::analytics {

// stream.kafka.decoder.class.name, and stream.kafka.decoder.prop.* without that prefix.
struct DecoderConfig {
  std::string class_name;
  std::map<std::string, std::string> properties;
};

struct DecodedRecord {
  std::optional<std::string> json;  // nothing: the payload is null, or could not be decoded
  bool failed = false;
};

class RecordDecoder {
 public:
  virtual ~RecordDecoder() = default;
  // One record per payload, in order. A payload that is wrong fails by itself; a status that is not ok concerns all of them (a registry
  // that is down: kRetriable), and nothing is appended.
  virtual Status decode(const std::string& topic, std::span<const std::optional<std::string_view>> payloads, std::vector<DecodedRecord>* out) = 0;
};

// nullptr: the payloads are JSON already. kInvalid names the key that is wrong or missing, or the class that is not known.
Result<std::unique_ptr<RecordDecoder>> make_record_decoder(const DecoderConfig& config, std::shared_ptr<const TableSchema> schema);

// The decoders of Avro and Protobuf without a registry.
Result<std::unique_ptr<RecordDecoder>> make_avro_decoder(const std::string& schema_text);
Result<std::unique_ptr<RecordDecoder>> make_protobuf_decoder(const std::string& descriptor_file, const std::string& message);

}  // namespace bywash::analytics
