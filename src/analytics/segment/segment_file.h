// Sealed segments on disk: one file, mapped when open; dictionaries in value order, byte-aligned forward indexes, optional inverted
// indexes, min/max per column and block, a CRC32C per block of the file. Table line, seal stage; any thread.
#pragma once

#include "analytics/segment/field_indexes.h"
#include "analytics/segment/segment.h"
#include "analytics/segment/star_tree_view.h"

#include <map>
#include <string>
#include <vector>

namespace bywash::analytics {

// bloomFilterConfigs of a column.
struct BloomSpec {
  double false_share = 0.05;  // fpp
  uint64_t max_bytes = 0;     // 0: no limit
};

struct SealOptions {
  std::vector<std::string> inverted_columns;  // invertedIndexColumns; these become dictionary-encoded
  std::vector<std::string> raw_columns;       // noDictionaryColumns
  std::string sorted_column;                  // rows are put in this column's order; empty: in order of arrival
  std::map<std::string, BloomSpec> bloom_columns;  // of columns without dictionary: a dictionary answers exactly
  std::vector<std::string> range_columns;     // rangeIndexColumns
  std::map<std::string, std::shared_ptr<const FieldIndexes>> documents;  // JSON and text indexes, partition functions
  std::vector<StarTreeSpec> star_trees;       // their dimensions become dictionary-encoded
  bool default_star_tree = false;             // enableDefaultStarTree
};

// The options as one text: equal texts make equal files of equal rows. The file holds it (SegmentMeta::built_with).
std::string index_settings(const SealOptions& options);

// Writes the rows of `segment` (a consuming snapshot, or a sealed segment to be written anew) to `path`: to `path`.tmp first,
// fsync, rename, fsync of the folder, so that after a crash the file is whole or absent. An existing file is replaced.
// kInvalid: an option names an unknown column; kFatal with Blame::kHost: the disk is full, read-only, ...
Status seal_segment(const Segment& segment, const SealOptions& options, const std::string& path);

// Maps a sealed file and checks every block's CRC32C. `schema` may have more fields than the file: missing columns read as the
// field's null default. kFatal naming file and block when it is torn, damaged or of another version; kInvalid when a field's type
// or single/multi-value differs from the schema's.
Result<std::shared_ptr<const Segment>> open_segment(const std::string& path, std::shared_ptr<const TableSchema> schema);

// What tells one file's content from another's: the checksum of its list of blocks, which has theirs.
Result<uint32_t> segment_checksum(const std::string& path);

}  // namespace bywash::analytics
