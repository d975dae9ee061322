// See stream_config.h.
#include "analytics/table/stream_config.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "analytics/table/time_format.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

using Entries = std::map<std::string, std::string>;

constexpr std::string_view kPrefix = "stream.kafka.";
constexpr std::string_view kConsumerProp = "stream.kafka.consumer.prop.";
constexpr std::string_view kDecoderProp = "stream.kafka.decoder.prop.";

std::string value_of(const Entries& entries, const std::string& key) {
  auto found = entries.find(key);
  return found == entries.end() ? std::string() : found->second;
}

bool parse_count(std::string_view text, int64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && *out >= 0;
}

// "200M", "1.5G", "1024": bytes (org.apache.pinot.spi.utils.DataSizeUtils).
bool parse_size(std::string_view text, int64_t* out) {
  double amount = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || amount < 0) return false;
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  double scale = 1;
  if (unit == "K" || unit == "KB" || unit == "k") scale = 1024;
  else if (unit == "M" || unit == "MB" || unit == "m") scale = 1 << 20;
  else if (unit == "G" || unit == "GB" || unit == "g") scale = 1 << 30;
  else if (!unit.empty() && unit != "B") return false;
  *out = static_cast<int64_t>(amount * scale);
  return true;
}

OffsetCriteria read_criteria(std::string text, int64_t now_ms, std::vector<std::string>& problems) {
  text = ascii_lower(text);
  OffsetCriteria out;
  if (text.empty() || text == "largest" || text == "latest") return out;
  if (text == "smallest" || text == "earliest") {
    out.kind = OffsetCriteria::Kind::kSmallest;
    return out;
  }
  out.kind = OffsetCriteria::Kind::kTimestamp;
  if (std::optional<int64_t> period = parse_period(text)) {
    out.at_ms = now_ms - *period;
    return out;
  }
  text = ascii_upper(text);
  for (const char* pattern : {"SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ssX", "SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss.SSSX",
                              "SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss", "SIMPLE_DATE_FORMAT|yyyy-MM-dd"}) {
    Result<TimeFormat> format = TimeFormat::parse(pattern);
    if (std::optional<int64_t> at = format ? format->to_millis(std::string_view(text)) : std::nullopt) {
      out.at_ms = *at;
      return out;
    }
  }
  problems.push_back(fmt::format("stream.kafka.consumer.prop.auto.offset.reset: '{}' is neither smallest, largest, a period (2d) nor a time "
                                 "(2023-01-31T00:00:00Z)", text));
  return out;
}

DecoderConfig read_decoder(const Entries& entries, std::vector<std::string>& problems) {
  DecoderConfig out;
  out.class_name = value_of(entries, "stream.kafka.decoder.class.name");
  if (out.class_name.empty()) {
    problems.push_back("Stream config property stream.kafka.decoder.class.name cannot be null");
    return out;
  }
  for (const auto& [key, value] : entries) {
    if (key.starts_with(kDecoderProp)) out.properties[key.substr(kDecoderProp.size())] = value;
  }
  Result<std::unique_ptr<RecordDecoder>> made = make_record_decoder(out, std::make_shared<TableSchema>());
  if (!made.ok()) problems.push_back(made.status().message());
  return out;
}

void read_flush(const Entries& entries, StreamConfig& out, std::vector<std::string>& problems) {
  const std::string base = "realtime.segment.flush.threshold.";
  std::string rows = value_of(entries, base + "rows");
  std::string rows_key = base + "rows";
  if (rows.empty()) {
    rows_key = base + "size";
    rows = value_of(entries, rows_key);
  }
  if (!rows.empty() && !parse_count(rows, &out.flush_rows)) {
    problems.push_back(fmt::format("{}: '{}' is not a number of rows", rows_key, rows));
  }
  if (std::string own = value_of(entries, base + "segment.rows"); !own.empty() && !parse_count(own, &out.flush_segment_rows)) {
    problems.push_back(fmt::format("{}segment.rows: '{}' is not a number of rows", base, own));
  }
  if (std::string time = value_of(entries, base + "time"); !time.empty()) {
    int64_t millis = 0;
    if (std::optional<int64_t> period = parse_period(time); period && *period > 0) out.flush_time_ms = *period;
    else if (parse_count(time, &millis) && millis > 0) out.flush_time_ms = millis;
    else problems.push_back(fmt::format("{}time: '{}' is neither a period (6h) nor milliseconds", base, time));
  }
  std::string size = value_of(entries, base + "segment.size");
  if (size.empty()) size = value_of(entries, "realtime.segment.flush.desired.size");
  if (!size.empty() && (!parse_size(size, &out.flush_bytes) || out.flush_bytes <= 0)) {
    problems.push_back(fmt::format("{}segment.size: '{}' is not a size (200M)", base, size));
  }
  const bool rows_named = !rows.empty() && out.flush_rows > 0;
  if (size.empty() && (rows_named || out.flush_segment_rows > 0)) out.flush_bytes = INT64_MAX;  // the rows decide; the process's budget still bounds
  if (size.empty() && !rows.empty() && out.flush_rows == 0) out.flush_bytes = 200LL << 20;
}

void read_rest(const Entries& entries, StreamConfig& out, std::vector<std::string>& problems) {
  static const std::set<std::string_view> kRead = {"topic.name", "broker.list", "consumer.type", "decoder.class.name", "consumer.factory.class.name",
      "fetch.timeout.millis", "partition.ids", "isolation.level", "metadata.populate", "socket.timeout", "fetcher.minBytes", "fetcher.size",
      "buffer.size", "connection.timeout.millis", "idle.timeout.millis"};
  for (const auto& [key, value] : entries) {
    if (key == "streamType" || key == "stopOnDecodeError" || key.rfind("realtime.segment.flush.", 0) == 0) continue;
    if (key == std::string(kConsumerProp) + "auto.offset.reset") continue;
    if (key.starts_with(kDecoderProp)) continue;
    if (key.rfind(kConsumerProp, 0) == 0) {
      out.kafka_properties[key.substr(kConsumerProp.size())] = value;
    } else if (key.rfind(kPrefix, 0) == 0) {
      const std::string name = key.substr(kPrefix.size());
      if (!kRead.count(name)) out.warnings.push_back(fmt::format("'{}' has no effect", key));
    } else if (key.rfind("realtime.", 0) == 0 || key == "topic.consumption.rate.limit" || key == "partition.consumption.rate.limit") {
      out.warnings.push_back(fmt::format("'{}' has no effect", key));
    } else {
      out.kafka_properties[key] = value;
    }
  }
  auto pass = [&](const char* ours, const char* kafka) {
    if (std::string value = value_of(entries, std::string(kPrefix) + ours); !value.empty()) out.kafka_properties[kafka] = value;
  };
  pass("isolation.level", "isolation.level");
  pass("socket.timeout", "request.timeout.ms");
  pass("fetcher.minBytes", "fetch.min.bytes");
  pass("buffer.size", "receive.buffer.bytes");
  if (std::string fetch = value_of(entries, "stream.kafka.fetch.timeout.millis"); !fetch.empty() && !parse_count(fetch, &out.fetch_timeout_ms)) {
    problems.push_back(fmt::format("stream.kafka.fetch.timeout.millis: '{}' is not a number of milliseconds", fetch));
  }
  out.populate_metadata = ascii_lower(value_of(entries, "stream.kafka.metadata.populate")) == "true";
  std::string ids = value_of(entries, "stream.kafka.partition.ids");
  for (size_t at = 0; at < ids.size();) {
    size_t comma = std::min(ids.find(',', at), ids.size());
    int64_t id = 0;
    std::string one = ids.substr(at, comma - at);
    one.erase(std::remove(one.begin(), one.end(), ' '), one.end());
    if (!parse_count(one, &id) || id > INT32_MAX) {
      problems.push_back(fmt::format("stream.kafka.partition.ids: '{}' is not a partition", one));
    } else {
      out.partition_ids.push_back(static_cast<int32_t>(id));
    }
    at = comma + 1;
  }
}

}  // namespace

int64_t StreamConfig::rows_per_segment(int32_t partitions) const {
  if (flush_segment_rows > 0) return flush_segment_rows;
  const int64_t total = flush_rows > 0 ? flush_rows : 5'000'000;
  return std::max<int64_t>(1, total / std::max(1, partitions));
}

int64_t StreamConfig::bytes_per_segment(int32_t partitions) const {
  if (flush_bytes > 0) return flush_bytes;
  return std::max<int64_t>(8LL << 20, kDefaultTableBytes / std::max(1, partitions));
}

StreamConfig read_stream_config(const Entries& entries, int64_t now_ms, std::vector<std::string>& problems) {
  StreamConfig out;
  const std::string type = value_of(entries, "streamType");
  if (type.empty()) {
    problems.push_back("Stream type must be specified in the stream configs (streamType)");
    return out;
  }
  if (type != "kafka") {
    problems.push_back(fmt::format("streamType: '{}' is not supported; only kafka is", type));
    return out;
  }
  out.topic = value_of(entries, "stream.kafka.topic.name");
  if (out.topic.empty()) problems.push_back("Stream config property stream.kafka.topic.name cannot be null");
  out.brokers = value_of(entries, "stream.kafka.broker.list");
  if (out.brokers.empty()) out.brokers = value_of(entries, "bootstrap.servers");
  if (out.brokers.empty()) problems.push_back("Missing required property: stream.kafka.broker.list");
  std::string consumer_type = value_of(entries, "stream.kafka.consumer.type");
  consumer_type = ascii_lower(consumer_type);
  if (!consumer_type.empty() && consumer_type != "lowlevel" && consumer_type != "simple") {
    problems.push_back(fmt::format("stream.kafka.consumer.type: '{}' is not supported; use lowlevel", consumer_type));
  }
  out.decoder = read_decoder(entries, problems);
  out.stop_on_decode_error = value_of(entries, "stopOnDecodeError") == "true";
  out.criteria = read_criteria(value_of(entries, std::string(kConsumerProp) + "auto.offset.reset"), now_ms, problems);
  read_flush(entries, out, problems);
  read_rest(entries, out, problems);
  return out;
}

}  // namespace bywash::analytics
