"""Writes docs/plugins from the program's declarations: docs.py [--output FOLDER]."""

import argparse
import pathlib
import shutil
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=REPO / "docs" / "plugins")
    output = parser.parse_args().output
    # A page whose plugin is gone must go too.
    for page in output.rglob("*.md") if output.exists() else []:
        page.unlink()
    for folder in sorted((path for path in output.rglob("*") if path.is_dir()), reverse=True) if output.exists() else []:
        shutil.rmtree(folder, ignore_errors=True)
    return subprocess.run([str(REPO / "build" / "release" / "bywash"), "docs", "--output", str(output)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
