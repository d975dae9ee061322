// Batches and records of format 2. Level 3.
#include "kafka/record_set.h"

#include <algorithm>

#include "base/crc32c.h"
#include "kafka/decompress.h"
#include "kafka/record_format.h"
#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

using columnar::RawHeader;
using columnar::RawRecord;
using namespace record_format;

constexpr int16_t kAbortMarker = 0;
// Far from where offsets could overflow.
constexpr int64_t kOffsetLimit = int64_t{1} << 62;

bool is_offset(int64_t value) { return value >= 0 && value < kOffsetLimit; }

}  // namespace

FetchedBatch::FetchedBatch(TopicPartition origin, size_t capacity) {
  origin_ = std::move(origin);
  records_.reserve(capacity);
}

void FetchedBatch::add(const RawRecord& record, std::string_view headers, const SharedBytes& memory) {
  if (memory_.empty() || memory_.back() != memory) memory_.push_back(memory);
  if (!headers.empty()) {
    headers_.resize(records_.size());
    headers_.push_back(headers);
  }
  records_.push_back(record);
}

std::vector<RawHeader> FetchedBatch::headers(size_t i) const {
  std::vector<RawHeader> out;
  if (!has_headers(i)) return out;
  const char* at = headers_[i].data();
  const char* end = at + headers_[i].size();
  // Checked when the record was read.
  for (std::optional<std::string_view> name, value; at < end && field(at, end, &name) && field(at, end, &value);) {
    out.emplace_back(name.value_or(""), value ? std::optional<std::string>(*value) : std::nullopt);
  }
  return out;
}

RecordSet::RecordSet(SharedBytes memory, std::string_view bytes, std::vector<AbortedTransaction> aborted, RecordSetOptions options)
    : memory_(std::move(memory)), aborted_(std::move(aborted)), options_(options) {
  size_t whole = 0;
  while (bytes.size() - whole > kMagic) {
    const char* batch = bytes.data() + whole;
    const auto length = static_cast<uint32_t>(load_big_endian<int32_t>(batch + kBatchLength));
    if (bytes.size() - whole - kLengthFrom < length) break;
    if (batch[kMagic] < 2) {
      old_format_ = true;
      break;
    }
    // A batch too short for its own head, or with an offset that none can have, is reported when it is read.
    if (const auto base = load_big_endian<int64_t>(batch); length + kLengthFrom >= kRecords && is_offset(base)) {
      end_offset_ = base + load_big_endian<int32_t>(batch + kLastOffsetDelta) + 1;
      record_count_ += static_cast<size_t>(std::max(0, load_big_endian<int32_t>(batch + kRecordCount)));
    }
    whole += length + kLengthFrom;
  }
  bytes_ = bytes.substr(0, whole);
}

Status RecordSet::read(int64_t from, size_t most, FetchedBatch* out) {
  while (out->records().size() < most && !done()) {
    if (left_ == 0) {
      RETURN_IF_ERROR(open_batch());
      if (last_offset_ < from) left_ = 0;
    }
    while (left_ > 0 && out->records().size() < most) RETURN_IF_ERROR(read_record(from, out));
    if (left_ == 0) {
      next_offset_ = last_offset_ + 1;
      batch_memory_.reset();
    }
  }
  return {};
}

// Goes to the next batch; left_ stays 0 when it has no records for this reader.
Status RecordSet::open_batch() {
  const char* batch = bytes_.data() + at_;
  const size_t size = static_cast<size_t>(load_big_endian<uint32_t>(batch + kBatchLength)) + kLengthFrom;
  base_offset_ = load_big_endian<int64_t>(batch);
  if (!is_offset(base_offset_) || base_offset_ < next_offset_) return Status::data("its offset is not behind the batch before it");
  next_offset_ = base_offset_;
  if (size < kRecords) return Status::data("it is shorter than a batch's head");
  if (batch[kMagic] != 2) return Status::data(fmt::format("its format has the number {}, which is not known here", static_cast<int>(batch[kMagic])));
  if (options_.check_crcs && crc32c(0, batch + kAttributes, size - kAttributes) != load_big_endian<uint32_t>(batch + kCrc)) {
    return Status::data("its checksum is wrong");
  }
  const int attributes = load_big_endian<int16_t>(batch + kAttributes);
  const auto count = load_big_endian<int32_t>(batch + kRecordCount);
  last_offset_ = base_offset_ + load_big_endian<int32_t>(batch + kLastOffsetDelta);
  if (count < 0 || last_offset_ < base_offset_) return Status::data("its head is broken");
  base_timestamp_ = load_big_endian<int64_t>(batch + kBaseTimestamp);
  append_timestamp_ = load_big_endian<int64_t>(batch + kMaxTimestamp);
  append_time_ = attributes & kAppendTime;
  std::string_view records(batch + kRecords, size - kRecords);
  at_ += size;
  const bool aborted = is_aborted({batch, size}, records);
  if (aborted || (attributes & kControl)) return {};
  batch_memory_ = memory_;
  if (const int codec = attributes & kCodecMask; codec != 0 && count > 0) {
    ASSIGN_OR_RETURN(Decompressed plain, decompress(codec, records));
    records = {plain.memory.get(), plain.size};
    batch_memory_ = std::move(plain.memory);
  }
  record_ = records.data();
  batch_end_ = records.data() + records.size();
  left_ = count;
  return {};
}

// Follows the transactions; true when this batch belongs to one that was given up.
bool RecordSet::is_aborted(std::string_view batch, std::string_view records) {
  if (!options_.read_committed) return false;
  while (next_aborted_ < aborted_.size() && aborted_[next_aborted_].first_offset <= last_offset_) {
    open_aborted_.insert(aborted_[next_aborted_++].producer_id);
  }
  const int attributes = load_big_endian<int16_t>(batch.data() + kAttributes);
  const auto producer = load_big_endian<int64_t>(batch.data() + kProducerId);
  if (!(attributes & kControl)) return (attributes & kTransactional) && open_aborted_.count(producer) > 0;
  // A control record's key: its version and its kind.
  const char* at = records.data();
  const char* end = at + records.size();
  int64_t ignored = 0;
  std::optional<std::string_view> key;
  if (varint(at, end, &ignored) && at++ < end && varint(at, end, &ignored) && varint(at, end, &ignored) && field(at, end, &key) && key &&
      key->size() >= 4 && load_big_endian<int16_t>(key->data() + 2) == kAbortMarker) {
    open_aborted_.erase(producer);
  }
  return false;
}

Status RecordSet::read_record(int64_t from, FetchedBatch* out) {
  const char* at = record_;
  int64_t length = 0, timestamp = 0, offset = 0, headers = 0;
  if (!varint(at, batch_end_, &length) || length < 1 || length > batch_end_ - at) return Status::data("a record's length is broken");
  const char* end = at + length;
  ++at;  // attributes: none are in use
  RawRecord record;
  if (!varint(at, end, &timestamp) || !varint(at, end, &offset) || !field(at, end, &record.key) || !field(at, end, &record.value) ||
      !varint(at, end, &headers) || headers < 0) {
    return Status::data("a record is broken");
  }
  std::string_view header_bytes;
  if (headers > 0) {
    header_bytes = {at, static_cast<size_t>(end - at)};
    std::optional<std::string_view> name, value;
    for (; headers > 0; --headers) {
      if (!field(at, end, &name) || !name || !field(at, end, &value)) return Status::data("a record's headers are broken");
    }
  }
  if (at != end) return Status::data("a record has bytes behind its end");
  record_ = end;
  --left_;
  if (offset < next_offset_ - base_offset_ || offset > last_offset_ - base_offset_) return Status::data("a record's offset is outside its batch");
  record.offset = base_offset_ + offset;
  next_offset_ = record.offset + 1;
  if (record.offset < from) return {};
  record.timestamp_ms = append_time_ ? append_timestamp_ : static_cast<int64_t>(static_cast<uint64_t>(base_timestamp_) + static_cast<uint64_t>(timestamp));
  record.timestamp_type = append_time_ ? RawRecord::TimestampType::kLogAppend : RawRecord::TimestampType::kCreate;
  out->add(record, header_bytes, batch_memory_);
  return {};
}

}  // namespace bywash::kafka
