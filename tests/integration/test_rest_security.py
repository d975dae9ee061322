"""The REST API over TLS: stores of every kind, clients' certificates, listeners of both kinds, renewed certificates, forwarding, the command line."""

import hashlib
import hmac
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.support.authority import Authority, openssl
from tests.support.bywash_process import Bywash, run
from tests.support.kafka_connect import RestError
from tests.support.processes import free_ports
from tests.support.token_key import TokenKey, b64


P = "listeners.https.ssl."


@pytest.fixture(name="authority", scope="module")
def an_authority(tmp_path_factory):
    out = Authority(tmp_path_factory.mktemp("tls"))
    out.issue("server")
    out.issue("kim")
    return out


@pytest.fixture(name="secure")
def a_secure_worker(kafka, start_bywash):
    """A function that starts a worker with an http and an https listener."""
    def start(**worker):
        plain, tls = free_ports(2)
        made = Bywash.standalone(kafka.bootstrap, worker={"listeners": f"http://127.0.0.1:{plain},https://127.0.0.1:{tls}", **worker})
        made.port, made.url, made.tls_port, made.tls_url = plain, f"http://127.0.0.1:{plain}", tls, f"https://127.0.0.1:{tls}"
        return start_bywash(made)
    return start


def get(url, context):
    with urllib.request.urlopen(url, timeout=20, context=context) as answer:
        return json.loads(answer.read())


def java_store(folder, name):
    """A store of Java's old format: of <name>.p12 with its key, or of ca.pem, which is trusted."""
    out = folder / f"{name}.jks"
    what = ["-importcert", "-file", folder / "ca.pem", "-alias", "ca", "-keystore", out, "-storetype", "JKS", "-storepass", "secret"] if name == "ca" else [
        "-importkeystore", "-srckeystore", folder / f"{name}.p12", "-srcstorepass", "secret", "-destkeystore", out, "-deststoretype", "JKS", "-deststorepass", "secret"]
    subprocess.run(["keytool", *map(str, what), "-noprompt"], check=True, capture_output=True)
    return out


def stores(authority, form):
    folder = authority.folder
    if form == "pem file":
        return {"ssl.keystore.type": "PEM", "ssl.keystore.location": folder / "server.pem"}
    if form == "pem text, encrypted key":
        openssl("pkcs8", "-topk8", "-in", "server.key", "-out", "server.enc", "-passout", "pass:hush", cwd=folder)
        return {"ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": (folder / "server.crt").read_text(), "ssl.keystore.key": (folder / "server.enc").read_text(),
                "ssl.key.password": "hush"}
    if form == "jks":
        return {"ssl.keystore.location": java_store(folder, "server"), "ssl.keystore.password": "secret", "ssl.truststore.location": java_store(folder, "ca"),
                "ssl.truststore.password": "secret", "ssl.client.auth": "requested"}
    return {"ssl.keystore.type": "PKCS12", "ssl.keystore.location": folder / "server.p12", "ssl.keystore.password": "secret"}


@pytest.mark.parametrize("form, prefix", [("pem file", ""), ("pem text, encrypted key", "listeners.https."), ("pkcs12", "listeners.https."), ("jks", "")])
def test_serves_http_and_https_from_every_kind_of_store(authority, secure, form, prefix):
    worker = secure(**{prefix + key: value for key, value in stores(authority, form).items()}, **{"rest.advertised.listener": "https"} if prefix else {})
    assert get(worker.tls_url + "/", authority.context())["version"] == worker.request("GET", "/")["version"]
    assert get(worker.tls_url.replace("127.0.0.1", "localhost") + "/connectors", authority.context()) == []
    wanted = worker.tls_url if prefix else worker.url
    assert f"advertised as {wanted}" in worker.log()
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(worker.tls_url + "/", ssl.create_default_context())


def test_asks_clients_for_certificates(authority, secure):
    keys = {P + "keystore.location": authority.folder / "server.p12", P + "keystore.password": "secret", P + "truststore.location": authority.file}
    worker = secure(**keys, **{P + "client.auth": "required"})
    assert get(worker.tls_url + "/connectors", authority.context(authority.folder / "kim.pem")) == []
    stranger = Authority(worker.folder, "other").issue("mallory")
    for context in (authority.context(), authority.context(stranger)):
        with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
            get(worker.tls_url + "/connectors", context)
    assert "handshake failed" in worker.log()
    asked = secure(**keys, **{P + "client.auth": "requested"})
    assert get(asked.tls_url + "/connectors", authority.context()) == []
    with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
        get(asked.tls_url + "/connectors", authority.context(stranger))


def test_protocols_and_cipher_suites_are_those_of_the_keys(authority, secure):
    worker = secure(**{P + "keystore.location": authority.folder / "server.pem", P + "enabled.protocols": "TLSv1.2",
                       P + "cipher.suites": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256"})
    with socket.create_connection(("127.0.0.1", worker.tls_port), timeout=20) as plain, authority.context().wrap_socket(plain, server_hostname="localhost") as tls:
        assert tls.version() == "TLSv1.2" and tls.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    newer = authority.context()
    newer.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(urllib.error.URLError):
        get(worker.tls_url + "/", newer)


def test_slow_handshakes_and_plain_requests_on_the_tls_port_hold_up_nobody(authority, secure):
    worker = secure(**{P + "keystore.location": authority.folder / "server.pem"})
    slow = [socket.create_connection(("127.0.0.1", worker.tls_port), timeout=20) for _ in range(50)]
    for each in slow:
        each.sendall(b"\x16\x03\x01\x02\x00")
    plain = socket.create_connection(("127.0.0.1", worker.tls_port), timeout=20)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1" not in plain.recv(100)
    body = {"name": "big", "config": {"connector.class": "FileStreamSink", "topics": "t", "file": "/dev/null", "comment": "x" * 3_000_000}}
    request = urllib.request.Request(worker.tls_url + "/connectors", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60, context=authority.context()) as answer:
        assert answer.status == 201 and json.loads(answer.read())["config"] == {**body["config"], "name": "big"}
    for each in [*slow, plain]:
        each.close()


def test_takes_a_renewed_certificate_and_keeps_the_old_one_when_it_is_damaged(authority, secure, tmp_path):
    store = shutil.copy(authority.folder / "server.pem", tmp_path / "store.pem")
    worker = secure(**{P + "keystore.location": store})

    def serial():
        with socket.create_connection(("127.0.0.1", worker.tls_port), timeout=20) as plain, authority.context().wrap_socket(plain, server_hostname="localhost") as tls:
            return tls.getpeercert()["serialNumber"]
    first = serial()
    (tmp_path / "damaged").write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
    (tmp_path / "damaged").replace(store)
    worker.process.wait_until(lambda: serial() == first and "certificates are not used" in worker.log(), "the damaged store is told")
    shutil.copy(authority.issue("server-2"), tmp_path / "new.pem")
    (tmp_path / "new.pem").replace(store)
    worker.process.wait_until(lambda: serial() != first, "the new certificate is shown")


def test_says_what_is_wrong_with_a_store(authority, tmp_path):
    folder = authority.folder
    (tmp_path / "old.jks").write_bytes(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")
    port, = free_ports(1)
    for keys, words in (({}, ["ssl.keystore.location", "needs a certificate"]),
                        ({P + "keystore.location": tmp_path / "none"}, ["ssl.keystore.location", "Cannot read"]),
                        ({P + "keystore.location": tmp_path / "old.jks"}, ["damaged", "listeners.https.ssl.keystore.location", "old.jks"]),
                        ({P + "keystore.location": java_store(folder, "server"), P + "keystore.password": "mistaken"}, ["ssl.keystore.location", "password"]),
                        ({P + "keystore.location": folder / "server.p12", P + "keystore.password": "mistaken"}, ["ssl.keystore.location", "password"]),
                        ({P + "keystore.location": folder / "server.crt"}, ["private key"]),
                        ({P + "keystore.location": folder / "server.pem", P + "client.auth": "maybe"}, ["ssl.client.auth", "maybe"]),
                        ({P + "keystore.location": folder / "server.pem", P + "cipher.suites": "TLS_NO_SUCH"}, ["ssl.cipher.suites", "TLS_NO_SUCH"]),
                        ({P + "keystore.location": folder / "server.pem", P + "enabled.protocols": "TLSv1.1"}, ["ssl.enabled.protocols"]),
                        ({P + "keystore.certificate.chain": (folder / "server.crt").read_text(), P + "keystore.key": (folder / "kim.key").read_text()}, ["do not belong together"])):
        worker = Bywash.standalone("127.0.0.1:1", worker={"listeners": f"https://127.0.0.1:{port}", **keys}, folder=tmp_path)
        ended = run(*worker.arguments, timeout=30)
        assert ended.returncode == 2 and all(word in ended.stderr for word in words), (keys.keys(), ended.stderr)
        assert "mistaken" not in ended.stderr and "PRIVATE" not in ended.stderr


def test_workers_forward_over_https_and_the_command_line_speaks_it(authority, kafka, start_bywash, tmp_path):
    group, workers = f"tls-{time.time_ns()}", []
    for name in ("server", "kim"):
        port, = free_ports(1)
        made = Bywash.distributed(kafka.bootstrap, group, worker={
            "listeners": f"https://127.0.0.1:{port}", P + "keystore.location": authority.folder / f"{name}.p12", P + "keystore.password": "secret",
            P + "truststore.location": authority.file, P + "client.auth": "required"})
        made.port, made.tls_url = None, f"https://127.0.0.1:{port}"
        workers.append(start_bywash(made))
    me = authority.context(authority.folder / "kim.pem")

    def healthy(worker):
        try:
            return get(worker.tls_url + "/health", me)["status"] == "healthy"
        except OSError:
            return False

    def known(worker):
        try:
            return get(worker.tls_url + "/connectors/sink/status", me)["tasks"]
        except OSError:  # 404 until it has read the leader's record
            return False
    for worker in workers:
        worker.process.wait_until(lambda worker=worker: healthy(worker), "a healthy worker")
    (tmp_path / "sink.json").write_text(json.dumps({"name": "sink", "config": {"connector.class": "FileStreamSink", "topics": group, "file": str(tmp_path / "out.txt")}}))
    options = ["--cacert", authority.file, "--cert", authority.folder / "kim.crt", "--key", authority.folder / "kim.key"]
    for worker in workers:  # one of the two has to forward it to the leader
        done = run("connect", "--url", worker.tls_url, *options, "apply", "-f", tmp_path / "sink.json")
        assert done.returncode == 0, done.stderr
    listed = run("connect", "list", "-o", "json", env={"BYWASH_CONNECT_URL": workers[0].tls_url, "BYWASH_CONNECT_CACERT": str(authority.file),
                                                       "BYWASH_CONNECT_CERT": str(authority.folder / "kim.pem")})
    assert json.loads(listed.stdout) == ["sink"]
    workers[1].process.wait_until(lambda: known(workers[1]), "the other worker knows it")
    refused = run("connect", "--url", workers[0].tls_url, "list")
    assert refused.returncode == 3 and "certificate" in refused.stderr.lower()
    wrong = run("connect", "--url", workers[0].tls_url, "--cacert", tmp_path / "none.pem", "list")
    assert wrong.returncode == 2 and "none.pem" in wrong.stderr


def code(worker, method, path, token=None, body=None):
    try:
        worker.request(method, path, body, headers={"Authorization": f"Bearer {token}"} if token else {})
        return 200
    except RestError as error:
        assert error.code not in (401, 403) or error.body["error_code"] == error.code, error.body
        return error.code


def token_worker(kafka, start_bywash, **keys):
    made = Bywash.standalone(kafka.bootstrap, worker={"rest.auth.jwt.issuer": "https://id.example", "rest.auth.jwt.audience": "bywash",
                                                      "rest.auth.jwt.roles.claim": "realm_access.roles", "rest.auth.roles.read": "role:viewers,role:admins",
                                                      "rest.auth.roles.operate": "kim", "rest.auth.roles.write": "role:admins", **keys})
    port, made.port = made.port, None
    started = start_bywash(made)

    def answers():
        try:
            return code(started, "GET", "/connectors") == 401
        except OSError:
            return False
    started.url = f"http://127.0.0.1:{port}"
    started.process.wait_until(answers, "answering")
    return started


def test_bearer_tokens_open_what_their_roles_allow(kafka, start_bywash, tmp_path):
    keys = [TokenKey(tmp_path, "one", "RS256"), TokenKey(tmp_path, "two", "ES256")]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [*[key.public() for key in keys], {"kty": "oct", "k": "c2VjcmV0"}]}))
    worker = token_worker(kafka, start_bywash, **{"rest.auth.jwt.jwks.file": tmp_path / "jwks.json"})
    stranger = TokenKey(tmp_path, "three", "ES256")
    new = {"name": "s", "config": {"connector.class": "FileStreamSink", "topics": "t", "file": str(tmp_path / "out")}}
    for key in keys:
        admin, viewer = (key.token(sub="lee", realm_access={"roles": [role]}) for role in ("admins", "viewers"))
        assert code(worker, "GET", "/connectors", viewer) == 200 and code(worker, "GET", "/metrics", viewer) == 200
        assert code(worker, "POST", "/connectors", viewer, new) == 403 and code(worker, "POST", "/connectors", key.token(), new) == 403
        assert code(worker, "POST", "/connectors", admin, new) == 200
        assert code(worker, "PUT", "/connectors/s/pause", viewer) == 403 and code(worker, "PUT", "/connectors/s/pause", key.token()) == 200
        assert code(worker, "DELETE", "/connectors/s", key.token()) == 403 and code(worker, "DELETE", "/connectors/s", admin) == 200
        assert code(worker, "GET", "/connectors", key.token(sub="nobody")) == 403
    good = keys[0].token()
    head, claims, signature = good.split(".")
    forged = b64(json.dumps({"iss": "https://id.example", "aud": "bywash", "sub": "kim", "exp": time.time() + 600}).encode())
    hs256 = b64(b'{"alg":"HS256","kid":"one"}') + "." + claims
    bad = [keys[0].token(exp=time.time() - 3600), keys[0].token(exp=None), keys[0].token(nbf=time.time() + 3600), keys[0].token(iss="https://evil.example"), keys[0].token(aud="other"),
           keys[0].token(aud=None), keys[0].token(sub=None), keys[0].token(head={"kid": "two"}), keys[0].token(head={"alg": "ES256"}), keys[0].token(head={"crit": ["x"]}), stranger.token(),
           stranger.token(head={"kid": "two"}), f"{head}.{forged}.{signature}", f"{head}.{claims}.", f"{head}.{claims}", good + "A.B", "x", b64(b'{"alg":"none"}') + f".{claims}.",
           hs256 + "." + b64(hmac.new(b"secret", hs256.encode(), hashlib.sha256).digest())]
    assert [code(worker, "GET", "/connectors", token) for token in bad] == [401] * len(bad)
    assert code(worker, "GET", "/connectors", keys[1].token(aud=["x", "bywash"])) == 200
    (tmp_path / "new.json").write_text(json.dumps({"keys": [stranger.public()]}))
    (tmp_path / "new.json").replace(tmp_path / "jwks.json")
    worker.process.wait_until(lambda: code(worker, "GET", "/connectors", stranger.token()) == 200 and code(worker, "GET", "/connectors", good) == 401, "the new keys count")
    assert run("connect", "--url", worker.url, "list", env={"BYWASH_CONNECT_TOKEN": stranger.token()}).returncode == 0
    assert not [word for word in (signature, "realm_access") if word in worker.log()]


def test_what_a_follower_forwards_carries_the_token(kafka, start_bywash, tmp_path):
    key, group = TokenKey(tmp_path, "one", "ES256"), f"tokens-{time.time_ns()}"
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key.public()]}))
    admin, viewer = (key.token(sub="lee", realm_access={"roles": [role]}) for role in ("admins", "viewers"))
    workers = []
    for _ in range(2):
        made = Bywash.distributed(kafka.bootstrap, group, worker={
            "rest.auth.jwt.jwks.file": tmp_path / "jwks.json", "rest.auth.jwt.issuer": "https://id.example", "rest.auth.jwt.audience": "bywash",
            "rest.auth.jwt.roles.claim": "realm_access.roles", "rest.auth.roles.read": "role:viewers,role:admins", "rest.auth.roles.write": "role:admins"})
        port, made.port = made.port, None
        started = start_bywash(made)
        started.url = f"http://127.0.0.1:{port}"
        workers.append(started)

    def healthy(worker):
        try:
            return code(worker, "GET", "/health", viewer) == 200
        except OSError:
            return False
    for worker in workers:
        worker.process.wait_until(lambda worker=worker: healthy(worker), "a healthy worker")
    for number, worker in enumerate(workers):  # one of the two has to forward it to the leader
        new = {"name": f"s{number}", "config": {"connector.class": "FileStreamSink", "topics": group, "file": str(tmp_path / "out")}}
        assert code(worker, "POST", "/connectors", viewer, new) == 403 and code(worker, "POST", "/connectors", None, new) == 401
        assert code(worker, "POST", "/connectors", admin, new) == 200
    for worker in workers:
        worker.process.wait_until(lambda worker=worker: code(worker, "GET", "/connectors/s0/status", viewer) == 200 == code(worker, "GET", "/connectors/s1/status", viewer), "both connectors")
        assert admin not in worker.log()


def test_admin_listeners_have_the_loggers_for_themselves(authority, kafka, start_bywash):
    admin, = free_ports(1)
    worker = start_bywash(kafka.bootstrap, worker={"admin.listeners": f"https://127.0.0.1:{admin}", "admin.listeners.https.ssl.keystore.location": authority.folder / "server.p12",
                                                   "admin.listeners.https.ssl.keystore.password": "secret"})
    assert get(f"https://127.0.0.1:{admin}/admin/loggers", authority.context())["root"]["level"] == "INFO"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"https://127.0.0.1:{admin}/connectors", authority.context())
    assert code(worker, "GET", "/admin/loggers") == 404 and code(worker, "GET", "/connectors") == 200
    none = start_bywash(kafka.bootstrap, worker={"admin.listeners": ""})
    assert code(none, "GET", "/admin/loggers") == 404 and code(none, "GET", "/") == 200


def test_keys_of_tokens_come_from_a_server(kafka, start_bywash, tmp_path):
    key = TokenKey(tmp_path, "one", "ES256")

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"keys": [key.public()]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        worker = token_worker(kafka, start_bywash, **{"rest.auth.jwt.jwks.url": f"http://127.0.0.1:{server.server_port}/keys"})
        assert code(worker, "GET", "/connectors", key.token()) == 200
        assert code(worker, "GET", "/connectors", TokenKey(tmp_path, "two", "ES256").token()) == 401
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert code(worker, "GET", "/connectors", key.token()) == 200
