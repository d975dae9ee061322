"""The `relational` benchmark: the JDBC sink from a topic, the JDBC source and change data capture into one, and the sink's task beside bare loops."""

import json
import os
import sqlite3
import subprocess
import tempfile
import time

from bench.figures import BUILD, JSON, MEMORY, RECORDS, ROUNDS, Figure, build, show, target
from bench.loads import deliver, null_sink
from tests.support.bywash_process import Bywash
from tests.support.mariadb import MariaDB
from tests.support.paths import REPO
from tests.support.postgres import Postgres
from tests.support.stock_transactions import StockTransactions, enveloped

# Debezium's published rate of its PostgreSQL connector, events a second.
DEBEZIUM_PER_S = 45_000
# Rows of the table that the source reads: five for each record of the other loads.
SOURCE_ROWS = int(os.environ.get("BYWASH_BENCH_SOURCE_ROWS", str(5 * RECORDS)))
SOURCE_RECORD_BYTES = 90  # of one row as JSON
COLUMNS = "id bigint PRIMARY KEY, symbol text NOT NULL, price double precision, quantity int, side text, at timestamp"
ROWS = ("SELECT i, 'SYM' || i % 500, (i % 10000) / 100.0, i % 500, CASE i % 2 WHEN 0 THEN 'SELL' ELSE 'BUY' END, "
        "timestamp '2024-06-15 10:00:00' + i * interval '1 millisecond' FROM generate_series({}, {}) i")


def relational_sink(kafka, topic, destination: dict, name: str) -> Figure:
    """The JDBC sink, upsert with key id."""
    return deliver(kafka, topic, name, {"connector.class": "JdbcSinkConnector", "table.name.format": "bench", "auto.create": "true", "pk.mode": "record_value",
                                        "pk.fields": "id", "insert.mode": "upsert", "batch.size": "8192", **destination})


def into_topic(kafka, name: str, topic: str, rows: int, config: dict) -> Figure:
    """A source in a worker of its own, from before the connector is made until all rows are in the topic."""
    kafka.create_topic(topic)
    with Bywash.standalone(kafka.bootstrap) as bywash:
        before, began = bywash.process.cpu_seconds(), time.monotonic()
        bywash.create(name, {"value.converter": JSON, "value.converter.schemas.enable": "false", **config})
        bywash.process.wait_until(lambda: sum(kafka.end_offsets(topic).values()) >= rows, f"{rows} records in {topic}", 600, 0.05)
        return Figure(bywash.process.cpu_seconds() - before, time.monotonic() - began, bywash.process.peak_rss_bytes())


def run_sinks(kafka, postgres) -> list:
    topic = kafka.create_topic()
    kafka.produce_many(topic, enveloped(StockTransactions(seed=1).rows(RECORDS)))
    cold, warm = null_sink(kafka, topic, "null-relational", {})
    figures = []

    def one(what: str, figure: Figure) -> None:
        figures.append(figure)
        show(what, [figure])
    with MariaDB() as mariadb, tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        database = postgres.create_database()
        one("Bywash, topic to PostgreSQL", relational_sink(kafka, topic, postgres.jdbc_config(database), "bench-postgresql"))
        assert postgres.query(database, "SELECT count(*) FROM bench")[0][0] == RECORDS
        one("Bywash, topic to SQLite", relational_sink(kafka, topic, {"connection.url": f"jdbc:sqlite:{folder}/bench.db"}, "bench-sqlite"))
        with sqlite3.connect(f"{folder}/bench.db") as rows:
            assert rows.execute("SELECT count(*) FROM bench").fetchone()[0] == RECORDS
        database = mariadb.create_database()
        one("Bywash, topic to MariaDB", relational_sink(kafka, topic, mariadb.jdbc_config(database), "bench-mariadb"))
        assert int(mariadb.query(database, "SELECT count(*) FROM bench")[0][0]) == RECORDS
    show("Connect, null sink, warm", [warm])
    show("Connect, null sink, cold", [cold])
    target("CPU a record into PostgreSQL, in us", figures[0].per_record_us(), 2)
    return figures


def copy_out(postgres, database: str) -> float:
    """Seconds of COPY ... TO STDOUT into nothing."""
    with postgres.connect(database) as connection, connection.cursor() as cursor:
        began = time.monotonic()
        with cursor.copy("COPY bench TO STDOUT") as rows:
            for _ in rows:
                pass
        return time.monotonic() - began


def bare_producer(kafka, record_bytes: int) -> Figure:
    """As many records of so many bytes as the source makes, and nothing else: librdkafka's own share."""
    done = subprocess.run([str(BUILD / "bench_bare_producer"), kafka.bootstrap, kafka.create_topic(), str(SOURCE_ROWS), str(record_bytes)], check=True,
                          capture_output=True, text=True)
    return Figure(**json.loads(done.stdout))


def run_source(kafka, postgres) -> list:
    build("bench_bare_producer")
    database = postgres.create_database()
    postgres.query(database, f"CREATE TABLE bench ({COLUMNS})")
    postgres.query(database, "INSERT INTO bench " + ROWS.format(1, SOURCE_ROWS))
    postgres.query(database, "ANALYZE bench")
    figures = []
    for turn in range(ROUNDS):
        bare = copy_out(postgres, database)
        figure = into_topic(kafka, f"bench-source-{turn}", f"source-{turn}-bench", SOURCE_ROWS, {
            "connector.class": "JdbcSourceConnector", "mode": "incrementing", "incrementing.column.name": "id", "topic.prefix": f"source-{turn}-",
            "table.whitelist": "bench", "batch.max.rows": "5000", **postgres.jdbc_config(database)})
        figures.append(figure)
        print(f"  JDBC source, {SOURCE_ROWS:,} rows: {SOURCE_ROWS / figure.wall_s / 1000:.0f} k rows/s, {figure.cpu_s / SOURCE_ROWS * 1e6:.2f} us CPU/row, "
              f"{figure.rss_bytes / 2**20:.0f} MiB peak; COPY TO STDOUT {SOURCE_ROWS / bare / 1000:.0f} k rows/s", flush=True)
        target("rows/s of the source against COPY TO STDOUT", bare / figure.wall_s, 0.6, at_most=False)
        producer = bare_producer(kafka, SOURCE_RECORD_BYTES)
        print(f"  the same bytes from a bare producer: {SOURCE_ROWS / producer.wall_s / 1000:.0f} k records/s, {producer.cpu_s / SOURCE_ROWS * 1e6:.2f} us CPU/record; "
              f"the source takes {figure.cpu_s / producer.cpu_s:.2f} of its CPU, {producer.wall_s / figure.wall_s:.2f} of its rate", flush=True)
    return figures


def change_config(postgres, database: str, turn: int) -> dict:
    return {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix": f"changes{turn}", "database.hostname": postgres.host,
            "database.port": str(postgres.port), "database.user": postgres.user, "database.password": postgres.password, "database.dbname": database,
            "plugin.name": "pgoutput", "slot.name": f"bench_{turn}", "publication.autocreate.mode": "filtered", "table.include.list": "public.bench",
            "snapshot.mode": "no_data", "key.converter": JSON, "key.converter.schemas.enable": "false", "value.converter": JSON,
            "value.converter.schemas.enable": "false"}


def run_changes(kafka, postgres) -> list:
    """Inserts, updates and deletes that are in the log before the connector reads it."""
    figures = []
    for turn in range(ROUNDS):
        database = postgres.create_database()
        postgres.query(database, f"CREATE TABLE bench ({COLUMNS})")
        topic, name, config = f"changes{turn}.public.bench", f"bench-changes-{turn}", change_config(postgres, database, turn)
        kafka.create_topic(topic)
        third = max(1, RECORDS // 3)
        with Bywash.standalone(kafka.bootstrap) as bywash:
            bywash.create(name, config)
            slot = f"SELECT 1 FROM pg_replication_slots WHERE slot_name = 'bench_{turn}' AND active"
            bywash.process.wait_until(lambda: postgres.query(database, slot), "the slot", 60, 0.05)
            bywash.request("PUT", f"/connectors/{name}/stop")
            bywash.process.wait_until(lambda: not postgres.query(database, slot), "the slot's release", 60, 0.05)
            for sql in ("INSERT INTO bench " + ROWS.format(1, third), "UPDATE bench SET quantity = quantity + 1", "DELETE FROM bench"):
                postgres.query(database, sql)
            # Each delete has its tombstone.
            events = 3 * third
            before, began = bywash.process.cpu_seconds(), time.monotonic()
            bywash.request("PUT", f"/connectors/{name}/resume")
            bywash.process.wait_until(lambda: sum(kafka.end_offsets(topic).values()) >= events + third, f"{events} changes", 600, 0.05)
            figure = Figure(bywash.process.cpu_seconds() - before, time.monotonic() - began, bywash.process.peak_rss_bytes())
        figures.append(figure)
        rate = events / figure.cpu_s
        print(f"  changes of PostgreSQL: {events / figure.wall_s / 1000:.0f} k events/s, {rate / 1000:.0f} k events per core-second, "
              f"{figure.rss_bytes / 2**20:.0f} MiB peak", flush=True)
        target("events per core-second against Debezium's 45 k/s", rate / DEBEZIUM_PER_S, 5, at_most=False)
    return figures


def run_relational(kafka) -> None:
    with Postgres(settings={"max_wal_size": "4GB"}) as postgres:
        figures = run_sinks(kafka, postgres) + run_source(kafka, postgres) + run_changes(kafka, postgres)
    target("peak RSS in MiB, of all of these", max(figure.rss_bytes for figure in figures) / 2**20, 120)
    build("jdbc_bench")
    rows = str(min(RECORDS, 500_000))
    subprocess.run([str(next(BUILD.rglob("jdbc_bench"))), rows, "8192", str(ROUNDS)], cwd=REPO, check=True)
