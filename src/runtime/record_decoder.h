// RecordDecoder: the decode step of the sink line: raw records of one partition → batches of one key schema and one value schema.
// Level 7, the task's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "plugin/converter.h"

namespace bywash::runtime {

// A record that a converter refused; it is in no batch.
struct DecodeError {
  uint32_t raw_row = 0;
  columnar::Stage stage = columnar::Stage::kValueConverter;
  std::string component;
  Status status;
};

// A converter and the class name under which DLQ headers know it.
template <class C>
struct Named {
  std::unique_ptr<C> converter;
  std::string class_name;
};

class RecordDecoder {
 public:
  RecordDecoder(Named<plugin::Converter> key, Named<plugin::Converter> value, Named<plugin::HeaderConverter> header)
      : key_(std::move(key)), value_(std::move(value)), header_(std::move(header)) {}

  // Every record of `raw` ends in exactly one batch or in `errors`. A bad status concerns the whole call (a registry that is down).
  Result<std::vector<columnar::Batch>> decode(const std::shared_ptr<const columnar::RawBatch>& raw, std::vector<DecodeError>* errors);
  // Where a bad status of the last decode() came from.
  columnar::Stage failed_stage() const { return stage_; }

 private:
  Status decode_headers(const columnar::RawBatch& raw, std::vector<std::vector<columnar::Header>>* headers, std::vector<DecodeError>* errors);
  Named<plugin::Converter> key_;
  Named<plugin::Converter> value_;
  Named<plugin::HeaderConverter> header_;
  std::vector<std::optional<std::string_view>> payloads_;
  columnar::Stage stage_ = columnar::Stage::kKeyConverter;
};

}  // namespace bywash::runtime
