// ParquetFileReader over Arrow's. Level 4, one thread at a time.
#include "formats/parquet/parquet_file_reader.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "formats/parquet/connect_shape.h"

namespace bywash::formats {
namespace {

constexpr int64_t kRowsPerRead = 8192;

Status unreadable(const std::string& why) { return Status::data("The Parquet file cannot be read: " + why); }

std::string codec_name(parquet::Compression::type codec) {
  switch (codec) {
    case parquet::Compression::SNAPPY: return "snappy";
    case parquet::Compression::GZIP: return "gzip";
    case parquet::Compression::ZSTD: return "zstd";
    case parquet::Compression::LZ4_HADOOP: return "lz4";
    case parquet::Compression::LZ4: return "lz4_raw";
    case parquet::Compression::BROTLI: return "brotli";
    default: return "none";
  }
}

}  // namespace

struct ParquetFileReader::Impl {
  std::unique_ptr<parquet::arrow::FileReader> file;
  std::unique_ptr<arrow::RecordBatchReader> rows;
  std::string avro_schema, codec = "none";
  columnar::SchemaPtr schema;
};

ParquetFileReader::ParquetFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ParquetFileReader::~ParquetFileReader() = default;

Result<std::unique_ptr<ParquetFileReader>> ParquetFileReader::open(std::string file) {
  auto impl = std::make_unique<Impl>();
  try {
    parquet::arrow::FileReaderBuilder builder;
    auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(file)));
    if (auto opened = builder.Open(std::move(source)); !opened.ok()) return unreadable(opened.message());
    parquet::ArrowReaderProperties properties(false);
    properties.set_batch_size(kRowsPerRead);
    // Every reader of the process decides for itself: the task's thread reads.
    properties.set_pre_buffer(false);
    auto made = builder.properties(properties)->Build();
    if (!made.ok()) return unreadable(made.status().message());
    impl->file = made.MoveValueUnsafe();
    auto rows = impl->file->GetRecordBatchReader();
    if (!rows.ok()) return unreadable(rows.status().message());
    impl->rows = rows.MoveValueUnsafe();
    auto metadata = impl->file->parquet_reader()->metadata();
    if (metadata->num_row_groups() > 0 && metadata->num_columns() > 0) impl->codec = codec_name(metadata->RowGroup(0)->ColumnChunk(0)->compression());
    if (auto stored = metadata->key_value_metadata()) impl->avro_schema = stored->Get("parquet.avro.schema").ValueOr("");
  } catch (const std::exception& e) {
    return unreadable(e.what());
  }
  auto schema = connect_schema_of(*arrow::struct_(impl->rows->schema()->fields()), false);
  if (!schema.ok()) return schema.status().with_context("The Parquet file cannot be read");
  impl->schema = *std::move(schema);
  return std::unique_ptr<ParquetFileReader>(new ParquetFileReader(std::move(impl)));
}

const std::string& ParquetFileReader::avro_schema() const { return impl_->avro_schema; }
const std::string& ParquetFileReader::codec() const { return impl_->codec; }
int64_t ParquetFileReader::row_count() const { return impl_->file->parquet_reader()->metadata()->num_rows(); }
const columnar::SchemaPtr& ParquetFileReader::schema() const { return impl_->schema; }
void ParquetFileReader::choose_schema(columnar::SchemaPtr schema) { impl_->schema = std::move(schema); }

Result<std::optional<columnar::Column>> ParquetFileReader::next() {
  std::shared_ptr<arrow::RecordBatch> batch;
  try {
    if (auto read = impl_->rows->ReadNext(&batch); !read.ok()) return unreadable(read.message());
  } catch (const std::exception& e) {
    return unreadable(e.what());
  }
  if (!batch) return std::optional<columnar::Column>();
  auto rows = batch->ToStructArray();
  if (!rows.ok()) return unreadable(rows.status().message());
  auto array = connect_array(*impl_->schema, *rows);
  if (!array.ok()) return array.status().with_context("The Parquet file cannot be read");
  return std::optional<columnar::Column>(columnar::Column{impl_->schema, *std::move(array)});
}

}  // namespace bywash::formats
