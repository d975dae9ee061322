"""What tables live through: no space left, brokers that are gone or silent for longer than clients wait, records deleted before they were read,
more partitions. All rows once afterwards, and meanwhile answers of what is there and a reason for what is not."""

import contextlib
import json
import random
import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import RestError, http_json
from tests.support.small_disk import small_file_system

SCHEMA = {"schemaName": "rows", "dimensionFieldSpecs": [{"name": "id", "dataType": "LONG"}, {"name": "text", "dataType": "STRING"}],
          "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:MILLISECONDS"}]}


def table(kafka, topic, **stream):
    return {"tableName": "rows", "tableType": "REALTIME", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"},
            "tableIndexConfig": {"noDictionaryColumns": ["text"]}, "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [
                {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
                 "stream.kafka.decoder.class.name": "org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder",
                 "stream.kafka.consumer.prop.auto.offset.reset": "smallest", "realtime.segment.flush.threshold.segment.rows": "1000", **stream}]}}}


def produce(kafka, topic, first, count, size=10, partition=None):
    text = "".join(random.Random(first).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=size))
    kafka.produce_many(topic, [json.dumps({"id": number, "text": f"{number} {text}", "at": 1_700_000_000_000 + number}).encode() for number in range(first, first + count)],
                       **({} if partition is None else {"partition": partition}))


def totals(program):
    answer = program.sql("SELECT COUNT(*), SUM(id), DISTINCTCOUNT(id) FROM rows")
    assert answer["exceptions"] == [], answer
    return answer["resultTable"]["rows"][0]


def wait_for(program, condition, what, timeout=60.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not {what} after {timeout:.0f} s: {problems(program)}\n{program.log()[-4000:]}"
        time.sleep(0.05)


def wait_rows(program, ids, timeout=60.0):
    expected = [len(ids), float(sum(ids)), len(ids)]
    wait_for(program, lambda: totals(program) == expected, f"{expected} rows", timeout)


def consuming_segments(program):
    return http_json("GET", program.controller_url + "/tables/rows/consumingSegmentsInfo")["_segmentToConsumingInfoMap"]


def consuming(program):
    return [one[0] for one in consuming_segments(program).values()]


def problems(program):
    return " ".join(one["problem"] for one in consuming(program) if "problem" in one)


def create(program, kafka, topic, **stream):
    http_json("POST", program.controller_url + "/schemas", SCHEMA)
    http_json("POST", program.controller_url + "/tables", table(kafka, topic, **stream))


@pytest.fixture
def small_disk(tmp_path):
    """Room for 6 MiB, for the data folder."""
    with small_file_system(tmp_path, "6m") as folder:
        yield folder


def on_disk(folder) -> Bywash:
    program = Bywash.analytics()
    (folder / "data").mkdir()
    (program.folder / "data").symlink_to(folder / "data")
    return program


def test_a_full_disk_stops_consumption_until_there_is_room(kafka, start_bywash, small_disk):
    topic = kafka.create_topic(partitions=2)
    program = start_bywash(on_disk(small_disk))
    create(program, kafka, topic)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 << 20))
    for half in range(2):
        produce(kafka, topic, 4000 * half, 4000, size=500, partition=half)
    wait_for(program, lambda: "No space left on device" in problems(program), "without space")
    before = totals(program)
    assert 0 < before[0] < 8000 and before[0] == before[2]
    # What else writes says so too, changes nothing, and the process lives.
    with contextlib.suppress(OSError), open(small_disk / "more", "ab") as rest:
        while True:
            rest.write(bytes(4096))
            rest.flush()
    wider = {**SCHEMA, "dimensionFieldSpecs": SCHEMA["dimensionFieldSpecs"] + [{"name": "extra", "dataType": "STRING"}]}
    with pytest.raises(RestError) as refused:
        http_json("PUT", program.controller_url + "/schemas/rows", wider)
    assert "No space left on device" in str(refused.value)
    http_json("POST", program.controller_url + "/tables/rows/forceCommit")
    time.sleep(1)
    assert totals(program)[0] >= before[0]
    program.kill()
    (small_disk / "more").unlink(missing_ok=True)
    ballast.unlink()
    program.start()
    wait_rows(program, range(8000))
    http_json("PUT", program.controller_url + "/schemas/rows", wider)
    wait_rows(program, range(8000))
    leftovers = [path.name for path in (small_disk / "data").rglob("*.tmp")]
    assert leftovers == []


def test_an_upload_that_does_not_fit_leaves_nothing(start_bywash, small_disk):
    program = start_bywash(on_disk(small_disk))
    http_json("POST", program.controller_url + "/schemas", SCHEMA)
    http_json("POST", program.controller_url + "/tables", {"tableName": "rows", "tableType": "OFFLINE", "segmentsConfig": {"timeColumnName": "at"}, "tableIndexConfig": {"noDictionaryColumns": ["text"]}})
    target = program.controller_url + "/ingestFromFile?tableNameWithType=rows_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
    plain = {"Content-Type": "text/plain"}
    chance = random.Random(5)
    large = b"\n".join(json.dumps({"id": i, "text": chance.randbytes(300).hex(), "at": 1}).encode() for i in range(15_000))
    for _ in range(2):
        with pytest.raises(RestError) as refused:
            http_json("POST", target, large, headers=plain)
        assert "No space left on device" in str(refused.value)
        assert totals(program)[0] == 0
    http_json("POST", target, large[:large.index(b"\n", 300_000)], headers=plain)
    rows = totals(program)[0]
    assert rows > 100
    program.kill()
    program.start()
    assert totals(program)[0] == rows
    assert len(list((small_disk / "data/tables/rows_OFFLINE/segments").iterdir())) == 1


def test_brokers_that_are_silent_or_gone_for_long_come_back_and_more_partitions_are_found(start_bywash):
    quick = {f"stream.kafka.consumer.prop.{key}": value for key, value in {"request.timeout.ms": "1500", "socket.connection.setup.timeout.ms": "1000"}.items()}
    with Kafka() as kafka:
        topic = kafka.create_topic(partitions=2)
        program = start_bywash(Bywash.analytics())
        create(program, kafka, topic, **quick)
        produce(kafka, topic, 0, 3000)
        wait_rows(program, range(3000))
        kafka.freeze()
        time.sleep(6)
        assert totals(program)[0] == 3000
        wait_for(program, lambda: problems(program) != "", "told that the broker is silent")
        kafka.thaw()
        produce(kafka, topic, 3000, 500, partition=0)  # the other one is well again without a record
        wait_rows(program, range(3500))
        wait_for(program, lambda: problems(program) == "", "well again")
        kafka.kill()
        time.sleep(5)
        assert totals(program)[0] == 3500
        wait_for(program, lambda: problems(program) != "", "told that the broker is gone")
        program.kill()
        program.start()  # while it is gone
        assert totals(program)[0] <= 3500
        kafka.start()
        client = AdminClient({"bootstrap.servers": kafka.bootstrap})
        client.create_partitions([NewPartitions(topic, 4)])[topic].result(30)
        for partition in range(4):
            produce(kafka, topic, 3500 + 500 * partition, 500, partition=partition)
        wait_rows(program, range(5500), timeout=90)
        assert len(consuming(program)) == 4
        wait_for(program, lambda: problems(program) == "", "well again")


def delete_records(kafka, topic, before):
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in client.delete_records([TopicPartition(topic, 0, before)]).values():
        future.result(30)


def test_records_deleted_before_they_were_read_are_a_gap_that_everybody_sees(kafka, start_bywash):
    topic = kafka.create_topic()
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic)
    produce(kafka, topic, 0, 2000)
    wait_rows(program, range(2000))
    wait_for(program, lambda: any("__0__2__" in name for name in consuming_segments(program)), "both segments committed")
    assert "gaps" not in consuming(program)[0]
    program.kill()
    produce(kafka, topic, 2000, 1500)
    delete_records(kafka, topic, 3000)
    program.start()
    ids = [*range(2000), *range(3000, 3500)]
    wait_rows(program, ids)
    [gap] = consuming(program)[0]["gaps"]
    assert (gap["startOffset"], gap["endOffset"], gap["recordsMissed"]) == ("2000", "3000", 1000)
    metrics = http_json("GET", program.controller_url + "/metrics")
    assert "bywash_table_records_missed_total{" in metrics and "records 2000 to 2999 were deleted" in program.log()
    program.kill()
    program.start()
    wait_rows(program, ids)
    assert consuming(program)[0]["gaps"] == [gap]
    # While it runs: it is held up, and meanwhile the topic loses what it has not read.
    program.freeze()
    produce(kafka, topic, 3500, 500)
    delete_records(kafka, topic, 3900)
    program.thaw()
    wait_for(program, lambda: consuming(program)[0]["partitionToOffsetMap"]["0"] == "4000", "at the end")
    count, missed = totals(program)[0], sum(one["recordsMissed"] for one in consuming(program)[0]["gaps"])
    # What the fetch that was under way had brought, it has.
    assert count + missed == 4000 and 1000 <= missed <= 1400, (count, missed)


def test_a_topic_that_was_created_anew_is_told(kafka, start_bywash):
    topic = kafka.create_topic()
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic)
    produce(kafka, topic, 0, 1500)
    wait_rows(program, range(1500))
    program.kill()
    kafka.delete_topic(topic)
    time.sleep(1)
    kafka.create_topic(topic)
    produce(kafka, topic, 0, 300)
    program.start()
    wait_for(program, lambda: "was it created anew?" in problems(program), "told")
    assert totals(program)[0] == 1000
