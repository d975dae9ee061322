"""`bywash try` and POST /try: sample records through a connector's own converters, predicates and transforms."""

import json
import subprocess

import pytest

from tests.support.bywash_process import Bywash
from tests.support.paths import BINARY

_TRANSFORMS = "org.apache.kafka.connect.transforms"
_CHAIN = {"transforms": "keep,mark", "transforms.keep.type": f"{_TRANSFORMS}.Filter", "transforms.keep.predicate": "dead",
          "transforms.mark.type": f"{_TRANSFORMS}.InsertField$Value", "transforms.mark.static.field": "src", "transforms.mark.static.value": "bw",
          "predicates": "dead", "predicates.dead.type": f"{_TRANSFORMS}.predicates.RecordIsTombstone"}
_SINK = {"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": "orders", "file": "/nowhere/out.txt",
         "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
         "key.converter": "org.apache.kafka.connect.storage.StringConverter", **_CHAIN}
_LINES = ['{"id":1}', '{"key":"k","value":{"id":2},"timestamp":1700000000123}', '{"key":"gone","value":null}', '{bad']


def run_try(tmp_path, connector, lines, *more):
    file, records = tmp_path / "connector.json", tmp_path / "records.jsonl"
    file.write_text(json.dumps(connector), encoding="utf-8")
    records.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return subprocess.run([str(BINARY), "try", str(file), "--records", str(records), *more], capture_output=True, text=True, timeout=60, check=False)


def test_each_record_has_its_outcome(tmp_path):
    done = run_try(tmp_path, {"name": "s", "config": _SINK}, _LINES, "--json")
    plain, enveloped, dropped, failed = map(json.loads, done.stdout.splitlines())
    assert plain["record"]["value"] == {"map": [["id", {"int64": "1"}], ["src", "bw"]]} and plain["record"]["topic"] == "orders"
    assert enveloped["record"]["key"] == "k" and enveloped["record"]["timestamp"] == 1700000000123
    assert dropped == {"id": "3", "dropped": True}
    assert (failed["error"]["stage"], failed["error"]["component"]) == ("VALUE_CONVERTER", "value.converter")
    assert failed["error"]["class"] == "org.apache.kafka.connect.errors.DataException"
    assert done.returncode == 1, "a record failed"
    assert not (tmp_path / "nowhere").exists()


def test_it_reads_well_on_a_terminal(tmp_path):
    done = run_try(tmp_path, _SINK, _LINES)
    assert "1: topic orders, partition 0" in done.stdout and "src" in done.stdout and '"bw"' in done.stdout
    assert "3: dropped by the transforms" in done.stdout and "4: FAILED at VALUE_CONVERTER in value.converter" in done.stdout
    assert "4 records: 2 delivered, 1 dropped, 1 failed" in done.stderr


def test_a_source_shows_what_it_would_write(tmp_path):
    source = {**_SINK, "connector.class": "FileStreamSource", "topic": "lines", "file": "in.txt"}
    del source["topics"]
    record = {"record": {"topic": "lines", "value_schema": None, "value": {"map": [["id", {"int32": 1}]]}}}
    done = run_try(tmp_path, source, [json.dumps(record)], "--json")
    answer = json.loads(done.stdout)
    assert json.loads(answer["produced"]["value"]["utf8"]) == {"id": 1, "src": "bw"} and answer["produced"]["topic"] == "lines"
    assert done.returncode == 0


@pytest.mark.parametrize("change, words", [
    ({"transforms.mark.type": "NoSuch"}, "Class NoSuch could not be found"),
    ({"transforms.mark.static.field": None}, "No field insertion configured"),
    ({"value.converter": "com.acme.Nothing"}, "com.acme.Nothing"),
    ({"connector.class": "com.acme.Sink"}, "com.acme.Sink"),
    ({"value.converter.schemas.enable": "maybe"}, "Expected value to be either true or false"),
])
def test_a_wrong_configuration_is_told_once(tmp_path, change, words):
    wrong = {key: value for key, value in {**_SINK, **change}.items() if value is not None}
    done = run_try(tmp_path, wrong, _LINES)
    assert done.returncode == 1 and words in done.stderr and done.stdout == ""


def test_the_workers_converters_serve_where_the_connector_has_none(tmp_path):
    plain = {key: value for key, value in _SINK.items() if "converter" not in key}
    worker = tmp_path / "worker.properties"
    worker.write_text("key.converter=org.apache.kafka.connect.storage.StringConverter\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n"
                      "value.converter.schemas.enable=false\n", encoding="ascii")
    done = run_try(tmp_path, plain, _LINES[:2], "--worker", str(worker), "--json")
    assert [json.loads(line)["record"]["key"] for line in done.stdout.splitlines()] == [None, "k"]


def test_the_same_over_rest(kafka, start_bywash):
    worker = start_bywash(Bywash.standalone(kafka.bootstrap))
    outcomes = worker.request("POST", "/try", {"config": _SINK, "records": [{"id": 1}, {"key": "k", "value": None}, "{bad"]})
    assert [outcome["dropped"] for outcome in outcomes] == [False, True, False]
    assert outcomes[0]["record"]["value"]["map"][1] == ["src", "bw"] and outcomes[2]["error"]["stage"] == "VALUE_CONVERTER"
    deep = "[" * 5000 + "]" * 5000
    assert worker.request("POST", "/try", {"config": _SINK, "records": [deep]})[0]["error"]["stage"] == "VALUE_CONVERTER"
    assert worker.request("POST", "/try", {"config": _SINK, "records": ["1e999"]})[0]["error"]["stage"] == "TRANSFORMATION"
