// The compressed part of a record batch. Level 3; not included outside kafka/; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"

namespace bywash::kafka {

struct Decompressed {
  std::shared_ptr<const char[]> memory;
  size_t size = 0;
};

// `codec` is the number in a batch's attributes: 1 gzip, 2 snappy (bare or in the frames of the Java client), 3 lz4, 4 zstd.
// Error: kData when the bytes are not of that codec, or grow beyond 1 GiB.
Result<Decompressed> decompress(int codec, std::string_view bytes);

}  // namespace bywash::kafka
