"""The quickstart itself, with fewer rows, as `./dev quickstart` runs it."""

import os
import signal
import socket
import subprocess
import sys
import time
import types

import pytest

from scripts import quickstart
from scripts.quickstart_rows import Digest
from tests.support.bywash_process import binary
from tests.support.paths import REPO
from tests.support.processes import Process, StartError

pytestmark = pytest.mark.timeout(600)
_FEW = ["--rows", "40000", "--flights", "30000"]


def start(*arguments: str) -> subprocess.Popen:
    binary()
    return subprocess.Popen([sys.executable, str(REPO / "scripts" / "quickstart.py"), *_FEW, *arguments], cwd=REPO,
                            env=dict(os.environ, PYTHONPATH=str(REPO)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True)


def finished(process: subprocess.Popen, timeout: float = 540) -> str:
    """Its output; ended when it takes too long."""
    try:
        return process.communicate(timeout=timeout)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@pytest.mark.parametrize("arguments", [["--once"], ["--once", "--real"]])
def test_every_row_arrives_everywhere(arguments):
    process = start(*arguments)
    said = finished(process)
    assert process.returncode == 0, said
    assert "Every row arrived everywhere" in said
    assert said.count(" equal") == 7, said
    assert "total_shares" in said and "/metrics" in said and "/query/sql" in said


def test_occupied_ports_do_not_matter():
    taken = []
    try:
        for port in (9092, 8083, 9000, 8099):
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind(("127.0.0.1", port))
                holder.listen()
                taken.append(holder)
            except OSError:
                holder.close()  # somebody else has it, which serves as well
        process = start("--once")
        said = finished(process)
        assert process.returncode == 0, said
        assert "127.0.0.1:8083" not in said
    finally:
        for holder in taken:
            holder.close()


def test_ctrl_c_stops_all_that_was_started():
    process = start()
    lines = []
    deadline = time.monotonic() + 500
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C stops everything" in line or time.monotonic() > deadline:
                break
        said = "".join(lines)
        assert "Ctrl-C stops everything" in said, said
        kafka = next(line.split()[-1] for line in lines if line.split()[:1] == ["Kafka"])
        time.sleep(3)
        os.kill(process.pid, signal.SIGINT)
        rest = finished(process, 60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    assert process.returncode == 0, rest
    assert "stopped everything" in rest
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(kafka.rpartition(":")[2]))) != 0


def test_a_program_that_dies_is_told_with_its_signal_and_the_end_of_its_log(tmp_path, monkeypatch):
    parts = quickstart.Parts(real=False)
    parts.bywash = types.SimpleNamespace(process=Process("bywash", ["sh", "-c", "echo last words; kill -SEGV $$"], tmp_path / "log"))

    def refused(*_):
        raise ConnectionRefusedError("refused")
    monkeypatch.setattr(quickstart, "run", refused)
    with pytest.raises(StartError) as told:
        quickstart.tell_deaths(parts, None)
    assert "refused" in str(told.value) and "bywash was ended by signal 11 (SIGSEGV)" in str(told.value) and "last words" in str(told.value)


@pytest.mark.parametrize("change, said", [
    (lambda rows: rows[:-1], "3 rows instead of 4"),
    (lambda rows: rows[:3] + [(4, "d", -2)], "the values of c differ"),
    (lambda rows: [(1, "b", 1), (2, "a", 1), *rows[2:]], "values stand in wrong rows"),
    (lambda rows: rows[:3] + [(4, None, -1)], "the values of b differ"),
    (lambda rows: rows[::-1], ""),
])
def test_a_digest_tells_rows_that_differ(change, said):
    rows = [(1, "a", 1), (2, "b", 1), (3, "c", None), (4, "d", -1)]
    assert Digest("abc").add(rows).difference(Digest("abc").add(change(rows))) == said
