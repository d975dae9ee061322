"""Generated cases for `bywash try --cases`: random schemas, values, converters and chains of transforms, the same for the same seed."""

import base64
import json
import random

_APACHE = "org.apache.kafka.connect"
_TRANSFORMS = f"{_APACHE}.transforms"
_DATA = f"{_APACHE}.data"
_JSON, _STRING = f"{_APACHE}.json.JsonConverter", f"{_APACHE}.storage.StringConverter"
_SIMPLE_HEADERS = f"{_APACHE}.storage.SimpleHeaderConverter"
_SIMPLE = [f"{_APACHE}.converters.{name}Converter" for name in ("Boolean", "Short", "Integer", "Long", "Float", "Double", "ByteArray")] + [_STRING]
_NAMES = ["id", "name", "qty", "price", "active", "ts", "day", "addr", "city", "zip", "tags", "note", "a.b", "ref"]
_INTS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}
_DAY_MS = 86_400_000
_TEXTS = ["", "a", "widget", "12", "-7", "1.5", "true", "null", "2024-01-31", "2024-01-31T10:00:00.000Z", " x ", "\u00e9\u4e2d", "1e3", "NaN"]
# What a JSON schema calls the types.
_JSON_TYPES = {"float32": "float", "float64": "double"}


class CaseMaker:
    """Makes one case after another."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.count = 0

    def case(self) -> dict:
        """A case in the form of docs/try.md."""
        self.count += 1
        kind = self.random.choice(["record", "record", "json", "envelope", "source", "source", "headers", "text", "string", "numbers", "numbers_out", "content",
                                   "headers_out", "settings", "keys"])
        out = {"id": f"generated-{self.count:05d}", "group": kind, "note": kind}
        out.update(getattr(self, f"_{kind}")())
        return out

    # Kinds of cases.

    def _record(self) -> dict:
        record = self._record_of(schemaless=self.random.random() < 0.3)
        return {"direction": "sink", "chain": self._chain(record), "record": record, "offset": self.random.choice([0, 17, 2**40]),
                "timestamp_type": "CreateTime"}

    def _json(self) -> dict:
        payload = self._plain(3)
        fields = list(payload) if isinstance(payload, dict) else []
        return self._message(json.dumps(payload, ensure_ascii=self.random.random() < 0.5), {"schemas.enable": "false"}, fields)

    def _envelope(self) -> dict:
        schema = self._schema(2, struct=True)
        value = None if schema["optional"] and self.random.random() < 0.1 else self._value(schema)
        config = {"schemas.enable": "true"}
        if self.random.random() < 0.2:
            config["replace.null.with.default"] = "false"
        text = json.dumps({"schema": _json_schema(schema), "payload": _json_value(value, schema)})
        return self._message(text, config, [f["name"] for f in schema.get("fields", [])])

    def _headers(self) -> dict:
        case = self._message("{}", {"schemas.enable": "false"}, [])
        alphabet = ["1", "-", ".", "e", "[", "]", "{", "}", ",", ":", "\"", "a", "null", "true", " ", "2024-01-31", "T10:00:00.000Z", "\\", "0"]
        case["headers"] = [{"key": f"h{i}", "value": {"utf8": "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, 7)))}}
                           for i in range(3)]
        return case

    def _text(self) -> dict:
        """JSON that may be none."""
        pieces = ["{", "}", "[", "]", ":", ",", "\"a\"", "\"\\u00e9\"", "\"\\ud800\"", "1", "-0", "01", "1e5", "1E400", "-", "0.1", "true", "null", "nul", " ", "\n", "//x",
                  "\"\\x\"", "99999999999999999999", "NaN", "'a'", "\t"]
        text = "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 6)))
        if self.random.random() < 0.5:
            text = '{"a":' + text + "}"
        config = {"schemas.enable": "false"}
        if self.random.random() < 0.3:
            config = {"schemas.enable": "true"}
            kind = self.random.choice(["int8", "int32", "int64", "float", "double", "boolean", "string", "bytes", "array", "struct", "nothing"])
            text = '{"schema":{"type":"%s","optional":%s},"payload":%s}' % (kind, self.random.choice(["true", "false", "1"]), text or "null")
        return self._message(text, config, ["a"])

    def _string(self) -> dict:
        case = self._message(self.random.choice(_TEXTS), {}, [])
        case["value.converter"] = {"class": _STRING, "config": {}}
        if self.random.random() < 0.5:
            case["value"] = self.random.choice([None, {"base64": "AP8="}, {"base64": "w6k="}])
        return case

    def _numbers(self) -> dict:
        """Bytes through the converters of single values, for key, value and header."""
        case = self._message("", {}, [])
        case["chain"] = []
        for part in ("key", "value"):
            case[part] = self._few_bytes()
            case[f"{part}.converter"] = {"class": self.random.choice(_SIMPLE), "config": {}}
        if self.random.random() < 0.4:
            case["headers"] = [{"key": "h", "value": self._few_bytes()}]
            case["header.converter"] = {"class": self.random.choice(_SIMPLE), "config": {}}
        return case

    def _few_bytes(self):
        size = self.random.choice([0, 1, 1, 2, 2, 4, 4, 8, 8, 3])
        data = bytes(self.random.choice([0, 1, 2, 65, 127, 128, 192, 255]) for _ in range(size))
        return self.random.choice([None, *[{"base64": base64.b64encode(data).decode()}] * 9])

    def _numbers_out(self) -> dict:
        """Single values of any type through converters that hold one type."""
        record = self._record_of(schemaless=False)
        record.pop("fields")
        for part in ("key", "value"):
            schema = self._schema(0)
            null = schema["optional"] and self.random.random() < 0.2
            record[f"{part}_schema"], record[part] = (schema, None if null else self._value(schema)) if self.random.random() < 0.8 else (None, self._value(schema))
        record["partition"] = 0
        return {"direction": "source", "chain": [], "record": record, "key.converter": {"class": self.random.choice(_SIMPLE), "config": {}},
                "value.converter": {"class": self.random.choice(_SIMPLE), "config": {}},
                "header.converter": {"class": self.random.choice([_SIMPLE_HEADERS, *_SIMPLE]), "config": {}}}

    def _content(self) -> dict:
        """JSON whose schema stands in the configuration."""
        schema = self._schema(2, struct=self.random.random() < 0.7)
        value = self._value(schema)
        config = {"schemas.enable": self.random.choice(["true", "true", "true", "false"]), "schema.content": json.dumps(_json_schema(schema))}
        if self.random.random() < 0.15:
            config["schema.content"] = self.random.choice(["", "{", "{}", '{"type":"nope"}', "null", '"string"', '{"type":"struct"}'])
        text = json.dumps(_json_value(value, schema))
        if self.random.random() < 0.2:
            text = json.dumps({"schema": _json_schema(schema), "payload": _json_value(value, schema)})
        return self._message(text, config, [f["name"] for f in schema.get("fields", [])])

    def _headers_out(self) -> dict:
        """Headers of every kind on their way out."""
        case = self._source()
        schema = self._schema(2)
        case["record"]["headers"] = [{"key": "h", "schema": schema, "value": self._value_or_null(schema)}]
        if self.random.random() < 0.4:
            case["record"]["headers"].append({"key": "loose", "schema": None, "value": self._loose(2)})
        case["header.converter"] = self.random.choice([{"class": _SIMPLE_HEADERS, "config": {}}, {"class": _JSON, "config": {"schemas.enable": "true"}},
                                                       {"class": _JSON, "config": {"schemas.enable": "false"}}, {"class": _STRING, "config": {}}])
        return case

    def _settings(self) -> dict:
        """A transform whose configuration is wrong in some way, or looks so."""
        case = self._record()
        step = self._step([])
        config = step["config"]
        for key in list(config) or ["fields"]:
            if self.random.random() < 0.5:
                continue
            config[key] = self.random.choice(["", " ", ",", "a,,b", " a , b ", "a,a", "a:b", "a:b:c", ":", "id:int32", "nope", "true", "TRUE", "-1", "1.5", "$", "[", "a;b", "name", "V2", "0"])
        if config and self.random.random() < 0.3:
            del config[self.random.choice(list(config))]
        case["chain"] = [step]
        return case

    def _keys(self) -> dict:
        """Keys with schemas, and both sides transformed."""
        schema, key = self._schema(2, struct=True), self._schema(1, struct=self.random.random() < 0.6)
        names = [f["name"] for f in schema["fields"]] + [f["name"] for f in key.get("fields", [])]
        case = self._message(json.dumps({"schema": _json_schema(schema), "payload": _json_value(self._value(schema), schema)}), {"schemas.enable": "true"}, names)
        case["key"] = {"utf8": json.dumps({"schema": _json_schema(key), "payload": _json_value(self._value(key), key)})}
        case["key.converter"] = {"class": _JSON, "config": {"schemas.enable": "true"}}
        case["timestamp"] = self.random.choice([-1, 0, 1700000000123, 253402300800000])
        case["timestamp_type"] = self.random.choice(["CreateTime", "LogAppendTime"])
        return case

    def _source(self) -> dict:
        record = self._record_of(schemaless=self.random.random() < 0.3)
        record["partition"] = self.random.choice([None, 0, 3])
        config = {"schemas.enable": self.random.choice(["true", "false"]), "decimal.format": self.random.choice(["BASE64", "NUMERIC", "numeric"])}
        if record["key_schema"] and record["key_schema"]["type"] != "string":
            case_key = {"class": _JSON, "config": {"schemas.enable": "true"}}
        else:
            case_key = {"class": _STRING, "config": {}}
        if self.random.random() < 0.2:
            config["replace.null.with.default"] = "false"
        return {"direction": "source", "chain": self._chain(record) if self.random.random() < 0.5 else [], "record": record,
                "key.converter": case_key, "value.converter": {"class": _JSON, "config": config}, "header.converter": {"class": _SIMPLE_HEADERS, "config": {}}}

    def _message(self, text: str, config: dict, fields: list) -> dict:
        record = {"key": "k1", "fields": fields}
        return {"direction": "sink", "chain": self._chain(record), "topic": "orders", "partition": 0, "offset": 17, "timestamp": 1700000000123,
                "timestamp_type": "CreateTime", "key": {"utf8": "k1"}, "value": {"utf8": text}, "headers": [],
                "key.converter": {"class": _STRING, "config": {}}, "value.converter": {"class": _JSON, "config": config},
                "header.converter": {"class": _SIMPLE_HEADERS, "config": {}}}

    # Schemas and values.

    def _record_of(self, schemaless: bool) -> dict:
        out = {"topic": "orders", "partition": 0, "timestamp": self.random.choice([None, 0, 1700000000123]), "headers": []}
        if schemaless:
            value = self._loose(3)
            fields = [key for key, _ in value["map"]] if isinstance(value, dict) and "map" in value else []
            out.update(key_schema=None, key=self.random.choice([None, "k1", {"int32": 5}]), value_schema=None, value=value)
        else:
            schema = self._schema(2, struct=self.random.random() < 0.85)
            fields = [f["name"] for f in schema.get("fields", [])]
            null = schema["optional"] and self.random.random() < 0.15
            key = {"type": "string", "optional": True} if self.random.random() < 0.7 else self._schema(1, struct=True)
            out.update(key_schema=key, key=self._value(key), value_schema=schema, value=None if null else self._value(schema))
            if self.random.random() < 0.3:
                fields += [f["name"] for f in key.get("fields", [])]
        for i in range(self.random.choice([0, 0, 1, 2])):
            header = self._schema(0)
            out["headers"].append({"key": f"h{i}", "schema": header, "value": self._value(header)})
        out["fields"] = fields
        return out

    def _schema(self, depth: int, struct: bool = False) -> dict:
        types = [*_INTS, "float32", "float64", "boolean", "string", "string", "bytes", "decimal", "date", "time", "timestamp"]
        kind = "struct" if struct else self.random.choice(types + (["array", "map", "struct"] if depth > 0 else []))
        out = {"type": kind, "optional": self.random.random() < 0.4}
        if kind == "decimal":
            out.update(type="bytes", name=f"{_DATA}.Decimal", version=1, parameters={"scale": str(self.random.randint(0, 4))})
        elif kind in ("date", "time", "timestamp"):
            out.update(type="int64" if kind == "timestamp" else "int32", name=f"{_DATA}.{kind.title()}", version=1)
        elif self.random.random() < 0.15:
            out["name"] = "com.acme.Thing"
            if self.random.random() < 0.5:
                out["version"] = self.random.randint(1, 9)
        if self.random.random() < 0.1:
            out["doc"] = "what it is"
        if kind == "struct":
            names = self.random.sample(_NAMES, self.random.randint(1, 5))
            out["fields"] = [{"name": name, "schema": self._schema(depth - 1)} for name in names]
        elif kind == "array":
            out["values"] = self._schema(depth - 1)
        elif kind == "map":
            out["keys"] = {"type": "string", "optional": False}
            out["values"] = self._schema(depth - 1)
        elif self.random.random() < 0.15:
            out["default"] = self._value(out)
        return out

    def _value(self, schema: dict):
        kind, name = schema["type"], schema.get("name", "")
        choose = self.random.choice
        if name.endswith(".Decimal"):
            return {"decimal": {"unscaled": str(choose([0, 5, -123456, 10**20])), "scale": int(schema["parameters"]["scale"])}}
        if name.endswith("data.Date"):
            return {"millis": str(_DAY_MS * choose([0, 1, 19000, -400]))}
        if name.endswith("data.Time"):
            return {"millis": str(choose([0, 1, 36_000_123, _DAY_MS - 1]))}
        if name.endswith("data.Timestamp"):
            return {"millis": str(choose([0, 1700000000123, -62135596800000, _DAY_MS * 3]))}
        if kind in _INTS:
            top = 2 ** _INTS[kind] - 1
            number = choose([0, 1, -1, 42, top, -top - 1])
            return {kind: str(number) if kind == "int64" else number}
        if kind in ("float32", "float64"):
            texts = ["0.0", "-0.0", "1.5", "-2.25", "1.0E10", "NaN", "Infinity", "-Infinity", "3.0", "0.001"]
            return {kind: choose(texts if kind == "float32" else texts + ["1.0E300", "0.1", "123456.789"])}
        if kind == "boolean":
            return choose([True, False])
        if kind == "string":
            return choose(_TEXTS)
        if kind == "bytes":
            return {"bytes": choose(["", "AP8=", "aGVsbG8="])}
        if kind == "array":
            return {"array": [self._value_or_null(schema["values"]) for _ in range(self.random.randint(0, 3))]}
        if kind == "map":
            return {"map": [[key, self._value_or_null(schema["values"])] for key in self.random.sample(["k", "l", "m"], self.random.randint(0, 2))]}
        return {"struct": {f["name"]: self._value_or_null(f["schema"]) for f in schema["fields"]}}

    def _value_or_null(self, schema: dict):
        return None if schema["optional"] and self.random.random() < 0.25 else self._value(schema)

    def _loose(self, depth: int):
        """A schemaless value as a Map, mostly."""
        if depth == 3 and self.random.random() < 0.85:
            return {"map": [[name, self._loose(depth - 1)] for name in self.random.sample(_NAMES, self.random.randint(0, 5))]}
        simple = [None, True, "x", {"int8": 3}, {"int16": -300}, {"int32": 70000}, {"int64": "5000000000"}, {"float32": "1.5"}, {"float64": "0.1"},
                  {"bytes": "AP8="}, {"millis": "1700000000123"}, {"decimal": {"unscaled": "1999", "scale": 2}}, *_TEXTS]
        if depth == 0 or self.random.random() < 0.75:
            return self.random.choice(simple)
        if self.random.random() < 0.5:
            return {"array": [self._loose(depth - 1) for _ in range(self.random.randint(0, 3))]}
        return {"map": [[name, self._loose(depth - 1)] for name in self.random.sample(_NAMES, self.random.randint(0, 3))]}

    def _plain(self, depth: int):
        """Any JSON, an object at the top mostly."""
        if depth == 3 and self.random.random() < 0.9:
            return {name: self._plain(depth - 1) for name in self.random.sample(_NAMES, self.random.randint(0, 6))}
        simple = [None, True, False, 0, -1, 42, 2**31, 2**63 - 1, 2**64, 1.5, -0.25, 1e300, 0.1, *_TEXTS]
        if depth == 0 or self.random.random() < 0.75:
            return self.random.choice(simple)
        if self.random.random() < 0.5:
            return [self._plain(depth - 1) for _ in range(self.random.randint(0, 3))]
        return {name: self._plain(depth - 1) for name in self.random.sample(_NAMES, self.random.randint(0, 3))}

    # Chains.

    def _chain(self, record: dict) -> list:
        fields = record.pop("fields", [])
        return [self._step(fields) for _ in range(self.random.choice([0, 1, 1, 1, 2, 3]))]

    def _field(self, fields: list) -> str:
        return self.random.choice(fields) if fields and self.random.random() < 0.85 else self.random.choice(_NAMES)

    def _step(self, fields: list) -> dict:
        choose, field = self.random.choice, lambda: self._field(fields)
        side = choose(["$Value", "$Value", "$Value", "$Key"])
        types = ["int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string"]
        makers = {
            "Cast" + side: lambda: {"spec": choose([choose(types), f"{field()}:{choose(types)}", f"{field()}:{choose(types)},{field()}:{choose(types)}"])},
            "DropHeaders": lambda: {"headers": choose(["h0", "h1,h2", "h0,h0"])},
            "ExtractField" + side: lambda: choose([{"field": field()}, {"field": field(), "field.syntax.version": "V2"},
                                                   {"field": f"{field()}.{field()}", "field.syntax.version": choose(["V1", "V2", "v2", "V3"])},
                                                   {"field": choose(["`a.b`", "`a.b`.city", "addr.`a.b`", "a.", "`a", "a``b", ".a", "``"]), "field.syntax.version": "V2"}]),
            "Filter": lambda: {},
            "Flatten" + side: lambda: choose([{}, {"delimiter": "_"}]),
            "HeaderFrom" + side: lambda: {"fields": field(), "headers": "from", "operation": choose(["move", "copy"])},
            "HoistField" + side: lambda: {"field": choose(["wrapped", "a.b", ""])},
            "InsertField" + side: lambda: choose([{"static.field": field(), "static.value": "s"}, {"topic.field": "t!"}, {"timestamp.field": choose(["when", "when!", "when?", "!"])}, {},
                                                  {"partition.field": "p?", "offset.field": "o"}]),
            "InsertHeader": lambda: {"header": "h0", "value.literal": choose(_TEXTS)},
            "MaskField" + side: lambda: {"fields": field()} | choose([{}, {"replacement": choose(["0", "x", "1.5", "2024"])}]),
            "RegexRouter": lambda: choose([{"regex": "(o)(.*)", "replacement": "$2-$1"}, {"regex": "nothing", "replacement": "x"}, {"regex": ".*", "replacement": "all"},
                                           {"regex": choose(["(?<first>o).*", "[a-z]+", "(o|p)(r)?(x)?.*", "o.*s$", "("]), "replacement": choose(["${first}x", "$0", "$3", "\\\\$", "$9", "a$"])}]),
            "ReplaceField" + side: lambda: choose([{"exclude": field()}, {"include": f"{field()},{field()}"}, {"renames": f"{field()}:renamed"}]),
            "SetSchemaMetadata" + side: lambda: choose([{"schema.name": "com.acme.New"}, {"schema.version": "7"}, {"schema.name": "n", "schema.version": "1"},
                                                        {"schema.name": "n", "replace.null.with.default": "false"}, {"schema.version": "x"}]),
            "TimestampConverter" + side: lambda: {"target.type": choose(["string", "unix", "Date", "Time", "Timestamp"]), "field": choose(["", field()]),
                                                  "format": choose(["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "EEE, d MMM yyyy HH:mm:ss Z", "yy/M/d h:m a", "DDD yyyy", "HH:mm", "q"]),
                                                  "unix.precision": choose(["milliseconds", "seconds", "microseconds"])},
            "TimestampRouter": lambda: {"topic.format": choose(["${topic}-${timestamp}", "x"]), "timestamp.format": choose(["yyyyMMdd", "HHmm", "yyyy-'W'ww", "EEEE"])},
            "ValueToKey": lambda: {"fields": choose([field(), f"{field()},{field()}"])},
        }
        name = choose(sorted(makers))
        config = makers[name]()
        if name.startswith(("ReplaceField", "MaskField", "InsertField", "ExtractField", "HeaderFrom", "ValueToKey", "TimestampConverter", "Cast")) \
                and self.random.random() < 0.15:
            config["replace.null.with.default"] = "false"
        step = {"type": f"{_TRANSFORMS}.{name}", "config": config}
        if self.random.random() < 0.15:
            kind = choose(["RecordIsTombstone", "HasHeaderKey", "TopicNameMatches"])
            own = {"RecordIsTombstone": {}, "HasHeaderKey": {"name": "h0"}, "TopicNameMatches": {"pattern": choose(["ord.*", "x"])}}[kind]
            step["predicate"] = {"type": f"{_TRANSFORMS}.predicates.{kind}", "config": own, "negate": self.random.random() < 0.5}
        return step


def _json_schema(schema: dict) -> dict:
    """The schema as JsonConverter's envelope has it."""
    out = {"type": _JSON_TYPES.get(schema["type"], schema["type"]), "optional": schema["optional"]}
    out.update({key: schema[key] for key in ("name", "version", "doc", "parameters") if key in schema})
    if "default" in schema:
        out["default"] = _json_value(schema["default"], schema)
    if schema["type"] == "struct":
        out["fields"] = [{**_json_schema(f["schema"]), "field": f["name"]} for f in schema["fields"]]
    elif schema["type"] == "array":
        out["items"] = _json_schema(schema["values"])
    elif schema["type"] == "map":
        out.update(keys=_json_schema(schema["keys"]), values=_json_schema(schema["values"]))
    return out


def _json_value(value, schema: dict):
    """The value as the payload has it: an approximation will do, both sides read the same text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    (tag, inner), = value.items()
    if tag in ("float32", "float64"):
        return 0.5 if inner in ("NaN", "Infinity", "-Infinity") else float(inner)
    if tag.startswith("int"):
        return int(inner)
    if tag == "bytes":
        return inner
    if tag == "millis":
        return int(inner) // _DAY_MS if schema["name"].endswith("data.Date") else int(inner)
    if tag == "decimal":
        return int(inner["unscaled"])
    if tag == "array":
        return [_json_value(item, schema["values"]) for item in inner]
    if tag == "map":
        return {key: _json_value(item, schema["values"]) for key, item in inner}
    return {f["name"]: _json_value(inner[f["name"]], f["schema"]) for f in schema["fields"]}


def cases(seed: int, count: int) -> list:
    """`count` cases of this seed."""
    maker = CaseMaker(seed)
    return [maker.case() for _ in range(count)]
