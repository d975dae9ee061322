"""Disks without room under a worker: where its log goes, and the offsets of a standalone worker."""

import contextlib
import os
import signal
import subprocess

from tests.support.bywash_process import Bywash, binary
from tests.support.two_brokers import wait_for

_STRING = "org.apache.kafka.connect.storage.StringConverter"


def test_offsets_wait_for_room_and_the_source_goes_on(kafka, topic, start_bywash, tmp_path, small_disk):
    offsets, file, ballast = small_disk / "offsets", tmp_path / "in", small_disk / "ballast"
    made = Bywash.standalone(kafka.bootstrap, worker={"offset.storage.file.filename": str(offsets), "offset.flush.interval.ms": "200", "value.converter": _STRING})
    worker = start_bywash(made)
    file.write_text("a\n", encoding="utf-8")
    worker.create("src", {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "tasks.max": "1"})
    wait_for(offsets.exists, "offsets", 30)
    with open(ballast, "wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(bytes(4096)):
            pass
    kept = offsets.read_bytes()
    with file.open("a", encoding="utf-8") as out:
        out.write("b\n")
    said = wait_for(lambda: worker.status("src")["tasks"][0].get("trace"), "what is wrong", 30)
    assert "No space left on device" in said and str(offsets) in said, said
    assert worker.status("src")["tasks"][0]["state"] == "RUNNING"
    assert offsets.read_bytes() == kept, "the file that was good stays"
    assert len(kafka.consume_all(topic, count=2)) == 2, "records go on"
    assert sorted(each.name for each in small_disk.iterdir()) == ["ballast", "offsets"], "nothing half written is left"
    ballast.unlink()
    wait_for(lambda: offsets.read_bytes() != kept, "offsets again", 30)
    wait_for(lambda: not worker.status("src")["tasks"][0].get("trace"), "nothing wrong any more", 30)
    worker.kill()
    worker.start()
    worker.create("src", {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "tasks.max": "1"})
    with file.open("a", encoding="utf-8") as out:
        out.write("c\n")
    got = [record.value for record in kafka.consume_all(topic, count=3)]
    assert got == [b"a", b"b", b"c"], "each line once over the kill"


def test_a_log_that_cannot_be_written_stops_nothing(kafka, topic, tmp_path):
    made = Bywash.standalone(kafka.bootstrap, worker={"value.converter": _STRING})
    out = tmp_path / "out"
    with open("/dev/full", "wb") as full, subprocess.Popen([str(binary()), *made.arguments], cwd=made.folder, stdout=full, stderr=full) as process:
        try:
            wait_for(made.responds, "answering", 30)
            made.create("snk", {"connector.class": "FileStreamSink", "file": str(out), "topics": topic, "tasks.max": "1"})
            kafka.produce(topic, [str(i) for i in range(100)])
            wait_for(lambda: out.exists() and len(out.read_text(encoding="utf-8").splitlines()) == 100, "every record", 60)
            assert process.poll() is None
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
