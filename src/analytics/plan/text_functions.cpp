// Functions over texts. Lengths and positions count characters (UTF-8 code points).
#include "analytics/plan/functions.h"
#include "analytics/plan/patterns.h"
#include "analytics/plan/row_function.h"
#include "expressions/utf8.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

namespace bywash::analytics {
namespace {

namespace utf8 = expressions::utf8;

// Arguments as texts: other types are cast, as Pinot does when it calls a scalar function of strings.
class Texts {
 public:
  explicit Texts(const FunctionArgs& call) {
    for (const BoundPtr& arg : call.args) {
      casts_.push_back(physical_of(arg->type) == Physical::kText ? Kernel() : cast_function(arg->type, DataType::kString).kernel);
    }
  }
  std::vector<const Vector*> read(const std::vector<const Vector*>& args, size_t n, std::vector<Vector>& converted) const {
    std::vector<const Vector*> out(args);
    converted.resize(args.size());
    for (size_t i = 0; i < args.size(); ++i) {
      if (!casts_[i]) continue;
      converted[i].type = DataType::kString;
      casts_[i]({args[i]}, n, converted[i]);
      out[i] = &converted[i];
    }
    return out;
  }

 private:
  std::vector<Kernel> casts_;
};

// A function of one text that appends its result to `bytes`.
using Mapping = void (*)(std::string_view, std::string&);
template <Mapping F>
Result<BoundFunction> map_text(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  return BoundFunction{DataType::kString, [texts = Texts(call)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const Vector& source = *texts.read(args, n, converted)[0];
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) F(source.texts[i], out.bytes), out.end_text();
                         out.finish_texts();
                       }};
}

void to_upper(std::string_view text, std::string& out) { utf8::append_case(text, true, out); }
void to_lower(std::string_view text, std::string& out) { utf8::append_case(text, false, out); }
bool blank(char c) { return static_cast<unsigned char>(c) <= ' '; }
void trim_left(std::string_view text, std::string& out) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  out += text;
}
void trim_right(std::string_view text, std::string& out) {
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  out += text;
}
void trim(std::string_view text, std::string& out) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  trim_right(text, out);
}
void reverse(std::string_view text, std::string& out) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && (text[at] & 0xc0) == 0x80) --at;
    out += text.substr(at);
    text = text.substr(0, at);
  }
}

Result<BoundFunction> length(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  return BoundFunction{DataType::kInt, [texts = Texts(call)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const Vector& source = *texts.read(args, n, converted)[0];
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) out.integers[i] = static_cast<int64_t>(utf8::length(source.texts[i]));
                       }};
}

Result<BoundFunction> concat(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));  // the third is a separator between the two
  return BoundFunction{DataType::kString, [texts = Texts(call)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         auto sources = texts.read(args, n, converted);
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           out.bytes += sources[0]->texts[i];
                           if (sources.size() == 3) out.bytes += sources[2]->texts[i];
                           out.bytes += sources[1]->texts[i];
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

// substr(text, begin[, end]): from 0, end exclusive. substring(text, begin[, length]): from 1 (StringFunctions, 1.5.1).
template <bool FromOne>
Result<BoundFunction> substring(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  for (size_t i = 1; i < call.size(); ++i) {
    if (physical_of(call.type(i)) == Physical::kText) return Status::invalid(fmt::format("Function {} needs a number as argument {}: {}", call.name, i + 1, call.args[i]->text));
  }
  return BoundFunction{DataType::kString, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           std::string_view text = args[0]->texts[i];
                           auto size = static_cast<int64_t>(utf8::length(text));
                           int64_t begin = static_cast<int64_t>(args[1]->number(i)) - (FromOne ? 1 : 0), end = size;
                           if (args.size() == 3) {
                             auto last = static_cast<int64_t>(args[2]->number(i));
                             end = FromOne ? begin + last : last == -1 ? size : last;
                           }
                           // Negative positions count from the end (org.apache.commons.lang3.StringUtils.substring).
                           if (begin < 0) begin += size;
                           if (end < 0) end += size;
                           begin = std::clamp<int64_t>(begin, 0, size);
                           end = std::clamp<int64_t>(end, begin, size);
                           out.bytes += utf8::slice(text, static_cast<size_t>(begin), static_cast<size_t>(end));
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

Result<BoundFunction> replace(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  return BoundFunction{DataType::kString, [texts = Texts(call)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         auto sources = texts.read(args, n, converted);
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           std::string_view text = sources[0]->texts[i], find = sources[1]->texts[i];
                           size_t at = 0;
                           while (!find.empty()) {
                             size_t hit = text.find(find, at);
                             if (hit == std::string_view::npos) break;
                             out.bytes += text.substr(at, hit - at);
                             out.bytes += sources[2]->texts[i];
                             at = hit + find.size();
                           }
                           out.bytes += text.substr(at);
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

using TextPairTest = bool (*)(std::string_view, std::string_view);
template <TextPairTest F>
Result<BoundFunction> test(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  return BoundFunction{DataType::kBoolean, [texts = Texts(call)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         auto sources = texts.read(args, n, converted);
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) out.integers[i] = F(sources[0]->texts[i], sources[1]->texts[i]);
                       }};
}
bool begins(std::string_view text, std::string_view part) { return text.starts_with(part); }
bool ends(std::string_view text, std::string_view part) { return text.ends_with(part); }
bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <bool Like>
Result<BoundFunction> matches(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, Like ? 2 : 3));
  ASSIGN_OR_RETURN(std::string pattern, call.literal_text(1));
  std::string flags;
  if (call.size() == 3) {
    ASSIGN_OR_RETURN(flags, call.literal_text(2));
  }
  ASSIGN_OR_RETURN(Predicate predicate, Like ? like_predicate(pattern) : regexp_predicate(pattern, flags));
  return BoundFunction{DataType::kBoolean, [texts = Texts(call), predicate](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const Vector& source = *texts.read(args, n, converted)[0];
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) out.integers[i] = predicate.test(source.texts[i]);
                       }};
}

// likeVar and regexpLikeVar: the pattern may differ from row to row.
template <bool Like>
Result<BoundFunction> matches_own(const FunctionArgs& call) {
  return row_function(call, Like ? "tt" : "tt|t", DataType::kBoolean, [](FunctionRow& row) -> int64_t {
    struct Known {
      std::string pattern, flags;
      std::optional<Predicate> predicate;
    };
    static thread_local Known known;  // most rows have the pattern of the one before
    const std::string_view flags = row.size() > 2 ? row.text(2) : std::string_view();
    if (!known.predicate || known.pattern != row.text(1) || known.flags != flags) {
      Result<Predicate> made = Like ? like_predicate(row.text(1)) : regexp_predicate(row.text(1), flags);
      if (!made.ok()) return row.fail(made.status().message()), 0;
      known = {std::string(row.text(1)), std::string(flags), *std::move(made)};
    }
    return known.predicate->test(row.text(0));
  });
}

}  // namespace

const std::vector<FunctionEntry>& text_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"upper", map_text<to_upper>},   {"lower", map_text<to_lower>},    {"trim", map_text<trim>},       {"ltrim", map_text<trim_left>},
      {"rtrim", map_text<trim_right>}, {"reverse", map_text<reverse>},   {"length", length},             {"charlength", length},    {"characterlength", length},
      {"concat", concat},              {"substr", substring<false>},     {"substring", substring<true>}, {"replace", replace},
      {"startswith", test<begins>},    {"endswith", test<ends>},         {"contains", test<contains>},
      {"like", matches<true>},         {"regexplike", matches<false>},   {"likevar", matches_own<true>},    {"regexplikevar", matches_own<false>}};
  return entries;
}

}  // namespace bywash::analytics
