#include "analytics/segment/mutable_segment.h"

#include <algorithm>

namespace bywash::analytics {

Result<std::shared_ptr<MutableSegment>> MutableSegment::create(std::shared_ptr<const TableSchema> schema, MutableSegmentOptions options) {
  if (schema->fields.empty()) return Status::invalid(fmt::format("Schema has no fields: '{}'", schema->name));
  for (const std::string& name : options.raw_columns) {
    if (schema->find(name) < 0) return Status::invalid(fmt::format("Column of noDictionaryColumns is not in the schema: '{}'", name));
  }
  if (!options.time_column.empty() && schema->find(options.time_column) < 0) {
    return Status::invalid(fmt::format("Time column is not in the schema: '{}'", options.time_column));
  }
  return std::shared_ptr<MutableSegment>(new MutableSegment(std::move(schema), std::move(options)));
}

MutableSegment::MutableSegment(std::shared_ptr<const TableSchema> schema, MutableSegmentOptions options)
    : schema_(std::move(schema)), options_(std::move(options)), next_offset_(options_.first_offset) {
  if (!options_.time_column.empty()) time_field_ = schema_->find(options_.time_column);
  for (const FieldSpec& field : schema_->fields) {
    bool raw = std::find(options_.raw_columns.begin(), options_.raw_columns.end(), field.name) != options_.raw_columns.end();
    writers_.push_back(std::make_unique<ColumnWriter>(field, raw, options_.max_rows));
  }
}

MutableSegment::~MutableSegment() = default;

void MutableSegment::rollback(int64_t rows) {
  CHECK(rows >= rows_.load(std::memory_order_relaxed));
  for (auto& writer : writers_) {
    if (writer->rows() > rows) writer->rollback(rows);
  }
}

void MutableSegment::publish(int64_t next_offset) {
  int64_t rows = appended_rows();
  int64_t bytes = 0;
  for (auto& writer : writers_) {
    CHECK(writer->rows() == rows);
    writer->publish();
    bytes += writer->memory_bytes();
  }
  memory_bytes_.store(bytes, std::memory_order_relaxed);
  reservation_.resize(bytes);
  next_offset_.store(next_offset, std::memory_order_release);
  rows_.store(rows, std::memory_order_release);
}

std::shared_ptr<const Segment> MutableSegment::snapshot() const {
  SegmentMeta meta;
  meta.rows = rows_.load(std::memory_order_acquire);  // before the columns: what they show may only be newer
  meta.name = options_.name;
  meta.offsets = {options_.first_offset, next_offset_.load(std::memory_order_acquire)};
  meta.creation_ms = options_.creation_ms;
  meta.bytes = memory_bytes();
  meta.consuming = true;
  std::vector<ColumnView> columns;
  columns.reserve(writers_.size());
  for (const auto& writer : writers_) columns.push_back(writer->view());
  if (time_field_ >= 0) {
    const ColumnView& time = columns[static_cast<size_t>(time_field_)];
    if (meta.rows > 0 && time.has_range && is_integer(time.field->type)) {
      meta.start_time = time.min_integer;
      meta.end_time = time.max_integer;
    }
  }
  return std::make_shared<const Segment>(std::move(meta), schema_, std::move(columns), shared_from_this());
}

}  // namespace bywash::analytics
