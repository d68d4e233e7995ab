"""The demonstration on a person's own file: what to predict, from what, and in which order is found out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from exporter.batch import Booleans, Floats
from exporter.cli.demo.fault import FaultPlan, likely_fault
from exporter.cli.demo.model import TrainedModel, features_by_importance, performance_on, train_boosted
from exporter.cli.demo.own_columns import MOST_ROWS, OwnColumn, OwnTable, read_own_table
from exporter.cli.demo.rows import Column, LabelledRows, OrderedRows, is_number
from exporter.cli.demo.scenario import Scenario
from exporter.errors import InvalidSettings
from exporter.monitor.spec import Task, canonical_category
from exporter.monitor.suggestion import did_you_mean

FEWEST_ROWS = 400

_TRAINED_SHARE, _REFERENCE_SHARE = 0.5, 0.2
_MOST_TRAINED = 50_000
_MOST_FEATURES = 60
_MOST_CLASSES = 50
_MOST_NUMBERED_CLASSES = 10
_MOST_CATEGORIES = 1000
_MOST_DISTINCT_SHARE = 0.5


def own_scenario(path: Path, target: str | None, timestamp: str | None, rng: np.random.Generator) -> Scenario:
    """The first half in time trains the model, the next fifth is the reference, the rest is streamed in order.

    InvalidSettings, or InvalidReference where the file cannot be read, with what is wrong and what to do.
    """
    table = read_own_table(path)
    time_name = _time_name(table, timestamp)
    target = _target_name(table, target, time_name)
    task, rows, notes = _prepare(table, target, time_name)
    trained, reference, streamed = _split(rows)
    model = _train(path, target, task, trained)
    ranked = features_by_importance(model, reference, rng)
    cause = "something changes where the data is made"
    return Scenario(
        name=_monitor_name(path),
        story=f"a {task} model of {target!r} in {path.name}: {len(trained):,} rows train it, "
        f"the next {len(reference):,} are its reference, {len(streamed):,} are streamed in order",
        model=model,
        reference=reference,
        baseline=performance_on(model, reference),
        source=OrderedRows(streamed),
        plans=[FaultPlan(cause, (likely_fault(name, reference.columns[name]),)) for name in ranked],
        is_drift_free=False,
        distinct_rows=len(streamed),
        notes=notes,
    )


def _time_name(table: OwnTable, asked: str | None) -> str | None:
    """The column that orders the rows: the one asked for, else the first that holds times."""
    if asked is None:
        return next((name for name, column in table.columns.items() if column.times is not None), None)
    column = _asked_column(table, asked, "--timestamp")
    if _order(column) is None:
        raise InvalidSettings(
            f"{table.path}: column {asked!r} does not hold times; --timestamp needs times as RFC 3339, or numbers"
        )
    return asked


def _order(column: OwnColumn) -> Floats | None:
    return column.times if column.times is not None else column.values if is_number(column.values) else None


def _target_name(table: OwnTable, asked: str | None, time_name: str | None) -> str:
    if asked is not None:
        _asked_column(table, asked, "--target")
        if asked == time_name:
            raise InvalidSettings(f"{table.path}: column {asked!r} cannot be both the target and the time")
        return asked
    candidates = [name for name in table.columns if name != time_name]
    if not candidates:
        raise InvalidSettings(f"{table.path}: has no column to predict; expected inputs and a target")
    return candidates[-1]


def _asked_column(table: OwnTable, name: str, flag: str) -> OwnColumn:
    if name not in table.columns:
        shown = ", ".join(table.columns)
        raise InvalidSettings(
            f"{table.path}: {flag} {name!r}: no such column{did_you_mean(name, table.columns)}; there are {shown}"
        )
    return table.columns[name]


def _prepare(table: OwnTable, target: str, time_name: str | None) -> tuple[Task, LabelledRows, list[str]]:
    """The task, the rows in order of time with their labels, and notes on what was left out."""
    goal = table.columns[target].values
    kept = np.flatnonzero(_is_present(goal))
    if time_name is not None:
        times = _order(table.columns[time_name])
        kept = kept[np.argsort(times[kept], kind="stable")] if times is not None else kept
    if len(kept) < FEWEST_ROWS:
        raise InvalidSettings(
            f"{table.path}: {len(kept)} rows with a value of {target!r}, expected at least {FEWEST_ROWS} "
            "to train a model, build a reference and stream the rest"
        )
    task, labels = _task(table.path, target, goal[kept])
    inputs = {name: column for name, column in table.columns.items() if name not in (target, time_name)}
    usable = dict(_usable_features({name: replace(c, values=c.values[kept]) for name, c in inputs.items()}))
    notes = [f"left out: {name!r} ({why})" for name, why in usable.items() if isinstance(why, str)]
    features = {name: values for name, values in usable.items() if not isinstance(values, str)}
    if not features:
        raise InvalidSettings(f"{table.path}: no column is left to predict {target!r} from; {'; '.join(notes)}")
    if table.is_cut:
        notes.append(f"only the first {MOST_ROWS:,} rows are used")
    notes += [f"only the first {_MOST_FEATURES} of {len(features)} features are used"][: len(features) > _MOST_FEATURES]
    named = _plain_names(dict(list(features.items())[:_MOST_FEATURES]))
    return task, LabelledRows(named, labels), notes


def _is_present(column: Column) -> Booleans:
    if is_number(column):
        return np.isfinite(column)
    return np.array([value is not None for value in column], dtype=np.bool_)


def _task(path: Path, target: str, values: Column) -> tuple[Task, Column]:
    """Two values: binary; texts, or a few whole numbers: multiclass; else regression."""
    distinct = sorted(set(values.tolist()))
    if len(distinct) < 2:
        raise InvalidSettings(f"{path}: column {target!r} is always {distinct[0]!r}; choose another with --target")
    if is_number(values):
        is_whole = all(float(value).is_integer() for value in distinct[: _MOST_NUMBERED_CLASSES + 1])
        if len(distinct) > 2 and not (is_whole and len(distinct) <= _MOST_NUMBERED_CLASSES):
            return "regression", values
        values = np.array([canonical_category(float(value)) for value in values], dtype=object)
    elif len(distinct) > _MOST_CLASSES:
        raise InvalidSettings(
            f"{path}: column {target!r} has {len(distinct):,} different texts, expected at most {_MOST_CLASSES} "
            "classes or numbers; choose what to predict with --target"
        )
    return "binary" if len(distinct) == 2 else "multiclass", values


def _usable_features(columns: Mapping[str, OwnColumn]) -> Iterator[tuple[str, Column | str]]:
    """Each column, or why it cannot be an input."""
    for name, column in columns.items():
        values = column.values
        present = values[_is_present(values)]
        distinct = len(set(present.tolist()))
        if column.times is not None:
            yield name, "a time"
        elif distinct < 2:
            yield name, "always the same" if distinct else "always empty"
        elif is_number(values) and (np.diff(present) >= 0).all():
            yield name, "only ever grows: it tells the time or counts the rows"
        elif not is_number(values) and distinct > min(_MOST_CATEGORIES, _MOST_DISTINCT_SHARE * len(values)):
            yield name, f"{distinct:,} different texts"
        else:
            yield name, np.where(np.isfinite(values), values, np.nan) if is_number(values) else values


def _plain_names(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Names that can be fields, labels and SQL: printable, without quotes, told apart also without upper case."""
    named: dict[str, Column] = {}
    for name, column in columns.items():
        plain = re.sub(r"[^\w .:/%()+-]", "_", name).strip("_ ")[:100] or "column"
        taken = {other.casefold() for other in named}
        number = 2
        unique = plain
        while unique.casefold() in taken:
            unique, number = f"{plain}_{number}", number + 1
        named[unique] = column
    return named


def _split(rows: LabelledRows) -> tuple[LabelledRows, LabelledRows, LabelledRows]:
    trained = int(len(rows) * _TRAINED_SHARE)
    referenced = trained + int(len(rows) * _REFERENCE_SHARE)
    newest = max(0, trained - _MOST_TRAINED)
    return (
        rows.take(slice(newest, trained)),
        rows.take(slice(trained, referenced)),
        rows.take(slice(referenced, len(rows))),
    )


def _train(path: Path, target: str, task: Task, rows: LabelledRows) -> TrainedModel:
    if task != "regression" and len(set(rows.labels.tolist())) < 2:
        raise InvalidSettings(
            f"{path}: the first half of the rows has only {rows.labels[0]!r} in column {target!r}, so nothing can be "
            "learned from it; name the column that orders the rows with --timestamp, or shuffle the file"
        )
    return train_boosted(rows, task)


def _monitor_name(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60].strip("-") or "own-data"
