// ParquetFormat: collects columns and writes them in row groups; schemaless records get their schema here. Level 6, the task's thread.
#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/util/byte_size.h>

#include <map>

#include "connectors/s3/file_encoder.h"
#include "formats/parquet/inferred_schema.h"
#include "formats/parquet/parquet_file_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::SchemaPtr;
using formats::DictionaryMemory;
using formats::ParquetLayout;
using formats::ParquetOptions;

// Columns in memory at which a row group is written: small enough for many open files, large enough for readers.
constexpr int64_t kRowGroupBytes = int64_t{32} << 20;
// Chunks at which small ones are joined.
constexpr size_t kChunkLimit = 64;

// What files of one schema share.
struct SharedLayout {
  std::shared_ptr<const ParquetLayout> layout;
  DictionaryMemory dictionaries;
};

class ParquetEncoder : public FileEncoder {
 public:
  // `shared` is null for schemaless records.
  ParquetEncoder(const ParquetOptions& options, std::shared_ptr<SharedLayout> shared) : options_(options), shared_(std::move(shared)) {
    if (shared_) writer_ = std::make_unique<formats::ParquetFileWriter>(shared_->layout, &shared_->dictionaries);
  }

  Status append(const Column& column, int64_t row) override {
    if (run_.data != column.data) {
      RETURN_IF_ERROR(end_put());
      run_ = column;
      first_ = row;
      count_ = 0;
    }
    if (rows_.empty() && row == first_ + count_) {
      ++count_;
      return {};
    }
    if (rows_.empty()) {
      for (int64_t i = 0; i < count_; ++i) rows_.push_back(static_cast<uint32_t>(first_ + i));
    }
    rows_.push_back(static_cast<uint32_t>(row));
    return {};
  }

  Status end_put() override {
    if (!run_.data) return {};
    Column part = rows_.empty() ? Column{run_.schema, run_.data->Slice(first_, count_)} : columnar::take(run_, rows_);
    run_ = {};
    rows_.clear();
    auto size = arrow::util::ReferencedBufferSize(*part.data);
    column_bytes_ += size.ok() ? *size : arrow::util::TotalBufferSize(*part.data);
    chunks_.push_back(std::move(part));
    if (chunks_.size() >= kChunkLimit) RETURN_IF_ERROR(join_chunks());
    if (writer_ && column_bytes_ >= kRowGroupBytes) return write_row_group();
    return {};
  }

  Status finish() override {
    RETURN_IF_ERROR(end_put());
    if (!writer_) RETURN_IF_ERROR(infer());
    if (!chunks_.empty()) RETURN_IF_ERROR(write_row_group());
    return writer_->close();
  }

  std::string take_bytes() override { return writer_ ? writer_->take_bytes() : std::string(); }
  int64_t bytes_ready() const override { return writer_ ? writer_->byte_count() : 0; }
  int64_t bytes_held() const override { return column_bytes_ + bytes_ready(); }

 private:
  Status write_row_group() {
    Status written = writer_->write_row_group(chunks_);
    chunks_.clear();
    column_bytes_ = 0;
    return written;
  }

  // Neighbouring chunks of one schema as one.
  Status join_chunks() {
    std::vector<Column> joined;
    for (size_t i = 0; i < chunks_.size();) {
      size_t end = i + 1;
      arrow::ArrayVector arrays = {chunks_[i].data};
      for (; end < chunks_.size() && chunks_[end].schema->arrow_type()->Equals(chunks_[i].schema->arrow_type()); ++end) arrays.push_back(chunks_[end].data);
      auto array = arrow::Concatenate(arrays);
      if (!array.ok()) return Status::host(array.status().message());
      joined.push_back({chunks_[i].schema, *array});
      i = end;
    }
    chunks_ = std::move(joined);
    return {};
  }

  // All rows are there: the schema that holds them.
  Status infer() {
    formats::SchemaInference inference;
    for (const Column& chunk : chunks_) inference.add(chunk);
    SchemaPtr schema = inference.schema();
    ASSIGN_OR_RETURN(auto layout, ParquetLayout::make(schema, options_));
    for (Column& chunk : chunks_) {
      ASSIGN_OR_RETURN(chunk, formats::convert_to_inferred(chunk, schema));
    }
    writer_ = std::make_unique<formats::ParquetFileWriter>(std::move(layout), nullptr);
    return {};
  }

  ParquetOptions options_;
  std::shared_ptr<SharedLayout> shared_;
  std::unique_ptr<formats::ParquetFileWriter> writer_;
  Column run_;                   // rows of the column that append saw last: [first_, first_ + count_), or rows_
  int64_t first_ = 0, count_ = 0;
  std::vector<uint32_t> rows_;
  std::vector<Column> chunks_;
  int64_t column_bytes_ = 0;
};

class ParquetFormat : public FileFormat {
 public:
  explicit ParquetFormat(ParquetOptions options) : options_(std::move(options)) {}

  std::string extension() const override { return formats::parquet_codec_extension(options_.codec) + ".parquet"; }

  Status accepts(const columnar::ConnectSchema& schema) const override {
    if (schema.schemaless()) {
      if (schema.type() == columnar::Type::kObject && !schema.fields().empty()) return {};
      return Status::data(schema.type() == columnar::Type::kObject ? "ParquetFormat cannot write an object without fields"
                                                                    : fmt::format("ParquetFormat needs records with fields, but this value's type is {}",
                                                                                  columnar::to_string(schema.type())))
          .with_java_class("org.apache.kafka.connect.errors.DataException");
    }
    if (schema.type() == columnar::Type::kStruct && known_.contains(&schema)) return {};
    return ParquetLayout::make(columnar::ConnectSchema::make(schema.spec()), options_).status();
  }

  Result<std::unique_ptr<FileEncoder>> open(const SchemaPtr& schema) override {
    if (schema->schemaless()) return std::unique_ptr<FileEncoder>(std::make_unique<ParquetEncoder>(options_, nullptr));
    auto& shared = known_[schema.get()];
    if (!shared) {
      // Schemas live as long as their cache entry: the layout holds them.
      ASSIGN_OR_RETURN(auto layout, ParquetLayout::make(schema, options_));
      shared = std::make_shared<SharedLayout>();
      shared->layout = std::move(layout);
    }
    auto keep = shared;
    if (known_.size() > 256) known_.clear();
    return std::unique_ptr<FileEncoder>(std::make_unique<ParquetEncoder>(options_, keep));
  }

 private:
  ParquetOptions options_;
  std::map<const columnar::ConnectSchema*, std::shared_ptr<SharedLayout>> known_;
};

}  // namespace

std::unique_ptr<FileFormat> make_parquet_format(const S3SinkConfig& config) {
  ParquetOptions options;
  options.codec = config.parquet_codec;
  options.connect_metadata = config.connect_meta_data;
  options.optional_map_keys = config.allow_optional_map_keys;
  return std::make_unique<ParquetFormat>(options);
}

}  // namespace bywash::connectors::s3
