// ParquetFileWriter over Arrow's column writers, with a schema tree of our own. Level 4, one thread at a time.
#include "formats/parquet/parquet_file_writer.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/io/interfaces.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include "formats/parquet/arrow_shape.h"
#include "formats/parquet/dictionary_choice.h"

namespace bywash::formats {
namespace {

constexpr int kFilesPerSample = 64;

// Collects bytes in a string that can be taken away while the file grows.
class ByteSink : public arrow::io::OutputStream {
 public:
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, int64_t size) override {
    bytes.append(static_cast<const char*>(data), static_cast<size_t>(size));
    position_ += size;
    return arrow::Status::OK();
  }
  std::string bytes;

 private:
  int64_t position_ = 0;
  bool closed_ = false;
};

parquet::Compression::type codec_of(const std::string& name) {
  if (name == "snappy") return parquet::Compression::SNAPPY;
  if (name == "gzip") return parquet::Compression::GZIP;
  if (name == "zstd") return parquet::Compression::ZSTD;
  if (name == "lz4") return parquet::Compression::LZ4_HADOOP;
  if (name == "lz4_raw") return parquet::Compression::LZ4;
  if (name == "brotli") return parquet::Compression::BROTLI;
  return parquet::Compression::UNCOMPRESSED;
}

Status to_status(const arrow::Status& status) {
  if (status.ok()) return {};
  return Status(Code::kFatal, Blame::kUs, "Cannot write Parquet: " + status.message());
}

}  // namespace

struct ParquetFileWriter::Impl {
  std::shared_ptr<const ParquetLayout> layout;
  DictionaryMemory own_memory;
  DictionaryMemory* memory = nullptr;
  std::shared_ptr<ByteSink> sink = std::make_shared<ByteSink>();
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  bool closed = false;

  // Decides dictionaries by the first row group's values, or as the files before did.
  void choose(const std::vector<std::shared_ptr<arrow::ChunkedArray>>& columns) {
    if (!memory->wanted.empty() && memory->files_until_resample-- > 0) return;
    memory->wanted.assign(columns.size(), true);
    memory->files_until_resample = kFilesPerSample;
    for (size_t i = 0; i < columns.size(); ++i) {
      // Spark (4.2, VectorizedPlainValuesReader) fails on plain binary decimals of up to 18 digits; the original writes a dictionary too.
      if (layout->schema()->fields()[i].schema->logical() == columnar::Logical::kDecimal) continue;
      if (columns[i]->num_chunks() > 0) memory->wanted[i] = wants_dictionary(*columns[i]->chunk(0));
    }
  }

  Status open() {
    parquet::WriterProperties::Builder builder;
    builder.compression(codec_of(layout->options().codec))->data_pagesize(layout->options().page_bytes)->created_by("bywash version 0.1.0")
        ->version(parquet::ParquetVersion::PARQUET_2_6)->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
    const auto& fields = layout->schema()->fields();
    for (size_t i = 0; i < memory->wanted.size(); ++i) {
      if (!memory->wanted[i]) builder.disable_dictionary(std::make_shared<parquet::schema::ColumnPath>(std::vector<std::string>{fields[i].name}));
    }
    auto metadata = std::make_shared<arrow::KeyValueMetadata>();
    for (const auto& [key, value] : layout->metadata()) metadata->Append(key, value);
    auto root = std::static_pointer_cast<parquet::schema::GroupNode>(layout->root());
    std::unique_ptr<parquet::ParquetFileWriter> file;
    try {
      file = parquet::ParquetFileWriter::Open(sink, root, builder.build(), metadata);
    } catch (const std::exception& e) {
      return Status(Code::kFatal, Blame::kUs, fmt::format("Cannot start a Parquet file: {}", e.what()));
    }
    return to_status(parquet::arrow::FileWriter::Make(arrow::default_memory_pool(), std::move(file), layout->arrow_schema(),
                                                      parquet::default_arrow_writer_properties(), &writer));
  }
};

ParquetFileWriter::ParquetFileWriter(std::shared_ptr<const ParquetLayout> layout, DictionaryMemory* memory) : impl_(std::make_unique<Impl>()) {
  impl_->layout = std::move(layout);
  impl_->memory = memory ? memory : &impl_->own_memory;
}

ParquetFileWriter::~ParquetFileWriter() = default;

Status ParquetFileWriter::write_row_group(const std::vector<columnar::Column>& chunks) {
  const auto& schema = *impl_->layout->schema();
  bool optional_keys = impl_->layout->options().optional_map_keys;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns;
  int64_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk.row_count();
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    arrow::ArrayVector arrays;
    for (const auto& chunk : chunks) {
      auto child = static_cast<const arrow::StructArray&>(*chunk.data).field(static_cast<int>(i));
      ASSIGN_OR_RETURN(auto shaped, parquet_array(*schema.fields()[i].schema, child, optional_keys));
      arrays.push_back(std::move(shaped));
    }
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(arrays), impl_->layout->arrow_schema()->field(static_cast<int>(i))->type()));
  }
  if (!impl_->writer) {
    impl_->choose(columns);
    RETURN_IF_ERROR(impl_->open());
  }
  if (rows == 0) return {};
  try {
    RETURN_IF_ERROR(to_status(impl_->writer->WriteTable(*arrow::Table::Make(impl_->layout->arrow_schema(), columns, rows), rows)));
  } catch (const std::exception& e) {
    return Status(Code::kFatal, Blame::kUs, fmt::format("Cannot write Parquet: {}", e.what()));
  }
  return {};
}

Status ParquetFileWriter::close() {
  if (impl_->closed) return {};
  if (!impl_->writer) RETURN_IF_ERROR(write_row_group({}));
  impl_->closed = true;
  try {
    return to_status(impl_->writer->Close());
  } catch (const std::exception& e) {
    return Status(Code::kFatal, Blame::kUs, fmt::format("Cannot finish a Parquet file: {}", e.what()));
  }
}

std::string ParquetFileWriter::take_bytes() { return std::exchange(impl_->sink->bytes, {}); }
int64_t ParquetFileWriter::byte_count() const { return static_cast<int64_t>(impl_->sink->bytes.size()); }

}  // namespace bywash::formats
