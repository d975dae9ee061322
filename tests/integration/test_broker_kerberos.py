"""A broker that takes GSSAPI: tickets of a Kerberos realm, asked for with a keytab by the Java clients' keys as they stand."""

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kerberos import REALM, Kerberos
from tests.support.processes import free_port

_MODULE = "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true"


@pytest.fixture(scope="module", name="kerberized")
def a_kerberized_broker():
    """(broker, realm): `broker.kerberos` is the address of its listener with GSSAPI."""
    with Kerberos() as realm:
        port, broker = free_port(), Kafka()
        given = broker._properties
        given.update({
            "listeners": f"{given['listeners']},GSS://127.0.0.1:{port}", "advertised.listeners": f"{given['advertised.listeners']},GSS://localhost:{port}",
            "listener.security.protocol.map": f"{given['listener.security.protocol.map']},GSS:SASL_PLAINTEXT", "listener.name.gss.sasl.enabled.mechanisms": "GSSAPI",
            "listener.name.gss.gssapi.sasl.jaas.config": f'{_MODULE} keyTab="{realm.keytab("kafka/localhost")}" principal="kafka/localhost@{REALM}";',
            "sasl.kerberos.service.name": "kafka"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JDK_JAVA_OPTIONS", f"-Djava.security.krb5.conf={realm.conf}")
            broker.start()
        broker.kerberos = f"localhost:{port}"
        yield broker, realm
        broker.__exit__()


def keys_of(keytab, principal: str) -> dict:
    keys = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "GSSAPI", "sasl.kerberos.service.name": "kafka",
            "sasl.jaas.config": f'{_MODULE} keyTab="{keytab}" principal="{principal}@{REALM}";'}
    return {**keys, **{f"{part}.{key}": value for part in ("consumer", "producer", "admin") for key, value in keys.items()}}


def test_a_source_writes_and_a_sink_reads_with_tickets_of_a_keytab(kerberized, start_bywash, tmp_path):
    broker, realm = kerberized
    topic = broker.create_topic()
    worker = start_bywash(Bywash.standalone(broker.kerberos, worker=keys_of(realm.keytab("alice"), "alice"), env=realm.env))
    strings = {"value.converter": "org.apache.kafka.connect.storage.StringConverter"}
    lines = tmp_path / "in"
    lines.write_text("".join(f"line {i}\n" for i in range(1000)))
    worker.create("in", {"connector.class": "FileStreamSource", "file": str(lines), "topic": topic, **strings})
    worker.create("out", {"connector.class": "FileStreamSink", "file": str(tmp_path / "out"), "topics": topic, **strings})
    worker.process.wait_until(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text() == lines.read_text(), "all lines are there")


def test_a_keytab_that_is_not_the_principals_is_told(kerberized, start_bywash, tmp_path):
    broker, realm = kerberized
    topic = broker.create_topic()
    keys = keys_of(realm.keytab("mallory"), "alice2")
    worker = start_bywash(Bywash.standalone(broker.kerberos, worker=keys, env={**realm.env, "KRB5CCNAME": f"FILE:{tmp_path}/tickets"}))
    worker.create("refused", {"connector.class": "FileStreamSink", "file": str(tmp_path / "out"), "topics": topic})
    worker.process.wait_until(lambda: "kinit" in worker.log() and "alice2" in worker.log(), "what kinit says is told")
