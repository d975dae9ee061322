#include "connectors/postgres_cdc/change_stream.h"

#include <poll.h>

#include <algorithm>

#include "connectors/postgres_cdc/position.h"

namespace bywash::postgres_cdc {
namespace {

constexpr int64_t kPostgresEpochMicros = 946'684'800'000'000;

uint64_t big_endian(std::string_view bytes) {
  uint64_t out = 0;
  for (char c : bytes) out = out << 8 | static_cast<uint8_t>(c);
  return out;
}

void append_big_endian(uint64_t value, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) *out += static_cast<char>(value >> shift);
}

}  // namespace

Result<std::unique_ptr<ChangeStream>> ChangeStream::start(const ChangeConfig& config, uint64_t lsn) {
  ASSIGN_OR_RETURN(auto session, ServerSession::open(config, ServerSession::Kind::kReplication));
  std::string options = "proto_version '1', publication_names " + session->literal(session->identifier(config.publication_name));
  if (session->version() >= 140000) options += ", messages 'true'";
  std::string_view rest = config.slot_parameters;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    size_t equals = one.find('=');
    if (equals == one.npos) continue;
    options += ", " + session->identifier(std::string(one.substr(0, equals))) + " " + session->literal(std::string(one.substr(equals + 1)));
  }
  Status started = session->start_copy(fmt::format("START_REPLICATION SLOT \"{}\" LOGICAL {} ({})", config.slot_name, lsn_text(lsn), options), PGRES_COPY_BOTH);
  if (!started.ok()) return started.with_context(fmt::format("Cannot read replication slot '{}'", config.slot_name));
  std::unique_ptr<ChangeStream> out(new ChangeStream(config, std::move(session)));
  out->received_lsn_ = lsn;
  return out;
}

ChangeStream::~ChangeStream() { PQfreemem(buffer_); }

Status ChangeStream::send_status(bool now) {
  if (!now && !status_due_ && steady_now() < next_status_) return {};
  std::string message = "r";
  append_big_endian(std::max(received_lsn_, confirmed_lsn_), &message);
  append_big_endian(confirmed_lsn_, &message);
  append_big_endian(confirmed_lsn_, &message);
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  append_big_endian(static_cast<uint64_t>(micros - kPostgresEpochMicros), &message);
  message += '\0';
  PGconn* c = session_->connection();
  if (PQputCopyData(c, message.data(), static_cast<int>(message.size())) != 1 || PQflush(c) < 0) return session_->failure(nullptr);
  status_due_ = false;
  next_status_ = steady_now() + Millis(config_.status_interval_ms);
  return {};
}

void ChangeStream::confirm(uint64_t lsn) {
  if (lsn <= confirmed_lsn_) return;
  confirmed_lsn_ = lsn;
  status_due_ = true;
}

Status ChangeStream::keep_alive() { return send_status(false); }

Status ChangeStream::take_keepalive(std::string_view bytes) {
  if (bytes.size() < 18) return Status::fatal("A keepalive message of the server is too short");
  sent_lsn_ = std::max(sent_lsn_, big_endian(bytes.substr(1, 8)));
  return send_status(bytes[17] != 0);
}

Result<std::optional<ChangeStream::Message>> ChangeStream::next(int wait_ms) {
  PGconn* c = session_->connection();
  while (true) {
    PQfreemem(buffer_);
    buffer_ = nullptr;
    int size = PQgetCopyData(c, &buffer_, 1);
    if (size == 0) {
      RETURN_IF_ERROR(keep_alive());
      if (wait_ms <= 0) return std::optional<Message>();
      pollfd waited{PQsocket(c), POLLIN, 0};
      int ready = ::poll(&waited, 1, wait_ms);
      if (ready <= 0) return std::optional<Message>();
      if (!PQconsumeInput(c)) return session_->failure(nullptr);
      // What is there now is read without another wait.
      wait_ms = 0;
      continue;
    }
    if (size == -1) {
      ServerResult ended(PQgetResult(c));
      if (PQresultStatus(ended.get()) == PGRES_FATAL_ERROR) return session_->failure(ended.get());
      return Status::retriable("The server ended the stream of changes");
    }
    if (size < 0) {
      ServerResult ended(PQgetResult(c));
      return session_->failure(ended.get());
    }
    std::string_view bytes(buffer_, static_cast<size_t>(size));
    if (bytes[0] == 'k') {
      RETURN_IF_ERROR(take_keepalive(bytes));
      continue;
    }
    if (bytes[0] != 'w' || bytes.size() < 25) continue;
    Message message;
    message.lsn = big_endian(bytes.substr(1, 8));
    // Of changes alone; relations and types carry none.
    received_lsn_ = std::max(received_lsn_, message.lsn);
    message.bytes = bytes.substr(25);
    return std::optional(message);
  }
}

}  // namespace bywash::postgres_cdc
