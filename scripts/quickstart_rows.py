"""What the quickstart checks deliveries with: a digest of rows, and readers of the rows in every destination.

A digest does not depend on the order of rows: their count, a sum of hashes per column (for whole numbers: their sum) and one of
whole rows. Two equal digests mean equal rows; the columns say what differs when they are not.
"""

import io
import itertools
import json
import pathlib
import sqlite3
from typing import Iterable, Iterator, Sequence

import pyarrow.parquet

from tests.support.postgres import Postgres
from tests.support.s3_server import S3Server

_MASK = (1 << 64) - 1
_CHUNK = 20_000
_SHIFT = 1 << 40


def _hashable(values: tuple) -> list:
    """Python's hash of -1 is that of -2: whole numbers are moved out of its way."""
    return [value + _SHIFT if value.__class__ is int else value for value in values]


class Digest:
    """The digest of rows (tuples in the order of `columns`) that were added so far."""

    def __init__(self, columns: Sequence[str]):
        self.columns = list(columns)
        self.count, self.rows = 0, 0
        self.sums = [0] * len(self.columns)

    def add(self, rows: Iterable[tuple]) -> "Digest":
        source = iter(rows)
        while chunk := list(itertools.islice(source, _CHUNK)):
            self.count += len(chunk)
            columns = [_hashable(values) for values in zip(*chunk)]
            # Squared: a tuple's hash is nearly a sum over its values, and such sums do not see values swapped between rows.
            self.rows = (self.rows + sum(h * h for h in map(hash, zip(*columns)))) & _MASK
            for at, values in enumerate(columns):
                self.sums[at] = (self.sums[at] + sum(map(hash, values))) & _MASK
        return self

    def passing(self, rows: Iterable[tuple]) -> Iterator[tuple]:
        """The rows as they are, added on their way."""
        source = iter(rows)
        while chunk := list(itertools.islice(source, _CHUNK)):
            self.add(chunk)
            yield from chunk

    def difference(self, other: "Digest") -> str:
        """'' when both hold the same rows, else what differs; self is what was produced."""
        if self.count != other.count:
            return f"{other.count:,} rows instead of {self.count:,}"
        wrong = [name for name, a, b in zip(self.columns, self.sums, other.sums) if a != b]
        if wrong:
            return f"the values of {', '.join(wrong)} differ"
        return "" if self.rows == other.rows else "values stand in wrong rows"

    def __str__(self) -> str:
        return f"{self.rows:016x}"


class Sqlite:
    """A table of a SQLite file."""

    def __init__(self, file: pathlib.Path, table: str):
        self.name, self._file, self._table = f"SQLite {file.name}", file, table

    def _query(self, sql: str) -> Iterator[tuple]:
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)
        try:
            yield from connection.execute(sql)
        finally:
            connection.close()

    def count(self) -> int:
        try:
            return next(self._query(f'SELECT count(*) FROM "{self._table}"'))[0]
        except sqlite3.OperationalError:  # neither the file nor the table is there before the first row
            return 0

    def rows(self, columns: Sequence[str]) -> Iterator[tuple]:
        return self._query("SELECT " + ", ".join(f'"{name}"' for name in columns) + f' FROM "{self._table}"')


class PostgresTable:
    """A table of a PostgreSQL database."""

    def __init__(self, server: Postgres, database: str, table: str):
        self.name, self._server, self._database, self._table = "PostgreSQL", server, database, table

    def count(self) -> int:
        if self._server.query(self._database, "SELECT to_regclass(%s)", [f'"{self._table}"']) == [(None,)]:
            return 0
        return self._server.query(self._database, f'SELECT count(*) FROM "{self._table}"')[0][0]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple]:
        names = ", ".join(f'"{name}"' for name in columns)
        with self._server.connect(self._database, autocommit=False) as connection, connection.cursor("quickstart") as cursor:
            cursor.itersize = _CHUNK
            cursor.execute(f'SELECT {names} FROM "{self._table}"')
            yield from cursor


class _ParquetFiles:
    """Parquet files somewhere; subclasses say where. A file is never changed once it has its name."""

    name = "Parquet"

    def __init__(self):
        self._known: dict = {}

    def files(self) -> list:
        """All files, relative to where they lie."""
        raise NotImplementedError

    def _open(self, file: str):
        raise NotImplementedError

    def count(self) -> int:
        for file in self.files():
            if file not in self._known:
                self._known[file] = pyarrow.parquet.ParquetFile(self._open(file)).metadata.num_rows
        return sum(self._known.values())

    def rows(self, columns: Sequence[str]) -> Iterator[tuple]:
        for file in self.files():
            table = pyarrow.parquet.ParquetFile(self._open(file)).read(columns=list(columns))
            missing = set(columns) - set(table.column_names)
            if missing:
                raise RuntimeError(f"'{file}' has no column {', '.join(sorted(missing))}")
            yield from zip(*(table.column(name).to_pylist() for name in columns))


class FolderFiles(_ParquetFiles):
    """Parquet files below a local folder."""

    def __init__(self, folder: pathlib.Path):
        super().__init__()
        self.folder, self.url = folder, f"file://{folder}"

    def files(self) -> list:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.parquet"))

    def _open(self, file: str):
        return self.folder / file


class BucketFiles(_ParquetFiles):
    """Parquet files in a bucket."""

    def __init__(self, server: S3Server, bucket: str):
        super().__init__()
        self._server, self._bucket, self.url = server, bucket, f"s3://{bucket}"

    def files(self) -> list:
        return [key for key in self._server.keys(self._bucket) if key.endswith(".parquet")]

    def _open(self, file: str):
        return io.BytesIO(self._server.read(self._bucket, file))


class AnalyticsTable:
    """A table of the analytics engine, by SQL. `conditions()`: WHERE clauses that cut it into answers of a bearable size."""

    name = "table (SQL)"

    def __init__(self, bywash, table: str, conditions):
        self._bywash, self._table, self._conditions = bywash, table, conditions

    def _query(self, sql: str) -> list:
        answer = self._bywash.sql(sql)
        if answer.get("exceptions"):
            raise RuntimeError(f"{sql}: {answer['exceptions'][0].get('message')}")
        return answer["resultTable"]["rows"]

    def count(self) -> int:
        return self._query(f"SELECT COUNT(*) FROM {self._table}")[0][0]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple]:
        for condition in self._conditions():
            sql = f"SELECT {', '.join(columns)} FROM {self._table} WHERE {condition} LIMIT 1000000"
            yield from map(tuple, self._query(sql))


class Topic:
    """The JSON values of a topic."""

    def __init__(self, kafka, topic: str):
        self.name, self._kafka, self.topic = "second topic", kafka, topic

    def count(self) -> int:
        return sum(self._kafka.end_offsets(self.topic).values())

    def rows(self, columns: Sequence[str]) -> Iterator[tuple]:
        for record in self._kafka.consume_all(self.topic, count=self.count(), timeout=120):
            value = json.loads(record.value)
            yield tuple(value.get(name) for name in columns)
