// Admin requests over librdkafka: one request, one answer, waited for. Level 3; any thread.
#include "kafka/admin.h"

#include "kafka/client.h"

namespace bywash::kafka {
namespace {

struct EventDeleter { void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); } };
struct OptionsDeleter { void operator()(rd_kafka_AdminOptions_t* o) const { rd_kafka_AdminOptions_destroy(o); } };
using Event = std::unique_ptr<rd_kafka_event_t, EventDeleter>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, OptionsDeleter>;

class RdAdmin final : public Admin, public ClientHealth {
 public:
  Status open(const Properties& java) {
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kAdmin, java, {{"group.id", "bywash-admin"}}, this, nullptr));
    rk_.reset(rk);
    return {};
  }

  Result<std::string> cluster_id(int timeout_ms) override {
    // rd_kafka_clusterid only waits for metadata; asking for them makes the connection now, not at the next tick a second later.
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(rk_.get(), 0, nullptr, &metadata, timeout_ms)) return unreachable("Cannot read the cluster's id");
    rd_kafka_metadata_destroy(metadata);
    char* id = rd_kafka_clusterid(rk_.get(), timeout_ms);
    if (!id) return unreachable("Cannot read the cluster's id");
    std::string out(id);
    rd_kafka_mem_free(rk_.get(), id);
    return out;
  }

  Result<std::map<std::string, int>> topics(int timeout_ms) override {
    const rd_kafka_metadata_t* metadata = nullptr;
    if (auto error = rd_kafka_metadata(rk_.get(), 1, nullptr, &metadata, timeout_ms)) {
      return error == RD_KAFKA_RESP_ERR__TRANSPORT ? unreachable("Cannot list topics") : to_status(error, "Cannot list topics", last_error());
    }
    std::map<std::string, int> out;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      if (!metadata->topics[i].err) out[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return out;
  }

  Status create_topic(const NewTopic& topic, int timeout_ms) override {
    char reason[256];
    rd_kafka_NewTopic_t* request = rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor, reason, sizeof reason);
    if (!request) return Status::invalid(fmt::format("Cannot create topic '{}': {}", topic.name, reason));
    for (const auto& [key, value] : topic.configs) rd_kafka_NewTopic_set_config(request, key.c_str(), value.c_str());
    Queue queue(rd_kafka_queue_new(rk_.get()));
    rd_kafka_CreateTopics(rk_.get(), &request, 1, options(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms).get(), queue.get());
    rd_kafka_NewTopic_destroy(request);
    ASSIGN_OR_RETURN(Event event, wait(queue.get(), timeout_ms, fmt::format("Cannot create topic '{}'", topic.name)));
    size_t n = 0;
    const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &n);
    if (n == 0) return Status::fatal("The brokers gave no answer about the topic");
    const char* detail = rd_kafka_topic_result_error_string(results[0]);
    return to_status(rd_kafka_topic_result_error(results[0]), fmt::format("Cannot create topic '{}'", topic.name), detail ? detail : "");
  }

  Result<std::vector<std::pair<TopicPartition, Offset>>> group_offsets(const std::string& group, int timeout_ms) override {
    rd_kafka_ListConsumerGroupOffsets_t* request = rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr);
    Queue queue(rd_kafka_queue_new(rk_.get()));
    rd_kafka_ListConsumerGroupOffsets(rk_.get(), &request, 1, options(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms).get(), queue.get());
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    ASSIGN_OR_RETURN(Event event, wait(queue.get(), timeout_ms, fmt::format("Cannot read the offsets of group '{}'", group)));
    size_t n = 0;
    const rd_kafka_group_result_t** results =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &n);
    std::vector<std::pair<TopicPartition, Offset>> out;
    if (n == 0) return out;
    RETURN_IF_ERROR(group_error(results[0], fmt::format("Cannot read the offsets of group '{}'", group)));
    const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(results[0]);
    for (int i = 0; list && i < list->cnt; ++i) {
      if (list->elems[i].offset >= 0) out.push_back({{list->elems[i].topic, Partition(list->elems[i].partition)}, Offset(list->elems[i].offset)});
    }
    return out;
  }

  Status alter_group_offsets(const std::string& group, const std::vector<std::pair<TopicPartition, Offset>>& offsets, int timeout_ms) override {
    PartitionList list = to_list(offsets);
    rd_kafka_AlterConsumerGroupOffsets_t* request = rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get());
    Queue queue(rd_kafka_queue_new(rk_.get()));
    rd_kafka_AlterConsumerGroupOffsets(rk_.get(), &request, 1, options(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout_ms).get(), queue.get());
    rd_kafka_AlterConsumerGroupOffsets_destroy(request);
    std::string what = fmt::format("Cannot alter the offsets of group '{}'", group);
    ASSIGN_OR_RETURN(Event event, wait(queue.get(), timeout_ms, what));
    size_t n = 0;
    const rd_kafka_group_result_t** results =
        rd_kafka_AlterConsumerGroupOffsets_result_groups(rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &n);
    if (n == 0) return Status::fatal(what);
    RETURN_IF_ERROR(group_error(results[0], what));
    const rd_kafka_topic_partition_list_t* answered = rd_kafka_group_result_partitions(results[0]);
    for (int i = 0; answered && i < answered->cnt; ++i) RETURN_IF_ERROR(to_status(answered->elems[i].err, what));
    return {};
  }

  Status delete_group_offsets(const std::string& group, const std::vector<TopicPartition>& partitions, int timeout_ms) override {
    PartitionList list = to_list(partitions);
    rd_kafka_DeleteConsumerGroupOffsets_t* request = rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), list.get());
    Queue queue(rd_kafka_queue_new(rk_.get()));
    rd_kafka_DeleteConsumerGroupOffsets(rk_.get(), &request, 1, options(RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, timeout_ms).get(), queue.get());
    rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
    const std::string what = fmt::format("Cannot forget offsets of group '{}'", group);
    ASSIGN_OR_RETURN(Event event, wait(queue.get(), timeout_ms, what));
    size_t n = 0;
    const rd_kafka_group_result_t** results = rd_kafka_DeleteConsumerGroupOffsets_result_groups(rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()), &n);
    if (n == 0) return {};
    auto known = [](Status status) { return status.code() == Code::kNotFound ? Status() : status; };
    RETURN_IF_ERROR(known(group_error(results[0], what)));
    const rd_kafka_topic_partition_list_t* answered = rd_kafka_group_result_partitions(results[0]);
    for (int i = 0; answered && i < answered->cnt; ++i) RETURN_IF_ERROR(known(to_status(answered->elems[i].err, what)));
    return {};
  }

  Status delete_group(const std::string& group, int timeout_ms) override {
    rd_kafka_DeleteGroup_t* request = rd_kafka_DeleteGroup_new(group.c_str());
    Queue queue(rd_kafka_queue_new(rk_.get()));
    rd_kafka_DeleteGroups(rk_.get(), &request, 1, options(RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout_ms).get(), queue.get());
    rd_kafka_DeleteGroup_destroy(request);
    std::string what = fmt::format("Cannot delete group '{}'", group);
    ASSIGN_OR_RETURN(Event event, wait(queue.get(), timeout_ms, what));
    size_t n = 0;
    const rd_kafka_group_result_t** results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event.get()), &n);
    if (n == 0) return {};
    Status status = group_error(results[0], what);
    return status.code() == Code::kNotFound ? Status() : status;
  }

 private:
  Options options(rd_kafka_admin_op_t operation, int timeout_ms) {
    Options out(rd_kafka_AdminOptions_new(rk_.get(), operation));
    char reason[256];
    rd_kafka_AdminOptions_set_request_timeout(out.get(), timeout_ms, reason, sizeof reason);
    return out;
  }
  Result<Event> wait(rd_kafka_queue_t* queue, int timeout_ms, const std::string& what) {
    Event event(rd_kafka_queue_poll(queue, timeout_ms + 1000));
    if (!event) return Status::timed_out(fmt::format("{}: no answer from the brokers in {} ms", what, timeout_ms));
    if (auto error = rd_kafka_event_error(event.get())) return to_status(error, what, rd_kafka_event_error_string(event.get()));
    return event;
  }
  static Status group_error(const rd_kafka_group_result_t* result, const std::string& what) {
    const rd_kafka_error_t* error = rd_kafka_group_result_error(result);
    return error ? to_status(rd_kafka_error_code(error), what, rd_kafka_error_string(error)) : Status();
  }
  Status unreachable(std::string_view what) {
    rd_kafka_poll(rk_.get(), 0);
    if (Status failed = failure(); !failed.ok()) return failed.with_context(std::string(what));
    return Status::timed_out(fmt::format("{}: no broker of bootstrap.servers can be reached. {}", what, last_error()));
  }
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
};

}  // namespace

Result<std::unique_ptr<Admin>> Admin::make(const Properties& java) {
  auto admin = std::make_unique<RdAdmin>();
  RETURN_IF_ERROR(admin->open(java));
  return std::unique_ptr<Admin>(std::move(admin));
}

}  // namespace bywash::kafka
