// Registry: what a Confluent-compatible Schema Registry answers, whoever answers: one over HTTP (http_registry.h) or one in this
// process (mock_registry.h). No caches here; converter_schemas.h has them. Decode and encode steps, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace bywash::formats::schema_registry {

enum class SchemaKind : uint8_t { kAvro, kJson, kProtobuf };
std::string_view to_string(SchemaKind kind);  // "AVRO", "JSON", "PROTOBUF"

// A schema that another one refers to: `name` is what the text says (a full name, an import path, a $ref).
struct Reference {
  std::string name;
  std::string subject;
  int32_t version = 0;
  friend bool operator==(const Reference&, const Reference&) = default;
};

struct SchemaText {
  SchemaKind kind = SchemaKind::kAvro;
  std::string text;
  std::vector<Reference> references;
  friend bool operator==(const SchemaText&, const SchemaText&) = default;
};

struct Registered {
  std::string subject;
  int32_t id = 0;
  int32_t version = 0;  // 0: the registry did not say
  SchemaText schema;
};

// Errors of every call:
//   kRetriable     the registry is down or overloaded (no connection, 408, 429, 5xx), after the configured retries
//   kUnauthorized  401, 403; kFatal: TLS
//   kNotFound      no such subject (40401), version (40402) or schema (40403)
//   kConflict      409: the schema is not compatible with those of the subject
//   kInvalid       422 and other 4xx: the registry does not take the schema or the request
// with the Java class of the exception that Confluent's serializers throw, never with a schema's text or credentials.
class Registry {
 public:
  virtual ~Registry() = default;
  // `subject` may be empty; it only helps the registry to find the context.
  virtual Result<SchemaText> schema_by_id(int32_t id, const std::string& subject) = 0;
  virtual Result<Registered> register_schema(const std::string& subject, const SchemaText& schema, bool normalize) = 0;
  // The id and version that the schema has under the subject.
  virtual Result<Registered> lookup(const std::string& subject, const SchemaText& schema, bool normalize) = 0;
  // A version under the subject; 0 is the latest.
  virtual Result<Registered> version(const std::string& subject, int32_t version) = 0;
  // The latest version whose metadata has all these properties.
  virtual Result<Registered> latest_with(const std::string& subject, const std::vector<std::pair<std::string, std::string>>& metadata) = 0;
};

// A schema by the name that others refer to it by.
struct NamedSchema {
  std::string name;
  SchemaText schema;
};
// Every schema that `schema` refers to, directly or not, each name once, what is referred to before who refers to it.
Result<std::vector<NamedSchema>> resolve_references(Registry& registry, const SchemaText& schema);

}  // namespace bywash::formats::schema_registry
