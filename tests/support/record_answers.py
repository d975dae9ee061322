"""Answers to cases (docs/try.md): Kafka Connect's own classes in a JVM, `bywash try --cases`, and how the two differ."""

import hashlib
import json
import subprocess

from tests.support.jars import compiled, jars, java
from tests.support.paths import BINARY


def of_connect(cases: list, folder) -> dict:
    """Answers of Apache Kafka Connect's classes, by id."""
    asked, answered = folder / "asked.jsonl", folder / "answered.jsonl"
    asked.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    classes = compiled("records")
    command = java("RecordAnswers", [f"{jars('kafka')}/*", classes], heap="512m", options=("-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-Duser.language=en",
                                                                                          "-Duser.country=US", "-Dfile.encoding=UTF-8"))
    subprocess.run([*command, str(asked), str(answered)], check=True, capture_output=True, timeout=600)
    return _by_id(answered.read_text(encoding="utf-8"))


def of_bywash(cases: list, folder) -> dict:
    """Answers of this program, by id."""
    asked = folder / "tried.jsonl"
    asked.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    done = subprocess.run([str(BINARY), "try", "--cases", str(asked), "--json"], check=True, capture_output=True, text=True, timeout=600)
    return _by_id(done.stdout)


def _by_id(lines: str) -> dict:
    return {answer["id"]: answer for answer in map(json.loads, lines.splitlines())}


def agree(wanted: dict, got: dict) -> bool:
    """Records exactly (maps in any order), errors by stage, component and class; an identity hash of the JVM's has no counterpart."""
    if "[B@" in json.dumps(wanted):
        return True
    if wanted["dropped"] != got["dropped"] or ("error" in wanted) != ("error" in got):
        return False
    if "error" in wanted:
        return all(wanted["error"][part] == got["error"][part] for part in ("stage", "component", "class"))
    return _canonical(wanted.get("record")) == _canonical(got.get("record")) and _produced(wanted.get("produced")) == _produced(got.get("produced"))


def _canonical(json_value):
    if isinstance(json_value, dict):
        if set(json_value) == {"map"}:
            return {"map": sorted(json.dumps(_canonical(entry), sort_keys=True) for entry in json_value["map"])}
        return {key: _canonical(item) for key, item in json_value.items()}
    return [_canonical(item) for item in json_value] if isinstance(json_value, list) else json_value


def _produced(produced):
    if produced and produced["unordered"]:
        produced = dict(produced)
        for part in ("key", "value"):
            if produced[part] and "utf8" in produced[part]:
                try:
                    produced[part] = json.loads(produced[part]["utf8"])
                except ValueError:
                    pass
    return _canonical(produced)


def digest(cases: list) -> str:
    """A short name for a set of cases."""
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()[:12]
