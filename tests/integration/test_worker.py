"""The worker as an operator sees it: logs, metrics, restarts of single tasks, what persists, what it says when it cannot start."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import time

import pytest

from tests.support import bywash_process
from tests.support.bywash_process import Bywash, write_properties
from tests.support.kafka_connect import RestError, http_json

# Every number of the groups of org.apache.kafka.connect.runtime.ConnectMetricsRegistry (Kafka 4.3) that a sink task has.
_TASK = """running_ratio pause_ratio offset_commit_max_time_ms offset_commit_avg_time_ms batch_size_max batch_size_avg
           offset_commit_failure_percentage offset_commit_success_percentage"""
_SINK = """sink_record_read_rate sink_record_read_total sink_record_send_rate sink_record_send_total sink_record_lag_max partition_count
           offset_commit_seq_no offset_commit_completion_rate offset_commit_completion_total offset_commit_skip_rate offset_commit_skip_total
           put_batch_max_time_ms put_batch_avg_time_ms sink_record_active_count sink_record_active_count_max sink_record_active_count_avg"""
_ERRORS = """total_record_failures total_record_errors total_records_skipped total_retries total_errors_logged deadletterqueue_produce_requests
             deadletterqueue_produce_failures last_error_timestamp"""
_WORKER = """connector_startup_attempts_total connector_startup_success_total connector_startup_failure_total task_startup_attempts_total
             task_startup_success_total task_startup_failure_total connector_count task_count"""
_SOURCE = """source_record_poll_rate source_record_poll_total source_record_write_rate source_record_write_total poll_batch_max_time_ms
             poll_batch_avg_time_ms source_record_active_count source_record_active_count_max source_record_active_count_avg"""


def file_sink(topic, file, **more):
    return {"connector.class": "FileStreamSink", "topics": topic, "file": str(file), **more}


def sqlite_sink(topic, file, **more):
    return {"connector.class": "JdbcSinkConnector", "topics": topic, "connection.url": f"jdbc:sqlite:{file}", "table.name.format": "t", **more}


def metrics(worker) -> dict:
    """{name{labels}: value} of the worker's page."""
    lines = http_json("GET", worker.url + "/metrics").splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_metrics_have_the_originals_names_for_connectors_and_tasks(kafka, topic, start_bywash, tmp_path):
    kafka.produce_many(topic, [b'{"id":1}', b'{"id":2}', b"{bad"])
    worker = start_bywash(kafka.bootstrap, worker={"offset.flush.interval.ms": "200"})
    worker.create("sink", file_sink(topic, tmp_path / "out.txt", **{"errors.tolerance": "all"}))
    (tmp_path / "in.txt").write_text("one\ntwo\n", encoding="utf-8")
    worker.create("source", {"connector.class": "FileStreamSource", "topic": kafka.create_topic(), "file": str(tmp_path / "in.txt")})
    kafka.wait_committed("connect-sink", topic)
    source_total = 'kafka_connect_source_task_metrics_source_record_write_total{connector="source",task="0"}'
    lag = f'kafka_consumer_fetch_manager_metrics_records_lag{{connector="sink",partition="0",task="0",topic="{topic}"}}'
    worker.process.wait_until(lambda: metrics(worker).get(source_total) == 2 and metrics(worker).get(lag) == 0, "both have delivered")
    page = metrics(worker)
    wanted = [f'kafka_connect_{group}_metrics_{name}{{connector="{connector}",task="0"}}'
              for group, names, connector in (("connector_task", _TASK, "sink"), ("sink_task", _SINK, "sink"), ("task_error", _ERRORS, "sink"),
                                              ("connector_task", _TASK, "source"), ("source_task", _SOURCE, "source"), ("task_error", _ERRORS, "source"))
              for name in names.split()]
    wanted += [f"kafka_connect_connect_worker_metrics_{name}" for name in _WORKER.split()]
    wanted += [f'kafka_connect_connect_worker_metrics_connector_{state}_task_count{{connector="sink"}}'
               for state in ("total", "running", "paused", "failed", "unassigned", "destroyed", "restarting")]
    assert [name for name in wanted if name not in page] == []
    sink = {name: page[f'kafka_connect_sink_task_metrics_{name}{{connector="sink",task="0"}}'] for name in _SINK.split()}
    assert sink["sink_record_read_total"] == 3 and sink["sink_record_send_total"] == 2 and sink["partition_count"] == 1
    assert page['kafka_connect_task_error_metrics_total_records_skipped{connector="sink",task="0"}'] == 1
    assert page['kafka_connect_connect_worker_metrics_connector_running_task_count{connector="sink"}'] == 1
    assert page["kafka_connect_connect_worker_metrics_connector_count"] == 2
    status = [name for name in page if name.startswith("kafka_connect_connector_task_metrics_status{") and 'connector="sink"' in name]
    assert len(status) == 1 and 'status="running"' in status[0] and 'connector_type="sink"' in status[0]
    worker.request("PUT", "/connectors/sink/pause")
    worker.wait_state("sink", "PAUSED")
    status = [name for name in metrics(worker) if name.startswith("kafka_connect_connector_metrics_status{") and 'connector="sink"' in name]
    assert len(status) == 1 and 'status="paused"' in status[0]
    worker.delete("sink")
    assert not [name for name in metrics(worker) if 'connector="sink"' in name]


def test_json_log_lines_about_a_connector_name_it_and_its_task(kafka, topic, start_bywash, tmp_path):
    program = Bywash.standalone(kafka.bootstrap)
    program.arguments += ["--log-format", "json"]
    worker = start_bywash(program)
    worker.create("lost", file_sink(topic, tmp_path / "out.txt", **{"consumer.override.bootstrap.servers": "127.0.0.1:1", "no.such.key": "x"}))
    worker.process.wait_until(lambda: "127.0.0.1:1" in worker.status("lost")["tasks"][0].get("trace", ""), "the status names the broker")
    task = worker.status("lost")["tasks"][0]
    assert task["state"] == "RUNNING" and "consumer.override.bootstrap.servers" in task["trace"]
    worker.delete("lost")
    lines = [json.loads(line) for line in worker.log().splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    about = [line for line in lines if "lost" in line["message"] or line["logger"] == "kafka" or "task" in line]
    assert about and all(line.get("connector") == "lost" for line in about), about
    assert {line.get("task") for line in about if line["logger"] in ("kafka", "runtime")} == {"0"}
    assert any("no.such.key" in line["message"] for line in about)


def test_a_failed_task_is_restarted_alone(kafka, start_bywash, tmp_path):
    topic = kafka.create_topic(partitions=2)
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER CHECK (v < 100))")
    for partition in range(2):
        kafka.produce_many(topic, [b'{"id":%d,"v":%d}' % (partition, 50 + 100 * partition)], partition=partition)
    worker = start_bywash(kafka.bootstrap, worker={"offset.flush.interval.ms": "200"})
    worker.create("two", sqlite_sink(topic, tmp_path / "t.db", **{"tasks.max": "2", "max.retries": "0"}))
    worker.process.wait_until(lambda: any(task["state"] == "FAILED" for task in worker.status("two")["tasks"]), "a task has failed")
    trace = next(task["trace"] for task in worker.status("two")["tasks"] if task["state"] == "FAILED")
    assert "CHECK" in trace and "`t`" in trace, trace
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.executescript("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)")
    # The group may have given the record to the other task before the table was mended: that one failed too, then.
    restarts, deadline = 0, time.monotonic() + 60
    while kafka.committed("connect-two", topic) != {0: 1, 1: 1} or any(t["state"] == "FAILED" for t in worker.status("two")["tasks"]):
        assert time.monotonic() < deadline, worker.status("two")
        for task in worker.status("two")["tasks"]:
            if task["state"] == "FAILED":
                worker.request("POST", f"/connectors/two/tasks/{task['id']}/restart")
                restarts += 1
        time.sleep(0.1)
    worker.wait_running("two", tasks=2)
    assert worker.log().count("Task is running") == 2 + restarts, "only failed tasks were started again"
    with sqlite3.connect(tmp_path / "t.db") as database:
        assert (1, 150) in database.execute("SELECT id, v FROM t").fetchall()


def test_serve_keeps_its_connectors_and_standalone_does_not(kafka, topic, start_bywash, tmp_path):
    serve = start_bywash(Bywash.serve(kafka.bootstrap))
    for name in ("kept", "paused", "stopped", "gone"):
        serve.create(name, file_sink(topic, tmp_path / f"{name}.txt"))
        serve.wait_running(name)
    serve.request("PUT", "/connectors/paused/pause")
    serve.request("PUT", "/connectors/stopped/stop")
    serve.wait_state("paused", "PAUSED")
    serve.wait_state("stopped", "STOPPED", tasks=0)
    serve.delete("gone")
    serve.kill()
    serve.start()
    assert sorted(serve.request("GET", "/connectors")) == ["kept", "paused", "stopped"]
    serve.wait_running("kept")
    serve.wait_state("stopped", "STOPPED", tasks=0)
    assert serve.status("paused")["connector"]["state"] == "PAUSED"
    alone = start_bywash(kafka.bootstrap)
    alone.create("forgotten", file_sink(topic, tmp_path / "forgotten.txt"))
    alone.wait_running("forgotten")
    assert alone.stop() == 0
    alone.start()
    assert alone.request("GET", "/connectors") == []


def starts_and_ends(verb, *arguments, properties=None, folder=None):
    if properties is not None:
        arguments = (write_properties(folder / "worker.properties", properties), *arguments)
    done = bywash_process.run(verb, *arguments, timeout=30)
    assert done.returncode != 0
    return done.stderr


def worker_keys(tmp_path, **more):
    return {"bootstrap.servers": "127.0.0.1:1", "key.converter": "StringConverter", "value.converter": "StringConverter",
            "listeners": "http://127.0.0.1:0", "offset.storage.file.filename": str(tmp_path / "offsets"), **more}


def test_an_occupied_port_is_named_and_ends_the_program(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        listeners = {"listeners": f"http://127.0.0.1:{port}"}
        said = [starts_and_ends("standalone", properties=worker_keys(tmp_path, **listeners), folder=tmp_path),
                starts_and_ends("serve", "--data-dir", tmp_path / "d", "--controller-port", "0", "--broker-port", "0",
                                properties=worker_keys(tmp_path, **listeners), folder=tmp_path),
                starts_and_ends("analytics", "--data-dir", tmp_path / "d", "--controller-port", port, "--broker-port", "0"),
                starts_and_ends("analytics", "--data-dir", tmp_path / "d", "--controller-port", "0", "--broker-port", port)]
    for text in said:
        assert re.search(rf"127\.0\.0\.1:{port}.*in use", text), text


def test_a_data_folder_that_cannot_be_is_named_and_ends_the_program(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    folder = tmp_path / "file" / "data"
    ports = ("--controller-port", "0", "--broker-port", "0")
    for said in (starts_and_ends("analytics", "--data-dir", folder, *ports),
                 starts_and_ends("serve", "--data-dir", folder, *ports, properties=worker_keys(tmp_path), folder=tmp_path)):
        assert str(folder) in said, said


def test_a_damaged_java_key_store_of_the_worker_is_told_at_start(tmp_path):
    (tmp_path / "trust.jks").write_bytes(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")
    said = starts_and_ends("standalone", properties=worker_keys(tmp_path, **{"security.protocol": "SSL", "ssl.truststore.location": str(tmp_path / "trust.jks")}),
                           folder=tmp_path)
    assert "ssl.truststore.location" in said and "damaged" in said


@pytest.mark.parametrize("keys, named", [
    ({"consumer.override.ssl.keystore.location": "/etc/client.jks", "consumer.override.security.protocol": "SSL"}, "/etc/client.jks cannot be read"),
    ({"connector.class": "NoSuchConnector"}, "NoSuchConnector"),
    ({"key.converter": "no.such.Converter", "transforms": "t", "transforms.t.type": "no.such.Transform", "tasks.max": "many"},
     "no.such.Converter no.such.Transform tasks.max"),
])
def test_a_wrong_connector_is_refused_with_every_problem(kafka, topic, start_bywash, tmp_path, keys, named):
    worker = start_bywash(kafka.bootstrap)
    try:
        worker.create("wrong", file_sink(topic, tmp_path / "out.txt", **keys))
        said = worker.wait_state("wrong", "FAILED")["tasks"][0]["trace"]
    except RestError as refused:
        assert refused.code == 400
        said = refused.body["message"]
    for word in named.split():
        assert word in said, said


def test_a_sink_of_more_tasks_than_can_be_is_refused_and_the_worker_goes_on(topic, kafka, start_bywash, tmp_path):
    worker = start_bywash(kafka.bootstrap)
    with pytest.raises(RestError, match="tasks.max=2147483647 is more than the 10000 tasks"):
        worker.create("many", file_sink(topic, tmp_path / "out.txt", **{"tasks.max": str(2**31 - 1)}))
    assert worker.status("many")["connector"]["state"] == "FAILED"
    worker.request("PUT", "/connectors/many/config", file_sink(topic, tmp_path / "out.txt"))
    worker.wait_state("many", "RUNNING")


def test_a_sink_that_hangs_is_given_up_and_replaced_and_holds_up_nobody(kafka, topic, start_bywash, tmp_path):
    worker = start_bywash(kafka.bootstrap, worker={"task.call.timeout.ms": "1000", "task.restart.max.attempts": "1000", "task.restart.backoff.ms": "100",
                                                   "task.restart.backoff.max.ms": "100", "task.shutdown.graceful.timeout.ms": "1000", "offset.flush.interval.ms": "200",
                                                   "value.converter": "org.apache.kafka.connect.storage.StringConverter"})
    sent = 300
    kafka.produce_many(topic, [b"%d " % i + b"x" * 1000 for i in range(sent)])
    opens, puts = tmp_path / "opens", tmp_path / "puts"
    for pipe in (opens, puts):
        os.mkfifo(pipe)
    reader = os.open(puts, os.O_RDONLY | os.O_NONBLOCK)  # who never reads: a pipe takes 64 KiB
    worker.create("starts", file_sink(topic, opens))  # opening a pipe that nobody reads does not come back
    worker.create("puts", file_sink(topic, puts))
    worker.create("well", file_sink(topic, tmp_path / "well.txt"))
    for name, call in (("starts", " in start()"), ("puts", " in put()")):
        def failed(name=name, call=call):
            task = worker.status(name)["tasks"][0]
            return task["state"] == "FAILED" and call in task["trace"]
        worker.process.wait_until(failed, f"{name} is given up", every=0.01)
    kafka.wait_committed("connect-well", topic)
    assert len((tmp_path / "well.txt").read_text().splitlines()) == sent
    got = {opens: os.open(opens, os.O_RDONLY | os.O_NONBLOCK), puts: reader}
    texts = {pipe: b"" for pipe in got}

    def drained():
        for pipe, descriptor in got.items():
            try:
                texts[pipe] += os.read(descriptor, 1 << 20)
            except BlockingIOError:
                pass
        return all(set(map(int, re.findall(rb"(?m)^(\d+) ", text))) >= set(range(sent)) for text in texts.values())
    worker.process.wait_until(drained, "the tasks in their places have delivered", every=0.01)
    for name in ("starts", "puts"):
        worker.process.wait_until(lambda name=name: drained() and worker.status(name)["tasks"][0]["state"] == "RUNNING", f"{name} runs")
        worker.process.wait_until(lambda name=name: drained() and kafka.committed(f"connect-{name}", topic) == kafka.end_offsets(topic), f"{name} has committed")
    kafka.produce_many(topic, [b"x" * 1000 for _ in range(sent)])
    worker.process.wait_until(lambda: "given up" in worker.log()[-3000:], "it hangs again")
    assert worker.process.stop(60) == 0
    for descriptor in got.values():
        os.close(descriptor)


def completed(*words, url="http://127.0.0.1:1"):
    """What the bash completion offers for the last of the words."""
    done = subprocess.run(["bash", "-c", 'source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bywash; printf "%s\\n" "${COMPREPLY[@]}"',
                           "bash", str(bywash_process.binary()), str(bywash_process.binary()), *words], capture_output=True, text=True, check=True,
                          env={**os.environ, "BYWASH_CONNECT_URL": url})
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_the_shell_completes_verbs_options_values_and_connectors(kafka, topic, start_bywash, tmp_path):
    shown = re.findall(r"^  (\w+)  ", bywash_process.run("--help").stdout, re.M)
    assert set(completed("")) == set(shown) and {"standalone", "connect", "completion"} <= set(shown)
    assert completed("connect", "off") == ["offsets"]
    assert completed("connect", "offsets", "") == ["get", "set", "reset"]
    assert completed("connect", "-o", "json", "logs", "--sc") == ["--scope"]
    assert completed("connect", "list", "-o", "") == completed("connect", "list", "--output", "") == ["table", "json"]
    assert completed("connect", "status", "") == [], "no worker answers"
    assert not completed("try", "--records", ""), "the shell's own file names"
    worker = start_bywash(kafka.bootstrap)
    worker.create("orders", file_sink(topic, tmp_path / "out.txt"))
    assert completed("connect", "restart", "or", url=worker.url) == ["orders"]
    assert completed("connect", "--url", worker.url, "pause", "") == ["orders"]
