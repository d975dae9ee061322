#include "analytics/plan/log_log_sketches.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "analytics/plan/sketches.h"
#include "analytics/plan/ultra_log_log.h"
#include "analytics/sql/java_text.h"

namespace bywash::analytics {
namespace {

Status no_sketch(std::string_view what) { return Status::invalid(fmt::format("The bytes are no {} sketch", what)); }

uint32_t word_at(std::string_view bytes, size_t at) {
  uint32_t out = 0;
  for (size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

uint32_t hash_of(const SketchItem& item) {
  if (const auto* small = std::get_if<int32_t>(&item)) return hll_hash(int64_t{*small});
  if (const auto* whole = std::get_if<int64_t>(&item)) return hll_hash(*whole);
  if (const auto* real = std::get_if<float>(&item)) return hll_hash(*real);
  if (const auto* wide = std::get_if<double>(&item)) return hll_hash(*wide);
  return hll_hash(std::get<std::string_view>(item));
}

class StreamHyperLogLog : public DataSketch {
 public:
  explicit StreamHyperLogLog(int log2m) : log2m_(log2m) {}
  int64_t add(const SketchItem& item) override {
    return sketch_.add(hash_of(item), log2m_);
  }
  // The sketch takes the size of the first one.
  Status merge(std::string_view bytes) override {
    if (bytes.size() < 8) return no_sketch("HyperLogLog");
    const uint32_t log2m = word_at(bytes, 0);
    if (sketch_.registers().empty() && log2m >= 1 && log2m <= 30) log2m_ = static_cast<int>(log2m);
    if (static_cast<int>(log2m) != log2m_ || !sketch_.merge_packed(bytes.substr(8), log2m_)) return no_sketch("HyperLogLog");
    return {};
  }
  std::string bytes() override { return sketch_.bytes(log2m_); }
  double estimate() override { return static_cast<double>(sketch_.estimate(log2m_)); }

 private:
  int log2m_;
  HyperLogLog sketch_;
};

// MurmurHash64A with stream-lib's seed.
uint64_t murmur64(std::string_view bytes) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])); };
  uint64_t h = 0xe17a1465 ^ bytes.size() * kFactor;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t k = 0;
    for (size_t i = 0; i < 8; ++i) k |= byte(at + i) << (8 * i);
    k *= kFactor;
    k ^= k >> 47;
    h ^= k * kFactor;
    h *= kFactor;
  }
  if (at < bytes.size()) {
    for (size_t i = bytes.size(); i-- > at;) h ^= byte(i) << (8 * (i - at));
    h *= kFactor;
  }
  h ^= h >> 47;
  h *= kFactor;
  return h ^ h >> 47;
}

class StreamHyperLogLogPlus : public DataSketch {
 public:
  explicit StreamHyperLogLogPlus(int p) : p_(p) {}
  int64_t add(const SketchItem& item) override {
    const uint64_t hash = murmur64(java_text_of(item));
    const int64_t before = static_cast<int64_t>(sketch_.registers().size());
    const uint64_t rest = hash << p_ | uint64_t{1} << (p_ - 1);
    sketch_.raise(hash >> (64 - p_), static_cast<uint8_t>(std::countl_zero(rest) + 1), p_);
    return static_cast<int64_t>(sketch_.registers().size()) - before;
  }
  Status merge(std::string_view bytes) override;
  std::string bytes() override {
    const std::string packed = sketch_.packed_registers(p_);
    std::string out = "\xff\xff\xff\xfe";
    for (size_t value : {static_cast<size_t>(p_), size_t{0}, size_t{0}, packed.size()}) {
      for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
      out += static_cast<char>(value);
    }
    return out + packed;
  }
  double estimate() override;

 private:
  int p_;
  HyperLogLog sketch_;
};

Status StreamHyperLogLogPlus::merge(std::string_view bytes) {
  constexpr std::string_view kWhat = "HyperLogLogPlus";
  size_t at = 4;
  bool ended = bytes.size() < at || word_at(bytes, 0) != 0xfffffffe;
  auto number = [&] {
    uint64_t out = 0;
    for (int shift = 0; !ended && shift < 35; shift += 7) {
      if (at >= bytes.size()) break;
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      out |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return static_cast<uint32_t>(out);
    }
    ended = true;
    return uint32_t{0};
  };
  const uint32_t p = number(), sparse_p = number(), format = number(), size = number();
  if (ended || p < 4 || p > 25 || (format == 1 && (sparse_p < p || sparse_p > 31))) return no_sketch(kWhat);
  if (sketch_.registers().empty()) p_ = static_cast<int>(p);
  if (static_cast<int>(p) != p_) return Status::invalid("HyperLogLogPlus sketches of several precisions do not go together");
  if (format == 0) return sketch_.merge_packed(bytes.substr(at), p_) ? Status() : no_sketch(kWhat);
  uint32_t entry = 0;
  for (uint32_t i = 0; i < size; ++i) {
    entry += number();
    if (ended) return no_sketch(kWhat);
    const bool ranked = entry & 1;
    const uint32_t index = (ranked ? entry >> 7 : entry >> 1) >> (sparse_p - p);
    const uint32_t rank = ranked ? (entry >> 1 & 63) ^ 63 : static_cast<uint32_t>(std::countl_zero(entry << (p + 31 - sparse_p)) + 1);
    if (index >> p != 0) return no_sketch(kWhat);
    sketch_.raise(index, static_cast<uint8_t>(std::min(rank, 63u)), p_);
  }
  return {};
}

// Ertl's improved raw estimate (arXiv 1702.01284): without the tables of biases that HyperLogLog++ needs, of the same error.
double StreamHyperLogLogPlus::estimate() {
  const std::vector<uint8_t>& registers = sketch_.registers();
  if (registers.empty()) return 0;
  const int q = 64 - p_;
  std::vector<double> counts(static_cast<size_t>(q) + 2);
  for (uint8_t rank : registers) ++counts[std::min<size_t>(rank, static_cast<size_t>(q) + 1)];
  const auto m = static_cast<double>(registers.size());
  auto sigma = [](double x) {
    if (x == 1) return double{INFINITY};
    double y = 1, z = x, old = -1;
    for (; z != old; y += y) x *= x, old = z, z += x * y;
    return z;
  };
  auto tau = [](double x) {
    if (x == 0 || x == 1) return 0.0;
    double y = 1, z = 1 - x, old = -1;
    while (z != old) x = std::sqrt(x), old = z, y *= 0.5, z -= (1 - x) * (1 - x) * y;
    return z / 3;
  };
  double z = m * tau((m - counts.back()) / m);
  for (int k = q; k >= 1; --k) z = 0.5 * (z + counts[static_cast<size_t>(k)]);
  z += m * sigma(counts[0] / m);
  return m * m / (2 * std::log(2.0) * z);
}

class UltraLogLogSketch : public DataSketch {
 public:
  explicit UltraLogLogSketch(int p) : sketch_(p) {}
  int64_t add(const SketchItem& item) override {
    sketch_.add(ull_hash(item));
    fresh_ = false;
    return 0;
  }
  // The first sketch's size is taken over; one with fewer registers cannot be added.
  Status merge(std::string_view bytes) override {
    const std::string_view state = bytes.empty() ? bytes : bytes.substr(1);
    if (state.size() < 8 || state.size() > size_t{1} << 26 || !std::has_single_bit(state.size()) || bytes[0] != std::countr_zero(state.size())) return no_sketch("UltraLogLog");
    if (fresh_) sketch_ = UltraLogLog(std::countr_zero(state.size()));
    fresh_ = false;
    return sketch_.merge(state) ? Status() : Status::invalid("UltraLogLog sketches: another has fewer registers than the first");
  }
  // The precision, then hash4j's state, as Pinot's ULTRA_LOG_LOG_OBJECT_SER_DE.
  std::string bytes() override { return static_cast<char>(std::countr_zero(sketch_.state().size())) + sketch_.state(); }
  double estimate() override { return sketch_.estimate(); }

 private:
  UltraLogLog sketch_;
  bool fresh_ = true;
};

class TDigestSketch : public DataSketch {
 public:
  explicit TDigestSketch(double compression) : compression_(compression) {}
  int64_t add(const SketchItem& item) override {
    return digest_.add(number_of(item), compression_);
  }
  Status merge(std::string_view bytes) override { return digest_.merge(bytes, compression_) ? Status() : Status::invalid("The bytes are no t-digest"); }
  std::string bytes() override { return digest_.bytes(compression_); }
  double quantile(double rank) override { return digest_.quantile(rank, compression_); }

 private:
  const double compression_;
  TDigest digest_;
};

}  // namespace

std::string java_text_of(const SketchItem& item) {
  if (const auto* text = std::get_if<std::string_view>(&item)) return std::string(*text);
  if (const auto* small = std::get_if<int32_t>(&item)) return std::to_string(*small);
  if (const auto* whole = std::get_if<int64_t>(&item)) return std::to_string(*whole);
  if (const auto* real = std::get_if<float>(&item)) return sql::java_float(*real);
  return sql::java_double(std::get<double>(item));
}

std::unique_ptr<DataSketch> make_log_log_sketch(SketchKind kind, double size) {
  switch (kind) {
    case SketchKind::kHyperLogLog: return std::make_unique<StreamHyperLogLog>(static_cast<int>(size));
    case SketchKind::kHyperLogLogPlus: return std::make_unique<StreamHyperLogLogPlus>(static_cast<int>(size));
    case SketchKind::kUltraLogLog: return std::make_unique<UltraLogLogSketch>(static_cast<int>(size));
    default: return std::make_unique<TDigestSketch>(size);
  }
}

}  // namespace bywash::analytics
