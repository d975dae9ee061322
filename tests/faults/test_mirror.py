"""A table mirrored through Kafka: changes of PostgreSQL into a topic, the topic into a second database, while the worker, the server and the broker
are killed and the server's connections are cut. In the end both tables have the same rows."""

import random
import threading
import time

import psycopg

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.postgres import Postgres

_COLUMNS = "id, k, a, n, at, day, x, ok, big"
_WORKER = {"key.converter": "org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable": "true", "value.converter.schemas.enable": "true",
           "offset.flush.interval.ms": "150", "consumer.session.timeout.ms": "6000", "consumer.heartbeat.interval.ms": "1000"}


def make_tables(postgres, database):
    with postgres.connect(database) as connection:
        connection.execute("""CREATE TABLE mirrored (id int, k varchar(8), a text, n numeric(12,3) NOT NULL DEFAULT 0, at timestamp(6), day date, x bytea, ok boolean, big text,
                                PRIMARY KEY (id, k)); CREATE SEQUENCE moved START 5000; ALTER TABLE mirrored ALTER big SET STORAGE EXTERNAL; ALTER TABLE mirrored REPLICA IDENTITY FULL;
                              CREATE TABLE untouched (id int PRIMARY KEY); INSERT INTO untouched SELECT generate_series(1, 3000);
                              INSERT INTO mirrored SELECT g, 'k', 'first ' || g FROM generate_series(1, 2000) g""")


def change_at_random(postgres, database, until: threading.Event, failures: list, survives=()):
    """Transactions of all kinds, some rolled back, until told to stop; made anew after errors of the classes `survives`."""
    chance = random.Random(5)
    while not until.is_set():
        try:
            change(postgres, database, until, chance)
        except survives:
            time.sleep(0.1)
        except Exception as failure:  # shown by the test's own thread
            failures.append(failure)
            return


def change(postgres, database, until, chance):
    with postgres.connect(database, autocommit=False) as connection:
        while not until.is_set():
            for _ in range(chance.randint(1, 30)):
                one, kind = chance.randint(1, 2500), chance.random()
                if kind < 0.35:
                    connection.execute("""INSERT INTO mirrored VALUES (%s, %s, %s, %s, now(), current_date, %s, true, repeat('y', 4000)) ON CONFLICT (id, k)
                                          DO UPDATE SET a = excluded.a, n = excluded.n""",
                                       (one, chance.choice("abk"), f"ü {chance.random()}", chance.randint(-10**6, 10**6) / 1000, bytes([one % 256, 0])))
                elif kind < 0.7:
                    connection.execute("UPDATE mirrored SET a = %s, n = n + 1.5, ok = NULL WHERE id = %s", (f"v{chance.random()}", one))
                elif kind < 0.8:
                    connection.execute("UPDATE mirrored SET id = nextval('moved') WHERE id = %s", (one,))
                else:
                    connection.execute("DELETE FROM mirrored WHERE id = %s", (one,))
            connection.rollback() if chance.random() < 0.1 else connection.commit()
            time.sleep(0.002)


def connectors(postgres, source, target, name, tmp_path):
    from_database = {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix": name, "database.hostname": postgres.host,
                     "database.port": postgres.port, "database.user": postgres.user, "database.password": postgres.password, "database.dbname": source,
                     "plugin.name": "pgoutput", "slot.name": name, "publication.autocreate.mode": "filtered", "table.include.list": "public.*",
                     "topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1"}
    into_database = {"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "topics": f"{name}.public.mirrored", "insert.mode": "upsert",
                     "pk.mode": "record_key", "delete.enabled": "true", "auto.create": "true", "transforms": "route",
                     "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter", "transforms.route.regex": ".*\\.([^.]+)",
                     "transforms.route.replacement": "$1", **postgres.jdbc_config(target)}
    files = []
    for part, config in (("source", from_database), ("sink", into_database)):
        files.append(tmp_path / f"{part}.properties")
        lines = {"name": f"{part}-{name}", **config}
        files[-1].write_text("".join(f"{key}={value}\n".replace("\\", "\\\\") for key, value in lines.items()), encoding="utf-8")
    return files


def rows(postgres, database, table, columns):
    found = postgres.query(database, f"SELECT to_regclass('{table}') IS NOT NULL")[0][0]
    return sorted(postgres.query(database, f"SELECT {columns} FROM {table}"), key=str) if found else []


def wait_until_equal(bywash, postgres, source, target):
    wanted = rows(postgres, source, "mirrored", _COLUMNS)
    try:
        bywash.process.wait_until(lambda: rows(postgres, target, "mirrored", _COLUMNS) == wanted, "both tables are equal", timeout=60, every=0.3)
    finally:
        got = rows(postgres, target, "mirrored", _COLUMNS)
        print(f"{len(set(got) - set(wanted))} rows too many or other, such as {[row[:7] for row in got if row not in wanted][:2]}; "
              f"{len(set(wanted) - set(got))} missing, such as {[row[:7] for row in wanted if row not in got][:2]}")
    return wanted


def test_a_mirrored_table_is_equal_after_kills(kafka, postgres, start_bywash, tmp_path):
    source, target = postgres.create_database(), postgres.create_database()
    name = f"mirror_{source}"
    make_tables(postgres, source)
    bywash = start_bywash(Bywash.standalone(kafka.bootstrap, connectors(postgres, source, target, name, tmp_path), worker=_WORKER))
    until, failures, chance = threading.Event(), [], random.Random(7)
    workload = threading.Thread(target=change_at_random, args=(postgres, source, until, failures))
    workload.start()
    try:
        for turn in range(3):
            time.sleep(chance.uniform(0.4, 1.0))
            if turn == 1:
                postgres.query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'Bywash'")
                continue
            bywash.kill()
            bywash.start()
        time.sleep(0.5)
    finally:
        until.set()
        workload.join()
    assert not failures
    wanted = wait_until_equal(bywash, postgres, source, target)
    assert len(wanted) > 1000
    assert sum(kafka.end_offsets(f"{name}.public.untouched").values()) >= 3000
    # The server is told what is stored, so that it can forget its log.
    last = postgres.query(source, "SELECT pg_current_wal_lsn()")[0][0]
    postgres.query(source, "INSERT INTO untouched VALUES (9999)")
    confirmed = f"SELECT confirmed_flush_lsn >= '{last}' FROM pg_replication_slots WHERE slot_name = '{name}'"
    bywash.process.wait_until(lambda: postgres.query(source, confirmed) == [(True,)], "the slot has moved on", timeout=30)
    bywash.stop()
    postgres.query(source, f"SELECT pg_drop_replication_slot('{name}')")


def test_a_mirrored_table_is_equal_after_kills_of_the_server_and_the_broker(start_bywash, tmp_path):
    # kill -9 of the programs, not of the machine: what they wrote is in the page cache, so that fsync=off loses nothing.
    with Kafka() as kafka, Postgres() as postgres:
        source, target = postgres.create_database(), postgres.create_database()
        name = f"mirror_{source}"
        make_tables(postgres, source)
        bywash = start_bywash(Bywash.standalone(kafka.bootstrap, connectors(postgres, source, target, name, tmp_path), worker=_WORKER))
        until, failures, chance = threading.Event(), [], random.Random(11)
        workload = threading.Thread(target=change_at_random, args=(postgres, source, until, failures, (psycopg.OperationalError, psycopg.InterfaceError)))
        workload.start()
        try:
            for victim in ("server", "broker", "worker", "server", "broker"):
                time.sleep(chance.uniform(0.5, 1.2))
                if victim == "worker":
                    bywash.kill()
                    bywash.start()
                else:
                    (postgres if victim == "server" else kafka).restart(hard=True)
            time.sleep(0.5)
        finally:
            until.set()
            workload.join()
        assert not failures
        wanted = wait_until_equal(bywash, postgres, source, target)
        assert len(wanted) > 1000
        bywash.stop()
