// Offsets beside the rows. Level 6, the task's thread.
#include "connectors/jdbc/delivered_offsets.h"

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "columnar/value.h"

namespace bywash::jdbc {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

std::map<TopicPartition, int64_t> ends_of(const std::vector<columnar::Batch>& batches) {
  std::map<TopicPartition, int64_t> ends;
  for (const columnar::Batch& batch : batches) {
    if (batch.offsets.empty()) continue;
    int64_t& end = ends[batch.origin];
    end = std::max(end, batch.offsets.back() + 1);
  }
  return ends;
}

}  // namespace

Result<std::string> DeliveredOffsets::where(const TopicPartition& partition) const {
  auto text = [&](const std::string& s) {
    return dialect_->literal(*ConnectSchema::of(Type::kString), columnar::Value(s), LocalTimes("UTC", true, false));
  };
  ASSIGN_OR_RETURN(std::string connector, text(config_->connector_name));
  ASSIGN_OR_RETURN(std::string topic, text(partition.topic));
  return fmt::format(" WHERE {} = {} AND {} = {} AND {} = {}", rules_.write("connector"), connector, rules_.write("topic"), topic,
                     rules_.write("kafka_partition"), partition.partition.value);
}

Status DeliveredOffsets::create(Session& session) const {
  auto type = [&](Type t, bool is_key) { return dialect_->column_type({"", ConnectSchema::of(t), is_key, false}); };
  ASSIGN_OR_RETURN(std::string text, type(Type::kString, true));
  ASSIGN_OR_RETURN(std::string small, type(Type::kInt32, true));
  ASSIGN_OR_RETURN(std::string big, type(Type::kInt64, false));
  std::string columns = fmt::format("{0} {3} NOT NULL, {1} {3} NOT NULL, {2} {4} NOT NULL, {5} {6} NOT NULL, PRIMARY KEY({0}, {1}, {2})",
                                    rules_.write("connector"), rules_.write("topic"), rules_.write("kafka_partition"), text, small,
                                    rules_.write("next_offset"), big);
  return session.execute({dialect_->create_if_missing(table_, columns)});
}

Result<std::optional<int64_t>> DeliveredOffsets::read(Session& session, const TopicPartition& partition, bool locks) const {
  ASSIGN_OR_RETURN(std::string condition, where(partition));
  ASSIGN_OR_RETURN(auto rows, session.query(fmt::format("SELECT {} FROM {}{}{}{}", rules_.write("next_offset"), table_,
                                                      locks ? dialect_->table_lock() : "", condition, locks ? dialect_->row_lock() : "")));
  if (rows.empty() || !rows[0][0]) return std::optional<int64_t>();
  return std::optional<int64_t>(std::strtoll(rows[0][0]->c_str(), nullptr, 10));
}

Result<std::map<TopicPartition, int64_t>> DeliveredOffsets::open(Session& session, const std::vector<TopicPartition>& partitions) {
  ASSIGN_OR_RETURN(TableName name, rules_.parse(config_->offsets_table));
  table_ = rules_.write(name);
  ASSIGN_OR_RETURN(auto found, session.describe(name));
  if (!found) {
    Status made = create(session);
    // Another task may have been first.
    if (!made.ok()) { ASSIGN_OR_RETURN(found, session.describe(name)); }
    if (!made.ok() && !found) return made;
  }
  std::map<TopicPartition, int64_t> out;
  for (const TopicPartition& partition : partitions) {
    ASSIGN_OR_RETURN(auto next, read(session, partition, false));
    if (!next) {
      ASSIGN_OR_RETURN(std::string condition, where(partition));
      auto text = [&](const std::string& s) {
        return dialect_->literal(*ConnectSchema::of(Type::kString), columnar::Value(s), LocalTimes("UTC", true, false));
      };
      ASSIGN_OR_RETURN(std::string connector, text(config_->connector_name));
      ASSIGN_OR_RETURN(std::string topic, text(partition.topic));
      Status made = session.execute({fmt::format("INSERT INTO {} ({}, {}, {}, {}) VALUES ({}, {}, {}, -1)", table_, rules_.write("connector"),
                                                 rules_.write("topic"), rules_.write("kafka_partition"), rules_.write("next_offset"), connector, topic,
                                                 partition.partition.value)});
      // Another task may have been first.
      if (!made.ok() && made.code() != Code::kData) return made;
      ASSIGN_OR_RETURN(next, read(session, partition, false));
    }
    next_[partition] = next.value_or(-1);
    if (next_[partition] >= 0) out[partition] = next_[partition];
  }
  return out;
}

Result<bool> DeliveredOffsets::lock(Session& session, const std::vector<columnar::Batch>& batches) {
  bool moved = false;
  for (const auto& [partition, end] : ends_of(batches)) {
    if (dialect_->locks_by_update()) {
      ASSIGN_OR_RETURN(std::string condition, where(partition));
      std::string column = rules_.write("next_offset");
      RETURN_IF_ERROR(session.execute({fmt::format("UPDATE {} SET {} = {}{}", table_, column, column, condition)}));
    }
    ASSIGN_OR_RETURN(auto next, read(session, partition, true));
    auto known = next_.find(partition);
    if (!next) {
      return Status::fatal(fmt::format("Table {} has lost its row of topic '{}', partition {}: restart the connector to begin there anew", table_,
                                       partition.topic, partition.partition.value));
    }
    if (known != next_.end() && known->second == *next) continue;
    // The records in between were acknowledged: to write on would leave them out for ever.
    if (known != next_.end() && *next < known->second) {
      return Status::fatal(fmt::format("Table {} goes on at offset {} of topic '{}', partition {}, though this task has committed {}: the database has lost commits (a crash "
                                       "with asynchronous commits, a restored backup, a replica that was behind). Restart the task: it begins where the table is",
                                       table_, *next, partition.topic, partition.partition.value, known->second));
    }
    next_[partition] = *next;
    moved = true;
  }
  return moved;
}

Status DeliveredOffsets::store(Session& session, const std::vector<columnar::Batch>& batches) {
  for (const auto& [partition, end] : ends_of(batches)) {
    ASSIGN_OR_RETURN(std::string condition, where(partition));
    RETURN_IF_ERROR(session.execute({fmt::format("UPDATE {} SET {} = {}{}", table_, rules_.write("next_offset"), end, condition)}));
  }
  return {};
}

void DeliveredOffsets::committed(const std::vector<columnar::Batch>& batches) {
  for (const auto& [partition, end] : ends_of(batches)) next_[partition] = end;
}

std::vector<columnar::Batch> DeliveredOffsets::undelivered(const std::vector<columnar::Batch>& batches) const {
  std::vector<columnar::Batch> out;
  for (const columnar::Batch& batch : batches) {
    auto known = next_.find(batch.origin);
    int64_t from = known == next_.end() ? -1 : known->second;
    if (batch.offsets.empty() || batch.offsets.front() >= from) {
      out.push_back(batch);
      continue;
    }
    std::vector<uint32_t> rows;
    for (size_t i = 0; i < batch.offsets.size(); ++i) {
      if (batch.offsets[i] >= from) rows.push_back(static_cast<uint32_t>(i));
    }
    log::info("jdbc", "{} records of topic '{}', partition {} are written already", batch.offsets.size() - rows.size(), batch.origin.topic,
              batch.origin.partition.value);
    if (!rows.empty()) out.push_back(columnar::take(batch, rows));
  }
  return out;
}

}  // namespace bywash::jdbc
