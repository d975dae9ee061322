// Functions that take texts apart and put them together: padding, splitting, searching by position and by pattern. Positions and lengths
// count characters (UTF-8 code points). Semantics: org.apache.pinot.common.function.scalar.StringFunctions and commons-lang3, 1.5.1.
#include "analytics/plan/row_function.h"
#include "expressions/utf8.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace bywash::analytics {
namespace {

namespace utf8 = expressions::utf8;

constexpr int64_t kTextMax = 1 << 20;  // characters that one call may make: repeat('x', 1e9) is an error, not a dead process

std::string_view characters(std::string_view text, int64_t begin, int64_t end) {
  auto size = static_cast<int64_t>(utf8::length(text));
  begin = std::clamp<int64_t>(begin, 0, size);
  return utf8::slice(text, static_cast<size_t>(begin), static_cast<size_t>(std::clamp<int64_t>(end, begin, size)));
}
int64_t characters_before(std::string_view text, size_t byte) { return static_cast<int64_t>(utf8::length(text.substr(0, byte))); }

template <bool Left>
Result<BoundFunction> side(const FunctionArgs& call) {
  return row_function(call, "ti", DataType::kString, [](FunctionRow& row, std::string& out) {
    auto size = static_cast<int64_t>(utf8::length(row.text(0)));
    int64_t wanted = std::max<int64_t>(row.integer(1), 0);
    out += Left ? characters(row.text(0), 0, wanted) : characters(row.text(0), size - std::min(wanted, size), size);
  });
}

template <bool Left>
Result<BoundFunction> pad(const FunctionArgs& call) {
  return row_function(call, "ti|t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0), with = row.size() > 2 && !row.text(2).empty() ? row.text(2) : std::string_view(" ");
    int64_t missing = row.integer(1) - static_cast<int64_t>(utf8::length(text));
    if (missing > kTextMax) return row.fail(fmt::format("Function pads to more than {} characters", kTextMax));
    if (!Left) out += text;
    for (auto width = static_cast<int64_t>(utf8::length(with)); missing > 0; missing -= width) out += characters(with, 0, missing);
    if (Left) out += text;
  });
}

Result<BoundFunction> repeat(const FunctionArgs& call) {
  if (call.size() == 3) {  // repeat(text, separator, times)
    return row_function(call, "tti", DataType::kString, [](FunctionRow& row, std::string& out) {
      if (row.integer(2) * static_cast<int64_t>(row.text(0).size() + row.text(1).size()) > kTextMax) return row.fail("Function repeat makes a text that is too long");
      for (int64_t i = 0; i < row.integer(2); ++i) {
        if (i > 0) out += row.text(1);
        out += row.text(0);
      }
    });
  }
  return row_function(call, "ti", DataType::kString, [](FunctionRow& row, std::string& out) {
    if (row.integer(1) > kTextMax || row.integer(1) * static_cast<int64_t>(row.text(0).size()) > kTextMax) return row.fail("Function repeat makes a text that is too long");
    for (int64_t i = 0; i < row.integer(1); ++i) out += row.text(0);
  });
}
Result<BoundFunction> space(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kString, [](FunctionRow& row, std::string& out) {
    if (row.integer(0) > kTextMax) return row.fail("Function space makes a text that is too long");
    out.append(static_cast<size_t>(std::max<int64_t>(row.integer(0), 0)), ' ');
  });
}

Result<BoundFunction> initcap(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    bool start = true;
    std::string_view text = row.text(0);
    for (size_t at = 0; at < text.size();) {
      size_t size = 1;
      while (at + size < text.size() && (text[at + size] & 0xc0) == 0x80) ++size;
      bool blank = size == 1 && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'));
      if (blank) out += text[at];
      else utf8::append_case(text.substr(at, size), start, out);
      start = blank;
      at += size;
    }
  });
}

// trim(BOTH|LEADING|TRAILING, characters, text); the form of one argument stands with the other text functions.
template <bool Left, bool Right>
void strip(std::string_view set, std::string_view text, std::string& out) {
  while (Left && !text.empty() && set.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (Right && !text.empty() && set.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  out += text;
}
Result<BoundFunction> trim_of(const FunctionArgs& call) {
  ASSIGN_OR_RETURN(std::string end, call.size() == 3 ? call.literal_text(0) : Result<std::string>(std::string("BOTH")));
  return row_function(call, "ttt", DataType::kString, [end](FunctionRow& row, std::string& out) {
    if (end == "LEADING") strip<true, false>(row.text(1), row.text(2), out);
    else if (end == "TRAILING") strip<false, true>(row.text(1), row.text(2), out);
    else strip<true, true>(row.text(1), row.text(2), out);
  });
}

Result<BoundFunction> concat_ws(const FunctionArgs& call) {
  return row_function(call, "tt*", DataType::kString, [](FunctionRow& row, std::string& out) {
    for (size_t i = 1; i < row.size(); ++i) {
      if (i > 1) out += row.text(0);
      out += row.text(i);
    }
  });
}

Result<BoundFunction> codepoint(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view text = row.text(0);
    if (text.empty()) {
      row.fail("Function codepoint needs a text that is not empty");
      return 0;
    }
    auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    unsigned first = byte(0);
    if (first < 0x80) return first;
    if (first < 0xe0) return (first & 31) << 6 | (byte(1) & 63);
    if (first < 0xf0) return (first & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63);
    return (first & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63);
  });
}

Result<BoundFunction> chr(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kString, [](FunctionRow& row, std::string& out) {
    int64_t c = row.integer(0);
    if (c < 0 || c > 0x10ffff) return row.fail(fmt::format("Function chr takes a code point from 0 to 1114111, got {}", c));
    auto put = [&](int64_t value) { out += static_cast<char>(value); };
    if (c < 0x80) return put(c);
    if (c < 0x800) return put(0xc0 | c >> 6), put(0x80 | (c & 63));
    if (c < 0x10000) return put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  });
}

// strrpos(text, find[, from]): the last place, at or before `from`.
Result<BoundFunction> last_position(const FunctionArgs& call) {
  return row_function(call, "tt|i", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view text = row.text(0), up_to = text;
    if (row.size() == 3) {
      int64_t from = row.integer(2);
      if (from < 0) return -1;
      up_to = characters(text, 0, from + static_cast<int64_t>(utf8::length(row.text(1))));
    }
    size_t at = up_to.rfind(row.text(1));
    return at == std::string_view::npos ? -1 : characters_before(text, at);
  });
}

// strpos(text, find[, n]): the place of the n-th occurrence.
Result<BoundFunction> position_of(const FunctionArgs& call) {
  return row_function(call, "tt|i", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view text = row.text(0);
    int64_t n = row.size() == 3 ? row.integer(2) : 1;
    size_t at = std::string_view::npos;
    for (int64_t i = 0; i < n; ++i) {
      at = text.find(row.text(1), i == 0 ? 0 : at + 1);
      if (at == std::string_view::npos) return -1;
    }
    return at == std::string_view::npos ? -1 : characters_before(text, at);
  });
}

// The parts between separators, several in a row counting as one, none before the first part, an empty one after a separator at the end
// (StringUtils.splitByWholeSeparator).
std::vector<std::string_view> split_text(std::string_view text, std::string_view separator, int64_t limit) {
  std::vector<std::string_view> out;
  if (text.empty()) return out;
  if (separator.empty()) separator = " ";
  size_t at = 0;
  while (text.substr(at).starts_with(separator)) at += separator.size();
  while (true) {
    if (limit > 0 && static_cast<int64_t>(out.size()) + 1 == limit) {
      out.push_back(text.substr(at));
      return out;
    }
    size_t end = text.find(separator, at);
    out.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return out;
    at = end;
    while (text.substr(at).starts_with(separator)) at += separator.size();
  }
}

// splitPart(text, separator, index) and (text, separator, limit, index): from 0, from the end when negative; 'null' where there is none.
Result<BoundFunction> split_part(const FunctionArgs& call) {
  return row_function(call, "tti|i", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::vector<std::string_view> parts = split_text(row.text(0), row.text(1), row.size() == 4 ? row.integer(2) : 0);
    int64_t at = row.integer(row.size() - 1), size = static_cast<int64_t>(parts.size());
    if (at < 0) at += size;
    out += at >= 0 && at < size ? parts[static_cast<size_t>(at)] : std::string_view("null");
  });
}

// A function of texts that answers arrays: f(row, add).
template <class F>
Result<BoundFunction> text_arrays(const FunctionArgs& call, std::string_view signature, F f) {
  ASSIGN_OR_RETURN(RowArguments arguments, RowArguments::of(call, signature));
  return BoundFunction{DataType::kString, [arguments, f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const std::vector<const Vector*> read = arguments.read(args, n, converted);
                         FunctionRow row{read, out, 0, n};
                         out.start_texts();
                         out.offsets.assign(1, 0);
                         for (row.index = 0; row.index < n; ++row.index) {
                           f(row, [&](std::string_view text) { out.bytes += text, out.end_text(); });
                           out.offsets.push_back(static_cast<uint32_t>(out.ends.size()));
                         }
                         out.finish_texts();
                       }, true};
}

Result<BoundFunction> split_texts(const FunctionArgs& call) {
  return text_arrays(call, "tt|i", [](FunctionRow& row, auto add) {
    for (std::string_view part : split_text(row.text(0), row.text(1), row.size() == 3 ? row.integer(2) : 0)) add(part);
  });
}
template <bool Front>
Result<BoundFunction> affixes(const FunctionArgs& call) {
  return text_arrays(call, "ti|t", [](FunctionRow& row, auto add) {
    auto size = static_cast<int64_t>(utf8::length(row.text(0)));
    std::string_view mark = row.size() == 3 ? row.text(2) : std::string_view();
    for (int64_t i = 1; i <= std::min(size, row.integer(1)); ++i) {
      add(Front ? std::string(mark) + std::string(characters(row.text(0), 0, i)) : std::string(characters(row.text(0), size - i, size)) + std::string(mark));
    }
  });
}
template <bool Unique>
Result<BoundFunction> ngrams(const FunctionArgs& call) {
  return text_arrays(call, "ti|i", [](FunctionRow& row, auto add) {
    auto size = static_cast<int64_t>(utf8::length(row.text(0)));
    int64_t least = row.integer(1), most = row.size() == 3 ? row.integer(2) : least;
    std::vector<std::string_view> seen;
    for (int64_t length = std::max<int64_t>(least, 1); length <= std::min(most, size); ++length) {
      for (int64_t at = 0; at + length <= size; ++at) {
        std::string_view gram = characters(row.text(0), at, at + length);
        if (std::find(seen.begin(), seen.end(), gram) != seen.end()) continue;
        seen.push_back(gram);
        add(gram);
      }
    }
  });
}

Result<BoundFunction> remove_text(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0), find = row.text(1);
    for (size_t hit; !find.empty() && (hit = text.find(find)) != std::string_view::npos; text.remove_prefix(hit + find.size())) out += text.substr(0, hit);
    out += text;
  });
}

Result<BoundFunction> translate(const FunctionArgs& call) {
  return row_function(call, "ttt", DataType::kString, [](FunctionRow& row, std::string& out) {
    auto from_size = static_cast<int64_t>(utf8::length(row.text(1))), size = static_cast<int64_t>(utf8::length(row.text(0)));
    for (int64_t i = 0; i < size; ++i) {
      std::string_view c = characters(row.text(0), i, i + 1);
      int64_t at = 0;
      while (at < from_size && characters(row.text(1), at, at + 1) != c) ++at;
      out += at == from_size ? c : characters(row.text(2), at, at + 1);
    }
  });
}

// The next UTF-16 unit of a text; -1: its end. `low` holds the second unit of a pair.
int32_t next_unit(std::string_view& text, int32_t& low) {
  if (low != 0) return std::exchange(low, 0);
  if (text.empty()) return -1;
  size_t size = 1;
  while (size < text.size() && (text[size] & 0xc0) == 0x80) ++size;
  const auto lead = static_cast<unsigned char>(text[0]);
  int32_t code = size == 1 ? lead : lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) code = code << 6 | (text[i] & 0x3f);
  text.remove_prefix(size);
  if (code < 0x10000) return code;
  low = 0xdc00 + ((code - 0x10000) & 0x3ff);
  return 0xd800 + ((code - 0x10000) >> 10);
}

// java.lang.String.compareTo: the difference of the first units that differ, else of the lengths.
Result<BoundFunction> strcmp_texts(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view a = row.text(0), b = row.text(1);
    int32_t low_a = 0, low_b = 0;
    while (true) {
      const int32_t x = next_unit(a, low_a), y = next_unit(b, low_b);
      if (x >= 0 && y >= 0 && x != y) return x - y;
      if (x >= 0 && y >= 0) continue;
      int64_t rest = 0;
      for (int32_t unit = x; unit >= 0; unit = next_unit(a, low_a)) ++rest;
      for (int32_t unit = y; unit >= 0; unit = next_unit(b, low_b)) --rest;
      return rest;
    }
  });
}

Result<BoundFunction> hamming(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view a = row.text(0), b = row.text(1);
    if (a.size() != b.size()) return -1;
    int64_t out = 0;
    for (size_t i = 0; i < a.size(); ++i) out += a[i] != b[i];
    return out;
  });
}

Result<BoundFunction> levenshtein(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kInt, [](FunctionRow& row) -> int64_t {
    std::string_view a = row.text(0), b = row.text(1);
    if (a.size() > 10'000 || b.size() > 10'000) {
      row.fail("Function levenshteinDistance takes texts of at most 10000 bytes");
      return 0;
    }
    std::vector<int64_t> line(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) line[j] = static_cast<int64_t>(j);
    for (size_t i = 1; i <= a.size(); ++i) {
      int64_t diagonal = line[0];
      line[0] = static_cast<int64_t>(i);
      for (size_t j = 1; j <= b.size(); ++j) {
        int64_t above = line[j];
        line[j] = std::min({above + 1, line[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
        diagonal = above;
      }
    }
    return line[b.size()];
  });
}

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool begins_alike(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && std::equal(part.begin(), part.end(), text.begin(), [](char a, char b) { return lower_ascii(a) == lower_ascii(b); });
}
template <bool Front>
Result<BoundFunction> affix_ignoring_case(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kBoolean, [](FunctionRow& row) {
    std::string_view text = row.text(0), part = row.text(1);
    if (text.size() < part.size()) return false;
    return begins_alike(Front ? text : text.substr(text.size() - part.size()), part);
  });
}

template <int64_t Times>
Result<BoundFunction> byte_length(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) { return static_cast<int64_t>(row.text(0).size()) * Times; });
}

// substringIndex(text, separator, n): what stands before the n-th separator, from the end when n is negative.
Result<BoundFunction> substring_index(const FunctionArgs& call) {
  return row_function(call, "tti", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0), separator = row.text(1);
    int64_t n = row.integer(2);
    if (n == 0 || separator.empty()) return;
    size_t at = n > 0 ? 0 : std::string_view::npos;
    for (int64_t i = 0; i < std::abs(n); ++i) {
      size_t hit = n > 0 ? text.find(separator, at) : at == 0 ? std::string_view::npos : text.rfind(separator, at == std::string_view::npos ? at : at - 1);
      if (hit == std::string_view::npos) {
        out += text;
        return;
      }
      at = n > 0 ? hit + separator.size() : hit;
    }
    out += n > 0 ? text.substr(0, at - separator.size()) : text.substr(at + separator.size());
  });
}

// overlay(text, with, from[, length]): from 1.
Result<BoundFunction> overlay(const FunctionArgs& call) {
  return row_function(call, "tti|i", DataType::kString, [](FunctionRow& row, std::string& out) {
    int64_t from = row.integer(2) - 1, length = row.size() == 4 ? row.integer(3) : static_cast<int64_t>(utf8::length(row.text(1)));
    out += characters(row.text(0), 0, from);
    out += row.text(1);
    out += characters(row.text(0), from + std::max<int64_t>(length, 0), INT64_MAX);
  });
}

// ---- patterns (RE2's syntax)

Result<std::shared_ptr<const RE2>> compile(const FunctionArgs& call, size_t which, bool ignore_case) {
  ASSIGN_OR_RETURN(std::string text, call.literal_text(which));
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  auto pattern = std::make_shared<const RE2>(text, options);
  if (!pattern->ok()) return Status::invalid(fmt::format("Function {}: not a valid regular expression: '{}' ({})", call.name, text, pattern->error()));
  return pattern;
}

// The groups of the first match at or after byte `from`; false: none.
bool match(const RE2& pattern, std::string_view text, size_t from, std::vector<re2::StringPiece>& groups) {
  groups.resize(static_cast<size_t>(pattern.NumberOfCapturingGroups()) + 1);
  return pattern.Match({text.data(), text.size()}, from, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()));
}
size_t offset_in(std::string_view text, const re2::StringPiece& part) { return static_cast<size_t>(part.data() - text.data()); }

// regexpExtract(text, pattern[, group[, default]]).
Result<BoundFunction> regexp_extract(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 4));
  ASSIGN_OR_RETURN(auto pattern, compile(call, 1, false));
  int64_t group = 0;
  std::string otherwise;
  if (call.size() > 2) {
    ASSIGN_OR_RETURN(group, call.literal_integer(2));
  }
  if (call.size() > 3) {
    ASSIGN_OR_RETURN(otherwise, call.literal_text(3));
  }
  if (group < 0 || group > pattern->NumberOfCapturingGroups()) return Status::invalid(fmt::format("Function {}: the pattern has no group {}", call.name, group));
  return row_function(call, "tt|it", DataType::kString, [pattern, group, otherwise](FunctionRow& row, std::string& out) {
    std::vector<re2::StringPiece> groups;
    if (!match(*pattern, row.text(0), 0, groups)) out += otherwise;
    else if (auto& found = groups[static_cast<size_t>(group)]; found.data()) out.append(found.data(), found.size());
  });
}

// Java's replacement text ($1, \$) appended.
void append_replacement(std::string_view with, const std::vector<re2::StringPiece>& groups, std::string& out) {
  for (size_t i = 0; i < with.size(); ++i) {
    if (with[i] == '\\' && i + 1 < with.size()) {
      out += with[++i];
    } else if (with[i] == '$' && i + 1 < with.size() && with[i + 1] >= '0' && with[i + 1] <= '9') {
      size_t group = static_cast<size_t>(with[++i] - '0');
      if (group < groups.size() && groups[group].data()) out.append(groups[group].data(), groups[group].size());
    } else {
      out += with[i];
    }
  }
}

// regexpReplace(text, pattern, with[, from[, occurrence[, flags]]]): from 0; occurrence -1: all, else the n-th from 0.
Result<BoundFunction> regexp_replace(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 6));
  bool ignore_case = false;
  if (call.size() == 6) {
    ASSIGN_OR_RETURN(std::string flags, call.literal_text(5));
    ignore_case = flags.find('i') != std::string::npos;
  }
  ASSIGN_OR_RETURN(auto pattern, compile(call, 1, ignore_case));
  return row_function(call, "ttt|iit", DataType::kString, [pattern](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0);
    int64_t from = row.size() > 3 ? row.integer(3) : 0, occurrence = row.size() > 4 ? row.integer(4) : -1;
    size_t at = characters(text, 0, from).size(), copied = 0;
    std::vector<re2::StringPiece> groups;
    for (int64_t n = 0; at <= text.size() && match(*pattern, text, at, groups); ++n) {
      size_t begin = offset_in(text, groups[0]), end = begin + groups[0].size();
      if (occurrence < 0 || n == occurrence) {
        out += text.substr(copied, begin - copied);
        append_replacement(row.text(2), groups, out);
        copied = end;
        if (occurrence >= 0) break;
      }
      at = end > begin ? end : end + 1;
    }
    out += text.substr(std::min(copied, text.size()));
  });
}

Result<BoundFunction> regexp_count(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(auto pattern, compile(call, 1, false));
  return row_function(call, "tt", DataType::kInt, [pattern](FunctionRow& row) {
    std::vector<re2::StringPiece> groups;
    int64_t out = 0;
    for (size_t at = 0; at <= row.text(0).size() && match(*pattern, row.text(0), at, groups); ++out) {
      size_t end = offset_in(row.text(0), groups[0]) + groups[0].size();
      at = groups[0].empty() ? end + 1 : end;
    }
    return out;
  });
}



}  // namespace

const std::vector<FunctionEntry>& text_part_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"left", side<true>},           {"leftsubstr", side<true>},     {"right", side<false>},        {"rightsubstr", side<false>},
      {"lpad", pad<true>},            {"rpad", pad<false>},           {"repeat", repeat},            {"space", space},
      {"initcap", initcap},           {"trimcharacters", trim_of}, {"concatws", concat_ws},     {"codepoint", codepoint},
      {"ascii", codepoint},           {"chr", chr},                   {"strrpos", last_position},    {"strpos", position_of},
      {"splitpart", split_part},      {"split", split_texts},         {"stringtoarray", split_texts}, {"prefixes", affixes<true>},
      {"prefixeswithprefix", affixes<true>}, {"suffixes", affixes<false>}, {"suffixeswithsuffix", affixes<false>}, {"uniquengrams", ngrams<true>},
      {"generateuniquengrams", ngrams<true>}, {"remove", remove_text}, {"translate", translate},     {"strcmp", strcmp_texts},
      {"hammingdistance", hamming},   {"levenshteindistance", levenshtein}, {"startswithcaseinsensitive", affix_ignoring_case<true>},
      {"endswithcaseinsensitive", affix_ignoring_case<false>}, {"octetlength", byte_length<1>}, {"bitlength", byte_length<8>},
      {"substringindex", substring_index}, {"overlay", overlay},      {"regexpextract", regexp_extract}, {"regexpsubstr", regexp_extract},
      {"regexpreplace", regexp_replace}, {"regexpreplacevar", regexp_replace}, {"regexpextractvar", regexp_extract}, {"regexpcount", regexp_count}};
  return entries;
}

}  // namespace bywash::analytics
