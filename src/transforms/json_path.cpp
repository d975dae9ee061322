// Reading and walking JSON paths. Level 4.
#include "transforms/json_path.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include "base/text.h"
#include "transforms/java_numbers.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {

struct PathCondition;
using PathConditionPtr = std::shared_ptr<const PathCondition>;

struct JsonPath::Step {
  enum class Kind : uint8_t { kMember, kIndex, kAll, kDescend, kFilter } kind = Kind::kMember;
  std::string name;
  int64_t index = 0;
  PathConditionPtr condition;
};

using PathSteps = std::vector<JsonPath::Step>;
using StepKind = JsonPath::Step::Kind;

// One side of a comparison: a path from the element (@) or the record ($), or literals.
struct PathOperand {
  std::optional<PathSteps> path;
  bool from_root = false;
  bool definite = false;  // the path leads to one place at most
  Value literal;
  std::optional<int64_t> whole;  // the literal, where it is a whole number
  std::vector<Value> list;  // of `in` and `nin`
  std::shared_ptr<const JavaRegex> regex;
};

struct PathCondition {
  enum class Op : uint8_t { kAnd, kOr, kNot, kExists, kEq, kNe, kLt, kLe, kGt, kGe, kMatches, kIn, kNotIn, kContains } op = Op::kExists;
  std::vector<PathConditionPtr> parts;
  PathOperand left, right;
};

namespace {

constexpr int kPathDepthMax = 64;

bool is_definite(const PathSteps& steps) {
  for (const auto& step : steps) {
    if (step.kind != StepKind::kMember && step.kind != StepKind::kIndex) return false;
  }
  return true;
}

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  Result<PathSteps> whole() {
    skip();
    if (!take("$")) return error("a path begins with '$'");
    ASSIGN_OR_RETURN(PathSteps steps, path_steps());
    skip();
    if (at_ < text_.size()) return error("nothing may follow the path");
    return steps;
  }

 private:
  Status error(std::string_view what) const { return Status::invalid(fmt::format("Invalid JSON path at position {}: {}", at_ + 1, what)); }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }
  static bool name_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
  }
  std::string name() {
    const size_t from = at_;
    while (at_ < text_.size() && name_char(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  Result<std::string> quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (at_ >= text_.size()) return error("a quote is not closed");
    ++at_;
    return out;
  }

  Result<PathSteps> path_steps() {
    PathSteps steps;
    for (;;) {
      if (take("..")) {
        steps.push_back({StepKind::kDescend, "", 0, nullptr});
        if (at('[')) continue;
        if (take("*")) steps.push_back({StepKind::kAll, "", 0, nullptr});
        else RETURN_IF_ERROR(member(steps));
      } else if (at('.')) {
        ++at_;
        // "$.[?(...)]" is read as "$[?(...)]".
        if (at('[')) continue;
        if (take("*")) steps.push_back({StepKind::kAll, "", 0, nullptr});
        else RETURN_IF_ERROR(member(steps));
      } else if (at('[')) {
        ++at_;
        RETURN_IF_ERROR(bracket(steps));
      } else {
        return steps;
      }
    }
  }
  Status member(PathSteps& steps) {
    std::string field = name();
    if (field.empty()) return error("a field name is expected");
    if (at('(')) return error("functions of paths are not supported");
    steps.push_back({StepKind::kMember, std::move(field), 0, nullptr});
    return {};
  }
  Status bracket(PathSteps& steps) {
    skip();
    if (take("*")) {
      steps.push_back({StepKind::kAll, "", 0, nullptr});
    } else if (at('\'') || at('"')) {
      ASSIGN_OR_RETURN(std::string field, quoted());
      steps.push_back({StepKind::kMember, std::move(field), 0, nullptr});
    } else if (take("?")) {
      skip();
      if (!take("(")) return error("'(' is expected after '?'");
      ASSIGN_OR_RETURN(PathConditionPtr condition, any_of());
      skip();
      if (!take(")")) return error("')' is expected");
      steps.push_back({StepKind::kFilter, "", 0, std::move(condition)});
    } else {
      int64_t index = 0;
      auto [end, code] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), index);
      if (code != std::errc()) return error("a quoted name, a number, '*' or '?(' is expected");
      at_ = static_cast<size_t>(end - text_.data());
      steps.push_back({StepKind::kIndex, "", index, nullptr});
    }
    skip();
    if (!take("]")) return error("']' is expected (lists of names and slices are not supported)");
    return {};
  }

  Result<PathConditionPtr> joined(PathCondition::Op op, std::string_view word, Result<PathConditionPtr> (PathParser::*part)()) {
    ASSIGN_OR_RETURN(PathConditionPtr first, (this->*part)());
    auto out = std::make_shared<PathCondition>();
    out->op = op;
    out->parts.push_back(std::move(first));
    for (skip(); take(word); skip()) {
      ASSIGN_OR_RETURN(PathConditionPtr next, (this->*part)());
      out->parts.push_back(std::move(next));
    }
    if (out->parts.size() == 1) return out->parts[0];
    return PathConditionPtr(std::move(out));
  }
  Result<PathConditionPtr> any_of() { return joined(PathCondition::Op::kOr, "||", &PathParser::all_of); }
  Result<PathConditionPtr> all_of() { return joined(PathCondition::Op::kAnd, "&&", &PathParser::single); }
  Result<PathConditionPtr> single() {
    if (++depth_ > kPathDepthMax) return error("conditions are nested too deep");
    auto out = parenthesized();
    --depth_;
    return out;
  }
  Result<PathConditionPtr> parenthesized() {
    skip();
    if (at('!') && text_.substr(at_, 2) != "!=") {
      ++at_;
      ASSIGN_OR_RETURN(PathConditionPtr inner, single());
      auto out = std::make_shared<PathCondition>();
      out->op = PathCondition::Op::kNot;
      out->parts = {std::move(inner)};
      return PathConditionPtr(std::move(out));
    }
    if (take("(")) {
      ASSIGN_OR_RETURN(PathConditionPtr inner, any_of());
      skip();
      if (!take(")")) return error("')' is expected");
      return inner;
    }
    return comparison();
  }
  Result<PathConditionPtr> comparison() {
    auto out = std::make_shared<PathCondition>();
    ASSIGN_OR_RETURN(out->left, operand());
    skip();
    static constexpr std::pair<std::string_view, PathCondition::Op> kOps[] = {
        {"==", PathCondition::Op::kEq}, {"!=", PathCondition::Op::kNe}, {"<=", PathCondition::Op::kLe}, {">=", PathCondition::Op::kGe}, {"=~", PathCondition::Op::kMatches},
        {"<", PathCondition::Op::kLt},  {">", PathCondition::Op::kGt}};
    bool found = false;
    for (auto [text, op] : kOps) {
      if (!take(text)) continue;
      out->op = op;
      found = true;
      break;
    }
    if (!found && at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) {
      const std::string word = ascii_lower(name());
      if (word == "in") out->op = PathCondition::Op::kIn;
      else if (word == "nin") out->op = PathCondition::Op::kNotIn;
      else if (word == "contains") out->op = PathCondition::Op::kContains;
      else return error(fmt::format("the operator '{}' is not supported", word));
      found = true;
    }
    if (!found) {
      if (!out->left.path) return error("an operator is expected");
      return PathConditionPtr(std::move(out));
    }
    ASSIGN_OR_RETURN(out->right, right_side(out->op));
    return PathConditionPtr(std::move(out));
  }
  Result<PathOperand> right_side(PathCondition::Op op) {
    skip();
    if (op == PathCondition::Op::kMatches) return regex();
    if (op != PathCondition::Op::kIn && op != PathCondition::Op::kNotIn) return operand();
    if (!take("[")) return error("a list in brackets is expected");
    PathOperand out;
    for (skip(); !take("]"); skip()) {
      if (!out.list.empty() && !take(",")) return error("',' or ']' is expected");
      ASSIGN_OR_RETURN(PathOperand item, operand());
      if (item.path) return error("a list path_holds literals only");
      out.list.push_back(std::move(item.literal));
    }
    return out;
  }
  Result<PathOperand> regex() {
    if (!take("/")) return error("a regular expression between slashes is expected");
    std::string pattern;
    while (at_ < text_.size() && text_[at_] != '/') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '/') ++at_;
      pattern += text_[at_++];
    }
    if (!take("/")) return error("the regular expression is not closed");
    if (std::string flags = name(); !flags.empty()) pattern = "(?" + flags + ")" + pattern;
    auto compiled = JavaRegex::compile(pattern);
    if (!compiled.ok()) return error(compiled.status().message());
    PathOperand out;
    out.regex = std::make_shared<const JavaRegex>(*std::move(compiled));
    return out;
  }
  Result<PathOperand> operand() {
    skip();
    PathOperand out;
    if (at('@') || at('$')) {
      out.from_root = text_[at_++] == '$';
      ASSIGN_OR_RETURN(out.path, path_steps());
      out.definite = is_definite(*out.path);
      return out;
    }
    if (at('\'') || at('"')) {
      ASSIGN_OR_RETURN(std::string text, quoted());
      out.literal = Value(std::move(text));
      return out;
    }
    if (take("true")) return out.literal = Value(true), out;
    if (take("false")) return out.literal = Value(false), out;
    if (take("null")) return out;
    size_t end = at_;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '-' || text_[end] == '+' || text_[end] == '.')) ++end;
    auto number = columnar::parse_decimal(text_.substr(at_, end - at_));
    if (end == at_ || !number.ok()) return error("a path, a quoted text, a number, true, false or null is expected");
    at_ = end;
    if (number->scale == 0 && number->unscaled.size() <= 8) out.whole = long_value(Value(*number));
    out.literal = Value(*std::move(number));
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

bool path_holds(const PathCondition& c, const RecordNode& element, const RecordNode& root);

// Visits the places that the path leads to until `visit` returns true; was that so?
template <class Visit>
bool walk_path(const PathSteps& steps, size_t i, const RecordNode& node, const RecordNode& root, const Visit& visit) {
  if (i == steps.size()) return !node.is_absent() && visit(node);
  const auto& step = steps[i];
  switch (step.kind) {
    case StepKind::kMember: {
      const RecordNode next = node.member(step.name);
      return !next.is_absent() && walk_path(steps, i + 1, next, root, visit);
    }
    case StepKind::kIndex: {
      if (!node.is_list()) return false;
      const auto items = node.items();
      const int64_t at = step.index < 0 ? step.index + static_cast<int64_t>(items.size()) : step.index;
      return at >= 0 && at < static_cast<int64_t>(items.size()) && walk_path(steps, i + 1, items[static_cast<size_t>(at)], root, visit);
    }
    case StepKind::kAll:
      for (const RecordNode& item : node.items()) {
        if (walk_path(steps, i + 1, item, root, visit)) return true;
      }
      return false;
    case StepKind::kDescend:
      if (walk_path(steps, i + 1, node, root, visit)) return true;
      for (const RecordNode& item : node.items()) {
        if ((item.is_list() || item.has_members()) && walk_path(steps, i, item, root, visit)) return true;
      }
      return false;
    case StepKind::kFilter:
      if (!node.is_list()) return node.has_members() && path_holds(*step.condition, node, root) && walk_path(steps, i + 1, node, root, visit);
      for (const RecordNode& item : node.items()) {
        if (path_holds(*step.condition, item, root) && walk_path(steps, i + 1, item, root, visit)) return true;
      }
      return false;
  }
  return false;
}

std::vector<RecordNode> places_of(const PathSteps& steps, const RecordNode& from, const RecordNode& root) {
  std::vector<RecordNode> out;
  walk_path(steps, 0, from, root, [&](const RecordNode& node) { return out.push_back(node), false; });
  return out;
}

// The place of a definite path; absent: it leads nowhere.
RecordNode definite_place(const PathSteps& steps, RecordNode at) {
  for (const auto& step : steps) {
    if (step.kind == StepKind::kMember) {
      at = at.member(step.name);
      continue;
    }
    if (!at.is_list()) return {};
    auto items = at.items();
    const int64_t index = step.index < 0 ? step.index + static_cast<int64_t>(items.size()) : step.index;
    if (index < 0 || index >= static_cast<int64_t>(items.size())) return {};
    at = std::move(items[static_cast<size_t>(index)]);
  }
  return at;
}

// What a side stands for; absent: its path leads nowhere.
RecordNode side_node(const PathOperand& side, const RecordNode& element, const RecordNode& root) {
  if (!side.path) return RecordNode(&side.literal);
  const RecordNode& from = side.from_root ? root : element;
  if (side.definite) return definite_place(*side.path, from);
  Value::List items;
  walk_path(*side.path, 0, from, root, [&](const RecordNode& node) { return items.push_back(node.value()), false; });
  if (items.empty()) return {};
  return RecordNode(Value::list(std::move(items)));
}

// Order of two values of one kind: numbers by value, texts, booleans; nullopt when they are of different kinds.
std::optional<int> path_order(const Value& a, const Value& b) {
  if (auto *x = a.get_if<std::string>(), *y = b.get_if<std::string>(); x && y) return x->compare(*y) < 0 ? -1 : *x == *y ? 0 : 1;
  if (auto *x = a.get_if<bool>(), *y = b.get_if<bool>(); x && y) return int{*x} - int{*y};
  auto whole = [](const Value& v) { return v.is<int8_t>() || v.is<int16_t>() || v.is<int32_t>() || v.is<int64_t>() || v.is<Value::Millis>(); };
  auto number = [&](const Value& v) -> std::optional<double> {
    if (auto* ms = v.get_if<Value::Millis>()) return static_cast<double>(ms->ms);
    if (auto* d = v.get_if<columnar::Decimal>()) return parse_java_double(columnar::to_plain_string(*d));
    return double_value(v);
  };
  auto exact = [&](const Value& v) -> std::optional<int64_t> {
    if (auto* ms = v.get_if<Value::Millis>()) return ms->ms;
    if (whole(v)) return long_value(v);
    auto* d = v.get_if<columnar::Decimal>();
    if (!d || d->scale != 0 || d->unscaled.size() > 8) return std::nullopt;
    return long_value(v);
  };
  if (auto x = exact(a), y = exact(b); x && y) return *x < *y ? -1 : *x > *y;
  auto x = number(a), y = number(b);
  if (!x || !y || std::isnan(*x) || std::isnan(*y)) return std::nullopt;
  return *x < *y ? -1 : *x > *y;
}

bool path_equal(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (auto o = path_order(a, b)) return *o == 0;
  return a == b;
}

bool compares_order(PathCondition::Op op) { return op >= PathCondition::Op::kEq && op <= PathCondition::Op::kGe; }

bool path_compares(const PathCondition& c, const RecordNode& element, const RecordNode& root) {
  using Op = PathCondition::Op;
  const RecordNode left_node = side_node(c.left, element, root);
  // Texts and whole numbers against a literal, without making Values.
  if (compares_order(c.op) && !c.right.path) {
    auto* literal = c.right.literal.get_if<std::string>();
    if (auto text = literal ? left_node.text() : std::nullopt) return holds_of_order(c.op, text->compare(*literal));
    if (auto number = c.right.whole ? left_node.whole_number() : std::nullopt) return holds_of_order(c.op, *number < *c.right.whole ? -1 : *number > *c.right.whole);
  }
  auto value_of = [](const RecordNode& node) { return node.is_absent() ? std::nullopt : std::optional(node.value()); };
  const auto left = value_of(left_node);
  if (c.op == Op::kMatches) {
    auto* text = left ? left->get_if<std::string>() : nullptr;
    return text && c.right.regex->matches(*text).value_or(false);
  }
  if (c.op == Op::kIn || c.op == Op::kNotIn) {
    if (!left) return c.op == Op::kNotIn;
    bool in = false;
    for (const Value& item : c.right.list) in = in || path_equal(*left, item);
    return in == (c.op == Op::kIn);
  }
  const auto right = value_of(side_node(c.right, element, root));
  if (c.op == Op::kNe) return !left || !right ? left.has_value() != right.has_value() : !path_equal(*left, *right);
  if (!left || !right) return false;
  if (c.op == Op::kEq) return path_equal(*left, *right);
  if (c.op == Op::kContains) {
    if (auto* list = left->as_list()) {
      for (const Value& item : *list) {
        if (path_equal(item, *right)) return true;
      }
      return false;
    }
    auto *text = left->get_if<std::string>(), *part = right->get_if<std::string>();
    return text && part && text->find(*part) != std::string::npos;
  }
  const auto o = path_order(*left, *right);
  return o && holds_of_order(c.op, *o);
}

bool path_holds(const PathCondition& c, const RecordNode& element, const RecordNode& root) {
  switch (c.op) {
    case PathCondition::Op::kAnd:
      for (const auto& part : c.parts) {
        if (!path_holds(*part, element, root)) return false;
      }
      return true;
    case PathCondition::Op::kOr:
      for (const auto& part : c.parts) {
        if (path_holds(*part, element, root)) return true;
      }
      return false;
    case PathCondition::Op::kNot: return !path_holds(*c.parts[0], element, root);
    case PathCondition::Op::kExists: return walk_path(*c.left.path, 0, c.left.from_root ? root : element, root, [](const RecordNode&) { return true; });
    default: return path_compares(c, element, root);
  }
}

bool path_missing(const PathSteps& steps, const RecordNode& start, const RecordNode& root);

bool condition_missing(const PathCondition& c, const RecordNode& element, const RecordNode& root) {
  for (const auto& part : c.parts) {
    if (condition_missing(*part, element, root)) return true;
  }
  for (const PathOperand* side : {&c.left, &c.right}) {
    if (side->path && path_missing(*side->path, side->from_root ? root : element, root)) return true;
  }
  return false;
}

// Does the path up to its first step with several outcomes lead to nothing or to null? Conditions of a filter there count as well.
bool path_missing(const PathSteps& steps, const RecordNode& start, const RecordNode& root) {
  RecordNode at = start;
  for (const auto& step : steps) {
    if (at.is_missing()) return true;
    if (step.kind == StepKind::kMember) {
      at = at.member(step.name);
    } else if (step.kind == StepKind::kIndex) {
      const auto found = places_of({step}, at, root);
      at = found.empty() ? RecordNode() : found[0];
    } else {
      return step.kind == StepKind::kFilter && at.has_members() && condition_missing(*step.condition, at, root);
    }
  }
  return at.is_missing();
}

// Of records that are structs or schemaless maps themselves, so that '@' and '$' are the same.
std::optional<RowVerdicts> path_verdicts(const PathCondition& c, const RecordColumn& records) {
  using Op = PathCondition::Op;
  if (c.op == Op::kAnd || c.op == Op::kOr || c.op == Op::kNot) {
    auto out = path_verdicts(*c.parts[0], records);
    if (out && c.op == Op::kNot) out->negate();
    for (size_t i = 1; i < c.parts.size() && out; ++i) {
      auto other = path_verdicts(*c.parts[i], records);
      if (!other) return std::nullopt;
      if (c.op == Op::kAnd) out->and_both(*other);
      else out->or_both(*other);
    }
    return out;
  }
  if (!compares_order(c.op) || !c.left.path || c.right.path) return std::nullopt;
  std::vector<std::string_view> names;
  for (const JsonPath::Step& step : *c.left.path) {
    if (step.kind != StepKind::kMember) return std::nullopt;
    names.push_back(step.name);
  }
  return RowVerdicts::compared(records, names, c.right.whole ? Value(*c.right.whole) : c.right.literal, OrderVerdicts::of(c.op));
}

}  // namespace

JsonPath::JsonPath(std::unique_ptr<std::vector<Step>> steps) : steps_(std::move(steps)) {}
JsonPath::~JsonPath() = default;
JsonPath::JsonPath(JsonPath&&) noexcept = default;
JsonPath& JsonPath::operator=(JsonPath&&) noexcept = default;

Result<JsonPath> JsonPath::compile(std::string_view text) {
  ASSIGN_OR_RETURN(PathSteps steps, PathParser(text).whole());
  return JsonPath(std::make_unique<PathSteps>(std::move(steps)));
}

std::vector<RecordNode> JsonPath::find(const RecordNode& root) const {
  return places_of(*steps_, root, root);
}

bool JsonPath::is_met(const RecordNode& root) const {
  return walk_path(*steps_, 0, root, root, [](const RecordNode&) { return true; }) && !(definite() && definite_place(*steps_, root).is_null());
}

std::optional<RowVerdicts> JsonPath::is_met(const RecordColumn& records) const {
  if (steps_->size() != 1 || steps_->front().kind != StepKind::kFilter || !records.schema().has_fields()) return std::nullopt;
  return path_verdicts(*steps_->front().condition, records);
}

bool JsonPath::definite() const { return is_definite(*steps_); }
bool JsonPath::names_missing(const RecordNode& root) const { return path_missing(*steps_, root, root); }

}  // namespace bywash::transforms
