// The rows of a whole file (JSON, CSV, Parquet, Avro) as the JSON objects that JsonRows takes, so that files and topics are coerced, shaped
// and counted alike. Offline line, decode stage; the thread that ingests.
// Source: org.apache.pinot.plugin.inputformat.{json,csv,parquet,avro}.*RecordReader 1.5.1.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "analytics/table/csv_rows.h"

namespace bywash::analytics {

enum class FileFormat { kJson, kCsv, kParquet, kAvro };

// Pinot's inputFormat, in any case ("json", "CSV", ...); nothing: not known.
std::optional<FileFormat> file_format_from(std::string_view name);
// By the ending of a file's name: .json, .jsonl, .ndjson, .csv, .tsv, also with .gz behind it, .parquet, .avro; nothing: not known.
std::optional<FileFormat> file_format_of(std::string_view path);

struct FileOptions {
  FileFormat format = FileFormat::kJson;
  CsvOptions csv;
  std::map<std::string, std::string> path_columns;  // columns that the file's path names; the rows' own values win
};

// Calls `row` with the text of each row until it answers an error. `file` is the whole file; JSON and CSV may be compressed by gzip.
// kInvalid: it is not of that format, damaged, or has no rows; the message says which row where it can.
Status each_row(std::string file, const FileOptions& options, const TableSchema& schema, const std::function<Status(std::string_view)>& row);

}  // namespace bywash::analytics
