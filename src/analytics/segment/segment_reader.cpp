// Opens sealed segment files (see file_format.h): maps, checks, and lays column views over the mapping. Table line, recovery; query line.
#include "analytics/segment/file_format.h"
#include "analytics/segment/segment_file.h"
#include "analytics/segment/star_tree_view.h"
#include "base/crc32c.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>

namespace bywash::analytics {
namespace {

using namespace file_format;

// What a sealed segment's views point into: the mapping, and the columns that the file doesn't have.
struct Storage {
  ~Storage() {
    if (bytes) ::munmap(const_cast<std::byte*>(bytes), size);
  }
  const std::byte* bytes = nullptr;
  size_t size = 0;
  std::deque<std::vector<const std::byte*>> chunk_lists;
  std::deque<std::vector<const uint64_t*>> null_lists;
  std::deque<std::vector<std::byte>> filler;
};

Status damaged(const std::string& path, std::string_view what) {
  return Status::host(fmt::format("Segment file is damaged: '{}' ({}). Restore it from a copy, or remove it from the table so that its "
                                  "offsets are consumed again", path, what));
}

Result<std::shared_ptr<Storage>> map_file(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Status::host(fmt::format("Cannot open segment file: '{}' ({})", path, std::generic_category().message(errno)));
  }
  struct stat status;
  auto storage = std::make_shared<Storage>();
  bool sized = ::fstat(descriptor, &status) == 0 && status.st_size > 0;
  void* at = sized ? ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  if (at == MAP_FAILED) {
    if (!sized) return damaged(path, "the file is empty");
    return Status::host(fmt::format("Cannot map segment file: '{}' ({})", path, std::generic_category().message(errno)));
  }
  storage->bytes = static_cast<const std::byte*>(at);
  storage->size = static_cast<size_t>(status.st_size);
  return storage;
}

Status read_footer(const Storage& storage, const std::string& path, Footer* footer) {
  std::string_view all(reinterpret_cast<const char*>(storage.bytes), storage.size);
  if (!all.starts_with(kHead)) return damaged(path, "it does not begin as a segment file");
  if (all.size() < kHead.size() + kTrailerBytes || !all.ends_with(kTail)) return damaged(path, "the end is torn off");
  uint32_t size, crc;
  std::memcpy(&size, all.data() + all.size() - kTrailerBytes, 4);
  std::memcpy(&crc, all.data() + all.size() - kTrailerBytes + 4, 4);
  if (size > all.size() - kTrailerBytes - kHead.size()) return damaged(path, "block 'footer': size is out of range");
  std::string_view bytes = all.substr(all.size() - kTrailerBytes - size, size);
  if (crc32c(0, bytes.data(), bytes.size()) != crc) return damaged(path, "block 'footer': checksum mismatch");
  if (!decode_footer(bytes, footer)) return damaged(path, "block 'footer': not of a version that is known");
  return {};
}

// Why a block cannot be read; empty: it is whole.
std::string problem_of(const Storage& storage, const Block& block) {
  if (block.offset % kAlignment || block.offset > storage.size || block.size > storage.size - block.offset) return "position is out of range";
  return crc32c(0, storage.bytes + block.offset, block.size) == block.crc ? "" : "checksum mismatch";
}

// Lays one column's view over its blocks, checking sizes and checksums.
class ColumnOpener {
 public:
  // Indexes that are damaged are left out and named in footer.meta.damaged.
  ColumnOpener(const std::string& path, Storage& storage, Footer& footer, Column& column)
      : path_(path), storage_(storage), rows_(static_cast<uint64_t>(footer.meta.rows)), column_(column), damaged_(footer.meta.damaged) {}

  Status open(const FieldSpec& field, ColumnView* view) {
    RETURN_IF_ERROR(check_blocks());
    view->field = &field;
    view->encoding = column_.encoding;
    view->stored = stored_as(field.type);
    view->width = column_.width;
    view->sorted_rows = column_.sorted_rows;
    view->has_range = column_.has_range;
    view->min_integer = column_.min_integer;
    view->max_integer = column_.max_integer;
    view->min_real = column_.min_real;
    view->max_real = column_.max_real;
    storage_.chunk_lists.push_back({at(BlockKind::kForward)});
    view->chunks = storage_.chunk_lists.back().data();
    if (has(BlockKind::kNulls)) {
      RETURN_IF_ERROR(expect(BlockKind::kNulls, (rows_ + 63) / 64 * 8));
      storage_.null_lists.push_back({typed<uint64_t>(BlockKind::kNulls)});
      view->null_chunks = storage_.null_lists.back().data();
    }
    RETURN_IF_ERROR(open_documents(view));
    if (column_.encoding == Encoding::kDictionary) RETURN_IF_ERROR(open_dictionary(view));
    return column_.encoding == Encoding::kDictionary ? open_ids(view) : open_raw(view);
  }

 private:
  const Block* find(BlockKind kind) const {
    for (const Block& block : column_.blocks) {
      if (block.kind == kind) return &block;
    }
    return nullptr;
  }
  bool has(BlockKind kind) const { return find(kind) != nullptr; }
  const std::byte* at(BlockKind kind) const {
    const Block* block = find(kind);
    return block ? storage_.bytes + block->offset : nullptr;
  }
  template <class T>
  const T* typed(BlockKind kind) const {
    return reinterpret_cast<const T*>(at(kind));
  }
  Status bad(BlockKind kind, std::string_view why) const {
    return damaged(path_, fmt::format("block '{} of column {}': {}", kBlockNames[static_cast<int>(kind)], column_.name, why));
  }
  Status expect(BlockKind kind, uint64_t size) const {
    const Block* block = find(kind);
    return block && block->size == size ? Status() : bad(kind, "unexpected size");
  }
  Status check_blocks() {
    bool damaged_index = false;
    for (const Block& block : column_.blocks) {
      const std::string problem = problem_of(storage_, block);
      if (problem.empty()) continue;
      if (!is_index(block.kind)) return bad(block.kind, problem);
      damaged_.push_back(fmt::format("{} of column {}: {}", kBlockNames[static_cast<int>(block.kind)], column_.name, problem));
      damaged_index = true;
    }
    if (damaged_index) std::erase_if(column_.blocks, [](const Block& block) { return is_index(block.kind); });
    return {};
  }

  Status open_documents(ColumnView* view) const {
    auto bytes_of = [&](BlockKind kind) { return std::string_view(reinterpret_cast<const char*>(at(kind)), find(kind)->size); };
    for (auto [kind, index] : {std::pair(BlockKind::kJsonIndex, &view->json_index), std::pair(BlockKind::kTextIndex, &view->text_index)}) {
      if (has(kind) && !DocumentIndexView::read(bytes_of(kind), static_cast<int64_t>(rows_), index)) return bad(kind, "not an index");
    }
    if (!has(BlockKind::kPartitions)) return {};
    const std::string_view bytes = bytes_of(BlockKind::kPartitions);
    const auto* count = typed<uint64_t>(BlockKind::kPartitions);
    if (bytes.size() < 8 || *count > bytes.size() / 4 || bytes.size() < 8 + *count * 4) return bad(BlockKind::kPartitions, "unexpected size");
    view->partitions = {reinterpret_cast<const uint32_t*>(count + 1), static_cast<size_t>(*count)};
    view->partition_settings = bytes.substr(8 + *count * 4);
    return {};
  }

  Status open_dictionary(ColumnView* view) const {
    DictionaryView& values = view->dictionary;
    values.kind = view->stored == Stored::kBytes ? Stored::kBytes : is_integer(view->field->type) ? Stored::kI64 : Stored::kF64;
    values.cardinality = column_.cardinality;
    values.sorted = true;
    values.flat = at(BlockKind::kDictionary);
    if (values.kind != Stored::kBytes) return expect(BlockKind::kDictionary, uint64_t{8} * column_.cardinality);
    RETURN_IF_ERROR(expect(BlockKind::kDictionaryOffsets, 4 * (uint64_t{column_.cardinality} + 1)));
    values.flat_offsets = typed<uint32_t>(BlockKind::kDictionaryOffsets);
    return expect(BlockKind::kDictionary, values.flat_offsets[column_.cardinality]);
  }

  Status open_ids(ColumnView* view) const {
    if (has(BlockKind::kInverted)) {
      RETURN_IF_ERROR(expect(BlockKind::kInvertedOffsets, 8 * (uint64_t{column_.cardinality} + 1)));
      view->inverted = {typed<uint64_t>(BlockKind::kInvertedOffsets), reinterpret_cast<const char*>(at(BlockKind::kInverted))};
      RETURN_IF_ERROR(expect(BlockKind::kInverted, view->inverted.offsets[column_.cardinality]));
    }
    if (view->field->single_value) {
      if (column_.width != 1 && column_.width != 2 && column_.width != 4) return bad(BlockKind::kForward, "unknown width");
      return expect(BlockKind::kForward, rows_ * column_.width);
    }
    RETURN_IF_ERROR(expect(BlockKind::kMultiOffsets, 4 * (rows_ + 1)));
    view->multi_offsets = typed<uint32_t>(BlockKind::kMultiOffsets);
    return expect(BlockKind::kForward, uint64_t{4} * view->multi_offsets[rows_]);
  }

  Status open_raw(ColumnView* view) const {
    if (const Block* block = find(BlockKind::kBloom)) {
      const std::string_view bytes(reinterpret_cast<const char*>(at(BlockKind::kBloom)), block->size);
      if (!BloomWriter::read(bytes, &view->bloom)) return bad(BlockKind::kBloom, "not a filter");
    }
    if (view->stored == Stored::kBytes) {
      RETURN_IF_ERROR(expect(BlockKind::kRawOffsets, 8 * (rows_ + 1)));
      view->raw_offsets = typed<uint64_t>(BlockKind::kRawOffsets);
      return expect(BlockKind::kForward, view->raw_offsets[rows_]);
    }
    const bool narrow = is_integer(view->field->type) && column_.has_range && (column_.width == 1 || column_.width == 2 || column_.width == 4);
    if (column_.width != stored_width(view->stored) && !narrow) return bad(BlockKind::kForward, "unknown width");
    if (has(BlockKind::kByValue)) {
      RETURN_IF_ERROR(expect(BlockKind::kByValue, 4 * rows_));
      view->by_value = typed<uint32_t>(BlockKind::kByValue);
    }
    uint64_t zone_count = (rows_ + kBlockRows - 1) / kBlockRows;
    RETURN_IF_ERROR(expect(BlockKind::kZones, 16 * zone_count));
    if (is_integer(view->field->type)) view->zones.integers = typed<int64_t>(BlockKind::kZones);
    else view->zones.reals = typed<double>(BlockKind::kZones);
    view->zones.count = zone_count;
    view->zones.ascending = view->zones.integers ? ascending(view->zones.integers, zone_count) : ascending(view->zones.reals, zone_count);
    return expect(BlockKind::kForward, rows_ * column_.width);
  }
  template <class T>
  static bool ascending(const T* zones, uint64_t count) {
    for (uint64_t i = 2; i < 2 * count; ++i) {
      if (!(zones[i - 2] <= zones[i])) return false;
    }
    return true;
  }

  const std::string& path_;
  Storage& storage_;
  uint64_t rows_;
  Column& column_;
  std::vector<std::string>& damaged_;
};

// Whether what the nodes name is there.
bool sound(const StarNode* nodes, uint32_t count, uint32_t records) {
  for (uint32_t i = 0; i < count; ++i) {
    const StarNode& node = nodes[i];
    const bool children = node.leaf() || (node.first_child > i && node.first_child < node.end_child && node.end_child <= count);
    if (!children || node.first_record >= node.end_record || node.end_record > records || node.aggregated >= records) return false;
  }
  return true;
}

// Lays a tree over its blocks. nullptr, with a reason in footer.meta.damaged, when it is damaged; nullptr without one when the schema
// no longer has its columns.
std::shared_ptr<const StarTree> open_tree(const std::shared_ptr<Storage>& storage, Footer& footer, const Tree& tree,
                                          const std::shared_ptr<const TableSchema>& schema, const std::vector<ColumnView>& columns) {
  auto drop = [&](std::string_view why) {
    footer.meta.damaged.push_back(fmt::format("star-tree: {}", why));
    return nullptr;
  };
  const size_t values = tree.values.size() * (tree.running_rows > 0 ? 2 : 1);
  if (tree.blocks.size() != 1 + tree.dimensions.size() + values || tree.running_records > tree.records) return drop("unexpected number of blocks");
  for (const Block& block : tree.blocks) {
    if (const std::string problem = problem_of(*storage, block); !problem.empty()) return drop(problem);
  }
  auto out = std::make_shared<StarTree>();
  auto at = [&](size_t block) { return storage->bytes + tree.blocks[block].offset; };
  auto sized = [&](size_t block, uint64_t size) { return tree.blocks[block].size == size; };
  out->node_count = tree.nodes;
  out->nodes = reinterpret_cast<const StarNode*>(at(0));
  if (!sized(0, sizeof(StarNode) * uint64_t{tree.nodes}) || !sound(out->nodes, tree.nodes, tree.records)) return drop("its nodes make no tree");
  std::vector<ColumnView> record_columns(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) record_columns[i].field = columns[i].field;
  size_t block = 1;
  for (const std::string& name : tree.dimensions) {
    const int field = schema->find(name);
    if (field < 0) return nullptr;
    const ColumnView& column = columns[static_cast<size_t>(field)];
    if (column.encoding != Encoding::kDictionary || !column.field->single_value || !sized(block, uint64_t{4} * tree.records)) return drop("a dimension does not fit");
    const auto* ids = reinterpret_cast<const uint32_t*>(at(block));
    if (std::any_of(ids, ids + tree.records, [&](uint32_t id) { return id >= column.dictionary.cardinality; })) return drop("an id is out of range");
    ColumnView& view = record_columns[static_cast<size_t>(field)];
    view = column;
    view.width = 4;
    view.sorted_rows = false;
    view.inverted = {};
    view.json_index = view.text_index = {};
    view.null_chunks = nullptr;
    storage->chunk_lists.push_back({at(block)});
    view.chunks = storage->chunk_lists.back().data();
    out->dimension_fields.push_back(static_cast<size_t>(field));
    ++block;
  }
  for (const TreeValue& value : tree.values) {
    if (!sized(block, uint64_t{8} * tree.records)) return drop("a column of values does not fit");
    const bool whole = value.kind == StarValue::kCount || value.kind == StarValue::kSumWhole;
    StarTree::Column& to = out->values.emplace_back();
    to.kind = value.kind;
    to.column = value.column;
    whole ? void(to.whole = reinterpret_cast<const int64_t*>(at(block))) : void(to.real = reinterpret_cast<const double*>(at(block)));
    ++block;
  }
  if (tree.running_rows > 0) {
    const auto rows = static_cast<uint64_t>(footer.meta.rows);
    const uint64_t whole = (rows + tree.running_rows - 1) / tree.running_rows * tree.running_records * 8;
    for (StarTree::Column& value : out->values) {
      if (!sized(block, value.whole ? whole : 0)) return drop("running sums do not fit");
      if (value.whole) value.running = reinterpret_cast<const int64_t*>(at(block));
      ++block;
    }
    out->running_rows = tree.running_rows;
    out->running_records = tree.running_records;
  }
  out->spec.dimensions = tree.dimensions;
  for (const auto& [function, column] : tree.pairs) {
    if (function > static_cast<uint8_t>(StarFunction::kMinMaxRange)) return drop("an unknown aggregation");
    out->spec.pairs.push_back({static_cast<StarFunction>(function), column});
  }
  SegmentMeta meta;
  meta.name = footer.meta.name;
  meta.rows = tree.records;
  out->records = std::make_shared<const Segment>(std::move(meta), schema, std::move(record_columns), storage);
  return out;
}

// A column that was added to the schema after the segment was sealed: every row is null and reads as the default. All its chunks are
// one block of id 0.
ColumnView default_column(const FieldSpec& field, int64_t rows, Storage& storage) {
  ColumnView view;
  view.field = &field;
  view.encoding = Encoding::kDictionary;
  view.stored = stored_as(field.type);
  view.width = field.single_value ? 1 : 4;
  view.chunk_shift = std::countr_zero(static_cast<uint64_t>(kBlockRows));
  auto chunk_count = static_cast<size_t>(rows / kBlockRows + 1);
  view.dictionary.cardinality = 1;
  view.dictionary.sorted = true;
  storage.filler.emplace_back(sizeof(uint64_t) * 4);
  std::byte* small = storage.filler.back().data();
  if (view.stored == Stored::kBytes) {
    auto size = static_cast<uint32_t>(field.default_null.text.size());
    std::memcpy(small + 4, &size, sizeof size);
    view.dictionary.flat_offsets = reinterpret_cast<const uint32_t*>(small);
    view.dictionary.flat = field.default_null.text.data();  // the schema outlives the segment
  } else if (is_integer(field.type)) {
    view.dictionary.kind = Stored::kI64;
    std::memcpy(small, &field.default_null.integer, 8);
    view.dictionary.flat = small;
    view.has_range = true;
    view.min_integer = view.max_integer = field.default_null.integer;
  } else {
    view.dictionary.kind = Stored::kF64;
    std::memcpy(small, &field.default_null.real, 8);
    view.dictionary.flat = small;
  }
  storage.filler.emplace_back(kBlockRows * (field.single_value ? 1 : sizeof(MultiValue)));
  if (!field.single_value) {
    auto* entries = reinterpret_cast<MultiValue*>(storage.filler.back().data());
    auto* zero = reinterpret_cast<const uint32_t*>(small + 24);
    std::fill(entries, entries + kBlockRows, MultiValue{zero, 1});
  }
  storage.chunk_lists.emplace_back(chunk_count, storage.filler.back().data());
  view.chunks = storage.chunk_lists.back().data();
  storage.filler.emplace_back(kBlockRows / 8, std::byte{0xff});
  storage.null_lists.emplace_back(chunk_count, reinterpret_cast<const uint64_t*>(storage.filler.back().data()));
  view.null_chunks = storage.null_lists.back().data();
  view.sorted_rows = field.single_value;
  return view;
}

}  // namespace

Result<std::shared_ptr<const Segment>> open_segment(const std::string& path, std::shared_ptr<const TableSchema> schema) {
  ASSIGN_OR_RETURN(std::shared_ptr<Storage> storage, map_file(path));
  Footer footer;
  RETURN_IF_ERROR(read_footer(*storage, path, &footer));
  std::vector<ColumnView> columns;
  for (const FieldSpec& field : schema->fields) {
    Column* found = nullptr;
    for (Column& column : footer.columns) {
      if (column.name == field.name) found = &column;
    }
    if (!found) {
      columns.push_back(default_column(field, footer.meta.rows, *storage));
      continue;
    }
    if (found->type != field.type || found->single_value != field.single_value) {
      return Status::invalid(fmt::format("Column of segment file '{}' is {}{}, but the schema says {}{}: '{}'", path, to_string(found->type),
                                         found->single_value ? "" : " multi-value", to_string(field.type),
                                         field.single_value ? "" : " multi-value", field.name));
    }
    columns.emplace_back();
    RETURN_IF_ERROR(ColumnOpener(path, *storage, footer, *found).open(field, &columns.back()));
  }
  std::vector<std::shared_ptr<const StarTree>> trees;
  for (const Tree& tree : footer.trees) {
    if (tree.nodes == 0) continue;  // of no rows
    if (auto opened = open_tree(storage, footer, tree, schema, columns)) trees.push_back(std::move(opened));
  }
  footer.meta.path = path;
  footer.meta.bytes = static_cast<int64_t>(storage->size);
  footer.meta.consuming = false;
  return std::make_shared<const Segment>(std::move(footer.meta), std::move(schema), std::move(columns), std::move(storage), std::move(trees));
}

Result<uint32_t> segment_checksum(const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Storage> storage, map_file(path));
  Footer footer;
  RETURN_IF_ERROR(read_footer(*storage, path, &footer));
  uint32_t crc = 0;
  std::memcpy(&crc, storage->bytes + storage->size - kTrailerBytes + 4, 4);
  return crc;
}

}  // namespace bywash::analytics
