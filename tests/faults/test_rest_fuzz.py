"""Thousands of requests made from the API's description, valid and broken ones: each is answered as documented or refused, no secret shows, and the
worker is whole afterwards."""

import json
import os
import re
import socket
import time
import urllib.parse

import pytest

from tests.support import rest_fuzz
from tests.support.bywash_process import Bywash

_SEED = int(os.environ.get("BYWASH_FUZZ_SEED", "1"))
_COUNT = int(os.environ.get("BYWASH_FUZZ_REQUESTS", "3000"))
_SECRET = "S3CR3T-that-nobody-sees"
# Where the original answers 500 too; recorded in tests/conformance/rest.
_DOCUMENTED_500 = [re.compile(words, re.S) for words in (
    r"in the request's JSON(, at line|$)", r"^Cannot deserialize value of ", r"^Cannot construct instance of ", r"^Cannot invoke \".*\" (without a |with a null|on connector)",
    r"^Unrecognized field ", r"^No connector `.*` configured$", r"does not support (externally setting task configurations|exactly-once source connectors)\.$",
    r"^Failed to start task .* since it is not a recognizable type", r"^Offset", r"^Partition objects cannot be null$", r"^Failed to (alter|reset|modify) ",
    r"^Failed to start connector: ", r"BadRequestException: ", r"^Failed to (find|load) ", r"^Instantiation error$", r"^Illegal null or empty Level name",
    r"^([\w.]+Exception: )?Invalid value .* for configuration ", r"^The value for the 'position' key", r"^Invalid configuration ", r"^The template variable ")]


class Answer:
    def __init__(self, status: int, head: str, body: bytes):
        self.status, self.head, self.body = status, head, body

    @property
    def type(self) -> str:
        found = re.search(r"(?im)^content-type: *([^;\r]*)", self.head)
        return found.group(1).strip() if found else ""


def parted(data: bytes, methods) -> list:
    """The answers in what a connection gave until its end; AssertionError when they are not whole HTTP."""
    out = []
    while data:
        head, end, rest = data.partition(b"\r\n\r\n")
        assert end and re.match(rb"HTTP/1\.[01] \d{3} ", head), data[:300]
        status = int(head[9:12])
        if status == 100:
            data = rest
            continue
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        without = status == 204 or (len(out) < len(methods) and methods[len(out)] == "HEAD")
        size = 0 if without else int(length.group(1)) if length else len(rest)
        if without and status >= 400 and rest.startswith(b"<"):  # refused before its method was known
            size = len(rest)
        assert len(rest) >= size, (head, len(rest), size)
        out.append(Answer(status, head.decode("latin-1"), rest[:size]))
        data = rest[size:]
    return out


def exchange(port: int, data: bytes, methods) -> list:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have answered before it read all
        parts = []
        try:
            while part := connection.recv(1 << 16):
                parts.append(part)
        except ConnectionResetError:
            pass
        return parted(b"".join(parts), methods)


def check(shot, answer) -> None:
    shown = shot.data[:600]
    assert answer.status in shot.allowed, (shown, answer.status, answer.body[:500])
    assert _SECRET.encode() not in answer.body, (shown, answer.body)
    assert "X-Injected" not in answer.head, (shown, answer.head)
    if answer.type == "application/json" and answer.body:
        told = json.loads(answer.body)
        if answer.status >= 400 and isinstance(told, dict) and "error_code" in told:
            assert told["error_code"] == answer.status and isinstance(told["message"], str), (shown, told)
    if answer.status == 500:
        message = json.loads(answer.body)["message"]
        assert any(words.search(message) for words in _DOCUMENTED_500), (shown, message)


def note(shot, answer, names: set) -> None:
    """Which connectors there have to be."""
    if answer.status == 201:
        names.add(json.loads(answer.body)["name"])
    path = shot.data.split(b" ", 2)[1].partition(b"?")[0].split(b"/")
    if shot.method == "DELETE" and answer.status == 204:
        names.discard(urllib.parse.unquote(path[2].decode()))


def addressable(name: str) -> bool:
    """What the original's HTTP layer lets stand in a path: others can be made, and listed."""
    return name not in ("", ".", "..") and len(rest_fuzz.encoded(name)) < 7000 and not re.search(r"[/\\%\x00-\x1f\x7f\ud800-\udfff]", name)


def check_whole(worker, names: set) -> None:
    """Every connector is there, and says the same of itself wherever it is asked."""
    listed = worker.request("GET", "/connectors?expand=info&expand=status")
    assert set(listed) == names
    assert sorted(listed) == sorted(worker.request("GET", "/connectors"))
    for name, told in listed.items():
        if not addressable(name):
            continue
        path = "/connectors/" + rest_fuzz.encoded(name)
        assert worker.request("GET", path)["config"] == told["info"]["config"] == worker.request("GET", path + "/config")
        assert worker.request("GET", path + "/status")["name"] == name
        assert _SECRET not in json.dumps(told) + json.dumps(worker.request("GET", path + "/tasks"))


def groups(shots):
    """Those that are whole HTTP one by one or several on a connection, sent before the first is answered; the others one by one."""
    waiting = []
    for number, shot in enumerate(shots):
        if shot.good:
            waiting.append(shot)
        if waiting and (not shot.good or len(waiting) > number % 6):
            yield waiting
            waiting = []
        if not shot.good:
            yield [shot]
    if waiting:
        yield waiting


@pytest.mark.parametrize("mode", ["standalone", "distributed"])
def test_every_request_is_answered_as_documented_or_refused(kafka, start_bywash, tmp_path, mode):
    keys = {"task.shutdown.graceful.timeout.ms": "1000"}
    made = Bywash.standalone(kafka.bootstrap, worker=keys) if mode == "standalone" else Bywash.distributed(kafka.bootstrap, f"fuzz-{time.time_ns()}", worker=keys)
    worker = start_bywash(made)
    worker.process.wait_until(worker.healthy, "a healthy worker")
    kafka.create_topic("fuzz") if mode == "standalone" else None
    (tmp_path / "in").write_text("a line\n")
    keeper = {"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "topics": "fuzz", "connection.url": f"jdbc:sqlite:{tmp_path}/keeper.db", "connection.password": _SECRET}
    worker.request("POST", "/connectors", {"name": "keeper", "config": keeper, "initial_state": "STOPPED"})
    count = _COUNT if mode == "standalone" else _COUNT // 3  # a change takes a cluster some 50 ms
    unanswered, names = 0, {"keeper"}
    described = worker.request("GET", "/docs/openapi.json")
    assert [path for path, operations in described["paths"].items() if not all(operation["summary"] for operation in operations.values())] == []
    api = rest_fuzz.Api(described)
    assert len(api.routes) > 30 and ("PUT", "/admin/loggers/{logger}") in api.routes
    for group in groups(rest_fuzz.shots(api, _SEED, count, str(tmp_path), _SECRET)):
        answers = exchange(worker.port, b"".join(shot.data for shot in group), [shot.method for shot in group])
        shown = [shot.data[:600] for shot in group]
        assert worker.process.running, (shown, worker.process.log_tail())
        if group[0].good:
            # What the HTTP layer refuses ends the connection, and what was sent behind it is not looked at.
            ended = answers and answers[-1].status in (400, 414, 431) and "connection: close" in answers[-1].head.lower()
            assert len(answers) == len(group) or ended, (shown, [answer.status for answer in answers])
        unanswered += not answers
        for shot, answer in zip(group, answers):
            check(shot, answer)
            note(shot, answer, names)
    assert unanswered < count // 10
    check_whole(worker, names)
    assert _SECRET not in worker.log()
    assert [line for line in worker.log().splitlines() if "bug in Bywash" in line] == []
    assert worker.request("GET", "/connectors/keeper/config")["connection.password"] == "[hidden]"
    for name in filter(addressable, worker.request("GET", "/connectors")):
        worker.request("DELETE", "/connectors/" + rest_fuzz.encoded(name))
    worker.process.wait_until(lambda: not any(map(addressable, worker.request("GET", "/connectors"))), "all are removed")
    assert worker.stop() == 0
