// Names of result columns as Apache Pinot 1.5.1 writes them: its functions' own spelling, predicates in FILTER(WHERE ...). Query line, bind stage.
#pragma once

#include <string>

#include "analytics/sql/query.h"

namespace bywash::analytics {

// The name of a column without an alias (org.apache.pinot.core.query.aggregation.function.*, FunctionContext, FilterContext).
std::string column_name(const sql::Expression& expression);

}  // namespace bywash::analytics
