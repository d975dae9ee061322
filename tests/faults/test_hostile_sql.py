"""Queries that mean harm: each gets an answer or an error in bounded time and memory, the process lives, and others are answered meanwhile."""

import http.client
import json
import re
import threading
import time

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json

ROWS = 400_000
PEAK_BYTES = 1_800 << 20   # of the whole process, whatever is asked
SECONDS = 30               # timeoutMs is 10 s; parsing, an answer of many rows and a busy machine come on top


@pytest.fixture(scope="module")
def program():
    with Bywash.analytics() as started:
        schema = {"schemaName": "rows", "dimensionFieldSpecs": [
            {"name": "id", "dataType": "INT"}, {"name": "word", "dataType": "STRING"}, {"name": "document", "dataType": "JSON"},
            {"name": "many", "dataType": "INT", "singleValueField": False}],
            "dateTimeFieldSpecs": [{"name": "at", "dataType": "LONG", "format": "1:MILLISECONDS:EPOCH", "granularity": "1:MILLISECONDS"}]}
        http_json("POST", started.controller_url + "/schemas", schema)
        http_json("POST", started.controller_url + "/tables", {"tableName": "rows", "tableType": "OFFLINE", "segmentsConfig": {"timeColumnName": "at"}})
        target = started.controller_url + "/ingestFromFile?tableNameWithType=rows_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
        for first in range(0, ROWS, ROWS // 4):
            body = b"\n".join(b'{"id":%d,"word":"word number %d aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","document":{"a":{"b":%d}},"many":[%d,%d,%d],"at":%d}'
                              % (i, i, i % 10, i % 7, i % 11, i % 13, 1_700_000_000_000 + i) for i in range(first, first + ROWS // 4))
            http_json("POST", target, body, headers={"Content-Type": "text/plain"})
        yield started


def nested(depth, opening, inner, closing):
    return opening * depth + inner + closing * depth


DEEP = 10_000
QUERIES = {
    "parentheses": "SELECT COUNT(*) FROM rows WHERE " + nested(DEEP, "(", "id = 1", ")"),
    "parentheses in SELECT": "SELECT " + nested(DEEP, "(", "id", ")") + " FROM rows LIMIT 1",
    "NOT": "SELECT COUNT(*) FROM rows WHERE " + "NOT " * DEEP + "id = 1",
    "minus": "SELECT " + "- " * DEEP + "id FROM rows LIMIT 1",
    "functions": "SELECT " + nested(DEEP, "abs(", "id", ")") + " FROM rows LIMIT 1",
    "CASE": "SELECT " + nested(DEEP, "CASE WHEN id = 1 THEN ", "2", " ELSE 0 END") + " FROM rows LIMIT 1",
    "AND": "SELECT COUNT(*) FROM rows WHERE " + " AND ".join(["id > 0"] * 50_000),
    "OR": "SELECT COUNT(*) FROM rows WHERE " + " OR ".join(f"id = {i}" for i in range(50_000)),
    "plus": "SELECT " + " + ".join(["id"] * 50_000) + " FROM rows LIMIT 1",
    "subqueries": "SELECT COUNT(*) FROM " + nested(2_000, "(SELECT * FROM ", "rows", ")"),
    "unions": " UNION ALL ".join(["SELECT id FROM rows WHERE id = 1"] * 3_000),
    "joins": "SELECT COUNT(*) FROM rows a0 " + " ".join(f"JOIN rows a{i} ON a{i}.id = a{i - 1}.id" for i in range(1, 500)),
    "WITH": "WITH a0 AS (SELECT id FROM rows LIMIT 2) " + "".join(f", a{i} AS (SELECT x.id FROM a{i - 1} x, a{i - 1} y)" for i in range(1, 40)) + " SELECT COUNT(*) FROM a39",
    "IN": "SELECT COUNT(*) FROM rows WHERE id IN (" + ",".join(map(str, range(1_000_000))) + ")",
    "NOT IN texts": "SELECT COUNT(*) FROM rows WHERE word NOT IN (" + ",".join(f"'w{i}'" for i in range(500_000)) + ")",
    "columns": "SELECT " + ",".join(["id"] * 50_000) + " FROM rows LIMIT 10",
    "aggregations": "SELECT " + ",".join(f"SUM(id + {i})" for i in range(5_000)) + " FROM rows",
    "LIKE": "SELECT COUNT(*) FROM rows WHERE word LIKE '" + "%a" * 2_000 + "%b'",
    "regex": "SELECT COUNT(*) FROM rows WHERE REGEXP_LIKE(word, '(a+)+(a|aa)+(a*)*b$')",
    "regex repeats": "SELECT COUNT(*) FROM rows WHERE REGEXP_LIKE(word, '((a{1,100}){1,100}){1,100}')",
    "regexp replace": "SELECT MAX(length(regexpReplace(word, '(a*)*', 'xxxxxxxx'))) FROM rows",
    "groups": "SELECT word, document, id, COUNT(*), DISTINCTCOUNT(at) FROM rows GROUP BY word, document, id ORDER BY word LIMIT 1000000",
    "groups of long keys": "SELECT concat(repeat(word, '-', 50), id, ''), COUNT(*) FROM rows GROUP BY concat(repeat(word, '-', 50), id, '') LIMIT 1000000",
    "groups of arrays": "SELECT many, id, COUNT(*) FROM rows GROUP BY many, id LIMIT 10000000",
    "distinct of everything": "SELECT DISTINCT id, word, document, at FROM rows LIMIT 10000000",
    "distinct counts": "SELECT id, DISTINCTCOUNT(word), ARRAYAGG(word, 'STRING'), DISTINCTCOUNTHLL(word) FROM rows GROUP BY id LIMIT 1000000",
    "LIMIT": "SELECT * FROM rows LIMIT 2147483647",
    "ORDER BY": "SELECT * FROM rows ORDER BY word DESC, document LIMIT 2147483647",
    "offset": "SELECT * FROM rows ORDER BY word LIMIT 10 OFFSET 2147483640",
    "cross join": "SELECT COUNT(*) FROM rows a CROSS JOIN rows b WHERE a.word > b.word",
    "cross join of three": "SELECT MAX(a.id + b.id + c.id) FROM rows a, rows b, rows c",
    "join to groups": "SELECT a.word, b.word, COUNT(*) FROM rows a JOIN rows b ON a.document = b.document GROUP BY a.word, b.word",
    "join to rows": "SELECT a.word, b.word FROM rows a JOIN rows b ON a.document = b.document LIMIT 100000000",
    "window": "SELECT id, SUM(id) OVER (PARTITION BY document ORDER BY word ROWS BETWEEN 200000 PRECEDING AND CURRENT ROW) FROM rows ORDER BY 2 LIMIT 10",
    "aggregated text": "SELECT LISTAGG(word, ',') FROM rows a JOIN (SELECT id FROM rows LIMIT 100) b ON a.id >= b.id",
    "repeat": "SELECT MAX(length(repeat(repeat(repeat(word, 'x', 10000), 'x', 10000), 'x', 10000))) FROM rows",
    "padding": "SELECT lpad(word, 2000000000, 'x') FROM rows LIMIT 1000",
    "JSON_MATCH": "SELECT COUNT(*) FROM rows WHERE JSON_MATCH(document, '" + nested(5_000, "(", "\"$.a.b\" = 1", ")") + "')",
    "JSON_MATCH AND": "SELECT COUNT(*) FROM rows WHERE JSON_MATCH(document, '" + " AND ".join(["\"$.a.b\" = 1"] * 5_000) + "')",
    "JSON path": "SELECT COUNT(*) FROM rows WHERE jsonExtractScalar(document, '$" + ".a" * 20_000 + "', 'STRING', 'x') = 'y'",
    "gapfill": "SELECT GAPFILL(at, '1:MILLISECONDS:EPOCH', '0', '9000000000000', '1:MILLISECONDS', FILL(c, 'FILL_PREVIOUS_VALUE'), TIMESERIESON(word)) AS t, word, c "
               "FROM (SELECT at, word, COUNT(*) AS c FROM rows GROUP BY at, word LIMIT 1000000) LIMIT 1000000000",
    "sequence": "SELECT arrayLength(arraySlice(many, 0, 2000000000)), COUNT(*) FROM rows GROUP BY 1",
    "literal": "SELECT '" + "x" * 5_000_000 + "' FROM rows LIMIT 10",
    "identifier": "SELECT " + "x" * 5_000_000 + " FROM rows LIMIT 10",
    "comment": "SELECT COUNT(*) FROM rows " + "/*" * 1_000_000,
    "quotes": "SELECT '" + "''" * 1_000_000 + " FROM rows",
    "options": "".join(f"SET o{i} = {i}; " for i in range(20_000)) + "SELECT COUNT(*) FROM rows",
    "bytes": "SELECT \x00\x01\xff FROM rows WHERE \ufeff = '\ud7ff'",
}


class Beside(threading.Thread):
    """Asks short questions all the while; the slowest answer in seconds."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.slowest, self.error, self.over = program, 0.0, None, threading.Event()

    def run(self):
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = http_json("POST", self.program.broker_url + "/query/sql", {"sql": "SELECT COUNT(*) FROM rows WHERE id < 1000"}, timeout=20)
                assert answer["resultTable"]["rows"] == [[1000]], answer
            except Exception as error:  # the test's thread says so
                self.error = self.error or error
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.02)


def asked(program, sql):
    """HTTP status and what the answer is in short. Large ones are not parsed: that would take Python, and whoever asks beside it, seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", program.broker_port, timeout=SECONDS + 30)
    connection.request("POST", "/query/sql", json.dumps({"sql": sql}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    rows = re.search(rb'"numRowsResultSet":(\d+)', body)
    failed = re.search(rb'"exceptions":\[\{"message":"(.*?)","errorCode":(\d+)', body)
    short = failed.group(2) + b" " + failed.group(1) if failed else rows.group(1) + b" rows" if rows else body
    return response.status, short[-300:].decode("utf-8", "replace")


@pytest.mark.parametrize("name", QUERIES)
def test_a_hostile_query_ends_in_time_and_memory(program, name):
    beside = Beside(program)
    beside.start()
    began = time.monotonic()
    status, told = asked(program, QUERIES[name])
    took = time.monotonic() - began
    beside.over.set()
    beside.join(40)
    assert program.process.running, program.log()[-3000:]
    peak = program.process.peak_rss_bytes()
    print(f"{name}: {took:.1f} s, peak {peak >> 20} MiB, others {beside.slowest:.2f} s: {told[-150:]}")
    assert status in (200, 400, 413), told
    assert took < SECONDS, told
    assert beside.error is None, beside.error
    assert beside.slowest < 8, beside.slowest
    assert peak < PEAK_BYTES, peak >> 20


def test_at_the_end_answers_are_right_and_memory_is_given_back(program):
    answer = program.sql("SELECT COUNT(*), SUM(id) FROM rows")
    assert answer["resultTable"]["rows"] == [[ROWS, float(ROWS * (ROWS - 1) / 2)]]
    deadline = time.monotonic() + 20
    while (resident := program.process.rss_bytes()) > 700 << 20:
        assert time.monotonic() < deadline, resident >> 20
        time.sleep(0.5)
    assert "failed inside the program" not in program.log()
