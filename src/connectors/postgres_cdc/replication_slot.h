// Publication and replication slot: what must be on the server before changes can be read. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/postgres_cdc/catalog.h"
#include "connectors/postgres_cdc/position.h"
#include "connectors/postgres_cdc/selection.h"
#include "connectors/postgres_cdc/server_session.h"

namespace bywash::postgres_cdc {

struct SlotState {
  bool active = false;
  uint64_t confirmed_lsn = 0;  // what lies before it is not sent again
  uint64_t restart_lsn = 0;
  bool lost = false;           // the server has removed log that the slot needs
};

// The tables of the database that are read: schema and name, in order. With publish.via.partition.root partitioned tables instead of partitions.
Result<std::vector<std::pair<std::string, std::string>>> captured_tables(ServerSession& session, const ChangeConfig& config, const Selection& selection);

// Makes the publication as publication.autocreate.mode says, and sets replica identities as replica.identity.autoset.values does.
Status ensure_publication(ServerSession& session, const ChangeConfig& config, const Selection& selection);

// Nothing: there is no such slot. kInvalid: it is another plugin's or another database's.
Result<std::optional<SlotState>> slot_state(ServerSession& session, const ChangeConfig& config);

struct CreatedSlot {
  uint64_t consistent_lsn = 0;  // changes from here on come by the slot
  std::string snapshot;         // name of the exported snapshot of just before; good until the session's next command
};
// `replication`: a session of that kind. A temporary slot is gone with the session.
Result<CreatedSlot> create_slot(ServerSession& replication, const ChangeConfig& config, const std::string& name, bool temporary);
Status drop_slot(ServerSession& session, const std::string& name);

}  // namespace bywash::postgres_cdc
