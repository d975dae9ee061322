// Subjects, choice of schemas, caches and the frame. Level 4, the task's thread.
#include "formats/schema_registry/converter_schemas.h"

#include "formats/schema_registry/http_registry.h"
#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats::schema_registry {
namespace {

constexpr const char* kDataException = "org.apache.kafka.connect.errors.DataException";
constexpr const char* kSerializationException = "org.apache.kafka.common.errors.SerializationException";
constexpr std::string_view kMock = "mock://";

std::string cache_key(const SchemaText& schema) {
  std::string out = schema.text;
  for (const Reference& r : schema.references) out += fmt::format("\n{}\t{}\t{}", r.name, r.subject, r.version);
  return out;
}

Status record_error(const Status& status, std::string message) {
  switch (status.code()) {
    case Code::kData:
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kInvalid: return Status::data(std::move(message) + " " + status.message()).with_java_class(kDataException);
    default: return status;
  }
}

}  // namespace

void append_frame(int32_t id, std::string* out) {
  auto n = static_cast<uint32_t>(id);
  const char frame[5] = {0, static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  out->append(frame, sizeof frame);
}

Result<int32_t> take_frame(std::string_view* payload) {
  if (!payload->empty() && payload->front() != 0) return Status::data("Unknown magic byte!").with_java_class(kSerializationException);
  if (payload->size() < 5) {
    return Status::data("The message is too short for a magic byte and a schema id").with_java_class("java.nio.BufferUnderflowException");
  }
  auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>((*payload)[i])); };
  uint32_t id = at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4);
  payload->remove_prefix(5);
  return static_cast<int32_t>(id);
}

Result<std::unique_ptr<ConverterSchemas>> ConverterSchemas::make(RegistryConfig config, SchemaLanguage language, bool is_key) {
  std::shared_ptr<Registry> registry;
  if (config.urls.size() == 1 && config.urls[0].starts_with(kMock)) {
    registry = MockRegistry::named(config.urls[0].substr(kMock.size()));
  } else {
    ASSIGN_OR_RETURN(registry, make_http_registry(config));
  }
  return std::make_unique<ConverterSchemas>(std::move(config), std::move(language), is_key, std::move(registry));
}

ConverterSchemas::ConverterSchemas(RegistryConfig config, SchemaLanguage language, bool is_key, std::shared_ptr<Registry> registry)
    : config_(std::move(config)), language_(std::move(language)), is_key_(is_key), registry_(std::move(registry)) {}

Result<std::string> ConverterSchemas::subject_of(const std::string& topic, const SchemaText& schema, const std::vector<NamedSchema>& references) const {
  SubjectStrategy strategy = config_.strategy(is_key_);
  if (strategy == SubjectStrategy::kTopic) return topic + (is_key_ ? "-key" : "-value");
  ASSIGN_OR_RETURN(std::optional<std::string> name, language_.record_name(schema, references));
  if (!name) {
    return Status::data(fmt::format("In configuration {} = {}, the message {} must only be a record schema",
                                    is_key_ ? "key.subject.name.strategy" : "value.subject.name.strategy",
                                    is_key_ ? config_.key_strategy : config_.value_strategy, is_key_ ? "key" : "value"))
        .with_java_class(kSerializationException);
  }
  return strategy == SubjectStrategy::kRecord ? *name : topic + "-" + *name;
}

Result<const ResolvedSchema*> ConverterSchemas::to_read(const std::string& topic, int32_t id) {
  auto known = by_id_.find({topic, id});
  if (known != by_id_.end()) return static_cast<const ResolvedSchema*>(known->second.get());
  auto text = texts_.find(id);
  if (text == texts_.end()) {
    bool by_topic = config_.strategy(is_key_) == SubjectStrategy::kTopic;
    ASSIGN_OR_RETURN(SchemaText schema, registry_->schema_by_id(id, by_topic ? topic + (is_key_ ? "-key" : "-value") : ""));
    if (schema.kind != language_.kind) {
      return Status::data(fmt::format("The schema with id {} is of type {}, not {}. Use the converter for it", id, to_string(schema.kind), to_string(language_.kind)))
          .with_java_class(kSerializationException);
    }
    ResolvedSchema resolved;
    resolved.registered.id = id;
    ASSIGN_OR_RETURN(resolved.references, resolve_references(*registry_, schema));
    resolved.registered.schema = std::move(schema);
    if (texts_.size() >= static_cast<size_t>(config_.schemas_max)) texts_.clear();
    text = texts_.emplace(id, std::move(resolved)).first;
  }
  ResolvedSchema out = text->second;
  ASSIGN_OR_RETURN(std::string subject, subject_of(topic, out.registered.schema, out.references));
  auto found = registry_->lookup(subject, out.registered.schema, false);
  if (!found.ok()) return found.status().with_context(fmt::format("the schema with id {} has no version under subject '{}'", id, subject));
  out.registered.subject = std::move(subject);
  out.registered.version = found->version;
  auto& slot = by_id_[{topic, id}];
  slot = std::make_unique<ResolvedSchema>(std::move(out));
  return static_cast<const ResolvedSchema*>(slot.get());
}

Status ConverterSchemas::check_strict(const ResolvedSchema& chosen, const SchemaText& writer, const char* key) const {
  Status fits = language_.can_read(chosen.registered.schema, chosen.references, writer);
  if (fits.ok()) return {};
  // An IOException in the original, which the converter reports as a NetworkException.
  return Status::data(fmt::format("Incompatible schema: version {} of subject '{}' cannot read what the record's own schema writes: {}. Set {}=false to disable this check",
                                  chosen.registered.version, chosen.registered.subject, fits.message(), key))
      .with_java_class("org.apache.kafka.common.errors.NetworkException");
}

Result<ResolvedSchema> ConverterSchemas::choose(const std::string& subject, const SchemaText& schema) {
  ResolvedSchema out;
  const char* strict = nullptr;
  if (config_.auto_register_schemas) {
    ASSIGN_OR_RETURN(out.registered, registry_->register_schema(subject, schema, config_.normalize_schemas));
  } else if (config_.use_schema_id >= 0) {
    ASSIGN_OR_RETURN(SchemaText text, registry_->schema_by_id(config_.use_schema_id, subject));
    out.registered = {subject, config_.use_schema_id, 0, std::move(text)};
    if (config_.id_compatibility_strict) strict = "id.compatibility.strict";
  } else if (!config_.use_latest_with_metadata.empty()) {
    std::vector<std::pair<std::string, std::string>> metadata;
    for (const std::string& entry : config_.use_latest_with_metadata) {
      size_t equals = entry.find('=');
      metadata.emplace_back(entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
    }
    ASSIGN_OR_RETURN(out.registered, registry_->latest_with(subject, metadata));
  } else if (config_.use_latest_version) {
    ASSIGN_OR_RETURN(out.registered, registry_->version(subject, 0));
    if (config_.latest_compatibility_strict) strict = "latest.compatibility.strict";
  } else {
    ASSIGN_OR_RETURN(out.registered, registry_->lookup(subject, schema, config_.normalize_schemas));
  }
  if (out.registered.schema.kind != language_.kind) {
    return Status::data(fmt::format("The schema with id {} is of type {}, not {}", out.registered.id, to_string(out.registered.schema.kind), to_string(language_.kind)))
        .with_java_class(kSerializationException);
  }
  ASSIGN_OR_RETURN(out.references, resolve_references(*registry_, out.registered.schema));
  if (strict) RETURN_IF_ERROR(check_strict(out, schema, strict));
  return out;
}

Result<const ResolvedSchema*> ConverterSchemas::to_write(const std::string& topic, const SchemaText& schema) {
  std::pair<std::string, std::string> key{topic, cache_key(schema)};
  auto known = to_write_.find(key);
  bool expires = !config_.auto_register_schemas && (config_.use_latest_version || !config_.use_latest_with_metadata.empty()) && config_.latest_cache_ttl_seconds >= 0;
  if (known != to_write_.end() && !(expires && steady_now() - known->second->fetched >= std::chrono::seconds(config_.latest_cache_ttl_seconds))) {
    return static_cast<const ResolvedSchema*>(&known->second->schema);
  }
  ASSIGN_OR_RETURN(std::vector<NamedSchema> references, resolve_references(*registry_, schema));
  ASSIGN_OR_RETURN(std::string subject, subject_of(topic, schema, references));
  ASSIGN_OR_RETURN(ResolvedSchema chosen, choose(subject, schema));
  auto fresh = std::make_unique<Latest>(Latest{std::move(chosen), steady_now()});
  auto& slot = to_write_[std::move(key)];
  // The same answer keeps its address, so that what a converter compiled for it stays good.
  if (slot && slot->schema.registered.id == fresh->schema.registered.id) {
    slot->fetched = fresh->fetched;
  } else {
    if (slot) retired_.push_back(std::move(slot));
    slot = std::move(fresh);
  }
  return static_cast<const ResolvedSchema*>(&slot->schema);
}

Status ConverterSchemas::reading_error(const Status& status, const std::string& topic, std::string_view language) {
  if (status.java_class() == "java.nio.BufferUnderflowException") return status;
  return record_error(status, fmt::format("Failed to deserialize data for topic {} to {}:", topic, language));
}

Status ConverterSchemas::writing_error(const Status& status, const std::string& topic, std::string_view language) {
  if (status.java_class() == "org.apache.kafka.common.errors.NetworkException") {
    return Status::data(fmt::format("I/O error while serializing {} data for topic {}: {}", language, topic, status.message()))
        .with_java_class(status.java_class());
  }
  return record_error(status, fmt::format("Failed to serialize {} data from topic {}:", language, topic));
}

}  // namespace bywash::formats::schema_registry
