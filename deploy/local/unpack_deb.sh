#!/bin/sh
# Fetches Debian packages and unpacks each into FOLDER/PACKAGE, without installing them: apt's state is private and
# thrown away, so it needs no root and leaves the system as it was. With PACKAGE come its siblings (what it depends on
# under its own first name, as redis-tools for redis-server) and the shared libraries that its programs lack here.
# Prints `PACKAGE: why` for each that it cannot get.
# Usage: unpack_deb.sh [-s SUITE] FOLDER PACKAGE...    SUITE is another one of Debian, such as sid, on the mirror that
# apt is told to use here.
set -u
suite=
if [ "$1" = -s ]; then
  suite=$2
  shift 2
fi
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
  [ -z "$suite" ] || look_in_suite || give_up "apt has no mirror of Debian here" "$@"
  private apt-get update >"$work/log" 2>&1 || give_up "apt-get update failed: $(last_error)" "$@"
  failed=0
  for package in "$@"; do
    unpack "$package" || failed=1
  done
  exit "$failed"
}

look_in_suite() {
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 2>/dev/null |
    sed -n '/^\([^ ]*debian[^ ]*\) [^ -]* main$/{s//\1/;p;q;}')
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -r "$keys" ] || signed="[signed-by=$keys]"
  [ -n "$mirror" ] && echo "deb ${signed:-} $mirror $suite main" >"$work/sources.list"
}

unpack() {
  new=$folder/.$1.new
  rm -rf "$new"
  mkdir -p "$new"
  added=
  more=$1
  while [ -n "$more" ]; do
    for name in $more; do
      add "$name" || { say "$1" "$why"; return 1; }
    done
    more=$(wanted "${1%%-*}")
  done
  lacking=$(libraries_lacking)
  if [ -n "$lacking" ]; then
    say "$1" "its programs lack $(echo $lacking)"
    return 1
  fi
  rm -rf "${folder:?}/$1"
  mv "$new" "$folder/$1"
}

add() {
  rm -rf "$work/deb"
  mkdir -p "$work/deb"
  if ! (cd "$work/deb" && private apt-get download "$1") >"$work/log" 2>&1; then
    why="apt-get download failed: $(last_error)"
    return 1
  fi
  if ! dpkg-deb -x "$work"/deb/*.deb "$new" >"$work/log" 2>&1; then
    why="dpkg-deb failed: $(tail -n 1 "$work/log")"
    return 1
  fi
  added="$added $1"
}

# What the packages that were added depend on and that is to be added too: siblings, and libraries while some lack.
wanted() {
  lacking=$(libraries_lacking)
  for name in $(depends_of_added); do
    case " $added " in *" $name "*) continue ;; esac
    case $name in
      *-common | libllvm*) ;; # scripts for the whole system; PostgreSQL starts without its compiler
      "$1"-* | promtool) echo "$name" ;; # a package of its own since Debian 13
      lib* | lua-*) [ -z "$lacking" ] || is_installed "$name" || echo "$name" ;;
    esac
  done
}

depends_of_added() {
  # shellcheck disable=SC2086  # a list of names
  private apt-cache depends $added 2>/dev/null | sed -n 's/^[ |]*\(Pre\)\{0,1\}Depends: \([^<]*\)$/\2/p'
}

libraries_lacking() {
  for program in "$new"/usr/bin/* "$new"/usr/lib/postgresql/*/bin/*; do
    [ -x "$program" ] || continue
    LD_LIBRARY_PATH=$(library_path) ldd "$program" 2>/dev/null
  done | sed -n 's/^[[:space:]]*\(.*\) => not found.*/\1/p' | sort -u
}

library_path() {
  for place in "$new"/usr/lib/*-linux-gnu* "$new"/lib/*-linux-gnu*; do
    printf '%s:' "$place"
  done
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

private() {
  program=$1
  shift
  [ -z "$suite" ] || set -- -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null "$@"
  "$program" -q -o Dir::State="$work/state" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User= -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=2 \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
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
