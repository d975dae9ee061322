// Rows into MySQL and MariaDB: one prepared statement of a kind over arrays of parameters (COM_STMT_BULK_EXECUTE), row by row where the
// server has no arrays. Level 6, the task's thread.
#include <algorithm>

#include "connectors/jdbc/dialects/key_table.h"
#include "connectors/jdbc/dialects/mysql_session.h"

namespace bywash::jdbc::mysql {

std::string MysqlSession::delete_sql(const TableWrite& write) const {
  std::string match;
  for (size_t i = 0; i < write.key_count; ++i) match += (i ? " AND " : "") + options_.identifiers.write(write.columns[i].name) + " = ?";
  return "DELETE FROM " + options_.identifiers.write(write.table->name) + " WHERE " + match;
}

std::string MysqlSession::write_sql(const TableWrite& write) const {
  const IdentifierRules& rules = options_.identifiers;
  std::string target = rules.write(write.table->name), names, marks, sets, match, merges;
  for (size_t i = 0; i < write.columns.size(); ++i) {
    std::string name = rules.write(write.columns[i].name);
    names += (i ? "," : "") + name;
    marks += i ? ",?" : "?";
    if (i < write.key_count) {
      match += (match.empty() ? "" : " AND ") + name + " = ?";
    } else {
      sets += (sets.empty() ? "" : ", ") + name + " = ?";
    }
    if (i >= write.key_count || write.key_count == write.columns.size()) merges += fmt::format("{}{}=values({})", merges.empty() ? "" : ",", name, name);
  }
  for (const std::string& null : write.null_columns) {
    std::string name = rules.write(null);
    sets += (sets.empty() ? "" : ", ") + name + " = NULL";
    if (write.mode != InsertMode::kUpsert) continue;
    names += "," + name;
    marks += ",NULL";
    merges += "," + name + "=NULL";
  }
  if (write.mode == InsertMode::kUpdate) return sets.empty() ? "" : "UPDATE " + target + " SET " + sets + (match.empty() ? "" : " WHERE " + match);
  std::string sql = "INSERT INTO " + target + "(" + names + ") VALUES(" + marks + ")";
  return write.mode == InsertMode::kUpsert ? sql + " ON DUPLICATE KEY UPDATE " + merges : sql;
}

Status MysqlSession::write(const TableWrite& write) {
  // Not TRUNCATE, which commits what stands before it.
  if (write.truncates) return run("DELETE FROM " + options_.identifiers.write(write.table->name));
  ParameterOptions options{options_.times.get(), options_.replace_null_with_default, options_.timestamp_nanos};
  Blocks blocks;
  for (const RowBlock& block : write.blocks) {
    auto& columns = blocks.emplace_back();
    for (size_t i = 0; i < block.columns.size(); ++i) {
      ASSIGN_OR_RETURN(Parameters values, parameters_of(block.columns[i], write.columns[i], write.table->find(write.columns[i].name), options));
      columns.push_back(std::move(values));
    }
  }
  bool exact = write.mode != InsertMode::kInsert;
  for (size_t i = 0; i < write.key_count; ++i) {
    const TableColumn* column = write.table->find(write.columns[i].name);
    columnar::Type type = write.columns[i].schema->type();
    exact = exact && column && column->exact_text && type != columnar::Type::kFloat32 && type != columnar::Type::kFloat64;
  }
  Status status = exact ? write_by_key(write, blocks) : write_in_order(write, blocks);
  return status.ok() ? status : status.with_context("Write to table " + options_.identifiers.write(write.table->name));
}

// Runs of rows of one kind, as they come: where the table may take keys for equal whose bytes differ, and in insert mode.
Status MysqlSession::write_in_order(const TableWrite& write, const Blocks& blocks) {
  std::vector<RowRef> run;
  bool deletes = false;
  for (uint32_t b = 0; b < write.blocks.size(); ++b) {
    if (write.blocks[b].deletes != deletes) {
      RETURN_IF_ERROR(write_rows(write, blocks, run, deletes));
      run.clear();
      deletes = write.blocks[b].deletes;
    }
    for (uint32_t r = 0; r < static_cast<uint32_t>(write.blocks[b].row_count); ++r) run.push_back({b, r});
  }
  return write_rows(write, blocks, run, deletes);
}

// Per key the last record counts; a key that is deleted anywhere is deleted first.
Status MysqlSession::write_by_key(const TableWrite& write, const Blocks& blocks) {
  struct Last {
    RowRef written, removed;
    bool is_written = false, is_removed = false;
  };
  // The bytes of all keys first: views of them must stay.
  std::string bytes;
  std::vector<size_t> ends;
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (size_t r = 0; r < static_cast<size_t>(write.blocks[b].row_count); ++r) {
      for (size_t i = 0; i < write.key_count; ++i) blocks[b][i].append_key(r, &bytes);
      ends.push_back(bytes.size());
    }
  }
  // In the order of their first records, which most often is the one wanted.
  KeyTable numbers(ends.size());
  std::vector<Last> lasts;
  lasts.reserve(ends.size());
  size_t at = 0;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    for (uint32_t r = 0; r < static_cast<uint32_t>(write.blocks[b].row_count); ++r, ++at) {
      size_t from = at ? ends[at - 1] : 0;
      auto [number, is_new] = numbers.add(std::string_view(bytes).substr(from, ends[at] - from));
      if (is_new) lasts.emplace_back();
      Last& last = lasts[number];
      if (write.blocks[b].deletes) {
        last.removed = {b, r};
        last.is_removed = true;
        last.is_written = false;
      } else if (write.mode != InsertMode::kUpdate || !last.is_removed) {  // an update after a delete meets no row
        last.written = {b, r};
        last.is_written = true;
      }
    }
  }
  std::vector<std::pair<std::string_view, const Last*>> sorted;
  sorted.reserve(lasts.size());
  for (uint32_t number = 0; number < lasts.size(); ++number) sorted.emplace_back(numbers.key(number), &lasts[number]);
  auto place = [](const Last& l) { return l.is_written ? std::pair(l.written.block, l.written.row) : std::pair(l.removed.block, l.removed.row); };
  auto before = [&](const auto& a, const auto& b) { return options_.sorts_keys ? a.first < b.first : place(*a.second) < place(*b.second); };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) std::sort(sorted.begin(), sorted.end(), before);
  std::vector<RowRef> removed, written;
  for (const auto& [key, last] : sorted) {
    if (last->is_removed) removed.push_back(last->removed);
    if (last->is_written) written.push_back(last->written);
  }
  RETURN_IF_ERROR(write_rows(write, blocks, removed, true));
  return write_rows(write, blocks, written, false);
}

Status MysqlSession::write_rows(const TableWrite& write, const Blocks& blocks, const std::vector<RowRef>& refs, bool deletes) {
  if (refs.empty()) return {};
  // Fewer are not worth the temporary table.
  constexpr size_t kLoadRowsMin = 500;
  if (loads_ && !deletes && write.mode != InsertMode::kUpdate && refs.size() >= kLoadRowsMin) {
    ASSIGN_OR_RETURN(bool loaded, load_rows(write, blocks, refs));
    if (loaded) return {};
  }
  std::string sql = deletes ? delete_sql(write) : write_sql(write);
  return sql.empty() ? Status() : apply(sql, columns_of(write, deletes), blocks, refs);
}

std::vector<size_t> MysqlSession::columns_of(const TableWrite& write, bool deletes) {
  std::vector<size_t> columns;
  bool keys_last = !deletes && write.mode == InsertMode::kUpdate;
  for (size_t i = keys_last ? write.key_count : 0; i < (deletes ? write.key_count : write.columns.size()); ++i) columns.push_back(i);
  for (size_t i = 0; keys_last && i < write.key_count; ++i) columns.push_back(i);
  return columns;
}

Status MysqlSession::apply(const std::string& sql, const std::vector<size_t>& columns, const Blocks& blocks, const std::vector<RowRef>& refs) {
  ASSIGN_OR_RETURN(MYSQL_STMT* statement, prepare(sql));
  if (!arrays_) return apply_singly(statement, columns, blocks, refs);
  constexpr size_t kRowsMax = 16384;
  for (size_t from = 0; from < refs.size();) {
    size_t bytes = 0, to = from;
    while (to < refs.size() && to - from < kRowsMax) {
      size_t row_bytes = 0;
      for (size_t c : columns) row_bytes += blocks[refs[to].block][c].byte_count(refs[to].row) + 1;
      if (to > from && bytes + row_bytes > send_bytes_max_) break;
      bytes += row_bytes;
      ++to;
    }
    RETURN_IF_ERROR(apply_array(statement, columns, blocks, refs.data() + from, to - from));
    from = to;
  }
  return {};
}

Status MysqlSession::apply_array(MYSQL_STMT* statement, const std::vector<size_t>& columns, const Blocks& blocks, const RowRef* refs, size_t count) {
  std::vector<MYSQL_BIND> binds(columns.size());
  std::vector<std::string> fixed(columns.size()), indicators(columns.size());
  std::vector<std::vector<const char*>> starts(columns.size());
  std::vector<std::vector<unsigned long>> lengths(columns.size());
  bool neighbours = true;  // rows of one block, one behind the other
  for (size_t r = 1; neighbours && r < count; ++r) neighbours = refs[r].block == refs[0].block && refs[r].row == refs[0].row + r;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Parameters& first = blocks[refs[0].block][columns[i]];
    MYSQL_BIND& bind = binds[i];
    bind = {};
    bind.buffer_type = first.type;
    indicators[i].resize(count, static_cast<char>(STMT_INDICATOR_NONE));
    for (size_t r = 0; r < count; ++r) {
      if (blocks[refs[r].block][columns[i]].nulls[refs[r].row]) indicators[i][r] = static_cast<char>(STMT_INDICATOR_NULL);
    }
    bind.u.indicator = indicators[i].data();
    if (neighbours) {
      // As they lie.
      const size_t from = refs[0].row;
      bind.buffer = first.width ? static_cast<void*>(const_cast<char*>(first.fixed.data() + from * first.width))
                                : static_cast<void*>(const_cast<const char**>(first.starts.data() + from));
      if (!first.width) bind.length = const_cast<unsigned long*>(first.lengths.data() + from);
      continue;
    }
    for (size_t r = 0; r < count; ++r) {
      const Parameters& p = blocks[refs[r].block][columns[i]];
      size_t row = refs[r].row;
      if (p.width) {
        fixed[i].append(p.fixed, row * p.width, p.width);
      } else {
        starts[i].push_back(p.starts[row]);
        lengths[i].push_back(p.lengths[row]);
      }
    }
    bind.buffer = first.width ? static_cast<void*>(fixed[i].data()) : static_cast<void*>(starts[i].data());
    if (!first.width) bind.length = lengths[i].data();
  }
  auto size = static_cast<unsigned int>(count);
  mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &size);
  if (mysql_stmt_bind_param(statement, binds.data()) != 0 || mysql_stmt_execute(statement) != 0) return failed(statement);
  return {};
}

Status MysqlSession::apply_singly(MYSQL_STMT* statement, const std::vector<size_t>& columns, const Blocks& blocks, const std::vector<RowRef>& refs) {
  std::vector<MYSQL_BIND> binds(columns.size());
  for (const RowRef& ref : refs) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const Parameters& p = blocks[ref.block][columns[i]];
      MYSQL_BIND& bind = binds[i];
      bind = {};
      bind.buffer_type = p.nulls[ref.row] ? MYSQL_TYPE_NULL : p.type;
      bind.buffer = p.width ? const_cast<char*>(p.fixed.data() + ref.row * p.width) : const_cast<char*>(p.starts[ref.row]);
      bind.buffer_length = p.width ? static_cast<unsigned long>(p.width) : p.lengths[ref.row];
      bind.length = &bind.buffer_length;
    }
    if (mysql_stmt_bind_param(statement, binds.data()) != 0 || mysql_stmt_execute(statement) != 0) return failed(statement);
  }
  return {};
}

}  // namespace bywash::jdbc::mysql
