// Avro schemas to Connect schemas (io.confluent.connect.avro.AvroData.toConnectSchema 7.7.8). Decode step of the sink line. Level 4.
#pragma once

#include <optional>

#include "columnar/value.h"
#include "formats/avro/avro_options.h"
#include "formats/avro/avro_schema.h"

namespace bywash::formats::avro {

// True for io.confluent.connect.avro.Anything: schemaless data.
bool is_anything(const AvroNode& schema);
// True when an array's items are the entries of a map with keys of any type.
bool is_map_entry(const AvroNode& items);
// The name that a union's member has as a field.
std::string union_field_name(const AvroNode& member, size_t index, const AvroOptions& options);

// The Connect schema; `version` is the registry's, for the outermost schema without one of its own. Errors are kData (DataException):
// what AvroData refuses, and schemas that contain themselves, which no columns can hold.
// `union_count` counts the unions named so far (generalized.sum.type.support); kept by the caller across schemas.
Result<columnar::SchemaPtr> to_connect_schema(const AvroNode& schema, std::optional<int32_t> version, const AvroOptions& options, int* union_count);

}  // namespace bywash::formats::avro
