"""Delivered files into a topic: the document's two PySpark programs on real Spark, and `bywash process` beside them."""

import base64
import gzip
import json
import shutil

import fastavro
import pyarrow
import pyarrow.parquet
import pytest

from tests.support import bywash_process, spark
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kafka_clients import unique
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.s3_server import S3Server

EXAMPLES = REPO / "examples"
_GLOB = "year=*/month=*/day=*/hour=*"
_DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def line():
    """A broker and an S3 server of this file's own: the document's bucket and topic have fixed names."""
    with Kafka() as broker, S3Server() as server:
        server.create_bucket("my-bucket")
        deliver(broker, server)
        yield broker, server


def records() -> list:
    """Every kind of value whose JSON could differ: numbers of all sizes, nulls, text to escape, times, decimals."""
    texts = ["plain", "", 'quote " and \\ and /', "line\nbreak\ttab", "Zürich 東京 😀", "\u0001\u001f\u007f", "</script>&'", None]
    doubles = [0.0, -0.0, 1.0, 250.5, 1e7, 1e-3, 9.999e-4, 12345678.9, 1.7976931348623157e308, 5e-324, -1e21, 123456789012345680.0]
    out = []
    for n in range(600):
        out.append({"id": n - 300, "text": texts[n % len(texts)], "price": doubles[n % len(doubles)],
                    "ratio": [0.1, 1.5, 3.4028235e38, None][n % 4], "flag": n % 3 == 0, "big": (1 << 62) - n,
                    "at": 1_790_000_000_000 + n * 86_399_999, "day": 20_000 + n,
                    "amount": base64.b64encode((n * 7919 - 1000).to_bytes(4, "big", signed=True)).decode()})
    return out


_FIELDS = [{"field": "id", "type": "int32"}, {"field": "text", "type": "string", "optional": True}, {"field": "price", "type": "double"},
           {"field": "ratio", "type": "float", "optional": True}, {"field": "flag", "type": "boolean"}, {"field": "big", "type": "int64"},
           {"field": "at", "type": "int64", "name": "org.apache.kafka.connect.data.Timestamp", "version": 1},
           {"field": "day", "type": "int32", "name": "org.apache.kafka.connect.data.Date", "version": 1},
           {"field": "amount", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "version": 1,
            "parameters": {"scale": "2", "connect.decimal.precision": "20"}}]


def deliver(broker: Kafka, server: S3Server) -> None:
    """The records through Bywash's S3 sink, by examples/s3-sink.json, into `my-bucket`."""
    topic = broker.create_topic()
    schema = {"type": "struct", "optional": False, "fields": [{"optional": False, **field} for field in _FIELDS]}
    broker.produce_many(topic, [json.dumps({"schema": schema, "payload": row}).encode() for row in records()])
    config = json.loads((EXAMPLES / "s3-sink.json").read_text(encoding="utf-8"))["config"]
    config.update({"topics": topic, "store.url": server.endpoint, "rotate.schedule.interval.ms": "1000"})
    with Bywash.standalone(broker.bootstrap, worker={"value.converter.schemas.enable": "true"}, env=server.environment()) as bywash:
        bywash.create("s3-sink", config)
        bywash.wait_running("s3-sink")
        broker.wait_committed("connect-s3-sink", topic)


def process(broker: Kafka, server: S3Server, *more: str, source: str = f"s3://my-bucket/{_GLOB}"):
    return bywash_process.run("process", "--from", source, "--bootstrap-servers", broker.bootstrap, *more, env=server.environment())


def values(broker: Kafka, topic: str, count: int) -> list:
    """The values of the topic as text, sorted."""
    return sorted(record.value.decode() for record in broker.consume_all(topic, count=count))


def by_id(texts: list) -> dict:
    return {row["id"]: row for row in map(json.loads, texts)}


@pytest.mark.timeout(900)
def test_the_documents_pyspark_programs_and_bywash_process_write_the_same_rows(line, tmp_path):
    broker, server = line
    spark_topic = broker.create_topic("processed-topic")
    shutil.copy(EXAMPLES / "pyspark" / "read_s3_parquet.py", tmp_path)
    program = (EXAMPLES / "pyspark" / "write_to_kafka.py").read_text(encoding="utf-8")
    assert "localhost:9092" in program
    job = tmp_path / "write_to_kafka.py"
    job.write_text(program.replace("localhost:9092", broker.bootstrap), encoding="utf-8")
    done = spark.run(job, tmp_path, s3=server, timeout=800)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "only showing top 5 rows" in done.stdout
    own_topic = broker.create_topic()
    ran = process(broker, server, "--sql", "SELECT * FROM df", "--to-topic", own_topic)
    assert ran.returncode == 0, ran.stderr
    of_spark, own = values(broker, spark_topic, 600), values(broker, own_topic, 600)
    assert by_id(own) == by_id(of_spark)
    assert own == of_spark  # byte for byte


def test_sql_runs_over_the_delivered_files(line):
    broker, server = line
    topic = broker.create_topic()
    ran = process(broker, server, "--sql", "SELECT flag, count(*) AS n, sum(big - 4611686018427387904) AS s FROM input GROUP BY flag",
                  "--to-topic", topic)
    assert ran.returncode == 0, ran.stderr
    assert "2 rows" in ran.stderr
    rows = sorted((json.loads(text) for text in values(broker, topic, 2)), key=lambda row: row["flag"])
    assert [(row["flag"], row["n"]) for row in rows] == [(False, 400), (True, 200)]
    assert sum(int(row["s"]) for row in rows) == -sum(range(600))


def test_files_of_a_folder_give_the_same_rows_as_objects_of_a_bucket(line, tmp_path):
    broker, server = line
    for key in server.keys("my-bucket"):
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(server.read("my-bucket", key))
    ran = [process(broker, server, source=source) for source in (f"file://{tmp_path}/{_GLOB}", f"s3://my-bucket/{_GLOB}")]
    assert [done.returncode for done in ran] == [0, 0], ran
    assert len(ran[0].stdout.splitlines()) == 600
    assert sorted(ran[0].stdout.splitlines()) == sorted(ran[1].stdout.splitlines())


def test_partition_columns_come_with_the_flag_only(line):
    broker, server = line
    without = process(broker, server, "--sql", "SELECT * FROM input LIMIT 1")
    with_them = process(broker, server, "--sql", "SELECT * FROM input LIMIT 1", "--partition-columns")
    assert not {"year", "month", "day", "hour"} & set(json.loads(without.stdout)) - {"day"}
    assert {"year", "month", "hour"} <= set(json.loads(with_them.stdout)), with_them.stderr


@pytest.mark.parametrize("sql, said", [
    ("SELECT FROM WHERE", "syntax error"),
    ("SELECT nothing_of_that_name FROM input", "nothing_of_that_name"),
    ("SELECT * FROM elsewhere", "elsewhere"),
])
def test_bad_sql_is_an_error_with_its_place_and_reason(line, sql, said):
    broker, server = line
    topic = broker.create_topic()
    ran = process(broker, server, "--sql", sql, "--to-topic", topic)
    assert ran.returncode == 1
    assert said in ran.stderr and "LINE 1" in ran.stderr, ran.stderr
    assert broker.end_offsets(topic) == {0: 0}


@pytest.mark.parametrize("source, said", [
    ("s3://my-bucket/year=1970/*", "No objects match"),
    ("s3://no-such-bucket/*", "no-such-bucket"),
    ("file:///nowhere/at-all/*", "No files match"),
    ("ftp://host/x", "s3:// and file://"),
])
def test_input_that_is_not_there_is_a_clear_error(line, source, said):
    broker, server = line
    ran = process(broker, server, source=source)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr, ran.stderr


def test_a_topic_that_does_not_exist_is_a_clear_error(line):
    broker, server = line
    topic = unique("missing")
    ran = process(broker, server, "--to-topic", topic, "--producer", "max.block.ms=3000", "--producer", "delivery.timeout.ms=5000",
                  "--producer", "request.timeout.ms=2000")
    assert ran.returncode == 1
    assert topic in ran.stderr, ran.stderr


_TABLE_SCHEMA = {"schemaName": "delivered", "dimensionFieldSpecs": [
    {"name": "id", "dataType": "INT"}, {"name": "text", "dataType": "STRING"}, {"name": "flag", "dataType": "BOOLEAN"}, {"name": "big", "dataType": "LONG"},
    {"name": "day", "dataType": "INT"}, {"name": "amount", "dataType": "BIG_DECIMAL"}, {"name": "year", "dataType": "INT"}, {"name": "hour", "dataType": "STRING"}],
    "metricFieldSpecs": [{"name": "price", "dataType": "DOUBLE"}],
    "dateTimeFieldSpecs": [{"name": "at", "dataType": "TIMESTAMP", "format": "TIMESTAMP", "granularity": "1:MILLISECONDS"}]}


def _into_table(program: Bywash, source: str):
    done = bywash_process.run("analytics", "import", "--controller", program.controller_url, "--table", "delivered", "--from", source)
    return done.returncode, done.stdout + done.stderr


def test_a_table_takes_what_the_sink_delivered_by_one_command(line, start_bywash, tmp_path):
    _, server = line
    program = start_bywash(Bywash.analytics(env=server.environment()))
    assert http_json("POST", program.controller_url + "/schemas", _TABLE_SCHEMA)["status"] == "delivered successfully added"
    http_json("POST", program.controller_url + "/tables", {"tableName": "delivered", "tableType": "OFFLINE", "tenants": {}, "segmentsConfig":
                                                           {"timeColumnName": "at", "replication": "1"}})

    def answer(sql: str):
        said = program.sql(sql)
        assert said["exceptions"] == [], said
        return said["resultTable"]["rows"]

    code, said = _into_table(program, f"s3://my-bucket/{_GLOB}")
    assert code == 0 and "Successfully ingested" in said and "table: delivered_OFFLINE" in said, said
    sent = records()
    columns = 'COUNT(*), SUM(id), MIN("day"), MAX(big), SUM(price), DISTINCTCOUNT("at")'
    (found,) = answer(f"SELECT {columns} FROM delivered WHERE price BETWEEN -1000 AND 1e9")
    wanted = [row for row in sent if -1000 <= row["price"] <= 1e9]
    assert found[:4] == [len(wanted), sum(r["id"] for r in wanted), min(r["day"] for r in wanted), max(r["big"] for r in wanted)]
    assert found[4] == pytest.approx(sum(r["price"] for r in wanted)) and found[5] == len(wanted)
    # What the path says is there too; the record's own `day` wins over the path's.
    year, hour = answer('SELECT "year", "hour" FROM delivered LIMIT 1')[0]
    assert year > 2000 and len(hour) == 2
    last = {"text": sent[4]["text"], "flag": sent[4]["flag"], "at": "2026-09-25 14:13:19.996", "amount": "306.76"}
    assert answer("SELECT text, flag, \"at\", amount FROM delivered WHERE id = -296") == [list(last.values())]
    # Again: nothing is taken twice, also after a restart.
    program.kill()
    program.start()
    code, said = _into_table(program, f"s3://my-bucket/{_GLOB}")
    assert code == 0 and "Nothing to ingest" in said, said
    assert answer("SELECT COUNT(*) FROM delivered") == [[len(sent)]]
    # Files of others, of every format.
    rows = [{"id": 1000 + n, "text": f"row {n}", "price": n / 2} for n in range(5000)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=700)
    schema = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "text", "type": ["null", "string"]}, {"name": "price", "type": "double"}]}
    with open(tmp_path / "b.avro", "wb") as out:
        fastavro.writer(out, schema, rows, codec="deflate")
    with gzip.open(tmp_path / "c.json.gz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    with gzip.open(tmp_path / "d.csv.gz", "wt") as out:
        out.write("id,text,price\n" + "".join(f"{row['id']},\"{row['text']}\",{row['price']}\n" for row in rows))
    code, said = _into_table(program, str(tmp_path))
    assert code == 0 and "ingested 4 files (20000 rows)" in said, said
    assert answer("SELECT COUNT(*), DISTINCTCOUNT(id), SUM(price), COUNT(text) FROM delivered WHERE id >= 1000 AND text LIKE 'row%'")[0][:3] == [
        20000, 5000, 4 * sum(row["price"] for row in rows)]
    (tmp_path / "e.parquet").write_bytes(b"PAR1 no such file")
    code, said = _into_table(program, str(tmp_path))
    assert code == 1 and "e.parquet" in said and "cannot be read" in said, said
    code, said = _into_table(program, "s3://my-bucket/nothing/here")
    assert code == 1 and "No objects match" in said, said
