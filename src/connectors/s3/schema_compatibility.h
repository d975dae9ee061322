// schema.compatibility: when a record's schema ends a file, and how an older record is made to fit the file's schema
// (io.confluent.connect.storage.schema.StorageSchemaCompatibility 12.0.12, org.apache.kafka.connect.data.SchemaProjector 4.3).
// Level 6, the task's thread.
#pragma once

#include <string>

#include "columnar/column.h"

namespace bywash::connectors::s3 {

enum class Compatibility { kNone, kBackward, kForward, kFull };

// NONE for every other text, as the original.
Compatibility compatibility_of(const std::string& text);

// True when a record of schema `record` cannot go into a file of schema `file`. Error: kData (no version where one is needed).
Result<bool> ends_file(Compatibility compatibility, const columnar::ConnectSchema& record, const columnar::ConnectSchema& file);

// The column in another schema: fields added with their defaults, left out, numbers widened. Error: kData.
Result<columnar::Column> project(const columnar::Column& column, const columnar::SchemaPtr& target);

}  // namespace bywash::connectors::s3
