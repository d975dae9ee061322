// See file_rows.h.
#include "analytics/table/file_rows.h"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include <vector>

#include "analytics/table/column_text.h"
#include "analytics/table/json_lines.h"
#include "base/text.h"
#include "formats/avro/avro_file_reader.h"
#include "formats/json/json_writer.h"
#include "formats/parquet/parquet_file_reader.h"

namespace bywash::analytics {
namespace {

using RowTaker = std::function<Status(std::string_view)>;

constexpr size_t kUnpackedBytesMax = size_t{2} << 30;  // of one file: it is held in memory
constexpr int64_t kUnpackStep = 1 << 20;

// The content of a gzip file, of all its members; other bytes as they are.
Result<std::string> unpacked(std::string file) {
  if (!file.starts_with("\x1f\x8b")) return file;
  auto broken = [](const arrow::Status& status) { return Status::invalid("The file cannot be unpacked by gzip: " + status.message()); };
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
  if (!codec.ok()) return broken(codec.status());
  auto stream = arrow::io::CompressedInputStream::Make(codec->get(), std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(file))));
  if (!stream.ok()) return broken(stream.status());
  std::string out;
  while (true) {
    auto step = (*stream)->Read(kUnpackStep);
    if (!step.ok()) return broken(step.status());
    if ((*step)->size() == 0) return out;
    out.append(reinterpret_cast<const char*>((*step)->data()), static_cast<size_t>((*step)->size()));
    if (out.size() > kUnpackedBytesMax) return Status::invalid(fmt::format("The file is larger than {} MiB when unpacked; cut it into several", kUnpackedBytesMax >> 20));
  }
}

// "\"year\":\"2026\",\"month\":\"11\",": what goes before the first member of each row.
std::string leading_members(const std::map<std::string, std::string>& columns) {
  std::string out;
  for (const auto& [name, value] : columns) {
    formats::append_json_string(name, &out);
    out += ':';
    formats::append_json_string(value, &out);
    out += ',';
  }
  return out;
}

RowTaker with_members(std::string members, const RowTaker& row) {
  return [members = std::move(members), row, text = std::string()](std::string_view json) mutable {
    if (!json.starts_with('{')) return row(json);
    const size_t first = json.find_first_not_of(" \t\r\n", 1);
    text.assign(1, '{');
    text += members;
    if (first != std::string_view::npos && json[first] == '}') text.pop_back();
    text += json.substr(1);
    return row(text);
  };
}

Status json_rows(const std::string& file, const RowTaker& row) {
  std::vector<std::string_view> rows;
  RETURN_IF_ERROR(split_json_rows(file, &rows));
  if (rows.empty()) return Status::invalid("The file has no rows");
  for (std::string_view one : rows) RETURN_IF_ERROR(row(one));
  return {};
}

// The columns of `reader`, batch by batch, as rows.
template <class Reader>
Status column_rows(Reader& reader, const RowTaker& row) {
  std::string json;
  while (true) {
    Result<std::optional<columnar::Column>> column = reader.next();
    if (!column.ok()) return Status::invalid(column.status().message());
    if (!*column) return {};
    ASSIGN_OR_RETURN(ColumnText rows, ColumnText::make(**column));
    for (int64_t i = 0; i < rows.row_count(); ++i) {
      json.clear();
      RETURN_IF_ERROR(rows.append(i, &json));
      RETURN_IF_ERROR(row(json));
    }
  }
}

Status read_rows(std::string file, const FileOptions& options, const TableSchema& schema, const RowTaker& row) {
  switch (options.format) {
    case FileFormat::kJson: {
      ASSIGN_OR_RETURN(std::string text, unpacked(std::move(file)));
      return json_rows(text, row);
    }
    case FileFormat::kCsv: {
      ASSIGN_OR_RETURN(std::string text, unpacked(std::move(file)));
      ASSIGN_OR_RETURN(std::string rows, csv_to_json_rows(text, options.csv, schema));
      return json_rows(rows, row);
    }
    case FileFormat::kParquet: {
      auto reader = formats::ParquetFileReader::open(std::move(file));
      if (!reader.ok()) return Status::invalid(reader.status().message());
      return column_rows(**reader, row);
    }
    case FileFormat::kAvro: {
      auto reader = formats::avro::AvroFileReader::open(file, {});
      if (!reader.ok()) return Status::invalid(reader.status().message());
      return column_rows(**reader, row);
    }
  }
  return {};
}

}  // namespace

std::optional<FileFormat> file_format_from(std::string_view name) {
  const std::string upper = ascii_upper(name);
  if (upper == "JSON") return FileFormat::kJson;
  if (upper == "CSV") return FileFormat::kCsv;
  if (upper == "PARQUET") return FileFormat::kParquet;
  if (upper == "AVRO") return FileFormat::kAvro;
  return std::nullopt;
}

std::optional<FileFormat> file_format_of(std::string_view path) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  for (const char* end : {".json", ".jsonl", ".ndjson"}) {
    if (path.ends_with(end)) return FileFormat::kJson;
  }
  if (path.ends_with(".csv") || path.ends_with(".tsv")) return FileFormat::kCsv;
  if (path.ends_with(".parquet")) return FileFormat::kParquet;
  if (path.ends_with(".avro")) return FileFormat::kAvro;
  return std::nullopt;
}

Status each_row(std::string file, const FileOptions& options, const TableSchema& schema, const RowTaker& row) {
  if (options.path_columns.empty()) return read_rows(std::move(file), options, schema, row);
  return read_rows(std::move(file), options, schema, with_members(leading_members(options.path_columns), row));
}

}  // namespace bywash::analytics
