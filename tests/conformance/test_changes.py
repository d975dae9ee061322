"""Change events of PostgreSQL, key by key, value by value and schema by schema, against those that Debezium's connector made of the same
tables and statements (tests/support/record_changes.py)."""

import gzip
import json
import pathlib

import pytest

from tests.support import change_scenarios
from tests.support.bywash_process import Bywash

_ANSWERS = json.loads(gzip.decompress((pathlib.Path(__file__).parent / "changes" / "answers.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def found(kafka, postgres):
    converter = {f"{side}.converter": "org.apache.kafka.connect.json.JsonConverter" for side in ("key", "value")}
    schemas = {f"{side}.converter.schemas.enable": "true" for side in ("key", "value")}
    counts = {s.name: {topic: len(records) for topic, records in _ANSWERS[s.name].items()} for s in change_scenarios.SCENARIOS}
    with Bywash.standalone(kafka.bootstrap, worker={**converter, **schemas, "offset.flush.interval.ms": "100"}) as worker:
        try:
            return change_scenarios.run_all(worker, kafka, postgres, change_scenarios.SCENARIOS, settle_s=0.3, counts=counts)
        finally:
            print(worker.process.log_tail(60))


def differences(wanted, got, path="") -> list:
    """Where two JSON values differ, as lines."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [line for key in sorted(set(wanted) | set(got))
                for line in differences(wanted.get(key, "(absent)"), got.get(key, "(absent)"), f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [line for i, (a, b) in enumerate(zip(wanted, got)) for line in differences(a, b, f"{path}[{i}]")]
    same = wanted == got or (wanted != wanted and got != got)
    return [] if same else [f"{path}: {json.dumps(wanted)[:300]} was wanted, not {json.dumps(got)[:300]}"]


@pytest.mark.parametrize("scenario", change_scenarios.SCENARIOS, ids=lambda s: s.name)
def test_events_are_those_of_debezium(found, scenario):
    wanted, topics = _ANSWERS[scenario.name], found[scenario.name]
    problems = []
    for topic in sorted(set(wanted) | set(topics)):
        got = [change_scenarios.steady(record) for record in topics.get(topic, [])]
        expected = [change_scenarios.better(scenario, record) for record in wanted.get(topic, [])]
        problems += differences(expected, got, topic)
    assert not problems, "\n".join([f"{len(problems)} differences", *problems[:60]])
