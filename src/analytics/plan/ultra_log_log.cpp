#include "analytics/plan/ultra_log_log.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace bywash::analytics {
namespace {

constexpr uint64_t kSecret[] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3};
static_assert(std::endian::native == std::endian::little);

uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
template <class Word>
uint64_t word_at(std::string_view bytes, size_t at) {
  Word out;
  std::memcpy(&out, bytes.data() + at, sizeof(out));
  return out;
}
uint64_t finish(uint64_t a, uint64_t b, uint64_t seed, size_t size) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a ^ kSecret[1]) * (b ^ seed);
  return mix(static_cast<uint64_t>(product) ^ kSecret[0] ^ size, static_cast<uint64_t>(product >> 64) ^ kSecret[1]);
}

// The text's UTF-16 units, then how many they are.
std::string java_chars(std::string_view text) {
  std::string out;
  uint32_t count = 0;
  auto unit = [&](uint32_t value) { out += static_cast<char>(value), out += static_cast<char>(value >> 8), ++count; };
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t k) { return static_cast<uint32_t>(static_cast<unsigned char>(text[k])); };
    const uint32_t first = byte(i);
    const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (i + size > text.size()) break;
    uint32_t point = size == 1 ? first : size == 2 ? first & 31 : size == 3 ? first & 15 : first & 7;
    for (size_t k = 1; k < size; ++k) point = point << 6 | (byte(i + k) & 63);
    if (point >= 0x10000) unit(0xd800 + ((point - 0x10000) >> 10)), unit(0xdc00 + (point & 0x3ff));
    else unit(point);
    i += size;
  }
  out.append(reinterpret_cast<const char*>(&count), sizeof(count));
  return out;
}

// Registers hold the three highest bits of the ranks that were seen, and where they stand.
uint64_t unpack(unsigned char reg) { return (4ull | (reg & 3)) << (((reg >> 2) + 62) & 63); }
unsigned char pack(uint64_t prefix) {
  const int zeros = std::countl_zero(prefix) + 1;
  return static_cast<unsigned char>((-zeros << 2) | static_cast<int>(prefix << zeros >> 62));
}

// The further generalised remaining area estimator with the paper's best tau.
constexpr double kTau = 0.8194911375910897, kVariance = 0.6118931496978437;
constexpr double kEta[] = {4.663135422063788, 2.1378502137958524, 2.781144650979996, 0.9824082545153715};
constexpr double kEtaX = kEta[0] - kEta[1] - kEta[2] + kEta[3];

double psi(double z, double square) {
  const double eta23x = (kEta[2] - kEta[3]) / kEtaX, eta13x = (kEta[1] - kEta[3]) / kEtaX, eta3012xx = (kEta[3] * kEta[0] - kEta[1] * kEta[2]) / (kEtaX * kEtaX);
  return (z + eta23x) * (square + eta13x) + eta3012xx;
}
double sigma(double z) {
  if (z <= 0) return kEta[3];
  if (z >= 1) return INFINITY;
  double power = z, next = z * z, sum = 0, scale = kEtaX;
  while (true) {
    const double old = sum, after = next * next;
    sum += scale * (power - next) * psi(next, after);
    if (!(sum > old)) return sum / z;
    power = next, next = after;
    scale *= std::exp2(kTau);
  }
}

}  // namespace

uint64_t wyhash(std::string_view bytes) {
  const size_t size = bytes.size();
  const uint64_t start = mix(kSecret[0], kSecret[1]);
  if (size <= 16) {
    if (size >= 4) {
      const size_t middle = size >> 3 << 2;
      const uint64_t a = word_at<uint32_t>(bytes, 0) << 32 | word_at<uint32_t>(bytes, middle);
      const uint64_t b = word_at<uint32_t>(bytes, size - 4) << 32 | word_at<uint32_t>(bytes, size - 4 - middle);
      return finish(a, b, start, size);
    }
    if (size == 0) return finish(0, 0, start, 0);
    auto byte = [&](size_t k) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[k])); };
    return finish(byte(0) << 16 | byte(size >> 1) << 8 | byte(size - 1), 0, start, size);
  }
  size_t at = 0, left = size;
  uint64_t see0 = start, see1 = start, see2 = start;
  for (; left > 48; left -= 48, at += 48) {
    see0 = mix(word_at<uint64_t>(bytes, at) ^ kSecret[1], word_at<uint64_t>(bytes, at + 8) ^ see0);
    see1 = mix(word_at<uint64_t>(bytes, at + 16) ^ kSecret[2], word_at<uint64_t>(bytes, at + 24) ^ see1);
    see2 = mix(word_at<uint64_t>(bytes, at + 32) ^ kSecret[3], word_at<uint64_t>(bytes, at + 40) ^ see2);
  }
  see0 ^= see1 ^ see2;
  for (; left > 16; left -= 16, at += 16) see0 = mix(word_at<uint64_t>(bytes, at) ^ kSecret[1], word_at<uint64_t>(bytes, at + 8) ^ see0);
  return finish(word_at<uint64_t>(bytes, size - 16), word_at<uint64_t>(bytes, size - 8), see0, size);
}

uint64_t ull_hash(const SketchItem& item) {
  auto raw = [](auto value) { return wyhash({reinterpret_cast<const char*>(&value), sizeof(value)}); };
  if (const auto* text = std::get_if<std::string_view>(&item)) return wyhash(java_chars(*text));
  if (const auto* whole = std::get_if<int32_t>(&item)) return raw(*whole);
  if (const auto* whole = std::get_if<int64_t>(&item)) return raw(*whole);
  if (const auto* real = std::get_if<float>(&item)) return raw(*real);
  return raw(std::get<double>(item));
}

void UltraLogLog::add(uint64_t hash) {
  const int q = std::countl_zero(static_cast<uint64_t>(state_.size() - 1));
  const int zeros = std::countl_zero(~(~hash << (64 - q)));
  auto& reg = state_[hash >> q];
  reg = static_cast<char>(pack(unpack(static_cast<unsigned char>(reg)) | 1ull << (zeros + (63 - q))));
}

bool UltraLogLog::merge(std::string_view state) {
  if (state.size() < state_.size() || !std::has_single_bit(state.size())) return false;
  const size_t ratio = state.size() / state_.size();
  const int finer = std::countr_zero(state.size());
  for (size_t i = 0, at = 0; i < state_.size(); ++i) {
    uint64_t prefix = unpack(static_cast<unsigned char>(state_[i])) | unpack(static_cast<unsigned char>(state[at++]));
    for (uint64_t k = 1; k < ratio; ++k) {
      if (state[at++] != 0) prefix |= 1ull << (std::countl_zero(k) + finer - 1) % 64;
    }
    if (prefix != 0) state_[i] = static_cast<char>(pack(prefix));
  }
  return true;
}

double UltraLogLog::estimate() const {
  const int p = std::countr_zero(state_.size()), first = 4 * p + 4;
  const auto m = static_cast<double>(state_.size());
  double c0 = 0, c4 = 0, c8 = 0, c10 = 0, sum = 0;
  for (char c : state_) {
    const int r = static_cast<unsigned char>(c), above = r - first;
    if (above >= 0) sum += kEta[above % 4] * std::exp2(-kTau * (3 + above / 4));
    else if (above < -8) ++c0;
    else if (above == -8) ++c4;
    else if (above == -4) ++c8;
    else if (above == -2) ++c10;
  }
  if (c0 + c4 + c8 + c10 > 0) {
    const double alpha = m + 3 * (c0 + c4 + c8 + c10), beta = m - c0 - c4, gamma = 4 * c0 + 2 * c4 + 3 * c8 + c10;
    const double root = (std::sqrt(beta * beta + 4 * alpha * gamma) - beta) / (2 * alpha), z = root * root * root * root;
    const double quarter = std::exp2(-2 * kTau);
    if (c0 > 0) sum += c0 * sigma(z);
    sum += c4 * std::exp2(-kTau) * kEtaX * psi(z, z * z);
    sum += c8 * quarter * (z * (kEta[0] - kEta[1]) + kEta[1]);
    sum += c10 * quarter * (z * (kEta[2] - kEta[3]) + kEta[3]);
  }
  const double factor = std::pow(m, 1 + 1 / kTau) / (1 + (1 + kTau) / 2 * kVariance / m);
  return factor * std::pow(sum, -1 / kTau);
}

}  // namespace bywash::analytics
