// The table of types. Level 3.
#include "kafka/client_key_types.h"

#include <algorithm>
#include <array>

namespace bywash::kafka {
namespace {

using config::KeyType;

struct TypedKey {
  std::string_view name;
  KeyType type;
};

constexpr auto kAllClients = std::to_array<TypedKey>({
    {"metadata.max.age.ms", KeyType::kLong},
    {"send.buffer.bytes", KeyType::kInt},
    {"receive.buffer.bytes", KeyType::kInt},
    {"reconnect.backoff.ms", KeyType::kLong},
    {"reconnect.backoff.max.ms", KeyType::kLong},
    {"retry.backoff.ms", KeyType::kLong},
    {"retry.backoff.max.ms", KeyType::kLong},
    {"socket.connection.setup.timeout.ms", KeyType::kLong},
    {"socket.connection.setup.timeout.max.ms", KeyType::kLong},
    {"request.timeout.ms", KeyType::kInt},
    {"connections.max.idle.ms", KeyType::kLong},
    {"metrics.sample.window.ms", KeyType::kLong},
    {"metrics.num.samples", KeyType::kInt},
    {"enable.metrics.push", KeyType::kBoolean},
    {"metadata.recovery.rebootstrap.trigger.ms", KeyType::kLong},
    {"sasl.kerberos.ticket.renew.window.factor", KeyType::kDouble},
    {"sasl.kerberos.ticket.renew.jitter", KeyType::kDouble},
    {"sasl.kerberos.min.time.before.relogin", KeyType::kLong},
    {"sasl.login.refresh.window.factor", KeyType::kDouble},
    {"sasl.login.refresh.window.jitter", KeyType::kDouble},
    {"sasl.login.refresh.min.period.seconds", KeyType::kShort},
    {"sasl.login.refresh.buffer.seconds", KeyType::kShort},
    {"sasl.login.connect.timeout.ms", KeyType::kInt},
    {"sasl.login.read.timeout.ms", KeyType::kInt},
    {"sasl.login.retry.backoff.max.ms", KeyType::kLong},
    {"sasl.login.retry.backoff.ms", KeyType::kLong},
    {"sasl.oauthbearer.clock.skew.seconds", KeyType::kInt},
    {"sasl.oauthbearer.jwks.endpoint.refresh.ms", KeyType::kLong},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", KeyType::kLong},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", KeyType::kLong},
});
constexpr auto kConsumer = std::to_array<TypedKey>({
    {"session.timeout.ms", KeyType::kInt},
    {"heartbeat.interval.ms", KeyType::kInt},
    {"enable.auto.commit", KeyType::kBoolean},
    {"auto.commit.interval.ms", KeyType::kInt},
    {"max.partition.fetch.bytes", KeyType::kInt},
    {"fetch.min.bytes", KeyType::kInt},
    {"fetch.max.bytes", KeyType::kInt},
    {"fetch.max.wait.ms", KeyType::kInt},
    {"check.crcs", KeyType::kBoolean},
    {"default.api.timeout.ms", KeyType::kInt},
    {"max.poll.records", KeyType::kInt},
    {"max.poll.interval.ms", KeyType::kInt},
    {"exclude.internal.topics", KeyType::kBoolean},
    {"allow.auto.create.topics", KeyType::kBoolean},
});
constexpr auto kProducer = std::to_array<TypedKey>({
    {"buffer.memory", KeyType::kLong},
    {"retries", KeyType::kInt},
    {"compression.gzip.level", KeyType::kInt},
    {"compression.lz4.level", KeyType::kInt},
    {"compression.zstd.level", KeyType::kInt},
    {"batch.size", KeyType::kInt},
    {"partitioner.adaptive.partitioning.enable", KeyType::kBoolean},
    {"partitioner.availability.timeout.ms", KeyType::kLong},
    {"partitioner.ignore.keys", KeyType::kBoolean},
    {"linger.ms", KeyType::kLong},
    {"delivery.timeout.ms", KeyType::kInt},
    {"max.request.size", KeyType::kInt},
    {"max.block.ms", KeyType::kLong},
    {"max.in.flight.requests.per.connection", KeyType::kInt},
    {"metadata.max.idle.ms", KeyType::kLong},
    {"enable.idempotence", KeyType::kBoolean},
    {"transaction.timeout.ms", KeyType::kInt},
});
constexpr auto kAdmin = std::to_array<TypedKey>({
    {"retries", KeyType::kInt},
    {"default.api.timeout.ms", KeyType::kInt},
});

template <size_t N>
std::optional<KeyType> type_in(const std::array<TypedKey, N>& table, std::string_view key) {
  auto it = std::find_if(table.begin(), table.end(), [&](const TypedKey& each) { return each.name == key; });
  return it == table.end() ? std::nullopt : std::optional(it->type);
}

}  // namespace

std::optional<config::KeyType> java_key_type(ClientKind kind, std::string_view key) {
  if (auto type = type_in(kAllClients, key)) return type;
  switch (kind) {
    case ClientKind::kConsumer: return type_in(kConsumer, key);
    case ClientKind::kProducer: return type_in(kProducer, key);
    case ClientKind::kAdmin: return type_in(kAdmin, key);
  }
  return std::nullopt;
}

}  // namespace bywash::kafka
