"""A broker that takes OAUTHBEARER, with tokens of an identity provider over HTTP (OIDC), reached with the Java clients' keys as they stand."""

import base64
import http.server
import json
import threading
import time
import urllib.parse

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.processes import free_port
from tests.support.token_key import TokenKey

_CLIENT, _SECRET = "bywash-worker", "s3cret-of-the-client"
_LIFE_SECONDS = 10
_MODULE = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"


class Provider:
    """POST /token gives tokens to the client that knows the secret, GET /keys the public keys; `.given` counts tokens."""

    def __init__(self, folder):
        key, self.given, self.scopes = TokenKey(folder, "one", "RS256"), 0, set()
        provider, signing = self, threading.Lock()  # the key signs by way of a file

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, {"keys": [key.public()]})

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                known = base64.b64encode(f"{_CLIENT}:{_SECRET}".encode()).decode()
                if self.headers["Authorization"] != f"Basic {known}" or form.get("grant_type") != ["client_credentials"]:
                    return self.answer(401, {"error": "invalid_client", "error_description": "unknown client"})
                provider.given += 1
                provider.scopes.update(form.get("scope", []))
                now = int(time.time())
                with signing:
                    token = key.token(sub=_CLIENT, iat=now, exp=now + _LIFE_SECONDS, scope=form.get("scope", [""])[0])
                self.answer(200, {"access_token": token, "token_type": "bearer", "expires_in": _LIFE_SECONDS})

            def answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()


@pytest.fixture(scope="module")
def oauth(tmp_path_factory):
    """(broker, provider): `broker.oauth` is the address of its listener with OAUTHBEARER."""
    provider, port = Provider(tmp_path_factory.mktemp("provider")), free_port()
    broker = Kafka()
    given, at = broker._properties, "listener.name.oauth"
    given.update({
        "listeners": f"{given['listeners']},OAUTH://127.0.0.1:{port}", "advertised.listeners": f"{given['advertised.listeners']},OAUTH://127.0.0.1:{port}",
        "listener.security.protocol.map": f"{given['listener.security.protocol.map']},OAUTH:SASL_PLAINTEXT", "connections.max.reauth.ms": "8000",
        f"{at}.sasl.enabled.mechanisms": "OAUTHBEARER", f"{at}.oauthbearer.sasl.jaas.config": f"{_MODULE};",
        f"{at}.oauthbearer.sasl.server.callback.handler.class": "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
        f"{at}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": f"{provider.url}/keys", f"{at}.oauthbearer.sasl.oauthbearer.expected.audience": "bywash",
        f"{at}.oauthbearer.sasl.oauthbearer.expected.issuer": "https://id.example"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={provider.url}/keys")
        broker.start()
    broker.oauth = f"127.0.0.1:{port}"
    yield broker, provider
    broker.__exit__()
    provider.stop()


def keys_of(provider, form: str, secret: str = _SECRET) -> dict:
    """The Java client's keys, as they were until 4.0 (in the login module's options) and as they are since 4.1 (KIP-1139)."""
    keys = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url": f"{provider.url}/token",
            "sasl.login.callback.handler.class": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"}
    if form == "options":
        return {**keys, "sasl.jaas.config": f'{_MODULE} clientId="{_CLIENT}" clientSecret="{secret}" scope="records";'}
    return {**keys, "sasl.jaas.config": f"{_MODULE};", "sasl.oauthbearer.client.credentials.client.id": _CLIENT, "sasl.oauthbearer.scope": "records",
            "sasl.oauthbearer.client.credentials.client.secret": secret}


def everywhere(keys: dict) -> dict:
    return {**keys, **{f"{part}.{key}": value for part in ("consumer", "producer", "admin") for key, value in keys.items()}}


@pytest.mark.parametrize("form", ["options", "keys"])
def test_a_source_writes_and_a_sink_reads_beyond_the_life_of_a_token(oauth, start_bywash, tmp_path, form):
    broker, provider = oauth
    topic = broker.create_topic()
    worker = start_bywash(Bywash.standalone(broker.oauth, worker={**everywhere(keys_of(provider, form)), "offset.flush.interval.ms": "500"}))
    strings = {"value.converter": "org.apache.kafka.connect.storage.StringConverter"}
    lines = tmp_path / "in"
    lines.write_text("".join(f"line {i}\n" for i in range(1000)))
    given = provider.given
    worker.create(f"in-{form}", {"connector.class": "FileStreamSource", "file": str(lines), "topic": topic, **strings})
    worker.create(f"out-{form}", {"connector.class": "FileStreamSink", "file": str(tmp_path / "out"), "topics": topic, **strings})

    def delivered(text):
        return (tmp_path / "out").exists() and (tmp_path / "out").read_text() == text
    worker.process.wait_until(lambda: delivered(lines.read_text()), "all lines are there")
    first = provider.given
    assert first > given and provider.scopes == {"records"}
    time.sleep(1.5 * _LIFE_SECONDS)
    with open(lines, "a", encoding="utf-8") as more:
        more.write("later\n")
    worker.process.wait_until(lambda: delivered(lines.read_text()), "what came later is there")
    assert provider.given > first, "tokens were renewed"
    for name in (f"in-{form}", f"out-{form}"):
        worker.wait_state(name, "RUNNING")
    assert _SECRET not in worker.log()


def test_a_client_that_the_provider_does_not_know_is_told_so(oauth, start_bywash, tmp_path):
    broker, provider = oauth
    topic = broker.create_topic()
    worker = start_bywash(Bywash.standalone(broker.bootstrap))
    wrong = keys_of(provider, "keys", "not-the-secret")
    worker.create("refused", {"connector.class": "FileStreamSink", "file": str(tmp_path / "out"), "topics": topic, "consumer.override.bootstrap.servers": broker.oauth,
                              **{f"consumer.override.{key}": value for key, value in wrong.items()}})

    def told():
        task = worker.status("refused")["tasks"][0]
        return "invalid_client" in task.get("trace", "") + worker.log()
    worker.process.wait_until(told, "the provider's answer is told")
    assert "not-the-secret" not in json.dumps(worker.status("refused")) + worker.log()
