"""Producer, consumer and admin calls of tests, over confluent-kafka. Every function takes the bootstrap address."""

import dataclasses
import itertools
import time
import uuid
from typing import Iterable, Mapping, Optional

from confluent_kafka import (OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, OffsetSpec


_COORDINATOR_STARTING = ("COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR")


def _silent(*_arguments) -> None:
    """librdkafka's own log lines of tests that break connections on purpose go nowhere."""


def _quiet(bootstrap: str, **more) -> dict:
    return {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": _silent, **more}


def admin(bootstrap: str) -> AdminClient:
    """Keep it in a variable while a future of its is awaited: a collected client never answers."""
    return AdminClient(_quiet(bootstrap))


def responds(bootstrap: str) -> bool:
    """Whether a broker answers a metadata request and names itself."""
    try:
        return bool(admin(bootstrap).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def unique(prefix: str) -> str:
    """A name nobody used before: `prefix-1a2b3c4d`."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def create_topic(bootstrap: str, name: Optional[str] = None, partitions: int = 1,
                 config: Optional[Mapping[str, str]] = None) -> str:
    """Creates the topic (a unique name when None), waits until it has leaders, returns its name."""
    name = name or unique("topic")
    client = admin(bootstrap)
    new = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
    client.create_topics([new])[name].result(30)
    deadline = time.monotonic() + 30
    while True:
        topic = client.list_topics(name, timeout=10).topics[name]
        if topic.error is None and len(topic.partitions) == partitions and all(p.leader >= 0 for p in topic.partitions.values()):
            return name
        if time.monotonic() > deadline:
            raise TimeoutError(f"topic '{name}' has no leaders after 30 s")
        time.sleep(0.02)


def delete_topic(bootstrap: str, name: str) -> None:
    client = admin(bootstrap)
    client.delete_topics([name])[name].result(30)


def set_topic_config(bootstrap: str, name: str, config: Mapping[str, str]) -> None:
    changes = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=changes)
    client = admin(bootstrap)
    client.incremental_alter_configs([resource])[resource].result(30)


@dataclasses.dataclass
class Record:
    """One record, to produce or consumed. Timestamps are epoch milliseconds; None lets the producer choose."""
    value: Optional[bytes]
    key: Optional[bytes] = None
    headers: list = dataclasses.field(default_factory=list)
    partition: Optional[int] = None
    offset: Optional[int] = None
    timestamp: Optional[int] = None


class _Failures:
    def __init__(self):
        self.first = None

    def __call__(self, error, _message):
        if error is not None and self.first is None:
            self.first = error

    def check(self, left: int) -> None:
        if self.first is not None:
            raise KafkaException(self.first)
        if left:
            raise TimeoutError(f"{left} records were not acknowledged in time")


def produce(bootstrap: str, topic: str, records: Iterable, **producer_config) -> None:
    """Produces `Record`s, or plain values (bytes, str or None), one by one; returns when all are acknowledged."""
    producer = Producer(_quiet(bootstrap, **{"linger.ms": 1, "message.max.bytes": 64 << 20, **producer_config}))
    failures = _Failures()
    for record in records:
        if not isinstance(record, Record):
            record = Record(record.encode() if isinstance(record, str) else record)
        more = {}
        if record.partition is not None:
            more["partition"] = record.partition
        if record.timestamp is not None:
            more["timestamp"] = record.timestamp
        while True:
            try:
                producer.produce(topic, value=record.value, key=record.key, headers=record.headers or None,
                                 on_delivery=failures, **more)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    failures.check(producer.flush(60))


def produce_many(bootstrap: str, topic: str, values: Iterable[bytes], *, keys: Optional[Iterable] = None,
                 partition: Optional[int] = None, timestamps: Optional[Iterable[int]] = None, batch: int = 5000,
                 **producer_config) -> int:
    """The fast way for many records without headers; returns how many, all acknowledged, in order per partition.

    1 M values of 493 B take about 3 s on two cores beside the broker.
    """
    producer = Producer(_quiet(bootstrap, **{
        "linger.ms": 5, "batch.size": 1 << 20, "batch.num.messages": 20000, "queue.buffering.max.messages": 200000,
        "queue.buffering.max.kbytes": 512 << 10, "message.max.bytes": 64 << 20, "enable.idempotence": True,
        "delivery.report.only.error": True, **producer_config}))
    failures = _Failures()
    columns = {"value": values}
    if keys is not None:
        columns["key"] = keys
    if timestamps is not None:
        columns["timestamp"] = timestamps
    names = list(columns)
    rows = zip(*columns.values())
    where = {} if partition is None else {"partition": partition}
    total = 0
    while chunk := [dict(zip(names, row)) for row in itertools.islice(rows, batch)]:
        total += len(chunk)
        _queue(producer, topic, chunk, failures, where)
    failures.check(producer.flush(120))
    return total


def _queue(producer: Producer, topic: str, chunk: list, failures: _Failures, where: dict) -> None:
    while chunk:
        try:
            producer.produce_batch(topic, chunk, on_delivery=failures, **where)
        except BufferError:
            pass
        chunk = [message for message in chunk if message.pop("_error", None) is not None]
        producer.poll(0.05 if chunk else 0)
        failures.check(0)


def _partitions(client, topic: str) -> list:
    described = client.list_topics(topic, timeout=10).topics[topic]
    if described.error is not None:
        raise KafkaException(described.error)
    return sorted(described.partitions)


def end_offsets(bootstrap: str, topic: str, *, committed_only: bool = False) -> dict:
    """{partition: end offset}; with committed_only up to the last stable offset of transactions."""
    client = admin(bootstrap)
    wanted = {TopicPartition(topic, p): OffsetSpec.latest() for p in _partitions(client, topic)}
    level = IsolationLevel.READ_COMMITTED if committed_only else IsolationLevel.READ_UNCOMMITTED
    found = client.list_offsets(wanted, isolation_level=level, request_timeout=30)
    return {where.partition: future.result(30).offset for where, future in found.items()}


def record_counts(bootstrap: str, wanted) -> dict:
    """{topic: sum of its end offsets} of the topics whose name `wanted(name)` is true."""
    client = admin(bootstrap)
    known = client.list_topics(timeout=10).topics
    places = [TopicPartition(name, p) for name, topic in known.items() if wanted(name) for p in topic.partitions]
    out = dict.fromkeys((place.topic for place in places), 0)
    if places:
        found = client.list_offsets({place: OffsetSpec.latest() for place in places}, request_timeout=30)
        for place, future in found.items():
            out[place.topic] += future.result(30).offset
    return out


def consume_topics(bootstrap: str, counts: Mapping[str, int], timeout: float = 30.0) -> dict:
    """The first `counts[topic]` records of each topic, which has one partition, by one consumer."""
    consumer = Consumer(_quiet(bootstrap, **{"group.id": unique("reader"), "enable.auto.commit": False}))
    out = {topic: [] for topic in counts}
    deadline = time.monotonic() + timeout
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING) for topic, n in counts.items() if n])
        while any(len(out[topic]) < n for topic, n in counts.items()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{ {topic: len(records) for topic, records in out.items()} } of {dict(counts)} after {timeout:.0f} s")
            for message in consumer.consume(10000, timeout=0.1):
                if message.error():
                    raise KafkaException(message.error())
                out[message.topic()].append(_record(message))
    finally:
        consumer.close()
    return out


def consume_all(bootstrap: str, topic: str, *, count: Optional[int] = None, timeout: float = 30.0,
                isolation: str = "read_committed") -> list:
    """All `Record`s from the beginning to the end as it is now, ordered by partition and offset.

    With `count`: waits until at least that many are there. TimeoutError says how many came.
    """
    config = {"group.id": unique("reader"), "enable.auto.commit": False, "isolation.level": isolation,
              "enable.partition.eof": True, "fetch.message.max.bytes": 8 << 20}
    consumer = Consumer(_quiet(bootstrap, **config))
    records, at_end = [], set()
    deadline = time.monotonic() + timeout
    try:
        partitions = _partitions(consumer, topic)
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
        while len(at_end) < len(partitions) if count is None else len(records) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"topic '{topic}': {len(records)} records after {timeout:.0f} s"
                                   + (f", expected {count}" if count is not None else ""))
            for message in consumer.consume(10000, timeout=0.1):
                if message.error() is None:
                    records.append(_record(message))
                    at_end.discard(message.partition())
                elif message.error().name() == "_PARTITION_EOF":
                    at_end.add(message.partition())
                else:
                    raise KafkaException(message.error())
    finally:
        consumer.close()
    return sorted(records, key=lambda record: (record.partition, record.offset))


def _record(message) -> Record:
    return Record(message.value(), message.key(), message.headers() or [], message.partition(), message.offset(),
                  message.timestamp()[1])


def committed(bootstrap: str, group: str, topic: str) -> dict:
    """{partition: committed offset} of the group for this topic; partitions without a commit are left out.

    Asked by a consumer that never joins the group: the admin client of librdkafka crashes while the coordinator is starting.
    """
    client = Consumer(_quiet(bootstrap, **{"group.id": group, "enable.auto.commit": False}))
    deadline = time.monotonic() + 30
    try:
        while True:
            try:
                found = client.committed([TopicPartition(topic, p) for p in _partitions(client, topic)], timeout=10)
                return {p.partition: p.offset for p in found if p.offset >= 0}
            except KafkaException as error:
                if time.monotonic() > deadline or not error.args[0].retriable() and error.args[0].name() not in _COORDINATOR_STARTING:
                    raise
                time.sleep(0.1)
    finally:
        client.close()


def wait_committed(bootstrap: str, group: str, topic: str, timeout: float = 60.0) -> None:
    """Waits until the group has committed everything that the topic holds now."""
    ends = {p: end for p, end in end_offsets(bootstrap, topic).items() if end > 0}
    deadline = time.monotonic() + timeout
    while True:
        have = committed(bootstrap, group, topic)
        if all(have.get(p, 0) >= end for p, end in ends.items()):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"group '{group}' on topic '{topic}': committed {have} of {ends} after {timeout:.0f} s")
        time.sleep(0.1)
