"""A second broker beside a first one, and who leads what: for tests in which leaders move."""

import base64
import pathlib
import re
import time
import uuid

from confluent_kafka.admin import AdminClient

from tests.support.jars import jars
from tests.support.kafka_broker import Kafka
from tests.support.processes import free_port


def wait_for(check, what: str, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (got := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return got


def second_broker(first: Kafka, folder: pathlib.Path) -> Kafka:
    """Another node of the first one's cluster, without a controller of its own."""
    port = free_port()
    given = first._properties
    broker = Kafka(folder=folder, port=port, config={"node.id": "2", "process.roles": "broker", "controller.quorum.voters": given["controller.quorum.voters"],
                                                     "listeners": f"PLAINTEXT://127.0.0.1:{port}"})
    folder.mkdir(exist_ok=True)
    broker._format(jars("kafka"))
    meta = folder / "log" / "meta.properties"
    own_id = "directory.id=" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    meta.write_text(re.sub("directory.id=.*", own_id, meta.read_text(encoding="utf-8").replace("node.id=1", "node.id=2")), encoding="utf-8")
    return broker.start()


def leaders(bootstrap: str, topic: str) -> set:
    return {p.leader for p in AdminClient({"bootstrap.servers": bootstrap}).list_topics(topic, 10).topics[topic].partitions.values()}
