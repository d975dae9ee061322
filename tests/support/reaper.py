"""Ends process groups whose starter died, then removes its temporary folders: reads `add PGID STARTTIME`, `del PGID` and
`folder PATH` lines until standard input closes.

Runs as one process of its own session per Python process that starts parts, so that neither Ctrl-C in the terminal
nor a kill -9 of the starter leaves a broker behind.
"""

import os
import shutil
import signal
import sys
import time


def start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat (clock ticks since boot), or '' when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def signal_groups(groups: dict, number: int) -> bool:
    """Sends the signal to every group; says whether any was still there."""
    alive = False
    for group, started in groups.items():
        now = start_time(group)
        if now and now != started:
            continue  # the number was given to another process: not ours
        try:
            os.killpg(group, number)
            alive = True
        except (ProcessLookupError, PermissionError):
            pass
    return alive


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict = {}
    folders: list = []
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["add"]:
            groups[int(words[1])] = words[2] if len(words) > 2 else ""
        elif words[:1] == ["del"]:
            groups.pop(int(words[1]), None)
        elif words[:1] == ["folder"]:
            folders.append(line.rstrip("\n").partition(" ")[2])
    end_groups(groups)
    for folder in folders:
        if os.path.basename(folder).startswith("bywash-"):
            shutil.rmtree(folder, ignore_errors=True)


def end_groups(groups: dict) -> None:
    """SIGTERM, then SIGKILL to what is still there after ten seconds."""
    if not signal_groups(groups, signal.SIGTERM):
        return
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and signal_groups(groups, 0):
        time.sleep(0.2)
    if signal_groups(groups, signal.SIGKILL):
        time.sleep(0.5)


if __name__ == "__main__":
    main()
