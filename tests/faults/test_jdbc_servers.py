"""The JDBC sink while its server is killed, full, or cuts idle connections: with exactly.once every row is there once, in insert mode, where it would show."""

import json
import random
import time

from tests.support.bywash_process import Bywash
from tests.support.mariadb import MariaDB
from tests.support.postgres import Postgres

_ROWS = 60_000


def sink(topic, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "table.name.format": "t", "auto.create": "true", "max.retries": "1000", "retry.backoff.ms": "100",
            "connection.backoff.ms": "100", **more}


def records(ids):
    return [json.dumps({"id": i, "v": f"value {i}"}).encode() for i in ids]


def deliver_while_the_server_is_killed(kafka, start_bywash, restart, config, count):
    """Portions of rows, and while each is on its way a kill -9 of the server and a new start."""
    topic, chance = kafka.create_topic(partitions=2), random.Random(3)
    worker = start_bywash(Bywash.standalone(kafka.bootstrap, worker={"offset.flush.interval.ms": "200"}))
    worker.create("k", sink(topic, **{"exactly.once": "true", **config}))
    portion = _ROWS // 4
    for turn in range(4):
        kafka.produce_many(topic, records(range(turn * portion, (turn + 1) * portion)))
        time.sleep(chance.uniform(0.02, 0.3))
        restart()
    worker.process.wait_until(lambda: count() >= _ROWS, "all rows are there", timeout=60)
    time.sleep(0.5)
    assert [task["state"] for task in worker.status("k")["tasks"]] == ["RUNNING"]


def test_a_killed_mariadb_has_each_row_once(kafka, start_bywash):
    with MariaDB(durable=True) as server:
        database = server.create_database()
        server.query(database, "CREATE TABLE t (id bigint, v text)")

        def restart():
            server.kill()
            server.start()

        deliver_while_the_server_is_killed(kafka, start_bywash, restart, server.jdbc_config(database), lambda: int(server.query(database, "SELECT count(*) FROM t")[0][0]))
        assert server.query(database, "SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(str(_ROWS), str(_ROWS), str(_ROWS * (_ROWS - 1) // 2))]


def test_a_killed_postgresql_has_each_row_once(kafka, start_bywash):
    with Postgres(settings={"synchronous_commit": "on"}) as server:
        database = server.create_database()
        server.query(database, "CREATE TABLE t (id bigint, v text)")
        deliver_while_the_server_is_killed(kafka, start_bywash, lambda: server.restart(hard=True), server.jdbc_config(database),
                                           lambda: server.query(database, "SELECT count(*) FROM t")[0][0])
        assert server.query(database, "SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(_ROWS, _ROWS, _ROWS * (_ROWS - 1) // 2)]


def test_a_full_mariadb_is_waited_for(kafka, topic, start_bywash):
    # One file for all tables, which may not grow: what is dropped makes room.
    with MariaDB(settings=["--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:32M", "--innodb-autoextend-increment=1"]) as server:
        database = server.create_database()
        server.query(database, "CREATE TABLE filler (x longblob); INSERT INTO filler VALUES (REPEAT('x', 4000000)), (REPEAT('x', 4000000)), (REPEAT('x', 4000000))")
        worker = start_bywash(Bywash.standalone(kafka.bootstrap))
        worker.create("k", sink(topic, **{"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id", **server.jdbc_config(database)}))
        kafka.produce_many(topic, [json.dumps({"id": i, "v": "y" * 3000}).encode() for i in range(3000)])
        worker.process.wait_until(lambda: "is full" in worker.log(), "the table is full", timeout=30)
        assert [task["state"] for task in worker.status("k")["tasks"]] == ["RUNNING"]
        server.query(database, "DROP TABLE filler")
        worker.process.wait_until(lambda: server.query(database, "SELECT count(*) FROM t") == [("3000",)], "all rows are there", timeout=60)


def test_idle_connections_that_a_server_ends_are_no_fault(kafka, topic, start_bywash):
    with MariaDB(settings=["--wait-timeout=1"]) as mariadb, Postgres(settings={"idle_session_timeout": "700ms"}) as postgres:
        worker = start_bywash(Bywash.standalone(kafka.bootstrap))
        servers = {"mariadb": (mariadb, mariadb.create_database()), "postgres": (postgres, postgres.create_database())}
        for name, (server, database) in servers.items():
            server.query(database, "CREATE TABLE t (id bigint, v text)")
            worker.create(name, sink(topic, **{"max.retries": "0", **server.jdbc_config(database)}))
        for turn in range(2):
            kafka.produce_many(topic, records([turn]))
            for server, database in servers.values():
                worker.process.wait_until(lambda: int(server.query(database, "SELECT count(*) FROM t")[0][0]) == turn + 1, "the row is there", timeout=30)
            time.sleep(2.5)
        assert "Write failed" not in worker.log()
