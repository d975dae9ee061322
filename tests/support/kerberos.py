"""A Kerberos realm of the tests' own: MIT's KDC on a free loopback port, its database and keytabs in a folder."""

import os
import pathlib
import subprocess

from tests.support.jars import MissingTool
from tests.support.processes import Process, TemporaryFolder, free_port, port_open

REALM = "BYWASH.TEST"


def _program(name: str) -> str:
    path = f"/usr/sbin/{name}"
    if not os.path.exists(path):
        raise MissingTool(f"'{path}' is not installed. Run ./dev setup")
    return path


class Kerberos:
    """`with Kerberos() as realm: realm.keytab("alice")`; `.env` is what programs of the realm need, `.conf` the path of krb5.conf."""

    def __init__(self):
        self._temporary = TemporaryFolder("kerberos")
        self.folder = pathlib.Path(self._temporary.path)
        self.conf, kdc_conf = self.folder / "krb5.conf", self.folder / "kdc.conf"
        self._port = free_port()
        self.conf.write_text(f"""[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = 127.0.0.1:{self._port}
}}
[domain_realm]
localhost = {REALM}
""")
        kdc_conf.write_text(f"""[kdcdefaults]
kdc_listen = 127.0.0.1:{self._port}
kdc_tcp_listen = 127.0.0.1:{self._port}
[realms]
{REALM} = {{
  database_name = {self.folder}/principal
  key_stash_file = {self.folder}/stash
}}
[logging]
kdc = STDERR
""")
        self.env = {"KRB5_CONFIG": str(self.conf), "KRB5CCNAME": f"FILE:{self.folder}/tickets"}
        self._server_env = {**os.environ, **self.env, "KRB5_KDC_PROFILE": str(kdc_conf)}

    def __enter__(self) -> "Kerberos":
        self._run(_program("kdb5_util"), "create", "-s", "-P", "master", "-r", REALM)
        self.process = Process("krb5kdc", [_program("krb5kdc"), "-n"], self.folder / "kdc.log", env=self._server_env, cwd=self.folder)
        self.process.wait_until(lambda: port_open(self._port), "listening")
        return self

    def _run(self, *command) -> None:
        subprocess.run(command, env=self._server_env, check=True, capture_output=True, timeout=60)

    def keytab(self, principal: str) -> pathlib.Path:
        """Makes a principal; the file with its key."""
        path = self.folder / (principal.replace("/", "_") + ".keytab")
        admin = _program("kadmin.local")
        self._run(admin, "-q", f"addprinc -randkey {principal}@{REALM}")
        self._run(admin, "-q", f"ktadd -k {path} {principal}@{REALM}")
        return path

    def __exit__(self, *_error) -> None:
        self.process.kill()
        self._temporary.remove()
