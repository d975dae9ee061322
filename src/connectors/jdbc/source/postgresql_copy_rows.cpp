#include "connectors/jdbc/source/postgresql_copy_rows.h"

#include "connectors/jdbc/dialects/postgresql_session.h"
#include "connectors/jdbc/source/postgresql_binary.h"

namespace bywash::jdbc {
namespace {

constexpr std::string_view kCopySignature{"PGCOPY\n\377\r\n\0", 11};

Status not_as_expected() { return Status::fatal("The server's COPY is not in the binary form of PostgreSQL: is something between that is no PostgreSQL?"); }

}  // namespace

Status PostgresqlCopyRows::start(const std::string& sql, size_t columns) {
  columns_ = columns;
  ended_ = false;
  rest_ = {};
  // The line end ends a comment at the statement's end.
  postgresql::PgResult begun(PQexec(connection_, ("COPY (" + sql + "\n) TO STDOUT (FORMAT binary)").c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) return postgresql::status_of(begun.get(), connection_);
  active_ = true;
  RETURN_IF_ERROR(fetch());
  return take_header();
}

// The next message; after the last one ended_.
Status PostgresqlCopyRows::fetch() {
  PQfreemem(buffer_);
  buffer_ = nullptr;
  rest_ = {};
  int size = PQgetCopyData(connection_, &buffer_, 0);
  if (size > 0) {
    rest_ = {buffer_, static_cast<size_t>(size)};
    return {};
  }
  ended_ = true;
  active_ = false;
  Status outcome;
  if (size == -2) outcome = postgresql::status_of(nullptr, connection_);
  while (PGresult* result = PQgetResult(connection_)) {
    postgresql::PgResult owned(result);
    bool failed = PQresultStatus(result) != PGRES_COMMAND_OK;
    if (failed && outcome.ok()) outcome = postgresql::status_of(result, connection_);
    if (PQstatus(connection_) != CONNECTION_OK) break;
  }
  return outcome;
}

bool PostgresqlCopyRows::take(size_t count, std::string_view* out) {
  if (rest_.size() < count) return false;
  *out = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return true;
}

Status PostgresqlCopyRows::take_header() {
  std::string_view signature, flags, extension;
  if (!take(kCopySignature.size(), &signature) || signature != kCopySignature || !take(4, &flags) || !take(4, &extension)) return not_as_expected();
  const int64_t length = binary_integer(extension);
  // Bit 16: with oids, which no server has any more; the others up to 31 have to be understood.
  if ((binary_integer(flags) & 0xffff0000) != 0 || length < 0 || !take(static_cast<size_t>(length), &extension)) return not_as_expected();
  return {};
}

Result<bool> PostgresqlCopyRows::next(SourceRow* row) {
  while (rest_.empty() && !ended_) RETURN_IF_ERROR(fetch());
  if (ended_) return false;
  std::string_view count;
  if (!take(2, &count)) return not_as_expected();
  const int64_t columns = binary_integer(count);
  if (columns == -1) {
    while (!ended_) RETURN_IF_ERROR(fetch());
    return false;
  }
  if (columns != static_cast<int64_t>(columns_)) return not_as_expected();
  row->resize(columns_);
  const char *at = rest_.data(), *const end = at + rest_.size();
  for (auto& value : *row) {
    if (end - at < 4) return not_as_expected();
    const int64_t size = binary_integer({at, 4});
    at += 4;
    if (size < 0) {
      value.reset();
      continue;
    }
    if (end - at < size) return not_as_expected();
    value.emplace(at, static_cast<size_t>(size));
    at += size;
  }
  rest_.remove_prefix(static_cast<size_t>(at - rest_.data()));
  return true;
}

void PostgresqlCopyRows::finish() {
  if (active_ && PQstatus(connection_) == CONNECTION_OK) {
    if (PGcancel* cancel = PQgetCancel(connection_)) {
      char reason[256];
      (void)PQcancel(cancel, reason, sizeof reason);
      PQfreeCancel(cancel);
    }
    while (!ended_) (void)fetch();
  }
  active_ = false;
  PQfreemem(buffer_);
  buffer_ = nullptr;
  rest_ = {};
}

}  // namespace bywash::jdbc
