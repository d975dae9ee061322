// Comparisons, AND/OR/NOT, CASE, CAST, COALESCE. Filters on single columns do not come here: they become predicates.
#include "analytics/plan/functions.h"
#include "analytics/sql/java_text.h"

#include <algorithm>
#include <cmath>

namespace bywash::analytics {
namespace {

enum class Comparison { kEqual, kNotEqual, kGreater, kGreaterOrEqual, kLess, kLessOrEqual };

template <Comparison C, class T>
bool holds(const T& a, const T& b) {
  switch (C) {
    case Comparison::kEqual: return a == b;
    case Comparison::kNotEqual: return !(a == b);
    case Comparison::kGreater: return a > b;
    case Comparison::kGreaterOrEqual: return a >= b;
    case Comparison::kLess: return a < b;
    case Comparison::kLessOrEqual: return a <= b;
  }
  return false;
}

// Both sides as one physical kind: texts with texts, else integers, else reals. A text literal beside a number reads as a number.
Result<Physical> meeting_kind(const FunctionArgs& call) {
  bool text = false, real = false, number = false;
  for (const BoundPtr& arg : call.args) {
    Physical kind = physical_of(arg->type);
    text |= kind == Physical::kText;
    real |= kind == Physical::kReal;
    number |= kind != Physical::kText;
  }
  if (!text) return real ? Physical::kReal : Physical::kInteger;
  if (!number) return Physical::kText;
  for (const BoundPtr& arg : call.args) {
    if (physical_of(arg->type) != Physical::kText) continue;
    if (arg->kind != BoundKind::kLiteral) return Status::invalid(fmt::format("Cannot compare {} with a number: {}", to_string(arg->type), arg->text));
    RETURN_IF_ERROR(parse_scalar(DataType::kDouble, arg->literal.text).status());
  }
  return Physical::kReal;
}

double number_at(const Vector& v, size_t i) {
  if (v.physical() != Physical::kText) return v.number(i);
  Result<Scalar> value = parse_scalar(DataType::kDouble, v.texts[i]);
  return value.ok() ? value->real : std::nan("");
}

template <Comparison C>
Result<BoundFunction> compare(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(Physical kind, meeting_kind(call));
  return BoundFunction{DataType::kBoolean, [kind](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         const Vector &a = *args[0], &b = *args[1];
                         for (size_t i = 0; i < n; ++i) {
                           if (kind == Physical::kInteger) out.integers[i] = holds<C>(a.integers[i], b.integers[i]);
                           else if (kind == Physical::kText) out.integers[i] = holds<C>(a.texts[i], b.texts[i]);
                           else out.integers[i] = holds<C>(number_at(a, i), number_at(b, i));
                         }
                       }};
}

Result<BoundFunction> between(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  ASSIGN_OR_RETURN(Physical kind, meeting_kind(call));
  return BoundFunction{DataType::kBoolean, [kind](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         const Vector &v = *args[0], &low = *args[1], &high = *args[2];
                         for (size_t i = 0; i < n; ++i) {
                           if (kind == Physical::kText) out.integers[i] = v.texts[i] >= low.texts[i] && v.texts[i] <= high.texts[i];
                           else if (kind == Physical::kInteger) out.integers[i] = v.integers[i] >= low.integers[i] && v.integers[i] <= high.integers[i];
                           else out.integers[i] = number_at(v, i) >= number_at(low, i) && number_at(v, i) <= number_at(high, i);
                         }
                       }};
}

template <bool Negated>
Result<BoundFunction> in_list(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, SIZE_MAX));
  ASSIGN_OR_RETURN(Physical kind, meeting_kind(call));
  return BoundFunction{DataType::kBoolean, [kind](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           bool found = false;
                           for (size_t a = 1; a < args.size() && !found; ++a) {
                             if (kind == Physical::kText) found = args[0]->texts[i] == args[a]->texts[i];
                             else if (kind == Physical::kInteger) found = args[0]->integers[i] == args[a]->integers[i];
                             else found = number_at(*args[0], i) == number_at(*args[a], i);
                           }
                           out.integers[i] = found != Negated;
                         }
                       }};
}

Status expect_booleans(const FunctionArgs& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (physical_of(call.type(i)) == Physical::kInteger) continue;
    return Status::invalid(fmt::format("Function {} needs a BOOLEAN as argument {}, got {}: {}", call.name, i + 1, to_string(call.type(i)), call.args[i]->text));
  }
  return {};
}

template <bool And>
Result<BoundFunction> junction(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  RETURN_IF_ERROR(expect_booleans(call));
  return BoundFunction{DataType::kBoolean, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.assign(n, And);
                         for (const Vector* arg : args) {
                           for (size_t i = 0; i < n; ++i) {
                             if (And) out.integers[i] &= arg->integers[i] != 0;
                             else out.integers[i] |= arg->integers[i] != 0;
                           }
                         }
                       }};
}

// NOT, IS [NOT] TRUE, IS [NOT] FALSE: whether the value's truth equals Wanted.
template <bool Wanted>
Result<BoundFunction> truth(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_booleans(call));
  return BoundFunction{DataType::kBoolean, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) out.integers[i] = (args[0]->integers[i] != 0) == Wanted;
                       }};
}

// The type that all of these can become: equal types stay; numbers widen to LONG or DOUBLE; anything else is STRING.
DataType common_type(const std::vector<BoundPtr>& values) {
  bool first = true, all_numbers = true, real = false;
  bool wide = false, mixed = false;
  DataType type = DataType::kString;
  for (const BoundPtr& value : values) {
    if (value->null) continue;
    if (first) type = value->type;
    else mixed |= value->type != type;
    first = false;
    all_numbers &= physical_of(value->type) != Physical::kText;
    real |= is_real(value->type);
    wide |= stored_as(value->type) == Stored::kI64;
  }
  if (!mixed) return type;
  if (!all_numbers) return DataType::kString;
  return real ? DataType::kDouble : wide ? DataType::kLong : DataType::kInt;
}

std::vector<Kernel> casts_to(DataType type, const std::vector<BoundPtr>& values) {
  std::vector<Kernel> out;
  for (const BoundPtr& value : values) out.push_back(value->type == type ? Kernel() : cast_function(value->type, type).kernel);
  return out;
}

void copy_row(const Vector& from, size_t i, Vector& out) {
  switch (out.physical()) {
    case Physical::kInteger: out.integers[i] = from.integers[i]; break;
    case Physical::kReal: out.reals[i] = from.reals[i]; break;
    case Physical::kText: out.texts[i] = from.texts[i]; break;
  }
}

// Arguments (when, then)*, else.
Result<BoundFunction> case_when(const FunctionArgs& call) {
  if (call.size() < 3 || call.size() % 2 == 0) return Status::invalid("Function case takes pairs of condition and value, then the value of ELSE");
  std::vector<BoundPtr> values;
  for (size_t i = 0; i + 1 < call.size(); i += 2) {
    if (physical_of(call.type(i)) != Physical::kInteger) return Status::invalid(fmt::format("CASE needs a BOOLEAN after WHEN: {}", call.args[i]->text));
    values.push_back(call.args[i + 1]);
  }
  values.push_back(call.args.back());
  DataType type = common_type(values);
  auto casts = casts_to(type, values);
  return BoundFunction{type, [type, casts](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.resize(n);
                         std::vector<Vector> converted(casts.size());
                         std::vector<const Vector*> values_;
                         for (size_t v = 0; v < casts.size(); ++v) {
                           const Vector* source = v + 1 < casts.size() ? args[2 * v + 1] : args.back();
                           converted[v].type = type;
                           if (casts[v]) casts[v]({source}, n, converted[v]);
                           values_.push_back(casts[v] ? &converted[v] : source);
                         }
                         for (size_t i = 0; i < n; ++i) {
                           size_t chosen = 0;
                           while (chosen + 1 < values_.size() && !args[2 * chosen]->integers[i]) ++chosen;
                           copy_row(*values_[chosen], i, out);
                         }
                         if (out.physical() != Physical::kText) return;
                         out.bytes.clear();  // converted texts die with this call: copy them
                         out.ends.clear();
                         for (size_t i = 0; i < n; ++i) out.bytes += out.texts[i], out.end_text();
                         out.finish_texts();
                       }};
}

Result<BoundFunction> cast(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(std::string name, call.literal_text(1));
  static constexpr std::pair<std::string_view, DataType> kNames[] = {
      {"INT", DataType::kInt},         {"INTEGER", DataType::kInt},     {"LONG", DataType::kLong},       {"BIGINT", DataType::kLong},
      {"FLOAT", DataType::kFloat},     {"REAL", DataType::kFloat},      {"DOUBLE", DataType::kDouble},   {"BOOLEAN", DataType::kBoolean},
      {"TIMESTAMP", DataType::kTimestamp}, {"STRING", DataType::kString}, {"VARCHAR", DataType::kString}, {"CHAR", DataType::kString},
      {"JSON", DataType::kJson}};
  for (auto [known, type] : kNames) {
    if (known == name) return cast_function(call.type(0), type);
  }
  return Status::invalid(fmt::format("Cannot cast to unknown type: '{}'", name));
}

Result<BoundFunction> coalesce(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  // Without null handling columns are never null (they hold their defaults): the first argument that is not the literal NULL wins.
  for (size_t i = 0; i < call.size(); ++i) {
    if (call.args[i]->null && i + 1 < call.size()) continue;
    return BoundFunction{call.type(i), [i](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                           out.resize(n);
                           for (size_t row = 0; row < n; ++row) copy_row(*args[i], row, out);
                         }};
  }
  return Status::invalid("Function coalesce needs an argument");
}

int64_t saturated(double value, int64_t low, int64_t high) {
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(low)) return low;
  return value >= static_cast<double>(high) ? high : static_cast<int64_t>(value);
}

void to_text(const Vector& from, size_t i, std::string& out) {
  switch (from.type) {
    case DataType::kBoolean: out += from.integers[i] ? "true" : "false"; return;
    case DataType::kFloat: out += sql::java_float(static_cast<float>(from.reals[i])); return;
    case DataType::kDouble: out += sql::java_double(from.reals[i]); return;
    default: break;
  }
  if (from.physical() == Physical::kText) out += from.texts[i];
  else out += std::to_string(from.integers[i]);
}

}  // namespace

BoundFunction cast_function(DataType from, DataType to) {
  (void)from;
  return {to, [to](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            const Vector& source = *args[0];
            if (physical_of(to) == Physical::kText) {
              out.start_texts();
              for (size_t i = 0; i < n; ++i) to_text(source, i, out.bytes), out.end_text();
              return out.finish_texts();
            }
            out.resize(n);
            for (size_t i = 0; i < n; ++i) {
              bool text = source.physical() == Physical::kText;
              if (physical_of(to) == Physical::kReal) {
                double value = text ? number_at(source, i) : source.number(i);
                out.reals[i] = to == DataType::kFloat ? static_cast<float>(value) : value;
                continue;
              }
              int64_t value;
              if (text) {
                Result<Scalar> exact = parse_scalar(to == DataType::kInt ? DataType::kLong : to, source.texts[i]);
                value = exact.ok() ? exact->integer : saturated(number_at(source, i), INT64_MIN, INT64_MAX);
              } else {
                value = source.physical() == Physical::kInteger ? source.integers[i] : saturated(source.reals[i], INT64_MIN, INT64_MAX);
              }
              if (to == DataType::kBoolean) value = value != 0;
              if (to == DataType::kInt) {
                // A DOUBLE saturates, a LONG wraps, as Java's conversions do.
                value = source.physical() == Physical::kReal ? saturated(source.reals[i], INT32_MIN, INT32_MAX) : static_cast<int32_t>(value);
              }
              out.integers[i] = value;
            }
          }};
}

const std::vector<FunctionEntry>& logic_functions() {
  static const std::vector<FunctionEntry> entries = {{"equals", compare<Comparison::kEqual>},
                                                     {"notequals", compare<Comparison::kNotEqual>},
                                                     {"greaterthan", compare<Comparison::kGreater>},
                                                     {"greaterthanorequal", compare<Comparison::kGreaterOrEqual>},
                                                     {"lessthan", compare<Comparison::kLess>},
                                                     {"lessthanorequal", compare<Comparison::kLessOrEqual>},
                                                     {"isdistinctfrom", compare<Comparison::kNotEqual>},
                                                     {"isnotdistinctfrom", compare<Comparison::kEqual>},
                                                     {"between", between},
                                                     {"in", in_list<false>},
                                                     {"notin", in_list<true>},
                                                     {"and", junction<true>},
                                                     {"or", junction<false>},
                                                     {"not", truth<false>},
                                                     {"istrue", truth<true>},
                                                     {"isnottrue", truth<false>},
                                                     {"isfalse", truth<false>},
                                                     {"isnotfalse", truth<true>},
                                                     {"case", case_when},
                                                     {"cast", cast},
                                                     {"coalesce", coalesce}};
  return entries;
}

}  // namespace bywash::analytics
