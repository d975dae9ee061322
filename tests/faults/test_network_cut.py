"""A worker that cannot reach the brokers any more, while the others can: its work goes on elsewhere, and it takes part again when it can."""

import time

import pytest

from tests.support.bywash_process import Bywash
from tests.support.cut_proxy import CutProxy
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import RestError
from tests.support.processes import free_ports
from tests.support.two_brokers import wait_for

WORKERS = 3
SESSION_S = 3  # of the workers' group (Bywash.distributed)
_STRING = "org.apache.kafka.connect.storage.StringConverter"


class Hosts:
    """Workers that reach the broker each by a network of its own."""

    def __init__(self, start_bywash, **worker):
        names, ports = [f"W{i}" for i in range(WORKERS)], free_ports(WORKERS)
        self.proxies = [CutProxy(port) for port in ports]
        self.kafka = Kafka()
        given = self.kafka._properties
        given.update({
            "listeners": ",".join([given["listeners"], *(f"{name}://127.0.0.1:{port}" for name, port in zip(names, ports))]),
            "advertised.listeners": ",".join([given["advertised.listeners"], *(f"{name}://127.0.0.1:{proxy.port}" for name, proxy in zip(names, self.proxies))]),
            "listener.security.protocol.map": ",".join([given["listener.security.protocol.map"], *(f"{name}:PLAINTEXT" for name in names)])})
        self.kafka.start()
        group = f"cut-{time.time_ns()}"
        self.workers = []
        for proxy in self.proxies:
            made = Bywash.distributed(f"127.0.0.1:{proxy.port}", group, worker={"offset.flush.interval.ms": "500", **worker})
            self.workers.append(start_bywash(made))
            wait_for(self.workers[-1].healthy, "a healthy worker", 40)

    def close(self) -> None:
        for proxy in self.proxies:
            proxy.heal()
        for worker in self.workers:
            worker.stop()
        self.kafka.stop()
        for proxy in self.proxies:
            proxy.close()


@pytest.fixture
def hosts(start_bywash):
    made = []

    def make(**worker):
        made.append(Hosts(start_bywash, **worker))
        return made[0]
    yield make
    for each in made:
        each.close()


def where(worker, *names):
    """The worker of each connector's task; None while one does not run."""
    out = {}
    for name in names:
        try:
            tasks = worker.status(name)["tasks"]
        except (RestError, OSError):
            return None
        if not tasks or any(task["state"] != "RUNNING" for task in tasks):
            return None
        out[name] = tasks[0]["worker_id"]
    return out


def test_sinks_of_a_worker_that_is_cut_off(hosts, tmp_path):
    net = hosts()
    first, *_ = net.workers
    names = [f"cut{i}" for i in range(WORKERS)]
    topics = {name: net.kafka.create_topic() for name in names}
    for name in names:
        first.create(name, {"connector.class": "FileStreamSink", "topics": topics[name], "file": str(tmp_path / name), "value.converter": _STRING,
                            "tasks.max": "1", "consumer.override.session.timeout.ms": "4000", "consumer.override.heartbeat.interval.ms": "500"})
    placed = wait_for(lambda: (lambda got: got if got and len(set(got.values())) == WORKERS else None)(where(first, *names)), "a task on each worker", 60)
    cut_name = next(name for name in names if placed[name] == f"127.0.0.1:{net.workers[2].port}")
    others = [name for name in names if name != cut_name]
    sent = {name: [] for name in names}

    def produce(count: int) -> None:
        for name in names:
            lines = [f"{name}-{len(sent[name]) + i}" for i in range(count)]
            net.kafka.produce(topics[name], lines)
            sent[name] += lines

    def arrived(name: str) -> set:
        file = tmp_path / name
        return set(file.read_text(encoding="utf-8").splitlines()) if file.exists() else set()

    produce(200)
    wait_for(lambda: all(arrived(name) == set(sent[name]) for name in names), "the first records", 60)
    net.proxies[2].cut()
    began = time.monotonic()
    wait_for(lambda: (lambda got: got and got[cut_name] != placed[cut_name])(where(first, *names)), "the cut worker's task elsewhere", 60)
    assert time.monotonic() - began < SESSION_S + 12
    produce(200)
    wait_for(lambda: all(arrived(name) == set(sent[name]) for name in names), "every record while the network is cut", 60)
    now = where(first, *names)
    assert all(now[name] == placed[name] for name in others), "the others' tasks stay where they are"
    with pytest.raises(RestError) as told:
        wait_for(lambda: net.workers[2].request("GET", "/health") and None, "a worker that says it is out", 40)
    assert "unhealthy" in str(told.value) and "out of the group" in str(told.value), str(told.value)
    # A change meanwhile reaches it when it is back.
    first.request("PUT", f"/connectors/{others[0]}/pause")
    net.proxies[2].heal()
    wait_for(net.workers[2].healthy, "the worker is back", 60)
    wait_for(lambda: net.workers[2].status(others[0])["connector"]["state"] == "PAUSED", "what changed meanwhile", 60)
    first.request("PUT", f"/connectors/{others[0]}/resume")
    produce(200)
    wait_for(lambda: all(arrived(name) == set(sent[name]) for name in names), "every record after that", 90)
    for name in others:
        lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(set(lines)), "what was never moved is never written twice"


def test_an_exactly_once_source_of_a_worker_that_is_cut_off(hosts, tmp_path):
    """The cut worker cannot finish its transaction; the next one begins where the last one that was committed ended."""
    net = hosts(**{"exactly.once.source.support": "enabled"})
    topic, file, lines = net.kafka.create_topic(), tmp_path / "in", []

    def append(count: int) -> None:
        more = [f"line-{len(lines) + i}" for i in range(count)]
        lines.extend(more)
        with file.open("a", encoding="utf-8") as out:
            out.write("".join(f"{line}\n" for line in more))

    def committed() -> list:
        return [record.value.decode() for record in net.kafka.consume_all(topic)]  # what is committed

    append(1000)
    net.workers[0].create("once", {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "batch.size": "50", "tasks.max": "1",
                                   "value.converter": _STRING, "exactly.once.support": "required", "producer.override.transaction.timeout.ms": "10000"})
    running = wait_for(lambda: where(net.workers[0], "once"), "a task", 60)["once"]
    wait_for(lambda: len(committed()) == len(lines), "the first lines", 60)
    cut = next(i for i in range(WORKERS) if running == f"127.0.0.1:{net.workers[i].port}")
    witness = net.workers[(cut + 1) % WORKERS]
    append(1000)
    net.proxies[cut].cut()
    append(1000)
    wait_for(lambda: (lambda got: got and got["once"] != running)(where(witness, "once")), "the task elsewhere", 60)
    wait_for(lambda: len(committed()) >= len(lines), "every line", 60)
    net.proxies[cut].heal()
    wait_for(net.workers[cut].healthy, "the worker is back", 60)
    append(1000)
    wait_for(lambda: len(committed()) >= len(lines), "the last lines", 60)
    time.sleep(2)
    assert committed() == lines
