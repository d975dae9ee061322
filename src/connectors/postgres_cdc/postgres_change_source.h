// The change source's task: connect, snapshot, stream, and begin anew after faults. Level 6, the task's thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/postgres_cdc/change_reader.h"
#include "connectors/postgres_cdc/replication_slot.h"

namespace bywash::postgres_cdc {

class PostgresChangeTask final : public plugin::SourceTask {
 public:
  PostgresChangeTask(ChangeConfig config, Selection selection) : config_(std::move(config)), selection_(std::move(selection)) {}

  Status start(plugin::SourceContext* context) override;
  Result<std::vector<plugin::SourceBatch>> poll() override;
  void committed() override;
  void stop() override;

 private:
  enum class Phase : uint8_t { kConnect, kRequested, kCatchUp, kSnapshot, kDelay, kStream, kIdle };

  Status advance();
  Status connect();
  Status prepare_snapshot(const std::optional<SlotState>& slot);
  Status check_slot(const std::optional<SlotState>& slot);
  Result<bool> wants_snapshot(const std::optional<SlotState>& slot);
  Status start_stream();
  Status start_request();
  // Rows of the signal table that stop snapshots and that the stream, which waits for the rows, has not shown yet.
  Result<Rows> written_stops();
  Status look_for_stops();
  void apply(const std::vector<std::shared_ptr<const SnapshotStop>>& stops);
  Status read_rows();
  Status end_snapshot();
  Status read_changes();
  void confirm_read();
  Status heartbeat();
  Result<std::vector<plugin::SourceBatch>> hand_over();
  Status after_fault(Status fault);
  void disconnect();
  void wait_until(SteadyTime when);

  const ChangeConfig config_;
  const Selection selection_;
  plugin::SourceContext* context_ = nullptr;
  EventSettings settings_;
  std::vector<plugin::SourceBatch> out_;
  Phase phase_ = Phase::kConnect;
  std::unique_ptr<ServerSession> session_, snapshot_session_, slot_session_;  // statements; the snapshot's; the one that made a slot
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Snapshot> snapshot_;
  std::unique_ptr<ChangeStream> stream_;
  std::unique_ptr<ChangeReader> reader_;
  std::optional<Position> handed_over_;  // behind the last batch that poll gave
  // Snapshots that signals asked for, the first one under way. Meanwhile offsets stay before the signals: a restart meets them again.
  std::vector<SnapshotRequest> requests_;
  Position before_requests_;
  std::set<std::string> known_stops_;  // their ids
  uint64_t confirmed_lsn_ = 0, snapshot_lsn_ = 0;
  SteadyTime next_stops_{}, busy_since_{}, retry_at_{}, delay_until_{}, next_heartbeat_{};
  bool slot_was_busy_ = false, told_ = false, snapshot_taken_ = false, snapshot_done_ = false, rows_are_missing_ = false, outstanding_ = false, heartbeat_query_failed_ = false;
  int32_t failures_ = 0;
  std::atomic<bool> stopped_{false};
};

}  // namespace bywash::postgres_cdc
