"""`./dev bench [NAME...]`: each load beside its bare loop and beside Kafka Connect, interleaved in one run, as ratios.

NAME: parquet, parquet-plain, storage, records, fetch, table, analytics, engines, freshness, upsert, worker, relational, query; without NAME all.
BYWASH_BENCH_RECORDS sets the size (1,000,000), BYWASH_BENCH_ROUNDS the rounds (2). CPU is user + system time of the whole process; rows are counted at the destination.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Callable

import pyarrow.parquet

from bench.analytics import run_analytics
from bench.engines import run_engines
from bench.figures import BUILD, JSON, MEMORY, RECORDS, ROUNDS, Figure, best, build, show, target
from bench.freshness import run_freshness, run_upsert
from bench.loads import bare_loop, null_sink, padded_plain
from bench.records import run_fetch, run_records
from bench.relational import run_relational
from bench.storage import run_storage
from bench.worker import run_worker
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.stock_transactions import StockTransactions, enveloped, plain


def parquet_sink(kafka, topic, schemas: str, name: str) -> Figure:
    """The S3 sink to a local folder: from before the connector is made until every full file is there and committed."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Bywash.standalone(kafka.bootstrap) as bywash:
        before, began = bywash.process.cpu_seconds(), time.monotonic()
        bywash.create(name, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": "bench",
                             "s3.region": "us-east-1", "store.url": f"file://{folder}", "flush.size": "10000", "value.converter": JSON,
                             "value.converter.schemas.enable": schemas, "storage.class": "io.confluent.connect.s3.storage.S3Storage",
                             "format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat"})
        bywash.process.wait_until(lambda: len(list(pathlib.Path(folder).rglob("*.parquet"))) >= RECORDS // 10_000, "every file", 300, 0.02)
        figure = Figure(bywash.process.cpu_seconds() - before, time.monotonic() - began, bywash.process.peak_rss_bytes())
        rows = sum(pyarrow.parquet.read_metadata(file).num_rows for file in pathlib.Path(folder).rglob("*.parquet"))
        assert rows == RECORDS, f"{rows} rows in the files, {RECORDS} in the topic"
        return figure


def run_parquet(kafka, schemas: str, limit_of_null_sink: bool) -> None:
    build("bench_bare_loop")
    topic = kafka.create_topic()
    rows = StockTransactions(seed=1).rows(RECORDS)
    kafka.produce_many(topic, enveloped(rows) if schemas == "true" else padded_plain(rows))
    ours, loops, again = [], [], []
    for turn in range(ROUNDS):
        loops.append(bare_loop(kafka, topic))
        ours.append(parquet_sink(kafka, topic, schemas, f"bench-{turn}-{schemas}"))
        again.append(bare_loop(kafka, topic))
    cold, warm = null_sink(kafka, topic, f"null-{schemas}", {"value.converter.schemas.enable": schemas})
    show("bare loop", loops)
    show("bare loop again (noise)", again)
    show("Bywash, topic to Parquet", ours)
    show("Connect, null sink, warm", [warm])
    show("Connect, null sink, cold", [cold])
    target("CPU against the bare loop", best(ours).cpu_s / best(loops + again).cpu_s, 2)
    if limit_of_null_sink:
        target("CPU against Connect's null sink, warm", best(ours).cpu_s / warm.cpu_s, 0.2)
    target("peak RSS in MiB", max(figure.rss_bytes for figure in ours) / 2**20, 200)


def run_table(kafka) -> None:
    document = REPO / "examples" / "document"
    figures = []
    for _ in range(ROUNDS):
        topic = kafka.create_topic()
        table = json.loads((document / "stock_transactions.table.json").read_text(encoding="utf-8"))
        stream = table["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]
        stream.update({"stream.kafka.topic.name": topic, "stream.kafka.broker.list": kafka.bootstrap,
                       "stream.kafka.consumer.prop.auto.offset.reset": "smallest"})
        kafka.produce_many(topic, plain(StockTransactions(seed=1).rows(RECORDS)))
        with Bywash.analytics() as bywash:
            http_json("POST", bywash.controller_url + "/schemas", (document / "stock_transactions.schema.json").read_text(encoding="utf-8"))
            before, began = bywash.process.cpu_seconds(), time.monotonic()
            http_json("POST", bywash.controller_url + "/tables", table)

            def counted() -> bool:
                answer = bywash.sql("SELECT COUNT(*) FROM stock_transactions")
                return not answer["exceptions"] and answer["resultTable"]["rows"][0][0] == RECORDS
            bywash.process.wait_until(counted, "every row", 300, 0.1)
            figures.append(Figure(bywash.process.cpu_seconds() - before, time.monotonic() - began, bywash.process.peak_rss_bytes()))
    build("bench_bare_loop")
    loop = bare_loop(kafka, topic)
    cold, warm = null_sink(kafka, topic, "null-table", {"value.converter.schemas.enable": "false"})
    show("bare loop to Parquet", [loop])
    show("Bywash, topic to table", figures)
    show("Connect, null sink, warm", [warm])
    show("Connect, null sink, cold", [cold])
    target("peak RSS in MiB", max(figure.rss_bytes for figure in figures) / 2**20, 200)


def run_query(_kafka) -> None:
    build("bench_scan")
    subprocess.run([str(next(BUILD.rglob("bench_scan")))], cwd=REPO, check=True)


BENCHMARKS: dict[str, Callable] = {
    "parquet": lambda kafka: run_parquet(kafka, "true", True),
    "parquet-plain": lambda kafka: run_parquet(kafka, "false", False),
    "storage": run_storage,
    "records": run_records,
    "fetch": run_fetch,
    "table": run_table,
    "analytics": run_analytics,
    "engines": run_engines,
    "freshness": run_freshness,
    "upsert": run_upsert,
    "worker": run_worker,
    "relational": run_relational,
    "query": run_query,
}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"bench: unknown '{unknown[0]}'. Known are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}{' (BUSY: figures mean little)' if load > 1 else ''}; {RECORDS:,} records, {ROUNDS} rounds")
    with Kafka(bench=True) as kafka:
        for name in names:
            print(f"{name}", flush=True)
            BENCHMARKS[name](kafka)
    return 0


if __name__ == "__main__":
    sys.exit(main())
