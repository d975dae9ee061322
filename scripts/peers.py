"""`./dev peers start|stop|status`: Apache Kafka, PostgreSQL, an S3 server and Kafka Connect in the background, for trying things by hand.

Pids and ports stand in ~/.cache/bywash/peers/state.json; `stop` ends exactly those processes and removes their files.
"""

import json
import os
import pathlib
import shutil
import signal
import sys
import time

from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import KafkaConnect
from tests.support.paths import CACHE
from tests.support.postgres import Postgres
from tests.support.processes import free_port, port_open
from tests.support.reaper import start_time
from tests.support.s3_server import S3Server

_FOLDER = CACHE / "peers"
_STATE = _FOLDER / "state.json"
_DATABASE, _BUCKET = "db", "my-bucket"


def usual_port(wanted: int) -> int:
    """The port everyone expects, or a free one when it is taken."""
    return free_port() if port_open(wanted) else wanted


def read_state() -> dict:
    try:
        return json.loads(_STATE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def alive(part: dict) -> bool:
    return start_time(part["pid"]) == part["started"]


def work_folder():
    """Where the parts keep their files: PostgreSQL's user must be able to reach it, and /root is closed to it."""
    folder = f"/tmp/bywash-peers-{os.getuid()}"
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o711)
    return folder


def start() -> int:
    state = read_state()
    if state and all(alive(part) for part in state["parts"]):
        print("They are running already.")
        return status()
    if state:
        stop()
    folder = work_folder()
    parts: list = []
    state = {"folder": folder, "parts": parts}

    def up(title, made, lines):
        os.makedirs(made.folder, exist_ok=True)
        made.folder.chmod(0o711)
        print(f"starting {title} ...", flush=True)
        try:
            made.start()
        except BaseException:
            made.kill()
            raise
        parts.append({"title": title, "pid": made.process.pid, "started": made.process.started, "port": made.port,
                      "log": str(made.process.log), "lines": lines(made)})
        save(state)
        return made

    try:
        at = pathlib.Path(folder)
        kafka = up("Apache Kafka", Kafka(folder=at / "kafka", detached=True, port=usual_port(9092), auto_create_topics=True),
                   lambda k: [f"bootstrap.servers={k.bootstrap}"])
        postgres = up("PostgreSQL", Postgres(folder=at / "postgres", detached=True, port=usual_port(5432)),
                      lambda p: [f"connection.url={p.jdbc_url(_DATABASE)}", f"connection.user={p.user}",
                                 f"connection.password={p.password}", f"psql '{p.url(_DATABASE)}'"])
        postgres.create_database(_DATABASE)
        s3 = up("S3 server", S3Server(folder=at / "s3", detached=True, port=usual_port(9100)),
                lambda s: [f"store.url={s.endpoint}", f"s3.bucket.name={_BUCKET}", f"AWS_ACCESS_KEY_ID={s.access_key}",
                           f"AWS_SECRET_ACCESS_KEY={s.secret_key}", f"({s.kind})"])
        s3.create_bucket(_BUCKET)
        up("Kafka Connect", KafkaConnect(kafka.bootstrap, folder=at / "connect", detached=True, port=usual_port(8183)),
           lambda c: [c.url])
    except BaseException:
        save(state)
        stop()
        raise
    return status()


def save(state: dict) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    partial = _STATE.with_suffix(".partial")
    partial.touch(0o600)
    partial.write_text(json.dumps(state, indent=1), encoding="utf-8")
    partial.rename(_STATE)


def stop() -> int:
    state = read_state()
    parts = [part for part in state.get("parts", []) if alive(part)]
    for part in reversed(parts):
        number = signal.SIGINT if part["title"] == "PostgreSQL" else signal.SIGTERM
        os.killpg(part["pid"], number)
    deadline = time.monotonic() + 15
    while any(alive(part) for part in parts) and time.monotonic() < deadline:
        time.sleep(0.1)
    for part in parts:
        if alive(part):
            os.killpg(part["pid"], signal.SIGKILL)
        print(f"stopped {part['title']} (process {part['pid']})")
    if not parts:
        print("Nothing was running.")
    if state:
        shutil.rmtree(state["folder"], ignore_errors=True)
        _STATE.unlink()
    return 0


def status() -> int:
    state = read_state()
    if not state:
        print("Nothing is running. ./dev peers start")
        return 1
    for part in state["parts"]:
        print(f"{part['title']}: {'running' if alive(part) else 'ended'}, process {part['pid']}, port {part['port']}, log {part['log']}")
        for line in part["lines"]:
            print(f"    {line}")
    return 0 if all(alive(part) for part in state["parts"]) else 1


def main() -> int:
    verbs = {"start": start, "stop": stop, "status": status}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        print("Usage: ./dev peers start|stop|status", file=sys.stderr)
        return 2
    return verbs[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
