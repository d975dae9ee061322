// Where in the write-ahead log the connector stands, and its offset in Debezium's format (io.debezium.connector.postgresql.
// PostgresOffsetContext 3.6), so that either takes over from the other. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::postgres_cdc {

enum class SnapshotState : uint8_t { kNone, kRunning, kLastRecord };

struct Position {
  uint64_t lsn = 0;         // of the last change
  uint64_t commit_lsn = 0;  // the end of the last transaction that was read whole; 0: none yet
  int64_t changes_at_lsn = 0;  // how many changes with this very `lsn` were given out (COPY makes several)
  int64_t tx_id = -1;
  int64_t commit_micros = 0;
  std::string_view message_type;  // "INSERT", ...; empty in a snapshot
  SnapshotState snapshot = SnapshotState::kNone;

  // Where reading goes on: everything that was committed before it was given out whole.
  uint64_t start_lsn() const { return commit_lsn ? commit_lsn : lsn; }
};

// {"server":"<topic.prefix>"}
std::string partition_json(const std::string& topic_prefix);
std::string offset_json(const Position& position);
// kInvalid: no offset of this connector.
Result<Position> position_of_json(const std::string& json);

// "16/B374D848" and back. kInvalid: not of this form.
std::string lsn_text(uint64_t lsn);
Result<uint64_t> parse_lsn(std::string_view text);

}  // namespace bywash::postgres_cdc
