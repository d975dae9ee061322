"""kill -9 while each sink delivers: started again, every record is at its destination, none twice."""

import io
import random
import sqlite3
import time

import pyarrow.parquet
import pytest

from tests.support.bywash_process import Bywash
from tests.support.stock_transactions import Row, StockTransactions, plain, totals

_ROWS = 200_000
_KILLS = 3
_COLUMNS = ", ".join(Row._fields)
# A dead worker's membership ends soon, so that the next start gets its partitions.
_WORKER = {"consumer.session.timeout.ms": "6000", "consumer.heartbeat.interval.ms": "1000", "offset.flush.interval.ms": "200"}


def digest(rows) -> tuple:
    sums = totals(Row._make(row) for row in rows)
    return (sums.count, sums.id, sums.user_id, sums.shares, sums.cents, sums.update_at)


def kill_again_and_again(bywash, seed: int) -> None:
    """Starts it, kills it at a moment of chance while it delivers, and leaves it running after the last start."""
    chance = random.Random(seed)
    for _ in range(_KILLS):
        time.sleep(chance.uniform(0.05, 0.9))
        bywash.kill()
        bywash.start()


def deliver_under_kills(kafka, topic, start_bywash, connectors, name, env=None):
    rows = list(StockTransactions(seed=11).rows(_ROWS))
    kafka.produce_many(topic, plain(rows))
    bywash = start_bywash(Bywash.standalone(kafka.bootstrap, connectors, worker=_WORKER, env=env))
    kill_again_and_again(bywash, seed=len(name))
    kafka.wait_committed(f"connect-{name}", topic, timeout=120)
    return rows


def connector_file(folder, name, config):
    path = folder / f"{name}.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in {"name": name, **config}.items()), encoding="utf-8")
    return path


def jdbc(topic, url, **more):
    return {"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "topics": topic, "connection.url": url, "auto.create": "true",
            "pk.mode": "record_value", "pk.fields": "id", "insert.mode": "upsert", "table.name.format": "stock", **more}


def s3_sink(topic, bucket, **more):
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": bucket, "s3.region": "us-east-1",
            "flush.size": "1000", "format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat", **more}


def test_sqlite_rows_are_exact_after_kills(kafka, topic, start_bywash, tmp_path):
    file = tmp_path / "stock.db"
    connector = connector_file(tmp_path, f"sqlite-{topic}", jdbc(topic, f"jdbc:sqlite:{file}"))
    rows = deliver_under_kills(kafka, topic, start_bywash, [connector], f"sqlite-{topic}")
    with sqlite3.connect(file) as connection:
        assert digest(connection.execute(f"SELECT {_COLUMNS} FROM stock")) == digest(rows)


def test_postgresql_rows_are_exact_after_kills(kafka, postgres, database, topic, start_bywash, tmp_path):
    connector = connector_file(tmp_path, f"pg-{topic}", {**jdbc(topic, ""), **postgres.jdbc_config(database)})
    rows = deliver_under_kills(kafka, topic, start_bywash, [connector], f"pg-{topic}")
    assert digest(postgres.query(database, f"SELECT {_COLUMNS} FROM stock")) == digest(rows)


def parquet_rows(files) -> list:
    got = []
    for file in files:
        table = pyarrow.parquet.read_table(io.BytesIO(file))
        got += zip(*(table.column(column).to_pylist() for column in Row._fields))
    return got


@pytest.mark.parametrize("where", ["folder", "s3"])
def test_files_cut_by_size_and_clock_are_exact_after_kills(kafka, s3, bucket, topic, start_bywash, tmp_path, where):
    # Cuts fall elsewhere after each start: only the delivery log knows what is delivered.
    store = {"store.url": f"file://{tmp_path}/lake"} if where == "folder" else {}
    name = f"cuts-{where}-{topic}"
    connector = connector_file(tmp_path, name, s3_sink(topic, bucket, **{
        "flush.size": "1000000", "rotate.size.bytes": "100000", "rotate.age.ms": "150", "rotate.idle.ms": "100", **store}))
    rows = deliver_under_kills(kafka, topic, start_bywash, [connector], name, env=s3.environment())
    if where == "folder":
        files = [path.read_bytes() for path in (tmp_path / "lake" / "topics").rglob("*.parquet")]
    else:
        files = [s3.read(bucket, key) for key in s3.keys(bucket, "topics/")]
    assert digest(parquet_rows(files)) == digest(rows)


@pytest.mark.parametrize("where", ["folder", "s3"])
def test_parquet_rows_are_exact_after_kills(kafka, s3, bucket, topic, start_bywash, tmp_path, where):
    store = {"store.url": f"file://{tmp_path}/lake"} if where == "folder" else {}
    name = f"{where}-{topic}"
    connector = connector_file(tmp_path, name, s3_sink(topic, bucket, **store))
    rows = deliver_under_kills(kafka, topic, start_bywash, [connector], name, env=s3.environment())
    if where == "folder":
        files = [path.read_bytes() for path in (tmp_path / "lake").rglob("*.parquet")]
    else:
        files = [s3.read(bucket, key) for key in s3.keys(bucket)]
    assert len(files) == _ROWS // 1000
    assert digest(parquet_rows(files)) == digest(rows)
