"""Variations of the recorded cases (tests/conformance/records): inputs through other chains, payloads, schemas, configurations, headers and
timestamps changed here and there. The same for the same seed."""

import base64
import copy
import gzip
import json
import pathlib
import random

_RECORDED = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "records"
_TRANSFORMS = "org.apache.kafka.connect.transforms"
_LOGICAL = [f"org.apache.kafka.connect.data.{name}" for name in ("Date", "Time", "Timestamp", "Decimal")]
_HEADER_CONVERTERS = ["org.apache.kafka.connect.json.JsonConverter", "org.apache.kafka.connect.storage.StringConverter",
                      "org.apache.kafka.connect.converters.IntegerConverter", "org.apache.kafka.connect.converters.ByteArrayConverter"]
_PIECES = list('{}[]:,"\'\\ \t\n0123456789+-.eE_$aftnulrsx/') + ["\u00e9", "\u4e16", "\U0001f600", "\u0663", "\u0000", "\ufeff", "//", "/*", "1e400", "NaN", "null", "true",
                                                               "9223372036854775808", "-0", "0.1"]
_FIELDS = ["f", "a", "id", "id,name", "f,g", "", "a,,b", "id,id", " id , qty ", "x", "addr"]
# Values worth trying for a key, whatever has it.
_VALUES = {
    "spec": ["int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string", "f:int8", "f:string,g:int32", "a:float32", "f:boolean", "id:string, qty:float64", "x", "",
             ":", "f:", "f:bytes", ":int32", "a:b:c", "f:INT32", " f : int32 ", "f:int32,"],
    "replace.null.with.default": ["true", "false", "TRUE", "x", ""],
    "schemas.enable": ["true", "false"],
    "decimal.format": ["BASE64", "NUMERIC", "numeric", "x"],
    "field.syntax.version": ["V1", "V2", "v2", "V3", ""],
    "unix.precision": ["seconds", "milliseconds", "microseconds", "nanoseconds", "x"],
    "target.type": ["string", "unix", "Date", "Time", "Timestamp", "date", "x"],
    "format": ["yyyy-MM-dd", "YYYY-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "HH:mm:ss", "dd/MM/yy", "EEE, d MMM yyyy HH:mm:ss Z", "D", "x", "K:mm a", "kk", "YYYY-ww-u", "W F", "w yyyy", "EEE",
               "''yy''", "SSSSSS", "a", ""],
    "timestamp.format": ["yyyyMMdd", "EEE", "D", "x", "w", "YYYY", "Z", "XX", "'q'", "", "a", "G", "F"],
    "topic.format": ["${topic}-${timestamp}", "${timestamp}", "x", "", "${topic}${topic}", "$${topic}", "${Topic}"],
    "field": ["f", "a", "id", "addr.city", "a.b", "`a.b`", "addr.`geo.pt`.lat", "", "  id ", ".", "a.", "``", "`a`b", "f.g"],
    "fields": _FIELDS, "include": _FIELDS, "exclude": _FIELDS,
    "renames": ["f:g", "id:x,name:y", "id:name", "a", "a:b:c", "", ":", "id:x,id:y", "a:,b:c"],
    "replacement": ["0", "x", "1.5", "", "-1", "2024", "1e3", "$0", "$1", "${x}", "\\", "a$", "128", "99999999999", "NaN", "0x1", "true", "1.", "1f"],
    "delimiter": [".", "_", "", "::", " "],
    "static.field": ["s", "s!", "id", "", "!", "s!!"], "static.value": ["v", "1", ""],
    "topic.field": ["t!", "t?", "id", ""], "partition.field": ["p", "p!", "id"], "offset.field": ["o", "o!"], "timestamp.field": ["ts", "ts!", "id"],
    "schema.name": ["n", "", "com.acme.X"], "schema.version": ["1", "0", "-1", "x", "", "99999999999"],
    "headers": ["h", "h,g", "", "a,,b", " h "], "header": ["h", "", "x y"],
    "value.literal": ["1", "x", "", "null", "[1,2]", '{"a":1}', "2024-01-31", '"q"', '[1,"a"]', "12:34:56", "-", "1e5", "[]", "{}", "99999999999999999999"],
    "operation": ["move", "copy", "MOVE", ""],
    "regex": ["(.*)", "o(.*)", "(?<n>o).*", "[a-z]+", "x", "(", "", "o|r", ".*?", "(o)(r)?(z)?ders", "\\Qorders\\E", "(?i)ORDERS", "\\p{L}+"],
    "pattern": ["ord.*", "x", "(", "orders", "", ".*"], "name": ["h", "g", ""],
    "converter.encoding": ["UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16LE", "UTF-32", "windows-1252", "x", ""],
    "schemas.cache.size": ["0", "1", "1000", "x"],
}
_KEYS = {
    "Cast": ["spec", "replace.null.with.default"], "ReplaceField": ["include", "exclude", "renames", "replace.null.with.default"],
    "ExtractField": ["field", "field.syntax.version", "replace.null.with.default"], "HoistField": ["field"],
    "InsertField": ["static.field", "static.value", "topic.field", "partition.field", "offset.field", "timestamp.field"],
    "MaskField": ["fields", "replacement", "replace.null.with.default"], "Flatten": ["delimiter"], "ValueToKey": ["fields", "replace.null.with.default"],
    "TimestampConverter": ["field", "format", "target.type", "unix.precision", "replace.null.with.default"], "TimestampRouter": ["topic.format", "timestamp.format"],
    "RegexRouter": ["regex", "replacement"], "SetSchemaMetadata": ["schema.name", "schema.version"], "HeaderFrom": ["fields", "headers", "operation"],
    "DropHeaders": ["headers"], "InsertHeader": ["header", "value.literal"], "JsonConverter": ["schemas.enable", "decimal.format", "replace.null.with.default", "schemas.cache.size"],
    "StringConverter": ["converter.encoding"],
}
_OWN = ("chain", "id", "group", "note", "direction")
# What JSON of a schema is changed to.
_SCHEMA_EDITS = {"optional": [True, False, None, 1, "true"], "name": [*_LOGICAL, "x", "", None, 5],
                 "type": ["int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes", "array", "map", "struct", "Int32", None, 5]}


class Variations:
    """Makes one case after another."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        with gzip.open(_RECORDED / "cases.jsonl.gz", "rt", encoding="utf-8") as lines:
            recorded = [json.loads(line) for line in lines]
        # Plugins that Maven Central has.
        self._recorded = [case for case in recorded if "confluent" not in json.dumps(case) and "debezium" not in json.dumps(case)]
        self._nodes, self._texts, self._headers, self._typed = [], [], [], []
        for case in self._recorded:
            self._collect(case)
        self._count = 0

    def case(self) -> dict:
        """A case in the form of docs/try.md; its note is the recorded case it came from."""
        self._count += 1
        case = copy.deepcopy(self._random.choice(self._recorded))
        changes = [self._swap, self._splice, *[self._configure] * 3, *[self._change_payload] * 3, self._change_text, *[self._change_record] * 2, self._change_headers,
                   self._change_rest, self._other_side, self._add_predicate]
        for _ in range(self._random.choice([1, 1, 2, 2, 3])):
            self._random.choice(changes)(case)
        case.update(id=f"variation-{self._count:06d}", note=case["id"])
        return case

    def _collect(self, case: dict) -> None:
        for part in ("key", "value"):
            payload = case.get(part)
            if isinstance(payload, dict) and "utf8" in payload:
                self._texts.append(payload["utf8"])
                try:
                    self._collect_nodes(json.loads(payload["utf8"]))
                except (ValueError, RecursionError):
                    pass
        self._headers += [header["value"]["utf8"] for header in case.get("headers", []) if header["value"] and "utf8" in header["value"]]
        record = case.get("record")
        if record:
            self._typed += [(record[f"{part}_schema"], record[part]) for part in ("key", "value") if record[f"{part}_schema"] is not None]
            self._typed += [(header["schema"], header["value"]) for header in record.get("headers", []) if header.get("schema") is not None]

    def _collect_nodes(self, node) -> None:
        self._nodes.append(node)
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            self._collect_nodes(inner)

    # Changes of a case.

    def _swap(self, case: dict) -> None:
        """Another case's input."""
        other = self._random.choice([one for one in self._recorded if one["direction"] == case["direction"]])
        for key in [key for key in case if key not in _OWN]:
            del case[key]
        case.update({key: copy.deepcopy(value) for key, value in other.items() if key not in _OWN})

    def _splice(self, case: dict) -> None:
        """Another case's chain before or after."""
        chain = copy.deepcopy(self._random.choice(self._recorded)["chain"])
        case["chain"] = (case["chain"] + chain if self._random.random() < 0.5 else chain + case["chain"])[:4]

    def _configure(self, case: dict) -> None:
        choose = self._random.choice
        converters = [key for key in ("key.converter", "value.converter", "header.converter") if key in case]
        if case["chain"] and (self._random.random() < 0.85 or not converters):
            step = choose(case["chain"])
            config, kind = step["config"], step["type"].rsplit(".", 1)[-1].split("$")[0]
        elif converters:
            converter = case[choose(converters)]
            config, kind = converter["config"], converter["class"].rsplit(".", 1)[-1]
        else:
            return
        key = choose([*_KEYS.get(kind, ["schemas.enable"]), *config])
        if self._random.random() < 0.1:
            config.pop(key, None)
            return
        value = choose(_VALUES.get(key, ["", "x", "true"]))
        config[key] = self._edited(value, 1) if self._random.random() < 0.1 else value

    def _change_payload(self, case: dict) -> None:
        if "record" in case:
            self._change_record(case)
            return
        part = self._random.choice(["value", "value", "value", "key"])
        payload = case.get(part)
        if not isinstance(payload, dict) or "utf8" not in payload:
            case[part] = {"utf8": self._random.choice(self._texts)}
            return
        try:
            case[part] = {"utf8": json.dumps(self._changed(json.loads(payload["utf8"])), ensure_ascii=self._random.random() < 0.7)}
        except (ValueError, RecursionError):
            pass

    def _changed(self, node):
        """The JSON with one place changed."""
        chance = self._random.random()
        if chance < 0.25 or not isinstance(node, (dict, list)) or not node:
            return copy.deepcopy(self._random.choice(self._nodes))
        at = self._random.choice(list(node)) if isinstance(node, dict) else self._random.randrange(len(node))
        if chance < 0.35:
            del node[at]
        elif chance < 0.42:
            fresh = copy.deepcopy(self._random.choice(self._nodes))
            if isinstance(node, dict):
                node[at + self._random.choice(["", "x", ".y"])] = fresh
            else:
                node.insert(at, fresh)
        elif at in _SCHEMA_EDITS and self._random.random() < 0.6:
            node[at] = self._random.choice(_SCHEMA_EDITS[at])
        elif at == "type" or at == "default":
            node["default"] = self._random.choice([0, 1, -1, 300, 1.5, "x", "", True, None, [], {}, "AQI=", 1700000000123])
        else:
            node[at] = self._changed(node[at])
        return node

    def _edited(self, text: str, times: int) -> str:
        """The text with some characters put in, replaced or left out."""
        letters = list(text)
        for _ in range(times):
            at, chance = self._random.randrange(len(letters) + 1), self._random.random()
            if chance < 0.4 or at == len(letters):
                letters.insert(at, self._random.choice(_PIECES))
            elif chance < 0.7:
                letters[at] = self._random.choice(_PIECES)
            else:
                del letters[at]
        return "".join(letters)

    def _change_text(self, case: dict) -> None:
        part = self._random.choice(["value", "value", "key"])
        payload = case.get(part)
        if "record" in case or not isinstance(payload, dict):
            return
        if "utf8" in payload and self._random.random() < 0.9:
            case[part] = {"utf8": self._edited(payload["utf8"], self._random.choice([1, 1, 2, 4]))}
            return
        data = bytearray(payload["utf8"].encode() if "utf8" in payload else base64.b64decode(payload["base64"]))
        at = self._random.randrange(len(data) + 1)
        data[at:at + self._random.choice([0, 1])] = bytes(self._random.randrange(256) for _ in range(self._random.choice([0, 1])))
        case[part] = {"base64": base64.b64encode(bytes(data)).decode()}

    def _change_record(self, case: dict) -> None:
        """Another value of a record in canonical form, with its schema or without."""
        record = case.get("record")
        if record is None:
            return
        part, chance = self._random.choice(["value", "value", "key"]), self._random.random()
        schema, value = copy.deepcopy(self._random.choice(self._typed))
        if chance < 0.5:
            record[f"{part}_schema"], record[part] = schema, value
        elif chance < 0.65 and (value is not None or schema["optional"]):
            name = self._random.choice(["f", "a", "id"])
            fields = [{"name": name, "schema": schema}, {"name": "g", "schema": {"type": "string", "optional": True}}]
            record[f"{part}_schema"], record[part] = {"type": "struct", "optional": False, "fields": fields}, {"struct": {name: value, "g": None}}
        elif chance < 0.8:
            record["headers"] = [*record.get("headers", []), {"key": self._random.choice("hg"), "schema": schema, "value": value}]
        elif record.get(f"{part}_schema"):
            record[f"{part}_schema"]["optional"] = True
            record[part] = None if self._random.random() < 0.6 else record[part]

    def _change_headers(self, case: dict) -> None:
        if "record" in case:
            return
        case["headers"] = [{"key": self._random.choice(["h", "g", f"h{i}"]), "value": {"utf8": self._edited(self._random.choice(self._headers), self._random.choice([0, 1, 1, 3]))}}
                           for i in range(self._random.choice([1, 2, 3, 6]))]
        usual = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
        case["header.converter"] = {"class": usual if self._random.random() < 0.8 else self._random.choice(_HEADER_CONVERTERS), "config": {}}

    def _change_rest(self, case: dict) -> None:
        """Topic, partition, time, nulls."""
        target, choose, given = case.get("record", case), self._random.choice, "record" in case
        key = choose(["timestamp", "partition", "topic", "key", "value"])
        if key == "timestamp":
            target[key] = choose([None, 0, 1, 1700000000123] if given else [-1, -2, 0, 1700000000123, 253402300800000, 2**62])
        elif key == "partition":
            target[key] = choose([0, 3])
        elif key == "topic":
            target[key] = choose(["orders", "a.b", "x-y", "ORDERS", "t_1", "orders.orders"])
        elif not given:
            target[key] = choose([None, {"utf8": ""}, {"utf8": "null"}, {"utf8": '{"schema":null,"payload":null}'}, {"base64": "/w=="}])

    def _other_side(self, case: dict) -> None:
        """$Key for $Value and the other way round, mostly with the key and value exchanged."""
        for step in case["chain"]:
            step["type"] = step["type"].replace("$Value", "$\0").replace("$Key", "$Value").replace("$\0", "$Key")
        target = case.get("record", case)
        for name in ("{}", "{}_schema", "{}.converter"):
            key, value = name.format("key"), name.format("value")
            holder = case if name.endswith("converter") else target
            if key in holder and value in holder:
                holder[key], holder[value] = holder[value], holder[key]

    def _add_predicate(self, case: dict) -> None:
        kind = self._random.choice(["RecordIsTombstone", "HasHeaderKey", "TopicNameMatches"])
        own = {"HasHeaderKey": "name", "TopicNameMatches": "pattern"}.get(kind)
        config = {own: self._random.choice(_VALUES[own])} if own else {}
        if case["chain"]:
            self._random.choice(case["chain"])["predicate"] = {"type": f"{_TRANSFORMS}.predicates.{kind}", "config": config, "negate": self._random.random() < 0.5}


def cases(seed: int, count: int) -> list:
    """`count` variations of this seed."""
    maker = Variations(seed)
    return [maker.case() for _ in range(count)]
