"""The JDBC source into real topics: each mode, offsets over restarts, tables over tasks, types; SQLite, PostgreSQL and MariaDB."""

import json
import sqlite3

import pytest

from tests.support.bywash_process import Bywash
from tests.support.mariadb import MariaDB


@pytest.fixture(scope="module")
def mariadb():
    with MariaDB() as server:
        yield server


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap, worker={"value.converter.schemas.enable": "true", "offset.flush.interval.ms": "100"}))


def source(prefix, **more):
    given = {key.replace("__", "."): value for key, value in more.items()}
    return {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "topic.prefix": prefix, "poll.interval.ms": "100", **given}


def wait_for(worker, kafka, topic, count):
    worker.process.wait_until(lambda: sum(kafka.end_offsets(topic).values()) >= count, f"{count} records are in {topic}", timeout=30)
    return [json.loads(record.value) for record in kafka.consume_all(topic)]


def payloads(records):
    return [record["payload"] for record in records]


def schema_of(record):
    return [(f["field"], f["type"], f.get("name"), f["optional"]) for f in record["schema"]["fields"]]


def test_incrementing_rows_of_sqlite_go_on_after_a_kill(kafka, worker, tmp_path):
    topic = kafka.create_topic()
    prefix, table = topic[:-3], topic[-3:]
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute(f'CREATE TABLE "{table}" (id INTEGER NOT NULL PRIMARY KEY, name TEXT, price REAL)')
        db.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?)', [(1, "a", 1.5), (2, None, 2.0)])
    config = source(prefix, connection__url=f"jdbc:sqlite:{tmp_path}/s.db", mode="incrementing", incrementing__column__name="id", table__whitelist=table)
    worker.create("inc", config)
    records = wait_for(worker, kafka, topic, 2)
    assert payloads(records) == [{"id": 1, "name": "a", "price": 1.5}, {"id": 2, "name": None, "price": 2.0}]
    assert records[0]["schema"]["name"] == table
    assert schema_of(records[0]) == [("id", "int32", None, False), ("name", "string", None, True), ("price", "float", None, True)]
    worker.process.wait_until(lambda: worker.request("GET", "/connectors/inc/offsets")["offsets"], "the offset is stored")
    assert worker.request("GET", "/connectors/inc/offsets")["offsets"] == [
        {"partition": {"protocol": "1", "table": table}, "offset": {"incrementing": 2}}]
    worker.kill()
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute(f'INSERT INTO "{table}" VALUES (7, ?, 3)', ("c",))
    worker.start()
    worker.create("inc", config)
    assert [row["id"] for row in payloads(wait_for(worker, kafka, topic, 3))] == [1, 2, 7]


def test_tables_of_postgresql_are_spread_over_tasks_and_keep_their_types(kafka, worker, postgres, database):
    first, second = kafka.create_topic(), kafka.create_topic()
    with postgres.connect(database) as connection:
        connection.execute(f"""CREATE TYPE mood AS ENUM ('ok', 'bad');
          CREATE TABLE "{first}" (id bigserial PRIMARY KEY, small smallint, n int NOT NULL, r real, d double precision, num numeric(10,2), b boolean,
            t text, v varchar(5), x bytea, day date, tod time, at timestamp, tz timestamptz, j jsonb, u uuid, m mood, a int[]);
          INSERT INTO "{first}" VALUES (1, -2, 3, 1.5, 2.25, 12.50, true, 'a☃', 'v', '\\x00ff', '2024-06-15', '10:00:00.123456', '2024-06-15 10:00:00.123456',
            '2024-06-15 12:00:00+02', '{{"k": [1]}}', '00000000-0000-0000-0000-000000000001', 'ok', '{{1}}');
          INSERT INTO "{first}" (id, n) VALUES (2, 4);
          CREATE TABLE "{second}" (id int NOT NULL); INSERT INTO "{second}" SELECT generate_series(1, 2500)""")
    worker.create("pg", source("", mode="incrementing", incrementing__column__name="id", table__whitelist=f"{first},public.{second}", tasks__max="2",
                               **postgres.jdbc_config(database)))
    assert len(worker.wait_running("pg", 2)["tasks"]) == 2
    records = wait_for(worker, kafka, first, 2)
    assert payloads(records)[0] == {
        "id": 1, "small": -2, "n": 3, "r": 1.5, "d": 2.25, "num": "BOI=", "b": True, "t": "a☃", "v": "v", "x": "AP8=", "day": 19889, "tod": 36000123,
        "at": 1718445600123, "tz": 1718445600000, "j": '{"k": [1]}', "u": "00000000-0000-0000-0000-000000000001", "m": "ok"}
    assert {k: v for k, v in payloads(records)[1].items() if v is not None} == {"id": 2, "n": 4}
    types = {f["field"]: f for f in records[0]["schema"]["fields"]}
    assert (types["id"]["type"], types["id"]["optional"], types["small"]["type"], types["n"]["optional"]) == ("int64", False, "int16", False)
    assert types["num"]["parameters"] == {"scale": "2", "connect.decimal.precision": "10"}
    assert [types[f].get("name", "").rsplit(".", 1)[-1] for f in ("num", "day", "tod", "at", "tz")] == ["Decimal", "Date", "Time", "Timestamp", "Timestamp"]
    assert [row["id"] for row in payloads(wait_for(worker, kafka, second, 2500))] == list(range(1, 2501))


def test_less_common_types_of_postgresql_are_what_pgjdbc_makes_of_them(kafka, worker, postgres, database):
    """Numbers, booleans and texts where java.sql.Types has one for the type; all others are left out, and told of once."""
    topic = kafka.create_topic()
    with postgres.connect(database) as connection:
        connection.execute(f"""CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TYPE pair AS (a int, b text);
          CREATE DOMAIN cents AS money; CREATE DOMAIN word AS varchar(5);
          CREATE TABLE "{topic}" (id int PRIMARY KEY, m money, mc cents, b1 bit(1), b3 bit(3), b12 bit(12), w word, m1 mood, x xml, c "char", n name, o oid,
            vb bit varying(9), ip inet, iv interval, r int4range, p point, pg polygon, ct citext, h hstore, co pair, ts tsvector, a int[], l pg_lsn);
          INSERT INTO "{topic}" VALUES (1, '$1,234.50', '-$0.01', B'1', B'101', B'101100111000', 'abc', 'bad', '<a/>', 'x', 'nm', 4000000000,
            B'1011', '10.0.0.1', '1 day', '[1,5)', '(1,2)', '((0,0),(1,1))', 'CT', 'a=>1', '(1,x)', 'a', '{{1}}', '0/1');
          INSERT INTO "{topic}" (id) VALUES (2)""")
    worker.create("kinds", source("", mode="incrementing", incrementing__column__name="id", table__whitelist=topic, **postgres.jdbc_config(database)))
    records = wait_for(worker, kafka, topic, 2)
    assert schema_of(records[0]) == [("id", "int32", None, False), ("m", "double", None, True), ("mc", "double", None, True), ("b1", "boolean", None, True),
                                     ("b3", "int8", None, True), ("b12", "bytes", None, True)] + [(c, "string", None, True) for c in ("w", "m1", "x", "c", "n")] + [
                                         ("o", "int64", None, True)]
    assert payloads(records) == [{"id": 1, "m": 1234.5, "mc": -0.01, "b1": True, "b3": 101, "b12": "MTAxMTAwMTExMDAw", "w": "abc", "m1": "bad", "x": "<a/>", "c": "x", "n": "nm",
                                  "o": 4000000000}, {"id": 2, **{c: None for c in ("m", "mc", "b1", "b3", "b12", "w", "m1", "x", "c", "n", "o")}}]
    for left in ("vb", "ip", "iv", "r", "p", "pg", "ct", "h", "co", "ts", "a", "l"):
        assert f"Column '{left}' is left out" in worker.log()


def test_a_binary_copy_of_postgresql_gives_what_a_cursor_gives(kafka, worker, postgres, database):
    topics = {"copy": kafka.create_topic(), "cursor": kafka.create_topic()}
    query = """SELECT i::numeric(20,0) AS id, (i * 1000.001)::numeric(12,4) AS n, (10::numeric ^ i) AS any_scale, (i * -1000)::numeric(5,-2) AS hundreds, 0::numeric(5,-2) AS none, i::smallint AS small,
      (i * -3000000000)::bigint AS big, (i / 3.0)::real AS r, (i / 7.0) * 1e300::float8 AS d, i % 2 = 0 AS b, 'x' || i AS t, 'ab'::char(4) AS c, decode('00ff', 'hex') AS x,
      '0044-03-15'::date + i AS day, '23:59:59.999999'::time AS tod, '10:00:00+05:30'::timetz AS todz, '1969-12-31 23:59:59.999999'::timestamp AS at,
      '2024-06-15 12:00:00.5+02'::timestamptz AS tz, '{"k": [1]}'::jsonb AS j, '{"k":1}'::json AS plain, md5(i::text)::uuid AS u, B'1' AS bit, 7::oid AS o,
      NULL::int AS nothing, CASE WHEN i > 2 THEN 'infinity'::timestamp ELSE '-infinity' END AS ends, array[1] AS left_out FROM generate_series(1, 5) i -- rows"""
    for name, topic in topics.items():
        # A limit on statements is a reason for the cursor.
        postgres.query(database, f"ALTER DATABASE {database} SET statement_timeout = '{0 if name == 'copy' else '1h'}'")
        worker.create(name, source(topic, mode="bulk", query=query, poll__interval__ms="3600000", **postgres.jdbc_config(database)))
    copied, fetched = (wait_for(worker, kafka, topic, 5) for topic in topics.values())
    assert copied == fetched
    assert [row["id"] for row in payloads(copied)] == ["AQ==", "Ag==", "Aw==", "BA==", "BQ=="]
    assert payloads(copied)[0]["tz"] == 1718445600500 and "left_out" not in payloads(copied)[0]


def test_statements_that_write_and_ones_that_fail_half_way(kafka, worker, postgres, database):
    topic, broken = kafka.create_topic(), kafka.create_topic()
    postgres.query(database, "CREATE SEQUENCE numbers; CREATE TABLE locked (id int NOT NULL); INSERT INTO locked VALUES (1)")
    worker.create("writes", source(topic, mode="bulk", query="SELECT nextval('numbers') AS n FROM locked FOR UPDATE", poll__interval__ms="3600000",
                                   **postgres.jdbc_config(database)))
    assert payloads(wait_for(worker, kafka, topic, 1))[0]["n"] >= 1
    # The first batches are there before the row that cannot be made.
    worker.create("breaks", source(broken, mode="bulk", query="SELECT i, 1 / (i - 1500) AS x FROM generate_series(1, 3000) i", **postgres.jdbc_config(database)))
    worker.process.wait_until(lambda: worker.status("breaks")["tasks"][0]["state"] == "FAILED", "the task has failed")
    assert "22012" in worker.status("breaks")["tasks"][0]["trace"]
    assert payloads(wait_for(worker, kafka, broken, 1000))[0]["i"] == 1


def test_timestamps_and_numbers_together_find_changed_rows(kafka, worker, postgres, database):
    topic = kafka.create_topic()
    with postgres.connect(database) as connection:
        connection.execute(f"""CREATE TABLE "{topic}" (id int PRIMARY KEY, v text, at timestamp NOT NULL);
          INSERT INTO "{topic}" VALUES (1, 'a', '2024-01-01 00:00:00.000001'), (2, 'b', '2024-01-01 00:00:00.000001'), (3, 'c', '2024-01-02')""")
        worker.create("ti", source("", mode="timestamp+incrementing", incrementing__column__name="id", timestamp__column__name="at",
                                   table__whitelist=topic, batch__max__rows="2", **postgres.jdbc_config(database)))
        assert [(r["id"], r["v"]) for r in payloads(wait_for(worker, kafka, topic, 3))] == [(1, "a"), (2, "b"), (3, "c")]
        connection.execute(f"""UPDATE "{topic}" SET v = 'B', at = '2024-01-02' WHERE id = 2; INSERT INTO "{topic}" VALUES (9, 'z', '2024-01-02')""")
        assert [(r["id"], r["v"]) for r in payloads(wait_for(worker, kafka, topic, 4))][3:] == [(9, "z")]
        connection.execute(f"""UPDATE "{topic}" SET v = 'A', at = '2024-01-03' WHERE id = 1""")
        assert [(r["id"], r["v"]) for r in payloads(wait_for(worker, kafka, topic, 5))][4:] == [(1, "A")]
    worker.process.wait_until(lambda: [o["offset"] for o in worker.request("GET", "/connectors/ti/offsets")["offsets"]] == [
        {"incrementing": 1, "timestamp": 1704240000000, "timestamp_nanos": 0}], "the offset is stored")


def test_mariadb_in_timestamp_mode_bulk_and_by_query(kafka, worker, mariadb):
    topic, bulk, query = kafka.create_topic(), kafka.create_topic(), kafka.create_topic()
    database = mariadb.create_database()
    mariadb.query(database, f"""
      CREATE TABLE `{topic}` (id INT UNSIGNED NOT NULL, t TINYINT, big BIGINT UNSIGNED, d DECIMAL(6,3), f FLOAT, x VARBINARY(4), s VARCHAR(9), day DATE,
                              tod TIME(3), at DATETIME(6) NOT NULL, stamp TIMESTAMP(3) NULL, e ENUM('a','b'));
      INSERT INTO `{topic}` VALUES (4000000000, -5, 18446744073709551615, 1.250, 1.5, 0x00FF, 'ü', '2024-06-15', '10:00:00.5', '2024-06-15 10:00:00.123456',
                                    '2024-06-15 10:00:00', 'b'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2024-06-15 10:00:01', NULL, NULL);
      CREATE TABLE `{bulk}` (id INT PRIMARY KEY); INSERT INTO `{bulk}` VALUES (1), (2)""")
    base = mariadb.jdbc_config(database)
    worker.create("ts", source("", mode="timestamp", timestamp__column__name="at", table__whitelist=topic, numeric__mapping="best_fit",
                               db__timezone="Asia/Kolkata", **base))
    records = wait_for(worker, kafka, topic, 2)
    assert payloads(records)[0] == {"id": 4000000000, "t": -5, "big": "AP//////////", "d": 1.25, "f": 1.5, "x": "AP8=", "s": "ü", "day": 19889,
                                    "tod": 36000500, "at": 1718425800123, "stamp": 1718445600000, "e": "b"}
    worker.create("bulk", source("", mode="bulk", table__whitelist=bulk, **base))
    worker.process.wait_until(lambda: sum(kafka.end_offsets(bulk).values()) >= 4, "the table came twice")
    worker.delete("bulk")
    assert [json.loads(record.value)["payload"] for record in kafka.consume_all(bulk)][:4] == [{"id": 1}, {"id": 2}, {"id": 1}, {"id": 2}]
    worker.create("query", source(query, mode="incrementing", incrementing__column__name="n", query=f"SELECT * FROM (SELECT id + 1 AS n FROM `{bulk}`) q;", **base))
    assert [row["n"] for row in payloads(wait_for(worker, kafka, query, 2))] == [2, 3]


def test_new_tables_are_taken_up_and_dropped_ones_are_left(kafka, worker, postgres, database):
    first, second, third, fourth = (kafka.create_topic() for _ in range(4))
    with postgres.connect(database) as connection:
        connection.execute(f'CREATE TABLE "{first}" (id int NOT NULL); INSERT INTO "{first}" VALUES (1); '
                           f'CREATE TABLE "{second}" (id int NOT NULL); INSERT INTO "{second}" VALUES (1)')
        worker.create("new", source("", mode="incrementing", incrementing__column__name="id", tasks__max="2", table__poll__interval__ms="200",
                                    **postgres.jdbc_config(database)))
        assert len(worker.wait_running("new", 2)["tasks"]) == 2
        for topic in (first, second):
            wait_for(worker, kafka, topic, 1)
        connection.execute(f'CREATE TABLE "{third}" (id int NOT NULL); INSERT INTO "{third}" VALUES (3); CREATE VIEW "{fourth}" AS SELECT 1 AS id')
        assert payloads(wait_for(worker, kafka, third, 1)) == [{"id": 3}]
        connection.execute(f'DROP TABLE "{first}"; DROP TABLE "{second}"; INSERT INTO "{third}" VALUES (4)')
        assert payloads(wait_for(worker, kafka, third, 2)) == [{"id": 3}, {"id": 4}]
        connection.execute(f'CREATE TABLE "{second}" (id int NOT NULL, v text); INSERT INTO "{second}" VALUES (1, NULL), (2, $$b$$)')
        assert payloads(wait_for(worker, kafka, second, 2)) == [{"id": 1}, {"id": 2, "v": "b"}]
    assert [task["state"] for task in worker.status("new")["tasks"]] == ["RUNNING", "RUNNING"]
    assert sum(kafka.end_offsets(fourth).values()) == 0


def test_what_is_wrong_is_told_at_validation_or_in_the_status(kafka, worker, postgres, database):
    def faulty(config):
        answer = worker.request("PUT", "/connector-plugins/JdbcSourceConnector/config/validate", {"name": "w", **config})
        assert "falsch" not in json.dumps(answer)
        return {c["value"]["name"] for c in answer["configs"] if c["value"]["errors"]}

    wrong = {**postgres.jdbc_config(database), "connection.password": "falsch"}
    assert faulty(source("p-", mode="incrementing", **wrong)) == {"incrementing.column.name"}
    assert faulty(source("p-", mode="bulk", **wrong)) == {"connection.url"}
    assert faulty(source("p-", mode="bulk", dialect__name="NoDialect", **postgres.jdbc_config(database))) == {"dialect.name"}
    assert faulty(source("p-", mode="bulk", table__whitelist="a", table__blacklist="b", **postgres.jdbc_config(database))) == {"table.blacklist"}
    with postgres.connect(database) as connection:
        connection.execute("CREATE TABLE loose (id int, v text)")
    worker.create("loose", source("p-", mode="incrementing", incrementing__column__name="id", table__whitelist="loose", **postgres.jdbc_config(database)))
    worker.process.wait_until(lambda: worker.status("loose")["tasks"][0]["state"] == "FAILED", "the task has failed")
    assert "because this column is nullable" in worker.status("loose")["tasks"][0]["trace"]
