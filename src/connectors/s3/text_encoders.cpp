// JsonFormat (one record a line) and ByteArrayFormat (bytes and a separator), plain, as gzip or as zstd. Level 6, the task's thread.
#include <arrow/array.h>
#include <arrow/util/compression.h>

#include "connectors/s3/file_encoder.h"
#include "formats/json/json_writer.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;

// s3.compression.type and s3.compression.level.
struct Packing {
  explicit Packing(const S3SinkConfig& config)
      : codec(config.compression_type == "gzip"   ? arrow::Compression::GZIP
              : config.compression_type == "zstd" ? arrow::Compression::ZSTD
                                                  : arrow::Compression::UNCOMPRESSED),
        level(config.compression_level) {}
  arrow::Compression::type codec;
  int level;
  bool is_on() const { return codec != arrow::Compression::UNCOMPRESSED; }
  const char* extension() const { return codec == arrow::Compression::GZIP ? ".gz" : is_on() ? ".zst" : ""; }
};

// Bytes on their way out, compressed if so configured. One stream per file.
class Output {
 public:
  explicit Output(const Packing& packing) : packing_(packing) {}

  std::string& plain() { return plain_; }
  // Compresses what has come together, from a size that is worth it.
  Status settle(bool last) {
    if (!packing_.is_on()) return {};
    if (!last && plain_.size() < (size_t{1} << 16)) return {};
    if (!compressor_) {
      auto codec = packing_.level < 0 ? arrow::util::Codec::Create(packing_.codec) : arrow::util::Codec::Create(packing_.codec, packing_.level);
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
    taken_ += ready();
    if (!packing_.is_on()) return std::exchange(plain_, {});
    packed_.resize(used_);
    used_ = 0;
    return std::exchange(packed_, {});
  }
  // Bytes of the whole file so far.
  int64_t total() const { return taken_ + held(); }
  int64_t ready() const { return static_cast<int64_t>(packing_.is_on() ? used_ : plain_.size()); }
  int64_t held() const { return static_cast<int64_t>(plain_.size() + used_); }

 private:
  Status room() {
    if (packed_.size() - used_ < (size_t{1} << 15)) packed_.resize(used_ + (size_t{1} << 17));
    return {};
  }
  uint8_t* tail() { return reinterpret_cast<uint8_t*>(packed_.data()) + used_; }

  Packing packing_;
  std::string plain_, packed_;
  size_t used_ = 0;
  int64_t taken_ = 0;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::util::Compressor> compressor_;
};

class OutputEncoder : public FileEncoder {
 public:
  explicit OutputEncoder(const Packing& packing) : out_(packing) {}
  Status end_put() override { return out_.settle(false); }
  void take_back() override { out_.plain().resize(before_); }
  Result<bool> finish() override {
    RETURN_IF_ERROR(out_.settle(true));
    return false;
  }
  std::string take_bytes() override { return out_.take(); }
  int64_t bytes_ready() const override { return out_.ready(); }
  int64_t bytes_held() const override { return out_.held(); }
  int64_t file_bytes() const override { return out_.total(); }

 protected:
  Output out_;
  size_t before_ = 0;  // plain bytes before the last row
};

class JsonEncoder : public OutputEncoder {
 public:
  JsonEncoder(const formats::JsonWriteOptions& options, const Packing& packing) : OutputEncoder(packing), writer_(options) {}
  Status append(const Column& column, int64_t row) override {
    before_ = out_.plain().size();
    RETURN_IF_ERROR(writer_.write(column, row, &out_.plain()));
    out_.plain() += '\n';
    return {};
  }

 private:
  formats::JsonWriter writer_;
};

class ByteArrayEncoder : public OutputEncoder {
 public:
  ByteArrayEncoder(std::string separator, const Packing& packing) : OutputEncoder(packing), separator_(std::move(separator)) {}
  Status append(const Column& column, int64_t row) override {
    before_ = out_.plain().size();
    if (column.data->IsNull(row)) return Status::data("ByteArrayFormat cannot write a null").with_java_class("org.apache.kafka.connect.errors.DataException");
    out_.plain() += static_cast<const arrow::BinaryArray&>(*column.data).GetView(row);
    out_.plain() += separator_;
    return {};
  }

 private:
  std::string separator_;
};

class JsonFormat : public FileFormat {
 public:
  explicit JsonFormat(const S3SinkConfig& config) : packing_(config) {
    options_ = formats::JsonWriteOptions::s3_lines();
    if (config.json_decimal_format == "numeric" || config.json_decimal_format == "NUMERIC") options_.decimals = formats::JsonWriteOptions::Decimals::kNumeric;
  }
  std::string extension() const override { return std::string(".json") + packing_.extension(); }
  bool envelopes(View view) const override { return view == View::kHeaders; }
  Status accepts(const columnar::ConnectSchema&) const override { return {}; }
  Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr&) override {
    return std::unique_ptr<FileEncoder>(std::make_unique<JsonEncoder>(options_, packing_));
  }

 private:
  formats::JsonWriteOptions options_;
  Packing packing_;
};

class ByteArrayFormat : public FileFormat {
 public:
  explicit ByteArrayFormat(const S3SinkConfig& config)
      : extension_(config.bytearray_extension), separator_(config.bytearray_separator.value_or("\n")), packing_(config) {}
  std::string extension() const override { return extension_ + packing_.extension(); }
  Status accepts(const columnar::ConnectSchema& schema) const override {
    if (schema.type() == columnar::Type::kBytes && schema.logical() == columnar::Logical::kNone) return {};
    return Status::data(fmt::format("ByteArrayFormat needs values of type bytes, but this one's type is {}. Use ByteArrayConverter as converter",
                                    columnar::to_string(schema.type()))).with_java_class("org.apache.kafka.connect.errors.DataException");
  }
  Result<std::unique_ptr<FileEncoder>> open(const columnar::SchemaPtr&) override {
    return std::unique_ptr<FileEncoder>(std::make_unique<ByteArrayEncoder>(separator_, packing_));
  }

 private:
  std::string extension_, separator_;
  Packing packing_;
};

}  // namespace

std::unique_ptr<FileFormat> make_json_format(const S3SinkConfig& config) { return std::make_unique<JsonFormat>(config); }
std::unique_ptr<FileFormat> make_byte_array_format(const S3SinkConfig& config) { return std::make_unique<ByteArrayFormat>(config); }

Result<std::unique_ptr<FileFormat>> make_format(const S3SinkConfig& config, const std::string& class_name) {
  auto format = format_of(class_name);
  if (!format) return Status::invalid(fmt::format("Class {} could not be found. Use AvroFormat, ParquetFormat, JsonFormat or ByteArrayFormat", class_name));
  switch (*format) {
    case Format::kParquet:
      if (config.parquet_codec == "lzo") {
        return Status::invalid("Invalid value lzo for configuration parquet.codec: LZO is not available. Use snappy, zstd, gzip, lz4, lz4_raw, brotli or none");
      }
      return make_parquet_format(config);
    case Format::kAvro: return make_avro_format(config);
    case Format::kJson: return make_json_format(config);
    case Format::kByteArray: return make_byte_array_format(config);
  }
  return Status::invalid("Unknown format.class");
}

}  // namespace bywash::connectors::s3
