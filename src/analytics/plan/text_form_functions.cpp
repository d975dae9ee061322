// Functions over the form of texts: how they sound, Unicode's normal forms, their first line. Semantics: StringFunctions of Apache Pinot
// 1.5.1, and commons-codec's Soundex below it.
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

// '' when the text has no letter; letters that are not English are left out.
std::string soundex_of(std::string_view text) {
  constexpr std::string_view kCodes = "01230120022455012623010202";
  std::string letters;
  for (char c : text) {
    const char upper = static_cast<char>(c & ~0x20);
    if (upper >= 'A' && upper <= 'Z') letters += upper;
  }
  if (letters.empty()) return text.empty() ? "0000" : "";
  auto code_of = [&](char letter) { return kCodes[static_cast<size_t>(letter - 'A')]; };
  std::string out(1, letters[0]);
  char last = code_of(letters[0]);
  for (size_t i = 1; i < letters.size() && out.size() < 4; ++i) {
    if (letters[i] == 'H' || letters[i] == 'W') continue;  // they do not part what sounds alike
    const char code = code_of(letters[i]);
    if (code != '0' && code != last) out += code;
    last = code;
  }
  out.resize(4, '0');
  return out;
}

Result<BoundFunction> soundex(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += soundex_of(row.text(0)); });
}

// How many of the four characters of both codes are the same.
Result<BoundFunction> difference(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kInt, [](FunctionRow& row) {
    const std::string a = soundex_of(row.text(0)), b = soundex_of(row.text(1));
    int64_t same = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) same += a[i] == b[i];
    return same;
  });
}

Result<BoundFunction> first_line(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += row.text(0).substr(0, row.text(0).find_first_of("\r\n")); });
}

Result<BoundFunction> is_ascii(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBoolean, [](FunctionRow& row) {
    const std::string_view text = row.text(0);
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  });
}

// normalize(text[, 'NFC' | 'NFD' | 'NFKC' | 'NFKD']).
Result<BoundFunction> normal_form(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 2));
  std::string form = "NFC";
  if (call.size() == 2) {
    ASSIGN_OR_RETURN(form, call.literal_text(1));
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form == "NFC"    ? icu::Normalizer2::getNFCInstance(error)
                                       : form == "NFD"  ? icu::Normalizer2::getNFDInstance(error)
                                       : form == "NFKC" ? icu::Normalizer2::getNFKCInstance(error)
                                       : form == "NFKD" ? icu::Normalizer2::getNFKDInstance(error)
                                                        : nullptr;
  if (!normalizer || U_FAILURE(error)) return Status::invalid(fmt::format("Function normalize knows the forms NFC, NFD, NFKC and NFKD, got: '{}'", form));
  return row_function(call, "t|t", DataType::kString, [normalizer](FunctionRow& row, std::string& out) {
    UErrorCode failed = U_ZERO_ERROR;
    const std::string_view text = row.text(0);
    const icu::UnicodeString normal = normalizer->normalize(icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size()))), failed);
    if (U_FAILURE(failed)) return row.fail("Function normalize cannot read the text");
    normal.toUTF8String(out);
  });
}

}  // namespace

const std::vector<FunctionEntry>& text_form_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"soundex", soundex}, {"difference", difference}, {"firstline", first_line}, {"isvalidascii", is_ascii}, {"normalize", normal_form}};
  return entries;
}

}  // namespace bywash::analytics
