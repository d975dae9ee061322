// The functions by which values belong to partitions (segmentPartitionConfig), over a value's text, as
// org.apache.pinot.segment.spi.partition.*PartitionFunction 1.5.1 compute them; FNV as Pinot's newer ones. Any thread.
#pragma once

#include "base/status.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

class PartitionFunction {
 public:
  // Names in any case. kInvalid: there is none of that name, or its settings are wrong, in Pinot's words; kFatal: it is not known here.
  static Result<PartitionFunction> make(std::string_view name, int64_t partitions, const std::map<std::string, std::string>& settings);
  // Of a value's text: whole numbers in decimal, texts as they are. Negative: it has none.
  int32_t partition_of(std::string_view value) const;
  // Equal texts stand for equal functions.
  const std::string& settings() const { return settings_; }

 private:
  enum class Kind : uint8_t { kModulo, kMurmur, kMurmur3, kHashCode, kByteArray, kBounded, kFnv };
  Kind kind_ = Kind::kModulo;
  uint32_t partitions_ = 1;
  uint32_t seed_ = 0;                // of Murmur3
  bool wide_ = false, plain_ = false;  // of FNV: 64 bits; FNV-1 instead of FNV-1a
  std::vector<std::string> values_;  // of BoundedColumnValue, in lower case
  std::string settings_;
};

}  // namespace bywash::analytics
