// See java_order.h. Level 1.
#include "config/java_order.h"

#include <algorithm>

#include "base/java_hash.h"

namespace bywash::config {

size_t java_copy_capacity(size_t count) {
  const auto wanted = static_cast<size_t>(static_cast<float>(count) / 0.75f + 1.0f);
  size_t capacity = 1;
  while (capacity < wanted) capacity *= 2;
  return capacity;
}

std::vector<std::string> java_hash_order(std::vector<std::string> keys, size_t capacity) {
  capacity = java_map_capacity(keys.size(), capacity);
  auto bucket = [capacity](const std::string& key) { return java_map_bucket(java_string_hash(key), capacity); };
  // Within a bucket in the order they came in; a split keeps it.
  std::stable_sort(keys.begin(), keys.end(), [&](const std::string& a, const std::string& b) { return bucket(a) < bucket(b); });
  return keys;
}

}  // namespace bywash::config
