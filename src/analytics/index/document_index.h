// An index over what texts hold: for each term (a path of a JSON document with its value, a word) the records that have it. A row makes one
// record, or several where a document unnests into several. Written at seal, read when a query is specialised for a segment; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bywash::analytics {

// The terms of a text: a list for each of its records.
using DocumentTerms = std::function<void(std::string_view text, std::vector<std::vector<std::string>>* records)>;

// Over the plain bytes of a block.
class DocumentIndexView {
 public:
  // False: these are not the bytes of an index of so many rows.
  static bool read(std::string_view bytes, int64_t rows, DocumentIndexView* out);
  explicit operator bool() const { return term_offsets_ != nullptr; }

  // What the index was made with.
  std::string_view settings() const { return settings_; }
  uint64_t term_count() const { return terms_; }
  std::string_view term(uint64_t at) const { return bytes_.substr(term_offsets_[at], term_offsets_[at + 1] - term_offsets_[at]); }
  // The first term that is not below `term`; terms are in order of their bytes.
  uint64_t lower_bound(std::string_view term) const;
  // Appends the ascending records of a term; false: they are damaged.
  bool append(uint64_t at, std::vector<uint32_t>* records) const;
  // The same of that very term; nothing when there is none.
  bool append(std::string_view term, std::vector<uint32_t>* records) const;
  // Turns ascending records into the ascending rows that they are of.
  void to_rows(std::vector<uint32_t>* records) const;

 private:
  const uint64_t *term_offsets_ = nullptr, *posting_offsets_ = nullptr;
  const uint32_t* rows_of_ = nullptr;  // of each record; nullptr: each is its row
  std::string_view settings_, bytes_, postings_;
  uint64_t terms_ = 0;
};

class DocumentIndexWriter {
 public:
  // The next row's records.
  void add(const std::vector<std::vector<std::string>>& records);
  std::string bytes(std::string_view settings) const;

 private:
  std::unordered_map<std::string, std::vector<uint32_t>> terms_;
  std::vector<uint32_t> rows_of_;
  uint32_t rows_ = 0;
};

// Sets of ascending numbers.
std::vector<uint32_t> united(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b);
std::vector<uint32_t> intersected(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b);
std::vector<uint32_t> subtracted(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b);
void sort_unique(std::vector<uint32_t>* numbers);

}  // namespace bywash::analytics
