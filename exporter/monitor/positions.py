"""YAML with the line of every key, so that a mistake can say where it is.

Differs from plain `yaml.safe_load_all` in three ways that matter to people who write monitors: keys are always the
text that was written (`on:` and `1:` stay `on` and `1`), dates stay text, and a key given twice is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

KeyPath = tuple[str | int, ...]

_TIMESTAMP_TAG = "tag:yaml.org,2002:timestamp"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_TAB = r"found character '\t' that cannot start any token"


class Flaw(NamedTuple):
    """Something wrong at a line (1-based) under a key, in words."""

    line: int
    key: KeyPath
    message: str


@dataclass(slots=True)
class Document:
    """One YAML document: its value in plain Python types, and where each part of it was written.

    lines   : key path → line (1-based) of the key, or of the item of a list.
    written : key path → a scalar exactly as it stands in the file.
    """

    line: int
    value: object = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    def line_of(self, key: KeyPath) -> int:
        """The line of a key, or of the nearest parent that is there."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return self.line


class UnreadableYaml(Exception):
    """The file is not YAML from this line on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_documents(content: bytes) -> list[Document]:
    """The documents of a file, those that hold nothing left out; UnreadableYaml where it is not YAML."""
    try:
        loader = _Loader(content.decode("utf-8-sig"))
        return [_convert(loader, node) for node in _nodes(loader) if not _is_nothing(node)]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableYaml(line, f"not UTF-8: byte 0x{content[error.start]:02x}") from error
    except yaml.reader.ReaderError as error:
        raise UnreadableYaml(1, f"not YAML: character {error.character!r} is not allowed") from error
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error) from error
    except RecursionError as error:
        raise UnreadableYaml(1, "nested too deeply") from error


def format_key(key: KeyPath) -> str:
    """`spec.rules[0].sql`; names that are no plain words stand in quotes: `spec.features["a b"].min`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").replace("-", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


class _Loader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text."""

    yaml_implicit_resolvers: Mapping[str, list[tuple[str, Any]]] = {  # type: ignore[assignment]  # stubs say Incomplete
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP_TAG]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _nodes(loader: _Loader) -> Iterator[yaml.Node]:
    while loader.check_node():
        node = loader.get_node()
        if node is not None:
            yield node


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == ""


def _convert(loader: _Loader, node: yaml.Node) -> Document:
    document = Document(line=node.start_mark.line + 1)
    document.value = _value(loader, node, (), document, ())
    return document


def _value(
    loader: _Loader, node: yaml.Node, key: KeyPath, document: Document, parents: tuple[yaml.Node, ...]
) -> object:
    if any(node is parent for parent in parents):
        raise UnreadableYaml(node.start_mark.line + 1, "an alias that holds itself")
    inside = (*parents, node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, key, document, inside)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            document.lines[(*key, index)] = item.start_mark.line + 1
            items.append(_value(loader, item, (*key, index), document, inside))
        return items
    document.written[key] = node.value
    return _scalar(loader, node)


def _mapping(
    loader: _Loader, node: yaml.MappingNode, key: KeyPath, document: Document, parents: tuple[yaml.Node, ...]
) -> dict[str, object]:
    _find_repeated_keys(node, key, document)
    loader.flatten_mapping(node)
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        name = _key_text(key_node)
        inner = (*key, name)
        document.lines[inner] = key_node.start_mark.line + 1
        values[name] = _value(loader, value_node, inner, document, parents)
    return values


def _find_repeated_keys(node: yaml.MappingNode, key: KeyPath, document: Document) -> None:
    first_lines: dict[str, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == _MERGE_TAG:
            continue
        name, line = _key_text(key_node), key_node.start_mark.line + 1
        if name in first_lines:
            document.flaws.append(Flaw(line, (*key, name), f"given twice, first in line {first_lines[name]}"))
        first_lines.setdefault(name, line)


def _key_text(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise UnreadableYaml(node.start_mark.line + 1, "a key must be text, not a list or a mapping")
    return str(node.value)


def _scalar(loader: _Loader, node: yaml.Node) -> object:
    try:
        value: object = loader.construct_object(node)
    except (ValueError, OverflowError) as error:
        raise UnreadableYaml(node.start_mark.line + 1, f"cannot read {node.value!r}: {error}") from error
    return value


def _unreadable(error: yaml.MarkedYAMLError) -> UnreadableYaml:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context)
    if isinstance(error, yaml.constructor.ConstructorError):
        problem = problem.replace("could not determine a constructor for the tag", "unknown tag")
    elif problem == _TAB:
        problem = "a tab, expected spaces"
    if error.context and error.context_mark and mark is not None and error.context_mark.line != mark.line:
        problem += f" ({error.context} that starts in line {error.context_mark.line + 1})"
    return UnreadableYaml(mark.line + 1 if mark else 1, f"not YAML: {problem}")
