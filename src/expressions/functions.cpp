// The table of functions, and what they have in common. Level 2.
#include "expressions/functions.h"

#include "expressions/function_source.h"

#include <array>
#include <unordered_map>

namespace bywash::expressions {
namespace {

// What the evaluator does itself: their arguments are not computed alike for every row.
struct OwnCall {
  std::string_view name;
  size_t least, most;
};
constexpr OwnCall kOwnCalls[] = {{"coalesce", 1, 100}, {"if", 3, 3}, {"header", 1, 1}};
constexpr std::string_view kAggregations[] = {"count", "sum", "avg", "min", "max", "distinctcount", "percentile", "stddev", "array_agg", "first", "last"};
constexpr std::string_view kTypes[] = {"TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "LONG", "FLOAT", "REAL", "DOUBLE", "BOOLEAN", "STRING", "VARCHAR", "TEXT", "TIMESTAMP"};

const std::unordered_map<std::string_view, const Function*>& all_functions() {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Function*> out;
    for (const auto* group : {&operator_functions(), &text_functions(), &time_functions()}) {
      for (const Function& function : *group) out.emplace(function.name, &function);
    }
    return out;
  }();
  return table;
}

std::string counted(size_t least, size_t most) {
  if (least == most) return fmt::format("{} argument{}", least, least == 1 ? "" : "s");
  return fmt::format("{} to {} arguments", least, most);
}

const FunctionSource* more_functions = nullptr;

}  // namespace

const FunctionSource* function_source() { return more_functions; }
void set_function_source(const FunctionSource* source) { more_functions = source; }

const Function* find_function(std::string_view name) {
  auto found = all_functions().find(name);
  return found == all_functions().end() ? nullptr : found->second;
}

Status check_call(const std::string& name, size_t arguments, Position at) {
  size_t least = 0, most = 0;
  if (const Function* function = find_function(name); function && std::isalpha(static_cast<unsigned char>(name[0]))) {
    least = function->least, most = function->most;
  } else {
    const OwnCall* own = nullptr;
    for (const OwnCall& call : kOwnCalls) {
      if (call.name == name) own = &call;
    }
    if (!own) {
      for (std::string_view aggregation : kAggregations) {
        if (aggregation == name) return Status::invalid(fmt::format("{} needs several records: each record is looked at alone{}", name, at_text(at)));
      }
      if (more_functions && more_functions->knows(name)) return {};
      return Status::invalid(fmt::format("There is no function {}{}", name, at_text(at)));
    }
    least = own->least, most = own->most;
  }
  if (arguments >= least && arguments <= most) return {};
  return Status::invalid(fmt::format("{} takes {}, got {}{}", name, counted(least, most), arguments, at_text(at)));
}

Status check_type(const std::string& type, Position at) {
  std::string known;
  for (std::string_view name : kTypes) {
    if (name == type) return {};
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return Status::invalid(fmt::format("There is no type {}: use one of {}{}", type, known, at_text(at)));
}

Status expect_kind(std::string_view function, const Values& value, ValueKind kind) {
  if (value.kind == kind) return {};
  return Status::invalid(fmt::format("{} takes {}, got {}", function, to_string(kind), to_string(value.kind)));
}

Status expect_number(std::string_view function, const Values& value) {
  return value.number() ? Status() : Status::invalid(fmt::format("{} takes numbers, got {}", function, to_string(value.kind)));
}

Result<std::string> constant_text(std::string_view function, const Values& value) {
  if (value.constant && value.kind == ValueKind::kText) return std::string(value.text(0));
  return Status::invalid(fmt::format("{} takes a pattern in quotes", function));
}

}  // namespace bywash::expressions
