"""A real Schema Registry: Apicurio Registry in memory, by its Confluent-compatible API, behind a door that tests can shut."""

import hashlib
import json
import pathlib
import socket
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from typing import Optional

from tests.support.jars import made_once, tool
from tests.support.paths import CACHE
from tests.support.processes import Process, TemporaryFolder, free_ports

_LOCK = pathlib.Path(__file__).resolve().parent / "jvm" / "apicurio" / "artifact.sha256"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


def application() -> pathlib.Path:
    """The folder with Apicurio's runner jar and its libraries, fetched and checked on the first call."""
    wanted, artifact = _LOCK.read_text(encoding="ascii").split()
    folder = CACHE / "jars" / f"apicurio-{wanted[:12]}"
    with made_once(folder) as out:
        if out is not None:
            command = [tool("mvn"), "-q", "-B", "-ntp", _COPY, f"-Dartifact={artifact}", f"-DoutputDirectory={out}"]
            done = subprocess.run(command, cwd=out, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            archives = list(out.glob("*.tar.gz"))
            if done.returncode != 0 or len(archives) != 1:
                raise RuntimeError(f"Maven could not fetch {artifact}:\n{(done.stdout + done.stderr)[-3000:]}")
            got = hashlib.sha256(archives[0].read_bytes()).hexdigest()
            if got != wanted:
                raise RuntimeError(f"{artifact} has SHA-256 {got}, not {wanted} ({_LOCK})")
            with tarfile.open(archives[0]) as tar:
                tar.extractall(out)
            archives[0].unlink()
    return folder


class Door:
    """Forwards a port to another while it is open; shut, nothing listens and connections are cut."""

    def __init__(self, port: int, target: int):
        self.port, self._target = port, target
        self._listener: Optional[socket.socket] = None
        self._open: list = []

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self._open = []

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class SchemaRegistry:
    """`with SchemaRegistry() as registry: registry.url` (through the door); register, schema, versions ask it directly."""

    def __init__(self):
        self._temporary = TemporaryFolder("registry")
        self._port, door = free_ports(2)
        self.door = Door(door, self._port)
        self.url = f"http://127.0.0.1:{door}/apis/ccompat/v7"
        self.process: Optional[Process] = None

    def __enter__(self) -> "SchemaRegistry":
        home = application()
        options = [f"-Dquarkus.http.port={self._port}", "-Dquarkus.http.host=127.0.0.1", "-Dregistry.ccompat.use-canonical-hash=true"]
        command = [tool("java"), *_JVM, *options, "-jar", str(next(home.glob("*-runner.jar")))]
        self.process = Process("Schema Registry", command, self._temporary.path / "registry.log", cwd=self._temporary.path)
        self.process.wait_until(lambda: self._answers(), "answering", timeout=180)
        self.door.open()
        return self

    def __exit__(self, *_error) -> None:
        self.door.shut()
        if self.process:
            self.process.kill()
        self._temporary.remove()

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/subjects") is not None
        except (OSError, ValueError):
            return False

    def call(self, method: str, path: str, body: Optional[dict] = None):
        """The answer's JSON, of the registry itself."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/apis/ccompat/v7{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def register(self, subject: str, schema, *, kind: str = "AVRO", references=()) -> int:
        """The id of a schema (text, or what becomes JSON)."""
        text = schema if isinstance(schema, str) else json.dumps(schema)
        body = {"schema": text, "schemaType": kind, "references": list(references)}
        return self.call("POST", f"/subjects/{subject}/versions", body)["id"]

    def latest(self, subject: str) -> dict:
        """subject, id, version, schema."""
        return self.call("GET", f"/subjects/{subject}/versions/latest")


def frame(schema_id: int, data: bytes) -> bytes:
    """A message as Confluent's serializers write it."""
    return b"\0" + schema_id.to_bytes(4, "big") + data
