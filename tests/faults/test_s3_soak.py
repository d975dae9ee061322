"""A soak of the S3 sink: random faults of the store, kills and a second worker, from a seed; records in = records out, none twice, memory flat.

BYWASH_SOAK_RECORDS sets the size (by hand: 10_000_000; a multiple of 400), BYWASH_SOAK_SEED the seed.
"""

import os
import random
import time

import pytest

from tests.faults.test_s3_upload import WORKER, connector_file, sink, wait_for
from tests.support.bywash_process import Bywash
from tests.support.faulty_store import Fault, FaultyStore
from tests.support.kafka_clients import unique

_RECORDS = int(os.environ.get("BYWASH_SOAK_RECORDS", "60000"))
_SEED = int(os.environ.get("BYWASH_SOAK_SEED", "5"))
_PARTITIONS = 4
_STEPS = ("create", "part", "log", "complete", "put", "unlog", "head")
_ACTS = (FaultyStore.answer(500, "InternalError"), FaultyStore.answer(503, "SlowDown"), FaultyStore.answer(400, "ExpiredToken"), FaultyStore.reset,
         FaultyStore.lose_answer, FaultyStore.late(0.2))


class RandomFaults(FaultyStore):
    """About one request in `one_in` goes wrong."""

    def __init__(self, target, chance, one_in):
        super().__init__(target)
        self._chance, self._one_in = chance, one_in
        self.faults = 0

    def take(self, step, path, headers):
        fault = super().take(step, path, {})
        with self._lock:
            self.requests.clear()  # a soak makes many
            if fault is None and step in _STEPS and self._chance.randrange(self._one_in) == 0:
                self.faults += 1
                return Fault(step, self._chance.choice(_ACTS), times=1, after=0)
        return fault


def ids_of(s3, bucket):
    """One byte per record: how often it is there."""
    seen = bytearray(_RECORDS)
    for key in s3.keys(bucket, "topics/"):
        for line in s3.read(bucket, key).splitlines():
            seen[int(line[6:line.index(b"}")])] += 1
    return seen


_LONG = "BYWASH_SOAK_RECORDS" in os.environ
_CUTS = {"delivery log": {"flush.size": "100000000", "rotate.size.bytes": "1000000" if _LONG else "40000", "rotate.age.ms": "3000" if _LONG else "400"}}
if _LONG:
    _CUTS["repeated cuts"] = {"flush.size": str(_RECORDS // _PARTITIONS // 100)}


@pytest.mark.timeout(300 + _RECORDS // 5000)
@pytest.mark.parametrize("config", _CUTS.values(), ids=_CUTS)
def test_random_faults_lose_and_double_nothing(kafka, s3, bucket, start_bywash, tmp_path, config):
    topic = kafka.create_topic(partitions=_PARTITIONS)
    chance, name, peaks = random.Random(_SEED), unique("soak"), []
    each = _RECORDS // _PARTITIONS
    with RandomFaults(s3.endpoint, random.Random(_SEED + 1), 12) as store:
        file = connector_file(tmp_path, name, sink(topic, bucket, store.endpoint, **config))
        first = start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
        rounds = 10
        for turn in range(rounds):
            for partition in range(_PARTITIONS):
                begin, end = partition * each + each * turn // rounds, partition * each + each * (turn + 1) // rounds
                kafka.produce_many(topic, (b'{"id":%d}' % i for i in range(begin, end)), partition=partition)
            time.sleep(chance.uniform(0.05, 0.3))
            if turn in (2, 6):
                peaks.append(first.process.peak_rss_bytes())
                first.kill()
                first.start()
            if turn == 4:
                second = start_bywash(Bywash.standalone(kafka.bootstrap, [file], worker=WORKER, env=s3.environment()))
            if turn == 7:
                second.stop()
        kafka.wait_committed(f"connect-{name}", topic, timeout=60 + _RECORDS // 10000)
        assert first.status(name)["tasks"][0]["state"] == "RUNNING"
        peaks.append(first.process.peak_rss_bytes())
        wait_for("no entry of the delivery log is left", lambda: not s3.keys(bucket, "_bywash/delivery/"))
        assert store.faults > 0
    seen = ids_of(s3, bucket)
    assert seen.count(1) == each * _PARTITIONS, f"{seen.count(0)} missing, {len(seen) - seen.count(0) - seen.count(1)} there more than once"
    print(f"{_RECORDS} records, {store.faults} faults, peaks of {[peak >> 20 for peak in peaks]} MiB")
    # Flat: whatever the number of records.
    assert max(peaks) < 400 << 20
