// Scalar functions over vectors, by Pinot's names. Query line, bind stage; one table of all functions, each group in a file of its own.
#pragma once

#include "analytics/plan/expression.h"
#include "base/status.h"

#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

struct BoundFunction {
  DataType type = DataType::kDouble;
  Kernel kernel;
  bool multi = false;   // answers arrays
  bool strict = true;   // null when any argument is: the kernel need not look, but for errors
};

// What a function's binder sees: its name (canonical: lower case, no underscores) and its bound arguments.
struct FunctionArgs {
  const std::string& name;
  const std::vector<BoundPtr>& args;

  size_t size() const { return args.size(); }
  DataType type(size_t i) const { return args[i]->type; }
  Status expect(size_t least, size_t most) const;
  // All arguments are numbers (INT, LONG, FLOAT, DOUBLE, TIMESTAMP, BOOLEAN), or an error naming the first that is not.
  Status expect_numbers() const;
  // The text of a literal argument; kInvalid when it is not a literal.
  Result<std::string> literal_text(size_t i) const;
  Result<int64_t> literal_integer(size_t i) const;
};

// kInvalid "Unsupported function: x" for unknown names, or what is wrong with the arguments.
Result<BoundFunction> bind_function(const FunctionArgs& call);

using FunctionBinder = Result<BoundFunction> (*)(const FunctionArgs&);
// What a function does with an array among its arguments: refuse it, be called for each element, or take it.
enum class Arrays : uint8_t { kRefused, kEach, kTaken };
struct FunctionEntry {
  const char* name;
  FunctionBinder bind;
  Arrays arrays = Arrays::kEach;
};
bool is_function(std::string_view name);
// The groups that make up the table.
const std::vector<FunctionEntry>& numeric_functions();
const std::vector<FunctionEntry>& logic_functions();
const std::vector<FunctionEntry>& text_functions();
const std::vector<FunctionEntry>& time_functions();
const std::vector<FunctionEntry>& text_part_functions();
const std::vector<FunctionEntry>& encoding_functions();
const std::vector<FunctionEntry>& array_functions();
const std::vector<FunctionEntry>& json_functions();

// Turns a vector into `type`, as Pinot's CAST does. Texts that are no numbers fail the query.
BoundFunction cast_function(DataType from, DataType to);

}  // namespace bywash::analytics
