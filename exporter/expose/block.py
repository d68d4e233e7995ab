"""The lines of one family that belong to one owner, rendered again only when something in them changed."""

from __future__ import annotations

from exporter.expose.families import FamilySamples
from exporter.expose.gzip_members import PackedText, Text
from exporter.expose.labels import LabelWriter


class Block:
    """Keeps its text and what it was made of. Not thread-safe.

    A template holds every line with a `%b` in the place of its value. Most blocks never change (the reference's), so a
    template is kept only from the second text on, and the text of what has a version is packed.
    """

    __slots__ = ("_labels_key", "_template", "_values", "_version", "series", "text")

    def __init__(self) -> None:
        self.text: Text = b""
        self.series = 0
        self._labels_key: tuple[object, ...] = ()
        self._values: tuple[bytes, ...] = ()
        self._version: int | None = None
        self._template: bytes | None = None

    def update(self, samples: FamilySamples, writer: LabelWriter) -> Text:
        """The text for these samples: the very same object as before when nothing changed."""
        is_known = bool(self.series) and samples.labels_key == self._labels_key
        if is_known and samples.version is not None and samples.version == self._version:
            return self.text
        # Bit for bit, so that NaN is NaN.
        values = tuple([array.tobytes() for array in samples.arrays])
        if not is_known or values != self._values:
            self._render(samples, writer, is_known)
            self._values = values
        self._version = samples.version
        return self.text

    def _render(self, samples: FamilySamples, writer: LabelWriter, is_known: bool) -> None:
        template = self._template if is_known and self._template else make_template(samples, writer)
        texts = samples.value_texts()
        text = template % tuple(texts)
        self.text = text if samples.version is None else PackedText(text)
        self.series = len(texts)
        self._template = template if is_known else None
        self._labels_key = samples.labels_key


def make_template(samples: FamilySamples, writer: LabelWriter) -> bytes:
    """Every line of the block, `%b` for its value; a histogram's labels end with `le`."""
    lines = [(suffix, writer.write(tail)) for suffix, tail in samples.lines()]
    name = samples.metric.name
    _refuse_repeated_names(samples)
    written = []
    for head in map(writer.write, samples.heads):
        for suffix, tail in lines:
            labels = f"{head},{tail}" if head and tail else head or tail
            written.append(f"{name}{suffix}{{{labels}}}" if labels else f"{name}{suffix}")
    return "".join(f"{line.replace('%', '%%')} %b\n" for line in written).encode()


def _refuse_repeated_names(samples: FamilySamples) -> None:
    """A label of the head must not come again in the tail: Prometheus would refuse the whole scrape."""
    of_heads = {name for head in samples.heads for name, _ in head}
    of_tails = {name for _, tail in samples.lines() for name, _ in tail}
    if of_heads & of_tails:
        raise ValueError(f"{samples.metric.name}: a label is given twice: {', '.join(sorted(of_heads & of_tails))}")
