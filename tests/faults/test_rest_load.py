"""REST under clients that mean no good: thousands of silent connections, bodies byte by byte, bodies that never end."""

import contextlib
import resource
import socket
import time

import pytest

from tests.support.raw_http import ask


@pytest.fixture(name="worker")
def a_worker(kafka, start_bywash):
    return start_bywash(kafka.bootstrap)


def answers(worker) -> float:
    """Seconds until a list of connectors has come, on a connection of its own."""
    began = time.monotonic()
    assert ask(worker.port, "GET", "/connectors", [("Host", "x"), ("Connection", "close")]).status == 200
    return time.monotonic() - began


def test_ten_thousand_silent_connections_keep_nobody_out(worker):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 12000:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    before = worker.process.rss_bytes()
    with contextlib.ExitStack() as stack:
        for number in range(10_000):
            stack.enter_context(socket.create_connection(("127.0.0.1", worker.port), timeout=20))
            if number % 1000 == 999:
                answers(worker)
        assert worker.process.rss_bytes() - before < 64 << 20
    answers(worker)


def test_slow_bodies_hold_up_nobody(worker):
    head = b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", worker.port), timeout=20)) for _ in range(200)]
        for client in slow:
            client.sendall(head + b"{")
        for _ in range(5):
            for client in slow:
                client.sendall(b" ")
            answers(worker)


def test_a_body_of_100_mb_is_refused_before_it_is_kept(worker):
    before = worker.process.rss_bytes()
    with socket.create_connection(("127.0.0.1", worker.port), timeout=20) as client:
        client.sendall(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(100):
                client.sendall(b" " * (1 << 20))
        with contextlib.suppress(OSError):
            assert client.recv(12) == b"HTTP/1.1 413"
    assert worker.process.rss_bytes() - before < 48 << 20
    answers(worker)


def test_as_many_files_may_be_open_as_the_system_allows(kafka, start_bywash):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        worker = start_bywash(kafka.bootstrap)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with open(f"/proc/{worker.process.pid}/limits", encoding="utf-8") as limits:
        line = next(each for each in limits if each.startswith("Max open files"))
    assert line.split()[3] == line.split()[4]
