"""pytest fixtures over the real parts: one Kafka, PostgreSQL and S3 server a session, a fresh topic, database, bucket a test.

Loaded by tests/conftest.py; parts that no test of the run asks for are not started.
"""

import pytest

from tests.support.bywash_process import Bywash
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import KafkaConnect
from tests.support.postgres import Postgres
from tests.support.processes import exit_on_signals
from tests.support.s3_server import S3Server
from tests.support.small_disk import small_file_system


def pytest_configure(config):
    exit_on_signals()


@pytest.fixture(scope="session")
def kafka():
    """The session's broker, shared: do not stop or freeze it (start a `Kafka` of the test's own for that)."""
    with Kafka() as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres():
    """The session's PostgreSQL, shared: do not stop it."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def s3():
    """The session's S3 server, shared: moto, or MinIO by BYWASH_S3_SERVER=minio."""
    with S3Server() as server:
        yield server


@pytest.fixture(scope="session")
def kafka_connect(kafka):
    """The JVM original, standalone, beside the session's broker."""
    with KafkaConnect(kafka.bootstrap) as worker:
        yield worker


@pytest.fixture
def topic(kafka):
    """A fresh topic with one partition; its name."""
    return kafka.create_topic()


@pytest.fixture
def database(postgres):
    """A fresh database; its name. Dropped afterwards."""
    name = postgres.create_database()
    yield name
    postgres.drop_database(name)


@pytest.fixture
def bucket(s3):
    """A fresh bucket; its name."""
    return s3.create_bucket()


@pytest.fixture
def start_bywash():
    """A function that starts what `Bywash.standalone`, `.serve` or `.analytics` made (or plain Bywash.standalone arguments);
    what it started is ended after the test, and its log's end is shown when the test failed."""
    started = []

    def start(made, *more, **options):
        program = made if isinstance(made, Bywash) else Bywash.standalone(made, *more, **options)
        started.append(program)
        return program.start()

    yield start
    lost_count = []
    for program in started:
        if program.process:
            print(f"--- log of bywash {program.arguments[0]}, last lines\n{program.process.log_tail(60)}")
        try:
            program.__exit__(None, None, None)
        except AssertionError as error:
            lost_count.append(str(error))
    assert not lost_count


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for 512 KiB."""
    with small_file_system(tmp_path, "512k") as folder:
        yield folder
