"""Starts the real parts for tests, the quickstart and benchmarks: Apache Kafka, Kafka Connect, PostgreSQL, an S3 server,
Spark and bywash itself, each on free loopback ports with its data in a temporary folder.

Every part is a context manager; what is still running when the Python process ends, however it ends, is stopped by
`reaper.py`. See `README.md` beside this file.
"""

from tests.support.paths import BINARY, CACHE, REPO

__all__ = ["BINARY", "CACHE", "REPO"]
