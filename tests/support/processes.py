"""Child processes and temporary folders of tests: started in a group of their own, logged to a file, stopped by process id.

`reaper.py` ends what is left when the starter dies.
"""

import atexit
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Callable, Mapping, Optional, Sequence

from tests.support import reaper

_PORTS_FROM, _PORTS_TO = 20000, 32000  # below Linux's ephemeral range: no outgoing connection takes one meanwhile
_given_ports: set = set()
_live: dict = {}
_lock = threading.Lock()
_reaper: Optional[subprocess.Popen] = None


class StartError(RuntimeError):
    """A part did not come up; the message has the end of its log."""


def free_ports(count: int) -> list:
    """`count` distinct loopback TCP ports nobody listens on, none given out before by this process."""
    ports, sockets = [], []
    try:
        while len(ports) < count:
            port = random.SystemRandom().randrange(_PORTS_FROM, _PORTS_TO)
            if port in _given_ports:
                continue
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sockets.append(probe)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given_ports.add(port)
            ports.append(port)
    finally:
        for probe in sockets:
            probe.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]


def _tell_reaper(line: str) -> None:
    global _reaper
    if _reaper is None or _reaper.poll() is not None:
        _reaper = subprocess.Popen(
            [sys.executable, "-S", "-E", reaper.__file__],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, text=True)
        for group in _live:
            _reaper.stdin.write(f"add {group} {reaper.start_time(group)}\n")
    _reaper.stdin.write(line + "\n")
    _reaper.stdin.flush()


class TemporaryFolder:
    """A folder under $TMPDIR that other users may traverse (PostgreSQL does not run as root).

    Removed by remove(), or by the reaper once this process has ended, after the processes. Kept when BYWASH_KEEP=1, so that a
    failed run can be looked at.
    """

    def __init__(self, label: str):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"bywash-{label}-"))
        self.path.chmod(0o711)
        self._keep = os.environ.get("BYWASH_KEEP") == "1"
        if not self._keep:
            with _lock:
                _tell_reaper(f"folder {self.path}")

    def remove(self) -> None:
        if not self._keep:
            shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """One child in its own process group. `log` collects standard output and error, appended.

    With `detached=True` it outlives the Python process (`./dev peers`): the caller keeps its pid and start time.
    """

    def __init__(self, name: str, argv: Sequence[str], log: pathlib.Path, *, env: Optional[Mapping[str, str]] = None,
                 cwd: Optional[pathlib.Path] = None, user: Optional[str] = None, detached: bool = False):
        self.name = name
        self.log = pathlib.Path(log)
        self._detached = detached
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        extra = {"user": user, "group": user, "extra_groups": []} if user else {}
        with open(self.log, "ab") as out:
            self._popen = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True,
                                           env=dict(env) if env is not None else None, **extra)
        self.pid = self._popen.pid
        self.started = reaper.start_time(self.pid)
        if not detached:
            with _lock:
                _tell_reaper(f"add {self.pid} {self.started}")
                _live[self.pid] = self

    @property
    def exit_code(self) -> Optional[int]:
        """None while it runs; negative signal number when a signal ended it."""
        return self._popen.poll()

    @property
    def running(self) -> bool:
        return self.exit_code is None

    def send_signal(self, number: int) -> None:
        """To the whole group; nothing happens when it is gone."""
        if self._popen.returncode is None or number == signal.SIGKILL:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                pass

    def stop(self, timeout: float = 15.0, number: int = signal.SIGTERM) -> int:
        """Asks it to end, kills the group after `timeout` seconds; returns the exit code."""
        if self.running:
            self.send_signal(number)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        return self.kill()

    def kill(self) -> int:
        """kill -9 of the group, children that are left included."""
        self.send_signal(signal.SIGKILL)
        code = self._popen.wait(30)
        with _lock:
            if _live.pop(self.pid, None) is not None:
                _tell_reaper(f"del {self.pid}")
        return code

    def wait(self, timeout: float) -> int:
        """Waits for it to end by itself; raises subprocess.TimeoutExpired."""
        self._popen.wait(timeout)
        return self.kill()

    def log_text(self) -> str:
        """What this run (not an earlier one with the same file) has logged so far."""
        with open(self.log, "rb") as text:
            text.seek(self._log_from)
            return text.read().decode("utf-8", "replace")

    def log_tail(self, lines: int = 40) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], what: str, timeout: float = 60.0, every: float = 0.05) -> None:
        """Polls `ready` until it is true; StartError with the log's end when the process dies or time is up."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise StartError(f"{self.name} ended with code {self.exit_code} before {what}. Its log ends:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name}: not {what} after {timeout:.0f} s. Its log ends:\n{self.log_tail()}")
            time.sleep(every)

    def rss_bytes(self) -> int:
        """Resident memory now (VmRSS)."""
        return _status_bytes(self.pid, "VmRSS")

    def peak_rss_bytes(self) -> int:
        """Highest resident memory so far (VmHWM)."""
        return _status_bytes(self.pid, "VmHWM")

    def cpu_seconds(self) -> float:
        """User + system CPU time of the process so far, all threads."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status_bytes(pid: int, key: str) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"no {key} for process {pid}")


def port_open(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@atexit.register
def stop_all() -> None:
    """Stops whatever this process still runs, all at once, within about ten seconds."""
    with _lock:
        left = list(_live.values())
    for process in left:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    for process in left:
        while process.running and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()


def exit_on_signals() -> None:
    """SIGTERM and SIGHUP end Python as Ctrl-C does, so that `with` blocks and atexit run."""
    def leave(number, _frame):
        sys.exit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
