// Scalar functions by name: what there is, how many arguments each takes, and their kernels over Values. Level 2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expressions/values.h"

namespace bywash::expressions {

// Computes `out.count` rows. `out` comes with the nulls and errors of its arguments; sets its kind and values. Error: arguments of kinds
// that the function does not take (the caller adds the position).
using FunctionKernel = Status (*)(const std::vector<const Values*>& args, Values& out);

struct Function {
  const char* name;
  size_t least, most;   // arguments
  FunctionKernel kernel;
  bool strict = true;   // null when any argument is null: the kernel need not look
};
const Function* find_function(std::string_view name);
// The groups that make up the table.
const std::vector<Function>& text_functions();
const std::vector<Function>& time_functions();
const std::vector<Function>& operator_functions();

// Error with position: no such function, an aggregation, or another number of arguments.
Status check_call(const std::string& name, size_t arguments, Position at);
// Error with position: CAST knows no such type (upper case).
Status check_type(const std::string& type, Position at);

// CAST(value AS type); rows that cannot be cast are bad, or null with `tries`.
Status cast_values(const Values& value, const std::string& type, bool tries, Values& out);

// Refusals by kind, e.g. "upper takes STRING, got BIGINT".
Status expect_kind(std::string_view function, const Values& value, ValueKind kind);
Status expect_number(std::string_view function, const Values& value);
// The text that is the same in every row (a pattern), or an error.
Result<std::string> constant_text(std::string_view function, const Values& value);
// Milliseconds of a TIMESTAMP, a number of them, or of an ISO 8601 text; false: no time.
bool parse_time(std::string_view text, int64_t* ms);

}  // namespace bywash::expressions
