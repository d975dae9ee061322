"""What a long-lived process would see in hours, in a minute: 208 segments sealed, written anew and dropped, 200 tables created and deleted,
queries of every kind. Nothing stays behind: memory, descriptors, threads, mappings, files."""

import json
import os
import time

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json

PARTS, ROUNDS, TABLES = 4, 2, 50   # rounds and tables of each part
SEGMENTS, ROWS = 13, 60            # segments of a round and kind, rows of a segment


def schema(name: str) -> dict:
    return {"schemaName": name, "primaryKeyColumns": ["id"], "dimensionFieldSpecs": [{"name": "id", "dataType": "LONG"}, {"name": "word", "dataType": "STRING"}],
            "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:MILLISECONDS"}]}


def table(kafka, name: str, topic: str, indexes: dict, **more) -> dict:
    stream = {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
              "stream.kafka.decoder.class.name": "org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder",
              "stream.kafka.consumer.prop.auto.offset.reset": "smallest", "realtime.segment.flush.threshold.segment.rows": str(ROWS)}
    return {"tableName": name, "tableType": "REALTIME", "tenants": {}, "tableIndexConfig": indexes, "routing": {"instanceSelectorType": "strictReplicaGroup"},
            "segmentsConfig": {"timeColumnName": "at", "replication": "1", "retentionTimeUnit": "DAYS", "retentionTimeValue": "2"},
            "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [stream]}}, **more}


def held(program) -> dict:
    """What the process has: descriptors, threads, mappings of segments, files, resident bytes."""
    proc = f"/proc/{program.process.pid}"
    with open(f"{proc}/maps", encoding="ascii") as maps:
        mapped = sum(1 for line in maps if ".seg" in line)
    return {"descriptors": len(os.listdir(f"{proc}/fd")), "threads": len(os.listdir(f"{proc}/task")), "mapped": mapped,
            "files": sum(len(files) for _, _, files in os.walk(program.folder / "data")), "resident": program.process.rss_bytes() >> 20}


def wait_for(program, condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not {what} after 60 s: {held(program)}\n{program.log()[-3000:]}"
        time.sleep(0.05)


def count(program, name) -> int:
    answer = program.sql(f"SELECT COUNT(*) FROM {name}")
    return answer["resultTable"]["rows"][0][0] if not answer["exceptions"] else -1


def sealed_and_dropped(program, kafka, topic, kind, rounds):
    """`rounds` times: records fill segments, these are written anew with other indexes, asked, and deleted."""
    name, indexes = f"rows_{kind}", [{"invertedIndexColumns": ["word"]}, {"noDictionaryColumns": ["id"], "rangeIndexColumns": ["id"]}]
    more = {"plain": {}, "keyed": {"upsertConfig": {"mode": "FULL"}}}[kind]
    http_json("POST", program.controller_url + "/schemas", schema(name))
    http_json("POST", program.controller_url + "/tables", table(kafka, name, topic, {}, **more))
    now, per_round = int(time.time() * 1000), SEGMENTS * ROWS
    for number in range(rounds):
        records = [{"id": number * per_round + i, "word": f"w{i % 7}", "at": now - i} for i in range(per_round)]
        kafka.produce_many(topic, [json.dumps(record).encode() for record in records])
        wait_for(program, lambda: count(program, name) == per_round, f"consumed, round {number}")
        http_json("PUT", f"{program.controller_url}/tables/{name}", table(kafka, name, topic, indexes[number % 2], **more))
        for sql in ("SELECT word, COUNT(*), SUM(id) FROM {} GROUP BY word", "SELECT * FROM {} ORDER BY id DESC LIMIT 500", "SELECT DISTINCTCOUNT(id) FROM {}",
                    "SELECT a.word, COUNT(*) FROM {} a JOIN {} b ON a.id = b.id GROUP BY a.word"):
            assert program.sql(sql.replace("{}", name))["exceptions"] == []
        http_json("POST", f"{program.controller_url}/segments/{name}/reload")
        http_json("DELETE", f"{program.controller_url}/segments/{name}?type=REALTIME")
        wait_for(program, lambda: count(program, name) == 0, f"dropped, round {number}")
    http_json("DELETE", f"{program.controller_url}/tables/{name}")
    http_json("DELETE", f"{program.controller_url}/schemas/{name}")


def created_and_deleted(program, kafka, topic, tables):
    for number in range(tables):
        name = f"brief_{number % 3}"
        http_json("POST", program.controller_url + "/schemas", schema(name))
        http_json("POST", program.controller_url + "/tables", table(kafka, name, topic, {}))
        assert program.sql(f"SELECT COUNT(*) FROM {name}")["exceptions"] == []
        http_json("DELETE", f"{program.controller_url}/tables/{name}")
        http_json("DELETE", f"{program.controller_url}/schemas/{name}")


def test_nothing_stays_behind_of_segments_and_tables_that_are_gone(kafka, start_bywash):
    program = start_bywash(Bywash.analytics())
    topics = {kind: kafka.create_topic() for kind in ("plain", "keyed")}
    brief = kafka.create_topic()
    seen = []

    def once(part):
        for kind, topic in topics.items():
            sealed_and_dropped(program, kafka, topic, kind, ROUNDS)
            kafka.delete_topic(topic)
            topics[kind] = kafka.create_topic()
        created_and_deleted(program, kafka, brief, TABLES)
        time.sleep(1)
        seen.append(held(program))
        print(part, seen[-1])
    for part in range(PARTS):
        once(part)
    # The first part fills caches, pools and the allocator; the rest adds nothing.
    first, last = seen[1], seen[-1]
    for what in ("descriptors", "threads", "mapped", "files"):
        assert last[what] <= first[what] + (2 if what in ("descriptors", "threads") else 0), (what, seen)
    assert last["mapped"] == 0 and last["files"] <= 2, seen
    assert last["resident"] <= first["resident"] + 12, seen
    assert "leak" not in program.log()
