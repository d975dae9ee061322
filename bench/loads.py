"""Runs that several benchmarks share: one connector of ours, Connect's sink that does nothing, the bare loop; each gives a Figure."""

import json
import subprocess
import tempfile
import time
from typing import Mapping, Optional

from bench.figures import BUILD, JSON, MEMORY, RECORDS, Figure
from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import NULL_SINK, KafkaConnect
from tests.support.stock_transactions import plain


def padded_plain(rows):
    """Plain JSON of 150 B: trailing white space, which every parser must pass over."""
    for line in plain(rows):
        yield line[:-1] + b" " * max(0, 150 - len(line)) + b"}"


def bare_loop(kafka, topic: str, form: Optional[str] = None) -> Figure:
    """From the topic to Parquet files; with `form` (avro, protobuf) consume and decode by hand into columns, which are thrown away."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        done = subprocess.run([str(BUILD / "bench_bare_loop"), kafka.bootstrap, topic, str(RECORDS), form or folder], check=True,
                              capture_output=True, text=True)
    return Figure(**json.loads(done.stdout))


def measured(process, kafka, create, name: str, topic: str, config: Mapping[str, str]) -> Figure:
    """From before the connector is made until the last offset is committed."""
    before, began = process.cpu_seconds(), time.monotonic()
    create(name, {"topics": topic, "value.converter": JSON, **config})
    kafka.wait_committed(f"connect-{name}", topic, timeout=600)
    return Figure(process.cpu_seconds() - before, time.monotonic() - began, process.peak_rss_bytes())


def deliver(kafka, topic: str, name: str, config: Mapping[str, str], *, worker: Optional[Mapping[str, str]] = None) -> Figure:
    """One connector in a worker of its own."""
    with Bywash.standalone(kafka.bootstrap, worker=worker) as bywash:
        return measured(bywash.process, kafka, bywash.create, name, topic, config)


def null_sink(kafka, topic: str, name: str, config: Mapping[str, str]) -> list:
    """Kafka Connect with a sink that does nothing: [cold, warm], two connectors one after the other in one worker."""
    out = []
    with KafkaConnect(kafka.bootstrap) as connect:
        for turn in ("cold", "warm"):
            out.append(measured(connect.process, kafka, connect.create, f"{name}-{turn}", topic, {"connector.class": NULL_SINK, **config}))
            connect.delete(f"{name}-{turn}")
    return out
