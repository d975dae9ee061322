"""The program under test as a process: `bywash standalone`, `distributed`, `serve`, `analytics` and the verbs that end by themselves."""

import os
import pathlib
import signal
import subprocess
from typing import Mapping, Optional, Sequence

from tests.support import record_balance
from tests.support.jars import MissingTool
from tests.support.kafka_connect import ConnectRest, http_json
from tests.support.paths import BINARY
from tests.support.processes import Process, TemporaryFolder, free_port, free_ports, port_open


def binary() -> pathlib.Path:
    """The release program (BYWASH_BINARY overrides); MissingTool when it is not built."""
    if not BINARY.exists():
        raise MissingTool(f"'{BINARY}' is not built. Run ./dev build")
    return BINARY


def run(*arguments, env: Optional[Mapping[str, str]] = None, timeout: float = 120.0, stdin: str = "",
        cwd: Optional[pathlib.Path] = None) -> subprocess.CompletedProcess:
    """A verb that ends by itself: returncode, stdout and stderr as text. Never raises on a failing exit code."""
    return subprocess.run([str(binary()), *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False,
                          timeout=timeout, env={**os.environ, **(env or {})}, cwd=cwd)


def write_properties(path: pathlib.Path, properties: Mapping[str, str]) -> pathlib.Path:
    """A Java properties file; backslashes and line breaks in values are escaped."""
    def escaped(value) -> str:
        return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    path.write_text("".join(f"{key}={escaped(value)}\n" for key, value in properties.items()), encoding="utf-8")
    return path


class Bywash(ConnectRest):
    """A long-running verb. Build one with `standalone`, `serve` or `analytics`; `with` starts it and ends it.

    `.url` is the Connect REST API, `.controller_url` and `.broker_url` Pinot's two ports (those the verb has).
    start() after stop() or kill() runs the same command line on the same folder and ports again.
    """

    def __init__(self, arguments: Sequence[str], *, folder: Optional[pathlib.Path] = None, env: Optional[Mapping[str, str]] = None,
                 port: Optional[int] = None, controller_port: Optional[int] = None, broker_port: Optional[int] = None):
        self._temporary = None if folder else TemporaryFolder("bywash")
        self.folder = pathlib.Path(folder) if folder else self._temporary.path
        self.arguments = [str(argument) for argument in arguments]
        self.env = {**os.environ, **(env or {})}
        self.port, self.controller_port, self.broker_port = port, controller_port, broker_port
        self.url = f"http://127.0.0.1:{port}"
        self.controller_url = f"http://127.0.0.1:{controller_port}"
        self.broker_url = f"http://127.0.0.1:{broker_port}"
        self.process: Optional[Process] = None
        self.prefix: list = []  # a command that runs the program in its own place, as `prlimit --nproc=60`
        self._frozen = False

    @classmethod
    def standalone(cls, bootstrap: str, connectors: Sequence[pathlib.Path] = (), *, worker: Optional[Mapping[str, str]] = None,
                   folder: Optional[pathlib.Path] = None, env: Optional[Mapping[str, str]] = None) -> "Bywash":
        """`bywash standalone worker.properties [connectors...]` with JsonConverter without schemas; `worker` goes over it."""
        temporary = None if folder else TemporaryFolder("bywash")
        where = pathlib.Path(folder) if folder else temporary.path
        port = free_port()
        self = cls([], folder=where, env=env, port=port)
        self._temporary = temporary
        properties = write_properties(where / "worker.properties", _worker_properties(bootstrap, where, port, worker))
        self.arguments = ["standalone", str(properties), *map(str, connectors)]
        return self

    @classmethod
    def serve(cls, bootstrap: str, connectors: Sequence[pathlib.Path] = (), *, worker: Optional[Mapping[str, str]] = None,
              folder: Optional[pathlib.Path] = None, env: Optional[Mapping[str, str]] = None) -> "Bywash":
        """`bywash serve worker.properties [connectors...]`: worker and analytics in one process; `data.dir` is set."""
        temporary = None if folder else TemporaryFolder("bywash")
        where = pathlib.Path(folder) if folder else temporary.path
        port, controller, broker = free_ports(3)
        self = cls([], folder=where, env=env, port=port, controller_port=controller, broker_port=broker)
        self._temporary = temporary
        properties = {"data.dir": str(where / "data"), **_worker_properties(bootstrap, where, port, worker)}
        path = write_properties(where / "worker.properties", properties)
        self.arguments = ["serve", str(path), *map(str, connectors), "--data-dir", str(where / "data"),
                          "--controller-port", str(controller), "--broker-port", str(broker)]
        return self

    @classmethod
    def distributed(cls, bootstrap: str, group: str, *, worker: Optional[Mapping[str, str]] = None, folder: Optional[pathlib.Path] = None,
                    env: Optional[Mapping[str, str]] = None) -> "Bywash":
        """`bywash distributed worker.properties`: one worker of the cluster `group`, whose topics are <group>-configs, -offsets, -statuss
        (as KafkaConnect's in its distributed mode: either takes over from the other)."""
        temporary = None if folder else TemporaryFolder("bywash")
        where = pathlib.Path(folder) if folder else temporary.path
        port = free_port()
        self = cls([], folder=where, env=env, port=port)
        self._temporary = temporary
        properties = {**_worker_properties(bootstrap, where, port, None), "group.id": group, "scheduled.rebalance.max.delay.ms": "0",
                      "offset.storage.partitions": "4", "status.storage.partitions": "2", "heartbeat.interval.ms": "500", "session.timeout.ms": "3000"}
        del properties["offset.storage.file.filename"]
        for kind in ("config", "offset", "status"):
            properties[f"{kind}.storage.topic"] = f"{group}-{kind}s"
            properties[f"{kind}.storage.replication.factor"] = "1"
        path = write_properties(where / "worker.properties", {**properties, **(worker or {})})
        self.arguments = ["distributed", str(path)]
        return self

    @classmethod
    def analytics(cls, *, folder: Optional[pathlib.Path] = None, env: Optional[Mapping[str, str]] = None,
                  arguments: Sequence[str] = ()) -> "Bywash":
        """`bywash analytics --data-dir ... --controller-port ... --broker-port ...`."""
        temporary = None if folder else TemporaryFolder("bywash")
        where = pathlib.Path(folder) if folder else temporary.path
        controller, broker = free_ports(2)
        self = cls([], folder=where, env=env, controller_port=controller, broker_port=broker)
        self._temporary = temporary
        self.arguments = ["analytics", "--data-dir", str(where / "data"), "--controller-port", str(controller),
                          "--broker-port", str(broker), *arguments]
        return self

    def start(self, *, wait: bool = True, timeout: float = 30.0) -> "Bywash":
        """Starts it; with `wait` returns when every port it should have answers."""
        command = [*self.prefix, binary(), *self.arguments]
        self.process = Process("bywash", command, self.folder / "bywash.log", env=self.env, cwd=self.folder)
        if wait:
            self.process.wait_until(self.ready, "answering", timeout=timeout, every=0.01)
        return self

    def ready(self) -> bool:
        ports = [port for port in (self.controller_port, self.broker_port) if port]
        return (self.port is None or self.responds()) and all(port_open(port) for port in ports)

    def sql(self, statement: str, **more) -> dict:
        """The broker's answer to `POST /query/sql`."""
        return http_json("POST", self.broker_url + "/query/sql", {"sql": statement, **more})

    def stop(self, timeout: float = 30.0) -> int:
        """SIGTERM; the exit code (0 when it shut down in order). Before that every record that was read must be accounted for."""
        self.check_balance()
        return self.process.stop(timeout)

    def check_balance(self) -> None:
        """AssertionError when a sink task has read a record that is neither delivered nor filtered nor refused nor in its hands."""
        if self.port and self.process and self.process.running and not self._frozen:
            record_balance.check(self.url)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)
        self._frozen = False

    def log(self) -> str:
        """What it has logged since its last start."""
        return self.process.log_text()

    def __enter__(self) -> "Bywash":
        return self.start()

    def __exit__(self, kind=None, *_error) -> None:
        try:
            if kind is None:
                self.check_balance()
        finally:
            if self.process:
                self.process.stop(10)
            if self._temporary:
                self._temporary.remove()


def _worker_properties(bootstrap: str, folder: pathlib.Path, port: int, worker: Optional[Mapping[str, str]]) -> dict:
    return {
        "bootstrap.servers": bootstrap,
        "listeners": f"http://127.0.0.1:{port}",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        "offset.storage.file.filename": str(folder / "connect.offsets"),
        "offset.flush.interval.ms": "1000",
        **(worker or {}),
    }
