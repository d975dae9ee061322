"""Real Apache Spark: runs a .py file with spark-submit's engine, S3 and Kafka set up, in a Python environment of its own.

Installed (about 600 MB) by the first test that asks for it, or by `./dev setup spark`.
"""

import os
import pathlib
import subprocess
from typing import Mapping, Optional, Sequence

from tests.support.jars import jars, made_once, tool
from tests.support.paths import CACHE
from tests.support.s3_server import S3Server

VERSION = "4.2.0"
_REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "jvm" / "spark" / "requirements.txt"


def install() -> pathlib.Path:
    """The Python program of the environment with pyspark, made on the first call; its jars too."""
    folder = CACHE / f"venv-spark-{VERSION}"
    with made_once(folder.with_suffix(".made")) as out:
        if out is not None:
            subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", str(folder)], check=True)
            command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
                       "--require-hashes", "-r", str(_REQUIREMENTS)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"installing pyspark failed:\n{(done.stdout + done.stderr)[-3000:]}")
    jars("spark")
    return folder / "bin" / "python"


def settings(s3: Optional[S3Server] = None) -> dict:
    """The configuration a Spark session gets: quiet, two threads, few shuffle partitions, and the S3 server as s3a://."""
    conf = {
        "spark.master": "local[2]",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.jars": ",".join(str(jar) for jar in sorted(jars("spark").glob("*.jar"))),
    }
    if s3 is not None:
        conf.update({
            "spark.hadoop.fs.s3a.endpoint": s3.endpoint,
            "spark.hadoop.fs.s3a.endpoint.region": s3.region,
            "spark.hadoop.fs.s3a.access.key": s3.access_key,
            "spark.hadoop.fs.s3a.secret.key": s3.secret_key,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
            "spark.hadoop.fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        })
    return conf


def run(script: pathlib.Path, folder: pathlib.Path, *, s3: Optional[S3Server] = None, arguments: Sequence[str] = (),
        conf: Optional[Mapping[str, str]] = None, env: Optional[Mapping[str, str]] = None,
        timeout: float = 280.0) -> subprocess.CompletedProcess:
    """Runs the script as it stands; the settings reach its SparkSession through spark-defaults.conf in `folder`.

    returncode, stdout and stderr as text; never raises on a failing exit code.
    """
    python = install()
    (folder / "spark-defaults.conf").write_text(
        "".join(f"{key} {value}\n" for key, value in {**settings(s3), **(conf or {})}.items()), encoding="utf-8")
    log4j = folder / "log4j2.properties"
    log4j.write_text("status=error\nappender.c.type=Console\nappender.c.name=c\nappender.c.target=SYSTEM_ERR\n"
                     "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%p %c{1} %m%n\n"
                     "rootLogger.level=warn\nrootLogger.appenderRef.c.ref=c\n", encoding="ascii")
    given = dict(os.environ, SPARK_CONF_DIR=str(folder), PYSPARK_PYTHON=str(python), SPARK_LOCAL_IP="127.0.0.1",
                 JAVA_HOME=str(pathlib.Path(os.path.realpath(tool("java"))).parents[1]))
    given.pop("PYTHONPATH", None)
    given.update(env or {})
    return subprocess.run([str(python), str(script), *map(str, arguments)], cwd=folder, env=given, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False)
