// Lanes and the batches in them. Level 3.
#include "kafka/record_queue.h"

#include <algorithm>
#include <utility>

#include "kafka/client.h"
#include "kafka/partitioner.h"

namespace bywash::kafka {

RecordQueue::Topic& RecordQueue::topic(std::string_view name) {
  if (last_ && last_->name == name) return *last_;
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    found = topics_.emplace(std::string(name), Topic()).first;
    found->second.name = name;
  }
  last_ = &found->second;
  return *last_;
}

RecordQueue::Topic* RecordQueue::find(std::string_view name) {
  auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

// Where the Java producer would put it (BuiltInPartitioner, Kafka 4.3): without a key, the same partition until batch.size is reached.
Result<Lane*> RecordQueue::lane_for(Topic* topic, const ProducerRecord& record, size_t content) {
  const size_t partitions = topic->lanes.size();
  int32_t index = record.partition;
  if (index < 0 && record.key) {
    index = partition_of_key(*record.key, partitions);
  } else if (index < 0) {
    if (topic->sticky < 0 || topic->sticky_bytes >= limits_.sticky_bytes) {
      // Among those that have a leader, if any has.
      std::vector<int32_t> open;
      for (size_t i = 0; i < partitions; ++i) {
        if (topic->lanes[i].leader >= 0) open.push_back(static_cast<int32_t>(i));
      }
      topic->sticky = open.empty() ? static_cast<int32_t>(random_() % partitions) : open[random_() % open.size()];
      topic->sticky_bytes = 0;
    }
    topic->sticky_bytes += content + kRecordHead;
    index = topic->sticky;
  }
  if (static_cast<size_t>(index) >= partitions) {
    return to_status(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, fmt::format("Cannot write to topic '{}'", topic->name),
                     fmt::format("partition {} of {}", index, partitions));
  }
  return &topic->lanes[static_cast<size_t>(index)];
}

Result<bool> RecordQueue::add(Topic* topic, const ProducerRecord& record, size_t content, int64_t number, std::function<void(const Status&)> done) {
  const int64_t timestamp = record.timestamp_ms < 0 ? wall_clock_ms() : record.timestamp_ms;
  if (topic->lanes.empty()) {
    Topic::Early early;
    early.partition = record.partition;
    early.key = record.key;
    early.value = record.value;
    for (const auto* list : {record.headers, record.more_headers}) {
      if (list) early.headers.insert(early.headers.end(), list->begin(), list->end());
    }
    early.timestamp_ms = timestamp;
    early.number = number;
    early.bytes = content + kRecordHead;
    early.queued = steady_now();
    early.done = std::move(done);
    topic->early.push_back(std::move(early));
    return topic->early.size() == 1;
  }
  ASSIGN_OR_RETURN(Lane * lane, lane_for(topic, record, content));
  OutgoingBatch* batch = lane->waiting.empty() || (lane->asked && lane->waiting.size() == 1) ? nullptr : lane->waiting.back().get();
  if (batch && (batch->attempts > 0 || batch->records.size() + kRecordHead + content > limits_.batch_bytes)) batch = nullptr;
  const bool begins = !batch;
  if (begins) {
    std::string memory;
    if (!spare_.empty()) {
      memory = std::move(spare_.back());
      spare_.pop_back();
      spare_bytes_ -= memory.size();
    }
    lane->waiting.push_back(std::make_unique<OutgoingBatch>(OutgoingBatch{RecordBatchWriter(std::move(memory)), {}, steady_now()}));
    batch = lane->waiting.back().get();
  }
  if (done) batch->receipts.done.emplace(batch->records.count(), std::move(done));
  batch->receipts.numbers.push_back(number);
  batch->records.add(record, content, timestamp);
  batch->bytes += content + kRecordHead;
  return begins;
}

std::vector<std::pair<RecordQueue::Topic::Early, Status>> RecordQueue::place_early(Topic* topic) {
  std::vector<std::pair<Topic::Early, Status>> refused;
  for (Topic::Early& early : std::exchange(topic->early, {})) {
    ProducerRecord record;
    record.topic = topic->name;
    record.partition = early.partition;
    if (early.key) record.key = *early.key;
    if (early.value) record.value = *early.value;
    record.timestamp_ms = early.timestamp_ms;
    record.headers = &early.headers;
    auto placed = add(topic, record, content_size(record), early.number, early.done);
    if (!placed.ok()) refused.emplace_back(std::move(early), placed.status());
  }
  return refused;
}

std::unique_ptr<OutgoingBatch> RecordQueue::take_first(Lane* lane) {
  std::unique_ptr<OutgoingBatch> batch = std::move(lane->waiting.front());
  lane->waiting.pop_front();
  lane->asked = false;
  return batch;
}

void RecordQueue::halve_first(Lane* lane) {
  const OutgoingBatch& whole = *lane->waiting.front();
  const int32_t count = whole.records.count(), middle = count / 2;
  auto part = [&](int32_t begin, int32_t end, size_t bytes) {
    auto out = std::make_unique<OutgoingBatch>(OutgoingBatch{whole.records.part(begin, end), {}, whole.made, {}, std::max<int64_t>(whole.attempts, 1), whole.damaged, bytes});
    out->receipts.numbers.assign(whole.receipts.numbers.begin() + begin, whole.receipts.numbers.begin() + end);
    for (const auto& [at, done] : whole.receipts.done) {
      if (at >= begin && at < end) out->receipts.done.emplace(at - begin, done);
    }
    return out;
  };
  auto first = part(0, middle, whole.bytes / 2), second = part(middle, count, whole.bytes - whole.bytes / 2);
  lane->waiting.front() = std::move(first);
  lane->waiting.insert(lane->waiting.begin() + 1, std::move(second));
  lane->asked = false;
}

std::vector<std::unique_ptr<OutgoingBatch>> RecordQueue::take_all(Topic* topic) {
  std::vector<std::unique_ptr<OutgoingBatch>> out;
  for (Lane& lane : topic->lanes) {
    for (size_t i = lane.asked ? 1 : 0; i < lane.waiting.size(); ++i) out.push_back(std::move(lane.waiting[i]));
    lane.waiting.resize(lane.asked ? 1 : 0);
  }
  return out;
}

void RecordQueue::give_back(std::string memory) {
  if (memory.size() < limits_.batch_bytes / 2 || spare_bytes_ + memory.size() > limits_.kept_bytes) return;
  spare_bytes_ += memory.size();
  spare_.push_back(std::move(memory));
}

}  // namespace bywash::kafka
