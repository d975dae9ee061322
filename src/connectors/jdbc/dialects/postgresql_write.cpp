// Rows into PostgreSQL: COPY straight into the table, or COPY into a temporary table and one statement that merges, updates or deletes.
// Inside one TableWrite only the last record of a key counts, which leaves what applying them in order leaves. Level 6, the task's thread.
#include <algorithm>
#include <functional>
#include <string_view>

#include "base/log.h"
#include "connectors/jdbc/dialects/key_table.h"
#include "connectors/jdbc/dialects/postgresql_session.h"

namespace bywash::jdbc::postgresql {
namespace {

using columnar::Logical;
using columnar::Type;

constexpr std::string_view kPostgresqlWriteLogger = "jdbc.postgresql";
constexpr uint32_t kVarchar = 1043, kBpchar = 1042, kText = 25, kJson = 114, kJsonb = 3802, kUuid = 2950, kTimestamptz = 1184,
                   kTimestamp = 1114, kDate = 1082, kTime = 1083;

bool is_text(uint32_t oid) { return oid == kText || oid == kVarchar || oid == kBpchar; }

Status unsupported(const columnar::ConnectSchema& schema) {
  std::string type(to_string(schema.type()));
  for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return Status::data(fmt::format("Unsupported source data type: {}", type)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

Result<Wire> primitive_wire(const columnar::ConnectSchema& schema) {
  switch (schema.type()) {
    case Type::kInt8: case Type::kInt16: return Wire::kInt2;
    case Type::kInt32: return Wire::kInt4;
    case Type::kInt64: return Wire::kInt8;
    case Type::kFloat32: return Wire::kFloat4;
    case Type::kFloat64: return Wire::kFloat8;
    case Type::kBoolean: return Wire::kBool;
    case Type::kString: return Wire::kText;
    case Type::kBytes: return Wire::kBytes;
    default: return unsupported(schema);
  }
}

// By the target column's type: pgjdbc sends times as text of unknown type, which the server reads as the column's type.
Wire temporal_wire(Logical logical, uint32_t target) {
  if (target == kTimestamptz && logical == Logical::kTimestamp) return Wire::kTimestamptz;
  if (logical == Logical::kDate) return target == kDate ? Wire::kDate : Wire::kTemporalText;
  if (logical == Logical::kTime) return target == kTime ? Wire::kTime : Wire::kTemporalText;
  return target == kTimestamp ? Wire::kTimestamp : Wire::kTemporalText;
}

Result<WireType> wire_of(const WriteColumn& column, uint32_t target) {
  const columnar::ConnectSchema& schema = *column.schema;
  if (column.is_timestamp && schema.logical() == Logical::kNone && (schema.type() == Type::kInt64 || schema.type() == Type::kString)) {
    return WireType{target == kTimestamptz ? Wire::kTimestamptz : Wire::kTimestamp, {}};
  }
  switch (schema.logical()) {
    case Logical::kDecimal: return WireType{Wire::kNumeric, {}};
    case Logical::kDate: case Logical::kTime: case Logical::kTimestamp: return WireType{temporal_wire(schema.logical(), target), {}};
    case Logical::kNone: break;
  }
  if (schema.type() == Type::kArray) {
    const columnar::ConnectSchema& element = *schema.value_schema();
    auto wire = primitive_wire(element);
    if (!wire.ok() || element.type() == Type::kBytes || element.logical() != Logical::kNone) return unsupported(schema);
    return WireType{Wire::kArray, *wire};
  }
  ASSIGN_OR_RETURN(Wire wire, primitive_wire(schema));
  return WireType{wire, {}};
}

// By the bytes of their keys: any one order serves.
template <class Ref>
void sort_by_key(const std::vector<EncodedRows>& rows, std::vector<Ref>* refs) {
  std::vector<std::pair<std::string_view, Ref>> keyed;
  keyed.reserve(refs->size());
  for (const Ref& ref : *refs) keyed.emplace_back(rows[ref.block].key(ref.row), ref);
  auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (std::is_sorted(keyed.begin(), keyed.end(), less)) return;
  std::sort(keyed.begin(), keyed.end(), less);
  for (size_t i = 0; i < keyed.size(); ++i) (*refs)[i] = keyed[i].second;
}

std::string joined(const std::vector<std::string>& parts, size_t from, size_t to, std::string_view separator) {
  std::string out;
  for (size_t i = from; i < to; ++i) out += (i > from ? std::string(separator) : std::string()) + parts[i];
  return out;
}

}  // namespace

std::string_view WireType::sql() const {
  Wire w = wire == Wire::kArray ? element : wire;
  static constexpr std::string_view kNames[][2] = {
      {"int2", "int2[]"}, {"int4", "int4[]"}, {"int8", "int8[]"}, {"float4", "float4[]"}, {"float8", "float8[]"}, {"bool", "bool[]"},
      {"varchar", "varchar[]"}, {"bytea", "bytea[]"}, {"numeric", ""}, {"date", ""}, {"time", ""}, {"timestamp", ""}, {"timestamptz", ""},
      {"text", ""}};
  return kNames[static_cast<int>(w)][wire == Wire::kArray];
}

uint32_t WireType::oid() const {
  // In the order of Wire; arrays have theirs.
  static constexpr uint32_t kOids[] = {21, 23, 20, 700, 701, 16, 1043, 17, 1700, kDate, kTime, kTimestamp, kTimestamptz, 25};
  static constexpr uint32_t kArrays[] = {1005, 1007, 1016, 1021, 1022, 1000, 1015, 1001};
  return wire == Wire::kArray ? kArrays[static_cast<int>(element)] : kOids[static_cast<int>(wire)];
}

Result<WritePlan> PostgresqlSession::plan(const TableWrite& write) const {
  WritePlan p;
  p.target = options_.identifiers.write(write.table->name);
  p.direct = write.table->plain_copy;
  for (size_t i = 0; i < write.columns.size(); ++i) {
    const WriteColumn& column = write.columns[i];
    const TableColumn* target = write.table->find(column.name);
    if (!target && !options_.identifiers.quoted) {
      auto same = [&](const TableColumn& c) {
        return std::equal(c.name.begin(), c.name.end(), column.name.begin(), column.name.end(),
                          [](unsigned char a, unsigned char b) { return a == std::tolower(b); });
      };
      auto it = std::find_if(write.table->columns.begin(), write.table->columns.end(), same);
      if (it != write.table->columns.end()) target = &*it;
    }
    uint32_t oid = target ? target->type_id : 0;
    ASSIGN_OR_RETURN(WireType wire, wire_of(column, oid));
    std::string cast;
    bool loose = wire.wire == Wire::kTemporalText || (wire.wire == Wire::kText && (write.schemaless || string_type_unspecified_));
    bool text_form = wire.wire == Wire::kText && target && target->is_enum;
    if (column.only_nulls && target) cast = "::" + target->cast_type;
    else if (oid == kJson || oid == kJsonb || oid == kUuid || text_form || (loose && target && !is_text(oid))) cast = "::" + target->cast_type;
    bool same_type = wire.oid() == oid || (is_text(wire.oid()) && is_text(oid));
    p.direct = p.direct && target && target->takes_copy && same_type && cast.empty();
    p.wires.push_back(wire);
    p.selected.push_back(fmt::format("s.c{}{}", i, cast));
    p.names.push_back(options_.identifiers.write(column.name));
  }
  return p;
}

Status PostgresqlSession::write(const TableWrite& write) {
  // Not TRUNCATE: that would lock out readers until the transaction ends.
  if (write.truncates) return run("DELETE FROM " + options_.identifiers.write(write.table->name));
  ASSIGN_OR_RETURN(WritePlan p, plan(write));
  EncodeOptions options{options_.times.get(), options_.replace_null_with_default, options_.timestamp_nanos};
  Encoded rows;
  rows.reserve(write.blocks.size());
  for (const RowBlock& block : write.blocks) {
    ASSIGN_OR_RETURN(EncodedRows encoded, encode_rows(block, write.columns, p.wires, block.columns.size(), write.key_count, options));
    rows.push_back(std::move(encoded));
  }
  Status status = write.mode == InsertMode::kInsert ? write_inserts(write, p, rows) : write_by_key(write, p, rows);
  return status.ok() ? status : status.with_context("Write to table " + p.target);
}

// Rows in order; a row whose key was deleted before it opens the next round, deletes end one.
Status PostgresqlSession::write_inserts(const TableWrite& write, const WritePlan& plan, const Encoded& rows) {
  std::vector<RowRef> inserts, deletes;
  size_t total = 0;
  for (const EncodedRows& block : rows) total += static_cast<size_t>(block.row_count());
  KeyTable deleted(total);
  std::vector<uint32_t> round_of;  // per deleted key: the round it was deleted in
  uint32_t round = 0;
  auto flush = [&]() -> Status {
    RETURN_IF_ERROR(insert(write, plan, rows, inserts));
    RETURN_IF_ERROR(remove(write, plan, rows, deletes));
    inserts.clear();
    deletes.clear();
    ++round;
    return {};
  };
  bool any_deletes = std::any_of(write.blocks.begin(), write.blocks.end(), [](const RowBlock& b) { return b.deletes; });
  for (uint32_t b = 0; b < rows.size(); ++b) {
    for (uint32_t r = 0; r < static_cast<uint32_t>(rows[b].row_count()); ++r) {
      if (any_deletes) {
        auto [key, fresh] = deleted.add(rows[b].key(r));
        if (fresh) round_of.push_back(UINT32_MAX);
        if (write.blocks[b].deletes) {
          round_of[key] = round;
        } else if (round_of[key] == round) {
          RETURN_IF_ERROR(flush());
        }
      }
      (write.blocks[b].deletes ? deletes : inserts).push_back({b, r});
      if (static_cast<int64_t>(inserts.size() + deletes.size()) >= options_.rows_per_statement) RETURN_IF_ERROR(flush());
    }
  }
  return flush();
}

// Upserts and updates: per key the last record counts. A key that is deleted anywhere is deleted first, so that what comes after finds
// no old row; an update finds none at all then.
Status PostgresqlSession::write_by_key(const TableWrite& write, const WritePlan& plan, const Encoded& rows) {
  bool one_by_one = row_by_row_.count(plan.target) > 0;
  size_t limit = one_by_one ? 1 : static_cast<size_t>(options_.rows_per_statement);
  std::vector<RowRef> all;
  for (uint32_t b = 0; b < rows.size(); ++b) {
    for (uint32_t r = 0; r < static_cast<uint32_t>(rows[b].row_count()); ++r) all.push_back({b, r});
  }
  for (size_t from = 0; from < all.size(); from += limit) {
    size_t to = std::min(all.size(), from + limit);
    KeyTable keys(to - from);
    std::vector<bool> deleted;  // per key
    std::vector<RowRef> merges, deletes;
    for (size_t i = to; i-- > from;) {
      RowRef ref = all[i];
      const EncodedRows& block = rows[ref.block];
      bool is_delete = write.blocks[ref.block].deletes;
      if (!block.null_keys.empty() && block.null_keys[ref.row]) {  // equal to nothing
        if (!is_delete) merges.push_back(ref);
        continue;
      }
      auto [key, fresh] = keys.add(block.key(ref.row));
      if (fresh) deleted.push_back(false);
      if (is_delete && !deleted[key]) {
        deleted[key] = true;
        deletes.push_back(ref);
        // An update before or after the delete meets no row; one that was kept already comes after it.
      } else if (!is_delete && fresh) {
        merges.push_back(ref);
      }
    }
    if (write.mode == InsertMode::kUpdate && !deletes.empty()) {
      std::erase_if(merges, [&](RowRef ref) { return deleted[keys.add(rows[ref.block].key(ref.row)).first]; });
    }
    std::reverse(merges.begin(), merges.end());
    std::reverse(deletes.begin(), deletes.end());
    if (!one_by_one && options_.sorts_keys) {
      sort_by_key(rows, &merges);
      sort_by_key(rows, &deletes);
    }
    RETURN_IF_ERROR(remove(write, plan, rows, deletes));
    Status merged = merge(write, plan, rows, merges);
    if (!merged.ok() && merged.message().find("SQLSTATE 21000") != std::string::npos && !one_by_one) {
      row_by_row_.insert(plan.target);
      wants_rerun_ = true;
      log::warn(kPostgresqlWriteLogger, "Table {} takes keys for equal that differ in their bytes: its rows are written one by one from now on", plan.target);
      return Status::retriable("SQLSTATE 21000: two records of one batch have keys that the table takes for equal; again, one by one");
    }
    RETURN_IF_ERROR(merged);
  }
  return {};
}

Status PostgresqlSession::insert(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs) {
  if (refs.empty()) return {};
  std::string columns = joined(plan.names, 0, plan.names.size(), ",");
  if (plan.direct) return copy(plan.target + " (" + columns + ")", rows, refs, 0);
  ASSIGN_OR_RETURN(std::string staged, stage(plan, write.columns.size()));
  RETURN_IF_ERROR(copy(staged, rows, refs, 0));
  return run(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} s", plan.target, columns, joined(plan.selected, 0, plan.selected.size(), ","), staged));
}

std::string PostgresqlSession::merge_statement(const TableWrite& write, const WritePlan& plan, const std::string& staged) const {
  std::string sets;
  if (write.mode == InsertMode::kUpdate) {
    for (size_t i = write.key_count; i < plan.names.size(); ++i) sets += (sets.empty() ? "" : ",") + plan.names[i] + "=" + plan.selected[i];
    for (const std::string& name : write.null_columns) sets += (sets.empty() ? "" : ",") + options_.identifiers.write(name) + "=NULL";
    std::string match;
    for (size_t i = 0; i < write.key_count; ++i) match += fmt::format("{}t.{}={}", i ? " AND " : "", plan.names[i], plan.selected[i]);
    if (sets.empty()) return "";
    // Without a key every row is meant (pk.mode=none).
    return fmt::format("UPDATE {} t SET {} FROM {} s{}", plan.target, sets, staged, match.empty() ? "" : " WHERE " + match);
  }
  std::string columns = joined(plan.names, 0, plan.names.size(), ","), values = joined(plan.selected, 0, plan.selected.size(), ",");
  for (size_t i = write.key_count; i < plan.names.size(); ++i) {
    sets += fmt::format("{}{}=EXCLUDED.{}", sets.empty() ? "" : ",", plan.names[i], plan.names[i]);
  }
  for (const std::string& name : write.null_columns) {
    std::string quoted = options_.identifiers.write(name);
    columns += "," + quoted;
    values += ",NULL";
    sets += fmt::format("{}{}=NULL", sets.empty() ? "" : ",", quoted);
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} s ON CONFLICT ({}) DO {}", plan.target, columns, values, staged,
                     joined(plan.names, 0, write.key_count, ","), sets.empty() ? "NOTHING" : "UPDATE SET " + sets);
}

Status PostgresqlSession::merge(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs) {
  if (refs.empty()) return {};
  ASSIGN_OR_RETURN(std::string staged, stage(plan, write.columns.size()));
  RETURN_IF_ERROR(copy(staged, rows, refs, 0));
  std::string sql = merge_statement(write, plan, staged);
  return sql.empty() ? Status() : run(sql);
}

Status PostgresqlSession::remove(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs) {
  if (refs.empty()) return {};
  ASSIGN_OR_RETURN(std::string staged, stage(plan, write.key_count));
  RETURN_IF_ERROR(copy(staged, rows, refs, write.key_count));
  std::string match;
  for (size_t i = 0; i < write.key_count; ++i) match += fmt::format("{}t.{}={}", i ? " AND " : "", plan.names[i], plan.selected[i]);
  return run(fmt::format("DELETE FROM {} t USING {} s WHERE {}", plan.target, staged, match));
}

Result<std::string> PostgresqlSession::stage(const WritePlan& plan, size_t column_count) {
  std::string types;
  for (size_t i = 0; i < column_count; ++i) types += fmt::format("{}c{} {}", i ? ", " : "", i, plan.wires[i].sql());
  auto it = stages_.find(types);
  if (it == stages_.end()) {
    std::string name = fmt::format("pg_temp.bywash_stage_{}", stages_.size() + 1);
    while (std::any_of(stages_.begin(), stages_.end(), [&](const auto& s) { return s.second == name; })) name += "_";
    RETURN_IF_ERROR(run(fmt::format("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP", name.substr(8), types)));
    it = stages_.emplace(types, name).first;
  } else if (filled_stages_.count(it->second)) {
    RETURN_IF_ERROR(run("TRUNCATE " + it->second));
  }
  filled_stages_.insert(it->second);
  return it->second;
}

Status PostgresqlSession::copy(const std::string& target, const Encoded& rows, const std::vector<RowRef>& refs, size_t key_only_columns) {
  PgResult started(PQexec(connection_, ("COPY " + target + " FROM STDIN (FORMAT BINARY)").c_str()));
  if (PQresultStatus(started.get()) != PGRES_COPY_IN) return status_of(started.get(), connection_);
  constexpr size_t kSendBytes = 256 << 10;
  send_buffer_.assign(kCopyHeader);
  bool sent = true;
  auto send = [&](std::string_view bytes) { sent = sent && PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) == 1; };
  for (size_t i = 0; i < refs.size() && sent;) {
    const EncodedRows& block = rows[refs[i].block];
    if (key_only_columns > 0) {
      char count[2] = {static_cast<char>(key_only_columns >> 8), static_cast<char>(key_only_columns)};
      send_buffer_.append(count, 2).append(block.key(refs[i].row));
      ++i;
    } else {
      // Neighbours go together.
      size_t end = i + 1;
      size_t start = block.starts[refs[i].row];
      while (end < refs.size() && refs[end].block == refs[i].block && refs[end].row == refs[end - 1].row + 1 &&
             block.starts[refs[end].row + 1] - start < kSendBytes) ++end;
      std::string_view bytes(reinterpret_cast<const char*>(block.bytes.get()) + start, block.starts[refs[end - 1].row + 1] - start);
      if (bytes.size() < kSendBytes / 4) {
        send_buffer_.append(bytes);
      } else {
        send(send_buffer_);
        send_buffer_.clear();
        send(bytes);
      }
      i = end;
    }
    if (send_buffer_.size() >= kSendBytes) {
      send(send_buffer_);
      send_buffer_.clear();
    }
  }
  send_buffer_.append(kCopyTrailer);
  send(send_buffer_);
  if (sent) sent = PQputCopyEnd(connection_, nullptr) == 1;
  Status status;
  while (PgResult result{PQgetResult(connection_)}) {
    if (status.ok() && PQresultStatus(result.get()) != PGRES_COMMAND_OK) status = status_of(result.get(), connection_);
    if (PQresultStatus(result.get()) == PGRES_COPY_IN) break;
  }
  if (status.ok() && !sent) return status_of(nullptr, connection_);
  return status;
}

}  // namespace bywash::jdbc::postgresql
