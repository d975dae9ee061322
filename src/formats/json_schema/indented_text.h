// Compact JSON text as Jackson's default pretty printer lays it out (json.indent.output). Encode step. Level 4.
#pragma once

#include <string>
#include <string_view>

namespace bywash::formats::json_schema {

// `json` is a JSON value without white space between its tokens.
std::string indented(std::string_view json);

}  // namespace bywash::formats::json_schema
