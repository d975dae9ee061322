// Texts by characters: what SQL's string functions count in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bywash::expressions::utf8 {

// Code points; malformed bytes count one each where they start.
size_t length(std::string_view text);
// Characters [begin, end).
std::string_view slice(std::string_view text, size_t begin, size_t end);
// Appends `text` in upper or lower case, by Unicode (root locale).
void append_case(std::string_view text, bool upper, std::string& out);

}  // namespace bywash::expressions::utf8
