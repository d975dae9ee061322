"""`bywash dlq` on a real dead letter topic, and the sums of records at every outcome."""

import json
import subprocess
import urllib.request

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_clients import Record
from tests.support.paths import BINARY

_TRANSFORMS = "org.apache.kafka.connect.transforms"
_JSON = {"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
         "value.converter.schemas.enable": "false"}


def tolerant(topic, queue, file, **more):
    return {"connector.class": "FileStreamSink", "topics": topic, "file": str(file), "errors.tolerance": "all",
            "errors.deadletterqueue.topic.name": queue, "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true", **_JSON, **more}


def dlq(kafka, verb, queue, *more):
    done = subprocess.run([str(BINARY), "dlq", verb, queue, "--bootstrap-servers", kafka.bootstrap, *more], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done


def metric(worker, name, connector):
    with urllib.request.urlopen(f"{worker.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + "{") and f'connector="{connector}"' in line)


@pytest.fixture
def worker(kafka, start_bywash):
    return start_bywash(Bywash.standalone(kafka.bootstrap))


@pytest.fixture
def letters(kafka, topic, worker, tmp_path):
    """A dead letter topic with one letter of a converter and one of a transform; answers its name."""
    queue = kafka.create_topic()
    chain = {"transforms": "number,live", "transforms.number.type": f"{_TRANSFORMS}.Cast$Value", "transforms.number.spec": "n:int8",
             "transforms.live.type": f"{_TRANSFORMS}.Filter", "transforms.live.predicate": "dead",
             "predicates": "dead", "predicates.dead.type": f"{_TRANSFORMS}.predicates.RecordIsTombstone"}
    values = [b'{"n":1}', b"{bad", b'{"n":"x"}', b'{"n":300}', None, b'{"n":2}']
    kafka.produce(topic, [Record(value, key=b"k", headers=[("trace", b"t1")]) for value in values])
    worker.create("letters", tolerant(topic, queue, tmp_path / "out.txt", **chain))
    kafka.wait_committed("connect-letters", topic)
    return queue


def test_every_record_is_delivered_filtered_or_a_letter(kafka, worker, letters):
    read, sent, filtered, skipped, refused, produced = (metric(worker, name, "letters") for name in (
        "kafka_connect_sink_task_metrics_sink_record_read_total", "kafka_connect_sink_task_metrics_sink_record_send_total",
        "kafka_connect_sink_task_metrics_record_filtered_total", "kafka_connect_task_error_metrics_total_records_skipped",
        "bywash_sink_task_record_refused_total", "kafka_connect_task_error_metrics_deadletterqueue_produce_requests"))
    assert read == 6 and filtered == 1 and refused == 0
    assert read == (sent - refused) + filtered + skipped
    assert skipped == produced == len(kafka.consume_all(letters))


def test_list_and_explain_say_what_is_there_and_why(kafka, worker, letters):
    listed = [json.loads(line) for line in dlq(kafka, "list", letters, "--json").stdout.splitlines()]
    assert [letter["stage"] for letter in listed].count("TRANSFORMATION") == len(listed) - 1
    assert {letter["connector"] for letter in listed} == {"letters"} and {letter["origin"]["partition"] for letter in listed} == {0}
    assert [letter["origin"]["offset"] for letter in listed if letter["stage"] == "VALUE_CONVERTER"] == [1]
    only = dlq(kafka, "list", letters, "--stage", "VALUE_CONVERTER", "--exception", "DataException")
    assert only.stdout.count("\n") == 1 and "1 letters" in only.stderr
    explained = dlq(kafka, "explain", letters).stdout
    assert "what to do" in explained and f"{_TRANSFORMS}.Cast$Value" in explained
    assert dlq(kafka, "list", letters, "--connector", "nobody").stdout == ""


def test_replay_keeps_the_record_and_goes_on_where_it_was(kafka, worker, letters, topic):
    before = len(kafka.consume_all(topic))
    dry = dlq(kafka, "replay", letters, "--stage", "TRANSFORMATION", "--dry-run")
    assert "would be replayed" in dry.stderr and len(kafka.consume_all(topic)) == before
    elsewhere = kafka.create_topic()
    count = len([letter for letter in kafka.consume_all(letters) if dict(letter.headers)["__connect.errors.stage"] == b"TRANSFORMATION"])
    assert f"{count} of" in dlq(kafka, "replay", letters, "--stage", "TRANSFORMATION", "--to-topic", elsewhere).stderr
    replayed = kafka.consume_all(elsewhere)
    assert len(replayed) == count and all(record.key == b"k" for record in replayed)
    headers = [name for name, _ in replayed[0].headers]
    assert headers == ["trace", "bywash.replayed.from"]
    assert "0 of 0" in dlq(kafka, "replay", letters, "--stage", "TRANSFORMATION", "--to-topic", elsewhere).stderr, "what was replayed is marked"
    dlq(kafka, "replay", letters, "--exception", "DataException", "--stage", "VALUE_CONVERTER")
    assert kafka.consume_all(topic)[-1].value == b"{bad", "back in its origin"


def test_a_topic_that_is_not_there_is_named(kafka):
    done = subprocess.run([str(BINARY), "dlq", "list", "no-such-queue", "--bootstrap-servers", kafka.bootstrap], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 1 and "no-such-queue" in done.stderr
