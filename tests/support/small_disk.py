"""File systems that are full soon."""

import contextlib
import pathlib
import subprocess

import pytest


@contextlib.contextmanager
def small_file_system(folder: pathlib.Path, size: str):
    """A new folder in `folder` that has room for `size` ("512k", "6m"); skips the test where this user may not mount one."""
    inside = folder / "disk"
    inside.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(inside)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield inside
    finally:
        subprocess.run(["umount", "-l", str(inside)], check=True)
