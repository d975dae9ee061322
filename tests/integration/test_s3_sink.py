"""The S3 sink over a real Kafka and a real S3 server: what arrives, a kill -9, a store that goes away."""

import io
import json
import signal
import time

import pyarrow.parquet as pq
import pytest

from tests.support.kafka_clients import Record, unique
from tests.support.paths import REPO
from tests.support.s3_server import S3Server

JSON = "io.confluent.connect.s3.format.json.JsonFormat"
PARQUET = "io.confluent.connect.s3.format.parquet.ParquetFormat"
FAST_COMMITS = {"offset.flush.interval.ms": "500"}


def connector(topic, bucket, **more):
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "1", "topics": topic, "s3.bucket.name": bucket,
            "s3.region": "us-east-1", "format.class": JSON, "flush.size": "100", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
            "errors.retry.timeout": "0", **more}


def produce(kafka, topic, first, count):
    values = [json.dumps({"id": i, "name": f"n{i}", "price": i / 4 if i % 2 else i}).encode() for i in range(first, first + count)]
    kafka.produce_many(topic, values)


def wait_for(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {timeout} s")


def ids_in(s3, bucket):
    """The ids of all JSON lines, with repeats."""
    return [json.loads(line)["id"] for key in s3.keys(bucket) for line in s3.read(bucket, key).decode().splitlines()]


def test_plain_json_arrives_as_parquet_with_an_inferred_schema(kafka, s3, bucket, topic, start_bywash):
    produce(kafka, topic, 0, 250)
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=FAST_COMMITS)
    worker.create(unique("s3"), connector(topic, bucket, **{"format.class": PARQUET}))
    wait_for("two files", lambda: len(s3.keys(bucket)) == 2)
    assert s3.keys(bucket) == [f"topics/{topic}/partition=0/{topic}+0+{offset:010d}.snappy.parquet" for offset in (0, 100)]
    table = pq.read_table(io.BytesIO(s3.read(bucket, s3.keys(bucket)[1])))
    assert [str(t) for t in table.schema.types] == ["int64", "string", "double"]
    assert table.column("id").to_pylist() == list(range(100, 200))


def test_row_groups_and_pages_have_the_configured_size(kafka, s3, bucket, topic, start_bywash):
    schema = {"type": "struct", "fields": [{"field": "id", "type": "int64"}, {"field": "text", "type": "string"}]}
    kafka.produce_many(topic, [json.dumps({"schema": schema, "payload": {"id": i * i, "text": f"{i * 7919:020d}"}}).encode() for i in range(20_000)])
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=FAST_COMMITS)
    groups, sizes = {}, {}
    for row_group, page in (("33554432", "1048576"), ("65536", "1048576"), ("33554432", "1024")):
        name = unique("s3")
        worker.create(name, connector(topic, bucket, **{"format.class": PARQUET, "flush.size": "20000", "topics.dir": name, "value.converter.schemas.enable": "true",
                                                        "parquet.row.group.bytes": row_group, "parquet.page.bytes": page}))
        kafka.wait_committed(f"connect-{name}", topic)
        file = s3.read(bucket, s3.keys(bucket, name)[0])
        read = pq.ParquetFile(io.BytesIO(file))
        assert read.read().column("id").to_pylist() == [i * i for i in range(20_000)]
        groups[row_group, page], sizes[row_group, page] = read.metadata.num_row_groups, len(file)
    assert groups["33554432", "1048576"] == groups["33554432", "1024"] == 1 < groups["65536", "1048576"]
    # A page has a header of its own and is compressed alone.
    assert sizes["33554432", "1024"] > sizes["33554432", "1048576"] + 2000


def test_partitions_that_one_poll_gives_keep_their_own_files_and_offsets(kafka, s3, bucket, start_bywash):
    topic = kafka.create_topic(partitions=3)
    for partition, count in enumerate((450, 1030, 99)):
        kafka.produce_many(topic, [json.dumps({"id": i, "partition": partition}).encode() for i in range(count)], partition=partition)
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=FAST_COMMITS)
    name = unique("s3")
    worker.create(name, connector(topic, bucket))
    wait_for("all full files", lambda: kafka.committed(f"connect-{name}", topic) == {0: 400, 1: 1000})
    assert s3.keys(bucket) == [f"topics/{topic}/partition={partition}/{topic}+{partition}+{offset:010d}.json"
                               for partition, full in ((0, 4), (1, 10)) for offset in range(0, full * 100, 100)]
    for key in s3.keys(bucket):
        lines = [json.loads(line) for line in s3.read(bucket, key).decode().splitlines()]
        first = int(key.rpartition("+")[2].partition(".")[0])
        assert [line["id"] for line in lines] == list(range(first, first + 100)), key
        assert {f"partition={line['partition']}" for line in lines} == {key.split("/")[2]}, key


def test_a_kill_leaves_neither_gap_nor_duplicate(kafka, s3, bucket, topic, start_bywash):
    name = unique("s3")
    config = connector(topic, bucket)
    produce(kafka, topic, 0, 1000)
    # A dead worker's membership ends soon, so that the next start gets its partitions.
    soon = {"consumer.session.timeout.ms": "6000", "consumer.heartbeat.interval.ms": "1000"}
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker={**FAST_COMMITS, **soon})
    worker.create(name, config)
    wait_for("a first file", lambda: s3.keys(bucket))
    worker.kill()
    produce(kafka, topic, 1000, 1000)
    worker.start()
    worker.create(name, config)
    wait_for("all files", lambda: len(s3.keys(bucket)) == 20)
    assert sorted(ids_in(s3, bucket)) == list(range(2000))


def test_an_outage_of_the_store_loses_nothing(kafka, topic, start_bywash):
    with S3Server() as store:
        bucket = store.create_bucket()
        worker = start_bywash(kafka.bootstrap, env=store.environment(), worker=FAST_COMMITS)
        name = unique("s3")
        worker.create(name, connector(topic, bucket, **{"retry.backoff.ms": "300"}))
        produce(kafka, topic, 0, 100)
        wait_for("a first file", lambda: store.keys(bucket))
        store.process.send_signal(signal.SIGSTOP)
        produce(kafka, topic, 100, 500)
        time.sleep(3)
        assert worker.status(name)["tasks"][0]["state"] == "RUNNING"
        store.process.send_signal(signal.SIGCONT)
        wait_for("the rest", lambda: len(store.keys(bucket)) == 6, timeout=120)
        assert sorted(ids_in(store, bucket)) == list(range(600))


def test_the_example_makes_few_files_of_schemas_that_take_turns_and_late_records(kafka, topic, start_bywash, tmp_path):
    fields = [{"field": "id", "type": "int32"}, {"field": "extra", "type": "string", "optional": True}]

    def record(i):
        schema = {"type": "struct", "name": "row", "fields": fields[:1 + i % 2]}
        payload = {"id": i, "extra": f"e{i}"} if i % 2 else {"id": i}
        return Record(json.dumps({"schema": schema, "payload": payload}).encode(), timestamp=1718445600000 + i % 3 // 2 * 3_600_000)
    kafka.produce(topic, [record(i) for i in range(300)])
    config = json.loads((REPO / "examples" / "folder-sink.json").read_text(encoding="utf-8"))["config"]
    # Nothing but a quiet topic ends these files: the tail is delivered without a new record.
    config.update({"topics": topic, "store.url": f"file://{tmp_path}/lake", "timestamp.extractor": "Record", "rotate.idle.ms": "500"})
    del config["rotate.schedule.interval.ms"], config["rotate.interval.ms"]
    worker = start_bywash(kafka.bootstrap, worker={**FAST_COMMITS, "value.converter.schemas.enable": "true"})
    name = unique("example")
    worker.create(name, config)
    kafka.wait_committed(f"connect-{name}", topic)
    files = sorted((tmp_path / "lake").rglob("*.parquet"))
    assert len(files) == 4 and len({file.parent for file in files}) == 2, files
    assert sorted(i for file in files for i in pq.read_table(file, partitioning=None).column("id").to_pylist()) == list(range(300))


def test_a_missing_bucket_fails_the_task_and_names_the_key(kafka, s3, topic, start_bywash):
    worker = start_bywash(kafka.bootstrap, env=s3.environment(), worker=FAST_COMMITS)
    name = unique("s3")
    worker.create(name, connector(topic, "no-such-bucket-here"))
    trace = worker.wait_state(name, "FAILED")["tasks"][0]["trace"]
    assert "Non-existent S3 bucket: no-such-bucket-here" in trace
    assert "s3.bucket.name" in trace
