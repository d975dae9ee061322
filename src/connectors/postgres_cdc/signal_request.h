// What rows of signal.data.collection ask for (Debezium's signals): reading tables anew while changes go on. Level 6, the task's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "connectors/postgres_cdc/selection.h"

namespace bywash::postgres_cdc {

// stop-snapshot: what was asked for is not read to its end.
struct SnapshotStop {
  std::string id;
  bool all = true;
  NamePatterns tables;  // else these alone
};

// execute-snapshot: the rows of some tables as they are once everything before is given out.
struct SnapshotRequest {
  std::string id;
  bool incremental = true;            // how the rows are marked; they are read in the same way
  NamePatterns tables;                // of "schema.table"
  std::vector<std::pair<NamePatterns, std::string>> filters;  // conditions on the rows of tables

  std::vector<std::shared_ptr<const SnapshotStop>> stops;  // that came since

  bool wants(const std::string& table) const;
  bool is_stopped() const;  // altogether
  // The condition for a table's rows; null when there is none.
  const std::string* filter_of(const std::string& table) const;
};

// A row of the signal table: id, type and data (JSON). Nothing: no snapshot is asked for (what else there is, is told in the log).
// kInvalid: data that cannot be read; the message names the signal.
Result<std::optional<SnapshotRequest>> request_of_signal(const std::string& id, std::string_view type, std::string_view data);

// The data of a stop-snapshot. kInvalid as above.
Result<std::shared_ptr<const SnapshotStop>> stop_of_signal(const std::string& id, std::string_view data);

}  // namespace bywash::postgres_cdc
