"""What the pages say can be done: links lead somewhere, commands are understood, monitors have no mistake."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from exporter.cli import infranaut
from exporter.cli.check import check_monitors
from exporter.settings_file import load_settings_file
from tests.support.documentation import PAGES, ROOT, Page

PAGE = pytest.mark.parametrize("page", [pytest.param(Page(path), id=str(path.relative_to(ROOT))) for path in PAGES])


@PAGE
def test_every_link_to_a_file_or_a_heading_leads_there(page: Page) -> None:
    for link in page.links():
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), f"{link}: there is no such file"
        assert not anchor or anchor in Page(target).anchors(), f"{link}: there is no such heading"


def test_the_index_leads_to_every_page_and_every_decision() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in Page(index).links() if "://" not in link}
    pages = {*index.parent.glob("*.md"), *(index.parent / "adr").glob("*.md")} - {index}
    assert sorted(page.name for page in pages - linked) == []


@PAGE
def test_every_command_of_ours_is_understood(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "monitors").mkdir()
    monkeypatch.chdir(tmp_path)
    for arguments in page.commands("infranaut"):
        parse(arguments)


@PAGE
def test_every_flag_in_the_prose_is_one_of_its_command(page: Page) -> None:
    for code in page.inline_code():
        if code.startswith("infranaut "):
            words = code.split()[1:]
            command = find(words)
            known = {name for parameter in command.params for name in parameter.opts}
            asked = {flag.partition("=")[0] for flag in words if flag.startswith("--")}
            assert asked <= known, f"`{code}`: no such flag"


@PAGE
def test_every_make_target_is_there(page: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    inline = [code.split()[1:] for code in page.inline_code() if re.match(r"make [a-z]", code)]
    for words in [*inline, *page.commands("make")]:
        asked = {word for word in words if word.isalpha() and word.islower()}
        assert asked <= targets, f"make {' '.join(words)}"


@PAGE
def test_every_monitor_has_no_mistake(page: Page, tmp_path: Path) -> None:
    texts = [text for text in (*page.blocks("yaml"), *page.files().values()) if text.startswith("apiVersion:")]
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        assert not check_monitors([file]).mistakes


@PAGE
def test_every_settings_file_has_no_mistake(page: Page, tmp_path: Path) -> None:
    texts = [text for text in page.blocks("yaml") if re.search(r"^archive:", text, re.MULTILINE)]
    for text in texts:
        for name, file in re.findall(r"(\w+)_file: (\S+?)[ ,}\n]", text):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text("redis://cache/0" if "redis" in file else f"postgresql://{name}/archive")
        (tmp_path / "infranaut.yaml").write_text(text)
        load_settings_file(tmp_path / "infranaut.yaml")
    assert texts or page.path.name != "archive.md"


def parse(arguments: list[str]) -> None:
    """As the command line would, but for doing it; UsageError where it is not understood."""
    command, context = click.Command(""), click.Context(infranaut)
    group: click.Command = infranaut
    while isinstance(group, click.Group):
        name, found, arguments = group.resolve_command(context, arguments)
        assert found is not None
        assert name is not None
        command = group = found
        context = click.Context(command, info_name=name, parent=context)
    command.make_context(command.name, arguments, parent=context.parent)


def find(words: list[str]) -> click.Command:
    """The command that the words begin with; the group itself where they only name a group."""
    command: click.Command = infranaut
    for word in words:
        found = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if found is None:
            break
        command = found
    return command
