"""client.rack: a consumer reads from the follower of its rack (KIP-392), whichever client fetches."""

import socket
import threading

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.support.bywash_process import Bywash
from tests.support.jars import jars
from tests.support.kafka_broker import Kafka
from tests.support.processes import free_port

_SELECTOR = {"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector", "group.initial.rebalance.delay.ms": "0"}


class Relay:
    """Passes connections on to `target` (a port); `.sent` counts the bytes that came from there."""

    def __init__(self, port: int):
        self.target, self.sent = 0, 0
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target), timeout=20)
            except OSError:
                return
            for one, other, counts in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._copy, args=(one, other, counts), daemon=True).start()

    def _copy(self, one, other, counts):
        try:
            while data := one.recv(1 << 16):
                self.sent += len(data) if counts else 0
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            each.close()

    def stop(self):
        self._listener.close()


@pytest.fixture(scope="module", name="racks")
def brokers_of_two_racks():
    """(leader, relay before the follower): brokers 1 in rack a and 2 in rack b."""
    port = free_port()
    relay = Relay(port)
    with Kafka(config={"broker.rack": "a", **_SELECTOR}) as leader:
        follower = Kafka(config={"broker.rack": "b", **_SELECTOR})
        given = follower._properties
        given.update({"process.roles": "broker", "node.id": "2", "controller.quorum.voters": leader._properties["controller.quorum.voters"],
                      "listeners": f"PLAINTEXT://127.0.0.1:{follower.port}", "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"})
        follower._format(jars("kafka"))
        meta = follower.folder / "log" / "meta.properties"
        kept = [line for line in meta.read_text().splitlines() if not line.startswith(("node.id", "directory.id"))]
        meta.write_text("\n".join([*kept, "node.id=2", "directory.id=Ynl3YXNoLXRlc3RzLTAwMg", ""]))
        relay.target = follower.port
        with follower:
            yield leader, relay
    relay.stop()


@pytest.mark.parametrize("client", ["direct", "librdkafka"])
def test_a_sink_reads_from_the_follower_of_its_rack(racks, start_bywash, tmp_path, client):
    leader, relay = racks
    topic, records, size = f"racks-{client}", 3000, 2000
    admin = AdminClient({"bootstrap.servers": leader.bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=1, replica_assignment=[[1, 2]])])[topic].result(30)
    leader.produce_many(topic, [b"%06d" % i + b"x" * size for i in range(records)])
    worker = start_bywash(Bywash.standalone(leader.bootstrap, worker={"value.converter": "org.apache.kafka.connect.storage.StringConverter"}))

    def read_by(name: str, rack: str) -> int:
        before, out = relay.sent, tmp_path / name
        worker.create(name, {"connector.class": "FileStreamSink", "topics": topic, "file": str(out), "consumer.override.client.rack": rack,
                             "consumer.override.fetch.client": client, "consumer.override.max.partition.fetch.bytes": "100000"})
        worker.process.wait_until(lambda: out.exists() and len(out.read_bytes().splitlines()) == records, f"{name} has all records")
        worker.request("DELETE", f"/connectors/{name}")
        return relay.sent - before
    assert read_by("near", "a") < records * size // 10
    assert read_by("far", "b") > records * size // 2
