// See bloom.h. Blocked: "Cache-, Hash- and Space-Efficient Bloom Filters" (Putze, Sanders, Singler, 2007).
#include "analytics/index/bloom.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace bywash::analytics {
namespace {

constexpr uint64_t kBlockWords = 8;

uint64_t scramble(uint64_t word) {
  word ^= word >> 32;
  word *= 0xe9846af9b1a615dULL;
  word ^= word >> 32;
  word *= 0xe9846af9b1a615dULL;
  return word ^ word >> 28;
}

// Calls f(word of the block, mask) for each of the value's bits.
template <class F>
void each_bit(uint64_t hash, uint32_t bits, F f) {
  uint64_t step = scramble(hash) | 1, at = hash;
  for (uint32_t i = 0; i < bits; ++i, at += step) f((at >> 58) & (kBlockWords - 1), uint64_t{1} << ((at >> 50) & 63));
}

// Where the block of a hash begins among so many words.
uint64_t block_of(uint64_t hash, uint64_t words) { return (scramble(hash ^ 0x5851f42d4c957f2dULL) & (words / kBlockWords - 1)) * kBlockWords; }

}  // namespace

uint64_t bloom_hash(int64_t value) { return scramble(static_cast<uint64_t>(value) + 0x9e3779b97f4a7c15ULL); }
uint64_t bloom_hash(double value) { return bloom_hash(std::bit_cast<int64_t>(value == 0 ? 0.0 : value)); }
uint64_t bloom_hash(std::string_view value) {
  uint64_t out = 0x2545f4914f6cdd1dULL ^ value.size();
  for (; value.size() >= 8; value.remove_prefix(8)) {
    uint64_t word;
    std::memcpy(&word, value.data(), 8);
    out = scramble(out ^ word) * 0x9e3779b97f4a7c15ULL;
  }
  uint64_t last = 0;
  if (!value.empty()) std::memcpy(&last, value.data(), value.size());
  return scramble(out ^ last);
}

bool BloomView::may_hold(uint64_t hash) const {
  const uint64_t* block = words + block_of(hash, count);
  bool all = true;
  each_bit(hash, bits, [&](uint64_t word, uint64_t mask) { all &= (block[word] & mask) != 0; });
  return all;
}

BloomWriter::BloomWriter(uint64_t values, double false_share, uint64_t max_bytes) {
  const double bits_each = -std::log(false_share) / (std::log(2.0) * std::log(2.0));
  bits_ = static_cast<uint32_t>(std::clamp(std::lround(bits_each * std::log(2.0)), 1L, 16L));
  // A block filter needs a little more than a plain one for the same share.
  const double wanted = std::max<double>(64, static_cast<double>(values) * bits_each * 1.2 / 64);
  uint64_t words = std::bit_ceil(static_cast<uint64_t>(wanted));
  while (max_bytes > 0 && words * 8 > max_bytes && words > kBlockWords) words /= 2;
  words_.resize(words);
}

void BloomWriter::add(uint64_t hash) {
  uint64_t* block = words_.data() + block_of(hash, words_.size());
  each_bit(hash, bits_, [&](uint64_t word, uint64_t mask) { block[word] |= mask; });
}

std::string BloomWriter::bytes() const {
  const uint64_t head = bits_;
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  out.append(reinterpret_cast<const char*>(words_.data()), words_.size() * 8);
  return out;
}

bool BloomWriter::read(std::string_view bytes, BloomView* out) {
  const uint64_t count = bytes.size() / 8 - (bytes.size() >= 8);
  if (bytes.size() % 8 || count < kBlockWords || !std::has_single_bit(count)) return false;
  const auto* words = reinterpret_cast<const uint64_t*>(bytes.data());
  if (words[0] < 1 || words[0] > 16) return false;
  *out = {words + 1, count, static_cast<uint32_t>(words[0])};
  return true;
}

}  // namespace bywash::analytics
