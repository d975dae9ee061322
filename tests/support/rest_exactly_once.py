"""More requests for `record_rest.py`, to a distributed worker whose sources deliver exactly once: the keys of KIP-618 in validations and creations, tasks
that fail and what restarts them, documents that are nested deep."""

import json
from typing import Iterator, List

from tests.support.rest_variations import SINK, SOURCE, Request, running

_FAILS = {**SINK, "file": "/no/such/folder/out.txt", "topics": "rv-t1"}


def _kept(config: dict) -> dict:
    return {key: value for key, value in config.items() if value is not None}


def _changes() -> Iterator[dict]:
    for support in (None, "required", "requested", "REQUIRED", "x", "", " required "):
        for boundary in (None, "poll", "interval", "connector", "POLL", "x", ""):
            yield {"exactly.once.support": support, "transaction.boundary": boundary}
    for interval in ("0", "-1", "1", "x", "", "1.5", "9223372036854775808", None):
        yield {"transaction.boundary": "interval", "transaction.boundary.interval.ms": interval}
        yield {"transaction.boundary.interval.ms": interval}
    for topic in ("rv-offsets", "", " ", "a b", "a/b", "x" * 300, ".", "rv-cluster-offsets", None):
        yield {"offsets.storage.topic": topic}
    for key, value in (("producer.override.transactional.id", "t"), ("producer.override.enable.idempotence", "false"), ("producer.override.enable.idempotence", "x"), ("producer.override.acks", "1"),
                       ("producer.override.transaction.timeout.ms", "x"), ("producer.override.transaction.timeout.ms", "1"), ("producer.override.delivery.timeout.ms", "1"), ("consumer.override.isolation.level", "read_uncommitted"),
                       ("admin.override.bootstrap.servers", "localhost:1")):
        yield {key: value}
        yield {key: value, "exactly.once.support": "required"}


def exactly_once() -> Iterator[Request]:
    for change in _changes():
        note = json.dumps(change)
        config = _kept({**SOURCE, "name": "v", **change})
        yield Request("exactly once", "PUT", "/connector-plugins/FileStreamSource/config/validate", config, note=note)
        # A source that reads standard input cannot say from where it goes on.
        yield Request("exactly once", "PUT", "/connector-plugins/FileStreamSource/config/validate", _kept({**config, "file": None}), note=f"stdin {note}")
        yield Request("exactly once", "PUT", "/connector-plugins/FileStreamSink/config/validate", _kept({**SINK, "name": "v", **change}), note=f"sink {note}")
    for change in ({"exactly.once.support": "required"}, {"exactly.once.support": "x"}, {"transaction.boundary": "connector"}, {"transaction.boundary": "x"}, {"transaction.boundary.interval.ms": "0"},
                   {"exactly.once.support": "required", "file": None}, {"tasks.max": "0", "transaction.boundary": "connector"}):
        if change != {"exactly.once.support": "required"}:
            yield Request("exactly once", "POST", "/connectors", {"name": "rv-bad", "config": _kept({**SOURCE, **change})}, note=json.dumps(change))
            yield Request("exactly once", "PUT", "/connectors/rv-bad/config", _kept({**SOURCE, **change}), note=json.dumps(change))


def fences() -> Iterator[Request]:
    yield Request("fences", "POST", "/connectors", {"name": "rv-eos", "config": {**SOURCE, "exactly.once.support": "required", "transaction.boundary": "poll"}},
                  before=[{"op": "create_topic", "topic": "rv-t1", "partitions": 1}, {"op": "write_file", "file": "in.txt", "text": "a\nb\n"}])
    before = [running("rv-eos")]
    for headers in ([], [("X-Connect-Authorization", "eA==")], [("X-Connect-Request-Signature-Algorithm", "HmacSHA256")], [("X-Connect-Authorization", "eA=="), ("X-Connect-Request-Signature-Algorithm", "HmacSHA256")],
                    [("X-Connect-Authorization", "!"), ("X-Connect-Request-Signature-Algorithm", "HmacSHA256")], [("X-Connect-Authorization", "eA=="), ("X-Connect-Request-Signature-Algorithm", "x")],
                    [("X-Connect-Authorization", "eA=="), ("X-Connect-Request-Signature-Algorithm", "HmacSHA512")]):
        for name in ("rv-eos", "rv-nope"):
            for query in ("", "?forward=false", "?forward=x"):
                yield Request("fences", "PUT", f"/connectors/{name}/fence{query}", headers=headers, note=str(headers), before=before)
                before = []
    for change in ({"transaction.boundary": "interval"}, {"transaction.boundary": None}, {"exactly.once.support": None}, {"exactly.once.support": "x"}, {"transaction.boundary": "connector"}):
        yield Request("fences", "PATCH", "/connectors/rv-eos/config", change, note=json.dumps(change), before=[running("rv-eos")])
        yield Request("fences", "GET", "/connectors/rv-eos/config", note=json.dumps(change))
    yield Request("fences", "GET", "/connectors/rv-eos/offsets", before=[running("rv-eos"), {"op": "wait_http", "path": "/connectors/rv-eos/offsets", "status": 200, "contains": "position"}])
    yield Request("fences", "GET", "/connectors/rv-eos/tasks")


def failures() -> Iterator[Request]:
    """Tasks that fail, and what restarts them: they fail again."""
    yield Request("failures", "POST", "/connectors", {"name": "rv-fail", "config": {**_FAILS, "tasks.max": "2"}})
    failed = {"op": "wait_status", "connector": "rv-fail", "connector_state": "RUNNING", "task_states": ["FAILED", "FAILED"]}
    for query in ("", "?includeTasks=true", "?includeTasks=true&onlyFailed=true", "?onlyFailed=true", "?includeTasks=false&onlyFailed=true", "?includeTasks=true&onlyFailed=false"):
        yield Request("failures", "POST", f"/connectors/rv-fail/restart{query}", before=[failed], note=query)
        yield Request("failures", "GET", "/connectors/rv-fail/status", before=[{"op": "sleep", "seconds": 2}, failed], note=query)
    for task in ("0", "1", "2"):
        yield Request("failures", "POST", f"/connectors/rv-fail/tasks/{task}/restart", before=[failed])
        yield Request("failures", "GET", f"/connectors/rv-fail/tasks/{task}/status", before=[{"op": "sleep", "seconds": 2}, failed])
    for change, code in (("pause", "PAUSED"), ("resume", "RUNNING"), ("stop", "STOPPED"), ("resume", "RUNNING")):
        yield Request("failures", "PUT", f"/connectors/rv-fail/{change}")
        yield Request("failures", "GET", "/connectors/rv-fail/status", note=change,
                      before=[{"op": "wait_status", "connector": "rv-fail", "connector_state": code, "task_states": None}, {"op": "sleep", "seconds": 3}])
        if change == "pause":
            yield Request("failures", "POST", "/connectors/rv-fail/restart?includeTasks=true&onlyFailed=true", note="paused")
            yield Request("failures", "GET", "/connectors/rv-fail/status", note="restarted while paused", before=[{"op": "sleep", "seconds": 3}])
    yield Request("failures", "PUT", "/connectors/rv-fail/config", {**_FAILS, "file": "well.txt"})
    yield Request("failures", "GET", "/connectors/rv-fail/status", before=[running("rv-fail")])
    yield Request("failures", "GET", "/connectors?expand=status&expand=info")
    for name in ("rv-fail", "rv-eos"):
        yield Request("failures", "DELETE", f"/connectors/{name}")


def depths() -> Iterator[Request]:
    for depth in (998, 999, 1000, 1001, 5000):
        for opened, closed in (("[", "]"), ('{"a":', "}")):
            inner = opened * depth + "1" + closed * depth
            for method, path in (("POST", "/connectors"), ("PUT", "/connectors/rv-x/config"), ("PATCH", "/connectors/rv-x/offsets"), ("PUT", "/admin/loggers/rv.x"), ("PATCH", "/connectors/rv-x/config")):
                yield Request("depths", method, path, inner, note=f"{depth} {opened}")
            yield Request("depths", "PATCH", "/connectors/rv-x/offsets", '{"offsets":[{"partition":{"x":' + inner + '},"offset":{"y":1}}]}', note=f"{depth} {opened} in a partition")


def requests() -> List[Request]:
    return [request for part in (exactly_once, fences, failures, depths) for request in part()]
