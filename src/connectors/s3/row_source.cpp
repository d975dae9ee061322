// Readers of the four formats behind one face. Level 6, one thread at a time.
#include "connectors/s3/row_source.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "formats/avro/avro_file_reader.h"
#include "formats/avro/avro_schema.h"
#include "formats/avro/to_connect.h"
#include "formats/parquet/parquet_file_reader.h"
#include "formats/plugins.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;

constexpr size_t kLinesPerRead = 4096;

// As the sink writes Avro by default.
formats::avro::AvroOptions stored_avro() {
  formats::avro::AvroOptions options;
  options.enhanced_schemas = true;
  return options;
}

class ParquetRows : public RowSource {
 public:
  static Result<std::unique_ptr<RowSource>> open(std::string bytes) {
    ASSIGN_OR_RETURN(auto file, formats::ParquetFileReader::open(std::move(bytes)));
    // The writer's schema tells what column types do not: names, versions, small integers, defaults.
    if (auto schema = stored_schema(file->avro_schema()); schema.ok()) file->choose_schema(*schema);
    return std::unique_ptr<RowSource>(new ParquetRows(std::move(file)));
  }
  Result<std::optional<Column>> next() override { return file_->next(); }

 private:
  explicit ParquetRows(std::unique_ptr<formats::ParquetFileReader> file) : file_(std::move(file)) {}
  static Result<columnar::SchemaPtr> stored_schema(const std::string& text) {
    ASSIGN_OR_RETURN(auto avro, formats::avro::AvroSchema::parse(text));
    int unions = 0;
    ASSIGN_OR_RETURN(columnar::SchemaPtr schema, formats::avro::to_connect_schema(avro->root(), std::nullopt, stored_avro(), &unions));
    if (schema->type() != Type::kStruct) return Status::data("not a record");
    return schema;
  }
  std::unique_ptr<formats::ParquetFileReader> file_;
};

class AvroRows : public RowSource {
 public:
  static Result<std::unique_ptr<RowSource>> open(std::string bytes) {
    auto rows = std::make_unique<AvroRows>();
    rows->bytes_ = std::move(bytes);
    ASSIGN_OR_RETURN(rows->file_, formats::avro::AvroFileReader::open(rows->bytes_, stored_avro()));
    return std::unique_ptr<RowSource>(std::move(rows));
  }
  Result<std::optional<Column>> next() override { return file_->next(); }

 private:
  std::string bytes_;
  std::unique_ptr<formats::avro::AvroFileReader> file_;
};

// Pieces of a text between separators; a last one without its separator counts too.
class Pieces {
 public:
  Pieces(std::string text, std::string separator) : text_(std::move(text)), separator_(std::move(separator)) {}
  std::vector<std::string_view> next(size_t limit, bool pass_over_empty) {
    std::vector<std::string_view> out;
    while (at_ < text_.size() && out.size() < limit) {
      size_t end = separator_.empty() ? text_.npos : text_.find(separator_, at_);
      std::string_view piece = std::string_view(text_).substr(at_, end == text_.npos ? text_.npos : end - at_);
      at_ = end == text_.npos ? text_.size() : end + separator_.size();
      ++count_;
      if (!piece.empty() || !pass_over_empty) out.push_back(piece);
    }
    return out;
  }
  size_t count() const { return count_; }

 private:
  std::string text_, separator_;
  size_t at_ = 0, count_ = 0;
};

class JsonRows : public RowSource {
 public:
  JsonRows(std::string text, plugin::Converter* converter, std::string kind) : lines_(std::move(text), "\n"), converter_(converter), kind_(std::move(kind)) {}
  Result<std::optional<Column>> next() override {
    while (groups_.empty()) {
      size_t before = lines_.count();
      auto lines = lines_.next(kLinesPerRead, true);
      if (lines.empty()) return std::optional<Column>();
      std::vector<std::optional<std::string_view>> payloads(lines.begin(), lines.end());
      ASSIGN_OR_RETURN(plugin::Decoded decoded, converter_->decode(kind_, payloads));
      if (!decoded.errors.empty()) {
        return Status::data(fmt::format("line {} or one behind it is no JSON: {}", before + decoded.errors.front().row + 1, decoded.errors.front().status.message()));
      }
      // Lines of one shape are one group; several groups would be out of order.
      if (decoded.groups.size() == 1) {
        groups_.push_back(std::move(decoded.groups.front().column));
      } else {
        RETURN_IF_ERROR(in_order(decoded));
      }
    }
    Column column = std::move(groups_.front());
    groups_.pop_front();
    return std::optional<Column>(std::move(column));
  }

 private:
  Status in_order(const plugin::Decoded& decoded) {
    std::vector<columnar::Value> values;
    for (const auto& group : decoded.groups) values.resize(std::max<size_t>(values.size(), group.rows.empty() ? 0 : group.rows.back() + 1));
    for (const auto& group : decoded.groups) {
      for (size_t i = 0; i < group.rows.size(); ++i) values[group.rows[i]] = columnar::value_at(group.column, static_cast<int64_t>(i));
    }
    ASSIGN_OR_RETURN(Column column, columnar::infer_column(values));
    groups_.push_back(std::move(column));
    return {};
  }
  Pieces lines_;
  plugin::Converter* converter_;
  std::string kind_;  // the converter remembers shapes by it
  std::deque<Column> groups_;
};

class ByteRows : public RowSource {
 public:
  ByteRows(std::string bytes, std::string separator) : pieces_(std::move(bytes), std::move(separator)) {}
  Result<std::optional<Column>> next() override {
    auto pieces = pieces_.next(kLinesPerRead, false);
    if (pieces.empty()) return std::optional<Column>();
    arrow::BinaryBuilder out;
    for (std::string_view piece : pieces) {
      if (auto appended = out.Append(piece); !appended.ok()) return Status::host(appended.message());
    }
    auto array = out.Finish();
    if (!array.ok()) return Status::host(array.status().message());
    return std::optional<Column>(Column{schema_, array.MoveValueUnsafe()});
  }

 private:
  Pieces pieces_;
  const columnar::SchemaPtr schema_ = ConnectSchema::of(Type::kBytes, true);
};

}  // namespace

Result<std::string> unpacked(const std::string& key, std::string bytes) {
  arrow::Compression::type kind = key.ends_with(".gz")    ? arrow::Compression::GZIP
                                  : key.ends_with(".zst") ? arrow::Compression::ZSTD
                                                          : arrow::Compression::UNCOMPRESSED;
  if (kind == arrow::Compression::UNCOMPRESSED) return bytes;
  auto damaged = [&](const arrow::Status& why) { return Status::data("The compressed object is damaged: " + why.message()); };
  auto codec = arrow::util::Codec::Create(kind);
  if (!codec.ok()) return Status::host(codec.status().message());
  auto stream = arrow::io::CompressedInputStream::Make(codec->get(), std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes))));
  if (!stream.ok()) return damaged(stream.status());
  std::string out;
  while (true) {
    constexpr size_t kStep = size_t{1} << 18;
    size_t before = out.size();
    out.resize(before + kStep);
    auto got = (*stream)->Read(kStep, out.data() + before);
    if (!got.ok()) return damaged(got.status());
    out.resize(before + static_cast<size_t>(*got));
    if (*got == 0) return out;
  }
}

Result<std::unique_ptr<RowSource>> RowSources::open(Format format, const std::string& key, std::string bytes, const std::string& kind) {
  if (format == Format::kParquet) return ParquetRows::open(std::move(bytes));
  if (format == Format::kAvro) return AvroRows::open(std::move(bytes));
  ASSIGN_OR_RETURN(std::string text, unpacked(key, std::move(bytes)));
  if (format == Format::kByteArray) return std::unique_ptr<RowSource>(std::make_unique<ByteRows>(std::move(text), separator_));
  if (!json_) {
    ASSIGN_OR_RETURN(json_, formats::json_converter().make({{"schemas.enable", "false"}}, false));
  }
  return std::unique_ptr<RowSource>(std::make_unique<JsonRows>(std::move(text), json_.get(), kind));
}

Result<int64_t> RowCursor::available() {
  while (!ended_ && (!at_hand_.data || next_ == at_hand_.row_count())) {
    ASSIGN_OR_RETURN(auto more, rows_->next());
    next_ = 0;
    ended_ = !more;
    at_hand_ = more ? *std::move(more) : Column{};
  }
  return ended_ ? 0 : at_hand_.row_count() - next_;
}

Column RowCursor::take(int64_t count) {
  Column out{at_hand_.schema, at_hand_.data->Slice(next_, count)};
  next_ += count;
  return out;
}

Status RowCursor::skip(int64_t count) {
  while (count > 0) {
    ASSIGN_OR_RETURN(int64_t rows, available());
    if (rows == 0) return Status::data("the object has fewer rows than it had when it was read before");
    int64_t step = std::min(rows, count);
    next_ += step;
    count -= step;
  }
  return {};
}

}  // namespace bywash::connectors::s3
