"""`bywash connect`: every verb, as tables and as JSON, with its exit code, against our worker and against the original's."""

import http.server
import json
import os
import pty
import subprocess
import threading
import time

import pytest

from tests.support.bywash_process import binary, run
from tests.support.two_brokers import wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"


@pytest.fixture(params=["ours", "the original's"])
def worker(request, kafka, start_bywash):
    return start_bywash(kafka.bootstrap) if request.param == "ours" else request.getfixturevalue("kafka_connect")


def connect(worker, *arguments, code: int = 0, stdin: str = "") -> str:
    done = run("connect", "--url", worker.url, *arguments, stdin=stdin)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stdout + done.stderr


def test_every_verb(worker, kafka, topic, tmp_path):
    name, out, file = f"cli-{topic}", tmp_path / "out", tmp_path / "snk.json"
    config = {"connector.class": "FileStreamSink", "tasks.max": "1", "topics": topic, "file": str(out), "value.converter": _STRING}
    file.write_text(json.dumps({"name": name, "config": config}), encoding="utf-8")

    def state():
        return worker.status(name)["connector"]["state"]
    # validate, apply: created, the same, changed; from a file, a folder, standard input, and as properties
    connect(worker, "validate", "-f", file)
    assert "Not a number of type INT" in connect(worker, "validate", "-f", "-", stdin=json.dumps({"name": name, "config": config | {"tasks.max": "many"}}), code=1)
    assert connect(worker, "apply", "-f", file) == f"{name} created\n"
    worker.wait_running(name)
    connect(worker, "apply", "-f", tmp_path)
    file.write_text(json.dumps({"name": name, "config": config | {"file": str(tmp_path / "other")}}), encoding="utf-8")
    assert "configured" in connect(worker, "apply", "-f", file)
    properties = "".join(f"{key}={value}\n" for key, value in ({"name": name} | config).items())
    (tmp_path / "snk.properties").write_text(properties, encoding="utf-8")
    assert "configured" in connect(worker, "apply", "-f", tmp_path / "snk.properties")
    worker.wait_running(name)
    # list, get, status, plugins
    assert any(line.split()[:3] == [name, "sink", "RUNNING"] for line in connect(worker, "list").splitlines())
    assert name in json.loads(connect(worker, "list", "-o", "json"))
    assert json.loads(connect(worker, "-o", "json", "get", name))["config"]["topics"] == topic
    assert topic in connect(worker, "get", name)
    assert "RUNNING" in connect(worker, "status", name) and name in connect(worker, "status")
    assert name in json.dumps(json.loads(connect(worker, "status", name, "-o", "json")))
    for all_of_them in ([], ["--all"]):
        assert "FileStreamSink" in connect(worker, "plugins", *all_of_them)
        classes = [plugin["class"] for plugin in json.loads(connect(worker, "plugins", "-o", "json", *all_of_them))]
        assert ("org.apache.kafka.connect.transforms.HoistField$Value" in classes) == bool(all_of_them)
    # logs
    assert "INFO" in connect(worker, "logs").upper()
    assert json.loads(connect(worker, "logs", "-o", "json"))
    connect(worker, "logs", "org.apache.kafka.connect", "--level", "DEBUG")
    assert json.loads(connect(worker, "logs", "org.apache.kafka.connect", "-o", "json"))["level"] == "DEBUG"
    connect(worker, "logs", "org.apache.kafka.connect", "--level", "INFO", "--scope", "worker")
    # states
    assert connect(worker, "pause", name) == f"{name} pauses\n"
    wait_for(lambda: state() == "PAUSED", "paused")
    connect(worker, "resume", name, "-o", "json")
    wait_for(lambda: state() == "RUNNING", "resumed")
    for flags in ([], ["--tasks"], ["--tasks", "--failed"]):
        connect(worker, "restart", name, *flags)
    worker.wait_running(name)
    # offsets
    kafka.produce(topic, ["a", "b", "c"])
    kafka.wait_committed(f"connect-{name}", topic)
    assert json.loads(connect(worker, "offsets", "get", name, "-o", "json"))["offsets"][0]["offset"] == {"kafka_offset": 3}
    assert "3" in connect(worker, "offsets", "get", name)
    wanted = json.dumps({"offsets": [{"partition": {"kafka_topic": topic, "kafka_partition": 0}, "offset": {"kafka_offset": 1}}]})
    assert "STOPPED" in connect(worker, "offsets", "set", name, "-f", "-", stdin=wanted, code=1)
    assert connect(worker, "stop", name) == f"{name} stops\n"
    wait_for(lambda: state() == "STOPPED", "stopped")
    connect(worker, "offsets", "set", name, "-f", "-", stdin=wanted)
    assert json.loads(connect(worker, "offsets", "get", name, "-o", "json"))["offsets"][0]["offset"] == {"kafka_offset": 1}
    connect(worker, "offsets", "reset", name)
    assert json.loads(connect(worker, "offsets", "get", name, "-o", "json"))["offsets"] == []
    # What fails: 1 refused, 2 wrong usage, 4 something is FAILED
    assert "not found" in connect(worker, "get", "nope", code=1)
    assert "nope" in connect(worker, "pause", name, "nope", code=1), "the others are done all the same"
    connect(worker, "delete", name, "nope", code=1)
    assert name not in worker.request("GET", "/connectors")
    broken = f"broken-{topic}"
    worker.create(broken, config | {"file": str(tmp_path / "no" / "folder" / "out")})
    wait_for(lambda: "FAILED" in json.dumps(worker.status(broken)), "a failed task")
    assert "FAILED" in connect(worker, "status", broken, code=4)
    assert json.loads(run("connect", "--url", worker.url, "status", broken, "-o", "json").stdout)
    assert connect(worker, "delete", broken) == f"{broken} is deleted\n"


@pytest.mark.parametrize("arguments, code", [(["nonsense"], 2), (["get"], 2), (["list", "-o", "yaml"], 2), (["apply"], 2), (["offsets"], 2), (["list"], 3), (["status"], 3),
                                             (["plugins"], 3), (["logs"], 3), (["get", "x"], 3), (["pause", "x"], 3), (["offsets", "get", "x"], 3)])
def test_exit_codes_without_a_worker(arguments, code):
    done = run("connect", "--url", "http://127.0.0.1:1", *arguments)
    assert done.returncode == code and done.stderr, (done.stdout, done.stderr)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_scripts_are_whole(shell):
    done = run("completion", shell)
    assert done.returncode == 0 and done.stdout
    for verb in ("list", "get", "apply", "validate", "status", "pause", "resume", "stop", "delete", "restart", "plugins", "logs", "offsets"):
        assert verb in done.stdout
    # bash reads the script of either shell: it is one, and starts zsh's bash completion where it is read there
    assert subprocess.run(["bash", "-n"], input=done.stdout, capture_output=True, text=True, check=False).stderr == ""
    assert run("completion", "fish").returncode != 0 and binary().exists()


def test_a_terminal_is_told_what_takes_long():
    class Slow(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            time.sleep(2.5)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ours, theirs = pty.openpty()
    arguments = [str(binary()), "connect", "--url", f"http://127.0.0.1:{server.server_port}", "pause", "one", "two"]
    try:
        on_terminal = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=30, check=True)
        told = os.read(ours, 65536).decode()
        elsewhere = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True)
    finally:
        os.close(ours), os.close(theirs)
        server.shutdown()
        server.server_close()
    assert on_terminal.stdout == elsewhere.stdout == "one pauses\ntwo pauses\n" and elsewhere.stderr == ""
    assert "Waiting for connector one, 1 of 2" in told and "2 s" in told and "connector two, 2 of 2" in told and told.endswith("\r\x1b[K")
