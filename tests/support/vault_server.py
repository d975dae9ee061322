"""A server that answers as HashiCorp Vault's HTTP API does: key-value engines of both versions, leased database users, tokens, AppRole and
userpass logins, namespaces, mounts. It does what Vault's API documentation (version 1.x) says of the requests that a config provider sends."""

import http.server
import json
import ssl
import threading
from typing import Any, Optional


class Vault:
    """`with Vault() as vault`: `.url`, `.root` (a token). `kv1` is mounted at kv1/, `kv2` at secret/ and team/kv/, databases at database/.

    `secrets[mount][path]` are what is stored: change it as you like. `requests` are (method, path, token) of every request."""

    MOUNTS = {"secret/": "2", "team/kv/": "2", "kv1/": "1", "database/": ""}

    def __init__(self, *, tls: Optional[ssl.SSLContext] = None, namespace: str = "", token_seconds: int = 0, lease_seconds: int = 3600):
        self.root, self.namespace, self.token_seconds, self.lease_seconds = "hvs.root-token", namespace, token_seconds, lease_seconds
        self.secrets: dict = {mount: {} for mount in self.MOUNTS}
        self.kv1_lease_seconds = 2764800
        self.logins = {"approle": {"role_id": "the-role", "secret_id": "the-s3cret-id"}, "userpass/kim": {"password": "the-p4ssword"}}
        self.tokens = {self.root}
        self.requests: list = []
        self.sealed = False
        self.users = 0
        self._lock = threading.Lock()
        vault = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._answer("GET", {})

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                self._answer("POST", json.loads(self.rfile.read(length) or b"{}"))

            def _answer(self, method, body):
                token = self.headers.get("X-Vault-Token", "")
                with vault._lock:
                    vault.requests.append((method, self.path, token))
                    status, answer = vault._serve(method, self.path, token, self.headers.get("X-Vault-Namespace", ""), body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Vault":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _new_token(self) -> dict:
        token = f"hvs.login-{len(self.tokens)}"
        self.tokens.add(token)
        return {"auth": {"client_token": token, "lease_duration": self.token_seconds, "renewable": True}}

    def _serve(self, method: str, path: str, token: str, namespace: str, body: dict) -> tuple:
        refused: tuple = (403, {"errors": ["permission denied"]})
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        path = path.removeprefix("/v1/")
        if namespace != self.namespace:
            return refused
        if path.startswith("auth/") and path.endswith("/login") and method == "POST":
            return (200, self._new_token()) if self.logins.get(path[5:-6]) == body else (400, {"errors": ["invalid role or secret ID"]})
        if path.startswith("auth/userpass/login/") and method == "POST":
            return (200, self._new_token()) if self.logins.get("userpass/" + path[20:]) == body else (400, {"errors": ["invalid username or password"]})
        if token not in self.tokens:
            return refused
        if path == "auth/token/renew-self":
            return 200, {"auth": {"client_token": token, "lease_duration": self.token_seconds, "renewable": True}}
        asked = path.removeprefix("sys/internal/ui/mounts/")
        mount = next((mount for mount in self.MOUNTS if asked.startswith(mount)), None)
        if mount is None:
            return refused if asked != path else (404, {"errors": []})
        version = self.MOUNTS[mount]
        if asked != path:
            return 200, {"data": {"path": mount, "type": "kv" if version else "database", "options": {"version": version} if version else None}}
        return self._read(mount, version, asked.removeprefix(mount))

    def _read(self, mount: str, version: str, rest: str) -> tuple:
        def answer(data: Any, lease_id: str = "", seconds: int = 0) -> tuple:
            return 200, {"request_id": "r", "lease_id": lease_id, "renewable": bool(lease_id), "lease_duration": seconds, "data": data, "warnings": None}
        if version == "2":
            if not rest.startswith("data/") or rest[5:] not in self.secrets[mount]:
                return 404, {"errors": []}
            return answer({"data": self.secrets[mount][rest[5:]], "metadata": {"version": 1}})
        if version == "1":
            return answer(self.secrets[mount][rest], seconds=self.kv1_lease_seconds) if rest in self.secrets[mount] else (404, {"errors": []})
        if not rest.startswith("creds/"):
            return 404, {"errors": []}
        self.users += 1
        return answer({"username": f"v-user-{self.users}", "password": f"v-pass-{self.users}"}, f"database/{rest}/{self.users}", self.lease_seconds)
