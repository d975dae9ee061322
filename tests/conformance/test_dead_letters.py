"""The same bad records through Apache Kafka Connect's worker and through this one: equal dead letters, byte for byte, in the same order.

Of a trace only what a program without a JVM can have is compared: its first line. A message in which the original quotes the record
(docs/compatibility/transforms.md) is compared without the quotation.
"""

import re

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_clients import Record, unique

_APACHE = "org.apache.kafka.connect"
_JSON, _STRING = f"{_APACHE}.json.JsonConverter", f"{_APACHE}.storage.StringConverter"
_INTEGER = f"{_APACHE}.converters.IntegerConverter"
_GOOD = b"\0\0\0\1"
_SINK = {"connector.class": f"{_APACHE}.file.FileStreamSinkConnector", "tasks.max": "1", "errors.tolerance": "all",
         "errors.deadletterqueue.topic.replication.factor": "1", "errors.deadletterqueue.context.headers.enable": "true"}


def _plain():
    """Every converter fails once, alone and together, then the transforms do."""
    config = {"key.converter": _INTEGER, "value.converter": _JSON, "value.converter.schemas.enable": "false", "header.converter": _INTEGER,
              "transforms": "number,first", "transforms.number.type": f"{_APACHE}.transforms.Cast$Value", "transforms.number.spec": "n:int8",
              "transforms.first.type": f"{_APACHE}.transforms.ValueToKey", "transforms.first.fields": "n"}
    good, bad = [("h", _GOOD)], [("h", b"\0"), ("other", b"kept")]
    records = [Record(b'{"n":1}', key=_GOOD, headers=good), Record(b'{"n":2}', key=b"\0", headers=good), Record(b"{bad", key=_GOOD, headers=good),
               Record(b'{"n":"x"}', key=_GOOD), Record(b'{"n":3}', key=_GOOD, headers=bad), Record(b"nul", key=b"", headers=bad), Record(b"[1]", key=None),
               Record(None, key=_GOOD), Record(b"", key=_GOOD), Record(b'{"n":', key=_GOOD), Record(b"[" * 1100, key=_GOOD), Record(b'{"n":4}', key=None),
               Record(b'{"n":"300"}', key=None, headers=[("h", None)]), Record(b'"\xff"', key=_GOOD)]
    return config, records


def _envelopes():
    """JSON with schemas: what an envelope can do wrong, and chains over typed records."""
    config = {"key.converter": _STRING, "value.converter": _JSON, "value.converter.schemas.enable": "true",
              "transforms": "when,mask", "transforms.when.type": f"{_APACHE}.transforms.TimestampConverter$Value", "transforms.when.field": "t",
              "transforms.when.target.type": "Timestamp", "transforms.when.format": "yyyy-MM-dd",
              "transforms.mask.type": f"{_APACHE}.transforms.MaskField$Value", "transforms.mask.fields": "m",
              "transforms.mask.predicate": "some", "predicates": "some", "predicates.some.type": f"{_APACHE}.transforms.predicates.HasHeaderKey",
              "predicates.some.name": "mask"}
    schema = '{"type":"struct","fields":[{"type":"string","optional":true,"field":"t"},{"type":"bytes","optional":true,"field":"m"}]}'
    values = [f'{{"schema":{schema},"payload":{{"t":"2024-01-31","m":null}}}}', '{"payload":1}', '{"schema":{"type":"int33"},"payload":1}',
              f'{{"schema":{schema},"payload":{{"t":"yesterday","m":null}}}}', f'{{"schema":{schema},"payload":{{"t":null,"m":"!"}}}}',
              f'{{"schema":{schema},"payload":[1]}}', f'{{"schema":{schema},"payload":null}}', '{"schema":{"type":"array"},"payload":[]}',
              '{"schema":{"type":"struct","fields":[{"type":"int32","field":"t"}]},"payload":{}}', "[]", "{}", "", '{"schema":{"type":"string"},"payload":"s"}',
              '{"schema":{"type":"struct","fields":[{"type":"int32"}]},"payload":{}}', "{", f'{{"schema":{schema}}}']
    records = [Record(value.encode(), key=b"k") for value in values]
    records.append(Record(f'{{"schema":{schema},"payload":{{"t":null,"m":"AA=="}}}}'.encode(), key=b"k", headers=[("mask", b"1")]))
    return config, records


def _first_line(trace: str) -> str:
    return trace.split("\n", 1)[0]


def _comparable(record) -> dict:
    """A letter as what must be equal."""
    headers = []
    for name, value in record.headers:
        text = value
        if name == "__connect.errors.exception.stacktrace":
            text = _first_line(value.decode()).encode()
        if name in ("__connect.errors.exception.stacktrace", "__connect.errors.exception.message") and text is not None:
            text = re.sub(rb"([Vv]alue) \(.*?\) (was out of range|does not match)", rb"\1 \2", text)
        headers.append((name, text))
    return {"key": record.key, "value": record.value, "headers": headers, "timestamp": record.timestamp}


def _letters(kafka, worker, config, topic, file) -> list:
    queue, group = kafka.create_topic(), unique("letters")
    worker.create("letters", {**_SINK, **config, "topics": topic, "file": str(file), "errors.deadletterqueue.topic.name": queue,
                              "consumer.override.group.id": group})
    kafka.wait_committed(group, topic)
    worker.delete("letters")
    return kafka.consume_all(queue)


@pytest.mark.parametrize("case", [_plain, _envelopes], ids=["plain", "envelopes"])
def test_dead_letters_are_those_of_kafka_connect(kafka, kafka_connect, start_bywash, tmp_path, case):
    config, records = case()
    topic = kafka.create_topic()
    kafka.produce(topic, [Record(r.value, key=r.key, headers=r.headers, timestamp=1_700_000_000_000 + i) for i, r in enumerate(records)])
    wanted = _letters(kafka, kafka_connect, config, topic, tmp_path / "theirs.txt")
    got = _letters(kafka, start_bywash(Bywash.standalone(kafka.bootstrap)), config, topic, tmp_path / "ours.txt")
    assert len(wanted) > 5
    assert [_comparable(record) for record in got] == [_comparable(record) for record in wanted]
    delivered = [len((tmp_path / name).read_text(encoding="utf-8").splitlines()) for name in ("ours.txt", "theirs.txt")]
    assert delivered == [len(records) - len(wanted)] * 2, "read = delivered + dead letters"
