"""The pages that people read, and what stands in them: links, headings, commands, files to write."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"^cat > (\S+) <<'END'\n(.*?\n)END$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_ENDS_A_COMMAND = {"|", "&", "&&", ";", ">", "2>", "<", ")"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `prose` is what stands outside of its code blocks."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        return _BLOCK.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """The code blocks of a language."""
        return [code for name, code in _BLOCK.findall(self.text) if name == language]

    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    def anchors(self) -> set[str]:
        """What `#…` may point to, as GitHub makes it of headings."""
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(self.prose)}

    def inline_code(self) -> list[str]:
        return _INLINE.findall(self.prose)

    def files(self) -> dict[str, str]:
        """Files that its shell blocks write with `cat > NAME <<'END'`."""
        return {name: text for block in self.blocks("sh") for name, text in _HEREDOC.findall(block)}

    def commands(self, program: str) -> Iterator[list[str]]:
        """The arguments of each call of a program in its shell blocks."""
        for block in self.blocks("sh"):
            for line in _HEREDOC.sub("", block).replace("\\\n", " ").splitlines():
                for is_end, words in groupby(shlex.split(line, comments=True), key=_ENDS_A_COMMAND.__contains__):
                    name, *arguments = words
                    if name == program and not is_end:
                        yield arguments


def page(name: str) -> Page:
    return Page(ROOT / name)
