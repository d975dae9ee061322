"""The S3 sink when something goes wrong at a certain step of an upload: records in = records out, none twice.

A proxy before a real S3 server (tests/support/faulty_store.py) kills the process, or the store misbehaves, at that step. Where cuts
repeat (flush.size) a restart writes the same objects again; where they do not (rotate.age.ms) the delivery log decides.
"""

import json
import os
import time

import pytest

from tests.support.bywash_process import Bywash
from tests.support.faulty_store import FaultyStore
from tests.support.kafka_clients import unique

JSON = "io.confluent.connect.s3.format.json.JsonFormat"
# A dead worker's membership ends soon, so that the next start gets its partitions.
WORKER = {"offset.flush.interval.ms": "100", "consumer.session.timeout.ms": "1500", "consumer.heartbeat.interval.ms": "300",
          "consumer.auto.offset.reset": "earliest"}
REPEATED = {"flush.size": "100"}
LOGGED = {"flush.size": "1000000", "rotate.size.bytes": "1500", "rotate.age.ms": "150"}
PARTS = {"flush.size": "13000", "s3.part.size": "5242880", "format.class": JSON}

# Steps of an upload in their order, and whether the store has done the request when the process dies.
KILLS = {
    "one request": (REPEATED, [("put", False), ("put", True)]),
    "parts": (PARTS, [("create", True), ("part", True), ("complete", False), ("complete", True)]),
    "delivery log": (LOGGED, [("create", True), ("part", True), ("log", False), ("log", True), ("complete", False), ("complete", True), ("unlog", True)]),
}


def sink(topic, bucket, endpoint, **more):
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "1", "topics": topic, "s3.bucket.name": bucket,
            "s3.region": "us-east-1", "store.url": endpoint, "format.class": JSON, "flush.size": "100", "s3.retry.backoff.ms": "10",
            "retry.backoff.ms": "100", "storage.class": "io.confluent.connect.s3.storage.S3Storage", **more}


def produce(kafka, topic, first, count, pad=0):
    filler = os.urandom(pad // 2).hex()
    kafka.produce_many(topic, [json.dumps({"id": i, "pad": filler}).encode() for i in range(first, first + count)])


def ids_in(s3, bucket):
    return [json.loads(line)["id"] for key in s3.keys(bucket, "topics/") for line in s3.read(bucket, key).splitlines()]


def check_exact(s3, bucket, count):
    ids = ids_in(s3, bucket)
    assert len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} records are there twice"
    assert sorted(ids) == list(range(len(ids))), "records are missing"
    assert len(ids) == count


def wait_for(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {timeout} s"
        time.sleep(0.02)


def connector_file(folder, name, config):
    path = folder / f"{name}.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in {"name": name, **config}.items()), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KILLS)
def test_a_kill_at_every_step_of_an_upload(kafka, s3, bucket, topic, start_bywash, tmp_path, kind):
    config, steps = KILLS[kind]
    size, pad = (13_000, 850) if kind == "parts" else (100, 0)
    name = unique("kills")
    with FaultyStore(s3.endpoint) as store:
        made = Bywash.standalone(kafka.bootstrap, [connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **config))], worker=WORKER, env=s3.environment())
        produced = 0
        for step, done in steps:
            fault = store.on(step, FaultyStore.kill(made.kill, done=done))
            if made.process:
                made.start()
            else:
                start_bywash(made)
            produce(kafka, topic, produced, size, pad)
            produced += size
            assert fault.hit.wait(60), f"no request of the step '{step}'"
            made.process.wait(10)
        made.start()
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        check_exact(s3, bucket, produced)
        wait_for("no upload left", lambda: "Uploads" not in s3.client().list_multipart_uploads(Bucket=bucket))


@pytest.mark.parametrize("config", [REPEATED, LOGGED], ids=["repeated cuts", "delivery log"])
def test_a_store_that_misbehaves_loses_and_doubles_nothing(kafka, s3, bucket, topic, start_bywash, tmp_path, config):
    every = (FaultyStore.answer(500, "InternalError"), FaultyStore.answer(503, "SlowDown"), FaultyStore.answer(400, "ExpiredToken"), FaultyStore.reset,
             FaultyStore.lose_answer, FaultyStore.late(0.3))
    steps = {"put": every} if config is REPEATED else {"create": every[3:5], "part": every[3:5], "log": every[3:], "complete": every}
    faults = [(step, act) for step, acts in steps.items() for act in acts]
    name = unique("faults")
    with FaultyStore(s3.endpoint) as store:
        made = Bywash.standalone(kafka.bootstrap, [connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **config))], worker=WORKER, env=s3.environment())
        start_bywash(made)
        produced = 0
        for step, act in faults:
            # More often than a request is tried again: the object's own retries follow.
            fault = store.on(step, act, times=5 if act is FaultyStore.reset else 1)
            produce(kafka, topic, produced, 100)
            produced += 100
            assert fault.hit.wait(30), f"no request of the step '{step}'"
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        assert made.status(name)["tasks"][0]["state"] == "RUNNING"
        check_exact(s3, bucket, produced)


def test_a_store_that_hangs_holds_back_and_goes_on(kafka, s3, bucket, topic, start_bywash, tmp_path):
    name = unique("hang")
    with FaultyStore(s3.endpoint) as store:
        made = Bywash.standalone(kafka.bootstrap, [connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **REPEATED))], worker=WORKER, env=s3.environment())
        start_bywash(made)
        slow = [store.on("put", FaultyStore.late(3)) for _ in range(4)]  # every thread that uploads
        produce(kafka, topic, 0, 2000)
        assert all(fault.hit.wait(30) for fault in slow)
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        check_exact(s3, bucket, 2000)


def test_a_bucket_that_may_be_written_but_not_listed_is_written(kafka, s3, bucket, topic, start_bywash, tmp_path):
    name = unique("unlisted")
    with FaultyStore(s3.endpoint) as store:
        for step in ("list", "uploads"):
            store.on(step, FaultyStore.answer(403, "AccessDenied"), times=1000)
        made = Bywash.standalone(kafka.bootstrap, [connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **REPEATED))], worker=WORKER, env=s3.environment())
        start_bywash(made)
        produce(kafka, topic, 0, 300)
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        assert made.log().count("Writing goes on without that") == 1
        check_exact(s3, bucket, 300)


@pytest.mark.parametrize("config", [REPEATED, LOGGED], ids=["repeated cuts", "delivery log"])
def test_a_second_worker_takes_over_and_a_zombie_changes_nothing(kafka, s3, bucket, topic, start_bywash, tmp_path, config):
    name = unique("zombie")
    with FaultyStore(s3.endpoint) as store:
        file = connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **config))
        first = start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
        step = "put" if config is REPEATED else "log"
        # The first is frozen with an object half on its way, and goes on when the second has delivered.
        frozen = store.on(step, lambda handler, ask: (first.freeze(), handler.break_off()))
        produce(kafka, topic, 0, 1000)
        assert frozen.hit.wait(30)
        start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        check_exact(s3, bucket, 1000)
        first.thaw()
        produce(kafka, topic, 1000, 1000)
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        time.sleep(1)
        check_exact(s3, bucket, 2000)


def test_partitions_move_in_mid_file(kafka, s3, bucket, start_bywash, tmp_path):
    topic = kafka.create_topic(partitions=4)
    name = unique("rebalance")
    file = connector_file(tmp_path, name, sink(topic, bucket, s3.endpoint, **LOGGED))
    start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
    rounds, each = 4, 300
    for turn in range(rounds):
        for partition in range(4):
            ids = range((turn * 4 + partition) * each, (turn * 4 + partition + 1) * each)
            kafka.produce_many(topic, [json.dumps({"id": i}).encode() for i in ids], partition=partition)
        if turn in (1, 3):
            second = start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
        if turn == 2:
            second.stop()
        time.sleep(0.3)
    kafka.wait_committed(f"connect-{name}", topic, timeout=60)
    check_exact(s3, bucket, rounds * 4 * each)


@pytest.mark.parametrize("config", [REPEATED, LOGGED], ids=["repeated cuts", "delivery log"])
def test_a_full_disk_holds_back_until_there_is_room(kafka, topic, start_bywash, tmp_path, small_disk, config):
    name = unique("disk")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(440 << 10))
    made = Bywash.standalone(kafka.bootstrap, [connector_file(tmp_path, name, sink(topic, "unused", f"file://{small_disk}/lake", **config))], worker=WORKER)
    start_bywash(made)
    produce(kafka, topic, 0, 2000, 60)
    wait_for("the disk is full", lambda: "Make room on the disk" in made.log())
    assert made.status(name)["tasks"][0]["state"] == "RUNNING"
    ballast.unlink()
    kafka.wait_committed(f"connect-{name}", topic, timeout=60)
    ids = [json.loads(line)["id"] for file in (small_disk / "lake" / "topics").rglob("*.json") for line in file.read_text().splitlines()]
    assert sorted(ids) == list(range(2000))
