// GzipDecompress: gzipped bytes become what they were (io.confluent.connect.transforms.GzipDecompress). Level 4, the task's thread.
#include <arrow/util/compression.h>

#include "transforms/column_map.h"
#include "transforms/declaration.h"

namespace bywash::transforms {
namespace {

using columnar::Type;

struct GzipDecompressConfig {};

// Above this a record is refused: a few bytes can claim to be gigabytes.
constexpr size_t kDecompressedMax = size_t{256} << 20;

class GzipDecompress : public plugin::Transform {
 public:
  explicit GzipDecompress(Side side) : side_(side) {}

  class Bound : public plugin::BoundTransform {
   public:
    Bound(Side side, std::shared_ptr<arrow::util::Codec> codec) : side_(side), codec_(std::move(codec)) {}
    void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, side_), rows); }
    Status apply(Batch& batch) override {
      Column& record = column_of(batch, side_);
      const Column old = record;
      ASSIGN_OR_RETURN(record, map_column(batch, old, old.schema->schemaless() ? nullptr : old.schema, [this](const Value& value) { return decompressed(value); }));
      return {};
    }

   private:
    Result<Value> decompressed(const Value& value) const {
      auto* bytes = value.get_if<Value::Bytes>();
      if (!bytes) return data_error(kDataException, fmt::format("GzipDecompress works on bytes only, found {}", java_class_of(value)));
      auto stream = codec_->MakeDecompressor();
      if (!stream.ok()) return Status::fatal(stream.status().message());
      std::string out;
      size_t used = 0, room = bytes->data.size() * 4 + 1024;
      // Several streams one after the other are one and other bytes behind them nothing, as java.util.zip.GZIPInputStream reads them.
      for (size_t taken = 0; taken < bytes->data.size();) {
        out.resize(used + room);
        auto step = (*stream)->Decompress(static_cast<int64_t>(bytes->data.size() - taken), reinterpret_cast<const uint8_t*>(bytes->data.data()) + taken,
                                          static_cast<int64_t>(room), reinterpret_cast<uint8_t*>(out.data()) + used);
        if (!step.ok() || (step->bytes_read == 0 && step->bytes_written == 0 && !step->need_more_output && !(*stream)->IsFinished())) return not_gzip();
        taken += static_cast<size_t>(step->bytes_read);
        used += static_cast<size_t>(step->bytes_written);
        if (used > kDecompressedMax) return data_error(kDataException, "GzipDecompress: the bytes decompress to more than 256 MiB");
        if (step->need_more_output) room *= 2;
        if (!(*stream)->IsFinished()) continue;
        if (!std::string_view(bytes->data).substr(taken).starts_with("\x1f\x8b\x08")) break;
        if (!(*stream)->Reset().ok()) return not_gzip();
      }
      if (!(*stream)->IsFinished()) return not_gzip();
      out.resize(used);
      return Value(Value::Bytes{std::move(out)});
    }
    static Status not_gzip() { return data_error(kDataException, "GzipDecompress: the bytes are not in gzip's format, damaged or cut short"); }

    const Side side_;
    const std::shared_ptr<arrow::util::Codec> codec_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const columnar::ConnectSchema& schema = *schema_of(schemas, side_);
    if (!schema.schemaless() && (schema.type() != Type::kBytes || schema.logical() != columnar::Logical::kNone)) {
      return data_error(kDataException, fmt::format("GzipDecompress works on bytes only, found {}", java_class_of(schema)));
    }
    auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
    if (!codec.ok()) return Status::fatal(codec.status().message());
    return make_bound<Bound>(side_, std::shared_ptr<arrow::util::Codec>(*std::move(codec)));
  }

 private:
  const Side side_;
};

}  // namespace

plugin::TransformPlugin gzip_decompress() {
  return declare(confluent_info("gzip_decompress", {"io.confluent.connect.transforms.GzipDecompress$Value", "io.confluent.connect.transforms.GzipDecompress$Key"},
                                "Decompresses gzipped bytes", "The key or value, bytes in gzip's format, becomes the bytes that were compressed. Nulls stay.", {"{}"}),
                 config::TypedConfig<GzipDecompressConfig>(), [](GzipDecompressConfig, Side side) { return make_transform<GzipDecompress>(side); });
}

}  // namespace bywash::transforms
