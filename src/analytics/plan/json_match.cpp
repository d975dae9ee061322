// See document_match.h. A document is unnested into flat records, one for each combination of array elements (JsonUtils.flatten 1.5.1).
#include "analytics/plan/document_match.h"

#include "analytics/plan/json_path.h"
#include "analytics/segment/table_schema.h"
#include "analytics/sql/java_text.h"
#include "analytics/sql/parser.h"

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include <map>
#include <memory>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

constexpr size_t kRecordsMax = 10'000;  // of one document; combinations past it are not looked at

// A flat record: values by path with [*] for elements, and which element of each array it is.
struct FlatRecord {
  std::map<std::string, std::string> values;
  std::map<std::string, int64_t> indexes;
};
using FlatRecords = std::vector<FlatRecord>;

FlatRecords combine(const FlatRecords& a, const FlatRecords& b) {
  FlatRecords out;
  for (const FlatRecord& x : a) {
    for (const FlatRecord& y : b) {
      if (out.size() == kRecordsMax) return out;
      FlatRecord both = x;
      both.values.insert(y.values.begin(), y.values.end());
      both.indexes.insert(y.indexes.begin(), y.indexes.end());
      out.push_back(std::move(both));
    }
  }
  return out;
}

FlatRecords unnest(const nlohmann::ordered_json& value, const std::string& path) {
  if (value.is_object()) {
    FlatRecords out(1);
    for (const auto& [key, member] : value.items()) {
      FlatRecords inner = unnest(member, path + "." + key);
      if (!inner.empty()) out = combine(out, inner);
    }
    return out;
  }
  if (value.is_array()) {
    FlatRecords out;
    std::string own = path + "[*]";
    for (size_t i = 0; i < value.size(); ++i) {
      for (FlatRecord& one : unnest(value[i], own)) {
        if (out.size() == kRecordsMax) return out;
        one.indexes[own] = static_cast<int64_t>(i);
        out.push_back(std::move(one));
      }
    }
    return out;
  }
  FlatRecords out(1);
  if (!value.is_null()) out[0].values[path] = json_text(value);
  return out;
}

struct JsonCondition {
  enum class Kind { kAnd, kOr, kIn, kRange, kMatch, kExists };
  Kind kind = Kind::kAnd;
  std::vector<JsonCondition> children;
  bool exclusive = false;  // a leaf that asks that NO record passes
  std::string key;
  std::vector<std::pair<std::string, int64_t>> indexes;  // elements that the path names by number
  std::vector<std::string> values;
  bool number = false, has_low = false, has_high = false, low_open = false, high_open = false;
  double low = 0, high = 0;
  std::string low_text, high_text;
  std::shared_ptr<const RE2> pattern;

  bool any_exclusive() const {
    if (exclusive) return true;
    for (const JsonCondition& child : children) {
      if (child.any_exclusive()) return true;
    }
    return false;
  }
};

bool in_range(const JsonCondition& c, std::string_view text) {
  if (!c.number) {
    if (c.has_low && !(c.low_open ? text > c.low_text : text >= c.low_text)) return false;
    return !c.has_high || (c.high_open ? text < c.high_text : text <= c.high_text);
  }
  Result<Scalar> value = parse_scalar(DataType::kDouble, text);
  if (!value.ok()) return false;
  if (c.has_low && !(c.low_open ? value->real > c.low : value->real >= c.low)) return false;
  return !c.has_high || (c.high_open ? value->real < c.high : value->real <= c.high);
}

// Without `exclusive`.
bool passes(const JsonCondition& c, const FlatRecord& record) {
  if (c.kind == JsonCondition::Kind::kAnd || c.kind == JsonCondition::Kind::kOr) {
    bool all = c.kind == JsonCondition::Kind::kAnd;
    for (const JsonCondition& child : c.children) {
      if (passes(child, record) != all) return !all;
    }
    return all;
  }
  for (const auto& [array, index] : c.indexes) {
    auto own = record.indexes.find(array);
    if (own == record.indexes.end() || own->second != index) return false;
  }
  auto value = record.values.find(c.key);
  if (value == record.values.end()) return false;
  switch (c.kind) {
    case JsonCondition::Kind::kIn: return std::find(c.values.begin(), c.values.end(), value->second) != c.values.end();
    case JsonCondition::Kind::kRange: return in_range(c, value->second);
    case JsonCondition::Kind::kMatch: return RE2::PartialMatch(value->second, *c.pattern);
    default: return true;
  }
}

bool document_passes(const JsonCondition& c, const FlatRecords& records) {
  bool junction = c.kind == JsonCondition::Kind::kAnd || c.kind == JsonCondition::Kind::kOr;
  if (junction && c.any_exclusive()) {
    bool all = c.kind == JsonCondition::Kind::kAnd;
    for (const JsonCondition& child : c.children) {
      if (document_passes(child, records) != all) return !all;
    }
    return all;
  }
  for (const FlatRecord& record : records) {
    if (passes(c, record)) return !c.exclusive;
  }
  return c.exclusive;
}

Status read_key(const std::string& path, JsonCondition* out) {
  ASSIGN_OR_RETURN(JsonPath parsed, JsonPath::compile(path));
  for (const JsonPath::Step& step : parsed.steps()) {
    if (step.kind == JsonPath::StepKind::kDeep) return Status::invalid(fmt::format("JSON_MATCH does not take '..' in a path: '{}'", path));
    if (step.kind == JsonPath::StepKind::kKey) {
      out->key += "." + step.key;
      continue;
    }
    out->key += "[*]";
    if (step.kind == JsonPath::StepKind::kIndex) out->indexes.emplace_back(out->key, step.index);
  }
  return {};
}

std::string literal_value(const Expression& literal) {
  switch (literal.literal) {
    case sql::LiteralType::kString: return literal.value.text;
    case sql::LiteralType::kBoolean: return literal.value.integer ? "true" : "false";
    case sql::LiteralType::kDouble: return sql::java_double(literal.value.real);
    default: return std::to_string(literal.value.integer);
  }
}

void set_end(const Expression& literal, bool low, bool open, JsonCondition* out) {
  out->kind = JsonCondition::Kind::kRange;
  out->number = literal.literal != sql::LiteralType::kString;
  double real = literal.literal == sql::LiteralType::kDouble ? literal.value.real : static_cast<double>(literal.value.integer);
  (low ? out->has_low : out->has_high) = true;
  (low ? out->low_open : out->high_open) = open;
  (low ? out->low : out->high) = real;
  (low ? out->low_text : out->high_text) = literal_value(literal);
}

Result<JsonCondition> condition(const Expression& e);

Result<JsonCondition> leaf(const Expression& e) {
  JsonCondition out;
  if (e.kind != ExpressionKind::kFunction || e.args.empty() || e.args[0]->kind != ExpressionKind::kIdentifier) {
    return Status::invalid(fmt::format("JSON_MATCH takes conditions on JSON paths in double quotes, like '\"$.a\" = 1', got: {}", to_string(e)));
  }
  RETURN_IF_ERROR(read_key(e.args[0]->name, &out));
  for (size_t i = 1; i < e.args.size(); ++i) {
    if (e.args[i]->kind != ExpressionKind::kLiteral) return Status::invalid(fmt::format("JSON_MATCH compares with literals only: {}", to_string(e)));
  }
  out.exclusive = e.name == "notequals" || e.name == "notin" || e.name == "isnull";
  out.kind = JsonCondition::Kind::kIn;
  if (e.name == "equals" || e.name == "notequals" || e.name == "in" || e.name == "notin") {
    for (size_t i = 1; i < e.args.size(); ++i) out.values.push_back(literal_value(*e.args[i]));
  } else if (e.name == "isnull" || e.name == "isnotnull") {
    out.kind = JsonCondition::Kind::kExists;
  } else if (e.name == "greaterthan" || e.name == "greaterthanorequal") {
    set_end(*e.args[1], true, e.name == "greaterthan", &out);
  } else if (e.name == "lessthan" || e.name == "lessthanorequal") {
    set_end(*e.args[1], false, e.name == "lessthan", &out);
  } else if (e.name == "between") {
    set_end(*e.args[1], true, false, &out);
    set_end(*e.args[2], false, false, &out);
  } else if (e.name == "regexplike" && e.args.size() >= 2) {
    out.kind = JsonCondition::Kind::kMatch;
    RE2::Options options;
    options.set_log_errors(false);
    out.pattern = std::make_shared<const RE2>(e.args[1]->value.text, options);
    if (!out.pattern->ok()) return Status::invalid(fmt::format("JSON_MATCH: not a valid regular expression: '{}'", e.args[1]->value.text));
  } else {
    return Status::invalid(fmt::format("JSON_MATCH does not know the condition: {}", to_string(e)));
  }
  return out;
}

Result<JsonCondition> condition(const Expression& e) {
  bool all = e.name == "and";
  if (e.kind == ExpressionKind::kFunction && e.name == "not") {
    ASSIGN_OR_RETURN(JsonCondition inner, leaf(*e.args[0]));
    inner.exclusive = !inner.exclusive;
    return inner;
  }
  if (e.kind != ExpressionKind::kFunction || (!all && e.name != "or")) return leaf(e);
  JsonCondition out;
  out.kind = all ? JsonCondition::Kind::kAnd : JsonCondition::Kind::kOr;
  for (const ExpressionPtr& arg : e.args) {
    ASSIGN_OR_RETURN(JsonCondition child, condition(*arg));
    out.children.push_back(std::move(child));
  }
  return out;
}

}  // namespace

Result<TextTest> json_match(std::string_view filter) {
  Result<sql::Query> parsed = sql::parse("SELECT 1 FROM t WHERE " + std::string(filter));
  if (!parsed.ok() || !parsed->where) return Status::invalid(fmt::format("JSON_MATCH: not a filter: {}", parsed.ok() ? "it is empty" : parsed.status().message()));
  ASSIGN_OR_RETURN(JsonCondition root, condition(*parsed->where));
  return TextTest([root = std::make_shared<const JsonCondition>(std::move(root))](std::string_view text) {
    nlohmann::ordered_json document = parse_document(text);
    return !document.is_discarded() && document_passes(*root, unnest(document, ""));
  });
}

}  // namespace bywash::analytics
