// The sending thread: batches that are due go to their leaders, answers to whoever produced. Level 3.
#include "kafka/record_sender.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/threads.h"
#include "kafka/client.h"
#include "kafka/record_queue.h"

namespace bywash::kafka {
namespace {

// A batch that arrived damaged is sent again; one that always does is at fault itself.
constexpr int kDamagedAttempts = 3;

// Error codes of Produce and Metadata (https://kafka.apache.org/protocol#protocol_error_codes) that are more than "no".
enum Error : int16_t { kCorruptMessage = 2, kUnknownTopicOrPartition = 3, kMessageTooLarge = 10, kRecordListTooLarge = 18, kInvalidTimestamp = 32, kInvalidRecord = 87 };

// What passes by itself: no leader, leaders that moved, too few replicas, a broker's disk or clock.
bool passes(int16_t error) {
  constexpr std::array<int16_t, 13> kPassing{3, 5, 6, 7, 8, 9, 13, 19, 20, 56, 72, 74, 75};
  return std::find(kPassing.begin(), kPassing.end(), error) != kPassing.end();
}

bool is_records_fault(int16_t error) { return error == kMessageTooLarge || error == kRecordListTooLarge || error == kInvalidTimestamp || error == kInvalidRecord; }

class RecordSender final : public Producer {
 public:
  RecordSender(SendSettings settings, DeliveryListener* listener)
      : settings_(std::move(settings)),
        listener_(listener),
        trouble_([this](rd_kafka_resp_err_t code, const std::string& reason) { health_.report(code, reason.c_str()); }),
        buffers_(std::make_shared<ReadBuffers>(0)),
        metadata_(settings_, buffers_, trouble_),
        queue_({settings_.batch_bytes, settings_.sticky_bytes, 4 * settings_.batch_bytes}) {}

  ~RecordSender() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    wake();
    if (thread_.joinable()) thread_.join();
    for (auto& [name, topic] : queue_.topics()) {
      for (Lane& lane : topic.lanes) lane.asked = false;
      refuse_topic(&topic, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    }
    if (wake_ >= 0) ::close(wake_);
  }

  Status open() {
    wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_ < 0) return Status::host(fmt::format("Cannot make an event descriptor: {}", std::strerror(errno)));
    ASSIGN_OR_RETURN(thread_, start_thread("a producer", [this] { run(); }));
    pthread_setname_np(thread_.native_handle(), "kafka-sender");
    return {};
  }

  Status produce(const ProducerRecord& record, std::function<void(const Status&)> done) override {
    if (!done) done = [](const Status&) {};
    return queue(record, -1, std::move(done));
  }
  Status produce_numbered(const ProducerRecord& record, int64_t number) override { return queue(record, number, nullptr); }

  Status flush(int timeout_ms) override {
    std::unique_lock lock(mutex_);
    ++flushing_;
    wake();
    const bool done = answered_.wait_for(lock, Millis(timeout_ms), [&] { return unanswered_ == 0 || !health_.failure().ok(); }) && unanswered_ == 0;
    --flushing_;
    if (done) return {};
    RETURN_IF_ERROR(health_.failure());
    return to_status(RD_KAFKA_RESP_ERR__TIMED_OUT, "Cannot flush the producer", health_.last_error());
  }

 private:
  enum class Request { kNone, kVersions, kProduce };
  struct Link : BrokerLink {
    using BrokerLink::BrokerLink;
    Request request = Request::kNone;
    std::vector<Lane*> lanes;  // of the request
  };
  using Topic = RecordQueue::Topic;

  Status queue(const ProducerRecord& record, int64_t number, std::function<void(const Status&)> done);
  void wake() {
    const uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  void run();
  void step();
  bool is_idle();
  std::vector<std::string> topics_in_use();
  void take_metadata(const protocol::Metadata& metadata);
  std::vector<std::pair<Topic*, int16_t>> place(const protocol::Metadata& metadata);
  void update_links();
  void expire();
  void step_link(Link* link, int32_t id);
  void answered(Link* link, const Answer& answer);
  void take_answers(Link* link, const protocol::ProduceResponse& response);
  void link_failed(Link* link, const Status& status);
  void ask(Link* link, int32_t id);
  std::vector<Lane*> due_lanes(int32_t id);
  bool is_due(const Lane& lane, SteadyTime now) const;
  void send_batches(Link* link, std::vector<Lane*> lanes);
  // What is on its way is this thread's alone, the lane is not.
  OutgoingBatch& first_of(Lane& lane) {
    std::lock_guard lock(mutex_);
    return *lane.waiting.front();
  }
  void answer_batch(Lane* lane, int16_t error);
  void try_again(Lane* lane);
  void settle(std::unique_ptr<OutgoingBatch> batch, const Status& status, const std::string& topic);
  void settle_early(const Topic::Early& early, const Status& status, const std::string& topic);
  void tell(const Receipts& receipts, const Status& status, const std::string& topic);
  void forget(size_t records, size_t bytes);
  void refuse_topic(Topic* topic, int16_t error);
  void wait();
  int milliseconds_to_wait();

  const SendSettings settings_;
  DeliveryListener* const listener_;
  ClientHealth health_;
  const Trouble trouble_;
  const std::shared_ptr<ReadBuffers> buffers_;
  // The sending thread's.
  MetadataReader metadata_;
  std::map<int32_t, std::unique_ptr<Link>> links_;
  int32_t correlation_ = 0;
  std::vector<std::string> compressed_;
  size_t turn_ = 0;
  bool troubled_ = false;

  std::mutex mutex_;
  std::condition_variable room_, answered_;
  RecordQueue queue_;
  size_t bytes_ = 0;
  size_t unanswered_ = 0;
  int flushing_ = 0;
  int waiting_for_room_ = 0;
  bool sleeping_ = false;
  bool stopping_ = false;

  int wake_ = -1;
  std::thread thread_;
};

Status RecordSender::queue(const ProducerRecord& record, int64_t number, std::function<void(const Status&)> done) {
  const size_t content = content_size(record), bytes = content + kRecordHead;
  if (const size_t most = std::min(settings_.largest_bytes, settings_.buffer_bytes); bytes > most) {
    return to_status(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, fmt::format("Cannot write to topic '{}'", record.topic),
                     fmt::format("a record of {} bytes, max.request.size and buffer.memory allow {}", bytes, most));
  }
  std::unique_lock lock(mutex_);
  if (bytes_ + bytes > settings_.buffer_bytes && bytes_ > 0) {
    ++waiting_for_room_;
    if (sleeping_) wake();
    room_.wait(lock, [&] { return stopping_ || bytes_ == 0 || bytes_ + bytes <= settings_.buffer_bytes; });
    --waiting_for_room_;
  }
  ASSIGN_OR_RETURN(const bool begins, queue_.add(&queue_.topic(record.topic), record, content, number, std::move(done)));
  bytes_ += bytes;
  ++unanswered_;
  // It may be due earlier than what the sending thread sleeps for.
  if (begins && sleeping_) {
    sleeping_ = false;
    wake();
  }
  return {};
}

void RecordSender::run() {
  log::OwnerScope scope(health_.owner());
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    step();
    wait();
  }
}

bool RecordSender::is_idle() {
  std::lock_guard lock(mutex_);
  return unanswered_ == 0;
}

void RecordSender::step() {
  if (!is_idle() || metadata_.connection().is_open()) {
    auto metadata = metadata_.step([this] { return topics_in_use(); }, true);
    if (!metadata.ok()) {
      trouble_(RD_KAFKA_RESP_ERR__AUTHENTICATION, metadata.status().message());
      answered_.notify_all();
    } else if (*metadata) {
      take_metadata(**metadata);
    }
    expire();
  }
  for (auto& [id, link] : links_) step_link(link.get(), id);
}

// Asking for a topic may make it: not for one that was written once and is gone.
std::vector<std::string> RecordSender::topics_in_use() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, topic] : queue_.topics()) {
    const bool waits = std::any_of(topic.lanes.begin(), topic.lanes.end(), [](const Lane& lane) { return !lane.waiting.empty(); });
    if (waits || !topic.early.empty()) out.push_back(name);
  }
  return out;
}

void RecordSender::take_metadata(const protocol::Metadata& metadata) {
  for (auto [topic, error] : place(metadata)) refuse_topic(topic, error);
  update_links();
}

// Partitions and their leaders; the topics that are given up, and why.
std::vector<std::pair<RecordQueue::Topic*, int16_t>> RecordSender::place(const protocol::Metadata& metadata) {
  std::vector<std::pair<Topic*, int16_t>> out;
  struct Refused {
    std::string topic;
    Topic::Early early;
    Status status;
  };
  std::vector<Refused> refused;
  const SteadyTime now = steady_now();
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, error] : metadata.topic_errors) {
      Topic* topic = queue_.find(name);
      if (!topic) continue;
      if (topic->unknown_since == SteadyTime{}) topic->unknown_since = now;
      const bool waited = now - topic->unknown_since > Millis(settings_.topic_timeout_ms);
      if (!passes(error) || (error == kUnknownTopicOrPartition && waited)) out.emplace_back(topic, error);
      metadata_.want();
    }
    for (const protocol::Leader& found : metadata.leaders) {
      Topic* topic = queue_.find(found.partition.topic);
      if (!topic || found.partition.partition.value < 0) continue;
      topic->unknown_since = {};
      for (auto next = static_cast<int32_t>(topic->lanes.size()); next <= found.partition.partition.value; ++next) {
        topic->lanes.push_back({{topic->name, Partition(next)}, -1, {}, false});
      }
      topic->lanes[static_cast<size_t>(found.partition.partition.value)].leader = found.leader;
    }
    for (auto& [name, topic] : queue_.topics()) {
      if (topic.early.empty() || topic.lanes.empty()) continue;
      for (auto& [early, status] : queue_.place_early(&topic)) refused.push_back({name, std::move(early), status});
    }
  }
  for (const auto& [topic, early, status] : refused) settle_early(early, status, topic);
  return out;
}

void RecordSender::update_links() {
  const auto& addresses = metadata_.addresses();
  for (auto at = links_.begin(); at != links_.end();) {
    auto address = addresses.find(at->first);
    const Link& link = *at->second;
    if (address != addresses.end() && std::tie(link.host, link.port) == std::tie(address->second.first, address->second.second)) {
      ++at;
      continue;
    }
    for (Lane* lane : link.lanes) try_again(lane);
    at = links_.erase(at);
  }
  std::lock_guard lock(mutex_);
  for (const auto& [name, topic] : queue_.topics()) {
    for (const Lane& lane : topic.lanes) {
      auto address = addresses.find(lane.leader);
      // An election is going on.
      if (address == addresses.end()) {
        if (!lane.waiting.empty()) metadata_.want();
        continue;
      }
      auto& link = links_[lane.leader];
      if (link) continue;
      link = std::make_unique<Link>(buffers_, settings_.security);
      std::tie(link->host, link->port) = address->second;
    }
  }
}

// Gives up what has waited for longer than delivery.timeout.ms, and looks for topics and leaders that are not known.
void RecordSender::expire() {
  std::vector<std::pair<std::unique_ptr<OutgoingBatch>, std::string>> late;
  std::vector<Topic*> late_topics;
  {
    std::lock_guard lock(mutex_);
    const SteadyTime now = steady_now();
    for (auto& [name, topic] : queue_.topics()) {
      const bool lost = std::any_of(topic.lanes.begin(), topic.lanes.end(), [&](const Lane& lane) { return !lane.waiting.empty() && !links_.contains(lane.leader); });
      if (lost || !topic.early.empty()) metadata_.want();
      if (settings_.delivery_timeout_ms >= kForEver) continue;
      const Millis most(settings_.delivery_timeout_ms);
      if (!topic.early.empty() && now - topic.early.front().queued > most) late_topics.push_back(&topic);
      for (Lane& lane : topic.lanes) {
        while (!lane.waiting.empty() && !lane.asked && now - lane.waiting.front()->made > most) late.emplace_back(queue_.take_first(&lane), name);
      }
    }
  }
  for (Topic* topic : late_topics) refuse_topic(topic, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  for (auto& [batch, topic] : late) {
    settle(std::move(batch), to_status(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, fmt::format("Cannot write to topic '{}'", topic), health_.last_error()), topic);
  }
}

void RecordSender::step_link(Link* link, int32_t id) {
  const SteadyTime now = steady_now();
  for (int turn = 0; turn < 2; ++turn) {
    if (link->connection.is_open()) {
      std::vector<Answer> answers;
      Status status = link->connection.step(&answers);
      for (const Answer& answer : answers) answered(link, answer);
      if (status.ok() && link->request != Request::kNone) status = link->in_time(now);
      if (!status.ok()) return link_failed(link, status);
    }
    // What goes out now leaves at once.
    if (turn > 0 || link->request != Request::kNone || now < link->not_before) return;
    ask(link, id);
    if (link->request == Request::kNone) return;
  }
}

void RecordSender::link_failed(Link* link, const Status& status) {
  const bool asked = link->request != Request::kNone;
  if (asked || link->backoff_ms > 0) metadata_.want();
  for (Lane* lane : std::exchange(link->lanes, {})) try_again(lane);
  link->request = Request::kNone;
  link->failed(settings_, status, asked, trouble_);
  troubled_ = true;
  if (status.code() == Code::kUnauthorized) answered_.notify_all();
}

void RecordSender::answered(Link* link, const Answer& answer) {
  const Request request = std::exchange(link->request, Request::kNone);
  const auto body = link->body_of(answer);
  Status status = body.status();
  if (status.ok() && request == Request::kVersions) {
    status = protocol::check_api_versions(*body, protocol::kProduceApis);
    link->spoken = status.ok();
    if (status.code() == Code::kInvalid) status = Status::retriable(fmt::format("{}:{}: {}. Set {}=librdkafka for the producer", link->host, link->port, status.message(), kProduceClient));
  } else if (status.ok() && request == Request::kProduce) {
    auto response = protocol::parse_produce(*body);
    if (response.ok()) take_answers(link, *response);
    status = response.status();
  }
  if (!status.ok()) {
    link->request = request;  // it has come to nothing
    return link_failed(link, status);
  }
  link->backoff_ms = 0;
}

void RecordSender::take_answers(Link* link, const protocol::ProduceResponse& response) {
  if (response.throttle_ms > 0) link->not_before = steady_now() + Millis(std::min(response.throttle_ms, settings_.request_timeout_ms));
  for (Lane* lane : std::exchange(link->lanes, {})) {
    auto found = std::find_if(response.partitions.begin(), response.partitions.end(), [&](const auto& p) { return p.partition == lane->partition; });
    if (found != response.partitions.end()) answer_batch(lane, found->error);
    else try_again(lane);
  }
}

bool RecordSender::is_due(const Lane& lane, SteadyTime now) const {
  const OutgoingBatch& first = *lane.waiting.front();
  return lane.waiting.size() > 1 || first.attempts > 0 || flushing_ > 0 || waiting_for_room_ > 0 || queue_.is_full(first) || now >= first.made + Millis(settings_.linger_ms);
}

// The lanes of a broker that have something to send, when any of them is due: the others come along.
std::vector<Lane*> RecordSender::due_lanes(int32_t id) {
  std::vector<Lane*> out;
  bool due = false;
  const SteadyTime now = steady_now();
  std::lock_guard lock(mutex_);
  for (auto& [name, topic] : queue_.topics()) {
    for (Lane& lane : topic.lanes) {
      if (lane.leader != id || lane.asked || lane.waiting.empty() || lane.waiting.front()->not_before > now) continue;
      due = due || is_due(lane, now);
      out.push_back(&lane);
    }
  }
  if (!due) return {};
  // Each time another one is first: one request may not have room for all.
  std::rotate(out.begin(), out.begin() + static_cast<int64_t>(turn_++ % out.size()), out.end());
  size_t bytes = 0, count = 0;
  for (; count < out.size(); ++count) {
    bytes += out[count]->waiting.front()->records.size();
    if (count > 0 && bytes > settings_.largest_bytes) break;
    out[count]->asked = true;
  }
  out.resize(count);
  return out;
}

void RecordSender::ask(Link* link, int32_t id) {
  std::vector<Lane*> lanes = due_lanes(id);
  if (lanes.empty()) return;
  Status status = link->ready(settings_);
  if (status.ok() && link->spoken) return send_batches(link, std::move(lanes));
  {
    std::lock_guard lock(mutex_);
    for (Lane* lane : lanes) lane->asked = false;
  }
  link->request = Request::kVersions;
  if (!status.ok()) return link_failed(link, status);
  link->correlation = ++correlation_;
  link->deadline = steady_now() + Millis(settings_.request_timeout_ms);
  link->connection.send(protocol::api_versions_request(correlation_, settings_.client_id));
}

void RecordSender::send_batches(Link* link, std::vector<Lane*> lanes) {
  std::vector<protocol::ProducePart> parts;
  compressed_.resize(std::max(compressed_.size(), lanes.size()));
  for (size_t i = 0; i < lanes.size(); ++i) {
    OutgoingBatch& batch = first_of(*lanes[i]);
    ++batch.attempts;
    auto bytes = batch.records.finish(settings_.compression, &compressed_[i]);
    if (!bytes.ok()) {
      std::unique_lock lock(mutex_);
      std::unique_ptr<OutgoingBatch> refused = queue_.take_first(lanes[i]);
      lock.unlock();
      settle(std::move(refused), bytes.status(), lanes[i]->partition.topic);
      continue;
    }
    parts.push_back({&lanes[i]->partition, *bytes});
    link->lanes.push_back(lanes[i]);
  }
  if (parts.empty()) return;
  link->request = Request::kProduce;
  link->correlation = ++correlation_;
  link->deadline = steady_now() + Millis(settings_.request_timeout_ms);
  link->connection.send(protocol::produce_request(correlation_, settings_.client_id, settings_.acks, settings_.request_timeout_ms, parts));
}

void RecordSender::answer_batch(Lane* lane, int16_t error) {
  OutgoingBatch& sent = first_of(*lane);
  const bool damaged = error == kCorruptMessage && ++sent.damaged >= kDamagedAttempts;
  if (passes(error) || (error == kCorruptMessage && !damaged)) {
    if (error != kCorruptMessage) metadata_.want();
    const auto code = static_cast<rd_kafka_resp_err_t>(error);
    trouble_(code, fmt::format("{}: {}", to_string(lane->partition), rd_kafka_err2str(code)));
    troubled_ = true;
    if (sent.attempts <= settings_.retries) return try_again(lane);
  }
  if (error == 0 && std::exchange(troubled_, false)) health_.clear();
  std::unique_lock lock(mutex_);
  if ((is_records_fault(error) || damaged) && sent.records.count() > 1) return queue_.halve_first(lane);
  std::unique_ptr<OutgoingBatch> batch = queue_.take_first(lane);
  lock.unlock();
  const std::string& topic = lane->partition.topic;
  settle(std::move(batch), error == 0 ? Status() : to_status(static_cast<rd_kafka_resp_err_t>(error), fmt::format("Cannot write to topic '{}'", topic)), topic);
}

void RecordSender::try_again(Lane* lane) {
  std::lock_guard lock(mutex_);
  lane->asked = false;
  lane->waiting.front()->not_before = steady_now() + Millis(settings_.retry_backoff_ms);
}

void RecordSender::settle(std::unique_ptr<OutgoingBatch> batch, const Status& status, const std::string& topic) {
  tell(batch->receipts, status, topic);
  const auto records = static_cast<size_t>(batch->records.count());
  const size_t bytes = batch->bytes;
  {
    std::lock_guard lock(mutex_);
    queue_.give_back(std::move(batch->records).take_memory());
  }
  forget(records, bytes);
}

void RecordSender::settle_early(const Topic::Early& early, const Status& status, const std::string& topic) {
  Receipts receipts{{early.number}, {}};
  if (early.done) receipts.done.emplace(0, early.done);
  tell(receipts, status, topic);
  forget(1, early.bytes);
}

void RecordSender::forget(size_t records, size_t bytes) {
  std::lock_guard lock(mutex_);
  unanswered_ -= records;
  bytes_ -= bytes;
  room_.notify_all();
  if (unanswered_ == 0) answered_.notify_all();
}

void RecordSender::tell(const Receipts& receipts, const Status& status, const std::string& topic) {
  for (const auto& [at, done] : receipts.done) done(status);
  if (receipts.done.size() == receipts.numbers.size() || !listener_) return;
  std::vector<int64_t> left;
  std::span<const int64_t> numbers = receipts.numbers;
  if (!receipts.done.empty()) {
    std::copy_if(receipts.numbers.begin(), receipts.numbers.end(), std::back_inserter(left), [](int64_t n) { return n >= 0; });
    numbers = left;
  }
  if (status.ok()) return listener_->delivered(numbers);
  for (int64_t number : numbers) listener_->refused(number, topic, status);
}

void RecordSender::refuse_topic(Topic* topic, int16_t error) {
  const Status status = to_status(static_cast<rd_kafka_resp_err_t>(error), fmt::format("Cannot write to topic '{}'", topic->name), health_.last_error());
  std::vector<Topic::Early> early;
  std::vector<std::unique_ptr<OutgoingBatch>> batches;
  {
    std::lock_guard lock(mutex_);
    early.swap(topic->early);
    batches = queue_.take_all(topic);
    topic->unknown_since = {};
  }
  for (const Topic::Early& each : early) settle_early(each, status, topic->name);
  for (auto& batch : batches) settle(std::move(batch), status, topic->name);
}

int RecordSender::milliseconds_to_wait() {
  const SteadyTime now = steady_now();
  SteadyTime next = SteadyTime::max();
  for (const auto& [id, link] : links_) {
    if (link->request != Request::kNone) next = std::min(next, link->deadline);
  }
  if (unanswered_ == 0) return next == SteadyTime::max() ? -1 : until(next, now);
  if (auto metadata = metadata_.next_step()) next = std::min(next, *metadata);
  for (const auto& [name, topic] : queue_.topics()) {
    for (const Lane& lane : topic.lanes) {
      if (lane.asked || lane.waiting.empty()) continue;
      const OutgoingBatch& first = *lane.waiting.front();
      if (settings_.delivery_timeout_ms < kForEver) next = std::min(next, first.made + Millis(settings_.delivery_timeout_ms));
      auto link = links_.find(lane.leader);
      if (link == links_.end() || link->second->request != Request::kNone) continue;
      SteadyTime due = is_due(lane, now) ? first.not_before : std::max(first.not_before, first.made + Millis(settings_.linger_ms));
      next = std::min(next, std::max(due, link->second->not_before));
    }
    if (!topic.early.empty() && settings_.delivery_timeout_ms < kForEver) next = std::min(next, now + Millis(kRetryMs));
  }
  return next == SteadyTime::max() ? -1 : until(next, now);
}

void RecordSender::wait() {
  std::vector<pollfd> ready{{wake_, POLLIN, 0}};
  auto add = [&](const BrokerConnection& connection) {
    if (connection.is_open()) ready.push_back({connection.fd(), static_cast<int16_t>(connection.wants_write() ? POLLIN | POLLOUT : POLLIN), 0});
  };
  add(metadata_.connection());
  for (const auto& entry : links_) add(entry.second->connection);
  int timeout = 0;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    timeout = milliseconds_to_wait();
    sleeping_ = timeout != 0;
  }
  ::poll(ready.data(), ready.size(), timeout);
  {
    std::lock_guard lock(mutex_);
    sleeping_ = false;
  }
  uint64_t events = 0;
  while (::read(wake_, &events, sizeof events) > 0) {}
}

}  // namespace

Result<std::unique_ptr<Producer>> make_record_sender(SendSettings settings, DeliveryListener* listener) {
  auto sender = std::make_unique<RecordSender>(std::move(settings), listener);
  RETURN_IF_ERROR(sender->open());
  return std::unique_ptr<Producer>(std::move(sender));
}

}  // namespace bywash::kafka
