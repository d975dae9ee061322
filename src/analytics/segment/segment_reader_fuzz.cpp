// libFuzzer: whatever stands in a sealed segment's file, opening it gives a segment or a reason. Checksums are made to fit first, for without that
// every change would end at them; then columns, indexes and star-trees are laid out over what the footer says.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "analytics/segment/file_format.h"
#include "analytics/segment/segment_file.h"
#include "analytics/segment/star_tree_view.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace {

using namespace bywash::analytics;

// The fields that tests/fuzz/segment_reader_fuzz has files of.
std::shared_ptr<const TableSchema> schema() {
  static const auto made = [] {
    auto out = std::make_shared<TableSchema>();
    auto add = [&](const char* name, DataType type, FieldKind kind, bool single = true) {
      FieldSpec field;
      field.name = name;
      field.type = type;
      field.kind = kind;
      field.single_value = single;
      field.default_null = default_null_of(kind, type);
      out->fields.push_back(field);
    };
    add("k", DataType::kString, FieldKind::kDimension);
    add("n", DataType::kInt, FieldKind::kDimension);
    add("x", DataType::kDouble, FieldKind::kMetric);
    add("m", DataType::kLong, FieldKind::kMetric);
    add("tags", DataType::kInt, FieldKind::kDimension, false);
    add("note", DataType::kString, FieldKind::kDimension);
    add("later", DataType::kString, FieldKind::kDimension, false);
    return out;
  }();
  return made;
}

// The file with checksums that fit what it holds.
std::string with_checksums(std::string file) {
  using namespace file_format;
  if (file.size() < kHead.size() + kTrailerBytes) return file;
  uint32_t size = 0;
  std::memcpy(&size, file.data() + file.size() - kTrailerBytes, 4);
  Footer footer;
  if (size > file.size() - kTrailerBytes || !decode_footer(std::string_view(file).substr(file.size() - kTrailerBytes - size, size), &footer)) return file;
  auto fit = [&file](std::vector<Block>& blocks) {
    for (Block& block : blocks) {
      if (block.offset <= file.size() && block.size <= file.size() - block.offset) block.crc = bywash::crc32c(0, file.data() + block.offset, block.size);
    }
  };
  for (Column& column : footer.columns) fit(column.blocks);
  for (Tree& tree : footer.trees) fit(tree.blocks);
  const std::string bytes = encode_footer(footer);
  if (bytes.size() != size) return file;  // of the first version
  file.replace(file.size() - kTrailerBytes - size, size, bytes);
  const uint32_t crc = bywash::crc32c(0, bytes.data(), bytes.size());
  std::memcpy(file.data() + file.size() - kTrailerBytes + 4, &crc, 4);
  return file;
}

// What a query reads of a tree before it looks at values.
uint64_t walked(const StarTree& tree) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < tree.node_count; ++i) {
    const StarNode& node = tree.nodes[i];
    for (const auto& value : tree.values) {
      uint64_t bits = 0;
      std::memcpy(&bits, value.whole ? static_cast<const void*>(value.whole + node.aggregated) : value.real + node.aggregated, 8);
      sum += bits;
    }
    for (size_t field : tree.dimension_fields) sum += tree.records->column(field).dictionary_id(node.end_record - 1);
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size > (1 << 20)) return 0;
  const std::string file = with_checksums({reinterpret_cast<const char*>(bytes), size});
  const int descriptor = ::memfd_create("segment", 0);
  CHECK(descriptor >= 0);
  CHECK(::write(descriptor, file.data(), file.size()) == static_cast<ssize_t>(file.size()));
  auto segment = open_segment("/proc/self/fd/" + std::to_string(descriptor), schema());
  ::close(descriptor);
  if (!segment.ok()) {
    CHECK(!segment.status().message().empty());
    return 0;
  }
  volatile uint64_t seen = 0;
  for (size_t i = 0; i < (*segment)->column_count(); ++i) seen = seen + (*segment)->column(i).dictionary.cardinality;
  for (const auto& tree : (*segment)->star_trees()) seen = seen + walked(*tree);
  return 0;
}
