// Base64 (RFC 4648, with padding) as arguments of functions hold it. Query line, bind stage.
#pragma once

#include <string>
#include <string_view>

namespace bywash::analytics {

// Appends the bytes; false: it is no Base64.
bool append_from_base64(std::string_view text, std::string* out);

}  // namespace bywash::analytics
