"""A real MariaDB: a private server on a free loopback port, with password logins as a server has them."""

import itertools
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
from typing import Optional, Sequence

from tests.support.jars import MissingTool
from tests.support.processes import Process, TemporaryFolder, free_port

_numbers = itertools.count(1)


class MariaDB:
    """`with MariaDB() as db: name = db.create_database()`; `db.jdbc_config(name)`, `db.query(name, sql)`.

    Looked into through Debian's own `mariadb` client, so that the tests need no further driver; rows come back as texts,
    NULL as None.
    """

    def __init__(self, *, settings: Sequence[str] = (), durable: bool = False):
        """`settings`: options of mariadbd. `durable`: what was committed is there after a kill -9 of the server."""
        self._temporary = TemporaryFolder("mariadb")
        self.folder = pathlib.Path(self._temporary.path)
        self.host, self.port = "127.0.0.1", free_port()
        self.user, self.password = "bywash", secrets.token_hex(8)
        self.process: Optional[Process] = None
        self._os_user = _unprivileged_user()
        self._settings = [*settings, *(["--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1"] if durable else [])]

    def start(self) -> "MariaDB":
        """Starts it, on the data it had if it ran before, and returns when it takes connections."""
        data = self.folder / "data"
        if not data.exists():
            self._install(data)
        command = [_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--tmpdir={self.folder}", f"--port={self.port}", "--bind-address=127.0.0.1",
                   f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
                   "--innodb-doublewrite=0",
                   "--innodb-buffer-pool-size=64M", "--skip-name-resolve", "--character-set-server=utf8mb4", f"--init-file={self.folder}/init.sql", *self._settings]
        self.process = Process("MariaDB", command, self.folder / "mariadb.log", cwd=self.folder, user=self._os_user,
                               env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        self.process.wait_until(self.responds, "taking connections", timeout=60)
        return self

    def _install(self, data: pathlib.Path) -> None:
        init = self.folder / "init.sql"
        init.write_text(f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY '{self.password}';\n"
                        f"GRANT ALL ON *.* TO '{self.user}'@'%' WITH GRANT OPTION;\n", encoding="ascii")
        if self._os_user:
            for path in (self.folder, init):
                shutil.chown(path, self._os_user, self._os_user)
        extra = {"user": self._os_user, "group": self._os_user, "extra_groups": []} if self._os_user else {}
        done = subprocess.run([_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", f"--tmpdir={self.folder}", "--auth-root-authentication-method=normal",
                               "--skip-test-db"],
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **extra)
        if done.returncode != 0:
            raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")

    def _client(self, database: str, sql: str) -> subprocess.CompletedProcess:
        return subprocess.run([_program("mariadb"), "--no-defaults", "-h", self.host, "-P", str(self.port), "-u", self.user, "--batch", "--raw",
                               "--skip-column-names", "--default-character-set=utf8mb4", database],
                              input="SET time_zone = '+00:00';" + sql, env={**os.environ, "MYSQL_PWD": self.password},
                              capture_output=True, text=True, check=False)

    def responds(self) -> bool:
        return self._client("mysql", "SELECT 1").returncode == 0

    def query(self, database: str, sql: str) -> list:
        """All rows of the statements, as tuples of texts; values must hold no tabs or line breaks."""
        done = self._client(database, sql)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [tuple(None if value == "NULL" else value for value in line.split("\t")) for line in done.stdout.splitlines()]

    def create_database(self) -> str:
        """A fresh, empty database; its name."""
        name = f"db_{os.getpid()}_{next(_numbers)}"
        self.query("mysql", f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def jdbc_config(self, database: str, scheme: str = "mariadb") -> dict:
        """The three connection keys of a JDBC connector."""
        return {"connection.url": f"jdbc:{scheme}://{self.host}:{self.port}/{database}", "connection.user": self.user,
                "connection.password": self.password}

    def kill(self) -> None:
        """kill -9; the data stays for another start(), which recovers it."""
        if self.process:
            self.process.kill()

    def __enter__(self) -> "MariaDB":
        return self.start()

    def __exit__(self, *_error) -> None:
        self.kill()
        self._temporary.remove()


def _program(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if not path:
        raise MissingTool(f"MariaDB is not installed ({name} is missing). Run ./dev setup")
    return path


def _unprivileged_user() -> Optional[str]:
    """Whom MariaDB runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("mysql", "postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise RuntimeError("MariaDB refuses to run as root and there is no user 'mysql', 'postgres' or 'nobody'")
