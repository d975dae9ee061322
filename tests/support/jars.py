"""Java parts: jars from Maven by a pinned pom, and our own few classes compiled against them. Cached, made once."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import zipfile

from tests.support.paths import CACHE

_JVM = pathlib.Path(__file__).resolve().parent / "jvm"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class MissingTool(RuntimeError):
    """A program of the set-up is not installed; `./dev setup` brings it."""


def tool(name: str) -> str:
    """The path of a program on PATH."""
    found = shutil.which(name)
    if not found:
        raise MissingTool(f"'{name}' is not installed. Run ./dev setup")
    return found


@contextlib.contextmanager
def made_once(folder: pathlib.Path):
    """Holds a lock on `folder`; yields an empty folder to fill, or None when it was filled before.

    What the body leaves in the yielded folder appears under `folder` in one rename, only when the body succeeds.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            yield None
            return
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        partial.rename(folder)


def jars(name: str) -> pathlib.Path:
    """The folder with the jars of `jvm/<name>/pom.xml` and their run-time dependencies.

    Each jar's SHA-256 is checked against `jvm/<name>/jars.sha256`; an unlisted or changed jar is an error.
    """
    pom = _JVM / name / "pom.xml"
    lock = _JVM / name / "jars.sha256"
    key = hashlib.sha256(pom.read_bytes() + lock.read_bytes()).hexdigest()[:12]
    folder = CACHE / "jars" / f"{name}-{key}"
    with made_once(folder) as out:
        if out is not None:
            _copy_dependencies(pom, out)
            _check(out, lock)
    return folder


def relock(name: str) -> pathlib.Path:
    """Writes `jvm/<name>/jars.sha256` anew from what Maven resolves now: after a deliberate change of the pom."""
    out = CACHE / "jars" / f"{name}-relock"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _copy_dependencies(_JVM / name / "pom.xml", out)
    lock = _JVM / name / "jars.sha256"
    lock.write_text("".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(out.glob("*.jar"))), encoding="ascii")
    shutil.rmtree(out)
    return lock


def _copy_dependencies(pom: pathlib.Path, out: pathlib.Path) -> None:
    command = [tool("mvn"), "-q", "-B", "-ntp", "-f", str(pom), _COPY, "-DincludeScope=runtime",
               f"-DoutputDirectory={out}"]
    for attempt in (1, 2, 3):
        done = subprocess.run(command, cwd=out, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if attempt == 3:
            raise RuntimeError(f"Maven could not resolve {pom}:\n{(done.stdout + done.stderr)[-3000:]}")


def _check(folder: pathlib.Path, lock: pathlib.Path) -> None:
    wanted = dict(reversed(line.split()) for line in lock.read_text(encoding="ascii").splitlines())
    got = {jar.name: _sha256(jar) for jar in folder.glob("*.jar")}
    if got != wanted:
        wrong = sorted(set(got.items()) ^ set(wanted.items()))
        raise RuntimeError(f"Jars differ from {lock}: {', '.join(sorted({name for name, _ in wrong}))}")


def _sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def null_sink() -> pathlib.Path:
    """A Connect `plugin.path` entry with our do-nothing sink connector, `bywash.tests.NullSink`."""
    source = _JVM / "nullsink"
    classpath = jars("kafka")
    files = sorted(source.rglob("*.java"))
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files) + classpath.name.encode()).hexdigest()[:12]
    folder = CACHE / "jars" / f"nullsink-{key}"
    with made_once(folder) as out:
        if out is not None:
            _compile(files, classpath, out)
    return folder


def compiled(name: str) -> pathlib.Path:
    """The folder with the classes of `jvm/<name>/*.java`, compiled against the jars of Kafka and Connect."""
    files = sorted((_JVM / name).rglob("*.java"))
    classpath = jars("kafka")
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files) + classpath.name.encode()).hexdigest()[:12]
    folder = CACHE / "jars" / f"{name}-classes-{key}"
    with made_once(folder) as out:
        if out is not None:
            _javac(files, classpath, out)
    return folder


def _javac(files: list, classpath: pathlib.Path, classes: pathlib.Path) -> None:
    done = subprocess.run([tool("javac"), "-cp", f"{classpath}/*", "-d", str(classes), *map(str, files)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"javac failed:\n{done.stderr}")


def _compile(files: list, classpath: pathlib.Path, out: pathlib.Path) -> None:
    classes = out / "classes"
    _javac(files, classpath, classes)
    plugin = out / "nullsink"
    plugin.mkdir()
    with zipfile.ZipFile(plugin / "nullsink.jar", "w") as jar:
        for file in sorted(classes.rglob("*.class")):
            jar.write(file, file.relative_to(classes))
        jar.writestr("META-INF/services/org.apache.kafka.connect.sink.SinkConnector", "bywash.tests.NullSink\n")
    shutil.rmtree(classes)


def java(main: str, classpath: list, *, heap: str, options: tuple = ()) -> list:
    """The command line that runs `main`; `-XX:TieredStopAtLevel` and the like go into `options`."""
    return [tool("java"), f"-Xmx{heap}", "-Djava.awt.headless=true", *options, "-cp",
            os.pathsep.join(str(entry) for entry in classpath), main]
