// The indexes that a table's JSON asks for: tableIndexConfig and fieldConfigList, and what Pinot's TableConfigUtils 1.5.1 asks of them.
// REST threads and start.
#pragma once

#include <string>
#include <vector>

#include "analytics/segment/segment_file.h"
#include "analytics/segment/table_schema.h"
#include "analytics/table/json_document.h"

namespace bywash::analytics {

// Reads them out of a table's document. Problems that need no schema are added to `problems`, what has no effect to `warnings`.
SealOptions read_index_config(const Json& document, std::vector<std::string>& problems, std::vector<std::string>& warnings);

// Adds what does not fit the schema, in Pinot's words. `upsert`: rows of the table are replaced by others.
void check_index_config(const SealOptions& indexes, const TableSchema& schema, bool upsert, std::vector<std::string>& problems);

}  // namespace bywash::analytics
