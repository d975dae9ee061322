"""Bad input of every kind through every converter, by `bywash try --cases`: each record has its own outcome, an error says stage, class and,
where there is one, the field; the good record behind it is read; the program lives, in bounded memory. Records are never quoted."""

import base64
import io
import json
import resource
import subprocess

import fastavro
import pytest

from tests.support.paths import BINARY
from tests.support.schema_registry import frame

_STRING = "org.apache.kafka.connect.storage.StringConverter"
_HEADERS = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
_JSON = "org.apache.kafka.connect.json.JsonConverter"
_SECRET = "hunter2word"
_AVRO = {"type": "record", "name": "R", "fields": [
    {"name": "id", "type": "long"}, {"name": "name", "type": "string"},
    {"name": "addr", "type": {"type": "record", "name": "A", "fields": [{"name": "zip", "type": "int"}, {"name": "tags", "type": {"type": "array", "items": "string"}}]}}]}
_PROTO = ('syntax = "proto3"; message R { int64 id = 1; string name = 2; A addr = 3; message A { int32 zip = 1; repeated string tags = 2; } }')
_JSON_SCHEMA = {"type": "object", "properties": {"id": {"type": "integer", "connect.index": 0}, "name": {"type": "string", "connect.index": 1}, "addr": {
    "type": "object", "connect.index": 2, "properties": {"zip": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}}}}}
_FRAMED = {"avro": ("io.confluent.connect.avro.AvroConverter", "AVRO", _AVRO), "protobuf": ("io.confluent.connect.protobuf.ProtobufConverter", "PROTOBUF", _PROTO),
           "json_schema": ("io.confluent.connect.json.JsonSchemaConverter", "JSON", _JSON_SCHEMA)}
_CYCLIC = {"avro": {"type": "record", "name": "N", "fields": [{"name": "next", "type": ["null", "N"]}]},
           "protobuf": 'syntax = "proto3"; message N { N next = 1; }', "json_schema": {"type": "object", "properties": {"next": {"$ref": "#"}}}}


def _deep(kind: str, depth: int) -> str:
    if kind == "protobuf":
        return 'syntax = "proto3"; ' + "".join(f"message M{i} {{ M{i + 1} m = 1; }} " for i in range(depth)) + f"message M{depth} {{ int32 x = 1; }}"
    if kind == "avro":
        return "".join('{"type":"record","name":"D%d","fields":[{"name":"d","type":' % i for i in range(depth)) + '"int"' + "}]}" * depth
    return '{"type":"object","properties":{"d":' * depth + '{"type":"integer"}' + "}}" * depth


def _good(kind: str) -> bytes:
    if kind == "avro":
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(_AVRO))), {"id": 7, "name": _SECRET, "addr": {"zip": 5, "tags": ["a", "b"]}})
        return frame(1, out.getvalue())
    if kind == "protobuf":
        address = b"\x08\x05\x12\x01a\x12\x01b"
        return frame(1, b"\0" + b"\x08\x07\x12" + bytes([len(_SECRET)]) + _SECRET.encode() + b"\x1a" + bytes([len(address)]) + address)
    return frame(1, json.dumps({"id": 7, "name": _SECRET, "addr": {"zip": 5, "tags": ["a", "b"]}}).encode())


def _case(name: str, value: bytes, converter: dict) -> dict:
    return {"id": name, "direction": "sink", "chain": [], "topic": "t", "partition": 3, "offset": 8812, "timestamp": 0, "timestamp_type": "CreateTime", "key": None,
            "value": {"base64": base64.b64encode(value).decode()}, "headers": [], "key.converter": {"class": _STRING, "config": {}},
            "value.converter": converter, "header.converter": {"class": _HEADERS, "config": {}}}


def _converter(kind: str, schema=None) -> dict:
    if kind in ("plain", "envelope"):
        return {"class": _JSON, "config": {"schemas.enable": "true" if kind == "envelope" else "false"}}
    name, language, own = _FRAMED[kind]
    text = schema if schema is not None else own
    text = text if isinstance(text, str) else json.dumps(text)
    return {"class": name, "config": {}, "schemas": [{"subject": "t-value", "version": 1, "id": 1, "schemaType": language, "schema": text}]}


def _outcomes(cases: list, folder) -> dict:
    """Answers by id, of a program that may have 2 GiB."""
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="ascii")
    done = subprocess.run([str(BINARY), "try", "--cases", str(file), "--json"], capture_output=True, text=True, timeout=300, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30)))
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [case["id"] for case in cases], "each record has its outcome, in order"
    for answer in answers:
        if "error" in answer:
            error = answer["error"]
            assert error["stage"] in ("VALUE_CONVERTER", "RECORD") and error["class"] and error["message"]
            assert _SECRET not in json.dumps(error), "a record's content is in no message"
    return {answer["id"]: answer for answer in answers}


@pytest.mark.parametrize("kind", sorted(_FRAMED))
def test_messages_cut_and_changed_at_every_byte(tmp_path, kind):
    good, converter = _good(kind), _converter(kind)
    cases = [_case(f"cut-{n}", good[:n], converter) for n in range(len(good))]
    for at in range(len(good)):
        for bit in (0x01, 0x80, 0xFF):
            cases.append(_case(f"bit-{at}-{bit}", good[:at] + bytes([good[at] ^ bit]) + good[at + 1:], converter))
    cases.append(_case("good", good, converter))
    answers = _outcomes(cases, tmp_path)
    assert "record" in answers["good"]
    # A Protobuf message may end behind any field, the empty one is a message too.
    whole = {"protobuf": {6, 8, 8 + 2 + len(_SECRET)}}.get(kind, set())
    refused = [n for n in range(len(good)) if "error" in answers[f"cut-{n}"]]
    assert refused == [n for n in range(len(good)) if n not in whole]
    for at in range(5):
        assert "error" in answers[f"bit-{at}-255"], "the magic byte, or a schema id that nobody knows"
    if kind != "json_schema":
        told = json.dumps(answers[f"cut-{len(good) - 1}"]["error"])
        assert "addr" in told, "the field is named"


@pytest.mark.parametrize("kind", sorted(_FRAMED))
def test_cyclic_and_deep_schemas_are_the_records_error(tmp_path, kind):
    payload = {"avro": b"\0", "protobuf": b"\0\x0a\0", "json_schema": b'{"next":null}'}[kind]
    cases = [_case("cyclic", frame(1, payload), _converter(kind, _CYCLIC[kind])), _case("deep", frame(1, payload), _converter(kind, _deep(kind, 3000))),
             _case("broken", frame(1, payload), _converter(kind, "{{{")), _case("good", _good(kind), _converter(kind))]
    answers = _outcomes(cases, tmp_path)
    for name in ("cyclic", "deep", "broken"):
        assert "error" in answers[name], name
    told = json.dumps(answers["cyclic"]["error"])
    assert "itself" in told or "recursi" in told.lower()
    assert "record" in answers["good"]


_SCHEMA = ('{"type":"struct","fields":[{"type":"int32","field":"n"},{"type":"struct","optional":true,"field":"a","fields":'
           '[{"type":"string","field":"s"},{"type":"array","items":{"type":"int8"},"field":"l","optional":true}]}]}')


def _envelope(payload: str) -> bytes:
    return f'{{"schema":{_SCHEMA},"payload":{payload}}}'.encode()


@pytest.mark.parametrize("kind", ["plain", "envelope"])
def test_json_of_every_bad_kind(tmp_path, kind):
    good = f'{{"n":1,"a":{{"s":"{_SECRET}","l":[1]}}}}'
    make = _envelope if kind == "envelope" else (lambda text: text.encode())
    whole = make(good)
    bad = {"open": b"{", "word": _SECRET.encode(), "utf8": make(good).replace(b"hunter", b"\xff\xfe\xff"), "half": b'{"a":"\xc3',
           "comma": b"[1,]", "quote": b"{'a':1}", "depth": b"[" * 100_000, "depth-objects": b'{"a":' * 50_000, "digits": b"1" * 2000, "exponent": b'{"a":1e}',
           "control": b'"\x01"', "surrogate": b'"\\ud8"'}
    fine = {"huge": b'{"n":1e999999}' if kind == "plain" else _envelope('{"n":99999999999999999999,"a":null}'), "repeated": make('{"n":1,"n":2,"a":null}'),
            "big": make('{"n":1,"a":{"s":"' + "x" * 10_000_000 + '","l":null}}')}
    cases = [_case(f"cut-{n}", whole[:n], _converter(kind)) for n in range(1, len(whole))]
    cases += [_case(name, value, _converter(kind)) for name, value in {**bad, **fine, "good": whole}.items()]
    answers = _outcomes(cases, tmp_path)
    assert [name for name in bad if "error" not in answers[name]] == []
    assert [name for name in (*fine, "good") if "record" not in answers[name]] == []
    assert [n for n in range(1, len(whole)) if "error" not in answers[f"cut-{n}"]] == []
    repeated = json.dumps(answers["repeated"]["record"]["value"])
    assert "2" in repeated and '"1"' not in repeated, "the last of repeated keys counts"


def test_the_field_that_is_at_fault_is_named(tmp_path):
    payloads = {"n": '{"a":null}', "a.s": '{"n":1,"a":{"s":5}}', "a.l": '{"n":1,"a":{"s":"","l":{"x":null}}}', "a": '{"n":1,"a":[]}'}
    answers = _outcomes([_case(name, _envelope(payload), _converter("envelope")) for name, payload in payloads.items()], tmp_path)
    assert {name: answers[name]["error"]["field"] for name in payloads} == {name: name for name in payloads}
