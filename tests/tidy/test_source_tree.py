"""Holds the source tree to docs/architecture.md and the conventions: layers, names, sizes, leftovers."""

import pathlib
import re
import subprocess
import warnings

import pytest

from tests.support.paths import REPO

# Folder under src/ -> level. A folder may include itself and lower levels, never a sibling of its own level.
LEVELS = {
    "base": 0,
    "columnar": 1, "config": 1,
    "net": 2, "expressions": 2,
    "plugin": 3, "kafka": 3, "storage": 3, "duckdb": 3,
    "formats": 4, "transforms": 4,
    "analytics": 5,
    "connectors": 6, "processing": 6,
    "runtime": 7,
    "rest": 8,
    "verbs": 9,
}
_TOP_FILES = {"main.cpp", "builtin_plugins.cpp", "builtin_plugins.h"}  # the program itself: may include everything
_NAMES_NO_TRANSFORM = {"transforms/transform_chain.h", "transforms/java_regex.h"}  # machinery that runtime/ may see
_BANNED_NAMES = ("util", "utils", "helper", "helpers", "common", "misc", "manager", "data", "info")
_FILE_LINES_MAX, _FILE_LINES_WARN, _HEADER_LINES_WARN = 1000, 600, 200
_SOURCE = {".cpp", ".h", ".cc", ".hpp", ".py", ".sh", ".java", ".cmake"}


def _tracked() -> list:
    """All files of the tree that git knows or would add, without what is ignored."""
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPO, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return sorted(path for path in (REPO / name for name in out.split("\0") if name) if path.is_file())


TREE = _tracked()
CPP = [path for path in TREE if path.suffix in (".cpp", ".h") and path.is_relative_to(REPO / "src")]


def _name(path: pathlib.Path) -> str:
    return str(path.relative_to(REPO))


def _text(path: pathlib.Path) -> str:
    """The file's text, '' when it is binary."""
    raw = path.read_bytes()
    return "" if b"\0" in raw[:8192] else raw.decode("utf-8", "replace")


def _report(problems: list) -> None:
    assert not problems, "\n".join(["", *problems])


def includes_out_of_layer(folder: str, text: str) -> list:
    """The quoted includes that `folder` may not have."""
    wrong = []
    for included in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
        other = included.split("/")[0]
        if other not in LEVELS:
            wrong.append(f'"{included}" is not written from src/ on')
        elif other != folder and LEVELS[other] >= LEVELS[folder]:
            wrong.append(f'{folder}/ (level {LEVELS[folder]}) includes "{included}" (level {LEVELS[other]})')
    return wrong


def test_every_folder_under_src_has_a_level():
    folders = {path.relative_to(REPO / "src").parts[0] for path in CPP} - _TOP_FILES
    _report([f"src/{folder}: give it a level in {_name(pathlib.Path(__file__))} and docs/architecture.md"
             for folder in sorted(folders - set(LEVELS))])


def test_the_levels_are_those_of_the_architecture_page():
    rows = re.findall(r"^\|\s*(\d)\s*\|([^|]*)\|", _text(REPO / "docs" / "architecture.md"), re.MULTILINE)
    every = dict.fromkeys(map(str, LEVELS.values()), "")
    for level, names in rows:
        every[level] = every.get(level, "") + names
    assert rows, "docs/architecture.md has no table of levels"
    _report([f"docs/architecture.md: `{folder}/` does not stand at level {level}" for folder, level in LEVELS.items()
             if any(path.is_relative_to(REPO / "src" / folder) for path in CPP) and f"`{folder}/`" not in every[str(level)]])


def test_connectors_do_not_include_each_other():
    problems = []
    for path in CPP:
        parts = path.relative_to(REPO / "src").parts
        if parts[0] == "connectors" and len(parts) > 2:
            for other in re.findall(r'#\s*include\s+"connectors/(\w+)/', _text(path)):
                if other != parts[1]:
                    problems.append(f"{_name(path)}: includes connectors/{other}/")
    _report(problems)


def test_folders_include_only_lower_layers():
    problems = []
    for path in CPP:
        folder = path.relative_to(REPO / "src").parts[0]
        if folder in LEVELS:
            problems += [f"{_name(path)}: {wrong}" for wrong in includes_out_of_layer(folder, _text(path))]
    _report(problems)


@pytest.mark.parametrize("folder, line, wrong", [
    ("kafka", '#include "base/status.h"', False),
    ("kafka", '#include "kafka/consumer.h"', False),
    ("kafka", '#include "plugin/registry.h"', True),
    ("columnar", '#include "runtime/worker.h"', True),
    ("rest", '#include "status.h"', True),
])
def test_the_layer_check_tells_right_from_wrong(folder, line, wrong):
    assert bool(includes_out_of_layer(folder, line)) == wrong


def test_linked_libraries_are_of_lower_layers():
    problems = []
    for path in (REPO / "src").glob("*/CMakeLists.txt"):
        folder = path.parent.name
        for call in re.findall(r"bywash_library\(([^)]*)\)", _text(path)):
            depends = call.partition("DEPENDS")[2]
            for other in re.findall(r"\bbywash_(\w+)", depends):
                if other in LEVELS and folder in LEVELS and other != folder and LEVELS[other] >= LEVELS[folder]:
                    problems.append(f"{_name(path)}: links bywash_{other}, which is not below {folder}/")
    _report(problems)


def test_runtime_and_rest_name_no_connector_transform_or_format():
    problems = []
    for path in CPP:
        folder = path.relative_to(REPO / "src").parts[0]
        if folder in ("runtime", "rest") and not path.stem.endswith(("_test", "_bench", "_fuzz")):
            for other in re.findall(r'#\s*include\s+"((?:connectors|transforms|formats)/[^"]+)"', _text(path)):
                if other in _NAMES_NO_TRANSFORM:
                    continue
                problems.append(f'{_name(path)}: includes "{other}": reach it through the registry')
    _report(problems)


def test_names_say_what_a_thing_is():
    problems = []
    for path in TREE:
        if path.suffix not in _SOURCE:
            continue
        for part in path.relative_to(REPO).parts[:-1] + (path.stem,):
            if set(part.lower().split("_")) & set(_BANNED_NAMES[:-2]) or part.lower() in _BANNED_NAMES:
                problems.append(f"{_name(path)}: '{part}' is no name (not {', '.join(_BANNED_NAMES)})")
    for path in CPP:
        for kind, name in re.findall(r"^\s*(class|struct|namespace|enum class)\s+(?:\[\[\w+\]\]\s*)?([\w:]+)", _text(path), re.MULTILINE):
            last = name.split("::")[-1]
            if last.lower() in _BANNED_NAMES or re.search(r"(Util|Utils|Helper|Helpers|Manager|Misc)$", last):
                problems.append(f"{_name(path)}: {kind} {name} is no name")
    _report(problems)


def test_file_and_folder_names_are_snake_case():
    _report([f"{_name(path)}: not snake_case" for path in CPP if not re.fullmatch(r"[a-z0-9_]+", path.stem)])


def test_files_stay_small():
    problems, large = [], []
    for path in TREE:
        if path.suffix not in _SOURCE:
            continue
        lines = _text(path).count("\n")
        if lines > _FILE_LINES_MAX:
            problems.append(f"{_name(path)}: {lines} lines, at most {_FILE_LINES_MAX}: split it")
        elif lines > (_HEADER_LINES_WARN if path.suffix == ".h" else _FILE_LINES_WARN):
            large.append(f"{_name(path)}: {lines} lines")
    if large:
        warnings.warn("larger than they should be:\n" + "\n".join(large), stacklevel=1)
    _report(problems)


def test_source_files_begin_with_a_comment():
    """The header's stands for its .cpp too."""
    def commented(path):
        return path.exists() and _text(path).lstrip().startswith(("//", "/*"))

    problems = []
    for path in CPP:
        if not path.stem.endswith(("_test", "_bench", "_fuzz")) and not commented(path) and not commented(path.with_suffix(".h")):
            problems.append(f"{_name(path)}: no comment at its head (what lives here, where on the line, which thread)")
    _report(problems)


def test_nothing_is_left_for_later():
    marker = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    problems = []
    for path in TREE:
        if path.suffix in _SOURCE | {".md"}:
            for number, line in enumerate(_text(path).splitlines(), 1):
                if marker.search(line):
                    problems.append(f"{_name(path)}:{number}: {line.strip()[:100]}")
    _report(problems)


def test_no_registry_host_and_no_path_of_one_machine():
    hosts = [r"pypi\.org", r"pythonhosted\.org", r"registry\.npmjs\.org", r"npmjs\.com", r"repo\d?\.maven\.apache\.org", r"repo1\.maven\.org",
             r"crates\.io", r"proxy\.golang\.org", r"sum\.golang\.org", r"deb\.debian\.org"]
    machine = [r"(?<![\w./-])/work/", r"(?<![\w./-])/root/", r"(?<![\w./-])/home/[a-z]", r"/tmp/bw\b"]
    found = re.compile("|".join(hosts + machine))
    problems = []
    for path in TREE:
        if path == pathlib.Path(__file__).resolve():
            continue
        for number, line in enumerate(_text(path).splitlines(), 1):
            if hit := found.search(line):
                problems.append(f"{_name(path)}:{number}: '{hit.group()}'")
    _report(problems)


def test_every_test_source_is_built():
    """A `_test.cpp` that no CMakeLists.txt names would never run."""
    problems = []
    for path in CPP:
        if path.suffix == ".cpp" and path.stem.endswith("_test"):
            folder = path.parent
            while folder != REPO and not (folder / "CMakeLists.txt").exists():
                folder = folder.parent
            if str(path.relative_to(folder)) not in _text(folder / "CMakeLists.txt"):
                problems.append(f"{_name(path)}: not in {_name(folder / 'CMakeLists.txt')}")
    _report(problems)
