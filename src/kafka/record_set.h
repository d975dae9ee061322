// Kafka's stored records (message format 2, KIP-98): from the bytes of a fetch response to records that point into them. Level 3; not
// included outside kafka/. Source: https://kafka.apache.org/documentation/#recordbatch. One thread reads; what was read may be dropped by any.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"

namespace bywash::kafka {

// Memory that outlives whoever read it: records are views into it.
using SharedBytes = std::shared_ptr<const char[]>;

// Records of one partition, in the buffers that they were fetched or decompressed into.
class FetchedBatch final : public columnar::RawBatch {
 public:
  FetchedBatch(TopicPartition origin, size_t capacity);
  bool has_headers(size_t i) const override { return i < headers_.size() && !headers_[i].empty(); }
  std::vector<columnar::RawHeader> headers(size_t i) const override;
  // Adds a record; `headers`: the bytes behind the header count, empty when that is 0. `memory` is what the views point into.
  void add(const columnar::RawRecord& record, std::string_view headers, const SharedBytes& memory);

 private:
  std::vector<std::string_view> headers_;  // by record; shorter than the records when the last ones have none
  std::vector<SharedBytes> memory_;
};

// A transaction that was given up: its records from `first_offset` on are not for a reader of committed ones.
struct AbortedTransaction {
  int64_t producer_id = 0;
  int64_t first_offset = 0;
};

struct RecordSetOptions {
  bool check_crcs = true;
  bool read_committed = false;
};

// Reads the record batches of one partition's part of a fetch response, in order. The last one may be cut off: it is left out.
class RecordSet {
 public:
  // `bytes` lie in `memory`; `aborted` as the broker gave it, in order of first offsets.
  RecordSet(SharedBytes memory, std::string_view bytes, std::vector<AbortedTransaction> aborted, RecordSetOptions options);

  // Whether it holds batches of the formats 0 or 1, which only brokers before 0.11 wrote: they are not read here.
  bool has_old_format() const { return old_format_; }
  // The offset behind the last batch; -1: there is no whole batch.
  int64_t end_offset() const { return end_offset_; }
  // At most as many as read() gives in all.
  size_t record_count() const { return record_count_; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // Adds records from offset `from` on until `out` has `most`. Error: kData naming what is broken in the batch; the offset where it is, is
  // next_offset().
  Status read(int64_t from, size_t most, FetchedBatch* out);
  // Nothing is left to read.
  bool done() const { return at_ == bytes_.size() && left_ == 0; }
  // The offset behind all that was read or passed over.
  int64_t next_offset() const { return next_offset_; }

 private:
  Status open_batch();
  Status read_record(int64_t from, FetchedBatch* out);
  bool is_aborted(std::string_view batch, std::string_view records);

  SharedBytes memory_;
  std::string_view bytes_;  // whole batches
  std::vector<AbortedTransaction> aborted_;
  RecordSetOptions options_;
  bool old_format_ = false;
  int64_t end_offset_ = -1;
  int64_t next_offset_ = -1;
  size_t record_count_ = 0;

  size_t at_ = 0;                  // of the next batch in bytes_
  size_t next_aborted_ = 0;
  std::set<int64_t> open_aborted_; // producers inside an aborted transaction
  // The batch that is being read.
  SharedBytes batch_memory_;
  const char* record_ = nullptr;
  const char* batch_end_ = nullptr;
  int32_t left_ = 0;
  int64_t base_offset_ = 0;
  int64_t last_offset_ = 0;
  int64_t base_timestamp_ = 0;
  int64_t append_timestamp_ = 0;
  bool append_time_ = false;
};

}  // namespace bywash::kafka
