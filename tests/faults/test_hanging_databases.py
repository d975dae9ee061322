"""A database that stops answering while a connector is being started: the worker's herder goes on for all others."""

import os
import threading
import time
import urllib.request

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_connect import RestError
from tests.support.postgres import Postgres


@pytest.fixture(scope="module", name="database")
def a_database_of_its_own():
    with Postgres() as server:
        yield server


def metric(worker, name: str, connector: str) -> float:
    with urllib.request.urlopen(worker.url + "/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name) and f'connector="{connector}"' in line), 0.0)


@pytest.mark.parametrize("mode", ["standalone", "distributed"])
def test_a_connector_that_waits_for_its_database_holds_up_no_other(kafka, database, start_bywash, tmp_path, mode):
    worker = start_bywash(Bywash.standalone(kafka.bootstrap) if mode == "standalone" else Bywash.distributed(kafka.bootstrap, f"hangs-{time.time_ns()}"))
    worker.process.wait_until(worker.healthy, "a healthy worker")
    name = database.create_database()
    with database.connect(name) as connection:
        connection.execute("CREATE TABLE orders (id serial PRIMARY KEY, item text)")
    worker.create("slow", {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", **database.jdbc_config(name), "mode": "incrementing",
                           "incrementing.column.name": "id", "topic.prefix": f"{name}-", "table.monitoring.startup.polling.limit.ms": "600000", "connection.attempts": "1000"})
    worker.wait_state("slow", "RUNNING")
    os.kill(database.process.pid, 19)  # takes connections, answers none
    try:
        # A standalone worker answers once the connector has; nobody waits for that here.
        asked = threading.Thread(target=lambda: restart(worker, "slow"), daemon=True)
        asked.start()
        worker.process.wait_until(lambda: metric(worker, "bywash_connector_call_age_ms", "slow") > 0, "the call of the connector is told")
        (tmp_path / "in").write_text("a line\n")
        worker.create("other", {"connector.class": "FileStreamSource", "file": str(tmp_path / "in"), "topic": f"{name}-lines"})
        worker.wait_state("other", "RUNNING")
        assert metric(worker, "bywash_connector_call_age_ms", "slow") > 0, "it is still in its call"
        assert worker.request("GET", "/connectors/slow/status")["connector"]["state"] == "RUNNING"
        worker.request("DELETE", "/connectors/slow")
        worker.process.wait_until(lambda: worker.request("GET", "/connectors") == ["other"], "the one that hangs is removed")
        worker.process.wait_until(lambda: metric(worker, "bywash_connector_call_age_ms", "slow") == 0, "its call is told no longer")
    finally:
        os.kill(database.process.pid, 18)


def restart(worker, name: str) -> None:
    try:
        worker.request("POST", f"/connectors/{name}/restart")
    except RestError as refused:
        assert refused.code == 500, refused
