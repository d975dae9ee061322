#include "analytics/plan/data_sketches.h"

#include <frequent_items_sketch.hpp>
#include <cpc_sketch.hpp>
#include <cpc_union.hpp>
#include <kll_sketch.hpp>
#include <theta_a_not_b.hpp>
#include <theta_intersection.hpp>
#include <theta_sketch.hpp>
#include <theta_union.hpp>
#include <tuple_a_not_b.hpp>
#include <tuple_intersection.hpp>
#include <tuple_sketch.hpp>
#include <tuple_union.hpp>
#include <roaring/roaring.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analytics/plan/log_log_sketches.h"

namespace bywash::analytics {
namespace {

namespace ds = datasketches;

std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

// What the library throws is about the bytes that it was given.
template <class F>
Status guarded(std::string_view what, F f) {
  try {
    f();
    return {};
  } catch (const std::exception& error) {
    return Status::invalid(fmt::format("The bytes are no {} sketch: {}", what, error.what()));
  }
}

// Java hashes whole numbers as long, reals as double, texts as UTF-8; each of these has an overload.
template <class Update>
void with_item(const SketchItem& item, Update update) {
  if (const auto* whole = std::get_if<int64_t>(&item)) update(*whole);
  else if (const auto* small = std::get_if<int32_t>(&item)) update(int64_t{*small});
  else if (const auto* real = std::get_if<float>(&item)) update(double{*real});
  else if (const auto* wide = std::get_if<double>(&item)) update(*wide);
  else update(std::string(std::get<std::string_view>(item)));
}

class ThetaSketch : public DataSketch {
 public:
  ThetaSketch(uint8_t log2_entries, float share) : log2_entries_(log2_entries), share_(share) {}
  int64_t add(const SketchItem& item) override {
    if (!values_) values_.emplace(ds::update_theta_sketch::builder().set_lg_k(log2_entries_).set_p(share_).build());
    const uint32_t before = values_->get_num_retained();
    with_item(item, [&](const auto& value) { values_->update(value); });
    return (int64_t{values_->get_num_retained()} - before) * kEntryBytes;
  }
  Status merge(std::string_view bytes) override {
    return guarded("theta", [&] { united().update(ds::compact_theta_sketch::deserialize(bytes.data(), bytes.size())); });
  }
  // Java marks a sketch of a single value.
  std::string bytes() override {
    std::string out = text_of(result().serialize());
    if (out.size() == kSingleValueBytes && out[0] == 1) out[kFlagsAt] = static_cast<char>(out[kFlagsAt] | kSingleValueFlag);
    return out;
  }
  double estimate() override { return result().get_estimate(); }

 private:
  static constexpr size_t kSingleValueBytes = 16, kFlagsAt = 5;
  static constexpr int kSingleValueFlag = 0x20;
  static constexpr int64_t kEntryBytes = 24;  // of 8, in a table that is two thirds empty at most
  ds::theta_union& united() {
    if (!union_) union_.emplace(ds::theta_union::builder().set_lg_k(log2_entries_).set_p(share_).build());
    return *union_;
  }
  ds::compact_theta_sketch result() {
    if (values_ && !union_) return values_->compact();
    if (values_) union_->update(*values_);
    return united().get_result();
  }
  const uint8_t log2_entries_;
  const float share_;
  std::optional<ds::update_theta_sketch> values_;
  std::optional<ds::theta_union> union_;
};

// IntegerSummary of datasketches-java: a number and how two of them become one.
struct IntegerSummary {
  int32_t value = 0;
  uint8_t mode = 0;
};
struct SummaryBytes {
  static constexpr size_t kSize = 5;
  size_t size_of_item(const IntegerSummary&) const { return kSize; }
  size_t serialize(void* to, size_t capacity, const IntegerSummary* items, unsigned count) const {
    ds::check_memory_size(count * kSize, capacity);
    auto* at = static_cast<uint8_t*>(to);
    for (unsigned i = 0; i < count; ++i, at += kSize) std::memcpy(at, &items[i].value, 4), at[4] = items[i].mode;
    return count * kSize;
  }
  size_t deserialize(const void* from, size_t capacity, IntegerSummary* items, unsigned count) const {
    ds::check_memory_size(count * kSize, capacity);
    const auto* at = static_cast<const uint8_t*>(from);
    for (unsigned i = 0; i < count; ++i, at += kSize) {
      new (&items[i]) IntegerSummary;
      std::memcpy(&items[i].value, at, 4), items[i].mode = at[4];
    }
    return count * kSize;
  }
};
uint8_t mode_of(SketchKind kind) { return kind == SketchKind::kTupleMin ? 1 : kind == SketchKind::kTupleMax ? 2 : 0; }
struct SummaryPolicy {
  uint8_t mode = 0;
  IntegerSummary create() const { return {mode == 1 ? INT32_MAX : mode == 2 ? INT32_MIN : 0, mode}; }
  void update(IntegerSummary& own, int32_t value) const { (*this)(own, {value, mode}); }
  void operator()(IntegerSummary& own, const IntegerSummary& other) const {
    if (mode == 1) own.value = std::min(own.value, other.value);
    else if (mode == 2) own.value = std::max(own.value, other.value);
    else own.value = static_cast<int32_t>(static_cast<uint32_t>(own.value) + static_cast<uint32_t>(other.value));  // wraps, as Java's
    own.mode = mode;
  }
};
using UpdateTuple = ds::update_tuple_sketch<IntegerSummary, int32_t, SummaryPolicy>;
using CompactTuple = ds::compact_tuple_sketch<IntegerSummary>;
using TupleUnion = ds::tuple_union<IntegerSummary, SummaryPolicy>;
using TupleIntersection = ds::tuple_intersection<IntegerSummary, SummaryPolicy>;
std::string tuple_bytes(const CompactTuple& sketch) { return text_of(sketch.serialize(0, SummaryBytes())); }
CompactTuple read_tuple(std::string_view bytes) { return CompactTuple::deserialize(bytes.data(), bytes.size(), ds::DEFAULT_SEED, SummaryBytes()); }

class TupleSketch : public DataSketch {
 public:
  TupleSketch(SketchKind kind, uint8_t log2_entries) : union_(TupleUnion::builder(SummaryPolicy{mode_of(kind)}).set_lg_k(log2_entries).build()) {}
  int64_t add(const SketchItem&) override { return 0; }
  Status merge(std::string_view bytes) override {
    return guarded("tuple", [&] { union_.update(read_tuple(bytes)); });
  }
  std::string bytes() override { return tuple_bytes(union_.get_result()); }
  double estimate() override { return union_.get_result().get_estimate(); }
  TupleSum tuple_sum() override {
    const CompactTuple result = union_.get_result();
    TupleSum out;
    for (const auto& entry : result) out.retained += entry.second.value;
    out.estimated = out.retained / result.get_theta();
    out.retained_keys = result.get_num_retained();
    return out;
  }

 private:
  TupleUnion union_;
};

// Estimates by what was collected, not by the order of arrival, as every union of CPC sketches does; one value alone is no union.
class CpcSketch : public DataSketch {
 public:
  explicit CpcSketch(uint8_t log2_entries) : values_(log2_entries), union_(log2_entries) {}
  int64_t add(const SketchItem& item) override {
    with_item(item, [&](const auto& value) { values_.update(value); });
    ++added_;
    return 2;
  }
  Status merge(std::string_view bytes) override {
    ++added_;
    return guarded("CPC", [&] { union_.update(ds::cpc_sketch::deserialize(bytes.data(), bytes.size())); });
  }
  std::string bytes() override { return text_of((added_ == 1 && !values_.is_empty() ? values_ : result()).serialize()); }
  double estimate() override { return result().get_estimate(); }

 private:
  ds::cpc_sketch result() {
    union_.update(values_);
    return union_.get_result();
  }
  int64_t added_ = 0;
  ds::cpc_sketch values_;
  ds::cpc_union union_;
};

class KllSketch : public DataSketch {
 public:
  explicit KllSketch(uint16_t k) : sketch_(k) {}
  int64_t add(const SketchItem& item) override {
    const uint32_t before = sketch_.get_num_retained();
    sketch_.update(number_of(item));
    return (int64_t{sketch_.get_num_retained()} - before) * 8;
  }
  Status merge(std::string_view bytes) override {
    return guarded("KLL", [&] { sketch_.merge(ds::kll_sketch<double>::deserialize(bytes.data(), bytes.size())); });
  }
  std::string bytes() override { return text_of(sketch_.serialize()); }
  double quantile(double rank) override { return sketch_.is_empty() ? std::nan("") : sketch_.get_quantile(rank); }

 private:
  ds::kll_sketch<double> sketch_;
};

template <class Item>
class FrequentSketch : public DataSketch {
 public:
  explicit FrequentSketch(uint8_t log2_size) : sketch_(log2_size) {}
  int64_t add(const SketchItem& item) override {
    const uint32_t before = sketch_.get_num_active_items();
    if constexpr (std::is_same_v<Item, std::string>) sketch_.update(java_text_of(item));
    else if (const auto* small = std::get_if<int32_t>(&item)) sketch_.update(*small);
    else if (const auto* whole = std::get_if<int64_t>(&item)) sketch_.update(*whole);
    return (int64_t{sketch_.get_num_active_items()} - before) * 64;
  }
  Status merge(std::string_view bytes) override {
    return guarded("frequent items", [&] { sketch_.merge(Sketch::deserialize(bytes.data(), bytes.size())); });
  }
  std::string bytes() override { return text_of(sketch_.serialize()); }

 private:
  using Sketch = ds::frequent_items_sketch<Item, int64_t>;
  Sketch sketch_;
};

class BitmapSketch : public DataSketch {
 public:
  BitmapSketch() : bitmap_(roaring_bitmap_create()) {}
  ~BitmapSketch() override { roaring_bitmap_free(bitmap_); }
  BitmapSketch(const BitmapSketch&) = delete;
  BitmapSketch& operator=(const BitmapSketch&) = delete;
  int64_t add(const SketchItem&) override { return 0; }
  Status merge(std::string_view bytes) override {
    roaring_bitmap_t* other = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
    if (!other) return Status::invalid("The bytes are no roaring bitmap");
    roaring_bitmap_or_inplace(bitmap_, other);
    roaring_bitmap_free(other);
    return {};
  }
  std::string bytes() override {
    std::string out(roaring_bitmap_portable_size_in_bytes(bitmap_), '\0');
    roaring_bitmap_portable_serialize(bitmap_, out.data());
    return out;
  }
  double estimate() override { return static_cast<double>(roaring_bitmap_get_cardinality(bitmap_)); }

 private:
  roaring_bitmap_t* bitmap_;
};

struct SizeRange {
  double least, most;
  std::string_view what;
};
SizeRange sizes_of(SketchKind kind) {
  switch (kind) {
    case SketchKind::kTheta: return {4, 26, "16 to 67108864 nominal entries"};
    case SketchKind::kTupleSum:
    case SketchKind::kTupleMin:
    case SketchKind::kTupleMax: return {4, 26, "16 to 67108864 nominal entries"};
    case SketchKind::kCpc: return {4, 26, "16 to 67108864 nominal entries"};
    case SketchKind::kKll: return {8, 65535, "a k from 8 to 65535"};
    case SketchKind::kFrequentStrings:
    case SketchKind::kFrequentLongs: return {3, 26, "a map size that is a power of two from 8 to 67108864"};
    case SketchKind::kHyperLogLog: return {4, 20, "a log2m from 4 to 20"};
    case SketchKind::kHyperLogLogPlus: return {4, 25, "a p from 4 to 25"};
    case SketchKind::kUltraLogLog: return {3, 26, "a p from 3 to 26"};
    case SketchKind::kTDigest: return {1, 10'000, "a compression from 1 to 10000"};
    case SketchKind::kBitmap: break;
  }
  return {0, 0, "no size"};
}

template <class Union, class Intersection, class Difference, class Sketch, class Read, class Bytes>
Result<std::string> combined(SetOperation operation, const std::vector<std::string>& sketches, Union sum, Intersection shared, Difference difference, Read read, Bytes bytes) {
  std::string out;
  RETURN_IF_ERROR(guarded("theta or tuple", [&] {
    if (operation == SetOperation::kDifference) {
      Sketch left = read(sketches.at(0));
      for (size_t i = 1; i < sketches.size(); ++i) left = difference.compute(left, read(sketches[i]));
      out = bytes(left);
      return;
    }
    for (const std::string& one : sketches) operation == SetOperation::kUnion ? sum.update(read(one)) : shared.update(read(one));
    out = bytes(operation == SetOperation::kUnion ? sum.get_result() : shared.get_result());
  }));
  return out;
}

}  // namespace

Result<std::unique_ptr<DataSketch>> make_sketch(SketchKind kind, double size, float share) {
  const SizeRange range = sizes_of(kind);
  if (!(size >= range.least && size <= range.most) || size != std::floor(size)) return Status::invalid(fmt::format("The sketch takes {}", range.what));
  if (!(share > 0 && share <= 1)) return Status::invalid("A theta sketch takes a sampling probability above 0, up to 1");
  const auto log2_size = static_cast<uint8_t>(size);
  std::unique_ptr<DataSketch> out;
  switch (kind) {
    case SketchKind::kTheta: out = std::make_unique<ThetaSketch>(std::max<uint8_t>(log2_size, ds::theta_constants::MIN_LG_K), share); break;
    case SketchKind::kTupleSum:
    case SketchKind::kTupleMin:
    case SketchKind::kTupleMax: out = std::make_unique<TupleSketch>(kind, std::max<uint8_t>(log2_size, ds::theta_constants::MIN_LG_K)); break;
    case SketchKind::kCpc: out = std::make_unique<CpcSketch>(log2_size); break;
    case SketchKind::kKll: out = std::make_unique<KllSketch>(static_cast<uint16_t>(size)); break;
    case SketchKind::kFrequentStrings: out = std::make_unique<FrequentSketch<std::string>>(log2_size); break;
    case SketchKind::kFrequentLongs: out = std::make_unique<FrequentSketch<int64_t>>(log2_size); break;
    case SketchKind::kBitmap: out = std::make_unique<BitmapSketch>(); break;
    case SketchKind::kHyperLogLog:
    case SketchKind::kHyperLogLogPlus:
    case SketchKind::kUltraLogLog:
    case SketchKind::kTDigest: out = make_log_log_sketch(kind, size); break;
  }
  return out;
}

Result<std::string> tuple_sketch_of(const SketchItem& key, int32_t value, int log2_entries) {
  if (log2_entries < 4 || log2_entries > 26) return Status::invalid("A tuple sketch takes a base-2 logarithm of its entries from 4 to 26");
  const auto size = std::max<uint8_t>(static_cast<uint8_t>(log2_entries), ds::theta_constants::MIN_LG_K);
  auto sketch = UpdateTuple::builder().set_lg_k(size).build();
  with_item(key, [&](const auto& one) { sketch.update(one, value); });
  return tuple_bytes(sketch.compact());
}

Result<std::string> combine_sketches(SketchKind kind, SetOperation operation, const std::vector<std::string>& sketches, int log2_entries) {
  const auto size = std::max<uint8_t>(static_cast<uint8_t>(log2_entries), ds::theta_constants::MIN_LG_K);
  if (kind == SketchKind::kTheta) {
    return combined<ds::theta_union, ds::theta_intersection, ds::theta_a_not_b, ds::compact_theta_sketch>(
        operation, sketches, ds::theta_union::builder().set_lg_k(size).build(), ds::theta_intersection(), ds::theta_a_not_b(),
        [](const std::string& bytes) { return ds::compact_theta_sketch::deserialize(bytes.data(), bytes.size()); },
        [](const ds::compact_theta_sketch& sketch) { return text_of(sketch.serialize()); });
  }
  const SummaryPolicy policy{mode_of(kind)};
  return combined<TupleUnion, TupleIntersection, ds::tuple_a_not_b<IntegerSummary>, CompactTuple>(
      operation, sketches, TupleUnion::builder(policy).set_lg_k(size).build(), TupleIntersection(ds::DEFAULT_SEED, policy), ds::tuple_a_not_b<IntegerSummary>(), read_tuple, tuple_bytes);
}

}  // namespace bywash::analytics
