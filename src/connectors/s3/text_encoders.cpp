// JsonFormat (one record a line) and ByteArrayFormat (bytes and a separator), plain or as gzip. Level 6, the task's thread.
#include <arrow/array.h>
#include <arrow/util/compression.h>

#include "connectors/s3/file_encoder.h"
#include "formats/json/json_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;

// Bytes on their way out, compressed if so configured. One gzip stream per file.
class Output {
 public:
  Output(bool gzip, int level) : gzip_(gzip), level_(level) {}

  std::string& plain() { return plain_; }
  // Compresses what has come together, from a size that is worth it.
  Status settle(bool last) {
    if (!gzip_) return {};
    if (!last && plain_.size() < (size_t{1} << 16)) return {};
    if (!compressor_) {
      auto codec = level_ < 0 ? arrow::util::Codec::Create(arrow::Compression::GZIP) : arrow::util::Codec::Create(arrow::Compression::GZIP, level_);
      if (!codec.ok()) return Status::host(codec.status().message());
      codec_ = codec.MoveValueUnsafe();
      auto compressor = codec_->MakeCompressor();
      if (!compressor.ok()) return Status::host(compressor.status().message());
      compressor_ = *compressor;
    }
    std::string_view rest = plain_;
    while (!rest.empty()) {
      RETURN_IF_ERROR(room());
      auto step = compressor_->Compress(static_cast<int64_t>(rest.size()), reinterpret_cast<const uint8_t*>(rest.data()),
                                        static_cast<int64_t>(packed_.size() - used_), tail());
      if (!step.ok()) return Status::host(step.status().message());
      rest.remove_prefix(static_cast<size_t>(step->bytes_read));
      used_ += static_cast<size_t>(step->bytes_written);
    }
    plain_.clear();
    for (bool more = last; more;) {
      RETURN_IF_ERROR(room());
      auto step = compressor_->End(static_cast<int64_t>(packed_.size() - used_), tail());
      if (!step.ok()) return Status::host(step.status().message());
      used_ += static_cast<size_t>(step->bytes_written);
      more = step->should_retry;
    }
    return {};
  }

  std::string take() {
    if (!gzip_) return std::exchange(plain_, {});
    packed_.resize(used_);
    used_ = 0;
    return std::exchange(packed_, {});
  }
  int64_t ready() const { return static_cast<int64_t>(gzip_ ? used_ : plain_.size()); }
  int64_t held() const { return static_cast<int64_t>(plain_.size() + used_); }

 private:
  Status room() {
    if (packed_.size() - used_ < (size_t{1} << 15)) packed_.resize(used_ + (size_t{1} << 17));
    return {};
  }
  uint8_t* tail() { return reinterpret_cast<uint8_t*>(packed_.data()) + used_; }

  bool gzip_;
  int level_;
  std::string plain_, packed_;
  size_t used_ = 0;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::util::Compressor> compressor_;
};

class OutputEncoder : public FileEncoder {
 public:
  OutputEncoder(bool gzip, int level) : out_(gzip, level) {}
  Status end_put() override { return out_.settle(false); }
  Status finish() override { return out_.settle(true); }
  std::string take_bytes() override { return out_.take(); }
  int64_t bytes_ready() const override { return out_.ready(); }
  int64_t bytes_held() const override { return out_.held(); }

 protected:
  Output out_;
};

class JsonEncoder : public OutputEncoder {
 public:
  JsonEncoder(const formats::JsonWriteOptions& options, bool gzip, int level) : OutputEncoder(gzip, level), writer_(options) {}
  Status append(const Column& column, int64_t row) override {
    RETURN_IF_ERROR(writer_.write(column, row, &out_.plain()));
    out_.plain() += '\n';
    return {};
  }

 private:
  formats::JsonWriter writer_;
};

class ByteArrayEncoder : public OutputEncoder {
 public:
  ByteArrayEncoder(std::string separator, bool gzip, int level) : OutputEncoder(gzip, level), separator_(std::move(separator)) {}
  Status append(const Column& column, int64_t row) override {
    out_.plain() += static_cast<const arrow::BinaryArray&>(*column.data).GetView(row);
    out_.plain() += separator_;
    return {};
  }

 private:
  std::string separator_;
};

class JsonFormat : public FileFormat {
 public:
  explicit JsonFormat(const S3SinkConfig& config) : gzip_(config.compression_type == "gzip"), level_(config.compression_level) {
    options_ = formats::JsonWriteOptions::s3_lines();
    if (config.json_decimal_format == "NUMERIC" || config.json_decimal_format == "numeric") options_.decimals = formats::JsonWriteOptions::Decimals::kNumeric;
  }
  std::string extension() const override { return gzip_ ? ".json.gz" : ".json"; }
  Status accepts(const columnar::ConnectSchema&) const override { return {}; }
  Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr&) override {
    return std::unique_ptr<FileEncoder>(std::make_unique<JsonEncoder>(options_, gzip_, level_));
  }

 private:
  formats::JsonWriteOptions options_;
  bool gzip_;
  int level_;
};

class ByteArrayFormat : public FileFormat {
 public:
  explicit ByteArrayFormat(const S3SinkConfig& config)
      : extension_(config.bytearray_extension), separator_(config.bytearray_separator.value_or("\n")), gzip_(config.compression_type == "gzip"),
        level_(config.compression_level) {}
  std::string extension() const override { return extension_ + (gzip_ ? ".gz" : ""); }
  Status accepts(const columnar::ConnectSchema& schema) const override {
    if (schema.type() == columnar::Type::kBytes && schema.logical() == columnar::Logical::kNone) return {};
    return Status::data(fmt::format("ByteArrayFormat needs values of type bytes, but this one's type is {}. Use ByteArrayConverter as value.converter",
                                    columnar::to_string(schema.type()))).with_java_class("org.apache.kafka.connect.errors.DataException");
  }
  Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr&) override {
    return std::unique_ptr<FileEncoder>(std::make_unique<ByteArrayEncoder>(separator_, gzip_, level_));
  }

 private:
  std::string extension_, separator_;
  bool gzip_;
  int level_;
};

}  // namespace

std::unique_ptr<FileFormat> make_json_format(const S3SinkConfig& config) { return std::make_unique<JsonFormat>(config); }
std::unique_ptr<FileFormat> make_byte_array_format(const S3SinkConfig& config) { return std::make_unique<ByteArrayFormat>(config); }

Result<std::unique_ptr<FileFormat>> make_format(const S3SinkConfig& config) {
  switch (*format_of(config.format_class)) {
    case Format::kParquet:
      if (config.parquet_codec == "lzo") {
        return Status::invalid("Invalid value lzo for configuration parquet.codec: LZO is not available. Use snappy, zstd, gzip, lz4, lz4_raw, brotli or none");
      }
      return make_parquet_format(config);
    case Format::kJson: return make_json_format(config);
    case Format::kByteArray: return make_byte_array_format(config);
  }
  return Status::invalid("Unknown format.class");
}

}  // namespace bywash::connectors::s3
