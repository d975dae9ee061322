"""What becomes of bad records and unreachable systems: tolerated, sent to the dead letter queue, or told in the task's status."""

import sqlite3
import urllib.request

import pytest

from tests.support.bywash_process import Bywash

_CONTEXT = ["topic", "partition", "offset", "connector.name", "task.id", "stage", "class.name", "exception.class.name", "exception.message",
            "exception.stacktrace"]


def sqlite_sink(topic, file, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "connection.url": f"jdbc:sqlite:{file}",
            "auto.create": "true", "pk.mode": "record_value", "pk.fields": "id", "insert.mode": "upsert", "table.name.format": "t", **more}


def dlq(name):
    return {"errors.tolerance": "all", "errors.deadletterqueue.topic.name": name, "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true"}


def headers_of(record) -> dict:
    return {key: (value or b"").decode() for key, value in record.headers}


def outcomes(worker, connector) -> dict:
    """How many of a source's records were read, and what has become of them."""
    with urllib.request.urlopen(f"{worker.url}/metrics", timeout=30) as answer:
        lines = [line for line in answer.read().decode().splitlines() if f'connector="{connector}"' in line]
    names = {"read": "source_task_metrics_source_record_poll_total", "sent": "source_task_metrics_source_record_write_total",
             "filtered": "source_task_metrics_record_filtered_total", "skipped": "task_error_metrics_total_records_skipped"}
    return {key: sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"kafka_connect_{name}{{")) for key, name in names.items()}


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap))


def test_bad_records_of_every_stage_reach_the_dlq_and_the_others_the_table(kafka, topic, worker, tmp_path):
    values = [b'{"id":1,"v":"a"}', b"{bad", b'{"id":2,"v":"b"}', b"[1,2]", b'{"id":3,"v":"d"}']
    kafka.produce_many(topic, values)
    queue = kafka.create_topic()
    worker.create("bad", sqlite_sink(topic, tmp_path / "t.db", **dlq(queue)))
    kafka.wait_committed("connect-bad", topic)
    with sqlite3.connect(tmp_path / "t.db") as connection:
        assert connection.execute("SELECT id, v FROM t ORDER BY id").fetchall() == [(1, "a"), (2, "b"), (3, "d")]
    records = kafka.consume_all(queue)
    assert [record.value for record in records if record.value in values] == [record.value for record in records]
    assert sorted(record.value for record in records) == sorted([b"{bad", b"[1,2]"])
    for record in records:
        headers = headers_of(record)
        assert [f"__connect.errors.{name}" for name in _CONTEXT] == list(headers)
        assert headers["__connect.errors.topic"] == topic and headers["__connect.errors.connector.name"] == "bad"
    stages = {record.value: headers_of(record)["__connect.errors.stage"] for record in records}
    assert stages[b"{bad"] == "VALUE_CONVERTER" and stages[b"[1,2]"] == "TASK_PUT"


def test_bad_records_with_the_same_offset_in_two_partitions_part(kafka, worker, tmp_path):
    topic = kafka.create_topic(partitions=3)
    for partition in range(3):
        kafka.produce_many(topic, [b"[1]", b'{"id":%d}' % partition, b"[2]"], partition=partition)
    queue = kafka.create_topic()
    worker.create("same", sqlite_sink(topic, tmp_path / "t.db", **dlq(queue)))
    kafka.wait_committed("connect-same", topic)
    with sqlite3.connect(tmp_path / "t.db") as connection:
        assert connection.execute("SELECT id FROM t ORDER BY id").fetchall() == [(0,), (1,), (2,)]
    where = sorted((headers_of(record)["__connect.errors.partition"], headers_of(record)["__connect.errors.offset"])
                   for record in kafka.consume_all(queue))
    assert where == [(str(partition), offset) for partition in range(3) for offset in ("0", "2")]


def test_without_tolerance_the_task_fails_alone_and_says_why(kafka, topic, worker, tmp_path):
    kafka.produce_many(topic, [b'{"id":1}', b"{bad"])
    worker.create("strict", sqlite_sink(topic, tmp_path / "t.db"))
    worker.process.wait_until(lambda: worker.status("strict")["tasks"][0]["state"] == "FAILED", "the task has failed")
    status = worker.status("strict")
    assert status["connector"]["state"] == "RUNNING"
    trace = status["tasks"][0]["trace"].splitlines()
    assert trace[0] == "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler"
    assert "org.apache.kafka.connect.errors.DataException" in trace[1]
    assert "bad" not in trace[1], "a record's content is in no message"
    assert trace[-1].strip() == f"at topic '{topic}', partition 0, offset 1 (VALUE_CONVERTER in org.apache.kafka.connect.json.JsonConverter)"


@pytest.mark.parametrize("way", ["transform", "converter"])
def test_a_source_skips_what_its_chain_or_converter_refuses(kafka, topic, worker, tmp_path, way):
    lines = ["1", "x", "2", "70000", "-3"]
    (tmp_path / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {"connector.class": "FileStreamSource", "file": str(tmp_path / "lines.txt"), "topic": topic, "errors.tolerance": "all",
              "transforms": "number", "transforms.number.type": "org.apache.kafka.connect.transforms.Cast$Value", "transforms.number.spec": "int16",
              "value.converter": "org.apache.kafka.connect.converters.ShortConverter"}
    if way == "converter":
        config["transforms.number.spec"] = "int32"
    worker.create("lines", config)
    read = {"transform": 3, "converter": 0}[way]
    worker.process.wait_until(lambda: outcomes(worker, "lines")["read"] == len(lines) == sum(outcomes(worker, "lines")[key] for key in ("sent", "filtered", "skipped")),
                              "every record is written, filtered or skipped")
    assert outcomes(worker, "lines")["sent"] == read
    assert [int.from_bytes(record.value, "big", signed=True) for record in kafka.consume_all(topic, count=read)] == [1, 2, -3][:read]
    assert worker.status("lines")["tasks"][0]["state"] == "RUNNING"
