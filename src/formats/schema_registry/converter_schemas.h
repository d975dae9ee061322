// ConverterSchemas: which schema a converter writes with and reads with, from a registry, cached. Subject name strategies,
// auto.register.schemas, use.latest.version and the like are decided here, once for Avro, JSON Schema and Protobuf. And the frame around
// every message: a zero byte and the schema's id. Decode and encode steps, the task's thread (not shared). Level 4.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "formats/schema_registry/registry.h"
#include "formats/schema_registry/registry_config.h"

namespace bywash::formats::schema_registry {

// A zero byte, then the id in four bytes, big-endian.
void append_frame(int32_t id, std::string* out);
// The id; `payload` loses the frame. Errors are kData: kafka's SerializationException "Unknown magic byte!", or
// java.nio.BufferUnderflowException for fewer than five bytes.
Result<int32_t> take_frame(std::string_view* payload);

// What only the schema language knows.
struct SchemaLanguage {
  SchemaKind kind = SchemaKind::kAvro;
  // Full name of the record (message, title) that a schema describes; nullopt when it has none. For the record name strategies.
  std::function<Result<std::optional<std::string>>(const SchemaText&, const std::vector<NamedSchema>& references)> record_name;
  // Ok when data written with `writer` can be read with `reader`; for *.compatibility.strict.
  std::function<Status(const SchemaText& reader, const std::vector<NamedSchema>& references, const SchemaText& writer)> can_read;
};

// A schema to write or read with. Stays at its address as long as the ConverterSchemas.
struct ResolvedSchema {
  Registered registered;  // version 0: unknown
  std::vector<NamedSchema> references;
};

class ConverterSchemas {
 public:
  // Opens the registry of the configuration's URLs ("mock://name": the one of this process). Errors are kInvalid.
  static Result<std::unique_ptr<ConverterSchemas>> make(RegistryConfig config, SchemaLanguage language, bool is_key);
  ConverterSchemas(RegistryConfig config, SchemaLanguage language, bool is_key, std::shared_ptr<Registry> registry);

  // The schema of a message by its id, with its version under the topic's subject. Errors as Registry's; use reading_error().
  Result<const ResolvedSchema*> to_read(const std::string& topic, int32_t id);
  // The schema, with its id, that a record of `schema` is written with: registered, looked up, or the subject's latest.
  Result<const ResolvedSchema*> to_write(const std::string& topic, const SchemaText& schema);

  // A registry's refusal as what the converter reports of a record: kData and DataException
  // "Failed to deserialize data for topic orders to Avro:" and the reason. What no record is to blame for (a registry that is down,
  // credentials, TLS) comes back as it was, for all records.
  static Status reading_error(const Status& status, const std::string& topic, std::string_view language);
  static Status writing_error(const Status& status, const std::string& topic, std::string_view language);

  Registry& registry() { return *registry_; }

 private:
  struct Latest {
    ResolvedSchema schema;
    SteadyTime fetched;
  };
  Result<std::string> subject_of(const std::string& topic, const SchemaText& schema, const std::vector<NamedSchema>& references) const;
  Result<ResolvedSchema> choose(const std::string& subject, const SchemaText& schema);
  Status check_strict(const ResolvedSchema& chosen, const SchemaText& writer, const char* key) const;

  RegistryConfig config_;
  SchemaLanguage language_;
  bool is_key_;
  std::shared_ptr<Registry> registry_;
  std::map<std::pair<std::string, int32_t>, std::unique_ptr<ResolvedSchema>> by_id_;        // topic, id
  std::unordered_map<int32_t, ResolvedSchema> texts_;                                       // by id alone
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Latest>> to_write_;         // topic, text with references
  std::vector<std::unique_ptr<Latest>> retired_;                                            // replaced, still pointed at
};

}  // namespace bywash::formats::schema_registry
