"""Change data capture of PostgreSQL: snapshot modes, restarts in the middle, heartbeats, slots, and what goes wrong."""

import base64
import json

import pytest

from tests.support.bywash_process import Bywash
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def worker(kafka):
    converter = {"key.converter": "org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable": "false"}
    with Bywash.standalone(kafka.bootstrap, worker={**converter, "offset.flush.interval.ms": "100"}) as program:
        yield program
        print(program.process.log_tail(60))


@pytest.fixture
def name(database):
    """Connector, topic prefix, slot and publication of one test."""
    return database.replace("db_", "cdc_")


@pytest.fixture
def source(worker, postgres, database, name):
    """A function that gives the test's configuration; what it made is gone afterwards."""
    def config(**more):
        given = {key.replace("__", "."): value for key, value in more.items()}
        return {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix": name, "database.hostname": postgres.host,
                "database.port": str(postgres.port), "database.user": postgres.user, "database.password": postgres.password, "database.dbname": database,
                "plugin.name": "pgoutput", "slot.name": name, "publication.name": name, "topic.creation.default.partitions": "1",
                "topic.creation.default.replication.factor": "1", **given}

    yield config
    if any(c == name for c in worker.request("GET", "/connectors")):
        worker.delete(name)
    drop_slot(worker, postgres, name)


def drop_slot(worker, postgres, name):
    slots = f"SELECT active FROM pg_replication_slots WHERE slot_name = '{name}'"
    worker.process.wait_until(lambda: postgres.query("postgres", slots) in ([], [(False,)]), "the slot is free")
    postgres.query("postgres", f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{name}'")


def streams(worker, postgres, name):
    worker.process.wait_until(lambda: postgres.query("postgres", f"SELECT 1 FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid "
                                                                 f"WHERE slot_name = '{name}' AND r.state = 'streaming'"), "the connector streams", timeout=30)


def events(worker, kafka, topic, count):
    worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == topic).get(topic, 0) >= count, f"{count} records are in {topic}", timeout=30)
    found = [json.loads(record.value) for record in kafka.consume_all(topic) if record.value]
    return [(event["op"], (event["after"] or event["before"])["id"]) for event in found]


def failed(worker, name):
    worker.process.wait_until(lambda: [t["state"] for t in worker.status(name)["tasks"]] == ["FAILED"], "the task has failed", timeout=30)
    return worker.status(name)["tasks"][0]["trace"]


def test_a_large_transaction_is_whole_after_kills(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, v text)")
    worker.create(name, source(max__batch__size="200"))
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (0)")
    worker.process.wait_until(lambda: worker.request("GET", f"/connectors/{name}/offsets")["offsets"], "an offset is stored")
    postgres.query(database, "INSERT INTO t SELECT g, repeat('x', 300) FROM generate_series(1, 100000) g")  # many times what an interval of commits takes
    for least in (1, 20000):
        worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == f"{name}.public.t").get(f"{name}.public.t", 0) > least, "a part is there")
        worker.kill()
        worker.start()
        worker.create(name, source(max__batch__size="200"))
    postgres.query(database, "UPDATE t SET v = 'last' WHERE id = 7")
    topic = f"{name}.public.t"
    worker.process.wait_until(lambda: any(json.loads(r.value)["op"] == "u" for r in kafka.consume_all(topic)), "the update is there", timeout=30)
    got = [json.loads(record.value)["after"]["id"] for record in kafka.consume_all(topic)]
    first = list(dict.fromkeys(got))
    assert first == list(range(100001))
    # What was stored is not read again: a kill costs the records since the last commit of offsets, not the transaction.
    assert len(got) < 2 * 100000


def test_signals_ask_for_rows_anew(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE signals (id text PRIMARY KEY, type text, data text); "
                             "INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO u VALUES (7)")
    worker.create(name, source(snapshot__mode="no_data", signal__data__collection="public.signals", table__include__list="public.t,public.u",
                               publication__autocreate__mode="filtered"))
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (3, 'c')")
    signal = "INSERT INTO signals VALUES (%s, %s, %s)"
    postgres.query(database, signal, ("one", "execute-snapshot", json.dumps({"data-collections": ["public.t"], "type": "incremental"})))
    # What cannot be done is passed over, and the connector goes on.
    postgres.query(database, signal, ("two", "execute-snapshot", "no JSON"))
    postgres.query(database, signal, ("three", "execute-snapshot", json.dumps({
        "data-collections": ["public.u"], "type": "blocking", "additional-conditions": [{"data-collection": "public.u", "filter": "no SQL"}]})))
    postgres.query(database, signal, ("four", "execute-snapshot", json.dumps({
        "data-collections": ["public.[tu]"], "type": "blocking", "additional-conditions": [{"data-collection": "public.t", "filter": "id > 1"}]})))
    assert events(worker, kafka, f"{name}.public.u", 1) == [("r", 7)]
    assert "Signal 'two' of type execute-snapshot is passed over" in worker.log()
    before_update = postgres.query(database, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")[0][0]
    postgres.query(database, "UPDATE t SET v = 'd' WHERE id = 1")
    topic = f"{name}.public.t"
    assert events(worker, kafka, topic, 7) == [("c", 3), ("r", 1), ("r", 2), ("r", 3), ("r", 2), ("r", 3), ("u", 1)]
    marks = [json.loads(record.value)["source"]["snapshot"] for record in kafka.consume_all(topic)]
    assert marks == ["false", "incremental", "incremental", "incremental", "first", "last_in_data_collection", "false"]
    # The signals themselves are changes like any other; done is done, over a restart too.
    assert events(worker, kafka, f"{name}.public.signals", 4) == [("c", "one"), ("c", "two"), ("c", "three"), ("c", "four")]
    worker.process.wait_until(lambda: worker.request("GET", f"/connectors/{name}/offsets")["offsets"][0]["offset"]["lsn"] >= before_update, "the update's offset is stored")
    worker.kill()
    worker.start()
    worker.create(name, source(snapshot__mode="no_data", signal__data__collection="public.signals", table__include__list="public.t,public.u"))
    postgres.query(database, "UPDATE t SET v = 'e' WHERE id = 2")
    worker.process.wait_until(lambda: ("u", 2) in events(worker, kafka, topic, 8), "the next change is there", timeout=30)
    assert len([1 for op, _ in events(worker, kafka, topic, 8) if op == "r"]) == 5


def test_snapshot_modes(worker, kafka, postgres, database, source, name):
    topic = f"{name}.public.t"
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    worker.create(name, source(snapshot__mode="no_data"))
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (3)")
    assert events(worker, kafka, topic, 1) == [("c", 3)]
    # Offsets stay: `always` first catches up, and then reads the rows.
    stored = lambda: worker.request("GET", f"/connectors/{name}/offsets")["offsets"]
    worker.process.wait_until(lambda: stored() and "lsn_commit" in stored()[0]["offset"], "the offset is stored")
    worker.request("PUT", f"/connectors/{name}/stop")
    worker.process.wait_until(lambda: worker.status(name)["connector"]["state"] == "STOPPED", "it has stopped")
    drop = "SELECT active FROM pg_replication_slots WHERE slot_name = '%s'" % name
    worker.process.wait_until(lambda: postgres.query("postgres", drop) == [(False,)], "the slot is free")
    postgres.query(database, "DELETE FROM t WHERE id = 1")
    worker.request("PUT", f"/connectors/{name}/config", source(snapshot__mode="always"))
    worker.request("PUT", f"/connectors/{name}/resume")
    assert events(worker, kafka, topic, 5) == [("c", 3), ("d", 1), ("r", 2), ("r", 3)]
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (4)")
    assert events(worker, kafka, topic, 6)[-1] == ("c", 4)
    # The slot is lost: `initial` must not go on as if nothing was missing, `when_needed` reads all rows again.
    worker.process.wait_until(lambda: stored()[0]["offset"].get("messageType"), "the offset is stored")
    worker.request("PUT", f"/connectors/{name}/stop")
    drop_slot(worker, postgres, name)
    postgres.query(database, "DELETE FROM t WHERE id = 2")
    worker.request("PUT", f"/connectors/{name}/config", source(snapshot__mode="initial"))
    worker.request("PUT", f"/connectors/{name}/resume")
    assert "no longer available on the server" in failed(worker, name)
    worker.request("PUT", f"/connectors/{name}/config", source(snapshot__mode="when_needed"))
    assert events(worker, kafka, topic, 8)[-2:] == [("r", 3), ("r", 4)]


def test_rows_alone_heartbeats_and_a_slot_that_goes(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE beats (id int PRIMARY KEY, n int); INSERT INTO beats VALUES (1, 0)")
    worker.create(name, source(snapshot__mode="initial_only", table__include__list="public.t"))
    assert events(worker, kafka, f"{name}.public.t", 1) == [("r", 1)]
    assert postgres.query("postgres", f"SELECT 1 FROM pg_replication_slots WHERE slot_name = '{name}'") == []
    worker.delete(name)
    other = name + "_h"
    config = {**source(topic__prefix=other, table__include__list="public.t", heartbeat__interval__ms="200", slot__drop__on__stop="true",
                       heartbeat__action__query="UPDATE beats SET n = n + 1")}
    worker.create(name, config)
    topic = f"__debezium-heartbeat.{other}"
    worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == topic).get(topic, 0) >= 3, "three heartbeats", timeout=30)
    beat = kafka.consume_all(topic, count=1)[0]
    assert (json.loads(beat.key), list(json.loads(beat.value))) == ({"serverName": other}, ["ts_ms"])
    assert postgres.query(database, "SELECT n > 1 FROM beats") == [(True,)]
    # Nothing happens in the table, and yet the server may forget its log.
    before = postgres.query(database, "SELECT pg_current_wal_lsn()")[0][0]
    confirmed = f"SELECT confirmed_flush_lsn > '{before}' FROM pg_replication_slots WHERE slot_name = '{name}'"
    worker.process.wait_until(lambda: postgres.query("postgres", confirmed) == [(True,)], "the slot has moved on")
    worker.delete(name)
    worker.process.wait_until(lambda: not postgres.query("postgres", f"SELECT 1 FROM pg_replication_slots WHERE slot_name = '{name}'"), "the slot is dropped")


def test_a_new_label_of_an_enum_and_a_cut_connection(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (id int PRIMARY KEY, m mood)")
    worker.create(name, source())
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (1, 'ok')")
    postgres.query(database, "ALTER TYPE mood ADD VALUE 'sad'")
    postgres.query(database, "INSERT INTO t VALUES (2, 'sad')")
    events(worker, kafka, f"{name}.public.t", 2)
    postgres.query("postgres", f"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{name}'")
    postgres.query(database, "INSERT INTO t VALUES (3, 'sad')")
    assert events(worker, kafka, f"{name}.public.t", 3)[-1] == ("c", 3)


def test_what_is_wrong_is_told(worker, kafka, postgres, database, source, name):
    def faults(**more):
        answer = worker.request("PUT", "/connector-plugins/PostgresConnector/config/validate", {"name": name, **source(**more)})
        assert "geheim" not in json.dumps(answer)
        return {c["value"]["name"]: c["value"]["errors"][0] for c in answer["configs"] if c["value"]["errors"]}

    assert faults() == {}
    assert "database.user" in faults(database__password="geheim")["database.hostname"]
    assert list(faults(slot__name="Not a slot")) == ["slot.name"]
    assert "Not a regular expression" in faults(table__include__list="a(")["table.include.list"]
    assert "already specified" in faults(table__include__list="a", table__exclude__list="b")["table.exclude.list"]
    assert "not supported" in faults(converters="isbn")["topic.prefix"]
    assert "structured is not supported" in faults(time__precision__mode="structured")["time.precision.mode"]
    worker.create(name, source(publication__autocreate__mode="disabled"))
    assert f"Publication '{name}' is not there" in failed(worker, name)
    worker.request("PUT", f"/connectors/{name}/config", source(publication__autocreate__mode="filtered", table__include__list="public.none"))
    assert "No table filters found" in failed(worker, name)
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, n numeric(5,1)); INSERT INTO t VALUES (1, 'NaN')")
    worker.request("PUT", f"/connectors/{name}/config", source())
    trace = failed(worker, name)
    assert "Cannot convert column 'n' of table 'public.t'" in trace and "decimal.handling.mode" in trace
    worker.request("PUT", f"/connectors/{name}/config", source(decimal__handling__mode="string"))
    assert events(worker, kafka, f"{name}.public.t", 1) == [("r", 1)]


def test_many_deletes_keep_the_order_of_each_key(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    worker.create(name, source(snapshot__mode="no_data"))
    streams(worker, postgres, name)
    with postgres.connect(database, autocommit=False) as connection:
        connection.execute("DELETE FROM t")
        connection.execute("INSERT INTO t SELECT generate_series(1, 100, 2)")
        connection.execute("DELETE FROM t WHERE id < 50")
        connection.commit()
    topic = f"{name}.public.t"
    worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == topic).get(topic, 0) >= 300, "all are there", timeout=30)
    found = {}
    for record in kafka.consume_all(topic):
        found.setdefault(json.loads(record.key)["id"], []).append(json.loads(record.value)["op"] if record.value else None)
    once = ["d", None]
    assert found == {i: once + (["c"] if i % 2 else []) + (once if i % 2 and i < 50 else []) for i in range(1, 101)}


@pytest.mark.parametrize("chain", [{}, {"transforms": "own", "transforms.own.type": "org.apache.kafka.connect.transforms.InsertHeader",
                                        "transforms.own.header": "own", "transforms.own.value.literal": "5"}], ids=["no-transform", "transform"])
def test_headers_of_the_run_are_on_each_event_once(worker, kafka, postgres, database, source, name, chain):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    worker.create(name, {**source(), **chain})
    streams(worker, postgres, name)
    postgres.query(database, "UPDATE t SET id = 3 WHERE id = 1")
    # The changed key: a delete, its tombstone and a create, each with the other's key.
    worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == f"{name}.public.t").get(f"{name}.public.t", 0) == 5, "all events are there", timeout=30)
    records = [[header for header, _ in record.headers] for record in kafka.consume_all(f"{name}.public.t")]
    run = ["__debezium.context." + which for which in ("connectorLogicalName", "taskId", "connectorName", "runId")]
    own = ["own"] if chain else []
    assert records == [run + own, run + own, ["__debezium.newkey"] + run + own, ["__debezium.newkey"] + run + own, ["__debezium.oldkey"] + run + own]
    assert len({dict(record.headers)[run[3]] for record in kafka.consume_all(f"{name}.public.t")}) == 1


# PostGIS's and pgvector's types as they show in the log: texts, under the names by which Debezium knows them.
STAND_INS = "".join(f"""CREATE TYPE {name}; CREATE FUNCTION {name}_in(cstring) RETURNS {name} AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION {name}_out({name}) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE {name} (INPUT = {name}_in, OUTPUT = {name}_out, LIKE = text, DELIMITER = '{delimiter}');
""" for name, delimiter in (("geometry", ":"), ("geography", ":"), ("sparsevec", ",")))


def test_geometries_and_sparse_vectors(worker, kafka, postgres, database, source, name):
    point, located = "0101000000000000000000F03F0000000000000040", "0101000020E6100000000000000000F03F0000000000000040"
    big_endian = "00200000010000" + "10E6" + "3FF0000000000000" + "4000000000000000"
    postgres.query(database, STAND_INS)
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, g geometry, gn geometry NOT NULL, o geography, ga geometry[], v sparsevec, b box, c circle, mr int4multirange)")
    postgres.query(database, "ALTER TABLE t REPLICA IDENTITY DEFAULT")
    postgres.query(database, f"INSERT INTO t VALUES (1, '{point}', '{located}', '{big_endian}', '{{{point}:{located}}}', '{{1:0.5,3:-2}}/5', '((1,1),(0,0))', '<(0,0),1>', '{{[1,2)}}'); "
                             f"INSERT INTO t VALUES (2, NULL, '{point}')")
    worker.create(name, {**source(), "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "true"})
    streams(worker, postgres, name)
    postgres.query(database, "UPDATE t SET id = 3 WHERE id = 2; DELETE FROM t WHERE id = 1")
    worker.process.wait_until(lambda: kafka.record_counts(lambda t: t == f"{name}.public.t").get(f"{name}.public.t", 0) >= 6, "all events are there", timeout=30)
    found = [json.loads(record.value) for record in kafka.consume_all(f"{name}.public.t") if record.value]
    fields = {f["field"]: f for f in next(f for f in found[0]["schema"]["fields"] if f["field"] == "after")["fields"]}
    assert list(fields) == ["id", "g", "gn", "o", "ga", "v"]
    wkb = [{"type": "bytes", "optional": False, "field": "wkb"}, {"type": "int32", "optional": True, "field": "srid"}]
    assert (fields["g"]["name"], fields["g"]["fields"], fields["g"]["version"], fields["g"]["doc"]) == ("io.debezium.data.geometry.Geometry", wkb, 1, "Geometry")
    assert (fields["o"]["name"], fields["o"]["fields"], fields["o"]["doc"]) == ("io.debezium.data.geometry.Geography", wkb, "Geography")
    assert (fields["ga"]["items"]["name"], fields["ga"]["items"]["optional"]) == ("io.debezium.data.geometry.Geometry", True)
    assert fields["v"]["name"] == "io.debezium.data.SparseDoubleVector"
    value = lambda digits, srid: {"wkb": base64.b64encode(bytes.fromhex(digits)).decode(), "srid": srid}
    rows = [event["payload"]["after"] for event in found]
    assert rows[0] == {"id": 1, "g": value(point, None), "gn": value(located, 4326), "o": value(big_endian, 4326), "ga": [value(point, None), value(located, 4326)],
                       "v": {"dimensions": 5, "vector": [[1, 0.5], [3, -2.0]]}}
    assert rows[1] == {"id": 2, "g": None, "gn": value(point, None), "o": None, "ga": None, "v": None}
    # Of a row that is gone the key alone is known: what must have a value has an empty collection.
    assert [event["payload"]["before"]["gn"] for event in found if event["payload"]["op"] == "d"] == [value("010700000000000000", None)] * 2


def rows_of(kafka, topic):
    """Each change's operation, its row and the names of its fields, in order."""
    return [(event["op"], event["after"] or event["before"]) for event in (json.loads(r.value) for r in kafka.consume_all(topic) if r.value)]


def test_tables_change_in_the_middle_of_the_stream(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE gone (id int PRIMARY KEY, v text); CREATE TABLE again (id int PRIMARY KEY, v int)")
    worker.create(name, source(snapshot__mode="no_data", publication__autocreate__mode="all_tables"))
    streams(worker, postgres, name)
    steps = ["INSERT INTO t VALUES (1, 1, 'x')", "ALTER TABLE t ADD c numeric(5,1) DEFAULT 2.5", "INSERT INTO t VALUES (2, 2, 'y', 1.5)", "ALTER TABLE t DROP a",
             "INSERT INTO t VALUES (3, 'z', 3.5)", "ALTER TABLE t RENAME b TO renamed", "UPDATE t SET renamed = 'w' WHERE id = 3", "ALTER TABLE t ALTER id TYPE bigint",
             "INSERT INTO t VALUES (9876543210, 'big', NULL)", "ALTER TABLE t ALTER c TYPE text", "INSERT INTO t VALUES (5, 'text', 'free')",
             "CREATE TABLE fresh (id int PRIMARY KEY, v text)", "INSERT INTO fresh VALUES (1, 'new')", "INSERT INTO gone VALUES (1, 'last words')", "DROP TABLE gone",
             "INSERT INTO again VALUES (1, 1)", "DROP TABLE again", "CREATE TABLE again (id text PRIMARY KEY, w date)", "INSERT INTO again VALUES ('k', '2024-06-15')",
             "ALTER TABLE t RENAME TO moved", "INSERT INTO moved VALUES (6, 'elsewhere', 'x')"]
    for step in steps:
        postgres.query(database, step)
    counts = lambda: kafka.record_counts(lambda t: t.startswith(f"{name}.public."))
    wanted = {f"{name}.public.{table}": count for table, count in {"t": 6, "fresh": 1, "gone": 1, "again": 2, "moved": 1}.items()}
    worker.process.wait_until(lambda: counts() == wanted, "all changes are there", timeout=30)
    number = lambda unscaled: base64.b64encode(bytes([unscaled])).decode()
    rows = rows_of(kafka, f"{name}.public.t")
    # Whether the column has a default, for which JsonConverter writes a null, is what the catalog says when the change is read: by then it may be a text.
    assert rows[4] in (("c", {"id": 9876543210, "renamed": "big", "c": value}) for value in (number(25), None))
    rows[4][1]["c"] = number(25)
    assert rows == [
        ("c", {"id": 1, "a": 1, "b": "x"}), ("c", {"id": 2, "a": 2, "b": "y", "c": number(15)}), ("c", {"id": 3, "b": "z", "c": number(35)}),
        ("u", {"id": 3, "renamed": "w", "c": number(35)}), ("c", {"id": 9876543210, "renamed": "big", "c": number(25)}), ("c", {"id": 5, "renamed": "text", "c": "free"})]
    assert rows_of(kafka, f"{name}.public.fresh") == [("c", {"id": 1, "v": "new"})]
    assert rows_of(kafka, f"{name}.public.gone") == [("c", {"id": 1, "v": "last words"})]
    assert rows_of(kafka, f"{name}.public.again") == [("c", {"id": 1, "v": 1}), ("c", {"id": "k", "w": 19889})]
    assert rows_of(kafka, f"{name}.public.moved") == [("c", {"id": 6, "renamed": "elsewhere", "c": "x"})]


def test_changes_of_tables_that_are_other_ones_by_now(worker, kafka, postgres, database, source, name):
    # The log is read after all of this has happened: the catalog shows none of the tables as its records have them.
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE gone (id int PRIMARY KEY, v text)")
    worker.create(name, source(snapshot__mode="no_data", publication__autocreate__mode="all_tables"))
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO t VALUES (0, 0, 'first')")
    stored = lambda: worker.request("GET", f"/connectors/{name}/offsets")["offsets"]
    worker.process.wait_until(lambda: stored() and "lsn_commit" in stored()[0]["offset"], "the offset is stored")
    worker.request("PUT", f"/connectors/{name}/stop")
    free = f"SELECT active FROM pg_replication_slots WHERE slot_name = '{name}'"
    worker.process.wait_until(lambda: postgres.query("postgres", free) == [(False,)], "the slot is free")
    for step in ["INSERT INTO t VALUES (1, 1, 'x')", "INSERT INTO gone VALUES (1, 'last words')", "DELETE FROM gone", "DROP TABLE gone", "ALTER TABLE t DROP CONSTRAINT t_pkey",
                 "ALTER TABLE t ADD PRIMARY KEY (a)", "INSERT INTO t VALUES (2, 2, 'y')", "DELETE FROM t WHERE a = 2", "ALTER TABLE t DROP id", "ALTER TABLE t ADD m int[]",
                 "INSERT INTO t VALUES (3, 'z', '{1,2}')", "DROP TABLE t", "CREATE TABLE t (id uuid PRIMARY KEY)",
                 "INSERT INTO t VALUES ('0188b2a6-3a51-4f4a-8d27-3d1b1f6b1a11')"]:
        postgres.query(database, step)
    worker.request("PUT", f"/connectors/{name}/resume")
    topic = f"{name}.public.t"
    counts = lambda: kafka.record_counts(lambda t: t.startswith(f"{name}.public."))
    wanted = {topic: 7, f"{name}.public.gone": 3}  # each delete with its tombstone
    worker.process.wait_until(lambda: counts() == wanted, "all changes are there", timeout=30)
    assert rows_of(kafka, topic)[1:] == [
        ("c", {"id": 1, "a": 1, "b": "x"}), ("c", {"id": 2, "a": 2, "b": "y"}), ("d", {"id": 0, "a": 2, "b": None}), ("c", {"a": 3, "b": "z", "m": [1, 2]}),
        ("c", {"id": "0188b2a6-3a51-4f4a-8d27-3d1b1f6b1a11"})]
    assert [op for op, _ in rows_of(kafka, f"{name}.public.gone")] == ["c", "d"]


def test_new_tables_of_a_filtered_publication_come_with_the_next_start(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE a_1 (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)")
    config = source(snapshot__mode="no_data", publication__autocreate__mode="filtered", table__include__list="public\\.a_.*")
    worker.create(name, config)
    streams(worker, postgres, name)
    published = lambda: {row[0] for row in postgres.query(database, f"SELECT tablename FROM pg_publication_tables WHERE pubname = '{name}'")}
    assert published() == {"a_1"}
    postgres.query(database, "CREATE TABLE a_2 (id int PRIMARY KEY); INSERT INTO a_2 VALUES (1); INSERT INTO a_1 VALUES (1); DROP TABLE b")
    assert events(worker, kafka, f"{name}.public.a_1", 1) == [("c", 1)]
    worker.request("POST", f"/connectors/{name}/restart?includeTasks=true")
    worker.process.wait_until(lambda: published() == {"a_1", "a_2"}, "the publication has the new table", timeout=30)
    streams(worker, postgres, name)
    postgres.query(database, "INSERT INTO a_2 VALUES (2)")
    assert events(worker, kafka, f"{name}.public.a_2", 1) == [("c", 2)]


def test_log_that_the_server_has_given_up(worker, kafka, source, name, tmp_path):
    with Postgres(settings={"max_slot_wal_keep_size": "1MB", "wal_keep_size": "0", "max_wal_size": "32MB", "min_wal_size": "32MB", "checkpoint_timeout": "30s"}) as own:
        database = own.create_database()
        own.query(database, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
        config = {**source(), "database.hostname": own.host, "database.port": str(own.port), "database.user": own.user, "database.password": own.password,
                  "database.dbname": database}
        worker.create(name, config)
        assert events(worker, kafka, f"{name}.public.t", 1) == [("r", 1)]
        streams(worker, own, name)
        own.query(database, "INSERT INTO t VALUES (2, 'b')")
        stored = lambda: worker.request("GET", f"/connectors/{name}/offsets")["offsets"]
        worker.process.wait_until(lambda: stored() and "lsn_commit" in stored()[0]["offset"], "the offset is stored")
        worker.request("PUT", f"/connectors/{name}/stop")
        lost = f"SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = '{name}'"
        for i in range(40):
            if own.query("postgres", lost) == [(True,)]:
                break
            own.query(database, f"INSERT INTO t SELECT g, repeat(md5(g::text), 60) FROM generate_series({1000 + i * 3000}, {3999 + i * 3000}) g")
            own.query(database, "SELECT pg_switch_wal()")
            own.query(database, "CHECKPOINT")
        assert own.query("postgres", lost) == [(True,)]
        own.query(database, "DELETE FROM t WHERE id >= 1000")
        worker.request("PUT", f"/connectors/{name}/resume")
        assert "has lost log that it needs" in failed(worker, name)
        # The rows again, through a slot made anew, and then what follows.
        worker.request("PUT", f"/connectors/{name}/config", {**config, "snapshot.mode": "when_needed"})
        assert events(worker, kafka, f"{name}.public.t", 4)[2:] == [("r", 1), ("r", 2)]
        streams(worker, own, name)
        own.query(database, "INSERT INTO t VALUES (3, 'c')")
        assert events(worker, kafka, f"{name}.public.t", 5)[-1] == ("c", 3)
        worker.delete(name)


def test_a_snapshot_that_was_asked_for_can_be_stopped(worker, kafka, postgres, database, source, name):
    postgres.query(database, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE signals (id text PRIMARY KEY, type text, data text); "
                             "INSERT INTO t SELECT g, repeat('x', 400) FROM generate_series(1, 400000) g; INSERT INTO u VALUES (1)")
    worker.create(name, source(snapshot__mode="no_data", signal__data__collection="public.signals", max__batch__size="500"))
    streams(worker, postgres, name)
    signal = "INSERT INTO signals VALUES (%s, %s, %s)"
    ask = lambda table: json.dumps({"data-collections": [f"public.{table}"], "type": "incremental"})
    # Nothing is under way yet: no snapshot that is asked for later ends by this.
    postgres.query(database, signal, ("zero", "stop-snapshot", "{}"))
    postgres.query(database, signal, ("one", "execute-snapshot", ask("t")))
    counts = lambda: kafka.record_counts(lambda t: t.startswith(f"{name}.public."))
    worker.process.wait_until(lambda: counts().get(f"{name}.public.t", 0) > 1000, "rows arrive", timeout=30)
    postgres.query(database, signal, ("two", "stop-snapshot", json.dumps({"type": "incremental"})))
    postgres.query(database, "UPDATE t SET v = 'changed' WHERE id = 399999")
    worker.process.wait_until(lambda: "Signal 'two' stops the snapshot of signal 'one'" in worker.log(), "it is stopped", timeout=30)
    # Changes go on, and so do later snapshots.
    postgres.query(database, signal, ("three", "execute-snapshot", ask("u")))
    assert events(worker, kafka, f"{name}.public.u", 1) == [("r", 1)]
    found = [json.loads(record.value) for record in kafka.consume_all(f"{name}.public.t")]
    assert found[-1]["op"] == "u" and found[-1]["after"] == {"id": 399999, "v": "changed"}
    assert 1000 < sum(event["op"] == "r" for event in found) < 400000
