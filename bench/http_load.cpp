// Sends one SQL text after the other to a broker's POST /query/sql over several connections, a random number in the place of '{}' each time.
// Prints "queries seconds median_us p99_us failed". Used by bench/analytics.py; on loopback only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
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

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Reads one response with a Content-Length. False: the connection broke, or it is no answer without exceptions.
bool read_response(int socket, std::string* buffer) {
  buffer->clear();
  size_t wanted = std::string::npos;
  while (buffer->size() < wanted) {
    char part[16384];
    ssize_t got = ::recv(socket, part, sizeof part, 0);
    if (got <= 0) return false;
    buffer->append(part, static_cast<size_t>(got));
    size_t head = buffer->find("\r\n\r\n");
    if (wanted != std::string::npos || head == std::string::npos) continue;
    std::string lower = buffer->substr(0, head);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    size_t length = lower.find("content-length: "), size = 0;
    if (length == std::string::npos) return false;
    std::from_chars(lower.data() + length + 16, lower.data() + lower.size(), size);
    wanted = head + 4 + size;
  }
  return buffer->find("\"exceptions\":[]") != std::string::npos;
}

void run(const Load& load, unsigned seed, std::vector<uint32_t>* micros, std::atomic<int64_t>* failed) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(load.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ++*failed;
    ::close(socket);
    return;
  }
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> literal(load.low, load.high);
  std::string buffer;
  while (Clock::now() < load.end) {
    const std::string request = request_of(load, literal(random));
    auto begin = Clock::now();
    if (!send_all(socket, request) || !read_response(socket, &buffer)) {
      ++*failed;
      break;
    }
    micros->push_back(static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count()));
  }
  ::close(socket);
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
  std::vector<std::vector<uint32_t>> micros(connections);
  std::atomic<int64_t> failed{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < connections; ++i) threads.emplace_back([&, i] { run(load, static_cast<unsigned>(i + 1), &micros[i], &failed); });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::vector<uint32_t> all;
  for (const auto& some : micros) all.insert(all.end(), some.begin(), some.end());
  if (all.empty()) {
    std::fprintf(stderr, "no query was answered\n");
    return 1;
  }
  std::sort(all.begin(), all.end());
  std::printf("%zu %.3f %u %u %lld\n", all.size(), seconds, all[all.size() / 2], all[all.size() * 99 / 100], static_cast<long long>(failed.load()));
  return failed.load() == 0 ? 0 : 1;
}
