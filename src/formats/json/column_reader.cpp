// One pass from text to columns. Decode step of the sink line, the task's thread. Level 4.
#include "formats/json/column_reader.h"

#include <algorithm>
#include <unordered_set>

#include "formats/json/connect_value.h"
#include "formats/json/number.h"

namespace bywash::formats::json {
namespace {

using Kind = ColumnBuilder::Kind;

// So many absent fields are passed by before a name is looked up.
constexpr size_t kAbsentInARow = 4;

// Minimal big-endian two's complement, as BigInteger.toByteArray().
size_t big_endian(int64_t v, char* out) {
  size_t n = 8;
  while (n > 1) {
    int64_t top = v >> (8 * (n - 1) - 1);
    if (top != 0 && top != -1) break;
    --n;
  }
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>(v >> (8 * (n - 1 - i)));
  return n;
}

// Past ',' (true in `*more`) or past `close`.
bool next_or_close(const char*& p, const char* end, char close, bool* more) {
  skip_space(p, end);
  if (p == end) return false;
  char c = *p++;
  *more = c == ',';
  return *more || c == close;
}

bool starts_with_token(const ColumnBuilder::Child& child, const char* p, const char* end) {
#ifdef __SSE2__
  if (child.token_mask != 0 && end - p >= 16) {
    __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i token = _mm_loadu_si128(reinterpret_cast<const __m128i*>(child.token_head));
    auto equal = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, token)));
    return (equal & child.token_mask) == child.token_mask;
  }
#endif
  const std::string& token = child.token;
  return !token.empty() && static_cast<size_t>(end - p) > token.size() && std::memcmp(p, token.data(), token.size()) == 0;
}

bool goes_on_as_decimal(const char* p, const char* end) { return p < end && (*p == '.' || *p == 'e' || *p == 'E'); }

// A whole number of at most 18 digits, as nearly all are. False, with p where it was: another one, or none.
inline bool scan_usual_integer(const char*& p, const char* end, int64_t* out) {
  const bool negative = p < end && *p == '-';
  const char* q = p + negative;
  uint64_t m = 0;
  const int64_t digits = scan_digits(q, end, &m);
  if (digits == 0 || digits > 18 || goes_on_as_decimal(q, end)) return false;
  *out = negative ? -static_cast<int64_t>(m) : static_cast<int64_t>(m);
  p = q;
  return true;
}

// A number without exponent, of at most 15 digits: one correctly rounded division, as in to_double().
inline bool scan_usual_double(const char*& p, const char* end, bool integral_too, double* out) {
  const bool negative = p < end && *p == '-';
  const char* q = p + negative;
  uint64_t m = 0;
  const int64_t whole = scan_digits(q, end, &m);
  int64_t fraction = 0;
  if (q < end && *q == '.') {
    fraction = scan_digits(++q, end, &m);
    if (fraction == 0) return false;
  } else if (!integral_too) {
    return false;
  }
  if (whole == 0 || whole + fraction > 15 || goes_on_as_decimal(q, end)) return false;
  const double v = static_cast<double>(static_cast<int64_t>(m)) / kPowersOfTen[fraction];
  *out = negative && m != 0 ? -v : v;
  p = q;
  return true;
}

// Numbers, words and text as most writers put them, p at the value. False: nothing was done, and read() has to look.
inline bool read_usual(ColumnBuilder& builder, const char*& p, const char* end) {
  int64_t integer = 0;
  switch (builder.kind()) {
    case Kind::kInt32:
      if (!scan_usual_integer(p, end, &integer)) return false;
      builder.push_fixed(static_cast<int32_t>(integer));
      return true;
    case Kind::kInt64:
    case Kind::kTimestamp:
      if (!scan_usual_integer(p, end, &integer)) return false;
      builder.push_fixed(integer);
      return true;
    case Kind::kFloat64: {
      double v = 0;
      if (!scan_usual_double(p, end, !builder.schemaless(), &v)) return false;
      builder.push_fixed(v);
      return true;
    }
    case Kind::kString: {
      if (p == end || *p != '"') return false;
      const char* q = p + 1;
      std::string_view text;
      if (!scan_plain_string(q, end, &text)) return false;
      builder.push_bytes(text);
      p = q;
      return true;
    }
    case Kind::kBoolean: {
      if (p == end || (*p != 't' && *p != 'f')) return false;
      const char* q = p;
      const bool v = *p == 't';
      if (!scan_word(q, end, v ? "true" : "false")) return false;
      builder.push_fixed(static_cast<uint8_t>(v));
      p = q;
      return true;
    }
    default: return false;
  }
}

bool repeats(const std::vector<std::string_view>& keys) {
  std::unordered_set<std::string_view> seen;
  for (std::string_view key : keys) {
    if (!seen.insert(key).second) return true;
  }
  return false;
}

}  // namespace

bool ColumnReader::read(ColumnBuilder& builder, const char*& p, const char* end, int depth) {
  skip_space(p, end);
  if (p == end) return false;
  Kind kind = builder.kind();
  if (kind == Kind::kVariant) return read_variant(builder, p, end, depth);
  switch (*p) {
    case 'n': return scan_word(p, end, "null") && read_null(builder);
    case '"': return read_string(builder, p, end);
    case '{':
      if (depth >= kMaxDepth) return false;
      if (kind == Kind::kFields) return read_fields(builder, p, end, depth + 1);
      return kind == Kind::kMap && read_map(builder, p, end, depth + 1);
    case '[': return kind == Kind::kList && depth < kMaxDepth && read_list(builder, p, end, depth + 1);
    case 't':
      if (kind != Kind::kBoolean || !scan_word(p, end, "true")) return false;
      builder.push_fixed(uint8_t{1});
      return true;
    case 'f':
      if (kind != Kind::kBoolean || !scan_word(p, end, "false")) return false;
      builder.push_fixed(uint8_t{0});
      return true;
    default: return read_number(builder, p, end);
  }
}

bool ColumnReader::read_null(ColumnBuilder& builder) {
  const columnar::ConnectSchema& schema = *builder.schema();
  if (schema.default_value() && replace_null_with_default_) return builder.append(*schema.default_value()).ok();
  if (!schema.optional()) return false;
  builder.append_null();
  return true;
}

bool ColumnReader::read_number(ColumnBuilder& builder, const char*& p, const char* end) {
  Number n;
  if (!scan_number(p, end, &n)) return false;
  switch (builder.kind()) {
    case Kind::kInt64:
      if (!n.integral && builder.schemaless()) return false;
      builder.push_fixed(to_long(n));
      return true;
    case Kind::kFloat64:
      if (n.integral && builder.schemaless()) return false;
      builder.push_fixed(to_double(n));
      return true;
    case Kind::kInt32: builder.push_fixed(to_int(n)); return true;
    case Kind::kInt16: builder.push_fixed(static_cast<int16_t>(to_int(n))); return true;
    case Kind::kInt8: builder.push_fixed(static_cast<int8_t>(to_int(n))); return true;
    case Kind::kFloat32: builder.push_fixed(to_float(n)); return true;
    case Kind::kTimestamp:
      if (!n.integral) return false;
      builder.push_fixed(to_long(n));
      return true;
    case Kind::kDate:
      if (!is_int32(n)) return false;
      builder.push_fixed(to_int(n));
      return true;
    case Kind::kTime:
      if (!is_int32(n) || to_int(n) < 0 || to_int(n) > 86'400'000) return false;
      builder.push_fixed(to_int(n));
      return true;
    case Kind::kDecimal: return read_decimal(builder, n);
    default: return false;
  }
}

// A number keeps its own scale, whatever the schema says.
bool ColumnReader::read_decimal(ColumnBuilder& builder, const Number& n) {
  if (n.digits > 18) return false;
  auto scale = static_cast<int32_t>(n.fraction - n.exponent);
  auto unscaled = static_cast<int64_t>(n.mantissa);
  char encoded[12];
  std::memcpy(encoded, &scale, 4);
  size_t size = big_endian(n.negative ? -unscaled : unscaled, encoded + 4);
  builder.push_bytes({encoded, 4 + size});
  return true;
}

bool ColumnReader::string_at(const char*& p, const char* end, std::string_view* out) {
  if (scan_plain_string(p, end, out)) return true;
  if (!scan_string(p, end, &scratch_)) return false;
  *out = scratch_;
  return true;
}

bool ColumnReader::read_string(ColumnBuilder& builder, const char*& p, const char* end) {
  ++p;
  std::string_view text;
  if (!string_at(p, end, &text)) return false;
  switch (builder.kind()) {
    case Kind::kString: builder.push_bytes(text); return true;
    case Kind::kBytes:
      if (!decode_base64(text, &bytes_)) return false;
      builder.push_bytes(bytes_);
      return true;
    case Kind::kDecimal: {
      if (!builder.has_scale() || !decode_base64(text, &bytes_) || bytes_.empty()) return false;
      bool superfluous = bytes_.size() > 1 && ((bytes_[0] == 0 && !(bytes_[1] & 0x80)) || (bytes_[0] == '\xff' && (bytes_[1] & 0x80)));
      if (superfluous) return false;
      int32_t scale = builder.scale();
      bytes_.insert(0, reinterpret_cast<const char*>(&scale), 4);
      builder.push_bytes(bytes_);
      return true;
    }
    default: return false;
  }
}

// One member, p at its quote. `*next`: the field that is expected.
bool ColumnReader::read_field(ColumnBuilder& builder, const char*& p, const char* end, size_t* next, int depth) {
  auto& children = builder.children();
  size_t at = *next;
  // Fields that are absent from some records leave the next ones in their order.
  const size_t last = std::min(children.size(), at + kAbsentInARow + 1);
  while (at < last && !starts_with_token(children[at], p, end)) ++at;
  if (at < last) {
    p += children[at].token.size();
  } else {
    if (p == end || *p != '"') return false;
    std::string_view name;
    if (!string_at(++p, end, &name)) return false;
    int found = builder.find(name);
    skip_space(p, end);
    if (p == end || *p++ != ':') return false;
    if (found < 0) return !builder.schemaless() && skip_value(p, end, depth);
    at = static_cast<size_t>(found);
  }
  ColumnBuilder::Child& child = children[at];
  // A repeated field would be a second row of it: its last value counts, which only the slow way knows how to do.
  if (child.builder->length() != builder.length()) return false;
  if (!read_usual(*child.builder, p, end) && !read(*child.builder, p, end, depth)) return false;
  if (child.may_be_absent) child.present.push(uint8_t{1});
  *next = at + 1;
  return true;
}

bool ColumnReader::fill_missing(ColumnBuilder& builder, int64_t row) {
  for (ColumnBuilder::Child& child : builder.children()) {
    if (child.builder->length() > row) continue;
    if (!builder.schemaless()) {
      if (missing_is_null_ && !child.builder->schema()->default_value()) child.builder->append_null();
      else if (!read_null(*child.builder)) return false;
      continue;
    }
    if (!child.may_be_absent) return false;
    child.builder->append_null();
    child.present.push(uint8_t{0});
  }
  return true;
}

bool ColumnReader::read_fields(ColumnBuilder& builder, const char*& p, const char* end, int depth) {
  ++p;
  int64_t row = builder.length();
  size_t next = 0;
  bool in_order = true;
  size_t members = 0;
  skip_space(p, end);
  bool more = !(p < end && *p == '}');
  if (!more) ++p;
  while (more) {
    skip_space(p, end);
    if (p == end) return false;
    size_t expected = next;
    if (!read_field(builder, p, end, &next, depth)) return false;
    in_order = in_order && next == expected + 1;
    ++members;
    // The usual case, without white space, first.
    if (p < end && *p == ',') {
      ++p;
      continue;
    }
    if (!next_or_close(p, end, '}', &more)) return false;
  }
  if (!(in_order && members == builder.children().size()) && !fill_missing(builder, row)) return false;
  builder.end_fields();
  return true;
}

bool ColumnReader::read_list(ColumnBuilder& builder, const char*& p, const char* end, int depth) {
  ++p;
  ColumnBuilder& items = *builder.children()[0].builder;
  skip_space(p, end);
  bool more = !(p < end && *p == ']');
  if (!more) ++p;
  while (more) {
    if (!read(items, p, end, depth) || !next_or_close(p, end, ']', &more)) return false;
  }
  builder.end_list();
  return true;
}

bool ColumnReader::read_map(ColumnBuilder& builder, const char*& p, const char* end, int depth) {
  ColumnBuilder& keys = *builder.children()[0].builder;
  ColumnBuilder& values = *builder.children()[1].builder;
  if (keys.kind() != Kind::kString) return false;
  ++p;
  std::vector<std::string_view> names;
  skip_space(p, end);
  bool more = !(p < end && *p == '}');
  if (!more) ++p;
  while (more) {
    skip_space(p, end);
    if (p == end || *p != '"') return false;
    std::string_view name;
    // A key with escapes is compared by what it means: left to the slow way.
    if (!scan_plain_string(++p, end, &name)) return false;
    keys.push_bytes(name);
    names.push_back(name);
    skip_space(p, end);
    if (p == end || *p++ != ':') return false;
    if (!read(values, p, end, depth) || !next_or_close(p, end, '}', &more)) return false;
  }
  if (repeats(names)) return false;
  builder.end_list();
  return true;
}

bool ColumnReader::read_variant(ColumnBuilder& builder, const char*& p, const char* end, int depth) {
  const char* start = p;
  if (!skip_value(p, end, depth)) return false;
  if (*start == '-' || is_digit(*start)) {
    Number n;
    const char* q = start;
    if (!scan_number(q, p, &n)) return false;
    builder.push_bytes(columnar::encode_variant(n.integral ? columnar::Value(to_long(n)) : columnar::Value(to_double(n))));
    return true;
  }
  auto node = parse_document({start, static_cast<size_t>(p - start)});
  if (!node.ok()) return false;
  auto value = to_connect(nullptr, &*node, replace_null_with_default_);
  return value.ok() && builder.append(*value).ok();
}

}  // namespace bywash::formats::json
