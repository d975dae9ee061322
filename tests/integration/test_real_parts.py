"""The real parts themselves: what every other integration test stands on."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from tests.support import kafka_clients, spark
from tests.support.kafka_broker import Kafka
from tests.support.kafka_clients import Record
from tests.support.kafka_connect import NULL_SINK, KafkaConnect
from tests.support.stock_transactions import StockTransactions, enveloped, plain, totals


def test_a_record_comes_back_as_it_was_produced(kafka, topic):
    given = [Record(b"v", key=b"k", headers=[("h", b"1"), ("none", None)], timestamp=5), Record(None, key=b"gone"), Record(b"")]
    kafka.produce(topic, given)
    back = kafka.consume_all(topic, count=3)
    assert [(r.key, r.value, r.headers) for r in back] == [(r.key, r.value, r.headers) for r in given]
    assert back[0].timestamp == 5


def test_many_records_arrive_in_order(kafka, topic):
    values = [b"%d" % n for n in range(50_000)]
    assert kafka.produce_many(topic, values) == 50_000
    assert kafka.end_offsets(topic) == {0: 50_000}
    assert [record.value for record in kafka.consume_all(topic)] == values


def test_a_broker_keeps_its_data_over_a_kill():
    with Kafka() as broker:
        topic = broker.create_topic()
        broker.produce(topic, ["a", "b"])
        broker.restart(hard=True)
        assert [record.value for record in broker.consume_all(topic, count=2)] == [b"a", b"b"]


def test_a_database_asks_for_the_password(postgres, database):
    assert postgres.query(database, "SELECT 1 + 1") == [(2,)]
    with pytest.raises(Exception, match="password authentication failed"):
        postgres.connect(database, password="wrong")


def test_objects_come_back_from_the_s3_server(s3, bucket):
    s3.write(bucket, "a/b=1/c", b"bytes")
    assert s3.keys(bucket, "a/") == ["a/b=1/c"]
    assert s3.read(bucket, "a/b=1/c") == b"bytes"


@pytest.mark.parametrize("mode", ["standalone", "distributed"])
def test_kafka_connect_commits_what_its_do_nothing_sink_took(kafka, topic, mode):
    kafka.produce_many(topic, enveloped(StockTransactions(seed=1).rows(1000)))
    with KafkaConnect(kafka.bootstrap, mode=mode, group=kafka_clients.unique("peer")) as connect:
        name = kafka_clients.unique("null")
        connect.create(name, {"connector.class": NULL_SINK, "topics": topic})
        connect.wait_running(name)
        kafka.wait_committed(f"connect-{name}", topic)
        assert connect.status(name)["tasks"][0]["state"] == "RUNNING"


def test_the_generator_is_seeded_and_adds_up():
    made = [list(StockTransactions(seed=3, now_ms=1_790_000_000_000).rows(20_000)) for _ in range(2)]
    assert made[0] == made[1]
    parsed = [json.loads(value) for value in plain(made[0])]
    sums = totals(made[0])
    assert (sums.count, sums.shares) == (20_000, sum(value["shares"] for value in parsed))
    assert sums.cents == sum(round(value["purchase"] * 100) for value in parsed)
    assert len({value["id"] for value in parsed}) == 20_000
    days_30 = 30 * 86_400_000
    assert all(1_790_000_000_000 - days_30 < value["update_at"] <= 1_790_000_000_000 for value in parsed)


def test_an_enveloped_record_has_493_bytes_schema_first():
    values = list(enveloped(StockTransactions(seed=3).rows(1_000_000)))
    assert round(sum(map(len, values)) / len(values)) == 493
    assert list(json.loads(values[0])) == ["schema", "payload"]


_JOB = """
import sys
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct, to_json
spark = SparkSession.builder.appName("smoke").getOrCreate()
df = spark.read.parquet(f"s3a://{sys.argv[1]}/year=*/month=*/day=*/hour=*")
df.select(to_json(struct("*")).alias("value")).write.format("kafka") \\
    .option("kafka.bootstrap.servers", sys.argv[2]).option("topic", sys.argv[3]).save()
"""


@pytest.mark.timeout(900)
def test_spark_reads_the_bucket_and_writes_the_topic(kafka, topic, s3, bucket, tmp_path):
    table = pyarrow.table({"id": pyarrow.array([1, 2], pyarrow.int32()), "symbol": ["A", "B"]})
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    s3.write(bucket, "year=2026/month=11/day=01/hour=00/x.parquet", sink.getvalue().to_pybytes())
    job = tmp_path / "job.py"
    job.write_text(_JOB, encoding="utf-8")
    done = spark.run(job, tmp_path, s3=s3, arguments=[bucket, kafka.bootstrap, topic])
    assert done.returncode == 0, done.stderr[-4000:]
    rows = sorted(json.loads(record.value)["id"] for record in kafka.consume_all(topic, count=2))
    assert rows == [1, 2]
