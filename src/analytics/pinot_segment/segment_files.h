// What the files of one of Pinot's segments hold: its metadata, and where each column's dictionary, values and nulls lie. Upload line; the
// request's thread. Source: V1Constants, SingleFileIndexDirectory, FilePerIndexDirectory of Apache Pinot 1.5.1.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/segment/table_schema.h"
#include "base/status.h"

namespace bywash::analytics {

struct PinotColumn {
  std::string name;
  DataType type = DataType::kString;
  bool single_value = true;
  bool dictionary = true, sorted = false;
  int64_t cardinality = 0;
  int32_t bits_per_value = 0;      // of ids in the forward index
  int32_t bytes_per_value = 0;     // of texts in a dictionary of fixed width
  int64_t value_count = 0;         // of arrays, all elements together
  std::string_view dictionary_bytes, forward_bytes, null_bytes;  // empty: there is none
};

class SegmentFiles {
 public:
  // `files`: by path, one segment's folder in version 1 or 3 of the format. kInvalid naming the file or the key that is missing or wrong.
  static Result<SegmentFiles> read(const std::map<std::string, std::string_view>& files);

  const std::string& name() const { return name_; }
  const std::string& table() const { return table_; }
  int64_t rows() const { return rows_; }
  int64_t creation_ms() const { return creation_ms_; }
  // kInvalid: what of the column cannot be read. Only of columns that has() knows.
  Result<PinotColumn> column(const std::string& name) const;
  bool has(const std::string& column) const;

 private:
  using Properties = std::map<std::string, std::string, std::less<>>;

  static Properties properties_of(std::string_view text);
  std::string_view property(std::string_view key) const;
  Result<int64_t> number(const std::string& key, int64_t otherwise) const;
  Status locate_in_one_file(const std::map<std::string, std::string_view>& files, const std::string& folder, std::string_view index_map);
  void locate_in_many(const std::map<std::string, std::string_view>& files, const std::string& folder);

  Properties properties_;
  std::map<std::string, std::string_view> dictionaries_, values_, nulls_;  // by column
  std::string name_, table_;
  int64_t rows_ = 0, creation_ms_ = 0;
};

}  // namespace bywash::analytics
