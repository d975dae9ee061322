// Scalar expressions with their types. See translator.h.
#include "analytics/multistage/translator.h"

#include "analytics/plan/functions.h"

#include <algorithm>
#include <array>

namespace bywash::analytics::multistage {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using sql::LiteralType;

namespace {

constexpr int kExpressionDepthMax = 400;  // of the translation; DuckDB's own limit is 1000

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// Numbers by width; -1: no number.
int rank(DataType type) {
  switch (type) {
    case DataType::kInt: return 0;
    case DataType::kLong: return 1;
    case DataType::kFloat: return 2;
    case DataType::kDouble: return 3;
    default: return -1;
  }
}

bool textual(DataType type) { return type == DataType::kString || type == DataType::kJson; }

std::string scalar_text(DataType type, const Scalar& value) {
  switch (type) {
    case DataType::kInt:
      // 2147483648 with its sign would be read before it.
      return fmt::format("CAST({} AS INTEGER)", value.integer);
    case DataType::kLong:
    case DataType::kTimestamp: return value.integer == INT64_MIN ? "CAST('-9223372036854775808' AS BIGINT)" : fmt::format("CAST({} AS BIGINT)", value.integer);
    case DataType::kBoolean: return value.integer ? "TRUE" : "FALSE";
    case DataType::kFloat: return fmt::format("CAST('{}' AS FLOAT)", value.real);
    case DataType::kDouble: return fmt::format("CAST('{}' AS DOUBLE)", value.real);
    case DataType::kBytes: return blob_literal(value.text);
    default: return quoted(value.text);
  }
}

DataType type_of(const Expression& literal) {
  switch (literal.literal) {
    case LiteralType::kBoolean: return DataType::kBoolean;
    case LiteralType::kInt: return DataType::kInt;
    case LiteralType::kLong: return DataType::kLong;
    case LiteralType::kDouble: return DataType::kDouble;
    default: return DataType::kString;
  }
}

// Whole numbers and times that DuckDB casts as Java does.
bool casts_alike(DataType from, DataType to) {
  if (from == DataType::kTimestamp) from = DataType::kLong;
  if (to == DataType::kTimestamp) to = DataType::kLong;
  if (from == DataType::kBoolean) return false;
  return from == to || (rank(from) >= 0 && rank(to) > rank(from)) || (from == DataType::kLong && to == DataType::kInt) || (textual(from) && textual(to));
}

}  // namespace

bool is_number(ValueType type) { return !type.multi && (rank(type.type) >= 0 || type.type == DataType::kTimestamp); }

std::string blob_literal(std::string_view bytes) {
  std::string out = "'";
  for (unsigned char c : bytes) out += fmt::format("\\x{:02X}", c);
  return out + "'::BLOB";
}

Result<Typed> Translator::literal(const ExpressionPtr& expression) {
  if (expression->literal == LiteralType::kNull) return Typed{"NULL", {}, true, nullptr};
  if (expression->literal == LiteralType::kString && expression->value.text.find('\0') != std::string::npos) return invalid("a string holds a NUL character", expression->at);
  const DataType type = type_of(*expression);
  return Typed{scalar_text(type, expression->value), {type, false}, false, expression};
}

Result<Typed> Translator::expression(const ExpressionPtr& expression) {
  if (++depth_ > kExpressionDepthMax) return invalid(fmt::format("query is nested more than {} levels deep", kExpressionDepthMax), expression->at);
  Translated out = [&]() -> Translated {
    switch (expression->kind) {
      case ExpressionKind::kLiteral: return literal(expression);
      case ExpressionKind::kStar: return invalid("* is only allowed in SELECT * and COUNT(*)", expression->at);
      case ExpressionKind::kIdentifier: return identifier(*expression);
      case ExpressionKind::kFunction: break;
    }
    const bool key = frame_->grouped && !frame_->inside_aggregation && !frame_->inside_key && frame_->keys.count(canonical(*expression)) > 0;
    if (key) frame_->inside_key = true;
    Translated value = function(expression);
    if (key) frame_->inside_key = false;
    return value;
  }();
  --depth_;
  return out;
}

namespace {

bool is_decimal(const Typed& value) { return value.type.type == DataType::kBigDecimal && !value.type.multi && !value.null; }

}  // namespace

Result<Typed> Translator::boolean(const ExpressionPtr& expression, std::string_view clause) {
  ASSIGN_OR_RETURN(Typed value, this->expression(expression));
  if (value.null || (value.type.type == DataType::kBoolean && !value.type.multi)) return value;
  return invalid(fmt::format("{} clause must be a condition", clause), expression->at);
}

Result<Typed> Translator::function(const ExpressionPtr& expression) {
  const Expression& e = *expression;
  static const std::map<std::string_view, const char*> kComparisons = {{"equals", "="}, {"notequals", "<>"}, {"greaterthan", ">"}, {"lessthan", "<"},
      {"greaterthanorequal", ">="}, {"lessthanorequal", "<="}, {"isdistinctfrom", "IS DISTINCT FROM"}, {"isnotdistinctfrom", "IS NOT DISTINCT FROM"}};
  static const std::map<std::string_view, const char*> kTests = {{"isnull", "IS NULL"}, {"isnotnull", "IS NOT NULL"}, {"istrue", "IS TRUE"}, {"isnottrue", "IS NOT TRUE"},
                                                                 {"isfalse", "IS FALSE"}, {"isnotfalse", "IS NOT FALSE"}};
  if (e.subquery) return subquery(e);
  if (e.name == "over") return window(e);
  if (is_aggregation(e.name) || e.name == "filter" || e.name == "withingroup" || e.name == "ignorenulls") return aggregated(expression, {});
  if (e.name == "and") return junction(e, "AND");
  if (e.name == "or") return junction(e, "OR");
  if (e.name == "not" && e.args.size() == 1) {
    ASSIGN_OR_RETURN(Typed value, boolean(e.args[0], "NOT"));
    return Typed{fmt::format("(NOT {})", value.sql), {DataType::kBoolean, false}, false, nullptr};
  }
  if (auto found = kComparisons.find(e.name); found != kComparisons.end() && e.args.size() == 2) return comparison(e, found->second);
  if (auto found = kTests.find(e.name); found != kTests.end() && e.args.size() == 1) return test(e, found->second);
  if (e.name == "in" || e.name == "notin") return membership(e);
  if (e.name == "between") return between(e);
  if (e.name == "like" && e.args.size() == 2) return like(e);
  if ((e.name == "plus" || e.name == "minus" || e.name == "times" || e.name == "divide" || e.name == "mod") && e.args.size() == 2) return arithmetic(e);
  if (e.name == "case" || e.name == "casewhen") return case_when(e);
  if (e.name == "cast" && e.args.size() == 2) return cast(expression);
  if (e.name == "coalesce" || e.name == "nullif") return coalesce(e);
  if (e.name == "abs" || e.name == "floor" || e.name == "ceil" || e.name == "ceiling") return rounding(expression);
  return kernel(expression);
}

Result<std::vector<Typed>> Translator::arguments(const Expression& expression) {
  std::vector<Typed> out;
  for (const ExpressionPtr& arg : expression.args) {
    ASSIGN_OR_RETURN(Typed value, this->expression(arg));
    out.push_back(std::move(value));
  }
  return out;
}

Result<Typed> Translator::junction(const Expression& expression, const char* word) {
  std::string out;
  for (const ExpressionPtr& arg : expression.args) {
    ASSIGN_OR_RETURN(Typed value, boolean(arg, word));
    out += out.empty() ? value.sql : fmt::format(" {} {}", word, value.sql);
  }
  return Typed{fmt::format("({})", out), {DataType::kBoolean, false}, false, nullptr};
}

Status Translator::no_decimals(const std::vector<Typed>& values, std::string_view what) const {
  for (const Typed& value : values) {
    if (value.type.type == DataType::kBigDecimal) {
      return Status::invalid(fmt::format("QueryValidationError: {} on BIG_DECIMAL is not supported yet in queries with joins, windows or nested queries; CAST it to DOUBLE", what));
    }
  }
  return {};
}

Status Translator::make_comparable(std::vector<Typed>* values) {
  if (std::none_of(values->begin(), values->end(), is_decimal)) return {};
  for (Typed& value : *values) {
    ASSIGN_OR_RETURN(value, sortable(std::move(value)));
  }
  return {};
}

Result<Typed> Translator::sortable(Typed value) {
  if (value.null) return value;
  return call("$decimalkey", {std::move(value)}, {});
}

Result<ValueType> Translator::common_type(const std::vector<Typed>& values, sql::Position at, std::string_view what) {
  const Typed* first = nullptr;
  ValueType type;
  for (const Typed& value : values) {
    if (value.null) continue;
    if (!first) {
      first = &value;
      type = value.type;
      continue;
    }
    const ValueType other = value.type;
    auto mismatch = [&] { return invalid(fmt::format("Cannot apply '{}' to arguments of type {} and {}", what, pinot_type(type), pinot_type(other)), at); };
    if (type.multi != other.multi) return mismatch();
    if (type.type == other.type) continue;
    if (type.multi) return mismatch();
    const int a = rank(type.type), b = rank(other.type);
    auto either = [&](DataType one) { return type.type == one || other.type == one; };
    if (either(DataType::kBigDecimal)) {
      if (a < 0 && b < 0) return mismatch();
      type.type = DataType::kBigDecimal;
      continue;
    }
    if (a >= 0 && b >= 0) type.type = a > b ? type.type : other.type;
    else if (textual(type.type) && textual(other.type)) type.type = DataType::kString;
    else if (either(DataType::kTimestamp) && (a >= 0 || b >= 0)) type.type = either(DataType::kFloat) || either(DataType::kDouble) ? DataType::kDouble : DataType::kTimestamp;
    else if (textual(type.type)) type.type = other.type;
    else if (!textual(other.type)) return mismatch();
  }
  return type;
}

Result<Typed> Translator::coerced(Typed value, ValueType type) {
  if (value.null) return Typed{fmt::format("CAST(NULL AS {})", sql_type(type)), type, true, nullptr};
  if (value.type.multi || type.multi || value.type.type == type.type) return value;
  const DataType from = value.type.type;
  if (value.literal && textual(from)) {
    Result<Scalar> parsed = parse_scalar(type.type, value.literal->value.text);
    if (!parsed.ok()) return invalid(fmt::format("'{}' is no {}", value.literal->value.text, to_string(type.type)), value.literal->at);
    return Typed{scalar_text(type.type, *parsed), type, false, nullptr};
  }
  if (casts_alike(from, type.type)) {
    value.sql = sql_type(value.type) == sql_type(type) ? value.sql : fmt::format("CAST({} AS {})", value.sql, sql_type(type));
    value.type = type;
    value.literal = nullptr;
    return value;
  }
  value.literal = nullptr;
  return call("cast", {std::move(value), Typed{"", {}, false, sql::make_string(std::string(to_string(type.type)))}}, {});
}

Status Translator::unify(std::vector<Typed>* values, sql::Position at, std::string_view what, ValueType* type) {
  ASSIGN_OR_RETURN(*type, common_type(*values, at, what));
  for (Typed& value : *values) {
    ASSIGN_OR_RETURN(value, coerced(std::move(value), *type));
  }
  return {};
}

Result<Typed> Translator::comparison(const Expression& expression, const char* symbol) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  RETURN_IF_ERROR(make_comparable(&args));
  ValueType type;
  RETURN_IF_ERROR(unify(&args, expression.at, symbol, &type));
  return Typed{fmt::format("({} {} {})", args[0].sql, symbol, args[1].sql), {DataType::kBoolean, false}, false, nullptr};
}

Result<Typed> Translator::test(const Expression& expression, const char* words) {
  ASSIGN_OR_RETURN(Typed value, this->expression(expression.args[0]));
  if (value.type.type != DataType::kBoolean && std::string_view(words).find("NULL") == std::string_view::npos) return invalid(fmt::format("{} takes a BOOLEAN", words), expression.at);
  return Typed{fmt::format("({} {})", value.sql, words), {DataType::kBoolean, false}, false, nullptr};
}

Result<Typed> Translator::membership(const Expression& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  RETURN_IF_ERROR(make_comparable(&args));
  ValueType type;
  RETURN_IF_ERROR(unify(&args, expression.at, "IN", &type));
  std::string list;
  for (size_t i = 1; i < args.size(); ++i) list += (i > 1 ? ", " : "") + args[i].sql;
  return Typed{fmt::format("({} {} ({}))", args[0].sql, expression.name == "in" ? "IN" : "NOT IN", list), {DataType::kBoolean, false}, false, nullptr};
}

Result<Typed> Translator::between(const Expression& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  if (args.size() != 3) return invalid("BETWEEN takes three values", expression.at);
  RETURN_IF_ERROR(make_comparable(&args));
  ValueType type;
  RETURN_IF_ERROR(unify(&args, expression.at, "BETWEEN", &type));
  return Typed{fmt::format("({} BETWEEN {} AND {})", args[0].sql, args[1].sql, args[2].sql), {DataType::kBoolean, false}, false, nullptr};
}

Result<Typed> Translator::like(const Expression& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  for (Typed& arg : args) {
    ASSIGN_OR_RETURN(arg, coerced(std::move(arg), {DataType::kString, false}));
  }
  return Typed{fmt::format("({} ILIKE {} ESCAPE '\\')", args[0].sql, args[1].sql), {DataType::kBoolean, false}, false, nullptr};
}

// Calcite's types: whole numbers stay whole, also in a division. A result that does not fit fails the query.
Result<Typed> Translator::arithmetic(const Expression& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  if (is_decimal(args[0]) || is_decimal(args[1])) {
    if (args[0].null || args[1].null) return Typed{"NULL", {DataType::kBigDecimal, false}, true, nullptr};
    return call(expression.name, args, expression.at);
  }
  for (Typed& arg : args) {
    if (!arg.null && textual(arg.type.type) && !arg.type.multi) {
      ASSIGN_OR_RETURN(arg, coerced(std::move(arg), {DataType::kDouble, false}));
    }
    if (!arg.null && !is_number(arg.type)) return invalid(fmt::format("Cannot apply '{}' to {}", expression.name, pinot_type(arg.type)), expression.at);
  }
  ValueType type;
  RETURN_IF_ERROR(unify(&args, expression.at, expression.name, &type));
  if (args[0].null && args[1].null) type = {DataType::kInt, false};
  if (type.type == DataType::kTimestamp) type.type = DataType::kLong;
  const bool whole = rank(type.type) < 2;
  const char* symbol = expression.name == "plus" ? "+" : expression.name == "minus" ? "-" : expression.name == "times" ? "*" : expression.name == "mod" ? "%" : whole ? "//" : "/";
  return Typed{fmt::format("({} {} {})", args[0].sql, symbol, args[1].sql), type, false, nullptr};
}

Result<Typed> Translator::case_when(const Expression& expression) {
  std::vector<Typed> conditions, results;
  for (size_t i = 0; i + 1 < expression.args.size(); i += 2) {
    ASSIGN_OR_RETURN(Typed when, boolean(expression.args[i], "WHEN"));
    ASSIGN_OR_RETURN(Typed then, this->expression(expression.args[i + 1]));
    conditions.push_back(std::move(when));
    results.push_back(std::move(then));
  }
  ASSIGN_OR_RETURN(Typed otherwise, this->expression(expression.args.back()));
  results.push_back(std::move(otherwise));
  ValueType type;
  RETURN_IF_ERROR(unify(&results, expression.at, "CASE", &type));
  std::string out = "(CASE";
  for (size_t i = 0; i < conditions.size(); ++i) out += fmt::format(" WHEN {} THEN {}", conditions[i].sql, results[i].sql);
  return Typed{fmt::format("{} ELSE {} END)", out, results.back().sql), type, false, nullptr};
}

Result<Typed> Translator::coalesce(const Expression& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(expression));
  const bool nullif = expression.name == "nullif";
  if (args.empty() || (nullif && args.size() != 2)) return invalid(fmt::format("{} has the wrong number of arguments", expression.name), expression.at);
  if (nullif) RETURN_IF_ERROR(no_decimals(args, "NULLIF"));
  ValueType type;
  RETURN_IF_ERROR(unify(&args, expression.at, expression.name, &type));
  std::string list;
  for (const Typed& arg : args) list += (list.empty() ? "" : ", ") + arg.sql;
  return Typed{fmt::format("{}({})", nullif ? "NULLIF" : "COALESCE", list), type, false, nullptr};
}

Result<Typed> Translator::cast(const ExpressionPtr& expression) {
  static const std::map<std::string_view, DataType> kTypes = {
      {"INT", DataType::kInt}, {"INTEGER", DataType::kInt}, {"LONG", DataType::kLong}, {"BIGINT", DataType::kLong}, {"FLOAT", DataType::kFloat}, {"REAL", DataType::kFloat},
      {"DOUBLE", DataType::kDouble}, {"VARCHAR", DataType::kString}, {"STRING", DataType::kString}, {"BOOLEAN", DataType::kBoolean}, {"TIMESTAMP", DataType::kTimestamp}};
  ASSIGN_OR_RETURN(Typed value, this->expression(expression->args[0]));
  auto found = kTypes.find(expression->args[1]->value.text);
  if (found != kTypes.end() && !value.type.multi) {
    const ValueType type{found->second, false};
    if (value.null || (!value.literal && casts_alike(value.type.type, type.type))) return coerced(std::move(value), type);
    if (value.type.type == type.type) return value;
  }
  return call("cast", {std::move(value), Typed{"", {}, false, expression->args[1]}}, expression->at);
}

// Whole numbers stay what they are.
Result<Typed> Translator::rounding(const ExpressionPtr& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(*expression));
  if (args.size() == 1 && is_number(args[0].type)) {
    const bool whole = rank(args[0].type.type) == 0 || rank(args[0].type.type) == 1;
    if (expression->name == "abs") return Typed{fmt::format("abs({})", args[0].sql), args[0].type, false, nullptr};
    if (whole) return args[0];
  }
  return call(expression->name, args, expression->at);
}

Result<Typed> Translator::subquery(const Expression& expression) {
  Typed left;
  if (expression.name == "insubquery") {
    ASSIGN_OR_RETURN(left, this->expression(expression.args[0]));
  }
  ASSIGN_OR_RETURN(Rendered query, statement(*expression.subquery));
  if (expression.name == "exists") return Typed{fmt::format("(EXISTS ({}))", query.sql), {DataType::kBoolean, false}, false, nullptr};
  if (query.columns.size() != 1) return invalid(fmt::format("a nested query here must have one column, it has {}", query.columns.size()), expression.at);
  if (expression.name == "scalarsubquery") return Typed{fmt::format("({})", query.sql), query.columns[0].type, false, nullptr};
  std::vector<Typed> sides = {left, Typed{"s.c0", query.columns[0].type, false, nullptr}};
  RETURN_IF_ERROR(make_comparable(&sides));
  ValueType type;
  RETURN_IF_ERROR(unify(&sides, expression.at, "IN", &type));
  std::string inner = sides[1].sql == "s.c0" ? query.sql : fmt::format("SELECT {} FROM ({}) AS s", sides[1].sql, query.sql);
  return Typed{fmt::format("({} IN ({}))", sides[0].sql, inner), {DataType::kBoolean, false}, false, nullptr};
}

Result<Typed> Translator::kernel(const ExpressionPtr& expression) {
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(*expression));
  ASSIGN_OR_RETURN(Typed out, call(expression->name, args, expression->at));
  if (expression->name == "extract" && !out.literal && out.type.type == DataType::kInt) return coerced(std::move(out), {DataType::kLong, false});
  return out;
}

// One of the single-stage engine's functions, registered for this query with the types that meet here.
Result<Typed> Translator::call(std::string name, const std::vector<Typed>& args, sql::Position at) {
  TableSchema inputs;
  CallPlan plan;
  std::vector<ExpressionPtr> tree;
  std::string list;
  for (const Typed& arg : args) {
    if (arg.null || arg.literal) {
      tree.push_back(arg.null ? std::make_shared<Expression>() : arg.literal);
      continue;
    }
    FieldSpec field;
    field.name = fmt::format("a{}", plan.arguments.size());
    field.type = arg.type.type;
    field.single_value = !arg.type.multi;
    tree.push_back(sql::make_identifier(field.name));
    inputs.fields.push_back(std::move(field));
    plan.arguments.push_back(arg.type);
    list += (list.empty() ? "" : ", ") + arg.sql;
  }
  const std::string shown = name;
  const ExpressionPtr tree_call = sql::make_function(std::move(name), std::move(tree), at);
  Result<ScalarProgram> program = bind_scalar(tree_call, inputs, options_.now_ms);
  if (!program.ok()) {
    const bool unknown = program.status().message().starts_with("Unsupported function");
    return invalid(unknown ? fmt::format("No match found for function signature {}", shown) : program.status().message(), at);
  }
  const Bound& value = *program->value;
  const ValueType type{value.type, value.multi};
  if (value.kind == BoundKind::kLiteral) {
    if (value.null) return Typed{"NULL", {}, true, nullptr};
    auto literal = std::make_shared<Expression>();
    literal->literal = value.type == DataType::kBoolean ? LiteralType::kBoolean : value.type == DataType::kInt ? LiteralType::kInt : is_integer(value.type) ? LiteralType::kLong
                       : is_real(value.type) ? LiteralType::kDouble : LiteralType::kString;
    literal->value = value.literal;
    literal->at = at;
    return this->literal(literal);
  }
  if (value.kind == BoundKind::kInput) return invalid(fmt::format("{} has no effect", shown), at);
  // Equal calls must be equal in SQL too: GROUP BY f(x) and SELECT f(x).
  std::string key = to_string(*tree_call);
  for (const ExpressionPtr& arg : tree_call->args) key += fmt::format(",{}", static_cast<int>(arg->literal));
  for (const ValueType& argument : plan.arguments) key += "," + pinot_type(argument);
  auto [known, fresh] = calls_.emplace(std::move(key), "");
  if (fresh) {
    known->second = plan.name = unused_name("call");
    plan.program = *std::move(program);
    out_->calls.push_back(std::move(plan));
  }
  return Typed{fmt::format("{}({})", known->second, list), type, false, nullptr};
}

}  // namespace bywash::analytics::multistage
