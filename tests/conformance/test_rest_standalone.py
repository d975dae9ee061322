"""The answers of Kafka Connect 4.3.1's standalone worker, asked of `bywash standalone`: see rest/README.md."""

import http.client
import json
import pathlib
import re
import time

import pytest

from tests.support import kafka_clients
from tests.support.bywash_process import binary, run
from tests.support.kafka_broker import Kafka
from tests.support.processes import Process, TemporaryFolder, free_port

ROWS = [json.loads(line) for line in (pathlib.Path(__file__).parent / "rest" / "standalone.jsonl").read_text("utf-8").splitlines()]
# Texts of 500s that come out of a JVM's null checks and of its JSON reader.
JVM_TEXT = re.compile(r'^(Cannot invoke "|Cannot deserialize value|Cannot construct instance|Unrecognized (field|token)|Unexpected |Invalid UTF-8)')
VOLATILE = {"commit", "kafka_cluster_id", "worker_id", "last_modified"}


class Answer:
    """Status, media type and body of one request."""

    def __init__(self, port, method, path, headers=(), body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {name.lower() for name, _ in headers}
        for name, value in headers:
            connection.putheader(name, value)
        if "host" not in sent:
            connection.putheader("Host", f"localhost:{port}")
        connection.endheaders(body.encode("utf-8") if body is not None else None)
        response = connection.getresponse()
        self.status = response.status
        self.type = media_type(response.getheader("Content-Type"))
        self.text = response.read().decode("utf-8")
        self.location = response.getheader("Location")
        connection.close()

    def json(self):
        return json.loads(self.text) if self.text else None


def media_type(value):
    return (value or "").split(";")[0].strip().lower()


class Worker:
    """`bywash standalone` in a folder that lives as long as the replay; started again it finds its files."""

    def __init__(self, bootstrap):
        self.bootstrap, self.home, self.process, self.port, self.recorded_port = bootstrap, TemporaryFolder("rest-replay"), None, free_port(), None

    def start(self, properties, files):
        self.stop()
        self.recorded_port = re.search(r"^listeners=\S*:(\d+)$", properties, re.M)[1]
        (self.home.path / "worker.properties").write_text(self.here(properties), "utf-8")
        for name, text in files.items():
            (self.home.path / name).write_text(text, "utf-8")
        self.process = Process("bywash", [binary(), "standalone", "worker.properties", *files], self.home.path / "bywash.log", cwd=self.home.path)
        self.process.wait_until(self.healthy, "healthy", timeout=60)

    def here(self, properties):
        lines = [line for line in properties.split("\n") if not line.startswith("plugin.path=")]
        text = "\n".join(lines).replace("bootstrap.servers=localhost:9092", f"bootstrap.servers={self.bootstrap}")
        return text.replace(f":{self.recorded_port}", f":{self.port}") if self.recorded_port else text

    def healthy(self):
        try:
            return Answer(self.port, "GET", "/health").status == 200
        except OSError:
            return False

    def ask(self, request):
        headers = [(name, value.replace(self.recorded_port, str(self.port))) for name, value in request.get("headers") or []]
        return Answer(self.port, request["method"], request["path"], headers, request.get("body"))

    def stop(self):
        if self.process:
            assert self.process.stop(40) == 0
            self.process = None


def wait_for(check, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not reached in {seconds} s: {what}"
        time.sleep(0.05)


def prepare(worker, bootstrap, step):
    """Does one `before` step."""
    kind = step["op"]
    if kind == "create_topic":
        kafka_clients.create_topic(bootstrap, step["topic"], step["partitions"])
    elif kind == "produce":
        records = [(key and key.encode(), value and value.encode()) for key, value in step["records"]]
        produce(bootstrap, step["topic"], step["partition"], records)
    elif kind == "write_file":
        (worker.home.path / step["file"]).write_text(step["text"], "utf-8")
    elif kind == "start_standalone":
        worker.start(step["properties"], step["files"])
    elif kind == "stop_worker":
        worker.stop()
    elif kind == "sleep":
        time.sleep(step["seconds"])
    elif kind == "request":
        answer = worker.ask(step)
        assert answer.status < 300, f"{step['method']} {step['path']}: {answer.status} {answer.text}"
    elif kind == "wait_status":
        def reached():
            status = worker.ask({"method": "GET", "path": f"/connectors/{step['connector']}/status"}).json()
            tasks = [task["state"] for task in status.get("tasks", [])]
            return status.get("connector", {}).get("state") == step["connector_state"] and step["task_states"] in (None, tasks)
        wait_for(reached, step)
    elif kind == "wait_http":
        def answered():
            answer = worker.ask({"method": "GET", "path": step["path"]})
            return answer.status == step["status"] and (step["contains"] or "") in answer.text
        wait_for(answered, step)
    else:
        raise AssertionError(f"unknown step {kind}")


def produce(bootstrap, topic, partition, records):
    from confluent_kafka import Producer
    producer = Producer({"bootstrap.servers": bootstrap})
    for key, value in records:
        producer.produce(topic, partition=partition, key=key, value=value)
    assert producer.flush(30) == 0


def plain(value, ports):
    """A JSON value without what differs between two runs."""
    if isinstance(value, dict):
        out = {key: "*" if key in VOLATILE and item is not None else plain(item, ports) for key, item in value.items()}
        if "trace" in out:
            out["trace"] = out["trace"].split("\n")[0]
        if out.get("error_code") == 500 and JVM_TEXT.search(out.get("message", "")):
            out["message"] = "*"
        return out
    if isinstance(value, list):
        items = [plain(item, ports) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if items and isinstance(items[0], dict) and "partition" in items[0] else items
    if isinstance(value, str):
        value = re.sub(r"(available[\w ]* are: ).*", r"\1*", value, flags=re.S)
        return value.replace(f"localhost:{ports[0]}", f"localhost:{ports[1]}")
    return value


def differences(row, answer, ports):
    want = row["response"]
    recorded_type = media_type(dict((name.lower(), value) for name, value in want["headers"]).get("content-type"))
    if (answer.status, answer.type) != (want["status"], recorded_type):
        return f"{answer.status} {answer.type} {answer.text[:300]}, recorded {want['status']} {recorded_type} {want['body'][:300]}"
    location = dict((name.lower(), value) for name, value in want["headers"]).get("location")
    if location and plain(answer.location, ports) != location:
        return f"Location {answer.location}, recorded {location}"
    if "json" in want:
        have, recorded = plain(answer.json(), ports), plain(want["json"], ports)
        return None if have == recorded else f"{json.dumps(have)[:600]}, recorded {json.dumps(recorded)[:600]}"
    return None if answer.text == want["body"] else f"body {answer.text[:200]!r}, recorded {want['body'][:200]!r}"


def test_answers_as_the_recorded_standalone_worker():
    """Every recorded request, in order, on one worker; all differences are told at once."""
    problems = []
    with Kafka(auto_create_topics=True) as broker:
        worker = Worker(broker.bootstrap)
        try:
            for row in (row for row in ROWS if row["area"] == "standalone"):
                for step in row.get("before", []):
                    prepare(worker, broker.bootstrap, step)
                ports = (worker.port, worker.recorded_port)
                answer = worker.ask(row["request"])
                difference = differences(row, answer, ports)
                # What comes from other threads or the broker may take a moment.
                deadline = time.monotonic() + 5
                while difference and row["request"]["method"] == "GET" and time.monotonic() < deadline:
                    time.sleep(0.2)
                    difference = differences(row, worker.ask(row["request"]), ports)
                if difference:
                    problems.append(f"{row['id']} {row['request']['method']} {row['request']['path']}: {difference}")
        finally:
            if worker.process:
                print(worker.process.log_tail(40))
                worker.process.stop(40)
                worker.process = None
            worker.home.remove()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("row", [row for row in ROWS if row["area"] == "bad_start"], ids=lambda row: row["note"])
def test_a_start_that_cannot_be_ends_with_the_recorded_exit_code(row, tmp_path, kafka):
    for name, text in row["request"]["files"].items():
        text = "\n".join(line for line in text.split("\n") if not line.startswith("plugin.path="))
        text = text.replace("localhost:9092", kafka.bootstrap).replace("127.0.0.1:18085", f"127.0.0.1:{free_port()}")
        (tmp_path / name).write_text(text, "utf-8")
    ended = run("standalone", *row["request"]["args"], cwd=tmp_path, timeout=60)
    assert ended.returncode == row["response"]["exit_code"], ended.stderr
    assert (ended.stderr + ended.stdout).strip()
