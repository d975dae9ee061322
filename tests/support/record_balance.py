"""read = delivered + filtered + refused: the balance of every sink task, from its metrics."""

import re
import time
import urllib.error
import urllib.request

_SINK = "kafka_connect_sink_task_metrics_"
_READ = _SINK + "sink_record_read_total"
# What becomes of a record that was read; a refused one counts among those sent and among those skipped.
_FATES = {_SINK + "sink_record_send_total": 1, _SINK + "record_filtered_total": 1, "kafka_connect_task_error_metrics_total_records_skipped": 1,
          "bywash_sink_task_record_refused_total": -1, "bywash_sink_task_record_in_hand": 1, "bywash_sink_task_record_given_up_total": 1}
_LINE = re.compile(r'(\w+)(\{.*\}) (\S+)')


def unbalanced(page: str) -> dict:
    """Sink tasks whose records are not all accounted for, by their labels: (records read, records whose fate is known)."""
    read, known = {}, {}
    for name, labels, value in _LINE.findall(page):
        if name == _READ:
            read[labels] = float(value)
        elif name in _FATES:
            known[labels] = known.get(labels, 0.0) + _FATES[name] * float(value)
    return {labels: (records, known.get(labels, 0.0)) for labels, records in read.items() if records != known.get(labels, 0.0)}


def check(url: str, timeout: float = 5.0) -> None:
    """AssertionError when a task of the worker at `url` has lost count. Waits while records are on their way; nothing when it does not answer."""
    deadline, before = time.monotonic() + timeout, None
    while True:
        try:
            with urllib.request.urlopen(url + "/metrics", timeout=2) as answer:
                wrong = unbalanced(answer.read().decode())
        except (OSError, urllib.error.URLError):
            return
        if not wrong:
            return
        # A page is not written at one instant: tasks that go on reading are looked at for as long as they do.
        if time.monotonic() > deadline and before is not None and set(before.items()) & set(wrong.items()):
            raise AssertionError(f"read = delivered + filtered + refused does not hold: (read, accounted for) of {wrong}")
        if time.monotonic() > deadline + timeout:
            return
        before = wrong
        time.sleep(0.2)
