// The server's I/O thread: accept, read, hand to the handler pool, write. Everything about connections happens on that one thread,
// so nothing here needs a lock.
#include "rest/http_server.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <ctime>
#include <optional>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "rest/spooled_body.h"
#include "rest/tls_contexts.h"

namespace bywash::rest {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr size_t kSpoolBytes = 1 << 20;  // of a body that goes into a file, written at a time

// Of this second; the I/O thread's own.
const std::string& http_date() {
  thread_local std::time_t written = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now == written) return text;
  char buffer[40];
  std::tm parts{};
  gmtime_r(&now, &parts);
  text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  written = now;
  return text;
}

// The whole answer as bytes. A HEAD answer has the length of the body that GET would have, and no body.
std::string serialize(const HttpResponse& response, bool head, bool keep_alive, unsigned version) {
  std::string out;
  out.reserve(256 + response.body.size());
  fmt::format_to(std::back_inserter(out), "HTTP/1.{} {} {}\r\nServer: Bywash\r\nDate: {}\r\n", version % 10, response.status,
                 reason_phrase(response.status), http_date());
  for (const auto& [name, value] : response.headers) {
    if (name != "Connection") fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
  }
  if (!response.content_type.empty() && !(response.body.empty() && response.status != 200 && !head)) {
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", response.content_type);
  }
  if (response.status != 204 && response.status >= 200) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  if (!keep_alive) out += "Connection: close\r\n";
  else if (version == 10) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  if (!head && response.status != 204) out += response.body;
  return out;
}

// "localhost" and "LOCALHOST:80" are the same; a request without a Host (HTTP/1.0) may name any.
bool same_authority(std::string_view target, std::string_view host) {
  auto plain = [](std::string_view text) {
    std::string out = ascii_lower(text);
    if (out.ends_with(":80")) out.resize(out.size() - 3);
    return out;
  };
  return host.empty() || plain(target) == plain(host);
}

bool asks_to_close(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "Connection" && value == "close") return true;
  }
  return false;
}

// The common name in the certificate that the client has shown and that was verified; the most specific one where there are several.
std::string client_common_name(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (!certificate) return "";
  const X509_NAME* subject = X509_get_subject_name(certificate);
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) last = at;
  std::string out;
  unsigned char* text = nullptr;
  const int size = last < 0 ? -1 : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
  if (size > 0) out.assign(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  X509_free(certificate);
  return out;
}

}  // namespace

// Shared by the sessions; lives until the I/O thread has ended.
struct HttpServer::Core {
  class Session;
  class Acceptor;

  Core(HttpHandler h, HttpServerOptions o)
      : handler(std::move(h)), options(std::move(o)), io(1), pool(static_cast<size_t>(std::max(1, options.handler_threads))) {}

  HttpHandler handler;
  HttpServerOptions options;
  std::set<Session*> sessions;  // I/O thread; declared before `io`, whose end destroys the last sessions
  asio::io_context io;
  asio::thread_pool pool;
  std::vector<ListenAddress> bound;
  std::vector<std::shared_ptr<Acceptor>> acceptors;  // I/O thread
  bool stopping = false;                             // I/O thread
  SteadyTime next_handshake_warning{};               // I/O thread
  std::thread thread;
  bool stopped = false;
};

// One connection. Keeps itself alive through the operation under way.
class HttpServer::Core::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Core& core, tcp::socket socket, bool tls) : core_(core), stream_(std::move(socket)) {
    core_.sessions.insert(this);
    if (!tls) return;
    // The connection keeps the context alive by itself.
    std::shared_ptr<ssl_ctx_st> context = core_.options.tls->current();
    tls_.emplace(stream_, SSL_new(context.get()));
  }
  ~Session() { core_.sessions.erase(this); }

  void start() {
    if (!tls_) return read_head();
    stream_.expires_after(Millis(core_.options.idle_timeout_ms));
    tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](ErrorCode ec) { self->on_handshake(ec); });
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(core_.options.header_limit_bytes);
    // keep_body() holds each request to its own.
    parser_->body_limit(static_cast<uint64_t>(core_.options.spools ? core_.options.spool_limit_bytes : core_.options.body_limit_bytes));
    spooled_.reset();
    busy_ = false;
    waits_since_ = steady_now();
    if (core_.stopping) return close();
    stream_.expires_after(Millis(core_.options.idle_timeout_ms));
    on_stream([&](auto& stream) { http::async_read_header(stream, buffer_, *parser_, [self = shared_from_this()](ErrorCode ec, size_t) { self->on_head(ec); }); });
  }
  // While no request is being answered the connection can go at once.
  void stop_when_idle() {
    if (!busy_) close();
  }
  // When it began to wait for a request; nothing while it has one, or where it has been closed for another.
  std::optional<SteadyTime> idle_since() const { return busy_ || given_up_ ? std::nullopt : std::optional(waits_since_); }
  void give_up() {
    given_up_ = true;
    close();
  }

 private:
  using TlsStream = asio::ssl::stream<beast::tcp_stream&>;

  template <class Use>
  void on_stream(Use use) {
    if (tls_) use(*tls_);
    else use(stream_);
  }

  void on_handshake(ErrorCode ec) {
    if (!ec) {
      client_name_ = client_common_name(tls_->native_handle());
      return read_head();
    }
    // Scanners and health checks of ports do this all the time: a line a minute is enough to see that clients are refused, and why.
    if (!core_.stopping && ec.category() == asio::error::get_ssl_category() && steady_now() >= core_.next_handshake_warning) {
      core_.next_handshake_warning = steady_now() + Millis(60000);
      log::warn(core_.options.name, "A client's TLS handshake failed: {}", ec.message());
    }
    drain_and_close();  // so that it sees the alert
  }

  void close() {
    ErrorCode ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.socket().close(ignored);
  }

  void on_head(ErrorCode ec) {
    if (ec) return fail(ec);
    busy_ = true;
    started_ = steady_now();
    if (!begin_body()) return;
    if (ascii_lower(std::string_view(parser_->get()[http::field::expect])) == "100-continue" && !parser_->is_done()) {
      static const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      on_stream([&](auto& stream) {
        asio::async_write(stream, asio::buffer(kContinue), [self = shared_from_this()](ErrorCode error, size_t) {
          if (!error) self->read_body();
        });
      });
      return;
    }
    read_body();
  }

  // False: the request has been refused.
  bool begin_body() {
    const auto& options = core_.options;
    const std::string_view method = parser_->get().method_string(), target = parser_->get().target();
    if (!options.spools) return true;
    if (!options.spools(method, target)) {
      if (parser_->content_length().value_or(0) <= static_cast<uint64_t>(options.body_limit_bytes)) return true;
      fail(make_error_code(http::error::body_limit));
      return false;
    }
    Result<std::shared_ptr<SpooledBody>> spooled = SpooledBody::open(options.spool_folder);
    if (spooled.ok()) spooled_ = *std::move(spooled);
    else refuse(spooled.status());
    return spooled.ok();
  }

  // What has come of the body: into its file, or held to the limit. False: the request has been refused.
  bool keep_body(bool all) {
    std::string& body = parser_->get().body();
    if (!spooled_) {
      if (body.size() <= static_cast<size_t>(core_.options.body_limit_bytes)) return true;
      fail(make_error_code(http::error::body_limit));
      return false;
    }
    if (!all && body.size() < kSpoolBytes) return true;
    Status kept = spooled_->append(body);
    body.clear();
    if (all && kept.ok()) kept = spooled_->finish();
    if (!kept.ok()) refuse(kept);
    return kept.ok();
  }

  void refuse(const Status& status) {
    busy_ = true;
    write({500, {{"Connection", "close"}}, fmt::format(R"({{"code":500,"error":"{}"}})", status.message()), "application/json"}, false);
  }

  void read_body() {
    if (!keep_body(parser_->is_done())) return;
    if (parser_->is_done()) return dispatch();
    // A body may take its time only as long as it comes: each read has the idle limit, all of it 1 KiB a second.
    auto idle = Millis(core_.options.idle_timeout_ms);
    auto whole = started_ + idle + Millis(static_cast<int64_t>(parser_->get().body().size()) + (spooled_ ? spooled_->size() : 0));
    stream_.expires_at(std::min(steady_now() + idle, whole));
    on_stream([&](auto& stream) {
      http::async_read_some(stream, buffer_, *parser_, [self = shared_from_this()](ErrorCode ec, size_t) {
        if (ec) return self->fail(ec);
        self->read_body();
      });
    });
  }

  // The request could not be read: says why where HTTP has a word for it, then closes.
  void fail(ErrorCode ec) {
    if (ec == http::error::end_of_stream || ec == beast::error::timeout || ec.category() != make_error_code(http::error::bad_method).category()) {
      return close();
    }
    if (ec == http::error::partial_message) return close();
    busy_ = true;
    method_.clear();
    HttpResponse page;
    if (ec == http::error::header_limit) {
      bool uri = parser_->get().target().empty();  // the request line itself did not fit
      page = uri ? error_page(414, "URI Too Long", "") : error_page(431, "Request Header Fields Too Large", "");
    } else if (ec == http::error::body_limit) {
      page = error_page(413, fmt::format("Payload Too Large: at most {} bytes are taken", core_.options.body_limit_bytes), "");
    } else if (ec == http::error::bad_version) {
      page = error_page(505, "HTTP Version Not Supported", "");
    } else {
      page = error_page(400, "Bad Request", "");
    }
    write(page, false);
  }

  void dispatch() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    method_ = std::string(message.method_string());
    HttpRequest request;
    request.method = method_;
    request.target = std::string(message.target());
    for (const auto& field : message) {
      std::string& value = request.headers[ascii_lower(std::string_view(field.name_string()))];
      value += (value.empty() ? "" : ", ") + std::string(field.value());
    }
    if (version_ >= 11 && !request.headers.contains("host")) return write(error_page(400, "No Host", method_), false);
    // A body of a coding that nobody here can end.
    if (request.headers.contains("transfer-encoding") && !message.chunked()) return write(error_page(400, "Bad Transfer-Encoding, chunked not last", method_), false);
    std::string_view target = request.target;
    if (std::string start = ascii_lower(target.substr(0, 8)); start.starts_with("http://") || start == "https://") {
      const size_t from = start == "https://" ? 8 : 7, slash = target.find('/', from);
      if (!same_authority(target.substr(from, slash == target.npos ? slash : slash - from), request.headers["host"])) return write(error_page(400, "Authority!=Host", method_), false);
      target = slash == target.npos ? "/" : target.substr(slash);
    }
    if (method_ == "CONNECT") return write(error_page(400, "Bad Request", "GET"), false);
    if (target == "*" && method_ == "OPTIONS") target = "/";
    if (target.empty() || target[0] != '/') return write(error_page(400, "Bad URI path", method_), false);
    target = target.substr(0, target.find('#'));
    size_t question = target.find('?');
    request.path = std::string(target.substr(0, question));
    if (question != target.npos) request.query = parse_query(target.substr(question + 1));
    request.body = std::move(message.body());
    request.spooled = std::move(spooled_);
    request.client_name = client_name_;
    stream_.expires_never();
    if (core_.options.quick) {
      std::optional<HttpResponse> answer;
      try {
        answer = core_.options.quick(request);
      } catch (const std::exception& e) {
        answer = failure(request, e);
      }
      if (answer) return write(*answer, keep_alive_);
    }
    auto shared = std::make_shared<HttpRequest>(std::move(request));
    asio::post(core_.pool, [self = shared_from_this(), shared] {
      HttpResponse response;
      try {
        response = self->core_.handler(*shared);
      } catch (const std::exception& e) {
        response = self->failure(*shared, e);
      }
      asio::post(self->stream_.get_executor(), [self, r = std::move(response)] { self->write(r, self->keep_alive_); });
    });
  }

  HttpResponse failure(const HttpRequest& request, const std::exception& error) const {
    log::error(core_.options.name, "{} {} failed inside the program: {}", request.method, request.path, error.what());
    return {500, {}, R"({"error_code":500,"message":"Internal Server Error"})", "application/json"};
  }

  void write(const HttpResponse& response, bool keep_alive) {
    keep_alive = keep_alive && !asks_to_close(response) && !core_.stopping;
    out_ = serialize(response, method_ == "HEAD", keep_alive, version_);
    stream_.expires_after(Millis(4 * core_.options.idle_timeout_ms));
    on_stream([&](auto& stream) {
      asio::async_write(stream, asio::buffer(out_), [self = shared_from_this(), keep_alive](ErrorCode ec, size_t) {
        std::string().swap(self->out_);
        if (ec) return self->close();
        if (keep_alive) return self->read_head();
        self->end();
      });
    });
  }

  // TLS says that it ends, so that a client can tell the whole answer from a cut one.
  void end() {
    if (!tls_) return drain_and_close();
    stream_.expires_after(Millis(1000));
    tls_->async_shutdown([self = shared_from_this()](ErrorCode) { self->drain_and_close(); });
  }

  // Reads away what the client still sends, for a moment, so that it sees the answer and not a reset connection.
  void drain_and_close() {
    ErrorCode ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(Millis(1000));
    drain(64);
  }
  void drain(int reads_left) {
    buffer_.clear();
    if (reads_left == 0) return close();
    stream_.async_read_some(buffer_.prepare(65536), [self = shared_from_this(), reads_left](ErrorCode ec, size_t) {
      if (ec) return self->close();
      self->drain(reads_left - 1);
    });
  }

  Core& core_;
  beast::tcp_stream stream_;
  std::optional<TlsStream> tls_;  // over stream_, on https listeners
  std::string client_name_;
  std::shared_ptr<SpooledBody> spooled_;  // where the request's body goes; nullptr: into the parser's text
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string out_;
  std::string method_;
  SteadyTime started_, waits_since_ = steady_now();
  bool given_up_ = false;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool busy_ = false;
};

class HttpServer::Core::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  explicit Acceptor(Core& core) : core_(core), acceptor_(core.io), timer_(core.io) {}

  Status listen(ListenAddress* address) {
    tls_ = address->tls;
    std::string where = address->host + ":" + std::to_string(address->port);
    ErrorCode ec;
    tcp::resolver resolver(core_.io);
    auto found = resolver.resolve(address->host, std::to_string(address->port), tcp::resolver::passive, ec);
    if (ec || found.empty()) return Status::invalid(fmt::format("Cannot listen on {}: the host name is not known on this machine ({}). Set 'listeners' to one that is", where, ec.message()));
    tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(512, ec);
    if (ec == asio::error::address_in_use) return Status::host(fmt::format("Cannot listen on {}: the port is in use. Stop the program that has it or set another port", where));
    if (ec) return Status::host(fmt::format("Cannot listen on {}: {}. Set another address or port", where, ec.message()));
    address->port = acceptor_.local_endpoint().port();
    return {};
  }
  void accept() {
    acceptor_.async_accept([self = shared_from_this()](ErrorCode ec, tcp::socket socket) { self->on_accept(ec, std::move(socket)); });
  }
  void close() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    timer_.cancel();
  }

 private:
  void on_accept(ErrorCode ec, tcp::socket socket) {
    if (core_.stopping || ec == asio::error::operation_aborted) return;
    if (ec) {
      // Out of file descriptors, mostly: a pause instead of a busy loop.
      log::warn(core_.options.name, "A connection could not be accepted: {}", ec.message());
      timer_.expires_after(Millis(200));
      timer_.async_wait([self = shared_from_this()](ErrorCode error) { if (!error) self->accept(); });
      return;
    }
    // Beyond the limit those go first that have said nothing for longest: silent clients do not keep others out.
    if (static_cast<int>(core_.sessions.size()) >= core_.options.max_connections) give_up_longest_idle();
    if (static_cast<int>(core_.sessions.size()) < 2 * core_.options.max_connections) {
      ErrorCode ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      std::make_shared<Session>(core_, std::move(socket), tls_)->start();
    }
    accept();
  }

  void give_up_longest_idle() {
    Session* longest = nullptr;
    for (Session* each : core_.sessions) {
      auto since = each->idle_since();
      if (since && (!longest || *since < *longest->idle_since())) longest = each;
    }
    if (longest) longest->give_up();
  }

  Core& core_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  bool tls_ = false;
};

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() { stop(); }
const std::vector<ListenAddress>& HttpServer::addresses() const { return core_->bound; }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::vector<ListenAddress>& addresses, HttpHandler handler, HttpServerOptions options) {
  auto core = std::make_unique<Core>(std::move(handler), std::move(options));
  for (ListenAddress address : addresses) {
    auto acceptor = std::make_shared<Core::Acceptor>(*core);
    RETURN_IF_ERROR(acceptor->listen(&address));
    core->acceptors.push_back(std::move(acceptor));
    core->bound.push_back(address);
  }
  for (auto& acceptor : core->acceptors) acceptor->accept();
  Core* raw = core.get();
  core->thread = std::thread([raw] {
    pthread_setname_np(pthread_self(), raw->options.name.substr(0, 15).c_str());
    auto keep_running = asio::make_work_guard(raw->io);
    raw->io.run();
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

void HttpServer::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  asio::post(core_->io, [core = core_.get()] {
    core->stopping = true;
    for (auto& acceptor : core->acceptors) acceptor->close();
    for (Core::Session* session : std::set<Core::Session*>(core->sessions)) session->stop_when_idle();
  });
  core_->pool.join();  // handlers that run finish; each has its own deadline
  // A last chance for their answers to reach the clients.
  auto until = steady_now() + Millis(2000);
  std::atomic<bool> empty = false;
  while (!empty && steady_now() < until) {
    asio::post(core_->io, [core = core_.get(), &empty] { empty = core->sessions.empty(); });
    std::this_thread::sleep_for(Millis(5));
  }
  core_->io.stop();
  core_->thread.join();
  core_->acceptors.clear();
}

Result<std::vector<ListenAddress>> parse_listeners(const std::vector<std::string>& listeners) {
  std::vector<ListenAddress> out;
  for (const std::string& text : listeners) {
    const std::string start = ascii_lower(text.substr(0, 8));
    auto bad = [&](std::string_view why) {
      return Status::invalid(fmt::format("Invalid value {} for configuration listeners: {}. Use a form like http://127.0.0.1:8083 or https://127.0.0.1:8443", text, why));
    };
    ListenAddress address;
    address.tls = start == "https://";
    if (!address.tls && !start.starts_with("http://")) return bad("it does not start with http:// or https://");
    std::string rest = text.substr(address.tls ? 8 : 7);
    while (!rest.empty() && rest.back() == '/') rest.pop_back();
    size_t colon = rest.rfind(':');
    bool v6 = !rest.empty() && rest[0] == '[';
    if (colon == rest.npos || (v6 && colon < rest.find(']'))) return bad("it has no port");
    address.host = rest.substr(0, colon);
    if (v6) address.host = address.host.substr(1, address.host.size() - 2);
    if (address.host.empty()) address.host = "127.0.0.1";
    std::string_view port = std::string_view(rest).substr(colon + 1);
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) return bad("its port is not a number from 0 to 65535");
    out.push_back(std::move(address));
  }
  if (out.empty()) return Status::invalid("Invalid value  for configuration listeners: at least one is needed, like http://127.0.0.1:8083");
  return out;
}

}  // namespace bywash::rest
