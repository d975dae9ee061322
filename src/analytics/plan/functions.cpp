#include "analytics/plan/functions.h"

#include <string_view>
#include <unordered_map>

namespace bywash::analytics {

Status FunctionArgs::expect(size_t least, size_t most) const {
  if (args.size() >= least && args.size() <= most) return {};
  if (least == most) return Status::invalid(fmt::format("Function {} takes {} argument(s), got {}", name, least, args.size()));
  return Status::invalid(fmt::format("Function {} takes {} to {} arguments, got {}", name, least, most, args.size()));
}

Status FunctionArgs::expect_numbers() const {
  for (size_t i = 0; i < args.size(); ++i) {
    if (physical_of(args[i]->type) != Physical::kText) continue;
    return Status::invalid(fmt::format("Function {} needs a number as argument {}, got {}: {}", name, i + 1, to_string(args[i]->type), args[i]->text));
  }
  return {};
}

Result<std::string> FunctionArgs::literal_text(size_t i) const {
  const Bound& arg = *args[i];
  if (arg.kind != BoundKind::kLiteral) return Status::invalid(fmt::format("Function {} needs a literal as argument {}: {}", name, i + 1, arg.text));
  if (physical_of(arg.type) == Physical::kText) return arg.literal.text;
  if (physical_of(arg.type) == Physical::kInteger) return std::to_string(arg.literal.integer);
  return fmt::format("{}", arg.literal.real);
}

Result<int64_t> FunctionArgs::literal_integer(size_t i) const {
  const Bound& arg = *args[i];
  if (arg.kind == BoundKind::kLiteral && physical_of(arg.type) == Physical::kInteger) return arg.literal.integer;
  if (arg.kind == BoundKind::kLiteral && physical_of(arg.type) == Physical::kText) {
    Result<Scalar> value = parse_scalar(DataType::kLong, arg.literal.text);
    if (value.ok()) return value->integer;
  }
  return Status::invalid(fmt::format("Function {} needs a whole number as argument {}: {}", name, i + 1, arg.text));
}

Result<BoundFunction> bind_function(const FunctionArgs& call) {
  static const std::unordered_map<std::string_view, FunctionBinder> table = [] {
    std::unordered_map<std::string_view, FunctionBinder> out;
    for (const auto* group : {&numeric_functions(), &logic_functions(), &text_functions(), &time_functions()}) {
      for (const FunctionEntry& entry : *group) out.emplace(entry.name, entry.bind);
    }
    return out;
  }();
  auto found = table.find(call.name);
  if (found == table.end()) return Status::invalid(fmt::format("Unsupported function: {}", call.name));
  for (const BoundPtr& arg : call.args) {
    if (arg->multi) return Status::invalid(fmt::format("Function {} does not take multi-value columns: {}", call.name, arg->text));
  }
  return found->second(call);
}

}  // namespace bywash::analytics
