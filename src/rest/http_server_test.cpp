// The HTTP server against clients that behave and clients that do not, over real sockets.
#include "rest/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace bywash::rest {
namespace {

// A bare client: sends bytes as given, reads what comes.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { close(fd_); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Reads until `count` answers have come (by Content-Length) or the connection ends.
  std::string read_all() {
    std::string out;
    char buffer[65536];
    ssize_t n;
    while ((n = recv(fd_, buffer, sizeof buffer, 0)) > 0) out.append(buffer, static_cast<size_t>(n));
    ended_ = n == 0;
    return out;
  }
  std::string read_until(std::string_view end) {
    std::string out;
    char c;
    while (recv(fd_, &c, 1, 0) == 1) {
      out += c;
      if (out.ends_with(end)) break;
    }
    return out;
  }
  bool ended() const { return ended_; }
  bool connected() const { return connected_; }

 private:
  int fd_;
  bool connected_ = false;
  bool ended_ = false;
};

HttpResponse echo(const HttpRequest& request) {
  HttpResponse out;
  out.body = request.method + " " + request.path + " [" + request.body + "]";
  for (const auto& [name, value] : request.query) out.body += " " + name + "=" + value;
  return out;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpHandler handler = echo, HttpServerOptions options = {}) {
    auto server = HttpServer::start({{"127.0.0.1", 0}}, std::move(handler), options);
    ASSERT_TRUE(server.ok()) << server.status().message();
    server_ = *std::move(server);
    port_ = server_->addresses()[0].port;
  }
  std::string ask(std::string_view bytes) {
    Client client(port_);
    client.send(bytes);
    return client.read_all();
  }
  std::unique_ptr<HttpServer> server_;
  uint16_t port_ = 0;
};

TEST_F(HttpServerTest, AnswersAGetWithItsQueryDecoded) {
  start();
  std::string got = ask("GET /a%20b?x=1%262&y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\nGET /a%20b [] x=1&2 y=")) << got;
}

TEST_F(HttpServerTest, KeepsAConnectionAndAnswersPipelinedRequestsInOrder) {
  std::atomic<int> calls = 0;
  start([&](const HttpRequest& r) {
    if (calls++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return echo(r);
  });
  std::string got = ask("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  size_t one = got.find("GET /1 []"), two = got.find("POST /2 [abc]"), three = got.find("GET /3 []");
  EXPECT_NE(one, got.npos);
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, got.npos);
}

TEST_F(HttpServerTest, AnswersHeadWithTheLengthAndNoBody) {
  start();
  std::string got = ask("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Content-Length: 12\r\n"), got.npos) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST_F(HttpServerTest, TakesAChunkedBody) {
  start();
  std::string got = ask("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(got.ends_with("POST /c [abcde]")) << got;
}

TEST_F(HttpServerTest, SaysContinueBeforeItReadsTheBody) {
  start();
  Client client(port_);
  client.send("PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_TRUE(client.read_all().ends_with("PUT /x [ok]"));
}

TEST_F(HttpServerTest, RefusesABodyBeyondTheLimitWith413) {
  HttpServerOptions options;
  options.body_limit_bytes = 1000;
  start(echo, options);
  EXPECT_TRUE(ask("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'b')).starts_with("HTTP/1.1 413 "));
  std::string chunked = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunked += "64\r\n" + std::string(100, 'c') + "\r\n";
  EXPECT_TRUE(ask(chunked + "0\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(ask("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, RefusesALongUriWith414AndLongHeadersWith431) {
  start();
  EXPECT_TRUE(ask("GET /" + std::string(20000, 'u') + " HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 414 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + std::string(20000, 'h') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, AnswersNonsenseWith400AndGoesOn) {
  start();
  for (std::string bad : {"nonsense\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x01\x01\r\n\r\n", "GET / HTTP/1.1\r\nBad Header\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                          "CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    EXPECT_TRUE(ask(bad).starts_with("HTTP/1.1 400 ")) << bad << "\n" << ask(bad);
  }
  EXPECT_TRUE(ask("GET /ok HTTP/1.0\r\n\r\n").ends_with("GET /ok []"));
}

TEST_F(HttpServerTest, CutsOffClientsThatStallInHeadOrBody) {
  HttpServerOptions options;
  options.idle_timeout_ms = 150;
  start(echo, options);
  for (std::string part : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"}) {
    Client client(port_);
    client.send(part);
    client.read_all();
    EXPECT_TRUE(client.ended()) << part;
  }
  EXPECT_TRUE(ask("GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("GET /ok []"));
}

TEST_F(HttpServerTest, SilentConnectionsDoNotKeepOthersOut) {
  HttpServerOptions options;
  options.max_connections = 8;
  start(echo, options);
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<Client>(port_));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ask("GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("GET /ok []"));
  silent[0]->read_all();
  EXPECT_TRUE(silent[0]->ended()) << "the oldest had to go";
}

TEST_F(HttpServerTest, ASlowHandlerDoesNotHoldUpOthers) {
  std::atomic<bool> release = false;
  start([&](const HttpRequest& r) {
    while (r.path == "/slow" && !release) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return echo(r);
  });
  Client slow(port_);
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(ask("GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("GET /fast []"));
  release = true;
  EXPECT_TRUE(slow.read_all().ends_with("GET /slow []"));
}

TEST_F(HttpServerTest, AnswersRunningRequestsWhenItStops) {
  std::atomic<bool> inside = false;
  start([&](const HttpRequest& r) {
    inside = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return echo(r);
  });
  Client idle(port_), running(port_);
  running.send("GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!inside) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  server_->stop();
  EXPECT_TRUE(running.read_all().ends_with("GET /last []"));
  idle.read_all();
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(Client(port_).connected());
}

TEST_F(HttpServerTest, AHandlerThatThrowsIsAnswered500) {
  start([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("boom"); });
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, AnswersQuickRequestsWhileEveryHandlerIsBusy) {
  std::atomic<bool> release = false;
  HttpServerOptions options;
  options.handler_threads = 1;
  options.quick = [](const HttpRequest& r) -> std::optional<HttpResponse> {
    if (r.path == "/throws") throw std::runtime_error("boom");
    return r.path.starts_with("/quick") ? std::optional(echo(r)) : std::nullopt;
  };
  start([&](const HttpRequest& r) {
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return echo(r);
  }, options);
  Client slow(port_);
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /quick2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string three;
  for (int i = 0; i < 3; ++i) three += "POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  const std::string got = ask(three + "GET /throws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(got.find("POST /quick [ab]") != got.npos, true) << got;
  EXPECT_NE(got.find("HTTP/1.1 500 "), got.npos) << got;
  release = true;
  const std::string in_order = slow.read_all();
  EXPECT_LT(in_order.find("GET /slow []"), in_order.find("GET /quick2 []"));
  EXPECT_TRUE(in_order.ends_with("GET /quick2 []"));
}

TEST_F(HttpServerTest, NamesTheOccupiedPort) {
  start();
  auto second = HttpServer::start({{"127.0.0.1", port_}}, echo);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), "Cannot listen on 127.0.0.1:" + std::to_string(port_) + ": the port is in use. Stop the program that has it or set another port");
}

TEST(ParseListeners, TakesConnectsFormsAndNamesBadOnes) {
  auto good = parse_listeners({"http://0.0.0.0:8083", "HTTP://:9", "http://[::1]:7", "Https://x:8443/"});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ((*good)[0].host, "0.0.0.0");
  EXPECT_EQ((*good)[1].host, "127.0.0.1");
  EXPECT_EQ((*good)[1].port, 9);
  EXPECT_EQ((*good)[2].host, "::1");
  EXPECT_TRUE((*good)[3].tls && !(*good)[2].tls);
  EXPECT_EQ((*good)[3].port, 8443);
  for (std::string bad : {"http://x", "http://x:99999", "x:1", "https://x", "ftp://x:1", "http://x:"}) {
    EXPECT_NE(parse_listeners({bad}).status().message().find("listeners"), std::string::npos) << bad;
  }
}

TEST(PercentDecode, KnowsEscapesAndTheirFaults) {
  std::string out;
  EXPECT_TRUE(percent_decode("a%2Fb+%c3%bc", &out));
  EXPECT_EQ(out, "a/b+ü");
  EXPECT_TRUE(form_decode("a+b", &out));
  EXPECT_EQ(out, "a b");
  EXPECT_FALSE(percent_decode("%", &out));
  EXPECT_FALSE(percent_decode("%2", &out));
  EXPECT_FALSE(percent_decode("%zz", &out));
  EXPECT_TRUE(is_utf8("aü€😀"));
  EXPECT_FALSE(is_utf8("\xc3("));
  EXPECT_FALSE(is_utf8("\xc3"));
}

}  // namespace
}  // namespace bywash::rest
