"""The S3 source over a real Kafka and a real S3 server: a topic goes out through the sink and comes back, new objects are picked up."""

import json
import time

import pytest

from tests.support.kafka_clients import Record, unique

FORMATS = {"avro": "io.confluent.connect.s3.format.avro.AvroFormat", "parquet": "io.confluent.connect.s3.format.parquet.ParquetFormat",
           "json": "io.confluent.connect.s3.format.json.JsonFormat"}
WORKER = {"offset.flush.interval.ms": "200"}


def wait_for(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {timeout} s"
        time.sleep(0.1)


def sink(topic, bucket, **more):
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": bucket, "s3.region": "us-east-1", "flush.size": "50",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter", "header.converter": "org.apache.kafka.connect.storage.StringConverter",
            "storage.class": "io.confluent.connect.s3.storage.S3Storage", **more}


def source(bucket, **more):
    return {"connector.class": "io.confluent.connect.s3.source.S3SourceConnector", "tasks.max": "2", "s3.bucket.name": bucket, "s3.region": "us-east-1",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter", "header.converter": "org.apache.kafka.connect.storage.StringConverter",
            "s3.poll.interval.ms": "200", **more}


def to_topic(topic):
    return {"transforms": "route", "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter", "transforms.route.regex": ".*", "transforms.route.replacement": topic}


def records_of(kafka, topic):
    """By partition, in order: (key, value, headers)."""
    out = {}
    for record in kafka.consume_all(topic):
        out.setdefault(record.partition, []).append((record.key, json.loads(record.value), record.headers))
    return out


@pytest.mark.parametrize("form", ["parquet", "json"])  # every pair of formats: s3_source_test.cpp
def test_partitions_order_keys_and_headers_come_back(kafka, s3, bucket, start_bywash, form):
    first, back = kafka.create_topic(partitions=3), kafka.create_topic(partitions=3)
    beside = {"store.kafka.keys": "true", "store.kafka.headers": "true", "keys.format.class": FORMATS[form], "headers.format.class": FORMATS["json"]}
    total = 0
    for partition, count in enumerate((150, 400, 50)):
        kafka.produce(first, [Record(json.dumps({"id": i, "name": f"n{i}", "odd": bool(i % 2)}).encode(), key=f"k{i}".encode(), partition=partition,
                                     headers=[("h", str(i).encode())]) for i in range(count)])
        total += count
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=WORKER)
    out, into = unique("out"), unique("in")
    # Paths by time: the source finds every layout by the objects' names.
    worker.create(out, sink(first, bucket, **beside, **{
        "format.class": FORMATS[form], "partitioner.class": "io.confluent.connect.storage.partitioner.HourlyPartitioner", "locale": "en", "timezone": "UTC",
        "timestamp.extractor": "Record"}))
    kafka.wait_committed(f"connect-{out}", first)
    worker.create(into, source(bucket, **beside, **to_topic(back), **{"format.class": FORMATS[form]}))
    wait_for("all records", lambda: sum(kafka.end_offsets(back).values()) == total)
    assert records_of(kafka, back) == records_of(kafka, first)
    # What is new is picked up; what is done is not read again, also after a restart.
    wait_for("all objects done", lambda: len(worker.request("GET", f"/connectors/{into}/offsets")["offsets"]) == total // 50)
    worker.stop()
    worker.start()
    worker.create(out, sink(first, bucket, **beside, **{
        "format.class": FORMATS[form], "partitioner.class": "io.confluent.connect.storage.partitioner.HourlyPartitioner", "locale": "en", "timezone": "UTC",
        "timestamp.extractor": "Record"}))
    worker.create(into, source(bucket, **beside, **to_topic(back), **{"format.class": FORMATS[form]}))
    kafka.produce(first, [Record(json.dumps({"id": i, "name": "new", "odd": False}).encode(), key=b"new", partition=1, headers=[("h", b"x")]) for i in range(50)])
    wait_for("the new records", lambda: sum(kafka.end_offsets(back).values()) >= total + 50)
    time.sleep(0.5)
    assert records_of(kafka, back) == records_of(kafka, first)
    offsets = {entry["partition"]["object"]: entry["offset"] for entry in worker.request("GET", f"/connectors/{into}/offsets")["offsets"]}
    assert all(offset == {"records": 50, "done": True} for offset in offsets.values()) and len(offsets) == total // 50 + 1


def test_a_kill_in_mid_object_loses_nothing(kafka, s3, bucket, start_bywash, tmp_path):
    back, count = kafka.create_topic(), 60_000
    for part in range(2):
        lines = "".join(f'{{"id":{i}}}\n' for i in range(part * count, (part + 1) * count))
        s3.write(bucket, f"topics/first/partition=0/first+0+{part * count:010}.json", lines.encode())
    name = unique("killed")
    config = source(bucket, **to_topic(back), **{"tasks.max": "1", "format.class": FORMATS["json"], "value.converter.schemas.enable": "false", "name": name})
    path = tmp_path / "source.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in config.items()), encoding="utf-8")
    worker = start_bywash(kafka.bootstrap, [path], env=s3.environment(), worker={"offset.flush.interval.ms": "20"})
    for fraction in (4, 2):
        wait_for("a part of it", lambda: sum(kafka.end_offsets(back).values()) > 2 * count // fraction)
        worker.kill()
        worker.start()
    offset = {"records": count, "done": True}
    wait_for("both objects done", lambda: [entry["offset"] for entry in worker.request("GET", f"/connectors/{name}/offsets")["offsets"]] == [offset] * 2)
    ids = [json.loads(record.value)["id"] for record in kafka.consume_all(back)]
    # What was not yet written down comes again, in order; nothing is passed over.
    assert set(ids) == set(range(2 * count))
    steps = [b - a for a, b in zip(ids, ids[1:])]
    assert all(step == 1 or step <= 0 for step in steps) and sum(step <= 0 for step in steps) <= 2


def test_generic_mode_reads_any_folder(kafka, s3, bucket, start_bywash):
    orders, rest = kafka.create_topic(), kafka.create_topic()
    s3.write(bucket, "incoming/2026/orders-1.json", b'{"n": 1}\n{"n": 2}\n')
    s3.write(bucket, "incoming/readme.txt", b"not a record")
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=WORKER)
    name = unique("generic")
    worker.create(name, source(bucket, **{"tasks.max": "1", "mode": "GENERIC", "topics.dir": "incoming", "format.class": FORMATS["json"],
                                          "topic.regex.list": rf"{orders}:.*/orders-\d+\.json,{rest}:.*\.json"}))
    wait_for("the first object", lambda: sum(kafka.end_offsets(orders).values()) == 2)
    s3.write(bucket, "incoming/more.json", b'{"n": 3}')
    wait_for("the second object", lambda: sum(kafka.end_offsets(rest).values()) == 1)
    # A damaged object names itself.
    s3.write(bucket, "incoming/bad.json", b'{"n": ')
    trace = worker.wait_state(name, "FAILED")["tasks"]
    assert any("incoming/bad.json" in task.get("trace", "") for task in trace)


def test_a_generic_source_without_topics_is_refused(kafka, bucket, start_bywash):
    worker = start_bywash(kafka.bootstrap, worker=WORKER)
    answer = worker.request("PUT", "/connector-plugins/S3SourceConnector/config/validate", {**source(bucket), "name": "x", "mode": "GENERIC", "format.class": FORMATS["json"]})
    errors = {c["value"]["name"]: c["value"]["errors"] for c in answer["configs"] if c["value"]["errors"]}
    assert list(errors) == ["topic.regex.list"]
