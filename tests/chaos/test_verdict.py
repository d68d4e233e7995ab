"""The verdict itself: an archive in which a promise was broken is told by what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from exporter.archive.entry import Entry
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import WarmTier
from tests.chaos.bodies import NumberedBody
from tests.chaos.senders import PersistentSender, RunningSenders, SendingPace
from tests.chaos.verdict import Judgement, judge_archive
from tests.support import archives
from tests.support.batches import START_S
from tests.support.clocks import MovedClock

FIRST, SECOND = NumberedBody("s00-000000", 3, START_S), NumberedBody("s00-000001", 2, START_S + archives.HOUR_S)
MARKED = NumberedBody("s00-000002", 1, START_S, is_bad=True)


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[WarmTier]:
    """Empty."""
    tier, _ = open_embedded(tmp_path / "warm", MovedClock())
    tier.migrate()
    yield tier
    tier.close()


def test_an_archive_with_everything_once_is_as_promised(warm: WarmTier) -> None:
    land(warm, predictions(FIRST), predictions(SECOND), labels(FIRST))
    assert judged(warm, [FIRST, SECOND], [FIRST]).broken == []


def test_a_row_that_is_not_there_is_told(warm: WarmTier) -> None:
    land(warm, predictions(FIRST))
    (broken,) = judged(warm, [FIRST, SECOND]).broken
    assert "2 predictions were acknowledged, and are not in the archive: ['s00-000001-00'" in broken


def test_a_row_that_is_there_twice_is_told(warm: WarmTier) -> None:
    """On another day it is another row to the tier."""
    land(warm, predictions(FIRST), predictions(FIRST, START_S + archives.DAY_S))
    (broken,) = judged(warm, [FIRST]).broken
    assert "3 predictions are in the archive more than once" in broken


def test_a_row_that_nobody_sent_is_told(warm: WarmTier) -> None:
    land(warm, predictions(FIRST), predictions(SECOND))
    (broken,) = judged(warm, [FIRST]).broken
    assert "2 predictions are in the archive, but were never sent" in broken


def test_what_was_sent_and_never_answered_may_be_there_but_is_told(warm: WarmTier) -> None:
    land(warm, predictions(FIRST), predictions(SECOND))
    (broken,) = judged(warm, [FIRST], unanswered=[SECOND]).broken
    assert "1 bodies were never answered" in broken


def test_a_label_that_is_not_joined_is_told(warm: WarmTier) -> None:
    land(warm, predictions(FIRST), labels(SECOND))
    broken = judged(warm, [FIRST], [SECOND]).broken
    assert broken == ["2 labels are not joined: ['s00-000001-00', 's00-000001-01']"]


def test_the_label_of_another_prediction_is_told(warm: WarmTier) -> None:
    land(warm, predictions(FIRST), archives.an_entry(archives.labels(FIRST.ids, START_S, [1.0, 1.0, 0.0])))
    broken = judged(warm, [FIRST], [FIRST]).broken
    assert broken == ["1 labels of others: ['s00-000000-00']"]


def test_side_counts_that_differ_from_the_rows_are_told(warm: WarmTier, monkeypatch: pytest.MonkeyPatch) -> None:
    land(warm, predictions(FIRST), labels(FIRST))
    monkeypatch.setattr(warm, "hours", list)
    broken = judged(warm, [FIRST], [FIRST]).broken
    assert [text.partition(":")[0] for text in broken] == ["predictions", "labels", "labelled"]


def test_a_rejected_record_that_nobody_kept_is_told(warm: WarmTier) -> None:
    land(warm, predictions(MARKED))
    broken = judged(warm, [MARKED]).broken
    assert broken == ["1 rejected records are in no dead letter: ['bad-s00-000002']"]


@pytest.mark.parametrize("is_filed", [True, False])
def test_a_rejected_record_may_be_in_a_file_or_in_the_archive(warm: WarmTier, tmp_path: Path, is_filed: bool) -> None:
    land(warm, predictions(MARKED))
    if is_filed:
        (tmp_path / "dead-letters" / "credit").mkdir(parents=True)
        (tmp_path / "dead-letters" / "credit" / "1.ndjson").write_bytes(MARKED.predictions)
    else:
        letter = archives.letters([1])
        raw = letter.schema.get_field_index("raw")
        land(warm, archives.an_entry(letter.set_column(raw, letter.schema.field(raw), [MARKED.predictions])))
    assert judged(warm, [MARKED], states=[tmp_path]).broken == []


def predictions(body: NumberedBody, at: float | None = None) -> Entry:
    return archives.an_entry(archives.predictions(body.ids, at or body.at))


def labels(body: NumberedBody) -> Entry:
    return archives.an_entry(archives.labels(body.ids, START_S, [float(row % 2) for row in range(body.rows)]))


def land(warm: WarmTier, *entries: Entry) -> None:
    """From an origin that nobody has claimed, and joins what it can."""
    origin = f"exporter/{len(warm.hours())}-{random.random()}"
    warm.land(warm.claim(origin), archives.a_stream(*entries))
    warm.join_labels([origin], 0, 1_000)


def judged(
    warm: WarmTier,
    acknowledged: Sequence[NumberedBody],
    labelled: Sequence[NumberedBody] = (),
    unanswered: Sequence[NumberedBody] = (),
    states: Sequence[Path] = (),
) -> Judgement:
    """Of one sender that knows so much."""
    sender = PersistentSender("s00", ["127.0.0.1:1"], random.Random(1), SendingPace())
    sender.predictions, sender.labels, sender.unanswered = list(acknowledged), list(labelled), list(unanswered)
    return judge_archive(RunningSenders("s", [sender]), warm, states)
