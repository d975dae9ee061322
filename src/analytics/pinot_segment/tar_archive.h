// The files of a .tar.gz in memory. Upload line, first stage; the request's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

struct TarLimits {
  int64_t unpacked_bytes = int64_t{2} << 30;
  size_t files = 10'000;
};

// A whole archive, unpacked. The files are views into `bytes`.
struct TarArchive {
  std::string bytes;
  std::map<std::string, std::string_view> files;  // by path, without "./" before it
};

// kInvalid, with the reason: it is no gzip file, is cut off or damaged, unpacks to more than the limits allow, or has entries that are neither
// folders nor plain files under a relative path without "..".
Result<std::unique_ptr<const TarArchive>> unpack_tar_gz(std::string_view packed, const TarLimits& limits = {});

}  // namespace bywash::analytics
