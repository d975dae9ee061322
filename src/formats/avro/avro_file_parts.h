// Avro object container files put together without looking at their records. Compaction. Level 4.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::formats::avro {

// Views into a file.
struct AvroFileParts {
  std::string_view header;  // with its sync marker
  std::string_view schema, codec, sync;
  std::string_view blocks;
};
// Error: kData, not such a file.
Result<AvroFileParts> avro_file_parts(std::string_view file);
// Appends a file's blocks to `out`, ended by `sync` instead of the file's own marker. Error: kData, a damaged block.
Status append_avro_blocks(const AvroFileParts& file, std::string_view sync, std::string* out);

}  // namespace bywash::formats::avro
