"""Values of configurations from HashiCorp Vault: engines and logins, what happens when values change, and that they never show."""

import json
import ssl
import time

import pytest

from tests.support.authority import Authority
from tests.support.kafka_connect import RestError
from tests.support.vault_server import Vault

JCUSTENBORDER = "com.github.jcustenborder.kafka.config.vault.VaultConfigProvider"
LENSES = "io.lenses.connect.secrets.providers.VaultSecretProvider"


def providers(vault, *, kind=JCUSTENBORDER, **params):
    address = "vault.address" if kind == JCUSTENBORDER else "vault.addr"
    return {"config.providers": "vault,env", "config.providers.vault.class": kind, f"config.providers.vault.param.{address}": vault.url,
            "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
            **{f"config.providers.vault.param.{key}": value for key, value in params.items()}}


APPROLE = {"vault.login.by": "AppRole", "vault.role.id": "the-role", "vault.secret.id": "the-s3cret-id"}


def sink(topic, file, **more):
    return {"connector.class": "FileStreamSink", "topics": topic, "file": file, "value.converter": "org.apache.kafka.connect.storage.StringConverter", **more}


def refusal(worker, file):
    try:
        worker.request("PUT", "/connector-plugins/FileStreamSink/config/validate", sink("t", file, name="n"))
    except RestError as refused:
        return refused.body["message"]
    return ""


def nothing_shows(worker, vault, *secrets):
    shown = [json.dumps(worker.request("GET", path)) for path in ("/connectors?expand=info&expand=status", *(f"/connectors/{name}/tasks" for name in worker.request("GET", "/connectors")))]
    for secret in (*secrets, *vault.tokens, "the-s3cret-id", "the-p4ssword"):
        assert not [text for text in (*shown, worker.process.log.read_text()) if secret in text], secret


def test_a_changed_secret_restarts_its_tasks_alone_and_never_shows(kafka, start_bywash, tmp_path):
    with Vault() as vault:
        vault.secrets["secret/"] = {"sink": {"file": f"{tmp_path}/first-s3cret"}, "still": {"file": f"{tmp_path}/still-s3cret"}}
        worker = start_bywash(kafka.bootstrap, worker={"offset.flush.interval.ms": "100", **providers(vault, **APPROLE, **{"vault.secret.minimum.ttl.ms": "1000"})})
        topic, other = kafka.create_topic(), kafka.create_topic()
        worker.create("reloads", sink(topic, "${vault:secret/sink:file}"))
        worker.create("stays", sink(topic, "${vault:secret/sink:file}", **{"config.action.reload": "none"}))
        worker.create("same", sink(other, "${vault:secret/still:file}"))
        for name in ("reloads", "stays", "same"):
            worker.wait_running(name)
        kafka.produce_many(topic, [b"one"])
        first, second = tmp_path / "first-s3cret", tmp_path / "second-s3cret"
        worker.process.wait_until(lambda: first.exists() and first.read_text() == "one\none\n", "both sinks have delivered")
        kafka.wait_committed("connect-reloads", topic)
        vault.secrets["secret/"]["sink"] = {"file": str(second)}
        worker.process.wait_until(lambda: "Values of config providers have changed" in worker.process.log.read_text(), "the change is seen")
        worker.wait_running("reloads")
        kafka.produce_many(topic, [b"two"])
        worker.process.wait_until(lambda: second.exists() and second.read_text() == "two\n" and first.read_text() == "one\none\ntwo\n",
                                  "the one goes on with the new value, the other with the old")
        assert worker.process.log.read_text().count("Values of config providers have changed") == 1
        nothing_shows(worker, vault, "first-s3cret", "second-s3cret", "still-s3cret")


def test_leases_are_shared_by_the_tasks_of_a_connector_and_renewed_before_they_end(kafka, start_bywash, tmp_path):
    with Vault(lease_seconds=2) as vault:
        worker = start_bywash(kafka.bootstrap, worker=providers(vault, kind=LENSES, **{"vault.auth.method": "userpass", "username": "kim", "password": "${env:BYWASH_TEST_PASSWORD}"}))
        assert "BYWASH_TEST_PASSWORD" in json.dumps(vault.requests) or "HTTP 400" in refusal(worker, "${vault:database/creds/r:username}"), "a variable that is not there is no password"
        worker.stop()
        worker.env["BYWASH_TEST_PASSWORD"] = "the-p4ssword"
        worker.start()
        topic = kafka.create_topic(partitions=2)
        worker.create("users", sink(topic, f"{tmp_path}/${{vault:database/creds/r:username}}", **{"tasks.max": "2"}))
        worker.wait_running("users", 2)
        made = vault.users
        worker.process.wait_until(lambda: vault.users > made, "a new user before the lease ends")
        worker.process.wait_until(lambda: worker.process.log.read_text().count("Values of config providers have changed") >= 2, "both tasks have it")
        worker.wait_running("users", 2)
        assert len([1 for _, path, _ in vault.requests if path == "/v1/auth/userpass/login/kim"]) >= 2
        nothing_shows(worker, vault, "v-user-", "v-pass-")


def test_every_engine_is_found_over_tls_with_a_namespace_and_a_login_that_ended_is_made_again(kafka, start_bywash, tmp_path):
    authority = Authority(tmp_path)
    certificate = authority.issue("server")
    authority.issue("kim")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.load_verify_locations(authority.file)
    tls.verify_mode = ssl.CERT_REQUIRED
    with Vault(tls=tls, namespace="team") as vault:
        vault.secrets["secret/"] = {"a/b": {"file": str(tmp_path / "x"), "number": 7}}
        vault.secrets["team/kv/"] = {"a": {"file": str(tmp_path / "y")}}
        vault.secrets["kv1/"] = {"a": {"file": str(tmp_path / "z")}}
        worker = start_bywash(kafka.bootstrap, worker=providers(vault, **APPROLE, **{
            "vault.namespace": "team", "vault.ssl.truststore.location": str(authority.file), "vault.ssl.keystore.location": str(tmp_path / "kim.p12"),
            "vault.ssl.keystore.password": "secret", "vault.max.retries": "0"}))
        for path in ("secret/a/b", "team/kv/a", "kv1/a"):
            assert refusal(worker, f"${{vault:{path}:file}}") == ""
        assert [path for _, path, _ in vault.requests if "mounts" not in path] == ["/v1/auth/approle/login", "/v1/secret/data/a/b", "/v1/team/kv/data/a", "/v1/kv1/a"]
        vault.tokens.clear()
        assert refusal(worker, "${vault:kv1/a:file}") == ""
        assert "not found" in refusal(worker, "${vault:secret/none:file}") and "secret/none" in refusal(worker, "${vault:secret/none:file}")
        vault.sealed = True
        assert "503" in refusal(worker, "${vault:kv1/a:file}")


@pytest.mark.parametrize("wrong, said", [({"vault.token": "hvs.wrong-t0ken"}, "does not allow"), ({**APPROLE, "vault.secret.id": "no-s3cret"}, "refuses the login"),
                                         ({"vault.login.by": "awsiam"}, "there are token, approle"), ({"vault.token": ""}, "vault.token is missing")])
def test_what_vault_refuses_is_said_without_secrets(kafka, start_bywash, wrong, said, monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    with Vault() as vault:
        worker = start_bywash(kafka.bootstrap, worker=providers(vault, **wrong))
        message = refusal(worker, "${vault:secret/a:file}")
        assert said in message and "Key 'file' has a variable" in message or "config.providers.vault.param" in message, message
        assert "t0ken" not in message and "s3cret" not in message and "t0ken" not in worker.process.log.read_text()


def test_a_task_that_vault_left_without_values_starts_once_it_answers(kafka, start_bywash, tmp_path):
    with Vault() as vault:
        vault.secrets["secret/"] = {"sink": {"file": str(tmp_path / "out")}}
        keys = {"vault.token": vault.root, "vault.max.retries": "0"}
        worker = start_bywash(kafka.bootstrap, worker={"task.restart.max.attempts": "50", "task.restart.backoff.ms": "200", "task.restart.backoff.max.ms": "500", **providers(vault, **keys)})
        worker.create("late", sink(kafka.create_topic(), "${vault:secret/sink:file}"))
        worker.wait_running("late")
        vault.sealed = True
        worker.request("POST", "/connectors/late/tasks/0/restart")
        assert "HTTP 503" in worker.wait_state("late", "FAILED")["tasks"][0]["trace"]
        vault.sealed = False
        deadline = time.monotonic() + 30
        while worker.status("late")["tasks"][0]["state"] != "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
