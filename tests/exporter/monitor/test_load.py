"""Loading files and folders of monitors."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import InvalidMonitors, Mistake
from exporter.monitor.load import load_monitors
from exporter.monitor.positions import KeyPath
from exporter.monitor.spec import Monitor
from tests.support.monitor_files import FULL, a_monitor_text, write_monitor


def mistakes_in(*paths: Path) -> list[str]:
    with pytest.raises(InvalidMonitors) as raised:
        load_monitors(paths)
    return [str(mistake) for mistake in raised.value.mistakes]


def sha256_of(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return load_monitors([path]).monitors[0].sha256


def test_a_monitor_with_every_part_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "credit.yaml").write_text(FULL, encoding="utf-8")
    (loaded,) = load_monitors([tmp_path]).monitors
    assert loaded.name == "credit-default"
    assert loaded.monitor.spec.retention.cold.seconds == 7 * 365 * 86_400
    assert loaded.beside("reference/credit.parquet") == tmp_path / "reference" / "credit.parquet"


def test_folders_are_searched_at_any_depth_and_monitors_come_by_name(tmp_path: Path) -> None:
    write_monitor(tmp_path, "zebra")
    write_monitor(tmp_path / "teams" / "risk", "apple")
    (tmp_path / "teams" / "more.yml").write_text(a_monitor_text("mango"))
    (tmp_path / "notes.txt").write_text("not a monitor")
    assert [loaded.name for loaded in load_monitors([tmp_path]).monitors] == ["apple", "mango", "zebra"]


def test_hidden_folders_are_left_out_as_kubernetes_keeps_copies_of_mounted_files_there(tmp_path: Path) -> None:
    data = tmp_path / "..2026_01_31"
    write_monitor(data)
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "credit.yaml").symlink_to(Path("..data") / "credit.yaml")
    assert [loaded.path for loaded in load_monitors([tmp_path]).monitors] == [tmp_path / "credit.yaml"]


def test_a_file_given_twice_is_loaded_once(tmp_path: Path) -> None:
    path = write_monitor(tmp_path)
    assert len(load_monitors([tmp_path, path, tmp_path / "." / "credit.yaml"]).monitors) == 1


def test_a_file_may_hold_several_monitors(tmp_path: Path) -> None:
    text = "---\n".join([a_monitor_text("one"), "", a_monitor_text("two")])
    (tmp_path / "both.yaml").write_text(text)
    assert [loaded.name for loaded in load_monitors([tmp_path]).monitors] == ["one", "two"]


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write_monitor(tmp_path, "a", "  drift: {treshold: 1}\n  quality: {window: long}\n")
    write_monitor(tmp_path, "b", task="binry")
    told = mistakes_in(tmp_path)
    assert [line.removeprefix(f"{tmp_path}/").split(" ")[0] for line in told] == ["a.yaml:8:", "a.yaml:9:", "b.yaml:5:"]


def test_two_monitors_of_one_name_name_both_files(tmp_path: Path) -> None:
    write_monitor(tmp_path / "a")
    write_monitor(tmp_path / "b")
    (told,) = mistakes_in(tmp_path)
    first, second = tmp_path / "a" / "credit.yaml", tmp_path / "b" / "credit.yaml"
    assert told == f"{second}:3: metadata.name: a monitor named 'credit' is already in {first}:3"


def test_an_empty_folder_a_missing_file_and_bytes_that_are_no_text_are_mistakes(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"apiVersion: x\nkind: \xe9\n")
    (tmp_path / "control.yaml").write_bytes(b"apiVersion: \x01\n")
    told = mistakes_in(tmp_path / "empty", tmp_path / "none.yaml", tmp_path / "latin.yaml", tmp_path / "control.yaml")
    assert told == [
        f"{tmp_path}/empty: no monitors here, expected files named *.yaml or *.yml",
        f"{tmp_path}/none.yaml: cannot be read: No such file or directory",
        f"{tmp_path}/latin.yaml:2: not UTF-8: byte 0xe9",
        f"{tmp_path}/control.yaml:1: not YAML: character 1 is not allowed",
    ]


def test_deep_nesting_is_a_mistake_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text("[" * 5_000 + "]" * 5_000)
    assert mistakes_in(tmp_path) == [f"{tmp_path}/deep.yaml:1: nested too deeply"]


def test_comments_and_layout_do_not_change_the_digest_but_a_value_does(tmp_path: Path) -> None:
    path, text = tmp_path / "credit.yaml", a_monitor_text()
    digest = sha256_of(path, text)
    assert sha256_of(path, f"# a comment\n{text}\n") == digest
    assert sha256_of(path, text + "  drift: {threshold: 0.2}\n") != digest


def test_one_broken_key_does_not_hide_mistakes_elsewhere(tmp_path: Path) -> None:
    more = "  quality: {window: long}\n  segments: {by: [agee]}\n  slos: [{name: latency, objective: 0.99}]\n"
    told = "\n".join(mistakes_in(write_monitor(tmp_path, more=more, task="binry")))
    assert "spec.model.task" in told
    assert "spec.quality.window" in told
    assert "spec.segments.by[0]: no feature 'agee', expected a category feature; did you mean 'age'?" in told
    assert "spec.slos[0].latency_below_seconds: missing" in told


def test_a_mistake_that_follows_from_another_is_not_told(tmp_path: Path) -> None:
    more = "  segments: {by: [region]}\n  labels: {jin: id}\n  performance: {objectives: [{metric: mae, maximum: 1}]}\n"
    path = write_monitor(tmp_path, more=more, task="regresion", features="region: {type: categry}")
    keys = [line.split(": ")[1] for line in mistakes_in(path)]
    assert keys == ["spec.model.task", "spec.features.region.type", "spec.labels.jin", "spec.labels.join"]


def test_expressions_are_checked_only_where_their_columns_are_known(tmp_path: Path) -> None:
    def refuse(monitor: Monitor) -> list[tuple[KeyPath, str]]:
        return [(("spec", "rules", 0, "sql"), f"refused in {monitor.name}")]

    rule = "  rules:\n    - {name: adult, sql: age > 18}\n"
    good = write_monitor(tmp_path / "good", more=rule + "  quality: {window: long}\n")
    broken = write_monitor(tmp_path / "broken", more=rule, features="age: {type: nmber}")
    with pytest.raises(InvalidMonitors) as raised:
        load_monitors([good, broken], refuse)
    told = [(Path(mistake.path).parent.name, mistake.key, mistake.line) for mistake in raised.value.mistakes]
    assert told == [
        ("good", "spec.rules[0].sql", 9),
        ("good", "spec.quality.window", 10),
        ("broken", "spec.features.age.type", 7),
        ("broken", "metadata.name", 3),
    ]


def test_a_mistake_reads_as_file_line_key_and_words() -> None:
    assert str(Mistake("a.yaml", 3, "spec.model", "wrong")) == "a.yaml:3: spec.model: wrong"
    assert str(Mistake("a.yaml", 0, "", "wrong")) == "a.yaml: wrong"
    assert str(InvalidMonitors([Mistake("a", 1, "k", "m"), Mistake("b", 2, "k", "m")])) == "a:1: k: m\nb:2: k: m"
    assert str(InvalidMonitors("no file")) == "no file"
