// Non-blocking sockets and the frames on them. Level 3.
#include "kafka/broker_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
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
constexpr int16_t kSaslHandshake = 17, kSaslAuthenticate = 36, kSaslVersion = 1;

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

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

Status BrokerConnection::failure(std::string_view what, int error) const {
  return Status::retriable(fmt::format("{}: {}{}{}", name_, what, error ? ": " : "", error ? std::strerror(error) : ""));
}

Status BrokerConnection::open(const std::string& host, int32_t port, int receive_buffer_bytes, int timeout_ms, std::string_view client_id) {
  close();
  host_ = host;
  client_id_ = client_id;
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
  tls_.reset();
  sasl_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  connecting_ = ready_ = read_needs_write_ = write_needs_read_ = sasl_has_mechanism_ = false;
  expires_ = {};
  outgoing_.clear();
  queued_.clear();
  outgoing_at_ = 0;
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
  return begin_session();
}

// Behind the TCP connection: TLS, whose handshake goes on with the first bytes, then SASL.
Status BrokerConnection::begin_session() {
  if (security_->tls) {
    tls_.reset(SSL_new(security_->tls.get()));
    if (!tls_ || SSL_set_fd(tls_.get(), fd_) != 1) return failure("OpenSSL cannot make a TLS connection", 0);
    const bool address = is_address(host_);
    if (!address) SSL_set_tlsext_host_name(tls_.get(), host_.c_str());
    if (security_->verify_host) {
      X509_VERIFY_PARAM* wanted = SSL_get0_param(tls_.get());
      if (address) X509_VERIFY_PARAM_set1_ip_asc(wanted, host_.c_str());
      else X509_VERIFY_PARAM_set1_host(wanted, host_.c_str(), host_.size());
    }
    SSL_set_connect_state(tls_.get());
  }
  if (!security_->mechanism.empty()) return begin_sasl();
  become_ready();
  return {};
}

void BrokerConnection::become_ready() {
  ready_ = true;
  outgoing_ += std::exchange(queued_, {});
}

Status BrokerConnection::begin_sasl() {
  sasl_ = make_sasl_exchange(*security_, sasl_nonce());
  RequestWriter out(kSaslHandshake, kSaslVersion, 0, client_id_);
  out.string(security_->mechanism);
  outgoing_ += std::move(out).finish();
  return {};
}

void BrokerConnection::send_token(std::string_view token) {
  RequestWriter out(kSaslAuthenticate, kSaslVersion, 0, client_id_);
  out.bytes(token);
  outgoing_ += std::move(out).finish();
}

Status BrokerConnection::continue_sasl(std::string_view answer) {
  ResponseReader in(answer);
  in.i32();  // correlation
  const int16_t error = in.i16();
  std::string_view challenge;
  if (sasl_has_mechanism_) {
    const std::string_view reason = in.string();
    challenge = in.bytes();
    const int64_t lifetime_ms = in.i64();
    if (error != 0) return Status::unauthorized(fmt::format("{}: the broker refuses the credentials: {}", name_, reason));
    // Like the Java client, well before the end.
    if (lifetime_ms > 0) expires_ = steady_now() + Millis(lifetime_ms * 4 / 5);
  } else if (error != 0) {
    return Status::unauthorized(fmt::format("{}: the broker does not take the SASL mechanism {}", name_, security_->mechanism));
  }
  if (!in.ok()) return failure("its answer to SASL cannot be read", 0);
  sasl_has_mechanism_ = true;
  auto token = sasl_->next(challenge);
  if (!token.ok()) return token.status().with_context(name_);
  if (*token) {
    send_token(**token);
    return {};
  }
  sasl_.reset();
  become_ready();
  return {};
}

// What an operation came to, from OpenSSL's error of it.
Result<BrokerConnection::Io> BrokerConnection::tls_outcome(int error) {
  if (error == SSL_ERROR_NONE) return Io::kSome;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Io::kNotNow;
  if (error == SSL_ERROR_ZERO_RETURN) return Io::kEnd;
  const int system = errno;
  const unsigned long reason = ERR_get_error();
  ERR_clear_error();
  if (const long verified = SSL_get_verify_result(tls_.get()); verified != X509_V_OK) {
    return failure(fmt::format("its certificate is not trusted: {}", X509_verify_cert_error_string(verified)), 0);
  }
  const char* text = reason ? ERR_reason_error_string(reason) : nullptr;
  if (!text && error == SSL_ERROR_SYSCALL && system == 0) return Io::kEnd;
  return text ? failure(fmt::format("TLS: {}", text), 0) : failure("connection lost", system);
}

Result<BrokerConnection::Io> BrokerConnection::write_bytes(const char* from, size_t size, size_t* written) {
  if (tls_) {
    ERR_clear_error();  // what others left on this thread would be taken for this operation's
    errno = 0;
    const int error = SSL_get_error(tls_.get(), SSL_write_ex(tls_.get(), from, size, written));
    write_needs_read_ = error == SSL_ERROR_WANT_READ;
    return tls_outcome(error);
  }
  ssize_t n = 0;
  while ((n = ::send(fd_, from, size, MSG_NOSIGNAL)) < 0 && errno == EINTR) {}
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Result<Io>(Io::kNotNow) : failure("connection lost", errno);
  *written = static_cast<size_t>(n);
  return Io::kSome;
}

Result<BrokerConnection::Io> BrokerConnection::read_bytes(char* to, size_t size, size_t* read) {
  if (tls_) {
    ERR_clear_error();  // what others left on this thread would be taken for this operation's
    errno = 0;
    const int error = SSL_get_error(tls_.get(), SSL_read_ex(tls_.get(), to, size, read));
    read_needs_write_ = error == SSL_ERROR_WANT_WRITE;
    return tls_outcome(error);
  }
  ssize_t n = 0;
  while ((n = recv(fd_, to, size, 0)) < 0 && errno == EINTR) {}
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Result<Io>(Io::kNotNow) : failure("connection lost", errno);
  *read = static_cast<size_t>(n);
  return n == 0 ? Io::kEnd : Io::kSome;
}

Status BrokerConnection::step(std::vector<Answer>* answers) {
  if (fd_ < 0) return {};
  if (connecting_) RETURN_IF_ERROR(finish_connect());
  if (connecting_) return {};
  RETURN_IF_ERROR(write_some());
  return read_some(answers);
}

Status BrokerConnection::write_some() {
  while (outgoing_at_ < outgoing_.size()) {
    size_t written = 0;
    ASSIGN_OR_RETURN(const Io io, write_bytes(outgoing_.data() + outgoing_at_, outgoing_.size() - outgoing_at_, &written));
    if (io == Io::kEnd) return failure("the broker closed the connection", 0);
    if (io == Io::kNotNow) return {};
    outgoing_at_ += written;
  }
  outgoing_.clear();
  outgoing_at_ = 0;
  return {};
}

Status BrokerConnection::read_some(std::vector<Answer>* answers) {
  while (true) {
    char* to = body_ ? body_.get() + body_read_ : head_ + head_size_;
    const size_t wanted = body_ ? body_size_ - body_read_ : sizeof head_ - head_size_;
    size_t got = 0;
    ASSIGN_OR_RETURN(const Io io, read_bytes(to, wanted, &got));
    if (io == Io::kNotNow) return {};
    if (io == Io::kEnd) return failure("the broker closed the connection", 0);
    if (body_) {
      body_read_ += got;
    } else if ((head_size_ += got) == sizeof head_) {
      const auto length = load_big_endian<uint32_t>(head_);
      if (length < 4 || length > kLargestAnswer) return failure("what came is not an answer of a Kafka broker", 0);
      body_size_ = length;
      body_read_ = 0;
      body_ = buffers_->take(length);
    }
    if (body_ && body_read_ == body_size_) {
      const std::string_view bytes(body_.get(), body_size_);
      Answer answer{std::move(body_), bytes};
      body_.reset();
      head_size_ = 0;
      if (ready_) {
        answers->push_back(std::move(answer));
        continue;
      }
      RETURN_IF_ERROR(continue_sasl(answer.bytes));
      RETURN_IF_ERROR(write_some());
    }
  }
}

}  // namespace bywash::kafka
