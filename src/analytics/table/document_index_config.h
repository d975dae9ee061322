// What a table's JSON asks for of documents and partitions: JSON and text indexes, segmentPartitionConfig. REST threads and start.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analytics/segment/field_indexes.h"
#include "analytics/segment/table_schema.h"
#include "analytics/table/json_document.h"

namespace bywash::analytics {

// Problems go to `problems`, what has no effect to `warnings`.
struct DocumentIndexReader {
  std::vector<std::string>& problems;
  std::vector<std::string>& warnings;
  std::map<std::string, FieldIndexes> fields;

  // jsonIndexColumns, jsonIndexConfigs and segmentPartitionConfig of tableIndexConfig.
  void read_table(const Json& indexing);
  void add_json(const std::string& column, const Json& settings);
  void add_text(const std::string& column, const Json& settings);
  std::map<std::string, std::shared_ptr<const FieldIndexes>> finish();

 private:
  void add_partition(const std::string& column, const Json& settings);
};

// The schema whose columns know what the table's config says of them; the same one when it says nothing.
std::shared_ptr<const TableSchema> with_indexes(const std::shared_ptr<const TableSchema>& schema, const std::map<std::string, std::shared_ptr<const FieldIndexes>>& documents);

}  // namespace bywash::analytics
