"""How records come from the broker: every codec, transactions, offsets that are gone, brokers that go away, for both clients that fetch."""

import pathlib
import time

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.support import kafka_clients
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.two_brokers import leaders, second_broker, wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"


def failed_task(worker, name: str):
    return next((task for task in worker.status(name)["tasks"] if task["state"] == "FAILED"), None)


def sink(topic: str, file: pathlib.Path, **more) -> dict:
    return {"connector.class": "FileStreamSink", "topics": topic, "file": str(file), "value.converter": _STRING, "tasks.max": "1", **more}


def lines(file: pathlib.Path) -> list:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap, worker={"offset.flush.interval.ms": "500"}))


@pytest.fixture(params=["direct", "librdkafka"])
def client(request) -> dict:
    return {"consumer.override.fetch.client": request.param}


def test_every_codec_and_size(kafka, worker, tmp_path, client):
    """Small and large records in turn, as bare batches and as each codec writes them; one is larger than a whole answer may be."""
    topic = kafka.create_topic(partitions=2)
    sent = []
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        values = [f"{codec}-{i}-{'x' * (i % 50)}" for i in range(3000)] + [f"{codec}-large-" + "y" * 300_000]
        kafka.produce(topic, values, **{"compression.type": codec, "linger.ms": 20})
        sent += values
    huge = "z" * (20 << 20)
    kafka.produce(topic, [huge, "last"])
    name = f"codecs-{client['consumer.override.fetch.client']}"
    worker.create(name, sink(topic, tmp_path / "out", **client))
    kafka.wait_committed(f"connect-{name}", topic)
    assert sorted(lines(tmp_path / "out")) == sorted(sent + [huge, "last"])


def transaction(bootstrap: str, topic: str, values, commit: bool) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"tx-{time.time_ns()}", "linger.ms": 1})
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value)
    producer.flush(30)
    (producer.commit_transaction if commit else producer.abort_transaction)(30)


@pytest.mark.parametrize("level, expected", [("read_committed", ["a1", "a2", "plain", "c1"]), ("read_uncommitted", ["a1", "a2", "b1", "b2", "plain", "c1"])])
def test_transactions(kafka, worker, tmp_path, client, level, expected):
    """What an aborted transaction wrote reaches only who asks for it, and the marks between do not hold offsets up."""
    topic = kafka.create_topic()
    transaction(kafka.bootstrap, topic, ["a1", "a2"], True)
    transaction(kafka.bootstrap, topic, ["b1", "b2"], False)
    kafka.produce(topic, ["plain"])
    transaction(kafka.bootstrap, topic, ["c1"], True)
    name = f"tx-{level}-{client['consumer.override.fetch.client']}"
    worker.create(name, sink(topic, tmp_path / "out", **client, **{"consumer.override.isolation.level": level}))
    wait_for(lambda: len(lines(tmp_path / "out")) >= len(expected), "every record", 30)
    time.sleep(0.5)
    assert lines(tmp_path / "out") == expected


def delete_records(bootstrap: str, topic: str, before: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, before)]).values():
        future.result(30)


@pytest.mark.parametrize("reset", ["earliest", "none"])
def test_an_offset_that_is_gone(kafka, worker, tmp_path, client, reset):
    """The committed offset was deleted at the broker: auto.offset.reset decides, and `none` fails the task with the reason."""
    topic = kafka.create_topic()
    name = f"gone-{reset}-{client['consumer.override.fetch.client']}"
    kafka.produce(topic, [f"v{i}" for i in range(10)])
    worker.create(name, sink(topic, tmp_path / "out", **client))
    kafka.wait_committed(f"connect-{name}", topic)
    worker.request("PUT", f"/connectors/{name}/stop")
    wait_for(lambda: worker.status(name)["connector"]["state"] == "STOPPED", "a stop", 30)
    kafka.produce(topic, [f"v{i}" for i in range(10, 20)])
    delete_records(kafka.bootstrap, topic, 15)
    worker.request("PUT", f"/connectors/{name}/config", sink(topic, tmp_path / "out", **client, **{"consumer.override.auto.offset.reset": reset}))
    worker.request("PUT", f"/connectors/{name}/resume")
    if reset == "none":
        task = wait_for(lambda: failed_task(worker, name), "a failure", 30)
        assert "auto.offset.reset is none" in task["trace"]
        assert lines(tmp_path / "out") == [f"v{i}" for i in range(10)]
        return
    wait_for(lambda: len(lines(tmp_path / "out")) >= 15, "what is left", 30)
    assert lines(tmp_path / "out") == [f"v{i}" for i in list(range(10)) + list(range(15, 20))]


def test_a_leader_that_dies(start_bywash, tmp_path, client):
    """Its partitions are read from the next leader: no record is missing, none is out of order within its partition."""
    with Kafka(config={"offsets.topic.replication.factor": "2"}) as first:
        second = second_broker(first, tmp_path / "second")
        try:
            topic = f"led-{time.time_ns()}"
            admin = AdminClient({"bootstrap.servers": first.bootstrap})
            admin.create_topics([NewTopic(topic, 4, 2)])[topic].result(30)
            wait_for(lambda: leaders(first.bootstrap, topic) == {1, 2}, "leaders on both", 30)
            name = f"led-{client['consumer.override.fetch.client']}"
            worker = start_bywash(Bywash.standalone(first.bootstrap, worker={"offset.flush.interval.ms": "500"}))
            worker.create(name, sink(topic, tmp_path / "out", **client))
            records = lambda begin: [kafka_clients.Record(f"{p}:{i}".encode(), partition=p) for i in range(begin, begin + 500) for p in range(4)]
            kafka_clients.produce(first.bootstrap, topic, records(0))
            wait_for(lambda: len(lines(tmp_path / "out")) == 2000, "the first records", 30)
            second.kill()
            wait_for(lambda: leaders(first.bootstrap, topic) == {1}, "one leader", 60)
            kafka_clients.produce(first.bootstrap, topic, records(500))
            wait_for(lambda: len(lines(tmp_path / "out")) >= 4000, "the rest", 60)
            for p in range(4):
                assert [line for line in lines(tmp_path / "out") if line.startswith(f"{p}:")] == [f"{p}:{i}" for i in range(1000)]
            assert worker.status(name)["tasks"][0]["state"] == "RUNNING"
        finally:
            second.kill()


def test_a_broker_that_hangs_and_one_that_restarts(start_bywash, tmp_path):
    """The worker waits and goes on; nothing is read twice within a running task."""
    with Kafka() as own:
        topic = own.create_topic(partitions=3)
        worker = start_bywash(Bywash.standalone(own.bootstrap, worker={"offset.flush.interval.ms": "500"}))
        worker.create("steady", sink(topic, tmp_path / "out", **{"consumer.override.request.timeout.ms": "3000", "consumer.override.session.timeout.ms": "30000"}))
        own.produce(topic, [f"a{i}" for i in range(1000)])
        wait_for(lambda: len(lines(tmp_path / "out")) == 1000, "the first records", 30)
        own.freeze()
        time.sleep(6)  # longer than the request's time
        own.thaw()
        own.produce(topic, [f"b{i}" for i in range(1000)])
        wait_for(lambda: len(lines(tmp_path / "out")) >= 2000, "records after the freeze", 60)
        own.restart(hard=True)
        own.produce(topic, [f"c{i}" for i in range(1000)])
        wait_for(lambda: len(lines(tmp_path / "out")) >= 3000, "records after the restart", 60)
        assert sorted(lines(tmp_path / "out")) == sorted(f"{x}{i}" for x in "abc" for i in range(1000))


def test_an_unknown_client_is_refused(kafka, worker, tmp_path):
    """A wrong value is named; nothing is taken for it in silence."""
    worker.create("wrong", sink(kafka.create_topic(), tmp_path / "out", **{"consumer.override.fetch.client": "fast"}))
    task = wait_for(lambda: failed_task(worker, "wrong"), "a failure", 30)
    assert "fetch.client" in task["trace"] and "direct, librdkafka" in task["trace"]
