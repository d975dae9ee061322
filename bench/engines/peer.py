"""Runs in the environment with DuckDB and chdb: peer.py ENGINE ROWS.parquet, queries as JSON on standard input.

Each query is a text per engine with '{}' for a literal and the literals of its turns; the answer is JSON, milliseconds by query name, the
median of the turns behind the first. One thread; rows are in memory, in the engine's own format.
"""

import json
import statistics
import sys
import time


def duckdb_engine(rows: str):
    import duckdb
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("CREATE TABLE stock_transactions AS SELECT * FROM read_parquet(?)", [rows])
    return lambda sql: connection.execute(sql).fetchall()


def chdb_engine(rows: str):
    from chdb import session
    here = session.Session()
    here.query("CREATE DATABASE bench ENGINE = Atomic")
    here.query("CREATE TABLE bench.stock_transactions (id Int32, user_id Int32, symbol LowCardinality(String), shares Int32, purchase Float64, update_at Int64) "
               "ENGINE = MergeTree ORDER BY update_at")
    here.query(f"INSERT INTO bench.stock_transactions SELECT id, user_id, symbol, shares, purchase, update_at FROM file('{rows}', Parquet)")
    here.query("OPTIMIZE TABLE bench.stock_transactions FINAL")
    here.query("USE bench")
    return lambda sql: here.query(sql + " SETTINGS max_threads = 1", "TSV").bytes()


def main() -> None:
    name, rows = sys.argv[1:]
    run = {"duckdb": duckdb_engine, "chdb": chdb_engine}[name](rows)
    out = {}
    for query in json.load(sys.stdin):
        millis = []
        for literal in query["literals"]:
            sql = query[name].replace("{}", str(literal))
            began = time.perf_counter()
            run(sql)
            millis.append((time.perf_counter() - began) * 1000)
        out[query["name"]] = statistics.median(millis[1:])
    print(json.dumps(out))


if __name__ == "__main__":
    main()
