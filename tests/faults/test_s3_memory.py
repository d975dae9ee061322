"""Many open files under a small memory limit: 1,000 paths at 25 MiB part size stay under 512 MiB, nothing is lost."""

import json
import pathlib

import pyarrow.dataset

from tests.support.bywash_process import Bywash
from tests.support.kafka_clients import unique

_PATHS, _EACH, _PAD = 1000, 150, 400


def test_a_thousand_open_paths_fit_into_half_a_gibibyte(kafka, topic, tmp_path):
    # Rows of a path do not come together: every fetch has some of each.
    filler = "".join(chr(33 + (i * 7919) % 90) for i in range(_PAD)).replace('"', "'").replace("\\", "/")
    kafka.produce_many(topic, (json.dumps({"path": i % _PATHS, "id": i, "pad": filler[i % 97:] + str(i)}).encode() for i in range(_PATHS * _EACH)))
    name, lake = unique("paths"), tmp_path / "lake"
    # A small budget, so that open files go to disk long before the end.
    with Bywash.standalone(kafka.bootstrap, worker={"offset.flush.interval.ms": "500", "memory.limit.bytes": str(64 << 20)}) as bywash:
        bywash.create(name, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "store.url": f"file://{lake}",
                             "format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat", "flush.size": str(_PATHS * _EACH), "s3.part.size": str(25 << 20),
                             "partitioner.class": "io.confluent.connect.storage.partitioner.FieldPartitioner", "partition.field.name": "path",
                             "spill.folder": str(tmp_path)})
        kafka.wait_committed(f"connect-{name}", topic, timeout=120)
        peak = bywash.process.peak_rss_bytes()
    files = sorted(pathlib.Path(lake).rglob("*.parquet"))
    assert len(files) == _PATHS
    assert peak < 512 << 20, f"{peak / 2**20:.0f} MiB at the peak"
    ids = pyarrow.dataset.dataset(files).to_table(columns=["id"]).column("id").to_pylist()
    assert len(ids) == _PATHS * _EACH and len(set(ids)) == len(ids)
