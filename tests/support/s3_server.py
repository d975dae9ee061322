"""A real S3 endpoint over HTTP: moto's server (starts in a second) or MinIO (for throughput and strictness).

BYWASH_S3_SERVER=moto|minio chooses; moto otherwise. `S3Server.kind` says which one runs.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Mapping, Optional

import boto3
import botocore.config
import botocore.exceptions

from tests.support.jars import made_once
from tests.support.kafka_clients import unique
from tests.support.paths import CACHE
from tests.support.processes import Process, TemporaryFolder, free_port, port_open

MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
_MINIO_GO = (1, 24)  # the Go version MinIO's go.mod asks for


def minio_available() -> bool:
    """Whether MinIO is built already, or there is a Go new enough to build it."""
    return _minio_path().exists() or _go_version() >= _MINIO_GO


def minio() -> pathlib.Path:
    """MinIO's program, built from its Go module on the first call (about five minutes on two cores)."""
    with made_once(_minio_path().parent) as out:
        if out is not None:
            if _go_version() < _MINIO_GO:
                raise RuntimeError("MinIO needs Go %d.%d or newer on PATH (Debian 12 has 1.19). Use BYWASH_S3_SERVER=moto" % _MINIO_GO)
            build = dict(os.environ, GOBIN=str(out), GOFLAGS="-trimpath", CGO_ENABLED="0")
            done = subprocess.run(["go", "install", f"github.com/minio/minio@{MINIO_VERSION}"], env=build, cwd=out,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"building MinIO failed:\n{done.stderr[-3000:]}")
    return _minio_path()


def _minio_path() -> pathlib.Path:
    return CACHE / "bin" / f"minio-{MINIO_VERSION}" / "minio"


def _go_version() -> tuple:
    if not shutil.which("go"):
        return (0, 0)
    said = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0, 0)


class S3Server:
    """`with S3Server() as s3: bucket = s3.create_bucket()`; endpoint, access_key, secret_key, region are its fields."""

    region = "us-east-1"

    def __init__(self, kind: Optional[str] = None, *, folder: Optional[pathlib.Path] = None, detached: bool = False,
                 port: Optional[int] = None):
        self.kind = kind or os.environ.get("BYWASH_S3_SERVER") or "moto"
        if self.kind not in ("moto", "minio"):
            raise ValueError(f"BYWASH_S3_SERVER is '{self.kind}': it must be 'moto' or 'minio'")
        self._temporary = None if folder else TemporaryFolder("s3")
        self.folder = pathlib.Path(folder) if folder else self._temporary.path
        self.port = port or free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.access_key, self.secret_key = "bywash-access", "bywash-secret-key"
        self.process: Optional[Process] = None
        self._detached = detached
        self._client = None

    def start(self) -> "S3Server":
        if self.kind == "minio":
            command = [minio(), "server", "--quiet", "--address", f"127.0.0.1:{self.port}", "--console-address", f"127.0.0.1:{free_port()}",
                       str(self.folder / "objects")]
            env = dict(os.environ, MINIO_ROOT_USER=self.access_key, MINIO_ROOT_PASSWORD=self.secret_key, MINIO_UPDATE="off")
        else:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
            env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", MOTO_S3_DEFAULT_KEY_BUFFER_SIZE=str(64 << 20))
        self.process = Process(f"S3 server ({self.kind})", command, self.folder / "s3.log", env=env, cwd=self.folder,
                               detached=self._detached)
        self.process.wait_until(lambda: port_open(self.port), "listening", timeout=60)
        self.process.wait_until(self.responds, "answering", timeout=60)
        return self

    def responds(self) -> bool:
        try:
            self.client().list_buckets()
            return True
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return False

    def client(self):
        """A boto3 S3 client with path-style addresses; may be shared between threads."""
        if self._client is None:
            config = botocore.config.Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60,
                                            retries={"total_max_attempts": 1})
            self._client = boto3.session.Session().client(
                "s3", endpoint_url=self.endpoint, aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key, region_name=self.region, config=config)
        return self._client

    def create_bucket(self, name: Optional[str] = None) -> str:
        """A bucket (a unique name when None); its name."""
        name = name or unique("bucket")
        self.client().create_bucket(Bucket=name)
        return name

    def keys(self, bucket: str, prefix: str = "") -> list:
        """All object names under the prefix, sorted."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def read(self, bucket: str, key: str) -> bytes:
        return self.client().get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(self, bucket: str, key: str, body: bytes) -> None:
        self.client().put_object(Bucket=bucket, Key=key, Body=body)

    def environment(self) -> Mapping[str, str]:
        """What an AWS client process needs to find this server and log in."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region, "AWS_ENDPOINT_URL_S3": self.endpoint,
                "AWS_EC2_METADATA_DISABLED": "true"}

    def stop(self) -> None:
        if self.process:
            self.process.stop(10)

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    def __enter__(self) -> "S3Server":
        return self.start()

    def __exit__(self, *_error) -> None:
        self.kill()
        if self._temporary:
            self._temporary.remove()
