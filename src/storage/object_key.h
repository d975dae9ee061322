// Keys and URLs of objects. Level 3, every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::storage {

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and "/" where `keep_slash`), as AWS Signature Version 4 wants it.
std::string percent_encode(std::string_view text, bool keep_slash);
Result<std::string> percent_decode(std::string_view text);

// "file:///a/b" or "file:/a/b" -> "/a/b". Error: not a file URL, or one with a host.
Result<std::string> folder_of_file_url(std::string_view url);

}  // namespace bywash::storage
