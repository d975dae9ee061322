#include "connectors/postgres_cdc/snapshot.h"

#include "base/log.h"
#include "config/properties.h"
#include "connectors/postgres_cdc/replication_slot.h"

namespace bywash::postgres_cdc {
namespace {

constexpr std::string_view kSnapshotLogger = "postgres_cdc";

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;
  }
}

}  // namespace

Status split_copy_line(std::string_view line, std::string* texts, Tuple* out) {
  out->clear();
  texts->clear();
  // Never more than the line: no growth may move what views point to.
  texts->reserve(line.size());
  while (true) {
    size_t end = std::min(line.find('\t'), line.size());
    std::string_view field = line.substr(0, end);
    TupleValue& value = out->emplace_back();
    if (field != "\\N") {
      value.kind = TupleValue::Kind::kText;
      value.text = field;
      if (field.find('\\') != field.npos) {
        size_t begin = texts->size();
        for (size_t i = 0; i < field.size(); ++i) {
          if (field[i] != '\\') *texts += field[i];
          else if (++i < field.size()) *texts += unescaped(field[i]);
          else return Status::fatal("A line of COPY ends in the middle of an escape");
        }
        value.text = std::string_view(*texts).substr(begin);
      }
    }
    if (end == line.size()) return {};
    line.remove_prefix(end + 1);
  }
}

Result<std::unique_ptr<Snapshot>> Snapshot::open(ServerSession& session, const ChangeConfig& config, const Selection& selection, const std::string& exported,
                                                 const SnapshotRequest* request) {
  std::unique_ptr<Snapshot> out(new Snapshot(session, config, request));
  ASSIGN_OR_RETURN(Rows tx, session.query("SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE txid_current() END"));
  if (!tx.empty() && tx[0][0]) out->tx_id_ = std::stoll(*tx[0][0]);
  RETURN_IF_ERROR(session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  if (!exported.empty()) RETURN_IF_ERROR(session.run("SET TRANSACTION SNAPSHOT " + session.literal(exported)));
  ASSIGN_OR_RETURN(auto tables, captured_tables(session, config, selection));
  Catalog catalog(&session);
  for (const auto& [schema, table] : tables) {
    if (request ? !request->wants(schema + "." + table) : !selection.in_snapshot(schema, table)) continue;
    ASSIGN_OR_RETURN(auto structure, catalog.table(schema, table));
    if (structure) out->tables_.push_back(*std::move(structure));
  }
  log::info(kSnapshotLogger, "Snapshot of {} tables begins", out->tables_.size());
  return out;
}

Status Snapshot::start_table() {
  table_ = std::make_shared<const TableStructure>(std::move(tables_.front()));
  tables_.pop_front();
  std::string columns, name = session_.identifier(table_->schema) + "." + session_.identifier(table_->table);
  for (const TableColumn& column : table_->columns) columns += (columns.empty() ? "" : ", ") + session_.identifier(column.name);
  auto given = config_.select_statements.find(table_->name());
  const std::string* filter = request_ ? request_->filter_of(table_->name()) : nullptr;
  if (filter) name += " WHERE " + *filter;
  std::string from = filter || given == config_.select_statements.end() ? name : "(" + std::string(config::trim(given->second)) + ") bywash_rows";
  Status status = session_.start_copy("COPY (SELECT " + columns + " FROM " + from + ") TO STDOUT", PGRES_COPY_OUT);
  copying_ = status.ok();
  return status.ok() ? status : status.with_context(fmt::format("Cannot read table '{}'", table_->name()));
}

Result<bool> Snapshot::read_line() {
  while (true) {
    if (!copying_) {
      while (request_ && !tables_.empty() && !request_->wants(tables_.front().name())) tables_.pop_front();
      if (tables_.empty()) return false;
      RETURN_IF_ERROR(start_table());
    }
    char* bytes = nullptr;
    int size = PQgetCopyData(session_.connection(), &bytes, 0);
    if (size > 0) {
      line_.assign(bytes, static_cast<size_t>(size));
      PQfreemem(bytes);
      if (!line_.empty() && line_.back() == '\n') line_.pop_back();
      return true;
    }
    copying_ = false;
    ServerResult ended(PQgetResult(session_.connection()));
    if (size < -1 || PQresultStatus(ended.get()) != PGRES_COMMAND_OK) {
      return session_.failure(ended.get()).with_context(fmt::format("Cannot read table '{}'", table_->name()));
    }
    while (ServerResult(PQgetResult(session_.connection()))) {
    }
  }
}

Result<bool> Snapshot::next(SnapshotRow* row) {
  if (done_) return false;
  if (!started_) {
    started_ = true;
    ASSIGN_OR_RETURN(has_held_, read_line());
    if (has_held_) {
      held_.swap(line_);
      held_table_ = table_;
      held_is_first_ = held_is_first_of_table_ = true;
    }
  }
  if (!has_held_) {
    done_ = true;
    RETURN_IF_ERROR(session_.run("COMMIT"));
    return false;
  }
  ASSIGN_OR_RETURN(bool more, read_line());
  bool last_of_table = !more || table_ != held_table_;
  row->marker = !more ? "last" : held_is_first_ ? "first" : last_of_table ? "last_in_data_collection" : held_is_first_of_table_ ? "first_in_data_collection" : "true";
  given_.swap(held_);
  given_table_ = held_table_;
  row->table = given_table_.get();
  held_.swap(line_);
  held_table_ = table_;
  held_is_first_ = false;
  held_is_first_of_table_ = last_of_table;
  has_held_ = more;
  RETURN_IF_ERROR(split_copy_line(given_, &texts_, &row->values));
  if (given_table_->columns.empty()) row->values.clear();
  return true;
}

}  // namespace bywash::postgres_cdc
