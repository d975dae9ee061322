#include "analytics/plan/sketches.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bywash::analytics {
namespace {

constexpr uint32_t kMurmur = 0x5bd1e995;
constexpr size_t kPerWord = 6, kRegisterBits = 5;  // registers of a word of stream-lib's RegisterSet, bits of one
constexpr uint32_t kVerboseEncoding = 1, kSmallEncoding = 2;  // of MergingDigest
constexpr size_t kBuffered = 512;  // values that wait before a t-digest is compressed

uint32_t finish_hash(uint32_t h) {
  h ^= h >> 13;
  h *= kMurmur;
  return h ^ h >> 15;
}

template <class Number>
void append_big_endian(Number value, std::string* out) {
  using Bits = std::conditional_t<sizeof(Number) == 8, uint64_t, uint32_t>;
  const auto bits = std::bit_cast<Bits>(value);
  for (int shift = static_cast<int>(sizeof(Bits)) * 8 - 8; shift >= 0; shift -= 8) *out += static_cast<char>(bits >> shift);
}
template <class Number>
Number read_big_endian(std::string_view bytes, size_t at) {
  using Bits = std::conditional_t<sizeof(Number) == 8, uint64_t, std::conditional_t<sizeof(Number) == 2, uint16_t, uint32_t>>;
  Bits bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) bits = static_cast<Bits>(static_cast<uint64_t>(bits) << 8 | static_cast<unsigned char>(bytes[at + i]));
  return std::bit_cast<Number>(bits);
}

}  // namespace

uint32_t hll_hash(int64_t value) {
  uint32_t h = 0, k = static_cast<uint32_t>(value) * kMurmur;
  k ^= k >> 24;
  h ^= k * kMurmur;
  k = static_cast<uint32_t>(value >> 32) * kMurmur;
  k ^= k >> 24;
  h *= kMurmur;
  h ^= k * kMurmur;
  return finish_hash(h);
}
uint32_t hll_hash(double value) { return hll_hash(std::bit_cast<int64_t>(value)); }
uint32_t hll_hash(float value) { return hll_hash(int64_t{std::bit_cast<int32_t>(value)}); }

uint32_t hll_hash(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  auto signed_byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(text[i]))); };
  uint32_t h = ~0u ^ static_cast<uint32_t>(text.size());
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    uint32_t k = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    k *= kMurmur;
    k ^= k >> 24;
    k *= kMurmur;
    h *= kMurmur;
    h ^= k;
  }
  size_t left = text.size() - at, size = text.size();
  if (left > 0) {
    if (left >= 3) h ^= signed_byte(size - 3) << 16;
    if (left >= 2) h ^= signed_byte(size - 2) << 8;
    h ^= signed_byte(size - 1);
    h *= kMurmur;
  }
  return finish_hash(h);
}

int64_t HyperLogLog::add(uint32_t hash, int log2m) {
  int64_t grown = 0;
  if (registers_.empty()) {
    registers_.resize(size_t{1} << log2m);
    grown = static_cast<int64_t>(registers_.size());
  }
  uint32_t rest = (hash << log2m) | ((1u << (log2m - 1)) + 1);
  auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  uint8_t& own = registers_[hash >> (32 - log2m)];
  own = std::max(own, rank);
  return grown;
}

int64_t HyperLogLog::estimate(int log2m) const {
  if (registers_.empty()) return 0;
  auto m = static_cast<double>(registers_.size());
  double alpha = log2m == 4 ? 0.673 : log2m == 5 ? 0.697 : log2m == 6 ? 0.709 : 0.7213 / (1 + 1.079 / m);
  double sum = 0, zeros = 0;
  for (uint8_t value : registers_) {
    sum += std::ldexp(1.0, -value);
    zeros += value == 0;
  }
  double estimate = alpha * m * m / sum;
  if (estimate <= 2.5 * m) estimate = m * std::log(m / zeros);  // linear counting; without empty registers it is infinite, as there
  return std::isfinite(estimate) ? static_cast<int64_t>(std::floor(estimate + 0.5)) : INT64_MAX;
}

std::string HyperLogLog::packed_registers(int log2m) const {
  const size_t count = size_t{1} << log2m, words = count / kPerWord + 1;
  std::string out;
  for (size_t at = 0; at < words; ++at) {
    uint32_t packed = 0;
    for (size_t i = 0; i < kPerWord && at * kPerWord + i < registers_.size(); ++i) packed |= uint32_t{registers_[at * kPerWord + i]} << (kRegisterBits * i);
    append_big_endian(packed, &out);
  }
  return out;
}

std::string HyperLogLog::bytes(int log2m) const {
  const std::string packed = packed_registers(log2m);
  std::string out;
  append_big_endian(static_cast<uint32_t>(log2m), &out);
  append_big_endian(static_cast<uint32_t>(packed.size()), &out);
  return out + packed;
}

bool HyperLogLog::merge_packed(std::string_view packed, int log2m) {
  const size_t count = size_t{1} << log2m;
  if (packed.size() < (count + kPerWord - 1) / kPerWord * 4) return false;
  for (size_t i = 0; i < count; ++i) {
    const auto word = read_big_endian<uint32_t>(packed, i / kPerWord * 4);
    raise(i, static_cast<uint8_t>(word >> (kRegisterBits * (i % kPerWord)) & 31), log2m);
  }
  return true;
}

void HyperLogLog::raise(size_t at, uint8_t rank, int log2m) {
  registers_.resize(size_t{1} << log2m);
  registers_[at] = std::max(registers_[at], rank);
}

int64_t TDigest::add(double value, double compression) {
  if (std::isnan(value)) return 0;
  if (total_ == 0 && buffer_.empty()) min_ = max_ = value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  size_t before = buffer_.capacity() * sizeof(double) + centroids_.capacity() * sizeof(Centroid);
  buffer_.push_back(value);
  if (buffer_.size() >= kBuffered) compress(compression);
  return static_cast<int64_t>(buffer_.capacity() * sizeof(double) + centroids_.capacity() * sizeof(Centroid)) - static_cast<int64_t>(before);
}

// Merges neighbours while the scale function k1 lets them stay together: fine at the ends, coarse in the middle.
void TDigest::compress(double compression) {
  if (buffer_.empty()) return;
  std::sort(buffer_.begin(), buffer_.end());
  std::vector<Centroid> fresh;
  for (double value : buffer_) fresh.push_back({value, 1});
  buffer_.clear();
  join(std::move(fresh), compression);
}

// `added`: ascending.
void TDigest::join(std::vector<Centroid> added, double compression) {
  std::vector<Centroid> all(centroids_.size() + added.size());
  std::merge(centroids_.begin(), centroids_.end(), added.begin(), added.end(), all.begin(), [](const Centroid& a, const Centroid& b) { return a.mean < b.mean; });
  for (const Centroid& one : added) total_ += one.weight;
  if (all.empty()) return;
  auto scale = [&](double q) { return compression / (2 * M_PI) * std::asin(2 * std::clamp(q, 0.0, 1.0) - 1); };
  centroids_.clear();
  Centroid open = all[0];
  double before = 0;
  for (size_t i = 1; i < all.size(); ++i) {
    double weight = open.weight + all[i].weight;
    if (scale((before + weight) / total_) - scale(before / total_) <= 1) {
      open.mean += (all[i].mean - open.mean) * all[i].weight / weight;
      open.weight = weight;
    } else {
      before += open.weight;
      centroids_.push_back(open);
      open = all[i];
    }
  }
  centroids_.push_back(open);
}

std::string TDigest::bytes(double compression) {
  compress(compression);
  std::string out;
  append_big_endian(kVerboseEncoding, &out);
  append_big_endian(total_ == 0 ? double{INFINITY} : min_, &out);
  append_big_endian(total_ == 0 ? -double{INFINITY} : max_, &out);
  append_big_endian(compression, &out);
  append_big_endian(static_cast<uint32_t>(centroids_.size()), &out);
  for (const Centroid& one : centroids_) append_big_endian(one.weight, &out), append_big_endian(one.mean, &out);
  return out;
}

bool TDigest::merge(std::string_view bytes, double compression) {
  constexpr size_t kVerboseHead = 32, kSmallHead = 30;
  if (bytes.size() < kSmallHead) return false;
  const auto encoding = read_big_endian<uint32_t>(bytes, 0);
  const bool verbose = encoding == kVerboseEncoding;
  if (!verbose && encoding != kSmallEncoding) return false;
  const size_t head = verbose ? kVerboseHead : kSmallHead, each = verbose ? 16 : 8;
  if (bytes.size() < head) return false;
  const size_t count = verbose ? read_big_endian<uint32_t>(bytes, 28) : read_big_endian<uint16_t>(bytes, 28);
  if ((bytes.size() - head) / each < count) return false;
  std::vector<Centroid> added;
  for (size_t i = 0, at = head; i < count; ++i, at += each) {
    if (verbose) added.push_back({read_big_endian<double>(bytes, at + 8), read_big_endian<double>(bytes, at)});
    else added.push_back({read_big_endian<float>(bytes, at + 4), read_big_endian<float>(bytes, at)});
    if (!(added.back().weight > 0) || std::isnan(added.back().mean)) return false;
  }
  if (added.empty()) return true;
  compress(compression);
  const double low = read_big_endian<double>(bytes, 4), high = read_big_endian<double>(bytes, 12);
  min_ = total_ == 0 ? low : std::min(min_, low);
  max_ = total_ == 0 ? high : std::max(max_, high);
  std::stable_sort(added.begin(), added.end(), [](const Centroid& a, const Centroid& b) { return a.mean < b.mean; });
  join(std::move(added), compression);
  return true;
}

// Between the middles of neighbouring centroids in a straight line; single values are answered as they are.
double TDigest::quantile(double q, double compression) {
  compress(compression);
  if (total_ == 0) return std::nan("");
  if (centroids_.size() == 1) return centroids_[0].mean;
  double index = q * total_, at = 0;
  if (index < 1) return min_;
  if (index > total_ - 1) return max_;
  if (const Centroid& first = centroids_.front(); first.weight > 1 && index < first.weight / 2) {
    return min_ + (index - 1) / (first.weight / 2 - 1) * (first.mean - min_);
  }
  if (const Centroid& last = centroids_.back(); last.weight > 1 && total_ - index <= last.weight / 2) {
    return max_ - (total_ - index - 1) / (last.weight / 2 - 1) * (max_ - last.mean);
  }
  at = centroids_.front().weight / 2;
  for (size_t i = 0; i + 1 < centroids_.size(); ++i) {
    const Centroid &left = centroids_[i], &right = centroids_[i + 1];
    double step = (left.weight + right.weight) / 2;
    if (at + step > index) {
      double own_left = 0, own_right = 0;
      if (left.weight == 1) {
        if (index - at < 0.5) return left.mean;
        own_left = 0.5;
      }
      if (right.weight == 1) {
        if (at + step - index <= 0.5) return right.mean;
        own_right = 0.5;
      }
      double z1 = index - at - own_left, z2 = at + step - index - own_right;
      return (left.mean * z2 + right.mean * z1) / (z1 + z2);
    }
    at += step;
  }
  return max_;
}

}  // namespace bywash::analytics
