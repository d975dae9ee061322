"""docs/plugins is what the program's declarations say now."""

import filecmp
import subprocess
import sys

import pytest

from tests.support.bywash_process import binary
from tests.support.paths import REPO

_SCRIPT = REPO / "scripts" / "docs.py"


@pytest.mark.skipif(not _SCRIPT.exists(), reason="scripts/docs.py is not part of this tree")
def test_plugin_docs_are_not_stale(tmp_path):
    binary()
    done = subprocess.run([sys.executable, str(_SCRIPT), "--output", str(tmp_path)], cwd=REPO, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    committed = REPO / "docs" / "plugins"
    fresh = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.md")}
    there = {path.relative_to(committed) for path in committed.rglob("*.md")}
    assert fresh, "scripts/docs.py wrote nothing"
    stale = sorted(str(name) for name in fresh ^ there)
    stale += sorted(str(name) for name in fresh & there if not filecmp.cmp(tmp_path / name, committed / name, shallow=False))
    assert not stale, f"stale, run ./dev docs: {', '.join(stale)}"
