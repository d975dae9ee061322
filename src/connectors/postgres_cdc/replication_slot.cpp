#include "connectors/postgres_cdc/replication_slot.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"

namespace bywash::postgres_cdc {
namespace {

constexpr std::string_view kSlotLogger = "postgres_cdc";

std::string listed_tables(ServerSession& session, const std::vector<std::pair<std::string, std::string>>& tables) {
  std::string out;
  for (const auto& [schema, table] : tables) out += (out.empty() ? "" : ", ") + session.identifier(schema) + "." + session.identifier(table);
  return out;
}

// "schema.table:FULL,other.*:INDEX by_n"
Status set_replica_identities(ServerSession& session, const ChangeConfig& config, const std::vector<std::pair<std::string, std::string>>& tables) {
  auto entries = config::parse_value(config::KeyType::kList, config.replica_identities);
  if (!entries.ok() || !std::holds_alternative<config::List>(*entries)) return {};
  for (const std::string& entry : std::get<config::List>(*entries)) {
    size_t colon = entry.rfind(':');
    if (colon == entry.npos) return Status::invalid("replica.identity.autoset.values: each entry must be expression:FULL, :DEFAULT, :NOTHING or :INDEX name");
    ASSIGN_OR_RETURN(NamePatterns pattern, NamePatterns::make(entry.substr(0, colon)));
    std::string wanted = ascii_upper(config::trim(std::string_view(entry).substr(colon + 1)));
    std::string clause = wanted;
    if (wanted.starts_with("INDEX ")) clause = "USING INDEX " + session.identifier(std::string(config::trim(std::string_view(entry).substr(colon + 1)).substr(6)));
    else if (wanted != "FULL" && wanted != "DEFAULT" && wanted != "NOTHING") {
      return Status::invalid(fmt::format("replica.identity.autoset.values: '{}' is none of FULL, DEFAULT, NOTHING, INDEX name", wanted));
    }
    for (const auto& [schema, table] : tables) {
      if (!pattern.match(schema + "." + table)) continue;
      RETURN_IF_ERROR(session.run(fmt::format("ALTER TABLE {}.{} REPLICA IDENTITY {}", session.identifier(schema), session.identifier(table), clause))
                          .with_context(fmt::format("Cannot set the replica identity of '{}.{}'", schema, table)));
    }
  }
  return {};
}

Status fill_publication(ServerSession& session, const ChangeConfig& config, const std::vector<std::pair<std::string, std::string>>& tables, bool exists) {
  if (tables.empty()) {
    return Status::invalid(fmt::format("No table filters found for filtered publication {}: no table of database '{}' is captured. Check table.include.list and "
                                       "schema.include.list", config.publication_name, config.database));
  }
  std::string name = session.identifier(config.publication_name), list = listed_tables(session, tables);
  std::string root = config.publish_via_root ? " WITH (publish_via_partition_root = true)" : "";
  return session.run(exists ? "ALTER PUBLICATION " + name + " SET TABLE " + list : "CREATE PUBLICATION " + name + " FOR TABLE " + list + root);
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> captured_tables(ServerSession& session, const ChangeConfig& config, const Selection& selection) {
  std::string kinds = config.publish_via_root ? "c.relkind IN ('r', 'p') AND NOT c.relispartition" : "c.relkind = 'r'";
  ASSIGN_OR_RETURN(Rows rows, session.query("SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " + kinds +
                                            " AND c.relpersistence = 'p' ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\""));
  std::vector<std::pair<std::string, std::string>> out;
  for (const Row& row : rows) {
    if (selection.has_table(row[0].value_or(""), row[1].value_or(""))) out.emplace_back(row[0].value_or(""), row[1].value_or(""));
  }
  return out;
}

Status ensure_publication(ServerSession& session, const ChangeConfig& config, const Selection& selection) {
  ASSIGN_OR_RETURN(auto tables, captured_tables(session, config, selection));
  RETURN_IF_ERROR(set_replica_identities(session, config, tables));
  ASSIGN_OR_RETURN(Rows rows, session.query("SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = " + session.literal(config.publication_name)));
  bool exists = !rows.empty();
  std::string name = session.identifier(config.publication_name);
  std::string root = config.publish_via_root ? " WITH (publish_via_partition_root = true)" : "";
  Status status;
  switch (config.publication) {
    case PublicationMode::kDisabled:
      if (!exists) return Status::invalid(fmt::format("Publication '{}' is not there and publication.autocreate.mode is disabled: create it, or choose another mode", config.publication_name));
      break;
    case PublicationMode::kAllTables:
      if (!exists) status = session.run("CREATE PUBLICATION " + name + " FOR ALL TABLES" + root);
      break;
    case PublicationMode::kNoTables:
      if (!exists) status = session.run("CREATE PUBLICATION " + name + root);
      break;
    case PublicationMode::kFiltered:
      // One that has all tables has these too, and cannot be given a list.
      if (!exists || rows[0][0] != "t") status = fill_publication(session, config, tables, exists);
      break;
  }
  if (!exists && status.ok() && config.publication != PublicationMode::kDisabled) log::info(kSlotLogger, "Publication '{}' was created", config.publication_name);
  return status.ok() ? status : status.with_context(fmt::format("Cannot prepare publication '{}' (publication.autocreate.mode)", config.publication_name));
}

Result<std::optional<SlotState>> slot_state(ServerSession& session, const ChangeConfig& config) {
  ASSIGN_OR_RETURN(Rows rows, session.query("SELECT plugin, database, active, confirmed_flush_lsn, restart_lsn, wal_status FROM pg_catalog.pg_replication_slots WHERE slot_name = " +
                                            session.literal(config.slot_name)));
  if (rows.empty()) return std::optional<SlotState>();
  const Row& row = rows[0];
  if (row[0] != "pgoutput" || row[1] != config.database) {
    return Status::invalid(fmt::format("Replication slot '{}' is there, but for plugin '{}' and database '{}': choose another slot.name, or drop it", config.slot_name,
                                       row[0].value_or("none"), row[1].value_or("none")));
  }
  SlotState out;
  out.active = row[2] == "t";
  out.lost = row[5] == "lost";
  ASSIGN_OR_RETURN(out.confirmed_lsn, parse_lsn(row[3].value_or("0/0")));
  ASSIGN_OR_RETURN(out.restart_lsn, parse_lsn(row[4].value_or("0/0")));
  return std::optional(out);
}

Result<CreatedSlot> create_slot(ServerSession& replication, const ChangeConfig& config, const std::string& name, bool temporary) {
  std::string sql = "CREATE_REPLICATION_SLOT \"" + name + "\"" + (temporary ? " TEMPORARY" : "") + " LOGICAL pgoutput";
  if (replication.version() >= 170000 && config.failover_slot && !temporary) sql += " (SNAPSHOT 'export', FAILOVER true)";
  else if (replication.version() >= 150000) sql += " (SNAPSHOT 'export')";
  else sql += " EXPORT_SNAPSHOT";
  auto rows = replication.query(sql);
  if (!rows.ok()) return rows.status().with_context(fmt::format("Cannot create replication slot '{}'", name));
  if (rows->empty() || (*rows)[0].size() < 3) return Status::fatal(fmt::format("The server said nothing about the new replication slot '{}'", name));
  CreatedSlot out;
  ASSIGN_OR_RETURN(out.consistent_lsn, parse_lsn((*rows)[0][1].value_or("")));
  out.snapshot = (*rows)[0][2].value_or("");
  if (!temporary) log::info(kSlotLogger, "Replication slot '{}' was created at {}", name, lsn_text(out.consistent_lsn));
  return out;
}

Status drop_slot(ServerSession& session, const std::string& name) {
  return session.run("SELECT pg_drop_replication_slot(" + session.literal(name) + ")").with_context(fmt::format("Cannot drop replication slot '{}'", name));
}

}  // namespace bywash::postgres_cdc
