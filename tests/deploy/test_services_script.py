import os
import shutil
import stat
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "deploy" / "local" / "services.sh"
NEEDED = (
    "cat",
    "chmod",
    "cut",
    "dirname",
    "ln",
    "mkdir",
    "mktemp",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sh",
    "sort",
    "touch",
)
POSTGRESQL = ("postgres", "initdb", "pg_ctl", "psql", "pg_basebackup")


def a_path_with(folder: Path, **programs: str) -> Path:
    """A folder to be PATH: what the script itself needs, and `programs` (name with _ for -) as shell scripts."""
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, body in programs.items():
        a_program(folder / name.replace("_", "-"), body)
    return folder


def a_program(program: Path, body: str) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def an_apt(debian: Path, folder: Path, lacking: str, **depends: str) -> Path:
    """A PATH with an apt whose packages are the folders of `debian`; each is told to depend on the words of `depends`.

    ldd says that every program lacks the library `lacking`, until a file of that name has been unpacked.
    """
    relations = "".join(
        f'case " $* " in *" {package.replace("_", "-")} "*) printf \'  Depends: %s\\n\' {words} ;; esac\n'
        for package, words in depends.items()
    )
    download = f'for p; do :; done; [ -d {debian}/$p ] || {{ echo "E: no $p" >&2; exit 100; }}; touch $p.deb'
    path = a_path_with(
        folder,
        apt_get=f'case "$*" in *download*) {download} ;; esac',
        apt_cache=relations,
        dpkg_deb=f"p=${{2##*/}}; cp -r {debian}/${{p%.deb}}/. $3",
        dpkg_query="exit 1",
        ldd=f'[ -z "{lacking}" ] || [ -e "${{LD_LIBRARY_PATH%%:*}}/{lacking}" ] || echo "  {lacking} => not found"',
    )
    (path / "cp").symlink_to(str(shutil.which("cp")))
    return path


def services(path: Path, tools: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": str(path),
        "INFRANAUT_TOOLS": str(tools),
        "INFRANAUT_POSTGRESQL": str(path.parent / "postgresql" / "*" / "bin"),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }
    return subprocess.run(
        [str(SCRIPT), *packages], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_apt_each_missing_service_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    told = services(a_path_with(tmp_path / "path"), tmp_path / "tools")
    assert told.returncode == 0
    assert told.stdout.splitlines() == [
        "prometheus missing: no apt-get here; install it and put it on PATH",
        "alertmanager missing: no apt-get here; install it and put it on PATH",
        "postgres missing: no apt-get here; install it and put it on PATH",
        "redis-server missing: no apt-get here; install it and put it on PATH",
        "victoria-metrics missing: no apt-get here; install it and put it on PATH",
        "newest alertmanager missing: no apt-get here; its tests are skipped",
    ]


def test_without_network_the_message_carries_the_reason_of_apt(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", apt_get="echo 'E: Could not resolve host' >&2; exit 100", dpkg_deb="exit 1")
    told = services(path, tmp_path / "tools", "prometheus")
    assert told.returncode == 0
    assert told.stdout == (
        "prometheus missing: apt-get update failed: Could not resolve host; install it and put it on PATH\n"
    )


def test_programs_on_path_are_preferred_and_linked_under_their_projects_names(tmp_path: Path) -> None:
    version = "echo 'alertmanager, version 0.99 (branch: x)'"
    path = a_path_with(tmp_path / "path", prometheus_alertmanager=version, amtool=version, apt_get="exit 1")
    told = services(path, tmp_path / "tools", "prometheus-alertmanager")
    assert told.stdout == f"alertmanager 0.99 from {path}/prometheus-alertmanager\n"
    assert told.stderr == ""
    assert (tmp_path / "tools" / "bin" / "amtool").readlink() == path / "amtool"


def test_a_program_that_tells_no_version_is_told_without_one(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", prometheus_pushgateway="echo", apt_get="exit 1")
    told = services(path, tmp_path / "tools", "prometheus-pushgateway")
    assert told.stdout == f"pushgateway from {path}/prometheus-pushgateway\n"


def test_a_service_without_its_tool_is_not_taken_from_path(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", prometheus="echo 'prometheus, version 9'")
    told = services(path, tmp_path / "tools", "prometheus")
    assert told.stdout.startswith("prometheus missing: no apt-get here")


def test_postgresql_is_found_where_debian_keeps_it_in_its_newest_version(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", psql="echo a wrapper of Debian", apt_get="exit 1")
    for version in ("15", "17"):
        for name in POSTGRESQL:
            a_program(
                tmp_path / "postgresql" / version / "bin" / name, f"echo '{name} (PostgreSQL) {version}.4 (Debian)'"
            )
    told = services(path, tmp_path / "tools", "postgresql")
    newest = tmp_path / "postgresql" / "17" / "bin"
    assert (told.stdout, told.stderr) == (f"postgres 17.4 from {newest}/postgres\n", "")
    assert (tmp_path / "tools" / "bin" / "psql").readlink() == newest / "psql"


def test_what_is_unpacked_already_is_not_fetched_again(tmp_path: Path) -> None:
    a_program(tmp_path / "debian" / "prometheus-pushgateway" / "usr/bin/prometheus-pushgateway", "echo version 1.5")
    path = an_apt(tmp_path / "debian", tmp_path / "path", lacking="")
    first = services(path, tmp_path / "tools", "prometheus-pushgateway")
    (path / "apt-get").unlink()
    second = services(path, tmp_path / "tools", "prometheus-pushgateway")
    program = tmp_path / "tools/prometheus-pushgateway/usr/bin/prometheus-pushgateway"
    assert first.stdout == f"pushgateway 1.5 from {program}\n"
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert [entry.name for entry in (tmp_path / "tools").iterdir() if entry.name.endswith(".new")] == []


def test_siblings_come_with_a_package_but_scripts_for_the_system_do_not(tmp_path: Path) -> None:
    debian = tmp_path / "debian"
    (debian / "postgresql").mkdir(parents=True)
    for name in POSTGRESQL:
        package = "postgresql-client-15" if name.startswith(("psql", "pg_base")) else "postgresql-15"
        a_program(debian / package / "usr/lib/postgresql/15/bin" / name, "echo 'x (PostgreSQL) 15.4'")
    depends = {"postgresql": "postgresql-15", "postgresql_15": "postgresql-client-15 postgresql-common libpq5"}
    told = services(an_apt(debian, tmp_path / "path", lacking="", **depends), tmp_path / "tools", "postgresql")
    program = tmp_path / "tools/postgresql/usr/lib/postgresql/15/bin/postgres"
    assert told.stdout == f"postgres 15.4 from {program}\n"
    assert os.access(tmp_path / "tools/bin/psql", os.X_OK)


def a_redis(debian: Path) -> None:
    for name in ("redis-server", "redis-cli"):
        a_program(debian / "redis-server" / "usr/bin" / name, 'echo "Redis server v=7.0.15 with $LD_LIBRARY_PATH"')
    for package in ("libjemalloc2", "lua-cjson"):
        (debian / package / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)


def test_a_library_that_a_program_lacks_comes_too_and_the_program_is_told_where_it_is(tmp_path: Path) -> None:
    debian = tmp_path / "debian"
    a_redis(debian)
    (debian / "libjemalloc2/usr/lib/x86_64-linux-gnu/libjemalloc.so.2").touch()
    path = an_apt(debian, tmp_path / "path", "libjemalloc.so.2", redis_server="lua-cjson", lua_cjson="libjemalloc2")
    told = services(path, tmp_path / "tools", "redis-server")
    assert told.stdout == f"redis-server 7.0.15 from {tmp_path}/tools/bin/redis-server\n"
    started = subprocess.run([tmp_path / "tools/bin/redis-cli"], capture_output=True, text=True, check=True)
    assert started.stdout.endswith(f"with {tmp_path}/tools/bin/../redis-server/usr/lib/x86_64-linux-gnu\n")


def test_a_library_that_no_package_brings_is_named(tmp_path: Path) -> None:
    a_redis(tmp_path / "debian")
    path = an_apt(tmp_path / "debian", tmp_path / "path", "libjemalloc.so.2", redis_server="libjemalloc2")
    told = services(path, tmp_path / "tools", "redis-server")
    assert told.stdout == "redis-server missing: its programs lack libjemalloc.so.2; install it and put it on PATH\n"


def test_a_library_that_cannot_be_fetched_is_told_with_the_service_that_needs_it(tmp_path: Path) -> None:
    a_redis(tmp_path / "debian")
    path = an_apt(tmp_path / "debian", tmp_path / "path", "libssl.so.3", redis_server="libssl3")
    told = services(path, tmp_path / "tools", "redis-server")
    assert told.stdout == ("redis-server missing: apt-get download failed: no libssl3; install it and put it on PATH\n")
