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

 private:
  std::vector<uint8_t> registers_;  // made at the first value
};

class TDigest {
 public:
  // Answers by how many bytes the sketch grew. The same compression at every call.
  int64_t add(double value, double compression);
  // The value below which the share `q` (0..1) of the values lies; NaN of nothing.
  double quantile(double q, double compression);

 private:
  struct Centroid {
    double mean;
    double weight;
  };
  void compress(double compression);

  std::vector<Centroid> centroids_;  // ascending
  std::vector<double> buffer_;
  double min_ = 0, max_ = 0, total_ = 0;
};

}  // namespace bywash::analytics
