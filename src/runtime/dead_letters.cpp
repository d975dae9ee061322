// Dead letters: headers, filter, reading to the end, replay. Level 7, one thread.
#include "runtime/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"

namespace bywash::runtime {
namespace {

constexpr int kBrokerTimeoutMs = 30'000;
constexpr int kFetchRecords = 2000;
// A topic's last offsets may belong to no record (transaction markers): silence for this long with the brokers there is the end.
constexpr int kSilentPolls = 10;

template <class T>
T number_or(const std::string& text, T fallback) {
  T out = fallback;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string_view after_dot(std::string_view class_name) {
  size_t dot = class_name.rfind('.');
  return dot == class_name.npos ? class_name : class_name.substr(dot + 1);
}

// FNV-1a: short, and the same in every build.
uint64_t hash_of(std::string_view text) {
  uint64_t h = 1469598103934665603u;
  for (unsigned char c : text) h = (h ^ c) * 1099511628211u;
  return h;
}

// What is still to be read: partition → [next, end).
using Remaining = std::map<TopicPartition, std::pair<int64_t, int64_t>>;

Result<Remaining> remaining_of(kafka::Consumer& consumer, const DeadLetterSource& source) {
  ASSIGN_OR_RETURN(int partitions, consumer.partition_count(source.topic, kBrokerTimeoutMs));
  std::vector<TopicPartition> all;
  for (int i = 0; i < partitions; ++i) all.push_back({source.topic, Partition(i)});
  std::map<TopicPartition, int64_t> starts;
  if (!source.group.empty() && !source.from_beginning) {
    ASSIGN_OR_RETURN(auto committed, consumer.committed(all));
    for (const auto& [tp, offset] : committed) starts[tp] = offset.value;
  }
  Remaining out;
  for (const auto& tp : all) {
    ASSIGN_OR_RETURN(kafka::Watermarks marks, consumer.query_watermarks(tp, kBrokerTimeoutMs));
    auto start = starts.find(tp);
    const int64_t first = start == starts.end() ? marks.low : std::max(marks.low, start->second);
    if (first < marks.high) out[tp] = {first, marks.high};
  }
  return out;
}

bool all_read(const Remaining& remaining) {
  return std::all_of(remaining.begin(), remaining.end(), [](const auto& entry) { return entry.second.first >= entry.second.second; });
}

}  // namespace

DeadLetter dead_letter_of(const columnar::RawBatch& raw, size_t i) {
  const columnar::RawRecord& record = raw.records()[i];
  DeadLetter out;
  out.place = raw.origin();
  out.offset = record.offset;
  out.timestamp_ms = record.timestamp_ms;
  if (record.key) out.key_bytes = static_cast<int64_t>(record.key->size());
  if (record.value) out.value_bytes = static_cast<int64_t>(record.value->size());
  for (const auto& [name, bytes] : raw.headers(i)) {
    if (!std::string_view(name).starts_with(kErrorHeaderPrefix)) continue;
    const std::string_view key = std::string_view(name).substr(kErrorHeaderPrefix.size());
    const std::string text = bytes.value_or("");
    out.has_context = true;
    if (key == "topic") out.origin_topic = text;
    else if (key == "partition") out.origin_partition = number_or<int32_t>(text, -1);
    else if (key == "offset") out.origin_offset = number_or<int64_t>(text, -1);
    else if (key == "connector.name") out.connector = text;
    else if (key == "task.id") out.task = text;
    else if (key == "stage") out.stage = text;
    else if (key == "class.name") out.component = text;
    else if (key == "exception.class.name") out.exception = text;
    else if (key == "exception.message") out.message = text;
    else if (key == "exception.stacktrace") out.stacktrace = text;
  }
  return out;
}

bool DeadLetterFilter::matches(const DeadLetter& letter) const {
  if (!connector.empty() && connector != letter.connector) return false;
  if (!stage.empty() && stage != letter.stage) return false;
  if (!origin_topic.empty() && origin_topic != letter.origin_topic) return false;
  if (!exception.empty() && exception != letter.exception && exception != after_dot(letter.exception)) return false;
  if (!message.empty() && letter.message.find(message) == letter.message.npos) return false;
  if (origin_partition && *origin_partition != letter.origin_partition) return false;
  if (since_ms && letter.timestamp_ms < *since_ms) return false;
  if (until_ms && letter.timestamp_ms >= *until_ms) return false;
  return letters.empty() || std::find(letters.begin(), letters.end(), std::pair(letter.place.partition.value, letter.offset)) != letters.end();
}

std::string DeadLetterFilter::fingerprint() const {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", connector, stage, origin_topic, exception, message, origin_partition.value_or(-1),
                                 since_ms.value_or(-1), until_ms.value_or(-1));
  for (const auto& [partition, offset] : letters) text += fmt::format("\n{}@{}", partition, offset);
  return fmt::format("{:016x}", hash_of(text));
}

Status DeadLetterReader::read(const VisitLetter& visit, const std::function<Status()>& batch_done, bool commit) {
  kafka::ConsumerOptions options;
  options.java = source_.client;
  options.java["group.id"] = source_.group.empty() ? "bywash-dlq" : source_.group;
  options.java["auto.offset.reset"] = "earliest";
  ASSIGN_OR_RETURN(auto consumer, kafka::Consumer::make(std::move(options)));
  auto found = remaining_of(*consumer, source_);
  if (!found.ok()) return found.status().with_context(fmt::format("Cannot read the dead letter topic '{}'", source_.topic));
  Remaining remaining = *std::move(found);
  if (remaining.empty()) return {};
  LetterOffsets starts;
  for (const auto& [tp, range] : remaining) starts.emplace_back(tp, Offset(range.first));
  RETURN_IF_ERROR(consumer->assign(starts));
  for (int silent = 0; !all_read(remaining) && silent < kSilentPolls;) {
    ASSIGN_OR_RETURN(auto polled, consumer->poll(kFetchRecords, 1000));
    silent = polled.empty() ? silent + 1 : 0;
    if (silent == kSilentPolls) {
      // Silence is no end while the brokers are away.
      RETURN_IF_ERROR(consumer->query_watermarks(remaining.begin()->first, kBrokerTimeoutMs).status());
    }
    for (const auto& raw : polled) {
      auto at = remaining.find(raw->origin());
      if (at == remaining.end()) continue;
      for (size_t i = 0; i < raw->records().size(); ++i) {
        const int64_t offset = raw->records()[i].offset;
        if (offset >= at->second.second) break;
        RETURN_IF_ERROR(visit(*raw, i));
        at->second.first = offset + 1;
      }
      if (!raw->records().empty() && raw->records().back().offset + 1 >= at->second.second) at->second.first = at->second.second;
    }
    if (polled.empty()) continue;
    RETURN_IF_ERROR(batch_done());
    if (!commit) continue;
    LetterOffsets reached;
    for (const auto& [tp, range] : remaining) reached.emplace_back(tp, Offset(range.first));
    RETURN_IF_ERROR(consumer->commit(reached));
  }
  return consumer->close();
}

Result<ReplayCounts> replay_dead_letters(const ReplayOptions& options, const std::function<void(const DeadLetter&, const std::string&)>& told) {
  config::Properties client = options.source.client;
  client["acks"] = "all";
  client["enable.idempotence"] = "true";
  std::unique_ptr<kafka::Producer> producer;
  if (!options.dry_run) {
    ASSIGN_OR_RETURN(producer, kafka::Producer::make(client));
  }
  ReplayCounts counts;
  std::mutex mutex;
  Status refused;
  auto visit = [&](const columnar::RawBatch& raw, size_t i) -> Status {
    ++counts.read;
    const DeadLetter letter = dead_letter_of(raw, i);
    if (!options.filter.matches(letter)) return {};
    const std::string& to = options.to_topic.empty() ? letter.origin_topic : options.to_topic;
    const std::string place = fmt::format("{}@{}", to_string(letter.place), letter.offset);
    if (to.empty()) {
      return Status::invalid(fmt::format("The letter {} does not say which topic it came from (errors.deadletterqueue.context.headers.enable was false). "
                                         "Name a topic with --to-topic", place));
    }
    if (to == options.source.topic) return Status::invalid(fmt::format("The letter {} would go back into the dead letter topic '{}'. Name another topic with --to-topic", place, to));
    told(letter, to);
    ++counts.replayed;
    if (!producer) return {};
    std::vector<columnar::RawHeader> headers = raw.headers(i);
    std::erase_if(headers, [](const auto& h) { return std::string_view(h.first).starts_with(kErrorHeaderPrefix) || h.first == "bywash.replayed.from"; });
    headers.emplace_back("bywash.replayed.from", place);
    const columnar::RawRecord& record = raw.records()[i];
    kafka::ProducerRecord out;
    out.topic = to;
    out.key = record.key;
    out.value = record.value;
    out.timestamp_ms = record.timestamp_ms;
    out.headers = &headers;
    return producer->produce(out, [&](const Status& status) {
      std::lock_guard lock(mutex);
      if (refused.ok() && !status.ok()) refused = status;
    });
  };
  auto batch_done = [&]() -> Status {
    if (!producer) return {};
    RETURN_IF_ERROR(producer->flush(kBrokerTimeoutMs * 4));
    std::lock_guard lock(mutex);
    return refused;
  };
  Status status = DeadLetterReader(options.source).read(visit, batch_done, !options.dry_run);
  // Callbacks use what stands above: none may come any more.
  producer.reset();
  RETURN_IF_ERROR(status);
  return counts;
}

}  // namespace bywash::runtime
