// See valid_rows.h.
#include "analytics/segment/valid_rows.h"

namespace bywash::analytics {

void RowBits::set(uint32_t row, bool counts) {
  const size_t at = row >> kValidChunkShift;
  if (at >= chunks_.size()) {
    if (!counts) return;
    chunks_.resize(at + 1);
  }
  std::shared_ptr<ValidChunk>& chunk = chunks_[at];
  const uint32_t bit = row & ((1u << kValidChunkShift) - 1);
  const uint64_t mask = uint64_t{1} << (bit & 63);
  if (!chunk) {
    if (!counts) return;
    chunk = std::make_shared<ValidChunk>();
  }
  if (((chunk->words[bit >> 6] & mask) != 0) == counts) return;
  last_.reset();
  if (chunk->shared) {
    chunk = std::make_shared<ValidChunk>(*chunk);
    chunk->shared = false;
  }
  chunk->words[bit >> 6] ^= mask;
}

std::shared_ptr<const ValidRows> RowBits::snapshot() {
  if (last_) return last_;
  for (const auto& chunk : chunks_) {
    if (chunk) chunk->shared = true;
  }
  last_ = std::make_shared<const ValidRows>(std::vector<std::shared_ptr<const ValidChunk>>(chunks_.begin(), chunks_.end()));
  return last_;
}

}  // namespace bywash::analytics
