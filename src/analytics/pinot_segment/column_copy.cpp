// See column_copy.h.
#include "analytics/pinot_segment/column_copy.h"

#include <roaring/roaring.h>

#include <algorithm>

#include "analytics/pinot_segment/big_endian.h"
#include "analytics/pinot_segment/chunk_codec.h"
#include "columnar/decimal.h"

namespace bywash::analytics {
namespace {

// Values of fixed bit width, the highest bit first.
class PackedBits {
 public:
  PackedBits(std::string_view bytes, uint32_t width) : bytes_(bytes), width_(width) {}
  bool holds(uint64_t count) const { return width_ > 0 && width_ <= 32 && count <= bytes_.size() * 8 / width_; }
  uint32_t at(uint64_t i) const {
    uint64_t out = 0;
    const uint64_t first = i * width_, last = first + width_;
    for (uint64_t byte = first / 8; byte * 8 < last; ++byte) out = out << 8 | static_cast<unsigned char>(bytes_[byte]);
    return static_cast<uint32_t>(out >> ((8 - last % 8) % 8) & ((uint64_t{1} << width_) - 1));
  }

 private:
  std::string_view bytes_;
  uint32_t width_;
};

uint32_t bits_for(uint64_t largest) { return largest == 0 ? 1 : static_cast<uint32_t>(std::bit_width(largest)); }

class ColumnCopy {
 public:
  ColumnCopy(const PinotColumn& column, int64_t rows, size_t field, MutableSegment& to)
      : column_(column), rows_(static_cast<uint64_t>(rows)), field_(field), to_(to), stored_(stored_as(column.type)), width_(static_cast<uint64_t>(stored_width(stored_))) {}

  Status run() {
    if (rows_ == 0) return {};
    RETURN_IF_ERROR(read_nulls());
    if (column_.dictionary) {
      RETURN_IF_ERROR(read_dictionary());
      RETURN_IF_ERROR(!column_.single_value ? id_arrays() : column_.sorted ? sorted_ids() : single_ids());
    } else {
      RETURN_IF_ERROR(raw());
    }
    return done_ == rows_ ? Status() : damaged(fmt::format("it has {} values for {} rows", done_, rows_));
  }

 private:
  Status damaged(std::string_view why) const { return Status::invalid(fmt::format("column {} is damaged: {}", column_.name, why)); }

  // ---- nulls and the dictionary

  Status read_nulls() {
    if (column_.null_bytes.empty()) return {};
    const size_t size = roaring_bitmap_portable_deserialize_size(column_.null_bytes.data(), column_.null_bytes.size());
    roaring_bitmap_t* bitmap = size == 0 || size > column_.null_bytes.size() ? nullptr : roaring_bitmap_portable_deserialize_safe(column_.null_bytes.data(), size);
    if (!bitmap) return damaged("its null vector cannot be read");
    nulls_.assign(rows_, 0);
    roaring_uint32_iterator_t rows;
    roaring_init_iterator(bitmap, &rows);
    for (; rows.has_value; roaring_advance_uint32_iterator(&rows)) {
      if (rows.current_value < rows_) nulls_[rows.current_value] = 1;
    }
    roaring_bitmap_free(bitmap);
    return {};
  }

  Status read_dictionary() {
    const auto count = static_cast<uint64_t>(column_.cardinality);
    BigEndian in(column_.dictionary_bytes);
    if (stored_ != Stored::kBytes) {
      if (in.size() / width_ < count) return damaged("its dictionary is shorter than its cardinality");
      for (uint64_t i = 0; i < count; ++i) keep(in, i * width_);
      return {};
    }
    const bool variable = in.size() >= 20 && in.part(0, 4) == ".vl;" && in.u32(4) == 1;
    const uint64_t width = static_cast<uint64_t>(column_.bytes_per_value);
    if (variable ? in.u32(8) < count : in.size() < count * width) return damaged("its dictionary is shorter than its cardinality");
    if (variable && count > in.size() / 4) return damaged("its dictionary is cut off");
    const uint64_t places = variable ? in.u32(12) : 0;
    for (uint64_t i = 0; i < count; ++i) {
      std::string_view text;
      if (variable) {
        const uint64_t begin = in.u32(places + 4 * i), end = in.u32(places + 4 * i + 4);
        text = end < begin ? std::string_view() : in.part(begin, end - begin);
      } else {
        text = in.part(i * width, width);
        if (column_.type == DataType::kString || column_.type == DataType::kJson) text = text.substr(0, text.find('\0'));  // padded
      }
      if (!in.ok()) return damaged("its dictionary is cut off");
      RETURN_IF_ERROR(keep_text(text));
    }
    return {};
  }

  void keep(BigEndian& in, uint64_t at) {
    if (stored_ == Stored::kI32) integers_.push_back(in.i32(at));
    else if (stored_ == Stored::kI64) integers_.push_back(in.i64(at));
    else reals_.push_back(stored_ == Stored::kF32 ? static_cast<double>(in.f32(at)) : in.f64(at));
  }
  Status keep_text(std::string_view text) {
    ASSIGN_OR_RETURN(texts_.emplace_back(), as_text(text));
    return {};
  }
  // A stored value as our columns hold it: decimals as texts.
  Result<std::string> as_text(std::string_view bytes) const {
    if (column_.type != DataType::kBigDecimal) return std::string(bytes);
    if (bytes.size() < 3 || bytes.size() > 4096) return damaged("a BIG_DECIMAL has no or too many digits");
    const auto scale = static_cast<int16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
    return columnar::to_plain_string({std::string(bytes.substr(2)), scale});
  }

  // ---- rows

  bool null_row() {
    const bool null = !nulls_.empty() && nulls_[done_];
    if (null) to_.append_null(field_), ++done_;
    return null;
  }

  Status put_id(uint32_t id) {
    if (done_ >= rows_ || id >= static_cast<uint64_t>(column_.cardinality)) return damaged("a value is not in its dictionary");
    if (null_row()) return {};
    ++done_;
    switch (stored_) {
      case Stored::kI32: to_.append_int(field_, static_cast<int32_t>(integers_[id])); break;
      case Stored::kI64: to_.append_long(field_, integers_[id]); break;
      case Stored::kF32: to_.append_float(field_, static_cast<float>(reals_[id])); break;
      case Stored::kF64: to_.append_double(field_, reals_[id]); break;
      case Stored::kBytes: to_.append_text(field_, texts_[id]); break;
    }
    return {};
  }

  Status put_ids(const PackedBits& ids, uint64_t begin, uint64_t end) {
    if (done_ >= rows_ || end < begin) return damaged("its arrays do not fit its rows");
    if (null_row()) return {};
    ++done_;
    some_integers_.clear(), some_reals_.clear(), some_texts_.clear();
    for (uint64_t i = begin; i < end; ++i) {
      const uint32_t id = ids.at(i);
      if (id >= static_cast<uint64_t>(column_.cardinality)) return damaged("a value is not in its dictionary");
      if (is_integer(column_.type)) some_integers_.push_back(integers_[id]);
      else if (is_real(column_.type)) some_reals_.push_back(reals_[id]);
      else some_texts_.push_back(texts_[id]);
    }
    append_array();
    return {};
  }

  void append_array() {
    if (is_integer(column_.type)) to_.append_integers(field_, some_integers_);
    else if (is_real(column_.type)) to_.append_reals(field_, some_reals_);
    else to_.append_texts(field_, some_texts_);
  }

  // ---- ids

  // For each id the first and the last row.
  Status sorted_ids() {
    BigEndian in(column_.forward_bytes);
    if (in.size() / 8 < static_cast<uint64_t>(column_.cardinality)) return damaged("its sorted index is cut off");
    for (uint32_t id = 0; id < static_cast<uint64_t>(column_.cardinality); ++id) {
      const uint64_t first = in.u32(8 * uint64_t{id}), last = in.u32(8 * uint64_t{id} + 4);
      if (first != done_ || last < first || last >= rows_) return damaged("its sorted index does not cover its rows in order");
      while (done_ <= last) RETURN_IF_ERROR(put_id(id));
    }
    return {};
  }

  Status single_ids() {
    const PackedBits ids(column_.forward_bytes, static_cast<uint32_t>(column_.bits_per_value));
    if (!ids.holds(rows_)) return damaged("its forward index is cut off");
    for (uint64_t row = 0; row < rows_; ++row) RETURN_IF_ERROR(put_id(ids.at(row)));
    return {};
  }

  Status id_arrays() {
    constexpr uint32_t kEntryDictionary = 0xffabcdef;
    if (BigEndian(column_.forward_bytes).u32(0) == kEntryDictionary) return arrays_in_dictionary();
    // Places of some rows, which are not needed here; a bit at the first value of each row; the ids.
    const auto count = static_cast<uint64_t>(column_.value_count);
    if (count < rows_) return damaged("it has fewer values than rows");
    const uint64_t rows_per_chunk = (2048 + count / rows_ - 1) / (count / rows_), chunks = (rows_ + rows_per_chunk - 1) / rows_per_chunk;
    BigEndian in(column_.forward_bytes);
    const std::string_view starts_bytes = in.part(4 * chunks, (count + 7) / 8), id_bytes = in.part(4 * chunks + (count + 7) / 8, in.size() - std::min(in.size(), 4 * chunks + (count + 7) / 8));
    const PackedBits starts(starts_bytes, 1), ids(id_bytes, static_cast<uint32_t>(column_.bits_per_value));
    if (!in.ok() || !ids.holds(count) || !starts.holds(count)) return damaged("its forward index is cut off");
    uint64_t begin = 0;
    for (uint64_t i = 1; i <= count; ++i) {
      if (i < count && !starts.at(i)) continue;
      RETURN_IF_ERROR(put_ids(ids, begin, i));
      begin = i;
    }
    return {};
  }

  // Equal arrays stand once: an id of each row's array, places of the arrays, their values.
  Status arrays_in_dictionary() {
    BigEndian in(column_.forward_bytes);
    const uint64_t arrays = in.u32(8), count = in.u32(12), places_at = in.u32(16), values_at = in.u32(20);
    if (in.u16(4) != 1 || !in.ok() || places_at < 24 || values_at < places_at || values_at > in.size()) return damaged("the header of its forward index is wrong");
    const PackedBits row_ids(in.part(24, places_at - 24), in.u8(7)), places(in.part(places_at, values_at - places_at), bits_for(count)),
        values(in.part(values_at, in.size() - values_at), static_cast<uint32_t>(column_.bits_per_value));
    if (!in.ok() || !row_ids.holds(rows_) || !places.holds(arrays + 1) || !values.holds(count)) return damaged("its forward index is cut off");
    for (uint64_t row = 0; row < rows_; ++row) {
      const uint64_t id = row_ids.at(row);
      if (id >= arrays) return damaged("an array is not in its dictionary");
      const uint64_t begin = places.at(id), end = places.at(id + 1);
      if (end > count || begin > end) return damaged("an array ends behind its values");
      RETURN_IF_ERROR(put_ids(values, begin, end));
    }
    return {};
  }

  // ---- values without a dictionary

  Status raw() {
    BigEndian in(column_.forward_bytes);
    const int32_t version = in.i32(0);
    const bool fixed = column_.single_value && stored_ != Stored::kBytes;
    if (version < 1 || version > 6) return damaged(fmt::format("its forward index has version {}, which is not known", version));
    if (fixed || version < 4) return chunks_of_rows(in, version, fixed);
    return chunks_of_bytes(in, version);
  }

  // Versions 1 to 3, and 4 of numbers: chunks of so many rows each.
  Status chunks_of_rows(BigEndian& in, int32_t version, bool fixed) {
    const uint64_t chunks = in.u32(4), rows_per_chunk = in.u32(8), longest = in.u32(12);
    ChunkCodec codec = ChunkCodec::kSnappy;
    uint64_t places = 16;
    if (version > 1) {
      ASSIGN_OR_RETURN(codec, codec_of(in.i32(20)));
      places = in.u32(24);
    }
    const uint64_t place_width = version <= 2 ? 4 : 8;
    if (!in.ok() || rows_per_chunk == 0 || rows_per_chunk > INT32_MAX || chunks > in.size() / place_width || chunks * rows_per_chunk < rows_ || (chunks > 0 && (chunks - 1) * rows_per_chunk >= rows_)) {
      return damaged("the header of its forward index is wrong");
    }
    for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
      auto place = [&](uint64_t i) { return place_width == 4 ? uint64_t{in.u32(places + 4 * i)} : in.u64(places + 8 * i); };
      const uint64_t begin = place(chunk), end = chunk + 1 < chunks ? place(chunk + 1) : in.size();
      const std::string_view packed = end < begin ? std::string_view() : in.part(begin, end - begin);
      if (!in.ok() || end < begin) return damaged("its forward index is cut off");
      const uint64_t count = std::min(rows_per_chunk, rows_ - done_);
      ASSIGN_OR_RETURN(const std::string bytes, unpacked(codec, packed, rows_per_chunk * (fixed ? width_ : 4 + longest)));
      RETURN_IF_ERROR(fixed ? fixed_rows(bytes, count) : placed_rows(bytes, rows_per_chunk, count));
    }
    return {};
  }

  Result<ChunkCodec> codec_of(int32_t number) const {
    Result<ChunkCodec> out = chunk_codec_of(number);
    return out.ok() ? std::move(out) : Result<ChunkCodec>(out.status().with_context("column " + column_.name));
  }
  Result<std::string> unpacked(ChunkCodec codec, std::string_view packed, uint64_t size_max) const {
    Result<std::string> out = unpack_chunk(codec, packed, size_max);
    return out.ok() ? std::move(out) : Result<std::string>(out.status().with_context("column " + column_.name));
  }

  Status fixed_rows(std::string_view bytes, uint64_t count) {
    BigEndian in(bytes);
    if (in.size() / width_ < count) return damaged("a chunk has fewer values than rows");
    for (uint64_t i = 0; i < count; ++i) {
      if (null_row()) continue;
      ++done_;
      switch (stored_) {
        case Stored::kI32: to_.append_int(field_, in.i32(4 * i)); break;
        case Stored::kI64: to_.append_long(field_, in.i64(8 * i)); break;
        case Stored::kF32: to_.append_float(field_, in.f32(4 * i)); break;
        default: to_.append_double(field_, in.f64(8 * i)); break;
      }
    }
    return {};
  }

  // Places of all rows of the chunk, then the values; a place of 0 stands behind the last row.
  Status placed_rows(std::string_view bytes, uint64_t rows_per_chunk, uint64_t count) {
    BigEndian in(bytes);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t begin = in.u32(4 * i), next = i + 1 < rows_per_chunk ? in.u32(4 * i + 4) : 0, end = next == 0 ? in.size() : next;
      const std::string_view value = end < begin ? std::string_view() : in.part(begin, end - begin);
      if (!in.ok() || end < begin) return damaged("a chunk is cut off");
      RETURN_IF_ERROR(put_value(value, true));
    }
    return {};
  }

  // Versions 4 to 6: chunks of about so many bytes, little-endian; a value that is too large for one has a chunk of its own.
  Status chunks_of_bytes(BigEndian& in, int32_t version) {
    constexpr uint32_t kAlone = 0x80000000;
    ASSIGN_OR_RETURN(const ChunkCodec codec, codec_of(in.i32(8)));
    const uint64_t chunk_bytes = in.u32(4), begin = in.u32(12);
    if (!in.ok() || begin < 16 || begin > in.size()) return damaged("the header of its forward index is wrong");
    const uint64_t chunks = (begin - 16) / 8;
    for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
      const uint32_t first = in.little_u32(16 + 8 * chunk);
      const uint64_t from = begin + in.little_u32(20 + 8 * chunk), to = chunk + 1 < chunks ? begin + in.little_u32(28 + 8 * chunk) : in.size();
      const std::string_view packed = to < from ? std::string_view() : in.part(from, to - from);
      if (!in.ok() || to < from || (first & ~kAlone) != done_) return damaged("its forward index is cut off");
      ASSIGN_OR_RETURN(const std::string bytes, unpacked(codec, packed, first & kAlone ? 0 : chunk_bytes));
      if (first & kAlone) RETURN_IF_ERROR(put_value(bytes, version == 4));
      else RETURN_IF_ERROR(counted_rows(bytes, version, codec));
    }
    return {};
  }

  // How many rows, their places (their sizes in version 6, where it is compressed), their values.
  Status counted_rows(std::string_view bytes, int32_t version, ChunkCodec codec) {
    BigEndian in(bytes);
    const uint64_t count = in.little_u32(0);
    if (count > in.size() / 4) return damaged("a chunk is cut off");
    const bool sizes = version == 6 && codec != ChunkCodec::kPassThrough;
    uint64_t at = 4 * (count + 1);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t number = in.little_u32(4 * (i + 1)), begin = sizes ? at : number;
      const uint64_t end = sizes ? at + number : i + 1 < count ? in.little_u32(4 * (i + 2)) : in.size();
      const std::string_view value = end < begin ? std::string_view() : in.part(begin, end - begin);
      if (!in.ok() || end < begin) return damaged("a chunk is cut off");
      at = end;
      RETURN_IF_ERROR(put_value(value, version == 4));
    }
    return {};
  }

  // A text, or an array: of numbers how many there are (`counted`), then they; of texts how many, their sizes, they.
  Status put_value(std::string_view value, bool counted) {
    if (done_ >= rows_) return damaged("it has more values than rows");
    if (null_row()) return {};
    ++done_;
    if (column_.single_value) {
      ASSIGN_OR_RETURN(const std::string text, as_text(value));
      to_.append_text(field_, text);
      return {};
    }
    some_integers_.clear(), some_reals_.clear(), some_texts_.clear();
    BigEndian in(value);
    const bool texts = stored_ == Stored::kBytes;
    const uint64_t count = texts || counted ? in.u32(0) : in.size() / width_;
    if (count > in.size() / (texts ? 4 : width_)) return damaged("an array is cut off");
    uint64_t at = texts ? 4 * (count + 1) : counted ? 4 : 0;
    for (uint64_t i = 0; i < count; ++i) {
      if (texts) {
        const uint64_t size = in.u32(4 * (i + 1));
        some_texts_.push_back(in.part(at, size));
        at += size;
        continue;
      }
      if (stored_ == Stored::kI32) some_integers_.push_back(in.i32(at));
      else if (stored_ == Stored::kI64) some_integers_.push_back(in.i64(at));
      else some_reals_.push_back(stored_ == Stored::kF32 ? static_cast<double>(in.f32(at)) : in.f64(at));
      at += width_;
    }
    if (!in.ok()) return damaged("an array is cut off");
    append_array();
    return {};
  }

  const PinotColumn& column_;
  const uint64_t rows_;
  const size_t field_;
  MutableSegment& to_;
  const Stored stored_;
  const uint64_t width_;
  uint64_t done_ = 0;                 // rows that have been appended
  std::vector<uint8_t> nulls_;        // empty: none
  std::vector<int64_t> integers_, some_integers_;  // of the dictionary; of one array
  std::vector<double> reals_, some_reals_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> some_texts_;
};

}  // namespace

Status copy_column(const PinotColumn& column, int64_t rows, size_t field, MutableSegment& to) { return ColumnCopy(column, rows, field, to).run(); }

}  // namespace bywash::analytics
