#!/usr/bin/env bash
# Installs what the given groups (build test lint fuzz spark) need: Debian packages, the Python environment, jars.
# Does nothing, in milliseconds, when everything is there. Says what it installs and why before it does.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
export BYWASH_CACHE="${BYWASH_CACHE:-$HOME/.cache/bywash}" PYTHONDONTWRITEBYTECODE=1
VENV="$BYWASH_CACHE/venv"
# shellcheck disable=SC2206  # the groups may come as one word
groups=(${*:-build test})

say() { printf 'setup: %s\n' "$*" >&2; }

# One line per missing package of the groups: name, tab, reason. A package counts as there when dpkg has it or, where the
# list names a command, when that command is on PATH (a newer npm or JDK than Debian's serves as well).
missing_packages() {
  local group package command reason installed
  installed="$(dpkg-query -W -f='${db:Status-Abbrev}|${Package}\n' 2>/dev/null | sed -n 's/^ii *|//p')"
  while read -r group package command reason; do
    [[ "$group" == "" || "$group" == \#* ]] && continue
    [[ " ${groups[*]} " == *" $group "* ]] || continue
    if [[ "$command" != "-" ]] && command -v "$command" >/dev/null; then continue; fi
    grep -qxF "$package" <<<"$installed" && continue
    printf '%s\t%s\n' "$package" "$reason"
  done < scripts/apt-packages.txt
}

install_packages() {
  local missing as_root=() names
  missing="$(missing_packages)"
  [[ -z "$missing" ]] && return
  say "installing Debian packages:"
  sed 's/^/  /; s/\t/: /' <<<"$missing" >&2
  mapfile -t names < <(cut -f1 <<<"$missing")
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      say "not root and no sudo. As root, run: apt-get install ${names[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  if [[ " ${names[*]} " == *" postgresql-15 "* ]]; then
    # Without this Debian starts a server of its own on port 5432; the tests start private ones.
    apt_install postgresql-common
    "${as_root[@]}" sed -ri "s/^#?create_main_cluster *=.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf
  fi
  apt_install "${names[@]}"
}

apt_install() {
  local log="$BYWASH_CACHE/apt.log"
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      -o Dpkg::Use-Pty=0 "$@" > "$log" 2>&1 < /dev/null; then
    tail -n 40 "$log" >&2
    say "apt-get install failed; all of its output: $log"
    exit 1
  fi
}

# Debian's Python, whatever else is on PATH: the pinned wheels are for 3.11.
install_python() {
  local want
  want="$(sha256sum tests/requirements.txt | cut -d' ' -f1)"
  [[ -f "$VENV/.installed" && "$(cat "$VENV/.installed")" == "$want" ]] && return
  say "making the Python environment $VENV from tests/requirements.txt:"
  sed -n 's/^\([a-z][a-zA-Z0-9._-]*==[^ ]*\).*/  \1/p' tests/requirements.txt | paste -sd' ' | fold -sw 150 >&2
  rm -rf "$VENV"
  mkdir -p "$BYWASH_CACHE"
  /usr/bin/python3 -m venv "$VENV"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r tests/requirements.txt >&2
  echo "$want" > "$VENV/.installed"
}

install_jars() {
  local want stamp="$BYWASH_CACHE/jars/.installed"
  want="$(find tests/support/jvm/kafka tests/support/jvm/nullsink tests/support/jvm/apicurio -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -d' ' -f1)"
  [[ -f "$stamp" && "$(cat "$stamp")" == "$want" ]] && return
  say "fetching Apache Kafka and Kafka Connect $(sed -n 's/.*<kafka.version>\(.*\)<.*/\1/p' tests/support/jvm/kafka/pom.xml) (jars, by Maven)"
  PYTHONPATH="$PWD" "$VENV/bin/python" -c 'from tests.support.jars import jars, null_sink; from tests.support.schema_registry import application; jars("kafka"); null_sink(); application()'
  echo "$want" > "$stamp"
}

for group in "${groups[@]}"; do
  case "$group" in
    build|test|lint|fuzz|spark) ;;
    *) say "unknown group '$group': it must be build, test, lint, fuzz or spark"; exit 2 ;;
  esac
done
mkdir -p "$BYWASH_CACHE"
exec 9> "$BYWASH_CACHE/setup.lock"
flock 9
install_packages
if [[ " ${groups[*]} " == *" test "* || " ${groups[*]} " == *" spark "* ]]; then
  install_python
  install_jars
fi
if [[ " ${groups[*]} " == *" spark "* ]]; then
  PYTHONPATH="$PWD" "$VENV/bin/python" -c 'from tests.support import spark; spark.install()'
fi
