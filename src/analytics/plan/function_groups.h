// Groups of scalar functions beside those of functions.h, each in a file of its own. Query line, bind stage.
#pragma once

#include "analytics/plan/functions.h"

namespace bywash::analytics {

const std::vector<FunctionEntry>& geo_functions();
const std::vector<FunctionEntry>& url_functions();
const std::vector<FunctionEntry>& address_functions();
const std::vector<FunctionEntry>& text_form_functions();
const std::vector<FunctionEntry>& vector_functions();
const std::vector<FunctionEntry>& hash_functions();
const std::vector<FunctionEntry>& sketch_functions();
const std::vector<FunctionEntry>& h3_functions();
const std::vector<FunctionEntry>& decimal_functions();

}  // namespace bywash::analytics
