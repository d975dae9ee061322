// The keys that Pinot's table JSON may have, and its stored form with defaults filled. Level 5, REST threads.
// Source: the Jackson properties of org.apache.pinot.spi.config.table.* 1.5.1.
#pragma once

#include <string>

#include "analytics/table/json_document.h"

namespace bywash::analytics {

const KeyShape& table_config_shape();

// The document as Pinot's controller stores and shows it: name with type, defaults where it says nothing.
Json stored_table_config(const Json& document, const std::string& name_with_type, bool realtime);

}  // namespace bywash::analytics
