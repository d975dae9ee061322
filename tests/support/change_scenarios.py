"""What the change data capture of PostgreSQL is compared on: tables, configurations and statements, run against the original once
(tests/support/record_changes.py) and against bywash in tests/conformance/test_changes.py."""

import dataclasses
import json
import time
from typing import Mapping, Sequence

PREFIX = "cdc"
CLASS = "io.debezium.connector.postgresql.PostgresConnector"

_TYPES = """
  id int PRIMARY KEY, b boolean, b1 bit(1), b5 bit(5), b12 bit(12) , vb bit varying(9), s smallint, i integer NOT NULL DEFAULT 7, l bigint, o oid, r real,
  d double precision, n numeric(10,2), n0 numeric(6), nv numeric, m money, c char(4), v varchar(9), t text, nm name, x bytea, u uuid, j json, jb jsonb,
  xm xml, dt date, tm time, tm0 time(0), tm3 time(3), tz timetz, ts timestamp, ts0 timestamp(0), ts3 timestamp(3), tt timestamptz, tt3 timestamptz(3), iv interval,
  ip inet, ci cidr, ma macaddr, r4 int4range, nr numrange, dr daterange, tr tstzrange, e mood, dom positive, ct citext, h hstore, pt point,
  ai int[], al bigint[], asm smallint[], at text[], ab boolean[], af real[], ad double precision[], an numeric(5,1)[], adt date[], ats timestamp[], att timestamptz[],
  au uuid[], aj jsonb[], ae mood[], av varchar(5)[], lt ltree, tv tsvector"""

_VALUES = [
    """1, true, B'1', B'10110', B'101100111000', B'1011', -5, 1, 9007199254740993, 4000000000, 1.1, 2.2, 12.50, 123456, 3.14159, '$1,234.56', 'ab', 'cd', 'text ü',
    'a_name', '\\x00ff10', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{"k": [1, 2]}', '{"k": [1, 2]}', '<a>1</a>', '2024-06-15', '10:11:12.123456', '10:11:12', '10:11:12.123',
    '10:11:12.123456+02', '2024-06-15 10:11:12.123456', '2024-06-15 10:11:12', '2024-06-15 10:11:12.123', '2024-06-15 10:11:12.123456+02', '2024-06-15 10:11:12.5+00',
    '1 year 2 months 3 days 04:05:06.789', '10.0.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '[1,10)', '(1.5,2.5]', '[2024-01-01,2024-02-01)',
    '[2024-01-01 00:00:00+00,)', 'sad', 5, 'CiText', 'a=>1, b=>NULL', '(1.5,-2.5)', '{1,NULL,3}', '{1,2}', '{-1}', '{a,"b,c",NULL,"q\\"x"}', '{t,f,NULL}', '{1.5}', '{2.5,NULL}',
    '{1.5,22.5}', '{2024-06-15,NULL}', '{"2024-06-15 10:11:12.5"}', '{"2024-06-15 10:11:12.5+02"}', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', '{"{\\"k\\": 1}"}', '{ok,sad}',
    '{x}', 'Top.Science', 'a:1 b:2'""",
    "2" + ", NULL" * 6 + ", 2" + ", NULL" * 57,
    """3, false, B'0', B'00001', B'000000000001', B'111111111', -32768, -2147483648, -9223372036854775808, 0, 'NaN', '-Infinity', -99999999.99, -1, 1e-20, '-$0.01', '', '', '', 'n',
    '', '00000000-0000-0000-0000-000000000000', 'null', '[]', '<b/>', '0001-01-01', '00:00:00', '24:00:00', '23:59:59.999', '00:00:00-11:30', '1500-01-01 00:00:00',
    '1969-12-31 23:59:59', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999999+00', '0044-03-15 12:00:00+00', '-1 year -2 months -3 days -04:05:06.789',
    '::1', '::/0', 'ff:ff:ff:ff:ff:ff', 'empty', '(,)', '(,)', 'empty', 'ok', 1, '', '', '(0,0)', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
    '{}', '{}', '', ''""",
    """4, true, B'1', B'11111', B'111111111111', B'', 32767, 2147483647, 9223372036854775807, 4294967295, 3.4e38, 1e300, 99999999.99, 999999, 123456789012345678901234567890.123456789,
    '$92,233,720,368,547,758.07', 'abcd', '123456789', 'x', '', '\\xff', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '1', '"s"', '<c/>', '9999-12-31', '23:59:59.999999', '12:00:00',
    '00:00:00.001', '12:34:56+05:45', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59', '2000-02-29 00:00:00.000', '9999-12-31 23:59:59.999999+00', '2024-06-15 10:11:12+00',
    '00:00:00.000001', '192.168.0.1', '192.168.0.0/16', '00:00:00:00:00:00', '[-5,5]', '[0,0]', '[2024-01-01,2024-01-01]', '(,2024-01-01 00:00:00+00]', 'ok', 2147483647, 'x',
    'k=>v', '(-1e10,1e-5)', '{{1,2},{3,4}}', '{9223372036854775807}', '{1,2,3}', '{""}', '{t}', '{NaN}', '{Infinity}', '{-0.5}', '{0001-01-01}', '{"1969-12-31 23:59:59.999999"}',
    '{"1969-12-31 23:59:59.999999+00"}', '{00000000-0000-0000-0000-000000000000}', '{"[1]",null}', '{ok}', '{"a b"}', 'a.b', 'fat cat'""",
]

_TYPES_BEFORE = [
    "CREATE EXTENSION citext", "CREATE EXTENSION hstore", "CREATE EXTENSION ltree", "CREATE TYPE mood AS ENUM ('ok', 'sad')", "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    f"CREATE TABLE kinds ({_TYPES})",
    *[f"INSERT INTO kinds VALUES ({row})" for row in _VALUES],
]
_TYPES_AFTER = [
    "DELETE FROM kinds WHERE id = 2",
    "UPDATE kinds SET id = id + 10",
    *[f"INSERT INTO kinds VALUES ({row})" for row in _VALUES],
    "UPDATE kinds SET t = 'new', ai = '{7}', n = n + 1 WHERE id = 1",
]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`before` runs on a fresh database, then the connector starts; `after` runs when it streams. Values of `config` go over the usual ones."""

    name: str
    before: Sequence[str]
    after: Sequence[str]
    config: Mapping[str, str] = dataclasses.field(default_factory=dict)
    transactions: bool = False  # all of `after` in one transaction


SCENARIOS = [
    Scenario("types", _TYPES_BEFORE, _TYPES_AFTER),
    Scenario("types_as_text", _TYPES_BEFORE, _TYPES_AFTER, {
        "decimal.handling.mode": "string", "time.precision.mode": "connect", "binary.handling.mode": "base64", "hstore.handling.mode": "map",
        "interval.handling.mode": "string", "include.unknown.datatypes": "true"}),
    Scenario("types_as_numbers", _TYPES_BEFORE, _TYPES_AFTER, {
        "decimal.handling.mode": "double", "time.precision.mode": "adaptive_time_microseconds", "binary.handling.mode": "hex", "money.fraction.digits": "3"}),
    Scenario("types_in_iso", _TYPES_BEFORE, _TYPES_AFTER, {"time.precision.mode": "isostring", "binary.handling.mode": "base64-url-safe"}),
    Scenario("identities", [
        "CREATE TABLE plain (id int PRIMARY KEY, a text, n int DEFAULT 3)",
        "CREATE TABLE wide (id int PRIMARY KEY, a text, n int); ALTER TABLE wide REPLICA IDENTITY FULL",
        "CREATE TABLE keyless (a text, n int); ALTER TABLE keyless REPLICA IDENTITY FULL",
        "CREATE TABLE indexed (a text NOT NULL, n int NOT NULL, v text); CREATE UNIQUE INDEX by_n ON indexed (n); ALTER TABLE indexed REPLICA IDENTITY USING INDEX by_n",
        'CREATE TABLE "Odd Name" ("Key One" int, "two" text, v text, PRIMARY KEY ("two", "Key One"))',
        "CREATE SCHEMA other; CREATE TABLE other.there (id bigint PRIMARY KEY, v varchar(3) DEFAULT 'abc')",
        "INSERT INTO plain VALUES (1, 'a', 1), (2, 'b', 2); INSERT INTO wide VALUES (1, 'a', 1); INSERT INTO keyless VALUES ('x', 1); INSERT INTO indexed VALUES ('p', 1, 'q')",
        """INSERT INTO "Odd Name" VALUES (1, 'z', 'v'); INSERT INTO other.there VALUES (5)""",
    ], [
        "INSERT INTO plain VALUES (3, 'c', 3)", "UPDATE plain SET a = 'B' WHERE id = 2", "UPDATE plain SET id = 20 WHERE id = 2", "DELETE FROM plain WHERE id = 1",
        "UPDATE wide SET a = 'A' WHERE id = 1", "UPDATE wide SET id = 9", "DELETE FROM wide",
        "INSERT INTO keyless VALUES ('y', 2)", "UPDATE keyless SET n = 5 WHERE a = 'x'", "DELETE FROM keyless WHERE a = 'y'",
        "INSERT INTO indexed VALUES ('r', 2, 's')", "UPDATE indexed SET v = 'Q' WHERE n = 1", "UPDATE indexed SET n = 8 WHERE n = 1", "DELETE FROM indexed WHERE n = 2",
        """UPDATE "Odd Name" SET v = 'w'""", """UPDATE "Odd Name" SET "two" = 'y'""", """DELETE FROM "Odd Name" """,
        "INSERT INTO other.there VALUES (6, NULL)", "TRUNCATE plain, wide", "INSERT INTO plain VALUES (1, 'again', NULL)",
    ]),
    Scenario("toast", [
        "CREATE TABLE big (id int PRIMARY KEY, t text, x bytea, j jsonb, a text[], n int, ai int[]); ALTER TABLE big ALTER t SET STORAGE EXTERNAL",
        "ALTER TABLE big ALTER x SET STORAGE EXTERNAL; ALTER TABLE big ALTER j SET STORAGE EXTERNAL; ALTER TABLE big ALTER a SET STORAGE EXTERNAL",
        "ALTER TABLE big ALTER ai SET STORAGE EXTERNAL",
        "CREATE TABLE bigfull (id int PRIMARY KEY, t text, n int); ALTER TABLE bigfull ALTER t SET STORAGE EXTERNAL; ALTER TABLE bigfull REPLICA IDENTITY FULL",
        "INSERT INTO bigfull VALUES (1, repeat('f', 3000), 1)",
    ], [
        """INSERT INTO big VALUES (1, repeat('t', 3000), convert_to(repeat('x', 3000), 'UTF8'), json_build_object('k', repeat('j', 3000))::jsonb,
           ARRAY[repeat('a', 3000)], 1, (SELECT array_agg(g) FROM generate_series(1, 1000) g))""",
        "UPDATE big SET n = 2", "UPDATE bigfull SET n = 2", "UPDATE big SET id = 3", "UPDATE big SET t = 'short'",
    ]),
    Scenario("altered", ["CREATE TABLE moving (id int PRIMARY KEY, a text)", "INSERT INTO moving VALUES (1, 'a')"], [
        "INSERT INTO moving VALUES (2, 'b')", "ALTER TABLE moving ADD n numeric(5,2) NOT NULL DEFAULT 1.5", "INSERT INTO moving VALUES (3, 'c', 2)",
        "ALTER TABLE moving RENAME a TO b", "UPDATE moving SET b = 'x' WHERE id = 1", "ALTER TABLE moving DROP COLUMN b", "DELETE FROM moving WHERE id = 2",
        "ALTER TABLE moving ALTER n TYPE int", "INSERT INTO moving VALUES (4, 9)", "CREATE TABLE later (k text PRIMARY KEY)", "INSERT INTO later VALUES ('new')",
        "ALTER TABLE moving ADD ts timestamp(3) DEFAULT '2024-01-01 00:00:00', ADD v varchar(4) NOT NULL DEFAULT 'dd', ADD bb boolean DEFAULT true",
        "INSERT INTO moving VALUES (5, 9)",
    ]),
    Scenario("chosen", [
        "CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.a (id int PRIMARY KEY, keep text, secret text, code text); CREATE TABLE s1.b (id int PRIMARY KEY)",
        "CREATE TABLE s2.a (id int PRIMARY KEY); INSERT INTO s1.a VALUES (1, 'k', 's', 'c'); INSERT INTO s1.b VALUES (1); INSERT INTO s2.a VALUES (1)",
    ], ["INSERT INTO s2.a VALUES (2)", "INSERT INTO s1.b VALUES (2)", "INSERT INTO s1.a VALUES (2, 'k2', 's2', 'c2')", "UPDATE s1.a SET code = NULL WHERE id = 2",
        "DELETE FROM s1.a WHERE id = 1", "INSERT INTO s1.a VALUES (9, 'end', '', '')"],
        {"table.include.list": "s1.a, s1\\.c.*", "column.exclude.list": "s1.a.secret", "tombstones.on.delete": "false", "publication.autocreate.mode": "filtered",
         "skipped.operations": "u", "message.key.columns": "s1.a:id,code", "column.mask.with.5.chars": "s1.a.keep"}),
    Scenario("transactions", ["CREATE TABLE one (id int PRIMARY KEY)", "CREATE TABLE two (id int PRIMARY KEY)", "INSERT INTO one VALUES (1)"],
             ["INSERT INTO one VALUES (2), (3)", "INSERT INTO two VALUES (1)", "DELETE FROM one WHERE id = 2", "SELECT pg_logical_emit_message(true, 'pre', 'content')"],
             {"provide.transaction.metadata": "true", "snapshot.mode": "no_data"}, transactions=True),
    Scenario("emptied", ["CREATE TABLE one (id int PRIMARY KEY)", "CREATE TABLE two (id int PRIMARY KEY)", "INSERT INTO one VALUES (1)"],
             ["TRUNCATE one, two", "INSERT INTO one VALUES (2)", "SELECT pg_logical_emit_message(false, 'loose', 'content')", "INSERT INTO one VALUES (3)"],
             {"skipped.operations": "none", "snapshot.mode": "always", "schema.name.adjustment.mode": "avro", "topic.delimiter": "-"}),
]


def connector(postgres, database: str, scenario: Scenario) -> dict:
    """The connector's configuration."""
    return {"connector.class": CLASS, "topic.prefix": prefix(scenario), "plugin.name": "pgoutput", "database.hostname": postgres.host, "database.port": str(postgres.port),
            "database.user": postgres.user, "database.password": postgres.password, "database.dbname": database, "slot.name": f"slot_{scenario.name}",
            "publication.name": f"pub_{scenario.name}", "slot.drop.on.stop": "false",
            "topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1", **scenario.config}


def streams(postgres, database: str, scenario: Scenario) -> bool:
    """Whether the slot is read."""
    return postgres.query(database, f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'slot_{scenario.name}' AND active") == [(1,)]


def run_all(rest, kafka, postgres, scenarios: Sequence[Scenario], settle_s: float, counts: Mapping[str, Mapping[str, int]]) -> dict:
    """Runs the scenarios side by side on a worker; their records by scenario and topic, each as [key, value, headers] of parsed JSON, with
    PREFIX for the prefix of each. Waits for `counts` records (by scenario and topic) where given, then until nothing more comes for `settle_s` seconds."""
    databases = {}
    for scenario in scenarios:
        databases[scenario.name] = database = postgres.create_database()
        with postgres.connect(database) as connection:
            for statement in scenario.before:
                connection.execute(statement)
        rest.create(scenario.name, connector(postgres, database, scenario))
    for scenario in scenarios:
        database = databases[scenario.name]
        _wait(lambda: streams(postgres, database, scenario), 60, lambda: f"{scenario.name} does not stream: {rest.status(scenario.name)}")
        with postgres.connect(database, autocommit=not scenario.transactions) as connection:
            for statement in scenario.after:
                connection.execute(statement)
            connection.commit()
    wanted = {topic.replace(PREFIX, prefix(s), 1): n for s in scenarios for topic, n in counts.get(s.name, {}).items()}
    ends = {}

    def all_there():
        ends.update(_ends(kafka, scenarios))
        return all(ends.get(topic, 0) >= n for topic, n in wanted.items())

    _wait(all_there, 60, lambda: f"{ends} of {wanted}")
    last, since = None, time.monotonic()
    while time.monotonic() - since < settle_s:
        if (ends := _ends(kafka, scenarios)) != last:
            last, since = ends, time.monotonic()
        time.sleep(0.1)
    records = kafka.consume_topics(ends)
    return {s.name: {topic.replace(prefix(s), PREFIX, 1): [_parsed(record, s, databases[s.name]) for record in records[topic]]
                     for topic in sorted(ends) if topic.startswith((prefix(s) + ".", prefix(s) + "-"))} for s in scenarios}


def prefix(scenario: Scenario) -> str:
    return PREFIX + "x" + scenario.name.replace("_", "x")


def _ends(kafka, scenarios) -> dict:
    beginnings = tuple(prefix(s) + mark for s in scenarios for mark in ".-")
    return kafka.record_counts(lambda topic: topic.startswith(beginnings))


def _wait(condition, timeout: float, tell=lambda: "") -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(tell())
        time.sleep(0.05)


def _parsed(record, scenario: Scenario, database: str) -> list:
    def value(text):
        return json.loads(text.decode().replace(prefix(scenario), PREFIX).replace(f'"db":"{database}"', '"db":"d"')) if text is not None else None
    return [value(record.key), value(record.value),
            sorted([name, text.decode().replace(prefix(scenario), PREFIX) if text is not None else None] for name, text in record.headers)]


_VOLATILE = {"ts_ms", "ts_us", "ts_ns", "lsn", "xmin", "txId", "version", "sequence"}


def steady(record: list) -> list:
    """The record with what differs from run to run replaced by its kind."""
    key, value, headers = record
    return [_steady(key), _steady(value), [[name, "str" if name.endswith(".runId") else text] for name, text in headers]]


def _steady(side):
    if not isinstance(side, dict) or "payload" not in side:
        return side
    return {"schema": side["schema"], "payload": _steady_payload(side["payload"])}


def _steady_payload(payload):
    if not isinstance(payload, dict):
        return payload
    out = dict(payload)
    for name in ("ts_ms", "ts_us", "ts_ns"):
        if name in out and ("op" in out or "status" in out):
            out[name] = _kind(out[name])
    if isinstance(out.get("source"), dict):
        out["source"] = {name: _kind(value) if name in _VOLATILE else value for name, value in out["source"].items()}
    if isinstance(out.get("transaction"), dict):
        out["transaction"] = {**out["transaction"], "id": _kind(out["transaction"].get("id"))}
    if out.get("data_collections"):
        # The original prints a Java object for the messages of pg_logical_emit_message.
        out["data_collections"] = sorted(({**c, "data_collection": "messages"} if "LOGICAL_DECODING_MESSAGE" in c["data_collection"] or "LogicalDecodingMessage" in c["data_collection"]
                                          else c for c in out["data_collections"]), key=str)
    if "status" in out or ("id" in out and set(out) == {"id"} and isinstance(out["id"], str) and ":" in out["id"]):
        out["id"] = _kind(out["id"])
    return out


# Where bywash keeps what the original loses: see docs/compatibility/postgres_cdc.md.
def better(scenario: Scenario, record: list) -> list:
    """A recorded answer with what bywash does better put in."""
    if not scenario.name.startswith("types") or not record[1]:
        return record
    after = record[1]["payload"].get("after")
    if after and record[1]["payload"]["op"] != "r" and after["nm"] is None and after["t"] is not None:
        names = {1: "a_name", 3: "n", 4: ""}
        after = {**after, "nm": names[after["id"] % 10]}
    if after and after["ai"] == [None, None]:
        after = {**after, "ai": [1, 2, 3, 4]}
    return [record[0], {**record[1], "payload": {**record[1]["payload"], "after": after}}, record[2]]


def _kind(value) -> str:
    return type(value).__name__
