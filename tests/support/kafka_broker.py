"""A real Apache Kafka: one KRaft node (broker and controller) on free loopback ports."""

import os
import pathlib
import shutil
import subprocess
from typing import Mapping, Optional

from tests.support import kafka_clients
from tests.support.jars import jars, java, made_once
from tests.support.paths import CACHE
from tests.support.processes import Process, TemporaryFolder, free_ports, port_open

VERSION = "4.3.1"
_LOG4J = pathlib.Path(__file__).resolve().parent / "jvm" / "kafka" / "log4j2.properties"
_CLUSTER_ID = "Ynl3YXNoLXRlc3RzLTAwMQ"  # 22 characters of base64, as Kafka wants a cluster id
_QUICK_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_BENCH_JVM = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Xshare:auto")  # as Kafka's own start script


class Kafka:
    """`with Kafka() as kafka: kafka.create_topic("t")`; `kafka.bootstrap` is "127.0.0.1:PORT".

    auto_create_topics: off by default, so that a test sees a missing topic. config: broker properties over ours.
    bench: the JVM as Kafka's start script runs it, instead of one that starts fast.
    """

    def __init__(self, *, auto_create_topics: bool = False, partitions: int = 1, heap: str = "512m", bench: bool = False,
                 config: Optional[Mapping[str, str]] = None, folder: Optional[pathlib.Path] = None,
                 detached: bool = False, port: Optional[int] = None):
        self._temporary = None if folder else TemporaryFolder("kafka")
        self.folder = pathlib.Path(folder) if folder else self._temporary.path
        free = free_ports(2)
        self.port, self._controller_port = port or free[0], free[1]
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process: Optional[Process] = None
        self._heap, self._bench, self._detached = heap, bench, detached
        self._properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "log"),
            "auto.create.topics.enable": str(auto_create_topics).lower(),
            "num.partitions": str(partitions),
            # one node, and quick: no wait for a second member, few internal partitions
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.min.session.timeout.ms": "1000",  # so that tests can see a dead member soon
            "broker.session.timeout.ms": "4000",  # after a kill -9 the next start waits this long for the old registration
            "broker.heartbeat.interval.ms": "500",
            "message.max.bytes": str(64 << 20),
            "replica.fetch.max.bytes": str(64 << 20),
            # records of any time stay: tests and the generator write times that are weeks old, or in the future
            "log.retention.ms": "-1",
            "log.message.timestamp.after.max.ms": str(2**63 - 1),
            "log.cleaner.dedupe.buffer.size": str(8 << 20),
            **(config or {}),
        }

    def start(self) -> "Kafka":
        """Starts it, on the data it had if it ran before, and returns when it serves metadata."""
        classpath = jars("kafka")
        self._format(classpath)
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties.items()), encoding="utf-8")
        options = (_BENCH_JVM if self._bench else _QUICK_JVM) + (f"-Dlog4j2.configurationFile={_LOG4J}",)
        command = java("kafka.Kafka", [f"{classpath}/*"], heap=self._heap, options=options) + [str(properties)]
        self.process = Process("Kafka", command, self.folder / "kafka.log", cwd=self.folder, detached=self._detached)
        self.process.wait_until(lambda: port_open(self.port), "listening", timeout=120)
        self.process.wait_until(lambda: kafka_clients.responds(self.bootstrap), "answering", timeout=60)
        return self

    def _format(self, classpath: pathlib.Path) -> None:
        """The formatted log folder does not depend on ports: made once, copied from then on (saves a JVM's start)."""
        target = self.folder / "log"
        if target.exists():
            return
        cached = CACHE / "jars" / f"formatted-{classpath.name}"
        with made_once(cached) as out:
            if out is not None:
                properties = out / "format.properties"
                given = dict(self._properties, **{"log.dirs": str(out / "log")})
                properties.write_text("".join(f"{key}={value}\n" for key, value in given.items()), encoding="utf-8")
                command = java("kafka.tools.StorageTool", [f"{classpath}/*"], heap="128m", options=_QUICK_JVM)
                subprocess.run(command + ["format", "-t", _CLUSTER_ID, "-c", str(properties)], cwd=out, check=True,
                               stdin=subprocess.DEVNULL, capture_output=True)
        shutil.copytree(cached / "log", target)

    def stop(self) -> None:
        """Stops it; the data stays for another start()."""
        if self.process:
            self.process.stop(20)

    def kill(self) -> None:
        """kill -9; the data stays for another start()."""
        if self.process:
            self.process.kill()

    def restart(self, *, hard: bool = False) -> None:
        (self.kill if hard else self.stop)()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.process.pid, 19)

    def thaw(self) -> None:
        os.kill(self.process.pid, 18)

    def __enter__(self) -> "Kafka":
        return self.start()

    def __exit__(self, *_error) -> None:
        # Nobody needs this data again: a kill is several times faster than a controlled shutdown.
        self.kill()
        if self._temporary:
            self._temporary.remove()

    # The functions of kafka_clients with this broker.
    def create_topic(self, name: Optional[str] = None, partitions: int = 1, config: Optional[Mapping[str, str]] = None) -> str:
        return kafka_clients.create_topic(self.bootstrap, name, partitions, config)

    def delete_topic(self, name: str) -> None:
        kafka_clients.delete_topic(self.bootstrap, name)

    def produce(self, topic: str, records, **options) -> None:
        kafka_clients.produce(self.bootstrap, topic, records, **options)

    def produce_many(self, topic: str, values, **options) -> int:
        return kafka_clients.produce_many(self.bootstrap, topic, values, **options)

    def consume_all(self, topic: str, **options) -> list:
        return kafka_clients.consume_all(self.bootstrap, topic, **options)

    def record_counts(self, wanted) -> dict:
        return kafka_clients.record_counts(self.bootstrap, wanted)

    def consume_topics(self, counts: Mapping[str, int], **options) -> dict:
        return kafka_clients.consume_topics(self.bootstrap, counts, **options)

    def end_offsets(self, topic: str) -> dict:
        return kafka_clients.end_offsets(self.bootstrap, topic)

    def committed(self, group: str, topic: str) -> dict:
        return kafka_clients.committed(self.bootstrap, group, topic)

    def wait_committed(self, group: str, topic: str, timeout: float = 60.0) -> None:
        kafka_clients.wait_committed(self.bootstrap, group, topic, timeout)
