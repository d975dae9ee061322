// Sketches of bounded size: HyperLogLog as com.clearspring.analytics (stream-lib 2.9.8, which Pinot 1.5.1 uses) computes it, so that
// estimates are the same, and a merging t-digest (Dunning, "Computing extremely accurate quantiles using t-digests"). Scan stage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// stream-lib's MurmurHash of a Long or Integer, a Double, a Float, a String.
uint32_t hll_hash(int64_t value);
uint32_t hll_hash(double value);
uint32_t hll_hash(float value);
uint32_t hll_hash(std::string_view text);

class HyperLogLog {
 public:
  // Answers by how many bytes the sketch grew. The same log2m (4..20) at every call.
  int64_t add(uint32_t hash, int log2m);
  int64_t estimate(int log2m) const;
  // As stream-lib's getBytes() writes it.
  std::string bytes(int log2m) const;
  // Its registers alone, as stream-lib's RegisterSet packs them: six in each big-endian word.
  std::string packed_registers(int log2m) const;
  // Takes the larger of each register; false: the packed registers are of another size.
  bool merge_packed(std::string_view packed, int log2m);
  // A register takes the larger rank. HyperLogLogPlus hashes in 64 bits, so that the caller finds both.
  void raise(size_t at, uint8_t rank, int log2m);
  const std::vector<uint8_t>& registers() const { return registers_; }

 private:
  std::vector<uint8_t> registers_;  // made at the first value
};

class TDigest {
 public:
  // Answers by how many bytes the sketch grew. The same compression at every call.
  int64_t add(double value, double compression);
  // The value below which the share `q` (0..1) of the values lies; NaN of nothing.
  double quantile(double q, double compression);
  // As MergingDigest's asBytes() of t-digest 3.2 writes it.
  std::string bytes(double compression);
  // Adds the centroids of a digest in either of that library's encodings; false: it is none.
  bool merge(std::string_view bytes, double compression);

 private:
  struct Centroid {
    double mean;
    double weight;
  };
  void compress(double compression);
  void join(std::vector<Centroid> all, double compression);

  std::vector<Centroid> centroids_;  // ascending
  std::vector<double> buffer_;
  double min_ = 0, max_ = 0, total_ = 0;
};

}  // namespace bywash::analytics
