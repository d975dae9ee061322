// The offsets topic as a table. Level 7.
#include "runtime/kafka_offset_store.h"

#include <nlohmann/json.hpp>

namespace bywash::runtime {
namespace {

using OffsetJson = nlohmann::json;
constexpr int kStoreTimeoutMs = 30000;

// JSON text with sorted fields.
std::string sorted_fields(const std::string& text) {
  OffsetJson parsed = OffsetJson::parse(text, nullptr, false);
  return parsed.is_discarded() ? text : parsed.dump();
}

}  // namespace

Result<std::unique_ptr<OffsetStore>> KafkaOffsetStore::open(kafka::CompactedTopicOptions options, const OpenTopic& open_topic) {
  auto store = std::make_unique<KafkaOffsetStore>();
  store->name_ = options.topic;
  ASSIGN_OR_RETURN(store->topic_, open_topic(std::move(options), [raw = store.get()](const kafka::TableRecord& record) { raw->take(record); }));
  RETURN_IF_ERROR(store->refresh());
  return std::unique_ptr<OffsetStore>(std::move(store));
}

void KafkaOffsetStore::take(const kafka::TableRecord& record) {
  if (!record.key) return;
  OffsetJson key = OffsetJson::parse(*record.key, nullptr, false);
  if (!key.is_array() || key.size() != 2 || !key[0].is_string()) return;
  std::pair<std::string, std::string> id{key[0].get<std::string>(), key[1].dump()};
  std::lock_guard lock(mutex_);
  if (record.value) entries_[id] = {*record.key, *record.value};
  else entries_.erase(id);
}

Status KafkaOffsetStore::refresh() { return topic_->read_to_end(kStoreTimeoutMs); }

std::optional<std::string> KafkaOffsetStore::get(const std::string& connector, const std::string& partition) const {
  std::lock_guard lock(mutex_);
  auto it = entries_.find({connector, sorted_fields(partition)});
  return it == entries_.end() ? std::nullopt : std::optional(it->second.offset);
}

std::vector<std::pair<std::string, std::string>> KafkaOffsetStore::list(const std::string& connector) const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  for (auto it = entries_.lower_bound({connector, ""}); it != entries_.end() && it->first.first == connector; ++it) out.emplace_back(it->first.second, it->second.offset);
  return out;
}

Result<OffsetRecords> KafkaOffsetStore::records(const std::string& connector, const Offsets& offsets) const {
  OffsetRecords out{name_, {}};
  {
    std::lock_guard lock(mutex_);
    for (const auto& [partition, offset] : offsets) {
      auto known = entries_.find({connector, sorted_fields(partition)});
      if (!offset && known == entries_.end()) continue;
      OffsetJson name = connector;
      out.records.emplace_back(known != entries_.end() ? known->second.key : fmt::format("[{},{}]", name.dump(), OffsetJson::parse(partition, nullptr, false).dump()), offset);
    }
  }
  return out;
}

Status KafkaOffsetStore::set(const std::string& connector, const Offsets& offsets) {
  ASSIGN_OR_RETURN(OffsetRecords out, records(connector, offsets));
  return out.records.empty() ? Status() : topic_->write(out.records, kStoreTimeoutMs);
}

void KafkaOffsetStore::set_later(const std::string& connector, const Offsets& offsets) {
  auto out = records(connector, offsets);
  for (const kafka::KeyValue& record : out->records) topic_->write_later(record);
}

Status KafkaOffsetStore::remove(const std::string& connector) {
  RETURN_IF_ERROR(refresh());
  std::vector<std::pair<std::string, std::optional<std::string>>> all;
  for (auto& [partition, offset] : list(connector)) all.emplace_back(partition, std::nullopt);
  return set(connector, all);
}

Status LayeredOffsetStore::refresh() {
  RETURN_IF_ERROR(own_->refresh());
  return below_->refresh();
}

std::optional<std::string> LayeredOffsetStore::get(const std::string& connector, const std::string& partition) const {
  if (auto own = own_->get(connector, partition)) return own;
  return below_->get(connector, partition);
}

std::vector<std::pair<std::string, std::string>> LayeredOffsetStore::list(const std::string& connector) const {
  std::map<std::string, std::string> merged;
  for (auto& [partition, offset] : below_->list(connector)) merged[partition] = offset;
  for (auto& [partition, offset] : own_->list(connector)) merged[partition] = offset;
  return {merged.begin(), merged.end()};
}

Status LayeredOffsetStore::set(const std::string& connector, const std::vector<std::pair<std::string, std::optional<std::string>>>& offsets) {
  // What is forgotten goes from below first: it must not shine through again after a crash in between.
  std::vector<std::pair<std::string, std::optional<std::string>>> forgotten, kept;
  for (const auto& offset : offsets) (offset.second ? kept : forgotten).push_back(offset);
  if (!forgotten.empty()) {
    RETURN_IF_ERROR(below_->set(connector, forgotten));
    RETURN_IF_ERROR(own_->set(connector, forgotten));
  }
  if (kept.empty()) return {};
  RETURN_IF_ERROR(own_->set(connector, kept));
  return below_->set(connector, kept);
}

Status LayeredOffsetStore::remove(const std::string& connector) {
  RETURN_IF_ERROR(below_->remove(connector));
  return own_->remove(connector);
}

}  // namespace bywash::runtime
