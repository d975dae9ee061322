// Which rows of a segment count: what upserts leave of it. The writer's RowBits changes under its table's lock; a query holds ValidRows,
// which never change. Chunks are shared between the two until the writer touches them again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace bywash::analytics {

constexpr int kValidChunkShift = 16;  // rows of a chunk; a block of kBlockRows lies in one

struct ValidChunk {
  std::array<uint64_t, (size_t{1} << kValidChunkShift) / 64> words{};  // bit set = the row counts
  bool shared = false;  // a query may hold it. Read and written under the table's lock
};

class ValidRows {
 public:
  explicit ValidRows(std::vector<std::shared_ptr<const ValidChunk>> chunks) : chunks_(std::move(chunks)) {}
  // The bits from `row` on, a multiple of 64, up to the end of its chunk; nullptr: none counts.
  const uint64_t* words(int64_t row) const {
    const auto chunk = static_cast<size_t>(row >> kValidChunkShift);
    if (chunk >= chunks_.size() || !chunks_[chunk]) return nullptr;
    return chunks_[chunk]->words.data() + ((row & ((int64_t{1} << kValidChunkShift) - 1)) >> 6);
  }

 private:
  std::vector<std::shared_ptr<const ValidChunk>> chunks_;
};

// Every call under the table's lock.
class RowBits {
 public:
  void set(uint32_t row, bool counts);
  // The bits as they are now. The same object until something changes.
  std::shared_ptr<const ValidRows> snapshot();

 private:
  std::vector<std::shared_ptr<ValidChunk>> chunks_;
  std::shared_ptr<const ValidRows> last_;
};

}  // namespace bywash::analytics
