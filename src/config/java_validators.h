// Validators of Kafka's ConfigDef that have words of their own, beside those in config_def.h (org.apache.kafka.common.config.ConfigDef,
// Kafka 4.3). Level 1.
#pragma once

#include <string>

#include "config/config_def.h"

namespace bywash::config {

// ValidList.anyNonDuplicateValues: no empty and no equal values; with `empty_allowed` the list itself may be empty. `key` as messages show it.
Validator distinct_values(std::string key, bool empty_allowed);
// The properties as such keys are parsed, not validated: of equal values the first stays.
Properties without_duplicates(const ConfigDef& def, Properties properties);
// NonNullValidator.
Validator entry_not_null();

}  // namespace bywash::config
