"""Writes tests/requirements.txt anew: every package of requirements.in and what it needs, pinned with SHA-256.

Run with Debian 12's Python 3.11 after a deliberate change: `/usr/bin/python3 scripts/pin_requirements.py`.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import venv

_TESTS = pathlib.Path(__file__).resolve().parents[1] / "tests"


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        sys.exit("Run it with Python 3.11: the pinned wheels are for Debian 12's")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        report = subprocess.run(
            [f"{folder}/bin/python", "-m", "pip", "install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet",
             "--report", "-", "-r", str(_TESTS / "requirements.in")],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = ["# Written by scripts/pin_requirements.py from requirements.in; change that file.\n"]
    for item in sorted(json.loads(report)["install"], key=lambda item: item["metadata"]["name"].lower()):
        meta, sha256 = item["metadata"], item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{meta['name'].lower()}=={meta['version']} --hash=sha256:{sha256}\n")
    (_TESTS / "requirements.txt").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
