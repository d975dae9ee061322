"""kill -9 of tables at random moments, while records come in and tables change: every row once, whatever was going on.

Three tables side by side, of one kind each: rows that are only added, upserts, dedup. BYWASH_KILLS says how often (60), BYWASH_SEED which moments.
"""

import json
import os
import pathlib
import random
import threading
import time

from confluent_kafka import Producer as KafkaProducer

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json

KILLS = int(os.environ.get("BYWASH_KILLS", "60"))
SEED = int(os.environ.get("BYWASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PARTITIONS, KEYS, CHUNK = 2, 3_000, 400
KINDS = {"added": {}, "latest": {"upsertConfig": {"mode": "FULL", "comparisonColumns": ["at"], "deleteRecordColumn": "gone"}},
         "once": {"dedupConfig": {"dedupEnabled": True}}}


def schema(name: str, columns: int) -> dict:
    """With as many columns that no record has."""
    extra = [{"name": f"extra{i}", "dataType": "STRING", "defaultNullValue": "none"} for i in range(columns)]
    return {"schemaName": name, "primaryKeyColumns": ["key"], "dimensionFieldSpecs": [
        {"name": "id", "dataType": "LONG"}, {"name": "key", "dataType": "LONG"}, {"name": "word", "dataType": "STRING"}, {"name": "gone", "dataType": "BOOLEAN"}, *extra],
        "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:MILLISECONDS"}]}


def table(kafka, name: str, topic: str, indexes: dict) -> dict:
    stream = {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
              "stream.kafka.decoder.class.name": "org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder",
              "stream.kafka.consumer.prop.auto.offset.reset": "smallest", "realtime.segment.flush.threshold.segment.rows": "1500"}
    routing = {"routing": {"instanceSelectorType": "strictReplicaGroup"}} if KINDS[name] else {}
    return {"tableName": name, "tableType": "REALTIME", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"},
            "tableIndexConfig": indexes, "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [stream]}}, **routing, **KINDS[name]}


def record(number: int, begun: int) -> dict:
    """Of a key the numbers go up, and one in twenty deletes it; key and number have the same partition."""
    return {"id": number, "key": number * 7919 % KEYS // PARTITIONS * PARTITIONS + number % PARTITIONS, "word": f"w{number % 97}",
            "at": begun + number, "gone": number % 20 == 19}


class Producer(threading.Thread):
    """Writes the same records to every topic, until it is held or over; `count` of them are acknowledged."""

    def __init__(self, kafka, topics, begun):
        super().__init__(daemon=True)
        self.topics, self.begun, self.count, self.error, self._failed = topics, begun, 0, None, []
        self.client = KafkaProducer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True, "linger.ms": 1})
        self.go, self.over, self._idle = threading.Event(), threading.Event(), threading.Event()

    def run(self):
        try:
            while not self.over.is_set():
                if not self.go.is_set():
                    self._idle.set()
                    self.go.wait(0.05)
                    continue
                self._idle.clear()
                for number in range(self.count, self.count + CHUNK):
                    value = json.dumps(record(number, self.begun)).encode()
                    for topic in self.topics:
                        self.client.produce(topic, value, partition=number % PARTITIONS, on_delivery=self._delivered)
                assert self.client.flush(60) == 0 and not self._failed, self._failed
                self.count += CHUNK
                time.sleep(0.04)
        except Exception as error:  # the test's thread says so
            self.error = error
            self._idle.set()

    def _delivered(self, error, _message):
        if error is not None:
            self._failed.append(error)

    def hold(self) -> int:
        self.go.clear()
        self._idle.clear()
        assert self._idle.wait(30) and self.error is None, self.error
        return self.count


class Changes(threading.Thread):
    """Force-commits, reloads, indexes that come and go, columns that are added: at random, as long as the program answers."""

    def __init__(self, program, kafka, topics, seed):
        super().__init__(daemon=True)
        self.program, self.kafka, self.topics, self.chance = program, kafka, topics, random.Random(seed)
        self.go, self.over = threading.Event(), threading.Event()
        self.columns = {name: 0 for name in KINDS}
        self.done: dict = {}

    def change(self):
        name, url = self.chance.choice(list(KINDS)), self.program.controller_url
        what = self.chance.choice(["forceCommit", "forceCommit", "reload", "index", "index", "column"])
        if what == "forceCommit":
            http_json("POST", f"{url}/tables/{name}/forceCommit")
        elif what == "reload":
            http_json("POST", f"{url}/segments/{name}/reload")
        elif what == "index":
            indexes = self.chance.choice([{}, {"invertedIndexColumns": ["word"]}, {"rangeIndexColumns": ["id"], "noDictionaryColumns": ["id"]}, {"bloomFilterColumns": ["key"], "noDictionaryColumns": ["key"]}])
            http_json("PUT", f"{url}/tables/{name}", table(self.kafka, name, self.topics[name], indexes))
        elif self.columns[name] < 6:
            http_json("PUT", f"{url}/schemas/{name}", schema(name, self.columns[name] + 1))
            self.columns[name] += 1
        self.done[what] = self.done.get(what, 0) + 1

    def run(self):
        while not self.over.is_set():
            if self.go.wait(0.05):
                try:
                    self.change()
                except Exception:  # killed meanwhile; the next column is asked for again, which changes nothing
                    pass
                time.sleep(self.chance.uniform(0, 0.15))


def rows(program, sql):
    answer = program.sql(sql)
    assert answer["exceptions"] == [], (sql, answer["exceptions"])
    return answer["resultTable"]["rows"][0]


def wait_rows(program, sql, expected):
    deadline = time.monotonic() + 60
    while (found := rows(program, sql)) != expected:
        assert found[0] <= expected[0], f"{sql}: {found}, more than {expected}; seed {SEED}"
        assert time.monotonic() < deadline, f"{sql}: {found} instead of {expected}; seed {SEED}\n{program.log()[-3000:]}"
        time.sleep(0.05)


def check(program, count, begun):
    """Counts and sums of all that was produced, in each of the tables."""
    wait_rows(program, f"SELECT COUNT(*), SUM(id), MAX(at - {begun}), DISTINCTCOUNT(id), MIN(id), MAX(id) FROM added",
              [count, count * (count - 1) / 2, count - 1, count, 0, count - 1])
    last, first = {}, {}
    for number in range(count):
        one = record(number, begun)
        last[one["key"]] = one
        first.setdefault(one["key"], one)
    wait_rows(program, "SELECT COUNT(*), SUM(id) FROM latest OPTION(skipUpsert=true)", [count, count * (count - 1) / 2])
    left = [one for one in last.values() if not one["gone"]]
    for name, expected in (("latest", left), ("once", list(first.values()))):
        ids = [one["id"] for one in expected]
        wait_rows(program, f"SELECT COUNT(*), SUM(id), SUM(key), DISTINCTCOUNT(key), MAX(id) FROM {name}",
                  [len(ids), float(sum(ids)), float(sum(one["key"] for one in expected)), len(ids), float(max(ids))])
    for name in KINDS:
        answer = http_json("GET", f"{program.controller_url}/segments/{name}")[0]["REALTIME"]
        assert len(set(answer)) == len(answer)


def moment(program, chance):
    """Returns at a moment worth a kill: any, or right when a segment is being written, is in place, or is committed."""
    kind = chance.choice(["any", "any", "starting", "written", "placed", "committed"])
    if kind == "starting":
        time.sleep(chance.uniform(0, 0.06))
        return kind
    program.process.wait_until(program.ready, "answering", timeout=30, every=0.005)
    if kind == "any":
        time.sleep(chance.uniform(0, 0.5))
        return kind
    folders = [pathlib.Path(program.folder) / f"data/tables/{name}_REALTIME" for name in KINDS]

    def seen():
        if kind == "written":
            return any(entry.name.endswith(".tmp") for folder in folders for entry in os.scandir(folder / "segments"))
        if kind == "placed":
            return sum(1 for folder in folders for _ in os.scandir(folder / "segments"))
        return sum((folder / "manifest").stat().st_size for folder in folders)
    before = seen()
    deadline = time.monotonic() + 0.8
    while time.monotonic() < deadline and (not seen() if kind == "written" else seen() == before):
        pass
    time.sleep(chance.choice([0, 0, 0.001]))
    return kind


def test_kills_at_random_moments_leave_every_row_once(kafka, start_bywash):
    print(f"seed {SEED}, {KILLS} kills")
    chance, begun = random.Random(SEED), int(time.time() * 1000)
    topics = {name: kafka.create_topic(partitions=PARTITIONS) for name in KINDS}
    program = start_bywash(Bywash.analytics())
    for name in KINDS:
        http_json("POST", program.controller_url + "/schemas", schema(name, 0))
        http_json("POST", program.controller_url + "/tables", table(kafka, name, topics[name], {}))
    producer, changes = Producer(kafka, list(topics.values()), begun), Changes(program, kafka, topics, SEED + 1)
    producer.start()
    changes.start()
    kinds: dict = {}
    try:
        for number in range(KILLS):
            producer.go.set()
            changes.go.set()
            kind = moment(program, chance)
            kinds[kind] = kinds.get(kind, 0) + 1
            program.kill()
            if number % 8 == 7 or number == KILLS - 1:
                changes.go.clear()
                count = producer.hold()
                program.start()
                check(program, count, begun)
            else:
                program.start(wait=False)
        assert program.stop() == 0
        program.start()
        check(program, producer.count, begun)
        assert producer.count >= CHUNK * KILLS / 8 and sum(changes.done.values()) >= KILLS / 2, (producer.count, changes.done)
    finally:
        producer.over.set()
        changes.over.set()
        changes.join(30)
        producer.join(30)
    print(f"{producer.count} records to each of three tables; killed {kinds}; changes {changes.done}")
