"""Where the S3 sink gets its credentials from when no keys are configured: a container, an instance, a web identity.

The metadata services and STS are a small server of the test; the store is real.
"""

import contextlib
import datetime
import http.server
import json
import re
import threading
import time

import pytest

from tests.support.faulty_store import Fault, FaultyStore
from tests.support.kafka_clients import unique

_LIFE = datetime.timedelta(hours=1)


class Metadata(http.server.BaseHTTPRequestHandler):
    """IMDSv2, the container endpoint and STS's AssumeRoleWithWebIdentity; `seen` has what was asked, `lent` when each key was handed out."""

    seen: list = []
    lent: list = []

    def credentials(self) -> dict:
        end = datetime.datetime.now(datetime.timezone.utc) + _LIFE
        self.lent.append(time.monotonic())
        return {"AccessKeyId": f"lent-key-{len(self.lent) - 1}", "SecretAccessKey": "lent-secret", "Token": "lent-token", "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def answer(self, status: int, body: str) -> None:
        self.seen.append((self.command, self.path))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self):  # pylint: disable=invalid-name
        self.answer(200 if self.path == "/latest/api/token" else 404, "imds-token")

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path == "/latest/meta-data/iam/security-credentials/":
            self.answer(200 if self.headers.get("X-aws-ec2-metadata-token") == "imds-token" else 401, "the-role")
        elif self.path in ("/latest/meta-data/iam/security-credentials/the-role", "/container"):
            wanted = "Bearer container" if self.path == "/container" else None
            allowed = wanted is None or self.headers.get("Authorization") == wanted
            self.answer(200 if allowed else 401, json.dumps(self.credentials()))
        else:
            self.answer(404, "")

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = "Action=AssumeRoleWithWebIdentity" in body and "WebIdentityToken=the%20token" in body and "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr" in body
        c = self.credentials()
        self.answer(200 if good else 403, "<R><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken>"
                    "<Expiration>%s</Expiration></Credentials></R>" % (c["AccessKeyId"], c["SecretAccessKey"], c["Token"], c["Expiration"]))

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def metadata():
    handler = type("Handler", (Metadata,), {"seen": [], "lent": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("source", ["instance", "container", "web identity"])
def test_lent_credentials_are_found(kafka, s3, bucket, topic, start_bywash, tmp_path, source):
    kafka.produce_many(topic, [b"{}"] * 3)
    with metadata() as (url, lender):
        env = {"AWS_ENDPOINT_URL_S3": s3.endpoint, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
        if source == "instance":
            env.update({"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url})
        elif source == "container":
            env.update({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer container"})
        else:
            (tmp_path / "token").write_text("the token\n")
            env.update({"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_ENDPOINT_URL_STS": url})
        worker = start_bywash(kafka.bootstrap, env=env, worker={"offset.flush.interval.ms": "200"})
        name = unique("s3")
        worker.create(name, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": bucket, "flush.size": "3",
                             "s3.region": "us-east-1", "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
                             "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false"})
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        assert len(s3.keys(bucket)) == 1
        assert lender.seen


class ImpatientStore(FaultyStore):
    """Takes a key for 0.4 s after it was handed out, then answers as S3 does when a token has expired; `refused` counts that by step."""

    def __init__(self, target, lender):
        super().__init__(target)
        self.lender, self.refused = lender, {}

    def take(self, step, path, headers):
        number = int(re.search(r"Credential=lent-key-(\d+)/", headers["authorization"]).group(1))
        if time.monotonic() - self.lender.lent[number] < 0.4:
            return super().take(step, path, headers)
        self.refused[step] = self.refused.get(step, 0) + 1
        return Fault(step, FaultyStore.answer(400, "ExpiredToken"), times=1, after=0)


def test_credentials_that_expire_sooner_than_they_say_are_asked_for_again(kafka, s3, bucket, topic, start_bywash):
    rounds, each = 12, 50
    with metadata() as (url, lender), ImpatientStore(s3.endpoint, lender) as store:
        env = {"AWS_ENDPOINT_URL_S3": store.endpoint, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
               "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer container"}
        worker = start_bywash(kafka.bootstrap, env=env, worker={"offset.flush.interval.ms": "100"})
        name = unique("s3")
        # Cuts by age: uploads in parts, the delivery log, completion and looks at objects all meet an old key.
        worker.create(name, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": topic, "s3.bucket.name": bucket, "flush.size": "100000",
                             "rotate.age.ms": "100", "s3.region": "us-east-1", "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
                             "s3.retry.backoff.ms": "10", "retry.backoff.ms": "50", "value.converter.schemas.enable": "false"})
        for turn in range(rounds):
            kafka.produce_many(topic, [b'{"id":%d}' % i for i in range(turn * each, (turn + 1) * each)])
            time.sleep(0.25)
        kafka.wait_committed(f"connect-{name}", topic, timeout=60)
        assert worker.status(name)["tasks"][0]["state"] == "RUNNING"
        assert sum(store.refused.values()) >= 3 and len(lender.lent) > 3, (store.refused, len(lender.lent))
    ids = [json.loads(line)["id"] for key in s3.keys(bucket, "topics/") for line in s3.read(bucket, key).splitlines()]
    assert sorted(ids) == list(range(rounds * each))
