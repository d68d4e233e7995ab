"""Unchanged text is neither rendered nor compressed again: observed on the very objects, not on the clock."""

from __future__ import annotations

import gzip
import zlib

import numpy as np
import pytest

from exporter import catalog
from exporter.expose import HistogramSamples, LabelPairs, Samples
from exporter.expose.block import Block
from exporter.expose.gzip_members import SERIES_PER_MEMBER, GzipMembers, Piece, Text
from exporter.expose.labels import LabelWriter
from tests.support.expositions import EDGES, an_exposition, gauges, head, latency, part, predictions, series

HEADS = (head(),)


def updated(block: Block, samples: Samples | HistogramSamples) -> Text:
    return block.update(samples, LabelWriter())


def test_a_block_whose_values_are_the_same_keeps_its_text() -> None:
    block = Block()
    first = updated(block, predictions(1, 2))
    assert updated(block, predictions(1, 2)) is first
    assert updated(block, predictions(1, 3)) != first


def test_a_block_of_the_same_version_is_not_even_compared() -> None:
    block = Block()
    first = updated(block, predictions(1, version=7))
    assert updated(block, predictions(2, version=7)) is first
    assert updated(block, predictions(2, version=8)) != first


def test_the_text_of_what_has_a_version_is_packed_and_reads_as_it_was() -> None:
    packed, plain = updated(Block(), predictions(1, version=7)), updated(Block(), predictions(1))
    assert not isinstance(packed, bytes)
    assert bytes(packed) == plain


def test_a_version_does_not_hide_a_new_label() -> None:
    block = Block()
    first = updated(block, predictions(1, version=7))
    assert updated(block, predictions(1, 1, version=7)) != first


def test_nan_is_unchanged_when_it_stays_nan() -> None:
    block = Block()
    first = updated(block, gauges(catalog.SERIES, "x", a=float("nan")))
    assert updated(block, gauges(catalog.SERIES, "x", a=float("nan"))) is first


def test_a_histogram_changes_with_its_counts_and_with_its_sum() -> None:
    block = Block()
    texts = [
        updated(block, latency([counts], [total]))
        for counts, total in (([1, 0, 0], 0.1), ([1, 0, 0], 0.2), ([2, 0, 0], 0.2))
    ]
    assert len(set(texts)) == 3
    assert updated(block, latency([[2, 0, 0]], [0.2])) is texts[-1]


def test_a_block_renders_right_however_often_it_changes() -> None:
    block = Block()
    texts = [updated(block, predictions(value)) for value in (1, 2, 3, 2)]
    assert texts == [
        f'infranaut_predictions_total{{monitor="credit",model_version="1"}} {v}\n'.encode() for v in (1, 2, 3, 2)
    ]


def test_values_that_their_owner_changes_in_place_are_noticed() -> None:
    block, values = Block(), np.array([[1]])
    before = updated(block, Samples(catalog.PREDICTIONS, "credit", HEADS, ((),), values))
    values += 1
    assert updated(block, Samples(catalog.PREDICTIONS, "credit", HEADS, ((),), values)) != before


def test_edges_that_change_change_the_text() -> None:
    counts, sums = np.array([[1, 2, 3]]), np.array([1.0])
    block = Block()
    for edges in (EDGES, (0.5, 1.0)):
        text = updated(block, HistogramSamples(catalog.PREDICTION_LATENCY, "credit", HEADS, edges, counts, sums))
        assert f'le="{edges[0]}"' in bytes(text).decode()


def test_percent_signs_and_braces_in_labels_stay() -> None:
    labels: tuple[LabelPairs, ...] = ((("bin", "c:100%d {x} %b %%"),),)
    text = updated(Block(), Samples(catalog.FEATURE_BIN, "credit", HEADS, labels, np.array([[5]])))
    assert bytes(text).endswith(b'bin="c:100%d {x} %b %%"} 5\n')


def test_a_monitor_that_is_gone_is_forgotten() -> None:
    exposition = an_exposition()
    exposition.render([part(predictions(1)), part(predictions(1, monitor="gone"), name="gone")])
    assert all("gone" not in str(key) for key in series(exposition.render([part(predictions(1))])))


def a_piece(name: str, text: bytes, series: int = SERIES_PER_MEMBER) -> Piece:
    return Piece((name, "x"), text, series)


def test_members_inflate_to_the_text() -> None:
    pieces = [a_piece(str(index), f"line {index}\n".encode(), series=100) for index in range(20)]
    body = GzipMembers().compress(pieces)
    assert gzip.decompress(body) == b"".join(bytes(piece.text) for piece in pieces)
    assert len(members_of(body)) == 7


def test_only_the_members_that_changed_are_compressed_again() -> None:
    members, pieces = GzipMembers(), [a_piece(str(index), b"x" * 100) for index in range(10)]
    members.compress(pieces)
    assert members.compressions == 10
    members.compress(pieces)
    assert members.compressions == 10
    pieces[3] = a_piece("3", b"y" * 100)
    assert gzip.decompress(members.compress(pieces)) == b"".join(bytes(piece.text) for piece in pieces)
    assert members.compressions == 11


def test_a_piece_that_appears_or_goes_leaves_the_others_right() -> None:
    members = GzipMembers()
    pieces = [a_piece(str(index), f"{index}\n".encode(), series=90) for index in range(9)]
    for kept in (pieces, pieces[1:], pieces[:3], [*pieces[:2], *pieces[5:]], [], pieces):
        assert gzip.decompress(members.compress(kept) or gzip.compress(b"")) == b"".join(
            bytes(piece.text) for piece in kept
        )


def test_a_scrape_compresses_only_what_changed_since_the_last() -> None:
    exposition = an_exposition()
    values = {f"m{index}": np.zeros((1, SERIES_PER_MEMBER), dtype=np.int64) for index in range(8)}
    tails: tuple[LabelPairs, ...] = tuple((("bin", f"q{index}"),) for index in range(SERIES_PER_MEMBER))

    def scrape() -> list[bytes]:
        parts = [part(Samples(catalog.FEATURE_BIN, name, (head(name),), tails, own)) for name, own in values.items()]
        return members_of(exposition.render(parts, "", "gzip").body)

    first = scrape()
    assert scrape() == first
    values["m5"] += 1
    changed = [index for index, member in enumerate(scrape()) if member != first[index]]
    assert len(changed) == 1
    assert gzip.decompress(scrape()[changed[0]]).count(b'monitor="m5"') == SERIES_PER_MEMBER


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_a_template_is_made_for_each_set_of_labels_only(kept: int) -> None:
    writer = LabelWriter()
    block, replaced_once = Block(), ((("monitor", "\ud800"),),)
    for value in range(kept):
        block.update(Samples(catalog.SERIES, "x", replaced_once, ((),), np.array([value])), writer)
    assert writer.replaced == min(kept, 2)


def members_of(body: bytes) -> list[bytes]:
    """The gzip members of a body, compressed as they are."""
    members = []
    while body:
        inflater = zlib.decompressobj(wbits=31)
        inflater.decompress(body)
        members.append(body[: len(body) - len(inflater.unused_data)])
        body = inflater.unused_data
    return members
