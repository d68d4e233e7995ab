"""The settings file: every mistake at once, with its line; passwords in files of their own, and in no message."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.archive.configuration import ArchiveConfiguration
from exporter.errors import InvalidSettings
from exporter.settings_file import load_settings_file


def load(folder: Path, text: str) -> ArchiveConfiguration:
    path = folder / "infranaut.yaml"
    path.write_text(text)
    return load_settings_file(path).archive


def refusal(folder: Path, text: str) -> list[str]:
    """The lines of the message, without the folder."""
    with pytest.raises(InvalidSettings) as raised:
        load(folder, text)
    return str(raised.value).replace(f"{folder}/", "").splitlines()


def test_without_a_file_or_with_an_empty_one_everything_is_in_the_state_folder(tmp_path: Path) -> None:
    assert load_settings_file(None).archive == ArchiveConfiguration()
    assert load(tmp_path, "# nothing yet\n") == ArchiveConfiguration()


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
archive:
  akc: spool
  spool: {limit: 4Gib, file: 3}
  hot: {url: "rediss//u:opensesame@h"}
  warm: {url: "mysql://user:opensesame@host/archive", replicaa: x}
  cold:
    url: s4://bucket
    file_rows: 0
    encryption: never
archiv: 3
"""
    assert refusal(tmp_path, text) == [
        "infranaut.yaml:2: archive.akc: unknown key; did you mean 'ack'?",
        "infranaut.yaml:3: archive.spool.file: got the number 3, expected a size such as 64MiB",
        "infranaut.yaml:3: archive.spool.limit: '4Gib' is not a size; write for example 64MiB",
        "infranaut.yaml:4: archive.hot.url: 'rediss//u:***@h' is not an address; write for example redis://HOST:6379/0",
        "infranaut.yaml:5: archive.warm.replicaa: unknown key; did you mean 'replica'?",
        "infranaut.yaml:5: archive.warm.url: mysql:// cannot be used here, expected postgresql:// or postgres://",
        "infranaut.yaml:7: archive.cold.url: s4:// cannot be used here, expected one of s3://, gs://, az://, file://",
        "infranaut.yaml:8: archive.cold.file_rows: got 0, expected at least 1",
        "infranaut.yaml:9: archive.cold.encryption: got the text 'never', expected one of none, aes256, kms",
        "infranaut.yaml:10: archiv: unknown key; did you mean 'archive'?",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("archive:\n  ack: spool\n  ack: sink\n", ":3: archive.ack: given twice, first in line 2"),
        ("3\n", ":1: no settings, expected a mapping with archive"),
        ("archive:\n", ":1: archive: got nothing, expected a mapping with "),
        ("archive: {}\n---\narchive: {}\n", ":3: a second document, expected one; take out the line ---"),
        ("archive: [\n", "not YAML"),
        ("kind: Monitor\n", "this is a monitor; give it to --monitors"),
        ("archive: {warm: {replica: 'postgresql://u@h/d'}}\n", "archive.warm: replica: there is no url"),
        ("archive: {warm: {url: 'postgresql://h/d', url_file: x}}\n", "url and url_file: both are there"),
        ("archive: {warm: {url: 'postgresql://user:opensesame@h'}}\n", "'postgresql://user:***@h' names no database"),
        ("archive: {hot: {url: 'redis://'}}\n", "names no host"),
        ("archive: {hot: {url: 'redis://:opensesame@h:x/0'}}\n", "'redis://:***@h:x/0' is not an address"),
        ("archive: {cold: {url: 's3://'}}\n", "names no bucket"),
        ("archive: {cold: {url: ' '}}\n", "empty, expected s3://BUCKET/PREFIX"),
        ("archive: {cold: {url: 's3://b', encryption: kms}}\n", "encryption: kms and kms_key go together"),
        ("archive: {spool: {limit: 64MiB}}\n", "limit: 64MiB is less than two files of 64MiB"),
    ],
)
def test_what_does_not_go_together_is_told(text: str, words: str, tmp_path: Path) -> None:
    message = "\n".join(refusal(tmp_path, text))
    assert words in message
    assert "opensesame" not in message


def test_addresses_are_read_from_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database").write_text("postgresql://user:opensesame@host/archive\n")
    (tmp_path / "secrets" / "cache").write_text("redis://:opensesame@host:6379/0\n")
    text = "archive:\n  warm: {url_file: secrets/database}\n  hot: {url_file: secrets/cache}\n"
    archive = load(tmp_path, text)
    assert archive.warm.url == "postgresql://user:opensesame@host/archive"
    assert archive.hot.url == "redis://:opensesame@host:6379/0"
    assert "opensesame" not in repr(archive)


def test_a_file_of_an_address_that_cannot_be_used_is_told_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("postgresql://user:opensesame@host\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    text = "archive:\n  warm: {url_file: database, replica_file: nothing}\n  hot: {url_file: binary}\n"
    nameless = "'postgresql://user:***@host' names no database; write postgresql://USER@HOST/DATABASE"
    assert refusal(tmp_path, text) == [
        "infranaut.yaml:2: archive.warm.replica_file: nothing cannot be read: No such file or directory",
        f"infranaut.yaml:2: archive.warm.url_file: in database: {nameless}",
        "infranaut.yaml:3: archive.hot.url_file: binary holds no text",
    ]


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    archive = load(tmp_path, "archive: {pseudonym_key: key, cold: {url: ../cold, column_keys: /etc/keys}}\n")
    assert Path(str(archive.cold.url)).resolve() == tmp_path.parent / "cold"
    assert archive.cold.column_keys == "/etc/keys"
    assert archive.pseudonym_key == str(tmp_path / "key")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read: No such file or directory"):
        load_settings_file(tmp_path / "nothing.yaml")
