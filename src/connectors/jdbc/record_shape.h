// Records as rows: Debezium's change events become what they changed, and nested structs become columns, before records meet tables.
// Level 6, the task's thread.
#pragma once

#include <memory>
#include <vector>

#include "columnar/batch.h"
#include "connectors/jdbc/sink_config.h"

namespace bywash::jdbc {

// The name of schemas whose int64 (in the unit of timestamp.precision.mode) or text is written as a timestamp, as a listed field is.
inline constexpr std::string_view kTimestampMark = "bywash.timestamp";

// A batch on its way into tables: one that was given, or one made of it. `truncates`: each row empties its table (op t).
struct ShapedBatch {
  std::shared_ptr<const columnar::Batch> batch;
  bool truncates = false;
  bool of_change_events = false;
};

// change.events=auto: an envelope (a value with op, source and before or after, with or without schema) becomes its `after` for the
// operations c, r and u, a null value for d, nothing for m, and a truncation for t where truncate.enabled says so. Debezium's types of
// dates and times become Connect's. flatten.structs=true: structs in structs become fields named after their path.
// Batches that need neither come back as they are; they must outlive the result. Offsets stay the records' own. kData: an operation that is none of these.
Result<std::vector<ShapedBatch>> shape_records(const SinkConfig& config, const std::vector<columnar::Batch>& batches);

// The fields of structs inside `column` as fields of their own, names joined by `delimiter`; null where a parent is null.
Result<columnar::Column> flattened(const columnar::Column& column, const std::string& delimiter);

}  // namespace bywash::jdbc
