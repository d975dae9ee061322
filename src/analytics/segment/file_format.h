// The layout of a sealed segment's file, shared by its writer and its reader.
//
//   "BYWSEG01"  blocks, each at a multiple of 64 bytes  footer  uint32 footer size  uint32 footer CRC32C  "BYWSEGF1"
//
// All numbers little-endian. The footer names every block with offset, size and CRC32C.
#pragma once

#include "analytics/index/star_tree.h"
#include "analytics/segment/segment.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bywash::analytics::file_format {

constexpr std::string_view kHead = "BYWSEG01";
constexpr std::string_view kTail = "BYWSEGF1";
constexpr uint32_t kVersion = 2;  // 1: no index settings, no star-trees; still read
constexpr uint64_t kAlignment = 64;
constexpr size_t kTrailerBytes = 4 + 4 + 8;

enum class BlockKind : uint8_t {
  kForward, kDictionary, kDictionaryOffsets, kRawOffsets, kMultiOffsets, kNulls, kZones, kInvertedOffsets, kInverted,
  kBloom, kByValue, kStarNodes, kStarIds, kStarValues, kStarSums, kJsonIndex, kTextIndex, kPartitions, kCount
};
constexpr std::string_view kBlockNames[] = {"forward index", "dictionary", "dictionary offsets", "raw offsets", "multi-value offsets",
                                            "null vector", "zones", "inverted index offsets", "inverted index", "bloom filter",
                                            "range index", "star-tree nodes", "star-tree ids", "star-tree values", "star-tree running sums",
                                            "JSON index", "text index", "partitions"};
// Blocks that are made of other blocks: a damaged one is left out and made again.
constexpr bool is_index(BlockKind kind) { return kind >= BlockKind::kInvertedOffsets; }

struct Block {
  BlockKind kind = BlockKind::kForward;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t crc = 0;
};

struct Column {
  std::string name;
  DataType type = DataType::kInt;
  bool single_value = true;
  Encoding encoding = Encoding::kRaw;
  uint8_t width = 0;
  bool sorted_rows = false;
  bool has_range = false;
  int64_t min_integer = 0, max_integer = 0;
  double min_real = 0, max_real = 0;
  uint32_t cardinality = 0;
  std::vector<Block> blocks;
};

struct TreeValue {
  StarValue kind = StarValue::kCount;
  std::string column;
};

// Blocks: nodes, the ids of each dimension, the values of each column of values, its running sums (where there are some).
struct Tree {
  std::vector<std::string> dimensions;
  std::vector<std::pair<uint8_t, std::string>> pairs;  // StarFunction, column
  std::vector<TreeValue> values;
  uint32_t records = 0, nodes = 0;
  uint32_t running_rows = 0, running_records = 0;  // see StarRunningSums
  std::vector<Block> blocks;
};

struct Footer {
  SegmentMeta meta;
  std::vector<Column> columns;
  std::vector<Tree> trees;
};

std::string encode_footer(const Footer& footer);
// False when the bytes do not make a footer of this version.
bool decode_footer(std::string_view bytes, Footer* footer);

}  // namespace bywash::analytics::file_format
