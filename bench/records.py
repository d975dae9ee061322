"""Records between the broker and a sink: chains of transforms on JSON, Avro and Protobuf decoded, and the kernels by themselves.

A sink of ours gets nothing, as a last Filter drops all; Connect's does nothing with what it gets.
"""

import io
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Mapping, Optional

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from bench.figures import BUILD, JSON, MEMORY, RECORDS, ROUNDS, Figure, best, build, show, target
from bench.loads import bare_loop, deliver, null_sink
from tests.support.schema_registry import SchemaRegistry, frame
from tests.support.stock_transactions import StockTransactions, enveloped, plain

_BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
_NOTE_BYTES = 100  # what fills a Protobuf message up to 150 B


# What most chains do, one of each kind. Connect's sink does nothing; ours gets nothing, as a last Filter drops all.
_CHAIN = {
    "insert": {"type": "InsertField$Value", "topic.field": "topic", "static.field": "source", "static.value": "shop"},
    "replace": {"type": "ReplaceField$Value", "exclude": "user_id", "renames": "id:transaction_id"},
    "cast": {"type": "Cast$Value", "spec": "shares:int64"},
    "time": {"type": "TimestampConverter$Value", "field": "update_at", "target.type": "string", "format": "yyyy-MM-dd HH:mm:ss"},
    "mask": {"type": "MaskField$Value", "fields": "symbol", "replacement": "***"},
}


def chain_config(aliases, drop_all: bool) -> dict:
    """The keys of a connector with these steps of _CHAIN."""
    steps = {alias: _CHAIN[alias] for alias in aliases}
    if drop_all:
        steps["drop"] = {"type": "Filter"}
    config = {"transforms": ",".join(steps)} if steps else {}
    for alias, step in steps.items():
        for key, value in step.items():
            config[f"transforms.{alias}.{key}"] = "org.apache.kafka.connect.transforms." + value if key == "type" else value
    return config


def dropped_records(kafka, topic, aliases, name: str, converter: Optional[Mapping[str, str]] = None) -> Figure:
    """Consume, convert, transform, drop."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        figure = deliver(kafka, topic, name, {"connector.class": "FileStreamSink", "file": f"{folder}/nothing", **(converter or {}), **chain_config(aliases, True)})
        assert Path(folder, "nothing").stat().st_size == 0, "records came through the filter"
        return figure


def connect_chain(kafka, topic, aliases, name: str, converter: str = JSON) -> Figure:
    """Kafka Connect's second connector in a worker, warm, with the same chain and the sink that does nothing."""
    return null_sink(kafka, topic, name, {"value.converter": converter, **chain_config(aliases, False)})[1]


def two_schemas(messages):
    """Every second record under another schema: one with a field more."""
    more = b'{"type":"int32","optional":true,"field":"lot"}]},"payload":'
    for i, message in enumerate(messages):
        yield message if i % 2 == 0 else message.replace(b']},"payload":', b"," + more, 1)


def run_chains(kafka) -> None:
    topic, alternating = kafka.create_topic(), kafka.create_topic()
    kafka.produce_many(topic, enveloped(StockTransactions(seed=1).rows(RECORDS)))
    kafka.produce_many(alternating, two_schemas(enveloped(StockTransactions(seed=1).rows(RECORDS))))
    ours, again, plain_runs, mixed = [], [], [], []
    for turn in range(ROUNDS):
        ours.append(dropped_records(kafka, topic, _CHAIN, f"chain-{turn}"))
        mixed.append(dropped_records(kafka, alternating, _CHAIN, f"mixed-{turn}"))
        plain_runs.append(dropped_records(kafka, topic, [], f"none-{turn}"))
        again.append(dropped_records(kafka, topic, _CHAIN, f"again-{turn}"))
    peer, peer_plain = connect_chain(kafka, topic, _CHAIN, "peer"), connect_chain(kafka, topic, [], "peer-none")
    show("Bywash, five transforms", ours)
    show("Bywash again (noise)", again)
    show("Bywash, no transform", plain_runs)
    show("Bywash, two schemas in turn", mixed)
    show("Connect, five transforms, warm", [peer])
    show("Connect, no transform, warm", [peer_plain])
    target("CPU against Connect, five transforms", best(ours + again).cpu_s / peer.cpu_s, 0.1)
    target("speed with two schemas in turn, of the uniform one", best(ours + again).cpu_s / best(mixed).cpu_s, 0.5, at_most=False)



def run_shapes(kafka) -> None:
    """Schemaless JSON of one shape, and of two that take turns record by record."""
    topic, alternating = kafka.create_topic(), kafka.create_topic()
    kafka.produce_many(topic, plain(StockTransactions(seed=1).rows(RECORDS)))
    kafka.produce_many(alternating, (line if i % 2 == 0 else line[:-1] + b',"lot":1}' for i, line in enumerate(plain(StockTransactions(seed=1).rows(RECORDS)))))
    converter = {"value.converter": JSON, "value.converter.schemas.enable": "false"}
    uniform, mixed = [], []
    for turn in range(ROUNDS):
        uniform.append(dropped_records(kafka, topic, [], f"shape-{turn}", converter))
        mixed.append(dropped_records(kafka, alternating, [], f"shapes-{turn}", converter))
    show("Bywash, plain JSON", uniform)
    show("Bywash, two shapes in turn", mixed)
    target("speed with two shapes in turn, of the uniform one", best(uniform).cpu_s / best(mixed).cpu_s, 0.5, at_most=False)


def run_fetch(kafka) -> None:
    """The two clients that fetch records, in turn: what a record costs by each, converted and dropped."""
    enveloped_topic, plain_topic = kafka.create_topic(), kafka.create_topic()
    kafka.produce_many(enveloped_topic, enveloped(StockTransactions(seed=1).rows(RECORDS)))
    kafka.produce_many(plain_topic, plain(StockTransactions(seed=1).rows(RECORDS)))
    loads = (("JSON with schema", enveloped_topic, {}), ("plain JSON", plain_topic, {"value.converter": JSON, "value.converter.schemas.enable": "false"}),
             ("bytes left alone", enveloped_topic, {"value.converter": _BYTES}))
    for number, (what, topic, converter) in enumerate(loads):
        runs = {"librdkafka": [], "direct": []}
        for turn in range(ROUNDS):
            for client, figures in runs.items():
                figures.append(dropped_records(kafka, topic, [], f"fetch-{number}-{client}-{turn}", {**converter, "consumer.override.fetch.client": client}))
        for client, figures in runs.items():
            show(f"{what}, {client}", figures)
        print(f"         CPU of direct against librdkafka: {best(runs['direct']).cpu_s / best(runs['librdkafka']).cpu_s:.2f}", flush=True)


_AVRO = {"type": "record", "name": "StockTransaction", "namespace": "shop", "fields": [
    {"name": "id", "type": "int"}, {"name": "user_id", "type": "int"}, {"name": "symbol", "type": "string"}, {"name": "shares", "type": "int"},
    {"name": "purchase", "type": "double"}, {"name": "update_at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}
_PROTO = """syntax = "proto3"; package shop;
message StockTransaction { int32 id = 1; int32 user_id = 2; string symbol = 3; int32 shares = 4; double purchase = 5; int64 update_at = 6; string note = 7; }"""


def avro_messages(rows, schema_id: int):
    schema = fastavro.parse_schema(_AVRO)
    for row in rows:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, row._asdict())
        yield frame(schema_id, out.getvalue())


def protobuf_messages(rows, schema_id: int):
    types = descriptor_pb2.FieldDescriptorProto
    kinds = {"int32": types.TYPE_INT32, "string": types.TYPE_STRING, "double": types.TYPE_DOUBLE, "int64": types.TYPE_INT64}
    file = descriptor_pb2.FileDescriptorProto(name="stock.proto", package="shop", syntax="proto3")
    declared = file.message_type.add(name="StockTransaction")
    for number, field in enumerate(_PROTO.split("{")[1].split(";")[:7], start=1):
        kind, name = field.split()[:2]
        declared.field.add(name=name, number=number, type=kinds[kind], label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.StockTransaction"))
    note = "n" * _NOTE_BYTES
    for row in rows:
        yield frame(schema_id, b"\0" + message(**row._asdict(), note=note).SerializeToString())


def run_binary(kafka) -> None:
    """Avro and Protobuf with a Schema Registry. Connect has no such converter of its own: beside it stands its run that decodes nothing."""
    build("bench_bare_loop")
    with SchemaRegistry() as registry:
        for form, kind, schema, messages in (("avro", "AVRO", _AVRO, avro_messages), ("protobuf", "PROTOBUF", _PROTO, protobuf_messages)):
            topic = kafka.create_topic()
            schema_id = registry.register(f"{topic}-value", schema, kind=kind)
            kafka.produce_many(topic, messages(StockTransactions(seed=1).rows(RECORDS), schema_id))
            converter = {"value.converter": f"io.confluent.connect.{form}.{form.capitalize()}Converter", "value.converter.schema.registry.url": registry.url}
            ours, loops = [], []
            for turn in range(ROUNDS):
                loops.append(bare_loop(kafka, topic, form))
                ours.append(dropped_records(kafka, topic, [], f"{form}-{turn}", converter))
                loops.append(bare_loop(kafka, topic, form))
            peer = connect_chain(kafka, topic, [], f"peer-{form}", _BYTES)
            show(f"consume and bare decode, {form}", loops)
            show(f"Bywash, {form}", ours)
            show("Connect, bytes left alone", [peer])
            target(f"CPU against consume and bare decode, {form}", best(ours).cpu_s / best(loops).cpu_s, 1.5)
            print(f"         CPU against Connect that decodes nothing: {best(ours).cpu_s / peer.cpu_s:.2f}", flush=True)


# (program, benchmark, what it is, records a second to reach)
_DECODERS = (("avro_bench", "decode", "Avro", 4e6), ("json_converter_bench", "decode/plain", "JSON", 4e6),
             ("json_converter_bench", "decode/envelope", "JSON with schema", 4e6), ("protobuf_converter_bench", "decode_columns", "Protobuf", 4e6))
# Transforms that only edit the schema or add a constant column; the others work on each value.
_CONSTANT = ("InsertField/static/schema", "ReplaceField/exclude/schema", "ReplaceField/rename/schema", "SetSchemaMetadata/schema", "HoistField/schema",
             "ExtractField/schema", "RegexRouter/schema")


def figures_of(program: str) -> dict:
    """Benchmark name → its counters, the best of three repetitions."""
    found = next(path for path in BUILD.rglob(program) if path.is_file())
    done = subprocess.run([str(found), "--benchmark_format=json", "--benchmark_repetitions=3", "--benchmark_min_time=0.1"], check=True, capture_output=True, text=True)
    out: dict = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        if row["run_type"] == "iteration" and not row.get("error_occurred") and (row["run_name"] not in out or row["cpu_time"] < out[row["run_name"]]["cpu_time"]):
            out[row["run_name"]] = row
    return out


def run_kernels() -> None:
    programs = sorted({program for program, *_ in _DECODERS} | {"bench_transforms"})
    build(*programs)
    figures = {program: figures_of(program) for program in programs}
    for program, name, what, limit in _DECODERS:
        target(f"decode into columns, {what}, M records/s of CPU", figures[program][name]["items_per_second"] / 1e6, limit / 1e6, at_most=False)
    for name, row in figures["bench_transforms"].items():
        target(f"{name}, ns a record", row["ns/record"], 5 if name in _CONSTANT else 30)


def run_records(kafka) -> None:
    run_kernels()
    run_chains(kafka)
    run_shapes(kafka)
    run_binary(kafka)
