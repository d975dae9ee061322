"""How soon a row is seen while many come, and what a key of an upsert table takes.

BYWASH_BENCH_RECORDS is the number of rows that are there before (and the number of keys); BYWASH_BENCH_SECONDS how long rows come (10).
"""

import http.client
import json
import subprocess
import threading
import time

from confluent_kafka import Producer

from bench.analytics import DOCUMENTS_QUERY, PARTITIONS, SECONDS, count, table_config
from bench.figures import BUILD, RECORDS, build, target
from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.stock_transactions import StockTransactions, plain

ROWS_PER_S = 200_000
DASHBOARDS = 4
DASHBOARD_PAUSE_S = 0.1
PROBE_PAUSE_S = 0.05
SCHEMA = (REPO / "examples" / "document" / "stock_transactions.schema.json").read_text(encoding="utf-8")


class Broker:
    """Queries over one connection that stays open."""

    def __init__(self, bywash: Bywash):
        self._connection = http.client.HTTPConnection("127.0.0.1", bywash.broker_port)

    def query(self, sql: str) -> dict:
        self._connection.request("POST", "/query/sql", json.dumps({"sql": sql}), {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        assert not answer["exceptions"], answer["exceptions"]
        return answer


def dashboard(bywash: Bywash, until: float, millis: list) -> None:
    """The document's query and a time series in turn, ten times a second."""
    broker, sqls = Broker(bywash), (DOCUMENTS_QUERY, "SELECT DATETRUNC('MINUTE', update_at) AS minute, COUNT(*), SUM(shares) FROM stock_transactions "
                                                     "WHERE update_at >= {} GROUP BY minute ORDER BY minute DESC LIMIT 60")
    turn = 0
    while time.monotonic() < until:
        began = time.monotonic()
        broker.query(sqls[turn % 2].format(int(time.time() * 1000) - 3_600_000 - turn))
        millis.append((time.monotonic() - began) * 1000)
        turn += 1
        time.sleep(DASHBOARD_PAUSE_S)


def probe(bywash: Bywash, bootstrap: str, topic: str, until: float) -> list:
    """Milliseconds from before a row is handed to a producer until a query counts it, again and again."""
    broker, producer, out, user = Broker(bywash), Producer({"bootstrap.servers": bootstrap, "linger.ms": 0}), [], 10_000_000
    while time.monotonic() < until:
        user += 1
        began = time.monotonic()
        producer.produce(topic, json.dumps({"id": user, "user_id": user, "symbol": "PROBE", "shares": 1, "purchase": 1.0, "update_at": int(time.time() * 1000)}))
        producer.poll(0)
        while broker.query(f"SELECT COUNT(*) FROM stock_transactions WHERE user_id = {user}")["resultTable"]["rows"][0][0] == 0:
            assert time.monotonic() - began < 30, "a row is not seen"
        out.append((time.monotonic() - began) * 1000)
        time.sleep(PROBE_PAUSE_S)
    producer.flush(10)
    return sorted(out)


def percentile(sorted_values: list, share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def run_freshness(kafka) -> None:
    build("bench_paced_rows")
    topic = kafka.create_topic(partitions=PARTITIONS)
    kafka.produce_many(topic, plain(StockTransactions(seed=1).rows(RECORDS)))
    with Bywash.analytics() as bywash:
        http_json("POST", bywash.controller_url + "/schemas", SCHEMA)
        http_json("POST", bywash.controller_url + "/tables", table_config(kafka, topic))
        bywash.process.wait_until(lambda: count(bywash) == RECORDS, "every row", 600, 0.05)
        before, queries = bywash.process.cpu_seconds(), []
        rows = subprocess.Popen([str(BUILD / "bench_paced_rows"), kafka.bootstrap, topic, str(ROWS_PER_S), str(SECONDS)], stdout=subprocess.PIPE, text=True)
        until = time.monotonic() + SECONDS - 1
        dashboards = [threading.Thread(target=dashboard, args=(bywash, until, queries)) for _ in range(DASHBOARDS)]
        for each in dashboards:
            each.start()
        seen = probe(bywash, kafka.bootstrap, topic, until)
        for each in dashboards:
            each.join()
        sent, took = rows.communicate()[0].split()
        cpu = bywash.process.cpu_seconds() - before
        bywash.process.wait_until(lambda: count(bywash) == RECORDS + int(sent) + len(seen), "every row", 60, 0.05)
    queries.sort()
    print(f"  {int(sent) / float(took) / 1000:.0f} k rows/s, {len(queries)} queries of {DASHBOARDS} dashboards (median {percentile(queries, 0.5):.1f} ms, "
          f"p99 {percentile(queries, 0.99):.1f}), {cpu / float(took):.2f} cores; {len(seen)} rows looked for: median {percentile(seen, 0.5):.1f} ms", flush=True)
    target("thousand rows a second while they are looked for", int(sent) / float(took) / 1000, 0.95 * ROWS_PER_S / 1000, at_most=False)
    target("freshness p99, ms", percentile(seen, 0.99), 100)


def run_upsert(kafka) -> None:
    """The same rows, each with a key of its own, in a table without and one with upsert: what the keys add to the process."""
    topic = kafka.create_topic(partitions=PARTITIONS)
    kafka.produce_many(topic, plain(StockTransactions(seed=1).rows(RECORDS)), keys=(b"%d" % key for key in range(RECORDS)))
    resident = {}
    for mode in ("NONE", "FULL"):
        table = table_config(kafka, topic)
        table["tableIndexConfig"] = {}
        schema = json.loads(SCHEMA)
        if mode == "FULL":
            table["upsertConfig"] = {"mode": "FULL"}
            table["routing"] = {"instanceSelectorType": "strictReplicaGroup"}
            schema["primaryKeyColumns"] = ["id"]
        with Bywash.analytics() as bywash:
            http_json("POST", bywash.controller_url + "/schemas", schema)
            before, began = bywash.process.cpu_seconds(), time.monotonic()
            http_json("POST", bywash.controller_url + "/tables", table)
            bywash.process.wait_until(lambda: count(bywash) == RECORDS, "every row", 1200, 0.1)
            took, cpu = time.monotonic() - began, bywash.process.cpu_seconds() - before
            resident[mode] = bywash.process.rss_bytes()
            print(f"  upsert {mode}: {RECORDS / took / 1000:.0f} k rows/s, {cpu / RECORDS * 1e6:.2f} us CPU a row, {resident[mode] / 2**20:.0f} MiB", flush=True)
    target("bytes of a key", (resident["FULL"] - resident["NONE"]) / RECORDS, 40)
