// Names and references. Level 4, the task's thread.
#include "formats/schema_registry/registry.h"

#include <algorithm>

namespace bywash::formats::schema_registry {
namespace {

// Deeper chains of references than this are a cycle that the registry let through, or meant to do harm.
constexpr int kReferenceDepthMax = 64;

Status resolve_into(Registry& registry, const SchemaText& schema, int depth, std::vector<NamedSchema>* out) {
  if (depth > kReferenceDepthMax) return Status::invalid(fmt::format("References between schemas are nested deeper than {}", kReferenceDepthMax));
  for (const Reference& reference : schema.references) {
    bool known = std::any_of(out->begin(), out->end(), [&](const NamedSchema& n) { return n.name == reference.name; });
    if (known) continue;
    ASSIGN_OR_RETURN(Registered found, registry.version(reference.subject, reference.version));
    RETURN_IF_ERROR(resolve_into(registry, found.schema, depth + 1, out));
    out->push_back({reference.name, std::move(found.schema)});
  }
  return {};
}

}  // namespace

std::string_view to_string(SchemaKind kind) {
  switch (kind) {
    case SchemaKind::kAvro: return "AVRO";
    case SchemaKind::kJson: return "JSON";
    case SchemaKind::kProtobuf: return "PROTOBUF";
  }
  return "AVRO";
}

Result<std::vector<NamedSchema>> resolve_references(Registry& registry, const SchemaText& schema) {
  std::vector<NamedSchema> out;
  RETURN_IF_ERROR(resolve_into(registry, schema, 0, &out));
  return out;
}

}  // namespace bywash::formats::schema_registry
