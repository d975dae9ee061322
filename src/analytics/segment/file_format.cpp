#include "analytics/segment/file_format.h"

namespace bywash::analytics::file_format {
namespace {

class Encoder {
 public:
  template <class T>
  void put(T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& value) {
    put(static_cast<uint32_t>(value.size()));
    out += value;
  }
  std::string out;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : left_(bytes) {}
  template <class T>
  T get() {
    T value{};
    if (left_.size() < sizeof value) return ok_ = false, value;
    std::memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    auto size = get<uint32_t>();
    if (left_.size() < size) return ok_ = false, std::string();
    std::string out(left_.substr(0, size));
    left_.remove_prefix(size);
    return out;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

bool decode_column(Decoder& in, Column* column) {
  column->name = in.text();
  auto type = in.get<uint8_t>();
  column->type = static_cast<DataType>(type);
  column->single_value = in.get<uint8_t>() != 0;
  auto encoding = in.get<uint8_t>();
  column->encoding = static_cast<Encoding>(encoding);
  column->width = in.get<uint8_t>();
  column->sorted_rows = in.get<uint8_t>() != 0;
  column->has_range = in.get<uint8_t>() != 0;
  column->min_integer = in.get<int64_t>();
  column->max_integer = in.get<int64_t>();
  column->min_real = in.get<double>();
  column->max_real = in.get<double>();
  column->cardinality = in.get<uint32_t>();
  auto count = in.get<uint32_t>();
  if (!in.ok() || count > 64 || type > static_cast<uint8_t>(DataType::kBigDecimal) || encoding > 1) return false;
  for (uint32_t i = 0; i < count; ++i) {
    Block block;
    auto kind = in.get<uint8_t>();
    if (kind >= static_cast<uint8_t>(BlockKind::kCount)) return false;
    block.kind = static_cast<BlockKind>(kind);
    block.offset = in.get<uint64_t>();
    block.size = in.get<uint64_t>();
    block.crc = in.get<uint32_t>();
    column->blocks.push_back(block);
  }
  return in.ok();
}

}  // namespace

std::string encode_footer(const Footer& footer) {
  Encoder out;
  out.put(kVersion);
  out.text(footer.meta.name);
  out.put(footer.meta.rows);
  out.put(footer.meta.offsets.first);
  out.put(footer.meta.offsets.end);
  out.put(footer.meta.start_time);
  out.put(footer.meta.end_time);
  out.put(footer.meta.creation_ms);
  out.put(static_cast<uint32_t>(footer.columns.size()));
  for (const Column& column : footer.columns) {
    out.text(column.name);
    out.put(static_cast<uint8_t>(column.type));
    out.put(static_cast<uint8_t>(column.single_value));
    out.put(static_cast<uint8_t>(column.encoding));
    out.put(column.width);
    out.put(static_cast<uint8_t>(column.sorted_rows));
    out.put(static_cast<uint8_t>(column.has_range));
    out.put(column.min_integer);
    out.put(column.max_integer);
    out.put(column.min_real);
    out.put(column.max_real);
    out.put(column.cardinality);
    out.put(static_cast<uint32_t>(column.blocks.size()));
    for (const Block& block : column.blocks) {
      out.put(static_cast<uint8_t>(block.kind));
      out.put(block.offset);
      out.put(block.size);
      out.put(block.crc);
    }
  }
  return std::move(out.out);
}

bool decode_footer(std::string_view bytes, Footer* footer) {
  Decoder in(bytes);
  if (in.get<uint32_t>() != kVersion) return false;
  footer->meta.name = in.text();
  footer->meta.rows = in.get<int64_t>();
  footer->meta.offsets.first = in.get<int64_t>();
  footer->meta.offsets.end = in.get<int64_t>();
  footer->meta.start_time = in.get<int64_t>();
  footer->meta.end_time = in.get<int64_t>();
  footer->meta.creation_ms = in.get<int64_t>();
  auto count = in.get<uint32_t>();
  if (!in.ok() || footer->meta.rows < 0 || count > 100'000) return false;
  for (uint32_t i = 0; i < count; ++i) {
    Column column;
    if (!decode_column(in, &column)) return false;
    footer->columns.push_back(std::move(column));
  }
  return in.ok() && in.at_end();
}

}  // namespace bywash::analytics::file_format
