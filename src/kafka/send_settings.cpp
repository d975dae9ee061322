// The keys of record_sender.h. Level 3.
#include <algorithm>
#include <array>

#include "base/log.h"
#include "config/properties.h"
#include "kafka/record_sender.h"

namespace bywash::kafka {

Result<std::optional<SendSettings>> SendSettings::of(const Properties& java) {
  using None = std::optional<SendSettings>;
  ASSIGN_OR_RETURN(Translated translated, translate_java_keys(ClientKind::kProducer, java));
  const Properties& keys = translated.librdkafka;
  auto text = [&](const char* key, const char* otherwise) { return config::get_or(keys, key, otherwise); };
  auto number = [&](const char* key, int64_t otherwise) {
    auto found = keys.find(key);
    return found == keys.end() ? otherwise : static_cast<int64_t>(std::strtod(found->second.c_str(), nullptr));
  };
  const bool own_keys = std::any_of(java.begin(), java.end(), [](const auto& entry) { return entry.first.starts_with("librdkafka."); });
  if (config::get_or(java, kProduceClient, "direct") == "librdkafka" || own_keys || keys.contains("transactional.id") ||
      text("enable.idempotence", "false") == "true" || text("acks", "all") == "0" || text("partitioner", "") == "random") {
    return None();
  }
  ASSIGN_OR_RETURN(rd_kafka_conf_t * made, make_conf(keys));
  std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(made, rd_kafka_conf_destroy);
  ASSIGN_OR_RETURN(auto connection, ConnectionSettings::of(conf.get(), java));
  if (!connection) return None();
  for (const std::string& warning : translated.warnings) log::warn("kafka", "{}", warning);
  SendSettings out;
  static_cast<ConnectionSettings&>(out) = std::move(*connection);
  out.acks = static_cast<int16_t>(text("acks", "all") == "all" ? -1 : number("acks", -1));
  if (java.contains("batch.size")) out.batch_bytes = out.sticky_bytes = static_cast<size_t>(std::max<int64_t>(number("batch.size", 0), 1));
  out.largest_bytes = static_cast<size_t>(number("message.max.bytes", static_cast<int64_t>(out.largest_bytes)));
  out.batch_bytes = std::min(out.batch_bytes, out.largest_bytes);
  out.buffer_bytes = static_cast<size_t>(number("queue.buffering.max.kbytes", 32 << 10)) << 10;
  out.linger_ms = static_cast<int>(number("linger.ms", 5));
  out.retry_backoff_ms = static_cast<int>(number("retry.backoff.ms", 100));
  out.retries = number("retries", kForEver);
  out.delivery_timeout_ms = number("delivery.timeout.ms", 120'000);
  if (out.delivery_timeout_ms == 0) out.delivery_timeout_ms = kForEver;
  const std::string codec = text("compression.type", "none");
  constexpr std::array<std::string_view, 5> kCodecs{"none", "gzip", "snappy", "lz4", "zstd"};
  out.compression.codec = static_cast<Codec>(std::find(kCodecs.begin(), kCodecs.end(), codec) - kCodecs.begin());
  // Of the three levels a Java producer may have, that of its codec.
  if (java.contains(fmt::format("compression.{}.level", codec))) out.compression.level = static_cast<int>(number("compression.level", -1));
  return None(std::move(out));
}

}  // namespace bywash::kafka
