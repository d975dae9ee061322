// The Avro schema that io.confluent.connect.avro.AvroData (7.7.8, enhanced.avro.schema.support on) makes of a ConnectSchema, as JSON.
// Parquet files carry it in their metadata. Level 4, every thread.
#pragma once

#include <string>

#include "columnar/connect_schema.h"

namespace bywash::formats {

struct AvroSchemaOptions {
  bool connect_metadata = true;
  bool optional_map_keys = false;
};

struct AvroSchemaText {
  std::string text;
  std::string full_name;        // of the outermost record
  bool names_are_valid = true;  // false: some name is not one that Avro allows
};

AvroSchemaText avro_schema_text(const columnar::ConnectSchema& schema, const AvroSchemaOptions& options);

}  // namespace bywash::formats
