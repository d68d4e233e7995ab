#!/bin/sh
# Makes .venv with this project and its packages; does nothing when it is up to date.
# Usage: venv.sh [dev|demo]    PYTHON names the interpreter (default: the first of 3.11 or newer on PATH).
set -eu
cd "$(dirname "$0")/../.."
extra=${1:-dev}
stamp=.venv/infranaut-stamp
state="$(cat pyproject.toml constraints.txt | cksum) $PWD"

main() {
  if is_stamped dev || is_stamped "$extra"; then
    exit 0
  fi
  is_usable || create
  echo "setup: installing packages into .venv" >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extra]" ||
    fail "pip could not install the packages: see its message above, or check that the package index can be reached"
  printf '%s %s\n' "$extra" "$state" >"$stamp"
}

is_stamped() {
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$1 $state" ] && [ -x .venv/bin/python ]
}

# A folder that was moved keeps the old address in its scripts: such a one is made again.
is_usable() {
  [ -f "$stamp" ] && ! grep -q " $PWD\$" "$stamp" && return 1
  .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

create() {
  python=$(find_python) || fail "no Python 3.11 or newer found: install one, or name it with PYTHON=/path/to/python3"
  echo "setup: making .venv with $python" >&2
  rm -rf .venv
  if has_ensurepip || { install_ensurepip && has_ensurepip; }; then
    "$python" -m venv .venv || fail "$python -m venv .venv failed"
  else
    create_without_ensurepip
  fi
}

find_python() {
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

has_ensurepip() {
  "$python" -c 'import ensurepip' 2>/dev/null
}

# Debian keeps ensurepip in a package of its own.
install_ensurepip() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  echo "setup: installing $package" >&2
  {
    apt-get -qq update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package"
  } >/dev/null 2>&1
}

create_without_ensurepip() {
  "$python" -m venv --without-pip .venv || fail "$python -m venv failed"
  problem=$(sh deploy/local/unpack_deb.sh .venv python3-pip-whl 2>&1) ||
    fail "$python has no ensurepip (Debian: install python3-venv) and pip cannot be fetched ($problem)"
  for wheel in .venv/python3-pip-whl/usr/share/python-wheels/pip-*.whl; do
    .venv/bin/python "$wheel/pip" install --quiet --no-index --disable-pip-version-check "$wheel" ||
      fail "$wheel does not install"
  done
  rm -rf .venv/python3-pip-whl
}

fail() {
  echo "setup: $1" >&2
  exit 1
}

main
