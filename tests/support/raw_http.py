"""One HTTP request as it is written here, with nothing added: whatever a client may send, well formed or not."""

import http.client
import json
import socket
from typing import Optional, Sequence, Tuple


class RawAnswer:
    """`.status` (None: the connection ended without an answer), `.headers` in order as they came, `.text`."""

    def __init__(self, status: Optional[int], headers: Sequence[Tuple[str, str]], body: bytes):
        self.status, self.headers, self.text = status, [list(header) for header in headers], body.decode("utf-8", "replace")

    def header(self, name: str) -> Optional[str]:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self):
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def ask(port: int, method: str, path: str, headers: Sequence[Tuple[str, str]] = (), body: Optional[bytes] = None, *,
        version: str = "HTTP/1.1", timeout: float = 100.0) -> RawAnswer:
    """Sends the request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        head = f"{method} {path} {version}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        try:
            connection.sendall(head.encode("utf-8") + (body or b""))
        except OSError:
            pass  # it may have answered before it read all
        answer = http.client.HTTPResponse(connection, method=method)
        try:
            answer.begin()
            return RawAnswer(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException):
            return RawAnswer(None, [], b"")
