// Converters over the rows of a batch, topic by topic. Level 7, the task's thread.
#include "runtime/record_encoder.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace bywash::runtime {

using columnar::Batch;
using columnar::Stage;

// Sources give the same headers to record after record: what the record before has is taken over.
Status RecordEncoder::encode_headers(const Batch& batch, std::vector<EncodedRecord>* out, std::vector<EncodeError>* errors) {
  auto same = [](const columnar::Header& a, const columnar::Header& b) { return a.schema == b.schema && a.key == b.key && a.value == b.value; };
  bool known = false;  // the record before has all of its headers
  for (size_t row = 0; row < out->size(); ++row) {
    auto& encoded = (*out)[row].headers;
    if (batch.headers.empty()) {
      encoded.clear();
      continue;
    }
    const auto& given = batch.headers[row];
    if (known && batch.topics.empty() && std::equal(given.begin(), given.end(), batch.headers[row - 1].begin(), batch.headers[row - 1].end(), same)) {
      encoded = (*out)[row - 1].headers;
      continue;
    }
    encoded.clear();
    for (const columnar::Header& header : given) {
      auto bytes = header_.converter->encode(batch.topic_of(static_cast<int64_t>(row)), header);
      if (bytes.ok()) {
        encoded.emplace_back(header.key, *std::move(bytes));
        continue;
      }
      if (bytes.status().retriable()) return bytes.status();
      errors->push_back({static_cast<uint32_t>(row), Stage::kHeaderConverter, header_.class_name, bytes.status()});
      break;
    }
    known = encoded.size() == given.size();
  }
  return {};
}

const std::vector<columnar::RawHeader>* RecordEncoder::shared(const std::string& topic, const std::shared_ptr<const std::vector<columnar::Header>>& headers) {
  if (headers == shared_headers_ && topic == shared_topic_) return &shared_bytes_;
  shared_headers_.reset();
  shared_bytes_.clear();
  for (const columnar::Header& header : *headers) {
    auto bytes = header_.converter->encode(topic, header);
    if (!bytes.ok()) return nullptr;
    shared_bytes_.emplace_back(header.key, *std::move(bytes));
  }
  shared_headers_ = headers;
  shared_topic_ = topic;
  return &shared_bytes_;
}

Status RecordEncoder::encode_topic(const Batch& batch, const std::vector<uint32_t>& rows, std::vector<EncodedRecord>* out,
                                   std::vector<EncodeError>* errors) {
  const bool whole = static_cast<int64_t>(rows.size()) == batch.row_count();
  const std::string& topic = batch.topic_of(rows[0]);
  for (bool is_key : {true, false}) {
    Named<plugin::Converter>& side = is_key ? key_ : value_;
    const columnar::Column& column = is_key ? batch.key : batch.value;
    std::vector<std::optional<std::string>>& bytes = bytes_;
    bytes.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) bytes[i] = std::move(is_key ? (*out)[rows[i]].key : (*out)[rows[i]].value);
    std::vector<plugin::ConvertError> refused;
    RETURN_IF_ERROR(side.converter->encode(topic, whole ? column : columnar::take(column, rows), &bytes, &refused));
    for (size_t i = 0; i < rows.size(); ++i) (is_key ? (*out)[rows[i]].key : (*out)[rows[i]].value) = std::move(bytes[i]);
    for (const auto& e : refused) errors->push_back({rows[e.row], is_key ? Stage::kKeyConverter : Stage::kValueConverter, side.class_name, e.status});
  }
  return {};
}

Status RecordEncoder::encode(const Batch& batch, std::vector<EncodedRecord>* out, std::vector<EncodeError>* errors) {
  out->resize(static_cast<size_t>(batch.row_count()));
  std::vector<EncodeError> found;
  RETURN_IF_ERROR(encode_headers(batch, out, &found));
  // A converter with schemas knows them by topic, and a transform may have routed the rows apart.
  std::map<std::string_view, std::vector<uint32_t>> by_topic;
  if (batch.topics.empty()) {
    auto& rows = by_topic[batch.topic];
    rows.resize(static_cast<size_t>(batch.row_count()));
    std::iota(rows.begin(), rows.end(), 0u);
  } else {
    for (int64_t row = 0; row < batch.row_count(); ++row) by_topic[batch.topic_of(row)].push_back(static_cast<uint32_t>(row));
  }
  for (const auto& [topic, rows] : by_topic) {
    if (!rows.empty()) RETURN_IF_ERROR(encode_topic(batch, rows, out, &found));
  }
  // Stable: of a row's errors the earliest stage stays first.
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  for (EncodeError& e : found) {
    if (errors->empty() || errors->back().row != e.row) errors->push_back(std::move(e));
  }
  return {};
}

Status check_timestamp(int64_t timestamp_ms) {
  if (timestamp_ms >= -1) return {};
  return Status::data(fmt::format("Invalid record timestamp {}", timestamp_ms)).with_java_class("org.apache.kafka.common.InvalidRecordException");
}

}  // namespace bywash::runtime
