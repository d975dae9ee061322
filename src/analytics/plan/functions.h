// Scalar functions over vectors, by Pinot's names. Query line, bind stage; one table of all functions, each group in a file of its own.
#pragma once

#include "analytics/plan/expression.h"
#include "base/status.h"

#include <string>
#include <vector>

namespace bywash::analytics {

struct BoundFunction {
  DataType type = DataType::kDouble;
  Kernel kernel;
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
struct FunctionEntry {
  const char* name;
  FunctionBinder bind;
};
// The groups that make up the table.
const std::vector<FunctionEntry>& numeric_functions();
const std::vector<FunctionEntry>& logic_functions();
const std::vector<FunctionEntry>& text_functions();
const std::vector<FunctionEntry>& time_functions();

// Turns a vector into `type`, as Pinot's CAST does. Texts that are no numbers fail the query: `failed` gets the first such text.
BoundFunction cast_function(DataType from, DataType to);

}  // namespace bywash::analytics
