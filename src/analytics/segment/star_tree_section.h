// Star-trees of a segment file: made from the columns as they are sealed, written as blocks of their own, laid out over the mapping again.
// Table line, seal stage and recovery; any thread.
#pragma once

#include "analytics/segment/column_builder.h"
#include "analytics/segment/file_format.h"
#include "analytics/segment/segment_file.h"

#include <map>
#include <string>
#include <vector>

namespace bywash::analytics {

struct BuiltTree {
  file_format::Tree tree;  // its `blocks` are filled by whoever writes them
  std::vector<BuiltBlock> blocks;
};

// Keeps of each column what the trees need, then builds them.
class StarTreeSealer {
 public:
  StarTreeSealer(const SealOptions& options, const TableSchema& schema);
  // Columns that must have a dictionary: the trees' dimensions.
  const std::vector<std::string>& dictionary_columns() const { return dictionary_columns_; }
  void add(const BuiltColumn& column, const FieldSpec& field, int64_t rows);
  // Every column was added. A tree that would be too large is left out, with a reason in `problems`.
  std::vector<BuiltTree> build(int64_t rows, std::vector<std::string>* problems);

 private:
  struct Numbers {
    bool whole_fits = false;  // in a sum of 64 bits
    std::vector<int64_t> whole;
    std::vector<double> real;
  };
  bool is_dimension(const std::string& name) const;
  bool is_aggregated(const std::string& name) const;
  void add_default(const TableSchema& schema);
  BuiltTree lay_out(const StarTreeSpec& spec, const BuiltStarTree& built, const std::vector<file_format::TreeValue>& values) const;

  const TableSchema& schema_;
  std::vector<StarTreeSpec> specs_;
  bool default_tree_;
  std::vector<std::string> dictionary_columns_;
  std::map<std::string, std::vector<uint32_t>> ids_;
  std::map<std::string, uint32_t> cardinalities_;
  std::map<std::string, Numbers> numbers_;
};

}  // namespace bywash::analytics
