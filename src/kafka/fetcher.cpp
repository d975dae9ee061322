// Links to brokers, their requests, and the partitions that are read over them. Level 3.
#include "kafka/fetcher.h"

#include <poll.h>

#include <algorithm>

#include "base/log.h"

namespace bywash::kafka {
namespace {

using columnar::RawBatch;
using protocol::FetchAnswer;

// Error codes of the protocol that are more than "try again".
constexpr int16_t kOffsetOutOfRange = 1, kUnknownTopicOrPartition = 3, kTopicAuthorizationFailed = 29;
// What one partition may send at a time where the configuration does not say (the Java client: 1 MiB; batches of that size are short here).
constexpr int32_t kPartitionBytes = 4 << 20;
constexpr int32_t kLeastPartitionBytes = 64 << 10;
// How long a request may wait at the broker that leaves partitions out because enough of them waits here.
constexpr int kShortWaitMs = 5;
// A thread that was away that long may find answers that came in the meantime: deadlines are moved.
constexpr Millis kAway{1000};

}  // namespace

Result<std::optional<FetchSettings>> FetchSettings::of(rd_kafka_t* client, const Properties& java, int64_t ahead_bytes) {
  using None = std::optional<FetchSettings>;
  const rd_kafka_conf_t* conf = rd_kafka_conf(client);
  ASSIGN_OR_RETURN(auto connection, ConnectionSettings::of(conf, java));
  if (!connection) return None();
  FetchSettings out;
  static_cast<ConnectionSettings&>(out) = std::move(*connection);
  out.ahead_bytes = ahead_bytes;
  out.limits.max_wait_ms = static_cast<int32_t>(setting(conf, "fetch.wait.max.ms", 500));
  out.limits.min_bytes = static_cast<int32_t>(setting(conf, "fetch.min.bytes", 1));
  out.limits.max_bytes = static_cast<int32_t>(std::min(setting(conf, "fetch.max.bytes", 50 << 20), std::max<int64_t>(ahead_bytes / 3, kLeastPartitionBytes)));
  const int64_t given = setting(conf, "fetch.message.max.bytes", kPartitionBytes);
  out.limits.max_partition_bytes = static_cast<int32_t>(java.count("max.partition.fetch.bytes") ? given : std::min(kPartitionBytes, out.limits.max_bytes));
  out.limits.read_committed = out.records.read_committed = setting(conf, "isolation.level") == "read_committed";
  out.limits.rack = setting(conf, "client.rack");
  out.records.check_crcs = setting(conf, "check.crcs") == "true";
  const std::string reset = setting(conf, "auto.offset.reset");
  if (reset == "smallest" || reset == "earliest" || reset == "beginning") out.reset_to = protocol::kEarliest;
  else if (reset != "error") out.reset_to = protocol::kLatest;
  return None(std::move(out));
}

Fetcher::Fetcher(FetchSettings settings, Trouble trouble)
    : settings_(std::move(settings)),
      trouble_([this, trouble = std::move(trouble)](rd_kafka_resp_err_t code, const std::string& text) {
        for (auto& entry : readings_) entry.second.answered = false;
        trouble(code, text);
      }),
      buffers_(std::make_shared<ReadBuffers>(static_cast<size_t>(std::max<int64_t>(settings_.ahead_bytes, 1 << 20)))),
      metadata_(settings_, buffers_, trouble_),
      last_step_(steady_now()) {}

void Fetcher::assign(const std::vector<std::pair<TopicPartition, int64_t>>& partitions) {
  readings_.clear();
  fetched_bytes_ = 0;
  for (const auto& [partition, start] : partitions) move_to(&readings_[partition], start);
  {
    std::lock_guard lock(watermarks_mutex_);
    watermarks_.clear();
  }
  if (!partitions.empty()) return refresh_metadata();
  links_.clear();
  buffers_->clear();
}

std::vector<TopicPartition> Fetcher::assignment() const {
  std::vector<TopicPartition> out;
  for (const auto& entry : readings_) out.push_back(entry.first);
  return out;
}

std::vector<TopicPartition> Fetcher::without_start() const {
  std::vector<TopicPartition> out;
  for (const auto& [partition, reading] : readings_) {
    if (reading.position == kStartUnknown) out.push_back(partition);
  }
  return out;
}

void Fetcher::move_to(Reading* reading, int64_t offset) {
  reading->position = reading->fetch_at = offset;
  reading->asked_in = 0;
  fetched_bytes_ -= reading->fetched_bytes;
  reading->fetched.clear();
  reading->fetched_bytes = 0;
  reading->not_before = {};
  reading->failure = {};
}

bool Fetcher::seek(const TopicPartition& partition, int64_t offset) {
  auto found = readings_.find(partition);
  if (found == readings_.end()) return false;
  move_to(&found->second, offset);
  return true;
}

Status Fetcher::reset(const TopicPartition& partition) {
  if (!settings_.reset_to) {
    return Status::fatal(fmt::format("Offsets are out of range and auto.offset.reset is none: {}", to_string(partition)));
  }
  seek(partition, *settings_.reset_to == protocol::kEarliest ? kStartBeginning : kStartEnd);
  return {};
}

void Fetcher::pause(const std::vector<TopicPartition>& partitions, bool paused) {
  for (const TopicPartition& partition : partitions) {
    if (auto found = readings_.find(partition); found != readings_.end()) found->second.paused = paused;
  }
}

std::vector<Fetcher::Position> Fetcher::positions() const {
  std::vector<Position> out;
  for (const auto& [partition, reading] : readings_) out.push_back({partition, reading.position, reading.paused});
  return out;
}

Watermarks Fetcher::watermarks(const TopicPartition& partition) const {
  std::lock_guard lock(watermarks_mutex_);
  auto found = watermarks_.find(partition);
  return found == watermarks_.end() ? Watermarks{} : found->second;
}

Status Fetcher::step() {
  const SteadyTime now = steady_now();
  if (const auto away = now - last_step_; away > kAway) {
    metadata_.move_deadline(away);
    for (auto& [id, link] : links_) link->deadline += away;
  }
  last_step_ = now;
  if (readings_.empty()) return {};
  ASSIGN_OR_RETURN(auto metadata, metadata_.step([this] { return topics(); }, false));
  if (metadata) RETURN_IF_ERROR(take_metadata(*metadata));
  for (auto& [id, link] : links_) RETURN_IF_ERROR(step_link(link.get(), id));
  return {};
}

std::vector<std::string> Fetcher::topics() const {
  std::vector<std::string> out;
  for (const auto& entry : readings_) {
    if (out.empty() || out.back() != entry.first.topic) out.push_back(entry.first.topic);
  }
  return out;
}

Status Fetcher::take_metadata(const protocol::Metadata& metadata) {
  for (const auto& [topic, error] : metadata.topic_errors) {
    const auto code = static_cast<rd_kafka_resp_err_t>(error);
    if (error == kTopicAuthorizationFailed) return Status::unauthorized(fmt::format("Cannot consume topic '{}': {}", topic, rd_kafka_err2str(code)));
    trouble_(code, fmt::format("Topic '{}': {}", topic, rd_kafka_err2str(code)));
  }
  const auto& addresses = metadata_.addresses();
  for (const protocol::Leader& found : metadata.leaders) {
    if (auto reading = readings_.find(found.partition); reading != readings_.end()) reading->second.leader = found.leader;
  }
  std::erase_if(links_, [&](const auto& entry) {
    auto address = addresses.find(entry.first);
    const bool gone = address == addresses.end() || std::tie(entry.second->host, entry.second->port) != std::tie(address->second.first, address->second.second);
    if (gone) not_asked(*entry.second);
    return gone;
  });
  for (auto& [partition, reading] : readings_) {
    if (!addresses.count(reading.replica)) reading.replica = -1;
    const int32_t id = source_of(reading);
    auto address = addresses.find(id);
    if (address == addresses.end()) {
      // An election is going on, or the topic is not there yet.
      metadata_.want();
      continue;
    }
    auto& link = links_[id];
    if (link) continue;
    link = std::make_unique<Link>(buffers_, settings_.security);
    std::tie(link->host, link->port) = address->second;
  }
  return {};
}

Status Fetcher::step_link(Link* link, int32_t id) {
  const SteadyTime now = steady_now();
  if (link->connection.is_open()) {
    std::vector<Answer> answers;
    Status status = link->connection.step(&answers);
    for (const Answer& answer : answers) RETURN_IF_ERROR(answered(link, answer));
    if (status.ok() && link->request != Request::kNone) status = link->in_time(now);
    if (!status.ok()) {
      link_failed(link, status);
      return {};
    }
  }
  if (link->request != Request::kNone || now < link->not_before) return {};
  ask(link, id);
  if (link->request == Request::kNone || !link->connection.is_open()) return {};
  std::vector<Answer> none_yet;
  if (Status status = link->connection.step(&none_yet); !status.ok()) link_failed(link, status);
  for (const Answer& answer : none_yet) RETURN_IF_ERROR(answered(link, answer));
  return {};
}

void Fetcher::link_failed(Link* link, const Status& status) {
  const bool asked = link->request != Request::kNone;
  if (asked || link->backoff_ms > 0) refresh_metadata();
  not_asked(*link);
  link->request = Request::kNone;
  link->failed(settings_, status, asked, trouble_);
}

// The reading that the link's request asks for; null when it moved or went away since.
Fetcher::Reading* Fetcher::asked_reading(const Link& link, const TopicPartition& partition) {
  auto found = readings_.find(partition);
  return found != readings_.end() && found->second.asked_in == link.correlation ? &found->second : nullptr;
}

void Fetcher::not_asked(const Link& link) {
  for (auto& entry : readings_) {
    if (entry.second.asked_in == link.correlation) entry.second.asked_in = 0;
  }
}

Status Fetcher::answered(Link* link, const Answer& answer) {
  const Request request = std::exchange(link->request, Request::kNone);
  const auto body = link->body_of(answer);
  Status status = body.status();
  if (status.ok() && request == Request::kVersions) {
    status = protocol::check_api_versions(*body, protocol::kFetchApis);
    link->spoken = status.ok();
    if (status.code() == Code::kInvalid) {
      log::info("kafka", "{}:{}: {}. librdkafka reads these partitions", link->host, link->port, status.message());
      unsupported_ = true;
      return {};
    }
  } else if (status.ok() && request == Request::kOffsets) {
    status = take_offsets(link, *body);
  } else if (status.ok() && request == Request::kFetch) {
    status = take_fetched(link, answer);
  }
  if (status.retriable()) {
    link->request = request;  // it has come to nothing
    link_failed(link, status);
    return {};
  }
  link->backoff_ms = 0;
  not_asked(*link);
  return status;
}

Status Fetcher::take_offsets(Link* link, std::string_view body) {
  ASSIGN_OR_RETURN(auto answers, protocol::parse_list_offsets(body));
  for (const protocol::OffsetAnswer& answer : answers) {
    Reading* reading = asked_reading(*link, answer.partition);
    if (!reading) continue;
    if (answer.error == 0 && answer.offset >= 0) move_to(reading, answer.offset);
    else RETURN_IF_ERROR(partition_error(answer.error, reading, answer.partition));
  }
  return {};
}

Status Fetcher::take_fetched(Link* link, const Answer& answer) {
  ASSIGN_OR_RETURN(protocol::FetchResponse response, protocol::parse_fetch(answer.bytes.substr(4)));
  if (response.throttle_ms > 0) link->not_before = steady_now() + Millis(std::min(response.throttle_ms, settings_.request_timeout_ms));
  if (response.error != 0) return Status::retriable(fmt::format("{}:{}: {}", link->host, link->port, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(response.error))));
  for (const FetchAnswer& part : response.partitions) {
    const TopicPartition partition{std::string(part.topic), Partition(part.partition)};
    Reading* reading = asked_reading(*link, partition);
    if (reading) RETURN_IF_ERROR(take_partition(part, answer.memory, reading, partition));
  }
  return {};
}

bool Fetcher::all_answer() const {
  const auto reads = [](const auto& entry) { return !entry.second.paused; };
  return std::any_of(readings_.begin(), readings_.end(), reads) &&
         std::all_of(readings_.begin(), readings_.end(), [&](const auto& entry) { return !reads(entry) || entry.second.answered; });
}

Status Fetcher::take_partition(const FetchAnswer& answer, const SharedBytes& memory, Reading* reading, const TopicPartition& partition) {
  if (answer.error != 0) return partition_error(answer.error, reading, partition);
  reading->answered = true;
  {
    std::lock_guard lock(watermarks_mutex_);
    watermarks_[partition] = {answer.log_start, answer.high_watermark};
  }
  if (answer.preferred_replica >= 0 && answer.preferred_replica != reading->replica) {
    reading->replica = answer.preferred_replica;
    if (!links_.count(reading->replica)) refresh_metadata();
  }
  if (answer.records.empty()) return {};
  RecordSet set(memory, answer.records, answer.aborted, settings_.records);
  if (set.has_old_format()) {
    log::info("kafka", "{}: its records are in a format of before Kafka 0.11. librdkafka reads them", to_string(partition));
    unsupported_ = true;
    return {};
  }
  if (set.size() == 0) return {};  // cut off: it comes first in a later answer
  reading->fetch_at = std::max(reading->fetch_at, set.end_offset());
  reading->fetched_bytes += set.size();
  fetched_bytes_ += set.size();
  reading->fetched.push_back(std::move(set));
  return {};
}

Status Fetcher::partition_error(int16_t error, Reading* reading, const TopicPartition& partition) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  if (error == kTopicAuthorizationFailed) return Status::unauthorized(fmt::format("Cannot consume {}: {}", to_string(partition), rd_kafka_err2str(code)));
  if (error == kOffsetOutOfRange && reading->replica >= 0) {
    // The follower is behind or ahead: its leader knows.
    reading->replica = -1;
    return {};
  }
  if (error == kOffsetOutOfRange && reading->fetched.empty() && reading->position >= 0) {
    log::warn("kafka", "{}: offset {} is out of range; auto.offset.reset decides", to_string(partition), reading->position);
    return reset(partition);
  }
  reading->not_before = steady_now() + Millis(kRetryMs);
  if (error == kOffsetOutOfRange) return {};  // what was fetched is taken first
  reading->replica = -1;
  refresh_metadata();
  if (error == kUnknownTopicOrPartition) trouble_(code, fmt::format("{}: {}", to_string(partition), rd_kafka_err2str(code)));
  return {};
}

void Fetcher::send(Link* link, Request request, std::string frame) {
  link->request = request;
  link->correlation = correlation_;
  link->deadline = steady_now() + Millis(settings_.request_timeout_ms) + Millis(request == Request::kFetch ? settings_.limits.max_wait_ms : 0);
  link->connection.send(std::move(frame));
}

// The next request of a link that waits for no answer.
void Fetcher::ask(Link* link, int32_t id) {
  const bool needed = std::any_of(readings_.begin(), readings_.end(), [&](const auto& entry) {
    return source_of(entry.second) == id && entry.second.position != kStartUnknown && !entry.second.paused;
  });
  if (!needed) return;
  if (Status status = link->ready(settings_); !status.ok()) {
    link->request = Request::kVersions;
    return link_failed(link, status);
  }
  if (!link->spoken) return send(link, Request::kVersions, protocol::api_versions_request(++correlation_, settings_.client_id));
  if (!ask_offsets(link, id)) ask_records(link, id);
}

bool Fetcher::ask_offsets(Link* link, int32_t id) {
  std::vector<protocol::OffsetQuery> queries;
  const SteadyTime now = steady_now();
  ++correlation_;
  for (auto& [partition, reading] : readings_) {
    if (reading.leader != id || reading.asked_in || reading.not_before > now || reading.position >= 0 || reading.position == kStartUnknown) continue;
    queries.push_back({&partition, reading.position == kStartBeginning ? protocol::kEarliest : protocol::kLatest});
    reading.asked_in = correlation_;
  }
  if (queries.empty()) return false;
  send(link, Request::kOffsets, protocol::list_offsets_request(correlation_, settings_.client_id, settings_.limits.read_committed, queries));
  return true;
}

bool Fetcher::ask_records(Link* link, int32_t id) {
  std::vector<protocol::FetchQuery> queries;
  const SteadyTime now = steady_now();
  bool left_out = false;
  int64_t open = 0;
  for (const auto& entry : readings_) open += !entry.second.paused;
  ++correlation_;
  const int64_t share = settings_.ahead_bytes / (2 * std::max<int64_t>(open, 1));
  auto consider = [&](Readings::value_type& entry) {
    auto& [partition, reading] = entry;
    if (source_of(reading) != id || reading.paused || reading.position < 0) return;
    if (reading.asked_in || reading.not_before > now || reading.fetched_bytes > share || fetched_bytes_ >= settings_.ahead_bytes || !reading.failure.ok()) {
      left_out = true;
      return;
    }
    queries.push_back({&partition, reading.fetch_at});
    reading.asked_in = correlation_;
  };
  // Each time another partition is first: an answer that is full has nothing for the last ones.
  const auto first = readings_.upper_bound(turn_);
  for (auto at = first; at != readings_.end(); ++at) consider(*at);
  for (auto at = readings_.begin(); at != first; ++at) consider(*at);
  if (queries.empty()) return false;
  turn_ = *queries.front().partition;
  protocol::FetchLimits limits = settings_.limits;
  if (left_out) limits.max_wait_ms = std::min(limits.max_wait_ms, kShortWaitMs);
  limits.max_bytes = static_cast<int32_t>(std::min<int64_t>(limits.max_bytes, std::max<int64_t>(settings_.ahead_bytes - fetched_bytes_, kLeastPartitionBytes)));
  send(link, Request::kFetch, protocol::fetch_request(correlation_, settings_.client_id, limits, queries));
  return true;
}

Result<std::vector<std::shared_ptr<const RawBatch>>> Fetcher::take(size_t most) {
  std::vector<std::shared_ptr<const RawBatch>> out;
  size_t left = most;
  const auto first = readings_.upper_bound(turn_);
  auto take_from = [&](Readings::value_type& entry) -> Status {
    if (left == 0 || entry.second.paused || (entry.second.fetched.empty() && entry.second.failure.ok())) return {};
    const size_t before = out.size();
    RETURN_IF_ERROR(read_partition(&entry, left, &out));
    if (out.size() > before) left -= out.back()->records().size();
    return {};
  };
  Status status;
  for (auto at = first; at != readings_.end() && status.ok(); ++at) status = take_from(*at);
  for (auto at = readings_.begin(); at != first && status.ok(); ++at) status = take_from(*at);
  if (!status.ok() && out.empty()) return status;
  return out;
}

size_t Fetcher::waiting_records(const Reading& reading) {
  size_t out = 0;
  for (const RecordSet& set : reading.fetched) out += set.record_count();
  return out;
}

Status Fetcher::read_partition(Readings::value_type* entry, size_t most, std::vector<std::shared_ptr<const RawBatch>>* out) {
  auto& [partition, reading] = *entry;
  if (!reading.failure.ok()) return reading.failure;
  auto batch = std::make_shared<FetchedBatch>(partition, std::min(most, waiting_records(reading)));
  Status status;
  while (status.ok() && !reading.fetched.empty() && batch->records().size() < most) {
    RecordSet& set = reading.fetched.front();
    status = set.read(reading.position, most, batch.get());
    reading.position = std::max(reading.position, set.next_offset());
    if (!status.ok() || !set.done()) continue;
    reading.fetched_bytes -= set.size();
    fetched_bytes_ -= set.size();
    reading.fetched.pop_front();
  }
  if (!batch->records().empty()) out->push_back(std::move(batch));
  if (status.ok()) return {};
  // It may have been broken on its way: fetched once more.
  const bool again = reading.broken_at == reading.position;
  const int64_t at = reading.position;
  const Status failure = Status::fatal(fmt::format("The record batch of {} at offset {} is invalid: {}. To go on behind it, alter the connector's offsets",
                                                   to_string(partition), at, status.message()));
  log::warn("kafka", "{}{}", failure.message(), again ? "" : ". It is fetched once more");
  move_to(&reading, at);
  reading.broken_at = at;
  if (again) reading.failure = failure;
  return reading.failure;
}

void Fetcher::wait(int wake, int timeout_ms) {
  std::vector<pollfd> ready{{wake, POLLIN, 0}};
  int timeout = std::max(timeout_ms, 0);
  const SteadyTime now = steady_now();
  auto add = [&](const BrokerConnection& connection) {
    ready.push_back({connection.fd(), static_cast<int16_t>(connection.wants_write() ? POLLIN | POLLOUT : POLLIN), 0});
  };
  if (!readings_.empty()) {
    if (metadata_.connection().is_open()) add(metadata_.connection());
    else if (auto next = metadata_.next_step()) timeout = std::min(timeout, until(*next, now));
    for (auto& [id, link] : links_) {
      if (link->connection.is_open()) add(link->connection);
      if (link->request == Request::kNone && link->not_before > now) timeout = std::min(timeout, until(link->not_before, now));
    }
    for (auto& [partition, reading] : readings_) {
      if (reading.not_before > now) timeout = std::min(timeout, until(reading.not_before, now));
    }
  }
  // When nothing waits here for a while, the pages go back.
  const int before_clear = fetched_bytes_ == 0 ? std::min(timeout, kRetryMs) : timeout;
  if (::poll(ready.data(), ready.size(), before_clear) != 0) return;
  if (fetched_bytes_ == 0) buffers_->clear();
  if (timeout > before_clear) ::poll(ready.data(), ready.size(), timeout - before_clear);
}

}  // namespace bywash::kafka
