// Sends one SQL text after the other to a broker's POST /query/sql over several connections, a random number in the place of '{}' each time.
// Prints "queries seconds median_us p99_us failed". Used by bench/analytics.py; on loopback only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  uint16_t port = 0;
  int64_t low = 0, high = 0;
  std::string before, after;  // of the SQL's '{}'
  Clock::time_point end;
};

std::string request_of(const Load& load, int64_t literal) {
  std::string body = "{\"sql\":\"" + load.before + (load.after.empty() ? "" : std::to_string(literal) + load.after) + "\"}";
  return "POST /query/sql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A connection with one request at a time.
class Connection {
 public:
  Connection(const Load& load, unsigned seed) : load_(load), random_(seed), literal_(load.low, load.high) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sound_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }
  // False: the connection broke, or an answer had exceptions or no Content-Length.
  bool sound() const { return sound_; }

  // A request fits into the socket's buffer.
  void ask() {
    const std::string request = request_of(load_, literal_(random_));
    answer_.clear();
    wanted_ = std::string::npos;
    asked_ = Clock::now();
    sound_ = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
  }

  // Reads what has come; true when the answer is whole.
  bool read(std::vector<uint32_t>* micros) {
    char part[65536];
    const ssize_t got = ::recv(socket_, part, sizeof part, 0);
    if (got <= 0) return sound_ = false;
    answer_.append(part, static_cast<size_t>(got));
    if (wanted_ == std::string::npos && !read_head()) return false;
    if (answer_.size() < wanted_) return false;
    micros->push_back(static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - asked_).count()));
    sound_ = answer_.find("\"exceptions\":[]") != std::string::npos;
    return sound_;
  }

 private:
  bool read_head() {
    const size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    std::string lower = answer_.substr(0, head);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const size_t length = lower.find("content-length: ");
    if (length == std::string::npos) return sound_ = false;
    size_t size = 0;
    std::from_chars(lower.data() + length + 16, lower.data() + lower.size(), size);
    wanted_ = head + 4 + size;
    return true;
  }

  const Load& load_;
  int socket_ = -1;
  bool sound_ = false;
  std::mt19937_64 random_;
  std::uniform_int_distribution<int64_t> literal_;
  std::string answer_;
  size_t wanted_ = 0;
  Clock::time_point asked_;
};

// All connections by one thread: what the client takes is taken from the server on a small machine.
size_t run(const Load& load, size_t connections, std::vector<uint32_t>* micros) {
  std::vector<std::unique_ptr<Connection>> open;
  std::vector<pollfd> ready;
  size_t failed = 0;
  for (size_t i = 0; i < connections; ++i) {
    open.push_back(std::make_unique<Connection>(load, static_cast<unsigned>(i + 1)));
    if (open[i]->sound()) open[i]->ask();
    ready.push_back({open[i]->sound() ? open[i]->socket() : -1, POLLIN, 0});
    failed += !open[i]->sound();
  }
  for (size_t left = connections - failed; left > 0;) {
    ::poll(ready.data(), ready.size(), 1000);
    const bool over = Clock::now() >= load.end;
    for (size_t i = 0; i < ready.size(); ++i) {
      if (ready[i].fd < 0 || ready[i].revents == 0) continue;
      const bool whole = open[i]->read(micros);
      if (whole && !over) open[i]->ask();
      failed += !open[i]->sound();
      if (open[i]->sound() && !(whole && over)) continue;
      ready[i].fd = -1;
      --left;
    }
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: bench_http_load PORT CONNECTIONS SECONDS LOW HIGH SQL\n");
    return 2;
  }
  Load load;
  load.port = static_cast<uint16_t>(std::atoi(argv[1]));
  load.low = std::atoll(argv[4]);
  load.high = std::atoll(argv[5]);
  const std::string sql = argv[6];
  const size_t hole = sql.find("{}");
  load.before = sql.substr(0, hole);
  if (hole != std::string::npos) load.after = sql.substr(hole + 2) + " ";
  const auto begin = Clock::now();
  load.end = begin + std::chrono::microseconds(static_cast<int64_t>(std::atof(argv[3]) * 1e6));
  const auto connections = static_cast<size_t>(std::atoi(argv[2]));
  std::vector<uint32_t> all;
  const size_t failed = run(load, connections, &all);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (all.empty()) {
    std::fprintf(stderr, "no query was answered\n");
    return 1;
  }
  std::sort(all.begin(), all.end());
  std::printf("%zu %.3f %u %u %zu\n", all.size(), seconds, all[all.size() / 2], all[all.size() * 99 / 100], failed);
  return failed == 0 ? 0 : 1;
}
