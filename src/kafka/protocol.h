// The requests of the clients of our own: ApiVersions 0, Metadata 5, ListOffsets 2, Fetch 11 and Produce 7. Level 3; not included outside
// kafka/. Source: https://kafka.apache.org/protocol. Requests are whole frames; responses are read behind their correlation id.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kafka/record_set.h"

namespace bywash::kafka::protocol {

// Brokers that speak these: 2.3 and later.
inline constexpr int16_t kProduce = 0, kFetch = 1, kListOffsets = 2, kMetadata = 3, kApiVersions = 18;
inline constexpr int16_t kProduceVersion = 7, kFetchVersion = 11, kListOffsetsVersion = 2, kMetadataVersion = 5, kApiVersionsVersion = 0;
// Special times of ListOffsets.
inline constexpr int64_t kLatest = -1, kEarliest = -2;

std::string api_versions_request(int32_t correlation, std::string_view client_id);
struct Api {
  int16_t api, version;
  const char* name;
};
inline constexpr std::array kFetchApis{Api{kFetch, kFetchVersion, "Fetch"}, Api{kListOffsets, kListOffsetsVersion, "ListOffsets"}, Api{kMetadata, kMetadataVersion, "Metadata"}};
inline constexpr std::array kProduceApis{Api{kProduce, kProduceVersion, "Produce"}, Api{kMetadata, kMetadataVersion, "Metadata"}};
// Ok when the broker speaks `wanted`. Error: kInvalid naming the API that it does not; kRetriable when the answer is broken.
Status check_api_versions(std::string_view response, std::span<const Api> wanted);

struct Broker {
  int32_t id = -1;
  std::string host;
  int32_t port = 0;
};
struct Leader {
  TopicPartition partition;
  int32_t leader = -1;  // -1: none now
  int16_t error = 0;
};
struct Metadata {
  std::vector<Broker> brokers;
  std::vector<Leader> leaders;
  std::vector<std::pair<std::string, int16_t>> topic_errors;
};
// `create`: topics that are missing are made, where the broker does that.
std::string metadata_request(int32_t correlation, std::string_view client_id, const std::vector<std::string>& topics, bool create);
Result<Metadata> parse_metadata(std::string_view response);

struct OffsetQuery {
  const TopicPartition* partition = nullptr;
  int64_t time = kEarliest;
};
struct OffsetAnswer {
  TopicPartition partition;
  int16_t error = 0;
  int64_t offset = -1;
};
std::string list_offsets_request(int32_t correlation, std::string_view client_id, bool read_committed, const std::vector<OffsetQuery>& queries);
Result<std::vector<OffsetAnswer>> parse_list_offsets(std::string_view response);

struct FetchLimits {
  int32_t max_wait_ms = 500;
  int32_t min_bytes = 1;
  int32_t max_bytes = 50 << 20;
  int32_t max_partition_bytes = 1 << 20;
  bool read_committed = false;
  std::string rack;
};
struct FetchQuery {
  const TopicPartition* partition = nullptr;
  int64_t offset = 0;
};
struct FetchAnswer {
  std::string_view topic;
  int32_t partition = 0;
  int16_t error = 0;
  int64_t high_watermark = -1;
  int64_t log_start = -1;
  int32_t preferred_replica = -1;
  std::vector<AbortedTransaction> aborted;
  std::string_view records;
};
struct FetchResponse {
  int32_t throttle_ms = 0;
  int16_t error = 0;
  std::vector<FetchAnswer> partitions;  // views into the response
};
std::string fetch_request(int32_t correlation, std::string_view client_id, const FetchLimits& limits, const std::vector<FetchQuery>& queries);
Result<FetchResponse> parse_fetch(std::string_view response);

struct ProducePart {
  const TopicPartition* partition = nullptr;
  std::string_view batch;  // whole, as it is stored
};
// `acks`: 1 or -1 (all in-sync replicas); at 0 there would be no answer.
std::string produce_request(int32_t correlation, std::string_view client_id, int16_t acks, int32_t timeout_ms, const std::vector<ProducePart>& parts);
struct ProduceAnswer {
  TopicPartition partition;
  int16_t error = 0;
};
struct ProduceResponse {
  std::vector<ProduceAnswer> partitions;
  int32_t throttle_ms = 0;
};
Result<ProduceResponse> parse_produce(std::string_view response);

}  // namespace bywash::kafka::protocol
