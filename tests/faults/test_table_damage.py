"""Files of tables that are torn, flipped or gone: made again from the topic, put right, or told; an answer that says nothing of it is right.

BYWASH_FLIPS says how many files are damaged (40), BYWASH_SEED which ones and where.
"""

import json
import os
import pathlib
import random
import shutil
import time

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json

FLIPS = int(os.environ.get("BYWASH_FLIPS", "40"))
SEED = int(os.environ.get("BYWASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
ROWS, KEYS = 4_000, 700
INDEXES = {"invertedIndexColumns": ["word"], "noDictionaryColumns": ["id"], "bloomFilterColumns": ["id"], "rangeIndexColumns": ["id"], "jsonIndexColumns": ["document"],
           "starTreeIndexConfigs": [{"dimensionsSplitOrder": ["word"], "functionColumnPairs": ["COUNT__*", "SUM__number"], "maxLeafRecords": 10}]}
REALTIME = {"added": {}, "latest": {"upsertConfig": {"mode": "FULL", "comparisonColumns": ["at"]}}, "once": {"dedupConfig": {"dedupEnabled": True}}}
ASKED = ["SELECT COUNT(*), SUM(number), SUM(id), DISTINCTCOUNT(key), MIN(at), MAX(at) FROM {}", "SELECT word, COUNT(*), SUM(number) FROM {} GROUP BY word ORDER BY word LIMIT 100",
         "SELECT COUNT(*) FROM {} WHERE word = 'w7'", "SELECT COUNT(*), SUM(key) FROM {} WHERE id BETWEEN 1000 AND 1100", "SELECT COUNT(*) FROM {} WHERE id = 1234",
         "SELECT COUNT(*) FROM {} WHERE JSON_MATCH(document, '\"$.n\" = 3')"]


def record(number: int, begun: int) -> dict:
    return {"id": number, "key": number * 31 % KEYS, "number": number % 1000, "word": f"w{number % 23}", "at": begun + number, "document": {"n": number % 9}}


def schema(name: str) -> dict:
    return {"schemaName": name, "primaryKeyColumns": ["key"], "dimensionFieldSpecs": [
        {"name": "id", "dataType": "LONG"}, {"name": "key", "dataType": "LONG"}, {"name": "word", "dataType": "STRING"}, {"name": "document", "dataType": "JSON"}],
        "metricFieldSpecs": [{"name": "number", "dataType": "LONG"}],
        "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:MILLISECONDS"}]}


def config(name: str, kafka, topic) -> dict:
    table = {"tableName": name, "tableType": "OFFLINE", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"}, "tableIndexConfig": INDEXES}
    if name not in REALTIME:
        return table
    stream = {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
              "stream.kafka.decoder.class.name": "org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder",
              "stream.kafka.consumer.prop.auto.offset.reset": "smallest", "realtime.segment.flush.threshold.segment.rows": "1500"}
    routing = {"routing": {"instanceSelectorType": "strictReplicaGroup"}} if REALTIME[name] else {}
    if name == "latest":
        table["tableIndexConfig"] = {key: value for key, value in INDEXES.items() if key != "starTreeIndexConfigs"}
    return {**table, "tableType": "REALTIME", "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [stream]}}, **routing, **REALTIME[name]}


def wait_for(program, condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not {what} after 60 s, seed {SEED}\n{program.log()[-4000:]}"
        time.sleep(0.03)


def answers(program, name):
    """(answers, None), or (None, code) of the first that has an exception."""
    out = []
    for sql in ASKED:
        answer = program.sql(sql.format(name))
        if answer["exceptions"]:
            return None, answer["exceptions"][0]["errorCode"]
        out.append(answer["resultTable"]["rows"])
    return out, None


def filled(program, kafka):
    """Tables of each kind with all rows committed and consumption paused; what they answer."""
    topic, begun = kafka.create_topic(partitions=1), int(time.time() * 1000)
    values = [json.dumps(record(number, begun)).encode() for number in range(ROWS)]
    kafka.produce_many(topic, values)
    for name in [*REALTIME, "files"]:
        http_json("POST", program.controller_url + "/schemas", schema(name))
        http_json("POST", program.controller_url + "/tables", config(name, kafka, topic))
    target = "/ingestFromFile?tableNameWithType=files_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
    for half in (values[:ROWS // 2], values[ROWS // 2:]):
        http_json("POST", program.controller_url + target, b"\n".join(half), headers={"Content-Type": "text/plain"})

    def consumed(name):
        info = http_json("GET", f"{program.controller_url}/tables/{name}/consumingSegmentsInfo")["_segmentToConsumingInfoMap"]
        return [one[0]["partitionToOffsetMap"]["0"] for one in info.values()] == [str(ROWS)]
    for name in REALTIME:
        wait_for(program, lambda name=name: consumed(name), f"consumed by {name}")
        http_json("POST", f"{program.controller_url}/tables/{name}/pauseConsumption")
        wait_for(program, lambda name=name: manifest_rows(program, name) == all_rows(program, name), f"{name} committed")
    return {name: answers(program, name)[0] for name in [*REALTIME, "files"]}


def all_rows(program, name):
    return program.sql(f"SELECT COUNT(*) FROM {name} OPTION(skipUpsert=true)")["resultTable"]["rows"][0][0]


def manifest_rows(program, name):
    """Rows of committed segments."""
    text = (program.folder / f"data/tables/{name}_REALTIME/manifest").read_text(encoding="utf-8")
    return sum(one.get("rows", 0) for one in (json.loads(line.split(" ", 1)[1]) for line in text.splitlines()) if one["op"] == "add")


def damage(path: pathlib.Path, how: str, chance) -> str:
    content = bytearray(path.read_bytes())
    if how == "torn":
        content = content[:chance.randrange(len(content))]
    elif how == "flipped":
        bit = chance.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        how += f" at bit {bit}"
    else:
        at = chance.randrange(len(content))
        content[at:at + 64] = bytes(64)
    path.write_bytes(content)
    return how


def test_every_flipped_torn_or_overwritten_file_is_made_again_put_right_or_told(kafka, start_bywash):
    program = start_bywash(Bywash.analytics())
    expected = filled(program, kafka)
    assert all(expected.values()) and expected["added"] == expected["files"]
    assert program.stop() == 0
    data, copy = program.folder / "data", program.folder / "copy"
    shutil.copytree(data, copy)
    files = sorted(path.relative_to(data) for path in data.rglob("*") if path.is_file() and path.name != "LOCK")
    kinds = {path.name if path.parent.name != "segments" else "segment" for path in files}
    assert kinds >= {"segment", "manifest", "config.json", "added.json"}, kinds
    chance, healed, told = random.Random(SEED), 0, 0
    print(f"seed {SEED}, {FLIPS} of {len(files)} files")
    for number in range(FLIPS):
        shutil.rmtree(data)
        shutil.copytree(copy, data)
        path = files[number] if number < len(files) else chance.choice(files)  # each of them once
        document = path.suffix == ".json" or path.name == "manifest"
        how = chance.choice(["flipped"] if document else ["flipped", "flipped", "torn", "overwritten"])
        what = damage(data / path, how, chance)
        program.start()
        where = f"{path} {what}, seed {SEED}"

        def settled():
            """Right answers of every table, or of those that can be made again, and a word on the others."""
            found = {name: answers(program, name) for name in expected}
            for name, (rows, _code) in found.items():
                assert rows is None or rows == expected[name], f"{where}: wrong and in silence: {name}"
            return all(rows is not None or name == "files" for name, (rows, _code) in found.items())
        wait_for(program, settled, f"answered after {where}")
        _rows, code = answers(program, "files")
        if code is None:
            healed += 1
        else:
            assert code == 305 and "files_OFFLINE" in str(path), where
            errors = http_json("GET", program.controller_url + "/debug/tables/files")[0]["segmentDebugInfos"]
            assert len(errors) == 1 and "damaged" in json.dumps(errors), (where, errors)
            told += 1
        program.kill()
    print(f"{healed} put right or made again, {told} told")
    assert healed > FLIPS / 3


def test_documents_damaged_beyond_repair_close_their_own_table_only(kafka, start_bywash):
    program = start_bywash(Bywash.analytics())
    expected = filled(program, kafka)
    assert program.stop() == 0
    data, chance = program.folder / "data", random.Random(SEED)
    for path, table in (("schemas/added.json", "added"), ("tables/latest_REALTIME/config.json", "latest"), ("tables/files_OFFLINE/manifest", "files")):
        damage(data / path, "overwritten", chance)
        if path.endswith("manifest"):
            content = (data / path).read_bytes()
            (data / path).write_bytes(b"x" * 40 + content[40:])
        del expected[table]
    program.start()
    for name, rows in expected.items():
        assert answers(program, name) == (rows, None)
    for name, kind in (("added", "REALTIME"), ("latest", "REALTIME"), ("files", "OFFLINE")):
        assert answers(program, name) == (None, 190)
        assert f"Table {name}_{kind} cannot be opened" in program.log()
    # Nothing of them is lost: what is put back opens.
    assert len(list((data / "tables/files_OFFLINE/segments").glob("*.seg"))) == 2
    assert program.stop() == 0


def test_a_list_of_segments_that_is_gone_takes_no_segment_with_it(kafka, start_bywash):
    program = start_bywash(Bywash.analytics())
    filled(program, kafka)
    assert program.stop() == 0
    folder = program.folder / "data/tables/files_OFFLINE"
    (folder / "manifest").rename(program.folder / "manifest")
    program.start()
    assert answers(program, "files") == (None, 190)
    assert "is missing or empty" in program.log()
    assert len(list((folder / "segments").glob("*.seg"))) == 2
    assert program.stop() == 0
    (program.folder / "manifest").rename(folder / "manifest")
    program.start()
    assert answers(program, "files")[1] is None
