// Writes sealed segment files (see file_format.h). Table line, seal stage.
#include "analytics/segment/column_builder.h"
#include "analytics/segment/segment_file.h"
#include "analytics/segment/star_tree_section.h"
#include "base/crc32c.h"
#include "base/log.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bywash::analytics {
namespace {

using namespace file_format;

Status host_error(std::string_view what, const std::string& path) {
  return Status::host(fmt::format("Cannot {} segment file: '{}' ({}). Check the data folder's free space and permissions", what, path,
                                  std::generic_category().message(errno)));
}

// A file being written under a temporary name; removed unless finish() succeeds.
class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".tmp") {}
  ~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!finished_) ::unlink(temporary_.c_str());
  }
  Status open() {
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return descriptor_ >= 0 ? Status() : host_error("create", temporary_);
  }
  Status write(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t written = ::write(descriptor_, bytes.data(), std::min<size_t>(bytes.size(), 1 << 30));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return host_error("write", temporary_);
      position_ += static_cast<uint64_t>(written);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }
  Status align() { return write(std::string((kAlignment - position_ % kAlignment) % kAlignment, '\0')); }
  uint64_t position() const { return position_; }
  Status finish() {
    if (::fsync(descriptor_) != 0) return host_error("sync", temporary_);
    if (::close(std::exchange(descriptor_, -1)) != 0) return host_error("close", temporary_);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return host_error("rename", temporary_);
    finished_ = true;
    size_t slash = path_.rfind('/');
    std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
    int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return host_error("open the folder of", path_);
    int failed = ::fsync(handle);
    ::close(handle);
    return failed == 0 ? Status() : host_error("sync the folder of", path_);
  }

 private:
  std::string path_, temporary_;
  int descriptor_ = -1;
  uint64_t position_ = 0;
  bool finished_ = false;
};

// Where they stand goes to `places`.
Status write_blocks(OutputFile& file, const std::vector<BuiltBlock>& blocks, std::vector<Block>* places) {
  for (const BuiltBlock& block : blocks) {
    RETURN_IF_ERROR(file.align());
    Block entry;
    entry.kind = block.kind;
    entry.offset = file.position();
    entry.size = block.bytes.size();
    entry.crc = crc32c(0, block.bytes.data(), block.bytes.size());
    RETURN_IF_ERROR(file.write(block.bytes));
    places->push_back(entry);
  }
  return {};
}

Status check_names(const Segment& segment, const SealOptions& options) {
  auto check = [&](const std::string& name, std::string_view key) {
    if (name.empty() || segment.schema()->find(name) >= 0) return Status();
    return Status::invalid(fmt::format("Column of {} is not in the schema: '{}'", key, name));
  };
  for (const std::string& name : options.inverted_columns) RETURN_IF_ERROR(check(name, "invertedIndexColumns"));
  for (const std::string& name : options.raw_columns) RETURN_IF_ERROR(check(name, "noDictionaryColumns"));
  for (const auto& [name, bloom] : options.bloom_columns) RETURN_IF_ERROR(check(name, "bloomFilterColumns"));
  for (const std::string& name : options.range_columns) RETURN_IF_ERROR(check(name, "rangeIndexColumns"));
  for (const auto& [name, documents] : options.documents) RETURN_IF_ERROR(check(name, "fieldConfigList"));
  for (const StarTreeSpec& tree : options.star_trees) {
    for (const std::string& name : tree.dimensions) RETURN_IF_ERROR(check(name, "starTreeIndexConfigs"));
    for (const StarPair& pair : tree.pairs) {
      if (pair.column != "*") RETURN_IF_ERROR(check(pair.column, "starTreeIndexConfigs"));
    }
  }
  return check(options.sorted_column, "sortedColumn");
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status write_trees(OutputFile& file, StarTreeSealer& trees, Footer* footer) {
  std::vector<std::string> problems;
  for (BuiltTree& built : trees.build(footer->meta.rows, &problems)) {
    RETURN_IF_ERROR(write_blocks(file, built.blocks, &built.tree.blocks));
    footer->trees.push_back(std::move(built.tree));
  }
  for (const std::string& problem : problems) log::warn("analytics.segment", "Segment {}: {}", footer->meta.name, problem);
  return {};
}

}  // namespace

std::string index_settings(const SealOptions& options) {
  auto sorted = [](std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return fmt::format("{}", fmt::join(names, ","));
  };
  std::string out = fmt::format("inverted={} raw={} sorted={} range={} bloom=", sorted(options.inverted_columns), sorted(options.raw_columns), options.sorted_column,
                                sorted(options.range_columns));
  for (const auto& [column, bloom] : options.bloom_columns) out += fmt::format("{}:{}:{},", column, bloom.false_share, bloom.max_bytes);
  for (const StarTreeSpec& tree : options.star_trees) {
    out += fmt::format(" tree={}/{}/{}", fmt::join(tree.dimensions, ","), sorted(tree.without_star), tree.max_leaf_records);
    for (const StarPair& pair : tree.pairs) out += "/" + pair.name();
  }
  for (const auto& [column, documents] : options.documents) {
    if (documents->json) out += fmt::format(" json={}:{}", column, documents->json_settings);
    if (documents->text) out += fmt::format(" text={}:{}", column, documents->text_settings);
    if (documents->partition) out += fmt::format(" partition={}:{}", column, documents->partition->settings());
  }
  return out + (options.default_star_tree ? " default-tree" : "");
}

Status seal_segment(const Segment& segment, const SealOptions& options, const std::string& path) {
  RETURN_IF_ERROR(check_names(segment, options));
  OutputFile file(path);
  RETURN_IF_ERROR(file.open());
  RETURN_IF_ERROR(file.write(kHead));
  Footer footer;
  footer.meta = segment.meta();
  footer.meta.built_with = index_settings(options);
  StarTreeSealer trees(options, *segment.schema());
  std::vector<uint32_t> order;
  if (!options.sorted_column.empty()) {
    order = sorted_order(segment.column(static_cast<size_t>(segment.schema()->find(options.sorted_column))), segment.rows());
  }
  for (size_t i = 0; i < segment.column_count(); ++i) {
    const std::string& name = segment.schema()->fields[i].name;
    BuildOptions build;
    build.inverted = contains(options.inverted_columns, name);
    build.raw = contains(options.raw_columns, name);
    build.dictionary = contains(trees.dictionary_columns(), name);
    build.by_value = contains(options.range_columns, name);
    auto bloom = options.bloom_columns.find(name);
    build.bloom = bloom == options.bloom_columns.end() ? nullptr : &bloom->second;
    auto documents = options.documents.find(name);
    build.documents = documents == options.documents.end() ? nullptr : documents->second.get();
    build.order = order.empty() ? nullptr : &order;
    BuiltColumn built = build_column(segment.column(i), segment.rows(), build);
    trees.add(built, segment.schema()->fields[i], segment.rows());
    RETURN_IF_ERROR(write_blocks(file, built.blocks, &built.column.blocks));
    footer.columns.push_back(std::move(built.column));
  }
  RETURN_IF_ERROR(write_trees(file, trees, &footer));
  RETURN_IF_ERROR(file.align());
  std::string encoded = encode_footer(footer);
  auto size = static_cast<uint32_t>(encoded.size());
  uint32_t crc = crc32c(0, encoded.data(), encoded.size());
  encoded.append(reinterpret_cast<const char*>(&size), sizeof size);
  encoded.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  encoded += kTail;
  RETURN_IF_ERROR(file.write(encoded));
  return file.finish();
}

}  // namespace bywash::analytics
