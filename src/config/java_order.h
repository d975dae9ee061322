// The order in which java.util.HashMap and HashSet go through their keys, where answers of the original show it. Level 1, every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::config {

// String.hashCode of a text in UTF-8.
int32_t java_hash(std::string_view text);
// The keys as a map goes through them that began with `capacity` buckets (a power of two; 16 is `new HashMap<>()`) and took them in one by one.
std::vector<std::string> java_hash_order(std::vector<std::string> keys, size_t capacity = 16);
// The buckets of `new HashMap<>(other)` for a map of `count` entries.
size_t java_copy_capacity(size_t count);

}  // namespace bywash::config
