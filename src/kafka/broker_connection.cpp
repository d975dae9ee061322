// Non-blocking sockets and the frames on them. Level 3.
#include "kafka/broker_connection.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

constexpr size_t kBufferStep = 64 << 10;
// No answer that we ask for is larger; what says so is not a Kafka broker.
constexpr uint32_t kLargestAnswer = 1u << 30;

}  // namespace

std::shared_ptr<char[]> ReadBuffers::take(size_t size) {
  const size_t capacity = (size + kBufferStep - 1) / kBufferStep * kBufferStep;
  std::unique_ptr<char[]> bytes;
  size_t got = capacity;
  {
    std::lock_guard lock(mutex_);
    // Not one that is much too large: a small answer may be held for long.
    auto fits = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return k.capacity >= capacity && k.capacity <= 2 * capacity; });
    if (fits != kept_.end()) {
      got = fits->capacity;
      kept_bytes_ -= got;
      bytes = std::move(fits->bytes);
      kept_.erase(fits);
    }
  }
  if (!bytes) bytes = std::make_unique_for_overwrite<char[]>(capacity);
  return {bytes.release(), [self = shared_from_this(), got](char* p) { self->give_back(p, got); }};
}

void ReadBuffers::give_back(char* bytes, size_t capacity) {
  Kept kept{std::unique_ptr<char[]>(bytes), capacity};
  std::lock_guard lock(mutex_);
  if (kept_bytes_ + capacity > keep_bytes_) return;
  kept_bytes_ += capacity;
  kept_.push_back(std::move(kept));
}

void ReadBuffers::clear() {
  std::lock_guard lock(mutex_);
  kept_.clear();
  kept_bytes_ = 0;
}

Status BrokerConnection::failure(const char* what, int error) const {
  return Status::retriable(fmt::format("{}: {}{}{}", name_, what, error ? ": " : "", error ? std::strerror(error) : ""));
}

Status BrokerConnection::open(const std::string& host, int32_t port, int receive_buffer_bytes, int timeout_ms) {
  close();
  name_ = fmt::format("{}:{}", host, port);
  receive_buffer_bytes_ = receive_buffer_bytes;
  timeout_ = Millis(timeout_ms);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    return Status::retriable(fmt::format("{}: the host's name cannot be resolved: {}", name_, gai_strerror(error)));
  }
  addresses_.reset(found);
  next_address_ = found;
  return connect_next();
}

// Tries the addresses in turn.
Status BrokerConnection::connect_next() {
  int error = 0;
  while (next_address_) {
    const addrinfo& address = *next_address_;
    next_address_ = address.ai_next;
    if (fd_ >= 0) ::close(fd_);
    fd_ = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      error = errno;
      continue;
    }
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (receive_buffer_bytes_ > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes_, sizeof receive_buffer_bytes_);
    connecting_ = true;
    connect_deadline_ = steady_now() + timeout_;
    if (connect(fd_, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS) return {};
    error = errno;
  }
  close();
  return failure("cannot connect", error);
}

void BrokerConnection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  connecting_ = false;
  outgoing_.clear();
  head_size_ = body_size_ = body_read_ = 0;
  body_.reset();
}

Status BrokerConnection::finish_connect() {
  pollfd ready{fd_, POLLOUT, 0};
  if (::poll(&ready, 1, 0) == 0) {
    if (steady_now() < connect_deadline_) return {};
    return next_address_ ? connect_next() : failure("no answer while connecting", 0);
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return next_address_ ? connect_next() : failure("cannot connect", error);
  connecting_ = false;
  return {};
}

Status BrokerConnection::step(std::vector<Answer>* answers) {
  if (fd_ < 0) return {};
  if (connecting_) RETURN_IF_ERROR(finish_connect());
  if (connecting_) return {};
  RETURN_IF_ERROR(write_some());
  return read_some(answers);
}

Status BrokerConnection::write_some() {
  while (!outgoing_.empty()) {
    const ssize_t n = ::send(fd_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Status() : failure("connection lost", errno);
    outgoing_.erase(0, static_cast<size_t>(n));
  }
  return {};
}

Status BrokerConnection::read_some(std::vector<Answer>* answers) {
  while (true) {
    char* to = body_ ? body_.get() + body_read_ : head_ + head_size_;
    const size_t wanted = body_ ? body_size_ - body_read_ : sizeof head_ - head_size_;
    const ssize_t n = recv(fd_, to, wanted, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Status() : failure("connection lost", errno);
    if (n == 0) return failure("the broker closed the connection", 0);
    if (body_) {
      body_read_ += static_cast<size_t>(n);
    } else if ((head_size_ += static_cast<size_t>(n)) == sizeof head_) {
      const auto length = load_big_endian<uint32_t>(head_);
      if (length < 4 || length > kLargestAnswer) return failure("what came is not an answer of a Kafka broker", 0);
      body_size_ = length;
      body_read_ = 0;
      body_ = buffers_->take(length);
    }
    if (body_ && body_read_ == body_size_) {
      const std::string_view bytes(body_.get(), body_size_);
      answers->push_back({std::move(body_), bytes});
      body_.reset();
      head_size_ = 0;
    }
  }
}

}  // namespace bywash::kafka
