"""`./dev bench storage`: topic to Parquet on an S3 server of this machine, beside the bare loop of the same run.

CPU per record with envelopes (493 B) and plain JSON (150 B), one task and two; peak memory of one topic of four partitions and of 1,000
open paths; file sizes beside what pyarrow writes of the same rows. Rows are counted at the destination.
"""

import io
import json
import pathlib
import tempfile

import pyarrow.parquet

from bench.figures import RECORDS, ROUNDS, Figure, best, build, show, target
from bench.loads import bare_loop, deliver, padded_plain
from tests.support.s3_server import S3Server
from tests.support.stock_transactions import StockTransactions, enveloped

_PATHS = 1000


def _deliver(kafka, topic: str, name: str, **more) -> Figure:
    """The S3 sink to Parquet."""
    return deliver(kafka, topic, name, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "flush.size": "10000",
                                        "storage.class": "io.confluent.connect.s3.storage.S3Storage", "s3.region": "us-east-1",
                                        "format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat", **more},
                   worker={"offset.flush.interval.ms": "200"})


def _to_s3(kafka, topic: str, schemas: str, name: str, tasks: int = 1, partitions: int = 1):
    with S3Server() as s3:
        bucket = s3.create_bucket()
        figure = _deliver(kafka, topic, name, **{
            "store.url": s3.endpoint, "s3.bucket.name": bucket, "aws.access.key.id": s3.access_key, "aws.secret.access.key": s3.secret_key,
            "value.converter.schemas.enable": schemas, "tasks.max": str(tasks), "flush.size": str(min(10_000, RECORDS // partitions))})
        files = [s3.read(bucket, key) for key in s3.keys(bucket, "topics/")]
    rows = sum(pyarrow.parquet.read_metadata(io.BytesIO(file)).num_rows for file in files)
    assert rows == RECORDS, f"{rows} rows in the bucket, {RECORDS} in the topic"
    return figure, files


def _against_pyarrow(files: list) -> float:
    """Our bytes over those of pyarrow's writer for the same rows and codec."""
    ours = theirs = 0
    for file in files[:20]:
        out = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.parquet.read_table(io.BytesIO(file)), out, compression="snappy")
        ours, theirs = ours + len(file), theirs + out.tell()
    return ours / theirs


def _thousand_paths(kafka) -> None:
    topic = kafka.create_topic()
    kafka.produce_many(topic, (json.dumps({"path": i % _PATHS, "id": i, "text": f"{i * 7919:0200d}"}).encode() for i in range(RECORDS)))
    with tempfile.TemporaryDirectory() as folder:
        figure = _deliver(kafka, topic, "bench-paths", **{
            "store.url": f"file://{folder}", "flush.size": str(RECORDS), "s3.part.size": str(25 << 20), "value.converter.schemas.enable": "false",
            "partitioner.class": "io.confluent.connect.storage.partitioner.FieldPartitioner", "partition.field.name": "path"})
        files = list(pathlib.Path(folder).rglob("*.parquet"))
        assert len(files) == _PATHS, f"{len(files)} files"
    show("1,000 open paths", [figure])
    target("peak RSS in MiB of 1,000 open paths", figure.rss_bytes / 2**20, 512)


def run_storage(kafka) -> None:
    build("bench_bare_loop")
    for kind, schemas, limit in (("JSON with schema, 493 B", "true", 1.1), ("plain JSON, 150 B", "false", 0.8)):
        topic = kafka.create_topic()
        rows = StockTransactions(seed=1).rows(RECORDS)
        kafka.produce_many(topic, enveloped(rows) if schemas == "true" else padded_plain(rows))
        ours, loops, again, files = [], [], [], []
        for turn in range(ROUNDS):
            loops.append(bare_loop(kafka, topic))
            figure, files = _to_s3(kafka, topic, schemas, f"bench-s3-{schemas}-{turn}")
            ours.append(figure)
            again.append(bare_loop(kafka, topic))
        show(f"bare loop, {kind}", loops)
        show("bare loop again (noise)", again)
        show(f"Bywash to S3, {kind}", ours)
        target("CPU in us per record", best(ours).per_record_us(), limit)
        target("CPU against the bare loop", best(ours).cpu_s / best(loops + again).cpu_s, 1.25)
        target("M records/s wall", RECORDS / min(figure.wall_s for figure in ours) / 1e6, 1, at_most=False)
        target("file size against pyarrow's", _against_pyarrow(files), 1.05)
    topic = kafka.create_topic(partitions=4)
    for partition in range(4):
        kafka.produce_many(topic, enveloped(StockTransactions(seed=partition).rows(RECORDS // 4)), partition=partition)
    one, two = [], []
    for turn in range(ROUNDS):
        one.append(_to_s3(kafka, topic, "true", f"bench-one-{turn}", 1, 4)[0])
        two.append(_to_s3(kafka, topic, "true", f"bench-two-{turn}", 2, 4)[0])
    show("4 partitions, one task", one)
    show("4 partitions, two tasks", two)
    target("CPU with two tasks against one", best(two).cpu_s / best(one).cpu_s, 1.15)
    target("peak RSS in MiB, 4 partitions", max(figure.rss_bytes for figure in one) / 2**20, 150)
    _thousand_paths(kafka)
