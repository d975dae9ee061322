#!/usr/bin/env bash
# lint.sh [FILE...]: layout (clang-format), clang-tidy, shellcheck and the tidy tests; only FILEs of C++ when given.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit
failed=0
note() { echo "lint: $*" >&2; failed=1; }

if [[ $# -gt 0 ]]; then
  files=("$@")
else
  mapfile -t files < <(find src bench -name '*.cpp' -o -name '*.h' | sort)
fi
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.cpp$')

if [[ -f .clang-format ]]; then
  clang-format --dry-run -Werror "${files[@]}" || note "layout differs: clang-format -i FILE"
fi
if [[ -f .clang-tidy && ${#sources[@]} -gt 0 ]]; then
  [[ -f build/ci/compile_commands.json ]] || cmake --preset ci > /dev/null || note "cmake --preset ci failed"
  printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/ci || note "clang-tidy found something"
fi
shellcheck dev .ci/run scripts/*.sh || note "shellcheck found something"
PYTHONPATH="$PWD" "${BYWASH_CACHE:-$HOME/.cache/bywash}/venv/bin/python" -m pytest -c tests/pytest.ini --rootdir tests -q tests/tidy || failed=1
exit $failed
