"""The formats of payloads by their media types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from exporter.batch import Decoded, Reason
from exporter.decode.arrow_stream import ArrowStreamDecoder
from exporter.decode.csv import CsvDecoder
from exporter.decode.json_array import JsonArrayDecoder
from exporter.decode.json_lines import JsonLinesDecoder
from exporter.decode.projection import Projection
from exporter.decode.reading import ROW_LIMIT, Decoder
from exporter.errors import RejectedPayload

JSON_LINES = "application/x-ndjson"
JSON_ARRAY = "application/json"
ARROW_STREAM = "application/vnd.apache.arrow.stream"
CSV = "text/csv"

FORMATS: Mapping[str, Callable[[Projection, int], Decoder]] = {
    JSON_LINES: JsonLinesDecoder,
    JSON_ARRAY: JsonArrayDecoder,
    ARROW_STREAM: ArrowStreamDecoder,
    CSV: CsvDecoder,
}
"""Each format under the media type that it is documented by."""

_ALSO = {
    "application/ndjson": JSON_LINES,
    "application/jsonl": JSON_LINES,
    "application/jsonlines": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/octet-stream": JSON_LINES,
    "application/x-www-form-urlencoded": JSON_LINES,  # what curl says of --data-binary when nobody tells it
    "application/csv": CSV,
}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}


class Decoders:
    """A decoder for each format that comes, compiled for what one monitor reads."""

    def __init__(self, projection: Projection, row_limit: int = ROW_LIMIT) -> None:
        self._projection = projection
        self._row_limit = row_limit
        self._decoders: dict[str, Decoder] = {}

    def decoder_for(self, content_type: str | None) -> Decoder:
        """The decoder for a Content-Type header; RejectedPayload (415) when there is none."""
        name = format_of(content_type)
        decoder = self._decoders.get(name)
        if decoder is None:
            decoder = self._decoders[name] = FORMATS[name](self._projection, self._row_limit)
        return decoder

    def decode(self, body: bytes, content_type: str | None = None) -> Decoded:
        """The columns of a body; RejectedPayload when nothing of it can be read."""
        return self.decoder_for(content_type).decode(body)


def format_of(content_type: str | None) -> str:
    """The format, as a key of FORMATS, that a Content-Type header means; without one, and for other text, NDJSON."""
    if not content_type or content_type in FORMATS:
        return content_type or JSON_LINES
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in _UTF_8:
        raise RejectedPayload(Reason.UNSUPPORTED, f"charset {charset[1]!r} is not supported; send UTF-8", status=415)
    media_type = content_type.partition(";")[0].strip().lower()
    known = media_type if media_type in FORMATS else _ALSO.get(media_type)
    if known is None and media_type.startswith("text/"):
        known = JSON_LINES
    if known is None:
        expected = ", ".join(FORMATS)
        detail = f"Content-Type {media_type!r} is not supported; send one of {expected}"
        raise RejectedPayload(Reason.UNSUPPORTED, detail, status=415)
    return known
