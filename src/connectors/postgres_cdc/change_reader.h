// From messages of the slot, and rows of a snapshot, to batches: follows transactions, relations and the position. Level 6, the task's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/postgres_cdc/change_stream.h"
#include "connectors/postgres_cdc/position.h"
#include "connectors/postgres_cdc/snapshot.h"
#include "connectors/postgres_cdc/table_events.h"

namespace bywash::postgres_cdc {

class ChangeReader {
 public:
  // Goes on at `start`: changes of a transaction that it says were given out are skipped when they come again.
  ChangeReader(const EventSettings& settings, Catalog& catalog, const Position& start);

  Status take(const ChangeStream::Message& message);
  // What take() would see: the type, and for a kBegin where its transaction was committed.
  Status peek(const ChangeStream::Message& message);
  const ChangeMessage& peeked() const { return message_; }
  // `aside`: of a snapshot that a signal asked for; the position stays that of the changes.
  Status take_row(const Snapshot::SnapshotRow& row, uint64_t lsn, int64_t tx_id, bool aside = false);
  // What signals of transactions that were taken whole ask for, once. `from`: the position before the first of them.
  std::vector<SnapshotRequest> take_requests(Position* from);
  // What signals stop, once.
  std::vector<std::shared_ptr<const SnapshotStop>> take_stops() { return std::exchange(stops_, {}); }
  // The snapshot's last row was taken.
  void end_snapshot() { position_.snapshot = position_.snapshot == SnapshotState::kNone ? SnapshotState::kNone : SnapshotState::kLastRecord; }

  // Where reading begins when no row of a snapshot has said so.
  void start_at(uint64_t lsn) {
    if (position_.lsn == 0) position_.lsn = lsn;
  }

  int64_t pending_rows() const { return pending_rows_; }
  // Whether what was taken is as large as a batch may be, however few its rows are.
  bool is_full() const { return pending_rows_ >= settings_.config->batch_max || pending_bytes_ >= kPendingBytesMax; }
  // Everything taken as batches of settings.out.
  Status flush();
  // Where reading stands behind everything that was taken.
  const Position& position() const { return position_; }

 private:
  Status relation();
  Status change(uint64_t lsn);
  Status truncate(uint64_t lsn);
  Status emitted_message(uint64_t lsn);
  void begin(uint64_t lsn);
  Status commit(uint64_t lsn);
  bool already_given_out(uint64_t lsn);
  Status add(TableEvents* table, const EventMark& mark);
  Status add_again(std::unique_ptr<TableEvents>* table, const EventMark& mark);
  void note_signal(const std::string& table);
  EventMark mark_of(uint64_t lsn);
  void count_in_transaction(const std::string& collection, EventMark* mark);
  Status transaction_record(bool ends);
  Result<TableEvents*> table_of(const TableStructure& structure);

  const EventSettings& settings_;
  Catalog& catalog_;
  Position position_, resume_;
  Position before_transaction_;
  std::vector<SnapshotRequest> requests_;
  std::vector<std::shared_ptr<const SnapshotStop>> stops_;
  bool resuming_ = false, skipping_ = false, in_transaction_ = false;
  int64_t skipped_at_lsn_ = 0;
  ChangeMessage message_;
  std::map<std::string, std::unique_ptr<TableEvents>> tables_;  // by "schema.table"
  std::map<uint32_t, std::string> relations_;                   // of the tables that are captured
  static constexpr size_t kPendingBytesMax = 8 << 20;
  int64_t pending_rows_ = 0;
  size_t pending_bytes_ = 0;  // of messages and rows
  int64_t commit_micros_ = 0, tx_id_ = -1;
  std::string origin_, transaction_;
  uint64_t origin_lsn_ = 0;
  std::map<std::string, int64_t> counts_;  // of the transaction, by collection
  int64_t total_ = 0;
};

}  // namespace bywash::postgres_cdc
