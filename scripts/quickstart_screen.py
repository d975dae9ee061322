"""How the quickstart shows deliveries: a block of progress bars on a terminal, a plain line every few seconds elsewhere."""

import shutil
import sys
import time

_BAR = 28
_LINE_SECONDS = 4.0


class Screen:
    """show() as often as there is something new; end() before other output follows."""

    def __init__(self):
        self._terminal = sys.stdout.isatty()
        self._drawn, self._last, self._began = 0, None, time.monotonic()
        self._next_line = 0.0

    def show(self, counts: dict, *, final: bool = False) -> None:
        """counts: what is delivered where, {name: (rows, of how many)}."""
        if self._terminal:
            self._bars(counts)
            return
        now = time.monotonic()
        if not final and now < self._next_line or counts == self._last:
            return
        self._next_line, self._last = now + _LINE_SECONDS, dict(counts)
        print(f"  {now - self._began:4.0f} s  " + "   ".join(f"{name} {done:,}/{total:,}" for name, (done, total) in counts.items()),
              flush=True)

    def _bars(self, counts: dict) -> None:
        width = max(map(len, counts))
        text = f"\033[{self._drawn}A" if self._drawn else ""
        for name, (done, total) in counts.items():
            filled = min(_BAR, _BAR * done // total) if total else 0
            line = f"  {name:{width}} [{'#' * filled}{'.' * (_BAR - filled)}] {done:>9,} / {total:,}"
            text += "\r" + line[:shutil.get_terminal_size().columns - 1] + "\033[K\n"
        sys.stdout.write(text)
        sys.stdout.flush()
        self._drawn = len(counts)

    def end(self) -> None:
        self._drawn = 0


def table(columns: list, rows: list) -> str:
    """Columns and rows as text; numbers to the right."""
    def text(value) -> str:
        return f"{value:,.2f}" if isinstance(value, float) else str(value)
    cells = [[str(name) for name in columns]] + [[text(value) for value in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    right = [bool(rows) and all(isinstance(row[at], (int, float)) for row in rows) for at in range(len(columns))]
    lines = ["  " + "  ".join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right)).rstrip() for row in cells]
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)
