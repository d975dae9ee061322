// Tables as the sink knows them: looked up once, created and extended as records ask for it (DbStructure of kafka-connect-jdbc 10.9).
// Level 6, one per task thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/field_plan.h"

namespace bywash::jdbc {

class TableStructure {
 public:
  TableStructure(const SinkConfig* config, const Dialect* dialect, IdentifierRules rules)
      : config_(config), dialect_(dialect), rules_(rules), times_(default_times_of(*config)) {}

  // Who carries out CREATE and ALTER; by default the session, at once.
  using Apply = std::function<Status(Session&, const std::vector<std::string>&)>;
  void apply_by(Apply apply) { apply_ = std::move(apply); }

  // The table as it is now; null when there is none of a kind that table.types allows. Asks the database once per table.
  Result<std::shared_ptr<const TableDefinition>> find(Session& session, const TableName& name);
  // The table with every column of `plan`, created (auto.create) or extended (auto.evolve) when something is missing.
  // kData: the table is missing and auto.create is off, or a column is missing and may not or cannot be added.
  Result<std::shared_ptr<const TableDefinition>> ensure(Session& session, const TableName& name, const FieldPlan& plan);
  // Gives a column another type, one that also holds what it holds.
  Result<std::shared_ptr<const TableDefinition>> widen(Session& session, const TableName& name, const TableColumn& column, const std::string& type);
  // Asks again next time: after a failure, and after a lost connection.
  void forget() { tables_.clear(); }

 private:
  Status apply(Session& session, const std::vector<std::string>& statements) const {
    return apply_ ? apply_(session, statements) : session.execute(statements);
  }
  Status create(Session& session, const TableName& name, const FieldPlan& plan);
  Status extend(Session& session, const TableDefinition& table, const std::vector<const WriteColumn*>& missing);
  std::vector<const WriteColumn*> missing_columns(const TableDefinition& table, const FieldPlan& plan) const;
  Result<std::string> column_clause(const WriteColumn& column) const;
  Status check_names(const TableName& name) const;
  Status check_column_names(const FieldPlan& plan) const;

  const SinkConfig* config_;
  const Dialect* dialect_;
  IdentifierRules rules_;
  std::shared_ptr<const LocalTimes> times_;
  std::map<TableName, std::shared_ptr<const TableDefinition>> tables_;
  Apply apply_;
};

}  // namespace bywash::jdbc
