// LOAD DATA LOCAL INFILE from memory: rows go as text into a temporary table of the target's types, then by one statement into the table. LOCAL
// makes the server pass over what does not fit with a warning: at the first one the rows go the usual way, which tells what is wrong. No file is
// ever read, whatever the server asks for. Level 6, the task's thread.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/log.h"
#include "connectors/jdbc/dialects/mysql_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc::mysql {
namespace {

constexpr std::string_view kMysqlLoadLogger = "jdbc.mysql";
constexpr const char* kLoadTable = "`bywash_rows`";

template <class T>
void append_fixed(const char* at, std::string* out) {
  T value;
  std::memcpy(&value, at, sizeof value);
  char text[40];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out->append(text, static_cast<size_t>(end - text));
}

void append_escaped(std::string_view text, std::string* out) {
  for (char c : text) {
    if (c == '\\' || c == '\t' || c == '\n') *out += '\\';
    if (c == '\0') *out += "\\0";
    else *out += c;
  }
}

void append_field(const Parameters& p, size_t row, std::string* out) {
  if (p.nulls[row]) { *out += "\\N"; return; }
  const char* fixed = p.fixed.data() + row * p.width;
  switch (p.type) {
    case MYSQL_TYPE_TINY: append_fixed<int8_t>(fixed, out); break;
    case MYSQL_TYPE_SHORT: append_fixed<int16_t>(fixed, out); break;
    case MYSQL_TYPE_LONG: append_fixed<int32_t>(fixed, out); break;
    case MYSQL_TYPE_LONGLONG: append_fixed<int64_t>(fixed, out); break;
    case MYSQL_TYPE_FLOAT: append_fixed<float>(fixed, out); break;
    case MYSQL_TYPE_DOUBLE: append_fixed<double>(fixed, out); break;
    // Bytes are no text of the load's character set.
    case MYSQL_TYPE_BLOB: *out += hex_digits({p.starts[row], p.lengths[row]}); break;
    default: append_escaped({p.starts[row], p.lengths[row]}, out);
  }
}

// What the server is given when it asks for the "file".
struct PendingRows {
  std::string_view rest;
  bool asked = false;
};

int load_begin(void** state, const char*, void* pending) {
  *state = pending;
  auto* rows = static_cast<PendingRows*>(pending);
  // A second request, or one that no statement of ours made, gets nothing.
  if (rows->asked) return 1;
  rows->asked = true;
  return 0;
}

int load_read(void* state, char* to, unsigned int size) {
  auto* rows = static_cast<PendingRows*>(state);
  size_t part = std::min<size_t>(size, rows->rest.size());
  std::memcpy(to, rows->rest.data(), part);
  rows->rest.remove_prefix(part);
  return static_cast<int>(part);
}

void load_end(void*) {}

int load_error(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "No rows are waiting to be loaded");
  return 2000;
}

}  // namespace

void MysqlSession::refuse_files() {
  static PendingRows nothing{{}, true};
  mysql_set_local_infile_handler(connection_, load_begin, load_read, load_end, load_error, &nothing);
}

Result<bool> MysqlSession::load_text(const std::string& sql, const std::string& text) {
  PendingRows pending{text};
  mysql_set_local_infile_handler(connection_, load_begin, load_read, load_end, load_error, &pending);
  bool failed_now = mysql_real_query(connection_, sql.data(), static_cast<unsigned long>(sql.size())) != 0;
  unsigned int number = mysql_errno(connection_), warnings = mysql_warning_count(connection_);
  refuse_files();
  if (!failed_now) return warnings == 0;
  Status status = failed();
  // 1148 and 4166 of MariaDB, 3948 and 3950 of MySQL; 1045: the FILE privilege, 1044: temporary tables.
  bool not_allowed = number == 1148 || number == 4166 || number == 3948 || number == 3950;
  if (not_allowed) {
    loads_ = false;
    log::warn(kMysqlLoadLogger, "The server does not take LOAD DATA LOCAL (local_infile): rows go as parameters. {}", status.message());
  }
  if (status.retriable()) return status;
  return false;
}

Result<bool> MysqlSession::load_rows(const TableWrite& write, const Blocks& blocks, const std::vector<RowRef>& refs) {
  const IdentifierRules& rules = options_.identifiers;
  std::string names, fields, sets;
  for (size_t i = 0; i < write.columns.size(); ++i) {
    std::string name = rules.write(write.columns[i].name), separator = i ? "," : "";
    names += separator + name;
    bool bytes = blocks[refs[0].block][i].type == MYSQL_TYPE_BLOB;
    fields += separator + (bytes ? fmt::format("@c{}", i) : name);
    if (bytes) sets += fmt::format("{}{} = UNHEX(@c{})", sets.empty() ? " SET " : ", ", name, i);
  }
  std::string load = fmt::format("LOAD DATA LOCAL INFILE 'bywash' INTO TABLE {} CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' "
                                 "LINES TERMINATED BY '\\n' ({}){}", kLoadTable, fields, sets);
  std::string insert = load_insert_sql(write, names);
  for (size_t from = 0; from < refs.size();) {
    std::string text;
    size_t to = from;
    for (; to < refs.size() && (to == from || text.size() < send_bytes_max_); ++to) {
      for (size_t i = 0; i < write.columns.size(); ++i) {
        if (i) text += '\t';
        append_field(blocks[refs[to].block][i], refs[to].row, &text);
      }
      text += '\n';
    }
    // Neither CREATE nor DROP of a temporary table ends the transaction.
    Status made = run(fmt::format("CREATE TEMPORARY TABLE {} AS SELECT {} FROM {} WHERE 1 = 0", kLoadTable, names, rules.write(write.table->name)));
    if (!made.ok()) {
      if (made.retriable()) return made;
      loads_ = false;
      log::warn(kMysqlLoadLogger, "LOAD DATA needs the privilege CREATE TEMPORARY TABLES: rows go as parameters. {}", made.message());
      return from == 0 ? Result<bool>(false) : made;
    }
    auto loaded = load_text(load, text);
    Status status = loaded.status();
    if (loaded.ok() && *loaded) status = run(insert);
    if (!alive_) return status;
    if (Status dropped = run(fmt::format("DROP TEMPORARY TABLE {}", kLoadTable)); !dropped.ok() && status.ok()) status = dropped;
    RETURN_IF_ERROR(status);
    if (!*loaded) {
      // Whatever was loaded before stays; the rest goes by parameters, which says what is wrong with it.
      std::vector<RowRef> rest(refs.begin() + static_cast<int64_t>(from), refs.end());
      RETURN_IF_ERROR(apply(write_sql(write), columns_of(write, false), blocks, rest));
      return true;
    }
    from = to;
  }
  return true;
}

std::string MysqlSession::load_insert_sql(const TableWrite& write, const std::string& names) const {
  const IdentifierRules& rules = options_.identifiers;
  std::string nulls, null_values, merges;
  for (size_t i = 0; i < write.columns.size(); ++i) {
    if (i < write.key_count && write.key_count != write.columns.size()) continue;
    std::string name = rules.write(write.columns[i].name);
    merges += fmt::format("{}{}=values({})", merges.empty() ? "" : ",", name, name);
  }
  for (const std::string& null : write.null_columns) {
    nulls += "," + rules.write(null);
    null_values += ",NULL";
    merges += "," + rules.write(null) + "=NULL";
  }
  std::string sql = fmt::format("INSERT INTO {}({}{}) SELECT {}{} FROM {}", rules.write(write.table->name), names, nulls, names, null_values, kLoadTable);
  return write.mode == InsertMode::kUpsert ? sql + " ON DUPLICATE KEY UPDATE " + merges : sql;
}

}  // namespace bywash::jdbc::mysql
