// /connectors/{name}/offsets (ConnectorsResource and SinkUtils, Kafka 4.3).
#include <algorithm>
#include <bit>
#include <charconv>

#include "base/java_hash.h"
#include "config/java_order.h"
#include "config/properties.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

using Params = std::vector<std::string>;

HttpResponse message(std::string_view text) {
  Json out;
  out["message"] = std::string(text);
  return json_response(200, out);
}

uint32_t folded(uint64_t bits) { return static_cast<uint32_t>(bits ^ bits >> 32); }

// hashCode of a value in a partition: String, Long, Double, Boolean or null.
uint32_t hash_of(const Json& value) {
  if (value.is_string()) return static_cast<uint32_t>(java_string_hash(value.get<std::string>()));
  if (value.is_boolean()) return value.get<bool>() ? 1231 : 1237;
  if (value.is_number_integer()) return folded(static_cast<uint64_t>(value.get<int64_t>()));
  return value.is_number() ? folded(std::bit_cast<uint64_t>(value.get<double>())) : 0;
}

// hashCode of a partition as the original keeps it: a TopicPartition of a sink, a map of a source.
int32_t partition_hash(const Json& partition, bool is_sink) {
  if (is_sink) return static_cast<int32_t>(31 * (31 + hash_of(partition["kafka_partition"])) + hash_of(partition["kafka_topic"]));
  uint32_t sum = 0;
  for (const auto& [key, value] : partition.items()) sum += static_cast<uint32_t>(java_string_hash(key)) ^ hash_of(value);
  return static_cast<int32_t>(sum);
}

// In the order of the original's map of partitions.
void order_offsets(Json* list, bool is_sink) {
  const size_t count = list->size();
  const size_t capacity = java_map_capacity(count, is_sink ? 16 : std::bit_ceil(std::max<size_t>(1, count)));
  std::stable_sort(list->begin(), list->end(), [&](const Json& a, const Json& b) {
    return java_map_bucket(partition_hash(a["partition"], is_sink), capacity) < java_map_bucket(partition_hash(b["partition"], is_sink), capacity);
  });
}

HttpResponse get_offsets(const ConnectContext* context, const std::string& name) {
  auto offsets = context->herder->offsets(name);
  if (!offsets.ok()) return error_response(offsets.status());
  Json list = Json::array();
  for (const auto& [partition, offset] : *offsets) {
    Json item;
    item["partition"] = Json::parse(partition, nullptr, false);
    item["offset"] = offset ? Json::parse(*offset, nullptr, false) : Json(nullptr);
    list.push_back(std::move(item));
  }
  auto kind = context->herder->kind(name);
  order_offsets(&list, kind.ok() && *kind == runtime::ConnectorKind::kSink);
  Json out;
  out["offsets"] = std::move(list);
  return json_response(200, out);
}

// A number, or text that is one, that fits (Integer.parseInt, Long.parseLong: no blanks).
template <class Number>
bool is_integer(const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "";
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  Number number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
}

// As String.valueOf shows it.
std::string shown(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// OffsetUtils.validateFormat: what may stand in a source's partitions and offsets.
Status check_primitive(const Json& map) {
  for (const auto& [key, value] : map.items()) {
    const char* what = value.is_array() ? "ARRAY" : value.is_object() ? "MAP" : nullptr;
    if (what) return Status::fatal(fmt::format("Offsets may only contain primitive types as values, but field {} contains {}", key, what));
  }
  return {};
}

// SinkUtils.parseSinkConnectorOffsets, its refusals.
Status check_sink_entry(const Json& partition, const Json& offset) {
  if (partition.is_null()) return Status::invalid("The partition for a sink connector offset cannot be null or missing");
  if (!partition.contains("kafka_topic") || !partition.contains("kafka_partition")) {
    return Status::invalid("The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'");
  }
  if (partition["kafka_topic"].is_null()) return Status::invalid("Kafka topic names must be valid strings and may not be null");
  if (partition["kafka_partition"].is_null()) return Status::invalid("Kafka partitions must be valid numbers and may not be null");
  if (!is_integer<int32_t>(partition["kafka_partition"])) {
    return Status::invalid(fmt::format("Failed to parse the following Kafka partition value in the provided offsets: '{}'. "
                                       "Partition values for sink connectors need to be integers.", shown(partition["kafka_partition"])));
  }
  if (offset.is_null()) return {};
  if (!offset.contains("kafka_offset")) return Status::invalid("The offset for a sink connector should either be null or contain the key 'kafka_offset'");
  if (!is_integer<int64_t>(offset["kafka_offset"])) {
    return Status::invalid(fmt::format("Failed to parse the following Kafka offset value in the provided offsets: '{}'. "
                                       "Offset values for sink connectors need to be integers.", shown(offset["kafka_offset"])));
  }
  return {};
}

struct Entry {
  Json partition;
  Json offset;
};

Result<std::vector<Entry>> read_entries(const HttpRequest& request) {
  ASSIGN_OR_RETURN(Json body, parse_body(request));
  if (body.is_null()) return no_body(request);
  if (!body.is_object()) return wrong_type("object with 'offsets'", body);
  for (const auto& [key, value] : body.items()) {
    if (key != "offsets") return Status::fatal(fmt::format("Unrecognized field \"{}\": there is only 'offsets'", key));
  }
  Json list = body.value("offsets", Json(nullptr));
  if (list.is_null() || (list.is_array() && list.empty())) return Status::invalid("Partitions / offsets need to be provided for an alter offsets request");
  if (!list.is_array()) return wrong_type("list (field 'offsets')", list);
  std::vector<Entry> out;
  for (const Json& item : list) {
    if (item.is_null()) return Status::fatal("Cannot invoke \"PATCH offsets\" with a null in the list 'offsets'");
    if (!item.is_object()) return Status::fatal(fmt::format("Cannot construct instance of an offset from a JSON {}", item.type_name()));
    Entry entry;
    for (const auto& [key, value] : item.items()) {
      if (key != "partition" && key != "offset") return Status::fatal(fmt::format("Unrecognized field \"{}\": there are 'partition' and 'offset'", key));
      if (!value.is_null() && !value.is_object()) return Status::fatal(fmt::format("Cannot construct instance of '{}' from a JSON {}: it has to be an object", key, value.type_name()));
      (key == "partition" ? entry.partition : entry.offset) = value;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

HttpResponse alter(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto entries = read_entries(request);
  if (!entries.ok()) return error_response(entries.status());
  auto kind = context->herder->kind(name);
  if (!kind.ok()) return error_response(kind.status());
  runtime::OffsetEntries out;
  Status refusal;
  for (const Entry& entry : *entries) {
    if (refusal.ok() && *kind == runtime::ConnectorKind::kSink) refusal = check_sink_entry(entry.partition, entry.offset);
    // Anything may be forgotten.
    if (refusal.ok() && *kind == runtime::ConnectorKind::kSource && !entry.offset.is_null()) {
      for (const Json* map : {&entry.partition, &entry.offset}) {
        if (refusal.ok()) refusal = check_primitive(*map);
      }
    }
    out.emplace_back(entry.partition.dump(), entry.offset.is_null() ? std::nullopt : std::optional(entry.offset.dump()));
  }
  if (!refusal.ok()) {
    // A connector that is not stopped is refused before its offsets are looked at.
    auto status = context->herder->status(name);
    if (!status.ok() || status->state == runtime::State::kStopped) return error_response(refusal);
  }
  Status done = context->herder->alter_offsets(name, out);
  return done.ok() ? message("The offsets for this connector have been altered successfully") : error_response(done);
}

}  // namespace

void add_offset_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/connectors/{}/offsets", [context](const HttpRequest&, const Params& p) { return get_offsets(context, p[0]); }, {.takes_json = true});
  router->add("PATCH", "/connectors/{}/offsets", [context](const HttpRequest& r, const Params& p) { return alter(context, r, p[0]); }, {.takes_json = true, .reads_body = true});
  router->add("DELETE", "/connectors/{}/offsets", [context](const HttpRequest&, const Params& p) {
    Status done = context->herder->reset_offsets(p[0]);
    return done.ok() ? message("The offsets for this connector have been reset successfully") : error_response(done);
  }, {.takes_json = true});
}

}  // namespace bywash::rest
