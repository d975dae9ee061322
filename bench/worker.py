"""`./dev bench worker`: a worker at rest, one with 500 connectors, and clusters that lose a worker or replace theirs one after the other."""

import collections
import contextlib
import http.client
import pathlib
import tempfile
import threading
import time
from typing import Callable, Iterator

from confluent_kafka import Producer

from bench.figures import target
from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import RestError, http_json

CONNECTORS = 500
SESSION_MS = 10_000  # Kafka Connect's own session.timeout.ms
STRING = "org.apache.kafka.connect.storage.StringConverter"


def run_worker(kafka) -> None:
    _at_rest(kafka)
    _many_connectors(kafka)
    with tempfile.TemporaryDirectory() as folder:
        _killed_worker(kafka, pathlib.Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _rolling_restart(kafka, pathlib.Path(folder))


def _at_rest(kafka) -> None:
    starts = []
    for _ in range(5):
        worker = Bywash.standalone(kafka.bootstrap)
        began = time.monotonic()
        with worker:
            starts.append(time.monotonic() - began)
            time.sleep(1)
            resident = worker.process.rss_bytes()
    target("seconds from start to the first REST answer (median of 5)", sorted(starts)[2], 0.5)
    target("RSS at rest in MiB", resident / 2**20, 60)


def _sink(topic: str, file) -> dict:
    return {"connector.class": "FileStreamSink", "tasks.max": "1", "topics": topic, "file": str(file), "value.converter": STRING}


def _running(worker, count: int) -> bool:
    try:
        every = http_json("GET", worker.url + "/connectors?expand=status").values()
    except (RestError, OSError):
        return False
    # One that nobody has spoken of yet has no status.
    return len(every) == count and all("status" in each and each["status"]["tasks"] and
                                       all(part["state"] == "RUNNING" for part in (each["status"]["connector"], *each["status"]["tasks"])) for each in every)


def _wait(check: Callable[[], bool], what: str, seconds: float = 120) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() < began + seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def _p99_ms(worker, path: str, count: int = 1000) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=30)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", path)
        connection.getresponse().read()
        times.append(time.perf_counter() - began)
    connection.close()
    return sorted(times)[count * 99 // 100] * 1000


def _threads(worker) -> collections.Counter:
    """Threads of the process by name, without the numbers that tell one task or broker from another."""
    names: collections.Counter = collections.Counter()
    for task in pathlib.Path(f"/proc/{worker.process.pid}/task").iterdir():
        with contextlib.suppress(OSError):
            names[task.joinpath("comm").read_text(encoding="utf-8").strip().rstrip("0123456789").replace("task-idle-", "task-")] += 1
    return names


def _many_connectors(kafka) -> None:
    """One task each on an idle topic each; the worker finds them in the config topic when it starts."""
    group = f"bench-{time.time_ns()}"
    topics = [kafka.create_topic() for _ in range(CONNECTORS)]
    with tempfile.TemporaryDirectory() as folder, Bywash.distributed(kafka.bootstrap, group) as maker:
        answers = []
        for number, topic in enumerate(topics):
            began = time.monotonic()
            maker.create(f"idle-{number}", _sink(topic, f"{folder}/{number}.txt"))
            answers.append(time.monotonic() - began)
        print(f"  ms until a new connector is answered: median {1000 * sorted(answers)[len(answers) // 2]:.0f}, greatest {1000 * max(answers):.0f}", flush=True)
        _wait(lambda: _running(maker, CONNECTORS), "every connector")
        assert maker.stop() == 0
        worker = Bywash.distributed(kafka.bootstrap, group)
        with worker:
            began = time.monotonic()
            _wait(lambda: _running(worker, CONNECTORS), "every connector")
            target(f"seconds from the first REST answer to {CONNECTORS} connectors RUNNING", time.monotonic() - began, 10)
            time.sleep(20)  # groups are joined, partitions fetched
            before = worker.process.cpu_seconds()
            time.sleep(10)
            busy = (worker.process.cpu_seconds() - before) / 10
            threads = _threads(worker)
            target("RSS in MiB", worker.process.rss_bytes() / 2**20, 512)
            target("REST p99 in ms, GET /connectors/{name}/status", _p99_ms(worker, f"/connectors/idle-{CONNECTORS // 2}/status"), 20)
            target("REST p99 in ms, GET /connectors", _p99_ms(worker, "/connectors"), 20)
            target("REST p99 in ms, GET /connectors?expand=status", _p99_ms(worker, "/connectors?expand=status", 300), 20)
            print(f"  threads a task: {sum(threads.values()) / CONNECTORS:.1f} ({', '.join(f'{name} {count}' for name, count in threads.most_common(6))})", flush=True)
            print(f"  CPU at rest: {100 * busy:.0f} % of a core", flush=True)


class _Load:
    """A topic and a file sink for each connector, and a thread that writes numbered lines to all topics."""

    def __init__(self, kafka, folder: pathlib.Path, count: int):
        self.bootstrap, self.topics = kafka.bootstrap, [kafka.create_topic() for _ in range(count)]
        self.files = [folder / f"{number}.txt" for number in range(count)]
        self.written, self.arrivals = 0, collections.defaultdict(list)
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._produce, self._watch)]

    def create(self, worker) -> None:
        for number, (topic, file) in enumerate(zip(self.topics, self.files)):
            worker.create(f"load-{number}", _sink(topic, file))

    def _produce(self) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, "enable.idempotence": True})
        while not self._ending.wait(0.1):
            for topic in self.topics:
                producer.produce(topic, b"%d" % self.written)
            self.written += 1
            assert producer.flush(60) == 0, "the broker does not take the load"

    def _watch(self) -> None:
        sizes = [0] * len(self.files)
        while not self._ending.wait(0.02):
            for number, file in enumerate(self.files):
                size = file.stat().st_size if file.exists() else 0
                if size != sizes[number]:
                    sizes[number] = size
                    self.arrivals[number].append(time.monotonic())

    def longest_gap(self, number: int, since: float) -> float:
        times = [since] + [at for at in self.arrivals[number] if at > since]
        return max((b - a for a, b in zip(times, times[1:])), default=float("inf"))

    def all_flow(self, since: float) -> bool:
        return all(any(at > since for at in self.arrivals[number]) for number in range(len(self.files)))

    def lost_and_twice(self) -> tuple:
        wanted, lost, twice = set(map(str, range(self.written))), 0, 0
        for file in self.files:
            got = file.read_text(encoding="utf-8").split()
            lost += len(wanted - set(got))
            twice += len(got) - len(set(got))
        return lost, twice

    def all_delivered(self) -> bool:
        return all(str(self.written - 1) in file.read_text(encoding="utf-8").split() for file in self.files)

    def __enter__(self) -> "_Load":
        for thread in self._threads:
            thread.start()
        return self

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def __exit__(self, *_error) -> None:
        self.end()


@contextlib.contextmanager
def _cluster(kafka) -> Iterator[list]:
    """Three workers with Kafka Connect's own time-outs; what a dead one ran is shared out at once."""
    group = f"bench-{time.time_ns()}"
    keys = {"session.timeout.ms": str(SESSION_MS), "heartbeat.interval.ms": "1000"}
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Bywash.distributed(kafka.bootstrap, group, worker=keys)) for _ in range(3)]


def _homes(worker, count: int) -> dict:
    """Which worker each task is on; those of which nobody has spoken are left out."""
    every = {name: each["status"]["tasks"] for name, each in http_json("GET", worker.url + "/connectors?expand=status").items() if "status" in each}
    return {number: every[f"load-{number}"][0]["worker_id"] for number in range(count) if every.get(f"load-{number}")}


def _spread(worker, count: int) -> bool:
    return _running(worker, count) and sorted(collections.Counter(_homes(worker, count).values()).values()) == [count // 3] * 3


def _killed_worker(kafka, folder: pathlib.Path) -> None:
    count = 6
    with _cluster(kafka) as workers, _Load(kafka, folder, count) as load:
        load.create(workers[0])
        _wait(lambda: _spread(workers[0], count), "two tasks on each worker")
        _wait(lambda: load.all_flow(time.monotonic() - 1), "records of each")
        homes, dead = _homes(workers[0], count), workers[2]
        name = f"127.0.0.1:{dead.port}"
        dead.kill()
        killed = time.monotonic()
        _wait(lambda: name not in _homes(workers[0], count).values() and _running(workers[0], count), "its tasks elsewhere")
        target("seconds from kill -9 of a worker of three to its tasks RUNNING elsewhere", time.monotonic() - killed, SESSION_MS / 1000 + 2)
        _wait(lambda: load.all_flow(max(killed, time.monotonic() - 1)), "records of each again")
        print(f"  seconds from kill -9 to records of all its tasks again: {time.monotonic() - killed:.1f}", flush=True)
        time.sleep(3)
        others = [load.longest_gap(number, killed) for number, home in homes.items() if home != name]
        target("longest gap in seconds between deliveries of the other workers' tasks", max(others), 1)


def _rolling_restart(kafka, folder: pathlib.Path) -> None:
    count = 6
    with _cluster(kafka) as workers, _Load(kafka, folder, count) as load:
        load.create(workers[0])
        _wait(lambda: _spread(workers[0], count), "two tasks on each worker")
        for worker in workers:
            assert worker.stop() == 0
            worker.start()
            _wait(lambda: _spread(workers[0], count), "two tasks on each worker again")
        load.end()
        _wait(load.all_delivered, "the last record of each")
        lost, twice = load.lost_and_twice()
        target("records lost in a rolling restart of three", lost, 0)
        print(f"  records delivered twice in it: {twice} of {load.written * count}", flush=True)
