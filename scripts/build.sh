#!/usr/bin/env bash
# build.sh PRESET [ninja targets]: configures build/PRESET when needed and builds it.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
preset="$1"
shift
log="build/$preset-configure.log"
mkdir -p build
if [[ ! -f "build/$preset/build.ninja" ]]; then
  if ! cmake --preset "$preset" > "$log" 2>&1; then
    cat "$log" >&2
    echo "build: 'cmake --preset $preset' failed" >&2
    exit 1
  fi
fi
# NINJA_STATUS keeps a log readable where there is no terminal.
[[ -t 1 ]] || export NINJA_STATUS='[%f/%t %es] '
exec ninja -C "build/$preset" "$@"
