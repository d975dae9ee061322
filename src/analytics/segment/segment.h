// What queries read: an immutable view of one segment, consuming (a snapshot of its first rows() rows) or sealed (a mapped file).
// Query line, scan stage. Plain data and inline accessors: nothing virtual, nothing per record. Any thread.
#pragma once

#include "analytics/index/bloom.h"
#include "analytics/index/document_index.h"
#include "analytics/segment/table_schema.h"
#include "base/check.h"
#include "base/ids.h"

#include <bit>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// Kernels work on blocks of this many rows; a block never straddles two chunks.
constexpr int64_t kBlockRows = 4096;

enum class Encoding : uint8_t { kRaw, kDictionary };

// The distinct values of a column. Sealed: flat, in value order. Consuming: in order of arrival, in chunks that double in size.
// Integers are int64 whatever the column's width, reals are double.
struct DictionaryView {
  static constexpr uint32_t kFirstChunk = 1024;
  Stored kind = Stored::kBytes;  // kI64, kF64 or kBytes
  uint32_t cardinality = 0;
  bool sorted = false;
  const void* flat = nullptr;               // sealed: int64_t[] or double[]; for bytes the bytes
  const uint32_t* flat_offsets = nullptr;   // sealed bytes: cardinality + 1 of them
  const void* const* chunks = nullptr;      // consuming: int64_t[], double[] or std::string_view[]

  int64_t integer(uint32_t id) const { return flat ? static_cast<const int64_t*>(flat)[id] : chunked<int64_t>(id); }
  double real(uint32_t id) const { return flat ? static_cast<const double*>(flat)[id] : chunked<double>(id); }
  std::string_view text(uint32_t id) const {
    if (!flat_offsets) return chunked<std::string_view>(id);
    return {static_cast<const char*>(flat) + flat_offsets[id], flat_offsets[id + 1] - flat_offsets[id]};
  }
  template <class T>
  const T& chunked(uint32_t id) const {
    uint32_t k = std::bit_width(id / kFirstChunk + 1) - 1;
    return static_cast<const T*>(chunks[k])[id - kFirstChunk * ((1u << k) - 1)];
  }
};

// Postings of an inverted index: for each dictionary id the rows that hold it. Short lists are plain, long ones Roaring (portable format).
struct InvertedView {
  const uint64_t* offsets = nullptr;  // cardinality + 1, into `bytes`
  const char* bytes = nullptr;
  explicit operator bool() const { return offsets != nullptr; }
};

// Smallest and largest value of each block of kBlockRows rows, for raw numeric columns; of consuming segments of blocks that are full.
struct ZoneView {
  const int64_t* integers = nullptr;  // min, max, min, max, ...
  const double* reals = nullptr;
  size_t count = 0;        // of blocks that have them, from the first on
  bool ascending = false;  // sealed: neither end ever decreases from block to block
};

// One array value of a multi-value column: dictionary ids.
struct MultiValue {
  const uint32_t* ids = nullptr;
  uint32_t count = 0;
};

struct ColumnView {
  const FieldSpec* field = nullptr;
  Encoding encoding = Encoding::kRaw;
  Stored stored = Stored::kBytes;
  uint8_t width = 0;         // bytes per entry of the forward index: 1, 2, 4 for dictionary ids; 4, 8 for raw numbers, or fewer: see packed()
  bool sorted_rows = false;  // sealed: values never decrease from row to row
  DictionaryView dictionary;
  InvertedView inverted;
  BloomView bloom;                     // of raw columns of sealed segments, where configured
  const uint32_t* by_value = nullptr;  // range index of a raw column: all rows, in order of their values
  DocumentIndexView json_index, text_index;  // of sealed segments, where configured
  std::span<const uint32_t> partitions;      // those that its values belong to, ascending; empty: not known
  std::string_view partition_settings;       // of the function that tells them
  ZoneView zones;
  // Min and max over all rows (a consuming segment's may be wider than the snapshot: safe for pruning). Texts: use the dictionary.
  bool has_range = false;
  int64_t min_integer = 0, max_integer = 0;
  double min_real = 0, max_real = 0;

  int chunk_shift = 62;                          // rows per chunk = 1 << chunk_shift
  const std::byte* const* chunks = nullptr;      // single-value forward index
  const uint64_t* raw_offsets = nullptr;         // sealed raw texts: rows + 1 offsets into chunks[0]
  const uint32_t* multi_offsets = nullptr;       // sealed multi-value: rows + 1 offsets into the uint32 ids at chunks[0]
  const uint64_t* const* null_chunks = nullptr;  // bit set = null; a missing chunk has none. nullptr: no nulls at all

  const std::byte* chunk_of(int64_t row) const { return chunks[row >> chunk_shift]; }
  // The entries from `row` on; valid up to the end of the block that holds it.
  template <class T>
  const T* block(int64_t row) const {
    return reinterpret_cast<const T*>(chunk_of(row)) + (row & ((int64_t{1} << chunk_shift) - 1));
  }
  // Raw whole numbers of sealed segments that lie close together: unsigned, as what they are above min_integer.
  bool packed() const { return encoding == Encoding::kRaw && width < stored_width(stored); }
  // Calls `f` with raw whole numbers from `row` on, typed as they lie, and what is to be added to each.
  template <class F>
  auto with_integers(int64_t row, F f) const {
    if (packed()) {
      if (width == 1) return f(block<uint8_t>(row), min_integer);
      if (width == 2) return f(block<uint16_t>(row), min_integer);
      return f(block<uint32_t>(row), min_integer);
    }
    return width == 4 ? f(block<int32_t>(row), int64_t{0}) : f(block<int64_t>(row), int64_t{0});
  }
  // A raw whole number.
  int64_t integer(int64_t row) const {
    return with_integers(row, [](const auto* at, int64_t base) { return base + static_cast<int64_t>(*at); });
  }
  uint32_t dictionary_id(int64_t row) const {
    return width == 1 ? *block<uint8_t>(row) : width == 2 ? *block<uint16_t>(row) : *block<uint32_t>(row);
  }
  std::string_view raw_text(int64_t row) const {  // Encoding::kRaw, Stored::kBytes
    if (!raw_offsets) return *block<std::string_view>(row);
    return {reinterpret_cast<const char*>(chunks[0]) + raw_offsets[row], raw_offsets[row + 1] - raw_offsets[row]};
  }
  MultiValue multi(int64_t row) const {  // multi-value columns, always dictionary-encoded
    if (!multi_offsets) return *block<MultiValue>(row);
    return {reinterpret_cast<const uint32_t*>(chunks[0]) + multi_offsets[row], multi_offsets[row + 1] - multi_offsets[row]};
  }
  bool is_null(int64_t row) const {
    if (!null_chunks) return false;
    const uint64_t* words = __atomic_load_n(&null_chunks[row >> chunk_shift], __ATOMIC_ACQUIRE);
    int64_t at = row & ((int64_t{1} << chunk_shift) - 1);
    return words && ((__atomic_load_n(&words[at >> 6], __ATOMIC_RELAXED) >> (at & 63)) & 1);
  }
};

struct SegmentMeta {
  std::string name;
  std::string path;              // of the file; empty while consuming
  int64_t rows = 0;
  OffsetRange offsets;           // [first, end) of the partition's records that it covers
  int64_t start_time = 0;        // smallest and largest value of the time column, in its own unit; 0 and -1 when unknown
  int64_t end_time = -1;
  int64_t creation_ms = 0;
  int64_t bytes = 0;             // of the file, or memory held while consuming
  bool consuming = false;
  std::string built_with;        // the index settings that the file was made with (see index_settings()); empty: not known
  std::vector<std::string> damaged;  // indexes of the file that were left out because they are damaged
};

struct StarTree;

// Shared and immutable. Columns stand in the order of schema()->fields.
class Segment {
 public:
  Segment(SegmentMeta meta, std::shared_ptr<const TableSchema> schema, std::vector<ColumnView> columns, std::shared_ptr<const void> storage,
          std::vector<std::shared_ptr<const StarTree>> star_trees = {})
      : meta_(std::move(meta)), schema_(std::move(schema)), columns_(std::move(columns)), star_trees_(std::move(star_trees)), storage_(std::move(storage)) {
    CHECK(columns_.size() == schema_->fields.size());
  }
  const SegmentMeta& meta() const { return meta_; }
  const std::string& name() const { return meta_.name; }
  int64_t rows() const { return meta_.rows; }
  const std::shared_ptr<const TableSchema>& schema() const { return schema_; }
  const ColumnView& column(size_t field) const { return columns_[field]; }
  size_t column_count() const { return columns_.size(); }
  const std::vector<std::shared_ptr<const StarTree>>& star_trees() const { return star_trees_; }

 private:
  SegmentMeta meta_;
  std::shared_ptr<const TableSchema> schema_;
  std::vector<ColumnView> columns_;
  std::vector<std::shared_ptr<const StarTree>> star_trees_;
  std::shared_ptr<const void> storage_;  // keeps the mapped file or the consuming segment's memory alive
};

}  // namespace bywash::analytics
