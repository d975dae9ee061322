#include "analytics/segment/column_writer.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace bywash::analytics {
namespace {
// One fetch batch may run past max_rows before the table looks at full().
constexpr int64_t kSlackRows = 1 << 20;
constexpr size_t kNullWords = ColumnWriter::kChunkRows / 64;

template <class T, class Zone>
void write_zone(const std::byte* chunk, size_t first, Zone* zone) {
  const T* values = reinterpret_cast<const T*>(chunk) + first;
  T low = values[0], high = values[0];
  bool nan = false;
  for (int64_t i = 0; i < kBlockRows; ++i) {
    low = values[i] < low ? values[i] : low;
    high = values[i] > high ? values[i] : high;
    nan |= values[i] != values[i];
  }
  zone[0] = nan ? std::numeric_limits<Zone>::quiet_NaN() : static_cast<Zone>(low);  // NaN: neither all in nor all out
  zone[1] = nan ? zone[0] : static_cast<Zone>(high);
}
}  // namespace

ColumnWriter::ColumnWriter(const FieldSpec& field, bool raw_text, int64_t max_rows)
    : field_(&field),
      min_integer_(std::numeric_limits<int64_t>::max()),
      max_integer_(std::numeric_limits<int64_t>::min()),
      min_real_(std::numeric_limits<double>::infinity()),
      max_real_(-std::numeric_limits<double>::infinity()) {
  Stored stored = stored_as(field.type);
  bool text = stored == Stored::kBytes;
  encoding_ = !field.single_value || (text && !raw_text) ? Encoding::kDictionary : Encoding::kRaw;
  if (encoding_ == Encoding::kDictionary) {
    dictionary_ = std::make_unique<GrowingDictionary>(text ? Stored::kBytes : is_integer(field.type) ? Stored::kI64 : Stored::kF64);
  }
  const int entry_bytes = !field.single_value ? sizeof(MultiValue) : encoding_ == Encoding::kDictionary ? sizeof(uint16_t) : text ? sizeof(std::string_view) : stored_width(stored);
  size_t chunk_count = static_cast<size_t>((max_rows + kSlackRows) / kChunkRows + 1);
  if (encoding_ == Encoding::kRaw && !text) {
    const size_t zones = chunk_count * (kChunkRows / kBlockRows) * 2;
    is_integer(field.type) ? integer_zones_.resize(zones) : real_zones_.resize(zones);
    memory_bytes_ += static_cast<int64_t>(zones * sizeof(int64_t));
  }
  forward_ = std::make_unique<Forward>(chunk_count, entry_bytes);
  published_forward_.store(forward_.get(), std::memory_order_relaxed);
  null_chunks_.resize(chunk_count);
}

ColumnWriter::Forward::~Forward() {
  for (std::byte* chunk : chunks) std::free(chunk);
}

ColumnWriter::~ColumnWriter() {
  for (uint64_t* chunk : null_chunks_) std::free(chunk);
}

void ColumnWriter::start_chunk() {
  auto index = static_cast<size_t>(rows_ >> kChunkShift);
  CHECK(index < forward_->chunks.size());
  std::byte*& chunk = forward_->chunks[index];
  if (!chunk) {
    size_t bytes = static_cast<size_t>(kChunkRows) * static_cast<size_t>(forward_->entry_bytes);
    chunk = static_cast<std::byte*>(std::malloc(bytes));
    CHECK(chunk != nullptr);
    memory_bytes_ += static_cast<int64_t>(bytes);
  }
  chunk_ = chunk;
}

void ColumnWriter::put_id(uint32_t id) {
  if (id > UINT16_MAX && forward_->entry_bytes == sizeof(uint16_t)) widen_ids();
  if ((rows_ & (kChunkRows - 1)) == 0) start_chunk();
  const auto at = static_cast<size_t>(rows_++ & (kChunkRows - 1));
  if (forward_->entry_bytes == sizeof(uint16_t)) reinterpret_cast<uint16_t*>(chunk_)[at] = static_cast<uint16_t>(id);
  else reinterpret_cast<uint32_t*>(chunk_)[at] = id;
}

void ColumnWriter::widen_ids() {
  narrow_ = std::move(forward_);
  forward_ = std::make_unique<Forward>(narrow_->chunks.size(), static_cast<int>(sizeof(uint32_t)));
  const int64_t rows = rows_;
  for (rows_ = 0; rows_ < rows;) {
    const auto* from = reinterpret_cast<const uint16_t*>(narrow_->chunks[static_cast<size_t>(rows_ >> kChunkShift)]);
    start_chunk();
    const int64_t n = std::min(kChunkRows, rows - rows_);
    std::copy_n(from, n, reinterpret_cast<uint32_t*>(chunk_));
    rows_ += n;
  }
  published_forward_.store(forward_.get(), std::memory_order_release);
}

void ColumnWriter::append_text(std::string_view value) {
  if (dictionary_) return put_id(dictionary_->id_of(value));
  if ((rows_ & (kChunkRows - 1)) == 0) start_chunk();
  reinterpret_cast<std::string_view*>(chunk_)[rows_++ & (kChunkRows - 1)] = arena_.copy(value);
}

void ColumnWriter::put_multi(std::span<const uint32_t> ids) {
  if ((rows_ & (kChunkRows - 1)) == 0) start_chunk();
  reinterpret_cast<MultiValue*>(chunk_)[rows_++ & (kChunkRows - 1)] = {arena_.copy(ids.data(), ids.size()), static_cast<uint32_t>(ids.size())};
}

void ColumnWriter::append_integers(std::span<const int64_t> values) {
  if (values.empty()) return append_integers(std::span(&field_->default_null.integer, 1));
  ids_scratch_.clear();
  for (int64_t value : values) {
    ids_scratch_.push_back(dictionary_->id_of(value));
    min_integer_ = std::min(min_integer_, value);
    max_integer_ = std::max(max_integer_, value);
  }
  put_multi(ids_scratch_);
}

void ColumnWriter::append_reals(std::span<const double> values) {
  if (values.empty()) return append_reals(std::span(&field_->default_null.real, 1));
  ids_scratch_.clear();
  for (double value : values) {
    ids_scratch_.push_back(dictionary_->id_of(value));
    min_real_ = std::min(min_real_, value);
    max_real_ = std::max(max_real_, value);
    has_nan_ |= value != value;
  }
  put_multi(ids_scratch_);
}

void ColumnWriter::append_texts(std::span<const std::string_view> values) {
  std::string_view fallback = field_->default_null.text;
  if (values.empty()) return append_texts(std::span(&fallback, 1));
  ids_scratch_.clear();
  for (std::string_view value : values) ids_scratch_.push_back(dictionary_->id_of(value));
  put_multi(ids_scratch_);
}

void ColumnWriter::append_null() {
  auto index = static_cast<size_t>(rows_ >> kChunkShift);
  CHECK(index < null_chunks_.size());
  uint64_t* words = null_chunks_[index];
  if (!words) {
    words = static_cast<uint64_t*>(std::calloc(kNullWords, sizeof(uint64_t)));
    CHECK(words != nullptr);
    memory_bytes_ += static_cast<int64_t>(kNullWords * sizeof(uint64_t));
    __atomic_store_n(&null_chunks_[index], words, __ATOMIC_RELEASE);
  }
  auto at = static_cast<size_t>(rows_ & (kChunkRows - 1));
  __atomic_store_n(&words[at >> 6], words[at >> 6] | (uint64_t{1} << (at & 63)), __ATOMIC_RELAXED);
  any_null_.store(true, std::memory_order_relaxed);
  const Scalar& value = field_->default_null;
  if (!field_->single_value) {
    if (is_integer(field_->type)) return append_integers({});
    return is_real(field_->type) ? append_reals({}) : append_texts({});
  }
  switch (stored_as(field_->type)) {
    case Stored::kI32: return append_i32(static_cast<int32_t>(value.integer));
    case Stored::kI64: return append_i64(value.integer);
    case Stored::kF32: return append_f32(static_cast<float>(value.real));
    case Stored::kF64: return append_f64(value.real);
    case Stored::kBytes: return append_text(value.text);
  }
}

void ColumnWriter::rollback(int64_t rows) {
  CHECK(rows <= rows_);
  zone_count_ = std::min(zone_count_, static_cast<size_t>(rows / kBlockRows));
  for (int64_t row = rows; row < rows_; ++row) {
    uint64_t* words = null_chunks_[static_cast<size_t>(row >> kChunkShift)];
    if (!words) continue;
    auto at = static_cast<size_t>(row & (kChunkRows - 1));
    __atomic_store_n(&words[at >> 6], words[at >> 6] & ~(uint64_t{1} << (at & 63)), __ATOMIC_RELAXED);
  }
  rows_ = rows;
  if ((rows_ & (kChunkRows - 1)) != 0) chunk_ = forward_->chunks[static_cast<size_t>(rows_ >> kChunkShift)];
}

// Of blocks that have been filled since the last call: their rows stay.
void ColumnWriter::add_zones() {
  for (; static_cast<int64_t>(zone_count_ + 1) * kBlockRows <= rows_; ++zone_count_) {
    const int64_t row = static_cast<int64_t>(zone_count_) * kBlockRows;
    const std::byte* chunk = forward_->chunks[static_cast<size_t>(row >> kChunkShift)];
    const auto first = static_cast<size_t>(row & (kChunkRows - 1));
    int64_t* integers = integer_zones_.data() + zone_count_ * 2;
    double* reals = real_zones_.data() + zone_count_ * 2;
    switch (stored_as(field_->type)) {
      case Stored::kI32: write_zone<int32_t>(chunk, first, integers); break;
      case Stored::kI64: write_zone<int64_t>(chunk, first, integers); break;
      case Stored::kF32: write_zone<float>(chunk, first, reals); break;
      case Stored::kF64: write_zone<double>(chunk, first, reals); break;
      case Stored::kBytes: return;
    }
  }
  published_zones_.store(zone_count_, std::memory_order_release);
}

void ColumnWriter::publish() {
  if (!integer_zones_.empty() || !real_zones_.empty()) add_zones();
  published_min_integer_.store(min_integer_, std::memory_order_relaxed);
  published_max_integer_.store(max_integer_, std::memory_order_relaxed);
  published_min_real_.store(min_real_, std::memory_order_relaxed);
  published_max_real_.store(max_real_, std::memory_order_relaxed);
  published_range_.store(rows_ > 0 && !has_nan_ && !is_text(field_->type), std::memory_order_relaxed);
  if (dictionary_) dictionary_->publish();
}

ColumnView ColumnWriter::view() const {
  ColumnView out;
  out.field = field_;
  out.encoding = encoding_;
  out.stored = stored_as(field_->type);
  const Forward& forward = *published_forward_.load(std::memory_order_acquire);
  out.width = static_cast<uint8_t>(!field_->single_value ? 4 : out.stored == Stored::kBytes && !dictionary_ ? 0 : forward.entry_bytes);
  if (dictionary_) out.dictionary = dictionary_->view();
  out.has_range = published_range_.load(std::memory_order_relaxed);
  out.min_integer = published_min_integer_.load(std::memory_order_relaxed);
  out.max_integer = published_max_integer_.load(std::memory_order_relaxed);
  out.min_real = published_min_real_.load(std::memory_order_relaxed);
  out.max_real = published_max_real_.load(std::memory_order_relaxed);
  out.zones.count = published_zones_.load(std::memory_order_acquire);
  if (!integer_zones_.empty()) out.zones.integers = integer_zones_.data();
  if (!real_zones_.empty()) out.zones.reals = real_zones_.data();
  out.chunk_shift = kChunkShift;
  out.chunks = forward.chunks.data();
  out.null_chunks = any_null_.load(std::memory_order_relaxed) ? null_chunks_.data() : nullptr;
  return out;
}

}  // namespace bywash::analytics
