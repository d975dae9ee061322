"""The `engines` benchmark: our tables beside DuckDB and ClickHouse on the same rows.

BYWASH_BENCH_RECORDS is the number of rows. One thread each: ours answers over REST, with no index but what a table has by itself and the
inverted one on user_id; theirs in their own process, without a network between. Symbols are VARCHAR in DuckDB, LowCardinality in ClickHouse.
"""

import http.client
import json
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

import pyarrow
import pyarrow.parquet

from bench.analytics import PARTITIONS, count, seal, table_config
from bench.figures import RECORDS, target
from tests.support.bywash_process import Bywash
from tests.support.jars import made_once
from tests.support.kafka_connect import http_json
from tests.support.paths import CACHE, REPO
from tests.support.stock_transactions import StockTransactions, plain

HERE = pathlib.Path(__file__).resolve().parent
TURNS = 16
# Name, whether it groups by dictionary columns, SQL with '{}' for the literal, lowest and highest literal (days of the 30 for "day"), and what
# another engine says otherwise.
QUERIES = [
    ("the document's", True, "SELECT symbol, SUM(shares) AS t FROM stock_transactions WHERE update_at >= {} GROUP BY symbol ORDER BY t DESC LIMIT 10", "day", {}),
    ("the document's, all rows", True, "SELECT symbol, SUM(shares) + {} AS t FROM stock_transactions GROUP BY symbol ORDER BY t DESC LIMIT 10", (0, 9), {}),
    ("count, average, extremes by symbol", True, "SELECT symbol, COUNT(*), AVG(purchase), MIN(purchase), MAX(shares) FROM stock_transactions WHERE shares > {} "
                                                 "GROUP BY symbol ORDER BY symbol LIMIT 1000", (0, 500), {}),
    ("by symbol, one in twenty rows", True, "SELECT symbol, COUNT(*) FROM stock_transactions WHERE shares BETWEEN {} AND {} + 50 GROUP BY symbol ORDER BY symbol LIMIT 1000", (1, 900), {}),
    ("symbols that begin with a letter", True, "SELECT symbol, SUM(shares) FROM stock_transactions WHERE symbol LIKE 'A%' AND shares <> {} GROUP BY symbol ORDER BY symbol LIMIT 1000", (1, 900), {}),
    ("all rows counted", False, "SELECT COUNT(*) + {} FROM stock_transactions", (0, 9), {}),
    ("one sum", False, "SELECT SUM(purchase) FROM stock_transactions WHERE shares <> {}", (1, 1000), {}),
    ("an expression's sum", False, "SELECT SUM(purchase * shares) FROM stock_transactions WHERE shares <> {}", (1, 1000), {}),
    ("a symbol's rows counted", False, "SELECT COUNT(*) FROM stock_transactions WHERE symbol = 'JAYO' AND shares > {}", (0, 900), {}),
    ("a user's rows", False, "SELECT id, symbol, shares, purchase FROM stock_transactions WHERE user_id = {} ORDER BY id LIMIT 100", (1, 100_000), {}),
    ("by user, the largest", False, "SELECT user_id, SUM(shares) AS t FROM stock_transactions WHERE shares > {} GROUP BY user_id ORDER BY t DESC, user_id LIMIT 10", (0, 500),
     {"pinot": "SET numGroupsLimit = 200000; "}),
    ("by symbol and a remainder", False, "SELECT symbol, MOD(shares, 10) AS m, COUNT(*) FROM stock_transactions WHERE shares > {} GROUP BY symbol, m ORDER BY symbol, m LIMIT 10000", (0, 500),
     {"chdb": "SELECT symbol, shares % 10 AS m, COUNT(*) FROM stock_transactions WHERE shares > {} GROUP BY symbol, m ORDER BY symbol, m LIMIT 10000"}),
    ("users counted", False, "SELECT COUNT(DISTINCT user_id) FROM stock_transactions WHERE shares > {}", (0, 500), {}),
    ("the dearest", False, "SELECT id, purchase FROM stock_transactions WHERE shares > {} ORDER BY purchase DESC, id LIMIT 10", (0, 500), {}),
    ("distinct symbols", False, "SELECT DISTINCT symbol FROM stock_transactions WHERE shares > {} ORDER BY symbol LIMIT 1000", (0, 500), {}),
]


def environment() -> pathlib.Path:
    """The Python program of the environment with both engines, made on the first call."""
    folder = CACHE / "venv-engines"
    with made_once(folder.with_suffix(".made")) as out:
        if out is not None:
            subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes",
                            "-r", str(HERE / "requirements.txt")], check=True)
    return folder / "bin" / "python"


def with_literals(now_ms: int) -> list:
    pick, out = random.Random(1), []
    for name, dictionary, sql, literals, other in QUERIES:
        low, high = (now_ms - 25 * 86_400_000, now_ms - 5 * 86_400_000) if literals == "day" else literals
        out.append({"name": name, "dictionary": dictionary, "pinot": other.get("pinot", "") + sql, "duckdb": other.get("duckdb", sql), "chdb": other.get("chdb", sql),
                    "literals": [pick.randint(low, high) for _ in range(TURNS)]})
    return out


def ours(bywash: Bywash, queries: list) -> dict:
    connection, out = http.client.HTTPConnection("127.0.0.1", bywash.broker_port), {}
    for query in queries:
        millis = []
        for literal in query["literals"]:
            body = json.dumps({"sql": query["pinot"].replace("{}", str(literal))})
            began = time.perf_counter()
            connection.request("POST", "/query/sql", body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read()
            millis.append((time.perf_counter() - began) * 1000)
            assert b'"exceptions":[]' in answer or b'"exceptions": []' in answer, (query["name"], answer[:500])
        out[query["name"]] = statistics.median(millis[1:])
    return out


def run_engines(kafka) -> None:
    python, source = environment(), StockTransactions(seed=1)
    rows = list(source.rows(RECORDS))
    topic = kafka.create_topic(partitions=PARTITIONS)
    kafka.produce_many(topic, plain(rows))
    queries = with_literals(source.now_ms)
    with tempfile.TemporaryDirectory() as folder, Bywash.analytics() as bywash:
        parquet = pathlib.Path(folder) / "rows.parquet"
        names = ["id", "user_id", "symbol", "shares", "purchase", "update_at"]
        types = [pyarrow.int32(), pyarrow.int32(), pyarrow.string(), pyarrow.int32(), pyarrow.float64(), pyarrow.int64()]
        pyarrow.parquet.write_table(pyarrow.table([pyarrow.array(column, kind) for column, kind in zip(zip(*rows), types)], names), parquet)
        http_json("POST", bywash.controller_url + "/schemas", (REPO / "examples" / "document" / "stock_transactions.schema.json").read_text(encoding="utf-8"))
        http_json("POST", bywash.controller_url + "/tables", table_config(kafka, topic))
        bywash.process.wait_until(lambda: count(bywash) == RECORDS, "every row", 600, 0.05)
        seal(bywash)
        millis = {"Bywash": ours(bywash, queries)}
        for engine in ("duckdb", "chdb"):
            done = subprocess.run([str(python), str(HERE / "peer.py"), engine, str(parquet)], input=json.dumps(queries), check=True, capture_output=True, text=True)
            millis[engine] = json.loads(done.stdout)
    print(f"  {'ms, median':<38} {'Bywash':>9} {'DuckDB':>9} {'chdb':>9}   faster than the faster of the two", flush=True)
    grouped, all_of_them = [], []
    for query in queries:
        name = query["name"]
        best = min(millis["duckdb"][name], millis["chdb"][name])
        factor = best / millis["Bywash"][name]
        (grouped if query["dictionary"] else all_of_them).append(factor)
        print(f"  {name:<38} {millis['Bywash'][name]:9.2f} {millis['duckdb'][name]:9.2f} {millis['chdb'][name]:9.2f}   {factor:6.1f}", flush=True)
    target("group-bys over dictionary columns: times as fast, the least", min(grouped), 10, at_most=False)
    target("every other query: times as fast, the least", min(all_of_them), 1, at_most=False)
