"""What every benchmark shares: sizes, figures of a run, targets, and the build of the bare loops."""

import dataclasses
import os
import pathlib
import subprocess

from tests.support.paths import REPO

RECORDS = int(os.environ.get("BYWASH_BENCH_RECORDS", "1000000"))
ROUNDS = int(os.environ.get("BYWASH_BENCH_ROUNDS", "2"))
BUILD = REPO / "build" / "release"
MEMORY = pathlib.Path("/dev/shm")
JSON = "org.apache.kafka.connect.json.JsonConverter"


@dataclasses.dataclass
class Figure:
    """One run: CPU and wall seconds, peak memory."""
    cpu_s: float
    wall_s: float
    rss_bytes: int

    def per_record_us(self) -> float:
        return self.cpu_s / RECORDS * 1e6


def best(figures: list) -> Figure:
    """The run with the least CPU: what the machine's neighbours took is no figure of ours."""
    return min(figures, key=lambda figure: figure.cpu_s)


def show(name: str, figures: list) -> None:
    least = best(figures)
    spread = max(figure.cpu_s for figure in figures) / least.cpu_s
    print(f"  {name:<28} {least.per_record_us():7.3f} us CPU/record  {RECORDS / least.wall_s / 1000:8.0f} k records/s wall  "
          f"{least.rss_bytes / 2**20:6.0f} MiB peak  (runs differ by {spread:.2f})", flush=True)


def target(what: str, value: float, limit: float, at_most: bool = True) -> None:
    met = value <= limit if at_most else value >= limit
    print(f"  {'met   ' if met else 'MISSED'} {what}: {value:.2f} (target {'<=' if at_most else '>='} {limit:g})", flush=True)


def build(*targets: str) -> None:
    """The bare loops and micro benchmarks, optimised as the program is (which ./dev bench has built)."""
    subprocess.run(["ninja", "-C", str(BUILD), *targets], check=True, stdout=subprocess.DEVNULL)
