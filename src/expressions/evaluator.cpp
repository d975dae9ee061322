// The walk over the tree. Level 2.
#include "expressions/evaluator.h"

#include <limits>

#include "expressions/function_source.h"
#include "expressions/functions.h"

namespace bywash::expressions {
namespace {

using columnar::Batch;
using columnar::Value;

Values literal_values(const Expression& expression, size_t rows) {
  const Value& value = expression.literal;
  Values out;
  out.count = rows;
  if (value.is_null()) return out;
  out.constant = true;
  if (auto* flag = value.get_if<bool>()) out.kind = ValueKind::kBoolean, out.integers = {*flag};
  else if (auto* whole = value.get_if<int64_t>()) out.kind = ValueKind::kInteger, out.integers = {*whole};
  else if (auto* real = value.get_if<double>()) out.kind = ValueKind::kReal, out.reals = {*real};
  else out.kind = ValueKind::kText, out.texts = {value.get<std::string>()};
  return out;
}

enum class Truth : uint8_t { kFalse, kTrue, kNull, kBad };
Truth truth_of(const Values& values, size_t row) {
  if (values.is_bad(row)) return Truth::kBad;
  if (values.null(row)) return Truth::kNull;
  return values.integer(row) != 0 ? Truth::kTrue : Truth::kFalse;
}
void set_truth(Values& out, size_t row, Truth truth, std::string_view why) {
  out.integers[row] = truth == Truth::kTrue;
  if (truth == Truth::kNull) out.set_null(row);
  if (truth == Truth::kBad) out.set_bad(row, why);
}

class Walk {
 public:
  explicit Walk(const Batch& batch) : batch_(batch), rows_(static_cast<size_t>(batch.row_count())) {}

  Result<Values> values(const Expression& e) const {
    switch (e.kind) {
      case Expression::Kind::kLiteral: return literal_values(e, rows_);
      case Expression::Kind::kName: return load_name(e, batch_);
      case Expression::Kind::kCall: break;
    }
    auto out = call(e);
    if (out.ok() || out.status().code() == Code::kData) return out;
    return Status::data(out.status().message() + at_text(e.at));
  }

 private:
  Result<Values> call(const Expression& e) const {
    if (e.function == "header") return load_header(e.args[0]->literal.get<std::string>(), batch_);
    std::vector<Values> args;
    for (const ExpressionPtr& arg : e.args) {
      ASSIGN_OR_RETURN(Values value, values(*arg));
      args.push_back(std::move(value));
    }
    if (e.function == "and" || e.function == "or") return junction(args, e.function == "and");
    if (e.function == "not") return negation(args[0]);
    if (e.function == "is_null" || e.function == "is_not_null") return null_test(args[0], e.function == "is_null");
    if (e.function == "case" || e.function == "if") return choice(args);
    if (e.function == "coalesce") return first_not_null(args);
    Values out;
    out.count = rows_;
    std::vector<const Values*> pointers;
    for (const Values& arg : args) pointers.push_back(&arg);
    if (e.function == "cast" || e.function == "try_cast") {
      out.inherit({&args[0]});
      RETURN_IF_ERROR(cast_values(args[0], std::string(args[1].text(0)), e.function == "try_cast", out));
      if (!out.why.empty() && out.why.find(" at line ") == std::string::npos) out.why += at_text(e.at);
      return out;
    }
    const Function* function = find_function(e.function);
    if (!function) {
      const FunctionSource* more = function_source();
      if (!more || !more->knows(e.function)) return Status::invalid(fmt::format("There is no function {}", e.function));
      RETURN_IF_ERROR(more->call(e.function, pointers, out));
      if (!out.why.empty() && out.why.find(" at line ") == std::string::npos) out.why += at_text(e.at);
      return out;
    }
    if (function->strict) {
      out.inherit(pointers);
      // A literal NULL has no kind for the kernel to look at.
      for (const Values* arg : pointers) {
        if (arg->kind == ValueKind::kNull) return Values::of(ValueKind::kNull, rows_);
      }
    }
    RETURN_IF_ERROR(function->kernel(pointers, out));
    if (!out.why.empty() && out.why.find(" at line ") == std::string::npos) out.why += at_text(e.at);
    return out;
  }

  Status expect_condition(const Values& value) const {
    return value.kind == ValueKind::kBoolean || value.kind == ValueKind::kNull ? Status() : Status::invalid(fmt::format("A condition must be BOOLEAN, this is {}", to_string(value.kind)));
  }
  Result<Values> junction(const std::vector<Values>& args, bool all) const {
    for (const Values& arg : args) RETURN_IF_ERROR(expect_condition(arg));
    Values out = Values::of(ValueKind::kBoolean, rows_);
    const Truth decides = all ? Truth::kFalse : Truth::kTrue;
    for (size_t i = 0; i < rows_; ++i) {
      const Truth a = truth_of(args[0], i), b = truth_of(args[1], i);
      // What decides wins over errors; errors win over nulls.
      Truth truth = all ? Truth::kTrue : Truth::kFalse;
      if (a == decides || b == decides) truth = decides;
      else if (a == Truth::kBad || b == Truth::kBad) truth = Truth::kBad;
      else if (a == Truth::kNull || b == Truth::kNull) truth = Truth::kNull;
      set_truth(out, i, truth, a == Truth::kBad ? args[0].why : args[1].why);
    }
    return out;
  }
  Result<Values> negation(const Values& arg) const {
    RETURN_IF_ERROR(expect_condition(arg));
    Values out = Values::of(ValueKind::kBoolean, rows_);
    for (size_t i = 0; i < rows_; ++i) {
      const Truth truth = truth_of(arg, i);
      set_truth(out, i, truth == Truth::kTrue ? Truth::kFalse : truth == Truth::kFalse ? Truth::kTrue : truth, arg.why);
    }
    return out;
  }
  Result<Values> null_test(const Values& arg, bool wanted) const {
    Values out = Values::of(ValueKind::kBoolean, rows_);
    out.bad = {};
    for (size_t i = 0; i < rows_; ++i) {
      if (arg.is_bad(i)) out.set_bad(i, arg.why);
      out.integers[i] = arg.null(i) == wanted;
    }
    return out;
  }

  // One kind for several values: numbers meet as BIGINT or DOUBLE, NULL fits anything.
  static Result<ValueKind> common_kind(const std::vector<const Values*>& values) {
    ValueKind kind = ValueKind::kNull;
    for (const Values* v : values) {
      if (v->kind == ValueKind::kNull || v->kind == kind) continue;
      if (v->kind == ValueKind::kOther) return Status::invalid("Structs, arrays and bytes cannot be chosen from");
      const bool numbers = v->number() && (kind == ValueKind::kInteger || kind == ValueKind::kReal);
      if (kind != ValueKind::kNull && !numbers) return Status::invalid(fmt::format("{} and {} are mixed", to_string(kind), to_string(v->kind)));
      kind = numbers ? ValueKind::kReal : v->kind;
    }
    return kind;
  }
  // Row i of `from` becomes row i of `out`.
  static void copy_row(const Values& from, size_t row, Values& out) {
    if (from.is_bad(row)) return out.set_bad(row, from.why);
    if (from.null(row)) return out.set_null(row);
    switch (out.kind) {
      case ValueKind::kReal: out.reals[row] = from.real(row); break;
      case ValueKind::kText: out.texts[row] = from.text(row); break;
      case ValueKind::kNull:
      case ValueKind::kOther: break;
      default: out.integers[row] = from.integer(row);
    }
  }
  // Texts chosen from several arguments live as long as the result: their bytes are kept in one place.
  static void own_texts(Values& out) {
    if (out.kind != ValueKind::kText) return;
    const std::vector<std::string_view> views = out.texts;
    out.start_texts();
    for (std::string_view text : views) {
      *out.bytes += text;
      out.end_text();
    }
    out.finish_texts();
  }
  // (condition, value)*, otherwise.
  Result<Values> choice(const std::vector<Values>& args) const {
    std::vector<const Values*> results;
    for (size_t i = 0; i < args.size(); ++i) {
      const bool condition = i % 2 == 0 && i + 1 < args.size();
      if (condition) RETURN_IF_ERROR(expect_condition(args[i]));
      else results.push_back(&args[i]);
    }
    ASSIGN_OR_RETURN(ValueKind kind, common_kind(results));
    Values out = Values::of(kind, rows_);
    for (size_t row = 0; row < rows_; ++row) {
      size_t i = 0;
      Truth truth = Truth::kFalse;
      while (i + 1 < args.size()) {
        truth = truth_of(args[i], row);
        if (truth == Truth::kTrue || truth == Truth::kBad) break;
        i += 2;
      }
      if (truth == Truth::kBad) out.set_bad(row, args[i].why);
      else copy_row(args[i + 1 < args.size() ? i + 1 : i], row, out);
    }
    own_texts(out);
    return out;
  }
  Result<Values> first_not_null(const std::vector<Values>& args) const {
    std::vector<const Values*> all;
    for (const Values& arg : args) all.push_back(&arg);
    ASSIGN_OR_RETURN(ValueKind kind, common_kind(all));
    Values out = Values::of(kind, rows_);
    for (size_t row = 0; row < rows_; ++row) {
      size_t i = 0;
      while (i + 1 < args.size() && args[i].null(row) && !args[i].is_bad(row)) ++i;
      copy_row(args[i], row, out);
    }
    own_texts(out);
    return out;
  }

  const Batch& batch_;
  const size_t rows_;
};

}  // namespace

Result<Values> evaluate(const Expression& expression, const Batch& batch) { return Walk(batch).values(expression); }

}  // namespace bywash::expressions
