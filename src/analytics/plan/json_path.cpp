#include "analytics/plan/json_path.h"

#include "analytics/sql/java_text.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace bywash::analytics {
namespace {

using Document = nlohmann::ordered_json;

void find_deep(const Document& value, const std::string& key, std::vector<const Document*>* out) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      if (key.empty() || name == key) out->push_back(&member);
      find_deep(member, key, out);
    }
  } else if (value.is_array()) {
    for (const Document& element : value) find_deep(element, key, out);
  }
}

void step_into(const Document& value, const JsonPath::Step& step, std::vector<const Document*>* out) {
  switch (step.kind) {
    case JsonPath::StepKind::kKey:
      if (!value.is_object()) return;
      if (auto found = value.find(step.key); found != value.end()) out->push_back(&*found);
      return;
    case JsonPath::StepKind::kIndex: {
      if (!value.is_array()) return;
      auto size = static_cast<int64_t>(value.size());
      int64_t at = step.index < 0 ? step.index + size : step.index;
      if (at >= 0 && at < size) out->push_back(&value[static_cast<size_t>(at)]);
      return;
    }
    case JsonPath::StepKind::kAll:
      if (!value.is_structured()) return;
      for (const Document& element : value) out->push_back(&element);
      return;
    case JsonPath::StepKind::kDeep: find_deep(value, step.key, out);
  }
}

void append_json(const Document& value, std::string& out) {
  if (value.is_number_float()) {
    out += sql::java_double(value.get<double>());
  } else if (value.is_object()) {
    out += '{';
    for (const auto& [key, member] : value.items()) {
      if (out.back() != '{') out += ',';
      out += Document(key).dump() + ":";
      append_json(member, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_json(value[i], out);
    }
    out += ']';
  } else {
    out += value.dump(-1, ' ', false, Document::error_handler_t::replace);
  }
}

}  // namespace

Result<JsonPath> JsonPath::compile(std::string_view text) {
  JsonPath out;
  std::string_view rest = text;
  auto wrong = [&](std::string_view why) { return Status::invalid(fmt::format("JSON path '{}': {}", text, why)); };
  if (rest.starts_with('$')) rest.remove_prefix(1);
  else if (!rest.starts_with('[') && !rest.starts_with('.')) out.steps_.push_back({StepKind::kKey, "", 0});
  bool bare = !out.steps_.empty();  // a path that begins with a key
  out.steps_.clear();
  while (!rest.empty()) {
    Step step;
    if (rest[0] == '.' || bare) {
      if (!bare) rest.remove_prefix(1);
      if (!bare && rest.starts_with('.')) step.kind = StepKind::kDeep, rest.remove_prefix(1);
      bare = false;
      size_t end = std::min(rest.find_first_of(".["), rest.size());
      step.key = rest.substr(0, end);
      rest.remove_prefix(end);
      if (step.key.ends_with(')')) return wrong("functions are not supported");
      if (step.key.empty() && step.kind != StepKind::kDeep) return wrong("a key is empty");
      if (step.key == "*" && step.kind == StepKind::kKey) step.kind = StepKind::kAll;
      if (step.key == "*" && step.kind == StepKind::kDeep) step.key.clear();
    } else if (rest[0] == '[') {
      size_t end = rest.find(']');
      if (rest.size() > 1 && (rest[1] == '\'' || rest[1] == '"')) end = rest.find(std::string{rest[1], ']'}, 2);
      if (end == std::string_view::npos) return wrong("a bracket is not closed");
      bool quoted = rest[1] == '\'' || rest[1] == '"';
      std::string_view inner = quoted ? rest.substr(2, end - 2) : rest.substr(1, end - 1);
      rest.remove_prefix(end + (quoted ? 2 : 1));
      if (quoted) {
        step.key = inner;
      } else if (inner == "*") {
        step.kind = StepKind::kAll;
      } else {
        step.kind = StepKind::kIndex;
        auto [stop, error] = std::from_chars(inner.data(), inner.data() + inner.size(), step.index);
        if (error != std::errc() || stop != inner.data() + inner.size()) return wrong("only [number], [*] and ['key'] are supported in brackets");
      }
    } else {
      return wrong("expected '.' or '['");
    }
    out.steps_.push_back(std::move(step));
    if (out.steps_.size() > 100) return wrong("more than 100 steps");
  }
  return out;
}

bool JsonPath::definite() const {
  for (const Step& step : steps_) {
    if (step.kind == StepKind::kAll || step.kind == StepKind::kDeep) return false;
  }
  return true;
}

std::vector<const Document*> JsonPath::find(const Document& document) const {
  std::vector<const Document*> found{&document};
  for (const Step& step : steps_) {
    std::vector<const Document*> next;
    for (const Document* value : found) step_into(*value, step, &next);
    found = std::move(next);
  }
  return found;
}

std::string json_text(const Document& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string out;
  append_json(value, out);
  return out;
}

Document parse_document(std::string_view text) { return Document::parse(text, nullptr, false); }

}  // namespace bywash::analytics
