"""Tables that shape their records, and hybrid tables, on real Kafka."""

import json

from tests.integration.test_table import http, row, wait_count
from tests.support.bywash_process import Bywash

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
