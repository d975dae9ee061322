"""What the S3 sink wrote, read by pyarrow, DuckDB, fastavro and PySpark: the same rows, the same types, partition columns discovered."""

import base64
import datetime
import decimal
import json

import fastavro
import pyarrow
import pyarrow.dataset
import pytest

from tests.support import bywash_process, spark
from tests.support.bywash_process import Bywash

_ROWS = 400
_DAY_MS = 86_400_000
_START_MS = 1_790_000_000_000
_UTC = datetime.timezone.utc
_FIELDS = [
    {"field": "id", "type": "int64"}, {"field": "small", "type": "int16"}, {"field": "flag", "type": "boolean"}, {"field": "ratio", "type": "double"},
    {"field": "name", "type": "string", "optional": True}, {"field": "raw", "type": "bytes"},
    {"field": "amount", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "version": 1, "parameters": {"scale": "2", "connect.decimal.precision": "20"}},
    {"field": "day", "type": "int32", "name": "org.apache.kafka.connect.data.Date", "version": 1},
    {"field": "clock", "type": "int32", "name": "org.apache.kafka.connect.data.Time", "version": 1},
    {"field": "at", "type": "int64", "name": "org.apache.kafka.connect.data.Timestamp", "version": 1},
    {"field": "address", "type": "struct", "optional": True, "name": "address", "fields": [{"field": "city", "type": "string"}, {"field": "zip", "type": "int32", "optional": True}]},
    {"field": "tags", "type": "array", "items": {"type": "string"}},
    {"field": "counts", "type": "map", "keys": {"type": "string"}, "values": {"type": "int64"}},
]


def payload(i: int) -> dict:
    return {"id": i, "small": i % 100, "flag": i % 2 == 0, "ratio": i / 8, "name": None if i % 7 == 0 else f"name {i}",
            "raw": base64.b64encode(bytes([i % 256, 0, 255])).decode(), "amount": base64.b64encode((i * 7919 - 1000).to_bytes(4, "big", signed=True)).decode(),
            "day": 20_000 + i, "clock": i * 1000 % _DAY_MS, "at": _START_MS + i * 3_600_000,
            "address": None if i % 5 == 0 else {"city": f"city {i}", "zip": None if i % 3 == 0 else i},
            "tags": [f"t{k}" for k in range(i % 4)], "counts": {f"k{k}": i * k for k in range(i % 3)}}


def row(i: int) -> dict:
    """As Python readers should have it."""
    p = payload(i)
    return {**p, "raw": base64.b64decode(p["raw"]), "amount": decimal.Decimal(i * 7919 - 1000).scaleb(-2),
            "day": datetime.date(1970, 1, 1) + datetime.timedelta(days=p["day"]),
            "clock": (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=p["clock"])).time(),
            "at": datetime.datetime.fromtimestamp(p["at"] / 1000, _UTC)}


def date_of(i: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp((_START_MS + i * 3_600_000) / 1000, _UTC)


@pytest.fixture(scope="module")
def lake(kafka, tmp_path_factory):
    """Folders `parquet`, `avro` and `spark` (Parquet without the time of day, which Spark has no type for)."""
    folder = tmp_path_factory.mktemp("lake")
    topic = kafka.create_topic()
    schema = {"type": "struct", "optional": False, "name": "order", "fields": [{"optional": False, **field} for field in _FIELDS]}
    for field in schema["fields"]:
        for inner in [*field.get("fields", []), *(field[k] for k in ("items", "keys", "values") if k in field)]:
            inner.setdefault("optional", False)
    kafka.produce_many(topic, [json.dumps({"schema": schema, "payload": payload(i)}).encode() for i in range(_ROWS)])
    base = {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "flush.size": str(_ROWS),
            "partitioner.class": "io.confluent.connect.storage.partitioner.TimeBasedPartitioner", "path.format": "'year'=YYYY/'month'=MM/'day_of'=dd",
            "partition.duration.ms": str(_DAY_MS), "locale": "en", "timezone": "UTC", "timestamp.extractor": "RecordField", "timestamp.field": "at"}
    formats = "io.confluent.connect.s3.format."
    with Bywash.standalone(kafka.bootstrap, worker={"value.converter.schemas.enable": "true", "offset.flush.interval.ms": "200"}) as bywash:
        for name, more in {"parquet": {"format.class": formats + "parquet.ParquetFormat"}, "avro": {"format.class": formats + "avro.AvroFormat", "avro.codec": "bzip2"},
                           "spark": {"format.class": formats + "parquet.ParquetFormat", "transforms": "drop", "transforms.drop.exclude": "clock",
                                     "transforms.drop.type": "org.apache.kafka.connect.transforms.ReplaceField$Value"}}.items():
            bywash.create(name, {**base, **more, "store.url": f"file://{folder}/{name}"})
        for name in ("parquet", "avro", "spark"):
            kafka.wait_committed(f"connect-{name}", topic)
    return folder


def test_pyarrow(lake):
    table = pyarrow.dataset.dataset(lake / "parquet" / "topics", partitioning="hive").to_table().sort_by("id")
    partition_columns = ["year", "month", "day_of"]
    wanted = [row(i) for i in range(_ROWS)]
    got = table.drop_columns(partition_columns).to_pylist()
    assert [{**r, "counts": dict(r["counts"])} for r in got] == wanted
    assert table.column("year").to_pylist() == [date_of(i).year for i in range(_ROWS)]
    assert table.column("day_of").to_pylist() == [date_of(i).day for i in range(_ROWS)]
    types = {field.name: str(field.type) for field in table.schema}
    assert types["at"] == "timestamp[ms, tz=UTC]" and types["day"] == "date32[day]" and types["clock"] == "time32[ms]"
    assert types["amount"].startswith("decimal") and "20, 2" in types["amount"] and types["address"] == "struct<city: string not null, zip: int32>"


def test_fastavro(lake):
    got = []
    for file in (lake / "avro").rglob("*.avro"):
        with open(file, "rb") as data:
            reader = fastavro.reader(data)
            assert reader.codec == "bzip2"
            got += list(reader)
    got.sort(key=lambda r: r["id"])
    assert got == [row(i) for i in range(_ROWS)]


def test_duckdb(lake):
    # `bywash process` hands the SQL to DuckDB's library and its rows out as JSON.
    done = bywash_process.run("process", "--from", f"{lake}/parquet/topics/*/year=*/month=*/day_of=*", "--partition-columns", "--sql",
                              "SELECT id, typeof(amount) ta, amount::VARCHAR a, typeof(\"day\") td, \"day\"::VARCHAR d, typeof(clock) tc, clock::VARCHAR c, typeof(\"at\") tt, "
                              "epoch_ms(\"at\") ms, address.city city, address.zip zip, len(tags) tags, counts['k1'] k1, hex(raw) raw, name, "
                              "CAST(year AS INTEGER) y, CAST(day_of AS INTEGER) dd FROM input ORDER BY id")
    assert done.returncode == 0, done.stderr
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(got) == _ROWS
    for i, line in enumerate(got):
        want = row(i)
        assert (line["id"], line["ta"], line["td"], line["tc"]) == (i, "DECIMAL(20,2)", "DATE", "TIME WITH TIME ZONE")
        assert decimal.Decimal(line["a"]) == want["amount"] and line["d"] == str(want["day"]) and line["ms"] == payload(i)["at"]
        assert line["c"][:8] == want["clock"].isoformat()[:8] and line["tt"] == "TIMESTAMP WITH TIME ZONE"
        assert (line.get("city"), line.get("zip")) == ((want["address"] or {}).get("city"), (want["address"] or {}).get("zip"))
        assert line["tags"] == i % 4 and line["raw"] == want["raw"].hex().upper() and line.get("name") == want["name"]
        assert line.get("k1") == want["counts"].get("k1") and (line["y"], line["dd"]) == (date_of(i).year, date_of(i).day)


_SPARK = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
df = spark.read.option("basePath", sys.argv[1]).parquet(sys.argv[1] + "/year=*")
print("TYPES", dict(df.dtypes))
for r in df.orderBy("id").toJSON().collect():
    print("ROW", r)
"""


def test_pyspark(lake, tmp_path):
    script = tmp_path / "read.py"
    script.write_text(_SPARK, encoding="utf-8")
    topic = next((lake / "spark" / "topics").iterdir())
    done = spark.run(script, tmp_path, arguments=[topic])
    assert done.returncode == 0, done.stderr[-3000:]
    types = next(line for line in done.stdout.splitlines() if line.startswith("TYPES "))
    for wanted in ("'amount': 'decimal(20,2)'", "'day': 'date'", "'at': 'timestamp'", "'address': 'struct<city:string,zip:int>'", "'tags': 'array<string>'",
                   "'counts': 'map<string,bigint>'", "'raw': 'binary'", "'year': 'int'", "'day_of': 'int'"):
        assert wanted in types
    got = [json.loads(line[4:]) for line in done.stdout.splitlines() if line.startswith("ROW ")]
    assert len(got) == _ROWS
    for i, line in enumerate(got):
        want, p = row(i), payload(i)
        assert (line["id"], line["small"], line["flag"], line["ratio"], line.get("name"), line["raw"]) == (i, p["small"], p["flag"], p["ratio"], p["name"], p["raw"])
        assert decimal.Decimal(str(line["amount"])) == want["amount"] and line["day"] == str(want["day"])
        assert datetime.datetime.fromisoformat(line["at"].replace("Z", "+00:00")) == want["at"]
        assert line.get("address") == (None if want["address"] is None else {k: v for k, v in want["address"].items() if v is not None})
        assert line["tags"] == want["tags"] and line["counts"] == want["counts"] and line["year"] == date_of(i).year
