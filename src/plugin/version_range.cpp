// See version_range.h. Level 3.
#include "plugin/version_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace bywash::plugin {
namespace {

// A part of a version: a number, or a word by its place among the words Maven knows.
struct Part {
  bool is_number = true;
  int64_t number = 0;
  std::string word;

  // Among words the release itself has a place: after snapshots, before service packs and unknown words.
  int place() const {
    if (is_number) return number == 0 ? 5 : 8;
    static constexpr std::string_view kWords[] = {"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"};
    auto known = std::find(std::begin(kWords), std::end(kWords), word);
    return static_cast<int>(known - std::begin(kWords));
  }
};

std::vector<Part> parts_of(std::string_view version) {
  std::vector<Part> out;
  const std::string text = ascii_lower(version);
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '.' || text[i] == '-') {
      ++i;
      continue;
    }
    const bool digits = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    size_t end = i;
    while (end < text.size() && text[end] != '.' && text[end] != '-' && (std::isdigit(static_cast<unsigned char>(text[end])) != 0) == digits) ++end;
    Part part{digits, 0, ""};
    if (digits) std::from_chars(text.data() + i, text.data() + end, part.number);
    else part.word = text.substr(i, end - i);
    out.push_back(std::move(part));
    i = end;
  }
  while (!out.empty() && out.back().is_number && out.back().number == 0) out.pop_back();
  return out;
}

int compare(std::string_view a, std::string_view b) {
  const std::vector<Part> left = parts_of(a), right = parts_of(b);
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const Part x = i < left.size() ? left[i] : Part(), y = i < right.size() ? right[i] : Part();
    if (x.is_number && y.is_number && x.number != y.number) return x.number < y.number ? -1 : 1;
    if (x.is_number && y.is_number) continue;
    if (x.place() != y.place()) return x.place() < y.place() ? -1 : 1;
    if (x.word != y.word) return x.word < y.word ? -1 : 1;
  }
  return 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// One range with its brackets.
Result<bool> in_range(std::string_view range, std::string_view have) {
  const std::string_view inner = range.substr(1, range.size() - 2);
  const bool open_low = range.front() == '(', open_high = range.back() == ')';
  const size_t comma = inner.find(',');
  if (comma == inner.npos) {
    if (open_low || open_high) return Status::invalid(fmt::format("Single version must be surrounded by []: {}", range));
    return compare(trimmed(inner), have) == 0;
  }
  const std::string_view low = trimmed(inner.substr(0, comma)), high = trimmed(inner.substr(comma + 1));
  if (!low.empty() && !high.empty()) {
    const int order = compare(low, high);
    if (order == 0 && low == high && (open_low || open_high)) return Status::invalid(fmt::format("Range cannot have identical boundaries: {}", range));
    if (order > 0) return Status::invalid(fmt::format("Range defies version ordering: {}", range));
  }
  const int above = low.empty() ? 1 : compare(have, low), below = high.empty() ? -1 : compare(have, high);
  return (above > 0 || (above == 0 && !open_low)) && (below < 0 || (below == 0 && !open_high));
}

}  // namespace

Result<std::optional<std::string>> unmet_version(std::string_view asked, std::string_view have) {
  constexpr std::optional<std::string> kMet;
  if (asked == "latest" || asked == have) return kMet;
  if (asked.empty()) return std::optional<std::string>("[,]");
  if (asked.find_first_of("[]()") == asked.npos) {
    return compare(trimmed(asked), have) == 0 ? kMet : std::optional(fmt::format("[{0},{0}]", asked));
  }
  bool met = false;
  std::string_view rest = trimmed(asked);
  while (!rest.empty()) {
    if (rest.front() != '[' && rest.front() != '(') return Status::invalid(fmt::format("Only fully-qualified sets allowed in multiple set scenario: {}", asked));
    const size_t end = rest.find_first_of("])");
    if (end == rest.npos) return Status::invalid(fmt::format("Unbounded range: {}", asked));
    ASSIGN_OR_RETURN(bool inside, in_range(rest.substr(0, end + 1), have));
    met = met || inside;
    rest = trimmed(rest.substr(end + 1));
    if (rest.starts_with(",")) rest = trimmed(rest.substr(1));
  }
  return met ? kMet : std::optional(std::string(asked));
}

std::string version_problem(std::string_view class_name, std::string_view range, std::string_view have, int copies) {
  std::string list(have);
  for (int i = 1; i < copies; ++i) list += fmt::format(", {}", have);
  return fmt::format("Plugin {} not found that matches the version range {}, available versions: [{}]", class_name, range, list);
}

}  // namespace bywash::plugin
