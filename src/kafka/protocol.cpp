// Frames of requests and answers. Level 3.
#include "kafka/protocol.h"

#include <array>

#include "kafka/wire.h"

namespace bywash::kafka::protocol {
namespace {

constexpr int32_t kConsumer = -1;  // the replica id of a client

Status broken(std::string_view what) { return Status::retriable(fmt::format("A broker's answer to {} cannot be read", what)); }

// Queries that follow one another for the same topic are one element: `each` writes what stands behind the partition's number.
template <class Query, class Each>
void write_by_topic(RequestWriter* out, const std::vector<Query>& queries, Each each) {
  auto same_topic = [&](size_t a, size_t b) { return queries[a].partition->topic == queries[b].partition->topic; };
  int32_t topics = 0;
  for (size_t i = 0; i < queries.size(); ++i) topics += i == 0 || !same_topic(i, i - 1);
  out->i32(topics);
  for (size_t i = 0; i < queries.size();) {
    size_t end = i + 1;
    while (end < queries.size() && same_topic(i, end)) ++end;
    out->string(queries[i].partition->topic);
    out->i32(static_cast<int32_t>(end - i));
    for (; i < end; ++i) {
      out->i32(queries[i].partition->partition.value);
      each(queries[i]);
    }
  }
}

}  // namespace

std::string api_versions_request(int32_t correlation, std::string_view client_id) {
  return RequestWriter(kApiVersions, kApiVersionsVersion, correlation, client_id).finish();
}

Status check_api_versions(std::string_view response, std::span<const Api> wanted) {
  ResponseReader in(response);
  std::vector<bool> found(wanted.size(), false);
  const int16_t error = in.i16();
  for (int32_t left = in.array(6); left > 0; --left) {
    const int16_t api = in.i16(), least = in.i16(), most = in.i16();
    for (size_t i = 0; i < wanted.size(); ++i) found[i] = found[i] || (wanted[i].api == api && least <= wanted[i].version && wanted[i].version <= most);
  }
  if (!in.ok() || error != 0) return broken("ApiVersions");
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!found[i]) return Status::invalid(fmt::format("The broker does not speak version {} of {}", wanted[i].version, wanted[i].name));
  }
  return {};
}

std::string metadata_request(int32_t correlation, std::string_view client_id, const std::vector<std::string>& topics, bool create) {
  RequestWriter out(kMetadata, kMetadataVersion, correlation, client_id);
  out.i32(static_cast<int32_t>(topics.size()));
  for (const std::string& topic : topics) out.string(topic);
  out.i8(create ? 1 : 0);
  return std::move(out).finish();
}

Result<Metadata> parse_metadata(std::string_view response) {
  ResponseReader in(response);
  Metadata out;
  in.i32();  // throttle time
  for (int32_t left = in.array(12); left > 0; --left) {
    Broker broker;
    broker.id = in.i32();
    broker.host = in.string();
    broker.port = in.i32();
    in.string();  // rack
    out.brokers.push_back(std::move(broker));
  }
  in.string();  // cluster id
  in.i32();     // controller
  for (int32_t topics = in.array(9); topics > 0; --topics) {
    const int16_t topic_error = in.i16();
    const std::string topic(in.string());
    in.i8();  // internal
    if (topic_error != 0) out.topic_errors.emplace_back(topic, topic_error);
    for (int32_t partitions = in.array(22); partitions > 0; --partitions) {
      Leader leader;
      leader.error = in.i16();
      leader.partition = {topic, Partition(in.i32())};
      leader.leader = in.i32();
      for (int lists = 0; lists < 3; ++lists) in.skip(int64_t{4} * in.array(4));  // replicas, in sync, offline
      out.leaders.push_back(std::move(leader));
    }
  }
  if (!in.ok()) return broken("Metadata");
  return out;
}

std::string list_offsets_request(int32_t correlation, std::string_view client_id, bool read_committed, const std::vector<OffsetQuery>& queries) {
  RequestWriter out(kListOffsets, kListOffsetsVersion, correlation, client_id);
  out.i32(kConsumer);
  out.i8(read_committed ? 1 : 0);
  write_by_topic(&out, queries, [&](const OffsetQuery& query) { out.i64(query.time); });
  return std::move(out).finish();
}

Result<std::vector<OffsetAnswer>> parse_list_offsets(std::string_view response) {
  ResponseReader in(response);
  std::vector<OffsetAnswer> out;
  in.i32();  // throttle time
  for (int32_t topics = in.array(6); topics > 0; --topics) {
    const std::string topic(in.string());
    for (int32_t partitions = in.array(22); partitions > 0; --partitions) {
      OffsetAnswer answer;
      answer.partition = {topic, Partition(in.i32())};
      answer.error = in.i16();
      in.i64();  // timestamp
      answer.offset = in.i64();
      out.push_back(std::move(answer));
    }
  }
  if (!in.ok()) return broken("ListOffsets");
  return out;
}

std::string fetch_request(int32_t correlation, std::string_view client_id, const FetchLimits& limits, const std::vector<FetchQuery>& queries) {
  RequestWriter out(kFetch, kFetchVersion, correlation, client_id);
  out.i32(kConsumer);
  out.i32(limits.max_wait_ms);
  out.i32(limits.min_bytes);
  out.i32(limits.max_bytes);
  out.i8(limits.read_committed ? 1 : 0);
  out.i32(0);   // no fetch session:
  out.i32(-1);  // every request names its partitions
  write_by_topic(&out, queries, [&](const FetchQuery& query) {
    out.i32(-1);  // the leader's epoch is not checked
    out.i64(query.offset);
    out.i64(-1);  // a follower's log start
    out.i32(limits.max_partition_bytes);
  });
  out.i32(0);  // nothing to forget
  out.string(limits.rack);
  return std::move(out).finish();
}

Result<FetchResponse> parse_fetch(std::string_view response) {
  ResponseReader in(response);
  FetchResponse out;
  out.throttle_ms = in.i32();
  out.error = in.i16();
  in.i32();  // session
  for (int32_t topics = in.array(6); topics > 0; --topics) {
    const std::string_view topic = in.string();
    for (int32_t partitions = in.array(42); partitions > 0; --partitions) {
      FetchAnswer answer;
      answer.topic = topic;
      answer.partition = in.i32();
      answer.error = in.i16();
      answer.high_watermark = in.i64();
      in.i64();  // last stable offset
      answer.log_start = in.i64();
      for (int32_t left = in.array(16); left > 0; --left) {
        const int64_t producer = in.i64();
        answer.aborted.push_back({producer, in.i64()});
      }
      answer.preferred_replica = in.i32();
      answer.records = in.bytes();
      out.partitions.push_back(std::move(answer));
    }
  }
  if (!in.ok()) return broken("Fetch");
  return out;
}

std::string produce_request(int32_t correlation, std::string_view client_id, int16_t acks, int32_t timeout_ms, const std::vector<ProducePart>& parts) {
  size_t size = 64 + client_id.size();
  for (const ProducePart& part : parts) size += part.batch.size() + part.partition->topic.size() + 16;
  RequestWriter out(kProduce, kProduceVersion, correlation, client_id, size);
  out.i16(-1);  // no transaction
  out.i16(acks);
  out.i32(timeout_ms);
  write_by_topic(&out, parts, [&](const ProducePart& part) { out.bytes(part.batch); });
  return std::move(out).finish();
}

Result<ProduceResponse> parse_produce(std::string_view response) {
  ResponseReader in(response);
  ProduceResponse out;
  for (int32_t topics = in.array(6); topics > 0; --topics) {
    const std::string topic(in.string());
    for (int32_t partitions = in.array(30); partitions > 0; --partitions) {
      ProduceAnswer answer;
      answer.partition = {topic, Partition(in.i32())};
      answer.error = in.i16();
      in.skip(24);  // offset, time of the log, its start
      out.partitions.push_back(std::move(answer));
    }
  }
  out.throttle_ms = in.i32();
  if (!in.ok()) return broken("Produce");
  return out;
}

}  // namespace bywash::kafka::protocol
