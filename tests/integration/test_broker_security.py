"""Brokers behind TLS and SASL, reached with the Java clients' keys as they stand, by both clients that fetch records."""

import time

import pytest
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from tests.support.authority import Authority
from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.processes import free_ports

_PASSWORD = "secret"
_LISTENERS = {"SASLP": "SASL_PLAINTEXT", "SASLS": "SASL_SSL", "MTLS": "SSL"}


def jaas(module: str, password: str = _PASSWORD) -> str:
    return f'org.apache.kafka.common.security.{module.lower()}.{module}LoginModule required username="alice" password="{password}";'


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """(broker, authority): besides its plain listener one for each of _LISTENERS, at broker.ports."""
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder)
    server = authority.issue("server")
    ports = dict(zip(_LISTENERS, free_ports(len(_LISTENERS))))
    broker = Kafka()
    given = broker._properties
    mechanisms = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    given.update({
        "listeners": ",".join([given["listeners"], *(f"{name}://127.0.0.1:{port}" for name, port in ports.items())]),
        "advertised.listeners": ",".join([given["advertised.listeners"], *(f"{name}://127.0.0.1:{port}" for name, port in ports.items())]),
        "listener.security.protocol.map": ",".join([given["listener.security.protocol.map"], *(f"{name}:{kind}" for name, kind in _LISTENERS.items())]),
        "sasl.enabled.mechanisms": ",".join(mechanisms), "ssl.keystore.type": "PEM", "ssl.keystore.location": str(server),
        "ssl.truststore.type": "PEM", "ssl.truststore.location": str(authority.file), "listener.name.mtls.ssl.client.auth": "required",
        "connections.max.reauth.ms": "4000"})
    for name in ("saslp", "sasls"):
        given[f"listener.name.{name}.plain.sasl.jaas.config"] = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="{_PASSWORD}";'
        for scram in ("scram-sha-256", "scram-sha-512"):
            given[f"listener.name.{name}.{scram}.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    with broker:
        broker.ports = ports
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        for kind in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            change = UserScramCredentialUpsertion("alice", ScramCredentialInfo(kind, 4096), _PASSWORD.encode())
            admin.alter_user_scram_credentials([change])["alice"].result(30)
        yield broker, authority


def keys_of(way: str, authority: Authority, password: str = _PASSWORD) -> dict:
    """(listener, the Java client's keys) of a way to reach the broker."""
    trust = {"ssl.truststore.location": str(authority.file), "ssl.truststore.type": "PEM"}
    if way == "mtls":
        store = {"ssl.keystore.location": str(authority.folder / "client.p12"), "ssl.keystore.password": "secret", "ssl.keystore.type": "PKCS12"}
        return "MTLS", {"security.protocol": "SSL", **trust, **store}
    mechanism, listener = way.split("@")
    module = "Plain" if mechanism == "PLAIN" else "Scram"
    sasl = {"sasl.mechanism": mechanism, "sasl.jaas.config": jaas(module, password)}
    if listener == "SASLP":
        return listener, {"security.protocol": "SASL_PLAINTEXT", **sasl}
    return listener, {"security.protocol": "SASL_SSL", **sasl, **trust}


def wait_lines(worker, name: str, file, count: int) -> list:
    deadline = time.monotonic() + 40
    while True:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= count:
            return lines
        tasks = worker.status(name)["tasks"]
        assert not any(task["state"] == "FAILED" for task in tasks), tasks
        assert time.monotonic() < deadline, f"{len(lines)} of {count} lines; {tasks}"
        time.sleep(0.05)


@pytest.mark.parametrize("client", ["direct", "librdkafka"])
@pytest.mark.parametrize("way", ["PLAIN@SASLP", "SCRAM-SHA-256@SASLP", "SCRAM-SHA-512@SASLS", "PLAIN@SASLS", "mtls"])
def test_a_sink_reads(secured, start_bywash, tmp_path, way, client):
    """A worker and its sink with the keys of a Java client; records go on after the session's credentials had to be shown again."""
    broker, authority = secured
    if way == "mtls":
        authority.issue("client")
    listener, keys = keys_of(way, authority)
    worker_keys = {**keys, **{f"{part}.{key}": value for part in ("consumer", "producer") for key, value in keys.items()}, "offset.flush.interval.ms": "500"}
    topic = broker.create_topic(partitions=2)
    sent = [f"{way}-{i}-{'x' * 100}" for i in range(5000)]
    broker.produce_many(topic, [value.encode() for value in sent])
    worker = start_bywash(Bywash.standalone(f"127.0.0.1:{broker.ports[listener]}", worker=worker_keys))
    name = f"in-{way.lower().replace('@', '-')}-{client}"
    worker.create(name, {"connector.class": "FileStreamSink", "topics": topic, "file": str(tmp_path / "out"), "consumer.override.fetch.client": client,
                         "value.converter": "org.apache.kafka.connect.storage.StringConverter"})
    assert sorted(wait_lines(worker, name, tmp_path / "out", len(sent))) == sorted(sent)
    time.sleep(5)  # beyond connections.max.reauth.ms
    broker.produce(topic, ["later"])
    assert wait_lines(worker, name, tmp_path / "out", len(sent) + 1)[-1] == "later"


@pytest.mark.parametrize("client", ["direct", "librdkafka"])
@pytest.mark.parametrize("way", ["SCRAM-SHA-256@SASLP", "PLAIN@SASLS", "mtls"])
def test_a_source_writes(secured, start_bywash, tmp_path, way, client):
    """A source with the keys of a Java client, before and after its session's credentials had to be shown again."""
    broker, authority = secured
    if way == "mtls":
        authority.issue("client")
    listener, keys = keys_of(way, authority)
    topic, lines = broker.create_topic(partitions=2), [f"{way}-{i}-{'x' * 100}" for i in range(5000)]
    (tmp_path / "in").write_text("".join(line + "\n" for line in lines))
    worker = start_bywash(Bywash.standalone(f"127.0.0.1:{broker.ports[listener]}",
                                            worker={**keys, **{f"producer.{key}": value for key, value in keys.items()}, "offset.flush.interval.ms": "500"}))
    worker.create(f"out-{way.lower().replace('@', '-')}-{client}",
                  {"connector.class": "FileStreamSource", "file": str(tmp_path / "in"), "topic": topic, "producer.override.produce.client": client,
                   "value.converter": "org.apache.kafka.connect.storage.StringConverter"})
    assert sorted(r.value.decode() for r in broker.consume_all(topic, count=len(lines))) == sorted(lines)
    time.sleep(5)  # beyond connections.max.reauth.ms
    with (tmp_path / "in").open("a") as file:
        file.write("later\n")
    assert "later" in {r.value.decode() for r in broker.consume_all(topic, count=len(lines) + 1)}


@pytest.mark.parametrize("way", ["PLAIN@SASLP", "SCRAM-SHA-256@SASLP"])
def test_a_wrong_password_fails_the_task(secured, start_bywash, tmp_path, way):
    """The task says that the credentials are refused; the password stands nowhere."""
    broker, authority = secured
    listener, keys = keys_of(way, authority)
    _, wrong = keys_of(way, authority, "not-the-password")
    worker = start_bywash(Bywash.standalone(f"127.0.0.1:{broker.ports[listener]}",
                                            worker={**keys, **{f"consumer.{key}": value for key, value in wrong.items()},
                                                    **{f"producer.{key}": value for key, value in keys.items()}}))
    topic = broker.create_topic()
    worker.create("refused", {"connector.class": "FileStreamSink", "topics": topic, "file": str(tmp_path / "out"),
                              "value.converter": "org.apache.kafka.connect.storage.StringConverter"})
    worker.wait_state("refused", "FAILED")
    trace = worker.status("refused")["tasks"][0]["trace"]
    assert "credentials" in trace or "uthentication" in trace, trace
    assert "not-the-password" not in trace + worker.log()


def test_a_certificate_that_is_not_trusted(secured, start_bywash, tmp_path):
    """Nothing is read from a broker whose authority is another one; the reason is told."""
    broker, _ = secured
    folder = tmp_path / "other"
    folder.mkdir()
    other = Authority(folder)
    keys = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": jaas("Plain"), "ssl.truststore.location": str(other.file),
            "ssl.truststore.type": "PEM"}
    topic = broker.create_topic()
    broker.produce(topic, ["a"])
    worker = start_bywash(Bywash.standalone(broker.bootstrap))
    worker.create("untrusted", {"connector.class": "FileStreamSink", "topics": topic, "file": str(tmp_path / "out"),
                                "value.converter": "org.apache.kafka.connect.storage.StringConverter",
                                "consumer.override.bootstrap.servers": f"127.0.0.1:{broker.ports['SASLS']}",
                                **{f"consumer.override.{key}": value for key, value in keys.items()}})
    deadline = time.monotonic() + 20
    while "certificate" not in worker.log():
        assert time.monotonic() < deadline, worker.log()
        time.sleep(0.1)
    assert not (tmp_path / "out").exists() or not (tmp_path / "out").read_text()
