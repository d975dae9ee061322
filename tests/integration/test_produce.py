"""How records reach the broker: every codec, sizes, keys, brokers that go away or refuse, for both clients that produce."""

import pathlib
import time

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.support import kafka_clients
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.two_brokers import leaders, second_broker, wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"


def failed_task(worker, name: str):
    return next((task for task in worker.status(name)["tasks"] if task["state"] == "FAILED"), None)


def source(topic: str, file: pathlib.Path, **more) -> dict:
    return {"connector.class": "FileStreamSource", "topic": topic, "file": str(file), "value.converter": _STRING, "tasks.max": "1", **more}


def append(file: pathlib.Path, lines) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write("".join(line + "\n" for line in lines))


def values(records) -> list:
    return [record.value.decode() for record in records]


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap, worker={"offset.flush.interval.ms": "500"}))


@pytest.fixture(params=["direct", "librdkafka"])
def client(request) -> dict:
    return {"producer.override.produce.client": request.param}


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec(kafka, worker, tmp_path, client, codec):
    """Small and large records in turn, in order, read back by another client."""
    topic, lines = kafka.create_topic(), [f"{i}-{'x' * (i % 50)}" if i % 100 else f"{i}-" + "y" * 100_000 for i in range(5000)]
    append(tmp_path / "in", lines)
    worker.create(f"codec-{codec}", source(topic, tmp_path / "in", **client, **{"producer.override.compression.type": codec}))
    assert values(kafka.consume_all(topic, count=len(lines))) == lines


def test_keys_go_where_java_puts_them(kafka, worker, tmp_path, client):
    """The partition of a key is that of librdkafka's murmur2 too, which is Java's."""
    ours, theirs = kafka.create_topic(partitions=7), kafka.create_topic(partitions=7)
    keys = [f"key-{i}" for i in range(500)] + ["é", "日本"]
    append(tmp_path / "in", keys)
    worker.create("keyed", source(ours, tmp_path / "in", **client, **{
        "key.converter": _STRING, "transforms": "hoist,key,bare", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value",
        "transforms.hoist.field": "line", "transforms.key.type": "org.apache.kafka.connect.transforms.ValueToKey", "transforms.key.fields": "line",
        "transforms.bare.type": "org.apache.kafka.connect.transforms.ExtractField$Key", "transforms.bare.field": "line"}))
    kafka.produce(theirs, [kafka_clients.Record(b"", key=key.encode()) for key in keys], partitioner="murmur2_random")
    where = lambda topic: {record.key: record.partition for record in kafka.consume_all(topic, count=len(keys))}
    assert where(ours) == where(theirs)


def test_records_without_a_key_reach_every_partition(kafka, worker, tmp_path):
    """As with the Java producer, another partition's turn comes after each 16 KiB."""
    topic, lines = kafka.create_topic(partitions=4), [f"{i}-{'x' * 500}" for i in range(2000)]
    append(tmp_path / "in", lines)
    worker.create("spread", source(topic, tmp_path / "in"))
    records = kafka.consume_all(topic, count=len(lines))
    assert sorted(values(records)) == sorted(lines)
    assert {record.partition for record in records} == {0, 1, 2, 3}


def test_a_topic_that_the_broker_makes(start_bywash, tmp_path, client):
    with Kafka(auto_create_topics=True, partitions=3) as own:
        worker = start_bywash(Bywash.standalone(own.bootstrap, worker={"offset.flush.interval.ms": "500", "topic.creation.enable": "false"}))
        append(tmp_path / "in", ["a", "b"])
        worker.create("made", source("made-by-the-broker", tmp_path / "in", **client))
        wait_for(lambda: "made-by-the-broker" in AdminClient({"bootstrap.servers": own.bootstrap}).list_topics(timeout=10).topics, "the topic", 30)
        assert sorted(values(own.consume_all("made-by-the-broker", count=2))) == ["a", "b"]


def test_a_record_that_the_topic_refuses(kafka, worker, tmp_path, client):
    """One record is larger than the topic takes: by errors.tolerance it is left out, and no other is."""
    lines = [f"{i}" for i in range(200)] + ["large" * 4000] + [f"{i}" for i in range(200, 400)]
    append(tmp_path / "in", lines)
    topic = kafka.create_topic(config={"max.message.bytes": "10000"})
    worker.create("strict", source(topic, tmp_path / "in", **client))
    task = wait_for(lambda: failed_task(worker, "strict"), "a failure", 30)
    assert topic in task["trace"] and "oo large" in task["trace"], task["trace"]
    if client["producer.override.produce.client"] == "librdkafka":
        return  # it gives up every record of the batch
    other = kafka.create_topic(config={"max.message.bytes": "10000"})
    worker.create("lenient", source(other, tmp_path / "in", **client, **{"errors.tolerance": "all"}))
    expected = [line for line in lines if not line.startswith("large")]
    assert values(kafka.consume_all(other, count=len(expected))) == expected
    assert worker.status("lenient")["tasks"][0]["state"] == "RUNNING"


def test_a_leader_that_dies(start_bywash, tmp_path, client):
    """Its partitions are written at the next leader: nothing is missing, nothing is out of order."""
    with Kafka(config={"offsets.topic.replication.factor": "2"}) as first:
        second = second_broker(first, tmp_path / "second")
        try:
            topic = f"led-{time.time_ns()}"
            admin = AdminClient({"bootstrap.servers": first.bootstrap})
            admin.create_topics([NewTopic(topic, 4, 2)])[topic].result(30)
            wait_for(lambda: leaders(first.bootstrap, topic) == {1, 2}, "leaders on both", 30)
            worker = start_bywash(Bywash.standalone(first.bootstrap, worker={"offset.flush.interval.ms": "500"}))
            lines = lambda begin: [f"{i}-{'x' * 300}" for i in range(begin, begin + 2000)]
            append(tmp_path / "in", lines(0))
            worker.create("led", source(topic, tmp_path / "in", **client))
            first.consume_all(topic, count=2000)
            append(tmp_path / "in", lines(2000))
            second.kill()
            append(tmp_path / "in", lines(4000))
            wait_for(lambda: leaders(first.bootstrap, topic) == {1}, "one leader", 60)
            wait_for(lambda: sum(first.end_offsets(topic).values()) >= 6000, "every record", 90)
            records = first.consume_all(topic)
            assert {int(v.split("-")[0]) for v in values(records)} == set(range(6000))
            for partition in range(4):
                # What was not answered is sent again: first places are in order.
                places = list(dict.fromkeys(int(r.value.decode().split("-")[0]) for r in records if r.partition == partition))
                assert places == sorted(places)
            assert worker.status("led")["tasks"][0]["state"] == "RUNNING"
        finally:
            second.kill()


def test_a_broker_that_hangs_and_one_that_restarts(start_bywash, tmp_path):
    """The source waits and goes on; its offsets are committed only behind what was answered."""
    with Kafka() as own:
        topic = own.create_topic()
        worker = start_bywash(Bywash.standalone(own.bootstrap, worker={"offset.flush.interval.ms": "500"}))
        append(tmp_path / "in", [f"a{i}" for i in range(1000)])
        worker.create("steady", source(topic, tmp_path / "in", **{"producer.override.request.timeout.ms": "3000"}))
        own.consume_all(topic, count=1000)
        own.freeze()
        append(tmp_path / "in", [f"b{i}" for i in range(1000)])
        time.sleep(6)  # longer than the request's time
        own.thaw()
        wait_for(lambda: sum(own.end_offsets(topic).values()) >= 2000, "records after the freeze", 60)
        own.restart(hard=True)
        append(tmp_path / "in", [f"c{i}" for i in range(1000)])
        wait_for(lambda: sum(own.end_offsets(topic).values()) >= 3000, "records after the restart", 60)
        wait_for(lambda: set(values(own.consume_all(topic))) == {f"{x}{i}" for x in "abc" for i in range(1000)}, "every record", 60)
        assert worker.status("steady")["tasks"][0]["state"] == "RUNNING"


def test_offsets_wait_for_the_broker(start_bywash, tmp_path):
    """While the broker is away nothing is committed: a worker that is killed then sends all of it."""
    with Kafka() as own:
        topic = own.create_topic()
        worker = start_bywash(Bywash.standalone(own.bootstrap, worker={"offset.flush.interval.ms": "300"}))
        append(tmp_path / "in", ["first"])
        worker.create("waits", source(topic, tmp_path / "in"))
        own.consume_all(topic, count=1)
        own.freeze()
        append(tmp_path / "in", [f"later-{i}" for i in range(100)])
        time.sleep(2)
        worker.kill()
        own.thaw()
        worker.start()
        wait_for(lambda: {f"later-{i}" for i in range(100)} <= set(values(own.consume_all(topic))), "what was not answered", 60)


def test_an_unknown_client_is_refused(kafka, worker, tmp_path):
    """A wrong value is named; nothing is taken for it in silence."""
    append(tmp_path / "in", ["a"])
    worker.create("wrong", source(kafka.create_topic(), tmp_path / "in", **{"producer.override.produce.client": "fast"}))
    task = wait_for(lambda: failed_task(worker, "wrong"), "a failure", 30)
    assert "produce.client" in task["trace"] and "direct, librdkafka" in task["trace"]
