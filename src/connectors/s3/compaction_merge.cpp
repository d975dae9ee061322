// Parquet is written anew in larger row groups; Avro's blocks, JSON lines, bytes and compressed streams are strung together. Level 6.
#include "connectors/s3/compaction_merge.h"

#include <arrow/array.h>

#include <algorithm>

#include "connectors/s3/row_source.h"
#include "formats/avro/avro_file_parts.h"
#include "formats/parquet/parquet_file_reader.h"
#include "formats/parquet/parquet_file_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;

// Rows at which a row group of the merged object ends, and their bytes.
constexpr int64_t kMergedGroupRows = 1'000'000;
constexpr int64_t kMergedGroupBytes = int64_t{64} << 20;

int64_t column_bytes(const arrow::ArrayData& array) {
  int64_t bytes = 0;
  for (const auto& buffer : array.buffers) bytes += buffer ? buffer->size() : 0;
  for (const auto& child : array.child_data) bytes += column_bytes(*child);
  return bytes;
}

Result<std::string> merged_parquet(const std::vector<std::string>& objects) {
  RowSources formats("");
  std::unique_ptr<formats::ParquetFileWriter> writer;
  std::vector<Column> group;
  int64_t rows = 0, bytes = 0;
  auto end_group = [&]() -> Status {
    if (!group.empty()) RETURN_IF_ERROR(writer->write_row_group(group));
    group.clear();
    rows = bytes = 0;
    return {};
  };
  for (const std::string& object : objects) {
    ASSIGN_OR_RETURN(auto file, formats::ParquetFileReader::open(object));
    const std::string codec = file->codec(), avro = file->avro_schema();
    ASSIGN_OR_RETURN(auto source, formats.open(Format::kParquet, "", object));
    while (true) {
      ASSIGN_OR_RETURN(auto column, source->next());
      if (!column) break;
      if (!writer) {
        formats::ParquetOptions options;
        options.codec = codec;
        options.connect_metadata = avro.find("\"connect.") != avro.npos;
        ASSIGN_OR_RETURN(auto layout, formats::ParquetLayout::make(column->schema, options));
        writer = std::make_unique<formats::ParquetFileWriter>(std::move(layout), nullptr);
      }
      // Files of one layout have schemas that are equal, not the same.
      if (!group.empty()) column->schema = group.front().schema;
      rows += column->row_count();
      bytes += column_bytes(*column->data->data());
      group.push_back(*std::move(column));
      if (rows >= kMergedGroupRows || bytes >= kMergedGroupBytes) RETURN_IF_ERROR(end_group());
    }
  }
  if (!writer) return objects.front();  // all of them are without rows
  RETURN_IF_ERROR(end_group());
  RETURN_IF_ERROR(writer->close());
  return writer->take_bytes();
}

Result<std::string> merged_avro(const std::vector<std::string>& objects) {
  ASSIGN_OR_RETURN(auto first, formats::avro::avro_file_parts(objects.front()));
  std::string out(first.header);
  for (const std::string& object : objects) {
    ASSIGN_OR_RETURN(auto file, formats::avro::avro_file_parts(object));
    RETURN_IF_ERROR(formats::avro::append_avro_blocks(file, first.sync, &out));
  }
  return out;
}

Status differs() { return Status(Code::kFatal, Blame::kUs, "The merged object does not have the rows of those that went into it; nothing was changed"); }

// Decodes both sides and compares them in steps.
Status check_rows(Format format, const std::string& whole, const std::vector<std::string>& objects) {
  RowSources formats("\n");
  ASSIGN_OR_RETURN(auto rows, formats.open(format, "", whole));
  RowCursor all(std::move(rows));
  for (const std::string& object : objects) {
    ASSIGN_OR_RETURN(auto part_rows, formats.open(format, "", object));
    RowCursor part(std::move(part_rows));
    while (true) {
      ASSIGN_OR_RETURN(int64_t wanted, part.available());
      if (wanted == 0) break;
      ASSIGN_OR_RETURN(int64_t there, all.available());
      if (there == 0) return differs();
      int64_t step = std::min(wanted, there);
      Column a = all.take(step), b = part.take(step);
      if (!a.schema->equals(*b.schema) || !a.data->Equals(*b.data, arrow::EqualOptions::Defaults().nans_equal(true))) return differs();
    }
  }
  ASSIGN_OR_RETURN(int64_t left, all.available());
  return left == 0 ? Status() : differs();
}

Status check_text(const std::string& extension, const std::string& whole, const std::vector<std::string>& objects) {
  ASSIGN_OR_RETURN(std::string text, unpacked(extension, whole));
  size_t at = 0;
  for (const std::string& object : objects) {
    ASSIGN_OR_RETURN(std::string part, unpacked(extension, object));
    if (text.compare(at, part.size(), part) != 0) return differs();
    at += part.size();
  }
  return at == text.size() ? Status() : differs();
}

}  // namespace

std::optional<Format> format_by_extension(const std::string& extension) {
  if (extension.ends_with(".avro")) return Format::kAvro;
  if (extension.ends_with(".parquet")) return Format::kParquet;
  if (extension == ".json" || extension == ".json.gz" || extension == ".json.zst") return Format::kJson;
  if (extension.empty() || extension == "/") return std::nullopt;
  return Format::kByteArray;
}

Result<std::string> layout_of(Format format, const std::string& bytes) {
  if (format == Format::kAvro) {
    ASSIGN_OR_RETURN(auto file, formats::avro::avro_file_parts(bytes));
    return fmt::format("{} {}", file.codec, file.schema);
  }
  if (format == Format::kParquet) {
    ASSIGN_OR_RETURN(auto file, formats::ParquetFileReader::open(bytes));
    return fmt::format("{} {} {}", file->codec(), file->schema()->arrow_type()->ToString(), file->avro_schema());
  }
  return std::string();
}

Result<std::string> merged(Format format, const std::string& extension, const std::vector<std::string>& objects) {
  if (format == Format::kAvro || format == Format::kParquet) {
    ASSIGN_OR_RETURN(std::string whole, format == Format::kAvro ? merged_avro(objects) : merged_parquet(objects));
    RETURN_IF_ERROR(check_rows(format, whole, objects));
    return whole;
  }
  std::string whole;
  for (const std::string& object : objects) {
    whole += object;
    // A last line without its end would run into the next one.
    if (format == Format::kJson && extension == ".json" && !object.empty() && object.back() != '\n') return Status::data("The object's last line has no end");
  }
  RETURN_IF_ERROR(check_text(extension, whole, objects));
  return whole;
}

}  // namespace bywash::connectors::s3
