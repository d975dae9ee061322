// Comparisons, AND/OR/NOT, CASE, CAST, COALESCE. Filters on single columns do not come here: they become predicates.
#include "analytics/plan/decimal_text.h"
#include "analytics/plan/row_function.h"
#include "analytics/sql/java_text.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
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
    if (arg->null) continue;
    Physical kind = physical_of(arg->type);
    text |= kind == Physical::kText;
    real |= kind == Physical::kReal;
    number |= kind != Physical::kText;
  }
  if (!text) return real ? Physical::kReal : Physical::kInteger;
  if (!number) return Physical::kText;
  for (const BoundPtr& arg : call.args) {
    if (physical_of(arg->type) != Physical::kText || arg->null) continue;
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

// A literal NULL has texts, whatever stands beside it: its placeholder is never looked at.
bool reads_as(const Vector& v, Physical kind) { return v.physical() == kind; }

template <Comparison C>
Result<BoundFunction> compare(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(Physical kind, meeting_kind(call));
  return BoundFunction{DataType::kBoolean, [kind](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         const Vector &a = *args[0], &b = *args[1];
                         if (kind != Physical::kReal && (!reads_as(a, kind) || !reads_as(b, kind))) return out.integers.assign(n, 0);
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
                         if (kind != Physical::kReal && (!reads_as(v, kind) || !reads_as(low, kind) || !reads_as(high, kind))) return out.integers.assign(n, 0);
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
                             if (args[a]->is_null(i) || (kind != Physical::kReal && (!reads_as(*args[0], kind) || !reads_as(*args[a], kind)))) continue;
                             if (kind == Physical::kText) found = args[0]->texts[i] == args[a]->texts[i];
                             else if (kind == Physical::kInteger) found = args[0]->integers[i] == args[a]->integers[i];
                             else found = number_at(*args[0], i) == number_at(*args[a], i);
                           }
                           out.integers[i] = found != Negated;
                           bool unknown = args[0]->is_null(i);
                           for (size_t a = 1; a < args.size() && !found; ++a) unknown |= args[a]->is_null(i);
                           if (unknown) out.set_null(i, n);
                         }
                       }, false, false};
}

Status expect_booleans(const FunctionArgs& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (physical_of(call.type(i)) == Physical::kInteger || call.args[i]->null) continue;
    return Status::invalid(fmt::format("Function {} needs a BOOLEAN as argument {}, got {}: {}", call.name, i + 1, to_string(call.type(i)), call.args[i]->text));
  }
  return {};
}

// AND and OR over three truth values: a decided one wins over NULL.
template <bool And>
Result<BoundFunction> junction(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  RETURN_IF_ERROR(expect_booleans(call));
  return BoundFunction{DataType::kBoolean, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.assign(n, And);
                         std::vector<uint8_t> unknown;
                         for (const Vector* arg : args) {
                           if (arg->physical() != Physical::kInteger) {  // the literal NULL
                             unknown.assign(n, 1);
                             continue;
                           }
                           if (!arg->nulls.empty()) unknown.resize(n);
                           for (size_t i = 0; i < n; ++i) {
                             if (arg->is_null(i)) unknown[i] = 1;
                             else if (And) out.integers[i] &= arg->integers[i] != 0;
                             else out.integers[i] |= arg->integers[i] != 0;
                           }
                         }
                         for (size_t i = 0; i < unknown.size(); ++i) {
                           if (unknown[i] && out.integers[i] == And) out.set_null(i, n);
                         }
                       }, false, false};
}

// NOT, IS [NOT] TRUE, IS [NOT] FALSE: whether the value's truth equals Wanted; `of_null`: what a NULL answers, -1 for NULL.
template <bool Wanted, int OfNull>
Result<BoundFunction> truth(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_booleans(call));
  return BoundFunction{DataType::kBoolean, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           bool null = args[0]->physical() != Physical::kInteger || args[0]->is_null(i);
                           if (null && OfNull < 0) out.set_null(i, n);
                           out.integers[i] = null ? OfNull > 0 : (args[0]->integers[i] != 0) == Wanted;
                         }
                       }, false, false};
}

template <bool Null>
Result<BoundFunction> null_test(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  return BoundFunction{DataType::kBoolean, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) out.integers[i] = args[0]->is_null(i) == Null;
                       }, false, false};
}

// IS [NOT] DISTINCT FROM: NULL is a value like others.
template <bool Distinct>
Result<BoundFunction> distinct_from(const FunctionArgs& call) {
  ASSIGN_OR_RETURN(BoundFunction equal, compare<Comparison::kEqual>(call));
  return BoundFunction{DataType::kBoolean, [kernel = equal.kernel](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         kernel(args, n, out);
                         for (size_t i = 0; i < n; ++i) {
                           bool a = args[0]->is_null(i), b = args[1]->is_null(i), same = a || b ? a == b : out.integers[i] != 0;
                           out.integers[i] = same != Distinct;
                         }
                       }, false, false};
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

bool holds_at(const Vector& condition, size_t i) { return condition.physical() == Physical::kInteger && !condition.is_null(i) && condition.integers[i] != 0; }

// Arguments (when, then)*, else.
Result<BoundFunction> case_when(const FunctionArgs& call) {
  if (call.size() < 3 || call.size() % 2 == 0) return Status::invalid("Function case takes pairs of condition and value, then the value of ELSE");
  std::vector<BoundPtr> values;
  for (size_t i = 0; i + 1 < call.size(); i += 2) {
    if (physical_of(call.type(i)) != Physical::kInteger && !call.args[i]->null) return Status::invalid(fmt::format("CASE needs a BOOLEAN after WHEN: {}", call.args[i]->text));
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
                           while (chosen + 1 < values_.size() && !holds_at(*args[2 * chosen], i)) ++chosen;
                           copy_row(*values_[chosen], i, out);
                           const Vector& given = chosen + 1 < values_.size() ? *args[2 * chosen + 1] : *args.back();
                           if (given.is_null(i)) out.set_null(i, n);
                           if (casts[chosen] && !converted[chosen].error.empty()) out.fail(converted[chosen].error);
                         }
                         if (out.physical() != Physical::kText) return;
                         out.bytes.clear();  // converted texts die with this call: copy them
                         out.ends.clear();
                         for (size_t i = 0; i < n; ++i) out.bytes += out.texts[i], out.end_text();
                         out.finish_texts();
                       }, false, false};
}

Result<BoundFunction> cast(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(std::string name, call.literal_text(1));
  name = ascii_upper(name);
  static constexpr std::pair<std::string_view, DataType> kNames[] = {
      {"INT", DataType::kInt},         {"INTEGER", DataType::kInt},     {"LONG", DataType::kLong},       {"BIGINT", DataType::kLong},
      {"FLOAT", DataType::kFloat},     {"REAL", DataType::kFloat},      {"DOUBLE", DataType::kDouble},   {"BOOLEAN", DataType::kBoolean},
      {"TIMESTAMP", DataType::kTimestamp}, {"STRING", DataType::kString}, {"VARCHAR", DataType::kString}, {"CHAR", DataType::kString},
      {"JSON", DataType::kJson},       {"BYTES", DataType::kBytes},     {"VARBINARY", DataType::kBytes},  {"BIG_DECIMAL", DataType::kBigDecimal},
      {"DECIMAL", DataType::kBigDecimal}, {"INT_ARRAY", DataType::kInt}, {"LONG_ARRAY", DataType::kLong}, {"FLOAT_ARRAY", DataType::kFloat},
      {"DOUBLE_ARRAY", DataType::kDouble}, {"STRING_ARRAY", DataType::kString}};
  for (auto [known, type] : kNames) {
    if (known == name) return cast_function(call.type(0), type);
  }
  return Status::invalid(fmt::format("Cannot cast to unknown type: '{}'", name));
}

// The first argument that is not null, all of one type. Without null handling columns are never null: they hold their defaults.
Result<BoundFunction> coalesce(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  DataType type = common_type(call.args);
  auto casts = casts_to(type, call.args);
  return BoundFunction{type, [type, casts](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.resize(n);
                         std::vector<Vector> converted(args.size());
                         for (size_t a = 0; a < args.size(); ++a) {
                           converted[a].type = type;
                           if (casts[a]) casts[a]({args[a]}, n, converted[a]);
                         }
                         for (size_t i = 0; i < n; ++i) {
                           size_t chosen = 0;
                           while (chosen + 1 < args.size() && args[chosen]->is_null(i)) ++chosen;
                           copy_row(casts[chosen] ? converted[chosen] : *args[chosen], i, out);
                           if (args[chosen]->is_null(i)) out.set_null(i, n);
                         }
                         if (out.physical() != Physical::kText) return;
                         out.start_texts();
                         std::vector<std::string_view> texts = out.texts;
                         for (std::string_view text : texts) out.bytes += text, out.end_text();
                         out.finish_texts();
                       }, false, false};
}

// NULLIF(a, b): null where both are equal, else a.
Result<BoundFunction> null_if(const FunctionArgs& call) {
  ASSIGN_OR_RETURN(BoundFunction equal, compare<Comparison::kEqual>(call));
  return BoundFunction{call.type(0), [kernel = equal.kernel](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         Vector same;
                         same.type = DataType::kBoolean;
                         kernel(args, n, same);
                         out.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           copy_row(*args[0], i, out);
                           bool equal_here = !args[0]->is_null(i) && !args[1]->is_null(i) && same.integers[i];
                           if (args[0]->is_null(i) || equal_here) out.set_null(i, n);
                         }
                       }, false, false};
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
    case DataType::kTimestamp: out += sql::java_timestamp(from.integers[i]); return;
    case DataType::kBytes:
      for (unsigned char c : from.texts[i]) out += "0123456789abcdef"[c >> 4], out += "0123456789abcdef"[c & 15];
      return;
    default: break;
  }
  if (from.physical() == Physical::kText) out += from.texts[i];
  else out += std::to_string(from.integers[i]);
}

}  // namespace

namespace {

// As Double.parseDouble takes it: without white space around it and a letter for its type behind it.
std::string_view java_number(std::string_view text) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  const bool typed = text.size() > 1 && std::string_view("dDfF").find(text.back()) != std::string_view::npos && (std::isdigit(static_cast<unsigned char>(text[text.size() - 2])) || text[text.size() - 2] == '.');
  return typed && !text.starts_with("0x") ? text.substr(0, text.size() - 1) : text;
}

// One text as a whole number: "12", "12.7" (cut off) or a time for TIMESTAMP. False: it is none.
bool integer_from_text(std::string_view text, DataType to, int64_t* out) {
  if (to != DataType::kBoolean) text = java_number(text);
  if (Result<Scalar> exact = parse_scalar(to == DataType::kInt ? DataType::kLong : to, text); exact.ok()) {
    *out = exact->integer;
    return true;
  }
  if (to == DataType::kBoolean) {  // Boolean.parseBoolean: whatever is not "true" is false
    *out = 0;
    return true;
  }
  Result<Scalar> real = parse_scalar(DataType::kDouble, text);
  if (!real.ok() && to == DataType::kLong) return integer_from_text(text, DataType::kTimestamp, out);
  if (!real.ok() || to == DataType::kTimestamp) return false;
  *out = to_long(real->real);
  return true;
}

void cast_integers(const Vector& source, DataType to, size_t n, Vector& out) {
  out.integers.resize(n);
  for (size_t i = 0; i < n; ++i) {
    int64_t value = 0;
    if (source.physical() == Physical::kText) {
      if (!integer_from_text(source.texts[i], to, &value) && !source.is_null(i)) out.fail(fmt::format("Cannot cast a text to {}: it is no {}", to_string(to), to == DataType::kTimestamp ? "time" : "number"));
    } else {
      value = source.physical() == Physical::kInteger ? source.integers[i] : to_long(source.reals[i]);
    }
    if (to == DataType::kBoolean) value = source.physical() == Physical::kReal ? source.reals[i] != 0 : value != 0;
    if (to == DataType::kInt) {
      // A DOUBLE and a text saturate, a LONG wraps, as Java's conversions do.
      value = source.physical() == Physical::kReal ? saturated(source.reals[i], INT32_MIN, INT32_MAX) : source.physical() == Physical::kText ? std::clamp<int64_t>(value, INT32_MIN, INT32_MAX) : static_cast<int32_t>(value);
    }
    out.integers[i] = value;
  }
}

void cast_texts(const Vector& source, DataType to, size_t n, Vector& out) {
  out.start_texts();
  for (size_t i = 0; i < n; ++i) {
    size_t begin = out.bytes.size();
    if (to == DataType::kBigDecimal && source.type == DataType::kTimestamp) out.bytes += std::to_string(source.integers[i]);
    else if (to == DataType::kBigDecimal && source.type == DataType::kBoolean) out.bytes += source.integers[i] ? '1' : '0';
    else if (to == DataType::kBigDecimal && is_text(source.type)) out.bytes += java_number(source.texts[i]);
    else to_text(source, i, out.bytes);
    if (to == DataType::kBytes && source.type != DataType::kBytes) {
      Result<Scalar> bytes = parse_scalar(DataType::kBytes, std::string_view(out.bytes).substr(begin));
      out.bytes.resize(begin);
      if (bytes.ok()) out.bytes += bytes->text;
      else if (!source.is_null(i)) out.fail("Cannot cast a text to BYTES: it is not hexadecimal");
    }
    out.end_text();
  }
  out.finish_texts();
}

}  // namespace

namespace {

// Texts that were cast to BIG_DECIMAL have to be numbers.
void check_decimals(const Vector& source, size_t n, Vector& out) {
  DecimalNumber ignored;
  for (size_t i = 0; i < n && i < out.texts.size(); ++i) {
    if (!source.is_null(i) && !parse_decimal_text(out.texts[i], &ignored)) return out.fail("Cannot cast a text to BIG_DECIMAL: it is no number");
  }
}

}  // namespace

BoundFunction cast_function(DataType from, DataType to) {
  (void)from;
  return {to, [to](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            const Vector& source = *args[0];
            if (physical_of(to) == Physical::kText) {
              cast_texts(source, to, n, out);
              if (to == DataType::kBigDecimal) check_decimals(source, n, out);
              return;
            }
            if (physical_of(to) == Physical::kInteger) return cast_integers(source, to, n, out);
            out.reals.resize(n);
            for (size_t i = 0; i < n; ++i) {
              const bool text = source.physical() == Physical::kText;
              const Result<Scalar> read = text ? parse_scalar(DataType::kDouble, java_number(source.texts[i])) : Result<Scalar>(Scalar());
              const double value = !text ? source.number(i) : read.ok() ? read->real : std::nan("");
              if (source.physical() == Physical::kText && std::isnan(value) && source.texts[i] != "NaN" && !source.is_null(i)) {
                out.fail(fmt::format("Cannot cast a text to {}: it is no number", to_string(to)));
              }
              out.reals[i] = to == DataType::kFloat ? static_cast<float>(value) : value;
            }
          }};
}

const std::vector<FunctionEntry>& logic_functions() {
  static const std::vector<FunctionEntry> entries = [] {
    std::vector<FunctionEntry> out = {{"equals", compare<Comparison::kEqual>},
                                                     {"notequals", compare<Comparison::kNotEqual>},
                                                     {"greaterthan", compare<Comparison::kGreater>},
                                                     {"greaterthanorequal", compare<Comparison::kGreaterOrEqual>},
                                                     {"lessthan", compare<Comparison::kLess>},
                                                     {"lessthanorequal", compare<Comparison::kLessOrEqual>},
                                                     {"isdistinctfrom", distinct_from<true>},
                                                     {"isnotdistinctfrom", distinct_from<false>},
                                                     {"between", between},
                                                     {"in", in_list<false>},
                                                     {"notin", in_list<true>},
                                                     {"and", junction<true>},
                                                     {"or", junction<false>},
                                                     {"not", truth<false, -1>},
                                                     {"istrue", truth<true, 0>},
                                                     {"isnottrue", truth<false, 1>},
                                                     {"isfalse", truth<false, 0>},
                                                     {"isnotfalse", truth<true, 1>},
                                                     {"isnull", null_test<true>},
                                                     {"isnotnull", null_test<false>},
                                                     {"case", case_when},
                                                     {"casewhen", case_when},
                                                     {"cast", cast},
                                                     {"nullif", null_if},
                                                     {"coalesce", coalesce}};
    for (FunctionEntry& entry : out) {
      if (std::string_view(entry.name) != "cast") entry.arrays = Arrays::kRefused;
    }
    return out;
  }();
  return entries;
}

}  // namespace bywash::analytics
