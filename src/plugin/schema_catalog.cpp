// The process's catalog. Level 3.
#include "plugin/schema_catalog.h"

namespace bywash::plugin {
namespace {

std::unique_ptr<SchemaCatalog>& catalog_of_process() {
  static std::unique_ptr<SchemaCatalog> catalog;
  return catalog;
}

}  // namespace

SchemaCatalog* SchemaCatalog::process() { return catalog_of_process().get(); }
void SchemaCatalog::set_process(std::unique_ptr<SchemaCatalog> catalog) { catalog_of_process() = std::move(catalog); }

}  // namespace bywash::plugin
