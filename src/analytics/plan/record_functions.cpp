// Values of records as vectors of a query and back; a batch that a kernel refuses is gone through row by row. Level 5.
#include "analytics/plan/record_functions.h"

#include "analytics/plan/functions.h"
#include "analytics/sql/words.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

using expressions::ValueKind;
using expressions::Values;

DataType type_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::kBoolean: return DataType::kBoolean;
    case ValueKind::kInteger: return DataType::kLong;
    case ValueKind::kReal: return DataType::kDouble;
    case ValueKind::kTimestamp: return DataType::kTimestamp;
    default: return DataType::kString;
  }
}

Result<ValueKind> kind_of(const std::string& name, const BoundFunction& function) {
  if (function.multi) return Status::invalid(fmt::format("{} answers arrays, which expressions over records do not", name));
  switch (function.type) {
    case DataType::kInt:
    case DataType::kLong: return ValueKind::kInteger;
    case DataType::kFloat:
    case DataType::kDouble: return ValueKind::kReal;
    case DataType::kBoolean: return ValueKind::kBoolean;
    case DataType::kTimestamp: return ValueKind::kTimestamp;
    case DataType::kString:
    case DataType::kJson: return ValueKind::kText;
    default: return Status::invalid(fmt::format("{} answers {}, which expressions over records do not", name, to_string(function.type)));
  }
}

// Rows [first, first + count) of the values.
Vector vector_of(const Values& values, size_t first, size_t count) {
  Vector out;
  out.type = type_of(values.kind);
  out.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = first + i;
    if (values.null(row) || values.is_bad(row)) {
      out.set_null(i, count);
      continue;
    }
    switch (out.physical()) {
      case Physical::kInteger: out.integers[i] = values.integer(row); break;
      case Physical::kReal: out.reals[i] = values.real(row); break;
      case Physical::kText: out.texts[i] = values.text(row); break;
    }
  }
  return out;
}

// What a binder sees of an argument: its type, and its value where it is the same in every row.
BoundPtr bound_of(const Values& values) {
  auto out = std::make_shared<Bound>();
  out->type = type_of(values.kind);
  out->text = std::string(expressions::to_string(values.kind));
  out->null = values.kind == ValueKind::kNull;
  out->kind = values.constant || out->null ? BoundKind::kLiteral : BoundKind::kColumn;
  if (!values.constant) return out;
  switch (physical_of(out->type)) {
    case Physical::kInteger: out->literal.integer = values.integer(0); break;
    case Physical::kReal: out->literal.real = values.real(0); break;
    case Physical::kText: out->literal.text = std::string(values.text(0)); break;
  }
  return out;
}

class RecordFunctions : public expressions::FunctionSource {
 public:
  bool knows(std::string_view name) const override { return is_function(sql::function_name(name)); }

  Status call(const std::string& name, const std::vector<const Values*>& args, Values& out) const override {
    std::vector<BoundPtr> bound;
    for (const Values* arg : args) {
      if (arg->kind == ValueKind::kOther) return Status::invalid(fmt::format("{} takes no structs, arrays, bytes or decimals: CAST them first", name));
      bound.push_back(bound_of(*arg));
    }
    const std::string canonical = sql::function_name(name);
    ASSIGN_OR_RETURN(const BoundFunction function, bind_function({canonical, bound}));
    ASSIGN_OR_RETURN(out.kind, kind_of(name, function));
    const bool null_decides = function.strict && std::any_of(args.begin(), args.end(), [](const Values* arg) { return arg->kind == ValueKind::kNull; });
    for (const Values* arg : args) {
      for (size_t row = 0; row < out.count; ++row) {
        if (arg->is_bad(row)) out.set_bad(row, arg->why);
        else if (function.strict && arg->null(row)) out.set_null(row);
      }
    }
    if (null_decides) {
      out = Values::of(ValueKind::kNull, out.count);
      return {};
    }
    Results results(out);
    compute(function, args, 0, out.count, results);
    results.finish();
    return {};
  }

 private:
  // Where the rows' results are gathered, in order.
  class Results {
   public:
    explicit Results(Values& out) : out_(out) {
      if (out_.kind == ValueKind::kText) out_.start_texts();
    }
    void add(const Vector& vector, size_t i) {
      const size_t row = next_++;
      const bool none = vector.is_null(i) || out_.is_bad(row) || out_.null(row);
      if (vector.is_null(i) && !out_.is_bad(row)) out_.set_null(row);
      switch (out_.kind) {
        case ValueKind::kReal: out_.reals.push_back(none ? 0 : vector.number(i)); break;
        case ValueKind::kText:
          if (!none) out_.bytes->append(vector.texts[i]);
          out_.end_text();
          break;
        default: out_.integers.push_back(none ? 0 : vector.integers[i]); break;
      }
    }
    void add_bad(std::string_view why) {
      const size_t row = next_++;
      if (!out_.is_bad(row)) out_.set_bad(row, why);
      if (out_.kind == ValueKind::kReal) out_.reals.push_back(0);
      else if (out_.kind == ValueKind::kText) out_.end_text();
      else out_.integers.push_back(0);
    }
    void finish() {
      if (out_.kind == ValueKind::kText) out_.finish_texts();
    }

   private:
    Values& out_;
    size_t next_ = 0;
  };

  // A kernel says only that some row is at fault: halves of the rows until it stands alone.
  static void compute(const BoundFunction& function, const std::vector<const Values*>& args, size_t first, size_t count, Results& results) {
    if (count == 0) return;
    std::vector<Vector> vectors;
    std::vector<const Vector*> pointers;
    for (const Values* arg : args) vectors.push_back(vector_of(*arg, first, count));
    for (const Vector& vector : vectors) pointers.push_back(&vector);
    Vector out;
    out.type = function.type;
    function.kernel(pointers, count, out);
    if (out.error.empty()) {
      for (size_t i = 0; i < count; ++i) results.add(out, i);
    } else if (count == 1) {
      results.add_bad(out.error);
    } else {
      compute(function, args, first, count / 2, results);
      compute(function, args, first + count / 2, count - count / 2, results);
    }
  }
};

}  // namespace

const expressions::FunctionSource& record_functions() {
  static const RecordFunctions functions;
  return functions;
}

}  // namespace bywash::analytics
