// The replication connection: messages of the slot from a position on, and the server's acknowledgements. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "connectors/postgres_cdc/server_session.h"

namespace bywash::postgres_cdc {

class ChangeStream {
 public:
  // Streams what was committed from `lsn` on. kRetriable: not reachable, or somebody else reads the slot.
  static Result<std::unique_ptr<ChangeStream>> start(const ChangeConfig& config, uint64_t lsn);
  ~ChangeStream();

  struct Message {
    uint64_t lsn = 0;        // where its record begins in the log; of a commit where it ends
    std::string_view bytes;  // of pgoutput; until the next call
  };
  // The next message; nothing when none comes within `wait_ms`. Answers the server's questions meanwhile.
  Result<std::optional<Message>> next(int wait_ms);
  // Everything before `lsn` is delivered: the server may forget it. Sent with the next status.
  void confirm(uint64_t lsn);
  // Sends a status when one is due.
  Status keep_alive();
  // How far the server has read its log; all that was committed before has been sent.
  uint64_t sent_lsn() const { return sent_lsn_; }

 private:
  ChangeStream(const ChangeConfig& config, std::unique_ptr<ServerSession> session) : config_(config), session_(std::move(session)) {}
  Status send_status(bool now);
  Status take_keepalive(std::string_view bytes);

  const ChangeConfig& config_;
  std::unique_ptr<ServerSession> session_;
  char* buffer_ = nullptr;
  uint64_t sent_lsn_ = 0, received_lsn_ = 0, confirmed_lsn_ = 0;
  bool status_due_ = false;
  SteadyTime next_status_{};
};

}  // namespace bywash::postgres_cdc
