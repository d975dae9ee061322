"""Where things are: the source tree, the download cache, the built program."""

import os
import pathlib

REPO = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("BYWASH_CACHE") or pathlib.Path.home() / ".cache" / "bywash")
BINARY = pathlib.Path(os.environ.get("BYWASH_BINARY") or REPO / "build" / "release" / "bywash")
