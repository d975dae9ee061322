"""Workers of one cluster: leadership, forwarding, moves of work, a killed worker; and cold takeover from and to the JVM original."""

import json
import threading
import time

import pytest

from tests.support.bywash_process import Bywash, run
from tests.support.kafka_connect import KafkaConnect, RestError


def wait_for(check, what, seconds=40):
    deadline = time.monotonic() + seconds
    while True:
        got = check()
        if got:
            return got
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def placed(worker, *names):
    """Worker ids of connectors and tasks that run, or None while something does not."""
    out = {}
    for name in names:
        try:
            status = worker.status(name)
        except RestError:
            return None
        if status["connector"]["state"] != "RUNNING" or not status["tasks"] or any(task["state"] != "RUNNING" for task in status["tasks"]):
            return None
        for task in status["tasks"]:
            out[f"{name}-{task['id']}"] = task["worker_id"]
    return out


def source(folder, topic, name="in"):
    path = folder / f"{name}.txt"
    path.write_text("".join(f"{name} {i}\n" for i in range(10)))
    return {"connector.class": "FileStreamSource", "tasks.max": "1", "file": str(path), "topic": topic}


def sink(folder, topic, tasks=1):
    return {"connector.class": "FileStreamSink", "tasks.max": str(tasks), "file": str(folder / "out.txt"), "topics": topic,
            "value.converter": "org.apache.kafka.connect.storage.StringConverter"}


@pytest.fixture
def cluster(kafka, start_bywash):
    """A function that starts one more worker of the test's own cluster."""
    group = f"cluster-{time.time_ns()}"

    def start(**worker):
        made = Bywash.distributed(kafka.bootstrap, group, worker=worker)
        made.group = group
        started = start_bywash(made)
        wait_for(started.healthy, "a healthy worker")
        return started
    return start


def test_three_workers_share_the_work_and_a_killed_one_stops_nobody_else(kafka, cluster, tmp_path):
    workers = [cluster() for _ in range(3)]
    first, second, third = workers
    topic = kafka.create_topic(partitions=3)
    names = [f"c{i}" for i in range(3)]
    for name, worker in zip(names, workers):
        worker.create(name, sink(tmp_path, topic, tasks=2) | {"file": str(tmp_path / f"{name}.txt")})  # followers forward
    def even():
        got = placed(first, *names)
        counts = [list((got or {}).values()).count(w) for w in set((got or {}).values())]
        return got if got and len(got) == 6 and sorted(counts) == [2, 2, 2] else None
    before = wait_for(even, "two tasks on each worker")
    dead = f"127.0.0.1:{third.port}"
    third.kill()
    after = wait_for(lambda: (lambda got: got if got and dead not in got.values() else None)(placed(first, *names)), "its tasks on the others")
    stayed = [task for task, worker in before.items() if worker != dead]
    assert all(after[task] == before[task] for task in stayed)
    stopped = [line for worker in (first, second) for line in worker.log().splitlines() if "Stopped task" in line]
    assert not [line for line in stopped if any(f"Stopped task {task}" in line for task in stayed) and "Stopping on" in line]
    # Writes go on whoever led before.
    assert second.request("PUT", "/connectors/c0/config", sink(tmp_path, topic, tasks=1))["name"] == "c0"
    wait_for(lambda: len((placed(second, "c0") or {})) == 1, "one task")
    second.delete("c0")
    wait_for(lambda: "c0" not in first.request("GET", "/connectors"), "c0 is gone on the other worker too")


def test_a_rolling_restart_leaves_each_record_once_in_files(kafka, cluster, tmp_path):
    """An exactly-once sink while all three workers are stopped and started in turn under load."""
    flush, topic, lake = 50, kafka.create_topic(partitions=3), tmp_path / "lake"
    workers = [cluster(**{"scheduled.rebalance.max.delay.ms": "0"}) for _ in range(3)]
    lake.mkdir()
    workers[0].create("lake", {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "3", "topics": topic, "s3.bucket.name": "b", "s3.region": "us-east-1",
                               "store.url": f"file://{lake}", "flush.size": str(flush), "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
                               "storage.class": "io.confluent.connect.s3.storage.S3Storage", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
                               "value.converter.schemas.enable": "false", "consumer.override.session.timeout.ms": "6000"})
    ending, written = threading.Event(), [0, 0, 0]

    def load():
        while not ending.wait(0.02):
            for partition in range(3):
                kafka.produce_many(topic, [json.dumps({"n": 3 * i + partition}).encode() for i in range(written[partition], written[partition] + flush)], partition=partition)
                written[partition] += flush
    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    for worker in workers:
        wait_for(lambda: len(placed(workers[0], "lake") or {}) == 3, "three tasks", 60)
        assert worker.stop() == 0
        worker.start()
        wait_for(worker.healthy, "a healthy worker again", 60)
    wait_for(lambda: len(placed(workers[0], "lake") or {}) == 3, "three tasks at the end", 60)
    ending.set()
    thread.join()
    expected = sorted(3 * i + partition for partition in range(3) for i in range(written[partition]))

    def found():
        return sorted(json.loads(line)["n"] for file in lake.rglob("*.json") for line in file.read_text().splitlines())
    wait_for(lambda: len(found()) >= len(expected), f"{len(expected)} records", 90)
    assert found() == expected


def test_state_and_offsets_outlive_the_cluster(kafka, cluster, tmp_path):
    topic = kafka.create_topic()
    worker = cluster()
    worker.create("src", source(tmp_path, topic))
    worker.create("snk", sink(tmp_path, topic))
    wait_for(lambda: (tmp_path / "out.txt").exists() and len((tmp_path / "out.txt").read_text().splitlines()) == 10, "ten lines delivered")
    worker.request("PUT", "/connectors/snk/pause")
    wait_for(lambda: worker.status("snk")["tasks"][0]["state"] == "PAUSED", "a paused sink")
    assert worker.stop() == 0
    again = cluster()
    assert sorted(again.request("GET", "/connectors")) == ["snk", "src"]
    wait_for(lambda: again.status("snk")["tasks"][0]["state"] == "PAUSED", "still paused")
    wait_for(lambda: placed(again, "src"), "the source runs")
    with open(tmp_path / "in.txt", "a", encoding="utf-8") as file:
        file.write("one more\n")
    again.request("PUT", "/connectors/snk/resume")
    wait_for(lambda: len((tmp_path / "out.txt").read_text().splitlines()) >= 11, "the line that came later")
    time.sleep(0.5)
    assert (tmp_path / "out.txt").read_text().splitlines()[-1] == '"one more"'
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 11, "nothing was read twice"


class GrowingFile:
    """A file that a thread appends numbered lines to, until it is told to end."""

    def __init__(self, path):
        self.path, self.lines, self._ending = path, 0, threading.Event()
        self._thread = threading.Thread(target=self._grow, daemon=True)

    def _grow(self):
        with open(self.path, "a", encoding="utf-8") as file:
            while not self._ending.wait(0.02):
                file.write("".join(f"{i}\n" for i in range(self.lines, self.lines + 40)))
                file.flush()
                self.lines += 40

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ending.set()
        self._thread.join()


def test_sources_deliver_exactly_once_through_a_zombie_and_a_kill(kafka, cluster, tmp_path):
    keys = {"exactly.once.source.support": "enabled"}
    workers = [cluster(**keys), cluster(**keys)]
    by_port = {f"127.0.0.1:{worker.port}": worker for worker in workers}
    names = ["polls", "intervals"]
    topics = {name: kafka.create_topic() for name in names}
    with GrowingFile(tmp_path / "in.txt") as file:
        plain = {"connector.class": "FileStreamSource", "tasks.max": "1", "file": str(file.path), "batch.size": "100", "exactly.once.support": "required",
                 "value.converter": "org.apache.kafka.connect.storage.StringConverter"}
        workers[0].create("polls", plain | {"topic": topics["polls"], "offsets.storage.topic": topics["polls"] + "-offsets"})
        workers[0].create("intervals", plain | {"topic": topics["intervals"], "transaction.boundary": "interval", "transaction.boundary.interval.ms": "300"})

        def flows(more_than=0):
            return all(sum(kafka.end_offsets(topic).values()) > more_than for topic in topics.values())
        wait_for(flows, "records of both")
        home = wait_for(lambda: placed(workers[0], *names), "both run")
        # The worker of one of them stands still, is counted as gone, and comes back as a zombie.
        zombie = by_port[home["intervals-0"]]
        other = next(worker for worker in workers if worker is not zombie)
        zombie.freeze()
        alive = f"127.0.0.1:{other.port}"
        wait_for(lambda: (lambda got: got and set(got.values()) == {alive})(placed(other, *names)), "both on the other worker")
        zombie.thaw()
        before = max(sum(kafka.end_offsets(topic).values()) for topic in topics.values())
        wait_for(lambda: flows(before), "both go on")
        wait_for(lambda: zombie.healthy() and placed(zombie, *names), "the zombie is a worker again")
        home = placed(other, *names)
        dead = by_port[home["polls-0"]]
        dead.kill()
        left = next(worker for worker in workers if worker is not dead)
        alive = f"127.0.0.1:{left.port}"
        wait_for(lambda: (lambda got: got and set(got.values()) == {alive})(placed(left, *names)), "both on the one that is left")
    wanted = [str(i).encode() for i in range(file.lines)]

    def offsets(name):
        got = left.request("GET", f"/connectors/{name}/offsets")["offsets"]
        return got and got[0]["offset"]["position"]
    for name in names:
        wait_for(lambda: offsets(name) == file.path.stat().st_size, f"{name} is at the end of the file")
        got = [record.value for record in kafka.consume_all(topics[name], isolation="read_committed")]
        assert len(got) == len(set(got)), f"{name}: {len(got) - len(set(got))} records twice"
        assert got == wanted, f"{name}: in order and none missing"
    fenced = [record.key for record in kafka.consume_all(f"{left.group}-configs", isolation="read_committed") if record.key and record.key.startswith(b"tasks-fencing-")]
    assert set(fenced) == {b"tasks-fencing-polls", b"tasks-fencing-intervals"}
    left.request("PUT", "/connectors/polls/stop")
    wait_for(lambda: left.status("polls")["connector"]["state"] == "STOPPED" and not left.status("polls")["tasks"], "stopped")
    assert "reset successfully" in left.request("DELETE", "/connectors/polls/offsets")["message"]
    refused = left.request("PUT", "/connector-plugins/FileStreamSource/config/validate",
                           {"connector.class": "FileStreamSource", "topic": "t", "name": "n", "exactly.once.support": "required"})
    errors = {key["value"]["name"]: key["value"]["errors"] for key in refused["configs"]}
    assert errors["exactly.once.support"] == ["The connector does not support exactly-once semantics with the provided configuration."]


def test_secrets_come_from_a_provider_and_never_show(kafka, cluster, tmp_path):
    (tmp_path / "secrets.properties").write_text(f"path={tmp_path}/s3cret-name.txt\n")
    worker = cluster(**{"config.providers": "file", "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider"})
    topic = kafka.create_topic()
    config = sink(tmp_path, topic) | {"file": f"${{file:{tmp_path}/secrets.properties:path}}"}
    worker.create("snk", config)
    wait_for(lambda: placed(worker, "snk"), "the sink runs")
    assert wait_for(lambda: (tmp_path / "s3cret-name.txt").exists(), "the file that the variable names")
    for path in ("/connectors/snk", "/connectors/snk/tasks", "/connectors?expand=info&expand=status"):
        assert "s3cret" not in json.dumps(worker.request("GET", path))
    checked = worker.request("PUT", "/connector-plugins/FileStreamSink/config/validate", config | {"name": "snk"})
    assert "s3cret" not in json.dumps(checked)
    assert "s3cret" not in worker.log()


def test_takes_over_from_the_original_and_gives_back(kafka, start_bywash, tmp_path):
    group, topic = f"cluster-{time.time_ns()}", kafka.create_topic()
    converters = {"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter"}
    jvm = KafkaConnect(kafka.bootstrap, mode="distributed", group=group, worker=converters)
    out = tmp_path / "out.txt"

    def lines():
        return out.read_text().splitlines() if out.exists() else []
    jvm.start()
    try:
        jvm.create("src", source(tmp_path, topic) | converters)
        jvm.create("snk", sink(tmp_path, topic) | converters)
        jvm.request("POST", "/connectors", {"name": "idle", "config": source(tmp_path, topic, "idle"), "initial_state": "STOPPED"})
        wait_for(lambda: len(lines()) == 10, "ten lines by the original")
        jvm.request("PUT", "/connectors/src/pause")
        wait_for(lambda: jvm.status("src")["tasks"][0]["state"] == "PAUSED", "a paused source")
        wait_for(lambda: jvm.request("GET", "/connectors/src/offsets")["offsets"], "stored offsets")
    finally:
        jvm.stop()

    ours = start_bywash(Bywash.distributed(kafka.bootstrap, group, worker=converters))
    wait_for(ours.healthy, "healthy")
    assert sorted(ours.request("GET", "/connectors")) == ["idle", "snk", "src"]
    wait_for(lambda: placed(ours, "snk"), "the sink runs")
    wait_for(lambda: ours.status("src")["tasks"][0]["state"] == "PAUSED", "the source is paused still")
    assert ours.status("idle")["connector"]["state"] == "STOPPED"
    with open(tmp_path / "in.txt", "a", encoding="utf-8") as file:
        file.write("by bywash\n")
    ours.request("PUT", "/connectors/src/resume")
    wait_for(lambda: lines()[-1:] == ["by bywash"], "the line after the takeover")
    assert len(lines()) == 11, "no line twice: offsets were taken over"
    wait_for(lambda: ours.request("GET", "/connectors/src/offsets")["offsets"][0]["offset"]["position"] == 60, "offsets stored")
    ours.request("PUT", "/connectors/idle/resume")
    wait_for(lambda: placed(ours, "idle"), "resumed")
    wait_for(lambda: len(lines()) == 21, "the idle source's lines")
    ours.request("PUT", "/connectors/idle/stop")
    assert ours.stop() == 0

    jvm = KafkaConnect(kafka.bootstrap, mode="distributed", group=group, worker=converters)
    jvm.start()
    try:
        wait_for(lambda: placed(jvm, "src", "snk"), "both run on the original")
        assert jvm.status("idle")["connector"]["state"] == "STOPPED"
        with open(tmp_path / "in.txt", "a", encoding="utf-8") as file:
            file.write("by the original\n")
        wait_for(lambda: lines()[-1:] == ["by the original"], "the line after the way back")
        assert len(lines()) == 22
    finally:
        jvm.stop()


def test_the_command_line_works_on_a_cluster(kafka, cluster, tmp_path):
    worker, topic = cluster(), kafka.create_topic()
    file = tmp_path / "snk.json"
    file.write_text(json.dumps({"name": "snk", "config": sink(tmp_path, topic)}))

    def connect(*arguments):
        return run("connect", "--url", worker.url, *arguments)
    assert connect("validate", "-f", file).returncode == 0
    applied = connect("apply", "-f", file)
    assert (applied.returncode, applied.stdout) == (0, "snk created\n")
    wait_for(lambda: placed(worker, "snk"), "it runs")
    assert json.loads(connect("list", "-o", "json").stdout) == ["snk"]
    assert connect("list").stdout.splitlines()[1].split()[:3] == ["snk", "sink", "RUNNING"]
    assert connect("status", "snk").returncode == 0
    assert connect("pause", "snk").stdout == "snk pauses\n"
    assert connect("get", "nope").returncode == 1
    assert "Connector nope not found" in connect("get", "nope").stderr
    assert connect("stop", "snk").returncode == 0
    wait_for(lambda: worker.status("snk")["connector"]["state"] == "STOPPED", "stopped")
    assert connect("offsets", "reset", "snk").returncode == 0
    assert connect("delete", "snk").returncode == 0
    assert json.loads(connect("-o", "json", "list").stdout) == []
    assert run("connect", "--url", "http://127.0.0.1:1", "list").returncode == 3
    assert run("connect", "nonsense").returncode == 2
