"""The JDBC sink with kill -9 in the middle: MariaDB loses nothing; with exactly.once nothing comes twice, in insert mode where it would show, through
libpq and through an ODBC driver."""

import json
import random
import time

import pytest

from tests.support.bywash_process import Bywash
from tests.support.mariadb import MariaDB

_ROWS = 24000


@pytest.fixture(scope="module")
def mariadb():
    with MariaDB() as server:
        yield server


def sink(topic, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "table.name.format": "t", "auto.create": "true",
            # what a killed worker leaves behind is given to the next one soon
            "consumer.override.session.timeout.ms": "1500", "consumer.override.heartbeat.interval.ms": "400", **more}


def kill_while_rows_come(worker, config, produce, count, kills):
    """Portions of rows, and after each, at a time that a seed chose, a kill -9 and a new start; until all rows are there."""
    chance, portion = random.Random(7), _ROWS // (kills + 1)
    worker.create("k", config)
    for kill in range(kills):
        produce(range(kill * portion, (kill + 1) * portion))
        worker.process.wait_until(lambda: count() > kill * portion - portion, "rows arrive", timeout=30)
        time.sleep(chance.random() / 5)
        worker.kill()
        worker.start()
        worker.create("k", config)
    produce(range(kills * portion, _ROWS))
    worker.process.wait_until(lambda: count() >= _ROWS, "all rows are there", timeout=60)


def test_a_killed_worker_upserts_every_row_into_mariadb(kafka, mariadb, start_bywash):
    topic = kafka.create_topic(partitions=2)

    def produce(ids):
        kafka.produce_many(topic, [json.dumps({"id": i, "name": f"n{i}", "price": i / 4}).encode() for i in ids])

    database = mariadb.create_database()
    worker = start_bywash(Bywash.standalone(kafka.bootstrap))
    config = sink(topic, **{"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id", **mariadb.jdbc_config(database, "mysql")})

    def count():
        exists = mariadb.query(database, "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 't'")
        return int(mariadb.query(database, "SELECT count(*) FROM t")[0][0]) if exists[0][0] == "1" else 0

    kill_while_rows_come(worker, config, produce, count, kills=2)
    assert mariadb.query(database, "SELECT count(*), sum(id), sum(price) FROM t") == [
        (str(_ROWS), str(_ROWS * (_ROWS - 1) // 2), str(_ROWS * (_ROWS - 1) // 8))]


def by_odbc(postgres, database):
    return {"connection.url": f"jdbc:odbc:Driver=PostgreSQL Unicode;Server={postgres.host};Port={postgres.port};Database={database}",
            "connection.user": postgres.user, "connection.password": postgres.password}


@pytest.mark.parametrize("driver", ["libpq", "odbc"])
def test_exactly_once_inserts_each_row_once_through_kills(kafka, postgres, database, start_bywash, driver):
    topic = kafka.create_topic(partitions=3)

    def produce(ids):
        kafka.produce_many(topic, [json.dumps({"id": i}).encode() for i in ids])

    # The group's offsets are never committed in time: only what the table keeps can tell where to go on.
    worker = start_bywash(Bywash.standalone(kafka.bootstrap, worker={"offset.flush.interval.ms": "600000"}))
    config = sink(topic, **{"exactly.once": "true", **(postgres.jdbc_config(database) if driver == "libpq" else by_odbc(postgres, database))})

    def count():
        exists = postgres.query(database, "SELECT to_regclass('t') IS NOT NULL")[0][0]
        return postgres.query(database, "SELECT count(*) FROM t")[0][0] if exists else 0

    kill_while_rows_come(worker, config, produce, count, kills=3)
    time.sleep(0.5)
    assert postgres.query(database, "SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(_ROWS, _ROWS, _ROWS * (_ROWS - 1) // 2)]
    ends = {f"{p}": offset for p, offset in postgres.query(database, "SELECT kafka_partition, next_offset FROM bywash_offsets")}
    assert sum(ends.values()) == _ROWS and len(ends) == 3
