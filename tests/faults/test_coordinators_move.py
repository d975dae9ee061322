"""Every coordinator and every internal topic's leader moves, by a kill and back by an election, while connectors are at work: groups of
workers and of sinks, the three topics of the cluster, transactions. Nothing is lost, nothing comes twice where delivery is exactly once."""

import json
import threading
import time

import pytest
from confluent_kafka import ElectionType, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic

from tests.support import kafka_clients
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.two_brokers import leaders, second_broker, wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"
_FULL = 50  # records of a file
_NAMES = ("once", "least", "files", "log")


class Cluster:
    """Two brokers. The second one leads everything, and no record may be taken by one alone while both are there."""

    def __init__(self, folder, group: str):
        self.first = Kafka(config={"auto.leader.rebalance.enable": "false"})
        self.first.start()
        self.second = second_broker(self.first, folder)
        self.bootstrap = f"{self.first.bootstrap},{self.second.bootstrap}"
        compacted = {"cleanup.policy": "compact"}
        self.topics = {"__consumer_offsets": (4, compacted), "__transaction_state": (4, compacted), f"{group}-configs": (1, compacted), f"{group}-offsets": (4, compacted),
                       f"{group}-statuss": (2, compacted), "once": (1, {}), "least": (1, {}), "in": (1, {})}
        self.admin = kafka_clients.admin(self.first.bootstrap)
        made = self.admin.create_topics([NewTopic(name, replica_assignment=[[2, 1]] * count, num_partitions=count, config=config) for name, (count, config) in self.topics.items()])
        for future in made.values():
            future.result(30)
        self.await_leader(2)

    def await_leader(self, broker: int) -> None:
        wait_for(lambda: all(leaders(self.first.bootstrap, name) == {broker} for name in self.topics), f"broker {broker} leads everything", 60)

    def in_sync(self) -> bool:
        found = self.admin.list_topics(timeout=10).topics
        return all(len(partition.isrs) == 2 for name in self.topics for partition in found[name].partitions.values())

    def kill_second(self) -> None:
        self.second.kill()
        self.await_leader(1)

    def bring_back_second(self) -> None:
        self.second.start()
        wait_for(self.in_sync, "replicas in sync", 90)

    def elect_second(self) -> None:
        """The leaders that were, by an election: nobody dies, every coordinator is another one."""
        partitions = [TopicPartition(name, number) for name, (count, _) in self.topics.items() for number in range(count)]

        def elected():
            try:
                self.admin.elect_leaders(ElectionType.PREFERRED, partitions).result(30)
            except KafkaException:
                pass
            return all(leaders(self.first.bootstrap, name) == {2} for name in self.topics)
        wait_for(elected, "the second broker leads again", 60)

    def close(self) -> None:
        self.second.kill()
        self.first.kill()


class Load:
    """A thread that writes the same numbered lines to a file for each source, and to a topic."""

    def __init__(self, bootstrap: str, topic: str, files):
        self._bootstrap, self._topic, self._files, self.lines = bootstrap, topic, files, 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = None

    def _run(self) -> None:
        try:
            while not self._ending.wait(0.05):
                more = [str(i) for i in range(self.lines, self.lines + _FULL)]
                for file in self._files:
                    with file.open("a", encoding="utf-8") as out:
                        out.write("".join(line + "\n" for line in more))
                kafka_clients.produce_many(self._bootstrap, self._topic, [line.encode() for line in more])
                self.lines += _FULL
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ending.set()
        self._thread.join(150)
        assert self.failure is None and not self._thread.is_alive(), self.failure


@pytest.fixture
def brokers(tmp_path):
    group = f"moves-{time.time_ns()}"
    made = Cluster(tmp_path / "second", group)
    yield group, made
    made.close()


def running(worker) -> bool:
    every = worker.request("GET", "/connectors?expand=status")
    return all(name in every and "status" in every[name] and every[name]["status"]["tasks"]
               and all(part["state"] == "RUNNING" for part in (every[name]["status"]["connector"], *every[name]["status"]["tasks"])) for name in _NAMES)


@pytest.mark.timeout(600)
def test_coordinators_and_leaders_of_internal_topics_move_under_load(brokers, start_bywash, tmp_path):
    group, cluster = brokers
    keys = {"exactly.once.source.support": "enabled", "offset.flush.interval.ms": "500"}
    workers = [start_bywash(Bywash.distributed(cluster.bootstrap, group, worker=keys)) for _ in range(2)]
    for worker in workers:
        wait_for(worker.healthy, "a healthy worker", 60)
    plain = {"tasks.max": "1", "value.converter": _STRING}
    source = plain | {"connector.class": "FileStreamSource", "batch.size": "100"}
    config = {
        "once": source | {"file": str(tmp_path / "once"), "topic": "once", "exactly.once.support": "required", "transaction.boundary": "interval", "transaction.boundary.interval.ms": "200"},
        "least": source | {"file": str(tmp_path / "least"), "topic": "least"},
        "log": plain | {"connector.class": "FileStreamSink", "file": str(tmp_path / "log"), "topics": "in"},
        "files": plain | {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": "in", "s3.bucket.name": "lake", "s3.region": "us-east-1", "flush.size": str(_FULL),
                          "store.url": f"file://{tmp_path}", "format.class": "io.confluent.connect.s3.format.json.JsonFormat", "storage.class": "io.confluent.connect.s3.storage.S3Storage"}}
    with Load(cluster.bootstrap, "in", [tmp_path / "once", tmp_path / "least"]) as load:
        for name, properties in config.items():
            workers[0].create(name, properties)
        wait_for(lambda: running(workers[0]), "all run", 60)

        def delivered():
            counts = {name: sum(kafka_clients.end_offsets(cluster.first.bootstrap, name).values()) for name in ("once", "least")}
            counts["log"] = len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) if (tmp_path / "log").exists() else 0
            counts["files"] = len(list(tmp_path.glob("topics/**/*.json")))
            return counts

        def all_go_on(what):
            before, began = delivered(), time.monotonic()
            wait_for(lambda: (lambda now: all(now[name] > before[name] for name in now))(delivered()), f"all go on after {what}", 90)
            print(f"{what}: every connector has delivered again after {time.monotonic() - began:.1f} s")
        all_go_on("the start")
        for turn in range(2):
            cluster.kill_second()
            all_go_on(f"kill {turn}")
            cluster.bring_back_second()
            cluster.elect_second()
            all_go_on(f"election {turn}")
            # A change goes through the leader of workers, its transactional id's coordinator and the config topic.
            workers[1].request("PUT", "/connectors/log/config", config["log"] | {"turn": str(turn)})
        wait_for(lambda: running(workers[1]), "all run in the end", 60)
    wanted = [str(i) for i in range(load.lines)]

    def values(topic):
        return [record.value.decode() for record in kafka_clients.consume_all(cluster.first.bootstrap, topic)]  # what is committed
    wait_for(lambda: len(values("once")) >= len(wanted), "the exactly-once source's last line", 90)
    assert values("once") == wanted, "each line once, in order"
    wait_for(lambda: set(values("least")) == set(wanted), "the other source's every line", 60)
    wait_for(lambda: set((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == set(wanted), "the file sink's every record", 60)

    def rows():
        return [str(json.loads(line)) for file in tmp_path.glob("topics/**/*.json") for line in file.read_text(encoding="utf-8").splitlines()]
    wait_for(lambda: len(rows()) >= len(wanted), "the last file", 60)
    assert sorted(rows()) == sorted(wanted), "each record in one file"
    for worker in workers:
        assert worker.healthy()
