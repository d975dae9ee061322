// See integer_functions.h.
#include "analytics/plan/integer_functions.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

template <class F>
BoundFunction whole(F f) {
  return {DataType::kLong, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.integers.resize(n);
            for (size_t i = 0; i < n; ++i) {
              auto value = static_cast<uint64_t>(args[0]->integers[i]);
              for (size_t a = 1; a < args.size(); ++a) value = f(value, static_cast<uint64_t>(args[a]->integers[i]));
              out.integers[i] = static_cast<int64_t>(value);
            }
          }};
}

}  // namespace

std::optional<BoundFunction> bind_whole_arithmetic(const FunctionArgs& call) {
  const bool fits = call.size() >= 2 && std::all_of(call.args.begin(), call.args.end(), [](const BoundPtr& arg) {
    return (arg->type == DataType::kInt || arg->type == DataType::kLong) && !arg->multi && !arg->null;
  });
  if (!fits) return std::nullopt;
  if (call.name == "plus" || call.name == "add") return whole([](uint64_t a, uint64_t b) { return a + b; });
  if (call.name == "times" || call.name == "mult") return whole([](uint64_t a, uint64_t b) { return a * b; });
  if ((call.name == "minus" || call.name == "sub") && call.size() == 2) return whole([](uint64_t a, uint64_t b) { return a - b; });
  return std::nullopt;
}

}  // namespace bywash::analytics
