// RecordEncoder: the encode step of the source line: rows of a batch → bytes of messages. Level 7, the task's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "plugin/converter.h"
#include "runtime/record_decoder.h"

namespace bywash::runtime {

struct EncodedRecord {
  std::optional<std::string> key, value;
  std::vector<columnar::RawHeader> headers;
};

// A row that a converter refused.
struct EncodeError {
  uint32_t row = 0;
  columnar::Stage stage = columnar::Stage::kValueConverter;
  std::string component;
  Status status;
};

class RecordEncoder {
 public:
  RecordEncoder() = default;
  RecordEncoder(Named<plugin::Converter> key, Named<plugin::Converter> value, Named<plugin::HeaderConverter> header)
      : key_(std::move(key)), value_(std::move(value)), header_(std::move(header)) {}

  // One entry of `out` per row, in order; a row in `errors` has the first stage that refused it, in Connect's order: headers, key,
  // value (AbstractWorkerSourceTask.convertTransformedRecord, Kafka 4.3). A bad status concerns the whole call (a registry that is down).
  // What `out` held before is overwritten; converters may use its memory again.
  Status encode(const columnar::Batch& batch, std::vector<EncodedRecord>* out, std::vector<EncodeError>* errors);
  // Headers that all records of a batch share, converted once for every batch that has the same ones. Null: not to be converted like this.
  const std::vector<columnar::RawHeader>* shared(const std::string& topic, const std::shared_ptr<const std::vector<columnar::Header>>& headers);

 private:
  Status encode_headers(const columnar::Batch& batch, std::vector<EncodedRecord>* out, std::vector<EncodeError>* errors);
  Status encode_topic(const columnar::Batch& batch, const std::vector<uint32_t>& rows, std::vector<EncodedRecord>* out, std::vector<EncodeError>* errors);
  Named<plugin::Converter> key_;
  Named<plugin::Converter> value_;
  Named<plugin::HeaderConverter> header_;
  std::vector<std::optional<std::string>> bytes_;  // of encode_topic
  // What shared() knows: these headers, of this topic, as bytes.
  std::shared_ptr<const std::vector<columnar::Header>> shared_headers_;
  std::string shared_topic_;
  std::vector<columnar::RawHeader> shared_bytes_;
};

// ConnectUtils.checkAndConvertTimestamp (Kafka 4.3): -1 is no timestamp, less is none that a record may have.
Status check_timestamp(int64_t timestamp_ms);

}  // namespace bywash::runtime
