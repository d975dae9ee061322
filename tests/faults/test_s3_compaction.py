"""`bywash compact` killed after every request it makes: no row is ever missing for a reader that lists, none is there twice at the end."""

import collections
import concurrent.futures
import itertools
import json
import os
import subprocess

from tests.support.bywash_process import binary
from tests.support.faulty_store import FaultyStore

_OBJECTS, _ROWS = 3, 5


def fill(s3, bucket):
    for part in range(_OBJECTS):
        lines = "".join(json.dumps({"id": part * _ROWS + i}) + "\n" for i in range(_ROWS))
        s3.write(bucket, f"topics/orders/day=1/orders+0+{part * _ROWS:010}.json", lines.encode())


def rows_in(s3, bucket):
    return collections.Counter(json.loads(line)["id"] for key in s3.keys(bucket, "topics/") for line in s3.read(bucket, key).splitlines())


def compact(s3, bucket, endpoint):
    command = [str(binary()), "compact", f"s3://{bucket}/topics", "--min-age-ms", "0"]
    return subprocess.Popen(command, env={**os.environ, **s3.environment(), "AWS_ENDPOINT_URL_S3": endpoint}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after(s3, step, after):
    """Whether a compaction makes that many requests of the step; killed after it, it has lost and doubled nothing for good."""
    bucket = s3.create_bucket()
    fill(s3, bucket)
    whole = rows_in(s3, bucket)
    with FaultyStore(s3.endpoint) as store:
        running = {}
        fault = store.on(step, FaultyStore.kill(lambda: running["process"].kill(), done=True), after=after)
        running["process"] = compact(s3, bucket, store.endpoint)
        running["process"].wait(60)
    there = rows_in(s3, bucket)
    assert set(there) == set(whole), f"{step} {after}: rows are missing"
    assert max(there.values()) <= 2
    # The next run finishes it, or begins anew.
    assert compact(s3, bucket, s3.endpoint).wait(60) == 0
    assert rows_in(s3, bucket) == whole, f"{step} {after}"
    assert len(s3.keys(bucket, "topics/")) == 1
    return fault.hit.is_set()


def test_a_kill_after_every_request_of_a_compaction(s3):
    def every(step):
        return next(after for after in itertools.count() if not kill_after(s3, step, after))
    steps = ["list", "get", "put", "head", "post", "delete"]
    with concurrent.futures.ThreadPoolExecutor(len(steps)) as pool:
        killed = dict(zip(steps, pool.map(every, steps)))
    assert all(killed.values()), killed
