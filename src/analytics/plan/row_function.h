// Functions that are written as one C++ expression per row: the arguments' types are checked and converted here. Query line, bind stage.
#pragma once

#include "analytics/plan/functions.h"

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bywash::analytics {

// A double as Java's (long) makes it: NaN is 0, too large numbers stop at the ends.
inline int64_t to_long(double value) {
  if (std::isnan(value)) return 0;
  if (value <= -9223372036854775808.0) return INT64_MIN;
  return value >= 9223372036854775808.0 ? INT64_MAX : static_cast<int64_t>(value);
}

// One row of a function's arguments, in the types that its signature asked for.
struct FunctionRow {
  const std::vector<const Vector*>& args;
  Vector& out;
  size_t index = 0;
  size_t count = 0;

  size_t size() const { return args.size(); }
  std::string_view text(size_t k) const { return args[k]->texts[index]; }
  double real(size_t k) const { return args[k]->number(index); }
  int64_t integer(size_t k) const { return args[k]->physical() == Physical::kReal ? to_long(args[k]->reals[index]) : args[k]->integers[index]; }
  bool any_null() const {
    for (const Vector* arg : args) {
      if (arg->is_null(index)) return true;
    }
    return false;
  }
  // The row has no value: NULL with null handling, else the type's default, which the caller writes.
  void null() { out.set_null(index, count); }
  // The row cannot be computed: the query fails.
  void fail(std::string reason) { out.fail(std::move(reason)); }
};

// What a function's arguments must be, one letter each: t a text (other types are cast), b bytes (a text is read as hex), i a whole
// number (a real is cut off), r a number; after '|' the optional ones; a last '*' repeats the letter before it.
class RowArguments {
 public:
  static Result<RowArguments> of(const FunctionArgs& call, std::string_view signature);
  // The vectors to read, those in `converted` where a cast was needed.
  std::vector<const Vector*> read(const std::vector<const Vector*>& args, size_t n, std::vector<Vector>& converted) const;

 private:
  std::vector<Kernel> casts_;
  std::vector<DataType> types_;
};

constexpr size_t kTextsMax = size_t{256} << 20;  // that a function makes of one block of rows

// `f(FunctionRow&, std::string& out)` appends a text, `f(FunctionRow&)` answers a double or a whole number. Not called for rows with a null.
template <class F>
Result<BoundFunction> row_function(const FunctionArgs& call, std::string_view signature, DataType type, F f) {
  ASSIGN_OR_RETURN(RowArguments arguments, RowArguments::of(call, signature));
  Kernel kernel = [arguments = std::move(arguments), f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    std::vector<Vector> converted;
    const std::vector<const Vector*> read = arguments.read(args, n, converted);
    FunctionRow row{read, out, 0, n};
    if constexpr (std::is_invocable_v<F, FunctionRow&, std::string&>) {
      out.start_texts();
      for (row.index = 0; row.index < n; ++row.index) {
        if (out.error.empty() && !row.any_null()) f(row, out.bytes);
        if (out.bytes.size() > kTextsMax) {
          out.fail(fmt::format("the texts that a function makes of {} rows take more than {} MiB; make them shorter", n, kTextsMax >> 20));
          out.bytes.resize(kTextsMax);
        }
        out.end_text();
      }
      out.finish_texts();
    } else if constexpr (std::is_floating_point_v<std::invoke_result_t<F, FunctionRow&>>) {
      out.reals.assign(n, 0);
      for (row.index = 0; row.index < n; ++row.index) {
        if (!row.any_null()) out.reals[row.index] = f(row);
      }
    } else {
      out.integers.assign(n, 0);
      for (row.index = 0; row.index < n; ++row.index) {
        if (!row.any_null()) out.integers[row.index] = static_cast<int64_t>(f(row));
      }
    }
    for (const Vector& one : converted) {
      if (!one.error.empty()) out.fail(one.error);
    }
  };
  return BoundFunction{type, std::move(kernel)};
}

}  // namespace bywash::analytics
