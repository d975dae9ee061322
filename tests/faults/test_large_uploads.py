"""Uploads that are larger than the memory they may take: files of rows by POST /ingestFromFile, as they come, in pieces. BYWASH_UPLOAD_MIB says
how large (1024)."""

import http.client
import json
import os
import threading

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import http_json

MIB = int(os.environ.get("BYWASH_UPLOAD_MIB", "1024"))
PEAK_BYTES = 600 << 20  # without the pages of segments that are mapped, which the system takes back when it likes
PATH = "/ingestFromFile?tableNameWithType=rows_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22{}%22%7D"
TEXT = "x" * 900


class Memory(threading.Thread):
    """The most memory of its own that the process has had since."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = program.process.pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.02):
            with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
                self.peak = max(self.peak, *(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon:")))

    def ended(self) -> int:
        self.over.set()
        self.join()
        return self.peak


def create(program):
    schema = {"schemaName": "rows", "dimensionFieldSpecs": [{"name": "id", "dataType": "LONG"}, {"name": "text", "dataType": "STRING"}]}
    http_json("POST", program.controller_url + "/schemas", schema)
    http_json("POST", program.controller_url + "/tables", {"tableName": "rows", "tableType": "OFFLINE", "segmentsConfig": {}})


def pieces(kind: str, mib: int):
    """A file of so many MiB, 1000 rows at a time, and how many rows it has."""
    row = (lambda i: f'{{"id":{i},"text":"{i} {TEXT}"}}\n') if kind == "json" else (lambda i: f'{i},"{i % 50} {TEXT}"\n')
    count = (mib << 20) // len(row(100_000)) // 1000 * 1000

    def parts():
        if kind == "csv":
            yield b"id,text\n"
        for first in range(0, count, 1000):
            yield "".join(row(i) for i in range(first, first + 1000)).encode()
    return count, parts


def post(program, path, parts, headers):
    connection = http.client.HTTPConnection("127.0.0.1", program.controller_port, timeout=250)
    connection.request("POST", path, parts, headers, encode_chunked="Content-Length" not in headers)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body


def totals(program):
    return program.sql("SELECT COUNT(*), SUM(id), MIN(length(text)) FROM rows")["resultTable"]["rows"][0]


@pytest.mark.parametrize("kind, multipart", [("json", True), ("csv", False)])
def test_a_file_larger_than_its_memory_is_taken_whole(start_bywash, kind, multipart):
    program = start_bywash(Bywash.analytics())
    create(program)
    count, parts = pieces(kind, MIB if kind == "json" else MIB // 4)
    memory = Memory(program)
    head = b'--part\r\nContent-Disposition: form-data; name="file"; filename="rows"\r\n\r\n'
    if multipart:
        headers = {"Content-Type": "multipart/form-data; boundary=part", "Transfer-Encoding": "chunked"}
        status, answer = post(program, PATH.format(kind), (part for whole in ([head], parts(), [b"\r\n--part--\r\n"]) for part in whole), headers)
    else:
        headers = {"Content-Type": "text/plain", "Content-Length": str(sum(map(len, parts())))}
        status, answer = post(program, PATH.format(kind), parts(), headers)
    assert status == 200, answer
    peak = memory.ended()
    print(f"{kind}: {count} rows, peak {peak >> 20} MiB")
    assert totals(program) == [count, float(count * (count - 1) // 2), 512.0]
    assert peak < PEAK_BYTES, peak >> 20
    # Nothing of the upload is left, and what is wrong near the end takes nothing.
    assert not list((program.folder / "data/uploads").iterdir())
    rest = [part for part in pieces(kind, 40)[1]()] + [b'{"id":\n' if kind == "json" else b'1,"x']
    status, answer = post(program, PATH.format(kind), iter(rest), {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"})
    assert status == 400 and totals(program)[0] == count, answer
    program.kill()
    program.start()
    assert totals(program)[0] == count


def test_other_requests_keep_their_limit(start_bywash):
    program = start_bywash(Bywash.analytics())
    connection = http.client.HTTPConnection("127.0.0.1", program.controller_port, timeout=30)
    connection.putrequest("POST", "/schemas")
    connection.putheader("Content-Length", str(17 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    http_json("GET", program.controller_url + "/schemas")
