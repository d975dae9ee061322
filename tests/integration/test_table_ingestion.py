"""Tables that shape their records, hybrid tables, and tables that know keys, on real Kafka."""

import json
import random
import time

from tests.integration.test_table import http, row, wait_count
from tests.support.bywash_process import Bywash, run
from tests.support.kafka_clients import Record

DAY = 86_400_000
SCHEMA = {"schemaName": "stock_transactions",
          "dimensionFieldSpecs": [{"name": "id", "dataType": "INT"}, {"name": "label", "dataType": "STRING"}, {"name": "day", "dataType": "LONG"},
                                  {"name": "item_n", "dataType": "INT"}],
          "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:DAYS"}]}


def realtime(kafka, topic, **ingestion):
    return {"tableName": "stock_transactions", "tableType": "REALTIME", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"},
            "tableIndexConfig": {},
            "ingestionConfig": {"streamIngestionConfig": {"streamConfigMaps": [
                {"streamType": "kafka", "stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
                 "stream.kafka.decoder.class.name": "org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder",
                 "stream.kafka.consumer.prop.auto.offset.reset": "smallest"}]}, **ingestion}}


def test_records_are_transformed_filtered_and_unnested(kafka, start_bywash):
    topic = kafka.create_topic(partitions=1)
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", SCHEMA)[0] == 200
    config = realtime(kafka, topic, transformConfigs=[{"columnName": "label", "transformFunction": "concat(upper(\"who.name\"), id, '-')"},
                                                      {"columnName": "day", "transformFunction": "toEpochDays(at)"}],
                      filterConfig={"filterFunction": "id < 0"},
                      complexTypeConfig={"fieldsToUnnest": ["items"], "prefixesToRename": {"items.": "item_"}})
    status, answer = http("POST", program.controller_url + "/tables", config)
    assert status == 200, answer
    records = [{"id": i - 2, "at": DAY * i, "who": {"name": f"u{i}"}, "items": [{"n": k} for k in range(3)]} for i in range(10)]
    kafka.produce_many(topic, [json.dumps(record).encode() for record in records])
    wait_count(program, 3 * 8)
    assert row(program, "SELECT MIN(id), MAX(day), SUM(item_n), COUNT(DISTINCT label) FROM stock_transactions") == [0.0, 9.0, 24.0, 8]
    assert row(program, "SELECT label, day FROM stock_transactions WHERE id = 3 LIMIT 1") == ["U5-3", 5]
    bad = realtime(kafka, topic, transformConfigs=[{"columnName": "label", "transformFunction": "Groovy({who}, who)"}])
    status, answer = http("PUT", program.controller_url + "/tables/stock_transactions", bad)
    assert status == 400 and "Groovy is not supported" in answer["error"]


def test_keys_headers_and_places_of_records_are_columns(kafka, start_bywash):
    topic = kafka.create_topic(partitions=2)
    program = start_bywash(Bywash.analytics())
    columns = ["__key", "__header$trace", "__metadata$offset", "__metadata$partition", "label"]
    schema = {"schemaName": "stock_transactions",
              "dimensionFieldSpecs": [{"name": "id", "dataType": "INT"}, {"name": "__metadata$recordTimestamp", "dataType": "LONG"}, *({"name": name, "dataType": "STRING"} for name in columns)],
              "dateTimeFieldSpecs": SCHEMA["dateTimeFieldSpecs"]}
    assert http("POST", program.controller_url + "/schemas", schema)[0] == 200
    config = realtime(kafka, topic, transformConfigs=[{"columnName": "label", "transformFunction": "concat(upper(\"__key\"), \"__metadata$offset\", '/')"}])
    config["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]["stream.kafka.metadata.populate"] = "true"
    status, answer = http("POST", program.controller_url + "/tables", config)
    assert status == 200, answer
    kafka.produce(topic, [Record(json.dumps({"id": i, "at": DAY, "__key": "own"}).encode(), f"k{i}".encode() if i else None, [("trace", b"\x01" + str(i).encode())] if i != 2 else [],
                                 partition=1, timestamp=DAY * i + 5) for i in range(4)])
    wait_count(program, 4)
    rows = [row(program, f'SELECT {", ".join(chr(34) + name + chr(34) for name in columns)}, "__metadata$recordTimestamp" FROM stock_transactions WHERE id = {i} LIMIT 1') for i in range(4)]
    assert rows == [["own", "0130", "0", "1", "OWN/0", 5], ["k1", "0131", "1", "1", "K1/1", DAY + 5], ["k2", "null", "2", "1", "K2/2", 2 * DAY + 5], ["k3", "0133", "3", "1", "K3/3", 3 * DAY + 5]]


def test_a_hybrid_table_counts_each_record_once(kafka, start_bywash):
    topic = kafka.create_topic(partitions=1)
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", SCHEMA)[0] == 200
    assert http("POST", program.controller_url + "/tables", realtime(kafka, topic))[0] == 200
    offline = {"tableName": "stock_transactions", "tableType": "OFFLINE", "tenants": {}, "segmentsConfig": {"timeColumnName": "at", "replication": "1"}}
    assert http("POST", program.controller_url + "/tables", offline)[0] == 200
    base = 20_000 * DAY
    history = [{"id": i, "at": base + i * DAY} for i in range(10)]          # days 0 to 9
    live = [{"id": i, "at": base + i * DAY} for i in range(6, 15)]          # days 6 to 14: days 6 to 9 are in both
    kafka.produce_many(topic, [json.dumps(record).encode() for record in live])
    body = b"\n".join(json.dumps(record).encode() for record in history)
    target = "/ingestFromFile?tableNameWithType=stock_transactions_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
    assert http("POST", program.controller_url + target, body, {"Content-Type": "text/plain"})[0] == 200
    # The boundary is day 8: history answers for days 0 to 8, the topic for 9 to 14.
    wait_count(program, 15)
    assert row(program, "SELECT COUNT(*), SUM(id), MIN(id), MAX(id) FROM stock_transactions") == [15, 105.0, 0.0, 14.0]
    assert row(program, "SELECT COUNT(*) FROM stock_transactions_OFFLINE") == [10]
    assert row(program, "SELECT COUNT(*) FROM stock_transactions_REALTIME") == [9]


def keyed(kafka, topic, **config):
    """A table whose rows are known by `id`, in small segments."""
    table = realtime(kafka, topic)
    table["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]["realtime.segment.flush.threshold.segment.rows"] = "700"
    return {**table, "routing": {"instanceSelectorType": "strictReplicaGroup"}, **config}


KEYED_SCHEMA = {**SCHEMA, "primaryKeyColumns": ["id"], "dimensionFieldSpecs": SCHEMA["dimensionFieldSpecs"] + [{"name": "gone", "dataType": "BOOLEAN"}]}


def upserted(records):
    """What is left of the records: of each key the newest, of equals the last, unless it deletes."""
    left: dict = {}
    for record in records:
        known = left.get(record["id"])
        if known is None or record["at"] >= known["at"]:
            left[record["id"]] = record
    return sorted([r["id"], r["label"], r["at"]] for r in left.values() if not r["gone"])


def test_upserts_leave_one_row_of_each_key_whenever_one_asks_and_after_kill_9(kafka, start_bywash):
    topic = kafka.create_topic(partitions=2)
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", KEYED_SCHEMA)[0] == 200
    unrouted = {key: value for key, value in keyed(kafka, topic, upsertConfig={"mode": "FULL"}).items() if key != "routing"}
    status, answer = http("POST", program.controller_url + "/tables", unrouted)
    assert status == 400 and answer["error"].endswith("Upsert/Dedup table must use strict replica-group (i.e. strictReplicaGroup) based routing")
    config = keyed(kafka, topic, upsertConfig={"mode": "FULL", "comparisonColumns": ["at"], "deleteRecordColumn": "gone"})
    status, answer = http("POST", program.controller_url + "/tables", config)
    assert status == 200, answer
    chance = random.Random(23)
    # Every key once, so that from then on each has a row; deletions only at the end.
    records = [{"id": i, "at": DAY, "label": "first", "gone": False} for i in range(300)]
    records += [{"id": chance.randrange(300), "at": DAY + chance.randrange(1000), "label": f"v{i}", "gone": False} for i in range(8_000)]
    deletions = [{"id": i, "at": DAY + (1000 if i % 2 else 0), "label": "deleted", "gone": True} for i in range(100)]

    def produce(some):
        for half in range(2):
            kafka.produce_many(topic, [json.dumps(r).encode() for r in some if r["id"] % 2 == half], partition=half)

    def wait_all(count):
        deadline = time.monotonic() + 60
        while (now := program.sql("SELECT COUNT(*) FROM stock_transactions OPTION(skipUpsert=true)")["resultTable"]["rows"][0][0]) != count:
            assert now < count and time.monotonic() < deadline, (now, count, program.log()[-2000:])
            # One snapshot: never two rows of a key, and once all are there never none.
            assert row(program, "SELECT COUNT(*), DISTINCTCOUNT(id) FROM stock_transactions") in ([300, 300], *([n, n] for n in range(300)))

    def check(some):
        found = program.sql("SELECT id, label, at FROM stock_transactions ORDER BY id LIMIT 1000")["resultTable"]["rows"]
        assert found == upserted(some)
        alive = len(found)
        assert row(program, "SELECT COUNT(*) FROM stock_transactions") == [alive]
        assert len(program.sql("SELECT DISTINCT id FROM stock_transactions LIMIT 1000")["resultTable"]["rows"]) == alive
        by_label = program.sql("SELECT label, COUNT(*) FROM stock_transactions WHERE id < 150 GROUP BY label LIMIT 1000")["resultTable"]["rows"]
        assert sum(count for _, count in by_label) == sum(1 for one in found if one[0] < 150)

    produce(records[:4000])
    time.sleep(0.3)
    program.kill()
    program.start()
    produce(records[4000:])
    wait_all(len(records))
    for _ in range(50):
        assert row(program, "SELECT COUNT(*), DISTINCTCOUNT(id) FROM stock_transactions") == [300, 300]
    check(records)
    produce(deletions)
    wait_all(len(records) + len(deletions))
    check(records + deletions)
    program.kill()
    program.start()
    wait_all(len(records) + len(deletions))
    check(records + deletions)


def test_partial_upserts_merge_a_new_row_with_its_keys_row(kafka, start_bywash):
    topic = kafka.create_topic(partitions=1)
    program = start_bywash(Bywash.analytics())
    schema = {**KEYED_SCHEMA, "dimensionFieldSpecs": KEYED_SCHEMA["dimensionFieldSpecs"] + [{"name": "tags", "dataType": "STRING", "singleValueField": False}],
              "metricFieldSpecs": [{"name": "total", "dataType": "LONG"}]}
    assert http("POST", program.controller_url + "/schemas", schema)[0] == 200
    config = keyed(kafka, topic, tableIndexConfig={"nullHandlingEnabled": True}, upsertConfig={
        "mode": "PARTIAL", "partialUpsertStrategies": {"total": "INCREMENT", "tags": "UNION", "day": "MAX", "item_n": "IGNORE"}})
    status, answer = http("POST", program.controller_url + "/tables", config)
    assert status == 200, answer
    # 100 keys, 21 records each: over several segments, a label every other time, one record out of order.
    records = [{"id": i % 100, "at": DAY + i // 100, "total": 2, "day": (i * 7919) % 1000, "item_n": i // 100, "tags": [f"t{i // 100 % 3}"],
                **({"label": f"v{i // 100}"} if i // 100 % 2 == 0 else {})} for i in range(2_000)]
    records += [{"id": i, "at": 1, "total": 1_000_000, "label": "late"} for i in range(100)]
    kafka.produce_many(topic, [json.dumps(r).encode() for r in records[:900]])
    time.sleep(0.3)
    program.kill()
    program.start()
    kafka.produce_many(topic, [json.dumps(r).encode() for r in records[900:]])
    expected = [[i, "v18", 40, max(r["day"] for r in records[:2000] if r["id"] == i), 0, ["t0", "t1", "t2"]] for i in range(100)]
    for _ in range(2):
        deadline = time.monotonic() + 60
        while program.sql("SELECT COUNT(*) FROM stock_transactions OPTION(skipUpsert=true)")["resultTable"]["rows"][0][0] != len(records):
            assert time.monotonic() < deadline, program.log()[-2000:]
            time.sleep(0.1)
        found = program.sql("SELECT id, label, total, day, item_n, tags FROM stock_transactions ORDER BY id LIMIT 1000")["resultTable"]["rows"]
        assert found == expected
        program.kill()
        program.start()


def test_dedup_keeps_the_first_record_of_a_key_over_restarts(kafka, start_bywash):
    topic = kafka.create_topic(partitions=1)
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", KEYED_SCHEMA)[0] == 200
    status, answer = http("POST", program.controller_url + "/tables", keyed(kafka, topic, dedupConfig={"dedupEnabled": True}))
    assert status == 200, answer

    def produce(label):
        kafka.produce_many(topic, [json.dumps({"id": i % 1500, "at": DAY, "label": label}).encode() for i in range(3000)] + [b'{"id":-1,"at":1}'])

    produce("a")
    wait_count(program, 1501)
    program.kill()
    program.start()
    produce("b")
    kafka.produce(topic, ['{"id":5000,"label":"last"}'])
    wait_count(program, 1502)
    assert row(program, "SELECT COUNT(*), DISTINCTCOUNT(id) FROM stock_transactions WHERE label = 'a'") == [1500, 1500]
    assert row(program, "SELECT COUNT(*) FROM stock_transactions WHERE label = 'b'") == [0]


def test_a_table_is_handed_over_with_its_history_and_the_tail(kafka, start_bywash, tmp_path):
    """From one instance to the controller of another, which speaks as Pinot's does: what both halves answer is what the topic has, once."""
    topic = kafka.create_topic(partitions=2)
    source = start_bywash(Bywash.analytics())
    assert http("POST", source.controller_url + "/schemas", SCHEMA)[0] == 200
    assert http("POST", source.controller_url + "/tables", realtime(kafka, topic))[0] == 200
    now = int(time.time() * 1000) // 1000 * 1000
    records = [{"id": i, "label": f"row {i}", "at": now - 10 * DAY + i * DAY // 100} for i in range(1000)]  # ten days, up to now
    for partition in range(2):  # a segment of each
        kafka.produce_many(topic, [json.dumps(record).encode() for record in records[partition::2]], partition=partition)
    wait_count(source, 1000)
    assert http("POST", source.controller_url + "/tables/stock_transactions/pauseConsumption")[0] == 200
    deadline = time.monotonic() + 30
    while len(list((source.folder / "data/tables/stock_transactions_REALTIME/segments").glob("*.seg"))) < 2:
        assert time.monotonic() < deadline, source.log()[-2000:]
        time.sleep(0.1)

    target = start_bywash(Bywash.analytics())
    command = ["analytics", "hand-over", "--controller", target.controller_url, "--data-dir", str(source.folder / "data"), "--table", "stock_transactions"]
    refused = run(*command)
    assert refused.returncode == 1 and "--history names the folder" in refused.stderr, refused.stderr
    shown = run(*command, "--history", str(tmp_path), "--dry-run")
    assert shown.returncode == 0 and shown.stdout.count(".parquet (at most") == 2 and not list(tmp_path.iterdir()), shown.stderr
    done = run(*command, "--history", str(tmp_path))
    assert done.returncode == 0 and "2 files of history" in done.stdout, done.stderr
    job = (tmp_path / "job-spec.yaml").read_text(encoding="utf-8")
    assert f"inputDirURI: 'file://{tmp_path}/input/'" in job and f"controllerURI: '{target.controller_url}'" in job
    offline = http("GET", target.controller_url + "/tables/stock_transactions?type=OFFLINE")[1]["OFFLINE"]
    assert "streamIngestionConfig" not in offline["ingestionConfig"] and offline["segmentsConfig"]["timeColumnName"] == "at"
    streams = http("GET", target.controller_url + "/tables/stock_transactions?type=REALTIME")[1]["REALTIME"]["ingestionConfig"]["streamIngestionConfig"]
    assert streams["streamConfigMaps"][0]["stream.kafka.consumer.prop.auto.offset.reset"].endswith("Z")
    # The job's place is taken by our own import; then the history answers up to the boundary, the topic past it.
    loaded = run("analytics", "import", "--controller", target.controller_url, "--table", "stock_transactions", "--from", str(tmp_path / "input"))
    assert loaded.returncode == 0, loaded.stderr
    assert row(target, "SELECT COUNT(*), MAX(id) FROM stock_transactions_OFFLINE") == [1000, 999.0]
    more = [{"id": 1000 + i, "label": "new", "at": now + i} for i in range(50)]
    kafka.produce_many(topic, [json.dumps(record).encode() for record in more])
    wait_count(target, 1050)
    assert row(target, "SELECT COUNT(*), SUM(id), DISTINCTCOUNT(id) FROM stock_transactions") == [1050, float(sum(range(1050))), 1050]
    again = run(*command, "--history", str(tmp_path))
    assert again.returncode == 1 and "already" in again.stderr, again.stderr
