// Converters over a raw batch, and the pairing of key and value schemas. Level 7, the task's thread.
#include "runtime/record_decoder.h"

#include <algorithm>
#include <map>

namespace bywash::runtime {
namespace {

using columnar::Batch;
using columnar::RawBatch;
using columnar::Stage;
using plugin::Decoded;
using plugin::DecodedGroup;

constexpr int32_t kFailed = -1;

// Per row: its group, or kFailed; and its position inside the group.
struct Placement {
  std::vector<int32_t> group;
  std::vector<uint32_t> position;
};

bool covers_all(const Decoded& decoded, size_t row_count) {
  return decoded.errors.empty() && decoded.groups.size() == 1 && static_cast<size_t>(decoded.groups[0].column.row_count()) == row_count;
}

Placement place(const Decoded& decoded, size_t row_count) {
  Placement out{std::vector<int32_t>(row_count, kFailed), std::vector<uint32_t>(row_count, 0)};
  for (size_t g = 0; g < decoded.groups.size(); ++g) {
    const DecodedGroup& group = decoded.groups[g];
    const auto n = static_cast<size_t>(group.column.row_count());
    for (size_t i = 0; i < n; ++i) {
      size_t row = group.rows.empty() ? i : group.rows[i];
      out.group[row] = static_cast<int32_t>(g);
      out.position[row] = static_cast<uint32_t>(i);
    }
  }
  return out;
}

void fill_rows(Batch& batch, const std::shared_ptr<const RawBatch>& raw) {
  batch.origin = raw->origin();
  batch.topic = raw->origin().topic;
  batch.kafka_partition = raw->origin().partition.value;
  batch.raw = raw;
  const auto& records = raw->records();
  const size_t n = batch.raw_rows.empty() ? records.size() : batch.raw_rows.size();
  batch.offsets.resize(n);
  batch.timestamps_ms.resize(n);
  for (size_t i = 0; i < n; ++i) {
    const auto& r = records[batch.raw_rows.empty() ? i : batch.raw_rows[i]];
    batch.offsets[i] = r.offset;
    batch.timestamps_ms[i] = r.timestamp_ms;
  }
  if (n > 0) batch.timestamp_type = records[batch.raw_rows.empty() ? 0 : batch.raw_rows[0]].timestamp_type;
  batch.selected = columnar::RowMask(static_cast<int64_t>(n));
}

// A schemaless column that mixes kinds at the top (objects beside numbers, say) becomes one group per kind, so that records which a
// sink can take do not share a batch with those it cannot.
Status split_variants(Decoded* decoded) {
  std::vector<DecodedGroup> out;
  for (DecodedGroup& group : decoded->groups) {
    if (group.column.schema->type() != columnar::Type::kVariant) {
      out.push_back(std::move(group));
      continue;
    }
    std::map<size_t, std::pair<std::vector<columnar::Value>, std::vector<uint32_t>>> kinds;
    for (int64_t i = 0; i < group.column.row_count(); ++i) {
      columnar::Value value = columnar::value_at(group.column, i);
      auto& kind = kinds[value.storage().index()];
      kind.first.push_back(std::move(value));
      kind.second.push_back(group.rows.empty() ? static_cast<uint32_t>(i) : group.rows[static_cast<size_t>(i)]);
    }
    for (auto& [index, kind] : kinds) {
      ASSIGN_OR_RETURN(columnar::Column column, columnar::infer_column(kind.first));
      out.push_back({std::move(column), std::move(kind.second)});
    }
  }
  decoded->groups = std::move(out);
  return {};
}

columnar::Column pick(const DecodedGroup& group, const Placement& placement, const std::vector<uint32_t>& rows) {
  if (static_cast<size_t>(group.column.row_count()) == rows.size()) return group.column;
  std::vector<uint32_t> positions;
  positions.reserve(rows.size());
  for (uint32_t row : rows) positions.push_back(placement.position[row]);
  return columnar::take(group.column, positions);
}

}  // namespace

Status RecordDecoder::decode_headers(const RawBatch& raw, std::vector<std::vector<columnar::Header>>* headers, std::vector<DecodeError>* errors) {
  const size_t n = raw.records().size();
  for (size_t i = 0; i < n; ++i) {
    if (!raw.has_headers(i)) continue;
    if (headers->empty()) headers->resize(n);
    for (const auto& [name, bytes] : raw.headers(i)) {
      auto header = header_.converter->decode(raw.origin().topic, name, bytes ? std::optional<std::string_view>(*bytes) : std::nullopt);
      if (header.ok()) {
        (*headers)[i].push_back(*std::move(header));
        continue;
      }
      if (header.status().retriable()) return header.status();
      errors->push_back({static_cast<uint32_t>(i), Stage::kHeaderConverter, header_.class_name, header.status()});
      break;
    }
  }
  return {};
}

Result<std::vector<Batch>> RecordDecoder::decode(const std::shared_ptr<const RawBatch>& raw, std::vector<DecodeError>* errors) {
  const auto& records = raw->records();
  const std::string& topic = raw->origin().topic;
  const size_t n = records.size();
  payloads_.resize(n);
  for (size_t i = 0; i < n; ++i) payloads_[i] = records[i].key;
  stage_ = Stage::kKeyConverter;
  ASSIGN_OR_RETURN(Decoded keys, key_.converter->decode(topic, payloads_));
  for (size_t i = 0; i < n; ++i) payloads_[i] = records[i].value;
  stage_ = Stage::kValueConverter;
  ASSIGN_OR_RETURN(Decoded values, value_.converter->decode(topic, payloads_));
  RETURN_IF_ERROR(split_variants(&keys));
  RETURN_IF_ERROR(split_variants(&values));
  std::vector<std::vector<columnar::Header>> headers;
  std::vector<DecodeError> header_errors;
  stage_ = Stage::kHeaderConverter;
  RETURN_IF_ERROR(decode_headers(*raw, &headers, &header_errors));

  std::vector<Batch> out;
  if (covers_all(keys, n) && covers_all(values, n) && header_errors.empty()) {
    Batch& batch = out.emplace_back();
    fill_rows(batch, raw);
    batch.key = std::move(keys.groups[0].column);
    batch.value = std::move(values.groups[0].column);
    batch.headers = std::move(headers);
    return out;
  }

  Placement key_of = place(keys, n), value_of = place(values, n);
  // The first stage that refuses a record is the one that counts, as in Connect: key, value, headers.
  std::vector<bool> failed(n, false);
  auto fail = [&](uint32_t row, Stage stage, const std::string& component, const Status& status) {
    if (!failed[row]) errors->push_back({row, stage, component, status});
    failed[row] = true;
  };
  for (const auto& e : keys.errors) fail(e.row, Stage::kKeyConverter, key_.class_name, e.status);
  for (const auto& e : values.errors) fail(e.row, Stage::kValueConverter, value_.class_name, e.status);
  for (const auto& e : header_errors) fail(e.raw_row, e.stage, e.component, e.status);

  std::map<std::pair<int32_t, int32_t>, std::vector<uint32_t>> pairs;
  for (size_t i = 0; i < n; ++i) {
    if (!failed[i]) pairs[{key_of.group[i], value_of.group[i]}].push_back(static_cast<uint32_t>(i));
  }
  for (auto& [pair, rows] : pairs) {
    Batch& batch = out.emplace_back();
    batch.key = pick(keys.groups[static_cast<size_t>(pair.first)], key_of, rows);
    batch.value = pick(values.groups[static_cast<size_t>(pair.second)], value_of, rows);
    if (!headers.empty()) {
      for (uint32_t row : rows) batch.headers.push_back(std::move(headers[row]));
    }
    batch.raw_rows = std::move(rows);
    fill_rows(batch, raw);
  }
  std::sort(out.begin(), out.end(), [](const Batch& a, const Batch& b) { return a.offsets[0] < b.offsets[0]; });
  return out;
}

}  // namespace bywash::runtime
