// One connection to a broker that never blocks its thread: requests go out and whole answers come in as far as the socket lets
// them, behind TLS and SASL where the client is configured so. Level 3; not included outside kafka/. One thread.
#pragma once

#include <netdb.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "kafka/broker_security.h"
#include "kafka/record_set.h"

namespace bywash::kafka {

// Buffers that answers are read into and that come back when the last record is dropped, so that a busy reader does not ask the system
// for the same pages again and again. Any thread.
class ReadBuffers : public std::enable_shared_from_this<ReadBuffers> {
 public:
  explicit ReadBuffers(size_t keep_bytes) : keep_bytes_(keep_bytes) {}
  // At least `size` bytes.
  std::shared_ptr<char[]> take(size_t size);
  // Gives what is kept back to the system.
  void clear();

 private:
  struct Kept {
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0;
  };
  void give_back(char* bytes, size_t capacity);

  const size_t keep_bytes_;
  std::mutex mutex_;
  std::vector<Kept> kept_;
  size_t kept_bytes_ = 0;
};

// A whole answer: behind its length.
struct Answer {
  SharedBytes memory;
  std::string_view bytes;  // from the correlation id on
};

class BrokerConnection {
 public:
  BrokerConnection(std::shared_ptr<ReadBuffers> buffers, std::shared_ptr<const BrokerSecurity> security)
      : buffers_(std::move(buffers)), security_(std::move(security)) {}
  ~BrokerConnection() { close(); }
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  // Looks the name up (this may wait) and begins to connect; `client_id` is for the frames of SASL. Error: kRetriable.
  Status open(const std::string& host, int32_t port, int receive_buffer_bytes, int timeout_ms, std::string_view client_id);
  void close();
  bool is_open() const { return fd_ >= 0; }
  // The broker ends the session soon: to be opened anew before the next request.
  bool is_expired() const { return expires_ != SteadyTime{} && steady_now() > expires_; }
  // Queues a whole frame; it goes out with a step(), once both ends are known to each other.
  void send(std::string frame) {
    std::string& out = ready_ ? outgoing_ : queued_;
    if (out.empty()) out = std::move(frame);
    else out += frame;
  }
  // Moves bytes both ways as far as that goes now; whole answers are in `answers`. Error: the connection is gone (kRetriable), or the broker
  // refuses the credentials (kUnauthorized).
  Status step(std::vector<Answer>* answers);
  // For ::poll: the descriptor, and whether there is something to write.
  int fd() const { return fd_; }
  bool wants_write() const { return connecting_ || read_needs_write_ || (!outgoing_.empty() && !write_needs_read_); }

 private:
  // What a read or write of bytes came to.
  enum class Io { kSome, kNotNow, kEnd };
  Status finish_connect();
  Status begin_session();
  Status begin_sasl();
  Status continue_sasl(std::string_view answer);
  void send_token(std::string_view token);
  void become_ready();
  Result<Io> write_bytes(const char* from, size_t size, size_t* written);
  Result<Io> read_bytes(char* to, size_t size, size_t* read);
  Result<Io> tls_outcome(int error);
  Status connect_next();
  Status write_some();
  Status read_some(std::vector<Answer>* answers);
  Status failure(std::string_view what, int error) const;

  std::shared_ptr<ReadBuffers> buffers_;
  std::shared_ptr<const BrokerSecurity> security_;
  std::string name_, host_, client_id_;
  int fd_ = -1;
  bool connecting_ = false;
  int receive_buffer_bytes_ = 0;
  Millis timeout_{0};
  SteadyTime connect_deadline_{};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses_{nullptr, freeaddrinfo};
  addrinfo* next_address_ = nullptr;
  std::unique_ptr<SSL, SslDeleter> tls_;
  bool read_needs_write_ = false, write_needs_read_ = false;  // while TLS shakes hands
  std::unique_ptr<SaslExchange> sasl_;  // while it goes on
  bool sasl_has_mechanism_ = false;
  bool ready_ = false;                  // both ends are known to each other
  SteadyTime expires_{};
  std::string outgoing_;
  size_t outgoing_at_ = 0;              // what stands before it is written
  std::string queued_;                  // waits for ready_
  char head_[4] = {};
  size_t head_size_ = 0;
  std::shared_ptr<char[]> body_;
  size_t body_size_ = 0;
  size_t body_read_ = 0;
};

}  // namespace bywash::kafka
