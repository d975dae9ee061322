"""A TCP proxy on loopback whose network can be cut: connections stay open and nothing passes, as with hosts that cannot reach each other."""

import selectors
import socket
import threading


class CutProxy:
    """`proxy = CutProxy(target_port)`; clients connect to `proxy.port`. cut() holds what is under way, heal() lets it pass."""

    def __init__(self, target: int):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._closed = False
        self._peers: dict = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self._open.clear()

    def heal(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._closed = True
        self._open.set()
        self._thread.join()
        for each in [self._listener, *self._peers]:
            each.close()

    def _run(self) -> None:
        while not self._closed:
            self._open.wait()
            for key, _ in self._selector.select(0.1):
                if not self._open.is_set():
                    break
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj in self._peers:
                    self._pass_on(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        other = self._peers[one]
        try:
            if data := one.recv(1 << 16):
                other.sendall(data)
                return
        except OSError:
            pass
        for each in (one, other):
            self._selector.unregister(each)
            del self._peers[each]
            each.close()
