#!/bin/sh
# Writes constraints.txt: the newest versions that the package index has for this project and all of its extras.
# Versions only, no addresses. Needs .venv (venv.sh); installs nothing.
set -eu
cd "$(dirname "$0")/../.."
new=$(mktemp)
trap 'rm -f "$new"' EXIT
.venv/bin/python -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed --report - '.[dev]' |
  .venv/bin/python -c '
import json, sys
packages = (entry["metadata"] for entry in json.load(sys.stdin)["install"])
pins = {package["name"].lower(): package["version"] for package in packages if package["name"] != "infranaut"}
print("# Written by `make constraints`: the versions that the tests ran with.")
print(*(f"{name}=={version}" for name, version in sorted(pins.items())), sep="\n")
' >"$new"
[ "$(wc -l <"$new")" -gt 1 ] || { echo "constraints: the package index answered nothing" >&2; exit 1; }
cat "$new" >constraints.txt
