#!/bin/sh
# Puts the newest Alertmanager of Debian that starts here, that of its suite sid, else of stable, into TOOLS/newest/bin,
# beside the one of this system: the tests know both. Where none can be had, that is told and costs those tests alone.
# Usage: newest_alertmanager.sh TOOLS
set -u
cd "$(dirname "$0")/../.." || exit 1
folder=$1/newest

main() {
  for suite in sid stable; do
    starts || fetch "$suite"
  done
  if starts; then
    version=$("$folder/bin/alertmanager" --version 2>&1 | sed -n '1s/.*version \([^ ,]*\).*/\1/p')
    printf 'newest alertmanager %s from %s\n' "$version" "$(readlink -f "$folder/bin/alertmanager")"
  else
    printf 'newest alertmanager missing: %s; its tests are skipped\n' "${why:-it does not start here}"
  fi
}

starts() {
  [ -x "$folder/bin/amtool" ] && "$folder/bin/alertmanager" --version >/dev/null 2>&1
}

fetch() {
  echo "services: fetching prometheus-alertmanager of $1" >&2
  why=
  mkdir -p "$folder/bin" || exit 1
  if problem=$(sh deploy/local/unpack_deb.sh -s "$1" "$folder" prometheus-alertmanager 2>&1); then
    sh deploy/local/move_alertmanager.sh "$folder"
  else
    why=${problem#prometheus-alertmanager: }
  fi
}

main
