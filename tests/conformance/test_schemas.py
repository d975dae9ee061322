"""What a schema says besides its types goes through every converter that can hold it, both ways, and through transforms; schemas that change from
record to record are read alike whatever `schemas.cache.size` is; `schema.content` stands for the schema of every message."""

import json
import subprocess

import pytest

from tests.support.paths import BINARY

_APACHE = "org.apache.kafka.connect"
_STRING = {"class": f"{_APACHE}.storage.StringConverter", "config": {}}
_HEADERS = {"class": f"{_APACHE}.storage.SimpleHeaderConverter", "config": {}}
_CONVERTERS = {"json": (f"{_APACHE}.json.JsonConverter", None), "avro": ("io.confluent.connect.avro.AvroConverter", "AVRO"),
               "json_schema": ("io.confluent.connect.json.JsonSchemaConverter", "JSON")}
_SCHEMA = {"type": "struct", "optional": False, "name": "com.acme.Order", "version": 3, "doc": "an order", "parameters": {"owner": "sales"}, "fields": [
    {"name": "id", "schema": {"type": "int64", "optional": False, "doc": "its number"}},
    {"name": "qty", "schema": {"type": "int32", "optional": True, "default": {"int32": 5}}},
    {"name": "color", "schema": {"type": "string", "optional": True, "name": "com.acme.Color", "version": 2, "parameters": {"palette": "web"}}},
    {"name": "at", "schema": {"type": "int64", "optional": True, "name": f"{_APACHE}.data.Timestamp", "version": 1}},
    {"name": "price", "schema": {"type": "bytes", "optional": True, "name": f"{_APACHE}.data.Decimal", "version": 1, "parameters": {"scale": "2"}}},
    {"name": "addr", "schema": {"type": "struct", "optional": True, "name": "com.acme.Address", "version": 1, "doc": "where to", "fields": [
        {"name": "city", "schema": {"type": "string", "optional": False}}]}}]}
_VALUE = {"struct": {"id": {"int64": "7"}, "qty": {"int32": 2}, "color": "red", "at": {"millis": "1700000000123"}, "price": {"decimal": {"unscaled": "1999", "scale": 2}},
                     "addr": {"struct": {"city": "Oslo"}}}}


def _answers(tmp_path, *cases) -> list:
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps({"id": str(i), **case}) + "\n" for i, case in enumerate(cases)), encoding="utf-8")
    done = subprocess.run([str(BINARY), "try", "--cases", str(file), "--json"], check=True, capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _source(converter: dict, chain=()) -> dict:
    record = {"topic": "orders", "partition": 0, "timestamp": None, "key_schema": None, "key": None, "value_schema": _SCHEMA, "value": _VALUE, "headers": []}
    return {"direction": "source", "chain": list(chain), "record": record, "key.converter": _STRING, "value.converter": converter, "header.converter": _HEADERS}


def _sink(value, converter: dict) -> dict:
    return {"direction": "sink", "chain": [], "topic": "orders", "partition": 0, "offset": 1, "timestamp": 0, "timestamp_type": "CreateTime", "key": None, "value": value, "headers": [],
            "key.converter": _STRING, "value.converter": converter, "header.converter": _HEADERS}


@pytest.mark.parametrize("kind", sorted(_CONVERTERS))
def test_what_a_schema_says_comes_back(tmp_path, kind):
    name, language = _CONVERTERS[kind]
    written = _answers(tmp_path, _source({"class": name, "config": {}}))[0]["produced"]
    converter = {"class": name, "config": {}}
    if language:
        converter["schemas"] = [{"subject": "orders-value", "version": 3, "id": 1, "schemaType": language, "schema": written["value_avro_schema"]}]
    read = _answers(tmp_path, _sink(written["value"], converter))[0]["record"]
    assert read["value"] == _VALUE
    assert read["value_schema"] == _SCHEMA


def test_transforms_keep_what_they_do_not_change(tmp_path):
    chain = [{"type": f"{_APACHE}.transforms.ReplaceField$Value", "config": {"renames": "id:number"}},
             {"type": f"{_APACHE}.transforms.InsertField$Value", "config": {"static.field": "src", "static.value": "x"}},
             {"type": f"{_APACHE}.transforms.Cast$Value", "config": {"spec": "qty:int64"}}]
    schema = _answers(tmp_path, _source({"class": f"{_APACHE}.json.JsonConverter", "config": {}}, chain))[0]["record"]["value_schema"]
    assert {key: schema[key] for key in ("name", "version", "doc", "parameters")} == {key: _SCHEMA[key] for key in ("name", "version", "doc", "parameters")}
    fields = {field["name"]: field["schema"] for field in schema["fields"]}
    before = {field["name"]: field["schema"] for field in _SCHEMA["fields"]}
    assert fields["number"] == before["id"] and all(fields[name] == before[name] for name in ("color", "at", "price", "addr"))
    assert fields["qty"] == {"type": "int64", "optional": True, "default": {"int64": "5"}}


def _try_connector(tmp_path, settings: dict, lines: list) -> list:
    connector, records = tmp_path / "connector.json", tmp_path / "records.jsonl"
    connector.write_text(json.dumps({"connector.class": f"{_APACHE}.file.FileStreamSinkConnector", "topics": "orders", "file": "/nowhere", "key.converter": _STRING["class"],
                                     "value.converter": f"{_APACHE}.json.JsonConverter", **settings}), encoding="utf-8")
    records.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = subprocess.run([str(BINARY), "try", str(connector), "--records", str(records), "--json"], capture_output=True, text=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("size", ["0", "1", "1000"])
def test_schemas_may_change_with_every_record(tmp_path, size):
    versions = [{"type": "struct", "name": "v", "version": n, "fields": [{"field": f"f{i}", "type": "int32"} for i in range(n)]} for n in (1, 2, 3)]
    lines = [{"schema": versions[i % 3], "payload": {f"f{k}": i for k in range(i % 3 + 1)}} for i in range(30)]
    outcomes = _try_connector(tmp_path, {"value.converter.schemas.cache.size": size}, lines)
    assert [outcome["record"]["value_schema"]["version"] for outcome in outcomes] == [i % 3 + 1 for i in range(30)]
    assert [outcome["record"]["value"] for outcome in outcomes] == [{"struct": {f"f{k}": {"int32": i} for k in range(i % 3 + 1)}} for i in range(30)]


def test_schema_content_types_bare_payloads(tmp_path):
    content = json.dumps({"type": "struct", "fields": [{"field": "id", "type": "int32"}, {"field": "qty", "type": "int16", "optional": True, "default": 9}]})
    lines = [{"id": 5}, {"id": 5, "qty": 1}, {"schema": {"type": "int8"}, "payload": 1}]
    typed, full, enveloped = _try_connector(tmp_path, {"value.converter.schema.content": content}, lines)
    assert typed["record"]["value"] == {"struct": {"id": {"int32": 5}, "qty": {"int16": 9}}} and full["record"]["value"]["struct"]["qty"] == {"int16": 1}
    assert enveloped["error"]["stage"] == "VALUE_CONVERTER", "an envelope is a payload without the field 'id'"
    plain = _try_connector(tmp_path, {"value.converter.schema.content": content, "value.converter.schemas.enable": "false"}, lines[:1])[0]
    assert plain["record"]["value_schema"] is None, "without schemas the content does not count, as in Connect"
