// Several objects of one format and schema as one, checked row by row against what went into it. Compaction. Level 6, one thread.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/s3/s3_config.h"

namespace bywash::connectors::s3 {

// The format that an object's name tells by its extension (".json.gz", ".snappy.parquet"); nothing: one that cannot be put together.
// Anything else than Avro, Parquet and JSON is bytes.
std::optional<Format> format_by_extension(const std::string& extension);

// Objects with equal layouts can become one: schema and codec. Error: kData, the object is damaged.
Result<std::string> layout_of(Format format, const std::string& bytes);

// `objects` have one layout; they are given back. Error: kData, kFatal: the merged object does not have their rows.
Result<std::string> merged(Format format, const std::string& extension, const std::vector<std::string>& objects);

}  // namespace bywash::connectors::s3
