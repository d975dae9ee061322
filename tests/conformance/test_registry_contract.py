"""What every plugin's declaration promises, over the whole registry: what REST shows of it is complete, and its own words hold."""

import json
import re
import urllib.parse

import pytest

from tests.support.bywash_process import Bywash
from tests.support.paths import REPO

_TYPES = {"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"}


@pytest.fixture(scope="module")
def worker(kafka):
    with Bywash.standalone(kafka.bootstrap) as running:
        yield running


def plugins(worker) -> list:
    return worker.request("GET", "/connector-plugins?connectorsOnly=false")


def keys_of(worker, name: str) -> list:
    return worker.request("GET", f"/connector-plugins/{urllib.parse.quote(name)}/config")


def test_every_kind_of_plugin_is_there(worker):
    kinds = {plugin["type"] for plugin in plugins(worker)}
    assert {"sink", "source", "converter", "header_converter", "transformation", "predicate"} <= kinds


def test_every_plugin_describes_its_keys(worker):
    problems = []
    for plugin in plugins(worker):
        names = [key["name"] for key in keys_of(worker, plugin["class"])]
        if len(names) != len(set(names)):
            problems.append(f"{plugin['class']}: a key is declared twice")
        for key in keys_of(worker, plugin["class"]):
            if key["type"] not in _TYPES or not key["documentation"] or not key["display_name"]:
                problems.append(f"{plugin['class']}: {key['name']} lacks type, documentation or display name")
            if key["type"] == "PASSWORD" and key["default_value"] not in (None, "", "[hidden]"):
                problems.append(f"{plugin['class']}: {key['name']} shows a secret")
    assert not problems, "\n".join(problems)


def test_a_connectors_defaults_are_valid(worker):
    """With only class and name given, no key that has a default is in error."""
    for plugin in plugins(worker):
        if plugin["type"] not in ("sink", "source"):
            continue
        given = {"connector.class": plugin["class"], "name": "x"}
        answer = worker.request("PUT", f"/connector-plugins/{plugin['class'].rpartition('.')[2]}/config/validate", given)
        bad = {config["value"]["name"]: config["value"]["errors"] for config in answer["configs"] if config["value"]["errors"]}
        required = {config["definition"]["name"] for config in answer["configs"] if config["definition"] and config["definition"]["required"]}
        assert set(bad) <= required | {"topics", "topics.regex", "topic", "file", "s3.bucket.name", "store.url", "partition.duration.ms",
                                       "path.format", "locale", "timezone", "partition.field.name", "connection.url", "mode"}, (plugin["class"], bad)


def test_every_example_of_the_docs_is_json_or_properties():
    for page in (REPO / "docs" / "plugins").rglob("*.md"):
        for language, body in re.findall(r"```(json|properties)\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            if language == "json":
                assert isinstance(json.loads(body), dict), page
            else:
                assert all("=" in line for line in body.splitlines() if line and not line.startswith("#")), page
