// Header, blocks and markers, checked. Level 4.
#include "formats/avro/avro_file_reader.h"

#include <arrow/array.h>

#include "formats/avro/binary_cursor.h"
#include "formats/avro/decoder.h"
#include "formats/avro/file_codec.h"
#include "formats/avro/to_connect.h"

namespace bywash::formats::avro {

struct AvroFileReader::Impl {
  std::string_view rest;
  std::string text;
  std::string sync;
  std::shared_ptr<const AvroSchema> avro;
  std::unique_ptr<AvroDecoder> decoder;  // null: schemaless
  std::unique_ptr<BlockCodec> codec;

  Status read_header(std::string_view file) {
    Status bad = Status::data("The file is not an Avro object container file, or its header is damaged");
    if (!file.starts_with(std::string_view("Obj\1", 4))) return bad;
    Cursor in(file.substr(4));
    std::string codec_text = "null";
    for (int64_t count = 0; in.block(2, 0, &count);) {
      if (count == 0) break;
      for (; count > 0; --count) {
        std::string_view key, value;
        if (!in.bytes(&key) || !in.bytes(&value)) return bad;
        if (key == "avro.schema") text = value;
        if (key == "avro.codec") codec_text = value;
      }
    }
    std::string_view marker;
    if (in.problem != Cursor::Problem::kNone || !in.take(16, &marker)) return bad;
    sync = marker;
    rest = {in.p, in.left()};
    ASSIGN_OR_RETURN(AvroCodec kind, parse_codec(codec_text));
    ASSIGN_OR_RETURN(codec, make_block_codec(kind));
    return {};
  }

  Result<columnar::Column> read_rows(std::string_view block, int64_t rows) {
    std::vector<columnar::Value> values;
    for (int64_t i = 0; i < rows; ++i) {
      if (decoder) {
        RETURN_IF_ERROR(decoder->read(&block));
      } else {
        ASSIGN_OR_RETURN(columnar::Value value, read_anything(&block));
        values.push_back(std::move(value));
      }
    }
    return decoder ? decoder->finish() : columnar::infer_column(values);
  }
};

AvroFileReader::AvroFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AvroFileReader::~AvroFileReader() = default;

Result<std::unique_ptr<AvroFileReader>> AvroFileReader::open(std::string_view file, const AvroOptions& options) {
  auto impl = std::make_unique<Impl>();
  RETURN_IF_ERROR(impl->read_header(file));
  ASSIGN_OR_RETURN(impl->avro, AvroSchema::parse(impl->text));
  if (!is_anything(impl->avro->root())) {
    int unions = 0;
    ASSIGN_OR_RETURN(columnar::SchemaPtr schema, to_connect_schema(impl->avro->root(), std::nullopt, options, &unions));
    ASSIGN_OR_RETURN(impl->decoder, AvroDecoder::make(impl->avro, impl->avro->root(), schema));
  }
  return std::unique_ptr<AvroFileReader>(new AvroFileReader(std::move(impl)));
}

const std::string& AvroFileReader::schema_text() const { return impl_->text; }

Result<std::optional<columnar::Column>> AvroFileReader::next() {
  if (impl_->rest.empty()) return std::optional<columnar::Column>();
  Status damaged = Status::data("A block of the Avro file is cut off or damaged");
  Cursor in(impl_->rest);
  int64_t rows = 0;
  std::string_view bytes, marker;
  if (!in.varint<10>(&rows) || !in.bytes(&bytes) || !in.take(16, &marker) || rows < 0 || marker != impl_->sync) return damaged;
  ASSIGN_OR_RETURN(std::string block, impl_->codec->decompress(bytes));
  // Records without bytes could be any number.
  if (rows > static_cast<int64_t>(block.size()) + 1'000'000) return damaged;
  auto column = impl_->read_rows(block, rows);
  if (!column.ok()) return column.status();
  impl_->rest = {in.p, in.left()};
  return std::optional<columnar::Column>(*std::move(column));
}

}  // namespace bywash::formats::avro
