"""A table over REST: the document's query on consuming and sealed rows, with a star-tree, and by an inverted index; memory and start.

BYWASH_BENCH_RECORDS is the number of rows, in four partitions (Pinot's figures were taken with 5,000,000); BYWASH_BENCH_SECONDS how long each
load runs (10). Literals differ from query to query; in half of the cases they cut inside segments.
"""

import json
import os
import subprocess
import time

from bench.figures import BUILD, RECORDS, build, target
from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.stock_transactions import StockTransactions, plain

PARTITIONS = 4
SECONDS = float(os.environ.get("BYWASH_BENCH_SECONDS", "10"))
DOCUMENTS_QUERY = ("SELECT symbol, SUM(shares) AS total_shares FROM stock_transactions WHERE update_at >= {} GROUP BY symbol "
                   "ORDER BY total_shares DESC LIMIT 10")
STAR_TREE = {"dimensionsSplitOrder": ["symbol"], "functionColumnPairs": ["COUNT__*", "SUM__shares"]}


class Load:
    """What one load gave: milliseconds of a query, queries a second, CPU milliseconds of the server for each."""

    def __init__(self, bywash: Bywash, sql: str, low: int, high: int, connections: int):
        before = bywash.process.cpu_seconds()
        done = subprocess.run([str(BUILD / "bench_http_load"), str(bywash.broker_port), str(connections), str(SECONDS), str(low), str(high), sql],
                              check=True, capture_output=True, text=True)
        queries, seconds, median, p99, _failed = done.stdout.split()
        self.cpu_ms = (bywash.process.cpu_seconds() - before) / int(queries) * 1000
        self.qps, self.median_ms, self.p99_ms = int(queries) / float(seconds), int(median) / 1000, int(p99) / 1000

    def __str__(self) -> str:
        return f"median {self.median_ms:8.3f} ms   p99 {self.p99_ms:8.3f} ms   {self.qps:9,.0f} queries/s   {self.cpu_ms:7.3f} ms CPU each"


def measure(bywash: Bywash, what: str, sql: str, low: int, high: int) -> tuple:
    alone, many = Load(bywash, sql, low, high, 1), Load(bywash, sql, low, high, 16)
    print(f"  {what:<44} {alone}\n  {'  16 connections':<44} {many}", flush=True)
    return alone, many


def count(bywash: Bywash) -> int:
    answer = bywash.sql("SELECT COUNT(*) FROM stock_transactions")
    return -1 if answer["exceptions"] else answer["resultTable"]["rows"][0][0]


def table_config(kafka, topic: str) -> dict:
    table = json.loads((REPO / "examples" / "document" / "stock_transactions.table.json").read_text(encoding="utf-8"))
    stream = table["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]
    stream.update({"stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
                   "stream.kafka.consumer.prop.auto.offset.reset": "smallest",
                   # Nothing is sealed before it is asked for.
                   "realtime.segment.flush.threshold.rows": str(RECORDS * 2), "realtime.segment.flush.threshold.segment.size": "2G"})
    table["tableIndexConfig"] = {"invertedIndexColumns": ["user_id"]}
    return table


def change_indexes(bywash: Bywash, table: dict) -> float:
    """Seconds until every segment has the indexes of the new config."""
    began = time.monotonic()
    http_json("PUT", bywash.controller_url + "/tables/stock_transactions_REALTIME", table)
    bywash.process.wait_until(lambda: not http_json("GET", bywash.controller_url + "/segments/stock_transactions_REALTIME/needReload")["needReload"],
                              "every segment anew", 600, 0.05)
    return time.monotonic() - began


def seal(bywash: Bywash) -> None:
    http_json("POST", bywash.controller_url + "/tables/stock_transactions_REALTIME/forceCommit")

    def consuming_rows() -> int:
        return bywash.sql("SELECT COUNT(*) FROM stock_transactions")["numConsumingSegmentsMatched"]
    bywash.process.wait_until(lambda: consuming_rows() == 0 and count(bywash) == RECORDS, "all sealed", 300, 0.1)


def run_analytics(kafka) -> None:
    build("bench_http_load")
    topic = kafka.create_topic(partitions=PARTITIONS)
    source = StockTransactions(seed=1)
    kafka.produce_many(topic, plain(source.rows(RECORDS)))
    first = source.now_ms - 31 * 86_400_000  # before every row
    table = table_config(kafka, topic)
    with Bywash.analytics() as bywash:
        http_json("POST", bywash.controller_url + "/schemas", (REPO / "examples" / "document" / "stock_transactions.schema.json").read_text(encoding="utf-8"))
        before, began = bywash.process.cpu_seconds(), time.monotonic()
        http_json("POST", bywash.controller_url + "/tables", table)
        bywash.process.wait_until(lambda: count(bywash) == RECORDS, "every row", 600, 0.05)
        took, cpu = time.monotonic() - began, bywash.process.cpu_seconds() - before
        target("ingestion: CPU us a row", cpu / RECORDS * 1e6, 1.2)
        target("ingestion: thousand rows a second", RECORDS / took / 1000, 800, at_most=False)
        consuming, _ = measure(bywash, "consuming rows, all pass", DOCUMENTS_QUERY, first - 10_000, first)
        seal(bywash)
        sealed, _ = measure(bywash, "sealed, all pass", DOCUMENTS_QUERY, first - 10_000, first)
        measure(bywash, "sealed, cut inside segments", DOCUMENTS_QUERY, source.now_ms - 20 * 86_400_000, source.now_ms - 5 * 86_400_000)
        target("sealed, all pass: ms CPU a query", sealed.cpu_ms, 3)
        target("consuming against sealed, CPU", consuming.cpu_ms / sealed.cpu_ms, 1.5)
        by_user, _ = measure(bywash, "WHERE user_id = n, inverted", "SELECT COUNT(*), SUM(shares) FROM stock_transactions WHERE user_id = {}", 1, 100_000)
        target("inverted: ms CPU a query", by_user.cpu_ms, 0.1)
        table["tableIndexConfig"]["starTreeIndexConfigs"] = [STAR_TREE]
        print(f"  star-trees made on the live table in {change_indexes(bywash, table):.1f} s", flush=True)
        for what, low, high in (("star-tree, all pass", first - 10_000, first),
                                ("star-tree, cut inside segments", source.now_ms - 20 * 86_400_000, source.now_ms - 5 * 86_400_000)):
            alone, many = measure(bywash, what, DOCUMENTS_QUERY, low, high)
            target(f"{what}: ms CPU a query", alone.cpu_ms, 0.1)
            target(f"{what}: queries a second at 16 connections", many.qps, 15_000, at_most=False)
            target(f"{what}: p99 ms at 16 connections", many.p99_ms, 5)
        target("RSS in MiB", bywash.process.rss_bytes() / 2**20, 300)
        bywash.stop()
        began = time.monotonic()
        bywash.start()
        while count(bywash) != RECORDS:
            time.sleep(0.001)
        target("seconds from start to the first answer over every row", time.monotonic() - began, 0.5)
        target("RSS after the start in MiB", bywash.process.rss_bytes() / 2**20, 300)
