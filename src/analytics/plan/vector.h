// Values of one expression for up to a block of rows: the unit that scalar functions work on. Query line, scan and merge stages;
// owned by one query's thread.
#pragma once

#include "analytics/segment/table_schema.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// What holds a type's values in a Vector: INT, LONG, BOOLEAN, TIMESTAMP as integers; FLOAT, DOUBLE as reals; the rest as texts.
enum class Physical : uint8_t { kInteger, kReal, kText };

constexpr Physical physical_of(DataType type) {
  return is_integer(type) ? Physical::kInteger : is_real(type) ? Physical::kReal : Physical::kText;
}

struct Vector {
  DataType type = DataType::kInt;
  bool multi = false;                // arrays: row i has the values [offsets[i], offsets[i + 1])
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string_view> texts;  // into a segment, a literal, or `bytes`
  std::string bytes;
  std::vector<size_t> ends;             // while texts are being written
  std::vector<uint32_t> offsets;
  std::vector<uint8_t> nulls;           // 1 where null, its value a placeholder; empty: nowhere
  std::string error;                    // why a row could not be computed: fails the query; empty: none

  Physical physical() const { return physical_of(type); }
  void resize(size_t n) {
    switch (physical()) {
      case Physical::kInteger: integers.resize(n); break;
      case Physical::kReal: reals.resize(n); break;
      case Physical::kText: texts.resize(n); break;
    }
  }
  bool is_null(size_t i) const { return !nulls.empty() && nulls[i]; }
  void set_null(size_t i, size_t n) {
    nulls.resize(n);
    nulls[i] = 1;
  }
  // Keeps the first reason only.
  void fail(std::string reason) {
    if (error.empty()) error = std::move(reason);
  }
  // How many values there are: of arrays, all of their elements.
  size_t value_count() const { return physical() == Physical::kInteger ? integers.size() : physical() == Physical::kReal ? reals.size() : texts.size(); }
  // A number as a double, whichever it is stored as.
  double number(size_t i) const { return physical() == Physical::kReal ? reals[i] : static_cast<double>(integers[i]); }

  // Building texts: start_texts(), then per row append to `bytes` and call end_text(), then finish_texts().
  void start_texts() { bytes.clear(), ends.clear(); }
  void end_text() { ends.push_back(bytes.size()); }
  void finish_texts() {
    texts.resize(ends.size());
    for (size_t i = 0, at = 0; i < ends.size(); at = ends[i++]) texts[i] = std::string_view(bytes).substr(at, ends[i] - at);
  }
};

// Computes `n` values from its arguments' first n. Sets everything of `out` but its type, which it finds set.
using Kernel = std::function<void(const std::vector<const Vector*>& args, size_t n, Vector& out)>;

}  // namespace bywash::analytics
