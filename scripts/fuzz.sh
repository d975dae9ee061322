#!/usr/bin/env bash
# fuzz.sh [SECONDS] [NAME...]: builds the fuzzers and runs each for SECONDS (60). Inputs that crash are left in
# build/fuzz/findings/NAME/; corpora grow in build/fuzz/corpus/NAME/, from the kept ones in tests/fuzz/NAME/.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
seconds=60
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
  seconds="$1"
  shift
fi
scripts/build.sh fuzz fuzzers
mapfile -t fuzzers < <(find build/fuzz -type f -executable -name '*_fuzz' | sort)
if [[ ${#fuzzers[@]} -eq 0 ]]; then
  echo "fuzz: this tree has no fuzzers (src/**/*_fuzz.cpp)" >&2
  exit 2
fi
failed=0
for fuzzer in "${fuzzers[@]}"; do
  name="$(basename "$fuzzer")"
  [[ $# -gt 0 && " $* " != *" $name "* ]] && continue
  mkdir -p "build/fuzz/corpus/$name" "build/fuzz/findings/$name"
  echo "== $name, $seconds s"
  "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$name/" "build/fuzz/corpus/$name" $(find "tests/fuzz/$name" -maxdepth 0 2>/dev/null) || { echo "fuzz: $name found something" >&2; failed=1; }
done
exit $failed
