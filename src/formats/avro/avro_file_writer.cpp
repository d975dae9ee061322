// Header, blocks and markers. Put step of the file sinks. Level 4.
#include "formats/avro/avro_file_writer.h"

#include <arrow/array.h>

#include <random>

#include "base/check.h"
#include "formats/avro/encoder.h"
#include "formats/avro/file_codec.h"
#include "formats/avro/from_connect.h"

namespace bywash::formats::avro {
namespace {

void append_text(std::string_view text, std::string* out) {
  append_varint(static_cast<int64_t>(text.size()), out);
  *out += text;
}

// 16 bytes that do not come up by chance.
std::string sync_marker(const std::string& seed) {
  std::mt19937_64 random(seed.empty() ? std::random_device()() * 0x100000001ull + std::random_device()() : std::hash<std::string>()(seed));
  std::string out;
  for (int i = 0; i < 2; ++i) {
    for (uint64_t n = random(), k = 0; k < 8; ++k, n >>= 8) out += static_cast<char>(n);
  }
  return out;
}

}  // namespace

struct AvroFileWriter::Impl {
  columnar::SchemaPtr schema;
  AvroFileOptions options;
  std::string text;
  std::string sync;
  std::unique_ptr<AvroEncoder> encoder;  // null: schemaless
  std::unique_ptr<BlockCodec> codec;
  std::string out;
  std::string block;
  int64_t block_rows = 0;
  size_t before = 0;             // bytes of the block before the row that was appended last
  columnar::Column bound;        // that the encoder looks at
  bool closed = false;

  void write_header() {
    out = std::string("Obj\1", 4);
    append_varint(2, &out);
    append_text("avro.schema", &out);
    append_text(text, &out);
    append_text("avro.codec", &out);
    append_text(codec_name(options.codec), &out);
    append_varint(0, &out);
    out += sync;
  }

  Status end_block() {
    if (block_rows == 0) return {};
    ASSIGN_OR_RETURN(std::string bytes, codec->compress(block));
    append_varint(block_rows, &out);
    append_text(bytes, &out);
    out += sync;
    block.clear();
    block_rows = 0;
    return {};
  }
};

AvroFileWriter::AvroFileWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AvroFileWriter::~AvroFileWriter() = default;

Result<std::unique_ptr<AvroFileWriter>> AvroFileWriter::make(const columnar::SchemaPtr& schema, AvroFileOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->schema = schema;
  impl->options = std::move(options);
  ASSIGN_OR_RETURN(auto avro, from_connect_schema(*schema, impl->options.mapping));
  ASSIGN_OR_RETURN(impl->text, avro::schema_text(avro->root()));
  if (!schema->schemaless()) {
    ASSIGN_OR_RETURN(impl->encoder, AvroEncoder::make(std::move(avro), schema, impl->options.mapping));
  }
  ASSIGN_OR_RETURN(impl->codec, make_block_codec(impl->options.codec));
  impl->sync = sync_marker(impl->options.sync_seed);
  impl->write_header();
  return std::unique_ptr<AvroFileWriter>(new AvroFileWriter(std::move(impl)));
}

const std::string& AvroFileWriter::schema_text() const { return impl_->text; }

Status AvroFileWriter::write(const columnar::Column& column, int64_t* rows_written) {
  CHECK(!impl_->closed);
  if (impl_->encoder) impl_->encoder->bind(column);
  int64_t rows = column.row_count();
  for (int64_t row = 0; row < rows; ++row) {
    if (rows_written) *rows_written = row;
    if (impl_->encoder) RETURN_IF_ERROR(impl_->encoder->write(row, &impl_->block));
    else RETURN_IF_ERROR(write_anything(columnar::value_at(column, row), &impl_->block));
    ++impl_->block_rows;
    if (static_cast<int64_t>(impl_->block.size()) >= impl_->options.block_bytes) RETURN_IF_ERROR(impl_->end_block());
  }
  if (rows_written) *rows_written = rows;
  return {};
}

Status AvroFileWriter::append(const columnar::Column& column, int64_t row) {
  CHECK(!impl_->closed);
  // Not when the row is in, so that it can be taken back.
  if (static_cast<int64_t>(impl_->block.size()) >= impl_->options.block_bytes) RETURN_IF_ERROR(impl_->end_block());
  impl_->before = impl_->block.size();
  if (!impl_->encoder) {
    RETURN_IF_ERROR(write_anything(columnar::value_at(column, row), &impl_->block));
  } else {
    if (impl_->bound.data != column.data) {
      impl_->bound = column;
      impl_->encoder->bind(column);
    }
    RETURN_IF_ERROR(impl_->encoder->write(row, &impl_->block));
  }
  ++impl_->block_rows;
  return {};
}

void AvroFileWriter::take_back() {
  impl_->block.resize(impl_->before);
  --impl_->block_rows;
}

Status AvroFileWriter::close() {
  impl_->closed = true;
  return impl_->end_block();
}

std::string AvroFileWriter::take_bytes() { return std::exchange(impl_->out, {}); }

int64_t AvroFileWriter::bytes_ready() const { return static_cast<int64_t>(impl_->out.size()); }

int64_t AvroFileWriter::byte_count() const { return static_cast<int64_t>(impl_->out.size() + impl_->block.size()); }

}  // namespace bywash::formats::avro
