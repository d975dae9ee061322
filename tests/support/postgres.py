"""A real PostgreSQL: a private cluster on a free loopback port, with password logins as a server has them."""

import itertools
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
from typing import Mapping, Optional

import psycopg

from tests.support.jars import MissingTool
from tests.support.processes import Process, TemporaryFolder, free_port

_VERSION = "15"  # Debian 12's
_numbers = itertools.count(1)


class Postgres:
    """`with Postgres() as pg: name = pg.create_database()`; `pg.jdbc_url(name)`, `pg.connect(name)`.

    fsync: off by default (tests of behaviour); on for benchmarks and power-cut reasoning. settings: over ours.
    Logins over TCP need `user` and `password` (scram-sha-256), so that wrong credentials can be tested.
    """

    def __init__(self, *, fsync: bool = False, settings: Optional[Mapping[str, str]] = None,
                 folder: Optional[pathlib.Path] = None, detached: bool = False, port: Optional[int] = None):
        self._temporary = None if folder else TemporaryFolder("postgres")
        self.folder = pathlib.Path(folder) if folder else self._temporary.path
        self.host, self.port = "127.0.0.1", port or free_port()
        self.user, self.password = "bywash", secrets.token_hex(8)
        self.process: Optional[Process] = None
        self._detached = detached
        self._os_user = _unprivileged_user()
        self._settings = {
            "fsync": "on" if fsync else "off", "synchronous_commit": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off", "max_connections": "200", "shared_buffers": "256MB",
            "wal_level": "logical", "max_replication_slots": "30", "max_wal_senders": "30", "max_wal_size": "2GB", "log_min_messages": "warning", "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder / "socket"), **(settings or {}),
        }

    def start(self) -> "Postgres":
        """Starts it, on the data it had if it ran before, and returns when it takes connections."""
        data = self.folder / "data"
        if not data.exists():
            self._make_cluster(data)
        command = [_program("postgres"), "-D", str(data), "-p", str(self.port)]
        for key, value in self._settings.items():
            command += ["-c", f"{key}={value}"]
        self.process = Process("PostgreSQL", command, self.folder / "postgres.log", cwd=self.folder, user=self._os_user,
                               env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, detached=self._detached)
        self.process.wait_until(self.responds, "taking connections", timeout=60)
        return self

    def _make_cluster(self, data: pathlib.Path) -> None:
        password = self.folder / "password"
        password.write_text(self.password + "\n", encoding="ascii")
        password.chmod(0o600)
        (self.folder / "socket").mkdir()
        if self._os_user:
            for path in (self.folder, password, self.folder / "socket"):
                shutil.chown(path, self._os_user, self._os_user)
        extra = {"user": self._os_user, "group": self._os_user, "extra_groups": []} if self._os_user else {}
        done = subprocess.run(
            [_program("initdb"), "-D", str(data), "-U", self.user, "--pwfile", str(password), "-A", "scram-sha-256",
             "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **extra)
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def responds(self) -> bool:
        try:
            self.connect("postgres").close()
            return True
        except psycopg.OperationalError:
            return False

    def create_database(self, name: Optional[str] = None) -> str:
        """A fresh, empty database; its name."""
        name = name or f"db_{os.getpid()}_{next(_numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def connect(self, database: str, **options) -> psycopg.Connection:
        """A connection with autocommit; `with` closes it."""
        given = {"host": self.host, "port": self.port, "user": self.user, "password": self.password, "dbname": database,
                 "connect_timeout": 5, "autocommit": True}
        return psycopg.connect(**{**given, **options})

    def query(self, database: str, sql: str, parameters=None) -> list:
        """All rows of one statement, as tuples; [] when it has none."""
        with self.connect(database) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def jdbc_url(self, database: str) -> str:
        """What goes into `connection.url`; user and password are keys of their own."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{database}"

    def jdbc_config(self, database: str) -> dict:
        """The three connection keys of a JDBC connector."""
        return {"connection.url": self.jdbc_url(database), "connection.user": self.user,
                "connection.password": self.password}

    def url(self, database: str) -> str:
        """libpq's form, with the password."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def stop(self) -> None:
        """Fast shutdown; the data stays for another start()."""
        if self.process:
            self.process.stop(20, number=2)

    def kill(self) -> None:
        """kill -9; the data stays for another start(), which recovers it."""
        if self.process:
            self.process.kill()

    def restart(self, *, hard: bool = False) -> None:
        (self.kill if hard else self.stop)()
        self.start()

    def __enter__(self) -> "Postgres":
        return self.start()

    def __exit__(self, *_error) -> None:
        self.kill()
        if self._temporary:
            self._temporary.remove()


def _program(name: str) -> str:
    path = f"/usr/lib/postgresql/{_VERSION}/bin/{name}"
    if not os.path.exists(path):
        raise MissingTool(f"PostgreSQL {_VERSION} is not installed ({path} is missing). Run ./dev setup")
    return path


def _unprivileged_user() -> Optional[str]:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody'")
