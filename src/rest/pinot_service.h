// The analytics engine behind Pinot's two ports: starts an analytics::Instance and both listeners, stops them in order. What
// `bywash analytics` runs, and `bywash serve` beside the worker. Level 8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace bywash::rest {

struct PinotServiceOptions {
  std::string data_dir;
  std::string host = "127.0.0.1";
  uint16_t controller_port = 9000;  // 0: any free one
  uint16_t broker_port = 8099;
};

class PinotService {
 public:
  // Opens the data folder and listens on both ports, or on none. Errors name the folder or port and say what to do.
  static Result<std::unique_ptr<PinotService>> start(const PinotServiceOptions& options);
  // Stops both listeners, then consumption; what is not committed is consumed again at the next start.
  ~PinotService();
  void stop();
  // The real ports.
  uint16_t controller_port() const;
  uint16_t broker_port() const;

 private:
  struct Parts;
  explicit PinotService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace bywash::rest
