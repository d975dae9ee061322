"""The analytics engine on real Kafka: tables from Pinot's JSON, live answers, kill -9 without loss or duplicates."""

import json
import pathlib
import random
import resource
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from tests.support.bywash_process import Bywash, binary, run
from tests.support.processes import free_ports
from tests.support.stock_transactions import StockTransactions, plain

DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "pinot"
# Times are summed from a base: Pinot's SUM is a double, exact to 2^53.
SUMS = ("SELECT COUNT(*), SUM(id), SUM(user_id), SUM(shares), SUM(purchase), SUM(ABS(update_at - {base})), MIN(id), MAX(id), DISTINCTCOUNT(id) "
        "FROM stock_transactions")


def http(method: str, url: str, body=None, headers=None):
    """(status, parsed JSON or text)."""
    given = body if isinstance(body, (bytes, type(None))) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = urllib.request.Request(url, given, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def document_schema() -> str:
    return (DOCUMENT / "document-schema.json").read_text(encoding="utf-8")


def document_table(kafka, topic: str, **stream) -> str:
    """The document's table, its comment line included; only host, port and topic are put in, and `stream` keys added."""
    text = (DOCUMENT / "document-table.json").read_text(encoding="utf-8")
    text = text.replace("localhost:9092", kafka.bootstrap).replace("processed-topic", topic)
    more = "".join(f', "{key}": "{value}"' for key, value in stream.items())
    return text.replace('KafkaJSONMessageDecoder"', 'KafkaJSONMessageDecoder"' + more)


SMALLEST = {"stream.kafka.consumer.prop.auto.offset.reset": "smallest"}


def create(program, kafka, topic, **stream):
    assert http("POST", program.controller_url + "/schemas", document_schema())[0] == 200
    status, answer = http("POST", program.controller_url + "/tables", document_table(kafka, topic, **stream))
    assert status == 200, answer
    assert answer["status"] == "Table stock_transactions_REALTIME successfully added"
    return answer


def row(program, sql):
    answer = program.sql(sql)
    assert answer["exceptions"] == [], answer
    return answer["resultTable"]["rows"][0]


def wait_count(program, count, timeout=60.0):
    deadline = time.monotonic() + timeout
    while (now := row(program, "SELECT COUNT(*) FROM stock_transactions")[0]) != count:
        assert now < count, f"{now} rows, more than the {count} that were produced"
        assert time.monotonic() < deadline, f"{now} of {count} rows after {timeout:.0f} s\n{program.log()[-3000:]}"
        time.sleep(0.1)


def check_sums(program, rows):
    """Every count and sum of what was produced, each row exactly once."""
    wait_count(program, len(rows))
    base = min(r.update_at for r in rows)
    found = row(program, SUMS.format(base=base))
    exact = [len(rows), sum(r.id for r in rows), sum(r.user_id for r in rows), sum(r.shares for r in rows), None,
             sum(r.update_at - base for r in rows), min(r.id for r in rows), max(r.id for r in rows), len(rows)]
    for at, expected in enumerate(exact):
        if at == 4:
            assert abs(found[4] - sum(r.purchase for r in rows)) < 1e-6 * abs(found[4])
        else:
            assert found[at] == expected, (at, found, exact)


def test_the_documents_table_as_it_stands_answers_the_documents_query(kafka, start_bywash):
    topic = kafka.create_topic(partitions=2)
    program = start_bywash(Bywash.analytics())
    answer = create(program, kafka, topic)
    assert answer["unrecognizedProperties"] == {}
    assert any("replication" in warning for warning in answer["warnings"])
    # Without auto.offset.reset Pinot begins at the end: wait until it is known where that is.
    deadline = time.monotonic() + 20
    while len(http("GET", program.controller_url + "/tables/stock_transactions/consumingSegmentsInfo")[1]["_segmentToConsumingInfoMap"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    rows = list(StockTransactions(seed=3).rows(20_000))
    kafka.produce_many(topic, plain(rows))
    check_sums(program, rows)
    answer = program.sql("SELECT symbol, SUM(shares) AS total_shares FROM stock_transactions WHERE update_at >= 1680000000000 "
                         "GROUP BY symbol ORDER BY total_shares DESC LIMIT 10;")
    shares: dict = {}
    for one in rows:
        shares[one.symbol] = shares.get(one.symbol, 0) + one.shares
    expected = sorted(shares.values(), reverse=True)[:10]
    assert [line[1] for line in answer["resultTable"]["rows"]] == expected
    assert answer["resultTable"]["dataSchema"] == {"columnNames": ["symbol", "total_shares"], "columnDataTypes": ["STRING", "DOUBLE"]}
    assert answer["numConsumingSegmentsQueried"] == 2 and answer["minConsumingFreshnessTimeMs"] > 0


def test_a_topic_that_comes_later_is_read_from_its_start(kafka, start_bywash):
    program = start_bywash(Bywash.analytics())
    topic = "later-" + str(random.randrange(10**9))
    create(program, kafka, topic)
    time.sleep(1.5)
    assert row(program, "SELECT COUNT(*) FROM stock_transactions")[0] == 0
    kafka.create_topic(topic, partitions=3)
    rows = list(StockTransactions(seed=5).rows(3_000))
    kafka.produce_many(topic, plain(rows))
    check_sums(program, rows)
    assert "cannot be consumed yet" in program.log()


def test_kill_9_during_consumption_and_sealing_loses_and_repeats_nothing(kafka, start_bywash):
    topic = kafka.create_topic(partitions=2)
    rows = list(StockTransactions(seed=11).rows(120_000))
    values = list(plain(rows))
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST, **{"realtime.segment.flush.threshold.rows": "4000"})
    chance = random.Random(17)
    done = 0
    for round_number in range(8):
        upto = len(values) * (round_number + 1) // 8
        kafka.produce_many(topic, values[done:upto])
        done = upto
        time.sleep(chance.uniform(0.0, 0.4))
        program.kill()
        program.start()
    check_sums(program, rows)
    names = http("GET", program.controller_url + "/segments/stock_transactions")[1][0]["REALTIME"]
    assert len(names) > 20 and len(set(names)) == len(names)
    assert all(name.startswith("stock_transactions__") for name in names)
    # A graceful stop seals nothing and loses nothing either.
    assert program.stop() == 0
    program.start()
    check_sums(program, rows)


def test_where_consumption_began_is_durable_although_nothing_was_committed(kafka, start_bywash):
    topic = kafka.create_topic()
    program = start_bywash(Bywash.analytics())
    kafka.produce(topic, ['{"id":1}'] * 10)
    create(program, kafka, topic)  # begins at the end: the ten are not read
    deadline = time.monotonic() + 20
    while not http("GET", program.controller_url + "/tables/stock_transactions/consumingSegmentsInfo")[1]["_segmentToConsumingInfoMap"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    kafka.produce(topic, ['{"id":2}'] * 5)
    wait_count(program, 5)
    program.kill()
    kafka.produce(topic, ['{"id":3}'] * 7)
    program.start()
    wait_count(program, 12)


def test_awkward_records_are_counted_by_reason(kafka, topic, start_bywash):
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST)
    kafka.produce(topic, ["not json", None, "[]", '{"id":1,"user_id":3000000000}', '{"id":"x"}', '{"id":2,"shares":1.5}'])
    wait_count(program, 3)
    status, text = http("GET", program.controller_url + "/metrics")
    assert status == 200
    for series in ('records_dropped_total{reason="not_json"', 'records_dropped_total{reason="tombstone"', 'records_dropped_total{reason="not_an_object"',
                   'values_replaced_total{reason="out_of_range"', 'values_replaced_total{reason="not_a_number"', 'values_replaced_total{reason="fractional"'):
        assert f'bywash_table_{series},table="stock_transactions_REALTIME"}} 1' in text, text
    assert "not json" not in program.log()


def test_pause_force_commit_and_resume(kafka, topic, start_bywash):
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST)
    table = program.controller_url + "/tables/stock_transactions"
    kafka.produce(topic, ['{"id":1}'] * 10)
    wait_count(program, 10)
    assert http("POST", table + "/forceCommit")[1]["forceCommitStatus"] == "SUCCESS"
    deadline = time.monotonic() + 20
    while len(http("GET", program.controller_url + "/segments/stock_transactions")[1][0]["REALTIME"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status, answer = http("POST", table + "/pauseConsumption")
    assert status == 200 and answer["pauseFlag"] is True
    time.sleep(0.5)
    kafka.produce(topic, ['{"id":2}'] * 5)
    time.sleep(1)
    assert row(program, "SELECT COUNT(*) FROM stock_transactions")[0] == 10
    program.kill()
    program.start()
    assert http("GET", table + "/pauseStatus")[1]["pauseFlag"] is True
    assert http("POST", table + "/resumeConsumption")[1]["pauseFlag"] is False
    wait_count(program, 15)


def test_segments_past_their_retention_go(kafka, topic, start_bywash):
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST, **{"realtime.segment.flush.threshold.rows": "10"})
    old, now = int(time.time() * 1000) - 61 * 86_400_000, int(time.time() * 1000)
    kafka.produce(topic, [json.dumps({"id": 1, "update_at": old})] * 10 + [json.dumps({"id": 2, "update_at": now})] * 15)
    wait_until = time.monotonic() + 30
    while row(program, "SELECT COUNT(*), MIN(id) FROM stock_transactions") != [15, 2.0]:
        assert time.monotonic() < wait_until, program.log()[-2000:]
        time.sleep(0.2)


def test_a_wider_schema_reaches_old_and_new_rows(kafka, topic, start_bywash):
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST)
    kafka.produce(topic, ['{"id":1,"venue":"a"}'] * 10)
    wait_count(program, 10)
    wider = json.loads(document_schema().replace("// Example schema", ""))
    wider["dimensionFieldSpecs"].insert(0, {"name": "venue", "dataType": "STRING"})
    status, answer = http("PUT", program.controller_url + "/schemas/stock_transactions", wider)
    assert status == 200, answer
    kafka.produce(topic, ['{"id":2,"venue":"b"}'] * 5)
    wait_count(program, 15)
    found = program.sql("SELECT venue, COUNT(*) FROM stock_transactions GROUP BY venue ORDER BY venue")["resultTable"]["rows"]
    assert found == [["b", 5], ["null", 10]]
    narrower = json.loads(document_schema().replace("// Example schema", ""))
    assert http("PUT", program.controller_url + "/schemas/stock_transactions", narrower)[0] == 400


def test_an_offline_table_takes_files(start_bywash):
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", document_schema())[0] == 200
    table = {"tableName": "stock_transactions", "tableType": "OFFLINE", "segmentsConfig": {"timeColumnName": "update_at", "replication": "1"}}
    assert http("POST", program.controller_url + "/tables", table)[0] == 200
    rows = list(StockTransactions(seed=9).rows(5_000))
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="rows.json"\r\n\r\n' + b"\n".join(plain(rows)) + b"\r\n--x--\r\n")
    ingest = program.controller_url + "/ingestFromFile?tableNameWithType=stock_transactions_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
    status, answer = http("POST", ingest, body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert status == 200 and answer["status"].startswith("Successfully ingested file into table: stock_transactions_OFFLINE as segment: stock_transactions_")
    check_sums(program, rows)
    assert http("POST", ingest, b'{"id":1}\nnot json\n', {"Content-Type": "text/plain"})[0] == 400
    program.kill()
    program.start()
    check_sums(program, rows)
    assert http("DELETE", program.controller_url + "/tables/stock_transactions")[1] == {"status": "Tables: [stock_transactions_OFFLINE] deleted"}
    assert program.sql("SELECT 1 FROM stock_transactions")["exceptions"][0]["errorCode"] == 190


def test_indexes_come_and_go_while_queries_run(start_bywash):
    program = start_bywash(Bywash.analytics())
    assert http("POST", program.controller_url + "/schemas", document_schema())[0] == 200
    table = {"tableName": "stock_transactions", "tableType": "OFFLINE", "segmentsConfig": {"timeColumnName": "update_at", "replication": "1"}}
    assert http("POST", program.controller_url + "/tables", table)[0] == 200
    rows = list(StockTransactions(seed=5).rows(20_000))
    ingest = program.controller_url + "/ingestFromFile?tableNameWithType=stock_transactions_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
    assert http("POST", ingest, b"\n".join(plain(rows)), {"Content-Type": "text/plain"})[0] == 200
    query = "SELECT symbol, COUNT(*), SUM(shares) FROM stock_transactions GROUP BY symbol ORDER BY symbol LIMIT 1000"
    scanned = program.sql(query)
    assert scanned["numDocsScanned"] == 20_000
    url = program.controller_url + "/tables/stock_transactions_OFFLINE"
    trees = [{"dimensionsSplitOrder": ["symbol"], "functionColumnPairs": ["COUNT__*", "SUM__shares"], "maxLeafRecords": 100}]
    status, answer = http("PUT", url, {**table, "tableIndexConfig": {"starTreeIndexConfigs": trees, "noDictionaryColumns": ["symbol"]}})
    assert status == 400 and "Cannot create star-tree index on dimension column: symbol without dictionary" in answer["error"]
    assert http("PUT", url, {**table, "tableIndexConfig": {"starTreeIndexConfigs": trees, "rangeIndexColumns": ["purchase"]}})[0] == 200

    def wait_for(docs):
        deadline = time.monotonic() + 30
        while (found := program.sql(query))["numDocsScanned"] != docs:
            assert found["resultTable"] == scanned["resultTable"]
            assert time.monotonic() < deadline, program.log()[-2000:]
        assert found["resultTable"] == scanned["resultTable"]
        assert http("GET", program.controller_url + "/segments/stock_transactions_OFFLINE/needReload")[1]["needReload"] is False
    wait_for(len({r.symbol for r in rows}))
    assert program.sql("SET useStarTree = false; " + query)["numDocsScanned"] == 20_000
    assert program.sql("SELECT COUNT(*) FROM stock_transactions WHERE purchase > 990")["numEntriesScannedInFilter"] == 0
    status, answer = http("POST", program.controller_url + "/segments/stock_transactions/reload")
    job = json.loads(answer["status"])["stock_transactions_OFFLINE"]["reloadJobId"]
    assert http("GET", program.controller_url + f"/segments/segmentReloadStatus/{job}")[1]["status"] == "COMPLETED"
    program.kill()
    program.start()
    assert program.sql(query)["numDocsScanned"] < 20_000
    for turn in range(6):  # killed while segments are written anew
        assert http("PUT", url, {**table, "tableIndexConfig": {"starTreeIndexConfigs": trees if turn % 2 else []}})[0] == 200
        time.sleep(0.005 * turn)
        program.kill()
        program.start()
        check_sums(program, rows)
        assert program.sql(query)["resultTable"] == scanned["resultTable"]
    assert http("PUT", url, table)[0] == 200
    wait_for(20_000)


def test_a_second_process_and_an_occupied_port_are_refused(start_bywash, tmp_path):
    program = start_bywash(Bywash.analytics(folder=tmp_path))
    controller, broker = free_ports(2)
    again = run("analytics", "--data-dir", tmp_path / "data", "--controller-port", controller, "--broker-port", broker)
    assert again.returncode != 0 and "in use by another process" in again.stderr
    other = run("analytics", "--data-dir", tmp_path / "other", "--controller-port", program.controller_port, "--broker-port", broker)
    assert other.returncode != 0 and str(program.controller_port) in other.stderr


def test_a_read_only_and_a_full_data_folder_are_told_at_start():
    """No file system of a test's own is to be had everywhere: /proc takes no folder, a limit of 4 KiB a file no 64."""
    controller, broker = free_ports(2)
    arguments = ["analytics", "--controller-port", str(controller), "--broker-port", str(broker), "--data-dir"]
    refused = run(*arguments, "/proc/tables")
    assert refused.returncode == 1 and "Cannot create the folder '/proc/tables'" in refused.stderr
    with tempfile.TemporaryDirectory() as folder:
        full = subprocess.run([str(binary()), *arguments, folder], capture_output=True, text=True, check=False, timeout=60, restore_signals=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert full.returncode == 1 and f"Cannot write '{folder}/.writable': File too large" in full.stderr


def test_errors_are_pinots(kafka, topic, start_bywash):
    program = start_bywash(Bywash.analytics())
    url = program.controller_url
    assert http("GET", url + "/tables/nope") == (404, {"code": 404, "error": "Table nope does not exist"})
    assert http("GET", url + "/schemas/nope") == (404, {"code": 404, "error": "Schema not found"})
    assert http("DELETE", url + "/tables/nope") == (404, {"code": 404, "error": "Table 'nope' with type null does not exist"})
    assert http("POST", url + "/tables", document_table(kafka, topic)) == (
        400, {"code": 400, "error": "Failed to find schema for table: stock_transactions_REALTIME"})
    create(program, kafka, topic)
    status, answer = http("POST", url + "/tables", document_table(kafka, topic))
    assert status == 409 and answer["error"].startswith("Table config for stock_transactions_REALTIME already exists.")
    assert http("DELETE", url + "/schemas/stock_transactions") == (
        409, {"code": 409, "error": "Cannot delete schema stock_transactions, as it is associated with table stock_transactions_REALTIME"})
    assert http("GET", url + "/tables") == (200, {"tables": ["stock_transactions"]})
    assert http("GET", url + "/health") == (200, "OK") and http("GET", program.broker_url + "/health") == (200, "OK")
    assert http("POST", program.broker_url + "/query/sql", {"pql": "x"}) == (500, "Payload is missing the query string field 'sql'")
    assert http("POST", program.broker_url + "/query/sql", {"sql": "SET timeoutMs='abc'; SELECT COUNT(*) FROM stock_transactions"}) == (
        500, "timeoutMs must be a number between 1 and 2^63-1, got: abc")
    assert program.sql("SELECT nope FROM stock_transactions")["exceptions"][0]["errorCode"] == 710


def test_names_types_and_errors_are_as_recorded(kafka, topic, start_bywash):
    """Queries whose answers' form is easy to miss, as Pinot 1.5.1 answered them (see conformance/pinot): names and types of columns, kinds of values, errors."""
    program = start_bywash(Bywash.analytics())
    create(program, kafka, topic, **SMALLEST)
    rows = list(StockTransactions(seed=9).rows(2_000))
    kafka.produce_many(topic, plain(rows))
    wait_count(program, len(rows))
    problems, compared = [], 0
    for line in (DOCUMENT / "quirks.jsonl").read_text(encoding="utf-8").splitlines():
        wanted = json.loads(line)
        answer = program.sql(wanted["sql"])
        error = wanted.get("error", {"message": ""})["message"]
        # What only the multi-stage engine of Pinot takes is refused here with what it was, or answered; a back quote with what to write instead.
        if "multi-stage query engine" in error or "Lexical error" in error:
            assert not answer["exceptions"] or answer["exceptions"][0]["errorCode"] == 150, answer
            continue
        compared += 1
        if error:
            if answer["exceptions"][:1] != [wanted["error"]]:
                problems.append((wanted["sql"], answer["exceptions"]))
            continue
        table = answer.get("resultTable") or {"dataSchema": answer["exceptions"], "rows": []}
        kinds = [type(value).__name__ for value in table["rows"][0]] if table["rows"] else []
        # user_id 123 is among five million rows, not among these.
        if table["dataSchema"] != {key: wanted[key] for key in ("columnNames", "columnDataTypes")} or (kinds and kinds != wanted["valueTypes"]):
            problems.append((wanted["sql"], table["dataSchema"], kinds))
    assert not problems and compared >= 25
