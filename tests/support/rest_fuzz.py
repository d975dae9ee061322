"""Requests to the worker's REST API made from its description: for each path, method, parameter and body what is valid, what lies at a boundary
and what is broken, over connections that a client may or may not handle well. The same for the same seed."""

import json
import random
from typing import Iterator, List, Tuple

# The `Values` that make what stands in a path, and bodies by their schemas' names.
_OF_PATHS = {"connector": "name", "task": "task", "plugin": "plugin", "logger": "logger"}
_OF_SCHEMAS = {"CreateConnectorRequest": "create", "ConnectorConfig": "config", "ConnectorConfigPatch": "patch", "TaskConfigs": "configs", "ConnectorOffsets": "offsets",
               "LoggerLevel": "level", "Trial": "trial"}
NAMES = [f"f{i}" for i in range(6)]
_TEXTS = ["", " ", "\u0000", "a\u0000b", "\ufeff", "\u202eabc", "\U0001f600" * 3, "e\u0301", "\ud800", "\udfff\ud800", "../../x", "a/b", "%2e%2e", "a\r\nX-Injected: 1", "<script>", "'; DROP TABLE x; --",
          "${file:/etc/passwd:root}", "${env:HOME}", "%s%n%p", "null", "NaN", "-0", "1e999", "99999999999999999999", "true", "[]", "{}", "\\", '"', "x" * 9000, "\uffff", "\u0085", "\x7f"]
_NUMBERS = [0, -1, 1, 2**31 - 1, 2**31, -2**31 - 1, 2**63 - 1, 2**63, -2**63 - 1, 10**40, 0.1, 1e308, -0.0]
_RAW = [b"", b" ", b"{", b"}", b"[", b"nul", b"null", b"tru", b'"', b"{\"a\":}", b"{\"a\":1,}", b"{'a':1}", b"[1 2]", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"{\"a\":\"\x01\"}", b"1e999", b"-", b"+1", b"01",
        b"\xef\xbb\xbf{}", b"{}{}", b"{} x", b"{\"a\":NaN}", b"// x\n{}", b"\"\\ud800\"", b"\"\\u12\"", b"{\"name\":\"f0\",\"name\":\"f1\",\"config\":{}}"]
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "FOO", "X" * 200]
_HEADERS = [("Accept", "application/json"), ("Accept", "text/plain"), ("Accept", "*/*;q=0.1, x"), ("Accept", ",;,;"), ("Accept", "\xff"), ("Content-Type", "application/json"),
            ("Content-Type", "text/plain"), ("Content-Type", "application/json;charset=utf-16"), ("Content-Type", "/"), ("Content-Type", ""), ("Expect", "100-continue"), ("Expect", "x"),
            ("Connection", "close"), ("Connection", "upgrade"), ("Upgrade", "h2c"), ("X-Forwarded-For", "1.2.3.4"), ("Cookie", "a=b; " * 100), ("Host", ""), ("Host", "a b"),
            ("Accept-Encoding", "gzip"), ("Content-Encoding", "gzip"), ("Range", "bytes=0-1"), ("If-None-Match", "*"), ("Authorization", "Basic \xe9"), ("Authorization", "Bearer " + "x" * 500),
            ("Transfer-Encoding", "identity"), ("Transfer-Encoding", "gzip, chunked"), ("Content-Length", "-1"), ("Content-Length", "99999999999999999999"), ("Content-Length", "5, 5"),
            ("X-Big", "y" * 7000), ("X-Huge", "y" * 20000), ("Bad Name", "x"), ("", "x"), ("X-Null", "a\x00b"), ("X-Connect-Authorization", "eA=="),
            ("X-Connect-Request-Signature-Algorithm", "HmacSHA256"), ("Origin", "http://evil.example"), ("Access-Control-Request-Method", "PUT")]


class Api:
    """What the worker serves, as its description says (GET /docs/openapi.json)."""

    def __init__(self, description: dict):
        self.routes = {}
        for path, operations in description["paths"].items():
            for method, operation in operations.items():
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
                self.routes[(method.upper(), path)] = {
                    "path": [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"],
                    "query": {p["name"]: list(p["examples"]) for p in operation.get("parameters", []) if p["in"] == "query"},
                    "body": _OF_SCHEMAS[body] if body else None, "answers": {int(status) for status in operation["responses"]}}


class Values:
    """What stands in parameters and bodies. `folder`: where connectors may write; `secret`: what no answer may hold."""

    def __init__(self, choice: random.Random, folder: str, secret: str):
        self.choice, self.folder, self.secret = choice, folder, secret

    def _one(self, texts: list):
        return self.choice.choice(texts)

    def name(self) -> str:
        return self._one(NAMES) if self.choice.random() < 0.85 else self._one(_TEXTS + ["x" * 300])

    def task(self) -> str:
        return self._one(["0", "1", "-1", "007", "+0", "2147483648", "99999999999999999999", "x", "0x0", "0.0", ""])

    def plugin(self) -> str:
        return self._one(["FileStreamSink", "FileStreamSource", "JdbcSink", "S3Sink", "org.apache.kafka.connect.transforms.Cast$Value", "TimestampConverter", "x", "java.lang.String"] + _TEXTS)

    def logger(self) -> str:
        return self._one(["root", "org.apache.kafka.connect", "fuzz.a", "fuzz.b", *_TEXTS[:12]])

    def odd(self, depth: int = 0):
        """Any JSON."""
        kind = self.choice.randrange(8 if depth < 4 else 5)
        if kind < 2:
            return self._one(_TEXTS)
        if kind == 2:
            return self._one(_NUMBERS)
        if kind < 5:
            return self._one([None, True, False])
        items = [self.odd(depth + 1) for _ in range(self.choice.randrange(4))]
        return items if kind < 7 else {self._one(_TEXTS + ["name", "config", "offsets"]): item for item in items}

    def config(self) -> dict:
        if self.choice.random() < 0.05:
            return {**self._config(), "connector.class": self.plugin()}
        return self._config()

    def _config(self) -> dict:
        kind = self.choice.randrange(5)
        if kind < 2:
            out = {"connector.class": "FileStreamSink", "topics": "fuzz", "file": f"{self.folder}/out{self.choice.randrange(3)}"}
        elif kind == 2:
            out = {"connector.class": "FileStreamSource", "topic": "fuzz", "file": f"{self.folder}/in"}
        elif kind == 3:
            out = {"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "topics": "fuzz", "connection.url": f"jdbc:sqlite:{self.folder}/fuzz.db", "connection.password": self.secret}
        else:
            out = {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": "fuzz", "store.url": f"file://{self.folder}/lake", "flush.size": "10",
                   "format.class": "io.confluent.connect.s3.format.json.JsonFormat", "aws.secret.access.key": self.secret}
        for _ in range(self.choice.randrange(3)):
            out.update(self._more())
        return out

    def _more(self) -> dict:
        text = self._one(_TEXTS)
        return self._one([
            {"tasks.max": self._one(["0", "1", "2", "-1", "x", "", "3", "2147483648", 2, None])}, {"name": self.name()}, {self._one(_TEXTS): text}, {"errors.tolerance": self._one(["all", "none", "x"])},
            {"transforms": self._one(["a", "a,b", "a,a", ",", text])}, {"transforms": "a", "transforms.a.type": "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.a.static.field": text},
            {"predicates": "p", "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches", "predicates.p.pattern": self._one(["(", "a*", text])},
            {"consumer.override.max.poll.records": self._one(["1", "x", "-1"])}, {"consumer.override.sasl.jaas.config": f'x required password="{self.secret}";'},
            {"value.converter": self._one(["org.apache.kafka.connect.storage.StringConverter", "x", text])}, {"key.converter": "org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable": text},
            {"topics": self._one(["", ",", "a,b", text])}, {"topics.regex": self._one(["(", "a.*", text])}, {"flush.size": self._one(["-1", "x", "2147483648"])}, {"connector.class": self.plugin()},
            {"config.action.reload": text}, {"errors.deadletterqueue.topic.name": text}, {"x": self.odd()}])

    def create(self):
        out = {"name": self.name(), "config": self.config()}
        if self.choice.random() < 0.3:
            out["initial_state"] = self._one(["RUNNING", "PAUSED", "STOPPED", "stopped", "FAILED", "", None, 1])
        return out

    def patch(self):
        return {**self._more(), **({self._one(_TEXTS): None} if self.choice.random() < 0.3 else {})}

    def configs(self):
        return [self.config() for _ in range(self.choice.randrange(3))]

    def offsets(self):
        number = self._one([0, 1, -1, "1", "x", 2**31, 2**63 - 1, 2**63, 1.5, None, True])
        entries = [{"partition": {"kafka_topic": self._one(["fuzz", "", "x" * 300, 1, None]), "kafka_partition": number}, "offset": {"kafka_offset": number}},
                   {"partition": {"filename": f"{self.folder}/in"}, "offset": {"position": number}}, {"partition": self.odd(), "offset": self.odd()}, {"partition": {"a": 1}, "offset": None}]
        return {"offsets": self.choice.sample(entries, self.choice.randrange(1, 4))}

    def level(self):
        return {"level": self._one(["INFO", "DEBUG", "warn", "OFF", "x", "", None, 1])}

    def trial(self):
        return {"config": self.config(), "records": [self._one(["{}", '{"value": {"a": 1}}', self.odd()]) for _ in range(3)]}


def encoded(text: str) -> str:
    return "".join(chr(byte) if byte < 128 and chr(byte).isalnum() or byte in b"-._~" else f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _damaged(choice: random.Random, text: bytes) -> bytes:
    """Bytes left out, doubled, turned over; or nested deep."""
    kind = choice.randrange(5)
    if kind == 0:
        depth = choice.choice([999, 1000, 1001, 20_000, 400_000])
        opened, closed = choice.choice([(b"[", b"]"), (b'{"a":', b"}")])
        inner = opened * depth + b"1" + closed * depth
        return choice.choice([inner, b'{"name":"f0","config":' + inner + b"}", b'{"offsets":[{"partition":{"a":' + inner + b'},"offset":' + inner + b"}]}", b'{"config":{"a":' + inner + b'},"records":[' + inner + b"]}"])
    if kind == 1:
        return choice.choice(_RAW)
    if not text:
        return text
    at = choice.randrange(len(text))
    if kind == 2:
        return text[:at]
    if kind == 3:
        return text[:at] + bytes([text[at] ^ (1 << choice.randrange(8))]) + text[at + 1:]
    return text[:at] + text[max(0, at - 5):]


def _framed(choice: random.Random, body: bytes, headers: List[Tuple[str, str]]) -> bytes:
    """The body as it is sent; says in `headers` how."""
    if any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
        return body
    kind = choice.randrange(12)
    if kind > 2:
        headers.append(("Content-Length", str(len(body) if kind > 3 else max(0, len(body) + choice.choice([-1, 1])))))
        return body
    headers.append(("Transfer-Encoding", "chunked"))
    if kind == 2:
        headers.append(("Content-Length", str(len(body))))  # two lengths: nobody may guess
    chunks, at = b"", 0
    while at < len(body):
        size = choice.randrange(1, 4000)
        chunks += b"%x%s\r\n%s\r\n" % (len(body[at:at + size]), choice.choice([b"", b";a=b"]), body[at:at + size])
        at += size
    end = choice.choice([b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\n", b"-1\r\n\r\n", b"0\n\n", b""])
    return chunks + end


class Shot:
    """One request: the bytes, the method, what it is a request of (None: maybe of nothing), whether it is whole HTTP, what may be answered."""

    def __init__(self, data: bytes, method: str, route, good: bool, allowed: set):
        self.data, self.method, self.route, self.good, self.allowed = data, method, route, good, allowed


def shots(api: Api, seed: int, count: int, folder: str, secret: str) -> Iterator[Shot]:
    choice = random.Random(seed)
    values = Values(choice, folder, secret)
    routes = list(api.routes)
    anything = set().union(*(spec["answers"] for spec in api.routes.values()))
    for _ in range(count):
        route = choice.choice(routes)
        method, path = route
        spec = api.routes[route]
        good = choice.random() < 0.5  # else something about it is odd
        if method == "GET" and choice.random() < 0.1:
            path = path.replace("{connector}", "keeper")
        for parameter in spec["path"]:
            path = path.replace("{" + parameter + "}", encoded(getattr(values, _OF_PATHS[parameter])()))
        query = [f"{key}={encoded(choice.choice(given + ['x'] if choice.random() < 0.8 else _TEXTS))}" for key, given in spec["query"].items() if choice.random() < 0.5]
        headers, body = [("Host", "x")], b""
        if spec["body"]:
            made = getattr(values, spec["body"])() if good or choice.random() < 0.6 else values.odd()
            body = json.dumps(made, ensure_ascii=choice.random() < 0.7).encode("utf-8", "surrogatepass")
            headers.append(("Content-Type", "application/json"))
        version = "HTTP/1.1"
        if not good:
            for _ in range(choice.randrange(3)):
                headers.append(choice.choice(_HEADERS))
            if choice.random() < 0.3:
                body = _damaged(choice, body)
            if choice.random() < 0.1:
                method = choice.choice(_METHODS)
            if choice.random() < 0.1:
                path = choice.choice(["", "*", "http://other/connectors", "//", "/%", "/%zz", path + "/", path + "/x", path.upper(), path + "?" * 3, "/" + "a/" * 2000, "/\xff", "/..%2f..%2fetc"])
            if choice.random() < 0.05:
                version = choice.choice(["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "http/1.1", ""])
            if choice.random() < 0.05:
                query.append("&".join(["a=b"] * 500))
        framed = _framed(choice, body, headers) if body or not good else body
        if good and body:
            headers[:] = [h for h in headers if h[0] not in ("Content-Length", "Transfer-Encoding")] + [("Content-Length", str(len(body)))]
            framed = body
        head = f"{method} {path}{'?' + '&'.join(query) if query else ''} {version}\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers) + "\r\n"
        as_is = method == route[0] and (good or (version == "HTTP/1.1" and path.startswith(route[1].split("{")[0])))
        known = route if as_is and good else None
        yield Shot(head.encode("utf-8", "surrogatepass") + framed, method, known, good, spec["answers"] | {409} if known else anything)
