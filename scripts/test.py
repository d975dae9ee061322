"""`./dev test [SUITE...]`: builds, runs every test, and ends with the line `N passed, N failed` (`, N skipped`).

SUITE: `unit` (ctest under ASan and UBSan) or a path under tests/ (`integration`, `conformance/rest`, a file); without SUITE
everything. What follows `--` goes to pytest. A few tests that failed while the unit tests were built run once more, alone: those that pass
then are listed as UNSTABLE. Exit code 0 only when nothing failed and something passed.
"""

import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

REPO = pathlib.Path(__file__).resolve().parents[1]
_CI_BUILD = REPO / "build" / "ci"
# More failures than so many are no accident of a busy machine.
_AGAIN_MAX = 3


class Summary:
    """Counts over all steps, and which steps or tests failed."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.failures: list = []
        self.unstable: list = []

    def fail(self, what: str) -> None:
        self.failed += 1
        self.failures.append(what)

    def add_junit(self, file: pathlib.Path, prefix: str) -> None:
        """Adds the test cases of one JUnit (pytest) or GTest XML file."""
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            name = f"{prefix}{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                self.fail(name)
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                self.skipped += 1
            else:
                self.passed += 1


def step(title: str, command: list, **options) -> int:
    """Runs one command with its output shown; its exit code."""
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    code = subprocess.run([str(word) for word in command], cwd=REPO, check=False, **options).returncode
    print(f"== {title}: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - began:.0f} s", flush=True)
    return code


def run_unit(summary: Summary) -> None:
    """Unit tests beside the code, built with sanitizers."""
    # The tests against the release program may be running beside it: they wait for nobody.
    if step("build for tests (ASan, UBSan)", ["nice", "scripts/build.sh", "ci"]) != 0:
        summary.fail("build of preset ci")
        return
    reports = _CI_BUILD / "reports"
    reports.mkdir(exist_ok=True)
    for old in reports.glob("*.xml"):
        old.unlink()
    programs = _CI_BUILD / "reports-ctest.xml"
    programs.unlink(missing_ok=True)
    env = {"BYWASH_FUZZ_SECONDS": "30", **os.environ, "GTEST_OUTPUT": f"xml:{reports}/"}
    step("unit tests", ["nice", "ctest", "--test-dir", _CI_BUILD, "--output-on-failure", "--no-tests=error", "-j", str(os.cpu_count()),
                        "--output-junit", programs], env=env)
    if not programs.exists():
        summary.fail("ctest")
        return
    for case in ElementTree.parse(programs).getroot().iter("testcase"):
        report = reports / f"{case.get('name')}.xml"
        if report.exists():
            failed_before = summary.failed
            summary.add_junit(report, "")
            if case.get("status") == "fail" and summary.failed == failed_before:
                summary.fail(f"{case.get('name')} (failed outside its test cases: a sanitizer's finding or a crash at its end)")
        elif case.get("status") == "run":
            summary.passed += 1
        else:
            summary.fail(f"{case.get('name')} (ended without a report)")


def failed_cases(report: pathlib.Path) -> list:
    """The failed test cases of a report of pytest, as pytest names them on its command line."""
    cases = ElementTree.parse(report).getroot().iter("testcase")
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return [f"tests/{case.get('classname').removeprefix('tests.').replace('.', '/')}.py::{case.get('name')}" for case in failed]


class Pytest:
    """Everything under tests/ against the release program, as a process beside others: most of its time it waits for servers."""

    def __init__(self, paths: list, extra: list):
        self._report = REPO / "build" / "pytest.xml"
        self._report.unlink(missing_ok=True)
        self._log = REPO / "build" / "pytest.log"
        self._began = time.monotonic()
        self._options = extra
        with open(self._log, "w", encoding="utf-8") as out:
            self._process = subprocess.Popen(self._command(self._report, paths), cwd=REPO, stdout=out, stderr=subprocess.STDOUT)

    def _command(self, report: pathlib.Path, paths: list) -> list:
        return [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests", "-q", "--durations=10", f"--junitxml={report}", *paths, *self._options]

    def finish(self, summary: Summary) -> None:
        """Shows its output while it still runs, and adds its outcome."""
        print("\n== tests", flush=True)
        with open(self._log, encoding="utf-8", errors="replace") as log:
            ended = False
            while not ended:
                ended = self._process.poll() is not None
                sys.stdout.write(log.read())
                sys.stdout.flush()
                time.sleep(0 if ended else 0.5)
        code = self._process.returncode
        print(f"== tests: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - self._began:.0f} s since their start", flush=True)
        if code not in (0, 1):
            summary.fail(f"pytest (exit code {code})")
        if not self._report.exists():
            return
        failed = failed_cases(self._report)
        if not 0 < len(failed) <= _AGAIN_MAX:
            summary.add_junit(self._report, "tests: ")
            return
        # Once more, with nothing beside them: what passes now is told as unstable, what fails again has failed.
        report = REPO / "build" / "pytest-again.xml"
        report.unlink(missing_ok=True)
        step(f"{len(failed)} failed tests again, alone", self._command(report, failed))
        still = failed_cases(report) if report.exists() else failed
        summary.unstable += [case for case in failed if case not in still]
        before = summary.failed
        summary.add_junit(self._report, "tests: ")
        summary.failures[before:] = still
        summary.failed = before + len(still)
        summary.passed += len(failed) - len(still)


def main() -> int:
    arguments = sys.argv[1:]
    extra = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, extra = arguments[:cut], arguments[cut + 1:]
    summary = Summary()
    began = time.monotonic()
    (REPO / "build").mkdir(exist_ok=True)
    suites = [suite.removeprefix("tests/") for suite in arguments if suite != "unit"]
    for suite in suites:
        if not (REPO / "tests" / suite.partition("::")[0]).exists():
            sys.exit(f"No such suite: '{suite}' (a path under tests/, or unit)")
    pytest = None
    if suites or not arguments:
        if step("build (release)", ["scripts/build.sh", "release"]) != 0:
            summary.fail("build of preset release")
        pytest = Pytest([f"tests/{suite}" for suite in suites] or ["tests"], extra)
    if not arguments or "unit" in arguments:
        run_unit(summary)
    if pytest:
        pytest.finish(summary)
    print(f"\nAll took {(time.monotonic() - began) / 60:.1f} min")
    for case in summary.unstable:
        print(f"UNSTABLE {case}: failed beside other work, passed alone; its first failure is above")
    for failure in summary.failures:
        print(f"FAILED {failure}")
    print(f"{summary.passed} passed, {summary.failed} failed" + (f", {summary.skipped} skipped" if summary.skipped else ""))
    return 0 if summary.failed == 0 and summary.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
