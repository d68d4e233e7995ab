#!/bin/sh
# Puts Prometheus, Alertmanager and their tools into .tools/bin under the names that their projects give them: links to
# what is on PATH, else to Debian packages unpacked into .tools. A service that cannot be had is told and costs nothing.
# Usage: services.sh [PACKAGE...]    Names of Debian packages; INFRANAUT_TOOLS is the folder (default .tools).
set -u
cd "$(dirname "$0")/../.." || exit 1
tools=${INFRANAUT_TOOLS:-.tools}

main() {
  [ "$#" -gt 0 ] || set -- prometheus prometheus-alertmanager
  mkdir -p "$tools/bin" || exit 1
  absent=
  for package in "$@"; do
    is_linked "$package" || link_from_path "$package" || absent="$absent $package"
  done
  problems=
  if [ -n "$absent" ]; then
    echo "services: fetching$absent" >&2
    # shellcheck disable=SC2086  # a list of names
    problems=$(sh deploy/local/unpack_deb.sh "$tools" $absent 2>&1)
  fi
  for package in "$@"; do
    is_linked "$package" || link_unpacked "$package"
    report "$package"
  done
}

commands_of() {
  case $1 in
    prometheus) echo prometheus promtool ;;
    prometheus-alertmanager) echo alertmanager amtool ;;
    *) echo "${1#prometheus-}" ;;
  esac
}

is_linked() {
  for name in $(commands_of "$1"); do
    [ -x "$tools/bin/$name" ] || return 1
  done
}

link_from_path() {
  for name in $(commands_of "$1"); do
    found=$(command -v "$name" || command -v "prometheus-$name") || return 1
    ln -sf "$found" "$tools/bin/$name"
  done
}

link_unpacked() {
  for program in "$tools/$1"/usr/bin/*; do
    [ -x "$program" ] || continue
    # Debian calls alertmanager prometheus-alertmanager.
    name=${program##*/}
    ln -sf "../$1/usr/bin/$name" "$tools/bin/${name#prometheus-}"
  done
  if [ "$1" = prometheus-alertmanager ] && is_linked "$1"; then
    sh deploy/local/move_alertmanager.sh "$tools"
  fi
}

report() {
  program=$tools/bin/$(commands_of "$1" | cut -d' ' -f1)
  if is_linked "$1"; then
    version=$("$program" --version 2>&1 | sed -n '1{s/.*version \([^ ,]*\).*/\1/;p;}')
    printf '%s %s from %s\n' "${program##*/}" "$version" "$(readlink -f "$program")"
  else
    why=$(printf '%s\n' "$problems" | sed -n "s/^$1: //p")
    printf '%s missing: %s; install it and put it on PATH\n' "${program##*/}" "${why:-its package lacks a program}"
  fi
}

main "$@"
