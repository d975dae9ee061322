// FunctionSource: functions that another part of the program brings to the expressions over records, so that a function has one kernel.
// Level 2; set once at start, read by every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expressions/values.h"

namespace bywash::expressions {

class FunctionSource {
 public:
  virtual ~FunctionSource() = default;
  // Is there a function of this name, in any spelling of it?
  virtual bool knows(std::string_view name) const = 0;
  // Computes `out.count` rows, each null where an argument is, unless the function takes nulls. Rows that cannot be computed are bad.
  // Error: the arguments are of the wrong number or kinds (the caller adds the position).
  virtual Status call(const std::string& name, const std::vector<const Values*>& args, Values& out) const = 0;
};

// The process's; null: only the functions of functions.h are there.
const FunctionSource* function_source();
void set_function_source(const FunctionSource* source);

}  // namespace bywash::expressions
