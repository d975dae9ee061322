"""Records what Debezium's PostgreSQL connector makes of tests/support/change_scenarios.py: record_changes.py PLUGIN_FOLDER [NAME...].

PLUGIN_FOLDER holds a folder with the jars of `io.debezium:debezium-connector-postgres` (Maven Central) and its dependencies.
Writes tests/conformance/changes/answers.json.gz, which tests/conformance/test_changes.py compares bywash with.
"""

import gzip
import json
import pathlib
import sys

from tests.support import change_scenarios
from tests.support.kafka_broker import Kafka
from tests.support.kafka_connect import KafkaConnect
from tests.support.postgres import Postgres

ANSWERS = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "changes" / "answers.json.gz"


def main() -> int:
    plugins, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    known = json.loads(gzip.decompress(ANSWERS.read_bytes())) if names and ANSWERS.exists() else {}
    json_converter = {f"{side}.converter.schemas.enable": "true" for side in ("key", "value")}
    with Kafka() as kafka, Postgres() as postgres, \
            KafkaConnect(kafka.bootstrap, worker={**json_converter}, plugins=[plugins], heap="1g") as connect:
        chosen = [s for s in change_scenarios.SCENARIOS if not names or s.name in names]
        found = change_scenarios.run_all(connect, kafka, postgres, chosen, settle_s=8, counts={})
        for name, topics in found.items():
            print(name, {topic: len(records) for topic, records in topics.items()}, flush=True)
            known[name] = {topic: [change_scenarios.steady(record) for record in records] for topic, records in topics.items()}
            known["version"] = next(record[1]["payload"]["source"]["version"] for records in topics.values() for record in records
                                    if record[1] and "source" in record[1]["payload"])
        ANSWERS.write_bytes(gzip.compress(json.dumps(known, sort_keys=True, ensure_ascii=False).encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
