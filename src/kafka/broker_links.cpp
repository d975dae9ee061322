// Settings, metadata and links. Level 3.
#include "kafka/broker_links.h"

#include <algorithm>

#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

constexpr int kNoTimer = 1 << 30;

// "PLAINTEXT://host:9092,[::1]:9093"; the port may be missing.
std::vector<std::pair<std::string, int32_t>> addresses_of(std::string_view list) {
  std::vector<std::pair<std::string, int32_t>> out;
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    if (const size_t scheme = one.find("://"); scheme != one.npos) one.remove_prefix(scheme + 3);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t' || one.front() == '\n')) one.remove_prefix(1);
    if (one.empty()) continue;
    const size_t colon = one.rfind(':');
    const bool has_port = colon != one.npos && one.find(']', colon) == one.npos;
    std::string_view host = one.substr(0, has_port ? colon : one.npos);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const int32_t port = has_port ? static_cast<int32_t>(std::strtol(std::string(one.substr(colon + 1)).c_str(), nullptr, 10)) : 9092;
    if (!host.empty()) out.emplace_back(host, port);
  }
  return out;
}

}  // namespace

std::string setting(const rd_kafka_conf_t* conf, const char* name) {
  char value[4096];
  size_t size = sizeof value;
  return rd_kafka_conf_get(conf, name, value, &size) == RD_KAFKA_CONF_OK && size <= sizeof value ? std::string(value) : std::string();
}

int64_t setting(const rd_kafka_conf_t* conf, const char* name, int64_t otherwise) {
  const std::string text = setting(conf, name);
  return text.empty() ? otherwise : std::strtoll(text.c_str(), nullptr, 10);
}

int until(SteadyTime then, SteadyTime now) {
  if (then <= now) return 0;
  return static_cast<int>(std::min<int64_t>(std::chrono::ceil<Millis>(then - now).count(), kNoTimer));
}

Result<std::optional<ConnectionSettings>> ConnectionSettings::of(const rd_kafka_conf_t* conf, const Properties& java) {
  using None = std::optional<ConnectionSettings>;
  ConnectionSettings out;
  ASSIGN_OR_RETURN(auto security, broker_security(java));
  out.bootstrap = addresses_of(setting(conf, "bootstrap.servers"));
  if (!security || out.bootstrap.empty()) return None();
  out.security = std::move(*security);
  out.client_id = setting(conf, "client.id");
  out.request_timeout_ms = static_cast<int>(setting(conf, "socket.timeout.ms", 30000));
  out.connect_timeout_ms = static_cast<int>(setting(conf, "socket.connection.setup.timeout.ms", 30000));
  out.backoff_ms = static_cast<int>(std::max<int64_t>(setting(conf, "reconnect.backoff.ms", 50), 10));
  out.backoff_max_ms = static_cast<int>(std::max<int64_t>(setting(conf, "reconnect.backoff.max.ms", 1000), out.backoff_ms));
  out.receive_buffer_bytes = static_cast<int>(setting(conf, "socket.receive.buffer.bytes", 0));
  out.metadata_max_age_ms = setting(conf, "metadata.max.age.ms", 300000);
  return None(std::move(out));
}

Result<std::optional<protocol::Metadata>> MetadataReader::step(const std::function<std::vector<std::string>()>& topics, bool create) {
  using None = std::optional<protocol::Metadata>;
  const SteadyTime now = steady_now();
  if (now > old_at_) wanted_ = true;
  if (!connection_.is_open() && wanted_ && now >= not_before_) begin(topics(), create);
  if (!connection_.is_open()) return None();
  std::vector<Answer> answers;
  Status status = connection_.step(&answers);
  if (status.ok() && answers.empty()) {
    if (now <= deadline_) return None();
    status = Status::retriable("no answer to Metadata within request.timeout.ms");
  }
  connection_.close();
  if (!answers.empty()) {
    auto metadata = take(answers.front());
    if (metadata.ok()) return None(std::move(*metadata));
    status = metadata.status();
  }
  if (status.code() == Code::kUnauthorized) return status;
  failed(status);
  return None();
}

void MetadataReader::begin(const std::vector<std::string>& topics, bool create) {
  // Brokers that are known, and those of the configuration: either may be gone.
  std::vector<std::pair<std::string, int32_t>> candidates = settings_.bootstrap;
  for (const auto& [id, address] : addresses_) candidates.push_back(address);
  const auto& [host, port] = candidates[turn_ % candidates.size()];
  Status status = connection_.open(host, port, 0, settings_.connect_timeout_ms, settings_.client_id);
  if (!status.ok()) return failed(status);
  connection_.send(protocol::metadata_request(++correlation_, settings_.client_id, topics, create));
  deadline_ = steady_now() + Millis(settings_.request_timeout_ms);
}

Result<protocol::Metadata> MetadataReader::take(const Answer& answer) {
  ASSIGN_OR_RETURN(protocol::Metadata metadata, protocol::parse_metadata(answer.bytes.substr(4)));
  // Who is put aside by its controller for a moment knows of nobody; the brokers that are known are still there.
  if (metadata.brokers.empty()) return Status::retriable("a broker answers Metadata without any broker");
  const SteadyTime now = steady_now();
  wanted_ = false;
  old_at_ = now + Millis(settings_.metadata_max_age_ms);
  not_before_ = now + Millis(kRetryMs);
  addresses_.clear();
  for (const protocol::Broker& broker : metadata.brokers) addresses_[broker.id] = {broker.host, broker.port};
  return metadata;
}

void MetadataReader::failed(const Status& status) {
  ++turn_;
  not_before_ = steady_now() + Millis(kRetryMs);
  trouble_(RD_KAFKA_RESP_ERR__TRANSPORT, status.message());
}

std::optional<SteadyTime> MetadataReader::next_step() const {
  if (connection_.is_open()) return deadline_;
  if (wanted_) return not_before_;
  return std::nullopt;
}

Status BrokerLink::ready(const ConnectionSettings& settings) {
  if (connection.is_open() && !connection.is_expired()) return {};
  spoken = false;
  return connection.open(host, port, settings.receive_buffer_bytes, settings.connect_timeout_ms, settings.client_id);
}

Status BrokerLink::in_time(SteadyTime now) const {
  return now <= deadline ? Status() : Status::retriable(fmt::format("{}:{}: no answer within request.timeout.ms", host, port));
}

Result<std::string_view> BrokerLink::body_of(const Answer& answer) const {
  if (ResponseReader(answer.bytes).i32() != correlation) return Status::retriable(fmt::format("{}:{}: an answer to another request came", host, port));
  return answer.bytes.substr(4);
}

void BrokerLink::failed(const ConnectionSettings& settings, const Status& status, bool asked, const Trouble& trouble) {
  // A broker closes what was idle for long.
  if (asked || backoff_ms > 0) {
    trouble(status.code() == Code::kUnauthorized ? RD_KAFKA_RESP_ERR__AUTHENTICATION : RD_KAFKA_RESP_ERR__TRANSPORT, status.message());
    backoff_ms = std::clamp(backoff_ms * 2, settings.backoff_ms, settings.backoff_max_ms);
    not_before = steady_now() + Millis(backoff_ms);
  }
  spoken = false;
  connection.close();
}

}  // namespace bywash::kafka
