// Arithmetic, comparisons, IN, LIKE, CAST and numeric functions. BIGINT with BIGINT stays BIGINT (but for /), else DOUBLE; what overflows
// or divides by zero fails its row. Level 2.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "columnar/java_number.h"
#include "expressions/functions.h"

namespace bywash::expressions {
namespace {

using columnar::Type;
using Args = std::vector<const Values*>;

constexpr std::string_view kOverflow = "The result is out of BIGINT's range";
constexpr std::string_view kDivision = "Division by zero";

void start(Values& out, ValueKind kind) {
  out.kind = kind;
  if (kind == ValueKind::kReal) out.reals.resize(out.count);
  else if (kind == ValueKind::kText) out.texts.resize(out.count);
  else out.integers.resize(out.count);
}

// Rows that have a value to compute from.
template <class F>
void each_row(Values& out, F f) {
  for (size_t i = 0; i < out.count; ++i) {
    if (!out.null(i) && !out.is_bad(i)) f(i);
  }
}

template <class Whole, class Real>
Status arithmetic(std::string_view name, const Args& args, Values& out, Whole whole, Real real) {
  for (const Values* arg : args) RETURN_IF_ERROR(expect_number(name, *arg));
  const Values &a = *args[0], &b = *args[1];
  if (a.kind == ValueKind::kInteger && b.kind == ValueKind::kInteger) {
    start(out, ValueKind::kInteger);
    each_row(out, [&](size_t i) {
      if (!whole(a.integer(i), b.integer(i), &out.integers[i])) out.set_bad(i, kOverflow);
    });
  } else {
    start(out, ValueKind::kReal);
    each_row(out, [&](size_t i) { out.reals[i] = real(a.real(i), b.real(i)); });
  }
  return {};
}

Status plus(const Args& args, Values& out) {
  return arithmetic("+", args, out, [](int64_t a, int64_t b, int64_t* r) { return !__builtin_add_overflow(a, b, r); }, [](double a, double b) { return a + b; });
}
Status minus(const Args& args, Values& out) {
  return arithmetic("-", args, out, [](int64_t a, int64_t b, int64_t* r) { return !__builtin_sub_overflow(a, b, r); }, [](double a, double b) { return a - b; });
}
Status times(const Args& args, Values& out) {
  return arithmetic("*", args, out, [](int64_t a, int64_t b, int64_t* r) { return !__builtin_mul_overflow(a, b, r); }, [](double a, double b) { return a * b; });
}
Status divide(const Args& args, Values& out) {
  for (const Values* arg : args) RETURN_IF_ERROR(expect_number("/", *arg));
  start(out, ValueKind::kReal);
  each_row(out, [&](size_t i) {
    const double by = args[1]->real(i);
    if (by == 0) out.set_bad(i, kDivision);
    else out.reals[i] = args[0]->real(i) / by;
  });
  return {};
}
// Whole division and remainder, towards zero.
template <bool Remainder>
Status whole_division(const Args& args, Values& out) {
  const std::string_view name = Remainder ? "%" : "div";
  for (const Values* arg : args) RETURN_IF_ERROR(expect_kind(name, *arg, ValueKind::kInteger));
  start(out, ValueKind::kInteger);
  each_row(out, [&](size_t i) {
    const int64_t a = args[0]->integer(i), b = args[1]->integer(i);
    if (b == 0) out.set_bad(i, kDivision);
    else if (b == -1 && a == std::numeric_limits<int64_t>::min()) out.set_bad(i, kOverflow);
    else out.integers[i] = Remainder ? a % b : a / b;
  });
  return {};
}
Status negate(const Args& args, Values& out) {
  RETURN_IF_ERROR(expect_number("-", *args[0]));
  start(out, args[0]->kind);
  each_row(out, [&](size_t i) {
    if (out.kind == ValueKind::kReal) out.reals[i] = -args[0]->real(i);
    else if (__builtin_sub_overflow(int64_t{0}, args[0]->integer(i), &out.integers[i])) out.set_bad(i, kOverflow);
  });
  return {};
}

// How values of two kinds compare: as integers, reals or texts; times also with texts in ISO 8601 and with milliseconds.
enum class Meeting : uint8_t { kIntegers, kReals, kTexts };
Result<Meeting> meeting_of(std::string_view name, const Values& a, const Values& b) {
  if (a.number() && b.number()) return a.kind == ValueKind::kInteger && b.kind == ValueKind::kInteger ? Meeting::kIntegers : Meeting::kReals;
  if (a.kind == b.kind && a.kind == ValueKind::kText) return Meeting::kTexts;
  if (a.kind == b.kind && (a.kind == ValueKind::kBoolean || a.kind == ValueKind::kTimestamp)) return Meeting::kIntegers;
  const bool time = a.kind == ValueKind::kTimestamp || b.kind == ValueKind::kTimestamp;
  if (time && (a.kind == ValueKind::kInteger || b.kind == ValueKind::kInteger)) return Meeting::kIntegers;
  return Status::invalid(fmt::format("{} does not compare {} with {}", name, to_string(a.kind), to_string(b.kind)));
}
// A constant text beside a time becomes a time.
Result<Values> as_time(const Values& value, const Values& other) {
  if (value.kind != ValueKind::kText || other.kind != ValueKind::kTimestamp || !value.constant) return value;
  Values out = value;
  out.kind = ValueKind::kTimestamp;
  out.integers.resize(1);
  if (!parse_time(value.text(0), &out.integers[0])) return Status::invalid(fmt::format("'{}' is no ISO 8601 time", value.text(0)));
  return out;
}

template <class Op>
Status compare(std::string_view name, const Args& args, Values& out, Op op) {
  ASSIGN_OR_RETURN(Values a, as_time(*args[0], *args[1]));
  ASSIGN_OR_RETURN(Values b, as_time(*args[1], *args[0]));
  ASSIGN_OR_RETURN(Meeting how, meeting_of(name, a, b));
  start(out, ValueKind::kBoolean);
  switch (how) {
    case Meeting::kIntegers: each_row(out, [&](size_t i) { out.integers[i] = op(a.integer(i), b.integer(i)); }); break;
    case Meeting::kReals: each_row(out, [&](size_t i) { out.integers[i] = op(a.real(i), b.real(i)); }); break;
    case Meeting::kTexts: each_row(out, [&](size_t i) { out.integers[i] = op(a.text(i), b.text(i)); }); break;
  }
  return {};
}
Status equal(const Args& args, Values& out) { return compare("=", args, out, [](auto a, auto b) { return a == b; }); }
Status not_equal(const Args& args, Values& out) { return compare("<>", args, out, [](auto a, auto b) { return a != b; }); }
Status less(const Args& args, Values& out) { return compare("<", args, out, [](auto a, auto b) { return a < b; }); }
Status less_or_equal(const Args& args, Values& out) { return compare("<=", args, out, [](auto a, auto b) { return a <= b; }); }
Status greater(const Args& args, Values& out) { return compare(">", args, out, [](auto a, auto b) { return a > b; }); }
Status greater_or_equal(const Args& args, Values& out) { return compare(">=", args, out, [](auto a, auto b) { return a >= b; }); }

// x IN (a, b): null when x is, or when nothing matches and the list has a null.
Status in_list(const Args& args, Values& out) {
  std::vector<Values> hits;
  for (size_t k = 1; k < args.size(); ++k) {
    Values hit;
    hit.count = out.count;
    hit.inherit({args[0], args[k]});
    if (args[0]->kind == ValueKind::kNull || args[k]->kind == ValueKind::kNull) {
      hit.kind = ValueKind::kNull;
    } else {
      RETURN_IF_ERROR(equal({args[0], args[k]}, hit));
    }
    hits.push_back(std::move(hit));
  }
  start(out, ValueKind::kBoolean);
  for (size_t i = 0; i < out.count; ++i) {
    bool any = false, null = false;
    for (const Values& hit : hits) {
      if (hit.is_bad(i)) out.set_bad(i, hit.why);
      else if (hit.null(i)) null = true;
      else any = any || hit.integer(i) != 0;
    }
    out.integers[i] = any;
    if (!any && null && !out.is_bad(i)) out.set_null(i);
  }
  return {};
}

bool like_matches(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  auto step = [&](size_t& at) { ++at; while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at; };
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == '_') {
      step(t), ++p;
    } else if (p < pattern.size() && pattern[p + escaped] == text[t]) {
      ++t, p += 1 + escaped;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      step(mark);
      t = mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}
Status like(const Args& args, Values& out) {
  for (const Values* arg : args) RETURN_IF_ERROR(expect_kind("LIKE", *arg, ValueKind::kText));
  start(out, ValueKind::kBoolean);
  each_row(out, [&](size_t i) { out.integers[i] = like_matches(args[0]->text(i), args[1]->text(i)); });
  return {};
}

template <double (*F)(double)>
Status real_function(const Args& args, Values& out) {
  RETURN_IF_ERROR(expect_number("This function", *args[0]));
  start(out, ValueKind::kReal);
  each_row(out, [&](size_t i) { out.reals[i] = F(args[0]->real(i)); });
  return {};
}
// Whole numbers stay what they are.
template <double (*F)(double)>
Status rounding(const Args& args, Values& out) {
  RETURN_IF_ERROR(expect_number("This function", *args[0]));
  start(out, args[0]->kind);
  each_row(out, [&](size_t i) {
    if (out.kind == ValueKind::kReal) out.reals[i] = F(args[0]->real(i));
    else out.integers[i] = args[0]->integer(i);
  });
  return {};
}
Status absolute(const Args& args, Values& out) {
  RETURN_IF_ERROR(expect_number("abs", *args[0]));
  start(out, args[0]->kind);
  each_row(out, [&](size_t i) {
    if (out.kind == ValueKind::kReal) out.reals[i] = std::abs(args[0]->real(i));
    else if (args[0]->integer(i) == std::numeric_limits<int64_t>::min()) out.set_bad(i, kOverflow);
    else out.integers[i] = std::abs(args[0]->integer(i));
  });
  return {};
}
// round(x), round(x, digits): halves away from zero.
Status round_to(const Args& args, Values& out) {
  if (args.size() == 1) return rounding<std::round>(args, out);
  RETURN_IF_ERROR(expect_number("round", *args[0]));
  RETURN_IF_ERROR(expect_kind("round", *args[1], ValueKind::kInteger));
  start(out, ValueKind::kReal);
  each_row(out, [&](size_t i) {
    const double scale = std::pow(10.0, static_cast<double>(std::clamp<int64_t>(args[1]->integer(i), -300, 300))), scaled = args[0]->real(i) * scale;
    out.reals[i] = std::isfinite(scaled) && scale > 0 ? std::round(scaled) / scale : args[0]->real(i);
  });
  return {};
}
Status power(const Args& args, Values& out) {
  for (const Values* arg : args) RETURN_IF_ERROR(expect_number("power", *arg));
  start(out, ValueKind::kReal);
  each_row(out, [&](size_t i) { out.reals[i] = std::pow(args[0]->real(i), args[1]->real(i)); });
  return {};
}
template <bool Greatest>
Status extreme(const Args& args, Values& out) {
  bool whole = true;
  for (const Values* arg : args) {
    RETURN_IF_ERROR(expect_number(Greatest ? "greatest" : "least", *arg));
    whole = whole && arg->kind == ValueKind::kInteger;
  }
  start(out, whole ? ValueKind::kInteger : ValueKind::kReal);
  auto best = [&](auto read) {
    auto value = read(*args[0]);
    for (const Values* arg : args) value = Greatest ? std::max(value, read(*arg)) : std::min(value, read(*arg));
    return value;
  };
  each_row(out, [&](size_t i) {
    if (whole) out.integers[i] = best([i](const Values& v) { return v.integer(i); });
    else out.reals[i] = best([i](const Values& v) { return v.real(i); });
  });
  return {};
}
// nullif(a, b): null where both are equal.
Status null_if(const Args& args, Values& out) {
  Values same;
  same.count = out.count;
  same.inherit(args);
  if (args[0]->kind != ValueKind::kNull && args[1]->kind != ValueKind::kNull) RETURN_IF_ERROR(equal(args, same));
  const Values& a = *args[0];
  if (a.kind == ValueKind::kOther) return Status::invalid("nullif takes numbers, texts, times and booleans");
  out.inherit({&a});
  if (a.kind == ValueKind::kNull) return {};
  start(out, a.kind);
  out.narrow = a.narrow;
  if (a.kind == ValueKind::kText) out.start_texts();
  for (size_t i = 0; i < out.count; ++i) {
    const bool equal_here = same.kind == ValueKind::kBoolean && !same.null(i) && same.integer(i) != 0;
    if (equal_here) out.set_null(i);
    if (a.kind == ValueKind::kText) {
      if (!out.null(i)) *out.bytes += a.text(i);
      out.end_text();
    } else if (a.kind == ValueKind::kReal) {
      out.reals[i] = a.real(i);
    } else {
      out.integers[i] = a.integer(i);
    }
  }
  if (a.kind == ValueKind::kText) out.finish_texts();
  return {};
}

struct WholeRange {
  Type type;
  int64_t low, high;
};
std::optional<WholeRange> whole_range(std::string_view type) {
  if (type == "TINYINT") return WholeRange{Type::kInt8, INT8_MIN, INT8_MAX};
  if (type == "SMALLINT") return WholeRange{Type::kInt16, INT16_MIN, INT16_MAX};
  if (type == "INT" || type == "INTEGER") return WholeRange{Type::kInt32, INT32_MIN, INT32_MAX};
  if (type == "BIGINT" || type == "LONG") return WholeRange{Type::kInt64, INT64_MIN, INT64_MAX};
  return std::nullopt;
}
std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}
template <class T>
bool read_number(std::string_view text, T* out) {
  text = without_blanks(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return code == std::errc() && end == text.data() + text.size();
}

// One row of a cast; false: it cannot be.
bool cast_row(const Values& from, size_t i, const std::optional<WholeRange>& range, Values& out) {
  if (range) {
    int64_t whole = 0;
    if (from.kind == ValueKind::kReal) {
      const double real = std::trunc(from.real(i));
      if (!(real >= -9.2233720368547758e18 && real < 9.2233720368547758e18)) return false;
      whole = static_cast<int64_t>(real);
    } else if (from.kind == ValueKind::kText) {
      if (!read_number(from.text(i), &whole)) return false;
    } else {
      whole = from.integer(i);
    }
    out.integers[i] = whole;
    return whole >= range->low && whole <= range->high;
  }
  switch (out.kind) {
    case ValueKind::kReal:
      if (from.kind == ValueKind::kText) return read_number(from.text(i), &out.reals[i]);
      out.reals[i] = from.real(i);
      return true;
    case ValueKind::kBoolean: {
      if (from.kind != ValueKind::kText) return out.integers[i] = from.kind == ValueKind::kReal ? from.real(i) != 0 : from.integer(i) != 0, true;
      std::string text(without_blanks(from.text(i)));
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      out.integers[i] = text == "true" || text == "1";
      return out.integers[i] || text == "false" || text == "0";
    }
    default:  // TIMESTAMP
      if (from.kind == ValueKind::kText) return parse_time(from.text(i), &out.integers[i]);
      out.integers[i] = from.integer(i);
      return true;
  }
}

Status cast_to_text(const Values& from, Values& out) {
  out.kind = ValueKind::kText;
  out.start_texts();
  for (size_t i = 0; i < out.count; ++i) {
    if (!out.null(i) && !out.is_bad(i)) {
      if (from.kind == ValueKind::kText) *out.bytes += from.text(i);
      else if (from.kind == ValueKind::kReal) columnar::append_java_double(from.real(i), out.bytes.get());
      else if (from.kind == ValueKind::kBoolean) *out.bytes += from.integer(i) ? "true" : "false";
      else if (from.kind == ValueKind::kInteger) *out.bytes += std::to_string(from.integer(i));
    }
    out.end_text();
  }
  out.finish_texts();
  return {};
}

}  // namespace

Status cast_values(const Values& value, const std::string& type, bool tries, Values& out) {
  if (value.kind == ValueKind::kNull) return {};
  if (value.kind == ValueKind::kOther) return Status::invalid("CAST takes numbers, texts, times and booleans");
  const bool to_text = type == "STRING" || type == "VARCHAR" || type == "TEXT";
  if (to_text && value.kind != ValueKind::kTimestamp) return cast_to_text(value, out);
  if (to_text) return find_function("to_iso")->kernel({&value}, out);
  const auto range = whole_range(type);
  ValueKind kind = range ? ValueKind::kInteger : type == "BOOLEAN" ? ValueKind::kBoolean : type == "TIMESTAMP" ? ValueKind::kTimestamp : ValueKind::kReal;
  if (kind == ValueKind::kTimestamp && (value.kind == ValueKind::kReal || value.kind == ValueKind::kBoolean)) {
    return Status::invalid(fmt::format("CAST makes no TIMESTAMP of {}", to_string(value.kind)));
  }
  start(out, kind);
  if (range) out.narrow = range->type;
  if (type == "FLOAT" || type == "REAL") out.narrow = Type::kFloat32;
  for (size_t i = 0; i < out.count; ++i) {
    if (out.null(i) || out.is_bad(i) || cast_row(value, i, range, out)) continue;
    if (tries) out.set_null(i);
    else out.set_bad(i, fmt::format("CAST to {} failed: the {} does not fit", type, to_string(value.kind)));
  }
  return {};
}

const std::vector<Function>& operator_functions() {
  static const std::vector<Function> table = {
      {"+", 2, 2, plus}, {"-", 2, 2, minus}, {"*", 2, 2, times}, {"/", 2, 2, divide}, {"%", 2, 2, whole_division<true>}, {"mod", 2, 2, whole_division<true>},
      {"div", 2, 2, whole_division<false>}, {"negate", 1, 1, negate}, {"=", 2, 2, equal}, {"<>", 2, 2, not_equal}, {"<", 2, 2, less}, {"<=", 2, 2, less_or_equal},
      {">", 2, 2, greater}, {">=", 2, 2, greater_or_equal}, {"in", 2, 10000, in_list, false}, {"like", 2, 2, like}, {"abs", 1, 1, absolute},
      {"ceil", 1, 1, rounding<std::ceil>}, {"floor", 1, 1, rounding<std::floor>}, {"trunc", 1, 1, rounding<std::trunc>}, {"round", 1, 2, round_to},
      {"sqrt", 1, 1, real_function<std::sqrt>}, {"ln", 1, 1, real_function<std::log>}, {"log10", 1, 1, real_function<std::log10>}, {"exp", 1, 1, real_function<std::exp>},
      {"power", 2, 2, power}, {"least", 1, 100, extreme<false>}, {"greatest", 1, 100, extreme<true>}, {"nullif", 2, 2, null_if, false}};
  return table;
}

}  // namespace bywash::expressions
