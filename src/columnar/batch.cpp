// Batch: marks, invariants, compaction. Level 1, the task's thread.
#include "columnar/batch.h"

#include <arrow/array.h>

#include "base/check.h"

namespace bywash::columnar {

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::kHeaderConverter: return "HEADER_CONVERTER";
    case Stage::kKeyConverter: return "KEY_CONVERTER";
    case Stage::kValueConverter: return "VALUE_CONVERTER";
    case Stage::kTransformation: return "TRANSFORMATION";
    case Stage::kTaskPut: return "TASK_PUT";
    case Stage::kKafkaProduce: return "KAFKA_PRODUCE";
    case Stage::kTaskPoll: return "TASK_POLL";
  }
  return "UNKNOWN";
}

void Batch::fail(int64_t row, Stage stage, std::string component, Status status) {
  selected.clear(row);
  errors.push_back({static_cast<uint32_t>(row), stage, std::move(component), std::move(status)});
}

void Batch::check_invariants() const {
  const int64_t n = row_count();
  CHECK(key.row_count() == n && value.row_count() == n);
  CHECK(timestamps_ms.size() == offsets.size());
  CHECK(selected.row_count() == n);
  CHECK(topics.empty() || topics.size() == offsets.size());
  CHECK(headers.empty() || headers.size() == offsets.size());
  CHECK(raw_rows.empty() || raw_rows.size() == offsets.size());
  for (size_t i = 1; i < offsets.size(); ++i) CHECK(offsets[i - 1] < offsets[i]);
  for (const RowError& e : errors) CHECK(!selected.test(e.row));
}

namespace {
template <class T>
void pick(std::vector<T>& values, const std::vector<uint32_t>& rows) {
  if (values.empty()) return;
  std::vector<T> out;
  out.reserve(rows.size());
  for (uint32_t r : rows) out.push_back(std::move(values[r]));
  values = std::move(out);
}
template <class T>
std::vector<T> picked(const std::vector<T>& values, const std::vector<uint32_t>& rows) {
  std::vector<T> out;
  if (values.empty()) return out;
  out.reserve(rows.size());
  for (uint32_t r : rows) out.push_back(values[r]);
  return out;
}
}  // namespace

Batch take(const Batch& batch, const std::vector<uint32_t>& rows) {
  Batch out;
  out.origin = batch.origin;
  out.key = take(batch.key, rows);
  out.value = take(batch.value, rows);
  out.offsets = picked(batch.offsets, rows);
  out.timestamps_ms = picked(batch.timestamps_ms, rows);
  out.timestamp_type = batch.timestamp_type;
  out.topic = batch.topic;
  out.topics = picked(batch.topics, rows);
  out.kafka_partition = batch.kafka_partition;
  out.from_source = batch.from_source;
  out.headers = picked(batch.headers, rows);
  out.raw_rows = batch.raw_rows.empty() ? rows : picked(batch.raw_rows, rows);
  out.raw = batch.raw;
  const auto count = static_cast<int64_t>(rows.size());
  out.selected = RowMask(count);
  for (int64_t i = 0; i < count; ++i) {
    if (!batch.selected.test(rows[static_cast<size_t>(i)])) out.selected.clear(i);
  }
  if (batch.errors.empty()) return out;
  std::vector<int64_t> at(static_cast<size_t>(batch.row_count()), -1);
  for (size_t i = 0; i < rows.size(); ++i) at[rows[i]] = static_cast<int64_t>(i);
  for (const RowError& e : batch.errors) {
    if (at[e.row] < 0) continue;
    out.errors.push_back(e);
    out.errors.back().row = static_cast<uint32_t>(at[e.row]);
  }
  return out;
}

Batch compact(Batch batch) {
  batch.errors.clear();
  if (batch.selected.all()) return batch;
  std::vector<uint32_t> rows;
  batch.selected.for_each([&](int64_t row) { rows.push_back(static_cast<uint32_t>(row)); });
  batch.key = take(batch.key, rows);
  batch.value = take(batch.value, rows);
  if (batch.raw_rows.empty()) batch.raw_rows = rows;
  else pick(batch.raw_rows, rows);
  pick(batch.offsets, rows);
  pick(batch.timestamps_ms, rows);
  pick(batch.topics, rows);
  pick(batch.headers, rows);
  batch.selected = RowMask(static_cast<int64_t>(rows.size()));
  return batch;
}

}  // namespace bywash::columnar
