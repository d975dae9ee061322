// Reading of field paths. Level 4.
#include "transforms/field_path.h"

namespace bywash::transforms {
namespace {

// The step in backticks that starts at `at`; moves `at` behind it and its dot. A closing backtick is one that a dot or the end
// follows and that no backslash precedes.
Result<std::string> quoted_step(std::string_view path, size_t& at) {
  const size_t opened = at;
  std::string step;
  size_t from = at + 1;
  for (size_t i = path.find('`', from); i != path.npos; i = path.find('`', i + 1)) {
    const bool escaped = path[i - 1] == '\\', last = i + 1 == path.size();
    if (last ? escaped : path[i + 1] != '.') {
      if (last) break;
      continue;
    }
    if (escaped) {
      step.append(path.substr(from, i - 1 - from)).append("`");
      from = i + 1;
      continue;
    }
    step.append(path.substr(from, i - from));
    at = i + 2;
    return step;
  }
  return config_error(fmt::format("Incomplete backtick pair in path: [{}], consider adding a backslash before backtick at position {} to escape it",
                                  path, opened));
}

}  // namespace

Result<std::vector<std::string>> dotted_steps(std::string_view path) {
  std::vector<std::string> steps;
  for (size_t at = 0; at < path.size();) {
    if (path[at] == '`') {
      ASSIGN_OR_RETURN(std::string step, quoted_step(path, at));
      steps.push_back(std::move(step));
      continue;
    }
    size_t dot = path.find('.', at);
    steps.emplace_back(path.substr(at, dot == path.npos ? path.npos : dot - at));
    at = dot == path.npos ? path.size() : dot + 1;
  }
  if (path.ends_with('.')) steps.emplace_back();
  return steps;
}

Result<std::vector<std::string>> steps_of(std::string_view path, std::string_view version) {
  if (version == "V2" || version == "v2") return dotted_steps(path);
  return std::vector<std::string>{std::string(path)};
}

}  // namespace bywash::transforms
