// Which columns a record makes, and where each one's values come from: FieldsMetadata of kafka-connect-jdbc 10.9. Level 6.
#pragma once

#include <string>
#include <vector>

#include "columnar/batch.h"
#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc {

enum class Source : uint8_t { kTopic, kPartition, kOffset, kKey, kKeyField, kValue, kValueField };

struct FieldPlan {
  std::vector<WriteColumn> columns;  // the key's columns first, in the order of pk.fields
  std::vector<Source> sources;       // in step with columns
  std::vector<int> fields;           // index of the field in key or value
  size_t key_count = 0;
  std::vector<size_t> table_order;   // the columns in the order that CREATE TABLE has them
  std::vector<std::string> key_names() const;
};

// `key` and `value` are the records' schemas; schemaless ones have become structs before. `value` is null for tombstones.
// `key_override`: with pk.mode=record_value and no pk.fields, the fields to use instead of all (a table's own key; empty: all).
// Errors in the original's words: kFatal for what the configuration gets wrong for every record, kData for what this schema lacks.
Result<FieldPlan> make_field_plan(const SinkConfig& config, const std::string& table, const columnar::ConnectSchema* key,
                                  const columnar::ConnectSchema* value, const std::vector<std::string>& key_override);

}  // namespace bywash::jdbc
