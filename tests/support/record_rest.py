"""Records what Kafka Connect answers to the requests of rest_variations.py, for tests/conformance/test_rest_variations.py:

    python -m tests.support.record_rest standalone|distributed|exactly_once

writes tests/conformance/rest/variations_MODE.jsonl.gz. Each line is a row as tests/conformance/rest/README.md describes it.
"""

import gzip
import json
import pathlib
import sys
import time
from urllib.parse import quote

from tests.support import kafka_clients, raw_http, rest_exactly_once, rest_variations
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import KafkaConnect
from tests.support.processes import TemporaryFolder

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "rest"
WAIT_SECONDS = 40
EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}
SETTINGS = {"rest.advertised.host.name": "localhost", "offset.flush.interval.ms": "1000"}


def send(port: int, request: dict, timeout: float = 100.0) -> raw_http.RawAnswer:
    """A row's request, with the Host and length that it leaves to the sender."""
    body = None if request["body"] is None else request["body"].encode("utf-8", "surrogatepass")
    given = {name.lower() for name, _ in request["headers"]}
    headers = [("Host", f"localhost:{port}"), *map(tuple, request["headers"]), ("Connection", "close")]
    if body is not None and "transfer-encoding" not in given:
        headers.append(("Content-Length", str(len(body))))
    return raw_http.ask(port, request["method"], request["path"], headers, body, timeout=timeout)


def get(port: int, path: str) -> raw_http.RawAnswer:
    return send(port, {"method": "GET", "path": path, "headers": [], "body": None})


def prepare(step: dict, bootstrap: str, folder: pathlib.Path, port: int) -> None:
    """Does one `before` step; TimeoutError when what it waits for does not come."""
    if step["op"] == "create_topic":
        kafka_clients.create_topic(bootstrap, step["topic"], step["partitions"])
    elif step["op"] == "write_file":
        (folder / step["file"]).write_text(step["text"], "utf-8")
    elif step["op"] == "sleep":
        time.sleep(step["seconds"])
    else:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _reached(step, port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reached in {WAIT_SECONDS} s: {step}")
            time.sleep(0.05)


def _reached(step: dict, port: int) -> bool:
    if step["op"] == "wait_http":
        answer = get(port, step["path"])
        return answer.status == step["status"] and step["contains"] in answer.text
    status = get(port, f"/connectors/{quote(step['connector'], safe='')}/status").json() or {}
    tasks = [task["state"] for task in status.get("tasks", [])]
    return status.get("connector", {}).get("state") == step["connector_state"] and step["task_states"] in (None, tasks)


def passing(answer: raw_http.RawAnswer) -> bool:
    """A rebalance goes on: ask again."""
    conflict = answer.status == 409 and ("momentarily" in answer.text or "conflicting operation" in answer.text)
    return conflict or answer.status == 500 and "rebalance is expected" in answer.text


def record(mode: str) -> list:
    """Asks the original; the rows."""
    rows = []
    with Kafka(auto_create_topics=True) as broker:
        folder = TemporaryFolder("record-rest")
        try:
            keys = {**SETTINGS, **(EXACTLY_ONCE if mode == "exactly_once" else {}), "plugin.path": str(folder.path / "no-plugins")}
            with KafkaConnect(broker.bootstrap, mode="standalone" if mode == "standalone" else "distributed", group="rv-cluster", folder=folder.path, worker=keys) as worker:
                requests = {"standalone": rest_variations.standalone, "distributed": rest_variations.distributed, "exactly_once": rest_exactly_once.requests}[mode]()
                for request in requests:
                    for step in request.before:
                        try:
                            prepare(step, broker.bootstrap, folder.path, worker.port)
                        except TimeoutError as error:
                            raise TimeoutError(f"{error}; last: {[(each['request']['method'], each['request']['path'], each['response']['status']) for each in rows[-8:]]}") from None
                    row = {"area": request.area, "note": request.note, "before": request.before,
                           "request": {"method": request.method, "path": request.path, "headers": request.headers, "body": request.body}}
                    answer = send(worker.port, row["request"])
                    for _ in range(50):
                        if not passing(answer):
                            break
                        time.sleep(0.2)
                        answer = send(worker.port, row["request"])
                    headers = [[name, value.replace(f"localhost:{worker.port}", "localhost:18083")] for name, value in answer.headers if name not in ("Date", "Server", "Connection", "Content-Length")]
                    row["response"] = {"status": answer.status, "headers": headers,
                                       "body": answer.text.replace(f"localhost:{worker.port}", "localhost:18083").replace(str(folder.path), "${CWD}")}
                    rows.append(row)
        finally:
            folder.remove()
    return rows


def main() -> None:
    mode = sys.argv[1]
    rows = record(mode)
    with gzip.GzipFile(FOLDER / f"variations_{mode}.jsonl.gz", "wb", mtime=0) as out:
        out.write("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode("ascii"))
    print(f"{len(rows)} answers", file=sys.stderr)


if __name__ == "__main__":
    main()
