// Sketches that can be stored, merged and read elsewhere, in the bytes that Apache Pinot 1.5.1 and its libraries write: DataSketches' theta,
// tuple, CPC, KLL and frequent-items sketches (by Apache DataSketches C++), stream-lib's HyperLogLog and HyperLogLogPlus, hash4j's
// UltraLogLog, t-digests, roaring bitmaps. Used by functions (bind stage) and by aggregations (scan stage). One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/status.h"

namespace bywash::analytics {

enum class SketchKind : uint8_t {
  kTheta, kTupleSum, kTupleMin, kTupleMax, kCpc, kKll, kFrequentStrings, kFrequentLongs, kHyperLogLog, kHyperLogLogPlus, kUltraLogLog, kTDigest, kBitmap
};

// A value as Java's update() of its type hashes it: INT and LONG, FLOAT, DOUBLE, STRING or BYTES.
using SketchItem = std::variant<int64_t, int32_t, float, double, std::string_view>;

// As a double; 0 for a text.
inline double number_of(const SketchItem& item) {
  return std::visit([](const auto& one) {
    if constexpr (std::is_same_v<std::decay_t<decltype(one)>, std::string_view>) return 0.0;
    else return static_cast<double>(one);
  }, item);
}

class DataSketch {
 public:
  virtual ~DataSketch() = default;
  // Adds a value; answers by about how many bytes the sketch grew. Not for tuple sketches and bitmaps, which are only merged.
  virtual int64_t add(const SketchItem& item) = 0;
  // Adds what another sketch of the kind holds; fails where the bytes are no such sketch.
  virtual Status merge(std::string_view bytes) = 0;
  virtual std::string bytes() = 0;
  // How many distinct values were added; the sketches of values (KLL, t-digest, frequent items) answer 0.
  virtual double estimate() { return 0; }
  // The value below which the share `rank` (0..1) of the values lies, NaN of nothing: KLL and t-digest.
  virtual double quantile(double) { return 0; }
  // The sum of a tuple sketch's values: estimated for all keys, or of the `retained` keys alone.
  struct TupleSum {
    double estimated = 0, retained = 0;
    int64_t retained_keys = 0;
  };
  virtual TupleSum tuple_sum() { return {}; }
};

// `size`: the base-2 logarithm of the nominal entries or registers; k of KLL, the compression of a t-digest. `share`: of the values that a
// theta sketch looks at. Fails when `size` is out of the kind's range.
Result<std::unique_ptr<DataSketch>> make_sketch(SketchKind kind, double size, float share = 1);

// A tuple sketch of one key with a value, as bytes.
Result<std::string> tuple_sketch_of(const SketchItem& key, int32_t value, int log2_entries);

enum class SetOperation : uint8_t { kUnion, kIntersection, kDifference };
// Of theta sketches or tuple sketches, as bytes: all of them together, what all share, or the first without the others.
Result<std::string> combine_sketches(SketchKind kind, SetOperation operation, const std::vector<std::string>& sketches, int log2_entries);

}  // namespace bywash::analytics
