// See document_match.h. A document is unnested into flat records, one for each combination of array elements (JsonUtils.flatten 1.5.1).
#include "analytics/plan/document_match.h"

#include "analytics/plan/json_path.h"
#include "analytics/segment/table_schema.h"
#include "analytics/sql/java_text.h"
#include "analytics/sql/parser.h"

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

constexpr size_t kRecordsMax = 10'000;  // of one document; combinations past it are not looked at
constexpr int kDepthMax = 500;          // of arrays and objects in one another; what lies deeper is not looked at
constexpr std::string_view kSkipped = "$SKIPPED$";

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

// What java.lang.String.length() answers.
int utf16_length(std::string_view utf8) {
  int out = 0;
  for (char c : utf8) out += (static_cast<unsigned char>(c) & 0xC0) != 0x80, out += static_cast<unsigned char>(c) >= 0xF0;
  return out;
}

// The tree of indexPaths: a.b, a.*, a.**.
struct PathTree {
  std::map<std::string, PathTree> children;
  bool all = false;  // **: everything from here on

  static PathTree of(const std::set<std::string>& paths) {
    PathTree out;
    out.all = paths.empty();
    for (const std::string& path : paths) {
      PathTree* at = &out;
      for (size_t begin = 0; begin <= path.size() && !at->all;) {
        const size_t end = std::min(path.find('.', begin), path.size());
        const std::string key = path.substr(begin, end - begin);
        if (key == "**") at->all = true;
        else at = &at->children[key];
        begin = end + 1;
      }
    }
    return out;
  }
  // nullptr: nothing below that key is looked at.
  const PathTree* child(const std::string& key) const {
    if (all) return this;
    if (auto found = children.find(key); found != children.end()) return &found->second;
    auto any = children.find("*");
    return any == children.end() ? nullptr : &any->second;
  }
};

// Unnests a document as JsonUtils.flatten 1.5.1 does.
class Unnesting {
 public:
  explicit Unnesting(const JsonIndexOptions* options) : options_(options), paths_(options ? PathTree::of(options->index_paths) : PathTree::of({})) {}

  // False: the text is no JSON.
  bool run(std::string_view text, FlatRecords* out) const {
    const nlohmann::ordered_json document = parse_document(text);
    if (!document.is_discarded()) {
      *out = unnest(document, "", 0, false, &paths_);
      return true;
    }
    if (!options_ || !options_->skip_invalid_json) return false;
    out->assign(1, {});
    out->front().values[""] = kSkipped;
    return true;
  }

 private:
  // Whether a path is looked at; `*whole` becomes true where all below it is.
  bool includes(const std::string& path, bool* whole) const {
    if (!options_ || *whole) return true;
    const std::string full = "$" + path;
    if (!options_->include_paths.empty()) {
      *whole = options_->include_paths.count(full) > 0;
      return *whole || std::any_of(options_->include_paths.begin(), options_->include_paths.end(), [&](const std::string& one) { return one.starts_with(full); });
    }
    return options_->exclude_paths.count(full) == 0;
  }

  FlatRecords unnest(const nlohmann::ordered_json& value, const std::string& path, int level, bool whole, const PathTree* paths) const {
    if (value.is_null() || !paths) return {};
    if (!value.is_structured()) {
      FlatRecords out(1);
      std::string text = json_text(value);
      const bool skipped = options_ && options_->max_value_length > 0 && utf16_length(text) > options_->max_value_length;
      out[0].values[path] = skipped ? std::string(kSkipped) : std::move(text);
      return out;
    }
    if (level == kDepthMax || (options_ && options_->max_levels > 0 && level == options_->max_levels)) return {};
    return value.is_array() ? unnest_array(value, path, level, whole, *paths) : unnest_object(value, path, level, whole, *paths);
  }

  FlatRecords unnest_array(const nlohmann::ordered_json& value, const std::string& path, int level, bool whole, const PathTree& paths) const {
    FlatRecords out;
    const std::string own = path + "[*]";
    if ((options_ && options_->exclude_array) || !includes(own, &whole)) return out;
    for (size_t i = 0; i < value.size(); ++i) {
      for (FlatRecord& one : unnest(value[i], own, level + 1, whole, paths.child(""))) {
        if (out.size() == kRecordsMax) return out;
        one.indexes[own] = static_cast<int64_t>(i);
        out.push_back(std::move(one));
      }
    }
    return out;
  }

  FlatRecords unnest_object(const nlohmann::ordered_json& value, const std::string& path, int level, bool whole, const PathTree& paths) const {
    FlatRecords single(1);
    std::vector<FlatRecords> several;
    for (const auto& [key, member] : value.items()) {
      bool all = whole;
      const std::string own = path + "." + key;
      if ((options_ && options_->exclude_fields.count(key) > 0) || !includes(own, &all)) continue;
      FlatRecords inner = unnest(member, own, level + 1, all, paths.child(key));
      if (inner.size() == 1) single = combine(single, inner);
      else if (!inner.empty()) several.push_back(std::move(inner));
    }
    if (several.empty()) return single[0].values.empty() ? FlatRecords() : single;
    if (!options_ || !options_->disable_cross_array_unnest) {
      for (const FlatRecords& one : several) single = combine(single, one);
      return single;
    }
    FlatRecords out;
    for (const FlatRecords& one : several) {
      for (FlatRecord& record : combine(single, one)) {
        if (out.size() < kRecordsMax) out.push_back(std::move(record));
      }
    }
    return out;
  }

  const JsonIndexOptions* options_;
  PathTree paths_;
};

// ---- terms of an index: a path; a path, 0, 'v' and a value; a path of an array, 0, 'i' and the element's number; 0: no JSON

const std::string kNoJson(1, '\0');

std::string path_term(std::string_view path) {
  std::string out;
  for (char c : path) c == '\0' ? out += "\xfe\x01" : out += c;  // a 0 ends the path
  return out.empty() ? "\xfe\x02" : out;
}
std::string value_prefix(std::string_view path) { return path_term(path) + std::string("\0v", 2); }
std::string index_term(std::string_view path, int64_t index) { return path_term(path) + std::string("\0i", 2) + std::to_string(index); }

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

// ---- the same conditions over an index

class IndexedMatch {
 public:
  IndexedMatch(const DocumentIndexView& index, int64_t rows) : index_(index), rows_(rows) {}

  // The ascending rows of documents that pass; false: the index is damaged.
  bool run(const JsonCondition& c, std::vector<uint32_t>* out) {
    *out = rows_of(c);
    return sound_;
  }

 private:
  std::vector<uint32_t> rows_of(const JsonCondition& c) {
    const bool all = c.kind == JsonCondition::Kind::kAnd;
    if ((all || c.kind == JsonCondition::Kind::kOr) && c.any_exclusive()) {
      std::vector<uint32_t> out = all ? valid() : std::vector<uint32_t>();
      for (const JsonCondition& child : c.children) out = all ? intersected(out, rows_of(child)) : united(out, rows_of(child));
      return out;
    }
    std::vector<uint32_t> out = records_of(c);
    index_.to_rows(&out);
    return c.exclusive ? subtracted(valid(), out) : out;
  }

  // Rows whose text is JSON.
  std::vector<uint32_t> valid() {
    std::vector<uint32_t> out(static_cast<size_t>(rows_)), wrong;
    std::iota(out.begin(), out.end(), 0);
    sound_ &= index_.append(kNoJson, &wrong);
    index_.to_rows(&wrong);
    return subtracted(out, wrong);
  }

  std::vector<uint32_t> records_of(const JsonCondition& c) {
    std::vector<uint32_t> out;
    if (c.kind == JsonCondition::Kind::kAnd || c.kind == JsonCondition::Kind::kOr) {
      const bool all = c.kind == JsonCondition::Kind::kAnd;
      for (size_t i = 0; i < c.children.size(); ++i) {
        std::vector<uint32_t> inner = records_of(c.children[i]);
        out = i == 0 ? std::move(inner) : all ? intersected(out, inner) : united(out, inner);
        if (all && out.empty()) break;
      }
      return out;
    }
    leaf_records(c, &out);
    for (const auto& [array, number] : c.indexes) {
      std::vector<uint32_t> element;
      sound_ &= index_.append(index_term(array, number), &element);
      out = intersected(out, element);
    }
    return out;
  }

  void leaf_records(const JsonCondition& c, std::vector<uint32_t>* out) {
    if (c.kind == JsonCondition::Kind::kExists) {
      sound_ &= index_.append(path_term(c.key), out);
      return;
    }
    const std::string prefix = value_prefix(c.key);
    if (c.kind == JsonCondition::Kind::kIn) {
      for (const std::string& value : c.values) sound_ &= index_.append(prefix + value, out);
    } else {
      for (uint64_t at = index_.lower_bound(prefix); at < index_.term_count() && index_.term(at).starts_with(prefix); ++at) {
        const std::string_view value = index_.term(at).substr(prefix.size());
        if (c.kind == JsonCondition::Kind::kRange ? in_range(c, value) : RE2::PartialMatch(value, *c.pattern)) sound_ &= index_.append(at, out);
      }
    }
    sort_unique(out);
  }

  const DocumentIndexView& index_;
  const int64_t rows_;
  bool sound_ = true;
};

std::string settings_of(const std::shared_ptr<const JsonIndexOptions>& options) { return options ? json_settings(*options) : std::string(); }

}  // namespace

std::string json_settings(const JsonIndexOptions& options) {
  auto listed = [](const std::set<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
  };
  return fmt::format("levels={} arrays={} cross={} invalid={} length={} in={} out={} fields={} paths={}", options.max_levels, !options.exclude_array,
                     !options.disable_cross_array_unnest, options.skip_invalid_json, options.max_value_length, listed(options.include_paths), listed(options.exclude_paths),
                     listed(options.exclude_fields), listed(options.index_paths));
}

Result<DocumentQuery> json_match(std::string_view filter, const std::shared_ptr<const JsonIndexOptions>& options) {
  Result<sql::Query> parsed = sql::parse("SELECT 1 FROM t WHERE " + std::string(filter));
  if (!parsed.ok() || !parsed->where) return Status::invalid(fmt::format("JSON_MATCH: not a filter: {}", parsed.ok() ? "it is empty" : parsed.status().message()));
  ASSIGN_OR_RETURN(JsonCondition root, condition(*parsed->where));
  auto shared = std::make_shared<const JsonCondition>(std::move(root));
  DocumentQuery out;
  out.test = [shared, options, unnesting = std::make_shared<const Unnesting>(options.get())](std::string_view text) {
    FlatRecords records;
    return unnesting->run(text, &records) && document_passes(*shared, records);
  };
  out.by_index = [shared, settings = settings_of(options)](const ColumnView& column, int64_t rows, std::vector<uint32_t>* passing) {
    return column.json_index && column.json_index.settings() == settings && IndexedMatch(column.json_index, rows).run(*shared, passing);
  };
  return out;
}

DocumentTerms json_terms(std::shared_ptr<const JsonIndexOptions> options) {
  auto unnesting = std::make_shared<const Unnesting>(options.get());
  return [options, unnesting](std::string_view text, std::vector<std::vector<std::string>>* records) {
    FlatRecords flat;
    if (!unnesting->run(text, &flat)) return records->push_back({kNoJson});
    for (const FlatRecord& record : flat) {
      std::vector<std::string>& terms = records->emplace_back();
      for (const auto& [path, value] : record.values) {
        terms.push_back(path_term(path));
        terms.push_back(value_prefix(path) + value);
      }
      for (const auto& [array, number] : record.indexes) terms.push_back(index_term(array, number));
    }
  };
}

}  // namespace bywash::analytics
