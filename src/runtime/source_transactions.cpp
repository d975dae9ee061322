// Transactions of a source task. Level 7, the task's thread.
#include "runtime/source_transactions.h"

#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"

namespace bywash::runtime {
namespace {

constexpr int kCallTimeoutMs = 5000;  // of one call; it is made again for as long as the task is wanted
constexpr int kAbortTimeoutMs = 5000;

}  // namespace

std::string transactional_id(const std::string& group, const TaskId& id) { return fmt::format("{}-{}-{}", group, id.connector, id.task); }

Result<TransactionRules> parse_transaction_rules(const config::Properties& connector, int64_t interval_ms) {
  TransactionRules out;
  const std::string boundary = ascii_lower(std::string(config::trim(config::get_or(connector, "transaction.boundary", "poll"))));
  if (boundary == "connector") {
    return Status::invalid("The connector does not support connector-defined transaction boundaries with the given configuration. "
                           "Please reconfigure it to use a different transaction boundary definition.");
  }
  if (boundary != "poll" && boundary != "interval") return Status::invalid(fmt::format("Invalid value {} for configuration transaction.boundary: poll or interval", boundary));
  out.per_poll = boundary == "poll";
  out.interval_ms = interval_ms;
  if (auto given = connector.find("transaction.boundary.interval.ms"); given != connector.end()) {
    ASSIGN_OR_RETURN(auto parsed, config::parse_value(config::KeyType::kLong, std::string(config::trim(given->second))));
    out.interval_ms = std::get<int64_t>(parsed);
  }
  return out;
}

// A task that is another worker's by now waits for its own worker to hear of it and stop it: its state is the other's to tell.
Status SourceTransactions::confirm(const Wanted& wanted) const {
  Status owner = rules_.still_owner ? rules_.still_owner(id_) : Status();
  if (owner.code() != Code::kCancelled) return owner;
  log::info("runtime", "{}", owner.message());
  while (wanted()) std::this_thread::sleep_for(Millis(20));
  return owner;
}

Status SourceTransactions::open(kafka::TransactionalProducer* producer, const Wanted& wanted) {
  producer_ = producer;
  // Before: not to fence the one who runs the task now. After: a configuration that came meanwhile may give the same records to another
  // task, whose start has fenced this id before it was registered here.
  RETURN_IF_ERROR(confirm(wanted));
  while (true) {
    Status registered = producer_->begin_life(kCallTimeoutMs);
    if (registered.ok()) break;
    if (!registered.retriable()) return registered;
    if (!wanted()) return Status::cancelled(registered.message());
    log::warn("runtime", "{}. Trying again", registered.message());
    std::this_thread::sleep_for(Millis(250));
  }
  RETURN_IF_ERROR(confirm(wanted));
  while (true) {
    // Now nothing that an earlier life of the task has sent can still come.
    Status read = offsets_->refresh();
    if (read.ok() || !read.retriable()) return read;
    if (!wanted()) return Status::cancelled(read.message());
    log::warn("runtime", "{}. Trying again", read.message());
    std::this_thread::sleep_for(Millis(250));
  }
}

Status SourceTransactions::begin() {
  if (in_transaction_) return {};
  RETURN_IF_ERROR(producer_->begin());
  in_transaction_ = true;
  return {};
}

Status SourceTransactions::write_offsets(const OffsetStore::Offsets& offsets) {
  ASSIGN_OR_RETURN(OffsetRecords out, offsets_->records(id_.connector, offsets));
  for (const auto& [key, value] : out.records) {
    kafka::ProducerRecord record;
    record.topic = out.topic;
    record.key = key;
    if (value) record.value = *value;
    RETURN_IF_ERROR(producer_->produce(record, {}));  // what the brokers refuse fails the commit
  }
  return {};
}

Status SourceTransactions::commit(const OffsetStore::Offsets& offsets, const Wanted& wanted, int64_t grace_ms) {
  RETURN_IF_ERROR(begin());
  Status status = write_offsets(offsets);
  if (!status.ok()) {
    abort();
    return status;
  }
  SteadyTime deadline = steady_now() + Millis(grace_ms);
  while (true) {
    status = producer_->commit(kCallTimeoutMs);
    if (status.ok()) break;
    if (!status.retriable()) {
      abort();
      return status;
    }
    if (wanted()) deadline = steady_now() + Millis(grace_ms);
    else if (steady_now() >= deadline) return status;
    log::warn("runtime", "{}. Trying again", status.message());
  }
  in_transaction_ = false;
  offsets_->recorded(id_.connector, offsets);
  return {};
}

void SourceTransactions::abort() {
  if (!in_transaction_) return;
  in_transaction_ = false;
  // Where that fails too, the coordinator ends it: when the task's next life registers, or after transaction.timeout.ms.
  if (Status status = producer_->abort(kAbortTimeoutMs); !status.ok()) log::warn("runtime", "{}", status.message());
}

}  // namespace bywash::runtime
