#!/bin/sh
# Puts Prometheus, Alertmanager, PostgreSQL, Redis and VictoriaMetrics into .tools/bin under the names that their
# projects give them: links to what is on PATH, else to Debian packages unpacked into .tools; and the newest Alertmanager
# into .tools/newest/bin. A service that cannot be had is told and costs nothing.
# Usage: services.sh [PACKAGE...]    Names of Debian packages, all of those by default; INFRANAUT_TOOLS is the folder
# (default .tools), and INFRANAUT_POSTGRESQL where PostgreSQL's programs are looked for before PATH (Debian keeps them
# out of it).
set -u
cd "$(dirname "$0")/../.." || exit 1
tools=${INFRANAUT_TOOLS:-.tools}
postgresql=${INFRANAUT_POSTGRESQL:-/usr/lib/postgresql/*/bin}

main() {
  has_all=
  [ "$#" -gt 0 ] || { has_all=1; set -- prometheus prometheus-alertmanager postgresql redis-server victoria-metrics; }
  mkdir -p "$tools/bin" || exit 1
  absent=
  for package in "$@"; do
    is_linked "$package" || link_installed "$package" || absent="$absent $package"
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
  [ -z "$has_all" ] || sh deploy/local/newest_alertmanager.sh "$tools"
}

commands_of() {
  case $1 in
    prometheus) echo prometheus promtool ;;
    prometheus-alertmanager) echo alertmanager amtool ;;
    postgresql) echo postgres initdb pg_ctl psql pg_basebackup ;;
    redis-server) echo redis-server redis-cli ;;
    *) echo "${1#prometheus-}" ;;
  esac
}

is_linked() {
  for name in $(commands_of "$1"); do
    [ -x "$tools/bin/$name" ] || return 1
  done
}

link_installed() {
  path=$PATH
  # shellcheck disable=SC2086  # a pattern; the last that it fits is the newest version
  [ "$1" != postgresql ] || for folder in $postgresql; do path=$folder:$path; done
  for name in $(commands_of "$1"); do
    found=$(PATH=$path command -v "$name" || command -v "prometheus-$name") || return 1
    ln -sf "$found" "$tools/bin/$name"
  done
}

link_unpacked() {
  for program in "$tools/$1"/usr/bin/* "$tools/$1"/usr/lib/postgresql/*/bin/*; do
    [ -x "$program" ] || continue
    # Debian calls alertmanager prometheus-alertmanager.
    name=${program##*/}
    link_or_wrap "${program#"$tools/"}" "$tools/bin/${name#prometheus-}"
  done
  if [ "$1" = prometheus-alertmanager ] && is_linked "$1"; then
    sh deploy/local/move_alertmanager.sh "$tools"
  fi
}

# A program whose package has shared libraries beside it is told where they are.
link_or_wrap() {
  libraries=
  for folder in "$tools/${1%%/*}"/usr/lib/*-linux-gnu* "$tools/${1%%/*}"/lib/*-linux-gnu*; do
    [ ! -d "$folder" ] || libraries=${libraries:+$libraries:}\$tools/${folder#"$tools/"}
  done
  rm -f "$2"
  if [ -z "$libraries" ]; then
    ln -s "../$1" "$2"
    return
  fi
  cat >"$2" <<WRAPPER
#!/bin/sh
tools=\$(dirname "\$(readlink -f "\$0")")/..
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "\$tools/$1" "\$@"
WRAPPER
  chmod +x "$2"
}

report() {
  program=$tools/bin/$(commands_of "$1" | cut -d' ' -f1)
  if is_linked "$1"; then
    version=$("$program" --version 2>&1 | sed -n '1{s/.*\(version \|v=\|(PostgreSQL) \)\([^ ,]*\).*/\2/;p;}')
    printf '%s%s from %s\n' "${program##*/}" "${version:+ $version}" "$(readlink -f "$program")"
  else
    why=$(printf '%s\n' "$problems" | sed -n "s/^$1: //p")
    printf '%s missing: %s; install it and put it on PATH\n' "${program##*/}" "${why:-its package lacks a program}"
  fi
}

main "$@"
