// Record batches as they go to a broker (message format 2, KIP-98). Level 3; not included outside kafka/. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "kafka/producer.h"

namespace bywash::kafka {

// Codecs by their numbers in a batch's attributes.
enum class Codec { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

struct Compression {
  Codec codec = Codec::kNone;
  int level = -1;  // the codec's own scale; below 0: its default
};

// Bytes of a record's key, value and headers in a batch; what comes before them is at most kRecordHead.
size_t content_size(const ProducerRecord& record);
inline constexpr size_t kRecordHead = 1 + 5 + 10 + 5;  // attributes, length, time, offset

// Records of one partition, one after the other.
class RecordBatchWriter {
 public:
  // `memory`: of a batch that is over, to be used again.
  explicit RecordBatchWriter(std::string memory = {});

  // `content`: the record's content_size().
  void add(const ProducerRecord& record, size_t content, int64_t timestamp_ms);
  int32_t count() const { return count_; }
  // Of all records and the batch's head, uncompressed.
  size_t size() const { return size_; }
  // The whole batch, valid until this or `compressed` changes; records that compression makes longer go as they are. Error: kFatal, the codec.
  Result<std::string_view> finish(const Compression& compression, std::string* compressed);
  // A batch of the records from `begin` to `end` of this one.
  RecordBatchWriter part(int32_t begin, int32_t end) const;
  std::string take_memory() && { return std::move(bytes_); }

 private:
  char* room(size_t bytes);
  void put_head(std::string* batch, size_t size, int attributes) const;

  std::string bytes_;  // larger than what is used of it
  size_t size_;
  int32_t count_ = 0;
  int64_t first_timestamp_ = 0;
  int64_t greatest_timestamp_ = 0;
};

}  // namespace bywash::kafka
