// See id_set.h.
#include "analytics/plan/id_set.h"

#include <roaring/roaring.h>

#include <bit>
#include <cmath>

#include "analytics/index/murmur.h"
#include "analytics/plan/base64_text.h"
#include "base/encoding.h"

namespace bywash::analytics {
namespace {

constexpr char kMitz64 = 1;  // BloomFilterStrategies.MURMUR128_MITZ_64

template <class T>
void append_big_endian(T value, std::string& out) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}
template <class T>
T take_big_endian(std::string_view& bytes) {
  T out = 0;
  for (size_t i = 0; i < sizeof(T); ++i) out = static_cast<T>(out << 8 | static_cast<unsigned char>(bytes[i]));
  bytes.remove_prefix(sizeof(T));
  return out;
}

template <class T>
std::string little_endian(T value) {
  std::string out;
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// UTF-16 units, low byte first, as Funnels.unencodedCharsFunnel puts them.
std::string utf16(std::string_view utf8) {
  std::string out;
  auto add = [&](uint32_t unit) { out += static_cast<char>(unit), out += static_cast<char>(unit >> 8); };
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length && i + k < utf8.size(); ++k) point = point << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3F);
    if (point >= 0x10000) add(0xD800 + ((point - 0x10000) >> 10)), add(0xDC00 + ((point - 0x10000) & 0x3FF));
    else add(point);
    i += length;
  }
  return out;
}

// What a bloom filter's funnel puts of an id.
std::string funnelled(DataType type, int64_t id) {
  return stored_as(type) == Stored::kI32 ? little_endian(static_cast<uint32_t>(id)) : little_endian(static_cast<uint64_t>(id));
}
std::string funnelled(DataType type, double id) {
  return type == DataType::kFloat ? little_endian(std::bit_cast<uint32_t>(static_cast<float>(id))) : little_endian(std::bit_cast<uint64_t>(id));
}
std::string funnelled(DataType type, std::string_view id) { return type == DataType::kBytes ? std::string(id) : utf16(id); }

char funnel_of(DataType type) {
  switch (stored_as(type)) {
    case Stored::kI32:
    case Stored::kF32: return 0;
    case Stored::kI64:
    case Stored::kF64: return 1;
    case Stored::kBytes: return type == DataType::kBytes ? 3 : 2;
  }
  return 0;
}

}  // namespace

void IdSet::FreeBitmap::operator()(roaring_bitmap_s* bitmap) const { roaring_bitmap_free(bitmap); }

IdSet::IdSet(DataType type, const IdSetOptions& options) : type_(type), options_(options) {
  kind_ = stored_as(type) == Stored::kI32 ? Kind::kBitmap : Kind::kWideBitmap;
  if (!is_integer(type) || options.size_threshold_bytes <= 0) start_bloom();
}
IdSet::~IdSet() = default;

// Sizes of BloomFilter.create(funnel, expectedInsertions, fpp).
void IdSet::start_bloom() {
  kind_ = Kind::kBloom;
  funnel_ = funnel_of(type_);
  const auto n = static_cast<double>(options_.expected_insertions);
  const auto bits = static_cast<int64_t>(-n * std::log(options_.fpp) / (std::log(2.0) * std::log(2.0)));
  bits_.assign(static_cast<size_t>((bits + 63) / 64), 0);
  hashes_ = std::max(1, static_cast<int>(std::lround(static_cast<double>(bits) / n * std::log(2.0))));
}

void IdSet::put(std::string_view bytes) {
  const auto [h1, h2] = murmur3_128(bytes, 0);
  uint64_t hash = h1;
  for (int i = 0; i < hashes_; ++i, hash += h2) {
    const uint64_t at = (hash & INT64_MAX) % (bits_.size() * 64);
    bits_[at / 64] |= uint64_t{1} << (at % 64);
  }
}

bool IdSet::may_hold(std::string_view bytes) const {
  const auto [h1, h2] = murmur3_128(bytes, 0);
  uint64_t hash = h1;
  for (int i = 0; i < hashes_; ++i, hash += h2) {
    const uint64_t at = (hash & INT64_MAX) % (bits_.size() * 64);
    if (!(bits_[at / 64] >> (at % 64) & 1)) return false;
  }
  return true;
}

int64_t IdSet::add(int64_t id) {
  if (kind_ == Kind::kBloom) return put(funnelled(type_, id)), 0;
  const uint32_t high = kind_ == Kind::kBitmap ? 0 : static_cast<uint32_t>(static_cast<uint64_t>(id) >> 32);
  Bitmap& bitmap = bitmaps_[high];
  if (!bitmap) bitmap.reset(roaring_bitmap_create());
  return roaring_bitmap_add_checked(bitmap.get(), static_cast<uint32_t>(id)) ? 3 : 0;
}
int64_t IdSet::add(double id) { return put(funnelled(type_, id)), 0; }
int64_t IdSet::add(std::string_view id) { return put(funnelled(type_, id)), 0; }

bool IdSet::contains(DataType type, int64_t id) const {
  if (kind_ == Kind::kBloom) return may_hold(funnelled(type, id));
  if (kind_ == Kind::kBitmap && id != static_cast<int32_t>(id)) return false;
  const uint32_t high = kind_ == Kind::kBitmap ? 0 : static_cast<uint32_t>(static_cast<uint64_t>(id) >> 32);
  auto found = bitmaps_.find(high);
  return found != bitmaps_.end() && roaring_bitmap_contains(found->second.get(), static_cast<uint32_t>(id));
}
bool IdSet::contains(DataType type, double id) const { return kind_ == Kind::kBloom && may_hold(funnelled(type, id)); }
bool IdSet::contains(DataType type, std::string_view id) const { return kind_ == Kind::kBloom && may_hold(funnelled(type, id)); }

// RoaringBitmap.serialize; around it, of LONG, Roaring64NavigableMap.serializeLegacy.
std::string IdSet::bitmap_bytes() const {
  std::string out(1, static_cast<char>(kind_));
  if (kind_ == Kind::kWideBitmap) {
    out += '\0';  // not signed
    append_big_endian(static_cast<uint32_t>(bitmaps_.size()), out);
  }
  for (const auto& [high, bitmap] : bitmaps_) {
    if (kind_ == Kind::kWideBitmap) append_big_endian(high, out);
    const size_t at = out.size();
    out.resize(at + roaring_bitmap_portable_size_in_bytes(bitmap.get()));
    roaring_bitmap_portable_serialize(bitmap.get(), out.data() + at);
  }
  return out;
}

std::string IdSet::base64() {
  std::string out;
  if (kind_ == Kind::kBitmap || kind_ == Kind::kWideBitmap) {
    if (bitmaps_.empty()) return bywash::base64(std::string(1, '\0'));  // EmptyIdSet
    out = bitmap_bytes();
    if (static_cast<int64_t>(out.size()) <= options_.size_threshold_bytes) return bywash::base64(out);
    start_bloom();
    for (const auto& [high, bitmap] : bitmaps_) {
      std::vector<uint32_t> low(roaring_bitmap_get_cardinality(bitmap.get()));
      roaring_bitmap_to_uint32_array(bitmap.get(), low.data());
      for (uint32_t id : low) put(funnelled(type_, static_cast<int64_t>(uint64_t{high} << 32 | id)));
    }
    bitmaps_.clear();
  }
  out = {static_cast<char>(Kind::kBloom), funnel_, kMitz64, static_cast<char>(hashes_)};
  append_big_endian(static_cast<uint32_t>(bits_.size()), out);
  for (uint64_t word : bits_) append_big_endian(word, out);
  return bywash::base64(out);
}

Status IdSet::read(std::string_view bytes) {
  const Status damaged = Status::invalid("IN_ID_SET takes the text that ID_SET answers; this is none");
  if (bytes.empty() || bytes[0] < 0 || bytes[0] > 3) return damaged;
  kind_ = static_cast<Kind>(bytes[0]);
  bytes.remove_prefix(1);
  if (kind_ == Kind::kEmpty) return {};
  if (kind_ == Kind::kBloom) {
    if (bytes.size() < 7 || bytes[0] < 0 || bytes[0] > 3 || bytes[1] != kMitz64) return damaged;
    funnel_ = bytes[0];
    hashes_ = static_cast<unsigned char>(bytes[2]);
    bytes.remove_prefix(3);
    const auto words = take_big_endian<uint32_t>(bytes);
    if (words == 0 || bytes.size() != size_t{words} * 8) return damaged;
    for (uint32_t i = 0; i < words; ++i) bits_.push_back(take_big_endian<uint64_t>(bytes));
    return {};
  }
  uint32_t count = 1;
  if (kind_ == Kind::kWideBitmap) {
    if (bytes.size() < 5) return damaged;
    bytes.remove_prefix(1);
    count = take_big_endian<uint32_t>(bytes);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (kind_ == Kind::kWideBitmap && bytes.size() < 4) return damaged;
    const uint32_t high = kind_ == Kind::kWideBitmap ? take_big_endian<uint32_t>(bytes) : 0;
    if (roaring_bitmap_portable_deserialize_size(bytes.data(), bytes.size()) == 0) return damaged;
    Bitmap bitmap(roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size()));
    if (!bitmap) return damaged;
    bytes.remove_prefix(roaring_bitmap_portable_size_in_bytes(bitmap.get()));
    bitmaps_[high] = std::move(bitmap);
  }
  return {};
}

Result<std::unique_ptr<IdSet>> IdSet::parse(std::string_view base64) {
  std::string bytes;
  std::unique_ptr<IdSet> out(new IdSet());
  if (!append_from_base64(base64, &bytes)) return Status::invalid("IN_ID_SET takes the Base64 text that ID_SET answers");
  RETURN_IF_ERROR(out->read(bytes));
  return out;
}

}  // namespace bywash::analytics
