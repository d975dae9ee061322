// How Avro and Connect schemas are mapped: the keys of io.confluent.connect.avro.AvroDataConfig 7.7. Level 4, every thread.
#pragma once

#include "config/config_def.h"

namespace bywash::formats::avro {

struct AvroOptions {
  bool enhanced_schemas = false;          // enhanced.avro.schema.support
  bool scrub_invalid_names = false;       // scrub.invalid.names
  bool connect_metadata = true;           // connect.meta.data
  bool discard_type_doc_default = false;  // discard.type.doc.default
  bool optional_map_keys = false;         // allow.optional.map.keys
  bool flatten_singleton_unions = true;   // flatten.singleton.unions
  bool generalized_sum_types = false;     // generalized.sum.type.support
  bool ignore_null_defaults = false;      // ignore.default.for.nullables
  int32_t schemas_max = 1000;             // schemas.cache.config
};

// Declarations of these keys, and their values.
const config::ConfigDef& avro_keys();
Result<AvroOptions> parse_avro_options(const config::Properties& properties);

// Names that the mapping gives a meaning (io.confluent.connect.avro.AvroData).
inline constexpr std::string_view kNamespace = "io.confluent.connect.avro";
inline constexpr std::string_view kUnionName = "io.confluent.connect.avro.Union";
inline constexpr std::string_view kEnumParameter = "io.confluent.connect.avro.Enum";
inline constexpr std::string_view kAnythingName = "io.confluent.connect.avro.Anything";
inline constexpr std::string_view kDefaultName = "io.confluent.connect.avro.ConnectDefault";
inline constexpr std::string_view kRecordDoc = "io.confluent.connect.avro.record.doc";
inline constexpr std::string_view kFieldDoc = "io.confluent.connect.avro.field.doc.";
inline constexpr std::string_view kEnumDoc = "io.confluent.connect.avro.enum.doc.";
inline constexpr std::string_view kEnumDefault = "io.confluent.connect.avro.enum.default.";
inline constexpr std::string_view kFieldDefault = "io.confluent.connect.avro.field.default";
inline constexpr std::string_view kGeneralizedUnion = "org.apache.kafka.connect.data.Union";
inline constexpr std::string_view kGeneralizedEnum = "org.apache.kafka.connect.data.Enum";
inline constexpr std::string_view kFixedSize = "connect.fixed.size";
inline constexpr std::string_view kDecimalPrecision = "connect.decimal.precision";
inline constexpr int32_t kDefaultPrecision = 64;

}  // namespace bywash::formats::avro
