// FROM, conditions that go into scans, and names. See translator.h.
#include "analytics/multistage/translator.h"

#include <algorithm>
#include <cstdlib>

namespace bywash::analytics::multistage {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

namespace {

struct Virtual {
  const char* name;
  DataType type;
};
// In the order of VirtualColumn.
constexpr Virtual kVirtual[kVirtualColumns] = {
    {"$docId", DataType::kInt}, {"$segmentName", DataType::kString}, {"$hostName", DataType::kString}, {"$partitionId", DataType::kInt}};

bool has_node(const Expression& expression, std::string_view name) {
  if (expression.subquery || expression.window || expression.name == name) return true;
  return std::any_of(expression.args.begin(), expression.args.end(), [&](const ExpressionPtr& arg) { return has_node(*arg, name); });
}

std::pair<std::string, std::string> split_name(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {"", lower_case(name)};
  std::string_view table = name.substr(0, dot);
  if (const size_t database = table.rfind('.'); database != std::string_view::npos) table.remove_prefix(database + 1);
  return {lower_case(table), lower_case(name.substr(dot + 1))};
}

}  // namespace

Result<std::string> Translator::source(const sql::Source& source) {
  if (source.join != sql::JoinKind::kNone) return join(source);
  if (!source.arrays.empty()) return unnest(source);
  if (!source.query) return table(source);
  Frame* inside = frame_;
  frame_ = frame_->parent;  // a nested query of FROM does not see its neighbours
  Result<Rendered> query = statement(*source.query);
  frame_ = inside;
  if (!query.ok()) return query.status();
  const std::string name = fmt::format("r{}", relations_++);
  RETURN_IF_ERROR(add_relation(source, name, query->columns));
  return fmt::format("({}) AS {}", query->sql, name);
}

Status Translator::add_relation(const sql::Source& source, const std::string& sql_name, const std::vector<OutputSpec>& columns) {
  Relation relation;
  relation.alias = source.alias.empty() ? source.table : source.alias;
  if (!source.column_aliases.empty() && source.column_aliases.size() != columns.size()) {
    return invalid(fmt::format("'{}' has {} columns, {} are named", relation.alias, columns.size(), source.column_aliases.size()), source.at);
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    relation.columns.push_back({source.column_aliases.empty() ? columns[i].name : source.column_aliases[i], fmt::format("{}.c{}", sql_name, i), columns[i].type});
  }
  frame_->relations.push_back(std::move(relation));
  return {};
}

Result<std::string> Translator::table(const sql::Source& source) {
  const std::string name = fmt::format("r{}", relations_++);
  for (auto level = common_.rbegin(); level != common_.rend(); ++level) {
    auto found = level->find(lower_case(source.table));
    if (found == level->end()) continue;
    RETURN_IF_ERROR(add_relation(source, name, found->second.columns));
    return fmt::format("{} AS {}", found->second.sql_name, name);
  }
  std::shared_ptr<const TableSnapshot>& snapshot = snapshots_[lower_case(source.table)];
  if (!snapshot) snapshot = tables_(source.table);
  if (!snapshot) {
    code_ = error_code::kTableDoesNotExist;
    const std::string reason = fmt::format("Object '{}' not found", source.table);
    const std::string placed = fmt::format("From line {}, column {} to line {}, column {}: {}", source.at.line, source.at.column, source.end.line, source.end.column, reason);
    return Status::not_found(fmt::format("TableDoesNotExistError: {0}. {0}. {1}", placed, reason));  // as Pinot 1.5.1 has it, thrice
  }
  Relation relation;
  relation.alias = source.alias.empty() ? source.table : source.alias;
  relation.scan = static_cast<int>(out_->scans.size());
  const std::vector<FieldSpec>& fields = snapshot->schema->fields;
  for (size_t i = 0; i < fields.size(); ++i) relation.columns.push_back({fields[i].name, fmt::format("{}.c{}", name, i), {fields[i].type, !fields[i].single_value}});
  for (size_t i = 0; i < kVirtualColumns; ++i) relation.columns.push_back({kVirtual[i].name, fmt::format("{}.c{}", name, fields.size() + i), {kVirtual[i].type, false}});
  std::sort(relation.columns.begin(), relation.columns.end(), [](const RelationColumn& a, const RelationColumn& b) { return a.name < b.name; });
  for (size_t i = 0; i < source.column_aliases.size(); ++i) {
    if (source.column_aliases.size() != fields.size()) return invalid(fmt::format("'{}' has {} columns, {} are named", relation.alias, fields.size(), source.column_aliases.size()), source.at);
    relation.columns[i + kVirtualColumns].name = source.column_aliases[i];  // '$' sorts before letters
  }
  ScanPlan scan;
  scan.name = unused_name("scan");
  scan.table = snapshot;
  const std::string text = fmt::format("{}() AS {}", scan.name, name);
  out_->scans.push_back(std::move(scan));
  frame_->relations.push_back(std::move(relation));
  return text;
}

Result<std::string> Translator::unnest(const sql::Source& source) {
  const std::string name = fmt::format("r{}", relations_++);
  std::string list;
  std::vector<OutputSpec> columns;
  for (size_t i = 0; i < source.arrays.size(); ++i) {
    ASSIGN_OR_RETURN(Typed array, expression(source.arrays[i]));
    if (!array.type.multi) return invalid("UNNEST takes arrays", source.arrays[i]->at);
    list += fmt::format("{}unnest({}) AS c{}", i > 0 ? ", " : "", array.sql, i);
    columns.push_back({fmt::format("EXPR${}", i), {array.type.type, false}});
  }
  RETURN_IF_ERROR(add_relation(source, name, columns));
  return fmt::format("(SELECT {}) AS {}", list, name);
}

Result<std::string> Translator::join(const sql::Source& source) {
  using sql::JoinKind;
  const size_t left_begin = frame_->relations.size();
  ASSIGN_OR_RETURN(std::string left, this->source(*source.left));
  const size_t right_begin = frame_->relations.size();
  ASSIGN_OR_RETURN(std::string right, this->source(*source.right));
  const bool keeps_left = source.join == JoinKind::kLeft || source.join == JoinKind::kFull || source.join == JoinKind::kLeftAsof;
  const bool keeps_right = source.join == JoinKind::kRight || source.join == JoinKind::kFull;
  const bool asof = source.join == JoinKind::kAsof || source.join == JoinKind::kLeftAsof;
  // A row that the other side is padded for must not vanish from a scan.
  for (size_t i = left_begin; i < frame_->relations.size(); ++i) frame_->relations[i].pushable &= i < right_begin ? !keeps_right : !keeps_left && !asof;
  if (source.join == JoinKind::kCross) return fmt::format("({} CROSS JOIN {})", left, right);
  std::string on;
  if (source.natural || !source.shared.empty()) {
    ASSIGN_OR_RETURN(on, shared_columns(source, left_begin, right_begin));
  } else if (source.join == JoinKind::kInner) {
    ASSIGN_OR_RETURN(on, condition(source.on, left_begin, "ON"));
  } else {
    ASSIGN_OR_RETURN(Typed value, boolean(source.on, "ON"));
    on = value.sql;
  }
  if (source.match) {
    ASSIGN_OR_RETURN(Typed match, boolean(source.match, "MATCH_CONDITION"));
    on = on.empty() ? match.sql : fmt::format("{} AND {}", on, match.sql);
  }
  static constexpr const char* kWords[] = {"", "INNER JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "ASOF JOIN", "ASOF LEFT JOIN"};
  return fmt::format("({} {} {} ON {})", left, kWords[static_cast<int>(source.join)], right, on.empty() ? "TRUE" : on);
}

// USING (a, b) and NATURAL: equality of the columns of one name, of which SELECT * shows the first.
Result<std::string> Translator::shared_columns(const sql::Source& source, size_t left_begin, size_t right_begin) {
  std::vector<std::string> names = source.shared;
  auto in = [&](size_t begin, size_t end, const std::string& name) -> RelationColumn* {
    for (size_t r = begin; r < end; ++r) {
      for (RelationColumn& column : frame_->relations[r].columns) {
        if (!column.merged && lower_case(column.name) == lower_case(name)) return &column;
      }
    }
    return nullptr;
  };
  if (source.natural) {
    for (size_t r = left_begin; r < right_begin; ++r) {
      for (const RelationColumn& column : frame_->relations[r].columns) {
        if (!column.name.starts_with("$") && in(right_begin, frame_->relations.size(), column.name)) names.push_back(column.name);
      }
    }
  }
  std::string on;
  for (const std::string& name : names) {
    RelationColumn* left = in(left_begin, right_begin, name);
    RelationColumn* right = in(right_begin, frame_->relations.size(), name);
    if (!left || !right) return invalid(fmt::format("Column '{}' of USING is not on both sides", name), source.right->at);
    std::vector<Typed> sides;
    for (const RelationColumn* column : {left, right}) {
      size_t relation = 0;
      for (size_t r = 0; r < frame_->relations.size(); ++r) {
        const auto& columns = frame_->relations[r].columns;
        if (!columns.empty() && column >= columns.data() && column < columns.data() + columns.size()) relation = r;
      }
      ASSIGN_OR_RETURN(Typed value, identifier(*sql::make_identifier(frame_->relations[relation].alias + "." + column->name, source.right->at)));
      sides.push_back(std::move(value));
    }
    const std::string left_sql = sides[0].sql, right_sql = sides[1].sql;
    ValueType type;
    RETURN_IF_ERROR(unify(&sides, source.right->at, "USING", &type));
    on += fmt::format("{}{} = {}", on.empty() ? "" : " AND ", sides[0].sql, sides[1].sql);
    right->merged = true;
    if (source.join == sql::JoinKind::kRight) left->sql = right_sql;
    if (source.join == sql::JoinKind::kFull) left->sql = fmt::format("COALESCE({}, {})", left_sql, right_sql);
  }
  return on;
}

Result<std::string> Translator::condition(const ExpressionPtr& expression, size_t relations_begin, std::string_view clause) {
  if (expression->name == "and" && expression->kind == ExpressionKind::kFunction) {
    std::string out;
    for (const ExpressionPtr& part : expression->args) {
      ASSIGN_OR_RETURN(std::string text, condition(part, relations_begin, clause));
      if (!text.empty()) out += (out.empty() ? "" : " AND ") + text;
    }
    return out;
  }
  if (push_down(expression, relations_begin)) return std::string();
  ASSIGN_OR_RETURN(Typed value, boolean(expression, clause));
  return fmt::format("({})", value.sql);
}

// Whether the single-stage engine takes the conjunct as a filter of the one table that it is about.
bool Translator::push_down(const ExpressionPtr& conjunct, size_t relations_begin) {
  if (has_node(*conjunct, "arraytomv")) return false;
  int relation = -1;
  ExpressionPtr plain = plain_columns(conjunct, relations_begin, &relation);
  if (!plain || relation < 0) return false;
  const Relation& target = frame_->relations[static_cast<size_t>(relation)];
  if (target.scan < 0 || !target.pushable) return false;
  ScanPlan& scan = out_->scans[static_cast<size_t>(target.scan)];
  sql::Query query;
  query.select.push_back({sql::make_integer(1), {}});
  query.where = plain;
  BoundQuery bound;
  BindError error;
  if (!bind(query, *scan.table->schema, {options_.now_ms, options_.null_handling}, &bound, &error)) return false;
  scan.conjuncts.push_back(std::move(plain));
  return true;
}

// The expression over the plain columns of one relation; nullptr: it has others, or columns that are not a table's own.
ExpressionPtr Translator::plain_columns(const ExpressionPtr& expression, size_t relations_begin, int* relation) const {
  if (expression->kind == ExpressionKind::kIdentifier) {
    size_t at = 0;
    bool ambiguous = false;
    const RelationColumn* column = find_column(expression->name, frame_, relations_begin, &at, &ambiguous);
    if (!column || ambiguous || (*relation >= 0 && *relation != static_cast<int>(at))) return nullptr;
    const Relation& found = frame_->relations[at];
    if (found.scan < 0 || !column->sql.starts_with("r")) return nullptr;
    *relation = static_cast<int>(at);
    const TableSchema& schema = *out_->scans[static_cast<size_t>(found.scan)].table->schema;
    const size_t field = std::strtoull(column->sql.c_str() + column->sql.rfind(".c") + 2, nullptr, 10);
    return sql::make_identifier(field < schema.fields.size() ? schema.fields[field].name : kVirtual[field - schema.fields.size()].name, expression->at);
  }
  if (expression->kind != ExpressionKind::kFunction) return expression;
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : expression->args) {
    ExpressionPtr plain = plain_columns(arg, relations_begin, relation);
    if (!plain) return nullptr;
    args.push_back(std::move(plain));
  }
  return sql::make_function(expression->name, std::move(args), expression->at);
}

const RelationColumn* Translator::find_column(std::string_view name, Frame* frame, size_t relations_begin, size_t* relation, bool* ambiguous) const {
  const auto [table, column] = split_name(name);
  const RelationColumn* found = nullptr;
  for (size_t r = relations_begin; r < frame->relations.size(); ++r) {
    const Relation& candidate = frame->relations[r];
    if (!table.empty() && lower_case(candidate.alias) != table) continue;
    for (const RelationColumn& one : candidate.columns) {
      if ((one.merged && table.empty()) || lower_case(one.name) != column) continue;
      if (found) *ambiguous = true;
      if (found) return found;
      found = &one;
      *relation = r;
    }
  }
  return found;
}

Result<Typed> Translator::identifier(const Expression& expression) {
  for (Frame* frame = frame_; frame; frame = frame->parent) {
    size_t at = 0;
    bool ambiguous = false;
    const RelationColumn* column = find_column(expression.name, frame, 0, &at, &ambiguous);
    if (!column) continue;
    if (ambiguous) return invalid(fmt::format("Column '{}' is ambiguous", expression.name), expression.at);
    const bool loose = frame == frame_ && frame->grouped && !frame->inside_aggregation && !frame->inside_key;
    if (loose && !frame->keys.count(column->sql)) return invalid(fmt::format("Expression '{}' is not being grouped", expression.name), expression.at);
    if (const Relation& relation = frame->relations[at]; relation.scan >= 0 && column->sql.starts_with("r")) {
      std::vector<size_t>& used = out_->scans[static_cast<size_t>(relation.scan)].columns;
      const size_t field = std::strtoull(column->sql.c_str() + column->sql.rfind(".c") + 2, nullptr, 10);
      if (std::find(used.begin(), used.end(), field) == used.end()) used.push_back(field);
    }
    return Typed{column->sql, column->type, false, nullptr};
  }
  if (auto alias = frame_->aliases.find(lower_case(expression.name)); alias != frame_->aliases.end()) {
    const ExpressionPtr target = alias->second;
    frame_->aliases.erase(alias);  // an alias does not mean itself
    Translated value = this->expression(target);
    frame_->aliases.emplace(lower_case(expression.name), target);
    return value;
  }
  return invalid(fmt::format("Column '{}' not found in any table", expression.name), expression.at);
}

std::string Translator::canonical(const Expression& expression) const {
  if (expression.kind == ExpressionKind::kIdentifier) {
    for (Frame* frame = frame_; frame; frame = frame->parent) {
      size_t at = 0;
      bool ambiguous = false;
      if (const RelationColumn* column = find_column(expression.name, frame, 0, &at, &ambiguous)) return column->sql;
    }
    return expression.name;
  }
  if (expression.kind != ExpressionKind::kFunction) return fmt::format("{}:{}", static_cast<int>(expression.literal), to_string(expression));
  if (expression.subquery || expression.window) return fmt::format("@{}", static_cast<const void*>(&expression));
  std::string out = expression.name + "(";
  for (const ExpressionPtr& arg : expression.args) out += canonical(*arg) + ",";
  return out + ")";
}

}  // namespace bywash::analytics::multistage
