#include "analytics/segment/column_builder.h"

#include "analytics/index/bloom.h"
#include "analytics/index/postings.h"
#include "analytics/segment/growing_dictionary.h"
#include "analytics/segment/hash.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bywash::analytics {
namespace {

using file_format::BlockKind;

// A numeric dimension gets a dictionary when it has at most this many values: two bytes per row and dense grouping.
constexpr size_t kSmallDictionary = 65536;

// Values by total order: -0.0 before 0.0, NaN last (java.lang.Double.compare).
bool real_before(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  if (a == b) return std::signbit(a) && !std::signbit(b);
  return a < b;
}
uint64_t key_of(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t key_of(double value) { return std::bit_cast<uint64_t>(value); }

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Distinct values with ids in order of arrival, given up past a limit.
template <class T>
class Distinct {
 public:
  Distinct() : slots_(1024) {}
  bool encode(const std::vector<T>& values, size_t limit, std::vector<uint32_t>* ids) {
    ids->resize(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      size_t at = hash_word(key_of(values[i]), 0) & (slots_.size() - 1);
      while (slots_[at] && key_of(distinct[slots_[at] - 1]) != key_of(values[i])) at = (at + 1) & (slots_.size() - 1);
      if (!slots_[at]) {
        if (distinct.size() == limit) return false;
        distinct.push_back(values[i]);
        slots_[at] = static_cast<uint32_t>(distinct.size());
        (*ids)[i] = slots_[at] - 1;
        if (distinct.size() * 2 > slots_.size()) grow();
      } else {
        (*ids)[i] = slots_[at] - 1;
      }
    }
    return true;
  }
  std::vector<T> distinct;

 private:
  void grow() {
    std::vector<uint32_t>(slots_.size() * 2).swap(slots_);
    for (size_t id = 0; id < distinct.size(); ++id) {
      size_t at = hash_word(key_of(distinct[id]), 0) & (slots_.size() - 1);
      while (slots_[at]) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<uint32_t>(id + 1);
    }
  }
  std::vector<uint32_t> slots_;
};

class Builder {
 public:
  Builder(const ColumnView& source, int64_t rows, const BuildOptions& options) : source_(source), rows_(rows), options_(options) {
    out_.column.name = source.field->name;
    out_.column.type = source.field->type;
    out_.column.single_value = source.field->single_value;
  }

  BuiltColumn run() {
    nulls();
    if (!source_.field->single_value) {
      multi();
    } else if (source_.stored == Stored::kBytes) {
      bool was_raw = source_.encoding == Encoding::kRaw;
      options_.inverted || options_.dictionary || !(options_.raw || was_raw) ? texts() : raw_texts();
    } else if (is_integer(source_.field->type)) {
      source_.stored == Stored::kI32 ? numbers<int32_t, int64_t>() : numbers<int64_t, int64_t>();
    } else {
      source_.stored == Stored::kF32 ? numbers<float, double>() : numbers<double, double>();
    }
    if (options_.documents && source_.field->single_value) documents();
    return std::move(out_);
  }

 private:
  int64_t old_row(int64_t row) const { return options_.order ? (*options_.order)[static_cast<size_t>(row)] : row; }
  void add(BlockKind kind, std::string bytes) { out_.blocks.push_back({kind, std::move(bytes)}); }

  void nulls() {
    if (!source_.null_chunks) return;
    std::vector<uint64_t> words(static_cast<size_t>((rows_ + 63) / 64));
    bool any = false;
    for (int64_t i = 0; i < rows_; ++i) {
      if (!source_.is_null(old_row(i))) continue;
      words[static_cast<size_t>(i >> 6)] |= uint64_t{1} << (i & 63);
      any = true;
    }
    if (any) add(BlockKind::kNulls, bytes_of(words));
  }

  void range_of(const std::vector<int64_t>& values) {
    if (values.empty()) return;
    auto [low, high] = std::minmax_element(values.begin(), values.end());
    out_.column.has_range = true;
    out_.column.min_integer = *low;
    out_.column.max_integer = *high;
  }
  void range_of(const std::vector<double>& values) {
    if (values.empty()) return;
    double low = values[0], high = values[0];
    for (double value : values) {
      if (std::isnan(value)) return;  // no range: a NaN fits none
      low = std::min(low, value);
      high = std::max(high, value);
    }
    out_.column.has_range = true;
    out_.column.min_real = low;
    out_.column.max_real = high;
  }

  template <class T, class Wide>
  Wide number_at(int64_t row) const {
    if constexpr (std::is_same_v<Wide, int64_t>) {
      return source_.encoding == Encoding::kRaw ? source_.integer(row) : source_.dictionary.integer(source_.dictionary_id(row));
    } else {
      return source_.encoding == Encoding::kRaw ? Wide{*source_.block<T>(row)} : source_.dictionary.real(source_.dictionary_id(row));
    }
  }

  // Single-value numbers: T as stored, Wide as dictionaries hold them.
  template <class T, class Wide>
  void numbers() {
    std::vector<Wide> values(static_cast<size_t>(rows_));
    for (int64_t i = 0; i < rows_; ++i) values[static_cast<size_t>(i)] = number_at<T, Wide>(old_row(i));
    range_of(values);
    out_.column.sorted_rows = std::is_sorted(values.begin(), values.end());
    bool dimension = source_.field->kind == FieldKind::kDimension && !options_.raw;
    const bool forced = options_.inverted || options_.dictionary;
    if (forced || dimension) {
      Distinct<Wide> distinct;
      std::vector<uint32_t> ids;
      if (distinct.encode(values, forced ? UINT32_MAX - 1 : kSmallDictionary, &ids)) {
        DictionaryView view;
        view.kind = std::is_same_v<Wide, int64_t> ? Stored::kI64 : Stored::kF64;
        view.cardinality = static_cast<uint32_t>(distinct.distinct.size());
        view.flat = distinct.distinct.data();
        return dictionary(std::move(ids), view);
      }
    }
    if constexpr (std::is_same_v<Wide, int64_t>) whole_numbers<T>(values);
    else forward<T>(values, [](Wide value) { return value; });
    zones(values);
    if (options_.by_value && !out_.column.sorted_rows) by_value(values);
    if (options_.bloom) bloom(values);
  }

  template <class T, class Wide, class Narrow>
  void forward(const std::vector<Wide>& values, Narrow narrow) {
    out_.column.width = sizeof(T);
    std::vector<T> out(values.size());
    for (size_t i = 0; i < values.size(); ++i) out[i] = static_cast<T>(narrow(values[i]));
    add(BlockKind::kForward, bytes_of(out));
  }

  // In as few bytes as their range needs (see ColumnView::packed()).
  template <class T>
  void whole_numbers(const std::vector<int64_t>& values) {
    const int64_t least = out_.column.min_integer;
    const uint64_t range = static_cast<uint64_t>(out_.column.max_integer) - static_cast<uint64_t>(least);
    auto above = [least](int64_t value) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(least); };
    if (!values.empty() && range <= UINT8_MAX) return forward<uint8_t>(values, above);
    if (!values.empty() && range <= UINT16_MAX) return forward<uint16_t>(values, above);
    if (!values.empty() && sizeof(T) > sizeof(uint32_t) && range <= UINT32_MAX) return forward<uint32_t>(values, above);
    forward<T>(values, [](int64_t value) { return value; });
  }

  // The rows in order of their values; NaN last. Of equal values the earlier row first.
  template <class Wide>
  void by_value(const std::vector<Wide>& values) {
    std::vector<uint32_t> rows(values.size());
    std::iota(rows.begin(), rows.end(), 0);
    std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
      if constexpr (std::is_same_v<Wide, double>) return real_before(values[a], values[b]);
      else return values[a] < values[b];
    });
    add(BlockKind::kByValue, bytes_of(rows));
  }

  template <class Values>
  void bloom(const Values& values) {
    std::vector<uint64_t> hashes;
    hashes.reserve(values.size());
    for (const auto& value : values) hashes.push_back(bloom_hash(value));
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    BloomWriter filter(hashes.size(), options_.bloom->false_share, options_.bloom->max_bytes);
    for (uint64_t hash : hashes) filter.add(hash);
    add(BlockKind::kBloom, filter.bytes());
  }

  // The indexes of what the texts hold, and the partitions that the values belong to: of the column as it was given.
  void documents() {
    const FieldIndexes& wanted = *options_.documents;
    if (source_.stored == Stored::kBytes && wanted.json_terms) terms(BlockKind::kJsonIndex, wanted.json_terms, wanted.json_settings);
    if (source_.stored == Stored::kBytes && wanted.text_terms) terms(BlockKind::kTextIndex, wanted.text_terms, wanted.text_settings);
    const bool known_text = source_.stored == Stored::kBytes || source_.field->type == DataType::kInt || source_.field->type == DataType::kLong;
    if (!wanted.partition || !known_text || rows_ == 0) return;
    std::vector<uint32_t> ids;
    auto add_value = [&](std::string_view text) {
      const int32_t id = wanted.partition->partition_of(text);
      ids.push_back(id < 0 ? UINT32_MAX : static_cast<uint32_t>(id));
      if (ids.size() >= size_t{1} << 16) sort_unique(&ids);
    };
    if (source_.encoding == Encoding::kDictionary) {
      std::vector<uint8_t> seen(source_.dictionary.cardinality);
      for (int64_t i = 0; i < rows_; ++i) seen[source_.dictionary_id(i)] = 1;
      for (uint32_t id = 0; id < seen.size(); ++id) {
        if (seen[id]) add_value(source_.stored == Stored::kBytes ? std::string(source_.dictionary.text(id)) : std::to_string(source_.dictionary.integer(id)));
      }
    } else {
      for (int64_t i = 0; i < rows_; ++i) add_value(source_.stored == Stored::kBytes ? std::string(source_.raw_text(i)) : std::to_string(source_.integer(i)));
    }
    sort_unique(&ids);
    if (ids.back() != UINT32_MAX) add(BlockKind::kPartitions, bytes_of(std::vector<uint64_t>{ids.size()}) + bytes_of(ids) + wanted.partition->settings());
  }

  void terms(BlockKind kind, const DocumentTerms& terms_of, const std::string& settings) {
    DocumentIndexWriter index;
    std::vector<std::vector<std::string>> records;
    for (int64_t i = 0; i < rows_; ++i) {
      records.clear();
      terms_of(text_at(old_row(i)), &records);
      index.add(records);
    }
    add(kind, index.bytes(settings));
  }

  template <class Wide>
  void zones(const std::vector<Wide>& values) {
    std::vector<Wide> out;
    for (size_t at = 0; at < values.size(); at += kBlockRows) {
      size_t end = std::min(values.size(), at + kBlockRows);
      Wide low = values[at], high = values[at];
      for (size_t i = at; i < end; ++i) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
        if constexpr (std::is_same_v<Wide, double>) {
          if (std::isnan(values[i])) {  // NaN compares false with everything: the block is neither all in nor all out
            low = high = values[i];
            break;
          }
        }
      }
      out.push_back(low);
      out.push_back(high);
    }
    add(BlockKind::kZones, bytes_of(out));
  }

  std::string_view text_at(int64_t row) const {
    return source_.encoding == Encoding::kRaw ? source_.raw_text(row) : source_.dictionary.text(source_.dictionary_id(row));
  }

  void texts() {
    std::vector<uint32_t> ids(static_cast<size_t>(rows_));
    if (source_.encoding == Encoding::kDictionary) {
      for (int64_t i = 0; i < rows_; ++i) ids[static_cast<size_t>(i)] = source_.dictionary_id(old_row(i));
      return dictionary(std::move(ids), source_.dictionary);
    }
    GrowingDictionary values(Stored::kBytes);
    for (int64_t i = 0; i < rows_; ++i) ids[static_cast<size_t>(i)] = values.id_of(source_.raw_text(old_row(i)));
    values.publish();
    dictionary(std::move(ids), values.view());
  }

  void raw_texts() {
    std::vector<uint64_t> offsets{0};
    std::string bytes;
    for (int64_t i = 0; i < rows_; ++i) {
      bytes += text_at(old_row(i));
      offsets.push_back(bytes.size());
    }
    if (options_.bloom) {
      std::vector<std::string_view> values;
      for (size_t i = 0; i + 1 < offsets.size(); ++i) values.push_back(std::string_view(bytes).substr(offsets[i], offsets[i + 1] - offsets[i]));
      bloom(values);
    }
    add(BlockKind::kForward, std::move(bytes));
    add(BlockKind::kRawOffsets, bytes_of(offsets));
  }

  // Sorts the values that occur and rewrites `ids` to value order. Returns the new cardinality.
  uint32_t sort_dictionary(std::vector<uint32_t>& ids, const DictionaryView& values) {
    std::vector<uint32_t> new_id(values.cardinality, UINT32_MAX);
    for (uint32_t id : ids) new_id[id] = 0;
    std::vector<uint32_t> used;
    for (uint32_t id = 0; id < values.cardinality; ++id) {
      if (new_id[id] == 0) used.push_back(id);
    }
    std::sort(used.begin(), used.end(), [&](uint32_t a, uint32_t b) {
      if (values.kind == Stored::kI64) return values.integer(a) < values.integer(b);
      if (values.kind == Stored::kF64) return real_before(values.real(a), values.real(b));
      return values.text(a) < values.text(b);
    });
    for (size_t i = 0; i < used.size(); ++i) new_id[used[i]] = static_cast<uint32_t>(i);
    for (uint32_t& id : ids) id = new_id[id];
    write_dictionary(used, values);
    return static_cast<uint32_t>(used.size());
  }

  void write_dictionary(const std::vector<uint32_t>& used, const DictionaryView& values) {
    out_.column.encoding = Encoding::kDictionary;
    out_.column.cardinality = static_cast<uint32_t>(used.size());
    if (values.kind == Stored::kBytes) {
      std::vector<uint32_t> offsets{0};
      std::string bytes;
      for (uint32_t id : used) {
        bytes += values.text(id);
        offsets.push_back(static_cast<uint32_t>(bytes.size()));
      }
      CHECK(bytes.size() <= UINT32_MAX);  // a dictionary past 4 GiB: segments are cut far below
      add(BlockKind::kDictionary, std::move(bytes));
      return add(BlockKind::kDictionaryOffsets, bytes_of(offsets));
    }
    if (values.kind == Stored::kI64) {
      std::vector<int64_t> sorted;
      for (uint32_t id : used) sorted.push_back(values.integer(id));
      range_of(sorted);
      return add(BlockKind::kDictionary, bytes_of(sorted));
    }
    std::vector<double> sorted;
    for (uint32_t id : used) sorted.push_back(values.real(id));
    range_of(sorted);
    add(BlockKind::kDictionary, bytes_of(sorted));
  }

  void dictionary(std::vector<uint32_t> ids, const DictionaryView& values) {
    uint32_t cardinality = sort_dictionary(ids, values);
    out_.column.sorted_rows = std::is_sorted(ids.begin(), ids.end());
    out_.column.width = cardinality <= 256 ? 1 : cardinality <= 65536 ? 2 : 4;
    if (out_.column.width == 1) {
      add(BlockKind::kForward, bytes_of(std::vector<uint8_t>(ids.begin(), ids.end())));
    } else if (out_.column.width == 2) {
      add(BlockKind::kForward, bytes_of(std::vector<uint16_t>(ids.begin(), ids.end())));
    } else {
      add(BlockKind::kForward, bytes_of(ids));
    }
    // A range of ids is a range of values: with a dictionary the inverted index is the range index.
    if ((options_.inverted || options_.by_value) && !out_.column.sorted_rows) inverted(ids, nullptr, cardinality);
  }

  void multi() {
    std::vector<uint32_t> offsets{0}, ids;
    for (int64_t i = 0; i < rows_; ++i) {
      MultiValue value = source_.multi(old_row(i));
      ids.insert(ids.end(), value.ids, value.ids + value.count);
      offsets.push_back(static_cast<uint32_t>(ids.size()));
    }
    uint32_t cardinality = sort_dictionary(ids, source_.dictionary);
    out_.column.width = 4;
    if (options_.inverted || options_.by_value) inverted(ids, &offsets, cardinality);
    add(BlockKind::kForward, bytes_of(ids));
    add(BlockKind::kMultiOffsets, bytes_of(offsets));
  }

  // Counting sort of the rows by id; a row that holds a value twice counts once.
  void inverted(const std::vector<uint32_t>& ids, const std::vector<uint32_t>* offsets, uint32_t cardinality) {
    std::vector<uint32_t> starts(cardinality + 1);
    for (uint32_t id : ids) ++starts[id + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<uint32_t> rows(ids.size()), at(starts.begin(), starts.end() - 1);
    for (uint32_t row = 0; row < rows_; ++row) {
      uint32_t first = offsets ? (*offsets)[row] : row, end = offsets ? (*offsets)[row + 1] : row + 1;
      for (uint32_t i = first; i < end; ++i) rows[at[ids[i]]++] = row;
    }
    PostingsWriter postings;
    for (uint32_t id = 0; id < cardinality; ++id) {
      auto begin = rows.begin() + starts[id];
      auto end = std::unique(begin, rows.begin() + starts[id + 1]);
      postings.add(rows.data() + starts[id], static_cast<size_t>(end - begin));
    }
    add(BlockKind::kInvertedOffsets, bytes_of(postings.offsets()));
    add(BlockKind::kInverted, postings.bytes());
  }

  const ColumnView& source_;
  int64_t rows_;
  const BuildOptions& options_;
  BuiltColumn out_;
};

}  // namespace

BuiltColumn build_column(const ColumnView& source, int64_t rows, const BuildOptions& options) { return Builder(source, rows, options).run(); }

std::vector<uint32_t> sorted_order(const ColumnView& column, int64_t rows) {
  std::vector<uint32_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  auto id_of = [&](uint32_t row) { return column.field->single_value ? column.dictionary_id(row) : column.multi(row).ids[0]; };
  auto before = [&](uint32_t a, uint32_t b) {
    if (column.encoding == Encoding::kDictionary) {
      const DictionaryView& values = column.dictionary;
      uint32_t x = id_of(a), y = id_of(b);
      if (values.kind == Stored::kI64) return values.integer(x) < values.integer(y);
      if (values.kind == Stored::kF64) return real_before(values.real(x), values.real(y));
      return values.text(x) < values.text(y);
    }
    switch (column.stored) {
      case Stored::kI32:
      case Stored::kI64: return column.integer(a) < column.integer(b);
      case Stored::kF32: return real_before(*column.block<float>(a), *column.block<float>(b));
      case Stored::kF64: return real_before(*column.block<double>(a), *column.block<double>(b));
      case Stored::kBytes: return column.raw_text(a) < column.raw_text(b);
    }
    return false;
  };
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

}  // namespace bywash::analytics
