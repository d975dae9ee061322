// Turns one column of a segment into the blocks of a sealed file: chooses the encoding, sorts the dictionary, remaps ids.
// Table line, seal stage; any thread.
#pragma once

#include "analytics/segment/file_format.h"
#include "analytics/segment/segment.h"
#include "analytics/segment/segment_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bywash::analytics {

struct BuiltBlock {
  file_format::BlockKind kind;
  std::string bytes;
};

struct BuiltColumn {
  file_format::Column column;  // its `blocks` are filled by whoever writes them
  std::vector<BuiltBlock> blocks;
};

struct BuildOptions {
  bool inverted = false;
  bool dictionary = false;  // whatever the number of values
  bool by_value = false;    // range index
  const BloomSpec* bloom = nullptr;  // where the column stays raw
  bool raw = false;
  const FieldIndexes* documents = nullptr;  // indexes of a text's terms, and the function of its partitions
  const std::vector<uint32_t>* order = nullptr;  // new row → old row; nullptr: as they stand
};

BuiltColumn build_column(const ColumnView& source, int64_t rows, const BuildOptions& options);

// The rows in ascending order of the column's (first) values; stable.
std::vector<uint32_t> sorted_order(const ColumnView& column, int64_t rows);

}  // namespace bywash::analytics
