"""The user's document: its configurations exactly as they stand in examples/document/, on real Kafka, PostgreSQL and S3.

Only host, port, database and bucket are put in; the S3 endpoint and all credentials come from the environment, as the original's
drivers take them too.
"""

import datetime
import io
import json
import re
import time

import pyarrow.parquet
import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.stock_transactions import Row, StockTransactions, enveloped, plain, totals

DOCUMENT = REPO / "examples" / "document"
_COLUMNS = list(Row._fields)


@pytest.fixture
def broker():
    """A broker of the test's own: the document's topics have fixed names."""
    with Kafka() as own:
        yield own


def text_of(name: str) -> str:
    return (DOCUMENT / name).read_text(encoding="utf-8")


def write(path, text: str):
    path.write_text(text, encoding="utf-8")
    return path


def digest(rows) -> tuple:
    """Count and sums of rows given as tuples in the order of `Row`."""
    sums = totals(Row._make(row) for row in rows)
    return (sums.count, sums.id, sums.user_id, sums.shares, sums.cents, sums.update_at, dict(sums.shares_by_symbol))


def millis(value) -> int:
    if isinstance(value, datetime.datetime):
        return round(value.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
    return value


def away_from_the_full_hour(seconds: int = 30) -> None:
    """Files end at the full hour: a test that counts files does not run across it."""
    left = 3600 - time.time() % 3600
    if left < seconds:
        time.sleep(left + 0.5)


@pytest.mark.parametrize("schemas", ["true", "false"])
def test_the_jdbc_connector_delivers_as_it_stands(broker, postgres, database, start_bywash, tmp_path, schemas):
    topic = broker.create_topic("my-topic")
    rows = list(StockTransactions(seed=4).rows(5000))
    broker.produce_many(topic, enveloped(rows) if schemas == "true" else plain(rows))
    config = write(tmp_path / "jdbc-sink-connector.json", text_of("jdbc-sink-connector.json").replace(
        "//host:5432/db", f"//{postgres.host}:{postgres.port}/{database}"))
    bywash = start_bywash(Bywash.standalone(broker.bootstrap, [config], worker={"value.converter.schemas.enable": schemas},
                                            env={"PGUSER": postgres.user, "PGPASSWORD": postgres.password}))
    bywash.wait_running("jdbc-sink-connector")
    broker.wait_committed("connect-jdbc-sink-connector", topic)
    got = postgres.query(database, f'SELECT {", ".join(_COLUMNS)} FROM "my-topic"')
    assert digest(row[:5] + (millis(row[5]),) for row in got) == digest(rows)
    key = postgres.query(database, "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND "
                                   "a.attnum = ANY(i.indkey) WHERE i.indrelid = '\"my-topic\"'::regclass AND i.indisprimary")
    assert {name for (name,) in key} == set(_COLUMNS)  # as in the original: without pk.fields all fields are the key
    assert "pk.fields" in bywash.log(), "a warning says what a key of all fields means"


@pytest.mark.parametrize("schemas", ["true", "false"])
def test_the_s3_connector_writes_the_originals_object_names(broker, s3, bucket, start_bywash, tmp_path, schemas):
    away_from_the_full_hour()
    topic = broker.create_topic("my-topic")
    rows = list(StockTransactions(seed=5).rows(30_000))
    broker.produce_many(topic, enveloped(rows) if schemas == "true" else plain(rows))
    config = write(tmp_path / "s3-sink-connector.json", text_of("s3-sink-connector.json").replace("my-bucket", bucket))
    bywash = start_bywash(Bywash.standalone(broker.bootstrap, [config], worker={"value.converter.schemas.enable": schemas},
                                            env=s3.environment()))
    bywash.wait_running("s3-sink-connector")
    broker.wait_committed("connect-s3-sink-connector", topic)
    keys = s3.keys(bucket, "topics/")
    assert [key.rpartition("/")[2] for key in keys] == [f"my-topic+0+{start:010}.snappy.parquet" for start in (0, 10_000, 20_000)]
    folder = r"topics/my-topic/year=20\d\d/month=[01]\d/day=[0-3]\d/hour=[0-2]\d/"
    assert all(re.fullmatch(folder + r"[^/]+", key) for key in keys), keys
    got = []
    for key in keys:
        file = pyarrow.parquet.read_table(io.BytesIO(s3.read(bucket, key)))
        assert file.num_rows == 10_000
        got += zip(*(file.column(name).to_pylist() for name in _COLUMNS))
    assert digest(row[:5] + (millis(row[5]),) for row in got) == digest(rows)


def test_the_schema_the_table_and_the_query_work_as_they_stand(broker, start_bywash):
    topic = broker.create_topic("processed-topic")
    rows = list(StockTransactions(seed=6).rows(50_000))
    bywash = start_bywash(Bywash.analytics())
    # With the comment lines that stand above them in the document.
    http_json("POST", bywash.controller_url + "/schemas", "// Example schema\n" + text_of("stock_transactions.schema.json"))
    http_json("POST", bywash.controller_url + "/tables",
              "// Example table\n" + text_of("stock_transactions.table.json").replace("localhost:9092", broker.bootstrap))
    broker.produce_many(topic, plain(rows))  # after the table: it starts at the topic's end, as Pinot's do
    bywash.process.wait_until(lambda: count(bywash) == len(rows), "all rows are in the table")
    answer = bywash.sql(text_of("top_symbols.sql"))
    assert not answer["exceptions"], answer
    assert answer["resultTable"]["dataSchema"]["columnNames"] == ["symbol", "total_shares"]
    expected = sorted(totals(rows).shares_by_symbol.items(), key=lambda item: -item[1])[:10]
    assert [shares for _, shares in answer["resultTable"]["rows"]] == [shares for _, shares in expected]
    assert dict(answer["resultTable"]["rows"]) == dict(expected)


def count(bywash) -> int:
    answer = bywash.sql("SELECT COUNT(*) FROM stock_transactions")
    return 0 if answer["exceptions"] else answer["resultTable"]["rows"][0][0]


def test_the_documents_files_are_json():
    for file in DOCUMENT.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8")), file
