// See document_index.h. Bytes: a head, the terms' offsets, the postings' offsets, the rows of the records (where they are not the records
// themselves), settings, terms, postings.
#include "analytics/index/document_index.h"

#include <algorithm>
#include <cstring>

#include "analytics/index/postings.h"

namespace bywash::analytics {
namespace {

struct Head {
  uint64_t terms = 0;
  uint64_t records = 0;  // 0: each record is its row
  uint64_t settings_bytes = 0, term_bytes = 0, posting_bytes = 0;
};
static_assert(sizeof(Head) == 40);

}  // namespace

bool DocumentIndexView::read(std::string_view bytes, int64_t rows, DocumentIndexView* out) {
  Head head;
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  const uint64_t size = bytes.size();
  if (head.terms > size / 16 || head.records > size / 4 || head.settings_bytes > size || head.term_bytes > size || head.posting_bytes > size) return false;
  const uint64_t offsets = (head.terms + 1) * 8;
  if (size != sizeof head + 2 * offsets + head.records * 4 + head.settings_bytes + head.term_bytes + head.posting_bytes) return false;
  const char* at = bytes.data() + sizeof head;
  out->terms_ = head.terms;
  out->term_offsets_ = reinterpret_cast<const uint64_t*>(at);
  out->posting_offsets_ = reinterpret_cast<const uint64_t*>(at + offsets);
  at += 2 * offsets;
  out->rows_of_ = head.records > 0 ? reinterpret_cast<const uint32_t*>(at) : nullptr;
  at += head.records * 4;
  out->settings_ = {at, head.settings_bytes};
  out->bytes_ = {at + head.settings_bytes, head.term_bytes};
  out->postings_ = {at + head.settings_bytes + head.term_bytes, head.posting_bytes};
  for (uint64_t i = 0; i < head.terms; ++i) {
    if (out->term_offsets_[i] > out->term_offsets_[i + 1] || out->posting_offsets_[i] > out->posting_offsets_[i + 1]) return false;
  }
  for (uint64_t i = 0; i < head.records; ++i) {
    if (out->rows_of_[i] >= rows) return false;
  }
  return out->term_offsets_[head.terms] == head.term_bytes && out->posting_offsets_[head.terms] == head.posting_bytes;
}

uint64_t DocumentIndexView::lower_bound(std::string_view wanted) const {
  uint64_t low = 0, high = terms_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    term(middle) < wanted ? low = middle + 1 : high = middle;
  }
  return low;
}

bool DocumentIndexView::append(uint64_t at, std::vector<uint32_t>* records) const {
  return read_postings(posting_offsets_, postings_.data(), static_cast<uint32_t>(at), records);
}

bool DocumentIndexView::append(std::string_view wanted, std::vector<uint32_t>* records) const {
  const uint64_t at = lower_bound(wanted);
  return at == terms_ || term(at) != wanted || append(at, records);
}

void DocumentIndexView::to_rows(std::vector<uint32_t>* records) const {
  if (!rows_of_) return;
  for (uint32_t& record : *records) record = rows_of_[record];
  records->erase(std::unique(records->begin(), records->end()), records->end());
}

void DocumentIndexWriter::add(const std::vector<std::vector<std::string>>& records) {
  for (const std::vector<std::string>& terms : records) {
    const auto record = static_cast<uint32_t>(rows_of_.size());
    for (const std::string& term : terms) {
      std::vector<uint32_t>& list = terms_[term];
      if (list.empty() || list.back() != record) list.push_back(record);
    }
    rows_of_.push_back(rows_);
  }
  ++rows_;
}

std::string DocumentIndexWriter::bytes(std::string_view settings) const {
  std::vector<const std::pair<const std::string, std::vector<uint32_t>>*> order;
  order.reserve(terms_.size());
  for (const auto& entry : terms_) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::vector<uint64_t> offsets{0};
  std::string terms;
  PostingsWriter postings;
  for (const auto* entry : order) {
    terms += entry->first;
    offsets.push_back(terms.size());
    postings.add(entry->second.data(), entry->second.size());
  }
  bool own_rows = rows_of_.size() == rows_;
  for (uint32_t i = 0; own_rows && i < rows_; ++i) own_rows = rows_of_[i] == i;
  const Head head{terms_.size(), own_rows ? 0 : rows_of_.size(), settings.size(), terms.size(), postings.bytes().size()};
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  auto append = [&](const auto& numbers) { out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(numbers[0])); };
  append(offsets);
  append(postings.offsets());
  if (!own_rows) append(rows_of_);
  return out + std::string(settings) + terms + postings.bytes();
}

std::vector<uint32_t> united(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<uint32_t> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}
std::vector<uint32_t> intersected(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<uint32_t> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}
std::vector<uint32_t> subtracted(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<uint32_t> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}
void sort_unique(std::vector<uint32_t>* numbers) {
  std::sort(numbers->begin(), numbers->end());
  numbers->erase(std::unique(numbers->begin(), numbers->end()), numbers->end());
}

}  // namespace bywash::analytics
