"""Whether every promise was kept: reads the archive once all has landed, and compares it with what the senders know."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind
from exporter.archive.opening import open_warm
from exporter.archive.warm.tier import Span, WarmTier
from exporter.clock import SystemClock
from exporter.errors import InvalidSettings, RetryLater
from exporter.settings_file import load_settings_file
from tests.chaos.bodies import BAD_MARK, ids_of
from tests.chaos.senders import MONITOR, RunningSenders
from tests.chaos.world import ArchiveWorld
from tests.support.polling import wait_until

LANDED_WITHIN_S = 120.0
EVER = Span(-1e10, 1e10)
_HOUR_US = 3_600_000_000
_EXAMPLES = 5
_LOOKS_WITHOUT_LAG = 20
_LOOKED_AT_FIRST = 1_000
_LOOK_EVERY_S = 1.0
_MARK = re.compile(rf"{BAD_MARK}-(r\d+-)?s\d+-\d+")


@dataclass(slots=True)
class Judgement:
    """Promises that were broken, in words, and figures to go with them."""

    broken: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def expect(self, is_kept: bool, what: str) -> None:
        if not is_kept:
            self.broken.append(what)


def judge(world: ArchiveWorld, senders: RunningSenders, deadline_s: float = LANDED_WITHIN_S) -> Judgement:
    """Waits until what was acknowledged has landed, then looks at everything. The exporters have to be up."""
    with closing(open_archive(world)) as warm:
        overdue = []
        try:
            wait_until_landed(world, senders, warm, deadline_s)
        except AssertionError as error:
            overdue = [str(error)]
        judgement = judge_archive(senders, warm, [exporter.state for exporter in world.exporters])
    judgement.broken += overdue
    return judgement


def judge_tiers(judgement: Judgement, world: ArchiveWorld, senders: RunningSenders) -> None:
    """Moves what is due, as a person would, and compares what both tiers together hold by way of a query."""
    sql = f"""
        select count(*), count(distinct id),
               (select count(*) from "{MONITOR}.labels" where starts_with(id, '{senders.tag}'))
        from "{MONITOR}" where starts_with(id, '{senders.tag}')
    """
    rows, labels = (len(acknowledged_ids(senders, kind)) for kind in (Kind.PREDICTIONS, Kind.LABELS))
    try:
        world.command("tiers", "move")
        world.command("tiers", "verify")
        told = [int(value) for value in world.command("query", sql, "--format", "csv").split()[-1].split(b",")]
    except AssertionError as error:
        judgement.broken.append(str(error))
        return
    wanted = [rows, rows, labels]
    judgement.expect(told == wanted, f"rows, ids and labels of both tiers: {told}, not {wanted}")


def judge_archive(senders: RunningSenders, warm: WarmTier, states: Sequence[Path]) -> Judgement:
    """What the warm tier holds, as it is now; `states` are the exporters' folders."""
    judgement = Judgement()
    judgement.broken += senders.complaints
    unanswered = [body for sender in senders.senders for body in sender.unanswered]
    judgement.expect(not unanswered, f"{len(unanswered)} bodies were never answered, the first: {unanswered[:1]}")
    _judge_rows(judgement, senders, warm)
    _judge_joins(judgement, senders, warm)
    _judge_letters(judgement, states, senders, warm)
    return judgement


def open_archive(world: ArchiveWorld) -> WarmTier:
    """The warm tier that the world's exporters land in."""
    section = load_settings_file(world.config).archive.warm
    return open_warm(section, world.exporters[0].state, SystemClock(), is_read_only=True)[0]


def wait_until_landed(world: ArchiveWorld, senders: RunningSenders, warm: WarmTier, deadline_s: float) -> None:
    """Until every row is there and every label joined, and no exporter has anything left for a while."""
    predictions, labels = acknowledged_ids(senders, Kind.PREDICTIONS), acknowledged_ids(senders, Kind.LABELS)
    for kind, ids in ((Kind.PREDICTIONS, predictions), (Kind.LABELS, labels)):
        landed = partial(_has_landed, warm, kind, ids)
        _wait_while_rows_land(world, landed, deadline_s, f"all of {len(ids)} acknowledged {kind} in the archive")
    wait_until(_seen_without_lag(world), deadline_s, "the spools empty")
    wait_until(lambda: not len(_not_in(labels, _joined(warm)["id"])), deadline_s, f"{len(labels)} labels joined")


def _wait_while_rows_land(world: ArchiveWorld, has_landed: Callable[[], bool], deadline_s: float, what: str) -> None:
    """A backlog is landed at the speed of the machine: what counts is that it goes on, whatever is left."""
    landed, end_s = 0.0, time.monotonic() + deadline_s
    while not has_landed():
        if (rows := _landed_rows(world)) != landed:
            landed, end_s = rows, time.monotonic() + deadline_s
        elif time.monotonic() > end_s:
            raise AssertionError(f"{what}: nothing has landed for {deadline_s:g} s")
        time.sleep(_LOOK_EVERY_S)


def _landed_rows(world: ArchiveWorld) -> float:
    """Since the exporters were started."""
    pages = [exporter.running.metrics() for exporter in world.exporters]
    return sum(page.value("infranaut_archive_rows_total") for page in pages)


def acknowledged_ids(senders: RunningSenders, kind: Kind) -> pa.Array:
    """In order, sender by sender."""
    return pa.array(
        ids_of(
            body
            for sender in senders.senders
            for body in (sender.predictions if kind is Kind.PREDICTIONS else sender.labels)
        ),
        pa.string(),
    )


def _judge_rows(judgement: Judgement, senders: RunningSenders, warm: WarmTier) -> None:
    """Every acknowledged id once, nothing else, and side counts that say the same."""
    unsure = pa.array(ids_of(body for sender in senders.senders for body in sender.unanswered), pa.string())
    for kind in (Kind.PREDICTIONS, Kind.LABELS):
        rows = _read(warm.read(kind, MONITOR, EVER, ["id", "time"]), ["id", "time"])
        found, wanted = _tagged(rows, senders)["id"].combine_chunks(), acknowledged_ids(senders, kind)
        counts = pc.value_counts(found)
        doubled = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        judgement.figures |= {f"{kind} acknowledged": len(wanted), f"{kind} archived": len(found)}
        for what, ids in (
            ("were acknowledged, and are not in the archive", _not_in(wanted, found)),
            ("are in the archive more than once", doubled),
            ("are in the archive, but were never sent", _not_in(found, pa.concat_arrays([wanted, unsure]))),
        ):
            judgement.expect(not len(ids), f"{len(ids)} {kind} {what}: {ids[:_EXAMPLES].to_pylist()}")
        told = {hour.start: hour.rows for hour in warm.hours() if hour.kind is kind and hour.monitor == MONITOR}
        judgement.expect(told == _by_hour(rows["time"]), f"{kind}: side counts {told} are not {_by_hour(rows['time'])}")


def _judge_joins(judgement: Judgement, senders: RunningSenders, warm: WarmTier) -> None:
    """Every acknowledged label joined to its own prediction, and side counts that say the same."""
    joined, labels = _joined(warm), acknowledged_ids(senders, Kind.LABELS)
    missing = _not_in(labels, joined["id"])
    judgement.figures["labels joined"] = _tagged(joined, senders).num_rows
    judgement.expect(not len(missing), f"{len(missing)} labels are not joined: {missing[:_EXAMPLES].to_pylist()}")
    expected = pc.bit_wise_and(pc.cast(pc.utf8_slice_codeunits(joined["id"], -2), pa.int64()), 1)
    wrong = joined["id"].filter(pc.not_equal(pc.cast(expected, pa.float64()), joined["label"]))
    judgement.expect(not len(wrong), f"{len(wrong)} labels of others: {wrong[:_EXAMPLES].to_pylist()}")
    told = {hour.start: hour.labelled for hour in warm.hours() if hour.kind is Kind.PREDICTIONS and hour.labelled}
    judgement.expect(told == _by_hour(joined["time"]), f"labelled: {told} is not {_by_hour(joined['time'])}")


def _judge_letters(judgement: Judgement, states: Sequence[Path], senders: RunningSenders, warm: WarmTier) -> None:
    """Every record that was told as rejected is among the dead letters: of the archive, or of an exporter's files."""
    wanted = {body.mark for sender in senders.senders for body in sender.predictions if body.is_bad}
    raws = [
        raw
        for batch in warm.read(Kind.DEAD_LETTERS, MONITOR, EVER, ["raw"])
        for raw in batch.column("raw").to_pylist()
        if raw is not None and BAD_MARK.encode() in raw
    ]
    archived = {mark for raw in raws for mark in [_mark_in(raw.decode())] if mark in wanted}
    filed = {_mark_in(line) for state in states for line in _letter_lines(state)}
    lost = wanted - archived - filed
    judgement.figures |= {"rejected": len(wanted), "rejected, archived": len(archived)}
    judgement.expect(not lost, f"{len(lost)} rejected records are in no dead letter: {sorted(lost)[:_EXAMPLES]}")


def _mark_in(text: str) -> str:
    found = _MARK.search(text)
    return found[0] if found else ""


def _letter_lines(state: Path) -> Iterator[str]:
    for path in (state / "dead-letters" / MONITOR).glob("*.ndjson"):
        yield from (line for line in path.read_text(errors="replace").splitlines() if _MARK.search(line))


def _seen_without_lag(world: ArchiveWorld) -> Callable[[], bool]:
    """Whether no exporter has anything left to land, for so many looks in a row: the gauge follows after a moment."""
    looks = 0

    def look() -> bool:
        nonlocal looks
        lags_s = [exporter.running.metrics().value("infranaut_spool_lag_seconds") for exporter in world.exporters]
        looks = 0 if any(lags_s) else looks + 1
        return looks >= _LOOKS_WITHOUT_LAG

    return look


def _has_landed(warm: WarmTier, kind: Kind, ids: pa.Array) -> bool:
    """The last ones are looked at first, since that is soon done; before the first landing there may be no tables."""
    last = ids[-_LOOKED_AT_FIRST:]
    try:
        found = warm.find(kind, MONITOR, last.to_pylist())["id"]
    except (InvalidSettings, RetryLater):
        return False
    if len(_not_in(last, found)):
        return False
    return not len(_not_in(ids, _read(warm.read(kind, MONITOR, EVER, ["id"]), ["id"])["id"]))


def _joined(warm: WarmTier) -> pa.Table:
    rows = _read(warm.read_labelled(MONITOR, EVER), ["id", "time", "label"])
    return rows.filter(rows["label"].is_valid())


def _tagged(rows: pa.Table, senders: RunningSenders) -> pa.Table:
    """Those of these senders; the world may have had others before."""
    return rows.filter(pc.starts_with(rows["id"], senders.tag))


def _read(batches: Iterator[pa.RecordBatch], columns: list[str]) -> pa.Table:
    """Batches have one schema; of none, the ids are text, and the rest is whatever has no rows."""
    found = [batch.select(columns) for batch in batches]
    empty = pa.schema([(name, pa.string() if name == "id" else pa.int64()) for name in columns])
    return pa.Table.from_batches(found, None if found else empty)


def _by_hour(times: pa.ChunkedArray) -> dict[int, int]:
    hours, counts = np.unique(times.cast(pa.int64()).to_numpy() // _HOUR_US, return_counts=True)
    return {int(hour) * 3_600: int(count) for hour, count in zip(hours, counts, strict=True)}


def _not_in(ids: pa.Array, others: pa.Array | pa.ChunkedArray) -> pa.Array:
    known = others.combine_chunks() if isinstance(others, pa.ChunkedArray) else others
    return ids.filter(pc.invert(pc.is_in(ids, known)))
