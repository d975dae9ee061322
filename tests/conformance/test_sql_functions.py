"""The `Sql` transform has the functions of queries over tables, with the same kernels: null where an argument is, the record's error where one
cannot be computed, and a wrong call told at validation or on the record with its position."""

import json
import subprocess

import pytest

from tests.support.paths import BINARY

_RECORD = {"text": "Hello World", "url": "https://acme.com/a?b=c", "doc": '{"a":{"b":7}}', "n": 10, "x": 2.5, "ms": 1700000000123, "none": None, "bad": "{"}


def _tried(tmp_path, query: str, *records) -> tuple:
    connector, lines = tmp_path / "connector.json", tmp_path / "records.jsonl"
    connector.write_text(json.dumps({"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": "t", "file": "/nowhere",
                                     "key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
                                     "value.converter.schemas.enable": "false", "transforms": "q", "transforms.q.type": "bywash.transforms.Sql", "transforms.q.query": query}),
                         encoding="utf-8")
    lines.write_text("".join(json.dumps(record) + "\n" for record in records or [_RECORD]), encoding="utf-8")
    done = subprocess.run([str(BINARY), "try", str(connector), "--records", str(lines), "--json"], capture_output=True, text=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize("expression, wanted", [
    ("splitPart(text, ' ', 1)", "World"),
    ("split_part(text, ' ', 1)", "Hello"),  # ours, whose parts count from 1, comes before Pinot's of the same name
    ("lpad(text, 13, '*')", "**Hello World"),
    ("jsonExtractScalar(doc, '$.a.b', 'LONG')", {"int64": "7"}),
    ("urlDomain(url)", "acme.com"),
    ("hypot(3, 4)", {"float64": "5.0"}),
    ("bitAnd(n, 6)", {"int64": "2"}),
    ("toEpochDays(ms)", {"int64": "19675"}),
    ("dateTimeConvert(ms, '1:MILLISECONDS:EPOCH', '1:DAYS:EPOCH', '1:DAYS')", {"int64": "19675"}),
    ("reverse(none)", None),
    ("isNotDistinctFrom(n, 10)", True),
    ("upper(reverse(text))", "DLROW OLLEH"),
])
def test_functions_of_queries(tmp_path, expression, wanted):
    outcomes, told = _tried(tmp_path, f"SELECT {expression} AS out FROM record")
    assert outcomes and "record" in outcomes[0], (outcomes, told)
    assert outcomes[0]["record"]["value"] == {"map": [["out", wanted]]}


def test_a_record_that_cannot_be_computed_fails_alone(tmp_path):
    outcomes, _ = _tried(tmp_path, "SELECT jsonExtractScalar(doc, '$.a', 'LONG') AS out FROM record", {"doc": '{"a":1}'}, {"doc": "{"}, {"doc": '{"a":3}'})
    assert [outcome["record"]["value"]["map"][0][1] for outcome in (outcomes[0], outcomes[2])] == [{"int64": "1"}, {"int64": "3"}]
    error = outcomes[1]["error"]
    assert error["stage"] == "TRANSFORMATION" and error["class"] == "org.apache.kafka.connect.errors.DataException" and "at line 1" in error["message"]


def test_wrong_calls_are_told(tmp_path):
    outcomes, told = _tried(tmp_path, "SELECT noSuchThing(n) AS out FROM record")
    assert outcomes == [] and "There is no function nosuchthing" in told.lower().replace("there", "There")
    outcomes, _ = _tried(tmp_path, "SELECT hypot(n) AS out FROM record")
    assert "at line 1" in outcomes[0]["error"]["message"]
