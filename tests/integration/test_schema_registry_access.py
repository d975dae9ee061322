"""How a converter reaches its Schema Registry: failover, retries, user names, tokens, TLS with client certificates. The registry here is a
few lines of Python that hold one schema and write down who asked."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import sqlite3
import ssl
import subprocess
import threading
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from tests.support.bywash_process import Bywash
from tests.support.processes import free_port
from tests.support.schema_registry import frame

_SCHEMA = json.dumps({"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}]})
_MESSAGE = frame(7, b"\x02")


class _Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def _answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        server = self.server
        server.asked.append((self.command, self.path, dict(self.headers), body))
        if self.path == "/token":
            good = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"client:client-secret").decode()
            self._answer(200 if good else 401, {"access_token": "fetched-token", "expires_in": 3600} if good else {"error": "invalid_client"})
        elif server.failures > 0:
            server.failures -= 1
            self._answer(server.failure, {"error_code": server.failure * 100 + 1, "message": "not now"})
        elif server.wanted and self.headers.get("Authorization") != server.wanted:
            self._answer(401, {"error_code": 40101, "message": "Unauthorized"})
        elif self.command == "GET" and self.path.startswith("/schemas/ids/7"):
            self._answer(200, {"schema": _SCHEMA})
        elif self.command == "POST" and self.path.startswith("/subjects/"):
            self._answer(200, {"id": 7, "version": 1, "schema": _SCHEMA})
        else:
            self._answer(404, {"error_code": 40403, "message": "Schema not found"})

    do_GET = do_POST = _handle


@contextlib.contextmanager
def registry(*, wanted: str = "", failures: int = 0, failure: int = 503, tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    server.wanted, server.failures, server.failure, server.asked = wanted, failures, failure, []
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def worker(kafka):
    with Bywash.standalone(kafka.bootstrap) as program:
        yield program


def sink(topic, file, url, **more):
    keys = {f"value.converter.{key}": value for key, value in {
        "schema.registry.url": url, "retries.wait.ms": "10", "http.connect.timeout.ms": "2000", **more}.items()}
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "connection.url": f"jdbc:sqlite:{file}", "auto.create": "true",
            "table.name.format": "t", "value.converter": "io.confluent.connect.avro.AvroConverter", **keys}


def delivers(kafka, worker, topic, file, url, **more) -> bool:
    """One message through a sink with these keys."""
    kafka.produce_many(topic, [_MESSAGE])
    name = f"sink-{topic}"
    worker.create(name, sink(topic, file, url, **more))
    kafka.wait_committed(f"connect-{name}", topic)
    with sqlite3.connect(file) as connection:
        return connection.execute("SELECT id FROM t").fetchall() == [(1,)]


def test_the_next_url_is_asked_when_one_is_down_or_says_503(kafka, topic, worker, tmp_path):
    with registry(failures=2) as (first, url):
        assert delivers(kafka, worker, topic, tmp_path / "t.db", f"http://127.0.0.1:{free_port()},{url}")
    assert first.failures == 0


@pytest.mark.parametrize("way", ["user_info", "url", "token", "oauth"])
def test_credentials_are_sent(kafka, topic, worker, tmp_path, way):
    basic = "Basic " + base64.b64encode(b"alice:wonder land").decode()
    wanted = {"token": "Bearer static-token", "oauth": "Bearer fetched-token"}.get(way, basic)
    with registry(wanted=wanted) as (server, url):
        keys = {"user_info": {"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "alice:wonder land"},
                "url": {},
                "token": {"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "static-token", "bearer.auth.logical.cluster": "lsrc-1"},
                "oauth": {"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": f"{url}/token", "bearer.auth.client.id": "client",
                          "bearer.auth.client.secret": "client-secret", "bearer.auth.scope": "schemas"}}[way]
        if way == "url":
            url = url.replace("http://", "http://alice:wonder%20land@")
        assert delivers(kafka, worker, topic, tmp_path / "t.db", url, **keys)
    if way == "token":
        assert all(headers["target-sr-cluster"] == "lsrc-1" for _, _, headers, _ in server.asked)
    if way == "oauth":
        assert [body for _, path, _, body in server.asked if path == "/token"] == ["grant_type=client_credentials&scope=schemas"]


def test_refused_credentials_fail_the_task_and_are_not_shown(kafka, topic, worker, tmp_path):
    kafka.produce_many(topic, [_MESSAGE])
    queue = kafka.create_topic()
    with registry(wanted="Basic nobody") as (_, url):
        worker.create("refused", {**sink(topic, tmp_path / "t.db", url, **{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "eve:hidden-word"}),
                                  "errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue,
                                  "errors.deadletterqueue.topic.replication.factor": "1"})
        worker.process.wait_until(lambda: worker.status("refused")["tasks"][0]["state"] == "FAILED", "the task has failed")
    trace = worker.status("refused")["tasks"][0]["trace"]
    assert "basic.auth.user.info" in trace and "hidden-word" not in trace + worker.log()
    assert kafka.consume_all(queue) == [], "no record is to blame"


def lines_source(topic, file, url, **more):
    (file).write_text("a\nb\n", encoding="utf-8")
    return {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "errors.tolerance": "all",
            "value.converter": "io.confluent.connect.avro.AvroConverter", "value.converter.schema.registry.url": url,
            "value.converter.max.retries": "0", **more}


def outcomes_of(worker, connector) -> dict:
    """What has become of a source's records: read, written, filtered, skipped."""
    with urllib.request.urlopen(f"{worker.url}/metrics", timeout=30) as answer:
        lines = [line for line in answer.read().decode().splitlines() if f'connector="{connector}"' in line]
    names = {"read": "source_task_metrics_source_record_poll_total", "written": "source_task_metrics_source_record_write_total",
             "filtered": "source_task_metrics_record_filtered_total", "skipped": "task_error_metrics_total_records_skipped",
             "retried": "task_error_metrics_total_retries"}
    return {key: sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"kafka_connect_{name}{{")) for key, name in names.items()}


@pytest.mark.parametrize("status", [409, 422])
def test_a_schema_that_the_registry_refuses_is_the_records_fault(kafka, topic, worker, tmp_path, status):
    name = f"source-{topic}"
    with registry(failures=1000, failure=status) as (_, url):
        worker.create(name, lines_source(topic, tmp_path / "lines.txt", url))
        worker.process.wait_until(lambda: outcomes_of(worker, name)["skipped"] == 2, "both records are skipped")
    seen = outcomes_of(worker, name)
    assert seen["read"] == seen["written"] + seen["filtered"] + seen["skipped"] == 2
    assert worker.status(name)["tasks"][0]["state"] == "RUNNING" and kafka.consume_all(topic) == []
    worker.delete(name)


def test_a_registry_in_trouble_is_waited_for_and_nothing_is_skipped(kafka, topic, worker, tmp_path):
    name = f"source-{topic}"
    with registry(failures=2, failure=500) as (_, url):
        worker.create(name, lines_source(topic, tmp_path / "lines.txt", url))
        assert [record.value[5:] for record in kafka.consume_all(topic, count=2)] == [b"\x02a", b"\x02b"]
    seen = outcomes_of(worker, name)
    assert seen["skipped"] == 0 and seen["retried"] >= 1 and seen["read"] == seen["written"] == 2


def test_refused_credentials_fail_a_source_too(kafka, topic, worker, tmp_path):
    name = f"source-{topic}"
    with registry(failures=1000, failure=401) as (_, url):
        worker.create(name, lines_source(topic, tmp_path / "lines.txt", url))
        worker.process.wait_until(lambda: worker.status(name)["tasks"][0]["state"] == "FAILED", "the task has failed")
    assert outcomes_of(worker, name)["skipped"] == 0 and kafka.consume_all(topic) == []


def test_retries_end_with_errors_retry_timeout_and_lose_nothing(kafka, topic, worker, tmp_path):
    kafka.produce_many(topic, [_MESSAGE])
    queue, name = kafka.create_topic(), f"sink-{topic}"
    config = {**sink(topic, tmp_path / "t.db", f"http://127.0.0.1:{free_port()}", **{"max.retries": "0"}), "errors.retry.timeout": "1500",
              "errors.retry.delay.max.ms": "200", "errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue,
              "errors.deadletterqueue.topic.replication.factor": "1"}
    worker.create(name, config)
    worker.process.wait_until(lambda: worker.status(name)["tasks"][0]["state"] == "FAILED", "the time for retries is over")
    assert "errors.retry.timeout" in worker.status(name)["tasks"][0]["trace"]
    assert kafka.committed(f"connect-{name}", topic) == {} and kafka.consume_all(queue) == [], "the record is read again"


def test_a_waiting_task_stays_in_its_group(kafka, topic, worker, tmp_path):
    kafka.produce_many(topic, [_MESSAGE])
    name = f"sink-{topic}"
    with registry(failures=10**6) as (server, url):
        worker.create(name, {**sink(topic, tmp_path / "t.db", url, **{"max.retries": "0"}), "errors.retry.delay.max.ms": "1200",
                             "consumer.override.session.timeout.ms": "6000", "consumer.override.max.poll.interval.ms": "6000"})
        worker.process.wait_until(lambda: len(server.asked) > 14, "more time than a poll may take has passed")
        asked = len(server.asked)
        server.failures = 0
        kafka.wait_committed(f"connect-{name}", topic)
    assigned = [line for line in worker.log().splitlines() if "partitions assigned" in line and name in line]
    assert len(assigned) == 1 and asked > 14
    with sqlite3.connect(tmp_path / "t.db") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)


def _certificate(name, issuer=None):
    """A key and a certificate for 127.0.0.1, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[1].subject if issuer else subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
            .sign(issuer[0] if issuer else key, hashes.SHA256()))
    return key, made


def _pem(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def keytool(*arguments) -> None:
    subprocess.run(["keytool", *map(str, arguments), "-noprompt"], check=True, capture_output=True)


@pytest.mark.parametrize("stores", ["pem", "pkcs12", "jks"])
def test_tls_with_a_client_certificate(kafka, topic, worker, tmp_path, stores):
    authority = _certificate("authority")
    server_key, server_certificate = _certificate("server", authority)
    client_key, client_certificate = _certificate("client", authority)
    (tmp_path / "server.pem").write_bytes(_key_pem(server_key) + _pem(server_certificate))
    (tmp_path / "ca.pem").write_bytes(_pem(authority[1]))
    (tmp_path / "client.pem").write_bytes(_key_pem(client_key) + _pem(client_certificate))
    password = serialization.BestAvailableEncryption(b"store-word")
    (tmp_path / "client.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"client", client_key, client_certificate, None, password))
    (tmp_path / "ca.p12").write_bytes(pkcs12.serialize_key_and_certificates(None, None, None, [authority[1]], password))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    tls.load_verify_locations(tmp_path / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    if stores == "jks":
        keytool("-importcert", "-file", tmp_path / "ca.pem", "-alias", "ca", "-keystore", tmp_path / "ca.jks", "-storetype", "JKS", "-storepass", "store-word")
        keytool("-importkeystore", "-srckeystore", tmp_path / "client.p12", "-srcstorepass", "store-word", "-destkeystore", tmp_path / "client.jks", "-deststoretype", "JKS",
                "-deststorepass", "store-word")
    end = {"pem": "pem", "pkcs12": "p12", "jks": "jks"}[stores]
    keys = {"schema.registry.ssl.truststore.location": str(tmp_path / f"ca.{end}"), "schema.registry.ssl.keystore.location": str(tmp_path / f"client.{end}")}
    if stores != "pem":
        keys |= {"schema.registry.ssl.truststore.password": "store-word", "schema.registry.ssl.keystore.password": "store-word"}
    with registry(tls=tls) as (_, url):
        assert delivers(kafka, worker, topic, tmp_path / "t.db", url, **keys)


def test_wrong_keys_are_told_at_validation(worker):
    config = sink("t", "/tmp/none.db", "ftp://x", **{"bearer.auth.credentials.source": "CUSTOM", "value.subject.name.strategy": "com.acme.Own"})
    answer = worker.request("PUT", "/connector-plugins/JdbcSinkConnector/config/validate", {"name": "v", **config})
    errors = {value["value"]["name"]: value["value"]["errors"] for value in answer["configs"] if value["value"]["errors"]}
    told = " ".join(sum(errors.values(), []))
    assert "must start with http://" in told and "TopicRecordNameStrategy" in told and "OAUTHBEARER" in told, errors
