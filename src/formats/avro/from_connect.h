// Connect schemas to Avro schemas (io.confluent.connect.avro.AvroData.fromConnectSchema 7.7.8). Encode step of the source line, put
// step of the file sinks. Level 4, every thread.
#pragma once

#include <memory>
#include <string>

#include "columnar/connect_schema.h"
#include "formats/avro/avro_options.h"
#include "formats/avro/avro_schema.h"

namespace bywash::formats::avro {

// The Avro schema of a Connect schema; io.confluent.connect.avro.Anything for a schemaless one. Errors are kData with the class that
// Avro for Java throws (a name that Avro does not allow, a type twice in a union).
Result<std::shared_ptr<const AvroSchema>> from_connect_schema(const columnar::ConnectSchema& schema, const AvroOptions& options);

// The schema of schemaless data, as text.
const std::string& anything_text();

bool is_union_schema(const columnar::ConnectSchema& schema);
bool is_enum_schema(const columnar::ConnectSchema& schema);
bool is_fixed_schema(const columnar::ConnectSchema& schema);
// A map that becomes an Avro map, not an array of entries.
bool is_string_map(const columnar::ConnectSchema& schema, const AvroOptions& options);
// `name` with what Avro does not allow replaced, if so configured.
std::string scrubbed(const std::string& name, const AvroOptions& options);
// A full name in its parts, scrubbed: namespace (may be empty) and simple name.
std::pair<std::string, std::string> split_name(const std::string& full_name, const AvroOptions& options);

}  // namespace bywash::formats::avro
