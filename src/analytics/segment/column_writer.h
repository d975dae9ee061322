// One column of a consuming segment: chunks with stable addresses, a growing dictionary for texts and multi-value columns.
// Table line, append stage: written by the partition's thread alone; readers see what publish() has released.
#pragma once

#include "analytics/segment/growing_dictionary.h"
#include "analytics/segment/segment.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bywash::analytics {

class ColumnWriter {
 public:
  static constexpr int kChunkShift = 16;
  static constexpr int64_t kChunkRows = int64_t{1} << kChunkShift;

  ColumnWriter(const FieldSpec& field, bool raw_text, int64_t max_rows);
  ~ColumnWriter();
  ColumnWriter(const ColumnWriter&) = delete;
  ColumnWriter& operator=(const ColumnWriter&) = delete;

  void append_i32(int32_t value) { put_integer<int32_t>(value); }
  void append_i64(int64_t value) { put_integer<int64_t>(value); }
  void append_f32(float value) { put_real<float>(value); }
  void append_f64(double value) { put_real<double>(value); }
  void append_text(std::string_view value);
  void append_null();
  void append_integers(std::span<const int64_t> values);
  void append_reals(std::span<const double> values);
  void append_texts(std::span<const std::string_view> values);

  int64_t rows() const { return rows_; }
  int64_t memory_bytes() const { return memory_bytes_ + (dictionary_ ? dictionary_->memory_bytes() : 0) + arena_.memory_bytes(); }
  void rollback(int64_t rows);
  // Releases ranges and dictionary size to readers; before the segment releases its row count.
  void publish();
  // The column as of the last publish(). Any thread.
  ColumnView view() const;

 private:
  template <class T>
  void put_integer(T value) {
    if ((rows_ & (kChunkRows - 1)) == 0) start_chunk();
    reinterpret_cast<T*>(chunk_)[rows_++ & (kChunkRows - 1)] = value;
    if (value < min_integer_) min_integer_ = value;
    if (value > max_integer_) max_integer_ = value;
  }
  template <class T>
  void put_real(T value) {
    if ((rows_ & (kChunkRows - 1)) == 0) start_chunk();
    reinterpret_cast<T*>(chunk_)[rows_++ & (kChunkRows - 1)] = value;
    if (value < min_real_) min_real_ = value;
    if (value > max_real_) max_real_ = value;
    has_nan_ |= value != value;
  }
  void put_id(uint32_t id);
  void widen_ids();
  void put_multi(std::span<const uint32_t> ids);
  void start_chunk();
  void add_zones();

  const FieldSpec* field_;
  Encoding encoding_;
  // The forward index: chunks of rows, sized for max_rows at once, so that addresses never move. Ids of a dictionary have two bytes until
  // it has more values than these can tell; then all are written anew, and snapshots keep what they had.
  struct Forward {
    Forward(size_t chunk_count, int bytes) : entry_bytes(bytes), chunks(chunk_count) {}
    ~Forward();
    int entry_bytes;
    std::vector<std::byte*> chunks;
  };
  int64_t rows_ = 0;
  std::byte* chunk_ = nullptr;           // the chunk of the next row, once started
  std::unique_ptr<Forward> forward_, narrow_;
  std::atomic<const Forward*> published_forward_{nullptr};
  std::vector<uint64_t*> null_chunks_;   // likewise; entries appear with the chunk's first null (atomic store)
  std::atomic<bool> any_null_{false};
  std::unique_ptr<GrowingDictionary> dictionary_;
  Arena arena_;                          // raw texts, and ids of multi-value rows
  std::vector<uint32_t> ids_scratch_;
  int64_t memory_bytes_ = 0;
  bool has_nan_ = false;
  std::vector<int64_t> integer_zones_;   // of raw numbers, as ZoneView has them: sized for max_rows, written up to zone_count_
  std::vector<double> real_zones_;
  size_t zone_count_ = 0;
  std::atomic<size_t> published_zones_{0};
  int64_t min_integer_, max_integer_;
  double min_real_, max_real_;
  std::atomic<int64_t> published_min_integer_, published_max_integer_;
  std::atomic<double> published_min_real_, published_max_real_;
  std::atomic<bool> published_range_{false};
};

}  // namespace bywash::analytics
