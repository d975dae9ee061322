// Mock registries by name. Level 4, any thread.
#include "formats/schema_registry/mock_catalog.h"

#include "formats/schema_registry/mock_registry.h"

namespace bywash::formats::schema_registry {
namespace {

class MockCatalog final : public plugin::SchemaCatalog {
 public:
  Status put(const std::string& name, const plugin::CatalogSchema& schema) override {
    Registered registered{schema.subject, schema.id, schema.version, {SchemaKind::kAvro, schema.text, {}}};
    for (SchemaKind kind : {SchemaKind::kAvro, SchemaKind::kJson, SchemaKind::kProtobuf}) {
      if (to_string(kind) != schema.kind) continue;
      registered.schema.kind = kind;
      MockRegistry::named(name)->put(std::move(registered));
      return {};
    }
    return Status::invalid(fmt::format("Unknown schemaType '{}': expected AVRO, JSON or PROTOBUF", schema.kind));
  }
  std::optional<std::string> text(const std::string& name, int32_t id) override {
    auto found = MockRegistry::named(name)->schema_by_id(id, "");
    return found.ok() ? std::optional(found->text) : std::nullopt;
  }
  void drop(const std::string& name) override { MockRegistry::drop(name); }
};

}  // namespace

std::unique_ptr<plugin::SchemaCatalog> mock_catalog() { return std::make_unique<MockCatalog>(); }

}  // namespace bywash::formats::schema_registry
