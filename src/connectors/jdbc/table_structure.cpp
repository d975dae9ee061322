// CREATE TABLE and ALTER TABLE ... ADD. Level 6, the task's thread.
#include "connectors/jdbc/table_structure.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <set>

#include "base/log.h"

namespace bywash::jdbc {
namespace {

constexpr std::string_view kStructureLogger = "jdbc";

Status structure_error(Code code, std::string message) {
  return Status(code, Blame::kUser, std::move(message)).with_java_class("io.confluent.connect.jdbc.sink.TableAlterOrCreateException");
}

// Of all letters, as String.toLowerCase() has it.
std::string lower_case(const std::string& text) {
  std::string out;
  icu::UnicodeString::fromUTF8(text).toLower(icu::Locale::getRoot()).toUTF8String(out);
  return out;
}

}  // namespace

Result<std::shared_ptr<const TableDefinition>> TableStructure::find(Session& session, const TableName& name) {
  auto it = tables_.find(name);
  if (it != tables_.end()) return it->second;
  ASSIGN_OR_RETURN(auto found, session.describe(name));
  if (!found) return std::shared_ptr<const TableDefinition>();
  if (!config_->takes_table_type(found->kind)) {
    return structure_error(Code::kFatal, fmt::format(
        "{} is a {}, and table.types has only {}: add it to table.types, or choose another table by table.name.format",
        rules_.write(found->name), found->kind, fmt::join(config_->table_types, ",")));
  }
  auto table = std::make_shared<const TableDefinition>(*std::move(found));
  tables_[name] = table;
  return table;
}

Result<std::string> TableStructure::column_clause(const WriteColumn& column) const {
  RETURN_IF_ERROR(rules_.check_plain(column.name));
  auto type = dialect_->column_type(column);
  if (!type.ok()) return type.status().with_context(fmt::format("Field '{}'", column.name));
  std::string clause = rules_.write(column.name) + " " + *type;
  if (column.schema->default_value() && !column.schema->default_value()->is_null()) {
    ASSIGN_OR_RETURN(std::string literal, dialect_->literal(*column.schema, *column.schema->default_value(), *times_));
    return clause + " DEFAULT " + literal;
  }
  return clause + (column.is_optional() ? " NULL" : " NOT NULL");
}

Status TableStructure::create(Session& session, const TableName& name, const FieldPlan& plan) {
  std::string sql = "CREATE TABLE " + rules_.write(name) + " (", keys;
  for (size_t i : plan.table_order) {
    ASSIGN_OR_RETURN(std::string clause, column_clause(plan.columns[i]));
    sql += (sql.back() == '(' ? "" : ", ") + clause;
    if (plan.columns[i].is_key) keys += (keys.empty() ? "" : ", ") + rules_.write(plan.columns[i].name);
  }
  if (!keys.empty()) sql += ", PRIMARY KEY(" + keys + ")";
  RETURN_IF_ERROR(apply(session, {sql + ")"}));
  log::info(kStructureLogger, "Created table {}", rules_.write(name));
  return {};
}

std::vector<const WriteColumn*> TableStructure::missing_columns(const TableDefinition& table, const FieldPlan& plan) const {
  std::vector<const WriteColumn*> missing;
  for (size_t i : plan.table_order) {
    if (!table.find(plan.columns[i].name)) missing.push_back(&plan.columns[i]);
  }
  if (missing.empty()) return missing;
  std::set<std::string> folded;
  for (const TableColumn& c : table.columns) folded.insert(lower_case(c.name));
  std::erase_if(missing, [&](const WriteColumn* c) { return folded.count(lower_case(c->name)) > 0; });
  return missing;
}

Status TableStructure::extend(Session& session, const TableDefinition& table, const std::vector<const WriteColumn*>& missing) {
  std::string target = rules_.write(table.name);
  if (table.kind != "TABLE") {
    return structure_error(Code::kData, fmt::format("{} {} is missing field '{}' and cannot be altered", table.kind, target, missing[0]->name));
  }
  std::vector<std::string> names;
  for (const WriteColumn* c : missing) {
    names.push_back(c->name);
    bool has_default = c->schema->default_value() && !c->schema->default_value()->is_null();
    if (c->is_optional() || has_default) continue;
    return structure_error(Code::kData, fmt::format(
        "Cannot ALTER TABLE {} to add missing field '{}', as the field is not optional and does not have a default value", target, c->name));
  }
  if (!config_->auto_evolve) {
    return structure_error(Code::kData, fmt::format(
        "Table {} is missing fields ({}) and auto-evolution is disabled: set auto.evolve=true, add the columns, or drop the fields "
        "(fields.whitelist)", target, fmt::join(names, ", ")));
  }
  std::vector<std::string> statements;
  std::string all;
  for (const WriteColumn* c : missing) {
    ASSIGN_OR_RETURN(std::string clause, column_clause(*c));
    all += (all.empty() ? "ADD " : std::string(dialect_->further_add())) + clause;
    statements.push_back("ALTER TABLE " + target + " " + dialect_->add_column(clause));
  }
  if (dialect_->alters_at_once()) statements = {"ALTER TABLE " + target + " " + all};
  RETURN_IF_ERROR(apply(session, statements));
  log::info(kStructureLogger, "Added to table {}: {}", target, fmt::join(names, ", "));
  return {};
}

Status TableStructure::check_names(const TableName& name) const {
  size_t longest = dialect_->name_bytes_max();
  for (const std::string* part : {&name.catalog, &name.schema, &name.table}) {
    if (!part->empty()) RETURN_IF_ERROR(rules_.check_plain(*part));
    if (part->size() <= longest) continue;
    return structure_error(Code::kFatal, fmt::format("Table name is longer than {} bytes: '{}': choose a shorter one (table.name.format, RegexRouter)",
                                                     longest, *part));
  }
  return {};
}

Status TableStructure::check_column_names(const FieldPlan& plan) const {
  size_t longest = dialect_->name_bytes_max();
  for (const WriteColumn& c : plan.columns) {
    RETURN_IF_ERROR(rules_.check_plain(c.name));
    if (c.name.size() <= longest) continue;
    return structure_error(Code::kData, fmt::format("Field name is longer than {} bytes: '{}': rename it (ReplaceField) or leave it out "
                                                    "(fields.whitelist)", longest, c.name));
  }
  return {};
}

Result<std::shared_ptr<const TableDefinition>> TableStructure::ensure(Session& session, const TableName& name, const FieldPlan& plan) {
  RETURN_IF_ERROR(check_names(name));
  // As in the original a table is made before it shows that a column's name was cut.
  if (!dialect_->cuts_names()) RETURN_IF_ERROR(check_column_names(plan));
  ASSIGN_OR_RETURN(auto table, find(session, name));
  if (!table) {
    if (!config_->auto_create) {
      return structure_error(Code::kData, fmt::format(
          "Table {} is missing and auto-creation is disabled: set auto.create=true, or create it", rules_.write(name)));
    }
    Status created = create(session, name, plan);
    if (created.retriable()) return created;
    ASSIGN_OR_RETURN(table, find(session, name));
    // Another task may have been first; then its table is the table.
    if (!table) return created.ok() ? Status::fatal(fmt::format("Table {} is not there after it was created", rules_.write(name))) : created;
  }
  RETURN_IF_ERROR(check_column_names(plan));
  if (config_->auto_evolve && config_->widen) {
    for (const WriteColumn& write : plan.columns) {
      const TableColumn* column = table->find(write.name);
      std::string type = column && !column->in_primary_key ? wider_type(*dialect_, *column, write) : "";
      if (type.empty() || table->kind != "TABLE") continue;
      ASSIGN_OR_RETURN(table, widen(session, name, TableColumn(*column), type));
    }
  }
  auto missing = missing_columns(*table, plan);
  if (missing.empty()) return table;
  Status extended = extend(session, *table, missing);
  tables_.erase(name);
  ASSIGN_OR_RETURN(table, find(session, name));
  if (!extended.ok() && (!table || extended.code() == Code::kData || !missing_columns(*table, plan).empty())) return extended;
  if (!table) return Status::retriable(fmt::format("Table {} is gone", rules_.write(name)));
  return table;
}

Result<std::shared_ptr<const TableDefinition>> TableStructure::widen(Session& session, const TableName& name, const TableColumn& column,
                                                                      const std::string& type) {
  ASSIGN_OR_RETURN(auto table, find(session, name));
  if (!table) return Status::retriable(fmt::format("Table {} is gone", rules_.write(name)));
  RETURN_IF_ERROR(apply(session, dialect_->change_type(rules_, table->name, column, type)));
  log::info(kStructureLogger, "Column '{}' of table {} is {} from now on", column.name, rules_.write(table->name), type);
  tables_.erase(name);
  return find(session, name);
}

}  // namespace bywash::jdbc
