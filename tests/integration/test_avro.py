"""Avro with a Schema Registry through real topics: written by fastavro and read by bywash, written by bywash and read by fastavro,
and a registry that goes away and comes back."""

import io
import json
import sqlite3
from decimal import Decimal

import fastavro
import pytest

from tests.integration.test_table import http, row, wait_count
from tests.support.bywash_process import Bywash
from tests.support.schema_registry import SchemaRegistry, frame

_CONVERTER = "io.confluent.connect.avro.AvroConverter"
_ORDER = {"type": "record", "name": "Order", "namespace": "com.acme", "fields": [
    {"name": "id", "type": "long"},
    {"name": "symbol", "type": {"type": "enum", "name": "Symbol", "symbols": ["AAA", "BBB"]}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
    {"name": "note", "type": ["null", "string"], "default": None},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}


@pytest.fixture(scope="module")
def registry():
    with SchemaRegistry() as server:
        yield server


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap))


def encoded(schema_id: int, schema: dict, record: dict) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(schema)), record)
    return frame(schema_id, out.getvalue())


def avro_sink(topic, file, registry, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "connection.url": f"jdbc:sqlite:{file}", "auto.create": "true",
            "auto.evolve": "true", "table.name.format": "t", "pk.mode": "record_value", "pk.fields": "id", "insert.mode": "upsert",
            "value.converter": _CONVERTER, "value.converter.schema.registry.url": registry.url,
            "value.converter.max.retries": "0", **more}


def rows_of(file, what="id") -> list:
    with sqlite3.connect(file) as connection:
        return connection.execute(f"SELECT {what} FROM t ORDER BY id").fetchall()


def test_what_fastavro_writes_is_read(kafka, topic, worker, registry, tmp_path):
    schema_id = registry.register(f"{topic}-value", _ORDER)
    newer = {**_ORDER, "fields": _ORDER["fields"] + [{"name": "extra", "type": ["null", "int"], "default": None}]}
    newer_id = registry.register(f"{topic}-value", newer)
    base = {"symbol": "BBB", "price": Decimal("12.50"), "note": None, "at": 1700000000123}
    values = [encoded(newer_id, newer, {**base, "id": i, "extra": i}) if i % 2 else encoded(schema_id, _ORDER, {**base, "id": i, "note": f"n{i}"})
              for i in range(100)]
    kafka.produce_many(topic, values)
    worker.create("read", avro_sink(topic, tmp_path / "t.db", registry))
    kafka.wait_committed("connect-read", topic)
    assert rows_of(tmp_path / "t.db", "id, symbol, CAST(price AS REAL), note, extra")[:2] == [(0, "BBB", 12.5, "n0", None), (1, "BBB", 12.5, None, 1)]
    assert len(rows_of(tmp_path / "t.db")) == 100


def test_bad_messages_fail_alone_and_are_named(kafka, topic, worker, registry, tmp_path):
    schema_id = registry.register(f"{topic}-value", _ORDER)
    good = encoded(schema_id, _ORDER, {"id": 1, "symbol": "AAA", "price": Decimal("1.00"), "note": "secret words", "at": 0})
    values = [good, b"\1" + good[1:], good[:-3], frame(999_999, good[5:]), b"\0\0"]
    kafka.produce_many(topic, values)
    queue = kafka.create_topic()
    worker.create("bad", avro_sink(topic, tmp_path / "t.db", registry, **{
        "errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue, "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true"}))
    kafka.wait_committed("connect-bad", topic)
    assert rows_of(tmp_path / "t.db") == [(1,)]
    records = kafka.consume_all(queue)
    assert sorted(record.value for record in records) == sorted(values[1:])
    messages = {record.value: dict(record.headers)["__connect.errors.exception.stacktrace"].decode() for record in records}
    assert "Unknown magic byte" in messages[values[1]]
    assert "the data ends in field" in messages[values[2]]
    assert "999999" in messages[values[3]]
    assert not any("secret" in message for message in messages.values())


def test_what_bywash_writes_fastavro_reads_and_a_sink_reads_again(kafka, topic, worker, registry, tmp_path):
    lines = [f"line {i} é" for i in range(50)]
    source = tmp_path / "lines.txt"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    worker.create("write", {
        "connector.class": "FileStreamSource", "file": str(source), "topic": topic, "tasks.max": "1",
        "transforms": "hoist,name", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value", "transforms.hoist.field": "id",
        "transforms.name.type": "org.apache.kafka.connect.transforms.SetSchemaMetadata$Value", "transforms.name.schema.name": "com.acme.Line",
        "value.converter": _CONVERTER, "value.converter.schema.registry.url": registry.url})
    records = kafka.consume_all(topic, count=len(lines))
    latest = registry.latest(f"{topic}-value")
    schema = fastavro.parse_schema(json.loads(latest["schema"]))
    assert schema["name"] == "com.acme.Line"
    read = []
    for record in records:
        assert record.value[:5] == frame(latest["id"], b"")
        read.append(fastavro.schemaless_reader(io.BytesIO(record.value[5:]), schema, None)["id"])
    assert read == lines
    worker.create("again", avro_sink(topic, tmp_path / "t.db", registry))
    kafka.wait_committed("connect-again", topic)
    assert [row[0] for row in rows_of(tmp_path / "t.db")] == sorted(lines)


def test_a_registry_that_is_down_pauses_the_task_and_loses_nothing(kafka, topic, worker, registry, tmp_path):
    schema_id = registry.register(f"{topic}-value", _ORDER)
    record = {"symbol": "AAA", "price": Decimal("1.00"), "note": None, "at": 0}
    kafka.produce_many(topic, [encoded(schema_id, _ORDER, {**record, "id": i}) for i in range(20)])
    queue = kafka.create_topic()
    registry.door.shut()
    try:
        worker.create("down", avro_sink(topic, tmp_path / "t.db", registry, **{
            "errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue, "errors.deadletterqueue.topic.replication.factor": "1"}))
        worker.process.wait_until(lambda: "Cannot convert records now" in worker.log(), "the task waits for the registry")
        assert worker.status("down")["tasks"][0]["state"] == "RUNNING"
    finally:
        registry.door.open()
    kafka.wait_committed("connect-down", topic)
    assert len(rows_of(tmp_path / "t.db")) == 20
    assert kafka.consume_all(queue) == []


def test_a_source_waits_for_its_registry_too(kafka, topic, worker, registry, tmp_path):
    (tmp_path / "lines.txt").write_text("a\nb\n", encoding="utf-8")
    registry.door.shut()
    try:
        worker.create("waits", {"connector.class": "FileStreamSource", "file": str(tmp_path / "lines.txt"), "topic": topic,
                                "value.converter": _CONVERTER, "value.converter.schema.registry.url": registry.url,
                                "value.converter.max.retries": "0"})
        worker.process.wait_until(lambda: "Cannot convert records now" in worker.log(), "the task waits for the registry")
    finally:
        registry.door.open()
    records = kafka.consume_all(topic, count=2)
    assert [record.value[5:] for record in records] == [b"\x02a", b"\x02b"]
    assert registry.latest(f"{topic}-value")["schema"] == '"string"'


def test_the_latest_version_is_written_with(kafka, topic, worker, registry, tmp_path):
    (tmp_path / "lines.txt").write_text("a\n", encoding="utf-8")
    schema = {"type": "record", "name": "Line", "namespace": "com.acme", "fields": [
        {"name": "more", "type": ["null", "int"], "default": None}, {"name": "text", "type": ["null", "string"], "default": None}]}
    schema_id = registry.register(f"{topic}-value", schema)
    worker.create("latest", {
        "connector.class": "FileStreamSource", "file": str(tmp_path / "lines.txt"), "topic": topic, "transforms": "hoist,name",
        "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value", "transforms.hoist.field": "text",
        "transforms.name.type": "org.apache.kafka.connect.transforms.SetSchemaMetadata$Value", "transforms.name.schema.name": "com.acme.Line",
        "value.converter": _CONVERTER, "value.converter.schema.registry.url": registry.url,
        "value.converter.auto.register.schemas": "false", "value.converter.use.latest.version": "true"})
    record = kafka.consume_all(topic, count=1)[0]
    assert record.value == frame(schema_id, b"\x00\x02\x02a")


def test_a_table_reads_avro_by_the_registry_and_counts_what_is_none(kafka, topic, registry, start_bywash):
    schema_id = registry.register(f"{topic}-value", _ORDER)
    program = start_bywash(Bywash.analytics())
    schema = {"schemaName": "stock_transactions", "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:DAYS"}],
              "dimensionFieldSpecs": [{"name": name, "dataType": kind} for name, kind in (("id", "LONG"), ("symbol", "STRING"), ("price", "DOUBLE"), ("note", "STRING"))]}
    assert http("POST", program.controller_url + "/schemas", schema)[0] == 200
    decoder = "org.apache.pinot.plugin.inputformat.avro.confluent.KafkaConfluentSchemaRegistryAvroMessageDecoder"
    stream = {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap, "stream.kafka.decoder.class.name": decoder,
              "stream.kafka.decoder.prop.schema.registry.rest.url": registry.url, "stream.kafka.consumer.prop.auto.offset.reset": "smallest"}
    table = {"tableName": "stock_transactions", "tableType": "REALTIME", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"},
             "tableIndexConfig": {}, "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [stream]}}}
    status, answer = http("POST", program.controller_url + "/tables", table)
    assert status == 200, answer
    good = [encoded(schema_id, _ORDER, {"id": i, "symbol": "BBB", "price": Decimal("12.50"), "note": None if i % 2 else f"n{i}", "at": 1700000000123 + i})
            for i in range(50)]
    kafka.produce_many(topic, good[:25] + [b"\1 no magic", good[0][:-3]] + good[25:])
    wait_count(program, 50)
    assert row(program, "SELECT id, symbol, price, note, at FROM stock_transactions WHERE id = 4") == [4, "BBB", 12.5, "n4", 1700000000127]
    assert row(program, "SELECT COUNT(*), SUM(price) FROM stock_transactions WHERE note = 'null'") == [25, 312.5]
    counted = [line for line in http("GET", program.controller_url + "/metrics")[1].splitlines() if "records_dropped_total" in line and "undecodable" in line]
    assert len(counted) == 1 and float(counted[0].rsplit(" ", 1)[1]) == 2
