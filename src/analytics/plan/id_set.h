// Sets of ids as ID_SET makes them and IN_ID_SET reads them, in Pinot's own bytes: Roaring bitmaps of INT and LONG, Guava's bloom filters of
// other types (org.apache.pinot.core.query.utils.idset 1.5.1). Query line, bind and scan stages; one thread at a time, reading any.
#pragma once

#include "analytics/segment/table_schema.h"
#include "base/status.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct roaring_bitmap_s;

namespace bywash::analytics {

struct IdSetOptions {
  int64_t size_threshold_bytes = 8 << 20;  // larger sets become bloom filters; at 0 or less they are from the start
  int64_t expected_insertions = 5'000'000;
  double fpp = 0.03;
};

class IdSet {
 public:
  IdSet(DataType type, const IdSetOptions& options);
  ~IdSet();
  IdSet(const IdSet&) = delete;
  IdSet& operator=(const IdSet&) = delete;
  // kInvalid: these are not the bytes of a set.
  static Result<std::unique_ptr<IdSet>> parse(std::string_view base64);

  // An id of the set's type; a FLOAT as a double of its value. Answers by about how many bytes the set grew.
  int64_t add(int64_t id);
  int64_t add(double id);
  int64_t add(std::string_view id);
  bool contains(DataType type, int64_t id) const;
  bool contains(DataType type, double id) const;
  bool contains(DataType type, std::string_view id) const;
  // Becomes a bloom filter first when it is larger than the options allow.
  std::string base64();

 private:
  enum class Kind : char { kEmpty, kBitmap, kWideBitmap, kBloom };
  struct FreeBitmap {
    void operator()(roaring_bitmap_s* bitmap) const;
  };
  using Bitmap = std::unique_ptr<roaring_bitmap_s, FreeBitmap>;

  IdSet() = default;
  Status read(std::string_view bytes);
  void start_bloom();
  void put(std::string_view bytes);
  bool may_hold(std::string_view bytes) const;
  std::string bitmap_bytes() const;

  Kind kind_ = Kind::kEmpty;
  DataType type_ = DataType::kInt;
  IdSetOptions options_;
  std::map<uint32_t, Bitmap> bitmaps_;  // by the upper half of the ids; of INT all under 0
  char funnel_ = 0;                     // of a bloom filter: what its ids were
  int hashes_ = 0;
  std::vector<uint64_t> bits_;
};

}  // namespace bywash::analytics
