"""Requests of tests/support/rest_variations.py, asked of `bywash standalone` and of one of `bywash distributed`; Kafka Connect 4.3.1's answers are in rest/."""

import gzip
import json
import pathlib
import re
import time

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.record_rest import EXACTLY_ONCE, SETTINGS, get, passing, prepare, send

FOLDER = pathlib.Path(__file__).parent / "rest"
JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter"
# Texts of 500s that come out of a JVM's null checks and of its JSON reader, and lists of what is on a class path.
JVM_TEXT = re.compile(r'^(Cannot invoke "|Cannot deserialize value|Cannot construct instance|Unrecognized (field|token)|Unexpected |Invalid UTF-8|Invalid numeric|Illegal |Duplicate|No content to map|Numeric value|Non-standard token|'
                      r'Leading zeroes|Document nesting|Index \d+ out|Number value length|Decimal point|Unrecognized character escape|Incomplete surrogate|Invalid surrogate|Trailing token|Input mismatch)')
VOLATILE = {"commit", "kafka_cluster_id", "last_modified"}
# What the connection and the server say of themselves.
OWN_HEADERS = {"server", "date", "connection", "content-length", "vary", "transfer-encoding", "cache-control"}


def rows(mode: str) -> list:
    with gzip.open(FOLDER / f"variations_{mode}.jsonl.gz", "rt", encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


def plain(value):
    """Without what differs between two runs, or between two workers with other plugins."""
    if isinstance(value, dict):
        out = {key: "*" if key in VOLATILE and item is not None else plain(item) for key, item in value.items()}
        if isinstance(out.get("trace"), str):
            out["trace"] = out["trace"].split("\n")[0]
        if out.get("error_code") == 500 and isinstance(out.get("message"), str) and JVM_TEXT.search(out["message"]):
            out["message"] = "*"
        return out
    if isinstance(value, list):
        return [plain(item) for item in value]
    return re.sub(r"(available[\w ]* are: ).*", r"\1*", value, flags=re.S) if isinstance(value, str) else value


def same_plugins(want, have) -> bool:
    """Of /connector-plugins: every recorded one, and others of the same kinds in the same order."""
    kinds = [list(dict.fromkeys(plugin["type"] for plugin in plugins)) for plugins in (want, have)]
    return all(plugin in have for plugin in want) and kinds[0] == kinds[1]


def less_recommended(want, have):
    """More plugins may be recommended here."""
    for wanted, got in zip(want.get("configs", []), have.get("configs", [])):
        if set(wanted["value"]["recommended_values"]) <= set(got["value"]["recommended_values"]):
            got["value"]["recommended_values"] = wanted["value"]["recommended_values"]


def first_difference(want, have, at="") -> str:
    """Where two JSON values begin to differ, fields in any order."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key in [*want, *(key for key in have if key not in want)]:
            if want.get(key, "(none)") != have.get(key, "(none)"):
                return first_difference(want.get(key, "(none)"), have.get(key, "(none)"), f"{at}.{key}")
    if isinstance(want, list) and isinstance(have, list):
        for place, (wanted, got) in enumerate(zip(want, have)):
            if wanted != got:
                name = wanted.get("value", {}).get("name", place) if isinstance(wanted, dict) and isinstance(wanted.get("value"), dict) else place
                return first_difference(wanted, got, f"{at}[{name}]")
        return f"{at} has {len(have)} items, recorded {len(want)}"
    return f"{at} is {json.dumps(have)[:300]}, recorded {json.dumps(want)[:300]}"


def difference(row: dict, answer, port: int):
    """What is not as recorded; None: nothing."""
    want = row["response"]
    if answer.status != want["status"]:
        return f"{answer.status} {answer.text[:300]}, recorded {want['status']} {want['body'][:300]}"
    if want["status"] is None:
        return None
    recorded, got = ([(name.lower(), value.replace(f"localhost:{port}", "localhost:18083")) for name, value in headers if name.lower() not in OWN_HEADERS]
                     for headers in (want["headers"], answer.headers))
    if any(value.startswith("text/html") for name, value in recorded if name == "content-type"):
        return None if answer.header("content-type").startswith("text/html") else f"headers {got}, recorded {recorded}"
    if recorded != got:
        return f"headers {got}, recorded {recorded}"
    text = answer.text.replace(f"localhost:{port}", "localhost:18083")
    try:
        wanted, have = plain(json.loads(want["body"])), plain(json.loads(text))
    except ValueError:
        return None if text == want["body"] else f"body {text[:200]!r}, recorded {want['body'][:200]!r}"
    if isinstance(wanted, dict) and isinstance(have, dict):
        less_recommended(wanted, have)
    path = row["request"]["path"]
    if path == "/admin/loggers" and isinstance(wanted, dict) and "root" in wanted and isinstance(have, dict):
        return None if wanted["root"] == have.get("root") and all(set(logger) == {"level", "last_modified"} for logger in have.values()) else f"loggers {str(have)[:200]}"
    if path.startswith("/connector-plugins") and "/config" not in path and isinstance(wanted, list) and same_plugins(wanted, have):
        return None
    if isinstance(wanted, list) and path.split("?")[0] == "/connectors":
        wanted, have = sorted(wanted), sorted(have)  # ties of hash order
    if path == "/connectors/rv-src/offsets" and isinstance(wanted, dict) and "offsets" in wanted and "offsets" in (have or {}):
        # Ties again; and the original shows what it has just forgotten as null for a moment.
        wanted, have = ({"offsets": sorted((entry for entry in value["offsets"] if entry["offset"] is not None), key=json.dumps)} for value in (wanted, have))
    if wanted == have or isinstance(wanted, dict) and sorted_lines(wanted) == sorted_lines(have):
        return None
    return first_difference(wanted, have)


def sorted_lines(answer):
    """The problems of a refused configuration in any order."""
    if not isinstance(answer, dict) or "contains the following" not in str(answer.get("message")):
        return answer
    return {**answer, "message": sorted(answer["message"].split("\n"))}


def started(mode: str, bootstrap: str) -> Bywash:
    keys = {**SETTINGS, "key.converter": JSON_CONVERTER, "value.converter": JSON_CONVERTER, "value.converter.schemas.enable": "true"}
    if mode == "exactly_once":
        keys.update(EXACTLY_ONCE)
    return Bywash.standalone(bootstrap, worker=keys) if mode == "standalone" else Bywash.distributed(bootstrap, "rv-cluster", worker=keys)


# What is not answered as recorded: words of the row's path, note or body, and why.
DIFFERENT = {
    "bad chunk": "a body that cannot be read is a bad request",
    "application/json;q=0": "the type of an OPTIONS answer that nobody wants",
    "\\ud800": "half a character is no JSON text",
    "/connector-plugins/json/": "a plugin's own name is one of its names here",
    "\\u0663": "digits of other scripts are no numbers",
    '"topics.regex": "(?<n>a)(?<n>b)"': "another engine's words for a wrong expression",
    '"topics.regex": "\\\\"': "another engine's words for a wrong expression",
    '.converter": " ': "blanks around a class name are left out",
    'transforms.t.type": " ': "blanks around a class name are left out",
    '"key.converter": "org.apache.kafka.connect.storage.Converter"': "the version of an interface is not shown",
    '"consumer.override.key.deserializer": "x.Y"': "classes of clients are not looked for",
    '"transforms.t.type": "Cast$Value"}': "an inner class by its simple name is one",
    '{"connector.plugin.version": "9"}': "asked twice, the original ends in a null pointer",
    "?expand= status": "a blank in the request line: another refusal",
    "99999999999999999999": "a number that is larger than any offset",
    "{n}": "the original takes the name for a template, after it has created the connector",
}


@pytest.mark.parametrize("mode", ["standalone", "distributed", "exactly_once"])
def test_answers_as_recorded(mode):
    """Every request, in order, on one worker; all differences are told at once."""
    problems = []
    with Kafka(auto_create_topics=True) as broker, started(mode, broker.bootstrap) as worker:
        worker.process.wait_until(lambda: get(worker.port, "/health").status == 200, "healthy", timeout=60)
        for row in rows(mode):
            for step in row["before"]:
                prepare(step, broker.bootstrap, worker.folder, worker.port)
            request = row["request"]
            answer = send(worker.port, request)
            found = difference(row, answer, worker.port)
            # What comes from other threads or the broker may take a moment.
            known = any(words in text for words in DIFFERENT for text in (request["path"], row["note"], request["body"] or ""))
            deadline = time.monotonic() + (3 if known else 15)
            while found and (request["method"] == "GET" and request["path"].startswith("/connectors") or passing(answer)) and time.monotonic() < deadline:
                time.sleep(0.1)
                answer = send(worker.port, request)
                found = difference(row, answer, worker.port)
            if found and not known:
                problems.append(f"{row['area']} {request['method']} {request['path'][:100]} [{row['note'][:100]}] {(request['body'] or '')[:100]}: {found}")
    assert not problems, f"{len(problems)} differ\n" + "\n".join(problems)
