// AvroFormat: object container files, one record after another. Level 6, the task's thread.
#include <arrow/array.h>

#include <map>

#include "connectors/s3/file_encoder.h"
#include "formats/avro/avro_file_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::SchemaPtr;
using formats::avro::AvroFileOptions;
using formats::avro::AvroFileWriter;

class AvroFileEncoder : public FileEncoder {
 public:
  explicit AvroFileEncoder(std::unique_ptr<AvroFileWriter> writer) : writer_(std::move(writer)) {}
  Status append(const Column& column, int64_t row) override { return writer_->append(column, row); }
  void take_back() override { writer_->take_back(); }
  Result<bool> finish() override {
    RETURN_IF_ERROR(writer_->close());
    return false;
  }
  std::string take_bytes() override {
    std::string bytes = writer_->take_bytes();
    taken_ += static_cast<int64_t>(bytes.size());
    return bytes;
  }
  int64_t bytes_ready() const override { return writer_->bytes_ready(); }
  int64_t bytes_held() const override { return writer_->byte_count(); }
  int64_t file_bytes() const override { return taken_ + writer_->byte_count(); }

 private:
  std::unique_ptr<AvroFileWriter> writer_;
  int64_t taken_ = 0;
};

class AvroFormat : public FileFormat {
 public:
  explicit AvroFormat(AvroFileOptions options) : options_(std::move(options)) {}
  std::string extension() const override { return ".avro"; }
  bool is_bound_to_schema() const override { return true; }

  Status accepts(const columnar::ConnectSchema& schema) const override {
    if (schema.schemaless() || known_.contains(&schema)) return {};
    return AvroFileWriter::make(columnar::ConnectSchema::make(schema.spec()), options_).status();
  }

  Result<std::unique_ptr<FileEncoder>> open(const SchemaPtr& schema) override {
    ASSIGN_OR_RETURN(auto writer, AvroFileWriter::make(schema, options_));
    // The schema is kept, so that its address stays its own.
    if (known_.size() > 256) known_.clear();
    known_.emplace(schema.get(), schema);
    return std::unique_ptr<FileEncoder>(std::make_unique<AvroFileEncoder>(std::move(writer)));
  }

 private:
  AvroFileOptions options_;
  std::map<const columnar::ConnectSchema*, SchemaPtr> known_;
};

}  // namespace

Result<std::unique_ptr<FileFormat>> make_avro_format(const S3SinkConfig& config) {
  AvroFileOptions options;
  ASSIGN_OR_RETURN(options.codec, formats::avro::parse_codec(config.avro_codec));
  options.mapping.connect_metadata = config.connect_meta_data;
  options.mapping.enhanced_schemas = config.enhanced_avro_schema_support;
  options.mapping.optional_map_keys = config.allow_optional_map_keys;
  return std::unique_ptr<FileFormat>(std::make_unique<AvroFormat>(std::move(options)));
}

}  // namespace bywash::connectors::s3
