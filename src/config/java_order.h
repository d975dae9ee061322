// The order in which java.util.HashMap and HashSet go through their keys, where answers of the original show it. Level 1, every thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bywash::config {

// The keys as a map goes through them that began with `capacity` buckets (a power of two; 16 is `new HashMap<>()`) and took them in one by one.
std::vector<std::string> java_hash_order(std::vector<std::string> keys, size_t capacity = 16);
// The buckets of `new HashMap<>(other)` for a map of `count` entries.
size_t java_copy_capacity(size_t count);

}  // namespace bywash::config
