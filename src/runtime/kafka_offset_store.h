// KafkaOffsetStore: source offsets in a compacted topic (offset.storage.topic, or a connector's offsets.storage.topic), in the records of
// Kafka Connect's KafkaOffsetBackingStore: key ["connector",{partition}], value {offset} or a tombstone. Level 7, any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kafka/compacted_topic.h"
#include "runtime/offset_store.h"

namespace bywash::runtime {

class KafkaOffsetStore final : public OffsetStore {
 public:
  using OpenTopic = std::function<Result<std::unique_ptr<kafka::CompactedTopic>>(kafka::CompactedTopicOptions options, kafka::CompactedTopic::Listener listener)>;
  // Reads the topic to its end; it has to exist.
  static Result<std::unique_ptr<OffsetStore>> open(kafka::CompactedTopicOptions options, const OpenTopic& open_topic);

  Status refresh() override;
  std::optional<std::string> get(const std::string& connector, const std::string& partition) const override;
  std::vector<std::pair<std::string, std::string>> list(const std::string& connector) const override;
  // Returns when the brokers have acknowledged the records.
  Status set(const std::string& connector, const std::vector<std::pair<std::string, std::optional<std::string>>>& offsets) override;
  Status remove(const std::string& connector) override;
  Result<OffsetRecords> records(const std::string& connector, const Offsets& offsets) const override;
  void set_later(const std::string& connector, const Offsets& offsets) override;

 private:
  struct Entry {
    std::string key;  // as it stands in the topic: another order of the partition's fields would be another record there
    std::string offset;
  };
  void take(const kafka::TableRecord& record);
  std::string name_;  // of the topic
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;  // connector and partition, its fields sorted
  std::unique_ptr<kafka::CompactedTopic> topic_;                  // last: its thread fills the map
};

// Offsets of a connector with a topic of its own (offsets.storage.topic): read there first and from the worker's store else, written to
// both, as the original's ConnectorOffsetBackingStore does.
class LayeredOffsetStore final : public OffsetStore {
 public:
  // `below` has to outlive it.
  LayeredOffsetStore(std::unique_ptr<OffsetStore> own, OffsetStore* below) : own_(std::move(own)), below_(below) {}
  Status refresh() override;
  std::optional<std::string> get(const std::string& connector, const std::string& partition) const override;
  std::vector<std::pair<std::string, std::string>> list(const std::string& connector) const override;
  Status set(const std::string& connector, const std::vector<std::pair<std::string, std::optional<std::string>>>& offsets) override;
  Status remove(const std::string& connector) override;
  // In the connector's own topic; the worker's follows once they are committed, as in the original.
  Result<OffsetRecords> records(const std::string& connector, const Offsets& offsets) const override { return own_->records(connector, offsets); }
  void recorded(const std::string& connector, const Offsets& offsets) override { below_->set_later(connector, offsets); }

 private:
  std::unique_ptr<OffsetStore> own_;
  OffsetStore* below_;
};

}  // namespace bywash::runtime
