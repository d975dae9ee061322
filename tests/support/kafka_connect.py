"""A real Kafka Connect worker (the JVM original): the peer that behaviour and speed are compared with."""

import json
import pathlib
import time
import urllib.error
import urllib.request
from typing import Mapping, Optional, Sequence

from tests.support.jars import jars, java, null_sink
from tests.support.processes import Process, TemporaryFolder, free_port

VERSION = "4.3.1"
NULL_SINK = "bywash.tests.NullSink"
_LOG4J = pathlib.Path(__file__).resolve().parent / "jvm" / "kafka" / "log4j2.properties"


class RestError(RuntimeError):
    """An HTTP answer of 400 or more: `.code` and `.body` (parsed JSON where it is JSON)."""

    def __init__(self, method: str, path: str, code: int, body):
        super().__init__(f"{method} {path}: HTTP {code}: {body}")
        self.code, self.body = code, body


def http_json(method: str, url: str, body=None, *, timeout: float = 100.0, headers: Optional[Mapping[str, str]] = None):
    """One request with a JSON (or str/bytes, sent as it is) body; the parsed answer, None when it is empty; RestError from HTTP 400 on."""
    data = None
    if body is not None:
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return _parsed(answer.read())
    except urllib.error.HTTPError as error:
        raise RestError(method, url, error.code, _parsed(error.read())) from None


def _parsed(text: bytes):
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")


class ConnectRest:
    """Kafka Connect's REST API at `self.url`: the same calls for the JVM worker and for bywash."""

    url: str

    def request(self, method: str, path: str, body=None, **options):
        return http_json(method, self.url + path, body, **options)

    def responds(self) -> bool:
        try:
            self.request("GET", "/", timeout=2)
            return True
        except (RestError, OSError):
            return False  # a worker that is still starting answers 404 or 503, or not at all

    def create(self, name: str, config: Mapping[str, str]) -> dict:
        return self.request("POST", "/connectors", {"name": name, "config": dict(config)})

    def delete(self, name: str) -> None:
        self.request("DELETE", f"/connectors/{name}")

    def healthy(self) -> bool:
        """Whether the worker says so; not while it cannot be asked."""
        try:
            return self.request("GET", "/health")["status"] == "healthy"
        except (RestError, OSError):
            return False

    def status(self, name: str) -> dict:
        return self.request("GET", f"/connectors/{name}/status")

    def wait_running(self, name: str, tasks: int = 1, timeout: float = 60.0) -> dict:
        """Until the connector and `tasks` tasks are RUNNING; a FAILED one raises with its trace."""
        return self.wait_state(name, "RUNNING", tasks, timeout)

    def wait_state(self, name: str, state: str, tasks: int = 1, timeout: float = 60.0) -> dict:
        """Until `tasks` tasks (and, unless FAILED is awaited, the connector) are in `state`; returns the status."""
        deadline = time.monotonic() + timeout
        status = None
        while time.monotonic() < deadline:
            try:
                status = self.status(name)
            except RestError as error:
                if error.code not in (404, 409):
                    raise
                time.sleep(0.1)
                continue
            parts = status["tasks"] if state == "FAILED" else [status["connector"], *status["tasks"]]
            failed = [part for part in [status["connector"], *status["tasks"]] if part["state"] == "FAILED"]
            if len(status["tasks"]) == tasks and all(part["state"] == state for part in parts):
                return status
            if failed and state != "FAILED":
                raise RuntimeError(f"connector '{name}' failed: {failed[0].get('trace')}")
            time.sleep(0.05)
        raise TimeoutError(f"connector '{name}' is not {state} with {tasks} task(s) after {timeout:.0f} s: {status}")


class KafkaConnect(ConnectRest):
    """`with KafkaConnect(kafka.bootstrap) as connect: connect.create("null", {...})`.

    mode: "standalone" (the default) or "distributed". worker: properties over ours. connectors: files given to a
    standalone worker. plugins: more `plugin.path` folders; NullSink is always there.
    """

    def __init__(self, bootstrap: str, *, mode: str = "standalone", worker: Optional[Mapping[str, str]] = None,
                 connectors: Sequence[pathlib.Path] = (), plugins: Sequence[pathlib.Path] = (), heap: str = "512m",
                 group: str = "bywash-peer", folder: Optional[pathlib.Path] = None, detached: bool = False,
                 port: Optional[int] = None):
        self._temporary = None if folder else TemporaryFolder("connect")
        self.folder = pathlib.Path(folder) if folder else self._temporary.path
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mode = mode
        self.process: Optional[Process] = None
        self._connectors, self._plugins, self._heap, self._detached = list(connectors), list(plugins), heap, detached
        json_converter = "org.apache.kafka.connect.json.JsonConverter"
        self._properties = {
            "bootstrap.servers": bootstrap,
            "listeners": self.url,
            "key.converter": json_converter,
            "value.converter": json_converter,
            "plugin.discovery": "service_load",
            "offset.flush.interval.ms": "1000",
        }
        if mode == "standalone":
            self._properties["offset.storage.file.filename"] = str(self.folder / "offsets")
        else:
            self._properties["group.id"] = group
            for kind in ("config", "offset", "status"):
                self._properties[f"{kind}.storage.topic"] = f"{group}-{kind}s"
                self._properties[f"{kind}.storage.replication.factor"] = "1"
            self._properties.update({"offset.storage.partitions": "4", "status.storage.partitions": "2",
                                     "scheduled.rebalance.max.delay.ms": "0"})
        self._properties.update(worker or {})

    def start(self) -> "KafkaConnect":
        """Starts it and returns when its REST API answers."""
        classpath = jars("kafka")
        self._properties.setdefault("plugin.path", ",".join(map(str, [null_sink(), *self._plugins])))
        properties = self.folder / "worker.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties.items()), encoding="utf-8")
        main = "ConnectStandalone" if self.mode == "standalone" else "ConnectDistributed"
        command = java(f"org.apache.kafka.connect.cli.{main}", [f"{classpath}/*"], heap=self._heap,
                       options=("-XX:+UseG1GC", "-Xshare:auto", f"-Dlog4j2.configurationFile={_LOG4J}"))
        command += [str(properties), *map(str, self._connectors)]
        self.process = Process("Kafka Connect", command, self.folder / "connect.log", cwd=self.folder, detached=self._detached)
        self.process.wait_until(self.responds, "answering on REST", timeout=120)
        return self

    def stop(self) -> None:
        if self.process:
            self.process.stop(20)

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    def __enter__(self) -> "KafkaConnect":
        return self.start()

    def __exit__(self, *_error) -> None:
        self.kill()
        if self._temporary:
            self._temporary.remove()
