// Sampling distinct values. Level 4, any thread.
#include "formats/parquet/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace bywash::formats {
namespace {

constexpr int64_t kSample = 1024;

uint64_t mixed(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  return h | 1;  // 0 marks an empty slot
}

// Counts distinct hashes in an open table of twice the sample.
class Distinct {
 public:
  void add(uint64_t hash) {
    for (size_t i = hash % slots_.size();; i = (i + 1) % slots_.size()) {
      if (slots_[i] == hash) return;
      if (slots_[i] == 0) {
        slots_[i] = hash;
        ++count_;
        return;
      }
    }
  }
  int64_t count() const { return count_; }

 private:
  std::array<uint64_t, 2 * kSample> slots_{};
  int64_t count_ = 0;
};

template <class T>
int64_t distinct_numbers(const arrow::Array& values, int64_t n) {
  const T* raw = values.data()->GetValues<T>(1);
  Distinct seen;
  for (int64_t i = 0; i < n; ++i) seen.add(mixed(static_cast<uint64_t>(raw[i]) + 0x9e3779b97f4a7c15ULL));
  return seen.count();
}

}  // namespace

bool wants_dictionary(const arrow::Array& values) {
  int64_t n = std::min(values.length(), kSample);
  if (n < 16) return true;
  switch (values.type_id()) {
    case arrow::Type::BOOL: return false;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& text = static_cast<const arrow::BinaryArray&>(values);
      Distinct seen;
      for (int64_t i = 0; i < n; ++i) seen.add(mixed(std::hash<std::string_view>()(text.GetView(i))));
      return seen.count() * 2 <= n;
    }
    case arrow::Type::INT32:
    case arrow::Type::FLOAT:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32: return distinct_numbers<uint32_t>(values, n) * 4 <= n;
    case arrow::Type::INT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::TIMESTAMP: return distinct_numbers<uint64_t>(values, n) * 4 <= n;
    default: return true;
  }
}

}  // namespace bywash::formats
