// The scalar functions of queries, for the expressions over records that transforms compute (expressions/function_source.h): the same kernels.
// Level 5, any thread.
#pragma once

#include "expressions/function_source.h"

namespace bywash::analytics {

// All functions of the query line but those that take or answer arrays. Lives as long as the process.
const expressions::FunctionSource& record_functions();

}  // namespace bywash::analytics
