// The file format of Kafka Connect's FileOffsetBackingStore: a Java-serialized java.util.HashMap<byte[], byte[]> (Java Object
// Serialization, protocol version 5). Read and written so that a standalone worker's offsets file is taken over and given back. Level 7.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::runtime {

// Keys and values as bytes; nullopt is Java's null.
using ByteMap = std::map<std::string, std::optional<std::string>>;

// Error: not such a file (kInvalid), with what was found.
Result<ByteMap> read_java_hash_map(std::string_view serialized);
std::string write_java_hash_map(const ByteMap& map);

}  // namespace bywash::runtime
