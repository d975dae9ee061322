"""Protobuf and JSON Schema with a Schema Registry through real topics: written by Google's protobuf (and plain json) and read by bywash,
written by bywash and read by them."""

import json
import sqlite3

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2

from tests.support.bywash_process import Bywash
from tests.support.schema_registry import SchemaRegistry, frame

_PROTOBUF = "io.confluent.connect.protobuf.ProtobufConverter"
_JSON_SCHEMA = "io.confluent.connect.json.JsonSchemaConverter"
_PART = 'syntax = "proto3"; package shop; message Part { string name = 1; }'
_ORDER = """syntax = "proto3"; package shop;
import "google/protobuf/timestamp.proto"; import "part.proto";
message Unused { int32 x = 1; }
message Order { int32 id = 1; string symbol = 2; double price = 3; google.protobuf.Timestamp at = 4; sint64 delta = 5; Part part = 6; }"""


@pytest.fixture(scope="module")
def registry():
    with SchemaRegistry() as server:
        yield server


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap))


def order_class():
    """The message class of _ORDER, from descriptors made by hand: Python's protobuf has no parser of .proto texts."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    types = descriptor_pb2.FieldDescriptorProto
    part = descriptor_pb2.FileDescriptorProto(name="part.proto", package="shop", syntax="proto3")
    part.message_type.add(name="Part").field.add(name="name", number=1, type=types.TYPE_STRING, label=1)
    pool.Add(part)
    file = descriptor_pb2.FileDescriptorProto(name="order.proto", package="shop", syntax="proto3",
                                              dependency=["google/protobuf/timestamp.proto", "part.proto"])
    order = file.message_type.add(name="Order")
    for number, (name, kind, message) in enumerate([("id", types.TYPE_INT32, None), ("symbol", types.TYPE_STRING, None), ("price", types.TYPE_DOUBLE, None),
                                                    ("at", types.TYPE_MESSAGE, ".google.protobuf.Timestamp"), ("delta", types.TYPE_SINT64, None),
                                                    ("part", types.TYPE_MESSAGE, ".shop.Part")], start=1):
        order.field.add(name=name, number=number, type=kind, label=1, type_name=message)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


def sink(topic, file, registry, converter, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "connection.url": f"jdbc:sqlite:{file}", "auto.create": "true",
            "table.name.format": "t", "pk.mode": "record_value", "pk.fields": "id", "insert.mode": "upsert",
            "value.converter": converter, "value.converter.schema.registry.url": registry.url, **more}


def lines_source(topic, file, registry, converter, **more):
    return {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "tasks.max": "1",
            "value.converter": converter, "value.converter.schema.registry.url": registry.url, **more}


def rows_of(file, what="id") -> list:
    with sqlite3.connect(file) as connection:
        return connection.execute(f"SELECT {what} FROM t ORDER BY id").fetchall()


def test_what_googles_protobuf_writes_is_read_and_bad_messages_fail_alone(kafka, topic, worker, registry, tmp_path):
    registry.register(f"{topic}-part", _PART, kind="PROTOBUF")
    schema_id = registry.register(f"{topic}-value", _ORDER, kind="PROTOBUF", references=[{"name": "part.proto", "subject": f"{topic}-part", "version": 1}])
    message = order_class()
    values = []
    for i in range(100):
        order = message(id=i, symbol=f"S{i}", price=i + 0.5, delta=-i, part={"name": "p"})
        order.at.FromMilliseconds(1_700_000_000_123)
        values.append(frame(schema_id, b"\x02\x02" + order.SerializeToString()))
    bad = [values[7][:-2], b"\1" + values[7][1:], values[7][:5] + b"\x02\x08" + values[7][7:]]
    kafka.produce_many(topic, values + bad)
    queue = kafka.create_topic()
    worker.create("read", sink(topic, tmp_path / "t.db", registry, _PROTOBUF, **{
        "transforms": "drop", "transforms.drop.type": "org.apache.kafka.connect.transforms.ReplaceField$Value", "transforms.drop.exclude": "part",
        "errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue, "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true"}))
    kafka.wait_committed("connect-read", topic)
    assert rows_of(tmp_path / "t.db", "id, symbol, price, delta") == [(i, f"S{i}", i + 0.5, -i) for i in range(100)]
    records = kafka.consume_all(queue)
    assert sorted(record.value for record in records) == sorted(bad)
    assert {dict(record.headers)["__connect.errors.exception.class.name"] for record in records} == {b"org.apache.kafka.connect.errors.DataException"}


def test_what_bywash_writes_googles_protobuf_reads(kafka, topic, worker, registry, tmp_path):
    lines = [f"line {i} é" for i in range(20)]
    (tmp_path / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    worker.create("bare", lines_source(topic, tmp_path / "lines.txt", registry, _PROTOBUF))
    records = kafka.consume_all(topic, count=len(lines))
    latest = registry.latest(f"{topic}-value")
    assert "message StringValue" in latest["schema"]
    # The eighth message of wrappers.proto: one index, 7, zigzag.
    assert {record.value[:7] for record in records} == {frame(latest["id"], b"\x02\x0e")}
    assert [wrappers_pb2.StringValue.FromString(record.value[7:]).value for record in records] == lines

    other = kafka.create_topic()
    worker.create("struct", lines_source(other, tmp_path / "lines.txt", registry, _PROTOBUF, **{
        "transforms": "hoist", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value", "transforms.hoist.field": "id"}))
    records = kafka.consume_all(other, count=len(lines))
    assert "string id = 1;" in registry.latest(f"{other}-value")["schema"]
    assert [wrappers_pb2.StringValue.FromString(record.value[6:]).value for record in records] == lines
    worker.create("again", sink(other, tmp_path / "t.db", registry, _PROTOBUF))
    kafka.wait_committed("connect-again", other)
    assert [row[0] for row in rows_of(tmp_path / "t.db")] == sorted(lines)


def test_json_schema_both_ways(kafka, topic, worker, registry, tmp_path):
    schema = {"type": "object", "title": "Order", "properties": {
        "id": {"type": "integer", "connect.index": 0}, "note": {"oneOf": [{"type": "null"}, {"type": "string"}], "connect.index": 1},
        "price": {"type": "number", "connect.type": "float32", "connect.index": 2}}}
    schema_id = registry.register(f"{topic}-value", schema, kind="JSON")
    kafka.produce_many(topic, [frame(schema_id, json.dumps({"price": i / 2, "id": i, "note": None if i % 2 else "n"}).encode()) for i in range(50)])
    worker.create("json-read", sink(topic, tmp_path / "t.db", registry, _JSON_SCHEMA))
    kafka.wait_committed("connect-json-read", topic)
    assert rows_of(tmp_path / "t.db", "id, note, price")[:2] == [(0, "n", 0.0), (1, None, 0.5)]
    assert len(rows_of(tmp_path / "t.db")) == 50

    lines = [f'say "{i}"' for i in range(20)]
    (tmp_path / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    other = kafka.create_topic()
    worker.create("json-write", lines_source(other, tmp_path / "lines.txt", registry, _JSON_SCHEMA, **{
        "transforms": "hoist", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value", "transforms.hoist.field": "id"}))
    records = kafka.consume_all(other, count=len(lines))
    latest = registry.latest(f"{other}-value")
    assert json.loads(latest["schema"]) == {"type": "object", "properties": {"id": {"type": "string", "connect.index": 0}}}
    assert [json.loads(record.value[5:]) for record in records] == [{"id": line} for line in lines]
    assert {record.value[:5] for record in records} == {frame(latest["id"], b"")}
