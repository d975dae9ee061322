"""A worker that may have no more threads: what asks for one fails and says so, what runs goes on, and starts once there is room."""

import os

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import RestError
from tests.support.two_brokers import wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"
_SAID = "Allow the process more threads"
_COUNT = 20
# The limit is one of a user's and root has none: the program runs as a user that nobody is, with the rights to read what root may.
_NOBODY = "54321"


@pytest.mark.parametrize("limit", [55, 58])
def test_a_worker_without_threads(kafka, start_bywash, limit):
    if os.geteuid() != 0:
        pytest.skip("Only root may run the program as a user without other processes")
    worker = Bywash.standalone(kafka.bootstrap, worker={"value.converter": _STRING, "offset.flush.interval.ms": "500"})
    worker.folder.chmod(0o777)
    worker.prefix = ["setpriv", "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override",
                     "prlimit", f"--nproc={limit}"]
    start_bywash(worker)
    topics = [kafka.create_topic() for _ in range(_COUNT)]
    said = []
    for number, topic in enumerate(topics):
        file = worker.folder / f"{number}.txt"
        kind = {"connector.class": "FileStreamSink", "topics": topic} if number % 2 else {"connector.class": "FileStreamSource", "topic": topic}
        file.write_text("" if number % 2 else f"{number}\n", encoding="utf-8")
        file.chmod(0o666)
        kafka.produce(topic, [str(number)] if number % 2 else [])
        try:
            worker.create(f"c{number}", kind | {"file": str(file), "tasks.max": "1"})
        except RestError as refused:
            said.append(str(refused))

    def states():
        out = {}
        for name, each in worker.request("GET", "/connectors?expand=status").items():
            parts = [each["status"]["connector"], *each["status"]["tasks"]]
            failed = [part for part in parts if part["state"] == "FAILED"]
            said.extend(part["trace"] for part in failed)
            out[name] = "FAILED" if failed else "RUNNING" if all(part["state"] == "RUNNING" and not part.get("trace") for part in parts) else "?"
        return out
    got = wait_for(lambda: (lambda now: now if "?" not in now.values() else None)(states()), "every task runs or has failed", 30)
    assert said and all(_SAID in text for text in said), [text for text in said if _SAID not in text]
    assert worker.process.running and "FAILED" in got.values() and list(got.values()).count("RUNNING") >= 8, got

    def delivered(number):
        return kafka.consume_all(topics[number]) if number % 2 == 0 else (worker.folder / f"{number}.txt").read_text(encoding="utf-8")
    running = [int(name[1:]) for name, state in got.items() if state == "RUNNING"]
    wait_for(lambda: all(delivered(number) for number in running), "what runs delivers", 60)
    for number in running[:6]:
        worker.delete(f"c{number}")
    failed = next(name for name, state in got.items() if state == "FAILED")

    def starts():
        worker.request("POST", f"/connectors/{failed}/restart?includeTasks=true")
        return states()[failed] == "RUNNING"
    wait_for(starts, "one that had failed runs", 30)
    wait_for(lambda: delivered(int(failed[1:])), "and delivers", 60)
