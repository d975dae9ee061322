// What consumer, producer and admin share: making a librdkafka handle, its logs and errors. Level 3; not included outside kafka/.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/log_owner.h"
#include "base/status.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct HandleDeleter { void operator()(rd_kafka_t* rk) const { rd_kafka_destroy(rk); } };
struct PartitionListDeleter { void operator()(rd_kafka_topic_partition_list_t* l) const { rd_kafka_topic_partition_list_destroy(l); } };
struct QueueDeleter { void operator()(rd_kafka_queue_t* q) const { rd_kafka_queue_destroy(q); } };
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

// librdkafka's list of these partitions; where offsets are given, with them.
PartitionList to_list(const std::vector<TopicPartition>& partitions);
PartitionList to_list(const std::vector<std::pair<TopicPartition, Offset>>& offsets);

// The state of the client's connections, written by librdkafka's callbacks.
class ClientHealth {
 public:
  void report(rd_kafka_resp_err_t code, const char* reason);
  void clear();
  std::string last_error() const;
  // What no waiting mends, set once, for good: credentials were refused (kUnauthorized), or the client got no thread for a broker.
  Status failure() const;
  // Who made the client: named by the log lines of librdkafka's threads.
  const log::Owner& owner() const { return owner_; }

 private:
  const log::Owner owner_ = log::current_owner();
  mutable std::mutex mutex_;
  std::string last_error_;
  bool unauthorized_ = false;
  bool without_thread_ = false;
};

// What a librdkafka error code means for a caller.
Status to_status(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail = {});

// What a call of the transaction API answered, and what that means: kRetriable, kTimedOut: the same call again; kFatal: the transaction has
// to be aborted, or another producer has fenced this one; kUnauthorized: an ACL is missing.
struct RdErrorDeleter { void operator()(rd_kafka_error_t* e) const { rd_kafka_error_destroy(e); } };
using RdError = std::unique_ptr<rd_kafka_error_t, RdErrorDeleter>;
Status to_status(const RdError& error, std::string_view what);

// Translates, sets callbacks (log, error → `health`), makes the handle. Error: a wrong key; the host's: too few threads can be started.
// `opaque` reaches the callbacks that `configure` sets.
Result<rd_kafka_t*> make_handle(ClientKind kind, const Properties& java, const Properties& ours, ClientHealth* health,
                                void (*configure)(rd_kafka_conf_t*));
// The object given as `health` to make_handle.
ClientHealth* health_of(rd_kafka_t* rk);

}  // namespace bywash::kafka
