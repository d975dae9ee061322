"""Where things are: the source tree, the download cache, the built program, temporary folders."""

import os
import pathlib
import shutil
import tempfile

REPO = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("BYWASH_CACHE") or pathlib.Path.home() / ".cache" / "bywash")
BINARY = pathlib.Path(os.environ.get("BYWASH_BINARY") or REPO / "build" / "release" / "bywash")


class TemporaryFolder:
    """A folder under $TMPDIR that other users may traverse (PostgreSQL does not run as root).

    Kept when BYWASH_KEEP=1, so that a failed run can be looked at.
    """

    def __init__(self, label: str):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"bywash-{label}-"))
        self.path.chmod(0o711)

    def remove(self) -> None:
        if os.environ.get("BYWASH_KEEP") != "1":
            shutil.rmtree(self.path, ignore_errors=True)
