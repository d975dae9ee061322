// Which objects the S3 source reads, into which topic and partition, in which order. Poll step of the source line. Level 6.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/s3/source_config.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

// The same for the same text in every process (FNV-1a).
uint64_t name_hash(std::string_view text);

// Parts of an object's name as the sink makes it: <topic>+<partition>+<offset>[-<offset>][.keys|.headers]<extension>.
struct ObjectName {
  std::string topic;
  int32_t partition = -1;
  int64_t start_offset = 0;
  std::string offsets;  // as written: "0000000000"; of a compacted object "0000000000-0000004000"
  std::string view;      // "", ".keys", ".headers"
  std::string extension;
};
// `name` is what stands behind the last folder. Nothing: it is not such a name.
std::optional<ObjectName> parse_object_name(std::string_view name, std::string_view file_delim);

// One object, or the three of the same rows. An empty key: there is none.
struct SourceObject {
  std::string key;            // what offsets name; the keys' object for tombstones
  std::string values, keys, headers;
  std::string topic;
  int32_t partition = -1;     // -1: the producer chooses
  int64_t start_offset = 0;
  int64_t last_modified_ms = 0;
};

class ObjectFinder {
 public:
  // Error: kInvalid, a regular expression.
  static Result<std::unique_ptr<ObjectFinder>> make(const S3SourceConfig& config);
  virtual ~ObjectFinder() = default;
  // All objects of this task, in the order in which they are to be read. Errors: those of the store.
  virtual Result<std::vector<SourceObject>> find(storage::ObjectStore& store) = 0;
};

}  // namespace bywash::connectors::s3
