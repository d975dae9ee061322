// What the clients of our own (kafka/fetcher.h, kafka/record_sender.h) share: how brokers are reached, who leads what, and a link to one
// broker with one request at a time. Level 3; not included outside kafka/. One thread.
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "kafka/broker_connection.h"
#include "kafka/client_config.h"
#include "kafka/protocol.h"

namespace bywash::kafka {

// What goes wrong with brokers while a client goes on trying.
using Trouble = std::function<void(rd_kafka_resp_err_t, const std::string&)>;

// How often what failed is tried again.
inline constexpr int kRetryMs = 100;

// A key's value in a librdkafka configuration; empty, or `otherwise`, where there is none.
std::string setting(const rd_kafka_conf_t* conf, const char* name);
int64_t setting(const rd_kafka_conf_t* conf, const char* name, int64_t otherwise);

// Milliseconds for ::poll, 0 when `then` has come.
int until(SteadyTime then, SteadyTime now);

struct ConnectionSettings {
  std::vector<std::pair<std::string, int32_t>> bootstrap;
  std::string client_id;
  int request_timeout_ms = 30000;
  int connect_timeout_ms = 30000;
  int backoff_ms = 50;
  int backoff_max_ms = 1000;
  int receive_buffer_bytes = 0;  // 0: the system's
  int64_t metadata_max_age_ms = 300000;
  std::shared_ptr<const BrokerSecurity> security;

  // From a Java client's keys and the librdkafka configuration that was made of them. None: brokers that are reached by other ways than
  // broker_security() knows are librdkafka's. Error: kInvalid naming the key.
  static Result<std::optional<ConnectionSettings>> of(const rd_kafka_conf_t* conf, const Properties& java);
};

// Who leads what, asked of one broker after another on a connection that ends with the answer.
class MetadataReader {
 public:
  // `settings` outlive it.
  MetadataReader(const ConnectionSettings& settings, std::shared_ptr<ReadBuffers> buffers, Trouble trouble)
      : settings_(settings), trouble_(std::move(trouble)), connection_(std::move(buffers), settings.security) {}

  void want() { wanted_ = true; }
  // All that can be done without waiting. A request that begins now is about `topics()`; `create`: brokers that make topics make those that
  // are missing. The answer, when it came. Error: kUnauthorized.
  Result<std::optional<protocol::Metadata>> step(const std::function<std::vector<std::string>()>& topics, bool create);
  // Of the last answer.
  const std::map<int32_t, std::pair<std::string, int32_t>>& addresses() const { return addresses_; }
  void move_deadline(SteadyTime::duration by) { deadline_ += by; }
  // For ::poll.
  const BrokerConnection& connection() const { return connection_; }
  // When step() has something to do without an event.
  std::optional<SteadyTime> next_step() const;

 private:
  void begin(const std::vector<std::string>& topics, bool create);
  Result<protocol::Metadata> take(const Answer& answer);
  void failed(const Status& status);

  const ConnectionSettings& settings_;
  const Trouble trouble_;
  BrokerConnection connection_;
  std::map<int32_t, std::pair<std::string, int32_t>> addresses_;
  bool wanted_ = true;
  size_t turn_ = 0;
  int32_t correlation_ = 0;
  SteadyTime not_before_{};
  SteadyTime deadline_{};
  SteadyTime old_at_{};
};

// A broker and the request that waits for its answer.
struct BrokerLink {
  BrokerLink(std::shared_ptr<ReadBuffers> buffers, std::shared_ptr<const BrokerSecurity> security) : connection(std::move(buffers), std::move(security)) {}

  // Connects where there is no connection, or one that is about to expire. Error: kRetriable.
  Status ready(const ConnectionSettings& settings);
  // kRetriable when the answer to the request should have come by now.
  Status in_time(SteadyTime now) const;
  // What stands behind an answer's correlation id. Error: kRetriable, it is an answer to another request.
  Result<std::string_view> body_of(const Answer& answer) const;
  // Gives the connection up; the pause before the next one grows.
  void failed(const ConnectionSettings& settings, const Status& status, bool asked, const Trouble& trouble);

  std::string host;
  int32_t port = 0;
  BrokerConnection connection;
  bool spoken = false;      // its versions are known to do
  int32_t correlation = 0;  // of the request
  SteadyTime deadline{};
  SteadyTime not_before{};
  int backoff_ms = 0;
};

}  // namespace bywash::kafka
