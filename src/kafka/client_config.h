// Java client properties, translated to librdkafka's. Level 3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"

struct rd_kafka_conf_s;

namespace bywash::kafka {

using config::Properties;

// Our key of a consumer: who fetches its records, `direct` (kafka/fetcher.h; the default, where it can) or `librdkafka`.
inline constexpr std::string_view kFetchClient = "fetch.client";
// Of a producer: who sends its records, `direct` (kafka/record_sender.h) or `librdkafka`.
inline constexpr std::string_view kProduceClient = "produce.client";

enum class ClientKind { kConsumer, kProducer, kAdmin };

struct Translated {
  Properties librdkafka;              // keys and values for rd_kafka_conf_set
  std::vector<std::string> warnings;  // keys that have no effect here and why; never a value
};

// Translates Java client keys (ConsumerConfig, ProducerConfig, AdminClientConfig of Kafka 4.3). Keys that change nothing observable
// are taken silently; a key whose meaning would be lost (a JKS store, interceptors) is an error that says what to do instead; every
// problem at once. Keys of librdkafka under the prefix "librdkafka." pass through.
Result<Translated> translate_java_keys(ClientKind kind, const Properties& java);

// A librdkafka configuration object with these settings; the caller owns it. Error names the key, never a secret value.
Result<rd_kafka_conf_s*> make_conf(const Properties& librdkafka);

}  // namespace bywash::kafka
