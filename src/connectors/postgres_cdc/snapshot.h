// The rows of the captured tables as they were at one point of the log, table by table as a stream. Level 6, the task's thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "connectors/postgres_cdc/catalog.h"
#include "connectors/postgres_cdc/pgoutput.h"
#include "connectors/postgres_cdc/selection.h"
#include "connectors/postgres_cdc/signal_request.h"

namespace bywash::postgres_cdc {

class Snapshot {
 public:
  // Opens the transaction that sees the database as `exported` does (empty: as it is now). `session` is the snapshot's until it is over.
  // `request`: only its tables, and their rows that it wants, also by what stops it later; null: those of snapshot.include.collection.list.
  static Result<std::unique_ptr<Snapshot>> open(ServerSession& session, const ChangeConfig& config, const Selection& selection, const std::string& exported,
                                                const SnapshotRequest* request = nullptr);

  // One row; `marker` is Debezium's: first, first_in_data_collection, true, last_in_data_collection, last.
  struct SnapshotRow {
    const TableStructure* table = nullptr;
    Tuple values;  // until the next call
    std::string_view marker;
  };
  // False after the last row; the transaction has ended then.
  Result<bool> next(SnapshotRow* row);
  int64_t tx_id() const { return tx_id_; }

 private:
  Snapshot(ServerSession& session, const ChangeConfig& config, const SnapshotRequest* request) : session_(session), config_(config), request_(request) {}
  Status start_table();
  // The next line of COPY into line_; false when there is no table any more.
  Result<bool> read_line();

  ServerSession& session_;
  const ChangeConfig& config_;
  const SnapshotRequest* request_;
  std::deque<TableStructure> tables_;  // those that are still to come, after the one that is read
  // The row that waits for what follows it: only then its marker is known.
  std::shared_ptr<const TableStructure> table_, held_table_, given_table_;
  std::string line_, held_, given_, texts_;
  bool copying_ = false, has_held_ = false, held_is_first_ = false, held_is_first_of_table_ = false, started_ = false, done_ = false;
  int64_t tx_id_ = -1;
};

// A line of COPY's text format into values; texts that hold escapes are written to *texts.
Status split_copy_line(std::string_view line, std::string* texts, Tuple* out);

}  // namespace bywash::postgres_cdc
