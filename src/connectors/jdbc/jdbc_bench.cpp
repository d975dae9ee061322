// The sink's put beside the bare loop: PostgreSQL, COPY of rows encoded beforehand into a temporary table and one merge, in the same
// batches; MariaDB, the least loop of array-bound statements; SQLite, of a prepared one. Interleaved, in one run: jdbc_bench [rows] [rows a put]
// [rounds]. A program of its own.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "connectors/jdbc/dialects/postgresql_copy.h"
#include "connectors/jdbc/mariadb_server_for_tests.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"
#include "connectors/jdbc/sink_context_for_tests.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using columnar::Batch;
using columnar::ConnectSchema;
using columnar::Type;

columnar::SchemaPtr row_schema() {
  columnar::SchemaSpec spec;
  spec.fields = {{"id", ConnectSchema::of(Type::kInt64), false},
                 {"symbol", ConnectSchema::of(Type::kString), false},
                 {"price", ConnectSchema::of(Type::kFloat64, true), false},
                 {"quantity", ConnectSchema::of(Type::kInt32, true), false},
                 {"side", ConnectSchema::of(Type::kString, true), false},
                 {"at", ConnectSchema::named(Type::kInt64, columnar::kTimestampName, true), false}};
  return ConnectSchema::make(std::move(spec));
}

// Rows [first, first + count) of the stream; ids repeat after `keys`.
Batch make_batch(const columnar::SchemaPtr& schema, int64_t first, int64_t count, int64_t keys) {
  arrow::Int64Builder id;
  arrow::StringBuilder symbol, side;
  arrow::DoubleBuilder price;
  arrow::Int32Builder quantity;
  arrow::TimestampBuilder at(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), arrow::default_memory_pool());
  static constexpr const char* kSymbols[] = {"AAPL", "MSFT", "GOOG", "AMZN", "TSLA"};
  bool good = true;
  Batch batch;
  for (int64_t i = first; i < first + count; ++i) {
    good = good && id.Append((i * 7919) % keys).ok() && symbol.Append(kSymbols[i % 5]).ok() && price.Append(static_cast<double>(i % 10000) / 100).ok() &&
           quantity.Append(static_cast<int32_t>(i % 500)).ok() && side.Append(i % 2 ? "BUY" : "SELL").ok() && at.Append(1718445600000 + i).ok();
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(1718445600000 + i);
  }
  CHECK(good);
  std::vector<columnar::Column> children;
  auto add = [&](arrow::ArrayBuilder& b, size_t field) { children.push_back({schema->fields()[field].schema, b.Finish().ValueOrDie()}); };
  add(id, 0); add(symbol, 1); add(price, 2); add(quantity, 3); add(side, 4); add(at, 5);
  batch.origin = {"bench", Partition(0)};
  batch.topic = "bench";
  auto null_schema = ConnectSchema::schemaless(Type::kNull);
  batch.key = {null_schema, std::make_shared<arrow::NullArray>(count)};
  batch.value = make_struct_column(schema, std::move(children), {}, nullptr, count);
  batch.selected = columnar::RowMask(count);
  return batch;
}

struct Measured {
  double wall = 0, cpu = 0;
};

template <class F>
Measured measured(F f) {
  auto cpu = [] {
    rusage u{};
    getrusage(RUSAGE_THREAD, &u);
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
  };
  double cpu_before = cpu();
  auto before = std::chrono::steady_clock::now();
  f();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count(), cpu() - cpu_before};
}

void run_sql(PGconn* c, const char* sql) {
  PGresult* r = PQexec(c, sql);
  auto status = PQresultStatus(r);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) { std::fprintf(stderr, "%s", PQerrorMessage(c)); std::abort(); }
  PQclear(r);
}

constexpr const char* kTable = "(id bigint not null, symbol text not null, price double precision, quantity int, side text, at timestamp, primary key(id))";

void copy_rows(PGconn* c, const char* target, const postgresql::EncodedRows& rows) {
  PGresult* r = PQexec(c, (std::string("COPY ") + target + " FROM STDIN (FORMAT BINARY)").c_str());
  CHECK(PQresultStatus(r) == PGRES_COPY_IN);
  PQclear(r);
  PQputCopyData(c, postgresql::kCopyHeader.data(), static_cast<int>(postgresql::kCopyHeader.size()));
  PQputCopyData(c, reinterpret_cast<const char*>(rows.bytes.get()), static_cast<int>(rows.starts.back()));
  PQputCopyData(c, postgresql::kCopyTrailer.data(), 2);
  PQputCopyEnd(c, nullptr);
  while ((r = PQgetResult(c))) { CHECK(PQresultStatus(r) == PGRES_COMMAND_OK); PQclear(r); }
}

struct Work {
  int64_t row_count = 0;
  std::vector<Batch> batches;
  std::vector<postgresql::EncodedRows> encoded;  // one a batch, keys unique inside
};

// `again`: into the table as the last run left it, so that every row is an update.
Measured bare_postgresql(const PostgresqlServerForTests& server, const Work& work, bool upsert, bool again = false) {
  if (!again) server.query("bench", std::string("DROP TABLE IF EXISTS bare; CREATE TABLE bare ") + kTable);
  PGconn* c = PQconnectdb(("host=127.0.0.1 user=postgres dbname=bench port=" + std::to_string(server.port())).c_str());
  run_sql(c, "CREATE TEMP TABLE stage (id bigint, symbol text, price double precision, quantity int, side text, at timestamp) ON COMMIT DELETE ROWS");
  Measured m = measured([&] {
    for (const auto& rows : work.encoded) {
      run_sql(c, "BEGIN");
      copy_rows(c, upsert ? "stage" : "bare", rows);
      if (upsert) {
        run_sql(c, "INSERT INTO bare SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET symbol=EXCLUDED.symbol,price=EXCLUDED.price,"
                   "quantity=EXCLUDED.quantity,side=EXCLUDED.side,at=EXCLUDED.at");
      }
      run_sql(c, "COMMIT");
    }
  });
  PQfinish(c);
  return m;
}

Measured sink(const std::string& url, const Work& work, const char* mode, const std::string& user = "postgres") {
  auto task = jdbc_sink().make({{"connection.url", url}, {"connection.user", user}, {"connection.password", MariadbServerForTests::kPassword},
                                {"insert.mode", mode}, {"pk.mode", "record_value"}, {"pk.fields", "id"}, {"auto.create", "true"}, {"name", "bench"}});
  CHECK(task.ok());
  SinkContextForTests context;
  CHECK((*task)->start(&context).ok());
  // The bare loops connect, and have their table, beforehand.
  CHECK((*task)->put({make_batch(row_schema(), work.row_count, 1, INT64_MAX)}).ok());
  Measured m = measured([&] {
    for (const Batch& batch : work.batches) {
      Status s = (*task)->put({batch});
      if (!s.ok()) { std::fprintf(stderr, "%s\n", s.message().c_str()); std::abort(); }
    }
  });
  (*task)->stop();
  return m;
}

// One array-bound statement a batch; timestamps are texts made beforehand.
Measured bare_mariadb(const std::string& url, const Work& work) {
  auto at = url.rfind(':') + 1;
  MYSQL* c = mysql_init(nullptr);
  CHECK(mysql_real_connect(c, "127.0.0.1", "bywash", MariadbServerForTests::kPassword, "bench", static_cast<unsigned>(std::atoi(url.c_str() + at)), nullptr, 0));
  CHECK(mysql_query(c, "SET autocommit = 0") == 0);
  MYSQL_STMT* s = mysql_stmt_init(c);
  constexpr std::string_view kInsert = "INSERT INTO bare VALUES(?,?,?,?,?,?) ON DUPLICATE KEY UPDATE symbol=values(symbol),price=values(price),"
                                       "quantity=values(quantity),side=values(side),at=values(at)";
  CHECK(mysql_stmt_prepare(s, kInsert.data(), kInsert.size()) == 0);
  std::vector<std::vector<std::string>> times;
  for (const Batch& batch : work.batches) {
    auto& texts = times.emplace_back();
    for (int64_t ms : batch.timestamps_ms) texts.push_back(timestamp_text(ms * 1000));
  }
  Measured m = measured([&] {
    for (size_t b = 0; b < work.batches.size(); ++b) {
      const Batch& batch = work.batches[b];
      auto rows = static_cast<unsigned int>(batch.row_count());
      std::vector<std::shared_ptr<arrow::Array>> columns;
      for (int i = 0; i < 6; ++i) columns.push_back(batch.value.child(i).data);
      MYSQL_BIND binds[6] = {};
      std::vector<const char*> starts[6];
      std::vector<unsigned long> lengths[6];
      auto fixed = [&](int i, enum_field_types type, const void* values) {
        binds[i].buffer_type = type;
        binds[i].buffer = const_cast<void*>(values);
      };
      auto texts = [&](int i, auto&& view) {
        for (int64_t row = 0; row < rows; ++row) {
          std::string_view text = view(row);
          starts[i].push_back(text.data());
          lengths[i].push_back(text.size());
        }
        binds[i].buffer_type = MYSQL_TYPE_STRING;
        binds[i].buffer = starts[i].data();
        binds[i].length = lengths[i].data();
      };
      fixed(0, MYSQL_TYPE_LONGLONG, static_cast<const arrow::Int64Array&>(*columns[0]).raw_values());
      texts(1, [&](int64_t row) { return static_cast<const arrow::StringArray&>(*columns[1]).GetView(row); });
      fixed(2, MYSQL_TYPE_DOUBLE, static_cast<const arrow::DoubleArray&>(*columns[2]).raw_values());
      fixed(3, MYSQL_TYPE_LONG, static_cast<const arrow::Int32Array&>(*columns[3]).raw_values());
      texts(4, [&](int64_t row) { return static_cast<const arrow::StringArray&>(*columns[4]).GetView(row); });
      texts(5, [&](int64_t row) { return std::string_view(times[b][static_cast<size_t>(row)]); });
      mysql_stmt_attr_set(s, STMT_ATTR_ARRAY_SIZE, &rows);
      CHECK(mysql_stmt_bind_param(s, binds) == 0 && mysql_stmt_execute(s) == 0 && mysql_commit(c) == 0);
    }
  });
  mysql_stmt_close(s);
  mysql_close(c);
  return m;
}

Measured bare_sqlite(const std::string& file, const Work& work, const char* verb) {
  sqlite3* db = nullptr;
  CHECK(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  auto run = [&](const std::string& sql) { CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK); };
  run("CREATE TABLE bare (id INTEGER NOT NULL, symbol TEXT NOT NULL, price REAL, quantity INTEGER, side TEXT, at NUMERIC, PRIMARY KEY(id))");
  sqlite3_stmt* s = nullptr;
  CHECK(sqlite3_prepare_v2(db, (std::string(verb) + " INTO bare VALUES(?,?,?,?,?,?)").c_str(), -1, &s, nullptr) == SQLITE_OK);
  Measured m = measured([&] {
    for (const Batch& batch : work.batches) {
      run("BEGIN");
      const auto& id = static_cast<const arrow::Int64Array&>(*batch.value.child(0).data);
      auto symbol_array = batch.value.child(1).data, price_array = batch.value.child(2).data, quantity_array = batch.value.child(3).data,
           side_array = batch.value.child(4).data, at_array = batch.value.child(5).data;
      const auto& symbol = static_cast<const arrow::StringArray&>(*symbol_array);
      const auto& side = static_cast<const arrow::StringArray&>(*side_array);
      for (int64_t i = 0; i < batch.row_count(); ++i) {
        sqlite3_bind_int64(s, 1, id.Value(i));
        auto text = symbol.GetView(i);
        sqlite3_bind_text(s, 2, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
        sqlite3_bind_double(s, 3, static_cast<const arrow::DoubleArray&>(*price_array).Value(i));
        sqlite3_bind_int(s, 4, static_cast<const arrow::Int32Array&>(*quantity_array).Value(i));
        text = side.GetView(i);
        sqlite3_bind_text(s, 5, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
        sqlite3_bind_int64(s, 6, static_cast<const arrow::TimestampArray&>(*at_array).Value(i));
        CHECK(sqlite3_step(s) == SQLITE_DONE);
        sqlite3_reset(s);
      }
      run("COMMIT");
    }
  });
  sqlite3_finalize(s);
  sqlite3_close(db);
  return m;
}

int run(int64_t rows, int64_t per_put, int rounds) {
  auto schema = row_schema();
  Work work;
  work.row_count = rows;
  LocalTimes times("UTC", false, true);
  postgresql::EncodeOptions options{&times, true, false};
  std::vector<WriteColumn> columns;
  for (const auto& f : schema->fields()) columns.push_back({f.name, f.schema, f.name == "id", false});
  using postgresql::Wire;
  std::vector<postgresql::WireType> wires = {{Wire::kInt8, {}}, {Wire::kText, {}}, {Wire::kFloat8, {}}, {Wire::kInt4, {}}, {Wire::kText, {}}, {Wire::kTimestamp, {}}};
  for (int64_t at = 0; at < rows; at += per_put) {
    work.batches.push_back(make_batch(schema, at, std::min(per_put, rows - at), rows));
    RowBlock block;
    block.row_count = work.batches.back().row_count();
    for (int i = 0; i < 6; ++i) block.columns.push_back(work.batches.back().value.child(i));
    work.encoded.push_back(*encode_rows(block, columns, wires, 6, 1, options));
  }
  auto& server = shared_postgresql();
  if (!server.started()) { std::fprintf(stderr, "%s\n", server.why().c_str()); return 1; }
  server.create_database("bench");
  std::string folder = std::filesystem::temp_directory_path() / "bywash-jdbc-bench";
  auto n = static_cast<double>(rows);
  auto show = [&](const char* what, const Measured& ours, const Measured& bare) {
    std::printf("%-24s %8.0f rows/s (bare %8.0f), ratio %.2f; CPU of the task %.2f us a row (bare %.2f)\n", what, n / ours.wall, n / bare.wall,
                bare.wall / ours.wall, ours.cpu / n * 1e6, bare.cpu / n * 1e6);
  };
  auto& mariadb = shared_mariadb();
  if (!mariadb.why().empty()) { std::fprintf(stderr, "%s\n", mariadb.why().c_str()); return 1; }
  mariadb.create_database("bench");
  std::string mariadb_url = mariadb.jdbc_url("bench");
  for (int round = 0; round < rounds; ++round) {
    for (bool upsert : {true, false}) {
      Measured bare = bare_postgresql(server, work, upsert);
      server.query("bench", "DROP TABLE IF EXISTS bench");
      Measured ours = sink(server.jdbc_url("bench"), work, upsert ? "upsert" : "insert");
      CHECK(server.query("bench", "SELECT count(*) FROM bench")[0][0] == std::to_string(rows + 1));
      show(upsert ? "PostgreSQL upsert" : "PostgreSQL insert", ours, bare);
      if (!upsert) continue;
      bare = bare_postgresql(server, work, true, true);
      show("  the same as updates", sink(server.jdbc_url("bench"), work, "upsert"), bare);
    }
    mariadb.query("bench", "DROP TABLE IF EXISTS bare");
    mariadb.query("bench", "CREATE TABLE bare (id BIGINT NOT NULL, symbol TEXT NOT NULL, price DOUBLE, quantity INT, side TEXT, at DATETIME(3), PRIMARY KEY(id))");
    for (const char* name : {"MariaDB upsert", "  the same as updates"}) {
      bool first = name[0] == 'M';
      Measured loop = bare_mariadb(mariadb_url, work);
      if (first) mariadb.query("bench", "DROP TABLE IF EXISTS bench");
      show(name, sink(mariadb_url, work, "upsert", "bywash"), loop);
      if (first) CHECK(mariadb.query("bench", "SELECT count(*) FROM bench")[0][0] == std::to_string(rows + 1));
    }
    mariadb.query("bench", "DROP TABLE IF EXISTS bench");
    show("  by LOAD DATA LOCAL", sink(mariadb_url + "?useBulkStmts=false&allowLoadLocalInfile=true", work, "upsert", "bywash"), bare_mariadb(mariadb_url, work));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    Measured bare = bare_sqlite(folder + "/bare.db", work, "INSERT OR REPLACE");
    show("SQLite upsert", sink("jdbc:sqlite:" + folder + "/ours.db", work, "upsert"), bare);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace bywash::jdbc

int main(int argc, char** argv) {
  int64_t rows = argc > 1 ? std::atoll(argv[1]) : 400'000;
  int64_t per_put = argc > 2 ? std::atoll(argv[2]) : 4096;
  return bywash::jdbc::run(rows, per_put, argc > 3 ? std::atoi(argv[3]) : 2);
}
