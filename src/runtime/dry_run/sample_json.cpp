// Cases and samples from JSON, outcomes to JSON. Level 7.
#include "runtime/dry_run/sample_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "config/properties.h"
#include "runtime/java_failure.h"

namespace bywash::runtime {
namespace {

using Json = nlohmann::ordered_json;
using columnar::RawRecord;

const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  return object.contains(name) ? object.at(name) : kNull;
}

config::Properties properties_of(const Json& config) {
  config::Properties out;
  for (const auto& [key, value] : config.items()) out[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return out;
}

DryRunPlugin plugin_of(const Json& json, const char* class_key) {
  DryRunPlugin out{json.at(class_key).get<std::string>(), properties_of(member(json, "config"))};
  // A worker hands a transform its own `type` too.
  if (std::string_view(class_key) == "type") out.keys["type"] = out.class_name;
  return out;
}

Result<RawRecord::TimestampType> timestamp_type_of(const Json& json) {
  const std::string text = json.is_null() ? "CreateTime" : json.get<std::string>();
  if (text == "CreateTime" || text == "create") return RawRecord::TimestampType::kCreate;
  if (text == "LogAppendTime" || text == "logappend") return RawRecord::TimestampType::kLogAppend;
  if (text == "NoTimestampType" || text == "unknown") return RawRecord::TimestampType::kNone;
  return Status::invalid(fmt::format("Unknown timestamp_type '{}': expected CreateTime, LogAppendTime or NoTimestampType", text));
}

bool is_tagged_bytes(const Json& json) { return json.is_object() && json.size() == 1 && (json.contains("utf8") || json.contains("base64")); }

// A payload as a user writes it: any JSON that is neither tagged bytes nor a text stands for itself.
Result<std::optional<std::string>> payload_of(const Json& json) {
  if (json.is_null() || is_tagged_bytes(json)) return canonical::bytes_of(json);
  return std::optional(json.is_string() ? json.get<std::string>() : json.dump());
}

Status read_schemas(const Json& converter, const std::string& side, std::vector<plugin::CatalogSchema>* out) {
  for (const Json& s : member(converter, "schemas")) {
    plugin::CatalogSchema schema;
    schema.subject = s.value("subject", "records-" + side);
    schema.version = s.value("version", 1);
    schema.id = s.at("id");
    const Json& kind = member(s, "schemaType");
    if (kind.is_string()) schema.kind = kind.get<std::string>();
    const Json& text = s.at("schema");
    schema.text = text.is_string() ? text.get<std::string>() : text.dump();
    out->push_back(std::move(schema));
  }
  return {};
}

Result<DryRunSpec> spec_of(const Json& json) {
  DryRunSpec spec;
  const std::string direction = json.value("direction", "sink");
  if (direction != "sink" && direction != "source") return Status::invalid(fmt::format("Unknown direction '{}': expected sink or source", direction));
  spec.is_source = direction == "source";
  for (const Json& s : member(json, "chain")) {
    DryRunStep step{plugin_of(s, "type"), std::nullopt, false};
    if (const Json& predicate = member(s, "predicate"); !predicate.is_null()) {
      step.predicate = plugin_of(predicate, "type");
      step.negate = predicate.value("negate", false);
    }
    spec.chain.push_back(std::move(step));
  }
  // A sink's record in canonical form has its converters behind it.
  if (!spec.is_source && json.contains("record")) return spec;
  spec.catalog = next_catalog();
  for (const char* key : {"key.converter", "value.converter", "header.converter"}) {
    auto& place = key[0] == 'k' ? spec.key : key[0] == 'v' ? spec.value : spec.header;
    const Json& converter = member(json, key);
    if (converter.is_null()) {
      if (key[0] != 'h') return Status::invalid(fmt::format("The case has no {}", key));
      place = DryRunPlugin{"org.apache.kafka.connect.storage.SimpleHeaderConverter", {}};
      continue;
    }
    place = plugin_of(converter, "class");
    RETURN_IF_ERROR(read_schemas(converter, key[0] == 'k' ? "key" : "value", &spec.schemas));
  }
  return spec;
}

Result<SampleMessage> message_of(const Json& json, const SampleDefaults& defaults, const char* value_key) {
  SampleMessage out;
  out.topic = json.value("topic", defaults.topic);
  out.partition = member(json, "partition").is_null() ? 0 : json.at("partition").get<int32_t>();
  for (const char* key : {"timestamp", "ts"}) {
    if (!member(json, key).is_null()) out.timestamp_ms = json.at(key).get<int64_t>();
  }
  ASSIGN_OR_RETURN(out.key, payload_of(member(json, "key")));
  ASSIGN_OR_RETURN(out.value, payload_of(member(json, value_key)));
  const Json& headers = member(json, "headers");
  if (headers.is_array() && !headers.empty() && headers[0].is_string()) {  // kcat: name, value, name, value
    for (size_t i = 0; i + 1 < headers.size(); i += 2) {
      ASSIGN_OR_RETURN(auto bytes, payload_of(headers[i + 1]));
      out.headers.emplace_back(headers[i].get<std::string>(), std::move(bytes));
    }
    return out;
  }
  if (headers.is_object()) {
    for (const auto& [name, value] : headers.items()) {
      ASSIGN_OR_RETURN(auto bytes, payload_of(value));
      out.headers.emplace_back(name, std::move(bytes));
    }
    return out;
  }
  for (const Json& h : headers) {
    ASSIGN_OR_RETURN(auto bytes, payload_of(member(h, "value")));
    out.headers.emplace_back(h.at("key").get<std::string>(), std::move(bytes));
  }
  return out;
}

Status set_place(const Json& json, const SampleDefaults& defaults, SampleRecord* out) {
  out->offset = member(json, "offset").is_null() ? defaults.offset : json.at("offset").get<int64_t>();
  ASSIGN_OR_RETURN(out->timestamp_type, timestamp_type_of(member(json, json.contains("tstype") ? "tstype" : "timestamp_type")));
  return {};
}

Result<DryRunCase> read_case(const Json& json) {
  DryRunCase out;
  out.id = json.at("id").get<std::string>();
  ASSIGN_OR_RETURN(out.spec, spec_of(json));
  if (json.contains("record")) {
    ASSIGN_OR_RETURN(out.sample.input, canonical::record_of(json.at("record")));
  } else {
    ASSIGN_OR_RETURN(out.sample.input, message_of(json, {}, "value"));
  }
  RETURN_IF_ERROR(set_place(json, {}, &out.sample));
  return out;
}

// An envelope has nothing but an envelope's members, so that a payload that happens to have a "value" is still a payload.
bool is_envelope(const Json& json) {
  if (!json.is_object()) return false;
  const bool says_so = json.contains("key") || json.contains("record") || json.contains("value_schema") ||
                       (json.contains("value") && (json.contains("topic") || is_tagged_bytes(json.at("value"))));
  if (!says_so) return false;
  static const std::set<std::string> kMembers = {"id",  "topic", "partition", "offset", "timestamp",  "timestamp_type",
                                                 "key", "value", "headers",   "record", "key_schema", "value_schema"};
  for (const auto& [name, value] : json.items()) {
    if (!kMembers.contains(name)) return false;
  }
  return true;
}

bool is_kcat(const Json& json) { return json.is_object() && json.contains("payload") && json.contains("topic") && json.contains("offset") && json.contains("partition"); }

Result<NamedSample> read_sample(const Json& json, const SampleDefaults& defaults) {
  NamedSample out;
  if (const Json& id = member(json, "id"); !id.is_null()) out.id = id.is_string() ? id.get<std::string>() : id.dump();
  RETURN_IF_ERROR(set_place(json, defaults, &out.record));
  if (json.contains("record")) {
    ASSIGN_OR_RETURN(out.record.input, canonical::record_of(json.at("record")));
  } else if (json.contains("value_schema") || json.contains("key_schema")) {
    Json record = json;
    if (!record.contains("topic")) record["topic"] = defaults.topic;
    ASSIGN_OR_RETURN(out.record.input, canonical::record_of(record));
  } else {
    ASSIGN_OR_RETURN(out.record.input, message_of(json, defaults, is_kcat(json) ? "payload" : "value"));
  }
  return out;
}

template <class T, class Read>
Result<T> guarded(const char* what, Read&& read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    return Status::invalid(fmt::format("{}: {}", what, error.what()));
  }
}

Json null_or(const std::optional<int64_t>& number) { return number ? Json(*number) : Json(); }

Json to_json(const ProducedRecord& produced) {
  Json out = {{"topic", produced.topic},
              {"partition", produced.partition ? Json(*produced.partition) : Json()},
              {"timestamp", null_or(produced.timestamp)},
              {"key", canonical::to_json(produced.bytes.key)}};
  if (produced.key_text) out["key_avro_schema"] = *produced.key_text;
  out["value"] = canonical::to_json(produced.bytes.value);
  if (produced.value_text) out["value_avro_schema"] = *produced.value_text;
  out["headers"] = Json::array();
  for (const auto& [name, bytes] : produced.bytes.headers) out["headers"].push_back({{"key", name}, {"value", canonical::to_json(bytes)}});
  out["unordered"] = produced.unordered;
  return out;
}

Json to_json(const DryRunError& error) {
  const JavaFailure failure = java_failure(error.status);
  Json causes = Json::array();
  for (const JavaException& cause : failure.causes) causes.push_back({{"class", cause.java_class}, {"message", cause.message}});
  Json out = {{"stage", error.stage},
              {"component", error.component},
              {"class", failure.thrown.java_class},
              {"message", failure.thrown.message},
              {"causes", std::move(causes)}};
  if (!failure.field.empty()) out["field"] = failure.field;
  return out;
}

}  // namespace

Result<DryRunCase> case_of(const Json& json) {
  return guarded<DryRunCase>("Not a case", [&] { return read_case(json); });
}

Result<NamedSample> sample_of(std::string_view line, const SampleDefaults& defaults) {
  auto parsed = canonical::parse_text(line);
  if (parsed.ok() && (is_envelope(*parsed) || is_kcat(*parsed))) {
    return guarded<NamedSample>("Not a sample record", [&] { return read_sample(*parsed, defaults); });
  }
  // Whatever else a line is: the converter judges it, as it would in a topic.
  NamedSample out;
  SampleMessage message;
  message.topic = defaults.topic;
  message.value = std::string(line);
  out.record.input = std::move(message);
  out.record.offset = defaults.offset;
  return out;
}

Json to_json(const std::string& id, const DryRunOutcome& outcome) {
  Json out = {{"id", id}, {"dropped", !outcome.record && !outcome.produced && !outcome.error}};
  if (outcome.record) out["record"] = canonical::to_json(*outcome.record);
  if (outcome.produced) out["produced"] = to_json(*outcome.produced);
  if (outcome.error) out["error"] = to_json(*outcome.error);
  return out;
}

}  // namespace bywash::runtime
