#!/bin/sh
# Has Prometheus's and Alertmanager's own tools read the generated files: promtool checks the rules,
# amtool the configuration. Without a tool its part is skipped and told, unless INFRANAUT_REQUIRE_SERVICES is 1.
# Usage: check_generated.sh FOLDER    It holds rules/ and alertmanager/.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.tools/bin:$PATH
folder=$1

main() {
  if has promtool; then
    promtool check rules --lint-fatal "$folder"/rules/*.yaml
  fi
  if has amtool; then
    amtool check-config "$folder"/alertmanager/alertmanager.yaml
  fi
}

has() {
  command -v "$1" >/dev/null && return
  echo "check: $1 is missing, so what it checks was skipped (make services)" >&2
  [ "${INFRANAUT_REQUIRE_SERVICES:-}" != 1 ] || exit 1
  return 1
}

main
