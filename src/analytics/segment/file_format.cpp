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

void put_blocks(Encoder& out, const std::vector<Block>& blocks) {
  out.put(static_cast<uint32_t>(blocks.size()));
  for (const Block& block : blocks) {
    out.put(static_cast<uint8_t>(block.kind));
    out.put(block.offset);
    out.put(block.size);
    out.put(block.crc);
  }
}

bool decode_blocks(Decoder& in, uint32_t most, std::vector<Block>* blocks) {
  auto count = in.get<uint32_t>();
  if (!in.ok() || count > most) return false;
  for (uint32_t i = 0; i < count; ++i) {
    Block block;
    auto kind = in.get<uint8_t>();
    if (kind >= static_cast<uint8_t>(BlockKind::kCount)) return false;
    block.kind = static_cast<BlockKind>(kind);
    block.offset = in.get<uint64_t>();
    block.size = in.get<uint64_t>();
    block.crc = in.get<uint32_t>();
    blocks->push_back(block);
  }
  return in.ok();
}

constexpr uint32_t kTreePartsMax = 100'000;  // of dimensions, aggregations, blocks: more is damage

bool decode_tree(Decoder& in, Tree* tree) {
  tree->records = in.get<uint32_t>();
  tree->nodes = in.get<uint32_t>();
  tree->running_rows = in.get<uint32_t>();
  tree->running_records = in.get<uint32_t>();
  auto dimensions = in.get<uint32_t>(), pairs = in.get<uint32_t>(), values = in.get<uint32_t>();
  if (!in.ok() || dimensions > kTreePartsMax || pairs > kTreePartsMax || values > kTreePartsMax) return false;
  for (uint32_t i = 0; i < dimensions && in.ok(); ++i) tree->dimensions.push_back(in.text());
  for (uint32_t i = 0; i < pairs && in.ok(); ++i) {
    auto function = in.get<uint8_t>();
    tree->pairs.emplace_back(function, in.text());
  }
  for (uint32_t i = 0; i < values && in.ok(); ++i) {
    auto kind = in.get<uint8_t>();
    if (kind > static_cast<uint8_t>(StarValue::kMax)) return false;
    tree->values.push_back({static_cast<StarValue>(kind), in.text()});
  }
  return in.ok() && decode_blocks(in, kTreePartsMax, &tree->blocks);
}

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
  if (!in.ok() || type > static_cast<uint8_t>(DataType::kBigDecimal) || encoding > 1) return false;
  return decode_blocks(in, 64, &column->blocks);
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
    put_blocks(out, column.blocks);
  }
  out.text(footer.meta.built_with);
  out.put(static_cast<uint32_t>(footer.trees.size()));
  for (const Tree& tree : footer.trees) {
    out.put(tree.records);
    out.put(tree.nodes);
    out.put(tree.running_rows);
    out.put(tree.running_records);
    for (size_t count : {tree.dimensions.size(), tree.pairs.size(), tree.values.size()}) out.put(static_cast<uint32_t>(count));
    for (const std::string& dimension : tree.dimensions) out.text(dimension);
    for (const auto& [function, column] : tree.pairs) {
      out.put(function);
      out.text(column);
    }
    for (const TreeValue& value : tree.values) {
      out.put(static_cast<uint8_t>(value.kind));
      out.text(value.column);
    }
    put_blocks(out, tree.blocks);
  }
  return std::move(out.out);
}

bool decode_footer(std::string_view bytes, Footer* footer) {
  Decoder in(bytes);
  const auto version = in.get<uint32_t>();
  if (version < 1 || version > kVersion) return false;
  footer->meta.name = in.text();
  footer->meta.rows = in.get<int64_t>();
  footer->meta.offsets.first = in.get<int64_t>();
  footer->meta.offsets.end = in.get<int64_t>();
  footer->meta.start_time = in.get<int64_t>();
  footer->meta.end_time = in.get<int64_t>();
  footer->meta.creation_ms = in.get<int64_t>();
  auto count = in.get<uint32_t>();
  if (!in.ok() || footer->meta.rows < 0 || footer->meta.rows > UINT32_MAX || count > 100'000) return false;  // rows are numbered by 32 bits
  for (uint32_t i = 0; i < count; ++i) {
    Column column;
    if (!decode_column(in, &column)) return false;
    footer->columns.push_back(std::move(column));
  }
  if (version == 1) return in.ok() && in.at_end();
  footer->meta.built_with = in.text();
  auto trees = in.get<uint32_t>();
  if (!in.ok() || trees > kTreePartsMax) return false;
  for (uint32_t i = 0; i < trees; ++i) {
    if (!decode_tree(in, &footer->trees.emplace_back())) return false;
  }
  return in.ok() && in.at_end();
}

}  // namespace bywash::analytics::file_format
