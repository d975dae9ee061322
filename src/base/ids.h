// Strong ids: values that must not be swapped have types of their own. Level 0.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace bywash {

// A number with a meaning; compares with its own kind only.
template <class Tag, class Rep>
struct StrongNumber {
  Rep value{};
  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const StrongNumber&, const StrongNumber&) = default;
};

using Partition = StrongNumber<struct PartitionTag, int32_t>;
using Offset = StrongNumber<struct OffsetTag, int64_t>;    // of a record in a partition
using Generation = StrongNumber<struct GenerationTag, int64_t>;  // of a partition assignment

// A topic's partition: where a record came from.
struct TopicPartition {
  std::string topic;
  Partition partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

inline std::string to_string(const TopicPartition& tp) { return tp.topic + "-" + std::to_string(tp.partition.value); }

// Half-open range of offsets [first, end).
struct OffsetRange {
  int64_t first = 0;
  int64_t end = 0;
  friend auto operator<=>(const OffsetRange&, const OffsetRange&) = default;
};

}  // namespace bywash

template <>
struct std::hash<bywash::TopicPartition> {
  size_t operator()(const bywash::TopicPartition& tp) const noexcept {
    return std::hash<std::string>()(tp.topic) * 31 + static_cast<size_t>(tp.partition.value);
  }
};
