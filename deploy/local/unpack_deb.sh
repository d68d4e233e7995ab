#!/bin/sh
# Fetches Debian packages and unpacks each into FOLDER/PACKAGE, without installing them: apt's state is private and
# thrown away, so it needs no root and leaves the system as it was. Prints `PACKAGE: why` for each that it cannot get.
# Usage: unpack_deb.sh FOLDER PACKAGE...
set -u
folder=$1
shift

main() {
  for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || give_up "no $program here" "$@"
  done
  work=$(mktemp -d) || give_up "no temporary folder" "$@"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  private_apt update >"$work/log" 2>&1 || give_up "apt-get update failed: $(last_error)" "$@"
  failed=0
  for package in "$@"; do
    unpack "$package" || failed=1
  done
  exit "$failed"
}

unpack() {
  new=$folder/.$1.new
  rm -rf "$new" "$work/deb"
  mkdir -p "$new" "$work/deb"
  if ! (cd "$work/deb" && private_apt download "$1") >"$work/log" 2>&1; then
    say "$1" "apt-get download failed: $(last_error)"
    return 1
  fi
  if ! dpkg-deb -x "$work"/deb/*.deb "$new" >"$work/log" 2>&1; then
    say "$1" "dpkg-deb failed: $(tail -n 1 "$work/log")"
    return 1
  fi
  rm -rf "${folder:?}/$1"
  mv "$new" "$folder/$1"
}

private_apt() {
  apt-get -q -o Dir::State="$work/state" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User= -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=20 "$@"
}

last_error() {
  sed -n '/^E: /{s///;p;q;}' "$work/log"
}

say() {
  printf '%s: %s\n' "$1" "$2" >&2
}

give_up() {
  why=$1
  shift
  for package in "$@"; do
    say "$package" "$why"
  done
  exit 1
}

main "$@"
