"""The answers of two distributed workers of Kafka Connect 4.3.1, asked of two of `bywash distributed`: see rest/README.md."""

import json
import pathlib
import re
import time
from urllib.parse import quote

from tests.conformance.test_rest_standalone import Answer, media_type, plain, produce, wait_for
from tests.support import kafka_clients
from tests.support.bywash_process import binary
from tests.support.kafka_broker import Kafka
from tests.support.processes import Process, TemporaryFolder, free_port

ROWS = [json.loads(line) for line in (pathlib.Path(__file__).parent / "rest" / "distributed.jsonl").read_text("utf-8").splitlines()]
# Rows that are not answered as recorded, and why.
DIFFERENT = {
    **dict.fromkeys(("r064", "r156"), "MirrorMaker's connectors are no plugins here"),
    "r668": "a MirrorMaker connector is among the connectors",
    "r021": "the test's client always sends a Host",
    "r584": "/metrics is served here",
    "r618": "the original lists the loggers of its JVM",
    **dict.fromkeys(("r518", "r522", "r545"), "the status of a connector made a moment ago, which its worker may have taken up or not"),
}


class Cluster:
    """The workers A and B in one folder; started again they find their topics."""

    def __init__(self, bootstrap):
        self.bootstrap, self.home = bootstrap, TemporaryFolder("rest-replay")
        self.processes, self.ports, self.properties, self.recorded = {}, {}, {}, {}

    def start(self, name, properties):
        properties = properties or self.properties[name]
        self.properties[name] = properties
        self.recorded[name] = re.search(r"^listeners=\S*:(\d+)$", properties, re.M)[1]
        self.ports.setdefault(name, free_port())
        text = "\n".join(line for line in properties.split("\n") if not line.startswith("plugin.path="))
        text = text.replace("localhost:9092", self.bootstrap).replace(f":{self.recorded[name]}", f":{self.ports[name]}")
        # As quick as a test has to be: the recorded worker waited 12 s for one that had left.
        text = text.replace("scheduled.rebalance.max.delay.ms=12000", "scheduled.rebalance.max.delay.ms=500\nheartbeat.interval.ms=300")
        (self.home.path / f"{name}.properties").write_text(text, "utf-8")
        self.processes[name] = Process("bywash", [binary(), "distributed", f"{name}.properties"], self.home.path / f"{name}.log", cwd=self.home.path)
        self.processes[name].wait_until(lambda: self.healthy(name), "healthy", timeout=60)

    def healthy(self, name):
        try:
            return Answer(self.ports[name], "GET", "/health").status == 200
        except OSError:
            return False

    def stop(self, name):
        process = self.processes.pop(name, None)
        assert process is None or process.stop(40) == 0

    def ask(self, name, request):
        def here(text):
            return re.sub(r"localhost:(1808\d)\b", lambda m: f"localhost:{self.ports[name]}", text)
        headers = [(key, here(value)) for key, value in request.get("headers") or []]
        return Answer(self.ports[name], request["method"], request["path"], headers, request.get("body"))

    def here(self, value):
        """A JSON value with the recorded ports, for comparing."""
        text = json.dumps(value, ensure_ascii=False)
        for name, port in self.ports.items():
            text = text.replace(f"localhost:{port}", f"localhost:{self.recorded[name]}")
        return json.loads(text.replace(self.bootstrap, "localhost:9092").replace(str(self.home.path), "${CWD}"))


def passing(answer):
    return answer.status == 409 and re.search("momentarily|conflicting operation", answer.text)


def prepare(cluster, step):
    """Does one `before` step."""
    kind = step["op"]
    if kind == "create_topic":
        kafka_clients.create_topic(cluster.bootstrap, step["topic"], step["partitions"])
    elif kind == "produce":
        produce(cluster.bootstrap, step["topic"], step["partition"], [(key and key.encode(), value and value.encode()) for key, value in step["records"]])
    elif kind in ("write_file", "append_file"):
        with open(cluster.home.path / step["file"], "w" if kind == "write_file" else "a", encoding="utf-8") as file:
            file.write(step["text"])
    elif kind == "start_worker":
        cluster.start(step["worker"], step.get("properties"))
    elif kind == "stop_worker":
        cluster.stop(step["worker"])
    elif kind == "sleep":
        time.sleep(min(step["seconds"], 0.2))  # what has to happen is waited for
    elif kind == "request":
        answer = cluster.ask(step["worker"], step)
        deadline = time.monotonic() + 5
        while passing(answer) and time.monotonic() < deadline:
            time.sleep(0.1)
            answer = cluster.ask(step["worker"], step)
    elif kind == "wait_status" and step.get("reached", True):
        def reached():
            for name in cluster.processes:
                status = cluster.ask(name, {"method": "GET", "path": f"/connectors/{quote(step['connector'], safe='')}/status"}).json()
                tasks = [task["state"] for task in status.get("tasks", [])]
                if status.get("connector", {}).get("state") != step["connector_state"] or step["task_states"] not in (None, tasks):
                    return False
            return True
        wait_for(reached, step)
    elif kind == "wait_http" and step.get("reached", True):
        def answered():
            for name in cluster.processes:
                answer = cluster.ask(name, {"method": "GET", "path": step["path"]})
                if answer.status != step["status"] or (step["contains"] or "").replace(" ", "") not in answer.text.replace(" ", ""):
                    return False
            return True
        wait_for(answered, step)


def follower_of(cluster):
    """Which worker does not lead: it refuses what only a leader may do when it must not forward."""
    probe = {"method": "DELETE", "path": "/connectors/no-such-connector?forward=false"}
    return [name for name in cluster.processes if cluster.ask(name, probe).status == 409]


def bare(value):
    """Without the texts that are ours: documentation of keys."""
    if isinstance(value, dict):
        out = {key: bare(item) for key, item in value.items() if key != "documentation"}
        if isinstance(out.get("message"), str) and "contains the following" in out["message"]:
            out["message"] = "\n".join(sorted(out["message"].split("\n")))
        if isinstance(out.get("message"), str):
            out["message"] = re.sub(r"\{([^{}]*=[^{}]*)\}", lambda m: "{" + ", ".join(sorted(m[1].split(", "))) + "}", out["message"])
        return out
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def same_lists(want, have, path):
    """/connectors and /admin/loggers: in any order; recommended values: at least the recorded ones; plugins: of their kinds."""
    if path == "/connectors" and isinstance(want, list):
        return sorted(want) == sorted(have)
    if path.startswith("/admin/loggers/") and isinstance(want, list):
        name = path.rsplit("/", 1)[-1]
        return (name in want) == (name in have) and bool(want) == bool(have)
    if path == "/connector-plugins" and isinstance(want, list):
        return [kind for kind in dict.fromkeys(plugin["type"] for plugin in have)] == list(dict.fromkeys(plugin["type"] for plugin in want))
    for config, own in zip(want.get("configs", []), have.get("configs", [])) if isinstance(want, dict) and isinstance(have, dict) else []:
        if set(config["value"]["recommended_values"]) <= set(own["value"]["recommended_values"]):
            own["value"]["recommended_values"] = config["value"]["recommended_values"]
    return want == have


def difference(row, answer, cluster):
    want = row["response"]
    recorded_type = media_type(next((value for key, value in want["headers"] if key.lower() == "content-type"), None))
    if (answer.status, answer.type) != (want["status"], recorded_type):
        return f"{answer.status} {answer.type} {answer.text[:300]}, recorded {want['status']} {recorded_type} {json.dumps(want.get('json'))[:300]}"
    if row["request"]["method"] == "HEAD" or recorded_type == "text/html":
        return None
    if "json" not in want:
        return None if row["request"]["method"] == "OPTIONS" or answer.text == want["body"] else f"body {answer.text[:200]!r}"
    have, recorded = bare(plain(cluster.here(answer.json()), ("-", "-"))), bare(plain(want["json"], ("-", "-")))
    path = row["request"]["path"].split("?")[0].split(";")[0].rstrip("/")
    return None if same_lists(recorded, have, path) else f"{json.dumps(have)[:700]}, recorded {json.dumps(recorded)[:700]}"


def placement(row, answer):
    """?forward=false on a restart: 409 or not depends on which worker has the connector or task."""
    path = row["request"]["path"]
    return row["area"] == "forward" and "/restart" in path and "forward=false" in path and {answer.status, row["response"]["status"]} == {204, 409}


def test_answers_as_two_recorded_workers():
    """Every recorded request, in order, on two workers; all differences are told at once."""
    problems = []
    with Kafka(auto_create_topics=True) as broker:
        cluster = Cluster(broker.bootstrap)
        try:
            for row in ROWS:
                if row["area"] == "bad_start":
                    continue
                for step in row.get("before", []):
                    prepare(cluster, step)
                if any(step["op"] == "info" and step.get("leader") for step in row.get("before", [])):
                    wait_for(lambda: len(follower_of(cluster)) == 1, "one leader")
                if row.get("nondeterministic") or row["id"] in DIFFERENT:
                    continue
                answer = cluster.ask(row["worker"], row["request"])
                found = difference(row, answer, cluster)
                # What comes from other threads, workers or the broker may take a moment.
                deadline = time.monotonic() + 15
                while found and not placement(row, answer) and (row["request"]["method"] == "GET" or passing(answer)) and time.monotonic() < deadline:
                    time.sleep(0.1)
                    answer = cluster.ask(row["worker"], row["request"])
                    found = difference(row, answer, cluster)
                if found and not placement(row, answer):
                    problems.append(f"{row['id']} {row['request']['method']} {row['request']['path']}: {found}")
        finally:
            for process in cluster.processes.values():
                print(process.log_tail(40))
                process.stop(40)
            cluster.home.remove()
    assert not problems, f"{len(problems)} differ\n" + "\n".join(problems)
