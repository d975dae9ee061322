// Numbers for the distinct keys of the rows of a write. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace bywash::jdbc {

// Rows by key. Open addressing over the last row of each key; sized for the rows of one statement group.
class KeyTable {
 public:
  // For up to so many rows.
  explicit KeyTable(size_t rows) {
    size_t slots = 16;
    while (slots < rows * 2) slots *= 2;
    slots_.assign(slots, kEmpty);
    keys_.reserve(rows);
  }
  // The number of the key, from 0 on, and whether it is new. Its bytes have to stay.
  std::pair<uint32_t, bool> add(std::string_view key) {
    size_t mask = slots_.size() - 1;
    for (size_t at = std::hash<std::string_view>()(key) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == kEmpty) {
        slots_[at] = static_cast<uint32_t>(keys_.size());
        keys_.push_back(key);
        return {slots_[at], true};
      }
      if (keys_[slots_[at]] == key) return {slots_[at], false};
    }
  }
  std::string_view key(uint32_t number) const { return keys_[number]; }

 private:
  static constexpr uint32_t kEmpty = UINT32_MAX;
  std::vector<uint32_t> slots_;
  std::vector<std::string_view> keys_;
};

}  // namespace bywash::jdbc
