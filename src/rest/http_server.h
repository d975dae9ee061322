// HttpServer: HTTP/1.1 over Boost.Beast for every REST face of the program. One I/O thread owns all connections (keep-alive,
// pipelined requests are answered in order, slow and oversized ones are cut off); handlers run on a small pool and may block, quick ones
// on the I/O thread. Level 8.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "rest/http_message.h"

namespace bywash::rest {

class TlsContexts;

// Answers a request on the I/O thread at once, which saves handing it over: only where that takes some hundred microseconds at most and
// waits for nothing. Nothing: the handler answers it.
using QuickHandler = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

struct HttpServerOptions {
  std::string name = "rest";               // names the threads and log lines
  int handler_threads = 8;
  int64_t body_limit_bytes = 16 << 20;     // larger bodies: 413
  // Requests (method, target) whose bodies go into a file below `spool_folder` as they come, up to `spool_limit_bytes`. Empty: none.
  std::function<bool(std::string_view, std::string_view)> spools;
  std::string spool_folder;
  int64_t spool_limit_bytes = int64_t{64} << 30;
  uint32_t header_limit_bytes = 8192;      // request line and headers together: 414 or 431, as Jetty's 8 KiB
  int idle_timeout_ms = 30000;             // a connection that says nothing, a head that does not end, a body that stalls
  int max_connections = 1024;              // more are closed at once
  QuickHandler quick;                      // may be empty
  std::shared_ptr<TlsContexts> tls;        // for addresses with `tls`; null: there are none
};

struct ListenAddress {
  std::string host;  // a numeric address or a name of this machine
  uint16_t port = 0;
  bool tls = false;  // https
};

// "http://127.0.0.1:8083", "HTTPS://:8443" (no host: loopback). Error names the key 'listeners' and the bad entry.
Result<std::vector<ListenAddress>> parse_listeners(const std::vector<std::string>& listeners);

class HttpServer {
 public:
  // Listens on all addresses or on none. Port 0: any free one. Error: which address, why, what to do.
  static Result<std::unique_ptr<HttpServer>> start(const std::vector<ListenAddress>& addresses, HttpHandler handler,
                                                   HttpServerOptions options = {});
  ~HttpServer();
  // Stops listening, closes idle connections, lets running handlers answer, then ends. Idempotent; any thread but a handler's.
  void stop();
  // Where it listens, with the real ports.
  const std::vector<ListenAddress>& addresses() const;

 private:
  struct Core;
  explicit HttpServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace bywash::rest
