// SELECT, set operations, VALUES, WITH. See translator.h.
#include "analytics/multistage/translator.h"

#include <algorithm>
#include <atomic>

namespace bywash::analytics::multistage {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

namespace {

std::string base_type(DataType type) {
  switch (type) {
    case DataType::kInt: return "INTEGER";
    case DataType::kLong:
    case DataType::kTimestamp: return "BIGINT";
    case DataType::kFloat: return "FLOAT";
    case DataType::kDouble: return "DOUBLE";
    case DataType::kBoolean: return "BOOLEAN";
    case DataType::kBytes: return "BLOB";
    default: return "VARCHAR";
  }
}

// Names of scans and functions are never used again: see duck_query.cpp.
uint64_t next_number() {
  static std::atomic<uint64_t> next{0};
  return next.fetch_add(1);
}

std::string limit_text(const sql::Statement& statement) {
  std::string out;
  if (statement.limit >= 0) out += fmt::format(" LIMIT {}", statement.limit);
  if (statement.offset > 0) out += fmt::format(" OFFSET {}", statement.offset);
  return out;
}

// Calcite's names of result columns: the column's own, else EXPR$<position>; a name that is taken gets a number.
std::string name_of(const sql::SelectItem& item, size_t at) {
  if (!item.alias.empty()) return item.alias;
  const Expression& expression = *item.expression;
  if (expression.kind != ExpressionKind::kIdentifier) return fmt::format("EXPR${}", at);
  return expression.name.substr(expression.name.rfind('.') + 1);
}

// `query` with each column of another type cast.
std::string with_types(const Rendered& query, const std::vector<ValueType>& types) {
  std::string list;
  bool differs = false;
  for (size_t i = 0; i < types.size(); ++i) {
    const bool cast = sql_type(query.columns[i].type) != sql_type(types[i]);
    differs |= cast;
    list += fmt::format("{}{}", i > 0 ? ", " : "", cast ? fmt::format("CAST(c{} AS {}) AS c{}", i, sql_type(types[i]), i) : fmt::format("c{}", i));
  }
  return differs ? fmt::format("SELECT {} FROM ({}) AS u", list, query.sql) : query.sql;
}

}  // namespace

std::string sql_type(ValueType type) { return base_type(type.type) + (type.multi ? "[]" : ""); }
std::string pinot_type(ValueType type) { return std::string(to_string(type.type)) + (type.multi ? "_ARRAY" : ""); }

std::string unused_name(std::string_view kind) { return fmt::format("{}{}", kind, next_number()); }

std::string order_suffix(const sql::OrderItem& item) {
  const bool first = item.nulls == sql::NullOrder::kDefault ? item.descending : item.nulls == sql::NullOrder::kFirst;
  return fmt::format(" {} NULLS {}", item.descending ? "DESC" : "ASC", first ? "FIRST" : "LAST");
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

Status Translator::unsupported(std::string_view what, sql::Position at) {
  return Status::invalid(fmt::format("QueryValidationError: At line {}, column {}: {} is not supported yet in queries with joins, windows or nested queries", at.line,
                                     at.column, what));
}

Status Translator::invalid(std::string_view what, sql::Position at) {
  return Status::invalid(fmt::format("QueryValidationError: At line {}, column {}: {}", at.line, at.column, what));
}

Result<Rendered> Translator::statement(const sql::Statement& statement) {
  common_.emplace_back();
  ASSIGN_OR_RETURN(std::string with, with_clause(statement));
  ASSIGN_OR_RETURN(Rendered out, body(statement));
  out.sql = with + out.sql;
  common_.pop_back();
  return out;
}

Result<Rendered> Translator::body(const sql::Statement& statement) {
  if (statement.operation != sql::SetOperation::kNone) return set_operation(statement);
  if (!statement.values.empty()) return values(statement);
  Frame frame;
  frame.parent = frame_;
  frame_ = &frame;
  Result<Rendered> out = select(statement);
  frame_ = frame.parent;
  return out;
}

Result<std::string> Translator::with_clause(const sql::Statement& statement) {
  std::string out;
  for (const sql::CommonTable& table : statement.with) {
    ASSIGN_OR_RETURN(Rendered query, this->statement(*table.query));
    if (!table.columns.empty() && table.columns.size() != query.columns.size()) {
      return Status::invalid(fmt::format("QueryValidationError: WITH {} names {} columns, its query has {}", table.name, table.columns.size(), query.columns.size()));
    }
    for (size_t i = 0; i < table.columns.size(); ++i) query.columns[i].name = table.columns[i];
    const std::string name = fmt::format("w{}", commons_++);
    out += fmt::format("{}{} AS ({})", out.empty() ? "WITH " : ", ", name, query.sql);
    common_.back()[lower_case(table.name)] = {name, std::move(query.columns)};
  }
  return out.empty() ? out : out + " ";
}

Result<Rendered> Translator::select(const sql::Statement& statement) {
  const sql::Query& core = statement.core;
  std::string text;
  if (statement.from) {
    ASSIGN_OR_RETURN(std::string from, source(*statement.from));
    text += " FROM " + from;
  }
  for (const sql::SelectItem& item : core.select) {
    if (!item.alias.empty()) frame_->aliases.emplace(lower_case(item.alias), item.expression);
  }
  for (const auto& [name, window] : statement.windows) frame_->windows[lower_case(name)] = window;
  if (core.where) {
    if (aggregates(*core.where)) return invalid("Aggregations are not allowed in WHERE; use HAVING", core.where->at);
    ASSIGN_OR_RETURN(std::string where, condition(core.where, 0, "WHERE"));
    if (!where.empty()) text += " WHERE " + where;
  }
  std::string group;
  RETURN_IF_ERROR(group_keys(statement, &group));
  text += group;
  ASSIGN_OR_RETURN(std::vector<Item> items, select_items(statement));
  frame_->aliases_visible = true;
  if (core.having) {
    ASSIGN_OR_RETURN(Typed having, boolean(core.having, "HAVING"));
    text += " HAVING " + having.sql;
  }
  if (statement.qualify) {
    ASSIGN_OR_RETURN(Typed qualify, boolean(statement.qualify, "QUALIFY"));
    text += " QUALIFY " + qualify.sql;
  }
  ASSIGN_OR_RETURN(std::string order, order_of_select(statement, items));
  std::string list;
  Rendered out;
  for (size_t i = 0; i < items.size(); ++i) {
    list += fmt::format("{}{} AS c{}", i > 0 ? ", " : "", items[i].value.sql, i);
    out.columns.push_back({items[i].name, items[i].value.type});
  }
  out.sql = fmt::format("SELECT {}{}{}{}{}", core.distinct ? "DISTINCT " : "", list, text, order, limit_text(statement));
  return out;
}

// The select item that an ordinal or alias of GROUP BY or ORDER BY means, and its place; else the expression itself.
Result<ExpressionPtr> Translator::select_item_of(const ExpressionPtr& expression, const sql::Statement& statement, std::string_view clause, size_t* at) {
  const std::vector<sql::SelectItem>& items = statement.core.select;
  *at = items.size();
  bool stars = false;
  for (const sql::SelectItem& item : items) stars |= item.expression->kind == ExpressionKind::kStar;
  if (expression->kind == ExpressionKind::kLiteral && expression->literal == sql::LiteralType::kInt) {
    const int64_t ordinal = expression->value.integer;
    if (stars || ordinal < 1 || ordinal > static_cast<int64_t>(items.size())) {
      return invalid(stars ? fmt::format("{} by position does not go with *", clause) : fmt::format("{} position {} is not between 1 and {}", clause, ordinal, items.size()),
                     expression->at);
    }
    *at = static_cast<size_t>(ordinal - 1);
    return items[*at].expression;
  }
  if (expression->kind != ExpressionKind::kIdentifier) return expression;
  const std::string name = lower_case(expression->name);
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].alias.empty() || lower_case(items[i].alias) != name) continue;
    *at = stars ? items.size() : i;
    return items[i].expression;
  }
  return expression;
}

Status Translator::group_keys(const sql::Statement& statement, std::string* sql) {
  const sql::Query& core = statement.core;
  bool grouped = !core.group_by.empty() || core.having;
  for (const sql::SelectItem& item : core.select) grouped |= aggregates(*item.expression);
  for (const sql::OrderItem& item : statement.order_by) grouped |= aggregates(*item.expression);
  std::set<std::string> keys;
  for (const ExpressionPtr& key : core.group_by) {
    size_t at = 0;
    ASSIGN_OR_RETURN(ExpressionPtr expression, select_item_of(key, statement, "GROUP BY", &at));
    if (aggregates(*expression)) return invalid("Aggregate expression is illegal in GROUP BY clause", key->at);
    frame_->aliases_visible = true;
    Translated value = this->expression(expression);
    frame_->aliases_visible = false;
    if (!value.ok()) return value.status();
    if (!keys.insert(canonical(*expression)).second) continue;
    *sql += (sql->empty() ? " GROUP BY " : ", ") + value->sql;
  }
  frame_->keys = std::move(keys);
  frame_->grouped = grouped;
  return {};
}

Result<std::vector<Translator::Item>> Translator::select_items(const sql::Statement& statement) {
  std::vector<Item> items;
  for (const sql::SelectItem& item : statement.core.select) {
    if (item.expression->kind == ExpressionKind::kStar) {
      RETURN_IF_ERROR(star(*item.expression, &items));
      continue;
    }
    ASSIGN_OR_RETURN(Typed value, expression(item.expression));
    std::string name = name_of(item, items.size());
    if (item.alias.empty() && item.expression->kind == ExpressionKind::kIdentifier) {  // the schema's spelling
      size_t relation = 0;
      bool ambiguous = false;
      if (const RelationColumn* column = find_column(item.expression->name, frame_, 0, &relation, &ambiguous)) name = column->name;
    }
    items.push_back({std::move(value), std::move(name), canonical(*item.expression)});
  }
  std::set<std::string> taken;
  for (Item& item : items) {
    const std::string base = item.name;
    for (int number = 0; !taken.insert(item.name).second; ++number) item.name = base + std::to_string(number);
  }
  return items;
}

Status Translator::star(const Expression& expression, std::vector<Item>* items) {
  bool found = false;
  for (const Relation& relation : frame_->relations) {
    if (!expression.name.empty() && lower_case(relation.alias) != lower_case(expression.name)) continue;
    found = true;
    for (const RelationColumn& column : relation.columns) {
      if (column.name.starts_with("$") || (column.merged && expression.name.empty())) continue;
      ASSIGN_OR_RETURN(Typed value, this->expression(sql::make_identifier(relation.alias + "." + column.name, expression.at)));
      items->push_back({std::move(value), column.name, column.sql});
    }
  }
  if (!found) return invalid(expression.name.empty() ? "SELECT * without FROM" : fmt::format("Unknown identifier '{}'", expression.name), expression.at);
  return {};
}

Result<std::string> Translator::order_of_select(const sql::Statement& statement, const std::vector<Item>& items) {
  std::string out;
  for (const sql::OrderItem& item : statement.order_by) {
    size_t at = 0;
    ASSIGN_OR_RETURN(ExpressionPtr expression, select_item_of(item.expression, statement, "ORDER BY", &at));
    if (at == statement.core.select.size() || statement.core.select.size() != items.size()) {
      const std::string text = canonical(*expression);
      at = items.size();
      for (size_t i = 0; i < items.size() && at == items.size(); ++i) {
        const bool named = expression->kind == ExpressionKind::kIdentifier && lower_case(items[i].name) == lower_case(expression->name);
        if (items[i].canonical == text || named) at = i;
      }
    }
    std::string value;
    if (at < items.size()) {
      value = std::to_string(at + 1);
      if (items[at].value.type.type == DataType::kBigDecimal) {
        if (statement.core.distinct) RETURN_IF_ERROR(no_decimals({items[at].value}, "ORDER BY of SELECT DISTINCT"));
        ASSIGN_OR_RETURN(const Typed key, sortable(items[at].value));
        value = key.sql;
      }
    } else {
      if (statement.core.distinct) return invalid("ORDER BY of SELECT DISTINCT must be in the select list", item.expression->at);
      ASSIGN_OR_RETURN(Typed ordered, this->expression(expression));
      if (ordered.literal) continue;  // a constant orders nothing, and a number would be a position
      if (ordered.type.type == DataType::kBigDecimal) {
        ASSIGN_OR_RETURN(ordered, sortable(std::move(ordered)));
      }
      value = ordered.sql;
    }
    out += (out.empty() ? " ORDER BY " : ", ") + value + order_suffix(item);
  }
  return out;
}

Result<std::string> Translator::order_by_output(const std::vector<sql::OrderItem>& order, const std::vector<OutputSpec>& columns) {
  std::string out;
  for (const sql::OrderItem& item : order) {
    const Expression& key = *item.expression;
    size_t at = columns.size();
    if (key.kind == ExpressionKind::kLiteral && key.literal == sql::LiteralType::kInt && key.value.integer >= 1) at = static_cast<size_t>(key.value.integer - 1);
    for (size_t i = 0; i < columns.size() && key.kind == ExpressionKind::kIdentifier; ++i) {
      if (lower_case(columns[i].name) == lower_case(key.name)) at = i;
    }
    if (at >= columns.size()) return invalid("ORDER BY of a set operation takes the names or positions of its columns", key.at);
    RETURN_IF_ERROR(no_decimals({Typed{"", columns[at].type, false, nullptr}}, "ORDER BY of a set operation"));
    out += fmt::format("{}{}{}", out.empty() ? " ORDER BY " : ", ", at + 1, order_suffix(item));
  }
  return out;
}

Result<Rendered> Translator::set_operation(const sql::Statement& statement) {
  ASSIGN_OR_RETURN(Rendered left, this->statement(*statement.left));
  ASSIGN_OR_RETURN(Rendered right, this->statement(*statement.right));
  static constexpr const char* kWords[] = {"", "UNION", "INTERSECT", "EXCEPT"};
  const std::string word = kWords[static_cast<int>(statement.operation)];
  if (left.columns.size() != right.columns.size()) {
    return Status::invalid(fmt::format("QueryValidationError: Column count mismatch in {}: {} and {}", word, left.columns.size(), right.columns.size()));
  }
  std::vector<ValueType> types;
  Rendered out;
  for (size_t i = 0; i < left.columns.size(); ++i) {
    const ValueType a = left.columns[i].type, b = right.columns[i].type;
    Typed first{"", a, false, nullptr}, second{"", b, false, nullptr};
    const bool texts = (a.type == DataType::kString) != (b.type == DataType::kString) && !a.multi && !b.multi && a.type != DataType::kJson && b.type != DataType::kJson;
    Result<ValueType> type = texts ? Result<ValueType>(Status::invalid("")) : common_type({first, second}, {}, word);
    if (!type.ok()) {
      return Status::invalid(fmt::format("QueryValidationError: Type mismatch in column {} of {}: {} and {}", i + 1, word, pinot_type(a), pinot_type(b)));
    }
    types.push_back(*type);
    out.columns.push_back({left.columns[i].name, *type});
  }
  ASSIGN_OR_RETURN(std::string order, order_by_output(statement.order_by, out.columns));
  out.sql = fmt::format("({}) {}{} ({}){}{}", with_types(left, types), word, statement.all ? " ALL" : "", with_types(right, types), order, limit_text(statement));
  return out;
}

Result<Rendered> Translator::values(const sql::Statement& statement) {
  Frame frame;
  frame.parent = frame_;
  frame_ = &frame;
  std::vector<std::vector<Typed>> columns(statement.values[0].size());
  for (const auto& row : statement.values) {
    for (size_t i = 0; i < row.size(); ++i) {
      ASSIGN_OR_RETURN(Typed value, expression(row[i]));
      columns[i].push_back(std::move(value));
    }
  }
  frame_ = frame.parent;
  Rendered out;
  for (size_t i = 0; i < columns.size(); ++i) {
    ValueType type;
    RETURN_IF_ERROR(unify(&columns[i], statement.values[0][i]->at, "VALUES", &type));
    out.columns.push_back({fmt::format("EXPR${}", i), type});
  }
  std::string rows, names;
  for (size_t r = 0; r < statement.values.size(); ++r) {
    rows += r > 0 ? ", (" : "(";
    for (size_t i = 0; i < columns.size(); ++i) rows += (i > 0 ? ", " : "") + columns[i][r].sql;
    rows += ")";
  }
  for (size_t i = 0; i < columns.size(); ++i) names += fmt::format("{}c{}", i > 0 ? ", " : "", i);
  ASSIGN_OR_RETURN(std::string order, order_by_output(statement.order_by, out.columns));
  out.sql = fmt::format("SELECT * FROM (VALUES {}) AS v({}){}{}", rows, names, order, limit_text(statement));
  return out;
}

bool translate(const sql::MultiStageQuery& query, const TableResolver& tables, const TranslateOptions& options, Translation* out, QueryException* error) {
  Translator translator(tables, options, out);
  Result<Rendered> rendered = translator.statement(*query.statement);
  if (!rendered.ok()) {
    *error = {translator.error_code(), rendered.status().message()};
    return false;
  }
  out->sql = std::move(rendered->sql);
  out->output = std::move(rendered->columns);
  return true;
}

}  // namespace bywash::analytics::multistage
