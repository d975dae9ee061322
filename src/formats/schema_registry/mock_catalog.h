// The registries of this process (mock_registry.h) as what a dry run fills and reads. Level 4, any thread.
#pragma once

#include <memory>

#include "plugin/schema_catalog.h"

namespace bywash::formats::schema_registry {

std::unique_ptr<plugin::SchemaCatalog> mock_catalog();

}  // namespace bywash::formats::schema_registry
