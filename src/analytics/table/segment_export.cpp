// See segment_export.h.
#include "analytics/table/segment_export.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <vector>

namespace bywash::analytics {
namespace {

constexpr int64_t kRowsPerGroup = 128 << 10;

Status export_failed(const std::string& why) { return Status::host("Cannot write the rows as Parquet: " + why); }

int64_t integer_at(const ColumnView& column, int64_t row) {
  if (column.encoding == Encoding::kDictionary) return column.dictionary.integer(column.dictionary_id(row));
  return column.integer(row);
}
double real_at(const ColumnView& column, int64_t row) {
  if (column.encoding == Encoding::kDictionary) return column.dictionary.real(column.dictionary_id(row));
  return column.width == 4 ? static_cast<double>(*column.block<float>(row)) : *column.block<double>(row);
}
std::string_view text_at(const ColumnView& column, int64_t row) {
  return column.encoding == Encoding::kDictionary ? column.dictionary.text(column.dictionary_id(row)) : column.raw_text(row);
}

std::shared_ptr<arrow::DataType> item_type(DataType type) {
  switch (type) {
    case DataType::kInt: return arrow::int32();
    case DataType::kLong:
    case DataType::kTimestamp: return arrow::int64();
    case DataType::kFloat: return arrow::float32();
    case DataType::kDouble: return arrow::float64();
    case DataType::kBoolean: return arrow::boolean();
    case DataType::kBytes: return arrow::binary();
    default: return arrow::utf8();
  }
}

std::shared_ptr<arrow::DataType> arrow_type(const FieldSpec& field) { return field.single_value ? item_type(field.type) : arrow::list(item_type(field.type)); }

// Appends one value that `integer`, `real` or `text` gives, whichever the type asks for.
template <class Integer, class Real, class Text>
arrow::Status append_value(arrow::ArrayBuilder& to, DataType type, Integer integer, Real real, Text text) {
  switch (type) {
    case DataType::kInt: return static_cast<arrow::Int32Builder&>(to).Append(static_cast<int32_t>(integer()));
    case DataType::kLong:
    case DataType::kTimestamp: return static_cast<arrow::Int64Builder&>(to).Append(integer());
    case DataType::kFloat: return static_cast<arrow::FloatBuilder&>(to).Append(static_cast<float>(real()));
    case DataType::kDouble: return static_cast<arrow::DoubleBuilder&>(to).Append(real());
    case DataType::kBoolean: return static_cast<arrow::BooleanBuilder&>(to).Append(integer() != 0);
    case DataType::kBytes: return static_cast<arrow::BinaryBuilder&>(to).Append(text());
    default: return static_cast<arrow::StringBuilder&>(to).Append(text());
  }
}

arrow::Status append_row(arrow::ArrayBuilder& to, const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return to.AppendNull();
  const DataType type = column.field->type;
  if (column.field->single_value) {
    return append_value(to, type, [&] { return integer_at(column, row); }, [&] { return real_at(column, row); }, [&] { return text_at(column, row); });
  }
  auto& list = static_cast<arrow::ListBuilder&>(to);
  ARROW_RETURN_NOT_OK(list.Append());
  const MultiValue values = column.multi(row);
  const DictionaryView& dictionary = column.dictionary;
  for (uint32_t i = 0; i < values.count; ++i) {
    const uint32_t id = values.ids[i];
    ARROW_RETURN_NOT_OK(append_value(*list.value_builder(), type, [&] { return dictionary.integer(id); }, [&] { return dictionary.real(id); }, [&] { return dictionary.text(id); }));
  }
  return arrow::Status::OK();
}

Result<std::vector<int64_t>> rows_in_range(const Segment& segment, const TimeRange& range, int time_field, const TimeFormat* format) {
  std::vector<int64_t> out;
  if (!range.all() && (time_field < 0 || !format)) return Status::invalid("Rows cannot be told by their time: the table has no time column");
  for (int64_t row = 0; row < segment.rows(); ++row) {
    if (!range.all()) {
      const ColumnView& time = segment.column(static_cast<size_t>(time_field));
      const std::optional<int64_t> at = is_integer(time.field->type) ? format->to_millis(integer_at(time, row)) : format->to_millis(text_at(time, row));
      if (!at || *at <= range.after || *at > range.upto) continue;
    }
    out.push_back(row);
  }
  return out;
}

// Rows [first, end) of `rows` as one batch.
Result<std::shared_ptr<arrow::RecordBatch>> batch_of(const Segment& segment, const std::shared_ptr<arrow::Schema>& schema, const std::vector<int64_t>& rows, size_t first,
                                                     size_t end) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < segment.column_count(); ++i) {
    auto builder = arrow::MakeBuilder(schema->field(static_cast<int>(i))->type());
    if (!builder.ok()) return export_failed(builder.status().message());
    for (size_t at = first; at < end; ++at) {
      if (auto appended = append_row(**builder, segment.column(i), rows[at]); !appended.ok()) return export_failed(appended.message());
    }
    auto array = (*builder)->Finish();
    if (!array.ok()) return export_failed(array.status().message());
    arrays.push_back(*std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(end - first), std::move(arrays));
}

}  // namespace

Result<std::string> parquet_of_segment(const Segment& segment, const TimeRange& range, int time_field, const TimeFormat* format) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> rows, rows_in_range(segment, range, time_field, format));
  if (rows.empty()) return std::string();
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const FieldSpec& field : segment.schema()->fields) fields.push_back(arrow::field(field.name, arrow_type(field)));
  const auto schema = arrow::schema(std::move(fields));
  try {
    auto sink = arrow::io::BufferOutputStream::Create();
    if (!sink.ok()) return export_failed(sink.status().message());
    auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->max_row_group_length(kRowsPerGroup)->build();
    auto writer = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), *sink, std::move(properties));
    if (!writer.ok()) return export_failed(writer.status().message());
    for (size_t first = 0; first < rows.size(); first += kRowsPerGroup) {
      ASSIGN_OR_RETURN(auto batch, batch_of(segment, schema, rows, first, std::min(rows.size(), first + kRowsPerGroup)));
      if (auto wrote = (*writer)->WriteRecordBatch(*batch); !wrote.ok()) return export_failed(wrote.message());
    }
    if (auto closed = (*writer)->Close(); !closed.ok()) return export_failed(closed.message());
    auto bytes = (*sink)->Finish();
    if (!bytes.ok()) return export_failed(bytes.status().message());
    return (*bytes)->ToString();
  } catch (const std::exception& e) {
    return export_failed(e.what());
  }
}

}  // namespace bywash::analytics
