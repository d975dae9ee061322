// ParquetFormat: collects columns and writes them in row groups; schemaless records get their schema here. Level 6, the task's thread.
#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <map>

#include "connectors/s3/file_encoder.h"
#include "connectors/s3/spill_file.h"
#include "formats/parquet/arrow_shape.h"
#include "formats/parquet/inferred_schema.h"
#include "formats/parquet/parquet_file_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::SchemaPtr;
using formats::DictionaryMemory;
using formats::ParquetLayout;
using formats::ParquetOptions;

// Chunks at which small ones are joined.
constexpr size_t kChunkLimit = 64;
// Builders grow by doubling: on average half as much again as their rows need.
constexpr double kBuilderSlack = 1.5;

Status host_status(const arrow::Status& status) { return status.ok() ? Status() : Status::host(status.message()); }

int64_t referenced_bytes(const arrow::Array& array) {
  auto size = arrow::util::ReferencedBufferSize(array);
  return size.ok() ? *size : arrow::util::TotalBufferSize(array);
}

// What files of one schema share.
struct SharedLayout {
  std::shared_ptr<const ParquetLayout> layout;
  DictionaryMemory dictionaries;
  double bytes_per_column_byte = 0;  // of the row group written last; 0: none yet
  bool has_decimals = false;
};

class ParquetEncoder : public FileEncoder {
 public:
  // `shared` is null for schemaless records.
  ParquetEncoder(const ParquetOptions& options, std::shared_ptr<SharedLayout> shared) : options_(options), shared_(std::move(shared)) {
    if (shared_) writer_ = std::make_unique<formats::ParquetFileWriter>(shared_->layout, &shared_->dictionaries);
  }

  Status append(const Column& column, int64_t row) override {
    if (shared_ && shared_->has_decimals) RETURN_IF_ERROR(formats::check_decimal_scales(*column.schema, *column.data, row));
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

  int64_t append_rows(const Column& column, int64_t row, int64_t count) override {
    const bool extends = run_.data == column.data && rows_.empty() && row == first_ + count_ && !(shared_ && shared_->has_decimals);
    if (!extends) return FileEncoder::append_rows(column, row, count);
    count_ += count;
    return count;
  }

  void take_back() override {
    if (rows_.empty()) --count_;
    else rows_.pop_back();
    if (rows_.empty() && count_ == 0) run_ = {};
  }

  Status end_put() override {
    if (!run_.data) return {};
    // A slice keeps the whole batch in memory: where a batch's rows are spread over many files, they are copied into builders.
    if (rows_.empty() && count_ >= run_.row_count() / 2) {
      RETURN_IF_ERROR(end_builder());
      RETURN_IF_ERROR(add_chunk({run_.schema, run_.data->Slice(first_, count_)}));
    } else {
      RETURN_IF_ERROR(copy_rows());
    }
    run_ = {};
    rows_.clear();
    count_ = 0;
    if (writer_ && column_bytes_ + builder_bytes_ + spilled_bytes() >= options_.row_group_bytes) return write_next_group();
    return {};
  }

  Result<bool> finish() override {
    RETURN_IF_ERROR(end_put());
    RETURN_IF_ERROR(end_builder());
    if (!writer_) RETURN_IF_ERROR(infer());
    if (has_rows()) RETURN_IF_ERROR(write_next_group());
    if (has_rows()) return true;
    RETURN_IF_ERROR(writer_->close());
    return false;
  }

  std::string take_bytes() override {
    std::string bytes = writer_ ? writer_->take_bytes() : std::string();
    taken_ += static_cast<int64_t>(bytes.size());
    return bytes;
  }
  int64_t bytes_ready() const override { return writer_ ? writer_->byte_count() : 0; }
  int64_t bytes_held() const override { return column_bytes_ + builder_bytes_ + bytes_ready(); }
  int64_t file_bytes() const override {
    // Columns in memory are larger than in the file: by how much, the row groups before say.
    double ratio = shared_ && shared_->bytes_per_column_byte > 0 ? shared_->bytes_per_column_byte : 1;
    return taken_ + bytes_ready() + static_cast<int64_t>(ratio * static_cast<double>(column_bytes_ + builder_bytes_ + spilled_bytes()));
  }

  Status spill(const std::string& folder) override {
    RETURN_IF_ERROR(end_put());
    RETURN_IF_ERROR(end_builder());
    RETURN_IF_ERROR(join_chunks());
    if (chunks_.empty()) return {};
    if (!spill_) {
      ASSIGN_OR_RETURN(spill_, SpillFile::make(folder));
    }
    int64_t share = column_bytes_ / static_cast<int64_t>(chunks_.size());
    while (!chunks_.empty()) {
      ASSIGN_OR_RETURN(std::string bytes, packed(chunks_.front()));
      int64_t at = spill_->size();
      RETURN_IF_ERROR(spill_->append(bytes));
      spilled_.push_back({at, static_cast<int64_t>(bytes.size()), share, chunks_.front().schema});
      chunks_.erase(chunks_.begin());
      column_bytes_ -= share;
    }
    column_bytes_ = 0;
    return {};
  }

 private:
  // A chunk that lies in spill_.
  struct Spilled {
    int64_t offset = 0, size = 0, column_bytes = 0;
    SchemaPtr schema;
  };

  bool has_rows() const { return !chunks_.empty() || !spilled_.empty(); }
  int64_t spilled_bytes() const {
    int64_t bytes = 0;
    for (const Spilled& s : spilled_) bytes += s.column_bytes;
    return bytes;
  }

  Status add_chunk(Column chunk) {
    column_bytes_ += referenced_bytes(*chunk.data);
    chunks_.push_back(std::move(chunk));
    return chunks_.size() >= kChunkLimit ? join_chunks() : Status();
  }

  // Copies this file's rows out of run_.
  Status copy_rows() {
    if (builder_ && builder_schema_ != run_.schema &&
        !(builder_schema_->equals(*run_.schema) && builder_schema_->arrow_type()->Equals(*run_.schema->arrow_type()))) {
      RETURN_IF_ERROR(end_builder());
    }
    if (!builder_) {
      RETURN_IF_ERROR(host_status(arrow::MakeBuilder(arrow::default_memory_pool(), run_.data->type(), &builder_)));
      builder_schema_ = run_.schema;
    }
    const arrow::ArraySpan span(*run_.data->data());
    int64_t copied = 0;
    if (rows_.empty()) {
      RETURN_IF_ERROR(host_status(builder_->AppendArraySlice(span, first_, count_)));
      copied = count_;
    }
    for (size_t i = 0; i < rows_.size();) {
      size_t end = i + 1;
      while (end < rows_.size() && rows_[end] == rows_[end - 1] + 1) ++end;
      RETURN_IF_ERROR(host_status(builder_->AppendArraySlice(span, rows_[i], static_cast<int64_t>(end - i))));
      copied += static_cast<int64_t>(end - i);
      i = end;
    }
    const double row_bytes = static_cast<double>(referenced_bytes(*run_.data)) / static_cast<double>(run_.row_count());
    builder_bytes_ += static_cast<int64_t>(kBuilderSlack * row_bytes * static_cast<double>(copied));
    return {};
  }

  // Rows that were copied become a chunk.
  Status end_builder() {
    if (!builder_) return {};
    std::shared_ptr<arrow::Array> array;
    RETURN_IF_ERROR(host_status(builder_->Finish(&array)));
    builder_.reset();
    builder_bytes_ = 0;
    return add_chunk({std::exchange(builder_schema_, nullptr), std::move(array)});
  }

  // Writes the oldest rows as one row group, about row_group_bytes of columns.
  Status write_next_group() {
    RETURN_IF_ERROR(end_builder());
    std::vector<Column> group;
    int64_t bytes = 0;
    size_t read = 0;
    for (; read < spilled_.size() && bytes < options_.row_group_bytes; ++read) {
      ASSIGN_OR_RETURN(Column chunk, unpacked(spilled_[read]));
      bytes += spilled_[read].column_bytes;
      group.push_back(std::move(chunk));
    }
    bool all = read == spilled_.size();
    spilled_.erase(spilled_.begin(), spilled_.begin() + static_cast<long>(read));
    if (all) {
      if (spill_) RETURN_IF_ERROR(spill_->clear());
      for (Column& chunk : chunks_) group.push_back(std::move(chunk));
      bytes += column_bytes_;
      chunks_.clear();
      column_bytes_ = 0;
    }
    if (inferred_) {
      for (Column& chunk : group) {
        ASSIGN_OR_RETURN(chunk, formats::convert_to_inferred(chunk, inferred_));
      }
    }
    int64_t before = writer_->byte_count();
    RETURN_IF_ERROR(writer_->write_row_group(group));
    if (shared_ && bytes > 0) shared_->bytes_per_column_byte = static_cast<double>(writer_->byte_count() - before) / static_cast<double>(bytes);
    return {};
  }

  // Neighbouring chunks of one schema as one.
  Status join_chunks() {
    std::vector<Column> joined;
    for (size_t i = 0; i < chunks_.size();) {
      size_t end = i + 1;
      arrow::ArrayVector arrays = {chunks_[i].data};
      for (; end < chunks_.size() && chunks_[end].schema->arrow_type()->Equals(chunks_[i].schema->arrow_type()); ++end) arrays.push_back(chunks_[end].data);
      if (arrays.size() == 1) {
        joined.push_back(std::move(chunks_[i]));
      } else {
        auto array = arrow::Concatenate(arrays);
        if (!array.ok()) return Status::host(array.status().message());
        joined.push_back({chunks_[i].schema, *array});
      }
      i = end;
    }
    chunks_ = std::move(joined);
    return {};
  }

  // A chunk as a stream of Arrow's IPC format, and back.
  static Result<std::string> packed(const Column& chunk) {
    auto schema = arrow::schema({arrow::field("v", chunk.data->type())});
    auto batch = arrow::RecordBatch::Make(schema, chunk.data->length(), {chunk.data});
    auto out = arrow::io::BufferOutputStream::Create();
    if (!out.ok()) return Status::host(out.status().message());
    auto writer = arrow::ipc::MakeStreamWriter(*out, schema);
    if (!writer.ok()) return Status::host(writer.status().message());
    for (auto status : {(*writer)->WriteRecordBatch(*batch), (*writer)->Close()}) {
      if (!status.ok()) return Status::host(status.message());
    }
    auto buffer = (*out)->Finish();
    if (!buffer.ok()) return Status::host(buffer.status().message());
    return (*buffer)->ToString();
  }
  Result<Column> unpacked(const Spilled& spilled) const {
    ASSIGN_OR_RETURN(std::string bytes, spill_->read(spilled.offset, spilled.size));
    auto reader = arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes))));
    if (!reader.ok()) return Status::host(reader.status().message());
    auto batch = (*reader)->Next();
    if (!batch.ok()) return Status::host(batch.status().message());
    return Column{spilled.schema, (*batch)->column(0)};
  }

  // All rows are there: the schema that holds them.
  Status infer() {
    formats::SchemaInference inference;
    for (const Spilled& s : spilled_) {
      ASSIGN_OR_RETURN(Column chunk, unpacked(s));
      inference.add(chunk);
    }
    for (const Column& chunk : chunks_) inference.add(chunk);
    inferred_ = inference.schema();
    ASSIGN_OR_RETURN(auto layout, ParquetLayout::make(inferred_, options_));
    writer_ = std::make_unique<formats::ParquetFileWriter>(std::move(layout), nullptr);
    return {};
  }

  ParquetOptions options_;
  std::shared_ptr<SharedLayout> shared_;
  std::unique_ptr<formats::ParquetFileWriter> writer_;
  SchemaPtr inferred_;           // of schemaless rows, once all are there
  Column run_;                   // rows of the column that append saw last: [first_, first_ + count_), or rows_
  int64_t first_ = 0, count_ = 0;
  std::vector<uint32_t> rows_;
  std::vector<Column> chunks_;
  int64_t column_bytes_ = 0;     // of chunks_
  std::unique_ptr<arrow::ArrayBuilder> builder_;  // rows that were copied; newer than chunks_
  SchemaPtr builder_schema_;
  int64_t builder_bytes_ = 0;
  std::unique_ptr<SpillFile> spill_;
  std::vector<Spilled> spilled_;  // older than chunks_
  int64_t taken_ = 0;
};

class ParquetFormat : public FileFormat {
 public:
  explicit ParquetFormat(ParquetOptions options) : options_(std::move(options)) {}

  std::string extension() const override { return formats::parquet_codec_extension(options_.codec) + ".parquet"; }
  bool is_bound_to_schema() const override { return true; }
  bool envelopes(View view) const override { return view != View::kValues; }

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
      shared->has_decimals = formats::has_decimals(*schema);
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
  options.row_group_bytes = config.parquet_row_group_bytes;
  options.page_bytes = config.parquet_page_bytes;
  options.optional_map_keys = config.allow_optional_map_keys;
  return std::make_unique<ParquetFormat>(options);
}

}  // namespace bywash::connectors::s3
