"""A proxy before an S3 server that goes wrong on request: kills a process, answers an error, breaks off, hangs, answers late.

    with FaultyStore(s3.endpoint) as store:
        store.on("complete", FaultyStore.answer(503, "SlowDown"), times=2)

Steps of an upload are told apart by their requests: see `step_of`.
"""

import dataclasses
import http.client
import http.server
import socket
import threading
import time
import urllib.parse
from typing import Callable, Optional


def step_of(method: str, path: str) -> str:
    """create, part, complete, abort, put, log (an entry of the delivery log), unlog, list, uploads, head, get,
    tag, delete."""
    url = urllib.parse.urlsplit(path)
    query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    is_log = "/_bywash/delivery/" in urllib.parse.unquote(url.path)
    if method == "POST":
        return "create" if "uploads" in query else "complete" if "uploadId" in query else "post"
    if method == "PUT":
        return "part" if "uploadId" in query else "tag" if "tagging" in query else "log" if is_log else "put"
    if method == "DELETE":
        return "abort" if "uploadId" in query else "unlog" if is_log else "delete"
    if method == "GET":
        return "uploads" if "uploads" in query else "list" if "list-type" in query else "get"
    return method.lower()


@dataclasses.dataclass
class Fault:
    """`act` gets the handler and a function that asks the real store; it answers, or not."""
    step: str
    act: Callable
    times: int
    after: int  # so many requests of the step pass before
    hit: threading.Event = dataclasses.field(default_factory=threading.Event)


class FaultyStore:
    """`.endpoint` is what the program under test gets; `.seen` counts requests by step, `.requests` has (step, path, headers) of each.

    With `tls` (an ssl.SSLContext) it is https://localhost.
    """

    def __init__(self, target: str, tls=None):
        self.target = urllib.parse.urlsplit(target).netloc
        self.seen: dict = {}
        self.requests: list = []
        self._tls = tls
        self._faults: list = []
        self._lock = threading.Lock()
        self._server: Optional[http.server.ThreadingHTTPServer] = None

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self._server.server_port}" if self._tls else f"http://127.0.0.1:{self._server.server_port}"

    def on(self, step: str, act: Callable, *, times: int = 1, after: int = 0) -> Fault:
        """Arms a fault for the next `times` requests of the step; `.hit` of the result is set when it happens."""
        fault = Fault(step, act, times, after)
        with self._lock:
            self._faults.append(fault)
        return fault

    # What can go wrong.
    @staticmethod
    def answer(status: int, code: str) -> Callable:
        """The store answers an error and has done nothing."""
        return lambda handler, ask: handler.reply(status, {}, f"<Error><Code>{code}</Code><Message>on request</Message></Error>".encode())

    @staticmethod
    def reset(handler, _ask) -> None:
        """The connection breaks before the store has the request."""
        handler.break_off()

    @staticmethod
    def lose_answer(handler, ask) -> None:
        """The store does it, the answer never arrives."""
        ask()
        handler.break_off()

    @staticmethod
    def late(seconds: float) -> Callable:
        """The store does it and answers late."""
        def act(handler, ask):
            answer = ask()
            time.sleep(seconds)
            handler.reply(*answer)
        return act

    @staticmethod
    def kill(kill: Callable, *, done: bool) -> Callable:
        """kill() runs before (done=False) or after the store has done what was asked; no answer."""
        def act(handler, ask):
            if done:
                ask()
            kill()
            handler.break_off()
        return act

    def take(self, step: str, path: str, headers: dict) -> Optional[Fault]:
        with self._lock:
            self.requests.append((step, urllib.parse.unquote(urllib.parse.urlsplit(path).path), headers))
            self.seen[step] = self.seen.get(step, 0) + 1
            for fault in self._faults:
                if fault.step != step:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def __enter__(self) -> "FaultyStore":
        handler = type("Handler", (_Handler,), {"store": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: FaultyStore

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        step = step_of(self.command, self.path)

        def ask() -> tuple:
            connection = http.client.HTTPConnection(self.store.target, timeout=60)
            try:
                # The Host header is part of the signature: it stays the proxy's.
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "expect")}
                connection.request(self.command, self.path, body=body or None, headers=headers)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

        fault = self.store.take(step, self.path, {name.lower(): value for name, value in self.headers.items()})
        if fault is None:
            self.reply(*ask())
            return
        fault.act(self, ask)
        fault.hit.set()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve  # pylint: disable=invalid-name

    def reply(self, status: int, headers: dict, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = headers.get("Content-Length", headers.get("content-length")) if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        try:
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            pass  # the process on the other side is dead

    def break_off(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def log_message(self, *_):
        pass
