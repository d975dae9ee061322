// The consuming segment: append-only chunked columns, one writer, readers without locks. Table line, append and publish stages;
// the partition's own thread appends, any thread takes snapshots.
#pragma once

#include "analytics/segment/column_writer.h"
#include "analytics/segment/segment.h"
#include "base/memory_budget.h"

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bywash::analytics {

struct MutableSegmentOptions {
  std::string name;
  int64_t max_rows = 5'000'000;           // hard capacity; full() says when it is reached
  int64_t first_offset = 0;               // of the partition
  int64_t creation_ms = 0;
  std::string time_column;                // empty: the segment has no time range
  std::vector<std::string> raw_columns;   // noDictionaryColumns: texts that are kept raw
};

// Writing, row by row or column by column, in any mixture: append one value to EVERY column per row, then publish().
//
//   for each record:  segment->append_int(0, 7); segment->append_text(1, "x"); segment->append_null(2);
//   a bad record:     segment->rollback(rows_before);
//   once per fetch:   segment->publish(next_offset);
//
// `column` is the index into schema->fields. The typed calls must match stored_as(type) of a single-value field:
// INT, BOOLEAN: append_int; LONG, TIMESTAMP: append_long; FLOAT, DOUBLE: append_float, append_double; the rest: append_text.
class MutableSegment : public std::enable_shared_from_this<MutableSegment> {
 public:
  // kInvalid when options name a column that the schema lacks.
  static Result<std::shared_ptr<MutableSegment>> create(std::shared_ptr<const TableSchema> schema, MutableSegmentOptions options);
  ~MutableSegment();

  void append_int(size_t column, int32_t value) { writers_[column]->append_i32(value); }
  void append_long(size_t column, int64_t value) { writers_[column]->append_i64(value); }
  void append_float(size_t column, float value) { writers_[column]->append_f32(value); }
  void append_double(size_t column, double value) { writers_[column]->append_f64(value); }
  void append_text(size_t column, std::string_view value) { writers_[column]->append_text(value); }
  // The field's null default, and the null bit.
  void append_null(size_t column) { writers_[column]->append_null(); }
  // Multi-value columns. Empty arrays become one null default, as in Pinot.
  void append_integers(size_t column, std::span<const int64_t> values) { writers_[column]->append_integers(values); }
  void append_reals(size_t column, std::span<const double> values) { writers_[column]->append_reals(values); }
  void append_texts(size_t column, std::span<const std::string_view> values) { writers_[column]->append_texts(values); }
  // Columnar: whole runs of one column.
  void append_ints(size_t column, std::span<const int32_t> values) { for (int32_t v : values) writers_[column]->append_i32(v); }
  void append_longs(size_t column, std::span<const int64_t> values) { for (int64_t v : values) writers_[column]->append_i64(v); }
  void append_doubles(size_t column, std::span<const double> values) { for (double v : values) writers_[column]->append_f64(v); }

  // Drops what was appended after the first `rows` rows (not below what is published).
  void rollback(int64_t rows);
  // Makes all complete rows visible to snapshots taken from now on. Every column must have the same number of rows (checked).
  // `next_offset`: the offset after the last record that these rows (and filtered or dropped ones before them) came from.
  void publish(int64_t next_offset);

  // Writer's side: rows appended to the first column (published or not).
  int64_t appended_rows() const { return writers_.empty() ? 0 : writers_[0]->rows(); }
  bool full() const { return appended_rows() >= options_.max_rows; }

  // Any thread.
  int64_t published_rows() const { return rows_.load(std::memory_order_acquire); }
  int64_t next_offset() const { return next_offset_.load(std::memory_order_acquire); }
  int64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }
  const MutableSegmentOptions& options() const { return options_; }
  const std::shared_ptr<const TableSchema>& schema() const { return schema_; }
  // The published rows as they are now; stays valid (and unchanged) for as long as it is held.
  std::shared_ptr<const Segment> snapshot() const;

 private:
  MutableSegment(std::shared_ptr<const TableSchema> schema, MutableSegmentOptions options);

  std::shared_ptr<const TableSchema> schema_;
  MutableSegmentOptions options_;
  int time_field_ = -1;
  std::vector<std::unique_ptr<ColumnWriter>> writers_;
  std::atomic<int64_t> rows_{0};
  std::atomic<int64_t> next_offset_;
  std::atomic<int64_t> memory_bytes_{0};
  Reservation reservation_;
};

}  // namespace bywash::analytics
