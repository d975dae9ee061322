// The table of the Java clients' keys: what ConsumerConfig, ProducerConfig and AdminClientConfig of Kafka 4.3.1 define. Level 3.
#include "kafka/client_key_types.h"

#include <algorithm>
#include <array>

#include "kafka/client_key_docs.h"

namespace bywash::kafka {
namespace {

using config::Importance;
using config::KeyType;

enum Clients : unsigned { kConsumer = 1, kProducer = 2, kAdmin = 4, kEvery = 7 };

struct TypedKey {
  std::string_view name;
  KeyType type;
  Importance importance;
  bool required;
  const char* by_default;  // null: Java's null
  unsigned clients;
};

constexpr auto kJavaKeys = std::to_array<TypedKey>({
    {"acks", KeyType::kString, Importance::kLow, false, "all", kProducer},
    {"allow.auto.create.topics", KeyType::kBoolean, Importance::kMedium, false, "true", kConsumer},
    {"auto.commit.interval.ms", KeyType::kInt, Importance::kLow, false, "5000", kConsumer},
    {"auto.offset.reset", KeyType::kString, Importance::kMedium, false, "latest", kConsumer},
    {"batch.size", KeyType::kInt, Importance::kMedium, false, "16384", kProducer},
    {"bootstrap.controllers", KeyType::kList, Importance::kHigh, false, "", kAdmin},
    {"bootstrap.servers", KeyType::kList, Importance::kHigh, false, "", kAdmin},
    {"bootstrap.servers", KeyType::kList, Importance::kHigh, true, nullptr, kConsumer | kProducer},
    {"buffer.memory", KeyType::kLong, Importance::kHigh, false, "33554432", kProducer},
    {"check.crcs", KeyType::kBoolean, Importance::kLow, false, "true", kConsumer},
    {"client.dns.lookup", KeyType::kString, Importance::kMedium, false, "use_all_dns_ips", kEvery},
    {"client.id", KeyType::kString, Importance::kLow, false, "", kConsumer},
    {"client.id", KeyType::kString, Importance::kMedium, false, "", kProducer | kAdmin},
    {"client.rack", KeyType::kString, Importance::kLow, false, "", kConsumer},
    {"compression.gzip.level", KeyType::kInt, Importance::kMedium, false, "-1", kProducer},
    {"compression.lz4.level", KeyType::kInt, Importance::kMedium, false, "9", kProducer},
    {"compression.type", KeyType::kString, Importance::kHigh, false, "none", kProducer},
    {"compression.zstd.level", KeyType::kInt, Importance::kMedium, false, "3", kProducer},
    {"config.providers", KeyType::kList, Importance::kLow, false, "", kEvery},
    {"connections.max.idle.ms", KeyType::kLong, Importance::kMedium, false, "300000", kAdmin},
    {"connections.max.idle.ms", KeyType::kLong, Importance::kMedium, false, "540000", kConsumer | kProducer},
    {"default.api.timeout.ms", KeyType::kInt, Importance::kMedium, false, "60000", kConsumer | kAdmin},
    {"delivery.timeout.ms", KeyType::kInt, Importance::kMedium, false, "120000", kProducer},
    {"enable.auto.commit", KeyType::kBoolean, Importance::kMedium, false, "true", kConsumer},
    {"enable.idempotence", KeyType::kBoolean, Importance::kLow, false, "true", kProducer},
    {"enable.metrics.push", KeyType::kBoolean, Importance::kLow, false, "false", kAdmin},
    {"enable.metrics.push", KeyType::kBoolean, Importance::kLow, false, "true", kConsumer | kProducer},
    {"exclude.internal.topics", KeyType::kBoolean, Importance::kMedium, false, "true", kConsumer},
    {"fetch.max.bytes", KeyType::kInt, Importance::kMedium, false, "52428800", kConsumer},
    {"fetch.max.wait.ms", KeyType::kInt, Importance::kLow, false, "500", kConsumer},
    {"fetch.min.bytes", KeyType::kInt, Importance::kHigh, false, "1", kConsumer},
    {"group.id", KeyType::kString, Importance::kHigh, false, nullptr, kConsumer},
    {"group.instance.id", KeyType::kString, Importance::kMedium, false, nullptr, kConsumer},
    {"group.protocol", KeyType::kString, Importance::kHigh, false, "classic", kConsumer},
    {"group.remote.assignor", KeyType::kString, Importance::kMedium, false, nullptr, kConsumer},
    {"heartbeat.interval.ms", KeyType::kInt, Importance::kHigh, false, "3000", kConsumer},
    {"interceptor.classes", KeyType::kList, Importance::kLow, false, "", kConsumer | kProducer},
    {"internal.throw.on.fetch.stable.offset.unsupported", KeyType::kBoolean, Importance::kLow, false, "false", kConsumer},
    {"isolation.level", KeyType::kString, Importance::kMedium, false, "read_uncommitted", kConsumer},
    {"key.deserializer", KeyType::kClass, Importance::kHigh, true, nullptr, kConsumer},
    {"key.serializer", KeyType::kClass, Importance::kHigh, true, nullptr, kProducer},
    {"linger.ms", KeyType::kLong, Importance::kMedium, false, "5", kProducer},
    {"max.block.ms", KeyType::kLong, Importance::kMedium, false, "60000", kProducer},
    {"max.in.flight.requests.per.connection", KeyType::kInt, Importance::kLow, false, "5", kProducer},
    {"max.partition.fetch.bytes", KeyType::kInt, Importance::kHigh, false, "1048576", kConsumer},
    {"max.poll.interval.ms", KeyType::kInt, Importance::kMedium, false, "300000", kConsumer},
    {"max.poll.records", KeyType::kInt, Importance::kMedium, false, "500", kConsumer},
    {"max.request.size", KeyType::kInt, Importance::kMedium, false, "1048576", kProducer},
    {"metadata.max.age.ms", KeyType::kLong, Importance::kLow, false, "300000", kEvery},
    {"metadata.max.idle.ms", KeyType::kLong, Importance::kLow, false, "300000", kProducer},
    {"metadata.recovery.rebootstrap.trigger.ms", KeyType::kLong, Importance::kLow, false, "300000", kEvery},
    {"metadata.recovery.strategy", KeyType::kString, Importance::kLow, false, "rebootstrap", kEvery},
    {"metric.reporters", KeyType::kList, Importance::kLow, false, "org.apache.kafka.common.metrics.JmxReporter", kEvery},
    {"metrics.num.samples", KeyType::kInt, Importance::kLow, false, "2", kEvery},
    {"metrics.recording.level", KeyType::kString, Importance::kLow, false, "INFO", kEvery},
    {"metrics.sample.window.ms", KeyType::kLong, Importance::kLow, false, "30000", kEvery},
    {"partition.assignment.strategy", KeyType::kList, Importance::kMedium, false, "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor", kConsumer},
    {"partitioner.adaptive.partitioning.enable", KeyType::kBoolean, Importance::kLow, false, "true", kProducer},
    {"partitioner.availability.timeout.ms", KeyType::kLong, Importance::kLow, false, "0", kProducer},
    {"partitioner.class", KeyType::kClass, Importance::kMedium, false, nullptr, kProducer},
    {"partitioner.ignore.keys", KeyType::kBoolean, Importance::kMedium, false, "false", kProducer},
    {"receive.buffer.bytes", KeyType::kInt, Importance::kMedium, false, "32768", kProducer},
    {"receive.buffer.bytes", KeyType::kInt, Importance::kMedium, false, "65536", kConsumer | kAdmin},
    {"reconnect.backoff.max.ms", KeyType::kLong, Importance::kLow, false, "1000", kEvery},
    {"reconnect.backoff.ms", KeyType::kLong, Importance::kLow, false, "50", kEvery},
    {"request.timeout.ms", KeyType::kInt, Importance::kMedium, false, "30000", kEvery},
    {"retries", KeyType::kInt, Importance::kHigh, false, "2147483647", kProducer},
    {"retries", KeyType::kInt, Importance::kLow, false, "2147483647", kAdmin},
    {"retry.backoff.max.ms", KeyType::kLong, Importance::kLow, false, "1000", kEvery},
    {"retry.backoff.ms", KeyType::kLong, Importance::kLow, false, "100", kEvery},
    {"sasl.client.callback.handler.class", KeyType::kClass, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.jaas.config", KeyType::kPassword, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.kerberos.kinit.cmd", KeyType::kString, Importance::kLow, false, "/usr/bin/kinit", kEvery},
    {"sasl.kerberos.min.time.before.relogin", KeyType::kLong, Importance::kLow, false, "60000", kEvery},
    {"sasl.kerberos.service.name", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.kerberos.ticket.renew.jitter", KeyType::kDouble, Importance::kLow, false, "0.05", kEvery},
    {"sasl.kerberos.ticket.renew.window.factor", KeyType::kDouble, Importance::kLow, false, "0.8", kEvery},
    {"sasl.login.callback.handler.class", KeyType::kClass, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.login.class", KeyType::kClass, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.login.connect.timeout.ms", KeyType::kInt, Importance::kLow, false, nullptr, kEvery},
    {"sasl.login.read.timeout.ms", KeyType::kInt, Importance::kLow, false, nullptr, kEvery},
    {"sasl.login.refresh.buffer.seconds", KeyType::kShort, Importance::kLow, false, "300", kEvery},
    {"sasl.login.refresh.min.period.seconds", KeyType::kShort, Importance::kLow, false, "60", kEvery},
    {"sasl.login.refresh.window.factor", KeyType::kDouble, Importance::kLow, false, "0.8", kEvery},
    {"sasl.login.refresh.window.jitter", KeyType::kDouble, Importance::kLow, false, "0.05", kEvery},
    {"sasl.login.retry.backoff.max.ms", KeyType::kLong, Importance::kLow, false, "10000", kEvery},
    {"sasl.login.retry.backoff.ms", KeyType::kLong, Importance::kLow, false, "100", kEvery},
    {"sasl.mechanism", KeyType::kString, Importance::kMedium, false, "GSSAPI", kEvery},
    {"sasl.oauthbearer.assertion.algorithm", KeyType::kString, Importance::kMedium, false, "RS256", kEvery},
    {"sasl.oauthbearer.assertion.claim.aud", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.claim.exp.seconds", KeyType::kInt, Importance::kLow, false, "300", kEvery},
    {"sasl.oauthbearer.assertion.claim.iss", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.claim.jti.include", KeyType::kBoolean, Importance::kMedium, false, "false", kEvery},
    {"sasl.oauthbearer.assertion.claim.nbf.seconds", KeyType::kInt, Importance::kLow, false, "60", kEvery},
    {"sasl.oauthbearer.assertion.claim.sub", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.file", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.private.key.file", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.private.key.passphrase", KeyType::kPassword, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.assertion.template.file", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.client.credentials.client.id", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.client.credentials.client.secret", KeyType::kPassword, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.clock.skew.seconds", KeyType::kInt, Importance::kLow, false, "30", kEvery},
    {"sasl.oauthbearer.expected.audience", KeyType::kList, Importance::kHigh, false, "", kEvery},
    {"sasl.oauthbearer.expected.issuer", KeyType::kString, Importance::kHigh, false, nullptr, kEvery},
    {"sasl.oauthbearer.header.urlencode", KeyType::kBoolean, Importance::kLow, false, "false", kEvery},
    {"sasl.oauthbearer.jwks.endpoint.refresh.ms", KeyType::kLong, Importance::kLow, false, "3600000", kEvery},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", KeyType::kLong, Importance::kLow, false, "10000", kEvery},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", KeyType::kLong, Importance::kLow, false, "100", kEvery},
    {"sasl.oauthbearer.jwks.endpoint.url", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.jwt.retriever.class", KeyType::kClass, Importance::kMedium, false, "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever", kEvery},
    {"sasl.oauthbearer.jwt.validator.class", KeyType::kClass, Importance::kMedium, false, "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator", kEvery},
    {"sasl.oauthbearer.scope", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"sasl.oauthbearer.scope.claim.name", KeyType::kString, Importance::kLow, false, "scope", kEvery},
    {"sasl.oauthbearer.sub.claim.name", KeyType::kString, Importance::kLow, false, "sub", kEvery},
    {"sasl.oauthbearer.token.endpoint.url", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"security.protocol", KeyType::kString, Importance::kMedium, false, "PLAINTEXT", kEvery},
    {"security.providers", KeyType::kString, Importance::kLow, false, nullptr, kEvery},
    {"send.buffer.bytes", KeyType::kInt, Importance::kMedium, false, "131072", kEvery},
    {"session.timeout.ms", KeyType::kInt, Importance::kHigh, false, "45000", kConsumer},
    {"share.acknowledgement.mode", KeyType::kString, Importance::kMedium, false, "implicit", kConsumer},
    {"share.acquire.mode", KeyType::kString, Importance::kMedium, false, "BATCH_OPTIMIZED", kConsumer},
    {"socket.connection.setup.timeout.max.ms", KeyType::kLong, Importance::kMedium, false, "30000", kEvery},
    {"socket.connection.setup.timeout.ms", KeyType::kLong, Importance::kMedium, false, "10000", kEvery},
    {"ssl.cipher.suites", KeyType::kList, Importance::kLow, false, "", kEvery},
    {"ssl.enabled.protocols", KeyType::kList, Importance::kMedium, false, "TLSv1.2,TLSv1.3", kEvery},
    {"ssl.endpoint.identification.algorithm", KeyType::kString, Importance::kLow, false, "https", kEvery},
    {"ssl.engine.factory.class", KeyType::kClass, Importance::kLow, false, nullptr, kEvery},
    {"ssl.key.password", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.keymanager.algorithm", KeyType::kString, Importance::kLow, false, "SunX509", kEvery},
    {"ssl.keystore.certificate.chain", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.keystore.key", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.keystore.location", KeyType::kString, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.keystore.password", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.keystore.type", KeyType::kString, Importance::kMedium, false, "JKS", kEvery},
    {"ssl.protocol", KeyType::kString, Importance::kMedium, false, "TLSv1.3", kEvery},
    {"ssl.provider", KeyType::kString, Importance::kMedium, false, nullptr, kEvery},
    {"ssl.secure.random.implementation", KeyType::kString, Importance::kLow, false, nullptr, kEvery},
    {"ssl.trustmanager.algorithm", KeyType::kString, Importance::kLow, false, "PKIX", kEvery},
    {"ssl.truststore.certificates", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.truststore.location", KeyType::kString, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.truststore.password", KeyType::kPassword, Importance::kHigh, false, nullptr, kEvery},
    {"ssl.truststore.type", KeyType::kString, Importance::kMedium, false, "JKS", kEvery},
    {"transaction.timeout.ms", KeyType::kInt, Importance::kLow, false, "60000", kProducer},
    {"transaction.two.phase.commit.enable", KeyType::kBoolean, Importance::kLow, false, "false", kProducer},
    {"transactional.id", KeyType::kString, Importance::kLow, false, nullptr, kProducer},
    {"value.deserializer", KeyType::kClass, Importance::kHigh, true, nullptr, kConsumer},
    {"value.serializer", KeyType::kClass, Importance::kHigh, true, nullptr, kProducer},
});

unsigned client_of(ClientKind kind) {
  return kind == ClientKind::kConsumer ? kConsumer : kind == ClientKind::kProducer ? kProducer : kAdmin;
}

}  // namespace

std::optional<config::KeySpec> java_client_key(ClientKind kind, std::string_view name) {
  auto key = std::find_if(kJavaKeys.begin(), kJavaKeys.end(), [&](const TypedKey& each) { return each.name == name && (each.clients & client_of(kind)) != 0; });
  if (key == kJavaKeys.end()) return std::nullopt;
  config::KeySpec out;
  out.name = out.display_name = name;
  out.type = key->type;
  out.importance = key->importance;
  out.required = key->required;
  if (key->by_default) out.default_text = key->by_default;
  out.doc = java_client_key_doc(kind, name);
  return out;
}

}  // namespace bywash::kafka
