// See partition.h.
#include "analytics/index/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "analytics/index/murmur.h"
#include "base/java_hash.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

// Kafka's Utils.abs.
uint32_t absolute(int32_t value) { return value == INT32_MIN ? 0 : static_cast<uint32_t>(std::abs(value)); }

// java.util.Arrays.hashCode of bytes.
int32_t array_hash(std::string_view bytes) {
  uint32_t out = 1;
  for (char c : bytes) out = 31 * out + static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(c)));
  return static_cast<int32_t>(out);
}

template <class Word, Word Start, Word Prime>
Word fnv(std::string_view bytes, bool multiply_first) {
  Word h = Start;
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (multiply_first) h = (h * Prime) ^ byte;
    else h = (h ^ byte) * Prime;
  }
  return h;
}

std::string setting(const std::map<std::string, std::string>& settings, const char* name) {
  auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

}  // namespace

Result<PartitionFunction> PartitionFunction::make(std::string_view name, int64_t partitions, const std::map<std::string, std::string>& settings) {
  static constexpr std::pair<std::string_view, Kind> kNames[] = {{"modulo", Kind::kModulo},       {"murmur", Kind::kMurmur},       {"murmur2", Kind::kMurmur}, {"murmur3", Kind::kMurmur3},
                                                                 {"hashcode", Kind::kHashCode},   {"bytearray", Kind::kByteArray}, {"fnv", Kind::kFnv},        {"boundedcolumnvalue", Kind::kBounded}};
  const std::string lower = ascii_lower(name);
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& one) { return one.first == lower; });
  if (found == std::end(kNames)) return Status::invalid(fmt::format("No enum constant for: {}", name));
  if (partitions < 1 || partitions > INT32_MAX) return Status::invalid("Number of partitions must be > 0");
  PartitionFunction out;
  out.kind_ = found->second;
  out.partitions_ = static_cast<uint32_t>(partitions);
  out.settings_ = fmt::format("{}:{}", lower == "murmur2" ? "murmur" : lower, partitions);
  const std::string variant = setting(settings, "variant");
  if (out.kind_ == Kind::kMurmur3) {
    const std::string seed = setting(settings, "seed");
    int32_t value = 0;
    const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), value);
    if (!seed.empty() && (error != std::errc() || end != seed.data() + seed.size())) return Status::invalid(fmt::format("Murmur3: the seed is no whole number: {}", seed));
    if (!variant.empty() && variant != "x86_32" && variant != "x64_32") return Status::invalid("Murmur3 variant must be either x86_32 or x64_32");
    if (variant == "x64_32") return Status::fatal("the variant x64_32 of Murmur3");
    out.seed_ = static_cast<uint32_t>(value);
    out.settings_ += fmt::format(":{}", value);
  }
  if (out.kind_ == Kind::kFnv) {
    const std::string kind = ascii_lower(variant.empty() ? "fnv1a_32" : variant), normalizer = ascii_lower(setting(settings, "partitionIdNormalizer"));
    if (kind != "fnv1_32" && kind != "fnv1a_32" && kind != "fnv1_64" && kind != "fnv1a_64") return Status::invalid(fmt::format("FNV has no variant {}", variant));
    if (setting(settings, "useRawBytes") == "true" || (!normalizer.empty() && normalizer != "mask")) return Status::fatal("FNV over raw bytes or with another normalizer than MASK");
    out.wide_ = kind.ends_with("64");
    out.plain_ = kind.starts_with("fnv1_");
    out.settings_ += ":" + kind;
  }
  if (out.kind_ == Kind::kBounded) {
    const std::string list = setting(settings, "columnValues"), delimiters = setting(settings, "columnValuesDelimiter");
    if (list.empty()) return Status::invalid("columnValues must be configured");
    if (delimiters.empty()) return Status::invalid("'columnValuesDelimiter' must be configured");
    for (size_t at = 0; at < list.size();) {
      const size_t end = std::min(list.find_first_of(delimiters, at), list.size());
      if (end > at) out.values_.push_back(ascii_lower(std::string_view(list).substr(at, end - at)));
      at = end + 1;
    }
    if (out.values_.size() + 1 != out.partitions_) return Status::invalid("'numPartitions' must just be one greater than number of column values configured");
    for (const std::string& value : out.values_) out.settings_ += ":" + value;
  }
  return out;
}

int32_t PartitionFunction::partition_of(std::string_view value) const {
  switch (kind_) {
    case Kind::kModulo: {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size()) return -1;
      const auto rest = static_cast<int32_t>(number % static_cast<int64_t>(partitions_));
      return rest < 0 ? rest + static_cast<int32_t>(partitions_) : rest;
    }
    case Kind::kMurmur: return static_cast<int32_t>((static_cast<uint32_t>(murmur2_32(value)) & INT32_MAX) % partitions_);
    case Kind::kMurmur3: return static_cast<int32_t>((static_cast<uint32_t>(murmur3_32(value, seed_)) & INT32_MAX) % partitions_);
    case Kind::kHashCode: return static_cast<int32_t>(absolute(java_string_hash(value)) % partitions_);
    case Kind::kByteArray: return static_cast<int32_t>(absolute(array_hash(value)) % partitions_);
    case Kind::kFnv: {
      if (!wide_) return static_cast<int32_t>((fnv<uint32_t, 0x811c9dc5u, 0x01000193u>(value, plain_) & INT32_MAX) % partitions_);
      return static_cast<int32_t>((fnv<uint64_t, 0xcbf29ce484222325u, 0x100000001b3u>(value, plain_) & INT64_MAX) % partitions_);
    }
    case Kind::kBounded: {
      const std::string lower = ascii_lower(value);
      for (size_t i = 0; i < values_.size(); ++i) {
        if (values_[i] == lower) return static_cast<int32_t>(i + 1);
      }
      return 0;
    }
  }
  return -1;
}

}  // namespace bywash::analytics
