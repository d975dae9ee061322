// Inverted index postings: per dictionary id the ascending rows that hold it, short lists as plain uint32, long ones as Roaring's
// portable format. Written at seal; read by the filter stage of the query line, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bywash::analytics {

// Collects postings in order of dictionary id.
class PostingsWriter {
 public:
  // `rows` ascending.
  void add(const uint32_t* rows, size_t count);
  const std::vector<uint64_t>& offsets() const { return offsets_; }  // one more than lists were added
  const std::string& bytes() const { return bytes_; }

 private:
  std::vector<uint64_t> offsets_{0};
  std::string bytes_;
};

// Appends the rows of the list at [offsets[id], offsets[id + 1]) of `bytes` to `rows`. False when the list is damaged.
bool read_postings(const uint64_t* offsets, const char* bytes, uint32_t id, std::vector<uint32_t>* rows);
// How many rows that list has, without reading it all.
uint64_t count_postings(const uint64_t* offsets, const char* bytes, uint32_t id);

}  // namespace bywash::analytics
