"""Requests to Kafka Connect's REST API, good and bad ones, for `record_rest.py`: what the original answers to them is kept in tests/conformance/rest."""

import json
from typing import Iterator, List, Optional

JSON_TYPE = ("Content-Type", "application/json")
SINK = {"connector.class": "FileStreamSink", "tasks.max": "1", "file": "out.txt", "topics": "rv-t1"}
SOURCE = {"connector.class": "FileStreamSource", "tasks.max": "1", "file": "in.txt", "topic": "rv-t1"}
TRANSFORMS = "org.apache.kafka.connect.transforms."
PLUGINS = [f"{TRANSFORMS}{name}" for name in (
    "Cast$Key", "Cast$Value", "DropHeaders", "ExtractField$Key", "ExtractField$Value", "Filter", "Flatten$Key", "Flatten$Value", "HeaderFrom$Key",
    "HeaderFrom$Value", "HoistField$Key", "HoistField$Value", "InsertField$Key", "InsertField$Value", "InsertHeader", "MaskField$Key", "MaskField$Value",
    "RegexRouter", "ReplaceField$Key", "ReplaceField$Value", "SetSchemaMetadata$Key", "SetSchemaMetadata$Value", "TimestampConverter$Key",
    "TimestampConverter$Value", "TimestampRouter", "ValueToKey", "predicates.HasHeaderKey", "predicates.RecordIsTombstone", "predicates.TopicNameMatches")]
CONVERTERS = ["org.apache.kafka.connect.json.JsonConverter", "org.apache.kafka.connect.storage.StringConverter",
              "org.apache.kafka.connect.storage.SimpleHeaderConverter"] + [
    f"org.apache.kafka.connect.converters.{name}Converter" for name in ("ByteArray", "Boolean", "Double", "Float", "Integer", "Long", "Short")]
CONNECTORS = ["org.apache.kafka.connect.file.FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSourceConnector"]


class Request:
    """A request and what is waited for before it."""

    def __init__(self, area: str, method: str, path: str, body=None, *, note: str = "", headers: Optional[list] = None, before: Optional[list] = None):
        self.area, self.method, self.path, self.note, self.before = area, method, path, note, before or []
        self.body = body if body is None or isinstance(body, str) else json.dumps(body)
        self.headers = headers if headers is not None else [JSON_TYPE] if body is not None else []


def running(name: str, tasks: int = 1, connector: str = "RUNNING", state: str = "RUNNING") -> dict:
    return {"op": "wait_status", "connector": name, "connector_state": connector, "task_states": [state] * tasks}


def answers(path: str, contains: str) -> dict:
    return {"op": "wait_http", "path": path, "status": 200, "contains": contains}


ROUTES = ["/", "/health", "/connectors", "/connectors/rv-x", "/connectors/rv-x/config", "/connectors/rv-x/status", "/connectors/rv-x/tasks",
          "/connectors/rv-x/tasks/0", "/connectors/rv-x/tasks/0/status", "/connectors/rv-x/tasks/0/restart", "/connectors/rv-x/pause",
          "/connectors/rv-x/resume", "/connectors/rv-x/stop", "/connectors/rv-x/restart", "/connectors/rv-x/topics", "/connectors/rv-x/topics/reset",
          "/connectors/rv-x/offsets", "/connectors/rv-x/fence", "/connectors/rv-x/tasks-config", "/connector-plugins", "/connector-plugins/FileStreamSink",
          "/connector-plugins/FileStreamSink/config", "/connector-plugins/FileStreamSink/config/validate", "/admin", "/admin/loggers", "/admin/loggers/rv.x",
          "/admin/loggers/rv.x/y", "/no/such/path", "/application.wadl", "/connectors/rv-x/config/x"]


def methods() -> Iterator[Request]:
    for path in ROUTES:
        for method in ("OPTIONS", "HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"):
            if method in ("POST", "PUT", "PATCH"):
                yield Request("methods", method, path, {})
            else:
                yield Request("methods", method, path)
    for method in ("TRACE", "FOO", "Get", "PROPFIND"):
        for path in ("/", "/connectors", "/no/such/path"):
            yield Request("methods", method, path)


def paths() -> Iterator[Request]:
    for path in ("/connectors/", "//connectors", "/connectors//", "/connectors//status", "/./connectors", "/connectors/../connectors", "/connectors/%2e%2e/x", "/connectors;a=b",
                 "/connectors/a;b=c/status", "/connectors/a%2Fb", "/connectors/a%252Fb", "/connectors/a%5Cb", "/connectors/a%00b", "/connectors/a%0Ab", "/connectors/a%20b/status",
                 "/connectors/a+b/status", "/connectors/%C3%A9/status", "/connectors/é/status", "/connectors/%E2%82", "/connectors/%GG", "/connectors/a%", "/connectors/a%3Fb/status",
                 "/connectors/a%23b/status", "/connectors/a#b", "/connectors/a?b?c", "/connectors/%F0%9F%98%80/status", "/connectors/..%2f", "/CONNECTORS", "/Connectors", "/connectors/*",
                 "/connectors/%7Bname%7D/status", "/connectors/a'b/status", "/connectors/a\"b/status", "/connectors/<a>/status", "/connectors/a|b/status", "/connectors/a^b/status",
                 "/connectors/a[b]/status", "/connectors/a{b}/status", "/connectors/a`b/status", "/connectors/a:b@c/status", "/connectors/a,b/status", "/connectors/a&b=c/status",
                 "/connectors/" + "n" * 1000 + "/status", "/connectors/" + "n" * 9000, "/connectors/x/status/", "/connectors/x/tasks/0/status/", "/health/", "/?x=y", "?x=y", "connectors",
                 "*", "http://localhost/connectors", "http://other.example/connectors", "/connectors/%61bc/status", "/%63onnectors"):
        yield Request("paths", "GET", path)
    yield Request("paths", "GET", "/connectors", headers=[("X-Long", "h" * 9000)], note="long header")
    yield Request("paths", "GET", "/connectors", headers=[("Bad Name", "x")], note="blank in a header's name")
    yield Request("paths", "GET", "/connectors", headers=[("Expect", "100-continue")], note="expects 100")
    yield Request("paths", "POST", "/connectors", "{}", headers=[JSON_TYPE, ("Transfer-Encoding", "gzip")], note="unknown transfer coding")
    yield Request("paths", "POST", "/connectors", "2\r\n{}\r\n0\r\n\r\n", headers=[JSON_TYPE, ("Transfer-Encoding", "chunked")], note="chunked")
    yield Request("paths", "POST", "/connectors", "zz\r\n{}\r\n0\r\n\r\n", headers=[JSON_TYPE, ("Transfer-Encoding", "chunked")], note="bad chunk")


ACCEPTS = ["*/*", "application/*", "application/json", "APPLICATION/JSON", "application/json;q=0", "application/json; charset=utf-8", "application/json;q=0.5, text/html", "text/html", "text/*",
           "text/html, */*;q=0.1", "*/*;q=0", "application/xml", "", "nonsense", "application/json, text/plain", "application/vnd.api+json", "*/json", "application/json;version=1"]
CONTENT_TYPES = ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=ISO-8859-1", "application/json ; charset=UTF-8", "text/json", "text/plain",
                 "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/*", "*/*", "", "json", "application/vnd.api+json", "application/json;", "application/octet-stream"]


def negotiation() -> Iterator[Request]:
    for accept in ACCEPTS:
        for method, path in (("GET", "/"), ("GET", "/connectors"), ("GET", "/connectors/rv-x"), ("GET", "/admin/loggers/root"), ("GET", "/no/such"), ("DELETE", "/connectors/rv-x"), ("OPTIONS", "/connectors"), ("GET", "/health")):
            yield Request("accept", method, path, headers=[("Accept", accept)], note=accept)
    for kind in CONTENT_TYPES:
        for method, path, body in (("POST", "/connectors", {}), ("PUT", "/connectors/rv-x/config", {}), ("PATCH", "/connectors/rv-x/config", {}), ("PUT", "/connector-plugins/FileStreamSink/config/validate", {}),
                                   ("PUT", "/admin/loggers/rv.y", {}), ("PATCH", "/connectors/rv-x/offsets", {}), ("PUT", "/connectors/rv-x/pause", ""), ("DELETE", "/connectors/rv-x", ""), ("GET", "/connectors", "")):
            yield Request("content type", method, path, body, headers=[("Content-Type", kind)], note=kind)
    for method, path in (("POST", "/connectors"), ("PUT", "/connectors/rv-x/config"), ("PATCH", "/connectors/rv-x/config"), ("PUT", "/connector-plugins/FileStreamSink/config/validate"), ("PUT", "/admin/loggers/rv.y"),
                         ("PATCH", "/connectors/rv-x/offsets"), ("POST", "/connectors/rv-x/restart"), ("PUT", "/connectors/rv-x/pause"), ("PUT", "/connectors/rv-x/stop"), ("POST", "/connectors/rv-x/tasks/0/restart"),
                         ("PUT", "/connectors/rv-x/topics/reset"), ("DELETE", "/connectors/rv-x"), ("DELETE", "/connectors/rv-x/offsets"), ("GET", "/connectors/rv-x"), ("GET", "/"), ("PUT", "/connectors/rv-x/fence")):
        yield Request("content type", method, path, {}, headers=[], note="body without a type")
        yield Request("content type", method, path, None, headers=[JSON_TYPE], note="type without a body")


BODIES = ["", " ", "null", "true", "1", "\"x\"", "[]", "[1]", "{", "}", "{}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "{a:1}", "{\"a\":1} x", "{\"a\":1}{\"b\":2}", "// c\n{}", "{\"a\":NaN}", "{\"a\":01}",
          "{\"a\":1e400}", "{\"a\":\"\\q\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\u0001\"}", "\ufeff{}", "{\"a\":[1]}", "{\"a\":{\"b\":1}}", "{\"a\":null}", "{\"a\":1.50}", "{\"a\":true}", "{\"a\":123456789012345678901234567890}",
          "{\"\":\"x\"}", "{\"a\":\"x\",\"a\":\"y\"}", "[" * 1100 + "]" * 1100, "{\"a\":\"" + "x" * 100 + "\"}", "{\"a\":-0}", "{\"a\":1E5}", "{\"a\":0.0001}", "nul", "\"", "{\"a\": .5}", "{\"a\":+1}", "{\"a\":\"tab\there\"}"]


def bodies() -> Iterator[Request]:
    for body in BODIES:
        for method, path in (("POST", "/connectors"), ("PUT", "/connectors/rv-x/config"), ("PATCH", "/connectors/rv-x/config"), ("PUT", "/connector-plugins/FileStreamSink/config/validate"),
                             ("PUT", "/admin/loggers/rv.y"), ("PATCH", "/connectors/rv-x/offsets"), ("POST", "/connectors/rv-x/tasks")):
            yield Request("bodies", method, path, body, note=repr(body[:30]))
    for body in ("{\"name\":\"x\",\"config\":[]}", "{\"name\":\"x\",\"config\":\"y\"}", "{\"name\":\"x\",\"config\":{\"a\":[]}}", "{\"name\":[],\"config\":{}}", "{\"name\":{},\"config\":{}}", "{\"name\":1,\"config\":{}}",
                 "{\"name\":true,\"config\":{}}", "{\"name\":1.0,\"config\":{}}", "{\"name\":\"x\",\"config\":null}", "{\"name\":\"x\"}", "{\"config\":{}}", "{\"name\":\"x\",\"config\":{},\"more\":1}", "{\"Name\":\"x\",\"config\":{}}",
                 "{\"name\":\"x\",\"config\":{\"name\":null}}", "{\"name\":\"x\",\"config\":{\"connector.class\":null}}", "{\"name\":\"x\",\"config\":{\"connector.class\":\"\"}}", "{\"name\":\"x\",\"config\":{\"connector.class\":\" \"}}",
                 "{\"name\":\"x\",\"config\":{\"connector.class\":1}}", "{\"name\":\"x\",\"config\":{\"name\":\"y\"}}", "{\"name\":\"x\",\"config\":{\"name\":\"\"}}", "{\"name\":\"x\",\"config\":{\"name\":\"x \"}}"):
        yield Request("bodies", "POST", "/connectors", body)
    for state in ("null", "\"\"", "\"RUNNING \"", "\"Running\"", "1", "0", "\"0\"", "true", "[]", "{}", "\"UNASSIGNED\"", "\"DESTROYED\""):
        yield Request("initial_state", "POST", "/connectors", f"{{\"name\":\"rv-is\",\"config\":{{\"connector.class\":\"FileStreamSource\"}},\"initial_state\":{state}}}", note=state)


def plugins() -> Iterator[Request]:
    for value in ("", "?connectorsOnly", "?connectorsOnly=", "?connectorsOnly=true", "?connectorsOnly=TRUE", "?connectorsOnly=True", "?connectorsOnly=false", "?connectorsOnly=0", "?connectorsOnly=1", "?connectorsOnly=yes",
                  "?connectorsOnly=false&connectorsOnly=true", "?connectorsOnly=true&connectorsOnly=false", "?connectorsonly=false", "?other=1", "?connectorsOnly=%74rue", "?connectorsOnly=true%20"):
        yield Request("plugins", "GET", "/connector-plugins" + value)
    for name in PLUGINS + CONVERTERS + CONNECTORS:
        yield Request("plugin config", "GET", f"/connector-plugins/{name}/config")
    for name in ("FileStreamSink", "FileStreamSinkConnector", "FileStreamSource", "filestreamsink", "FILESTREAMSINK", "FileStream", "JsonConverter", "Json", "json", "StringConverter", "String", "SimpleHeaderConverter", "SimpleHeader",
                 "Simple", "ByteArrayConverter", "ByteArray", "Long", "LongConverter", "BooleanConverter", "Cast", "Cast$Value", "CastValue", "Filter", "RegexRouter", "ValueToKey", "HasHeaderKey", "TopicNameMatches", "RecordIsTombstone",
                 "TimestampRouter", "InsertHeader", "DropHeaders", "org.apache.kafka.connect.transforms.Cast", "org.apache.kafka.connect.transforms.predicates.Predicate", "java.lang.Object", "java.lang.Integer", "java.util.ArrayList",
                 "org.apache.kafka.connect.connector.Connector", "org.apache.kafka.connect.sink.SinkConnector", "org.apache.kafka.connect.transforms.Transformation", "org.apache.kafka.common.config.provider.FileConfigProvider",
                 "org.apache.kafka.common.config.provider.EnvVarConfigProvider", "FileConfigProvider", "FileConfig", "File", "org.apache.kafka.connect.connector.policy.AllConnectorClientConfigOverridePolicy", "All", "AllConnectorClientConfigOverridePolicy", "nope", "a.b", "%20", "x%20y", "FileStreamSink%20"):
        yield Request("plugin config", "GET", f"/connector-plugins/{name}/config")
    for version in ("", "4.3.1", "latest", "LATEST", "4.3", "4", "9", "[4.3.1]", "[4.3.1,4.3.1]", "[4,5)", "(4.3.1,5)", "[4,4.3.1)", "[,5]", "(,4.3.1]", "(,4.3.1)", "[5,]", "[4,]", "[1,2],[4,5]", "(4.3.1)", "[5,4]", "[", "[4", "4]", "a", "4.3.1-SNAPSHOT",
                    "[4.3.1-alpha,4.3.1]", " 4.3.1", "4.3.1 ", "4.3.1.0", "04.3.1", "[4.3.1.0]", "undefined", "null"):
        for name in ("FileStreamSink", "org.apache.kafka.connect.transforms.RegexRouter", "JsonConverter"):
            yield Request("plugin version", "GET", f"/connector-plugins/{name}/config?version={version.replace(' ', '%20')}", note=version)


def _validated() -> Iterator[dict]:
    """What is changed in a good configuration of a sink (None: taken away)."""
    for key, values in {
            "name": ["", " ", "a\tb", "a\nb", "é", " v ", "a/b", "x" * 300, None], "tasks.max": ["0", "-1", "1.5", "x", "", " 2 ", "2147483648", "1e3", "+1", "٣", "0x1"], "tasks.max.enforce": ["false", "x", "", "TRUE"],
            "topics": ["", " ", ",", "a,", ",a", "a,,b", "a,a", "a b", "a/b", "x" * 300, ".", "..", "a, b", "é"], "topics.regex": ["a.*", "", "*", "(", "[", "a{2,1}", "(?<n>a)(?<n>b)", "\\", "(?i)x"], "config.action.reload": ["none", "RESTART", "restart", "x", ""],
            "errors.tolerance": ["all", "ALL", "none", "x", ""], "errors.retry.timeout": ["-1", "-2", "x", ""], "errors.retry.delay.max.ms": ["-1", "0", "x"], "errors.log.enable": ["yes", "", "TRUE", "1"],
            "errors.log.include.messages": ["x", "true"], "errors.deadletterqueue.topic.name": ["", "rv-t1", "d q", " "], "errors.deadletterqueue.topic.replication.factor": ["0", "-1", "x", "40000"],
            "errors.deadletterqueue.context.headers.enable": ["x", "true"], "connector.plugin.version": ["", "4.3.1", "latest", "[4,5)", "9", "x", "[", "(4.3.1,)"],
            "key.converter": ["", " ", "StringConverter", "String", "Json", "JsonConverter", "org.apache.kafka.connect.storage.StringConverter", "x.Y", "org.apache.kafka.connect.storage.Converter", "java.lang.String",
                              "org.apache.kafka.connect.storage.SimpleHeaderConverter", "org.apache.kafka.connect.converters.LongConverter", " StringConverter "],
            "header.converter": ["", "StringConverter", "SimpleHeaderConverter", "Simple", "org.apache.kafka.connect.storage.SimpleHeaderConverter", "x.Y", "org.apache.kafka.connect.json.JsonConverter", "java.lang.Object",
                                 "org.apache.kafka.connect.converters.ByteArrayConverter"],
            "connector.class": ["FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector", " FileStreamSink ", "", " ", "nope", "org.apache.kafka.connect.file.FileStreamSink", "java.lang.String",
                                "org.apache.kafka.connect.json.JsonConverter", "FileStreamSource", "filestreamsink", "FileStream", "org.apache.kafka.connect.sink.SinkConnector"],
            "file": ["", " ", "a b"], "predicates": ["", "p,p", "p", ","], "transforms": ["", "t,t", "t", ",", "t,,u", "t,u", " t "]}.items():
        for value in values:
            yield {key: value}
    for converter in CONVERTERS:
        yield {"value.converter": converter}
        yield {"header.converter": converter}
    yield {"topics": None}
    yield {"topics.regex": "rv-.*", "topics": None}
    yield {"topics.regex": "rv-.*"}
    yield {"topics.regex": "rv-.*", "topics": None, "errors.deadletterqueue.topic.name": "rv-dlq"}
    yield {"topics": None, "topics.regex": "x", "errors.deadletterqueue.topic.name": "rv-dlq"}
    yield {"connector.class": None}
    yield {"tasks.max": "x", "errors.tolerance": "y", "topics": None, "key.converter": "z.Z"}
    for key, value in (("value.converter.schemas.enable", "x"), ("value.converter.schemas.enable", "false"), ("value.converter.schemas.cache.size", "x"), ("value.converter.decimal.format", "x"), ("value.converter.decimal.format", "numeric"),
                       ("value.converter.replace.null.with.default", "x"), ("value.converter.schema.content", "x"), ("value.converter.converter.type", "x"), ("value.converter.plugin.version", "9"), ("value.converter.plugin.version", "4.3.1"),
                       ("value.converter.plugin.version", "[4,5)"), ("value.converter.plugin.version", "x"), ("value.converter.nope", "1")):
        yield {key: value}
        yield {key: value, "value.converter": "org.apache.kafka.connect.json.JsonConverter"}
    yield {"key.converter": "StringConverter", "key.converter.converter.encoding": "nope"}
    yield {"key.converter": "StringConverter", "key.converter.encoding": "nope"}
    for key in ("consumer.override.", "producer.override.", "admin.override."):
        for client_key, value in (("max.poll.records", "5"), ("max.poll.records", "x"), ("client.id", "c"), ("group.id", "g"), ("bootstrap.servers", "localhost:1"), ("auto.offset.reset", "nope"), ("auto.offset.reset", "earliest"),
                                  ("isolation.level", "x"), ("nope.key", "1"), ("ssl.keystore.password", "secret"), ("linger.ms", "x"), ("acks", "x"), ("retries", "-1"), ("key.deserializer", "x.Y"), ("interceptor.classes", "x.Y"),
                                  ("security.protocol", "x"), ("metadata.max.age.ms", "-1"), ("fetch.min.bytes", "")):
            yield {key + client_key: value}


def _chains() -> Iterator[dict]:
    """Transforms and predicates of a connector."""
    good = {"Cast$Value": {"spec": "a:int32"}, "DropHeaders": {"headers": "a"}, "ExtractField$Value": {"field": "a"}, "Flatten$Value": {}, "HeaderFrom$Value": {"fields": "a", "headers": "b", "operation": "move"}, "HoistField$Value": {"field": "a"},
            "InsertField$Value": {"static.field": "a", "static.value": "b"}, "InsertHeader": {"header": "a", "value.literal": "b"}, "MaskField$Value": {"fields": "a"}, "RegexRouter": {"regex": "a", "replacement": "b"}, "ReplaceField$Value": {},
            "SetSchemaMetadata$Value": {"schema.name": "a"}, "TimestampConverter$Value": {"target.type": "unix"}, "TimestampRouter": {}, "ValueToKey": {"fields": "a"}, "Filter": {}}
    bad = {"Cast$Value": [{"spec": ""}, {"spec": "a:b"}, {"spec": "int8,int16"}, {"spec": "a:int8:c"}, {"spec": "int8"}, {"spec": "a:int8,a:int16"}, {"spec": "a:bytes"}, {"spec": "a:"}, {"spec": ":int8"}, {"replace.null.with.default": "x"}],
           "DropHeaders": [{"headers": ""}, {"headers": "a,a"}, {"headers": None}], "ExtractField$Value": [{"field": ""}, {"field": None}, {"field.syntax.version": "V3"}, {"field.syntax.version": "v2"}, {"field.syntax.version": ""}],
           "Flatten$Value": [{"delimiter": ""}, {"delimiter": "__"}], "HeaderFrom$Value": [{"fields": "a,b"}, {"operation": "x"}, {"operation": "MOVE"}, {"fields": ""}, {"headers": None}, {"operation": None}],
           "HoistField$Value": [{"field": ""}, {"field": None}], "InsertField$Value": [{"static.value": None}, {"static.field": None, "static.value": None}, {"topic.field": "t!"}, {"partition.field": "p?"}, {"static.field": ""}, {"offset.field": "!"}],
           "InsertHeader": [{"header": ""}, {"header": None}, {"value.literal": None}, {"value.literal": ""}], "MaskField$Value": [{"fields": ""}, {"fields": None}, {"fields": "a,a"}, {"replacement": ""}, {"replacement": "x"}],
           "RegexRouter": [{"regex": "["}, {"regex": ""}, {"regex": None}, {"replacement": None}, {"replacement": ""}, {"nope": "1"}], "ReplaceField$Value": [{"renames": "a"}, {"renames": "a:b:c"}, {"renames": "a:b,c:b"}, {"exclude": "a,a"},
           {"include": "a", "exclude": "a"}, {"blacklist": "a"}, {"renames": ""}, {"replace.null.with.default": ""}], "SetSchemaMetadata$Value": [{"schema.name": None}, {"schema.version": "x"}, {"schema.version": "1"}, {"schema.name": ""}],
           "TimestampConverter$Value": [{"target.type": None}, {"target.type": "x"}, {"target.type": "string"}, {"target.type": "string", "format": "qq"}, {"target.type": "string", "format": "yyyy"}, {"unix.precision": "x"}, {"unix.precision": "MICROSECONDS"},
           {"field": "a"}, {"target.type": "Timestamp", "format": "'"}], "TimestampRouter": [{"topic.format": ""}, {"timestamp.format": "qq"}, {"timestamp.format": ""}], "ValueToKey": [{"fields": ""}, {"fields": None}], "Filter": [{"negate": "x"}, {"nope": "1"}]}
    for name, keys in good.items():
        for change in [{}, *bad[name]]:
            merged = {key: value for key, value in {**keys, **change}.items() if value is not None}
            yield {"transforms": "t", "transforms.t.type": TRANSFORMS + name, **{f"transforms.t.{key}": value for key, value in merged.items()}}
    for name in ("Cast", "Cast$Value", "RegexRouter", "Filter", "regexrouter", "", " ", "org.apache.kafka.connect.transforms.Cast", "org.apache.kafka.connect.transforms.Transformation", "java.lang.String", "x.Y",
                 "org.apache.kafka.connect.transforms.predicates.HasHeaderKey", " org.apache.kafka.connect.transforms.Filter "):
        yield {"transforms": "t", "transforms.t.type": name}
    predicate = {"predicates": "p", "predicates.p.type": TRANSFORMS + "predicates.TopicNameMatches", "predicates.p.pattern": "a"}
    filtering = {"transforms": "t", "transforms.t.type": TRANSFORMS + "Filter", "transforms.t.predicate": "p"}
    yield {**predicate, **filtering}
    yield {**filtering}
    yield {**predicate, **filtering, "transforms.t.predicate": "q"}
    yield {**predicate, **filtering, "transforms.t.predicate": ""}
    yield {**predicate, **filtering, "transforms.t.negate": "true"}
    yield {**predicate, **filtering, "transforms.t.negate": "x"}
    yield {"transforms": "t", "transforms.t.type": TRANSFORMS + "Filter", "transforms.t.negate": "true"}
    for change in ({"predicates.p.pattern": ""}, {"predicates.p.pattern": "["}, {"predicates.p.type": "x.Y"}, {"predicates.p.type": ""}, {"predicates.p.type": TRANSFORMS + "Filter"}, {"predicates.p.type": "TopicNameMatches"},
                   {"predicates.p.type": TRANSFORMS + "predicates.HasHeaderKey"}, {"predicates.p.type": TRANSFORMS + "predicates.RecordIsTombstone"}, {"predicates.p.plugin.version": "9"}, {"predicates.p.plugin.version": "[4,5)"}, {"predicates": "p,q"},
                   {"predicates.p.name": ""}, {"predicates.p.nope": "1"}):
        yield {**predicate, **change}
    yield {"predicates": "p", "predicates.p.type": TRANSFORMS + "predicates.HasHeaderKey", "predicates.p.name": ""}
    yield {"predicates": "p", "predicates.p.type": TRANSFORMS + "predicates.HasHeaderKey", "predicates.p.name": "x"}
    for version in ("9", "4.3.1", "[4,5)", "[5,6)", "x", "", "latest"):
        yield {"transforms": "t", "transforms.t.type": TRANSFORMS + "RegexRouter", "transforms.t.regex": "a", "transforms.t.replacement": "b", "transforms.t.plugin.version": version}
    yield {"transforms": "a,b", "transforms.a.type": TRANSFORMS + "Filter", "transforms.b.type": TRANSFORMS + "Filter"}


def _source_changes() -> Iterator[dict]:
    for key, values in {"topic": ["", " ", None, "a b"], "batch.size": ["0", "-1", "x", "", "1.0"], "file": ["", None], "exactly.once.support": ["requested", "required", "REQUIRED", "x", ""],
                        "transaction.boundary": ["poll", "POLL", "interval", "connector", "x"], "transaction.boundary.interval.ms": ["-1", "0", "x"], "offsets.storage.topic": ["", "x", " "], "topics": ["x"]}.items():
        for value in values:
            yield {key: value}
    creation = {"topic.creation.default.replication.factor": "1", "topic.creation.default.partitions": "1"}
    yield creation
    yield {**creation, "topic.creation.default.cleanup.policy": "compact"}
    for key, values in {"replication.factor": ["0", "-1", "-2", "x", None], "partitions": ["0", "-1", "x", None]}.items():
        for value in values:
            yield {**creation, f"topic.creation.default.{key}": value}
    group = {**creation, "topic.creation.groups": "g", "topic.creation.g.include": "a.*"}
    yield group
    for change in ({"topic.creation.g.include": None}, {"topic.creation.g.include": "["}, {"topic.creation.g.include": ""}, {"topic.creation.g.exclude": "["}, {"topic.creation.g.exclude": "b"}, {"topic.creation.g.partitions": "0"},
                   {"topic.creation.g.replication.factor": "x"}, {"topic.creation.groups": "g,g"}, {"topic.creation.groups": "default"}, {"topic.creation.groups": "g,h"}, {"topic.creation.groups": ""}, {"topic.creation.g.nope": "1"}):
        yield {**group, **change}
    yield {"topic.creation.groups": "g"}
    yield {"topic.creation.enable": "false"}


def validations() -> Iterator[Request]:
    def asked(base: dict, change: dict, plugin: str) -> Request:
        config = {key: value for key, value in {**base, "name": "v", **change}.items() if value is not None}
        return Request("validate", "PUT", f"/connector-plugins/{plugin}/config/validate", config, note=json.dumps(change)[:200])
    for change in [*_validated(), *_chains()]:
        yield asked(SINK, change, "FileStreamSink" if "connector.class" not in change else (change["connector.class"] or "FileStreamSink").strip() or "FileStreamSink")
    for change in _source_changes():
        yield asked(SOURCE, change, "FileStreamSource")
    for key in ("name", "topics", "connector.class", "tasks.max", "file", "transforms", "nope", "key.converter", "errors.tolerance"):
        yield Request("validate", "PUT", "/connector-plugins/FileStreamSink/config/validate", {**SINK, "name": "v", key: None}, note=f"{key} null")
    for plugin, name in (("FileStreamSink", "FileStreamSinkConnector"), ("FileStreamSinkConnector", "FileStreamSink"), ("Sink", "FileStreamSink"), ("nope", "FileStreamSink"), ("FileStreamSink", "nope"), ("nope", "nope"), ("k", "FileStreamSink"),
                         ("org.apache.kafka.connect.file.FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector"), ("FileStreamSink", "org.apache.kafka.connect.file.FileStreamSinkConnector"),
                         ("FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector"), ("FileStreamSinkConnector", "FileStreamSinkConnector"), ("JsonConverter", "FileStreamSink"), ("JsonConverter", "JsonConverter"),
                         ("org.apache.kafka.connect.json.JsonConverter", "org.apache.kafka.connect.json.JsonConverter"), ("Connector", "FileStreamSinkConnector")):
        yield Request("validate", "PUT", f"/connector-plugins/{plugin}/config/validate", {**SINK, "name": "v", "connector.class": name}, note=f"{plugin} {name}")
    for body in ({}, {"name": "v"}, {"connector.class": None}, {"a": "b", "name": "x", "topics": "t"}, {"connector.class": ""}):
        for plugin in ("FileStreamSink", "nope"):
            yield Request("validate", "PUT", f"/connector-plugins/{plugin}/config/validate", body)


def creations() -> Iterator[Request]:
    """Bad ones: nothing comes of them."""
    for change in ({"tasks.max": "0"}, {"tasks.max": "x"}, {"topics": None}, {"topics": ""}, {"topics.regex": "a"}, {"file": None, "tasks.max": "x"}, {"connector.class": None}, {"connector.class": "nope"}, {"key.converter": "x.Y"},
                   {"transforms": "t"}, {"transforms": "t", "transforms.t.type": "x.Y"}, {"errors.tolerance": "x"}, {"consumer.override.max.poll.records": "x"}, {"consumer.override.auto.offset.reset": "x"}, {"value.converter": "java.lang.String"},
                   {"connector.plugin.version": "9"}, {"transforms": "t,t", "transforms.t.type": TRANSFORMS + "Filter"}, {"name": "other"}, {"topics": "a,a"}):
        config = {key: value for key, value in {**SINK, **change}.items() if value is not None}
        yield Request("create", "POST", "/connectors", {"name": "rv-bad", "config": config}, note=json.dumps(change))
        yield Request("create", "PUT", "/connectors/rv-bad/config", config, note=json.dumps(change))
    for key in ("connector.class", "topics", "nope", "tasks.max", "name", "file"):
        config = {**SINK, key: None}
        if key == "topics":
            config["topics.regex"] = "a"
        yield Request("create", "POST", "/connectors", {"name": "rv-bad", "config": {**config, "tasks.max": "x"}}, note=f"{key} null")
        yield Request("create", "PUT", "/connectors/rv-bad/config", {**config, "tasks.max": "x"}, note=f"{key} null")
    for name in ("", " ", "a\u0000b", "a\nb", "\u007f", "\u0085", None):
        yield Request("create", "POST", "/connectors", {"name": name, "config": SINK}, note=repr(name))
    yield Request("create", "GET", "/connectors")
    yield Request("create", "DELETE", "/connectors/rv-bad")


STOPPED = {"op": "wait_status", "connector": "rv-src", "connector_state": "STOPPED", "task_states": []}


def lives() -> Iterator[Request]:
    """Connectors from their creation to their end."""
    yield Request("lives", "POST", "/connectors", {"name": "rv-src", "config": SOURCE}, before=[{"op": "create_topic", "topic": "rv-t1", "partitions": 1}, {"op": "create_topic", "topic": "rv-t2", "partitions": 2},
                                                                                                {"op": "write_file", "file": "in.txt", "text": "a\nb\nc\n"}])
    yield Request("lives", "POST", "/connectors", {"name": "rv-snk", "config": {**SINK, "tasks.max": "2"}}, before=[running("rv-src")])
    yield Request("lives", "POST", "/connectors", {"name": "rv-snk", "config": SINK}, before=[running("rv-snk", 2)])
    yield Request("lives", "POST", "/connectors", {"name": "rv-st", "config": {**SOURCE, "file": "in2.txt", "topic": "rv-t2"}, "initial_state": "stopped"})
    yield Request("lives", "POST", "/connectors", {"name": "rv-pa", "config": {**SINK, "file": "out2.txt", "topics": "rv-t2"}, "initial_state": "Paused"})
    yield Request("lives", "POST", "/connectors", {"name": "rv-ru", "config": {**SINK, "file": "out3.txt", "topics": "rv-t2", "name": "rv-ru", "some.key": "x"}, "initial_state": "RUNNING"})
    wait = [running("rv-ru"), {"op": "wait_status", "connector": "rv-pa", "connector_state": "PAUSED", "task_states": []}, answers("/connectors/rv-snk/topics", "rv-t1"), answers("/connectors/rv-src/topics", "rv-t1")]
    for name in ("rv-src", "rv-snk", "rv-st", "rv-pa", "rv-ru", "rv-nope"):
        for tail in ("", "/config", "/status", "/tasks", "/tasks/0/status", "/tasks/1/status", "/tasks/00/status", "/tasks/+0/status", "/tasks/-1/status", "/tasks/x/status", "/tasks/99999999999/status", "/tasks/0x0/status", "/tasks/%200/status", "/tasks//status", "/topics"):
            yield Request("lives", "GET", f"/connectors/{name}{tail}", before=wait)
            wait = []
    for query in ("", "?expand", "?expand=", "?expand=status", "?expand=info", "?expand=STATUS", "?expand=status&expand=info", "?expand=info&expand=status", "?expand=status,info", "?expand=x", "?expand=x&expand=status", "?expand=status&expand=status",
                  "?Expand=status", "?expand=status&x=y", "?expand=%73tatus", "?expand= status", "?expand[]=status"):
        yield Request("expand", "GET", "/connectors" + query)
    yield from _patches()
    yield from _restarts()
    yield from _states()
    yield from _topics()
    yield from _offsets()
    for name in ("rv-src", "rv-snk", "rv-st", "rv-pa", "rv-ru", "rv-nope"):
        yield Request("lives", "DELETE", f"/connectors/{name}", before=[answers(f"/connectors/{name}/topics", "rv-t1")] if name in ("rv-src", "rv-snk") else [])
        gone = {"op": "wait_http", "path": f"/connectors/{name}/status", "status": 404, "contains": name}
        yield Request("lives", "GET", f"/connectors/{name}/status", before=[gone, {"op": "sleep", "seconds": 1}])
        yield Request("lives", "GET", f"/connectors/{name}/topics")
        yield Request("lives", "GET", f"/connectors/{name}/offsets")
    yield Request("lives", "GET", "/connectors?expand=status&expand=info")


def _patches() -> Iterator[Request]:
    for body in ({}, {"some.key": "y"}, {"some.key": None}, {"some.key": None, "new": "1"}, {"tasks.max": "x"}, {"tasks.max": 2}, {"connector.class": None}, {"connector.class": "nope"}, {"name": "x"}, {"name": None}, {"topics": None}, {"topics": None, "topics.regex": "rv-t2"},
                 {"topics.regex": None, "topics": "rv-t2"}, {"a": True, "b": 1.50}, {"a": None, "b": None}, {"key.converter": "x.Y"}):
        yield Request("patch", "PATCH", "/connectors/rv-ru/config", body, note=json.dumps(body))
        yield Request("patch", "GET", "/connectors/rv-ru/config")
    for name in ("rv-nope", "rv-st", "rv-pa"):
        yield Request("patch", "PATCH", f"/connectors/{name}/config", {"x": "y"})
        yield Request("patch", "PATCH", f"/connectors/{name}/config", {})
        yield Request("patch", "PATCH", f"/connectors/{name}/config", {"tasks.max": "x"})
        yield Request("patch", "GET", f"/connectors/{name}/config")
    for body in ({**SINK, "file": "out3.txt", "topics": "rv-t2"}, {**SINK, "file": "out3.txt", "topics": "rv-t2", "name": "other"}, {**SINK, "file": "out3.txt", "topics": "rv-t2", "name": None}, {**SINK, "file": "out3.txt", "topics": "rv-t2", "name": " rv-ru"}):
        yield Request("patch", "PUT", "/connectors/rv-ru/config", body)
    yield Request("patch", "PUT", "/connectors/rv-ru/config", {**SOURCE, "file": "in3.txt"}, note="a source from now on")
    yield Request("patch", "PUT", "/connectors/rv-ru/config", {**SINK, "file": "out3.txt", "topics": "rv-t2"}, note="and a sink again", before=[running("rv-ru")])


def _restarts() -> Iterator[Request]:
    before = [running("rv-ru"), running("rv-snk", 2)]
    for query in ("", "?includeTasks=false", "?onlyFailed=false", "?includeTasks=true", "?onlyFailed=true", "?includeTasks=true&onlyFailed=true", "?includeTasks=x", "?includeTasks=TRUE", "?includeTasks", "?includeTasks=true&onlyFailed=x", "?forward=false", "?forward=true",
                  "?includeTasks=true&forward=x", "?includeTasks=1", "?includetasks=true"):
        for name in ("rv-ru", "rv-st", "rv-pa", "rv-nope"):
            yield Request("restart", "POST", f"/connectors/{name}/restart{query}", before=before)
            before = [running("rv-ru")] if name == "rv-ru" else []
    # Of a connector that is there, one that is not: the original leaves the status of a failed task behind for it.
    for task in ("0", "1", "00", "-1", "x", "99999999999", "2147483647"):
        for name in ("rv-ru", "rv-nope") if task in ("0", "00", "x", "99999999999") else ("rv-nope",):
            yield Request("restart", "POST", f"/connectors/{name}/tasks/{task}/restart", before=[running("rv-ru")])
    yield Request("restart", "GET", "/connectors/rv-ru/status", before=[running("rv-ru")])


def _states() -> Iterator[Request]:
    for change, code in (("pause", "PAUSED"), ("pause", "PAUSED"), ("resume", "RUNNING"), ("resume", "RUNNING"), ("stop", "STOPPED"), ("stop", "STOPPED"), ("pause", "PAUSED"), ("resume", "RUNNING"), ("pause", "PAUSED"), ("stop", "STOPPED"), ("resume", "RUNNING")):
        yield Request("states", "PUT", f"/connectors/rv-ru/{change}")
        yield Request("states", "GET", "/connectors/rv-ru/status", before=[{"op": "wait_status", "connector": "rv-ru", "connector_state": code, "task_states": None}, {"op": "sleep", "seconds": 1}])
        yield Request("states", "GET", "/connectors/rv-ru")
        yield Request("states", "GET", "/connectors/rv-ru/tasks")
    for change in ("pause", "resume", "stop"):
        yield Request("states", "PUT", f"/connectors/rv-nope/{change}")
        yield Request("states", "PUT", f"/connectors/rv-ru/{change}/x")
    yield Request("states", "POST", "/connectors/rv-ru/restart?includeTasks=true", before=[{"op": "wait_status", "connector": "rv-ru", "connector_state": "RUNNING", "task_states": None}, running("rv-ru")])


def _topics() -> Iterator[Request]:
    for name in ("rv-src", "rv-snk", "rv-st", "rv-nope"):
        yield Request("topics", "GET", f"/connectors/{name}/topics")
        yield Request("topics", "PUT", f"/connectors/{name}/topics/reset")
        yield Request("topics", "PUT", f"/connectors/{name}/topics/reset", {})
        yield Request("topics", "GET", f"/connectors/{name}/topics", before=[answers(f"/connectors/{name}/topics", '"topics":[]')])


OFFSET_BODIES = [
    "{}", "{\"offsets\":null}", "{\"offsets\":[]}", "{\"offsets\":{}}", "{\"offsets\":\"x\"}", "{\"offsets\":[null]}", "{\"offsets\":[1]}", "{\"offsets\":[[]]}", "{\"offsets\":[{}]}", "{\"offsets\":[{\"partition\":null,\"offset\":null}]}", "{\"offsets\":[{\"partition\":{}}]}",
    "{\"offsets\":[{\"offset\":{}}]}", "{\"offsets\":[{\"partition\":{},\"offset\":{}}]}", "{\"offsets\":[{\"partition\":[],\"offset\":{}}]}", "{\"offsets\":[{\"partition\":\"x\",\"offset\":{}}]}", "{\"offsets\":[{\"partition\":{\"filename\":\"in.txt\"},\"offset\":\"x\"}]}",
    "{\"offsets\":[{\"partition\":{\"a\":{}},\"offset\":{\"b\":1}}]}", "{\"offsets\":[{\"partition\":{\"a\":[]},\"offset\":{\"b\":1}}]}", "{\"more\":1}", "{\"offsets\":[{\"partition\":{\"filename\":\"in.txt\"},\"offset\":{\"position\":1},\"x\":1}]}", "{\"offsets\":[],\"x\":1}", "[]", "null"]
SINK_ENTRIES = [
    ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": "0"}, {"kafka_offset": "2"}), ({"kafka_topic": "rv-t1"}, {"kafka_offset": 1}), ({"kafka_partition": 0}, {"kafka_offset": 1}),
    ({"kafka_topic": None, "kafka_partition": 0}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": None}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": "x"}, {"kafka_offset": 1}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 1.5}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": "x"}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": None}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"x": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": -1}), ({"kafka_topic": "rv-t1", "kafka_partition": -1}, {"kafka_offset": 1}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 7}, {"kafka_offset": 1}), ({"kafka_topic": "no-such-topic", "kafka_partition": 0}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, None), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": 100}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 0, "x": 1}, {"kafka_offset": 1}), ({"kafka_topic": 5, "kafka_partition": 0}, {"kafka_offset": 1}), ({"kafka_topic": "", "kafka_partition": 0}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": True}, {"kafka_offset": 1}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": 1, "y": 2}), ({"kafka_topic": "rv-t1", "kafka_partition": " 0 "}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": 1.0}),
    ({"kafka_topic": "rv-t1", "kafka_partition": 99999999999}, {"kafka_offset": 1}), ({"kafka_topic": "rv-t1", "kafka_partition": 0}, {"kafka_offset": 99999999999999999999}), (None, {"kafka_offset": 1}), ({"kafka_topic": "rv-t2", "kafka_partition": 1}, {"kafka_offset": 0})]
SOURCE_ENTRIES = [
    ({"filename": "in.txt"}, {"position": 2}), ({"filename": "in.txt"}, {"position": "2"}), ({"filename": "in.txt"}, {"position": -1}), ({"filename": "in.txt"}, {"position": 1.5}), ({"filename": "in.txt"}, {"position": None}), ({"filename": "in.txt"}, {}), ({"filename": "in.txt"}, {"x": 1}),
    ({"filename": "in.txt"}, None), ({"x": "y"}, {"position": 1}), ({}, {"position": 1}), (None, {"position": 1}), (None, None), ({"filename": "other.txt"}, {"position": 5}), ({"filename": 5}, {"position": 1}), ({"filename": None}, {"position": 1}), ({"filename": "in.txt", "x": "y"}, {"position": 1}),
    ({"filename": "in.txt"}, {"position": True}), ({"filename": "in.txt"}, {"position": 99999999999}), ({"filename": "in.txt"}, {"position": 1, "x": "y"}), ({"filename": "in.txt"}, {"position": 99999999999999999999}), ({"x": "y"}, None), ({}, None)]


def _offsets() -> Iterator[Request]:
    yield Request("offsets", "GET", "/connectors/rv-src/offsets", before=[answers("/connectors/rv-src/offsets", "position")])
    yield Request("offsets", "GET", "/connectors/rv-snk/offsets", before=[answers("/connectors/rv-snk/offsets", "kafka_offset")])
    for name in ("rv-st", "rv-pa", "rv-nope"):
        yield Request("offsets", "GET", f"/connectors/{name}/offsets")
    good = {"offsets": [{"partition": {"filename": "in.txt"}, "offset": {"position": 1}}]}
    for name in ("rv-src", "rv-pa", "rv-nope"):
        yield Request("offsets", "PATCH", f"/connectors/{name}/offsets", good, note="not stopped")
        yield Request("offsets", "DELETE", f"/connectors/{name}/offsets", note="not stopped")
    yield Request("offsets", "PUT", "/connectors/rv-src/stop")
    yield Request("offsets", "PUT", "/connectors/rv-snk/stop", before=[STOPPED])
    stopped = [{**STOPPED, "connector": "rv-snk"}]
    for name in ("rv-src", "rv-snk", "rv-pa", "rv-nope"):
        for body in OFFSET_BODIES:
            yield Request("offsets", "PATCH", f"/connectors/{name}/offsets", body, note=body, before=stopped)
            stopped = []
    yield Request("offsets", "GET", "/connectors/rv-src/offsets")
    for name, entries in (("rv-snk", SINK_ENTRIES), ("rv-src", SOURCE_ENTRIES)):
        for partition, offset in entries:
            yield Request("offsets", "PATCH", f"/connectors/{name}/offsets", {"offsets": [{"partition": partition, "offset": offset}]}, note=f"{partition} {offset}")
            yield Request("offsets", "GET", f"/connectors/{name}/offsets")
    two = [{"partition": {"kafka_topic": "rv-t2", "kafka_partition": 0}, "offset": {"kafka_offset": 0}}, {"partition": {"kafka_topic": "rv-t2", "kafka_partition": 0}, "offset": {"kafka_offset": 0}}]
    yield Request("offsets", "PATCH", "/connectors/rv-snk/offsets", {"offsets": two}, note="a partition twice")
    yield Request("offsets", "PATCH", "/connectors/rv-snk/offsets", {"offsets": [two[0], {"partition": {"kafka_topic": "rv-t2", "kafka_partition": 1}, "offset": None}, {"partition": {"kafka_topic": "rv-t1", "kafka_partition": 0}, "offset": {"kafka_offset": 1}}]}, note="three partitions")
    yield Request("offsets", "GET", "/connectors/rv-snk/offsets")
    for name in ("rv-snk", "rv-src"):
        yield Request("offsets", "DELETE", f"/connectors/{name}/offsets", {}, note="with a body")
        yield Request("offsets", "GET", f"/connectors/{name}/offsets")
        yield Request("offsets", "DELETE", f"/connectors/{name}/offsets", note="again")
        yield Request("offsets", "PUT", f"/connectors/{name}/resume")
        yield Request("offsets", "GET", f"/connectors/{name}/status", before=[running(name, 2 if name == "rv-snk" else 1)])


def loggers() -> Iterator[Request]:
    for name in ("root", "ROOT", "Root", "org.apache.kafka.connect", "rv.a", "rv", "nope", "org.apache.kafka.connect.runtime.WorkerSinkTask", "%20", "a%20b"):
        yield Request("loggers", "GET", f"/admin/loggers/{name}")
    for body in ({}, {"level": None}, {"level": ""}, {"level": " "}, {"level": "x"}, {"level": "debug"}, {"level": "DEBUG"}, {"level": "TRACE"}, {"level": "OFF"}, {"level": "ALL"}, {"level": "FATAL"}, {"level": "WARN"}, {"level": "warn "}, {"level": "ERROR"}, {"level": "INFO"}, {"level": 1}, {"level": True},
                 {"level": []}, {"level": "INFO", "x": "y"}, {"Level": "INFO"}):
        yield Request("loggers", "PUT", "/admin/loggers/rv.a", body, note=json.dumps(body))
        yield Request("loggers", "GET", "/admin/loggers/rv.a")
    for scope in ("", "worker", "WORKER", "cluster", "CLUSTER", "x", "worker&scope=cluster"):
        for name in ("rv.b", "rv.b.c"):
            yield Request("loggers", "PUT", f"/admin/loggers/{name}?scope={scope}", {"level": "WARN"}, note=scope)
            yield Request("loggers", "PUT", f"/admin/loggers/{name}?scope={scope}", {"level": "x"}, note=scope)
            yield Request("loggers", "GET", f"/admin/loggers/{name}")
    for name in ("rv", "rv.d.e", "rv.d"):
        yield Request("loggers", "PUT", f"/admin/loggers/{name}", {"level": "ERROR"})
        yield Request("loggers", "GET", f"/admin/loggers/{name}")
        yield Request("loggers", "PUT", f"/admin/loggers/{name}", {"level": "ERROR"})
        yield Request("loggers", "GET", "/admin/loggers/rv.a")


NAMES = ["a b", "a/b", "a%b", "a\\b", "a?b", "a#b", "a;b", "a+b", "é", "日本", "😀", "a\"b", "a'b", "<b>", "a&b", "a=b", "a:b", ".", "..", "a,b", "~", "a@b", "$x", "{n}", "x" * 249, "a.b-c_d", "A", "a|b", "a^b", "[a]", "  pad  ", "null", "0", "-1"]


def names() -> Iterator[Request]:
    from urllib.parse import quote
    for name in NAMES:
        path = f"/connectors/{quote(name.strip(), safe='')}"
        yield Request("names", "POST", "/connectors", {"name": name, "config": {**SINK, "file": "names.txt"}, "initial_state": "STOPPED"}, note=name)
        yield Request("names", "GET", path)
        yield Request("names", "GET", f"{path}/status")
        yield Request("names", "PUT", f"{path}/config", {**SINK, "file": "names2.txt"})
        yield Request("names", "GET", f"{path}/tasks/0/status")
        yield Request("names", "GET", f"{path}/topics")
        yield Request("names", "DELETE", path)


def standalone() -> List[Request]:
    """For a standalone worker, in the order they are sent."""
    parts = (methods, paths, negotiation, bodies, plugins, validations, creations, lives, loggers, names)
    return [request for part in parts for request in part()]


def distributed() -> List[Request]:
    """For one distributed worker: what it may answer otherwise than a standalone one."""
    parts = (methods, creations, lives, loggers, names)
    return [request for part in parts for request in part()]
